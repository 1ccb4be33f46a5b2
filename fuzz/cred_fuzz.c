/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, and challenges as we write them: what we say of realm and nonce is read again. */
#include "fuzz.h"
#include "sip/cred.h"

static char written[64 * 1024];

static void
put(struct buf *b, const void *what)
{
	challenge_write(b, what);
}

static struct str
unescape(struct str quoted, char *at)
{
	size_t len = 0;

	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.at[i] == '\\' && i + 1 < quoted.len)
			i++;
		at[len++] = quoted.at[i];
	}
	return str_of(at, len);
}

static void
challenge(struct str realm, struct str nonce, unsigned choice)
{
	static char plain[64 * 1024];
	struct challenge c = { .realm = realm,
		.nonce = nonce,
		.algorithm = choice % 2 == 0 ? DIGEST_MD5 : DIGEST_SHA256,
		.stale = choice / 2 % 2 == 1 };
	struct buf b = buf_on(written, sizeof written);
	struct cred again;

	put(&b, &c);
	if (!buf_ok(&b))
		return; /* a control octet */
	fuzz_sizes(buf_str(&b), put, &c);
	for (size_t i = 0; i < buf_str(&b).len; i++)
		fuzz_check(written[i] != '\r' && written[i] != '\n' && written[i] != '\0', realm);
	fuzz_check(cred_parse(&again, buf_str(&b)), buf_str(&b));
	fuzz_check(again.algorithm == c.algorithm, buf_str(&b));
	fuzz_check(str_same(unescape(again.realm, plain), realm), buf_str(&b));
	fuzz_check(str_same(unescape(again.nonce, plain), nonce), buf_str(&b));
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input), realm = fuzz_line(&input);
	struct cred c;

	if (input.len > 16 * 1024 || realm.len > 8 * 1024)
		return;
	challenge(realm, input, fuzz_choice(&choices));
	if (!cred_parse(&c, input))
		return;
	fuzz_check(c.scheme.len > 0, input);
	{
		const struct str views[] = { c.scheme, c.username, c.realm, c.nonce, c.uri,
			c.response, c.opaque, c.cnonce, c.qop, c.nc };

		for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
			fuzz_within(views[i], input);
	}
}
