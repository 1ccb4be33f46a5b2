/* SPDX-License-Identifier: Apache-2.0 */
/* One octet after the other through a machine that knows no more of SIP than where a name ends and
 * a value begins. In doubt it masks: what it cannot follow, the core cannot read either. Octets
 * that the core tells parts by (quotes, commas, spaces, ends of lines) stay, so that it finds the
 * same parts, and the same fault where there is one. */
#include "main/mask.h"

#include <string.h>

#include "base/map.h"
#include "sip/header.h"
#include "sip/lex.h"

enum mode {
	MODE_NAME,   /* the name of a line, up to its colon                */
	MODE_PLAIN,  /* nothing on the rest of the line is secret          */
	MODE_LENGTH, /* digits of Content-Length                           */
	MODE_SCHEME, /* credentials: the word in front                     */
	MODE_PARAM,  /* the name of a parameter, up to `=`                 */
	MODE_EQUALS, /* behind it                                          */
	MODE_VALUE,  /* a value, quoted or not                             */
	MODE_AFTER,  /* behind a value, up to the comma                    */
	MODE_METHOD, /* a=key-mgmt: the word in front                      */
	MODE_CRYPTO, /* a=crypto: up to the next `inline:`                 */
	MODE_KEY,    /* behind that                                        */
	MODE_ALL,    /* the rest of the line is secret                     */
	MODE_FRONT,  /* behind a body that ended in one of these           */
};

static const struct {
	struct str name;
	enum mode mode;
} lines[] = {
	{ STR("authorization"), MODE_SCHEME },
	{ STR("proxy-authorization"), MODE_SCHEME },
	{ STR("authentication-info"), MODE_PARAM },
	{ STR("proxy-authentication-info"), MODE_PARAM },
	{ STR("content-length"), MODE_LENGTH },
	{ STR("l"), MODE_LENGTH },
	{ STR("a=crypto"), MODE_CRYPTO },
	{ STR("a=key-mgmt"), MODE_METHOD },
	{ STR("a=ice-pwd"), MODE_ALL },
};

/* Parameters of Digest that prove nothing; all others are masked. */
static const struct str plain_params[] = { STR("username"), STR("realm"), STR("nonce"), STR("uri"),
	STR("algorithm"), STR("cnonce"), STR("opaque"), STR("qop"), STR("nc"), STR("nextnonce"),
	STR("userhash") };

enum { WORD_TOO_LONG = 255, LENGTH_MAX = 1000000000 };

static struct str
word_of(const struct mask *m)
{
	return str_of(m->word, m->word_len == WORD_TOO_LONG ? 0 : m->word_len);
}

static void
word_add(struct mask *m, char c)
{
	if (m->word_len < sizeof m->word)
		m->word[m->word_len++] = char_lower(c);
	else
		m->word_len = WORD_TOO_LONG;
}

static char
enter(struct mask *m, enum mode mode, char c)
{
	m->mode = (uint8_t)mode;
	m->word_len = m->matched = 0;
	m->is_open = m->is_escaped = m->is_apart = false;
	m->chain = 0;
	return c;
}

/* C if it is no part of a text, else the digit in its place. In a head quotes and backslashes stay:
 * whether an octet that is no text may stand there depends on them. */
static char
hide(struct mask *m, const struct mask_key *key, char c)
{
	uint8_t link[sizeof m->chain + 1];
	uint8_t octet = (uint8_t)c;

	if (octet <= 0x20 || (!m->is_body && (octet >= 0x7f || c == '"' || c == '\\')))
		return c;
	memcpy(link, &m->chain, sizeof m->chain);
	link[sizeof m->chain] = octet;
	m->chain = siphash(key->words, str_of(link, sizeof link));
	return "0123456789abcdef"[m->chain & 15];
}

/* C cannot stand here, and what follows is masked to the end of the line. If no token has it, it
 * stays: else what the core refuses could become a longer token. */
static char
hide_all(struct mask *m, const struct mask_key *key, char c)
{
	enter(m, MODE_ALL, c);
	return lex_is_token_char(c) ? hide(m, key, c) : c;
}

/* ---- what stands on a line ------------------------------------------------------------------- */

static bool
is_first_line(const struct mask *m)
{
	return !m->is_body && !m->has_head;
}

static char
read_name(struct mask *m, char c)
{
	struct str word = word_of(m);

	if (char_is_space(c)) {
		m->is_apart |= m->word_len > 0;
		/* It was the method of a request. */
		return m->is_apart && is_first_line(m) ? enter(m, MODE_PLAIN, c) : c;
	}
	if (c != ':') {
		m->is_header &= !m->is_apart;
		word_add(m, c);
		return m->word_len == WORD_TOO_LONG ? enter(m, MODE_PLAIN, c) : c;
	}
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		if (!str_same(lines[i].name, word))
			continue;
		if (lines[i].mode == MODE_LENGTH && !m->is_header)
			break;
		if (lines[i].mode == MODE_LENGTH)
			m->length = 0;
		return enter(m, lines[i].mode, c);
	}
	return enter(m, str_begins(word, STR("k=")) ? MODE_ALL : MODE_PLAIN, c);
}

