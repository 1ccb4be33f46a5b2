/* SPDX-License-Identifier: Apache-2.0 */
#include "core/peers.h"

#include <string.h>

#include "base/panic.h"
#include "secure/identity.h"

/* Answers are asked for again after their TTL, within these bounds: not in a storm, and not so
 * late that a trunk that moved stays lost. What is absent is looked for again soon enough for who
 * has just mended it. */
enum {
	AGAIN_MIN_MS = 30 * 1000,
	AGAIN_MAX_MS = 600 * 1000,
	AGAIN_FAILED_MS = 5 * 1000,
	AGAIN_BUSY_MS = 500, /* LOOKUPS_MAX others are under way */
};

bool
peers_open(struct peers *ps, struct arena *arena, uint32_t max, struct alarms *alarms,
	struct lookups *lookups)
{
	*ps = (struct peers){ .places = DNS_MAX, .alarms = alarms, .lookups = lookups };
	ps->by_place = arena_take(arena, DNS_MAX * sizeof(struct peer *), _Alignof(struct peer *));
	ps->trunks = arena_take(arena, max * sizeof(uint32_t), _Alignof(uint32_t));
	return pool_open(&ps->pool, arena, max, sizeof(struct peer)) && ps->by_place != NULL &&
		ps->trunks != NULL;
}

static void
end_lookup(struct peers *ps, struct peer *peer)
{
	lookup_give(ps->lookups, peer->lookup);
	peer->lookup = REF_NONE;
}

static void
forget_all(struct peers *ps)
{
	for (uint32_t slot = 0; slot < ps->pool.fresh; slot++) {
		struct peer *peer = pool_slot(&ps->pool, slot);

		if (peer == NULL)
			continue;
		alarm_disarm(ps->alarms, &peer->alarm);
		end_lookup(ps, peer);
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
		struct contact hop = dn_hop(dn);
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
		if (hop.ip.family != ADDR_NONE) {
			peer->is_known = true;
			peer->places[peer->count] =
				(struct place){ .transport = hop.speech.transport, .addr = hop.ip };
			peer->places[peer->count++].addr.port = contact_port(&hop);
		} else {
			alarm_arm(ps->alarms, &peer->alarm, now.mono_ms);
		}
	}
}

/* ---- locating ------------------------------------------------------------------------------ */

static const struct dn *
dn_of(const struct peers *ps, const struct peer *peer)
{
	return &ps->directory->dns[peer->alarm.letter];
}

static struct buf
begin_line(const struct peers *ps, const struct peer *peer, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line,
		dn_of(ps, peer)->has_proxy ? STR("the outbound proxy of DN ")
					   : STR("the contact of DN "));
	buf_quoted(&line, dn_of(ps, peer)->number, LOG_TEXT_MAX);
	return line;
}

static void
say_nobody(const struct peers *ps, const struct peer *peer, const struct locate *l,
	const struct turn *t)
{
	struct buf line = begin_line(ps, peer, t);

	buf_put(&line, STR(" has no address: "));
	buf_quoted(&line, dn_hop(dn_of(ps, peer)).host, LOG_TEXT_MAX);
	buf_put(&line, STR(": "));
	buf_put(&line, locate_why(l));
	note_end(t, NOTE_WARN, &line);
}

/* RFC 3263 7: a domain that published sips and does no more may be in the hands of somebody
 * else. */
static void
watch_sips(const struct peers *ps, struct peer *peer, const struct locate *l, const struct turn *t)
{
	struct buf line;

	if (l->is_failed)
		return;
	if (peer->had_sips && !l->has_sips) {
		line = begin_line(ps, peer, t);
		buf_put(&line, STR(": "));
		buf_quoted(&line, dn_hop(dn_of(ps, peer)).host, LOG_TEXT_MAX);
		buf_put(&line,
			STR(" published SIPS services in DNS and no longer does (RFC 3263 7)"));
		note_end(t, NOTE_WARN, &line);
	}
	peer->had_sips = l->has_sips;
}

static bool
is_same_place(const struct place *place, enum transport transport, const struct addr *addr)
{
	return place->transport == transport && addr_same(&place->addr, addr);
}

/* What is remembered of a server stays with it. */
static void
take_places(struct peer *peer, const struct locate *l)
{
	struct peer old = *peer;

	peer->count = l->place_count;
	for (uint32_t i = 0; i < peer->count; i++) {
		const struct place *place = &l->places[i];

		peer->places[i] = *place;
		peer->rests[i] = (struct rest){ 0 };
		for (uint32_t j = 0; j < old.count; j++)
			if (is_same_place(&old.places[j], place->transport, &place->addr))
				peer->rests[i] = old.rests[j];
	}
}

static int64_t
within(int64_t at_least, uint32_t ttl_s, int64_t at_most)
{
	int64_t ms = (int64_t)ttl_s * 1000;

	return ms < at_least ? at_least : ms > at_most ? at_most : ms;
}

