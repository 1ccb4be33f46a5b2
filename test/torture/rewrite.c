/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static const struct {
	struct str from, to;
} changes[] = {
	{ { "sip:", 4 }, { "sips:", 5 } },
	{ { "SIP/2.0/UDP", 11 }, { "SIP/2.0/TLS", 11 } },
	{ { "SIP/2.0/TCP", 11 }, { "SIP/2.0/TLS", 11 } },
};

struct str
rewrite_sips(char *text, size_t size, struct str message)
{
	const char *end = memmem(message.at, message.len, "\r\n\r\n", 4);
	size_t head = end != NULL ? (size_t)(end - message.at) : message.len;
	struct buf b = buf_on(text, size);

	for (size_t at = 0; at < message.len;) {
		size_t took = 0;

		for (size_t i = 0; i < sizeof changes / sizeof changes[0] && took == 0; i++) {
			if (at >= head || !str_begins(str_from(message, at), changes[i].from))
				continue;
			buf_put(&b, changes[i].to);
			took = changes[i].from.len;
		}
		if (took == 0)
			buf_char(&b, message.at[at]);
		at += took > 0 ? took : 1;
	}
	if (!buf_ok(&b))
		abort();
	return buf_str(&b);
}
