/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/lex.h"

#include <string.h>

#define MARK (LEX_UNRESERVED | LEX_USER | LEX_PASSWORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI)
#define TOKEN (LEX_TOKEN | LEX_WORD | LEX_VALUE | LEX_DISPLAY)
#define ALPHANUM (MARK | TOKEN | LEX_HOST)

const uint16_t lex_classes[256] = {
	['a' ... 'z'] = ALPHANUM,
	['A' ... 'Z'] = ALPHANUM,
	['0' ... '9'] = ALPHANUM,
	['-'] = ALPHANUM,
	['_'] = ALPHANUM,
	['.'] = ALPHANUM,
	['!'] = MARK | TOKEN,
	['~'] = MARK | TOKEN,
	['*'] = MARK | TOKEN,
	['\''] = MARK | TOKEN,
	['('] = MARK | LEX_WORD,
	[')'] = MARK | LEX_WORD,
	['%'] = TOKEN,
	['`'] = TOKEN,
	['+'] = TOKEN | LEX_USER | LEX_PASSWORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	['$'] = LEX_VALUE | LEX_USER | LEX_PASSWORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	['&'] = LEX_VALUE | LEX_USER | LEX_PASSWORD | LEX_PARAM | LEX_ANY_URI,
	['='] = LEX_VALUE | LEX_USER | LEX_PASSWORD | LEX_ANY_URI,
	[','] = LEX_USER | LEX_PASSWORD | LEX_ANY_URI,
	[';'] = LEX_USER | LEX_ANY_URI,
	['?'] = LEX_VALUE | LEX_WORD | LEX_USER | LEX_HEADER | LEX_ANY_URI,
	['/'] = LEX_VALUE | LEX_WORD | LEX_USER | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	[':'] = LEX_VALUE | LEX_WORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	['['] = LEX_VALUE | LEX_WORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	[']'] = LEX_VALUE | LEX_WORD | LEX_PARAM | LEX_HEADER | LEX_ANY_URI,
	['@'] = LEX_VALUE | LEX_ANY_URI,
	['<'] = LEX_WORD,
	['>'] = LEX_WORD,
	['\\'] = LEX_WORD,
	['"'] = LEX_WORD,
	['{'] = LEX_WORD,
	['}'] = LEX_WORD,
	[0x80 ... 0xff] = LEX_DISPLAY,
};

size_t
lex_span_escaped(struct str s, unsigned classes)
{
	size_t at = 0;

	while (at < s.len) {
		if (s.at[at] == '%') {
			if (s.len - at < 3 || char_hex(s.at[at + 1]) < 0 ||
				char_hex(s.at[at + 2]) < 0)
				break;
			at += 3;
		} else if (lex_is(s.at[at], classes)) {
			at++;
		} else {
			break;
		}
	}
	return at;
}

unsigned
lex_decoded(struct str *rest, bool fold)
{
	static const struct str reserved = { ";/?:@&=+$,", 10 };
	unsigned octet = (uint8_t)rest->at[0];

	if (octet == '%' && rest->len >= 3 && char_hex(rest->at[1]) >= 0 &&
		char_hex(rest->at[2]) >= 0) {
		octet = (unsigned)(char_hex(rest->at[1]) * 16 + char_hex(rest->at[2]));
		lex_drop(rest, 3);
		if (str_find(reserved, (char)octet) < reserved.len)
			return octet + 256;
	} else {
		lex_drop(rest, 1);
	}
	return fold ? (uint8_t)char_lower((char)octet) : octet;
}

bool
lex_same_decoded(struct str a, struct str b, bool fold)
{
	while (a.len > 0 && b.len > 0)
		if (lex_decoded(&a, fold) != lex_decoded(&b, fold))
			return false;
	return a.len == 0 && b.len == 0;
}

size_t
lex_digits(struct str s)
{
	size_t at = 0;

	while (at < s.len && s.at[at] >= '0' && s.at[at] <= '9')
		at++;
	return at;
}

bool
lex_is_token_char(char c)
{
	return lex_is(c, LEX_TOKEN);
}

bool
lex_is_token(struct str s)
{
	return s.len > 0 && lex_span(s, LEX_TOKEN) == s.len;
}

/* How long the LWS at offset AT of S is. */
static size_t
lws_at(struct str s, size_t at)
{
	size_t start = at;

	for (;;) {
		while (at < s.len && (s.at[at] == ' ' || s.at[at] == '\t'))
			at++;
		if (s.len - at < 3 || s.at[at] != '\r' || s.at[at + 1] != '\n' ||
			(s.at[at + 2] != ' ' && s.at[at + 2] != '\t'))
			return at - start;
		at += 3;
	}
}

void
lex_skip_lws(struct str *rest)
{
	/* Nearly always there is none. */
	if (rest->len == 0 || (uint8_t)rest->at[0] > ' ')
		return;
	lex_drop(rest, lws_at(*rest, 0));
}

