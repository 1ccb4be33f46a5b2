/* SPDX-License-Identifier: Apache-2.0 */
/* The session timer of the legs that we answer (RFC 4028). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static const char timer[] = "Supported: timer\r\nSession-Expires: 600\r\nAllow: INVITE, BYE\r\n";
static const char update[] =
	"Supported: timer\r\nSession-Expires: 600\r\nAllow: INVITE, UPDATE\r\n";

enum { HALF_MS = 300 * 1000 };

static struct ua
caller(void)
{
	return ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
}

static void
drop(struct ua *ua, struct leg *leg)
{
	bed_drop(leg);
	bed_over(ua->flow);
	bed_skip();
	bed.words_taken = bed.word_count;
}

/* What the INVITE says and what the 2xx says to it (RFC 4028 9, Table 2). */
static void
what_is_promised(void **state)
{
	static const struct {
		const char *lines, *promise;
		bool requires;
	} rows[] = {
		{ "", "", false },
		{ "Session-Expires: 600\r\n", "", false }, /* it has not the extension */
		{ "Supported: timer\r\n", "1800;refresher=uas", false },
		{ "k: 100rel, timer\r\nx: 600\r\n", "600;refresher=uas", false },
		{ "Supported: timer\r\nSession-Expires: 7200\r\n", "1800;refresher=uas", false },
		{ "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n", "600;refresher=uas",
			false },
		{ "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", "600;refresher=uac",
			true },
		{ "Supported: timer\r\nSession-Expires: 3600\r\nMin-SE: 2400\r\n",
			"2400;refresher=uas", false },
		{ "Supported: timer\r\nSession-Expires: 600\r\nMin-SE: 30\r\n", "600;refresher=uas",
			false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = caller();
		struct cargo cargo = bed_cargo(SDP_B);
		const struct msg *m;

		ua_invite(&ua, "5000", rows[i].lines, SDP_A);
		(void)ua_take(&ua, "SIP/2.0 100 ");
		assert_true(leg_answer(&bed.legs, bed_leg(), STR(""), &cargo, bed_turn()));
		bed_carry();
		m = ua_take(&ua, "SIP/2.0 200 ");
		assert_string_equal(bed_value(m, HEADER_SESSION_EXPIRES), rows[i].promise);
		assert_string_equal(bed_value(m, HEADER_REQUIRE), rows[i].requires ? "timer" : "");
		drop(&ua, bed_leg());
	}
}

static void
without_the_extension_there_is_no_timer(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, "Session-Expires: 600\r\n");

	(void)state;
	bed_pass_ms(86400 * 1000);
	bed_quiet();
	assert_int_equal(leg->state, LEG_TALKING);
	drop(&ua, leg);
}

static void
what_cannot_be_kept_is_not_promised(void **state)
{
	struct ua ua = caller();
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", timer, SDP_A);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(leg_answer(
		&bed.legs, leg, STR(""), &(struct cargo){ .body = STR("") }, bed_turn()));
	bed_carry();
	assert_null(msg_header(ua_take(&ua, "SIP/2.0 200 "), HEADER_SESSION_EXPIRES));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_pass_ms(3600 * 1000);
	bed_quiet();
	drop(&ua, leg);
}

/* ---- we refresh ---- */

static void
by_update_at_half_the_interval(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);
	const struct msg *m;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		bed_pass_ms(HALF_MS - 1);
		bed_quiet();
		bed_pass_ms(1);
		m = ua_take(&ua, "UPDATE sip:phone@192.0.2.9:40000;transport=tcp ");
		assert_string_equal(bed_value(m, HEADER_SESSION_EXPIRES), "600;refresher=uac");
		assert_string_equal(bed_value(m, HEADER_MIN_SE), "90");
		assert_string_equal(bed_value(m, HEADER_SUPPORTED), "timer");
		assert_non_null(msg_header(m, HEADER_CONTACT));
		assert_int_equal(m->body.len, 0);
		ua_answer(&ua, 200, "Session-Expires: 600;refresher=uac\r\n", NULL);
		bed_quiet();
	}
	bed_mute();
	drop(&ua, leg);
}

