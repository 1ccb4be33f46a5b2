/* SPDX-License-Identifier: Apache-2.0 */
/* How inputs change: half of the time as libFuzzer changes octets, and half of the time as somebody
 * would who knows that SIP is lines of `Name: value` and that our numbers have limits. */
#include "mutate.h"

#include <string.h>

#include "base/limits.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

enum { INPUT_MAX = 128 * 1024 };

uint32_t
change_below(struct change *c, uint32_t n)
{
	c->seed = c->seed * 1664525 + 1013904223;
	return n > 0 ? (c->seed >> 8) % n : 0;
}

void
change_put(struct change *c, size_t from, size_t len, struct str part)
{
	if (c->size - len + part.len > c->max)
		return;
	memmove(c->at + from + part.len, c->at + from + len, c->size - from - len);
	if (part.len > 0)
		memcpy(c->at + from, part.at, part.len);
	c->size += part.len - len;
}

unsigned
change_lines(const struct change *c, size_t starts[LINES_MAX + 1])
{
	unsigned count = 0;
	size_t i = 0;

	while (i < c->size && count < LINES_MAX) {
		const char *end = memchr(c->at + i, '\n', c->size - i);

		starts[count++] = i;
		i = end == NULL ? c->size : (size_t)(end - c->at) + 1;
	}
	starts[count] = i;
	return count;
}

void
change_order(struct change *c)
{
	static char copy[INPUT_MAX];
	size_t starts[LINES_MAX + 1];
	unsigned count = change_lines(c, starts), a = change_below(c, count),
		 to = change_below(c, count);
	size_t from = starts[a], len;

	if (count == 0)
		return;
	len = starts[a + 1] - from;
	if (len > sizeof copy)
		return;
	memcpy(copy, c->at + from, len);
	switch (change_below(c, 4)) {
	case 0: change_put(c, from, len, STR("")); break;
	case 1: change_put(c, starts[to], 0, str_of(copy, len)); break;
	case 2: change_put(c, starts[to], starts[to + 1] - starts[to], str_of(copy, len)); break;
	default: /* moves it */
		change_put(c, from, len, STR(""));
		change_put(c, to > a ? starts[to] - len : starts[to], 0, str_of(copy, len));
		break;
	}
}

/* A number that something of ours has an opinion about, or one beside it. */
static struct str
number_of_ours(struct change *c, char text[32])
{
	static const int64_t numbers[] = { 0, 1, 60, 69, 70, 90, 255, 256, 1300, 1800, 3600, 7200,
		5060, 5061, 65535, 65536, URI_BYTES_MAX, HEAD_BYTES_MAX, BODY_BYTES_MAX,
		MESSAGE_BYTES_MAX, HEADERS_MAX, VIA_MAX, ROUTE_MAX, PARAMS_MAX, CALL_ID_BYTES_MAX,
		SET_BYTES_MAX, AOR_BYTES_MAX, 2147483647, 2147483648, 4294967295, 4294967296 };
	int64_t number = numbers[change_below(c, sizeof numbers / sizeof numbers[0])] +
		change_below(c, 3) - 1;
	struct buf b = buf_on(text, 32);

	if (change_below(c, 16) == 0)
		buf_put(&b, STR("184467440737095516"));
	else if (number < 0 || change_below(c, 16) == 0)
		buf_char(&b, '-');
	buf_number(&b, (uint64_t)(number < 0 ? -number : number));
	return buf_str(&b);
}

static void
change_number(struct change *c)
{
	char text[32];
	size_t from = change_below(c, (uint32_t)c->size), len = 0;

	while (from < c->size && !char_is_digit(c->at[from]))
		from++;
	while (from + len < c->size && char_is_digit(c->at[from + len]))
		len++;
	if (len > 0)
		change_put(c, from, len, number_of_ours(c, text));
}

