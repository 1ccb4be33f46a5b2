/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h - a registrar with real transactions and a store of a few lines, for tests. */
#ifndef TEST_REG_KIT_H
#define TEST_REG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reg/registrar.h"
#include "reg/table.h"

enum { ADDRESSES = 64, START_S = 1700000000 };

/* How the store answers. */
enum manner { PROMPT, STALE, FAILING, MUTE };

struct kept {
	struct str aor;
	uint64_t version;
	size_t len;
	char aor_text[32], set[SET_BYTES_MAX];
};

struct world {
	void *memory;
	struct alarms alarms;
	struct dice dice;
	struct txns txns;
	struct registrar *registrar;
	struct listener listeners[2];
	struct when now;
	struct out out;
	void *out_memory;
	struct kept kept[ADDRESSES];
	uint32_t kept_count;
	enum manner manner;
	uint32_t saves, notes, branches;
	struct ref last_ask;
	struct flow_id watch;       /* what the last answer of the store said of a flow */
	char sent[WRITE_BYTES_MAX]; /* the last response */
	size_t sent_len;
	uint32_t sends;
	char note[NOTE_BYTES_MAX]; /* the last line for the log */
	size_t note_len;
	enum note_level note_level;
};

static struct world world;

static inline struct addr
address_of(struct str text, uint16_t port)
{
	struct addr addr;

	assert_true(addr_parse(&addr, text));
	addr.port = port;
	return addr;
}

static inline bool
carve(struct world *w, struct arena *arena)
{
	static const struct txn_timers timers = { 500, 4000, 5000 };
	struct registrar_options options = { .addresses_max = ADDRESSES,
		.listeners = w->listeners,
		.listener_count = 2,
		.alarms = &w->alarms,
		.txns = &w->txns };
	bool good = alarms_open(&w->alarms, arena, registrar_alarms(ADDRESSES) + 2 * 8192);

	good &= txns_open(&w->txns, arena, 8192, &timers, &w->alarms, &w->dice);
	w->registrar = registrar_open(arena, &options, &w->dice);
	return good && w->registrar != NULL;
}

static inline int
open_world(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 3 };
	struct world *w = &world;
	struct arena arena = arena_on(NULL, 0);

	w->kept_count = 0;
	w->manner = PROMPT;
	w->saves = w->notes = w->sends = 0;
	w->sent_len = 0;
	w->now = (struct when){ .mono_ms = 1000, .wall_s = START_S };
	w->listeners[0] = (struct listener){ .transport = TRANSPORT_UDP,
		.local = address_of(STR("192.0.2.1"), 5060),
		.flow = { 1 } };
	w->listeners[1] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = address_of(STR("192.0.2.1"), 5061),
		.advertise = STR("sip.example.com:5071") };
	dice_init(&w->dice, seed);
	carve(w, &arena);
	/* One piece for all tests: a new one for each would be most of what they take, and what the
	 * last one left in it must not matter. */
	if (w->memory == NULL) {
		w->memory = aligned_alloc(64, (arena.used + 63) & ~(size_t)63);
		w->out_memory = malloc(OUT_BYTES);
	}
	arena = arena_on(w->memory, arena.used);
	out_init(&w->out, w->out_memory, OUT_BYTES);
	*state = w;
	return carve(w, &arena) ? 0 : 1;
}

#define TEST(name) cmocka_unit_test_setup(name, open_world)

/* ---- the store ---- */

static inline struct kept *
kept_of(struct world *w, struct str aor)
{
	struct kept *k = w->kept;
	struct buf b;

	for (uint32_t i = 0; i < w->kept_count; i++)
		if (str_same(w->kept[i].aor, aor))
			return &w->kept[i];
	assert_true(w->kept_count < ADDRESSES);
	k = &w->kept[w->kept_count++];
	b = buf_on(k->aor_text, sizeof k->aor_text);
	buf_put(&b, aor);
	k->aor = buf_str(&b);
	k->version = 0;
	k->len = 0;
	return k;
}

