/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever values get into a message, each line that was asked for is one line, and no octet is
 * written beyond what there is room for; a party of a dialog keeps its URI and its tag. Each line
 * of the input is one thing to write: its first octet says what, its second which header, and a
 * backslash before `r`, `n` or `0` makes an octet. */
#include "fuzz.h"
#include "sip/lex.h"
#include "sip/write.h"

#include <stdlib.h>

struct message {
	struct str text;
	char spelled[16 * 1024];
	size_t used;
	unsigned lines; /* that were asked for */
	bool has_party; /* which is shorter where there is no room for all of it */
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

/* Takes TEXT apart as the reader of a message does, which leaves what none can be out. */
static bool
read_party(struct nameaddr *party, struct str text)
{
	size_t at;

	return lex_is_value(text, true, &at) && nameaddr_parse(party, text, &at) && !party->star;
}

/* In as much room as there is, it is the same party, or nothing. */
static void
see_party(const struct nameaddr *party)
{
	size_t most = party->text.len + 16;

	for (size_t size = 0; size <= most; size += size + 64 < most && size > 64 ? 32 : 1) {
		char *exact = malloc(size > 0 ? size : 1);
		struct buf b = buf_on(exact, size);
		struct nameaddr again;

		write_party(&b, party);
		fuzz_check(buf_ok(&b) || size < most, party->text);
		if (buf_ok(&b)) {
			fuzz_check(read_party(&again, buf_str(&b)), party->text);
			fuzz_check(str_same(again.uri.text, party->uri.text), party->text);
			fuzz_check(str_same(again.tag, party->tag), party->text);
			fuzz_check(str_is_none(again.tag) == str_is_none(party->tag), party->text);
		}
		free(exact);
	}
}

static void
write_one(struct buf *b, struct message *m, struct str line)
{
	unsigned what = fuzz_choice(&line), which = fuzz_choice(&line);
	enum header_id id = (enum header_id)(1 + which % (HEADER_IDS - 1));
	struct str text = spell(m, line), first = text, second;
	struct nameaddr party;

	if (what % 8 == 7 && read_party(&party, text)) {
		m->lines++;
		m->has_party = true;
		write_begin(b, id);
		write_party(b, &party);
		write_end(b);
		return;
	}
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
	message.has_party = false;
	for (int i = 0; rest.len > 0 && i < 64; i++)
		write_one(b, &message, str_cut(&rest, '\n'));
	write_body(b, STR("body"));
}

static void
see_lines(struct str text)
{
	unsigned lines = 0;

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
}

/* Where a party may become shorter: whatever the room, all lines or nothing. */
static void
see_sizes(struct str input, size_t most)
{
	for (size_t less = 0; less <= 64 && less <= most; less++) {
		char *exact = malloc(most - less > 0 ? most - less : 1);
		struct buf b = buf_on(exact, most - less);

		put(&b, &input);
		if (buf_ok(&b))
			see_lines(buf_str(&b));
		else
			fuzz_check(less > 0, input);
		free(exact);
	}
}

void
fuzz_one(struct str input)
{
	struct buf b = buf_on(written, sizeof written);
	struct nameaddr party;

	message.used = 0;
	for (struct str rest = input; rest.len > 0;) {
		struct str line = str_cut(&rest, '\n');

		if (fuzz_choice(&line) % 8 == 7 &&
			read_party(&party, spell(&message, str_from(line, 1))))
			see_party(&party);
	}
	put(&b, &input);
	if (!buf_ok(&b)) {
		fuzz_check(buf_str(&b).len == 0, input);
		return;
	}
	see_lines(buf_str(&b));
	if (message.has_party)
		see_sizes(input, b.used);
	else
		fuzz_sizes(buf_str(&b), put, &input);
}
