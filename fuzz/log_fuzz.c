/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets become exactly one line of the log, and what was quoted can be read back. */
#include "base/limits.h"
#include "fuzz.h"
#include "main/log.h"

#include <stdlib.h>

static char quoted[128 * 1024], back[32 * 1024];

struct quote {
	struct str text;
	size_t max;
};

static void
put(struct buf *b, const void *what)
{
	const struct quote *q = what;

	buf_quoted(b, q->text, q->max);
}

static struct str
unquote(struct str text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		fuzz_check(text.at[i] >= 0x20 && text.at[i] < 0x7f && text.at[i] != '"', text);
		if (text.at[i] != '\\') {
			back[len++] = text.at[i];
			continue;
		}
		fuzz_check(i + 3 < text.len && text.at[i + 1] == 'x', text);
		back[len++] = (char)(char_hex(text.at[i + 2]) * 16 + char_hex(text.at[i + 3]));
		i += 3;
	}
	return str_of(back, len);
}

static void
write_line(struct str text)
{
	char *line = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&line, &len);

	fuzz_check(to != NULL, text);
	log_line(to, 1700000000123, NOTE_WARN, text);
	fclose(to);
	fuzz_check(len > 0 && line[len - 1] == '\n', text);
	fuzz_check(len <= NOTE_BYTES_MAX + 64, text);
	for (size_t i = 0; i + 1 < len; i++)
		fuzz_check((unsigned char)line[i] >= 0x20 && line[i] != 0x7f, text);
	free(line);
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input);
	struct quote q = { input, (size_t)fuzz_choice(&choices) * 64 + fuzz_choice(&choices) };
	struct buf b = buf_on(quoted, sizeof quoted);

	if (input.len > sizeof back)
		return;
	put(&b, &q);
	fuzz_check(buf_ok(&b), input);
	fuzz_check(str_same(unquote(buf_str(&b)), str_upto(input, q.max)), input);
	fuzz_sizes(buf_str(&b), put, &q);
	write_line(input);
	write_line(buf_str(&b));
}
