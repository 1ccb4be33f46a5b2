/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the addresses and their sets in force. */
#include "reg/table.h"

#include <string.h>

#include "base/panic.h"

struct str
address_aor(const struct address *a)
{
	return str_of(a->aor, a->aor_len);
}

struct address *
address_find(const struct registrar *r, struct str aor)
{
	uint64_t hash = map_hash(&r->by_aor, &aor, 1);
	uint32_t cursor, slot;

	for (slot = map_first(&r->by_aor, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&r->by_aor, hash, &cursor)) {
		struct address *a = pool_slot(&r->addresses, slot);

		if (str_same(address_aor(a), aor))
			return a;
	}
	return NULL;
}

struct address *
address_take(struct registrar *r, struct str aor)
{
	struct ref ref;
	struct address *a = pool_take(&r->addresses, &ref);

	must(aor.len <= AOR_BYTES_MAX);
	if (a == NULL)
		return NULL;
	/* Not all of it: the octets of a set are many pages over all addresses. */
	a->version = 0;
	a->questions = 0;
	a->is_behind = false;
	a->expiry = alarm_of(ALARM_REG, ref, LETTER_EXPIRY);
	a->set.count = 0;
	a->octets_len = 0;
	a->aor_len = (uint32_t)aor.len;
	memcpy(a->aor, aor.at, aor.len);
	map_put(&r->by_aor, map_hash(&r->by_aor, &aor, 1), ref.slot);
	return a;
}

void
address_release(struct registrar *r, struct address *a)
{
	struct str aor = address_aor(a);
	struct ref ref;

	if (a->version != 0 || a->questions > 0)
		return;
	must(a->set.count == 0);
	ref = pool_ref(&r->addresses, a);
	alarm_disarm(r->options.alarms, &a->expiry);
	map_drop(&r->by_aor, map_hash(&r->by_aor, &aor, 1), ref.slot);
	pool_give(&r->addresses, ref);
}

/* Puts SET in force. A lane that is only tied anew must not be given back between: it knows whether
 * its connection is gone. */
static void
change_set(struct registrar *r, struct address *a, const struct binding_set *set)
{
	struct ref lanes[CONTACTS_PER_AOR_MAX];
	uint32_t lane_count = a->set.count;

	r->bound -= a->set.count > 0;
	for (uint32_t i = 0; i < lane_count; i++) {
		lanes[i] = a->ties[i].lane;
		lane_untie(r, a, i);
	}
	a->set = *set;
	for (uint32_t i = 0; i < a->set.count; i++)
		lane_tie(r, a, i);
	r->bound += a->set.count > 0;
	for (uint32_t i = 0; i < lane_count; i++)
		lane_release(r, lanes[i]);
}

bool
address_put(struct registrar *r, struct address *a, struct str octets)
{
	struct binding_set set;
	bool good = octets.len <= sizeof a->octets;

	a->octets_len = good ? (uint32_t)octets.len : 0;
	if (a->octets_len > 0)
		memcpy(a->octets, octets.at, octets.len);
	good = good && binding_set_read(&set, str_of(a->octets, a->octets_len));
	if (!good)
		set.count = 0;
	change_set(r, a, &set);
	return good;
}

bool
address_reaches(const struct registrar *r, const struct address *a, uint32_t i, struct when now)
{
	return a->set.list[i].expires_at_s > now.wall_s && !lane_is_gone(r, a, i);
}

void
address_in_force(const struct registrar *r, const struct address *a, struct when now,
	struct binding_set *set)
{
	set->count = 0;
	for (uint32_t i = 0; i < a->set.count; i++)
		if (address_reaches(r, a, i, now))
			set->list[set->count++] = a->set.list[i];
}

uint32_t
address_shed(struct registrar *r, struct address *a, struct when now)
{
	struct binding_set set;
	uint32_t before = a->set.count;

	address_in_force(r, a, now, &set);
	if (set.count == before)
		return 0;
	change_set(r, a, &set);
	return before - set.count;
}
