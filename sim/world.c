/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/poison.h"

enum {
	START_MS = 1000,
	START_S = 1700000000,
	DRAW_CHANCE = 0x10,
	DRAW_LATE,
	DRAW_SEED,
	/* Longer than any session, registration or transaction can last without its device. */
	QUIET_MS = 14 * 3600 * 1000,
	CLEAR_MS = 2000,
	LEAVE_MS = 80 * 1000, /* in which a farewell is answered or gives up */
	STALL_FORGOTTEN_MS = 70 * 1000,
};

/* ---- small things ---- */

struct item *
world_later(struct world *w, int64_t in_ms, enum item_kind kind, const char *bytes, size_t len)
{
	struct item *item = queue_put(&w->queue, w->now.mono_ms + in_ms, kind, bytes, len);

	item->life = w->life;
	return item;
}

bool
world_chance(struct world *w, uint64_t what, uint32_t ppm)
{
	return ppm > 0 && draw_ppm(w->options.seed, DRAW_CHANCE << 8 | what, w->draws++, ppm);
}

uint32_t
world_below(struct world *w, uint64_t what, uint32_t bound)
{
	return draw_below(w->options.seed, DRAW_CHANCE << 8 | what, w->draws++, bound);
}

/* ---- the server ---- */

static struct core_options
options_of(struct world *w)
{
	struct core_options options = { .directory = &w->directories[w->directory_now],
		.listeners = w->listeners,
		.listener_count = WORLD_LISTENERS,
		.calls_max = WORLD_CALLS_MAX,
		.requests_max = WORLD_REQUESTS_MAX,
		.flows_max = WORLD_FLOWS_OF_CORE,
		.addresses_max = WORLD_ADDRESSES_MAX,
		.writes_records = true };

	for (unsigned i = 0; i < sizeof options.seed; i++)
		options.seed[i] =
			(uint8_t)draw(w->options.seed, DRAW_SEED, (uint64_t)w->life << 8 | i);
	return options;
}

/* As `serve --record` does, of the first server alone: one recording is of one core. */
static void
start_recording(struct world *w, const struct core_options *options)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	if (w->options.record == NULL || w->life > 0)
		return;
	w->recorder = recorder_open(w->options.record, RECORDING_BYTES_MAX, &why);
	if (w->recorder == NULL || !recorder_begin(w->recorder, options, w->now, &why)) {
		fprintf(stderr, "sim: %.*s\n", (int)why.used, text);
		abort();
	}
}

static void
end_recording(struct world *w)
{
	if (w->recorder != NULL)
		recorder_close(w->recorder);
	w->recorder = NULL;
}

void
world_start_core(struct world *w)
{
	struct core_options options = options_of(w);

	w->memory_bytes = core_memory_bytes(&options);
	w->memory = mmap(NULL, w->memory_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->memory == MAP_FAILED)
		abort();
	w->core = core_open(&options, w->memory, w->memory_bytes, w->now);
	if (w->core == NULL)
		abort();
	out_clear(&w->out);
	w->tick_for_ms = INT64_MAX;
	start_recording(w, &options);
}

static void
stop_core(struct world *w)
{
	end_recording(w);
	core_close(w->core);
	UNPOISON(w->memory, w->memory_bytes);
	munmap(w->memory, w->memory_bytes);
}

void
world_crash(struct world *w)
{
	story_say(w, "the server dies and begins anew");
	w->troubles[TROUBLE_CRASH]++;
	for (uint32_t i = 0; i < w->wire_count; i++) {
		struct wire *wire = &w->wires[i];

		if (!wire->is_gone && !wire->is_cut)
			phone_lost(w, wire->who, wire->id);
		wire->is_gone = wire->is_cut = true;
	}
	stop_core(w);
	w->life++;
	world_start_core(w);
	check_crash(w->check);
	backing_restore(w);
}

static void
hash_in(struct world *w, const void *at, size_t len)
{
	const uint8_t *octets = at;
	uint64_t word;

	for (; len >= 8; octets += 8, len -= 8) {
		memcpy(&word, octets, 8);
		w->hash = (w->hash ^ word) * 0x100000001b3;
		w->hash ^= w->hash >> 29;
	}
	for (size_t i = 0; i < len; i++)
		w->hash = (w->hash ^ octets[i]) * 0x100000001b3;
}

