/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is read and written again reads the same; every view lies inside; every answer to
 * what may be answered can be written, and no line of it is anybody's but ours. The first octet of
 * the first line says whether it came on a stream. */
#include "fuzz.h"
#include "sip/lex.h"
#include "sip/msg.h"
#include "sip/write.h"

#include <stdlib.h>

static struct msg msg, again;
static char first[WRITE_BYTES_MAX], second[WRITE_BYTES_MAX];

static void
see_views(const struct msg *m, struct str text)
{
	const struct str views[] = { m->method_text, m->target_text, m->target.text, m->reason,
		m->body, m->via.text, m->via.branch, m->via.host, m->from.text, m->from.tag,
		m->to.text, m->to.tag, m->to.display, m->call_id, m->cseq_method_text };

	fuzz_check(m->header_count <= HEADERS_MAX, text);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		fuzz_within(views[i], text);
	for (uint32_t i = 0; i < m->header_count; i++) {
		const struct header *line = &m->headers[i];

		fuzz_within(line->name, text);
		fuzz_within(line->value, text);
		fuzz_check(
			line->next == 0 || (line->next > i && line->next < m->header_count), text);
		fuzz_check(line->next == 0 || m->headers[line->next].id == line->id, text);
	}
	for (unsigned id = 1; id < HEADER_IDS; id++)
		fuzz_check(m->first[id] == 0 || m->headers[m->first[id] - 1].id == id, text);
}

/* Asks all that can be asked of a message. */
static void
ask(const struct msg *m, struct str text)
{
	struct nameaddr contact;
	struct str value;
	uint32_t seconds;

	for (unsigned id = 1; id < HEADER_IDS; id++) {
		struct values values = msg_values(m, (enum header_id)id);

		fuzz_within(msg_value(m, (enum header_id)id), text);
		while (values_next(&values, &value)) {
			fuzz_within(value, text);
			fuzz_check(value.len > 0, text);
		}
		(void)msg_seconds(m, (enum header_id)id, &seconds);
	}
	(void)msg_has_token(m, HEADER_SUPPORTED, STR("timer"));
	(void)msg_refresher(m);
	if (msg_contact(m, &contact))
		fuzz_within(contact.uri.text, text);
}

static bool
can_stand(const struct msg *m)
{
	size_t at;

	for (uint32_t i = 0; i < m->header_count; i++)
		if (!lex_is_value(m->headers[i].value, false, &at))
			return false;
	return m->is_request || lex_is_value(m->reason, false, &at);
}

static void
print(struct buf *b, const void *what)
{
	const struct msg *m = what;

	if (m->is_request)
		write_request_line(b, m->method_text, m->target_text);
	else
		write_status_line(b, m->status, m->reason);
	for (uint32_t i = 0; i < m->header_count; i++)
		if (m->headers[i].id != HEADER_CONTENT_LENGTH)
			write_named(b, m->headers[i].name, m->headers[i].value);
	write_body(b, m->body);
}

/* The end of the fold with all its white space that begins at FROM; FROM where none does. */
static size_t
fold_end(struct str text, size_t from)
{
	size_t i = from;

	while (i < text.len && char_is_space(text.at[i]))
		i++;
	if (i == text.len || text.at[i] != '\r')
		return from;
	while (i < text.len &&
		(char_is_space(text.at[i]) || text.at[i] == '\r' || text.at[i] == '\n'))
		i++;
	return i;
}

/* Folds are spaces by now; nothing else may have changed. */
static bool
unfolds_to(struct str folded, struct str plain)
{
	size_t i = 0, at = 0;

	while (i < folded.len && at < plain.len) {
		size_t end = fold_end(folded, i);

		if (plain.at[at++] != (end > i ? ' ' : folded.at[i]))
			return false;
		i = end > i ? end : i + 1;
	}
	return i == folded.len && at == plain.len;
}

static void
agree(const struct msg *m, const struct msg *n, struct str text)
{
	uint32_t j = 0;

	fuzz_check(m->is_request == n->is_request && m->method == n->method, text);
	fuzz_check(str_same(m->method_text, n->method_text) && m->status == n->status, text);
	fuzz_check(str_same(m->target_text, n->target_text), text);
	fuzz_check(str_same(m->call_id, n->call_id) && m->cseq == n->cseq, text);
	fuzz_check(str_same(m->from.tag, n->from.tag) && str_same(m->to.tag, n->to.tag), text);
	fuzz_check(m->via_count == n->via_count, text);
	fuzz_check(str_same(m->via.branch, n->via.branch), text);
	fuzz_check(m->max_forwards == n->max_forwards, text);
	fuzz_check(str_same(m->body, n->body), text);
	for (uint32_t i = 0; i < m->header_count; i++) {
		if (m->headers[i].id == HEADER_CONTENT_LENGTH)
			continue;
		fuzz_check(j < n->header_count && n->headers[j].id == m->headers[i].id, text);
		fuzz_check(unfolds_to(m->headers[i].value, n->headers[j].value), text);
		j++;
	}
}

