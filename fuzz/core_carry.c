/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out what the core asks for: what comes of it waits in a queue until all is done. */
#include <string.h>

#include "core_inside.h"
#include "fuzz.h"

/* ---- flows ---- */

struct flow_seen *
world_flow(struct flow_id id)
{
	for (unsigned i = 0; i < world.flow_count; i++)
		if (flow_same(world.flows[i].id, id))
			return &world.flows[i];
	return NULL;
}

/* Makes room by forgetting the oldest that is gone. */
static void
forget_flow(void)
{
	unsigned i = 0;

	while (i < world.flow_count && !world.flows[i].is_gone)
		i++;
	if (i == world.flow_count)
		return;
	world.flow_count--;
	memmove(&world.flows[i], &world.flows[i + 1],
		(world.flow_count - i) * sizeof world.flows[0]);
}

struct flow_seen *
add_flow(struct flow_id id, enum transport transport, const struct addr *peer)
{
	struct flow_seen *flow;

	if (world.flow_count == FLOWS_SEEN_MAX)
		forget_flow();
	if (world.flow_count == FLOWS_SEEN_MAX)
		return NULL;
	flow = &world.flows[world.flow_count];
	fuzz_check(world_flow(id) == NULL, STR_NONE); /* given out once and never again */
	world.flow_count++;
	*flow = (struct flow_seen){ .id = id, .transport = transport, .peer = *peer };
	return flow;
}

struct event *
later(enum event_kind kind)
{
	struct event *e = &world.queue[world.queue_count];

	fuzz_check(world.queue_count < QUEUE_MAX, STR_NONE);
	world.queue_count++;
	*e = (struct event){ .kind = kind };
	return e;
}

/* What a peer shows that opens a connection to us: nothing, or a certificate. */
static const struct {
	enum proof proof;
	struct str names;
	uint8_t fingerprint;
} shown[] = {
	{ PROOF_NONE, STR(""), 0 },
	{ PROOF_CLIENT_CERT, STR("fly.example.net,192.0.2.10,192.0.2.51,192.0.2.70"), 1 },
	{ PROOF_CLIENT_CERT, STR("media.example.net,example.com"), 3 },
	{ PROOF_CLIENT_CERT, STR("192.0.2.51,fly.example.net"), 7 },
	{ PROOF_NONE, STR(""), 7 }, /* nobody vouches for what was shown */
};
enum { SHOWN = sizeof shown / sizeof shown[0] };

static struct secured
secure(const struct flow_seen *flow)
{
	static uint8_t prints[SHOWN][FINGERPRINT_BYTES];
	unsigned which = world.shown % SHOWN;
	struct secured secured = { .proof = flow->is_dialled ? PROOF_NAME : shown[which].proof,
		.version = STR("TLSv1.3"),
		.cipher = STR("TLS_AES_256_GCM_SHA384"),
		.name = flow->is_dialled ? flow->name : shown[which].names };

	if (flow->is_dialled) {
		secured.own = world.own % 2 == 1 ? STR("example.com") : STR("");
		secured.named_by = (enum named_by)(world.own % 4);
		return secured;
	}
	secured.identity = secured.trust = world.identity % 2;
	memset(prints[which], shown[which].fingerprint, FINGERPRINT_BYTES);
	if (shown[which].fingerprint != 0)
		secured.fingerprint = str_of(prints[which], FINGERPRINT_BYTES);
	return secured;
}

void
later_open(struct flow_seen *flow)
{
	struct event *e = later(EV_FLOW_OPEN);
	bool is_tls = flow->transport == TRANSPORT_TLS;
	bool is_v6 = is_tls && flow->peer.family == ADDR_V6;

	flow->is_open = true;
	e->u.open.flow = flow->id;
	e->u.open.transport = flow->transport;
	e->u.open.listener = is_v6 ? 4 : is_tls ? 2 : 1;
	e->u.open.local = world_listeners[e->u.open.listener].local;
	e->u.open.local.port = flow->is_dialled ? 33333 : e->u.open.local.port;
	e->u.open.peer = flow->peer;
	if (is_tls)
		e->u.open.secured = secure(flow);
}

void
later_over(struct flow_seen *flow)
{
	struct event *e = later(flow->is_open ? EV_FLOW_CLOSED : EV_FLOW_FAILED);

	flow->is_gone = true;
	flow->is_open = false;
	e->u.closed.flow = flow->id;
	e->u.closed.reason = flow->is_shut ? STR("") : STR("the input wants it so");
}

/* ---- carrying out ---- */

/* Of one that the world has forgotten it knows that it is gone: nobody hears what is sent on it. */
static bool
is_forgotten(struct flow_id id, const struct flow_seen *flow)
{
	return flow == NULL && id.number > 2 && world.flow_count == FLOWS_SEEN_MAX;
}

