/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"
#include "store/line.h"

static void
test_only_a_save_that_is_done_tells_a_set(void **state)
{
	struct line line = { .first = NULL };
	struct store_news news;

	(void)state;
	line_put(&line, (struct ref){ 1, 1 }, SAVED_FAILED, STR("1"), 5, STR("a"));
	line_put(&line, (struct ref){ 2, 1 }, SAVED_DONE, STR("2"), 6, STR("b"));
	line_put(&line, (struct ref){ 3, 1 }, SAVED_STALE, STR("3"), 7, STR("c"));
	assert_true(line_next(&line, &news));
	assert_int_equal(news.kind, STORE_SAVED);
	assert_int_equal(news.ask.slot, 1);
	assert_int_equal(news.status, SAVED_FAILED);
	assert_true(line_next(&line, &news));
	assert_int_equal(news.kind, STORE_BINDINGS);
	assert_str(news.aor, "2");
	assert_str(news.set, "b");
	assert_int_equal(news.version, 6);
	assert_true(line_next(&line, &news));
	assert_int_equal(news.kind, STORE_SAVED);
	assert_int_equal(news.ask.slot, 2);
	assert_true(line_next(&line, &news));
	assert_int_equal(news.ask.slot, 3);
	assert_int_equal(news.status, SAVED_STALE);
	assert_false(line_next(&line, &news));
	assert_false(line_next(&line, &news));
	line_clear(&line);
}

static void
test_a_line_that_ran_empty_goes_on(void **state)
{
	struct line line = { .first = NULL };
	struct store_news news;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		line_put(&line, (struct ref){ i, 1 }, SAVED_STALE, STR("1"), 1, STR(""));
		assert_true(line_next(&line, &news));
		assert_int_equal(news.ask.slot, i);
		assert_false(line_next(&line, &news));
	}
	line_put(&line, (struct ref){ 9, 1 }, SAVED_DONE, STR("1"), 1, STR("a"));
	assert_true(line_next(&line, &news));
	line_clear(&line);
	assert_false(line_next(&line, &news));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_a_save_that_is_done_tells_a_set),
		cmocka_unit_test(test_a_line_that_ran_empty_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
