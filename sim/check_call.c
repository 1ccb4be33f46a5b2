/* SPDX-License-Identifier: Apache-2.0 */
/* B1, B2, B5 to B7, B11 to B13, X5, X6: the two legs of a call together, and what the log says. */
#include "check_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVITES_MAX = 10, LEAST_LEAK = 8 };

/* ---- the call is placed ---- */

void
seen_call_request_out(struct check *c, struct leg *leg, const struct wire_msg *m, bool is_new)
{
	struct call *call = seen_call_at(c, leg->call);
	const struct leg *caller = seen_leg_other(c, leg);

	if (call == NULL || call->is_vague)
		return;
	if (++call->invites > INVITES_MAX)
		check_break(
			c, "B11", "%u INVITEs out for one call, %s", call->invites, leg->call_id);
	if (is_new && call->legs[1] != leg->id)
		check_break(c, "X6", "a second call out, %s, for one INVITE", leg->call_id);
	if (caller == NULL || caller->is_dead)
		return;
	if (caller->end != END_NONE)
		check_break(c, "B6", "INVITE of %s though its caller %s is gone", leg->call_id,
			caller->call_id);
	if (wire_is(m->call_id, caller->call_id))
		check_break(c, "B7", "both legs have the Call-ID %s", caller->call_id);
	/* RFC 3261 16.6 step 3, which keeps loops finite for us as for a proxy */
	if (wire_number(wire_value(m, WIRE_MAX_FORWARDS)) >= (int64_t)caller->max_forwards)
		check_break(c, "B11", "Max-Forwards of %s does not fall", leg->call_id);
	if (caller->body_count > 0 && m->body.len == 0)
		check_break(c, "B13", "the body of %s is lost", caller->call_id);
}

/* ---- the caller is answered ---- */

static uint64_t
record_key(struct wire_text uuid)
{
	return wire_hash(0x11d, uuid) | 1;
}

static struct record *
record_need(struct check *c, struct wire_text uuid)
{
	uint64_t key = record_key(uuid);
	struct record *record = bag_find(&c->records, key);

	if (record == NULL) {
		record = check_take_memory(sizeof *record);
		check_copy(record->uuid, sizeof record->uuid, uuid);
		bag_put(&c->records, key, record);
	}
	return record;
}

void
seen_call_response_out(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	struct call *call = seen_call_at(c, leg->call);
	struct wire_text uuid = wire_value(m, WIRE_UUID);
	const struct leg *callee = seen_leg_other(c, leg);
	bool is_invite = wire_is(m->cseq_method, "INVITE");

	if (call == NULL || call->is_vague || leg->is_dead || leg->is_out || !is_invite)
		return;
	if (m->status > 100 && m->status < 200 &&
		(callee == NULL || leg->rings_out > callee->rings_in))
		check_break(c, "X5", "%u answers to %s say that it rings, of %u that came",
			leg->rings_out, leg->call_id, callee != NULL ? callee->rings_in : 0);
	if (m->status >= 200 && m->status < 300 && (callee == NULL || callee->rough == 0))
		check_break(c, "B5", "a %u to %s, whose callee did not answer", m->status,
			leg->call_id);
	if (m->status >= 200 && m->status < 300 && uuid.len > 0) {
		call->uuid = record_key(uuid);
		record_need(c, uuid)->call = call->id;
	}
	if (m->status >= 300 && callee == NULL) {
		c->step.refused = call->id;
		c->step.refused_status = m->status;
		seen_reg_refused(c, leg, m->status, seen_secure_warning(m));
		seen_secure_refused(c, leg, m->status, seen_secure_warning(m));
		seen_res_refused(c, leg, m->status);
		/* Without state: a repeat may be heard for the first time. */
		call->is_vague = call->is_vague || seen_txn_is_stateless(m->status);
	}
}

/* ---- each message of a leg ---- */

/* Whether HEAD shows TEXT of the other leg; what is short may stand there by chance. */
static bool
shows(struct wire_text head, const char *text)
{
	struct wire_text part = wire_cstr(text);

	return part.len >= LEAST_LEAK && wire_holds(head, part);
}

static bool
is_ours(const struct check *c, const char *host)
{
	for (size_t i = 0; i < c->o.ours_count; i++)
		if (wire_is(wire_cstr(host), c->o.ours[i]))
			return true;
	return false;
}

static void
judge_leak(
	struct check *c, const struct leg *leg, const struct leg *other, const struct wire_msg *m)
{
	struct wire_text head = m->head;

