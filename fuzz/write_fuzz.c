/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever values get into a message, each line that was asked for is one line, and no octet is
 * written beyond what there is room for. Each line of the input is one thing to write: its first
 * octet says what, its second which header, and a backslash before `r`, `n` or `0` makes an
 * octet. */
#include "fuzz.h"
#include "sip/write.h"

struct message {
	struct str text;
	char spelled[16 * 1024];
	size_t used;
	unsigned lines; /* that were asked for */
};

static struct message message;
static char written[64 * 1024];

static struct str
spell(struct message *m, struct str text)
{
	size_t from = m->used;

	for (size_t i = 0; i < text.len && m->used < sizeof m->spelled; i++) {
		char after = i + 1 < text.len ? text.at[i + 1] : '\0';
		char octet = text.at[i];

		if (octet == '\\' && (after == 'r' || after == 'n' || after == '0')) {
			octet = after == 'r' ? '\r' : after == 'n' ? '\n' : '\0';
			i++;
		}
		m->spelled[m->used++] = octet;
	}
	return str_of(m->spelled + from, m->used - from);
}

static void
write_one(struct buf *b, struct message *m, struct str line)
{
	unsigned what = fuzz_choice(&line), which = fuzz_choice(&line);
	enum header_id id = (enum header_id)(1 + which % (HEADER_IDS - 1));
	struct str text = spell(m, line), first = text, second;

	first = str_cut(&text, '|');
	second = text;
	m->lines++;
	switch (what % 8) {
	case 0: write_request_line(b, first, second); break;
	case 1: write_status_line(b, 100 + which, first); break;
	case 2: write_header(b, id, first); break;
	case 3: write_named(b, first, second); break;
	case 4: write_number(b, id, which * 16777259U); break;
	default:
		write_begin(b, id);
		write_piece(b, first);
		write_piece(b, second);
		write_end(b);
		break;
	}
}

static void
put(struct buf *b, const void *what)
{
	struct str rest = *(const struct str *)what;

	message.used = 0;
	message.lines = 0;
	for (int i = 0; rest.len > 0 && i < 64; i++)
		write_one(b, &message, str_cut(&rest, '\n'));
	write_body(b, STR("body"));
}

void
fuzz_one(struct str input)
{
	struct buf b = buf_on(written, sizeof written);
	unsigned lines = 0;
	struct str text;

	put(&b, &input);
	if (!buf_ok(&b)) {
		fuzz_check(buf_str(&b).len == 0, input);
		return;
	}
	text = buf_str(&b);
	fuzz_check(str_ends(text, STR("\r\n\r\nbody")), text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c == '\n')
			fuzz_check(i > 0 && text.at[i - 1] == '\r', text);
		if (c == '\r')
			fuzz_check(i + 1 < text.len && text.at[i + 1] == '\n', text);
		lines += c == '\r';
		fuzz_check(c >= 0x20 || c == '\t' || c == '\r' || c == '\n', text);
	}
	/* Those, Content-Length and the empty line. */
	fuzz_check(lines == message.lines + 2, text);
	fuzz_sizes(text, put, &input);
}
