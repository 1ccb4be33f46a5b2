/* SPDX-License-Identifier: Apache-2.0 */
/* Requests inside the dialog, either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

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
	bed_quiet();
	bed_mute();
}

static bool
change(struct leg *leg, const char *body)
{
	struct cargo cargo = bed_cargo(body);
	bool is_sent = leg_change(&bed.legs, leg, &cargo, bed_turn());

	bed_carry();
	return is_sent;
}

static struct ref
ask(struct leg *leg, enum method method)
{
	struct cargo cargo = bed_cargo("x");
	struct ref txn = leg_ask(&bed.legs, leg, method, &cargo, bed_turn());

	bed_carry();
	return txn;
}

/* ---- what the leg answers by itself ---- */

static void
what_is_listed_and_not_carried_gets_its_refusal(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
		enum header_id also;
	} rows[] = {
		{ "OPTIONS", 200, HEADER_ACCEPT },
		{ "REFER", 603, HEADER_VIA },
		{ "PRACK", 481, HEADER_VIA },
		{ "NOTIFY", 481, HEADER_VIA },
		{ "UPDATE", 405, HEADER_ALLOW },
		{ "SUBSCRIBE", 405, HEADER_ALLOW },
		{ "PUBLISH", 405, HEADER_ALLOW },
		{ "REGISTER", 405, HEADER_ALLOW },
		{ "FOO", 501, HEADER_ALLOW },
	};
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct msg *m;

		ua_request(&ua, rows[i].method, NULL, NULL);
		m = ua_take(&ua, "SIP/2.0 ");
		assert_int_equal(m->status, rows[i].status);
		assert_non_null(msg_header(m, rows[i].also));
		assert_string_equal(bed_cstr(m->to.text), ua.remote);
		bed_mute();
	}
	assert_int_equal(leg->state, LEG_TALKING);
	drop(&ua, leg);
}

/* RFC 3261 12.2.2. */
static void
numbers_go_up(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	ua.cseq += 1000; /* gaps are fine */
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	ua.cseq--;
	ua_request(&ua, "OPTIONS", NULL, NULL); /* the same again */
	(void)bed_take("SIP/2.0 500 CSeq");
	ua.cseq -= 5;
	ua_request(&ua, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 500 CSeq");
	assert_int_equal(leg->state, LEG_TALKING);
	ua.cseq = UINT32_MAX - 1;
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	drop(&ua, leg);
}

static void
a_callee_may_begin_at_nought(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);

	(void)state;
	ua.cseq = UINT32_MAX;
	ua_request(&ua, "OPTIONS", NULL, NULL); /* CSeq 0 */
	(void)bed_take("SIP/2.0 200 ");
	ua.cseq = UINT32_MAX;
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 500 ");
	drop(&ua, leg);
}

static void
a_leg_that_leaves_takes_nothing_but_bye(void **state)
{
	static const char *const methods[] = { "INFO", "OPTIONS", "INVITE", "MESSAGE" };
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct ua bye = ua;

	(void)state;
	bed_end(leg);
	(void)ua_take(&bye, "BYE ");
	for (size_t i = 0; i < 4; i++) {
		ua_request(&ua, methods[i], NULL, NULL);
		(void)bed_take("SIP/2.0 481 ");
		if (i == 2)
			ua_ack(&ua, NULL);
	}
	bed_mute();
	ua_answer(&bye, 200, NULL, NULL); /* of what it took last: the BYE */
	(void)bed_say(WORD_OVER);
	drop(&ua, leg);
}

