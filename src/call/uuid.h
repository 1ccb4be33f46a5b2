/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h - the identifier that both legs of a call carry.
 *
 * Its shape is the reference's: 26 characters of base32hex that are a random UUID of this run
 * (128 bits and two zero bits), then 6 that count the calls.
 */
#ifndef CALL_UUID_H
#define CALL_UUID_H

#include "base/dice.h"

enum { UUID_BYTES = 32 };

struct uuids {
	char run[26];
	uint32_t count; /* 30 bits are shown */
};

void uuids_init(struct uuids *, struct dice *);
void uuid_next(struct uuids *, char uuid[UUID_BYTES]);

#endif
