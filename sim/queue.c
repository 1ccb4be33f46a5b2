/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

void
queue_open(struct queue *q)
{
	*q = (struct queue){ .room = 1024 };
	q->heap = malloc(q->room * sizeof *q->heap);
	if (q->heap == NULL)
		abort();
}

void
queue_close(struct queue *q)
{
	for (size_t i = 0; i < q->count; i++)
		item_free(q->heap[i]);
	free(q->heap);
}

void
item_free(struct item *item)
{
	free(item->bytes);
	free(item);
}

static bool
is_before(const struct item *a, const struct item *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

struct item *
queue_put(struct queue *q, int64_t at_ms, enum item_kind kind, const char *bytes, size_t len)
{
	struct item *item = calloc(1, sizeof *item);
	size_t i = q->count;

	if (q->count == q->room) {
		q->room *= 2;
		q->heap = realloc(q->heap, q->room * sizeof *q->heap);
	}
	if (item == NULL || q->heap == NULL)
		abort();
	item->at_ms = at_ms;
	item->order = q->order++;
	item->kind = kind;
	/* Exactly so many, so that one octet more that is read is seen by the sanitizer. */
	item->bytes = malloc(len > 0 ? len : 1);
	if (item->bytes == NULL)
		abort();
	if (len > 0)
		memcpy(item->bytes, bytes, len);
	item->len = len;
	for (q->count++; i > 0 && is_before(item, q->heap[(i - 1) / 2]); i = (i - 1) / 2)
		q->heap[i] = q->heap[(i - 1) / 2];
	q->heap[i] = item;
	return item;
}

int64_t
queue_next_ms(const struct queue *q)
{
	return q->count > 0 ? q->heap[0]->at_ms : INT64_MAX;
}

struct item *
queue_take(struct queue *q)
{
	struct item *first, *last;
	size_t i = 0;

	if (q->count == 0)
		return NULL;
	first = q->heap[0];
	last = q->heap[--q->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= q->count)
			break;
		if (child + 1 < q->count && is_before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!is_before(q->heap[child], last))
			break;
		q->heap[i] = q->heap[child];
		i = child;
	}
	if (q->count > 0)
		q->heap[i] = last;
	return first;
}
