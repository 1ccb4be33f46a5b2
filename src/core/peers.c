/* SPDX-License-Identifier: Apache-2.0 */
#include "core/peers.h"

#include <string.h>

#include "secure/identity.h"

/* Answers are asked for again after their TTL, within these bounds: not in a storm, and not so
 * late that a trunk that moved stays lost. */
enum { AGAIN_MIN_MS = 30 * 1000, AGAIN_MAX_MS = 600 * 1000, AGAIN_FAILED_MS = 5 * 1000 };

bool
peers_open(struct peers *ps, struct arena *arena, uint32_t max, struct alarms *alarms)
{
	*ps = (struct peers){ .places = DNS_MAX, .alarms = alarms };
	ps->by_place = arena_take(arena, DNS_MAX * sizeof(struct peer *), _Alignof(struct peer *));
	ps->trunks = arena_take(arena, max * sizeof(uint32_t), _Alignof(uint32_t));
	return pool_open(&ps->pool, arena, max, sizeof(struct peer)) && ps->by_place != NULL &&
		ps->trunks != NULL;
}

static void
forget_all(struct peers *ps)
{
	for (uint32_t slot = 0; slot < ps->pool.fresh; slot++) {
		struct peer *peer = pool_slot(&ps->pool, slot);

		if (peer == NULL)
			continue;
		alarm_disarm(ps->alarms, &peer->alarm);
		pool_give(&ps->pool, peer->ref);
	}
}

void
peers_directory(struct peers *ps, const struct directory *directory, struct when now)
{
	forget_all(ps);
	ps->directory = directory;
	ps->trunk_count = 0;
	for (uint32_t place = 0; place < directory->count && place < ps->places; place++) {
		const struct dn *dn = &directory->dns[place];
		struct peer *peer;
		struct ref ref;

		ps->by_place[place] = NULL;
		if (dn->contact.is_self)
			continue;
		peer = pool_take(&ps->pool, &ref);
		if (peer == NULL)
			continue;
		*peer = (struct peer){ .ref = ref, .alarm = alarm_of(ALARM_HOP, ref, place) };
		ps->by_place[place] = peer;
		if (dn_is_trunk(dn))
			ps->trunks[ps->trunk_count++] = place;
		if (dn->contact.ip.family != ADDR_NONE) {
			peer->is_known = true;
			peer->addrs[peer->count++] = dn->contact.ip;
		} else {
			alarm_arm(ps->alarms, &peer->alarm, now.mono_ms);
		}
	}
}

void
peers_ring(struct peers *ps, const struct alarm *alarm, const struct turn *t)
{
	struct peer *peer = pool_at(&ps->pool, alarm->owner);

	if (peer == NULL)
		return;
	/* An answer that is still owed after so long will not come: the question is put again. */
	peer->is_asked = true;
	out_resolve(t->out, peer->ref, ps->directory->dns[alarm->letter].contact.host);
	alarm_arm(ps->alarms, &peer->alarm, t->now.mono_ms + AGAIN_MAX_MS);
}

static void
say_failed(const struct peers *ps, const struct peer *peer, const struct turn *t)
{
	const struct dn *dn = &ps->directory->dns[peer->alarm.letter];
	struct buf line = note_begin(t);

	buf_put(&line, STR("the contact of DN "));
	buf_quoted(&line, dn->number, LOG_TEXT_MAX);
	buf_put(&line, STR(" has no address: "));
	buf_quoted(&line, dn->contact.host, LOG_TEXT_MAX);
	buf_put(&line, STR(" was not found"));
	note_end(t, NOTE_WARN, &line);
}

bool
peers_hear(struct peers *ps, const struct event *event, const struct turn *t)
{
	struct peer *peer = pool_at(&ps->pool, event->u.names.ask);
	int64_t again_ms = (int64_t)event->u.names.ttl_s * 1000;

	if (peer == NULL || !peer->is_asked)
		return false;
	peer->is_asked = false;
	if (event->u.names.status == NAMES_FOUND) {
		peer->count = event->u.names.count;
		for (uint32_t i = 0; i < peer->count; i++)
			peer->addrs[i] = event->u.names.addrs[i];
		if (again_ms < AGAIN_MIN_MS)
			again_ms = AGAIN_MIN_MS;
		if (again_ms > AGAIN_MAX_MS)
			again_ms = AGAIN_MAX_MS;
	} else {
		/* Old addresses stay in use while the resolver fails; a name that is gone is
		 * gone. */
		if (event->u.names.status == NAMES_ABSENT)
			peer->count = 0;
		again_ms = AGAIN_FAILED_MS;
		if (peer->count == 0)
			say_failed(ps, peer, t);
	}
	peer->is_known = true;
	alarm_arm(ps->alarms, &peer->alarm, t->now.mono_ms + again_ms);
	return true;
}

const struct peer *
peers_of(const struct peers *ps, const struct dn *dn)
{
	uint32_t place = directory_place(ps->directory, dn);

	return place < ps->places ? ps->by_place[place] : NULL;
}

bool
peers_is_at(const struct peers *ps, const struct dn *dn, const struct addr *source)
{
	const struct peer *peer = peers_of(ps, dn);

	if (peer == NULL)
		return false;
	for (uint32_t i = 0; i < peer->count; i++)
		if (addr_same_ip(&peer->addrs[i], source))
			return true;
	return false;
}

bool
peers_proves(const struct dn *dn, const struct flow *flow)
{
	struct str name = dn_tls_name(dn);

	switch (flow->proof) {
	case PROOF_NAME:
		return terms_same(&dn->terms, &flow->terms) && str_alike(name, flow_name(flow));
	case PROOF_CLIENT_CERT:
		if (dn->trust != flow->trust || !flow->has_fingerprint)
			return false;
		if (dn->terms.has_pin)
			return memcmp(dn->terms.pin, flow->fingerprint, FINGERPRINT_BYTES) == 0;
		return identity_is_listed(flow_name(flow), name);
	case PROOF_NONE: break;
	}
	return false;
}

enum peer_verdict
peers_trunk_of(const struct peers *ps, const struct flow *flow, const struct addr *source,
	const struct dn **trunk)
{
	const struct dn *proven = NULL, *there = NULL;

	for (uint32_t i = 0; i < ps->trunk_count; i++) {
		const struct dn *dn = &ps->directory->dns[ps->trunks[i]];
		bool is_proven = peers_proves(dn, flow), is_there = peers_is_at(ps, dn, source);

		if (is_proven && is_there) {
			*trunk = dn;
			return PEER_TRUNK;
		}
		if (is_proven && proven == NULL)
			proven = dn;
		if (is_there && there == NULL)
			there = dn;
	}
	*trunk = proven != NULL ? proven : there;
	/* An address proves less than a certificate, and nothing against it. */
	if (flow->proof == PROOF_CLIENT_CERT && there != NULL) {
		*trunk = there;
		return PEER_DISAGREES;
	}
	return *trunk != NULL ? PEER_TRUNK : PEER_NO_TRUNK;
}
