/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: the same octets give the same answers however they come, and a peer that is slow, broken
 * or too fast takes nothing from the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static struct stage_options options = { .dns = dns, .dn_count = 1 };

static struct stage stage;
static struct phone alice;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TCP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* One OPTIONS of the connection, number N, into TEXT. */
static size_t
write_options(char *text, size_t size, unsigned n)
{
	int len = snprintf(text, size,
		"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.10:30000;branch=z9hG4bK-o%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\n"
		"Call-ID: o%u@phone\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		n, n);

	assert_true(len > 0 && (size_t)len < size);
	return (size_t)len;
}

static void
expect_options(unsigned n)
{
	char call_id[32];

	snprintf(call_id, sizeof call_id, "Call-ID: o%u@phone\r\n", n);
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, call_id));
}

/* ---- splits ---- */

static void
test_any_split_is_the_same(void **state)
{
	char text[4096];
	size_t len = write_options(text, sizeof text, 1);
	size_t second, cut;

	(void)state;
	len += (size_t)snprintf(text + len, sizeof text - len, "\r\n\r\n\r\n");
	second = len;
	len += write_options(text + len, sizeof text - len, 2);
	for (cut = 1; cut < len; cut++) {
		struct counts counts;

		stage_bytes(&stage, alice.flow, str_of(text, cut));
		stage_bytes(&stage, alice.flow, str_of(text + cut, len - cut));
		expect_options(1);
		phone_hear_ping(&alice);
		expect_options(2);
		stage_pass_ms(&stage, 1);
		counts = stage_counts(&stage);
		assert_int_equal(counts.faults_total, 0);
		assert_int_equal(counts.transactions, 0);
	}
	assert_true(second < len);
	expect_empty(&stage);
}

static void
test_octet_by_octet(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		expect_quiet(&stage);
		stage_bytes(&stage, alice.flow, str_of(text + i, 1));
	}
	expect_options(1);
	expect_empty(&stage);
}

static void
test_body_that_comes_late(void **state)
{
	char *text = malloc(64 * 1024);
	int len = snprintf(text, 64 * 1024,
		"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.10:30000;branch=z9hG4bK-b\r\n"
		"From: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: o7@phone\r\n"
		"CSeq: 1 OPTIONS\r\nContent-Type: text/plain\r\nContent-Length: 32768\r\n\r\n");

	(void)state;
	memset(text + len, 'x', 32768);
	stage_bytes(&stage, alice.flow, str_of(text, (size_t)len + 20000));
	expect_quiet(&stage);
	stage_bytes(&stage, alice.flow, str_of(text + len + 20000, 12768));
	expect_options(7);
	expect_empty(&stage);
	free(text);
}

/* ---- pings, and those that stay silent ---- */

/* rows: R5626-5.4-a */
static void
test_pings(void **state)
{
	(void)state;
	phone_raw(&alice, STR("\r\n\r\n"));
	phone_hear_ping(&alice);
	phone_raw(&alice, STR("\r\n\r"));
	expect_quiet(&stage);
	phone_raw(&alice, STR("\n"));
	phone_hear_ping(&alice);
	phone_raw(&alice, STR("\r\n"));
	expect_quiet(&stage);
	/* Half a ping keeps no octets and waits for nothing. */
	stage_pass_ms(&stage, 2 * STREAM_WAIT_MS);
	assert_int_equal(stage.shuts, 0);
	expect_empty(&stage);
}

static void
test_half_a_message_is_given_up(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);

	(void)state;
	stage_bytes(&stage, alice.flow, str_of(text, len / 2));
	stage_pass_ms(&stage, STREAM_WAIT_MS - 1);
	assert_int_equal(stage.shuts, 0);
	/* A drop now and then does not help. */
	stage_bytes(&stage, alice.flow, str_of(text + len / 2, 5));
	stage_pass_ms(&stage, 1);
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "half a message waited too long"));
	assert_int_equal(stage_counts(&stage).flows, 0);
	expect_empty(&stage);
}

static void
test_each_message_has_its_own_time(void **state)
{
	char text[2048];
	size_t len = write_options(text, sizeof text, 1);
	size_t all = len + write_options(text + len, sizeof text - len, 2);

	(void)state;
	stage_bytes(&stage, alice.flow, str_of(text, 100));
	stage_pass_ms(&stage, STREAM_WAIT_MS - 10);
	stage_bytes(&stage, alice.flow, str_of(text + 100, len));
	expect_options(1);
	stage_pass_ms(&stage, STREAM_WAIT_MS - 10);
	assert_int_equal(stage.shuts, 0);
	stage_bytes(&stage, alice.flow, str_of(text + 100 + len, all - len - 100));
	expect_options(2);
	expect_empty(&stage);
}

