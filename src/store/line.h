/* SPDX-License-Identifier: Apache-2.0 */
/* line.h - answers that stand in line until the host takes them: a queue that owns its octets. */
#ifndef STORE_LINE_H
#define STORE_LINE_H

#include "store/store.h"

struct line_answer;

struct line {
	struct line_answer *first, *last;
	struct line_answer *taken; /* what the views of the last news lead into */
};

/* Puts the answer to one question in line: with SAVED_DONE that AOR has SET with VERSION now, and
 * then the answer itself; else the answer alone. Copies what it needs. */
void line_put(struct line *, struct ref ask, enum saved_status, struct str aor, uint64_t version,
	struct str set);

/* Takes the next piece of news; its views live until the next call. Ends: false: none is there. */
bool line_next(struct line *, struct store_news *news);

/* Frees all of it. */
void line_clear(struct line *);

#endif
