/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_text.h"

#include <string.h>

static size_t
find_text(struct str text, struct str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (memcmp(text.at + i, part.at, part.len) == 0)
			return i;
	return text.len;
}

static size_t
skip_breaks(struct str text)
{
	size_t at = 0;

	while (at < text.len && (text.at[at] == '\r' || text.at[at] == '\n'))
		at++;
	return at;
}

static struct str
first_line(struct str text)
{
	text = str_from(text, skip_breaks(text));
	return str_upto(text, find_text(text, STR("\r\n")));
}

size_t
text_frame(struct str text)
{
	size_t breaks = skip_breaks(text);
	size_t head = find_text(str_from(text, breaks), STR("\r\n\r\n"));
	uint64_t body = 0;

	if (breaks + head >= text.len)
		return 0;
	head += breaks + 4;
	if (!str_number(text_header(str_upto(text, head), "Content-Length"), 1 << 20, &body))
		body = 0;
	return head + body <= text.len ? head + (size_t)body : 0;
}

bool
text_is_message(struct str text)
{
	return skip_breaks(text) < text.len;
}

bool
text_is_request(struct str text)
{
	return !str_begins(first_line(text), STR("SIP/2.0 "));
}

bool
text_has_method(struct str text, const char *method)
{
	struct str line = first_line(text);

	return text_is_request(text) && str_same(str_cut(&line, ' '), str_cstr(method));
}

unsigned
text_status(struct str text)
{
	struct str line = first_line(text);
	uint64_t status = 0;

	if (text_is_request(text))
		return 0;
	(void)str_cut(&line, ' ');
	(void)str_number(str_cut(&line, ' '), 999, &status);
	return (unsigned)status;
}

struct str
text_user(struct str text)
{
	struct str line = first_line(text);
	struct str uri;

	(void)str_cut(&line, ' ');
	uri = str_cut(&line, ' ');
	(void)str_cut(&uri, ':');
	return str_find(uri, '@') < uri.len ? str_cut(&uri, '@') : STR("");
}

struct str
text_header(struct str text, const char *name)
{
	struct str wanted = str_cstr(name);

	text = str_from(text, skip_breaks(text));
	while (text.len > 0) {
		size_t end = find_text(text, STR("\r\n"));
		struct str line = str_upto(text, end);
		struct str key = str_cut(&line, ':');

		if (end == 0)
			break;
		if (str_alike(key, wanted))
			return str_trim(line);
		text = str_from(text, end + 2);
	}
	return STR("");
}

struct str
text_angle(struct str value)
{
	struct str rest = str_from(value, str_find(value, '<') + 1);

	return str_upto(rest, str_find(rest, '>'));
}

struct str
text_tag(struct str value)
{
	struct str rest = str_from(value, str_find(value, '>'));
	size_t at = find_text(rest, STR(";tag="));

	rest = str_from(rest, at + 5);
	return str_upto(rest, str_find(rest, ';'));
}

uint64_t
text_hash(struct str text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.at[i]) * 0x100000001b3;
	return hash | 1;
}
