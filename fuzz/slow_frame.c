/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_frame.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h" /* how large is too large is ours to say, not the RFC's */

bool
slow_is_token(char c)
{
	return c != '\0' &&
		strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~",
			c) != NULL;
}

bool
slow_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Content-Length of the head AT: -1 where there is none, two, or one that says nothing useful. */
static long
content_length(const char *at, size_t len)
{
	long found = -1;
	size_t i = 0;

	for (bool is_start_line = true; i < len; is_start_line = false) {
		size_t line = i, name, end;
		long value = 0;

		/* A line goes on where the next one begins with a space or a tab (7.3.1). */
		while (i + 1 < len &&
			!(at[i] == '\r' && at[i + 1] == '\n' &&
				!(i + 2 < len && slow_is_blank(at[i + 2]))))
			i++;
		end = i;
		i += 2;
		for (name = line; name < end && slow_is_token(at[name]); name++)
			;
		if (is_start_line ||
			!((name - line == 14 &&
				  strncasecmp(at + line, "Content-Length", 14) == 0) ||
				(name - line == 1 && (at[line] == 'l' || at[line] == 'L'))))
			continue;
		while (name < end && slow_is_blank(at[name]))
			name++;
		if (name == end || at[name] != ':' || found >= 0)
			return -1;
		for (name++; name < end && memchr(" \t\r\n", at[name], 4) != NULL; name++)
			;
		while (end > name && memchr(" \t\r\n", at[end - 1], 4) != NULL)
			end--;
		if (name == end)
			return -1;
		for (; name < end; name++) {
			if (at[name] < '0' || at[name] > '9')
				return -1;
			value = value * 10 + (at[name] - '0');
			value = value > BODY_BYTES_MAX ? BODY_BYTES_MAX + 1 : value;
		}
		found = value;
	}
	return found;
}

unsigned
slow_frame(const char *at, size_t len, struct slow_piece pieces[SLOW_PIECES_MAX])
{
	unsigned count = 0, crlfs = 0;
	size_t start = 0, head = 0, wanted = 0;
	bool in_message = false;

	for (size_t i = 0; i < len && count < SLOW_PIECES_MAX; i++) {
		if (!in_message) {
			/* CRLFs before a start line mean nothing, two of them are a ping. */
			if (at[i] == "\r\n\r\n"[crlfs]) {
				crlfs = (crlfs + 1) % 4;
				if (crlfs == 0)
					pieces[count++] = (struct slow_piece){ SLOW_PING, i, 0 };
				continue;
			}
			if (crlfs % 2 == 1 || !slow_is_token(at[i])) {
				pieces[count++] = (struct slow_piece){ SLOW_FAULT, i, 0 };
				return count;
			}
			in_message = true;
			start = i;
			head = wanted = crlfs = 0;
		}
		if (head == 0 && i - start >= 3 && memcmp(at + i - 3, "\r\n\r\n", 4) == 0) {
			long body = content_length(at + start, i - 1 - start);

			head = i + 1 - start;
			if (body < 0 || body > BODY_BYTES_MAX) {
				pieces[count++] = (struct slow_piece){ SLOW_FAULT, i, 0 };
				return count;
			}
			wanted = head + (size_t)body;
		}
		if (head == 0 && i + 1 - start == HEAD_BYTES_MAX) {
			pieces[count++] = (struct slow_piece){ SLOW_FAULT, i, 0 };
			return count;
		}
		if (head > 0 && i + 1 - start == wanted) {
			pieces[count++] = (struct slow_piece){ SLOW_MESSAGE, start, wanted };
			in_message = false;
		}
	}
	return count;
}
