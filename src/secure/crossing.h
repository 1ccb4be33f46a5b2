/* SPDX-License-Identifier: Apache-2.0 */
/* crossing.h - a call whose legs speak different schemes.
 *
 * Under `crossing: per-leg` each leg follows its device, so every crossing is let through; each is
 * counted, logged and shown.
 */
#ifndef SECURE_CROSSING_H
#define SECURE_CROSSING_H

#include "secure/scheme.h"

enum crossing {
	CROSSING_NONE, /* both legs speak the same scheme                 */
	CROSSING_DOWN, /* the caller's leg is sips, the callee's is not   */
	CROSSING_UP,   /* the callee's leg is sips, the caller's is not   */
};

enum crossing crossing_of(enum scheme caller, enum scheme callee);

/* One honest sentence for logs and pictures. */
struct str crossing_text(enum crossing);

#endif
