/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.h - which DN calls which, and what the schemes of their legs had to do with it.
 *
 * A bounded table: when it is full, calls of further pairs are counted together, and then nobody
 * can be said to be safe from a refusal.
 */
#ifndef CORE_PAIRS_H
#define CORE_PAIRS_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/pool.h"

/* What became of one call, as far as the schemes go. */
struct pair_call {
	bool is_refused;   /* for its schemes: by the mode in force, or by an option */
	bool strict_would; /* it went, and strict would have refused it */
	bool goes_down, goes_up;
};

struct pair {
	uint64_t calls, down, up, refused, strict;
	int64_t last_at_s;
	uint32_t caller_len, callee_len;
	char names[2 * DN_NUMBER_BYTES_MAX]; /* the caller's number, then the callee's */
};

/* All calls of one DN, from it and to it. */
struct tally {
	uint64_t calls, refused, strict;
	int64_t last_at_s;
	uint32_t number_len;
	char number[DN_NUMBER_BYTES_MAX];
};

struct pairs {
	struct pool pool, tallies;
	struct map by_names, by_number;
	struct pair others; /* of all pairs that found no room; it has no names */
};

/* Carves a table for MAX pairs.
 * Ends: true; false when the arena is too small (or only measures). */
bool pairs_open(struct pairs *, struct arena *, uint32_t max, const uint8_t key[MAP_KEY_BYTES]);

/* Counts a call. CALLER: the number of its DN; empty: a stranger. */
void pairs_count(struct pairs *, struct str caller, struct str callee, const struct pair_call *,
	int64_t now_s);

/* Counts of a call that was counted before that strict would not have lived with it after all. */
void pairs_object(struct pairs *, struct str caller, struct str callee);

/* The pair, or NULL. */
const struct pair *pairs_find(const struct pairs *, struct str caller, struct str callee);

struct str tally_number(const struct tally *);
struct str pair_caller(const struct pair *);
struct str pair_callee(const struct pair *);

#endif
