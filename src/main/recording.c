/* SPDX-License-Identifier: Apache-2.0 */
/* Each pass_ function goes over the fields of one thing in their order, and either puts them or
 * takes them: so what is written is what is read. */
#include "main/recording.h"

#include <string.h>

#include "base/panic.h"
#include "directory/directory.h"
#include "gate/challenge.h"

enum {
	HEAD_BYTES = RECORDING_HEAD_BYTES,
	DN_BYTES_MIN = 32, /* fewer than any DN takes                              */
	EVENT_DATA_MAX = INBOX_BYTES,
	TEXT_MAX = 64 * 1024, /* of what has no limit of its own                      */
	COUNT_MAX = 1 << 20,  /* of calls and the like: the sums of core_open stay sound */
	TIMER_MAX_MS = 3600 * 1000,
};

#define NO_TEXT UINT32_MAX /* the length of what is not there */
#define MONO_MAX_MS ((int64_t)1 << 52)
#define WALL_MAX_S INT64_C(253402300799) /* the year 9999 */

/* One way over a record. */
struct pass {
	struct buf *to;  /* writing; NULL: reading */
	struct str from; /* reading: what is left  */
	bool is_bad;     /* reading: it is not what it should be; all that is read is 0 then */
	struct config_memory *memory;
};

/* ---- numbers and texts ----------------------------------------------------------------------- */

static void
put_number(struct buf *b, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_char(b, (char)(uint8_t)(number >> (8 * i)));
}

static uint64_t
number_at(const char *at, size_t bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes; i++)
		number |= (uint64_t)(uint8_t)at[i] << (8 * i);
	return number;
}

/* The next COUNT octets; nothing, and it is bad, when there are not so many. */
static struct str
take(struct pass *p, size_t count)
{
	struct str taken = str_upto(p->from, count);

	if (p->is_bad || taken.len < count) {
		p->is_bad = true;
		return STR("");
	}
	p->from = str_from(p->from, count);
	return taken;
}

static uint64_t
number(struct pass *p, uint64_t value, size_t bytes, uint64_t max)
{
	struct str raw;

	if (p->to != NULL) {
		put_number(p->to, value, bytes);
		return value;
	}
	raw = take(p, bytes);
	value = raw.len == bytes ? number_at(raw.at, bytes) : 0;
	if (value <= max)
		return value;
	p->is_bad = true;
	return 0;
}

static uint32_t
small(struct pass *p, uint32_t value, size_t bytes, uint32_t max)
{
	return (uint32_t)number(p, value, bytes, max);
}

static bool
flag(struct pass *p, bool value)
{
	return number(p, value, 1, 1) != 0;
}

