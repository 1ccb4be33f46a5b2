/* SPDX-License-Identifier: Apache-2.0 */
/* dice.h - all the randomness there is.
 *
 * Seeded once by the host with 32 octets: from the system in the real server, from the seed of the
 * run in a test or a simulation. The stream is ChaCha20 (RFC 8439), so what was drawn does not
 * tell what comes next.
 */
#ifndef BASE_DICE_H
#define BASE_DICE_H

#include "base/buf.h"

enum { DICE_SEED_BYTES = 32 };

struct dice {
	uint32_t key[8];
	uint64_t block; /* counter of the next block */
	uint8_t stock[64];
	uint32_t left; /* octets of stock not yet drawn */
};

void dice_init(struct dice *, const uint8_t seed[DICE_SEED_BYTES]);

/* Draws COUNT octets into AT. */
void dice_bytes(struct dice *, void *at, size_t count);

uint64_t dice_u64(struct dice *);

/* A number from 0 to BELOW - 1, each equally likely to within 2^-32. Pre: BELOW > 0. */
uint32_t dice_below(struct dice *, uint32_t below);

/* Puts a fresh random GUID, 128 random bits but for the version nibble, upper case, 36 octets. */
void dice_guid(struct dice *, struct buf *);

#endif
