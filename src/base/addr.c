/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <string.h>

static bool
parse_v4(uint8_t ip[4], struct str text)
{
	unsigned number = 0, digits = 0, part = 0;

	for (size_t at = 0; at < text.len; at++) {
		char c = text.at[at];

		if (char_is_digit(c)) {
			if (digits == 3 || (digits > 0 && number == 0))
				return false;
			number = number * 10 + (unsigned)(c - '0');
			digits++;
			continue;
		}
		if (c != '.' || digits == 0 || number > 255 || part == 3)
			return false;
		ip[part++] = (uint8_t)number;
		number = digits = 0;
	}
	if (digits == 0 || number > 255 || part != 3)
		return false;
	ip[3] = (uint8_t)number;
	return true;
}

static bool
parse_group(uint16_t *group, struct str part)
{
	unsigned sum = 0;

	if (part.len == 0 || part.len > 4)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		int digit = char_hex(part.at[i]);

		if (digit < 0)
			return false;
		sum = sum * 16 + (unsigned)digit;
	}
	*group = (uint16_t)sum;
	return true;
}

/* Reads groups up to a `::` or the end. TEXT is left behind the `::`, and *GAP tells of one. */
static int
parse_groups(uint16_t groups[8], int max, struct str *text, bool *gap)
{
	int count = 0;

	*gap = false;
	if (str_begins(*text, STR("::"))) {
		*text = str_from(*text, 2);
		*gap = true;
		return 0;
	}
	while (!str_is_empty(*text)) {
		size_t colon = str_find(*text, ':');
		struct str part = str_upto(*text, colon);

		if (str_find(part, '.') < part.len) { /* the last 32 bits as IPv4 */
			uint8_t ip[4];

			if (colon < text->len || count + 2 > max || !parse_v4(ip, part))
				return -1;
			groups[count++] = (uint16_t)(ip[0] << 8 | ip[1]);
			groups[count++] = (uint16_t)(ip[2] << 8 | ip[3]);
			*text = str_from(*text, colon);
			return count;
		}
		if (count == max || !parse_group(&groups[count], part))
			return -1;
		count++;
		*text = str_from(*text, colon);
		if (str_is_empty(*text))
			return count;
		if (str_begins(*text, STR("::"))) {
			*text = str_from(*text, 2);
			*gap = true;
			return count;
		}
		*text = str_from(*text, 1);
		if (str_is_empty(*text))
			return -1; /* a single colon at the end */
	}
	return count;
}

static bool
parse_v6(uint8_t ip[16], struct str text)
{
	uint16_t head[8], tail[8];
	bool gap, second;
	int heads, tails = 0;

	if (str_is_empty(text))
		return false;
	heads = parse_groups(head, 8, &text, &gap);
	if (heads < 0 || (!gap && heads != 8))
		return false;
	if (gap) {
		tails = parse_groups(tail, 7 - heads < 0 ? 0 : 7 - heads, &text, &second);
		if (tails < 0 || second || heads + tails > 7)
			return false;
	}
	memset(ip, 0, 16);
	for (int i = 0; i < heads; i++) {
		ip[2 * i] = (uint8_t)(head[i] >> 8);
		ip[2 * i + 1] = (uint8_t)head[i];
	}
	for (int i = 0; i < tails; i++) {
		ip[16 - 2 * tails + 2 * i] = (uint8_t)(tail[i] >> 8);
		ip[16 - 2 * tails + 2 * i + 1] = (uint8_t)tail[i];
	}
	return true;
}

bool
addr_parse(struct addr *addr, struct str text)
{
	struct addr read = { .family = ADDR_V4 };

	if (parse_v4(read.ip, text)) {
		*addr = read;
		return true;
	}
	if (text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
		text = str_of(text.at + 1, text.len - 2);
	read.family = ADDR_V6;
	if (!parse_v6(read.ip, text))
		return false;
	*addr = read;
	return true;
}

static void
write_v4(struct buf *b, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			buf_char(b, '.');
		buf_number(b, ip[i]);
	}
}

static void
write_group(struct buf *b, unsigned group)
{
	static const char hex[] = "0123456789abcdef";
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = group >> shift & 15;

		begun = begun || digit != 0 || shift == 0;
		if (begun)
			buf_char(b, hex[digit]);
	}
}

/* Finds the first longest run of zero groups, of two at least (RFC 5952 4.2). */
static void
find_gap(const unsigned groups[8], int *start, int *length)
{
	*start = -1;
	*length = 1;
	for (int i = 0; i < 8; i++) {
		int end = i;

		while (end < 8 && groups[end] == 0)
			end++;
		if (end - i > *length) {
			*start = i;
			*length = end - i;
		}
		if (end > i)
			i = end - 1;
	}
}

static bool
is_mapped(const uint8_t ip[16])
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(ip, prefix, sizeof prefix) == 0;
}

static void
write_v6(struct buf *b, const uint8_t ip[16])
{
	unsigned groups[8];
	int start, length;

	if (is_mapped(ip)) {
		buf_put(b, STR("::ffff:"));
		write_v4(b, ip + 12);
		return;
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
	find_gap(groups, &start, &length);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			buf_put(b, STR("::"));
			i += length - 1;
			continue;
		}
		if (i > 0 && !(start >= 0 && i == start + length))
			buf_char(b, ':');
		write_group(b, groups[i]);
	}
}

void
addr_write_bare(struct buf *b, const struct addr *addr)
{
	if (addr->family == ADDR_V6)
		write_v6(b, addr->ip);
	else
		write_v4(b, addr->ip);
}

void
addr_write(struct buf *b, const struct addr *addr)
{
	if (addr->family == ADDR_V6)
		buf_char(b, '[');
	addr_write_bare(b, addr);
	if (addr->family == ADDR_V6)
		buf_char(b, ']');
}

void
addr_write_port(struct buf *b, const struct addr *addr)
{
	addr_write(b, addr);
	buf_char(b, ':');
	buf_number(b, addr->port);
}

bool
addr_same_ip(const struct addr *a, const struct addr *b)
{
	size_t bytes = a->family == ADDR_V6 ? 16 : 4;

	return a->family == b->family && a->family != ADDR_NONE && memcmp(a->ip, b->ip, bytes) == 0;
}

bool
addr_same(const struct addr *a, const struct addr *b)
{
	return addr_same_ip(a, b) && a->port == b->port;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == ADDR_V4)
		return a->ip[0] == 127;
	return a->family == ADDR_V6 &&
		(memcmp(a->ip, one, 16) == 0 || (is_mapped(a->ip) && a->ip[12] == 127));
}

bool
addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return a->family != ADDR_NONE && memcmp(a->ip, zero, a->family == ADDR_V6 ? 16 : 4) == 0;
}

bool
addr_is_multicast(const struct addr *a)
{
	if (a->family == ADDR_V6)
		return a->ip[0] == 0xff;
	return a->family == ADDR_V4 &&
		(a->ip[0] >> 4 == 14 || (a->ip[0] & a->ip[1] & a->ip[2] & a->ip[3]) == 255);
}