static struct str
text(struct pass *p, struct str value, size_t max)
{
	bool is_none = str_is_none(value);
	uint32_t len = small(p, is_none ? NO_TEXT : (uint32_t)value.len, 4, NO_TEXT);

	if (p->to != NULL) {
		buf_put(p->to, value);
		return value;
	}
	if (p->is_bad || len == NO_TEXT)
		return STR_NONE;
	if (len > max)
		p->is_bad = true;
	return take(p, len);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void
pass_when(struct pass *p, struct when *when)
{
	when->mono_ms = (int64_t)number(p, (uint64_t)when->mono_ms, 8, (uint64_t)MONO_MAX_MS);
	when->wall_s = (int64_t)number(p, (uint64_t)when->wall_s, 8, (uint64_t)WALL_MAX_S);
}

static void
pass_addr(struct pass *p, struct addr *addr)
{
	struct str ip;
	size_t bytes;

	addr->family = (enum addr_family)small(p, addr->family, 1, ADDR_V6);
	bytes = addr->family == ADDR_V6 ? 16 : addr->family == ADDR_V4 ? 4 : 0;
	if (p->to != NULL) {
		buf_put(p->to, str_of(addr->ip, bytes));
	} else {
		ip = take(p, bytes);
		memset(addr->ip, 0, sizeof addr->ip);
		if (ip.len > 0)
			memcpy(addr->ip, ip.at, ip.len);
	}
	addr->port = (uint16_t)small(p, addr->port, 2, UINT16_MAX);
}

static void
pass_flow(struct pass *p, struct flow_id *flow)
{
	flow->number = number(p, flow->number, 8, UINT64_MAX);
}

static void
pass_ref(struct pass *p, struct ref *ref)
{
	ref->slot = small(p, ref->slot, 4, UINT32_MAX);
	ref->age = small(p, ref->age, 4, UINT32_MAX);
}

static void
pass_contact(struct pass *p, struct contact *c)
{
	c->is_self = flag(p, c->is_self);
	c->speech.scheme = (enum scheme)small(p, c->speech.scheme, 1, SCHEME_SIPS);
	c->speech.transport = (enum transport)small(p, c->speech.transport, 1, TRANSPORT_TLS);
	c->number = text(p, c->number, TEXT_MAX);
	c->host = text(p, c->host, TEXT_MAX);
	pass_addr(p, &c->ip);
	c->port = (uint16_t)small(p, c->port, 2, UINT16_MAX);
	c->has_transport = flag(p, c->has_transport);
	if (p->to == NULL && !c->is_self)
		p->is_bad |= c->speech.transport == TRANSPORT_NONE ||
			(c->speech.scheme == SCHEME_SIPS && c->speech.transport != TRANSPORT_TLS);
}

static void
pass_terms(struct pass *p, struct terms *terms)
{
	struct str pin;

	terms->identity = small(p, terms->identity, 4, IDENTITIES_MAX - 1);
	terms->takes_wildcard = flag(p, terms->takes_wildcard);
	terms->has_pin = flag(p, terms->has_pin);
	if (p->to != NULL) {
		buf_put(p->to, str_of(terms->pin, sizeof terms->pin));
		return;
	}
	pin = take(p, sizeof terms->pin);
	if (pin.len > 0)
		memcpy(terms->pin, pin.at, sizeof terms->pin);
}

/* Of a password it is told that there is one, and nothing else. */
static void
pass_dn(struct pass *p, struct dn *dn)
{
	bool *const flags[] = { &dn->challenges_register, &dn->challenges_invite, &dn->checks_from,
		&dn->is_trusted, &dn->emits_tls, &dn->registers, &dn->tells_route,
		&dn->wants_gruu };
	uint32_t *const numbers[] = { &dn->priority, &dn->capacity, &dn->oos_check_s,
		&dn->oos_force_s, &dn->recovery_timeout_s, &dn->register_expires_s };

	dn->number = text(p, dn->number, DN_NUMBER_BYTES_MAX);
	dn->type = (enum dn_type)small(p, dn->type, 1, DN_SOFTSWITCH);
	pass_contact(p, &dn->contact);
	dn->password = flag(p, !str_is_empty(dn->password)) ? STR("*") : STR("");
	dn->username = text(p, dn->username, TEXT_MAX);
	dn->realm = text(p, dn->realm, TEXT_MAX);
	dn->tls_name = text(p, dn->tls_name, TEXT_MAX);
	pass_terms(p, &dn->terms);
	dn->terms.trust = small(p, dn->terms.trust, 4, IDENTITIES_MAX - 1);
	dn->prefix = text(p, dn->prefix, TEXT_MAX);
	dn->crossing = (enum crossing_mode)small(p, dn->crossing, 1, MODE_STRICT);
	dn->sips = (enum sips_policy)small(p, dn->sips, 1, SIPS_REFUSED);
	dn->has_proxy = flag(p, dn->has_proxy);
	if (dn->has_proxy)
		pass_contact(p, &dn->proxy);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		*flags[i] = flag(p, *flags[i]);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		*numbers[i] = small(p, *numbers[i], 4, UINT32_MAX);
}

static void
put_dns(struct pass *p, const struct directory *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		struct dn dn = d->dns[i];

		pass_dn(p, &dn);
	}
}

