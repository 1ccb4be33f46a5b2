/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.h - which meetings of two legs a run has seen: the state of the caller's leg, that of the
 * callee's, who spoke and which word. Many dull calls prove little; this counts the others. */
#ifndef SIM_PAIRS_H
#define SIM_PAIRS_H

#include <stdint.h>
#include <stdio.h>

enum { PAIR_STATES = 8, PAIR_WORDS = 15 }; /* the last state: there is no such leg */

struct pairs {
	uint64_t seen[PAIR_STATES][PAIR_STATES][2][PAIR_WORDS];
};

/* Where the counts go; NULL: nowhere. */
void pairs_into(struct pairs *);

/* Prints the table with its counts, then those seen fewer than 100 times, then those of the known
 * ones that were not seen at all. */
void pairs_print(const struct pairs *, FILE *);

#endif
