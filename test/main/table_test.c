/* SPDX-License-Identifier: Apache-2.0 */
#include "main/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *said;
static size_t said_len;

static void
check(FILE *file, const char *want)
{
	fclose(file);
	assert_string_equal(said, want);
	free(said);
	said = NULL;
}

static void
columns_stand_below_each_other(void **state)
{
	static const char *const titles[] = { "A", "LONG", "C" };
	struct table *t = table_open(titles, 3);
	FILE *file = open_memstream(&said, &said_len);

	(void)state;
	table_put(t, STR("wide cell"));
	table_put(t, STR(""));
	table_put(t, STR("x"));
	table_put(t, STR("\xc3\xa4"));
	table_put(t, STR("b"));
	table_put(t, STR(""));
	table_print(t, file);
	table_close(t);
	check(file,
		"A          LONG  C\n"
		"wide cell        x\n"
		"\xc3\xa4          b     \n");
}

static void
many_lines(void **state)
{
	static const char *const titles[] = { "N" };
	struct table *t = table_open(titles, 1);
	FILE *file = open_memstream(&said, &said_len);

	(void)state;
	for (int i = 0; i < 5000; i++)
		table_put(t, STR("x"));
	table_print(t, file);
	table_close(t);
	fclose(file);
	assert_int_equal(said_len, 2 * 5001);
	free(said);
}

static void
a_peer_does_not_drive_the_terminal(void **state)
{
	FILE *file = open_memstream(&said, &said_len);

	(void)state;
	assert_int_equal(
		table_print_text(STR("a\x1b[2J\n\x7f\xc2\x9bz\xc2\xa0\xe2\x82\xac"), file), 11);
	check(file, "a?[2J???z\xc2\xa0\xe2\x82\xac");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_below_each_other),
		cmocka_unit_test(many_lines),
		cmocka_unit_test(a_peer_does_not_drive_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
