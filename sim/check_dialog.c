/* SPDX-License-Identifier: Apache-2.0 */
/* B3, B4, B6 to B10 and B14: one leg for itself, what it hears (RFC 3261 sections 12 to 15). */
#include "check_inside.h"

#include <string.h>

/* What came in on one leg may leave on the other. */
void
seen_dialog_hear_body(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	struct leg *stem = leg->stem != 0 ? seen_leg_at(c, leg->stem) : leg;
	uint64_t hash = wire_hash(0xb0d, m->body);

	if (m->body.len == 0 || stem == NULL)
		return;
	for (unsigned i = 0; i < stem->body_count; i++)
		if (stem->bodies[i] == hash)
			return;
	if (stem->body_count == BODIES)
		stem->has_lost_bodies = true;
	else
		stem->bodies[stem->body_count++] = hash;
}

/* Whether the peer's Contact leads to where it is: what an honest device says. */
static bool
is_plain(const struct leg *leg, const struct wire_msg *m)
{
	struct wire_text host = wire_uri_host(m->contact), peer = wire_cstr(leg->peer);
	struct wire_text there;

	if (!m->is_strict || m->contact_count != 1 || m->count[WIRE_RECORD_ROUTE] > 0 ||
		wire_uri_is_sips(m->contact) != leg->is_sips)
		return false;
	for (there = peer; there.len > 0 && there.at[there.len - 1] != ':';)
		there.len--;
	there.len -= there.len > 0;
	if (there.len > 2 && there.at[0] == '[')
		there = (struct wire_text){ there.at + 1, there.len - 2 };
	return wire_same_alike(host, there);
}

static void
note_target(struct leg *leg, const struct wire_msg *m)
{
	if (m->contact_count > 0 && leg->is_sips && !wire_uri_is_sips(m->contact))
		leg->has_sip_target = true;
}

static void
take_session(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	struct wire_text value = wire_value(m, WIRE_SESSION_EXPIRES);
	struct wire_text digits = { value.at, 0 };
	int64_t seconds;

	leg->refreshed_ms = c->now_ms;
	while (digits.len < value.len && value.at[digits.len] >= '0' && value.at[digits.len] <= '9')
		digits.len++;
	seconds = wire_number(digits);
	leg->session_s = seconds < 0 || seconds > INT32_MAX ? 0 : (uint32_t)seconds;
	if (leg->session_s > 0 && leg->session_s < 90)
		leg->session_s = 90; /* RFC 4028 5: nobody may count on less */
	if (leg->session_s > 0)
		check_put_due(c, DUE_SESSION, leg->id,
			(int64_t)leg->session_s * 1000 + check_64_t1(c) + GRACE_MS);
}

/* ---- requests ---- */

void
seen_dialog_request_in(struct check *c, struct leg *leg, struct txn *t, const struct wire_msg *m)
{
	const struct txn *in = seen_txn_find(c, leg->invite_in);
	const struct txn *out = seen_txn_find(c, leg->invite_out);

	seen_dialog_hear_body(c, leg, m);
	if (t->kind != OF_INVITE)
		return;
	if (t->is_first)
		leg->is_plain = is_plain(leg, m);
	else if (!is_plain(leg, m))
		leg->is_plain = false;
	/* RFC 3261 14.2: glare, or one behind the other. */
	if (!t->is_first &&
		((in != NULL && in != t && in->final == 0 && !in->is_murky) ||
			(leg->invite_out != 0 && seen_txn_is_pending(c, out))))
		t->is_glare = true;
	else
		leg->invite_in = t->key;
}

static void
see_cancel(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	struct txn *invite = seen_txn_find(c, seen_txn_key(m, false, OF_INVITE));

	if (invite == NULL)
		return;
	/* RFC 3261 9.1 */
	if (!invite->was_answered)
		check_break(c, "B6", "CANCEL of %s before any answer", leg->call_id);
	else if (invite->final != 0)
		check_break(c, "B6", "CANCEL of %s behind its final answer", leg->call_id);
	invite->is_cancelled = true;
	invite->cancelled_ms = c->now_ms;
	if (invite->is_first)
		seen_leg_end_by(c, leg, END_CANCELLED);
}

