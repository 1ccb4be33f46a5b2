/* SPDX-License-Identifier: Apache-2.0 */
/* The small words: numbers, addresses, tokens, quoted strings, names of headers and methods, and
 * the Date. Numbers, addresses and dates are told again by the C library. */
#include "base/addr.h"
#include "fuzz.h"
#include "sip/date.h"
#include "sip/header.h"
#include "sip/lex.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

static void
read_number(struct str text)
{
	static const uint64_t most[] = { 0, 9, 255, 65535, UINT32_MAX, INT64_MAX, UINT64_MAX };

	for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
		uint64_t number = 0;
		unsigned __int128 due = 0;
		bool is_number = text.len > 0;

		for (size_t at = 0; at < text.len && is_number; at++) {
			is_number = text.at[at] >= '0' && text.at[at] <= '9';
			due = due * 10 + (unsigned)(text.at[at] - '0');
			is_number = is_number && due <= most[i];
		}
		fuzz_check(str_number(text, most[i], &number) == is_number, text);
		fuzz_check(!is_number || number == due, text);
	}
}

static void
read_addr(struct str text)
{
	char line[ADDR_TEXT_MAX + 1], again[ADDR_TEXT_MAX];
	struct buf b = buf_on(again, sizeof again);
	struct addr addr, same;
	uint8_t due[16];
	int family;

	if (!addr_parse(&addr, text))
		return;
	if (text.at[0] == '[')
		text = str_of(text.at + 1, text.len - 2);
	fuzz_check(text.len < sizeof line, text);
	memcpy(line, text.at, text.len);
	line[text.len] = '\0';
	family = addr.family == ADDR_V6 ? AF_INET6 : AF_INET;
	fuzz_check(inet_pton(family, line, due) == 1, text);
	fuzz_check(memcmp(due, addr.ip, family == AF_INET6 ? 16 : 4) == 0, text);
	addr_write(&b, &addr);
	fuzz_check(buf_ok(&b) && addr_parse(&same, buf_str(&b)), text);
	fuzz_check(addr_same_ip(&same, &addr), text);
	/* As RFC 5952 writes it, there is one way to write it. */
	fuzz_check(inet_pton(family, line, due) == 1, text);
}

static void
put_date(struct buf *b, const void *what)
{
	date_write(b, *(const int64_t *)what);
}

static void
write_date(struct str text)
{
	char written[32], due[64];
	struct buf b = buf_on(written, sizeof written);
	uint64_t number;
	int64_t wall_s;
	time_t seconds;
	struct tm tm;

	if (!str_number(text, 253402300799, &number))
		return;
	wall_s = (int64_t)number;
	seconds = (time_t)number;
	date_write(&b, wall_s);
	fuzz_check(gmtime_r(&seconds, &tm) != NULL, text);
	fuzz_check(strftime(due, sizeof due, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 29, text);
	fuzz_check(str_same(buf_str(&b), str_of(due, 29)), text);
	fuzz_sizes(buf_str(&b), put_date, &wall_s);
}

static void
read_words(struct str text)
{
	struct str rest = text, token = lex_token(&rest), quoted;
	enum header_id id = header_find(text);
	enum method method = method_find(text);
	size_t line_end = lex_line_end(text, 0), control = lex_find_control(text);

	fuzz_within(token, text);
	fuzz_check(token.len + rest.len == text.len, text);
	fuzz_check(lex_is_token(text) == (token.len == text.len && text.len > 0), text);
	rest = text;
	quoted = lex_quoted(&rest);
	fuzz_within(quoted, text);
	fuzz_check(
		str_is_none(quoted) ? rest.len == text.len : rest.len + quoted.len + 2 == text.len,
		text);
	lex_skip_lws(&rest);
	fuzz_within(rest, text);
	fuzz_check(line_end <= text.len && control <= text.len, text);
	fuzz_check(lex_span_escaped(text, LEX_USER) <= text.len, text);
	if (id != HEADER_OTHER)
		fuzz_check(text.len == 1 || str_alike(header_name(id), text), text);
	if (id != HEADER_OTHER)
		fuzz_check(header_find(header_name(id)) == id, text);
	if (method != METHOD_OTHER)
		fuzz_check(str_same(method_name(method), text), text);
}

static void
put_value(struct buf *b, const void *what)
{
	lex_write_value(b, *(const struct str *)what, false);
}

static void
write_value(struct str text)
{
	static char written[64 * 1024];
	struct buf b = buf_on(written, sizeof written);
	size_t at = 0;

	if (text.len > sizeof written)
		return;
	put_value(&b, &text);
	fuzz_check(buf_ok(&b) == lex_is_value(text, false, &at), text);
	if (!buf_ok(&b))
		return;
	for (size_t i = 0; i < buf_str(&b).len; i++) {
		unsigned char c = (unsigned char)written[i];

		fuzz_check(c == '\t' || (c >= 0x20 && c != 0x7f), text);
	}
	fuzz_sizes(buf_str(&b), put_value, &text);
}

void
fuzz_one(struct str input)
{
	struct str first = fuzz_line(&input);

	read_number(first);
	read_addr(first);
	write_date(first);
	read_words(first);
	read_words(input);
	write_value(input);
}
