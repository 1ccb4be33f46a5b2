/* SPDX-License-Identifier: Apache-2.0 */
/* txn.h - the four transactions of RFC 3261 section 17 with RFC 6026, and nothing else.
 *
 * The table holds all transactions of one core. What a transaction has to say is the return value
 * of the call that made it happen: a struct news with the owner, so that the parent can carry it to
 * the leg. Nothing here knows what a leg is, nor chooses where anything goes: a way is given.
 *
 * Files: txn.c (this interface: find, match, news), table.c (cells, alarms, flows), ict.c, nict.c,
 * ist.c, nist.c (one state machine each, written like the figure in the RFC), name.c (what tells
 * one request that we answer from another), txn_state.h (what those share).
 */
#ifndef TXN_TXN_H
#define TXN_TXN_H

#include "base/alarm.h"
#include "base/dice.h"
#include "base/map.h"
#include "base/out.h"
#include "sip/msg.h"

struct txn_timers {
	int64_t t1_ms, t2_ms, t4_ms; /* RFC 3261 17.1.1.1; all others follow from these */
};

/* Whom the news is for; the parent's words, not read here. */
enum txn_owner_kind { OWNER_NONE, OWNER_LEG, OWNER_ENROL, OWNER_PING };

struct txn_owner {
	enum txn_owner_kind kind;
	struct ref ref;
	unsigned tries; /* how often the same request was said before, as a challenge wants it */
};

/* Where its messages go: already chosen and checked by secure/target. */
struct txn_way {
	struct flow_id flow;
	struct addr addr;
	bool is_reliable; /* TCP or TLS */
	bool is_tls;
};

struct txns {
	struct pool pool;
	struct map servers; /* branch and sent-by of what we answer; branch of our CANCELs */
	struct map merged;  /* Call-ID, From tag, CSeq of those without a To tag (8.2.2.2) */
	struct map flows;   /* the first of the client transactions on each flow           */
	struct alarms *alarms;
	struct dice *dice;
	struct txn_timers timers;
	struct msg *again; /* scratch: our INVITE, taken apart again for its ACK or CANCEL */
	char *fold;        /* scratch: the lower case of what is hashed */
};

/* How many alarms one transaction can have armed at once; for the one who opens the alarms. */
enum { TXN_ALARMS = 2 };

/* Carves a table for MAX transactions; ALARMS and DICE stay the caller's and outlive it.
 * Ends: true; false when the arena is too small (or only measures). */
bool txns_open(struct txns *, struct arena *, uint32_t max, const struct txn_timers *,
	struct alarms *alarms, struct dice *dice);

/* ---- what arrives --------------------------------------------------------------------------- */

enum txn_heard {
	HEARD_NEW,    /* no transaction has it: the caller decides and calls txn_serve          */
	HEARD_REPEAT, /* absorbed; the last response, if any, was sent again                     */
	HEARD_ACK,    /* an ACK for a 3xx-6xx: absorbed, its transaction was confirmed          */
	HEARD_ACK_UP, /* an ACK for a 2xx, or for nothing: it is the dialog's                     */
	HEARD_MERGED, /* the same request by another path: 482 is due (RFC 3261 8.2.2.2)         */
};

/* Tells the table of a request. WAY is where it came from: a repeat that came on another flow moves
 * the transaction's way there (RFC 3261 18.2.2), never from TLS to something else; for a datagram
 * the address is then as via_answer_to() says.
 *
 * A request is merged while the other one still waits for its answer or was accepted; when that
 * one was refused, the next is a new try (a proxy that hunts) and is heard as HEARD_NEW. */
enum txn_heard txns_hear_request(struct txns *, const struct msg *, const struct txn_way *way,
	struct when now, struct out *out);

enum news_kind {
	NEWS_NONE,        /* nothing for anybody                                        */
	NEWS_PROVISIONAL, /* client: a 1xx                                              */
	NEWS_FINAL,       /* client: a final response; INVITE 2xx: the first             */
	NEWS_AGAIN,       /* client INVITE: a 2xx that repeats one (RFC 6026 7.2)        */
	NEWS_FORK,        /* client INVITE: the first 2xx of one more dialog             */
	NEWS_TIMEOUT,     /* client: timer B or F, or 64*T1 after CANCEL; as a 408        */
	NEWS_UNREACHABLE, /* client: its flow failed; as a 503                          */
	NEWS_NO_ACK,      /* server INVITE: timer H, the ACK for a 3xx-6xx never came    */
};

/* Of FINAL, TIMEOUT and UNREACHABLE a client transaction gives exactly one. After each of them it
 * is
 * still there, so that its request can be read, until alarms that are due are rung the next time.
 * An owner that is not there any more can be told nothing: a 2xx to an INVITE then wants its
 * ACK and its BYE from somebody else (legs_hear_orphan). Of more than FORKS_MAX dialogs of one
 * INVITE nothing is told. */
struct news {
	enum news_kind kind;
	struct ref txn;
	enum method method; /* of the transaction */
	struct txn_owner owner;
};

/* Tells the table of a response. One that matches no client transaction, or has more than one Via,
 * or a Via whose transport and sent-by are not those that the request had, is dropped: NEWS_NONE,
 * *STRAY set. ACKs for 3xx-6xx are made and sent here. */
struct news txns_hear_response(
	struct txns *, const struct msg *, struct when now, struct out *out, bool *stray);

