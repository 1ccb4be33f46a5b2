/* SPDX-License-Identifier: Apache-2.0 */
#include "net/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

enum { FIRST_ITEMS = 64 };

struct queue_item {
	struct event event;
	char *blob; /* where the event's strings are copied to, or NULL */
};

void
queue_open(struct queue *q)
{
	*q = (struct queue){ .size = FIRST_ITEMS };
	q->items = calloc(FIRST_ITEMS, sizeof *q->items);
	q->inbox = malloc(INBOX_BYTES);
	need(q->items != NULL && q->inbox != NULL, "memory");
}

void
queue_close(struct queue *q)
{
	for (size_t i = q->head; i < q->count; i++)
		free(q->items[i].blob);
	free(q->blob);
	free(q->items);
	free(q->inbox);
	*q = (struct queue){ 0 };
}

char *
queue_room(struct queue *q, size_t bytes)
{
	return INBOX_BYTES - q->inbox_used >= bytes ? q->inbox + q->inbox_used : NULL;
}

static struct queue_item *
add(struct queue *q)
{
	struct queue_item *item;

	if (q->count == q->size && q->head > q->size / 2) {
		q->count -= q->head;
		memmove(q->items, q->items + q->head, q->count * sizeof *q->items);
		q->head = 0;
	} else if (q->count == q->size) {
		q->size *= 2;
		q->items = reallocarray(q->items, q->size, sizeof *q->items);
		need(q->items != NULL, "memory");
	}
	item = &q->items[q->count++];
	item->blob = NULL;
	return item;
}

void
queue_put_bytes(struct queue *q, struct flow_id flow, const struct addr *from, size_t len)
{
	struct queue_item *item = add(q);

	must(len <= INBOX_BYTES - q->inbox_used);
	item->event = (struct event){ .kind = EV_BYTES };
	item->event.u.bytes.flow = flow;
	item->event.u.bytes.from = *from;
	item->event.u.bytes.data = str_of(q->inbox + q->inbox_used, len);
	q->inbox_used += len;
}

/* Points each of STRS at its copy in one new blob. */
static char *
copy_all(struct str *const *strs, size_t count)
{
	size_t bytes = 1;
	char *blob, *at;

	for (size_t i = 0; i < count; i++)
		bytes += strs[i]->len;
	blob = at = malloc(bytes);
	need(blob != NULL, "memory");
	for (size_t i = 0; i < count; i++) {
		if (strs[i]->len > 0)
			memcpy(at, strs[i]->at, strs[i]->len);
		*strs[i] = str_of(at, strs[i]->len);
		at += strs[i]->len;
	}
	return blob;
}

static char *
copy_services(struct event *names)
{
	struct str *strs[3 * SERVICES_MAX];
	size_t count = 0;

	for (uint32_t i = 0; i < names->u.names.count; i++) {
		struct dns_record *s = &names->u.names.services[i];

		strs[count++] = &s->flags;
		strs[count++] = &s->what;
		strs[count++] = &s->name;
	}
	return copy_all(strs, count);
}

void
queue_put(struct queue *q, const struct event *event)
{
	struct queue_item *item = add(q);

	item->event = *event;
	if (event->kind == EV_FLOW_OPEN) {
		struct secured *s = &item->event.u.open.secured;

		item->blob = copy_all((struct str *[]){ &s->version, &s->cipher, &s->name,
					      &s->fingerprint, &s->own },
			5);
	} else if (event->kind == EV_FLOW_CLOSED || event->kind == EV_FLOW_FAILED) {
		item->blob = copy_all((struct str *[]){ &item->event.u.closed.reason }, 1);
	} else {
		must(event->kind == EV_NAMES);
		if (event->u.names.kind != NAMES_ADDRESSES)
			item->blob = copy_services(&item->event);
	}
}

bool
queue_next(struct queue *q, struct event *event)
{
	free(q->blob);
	q->blob = NULL;
	if (queue_is_empty(q)) {
		q->head = q->count = 0;
		q->inbox_used = 0;
		return false;
	}
	*event = q->items[q->head].event;
	q->blob = q->items[q->head].blob;
	q->head++;
	return true;
}

bool
queue_is_empty(const struct queue *q)
{
	return q->head == q->count;
}

static void
add_note(struct queue *q, enum note_level level, struct str text)
{
	struct queue_note *note = &q->notes[(q->note_head + q->note_count) % NOTES_MAX];

	text = str_upto(text, sizeof note->text);
	note->level = level;
	note->len = (uint32_t)text.len;
	if (text.len > 0)
		memcpy(note->text, text.at, text.len);
	q->note_count++;
}

static void
tell_dropped(struct queue *q)
{
	char line[64];
	struct buf b = buf_on(line, sizeof line);

	if (q->notes_dropped == 0 || q->note_count == NOTES_MAX)
		return;
	buf_number(&b, q->notes_dropped);
	buf_put(&b, STR(" more lines of this kind were left out"));
	q->notes_dropped = 0;
	add_note(q, NOTE_WARN, buf_str(&b));
}

void
queue_note(struct queue *q, enum note_level level, struct str text, int64_t now_ms)
{
	if (now_ms / 1000 != q->second) {
		q->second = now_ms / 1000;
		q->notes_this_second = 0;
		tell_dropped(q);
	}
	if (q->notes_this_second == NET_NOTES_PER_S || q->note_count == NOTES_MAX) {
		q->notes_dropped++;
		return;
	}
	q->notes_this_second++;
	add_note(q, level, text);
}

bool
queue_next_note(struct queue *q, enum note_level *level, struct str *text)
{
	struct queue_note *note = &q->notes[q->note_head];

	if (q->note_count == 0)
		return false;
	*level = note->level;
	*text = str_of(note->text, note->len);
	q->note_head = (q->note_head + 1) % NOTES_MAX;
	q->note_count--;
	return true;
}
