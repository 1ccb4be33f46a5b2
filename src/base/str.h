/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strings are views, by value.
 *
 * A struct str is a place and a length. It owns nothing, is passed and returned by value, is not
 * NUL-terminated and may hold any octet. An absent string is STR_NONE (at == NULL), which differs
 * from an empty one only for those who ask str_is_none().
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *at;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })

/* A view of LEN octets at AT. */
static inline struct str
str_of(const void *at, size_t len)
{
	return (struct str){ at, len };
}

/* A view of a NUL-terminated text; for names in our own tables and argv, never for peer input. */
struct str str_cstr(const char *text);

static inline bool
str_is_none(struct str s)
{
	return s.at == NULL;
}

/* Also true for STR_NONE. */
static inline bool
str_is_empty(struct str s)
{
	return s.len == 0;
}

/* Octet for octet the same. */
bool str_same(struct str a, struct str b);

/* The same when the case of ASCII letters is ignored. */
bool str_alike(struct str a, struct str b);

/* Whether S begins (or ends) with PART, octet for octet, or with ASCII case ignored. */
bool str_begins(struct str s, struct str part);
bool str_begins_alike(struct str s, struct str part);
bool str_ends(struct str s, struct str part);

/* Whether PART stands anywhere in S with ASCII case ignored; an empty PART always does. */
bool str_holds_alike(struct str s, struct str part);

/* Where MARK first stands in S, or s.len. */
size_t str_find(struct str s, char mark);

/* S from octet FROM on; S up to octet UPTO. Both clamp to what is there. */
static inline struct str
str_from(struct str s, size_t from)
{
	if (from >= s.len)
		return (struct str){ s.at == NULL ? NULL : s.at + s.len, 0 };
	return (struct str){ s.at + from, s.len - from };
}

static inline struct str
str_upto(struct str s, size_t upto)
{
	return (struct str){ s.at, upto < s.len ? upto : s.len };
}

/* The part of *REST before MARK; *REST moves past MARK. Without a MARK all of it, and *REST is
 * left empty. */
struct str str_cut(struct str *rest, char mark);

/* S without spaces and tabs (and CR, LF) at both ends. */
struct str str_trim(struct str s);

/* Reads all of S as an unsigned decimal number of at most MAX.
 * Ends: true and *NUMBER set; false if S is empty, holds another octet than a digit or is larger
 * than MAX. Leading zeros are fine. */
bool str_number(struct str s, uint64_t max, uint64_t *number);

/* ASCII only, whatever the locale. */
static inline bool
char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
char_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Space or tab. */
static inline bool
char_is_space(char c)
{
	return c == ' ' || c == '\t';
}

static inline char
char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int char_hex(char c); /* 0 to 15, or -1 */

#endif
