/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what happens in a run, and when: drawn before it begins, so that a run can be cut down
 * by leaving happenings out. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdint.h>

#include "weather.h"

/* X(name): what the world or a device does on its own account. */
#define HAPPENINGS(X)                                                       \
	X(CALL)     /* a device calls a number                          */  \
	X(REGISTER) /* a device registers, or takes its binding back     */ \
	X(OPTIONS)  /* a device asks what we can do                      */ \
	X(PING)     /* CRLF on a stream, or a datagram that says nothing */ \
	X(GARBAGE)  /* a hostile device sends what is no SIP             */ \
	X(REPLAY)   /* and what it saw before, with octets changed       */ \
	X(FORGED)   /* and requests into dialogs that are not its own    */ \
	X(CUT)      /* a stream dies                                     */ \
	X(WALL)     /* the calendar clock is set                         */ \
	X(STALL)    /* the machine sleeps                                */ \
	X(CRASH)    /* the server dies and begins anew                   */ \
	X(RELOAD)   /* another directory                                 */ \
	X(DRAIN)    /* the operator ends the server                      */ \
	X(FLOOD)    /* many requests at once                             */ \
	X(OVERLOAD) /* ten times as many as there is room for            */

enum happening_kind {
#define X(name) HAPPEN_##name,
	HAPPENINGS(X)
#undef X
		HAPPENING_KINDS
};

struct happening {
	int64_t at_ms;
	enum happening_kind kind;
	uint64_t draw; /* all that it draws comes from this */
};

enum { PLAN_MAX = 400, PLAN_CALLS = 100, PLAN_SPAN_MS = 240 * 1000 };

struct plan {
	struct happening all[PLAN_MAX];
	uint32_t count, calls;
};

void plan_draw(struct plan *, uint64_t seed, const struct weather *);

const char *happening_name(enum happening_kind);

struct world;

/* Does the happening in place N. */
void plan_happen(struct world *, uint32_t n);

#endif
