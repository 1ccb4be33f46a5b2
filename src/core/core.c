/* SPDX-License-Identifier: Apache-2.0 */
/* The conductor: what an event means for whom, and what one folder tells another. */
#include "core/inside.h"

#include "base/panic.h"

enum { FLOW_KEY_BYTES = MAP_KEY_BYTES };

static uint32_t
or_default(uint32_t asked, uint32_t usual)
{
	return asked != 0 ? asked : usual;
}

/* Carves everything, or only measures when the arena has no memory. */
static bool
carve(struct core *core, const struct core_options *o, struct arena *arena)
{
	uint32_t calls = or_default(o->calls_max, CALLS_MAX);
	uint32_t txns = calls * TXNS_PER_CALL + or_default(o->requests_max, REQUESTS_MAX);
	uint32_t flows = or_default(o->flows_max, FLOWS_MAX);
	uint32_t addresses = or_default(o->addresses_max, BINDINGS_MAX);
	struct txn_timers timers = { o->t1_ms != 0 ? o->t1_ms : T1_MS,
		o->t2_ms != 0 ? o->t2_ms : T2_MS, o->t4_ms != 0 ? o->t4_ms : T4_MS };
	struct registrar_options registrar = { .addresses_max = addresses,
		.listeners = o->listeners,
		.listener_count = o->listener_count,
		.alarms = &core->alarms,
		.txns = &core->txns };
	uint32_t alarms = txns * TXN_ALARMS + 2 * (calls + 1) * LEG_ALARMS + calls +
		2 * (flows + o->listener_count) + registrar_alarms(addresses) + DNS_LOOKED_UP_MAX +
		2 * ENROLS_MAX + PINGS_MAX;
	uint8_t key[FLOW_KEY_BYTES];
	char *scratch;
	bool ok;

	dice_bytes(&core->dice, key, sizeof key);
	ok = alarms_open(&core->alarms, arena, alarms);
	ok = flows_open(&core->flows, arena, flows, o->listeners, o->listener_count, key) && ok;
	ok = txns_open(&core->txns, arena, txns, &timers, &core->alarms, &core->dice) && ok;
	ok = legs_open(&core->legs, arena, 2 * calls + 1, &core->txns, &core->flows, &core->alarms,
		     &core->dice) &&
		ok;
	ok = calls_open(&core->calls, arena, calls, &core->legs, &core->txns, &core->alarms,
		     &core->dice) &&
		ok;
	ok = lookups_open(&core->lookups, arena, LOOKUPS_MAX, o->listeners, o->listener_count) &&
		ok;
	ok = peers_open(&core->peers, arena, DNS_LOOKED_UP_MAX, &core->alarms, &core->lookups) &&
		ok;
	ok = pairs_open(&core->pairs, arena, PAIRS_MAX, key) && ok;
	ok = enrols_open(&core->enrols, arena, ENROLS_MAX, &core->txns, &core->flows, &core->alarms,
		     &core->dice) &&
		ok;
	ok = pings_open(&core->pings, arena, PINGS_MAX, &core->txns, &core->flows, &core->alarms,
		     &core->dice) &&
		ok;
	ok = halves_open(core, arena) && ok;
	ok = lost_open(core, arena) && ok;
	core->gate = gate_open(arena, &core->dice, o->is_replay);
	core->registrar = registrar_open(arena, &registrar, &core->dice);
	core->msg = arena_take(arena, sizeof *core->msg, _Alignof(struct msg));
	scratch = arena_take(arena, SCRATCH_BYTES, 64);
	core->scratch = arena_scratch_on(scratch, SCRATCH_BYTES);
	return ok && core->gate != NULL && core->registrar != NULL && core->msg != NULL &&
		scratch != NULL;
}

size_t
core_memory_bytes(const struct core_options *o)
{
	static const uint8_t no_seed[DICE_SEED_BYTES];
	struct arena measure = arena_on(NULL, 0);
	struct core core = { .directory = o->directory };

	dice_init(&core.dice, no_seed);
	(void)arena_take(&measure, sizeof core, 64);
	(void)carve(&core, o, &measure);
	return measure.used + 64;
}

