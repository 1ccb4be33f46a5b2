/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

enum { DRAW_PLAN = 0x60, DRAW_AT, DRAW_KIND, DRAW_WHO, DRAW_HOW, DRAW_OWN };

enum {
	OTHERS_MAX = 120, /* what is no call, in a run */
	STALL_MAX_MS = 20000,
	JUMP_MAX_S = 3 * 3600,
	FLOOD = 60,
	TIMES = 10, /* what there is room for */
};

const char *
happening_name(enum happening_kind kind)
{
	static const char *const all[] = {
#define X(name) #name,
		HAPPENINGS(X)
#undef X
	};

	return all[kind];
}

static void
put(struct plan *plan, uint64_t seed, int64_t at_ms, enum happening_kind kind)
{
	if (plan->count == PLAN_MAX)
		return;
	plan->all[plan->count] = (struct happening){
		.at_ms = at_ms, .kind = kind, .draw = draw(seed, DRAW_OWN, plan->count)
	};
	plan->count++;
}

/* What else happens, by weight. */
static enum happening_kind
draw_kind(uint64_t seed, uint32_t n, const struct weather *weather)
{
	static const struct {
		enum happening_kind kind;
		uint32_t weight;
	} weights[] = {
		{ HAPPEN_REGISTER, 30 },
		{ HAPPEN_OPTIONS, 10 },
		{ HAPPEN_PING, 10 },
		{ HAPPEN_GARBAGE, 10 },
		{ HAPPEN_REPLAY, 16 },
		{ HAPPEN_FORGED, 8 },
		{ HAPPEN_CUT, 6 },
		{ HAPPEN_WALL, 4 },
		{ HAPPEN_STALL, 2 },
		{ HAPPEN_RELOAD, 4 },
	};
	uint32_t total = 0, at;

	for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
		total += weights[i].weight;
	at = draw_below(seed, DRAW_KIND, n, total);
	for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
		enum happening_kind kind = weights[i].kind;

		if (at >= weights[i].weight) {
			at -= weights[i].weight;
			continue;
		}
		if (((kind == HAPPEN_WALL || kind == HAPPEN_STALL) && !weather->has_clock_jumps) ||
			(kind == HAPPEN_RELOAD && !weather->has_reloads) ||
			((kind == HAPPEN_GARBAGE || kind == HAPPEN_REPLAY ||
				 kind == HAPPEN_FORGED) &&
				weather->bad_ppm == 0))
			return HAPPEN_REGISTER;
		return kind;
	}
	return HAPPEN_REGISTER;
}

void
plan_draw(struct plan *plan, uint64_t seed, const struct weather *weather)
{
	uint32_t others = draw_below(seed, DRAW_PLAN, 0, OTHERS_MAX + 1);

	*plan = (struct plan){ .calls = PLAN_CALLS };
	/* The devices that register do so at first. */
	for (int i = 0; i < 10; i++)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 0, 3000), HAPPEN_REGISTER);
	for (int i = 0; i < PLAN_CALLS; i++)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 500, PLAN_SPAN_MS * 9 / 10),
			HAPPEN_CALL);
	for (uint32_t i = 0; i < others; i++)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 0, PLAN_SPAN_MS),
			draw_kind(seed, i, weather));
	for (uint32_t i = 0; weather->has_crashes && i < 1 + seed % 2; i++)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 5000, PLAN_SPAN_MS),
			HAPPEN_CRASH);
	if (draw_below(seed, DRAW_PLAN, 1, 10) == 0)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 5000, PLAN_SPAN_MS),
			HAPPEN_FLOOD);
	if (draw_below(seed, DRAW_PLAN, 3, 40) == 0)
		put(plan, seed, draw_span(seed, DRAW_AT, plan->count, 5000, PLAN_SPAN_MS),
			HAPPEN_OVERLOAD);
	if (draw_below(seed, DRAW_PLAN, 2, 30) == 0)
		put(plan, seed, PLAN_SPAN_MS - 5000, HAPPEN_DRAIN);
}

/* ---- doing it ---- */

