/* SPDX-License-Identifier: Apache-2.0 */
/* Server transaction of any other method (RFC 3261 17.2.2).
 *
 *   request -> TRYING --1xx--> PROCEEDING       (a repeat: nothing, then the 1xx again)
 *                 |                |
 *                 +----------------+--2xx-6xx-> COMPLETED --J--> GONE     (a repeat: the answer)
 *                 |                |
 *                 +----------------+--64*T1 after its owner went without an answer--> GONE
 *
 * On a stream J is zero: there the final answer itself leads to GONE. The last way is what RFC 4320
 * 4.2 asks for: who has waited for so long gets no answer at all.
 */
#include "base/panic.h"
#include "txn/txn_state.h"

enum nist_cue {
	CUE_REPEAT,
	CUE_ANSWER_1XX,
	CUE_ANSWER_FINAL,
	CUE_DISOWN,
	CUE_TIMER_J,
	CUE_UNANSWERED, /* nobody is left who would answer */
};

struct cue {
	enum nist_cue kind;
	struct str answer;
	unsigned status;
	struct when now;
	struct out *out;
};

/* A server transaction of this kind has no news for anybody: a move is the next state. */
static void nist_step(struct txns *, struct txn *, const struct cue *);

/* ---- what is cued ---- */

void
nist_serve(struct txn *t, struct when now)
{
	t->kind = TXN_NIST;
	t->state.nist = NIST_TRYING;
	t->heard_at_ms = now.mono_ms;
}

void
nist_repeat(struct txns *txns, struct txn *t, struct when now, struct out *out)
{
	const struct cue cue = { .kind = CUE_REPEAT, .now = now, .out = out };

	nist_step(txns, t, &cue);
}

bool
nist_answer(struct txns *txns, struct txn *t, unsigned status, struct str bytes, struct when now,
	struct out *out)
{
	const struct cue cue = {
		.kind = status < 200 ? CUE_ANSWER_1XX : CUE_ANSWER_FINAL,
		.answer = bytes,
		.status = status,
		.now = now,
		.out = out,
	};

	if (t->state.nist == NIST_COMPLETED)
		return false;
	nist_step(txns, t, &cue);
	return true;
}

enum news_kind
nist_ring(struct txns *txns, struct txn *t, uint32_t letter, struct when now)
{
	const struct cue cue = { .kind = (enum nist_cue)letter, .now = now };

	nist_step(txns, t, &cue);
	return NEWS_NONE;
}

void
nist_disown(struct txns *txns, struct txn *t)
{
	const struct cue cue = { .kind = CUE_DISOWN, .now = { .mono_ms = t->heard_at_ms } };

	nist_step(txns, t, &cue);
}

/* ---- the states ---- */

static void
say(struct txn *t, const struct cue *cue)
{
	txn_keep(t, cue->answer);
	out_send(cue->out, t->way.flow, &t->way.addr, cue->answer);
}

static enum nist_state
nist_complete(struct txns *txns, struct txn *t, const struct cue *cue)
{
	say(t, cue);
	if (cue->status >= 300)
		txn_unmerge(txns, t);
	/* J is zero on a stream: at once, not at the end of the turn, or what a repeat meets would
	 * hang on how the stream was cut into pieces. */
	if (t->way.is_reliable)
		return NIST_GONE;
	txn_arm_end(txns, t, CUE_TIMER_J, txn_64_t1_ms(txns));
	return NIST_COMPLETED;
}

static enum nist_state
nist_trying(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REPEAT: return NIST_TRYING;
	case CUE_ANSWER_1XX: say(t, cue); return NIST_PROCEEDING;
	case CUE_ANSWER_FINAL: return nist_complete(txns, t, cue);
	case CUE_DISOWN:
		txn_arm_end(txns, t, CUE_UNANSWERED, txn_64_t1_ms(txns));
		return NIST_TRYING;
	case CUE_UNANSWERED: return NIST_GONE;
	case CUE_TIMER_J: must(t->state.nist != NIST_TRYING);
	}
	return NIST_TRYING;
}

static enum nist_state
nist_proceeding(struct txns *txns, struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REPEAT: txn_resend(t, cue->out); return NIST_PROCEEDING;
	case CUE_ANSWER_1XX: say(t, cue); return NIST_PROCEEDING;
	case CUE_ANSWER_FINAL: return nist_complete(txns, t, cue);
	case CUE_DISOWN:
		txn_arm_end(txns, t, CUE_UNANSWERED, txn_64_t1_ms(txns));
		return NIST_PROCEEDING;
	case CUE_UNANSWERED: return NIST_GONE;
	case CUE_TIMER_J: must(t->state.nist != NIST_PROCEEDING);
	}
	return NIST_PROCEEDING;
}

static enum nist_state
nist_completed(const struct txn *t, const struct cue *cue)
{
	switch (cue->kind) {
	case CUE_REPEAT: txn_resend(t, cue->out); return NIST_COMPLETED;
	case CUE_DISOWN: return NIST_COMPLETED;
	case CUE_TIMER_J: return NIST_GONE;
	case CUE_ANSWER_1XX:
	case CUE_ANSWER_FINAL:
	case CUE_UNANSWERED: must(t->state.nist != NIST_COMPLETED);
	}
	return NIST_COMPLETED;
}

/* ---- the gate ---- */

static unsigned
nist_alarms_of(enum nist_state state)
{
	switch (state) {
	case NIST_TRYING:
	case NIST_PROCEEDING: return 1U << CUE_UNANSWERED;
	case NIST_COMPLETED: return 1U << CUE_TIMER_J;
	case NIST_GONE: return 0;
	}
	return 0;
}

static void
nist_move(struct txns *txns, struct txn *t, enum nist_state next)
{
	if (next != t->state.nist) {
		t->state.nist = next;
		txn_disarm_but(txns, t, nist_alarms_of(next));
	}
	if (next == NIST_GONE)
		txn_give(txns, t);
}

static void
nist_step(struct txns *txns, struct txn *t, const struct cue *cue)
{
	enum nist_state next = t->state.nist;

	t->heard_at_ms = cue->now.mono_ms;
	switch (t->state.nist) {
	case NIST_TRYING: next = nist_trying(txns, t, cue); break;
	case NIST_PROCEEDING: next = nist_proceeding(txns, t, cue); break;
	case NIST_COMPLETED: next = nist_completed(t, cue); break;
	case NIST_GONE: must(t->state.nist != NIST_GONE); break;
	}
	nist_move(txns, t, next);
}
