/* SPDX-License-Identifier: Apache-2.0 */
/* txn_state.h - one transaction, and what the table and the four machines share.
 *
 * Each machine is told what happened (a cue) by one of its functions here, finds its next state and
 * goes there through one gate of its own. The letter of an alarm is the cue that it gives when
 * it rings, so only the machine knows what it means. GONE is no state to be found in: the
 * gate gives the cell back.
 */
#ifndef TXN_TXN_STATE_H
#define TXN_TXN_STATE_H

#include "txn/name.h"
#include "txn/txn.h"

enum txn_kind { TXN_RESERVED, TXN_ICT, TXN_NICT, TXN_IST, TXN_NIST };

enum ict_state { ICT_CALLING, ICT_PROCEEDING, ICT_COMPLETED, ICT_ACCEPTED, ICT_ENDED, ICT_GONE };
enum nict_state { NICT_TRYING, NICT_PROCEEDING, NICT_COMPLETED, NICT_ENDED, NICT_GONE };
enum ist_state { IST_PROCEEDING, IST_ACCEPTED, IST_COMPLETED, IST_CONFIRMED, IST_GONE };
enum nist_state { NIST_TRYING, NIST_PROCEEDING, NIST_COMPLETED, NIST_GONE };

enum cancelling { CANCEL_NONE, CANCEL_WANTED, CANCEL_SENT };

#define TXN_NO_SLOT UINT32_MAX

struct txn {
	struct ref ref;
	enum txn_kind kind;
	enum method method;
	struct txn_owner owner;
	struct txn_way way;
	union {
		enum ict_state ict;
		enum nict_state nict;
		enum ist_state ist;
		enum nist_state nist;
	} state;
	struct alarm resend; /* timers A, E and G                                   */
	struct alarm end;    /* all others: at most one of them waits in any state   */
	int64_t wait_ms;     /* how long A, E or G waits the next time               */
	int64_t heard_at_ms; /* when something happened the last time                */
	struct str message;  /* in text: our request, or the last answer             */

	/* Asking. */
	uint32_t branch_len;
	char branch[BRANCH_BYTES];
	uint32_t flow_next, flow_prev; /* slots of others on the same flow */
	bool is_on_flow;
	bool is_cut; /* its flow is gone and the alarm that tells so is armed */
	enum cancelling cancelling;
	struct str reason; /* in text: of a CANCEL that must wait */
	uint32_t dialog_count;
	uint64_t dialogs[1 + FORKS_MAX]; /* INVITE: the hash of the To tag of each that answered */

	/* Answering. */
	struct txn_name name;
	size_t name_bytes; /* octets at the front of text that it takes */
	struct str echo;   /* in text, behind the name: what every answer begins with */
	bool is_acked;
	bool is_in_merged;
	uint64_t merged_hash;

	/* Either. */
	bool is_in_servers;
	uint64_t servers_hash;

	char text[TXN_TEXT_BYTES];
};

/* ---- the table (table.c) ---- */

static inline int64_t
txn_64_t1_ms(const struct txns *txns)
{
	return 64 * txns->timers.t1_ms;
}

/* The transaction, or NULL once it is over. */
struct txn *txn_at(const struct txns *, struct ref);
struct txn *txn_in(const struct txns *, uint32_t slot);

/* Takes a cell, reserved and otherwise blank; NULL when all are taken. Gives it back, from wherever
 * it is found, its alarms disarmed. */
struct txn *txn_take(struct txns *, struct txn_owner owner);
void txn_give(struct txns *, struct txn *);

/* Lets it be found: under HASH, or on the flow that it takes. */
void txn_put_in_servers(struct txns *, struct txn *, uint64_t hash);
void txn_join_flow(struct txns *, struct txn *);
void txn_leave_flow(struct txns *, struct txn *);

/* An answer has refused the request: another copy of it is a new try, not a merged one. */
void txn_unmerge(struct txns *, struct txn *);

/* Arms one of the two alarms to give LETTER after SPAN_MS, whatever it waited for before. */
void txn_arm_resend(struct txns *, struct txn *, unsigned letter, int64_t span_ms);
void txn_arm_end(struct txns *, struct txn *, unsigned letter, int64_t span_ms);

/* Disarms both alarms but for the LETTERS (bits) of the new state. */
void txn_disarm_but(struct txns *, struct txn *, unsigned letters);

/* Keeps MESSAGE in place of the last one; sends what is kept once more, if there is something. */
void txn_keep(struct txn *, struct str message);
void txn_resend(const struct txn *, struct out *);

/* ---- for the INVITE that is cancelled (txn.c) ---- */

/* Sends BYTES, a CANCEL of the INVITE, in a transaction of its own; without one if the table is
 * full. */
void txn_ask_cancel(struct txns *, const struct txn *invite, struct str bytes, struct when now,
	struct out *out);

/* ---- INVITE, client (ict.c) ---- */

void ict_send(struct txns *, struct txn *, struct str bytes, struct when now, struct out *out);
enum news_kind ict_hear(
	struct txns *, struct txn *, const struct msg *, struct when now, struct out *out);
enum news_kind ict_ring(
	struct txns *, struct txn *, uint32_t letter, struct when now, struct out *out);
void ict_cancel(struct txns *, struct txn *, struct str reason, struct when now, struct out *out);
void ict_cut(struct txns *, struct txn *, struct when now);
void ict_disown(struct txns *, struct txn *);

/* Whether it ended for want of its connection, and was not cancelled; then, with its new way, it
 * goes on and is cancelled. */
bool ict_may_go_on(const struct txn *);
void ict_go_on(struct txns *, struct txn *, struct str reason, struct when now, struct out *out);

/* ---- anything else, client (nict.c) ---- */

void nict_send(struct txns *, struct txn *, struct str bytes, struct when now, struct out *out);
enum news_kind nict_hear(struct txns *, struct txn *, const struct msg *, struct when now);
enum news_kind nict_ring(
	struct txns *, struct txn *, uint32_t letter, struct when now, struct out *out);
void nict_cut(struct txns *, struct txn *, struct when now);

/* ---- INVITE, server (ist.c) ---- */

void ist_serve(struct txns *, struct txn *, struct when now);
void ist_repeat(struct txns *, struct txn *, struct when now, struct out *out);
enum txn_heard ist_ack(struct txns *, struct txn *, struct when now);
bool ist_answer(struct txns *, struct txn *, unsigned status, struct str bytes, struct when now,
	struct out *out);
enum news_kind ist_ring(
	struct txns *, struct txn *, uint32_t letter, struct when now, struct out *out);
void ist_disown(struct txns *, struct txn *);

/* ---- anything else, server (nist.c) ---- */

void nist_serve(struct txn *, struct when now);
void nist_repeat(struct txns *, struct txn *, struct when now, struct out *out);
bool nist_answer(struct txns *, struct txn *, unsigned status, struct str bytes, struct when now,
	struct out *out);
enum news_kind nist_ring(struct txns *, struct txn *, uint32_t letter, struct when now);
void nist_disown(struct txns *, struct txn *);

#endif
