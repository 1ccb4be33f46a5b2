/* SPDX-License-Identifier: Apache-2.0 */
#include "hop/flows.h"

#include <string.h>

#include "base/limits.h"
#include "base/panic.h"
#include "secure/contract.h"
#include "secure/identity.h"
#include "sip/write.h"

_Static_assert((int)TARGET_NAME_MAX <= (int)CERT_NAMES_BYTES_MAX, "a name is not cut");

static uint64_t
number_hash(const struct flows *fs, struct flow_id id)
{
	struct str part = str_of(&id.number, sizeof id.number);

	return map_hash(&fs->by_number, &part, 1);
}

static uint64_t
peer_hash(const struct flows *fs, enum transport transport, const struct addr *peer)
{
	uint8_t kind[4] = { (uint8_t)transport, (uint8_t)peer->family, (uint8_t)(peer->port >> 8),
		(uint8_t)peer->port };
	struct str parts[] = { str_of(kind, sizeof kind), str_of(peer->ip, sizeof peer->ip) };

	return map_hash(&fs->by_peer, parts, 2);
}

static struct flow *
take(struct flows *fs, struct flow_id id, enum transport transport, uint32_t listener)
{
	struct ref ref;
	struct flow *flow = pool_take(&fs->pool, &ref);

	if (flow == NULL)
		return NULL;
	*flow = (struct flow){ .id = id, .ref = ref, .transport = transport, .listener = listener };
	flow->alarm = alarm_of(ALARM_FLOW, ref, LETTER_HALF);
	flow->silence = alarm_of(ALARM_FLOW, ref, LETTER_SILENCE);
	map_put(&fs->by_number, number_hash(fs, id), ref.slot);
	return flow;
}

bool
flows_open(struct flows *fs, struct arena *arena, uint32_t max, const struct listener *listeners,
	uint32_t listener_count, const uint8_t key[MAP_KEY_BYTES])
{
	bool ok;

	*fs = (struct flows){ .listeners = listeners, .listener_count = listener_count };
	ok = pool_open(&fs->pool, arena, max + listener_count, sizeof(struct flow));
	ok = map_open(&fs->by_number, arena, max + listener_count, key) && ok;
	ok = map_open(&fs->by_peer, arena, max + listener_count, key) && ok;
	fs->gone_ids =
		arena_take(arena, FLOWS_GONE_MAX * sizeof *fs->gone_ids, _Alignof(struct flow_id));
	fs->gone = arena_take(arena, FLOWS_GONE_MAX * sizeof *fs->gone, _Alignof(struct flow_gone));
	if (!ok || fs->gone_ids == NULL || fs->gone == NULL)
		return false;
	for (uint32_t i = 0; i < FLOWS_GONE_MAX; i++)
		fs->gone_ids[i] = FLOW_NONE;
	for (uint32_t i = 0; i < listener_count; i++) {
		struct flow *flow;

		if (listeners[i].transport != TRANSPORT_UDP)
			continue;
		flow = take(fs, listeners[i].flow, TRANSPORT_UDP, i);
		must(flow != NULL);
		flow->local = listeners[i].local;
		flow->is_open = true;
	}
	return true;
}

static bool
is_dialled(const struct flow *flow)
{
	return (flow->id.number & FLOW_DIALLED) != 0;
}

static uint32_t
keep(char *at, uint32_t size, struct str s)
{
	uint32_t len = s.len < size ? (uint32_t)s.len : size;

	if (len > 0)
		memcpy(at, s.at, len);
	return len;
}

struct flow *
flows_add(struct flows *fs, const struct event *opened)
{
	const struct secured *secured = &opened->u.open.secured;
	struct flow_id id = opened->u.open.flow;
	struct flow *flow = flows_find(fs, id);

	if (flow == NULL && (id.number & FLOW_DIALLED) != 0)
		return NULL;
	if (flow == NULL)
		flow = take(fs, id, opened->u.open.transport, opened->u.open.listener);
	if (flow == NULL)
		return NULL;
	flow->is_open = true;
	flow->local = opened->u.open.local;
	flow->proof = secured->proof;
	flow->named_by = secured->named_by;
	if (!is_dialled(flow)) {
		/* One that we dialled stays known by the address and the name that it was
		 * dialled to. */
		flow->peer = opened->u.open.peer;
		flow->terms.identity = secured->identity;
		flow->terms.trust = secured->trust;
		flow->name_len = keep(flow->name, sizeof flow->name, secured->name);
	} else if (flow->transport == TRANSPORT_TLS && flow->proof != PROOF_NAME) {
		flow->name_len = 0; /* it has proved nothing: no leg may use it */
	}
	flow->version_len = keep(flow->version, sizeof flow->version, secured->version);
	flow->cipher_len = keep(flow->cipher, sizeof flow->cipher, secured->cipher);
	flow->has_fingerprint = secured->fingerprint.len == FINGERPRINT_BYTES;
	if (flow->has_fingerprint)
		memcpy(flow->fingerprint, secured->fingerprint.at, FINGERPRINT_BYTES);
	return flow;
}

