/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - slots with an age.
 *
 * A pool holds a fixed number of cells of one size. Whatever crosses time holds a struct ref, slot
 * and age, never a pointer: once a cell was given back its age has moved on, and a late answer
 * meets nobody. Cells may be large and mostly untouched (the host gives memory that costs nothing
 * until it is written), so a cell is not cleared when it is taken. Cells that were given back are
 * poisoned in sanitized builds.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/arena.h"

struct ref {
	uint32_t slot;
	uint32_t age; /* odd while the cell is taken; 0: no cell at all */
};

#define REF_NONE ((struct ref){ 0, 0 })

struct pool_cell; /* the pool's own word on each cell */

struct pool {
	char *cells;
	struct pool_cell *words;
	size_t cell_bytes;
	uint32_t count; /* how many cells there are */
	uint32_t used;  /* how many are taken       */
	uint32_t fresh; /* cells from here on were never taken */
	uint32_t free;  /* head of the list of those given back, + 1 */
};

/* Carves a pool of COUNT cells of CELL_BYTES each.
 * Ends: true; false when the arena is too small (or only measures). */
bool pool_open(struct pool *, struct arena *, uint32_t count, size_t cell_bytes);

/* Takes a cell; the last one given back first, so that few pages stay warm.
 * Ends: the cell with *REF set, or NULL when all are taken. */
void *pool_take(struct pool *, struct ref *ref);

/* The cell of REF, or NULL once that was given back (and for REF_NONE). */
void *pool_at(const struct pool *, struct ref ref);

/* The cell in SLOT if it is taken, else NULL; for walking a pool. */
void *pool_slot(const struct pool *, uint32_t slot);

/* The ref of a cell that is taken. */
struct ref pool_ref(const struct pool *, const void *cell);

/* Gives a cell back. Pre: REF is live. */
void pool_give(struct pool *, struct ref ref);

/* How many cells are free. */
uint32_t pool_left(const struct pool *);

bool ref_same(struct ref a, struct ref b);
bool ref_is_none(struct ref r);

#endif
