/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - a region that is filled from the front and freed whole.
 *
 * The host gives the core one region when it opens; every table of the core is carved from it.
 * Every event has a scratch arena, empty at its start and at its end.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"

struct arena {
	char *at;
	size_t size;
	size_t used;
	size_t poisoned; /* the most that was in use when it was cleared */
};

/* An arena on SIZE octets at AT, which stay the caller's. */
struct arena arena_on(void *at, size_t size);

/* The same for one that is cleared again and again: another may have stood there, and what it
 * cleared last is still poisoned. AT may be NULL while something larger is only measured. */
struct arena arena_scratch_on(void *at, size_t size);

/* Takes BYTES octets, aligned to ALIGN (a power of two). The memory is not cleared.
 * Ends: a pointer, or NULL when not that much is left. */
void *arena_take(struct arena *, size_t bytes, size_t align);

/* As arena_take, but an arena of size 0 at NULL only counts: used grows and NULL comes back. With
 * it one function both measures and carves. */
bool arena_is_measuring(const struct arena *);

/* A copy of S that lives as long as the arena. STR_NONE stays STR_NONE.
 * Ends: the copy, or STR_NONE when it does not fit. */
struct str arena_copy(struct arena *, struct str s);

/* A writer on what is left, on MAX octets of it at most. What was written is kept by arena_wrote;
 * nothing may be taken in between. */
struct buf arena_buf(struct arena *, size_t max);

/* Keeps what was written. Pre: B came from arena_buf. Ends: it, as long as the arena. */
struct str arena_wrote(struct arena *, const struct buf *b);

/* Frees all at once. In sanitized builds what was taken is poisoned until it is taken again. */
void arena_clear(struct arena *);

#endif
