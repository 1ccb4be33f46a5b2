/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h - what the files of core/ share. Of this folder only. */
#ifndef CORE_INSIDE_H
#define CORE_INSIDE_H

#include "call/call.h"
#include "core/door.h"
#include "core/pairs.h"
#include "core/peers.h"
#include "gate/challenge.h"
#include "gate/source.h"
#include "reg/registrar.h"
#include "trunk/enrol.h"
#include "trunk/ping.h"

struct core {
	const struct directory *directory;
	struct dice dice;
	struct alarms alarms;
	struct txns txns;
	struct flows flows;
	struct legs legs;
	struct calls calls;
	struct lookups lookups;
	struct peers peers;
	struct pairs pairs;
	struct gate *gate;
	struct registrar *registrar;
	struct enrols enrols;
	struct pings pings;
	struct pool halves; /* octets of messages that are not whole yet (stream.c) */
	struct pool lost;   /* answers that look for a way (lost.c) */
	struct arena scratch;
	struct msg *msg;          /* the message of this event */
	bool challenges_invite;   /* some DN is challenged for it: unknown numbers are too */
	bool challenges_register; /* likewise */
	bool is_draining;
	struct when fed_at;  /* the last event */
	bool is_replay;      /* what the gate judges is told by core_tell */
	uint32_t drain_slot; /* calls below it were hung up */
	uint64_t refused, faults, strays;
	uint64_t rung; /* alarms */
};

/* A message that came, with all that the handlers need to know of its coming. */
struct arrival {
	const struct msg *msg;
	struct flow *flow;
	struct addr source; /* where it really came from                          */
	struct txn_way way; /* where its response goes                            */
	struct ref txn;     /* serves it; REF_NONE: none yet, answer without state */
	struct str tag;     /* the To tag of answers; empty: one is made           */
};

/* ---- core.c --------------------------------------------------------------------------------- */

/* Handles one whole message (or what could be read of it). */
void core_hear(struct core *, struct flow *, const struct addr *source, struct str text,
	const struct turn *);

/* ---- stream.c ---- */

/* Octets of a stream: every whole message is handled, as long as there is room for what it asks;
 * the rest is kept. */
void stream_hear(struct core *, struct flow *, struct str data, const struct turn *);

/* An alarm of kind ALARM_FLOW: goes on with what was kept, or gives a stream up that is slow or
 * silent. */
void stream_ring(struct core *, struct flow *, const struct alarm *, const struct turn *);

/* The store has spoken: streams that were kept open for the answers among the actions from FIRST
 * on, and for nothing else, end. */
void stream_end_deaf(struct core *, uint32_t first, const struct turn *);

/* From now on the silence of a stream is its end: its phone was told how often it is to be heard
 * (RFC 5626 4.4.1). */
void stream_watch(struct core *, struct flow *, const struct turn *);

/* Ends a connection, with one line that says WHY: nothing more of it is heard, and what was sent on
 * it leaves. */
void stream_give_up(struct core *, struct flow *, struct str why, const struct turn *);

/* Forgets what is kept of a flow that is going. */
void stream_drop(struct core *, struct flow *);

/* Carves the table of octets that wait. */
bool halves_open(struct core *, struct arena *);

/* ---- alias.c ---- */

/* A request came by this flow: what its Via offers is noted (RFC 5923 8.2). */
void alias_hear(struct core *, struct flow *);

/* A connection that we dialled is open: requests on it will offer it for requests to us, if we have
 * shown a certificate there that names a domain of ours (RFC 5923 8.1). */
void alias_offer(struct core *, const struct event *opened);

/* ---- lost.c ---- */

/* Carves the table of answers that look for a way. */
bool lost_open(struct core *, struct arena *);

/* Leads the answers among the actions from the FIRST on whose connection is gone (RFC 3261
 * 18.2.2). */
void lost_lead(struct core *, uint32_t first, const struct turn *);

/* A connection that was dialled is there: the answers that it was for go by it, and so will those
 * behind them. */
void lost_found(struct core *, struct flow_id);

/* A connection is gone: the answers that it was dialled for look for the next (RFC 3263 5). */
void lost_failed(struct core *, struct flow_id, const struct turn *);

/* DNS has said where the Via of an answer leads; LOOKUP is given back. */
void lost_located(struct core *, const struct lookup *, enum locating outcome, const struct turn *);

/* ---- respond.c ---- */

struct refusal {
	unsigned status;   /* 0: none */
	struct str reason; /* empty: the usual phrase */
	struct str lines;  /* whole header lines, or empty */
	struct str why;    /* for the log; empty: the reason */
	struct str call;   /* its identifier, for the log, or empty */
};

/* Answers with the arrival's transaction, or without state when it has none. */
void respond(struct core *, const struct arrival *, const struct refusal *, const struct turn *);