static char
read_length(struct mask *m, char c)
{
	if (char_is_digit(c) && m->length < LENGTH_MAX)
		m->length = 10 * m->length + (uint32_t)(c - '0');
	if (char_is_digit(c) || char_is_space(c))
		return c;
	/* No number, but it may be a name if a lone CR or LF is before it. */
	if (!m->is_apart)
		return enter(m, MODE_PLAIN, c);
	enter(m, MODE_NAME, c);
	return read_name(m, c);
}

static char
read_scheme(struct mask *m, const struct mask_key *key, char c)
{
	if (lex_is_token_char(c)) {
		word_add(m, c);
		return c;
	}
	if (!char_is_space(c))
		return hide_all(m, key, c);
	if (m->word_len > 0)
		enter(m, str_same(word_of(m), STR("digest")) ? MODE_PARAM : MODE_ALL, c);
	return c;
}

static char
read_param(struct mask *m, const struct mask_key *key, char c)
{
	struct str word = word_of(m);

	if (lex_is_token_char(c) && !m->is_apart) {
		word_add(m, c);
		return c;
	}
	if (c == ',')
		return enter(m, MODE_PARAM, c);
	if (char_is_space(c)) {
		m->is_apart = m->word_len > 0;
		return c;
	}
	if (c != '=')
		return hide_all(m, key, c);
	m->is_plain = false;
	for (size_t i = 0; i < sizeof plain_params / sizeof plain_params[0]; i++)
		m->is_plain |= str_same(plain_params[i], word);
	return enter(m, MODE_EQUALS, c);
}

static char
read_quoted(struct mask *m, const struct mask_key *key, char c)
{
	if (c == '"' && !m->is_escaped)
		return enter(m, MODE_AFTER, c);
	if (c == '\\' && !m->is_escaped) {
		m->is_escaped = true;
		return c;
	}
	m->is_escaped = false;
	return m->is_plain ? c : hide(m, key, c);
}

static char
read_value(struct mask *m, const struct mask_key *key, char c)
{
	if (m->is_open)
		return read_quoted(m, key, c);
	if (lex_is_token_char(c)) {
		m->mode = MODE_VALUE;
		return m->is_plain ? c : hide(m, key, c);
	}
	if (c == ',')
		return enter(m, MODE_PARAM, c);
	if (char_is_space(c))
		return m->mode == MODE_EQUALS ? c : enter(m, MODE_AFTER, c);
	if (c != '"' || m->mode != MODE_EQUALS)
		return hide_all(m, key, c);
	enter(m, MODE_VALUE, c);
	m->is_open = true;
	return c;
}

static char
read_crypto(struct mask *m, char c)
{
	static const char word[] = "inline:";
	/* How much of the word stands at the end of so much of it. */
	static const uint8_t back[] = { 0, 0, 0, 0, 1, 2, 0 };

	while (m->matched > 0 && char_lower(c) != word[m->matched])
		m->matched = back[m->matched];
	if (char_lower(c) == word[m->matched])
		m->matched++;
	return m->matched == sizeof word - 1 ? enter(m, MODE_KEY, c) : c;
}

/* Whether WORD is the front of NAME with a space behind it. */
static bool
may_become(struct str word, struct str name)
{
	if (word.len <= name.len)
		return str_begins(name, word);
	return word.len == name.len + 1 && word.at[name.len] == ' ' && str_begins(word, name);
}

/* A message, or the rest of the secret that a wrong length has cut. It is no message as soon as it
 * cannot begin with a method or version that we know. */
static char
read_front(struct mask *m, const struct mask_key *key, char c)
{
	struct str word;
	bool may = false;

	m->word[m->word_len++] = c;
	word = word_of(m);
	for (int method = METHOD_OTHER + 1; method < METHODS; method++)
		may |= may_become(word, method_name((enum method)method));
	if (may || may_become(word, STR("SIP/2.0")))
		return c == ' ' ? enter(m, MODE_PLAIN, c) : c;
	return hide_all(m, key, c);
}

static char
read_octet(struct mask *m, const struct mask_key *key, char c)
{
	switch ((enum mode)m->mode) {
	case MODE_NAME: return read_name(m, c);
	case MODE_PLAIN: return c;
	case MODE_LENGTH: return read_length(m, c);
	case MODE_SCHEME: return read_scheme(m, key, c);
	case MODE_PARAM: return read_param(m, key, c);
	case MODE_EQUALS:
	case MODE_VALUE: return read_value(m, key, c);
	case MODE_AFTER:
		if (c == ',')
			return enter(m, MODE_PARAM, c);
		return char_is_space(c) ? c : hide_all(m, key, c);
	case MODE_METHOD:
		if (char_is_space(c) && m->word_len > 0)
			return enter(m, MODE_ALL, c);
		m->word_len = !char_is_space(c);
		return c;
	case MODE_CRYPTO: return read_crypto(m, c);
	case MODE_KEY:
		if (c == '|' || c == ';' || char_is_space(c))
			return enter(m, MODE_CRYPTO, c);
		return hide(m, key, c);
	case MODE_ALL: return hide(m, key, c);
	case MODE_FRONT: return read_front(m, key, c);
	}
	return c;
}

