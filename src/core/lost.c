/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whose connection is gone (RFC 3261 18.2.2): a new one is opened to where the request
 * came from, at the port of its Via, over what the request came over: what was asked over TLS is
 * answered over TLS, to a peer that proves to be who the Via names. Everybody who answers may go
 * on as if the connection were there: this looks through what is about to leave. */
#include "core/inside.h"

#include <string.h>

/* Whether there is room for one more dial with its name. */
static bool
has_room(const struct out *out)
{
	return out->count < ACTS_MAX && out->bytes.size - out->bytes.used > 2 * TARGET_NAME_MAX;
}

/* The new way for the answer ACT with this VIA. Ends: true with *FLOW; false: there is none that is
 * allowed. */
static bool
choose(struct core *core, const struct via *via, const struct act *act, const struct turn *t,
	struct flow_id *flow)
{
	struct demand demand = { .name = via->host };
	struct candidate way = { .addr = act->u.send.to, .tie = TIE_NONE };
	enum transport was = flows_was(&core->flows, act->u.send.flow);
	struct target target;

	/* Whatever the Via says, nothing weaker is tried. */
	if (!transport_find(via->transport, &way.transport) || way.transport != was)
		return false;
	demand.speech = (struct speech){ SCHEME_SIP, way.transport };
	way.addr.port = via->port != 0 ? via->port : transport_port(way.transport);
	if (target_choose(&demand, &way, &target) != TARGET_CHOSEN ||
		!flows_reach(&core->flows, &target, STR("an answer"), t))
		return false;
	*flow = target.flow;
	return true;
}

/* Whether an act is an answer, beyond 100, for a connection that is gone. */
static bool
is_lost(const struct core *core, const struct act *act)
{
	return act->kind == ACT_SEND && str_begins(act->u.send.bytes, STR("SIP/2.0 ")) &&
		!str_begins(act->u.send.bytes, STR("SIP/2.0 100 ")) &&
		flows_find(&core->flows, act->u.send.flow) == NULL;
}

/* A dial for the send at PLACE that stands behind it (the new one stands last; some other may be
 * used that was asked for meanwhile) is put before it.
 * Ends: where the send is now. */
static uint32_t
dial_first(struct out *out, uint32_t place)
{
	struct flow_id flow = out->acts[place].u.send.flow;

	for (uint32_t i = place + 1; i < out->count; i++) {
		struct act dial = out->acts[i];

		if (dial.kind != ACT_DIAL || !flow_same(dial.u.dial.flow, flow))
			continue;
		memmove(&out->acts[place + 1], &out->acts[place], (i - place) * sizeof dial);
		out->acts[place] = dial;
		return place + 1;
	}
	return place;
}

void
lost_lead(struct core *core, uint32_t first, const struct turn *t)
{
	struct out *out = t->out;
	struct fault fault;

	for (uint32_t i = first; i < out->count; i++) {
		struct act *act = &out->acts[i];

		if (is_lost(core, act) && has_room(out) &&
			msg_parse(core->msg, act->u.send.bytes, true, &fault) &&
			choose(core, &core->msg->via, act, t, &act->u.send.flow))
			i = dial_first(out, i);
	}
}