	if (shows(head, other->call_id))
		check_break(c, "B7", "the Call-ID %s is shown to the other leg, %s", other->call_id,
			leg->call_id);
	if (shows(head, other->tag))
		check_break(c, "B7", "the tag %s of %s is shown to the other leg, %s", other->tag,
			other->call_id, leg->call_id);
	/* The caller's address, to the callee; a device that calls itself knows it, and so does one
	 * that put it into its own Via. */
	if (leg->is_out && other->is_plain && !is_ours(c, other->sent_by) &&
		!wire_is(wire_cstr(other->peer), leg->peer) && shows(head, other->sent_by) &&
		(m->is_request || !wire_is(m->sent_by, other->sent_by)) &&
		!wire_is(wire_uri_host_port(m->uri), other->sent_by))
		check_break(c, "B7", "the address %s of %s is shown to the other leg, %s",
			other->sent_by, other->call_id, leg->call_id);
}

void
seen_call_message_out(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	const struct leg *other = seen_leg_other(c, leg);
	uint64_t hash;

	if (other == NULL || leg->is_dead)
		return;
	judge_leak(c, leg, other, m);
	if (m->body.len == 0 || other->has_lost_bodies)
		return;
	hash = wire_hash(0xb0d, m->body);
	for (unsigned i = 0; i < other->body_count; i++)
		if (other->bodies[i] == hash)
			return;
	check_break(c, "B13", "a body on %s that never came on %s", leg->call_id, other->call_id);
}

/* ---- the log ---- */

static void
note_answered(struct check *c, struct record *record)
{
	if (++record->answered > 1)
		check_break(c, "B12", "call %s has two lines that it was answered", record->uuid);
	else if (record->over > 0)
		check_break(c, "B12", "call %s was answered behind its end", record->uuid);
}

static void
note_over(struct check *c, struct record *record, struct wire_text rest)
{
	struct call *call = seen_call_at(c, record->call);
	struct wire_text digits = { rest.at, rest.len < 3 ? rest.len : 3 };
	const struct leg *caller;

	record->over_ms = c->now_ms;
	c->step.over = record_key(wire_cstr(record->uuid));
	record->status = (unsigned)wire_number(digits);
	if (++record->over > 1)
		check_break(c, "B12", "call %s has two ends in the log", record->uuid);
	else if ((record->status == 200) != (record->answered > 0))
		check_break(c, "B12", "call %s ended with %u, but was %sanswered", record->uuid,
			record->status, record->answered > 0 ? "" : "not ");
	caller = call != NULL && !call->is_vague ? seen_leg_at(c, call->legs[0]) : NULL;
	if (caller != NULL && (record->status == 200) != caller->is_confirmed)
		check_break(c, "B12",
			"call %s ended with %u in the log, and was %sanswered on the wire",
			record->uuid, record->status, caller->is_confirmed ? "" : "not ");
	check_put_due(c, DUE_RECORD_END, record_key(wire_cstr(record->uuid)), KEEP_MS);
}

/* `call UUID answered: ...`, `call UUID over: status N, ...` */
void
seen_call_note(struct check *c, struct wire_text line)
{
	struct wire_text rest, uuid;
	const char *space;

	if (line.len < 6 || memcmp(line.at, "call ", 5) != 0)
		return;
	rest = (struct wire_text){ line.at + 5, line.len - 5 };
	space = memchr(rest.at, ' ', rest.len);
	if (space == NULL)
		return;
	uuid = (struct wire_text){ rest.at, (size_t)(space - rest.at) };
	rest = (struct wire_text){ space + 1, rest.len - uuid.len - 1 };
	if (wire_begins_alike(rest, "answered:"))
		note_answered(c, record_need(c, uuid));
	else if (wire_begins_alike(rest, "over: status "))
		note_over(
			c, record_need(c, uuid), (struct wire_text){ rest.at + 13, rest.len - 13 });
}

/* What stands behind `"KEY":`, without quotes; the first in the text, which is that of the call. */
static struct wire_text
field(struct wire_text json, const char *key)
{
	char mark[32];
	int len = snprintf(mark, sizeof mark, "\"%s\":", key);
	const char *at = len > 0 ? memmem(json.at, json.len, mark, (size_t)len) : NULL;
	struct wire_text value;
	bool is_text;

	if (at == NULL)
		return (struct wire_text){ NULL, 0 };
	value = (struct wire_text){ at + len, json.len - (size_t)(at + len - json.at) };
	is_text = value.len > 0 && value.at[0] == '"';
	if (is_text)
		value = (struct wire_text){ value.at + 1, value.len - 1 };
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == '"' || (!is_text && (value.at[i] == ',' || value.at[i] == '}')))
			value.len = i;
	return value;
}

static bool
is_before(struct wire_text a, struct wire_text b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) < 0;
}

