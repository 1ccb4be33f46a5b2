/* SPDX-License-Identifier: Apache-2.0 */
/* outside.h - every call of the shell to the outside, so that one of them can be made to fail.
 *
 * The program is linked with --wrap for each function of the list in outside.c; while it is armed,
 * each of their calls is counted, and the k-th of one function fails as that function fails. */
#ifndef FAILS_OUTSIDE_H
#define FAILS_OUTSIDE_H

#include <stdbool.h>

enum { OUTSIDE_MAX = 96 };

/* Only between these two are calls counted. */
void outside_arm(void);
void outside_disarm(void);

/* Lets the K-th call (from 1) of function NUMBER fail; 0: none does. */
void outside_fail(int number, unsigned k);
bool outside_has_failed(void);

int outside_count(void); /* of functions */
const char *outside_name(int number);
unsigned outside_calls(int number); /* since outside_fail */

/* Whether its failing may end the process with one line, rather than a call or a connection. */
bool outside_is_memory(int number);

#endif
