/* SPDX-License-Identifier: Apache-2.0 */
/* Each crossing of schemes with each way in which a call can go. */
#include "core/kit.h"

static const struct {
	enum transport transport;
	bool is_sips;
} callers[] = { { TRANSPORT_TLS, true }, { TRANSPORT_UDP, false }, { TRANSPORT_TCP, false },
	{ TRANSPORT_TLS, false } };

/* Runs PLAY for every caller and callee. */
static void
each_crossing(void (*play)(const char *number))
{
	for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
		for (size_t j = 0; j < sizeof callees / sizeof callees[0]; j++) {
			struct counts counts;

			stage_open(&stage, &options);
			phone_open(&alice, &stage, "1001", "192.0.2.10", 30000,
				callers[i].transport, callers[i].is_sips);
			callee_open(&bob, &callees[j]);
			play(callees[j].number);
			expect_empty(&stage);
			counts = stage_counts(&stage);
			assert_int_equal(counts.calls_total, 1);
			assert_int_equal(counts.crossings_down_total,
				callers[i].is_sips && !callees[j].is_sips);
			assert_int_equal(counts.crossings_up_total,
				!callers[i].is_sips && callees[j].is_sips);
			phone_close(&alice);
			phone_close(&bob);
			stage_close(&stage);
		}
	}
}

/* rows: S6 X-sips-sips-perleg X-sips-tls-perleg X-sips-plain-perleg X-sip-sips-perleg */
/* rows: X-sip-sip-perleg */
static void
test_answered(void **state)
{
	(void)state;
	each_crossing(play_answered);
}

static void
test_callee_hangs_up(void **state)
{
	(void)state;
	each_crossing(play_callee_parts);
}

static void
test_cancelled(void **state)
{
	(void)state;
	each_crossing(play_cancelled);
}

static void
test_refused(void **state)
{
	(void)state;
	each_crossing(play_refused);
}

static void
test_cancel_crosses_answer(void **state)
{
	(void)state;
	each_crossing(play_crossed_cancel);
}

static void
test_held_and_resumed(void **state)
{
	(void)state;
	each_crossing(play_held);
}

static void
test_without_offer(void **state)
{
	(void)state;
	each_crossing(play_no_offer);
}

static void
test_info_and_options_inside(void **state)
{
	(void)state;
	each_crossing(play_info);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_callee_hangs_up),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cancel_crosses_answer),
		cmocka_unit_test(test_held_and_resumed),
		cmocka_unit_test(test_without_offer),
		cmocka_unit_test(test_info_and_options_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
