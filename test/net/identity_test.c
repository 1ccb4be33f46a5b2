/* SPDX-License-Identifier: Apache-2.0 */
#include "net/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
the_same_trust_is_one_place(void **state)
{
	static const struct identity all[] = { { .trust = STR("a.pem") }, { .trust = STR("b.pem") },
		{ .trust = STR("a.pem") }, { .trust = STR("") }, { .trust = STR("b.pem") } };

	(void)state;
	assert_int_equal(identity_trust(all, 0), 0);
	assert_int_equal(identity_trust(all, 1), 1);
	assert_int_equal(identity_trust(all, 2), 0);
	assert_int_equal(identity_trust(all, 3), 3);
	assert_int_equal(identity_trust(all, 4), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_trust_is_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