/* Whether a response that came by WAY may be heard: its request left by the same kind of way (what
 * went over TLS is not answered in the clear). True for one that matches nothing, since
 * txns_hear_response() drops that. */
bool txns_may_come_by(const struct txns *, const struct msg *response, const struct txn_way *way);

/* Rings an alarm of kind ALARM_TXN. */
struct news txns_ring(struct txns *, const struct alarm *alarm, struct when now, struct out *out);

/* A flow is no more: every client transaction on it that still waits for a final response gets
 * an alarm at once, which will give NEWS_UNREACHABLE. Server transactions stay (RFC 6026 8). */
void txns_flow_gone(struct txns *, struct flow_id flow, struct when now);

/* ---- serving -------------------------------------------------------------------------------- */

/* Opens a server transaction for REQUEST (not ACK), heard as HEARD_NEW.
 * Ends: its ref, or REF_NONE when the table is full. */
struct ref txn_serve(struct txns *, const struct msg *request, const struct txn_way *way,
	struct txn_owner owner, struct when now);

/* Sends a response: BYTES is the whole message with status STATUS, living in OUT. A second final
 * answer is refused. An INVITE's 2xx moves to Accepted; its repeats are the leg's own
 * (txn_answer_again).
 * Ends: true; false if the transaction is over or has its final answer already. */
bool txn_answer(struct txns *, struct ref, unsigned status, struct str bytes, struct when now,
	struct out *out);

/* Sends the kept final answer of an INVITE in Accepted again: the 2xx that waits for its ACK.
 * Ends: true; false if it is not in Accepted, or txn_acked() was called. */
bool txn_answer_again(struct txns *, struct ref, struct out *out);

/* The ACK for the 2xx has come, or nobody waits for it any more. The transaction stays for timer
 * L. */
void txn_acked(struct txns *, struct ref);

/* The server transaction that a CANCEL means (RFC 3261 9.2): same branch and sent-by.
 * Ends: true with its ref, owner, and whether a final answer was given; then, and for anything but
 * an INVITE, *IS_FINAL is true: a 200 for the CANCEL is all that is left to do. False: 481. */
bool txns_find_cancelled(const struct txns *, const struct msg *cancel, struct ref *ref,
	struct txn_owner *owner, bool *is_final);

/* Keeps what every response to the request repeats: ECHO is the head of a response behind its
 * status
 * line (From, To with our tag, Call-ID, CSeq, Via), at most ECHO_BYTES_MAX octets, copied; what was
 * kept before is forgotten. The request itself is not kept. txn_echo gives it back, a view that
 * lives
 * as long as the transaction and until the next txn_keep_echo; empty if none was kept or the
 * transaction is over. */
void txn_keep_echo(struct txns *, struct ref, struct str echo);
struct str txn_echo(const struct txns *, struct ref);

/* ---- asking --------------------------------------------------------------------------------- */

enum { BRANCH_BYTES = 64 };

/* Takes a client transaction and makes its branch, so that the request can be written.
 * Ends: its ref and *BRANCH (a view that lives with the transaction), or REF_NONE: table full. */
struct ref txn_reserve(struct txns *, struct txn_owner owner, struct str *branch);

/* Sends the request that was written with the branch: BYTES lives in OUT and is kept. METHOD is not
 * ACK. Pre: REF is fresh from txn_reserve. */
void txn_send(struct txns *, struct ref, enum method method, struct str bytes,
	const struct txn_way *way, struct when now, struct out *out);

/* Gives a reserved transaction back that was never sent. */
void txn_drop(struct txns *, struct ref);

/* Cancels an INVITE (RFC 3261 9.1): at once when a 1xx has come, at the first 1xx otherwise, never
 * after a final response. The CANCEL has the INVITE's Request-URI, Via, Call-ID, From, To, CSeq
 * number and Route, a Reason if REASON is not empty, and takes the same way, in a transaction of
 * its
 * own without an owner. If no final response comes within 64*T1 the INVITE ends with NEWS_TIMEOUT.
 * Nothing is done for another method, or the second time. */
void txn_cancel(struct txns *, struct ref, struct str reason, struct when now, struct out *out);

/* The connection of an INVITE is gone, as NEWS_UNREACHABLE has said: it goes on by WAY, which
 * leads to the same place, and is cancelled there (RFC 5923 8.1). Nobody owns it any more; its
 * final answer is acknowledged by WAY too. Nothing is done for one that was cancelled before, or
 * for anything else. */
void txn_cancel_by(struct txns *, struct ref, const struct txn_way *way, struct str reason,
	struct when now, struct out *out);

/* A fresh branch for a request without a transaction, the ACK of a 2xx. */
void txns_write_branch(struct txns *, struct buf *);

/* The request that a client transaction sent; empty if it is over. A view into the transaction. */
struct str txn_request_text(const struct txns *, struct ref);

/* The way that a client transaction's request took. Ends: true with *WAY; false if it is over. */
bool txn_way(const struct txns *, struct ref, struct txn_way *way);

/* Gives the transaction to another owner. */
void txn_own(struct txns *, struct ref, struct txn_owner owner);

/* The owner is gone: the transaction lives out its timers for itself. One that was never sent is
 * dropped; a server transaction without a final answer, and an INVITE that rings and was not
 * cancelled, ends in silence 64*T1 after the last that was heard of it. */
void txn_disown(struct txns *, struct ref);

/* How many there are. */
uint32_t txns_count(const struct txns *);
uint32_t txns_left(const struct txns *);

#endif
