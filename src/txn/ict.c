/* SPDX-License-Identifier: Apache-2.0 */
/* Client INVITE transaction (RFC 3261 17.1.1, RFC 6026 7.2).
 *
 *   INVITE -> CALLING --1xx--> PROCEEDING       A: the INVITE again, doubling (unreliable ways)
 *                |                 |
 *                +-----------------+--2xx-----> ACCEPTED  --M--> GONE     (a further 2xx goes up)
 *                |                 |
 *                +-----------------+--3xx-6xx-> COMPLETED --D--> GONE     (each gets its ACK)
 *                |                 |
 *                +--B              +--64*T1 after the CANCEL
 *                |                 |
 *                +--flow gone------+----------> ENDED --at once--> GONE
 *                                  ^--a new way, CANCEL--'
 *
 * A CANCEL that is wanted in CALLING leaves at the first 1xx (RFC 3261 9.1).
 */
#include "base/panic.h"
#include "sip/write.h"
#include "txn/txn_state.h"

enum ict_cue {
	CUE_1XX,
	CUE_2XX,
	CUE_REFUSAL, /* 3xx to 6xx */
	CUE_CANCEL,
	CUE_DISOWN,
	CUE_TIMER_A,
	CUE_TIMER_B,
	CUE_TIMER_D,
	CUE_TIMER_M,
	CUE_CANCEL_LATE, /* 64*T1 after the CANCEL: RFC 3261 9.1 gives it no letter */
	CUE_FLOW_GONE,
	CUE_TOLD,  /* who was told of the end has had its turn */
	CUE_GO_ON, /* there is a way again                      */
};

struct cue {
	enum ict_cue kind;
	const struct msg *response;
	struct str reason;
	struct when now;
	struct out *out;
};

struct move {
	enum ict_state next;
	enum news_kind tell;
};

static enum news_kind ict_step(struct txns *, struct txn *, const struct cue *);

/* ---- what is cued ---- */

void
ict_send(struct txns *txns, struct txn *t, struct str bytes, struct when now, struct out *out)
{
	t->kind = TXN_ICT;
	t->state.ict = ICT_CALLING;
	t->heard_at_ms = now.mono_ms;
	t->wait_ms = txns->timers.t1_ms;
	if (!t->way.is_reliable)
		txn_arm_resend(txns, t, CUE_TIMER_A, t->wait_ms);
	txn_arm_end(txns, t, CUE_TIMER_B, txn_64_t1_ms(txns));
	out_send(out, t->way.flow, &t->way.addr, bytes);
}

enum news_kind
ict_hear(struct txns *txns, struct txn *t, const struct msg *msg, struct when now, struct out *out)
{
	struct cue cue = { .kind = CUE_REFUSAL, .response = msg, .now = now, .out = out };

	if (msg->status < 200)
		cue.kind = CUE_1XX;
	else if (msg->status < 300)
		cue.kind = CUE_2XX;
	return ict_step(txns, t, &cue);
}

enum news_kind
ict_ring(struct txns *txns, struct txn *t, uint32_t letter, struct when now, struct out *out)
{
	const struct cue cue = { .kind = (enum ict_cue)letter, .now = now, .out = out };

	return ict_step(txns, t, &cue);
}

void
ict_cancel(struct txns *txns, struct txn *t, struct str reason, struct when now, struct out *out)
{
	const struct cue cue = { .kind = CUE_CANCEL, .reason = reason, .now = now, .out = out };

	ict_step(txns, t, &cue);
}

bool
ict_may_go_on(const struct txn *t)
{
	return t->state.ict == ICT_ENDED && t->is_cut && t->cancelling != CANCEL_SENT;
}

void
ict_go_on(struct txns *txns, struct txn *t, struct str reason, struct when now, struct out *out)
{
	const struct cue cue = { .kind = CUE_GO_ON, .reason = reason, .now = now, .out = out };

	must(ict_may_go_on(t));
	ict_step(txns, t, &cue);
}