static void
hash_act(struct world *w, const struct act *act)
{
	uint8_t kind = (uint8_t)act->kind;

	hash_in(w, &kind, 1);
	hash_in(w, &w->now.mono_ms, sizeof w->now.mono_ms);
	switch (act->kind) {
	case ACT_SEND:
		hash_in(w, &act->u.send.flow.number, sizeof(uint64_t));
		hash_in(w, act->u.send.to.ip, sizeof act->u.send.to.ip);
		hash_in(w, &act->u.send.to.port, sizeof act->u.send.to.port);
		hash_in(w, act->u.send.bytes.at, act->u.send.bytes.len);
		break;
	case ACT_DIAL:
		hash_in(w, &act->u.dial.flow.number, sizeof(uint64_t));
		hash_in(w, act->u.dial.name.at, act->u.dial.name.len);
		break;
	case ACT_SHUT: hash_in(w, &act->u.shut.number, sizeof(uint64_t)); break;
	case ACT_RESOLVE: hash_in(w, act->u.resolve.name.at, act->u.resolve.name.len); break;
	case ACT_SAVE: hash_in(w, act->u.save.set.at, act->u.save.set.len); break;
	case ACT_NOTE: hash_in(w, act->u.note.text.at, act->u.note.text.len); break;
	case ACT_RECORD: hash_in(w, act->u.record.at, act->u.record.len); break;
	}
}

static void
carry_all(struct world *w)
{
	for (uint32_t i = 0; i < w->out.count; i++) {
		const struct act *act = &w->out.acts[i];

		hash_act(w, act);
		switch (act->kind) {
		case ACT_SEND: wire_carry(w, act); break;
		case ACT_DIAL: wire_dial(w, act); break;
		case ACT_SHUT: wire_shut(w, act->u.shut); break;
		case ACT_RESOLVE: resolver_ask(w, act); break;
		case ACT_SAVE: backing_save(w, act); break;
		case ACT_RECORD:
			check_record(w->check, act->u.record.at, act->u.record.len);
			story_say(w, "record: %.*s", (int)act->u.record.len, act->u.record.at);
			break;
		case ACT_NOTE:
			check_note(w->check, act->u.note.text.at, act->u.note.text.len);
			story_say(w, "log: %.*s", (int)act->u.note.text.len, act->u.note.text.at);
			break;
		}
	}
	out_clear(&w->out);
}

static struct check_counts
counts_of(const struct world *w)
{
	struct counts c;

	core_count(w->core, &c);
	return (struct check_counts){ c.calls, c.legs, c.transactions, c.timers, c.flows,
		c.bindings, c.asks, c.alarms_total };
}

static void
judge(struct world *w)
{
	struct check_counts counts = counts_of(w);

	check_step(w->check, &counts);
}

void
world_feed(struct world *w, const struct event *event)
{
	w->events++;
	if (w->recorder != NULL)
		recorder_event(w->recorder, event, w->now, &w->out);
	core_feed(w->core, event, w->now, &w->out);
	if (w->recorder != NULL)
		recorder_answer(w->recorder, w->core, &w->out);
	carry_all(w);
	judge(w);
}

/* ---- time ---- */

/* When the host comes with what the core waits for: perhaps a little late. */
static int64_t
next_tick_ms(struct world *w)
{
	int64_t deadline_ms = core_deadline_ms(w->core);

	if (deadline_ms == INT64_MAX)
		return INT64_MAX;
	if (deadline_ms != w->tick_for_ms) {
		w->tick_for_ms = deadline_ms;
		w->tick_at_ms = deadline_ms < w->now.mono_ms ? w->now.mono_ms : deadline_ms;
		w->tick_at_ms +=
			draw_span(w->options.seed, DRAW_LATE, w->events, 0, w->weather.late_max_ms);
		w->troubles[TROUBLE_LATE] += w->tick_at_ms > deadline_ms;
	}
	return w->tick_at_ms;
}

static void
set_time(struct world *w, int64_t at_ms)
{
	if (at_ms > w->now.mono_ms)
		w->now.mono_ms = at_ms;
	w->now.wall_s = START_S + w->now.mono_ms / 1000 + w->wall_shift_s;
	check_time(w->check, w->now.mono_ms, w->now.wall_s, w->late_ms);
}

static void
item_due(struct world *w, struct item *item)
{
	switch (item->kind) {
	case ITEM_CORE:
		if (item->life == w->life)
			world_feed(w, &item->event);
		break;
	case ITEM_BYTES: wire_bytes_due(w, item); break;
	case ITEM_PHONE: {
		const struct wire *wire = wire_find(w, item->flow);

		/* Of a stream that died meanwhile nothing arrives. */
		if (item->flow.number <= WORLD_LISTENERS || (wire != NULL && !wire->is_cut))
			phone_hear(w, item->who, item->flow, item->bytes, item->len);
		break;
	}
	case ITEM_END: wire_end_due(w, item); break;
	case ITEM_OPEN: wire_open_due(w, item); break;
	case ITEM_DUE: phone_due(w, item); break;
	case ITEM_HAPPENING: plan_happen(w, item->what); break;
	}
}

