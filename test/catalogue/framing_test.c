/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message ends: rows 1 to 18. */
#include "catalogue/kit.h"

#include <pthread.h>

#include "sip/lex.h"

#define HIDDEN                                                                                     \
	"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.10;branch=z9hG4bK-hidden\r\n" \
	"From: <sip:h@example.net>;tag=h\r\nTo: <sip:example.com>\r\nCall-ID: hidden@kit\r\n"      \
	"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
#define BODY "four" HIDDEN
#define TEXT "Content-Type: text/plain\r\n"

/* Nothing of what stood in the body was taken for a request; an answer, if one came, is a 4xx; and
 * a stream is over. */
static void
expect_refused(bool is_over)
{
	unsigned status = kit_status();

	assert_true(status == 0 || status == 400 || status == 413);
	assert_int_equal(kit_status(), 0);
	assert_false(kit_sent("hidden"));
	if (caller.transport != TRANSPORT_UDP)
		assert_true(kit_is_shut() == is_over);
}

static void
a_length_that_wraps_lets_nothing_out(void **state)
{
	static const char *const lengths[] = { "2147483647", "2147483648", "2147483652",
		"4294967296", "4294967300", "18446744073709551616", "18446744073709551620",
		"1000000000000000000000000000000000000004", "+4", "-1", "0x4", "4 4", "4,4", "" };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t i = 0; i < COUNT_OF(lengths); i++) {
			char line[96];
			struct str text;

			kit_open(kit_transports[t]);
			snprintf(line, sizeof line, "Content-Length: %s\r\n", lengths[i]);
			text = kit_request(
				(unsigned)i, "OPTIONS", "sip:example.com", TEXT, line, STR(BODY));
			kit_say(text);
			expect_refused(true);
			kit_good();
			for (size_t cut = 1; cut < text.len && t > 0; cut++) {
				kit_anew();
				kit_say(str_upto(text, cut));
				kit_say(str_from(text, cut));
				expect_refused(true);
			}
			kit_good();
			kit_empty();
		}
	}
}

static void
a_length_beyond_the_limit_is_not_waited_for(void **state)
{
	static char body[BODY_BYTES_MAX + 1];

	(void)state;
	memset(body, 'b', sizeof body);
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		kit_say(kit_request(
			1, "OPTIONS", "sip:example.com", TEXT, NULL, str_of(body, BODY_BYTES_MAX)));
		assert_int_equal(kit_status(), 200);
		assert_false(kit_is_shut());
		kit_say(kit_request(2, "OPTIONS", "sip:example.com", TEXT, NULL,
			str_of(body, BODY_BYTES_MAX + 1)));
		assert_int_equal(kit_status(), 413);
		assert_true(kit_is_shut() == (t > 0));
		kit_good();
		kit_empty();
	}
}

/* Each datagram lies in a piece of the heap of just its size. */
static void
a_message_cut_anywhere_is_not_read_beyond(void **state)
{
	struct str text;

	(void)state;
	kit_open(TRANSPORT_UDP);
	text = kit_invite(1, "Expires: 300\r\nSession-Expires: 1800\r\nMin-SE: 90\r\n");
	for (size_t len = 0; len < text.len; len++) {
		kit_say(str_upto(text, len));
		assert_true(kit_status() != 200);
		assert_false(kit_sent("\nINVITE"));
		if (len % 64 == 0)
			kit_good();
		kit_forget();
	}
	kit_empty();
}

static void
a_number_at_the_end_is_not_read_beyond(void **state)
{
	static const char *const heads[] = { "OPTIONS sip:example.com:5060",
		"OPTIONS sip:192.0.2.1", "OPTIONS sip:example.com SIP/2.0",
		"OPTIONS sip:example.com SIP/2.0\r\nCSeq: 1",
		"OPTIONS sip:example.com SIP/2.0\r\nContent-Length: 1",
		"OPTIONS sip:example.com SIP/2.0\r\nMax-Forwards: 7", "SIP/2.0 200" };

	(void)state;
	kit_open(TRANSPORT_UDP);
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		struct str number = kit_exact(str_from(str_cstr(heads[i]), strlen(heads[i]) - 1));
		uint64_t value;

		kit_say(str_cstr(heads[i]));
		assert_int_equal(kit_status(), 0);
		/* And by itself. */
		assert_int_equal(lex_digits(number), 1);
		assert_true(str_number(number, UINT64_MAX, &value));
		kit_free(number);
	}
	kit_good();
	kit_empty();
}

