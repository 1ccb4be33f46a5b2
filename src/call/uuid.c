/* SPDX-License-Identifier: Apache-2.0 */
#include "call/uuid.h"

#include <string.h>

static const char base32hex[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

void
uuids_init(struct uuids *u, struct dice *dice)
{
	uint8_t raw[17] = { 0 };

	dice_bytes(dice, raw, 16);
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40); /* RFC 4122: version 4 */
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80); /* variant 1           */
	for (unsigned i = 0; i < sizeof u->run; i++) {
		unsigned bit = 5 * i;
		unsigned pair =
			(unsigned)raw[bit / 8] << 8 | raw[bit / 8 + 1 < 17 ? bit / 8 + 1 : 16];

		u->run[i] = base32hex[pair >> (11 - bit % 8) & 31];
	}
	u->count = 0;
}

void
uuid_next(struct uuids *u, char uuid[UUID_BYTES])
{
	u->count++;
	memcpy(uuid, u->run, sizeof u->run);
	for (unsigned i = 0; i < 6; i++)
		uuid[sizeof u->run + i] = base32hex[u->count >> (25 - 5 * i) & 31];
}
