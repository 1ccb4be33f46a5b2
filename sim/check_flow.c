/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, and which message belongs to what. */
#include "check_inside.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
flow_key(uint64_t id)
{
	return wire_mix(0xf10, id) | 1;
}

struct flow *
seen_flow_at(struct check *c, uint64_t id)
{
	return bag_find(&c->flows, flow_key(id));
}

void
seen_flow_drop(void *at)
{
	struct flow *flow = at;

	if (flow != NULL)
		free(flow->half);
	free(flow);
}

struct flow *
seen_flow_need(struct check *c, uint64_t id, enum check_transport transport, const char *peer)
{
	struct flow *flow = seen_flow_at(c, id);

	if (flow == NULL) {
		flow = check_take_memory(sizeof *flow);
		flow->id = id;
		flow->transport = transport;
		flow->age = check_serial(c);
		check_copy(flow->peer, sizeof flow->peer, wire_cstr(peer));
		bag_put(&c->flows, flow_key(id), flow);
	}
	if (flow->transport != transport)
		check_break(c, "S5", "flow %llu to %s changed its transport",
			(unsigned long long)id, peer);
	return flow;
}

bool
seen_flow_is_gone(struct check *c, uint64_t id)
{
	const struct flow *flow = seen_flow_at(c, id);

	return flow == NULL || flow->is_closed;
}

/* A number that comes again is another connection. */
static struct flow *
flow_new(struct check *c, uint64_t id, enum check_transport transport, const char *peer)
{
	seen_flow_drop(bag_take(&c->flows, flow_key(id)));
	return seen_flow_need(c, id, transport, peer);
}

void
check_dialled(struct check *c, uint64_t id, enum check_transport transport, const char *peer,
	const char *name)
{
	struct flow *flow;

	if (c->is_broken)
		return;
	flow = flow_new(c, id, transport, peer);
	flow->is_dialled = true;
	if (name != NULL)
		check_copy(flow->name, sizeof flow->name, wire_cstr(name));
	if (transport == CHECK_TLS && flow->name[0] == '\0')
		check_break(c, "S3", "TLS dialled to %s without a name to verify", peer);
}

void
check_opened(struct check *c, uint64_t id, enum check_transport transport, const char *peer,
	bool is_dialled, bool is_verified)
{
	struct flow *flow;

	if (c->is_broken)
		return;
	flow = is_dialled ? seen_flow_need(c, id, transport, peer)
			  : flow_new(c, id, transport, peer);
	flow->is_dialled = is_dialled;
	flow->is_open = true;
	flow->is_verified = is_verified;
	if (is_dialled && transport == CHECK_TLS && !is_verified)
		check_break(c, "S2", "TLS dialled to %s is used though it was not verified", peer);
}

void
check_closed(struct check *c, uint64_t id)
{
	struct flow *flow = seen_flow_at(c, id);

	if (c->is_broken || flow == NULL || flow->is_closed)
		return;
	flow->is_closed = true;
	flow->closed_ms = c->now_ms;
	flow->half_len = 0;
	seen_reg_flow_gone(c, id);
	check_put_due(c, DUE_FLOW_END, flow_key(id), FLOW_KEEP_MS + 1);
}

/* ---- which message belongs to what ---- */

enum kind
seen_kind_of(struct wire_text method)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = { { "INVITE", OF_INVITE }, { "ACK", OF_ACK }, { "BYE", OF_BYE },
		{ "CANCEL", OF_CANCEL }, { "REGISTER", OF_REGISTER }, { "UPDATE", OF_UPDATE } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (wire_is(method, kinds[i].name))
			return kinds[i].kind;
	return OF_OTHER;
}

static void
ack_in(struct check *c, struct flow *flow, const struct wire_msg *m)
{
	struct txn *invite = seen_txn_find(c, seen_txn_key(m, true, OF_INVITE));
	struct leg *leg;

	if (invite != NULL && invite->final >= 300) {
		/* RFC 3261 17.2.1: it confirms; from elsewhere it may not be believed. */
		if (!invite->may_be_acked)
			invite->acked_ms = c->now_ms;
		invite->may_be_acked = true;
		invite->is_acked = invite->is_acked || (invite->flow == flow->id && m->is_strict);
		return;
	}
	leg = seen_leg_of_request(c, m, true);
	seen_leg_heard_by(leg, flow);
	seen_dialog_ack_in(c, flow, leg, m);
}

static void
cancel_in(struct check *c, struct flow *flow, const struct wire_msg *m)
{
	struct txn *invite = seen_txn_find(c, seen_txn_key(m, true, OF_INVITE));
	struct leg *leg = invite != NULL ? seen_leg_at(c, invite->leg) : NULL;

	(void)flow;
	if (invite == NULL)
		return;
	if (invite->final == 0 && !invite->is_cancelled) {
		invite->is_cancelled = true;
		invite->cancelled_ms = c->now_ms;
	}
	if (invite->final != 0 && !seen_txn_is_stateless(invite->final) && !invite->is_blurred &&
		leg != NULL)
		c->step.calm_call = leg->call; /* RFC 3261 9.2: it has no effect */
}

