/* SPDX-License-Identifier: Apache-2.0 */
/* INVITEs that we answer: the 2xx and its repeats, the ACK, changes, glare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static bool
answer(struct leg *leg, const char *body)
{
	struct cargo cargo = bed_cargo(body);
	bool is_answered = leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn());

	bed_carry();
	return is_answered;
}

static void
refuse(struct leg *leg, unsigned status)
{
	leg_refuse(&bed.legs, leg, status, STR(""), NULL, bed_turn());
	bed_carry();
}

static void
hang_up(struct ua *ua, struct leg *leg)
{
	bed_end(leg);
	(void)ua_take(ua, "BYE ");
	ua_answer(ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
}

/* ---- the first INVITE ---- */

/* rows: R3261-12.1.1-a */
static void
each_answer_has_what_it_must(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct cargo cargo = bed_cargo(SDP_B);
	const struct msg *m;
	struct leg *leg;
	char tag[64];

	(void)state;
	ua_invite(&ua, "5000", "Supported: timer\r\n", SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_int_equal(leg->state, LEG_CALLING);
	assert_int_equal(leg->speech.scheme, SCHEME_SIPS);
	assert_true(leg_set_call(leg, REF_NONE, STR("0123456789"), STR("7789")));
	leg_ring(&bed.legs, leg, 180, STR(""), NULL, bed_turn());
	bed_carry();
	m = ua_take(&ua, "SIP/2.0 180 Ringing\r\n");
	snprintf(tag, sizeof tag, "%s", bed_cstr(m->to.tag));
	assert_string_equal(bed_value(m, HEADER_CONTACT), "<sips:5000@192.0.2.1:5061>");
	assert_int_equal(leg->state, LEG_RINGING);
	leg_ring(&bed.legs, leg, 183, STR("Soon"), &cargo, bed_turn());
	bed_carry();
	m = ua_take(&ua, "SIP/2.0 183 Soon\r\n");
	assert_true(str_same(m->body, STR(SDP_B)));
	assert_true(answer(leg, SDP_B));
	m = ua_take(&ua, "SIP/2.0 200 OK\r\n");
	assert_string_equal(bed_cstr(m->to.tag), tag);
	assert_string_equal(bed_value(m, HEADER_SESSION_EXPIRES), "1800;refresher=uas");
	assert_string_equal(bed_value(m, HEADER_SUPPORTED), "uui,timer");
	assert_string_equal(bed_value(m, HEADER_ALLOW),
		"INVITE, ACK, PRACK, CANCEL, BYE, REFER, INFO, MESSAGE, NOTIFY, OPTIONS");
	assert_true(bed_holds(m, "\r\nX-Call-UUID: 0123456789\r\n"));
	assert_true(bed_holds(m, "\r\nUser-Agent: Other\r\n"));
	assert_true(bed_holds(m, ";received=192.0.2.9\r\n"));
	assert_null(msg_header(m, HEADER_REQUIRE));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	hang_up(&ua, leg);
}

/* RFC 3261 13.3.1.4: at T1, doubling to T2, on every transport; after 64*T1 a BYE. */
static void
the_2xx_is_repeated_until_the_ack(void **state)
{
	static const int64_t at_ms[] = { 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500,
		27500, 31500 };
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(answer(leg, SDP_B));
	bed_pass_ms(64 * T1_MS - 1);
	for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++) {
		(void)ua_take(&ua, "SIP/2.0 200 ");
		assert_int_equal(bed_last()->at_ms, at_ms[i]);
	}
	bed_quiet();
	bed_mute();
	bed_pass_ms(1);
	assert_true(bed_holds(ua_take(&ua, "BYE "), "Reason: SIP;cause=408;text=\"ACK missing\""));
	assert_int_equal(bed_say(WORD_BYE)->status, 408);
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	leg_close(&bed.legs, leg);
}

static void
the_ack_stops_the_repeats(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(answer(leg, SDP_B));
	(void)ua_take(&ua, "SIP/2.0 200 ");
	bed_pass_ms(500);
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua.invite_cseq--;
	ua_ack(&ua, NULL); /* of another INVITE */
	bed_mute();
	assert_int_equal(leg->state, LEG_ANSWERED);
	ua.invite_cseq++;
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	ua_ack(&ua, NULL); /* once is enough */
	bed_mute();
	bed_pass_ms(70000);
	bed_quiet();
	hang_up(&ua, leg);
}

