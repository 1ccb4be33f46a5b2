/* SPDX-License-Identifier: Apache-2.0 */
#include "main/expiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int64_t end_s = 1000000000;

static void
each_of_the_four_is_said_once(void **state)
{
	struct expiry e = { 0 };
	unsigned said = 0;

	(void)state;
	assert_false(expiry_is_due(&e, end_s, end_s - 31 * DAY_S));
	for (int64_t hour = 30 * 24; hour > 0; hour--) {
		int64_t now_s = end_s - hour * 3600;
		bool is_due = expiry_is_due(&e, end_s, now_s);

		assert_int_equal(
			is_due, hour == 30 * 24 || hour == 14 * 24 || hour == 7 * 24 || hour == 24);
		said += is_due;
	}
	assert_int_equal(said, 4);
}

static void
what_is_over_is_said_every_day(void **state)
{
	struct expiry e = { 0 };
	unsigned said = 0;

	(void)state;
	for (int64_t hour = 0; hour < 10 * 24; hour++)
		said += expiry_is_due(&e, end_s, end_s + hour * 3600);
	assert_in_range(said, 10, 11);
}

static void
a_server_that_starts_late_says_it_at_once_and_once(void **state)
{
	struct expiry e = { 0 };

	(void)state;
	assert_true(expiry_is_due(&e, end_s, end_s - 10 * DAY_S));
	assert_false(expiry_is_due(&e, end_s, end_s - 10 * DAY_S + 3600));
	assert_false(expiry_is_due(&e, end_s, end_s - 8 * DAY_S));
	assert_true(expiry_is_due(&e, end_s, end_s - 7 * DAY_S));
}

static void
another_certificate_begins_anew(void **state)
{
	struct expiry e = { 0 };

	(void)state;
	assert_true(expiry_is_due(&e, end_s, end_s - DAY_S));
	assert_false(expiry_is_due(&e, end_s + 90 * DAY_S, end_s - DAY_S));
	assert_true(expiry_is_due(&e, end_s + 90 * DAY_S, end_s + 61 * DAY_S));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_the_four_is_said_once),
		cmocka_unit_test(what_is_over_is_said_every_day),
		cmocka_unit_test(a_server_that_starts_late_says_it_at_once_and_once),
		cmocka_unit_test(another_certificate_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
