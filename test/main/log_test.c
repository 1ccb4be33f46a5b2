/* SPDX-License-Identifier: Apache-2.0 */
#include "main/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static char *
logged(enum note_level level, struct str text)
{
	char *at = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&at, &size);

	assert_non_null(file);
	log_line(file, 1700000000123, level, text);
	fclose(file);
	return at;
}

static void
a_line_has_its_moment_and_level(void **state)
{
	char *line = logged(NOTE_WARN, STR("the peer closed the connection"));

	(void)state;
	assert_string_equal(
		line, "2023-11-14T22:13:20.123Z warn  the peer closed the connection\n");
	free(line);
}

static void
nothing_breaks_the_line(void **state)
{
	char *line = logged(NOTE_ERROR, STR("a\nb\r\x1b[2J\0c\x7f"));
	static char longer[NOTE_BYTES_MAX + 500];

	(void)state;
	assert_string_equal(line + 25, "error a?b??[2J?c?\n");
	free(line);
	memset(longer, 'x', sizeof longer);
	line = logged(NOTE_INFO, str_of(longer, sizeof longer));
	assert_int_equal(strlen(line), 31 + NOTE_BYTES_MAX + 1);
	free(line);
}

static void
counters_are_one_line(void **state)
{
	const struct counts counts = {
		.calls = 1, .legs = 2, .transactions = 3, .timers = 4, .flows = 5, .calls_total = 99
	};
	char *at = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&at, &size);

	(void)state;
	log_counters(file, 1700000000000, &counts);
	fclose(file);
	assert_non_null(strstr(at,
		" counters calls=1 legs=2 transactions=3 timers=4 flows=5 "
		"bindings=0 asks=0 enrolled=0 out_of_service=0 calls_total=99 "));
	assert_int_equal(strchr(at, '\n') - at, size - 1);
	free(at);
}

static void
without_a_log_nothing_is_written(void **state)
{
	(void)state;
	log_line(NULL, 0, NOTE_INFO, STR("nobody hears this"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_moment_and_level),
		cmocka_unit_test(nothing_breaks_the_line),
		cmocka_unit_test(counters_are_one_line),
		cmocka_unit_test(without_a_log_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
