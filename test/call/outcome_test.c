/* SPDX-License-Identifier: Apache-2.0 */
/* What a failure on one leg is on the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/outcome.h"

/* rows: X-result-416-told X-result-3xx-told */
static void
test_n_bye_cause_table(void **state)
{
	(void)state;
	static const struct {
		unsigned heard, told;
	} rows[] = { { 486, 486 }, { 404, 404 }, { 480, 480 }, { 408, 408 }, { 603, 603 },
		{ 600, 600 }, { 488, 488 }, { 482, 482 }, { 483, 483 }, { 302, 480 }, { 300, 480 },
		{ 401, 403 }, { 407, 403 }, { 416, 480 }, { 422, 500 }, { 430, 480 }, { 481, 500 },
		{ 491, 500 }, { 503, 500 } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(outcome_for_caller(rows[i].heard), rows[i].told);
}

static void
test_always_a_final_failure(void **state)
{
	(void)state;
	for (unsigned status = 300; status < 700; status++) {
		unsigned told = outcome_for_caller(status);

		assert_true(told >= 400 && told < 700);
		assert_true(told != 401 && told != 407 && told != 503);
	}
}

/* Of a request inside a dialog, glare stays glare, and what is no refusal of the peer's is 500. */
static void
test_inside(void **state)
{
	static const struct {
		unsigned heard, told;
	} rows[] = { { 491, 491 }, { 480, 480 }, { 302, 500 }, { 416, 500 }, { 488, 488 },
		{ 401, 403 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(outcome_inside(rows[i].heard), rows[i].told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n_bye_cause_table),
		cmocka_unit_test(test_always_a_final_failure),
		cmocka_unit_test(test_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