static void
take_dns(struct pass *p, struct directory *d)
{
	static const uint8_t key[MAP_KEY_BYTES]; /* whom it was aimed at is not here */
	struct arena arena = arena_on(NULL, 0);
	uint32_t twice;

	if (p->is_bad || d->count > p->from.len / DN_BYTES_MIN) {
		p->is_bad = true;
		d->count = 0;
	}
	d->dns = memory_take(p->memory, (d->count + 1) * sizeof *d->dns);
	for (uint32_t i = 0; i < d->count; i++)
		pass_dn(p, &d->dns[i]);
	if (p->is_bad)
		return;
	(void)directory_index(d, &arena, key, &twice);
	/* What was taken is aligned to 16 octets, as the index wants at most. */
	arena = arena_on(memory_take(p->memory, arena.used), arena.used);
	if (!directory_index(d, &arena, key, &twice))
		p->is_bad = true; /* two of one number */
}

static void
pass_directory_head(struct pass *p, struct directory *d)
{
	d->domain_count = small(p, d->domain_count, 4, DOMAINS_MAX);
	for (uint32_t i = 0; i < d->domain_count; i++)
		d->domains[i] = text(p, d->domains[i], TEXT_MAX);
	d->strangers = (enum strangers)small(p, d->strangers, 1, STRANGERS_ALL);
	d->crossing = (enum crossing_mode)small(p, d->crossing, 1, MODE_STRICT);
	d->uuid_header = text(p, d->uuid_header, HEADER_NAME_BYTES_MAX);
	d->count = small(p, d->count, 4, DNS_MAX);
}

static const struct directory *
pass_directory(struct pass *p, const struct directory *from)
{
	struct directory *taken;

	if (p->to != NULL) {
		struct directory copy = *from;

		pass_directory_head(p, &copy);
		put_dns(p, from);
		return from;
	}
	taken = memory_take(p->memory, sizeof *taken);
	*taken = (struct directory){ .count = 0 };
	pass_directory_head(p, taken);
	take_dns(p, taken);
	return taken;
}

static void
pass_listener(struct pass *p, struct listener *l)
{
	l->transport = (enum transport)small(p, l->transport, 1, TRANSPORT_TLS);
	pass_addr(p, &l->local);
	l->advertise = text(p, l->advertise, TEXT_MAX);
	pass_flow(p, &l->flow);
	p->is_bad |= p->to == NULL && l->transport == TRANSPORT_NONE;
}

static void
pass_listeners(struct pass *p, struct core_options *o)
{
	struct listener *taken = NULL;

	o->listener_count = small(p, o->listener_count, 4, LISTENERS_MAX);
	if (p->to == NULL)
		o->listeners = taken =
			memory_take(p->memory, (o->listener_count + 1) * sizeof *taken);
	for (uint32_t i = 0; i < o->listener_count; i++) {
		struct listener l = p->to != NULL ? o->listeners[i] : (struct listener){ 0 };

		pass_listener(p, &l);
		if (taken != NULL)
			taken[i] = l;
	}
}

/* ---- records --------------------------------------------------------------------------------- */

static void
pass_open(struct pass *p, struct record *r)
{
	struct core_options *o = &r->options;
	int64_t *const timers[] = { &o->t1_ms, &o->t2_ms, &o->t4_ms };
	uint32_t *const counts[] = { &o->calls_max, &o->requests_max, &o->flows_max,
		&o->addresses_max };
	struct str seed;

	r->version = text(p, r->version, TEXT_MAX);
	pass_when(p, &r->now);
	if (p->to != NULL) {
		buf_put(p->to, str_of(o->seed, sizeof o->seed));
	} else {
		seed = take(p, sizeof o->seed);
		if (seed.len > 0)
			memcpy(o->seed, seed.at, sizeof o->seed);
		o->is_replay = true;
	}
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		*timers[i] = (int64_t)number(p, (uint64_t)*timers[i], 8, TIMER_MAX_MS);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		*counts[i] = small(p, *counts[i], 4, COUNT_MAX);
	o->writes_records = flag(p, o->writes_records);
	pass_listeners(p, o);
	o->directory = pass_directory(p, o->directory);
}