static void
a_request_that_fits_no_dialog(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct ua other = ua;

	(void)state;
	bed.may_echo = true;
	snprintf(other.call_id, sizeof other.call_id, "another@phone");
	ua_request(&other, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 481 ");
	other = ua;
	snprintf(other.local, sizeof other.local, "<sip:7789@192.0.2.1>;tag=another");
	ua_request(&other, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 481 ");
	other = ua;
	other.remote[strlen(other.remote) - 1]++; /* another number behind the dash */
	ua_request(&other, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 481 ");
	other = ua;
	*strstr(other.remote, ";tag=") = '\0';
	ua_request(&other, "BYE", NULL, NULL);
	(void)bed_take("SIP/2.0 481 ");
	assert_int_equal(leg->state, LEG_TALKING);
	drop(&ua, leg);
}

/* ---- INFO and MESSAGE ---- */

static void
what_is_asked_is_said_and_answered(void **state)
{
	static const char *const methods[] = { "INFO", "MESSAGE" };
	struct cargo cargo = bed_cargo("got it");
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct bed_word *word;
		const struct msg *m;

		ua_request(&ua, methods[i], NULL, "digits");
		word = bed_say(WORD_ASK);
		assert_int_equal(word->method, i == 0 ? METHOD_INFO : METHOD_MESSAGE);
		bed_quiet();
		leg_asked(&bed.legs, leg, word->txn, 200, STR("Heard"), &cargo, bed_turn());
		bed_carry();
		m = ua_take(&ua, "SIP/2.0 200 Heard\r\n");
		assert_true(str_same(m->body, STR("got it")));
		assert_null(msg_header(m, HEADER_CONTACT));
		leg_asked(&bed.legs, leg, word->txn, 200, STR(""), &cargo, bed_turn());
		bed_carry();
		bed_quiet(); /* there is one answer */
	}
	drop(&ua, leg);
}

static void
an_answer_too_large_leaves_its_cargo_behind(void **state)
{
	static char body[WRITE_BYTES_MAX];
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct cargo cargo = bed_cargo(NULL);

	(void)state;
	ua_request(&ua, "INFO", NULL, "digits");
	cargo.body = str_of(memset(body, 'x', sizeof body), sizeof body);
	leg_asked(&bed.legs, leg, bed_say(WORD_ASK)->txn, 200, STR(""), &cargo, bed_turn());
	bed_carry();
	assert_int_equal(ua_take(&ua, "SIP/2.0 200 ")->body.len, 0);
	drop(&ua, leg);
}

static void
what_we_ask_is_answered(void **state)
{
	static const unsigned answers[] = { 200, 202, 302, 403, 405, 415, 469, 486, 500, 603 };
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct ref txn = ask(leg, METHOD_INFO);
		const struct bed_word *word;
		const struct msg *m = ua_take(&ua, "INFO sip:phone@");

		assert_true(str_same(m->body, STR("x")));
		assert_int_equal(m->cseq, i + 1);
		ua_answer(&ua, 100, NULL, NULL);
		bed_mute();
		ua_answer(&ua, answers[i], NULL, NULL);
		word = bed_say(WORD_ASKED);
		assert_int_equal(word->status, answers[i]);
		assert_true(ref_same(word->txn, txn));
		assert_int_equal(leg->state, LEG_TALKING);
	}
	drop(&ua, leg);
}

/* RFC 3261 12.2.1.2, RFC 5057 5.1. */
static void
some_answers_end_the_dialog(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct ua ua = caller();
		struct leg *leg = bed_talk_answered(&ua, NULL);

		(void)ask(leg, METHOD_INFO);
		(void)ua_take(&ua, "INFO ");
		if (i < 2)
			ua_answer(&ua, i == 0 ? 408 : 481, NULL, NULL);
		else if (i == 2)
			bed_pass_ms(64 * T1_MS);
		else
			bed_over(ua.flow), bed_pass_ms(0);
		(void)bed_take("BYE ");
		assert_int_equal(bed_say(WORD_BYE)->status, 408);
		assert_int_equal(leg->state, LEG_LEAVING);
		bed_drop(leg);
		if (i < 3)
			bed_over(ua.flow);
	}
}

