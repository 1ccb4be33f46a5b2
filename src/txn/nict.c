/* SPDX-License-Identifier: Apache-2.0 */
/* Client transaction of any other method (RFC 3261 17.1.2).
 *
 * request -> TRYING --1xx--> PROCEEDING E: the request again, unreliable ways only: doubling
 *                 |                |               up to T2 in TRYING, every T2 in PROCEEDING
 *                 +----------------+--2xx-6xx-> COMPLETED --K--> GONE     (repeats are absorbed)
 *                 |                |
 *                 +--F, flow gone--+----------> ENDED --at once--> GONE
 */
#include "base/panic.h"
#include "txn/txn_state.h"

enum nict_cue {
	CUE_1XX,
	CUE_FINAL,
	CUE_TIMER_E,
	CUE_TIMER_F,
	CUE_TIMER_K,
	CUE_FLOW_GONE,
	CUE_TOLD, /* who was told of the end has had its turn */
};

struct cue {
	enum nict_cue kind;
	struct when now;
	struct out *out;
};

struct move {
	enum nict_state next;
	enum news_kind tell;
};

static enum news_kind nict_step(struct txns *, struct txn *, const struct cue *);

/* ---- what is cued ---- */

void
nict_send(struct txns *txns, struct txn *t, struct str bytes, struct when now, struct out *out)
{
	t->kind = TXN_NICT;
	t->state.nict = NICT_TRYING;
	t->heard_at_ms = now.mono_ms;
	t->wait_ms = txns->timers.t1_ms;
	if (!t->way.is_reliable)
		txn_arm_resend(txns, t, CUE_TIMER_E, t->wait_ms);
	txn_arm_end(txns, t, CUE_TIMER_F, txn_64_t1_ms(txns));
	out_send(out, t->way.flow, &t->way.addr, bytes);
}

enum news_kind
nict_hear(struct txns *txns, struct txn *t, const struct msg *msg, struct when now)
{
	const struct cue cue = { .kind = msg->status < 200 ? CUE_1XX : CUE_FINAL, .now = now };

	return nict_step(txns, t, &cue);
}

enum news_kind
nict_ring(struct txns *txns, struct txn *t, uint32_t letter, struct when now, struct out *out)
{
	const struct cue cue = { .kind = (enum nict_cue)letter, .now = now, .out = out };

	return nict_step(txns, t, &cue);
}

void
nict_cut(struct txns *txns, struct txn *t, struct when now)
{
	switch (t->state.nict) {
	case NICT_TRYING:
	case NICT_PROCEEDING:
		t->heard_at_ms = now.mono_ms;
		txn_arm_end(txns, t, CUE_FLOW_GONE, 0);
		return;
	case NICT_COMPLETED:
	case NICT_ENDED:
	case NICT_GONE: return;
	}
}

/* ---- the states ---- */

static struct move
nict_complete(struct txns *txns, struct txn *t)
{
	txn_arm_end(txns, t, CUE_TIMER_K, t->way.is_reliable ? 0 : txns->timers.t4_ms);
	return (struct move){ NICT_COMPLETED, NEWS_FINAL };
}

static struct move
nict_end(struct txns *txns, struct txn *t, enum news_kind tell)
{
	txn_arm_end(txns, t, CUE_TOLD, 0);
	return (struct move){ NICT_ENDED, tell };
}

static void
nict_again(struct txns *txns, struct txn *t, struct out *out, int64_t wait_ms)
{
	int64_t t2_ms = txns->timers.t2_ms;

	txn_resend(t, out);
	t->wait_ms = wait_ms < t2_ms ? wait_ms : t2_ms;
	txn_arm_resend(txns, t, CUE_TIMER_E, t->wait_ms);
}

static struct move
nict_trying(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_1XX: return (struct move){ NICT_PROCEEDING, NEWS_PROVISIONAL };
	case CUE_FINAL: return nict_complete(txns, t);
	case CUE_TIMER_E: nict_again(txns, t, cue->out, 2 * t->wait_ms); break;
	case CUE_TIMER_F: return nict_end(txns, t, NEWS_TIMEOUT);
	case CUE_FLOW_GONE: return nict_end(txns, t, NEWS_UNREACHABLE);
	case CUE_TIMER_K:
	case CUE_TOLD: must(t->state.nict != NICT_TRYING);
	}
	return (struct move){ NICT_TRYING, NEWS_NONE };
}

static struct move
nict_proceeding(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_1XX: return (struct move){ NICT_PROCEEDING, NEWS_PROVISIONAL };
	case CUE_FINAL: return nict_complete(txns, t);
	case CUE_TIMER_E: nict_again(txns, t, cue->out, txns->timers.t2_ms); break;
	case CUE_TIMER_F: return nict_end(txns, t, NEWS_TIMEOUT);
	case CUE_FLOW_GONE: return nict_end(txns, t, NEWS_UNREACHABLE);
	case CUE_TIMER_K:
	case CUE_TOLD: must(t->state.nict != NICT_PROCEEDING);
	}
	return (struct move){ NICT_PROCEEDING, NEWS_NONE };
}

static struct move
nict_completed(const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_TIMER_K: return (struct move){ NICT_GONE, NEWS_NONE };
	case CUE_1XX:
	case CUE_FINAL: break;
	case CUE_TIMER_E:
	case CUE_TIMER_F:
	case CUE_FLOW_GONE:
	case CUE_TOLD: must(t->state.nict != NICT_COMPLETED);
	}
	return (struct move){ NICT_COMPLETED, NEWS_NONE };
}

static struct move
nict_ended(const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_TOLD: return (struct move){ NICT_GONE, NEWS_NONE };
	case CUE_1XX:
	case CUE_FINAL: break;
	case CUE_TIMER_E:
	case CUE_TIMER_F:
	case CUE_TIMER_K:
	case CUE_FLOW_GONE: must(t->state.nict != NICT_ENDED);
	}
	return (struct move){ NICT_ENDED, NEWS_NONE };
}

/* ---- the gate ---- */

static unsigned
nict_alarms_of(enum nict_state state)
{
	switch (state) {
	case NICT_TRYING:
	case NICT_PROCEEDING: return 1U << CUE_TIMER_E | 1U << CUE_TIMER_F | 1U << CUE_FLOW_GONE;
	case NICT_COMPLETED: return 1U << CUE_TIMER_K;
	case NICT_ENDED: return 1U << CUE_TOLD;
	case NICT_GONE: return 0;
	}
	return 0;
}

static enum news_kind
nict_move(struct txns *txns, struct txn *t, struct move move)
{
	if (move.next != t->state.nict) {
		t->state.nict = move.next;
		txn_disarm_but(txns, t, nict_alarms_of(move.next));
	}
	if (move.next == NICT_GONE)
		txn_give(txns, t);
	return move.tell;
}

static enum news_kind
nict_step(struct txns *txns, struct txn *t, const struct cue *cue)
{
	struct move move = { t->state.nict, NEWS_NONE };

	t->heard_at_ms = cue->now.mono_ms;
	switch (t->state.nict) {
	case NICT_TRYING: move = nict_trying(txns, t, cue); break;
	case NICT_PROCEEDING: move = nict_proceeding(txns, t, cue); break;
	case NICT_COMPLETED: move = nict_completed(t, cue); break;
	case NICT_ENDED: move = nict_ended(t, cue); break;
	case NICT_GONE: must(t->state.nict != NICT_GONE); break;
	}
	return nict_move(txns, t, move);
}
