/* SPDX-License-Identifier: Apache-2.0 */
/* shelf.h - a few named strings in one small piece of memory.
 *
 * A leg keeps its Call-ID, its tags, its route set and a handful of others for the length of a
 * call, and some of them change. A shelf holds up to SHELF_PLACES strings back to back, so a call
 * takes the memory that its strings take and no more.
 */
#ifndef BASE_SHELF_H
#define BASE_SHELF_H

#include "base/str.h"

enum { SHELF_PLACES = 23 };

struct shelf {
	char *at;
	uint32_t size;
	uint32_t ends
		[SHELF_PLACES]; /* where each string ends; it begins where the one before ends */
};

/* An empty shelf on SIZE octets at AT. */
void shelf_init(struct shelf *, void *at, size_t size);

/* Puts S at PLACE instead of what was there. S must not be a view into this shelf.
 * After: views got before are stale.
 * Ends: true; false when it does not fit, and nothing has changed. */
bool shelf_put(struct shelf *, unsigned place, struct str s);

/* What stands at PLACE; empty if nothing. The view is good until the next put. */
struct str shelf_get(const struct shelf *, unsigned place);

#endif