static void
by_reinvite_with_the_session_unchanged(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, timer);
	const struct msg *m;

	(void)state;
	bed_pass_ms(HALF_MS);
	m = ua_take(&ua, "INVITE sip:phone@192.0.2.9:40000;transport=tcp ");
	assert_string_equal(bed_value(m, HEADER_SESSION_EXPIRES), "600;refresher=uac");
	assert_true(str_same(m->body, STR(SDP_B)));
	assert_string_equal(bed_value(m, HEADER_CONTENT_TYPE), "application/sdp");
	assert_non_null(msg_header(m, HEADER_CONTACT));
	assert_false(leg_may_change(leg));
	/* Glare: a change against it is 491. */
	{
		struct ua crossing = ua;

		ua_request(&crossing, "INVITE", NULL, SDP_A2);
		(void)bed_take("SIP/2.0 491 ");
		ua_ack(&crossing, NULL);
		ua.cseq = crossing.cseq;
	}
	ua_answer_invite(&ua, 100, NULL, NULL);
	ua_answer_invite(&ua, 200, "Session-Expires: 600;refresher=uac\r\n", SDP_A);
	assert_int_equal(ua_take(&ua, "ACK ")->cseq, 1);
	bed_mute();
	assert_true(leg_may_change(leg));
	ua_answer_invite(&ua, 200, NULL, SDP_A); /* its ACK was lost */
	(void)bed_take("ACK ");
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "INVITE ");
	drop(&ua, leg);
}

/* RFC 4028 7.2: what the last 2xx says holds. */
static void
the_answer_sets_the_terms(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);

	(void)state;
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "UPDATE ");
	ua_answer(&ua, 200, "Session-Expires: 200;refresher=uac\r\n", NULL);
	bed_pass_ms(100 * 1000 - 1);
	bed_quiet();
	bed_pass_ms(1);
	(void)ua_take(&ua, "UPDATE ");
	/* From now on the peer does it, and is watched. */
	ua_answer(&ua, 200, "Session-Expires: 300;refresher=uas\r\n", NULL);
	bed_pass_ms(268 * 1000 - 1);
	bed_quiet();
	bed_pass_ms(1);
	(void)ua_take(&ua, "BYE ");
	(void)bed_say(WORD_BYE);
	drop(&ua, leg);
}

static void
an_answer_without_it_turns_it_off(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);

	(void)state;
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "UPDATE ");
	ua_answer(&ua, 200, NULL, NULL);
	bed_pass_ms(86400 * 1000);
	bed_quiet();
	bed_mute();
	assert_int_equal(leg->state, LEG_TALKING);
	drop(&ua, leg);
}

static void
a_change_of_ours_refreshes_too(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	bed_pass_ms(HALF_MS - 1000);
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	assert_string_equal(
		bed_value(ua_take(&ua, "INVITE "), HEADER_SESSION_EXPIRES), "600;refresher=uac");
	ua_answer(&ua, 200, "Session-Expires: 600;refresher=uac\r\n", SDP_A2);
	(void)bed_take("ACK ");
	(void)bed_say(WORD_CHANGED);
	bed_pass_ms(HALF_MS - 1);
	bed_quiet();
	bed_pass_ms(1);
	(void)bed_take("UPDATE ");
	drop(&ua, leg);
}

/* ---- when it fails (RFC 4028 10) ---- */

static void
a_dead_dialog_is_hung_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct ua ua = caller();
		struct leg *leg = bed_talk_answered(&ua, i == 2 ? timer : update);

		bed_pass_ms(HALF_MS);
		(void)ua_take(&ua, i == 2 ? "INVITE " : "UPDATE ");
		if (i == 0)
			ua_answer(&ua, 481, NULL, NULL);
		else
			bed_pass_ms(64 * T1_MS);
		assert_true(bed_holds(ua_take(&ua, "BYE "), "\r\nReason: SIP;cause=408;text="));
		assert_int_equal(bed_say(WORD_BYE)->status, 408);
		ua_answer(&ua, 200, NULL, NULL);
		(void)bed_say(WORD_OVER);
		drop(&ua, leg);
	}
}

