/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "support/shadow.h"

enum { START_MS = 1000, START_S = 1700000000, TURNS_MAX = 100000 };

struct addr
stage_addr(const char *ip, uint16_t port)
{
	struct addr addr;

	assert_true(addr_parse(&addr, str_cstr(ip)));
	addr.port = port;
	return addr;
}

/* ---- the directory ---- */

static struct str
text_of(const char *text)
{
	return text != NULL ? str_cstr(text) : STR("");
}

static void
put_dn(struct dn *dn, const struct stage_dn *line)
{
	bool is_trunk = line->type == DN_TRUNK || line->type == DN_SOFTSWITCH;
	size_t at;

	*dn = (struct dn){
		.number = str_cstr(line->number),
		.type = line->type,
		.password = text_of(line->password),
		.challenges_register = line->password != NULL && !is_trunk && !line->no_register,
		.challenges_invite = line->password != NULL && !is_trunk && !line->no_invite,
		.username = text_of(line->username),
		.realm = text_of(line->realm),
		.tls_name = text_of(line->tls_name),
		.checks_from = line->checks_from,
		.is_trusted = line->is_trusted,
		.prefix = text_of(line->prefix),
		.priority = line->priority,
		.capacity = line->capacity,
		.crossing = line->crossing,
		.sips = line->sips,
		.oos_check_s = line->oos_check_s,
		.oos_force_s = line->oos_force_s,
		.recovery_timeout_s = line->recovery_timeout_s,
		.registers = line->registers,
		.tells_route = line->tells_route,
		.wants_gruu = line->wants_gruu,
		.has_proxy = line->proxy != NULL,
		.register_expires_s = line->register_expires_s,
	};
	if (dn->register_expires_s == 0)
		dn->register_expires_s = 3600;
	assert_int_equal(contact_parse(&dn->contact, str_cstr(line->contact), &at), CONTACT_FINE);
	assert_true(!dn->has_proxy || !contact_parse(&dn->proxy, str_cstr(line->proxy), &at));
}

static void
put_directory(struct stage *s, const struct stage_options *o)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 7 };
	struct directory d = {
		.dns = s->dns,
		.count = (uint32_t)o->dn_count,
		.domains = { STR("example.com") },
		.domain_count = 1,
		.strangers = o->strangers,
		.crossing = o->crossing,
		.uuid_header = STR("X-Genesys-CallUUID"),
	};
	enum { DIRECTORY_BYTES = 64 * 1024 };
	struct arena arena;
	uint32_t twice;

	assert_true(o->dn_count <= STAGE_DNS_MAX);
	for (size_t i = 0; i < o->dn_count; i++)
		put_dn(&s->dns[i], &o->dns[i]);
	free(s->directory_memory);
	s->directory_memory = malloc(DIRECTORY_BYTES);
	arena = arena_on(s->directory_memory, DIRECTORY_BYTES);
	assert_true(directory_index(&d, &arena, key, &twice));
	s->directory = d;
}

static void
put_listeners(struct stage *s, const struct stage_options *o)
{
	s->listeners[0] = (struct listener){ .transport = TRANSPORT_UDP,
		.local = stage_addr("192.0.2.1", 5060),
		.advertise = text_of(o->advertise),
		.flow = { 1 } };
	s->listeners[1] = (struct listener){ .transport = TRANSPORT_TCP,
		.local = stage_addr("192.0.2.1", 5060) };
	s->listeners[2] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = stage_addr("192.0.2.1", o->tls_port != 0 ? o->tls_port : 5061) };
	s->listeners[3] = (struct listener){ .transport = TRANSPORT_UDP,
		.local = stage_addr(o->ip6 != NULL ? o->ip6 : "2001:db8::1", 5060),
		.flow = { 2 } };
}