static void
a_refusal_ends_the_leg(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	const struct msg *m;
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	refuse(leg, 486);
	m = ua_take(&ua, "SIP/2.0 486 Busy Here\r\n");
	assert_null(msg_header(m, HEADER_CONTACT));
	assert_null(msg_header(m, HEADER_RECORD_ROUTE));
	assert_int_equal(leg->state, LEG_GONE);
	/* It is over: nothing more can be said. */
	refuse(leg, 500);
	assert_false(answer(leg, SDP_B));
	leg_ring(&bed.legs, leg, 180, STR(""), NULL, bed_turn());
	bed_carry();
	bed_quiet();
	ua_ack(&ua, NULL);
	leg_close(&bed.legs, leg);
}

static void
what_is_too_large_is_500(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	static char headers[HEAD_BYTES_MAX - 200], body[BODY_BYTES_MAX + 1], odd[8 * 1024];
	struct cargo cargo = bed_cargo(body);
	struct leg *leg;

	(void)state;
	memset(headers, 'h', sizeof headers);
	memset(body, 'b', sizeof body - 1);
	memset(odd, 'o', sizeof odd - 1);
	memcpy(headers, "Subject: ", 9);
	memcpy(headers + sizeof headers - 2, "\r\n", 2);
	snprintf(ua.call_id, sizeof ua.call_id, "big@phone");
	snprintf(ua.local, sizeof ua.local, "<sip:a@h>;tag=big");
	snprintf(ua.remote, sizeof ua.remote, "<sip:5000@192.0.2.1>");
	snprintf(ua.target, sizeof ua.target, "sip:5000@192.0.2.1");
	snprintf(ua.host, sizeof ua.host, "192.0.2.9:40000");
	odd[0] = 'v';
	memcpy(odd, "Via: SIP/2.0/TCP h;branch=", 26);
	memcpy(odd + sizeof odd - 3, "\r\n", 3);
	ua_invite(&ua, "5000", odd, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	cargo.headers = str_of(headers, sizeof headers);
	cargo.body = str_of(body, sizeof body - 1);
	assert_false(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "SIP/2.0 500 ");
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
	bed_pass_ms(5000);
	bed_quiet();
}

/* ---- re-INVITEs ---- */

static void
a_change_is_said_and_answered(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	const struct msg *m;

	(void)state;
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	bed_quiet();
	assert_true(answer(leg, SDP_B2));
	m = ua_take(&ua, "SIP/2.0 200 ");
	assert_true(str_same(m->body, STR(SDP_B2)));
	assert_string_equal(
		bed_value(m, HEADER_CONTACT), "<sip:5000@192.0.2.1:5060;transport=tcp>");
	bed_pass_ms(500);
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_pass_ms(70000);
	bed_quiet();
	assert_int_equal(leg->state, LEG_TALKING);
	hang_up(&ua, leg);
}

/* RFC 4028: the session in force told again is a refresh, which is no affair of the other side. */
static void
a_refresh_is_answered_here(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		ua_request(&ua, "INVITE", NULL, SDP_A);
		assert_true(str_same(ua_take(&ua, "SIP/2.0 200 ")->body, STR(SDP_B)));
		bed_mute();
		ua_ack(&ua, NULL);
		(void)bed_say(WORD_ACK);
	}
	hang_up(&ua, leg);
}