static void
a_length_below_zero_ends_a_stream(void **state)
{
	(void)state;
	for (unsigned before = 0; before < 2; before++) {
		kit_open(TRANSPORT_TLS);
		if (before > 0)
			kit_good();
		kit_say(kit_request(1, "OPTIONS", "sip:example.com", TEXT, "Content-Length: -1\r\n",
			STR(BODY)));
		assert_int_equal(kit_status(), 400);
		assert_true(kit_is_shut());
		assert_false(kit_sent("hidden"));
		kit_good();
		kit_empty();
	}
}

/* Three messages in one, of other lengths each; and one whose body never comes. */
static void
each_message_has_its_own_length(void **state)
{
	static char text[8192];
	static const char *const bodies[] = { "0123456789", "", "01234" };
	size_t len = 0, cut;

	(void)state;
	kit_open(TRANSPORT_TCP);
	for (unsigned i = 0; i < COUNT_OF(bodies); i++) {
		struct str one = kit_request(
			i, "OPTIONS", "sip:example.com", TEXT, NULL, str_cstr(bodies[i]));

		memcpy(text + len, one.at, one.len);
		len += one.len;
	}
	for (cut = 1; cut < len; cut++) {
		kit_anew();
		kit_say(str_of(text, cut));
		kit_say(str_of(text + cut, len - cut));
		for (unsigned i = 0; i < COUNT_OF(bodies); i++)
			assert_int_equal(kit_status(), 200);
		assert_int_equal(kit_status(), 0);
		assert_false(kit_is_shut());
	}
	kit_anew();
	kit_say(kit_request(9, "OPTIONS", "sip:example.com", TEXT, "Content-Length: 200\r\n",
		STR("0123456789")));
	assert_int_equal(kit_status(), 0);
	kit_say(STR(HIDDEN)); /* all but the last octets are still of the body */
	assert_false(kit_sent("hidden"));
	kit_good();
	kit_empty();
}

static void
declared_lengths_take_no_memory(void **state)
{
	static const struct stage_options wide = { .flows = PENDING_MAX + 8 };
	unsigned i;

	(void)state;
	kit_open_with(TRANSPORT_TCP, &wide);
	for (i = 0; i < PENDING_MAX + 6; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));
		struct flow_id flow = stage_accept(&kit, TRANSPORT_TCP, &peer);

		stage_bytes(&kit, flow,
			kit_request(1, "OPTIONS", "sip:example.com", TEXT,
				"Content-Length: 32768\r\n", STR("")));
		assert_true(stage_flow(&kit, flow)->is_shut == (i >= PENDING_MAX));
	}
	kit_good();
	stage_pass_ms(&kit, STREAM_WAIT_MS);
	assert_int_equal(stage_counts(&kit).flows, 1);
	/* What they held is there for others. */
	kit_say(kit_request(
		2, "OPTIONS", "sip:example.com", TEXT, "Content-Length: 4\r\n", STR("fo")));
	assert_int_equal(kit_status(), 0);
	kit_say(STR("ur"));
	assert_int_equal(kit_status(), 200);
	kit_empty();
}

static void
a_datagram_ends_where_it_ends(void **state)
{
	(void)state;
	kit_open(TRANSPORT_UDP);
	kit_say(kit_request(
		1, "OPTIONS", "sip:example.com", TEXT, "Content-Length: 9\r\n", STR("12345678")));
	assert_int_equal(kit_status(), 400);
	kit_say(kit_request(
		2, "OPTIONS", "sip:example.com", TEXT, "Content-Length: 32768\r\n", STR("1")));
	assert_int_equal(kit_status(), 400);
	kit_say(kit_request(
		3, "OPTIONS", "sip:example.com", TEXT, "Content-Length: 2147483648\r\n", STR("1")));
	assert_int_equal(kit_status(), 413);
	/* What is too much of it does not cross. */
	kit_say(kit_request(4, "INVITE", "sip:5000@example.com",
		"Contact: <sip:1001@192.0.2.10>\r\n" TEXT
		"Content-Disposition: x;handling=optional\r\n",
		"Content-Length: 4\r\n", STR(BODY)));
	assert_int_equal(kit_status(), 100);
	phone_hear(&callee, "INVITE ");
	assert_true(str_same(callee.heard.msg.body, STR("four")));
	phone_answer(&callee, 486, NULL, NULL);
	phone_hear(&callee, "ACK ");
	assert_int_equal(kit_status(), 486);
	kit_good();
	kit_empty();
}

