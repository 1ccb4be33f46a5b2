/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - what will happen, in the order of its time; at one time, in the order it was put. */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "base/event.h"

enum item_kind {
	ITEM_CORE,      /* event: the core is told                                    */
	ITEM_BYTES,     /* bytes: octets reach the core on flow, if that is still there */
	ITEM_PHONE,     /* bytes: one message reaches the phone `who`                   */
	ITEM_END,       /* flow: a stream dies                                        */
	ITEM_OPEN,      /* flow: a dialled stream is ready, or fails when `how`         */
	ITEM_DUE,       /* who, talk, what: a phone does what it planned              */
	ITEM_HAPPENING, /* what: the place in the plan                                */
};

struct item {
	int64_t at_ms;
	uint64_t order;
	enum item_kind kind;
	struct flow_id flow;
	struct addr from; /* of a datagram */
	uint32_t who, talk, age, what, how;
	uint32_t life;      /* of the server: what was meant for one that died comes to nobody */
	struct event event; /* ITEM_CORE; its views look at bytes */
	char *bytes;
	size_t len;
};

struct queue {
	struct item **heap;
	size_t count, room;
	uint64_t order;
};

void queue_open(struct queue *);
void queue_close(struct queue *);

/* Puts an item for AT_MS with a copy of LEN octets at BYTES. After: it is the queue's; the caller
 * may fill in the rest. */
struct item *queue_put(
	struct queue *, int64_t at_ms, enum item_kind kind, const char *bytes, size_t len);

/* When the first is due; INT64_MAX: there is none. */
int64_t queue_next_ms(const struct queue *);

/* Takes the first out, or NULL. The caller frees it with item_free. */
struct item *queue_take(struct queue *);
void item_free(struct item *);

#endif
