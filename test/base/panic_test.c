/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/panic.h"

static jmp_buf back;
static const char *said, *where;
static int line_told;

_Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	said = what;
	where = file;
	line_told = line;
	longjmp(back, 1);
}

_Noreturn void
need_hook(const char *what)
{
	said = what;
	longjmp(back, 1);
}

static void
what_the_system_does_not_give_is_named(void **state)
{
	(void)state;
	said = NULL;
	need(1 + 1 == 2, "memory");
	assert_null(said);
	if (setjmp(back) == 0) {
		need(1 + 1 == 3, "memory");
		fail();
	}
	assert_string_equal(said, "memory");
}

static void
what_holds_is_passed_over(void **state)
{
	(void)state;
	said = NULL;
	must(1 + 1 == 2);
	assert_null(said);
}

static void
what_does_not_is_told_with_its_place(void **state)
{
	(void)state;
	said = NULL;
	if (setjmp(back) == 0) {
		must(1 + 1 == 3);
		fail();
	}
	assert_string_equal(said, "1 + 1 == 3");
	assert_true(str_ends(str_cstr(where), STR("panic_test.c")));
	assert_true(line_told > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_is_passed_over),
		cmocka_unit_test(what_does_not_is_told_with_its_place),
		cmocka_unit_test(what_the_system_does_not_give_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
