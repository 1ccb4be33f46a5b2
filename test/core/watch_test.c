/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that fall silent, or that were given up and are not closed yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

enum { SILENCE_MS = (FLOW_TIMER_S + FLOW_GRACE_S) * 1000 };

static const struct stage_dn dns[] = { { .number = "7000", .contact = "*" } };
static const struct stage_options options = { .dns = dns, .dn_count = 1 };

static struct stage stage;
static struct phone phone;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TCP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&phone);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

#define HALF "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-h\r\n"
#define REST                                                                                     \
	"From: <sip:7000@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: rest@phone\r\n" \
	"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

/* The phone promises by outbound that it will be heard. */
static void
promise(void)
{
	phone_register(&phone, 3600,
		"Supported: path, outbound\r\nContact: <sip:7000@192.0.2.70:40000;transport=tcp>"
		";reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_true(phone_heard(&phone, "Require: outbound\r\n"));
}

/* rows: R5626-5.4-a */
static void
test_silence_has_its_moment(void **state)
{
	(void)state;
	promise();
	stage_pass_ms(&stage, SILENCE_MS - 1);
	assert_int_equal(stage.shuts, 0);
	stage_pass_ms(&stage, 1);
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "its phone was to keep it alive and was not heard"));
}

/* The time runs from the last octet, whatever it belongs to. */
static void
test_each_octet_puts_it_off(void **state)
{
	(void)state;
	promise();
	stage_pass_ms(&stage, SILENCE_MS - 1);
	phone_raw(&phone, STR("\r"));
	stage_pass_ms(&stage, SILENCE_MS - 1);
	assert_int_equal(stage.shuts, 0);
	stage_pass_ms(&stage, 1);
	assert_int_equal(stage.shuts, 1);
}

/* Who promised nothing may be silent for as long as it likes. */
static void
test_nobody_else_is_watched(void **state)
{
	(void)state;
	phone_register(&phone, 3600, NULL);
	phone_hear(&phone, "SIP/2.0 200 ");
	stage_pass_ms(&stage, 3 * SILENCE_MS);
	assert_int_equal(stage.shuts, 0);
}

/* The socket of UDP is everybody's: a registration over it, whatever its Path says, is not its end.
 */
static void
test_the_socket_is_not_watched(void **state)
{
	struct phone by_udp;

	(void)state;
	phone_open(&by_udp, &stage, "7000", "192.0.2.71", 40000, TRANSPORT_UDP, false);
	phone_register(&by_udp, 3600,
		"Supported: path, outbound\r\nPath: <sip:192.0.2.71:40000;lr;ob>\r\n"
		"Contact: <sip:7000@192.0.2.71:40000>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n");
	phone_hear(&by_udp, "SIP/2.0 200 ");
	assert_true(phone_heard(&by_udp, "Require: outbound\r\n"));
	stage_pass_ms(&stage, 3 * SILENCE_MS);
	assert_int_equal(stage.shuts, 0);
	phone_register(&by_udp, 3600, NULL);
	phone_hear(&by_udp, "SIP/2.0 200 ");
	phone_close(&by_udp);
}

/* A promise ends with its connection, and does not pass to the next one. */
static void
test_the_watch_ends_with_the_connection(void **state)
{
	(void)state;
	promise();
	stage_over(&stage, phone.flow);
	phone_close(&phone);
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40001, TRANSPORT_TCP, false);
	stage_pass_ms(&stage, 3 * SILENCE_MS);
	assert_int_equal(stage.shuts, 0);
	assert_int_equal(stage_counts(&stage).flows, 1);
	expect_empty(&stage);
}

/* What waits on a connection that is given up goes with it, though the host takes its time to close
 * it; the log is warned once. */
static void
test_nothing_waits_on_what_was_given_up(void **state)
{
	struct event bytes = { .kind = EV_BYTES }, tick = { .kind = EV_TICK };

	(void)state;
	promise();
	bytes.u.bytes.flow = phone.flow;
	bytes.u.bytes.data = STR(HALF);
	stage_feed(&stage, &bytes);
	stage.now.mono_ms += STREAM_WAIT_MS;
	core_feed(stage.core, &tick, stage.now, &stage.out);
	assert_int_equal(stage.out.count, 2);
	assert_int_equal(stage.out.acts[0].kind, ACT_NOTE);
	assert_int_equal(stage.out.acts[0].u.note.level, NOTE_WARN);
	assert_int_equal(stage.out.acts[1].kind, ACT_SHUT);
	out_clear(&stage.out);
	stage.now.mono_ms += SILENCE_MS;
	core_feed(stage.core, &tick, stage.now, &stage.out);
	assert_int_equal(stage.out.count, 0);
	stage_over(&stage, phone.flow);
}

/* However much is gone on with on one connection, half a message on the next stays what it was. */
static void
test_halves_do_not_meet(void **state)
{
	char *text = malloc(2 * READ_BYTES);
	size_t len = 0;
	struct phone other;

	(void)state;
	while (len + sizeof HALF REST < 2 * READ_BYTES) {
		memcpy(text + len, HALF REST, sizeof HALF REST - 1);
		len += sizeof HALF REST - 1;
	}
	phone_open(&other, &stage, "7000", "192.0.2.71", 40000, TRANSPORT_TCP, false);
	stage.is_lazy = true;
	phone_raw(&phone, STR(HALF));
	phone_raw(&other, STR(HALF));
	/* More than one turn answers, then as much as there is room for. */
	stage_bytes(&stage, phone.flow, str_of(text + sizeof HALF - 1, len - sizeof HALF + 1));
	stage_bytes(&stage, phone.flow, str_of(text, HALF_BYTES - 2 * READ_BYTES));
	stage.is_lazy = false;
	stage_tick(&stage);
	stage_pass_ms(&stage, 0);
	assert_int_equal(stage.shuts, 0);
	stage_forget_sent(&stage);
	phone_raw(&other, STR(REST));
	phone_hear(&other, "SIP/2.0 200 ");
	stage_over(&stage, phone.flow);
	phone_close(&other);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_silence_has_its_moment),
		TEST(test_each_octet_puts_it_off),
		TEST(test_nobody_else_is_watched),
		TEST(test_the_socket_is_not_watched),
		TEST(test_the_watch_ends_with_the_connection),
		TEST(test_nothing_waits_on_what_was_given_up),
		TEST(test_halves_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
