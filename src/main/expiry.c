/* SPDX-License-Identifier: Apache-2.0 */
#include "main/expiry.h"

static const int64_t ahead_s[] = { 30 * DAY_S, 14 * DAY_S, 7 * DAY_S, DAY_S };

enum { STEPS = sizeof ahead_s / sizeof ahead_s[0] };

bool
expiry_is_due(struct expiry *e, int64_t end_s, int64_t now_s)
{
	unsigned step = 0;

	if (e->end_s != end_s)
		*e = (struct expiry){ .end_s = end_s };
	while (step < STEPS && end_s - now_s <= ahead_s[step])
		step++;
	/* A little less than a day, or whoever looks once a day would miss every other. */
	if (step == e->step && (now_s < end_s || now_s - e->said_s < DAY_S - 3600))
		return false;
	e->step = step;
	if (step == 0)
		return false;
	e->said_s = now_s;
	return true;
}
