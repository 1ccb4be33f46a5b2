/* SPDX-License-Identifier: Apache-2.0 */
/* registrar.h - REGISTER (RFC 3261 10.3, RFC 5630 5.2), and where a DN is to be found.
 *
 * The registrar holds the committed sets of bindings. A REGISTER is judged against the set in force
 * and becomes a question to the store; the 200 waits for the answer, ready made.
 *
 * Files: registrar.c (this interface), change.c, outbound.c and reach.c (the judgement of a
 * REGISTER), answer.c and gruu.c (the responses), expiry.c (what waits for time or the store),
 * table.c and lane.c (addresses, and the connections that their bindings lead over), binding.c (a
 * set as octets), table.h (what those share).
 */
#ifndef REG_REGISTRAR_H
#define REG_REGISTRAR_H

#include "base/alarm.h"
#include "base/dice.h"
#include "base/out.h"
#include "reg/binding.h"
#include "txn/txn.h"

struct registrar;

struct registrar_options {
	uint32_t addresses_max;
	const struct listener *listeners; /* a Contact that is one of ours is refused */
	uint32_t listener_count;
	struct alarms *alarms; /* kind ALARM_REG; with room for registrar_alarms() */
	struct txns *txns;
};

/* How many alarms the registrar can have armed at once; for the one who opens the alarms. */
uint32_t registrar_alarms(uint32_t addresses_max);

/* Carves a registrar. ALARMS, TXNS, the listeners and DICE stay the caller's and outlive it.
 * Ends: the registrar, or NULL when the arena is too small (or only measures). */
struct registrar *registrar_open(struct arena *, const struct registrar_options *, struct dice *);

/* How the REGISTER came, and for whom: the parent has found the DN and let the request in. */
struct register_request {
	const struct msg *msg;
	struct ref txn;  /* its server transaction, to be answered */
	struct str aor;  /* the DN's number */
	bool is_self_dn; /* its contact is `*`; otherwise 403: it has a fixed one */
	bool is_proven;  /* by digest */
	struct flow_id flow;
	enum transport transport;
	struct addr source;
	struct str service_route; /* what a 200 shows as that (RFC 3608), or empty */
};

/* Does what REGISTER asks. Answers at once (a query, or a refusal: 400 403 423 500 503 with a
 * reason)
 * or puts ACT_SAVE, and answers when the store has. Rules (RFC 3261 10.3, RFC 5630 5.2):
 *
 *   - all or nothing; `*` alone and with Expires 0
 *   - expires of the Contact before Expires before the default; malformed is an hour; above the
 *     maximum is capped; 423 below the minimum
 *   - a higher CSeq for the same Call-ID, else 500; at most CONTACTS_PER_AOR_MAX, else 403
 *   - a sips Contact only when the Request-URI, all Contacts and all Paths are sips, else 400; sips
 *     over udp, sctp or ws is 400; sip and sips forms of one Contact replace each other
 *   - 403 for a Contact that is the address-of-record itself, that is one of our listeners, that is
 *     loopback from a source that is not, multicast, or no SIP URI
 *   - a sip Contact in a sips REGISTER makes a sip binding, and a line in the log
 *   - a phone that uses outbound (RFC 5626) is known by its instance and reg-id, not by its URI;
 *     439 when the first hop is a proxy that knows nothing of it; 400 for such a Contact beside
 *     others
 *   - a phone that supports GRUUs (RFC 5627) is shown those of each Contact with an instance; 403
 *     for a Contact that is one
 *   - a Path is kept with the binding and repeated in the 200, whether the phone lists `path` among
 *     what it supports or not (RFC 3327 5.3 leaves that to the registrar)
 *
 * The 200 lists what is then in force, each Contact as it was sent, with expires, and has a Date;
 * with outbound it requires that, and says how often the phone is to be heard. */
void registrar_hear(
	struct registrar *, const struct register_request *, struct when now, struct out *out);

/* The store's words: a set that is in force now (one older than what is known is ignored); the
 * answer to a question of ours: DONE 200, STALE 500 with Retry-After, FAILED 503 with Retry-After.
 * Pre: the set of a save that is DONE was told before.
 * registrar_saved ends: the flow whose silence is its end from now on, since its phone was told how
 * often it is to be heard; FLOW_NONE if it is none. */
void registrar_set(
	struct registrar *, struct str aor, uint64_t version, struct str set, struct when now);
struct flow_id registrar_saved(
	struct registrar *, struct ref ask, enum saved_status, struct when now, struct out *out);

/* Whether a REGISTER that came by FLOW waits for the store. It is answered within STORE_WAIT_MS. */
bool registrar_owes(const struct registrar *, struct flow_id flow);

/* Rings an alarm of kind ALARM_REG: bindings whose time is over are taken out of force and the
 * store is told (until it has understood); a REGISTER that waited STORE_WAIT_MS for it gets 500;
 * the rest of a connection's bindings go. */
void registrar_ring(struct registrar *, const struct alarm *, struct when now, struct out *out);

/* A connection is gone: from now on its bindings are not found any more, and they leave the store.
 * One call does a bounded piece of work; the rest follows by alarms. */
void registrar_flow_gone(struct registrar *, struct flow_id flow, struct when now, struct out *out);

/* The bindings of AOR in force at NOW, the highest q first, then the latest registered first; those
 * whose connection is gone are left out. Views live until the registrar is told of anything.
 * Ends: how many were put into FOUND. */
uint32_t registrar_find(const struct registrar *, struct str aor, struct when now,
	struct binding found[CONTACTS_PER_AOR_MAX]);

enum gruu_verdict {
	GRUU_NONE, /* the URI is none                                    */
	GRUU_GOOD, /* *FOUND says where it leads                         */
	GRUU_BAD,  /* it was never made, or is good no more: 404 (RFC 5627 6.1) */
};

struct gruu {
	struct str aor;      /* empty: the user of the URI */
	struct str instance; /* as bindings have it        */
};

/* Where a URI of ours leads if it is a GRUU (RFC 5627). ROOM is for the instance; views live as
 * long as that, and until the registrar is told of anything. */
enum gruu_verdict registrar_gruu(const struct registrar *, const struct uri *, struct when now,
	struct buf *room, struct gruu *found);

/* Whether AOR has a binding in force that leads over FLOW (and, for datagrams, to SOURCE): whether
 * it may be the one behind that flow. */
bool registrar_is_on_flow(const struct registrar *, struct str aor, struct flow_id flow,
	const struct addr *source, struct when now);

/* For walking: how many slots there may be, and the address in one of them; STR_NONE: none. The
 * view lives until the registrar is told of anything. */
uint32_t registrar_slots(const struct registrar *);
struct str registrar_aor(const struct registrar *, uint32_t slot);

uint32_t registrar_count(const struct registrar *); /* addresses with bindings */
uint32_t registrar_asks(const struct registrar *);  /* questions that wait     */

#endif
