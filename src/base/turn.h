/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - one event being handled: when it is, where actions go, what memory may be used
 * meanwhile. */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include "base/out.h"

struct turn {
	struct when now;
	struct out *out;
	struct arena *scratch; /* empty at the start of the event and at its end */
};

/* Begins one line for the log; note_end() puts it among the actions. What does not fit is cut: a
 * line too long is written as `(line too long)`. */
static inline struct buf
note_begin(const struct turn *t)
{
	return out_buf(t->out, NOTE_BYTES_MAX);
}

static inline void
note_end(const struct turn *t, enum note_level level, struct buf *line)
{
	out_note(t->out, level, buf_ok(line) ? out_wrote(t->out, line) : STR("(line too long)"));
}

#endif