static void
use_directory(struct core *core, const struct directory *directory, struct when now)
{
	core->directory = directory;
	core->legs.uuid_header = directory->uuid_header;
	core->legs.realm = directory_realm(directory);
	core->legs.directory = directory;
	core->legs.gate = core->gate;
	core->challenges_invite = core->challenges_register = false;
	for (uint32_t i = 0; i < directory->count; i++) {
		core->challenges_invite |= directory->dns[i].challenges_invite;
		core->challenges_register |= directory->dns[i].challenges_register;
	}
	peers_directory(&core->peers, directory, now);
	core->enrols.gate = core->gate;
	enrols_directory(&core->enrols, directory, now);
	pings_directory(&core->pings, directory, now);
}

struct core *
core_open(const struct core_options *o, void *memory, size_t size, struct when now)
{
	struct arena arena = arena_on(memory, size);
	struct core *core = arena_take(&arena, sizeof *core, 64);

	if (core == NULL)
		return NULL;
	*core = (struct core){ .directory = o->directory, .is_replay = o->is_replay };
	dice_init(&core->dice, o->seed);
	if (!carve(core, o, &arena)) {
		core_close(core);
		return NULL;
	}
	core->calls.writes_records = o->writes_records;
	use_directory(core, o->directory, now);
	return core;
}

void
core_close(struct core *core)
{
	if (core->gate != NULL)
		gate_close(core->gate);
	core->gate = NULL;
}

/* A response, or none: what its transaction says goes to the leg, and what that says to the
 * call. */
static void
carry_news(struct core *core, const struct news *news, const struct msg *msg,
	const struct txn_way *way, const struct turn *t)
{
	struct leg *leg;
	struct word word;

	if (news->kind == NEWS_NONE)
		return;
	if (news->owner.kind == OWNER_ENROL) {
		enrols_hear(&core->enrols, news, msg, t);
		return;
	}
	if (news->owner.kind == OWNER_PING) {
		pings_hear(&core->pings, news, msg, t);
		return;
	}
	leg = news->owner.kind == OWNER_LEG ? leg_at(&core->legs, news->owner.ref) : NULL;
	if (leg == NULL) {
		legs_hear_orphan(&core->legs, news, msg, t);
		return;
	}
	(void)registered_call(core, leg->call, t);
	word = leg_hear_news(&core->legs, leg, news, msg, way, t);
	if (word.word == WORD_ANSWER && leg->is_fallback)
		crossings_fallback(core, leg, t);
	if (word.word == WORD_FAIL &&
		(news->kind == NEWS_TIMEOUT || news->kind == NEWS_UNREACHABLE))
		pings_call_failed(&core->pings, leg_text(leg, TEXT_DN), t);
	word_carry(core, leg, &word, t);
}

static void
response_hear(struct core *core, const struct arrival *a, const struct turn *t)
{
	bool is_stray = !txns_may_come_by(&core->txns, a->msg, &a->way);
	struct news news = { .kind = NEWS_NONE };

	/* What was asked over TLS is not answered by a datagram from anywhere. */
	if (!is_stray)
		news = txns_hear_response(&core->txns, a->msg, t->now, t->out, &is_stray);

	core->strays += is_stray;
	carry_news(core, &news, a->msg, &a->way, t);
}

/* Whether a datagram only keeps the way through a NAT open: CR, LF, NUL or spaces and nothing
 * else. */
static bool
is_keepalive(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\r' && text.at[i] != '\n' && text.at[i] != '\0' &&
			text.at[i] != ' ')
			return false;
	return true;
}

