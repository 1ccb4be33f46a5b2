/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

static void
t_g_refusal_resends_doubling_up_to_t2(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	assert_true(answer(ref, 486));
	pass_until(60000);
	SENT_AT(0, "SIP/2.0 486 ", 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500,
		31500);
	assert_int_equal(stage.sent[4].flow, 1);
	assert_true(addr_same(&stage.sent[4].to, &udp.addr));
}

static void
t_g_not_on_a_reliable_way(void **state)
{
	struct ref ref = serve("INVITE", &tls);

	(void)state;
	assert_true(answer(ref, 486));
	pass_until(60000);
	SENT_AT(0, "SIP/2.0 486 ", 0);
}

static void
t_g_ack_stops_it(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 486);
	pass_until(600);
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK);
	pass_until(60000);
	SENT_AT(0, "SIP/2.0 486 ", 0, 500);
	assert_int_equal(stage.told_count, 0);
}

static void
t_h_no_ack_is_told_on_any_way(void **state)
{
	const struct txn_way *const ways[] = { &udp, &tls };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t from_ms = stage.now.mono_ms - START_MS;
		struct ref ref = serve("INVITE", ways[i]);

		answer(ref, 500);
		pass_until(from_ms + 31999);
		assert_int_equal(txns_count(&stage.txns), 1);
		pass_until(from_ms + 32000);
		assert_int_equal(txns_count(&stage.txns), 0);
		assert_int_equal(stage.told_count, i + 1);
		assert_told(i, NEWS_NO_ACK, from_ms + 32000, ref);
		assert_int_equal(stage.told[i].news.owner.kind, OWNER_LEG);
		assert_int_equal(stage.told[i].news.method, METHOD_INVITE);
	}
}

static void
t_i_further_acks_are_absorbed(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 404);
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK);
	pass_until(4999);
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK);
	assert_int_equal(hear("INVITE", VIA_1), HEARD_REPEAT);
	assert_int_equal(stage.sent_count, 1);
	pass_until(5000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK_UP);
}

static void
t_i_no_time_at_all_on_a_reliable_way(void **state)
{
	struct ref ref = serve("INVITE", &tls);

	(void)state;
	answer(ref, 404);
	assert_int_equal(hear_by("ACK", VIA_1, 1, "ours", &tls), HEARD_ACK);
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
t_l_accepted_absorbs_repeats_and_passes_acks(void **state)
{
	const struct txn_way *const ways[] = { &udp, &tls };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t from_ms = stage.now.mono_ms - START_MS;
		struct ref ref = serve("INVITE", ways[i]);

		assert_true(answer(ref, 200));
		pass_until(from_ms + 20000);
		assert_int_equal(hear_by("INVITE", VIA_1, 1, "", ways[i]), HEARD_REPEAT);
		assert_int_equal(hear_by("ACK", VIA_1, 1, "ours", ways[i]), HEARD_ACK_UP);
		assert_int_equal(hear("ACK", "SIP/2.0/UDP a;branch=z9hG4bKother"), HEARD_ACK_UP);
		pass_until(from_ms + 31999);
		assert_int_equal(hear_by("INVITE", VIA_1, 1, "", ways[i]), HEARD_REPEAT);
		assert_int_equal(stage.sent_count, i + 1);
		pass_until(from_ms + 32000);
		assert_int_equal(txns_count(&stage.txns), 0);
		assert_int_equal(stage.told_count, 0);
	}
}

static void
t_2xx_is_sent_again_when_its_leg_says_so(void **state)
{
	struct ref ref = serve("INVITE", &tls);

	(void)state;
	assert_false(txn_answer_again(&stage.txns, ref, &stage.out));
	answer(ref, 200);
	pass_until(500);
	assert_true(txn_answer_again(&stage.txns, ref, &stage.out));
	carry();
	pass_until(1500);
	assert_true(txn_answer_again(&stage.txns, ref, &stage.out));
	carry();
	SENT_AT(0, "SIP/2.0 200 ", 0, 500, 1500);
	txn_acked(&stage.txns, ref);
	assert_false(txn_answer_again(&stage.txns, ref, &stage.out));
	assert_int_equal(hear("INVITE", VIA_1), HEARD_REPEAT);
	carry();
	assert_int_equal(stage.sent_count, 3);
	pass_until(40000);
	assert_false(txn_answer_again(&stage.txns, ref, &stage.out));
	txn_acked(&stage.txns, ref);
}

