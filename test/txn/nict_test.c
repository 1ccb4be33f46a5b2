/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

static void
t_e_request_resends_up_to_t2(void **state)
{
	struct asked a = ask("BYE", &udp);

	(void)state;
	pass_until(60000);
	SENT_AT(0, "BYE ", 0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500);
	assert_told(0, NEWS_TIMEOUT, 32000, a.ref);
}

static void
t_e_every_t2_after_a_1xx(void **state)
{
	struct asked a = ask("OPTIONS", &udp);

	(void)state;
	pass_until(600);
	assert_int_equal(respond(&a, 100).kind, NEWS_PROVISIONAL);
	pass_until(60000);
	SENT_AT(0, "OPTIONS ", 0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500);
	assert_told(1, NEWS_TIMEOUT, 32000, a.ref);
}

static void
t_e_nothing_again_on_a_reliable_way(void **state)
{
	ask("INFO", &tls);
	(void)state;
	pass_until(60000);
	SENT_AT(0, "INFO ", 0);
}

static void
t_f_gives_up_once_on_any_way(void **state)
{
	struct asked a = ask("BYE", &tls);

	(void)state;
	pass_until(31999);
	assert_int_equal(stage.told_count, 0);
	pass_until(100000);
	assert_int_equal(stage.told_count, 1);
	assert_told(0, NEWS_TIMEOUT, 32000, a.ref);
	assert_int_equal(stage.told[0].news.method, METHOD_BYE);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
t_f_also_after_a_1xx(void **state)
{
	struct asked a = ask("BYE", &tls);

	(void)state;
	pass_until(20000);
	respond(&a, 183);
	pass_until(100000);
	assert_told(1, NEWS_TIMEOUT, 32000, a.ref);
}

static void
t_k_late_copies_are_absorbed(void **state)
{
	struct asked a = ask("BYE", &udp);

	(void)state;
	pass_until(100);
	assert_int_equal(respond(&a, 200).kind, NEWS_FINAL);
	for (int64_t at_ms = 600; at_ms < 5100; at_ms += 1000) {
		pass_until(at_ms);
		assert_int_equal(respond(&a, 200).kind, NEWS_NONE);
		assert_false(stage.stray);
		assert_int_equal(respond(&a, 100).kind, NEWS_NONE);
	}
	assert_int_equal(stage.sent_count, 1);
	assert_int_equal(txns_count(&stage.txns), 1);
	pass_until(5100);
	assert_int_equal(txns_count(&stage.txns), 0);
	respond(&a, 200);
	assert_true(stage.stray);
	assert_int_equal(stage.told_count, 1);
}

static void
t_k_no_time_at_all_on_a_reliable_way(void **state)
{
	struct asked a = ask("REGISTER", &tls);

	(void)state;
	assert_int_equal(respond(&a, 401).kind, NEWS_FINAL);
	/* Who is told can still read what was refused. */
	assert_true(str_begins(txn_request_text(&stage.txns, a.ref), STR("REGISTER ")));
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
t_unk_every_final_class_ends_it(void **state)
{
	const unsigned statuses[] = { 200, 299, 302, 408, 499, 599, 699 };

	(void)state;
	for (unsigned i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct asked a = ask("BYE", &tls);

		assert_int_equal(respond(&a, statuses[i]).kind, NEWS_FINAL);
		assert_int_equal(stage.sent_count, i + 1);
		pass_until(0);
		assert_int_equal(txns_count(&stage.txns), 0);
	}
}

static void
c_nit_no_cancel_for_another_method(void **state)
{
	struct asked a = ask("INFO", &udp);

	(void)state;
	respond(&a, 100);
	txn_cancel(&stage.txns, a.ref, STR_NONE, stage.now, &stage.out);
	carry();
	assert_int_equal(stage.sent_count, 1);
	assert_int_equal(respond(&a, 200).kind, NEWS_FINAL);
}

static void
flow_gone_is_told_in_each_waiting_state(void **state)
{
	struct asked trying = ask("BYE", &udp);
	struct asked proceeding = ask("BYE", &udp);
	struct asked completed = ask("BYE", &udp);

	(void)state;
	respond(&proceeding, 100);
	respond(&completed, 200);
	txns_flow_gone(&stage.txns, udp.flow, stage.now);
	respond(&trying, 100); /* was on its way already, and does not undo it */
	pass_until(0);
	assert_int_equal(stage.told_count, 5);
	assert_int_equal(stage.told[3].news.kind, NEWS_UNREACHABLE);
	assert_int_equal(stage.told[4].news.kind, NEWS_UNREACHABLE);
	pass_until(60000);
	assert_int_equal(stage.told_count, 5);
	assert_int_equal(stage.sent_count, 3);
}

static void
a_final_response_beats_the_flow_that_went(void **state)
{
	struct asked a = ask("BYE", &tls);

	(void)state;
	txns_flow_gone(&stage.txns, tls.flow, stage.now);
	assert_int_equal(respond(&a, 200).kind, NEWS_FINAL);
	pass_until(60000);
	assert_int_equal(stage.told_count, 1);
}

static void
disowned_request_goes_on_for_itself(void **state)
{
	struct asked a = ask("BYE", &udp);

	(void)state;
	txn_disown(&stage.txns, a.ref);
	pass_until(600);
	SENT_AT(0, "BYE ", 0, 500);
	assert_int_equal(respond(&a, 200).owner.kind, OWNER_NONE);
	pass_until(10000);
	assert_int_equal(stage.sent_count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(t_e_request_resends_up_to_t2),
		STAGED(t_e_every_t2_after_a_1xx),
		STAGED(t_e_nothing_again_on_a_reliable_way),
		STAGED(t_f_gives_up_once_on_any_way),
		STAGED(t_f_also_after_a_1xx),
		STAGED(t_k_late_copies_are_absorbed),
		STAGED(t_k_no_time_at_all_on_a_reliable_way),
		STAGED(t_unk_every_final_class_ends_it),
		STAGED(c_nit_no_cancel_for_another_method),
		STAGED(flow_gone_is_told_in_each_waiting_state),
		STAGED(a_final_response_beats_the_flow_that_went),
		STAGED(disowned_request_goes_on_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
