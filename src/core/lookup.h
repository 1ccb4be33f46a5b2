/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - servers that are being located: the questions of hop/locate go out, the answers come
 * in, and whoever wanted it is named with the outcome. */
#ifndef CORE_LOOKUP_H
#define CORE_LOOKUP_H

#include "base/turn.h"
#include "hop/locate.h"

/* Whom a lookup is for: a DN with a fixed contact, the next hop of a dialog, or an answer whose
 * connection is gone. */
enum lookup_for { LOOKUP_FOR_PEER, LOOKUP_FOR_LEG, LOOKUP_FOR_LOST };

struct lookup {
	struct ref ref;
	enum lookup_for whom;
	struct ref owner;
	enum names_kind kind; /* of the question that was put */
	struct locate locate;
};

struct lookups {
	struct pool pool;
	bool has_udp, has_tcp, has_tls; /* there is a listener of it: DNS may choose it */
};

/* Carves a table for MAX lookups at a time.
 * Ends: true; false when the arena is too small (or only measures). */
bool lookups_open(struct lookups *, struct arena *, uint32_t max, const struct listener *listeners,
	uint32_t listener_count);

/* Takes a place for OWNER. Ends: the lookup, or NULL: too many are under way. */
struct lookup *lookup_take(struct lookups *, enum lookup_for, struct ref owner);

/* Begins. What we speak is filled in here.
 * Ends: LOCATE_ASKS, a question is under way; else the outcome stands in lookup->locate. */
enum locating lookup_begin(
	struct lookups *, struct lookup *, const struct sought *, const struct turn *);

/* The answer to a question. Ends: the lookup with *OUTCOME as lookup_begin; NULL: of none that is
 * under way. */
struct lookup *lookup_hear(
	struct lookups *, const struct event *names, enum locating *outcome, const struct turn *);

/* Gives it back; REF_NONE is fine. */
void lookup_give(struct lookups *, struct ref lookup);

#endif