static inline enum saved_status
keep(struct world *w, struct str aor, uint64_t version, struct str set)
{
	struct kept *k = kept_of(w, aor);
	struct buf b = buf_on(k->set, sizeof k->set);

	if (w->manner == STALE || version != (k->len > 0 ? k->version : 0))
		return SAVED_STALE;
	buf_put(&b, set);
	assert_true(buf_ok(&b));
	k->len = b.used;
	k->version++;
	registrar_set(w->registrar, aor, k->version, buf_str(&b), w->now);
	return SAVED_DONE;
}

/* ---- carrying out what the registrar wants ---- */

static inline void
carry_one(struct world *w, const struct act *act)
{
	struct buf b;
	enum saved_status status;

	switch (act->kind) {
	case ACT_SEND:
		b = buf_on(w->sent, sizeof w->sent);
		buf_put(&b, act->u.send.bytes);
		w->sent_len = b.used;
		w->sends++;
		break;
	case ACT_SAVE:
		w->saves++;
		w->last_ask = act->u.save.ask;
		if (w->manner == MUTE)
			break;
		status = w->manner == FAILING
			? SAVED_FAILED
			: keep(w, act->u.save.aor, act->u.save.version, act->u.save.set);
		w->watch = registrar_saved(w->registrar, act->u.save.ask, status, w->now, &w->out);
		break;
	case ACT_NOTE:
		w->notes++;
		w->note_level = act->u.note.level;
		b = buf_on(w->note, sizeof w->note);
		buf_put(&b, act->u.note.text);
		w->note_len = b.used;
		break;
	case ACT_DIAL:
	case ACT_SHUT:
	case ACT_RECORD:
	case ACT_RESOLVE: fail();
	}
}

/* What an act brings about is put behind it and carried out too. */
static inline void
carry(struct world *w)
{
	for (uint32_t i = 0; i < w->out.count; i++) {
		struct act act = w->out.acts[i];

		carry_one(w, &act);
	}
	out_clear(&w->out);
}

/* Lets MS go by, ringing what is due on the way. Ends: how many alarms of the registrar rang. */
static inline uint32_t
pass_ms(struct world *w, int64_t ms)
{
	int64_t end_ms = w->now.mono_ms + ms;
	int64_t zero_s = w->now.wall_s - w->now.mono_ms / 1000;
	uint32_t rang = 0;

	while (alarms_deadline_ms(&w->alarms) <= end_ms) {
		struct alarm *alarm;

		if (alarms_deadline_ms(&w->alarms) > w->now.mono_ms)
			w->now.mono_ms = alarms_deadline_ms(&w->alarms);
		w->now.wall_s = zero_s + w->now.mono_ms / 1000;
		alarm = alarms_due(&w->alarms, w->now.mono_ms);
		if (alarm->kind == ALARM_REG) {
			rang++;
			assert_true(rang < 2 * ASKS_MAX);
			registrar_ring(w->registrar, alarm, w->now, &w->out);
		} else {
			txns_ring(&w->txns, alarm, w->now, &w->out);
		}
		carry(w);
	}
	w->now.mono_ms = end_ms;
	w->now.wall_s = zero_s + end_ms / 1000;
	return rang;
}

/* ---- phones ---- */

struct phone {
	struct str aor, target, call_id;
	struct str to; /* its URI; else made of the AOR */
	uint32_t cseq;
	enum transport transport;
	struct flow_id flow;
	struct addr source;
	struct str service_route;
	bool is_fixed;
};

static inline struct phone
phone_on(enum transport transport, uint64_t flow)
{
	return (struct phone){ .aor = STR("7789"),
		.target = STR("sip:example.com"),
		.call_id = STR("call-1@phone"),
		.cseq = 1,
		.transport = transport,
		.flow = { flow },
		.source = address_of(STR("192.0.2.7"), 40000) };
}

