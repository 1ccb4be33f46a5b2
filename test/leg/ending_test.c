/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg ends: CANCEL and its races, BYE and what it meets (RFC 5407). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static void
gone(struct leg *leg)
{
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
}

static struct leg *
call(struct ua *ua)
{
	struct leg_plan plan = bed_plan(ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	assert_non_null(leg);
	(void)ua_take(ua, "INVITE ");
	return leg;
}

static struct leg *
answered(struct ua *ua)
{
	struct cargo cargo = bed_cargo(SDP_B);
	struct leg *leg;

	ua_invite(ua, "5000", NULL, SDP_A);
	(void)ua_take(ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(ua, "SIP/2.0 200 ");
	return leg;
}

/* ---- CANCEL that we send (RFC 3261 9.1) ---- */

static void
a_cancel_waits_for_a_1xx(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);
	const struct msg *m;

	(void)state;
	leg_end(&bed.legs, leg, 487, STR(""), STR("SIP;cause=600"), NULL, bed_turn());
	bed_carry();
	bed_quiet();
	assert_int_equal(leg->state, LEG_LEAVING);
	bed_pass_ms(2000);
	ua_answer_invite(&ua, 100, NULL, NULL);
	m = bed_take("CANCEL sip:5000@192.0.2.8:5060 ");
	assert_string_equal(bed_value(m, HEADER_REASON), "SIP;cause=600");
	assert_int_equal(m->cseq, 1);
	ua_answer_invite(&ua, 180, NULL, NULL); /* nobody wants to know */
	bed_mute();
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_device_that_never_answers_is_never_cancelled(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	bed_end(leg);
	bed_pass_ms(64 * T1_MS - 1);
	for (unsigned i = 0; i < 6; i++)
		(void)bed_take("INVITE ");
	bed_quiet();
	bed_mute();
	bed_pass_ms(1);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
an_answer_that_crosses_the_cancel_is_hung_up(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	bed_end(leg);
	(void)bed_take("CANCEL ");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)ua_take(&ua, "ACK ");
	(void)ua_take(&ua, "BYE ");
	bed_mute();
	ua_answer_invite(&ua, 200, NULL, SDP_B); /* its ACK was lost */
	(void)bed_take("ACK ");
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_cancel_that_does_nothing_is_given_up(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	bed_end(leg);
	(void)ua_take(&ua, "CANCEL ");
	ua_answer(&ua, 200, NULL, NULL); /* to the CANCEL, and then nothing */
	bed_pass_ms(64 * T1_MS - 1);
	bed_mute();
	bed_pass_ms(1);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
it_is_ended_once(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	bed_end(leg);
	bed_end(leg);
	bed_end(leg);
	(void)bed_take("CANCEL ");
	bed_quiet();
	bed_over(ua.flow);
	bed_pass_ms(0);
	(void)bed_say(WORD_OVER);
	bed_end(leg);
	bed_quiet();
	gone(leg);
}

/* ---- CANCEL that we hear (RFC 3261 9.2) ---- */

static void
the_caller_gives_up(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	char tag[64];
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	ua_cancel(&ua);
	snprintf(tag, sizeof tag, "%s", bed_cstr(bed_take("SIP/2.0 200 ")->to.tag));
	assert_string_equal(bed_cstr(ua_take(&ua, "SIP/2.0 487 ")->to.tag), tag);
	(void)bed_say(WORD_CANCEL);
	assert_true(leg->is_cancelled);
	ua_ack(&ua, NULL);
	gone(leg);
}

static void
a_cancel_after_the_answer_does_nothing(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = answered(&ua);

	(void)state;
	ua_cancel(&ua);
	(void)bed_take("SIP/2.0 200 ");
	bed_quiet();
	bed_mute();
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	assert_int_equal(leg->state, LEG_TALKING);
	bed_drop(leg);
}

/* What came of it on the other side decides (RFC 6141 3.8). */
static void
a_change_is_cancelled_by_what_comes_of_it(void **state)
{
	(void)state;
	for (unsigned status = 200; status <= 487; status += 287) {
		struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);
		struct cargo cargo = bed_cargo(SDP_B2);

		ua_request(&ua, "INVITE", NULL, SDP_A2);
		(void)bed_say(WORD_CHANGE);
		ua_cancel(&ua);
		(void)bed_take("SIP/2.0 200 ");
		(void)bed_say(WORD_CANCEL);
		assert_false(leg->is_cancelled);
		bed_quiet();
		if (status == 200)
			assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
		else
			leg_refuse(&bed.legs, leg, 487, STR(""), NULL, bed_turn());
		bed_carry();
		(void)ua_take(&ua, status == 200 ? "SIP/2.0 200 " : "SIP/2.0 487 ");
		ua_ack(&ua, NULL);
		if (status == 200)
			(void)bed_say(WORD_ACK);
		assert_int_equal(leg->state, LEG_TALKING);
		assert_true(leg_may_change(leg));
		bed_drop(leg);
		bed_over(ua.flow);
	}
}

/* ---- BYE that we send ---- */

static void
a_bye_waits_for_the_ack(void **state)
{
	struct cargo cargo = { .headers = STR("User-to-User: aa;encoding=hex\r\n"),
		.body_headers = STR(""),
		.body = STR("") };
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = answered(&ua);
	const struct msg *m;

	(void)state;
	leg_end(&bed.legs, leg, 0, STR(""), STR("Q.850;cause=16"), &cargo, bed_turn());
	bed_carry();
	bed_end(leg); /* says nothing new */
	bed_quiet();
	ua_ack(&ua, NULL);
	m = ua_take(&ua, "BYE ");
	assert_string_equal(bed_value(m, HEADER_REASON), "Q.850;cause=16");
	assert_string_equal(bed_value(m, HEADER_USER_TO_USER), "aa;encoding=hex");
	bed_mute();
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_bye_does_not_wait_for_ever(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = answered(&ua);

	(void)state;
	bed_end(leg);
	bed_pass_ms(64 * T1_MS);
	for (unsigned i = 0; i < 10; i++)
		(void)bed_take("SIP/2.0 200 ");
	(void)ua_take(&ua, "BYE ");
	bed_mute();
	ua_answer(&ua, 481, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
whatever_answers_the_bye_it_is_over(void **state)
{
	static const unsigned answers[] = { 200, 202, 401, 404, 408, 481, 500, 503, 603 };

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);

		bed_end(leg);
		(void)ua_take(&ua, "BYE ");
		ua_answer(&ua, 100, NULL, NULL);
		bed_mute();
		ua_answer(&ua, answers[i], NULL, NULL);
		(void)bed_say(WORD_OVER);
		gone(leg);
		bed_over(ua.flow);
	}
}

static void
a_bye_that_nobody_answers(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	bed_end(leg);
	bed_pass_ms(64 * T1_MS);
	for (unsigned i = 0; i < 11; i++)
		(void)bed_take("BYE ");
	bed_quiet();
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_bye_too_large_leaves_its_cargo_behind(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	static char body[WRITE_BYTES_MAX];
	struct cargo cargo = bed_cargo(NULL);

	(void)state;
	memset(body, 'x', sizeof body);
	cargo.body = str_of(body, sizeof body);
	leg_end(&bed.legs, leg, 0, STR(""), STR("Q.850;cause=16"), &cargo, bed_turn());
	bed_carry();
	assert_string_equal(bed_value(ua_take(&ua, "BYE "), HEADER_REASON), "Q.850;cause=16");
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* A dead connection: the BYE goes by a new one, and if there is none, it is over. */
static void
a_bye_over_a_dead_flow(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	bed.dial = BED_FAILS;
	bed_over(ua.flow);
	bed_end(leg);
	assert_int_equal(bed.dials, 1);
	(void)bed_take("BYE ");
	bed_pass_ms(0);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* ---- BYE that we hear ---- */

static void
the_peer_hangs_up(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	ua_request(&ua, "BYE", "Reason: Q.850;cause=16\r\n", NULL);
	(void)ua_take(&ua, "SIP/2.0 200 ");
	(void)bed_say(WORD_BYE);
	gone(leg);
	ua_request(&ua, "BYE", NULL, NULL); /* there is no such dialog any more */
	(void)bed_take("SIP/2.0 481 ");
}

static void
two_byes_meet(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	bed_end(leg);
	(void)bed_take("BYE ");
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_bye_before_the_ack(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = answered(&ua);

	(void)state;
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	(void)bed_say(WORD_BYE);
	gone(leg);
	bed_pass_ms(70000);
	bed_quiet(); /* the 2xx is not repeated */
}

static void
a_bye_of_the_caller_before_the_answer(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg;
	struct ua first;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	leg = bed_leg();
	leg_ring(&bed.legs, leg, 180, STR(""), NULL, bed_turn());
	bed_carry();
	(void)ua_take(&ua, "SIP/2.0 100 ");
	(void)ua_take(&ua, "SIP/2.0 180 ");
	first = ua;
	ua_request(&ua, "BYE", NULL, NULL);
	assert_int_equal(bed_take("SIP/2.0 200 ")->method, METHOD_BYE);
	assert_int_equal(bed_take("SIP/2.0 487 ")->method, METHOD_INVITE);
	(void)bed_say(WORD_BYE);
	ua_ack(&first, NULL);
	gone(leg);
}

static void
a_bye_while_a_change_waits(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct ua first;

	(void)state;
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	first = ua;
	ua_request(&ua, "BYE", NULL, NULL);
	assert_int_equal(bed_take("SIP/2.0 200 ")->method, METHOD_BYE);
	assert_int_equal(bed_take("SIP/2.0 487 ")->method, METHOD_INVITE);
	(void)bed_say(WORD_BYE);
	ua_ack(&first, NULL);
	gone(leg);
}

static void
our_bye_answers_what_waits_first(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	bed_end(leg);
	(void)bed_take("SIP/2.0 487 ");
	ua_ack(&ua, NULL);
	(void)ua_take(&ua, "BYE ");
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* Our re-INVITE is on its way when the peer hangs up; its 200 comes all the same. */
static void
a_bye_against_our_change(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	(void)bed_say(WORD_BYE);
	assert_int_equal(leg->state, LEG_GONE);
	ua_answer_invite(&ua, 200, NULL, SDP_A2); /* before the leg is closed */
	(void)bed_take("ACK ");
	bed_mute();
	bed_pass_ms(0);
	gone(leg);
	ua_answer_invite(&ua, 200, NULL, SDP_A2); /* and after */
	(void)bed_take("ACK ");
	bed_mute();
}

static void
our_bye_against_our_own_change(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, "Supported: timer\r\n");
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	bed_end(leg);
	(void)bed_take("BYE ");
	ua_answer_invite(&ua, 200, "Session-Expires: 1800;refresher=uac\r\n", SDP_A2);
	(void)bed_take("ACK ");
	bed_mute();
	bed_over(ua.flow);
	bed_pass_ms(0);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_callee_that_hangs_up_early(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	(void)bed_take("CANCEL ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 480);
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
an_early_bye_that_crosses_the_cancel_says_nothing(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = call(&ua);

	(void)state;
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	bed_end(leg);
	(void)bed_take("CANCEL ");
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	bed_mute();
	bed_quiet();
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
a_bye_of_one_who_waits_for_an_ack(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, NULL);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	(void)bed_take("ACK ");
	(void)bed_say(WORD_BYE);
	gone(leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(a_cancel_waits_for_a_1xx),
		BEDDED(a_device_that_never_answers_is_never_cancelled),
		BEDDED(an_answer_that_crosses_the_cancel_is_hung_up),
		BEDDED(a_cancel_that_does_nothing_is_given_up),
		BEDDED(it_is_ended_once),
		BEDDED(the_caller_gives_up),
		BEDDED(a_cancel_after_the_answer_does_nothing),
		BEDDED(a_change_is_cancelled_by_what_comes_of_it),
		BEDDED(a_bye_waits_for_the_ack),
		BEDDED(a_bye_does_not_wait_for_ever),
		BEDDED(whatever_answers_the_bye_it_is_over),
		BEDDED(a_bye_that_nobody_answers),
		BEDDED(a_bye_too_large_leaves_its_cargo_behind),
		BEDDED(a_bye_over_a_dead_flow),
		BEDDED(the_peer_hangs_up),
		BEDDED(two_byes_meet),
		BEDDED(a_bye_before_the_ack),
		BEDDED(a_bye_of_the_caller_before_the_answer),
		BEDDED(a_bye_while_a_change_waits),
		BEDDED(our_bye_answers_what_waits_first),
		BEDDED(a_bye_against_our_change),
		BEDDED(our_bye_against_our_own_change),
		BEDDED(a_callee_that_hangs_up_early),
		BEDDED(an_early_bye_that_crosses_the_cancel_says_nothing),
		BEDDED(a_bye_of_one_who_waits_for_an_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