void
ict_cut(struct txns *txns, struct txn *t, struct when now)
{
	switch (t->state.ict) {
	case ICT_CALLING:
	case ICT_PROCEEDING:
		t->is_cut = true;
		t->heard_at_ms = now.mono_ms;
		txn_arm_end(txns, t, CUE_FLOW_GONE, 0);
		return;
	case ICT_COMPLETED:
	case ICT_ACCEPTED:
	case ICT_ENDED:
	case ICT_GONE: return;
	}
}

void
ict_disown(struct txns *txns, struct txn *t)
{
	const struct cue cue = { .kind = CUE_DISOWN, .now = { .mono_ms = t->heard_at_ms } };

	ict_step(txns, t, &cue);
}

/* ---- the ACK and the CANCEL ---- */

/* What the ACK and the CANCEL of an INVITE have in common: all but To, which the ACK has from the
 * response (RFC 3261 17.1.1.3, 9.1). A peer that gets no ACK repeats its response, so that one
 * leaves whatever that To shows. Of a CANCEL, ANSWER is NULL. */
static void
write_like_invite(struct buf *b, const struct msg *invite, const struct msg *answer,
	enum method method, struct str reason)
{
	char digits[16];
	struct buf number = buf_on(digits, sizeof digits);

	buf_number(&number, invite->cseq);
	buf_char(&number, ' ');
	write_request_line(b, method_name(method), invite->target_text);
	write_header(b, HEADER_VIA, invite->via.text);
	write_number(b, HEADER_MAX_FORWARDS, MAX_FORWARDS);
	write_copy(b, invite, HEADER_ROUTE);
	write_copy(b, invite, HEADER_FROM);
	if (answer != NULL) {
		write_begin(b, HEADER_TO);
		write_party(b, &answer->to);
		write_end(b);
	} else {
		write_copy(b, invite, HEADER_TO);
	}
	write_copy(b, invite, HEADER_CALL_ID);
	write_begin(b, HEADER_CSEQ);
	write_piece(b, buf_str(&number));
	write_piece(b, method_name(method));
	write_end(b);
	write_copy(b, invite, HEADER_SESSION_ID);
	if (!str_is_empty(reason))
		write_header(b, HEADER_REASON, reason);
	write_body(b, STR_NONE);
}

/* Ends: the message, or an empty view when it cannot be written. */
static struct str
like_invite(struct txns *txns, const struct txn *t, enum method method, const struct cue *cue,
	struct str reason)
{
	const struct msg *invite = txns->again;
	struct buf b = out_buf(cue->out, WRITE_BYTES_MAX);
	struct fault fault;

	/* What we sent was checked when it was written; a fault here can only be in a header that
	 * is not needed now. */
	if (!msg_parse(txns->again, t->message, false, &fault) && !msg_may_answer(invite))
		return STR_NONE;
	write_like_invite(&b, invite, method == METHOD_ACK ? cue->response : NULL, method, reason);
	return buf_ok(&b) ? out_wrote(cue->out, &b) : STR_NONE;
}

static void
send_ack(struct txns *txns, const struct txn *t, const struct cue *cue)
{
	struct str ack = like_invite(txns, t, METHOD_ACK, cue, STR_NONE);

	if (!str_is_empty(ack))
		out_send(cue->out, t->way.flow, &t->way.addr, ack);
}

static void
send_cancel(struct txns *txns, struct txn *t, const struct cue *cue, struct str reason)
{
	struct str cancel = like_invite(txns, t, METHOD_CANCEL, cue, reason);

	t->cancelling = CANCEL_SENT;
	txn_arm_end(txns, t, CUE_CANCEL_LATE, txn_64_t1_ms(txns));
	if (!str_is_empty(cancel))
		txn_ask_cancel(txns, t, cancel, cue->now, cue->out);
}

/* The reason waits behind the request; one that does not fit is left out. */
static void
want_cancel(struct txn *t, struct str reason)
{
	struct buf b = buf_on(t->text + t->message.len, sizeof t->text - t->message.len);

	t->cancelling = CANCEL_WANTED;
	buf_put(&b, reason);
	t->reason = buf_str(&b);
}

/* ---- the states ---- */

/* Nobody is left who could cancel it, so it must not ring for ever. */
static void
ring_not_for_ever(struct txns *txns, struct txn *t)
{
	if (t->cancelling != CANCEL_SENT && !t->is_cut)
		txn_arm_end(txns, t, CUE_CANCEL_LATE, txn_64_t1_ms(txns));
}

