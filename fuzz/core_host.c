/* SPDX-License-Identifier: Apache-2.0 */
/* The host of the one core, which is opened once; each input has it as it was then. */
#include "core_inside.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/poison.h"
#include "core/inside.h"
#include "reg/table.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define KEPT_BY_CORE_BEGIN() __lsan_disable()
#define KEPT_BY_CORE_END() __lsan_enable()
#else
#define KEPT_BY_CORE_BEGIN() ((void)0)
#define KEPT_BY_CORE_END() ((void)0)
#endif

enum { START_MS = 1000, START_S = 1700000000, TURNS_MAX = 100 * 1000 };

struct world world;
struct listener world_listeners[5];
struct addr world_resolved[2];

static struct {
	struct core *core;
	struct far fars[FARS];
	char out[OUT_BYTES];
	char texts[TEXTS_BYTES];
} host;

struct str
world_keep(struct str s)
{
	char *at = host.texts + world.texts_used;

	if (s.len > TEXTS_BYTES - world.texts_used || str_is_none(s))
		return STR_NONE;
	memcpy(at, s.at, s.len);
	world.texts_used += s.len;
	return str_of(at, s.len);
}

void
world_show(const char *mark, enum transport transport, struct str octets)
{
	static const char *const names[] = { "?", "UDP", "TCP", "TLS" };
	static int is_wanted = -1; /* not asked yet */

	if (is_wanted < 0)
		is_wanted = getenv("FUZZ_VERBOSE") != NULL;
	if (is_wanted)
		fprintf(stderr, "%lld ms %s %s\n%.*s\n", (long long)world.now.mono_ms, mark,
			names[transport], (int)octets.len, octets.at);
}

/* ---- opening ---- */

static struct addr
addr_of(struct str ip, uint16_t port)
{
	struct addr addr;

	fuzz_check(addr_parse(&addr, ip), ip);
	addr.port = port;
	return addr;
}

static void
put_listeners(void)
{
	world_listeners[0] = (struct listener){
		.transport = TRANSPORT_UDP, .local = addr_of(STR("192.0.2.1"), 5060), .flow = { 1 }
	};
	world_listeners[1] = (struct listener){ .transport = TRANSPORT_TCP,
		.local = addr_of(STR("192.0.2.1"), 5060) };
	world_listeners[2] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = addr_of(STR("192.0.2.1"), 5061) };
	world_listeners[3] = (struct listener){ .transport = TRANSPORT_UDP,
		.local = addr_of(STR("2001:db8::1"), 5060),
		.advertise = STR("six.example.com"),
		.flow = { 2 } };
	world_listeners[4] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = addr_of(STR("2001:db8::1"), 5061),
		.advertise = STR("[2001:db8::1]:5061") };
}

static void
put_fars(void)
{
	static const struct {
		struct str user, ip, host;
		uint16_t port;
		enum transport transport;
		bool is_sips;
	} all[FARS] = {
		{ STR("7000"), STR("192.0.2.70"), STR("192.0.2.70:40000"), 40000, TRANSPORT_TLS,
			true },
		{ STR("7001"), STR("192.0.2.71"), STR("192.0.2.71:40000"), 40000, TRANSPORT_UDP,
			false },
		{ STR("7789"), STR("192.0.2.72"), STR("192.0.2.72:40000"), 40000, TRANSPORT_TCP,
			false },
		{ STR("1001"), STR("192.0.2.10"), STR("192.0.2.10:30000"), 30000, TRANSPORT_TLS,
			true },
		{ STR("1002"), STR("2001:db8::11"), STR("[2001:db8::11]:30000"), 30000,
			TRANSPORT_UDP, false },
		{ STR("5000"), STR("192.0.2.50"), STR("192.0.2.50:5070"), 5070, TRANSPORT_UDP,
			false },
		{ STR("7789"), STR("192.0.2.73"), STR("192.0.2.73:40000"), 40000, TRANSPORT_TLS,
			false },
		{ STR("east"), STR("192.0.2.80"), STR("192.0.2.80:5060"), 5060, TRANSPORT_UDP,
			false },
		{ STR("west"), STR("192.0.2.52"), STR("192.0.2.52:41000"), 41000, TRANSPORT_TLS,
			true },
		{ STR("5001"), STR("192.0.2.51"), STR("192.0.2.51:41000"), 41000, TRANSPORT_TLS,
			false },
		{ STR("7000"), STR("2001:db8::70"), STR("[2001:db8::70]:40000"), 40000,
			TRANSPORT_TLS, true },
	};

	for (int i = 0; i < FARS; i++)
		host.fars[i] =
			(struct far){ all[i].user, all[i].host, addr_of(all[i].ip, all[i].port),
				all[i].transport, all[i].is_sips, FLOW_NONE };
}

