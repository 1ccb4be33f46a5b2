/* SPDX-License-Identifier: Apache-2.0 */
/* The suite that every store has to pass. What a kind does otherwise stands in its own test. */
#include "kit.h"

#define AOR STR("7789")

/* ---- whatever the store ---- */

static void
test_an_answer_comes_once_and_after_the_set(void **state)
{
	struct store_news news;
	uint64_t version = 0;

	assert_false(store_next(*state, &news));
	assert_int_equal(save(*state, AOR, STR("one\n"), 0, &version), SAVED_DONE);
	assert_true(version > 0);
}

static void
test_a_version_grows(void **state)
{
	uint64_t first = 0, second = 0, third = 0;

	assert_int_equal(save(*state, AOR, STR("one"), 0, &first), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR("two"), first, &second), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR("three"), second, &third), SAVED_DONE);
	assert_true(first < second && second < third);
}

static void
test_answers_keep_the_order_of_questions(void **state)
{
	struct ref asks[3] = { { 4, 1 }, { 2, 3 }, { 4, 5 } };
	struct str aors[3] = { STR("1"), STR("2"), STR("3") };
	uint64_t version;

	for (int i = 0; i < 3; i++)
		store_ask(*state, asks[i], aors[i], 0, STR("set"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			take_answer(*state, asks[i], aors[i], STR("set"), &version), SAVED_DONE);
}

static void
test_what_is_asked_is_copied(void **state)
{
	char aor[] = "7789", set[] = "line\n";
	struct ref ask = { 1, 1 };
	uint64_t version;

	store_ask(*state, ask, str_of(aor, 4), 0, str_of(set, 5));
	aor[0] = set[0] = '!';
	assert_int_equal(take_answer(*state, ask, AOR, STR("line\n"), &version), SAVED_DONE);
}

static void
test_forgetting_tells_an_empty_set(void **state)
{
	uint64_t version = 0, after = 0;

	assert_int_equal(save(*state, AOR, STR("one"), 0, &version), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR(""), version, &after), SAVED_DONE);
	assert_true(after > version);
}

static void
test_a_set_may_be_large_and_of_any_octets(void **state)
{
	static char large[SET_BYTES_MAX];
	uint64_t version = 0;

	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)i;
	assert_int_equal(save(*state, AOR, str_of(large, sizeof large), 0, &version), SAVED_DONE);
}

static void
test_an_answer_that_nobody_took_is_no_leak(void **state)
{
	store_ask(*state, (struct ref){ 1, 1 }, AOR, 0, STR("one"));
	store_ask(*state, (struct ref){ 2, 1 }, AOR, 0, STR("two"));
}

/* ---- those that keep something ---- */

static void
test_another_version_is_stale(void **state)
{
	uint64_t version = 0, next = 0, none = 0;

	assert_int_equal(save(*state, AOR, STR("one"), 7, &none), SAVED_STALE);
	assert_int_equal(save(*state, AOR, STR("one"), 0, &version), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR("two"), 0, &none), SAVED_STALE);
	assert_int_equal(save(*state, AOR, STR("two"), version + 1, &none), SAVED_STALE);
	assert_int_equal(save(*state, AOR, STR("two"), version, &next), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR("three"), version, &none), SAVED_STALE);
	assert_int_equal(none, 0);
}

static void
test_of_two_who_ask_at_once_one_is_stale(void **state)
{
	struct ref one = { 1, 1 }, other = { 2, 1 };
	uint64_t version = 0;

	store_ask(*state, one, AOR, 0, STR("one"));
	store_ask(*state, other, AOR, 0, STR("other"));
	assert_int_equal(take_answer(*state, one, AOR, STR("one"), &version), SAVED_DONE);
	assert_int_equal(take_answer(*state, other, AOR, STR("other"), &version), SAVED_STALE);
}

static void
test_a_version_does_not_come_again(void **state)
{
	uint64_t first = 0, gone = 0, again = 0, none = 0;

	assert_int_equal(save(*state, AOR, STR("one"), 0, &first), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR(""), first, &gone), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR("two"), first, &none), SAVED_STALE);
	assert_int_equal(save(*state, AOR, STR("two"), 0, &again), SAVED_DONE);
	assert_true(again > gone && gone > first);
	assert_int_equal(save(*state, AOR, STR("three"), first, &none), SAVED_STALE);
}

static void
test_forgetting_what_is_not_there(void **state)
{
	uint64_t version = 0;

	assert_int_equal(save(*state, AOR, STR(""), 0, &version), SAVED_DONE);
	assert_int_equal(save(*state, AOR, STR(""), version, &version), SAVED_STALE);
}

static void
test_a_replay_tells_what_is_kept(void **state)
{
	struct store_news news;
	uint64_t one = 0, two = 0, three = 0, gone = 0;
	int seen = 0;

	save(*state, STR("1"), STR("one"), 0, &one);
	save(*state, STR("2"), STR("two"), 0, &two);
	save(*state, STR("3"), STR("three"), 0, &three);
	save(*state, STR("2"), STR(""), two, &gone);
	save(*state, STR("3"), STR("drei"), three, &three);
	store_replay(*state);
	while (store_next(*state, &news)) {
		assert_int_equal(news.kind, STORE_BINDINGS);
		if (str_same(news.aor, STR("1"))) {
			assert_str(news.set, "one");
			assert_int_equal(news.version, one);
			seen += 1;
		} else {
			assert_str(news.aor, "3");
			assert_str(news.set, "drei");
			assert_int_equal(news.version, three);
			seen += 10;
		}
	}
	assert_int_equal(seen, 11);
}

static void
test_answers_come_before_a_replay(void **state)
{
	struct ref ask = { 1, 1 };
	struct store_news news;
	uint64_t version = 0;

	store_ask(*state, ask, AOR, 0, STR("one"));
	store_replay(*state);
	assert_int_equal(take_answer(*state, ask, AOR, STR("one"), &version), SAVED_DONE);
	assert_true(store_next(*state, &news));
	assert_int_equal(news.kind, STORE_BINDINGS);
	assert_int_equal(news.version, version);
	assert_false(store_next(*state, &news));
}

static int
open_null(void **state)
{
	*state = store_null_open();
	return *state == NULL;
}

static int
open_memory(void **state)
{
	*state = store_memory_open(8);
	return *state == NULL;
}

static int
close_store(void **state)
{
	store_close(*state);
	return 0;
}

#define ON(kind, test)                                                 \
	{                                                              \
#kind ": " #test, test, open_##kind, close_store, NULL \
	}
#define ALL(kind)                                                                              \
	ON(kind, test_an_answer_comes_once_and_after_the_set), ON(kind, test_a_version_grows), \
		ON(kind, test_answers_keep_the_order_of_questions),                            \
		ON(kind, test_what_is_asked_is_copied),                                        \
		ON(kind, test_forgetting_tells_an_empty_set),                                  \
		ON(kind, test_a_set_may_be_large_and_of_any_octets),                           \
		ON(kind, test_an_answer_that_nobody_took_is_no_leak)
#define KEEPING(kind)                                               \
	ON(kind, test_another_version_is_stale),                    \
		ON(kind, test_of_two_who_ask_at_once_one_is_stale), \
		ON(kind, test_a_version_does_not_come_again),       \
		ON(kind, test_forgetting_what_is_not_there),        \
		ON(kind, test_a_replay_tells_what_is_kept),         \
		ON(kind, test_answers_come_before_a_replay)

int
main(void)
{
	const struct CMUnitTest tests[] = { ALL(null), ALL(memory), KEEPING(memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