/* The same, and one line in the log that says who was refused what, and why. */
void refuse(struct core *, const struct arrival *, const struct refusal *, const struct turn *);

/* That line alone, for who is answered by a leg. */
void note_refusal(
	struct core *, const struct arrival *, const struct refusal *, const struct turn *);

/* The same as SIP_FAULTS says, for a message that could not be read whole. */
void respond_fault(
	struct core *, const struct arrival *, const struct fault *, const struct turn *);

/* One line about a fault: from where, what, at which octet. */
void note_fault(struct core *, const struct flow *, const struct addr *source, enum sip_fault,
	uint32_t at, const struct turn *);

/* 401 with fresh challenges. */
void challenge(struct core *, const struct arrival *, bool is_stale, const struct turn *);

/* ---- requests.c ---- */

/* A request that no transaction has heard yet. */
void request_hear(struct core *, struct arrival *, const struct turn *);

/* ---- invite.c, register.c ---- */

void invite_hear(struct core *, struct arrival *, const struct turn *);

/* Whose call an INVITE would be that came as this request did, once it has proved what it must;
 * NULL: a stranger's. */
const struct dn *invite_caller(const struct core *, const struct arrival *, const struct turn *);

/* Refuses an INVITE that is no call yet, and keeps its story. CALLER: its DN's number, or empty. */
void invite_refuse(
	struct core *, struct arrival *, struct str caller, struct refusal *, const struct turn *);

/* A call that waited for addresses: it is placed, refused, or waits on. */
void invite_again(struct core *, struct call *, const struct turn *);
void register_hear(struct core *, struct arrival *, const struct turn *);

/* ---- service_route.c ---- */

/* The Service-Route of the phone of DN whose REGISTER has come (RFC 3608 6.3): ourselves, where it
 * came to. It is sips where nothing else is allowed; else sip, of which a phone makes sips before a
 * sips request (RFC 5630 5.2), so it is told only where both lead here. By its Contacts it does not
 * differ: who asks for them is told the same. Ends: the value, in the scratch, or empty. */
struct str service_route_write(
	const struct core *, const struct arrival *, const struct dn *, const struct turn *);

/* ---- redirect.c ---- */

/* Follows a redirection that WORD of the callee's LEG brings (RFC 3261 8.1.3.4), if one of its
 * Contacts leads to a number that the caller might have dialled, over a leg no weaker than LEG.
 * Ends: true: the call goes on, and LEG is closed, or the call with it; false: it is for the call
 * to hear that it failed. */
bool redirect_follow(
	struct core *, struct call *, const struct leg *, const struct word *, const struct turn *);

/* ---- hops.c ---- */

/* The word of a leg: its call hears it, and who is where learns of a server that failed. The leg
 * may be gone afterwards. */
void word_carry(struct core *, struct leg *, const struct word *, const struct turn *);

/* Begins to locate the next hop of LEG (NULL: none) if that is a name not looked for yet. */
void hop_seek(struct core *, struct leg *, const struct turn *);

/* The answer to a question to DNS, whoever put it. */
void names_hear(struct core *, const struct event *names, const struct turn *);

/* ---- enrolment.c ---- */

/* An alarm of kind ALARM_ENROL: we register at a trunk. */
void enrolment_ring(struct core *, const struct alarm *, const struct turn *);

/* An alarm of kind ALARM_PING: we ask a DN whether it is alive. */
void enrolment_ping(struct core *, const struct alarm *, const struct turn *);

/* The trunk whose request this is, since it comes from there to NUMBER, which is the user of the
 * Contact that we registered there; NULL: none. The number that was dialled is then that of its
 * To. */
const struct dn *enrolment_called(const struct core *, const struct arrival *, struct str number);

/* ---- route.c ---- */

/* Whether URI names us: one of our domains, or an address that we listen on. */
bool route_is_ours(const struct core *, const struct uri *, const struct flow *);

/* The number that a Request-URI or To names, escapes decoded; it lives in the scratch. */
struct str route_number(const struct core *, const struct uri *, const struct turn *);

/* ---- registered.c ---- */

/* Puts the Contact of BINDING as the Request-URI of a leg of SCHEME. Ends: false if it is long. */
bool registered_write_uri(struct buf *, const struct binding *, enum scheme scheme);

/* Puts Request-URI, routes and ways to the phone behind the binding CHOSEN of the COUNT that were
 * FOUND into PLAN, whose speech is set: one instance at a time, over each of its flows in turn
 * (RFC 5626 7). Ends: false when they do not fit. */
bool registered_plan(const struct binding *found, uint32_t count, const struct binding *chosen,
	const struct turn *t, struct leg_plan *plan);

/* The call REF, or NULL, that is about to be told of something: those of its legs whose connections
 * are gone are shown where their phones are registered now. */