static void
carry_send(const struct act *act)
{
	const struct flow_seen *flow = world_flow(act->u.send.flow);
	uint64_t number = act->u.send.flow.number;
	struct str kept;
	struct heard unkept; /* looked at, and forgotten */
	struct heard *heard;

	if (is_forgotten(act->u.send.flow, flow))
		return;
	kept = world_keep(act->u.send.bytes);
	heard = str_is_none(kept) ? &unkept : &world.heard[world.heard_count++ % HEARD_MAX];
	*heard = (struct heard){ .flow = act->u.send.flow,
		.transport = TRANSPORT_UDP,
		.at = act->u.send.to,
		.bytes = str_is_none(kept) ? act->u.send.bytes : kept };
	if (flow != NULL) {
		heard->transport = flow->transport;
		heard->at = flow->peer;
	} else {
		fuzz_check(number == 1 || number == 2, act->u.send.bytes);
		fuzz_check(heard->at.port != 0, act->u.send.bytes);
		fuzz_check((heard->at.family == ADDR_V6) == (number == 2), act->u.send.bytes);
	}
	world_show("<<<", heard->transport, heard->bytes);
	witness_sees(heard->transport, heard);
}

static void
carry_dial(const struct act *act)
{
	struct flow_seen *flow = add_flow(act->u.dial.flow, act->u.dial.transport, &act->u.dial.to);

	fuzz_check((act->u.dial.flow.number & FLOW_DIALLED) != 0, act->u.dial.about);
	fuzz_check(act->u.dial.to.port != 0, act->u.dial.about);
	fuzz_check(act->u.dial.transport != TRANSPORT_UDP, act->u.dial.about);
	fuzz_check(act->u.dial.transport != TRANSPORT_TLS || act->u.dial.name.len > 0,
		act->u.dial.about);
	if (flow == NULL) { /* no room to remember it: it fails */
		struct event *e = later(EV_FLOW_FAILED);

		e->u.closed.flow = act->u.dial.flow;
		return;
	}
	flow->is_dialled = true;
	flow->name = world_keep(act->u.dial.name);
	if (world.dial == WEATHER_GOOD)
		later_open(flow);
	else if (world.dial == WEATHER_FAILS)
		later_over(flow);
}

static void
carry_shut(const struct act *act)
{
	struct flow_seen *flow = world_flow(act->u.shut);

	if (is_forgotten(act->u.shut, flow))
		return;
	fuzz_check(flow != NULL && !flow->is_shut, STR_NONE);
	flow->is_shut = true;
	if (!flow->is_gone)
		later_over(flow);
}

/* What DNS says: the usual, or, of the same name, something else. */
static const struct dns_record srv[][9] = {
	{ { .order = 10, .weight = 3, .port = 5061, .name = STR("one.example.net") },
		{ .order = 10, .weight = 0, .port = 5060, .name = STR("two.example.net") } },
	{ { .order = 0, .weight = 0, .port = 0, .name = STR("") }, /* there is no such service */
		{ .order = 0, .weight = 0, .port = 0, .name = STR("one.example.net") } },
	{ { .order = 20, .weight = 0, .port = 5070, .name = STR("one.example.net") },
		{ .order = 10, .weight = 9, .port = 5060, .name = STR("one.example.net") },
		{ .order = 10, .weight = 9, .port = 5061, .name = STR("two.example.net") },
		{ .order = 10, .weight = 1, .port = 5062, .name = STR("two.example.net") },
		{ .order = 20, .weight = 0, .port = 5063, .name = STR("two.example.net") },
		{ .order = 30, .weight = 0, .port = 5064, .name = STR("two.example.net") },
		{ .order = 30, .weight = 0, .port = 5065, .name = STR("two.example.net") },
		{ .order = 40, .weight = 0, .port = 5066, .name = STR("two.example.net") },
		{ .order = 5, .weight = 0, .port = 5067, .name = STR("one.example.net") } },
};
static const unsigned srv_counts[] = { 2, 2, 9 };
static const struct dns_record naptr[][3] = {
	{ { .order = 10, .flags = STR("s"), .what = STR("SIP+D2U"), .name = STR("_sip._udp.a") },
		{ .order = 5,
			.flags = STR("S"),
			.what = STR("SIPS+D2T"),
			.name = STR("_sips._tcp.a") },
		{ .order = 1,
			.flags = STR("s"),
			.what = STR("SIPS+D2T"),
			.name = STR("_sip._udp.a") } },
	{ { .order = 1, .flags = STR("u"), .what = STR("E2U+sip"), .name = STR("") },
		{ .order = 2, .flags = STR("s"), .what = STR("SIP+D2S"), .name = STR("x") } },
	{ { .order = 2,
		  .weight = 2,
		  .flags = STR("s"),
		  .what = STR("SIP+D2T"),
		  .name = STR("_sip._tcp.a") },
		{ .order = 2,
			.weight = 1,
			.flags = STR("s"),
			.what = STR("SIP+D2U"),
			.name = STR("_sip._udp.a") },
		{ .order = 3, .flags = STR("s"), .what = STR("SIP+D2U"), .name = STR("") } },
};
static const unsigned naptr_counts[] = { 3, 2, 3 };
enum { SAYINGS = sizeof srv / sizeof srv[0] };