static void
open_once(void)
{
	const struct when now = { START_MS, START_S };
	struct core_options options = { .directory = &world_directories[0],
		.listeners = world_listeners,
		.listener_count = 5,
		.seed = { 42 },
		.writes_records = true,
		.calls_max = CORE_CALLS,
		.requests_max = CORE_REQUESTS,
		.flows_max = CORE_FLOWS,
		.addresses_max = CORE_ADDRESSES };
	size_t bytes;
	void *memory;

	world_put_directories();
	put_listeners();
	put_fars();
	world_resolved[0] = addr_of(STR("192.0.2.52"), 0);
	world_resolved[1] = addr_of(STR("2001:db8::52"), 0);
	bytes = core_memory_bytes(&options);
	memory = memory_take(bytes);
	KEPT_BY_CORE_BEGIN(); /* what libcrypto gave is known to the mapped memory alone */
	host.core = core_open(&options, memory, bytes, now);
	KEPT_BY_CORE_END();
	fuzz_check(host.core != NULL, STR_NONE);
	memory_keep(sizeof *host.core); /* which stands first */
}

/* What the input before this one gave back, as far as the opened core has it in use: all other
 * cells will be taken first. */
static void
unpoison(struct core *core)
{
	UNPOISON(core->peers.pool.cells, core->peers.pool.fresh * core->peers.pool.cell_bytes);
	UNPOISON(core->flows.pool.cells, core->flows.pool.fresh * core->flows.pool.cell_bytes);
	UNPOISON(core->scratch.at, core->scratch.size);
	UNPOISON(core->registrar->scratch.at, core->registrar->scratch.size);
}

void
world_open(void)
{
	if (host.core == NULL)
		open_once();
	else
		memory_restore();
	unpoison(host.core);
	memset(&world, 0, offsetof(struct world, out));
	memset(&world.now, 0, sizeof world - offsetof(struct world, now));
	world.core = host.core;
	world.now = (struct when){ START_MS, START_S };
	world.next_flow = 100;
	out_init(&world.out, host.out, sizeof host.out);
	memcpy(world.fars, host.fars, sizeof world.fars);
}

/* ---- feeding ---- */

static void
feed_one(const struct event *event)
{
	fuzz_check(out_has_room(&world.out), STR_NONE);
	core_feed(world.core, event, world.now, &world.out);
	carry_all();
}

static void
feed_queue(void)
{
	for (unsigned i = 0; i < world.queue_count; i++) {
		struct event e = world.queue[i];

		feed_one(&e);
	}
	world.queue_count = 0;
}

void
world_feed(const struct event *event)
{
	const struct event tick = { .kind = EV_TICK };

	feed_one(event);
	feed_queue();
	for (int turns = 0; core_deadline_ms(world.core) <= world.now.mono_ms; turns++) {
		fuzz_check(turns < TURNS_MAX, STR_NONE);
		feed_one(&tick);
		feed_queue();
	}
}

/* ---- what an input wants ---- */

static void
set_time(int64_t mono_ms)
{
	world.now.mono_ms = mono_ms;
	world.now.wall_s = START_S + (mono_ms - START_MS) / 1000;
}

