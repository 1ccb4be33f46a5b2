/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/panic.h"
#include "base/poison.h"
#include "tls_dice.h"
#include "tls_judge.h"
#include "tls_text.h"

enum { START_MS = 1000, START_S = 1700000000, DIRECTORY_BYTES = 64 * 1024, SETTLE_MAX = 10000000 };

static const char our_ip[] = "192.0.2.1", our_name[] = "sipward.example";

char sim_broken[SIM_BROKEN_BYTES];

struct addr
sim_addr(const char *ip, uint16_t port)
{
	struct addr addr;

	must(addr_parse(&addr, str_cstr(ip)));
	addr.port = port;
	return addr;
}

void
sim_hash(struct sim *s, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		s->hash = (s->hash ^ (uint8_t)text.at[i]) * 0x100000001b3;
	s->hash = (s->hash ^ text.len) * 0x100000001b3;
}

void
sim_break(struct sim *s, const char *id, const char *format, ...)
{
	char text[400];
	va_list args;

	if (s->broken[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(s->broken, sizeof s->broken, "%s seed %llu at %lld ms: %s", id,
		(unsigned long long)s->seed, (long long)s->now.mono_ms, text);
	snprintf(sim_broken, sizeof sim_broken, "%s", s->broken);
}

const struct sim_dn *
sim_dn(const struct sim *s, struct str number)
{
	for (uint32_t i = 0; i < s->dn_count; i++)
		if (str_same(number, str_cstr(s->lines[i].number)))
			return &s->lines[i];
	return NULL;
}

struct wire *
sim_wire(struct sim *s, uint64_t flow)
{
	for (int i = 0; i < s->loop.wires_high; i++)
		if (s->loop.wires[i].is_used && s->loop.wires[i].flow == flow)
			return &s->loop.wires[i];
	return NULL;
}

static const struct conn *
conn_of(const struct wire *wire)
{
	return wire->is_ear || wire->tcp == NULL ? NULL : wire->tcp->data;
}

/* ---- carrying out --------------------------------------------------------------------------- */

void
sim_send(struct sim *s, struct wire *wire, struct str plain)
{
	const struct conn *conn = conn_of(wire);
	size_t before;

	if (conn == NULL || conn->state == CONN_LEAVING || conn->state == CONN_GONE)
		return;
	octets_put(&wire->expect_out, plain);
	s->tally.messages_out++;
	before = conn->tls != NULL ? tls_end_held(conn->tls) : 0;
	stream_send(&s->streams, (struct flow_id){ wire->flow }, plain);
	if (conn->state == CONN_OPEN && conn->tls != NULL && tls_end_held(conn->tls) > before)
		s->tally.writes_held++;
}

static void
carry_send(struct sim *s, const struct act *act)
{
	struct wire *wire = sim_wire(s, act->u.send.flow.number);

	if (wire == NULL)
		return;
	judge_said(s, wire, act->u.send.bytes);
	if (s->hooks.on_said != NULL)
		s->hooks.on_said(s, wire, act->u.send.bytes);
	sim_send(s, wire, act->u.send.bytes);
}

static void
dial(struct sim *s, struct flow_id flow, enum transport transport, const struct addr *to,
	struct str name, const struct terms *terms)
{
	s->tally.dialled++;
	s->dialled_name = name;
	s->dialled_flow = flow.number;
	stream_dial(&s->streams, flow, transport, to, name, terms);
}

struct wire *
sim_dial(struct sim *s, const char *name, const char *ip)
{
	struct flow_id flow = { FLOW_DIALLED | ++s->dials };
	struct addr to = sim_addr(ip, 5061);

	must(s->is_deaf);
	dial(s, flow, TRANSPORT_TLS, &to, str_cstr(name), &(struct terms){ 0 });
	return sim_wire(s, flow.number);
}

/* The loop asks for a far end in the middle of the dial. */
static void
on_dial(struct wire *wire, void *arg)
{
	struct sim *s = arg;

	wire->flow = s->dialled_flow;
	wire->local = sim_addr(our_ip, 40000);
	snprintf(wire->name, sizeof wire->name, "%.*s", (int)s->dialled_name.len,
		s->dialled_name.at);
	s->hooks.on_dial(s, wire);
}

static void
on_close(struct wire *wire, void *arg)
{
	const struct conn *conn = conn_of(wire);

	(void)arg;
	if (wire->flow == 0 && conn != NULL)
		wire->flow = conn->flow.number;
}

static void
carry_resolve(struct sim *s, const struct act *act)
{
	struct event *e = &s->names[s->name_count];

	must(s->name_count < NAMES_WAIT_MAX);
	s->name_count++;
	*e = (struct event){ .kind = EV_NAMES };
	e->u.names.ask = act->u.resolve.ask;
	e->u.names.kind = act->u.resolve.kind;
	e->u.names.status = NAMES_ABSENT;
	e->u.names.ttl_s = 3600;
	for (uint32_t i = 0; i < s->dn_count && e->u.names.kind == NAMES_ADDRESSES; i++)
		if (str_same(act->u.resolve.name, str_cstr(s->lines[i].host))) {
			e->u.names.status = NAMES_FOUND;
			e->u.names.count = 1;
			e->u.names.addrs[0] = sim_addr(s->lines[i].ip, 0);
		}
}

static void
carry_all(struct sim *s)
{
	for (uint32_t i = 0; i < s->out.count; i++) {
		const struct act *act = &s->out.acts[i];

		s->hash = (s->hash ^ (uint64_t)act->kind) * 0x100000001b3;
		s->hash = (s->hash ^ (uint64_t)s->now.mono_ms) * 0x100000001b3;
		switch (act->kind) {
		case ACT_SEND:
			sim_hash(s, act->u.send.bytes);
			carry_send(s, act);
			break;
		case ACT_DIAL:
			dial(s, act->u.dial.flow, act->u.dial.transport, &act->u.dial.to,
				act->u.dial.name, &act->u.dial.terms);
			break;
		case ACT_SHUT: stream_shut(&s->streams, act->u.shut); break;
		case ACT_RESOLVE: carry_resolve(s, act); break;
		case ACT_SAVE:
			store_ask(s->store, act->u.save.ask, act->u.save.aor, act->u.save.version,
				act->u.save.set);
			break;
		case ACT_RECORD: sim_hash(s, act->u.record); break;
		case ACT_NOTE:
			sim_hash(s, act->u.note.text);
			if (s->is_verbose)
				printf("# %lld ms: %.*s\n", (long long)s->now.mono_ms,
					(int)act->u.note.text.len, act->u.note.text.at);
			break;
		}
	}
	out_clear(&s->out);
}

static void
feed(struct sim *s, const struct event *e)
{
	core_feed(s->core, e, s->now, &s->out);
	carry_all(s);
}

static void
hear_store(struct sim *s)
{
	struct store_news news;

	while (store_next(s->store, &news)) {
		struct event e = { .kind = EV_SAVED };

		if (news.kind == STORE_BINDINGS) {
			e.kind = EV_BINDINGS;
			e.u.bindings.aor = news.aor;
			e.u.bindings.set = news.set;
			e.u.bindings.version = news.version;
		} else {
			e.u.saved.ask = news.ask;
			e.u.saved.status = news.status;
		}
		feed(s, &e);
	}
}

static bool
hear_all(struct sim *s)
{
	const struct event tick = { .kind = EV_TICK };
	enum note_level level;
	struct event e;
	struct str text;
	bool has_any = false;

	while (queue_next(&s->queue, &e)) {
		judge_event(s, &e);
		if (!s->is_deaf)
			feed(s, &e);
		has_any = true;
	}
	while (queue_next_note(&s->queue, &level, &text)) {
		sim_hash(s, text);
		if (s->is_verbose)
			printf("# %lld ms: %.*s\n", (long long)s->now.mono_ms, (int)text.len,
				text.at);
	}
	hear_store(s);
	for (unsigned i = 0; i < s->name_count; i++)
		feed(s, &s->names[i]);
	s->name_count = 0;
	while (core_deadline_ms(s->core) <= s->now.mono_ms) {
		feed(s, &tick);
		hear_store(s);
		has_any = true;
	}
	return has_any;
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void
look_at_wires(struct sim *s)
{
	for (int i = 0; i < s->loop.wires_high; i++) {
		struct wire *wire = &s->loop.wires[i];
		const struct conn *conn;

		if (!wire->is_used || wire->is_ear)
			continue;
		conn = conn_of(wire);
		if (wire->flow == 0 && conn != NULL)
			wire->flow = conn->flow.number;
		if (wire->has_far) {
			judge_far(s, wire);
			judge_end(s, wire);
		}
		if (wire->is_closed && wire->knows_end) {
			if (s->hooks.on_ended != NULL)
				s->hooks.on_ended(s, wire);
			wire_forget(wire);
		}
	}
}

bool
sim_turn(struct sim *s)
{
	bool has_moved;

	s->loop.now_ms = s->now.mono_ms;
	streams_turn(&s->streams);
	streams_flush(&s->streams);
	has_moved = loop_turn(&s->loop);
	streams_expire(&s->streams);
	streams_flush(&s->streams);
	for (int i = 0; i < s->loop.wires_high; i++) {
		struct wire *wire = &s->loop.wires[i];
		const struct conn *conn = wire->is_used ? conn_of(wire) : NULL;

		if (wire->flow == 0 && conn != NULL)
			wire->flow = conn->flow.number;
	}
	has_moved = hear_all(s) || has_moved;
	has_moved = has_moved || s->streams.dirty != NULL;
	streams_flush(&s->streams);
	look_at_wires(s);
	return has_moved;
}

void
sim_settle(struct sim *s)
{
	int turns = 0;

	while (sim_turn(s))
		must(turns++ < SETTLE_MAX);
}

int64_t
sim_due_ms(const struct sim *s)
{
	int64_t core_ms = core_deadline_ms(s->core), net_ms = streams_due_at_ms(&s->streams);

	return core_ms < net_ms ? core_ms : net_ms;
}

void
sim_pass_to(struct sim *s, int64_t mono_ms)
{
	if (mono_ms <= s->now.mono_ms)
		return;
	s->now.mono_ms = mono_ms;
	s->now.wall_s = START_S + (mono_ms - START_MS) / 1000;
}

struct wire *
sim_come(struct sim *s, const char *ip, uint16_t port)
{
	struct addr local = sim_addr(our_ip, 5061), peer = sim_addr(ip, port);

	s->tally.accepted++;
	return loop_come(&s->loop, &local, &peer);
}

static void
note_asked(struct wire *wire, uint64_t call)
{
	for (unsigned i = 0; i < ASKED_MAX; i++)
		if (wire->asked[i] == call)
			return;
	wire->asked[wire->asked_count++ % ASKED_MAX] = call;
}

void
sim_say(struct sim *s, struct wire *wire, struct str plain)
{
	(void)s;
	if (text_is_message(plain) && text_is_request(plain))
		note_asked(wire, text_hash(text_header(plain, "Call-ID")));
	octets_put(&wire->expect_in, plain);
	far_say(&wire->far, plain);
}

/* ---- opening, closing ------------------------------------------------------------------------ */

static void
open_directory(struct sim *s, const struct sim_dn *lines, uint32_t count)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 7 };
	struct arena arena;
	uint32_t twice;
	size_t at;

	must(count <= SIM_DNS_MAX);
	s->dn_count = count;
	for (uint32_t i = 0; i < count; i++) {
		s->lines[i] = lines[i];
		s->dns[i] = (struct dn){ .number = str_cstr(s->lines[i].number) };
		must(contact_parse(&s->dns[i].contact, str_cstr(s->lines[i].contact), &at) ==
			CONTACT_FINE);
	}
	s->directory = (struct directory){ .dns = s->dns,
		.count = count,
		.domains = { STR("example.com") },
		.domain_count = 1,
		.uuid_header = STR("X-Genesys-CallUUID") };
	s->directory_memory = malloc(DIRECTORY_BYTES);
	arena = arena_on(s->directory_memory, DIRECTORY_BYTES);
	must(directory_index(&s->directory, &arena, key, &twice));
}

static void
open_net(struct sim *s)
{
	struct identity own = { .certificate = str_cstr(certs_our_path(s->certs)),
		.key = str_cstr(certs_our_key_path(s->certs)),
		.trust = str_cstr(certs_ca_path(s->certs)) };
	struct tls_options o = { .identities = &own, .identity_count = 1 };
	static const struct service service;
	struct streams_options so = { .loop = &s->loop.uv,
		.queue = &s->queue,
		.max = 512,
		.ears = 1,
		.connect_ms = CONNECT_MS,
		.handshake_ms = HANDSHAKE_MS,
		.idle_ms = IDLE_MS,
		.first_flow = 100,
		.key = { 3 } };
	struct addr local = sim_addr(our_ip, 5061);
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	s->tls = tls_open(&o, &why);
	if (s->tls == NULL)
		printf("# %.*s\n", (int)why.used, text);
	must(s->tls != NULL);
	so.tls = s->tls;
	queue_open(&s->queue);
	streams_open(&s->streams, &so);
	must(stream_listen(
		&s->streams, TRANSPORT_TLS, loop_ear(&s->loop, &local), 1, &service, &why));
}

static void
open_core(struct sim *s)
{
	struct core_options o = { .directory = &s->directory,
		.listeners = s->listeners,
		.listener_count = 2,
		.seed = { 1 },
		.calls_max = 256,
		.requests_max = 4096,
		.flows_max = 1024,
		.addresses_max = 64 };

	memcpy(o.seed + 1, &s->seed, sizeof s->seed);
	s->listeners[0] = (struct listener){
		.transport = TRANSPORT_UDP, .local = sim_addr(our_ip, 5060), .flow = { 1 }
	};
	s->listeners[1] =
		(struct listener){ .transport = TRANSPORT_TLS, .local = sim_addr(our_ip, 5061) };
	s->memory_bytes = core_memory_bytes(&o);
	s->memory = mmap(NULL, s->memory_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	s->out_memory = malloc(OUT_BYTES);
	must(s->memory != MAP_FAILED && s->out_memory != NULL);
	out_init(&s->out, s->out_memory, OUT_BYTES);
	s->core = core_open(&o, s->memory, s->memory_bytes, s->now);
	must(s->core != NULL);
}

void
sim_open(struct sim *s, uint64_t seed, const struct sim_dn *lines, uint32_t count)
{
	uint8_t octets[DICE_SEED_BYTES] = { 0x73 };

	memset(s, 0, sizeof *s);
	sim_broken[0] = '\0';
	s->seed = seed;
	s->hash = 0xcbf29ce484222325;
	memcpy(octets + 1, &seed, sizeof seed);
	dice_init(&s->dice, octets);
	octets[0] = 0x74;
	dice_init(&s->tls_dice, octets);
	tls_dice_use(&s->tls_dice);
	s->now = (struct when){ START_MS, START_S };
	s->certs = certs_open(our_name);
	fars_open(&s->fars, s->certs);
	loop_open(&s->loop, &s->dice);
	s->loop.now_ms = START_MS;
	s->loop.on_dial = on_dial;
	s->loop.on_close = on_close;
	s->loop.arg = s;
	open_directory(s, lines, count);
	s->store = store_memory_open(64);
	must(s->store != NULL);
	open_net(s);
	open_core(s);
}

void
sim_close(struct sim *s)
{
	int turns = 0;

	streams_close(&s->streams);
	while (!loop_is_idle(&s->loop)) {
		(void)loop_turn(&s->loop);
		must(turns++ < SETTLE_MAX);
	}
	streams_free(&s->streams);
	queue_close(&s->queue);
	core_close(s->core);
	store_close(s->store);
	tls_close(s->tls);
	loop_close(&s->loop);
	fars_close(&s->fars);
	certs_close(s->certs);
	tls_dice_use(NULL);
	UNPOISON(s->memory, s->memory_bytes);
	munmap(s->memory, s->memory_bytes);
	free(s->out_memory);
	free(s->directory_memory);
}