static struct str
word_of(struct change *c)
{
	static const struct str words[] = { STR("sip:"), STR("sips:"), STR("SIP/2.0"), STR("tls"),
		STR("udp"), STR("tcp"), STR(";lr"), STR(";rport"), STR(";tag=a"), STR(";q=0.5"),
		STR(";expires=0"), STR("<>"), STR("\""), STR("\\\""), STR("%00"), STR("%4"),
		STR("[2001:db8::1]"), STR("192.0.2.1"), STR("example.com"), STR(","), STR(", ,"),
		STR(";;"), STR("z9hG4bK"), STR("INVITE"), STR("ACK"), STR("CANCEL"), STR("BYE"),
		STR("REGISTER"), STR("OPTIONS"), STR("PRACK"), STR("*"), STR("timer"),
		STR("100rel"), STR(";refresher=uac"), STR("\xc3\xa9"), STR("\xff"), STR("\x7f"),
		STR("\r\n "), STR("\r\n\r\n"), STR("\r"), STR("\n"), STR("\t"), STR("$c"),
		STR("$t") };

	return words[change_below(c, sizeof words / sizeof words[0])];
}

static struct str
line_of(struct change *c)
{
	static const struct str lines[] = { STR("Content-Length: 0\r\n"), STR("l: 4\r\n"),
		STR("Contact: *\r\n"), STR("Contact: <sips:a@192.0.2.7>;q=0.1\r\n"),
		STR("m: sip:a@[2001:db8::7]:5070\r\n"), STR("Expires: 0\r\n"),
		STR("Require: 100rel\r\n"), STR("Proxy-Require: x\r\n"),
		STR("Record-Route: <sips:p.example.com;lr>\r\n"),
		STR("Route: <sip:192.0.2.1;lr>\r\n"), STR("Session-Expires: 90;refresher=uas\r\n"),
		STR("Min-SE: 90\r\n"), STR("Max-Forwards: 0\r\n"),
		STR("Content-Type: application/sdp\r\n"),
		STR("Replaces: a;to-tag=b;from-tag=c\r\n"), STR("RAck: 1 1 INVITE\r\n"),
		STR("v: SIP/2.0/TLS h;branch=z9hG4bKq;received=192.0.2.4\r\n"),
		STR("Authorization: Digest username=\"a\",realm=\"b\",nonce=\"c\",uri=\"d\"\r\n"),
		STR("Supported: timer, 100rel, outbound\r\n"), STR("Date: \r\n"),
		STR("X: \r\n y\r\n") };

	return lines[change_below(c, sizeof lines / sizeof lines[0])];
}

static void
put_line(struct change *c)
{
	size_t starts[LINES_MAX + 1];
	unsigned count = change_lines(c, starts);

	if (count > 0)
		change_put(c, starts[change_below(c, count)], 0, line_of(c));
}

static void
fold_line(struct change *c)
{
	size_t at = change_below(c, (uint32_t)c->size);

	while (at < c->size && c->at[at] != ' ' && c->at[at] != ';' && c->at[at] != ',')
		at++;
	if (at < c->size)
		change_put(c, at, c->at[at] == ' ' ? 1 : 0, STR("\r\n "));
}

/* A stretch becomes long, since limits are far away for those who add an octet at a time. */
static void
stretch(struct change *c)
{
	static char many[4096];
	size_t at = change_below(c, (uint32_t)c->size), len = (size_t)1 << (4 + change_below(c, 9));

	if (at >= c->size)
		return;
	memset(many, c->at[at], len);
	if (c->at[at] != '\r' && c->at[at] != '\n')
		change_put(c, at, 0, str_of(many, len));
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	struct change c = { (char *)data, size, max, seed };
	unsigned times = 1 + change_below(&c, 3);

	if (size == 0 || change_below(&c, change_own == NULL ? 2 : 8) == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (change_own != NULL && change_below(&c, 8) > 0) {
		while (times-- > 0)
			change_own(&c);
		return c.size;
	}
	while (times-- > 0 && c.size > 0) {
		size_t at = change_below(&c, (uint32_t)c.size + 1);

		switch (change_below(&c, 8)) {
		case 0:
		case 1: change_order(&c); break;
		case 2: change_number(&c); break;
		case 3: put_line(&c); break;
		case 4: fold_line(&c); break;
		case 5: change_put(&c, at, 0, word_of(&c)); break;
		case 6: /* and in the place of something */
			change_put(&c, at, c.size - at < 8 ? c.size - at : change_below(&c, 8),
				word_of(&c));
			break;
		default:
			if (change_below(&c, 8) == 0)
				stretch(&c);
			else
				change_number(&c);
			break;
		}
	}
	return c.size;
}
