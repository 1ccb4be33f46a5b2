/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h - what the files of leg/ share. Of this folder only. */
#ifndef LEG_INSIDE_H
#define LEG_INSIDE_H

#include "leg/dialog.h"
#include "leg/leg.h"
#include "sip/write.h"

/* A fresh leg in IDLE, or NULL when the table is full. */
struct leg *leg_take(struct legs *, enum leg_kind, const struct turn *);

/* The one gate through which the state changes. */
void leg_move(struct legs *, struct leg *, enum leg_state);

/* ---- way.c ----------------------------------------------------------------------------------- */

/* The way for the next request inside the dialog: the live flow first, else a new connection to the
 * next hop. Ends: true; false with *WHY a sentence. */
bool way_inside(
	struct legs *, struct leg *, const struct turn *, struct txn_way *, struct str *why);

/* Keeps what the INVITE says by the other ways of PLAN; what does not fit is not tried. */
void way_keep_aims(struct leg *, const struct leg_plan *, const struct turn *);

/* The way for the first INVITE of a leg that we make: the next of leg->ways that is allowed. Where
 * that one has another aim, the leg has it too. */
bool way_first(struct legs *, struct leg *, const struct turn *, struct txn_way *, struct str *why);

/* A way to where the INVITE went whose connection is gone: where the device is registered now, or a
 * new connection to the same address, which must prove the same name. The leg stays as it is.
 * Ends: false when there is none that is allowed. */
bool way_anew(struct legs *, const struct leg *, const struct turn *, struct txn_way *);
/* The way that the request before took, for one more like it before there is a dialog. */
bool way_again(struct legs *, struct leg *, const struct turn *, struct txn_way *, struct str *why);

/* A message came for this leg by WAY: on the dialog's flow from now on, if it may be. */
void way_heard(struct legs *, struct leg *, const struct txn_way *way, const struct turn *);

/* ---- the messages ---- */

/* A response to a request of the peer: its head out of the echo kept with TXN, our Contact if
 * WITH_CONTACT, then LINES (whole header lines) and CARGO. Ends: false when it could not be
 * sent. */
struct reply {
	struct ref txn;
	unsigned status;
	struct str reason; /* empty: the usual phrase */
	bool with_contact;
	struct str lines;
	const struct cargo *cargo;
};
bool leg_reply(struct legs *, struct leg *, const struct reply *, const struct turn *);

/* Keeps the echo of a request that its transaction will need. */
bool leg_keep_echo(struct legs *, const struct leg *, struct ref txn, const struct msg *request,
	const struct txn_way *way, const struct turn *);

/* Sends a request inside the dialog in a transaction of its own.
 * Ends: the transaction, or REF_NONE. */
struct ref leg_request(struct legs *, struct leg *, enum method, bool with_contact,
	struct str lines, const struct cargo *, const struct turn *);

/* Sends the ACK of a 2xx (RFC 3261 13.2.2.4) and keeps it for repeats of that.
 * Ends: false when there is no way for it. */
bool leg_send_ack(struct legs *, struct leg *, const struct cargo *, const struct turn *);

/* The 2xx has come again: so goes the ACK that was kept, by the way that is allowed now. */
void leg_send_ack_again(struct legs *, struct leg *, const struct turn *);

/* The header lines that an INVITE or its 2xx always has: Allow, Supported. */
void leg_write_abilities(struct buf *, struct str supported);

struct word leg_nothing(void);
struct word leg_say(enum leg_word, unsigned status, struct str reason, const struct msg *);

/* ---- prove.c ---- */

/* A 401 or 407 to a request of ours: it is said once more with credentials, if this leg leads to a
 * trunk that has a secret with us, the challenge is of its realm, and the request would go to where
 * that trunk is. In the same dialog, with the next CSeq (RFC 3261 22.2).
 * Ends: true with what is to be said of it in *WORD; false: it was the final answer. */
bool leg_prove(struct legs *, struct leg *, const struct news *, const struct msg *,
	const struct turn *, struct word *);

/* ---- session.c (RFC 4028) ---- */

/* Takes in what an INVITE (the first or a later one) asks of the session timer. */
void session_hear(struct leg *, const struct msg *invite);

/* The INVITE is accepted, and so is that. */
void session_agree(struct leg *);

/* Puts Session-Expires, and Require where it is due, of our 2xx or of our request. */
void session_write(const struct leg *, struct buf *);

/* A 2xx went out: the clock starts anew. */
void session_start(struct legs *, struct leg *, const struct turn *);

/* A 2xx to our own INVITE or UPDATE came in: what it says holds, and the clock starts anew. */
void session_answered(struct legs *, struct leg *, const struct msg *answer, const struct turn *);

/* It rang: refresh, or give up. */
struct word session_ring(struct legs *, struct leg *, const struct turn *);

/* The answer to our refresh. */
struct word session_refreshed(
	struct legs *, struct leg *, const struct news *, const struct msg *, const struct turn *);

/* ---- ending.c ---- */

/* Sends BYE and leaves; what still waits for an answer or an ACK of ours gets it first. */
void leg_send_bye(struct legs *, struct leg *, struct str reason_header, const struct cargo *,
	const struct turn *);

/* BYE now, or as soon as the ACK of our 2xx is there or missing for good (RFC 3261 15). */
void leg_hang_up(struct legs *, struct leg *, struct str reason_header, const struct cargo *,
	const struct turn *);

/* The BYE that had to wait for the ACK. */
void leg_send_late_bye(struct legs *, struct leg *, const struct turn *);

/* The peer's BYE. */
struct word leg_hear_bye(
	struct legs *, struct leg *, const struct msg *, struct ref txn, const struct turn *);

/* ---- fork.c ---- */

/* A 2xx of another dialog than the leg's: ACK, and BYE unless the news says that it had that. */
void leg_refuse_fork(struct legs *, const struct leg *, const struct news *,
	const struct msg *answer, const struct turn *);

/* ---- made.c, answered.c, talk.c: who hears what ---- */

struct word made_hear_news(struct legs *, struct leg *, const struct news *, const struct msg *,
	const struct txn_way *, const struct turn *);
struct word change_hear_news(
	struct legs *, struct leg *, const struct news *, const struct msg *, const struct turn *);
struct word answered_hear_invite(struct legs *, struct leg *, const struct msg *, struct ref txn,
	const struct txn_way *, const struct turn *);
struct word answered_hear_ack(struct legs *, struct leg *, const struct msg *, const struct turn *);
struct word answered_resend(struct legs *, struct leg *, const struct turn *);
struct word answered_no_ack(struct legs *, struct leg *, const struct turn *);

#endif