static void
cut_one(struct world *w, uint64_t own)
{
	uint32_t from = w->wire_count > 24 ? w->wire_count - 24 : 0;
	struct wire *wire;

	if (w->wire_count == 0)
		return;
	wire = &w->wires[from + draw_below(own, DRAW_WHO, 0, w->wire_count - from)];
	if (!wire->is_gone && wire->is_open)
		wire_cut(w, wire, "somebody pulled the plug");
}

static void
stall(struct world *w, uint64_t own)
{
	int64_t span_ms = draw_span(own, DRAW_HOW, 0, 100, STALL_MAX_MS);

	story_say(w, "the machine sleeps for %lld ms", (long long)span_ms);
	w->troubles[TROUBLE_STALL]++;
	w->late_ms += span_ms;
	w->now.mono_ms += span_ms;
}

static void
flood(struct world *w, uint32_t who, uint64_t own)
{
	for (uint64_t i = 0; i < FLOOD; i++) {
		if (i % 3 == 0)
			phone_call(w, who, 1000 + (uint32_t)i, draw(own, DRAW_HOW, i));
		else
			phone_options(w, who, draw(own, DRAW_HOW, i));
	}
}

/* Calls from everybody, among requests of one who asks and does not listen. */
static void
overload(struct world *w, uint64_t own)
{
	const uint32_t calls = TIMES * WORLD_CALLS_MAX, others = TIMES * WORLD_REQUESTS_MAX;

	for (uint32_t i = 0; i < others; i++) {
		phone_storm(w);
		if (i % (others / calls) == others / calls - 1)
			phone_call(w, draw_below(own, DRAW_WHO, 1 + i, PHONES),
				2000 + i / (others / calls), draw(own, DRAW_HOW, i));
	}
}

/* Numbers of calls begin at 1, in the order of the plan. */
static uint32_t
call_number_of(const struct plan *plan, uint32_t n)
{
	uint32_t number = 1;

	for (uint32_t i = 0; i < n; i++)
		number += plan->all[i].kind == HAPPEN_CALL;
	return number;
}

void
plan_happen(struct world *w, uint32_t n)
{
	const struct event drain = { .kind = EV_ORDER, .u.order = ORDER_DRAIN };
	const struct happening *h = &w->plan.all[n];
	uint32_t who = draw_below(h->draw, DRAW_WHO, 0, PHONES);

	if (w->options.story != NULL)
		story_say(w, "[%u] %s", n, happening_name(h->kind));
	w->troubles[TROUBLE_HOSTILE_DEVICE] +=
		h->kind == HAPPEN_GARBAGE || h->kind == HAPPEN_REPLAY || h->kind == HAPPEN_FORGED;
	switch (h->kind) {
	case HAPPEN_CALL: phone_call(w, who, call_number_of(&w->plan, n), h->draw); break;
	case HAPPEN_REGISTER: phone_register(w, n < 10 ? 5 + n % 5 : 5 + who % 5, h->draw); break;
	case HAPPEN_OPTIONS: phone_options(w, who, h->draw); break;
	case HAPPEN_PING: phone_ping(w, who, h->draw); break;
	case HAPPEN_GARBAGE: phone_garbage(w, who, h->draw); break;
	case HAPPEN_REPLAY: phone_replay(w, who, h->draw); break;
	case HAPPEN_FORGED: phone_forge(w, who, h->draw); break;
	case HAPPEN_CUT: cut_one(w, h->draw); break;
	case HAPPEN_WALL:
		w->troubles[TROUBLE_WALL]++;
		w->wall_shift_s += draw_span(h->draw, DRAW_HOW, 0, -JUMP_MAX_S, JUMP_MAX_S);
		story_say(w, "the calendar is set by %lld s", (long long)w->wall_shift_s);
		break;
	case HAPPEN_STALL: stall(w, h->draw); break;
	case HAPPEN_CRASH: world_crash(w); break;
	case HAPPEN_RELOAD: backing_reload(w, 1 - w->directory_now); break;
	case HAPPEN_DRAIN:
		check_drain(w->check);
		world_feed(w, &drain);
		break;
	case HAPPEN_FLOOD: flood(w, who, h->draw); break;
	case HAPPEN_OVERLOAD: overload(w, h->draw); break;
	case HAPPENING_KINDS: break;
	}
}
