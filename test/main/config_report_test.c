/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "main/config_report.h"

static struct report report;
static struct config_memory *memory;

static void
begin(const char *text)
{
	memory = memory_open();
	report_init(&report, memory, STR("f.yaml"), str_cstr(text));
}

/* The report prints as WANTED; ends it. */
static void
assert_prints(const char *wanted)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	report_print(&report, file);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
	memory_close(memory);
}

static struct span
span(size_t from, size_t to)
{
	return (struct span){ from, to };
}

static void
test_place_line_caret(void **state)
{
	(void)state;
	begin("one: 1\ntwo: 22\nthree: 3\n");
	report_error(&report, span(12, 14), "bad %d", 22);
	assert_int_equal(report.errors, 1);
	assert_prints("f.yaml:2:6: error: bad 22\ntwo: 22\n     ^~\n");
	begin("a: abcdef\r\nb: 1\r\n");
	report_error_at(&report, span(3, 9), 6, "there");
	assert_int_equal(report_line(&report, 11), 2);
	assert_prints("f.yaml:1:7: error: there\na: abcdef\n   ~~~^~~\n");
	/* At the end of a value that is too short. */
	begin("a: abc\n");
	report_error_at(&report, span(3, 6), 6, "more");
	assert_prints("f.yaml:1:7: error: more\na: abc\n   ~~~^\n");
}

static void
test_in_the_order_of_places(void **state)
{
	(void)state;
	begin("a\nb\nc\n");
	report_error(&report, span(4, 5), "third");
	report_warning(&report, span(0, 1), "first");
	report_error(&report, span(2, 3), "second");
	report_error(&report, span(2, 3), "second too");
	assert_int_equal(report.errors, 3);
	assert_int_equal(report.warnings, 1);
	assert_prints("f.yaml:1:1: warning: first\na\n^\nf.yaml:2:1: error: second\nb\n^\n"
		      "f.yaml:2:1: error: second too\nb\n^\nf.yaml:3:1: error: third\nc\n^\n");
}

static void
test_tabs_and_letters(void **state)
{
	(void)state;
	/* A tab stays one; a letter of two octets is one column. */
	begin("\tb\xc3\xbc: x\n");
	report_error(&report, span(6, 7), "x");
	assert_prints("f.yaml:1:6: error: x\n\tb\xc3\xbc: x\n\t    ^\n");
	/* Nothing that steers a terminal is printed. */
	begin("a\x1b[2J\x7f\xff\xc2\x9b\xe2\x82: x\n");
	report_error(&report, span(0, 1), "x");
	assert_prints("f.yaml:1:1: error: x\na?[2J??????: x\n^\n");
}

static void
test_the_ends_of_a_file(void **state)
{
	(void)state;
	begin("");
	report_error(&report, span(0, 0), "empty");
	assert_prints("f.yaml:1:1: error: empty\n\n^\n");
	begin("ab\n\n");
	report_error(&report, span(4, 4), "end");
	assert_prints("f.yaml:1:3: error: end\nab\n  ^\n");
	begin("ab");
	report_error(&report, span(2, 2), "end");
	assert_prints("f.yaml:1:3: error: end\nab\n  ^\n");
	begin("ab\n");
	report_error(&report, SPAN_NONE, "as a whole");
	assert_prints("f.yaml: error: as a whole\n");
	/* A value that goes over lines is underlined on its first. */
	begin("a: \"b\nc\"\n");
	report_error(&report, span(4, 8), "two lines");
	assert_prints("f.yaml:1:5: error: two lines\na: \"b\n    ^\n");
}

static void
test_passwords_are_not_printed(void **state)
{
	static const char *const lines[][2] = {
		{ "password: hunter2\n", "password: *******\n" },
		{ "password: hun, ter} # x\n", "password: *************\n" },
		{ "{ password: hunter2, x: y }\n", "{ password: *******, x: y }\n" },
		{ "{ password: \"hun,te\\\"r}2\", x: y }\n",
			"{ password: \"***********\", x: y }\n" },
		{ "{ password: 'hun,ter2', x: y }\n", "{ password: '********', x: y }\n" },
		{ "{ \"password\": \"hunter2\" }\n", "{ \"password\": \"*******\" }\n" },
		{ "{ 'password' : hunter2}\n", "{ 'password' : *******}\n" },
		{ "PASSWORD: hunter2\n", "PASSWORD: *******\n" },
		{ "password: \"hunter2\n", "password: \"*******\n" },
		{ "password: h\xc3\xbcnter2\n", "password: *******\n" },
		{ "{ password: a, x: 1 }, { password: b }\n",
			"{ password: *, x: 1 }, { password: **}\n" },
		{ "password: ${file:/a/b}\n", "password: ${file:/a/b}\n" },
		{ "password: \"${env:A}\"\n", "password: \"${env:A}\"\n" },
		{ "{ x: password, y: 1 }\n", "{ x: password, y: 1 }\n" },
		{ "password:\n", "password:\n" },
		{ "password", "password\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char wanted[200];

		begin(lines[i][0]);
		report_error(&report, span(0, 1), "x");
		snprintf(wanted, sizeof wanted, "f.yaml:1:1: error: x\n%s^\n", lines[i][1]);
		assert_prints(wanted);
	}
	/* On a line of its own. */
	begin("password:\n  hunter2\nx: y\n");
	report_error(&report, span(12, 13), "x");
	assert_prints("f.yaml:2:3: error: x\n  *******\n  ^\n");
}

static void
test_names_steer_no_terminal(void **state)
{
	(void)state;
	begin("a: b\n");
	report_error(&report, span(0, 1), "unknown key \"%s\"", "\r\033[2J\xc2\x9bJ\xffu\xc3\xbc");
	assert_prints("f.yaml:1:1: error: unknown key \"??[2J??J?u\xc3\xbc\"\na: b\n^\n");
}

static void
test_long_lines_are_cut(void **state)
{
	static char text[10000];
	char *shown;
	size_t len;
	FILE *file;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[5000] = 'X';
	begin(text);
	report_error(&report, span(5000, 9000), "here");
	file = open_memstream(&shown, &len);
	assert_non_null(file);
	report_print(&report, file);
	fclose(file);
	assert_true(len < 1000);
	assert_memory_equal(shown, "f.yaml:1:5001: error: here\naaa", 30);
	/* The caret stands under the X. */
	assert_int_equal(strchr(shown, 'X') - strchr(shown, '\n'),
		strchr(shown, '^') - strchr(strchr(shown, '\n') + 1, '\n'));
	free(shown);
	memory_close(memory);
}

static void
test_so_many_and_no_more(void **state)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	assert_non_null(file);
	begin("a\n");
	for (int i = 0; i < 100; i++)
		report_warning(&report, span(0, 1), "w");
	for (int i = 0; i < 100; i++)
		report_error(&report, span(0, 1), "e");
	report_print(&report, file);
	fclose(file);
	assert_non_null(strstr(text, "\nf.yaml: error: and 50 more errors\n"));
	assert_non_null(strstr(text, "\nf.yaml: warning: and 80 more warnings\n"));
	free(text);
	memory_close(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_line_caret),
		cmocka_unit_test(test_in_the_order_of_places),
		cmocka_unit_test(test_tabs_and_letters),
		cmocka_unit_test(test_the_ends_of_a_file),
		cmocka_unit_test(test_passwords_are_not_printed),
		cmocka_unit_test(test_names_steer_no_terminal),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
