/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - two legs and what one says to the other.
 *
 *   ASKING --placed--> HUNTING --ANSWER--> UP --BYE--> ENDING --both legs gone--> (closed)
 *      `--refused----------`--FAIL, CANCEL--------------^
 *
 * The default is to pass a word across unchanged; every feature is a short exception. A call
 * reserves
 * at admission what it can ever need; only admission says that there is no room.
 */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "call/past.h"
#include "call/uuid.h"
#include "leg/ledger.h"
#include "leg/leg.h"
#include "secure/crossing.h"

#define CALL_STATES(X) X(ASKING, "asking") X(HUNTING, "hunting") X(UP, "up") X(ENDING, "ending")

enum call_state {
#define X(name, text) CALL_##name,
	CALL_STATES(X)
#undef X
};

/* An INFO or MESSAGE that crosses: the peer's transaction on one leg, ours on the other. */
struct relay {
	struct ref asked; /* server transaction, on the leg of SIDE        */
	struct ref asks;  /* client transaction, on the other leg          */
	uint32_t side;
};

/* More at once are refused with 500 and Retry-After; phones send digits one by one. */
enum { RELAYS_MAX = 4 };

/* Who began to end it. */
enum call_ender { ENDED_NOT_YET, ENDED_BY_CALLER, ENDED_BY_CALLEE, ENDED_BY_US };

enum { WHY_BYTES_MAX = 96 };

struct call {
	struct ref ref;
	enum call_state state;
	struct ref legs[2]; /* the caller's, the callee's */
	struct relay relays[RELAYS_MAX];
	enum crossing crossing;
	bool is_dn;                   /* who calls is a DN, whose number stands on its leg */
	bool is_asserted;             /* it has proven that: where we are trusted we say so */
	bool is_private;              /* who calls wants its identity told nobody else      */
	unsigned unreachable_warning; /* of the plan */
	uint32_t redirects;           /* that were followed */
	uint64_t past;                /* its entry among the last calls */
	unsigned status;              /* the last final status the caller heard; 0: none yet */
	int64_t opened_at_s, ringing_at_s, answered_at_s; /* 0: not yet */
	enum call_ender ender;
	uint32_t why_len;
	char why[WHY_BYTES_MAX]; /* as much as is kept of the reason that it ended for */
	int64_t ask_until_ms;    /* ASKING: when to give up */
	int64_t expires_at_ms;   /* the caller's Expires; 0: none                      */
	/* ASKING: look again; HUNTING: the caller's Expires; UP: the longest that a call may be. */
	struct alarm alarm;
	char uuid[UUID_BYTES];
};

struct calls {
	struct pool pool;
	struct legs *legs;
	struct txns *txns;
	struct alarms *alarms;
	struct uuids uuids;
	bool writes_records;
	struct pasts pasts;
	uint64_t total, answered, crossings_down, crossings_up;
};

/* Carves a table for MAX calls; one alarm each.
 * Ends: true; false when the arena is too small (or only measures). */
bool calls_open(struct calls *, struct arena *, uint32_t max, struct legs *legs, struct txns *txns,
	struct alarms *alarms, struct dice *dice);

/* Whether one more call can be taken, with all that it can ever need. */
bool calls_have_room(const struct calls *);

struct call_request {
	const struct msg *invite;
	struct ref txn;     /* serves it */
	struct txn_way way; /* how it came */
	struct str caller; /* the number of the DN that calls, or what the From says, for the log */
	bool is_proven;    /* by digest */
	bool is_trusted;   /* what it asserts of identities is believed */
	bool is_asserted;  /* it is a DN that has proven so: we assert its number */
	bool emits_tls;    /* to the caller: `emit-transport-tls` */
	struct terms terms; /* on which the caller's device is dialled, if it must be */
	bool is_phone;      /* it registers itself */
	struct addr home;   /* of the trunk that calls: where it may challenge us; none: a device */
	struct str number;  /* dialled */
	bool is_dn;         /* caller is the number of a DN: no stranger */
};

/* Opens a call for an INVITE that was let in, with its answered leg. The 100 is sent by the caller
 * of this. Pre: calls_have_room.
 * Ends: the call in ASKING, or NULL when the INVITE's texts do not fit. */
struct call *call_open(struct calls *, const struct call_request *, const struct turn *);

/* Makes the callee's leg as PLAN says (the caller's name and number, the UUID and Max-Forwards are
 * filled in here). INVITE is the message that opened the call, or NULL for a call that was
 * parked. If that fails the caller is refused. */
void call_place(struct calls *, struct call *, struct leg_plan *plan, const struct msg *invite,
	const struct turn *);

/* Whether CALL, whose callee redirects it, may go on somewhere else: its caller waits and has heard
 * of no session yet, it has not been led on too often, and there is room.
 * Ends: empty; else a sentence that says why not. */
struct str call_may_redirect(const struct calls *, const struct call *);

/* Whether NUMBER was tried in this call. */
bool call_has_tried(const struct calls *, const struct call *, struct str number);

/* Makes another leg, to NUMBER as PLAN says, in place of the callee's, which has redirected the
 * call (RFC 3261 8.1.3.4): what crossed with the INVITE crosses again. If it fails the caller is
 * refused. Pre: call_may_redirect; the callee's leg is GONE; NUMBER has at most
 * REDIRECT_NUMBER_BYTES_MAX octets. */
void call_redirect(struct calls *, struct call *, struct leg_plan *plan, struct str number,
	const struct turn *);

/* Keeps what crosses until the callee's addresses are known; the alarm rings to look again.
 * Ends: false when that time is over. */
bool call_park(struct calls *, struct call *, const struct msg *invite, const struct turn *);

/* What was decided about its schemes, for who asks why. */
void call_tell_verdict(struct calls *, const struct call *, const struct verdict *, struct str dn);

/* Keeps the story of an INVITE that is refused before there is a call; its identifier is put into
 * UUID. */
void calls_keep_refusal(struct calls *, const struct call_request *, enum transport,
	unsigned status, struct str why, const struct verdict *, char uuid[UUID_BYTES],
	const struct turn *);

/* The number that was dialled. */
struct str call_number(const struct calls *, const struct call *);

/* Refuses a call in ASKING. LINES: whole header lines for the answer, or empty. */
void call_refuse(struct calls *, struct call *, unsigned status, struct str reason,
	struct str lines, const struct turn *);

/* What a leg of CALL said goes to the other. */
void call_hear(
	struct calls *, struct call *, struct leg *from, const struct word *, const struct turn *);

/* An alarm of kind ALARM_CALL. Ends: true if the call waits in ASKING and is to be placed again. */
bool call_ring(struct calls *, struct call *, const struct turn *);

/* The operator ends it: BYE to both, or whatever each leg needs. */
void call_hang_up(struct calls *, struct call *, const struct turn *);

struct call *call_at(const struct calls *, struct ref);

/* Puts the members of an object: the call, its times, and `legs` with how each is secured. */
void call_write(const struct calls *, const struct call *, struct json *);

/* How many calls have a leg of this DN. Walks all calls: for DNs with a capacity only. */
uint32_t calls_of_dn(const struct calls *, struct str dn);

#endif