static void
test_a_flow_that_goes_takes_its_half_along(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);

	(void)state;
	for (unsigned i = 0; i < 2 * PENDING_MAX; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));
		struct flow_id flow = stage_accept(&stage, TRANSPORT_TCP, &peer);

		stage_bytes(&stage, flow, str_of(text, len / 2));
		stage_over(&stage, flow);
	}
	assert_int_equal(stage_counts(&stage).flows, 1);
	assert_int_equal(stage.shuts, 0);
	expect_empty(&stage);
}

/* ---- faults of framing ---- */

static void
expect_shut(unsigned shuts)
{
	assert_int_equal(stage.shuts, shuts);
	assert_int_equal(stage_counts(&stage).flows, 0);
	expect_quiet(&stage);
}

/* rows: R3261-18.3-a */
static void
test_framing_faults_close(void **state)
{
#define HEAD                                                                                  \
	"OPTIONS sip:example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/TCP 192.0.2.10:30000;branch=z9hG4bK-x\r\n"                              \
	"From: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: x@phone\r\n" \
	"CSeq: 1 OPTIONS\r\n"
	static const struct {
		const char *text, *answer;
	} faults[] = {
		{ HEAD "\r\n", "SIP/2.0 400 Bad Content-Length" },
		{ HEAD "Content-Length: -1\r\n\r\n", "SIP/2.0 400 Bad Content-Length" },
		{ HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "SIP/2.0 400 " },
		{ HEAD "Content-Length: 32769\r\n\r\n", "SIP/2.0 413 " },
		{ HEAD "Content-Length: 99999999999999999999\r\n\r\n", "SIP/2.0 413 " },
		{ "\x16\x03\x01\x02\x01", NULL },
		{ "\r\rOPTIONS", NULL },
		{ "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP x\r\n\r\n", NULL },
	};
#undef HEAD

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (i > 0) {
			phone_close(&alice);
			phone_open(&alice, &stage, "1001", "192.0.2.10", (uint16_t)(30000 + i),
				TRANSPORT_TCP, false);
		}
		phone_raw(&alice, str_cstr(faults[i].text));
		if (faults[i].answer != NULL)
			phone_hear(&alice, faults[i].answer);
		expect_shut((unsigned)i + 1);
		assert_true(stage_noted(&stage, "TCP from 192.0.2.10:300"));
		assert_true(
			stage_noted(&stage, ": malformed: ") && stage_noted(&stage, " at octet 0"));
		assert_true(stage_noted(&stage, "TCP with 192.0.2.10:300"));
		assert_true(stage_noted(&stage, " is shut: its messages cannot be told apart"));
		stage_forget_notes(&stage);
	}
	assert_int_equal(stage_counts(&stage).faults_total, sizeof faults / sizeof faults[0]);
	expect_empty(&stage);
}

static void
test_endless_head(void **state)
{
	char line[1024];

	(void)state;
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/TCP 192.0.2.10:30000;branch=z9hG4bK-x\r\n"
		    "From: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\n"
		    "Call-ID: x@phone\r\nCSeq: 1 OPTIONS\r\n"));
	memset(line, 'a', sizeof line);
	memcpy(line, "X-Long: ", 8);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	for (int i = 0; i < 16 && stage.shuts == 0; i++)
		phone_raw(&alice, str_of(line, sizeof line));
	phone_hear(&alice, "SIP/2.0 513 ");
	expect_shut(1);
	expect_empty(&stage);
}

static void
test_what_can_be_framed_leaves_the_stream(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);

	(void)state;
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-y\r\n"
		    "From: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\n"
		    "Call-ID: x@phone\r\nCSeq: twelve OPTIONS\r\nContent-Length: 0\r\n\r\n"));
	phone_hear(&alice, "SIP/2.0 400 Bad CSeq");
	stage_bytes(&stage, alice.flow, str_of(text, len));
	expect_options(1);
	assert_int_equal(stage.shuts, 0);
	assert_int_equal(stage_counts(&stage).faults_total, 1);
	expect_empty(&stage);
}

/* ---- storms ---- */

static void
test_storm_in_one_read(void **state)
{
	enum { COUNT = 200 };
	char *text = malloc(READ_BYTES);
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		len += write_options(text + len, READ_BYTES - len, i);
	stage.is_lazy = true;
	stage_bytes(&stage, alice.flow, str_of(text, len));
	/* Not all at once: there is room for so many answers in one turn. */
	assert_true(core_deadline_ms(stage.core) <= stage.now.mono_ms);
	stage.is_lazy = false;
	stage_tick(&stage);
	stage_pass_ms(&stage, 0);
	for (unsigned i = 0; i < COUNT; i++)
		expect_options(i);
	assert_int_equal(stage.shuts, 0);
	expect_empty(&stage);
	free(text);
}