/* ---- lines and messages ---------------------------------------------------------------------- */

static bool
is_secret(const struct mask *m)
{
	return m->mode >= MODE_SCHEME;
}

static void
end_message(struct mask *m)
{
	*m = (struct mask){ .mode = MODE_NAME };
}

/* What stood on the line that the end of the body cuts may go on in front of the next message: a
 * length may be wrong. Its name goes on without a change to the message. */
static void
end_body(struct mask *m)
{
	struct mask before = *m;

	end_message(m);
	if (is_secret(&before)) {
		m->mode = MODE_FRONT;
		m->is_over = before.is_over;
		m->is_cr = before.is_cr;
	} else if (before.mode == MODE_NAME && !before.is_over) {
		memcpy(m->word, before.word, sizeof m->word);
		m->word_len = before.word_len;
	}
}

/* A body is behind us by COUNT octets. */
static void
count_body(struct mask *m, bool is_stream, size_t count)
{
	if (!is_stream || !m->is_body)
		return;
	m->length -= count < m->length ? (uint32_t)count : m->length;
	if (m->length == 0)
		end_body(m);
}

/* A CR or LF alone, C, stands in a head. It ends no line of a head but, if it is LF, the first; the
 * core refuses a line that holds one. So what is secret is masked to the end, even if a line of
 * another kind was meant to begin here; and where nothing was, a secret may begin. */
static void
break_line(struct mask *m, char c)
{
	bool is_end = c == '\n' && is_first_line(m);

	m->is_line = true;
	m->is_header = false;
	m->has_head |= is_end;
	if (m->mode == MODE_LENGTH)
		m->is_apart = true;
	else
		enter(m, is_secret(m) && !is_end ? MODE_ALL : MODE_NAME, c);
}

/* In a head only CRLF ends a line, in a body CR and LF do, too. A line that begins with white space
 * goes on with the one before. */
static void
end_line(struct mask *m, bool is_stream, char c)
{
	bool is_crlf = c == '\n' && m->is_cr;

	m->is_escaped = false;
	m->is_cr = c == '\r';
	if (m->is_body) {
		m->is_over = true;
	} else if (is_crlf && !m->is_line && m->has_head) {
		if (is_stream && m->length == 0) {
			end_message(m);
			return;
		}
		m->is_body = true;
		m->is_header = false;
		enter(m, MODE_NAME, c);
	} else if (is_crlf) {
		if (m->mode == MODE_FRONT && m->is_line)
			enter(m, MODE_ALL, c);
		m->has_head |= m->is_line;
		m->is_over = true;
	} else if (c == '\n') {
		break_line(m, c);
	}
}

static char
step(struct mask *m, const struct mask_key *key, bool is_stream, char c)
{
	bool was_body = m->is_body;

	if (m->is_cr && c != '\n' && !m->is_body && !m->is_over)
		break_line(m, '\r');
	if (m->is_over && !(m->is_cr && c == '\n')) {
		m->is_over = m->is_line = false;
		if (!char_is_space(c)) {
			enter(m, MODE_NAME, c);
			m->is_header = !m->is_body && m->has_head;
		}
	}
	if (c == '\r' || c == '\n') {
		end_line(m, is_stream, c);
	} else {
		m->is_cr = false;
		m->is_line = true;
		c = read_octet(m, key, c);
	}
	if (was_body)
		count_body(m, is_stream, 1);
	return c;
}

/* How many octets of DATA are no business of ours. */
static size_t
plain_run(const struct mask *m, bool is_stream, struct str data)
{
	size_t end = 0;

	if (m->mode != MODE_PLAIN || m->is_over || m->is_cr)
		return 0;
	if (is_stream && m->is_body)
		data = str_upto(data, m->length);
	while (end < data.len && data.at[end] != '\r' && data.at[end] != '\n')
		end++;
	return end;
}

void
mask_copy(struct mask *m, const struct mask_key *key, bool is_stream, struct str data, char *to)
{
	size_t at = 0;

	while (at < data.len) {
		size_t run = plain_run(m, is_stream, str_from(data, at));

		if (run > 0) {
			memcpy(to + at, data.at + at, run);
			m->is_line = true;
			count_body(m, is_stream, run);
			at += run;
		} else {
			to[at] = step(m, key, is_stream, data.at[at]);
			at++;
		}
	}
}