static void
pass_flow_open(struct pass *p, struct event *e)
{
	struct secured *s = &e->u.open.secured;

	pass_flow(p, &e->u.open.flow);
	e->u.open.transport = (enum transport)small(p, e->u.open.transport, 1, TRANSPORT_TLS);
	pass_addr(p, &e->u.open.local);
	pass_addr(p, &e->u.open.peer);
	e->u.open.listener = small(p, e->u.open.listener, 4, UINT32_MAX);
	s->proof = (enum proof)small(p, s->proof, 1, PROOF_CLIENT_CERT);
	s->version = text(p, s->version, TEXT_MAX);
	s->cipher = text(p, s->cipher, TEXT_MAX);
	s->name = text(p, s->name, TEXT_MAX);
	s->identity = small(p, s->identity, 4, IDENTITIES_MAX - 1);
	s->own = text(p, s->own, TEXT_MAX);
	s->named_by = (enum named_by)small(p, s->named_by, 1, NAMED_BY_IP);
	s->trust = small(p, s->trust, 4, IDENTITIES_MAX - 1);
	s->fingerprint = text(p, s->fingerprint, TEXT_MAX);
}

static void
pass_service(struct pass *p, struct dns_record *s)
{
	s->order = (uint16_t)small(p, s->order, 2, UINT16_MAX);
	s->weight = (uint16_t)small(p, s->weight, 2, UINT16_MAX);
	s->port = (uint16_t)small(p, s->port, 2, UINT16_MAX);
	s->flags = text(p, s->flags, TEXT_MAX);
	s->what = text(p, s->what, TEXT_MAX);
	s->name = text(p, s->name, TEXT_MAX);
}

static void
pass_names(struct pass *p, struct event *e)
{
	bool is_addrs;

	pass_ref(p, &e->u.names.ask);
	e->u.names.kind = (enum names_kind)small(p, e->u.names.kind, 1, NAMES_NAPTR);
	e->u.names.status = (enum names_status)small(p, e->u.names.status, 1, NAMES_FAILED);
	is_addrs = e->u.names.kind == NAMES_ADDRESSES;
	e->u.names.count = small(p, e->u.names.count, 1, is_addrs ? NAMES_MAX : SERVICES_MAX);
	e->u.names.ttl_s = small(p, e->u.names.ttl_s, 4, UINT32_MAX);
	for (uint32_t i = 0; i < e->u.names.count && is_addrs; i++)
		pass_addr(p, &e->u.names.addrs[i]);
	for (uint32_t i = 0; i < e->u.names.count && !is_addrs; i++)
		pass_service(p, &e->u.names.services[i]);
}

static void
pass_bindings(struct pass *p, struct event *e)
{
	e->u.bindings.aor = text(p, e->u.bindings.aor, AOR_BYTES_MAX);
	e->u.bindings.version = number(p, e->u.bindings.version, 8, UINT64_MAX);
	e->u.bindings.set = text(p, e->u.bindings.set, SET_BYTES_MAX);
	p->is_bad |= e->u.bindings.version == 0;
}

static void
pass_event(struct pass *p, struct event *e)
{
	e->kind = (enum event_kind)small(p, e->kind, 1, EV_DIRECTORY);
	switch (e->kind) {
	case EV_TICK: return;
	case EV_BYTES:
		pass_flow(p, &e->u.bytes.flow);
		pass_addr(p, &e->u.bytes.from);
		e->u.bytes.data = text(p, e->u.bytes.data, EVENT_DATA_MAX);
		return;
	case EV_FLOW_OPEN: pass_flow_open(p, e); return;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED:
		pass_flow(p, &e->u.closed.flow);
		e->u.closed.reason = text(p, e->u.closed.reason, TEXT_MAX);
		return;
	case EV_NAMES: pass_names(p, e); return;
	case EV_BINDINGS: pass_bindings(p, e); return;
	case EV_SAVED:
		pass_ref(p, &e->u.saved.ask);
		e->u.saved.status = (enum saved_status)small(p, e->u.saved.status, 1, SAVED_FAILED);
		return;
	case EV_ORDER: e->u.order = (enum order)small(p, e->u.order, 1, ORDER_DRAIN); return;
	case EV_DIRECTORY: e->u.directory = pass_directory(p, e->u.directory); return;
	}
}