struct flow *
flows_find(const struct flows *fs, struct flow_id id)
{
	uint64_t hash = number_hash(fs, id);
	uint32_t cursor;

	for (uint32_t slot = map_first(&fs->by_number, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&fs->by_number, hash, &cursor)) {
		struct flow *flow = pool_slot(&fs->pool, slot);

		if (flow_same(flow->id, id))
			return flow;
	}
	return NULL;
}

/* The address that an accepted flow stands for. */
static struct addr
alias_of(const struct flow *flow)
{
	struct addr addr = flow->peer;

	addr.port = flow->alias;
	return addr;
}

static void
forget_alias(struct flows *fs, struct flow *flow)
{
	struct addr addr = alias_of(flow);

	if (flow->alias != 0)
		map_drop(&fs->by_peer, peer_hash(fs, flow->transport, &addr), flow->ref.slot);
	flow->alias = 0;
}

void
flows_alias(struct flows *fs, struct flow *flow, uint16_t port)
{
	struct addr addr;

	if (flow->transport != TRANSPORT_TLS || is_dialled(flow) ||
		flow->proof != PROOF_CLIENT_CERT || port == flow->alias)
		return;
	forget_alias(fs, flow);
	flow->alias = port;
	addr = alias_of(flow);
	if (port != 0)
		map_put(&fs->by_peer, peer_hash(fs, flow->transport, &addr), flow->ref.slot);
}

void
flows_drop(struct flows *fs, struct flow *flow)
{
	size_t place = flow->id.number % FLOWS_GONE_MAX;
	struct flow_gone *gone = &fs->gone[place];

	must(!alarm_is_armed(&flow->alarm) && !alarm_is_armed(&flow->silence));
	map_drop(&fs->by_number, number_hash(fs, flow->id), flow->ref.slot);
	if (is_dialled(flow))
		map_drop(&fs->by_peer, peer_hash(fs, flow->transport, &flow->peer), flow->ref.slot);
	else
		forget_alias(fs, flow);
	fs->gone_ids[place] = flow->id;
	*gone = (struct flow_gone){
		.transport = flow->transport, .terms = flow->terms, .next = FLOW_NONE
	};
	if (flow->proof == PROOF_CLIENT_CERT)
		gone->names_len = keep(gone->names, sizeof gone->names, flow_name(flow));
	pool_give(&fs->pool, flow->ref);
}

struct flow_gone *
flows_was(const struct flows *fs, struct flow_id id)
{
	size_t place = id.number % FLOWS_GONE_MAX;

	return !flow_is_none(id) && flow_same(fs->gone_ids[place], id) ? &fs->gone[place] : NULL;
}

/* How many leading bits two addresses of one family share. */
static unsigned
common_bits(const struct addr *a, const struct addr *b)
{
	unsigned max = a->family == ADDR_V6 ? 128 : 32;

	for (unsigned bit = 0; bit < max; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		if ((a->ip[bit / 8] & mask) != (b->ip[bit / 8] & mask))
			return bit;
	}
	return max;
}

const struct listener *
flows_face(const struct flows *fs, enum transport transport, const struct addr *peer)
{
	const struct listener *best = NULL;
	unsigned best_bits = 0;

	for (uint32_t i = 0; i < fs->listener_count; i++) {
		const struct listener *l = &fs->listeners[i];
		unsigned bits;

		if (l->transport != transport || l->local.family != peer->family)
			continue;
		bits = common_bits(&l->local, peer) + 1;
		/* A loopback address leads nowhere but to this machine, and nothing else leads
		 * there. */
		if (addr_is_loopback(&l->local) != addr_is_loopback(peer))
			bits = 1;
		if (bits > best_bits) {
			best = l;
			best_bits = bits;
		}
	}
	return best;
}

/* Whether who opened FLOW has proved to be NAME: it was accepted as whom we are now, vouched for by
 * the CAs that we would ask, and it is what is pinned. */
static bool
is_vouched_for(const struct flow *flow, struct str name, const struct terms *terms)
{
	return flow->terms.identity == terms->identity && flow->terms.trust == terms->trust &&
		identity_is_listed(flow_name(flow), name) &&
		(!terms->has_pin ||
			(flow->has_fingerprint &&
				memcmp(flow->fingerprint, terms->pin, FINGERPRINT_BYTES) == 0));
}

/* Whether FLOW leads to PEER, who proved to be NAME, on TERMS. */
static bool
is_towards(const struct flow *flow, const struct addr *peer, struct str name,
	const struct terms *terms)
{
	struct addr addr = is_dialled(flow) ? flow->peer : alias_of(flow);

	if (flow->is_shut || !addr_same(&addr, peer))
		return false;
	if (flow->transport != TRANSPORT_TLS)
		return true;
	if (is_dialled(flow))
		return str_alike(flow_name(flow), name) && terms_same(&flow->terms, terms);
	return is_vouched_for(flow, name, terms);
}