static void
judge_record(struct check *c, const struct record *record, struct wire_text json)
{
	struct wire_text start = field(json, "start"), answer = field(json, "answer");
	struct wire_text end = field(json, "end");
	bool was_answered = answer.len > 0 && !wire_is(answer, "null");

	if (record->over == 0)
		check_break(c, "B12", "call %s has its record before its end", record->uuid);
	else if (record->written > 1)
		check_break(c, "B12", "call %s has two records", record->uuid);
	else if ((unsigned)wire_number(field(json, "sip_code")) != record->status)
		check_break(c, "B12", "the record of call %s says another status than the log, %u",
			record->uuid, record->status);
	else if (was_answered != (record->answered > 0))
		check_break(c, "B12", "the record of call %s says that it was %sanswered",
			record->uuid, was_answered ? "" : "not ");
	else if (start.len == 0 || end.len == 0)
		check_break(
			c, "B12", "the record of call %s lacks its start or its end", record->uuid);
	else if (!c->has_jumped &&
		(is_before(end, start) ||
			(was_answered && (is_before(answer, start) || is_before(end, answer)))))
		check_break(c, "B12", "call %s ends before it began, by its record", record->uuid);
}

void
check_record(struct check *c, const char *at, size_t len)
{
	struct wire_text json = { at, len }, uuid = field(json, "call");
	struct record *record;

	if (c->is_broken)
		return;
	seen_res_note(c, json);
	seen_secure_note(c, json);
	record = record_need(c, uuid);
	record->written++;
	judge_record(c, record, json);
}

/* Its record follows at once. */
void
seen_call_step(struct check *c)
{
	const struct record *record = bag_find(&c->records, c->step.over);

	if (c->o.has_records && c->step.over != 0 && record != NULL && record->written == 0)
		check_break(c, "B12", "call %s is over and has no record", record->uuid);
}

/* ---- both legs end ---- */

/* B2: OTHER must be at its end, 64*T1 after LEG was. */
static void
other_due(struct check *c, const struct leg *leg)
{
	const struct leg *other = seen_leg_other(c, leg);
	const struct txn *out;

	if (leg->is_dead || leg->end == END_NONE || other == NULL || other->is_dead)
		return;
	/* It was for an end that another INVITE undid; this one has a due of its own. */
	if (c->now_ms - leg->end_ms < check_64_t1(c))
		return;
	if (other->end != END_NONE || !seen_leg_is_reachable(c, other) ||
		(!other->is_plain && (other->is_confirmed || !other->is_out)))
		return;
	out = seen_txn_find(c, other->invite_out);
	if (other->is_out && !other->is_confirmed &&
		(out == NULL || out->is_cancelled || !out->has_rung || out->final != 0))
		return;
	check_break(c, "B2", "%s ended %lld ms ago, the other leg %s goes on", leg->call_id,
		(long long)(c->now_ms - leg->end_ms), other->call_id);
}

void
seen_call_due(struct check *c, const struct due *due)
{
	const struct leg *leg;
	struct record *record;

	if (due->what == DUE_RECORD_END) {
		record = bag_take(&c->records, due->key);
		if (record != NULL && record->over > 0)
			free(record);
		return;
	}
	leg = seen_leg_at(c, due->key);
	if (leg != NULL)
		other_due(c, leg);
}

/* ---- after the quiet ---- */

static void
leg_over(struct check *c, const struct leg *leg)
{
	const struct txn *invite = seen_txn_find(c, leg->invite_in);
	bool may_be_absorbed = invite != NULL && (invite->is_blurred || invite->is_murky);

	if (leg->is_dead || !leg->is_plain || leg->stem != 0 || !seen_leg_is_reachable(c, leg))
		return;
	if (leg->is_confirmed && leg->end == END_NONE)
		check_break(c, "B3", "%s was answered and has no end", leg->call_id);
	else if (!leg->is_out && !leg->is_confirmed && leg->end == END_NONE && !may_be_absorbed)
		check_break(c, "B5", "the INVITE of %s has no final answer", leg->call_id);
}

void
seen_call_over(struct check *c, const struct check_counts *counts)
{
	if (counts->calls + counts->legs + counts->transactions + counts->timers > 0)
		check_break(c, "B1", "left over: %u calls, %u legs, %u transactions, %u timers",
			counts->calls, counts->legs, counts->transactions, counts->timers);
	for (size_t i = 0; i < c->legs.size; i++)
		if (c->legs.cells[i].key != 0)
			leg_over(c, c->legs.cells[i].thing);
	for (size_t i = 0; i < c->records.size; i++) {
		const struct record *record = c->records.cells[i].thing;

		if (c->records.cells[i].key != 0 && record->over == 0)
			check_break(c, "B12", "call %s was answered and has no end in the log",
				record->uuid);
	}
}
