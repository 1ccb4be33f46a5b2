/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "secure/crossing.h"

static void
test_each_pair_of_schemes(void **state)
{
	(void)state;
	assert_int_equal(crossing_of(SCHEME_SIP, SCHEME_SIP), CROSSING_NONE);
	assert_int_equal(crossing_of(SCHEME_SIPS, SCHEME_SIPS), CROSSING_NONE);
	assert_int_equal(crossing_of(SCHEME_SIPS, SCHEME_SIP), CROSSING_DOWN);
	assert_int_equal(crossing_of(SCHEME_SIP, SCHEME_SIPS), CROSSING_UP);
}

static void
test_each_has_a_sentence_of_its_own(void **state)
{
	(void)state;
	assert_true(str_begins(crossing_text(CROSSING_NONE), STR("both legs")));
	assert_true(str_begins(crossing_text(CROSSING_UP), STR("sip from the caller")));
	assert_true(str_begins(crossing_text(CROSSING_DOWN), STR("sips from the caller")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_pair_of_schemes),
		cmocka_unit_test(test_each_has_a_sentence_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
