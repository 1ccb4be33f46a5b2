/* SPDX-License-Identifier: Apache-2.0 */
/* mutate.h - what changes inputs, for those who know better than octets what an input is. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "base/buf.h"

enum { LINES_MAX = 400 };

/* An input of SIZE octets that may become MAX long, and where the dice stand. */
struct change {
	char *at;
	size_t size, max;
	uint32_t seed;
};

/* A number from 0 to N - 1; 0 when N is. */
uint32_t change_below(struct change *, uint32_t n);

/* Puts PART in the place of the LEN octets from FROM on, if there is room. */
void change_put(struct change *, size_t from, size_t len, struct str part);

/* Where lines begin; each ends behind its LF.
 * Ends: how many there are, STARTS[count] being the end of the last. */
unsigned change_lines(const struct change *, size_t starts[LINES_MAX + 1]);

/* Doubles, moves, drops or overwrites a whole line. */
void change_order(struct change *);

/* The grammar of a target that has one of its own; the others have none. */
void change_own(struct change *) __attribute__((weak));

#endif
