/* SPDX-License-Identifier: Apache-2.0 */
#include "base/calendar.h"

#include "base/panic.h"

enum { DAY_S = 86400, DAYS_OF_400_YEARS = 146097 };

static bool
is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

struct calendar
calendar_of(int64_t wall_s)
{
	static const uint8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct calendar c = { .year = 1970 };
	uint32_t days, second, length;

	must(wall_s >= 0 && wall_s < CALENDAR_END_S);
	days = (uint32_t)(wall_s / DAY_S);
	second = (uint32_t)(wall_s % DAY_S);
	c.weekday = (days + 4) % 7;
	/* 400 years always have as many days; then at most 399 steps. */
	c.year += days / DAYS_OF_400_YEARS * 400;
	days %= DAYS_OF_400_YEARS;
	while (days >= (length = is_leap(c.year) ? 366 : 365)) {
		days -= length;
		c.year++;
	}
	while (days >= (length = lengths[c.month] + (c.month == 1 && is_leap(c.year) ? 1u : 0u))) {
		days -= length;
		c.month++;
	}
	c.month++;
	c.day = days + 1;
	c.hour = second / 3600;
	c.minute = second / 60 % 60;
	c.second = second % 60;
	return c;
}

void
calendar_put_two(struct buf *b, uint32_t number)
{
	buf_char(b, (char)('0' + number / 10));
	buf_char(b, (char)('0' + number % 10));
}

void
calendar_write(struct buf *b, int64_t wall_s)
{
	struct calendar c = calendar_of(wall_s);
	const struct {
		uint32_t number;
		char before;
	} parts[] = { { c.month, '-' }, { c.day, '-' }, { c.hour, 'T' }, { c.minute, ':' },
		{ c.second, ':' } };

	calendar_put_two(b, c.year / 100);
	calendar_put_two(b, c.year % 100);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		buf_char(b, parts[i].before);
		calendar_put_two(b, parts[i].number);
	}
	buf_char(b, 'Z');
}