/* Whether a 2xx is of a dialog that answered before; if not, it is noted. More dialogs than a proxy
 * makes of one INVITE are left alone. */
static enum news_kind
hear_dialog(const struct txns *txns, struct txn *t, const struct msg *answer)
{
	uint64_t hash = map_hash(&txns->servers, &answer->to.tag, 1);

	for (uint32_t i = 0; i < t->dialog_count; i++)
		if (t->dialogs[i] == hash)
			return NEWS_AGAIN;
	if (t->dialog_count == 1 + FORKS_MAX)
		return NEWS_NONE;
	t->dialogs[t->dialog_count++] = hash;
	return NEWS_FORK;
}

static struct move
ict_accept(struct txns *txns, struct txn *t, const struct cue *cue)
{
	(void)hear_dialog(txns, t, cue->response);
	txn_arm_end(txns, t, CUE_TIMER_M, txn_64_t1_ms(txns));
	return (struct move){ ICT_ACCEPTED, NEWS_FINAL };
}

static struct move
ict_complete(struct txns *txns, struct txn *t, const struct cue *cue)
{
	send_ack(txns, t, cue);
	txn_arm_end(txns, t, CUE_TIMER_D, t->way.is_reliable ? 0 : txn_64_t1_ms(txns));
	return (struct move){ ICT_COMPLETED, NEWS_FINAL };
}

static struct move
ict_end(struct txns *txns, struct txn *t, enum news_kind tell)
{
	txn_arm_end(txns, t, CUE_TOLD, 0);
	return (struct move){ ICT_ENDED, tell };
}

static struct move
ict_calling(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_1XX:
		if (t->cancelling == CANCEL_WANTED && !t->is_cut)
			send_cancel(txns, t, cue, t->reason);
		else if (t->owner.kind == OWNER_NONE)
			ring_not_for_ever(txns, t);
		return (struct move){ ICT_PROCEEDING, NEWS_PROVISIONAL };
	case CUE_2XX: return ict_accept(txns, t, cue);
	case CUE_REFUSAL: return ict_complete(txns, t, cue);
	case CUE_CANCEL:
		if (t->cancelling == CANCEL_NONE)
			want_cancel(t, cue->reason);
		break;
	case CUE_TIMER_A:
		txn_resend(t, cue->out);
		t->wait_ms *= 2;
		txn_arm_resend(txns, t, CUE_TIMER_A, t->wait_ms);
		break;
	case CUE_TIMER_B: return ict_end(txns, t, NEWS_TIMEOUT);
	case CUE_FLOW_GONE: return ict_end(txns, t, NEWS_UNREACHABLE);
	case CUE_DISOWN: break; /* timer B ends it */
	case CUE_TIMER_D:
	case CUE_TIMER_M:
	case CUE_CANCEL_LATE:
	case CUE_TOLD:
	case CUE_GO_ON: must(t->state.ict != ICT_CALLING);
	}
	return (struct move){ ICT_CALLING, NEWS_NONE };
}

static struct move
ict_proceeding(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_1XX: return (struct move){ ICT_PROCEEDING, NEWS_PROVISIONAL };
	case CUE_2XX: return ict_accept(txns, t, cue);
	case CUE_REFUSAL: return ict_complete(txns, t, cue);
	case CUE_CANCEL:
		if (t->cancelling != CANCEL_SENT && !t->is_cut)
			send_cancel(txns, t, cue, cue->reason);
		break;
	case CUE_DISOWN: ring_not_for_ever(txns, t); break;
	case CUE_CANCEL_LATE: return ict_end(txns, t, NEWS_TIMEOUT);
	case CUE_FLOW_GONE: return ict_end(txns, t, NEWS_UNREACHABLE);
	case CUE_TIMER_A:
	case CUE_TIMER_B:
	case CUE_TIMER_D:
	case CUE_TIMER_M:
	case CUE_TOLD:
	case CUE_GO_ON: must(t->state.ict != ICT_PROCEEDING);
	}
	return (struct move){ ICT_PROCEEDING, NEWS_NONE };
}