static void
request_in(struct check *c, struct flow *flow, const char *peer, const struct wire_msg *m)
{
	enum kind kind = seen_kind_of(m->method);
	bool is_new = false;
	struct txn *txn;
	struct leg *leg;

	c->step.has_nonsense = c->step.has_nonsense || !m->is_strict;
	if (kind == OF_ACK && wire_same(m->method, m->cseq_method)) {
		ack_in(c, flow, m);
		return;
	}
	txn = seen_txn_hear_request(c, flow, m, &is_new);
	seen_way_in(txn, flow, peer, m);
	c->step.asked = txn->key;
	if (kind == OF_CANCEL)
		cancel_in(c, flow, m);
	/* Refused without state: what comes again is heard for the first time. */
	is_new = is_new || (txn->leg == 0 && seen_txn_is_stateless(txn->final));
	if (!is_new || !wire_same(m->method, m->cseq_method))
		return;
	leg = m->to_tag.at != NULL ? seen_leg_of_request(c, m, true) : NULL;
	seen_leg_heard_by(leg, flow);
	if (leg == NULL && kind == OF_INVITE && m->to_tag.at == NULL)
		leg = seen_leg_open_in(c, flow, peer, m, txn->is_blurred);
	if (leg != NULL)
		txn->leg = leg->id;
	if (kind == OF_REGISTER)
		seen_reg_request_in(c, flow, peer, txn, m);
	else if (leg != NULL)
		seen_dialog_request_in(c, leg, txn, m);
}

void
seen_message_in(struct check *c, struct flow *flow, const char *peer, const char *at, size_t len)
{
	struct wire_msg *m = &c->msg;
	struct txn *txn;

	wire_read(m, at, len, flow->transport != CHECK_UDP);
	c->tally.messages_in++;
	c->spoke_ms = c->now_ms;
	c->spoke_dead_ms = c->dead_ms;
	c->step.in_bytes += len;
	c->longest_in = len > c->longest_in ? len : c->longest_in;
	if (!m->is_readable) {
		c->step.has_nonsense = true;
		return;
	}
	if (m->is_request) {
		request_in(c, flow, peer, m);
		return;
	}
	txn = seen_txn_hear_response(c, flow, m);
	if (txn == NULL)
		return;
	seen_way_refused(c, flow, txn, m);
	seen_dialog_response_in(c, flow, txn, m);
}

/* ---- what the server sends ---- */

static void
request_out(struct check *c, struct flow *flow, const char *peer, const struct wire_msg *m)
{
	enum kind kind = seen_kind_of(m->method);
	bool is_new = false, is_new_leg = false;
	struct txn *txn = NULL;
	struct leg *leg = NULL;

	if (kind == OF_CANCEL) {
		const struct txn *invite = seen_txn_find(c, seen_txn_key(m, false, OF_INVITE));

		leg = invite != NULL ? seen_leg_at(c, invite->leg) : NULL;
	} else if (m->to_tag.at != NULL) {
		leg = seen_leg_of_request(c, m, false);
	} else if (kind == OF_INVITE) {
		leg = seen_leg_open_out(c, flow, peer, m, &is_new_leg);
		if (leg->is_odd)
			leg = NULL;
	}
	seen_secure_request(
		c, flow, leg, m, leg != NULL && kind == OF_INVITE && m->to_tag.at == NULL);
	if (kind == OF_ACK) {
		seen_dialog_ack_out(c, leg, m);
	} else {
		txn = seen_txn_see_request(c, flow, m, &is_new);
		if (txn == NULL)
			return;
		if (leg != NULL)
			txn->leg = leg->id;
		if (is_new)
			seen_way_asked(c, txn);
		if (leg != NULL)
			seen_dialog_request_out(c, leg, txn, m, is_new);
		if (leg != NULL && is_new && kind == OF_INVITE && m->to_tag.at == NULL) {
			seen_call_request_out(c, leg, m, is_new_leg);
			seen_secure_crossing(c, leg, m);
			seen_reg_invite_out(c, flow, leg, m);
		}
	}
	if (leg != NULL)
		seen_call_message_out(c, leg, m);
}

/* RFC 3261 8.2.6.2, also of what could not be read whole, as long as its To could. */
static void
judge_tag(struct check *c, const struct wire_msg *m, const char *peer)
{
	if (m->status > 100 && m->count[WIRE_TO] == 1 && m->is_to_bare)
		check_break(c, "X3", "a %u to the %.*s of %.*s to %s: no To tag", m->status,
			(int)m->method.len, m->method.at, (int)m->call_id.len, m->call_id.at, peer);
}

void
seen_message_out(struct check *c, struct flow *flow, const char *peer, const struct wire_msg *m)
{
	static const char *const names[] = { "UDP", "TCP", "TLS" };
	const char *fault = wire_judge(m, names[flow->transport]);
	bool is_new = false;
	struct txn *txn;
	struct leg *leg;

	if (m->is_request) {
		if (fault != NULL)
			check_break(c, "B7", "a %.*s of %.*s to %s: %s", (int)m->method.len,
				m->method.at, (int)m->call_id.len, m->call_id.at, peer, fault);
		request_out(c, flow, peer, m);
		return;
	}
	judge_tag(c, m, peer);
	txn = seen_txn_see_response(c, flow, m, &is_new);
	if (txn == NULL)
		return;
	if (fault != NULL && txn->is_strict && !txn->is_murky)
		check_break(c, "X3", "a %u to the %.*s of %.*s: %s", m->status, (int)m->method.len,
			m->method.at, (int)m->call_id.len, m->call_id.at, fault);
	leg = seen_leg_at(c, txn->leg);
	seen_secure_response(c, flow, leg, txn, m);
	seen_way_out(c, txn, flow, peer, m->status);
	if (txn->kind == OF_REGISTER)
		seen_reg_response_out(c, txn, m, is_new);
	if (leg == NULL)
		return;
	seen_dialog_response_out(c, leg, txn, m, is_new);
	if (is_new && txn->is_first)
		seen_call_response_out(c, leg, m);
	seen_call_message_out(c, leg, m);
}
