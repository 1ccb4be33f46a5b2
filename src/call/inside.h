/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h - what the files of call/ share. Of this folder only. */
#ifndef CALL_INSIDE_H
#define CALL_INSIDE_H

#include "call/call.h"

/* One line for the log when a call is answered: both legs and how each is secured. */
void call_note_answer(const struct calls *, const struct call *, const struct leg *caller,
	const struct leg *callee, const struct turn *);

/* The call begins to end, or ended already: who began it and why is kept the first time. */
void call_note_ender(struct call *, enum call_ender, struct str why);

/* The Warning line that goes with a callee that cannot be reached, or empty; in the scratch. */
struct str call_unreachable(const struct calls *, const struct call *, const struct turn *);

/* Answers what still waits to be relayed with 487. */
void call_drop_relays(struct calls *, struct call *, const struct turn *);

/* ---- story.c: what is kept of a call for who asks later ---- */

void story_begin(struct calls *, struct call *, const struct call_request *, const struct turn *);
void story_callee(struct calls *, const struct call *, const struct leg *callee);
void story_end(struct calls *, const struct call *, struct str why, const struct turn *);

/* Closes the call if both its legs are at their end, with one line for the log. */
void call_sweep(struct calls *, struct call *, struct str why, const struct turn *);

#endif
