/* SPDX-License-Identifier: Apache-2.0 */
/* What one leg says goes to the other. */
#include "call/call.h"

#include "call/headers.h"
#include "call/inside.h"
#include "call/outcome.h"

static struct leg *
other_leg(const struct calls *cs, const struct call *call, const struct leg *leg)
{
	return leg_at(cs->legs, call->legs[ref_same(call->legs[0], leg->ref) ? 1 : 0]);
}

/* The phrase that goes with STATUS, if that is what the peer said. */
static struct str
phrase(const struct word *w, unsigned status, const struct leg *to)
{
	return status == w->status ? headers_phrase(w->reason, to->speech.scheme) : STR("");
}

/* What crosses with W, and what it asserts of who says it. */
static struct cargo
cross(const struct calls *cs, const struct leg *from, const struct leg *to, const struct word *w,
	const struct turn *t)
{
	struct cargo cargo = headers_cross(w->msg, to->speech.scheme, t);

	asserted_cross(cs, w->msg, from, to, &cargo, t);
	return cargo;
}

/* Ends the other leg because FROM is at its end. */
static void
end_other(struct calls *cs, struct call *call, struct leg *other, const struct word *w,
	const struct turn *t)
{
	char text[64];
	struct buf why = buf_on(text, sizeof text);
	struct cargo cargo;
	struct str reason;

	call->state = CALL_ENDING;
	if (call->answered_at_s == 0)
		call->status = 487;
	if (other == NULL)
		return;
	cargo = headers_cross(w->msg, other->speech.scheme, t);
	/* Before the answer it is a CANCEL, which carries a Reason and nothing else; a leg that
	 * died without a message says so itself (RFC 3326). */
	reason = other->is_confirmed ? STR("") : headers_reason(w->msg);
	if (w->msg == NULL && w->status != 0) {
		buf_put(&why, STR("SIP;cause="));
		buf_number(&why, w->status);
		reason = buf_str(&why);
	}
	leg_end(cs->legs, other, w->status != 0 ? w->status : 487, STR(""), reason, &cargo, t);
}

struct str
call_unreachable(const struct calls *cs, const struct call *call, const struct turn *t)
{
	enum { LINE_BYTES = 512 };
	char *text = arena_take(t->scratch, LINE_BYTES, 1);
	struct buf line = buf_on(text, text != NULL ? LINE_BYTES : 0);

	crossing_write_warning(&line, call->unreachable_warning, cs->legs->realm);
	return buf_ok(&line) ? buf_str(&line) : STR("");
}

static void
refuse_caller(struct calls *cs, struct call *call, struct leg *caller, const struct word *w,
	const struct turn *t)
{
	unsigned status = outcome_for_caller(w->status);
	struct cargo cargo;

	call->state = CALL_ENDING;
	call->status = status;
	if (caller == NULL)
		return;
	cargo = headers_cross(w->msg, caller->speech.scheme, t);
	/* Strict swapped the scheme of its Contact, and TLS did not lead there (RFC 5630 5.3). */
	if (w->msg == NULL && w->status == 503 && call->unreachable_warning != 0) {
		call->status = status = 480;
		cargo.headers = call_unreachable(cs, call, t);
	}
	leg_end(cs->legs, caller, status, phrase(w, status, caller), STR(""), &cargo, t);
}

static void
take_answer(struct calls *cs, struct call *call, struct leg *callee, struct leg *caller,
	const struct word *w, const struct turn *t)
{
	struct cargo cargo = cross(cs, callee, caller, w, t);

	alarm_arm(cs->alarms, &call->alarm, t->now.mono_ms + CALL_UP_MAX_MS);
	if (!leg_answer(cs->legs, caller, phrase(w, 200, caller), &cargo, t)) {
		/* The caller heard a 500, so the callee has answered for nothing. */
		call->state = CALL_ENDING;
		call->status = 500;
		leg_end(cs->legs, callee, 500, STR(""), STR("SIP;cause=500"), NULL, t);
		return;
	}
	call->state = CALL_UP;
	call->status = 200;
	call->answered_at_s = t->now.wall_s;
	cs->answered++;
	call_note_answer(cs, call, caller, callee, t);
}

static void
pass_change(struct calls *cs, struct leg *from, struct leg *other, const struct word *w,
	const struct turn *t)
{
	struct cargo cargo;

	/* Both sides at once is glare, though each leg sees one INVITE only. */
	if (other == NULL || !leg_may_change(other)) {
		leg_refuse(cs->legs, from, 491, STR(""), NULL, t);
		return;
	}
	cargo = cross(cs, from, other, w, t);
	if (!leg_change(cs->legs, other, &cargo, t))
		leg_refuse(cs->legs, from, 500, STR(""), NULL, t);
}

static void
take_changed(struct calls *cs, struct leg *from, struct leg *other, const struct word *w,
	const struct turn *t)
{
	struct cargo cargo = cross(cs, from, other, w, t);
	struct cargo nothing = { .headers = STR(""), .body_headers = STR(""), .body = STR("") };

	/* Nobody waits for it any more: then no ACK will come that could be passed on either. */
	if (!leg_answer(cs->legs, other, phrase(w, 200, other), &cargo, t))
		leg_ack(cs->legs, from, &nothing, t);
}