/* The text of a REGISTER with these further LINES, each with its CRLF. */
static inline struct str
write_register(struct world *w, struct buf *b, const struct phone *p, struct str lines)
{
	buf_put(b, STR("REGISTER "));
	buf_put(b, p->target);
	buf_put(b, STR(" SIP/2.0\r\nVia: SIP/2.0/"));
	buf_put(b, transport_name(p->transport));
	buf_put(b, STR(" 192.0.2.7:40000;rport;branch=z9hG4bK"));
	buf_number(b, ++w->branches);
	buf_put(b, STR("\r\nFrom: <sip:"));
	buf_put(b, p->aor);
	buf_put(b, STR("@example.com>;tag=f1\r\nTo: <"));
	buf_put(b, str_is_empty(p->to) ? STR("sip:") : p->to);
	if (str_is_empty(p->to)) {
		buf_put(b, p->aor);
		buf_put(b, STR("@example.com"));
	}
	buf_put(b, STR(">\r\nCall-ID: "));
	buf_put(b, p->call_id);
	buf_put(b, STR("\r\nCSeq: "));
	buf_number(b, p->cseq);
	buf_put(b, STR(" REGISTER\r\n"));
	buf_put(b, lines);
	buf_put(b, STR("Content-Length: 0\r\n\r\n"));
	assert_true(buf_ok(b));
	return buf_str(b);
}

static inline struct register_request
request_of(const struct phone *p, const struct msg *msg, struct ref txn)
{
	return (struct register_request){ .msg = msg,
		.txn = txn,
		.aor = p->aor,
		.is_self_dn = !p->is_fixed,
		.is_proven = true,
		.flow = p->flow,
		.transport = p->transport,
		.source = p->source,
		.service_route = p->service_route };
}

/* Reads a REGISTER. After: the views of MSG live until the next one. */
static inline void
read_register(struct world *w, const struct phone *p, struct str lines, struct msg *msg)
{
	static char text[MESSAGE_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	assert_true(msg_parse(msg, write_register(w, &b, p, lines), false, &fault));
}

static inline unsigned
status_of(struct str response)
{
	uint64_t status = 0;

	assert_true(str_begins(response, STR("SIP/2.0 ")));
	assert_true(str_number(str_upto(str_from(response, 8), 3), 699, &status));
	return (unsigned)status;
}

static inline struct str
sent(const struct world *w)
{
	return str_of(w->sent, w->sent_len);
}

/* Reads a REGISTER that waits in a transaction of its own for its answer. */
static inline struct register_request
serve_register(struct world *w, struct phone *p, struct str lines, struct msg *msg)
{
	struct txn_way way = {
		.flow = p->flow, .addr = p->source, .is_reliable = p->transport != TRANSPORT_UDP
	};
	struct ref txn;

	read_register(w, p, lines, msg);
	p->cseq++;
	txn = txn_serve(&w->txns, msg, &way, (struct txn_owner){ OWNER_NONE, REF_NONE, 0 }, w->now);
	assert_false(ref_is_none(txn));
	return request_of(p, msg, txn);
}

/* Lets a REGISTER in. Ends: the status of the answer, 0 when there is none yet. */
static inline unsigned
send_register(struct world *w, struct phone *p, struct str lines)
{
	static struct msg msg;
	struct register_request request = serve_register(w, p, lines, &msg);
	uint32_t before = w->sends;

	registrar_hear(w->registrar, &request, w->now, &w->out);
	carry(w);
	return w->sends == before ? 0 : status_of(sent(w));
}

/* How often PART stands in TEXT. */
static inline unsigned
count_of(struct str text, struct str part)
{
	unsigned count = 0;

	for (; text.len >= part.len; text = str_from(text, 1))
		count += str_begins(text, part);
	return count;
}

#define assert_has(text, literal) assert_int_equal(count_of(text, STR(literal)), 1)
#define assert_lacks(text, literal) assert_int_equal(count_of(text, STR(literal)), 0)
#define assert_str(got, literal) assert_true(str_same(got, STR(literal)))

/* Whether nothing is left of anybody. */
static inline void
assert_idle(struct world *w)
{
	assert_int_equal(registrar_count(w->registrar), 0);
	assert_int_equal(registrar_asks(w->registrar), 0);
	assert_int_equal(w->registrar->addresses.used, 0);
	assert_int_equal(w->registrar->lanes.used, 0);
	assert_int_equal(w->registrar->by_aor.count, 0);
	assert_int_equal(w->registrar->by_flow.count, 0);
}

#endif