struct str
lex_token(struct str *rest)
{
	size_t len = lex_span(*rest, LEX_TOKEN);
	struct str token = str_of(rest->at, len);

	lex_drop(rest, len);
	return token;
}

/* Where the quoted string that opens at offset OPEN closes, or s.len. */
static size_t
closing_quote(struct str s, size_t open)
{
	for (size_t at = open + 1; at < s.len; at++) {
		char c = s.at[at];

		if (c == '"')
			return at;
		if (c == '\\') {
			at++;
			if (at < s.len && (s.at[at] == '\r' || s.at[at] == '\n'))
				return s.len;
		}
	}
	return s.len;
}

struct str
lex_quoted(struct str *rest)
{
	size_t close;
	struct str text;

	if (rest->len == 0 || rest->at[0] != '"')
		return STR_NONE;
	close = closing_quote(*rest, 0);
	if (close == rest->len)
		return STR_NONE;
	text = str_of(rest->at + 1, close - 1);
	*rest = str_of(rest->at + close + 1, rest->len - close - 1);
	return text;
}

bool
lex_element(struct str *rest, struct str *element)
{
	size_t at = 0;

	if (rest->at == NULL)
		return false;
	if (memchr(rest->at, ',', rest->len) == NULL)
		at = rest->len;
	while (at < rest->len && rest->at[at] != ',') {
		if (rest->at[at] == '"') {
			at = closing_quote(*rest, at);
		} else if (rest->at[at] == '<') {
			const char *close = memchr(rest->at + at, '>', rest->len - at);

			at = close == NULL ? rest->len : (size_t)(close - rest->at);
		}
		if (at < rest->len)
			at++;
	}
	*element = str_trim(str_of(rest->at, at));
	if (at < rest->len)
		*rest = str_of(rest->at + at + 1, rest->len - at - 1);
	else
		*rest = STR_NONE;
	return true;
}

size_t
lex_find_control(struct str s)
{
	size_t at = 0;

	/* Sixteen at a time: most of what is read is read by this. */
	for (; s.len - at >= 16; at += 16) {
		uint8_t block __attribute__((vector_size(16)));
		uint64_t found[2];

		memcpy(&block, s.at + at, 16);
		block = (uint8_t __attribute__((vector_size(16))))(
			(block < 0x20) | (block == 0x7f));
		memcpy(found, &block, 16);
		if ((found[0] | found[1]) != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return at +
				(size_t)(found[0] != 0 ? __builtin_ctzll(found[0])
						       : 64 + __builtin_ctzll(found[1])) /
				8;
#else
			break;
#endif
		}
	}
	while (at < s.len && (uint8_t)s.at[at] >= 0x20 && s.at[at] != 0x7f)
		at++;
	return at;
}

size_t
lex_line_end(struct str s, size_t from)
{
	while (from < s.len) {
		const char *cr = memchr(s.at + from, '\r', s.len - from);

		if (cr == NULL)
			break;
		from = (size_t)(cr - s.at);
		if (s.len - from >= 2 && s.at[from + 1] == '\n' &&
			(s.len - from == 2 || !char_is_space(s.at[from + 2])))
			return from;
		from++;
	}
	return s.len;
}

bool
lex_is_value(struct str value, bool quoted_too, size_t *at)
{
	size_t i = lex_find_control(value);
	size_t quoted_until = 0; /* octets before this one stand in a quoted string */
	bool is_open = false;    /* a quote stands before that nothing closes */

	if (i == value.len)
		return true;
	/* Something is there: go through it all again, with care. */
	for (i = 0; i < value.len; i++) {
		uint8_t c = (uint8_t)value.at[i];

		if (c == '"' && i >= quoted_until) {
			size_t close = closing_quote(value, i);

			is_open |= close == value.len;
			quoted_until = close < value.len ? close + 1 : i + 1;
		}
		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			continue;
		/* Behind a backslash CR is no quoted-pair, but the space in a fold's place is. */
		if (c == '\r' && lws_at(value, i) > 0 && !(is_open && value.at[i - 1] == '\\')) {
			i += 2;
			continue;
		}
		if (c == '\r' || c == '\n' || !quoted_too || i >= quoted_until) {
			*at = i;
			return false;
		}
	}
	return true;
}

void
lex_write_value(struct buf *b, struct str value, bool quoted_too)
{
	size_t at;

	if (!lex_is_value(value, quoted_too, &at)) {
		b->full = true;
		return;
	}
	while ((at = str_find(value, '\r')) < value.len) {
		struct str before = str_upto(value, at);

		while (before.len > 0 && char_is_space(before.at[before.len - 1]))
			before.len--;
		buf_put(b, before);
		buf_char(b, ' ');
		value = str_from(value, at + lws_at(value, at));
	}
	buf_put(b, value);
}
