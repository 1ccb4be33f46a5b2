/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alarm.h"
#include "base/check.h"
#include "base/dice.h"

enum { ALARMS = 64 };

static _Alignas(64) char room[4096];
static struct alarms alarms;
static struct alarm owned[ALARMS];

static int
open_alarms(void **state)
{
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	for (uint32_t i = 0; i < ALARMS; i++)
		owned[i] = alarm_of(ALARM_TXN, (struct ref){ i, 1 }, 'A' + i % 26);
	return alarms_open(&alarms, &a, ALARMS) ? 0 : -1;
}

static void
the_earliest_rings_first(void **state)
{
	(void)state;
	assert_true(alarms_deadline_ms(&alarms) == INT64_MAX);
	assert_null(alarms_due(&alarms, INT64_MAX));
	alarm_arm(&alarms, &owned[0], 300);
	alarm_arm(&alarms, &owned[1], 100);
	alarm_arm(&alarms, &owned[2], 200);
	assert_true(alarms_deadline_ms(&alarms) == 100);
	assert_null(alarms_due(&alarms, 99));
	assert_ptr_equal(alarms_due(&alarms, 250), &owned[1]);
	assert_false(alarm_is_armed(&owned[1]));
	assert_ptr_equal(alarms_due(&alarms, 250), &owned[2]);
	assert_null(alarms_due(&alarms, 250));
	assert_true(alarm_is_armed(&owned[0]));
	assert_true(alarms_deadline_ms(&alarms) == 300);
	assert_int_equal(owned[1].letter, 'B');
	assert_true(ref_same(owned[1].owner, (struct ref){ 1, 1 }));
}

static void
at_one_moment_the_order_of_arming_counts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALARMS; i++)
		alarm_arm(&alarms, &owned[(i * 37) % ALARMS], 5);
	for (unsigned i = 0; i < ALARMS; i++)
		assert_ptr_equal(alarms_due(&alarms, 5), &owned[(i * 37) % ALARMS]);
	assert_null(alarms_due(&alarms, 5));
}

static void
to_arm_again_moves_it(void **state)
{
	(void)state;
	alarm_arm(&alarms, &owned[0], 10);
	alarm_arm(&alarms, &owned[1], 20);
	alarm_arm(&alarms, &owned[0], 30);
	assert_int_equal(alarms.count, 2);
	assert_ptr_equal(alarms_due(&alarms, 100), &owned[1]);
	alarm_disarm(&alarms, &owned[0]);
	alarm_disarm(&alarms, &owned[0]);
	assert_false(alarm_is_armed(&owned[0]));
	assert_null(alarms_due(&alarms, 100));
}

static struct alarm *
plain_earliest(void)
{
	struct alarm *first = NULL;

	for (unsigned i = 0; i < ALARMS; i++)
		if (alarm_is_armed(&owned[i]) &&
			(first == NULL || owned[i].at_ms < first->at_ms ||
				(owned[i].at_ms == first->at_ms && owned[i].order < first->order)))
			first = &owned[i];
	return first;
}

static void
it_agrees_with_a_plain_search(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 'a', 'l' };
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 50000; round++) {
		struct alarm *any = &owned[dice_below(&dice, ALARMS)];
		struct alarm *first;

		switch (dice_below(&dice, 4)) {
		case 0: alarm_disarm(&alarms, any); break;
		case 1:
			first = plain_earliest();
			assert_ptr_equal(alarms_due(&alarms, INT64_MAX), first);
			break;
		default: alarm_arm(&alarms, any, dice_below(&dice, 30)); break;
		}
		first = plain_earliest();
		assert_true(
			alarms_deadline_ms(&alarms) == (first == NULL ? INT64_MAX : first->at_ms));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_earliest_rings_first, open_alarms),
		cmocka_unit_test_setup(at_one_moment_the_order_of_arming_counts, open_alarms),
		cmocka_unit_test_setup(to_arm_again_moves_it, open_alarms),
		cmocka_unit_test_setup(it_agrees_with_a_plain_search, open_alarms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
