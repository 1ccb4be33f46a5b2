/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/pairs.h"

static struct pairs pairs;
static void *memory;

static void
open_for(uint32_t max)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 3 };
	struct arena measure = arena_on(NULL, 0), arena;

	assert_false(pairs_open(&pairs, &measure, max, key));
	memory = aligned_alloc(64, (measure.used + 127) / 64 * 64);
	arena = arena_on(memory, measure.used + 64);
	assert_true(pairs_open(&pairs, &arena, max, key));
}

static void
test_counts_each_pair(void **state)
{
	const struct pair_call down = { .goes_down = true, .strict_would = true };
	const struct pair_call up = { .goes_up = true };
	const struct pair_call refused = { .is_refused = true };
	const struct pair *pair;

	(void)state;
	open_for(4);
	pairs_count(&pairs, STR("1001"), STR("5000"), &down, 10);
	pairs_count(&pairs, STR("1001"), STR("5000"), &refused, 20);
	pairs_count(&pairs, STR("5000"), STR("1001"), &up, 30);
	pairs_count(&pairs, STR(""), STR("5000"), &up, 40);
	pair = pairs_find(&pairs, STR("1001"), STR("5000"));
	assert_non_null(pair);
	assert_int_equal(pair->calls, 1);
	assert_int_equal(pair->down, 1);
	assert_int_equal(pair->up, 0);
	assert_int_equal(pair->refused, 1);
	assert_int_equal(pair->strict, 1);
	assert_int_equal(pair->last_at_s, 20);
	assert_true(str_same(pair_caller(pair), STR("1001")));
	assert_true(str_same(pair_callee(pair), STR("5000")));
	pair = pairs_find(&pairs, STR("5000"), STR("1001"));
	assert_int_equal(pair->up, 1);
	assert_int_equal(pair->strict, 0);
	pair = pairs_find(&pairs, STR(""), STR("5000"));
	assert_int_equal(pair->last_at_s, 40);
	assert_null(pairs_find(&pairs, STR("10015"), STR("000")));
	assert_int_equal(pairs.others.calls, 0);
	free(memory);
}

static void
test_a_full_table_counts_the_rest_together(void **state)
{
	const struct pair_call down = { .goes_down = true, .strict_would = true };
	char name[2 * DN_NUMBER_BYTES_MAX];

	(void)state;
	open_for(2);
	pairs_count(&pairs, STR("1"), STR("2"), &down, 1);
	pairs_count(&pairs, STR("2"), STR("1"), &down, 1);
	pairs_count(&pairs, STR("3"), STR("1"), &down, 1);
	pairs_count(&pairs, STR("1"), STR("2"), &down, 1);
	assert_int_equal(pairs_find(&pairs, STR("1"), STR("2"))->calls, 2);
	assert_null(pairs_find(&pairs, STR("3"), STR("1")));
	assert_int_equal(pairs.others.calls, 1);
	assert_int_equal(pairs.others.strict, 1);
	free(memory);
	open_for(2);
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = '5';
	pairs_count(&pairs, str_of(name, sizeof name), STR("1"), &down, 1);
	assert_int_equal(pairs.others.calls, 1);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_each_pair),
		cmocka_unit_test(test_a_full_table_counts_the_rest_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