/* Each message has the whole scratch to itself, however many come in one piece. */
static void
test_each_has_the_scratch_to_itself(void **state)
{
	enum { COUNT = 60 };
	char *text = malloc(READ_BYTES);
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		len += (size_t)snprintf(text + len, READ_BYTES - len,
			"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-s%u\r\n"
			"From: <sip:1001@example.com>;tag=f\r\nTo: <sip:example.com>\r\n"
			"Call-ID: s%u\r\nCSeq: 1 OPTIONS\r\nRequire: far\r\nContent-Length: 0\r\n\r\n",
			i, i);
	stage_bytes(&stage, alice.flow, str_of(text, len));
	for (unsigned i = 0; i < COUNT; i++) {
		phone_hear(&alice, "SIP/2.0 420 ");
		assert_true(phone_heard(&alice, "Unsupported: far\r\n"));
	}
	expect_empty(&stage);
	free(text);
}

/* Reads that come one behind the other, and the last message is cut in two. */
static void
test_storm_goes_on(void **state)
{
	char *text = malloc(4 * READ_BYTES);
	size_t len = 0;
	unsigned count = 0;

	(void)state;
	while (len + 400 < 4 * READ_BYTES)
		len += write_options(text + len, 4 * READ_BYTES - len, count++);
	for (size_t at = 0; at < len; at += READ_BYTES) {
		size_t piece = len - at < READ_BYTES ? len - at : READ_BYTES;

		stage_bytes(&stage, alice.flow, str_of(text + at, piece));
	}
	for (unsigned i = 0; i < count; i++)
		expect_options(i);
	assert_int_equal(stage.shuts, 0);
	expect_empty(&stage);
	free(text);
}

/* A host that gives no turn cannot make the core keep without bounds. */
static void
test_too_fast_is_shut(void **state)
{
	char *text = malloc(READ_BYTES);
	size_t len = 0;

	(void)state;
	while (len + 400 < READ_BYTES)
		len += write_options(text + len, READ_BYTES - len, 1);
	stage.is_lazy = true;
	for (int i = 0; i < 20 && stage.shuts == 0; i++)
		stage_bytes(&stage, alice.flow, str_of(text, len));
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "sends faster than it can be answered"));
	stage.is_lazy = false;
	while (stage_take(&stage, TRANSPORT_TCP, &alice.at) != NULL)
		continue;
	expect_empty(&stage);
	free(text);
}

/* Messages of one length, so that what is left of a piece can be counted. */
static size_t
write_alike(char *text, size_t size, size_t bytes)
{
	size_t len = 0;

	for (unsigned i = 10000; len < bytes; i++)
		len += write_options(text + len, size - len, i);
	return len;
}

/* Just as much as can be kept is kept, and gone on with; one octet more is too much. */
static void
test_as_much_as_can_be_kept(void **state)
{
	enum { BYTES = HALF_BYTES + 4 * READ_BYTES };
	char *text = malloc(BYTES);
	size_t each = write_options(text, BYTES, 10000), taken;

	(void)state;
	write_alike(text, BYTES, BYTES - 1000);
	stage.is_lazy = true;
	stage_bytes(&stage, alice.flow, str_of(text, HALF_BYTES));
	taken = stage.sent_count * each; /* by the first turn */
	assert_true(taken > 0);
	stage.is_lazy = false;
	stage_tick(&stage);
	stage_pass_ms(&stage, 0);
	stage_bytes(&stage, alice.flow, str_of(text + HALF_BYTES, each - HALF_BYTES % each));
	stage_forget_sent(&stage);
	assert_int_equal(stage.shuts, 0);
	stage_pass_ms(&stage, 1);

	stage.is_lazy = true;
	stage_bytes(&stage, alice.flow, str_of(text, taken + HALF_BYTES - 10));
	assert_int_equal(stage.shuts, 0);
	stage_bytes(&stage, alice.flow, str_of(text + taken + HALF_BYTES - 10, 10));
	assert_int_equal(stage.shuts, 0);
	stage.is_lazy = false;
	stage_tick(&stage);
	stage_pass_ms(&stage, 0);
	stage_bytes(&stage, alice.flow,
		str_of(text + taken + HALF_BYTES, each - (taken + HALF_BYTES) % each));
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, 1);

	stage_bytes(&stage, alice.flow, str_of(text, taken + HALF_BYTES));
	stage_forget_sent(&stage);
	stage_bytes(&stage, alice.flow,
		str_of(text + taken + HALF_BYTES, each - (taken + HALF_BYTES) % each));
	assert_int_equal(stage.shuts, 0);
	stage_forget_sent(&stage);
	stage_bytes(&stage, alice.flow, str_of(text, taken + HALF_BYTES + 1));
	assert_int_equal(stage.shuts, 1);
	stage_forget_sent(&stage);
	expect_empty(&stage);
	free(text);
}