void
core_hear(struct core *core, struct flow *flow, const struct addr *source, struct str text,
	const struct turn *t)
{
	struct fault fault = { .what = FAULT_NONE };
	bool is_stream = flow->transport != TRANSPORT_UDP;
	bool is_whole = msg_parse(core->msg, text, is_stream, &fault);
	struct arrival a = { .msg = core->msg, .flow = flow, .source = *source };

	a.way = (struct txn_way){ .flow = flow->id,
		.addr = *source,
		.is_reliable = is_stream,
		.is_tls = flow->transport == TRANSPORT_TLS };
	if (!is_whole) {
		core->faults++;
		note_fault(core, flow, source, fault.what, fault.at, t);
		if (msg_may_answer(core->msg)) {
			if (!is_stream)
				a.way.addr = via_answer_to(&core->msg->via, source);
			respond_fault(core, &a, &fault, t);
		}
		return;
	}
	if (!core->msg->is_request) {
		response_hear(core, &a, t);
		return;
	}
	if (!is_stream)
		a.way.addr = via_answer_to(&core->msg->via, source);
	alias_hear(core, flow);
	request_hear(core, &a, t);
}

/* The whole sentence; of one with more strange octets than a line can hold, what is sure to fit. */
static void
put_reason(struct buf *line, struct str reason)
{
	struct buf before = *line;

	buf_quoted(line, reason, NOTE_BYTES_MAX / 2);
	if (buf_ok(line))
		return;
	*line = before;
	buf_quoted(line, reason, NOTE_BYTES_MAX / 5);
}

static void
flow_gone(struct core *core, const struct event *event, const struct turn *t)
{
	struct flow *flow = flows_find(&core->flows, event->u.closed.flow);
	bool is_failure = event->kind == EV_FLOW_FAILED;
	struct buf line;

	if (flow == NULL)
		return;
	if (is_failure || !str_is_empty(event->u.closed.reason)) {
		line = note_begin(t);
		buf_put(&line, transport_name(flow->transport));
		buf_put(&line, is_failure ? STR(" to ") : STR(" with "));
		addr_write_port(&line, &flow->peer);
		buf_put(&line, is_failure ? STR(" failed: ") : STR(" is over: "));
		put_reason(&line, event->u.closed.reason);
		note_end(t, is_failure ? NOTE_ERROR : NOTE_INFO, &line);
	}
	stream_drop(core, flow);
	flows_drop(&core->flows, flow);
	txns_flow_gone(&core->txns, event->u.closed.flow, t->now);
	registrar_flow_gone(core->registrar, event->u.closed.flow, t->now, t->out);
	enrols_flow_gone(&core->enrols, event->u.closed.flow, t);
	lost_failed(core, event->u.closed.flow, t);
}

static void
flow_open(struct core *core, const struct event *event, const struct turn *t)
{
	bool is_dialled = (event->u.open.flow.number & FLOW_DIALLED) != 0;

	if (flows_add(&core->flows, event) == NULL) {
		struct buf line = note_begin(t);

		buf_put(&line,
			is_dialled ? STR("nobody waits for the connection to ")
				   : STR("no room for one more connection, from "));
		addr_write_port(&line, &event->u.open.peer);
		note_end(t, NOTE_WARN, &line);
		out_shut(t->out, event->u.open.flow);
	} else if (is_dialled) {
		alias_offer(core, event);
		lost_found(core, event->u.open.flow);
	}
}

static void
bytes_hear(struct core *core, const struct event *event, const struct turn *t)
{
	struct flow *flow = flows_find(&core->flows, event->u.bytes.flow);

	if (flow == NULL || flow->is_shut || flow->is_deaf)
		return;
	flow->heard_at_ms = t->now.mono_ms;
	if (flow->transport != TRANSPORT_UDP)
		stream_hear(core, flow, event->u.bytes.data, t);
	else if (!is_keepalive(event->u.bytes.data))
		core_hear(core, flow, &event->u.bytes.from, event->u.bytes.data, t);
}

/* The store has answered: what was registered by outbound has a flow that must be heard. */
static void
saved(struct core *core, const struct event *event, const struct turn *t)
{
	uint32_t first = t->out->count;
	struct flow_id watch = registrar_saved(
		core->registrar, event->u.saved.ask, event->u.saved.status, t->now, t->out);
	struct flow *flow = flow_is_none(watch) ? NULL : flows_find(&core->flows, watch);

	if (flow != NULL)
		stream_watch(core, flow, t);
	stream_end_deaf(core, first, t);
}