static void
see_bye(struct check *c, struct leg *leg, const struct txn *t)
{
	/* What was asked may have failed for want of a way, which counts as a 408. */
	const struct txn *asked = seen_txn_find(c, leg->asked_out);

	leg->byes++;
	leg->bye_out = t->key;
	if (leg->end == END_BYE_IN || leg->byes > 1)
		check_break(c, "B3", "a second end of %s: BYE behind %s", leg->call_id,
			leg->byes > 1 ? "a BYE" : "the peer's");
	/* RFC 3261 15: the callee's side not before the ACK, or 64*T1. */
	if (!leg->is_out && !leg->is_confirmed)
		check_break(c, "B3", "BYE on %s, which was not answered", leg->call_id);
	else if (leg->accepted_in != 0 && !leg->is_acked_in && !leg->is_out && !leg->is_denied &&
		(asked == NULL || asked->final != 0) &&
		c->now_ms - leg->accepted_in_ms < check_64_t1(c))
		check_break(c, "B3", "BYE on %s before the ACK of its 2xx", leg->call_id);
	seen_leg_end_by(c, leg, END_BYE_OUT);
}

static void
see_invite(struct check *c, struct leg *leg, const struct txn *t)
{
	const struct txn *in = seen_txn_find(c, leg->invite_in);
	const struct txn *out = seen_txn_find(c, leg->invite_out);

	/* RFC 3261 14.1 */
	if (!t->is_first && out != NULL && leg->invite_out != t->key && seen_txn_is_pending(c, out))
		check_break(c, "B8", "a second INVITE out on %s while one waits", leg->call_id);
	else if (!t->is_first && in != NULL && in->final == 0 && !in->is_murky && !in->is_blurred)
		check_break(c, "B8", "an INVITE out on %s while the peer's waits", leg->call_id);
	leg->invite_out = t->key;
}

void
seen_dialog_request_out(
	struct check *c, struct leg *leg, struct txn *t, const struct wire_msg *m, bool is_new)
{
	if (!is_new)
		return;
	if (leg->is_dead)
		check_break(c, "B14", "a %.*s of %s, which ended with the server before",
			(int)m->method.len, m->method.at, leg->call_id);
	/* RFC 3261 9.2: a CANCEL that comes too late has no effect. */
	if (leg->call != 0 && leg->call == c->step.calm_call && c->late_ms == 0)
		check_break(c, "X4", "a %.*s of %s because of a CANCEL behind the answer",
			(int)m->method.len, m->method.at, leg->call_id);
	if (t->kind == OF_CANCEL) {
		see_cancel(c, leg, m);
		return;
	}
	/* RFC 3261 12.2.1.1 */
	if (m->cseq <= leg->cseq_out)
		check_break(c, "B7", "CSeq of %s does not grow: %u, then %u", leg->call_id,
			(unsigned)leg->cseq_out, (unsigned)m->cseq);
	leg->cseq_out = m->cseq;
	if (t->kind == OF_BYE)
		see_bye(c, leg, t);
	else if (leg->end == END_BYE_IN || leg->end == END_BYE_OUT)
		check_break(c, "B3", "a %.*s on %s, which is over", (int)m->method.len,
			m->method.at, leg->call_id);
	if (t->kind == OF_INVITE)
		see_invite(c, leg, t);
	else if (t->kind != OF_BYE)
		leg->asked_out = t->key;
}

/* ---- answers to ours ---- */

/* A 2xx to our INVITE: it must get its ACK (13.2.2.4), and so must each repeat of it. */
static void
accept(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	if (leg->accepted > 0 && m->cseq < leg->accepted_cseq) {
		leg->loose++; /* its ACK may be kept still */
		return;
	}
	leg->is_confirmed = true;
	if (leg->accepted == 0 || m->cseq != leg->accepted_cseq) {
		leg->accepted = 1;
		leg->acks = 0;
		leg->accepted_cseq = m->cseq;
		check_put_due(c, DUE_ACK, leg->id, check_64_t1(c) + GRACE_MS);
		take_session(c, leg, m);
		return;
	}
	leg->accepted++;
	if (leg->acks > 0 && leg->end == END_NONE && leg->is_plain) {
		c->step.ack_leg = leg->id;
		c->step.ack_count = leg->acks;
	}
}

/* Whether the INVITE's transaction surely waits for more 2xx (RFC 6026 7.2, timer M; 9.1). */
static bool
is_listening(const struct check *c, const struct txn *t)
{
	return t->final < 300 && !t->is_late &&
		(t->final_ms == 0 || c->now_ms - t->final_ms < check_64_t1(c) - GRACE_MS);
}

