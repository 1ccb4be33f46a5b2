/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.h - seconds as a day and a time of day, in UTC. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/buf.h"

#define CALENDAR_END_S INT64_C(253402300800) /* the year 10000 */

struct calendar {
	uint32_t year, month, day; /* month and day from 1 */
	uint32_t weekday;          /* 0 is Sunday          */
	uint32_t hour, minute, second;
};

/* The moment WALL_S seconds after the beginning of 1970. Pre: not before that, and before
 * CALENDAR_END_S. */
struct calendar calendar_of(int64_t wall_s);

/* Puts NUMBER, which is below 100, with two digits. */
void calendar_put_two(struct buf *, uint32_t number);

/* Puts the moment as RFC 3339 has it: 2026-11-28T09:05:00Z. */
void calendar_write(struct buf *, int64_t wall_s);

#endif
