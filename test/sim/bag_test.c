/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include "sim/bag.h"
#include "sim/wire.h"

enum { THINGS = 5000 };

static int things[THINGS];

static uint64_t
key_of(uint64_t i)
{
	return wire_mix(1, i) | 1;
}

static void
test_bag(void **state)
{
	struct bag bag = { .cells = NULL };

	(void)state;
	assert_null(bag_find(&bag, key_of(1)));
	assert_null(bag_take(&bag, key_of(1)));
	for (size_t i = 0; i < THINGS; i++)
		bag_put(&bag, key_of(i), &things[i]);
	for (size_t i = 0; i < THINGS; i += 3)
		assert_ptr_equal(bag_take(&bag, key_of(i)), &things[i]);
	for (size_t i = 0; i < THINGS; i++)
		assert_ptr_equal(bag_find(&bag, key_of(i)), i % 3 == 0 ? NULL : &things[i]);
	bag_put(&bag, key_of(1), &things[0]);
	assert_ptr_equal(bag_find(&bag, key_of(1)), &things[0]);
	assert_int_equal(bag.used, THINGS - (THINGS + 2) / 3);
	bag_clear(&bag, NULL);
	assert_null(bag_find(&bag, key_of(1)));
}

static void
test_dues(void **state)
{
	struct dues dues = { .list = NULL };
	struct due due = { .at_ms = 0 };
	int64_t last_ms = -1;
	int count = 0;

	(void)state;
	for (unsigned i = 0; i < THINGS; i++) {
		due.at_ms = (int64_t)(key_of(i) % 1000);
		dues_put(&dues, &due);
	}
	assert_false(dues_take(&dues, -1, &due));
	for (; dues_take(&dues, 500, &due); count++) {
		assert_true(due.at_ms >= last_ms && due.at_ms <= 500);
		last_ms = due.at_ms;
	}
	while (dues_take(&dues, 1000, &due))
		count++;
	assert_int_equal(count, THINGS);
	dues_clear(&dues);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bag),
		cmocka_unit_test(test_dues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
