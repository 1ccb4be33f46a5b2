/* SPDX-License-Identifier: Apache-2.0 */
/* Where answers go (X5), and what a client owes to what it asked (X7): the ACK of each refusal, an
 * end when nobody answers, and a CANCEL as soon as there may be one (B2). */
#include "check_inside.h"

#include <string.h>

/* ---- where answers go ---- */

static uint64_t
way_to(uint64_t flow, struct wire_text place)
{
	return wire_hash(wire_mix(0x3a7, flow), place) | 1;
}

static void
keep_way(struct txn *t, uint64_t way)
{
	for (unsigned i = 0; i < t->way_count; i++)
		if (t->ways[i] == way)
			return;
	if (t->way_count == WAYS)
		t->has_lost_ways = true;
	else
		t->ways[t->way_count++] = way;
}

/* RFC 3261 18.2.2, RFC 3581 4: an answer takes the connection that the request came by, or goes
 * back to where the datagram came from, or to the port of its Via there. */
void
seen_way_in(struct txn *t, const struct flow *flow, const char *peer, const struct wire_msg *m)
{
	struct wire_text nowhere = { "", 0 }, from = wire_cstr(peer), port = m->sent_by;
	char place[128];
	size_t host = from.len, digits = 0;

	if (flow->transport != CHECK_UDP) {
		keep_way(t, way_to(flow->id, nowhere));
		return;
	}
	keep_way(t, way_to(flow->id, from));
	while (host > 0 && from.at[host - 1] != ':')
		host--;
	while (digits < port.len && port.at[port.len - digits - 1] >= '0' &&
		port.at[port.len - digits - 1] <= '9')
		digits++;
	if (digits == 0 || digits == port.len || port.at[port.len - digits - 1] != ':')
		port = wire_cstr("5060");
	else
		port = (struct wire_text){ port.at + port.len - digits, digits };
	if (host + port.len >= sizeof place)
		return;
	memcpy(place, from.at, host);
	memcpy(place + host, port.at, port.len);
	keep_way(t, way_to(flow->id, (struct wire_text){ place, host + port.len }));
}

/* Whether each connection that the request came by is gone, so that the answer may be led on. */
static bool
is_led_on(struct check *c, const struct txn *t, const struct flow *flow)
{
	return flow->transport != CHECK_UDP && flow->is_dialled && seen_flow_is_gone(c, t->flow);
}

void
seen_way_out(struct check *c, const struct txn *t, const struct flow *flow, const char *peer,
	unsigned status)
{
	struct wire_text nowhere = { "", 0 };
	uint64_t way = way_to(flow->id, flow->transport == CHECK_UDP ? wire_cstr(peer) : nowhere);

	if (t->has_lost_ways || t->is_murky || !t->is_strict || is_led_on(c, t, flow))
		return;
	for (unsigned i = 0; i < t->way_count; i++)
		if (t->ways[i] == way)
			return;
	check_break(c, "X5", "a %u to %s goes to %s, where nobody asked", status, t->call_id, peer);
}

/* ---- refusals are acknowledged ---- */

/* RFC 3261 17.1.1.3: at once; 17.1.1.2: each copy, as long as timer D runs, which over connections
 * is no time at all. */
void
seen_way_refused(struct check *c, const struct flow *flow, struct txn *t, const struct wire_msg *m)
{
	int64_t most_ms = check_64_t1(c) - GRACE_MS;

	if (t->kind != OF_INVITE || m->status < 300 || !m->is_strict || t->final < 300 ||
		t->is_late || t->transport != flow->transport || seen_flow_is_gone(c, t->flow))
		return;
	if (t->is_reliable ? t->refusals > 0 : c->now_ms - t->final_ms > most_ms)
		return;
	if (c->step.refusal_count == REFUSALS)
		return;
	c->step.refusals[c->step.refusal_count++] = (struct owed_ack){ t->key, ++t->refusals };
}

/* X7: when nothing was said for longer than any timer takes, no transaction is left. A call holds
 * some for what it may have to say. */
static void
judge_age(struct check *c, const struct check_counts *now)
{
	int64_t most_ms = check_64_t1(c) + c->o.ring_max_ms + GRACE_MS;

	if (now->calls == 0 && now->transactions > 0 &&
		check_span(c, c->spoke_ms, c->spoke_dead_ms) > most_ms)
		check_break(c, "X7", "%u transactions, and nothing was said for %lld ms",
			(unsigned)now->transactions, (long long)(c->now_ms - c->spoke_ms));
}

void
seen_way_step(struct check *c, const struct check_counts *now)
{
	judge_age(c, now);
	/* What the server could not read may be what was a refusal to us. */
	for (unsigned i = 0; i < c->step.refusal_count && !c->step.has_nonsense; i++) {
		const struct owed_ack *owed = &c->step.refusals[i];
		const struct txn *t = seen_txn_find(c, owed->txn);

		if (t != NULL && t->refusal_acks < owed->count && !seen_flow_is_gone(c, t->flow))
			check_break(c, "X7", "refusal number %u of the INVITE of %s got no ACK",
				owed->count, t->call_id);
	}
}

/* ---- nobody waits in vain ---- */

/* Timer B (17.1.1.2) on every transport: an INVITE that hears nothing at all ends, and its caller
 * is told or another way is tried. */
static void
unheard_due(struct check *c, const struct txn *t)
{
	const struct leg *leg = seen_leg_at(c, t->leg);
	const struct leg *caller = leg != NULL ? seen_leg_other(c, leg) : NULL;

	if (t->was_answered || !t->is_first || caller == NULL || leg->invite_out != t->key ||
		leg->is_dead || leg->end != END_NONE)
		return;
	if (caller->is_dead || !caller->is_plain || caller->end != END_NONE ||
		!seen_leg_is_reachable(c, caller))
		return;
	check_break(c, "X7", "the INVITE of %s hears nothing for %lld ms, and %s still waits",
		leg->call_id, (long long)(c->now_ms - t->first_ms), caller->call_id);
}

/* RFC 3261 9.1: once it rings, what nobody waits for any more is cancelled. */
static void
cancel_due(struct check *c, const struct leg *leg)
{
	const struct txn *t = seen_txn_find(c, leg->invite_out);
	const struct leg *caller = seen_leg_other(c, leg);

	if (t == NULL || !t->is_first || !t->has_rung || t->final != 0 || t->is_cancelled)
		return;
	if (caller == NULL || caller->is_dead || caller->end == END_NONE || leg->is_dead ||
		leg->is_confirmed || leg->end != END_NONE || seen_flow_is_gone(c, t->flow))
		return;
	check_break(c, "B2", "%s rings on for nobody: %s ended, and no CANCEL left", leg->call_id,
		caller->call_id);
}

void
seen_way_asked(struct check *c, const struct txn *t)
{
	if (t->kind == OF_INVITE)
		check_put_due(c, DUE_UNHEARD, t->key, check_64_t1(c) + GRACE_MS);
}

/* LEG, or its other one, is at its end, or LEG rings: a CANCEL may be due. */
void
seen_way_waits(struct check *c, const struct leg *leg)
{
	if (leg != NULL && leg->is_out)
		check_put_due(c, DUE_CANCEL_OUT, leg->id, GRACE_MS);
}

void
seen_way_due(struct check *c, const struct due *due)
{
	const struct txn *t;
	const struct leg *leg;

	if (due->what == DUE_UNHEARD) {
		t = seen_txn_find(c, due->key);
		if (t != NULL)
			unheard_due(c, t);
		return;
	}
	leg = seen_leg_at(c, due->key);
	if (leg != NULL)
		cancel_due(c, leg);
}
