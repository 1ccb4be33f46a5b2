/* SPDX-License-Identifier: Apache-2.0 */
/* bag.h - what the judge keeps: things found by a key of 64 bits, and what is due when. */
#ifndef SIM_BAG_H
#define SIM_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys are mixed hashes: two alike are one and the same thing. 0 is no key. */
struct bag {
	struct bag_cell {
		uint64_t key;
		void *thing;
	} * cells;
	size_t size, used; /* cells, a power of two; of these not empty */
};

void *bag_find(const struct bag *, uint64_t key);
void bag_put(struct bag *, uint64_t key, void *thing); /* in the place of what has the key */
void *bag_take(struct bag *, uint64_t key);            /* NULL: was not there */
void bag_clear(struct bag *, void (*drop)(void *));    /* DROP may be NULL */

/* Something that is looked at again at a moment. */
struct due {
	int64_t at_ms;
	int64_t dead_ms; /* how much time the server had lost when it was put */
	uint64_t key;
	int what;
};

struct dues {
	struct due *list; /* a heap, the earliest first */
	size_t count, size;
};

void dues_put(struct dues *, const struct due *);
bool dues_take(struct dues *, int64_t now_ms, struct due *); /* false: none is due */
void dues_clear(struct dues *);

#endif
