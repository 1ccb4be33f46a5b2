/* SPDX-License-Identifier: Apache-2.0 */
/* outside.h - every call of the shell to the outside, so that one of them can be made to fail.
 *
 * The program is linked with --wrap for each function that outside.tsv makes fail; while it is
 * armed, each of their calls is counted, and the k-th of one function fails as that function fails.
 *
 * Files: outside.c (counting), outside_system.c, outside_loop.c, outside_tls.c (the functions). */
#ifndef FAILS_OUTSIDE_H
#define FAILS_OUTSIDE_H

#include <stdbool.h>

#include "outside_names.h"

#define OUTSIDE_NUMBER(name, is_memory) NUMBER_##name,
enum outside_number { OUTSIDE_FUNCTIONS(OUTSIDE_NUMBER) NUMBERS };
#undef OUTSIDE_NUMBER

/* Only between these two are the calls of this thread counted; those of other threads always are,
 * for they are the server's. */
void outside_arm(void);
void outside_disarm(void);

/* Lets the K-th call (from 1) of function NUMBER fail; 0: none does. What this thread calls is
 * counted when it is armed. */
void outside_fail(int number, unsigned k);
bool outside_has_failed(void);

int outside_count(void); /* of functions */
const char *outside_name(int number);
unsigned outside_calls(int number); /* since outside_fail */

/* ---- for the functions ---------------------------------------------------------------------- */

/* Counts a call. Ends: whether it is the one that fails; it then has the errno ERROR. */
bool outside_fails(enum outside_number, int error);

/* Whether a call of this thread counts now. */
bool outside_is_armed(void);

/* Each function: what it takes, how that is handed on, and what it says when it fails. */
#define OUTSIDE(result, name, takes, hands, failed, error)                                 \
	result __real_##name takes;                                                        \
	result __wrap_##name takes;                                                        \
	result __wrap_##name takes                                                         \
	{                                                                                  \
		return outside_fails(NUMBER_##name, error) ? failed : __real_##name hands; \
	}

#endif
