/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <string.h>

#include "base/panic.h"
#include "base/poison.h"

struct pool_cell {
	uint32_t age;
	uint32_t next; /* in the free list, + 1 */
};

bool
pool_open(struct pool *p, struct arena *arena, uint32_t count, size_t cell_bytes)
{
	cell_bytes = (cell_bytes + 15) & ~(size_t)15;
	*p = (struct pool){ .count = count, .cell_bytes = cell_bytes };
	p->words = arena_take(arena, count * sizeof *p->words, 64);
	p->cells = arena_take(arena, count * cell_bytes, 64);
	if (p->words == NULL || p->cells == NULL)
		return false;
	return true;
}

static char *
cell_at(const struct pool *p, uint32_t slot)
{
	return p->cells + (size_t)slot * p->cell_bytes;
}

void *
pool_take(struct pool *p, struct ref *ref)
{
	uint32_t slot;

	if (p->free != 0) {
		slot = p->free - 1;
		p->free = p->words[slot].next;
	} else if (p->fresh < p->count) {
		slot = p->fresh++;
		p->words[slot].age = 0;
	} else {
		return NULL;
	}
	p->used++;
	p->words[slot].age++;
	*ref = (struct ref){ slot, p->words[slot].age };
	UNPOISON(cell_at(p, slot), p->cell_bytes);
	return cell_at(p, slot);
}

void *
pool_at(const struct pool *p, struct ref ref)
{
	if (ref.slot >= p->fresh || (ref.age & 1) == 0 || p->words[ref.slot].age != ref.age)
		return NULL;
	return cell_at(p, ref.slot);
}

void *
pool_slot(const struct pool *p, uint32_t slot)
{
	if (slot >= p->fresh || (p->words[slot].age & 1) == 0)
		return NULL;
	return cell_at(p, slot);
}

struct ref
pool_ref(const struct pool *p, const void *cell)
{
	uint32_t slot = (uint32_t)((size_t)((const char *)cell - p->cells) / p->cell_bytes);

	must(slot < p->fresh && (p->words[slot].age & 1) == 1);
	return (struct ref){ slot, p->words[slot].age };
}

void
pool_give(struct pool *p, struct ref ref)
{
	must(pool_at(p, ref) != NULL);
	POISON(cell_at(p, ref.slot), p->cell_bytes);
	p->words[ref.slot].age++;
	p->words[ref.slot].next = p->free;
	p->free = ref.slot + 1;
	p->used--;
}

uint32_t
pool_left(const struct pool *p)
{
	return p->count - p->used;
}

bool
ref_same(struct ref a, struct ref b)
{
	return a.slot == b.slot && a.age == b.age;
}

bool
ref_is_none(struct ref r)
{
	return r.age == 0;
}