/* What was refused is not in force: told again it is asked again. */
/* rows: R6141-4-a */
static void
a_refused_change_leaves_all_as_it_was(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, "Supported: timer\r\n");
	struct session before = leg->session;

	(void)state;
	snprintf(ua.contact, sizeof ua.contact, "sip:moved@192.0.2.9:40000;transport=tcp");
	for (unsigned i = 0; i < 2; i++) {
		ua_request(&ua, "INVITE", NULL, SDP_A2); /* and no timer any more */
		(void)bed_say(WORD_CHANGE);
		refuse(leg, 488);
		(void)ua_take(&ua, "SIP/2.0 488 ");
		ua_ack(&ua, NULL);
		bed_mute();
	}
	assert_int_equal(leg->session.refresher, before.refresher);
	assert_int_equal(leg->session.interval_s, before.interval_s);
	assert_true(str_same(leg_text(leg, TEXT_SDP), STR(SDP_B)));
	/* The session of before is still the one in force, and so is the target (RFC 6141 4). */
	ua_request(&ua, "INVITE", "Supported: timer\r\n", SDP_A);
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_end(leg);
	(void)ua_take(&ua, "BYE sip:moved@"); /* moved by what was accepted */
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	leg_close(&bed.legs, leg);
}

/* rows: R6141-4-a */
static void
the_target_moves_with_what_was_accepted(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	char before[BED_WORD_BYTES];

	(void)state;
	memcpy(before, ua.contact, sizeof before);
	snprintf(ua.contact, sizeof ua.contact, "sip:moved@192.0.2.9:40000;transport=tcp");
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	assert_true(str_same(leg_text(leg, TEXT_TARGET), str_cstr(before)));
	refuse(leg, 488);
	(void)ua_take(&ua, "SIP/2.0 488 ");
	ua_ack(&ua, NULL);
	assert_true(str_same(leg_text(leg, TEXT_TARGET), str_cstr(before)));
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	assert_true(answer(leg, SDP_B2));
	assert_true(str_same(leg_text(leg, TEXT_TARGET), str_cstr(ua.contact)));
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	hang_up(&ua, leg);
}

static void
an_offer_in_the_answer_is_answered_in_the_ack(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	const struct bed_word *word;

	(void)state;
	ua_request(&ua, "INVITE", NULL, NULL);
	(void)bed_say(WORD_CHANGE);
	assert_true(answer(leg, SDP_B2));
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua_ack(&ua, SDP_A2);
	word = bed_say(WORD_ACK);
	assert_int_equal(word->status, 0);
	/* Now that is in force. */
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	bed_mute();
	assert_true(str_same(ua_take(&ua, "SIP/2.0 200 ")->body, STR(SDP_B2)));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	hang_up(&ua, leg);
}

/* rows: R5057-5.1-a R5630-5.1.2-g */
static void
bad_changes_are_refused_and_the_call_goes_on(void **state)
{
	static const struct {
		const char *scheme, *contact;
	} rows[] = {
		{ "sips", "sip:a@192.0.2.9" },
		{ "sip", "tel:+15551234" },
		{ "sip", "sip:a@192.0.2.9>, <sip:b@192.0.2.9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open(rows[i].scheme, TRANSPORT_TLS, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);

		snprintf(ua.contact, sizeof ua.contact, "%s", rows[i].contact);
		ua_request(&ua, "INVITE", NULL, SDP_A2);
		(void)ua_take(&ua, "SIP/2.0 400 ");
		bed_mute();
		ua_ack(&ua, NULL);
		assert_true(
			bed_holds(&(struct msg){ .text = leg_text(leg, TEXT_TARGET) }, "phone@"));
		hang_up(&ua, leg);
		bed_over(ua.flow);
	}
}

static void
an_interval_that_is_too_short_is_422(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, "Supported: timer\r\n");

	(void)state;
	ua_request(&ua, "INVITE", "Supported: timer\r\nSession-Expires: 60\r\n", SDP_A2);
	assert_string_equal(bed_value(ua_take(&ua, "SIP/2.0 422 "), HEADER_MIN_SE), "90");
	ua_ack(&ua, NULL);
	bed_mute();
	assert_int_equal(leg->session.interval_s, 1800);
	hang_up(&ua, leg);
}

/* ---- glare (RFC 3261 14.2) ---- */

