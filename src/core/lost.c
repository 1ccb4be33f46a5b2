/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whose connection is gone (RFC 3261 18.2.2): a new one is opened to where the request
 * came from, at the port of its Via, over what the request came over: what was asked over TLS is
 * answered over TLS, as who we were there, to a peer that proves to be who the Via names, which
 * must be one that its certificate named, if it had shown one. Everybody who answers may go on as
 * if the connection were there: this looks through what is about to leave.
 *
 * When that connection fails the answer goes to the servers of the Via's name, one after the other
 * (RFC 3263 5). Until one is there it is kept, in a table of its own. */
#include "core/inside.h"

#include <string.h>

#include "base/panic.h"
#include "secure/identity.h"

/* One answer that looks for a way. */
struct lost {
	struct ref ref;
	struct flow_id was;  /* its connection that is gone                */
	struct flow_id flow; /* that is dialled for it; FLOW_NONE: none yet */
	struct ref lookup;   /* that is under way, or REF_NONE              */
	struct demand demand;
	struct addr first; /* where the request came from, which was tried first */
	uint16_t port;     /* of the Via                                          */
	uint32_t name_len, host_len;
	char name[HOST_BYTES_MAX]; /* whom the far end must prove to be        */
	char host[HOST_BYTES_MAX]; /* of the Via: whose servers it is led to   */
	enum method method;
	struct str branch; /* in the text */
	int64_t until_ms;  /* then nobody waits for it any more */
	bool is_located;
	struct place places[PLACES_MAX];
	uint32_t place_count, place_at;
	uint32_t len;
	char text[LOST_BYTES_MAX];
};

bool
lost_open(struct core *core, struct arena *arena)
{
	return pool_open(&core->lost, arena, LOST_MAX, sizeof(struct lost));
}

/* Whether there is room for one more dial with its name. */
static bool
has_room(const struct out *out)
{
	return out->count < ACTS_MAX && out->bytes.size - out->bytes.used > 2 * TARGET_NAME_MAX;
}

/* A way to ADDR for DEMAND. Ends: true with *FLOW; false: there is none that is allowed. */
static bool
choose(struct core *core, const struct demand *demand, const struct addr *addr,
	const struct turn *t, struct flow_id *flow)
{
	struct candidate way = {
		.transport = demand->speech.transport, .addr = *addr, .tie = TIE_NONE
	};
	struct target target;

	if (target_choose(demand, &way, &target) != TARGET_CHOSEN ||
		!flows_reach(&core->flows, &target, STR("an answer"), t))
		return false;
	*flow = target.flow;
	return true;
}

/* Who must take the answer to VIA. Who had shown a certificate is one that it named: an address
 * proves little, so where it names none such it is its first; another name is somebody else's (RFC
 * 5922 4). Ends: false for that. */
static bool
name_of(const struct via *via, const struct flow_gone *gone, struct str *name)
{
	struct str names = str_of(gone->names, gone->names_len);
	struct addr ip;

	*name = via->host;
	if (str_is_empty(names) || identity_is_listed(names, via->host))
		return true;
	*name = str_cut(&names, ',');
	return addr_parse(&ip, via->host);
}

static void
note_foreign(const struct via *via, const struct flow_gone *gone, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("an answer is not sent to "));
	buf_quoted(&line, via->host, LOG_TEXT_MAX);
	buf_put(&line,
		STR(" of its Via: its connection is gone, and the certificate there names "));
	buf_quoted(&line, str_of(gone->names, gone->names_len), LOG_TEXT_MAX);
	note_end(t, NOTE_WARN, &line);
}

/* What the answer to VIA demands, whose connection is GONE: nothing weaker than that was, whatever
 * the Via says. Ends: false if it says something else. */
static bool
demand_of(const struct via *via, const struct flow_gone *gone, const struct turn *t,
	struct demand *demand)
{
	enum transport transport;

	if (!transport_find(via->transport, &transport) || transport != gone->transport)
		return false;
	*demand = (struct demand){ .terms = gone->terms };
	if (!name_of(via, gone, &demand->name)) {
		note_foreign(via, gone, t);
		return false;
	}
	demand->speech.transport = transport;
	demand->speech.scheme = transport == TRANSPORT_TLS ? SCHEME_SIPS : SCHEME_SIP;
	return true;
}

/* ---- those that are kept ------------------------------------------------------------------- */