void
stage_open(struct stage *s, const struct stage_options *o)
{
	struct core_options options = { .directory = &s->directory,
		.listeners = s->listeners,
		.listener_count = 4,
		.seed = { o->seed, 1 },
		.t1_ms = STAGE_T1_MS,
		.writes_records = true,
		.calls_max = o->calls != 0 ? o->calls : 8,
		.requests_max = o->requests != 0 ? o->requests : 64,
		.flows_max = o->flows != 0 ? o->flows : 32,
		.addresses_max = o->addresses != 0 ? o->addresses : 16 };

	memset(s, 0, sizeof *s);
	s->now = (struct when){ START_MS, START_S };
	s->next_flow = 100;
	s->hash = 0xcbf29ce484222325;
	put_directory(s, o);
	put_listeners(s, o);
	s->memory_bytes = core_memory_bytes(&options);
	s->memory = mmap(NULL, s->memory_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(s->memory != MAP_FAILED);
	s->out_memory = malloc(OUT_BYTES);
	s->sent = calloc(STAGE_SENT_MAX, sizeof *s->sent);
	s->notes = calloc(1, STAGE_NOTES_BYTES);
	assert_non_null(s->out_memory);
	out_init(&s->out, s->out_memory, OUT_BYTES);
	s->core = core_open(&options, s->memory, s->memory_bytes, s->now);
	assert_non_null(s->core);
}

void
stage_wipe(struct stage *s)
{
	shadow_clear(s->memory, s->memory_bytes);
	madvise(s->memory, s->memory_bytes, MADV_DONTNEED);
}

void
stage_close(struct stage *s)
{
	core_close(s->core);
	for (unsigned i = 0; i < s->sent_count; i++)
		free((void *)(uintptr_t)s->sent[i].bytes.at);
	shadow_clear(s->memory, s->memory_bytes);
	munmap(s->memory, s->memory_bytes);
	free(s->sent);
	free(s->notes);
	free(s->out_memory);
	free(s->directory_memory);
}

/* ---- flows ---- */

struct stage_flow *
stage_flow(struct stage *s, struct flow_id id)
{
	for (unsigned i = 0; i < s->flow_count; i++)
		if (flow_same(s->flows[i].id, id))
			return &s->flows[i];
	return NULL;
}

struct stage_flow *
stage_flow_to(struct stage *s, enum transport transport, const struct addr *to)
{
	for (unsigned i = s->flow_count; i > 0; i--) {
		struct stage_flow *flow = &s->flows[i - 1];

		if (flow->transport == transport && addr_same(&flow->peer, to))
			return flow;
	}
	return NULL;
}

struct flow_id
stage_socket(const struct stage *s, const struct addr *peer)
{
	return s->listeners[peer->family == ADDR_V6 ? 3 : 0].flow;
}

static struct stage_flow *
add_flow(struct stage *s, struct flow_id id, enum transport transport, const struct addr *peer)
{
	struct stage_flow *flow = &s->flows[s->flow_count];

	assert_true(s->flow_count < STAGE_FLOWS_MAX);
	assert_null(stage_flow(s, id)); /* a number is given out once and never again */
	s->flow_count++;
	*flow = (struct stage_flow){ .id = id, .transport = transport, .peer = *peer };
	return flow;
}

/* ---- what the core is told ---- */

/* Events that carrying brings about wait until the list is done with. */
static struct stage_event *
later(struct stage *s, enum event_kind kind, size_t bytes)
{
	struct stage_event *e = &s->events[s->event_count];

	assert_true(s->event_count < STAGE_EVENTS_MAX);
	s->event_count++;
	*e = (struct stage_event){ .event = { .kind = kind }, .text = malloc(bytes + 1) };
	return e;
}

static void
later_open(struct stage *s, struct stage_flow *flow)
{
	struct stage_event *e = later(s, EV_FLOW_OPEN, 0);
	bool is_tls = flow->transport == TRANSPORT_TLS;

	flow->is_open = true;
	e->event.u.open.flow = flow->id;
	e->event.u.open.transport = flow->transport;
	e->event.u.open.local = s->listeners[is_tls ? 2 : 1].local;
	if (flow->is_dialled)
		e->event.u.open.local.port = 33333;
	e->event.u.open.peer = flow->peer;
	e->event.u.open.listener = is_tls ? 2 : 1;
	if (!is_tls)
		return;
	e->event.u.open.secured = (struct secured){
		.proof = flow->is_dialled ? PROOF_NAME : PROOF_NONE,
		.version = STR("TLSv1.3"),
		.cipher = STR("TLS_AES_256_GCM_SHA384"),
		.name = flow->is_dialled ? str_cstr(flow->name) : STR(""),
		.own = flow->is_dialled && s->shown != NULL ? str_cstr(s->shown) : STR(""),
	};
	if (flow->is_dialled || s->certificate == NULL)
		return;
	e->event.u.open.secured.proof = PROOF_CLIENT_CERT;
	e->event.u.open.secured.name = str_cstr(s->certificate);
	e->event.u.open.secured.fingerprint = STR("a certificate's hash of 32 octet");
}

static void
later_closed(struct stage *s, struct stage_flow *flow)
{
	struct stage_event *e = later(s, flow->is_open ? EV_FLOW_CLOSED : EV_FLOW_FAILED, 0);

	flow->is_gone = true;
	flow->is_open = false;
	e->event.u.closed.flow = flow->id;
	e->event.u.closed.reason = flow->is_shut ? STR("") : STR("the test wants it so");
}

/* ---- carrying out ---- */

static void
carry_send(struct stage *s, const struct act *act)
{
	struct stage_sent *sent = &s->sent[s->sent_count];
	const struct stage_flow *flow = stage_flow(s, act->u.send.flow);
	char *copy = malloc(act->u.send.bytes.len + 1);

	assert_true(s->sent_count < STAGE_SENT_MAX);
	s->sent_count++;
	memcpy(copy, act->u.send.bytes.at, act->u.send.bytes.len);
	copy[act->u.send.bytes.len] = '\0';
	*sent = (struct stage_sent){ .flow = act->u.send.flow,
		.transport = TRANSPORT_UDP,
		.to = act->u.send.to,
		.bytes = str_of(copy, act->u.send.bytes.len),
		.at_ms = s->now.mono_ms };
	if (flow != NULL) {
		sent->transport = flow->transport;
		sent->to = flow->peer;
		/* The shell drops what is sent on a flow that is over, or behind its end. */
		sent->is_taken = flow->is_gone || flow->is_shut;
	} else {
		assert_true(act->u.send.flow.number == 1 || act->u.send.flow.number == 2);
		assert_int_not_equal(sent->to.port, 0);
		assert_int_equal(sent->to.family == ADDR_V6, act->u.send.flow.number == 2);
	}
	tap_see(&s->tap, sent->transport, sent->bytes);
}

static void
carry_dial(struct stage *s, const struct act *act)
{
	struct stage_flow *flow =
		add_flow(s, act->u.dial.flow, act->u.dial.transport, &act->u.dial.to);
	struct buf name = buf_on(flow->name, sizeof flow->name - 1);

	assert_true((act->u.dial.flow.number & FLOW_DIALLED) != 0);
	assert_int_not_equal(act->u.dial.to.port, 0);
	assert_int_not_equal(act->u.dial.transport, TRANSPORT_UDP);
	assert_true(act->u.dial.transport != TRANSPORT_TLS || act->u.dial.name.len > 0);
	buf_put(&name, act->u.dial.name);
	flow->is_dialled = true;
	s->dials++;
	if (s->dial == DIAL_OPENS)
		later_open(s, flow);
	else if (s->dial == DIAL_FAILS)
		later_closed(s, flow);
}

static void
carry_shut(struct stage *s, const struct act *act)
{
	struct stage_flow *flow = stage_flow(s, act->u.shut);

	assert_non_null(flow);
	assert_false(flow->is_shut);
	s->shuts++;
	flow->is_shut = true;
	if (!flow->is_gone)
		later_closed(s, flow);
}

static void
carry_resolve(struct stage *s, const struct act *act)
{
	struct event e = stage_answer(s, act);

	s->resolves++;
	assert_true(s->waiting_count < STAGE_EVENTS_MAX);
	if (s->names_wait)
		s->waiting[s->waiting_count++] = e;
	else
		later(s, EV_NAMES, 0)->event = e;
}

static void
tell_saved(struct stage *s, struct ref ask, enum saved_status status)
{
	struct stage_event *e = later(s, EV_SAVED, 0);

	e->event.u.saved.ask = ask;
	e->event.u.saved.status = status;
}

static void
carry_save(struct stage *s, const struct act *act)
{
	struct str aor = act->u.save.aor, set = act->u.save.set;
	struct stage_event *e;
	unsigned i = 0;

	s->saves++;
	if (s->store == STORE_MUTE)
		return;
	while (i < s->kept_count && !str_same(aor, str_cstr(s->kept[i].aor)))
		i++;
	assert_true(i < STAGE_KEPT_MAX && aor.len < sizeof s->kept[i].aor);
	if (s->store != STORE_PROMPT ||
		act->u.save.version != (s->kept[i].set_len > 0 ? s->kept[i].version : 0)) {
		tell_saved(
			s, act->u.save.ask, s->store == STORE_FAILS ? SAVED_FAILED : SAVED_STALE);
		return;
	}
	if (i == s->kept_count)
		s->kept_count++;
	memcpy(s->kept[i].aor, aor.at, aor.len);
	memcpy(s->kept[i].set, set.at, set.len);
	s->kept[i].set_len = set.len;
	s->kept[i].version++;
	e = later(s, EV_BINDINGS, set.len);
	memcpy(e->text, set.at, set.len);
	e->event.u.bindings.aor = str_cstr(s->kept[i].aor);
	e->event.u.bindings.version = s->kept[i].version;
	e->event.u.bindings.set = str_of(e->text, set.len);
	tell_saved(s, act->u.save.ask, SAVED_DONE);
}

static void
carry_note(struct stage *s, const struct act *act)
{
	struct str text = act->u.note.text;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20)
			fail_msg("a control octet in the log: %.*s", (int)text.len, text.at);
	if (s->notes_len + text.len + 2 > STAGE_NOTES_BYTES)
		stage_forget_notes(s);
	memcpy(s->notes + s->notes_len, text.at, text.len);
	s->notes_len += text.len;
	s->notes[s->notes_len++] = '\n';
}

