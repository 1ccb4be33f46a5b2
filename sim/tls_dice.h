/* SPDX-License-Identifier: Apache-2.0 */
/* tls_dice.h - OpenSSL draws from a seed: keys, randoms and tickets are the same in each run. */
#ifndef SIM_TLS_DICE_H
#define SIM_TLS_DICE_H

#include "base/dice.h"

/* From now on, for the whole process. The dice stay the caller's; NULL: OpenSSL's own again. */
void tls_dice_use(struct dice *);

#endif
