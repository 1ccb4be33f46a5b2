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

static const struct stage_dn dns[] = { { .number = "7000", .contact = "*" } };
static const struct stage_options options = { .dns = dns, .dn_count = 1 };

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
	feed(STR("REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-out\r\n"
		 "From: <sip:7000@example.com>;tag=f\r\nTo: <sip:7000@example.com>\r\n"
		 "Call-ID: out\r\nCSeq: 1 REGISTER\r\nSupported: path, outbound\r\n"
		 "Contact: <sip:7000@192.0.2.70:40000;transport=tcp>;reg-id=1;"
		 "+sip.instance=\"<urn:uuid:1>\"\r\nContent-Length: 0\r\n\r\n"));
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
		TEST(what_was_given_up_is_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