static void
carry_record(struct stage *s, const struct act *act)
{
	struct str text = act->u.record;

	assert_true(text.len <= CALL_RECORD_BYTES_MAX);
	memcpy(s->record, text.at, text.len);
	s->record[text.len] = '\0';
	s->records++;
}

static void
hash_in(struct stage *s, const void *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ ((const uint8_t *)at)[i]) * 0x100000001b3;
}

static void
hash_act(struct stage *s, const struct act *act)
{
	uint8_t kind = (uint8_t)act->kind;

	hash_in(s, &kind, 1);
	hash_in(s, &s->now.mono_ms, sizeof s->now.mono_ms);
	if (act->kind == ACT_SEND) {
		hash_in(s, &act->u.send.flow.number, sizeof(uint64_t));
		hash_in(s, act->u.send.to.ip, sizeof act->u.send.to.ip);
		hash_in(s, &act->u.send.to.port, sizeof act->u.send.to.port);
		hash_in(s, act->u.send.bytes.at, act->u.send.bytes.len);
	} else if (act->kind == ACT_NOTE) {
		hash_in(s, act->u.note.text.at, act->u.note.text.len);
	} else if (act->kind == ACT_SAVE) {
		hash_in(s, act->u.save.set.at, act->u.save.set.len);
	} else if (act->kind == ACT_RECORD) {
		hash_in(s, act->u.record.at, act->u.record.len);
	}
}