static void
ring(struct core *core, const struct alarm *alarm, const struct turn *t)
{
	struct news news;
	struct leg *leg;
	struct call *call;
	struct flow *flow;
	struct word word;
	uint32_t first;

	switch (alarm->kind) {
	case ALARM_TXN:
		news = txns_ring(&core->txns, alarm, t->now, t->out);
		carry_news(core, &news, NULL, NULL, t);
		return;
	case ALARM_LEG:
		leg = leg_at(&core->legs, alarm->owner);
		must(leg != NULL);
		(void)registered_call(core, leg->call, t);
		word = leg_hear_alarm(&core->legs, leg, alarm, t);
		word_carry(core, leg, &word, t);
		return;
	case ALARM_CALL:
		call = registered_call(core, alarm->owner, t);
		must(call != NULL);
		if (call_ring(&core->calls, call, t))
			invite_again(core, call, t);
		return;
	case ALARM_REG:
		first = t->out->count;
		registrar_ring(core->registrar, alarm, t->now, t->out);
		stream_end_deaf(core, first, t);
		return;
	case ALARM_FLOW:
		flow = pool_at(&core->flows.pool, alarm->owner);
		must(flow != NULL);
		stream_ring(core, flow, alarm, t);
		return;
	case ALARM_HOP: peers_ring(&core->peers, alarm, t); return;
	case ALARM_ENROL: enrolment_ring(core, alarm, t); return;
	case ALARM_PING: enrolment_ping(core, alarm, t); return;
	case ALARM_KINDS: must(false);
	}
}

static void
hear_event(struct core *core, const struct event *event, const struct turn *t)
{
	switch (event->kind) {
	case EV_TICK: return;
	case EV_BYTES: bytes_hear(core, event, t); return;
	case EV_FLOW_OPEN: flow_open(core, event, t); return;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED: flow_gone(core, event, t); return;
	case EV_NAMES: names_hear(core, event, t); return;
	case EV_BINDINGS:
		registrar_set(core->registrar, event->u.bindings.aor, event->u.bindings.version,
			event->u.bindings.set, t->now);
		return;
	case EV_SAVED: saved(core, event, t); return;
	case EV_ORDER:
		core->is_draining = true;
		enrols_drain(&core->enrols, t->now);
		pings_drain(&core->pings);
		return;
	case EV_DIRECTORY: use_directory(core, event->u.directory, t->now); return;
	}
}

/* Hangs up call by call while there is room for what that takes. */
static void
drain(struct core *core, const struct turn *t)
{
	while (core->drain_slot < core->calls.pool.fresh && out_has_room(t->out)) {
		struct call *call = pool_slot(&core->calls.pool, core->drain_slot++);

		arena_clear(t->scratch);
		if (call != NULL)
			call_hang_up(&core->calls, registered_call(core, call->ref, t), t);
	}
}

void
core_feed(struct core *core, const struct event *event, struct when now, struct out *out)
{
	struct turn turn = { .now = now, .out = out, .scratch = &core->scratch };
	uint32_t first = out->count;

	core->fed_at = now;
	arena_clear(&core->scratch);
	gate_begin(core->gate);
	hear_event(core, event, &turn);
	for (uint32_t n = 0; n < ALARMS_PER_EVENT_MAX && out_has_room(out); n++) {
		struct alarm *alarm = alarms_due(&core->alarms, now.mono_ms);

		if (alarm == NULL)
			break;
		arena_clear(&core->scratch);
		core->rung++;
		ring(core, alarm, &turn);
	}
	if (core->is_draining)
		drain(core, &turn);
	lost_lead(core, first, &turn);
	arena_clear(&core->scratch);
	if (core->is_replay)
		gate_tell(core->gate, STR(""));
}

struct str
core_verdicts(const struct core *core)
{
	return gate_verdicts(core->gate);
}

void
core_tell(struct core *core, struct str verdicts)
{
	gate_tell(core->gate, verdicts);
}

int64_t
core_deadline_ms(const struct core *core)
{
	if (core->is_draining && core->drain_slot < core->calls.pool.fresh)
		return INT64_MIN;
	return alarms_deadline_ms(&core->alarms);
}
