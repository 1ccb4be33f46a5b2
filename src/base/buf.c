/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

struct buf
buf_on(void *at, size_t size)
{
	return (struct buf){ .at = at, .size = size };
}

void
buf_put(struct buf *b, struct str s)
{
	if (b->full || s.len > b->size - b->used) {
		b->full = true;
		return;
	}
	if (s.len > 0)
		memcpy(b->at + b->used, s.at, s.len);
	b->used += s.len;
}

void
buf_char(struct buf *b, char c)
{
	buf_put(b, str_of(&c, 1));
}

void
buf_number(struct buf *b, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_put(b, str_of(digits + at, sizeof digits - at));
}

void
buf_hex(struct buf *b, const void *octets, size_t count)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *from = octets;

	for (size_t i = 0; i < count; i++) {
		buf_char(b, hex[from[i] >> 4]);
		buf_char(b, hex[from[i] & 15]);
	}
}

void
buf_quoted(struct buf *b, struct str text, size_t max)
{
	text = str_upto(text, max);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
			buf_put(b, STR("\\x"));
			buf_hex(b, &c, 1);
		} else {
			buf_char(b, (char)c);
		}
	}
}

struct str
buf_str(const struct buf *b)
{
	return b->full ? str_of(b->at, 0) : str_of(b->at, b->used);
}

bool
buf_ok(const struct buf *b)
{
	return !b->full;
}