static void
t_100_the_last_provisional_answers_a_repeat(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	assert_int_equal(hear("INVITE", VIA_1), HEARD_REPEAT);
	assert_int_equal(stage.sent_count, 0);
	assert_true(answer(ref, 100));
	assert_true(answer(ref, 180));
	assert_int_equal(hear("INVITE", VIA_1), HEARD_REPEAT);
	assert_int_equal(stage.sent_count, 3);
	assert_string_equal(stage.sent[2].text, "SIP/2.0 180 Ours\r\n\r\n");
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK_UP); /* for nothing */
	assert_true(answer(ref, 200));
}

static void
x1_one_final_answer_and_nothing_after_it(void **state)
{
	const unsigned finals[] = { 200, 486 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		char via[80];
		struct ref ref;

		snprintf(via, sizeof via, "SIP/2.0/UDP a;branch=z9hG4bK%u", i);
		ref = serve_by("INVITE", via, 5 + i, "", &tls);
		assert_true(answer(ref, finals[i]));
		assert_false(answer(ref, 180));
		assert_false(answer(ref, 200));
		assert_false(answer(ref, 487));
		assert_int_equal(stage.sent_count, i + 1);
		pass_until(100000 * (i + 1));
		assert_false(answer(ref, 200));
	}
}

static void
x1_repeat_of_the_invite_gets_the_same_refusal(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 302);
	pass_until(100);
	assert_int_equal(hear("INVITE", VIA_1), HEARD_REPEAT);
	SENT_AT(0, "SIP/2.0 302 ", 0, 100);
}

static void
t_terr_a_flow_that_fails_is_nothing_to_it(void **state)
{
	struct ref ref = serve("INVITE", &tls);
	struct txn_way other = tls;

	(void)state;
	answer(ref, 180);
	txns_flow_gone(&stage.txns, tls.flow, stage.now);
	pass_until(0);
	assert_int_equal(stage.told_count, 0);
	assert_int_equal(txns_count(&stage.txns), 1);
	other.flow.number = 77;
	assert_int_equal(hear_by("INVITE", VIA_1, 1, "", &other), HEARD_REPEAT);
	assert_int_equal(stage.sent[1].flow, 77);
	answer(ref, 200);
	assert_int_equal(stage.sent[2].flow, 77);
}

static void
disowned_refusal_resends_until_h(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 503);
	txn_disown(&stage.txns, ref);
	pass_until(4000);
	SENT_AT(0, "SIP/2.0 503 ", 0, 500, 1500, 3500);
	pass_until(40000);
	assert_int_equal(stage.told_count, 1);
	assert_told(0, NEWS_NO_ACK, 32000, ref);
	assert_int_equal(stage.told[0].news.owner.kind, OWNER_NONE);
}

static void
disowned_without_an_answer_ends_in_silence(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 180);
	pass_until(10000);
	hear("INVITE", VIA_1);
	txn_disown(&stage.txns, ref);
	pass_until(41999);
	assert_int_equal(txns_count(&stage.txns), 1);
	pass_until(42000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(stage.told_count, 0);
}

static void
way_that_became_reliable_needs_no_timer_g(void **state)
{
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	answer(ref, 486);
	pass_until(100);
	assert_int_equal(hear_by("INVITE", VIA_1, 1, "", &tls), HEARD_REPEAT);
	pass_until(31000);
	SENT_AT(0, "SIP/2.0 486 ", 0, 100);
	assert_int_equal(stage.sent[1].flow, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(t_g_refusal_resends_doubling_up_to_t2),
		STAGED(t_g_not_on_a_reliable_way),
		STAGED(t_g_ack_stops_it),
		STAGED(t_h_no_ack_is_told_on_any_way),
		STAGED(t_i_further_acks_are_absorbed),
		STAGED(t_i_no_time_at_all_on_a_reliable_way),
		STAGED(t_l_accepted_absorbs_repeats_and_passes_acks),
		STAGED(t_2xx_is_sent_again_when_its_leg_says_so),
		STAGED(t_100_the_last_provisional_answers_a_repeat),
		STAGED(x1_one_final_answer_and_nothing_after_it),
		STAGED(x1_repeat_of_the_invite_gets_the_same_refusal),
		STAGED(t_terr_a_flow_that_fails_is_nothing_to_it),
		STAGED(disowned_refusal_resends_until_h),
		STAGED(disowned_without_an_answer_ends_in_silence),
		STAGED(way_that_became_reliable_needs_no_timer_g),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