void
flow_show(const struct flow *flow, const struct demand *demand, struct candidate *way)
{
	way->flow_name = flow_name(flow);
	way->flow_terms = flow->terms;
	if (flow->alias == 0 || !is_vouched_for(flow, demand->name, &demand->terms))
		return;
	way->flow_name = demand->name;
	way->flow_terms = demand->terms;
}

struct flow *
flows_towards(const struct flows *fs, enum transport transport, const struct addr *peer,
	struct str name, const struct terms *terms)
{
	uint64_t hash;
	uint32_t cursor;

	if (transport == TRANSPORT_UDP) {
		const struct listener *face = flows_face(fs, transport, peer);

		return face != NULL ? flows_find(fs, face->flow) : NULL;
	}
	hash = peer_hash(fs, transport, peer);
	for (uint32_t slot = map_first(&fs->by_peer, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&fs->by_peer, hash, &cursor)) {
		struct flow *flow = pool_slot(&fs->pool, slot);

		if (flow->transport == transport && is_towards(flow, peer, name, terms))
			return flow;
	}
	return NULL;
}

bool
flows_reach(struct flows *fs, struct target *target, struct str about, const struct turn *t)
{
	struct str name = target_name(target);
	struct flow *flow;

	if (!flow_is_none(target->flow))
		return true;
	flow = flows_towards(fs, target->transport, &target->addr, name, &target->terms);
	if (flow == NULL && target->transport != TRANSPORT_UDP) {
		struct flow_id id = { FLOW_DIALLED | ++fs->next_number };

		flow = take(fs, id, target->transport, NO_LISTENER);
		if (flow == NULL)
			return false;
		flow->peer = target->addr;
		flow->terms = target->terms;
		flow->name_len = keep(flow->name, sizeof flow->name, name);
		map_put(&fs->by_peer, peer_hash(fs, flow->transport, &flow->peer), flow->ref.slot);
		out_dial(t->out, id, target->transport, &target->addr, out_keep(t->out, name),
			&target->terms, out_keep(t->out, about));
	}
	if (flow == NULL)
		return false;
	target_set_flow(target, flow->id);
	return true;
}

void
listener_write(struct buf *b, const struct listener *listener)
{
	if (!str_is_empty(listener->advertise))
		buf_put(b, listener->advertise);
	else
		addr_write_port(b, &listener->local);
}

/* The address that goes with the port of a listener on a wildcard. */
static const struct addr *
address_for(const struct flows *fs, const struct flow *flow, const struct addr *peer)
{
	const struct listener *socket;

	if (flow != NULL && flow->is_open && flow->local.family != ADDR_NONE)
		return &flow->local;
	socket = flows_face(fs, TRANSPORT_UDP, peer);
	return socket != NULL ? &socket->local : NULL;
}

void
flows_write_face(const struct flows *fs, struct buf *b, enum transport transport,
	const struct addr *peer, struct flow_id id)
{
	const struct listener *face = flows_face(fs, transport, peer);
	const struct flow *flow = flows_find(fs, id);
	const struct addr *real = NULL;
	struct addr shown;

	if (flow != NULL && flow->listener < fs->listener_count)
		face = &fs->listeners[flow->listener];
	if (face == NULL)
		face = flows_face(fs, TRANSPORT_UDP, peer);
	if (face == NULL)
		face = &fs->listeners[0];
	if (str_is_empty(face->advertise)) {
		if (flow != NULL && flow->listener < fs->listener_count)
			real = &flow->local;
		else if (addr_is_any(&face->local))
			real = address_for(fs, flow, peer);
	}
	if (real == NULL) {
		listener_write(b, face);
		return;
	}
	shown = *real;
	shown.port = face->local.port;
	addr_write_port(b, &shown);
}

void
flows_write_via(const struct flows *fs, struct buf *b, enum transport transport,
	const struct addr *peer, struct flow_id id, struct str branch)
{
	const struct flow *flow = flows_find(fs, id);
	char text[URI_BYTES_MAX];
	struct buf face = buf_on(text, sizeof text);

	flows_write_face(fs, &face, transport, peer, id);
	write_begin(b, HEADER_VIA);
	contract_write_via(b, transport, buf_str(&face));
	if (!buf_ok(&face))
		b->full = true;
	buf_put(b, STR(";branch="));
	buf_put(b, branch);
	if (flow != NULL && flow->offers_alias)
		buf_put(b, STR(";alias"));
	write_end(b);
}

struct str
flow_name(const struct flow *flow)
{
	return str_of(flow->name, flow->name_len);
}

uint32_t
flows_count(const struct flows *fs)
{
	uint32_t sockets = 0;

	for (uint32_t i = 0; i < fs->listener_count; i++)
		if (fs->listeners[i].transport == TRANSPORT_UDP)
			sockets++;
	return fs->pool.used - sockets;
}
