/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the indented lines under a message that was heard ask of it. */
#ifndef CALLS_CHECK_H
#define CALLS_CHECK_H

#include "calls/party.h"

/* Each line of STEP holds for MESSAGE, or the scenario ends. */
void check_lines(const struct step *, struct str message);

/* `proves=PASSWORD` among the words of STEP: MESSAGE has one line of Digest credentials, and
 * they are right for its method and its Request-URI. */
void check_proof(const struct step *, struct str message);

#endif