static void
carry_all(struct stage *s)
{
	for (uint32_t i = 0; i < s->out.count; i++) {
		const struct act *act = &s->out.acts[i];

		hash_act(s, act);
		switch (act->kind) {
		case ACT_SEND: carry_send(s, act); break;
		case ACT_DIAL: carry_dial(s, act); break;
		case ACT_SHUT: carry_shut(s, act); break;
		case ACT_RESOLVE: carry_resolve(s, act); break;
		case ACT_SAVE: carry_save(s, act); break;
		case ACT_NOTE: carry_note(s, act); break;
		case ACT_RECORD: carry_record(s, act); break;
		}
	}
	out_clear(&s->out);
}

static void
feed_one(struct stage *s, const struct event *event)
{
	assert_true(out_has_room(&s->out));
	core_feed(s->core, event, s->now, &s->out);
	carry_all(s);
}

static void
feed_waiting(struct stage *s)
{
	for (unsigned i = 0; i < s->event_count; i++) {
		feed_one(s, &s->events[i].event);
		free(s->events[i].text);
	}
	s->event_count = 0;
}

void
stage_tick(struct stage *s)
{
	const struct event tick = { .kind = EV_TICK };

	s->ticks++;
	feed_one(s, &tick);
	feed_waiting(s);
}

