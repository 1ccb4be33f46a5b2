/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

struct str
str_cstr(const char *text)
{
	return (struct str){ text, strlen(text) };
}

bool
str_same(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
str_alike(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t at = 0; at < a.len; at++)
		if (char_lower(a.at[at]) != char_lower(b.at[at]))
			return false;
	return true;
}

bool
str_begins(struct str s, struct str part)
{
	return s.len >= part.len && str_same(str_upto(s, part.len), part);
}

bool
str_begins_alike(struct str s, struct str part)
{
	return s.len >= part.len && str_alike(str_upto(s, part.len), part);
}

bool
str_ends(struct str s, struct str part)
{
	return s.len >= part.len && str_same(str_from(s, s.len - part.len), part);
}

bool
str_holds_alike(struct str s, struct str part)
{
	for (size_t at = 0; at + part.len <= s.len; at++)
		if (str_begins_alike(str_from(s, at), part))
			return true;
	return false;
}

size_t
str_find(struct str s, char mark)
{
	const char *found = s.len > 0 ? memchr(s.at, mark, s.len) : NULL;

	return found != NULL ? (size_t)(found - s.at) : s.len;
}

struct str
str_cut(struct str *rest, char mark)
{
	size_t at = str_find(*rest, mark);
	struct str part = str_upto(*rest, at);

	*rest = str_from(*rest, at + 1);
	return part;
}

static bool
is_blank(char c)
{
	return (uint8_t)c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && is_blank(s.at[0]))
		s = str_from(s, 1);
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool
str_number(struct str s, uint64_t max, uint64_t *number)
{
	uint64_t sum = 0;

	if (s.len == 0)
		return false;
	for (size_t at = 0; at < s.len; at++) {
		if (!char_is_digit(s.at[at]) || __builtin_mul_overflow(sum, 10, &sum) ||
			__builtin_add_overflow(sum, (uint64_t)(s.at[at] - '0'), &sum))
			return false;
	}
	if (sum > max)
		return false;
	*number = sum;
	return true;
}

int
char_hex(char c)
{
	if (char_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
