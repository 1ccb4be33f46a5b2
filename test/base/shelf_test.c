/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/dice.h"
#include "base/shelf.h"

enum { ROOM = 64 };

static void
strings_change_and_keep_their_places(void **state)
{
	char room[ROOM];
	struct shelf s;

	(void)state;
	shelf_init(&s, room, sizeof room);
	check_str(shelf_get(&s, 0), "");
	check_str(shelf_get(&s, SHELF_PLACES - 1), "");
	assert_true(shelf_put(&s, 3, STR("three")));
	assert_true(shelf_put(&s, 0, STR("zero")));
	assert_true(shelf_put(&s, SHELF_PLACES - 1, STR("last")));
	check_str(shelf_get(&s, 3), "three");
	assert_true(shelf_put(&s, 0, STR("a longer one")));
	check_str(shelf_get(&s, 3), "three");
	check_str(shelf_get(&s, SHELF_PLACES - 1), "last");
	assert_true(shelf_put(&s, 3, STR("")));
	check_str(shelf_get(&s, 0), "a longer one");
	check_str(shelf_get(&s, 3), "");
	check_str(shelf_get(&s, SHELF_PLACES - 1), "last");
}

static void
what_does_not_fit_changes_nothing(void **state)
{
	char room[8];
	struct shelf s;

	(void)state;
	shelf_init(&s, room, sizeof room);
	assert_true(shelf_put(&s, 1, STR("12345")));
	assert_false(shelf_put(&s, 0, STR("1234")));
	check_str(shelf_get(&s, 1), "12345");
	check_str(shelf_get(&s, 0), "");
	assert_true(shelf_put(&s, 1, STR("12345678"))); /* what it replaces makes room */
	assert_false(shelf_put(&s, 1, STR("123456789")));
	check_str(shelf_get(&s, 1), "12345678");
}

static void
it_agrees_with_plain_strings(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 's', 'h' };
	char plain[SHELF_PLACES][ROOM];
	size_t lens[SHELF_PLACES] = { 0 };
	char *room = malloc(ROOM); /* its size is watched */
	struct shelf s;
	struct dice dice;

	(void)state;
	shelf_init(&s, room, ROOM);
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned place = dice_below(&dice, SHELF_PLACES);
		char text[16];
		size_t len = dice_below(&dice, sizeof text), used = 0;

		dice_bytes(&dice, text, len);
		for (unsigned i = 0; i < SHELF_PLACES; i++)
			used += i == place ? len : lens[i];
		assert_int_equal(shelf_put(&s, place, str_of(text, len)), used <= ROOM);
		if (used <= ROOM) {
			memcpy(plain[place], text, len);
			lens[place] = len;
		}
		for (unsigned i = 0; i < SHELF_PLACES; i++)
			assert_true(str_same(shelf_get(&s, i), str_of(plain[i], lens[i])));
	}
	free(room);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_change_and_keep_their_places),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(it_agrees_with_plain_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