static void
take_refused(struct calls *cs, struct leg *other, const struct word *w, const struct turn *t)
{
	struct cargo cargo = headers_cross(w->msg, other->speech.scheme, t);
	unsigned status = outcome_inside(w->status);

	leg_refuse(cs->legs, other, status, phrase(w, status, other), &cargo, t);
}

static struct relay *
free_relay(struct call *call)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		if (ref_is_none(call->relays[i].asked))
			return &call->relays[i];
	return NULL;
}

static void
pass_ask(struct calls *cs, struct call *call, struct leg *from, struct leg *other,
	const struct word *w, const struct turn *t)
{
	struct relay *relay = free_relay(call);
	struct ref asks = REF_NONE;
	struct cargo cargo;

	if (other != NULL && relay != NULL) {
		cargo = headers_cross(w->msg, other->speech.scheme, t);
		asks = leg_ask(cs->legs, other, w->method, &cargo, t);
	}
	if (ref_is_none(asks)) {
		struct cargo later = { .headers = STR("Retry-After: 1\r\n"),
			.body_headers = STR(""),
			.body = STR("") };

		leg_asked(cs->legs, from, w->txn, 500, STR("Other Leg Not Ready"), &later, t);
		return;
	}
	*relay = (struct relay){
		.asked = w->txn, .asks = asks, .side = ref_same(call->legs[0], from->ref) ? 0 : 1
	};
}

static void
pass_asked(struct calls *cs, struct call *call, const struct word *w, const struct turn *t)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++) {
		struct relay *relay = &call->relays[i];
		struct leg *asker;

		if (ref_is_none(relay->asked) || !ref_same(relay->asks, w->txn))
			continue;
		asker = leg_at(cs->legs, call->legs[relay->side]);
		if (asker != NULL) {
			struct cargo cargo = headers_cross(w->msg, asker->speech.scheme, t);
			unsigned status = w->status < 300 ? w->status : outcome_inside(w->status);

			leg_asked(cs->legs, asker, relay->asked, status, phrase(w, status, asker),
				&cargo, t);
		}
		*relay = (struct relay){ .side = 0 };
		return;
	}
}

/* What crosses is asked in another transaction from here on. */
static void
follow_anew(struct call *call, const struct word *w)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		if (!ref_is_none(call->relays[i].asked) && ref_same(call->relays[i].asks, w->txn))
			call->relays[i].asks = w->next;
}

void
call_drop_relays(struct calls *cs, struct call *call, const struct turn *t)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++) {
		struct relay *relay = &call->relays[i];
		struct leg *asker = leg_at(cs->legs, call->legs[relay->side]);

		if (ref_is_none(relay->asked))
			continue;
		if (asker != NULL)
			leg_asked(cs->legs, asker, relay->asked, 487, STR(""), NULL, t);
		*relay = (struct relay){ .side = 0 };
	}
}

static void
hear(struct calls *cs, struct call *call, struct leg *from, const struct word *w,
	const struct turn *t)
{
	struct leg *other = other_leg(cs, call, from);
	enum scheme to = other != NULL ? other->speech.scheme : SCHEME_SIP;
	struct cargo cargo;

	switch (w->word) {
	case WORD_NOTHING:
	case WORD_OVER: return;
	case WORD_NEXT: story_callee(cs, call, from); return;
	case WORD_ANEW: follow_anew(call, w); return;
	case WORD_RING:
		if (call->ringing_at_s == 0)
			call->ringing_at_s = t->now.wall_s;
		if (other == NULL)
			return;
		cargo = cross(cs, from, other, w, t);
		leg_ring(cs->legs, other, w->status, phrase(w, w->status, other), &cargo, t);
		return;
	case WORD_ANSWER:
		if (other != NULL)
			take_answer(cs, call, from, other, w, t);
		return;
	case WORD_ACK:
		cargo = headers_cross(w->msg, to, t);
		cargo.headers = STR("");
		if (other != NULL)
			leg_ack(cs->legs, other, &cargo, t);
		return;
	case WORD_CHANGE: pass_change(cs, from, other, w, t); return;
	case WORD_CHANGED:
		if (other != NULL)
			take_changed(cs, from, other, w, t);
		return;
	case WORD_REFUSED:
		if (other != NULL)
			take_refused(cs, other, w, t);
		return;
	case WORD_ASK: pass_ask(cs, call, from, other, w, t); return;
	case WORD_ASKED: pass_asked(cs, call, w, t); return;
	case WORD_CANCEL:
		if (from->is_cancelled)
			end_other(cs, call, other, w, t);
		else if (other == NULL || !leg_cancel_change(cs->legs, other, t))
			leg_refuse(cs->legs, from, 487, STR(""), NULL, t);
		return;
	case WORD_FAIL: refuse_caller(cs, call, other, w, t); return;
	case WORD_BYE: end_other(cs, call, other, w, t); return;
	}
}

void
call_hear(struct calls *cs, struct call *call, struct leg *from, const struct word *w,
	const struct turn *t)
{
	hear(cs, call, from, w, t);
	if (call->state == CALL_ENDING)
		call_note_ender(call,
			ref_same(from->ref, call->legs[0]) ? ENDED_BY_CALLER : ENDED_BY_CALLEE,
			w->reason);
	call_sweep(cs, call, w->reason, t);
}
