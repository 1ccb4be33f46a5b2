/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - a table from hashes to slots, keyed so that a peer cannot aim at one chain.
 *
 * Call-ID, branch and address-of-record are chosen by peers, so they are hashed with SipHash-2-4
 * under a key of this process. The map holds hashes and small numbers only; whoever looks up
 * compares the real key, since two keys may share a hash. It never grows: its owner has a pool of
 * the same size, and that says when there is no room.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

enum { MAP_KEY_BYTES = 16 };
#define MAP_NONE UINT32_MAX

struct map_cell;

struct map {
	uint64_t key[2];
	struct map_cell *cells;
	uint32_t mask;
	uint32_t count;
};

/* Carves a map for at most MAX entries.
 * Ends: true; false when the arena is too small (or only measures). */
bool map_open(struct map *, struct arena *, uint32_t max, const uint8_t key[MAP_KEY_BYTES]);

/* The hash of COUNT parts, each told apart from its neighbours (ab,c differs from a,bc). */
uint64_t map_hash(const struct map *, const struct str *parts, size_t count);

/* SipHash-2-4 of DATA under KEY; as published, so that known answers can be tested. */
uint64_t siphash(const uint64_t key[2], struct str data);

/* Adds VALUE under HASH. Pre: fewer than MAX entries; VALUE is not MAP_NONE. */
void map_put(struct map *, uint64_t hash, uint32_t value);

/* The first value under HASH, then each further one; MAP_NONE at the end. *CURSOR is the map's own
 * and holds good until the next put or drop. */
uint32_t map_first(const struct map *, uint64_t hash, uint32_t *cursor);
uint32_t map_next(const struct map *, uint64_t hash, uint32_t *cursor);

/* Takes VALUE from under HASH. Pre: it is there. */
void map_drop(struct map *, uint64_t hash, uint32_t value);

#endif