static void
empty_lines_without_end_keep_nothing(void **state)
{
	static char lines[4096];
	unsigned pongs = 0;

	(void)state;
	for (size_t i = 0; i < sizeof lines; i++)
		lines[i] = i % 2 == 0 ? '\r' : '\n';
	kit_open(TRANSPORT_TLS);
	for (unsigned round = 0; round < 256; round++) {
		/* Reads of any size, odd ones too. */
		size_t cut = (round * 7) % sizeof lines;

		kit_say(str_of(lines, cut));
		kit_say(str_of(lines + cut, sizeof lines - cut));
		while (str_same(kit_next(), STR("\r\n")))
			pongs++;
		kit_forget();
		assert_false(kit_is_shut());
	}
	assert_int_equal(pongs, 256 * sizeof lines / 4);
	kit_good();
	/* One at a time, until there were more than could be kept. */
	for (unsigned i = 0; i < HALF_BYTES + 4; i++) {
		kit_say(str_of(lines + i % 2, 1));
		if (i % 1024 == 0)
			kit_forget();
	}
	assert_false(kit_is_shut());
	kit_forget();
	kit_empty();
}

static void
a_head_without_end_is_cut_off(void **state)
{
	static char line[4096];
	size_t said = 0;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	for (size_t t = 1; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		kit_say(STR("OPTIONS sip:example.com SIP/2.0\r\n"));
		for (said = 33; said < 1000000 && !kit_is_shut(); said += sizeof line)
			kit_say(str_of(line, sizeof line));
		assert_true(said <= HEAD_BYTES_MAX + sizeof line);
		assert_true(kit_is_shut());
		kit_good();
		kit_empty();
	}
}

/* Every pair of cuts, so that a read may hold one CRLF of the head and nothing else. */
static void
reads_of_any_size_are_one_stream(void **state)
{
	struct str text;

	(void)state;
	kit_open(TRANSPORT_TCP);
	text = STR("OPTIONS sip:example.com SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK-1\r\n"
		   "f: <sip:a@b>;tag=1\r\nt: <sip:a@b>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n"
		   "c: a/b\r\nl: 2\r\n\r\n\r\n");
	for (size_t a = 1; a < text.len; a++) {
		for (size_t b = a + 1; b < text.len; b++) {
			kit_say(str_upto(text, a));
			kit_say(str_upto(str_from(text, a), b - a));
			kit_say(str_from(text, b));
			assert_int_equal(kit_status(), 200);
			stage_tick(&kit);
		}
		kit_forget();
	}
	assert_int_equal(stage_counts(&kit).faults_total, 0);
	kit_good();
	kit_empty();
}

static void
a_ping_in_pieces_is_a_ping(void **state)
{
	struct str text;

	(void)state;
	for (size_t t = 1; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t cut = 1; cut < 4; cut++) {
			kit_say(str_upto(STR("\r\n\r\n"), cut));
			assert_true(str_is_none(kit_next()));
			kit_say(str_from(STR("\r\n\r\n"), cut));
			assert_true(str_same(kit_next(), STR("\r\n")));
		}
		text = kit_request(1, "OPTIONS", "sip:example.com", TEXT, NULL, STR("\r\n\r\n"));
		memmove((char *)(uintptr_t)text.at + 4, text.at, text.len);
		memcpy((char *)(uintptr_t)text.at, "\r\n\r\n", 4);
		memcpy((char *)(uintptr_t)text.at + 4 + text.len, "\r\n\r\n", 4);
		text.len += 8;
		for (size_t cut = 1; cut < text.len; cut++) {
			kit_say(str_upto(text, cut));
			kit_say(str_from(text, cut));
			assert_true(str_same(kit_next(), STR("\r\n")));
			assert_int_equal(kit_status(), 200);
			assert_true(str_same(kit_next(), STR("\r\n")));
			assert_true(str_is_none(kit_next()));
			stage_tick(&kit);
		}
		kit_good();
		kit_empty();
	}
}

/* ---- stacks ---- */

static char large[MESSAGE_BYTES_MAX];

static void *
say_large(void *text)
{
	const struct str *octets = text;
	struct fault fault;
	static struct msg msg;

	(void)msg_parse(&msg, *octets, false, &fault);
	return fault.what == FAULT_NONE ? &msg : NULL;
}

