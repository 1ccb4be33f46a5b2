/* SPDX-License-Identifier: Apache-2.0 */
/* X1 to X7: transactions (RFC 3261 section 17, RFC 6026). One is known by the branch and sent-by of
 * the topmost Via and by its method, with which side is the server; a branch that does not name it
 * (17.2.3) has its Call-ID, CSeq and From tag beside it. */
#include "check_inside.h"

#include <stdlib.h>

enum { TXN_SALT = 0x7a11 };

uint64_t
seen_txn_key(const struct wire_msg *m, bool is_server, enum kind kind)
{
	uint64_t key = wire_hash_fold(is_server ? TXN_SALT : TXN_SALT + 1, m->branch);

	/* What we send has branches of our own, which are enough. */
	if (is_server)
		key = wire_hash_fold(key, m->sent_by);
	if (!wire_begins_alike(m->branch, "z9hG4bK"))
		key = wire_mix(wire_hash(wire_hash(key, m->call_id), m->from_tag), m->cseq);
	if (kind == OF_OTHER)
		key = wire_hash(key, m->cseq_method);
	return wire_mix(key, kind) | 1;
}

struct txn *
seen_txn_find(struct check *c, uint64_t key)
{
	return bag_find(&c->txns, key);
}

static struct txn *
txn_open(struct check *c, uint64_t key, struct flow *flow, const struct wire_msg *m)
{
	struct txn *t = check_take_memory(sizeof *t);

	t->key = key;
	t->kind = seen_kind_of(m->cseq_method);
	t->flow = flow->id;
	t->transport = flow->transport;
	t->is_reliable = flow->transport != CHECK_UDP;
	t->is_first = m->to_tag.at == NULL;
	t->cseq = m->cseq;
	t->first_ms = t->last_ms = t->seen_ms = c->now_ms;
	t->dead_ms = t->first_dead_ms = c->dead_ms;
	t->serial = check_serial(c);
	check_copy(t->call_id, sizeof t->call_id, m->call_id);
	bag_put(&c->txns, key, t);
	check_put_due(c, DUE_TXN_END, key, KEEP_MS);
	return t;
}

void
seen_txn_drop(void *at)
{
	struct txn *t = at;

	if (t != NULL)
		free(t->wish);
	free(t);
}