static void
pass_answer(struct pass *p, struct record *r)
{
	r->verdicts = text(p, r->verdicts, GATE_VERDICTS_MAX);
	for (size_t i = 0; i < r->verdicts.len; i++)
		p->is_bad |= (uint8_t)r->verdicts.at[i] >= GATE_VERDICT_KINDS;
	r->act_count = small(p, r->act_count, 4, ACTS_MAX);
	r->hash = number(p, r->hash, 8, UINT64_MAX);
}

static void
pass_record(struct pass *p, struct record *r)
{
	switch (r->kind) {
	case RECORD_OPEN: pass_open(p, r); return;
	case RECORD_EVENT:
		pass_when(p, &r->now);
		r->is_fresh = flag(p, r->is_fresh);
		pass_event(p, &r->event);
		return;
	case RECORD_ANSWER: pass_answer(p, r); return;
	case RECORD_END:
		r->end = (enum recording_end)small(p, r->end, 1, RECORDING_ENDS - 1);
		return;
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

void
recording_put(struct buf *b, const struct record *record)
{
	struct pass p = { .to = b };
	struct record r = *record;
	size_t start = b->used;

	put_number(b, 0, 4);
	put_number(b, r.kind, 1);
	pass_record(&p, &r);
	must(buf_ok(b));
	for (size_t i = 0; i < 4; i++)
		b->at[start + i] = (char)(uint8_t)((b->used - start - HEAD_BYTES) >> (8 * i));
}

/* ---- reading --------------------------------------------------------------------------------- */

bool
recording_open(struct recording *r, struct str file, struct buf *why)
{
	struct str magic = STR(RECORDING_MAGIC), any = STR("sipward recording ");

	*r = (struct recording){ .file = file, .at = magic.len };
	if (str_begins(file, magic)) {
		r->memory = memory_open();
		return true;
	}
	if (str_begins(magic, file))
		buf_put(why, STR("it ends before its first record"));
	else if (str_begins(file, any))
		buf_put(why, STR("it is a recording of another version; this reads version 3"));
	else
		buf_put(why, STR("it is no recording"));
	return false;
}

/* Whether a record of this kind may follow what was read last. */
static bool
may_follow(enum record_kind last, enum record_kind kind)
{
	switch (kind) {
	case RECORD_OPEN: return last == 0;
	case RECORD_EVENT: return last == RECORD_OPEN || last == RECORD_ANSWER;
	case RECORD_ANSWER: return last == RECORD_EVENT;
	case RECORD_END: return last != 0;
	}
	return false;
}

enum recording_found
recording_next(struct recording *r, struct record *record)
{
	struct str rest = str_from(r->file, r->at);
	struct pass p = { .memory = r->memory };
	uint64_t len, kind;

	if (r->last == RECORD_END)
		return rest.len == 0 ? RECORDING_OVER : RECORDING_BAD;
	if (rest.len < HEAD_BYTES)
		return RECORDING_CUT;
	len = number_at(rest.at, 4);
	kind = number_at(rest.at + 4, 1);
	if (kind == 0 || kind > RECORD_END || !may_follow(r->last, (enum record_kind)kind))
		return RECORDING_BAD;
	rest = str_from(rest, HEAD_BYTES);
	if (rest.len < len)
		return RECORDING_CUT;
	*record = (struct record){ .kind = (enum record_kind)kind };
	p.from = str_upto(rest, len);
	pass_record(&p, record);
	/* The clock for waiting never goes back. */
	if (p.is_bad || p.from.len > 0 ||
		(kind <= RECORD_EVENT && record->now.mono_ms < r->mono_ms))
		return RECORDING_BAD;
	if (kind <= RECORD_EVENT)
		r->mono_ms = record->now.mono_ms;
	r->last = record->kind;
	r->at += HEAD_BYTES + len;
	return RECORDING_MORE;
}

void
recording_close(struct recording *r)
{
	memory_close(r->memory);
	r->memory = NULL;
}
