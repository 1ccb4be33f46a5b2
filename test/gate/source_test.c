/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate/source.h"

static void
test_who_is_a_caller(void **state)
{
	static const struct {
		struct source source; /* trunk, names a DN, password, proven, on its flow */
		enum source_verdict verdict;
		enum caller caller;
	} rows[] = {
		{ { 0, 0, 0, 0, 0 }, SOURCE_IN, CALLER_STRANGER },
		/* A trunk, whatever its From says. */
		{ { 1, 0, 0, 0, 0 }, SOURCE_IN, CALLER_TRUNK },
		{ { 1, 1, 1, 0, 0 }, SOURCE_IN, CALLER_TRUNK },
		/* From alone proves nothing. */
		{ { 0, 1, 0, 0, 0 }, SOURCE_IN, CALLER_STRANGER },
		{ { 0, 1, 0, 0, 1 }, SOURCE_IN, CALLER_DN },
		/* With a password only that counts. */
		{ { 0, 1, 1, 0, 0 }, SOURCE_CHALLENGE, CALLER_STRANGER },
		{ { 0, 1, 1, 0, 1 }, SOURCE_CHALLENGE, CALLER_STRANGER },
		{ { 0, 1, 1, 1, 0 }, SOURCE_IN, CALLER_DN },
		{ { 0, 1, 1, 1, 1 }, SOURCE_IN, CALLER_DN },
		/* What is no DN of ours has nothing to prove and nothing to be. */
		{ { 0, 0, 0, 0, 1 }, SOURCE_IN, CALLER_STRANGER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum caller caller;

		assert_int_equal(source_judge(&rows[i].source, &caller), rows[i].verdict);
		assert_int_equal(caller, rows[i].caller);
	}
}

static void
test_whom_it_may_call(void **state)
{
	enum { DN_ONLY, NONE, ALL };

	(void)state;
	for (unsigned strangers = DN_ONLY; strangers <= ALL; strangers++) {
		for (int to_trunk = 0; to_trunk <= 1; to_trunk++) {
			assert_true(source_may_call(CALLER_TRUNK, to_trunk, strangers));
			assert_true(source_may_call(CALLER_DN, to_trunk, strangers));
		}
	}
	assert_true(source_may_call(CALLER_STRANGER, false, DN_ONLY));
	assert_false(source_may_call(CALLER_STRANGER, true, DN_ONLY));
	assert_false(source_may_call(CALLER_STRANGER, false, NONE));
	assert_false(source_may_call(CALLER_STRANGER, true, NONE));
	assert_true(source_may_call(CALLER_STRANGER, false, ALL));
	assert_true(source_may_call(CALLER_STRANGER, true, ALL));
	assert_false(source_may_call(CALLER_STRANGER, false, 99));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_a_caller),
		cmocka_unit_test(test_whom_it_may_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