/* More in one piece than one turn can answer, and more than is kept of one stream. */
static void
test_too_much_at_once_is_shut(void **state)
{
	enum { BYTES = HALF_BYTES + 4 * READ_BYTES };
	char *text = malloc(BYTES);
	size_t len = 0;

	(void)state;
	while (len + 400 < BYTES)
		len += write_options(text + len, BYTES - len, 1);
	stage_bytes(&stage, alice.flow, str_of(text, len));
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "no room for one more message that is not whole"));
	while (stage_take(&stage, TRANSPORT_TCP, &alice.at) != NULL)
		continue;
	expect_empty(&stage);
	free(text);
}

static void
test_no_room_for_halves(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);
	unsigned i;

	(void)state;
	for (i = 0; i < PENDING_MAX; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));

		stage_bytes(&stage, stage_accept(&stage, TRANSPORT_TCP, &peer), str_of(text, 100));
	}
	assert_int_equal(stage.shuts, 0);
	/* Whole messages need no room; the next half has none. */
	stage_bytes(&stage, alice.flow, str_of(text, len));
	expect_options(1);
	stage_bytes(&stage, alice.flow, str_of(text, 100));
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "no room for one more message that is not whole"));
	stage_pass_ms(&stage, STREAM_WAIT_MS);
	assert_int_equal(stage.shuts, 1 + PENDING_MAX);
	assert_int_equal(stage_counts(&stage).flows, 0);
	expect_empty(&stage);
}

/* What was too much takes nothing of the room for others. */
static void
test_too_much_leaves_room(void **state)
{
	enum { BYTES = HALF_BYTES + 4 * READ_BYTES };
	char *text = malloc(BYTES);

	(void)state;
	stage_bytes(&stage, alice.flow, str_of(text, write_alike(text, BYTES, BYTES - 1000)));
	assert_int_equal(stage.shuts, 1);
	for (unsigned i = 0; i < PENDING_MAX; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));

		stage_bytes(&stage, stage_accept(&stage, TRANSPORT_TCP, &peer), str_of(text, 100));
	}
	assert_int_equal(stage.shuts, 1);
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, STREAM_WAIT_MS);
	expect_empty(&stage);
	free(text);
}

static int
open_wide_stage(void **state)
{
	options.flows = PENDING_MAX + 10;
	return open_stage(state);
}

static int
close_wide_stage(void **state)
{
	options.flows = 0;
	return close_stage(state);
}

/* What comes on a stream that was given up, before it is closed, is not heard. */
static void
test_nothing_is_heard_of_what_is_shut(void **state)
{
	char text[1024];
	size_t len = write_options(text, sizeof text, 1);
	struct event more = { .kind = EV_BYTES };

	(void)state;
	more.u.bytes.flow = alice.flow;
	more.u.bytes.data = STR("\x16\x03\x01\x02\x01");
	core_feed(stage.core, &more, stage.now, &stage.out);
	assert_true(stage.out.count > 0);
	assert_int_equal(stage.out.acts[stage.out.count - 1].kind, ACT_SHUT);
	out_clear(&stage.out);
	more.u.bytes.data = str_of(text, len);
	core_feed(stage.core, &more, stage.now, &stage.out);
	assert_int_equal(stage.out.count, 0);
	stage_over(&stage, alice.flow);
	assert_int_equal(stage_counts(&stage).flows, 0);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_any_split_is_the_same),
		TEST(test_octet_by_octet),
		TEST(test_body_that_comes_late),
		TEST(test_pings),
		TEST(test_half_a_message_is_given_up),
		TEST(test_each_message_has_its_own_time),
		TEST(test_a_flow_that_goes_takes_its_half_along),
		TEST(test_framing_faults_close),
		TEST(test_endless_head),
		TEST(test_nothing_is_heard_of_what_is_shut),
		TEST(test_what_can_be_framed_leaves_the_stream),
		TEST(test_storm_in_one_read),
		TEST(test_each_has_the_scratch_to_itself),
		TEST(test_storm_goes_on),
		TEST(test_as_much_as_can_be_kept),
		TEST(test_too_much_at_once_is_shut),
		TEST(test_too_fast_is_shut),
		cmocka_unit_test_setup_teardown(
			test_no_room_for_halves, open_wide_stage, close_wide_stage),
		cmocka_unit_test_setup_teardown(
			test_too_much_leaves_room, open_wide_stage, close_wide_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
