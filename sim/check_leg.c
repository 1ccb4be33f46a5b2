/* SPDX-License-Identifier: Apache-2.0 */
/* Legs, the calls that they are of, and which message is whose.
 *
 * The two legs of a call are tied by a name that crosses the server unchanged: the Subject or the
 * `s=` line, `call-<n>`, that every device of the simulator puts into its INVITE. Two callers who
 * claim one name make it vague, and then nothing is said of both legs together. */
#include "check_inside.h"

#include <stdlib.h>
#include <string.h>

struct leg *
seen_leg_at(struct check *c, uint64_t id)
{
	return bag_find(&c->legs, id);
}

struct call *
seen_call_at(struct check *c, uint64_t id)
{
	return bag_find(&c->calls, id);
}

struct leg *
seen_leg_other(struct check *c, const struct leg *leg)
{
	const struct call *call = seen_call_at(c, leg->call);

	if (call == NULL || call->is_vague)
		return NULL;
	return seen_leg_at(c, call->legs[leg->is_out ? 0 : 1]);
}

uint64_t
seen_dialog_key(struct wire_text call_id, struct wire_text ours, struct wire_text theirs)
{
	return wire_hash(wire_hash(wire_hash(0xd1a, call_id), ours), theirs) | 1;
}

/* Before the other side has a tag: WHO is the tag of the one who asked. */
uint64_t
seen_early_key(const struct wire_msg *m, bool is_out)
{
	return wire_hash(wire_hash(is_out ? 0xea1 : 0xea2, m->call_id), m->from_tag) | 1;
}

struct leg *
seen_leg_of_request(struct check *c, const struct wire_msg *m, bool is_in)
{
	uint64_t key = is_in ? seen_dialog_key(m->call_id, m->to_tag, m->from_tag)
			     : seen_dialog_key(m->call_id, m->from_tag, m->to_tag);

	return bag_find(&c->dialogs, key);
}

void
seen_leg_know(struct check *c, struct leg *leg, uint64_t key)
{
	if (leg->dialog_key != 0 && leg->dialog_key != key &&
		bag_find(&c->dialogs, leg->dialog_key) == leg)
		(void)bag_take(&c->dialogs, leg->dialog_key);
	leg->dialog_key = key;
	bag_put(&c->dialogs, key, leg);
}

/* ---- names ---- */

static uint64_t
name_in(struct wire_text text)
{
	struct wire_text digits = { text.at + 5, text.len < 5 ? 0 : text.len - 5 };
	size_t n = 0;

	if (!wire_begins_alike(text, "call-"))
		return 0;
	while (n < digits.len && digits.at[n] >= '0' && digits.at[n] <= '9')
		n++;
	digits.len = n;
	return n == 0 ? 0 : wire_hash(0xca11, digits) | 1;
}

static uint64_t
name_of(const struct wire_msg *m)
{
	uint64_t name = name_in(wire_value(m, WIRE_SUBJECT));
	const char *line;

	if (name != 0 || m->body.len < 8)
		return name;
	line = memmem(m->body.at, m->body.len, "\ns=call-", 8);
	if (line == NULL)
		return 0;
	return name_in(
		(struct wire_text){ line + 3, m->body.len - (size_t)(line + 3 - m->body.at) });
}

static uint64_t
number_of(struct wire_text uri)
{
	return wire_hash(0x909, wire_uri_user(uri)) | 1;
}

/* ---- opening ---- */

static struct leg *
leg_open(struct check *c, const struct flow *flow, const char *peer, const struct wire_msg *m,
	bool is_out)
{
	struct leg *leg = check_take_memory(sizeof *leg);
	struct wire_text uuid = wire_value(m, WIRE_UUID);

	leg->id = check_serial(c);
	leg->is_out = is_out;
	leg->flow = flow->id;
	leg->transport = flow->transport;
	leg->is_sips = flow->transport == CHECK_TLS && wire_uri_is_sips(m->uri);
	leg->early_key = seen_early_key(m, is_out);
	leg->max_forwards = (uint32_t)wire_number(wire_value(m, WIRE_MAX_FORWARDS));
	check_copy(leg->call_id, sizeof leg->call_id, m->call_id);
	check_copy(leg->tag, sizeof leg->tag, m->from_tag);
	check_copy(leg->peer, sizeof leg->peer, wire_cstr(peer));
	check_copy(leg->sent_by, sizeof leg->sent_by, m->sent_by);
	check_copy(leg->uuid, sizeof leg->uuid, uuid);
	bag_put(&c->legs, leg->id, leg);
	bag_put(&c->dialogs, leg->early_key, leg);
	check_put_due(c, DUE_LEG_END, leg->id, KEEP_MS);
	return leg;
}

