/* SPDX-License-Identifier: Apache-2.0 */
/* 2xx that nobody waits for: of a second callee, or behind the end of the call. */
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
hang_up(struct ua *ua, struct leg *leg)
{
	bed_end(leg);
	(void)ua_take(ua, "BYE ");
	ua_answer(ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
}

/* The same INVITE, answered by somebody else. */
static struct ua
fork_of(const struct ua *ua, const char *tag, const char *contact)
{
	struct ua fork = *ua;

	snprintf(fork.local, sizeof fork.local, "x;tag=%s", tag);
	snprintf(fork.contact, sizeof fork.contact, "%s", contact);
	return fork;
}

/* rows: R3261-12.1.2-f */
static void
the_second_fork_that_answers_is_hung_up(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct ua fork = ua;
	const struct msg *m;
	char bye[4096];

	(void)state;
	snprintf(fork.local, sizeof fork.local, "x;tag=another");
	snprintf(fork.contact, sizeof fork.contact, "sip:fork@192.0.2.88:5060");
	ua_answer_invite(&fork, 200, "Record-Route: <sip:192.0.2.99;lr>\r\n", SDP_B);
	m = ua_take(&fork, "ACK sip:fork@192.0.2.88:5060 ");
	assert_string_equal(bed_value(m, HEADER_ROUTE), "<sip:192.0.2.99;lr>");
	assert_true(str_same(m->to.tag, STR("another")));
	m = ua_take(&fork, "BYE sip:fork@192.0.2.88:5060 ");
	assert_int_equal(bed_last()->to.ip[3], 99);
	assert_int_equal(m->cseq, 2);
	snprintf(bye, sizeof bye, "%s", bed_last()->text);
	ua_answer(&fork, 200, NULL, NULL);
	bed_mute();
	/* The call goes on as if nothing had been. */
	assert_int_equal(leg->state, LEG_TALKING);
	assert_int_equal(bed.legs.pool.used, 1);
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_true(bed_holds(ua_take(&ua, "ACK sip:phone@192.0.2.8:5060 "), ";tag=tag-1-1"));
	hang_up(&ua, leg);
}

static void
a_storm_of_forks_takes_no_more_than_its_share(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct ua fork = ua;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(fork.local, sizeof fork.local, "x;tag=fork%u", i);
		ua_answer_invite(&fork, 200, NULL, SDP_B);
	}
	assert_true(txns_count(&bed.txns) < 12);
	assert_int_equal(leg->state, LEG_TALKING);
	bed_skip();
	hang_up(&ua, leg);
}

/* rows: D-fork */
static void
a_fork_that_answers_behind_the_end_is_hung_up(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct ua fork;

	(void)state;
	hang_up(&ua, bed_talk_made(&ua));
	bed_pass_ms(20000);
	fork = fork_of(&ua, "late", "sip:late@192.0.2.88:5060");
	for (unsigned i = 0; i < 3; i++) {
		ua_answer_invite(&fork, 200, "Record-Route: <sip:192.0.2.99;lr>\r\n", SDP_B);
		assert_int_equal(ua_take(&fork, "ACK sip:late@192.0.2.88:5060 ")->cseq, 1);
		assert_int_equal(bed_last()->to.ip[3], 99);
		if (i == 0) { /* once is enough */
			assert_int_equal(ua_take(&fork, "BYE sip:late@192.0.2.88:5060 ")->cseq, 2);
			assert_int_equal(bed_last()->to.ip[3], 99);
			ua_answer(&fork, 200, NULL, NULL);
		}
		bed_quiet();
	}
	/* The callee whose call it was did not hear the ACK; it has had its BYE. */
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_true(bed_holds(ua_take(&ua, "ACK sip:phone@192.0.2.8:5060 "), ";tag=tag-1-1"));
	bed_quiet();
	assert_int_equal(bed.legs.pool.used, 0);
	/* Timer M: it is forgotten. */
	bed_pass_ms(12001);
	assert_int_equal(txns_count(&bed.txns), 0);
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	bed_quiet();
	assert_int_equal(bed.strays, 1);
}

