/* SPDX-License-Identifier: Apache-2.0 */
/* shrink.h - cuts a failing run down to what it needs to fail. */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "world.h"

/* Leaves out kinds of weather and happenings, as long as the same invariant breaks.
 * After: OPTIONS->weather_off and SKIP (PLAN_MAX octets, which OPTIONS->skip then looks at) say
 * what is left out.
 * Ends: how many happenings are left; 0: the run does not fail at all. */
uint32_t shrink_run(struct run_options *options, uint8_t *skip, FILE *to);

#endif
