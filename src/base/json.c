/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/calendar.h"

struct json
json_on(struct buf *b)
{
	return (struct json){ .to = b };
}

static void
begin(struct json *j)
{
	if (j->wants_comma)
		buf_char(j->to, ',');
	j->wants_comma = true;
}

void
json_open(struct json *j, char bracket)
{
	begin(j);
	buf_char(j->to, bracket);
	j->wants_comma = false;
}

void
json_close(struct json *j, char bracket)
{
	buf_char(j->to, bracket);
	j->wants_comma = true;
}

void
json_key(struct json *j, struct str key)
{
	json_text(j, key);
	buf_char(j->to, ':');
	j->wants_comma = false;
}

/* How many octets of S are its first character in UTF-8 (RFC 3629 4); 0: it is none. */
static size_t
character(struct str s)
{
	/* What the first octet may be, what the second must be within, how many there are. */
	static const struct {
		uint8_t from, upto, second_from, second_upto, count;
	} forms[] = {
		{ 0x00, 0x7f, 0x80, 0xbf, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const uint8_t *at = (const uint8_t *)s.at;
	size_t form = 0;

	while (form < sizeof forms / sizeof forms[0] &&
		(at[0] < forms[form].from || at[0] > forms[form].upto))
		form++;
	if (form == sizeof forms / sizeof forms[0] || s.len < forms[form].count)
		return 0;
	for (size_t i = 1; i < forms[form].count; i++) {
		uint8_t from = i == 1 ? forms[form].second_from : 0x80;
		uint8_t upto = i == 1 ? forms[form].second_upto : 0xbf;

		if (at[i] < from || at[i] > upto)
			return 0;
	}
	return forms[form].count;
}

static void
put_character(struct buf *b, struct str c)
{
	uint8_t octet = (uint8_t)c.at[0];

	if (octet == '"' || octet == '\\') {
		buf_char(b, '\\');
		buf_put(b, c);
	} else if (octet < 0x20 || octet == 0x7f) {
		buf_put(b, STR("\\u00"));
		buf_hex(b, &octet, 1);
	} else {
		buf_put(b, c);
	}
}

void
json_text(struct json *j, struct str text)
{
	begin(j);
	buf_char(j->to, '"');
	while (text.len > 0) {
		size_t count = character(text);

		if (count == 0)
			buf_put(j->to, STR("\\ufffd"));
		else
			put_character(j->to, str_upto(text, count));
		text = str_from(text, count > 0 ? count : 1);
	}
	buf_char(j->to, '"');
}

void
json_number(struct json *j, uint64_t number)
{
	begin(j);
	buf_number(j->to, number);
}

void
json_flag(struct json *j, bool flag)
{
	begin(j);
	buf_put(j->to, flag ? STR("true") : STR("false"));
}

void
json_nothing(struct json *j)
{
	begin(j);
	buf_put(j->to, STR("null"));
}

void
json_moment(struct json *j, int64_t wall_s)
{
	if (wall_s < 1 || wall_s >= CALENDAR_END_S) {
		json_nothing(j);
		return;
	}
	begin(j);
	buf_char(j->to, '"');
	calendar_write(j->to, wall_s);
	buf_char(j->to, '"');
}

void
json_put_text(struct json *j, struct str key, struct str text)
{
	json_key(j, key);
	json_text(j, text);
}

void
json_put_number(struct json *j, struct str key, uint64_t number)
{
	json_key(j, key);
	json_number(j, number);
}

void
json_put_flag(struct json *j, struct str key, bool flag)
{
	json_key(j, key);
	json_flag(j, flag);
}

void
json_put_moment(struct json *j, struct str key, int64_t wall_s)
{
	json_key(j, key);
	json_moment(j, wall_s);
}
