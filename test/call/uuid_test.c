/* SPDX-License-Identifier: Apache-2.0 */
/* The identifier of a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/uuid.h"

static unsigned
value_of(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

static void
test_a_uuid_of_the_run_and_a_count(void **state)
{
	(void)state;
	static const uint8_t seed[DICE_SEED_BYTES] = { 7 };
	char first[UUID_BYTES], second[UUID_BYTES];
	struct uuids uuids;
	struct dice dice;
	unsigned bits = 0;

	dice_init(&dice, seed);
	uuids_init(&uuids, &dice);
	uuid_next(&uuids, first);
	uuid_next(&uuids, second);
	for (size_t i = 0; i < UUID_BYTES; i++)
		assert_true(value_of(first[i]) < 32);
	assert_memory_equal(first, second, 26);
	assert_memory_equal(first + 26, "000001", 6);
	assert_memory_equal(second + 26, "000002", 6);
	/* 26 characters are 130 bits: a version 4 UUID and two zeros behind it. */
	assert_int_equal(value_of(first[25]) & 3, 0);
	for (unsigned i = 48; i < 52; i++)
		bits = bits << 1 | (value_of(first[i / 5]) >> (4 - i % 5) & 1);
	assert_int_equal(bits, 4);
}

static void
test_the_count_goes_on_behind_32(void **state)
{
	(void)state;
	static const uint8_t seed[DICE_SEED_BYTES] = { 1 };
	char uuid[UUID_BYTES];
	struct uuids uuids;
	struct dice dice;

	dice_init(&dice, seed);
	uuids_init(&uuids, &dice);
	uuids.count = 38240920;
	uuid_next(&uuids, uuid);
	assert_memory_equal(uuid + 26, "14F0KP", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_uuid_of_the_run_and_a_count),
		cmocka_unit_test(test_the_count_goes_on_behind_32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