static void
another_refusal_is_tried_again_until_it_expires(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);
	unsigned tries = 0;

	(void)state;
	bed_pass_ms(HALF_MS);
	while (strncmp(bed.sent[bed.taken].text, "UPDATE ", 7) == 0) {
		(void)ua_take(&ua, "UPDATE ");
		ua_answer(&ua, 500, NULL, NULL);
		bed_pass_ms(10 * 1000);
		tries++;
	}
	assert_int_equal(tries, 30);
	assert_int_equal(bed.now.mono_ms - BED_START_MS, 600 * 1000);
	(void)ua_take(&ua, "BYE ");
	(void)bed_say(WORD_BYE);
	drop(&ua, leg);
}

static void
glare_is_tried_again_soon(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, timer);

	(void)state;
	bed_pass_ms(HALF_MS);
	for (unsigned i = 0; i < 20; i++) {
		(void)ua_take(&ua, "INVITE ");
		ua_answer(&ua, 491, NULL, NULL);
		(void)bed_take("ACK ");
		bed_pass_ms(2000); /* the caller owns the Call-ID: 0 to 2 s */
	}
	bed_mute();
	drop(&ua, leg);
}

static void
a_longer_interval_is_taken(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);
	const struct msg *m;

	(void)state;
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "UPDATE ");
	ua_answer(&ua, 422, "Min-SE: 1200\r\n", NULL);
	bed_pass_ms(0);
	m = ua_take(&ua, "UPDATE ");
	assert_string_equal(bed_value(m, HEADER_SESSION_EXPIRES), "1200;refresher=uac");
	assert_string_equal(bed_value(m, HEADER_MIN_SE), "1200");
	ua_answer(&ua, 422, "Min-SE: 1200\r\n", NULL); /* that is no answer */
	bed_quiet();
	bed_pass_ms(10 * 1000);
	(void)ua_take(&ua, "UPDATE ");
	ua_answer(&ua, 200, "Session-Expires: 1200;refresher=uac\r\n", NULL);
	bed_pass_ms(600 * 1000 - 1);
	bed_quiet();
	drop(&ua, leg);
}

static void
an_update_that_is_not_known_becomes_an_invite(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);

	(void)state;
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "UPDATE ");
	ua_answer(&ua, 405, NULL, NULL);
	bed_pass_ms(0);
	assert_true(str_same(ua_take(&ua, "INVITE ")->body, STR(SDP_B)));
	ua_answer(&ua, 200, "Session-Expires: 600;refresher=uac\r\n", SDP_A);
	(void)bed_take("ACK ");
	drop(&ua, leg);
}

static void
while_a_change_is_under_way_it_waits(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	bed_pass_ms(HALF_MS - 1);
	ua_request(&ua, "INVITE", timer, SDP_A2);
	(void)bed_say(WORD_CHANGE);
	bed_pass_ms(60 * 1000);
	(void)ua_take(&ua, "SIP/2.0 100 ");
	bed_quiet();
	assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "SIP/2.0 200 ");
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_pass_ms(HALF_MS - 1);
	bed_quiet();
	bed_pass_ms(1);
	(void)bed_take("INVITE "); /* its Allow has no UPDATE any more */
	drop(&ua, leg);
}

static void
a_refresh_that_cannot_leave_is_tried_again(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);

	(void)state;
	assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("sip:a@0.0.0.0")));
	bed_over(ua.flow);
	bed_pass_ms(600 * 1000 - 1);
	bed_quiet();
	bed_mute();
	bed_pass_ms(1);
	assert_int_equal(bed_say(WORD_BYE)->status, 408);
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
}

static void
an_answer_after_our_bye_is_only_acked(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, timer);

	(void)state;
	bed_pass_ms(HALF_MS);
	(void)ua_take(&ua, "INVITE ");
	bed_end(leg);
	(void)bed_take("BYE ");
	ua_answer_invite(&ua, 200, "Session-Expires: 600;refresher=uac\r\n", SDP_A);
	(void)bed_take("ACK ");
	bed_mute();
	assert_false(alarm_is_armed(&leg->alarms[LEG_ALARM_SESSION]));
	drop(&ua, leg);
}

