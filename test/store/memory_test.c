/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of the memory store. */
#include "kit.h"

static void
test_beyond_the_bound_a_new_address_fails(void **state)
{
	struct store *s = store_memory_open(2);
	uint64_t one = 0, two = 0, none = 0;

	(void)state;
	assert_int_equal(save(s, STR("1"), STR("a"), 0, &one), SAVED_DONE);
	assert_int_equal(save(s, STR("2"), STR("b"), 0, &two), SAVED_DONE);
	assert_int_equal(save(s, STR("3"), STR("c"), 0, &none), SAVED_FAILED);
	assert_int_equal(none, 0);
	/* Those that are there can still change, and one that goes makes room. */
	assert_int_equal(save(s, STR("1"), STR("aa"), one, &one), SAVED_DONE);
	assert_int_equal(save(s, STR("2"), STR(""), two, &two), SAVED_DONE);
	assert_int_equal(save(s, STR("3"), STR("c"), 0, &none), SAVED_DONE);
	store_close(s);
}

static void
test_a_thousand_addresses(void **state)
{
	enum { COUNT = 1000 };
	struct store *s = store_memory_open(COUNT);
	static uint64_t versions[COUNT];
	struct store_news news;
	char aor[16];
	int seen = 0;

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			struct buf b = buf_on(aor, sizeof aor);

			buf_number(&b, i);
			assert_int_equal(save(s, buf_str(&b), STR("x"), versions[i], &versions[i]),
				SAVED_DONE);
		}
	}
	store_replay(s);
	while (store_next(s, &news))
		seen++;
	assert_int_equal(seen, COUNT);
	assert_int_equal(store_fd(s), -1);
	store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beyond_the_bound_a_new_address_fails),
		cmocka_unit_test(test_a_thousand_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
