/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* All that one scenario ever says and hears; nothing is given back. */
static char shelf[8 * 1024 * 1024];
static size_t shelf_used;

struct str
text_keep(struct str s)
{
	char *at = shelf + shelf_used;

	assert_true(s.len + 1 <= sizeof shelf - shelf_used);
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	at[s.len] = '\0';
	shelf_used += s.len + 1;
	return str_of(at, s.len);
}

struct str
text_say(const char *format, ...)
{
	char *at = shelf + shelf_used;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(at, sizeof shelf - shelf_used, format, args);
	va_end(args);
	assert_true(len >= 0 && (size_t)len < sizeof shelf - shelf_used);
	shelf_used += (size_t)len + 1;
	return str_of(at, (size_t)len);
}

size_t
text_find(struct str s, struct str part)
{
	const char *at = part.len == 0 ? s.at : memmem(s.at, s.len, part.at, part.len);

	return at == NULL ? s.len : (size_t)(at - s.at);
}

/* The next line of *REST, without its CRLF. */
static struct str
cut_line(struct str *rest)
{
	size_t end = text_find(*rest, STR("\r\n"));
	struct str line = str_upto(*rest, end);

	*rest = str_from(*rest, end + 2);
	return line;
}

struct str
text_start(struct str message)
{
	return cut_line(&message);
}

struct str
text_body(struct str message)
{
	return str_from(message, text_find(message, STR("\r\n\r\n")) + 4);
}

static struct str
header_of(struct str message, struct str name, unsigned n, unsigned *count)
{
	struct str rest = str_upto(message, text_find(message, STR("\r\n\r\n")));

	*count = 0;
	cut_line(&rest);
	while (rest.len > 0) {
		struct str value = cut_line(&rest);
		struct str word = str_trim(str_cut(&value, ':'));

		if (str_alike(word, name) && ++*count == n)
			return str_trim(value);
	}
	return STR_NONE;
}

struct str
text_header(struct str message, const char *name, unsigned n)
{
	unsigned count;

	return header_of(message, str_cstr(name), n, &count);
}

unsigned
text_header_count(struct str message, struct str name)
{
	unsigned count;

	header_of(message, name, 0, &count);
	return count;
}

/* The value up to MARK, where marks inside quotes and angle brackets do not count. */
static size_t
find_outside(struct str value, char mark)
{
	bool is_quoted = false, is_inside = false;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == '\\' && is_quoted)
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (is_quoted)
			continue;
		else if (c == '<' || c == '>')
			is_inside = c == '<';
		else if (c == mark && !is_inside)
			return i;
	}
	return value.len;
}

struct str
text_param(struct str value, struct str name)
{
	struct str rest = str_upto(value, find_outside(value, ','));

	rest = str_from(rest, find_outside(rest, ';') + 1);
	while (rest.len > 0) {
		size_t end = find_outside(rest, ';');
		struct str word, param = str_upto(rest, end);

		rest = str_from(rest, end + 1);
		word = str_trim(str_cut(&param, '='));
		if (str_alike(word, name))
			return param.len > 0 ? str_trim(param) : word; /* a flag is itself */
	}
	return STR_NONE;
}

struct str
text_uri(struct str value)
{
	size_t open = find_outside(value, '<');
	struct str inner;

	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == '<') {
			open = i;
			break;
		}
	if (open < value.len) {
		inner = str_from(value, open + 1);
		return str_upto(inner, str_find(inner, '>'));
	}
	return str_trim(str_upto(value, str_find(value, ';')));
}

struct str
text_select(struct str message, struct str selector)
{
	struct str param = selector, name = str_cut(&param, ';'), index = name, value;
	unsigned count;
	uint64_t n = 1;

	if (str_alike(selector, STR("Start")))
		return text_start(message);
	if (str_alike(selector, STR("Body")))
		return text_body(message);
	if (str_alike(selector, STR("Octets")))
		return message;
	name = str_cut(&index, '[');
	if (index.len > 1)
		assert_true(str_number(str_upto(index, index.len - 1), 1000, &n));
	value = header_of(message, name, (unsigned)n, &count);
	if (str_is_none(value) || param.len == 0)
		return value;
	if (!str_ends(param, STR("=")))
		return text_param(value, param);
	value = text_param(value, str_upto(param, param.len - 1));
	return value.len < 2 ? value : str_upto(str_from(value, 1), value.len - 2);
}

unsigned
text_status(struct str message)
{
	uint64_t status = 0;

	if (!str_begins(message, STR("SIP/2.0 ")) ||
		!str_number(str_upto(str_from(message, 8), 3), 999, &status))
		return 0;
	return (unsigned)status;
}

struct str
text_method(struct str message)
{
	struct str cseq = text_header(message, "CSeq", 1);

	if (text_status(message) == 0)
		return str_upto(message, str_find(message, ' '));
	str_cut(&cseq, ' ');
	return str_trim(cseq);
}

uint64_t
text_cseq(struct str message)
{
	struct str cseq = text_header(message, "CSeq", 1);
	uint64_t number = 0;

	str_number(str_cut(&cseq, ' '), UINT32_MAX, &number);
	return number;
}

bool
text_fits(struct str text, struct str pattern)
{
	static const struct str any = STR("...");
	size_t end = text_find(pattern, any);
	struct str piece = str_upto(pattern, end);

	if (!str_begins(text, piece))
		return false;
	if (end == pattern.len)
		return text.len == piece.len;
	text = str_from(text, piece.len);
	for (;;) {
		pattern = str_from(pattern, end + any.len);
		end = text_find(pattern, any);
		piece = str_upto(pattern, end);
		if (end == pattern.len)
			return str_ends(text, piece);
		if (text_find(text, piece) == text.len && piece.len > 0)
			return false;
		text = str_from(text, text_find(text, piece) + piece.len);
	}
}