/* rows: S1 S2 S3 */
static void
a_late_fork_of_a_sips_leg_hears_us_over_tls_alone(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct ua fork;

	(void)state;
	hang_up(&ua, bed_talk_made(&ua));
	fork = fork_of(&ua, "late", "sip:late@192.0.2.88:5060");
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	(void)ua_take(&fork, "ACK sip:late@192.0.2.88:5060 ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	(void)ua_take(&fork, "BYE sip:late@192.0.2.88:5060 ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	ua_answer(&fork, 200, NULL, NULL);
	assert_int_equal(bed.dials, 1);
}

/* rows: S1 S2 */
static void
a_late_fork_whose_connection_is_gone_must_prove_its_name(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct flow_id other;
	struct ua fork;

	(void)state;
	hang_up(&ua, bed_talk_made(&ua));
	bed_over(ua.flow);
	other = bed_accept(TRANSPORT_TLS, "192.0.2.66", 40000);
	fork = fork_of(&ua, "late", "sips:late@192.0.2.88:5061");
	fork.flow = other;
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	(void)ua_take(&fork, "ACK sips:late@192.0.2.88:5061 ");
	assert_false(flow_same(bed_last()->flow, other));
	assert_int_equal(bed.dials, 2);
	assert_string_equal(bed.dialled_name, "192.0.2.88");
	(void)ua_take(&fork, "BYE sips:late@192.0.2.88:5061 ");
	fork.flow = bed.dialled;
	ua_answer(&fork, 200, NULL, NULL);
}

static void
a_late_fork_of_a_registered_phone_is_reached_by_its_connection(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.8", 30000);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg;
	struct ua fork;

	(void)state;
	plan.ways[0].tie = TIE_REGISTERED;
	plan.ways[0].flow = ua.flow;
	leg = bed_make(&plan, SDP_A);
	assert_non_null(leg);
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK ");
	hang_up(&ua, leg);
	fork = fork_of(&ua, "late", "sips:late@10.0.0.8:5061");
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	(void)ua_take(&fork, "ACK sips:late@10.0.0.8:5061 ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	(void)ua_take(&fork, "BYE sips:late@10.0.0.8:5061 ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	ua_answer(&fork, 200, NULL, NULL);
	assert_int_equal(bed.dials, 0);
}

/* The dialog has had its BYE: the answer to its last INVITE gets the ACK alone. */
static void
a_reinvite_that_is_answered_behind_the_end_is_acknowledged(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct cargo cargo = bed_cargo(SDP_A2);

	(void)state;
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "INVITE ");
	bed_end(leg);
	(void)ua_take(&ua, "BYE ");
	ua_answer(&ua, 200, NULL, NULL);
	(void)bed_say(WORD_OVER);
	leg_close(&bed.legs, leg);
	ua_answer_invite(&ua, 200, NULL, SDP_B2);
	assert_int_equal(ua_take(&ua, "ACK sip:phone@192.0.2.8:5060")->cseq, 2);
	bed_quiet();
}

/* What nobody waits for is an answer to an INVITE, and a 2xx: anything else gets nothing. */
static void
what_is_no_2xx_to_an_invite_is_not_hung_up(void **state)
{
	static const struct {
		enum method method;
		unsigned status;
	} rows[] = { { METHOD_INFO, 200 }, { METHOD_INVITE, 180 }, { METHOD_INVITE, 302 },
		{ METHOD_INVITE, 487 } };
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	unsigned used = bed.legs.pool.used;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct news news = { .kind = NEWS_FORK, .method = rows[i].method };
		struct msg msg = { .status = rows[i].status };

		legs_hear_orphan(&bed.legs, &news, &msg, bed_turn());
		bed_carry();
	}
	legs_hear_orphan(&bed.legs, &(struct news){ .kind = NEWS_TIMEOUT, .method = METHOD_INVITE },
		NULL, bed_turn());
	bed_carry();
	bed_quiet();
	assert_int_equal(bed.legs.pool.used, used);
	hang_up(&ua, leg);
}

/* Without room for a leg of its own a fork is left to its own timers. */
static void
without_room_a_fork_is_not_answered(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *legs[BED_LEGS];
	struct ua fork;

	(void)state;
	legs[0] = bed_talk_made(&ua);
	for (unsigned i = 1; i < BED_LEGS; i++) {
		struct leg_plan plan = bed_plan(&ua);

		legs[i] = bed_make(&plan, SDP_A);
		assert_non_null(legs[i]);
	}
	bed_skip();
	fork = fork_of(&ua, "late", "sip:late@192.0.2.88:5060");
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	bed_quiet();
	bed_drop(legs[1]);
	ua_answer_invite(&fork, 200, NULL, SDP_B);
	(void)ua_take(&fork, "ACK sip:late@192.0.2.88:5060 ");
	assert_int_equal(bed.legs.pool.used, BED_LEGS - 1);
	for (unsigned i = 0; i < BED_LEGS; i++)
		if (i != 1)
			bed_drop(legs[i]);
	bed_pass_ms(70000);
	bed_skip();
}

/* Neither the ACK nor the BYE finds a way: then it is over at once. */
static void
an_answer_that_leads_nowhere_crosses_the_cancel(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	(void)state;
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 100, NULL, NULL);
	bed_end(leg);
	(void)bed_take("CANCEL ");
	snprintf(ua.contact, sizeof ua.contact, "sip:b@0.0.0.0");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_OVER);
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
	bed_pass_ms(70000);
	bed_skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(the_second_fork_that_answers_is_hung_up),
		BEDDED(a_storm_of_forks_takes_no_more_than_its_share),
		BEDDED(a_fork_that_answers_behind_the_end_is_hung_up),
		BEDDED(a_late_fork_of_a_sips_leg_hears_us_over_tls_alone),
		BEDDED(a_late_fork_whose_connection_is_gone_must_prove_its_name),
		BEDDED(a_late_fork_of_a_registered_phone_is_reached_by_its_connection),
		BEDDED(a_reinvite_that_is_answered_behind_the_end_is_acknowledged),
		BEDDED(what_is_no_2xx_to_an_invite_is_not_hung_up),
		BEDDED(without_room_a_fork_is_not_answered),
		BEDDED(an_answer_that_leads_nowhere_crosses_the_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
