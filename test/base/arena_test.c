/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/poison.h"

static void
it_is_filled_from_the_front(void **state)
{
	_Alignas(64) char room[128];
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	assert_ptr_equal(arena_take(&a, 3, 1), room);
	assert_ptr_equal(arena_take(&a, 8, 8), room + 8);
	assert_ptr_equal(arena_take(&a, 1, 64), room + 64);
	assert_ptr_equal(arena_take(&a, 63, 1), room + 65);
	assert_null(arena_take(&a, 1, 1));
	assert_non_null(arena_take(&a, 0, 1));
	arena_clear(&a);
	assert_ptr_equal(arena_take(&a, 128, 64), room);
}

static void
too_much_changes_nothing(void **state)
{
	_Alignas(64) char room[16];
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	assert_null(arena_take(&a, 17, 1));
	assert_null(arena_take(&a, SIZE_MAX, 1));
	assert_non_null(arena_take(&a, 1, 1));
	assert_null(arena_take(&a, 1, 64));
	assert_null(arena_take(&a, SIZE_MAX - 4, 8));
	assert_non_null(arena_take(&a, 15, 1));
}

static void
one_function_measures_and_carves(void **state)
{
	struct arena measure = arena_on(NULL, 0);
	_Alignas(64) char room[256];
	struct arena a;

	(void)state;
	assert_true(arena_is_measuring(&measure));
	assert_null(arena_take(&measure, 5, 1));
	assert_null(arena_take(&measure, 9, 16));
	assert_int_equal(measure.used, 25);
	a = arena_on(room, measure.used);
	assert_false(arena_is_measuring(&a));
	assert_non_null(arena_take(&a, 5, 1));
	assert_non_null(arena_take(&a, 9, 16));
	assert_null(arena_take(&a, 1, 1));
}

static void
copies(void **state)
{
	char room[8];
	struct arena a = arena_on(room, sizeof room);
	struct str copy = arena_copy(&a, STR("hello"));

	(void)state;
	check_str(copy, "hello");
	assert_ptr_equal(copy.at, room);
	assert_true(str_is_none(arena_copy(&a, STR("more"))));
	assert_true(str_is_none(arena_copy(&a, STR_NONE)));
	assert_false(str_is_none(arena_copy(&a, STR(""))));
}

/* So that who keeps a view of it for too long is seen. */
static void
what_was_cleared_is_poisoned_until_it_is_taken(void **state)
{
	_Alignas(64) char room[64];
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	memset(arena_take(&a, 48, 1), 1, 48);
	arena_clear(&a);
#if defined(__SANITIZE_ADDRESS__)
	assert_true(IS_POISONED(room) && IS_POISONED(room + 47));
	assert_false(IS_POISONED(room + 48));
#endif
	memset(arena_take(&a, 8, 1), 2, 8);
	arena_clear(&a);
	memset(arena_take(&a, 16, 1), 3, 16);
#if defined(__SANITIZE_ADDRESS__)
	assert_true(IS_POISONED(room + 16) && IS_POISONED(room + 47));
#endif
	arena_clear(&a);
	a = arena_scratch_on(room, sizeof room);
	assert_false(IS_POISONED(room) || IS_POISONED(room + 47));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_filled_from_the_front),
		cmocka_unit_test(too_much_changes_nothing),
		cmocka_unit_test(one_function_measures_and_carves),
		cmocka_unit_test(copies),
		cmocka_unit_test(what_was_cleared_is_poisoned_until_it_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