static void
nothing_is_asked_where_there_is_no_dialog(void **state)
{
	struct ua ua = caller();
	struct ua callee = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&callee);
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	bed_skip();
	leg = bed_leg();
	assert_true(ref_is_none(ask(leg, METHOD_INFO)));
	leg_refuse(&bed.legs, leg, 486, STR(""), NULL, bed_turn());
	bed_carry();
	bed_skip();
	assert_true(ref_is_none(ask(leg, METHOD_INFO)));
	ua_ack(&ua, NULL);
	leg_close(&bed.legs, leg);
	leg = bed_make(&plan, SDP_A);
	assert_true(ref_is_none(ask(leg, METHOD_INFO)));
	assert_false(leg_may_change(leg));
	bed_drop(leg);
	bed_skip();
}

/* ---- changes that we ask for ---- */

static void
a_change_is_taken(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	const struct msg *m;

	(void)state;
	assert_true(change(leg, SDP_A2));
	m = ua_take(&ua, "INVITE sip:phone@192.0.2.8:5060;transport=tcp ");
	assert_true(str_same(m->body, STR(SDP_A2)));
	assert_string_equal(
		bed_value(m, HEADER_CONTACT), "<sip:7789@192.0.2.1:5060;transport=tcp>");
	assert_null(msg_header(m, HEADER_SESSION_EXPIRES));
	assert_int_equal(m->max_forwards, 70);
	snprintf(ua.contact, sizeof ua.contact, "sip:moved@192.0.2.8:5060;transport=tcp");
	ua_answer_invite(&ua, 180, NULL, NULL);
	bed_mute();
	ua_answer_invite(&ua, 200, NULL, SDP_B2);
	assert_int_equal(bed_say(WORD_CHANGED)->status, 200);
	/* The ACK goes to the new target already (RFC 6141 4). */
	assert_int_equal(ua_take(&ua, "ACK sip:moved@")->cseq, 2);
	assert_true(str_same(leg_text(leg, TEXT_SDP), STR(SDP_A2)));
	assert_true(leg_may_change(leg));
	/* What the peer answered is the session in force: told again it is a refresh. */
	ua_request(&ua, "INVITE", NULL, SDP_B2);
	bed_mute();
	assert_true(str_same(ua_take(&ua, "SIP/2.0 200 ")->body, STR(SDP_A2)));
	ua_ack(&ua, NULL);
	(void)bed_say(WORD_ACK);
	drop(&ua, leg);
}

static void
a_change_without_an_offer_waits_for_the_answer(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct cargo cargo = bed_cargo(SDP_A2);

	(void)state;
	assert_true(change(leg, NULL));
	assert_int_equal(ua_take(&ua, "INVITE ")->body.len, 0);
	ua_answer_invite(&ua, 200, NULL, SDP_B2);
	(void)bed_say(WORD_CHANGED);
	bed_quiet();
	assert_true(leg->owes_ack && !leg_may_change(leg));
	leg_ack(&bed.legs, leg, &cargo, bed_turn());
	bed_carry();
	assert_true(str_same(ua_take(&ua, "ACK ")->body, STR(SDP_A2)));
	assert_true(leg_may_change(leg));
	drop(&ua, leg);
}

static void
a_change_is_refused(void **state)
{
	static const unsigned answers[] = { 302, 401, 403, 415, 422, 480, 486, 488, 491, 500, 503,
		606 };
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		assert_true(change(leg, SDP_A2));
		(void)ua_take(&ua, "INVITE ");
		ua_answer_invite(&ua, answers[i], NULL, NULL);
		(void)bed_take("ACK ");
		assert_int_equal(bed_say(WORD_REFUSED)->status, answers[i]);
		assert_true(str_same(leg_text(leg, TEXT_SDP), STR(SDP_A)));
		assert_true(leg_may_change(leg));
	}
	drop(&ua, leg);
}

