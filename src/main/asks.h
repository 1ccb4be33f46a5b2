/* SPDX-License-Identifier: Apache-2.0 */
/* asks.h - answers those who look on: the admin socket on one side, the core on the other. */
#ifndef MAIN_ASKS_H
#define MAIN_ASKS_H

#include "core/door.h"
#include "main/config.h"

struct asks;

/* Opens the admin socket that CONFIG names. LISTENERS are shown, and stay the caller's.
 * Ends: the asks; NULL with one sentence in WHY. Pre: it names one. */
struct asks *asks_open(const struct config *, const struct listener *listeners, uint32_t count,
	struct when now, struct buf *why);
void asks_close(struct asks *);

/* Readable when somebody asks. */
int asks_fd(const struct asks *);

/* Answers what was asked. */
void asks_answer(struct asks *, const struct core *, struct when now);

#endif
