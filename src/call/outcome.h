/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - what a failure on one leg is on the other, as one table. */
#ifndef CALL_OUTCOME_H
#define CALL_OUTCOME_H

/* The status for the caller when the callee's leg failed with STATUS (300 to 699). What is about
 * the callee's leg alone (its scheme, its dialog, its credentials, its server) is not passed on. */
unsigned outcome_for_caller(unsigned status);

#endif