/* The stack that a thread has used of what it was given, full of 0xA5 before. */
static size_t
used_of(const unsigned char *stack, size_t size)
{
	size_t left = 0;

	while (left < size && stack[left] == 0xA5)
		left++;
	return size - left;
}

static size_t
stack_for(struct str text)
{
	enum { STACK_BYTES = 1024 * 1024 };
	unsigned char *stack = aligned_alloc(4096, STACK_BYTES);
	pthread_attr_t attr;
	pthread_t thread;
	size_t used;
	void *read;

	assert_non_null(stack);
	memset(stack, 0xA5, STACK_BYTES);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attr, say_large, &text), 0);
	assert_int_equal(pthread_join(thread, &read), 0);
	assert_non_null(read);
	pthread_attr_destroy(&attr);
	used = used_of(stack, STACK_BYTES);
	free(stack);
	return used;
}

/* What is read takes the same stack, however much it is. */
static void
a_large_message_takes_no_stack(void **state)
{
	struct str small, much;

	(void)state;
	kit_open(TRANSPORT_TCP);
	memset(large, 'l', sizeof large);
	small = kit_request(1, "OPTIONS", "sip:example.com", TEXT, NULL, str_of(large, 1));
	much = kit_request(
		2, "OPTIONS", "sip:example.com", TEXT, NULL, str_of(large, BODY_BYTES_MAX));
	assert_true(stack_for(much) < stack_for(small) + 8 * 1024);
	kit_say(much);
	assert_int_equal(kit_status(), 200);
	kit_empty();
}

/* ---- octets ---- */

/* Only where a quoted string is read, and is repeated to nobody else, may one stand. */
static void
a_nul_ends_nothing(void **state)
{
	static char text[4096];
	size_t len = 1000;

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t at = 0; at < len; at++) {
			struct str good = kit_request(1000 + (unsigned)at, "OPTIONS",
				"sip:example.com", "Subject: a \"b\" c\r\n", NULL, STR(""));
			const char *quote = memmem(good.at, good.len, "\"b\"", 3);
			bool may = good.at + at > quote && good.at + at <= quote + 2;

			len = good.len;
			memcpy(text, good.at, at);
			text[at] = '\0';
			memcpy(text + at + 1, good.at + at, good.len - at);
			kit_anew();
			kit_say(str_of(text, good.len + 1));
			if ((kit_status() == 200) != may)
				fail_msg("a NUL before `%.20s`", good.at + at);
		}
		kit_anew();
		kit_good();
		kit_empty();
	}
}

static void
nothing_at_all_is_nothing(void **state)
{
	static const struct str nothings[] = { { NULL, 0 }, { "", 0 } };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t i = 0; i < COUNT_OF(nothings); i++) {
			struct event e = { .kind = EV_BYTES };

			e.u.bytes.flow = caller.flow;
			e.u.bytes.from = caller.at;
			e.u.bytes.data = nothings[i];
			stage_feed(&kit, &e);
			assert_true(str_is_none(kit_next()));
			assert_int_equal(core_deadline_ms(kit.core), INT64_MAX);
		}
		kit_good();
		kit_empty();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(1, "a length that wraps lets nothing out",
			a_length_that_wraps_lets_nothing_out),
		CVE(2, "a length beyond the limit is not waited for",
			a_length_beyond_the_limit_is_not_waited_for),
		CVE(3, "a message cut anywhere is not read beyond",
			a_message_cut_anywhere_is_not_read_beyond),
		CVE(4, "a number at the end is not read beyond",
			a_number_at_the_end_is_not_read_beyond),
		CVE(5, "a length below zero ends a stream", a_length_below_zero_ends_a_stream),
		CVE(6, "each message has its own length", each_message_has_its_own_length),
		CVE(7, "declared lengths take no memory", declared_lengths_take_no_memory),
		CVE(10, "a datagram ends where it ends", a_datagram_ends_where_it_ends),
		CVE(11, "empty lines without end keep nothing",
			empty_lines_without_end_keep_nothing),
		CVE(12, "a head without end is cut off", a_head_without_end_is_cut_off),
		CVE(13, "reads of any size are one stream", reads_of_any_size_are_one_stream),
		CVE(14, "a ping in pieces is a ping", a_ping_in_pieces_is_a_ping),
		CVE(15, "a large message takes no stack", a_large_message_takes_no_stack),
		CVE(16, "a NUL ends nothing", a_nul_ends_nothing),
		CVE(17, "nothing at all is nothing", nothing_at_all_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