struct event
names_event(struct ref ask, enum names_kind kind, enum names_status status, unsigned which)
{
	struct event e = { .kind = EV_NAMES };

	which %= SAYINGS;
	e.u.names.ask = ask;
	e.u.names.kind = kind;
	e.u.names.status = status;
	e.u.names.ttl_s = 600;
	if (status != NAMES_FOUND)
		return e;
	if (kind == NAMES_ADDRESSES) {
		e.u.names.count = which == 0 ? 2 : 1;
		memcpy(e.u.names.addrs, which == 2 ? world_resolved + 1 : world_resolved,
			e.u.names.count * sizeof world_resolved[0]);
		return e;
	}
	e.u.names.count = kind == NAMES_NAPTR ? naptr_counts[which] : srv_counts[which];
	memcpy(e.u.names.services, kind == NAMES_NAPTR ? naptr[which] : srv[which],
		e.u.names.count * sizeof srv[0][0]);
	return e;
}

static void
carry_resolve(const struct act *act)
{
	struct event e = names_event(act->u.resolve.ask, act->u.resolve.kind,
		world.names == WEATHER_FAILS           ? NAMES_FAILED
			: world.names == WEATHER_STALE ? NAMES_ABSENT
						       : NAMES_FOUND,
		0);

	fuzz_check(act->u.resolve.name.len > 0, STR_NONE);
	if (world.names != WEATHER_WAITS)
		*later(EV_NAMES) = e;
	else if (world.asked_count < KEPT_MAX)
		world.asked[world.asked_count++] = e;
}

static void
tell_saved(struct ref ask, enum saved_status status)
{
	struct event *e = later(EV_SAVED);

	e->u.saved.ask = ask;
	e->u.saved.status = status;
}

void
tell_set(struct str aor, struct str set, uint64_t version)
{
	struct event *e = later(EV_BINDINGS);

	e->u.bindings.aor = aor;
	e->u.bindings.version = version;
	e->u.bindings.set = set;
}

/* Does what a good store does. */
static void
save(struct str aor, struct str set, uint64_t version, struct ref ask)
{
	unsigned i = 0;

	while (i < world.kept_count && !str_same(aor, world.kept[i].aor))
		i++;
	if (i == KEPT_MAX || (world.store != WEATHER_GOOD && world.store != WEATHER_WAITS)) {
		tell_saved(ask, world.store == WEATHER_STALE ? SAVED_STALE : SAVED_FAILED);
		return;
	}
	if (i == world.kept_count) {
		world.kept_count++;
		world.kept[i].aor = aor;
		world.kept[i].set = STR("");
		world.kept[i].version = 0;
	}
	if (version != (world.kept[i].set.len > 0 ? world.kept[i].version : 0)) {
		tell_saved(ask, SAVED_STALE);
		return;
	}
	world.kept[i].set = set;
	world.kept[i].version++;
	tell_set(aor, set, world.kept[i].version);
	if (world.store == WEATHER_WAITS && world.saving_count < KEPT_MAX)
		world.saving[world.saving_count++] = ask;
	else
		tell_saved(ask, SAVED_DONE);
}

static void
carry_save(const struct act *act)
{
	struct str aor = world_keep(act->u.save.aor), set = world_keep(act->u.save.set);

	fuzz_check(act->u.save.set.len <= SET_BYTES_MAX, act->u.save.aor);
	if (str_is_none(aor) || str_is_none(set)) {
		tell_saved(act->u.save.ask, SAVED_FAILED);
		return;
	}
	world.saves[world.save_count % SAVES_MAX].aor = aor;
	world.saves[world.save_count++ % SAVES_MAX].set = set;
	save(aor, set, act->u.save.version, act->u.save.ask);
}

void
carry_all(void)
{
	for (uint32_t i = 0; i < world.out.count; i++) {
		const struct act *act = &world.out.acts[i];

		switch (act->kind) {
		case ACT_SEND: carry_send(act); break;
		case ACT_DIAL: carry_dial(act); break;
		case ACT_SHUT: carry_shut(act); break;
		case ACT_RESOLVE: carry_resolve(act); break;
		case ACT_SAVE: carry_save(act); break;
		case ACT_NOTE: witness_reads_note(act->u.note.text); break;
		case ACT_RECORD: witness_reads_record(act->u.record); break;
		}
	}
	out_clear(&world.out);
}