/* Old addresses stay in use while DNS fails; a name that is gone is gone. */
static void
take_outcome(struct peers *ps, struct peer *peer, const struct locate *l, enum locating outcome,
	const struct turn *t)
{
	int64_t again_ms = AGAIN_FAILED_MS;

	watch_sips(ps, peer, l, t);
	/* Some of the servers are less than those that there were. */
	if (l->is_failed && peer->count > 0)
		outcome = LOCATE_FAILED;
	if (outcome == LOCATE_FOUND) {
		take_places(peer, l);
		again_ms = within(AGAIN_MIN_MS, l->ttl_s, AGAIN_MAX_MS);
	} else if (outcome == LOCATE_ABSENT) {
		peer->count = 0;
		again_ms = within(AGAIN_FAILED_MS, l->ttl_s, AGAIN_MIN_MS);
	}
	if (peer->count == 0)
		say_nobody(ps, peer, l, t);
	peer->is_known = true;
	end_lookup(ps, peer);
	alarm_arm(ps->alarms, &peer->alarm, t->now.mono_ms + again_ms);
}

void
peers_ring(struct peers *ps, const struct alarm *alarm, const struct turn *t)
{
	struct peer *peer = pool_at(&ps->pool, alarm->owner);
	struct contact hop;
	struct lookup *lookup;
	struct sought sought;
	enum locating outcome;

	if (peer == NULL)
		return;
	end_lookup(ps, peer); /* an answer that is owed for so long will not come */
	lookup = lookup_take(ps->lookups, LOOKUP_FOR_PEER, peer->ref);
	if (lookup == NULL) {
		alarm_arm(ps->alarms, &peer->alarm, t->now.mono_ms + AGAIN_BUSY_MS);
		return;
	}
	peer->lookup = lookup->ref;
	hop = dn_hop(dn_of(ps, peer));
	sought = (struct sought){ .speech = hop.speech,
		.has_transport = hop.has_transport,
		.host = hop.host,
		.ip = hop.ip,
		.port = hop.port };
	alarm_arm(ps->alarms, &peer->alarm, t->now.mono_ms + AGAIN_MAX_MS);
	outcome = lookup_begin(ps->lookups, lookup, &sought, t);
	if (outcome != LOCATE_ASKS)
		peers_located(ps, lookup, outcome, t);
}

void
peers_located(
	struct peers *ps, const struct lookup *lookup, enum locating outcome, const struct turn *t)
{
	struct peer *peer = pool_at(&ps->pool, lookup->owner);

	must(peer != NULL && ref_same(peer->lookup, lookup->ref));
	take_outcome(ps, peer, &lookup->locate, outcome, t);
}

/* ---- servers that failed ------------------------------------------------------------------- */

void
peers_rest(struct peers *ps, const struct dn *dn, enum transport transport, const struct addr *addr,
	uint32_t retry_after_s, struct when now)
{
	uint32_t place = directory_place(ps->directory, dn);
	struct peer *peer = place < ps->places ? ps->by_place[place] : NULL;
	uint32_t rest_s = REST_S;

	if (peer == NULL)
		return;
	if (retry_after_s > 0)
		rest_s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;
	for (uint32_t i = 0; i < peer->count; i++)
		if (is_same_place(&peer->places[i], transport, addr))
			peer->rests[i] = (struct rest){ now.mono_ms + (int64_t)rest_s * 1000,
				retry_after_s > 0 };
}

static const struct rest *
rest_of(const struct peer *peer, const struct place *place)
{
	uint32_t i = 0;

	while (!is_same_place(&peer->places[i], place->transport, &place->addr))
		i++;
	return &peer->rests[i];
}

uint32_t
peers_draw(const struct peer *peer, struct dice *dice, struct when now,
	struct place places[PLACES_MAX], uint32_t *wait_s)
{
	struct place drawn[PLACES_MAX], late[PLACES_MAX];
	uint32_t count = 0, late_count = 0;
	int64_t wait_ms = 0;

	for (uint32_t i = 0; i < peer->count; i++)
		drawn[i] = peer->places[i];
	places_draw(drawn, peer->count, dice);
	for (uint32_t i = 0; i < peer->count; i++) {
		const struct rest *rest = rest_of(peer, &drawn[i]);
		int64_t left_ms = rest->until_ms - now.mono_ms;

		if (left_ms <= 0)
			places[count++] = drawn[i];
		else if (!rest->is_asked)
			late[late_count++] = drawn[i];
		else if (wait_ms == 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	for (uint32_t i = 0; i < late_count; i++)
		places[count++] = late[i];
	*wait_s = (uint32_t)((wait_ms + 999) / 1000);
	return count;
}

/* ---- who is where -------------------------------------------------------------------------- */

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
		if (addr_same_ip(&peer->places[i].addr, source))
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
		if (dn->terms.trust != flow->terms.trust || !flow->has_fingerprint)
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