/* Which callee of several answered: the first is the leg itself. */
static struct leg *
answerer(struct check *c, struct leg *stem, const struct wire_msg *m, bool *is_fork)
{
	uint64_t key = seen_dialog_key(m->call_id, m->from_tag, m->to_tag);
	struct leg *leg = bag_find(&c->dialogs, key);

	*is_fork = false;
	if (leg != NULL || !m->is_strict || m->contact_count != 1 || m->to_tag.len == 0)
		return leg;
	if (stem->dialog_key == 0) {
		seen_leg_know(c, stem, key);
		return stem;
	}
	*is_fork = true;
	return seen_leg_open_fork(c, stem, m);
}

static void
first_2xx(struct check *c, struct leg *stem, struct txn *t, const struct wire_msg *m)
{
	const struct leg *caller = seen_leg_other(c, stem);
	bool is_fork, is_known = stem->dialog_key != 0, is_wanted;
	struct leg *leg;

	stem->rough++;
	/* As of RFC 2543, or worse: whether it counts, and as what, is not for us to say. */
	if (m->to_tag.len == 0 || !m->is_strict || m->contact_count != 1) {
		stem->is_odd = true;
		stem->loose++;
		if (seen_call_at(c, stem->call) != NULL)
			seen_call_at(c, stem->call)->is_vague = true;
		return;
	}
	/* What names another dialog than it answers may be taken for ours. */
	if (seen_early_key(m, true) != stem->early_key) {
		stem->loose++;
		return;
	}
	if (!is_listening(c, t)) {
		leg = bag_find(&c->dialogs, seen_dialog_key(m->call_id, m->from_tag, m->to_tag));
		if (leg != NULL)
			leg->loose++;
		stem->has_lost_bodies = true; /* it may be a dialog that we do not know */
		return;
	}
	leg = answerer(c, stem, m, &is_fork);
	if (leg == NULL)
		return;
	note_target(leg, m);
	is_wanted =
		!is_fork && stem->end == END_NONE && (caller == NULL || caller->end == END_NONE);
	if (!is_known || is_fork)
		leg->is_plain = is_plain(leg, m);
	accept(c, leg, m);
	if (!is_wanted && !leg->must_bye && leg->accepted == 1 && leg->is_plain &&
		(is_fork || stem->end == END_CANCELLED)) {
		leg->must_bye = true;
		check_put_due(c, DUE_BYE, leg->id, check_64_t1(c) + GRACE_MS);
	}
	/* A leg that was cancelled and then answered is a dialog again, until its BYE. */
	if (stem->end == END_CANCELLED && leg == stem)
		stem->end = END_NONE;
}

void
seen_dialog_response_in(
	struct check *c, const struct flow *flow, struct txn *t, const struct wire_msg *m)
{
	struct leg *leg = seen_leg_at(c, t->leg);

	if (leg == NULL)
		return;
	seen_dialog_hear_body(c, leg, m);
	note_target(leg, m);
	/* RFC 3261 12.2.1.2: for the peer the dialog is no more. */
	if (m->status == 481 || m->status == 408)
		leg->is_denied = true;
	if (flow->transport != t->transport && t->kind == OF_INVITE) {
		/* From where nobody was asked: it may count or not. */
		leg->rings_in++;
		leg->rough++;
		leg->loose++;
		return;
	}
	if (t->kind == OF_INVITE && t->is_first) {
		leg->rung_ms = m->status < 200 ? c->now_ms : leg->rung_ms;
		seen_way_waits(c, leg);
		if (m->status > 100 && m->status < 200)
			leg->rings_in++;
		else if (m->status >= 200 && m->status < 300)
			first_2xx(c, leg, t, m);
		else if (m->status >= 300 && m->is_strict && !leg->is_confirmed &&
			t->key == leg->invite_out) /* what was challenged is asked anew */
			seen_leg_end_by(c, leg, END_REFUSED);
		return;
	}
	if (m->status < 200 || m->status >= 300)
		return;
	if (!is_listening(c, t)) {
		leg->loose += t->kind == OF_INVITE;
		return;
	}
	if (t->kind == OF_INVITE &&
		seen_dialog_key(m->call_id, m->from_tag, m->to_tag) != leg->dialog_key &&
		seen_dialog_key(m->call_id, m->to_tag, m->from_tag) != leg->dialog_key) {
		leg->loose++;
	} else if (leg->end != END_NONE) { /* we may be gone before we hear it */
		leg->loose += t->kind == OF_INVITE;
	} else if (t->kind == OF_INVITE) {
		if (!is_plain(leg, m))
			leg->is_plain = false;
		accept(c, leg, m);
	} else if (t->kind == OF_UPDATE) {
		take_session(c, leg, m);
	}
}

