/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

static void
t_j_repeat_gets_the_same_answer(void **state)
{
	struct ref ref = serve("REGISTER", &udp);

	(void)state;
	assert_true(answer(ref, 200));
	pass_until(500);
	assert_int_equal(hear("REGISTER", VIA_1), HEARD_REPEAT);
	pass_until(31999);
	assert_int_equal(hear("REGISTER", VIA_1), HEARD_REPEAT);
	SENT_AT(0, "SIP/2.0 200 ", 0, 500, 31999);
	pass_until(32000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(hear("REGISTER", VIA_1), HEARD_NEW);
	assert_int_equal(stage.told_count, 0);
}

static void
t_j_nothing_is_sent_unasked(void **state)
{
	struct ref ref = serve("BYE", &udp);

	(void)state;
	answer(ref, 481);
	pass_until(60000);
	SENT_AT(0, "SIP/2.0 481 ", 0);
}

static void
t_j_no_time_at_all_on_a_reliable_way(void **state)
{
	struct ref ref = serve("BYE", &tls);

	(void)state;
	answer(ref, 200);
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_false(answer(ref, 200));
}

static void
t_j_before_the_answer_a_repeat_gets_the_last_1xx(void **state)
{
	struct ref ref = serve("INFO", &udp);

	(void)state;
	assert_int_equal(hear("INFO", VIA_1), HEARD_REPEAT);
	assert_int_equal(stage.sent_count, 0);
	pass_until(3500);
	assert_true(answer(ref, 100));
	assert_int_equal(hear("INFO", VIA_1), HEARD_REPEAT);
	SENT_AT(0, "SIP/2.0 100 ", 3500, 3500);
	assert_true(answer(ref, 100));
	assert_true(answer(ref, 200));
	assert_int_equal(stage.sent_count, 4);
}

static void
x1_one_final_answer_and_nothing_after_it(void **state)
{
	struct ref ref = serve("INFO", &udp);

	(void)state;
	assert_true(answer(ref, 500));
	assert_false(answer(ref, 100));
	assert_false(answer(ref, 200));
	assert_false(answer(ref, 500));
	assert_int_equal(stage.sent_count, 1);
}

static void
t_terr_a_flow_that_fails_is_nothing_to_it(void **state)
{
	struct ref ref = serve("INFO", &udp);

	(void)state;
	txns_flow_gone(&stage.txns, udp.flow, stage.now);
	pass_until(100);
	assert_int_equal(txns_count(&stage.txns), 1);
	assert_true(answer(ref, 200));
}

static void
t_4320b_who_waited_too_long_gets_no_answer(void **state)
{
	struct ref trying = serve("INFO", &tls);
	struct ref proceeding = serve_by("INFO", "SIP/2.0/TLS a;branch=z9hG4bK2", 2, "t", &tls);

	(void)state;
	answer(proceeding, 100);
	pass_until(32000);
	txn_disown(&stage.txns, trying);
	txn_disown(&stage.txns, proceeding);
	pass_until(40000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(stage.sent_count, 1);
	assert_false(answer(trying, 504));
}

static void
disowned_is_silent_while_repeats_can_come(void **state)
{
	struct ref ref = serve("INFO", &udp);

	(void)state;
	txn_disown(&stage.txns, ref);
	pass_until(31999);
	assert_int_equal(hear("INFO", VIA_1), HEARD_REPEAT);
	pass_until(32000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(stage.sent_count, 0);
}

static void
disowned_after_the_answer_stays_for_j(void **state)
{
	struct ref ref = serve("BYE", &udp);

	(void)state;
	answer(ref, 200);
	txn_disown(&stage.txns, ref);
	pass_until(20000);
	assert_int_equal(hear("BYE", VIA_1), HEARD_REPEAT);
	SENT_AT(0, "SIP/2.0 200 ", 0, 20000);
}

static void
echo_and_answer_are_kept_side_by_side(void **state)
{
	static const char first[] = "From: one\r\nTo: two\r\n";
	struct ref ref = serve("INFO", &udp);
	struct ref other = serve_by("INFO", "SIP/2.0/UDP a;branch=z9hG4bK2", 2, "t", &udp);

	(void)state;
	assert_true(str_is_empty(txn_echo(&stage.txns, ref)));
	txn_keep_echo(&stage.txns, ref, str_cstr(first));
	answer(ref, 100);
	assert_true(str_same(txn_echo(&stage.txns, ref), str_cstr(first)));
	txn_keep_echo(&stage.txns, ref, STR("From: a longer one than it was before\r\n"));
	hear("INFO", VIA_1);
	SENT_AT(0, "SIP/2.0 100 ", 0, 0);
	txn_keep_echo(&stage.txns, ref, STR("x"));
	hear("INFO", VIA_1);
	SENT_AT(0, "SIP/2.0 100 ", 0, 0, 0);
	assert_true(str_same(txn_echo(&stage.txns, ref), STR("x")));
	assert_true(str_is_empty(txn_echo(&stage.txns, other)));
	assert_int_equal(hear("INFO", VIA_1), HEARD_REPEAT); /* the name was not touched */
	answer(ref, 200);
	answer(other, 200);
	pass_until(32000);
	assert_true(str_is_empty(txn_echo(&stage.txns, ref)));
	txn_keep_echo(&stage.txns, ref, STR("x"));
}

static void
owner_may_come_later(void **state)
{
	const struct txn_owner later = { .kind = OWNER_ENROL, .ref = { 8, 9 } };
	struct ref ref = serve("INVITE", &tls);

	(void)state;
	txn_own(&stage.txns, ref, later);
	answer(ref, 500);
	pass_until(32000);
	assert_told(0, NEWS_NO_ACK, 32000, ref);
	assert_int_equal(stage.told[0].news.owner.kind, OWNER_ENROL);
	assert_true(ref_same(stage.told[0].news.owner.ref, later.ref));
	txn_own(&stage.txns, ref, leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(t_j_repeat_gets_the_same_answer),
		STAGED(t_j_nothing_is_sent_unasked),
		STAGED(t_j_no_time_at_all_on_a_reliable_way),
		STAGED(t_j_before_the_answer_a_repeat_gets_the_last_1xx),
		STAGED(x1_one_final_answer_and_nothing_after_it),
		STAGED(t_terr_a_flow_that_fails_is_nothing_to_it),
		STAGED(t_4320b_who_waited_too_long_gets_no_answer),
		STAGED(disowned_is_silent_while_repeats_can_come),
		STAGED(disowned_after_the_answer_stays_for_j),
		STAGED(echo_and_answer_are_kept_side_by_side),
		STAGED(owner_may_come_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
