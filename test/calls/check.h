/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the indented lines under a message that was heard ask of it. */
#ifndef CALLS_CHECK_H
#define CALLS_CHECK_H

#include "calls/party.h"

/* Each line of STEP holds for MESSAGE, or the scenario ends. */
void check_lines(const struct step *, struct str message);

#endif