static void
print_again(struct str text)
{
	struct buf b = buf_on(first, sizeof first), c = buf_on(second, sizeof second);
	struct fault fault;

	print(&b, &msg);
	if (!buf_ok(&b)) {
		fuzz_check(!can_stand(&msg), text);
		return;
	}
	fuzz_sizes(buf_str(&b), print, &msg);
	/* Names without their space and folds without theirs make it no longer, but the length may
	 * be ours to add. */
	if (buf_str(&b).len - msg.body.len > HEAD_BYTES_MAX || msg.header_count == HEADERS_MAX)
		return;
	fuzz_check(msg_parse(&again, buf_str(&b), true, &fault), buf_str(&b));
	agree(&msg, &again, buf_str(&b));
	print(&c, &again);
	fuzz_check(str_same(buf_str(&b), buf_str(&c)), buf_str(&b));
}

static void
answer(struct buf *b, const void *what)
{
	const struct addr *from = what;

	write_response(b, &msg, from, 480, STR("Not Here"), STR("our-tag"));
	write_body(b, STR(""));
}

/* How many lines TEXT has when each must end with CRLF. */
static unsigned
count_lines(struct str text)
{
	unsigned lines = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			fuzz_check(i > 0 && text.at[i - 1] == '\r', text);
		if (text.at[i] == '\r') {
			fuzz_check(i + 1 < text.len && text.at[i + 1] == '\n', text);
			lines++;
		}
		fuzz_check(text.at[i] != '\0' || lines > 0, text);
	}
	return lines;
}

static void
answer_it(struct str text, bool is_good)
{
	struct addr from = { .family = ADDR_V4, .ip = { 192, 0, 2, 99 }, .port = 4711 };
	struct buf b = buf_on(first, sizeof first);
	struct str answered;
	struct fault fault;
	unsigned vias = 0;

	answer(&b, &from);
	fuzz_check(buf_ok(&b), text);
	answered = buf_str(&b);
	fuzz_sizes(answered, answer, &from);
	for (const struct header *via = msg_header(&msg, HEADER_VIA); via != NULL;
		via = msg_header_next(&msg, via))
		vias++;
	/* The status line, Via, From, To, Call-ID, CSeq, Content-Length and the empty line. */
	if (!is_good)
		return;
	fuzz_check(
		count_lines(answered) <= 7 + (vias > msg.via_count ? vias : msg.via_count), text);
	if (answered.len > HEAD_BYTES_MAX)
		return;
	fuzz_check(msg_parse(&again, answered, true, &fault), answered);
	fuzz_check(again.status == 480 && again.via_count == msg.via_count, answered);
	fuzz_check(str_same(again.via.branch, msg.via.branch), answered);
	fuzz_check(str_same(again.call_id, msg.call_id) && again.cseq == msg.cseq, answered);
	fuzz_check(str_same(again.from.tag, msg.from.tag), answered);
	fuzz_check(str_same(again.to.tag, str_is_none(msg.to.tag) ? STR("our-tag") : msg.to.tag),
		answered);
}

void
fuzz_one(struct str input)
{
	struct str choices = fuzz_line(&input);
	bool is_stream = fuzz_choice(&choices) % 2 == 1, is_good;
	struct fault fault = { .what = FAULT_NONE };

	if (input.len > MESSAGE_BYTES_MAX)
		return;
	is_good = msg_parse(&msg, input, is_stream, &fault);
	fuzz_check(is_good == (fault.what == FAULT_NONE), input);
	fuzz_check(is_good || fault.at <= input.len, input);
	see_views(&msg, input);
	if (is_good) {
		ask(&msg, input);
		print_again(input);
	} else {
		fuzz_check(fault_status(fault.what) >= 400, input);
		fuzz_check(fault_reason(fault.what).len > 0, input);
	}
	if (msg_may_answer(&msg))
		answer_it(input, is_good);
}
