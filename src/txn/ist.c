/* SPDX-License-Identifier: Apache-2.0 */
/* Server INVITE transaction (RFC 3261 17.2.1, RFC 6026 7.1).
 *
 *   INVITE -> PROCEEDING --2xx------> ACCEPTED --L--> GONE       (repeats absorbed, ACKs go up)
 *                |
 *                +---------3xx-6xx--> COMPLETED --ACK--> CONFIRMED --I--> GONE
 *                |                       |
 *                |                       +--H--> GONE, nobody acknowledged
 *                |                       G: the answer again, doubling up to T2 (unreliable ways)
 *                |
 *                +--64*T1 after its owner went without a final answer--> GONE
 *
 * A failing flow is no cue: the transaction stays (RFC 6026 8).
 */
#include "base/panic.h"
#include "txn/txn_state.h"

enum ist_cue {
	CUE_REPEAT, /* the INVITE again */
	CUE_ACK,
	CUE_ANSWER_1XX,
	CUE_ANSWER_2XX,
	CUE_ANSWER_REFUSAL,
	CUE_DISOWN,
	CUE_TIMER_G,
	CUE_TIMER_H,
	CUE_TIMER_I,
	CUE_TIMER_L,
	CUE_UNANSWERED, /* nobody is left who would answer */
};

struct cue {
	enum ist_cue kind;
	struct str answer;
	struct when now;
	struct out *out;
};

struct move {
	enum ist_state next;
	enum news_kind tell;
};

static enum news_kind ist_step(struct txns *, struct txn *, const struct cue *);

/* ---- what is cued ---- */

void
ist_serve(struct txns *txns, struct txn *t, struct when now)
{
	t->kind = TXN_IST;
	t->state.ist = IST_PROCEEDING;
	t->heard_at_ms = now.mono_ms;
	t->wait_ms = txns->timers.t1_ms;
}

void
ist_repeat(struct txns *txns, struct txn *t, struct when now, struct out *out)
{
	const struct cue cue = { .kind = CUE_REPEAT, .now = now, .out = out };

	ist_step(txns, t, &cue);
}

enum txn_heard
ist_ack(struct txns *txns, struct txn *t, struct when now)
{
	const struct cue cue = { .kind = CUE_ACK, .now = now };
	bool is_ours = t->state.ist == IST_COMPLETED || t->state.ist == IST_CONFIRMED;

	ist_step(txns, t, &cue);
	return is_ours ? HEARD_ACK : HEARD_ACK_UP;
}

bool
ist_answer(struct txns *txns, struct txn *t, unsigned status, struct str bytes, struct when now,
	struct out *out)
{
	struct cue cue = { CUE_ANSWER_REFUSAL, bytes, now, out };

	if (t->state.ist != IST_PROCEEDING)
		return false;
	if (status < 200)
		cue.kind = CUE_ANSWER_1XX;
	else if (status < 300)
		cue.kind = CUE_ANSWER_2XX;
	ist_step(txns, t, &cue);
	return true;
}

enum news_kind
ist_ring(struct txns *txns, struct txn *t, uint32_t letter, struct when now, struct out *out)
{
	const struct cue cue = { .kind = (enum ist_cue)letter, .now = now, .out = out };

	return ist_step(txns, t, &cue);
}

void
ist_disown(struct txns *txns, struct txn *t)
{
	const struct cue cue = { .kind = CUE_DISOWN, .now = { .mono_ms = t->heard_at_ms } };

	ist_step(txns, t, &cue);
}

/* ---- the states ---- */

static void
say(struct txn *t, const struct cue *cue)
{
	txn_keep(t, cue->answer);
	out_send(cue->out, t->way.flow, &t->way.addr, cue->answer);
}

static struct move
ist_complete(struct txns *txns, struct txn *t)
{
	txn_unmerge(txns, t);
	if (!t->way.is_reliable)
		txn_arm_resend(txns, t, CUE_TIMER_G, t->wait_ms);
	txn_arm_end(txns, t, CUE_TIMER_H, txn_64_t1_ms(txns));
	return (struct move){ IST_COMPLETED, NEWS_NONE };
}