static void
a_second_change_before_the_answer_is_500(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct ua first;
	uint64_t wait_s;

	(void)state;
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	first = ua;
	for (unsigned i = 0; i < 20; i++) {
		ua_request(&ua, "INVITE", NULL, SDP_A);
		assert_true(str_number(
			msg_value(ua_take(&ua, "SIP/2.0 500 "), HEADER_RETRY_AFTER), 10, &wait_s));
		ua_ack(&ua, NULL);
	}
	bed_mute();
	assert_true(answer(leg, SDP_B2)); /* the first one is unharmed */
	assert_int_equal(ua_take(&ua, "SIP/2.0 200 ")->cseq, first.invite_cseq);
	ua_ack(&first, NULL);
	(void)bed_say(WORD_ACK);
	hang_up(&ua, leg);
}

static void
a_change_against_our_own_is_491(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct cargo cargo = bed_cargo(SDP_B2);
	struct ua ours = ua;

	(void)state;
	assert_true(leg_may_change(leg));
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	assert_false(leg_may_change(leg));
	(void)ua_take(&ours, "INVITE ");
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)bed_take("SIP/2.0 491 ");
	ua_ack(&ua, NULL);
	bed_mute();
	ua_answer_invite(&ours, 200, NULL, SDP_A2);
	(void)bed_say(WORD_CHANGED);
	(void)bed_take("ACK ");
	hang_up(&ua, leg);
}

static void
a_change_before_the_ack_is_491(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct cargo cargo = bed_cargo(SDP_B2);
	struct leg *leg;
	struct ua first;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(answer(leg, SDP_B));
	(void)ua_take(&ua, "SIP/2.0 200 ");
	first = ua;
	assert_false(leg_may_change(leg)); /* and we do not either */
	(void)cargo;
	ua_request(&ua, "INVITE", NULL, SDP_A2);
	(void)ua_take(&ua, "SIP/2.0 491 ");
	ua_ack(&ua, NULL);
	ua_ack(&first, NULL);
	(void)bed_say(WORD_ACK);
	bed_mute();
	hang_up(&ua, leg);
}

/* The BYE that waited for the ACK finds no way: with the ACK, or without it, it is over. */
static void
a_late_bye_without_a_way_ends_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
		struct leg *leg;

		ua_invite(&ua, "5000", NULL, SDP_A);
		(void)ua_take(&ua, "SIP/2.0 100 ");
		leg = bed_leg();
		assert_true(answer(leg, SDP_B));
		(void)ua_take(&ua, "SIP/2.0 200 ");
		bed_end(leg);
		bed_mute();
		assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("sip:a@0.0.0.0")));
		if (i == 0) {
			ua_ack(&ua, NULL);
			bed_quiet();
		} else {
			bed_pass_ms(64 * T1_MS);
			bed_skip(); /* the 2xx, again and again */
		}
		(void)bed_say(WORD_OVER);
		assert_int_equal(leg->state, LEG_GONE);
		leg_close(&bed.legs, leg);
	}
}

/* A CANCEL for an INVITE that has its answer says nothing to the call. */
static void
a_cancel_without_an_invite_is_nothing(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct msg cancel = { .method = METHOD_CANCEL };

	(void)state;
	assert_int_equal(
		leg_hear_cancel(&bed.legs, leg, &cancel, bed_turn()).word, leg_nothing().word);
	bed_carry();
	bed_quiet();
	assert_int_equal(leg->state, LEG_TALKING);
	hang_up(&ua, leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(each_answer_has_what_it_must),
		BEDDED(the_2xx_is_repeated_until_the_ack),
		BEDDED(the_ack_stops_the_repeats),
		BEDDED(a_refusal_ends_the_leg),
		BEDDED(what_is_too_large_is_500),
		BEDDED(a_change_is_said_and_answered),
		BEDDED(a_refresh_is_answered_here),
		BEDDED(a_refused_change_leaves_all_as_it_was),
		BEDDED(the_target_moves_with_what_was_accepted),
		BEDDED(an_offer_in_the_answer_is_answered_in_the_ack),
		BEDDED(bad_changes_are_refused_and_the_call_goes_on),
		BEDDED(an_interval_that_is_too_short_is_422),
		BEDDED(a_second_change_before_the_answer_is_500),
		BEDDED(a_change_against_our_own_is_491),
		BEDDED(a_change_before_the_ack_is_491),
		BEDDED(a_late_bye_without_a_way_ends_it),
		BEDDED(a_cancel_without_an_invite_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