bool
seen_txn_is_pending(const struct check *c, const struct txn *t)
{
	if (t == NULL || t->final != 0)
		return false;
	/* Timers B and F; once it rings it may do so for long. */
	return (t->kind == OF_INVITE && t->has_rung) || t->is_server ||
		c->now_ms - t->first_ms < check_64_t1(c);
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* 482 and 503 are given without a transaction (8.2.2.2, 8.2.7), so what comes later may differ. */
bool
seen_txn_is_stateless(unsigned status)
{
	return status == 482 || status == 503;
}

/* ---- requests that come in ---- */

/* When the server may have forgotten a transaction at the earliest: timers H, I, J and L (17.2.1,
 * 17.2.2, RFC 6026 7.1). */
static int64_t
forgotten_ms(const struct check *c, const struct txn *t)
{
	if (t->final == 0)
		return INT64_MAX;
	if (t->kind == OF_INVITE && t->final >= 300 && t->may_be_acked)
		return t->acked_ms + (t->is_reliable ? 0 : c->o.t4_ms);
	if (t->kind != OF_INVITE && t->is_reliable)
		return t->final_ms;
	return t->final_ms + check_64_t1(c);
}

static void
expect_answer(struct check *c, const struct txn *t)
{
	int64_t span_ms = check_64_t1(c) + GRACE_MS;

	if (t->kind == OF_INVITE)
		span_ms += c->o.ring_max_ms;
	check_put_due(c, DUE_ANSWER, t->key, span_ms);
}

struct txn *
seen_txn_hear_request(struct check *c, struct flow *flow, const struct wire_msg *m, bool *is_new)
{
	enum kind kind = seen_kind_of(m->method);
	uint64_t key = seen_txn_key(m, true, kind), hash = wire_hash(1, m->text);
	struct txn *t = seen_txn_find(c, key);

	*is_new = t == NULL;
	if (t == NULL) {
		t = txn_open(c, key, flow, m);
		t->is_server = true;
		t->is_strict = m->is_strict && m->text.len < LARGE_BYTES;
		t->in_hash = hash;
		t->was_in_clear = flow->transport != CHECK_TLS;
		expect_answer(c, t);
		return t;
	}
	if (t->in_hash != hash || !m->is_strict)
		t->is_murky = true;
	if (t->flow != flow->id)
		t->is_reliable = t->is_reliable || flow->transport != CHECK_UDP;
	t->seen_ms = c->now_ms;
	t->was_in_clear = t->was_in_clear || flow->transport != CHECK_TLS;
	t->owed++;
	if (c->now_ms >= forgotten_ms(c, t)) {
		t->is_blurred = *is_new = true;
		t->saves = 0;
	}
	return t;
}

/* ---- responses that leave ---- */

/* A name that comes after the transaction it was of stands for another one from then on. */
static void
take_name(struct txn *t, const struct flow *flow)
{
	if (!t->is_blurred)
		return;
	t->flow = flow->id;
	t->transport = flow->transport;
	t->is_reliable = flow->transport != CHECK_UDP;
}

static void
judge_final(struct check *c, struct txn *t, const struct flow *flow, const struct wire_msg *m,
	uint64_t hash, bool *is_new)
{
	*is_new = t->final == 0 || hash != t->out_hash;
	if (t->final != 0 && hash != t->out_hash && !t->is_murky && !t->is_blurred &&
		!seen_txn_is_stateless(t->final) && !seen_txn_is_stateless(m->status))
		check_break(c, "X1", "two final answers to the %.*s of %s: %u, then %u",
			(int)m->method.len, m->method.at, t->call_id, t->final, m->status);
	if (t->is_acked && !t->is_murky && !t->is_blurred && !*is_new &&
		!seen_txn_is_stateless(t->final))
		check_break(c, "X2", "a %u to INVITE of %s again, behind its ACK", m->status,
			t->call_id);
	if (*is_new)
		take_name(t, flow);
	if (*is_new)
		t->is_blurred = t->is_acked = t->may_be_acked = false;
}

/* Timer G (17.2.1), and the repeats of a 2xx (13.3.1.4): T1, doubling, up to T2. */
static void
pace_final(struct check *c, struct txn *t, uint64_t flow, bool is_new)
{
	bool is_repeated = t->kind == OF_INVITE && (t->final < 300 || !t->is_reliable);
	/* RFC 3263 5: the connection that it went to has failed, so it is led to the next. */
	bool is_led = !is_new && t->out_flow != flow && seen_flow_is_gone(c, t->out_flow);
	bool is_early;

	t->out_flow = flow;
	if (is_new) {
		t->sends = 1;
		t->final_ms = t->last_ms = c->now_ms;
		t->dead_ms = t->first_dead_ms = c->dead_ms;
		t->wait_ms = c->o.t1_ms;
		t->owed = 0;
		if (is_repeated)
			check_put_due(c, DUE_REPEAT, t->key, t->wait_ms + GRACE_MS);
		return;
	}
	t->sends++;
	is_early = !is_repeated || c->now_ms - t->last_ms < t->wait_ms;
	if (is_early && t->owed > 0) { /* asked for by the request, which came again */
		t->owed--;
		return;
	}
	if (t->is_murky || t->is_blurred || is_led)
		return;
	if (!is_repeated)
		check_break(c, "X7", "the %u to %s again, and nobody asked", t->final, t->call_id);
	else if (is_early)
		check_break(c, "X7", "the %u to INVITE of %s came again after %lld ms, not %lld",
			t->final, t->call_id, (long long)(c->now_ms - t->last_ms),
			(long long)t->wait_ms);
	else if (check_span(c, t->final_ms, t->first_dead_ms) > check_64_t1(c) + GRACE_MS)
		check_break(c, "X7", "the %u to INVITE of %s again, beyond 64*T1", t->final,
			t->call_id);
	t->last_ms = c->now_ms;
	t->dead_ms = c->dead_ms;
	t->wait_ms = 2 * t->wait_ms < c->o.t2_ms ? 2 * t->wait_ms : c->o.t2_ms;
	check_put_due(c, DUE_REPEAT, t->key, t->wait_ms + GRACE_MS);
}

/* What malformed requests are answered with. */
static bool
is_fault(unsigned status)
{
	return status == 400 || status == 413 || status == 414 || status == 416 || status == 505 ||
		status == 513;
}

struct txn *
seen_txn_see_response(struct check *c, struct flow *flow, const struct wire_msg *m, bool *is_new)
{
	enum kind kind = seen_kind_of(m->cseq_method);
	struct txn *t = seen_txn_find(c, seen_txn_key(m, true, kind));
	uint64_t hash = wire_hash(1, m->text);

	/* What was sent in its name may have been read in another way than we read it. */
	if (c->step.has_nonsense && m->status >= 400 && (t == NULL || t->key != c->step.asked)) {
		if (t == NULL)
			return NULL;
		if (is_fault(m->status) || (t->final != 0 && t->out_hash != hash)) {
			t->is_murky = true;
			return NULL;
		}
	}
	if (kind == OF_ACK && !c->step.has_nonsense) {
		check_break(c, "X4", "a %u to an ACK of %.*s", m->status, (int)m->call_id.len,
			m->call_id.at);
		return NULL;
	}
	if (t == NULL) {
		/* Answers to what could not be read are repeated from that as it stands. */
		if (m->status < 400 || m->is_strict)
			check_break(c, "X5", "a %u to a %.*s of %.*s that nobody sent", m->status,
				(int)m->method.len, m->method.at, (int)m->call_id.len,
				m->call_id.at);
		return NULL;
	}
	if (m->status < 200) {
		if (t->final != 0 && !t->is_murky && !t->is_blurred &&
			!seen_txn_is_stateless(t->final))
			check_break(c, "X2", "a %u to %s behind its final answer %u", m->status,
				t->call_id, t->final);
		*is_new = hash != t->out_hash;
		take_name(t, flow);
		if (!*is_new && t->owed > 0)
			t->owed--;
		t->out_hash = hash;
		return t;
	}
	judge_final(c, t, flow, m, hash, is_new);
	t->final = m->status;
	t->out_hash = hash;
	if (t->owed > 0 || *is_new) /* the request may have come by another way since */
		t->is_reliable = flow->transport != CHECK_UDP;
	pace_final(c, t, flow->id, *is_new);
	return t;
}

/* ---- requests that leave, and their answers ---- */

/* What of the Via a response must repeat beside the branch. */
static uint64_t
way_of(const struct wire_msg *m)
{
	return wire_hash_fold(wire_hash_fold(3, m->sent_by), m->via_transport);
}

/* Timers A and E (17.1.1.2, 17.1.2.2). */
static void
pace_request(struct check *c, struct txn *t)
{
	int64_t past_ms = c->now_ms - t->last_ms;

	t->sends++;
	if (t->is_reliable)
		check_break(
			c, "X7", "a request of %s again, over a reliable transport", t->call_id);
	else if (t->final != 0 || (t->has_rung && t->kind == OF_INVITE))
		check_break(c, "X7", "a request of %s again, though it was answered", t->call_id);
	else if (past_ms < t->wait_ms)
		check_break(c, "X7", "a request of %s again after %lld ms, not %lld", t->call_id,
			(long long)past_ms, (long long)t->wait_ms);
	else if (check_span(c, t->first_ms, t->first_dead_ms) > check_64_t1(c) + GRACE_MS)
		check_break(c, "X7", "a request of %s again, beyond 64*T1", t->call_id);
	t->last_ms = c->now_ms;
	t->dead_ms = c->dead_ms;
	t->wait_ms *= 2;
	if (t->kind != OF_INVITE && (t->wait_ms > c->o.t2_ms || t->has_rung))
		t->wait_ms = c->o.t2_ms;
	check_put_due(c, DUE_REPEAT, t->key, t->wait_ms + GRACE_MS);
}

struct txn *
seen_txn_see_request(struct check *c, struct flow *flow, const struct wire_msg *m, bool *is_new)
{
	uint64_t key = seen_txn_key(m, false, seen_kind_of(m->method)),
		 hash = wire_hash(1, m->text);
	struct txn *t = seen_txn_find(c, key);

	*is_new = t == NULL;
	if (t == NULL) {
		t = txn_open(c, key, flow, m);
		t->is_strict = true;
		t->out_hash = hash;
		t->in_hash = way_of(m);
		t->sends = 1;
		t->wait_ms = c->o.t1_ms;
		if (!t->is_reliable)
			check_put_due(c, DUE_REPEAT, t->key, t->wait_ms + GRACE_MS);
		return t;
	}
	if (t->out_hash != hash || t->flow != flow->id)
		check_break(c, "X1", "one branch on two requests of %s", t->call_id);
	pace_request(c, t);
	return t;
}

/* Timers B and F, and the one behind CANCEL (9.1), with what they may be early by; one whose
 * connection broke has failed (17.1.4). */
static bool
may_be_over(struct check *c, const struct txn *t)
{
	int64_t most_ms = check_64_t1(c) - GRACE_MS;

	if (t->transport != CHECK_UDP && seen_flow_is_gone(c, t->flow))
		return true;
	if (t->is_cancelled && c->now_ms - t->cancelled_ms >= most_ms)
		return true;
	return !(t->has_rung && t->kind == OF_INVITE) && c->now_ms - t->first_ms >= most_ms;
}

struct txn *
seen_txn_hear_response(struct check *c, struct flow *flow, const struct wire_msg *m)
{
	struct txn *t = seen_txn_find(c, seen_txn_key(m, false, seen_kind_of(m->cseq_method)));

	if (t == NULL)
		return NULL;
	t->was_answered = true;
	/* RFC 3261 18.1.2, 16.7: not with another Via, nor in the clear what was asked over TLS. */
	if (m->via_count != 1 || way_of(m) != t->in_hash ||
		(t->transport == CHECK_TLS) != (flow->transport == CHECK_TLS))
		return NULL;
	if (m->status < 200) {
		t->has_rung = t->has_rung ||
			(m->is_strict && t->transport == flow->transport && !may_be_over(c, t));
		return t;
	}
	/* RFC 6026 7.2: several 2xx to one INVITE may come, and each counts. */
	if (m->is_strict && t->final == 0 && t->transport == flow->transport) {
		t->is_late = may_be_over(c, t);
		t->final = m->status;
		t->final_ms = c->now_ms;
	}
	return t;
}

/* ---- what was due ---- */

/* How long an INVITE may still wait: each way to the callee that is tried has timer B of its own,
 * and timer C begins anew whenever it rings (16.7 step 2). */
static int64_t
still_rings_ms(struct check *c, const struct txn *t)
{
	const struct leg *leg = seen_leg_at(c, t->leg);
	const struct call *call = leg != NULL ? seen_call_at(c, leg->call) : NULL;
	const struct leg *callee = leg != NULL ? seen_leg_other(c, leg) : NULL;
	int64_t most_ms = c->o.ring_max_ms + check_64_t1(c) + GRACE_MS, left_ms, rung_left_ms = 0;

	if (call == NULL || !t->is_first || t->kind != OF_INVITE || t->final != 0)
		return 0;
	left_ms = most_ms + call->invites * check_64_t1(c) -
		check_span(c, t->first_ms, t->first_dead_ms);
	if (callee != NULL && callee->rung_ms != 0)
		rung_left_ms = most_ms - (c->now_ms - callee->rung_ms);
	return larger(left_ms, rung_left_ms);
}

static void
answer_due(struct check *c, const struct txn *t)
{
	int64_t left_ms = still_rings_ms(c, t);

	if (left_ms > 0) {
		check_put_due(c, DUE_ANSWER, t->key, left_ms);
		return;
	}
	if (!t->is_server || t->final != 0 || !t->is_strict || t->is_murky || t->is_blurred)
		return;
	/* It was for one of the same name that a crash ended; this one has a due of its own. */
	if (c->now_ms - t->first_ms < check_64_t1(c))
		return;
	if (seen_flow_is_gone(c, t->flow) || seen_flow_at(c, t->flow)->is_murky)
		return;
	check_break(c, "X3", "the %s of %s, CSeq %u, that came %lld ms ago got no final answer",
		t->kind == OF_INVITE ? "INVITE" : "request", t->call_id, (unsigned)t->cseq,
		(long long)(c->now_ms - t->first_ms));
}

static void
repeat_due(struct check *c, const struct txn *t)
{
	const struct leg *leg = seen_leg_at(c, t->leg);
	int64_t past_ms = check_span(c, t->last_ms, t->dead_ms);
	int64_t since_ms = t->is_server ? t->final_ms : t->first_ms;

	if (past_ms < t->wait_ms + GRACE_MS || seen_flow_is_gone(c, t->flow) || t->is_murky)
		return;
	if (t->is_server && (seen_txn_is_stateless(t->final) || !t->is_strict))
		return;
	if (c->now_ms - since_ms + t->wait_ms >= check_64_t1(c) || t->is_blurred)
		return;
	if (t->is_server ? t->may_be_acked : t->was_answered || t->is_reliable)
		return;
	if (t->final >= 300 && t->is_reliable)
		return;
	/* A BYE that came says that the 2xx did too. */
	if (t->is_server && t->final < 300 && (leg == NULL || leg->end != END_NONE))
		return;
	check_break(c, "X7", "%s of %s was not sent again after %lld ms",
		t->is_server ? "the answer to INVITE" : "a request", t->call_id,
		(long long)t->wait_ms);
}

void
seen_txn_due(struct check *c, const struct due *due)
{
	struct txn *t = seen_txn_find(c, due->key);

	if (t == NULL)
		return;
	switch (due->what) {
	case DUE_ANSWER: answer_due(c, t); return;
	case DUE_REPEAT: repeat_due(c, t); return;
	default: break;
	}
	if (c->now_ms - t->seen_ms < KEEP_MS) {
		check_put_due(c, DUE_TXN_END, due->key, KEEP_MS);
		return;
	}
	seen_txn_drop(bag_take(&c->txns, due->key));
}