static struct move
ist_proceeding(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REPEAT: txn_resend(t, cue->out); break;
	case CUE_ACK: break;
	case CUE_ANSWER_1XX: say(t, cue); break;
	case CUE_ANSWER_2XX:
		say(t, cue);
		txn_arm_end(txns, t, CUE_TIMER_L, txn_64_t1_ms(txns));
		return (struct move){ IST_ACCEPTED, NEWS_NONE };
	case CUE_ANSWER_REFUSAL: say(t, cue); return ist_complete(txns, t);
	case CUE_DISOWN: txn_arm_end(txns, t, CUE_UNANSWERED, txn_64_t1_ms(txns)); break;
	case CUE_UNANSWERED: return (struct move){ IST_GONE, NEWS_NONE };
	case CUE_TIMER_G:
	case CUE_TIMER_H:
	case CUE_TIMER_I:
	case CUE_TIMER_L: must(t->state.ist != IST_PROCEEDING);
	}
	return (struct move){ IST_PROCEEDING, NEWS_NONE };
}

static struct move
ist_accepted(const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_TIMER_L: return (struct move){ IST_GONE, NEWS_NONE };
	case CUE_REPEAT:
	case CUE_ACK:
	case CUE_DISOWN: break;
	case CUE_ANSWER_1XX:
	case CUE_ANSWER_2XX:
	case CUE_ANSWER_REFUSAL:
	case CUE_TIMER_G:
	case CUE_TIMER_H:
	case CUE_TIMER_I:
	case CUE_UNANSWERED: must(t->state.ist != IST_ACCEPTED);
	}
	return (struct move){ IST_ACCEPTED, NEWS_NONE };
}

static struct move
ist_completed(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REPEAT: txn_resend(t, cue->out); break;
	case CUE_ACK:
		txn_arm_end(txns, t, CUE_TIMER_I, t->way.is_reliable ? 0 : txns->timers.t4_ms);
		return (struct move){ IST_CONFIRMED, NEWS_NONE };
	case CUE_TIMER_G:
		if (t->way.is_reliable) /* it has moved */
			break;
		txn_resend(t, cue->out);
		t->wait_ms *= 2;
		if (t->wait_ms > txns->timers.t2_ms)
			t->wait_ms = txns->timers.t2_ms;
		txn_arm_resend(txns, t, CUE_TIMER_G, t->wait_ms);
		break;
	case CUE_TIMER_H: return (struct move){ IST_GONE, NEWS_NO_ACK };
	case CUE_DISOWN: break; /* timer H ends it */
	case CUE_ANSWER_1XX:
	case CUE_ANSWER_2XX:
	case CUE_ANSWER_REFUSAL:
	case CUE_TIMER_I:
	case CUE_TIMER_L:
	case CUE_UNANSWERED: must(t->state.ist != IST_COMPLETED);
	}
	return (struct move){ IST_COMPLETED, NEWS_NONE };
}

static struct move
ist_confirmed(const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_TIMER_I: return (struct move){ IST_GONE, NEWS_NONE };
	case CUE_REPEAT:
	case CUE_ACK:
	case CUE_DISOWN: break;
	case CUE_ANSWER_1XX:
	case CUE_ANSWER_2XX:
	case CUE_ANSWER_REFUSAL:
	case CUE_TIMER_G:
	case CUE_TIMER_H:
	case CUE_TIMER_L:
	case CUE_UNANSWERED: must(t->state.ist != IST_CONFIRMED);
	}
	return (struct move){ IST_CONFIRMED, NEWS_NONE };
}

/* ---- the gate ---- */

static unsigned
ist_alarms_of(enum ist_state state)
{
	switch (state) {
	case IST_PROCEEDING: return 1U << CUE_UNANSWERED;
	case IST_ACCEPTED: return 1U << CUE_TIMER_L;
	case IST_COMPLETED: return 1U << CUE_TIMER_G | 1U << CUE_TIMER_H;
	case IST_CONFIRMED: return 1U << CUE_TIMER_I;
	case IST_GONE: return 0;
	}
	return 0;
}

static enum news_kind
ist_move(struct txns *txns, struct txn *t, struct move move)
{
	if (move.next != t->state.ist) {
		t->state.ist = move.next;
		txn_disarm_but(txns, t, ist_alarms_of(move.next));
	}
	if (move.next == IST_GONE)
		txn_give(txns, t);
	return move.tell;
}

static enum news_kind
ist_step(struct txns *txns, struct txn *t, const struct cue *cue)
{
	struct move move = { t->state.ist, NEWS_NONE };

	t->heard_at_ms = cue->now.mono_ms;
	switch (t->state.ist) {
	case IST_PROCEEDING: move = ist_proceeding(txns, t, cue); break;
	case IST_ACCEPTED: move = ist_accepted(t, cue); break;
	case IST_COMPLETED: move = ist_completed(txns, t, cue); break;
	case IST_CONFIRMED: move = ist_confirmed(t, cue); break;
	case IST_GONE: must(t->state.ist != IST_GONE); break;
	}
	return ist_move(txns, t, move);
}
