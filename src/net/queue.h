/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - what happened on the network and is not with the core yet, in its order.
 *
 * Callbacks of the event loop only fill this; the host empties it one by one. Octets are read
 * straight into the inbox, a region that is emptied whole. While there is no room for one more
 * read, nothing is read: the system's buffers fill, and peers slow down. Events about a flow's life
 * and about names are always taken, as there are at most two for each flow and one for each ask.
 */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include "base/event.h"
#include "base/out.h"

struct queue_item;

enum { NOTES_MAX = 32 };

struct queue_note {
	enum note_level level;
	uint32_t len;
	char text[LOG_TEXT_MAX * 6];
};

struct queue {
	struct queue_item *items;
	size_t head, count, size;
	char *blob; /* the strings of the event that was taken last */
	char *inbox;
	size_t inbox_used;
	struct queue_note notes[NOTES_MAX];
	uint32_t note_head, note_count;
	uint32_t notes_this_second, notes_dropped;
	int64_t second;
};

void queue_open(struct queue *);
void queue_close(struct queue *);

/* A place for BYTES octets in the inbox.
 * Ends: the place, or NULL: read nothing now. */
char *queue_room(struct queue *, size_t bytes);

/* Tells of LEN octets on FLOW from FROM, that the caller wrote to what queue_room gave. */
void queue_put_bytes(struct queue *, struct flow_id flow, const struct addr *from, size_t len);

/* Puts any other event; its strings are copied. */
void queue_put(struct queue *, const struct event *);

/* Takes the oldest event. Its views live until the next call.
 * Ends: true with *EVENT; false when there is none. */
bool queue_next(struct queue *, struct event *event);

bool queue_is_empty(const struct queue *);

/* A line for the log, cut to what a note holds. Those beyond the limit of a second are counted
 * and told of in one line later. */
void queue_note(struct queue *, enum note_level level, struct str text, int64_t now_ms);

/* Takes the oldest line. The view lives until the next note.
 * Ends: true, or false when there is none. */
bool queue_next_note(struct queue *, enum note_level *level, struct str *text);

#endif
