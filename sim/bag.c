/* SPDX-License-Identifier: Apache-2.0 */
#include "bag.h"

#include <stdio.h>
#include <stdlib.h>

static void *
take_memory(void *old, size_t count, size_t size)
{
	void *at = reallocarray(old, count, size);

	if (at == NULL) {
		fputs("sim: no memory\n", stderr);
		abort();
	}
	return at;
}

static size_t
cell_of(const struct bag *bag, uint64_t key)
{
	size_t i = (size_t)key & (bag->size - 1);

	while (bag->cells[i].key != 0 && bag->cells[i].key != key)
		i = (i + 1) & (bag->size - 1);
	return i;
}

static void
grow(struct bag *bag)
{
	struct bag old = *bag;

	bag->size = old.size == 0 ? 64 : 2 * old.size;
	bag->cells = take_memory(NULL, bag->size, sizeof *bag->cells);
	for (size_t i = 0; i < bag->size; i++)
		bag->cells[i] = (struct bag_cell){ .key = 0 };
	for (size_t i = 0; i < old.size; i++)
		if (old.cells[i].key != 0)
			bag->cells[cell_of(bag, old.cells[i].key)] = old.cells[i];
	free(old.cells);
}

void *
bag_find(const struct bag *bag, uint64_t key)
{
	return bag->size == 0 || key == 0 ? NULL : bag->cells[cell_of(bag, key)].thing;
}

void
bag_put(struct bag *bag, uint64_t key, void *thing)
{
	size_t i;

	if (key == 0)
		return;
	if (2 * (bag->used + 1) > bag->size)
		grow(bag);
	i = cell_of(bag, key);
	bag->used += bag->cells[i].key == 0;
	bag->cells[i] = (struct bag_cell){ key, thing };
}

/* Those behind move up, so that no search stops at the gap (Knuth 6.4, algorithm R). */
void *
bag_take(struct bag *bag, uint64_t key)
{
	size_t mask = bag->size - 1, gap, i;
	void *thing;

	if (bag->size == 0 || key == 0)
		return NULL;
	gap = cell_of(bag, key);
	if (bag->cells[gap].key == 0)
		return NULL;
	thing = bag->cells[gap].thing;
	for (i = (gap + 1) & mask; bag->cells[i].key != 0; i = (i + 1) & mask) {
		size_t home = (size_t)bag->cells[i].key & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		bag->cells[gap] = bag->cells[i];
		gap = i;
	}
	bag->cells[gap] = (struct bag_cell){ .key = 0 };
	bag->used--;
	return thing;
}

void
bag_clear(struct bag *bag, void (*drop)(void *))
{
	for (size_t i = 0; i < bag->size && drop != NULL; i++)
		if (bag->cells[i].key != 0)
			drop(bag->cells[i].thing);
	free(bag->cells);
	*bag = (struct bag){ .cells = NULL };
}

/* ---- what is due ---- */

void
dues_put(struct dues *dues, const struct due *due)
{
	size_t i = dues->count++;

	if (dues->count > dues->size) {
		dues->size = dues->size == 0 ? 64 : 2 * dues->size;
		dues->list = take_memory(dues->list, dues->size, sizeof *dues->list);
	}
	for (; i > 0 && dues->list[(i - 1) / 2].at_ms > due->at_ms; i = (i - 1) / 2)
		dues->list[i] = dues->list[(i - 1) / 2];
	dues->list[i] = *due;
}

bool
dues_take(struct dues *dues, int64_t now_ms, struct due *due)
{
	struct due last;
	size_t i = 0, child;

	if (dues->count == 0 || dues->list[0].at_ms > now_ms)
		return false;
	*due = dues->list[0];
	last = dues->list[--dues->count];
	while ((child = 2 * i + 1) < dues->count) {
		if (child + 1 < dues->count &&
			dues->list[child + 1].at_ms < dues->list[child].at_ms)
			child++;
		if (dues->list[child].at_ms >= last.at_ms)
			break;
		dues->list[i] = dues->list[child];
		i = child;
	}
	dues->list[i] = last;
	return true;
}

void
dues_clear(struct dues *dues)
{
	free(dues->list);
	*dues = (struct dues){ .list = NULL };
}
