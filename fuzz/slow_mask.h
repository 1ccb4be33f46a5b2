/* SPDX-License-Identifier: Apache-2.0 */
/* slow_mask.h - where secrets stand in SIP, told again from RFC 3261, 4566, 4567, 4568 and 8839,
 * without a line of src/main/mask.c. */
#ifndef FUZZ_SLOW_MASK_H
#define FUZZ_SLOW_MASK_H

#include "base/str.h"

enum { SLOW_MASK_MAX = 16 * 1024 };

enum zone { ZONE_UNKNOWN, ZONE_HEAD, ZONE_BODY };

struct slow_mask {
	unsigned char zones[SLOW_MASK_MAX]; /* enum zone: unknown behind what frames no more */
	bool is_secret[SLOW_MASK_MAX];
	/* A message begins here, behind a body that ended in the middle of a secret, and begins
	 * with no method that is known: what mask.h has as its exception. */
	bool is_cut[SLOW_MASK_MAX + 1];
};

void slow_mask(struct slow_mask *, struct str text, bool is_stream);

/* Whether what stands behind NAME and a colon has secrets. */
bool slow_is_secret_name(struct str name);

#endif
