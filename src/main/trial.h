/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - `cert test DN`: one handshake with the device of a DN, and no SIP. */
#ifndef MAIN_TRIAL_H
#define MAIN_TRIAL_H

#include <stdio.h>

#include "main/config.h"

/* Dials the fixed contact of the DN with that NUMBER over TLS, as a call to it would: with its
 * identity, its `tls-name` and its terms; prints what came of it to TO.
 * Ends: whether there was a verified connection. */
bool trial_run(const struct config *, struct str number, int64_t now_s, FILE *to);

#endif