/* A caller's first INVITE; NULL when it is only another copy of one that is being answered. */
struct leg *
seen_leg_open_in(struct check *c, struct flow *flow, const char *peer, const struct wire_msg *m,
	bool is_again)
{
	struct leg *old = bag_find(&c->dialogs, seen_early_key(m, false)), *leg;
	uint64_t name = name_of(m);
	struct call *call = bag_find(&c->names, name);

	if (old != NULL && !is_again && old->end == END_NONE && !old->is_dead &&
		old->first_cseq == m->cseq &&
		(old->confirmed_ms == 0 || c->now_ms - old->confirmed_ms < check_64_t1(c)))
		return NULL;
	leg = leg_open(c, flow, peer, m, false);
	leg->invite_cseq = leg->first_cseq = m->cseq;
	leg->is_plain = m->is_strict;
	c->tally.dialogs++;
	if (call != NULL && !m->is_strict) /* who knows what comes of it */
		call->is_vague = true;
	if (name == 0 || !m->is_strict)
		return leg;
	/* A call that was refused before anything came of it may be tried again. */
	if (call != NULL && !call->is_dead) {
		const struct leg *first = seen_leg_at(c, call->legs[0]);

		if (call->legs[1] != 0 || first == NULL || first->end != END_REFUSED)
			call->is_vague = true;
	}
	if (call == NULL || call->is_dead || !call->is_vague) {
		call = check_take_memory(sizeof *call);
		call->id = check_serial(c);
		call->name = name;
		call->number = number_of(m->uri);
		bag_put(&c->calls, call->id, call);
		bag_put(&c->names, name, call);
	}
	call->legs[0] = leg->id;
	leg->call = call->id;
	return leg;
}

struct leg *
seen_leg_open_out(struct check *c, struct flow *flow, const char *peer, const struct wire_msg *m,
	bool *is_new)
{
	struct leg *leg = bag_find(&c->dialogs, seen_early_key(m, true));
	struct call *call;

	*is_new = leg == NULL;
	if (leg != NULL) { /* the next way to the same callee */
		leg->flow = flow->id;
		leg->end = leg->end == END_REFUSED ? END_NONE : leg->end;
		leg->transport = flow->transport;
		check_copy(leg->peer, sizeof leg->peer, wire_cstr(peer));
		return leg;
	}
	leg = leg_open(c, flow, peer, m, true);
	check_copy(leg->host, sizeof leg->host, wire_uri_host(m->uri));
	call = bag_find(&c->names, name_of(m));
	if (call == NULL || call->is_dead)
		return leg;
	leg->call = call->id;
	/* A second INVITE for one call is the caller's second, or a fault: check_call.c. */
	if (call->legs[1] == 0)
		call->legs[1] = leg->id;
	return leg;
}

/* One of several callees that answered one INVITE. */
struct leg *
seen_leg_open_fork(struct check *c, struct leg *stem, const struct wire_msg *m)
{
	struct leg *leg = check_take_memory(sizeof *leg);

	*leg = *stem;
	leg->id = check_serial(c);
	leg->stem = stem->id;
	leg->early_key = leg->dialog_key = 0;
	leg->accepted = leg->acks = leg->byes = 0;
	leg->accepted_cseq = 0;
	leg->cseq_out = m->cseq; /* of the INVITE: its own requests count from there */
	leg->is_confirmed = leg->must_bye = false;
	leg->end = END_NONE;
	leg->bye_out = leg->invite_in = leg->invite_out = 0;
	bag_put(&c->legs, leg->id, leg);
	seen_leg_know(c, leg, seen_dialog_key(m->call_id, m->from_tag, m->to_tag));
	check_put_due(c, DUE_LEG_END, leg->id, KEEP_MS);
	return leg;
}

/* ---- ending ---- */

void
seen_leg_end_by(struct check *c, struct leg *leg, enum leg_end end)
{
	if (leg->end != END_NONE || leg->is_dead)
		return;
	leg->end = end;
	leg->end_ms = c->now_ms;
	seen_way_waits(c, seen_leg_other(c, leg));
	if (leg->stem == 0 && seen_leg_other(c, leg) != NULL)
		check_put_due(c, DUE_OTHER, leg->id, check_64_t1(c) + GRACE_MS);
}

void
seen_leg_heard_by(struct leg *leg, const struct flow *flow)
{
	if (leg != NULL && leg->transport == CHECK_UDP && flow->transport != CHECK_UDP)
		leg->is_led_away = true;
}

/* Whether what we send for the leg can arrive: a lost connection excuses much. */
bool
seen_leg_is_reachable(struct check *c, const struct leg *leg)
{
	return !leg->is_led_away &&
		(leg->transport == CHECK_UDP || !seen_flow_is_gone(c, leg->flow));
}

/* All that the server knew of calls is gone; their peers do not know it yet. */
void
seen_legs_crash(struct check *c)
{
	for (size_t i = 0; i < c->legs.size; i++) {
		struct leg *leg = c->legs.cells[i].thing;

		if (c->legs.cells[i].key != 0)
			leg->is_dead = true;
	}
	for (size_t i = 0; i < c->calls.size; i++) {
		struct call *call = c->calls.cells[i].thing;

		if (c->calls.cells[i].key != 0)
			call->is_dead = true;
	}
}

void
seen_leg_forget(struct check *c, struct leg *leg)
{
	struct call *call = seen_call_at(c, leg->call);

	if (bag_find(&c->dialogs, leg->early_key) == leg)
		(void)bag_take(&c->dialogs, leg->early_key);
	if (bag_find(&c->dialogs, leg->dialog_key) == leg)
		(void)bag_take(&c->dialogs, leg->dialog_key);
	(void)bag_take(&c->legs, leg->id);
	if (call != NULL && call->legs[0] == leg->id) {
		if (bag_find(&c->names, call->name) == call)
			(void)bag_take(&c->names, call->name);
		(void)bag_take(&c->calls, call->id);
		free(call);
	}
	free(leg);
}