static void
a_change_that_ends_the_dialog(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
		struct leg *leg = bed_talk_made(&ua);

		assert_true(change(leg, SDP_A2));
		(void)ua_take(&ua, "INVITE ");
		if (i < 2) {
			ua_answer_invite(&ua, i == 0 ? 408 : 481, NULL, NULL);
			(void)bed_take("ACK ");
		} else {
			bed_pass_ms(64 * T1_MS);
		}
		(void)bed_take("BYE ");
		assert_int_equal(bed_say(WORD_BYE)->status, 408);
		drop(&ua, leg);
	}
}

static void
a_change_is_cancelled(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);

	(void)state;
	assert_false(leg_cancel_change(&bed.legs, leg, bed_turn()));
	assert_true(change(leg, SDP_A2));
	(void)ua_take(&ua, "INVITE ");
	assert_true(leg_cancel_change(&bed.legs, leg, bed_turn()));
	bed_carry();
	bed_quiet(); /* not before it has said something */
	ua_answer_invite(&ua, 100, NULL, NULL);
	(void)bed_take("CANCEL ");
	ua_answer_invite(&ua, 487, NULL, NULL);
	(void)bed_take("ACK ");
	assert_int_equal(bed_say(WORD_REFUSED)->status, 487);
	assert_int_equal(leg->state, LEG_TALKING);
	drop(&ua, leg);
}

static void
a_change_that_does_not_fit_is_not_sent(void **state)
{
	static char body[WRITE_BYTES_MAX + 1];
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);

	(void)state;
	memset(body, 'x', sizeof body - 1);
	assert_false(change(leg, body));
	assert_true(leg_may_change(leg));
	assert_int_equal(leg->local_cseq, 1);
	drop(&ua, leg);
}

/* What was asked is no matter any more once we hang up, even while the BYE waits for an ACK. */
static void
an_answer_behind_our_end_says_nothing(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);

	(void)state;
	(void)ask(leg, METHOD_INFO);
	(void)ua_take(&ua, "INFO ");
	leg->wants_bye = true;
	ua_answer(&ua, 481, NULL, NULL); /* which would end it a second time */
	bed_mute();
	bed_quiet();
	assert_int_equal(leg->state, LEG_TALKING);
	leg->wants_bye = false;
	bed_end(leg);
	(void)ua_take(&ua, "BYE ");
	assert_true(ref_is_none(ask(leg, METHOD_INFO)));
	bed_quiet();
	drop(&ua, leg);
}

/* How the session is to be taken is kept with it. */
static void
a_disposition_is_kept_with_its_session(void **state)
{
	struct ua ua = caller();
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	cargo.body_headers = STR("Content-Type: application/sdp\r\n"
				 "Content-Disposition: session;handling=required\r\n");
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 200, NULL, SDP_A2);
	(void)bed_say(WORD_CHANGED);
	(void)ua_take(&ua, "ACK ");
	assert_true(str_same(leg_text(leg, TEXT_SDP), STR(SDP_B2)));
	assert_true(str_same(leg_text(leg, TEXT_SDP_HEADERS), cargo.body_headers));
	drop(&ua, leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(what_is_listed_and_not_carried_gets_its_refusal),
		BEDDED(numbers_go_up),
		BEDDED(a_callee_may_begin_at_nought),
		BEDDED(a_leg_that_leaves_takes_nothing_but_bye),
		BEDDED(a_request_that_fits_no_dialog),
		BEDDED(what_is_asked_is_said_and_answered),
		BEDDED(an_answer_too_large_leaves_its_cargo_behind),
		BEDDED(what_we_ask_is_answered),
		BEDDED(some_answers_end_the_dialog),
		BEDDED(nothing_is_asked_where_there_is_no_dialog),
		BEDDED(a_change_is_taken),
		BEDDED(a_change_without_an_offer_waits_for_the_answer),
		BEDDED(a_change_is_refused),
		BEDDED(a_change_that_ends_the_dialog),
		BEDDED(a_change_is_cancelled),
		BEDDED(a_change_that_does_not_fit_is_not_sent),
		BEDDED(an_answer_behind_our_end_says_nothing),
		BEDDED(a_disposition_is_kept_with_its_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
