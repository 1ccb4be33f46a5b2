/* SPDX-License-Identifier: Apache-2.0 */
/* outcome.h - what a failure on one leg is on the other, as one table. */
#ifndef CALL_OUTCOME_H
#define CALL_OUTCOME_H

/* The status for the caller when the callee's leg failed with STATUS (300 to 699). What is about
 * the callee's leg alone (its scheme, its dialog, its credentials, its server) is not passed on. */
unsigned outcome_for_caller(unsigned status);

/* The same for a request inside the dialog: a re-INVITE, INFO or MESSAGE that failed on one leg
 * with
 * STATUS. What would end the other leg's dialog (RFC 5057 5.1) is said only where the peer said
 * it. */
unsigned outcome_inside(unsigned status);

#endif