static struct move
ict_completed(struct txns *txns, const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REFUSAL: /* the ACK was lost */ send_ack(txns, t, cue); break;
	case CUE_TIMER_D: return (struct move){ ICT_GONE, NEWS_NONE };
	case CUE_1XX:
	case CUE_2XX:
	case CUE_CANCEL:
	case CUE_DISOWN: break;
	case CUE_TIMER_A:
	case CUE_TIMER_B:
	case CUE_TIMER_M:
	case CUE_CANCEL_LATE:
	case CUE_FLOW_GONE:
	case CUE_TOLD:
	case CUE_GO_ON: must(t->state.ict != ICT_COMPLETED);
	}
	return (struct move){ ICT_COMPLETED, NEWS_NONE };
}

static struct move
ict_accepted(const struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_2XX: return (struct move){ ICT_ACCEPTED, hear_dialog(txns, t, cue->response) };
	case CUE_TIMER_M: return (struct move){ ICT_GONE, NEWS_NONE };
	case CUE_1XX:
	case CUE_REFUSAL:
	case CUE_CANCEL:
	case CUE_DISOWN: break;
	case CUE_TIMER_A:
	case CUE_TIMER_B:
	case CUE_TIMER_D:
	case CUE_CANCEL_LATE:
	case CUE_FLOW_GONE:
	case CUE_TOLD:
	case CUE_GO_ON: must(t->state.ict != ICT_ACCEPTED);
	}
	return (struct move){ ICT_ACCEPTED, NEWS_NONE };
}

static struct move
ict_ended(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_TOLD: return (struct move){ ICT_GONE, NEWS_NONE };
	case CUE_GO_ON:
		t->is_cut = false;
		send_cancel(txns, t, cue, cue->reason);
		return (struct move){ ICT_PROCEEDING, NEWS_NONE };
	case CUE_1XX:
	case CUE_2XX:
	case CUE_REFUSAL:
	case CUE_CANCEL:
	case CUE_DISOWN: break;
	case CUE_TIMER_A:
	case CUE_TIMER_B:
	case CUE_TIMER_D:
	case CUE_TIMER_M:
	case CUE_CANCEL_LATE:
	case CUE_FLOW_GONE: must(t->state.ict != ICT_ENDED);
	}
	return (struct move){ ICT_ENDED, NEWS_NONE };
}

/* ---- the gate ---- */

static unsigned
ict_alarms_of(enum ict_state state)
{
	switch (state) {
	case ICT_CALLING: return 1U << CUE_TIMER_A | 1U << CUE_TIMER_B | 1U << CUE_FLOW_GONE;
	case ICT_PROCEEDING: return 1U << CUE_CANCEL_LATE | 1U << CUE_FLOW_GONE;
	case ICT_COMPLETED: return 1U << CUE_TIMER_D;
	case ICT_ACCEPTED: return 1U << CUE_TIMER_M;
	case ICT_ENDED: return 1U << CUE_TOLD;
	case ICT_GONE: return 0;
	}
	return 0;
}

static enum news_kind
ict_move(struct txns *txns, struct txn *t, struct move move)
{
	if (move.next != t->state.ict) {
		t->state.ict = move.next;
		txn_disarm_but(txns, t, ict_alarms_of(move.next));
	}
	if (move.next == ICT_GONE)
		txn_give(txns, t);
	return move.tell;
}

static enum news_kind
ict_step(struct txns *txns, struct txn *t, const struct cue *cue)
{
	struct move move = { t->state.ict, NEWS_NONE };

	t->heard_at_ms = cue->now.mono_ms;
	switch (t->state.ict) {
	case ICT_CALLING: move = ict_calling(txns, t, cue); break;
	case ICT_PROCEEDING: move = ict_proceeding(txns, t, cue); break;
	case ICT_COMPLETED: move = ict_completed(txns, t, cue); break;
	case ICT_ACCEPTED: move = ict_accepted(txns, t, cue); break;
	case ICT_ENDED: move = ict_ended(txns, t, cue); break;
	case ICT_GONE: must(t->state.ict != ICT_GONE); break;
	}
	return ict_move(txns, t, move);
}
