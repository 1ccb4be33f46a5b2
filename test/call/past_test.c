/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call/past.h"

static struct pasts pasts;
static void *memory;

static void
open_for(uint32_t calls, uint32_t refusals)
{
	struct arena measure = arena_on(NULL, 0), arena;

	assert_false(pasts_open(&pasts, &measure, calls, refusals));
	memory = aligned_alloc(64, (measure.used + 127) / 64 * 64);
	memset(memory, 'A', measure.used + 64); /* what was there before is nobody's */
	arena = arena_on(memory, measure.used + 64);
	assert_true(pasts_open(&pasts, &arena, calls, refusals));
}

/* An identifier that ends with LAST. */
static const char *
uuid_of(char last)
{
	static char uuid[UUID_BYTES + 1];

	memset(uuid, 'A', UUID_BYTES);
	uuid[UUID_BYTES - 1] = last;
	return uuid;
}

static void
test_the_newest_takes_the_place_of_the_oldest(void **state)
{
	uint64_t first, second, third;
	uint32_t count;

	(void)state;
	open_for(2, 2);
	assert_null(past_at(&pasts, 0));
	assert_null(past_at(&pasts, 1));
	first = past_begin(&pasts, true, uuid_of('1'), 10);
	second = past_begin(&pasts, true, uuid_of('2'), 20);
	assert_non_null(past_at(&pasts, first));
	past_put(past_at(&pasts, first), PAST_NUMBER, STR("5000"));
	assert_true(str_same(past_text(past_at(&pasts, first), PAST_NUMBER), STR("5000")));
	third = past_begin(&pasts, true, uuid_of('3'), 30);
	assert_null(past_at(&pasts, first));
	assert_non_null(past_at(&pasts, second));
	assert_int_equal(past_at(&pasts, third)->opened_at_s, 30);
	assert_true(str_is_empty(past_text(past_at(&pasts, third), PAST_NUMBER)));
	assert_null(past_find(&pasts, STR("1"), &count));
	assert_int_equal(count, 0);
	assert_ptr_equal(
		past_find(&pasts, str_cstr(uuid_of('2')), &count), past_at(&pasts, second));
	free(memory);
}

static void
test_a_storm_of_refusals_leaves_calls_alone(void **state)
{
	uint64_t call;
	uint32_t count;

	(void)state;
	open_for(2, 2);
	call = past_begin(&pasts, true, uuid_of('c'), 1);
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(past_begin(&pasts, false, uuid_of((char)('0' + i)), 2), 0);
	assert_non_null(past_at(&pasts, call));
	assert_non_null(past_find(&pasts, STR("9"), &count));
	assert_null(past_find(&pasts, STR("7"), &count));
	/* Its end names one; what all begin with names none. */
	assert_null(past_find(&pasts, STR("AAA"), &count));
	assert_int_equal(count, 3);
	assert_null(past_find(&pasts, STR(""), &count));
	assert_int_equal(count, 0);
	free(memory);
}

static void
test_a_long_text_is_cut(void **state)
{
	static char text[4 * PAST_TEXT_BYTES];
	struct past *past;

	(void)state;
	open_for(1, 1);
	memset(text, 'x', sizeof text);
	past = past_at(&pasts, past_begin(&pasts, true, uuid_of('1'), 1));
	for (unsigned i = 0; i < PAST_TEXTS; i++)
		past_put(past, (enum past_text)i, str_of(text, sizeof text));
	assert_int_equal(past_text(past, PAST_CALLER).len, PAST_ONE_TEXT_MAX);
	/* What no longer fits is not there; what stood before stays. */
	assert_true(str_is_empty(past_text(past, PAST_NAME)));
	free(memory);
}

static void
test_what_was_not_begun_is_not_there(void **state)
{
	uint64_t all_a;
	uint32_t count;

	(void)state;
	memset(&all_a, 'A', sizeof all_a);
	open_for(2, 2);
	assert_null(past_at(&pasts, all_a));
	assert_null(past_find(&pasts, STR("AAA"), &count));
	assert_int_equal(count, 0);
	(void)past_begin(&pasts, true, uuid_of('1'), 1);
	assert_non_null(past_find(&pasts, STR("AAA"), &count));
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_newest_takes_the_place_of_the_oldest),
		cmocka_unit_test(test_a_storm_of_refusals_leaves_calls_alone),
		cmocka_unit_test(test_a_long_text_is_cut),
		cmocka_unit_test(test_what_was_not_begun_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
