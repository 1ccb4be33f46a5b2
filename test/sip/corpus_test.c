/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every message there is: those in corpus/, cut off anywhere and damaged
 * anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/dice.h"
#include "sip/corpus.h"
#include "sip/cred.h"
#include "sip/frame.h"
#include "sip/lex.h"
#include "sip/param.h"
#include "sip/write.h"

static struct corpus corpus;
static struct msg message, again;
static char first_print[WRITE_BYTES_MAX + 65536], second_print[WRITE_BYTES_MAX + 65536];

static int
open_corpus(void **state)
{
	(void)state;
	return corpus_open(&corpus, "test/sip/corpus") ? 0 : -1;
}

static int
close_corpus(void **state)
{
	(void)state;
	corpus_close(&corpus);
	return 0;
}

static void
every_message_gets_its_verdict(void **state)
{
	unsigned good = 0, wrong = 0;

	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		const struct corpus_entry *e = &corpus.entries[i];
		struct fault fault;
		bool parsed = msg_parse(&message, e->data, false, &fault);

		good += parsed;
		assert_true(parsed == (fault.what == FAULT_NONE));
		assert_true(fault.at <= e->data.len);
		if (strcmp(e->verdict, corpus_verdict(fault.what)) != 0) {
			print_error("%s: %s at %u, wanted %s\n", e->file,
				corpus_verdict(fault.what), fault.at, e->verdict);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	assert_true(good >= 40);
	assert_true(corpus.count - good >= 60);
}

static void
every_fault_is_in_the_corpus(void **state)
{
	bool seen[64] = { false };

	(void)state;
	for (unsigned i = 0; i < corpus.count; i++)
		for (unsigned what = 0; what <= FAULT_CONTENT_TYPE; what++)
			if (strcmp(corpus.entries[i].verdict, corpus_verdict(what)) == 0)
				seen[what] = true;
	for (unsigned what = 0; what <= FAULT_CONTENT_TYPE; what++)
		if (!seen[what])
			fail_msg("no message in the corpus is %s", corpus_verdict(what));
}

/* ---- parse, print, parse ---- */

/* Puts all that was read of M, in the order in which it came. */
static struct str
put_message(const struct msg *m, char *to, size_t size)
{
	struct buf b = buf_on(to, size);

	if (m->is_request)
		write_request_line(&b, m->method_text, m->target_text);
	else
		write_status_line(&b, m->status, m->reason);
	for (uint32_t i = 0; i < m->header_count; i++) {
		const struct header *h = &m->headers[i];

		if (h->id == HEADER_CONTENT_LENGTH)
			continue;
		if (h->id == HEADER_OTHER) {
			buf_put(&b, h->name);
			buf_put(&b, STR(": "));
		} else {
			write_begin(&b, h->id);
		}
		lex_write_value(&b, h->value, true);
		write_end(&b);
	}
	write_body(&b, m->body);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

static void
assert_str(struct str a, struct str b)
{
	if (!str_same(a, b) || str_is_none(a) != str_is_none(b))
		fail_msg("'%.*s' is not '%.*s'", (int)a.len, a.at, (int)b.len, b.at);
}

static void
assert_same_uri(const struct uri *a, const struct uri *b)
{
	assert_int_equal(a->scheme, b->scheme);
	assert_int_equal(a->port, b->port);
	assert_str(a->text, b->text);
	assert_str(a->user, b->user);
	assert_str(a->password, b->password);
	assert_str(a->host, b->host);
	assert_str(a->params, b->params);
	assert_str(a->headers, b->headers);
	assert_true(uri_same(a, b));
}

static void
assert_same_message(const struct msg *a, const struct msg *b)
{
	assert_int_equal(a->is_request, b->is_request);
	assert_int_equal(a->method, b->method);
	assert_str(a->method_text, b->method_text);
	assert_int_equal(a->status, b->status);
	assert_str(a->body, b->body);
	if (a->is_request)
		assert_same_uri(&a->target, &b->target);
	assert_int_equal(a->via_count, b->via_count);
	assert_str(a->via.host, b->via.host);
	assert_str(a->via.branch, b->via.branch);
	assert_int_equal(a->via.port, b->via.port);
	assert_same_uri(&a->from.uri, &b->from.uri);
	assert_same_uri(&a->to.uri, &b->to.uri);
	assert_str(a->from.tag, b->from.tag);
	assert_str(a->to.tag, b->to.tag);
	assert_str(a->call_id, b->call_id);
	assert_int_equal(a->cseq, b->cseq);
	assert_int_equal(a->max_forwards, b->max_forwards);
}

static void
what_was_printed_reads_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		struct fault fault;
		struct str once, twice;

		if (!msg_parse(&message, corpus.entries[i].data, false, &fault))
			continue;
		once = put_message(&message, first_print, sizeof first_print);
		assert_true(msg_parse(&again, once, true, &fault));
		assert_same_message(&message, &again);
		twice = put_message(&again, second_print, sizeof second_print);
		assert_str(once, twice);
	}
}

/* ---- damage ---- */

