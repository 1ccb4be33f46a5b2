/* SPDX-License-Identifier: Apache-2.0 */
/* lex.h - the small words of RFC 3261 section 25: tokens, quoted strings, lists, lines. */
#ifndef SIP_LEX_H
#define SIP_LEX_H

#include "base/buf.h"

/* Character classes of RFC 3261 25.1, without the escapes that go with them. */
enum lex_class {
	LEX_TOKEN = 1 << 0,
	LEX_WORD = 1 << 1,     /* Call-ID */
	LEX_USER = 1 << 2,     /* user of a SIP URI */
	LEX_PASSWORD = 1 << 3, /* what stands behind its colon */
	LEX_PARAM = 1 << 4,    /* name or value of a parameter of a SIP URI */
	LEX_HEADER = 1 << 5,   /* name or value of a header in a SIP URI */
	LEX_HOST = 1 << 6,     /* letters, digits, `-`, `.` and, as DNS has it, `_` */
	LEX_ANY_URI = 1 << 7,  /* what stands behind the colon of any URI */
	LEX_VALUE = 1 << 8,    /* unquoted value of a header's parameter: a token, a host, and a few
	                        * octets that peers put there though they should quote them */
	LEX_DISPLAY = 1 << 9,  /* unquoted display name: tokens, and UTF-8 as peers send it */
	LEX_UNRESERVED = 1 << 10,
};

extern const uint16_t lex_classes[256];

static inline bool
lex_is(char c, unsigned classes)
{
	return (lex_classes[(uint8_t)c] & classes) != 0;
}

/* How many octets at the front of S are of one of CLASSES. */
static inline size_t
lex_span(struct str s, unsigned classes)
{
	size_t at = 0;

	while (at < s.len && lex_is(s.at[at], classes))
		at++;
	return at;
}

/* As lex_span, but `%HH` counts too; a `%` without two hex digits ends the span. */
size_t lex_span_escaped(struct str s, unsigned classes);

/* Takes one octet, its escape decoded, off the front of *REST, which is not empty; with FOLD in
 * lower case. An escape of a reserved octet is not the octet itself and comes back as 256 above it
 * (RFC 3261 19.1.4). */
unsigned lex_decoded(struct str *rest, bool fold);

/* Whether A and B are the same once escapes are decoded; with FOLD ASCII case is ignored. */
bool lex_same_decoded(struct str a, struct str b, bool fold);

/* Drops COUNT octets off the front of *REST; goes back to TO, which was in it before. */
static inline void
lex_drop(struct str *rest, size_t count)
{
	if (count > 0)
		rest->at += count;
	rest->len -= count;
}

static inline void
lex_back(struct str *rest, const char *to)
{
	rest->len += (size_t)(rest->at - to);
	rest->at = to;
}

/* How many digits there are at the front of S. */
size_t lex_digits(struct str s);

bool lex_is_token_char(char c);
bool lex_is_token(struct str s); /* not empty, token characters only */

/* Skips LWS (spaces, tabs and folds) at the front of *REST. */
void lex_skip_lws(struct str *rest);

/* Takes a token off the front of *REST.
 * Ends: the token, or an empty view (and *REST untouched) when there is none. */
struct str lex_token(struct str *rest);

/* Takes a quoted string, quotes included, off the front of *REST.
 * Ends: the text between the quotes with its escapes left in; STR_NONE (and *REST untouched) when
 * *REST does not begin with a quote or the closing one is missing. */
struct str lex_quoted(struct str *rest);

/* Takes the next element of a comma-separated list off the front of *REST, minding quoted strings
 * and <>; the element is trimmed. Empty elements are given back as empty views, and a text that is
 * empty but not STR_NONE is one empty element.
 * Ends: true with *ELEMENT, or false when *REST is used up, which is when it is STR_NONE. */
bool lex_element(struct str *rest, struct str *element);

/* Where the first control octet (below 0x20, or 0x7f) stands in S, or s.len. */
size_t lex_find_control(struct str s);

/* Where the header line that FROM lies in ends: the place of the first CRLF from there on that no
 * space or tab follows; s.len if there is none. */
size_t lex_line_end(struct str s, size_t from);

/* Whether VALUE can stand in a header: no control octets but tabs and whole folds. With QUOTED_TOO
 * any but CR and LF may stand in a quoted string that is closed (RFC 3261 25.1, quoted-pair). A
 * backslash in front of a fold leaves a quoted string open, and on one line it would close another
 * one: such a fold may not stand there.
 * Ends: true; false with *AT the offset of the first octet that may not stand there. */
bool lex_is_value(struct str value, bool quoted_too, size_t *at);

/* Puts VALUE on one line, each fold as one space. What lex_is_value refuses marks B as full. */
void lex_write_value(struct buf *b, struct str value, bool quoted_too);

#endif
