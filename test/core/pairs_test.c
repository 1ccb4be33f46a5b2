/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* A stranger has no tally, nor has a number that is too long for one; who calls himself has one. */
static void
test_objections(void **state)
{
	static char name[2 * DN_NUMBER_BYTES_MAX];
	static const struct {
		struct str caller, callee;
		uint32_t tallies;
	} cases[] = {
		{ STR(""), STR("1"), 1 },
		{ STR("1"), STR(""), 1 },
		{ STR("1"), STR("1"), 1 },
		{ STR("1"), STR("2"), 2 },
		{ STR(""), STR(""), 0 },
	};
	const struct pair_call call = { .strict_would = true };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		open_for(4);
		pairs_object(&pairs, cases[i].caller, cases[i].callee);
		assert_int_equal(pairs_find(&pairs, cases[i].caller, cases[i].callee)->strict, 1);
		assert_int_equal(pairs.tallies.fresh, cases[i].tallies);
		pairs_count(&pairs, cases[i].caller, cases[i].callee, &call, 7);
		assert_int_equal(pairs_find(&pairs, cases[i].caller, cases[i].callee)->strict, 2);
		for (uint32_t slot = 0; slot < cases[i].tallies; slot++) {
			const struct tally *tally = pool_slot(&pairs.tallies, slot);

			assert_int_equal(tally->strict, 2);
			assert_int_equal(tally->calls, 1);
		}
		free(memory);
	}
	open_for(4);
	memset(name, '5', sizeof name);
	pairs_object(&pairs, STR("1"), str_of(name, sizeof name));
	assert_int_equal(pairs.others.strict, 1);
	assert_int_equal(pairs.tallies.fresh, 1);
	free(memory);
}

/* Names that share a hash are told apart. */
static void
test_a_shared_hash(void **state)
{
	const struct str names[] = { STR("1"), STR("2") };
	const struct pair_call call = { .goes_up = true };
	const struct tally *tally;

	(void)state;
	open_for(8);
	pairs_count(&pairs, STR("3"), STR("2"), &call, 1); /* slot 0; tallies: 0, 1 */
	pairs_count(&pairs, STR("1"), STR("4"), &call, 1); /* slot 1; tallies: 2, 3 */
	map_put(&pairs.by_names, map_hash(&pairs.by_names, names, 2), 0);
	map_put(&pairs.by_names, map_hash(&pairs.by_names, names, 2), 1);
	assert_null(pairs_find(&pairs, STR("1"), STR("2")));
	pairs_count(&pairs, STR("1"), STR("2"), &call, 2);
	assert_int_equal(pairs_find(&pairs, STR("1"), STR("2"))->calls, 1);
	assert_int_equal(pairs_find(&pairs, STR("3"), STR("2"))->calls, 1);
	assert_int_equal(pairs_find(&pairs, STR("1"), STR("4"))->calls, 1);
	map_put(&pairs.by_number, map_hash(&pairs.by_number, (struct str[]){ STR("9") }, 1), 0);
	pairs_count(&pairs, STR("9"), STR(""), &call, 3);
	tally = pool_slot(&pairs.tallies, 4);
	assert_true(str_same(tally_number(tally), STR("9")));
	assert_int_equal(tally->calls, 1);
	tally = pool_slot(&pairs.tallies, 0);
	assert_int_equal(tally->calls, 1);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_each_pair),
		cmocka_unit_test(test_a_full_table_counts_the_rest_together),
		cmocka_unit_test(test_objections),
		cmocka_unit_test(test_a_shared_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