static void
give(struct core *core, struct lost *lost)
{
	lookup_give(&core->lookups, lost->lookup);
	pool_give(&core->lost, lost->ref);
}

/* The answer to the same request that is kept already: the later one takes its place. */
static struct lost *
find(const struct core *core, struct flow_id was, const struct msg *msg)
{
	for (uint32_t slot = 0; slot < core->lost.fresh; slot++) {
		struct lost *lost = pool_slot(&core->lost, slot);

		if (lost != NULL && flow_same(lost->was, was) && lost->method == msg->method &&
			lost->branch.len > 0 && str_same(lost->branch, msg->via.branch))
			return lost;
	}
	return NULL;
}

static void
keep_text(struct lost *lost, const struct msg *msg, struct str text)
{
	struct str branch = msg->via.branch;

	memcpy(lost->text, text.at, text.len);
	lost->len = (uint32_t)text.len;
	lost->branch =
		branch.len > 0 ? str_of(lost->text + (branch.at - text.at), branch.len) : STR_NONE;
}

/* Keeps the answer ACT until FLOW to FIRST is there, so that it can go elsewhere if that fails. */
static void
keep(struct core *core, const struct act *act, const struct demand *demand,
	const struct addr *first, struct flow_id flow, const struct turn *t)
{
	const struct via *via = &core->msg->via;
	struct ref ref;
	struct lost *lost;

	if (act->u.send.bytes.len > LOST_BYTES_MAX || via->host.len > HOST_BYTES_MAX ||
		demand->name.len > HOST_BYTES_MAX)
		return;
	lost = pool_take(&core->lost, &ref);
	if (lost == NULL)
		return;
	lost->ref = ref;
	lost->was = act->u.send.flow;
	lost->flow = flow;
	lost->lookup = REF_NONE;
	lost->first = *first;
	lost->port = via->port;
	lost->host_len = (uint32_t)via->host.len;
	memcpy(lost->host, via->host.at, via->host.len);
	lost->name_len = (uint32_t)demand->name.len;
	memcpy(lost->name, demand->name.at, demand->name.len);
	lost->demand = *demand;
	lost->demand.name = str_of(lost->name, lost->name_len);
	lost->method = core->msg->method;
	lost->until_ms = t->now.mono_ms + LOST_WAIT_MS;
	lost->is_located = false;
	lost->place_count = lost->place_at = 0;
	keep_text(lost, core->msg, act->u.send.bytes);
}

static void
give_up(struct core *core, struct lost *lost, struct str why, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("an answer finds no way to "));
	addr_write_port(&line, &lost->first);
	buf_put(&line, STR(", whose connection is gone, nor to "));
	buf_quoted(&line, lost->demand.name, LOG_TEXT_MAX);
	buf_put(&line, STR(": "));
	buf_put(&line, why);
	note_end(t, NOTE_WARN, &line);
	give(core, lost);
}

/* Goes on with the next place, or ends. */
static void
go_on(struct core *core, struct lost *lost, const struct turn *t)
{
	lost->flow = FLOW_NONE;
	while (lost->place_at < lost->place_count && t->now.mono_ms < lost->until_ms) {
		const struct place *place = &lost->places[lost->place_at++];

		if (addr_same(&place->addr, &lost->first) ||
			!choose(core, &lost->demand, &place->addr, t, &lost->flow))
			continue;
		out_send(t->out, lost->flow, &place->addr,
			out_keep(t->out, str_of(lost->text, lost->len)));
		if (flows_find(&core->flows, lost->flow)->is_open)
			lost_found(core, lost->flow);
		return;
	}
	give_up(core, lost, STR("no server takes it"), t);
}

void
lost_located(
	struct core *core, const struct lookup *lookup, enum locating outcome, const struct turn *t)
{
	struct lost *lost = pool_at(&core->lost, lookup->owner);
	const struct locate *l = &lookup->locate;
	struct str why = outcome == LOCATE_FOUND ? STR_NONE : locate_why(l);

	must(lost != NULL && ref_same(lost->lookup, lookup->ref));
	lost->is_located = true;
	lost->place_at = 0;
	lost->place_count = l->place_count;
	memcpy(lost->places, l->places, l->place_count * sizeof *l->places);
	places_draw(lost->places, lost->place_count, &core->dice);
	lookup_give(&core->lookups, lost->lookup);
	lost->lookup = REF_NONE;
	if (outcome == LOCATE_FOUND)
		go_on(core, lost, t);
	else
		give_up(core, lost, why, t);
}

