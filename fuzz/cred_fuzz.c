/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials and challenges. What we write is read again by both readers; what a peer writes is
 * read by both, who must agree on what they share; and its challenge is answered, with what stood
 * between its quotes. */
#include "fuzz.h"
#include "sip/cred.h"

#include <stdlib.h>

static char written[64 * 1024];

/* A copy of exactly its size, which the caller frees. */
static struct str
copy_of(struct str text)
{
	char *exact = malloc(text.len > 0 ? text.len : 1);

	for (size_t i = 0; i < text.len; i++)
		exact[i] = text.at[i];
	return str_of(exact, text.len);
}

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
	struct challenge read;
	struct cred again;
	struct str exact;

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

	exact = copy_of(buf_str(&b));
	fuzz_check(challenge_parse(&read, exact), exact);
	fuzz_check(read.algorithm == c.algorithm && read.stale == c.stale && read.has_auth, exact);
	fuzz_check(cred_is_text(read.realm, realm) && cred_is_text(read.nonce, nonce), exact);
	fuzz_check(str_is_none(read.opaque), exact);
	free((char *)(uintptr_t)exact.at);
}

/* ---- what is written as credentials -------------------------------------------------------- */

static void
put_cred(struct buf *b, const void *what)
{
	cred_write(b, what);
}

/* Whether AGAIN is TEXT, or nothing in the place of nothing; a fold has become a space. */
static bool
is_again(struct str again, struct str text)
{
	return str_find(text, '\r') < text.len || str_same(again, text);
}

/* Pre: its texts stood between quotes, or are tokens. */
static void
write_again(const struct cred *c)
{
	static char twice[sizeof written];
	struct buf b = buf_on(written, sizeof written), second = buf_on(twice, sizeof twice);
	struct cred again;
	struct str exact;

	put_cred(&b, c);
	if (!buf_ok(&b))
		return; /* a control octet */
	fuzz_sizes(buf_str(&b), put_cred, c);
	exact = copy_of(buf_str(&b));
	fuzz_check(cred_parse(&again, exact), exact);
	fuzz_check(str_same(again.scheme, STR("Digest")) && again.algorithm == c->algorithm, exact);
	fuzz_check(is_again(again.username, c->username) && is_again(again.realm, c->realm), exact);
	fuzz_check(is_again(again.nonce, c->nonce) && is_again(again.uri, c->uri), exact);
	fuzz_check(is_again(again.response, c->response) && is_again(again.nc, c->nc), exact);
	fuzz_check(is_again(again.cnonce, c->cnonce) && is_again(again.opaque, c->opaque), exact);
	fuzz_check(str_is_none(again.opaque) == str_is_none(c->opaque), exact);
	fuzz_check(str_same(again.qop, STR("auth")), exact);
	for (size_t i = 0; i < exact.len; i++)
		fuzz_check(
			exact.at[i] != '\r' && exact.at[i] != '\n' && exact.at[i] != '\0', exact);
	put_cred(&second, &again);
	fuzz_check(str_same(buf_str(&second), exact), exact);
	free((char *)(uintptr_t)exact.at);
}

static bool
is_token(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!char_is_alpha(text.at[i]) && !char_is_digit(text.at[i]))
			return false;
	return text.len > 0;
}

/* ---- what a peer writes -------------------------------------------------------------------- */

static void
see_challenge(const struct challenge *c, struct str input)
{
	const struct str views[] = { c->realm, c->nonce, c->opaque };

	fuzz_check(!str_is_none(c->realm) && !str_is_none(c->nonce), input);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		fuzz_within(views[i], input);
	if (c->algorithm != DIGEST_OTHER)
		write_again(&(struct cred){ .username = STR("7789"),
			.realm = c->realm,
			.nonce = c->nonce,
			.uri = STR("sip:a@example.com"),
			.response = STR("0123456789abcdef"),
			.cnonce = STR("c"),
			.opaque = c->opaque,
			.nc = STR("00000001"),
			.algorithm = c->algorithm });
}

static void
see_cred(const struct cred *c, struct str input)
{
	const struct str views[] = { c->scheme, c->username, c->realm, c->nonce, c->uri,
		c->response, c->opaque, c->cnonce, c->qop, c->nc };

	fuzz_check(c->scheme.len > 0, input);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		fuzz_within(views[i], input);
	if (str_alike(c->scheme, STR("Digest")) && c->algorithm != DIGEST_OTHER && is_token(c->nc))
		write_again(c);
}

static bool
stands_twice(struct str input, struct str word)
{
	unsigned count = 0;

	for (size_t i = 0; i + word.len <= input.len; i++) {
		struct str before = str_upto(input, i), behind = str_from(input, i + word.len);

		count += str_begins_alike(str_from(input, i), word) &&
			(before.len == 0 || !char_is_alpha(before.at[before.len - 1])) &&
			(behind.len == 0 || !char_is_alpha(behind.at[0]));
	}
	return count > 1;
}

/* One reader knows `stale`, the other the words of credentials; what neither knows may stand there
 * as often as it likes. */
static void
see_both(const struct challenge *challenge, bool asks, const struct cred *c, bool is_cred,
	struct str input)
{
	static const struct str words[] = { STR("username"), STR("uri"), STR("response"),
		STR("cnonce"), STR("nc") };
	bool is_twice = false;

	if (asks && !is_cred) {
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			is_twice |= stands_twice(input, words[i]);
		fuzz_check(is_twice, input);
	}
	if (!asks && is_cred && !str_is_none(c->realm) && !str_is_none(c->nonce))
		fuzz_check(stands_twice(input, STR("stale")), input);
	if (!asks || !is_cred)
		return;
	fuzz_check(str_alike(c->scheme, STR("Digest")), input);
	fuzz_check(c->algorithm == challenge->algorithm, input);
	fuzz_check(
		c->realm.at == challenge->realm.at && c->realm.len == challenge->realm.len, input);
	fuzz_check(
		c->nonce.at == challenge->nonce.at && c->nonce.len == challenge->nonce.len, input);
	fuzz_check(c->opaque.at == challenge->opaque.at && c->opaque.len == challenge->opaque.len,
		input);
	if (str_alike(c->qop, STR("auth")) || str_is_none(c->qop))
		fuzz_check(challenge->has_auth == !str_is_none(c->qop), input);
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input), realm = fuzz_line(&input);
	struct challenge asked;
	bool asks, is_cred;
	struct cred c;

	if (input.len > 16 * 1024 || realm.len > 8 * 1024)
		return;
	challenge(realm, input, fuzz_choice(&choices));
	is_cred = cred_parse(&c, input);
	asks = challenge_parse(&asked, input);
	if (is_cred)
		see_cred(&c, input);
	if (asks)
		see_challenge(&asked, input);
	see_both(&asked, asks, &c, is_cred, input);
}