static void
assert_inside(struct str whole, struct str part)
{
	if (part.len == 0)
		return;
	assert_true(part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

/* What is promised of any octets at all: a verdict, views that stay inside, and an answer that is
 * well formed or none. */
static void
try_message(struct str data, bool is_stream)
{
	struct addr from = { .family = ADDR_V4, .ip = { 192, 0, 2, 9 }, .port = 5099 };
	struct fault fault;
	bool good = msg_parse(&message, data, is_stream, &fault);

	assert_true(fault.at <= data.len);
	assert_inside(data, message.target_text);
	assert_inside(data, message.body);
	assert_inside(data, message.via.branch);
	assert_inside(data, message.from.uri.host);
	assert_inside(data, message.to.tag);
	for (uint32_t i = 0; i < message.header_count; i++)
		assert_inside(data, message.headers[i].value);
	if (good) {
		assert_true(message.via.host.len > 0 && message.from.uri.text.len > 0 &&
			message.to.uri.text.len > 0 && message.call_id.len > 0 &&
			message.cseq_method_text.len > 0);
		assert_true(!message.is_request || message.target.text.len > 0);
	}
	if (msg_may_answer(&message)) {
		struct buf b = buf_on(first_print, sizeof first_print);

		write_response(&b, &message, &from, 400, fault_reason(fault.what), STR("t1"));
		write_body(&b, STR(""));
		assert_true(buf_ok(&b));
		if (good)
			assert_true(msg_parse(&again, buf_str(&b), true, &fault));
	}
}

static void
any_prefix_is_read_without_harm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		struct str whole = corpus.entries[i].data;
		size_t step = whole.len > 4096 ? 97 : 1;

		for (size_t len = 0; len <= whole.len; len += step) {
			struct str part = corpus_exact(str_upto(whole, len));
			unsigned crlfs = 0;

			try_message(part, false);
			try_message(part, true);
			(void)frame_next(part, &crlfs);
			corpus_free(part);
		}
	}
}

/* What reads one value, or a piece of one, on memory that ends with it. */
static void
try_value(struct str value)
{
	struct nameaddr nameaddr;
	struct param param;
	struct cred cred;
	struct uri uri;
	struct via via;
	struct str rest = value, element;
	size_t at = 0;

	if (!uri_parse(&uri, value, &at) || !nameaddr_parse(&nameaddr, value, &at) ||
		!via_parse(&via, value, &at) || !lex_is_value(value, true, &at))
		assert_true(at <= value.len);
	(void)cred_parse(&cred, value);
	while (lex_element(&rest, &element))
		assert_inside(value, element);
	for (size_t from = 0; from < value.len; from++) {
		rest = str_from(value, from);
		(void)lex_span_escaped(rest, LEX_USER);
		(void)lex_quoted(&rest);
		lex_skip_lws(&rest);
		rest = str_from(value, from);
		while (param_next(&rest, &param) > 0)
			continue;
		rest = str_from(value, from);
		while (uri_param_next(&rest, &param) > 0)
			continue;
	}
}

static void
any_piece_of_a_value_is_read_without_harm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		struct fault fault;

		(void)msg_parse(&message, corpus.entries[i].data, false, &fault);
		for (uint32_t line = 0; line < message.header_count; line++) {
			struct str value = message.headers[line].value;

			if (value.len > 256)
				continue;
			for (size_t len = 0; len <= value.len; len++) {
				struct str part = corpus_exact(str_upto(value, len));

				try_value(part);
				corpus_free(part);
			}
		}
	}
}

static void
any_octet_may_be_damaged(void **state)
{
	static const char marks[] = { '\0', '\r', '\n', '"', '<', ';', '%', (char)0xff };

	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		struct str copy = corpus_exact(corpus.entries[i].data);
		char *at = (char *)(uintptr_t)copy.at;

		if (copy.len > 2048) {
			corpus_free(copy);
			continue;
		}
		for (size_t n = 0; n < copy.len; n++) {
			char was = at[n];

			at[n] = marks[(n + i) % sizeof marks];
			try_message(copy, false);
			at[n] = was;
		}
		corpus_free(copy);
	}
}

/* Pieces of two messages put together, from a fixed seed. */
static void
any_two_may_be_crossed(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 's', 'i', 'p', 3 };
	static char mix[64 * 1024];
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		struct str a = corpus.entries[dice_below(&dice, corpus.count)].data;
		struct str b = corpus.entries[dice_below(&dice, corpus.count)].data;
		struct buf out = buf_on(mix, sizeof mix);
		struct str data;

		if (a.len > 4096 || b.len > 4096)
			continue;
		buf_put(&out, str_upto(a, dice_below(&dice, (uint32_t)a.len + 1)));
		buf_put(&out, str_from(b, dice_below(&dice, (uint32_t)b.len + 1)));
		data = corpus_exact(buf_str(&out));
		try_message(data, (round & 1) != 0);
		corpus_free(data);
	}
}

/* A writer that has just enough room, one octet less, and none. */
static void
an_answer_fits_exactly_or_not_at_all(void **state)
{
	struct addr from = { .family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .port = 1 };

	(void)state;
	for (unsigned i = 0; i < corpus.count; i++) {
		struct fault fault;
		struct buf b = buf_on(first_print, sizeof first_print);
		size_t need;

		(void)msg_parse(&message, corpus.entries[i].data, false, &fault);
		if (!msg_may_answer(&message))
			continue;
		write_response(&b, &message, &from, 500, STR("x"), STR("t1"));
		need = b.used;
		for (size_t size = need; size + 2 > need; size--) {
			char *room = malloc(size);

			b = buf_on(room, size);
			write_response(&b, &message, &from, 500, STR("x"), STR("t1"));
			assert_true(buf_ok(&b) == (size == need));
			free(room);
		}
		b = buf_on(NULL, 0);
		write_response(&b, &message, &from, 500, STR("x"), STR("t1"));
		assert_false(buf_ok(&b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_gets_its_verdict),
		cmocka_unit_test(every_fault_is_in_the_corpus),
		cmocka_unit_test(what_was_printed_reads_the_same),
		cmocka_unit_test(any_prefix_is_read_without_harm),
		cmocka_unit_test(any_piece_of_a_value_is_read_without_harm),
		cmocka_unit_test(any_octet_may_be_damaged),
		cmocka_unit_test(any_two_may_be_crossed),
		cmocka_unit_test(an_answer_fits_exactly_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, open_corpus, close_corpus);
}