/* RFC 3263 5: the sent-by of the Via, over the transport that it has. */
static void
seek(struct core *core, struct lost *lost, const struct turn *t)
{
	struct sought sought = { .speech = lost->demand.speech,
		.has_transport = true,
		.host = str_of(lost->host, lost->host_len),
		.port = lost->port };
	struct lookup *lookup = NULL;
	enum locating outcome;

	lost->flow = FLOW_NONE;
	/* A quarter of the table is left to the DNs. */
	if (pool_left(&core->lookups.pool) > LOOKUPS_MAX / 4)
		lookup = lookup_take(&core->lookups, LOOKUP_FOR_LOST, lost->ref);
	if (lookup == NULL) {
		give_up(core, lost, STR("too many names are being looked up"), t);
		return;
	}
	(void)addr_parse(&sought.ip, sought.host);
	lost->lookup = lookup->ref;
	outcome = lookup_begin(&core->lookups, lookup, &sought, t);
	if (outcome != LOCATE_ASKS)
		lost_located(core, lookup, outcome, t);
}

/* ---- what becomes of a connection ---------------------------------------------------------- */

void
lost_found(struct core *core, struct flow_id flow)
{
	for (uint32_t slot = 0; slot < core->lost.fresh; slot++) {
		struct lost *lost = pool_slot(&core->lost, slot);
		struct flow_gone *gone;

		if (lost == NULL || !flow_same(lost->flow, flow))
			continue;
		gone = flows_was(&core->flows, lost->was);
		if (gone != NULL)
			gone->next = flow;
		give(core, lost);
	}
}

void
lost_failed(struct core *core, struct flow_id flow, const struct turn *t)
{
	for (uint32_t slot = 0; slot < core->lost.fresh; slot++) {
		struct lost *lost = pool_slot(&core->lost, slot);

		if (lost == NULL || !flow_same(lost->flow, flow))
			continue;
		if (!out_has_room(t->out)) /* some fifty failed at once */
			give(core, lost);
		else if (lost->is_located || t->now.mono_ms >= lost->until_ms)
			go_on(core, lost, t);
		else
			seek(core, lost, t);
	}
}

/* ---- what is about to leave ---------------------------------------------------------------- */

/* Where the answers behind an earlier one go, if that is to whom DEMAND names. */
static bool
goes_on(const struct core *core, const struct flow_gone *gone, const struct demand *demand,
	struct flow_id *flow)
{
	const struct flow *next = flows_find(&core->flows, gone->next);

	if (next == NULL || next->is_shut || next->transport != TRANSPORT_TLS ||
		!str_alike(flow_name(next), demand->name))
		return false;
	*flow = next->id;
	return true;
}

/* The new way for the answer ACT to the request that core->msg answers. Ends: true with *FLOW;
 * false: there is none (yet). */
static bool
lead(struct core *core, const struct act *act, const struct turn *t, struct flow_id *flow)
{
	const struct flow_gone *gone = flows_was(&core->flows, act->u.send.flow);
	const struct via *via = &core->msg->via;
	struct addr first = act->u.send.to;
	struct demand demand;
	struct lost *lost;

	if (gone == NULL || !demand_of(via, gone, t, &demand))
		return false;
	if (goes_on(core, gone, &demand, flow))
		return true;
	lost = find(core, act->u.send.flow, core->msg);
	if (lost != NULL && act->u.send.bytes.len <= LOST_BYTES_MAX) {
		keep_text(lost, core->msg, act->u.send.bytes);
		*flow = lost->flow;
		return !flow_is_none(*flow);
	}
	first.port = via->port != 0 ? via->port : transport_port(demand.speech.transport);
	if (!choose(core, &demand, &first, t, flow))
		return false;
	if (!flows_find(&core->flows, *flow)->is_open)
		keep(core, act, &demand, &first, *flow, t);
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
		struct flow_id flow;

		if (!is_lost(core, act) || !has_room(out) ||
			!msg_parse(core->msg, act->u.send.bytes, true, &fault) ||
			!lead(core, act, t, &flow))
			continue;
		act->u.send.flow = flow;
		i = dial_first(out, i);
	}
}
