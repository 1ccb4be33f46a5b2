/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a call, so that it can be said later why it was as it was. */
#include "call/call.h"
#include "call/inside.h"

static void
put_asked(struct past *past, const struct call_request *r)
{
	past_put(past, PAST_CALLER, r->caller);
	past_put(past, PAST_NUMBER, r->number);
	past_put(past, PAST_ASKED_URI, r->invite->target.text);
	past_put(past, PAST_ASKED_FROM, r->invite->from.text);
	past_put(past, PAST_ASKED_TO, r->invite->to.text);
}

void
story_begin(struct calls *cs, struct call *call, const struct call_request *r, const struct turn *t)
{
	const struct leg *leg = leg_at(cs->legs, call->legs[0]);
	struct past *past;

	call->past = past_begin(&cs->pasts, true, call->uuid, t->now.wall_s);
	past = past_at(&cs->pasts, call->past);
	put_asked(past, r);
	past_put(past, PAST_OUR_CONTACT, leg_text(leg, TEXT_CONTACT));
	past->legs[0] = (struct past_leg){ .is_there = true,
		.speech = leg->speech,
		.transport = leg->transport,
		.peer = leg->peer,
		.tie = leg->flow_tie };
}

void
call_tell_verdict(
	struct calls *cs, const struct call *call, const struct verdict *verdict, struct str dn)
{
	struct past *past = past_at(&cs->pasts, call->past);

	if (past == NULL)
		return;
	past->verdict = *verdict;
	past_put(past, PAST_DN, dn);
}

void
story_callee(struct calls *cs, const struct call *call, const struct leg *callee)
{
	struct past *past = past_at(&cs->pasts, call->past);
	char text[URI_BYTES_MAX];
	struct buf face = buf_on(text, sizeof text);

	if (past == NULL)
		return;
	flows_write_face(cs->legs->flows, &face, callee->transport, &callee->peer, callee->flow);
	past_put(past, PAST_REQUEST_URI, leg_text(callee, TEXT_TARGET));
	past_put(past, PAST_FROM, leg_text(callee, TEXT_LOCAL));
	past_put(past, PAST_TO, leg_text(callee, TEXT_REMOTE));
	past_put(past, PAST_CONTACT, leg_text(callee, TEXT_CONTACT));
	past_put(past, PAST_FACE, buf_str(&face));
	past_put(past, PAST_ROUTE, leg_text(callee, TEXT_ROUTES));
	past_put(past, PAST_NAME, leg_text(callee, TEXT_NAME));
	past->legs[1] = (struct past_leg){ .is_there = true,
		.speech = callee->speech,
		.transport = callee->transport,
		.peer = callee->peer,
		.tie = callee->flow_tie };
}

void
story_end(struct calls *cs, const struct call *call, struct str why, const struct turn *t)
{
	struct past *past = past_at(&cs->pasts, call->past);

	if (past == NULL)
		return;
	past->status = call->status;
	past->answered_at_s = call->answered_at_s;
	past->over_at_s = t->now.wall_s;
	past_put(past, PAST_WHY, why);
}

void
calls_keep_refusal(struct calls *cs, const struct call_request *r, enum transport transport,
	unsigned status, struct str why, const struct verdict *verdict, char uuid[UUID_BYTES],
	const struct turn *t)
{
	struct past *past;
	uint64_t serial;

	uuid_next(&cs->uuids, uuid);
	serial = past_begin(&cs->pasts, false, uuid, t->now.wall_s);
	past = &cs->pasts.refusals[serial % cs->pasts.refusals_max];
	put_asked(past, r);
	past_put(past, PAST_WHY, why);
	past->legs[0] = (struct past_leg){ .is_there = true,
		.speech = speech_of_request(r->invite, transport),
		.transport = transport,
		.peer = r->way.addr,
		.tie = TIE_DIALOG };
	past->verdict = *verdict;
	past->status = status;
	past->over_at_s = t->now.wall_s;
}
