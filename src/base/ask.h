/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - what those who look on may ask of a running server, and how an answer ends.
 *
 * A question changes nothing. An order does, and is none of the core's business: the host sees to
 * it. The one who answers writes the members of a JSON object; a list comes
 * page by page, so that no question holds up the calls.
 */
#ifndef BASE_ASK_H
#define BASE_ASK_H

#include "base/str.h"

enum ask_what {
	ASK_STATUS,        /* how many of what there are              */
	ASK_CALLS,         /* the calls; NAME: those of this number   */
	ASK_CALL,          /* the call NAME                           */
	ASK_REGISTRATIONS, /* the bindings; NAME: those of this number */
	ASK_WHY,           /* why the call NAME was as it was        */
	ASK_ROUTE,         /* what a call from NAME to OTHER would be */
	ASK_PAIRS,         /* which DN calls which; NAME: those of it */
	ASK_TALLIES,       /* the DNs, and what strict would refuse them; NAME: that one */
	ASK_RELOAD,        /* an order: read certificates again  */
	ASK_REFUSED,       /* an order was refused to UID; nobody waits for more than an answer */
	ASK_KINDS,
};

struct ask {
	enum ask_what what;
	struct str name;  /* or empty */
	struct str other; /* a second one, where there are two; or empty */
	uint32_t from;    /* a list: 0, or the `next` of the page before */
	uint32_t uid;     /* an order: the user who gives it             */
};

enum told {
	TOLD_ALL,  /* that was all                            */
	TOLD_MORE, /* a list goes on: ask again from `next`   */
	TOLD_NONE, /* there is no such thing; nothing was put */
	TOLD_BAD,  /* an order changed nothing; what was put has a `detail` that says why */
};

struct answer {
	enum told told;
	uint32_t next; /* TOLD_MORE */
};

#endif
