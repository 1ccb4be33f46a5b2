/* SPDX-License-Identifier: Apache-2.0 */
/* past.h - what the last calls were: why each leg was what it was, and how the call ended.
 *
 * A ring of bounded entries; the newest takes the place of the oldest. An entry is begun when a
 * call comes in, is told what was decided for it, and stays when the call is over. Calls that were
 * refused before there was a leg have a ring of their own, so that a storm of them does not push
 * the others out.
 */
#ifndef CALL_PAST_H
#define CALL_PAST_H

#include "base/limits.h"
#include "base/shelf.h"
#include "call/uuid.h"
#include "leg/leg.h"
#include "secure/crossing.h"

enum past_text {
	PAST_CALLER,     /* the number of the DN that called, or what its From said */
	PAST_NUMBER,     /* that was dialled                                        */
	PAST_DN,         /* that it led to                                          */
	PAST_WHY,        /* the sentence of the end                                 */
	PAST_ASKED_URI,  /* of the INVITE that came                                 */
	PAST_ASKED_FROM, /* likewise                                                */
	PAST_ASKED_TO,
	PAST_OUR_CONTACT, /* in the answers to it            */
	PAST_REQUEST_URI, /* of the INVITE that we sent      */
	PAST_FROM,
	PAST_TO,
	PAST_CONTACT,
	PAST_FACE, /* host and port of its Via        */
	PAST_ROUTE,
	PAST_NAME, /* TLS: whom the far end had to prove to be */
	PAST_TEXTS,
};

/* What was decided about the schemes of a call. */
struct verdict {
	bool is_set;
	enum crossing_mode mode;
	enum crossing_from from;
	enum caller_says says;
	bool is_known; /* it came so far that KNOWN holds */
	enum crossing_known known;
};

/* One leg, as it was when its first message left or its INVITE came. */
struct past_leg {
	bool is_there;
	struct speech speech;
	enum transport transport;
	struct addr peer;
	enum flow_tie tie;
};

struct past {
	uint64_t serial;
	char uuid[UUID_BYTES];
	int64_t opened_at_s, answered_at_s, over_at_s; /* 0: not so far */
	unsigned status;                               /* 0: not over */
	struct verdict verdict;
	struct past_leg legs[2]; /* the caller's, the callee's */
	struct shelf shelf;
	char text[PAST_TEXT_BYTES];
};

struct pasts {
	struct past *calls, *refusals; /* rings; what was not begun yet was never written */
	uint32_t calls_max, refusals_max;
	uint64_t calls_total, refusals_total;
};

/* Carves rings for the last CALLS and REFUSALS.
 * Ends: true; false when the arena is too small (or only measures). */
bool pasts_open(struct pasts *, struct arena *, uint32_t calls, uint32_t refusals);

/* The next entry: of a call, or of what was refused before. Ends: its serial, never 0. */
uint64_t past_begin(struct pasts *, bool is_call, const char uuid[UUID_BYTES], int64_t now_s);

/* The entry of a call, while it has not been pushed out; else NULL. */
struct past *past_at(const struct pasts *, uint64_t serial);

/* Keeps TEXT, as much of it as an entry may have of one. */
void past_put(struct past *, enum past_text, struct str text);
struct str past_text(const struct past *, enum past_text);

/* The one entry whose identifier begins or ends with NAME (they begin alike for all calls of a
 * run).
 * Ends: it; NULL with *COUNT 0 when there is none, or *COUNT the number of those that fit. */
const struct past *past_find(const struct pasts *, struct str name, uint32_t *count);

#endif
