/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/poison.h"
#include "base/pool.h"

enum { CELLS = 4, CELL_BYTES = 24 };

static _Alignas(64) char room[1024];
static struct pool pool;

static int
open_pool(void **state)
{
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	return pool_open(&pool, &a, CELLS, CELL_BYTES) ? 0 : -1;
}

static void
cells_are_taken_and_given_back(void **state)
{
	struct ref refs[CELLS], late;
	char *cells[CELLS];

	(void)state;
	for (unsigned i = 0; i < CELLS; i++) {
		cells[i] = pool_take(&pool, &refs[i]);
		assert_non_null(cells[i]);
		memset(cells[i], (int)i, CELL_BYTES);
		assert_int_equal(pool_left(&pool), CELLS - 1 - i);
	}
	assert_null(pool_take(&pool, &late));
	for (unsigned i = 0; i < CELLS; i++) {
		assert_ptr_equal(pool_at(&pool, refs[i]), cells[i]);
		assert_true(ref_same(pool_ref(&pool, cells[i]), refs[i]));
		assert_int_equal(cells[i][CELL_BYTES - 1], i);
	}
	pool_give(&pool, refs[2]);
#if defined(__SANITIZE_ADDRESS__)
	assert_true(IS_POISONED(cells[2]) && IS_POISONED(cells[2] + CELL_BYTES - 1));
	assert_false(IS_POISONED(cells[1] + CELL_BYTES - 1) || IS_POISONED(cells[3]));
#endif
	assert_null(pool_at(&pool, refs[2]));
	assert_null(pool_slot(&pool, refs[2].slot));
	assert_ptr_equal(pool_slot(&pool, refs[1].slot), cells[1]);
	assert_ptr_equal(pool_take(&pool, &late), cells[2]); /* the last one back comes first */
	assert_null(pool_at(&pool, refs[2]));                /* and an old name does not find it */
	assert_ptr_equal(pool_at(&pool, late), cells[2]);
	assert_false(ref_same(late, refs[2]));
}

static void
no_name_finds_nothing(void **state)
{
	struct ref ref;

	(void)state;
	assert_true(ref_is_none(REF_NONE));
	assert_null(pool_at(&pool, REF_NONE));
	assert_null(pool_slot(&pool, 0));
	assert_null(pool_slot(&pool, 99));
	assert_null(pool_at(&pool, (struct ref){ 99, 1 }));
	assert_null(pool_at(&pool, (struct ref){ UINT32_MAX, UINT32_MAX }));
	assert_non_null(pool_take(&pool, &ref));
	assert_false(ref_is_none(ref));
	assert_null(pool_at(&pool, (struct ref){ ref.slot, ref.age + 1 }));
	assert_null(pool_at(&pool, (struct ref){ ref.slot, ref.age + 2 }));
}

static void
it_says_what_it_needs(void **state)
{
	struct arena measure = arena_on(NULL, 0);
	_Alignas(64) static char large[1024];
	struct arena a;
	struct pool p;

	(void)state;
	assert_false(pool_open(&p, &measure, CELLS, CELL_BYTES));
	a = arena_on(large, measure.used);
	assert_true(pool_open(&p, &a, CELLS, CELL_BYTES));
	a = arena_on(large + 512, measure.used - 1);
	assert_false(pool_open(&p, &a, CELLS, CELL_BYTES));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cells_are_taken_and_given_back, open_pool),
		cmocka_unit_test_setup(no_name_finds_nothing, open_pool),
		cmocka_unit_test(it_says_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
