/* SPDX-License-Identifier: Apache-2.0 */
/* failing_kit.h - what can run out runs out once, at the place that `countdown` counts to. The
 * linker puts the functions below before those of base/ (--wrap), so the sources are as they are.
 * Include it behind cmocka.h, once in a program, which has to have check_scenes. */
#ifndef CORE_FAILING_KIT_H
#define CORE_FAILING_KIT_H

#include "core/inside.h"
#include "reg/table.h"
#include "support/stage.h"

enum failure { FAIL_POOL, FAIL_SHELF, FAIL_SCRATCH, FAIL_ROOM };

static enum failure failure;
static unsigned countdown; /* the failure comes when it reaches 0; 0: none is planned */
static struct stage stage;

static inline bool
fails(enum failure asked)
{
	return asked == failure && countdown > 0 && --countdown == 0;
}

void *__real_pool_take(struct pool *, struct ref *);
void *__wrap_pool_take(struct pool *, struct ref *);
bool __real_shelf_put(struct shelf *, unsigned, struct str);
bool __wrap_shelf_put(struct shelf *, unsigned, struct str);
void *__real_arena_take(struct arena *, size_t, size_t);
void *__wrap_arena_take(struct arena *, size_t, size_t);
struct str __real_arena_copy(struct arena *, struct str);
struct str __wrap_arena_copy(struct arena *, struct str);
struct buf __real_out_buf(struct out *, size_t);
struct buf __wrap_out_buf(struct out *, size_t);

void *
__wrap_pool_take(struct pool *p, struct ref *ref)
{
	/* Whether there is room for a call or a question is asked before, and not twice. */
	if (stage.core != NULL && p != &stage.core->calls.pool &&
		p != &stage.core->registrar->questions && fails(FAIL_POOL))
		return NULL;
	return __real_pool_take(p, ref);
}

bool
__wrap_shelf_put(struct shelf *shelf, unsigned place, struct str s)
{
	/* To take something away always goes well. */
	if (s.len > 0 && fails(FAIL_SHELF))
		return false;
	return __real_shelf_put(shelf, place, s);
}

void *
__wrap_arena_take(struct arena *arena, size_t bytes, size_t align)
{
	/* The host's directory is none of the core's. */
	if (arena->at != stage.directory_memory && fails(FAIL_SCRATCH))
		return NULL;
	return __real_arena_take(arena, bytes, align);
}

struct str
__wrap_arena_copy(struct arena *arena, struct str s)
{
	return fails(FAIL_SCRATCH) ? STR_NONE : __real_arena_copy(arena, s);
}

struct buf
__wrap_out_buf(struct out *out, size_t max)
{
	return __real_out_buf(out, fails(FAIL_ROOM) ? 0 : max);
}

/* ---- the tests: whoever includes this says what happens while WHAT runs out ---- */

static void check_scenes(enum failure what);

static void
test_a_pool_has_no_cell(void **state)
{
	(void)state;
	check_scenes(FAIL_POOL);
}

static void
test_a_shelf_has_no_place(void **state)
{
	(void)state;
	check_scenes(FAIL_SHELF);
}

static void
test_the_scratch_is_full(void **state)
{
	(void)state;
	check_scenes(FAIL_SCRATCH);
}

static void
test_there_is_no_room_to_write(void **state)
{
	(void)state;
	check_scenes(FAIL_ROOM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pool_has_no_cell),
		cmocka_unit_test(test_a_shelf_has_no_place),
		cmocka_unit_test(test_the_scratch_is_full),
		cmocka_unit_test(test_there_is_no_room_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
