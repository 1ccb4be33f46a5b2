/* SPDX-License-Identifier: Apache-2.0 */
/* Streams where what they lean on says what it never says, or too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/inside.h"
#include "sip/frame.h"
#include "support/phone.h"

enum { SILENCE_MS = (FLOW_TIMER_S + FLOW_GRACE_S) * 1000 };

#define OPTIONS                                                                           \
	"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-odd\r\n"    \
	"From: <sip:7000@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: odd\r\n" \
	"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

static const struct stage_dn dns[] = { { .number = "7000", .contact = "*" },
	{ .number = "7001", .contact = "*" } };
static const struct stage_options options = { .dns = dns, .dn_count = 2 };

static struct stage stage;
static struct phone phone;
static unsigned odd_frames; /* that come before the next real one */

struct frame __real_frame_next(struct str data, unsigned *crlfs);
struct frame __wrap_frame_next(struct str data, unsigned *crlfs);

struct frame
__wrap_frame_next(struct str data, unsigned *crlfs)
{
	if (odd_frames == 0)
		return __real_frame_next(data, crlfs);
	odd_frames--;
	return (struct frame){ .kind = (enum frame_kind)99, .message = data };
}

static int
open_stage(void **state)
{
	(void)state;
	odd_frames = 0;
	stage_open(&stage, &options);
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TCP, false);
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

/* Octets come, and nothing of what is to be done is carried out. */
static void
feed(struct str octets)
{
	struct event event = { .kind = EV_BYTES };

	event.u.bytes.flow = phone.flow;
	event.u.bytes.data = octets;
	core_feed(stage.core, &event, stage.now, &stage.out);
}

/* A frame of no kind has no message and uses no octet up: what is there is looked at again. */
static void
a_frame_of_no_kind_is_none(void **state)
{
	(void)state;
	odd_frames = 3;
	phone_raw(&phone, STR(OPTIONS));
	assert_int_equal(odd_frames, 0);
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_int_equal(stage.shuts, 0);
	expect_empty(&stage);
}

/* An alarm of no kind neither ends a stream nor goes on with it. */
static void
an_alarm_of_no_kind_does_nothing(void **state)
{
	const struct alarm alarm = { .letter = 99 };
	struct turn turn = { .now = stage.now, .out = &stage.out, .scratch = &stage.core->scratch };
	struct flow *flow;

	(void)state;
	phone_raw(&phone, str_upto(STR(OPTIONS), 100));
	turn.now.mono_ms += 2 * STREAM_WAIT_MS;
	flow = flows_find(&stage.core->flows, phone.flow);
	stream_ring(stage.core, flow, &alarm, &turn);
	assert_int_equal(stage.out.count, 0);
	assert_false(flow->is_shut);
	phone_raw(&phone, str_from(STR(OPTIONS), 100));
	phone_hear(&phone, "SIP/2.0 200 ");
	expect_empty(&stage);
}

#define REGISTER                                                                        \
	"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-out\r\n" \
	"From: <sip:7000@example.com>;tag=f\r\nTo: <sip:7000@example.com>\r\n"          \
	"Call-ID: out\r\nCSeq: 1 REGISTER\r\nSupported: path, outbound\r\n"             \
	"Contact: <sip:7000@192.0.2.70:40000;transport=tcp>;reg-id=1;"                  \
	"+sip.instance=\"<urn:uuid:1>\"\r\nContent-Length: 0\r\n\r\n"

/* Behind a REGISTER stands what cannot be read: nothing more is heard, and the end waits until the
 * store has kept the bindings, or for as long as it is waited for. */
static void
a_register_is_answered_before_the_end(void **state)
{
	char octets[] = REGISTER "\x16\x03\x01\x02\x03" OPTIONS;
	struct event event = { .kind = EV_SAVED };
	size_t cuts[] = { sizeof octets - 1, sizeof REGISTER - 1, 40 };

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof cuts / sizeof cuts[0]); i++) {
		bool is_mute = i % 2;
		uint32_t at = 0;

		feed(str_of(octets, cuts[i / 2]));
		feed(str_of(octets + cuts[i / 2], sizeof octets - 1 - cuts[i / 2]));
		feed(STR(OPTIONS));
		assert_int_equal(stage.core->halves.used, 0);
		while (stage.out.acts[at].kind != ACT_SAVE)
			assert_true(++at < stage.out.count);
		event.u.saved.ask = stage.out.acts[at].u.save.ask;
		event.u.saved.status = SAVED_DONE;
		for (at = 0; at < stage.out.count; at++) {
			assert_int_not_equal(stage.out.acts[at].kind, ACT_SHUT);
			assert_int_not_equal(stage.out.acts[at].kind, ACT_SEND);
		}
		out_clear(&stage.out);
		event.kind = is_mute ? EV_TICK : EV_SAVED;
		stage.now.mono_ms += is_mute ? STORE_WAIT_MS : 0;
		core_feed(stage.core, &event, stage.now, &stage.out);
		for (at = 0; stage.out.acts[at].kind != ACT_SEND; at++)
			assert_true(at + 1 < stage.out.count);
		assert_true(str_begins(stage.out.acts[at].u.send.bytes,
			is_mute ? STR("SIP/2.0 500 ") : STR("SIP/2.0 200 ")));
		assert_int_equal(stage.out.acts[stage.out.count - 1].kind, ACT_SHUT);
		out_clear(&stage.out);
		stage_over(&stage, phone.flow);
		phone_close(&phone);
		phone_open(&phone, &stage, "7000", "192.0.2.70", (uint16_t)(40001 + i),
			TRANSPORT_TCP, false);
		stage_pass_ms(&stage, 64 * STAGE_T1_MS);
		stage_forget_sent(&stage);
	}
}

