/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/cred.h"

#include "base/panic.h"
#include "sip/lex.h"

static const struct str algorithms[] = {
	[DIGEST_MD5] = { "MD5", 3 },
	[DIGEST_SHA256] = { "SHA-256", 7 },
};

struct str
digest_name(enum digest digest)
{
	must(digest == DIGEST_MD5 || digest == DIGEST_SHA256);
	return algorithms[digest];
}

static enum digest
digest_find(struct str name)
{
	if (str_alike(name, algorithms[DIGEST_MD5]))
		return DIGEST_MD5;
	return str_alike(name, algorithms[DIGEST_SHA256]) ? DIGEST_SHA256 : DIGEST_OTHER;
}

/* Reads `name = value`, all of ELEMENT. */
static bool
read_pair(struct str element, struct str *name, struct str *value)
{
	*name = lex_token(&element);
	lex_skip_lws(&element);
	if (name->len == 0 || element.len == 0 || element.at[0] != '=')
		return false;
	lex_drop(&element, 1);
	lex_skip_lws(&element);
	if (element.len > 0 && element.at[0] == '"') {
		*value = lex_quoted(&element);
		return !str_is_none(*value) && element.len == 0;
	}
	*value = lex_token(&element);
	return value->len > 0 && element.len == 0;
}

static struct str *
place_of(struct cred *c, struct str *algorithm, struct str name)
{
	const struct {
		struct str name;
		struct str *place;
	} places[] = {
		{ STR("username"), &c->username },
		{ STR("realm"), &c->realm },
		{ STR("nonce"), &c->nonce },
		{ STR("uri"), &c->uri },
		{ STR("response"), &c->response },
		{ STR("opaque"), &c->opaque },
		{ STR("cnonce"), &c->cnonce },
		{ STR("qop"), &c->qop },
		{ STR("nc"), &c->nc },
		{ STR("algorithm"), algorithm },
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (str_alike(places[i].name, name))
			return places[i].place;
	return NULL;
}

bool
cred_parse(struct cred *c, struct str value)
{
	struct str rest = str_trim(value), element, name, text, algorithm = STR_NONE;
	size_t before;

	*c = (struct cred){ .algorithm = DIGEST_MD5 };
	c->scheme = lex_token(&rest);
	before = rest.len;
	lex_skip_lws(&rest);
	if (c->scheme.len == 0 || rest.len == before)
		return false;
	if (!str_alike(c->scheme, STR("Digest")))
		return true;
	while (lex_element(&rest, &element)) {
		struct str *place;

		if (!read_pair(element, &name, &text))
			return false;
		place = place_of(c, &algorithm, name);
		if (place != NULL && !str_is_none(*place))
			return false;
		if (place != NULL)
			*place = text;
	}
	if (!str_is_none(algorithm))
		c->algorithm = digest_find(algorithm);
	return true;
}

struct asked {
	struct str name;
	struct str *place;
};

/* Puts VALUE where NAME belongs. Ends: false when something stands there already. */
static bool
put_asked(const struct asked *places, size_t count, struct str name, struct str value)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_alike(places[i].name, name))
			continue;
		if (!str_is_none(*places[i].place))
			return false;
		*places[i].place = value;
	}
	return true;
}

bool
challenge_parse(struct challenge *c, struct str value)
{
	struct str rest = str_trim(value), element, name, text;
	struct str algorithm = STR_NONE, stale = STR_NONE, qop = STR_NONE;
	struct str scheme = lex_token(&rest);
	const struct asked places[] = {
		{ STR("realm"), &c->realm },
		{ STR("nonce"), &c->nonce },
		{ STR("opaque"), &c->opaque },
		{ STR("algorithm"), &algorithm },
		{ STR("stale"), &stale },
		{ STR("qop"), &qop },
	};
	size_t before = rest.len;

	*c = (struct challenge){ .algorithm = DIGEST_MD5, .realm = STR_NONE };
	lex_skip_lws(&rest);
	if (!str_alike(scheme, STR("Digest")) || rest.len == before)
		return false;
	while (lex_element(&rest, &element)) {
		if (!read_pair(element, &name, &text) ||
			!put_asked(places, sizeof places / sizeof *places, name, text))
			return false;
	}
	if (!str_is_none(algorithm))
		c->algorithm = digest_find(algorithm);
	c->stale = str_alike(stale, STR("true"));
	while (lex_element(&qop, &element))
		c->has_auth |= str_alike(element, STR("auth"));
	return !str_is_none(c->realm) && !str_is_none(c->nonce);
}

bool
cred_is_text(struct str quoted, struct str plain)
{
	size_t at = 0;

	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.at[i] == '\\' && i + 1 < quoted.len)
			i++;
		if (at == plain.len || plain.at[at++] != quoted.at[i])
			return false;
	}
	return at == plain.len;
}

/* Puts `name="text"`, where TEXT stood between quotes before. */
static void
write_pair(struct buf *b, struct str name, struct str text)
{
	buf_put(b, name);
	buf_put(b, STR("=\""));
	lex_write_value(b, text, false);
	buf_char(b, '"');
}

void
cred_write(struct buf *b, const struct cred *c)
{
	buf_put(b, STR("Digest "));
	write_pair(b, STR("username"), c->username);
	write_pair(b, STR(", realm"), c->realm);
	write_pair(b, STR(", nonce"), c->nonce);
	write_pair(b, STR(", uri"), c->uri);
	write_pair(b, STR(", response"), c->response);
	write_pair(b, STR(", cnonce"), c->cnonce);
	if (!str_is_none(c->opaque))
		write_pair(b, STR(", opaque"), c->opaque);
	buf_put(b, STR(", algorithm="));
	buf_put(b, digest_name(c->algorithm));
	buf_put(b, STR(", qop=auth, nc="));
	buf_put(b, c->nc);
}

/* Puts TEXT between quotes. */
static void
write_quoted(struct buf *b, struct str text)
{
	buf_char(b, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_char(b, '\\');
		lex_write_value(b, str_of(text.at + i, 1), false);
	}
	buf_char(b, '"');
}

void
challenge_write(struct buf *b, const struct challenge *c)
{
	buf_put(b, STR("Digest realm="));
	write_quoted(b, c->realm);
	buf_put(b, STR(", nonce="));
	write_quoted(b, c->nonce);
	buf_put(b, STR(", algorithm="));
	buf_put(b, digest_name(c->algorithm));
	buf_put(b, STR(", qop=\"auth\""));
	if (c->stale)
		buf_put(b, STR(", stale=true"));
}
