/* SPDX-License-Identifier: Apache-2.0 */
/* hand.h - hands a question from another thread to the loop, and the answer back.
 *
 *   FREE --hand_ask--> ASKED --hand_take--> TAKEN --hand_tell--> TOLD --hand_ask returns--> FREE
 *                        `--too late--> FREE  `--too late, then hand_tell--> FREE
 *
 * One question at a time is under way; who comes meanwhile waits until it is over. The loop never
 * waits: it holds the lock for a copy of an answer at most.
 */
#ifndef ADMIN_HAND_H
#define ADMIN_HAND_H

#include "base/ask.h"
#include "base/buf.h"

struct hand;

/* Ends: the hand; out of memory or descriptors ends the process. */
struct hand *hand_open(void);

/* Pre: nobody is in hand_ask. */
void hand_close(struct hand *);

enum hand_end {
	HAND_TOLD, /* *ANSWER and what was put into TO  */
	HAND_LATE, /* no answer within the time         */
	HAND_OVER, /* the server ends                   */
};

/* Asks, and waits at most WAIT_MS. TO: room for the answer's octets, ASK_PAGE_BYTES.
 * Pre: the ask's names are within ASK_NAME_BYTES_MAX. Of any thread but the loop's. */
enum hand_end hand_ask(
	struct hand *, const struct ask *, int64_t wait_ms, struct answer *answer, struct buf *to);

/* Everybody in hand_ask gets HAND_OVER, now and from now on. */
void hand_end(struct hand *);

/* ---- of the loop ---- */

/* Readable when there is something to take. */
int hand_fd(const struct hand *);

/* Takes the question that waits; its views live until hand_tell, which must follow.
 * Ends: true with *ASK; false when there is none. */
bool hand_take(struct hand *, struct ask *ask);

/* The answer to it. */
void hand_tell(struct hand *, struct answer, struct str octets);

#endif
