/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/date.h"

#include "base/calendar.h"

void
date_write(struct buf *b, int64_t wall_s)
{
	static const char weekdays[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct calendar c = calendar_of(wall_s);

	buf_put(b, str_of(weekdays + (size_t)3 * c.weekday, 3));
	buf_put(b, STR(", "));
	calendar_put_two(b, c.day);
	buf_char(b, ' ');
	buf_put(b, str_of(months + (size_t)3 * (c.month - 1), 3));
	buf_char(b, ' ');
	calendar_put_two(b, c.year / 100);
	calendar_put_two(b, c.year % 100);
	buf_char(b, ' ');
	calendar_put_two(b, c.hour);
	buf_char(b, ':');
	calendar_put_two(b, c.minute);
	buf_char(b, ':');
	calendar_put_two(b, c.second);
	buf_put(b, STR(" GMT"));
}
