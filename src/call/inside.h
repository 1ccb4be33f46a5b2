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

/* ---- asserted.c: who calls, or answered, as somebody says whom we trust (RFC 3325) ---- */

/* Keeps on the caller's LEG what R's INVITE asserts, if its peer is trusted with that: at most one
 * sip or sips URI and one tel, none of them the number of a device of ours.
 * Ends: false if it does not fit. */
bool asserted_keep(const struct calls *, struct call *, struct leg *, const struct call_request *);

/* Adds to CARGO what the callee of PLAN is told of who calls: what was kept, as the scheme of its
 * leg; where it is trusted, else what we assert ourselves. What is private goes to a trusted one
 * alone (RFC 3325 7). */
void asserted_place(const struct calls *, const struct call *, const struct leg_plan *,
	struct cargo *, const struct turn *);

/* HEADERS, as crossed with an INVITE, without what asserted_place has put before them. */
struct str asserted_strip(struct str headers);

/* Adds to CARGO what MSG, from the peer of FROM, asserts, as the peer of TO may hear it. */
void asserted_cross(const struct calls *, const struct msg *, const struct leg *from,
	const struct leg *to, struct cargo *, const struct turn *);

/* ---- story.c: what is kept of a call for who asks later ---- */

void story_begin(struct calls *, struct call *, const struct call_request *, const struct turn *);
void story_callee(struct calls *, const struct call *, const struct leg *callee);
void story_end(struct calls *, const struct call *, struct str why, const struct turn *);

/* Closes the call if both its legs are at their end, with one line for the log. */
void call_sweep(struct calls *, struct call *, struct str why, const struct turn *);

#endif
