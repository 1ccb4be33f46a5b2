/* SPDX-License-Identifier: Apache-2.0 */
/* asks.h - answers those who look on: the admin socket on one side, the core on the other. */
#ifndef MAIN_ASKS_H
#define MAIN_ASKS_H

#include "core/door.h"
#include "main/config.h"

struct asks;

/* Who sees to what is ordered; all zero: nobody. */
struct orders {
	void *taker;

	/* Reads certificates again, because the user UID says so.
	 * Ends: whether they are in force; TO has the members of `reload/1`, or a `detail`. */
	bool (*reload)(void *taker, uint32_t uid, struct json *to);

	/* An order was refused to the user UID. */
	void (*refused)(void *taker, uint32_t uid);
};

/* Opens the admin socket that CONFIG names. LISTENERS are shown, and stay the caller's.
 * Ends: the asks; NULL with one sentence in WHY. Pre: it names one. */
struct asks *asks_open(const struct config *, const struct listener *listeners, uint32_t count,
	struct when now, struct buf *why);
void asks_close(struct asks *);

/* Readable when somebody asks. */
int asks_fd(const struct asks *);

/* Answers what was asked, and has done what was ordered. */
void asks_answer(struct asks *, const struct core *, const struct orders *, struct when now);

#endif