/* The place of the first question to the store from the action AT on, which is behind it then. */
static struct ref
next_ask(uint32_t *at)
{
	while (stage.out.acts[*at].kind != ACT_SAVE)
		assert_true(++*at < stage.out.count);
	return stage.out.acts[(*at)++].u.save.ask;
}

static bool
is_shut_now(void)
{
	return stage.out.count > 0 && stage.out.acts[stage.out.count - 1].kind == ACT_SHUT;
}

/* Each of them is answered. */
static void
the_last_register_ends_it(void **state)
{
	struct event event = { .kind = EV_SAVED };
	struct ref asks[2];
	uint32_t at = 0;

	(void)state;
	feed(STR(REGISTER
		"REGISTER sip:example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TCP h;branch=z9hG4bK-2nd\r\nFrom: <sip:7001@example.com>;tag=f\r\n"
		"To: <sip:7001@example.com>\r\nCall-ID: 2nd\r\nCSeq: 1 REGISTER\r\n"
		"Contact: <sip:7001@192.0.2.70:40000;transport=tcp>\r\n"
		"Content-Length: 0\r\n\r\n\x16\x03\x01"));
	asks[0] = next_ask(&at);
	asks[1] = next_ask(&at);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(is_shut_now());
		out_clear(&stage.out);
		event.u.saved.ask = asks[i];
		event.u.saved.status = SAVED_DONE;
		core_feed(stage.core, &event, stage.now, &stage.out);
	}
	assert_true(is_shut_now());
	out_clear(&stage.out);
	stage_over(&stage, phone.flow);
	stage_forget_sent(&stage);
}

/* The connection is gone when the store answers. */
static void
who_has_gone_is_not_ended(void **state)
{
	struct event event = { .kind = EV_SAVED };
	uint32_t at = 0;

	(void)state;
	feed(STR(REGISTER "\x16\x03\x01"));
	event.u.saved.ask = next_ask(&at);
	event.u.saved.status = SAVED_DONE;
	out_clear(&stage.out);
	stage_over(&stage, phone.flow);
	core_feed(stage.core, &event, stage.now, &stage.out);
	for (at = 0; at < stage.out.count; at++)
		assert_int_not_equal(stage.out.acts[at].kind, ACT_SHUT);
	out_clear(&stage.out);
	stage_forget_sent(&stage);
}

/* The store answers a REGISTER by outbound when its connection was given up and is not closed yet:
 * nobody waits to hear more of that connection. */
static void
what_was_given_up_is_not_watched(void **state)
{
	struct turn turn = { .now = stage.now, .out = &stage.out, .scratch = &stage.core->scratch };
	struct flow *flow = flows_find(&stage.core->flows, phone.flow);
	struct event event = { .kind = EV_SAVED };
	uint32_t at = 0;

	(void)state;
	feed(STR(REGISTER));
	while (stage.out.acts[at].kind != ACT_SAVE)
		assert_true(++at < stage.out.count);
	event.u.saved.ask = stage.out.acts[at].u.save.ask;
	event.u.saved.status = SAVED_DONE;
	stream_give_up(stage.core, flow, STR("the test says so"), &turn);
	assert_int_equal(stage.out.acts[stage.out.count - 1].kind, ACT_SHUT);
	out_clear(&stage.out);
	core_feed(stage.core, &event, stage.now, &stage.out);
	out_clear(&stage.out);
	assert_false(alarm_is_armed(&flow->silence));
	stage.now.mono_ms += 2 * SILENCE_MS;
	event.kind = EV_TICK;
	core_feed(stage.core, &event, stage.now, &stage.out);
	assert_int_equal(stage.out.count, 0);
	stage_over(&stage, phone.flow);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_frame_of_no_kind_is_none),
		TEST(an_alarm_of_no_kind_does_nothing),
		TEST(a_register_is_answered_before_the_end),
		TEST(the_last_register_ends_it),
		TEST(who_has_gone_is_not_ended),
		TEST(what_was_given_up_is_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