void
world_pass_ms(int64_t span_ms)
{
	const struct event tick = { .kind = EV_TICK };
	int64_t until_ms = world.now.mono_ms + span_ms;

	for (int turns = 0; core_deadline_ms(world.core) <= until_ms; turns++) {
		int64_t at_ms = core_deadline_ms(world.core);

		fuzz_check(turns < TURNS_MAX, STR_NONE);
		if (at_ms > world.now.mono_ms)
			set_time(at_ms);
		world_feed(&tick);
	}
	set_time(until_ms);
}

/* The octets stand before the end of a block, so that one more that is read is seen. */
void
world_octets(struct flow_id id, const struct addr *from, struct str octets)
{
	static char block[READ_BYTES];
	struct event e = { .kind = EV_BYTES };
	struct str rest = str_upto(octets, sizeof block);

	do {
		bool is_cut = id.number > 2 && world.piece > 0;
		struct str piece = is_cut ? str_upto(rest, world.piece) : rest;
		char *at = block + sizeof block - piece.len;

		memcpy(at, piece.at, piece.len);
		rest = str_from(rest, piece.len);
		e.u.bytes.flow = id;
		e.u.bytes.from = *from;
		e.u.bytes.data = str_of(at, piece.len);
		world_feed(&e);
	} while (rest.len > 0);
}

struct flow_id
world_flow_of(unsigned far)
{
	struct far *f = &world.fars[far % FARS];
	struct flow_seen *flow;
	const struct event nothing = { .kind = EV_TICK };

	if (f->transport == TRANSPORT_UDP)
		return world_listeners[f->at.family == ADDR_V6 ? 3 : 0].flow;
	flow = world_flow(f->flow);
	if (flow != NULL && flow->is_open && !flow->is_shut)
		return f->flow;
	flow = add_flow((struct flow_id){ world.next_flow++ }, f->transport, &f->at);
	if (flow == NULL)
		return FLOW_NONE;
	f->flow = flow->id;
	later_open(flow);
	world_feed(&nothing);
	return f->flow;
}

void
world_end_flow(struct flow_seen *flow)
{
	const struct event nothing = { .kind = EV_TICK };

	later_over(flow);
	world_feed(&nothing);
}

void
world_open_flow(struct flow_seen *flow)
{
	const struct event nothing = { .kind = EV_TICK };

	later_open(flow);
	world_feed(&nothing);
}

void
world_answer_name(unsigned ago, enum names_status status, unsigned which)
{
	struct event e;
	unsigned i;

	if (world.asked_count == 0)
		return;
	i = ago % world.asked_count;
	e = names_event(world.asked[i].u.names.ask, world.asked[i].u.names.kind, status, which);
	world.asked[i] = world.asked[--world.asked_count];
	world_feed(&e);
}

void
world_answer_save(unsigned ago, enum saved_status status)
{
	struct event e = { .kind = EV_SAVED };
	unsigned i;

	if (world.saving_count == 0)
		return;
	i = ago % world.saving_count;
	e.u.saved.ask = world.saving[i];
	e.u.saved.status = status;
	world.saving[i] = world.saving[--world.saving_count];
	world_feed(&e);
}

void
world_reload(unsigned directory)
{
	struct event e = { .kind = EV_DIRECTORY };

	e.u.directory = &world_directories[directory % DIRECTORIES];
	world_feed(&e);
}

/* Another server has put an older set into the store, or what the store said of it comes late. */
void
world_tell_set(unsigned ago, unsigned how)
{
	const struct event nothing = { .kind = EV_TICK };
	struct str aor, set;
	unsigned i = 0;

	if (ago >= world.save_count || ago >= SAVES_MAX)
		return;
	aor = world.saves[(world.save_count - 1 - ago) % SAVES_MAX].aor;
	set = world.saves[(world.save_count - 1 - ago) % SAVES_MAX].set;
	while (i < world.kept_count && !str_same(aor, world.kept[i].aor))
		i++;
	if (i == world.kept_count)
		return;
	if (how % 2 == 0) {
		world.kept[i].set = set;
		world.kept[i].version += 1 + how % 8 / 2;
	}
	tell_set(aor, set,
		how % 2 == 0 ? world.kept[i].version : 1 + how / 2 % world.kept[i].version);
	world_feed(&nothing);
}