/* ---- our answers ---- */

static void
take_2xx_out(struct check *c, struct leg *leg, struct txn *t, const struct wire_msg *m)
{
	leg->is_confirmed = true;
	leg->is_acked_in = false;
	if (leg->confirmed_ms == 0)
		leg->confirmed_ms = c->now_ms;
	if (leg->accepted_in != t->key)
		leg->accepted_in_ms = c->now_ms;
	leg->accepted_in = t->key;
	leg->invite_cseq = m->cseq;
	take_session(c, leg, m);
	if (c->o.session_max_s > 0 && leg->session_s > c->o.session_max_s)
		check_break(c, "B9", "a session of %u s promised on %s", (unsigned)leg->session_s,
			leg->call_id);
	check_put_due(c, DUE_NO_ACK, leg->id, check_64_t1(c) + GRACE_MS);
}

static void
invite_out(struct check *c, struct leg *leg, struct txn *t, const struct wire_msg *m)
{
	if (m->status < 200) {
		leg->rings_out += m->status > 100;
	} else if (m->status < 300) {
		if (t->is_glare)
			check_break(c, "B8", "a %u to an INVITE on %s that crossed another",
				m->status, leg->call_id);
		c->tally.answered += t->is_first;
		c->tally.changed += !t->is_first;
		take_2xx_out(c, leg, t, m);
	} else if (t->is_first && t->is_murky) {
		/* It may have been another text that was refused. */
		if (seen_call_at(c, leg->call) != NULL)
			seen_call_at(c, leg->call)->is_vague = true;
	} else if (t->is_first) {
		c->tally.cancelled += m->status == 487;
		c->tally.refused += m->status != 487;
		seen_leg_end_by(c, leg, END_REFUSED);
	}
	if (t->is_first && m->status > 100 && m->status < 300 && m->to_tag.len > 0)
		seen_leg_know(c, leg, seen_dialog_key(m->call_id, m->to_tag, m->from_tag));
}

/* RFC 3261 15.1.2, 12.2.2: a BYE for a dialog that is there is answered 200. */
static void
bye_answered(struct check *c, struct leg *leg, const struct txn *t, const struct wire_msg *m)
{
	const struct txn *ours = seen_txn_find(c, leg->bye_out);
	bool is_hidden = leg->is_sips && t->transport != CHECK_TLS;
	bool is_there = leg->is_confirmed && leg->byes_in == 0 &&
		leg->rough + leg->accepted_in > 0 &&
		(leg->end == END_NONE ||
			(leg->end == END_BYE_OUT && ours != NULL && !ours->was_answered &&
				c->now_ms - ours->first_ms < check_64_t1(c) - GRACE_MS &&
				seen_leg_is_reachable(c, leg)));

	if (m->status >= 200 && m->status < 300) {
		leg->byes_in++;
		seen_leg_end_by(c, leg, END_BYE_IN);
		return;
	}
	if (!is_there || is_hidden || !t->is_strict || t->is_murky || leg->stem != 0)
		return;
	if (!seen_leg_is_reachable(c, leg))
		return;
	if (m->status == 481)
		check_break(c, "B10", "481 to a BYE of %s, whose dialog is there", leg->call_id);
	else if (m->status == 503)
		check_break(c, "M5", "503 to a BYE of %s", leg->call_id);
}

void
seen_dialog_response_out(
	struct check *c, struct leg *leg, struct txn *t, const struct wire_msg *m, bool is_new)
{
	if (!is_new)
		return;
	if (leg->is_dead && !t->is_first && m->status >= 200 && m->status < 300) {
		check_break(c, "B14", "a %u to a %.*s of %s, which ended with the server before",
			m->status, (int)m->method.len, m->method.at, leg->call_id);
		return;
	}
	if (leg->is_dead) {
		if (!t->is_first && m->status >= 300 && m->status != 481 && m->status != 503 &&
			t->is_strict && !t->is_murky && !t->is_blurred &&
			t->transport == leg->transport) /* from elsewhere: for that, perhaps */
			check_break(c, "B14", "a %u, not 481, to a %.*s of %s, which ended before",
				m->status, (int)m->method.len, m->method.at, leg->call_id);
		return;
	}
	if (t->kind == OF_INVITE)
		invite_out(c, leg, t, m);
	else if (t->kind == OF_BYE)
		bye_answered(c, leg, t, m);
	else if (t->kind == OF_UPDATE && m->status >= 200 && m->status < 300)
		take_session(c, leg, m);
}

/* ---- ACK ---- */

