/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/check.h"

static void
known_moments(void **state)
{
	static const struct {
		int64_t wall_s;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 951782399, "2000-02-28T23:59:59Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 1764322707, "2025-11-28T09:38:27Z" },
		{ 4107542400, "2100-03-01T00:00:00Z" },
		{ CALENDAR_END_S - 1, "9999-12-31T23:59:59Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[20];
		struct buf b = buf_on(text, sizeof text);

		calendar_write(&b, rows[i].wall_s);
		check_str(buf_str(&b), rows[i].text);
	}
}

/* The C library as the witness. */
static void
four_centuries(void **state)
{
	(void)state;
	for (int64_t wall_s = 0; wall_s < (int64_t)400 * 366 * 86400; wall_s += 3 * 86400 + 977) {
		time_t moment = (time_t)wall_s;
		struct calendar c = calendar_of(wall_s);
		struct tm tm;

		assert_non_null(gmtime_r(&moment, &tm));
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.weekday, tm.tm_wday);
		assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second,
			tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments),
		cmocka_unit_test(four_centuries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
