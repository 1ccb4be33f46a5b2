/* SPDX-License-Identifier: Apache-2.0 */
/* Two URIs, a line each: what is read lies inside, what is written again reads the same, and to be
 * the same goes both ways. */
#include "fuzz.h"
#include "sip/param.h"
#include "sip/uri.h"

static char written[4 * 1024 + 64];

static void
see_views(const struct uri *u, struct str text)
{
	const struct str views[] = { u->text, u->user, u->password, u->host, u->params,
		u->headers };

	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		fuzz_within(views[i], text);
	fuzz_check(str_same(u->text, text), text);
	if (u->scheme == URI_SIP || u->scheme == URI_SIPS)
		fuzz_check(u->host.len > 0, text);
}

static void
see_params(const struct uri *u, struct str text)
{
	struct str rest = u->params;
	struct param param;
	int got;

	if (u->scheme != URI_SIP && u->scheme != URI_SIPS)
		return;
	while ((got = uri_param_next(&rest, &param)) == 1) {
		struct str value = uri_param(u, param.name);

		fuzz_within(param.name, text);
		fuzz_within(param.value, text);
		/* No name stands there twice, so the one that is found is this one. */
		fuzz_check(str_is_none(param.value) ? value.len == 0 && !str_is_none(value)
						    : value.at == param.value.at,
			text);
	}
	fuzz_check(got == 0 && rest.len == 0, text);
	fuzz_within(uri_transport(u), text);
}

static void
put(struct buf *b, const void *what)
{
	uri_write(b, what);
}

/* Without its password and headers, which we never write. */
static void
write_again(const struct uri *u, struct str text)
{
	struct uri_parts parts = { u->scheme, u->user, u->host, u->port, u->params };
	struct buf b = buf_on(written, sizeof written);
	struct uri again;
	size_t at;

	if ((u->scheme != URI_SIP && u->scheme != URI_SIPS) || text.len > 4096)
		return;
	put(&b, &parts);
	fuzz_check(buf_ok(&b), text);
	fuzz_sizes(buf_str(&b), put, &parts);
	fuzz_check(uri_parse(&again, buf_str(&b), &at), buf_str(&b));
	fuzz_check(again.scheme == u->scheme && again.port == u->port, text);
	fuzz_check(str_same(again.user, u->user) && str_same(again.host, u->host), text);
	fuzz_check(str_same(again.params, u->params), text);
	fuzz_check(again.ip.family == u->ip.family, text);
	fuzz_check(u->ip.family == ADDR_NONE || addr_same_ip(&again.ip, &u->ip), text);
	if (str_is_none(u->password) && u->headers.len == 0)
		fuzz_check(uri_same(&again, u), text);
}

/* Decoded once more, a user stays as it is: a `%` that is left is no escape of what may be
 * plain. */
static void
canonical(struct str user)
{
	static char twice[sizeof written];
	struct buf b = buf_on(written, sizeof written), c = buf_on(twice, sizeof twice);

	uri_write_canonical_user(&b, user);
	if (!buf_ok(&b))
		return;
	fuzz_check(buf_str(&b).len <= user.len, user);
	uri_write_canonical_user(&c, buf_str(&b));
	fuzz_check(str_same(buf_str(&b), buf_str(&c)), user);
}

static bool
read_one(struct uri *u, struct str text)
{
	size_t at = text.len + 1;

	if (!uri_parse(u, text, &at)) {
		fuzz_check(at <= text.len, text);
		return false;
	}
	see_views(u, text);
	see_params(u, text);
	write_again(u, text);
	canonical(u->user);
	fuzz_check(uri_same(u, u) && uri_same_binding(u, u), text);
	return true;
}

void
fuzz_one(struct str input)
{
	struct str first = fuzz_line(&input);
	struct uri a, b;
	bool is_a = read_one(&a, first), is_b = read_one(&b, input);

	if (!is_a || !is_b)
		return;
	fuzz_check(uri_same(&a, &b) == uri_same(&b, &a), first);
	fuzz_check(uri_same_binding(&a, &b) == uri_same_binding(&b, &a), first);
	if (uri_same(&a, &b))
		fuzz_check(uri_same_binding(&a, &b), first);
	if (a.scheme != b.scheme)
		fuzz_check(!uri_same(&a, &b), first);
}
