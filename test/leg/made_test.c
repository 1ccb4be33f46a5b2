/* SPDX-License-Identifier: Apache-2.0 */
/* The leg that we make: its INVITE, what answers it, the ACK, the next way. */
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

/* A leg that rings at UA. */
static struct leg *
ring(struct ua *ua)
{
	struct leg_plan plan = bed_plan(ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	assert_non_null(leg);
	(void)ua_take(ua, "INVITE ");
	ua_answer_invite(ua, 180, NULL, NULL);
	assert_int_equal(bed_say(WORD_RING)->status, 180);
	assert_int_equal(leg->state, LEG_RINGING);
	return leg;
}

static void
hang_up(struct ua *ua, struct leg *leg)
{
	bed_end(leg);
	(void)ua_take(ua, "BYE ");
	ua_answer(ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* ---- the INVITE ---- */

/* rows: R3261-8.1.1-x R3261-8.1.1.8-a R3261-18.1.1-a S2 S3 */
static void
the_invite_speaks_the_scheme_of_its_leg(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);
	const struct msg *m = ua_take(&ua, "INVITE sips:5000@192.0.2.8:5061 SIP/2.0\r\n");

	(void)state;
	assert_true(str_begins(m->from.text, STR("\"Al\" <sips:7789@example.com>;tag=")));
	assert_true(str_same(m->to.text, STR("<sips:5000@192.0.2.8:5061>")));
	assert_string_equal(bed_value(m, HEADER_CONTACT), "<sips:7789@192.0.2.1:5061>");
	assert_true(str_begins(m->via.text, STR("SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK")));
	assert_true(bed_holds(m, "\r\nX-Call-UUID: 0123456789\r\n"));
	assert_true(bed_holds(m, "\r\nUser-Agent: Other\r\n"));
	assert_string_equal(bed_value(m, HEADER_SUPPORTED), "uui");
	assert_int_equal(m->max_forwards, 59);
	assert_true(str_same(m->body, STR(SDP_A)));
	assert_int_equal(m->cseq, 1);
	ua_answer(&ua, 486, NULL, NULL);
	(void)bed_take("ACK ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 486);
	gone(leg);
}

/* rows: R5630-5.1.1.2-a */
static void
the_contact_brings_the_peer_back_the_same_way(void **state)
{
	static const struct {
		enum transport transport;
		const char *contact;
	} rows[] = {
		{ TRANSPORT_UDP, "<sip:7789@192.0.2.1:5060>" },
		{ TRANSPORT_TCP, "<sip:7789@192.0.2.1:5060;transport=tcp>" },
		{ TRANSPORT_TLS, "<sip:7789@192.0.2.1:5061;transport=tls>" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ua ua = ua_wait("sip", rows[i].transport, "192.0.2.8", 5060);
		struct leg_plan plan = bed_plan(&ua);
		struct leg *leg = bed_make(&plan, NULL);
		const struct msg *m = ua_take(&ua, "INVITE ");

		assert_string_equal(bed_value(m, HEADER_CONTACT), rows[i].contact);
		assert_null(msg_header(m, HEADER_CONTENT_TYPE));
		ua_answer(&ua, 404, NULL, NULL);
		(void)bed_take("ACK ");
		(void)bed_say(WORD_FAIL);
		gone(leg);
	}
}

static void
what_does_not_fit_makes_no_leg(void **state)
{
	static char big[LEG_SDP_BYTES_MAX + 2];
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);

	(void)state;
	memset(big, 'x', sizeof big - 1);
	assert_null(bed_make(&plan, big));
	plan = bed_plan(&ua);
	plan.from_user = str_of(big, NAME_ADDR_BYTES_MAX + 200);
	assert_null(bed_make(&plan, SDP_A));
	plan = bed_plan(&ua);
	plan.request_uri = STR("sip:a b@h"); /* nothing that we may say */
	assert_null(bed_make(&plan, SDP_A));
	bed_quiet();
	assert_int_equal(bed.legs.pool.used, 0);
}

static void
without_room_there_is_no_leg(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *legs[BED_LEGS];

	(void)state;
	for (unsigned i = 0; i < BED_LEGS; i++) {
		legs[i] = bed_make(&plan, SDP_A);
		assert_non_null(legs[i]);
	}
	assert_null(bed_make(&plan, SDP_A));
	for (unsigned i = 0; i < BED_LEGS; i++)
		bed_drop(legs[i]);
	bed_pass_ms(70000);
	bed_skip();
}

/* ---- ringing ---- */

static void
each_ring_is_said_but_100(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 100, NULL, NULL);
	bed_mute();
	ua_answer_invite(&ua, 183, NULL, SDP_B);
	assert_int_equal(bed_say(WORD_RING)->status, 183);
	ua_answer_invite(&ua, 180, NULL, NULL);
	assert_int_equal(bed_say(WORD_RING)->status, 180);
	ua_answer_invite(&ua, 187, NULL, NULL);
	assert_int_equal(bed_say(WORD_RING)->status, 187);
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK ");
	bed_quiet();
	hang_up(&ua, leg);
}

static void
only_100_is_waited_for_a_while(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 100, NULL, NULL);
	bed_pass_ms(TRYING_MS - 1);
	bed_quiet();
	bed_pass_ms(1);
	(void)bed_take("CANCEL ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 408);
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* Timer C: each ring starts it anew. */
static void
it_does_not_ring_for_ever(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = ring(&ua);

	(void)state;
	bed_pass_ms(RING_MS - 1);
	ua_answer_invite(&ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	bed_pass_ms(RING_MS - 1);
	bed_quiet();
	bed_mute();
	bed_pass_ms(1);
	(void)bed_take("CANCEL ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 480);
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* ---- answers ---- */

static void
a_2xx_gets_its_ack_again_and_again(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	char first[4096];

	(void)state;
	snprintf(first, sizeof first, "%s", bed_last()->text);
	for (unsigned i = 0; i < 3; i++) {
		ua_answer_invite(&ua, 200, NULL, SDP_B);
		(void)bed_take("ACK ");
		assert_string_equal(bed_last()->text, first);
	}
	bed_mute();
	assert_true(strstr(first, "\r\nCSeq: 1 ACK\r\n") != NULL);
	hang_up(&ua, leg);
}

static void
a_late_2xx_does_not_get_the_ack_of_another(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct cargo cargo = bed_cargo(SDP_A2);
	char first[8192];

	(void)state;
	memcpy(first, ua.invite, sizeof first);
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	ua_answer(&ua, 200, NULL, SDP_B2);
	(void)bed_say(WORD_CHANGED);
	assert_int_equal(ua_take(&ua, "ACK ")->cseq, 2);
	memcpy(ua.invite, first, sizeof first);
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	bed_quiet();
	hang_up(&ua, leg);
}

/* The offer in the 2xx: the ACK waits for the other side's answer (RFC 3261 13.2.1). */
static void
a_late_offer_waits_for_the_answer(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, NULL);
	struct cargo cargo = bed_cargo(SDP_A);
	const struct msg *m;

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	assert_true(leg->owes_ack);
	assert_int_equal(leg->state, LEG_ANSWERED);
	ua_answer_invite(&ua, 200, NULL, SDP_B); /* impatient */
	bed_quiet();
	assert_false(leg_may_change(leg));
	leg_ack(&bed.legs, leg, &cargo, bed_turn());
	bed_carry();
	m = ua_take(&ua, "ACK ");
	assert_true(str_same(m->body, STR(SDP_A)));
	assert_string_equal(bed_value(m, HEADER_CONTENT_TYPE), "application/sdp");
	assert_int_equal(leg->state, LEG_TALKING);
	assert_true(str_same(leg_text(leg, TEXT_SDP), STR(SDP_A)));
	leg_ack(&bed.legs, leg, &cargo, bed_turn()); /* it is paid */
	bed_carry();
	bed_quiet();
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_true(str_same(ua_take(&ua, "ACK ")->body, STR(SDP_A)));
	hang_up(&ua, leg);
}

static void
a_late_offer_that_nobody_answers(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, NULL);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	bed_end(leg);
	(void)ua_take(&ua, "ACK ");
	(void)ua_take(&ua, "BYE ");
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

/* A 2xx without a tag makes a dialog all the same (RFC 3261 12.1.2). */
static void
an_old_device_has_no_tag(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);
	char tag[] = "x=";

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	snprintf(ua.local, sizeof ua.local, "%s", tag);
	snprintf(ua.contact, sizeof ua.contact, "sip:old@192.0.2.8:5099;transport=tcp");
	ua_answer_invite(&ua, 200, "Record-Route: <sip:192.0.2.8;transport=tcp;lr>\r\n", SDP_B);
	(void)bed_say(WORD_ANSWER);
	assert_true(bed_holds(ua_take(&ua, "ACK sip:old@192.0.2.8:5099;transport=tcp "),
		"Route: <sip:192.0.2.8;transport=tcp;lr>\r\n"));
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_take("ACK "); /* the same dialog, not a fork */
	hang_up(&ua, leg);
}

static void
an_answer_that_leads_nowhere_is_no_answer(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	snprintf(ua.contact, sizeof ua.contact, "sip:old@0.0.0.0");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_int_equal(bed_say(WORD_FAIL)->status, 500);
	bed_quiet();
	gone(leg);
}

/* rows: R3261-12.2.1.1-c X-result-sipcontact-told X-result-sipcontact-never */
static void
an_answer_with_a_sip_contact_stays_on_its_tls(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	snprintf(ua.contact, sizeof ua.contact, "sip:clear@192.0.2.8:5060;transport=udp");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK sip:clear@192.0.2.8:5060;transport=udp ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	hang_up(&ua, leg);
}

static void
under_strict_a_sip_contact_is_hung_up(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg;

	(void)state;
	plan.is_strict = true;
	leg = bed_make(&plan, SDP_A);
	(void)ua_take(&ua, "INVITE ");
	snprintf(ua.contact, sizeof ua.contact, "sip:clear@192.0.2.8:5060");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_int_equal(bed_say(WORD_FAIL)->status, 480);
	assert_non_null(strstr(bed.note, "answers sips with a sip Contact"));
	(void)ua_take(&ua, "ACK ");
	assert_int_equal(leg->state, LEG_LEAVING);
	(void)ua_take(&ua, "BYE ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	gone(leg);
}

static void
the_early_dialog_of_another_fork_is_forgotten(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = ring(&ua);
	struct ua fork = ua;

	(void)state;
	snprintf(fork.local, sizeof fork.local, "x;tag=winner");
	snprintf(fork.contact, sizeof fork.contact, "sip:fork@192.0.2.8:5060;transport=tcp");
	ua_request(&ua, "OPTIONS", NULL, NULL); /* CSeq 101 in the early dialog */
	(void)bed_take("SIP/2.0 200 ");
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	assert_true(bed_holds(ua_take(&fork, "ACK sip:fork@"), ";tag=winner\r\n"));
	/* Its own numbers count from its own beginning, even from nought. */
	fork.cseq = UINT32_MAX;
	snprintf(fork.local, sizeof fork.local, "<sip:5000@192.0.2.8:5060>;tag=winner");
	ua_request(&fork, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 481 ");
	hang_up(&fork, leg);
}

/* ---- the next way ---- */

static struct leg_plan
two_ways(const struct ua *ua)
{
	struct leg_plan plan = bed_plan(ua);

	plan.ways[1] = plan.ways[0];
	plan.ways[1].addr = bed_addr("192.0.2.18", plan.ways[0].addr.port);
	plan.way_count = 2;
	return plan;
}

/* rows: R3261-8.1.3.1-a R3261-8.1.1.7-a R3263-4.3-a */
static void
a_connection_that_fails_leads_to_the_next(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = two_ways(&ua);
	char branch[128];
	const struct msg *m;
	struct leg *leg;

	(void)state;
	bed.dial = BED_WAITS;
	leg = bed_make(&plan, SDP_A);
	m = bed_take("INVITE ");
	snprintf(branch, sizeof branch, "%s", bed_cstr(m->via.branch));
	assert_int_equal(bed.dialled_to.ip[3], 8);
	bed.dial = BED_OPENS;
	bed_dialled(bed.dialled, false);
	bed_pass_ms(0);
	(void)bed_say(WORD_NEXT);
	m = ua_take(&ua, "INVITE ");
	assert_int_equal(bed.dialled_to.ip[3], 18);
	assert_string_not_equal(bed_cstr(m->via.branch), branch);
	assert_int_equal(m->cseq, 2);
	assert_true(str_same(m->body, STR(SDP_A)));
	assert_true(bed_holds(m, "User-Agent: Other\r\n"));
	ua_answer(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK ");
	hang_up(&ua, leg);
}

/* rows: R3263-4.3-a */
static void
a_503_leads_to_the_next_and_then_to_the_end(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = two_ways(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 100, NULL, NULL);
	ua_answer_invite(&ua, 503, NULL, NULL);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_NEXT);
	(void)ua_take(&ua, "INVITE ");
	assert_int_equal(bed_last()->to.ip[3], 18);
	/* The wait for the first way's 100 does not end the second. */
	ua_answer_invite(&ua, 100, NULL, NULL);
	bed_pass_ms(TRYING_MS - 1);
	bed_quiet();
	ua_answer_invite(&ua, 503, NULL, NULL);
	(void)bed_take("ACK ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 503);
	gone(leg);
}

/* rows: R3263-4.3-a */
static void
silence_leads_to_the_next(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = two_ways(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	bed_pass_ms(64 * T1_MS - 1);
	bed_mute();
	bed_pass_ms(1);
	(void)bed_say(WORD_NEXT);
	assert_int_equal(bed.sent[bed.sent_count - 1].to.ip[3], 18);
	bed_pass_ms(64 * T1_MS);
	assert_int_equal(bed_say(WORD_FAIL)->status, 408);
	gone(leg);
	bed_skip();
}

/* RFC 3263 4.3: what has answered is the one, for better or worse. */
static void
after_an_answer_there_is_no_next(void **state)
{
	(void)state;
	for (unsigned status = 100; status <= 183; status += 83) {
		struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
		struct leg_plan plan = two_ways(&ua);
		struct leg *leg = bed_make(&plan, SDP_A);

		(void)ua_take(&ua, "INVITE ");
		ua_answer_invite(&ua, status, NULL, NULL);
		if (status > 100)
			(void)bed_say(WORD_RING);
		bed_over(ua.flow);
		bed_pass_ms(0);
		assert_int_equal(bed_say(WORD_FAIL)->status, 503);
		/* But it must not ring for ever: a new connection brings a CANCEL. */
		(void)bed_take("CANCEL ");
		assert_int_equal(bed.dials, status == 100 ? 2 : 3);
		bed_quiet();
		gone(leg);
	}
}

static void
a_refusal_is_no_reason_to_try_elsewhere(void **state)
{
	static const unsigned refusals[] = { 302, 401, 404, 408, 416, 480, 486, 500, 504, 603 };

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
		struct leg_plan plan = two_ways(&ua);
		struct leg *leg = bed_make(&plan, SDP_A);

		(void)ua_take(&ua, "INVITE ");
		ua_answer_invite(&ua, refusals[i], NULL, NULL);
		(void)bed_take("ACK ");
		bed_quiet();
		assert_int_equal(bed_say(WORD_FAIL)->status, refusals[i]);
		gone(leg);
	}
}

/* A large INVITE: TCP first where the contact leaves that open (RFC 3261 18.1.1). */
static void
a_large_invite_tries_tcp_first(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	static char large[1400];
	struct leg *leg;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	leg = bed_make(&plan, large);
	assert_int_equal(bed.dials, 0); /* its contact says UDP */
	bed_drop(leg);
	plan.may_use_tcp = true;
	bed.dial = BED_FAILS;
	leg = bed_make(&plan, large);
	assert_int_equal(bed.dialled_transport, TRANSPORT_TCP);
	bed_pass_ms(0);
	(void)bed_say(WORD_NEXT);
	assert_true(flow_same(bed.sent[bed.sent_count - 1].flow, bed_socket()));
	assert_non_null(strstr(bed.sent[bed.sent_count - 1].text, "Via: SIP/2.0/UDP "));
	assert_non_null(
		strstr(bed.sent[bed.sent_count - 1].text, "Contact: <sip:7789@192.0.2.1:5060>"));
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(the_invite_speaks_the_scheme_of_its_leg),
		BEDDED(the_contact_brings_the_peer_back_the_same_way),
		BEDDED(what_does_not_fit_makes_no_leg),
		BEDDED(without_room_there_is_no_leg),
		BEDDED(each_ring_is_said_but_100),
		BEDDED(only_100_is_waited_for_a_while),
		BEDDED(it_does_not_ring_for_ever),
		BEDDED(a_2xx_gets_its_ack_again_and_again),
		BEDDED(a_late_2xx_does_not_get_the_ack_of_another),
		BEDDED(a_late_offer_waits_for_the_answer),
		BEDDED(a_late_offer_that_nobody_answers),
		BEDDED(an_old_device_has_no_tag),
		BEDDED(an_answer_that_leads_nowhere_is_no_answer),
		BEDDED(an_answer_with_a_sip_contact_stays_on_its_tls),
		BEDDED(under_strict_a_sip_contact_is_hung_up),
		BEDDED(the_early_dialog_of_another_fork_is_forgotten),
		BEDDED(a_connection_that_fails_leads_to_the_next),
		BEDDED(a_503_leads_to_the_next_and_then_to_the_end),
		BEDDED(silence_leads_to_the_next),
		BEDDED(after_an_answer_there_is_no_next),
		BEDDED(a_refusal_is_no_reason_to_try_elsewhere),
		BEDDED(a_large_invite_tries_tcp_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
