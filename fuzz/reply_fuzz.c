/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as the answer over the admin socket: what is read is what a slow reader finds. And any
 * octets as a name that is asked for: escaped, nothing is left that means something in a path, and
 * unescaped it is the same again. */
#include "fuzz.h"
#include "main/client.h"

#include <string.h>

static struct reply reply;
static char escaped[32 * 1024], back[16 * 1024];

static void
put(struct buf *b, const void *what)
{
	client_put_escaped(b, *(const struct str *)what);
}

static void
see_escaped(struct str text)
{
	struct buf b = buf_on(escaped, sizeof escaped);
	size_t len = 0;

	put(&b, &text);
	fuzz_check(buf_ok(&b), text);
	for (size_t i = 0; i < b.used; i++) {
		if (escaped[i] == '%') {
			fuzz_check(i + 2 < b.used, text);
			back[len++] =
				(char)(char_hex(escaped[i + 1]) * 16 + char_hex(escaped[i + 2]));
			i += 2;
			continue;
		}
		fuzz_check(char_is_alpha(escaped[i]) || char_is_digit(escaped[i]) ||
				(escaped[i] != '\0' && strchr("-._~", escaped[i]) != NULL),
			text);
		back[len++] = escaped[i];
	}
	fuzz_check(str_same(str_of(back, len), text), text);
	fuzz_sizes(buf_str(&b), put, &text);
}

/* The number behind the colon of a line, -1 if there is none or it is too large. */
static long
slow_length(struct str value)
{
	long length = 0;

	value = str_trim(value);
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9' || length > REPLY_BYTES_MAX)
			return -1;
		length = length * 10 + (value.at[i] - '0');
	}
	return value.len == 0 || length > REPLY_BYTES_MAX ? -1 : length;
}

static bool
slow_read(struct str text, unsigned *status, struct str *body)
{
	static const char front[] = "HTTP/1.1 ";
	struct str head = text, colon = STR(":");
	long length = -1;
	bool is_first = true;

	for (;;) {
		const char *lf = head.len > 0 ? memchr(head.at, '\n', head.len) : NULL;
		struct str line;

		if (lf == NULL || lf == head.at || lf[-1] != '\r')
			return false;
		line = str_of(head.at, (size_t)(lf - head.at) - 1);
		head = str_from(head, line.len + 2);
		if (is_first) {
			if (line.len < 12 || memcmp(line.at, front, 9) != 0)
				return false;
			*status = 0;
			for (int i = 9; i < 12; i++) {
				if (!char_is_digit(line.at[i]))
					return false;
				*status = *status * 10 + (unsigned)(line.at[i] - '0');
			}
			if (*status > 599)
				return false;
			is_first = false;
		} else if (line.len == 0) {
			break;
		} else {
			size_t at = str_find(line, colon.at[0]);
			struct str name = str_upto(line, at);

			if (str_alike(name, STR("transfer-encoding")))
				return false;
			if (str_alike(name, STR("content-length"))) {
				if (length >= 0 ||
					(length = slow_length(str_from(line, at + 1))) < 0)
					return false;
			}
		}
	}
	*body = head;
	return length >= 0 && head.len == (size_t)length;
}

void
fuzz_one(struct str input)
{
	unsigned status = 0;
	struct str body = STR("");
	bool is_good;

	if (input.len > 8 * 1024)
		return;
	see_escaped(input);
	is_good = reply_read(&reply, input);
	fuzz_check(is_good == slow_read(input, &status, &body), input);
	if (!is_good)
		return;
	fuzz_check(reply.status == status && reply.body.len == body.len, input);
	fuzz_check(body.len == 0 || reply.body.at == body.at, input);
	fuzz_within(reply.body, input);
}
