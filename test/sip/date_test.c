/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "sip/date.h"

static struct str
date(int64_t wall_s, char text[29])
{
	struct buf b = buf_on(text, 29);

	date_write(&b, wall_s);
	assert_true(buf_ok(&b));
	assert_int_equal(b.used, 29);
	return buf_str(&b);
}

static void
test_known_dates(void **state)
{
	static const struct {
		int64_t wall_s;
		const char *text;
	} rows[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },  /* RFC 9110 5.6.7 */
		{ 1289690940, "Sat, 13 Nov 2010 23:29:00 GMT" }, /* RFC 3261 20.17 */
		{ 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT" },
		{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
		{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
	};
	char text[29];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_true(str_same(date(rows[i].wall_s, text), str_cstr(rows[i].text)));
}

/* The C library as the witness, a day and some seconds at a time. */
static void
test_four_centuries(void **state)
{
	char ours[29], theirs[64];

	(void)state;
	for (int64_t wall_s = 0; wall_s < (int64_t)400 * 366 * 86400; wall_s += 86400 + 977) {
		time_t moment = (time_t)wall_s;
		struct tm tm;
		size_t len;

		assert_non_null(gmtime_r(&moment, &tm));
		len = strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		assert_true(str_same(date(wall_s, ours), str_of(theirs, len)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_dates),
		cmocka_unit_test(test_four_centuries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