struct call *registered_call(struct core *, struct ref, const struct turn *);

/* Finds out whom TARGET leads to if it is a GRUU (RFC 5627): *NUMBER becomes that of its DN, and
 * *INSTANCE the one that it means. Ends: false: it is one, but none of a phone that registers
 * here. */
bool registered_gruu(const struct core *, const struct uri *target, struct str *number,
	struct str *instance, const struct turn *);

/* Leaves of the COUNT bindings that were FOUND those of INSTANCE, all if that is empty.
 * Ends: how many. */
uint32_t registered_pick(struct binding *found, uint32_t count, struct str instance);

/* Leaves of the COUNT bindings that were FOUND those that lead somewhere, all if none does: a
 * connection that ended with an earlier life of the server may stand in a set that the store kept.
 * Ends: how many. */
uint32_t registered_reachable(const struct flows *, struct binding *found, uint32_t count);

/* Where the phone is that a dialog goes on to by a GRUU of ours, which DNS would lead back to us.
 * Ends: false: the next hop of LEG is none. */
bool registered_hop(struct core *, struct leg *, const struct turn *);

/* Lets the leg of a caller know as which instance it is registered, if it came by the connection of
 * NUMBER's registration. */
void registered_know(struct core *, struct leg *, struct str number, const struct turn *);

enum route_verdict {
	ROUTE_PLAN,    /* *PLAN says how to make the leg   */
	ROUTE_WAIT,    /* the addresses are being looked up */
	ROUTE_REFUSED, /* *REFUSAL says with what           */
};

/* Which DN NUMBER leads to; NULL with *REFUSAL (404 or 484). */
const struct dn *route_find(const struct core *, struct str number, struct refusal *refusal);

/* Who wants a leg to whom. */
struct route_ask {
	const struct dn *dn;     /* that was found                            */
	struct str number;       /* that was dialled                          */
	const struct dn *caller; /* NULL: a stranger, or nobody who calls yet */
	enum scheme scheme;      /* of the caller's leg                       */
	struct dice *dice;       /* for the order of its servers             */
	struct str instance;     /* of a phone that registers: this one alone; empty: any */
	bool has_sip_to;         /* its INVITE has a To of another scheme      */
};

/* How it was found what a leg is to be. */
struct route {
	enum crossing_mode mode;           /* in force for this call                      */
	struct crossing_answer crossing;   /* row NULL: it did not come to that           */
	const struct crossing_row *strict; /* what strict would say; NULL likewise        */
	struct leg_plan plan;              /* ROUTE_PLAN                                  */
	struct refusal refusal;            /* ROUTE_REFUSED                               */
};

/* By which ways a DN with a fixed contact is reached, whoever wants that; it is asked for nobody's
 * call, and speaks what its contact says. */
enum route_verdict route_reach(
	struct core *, const struct dn *, const struct turn *, struct route *);

/* How a leg is made for who asks. */
enum route_verdict route_plan(
	const struct core *, const struct route_ask *, const struct turn *, struct route *);

/* ---- crossings.c ---- */

/* What is configured for who calls; CALLER may be NULL. */
enum caller_says crossings_says(const struct dn *caller);

/* What is decided before it is known what the callee's device can. */
struct verdict crossings_verdict(const struct core *, const struct route_ask *);

/* Counts that a device answered sips with a sip Contact, which strict would not have lived with. */
void crossings_fallback(struct core *, const struct leg *, const struct turn *);

/* The strictest of what is configured for everybody, for CALLER (NULL: nobody's) and for CALLEE. */
enum crossing_mode crossings_mode(
	const struct core *, const struct dn *caller, const struct dn *callee);

/* What CALLER's own DN says of a call of its in SCHEME; NULL: nothing. */
const struct caller_row *crossings_caller(enum crossing_mode, enum scheme, const struct dn *caller);

/* A refusal with its Warning; it lives in the scratch. */
struct refusal crossings_refusal(const struct core *, unsigned status, unsigned warning,
	struct str why, const struct turn *);

/* What an INVITE like MSG from CALLER would be refused with before it is routed; nothing is counted
 * or said. Ends: status 0, or the refusal. */
struct refusal crossings_would(const struct core *, const struct msg *, enum scheme,
	const struct dn *caller, const struct dn *callee, const struct turn *);

/* Judges the INVITE itself before it is routed: against the caller's own DN, and what strict asks
 * of it. Ends: status 0, or with what it is refused. */
struct refusal crossings_judge(struct core *, const struct arrival *, enum scheme,
	const struct dn *caller, const struct dn *callee, const struct turn *);

/* Counts a call that was routed or refused, for its two DNs; under observe a line says what strict
 * would have refused. */
void crossings_count(
	struct core *, const struct route_ask *, const struct route *, const struct turn *);

#endif