void
stage_feed(struct stage *s, const struct event *event)
{
	feed_one(s, event);
	feed_waiting(s);
	for (int turns = 0; !s->is_lazy && core_deadline_ms(s->core) <= s->now.mono_ms; turns++) {
		assert_true(turns < TURNS_MAX);
		stage_tick(s);
	}
}

/* ---- what happens ---- */

static void
feed_bytes(struct stage *s, struct flow_id flow, const struct addr *from, struct str data)
{
	struct event e = { .kind = EV_BYTES };
	char *exact = malloc(data.len > 0 ? data.len : 1); /* no octet more may be read */

	memcpy(exact, data.at, data.len);
	e.u.bytes.flow = flow;
	e.u.bytes.from = *from;
	e.u.bytes.data = str_of(exact, data.len);
	stage_feed(s, &e);
	free(exact);
}

void
stage_datagram(struct stage *s, const struct addr *from, struct str data)
{
	feed_bytes(s, stage_socket(s, from), from, data);
}

void
stage_bytes(struct stage *s, struct flow_id id, struct str data)
{
	const struct stage_flow *flow = stage_flow(s, id);

	assert_non_null(flow);
	tap_hear(&s->tap, flow->transport, data);
	feed_bytes(s, id, &flow->peer, data);
}

struct flow_id
stage_accept(struct stage *s, enum transport transport, const struct addr *peer)
{
	struct flow_id id = { s->next_flow++ };
	const struct event nothing = { .kind = EV_TICK };

	later_open(s, add_flow(s, id, transport, peer));
	stage_feed(s, &nothing);
	return id;
}

void
stage_over(struct stage *s, struct flow_id id)
{
	struct stage_flow *flow = stage_flow(s, id);
	const struct event nothing = { .kind = EV_TICK };

	assert_true(flow != NULL && !flow->is_gone);
	later_closed(s, flow);
	stage_feed(s, &nothing);
}

void
stage_dialled(struct stage *s, struct flow_id id, bool opens)
{
	struct stage_flow *flow = stage_flow(s, id);
	const struct event nothing = { .kind = EV_TICK };

	assert_true(flow != NULL && flow->is_dialled && !flow->is_open && !flow->is_gone);
	if (opens)
		later_open(s, flow);
	else
		later_closed(s, flow);
	stage_feed(s, &nothing);
}

void
stage_reload(struct stage *s, const struct stage_options *o)
{
	const struct event e = { .kind = EV_DIRECTORY, .u.directory = &s->directory };

	put_directory(s, o);
	stage_feed(s, &e);
}

void
stage_pass_ms(struct stage *s, int64_t span_ms)
{
	int64_t until_ms = s->now.mono_ms + span_ms;
	int turns = 0;

	for (;;) {
		int64_t at_ms = core_deadline_ms(s->core);

		if (at_ms > until_ms)
			break;
		assert_true(turns++ < TURNS_MAX);
		if (at_ms > s->now.mono_ms)
			s->now.mono_ms = at_ms;
		s->now.wall_s = START_S + (s->now.mono_ms - START_MS) / 1000;
		stage_tick(s);
	}
	s->now.mono_ms = until_ms;
	s->now.wall_s = START_S + (until_ms - START_MS) / 1000;
}