/* ---- the peer refreshes ---- */

static void
a_peer_that_promised_is_watched(void **state)
{
	static const struct {
		unsigned interval_s, bye_s;
	} rows[] = { { 600, 568 }, { 90, 60 }, { 1800, 1768 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ua ua = caller();
		struct leg *leg;
		char lines[96];

		snprintf(lines, sizeof lines,
			"Supported: timer\r\nSession-Expires: %u;refresher=uac\r\n",
			rows[i].interval_s);
		leg = bed_talk_answered(&ua, lines);
		bed_pass_ms(rows[i].bye_s * 1000 - 1000);
		bed_quiet();
		ua_request(&ua, "INVITE", lines, SDP_A); /* in time */
		(void)ua_take(&ua, "SIP/2.0 200 ");
		ua_ack(&ua, NULL);
		(void)bed_say(WORD_ACK);
		bed_pass_ms(rows[i].bye_s * 1000 - 1);
		bed_quiet();
		bed_pass_ms(1);
		(void)bed_take("BYE ");
		(void)bed_say(WORD_BYE);
		drop(&ua, leg);
	}
}

static void
a_later_invite_without_it_turns_it_off(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, timer);

	(void)state;
	ua_request(&ua, "INVITE", NULL, SDP_A);
	assert_null(msg_header(ua_take(&ua, "SIP/2.0 200 "), HEADER_SESSION_EXPIRES));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_pass_ms(86400 * 1000);
	bed_quiet();
	drop(&ua, leg);
}

static void
a_leg_that_we_make_has_none(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct cargo cargo = bed_cargo(SDP_A);
	const struct msg *m;

	(void)state;
	ua_request(&ua, "INVITE", timer, SDP_B2);
	(void)bed_say(WORD_CHANGE);
	assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	m = ua_take(&ua, "SIP/2.0 200 ");
	assert_null(msg_header(m, HEADER_SESSION_EXPIRES));
	assert_string_equal(bed_value(m, HEADER_SUPPORTED), "uui");
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	bed_pass_ms(86400 * 1000);
	bed_quiet();
	drop(&ua, leg);
}

/* Who is about to hang up refreshes nothing. */
static void
what_waits_for_its_bye_is_not_refreshed(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, update);

	(void)state;
	leg->wants_bye = true;
	bed_pass_ms(2 * HALF_MS + 1000); /* past its end too */
	bed_quiet();
	bed_mute();
	assert_int_equal(leg->state, LEG_TALKING);
	assert_true(ref_is_none(leg->session.refresh));
	drop(&ua, leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(what_is_promised),
		BEDDED(without_the_extension_there_is_no_timer),
		BEDDED(what_cannot_be_kept_is_not_promised),
		BEDDED(by_update_at_half_the_interval),
		BEDDED(by_reinvite_with_the_session_unchanged),
		BEDDED(the_answer_sets_the_terms),
		BEDDED(an_answer_without_it_turns_it_off),
		BEDDED(a_change_of_ours_refreshes_too),
		BEDDED(a_dead_dialog_is_hung_up),
		BEDDED(another_refusal_is_tried_again_until_it_expires),
		BEDDED(glare_is_tried_again_soon),
		BEDDED(a_longer_interval_is_taken),
		BEDDED(an_update_that_is_not_known_becomes_an_invite),
		BEDDED(while_a_change_is_under_way_it_waits),
		BEDDED(a_refresh_that_cannot_leave_is_tried_again),
		BEDDED(an_answer_after_our_bye_is_only_acked),
		BEDDED(a_peer_that_promised_is_watched),
		BEDDED(a_later_invite_without_it_turns_it_off),
		BEDDED(a_leg_that_we_make_has_none),
		BEDDED(what_waits_for_its_bye_is_not_refreshed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
