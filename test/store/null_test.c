/* SPDX-License-Identifier: Apache-2.0 */
/* In what the null store differs from one that keeps something. */
#include "kit.h"

static void
test_any_version_will_do(void **state)
{
	struct store *s = store_null_open();
	uint64_t version = 0;

	(void)state;
	assert_int_equal(save(s, STR("7789"), STR("one"), 0, &version), SAVED_DONE);
	assert_int_equal(save(s, STR("7789"), STR("two"), 0, &version), SAVED_DONE);
	assert_int_equal(save(s, STR("7789"), STR("three"), 41, &version), SAVED_DONE);
	assert_int_equal(version, 42);
	store_close(s);
}

static void
test_a_replay_tells_nothing(void **state)
{
	struct store *s = store_null_open();
	struct store_news news;
	uint64_t version = 0;

	(void)state;
	save(s, STR("7789"), STR("one"), 0, &version);
	store_replay(s);
	assert_false(store_next(s, &news));
	assert_int_equal(store_fd(s), -1);
	store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_version_will_do),
		cmocka_unit_test(test_a_replay_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