void
seen_dialog_ack_in(struct check *c, struct flow *flow, struct leg *leg, const struct wire_msg *m)
{
	struct txn *invite;

	if (leg == NULL || leg->is_dead)
		return;
	seen_dialog_hear_body(c, leg, m);
	if (m->cseq != leg->invite_cseq || leg->accepted_in == 0)
		return;
	leg->is_acked_in = true;
	invite = seen_txn_find(c, leg->accepted_in);
	if (invite != NULL && invite->leg != leg->id) /* its name stands for another one now */
		invite = NULL;
	if (invite != NULL)
		invite->may_be_acked = true;
	if (invite != NULL && invite->flow == flow->id && m->is_strict && !invite->is_acked) {
		invite->is_acked = true;
		invite->acked_ms = c->now_ms;
	}
}

void
seen_dialog_ack_out(struct check *c, struct leg *leg, const struct wire_msg *m)
{
	struct txn *invite = seen_txn_find(c, seen_txn_key(m, false, OF_INVITE));
	const struct leg *stem;
	unsigned loose;

	if (invite != NULL) { /* 17.1.1.3: to a refusal, with the branch of the INVITE */
		invite->refusal_acks++;
		if (!invite->was_answered)
			check_break(
				c, "B3", "an ACK of %s, which was not answered", invite->call_id);
		return;
	}
	if (leg == NULL)
		return;
	if (leg->is_dead)
		check_break(
			c, "B14", "an ACK of %s, which ended with the server before", leg->call_id);
	leg->acks++;
	/* What came in the name of the INVITE may have been of another callee. */
	stem = seen_leg_at(c, leg->stem);
	loose = leg->loose + (stem != NULL ? stem->loose : 0);
	if ((leg->accepted == 0 && loose == 0) ||
		(leg->accepted > 0 && m->cseq != leg->accepted_cseq && loose == 0) ||
		leg->acks > leg->accepted + loose)
		check_break(c, "B3", "ACK number %u of %s for %u answers", leg->acks, leg->call_id,
			leg->accepted);
}

/* ---- what was due ---- */

static void
session_due(struct check *c, const struct leg *leg)
{
	if (leg->session_s == 0 || leg->end != END_NONE || !leg->is_plain)
		return;
	if (c->now_ms - leg->refreshed_ms < (int64_t)leg->session_s * 1000 + check_64_t1(c))
		return;
	check_break(c, "B9", "the session of %s was not refreshed for %u s and still is",
		leg->call_id, (unsigned)leg->session_s);
}

static void
end_due(struct check *c, struct leg *leg)
{
	bool is_over = leg->is_dead || !leg->is_confirmed || leg->end != END_NONE;

	if (is_over && c->now_ms - leg->end_ms >= KEEP_MS / 2)
		seen_leg_forget(c, leg);
	else
		check_put_due(c, DUE_LEG_END, leg->id, KEEP_MS);
}

void
seen_dialog_due(struct check *c, const struct due *due)
{
	struct leg *leg = seen_leg_at(c, due->key);
	bool is_owed;

	if (leg == NULL)
		return;
	if (due->what == DUE_LEG_END) {
		end_due(c, leg);
		return;
	}
	/* What cannot arrive, or leads to where nobody said they were, is not insisted on. */
	is_owed = !leg->is_dead && leg->is_plain && seen_leg_is_reachable(c, leg);
	if (!is_owed)
		return;
	if (due->what == DUE_SESSION)
		session_due(c, leg);
	else if (due->what == DUE_ACK && leg->acks == 0 && leg->end != END_BYE_IN)
		check_break(
			c, leg->must_bye ? "B4" : "B3", "no ACK for the 2xx of %s", leg->call_id);
	else if (due->what == DUE_NO_ACK && !leg->is_acked_in && leg->end == END_NONE &&
		c->now_ms - leg->accepted_in_ms >= check_64_t1(c))
		check_break(c, "B3", "no BYE on %s, whose 2xx got no ACK", leg->call_id);
	else if (due->what == DUE_BYE && leg->byes == 0 && leg->end != END_BYE_IN)
		check_break(c, "B4", "no BYE for the 2xx of %s that nobody wants", leg->call_id);
}

void
seen_dialog_step(struct check *c)
{
	const struct leg *leg = seen_leg_at(c, c->step.ack_leg);

	if (leg != NULL && leg->acks == c->step.ack_count && seen_leg_is_reachable(c, leg))
		check_break(c, "B3", "no ACK for the 2xx of %s that came again", leg->call_id);
}