/* Goes on until END_MS, or until something broke. */
static void
pass_until(struct world *w, int64_t end_ms)
{
	const struct event tick = { .kind = EV_TICK };

	while (check_broken(w->check) == NULL) {
		int64_t tick_ms = next_tick_ms(w), item_ms = queue_next_ms(&w->queue);

		if (tick_ms > end_ms && item_ms > end_ms)
			break;
		if (tick_ms <= item_ms) {
			set_time(w, tick_ms);
			w->tick_for_ms = INT64_MIN + 1;
			world_feed(w, &tick);
		} else {
			struct item *item = queue_take(&w->queue);

			set_time(w, item_ms);
			item_due(w, item);
			item_free(item);
		}
	}
	if (check_broken(w->check) == NULL)
		set_time(w, end_ms);
}

/* ---- a run ---- */

static void
put_listeners(struct world *w)
{
	w->listeners[0] = (struct listener){
		.transport = TRANSPORT_UDP, .local = addr_of("192.0.2.1", 5060), .flow = { 1 }
	};
	w->listeners[1] = (struct listener){ .transport = TRANSPORT_TCP,
		.local = addr_of("192.0.2.1", 5060) };
	w->listeners[2] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = addr_of("192.0.2.1", 5061) };
}

static void
open_world(struct world *w, const struct run_options *o)
{
	*w = (struct world){ .options = *o,
		.now = { START_MS, START_S },
		.hash = 0xcbf29ce484222325,
		.next_flow = 100 };
	weather_draw(&w->weather, o->seed, o->lose_ppm, o->weather_off);
	w->wires = calloc(WORLD_FLOWS_MAX, sizeof *w->wires);
	w->out_memory = malloc(OUT_BYTES);
	if (w->wires == NULL || w->out_memory == NULL)
		abort();
	out_init(&w->out, w->out_memory, OUT_BYTES);
	queue_open(&w->queue);
	put_listeners(w);
	backing_open(w); /* and the judge, who is told of the directory */
	phones_open(w);
	world_start_core(w);
	w->late_ms = w->weather.late_max_ms;
	plan_draw(&w->plan, o->seed, &w->weather);
	for (uint32_t i = 0; i < w->plan.count; i++)
		if (o->skip == NULL || o->skip[i] == 0)
			world_later(w, w->plan.all[i].at_ms, ITEM_HAPPENING, NULL, 0)->what = i;
}

static void
close_world(struct world *w)
{
	stop_core(w);
	phones_close(w);
	queue_close(&w->queue);
	backing_close(w);
	check_close(w->check);
	free(w->wires);
	free(w->out_memory);
}

/* All streams end, so that only the sockets are left of the flows. */
static void
cut_all(struct world *w)
{
	for (uint32_t i = 0; i < w->wire_count; i++)
		if (!w->wires[i].is_gone && !w->wires[i].is_cut)
			wire_cut(w, &w->wires[i], "the run is over");
}

/* Where we are registered we are no more. */
static void
take_leave(struct world *w)
{
	const struct event drain = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };

	check_drain(w->check);
	world_feed(w, &drain);
}

static void
calm_down(struct world *w)
{
	story_say(w, "---- the weather clears ----");
	w->is_calm = true;
	weather_calm(&w->weather);
	check_calm(w->check);
	phones_calm(w);
}

static void
tell_result(struct world *w, struct run_result *r)
{
	const struct broken *broken = check_broken(w->check);

	*r = (struct run_result){ .is_broken = broken != NULL,
		.hash = w->hash,
		.events = w->events,
		.calls = w->plan.calls,
		.answered = w->answered,
		.cancel_races = w->cancel_races,
		.changes = w->changes,
		.virtual_ms = w->now.mono_ms };
	if (broken != NULL)
		r->broken = *broken;
	memcpy(r->troubles, w->troubles, sizeof r->troubles);
	check_tally(w->check, &r->tally);
	core_count(w->core, &r->counts);
}

void
world_run(const struct run_options *o, struct run_result *r)
{
	static struct world world; /* one at a time; too large for the stack */
	struct world *w = &world;
	struct check_counts counts;

	open_world(w, o);
	pass_until(w, START_MS + PLAN_SPAN_MS);
	if (check_broken(w->check) == NULL) {
		calm_down(w);
		pass_until(w, w->now.mono_ms + QUIET_MS);
	}
	if (check_broken(w->check) == NULL && w->has_enrolled) {
		take_leave(w);
		pass_until(w, w->now.mono_ms + LEAVE_MS);
	}
	if (check_broken(w->check) == NULL) {
		cut_all(w);
		pass_until(w, w->now.mono_ms + CLEAR_MS);
		counts = counts_of(w);
		check_over(w->check, &counts);
	}
	tell_result(w, r);
	close_world(w);
}
