/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - a witness on every wire of a test: what the core sends must be well formed, and no octet
 * of a sips leg may leave over anything but TLS. */
#ifndef SUPPORT_TAP_H
#define SUPPORT_TAP_H

#include "base/flow.h"
#include "base/str.h"

enum { TAP_CALL_IDS_MAX = 512, TAP_CALL_ID_BYTES = 200 };

struct tap {
	char call_ids[TAP_CALL_IDS_MAX][TAP_CALL_ID_BYTES]; /* of sips legs */
	unsigned count;
	/* The test itself says in clear what is of a sips leg: answers repeat it. */
	bool may_echo_sips;
	unsigned messages;
};

/* Whole messages that come in: the tap learns which Call-IDs are those of sips legs. */
void tap_hear(struct tap *, enum transport, struct str bytes);

/* One message or a ping's answer that goes out; fails the test if anything about it is wrong. */
void tap_see(struct tap *, enum transport, struct str bytes);

#endif
