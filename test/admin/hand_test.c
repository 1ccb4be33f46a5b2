/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads ask, the test's own is the loop. Under ThreadSanitizer, too. */
#include "admin/hand.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

enum { ASKERS = 4, QUESTIONS_EACH = 50, PATIENCE_MS = 20000 };

static struct hand *hand;
static atomic_int left; /* askers that still ask */
static atomic_int late, over, wrong, told;

static bool
await_question(int wait_ms)
{
	struct pollfd poll_fd = { .fd = hand_fd(hand), .events = POLLIN };

	return poll(&poll_fd, 1, wait_ms) == 1;
}

/* Answers with the name that was asked for. */
static bool
answer_one(void)
{
	struct ask ask;

	if (!hand_take(hand, &ask))
		return false;
	hand_tell(hand, (struct answer){ .told = TOLD_MORE, .next = ask.from + 1 }, ask.name);
	return true;
}

static void
ask_once(const char *name, uint32_t from, int64_t wait_ms)
{
	static _Thread_local char text[ASK_PAGE_BYTES];
	struct buf to = buf_on(text, sizeof text);
	struct ask ask = {
		.what = ASK_CALL, .name = str_cstr(name), .other = STR("x"), .from = from
	};
	struct answer answer;

	switch (hand_ask(hand, &ask, wait_ms, &answer, &to)) {
	case HAND_TOLD:
		atomic_fetch_add(&told, 1);
		if (answer.told != TOLD_MORE || answer.next != from + 1 ||
			!str_same(buf_str(&to), ask.name))
			atomic_fetch_add(&wrong, 1);
		return;
	case HAND_LATE: atomic_fetch_add(&late, 1); return;
	case HAND_OVER: atomic_fetch_add(&over, 1); return;
	}
}

static void *
ask_on(void *closure)
{
	const unsigned *id = closure;

	for (uint32_t i = 0; i < QUESTIONS_EACH; i++) {
		char name[32];

		snprintf(name, sizeof name, "%u-%u", *id, i);
		ask_once(name, i, PATIENCE_MS);
	}
	atomic_fetch_sub(&left, 1);
	return NULL;
}

static void *
ask_in_vain(void *closure)
{
	(void)closure;
	ask_once("in vain", 0, 50);
	atomic_fetch_sub(&left, 1);
	return NULL;
}

static void *
ask_for_long(void *closure)
{
	(void)closure;
	ask_once("for long", 0, PATIENCE_MS);
	atomic_fetch_sub(&left, 1);
	return NULL;
}

static int
open_hand(void **state)
{
	(void)state;
	hand = hand_open();
	atomic_store(&late, 0);
	atomic_store(&over, 0);
	atomic_store(&wrong, 0);
	atomic_store(&told, 0);
	return 0;
}

static int
close_hand(void **state)
{
	(void)state;
	hand_close(hand);
	return 0;
}

static void
everybody_gets_his_own_answer(void **state)
{
	pthread_t threads[ASKERS];
	unsigned ids[ASKERS];

	(void)state;
	atomic_store(&left, ASKERS);
	for (unsigned i = 0; i < ASKERS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &ids[i]), 0);
	}
	while (atomic_load(&left) > 0)
		if (await_question(10))
			(void)answer_one();
	for (unsigned i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&told), ASKERS * QUESTIONS_EACH);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_false(answer_one());
}

/* A loop that does not come: the question is taken back, and the next is a new one. */
static void
too_late_before_it_was_taken(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store(&left, 1);
	assert_int_equal(pthread_create(&thread, NULL, ask_in_vain, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&late), 1);
	assert_true(await_question(0));
	assert_false(answer_one());
	assert_false(await_question(0));
}

/* The answer comes when nobody waits any more: it meets nobody. */
static void
too_late_after_it_was_taken(void **state)
{
	pthread_t thread;
	struct ask ask;

	(void)state;
	atomic_store(&left, 1);
	assert_int_equal(pthread_create(&thread, NULL, ask_in_vain, NULL), 0);
	assert_true(await_question(PATIENCE_MS));
	assert_true(hand_take(hand, &ask));
	assert_true(str_same(ask.name, STR("in vain")) && str_same(ask.other, STR("x")));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&late), 1);
	hand_tell(hand, (struct answer){ .told = TOLD_ALL }, STR("old"));

	atomic_store(&left, 1);
	assert_int_equal(pthread_create(&thread, NULL, ask_for_long, NULL), 0);
	assert_true(await_question(PATIENCE_MS));
	assert_true(answer_one());
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&told), 1);
	assert_int_equal(atomic_load(&wrong), 0);
}

static void
the_end_is_told_to_who_waits(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store(&left, 1);
	assert_int_equal(pthread_create(&thread, NULL, ask_for_long, NULL), 0);
	assert_true(await_question(PATIENCE_MS));
	hand_end(hand);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ask_once("later", 0, PATIENCE_MS);
	assert_int_equal(atomic_load(&over), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_hand, close_hand)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everybody_gets_his_own_answer),
		TEST(too_late_before_it_was_taken),
		TEST(too_late_after_it_was_taken),
		TEST(the_end_is_told_to_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
