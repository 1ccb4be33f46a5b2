/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/date.h"

#include "base/panic.h"

struct day {
	uint32_t year, month, of_month; /* month from 0 */
};

static bool
is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static struct day
day_of(uint32_t days)
{
	static const uint8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct day d = { .year = 1970 };
	uint32_t length;

	/* 400 years are always 146097 days; then at most 399 steps. */
	d.year += days / 146097 * 400;
	days %= 146097;
	while (days >= (length = is_leap(d.year) ? 366 : 365)) {
		days -= length;
		d.year++;
	}
	while (days >= (length = lengths[d.month] + (d.month == 1 && is_leap(d.year) ? 1u : 0u))) {
		days -= length;
		d.month++;
	}
	d.of_month = days + 1;
	return d;
}

static void
put_two(struct buf *b, uint32_t number)
{
	buf_char(b, (char)('0' + number / 10));
	buf_char(b, (char)('0' + number % 10));
}

void
date_write(struct buf *b, int64_t wall_s)
{
	static const char weekdays[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint32_t days, second;
	struct day d;

	must(wall_s >= 0 && wall_s < 253402300800);
	days = (uint32_t)(wall_s / 86400);
	second = (uint32_t)(wall_s % 86400);
	d = day_of(days);
	buf_put(b, str_of(weekdays + 3 * (days % 7), 3));
	buf_put(b, STR(", "));
	put_two(b, d.of_month);
	buf_char(b, ' ');
	buf_put(b, str_of(months + (size_t)3 * d.month, 3));
	buf_char(b, ' ');
	put_two(b, d.year / 100);
	put_two(b, d.year % 100);
	buf_char(b, ' ');
	put_two(b, second / 3600);
	buf_char(b, ':');
	put_two(b, second / 60 % 60);
	buf_char(b, ':');
	put_two(b, second % 60);
	buf_put(b, STR(" GMT"));
}
