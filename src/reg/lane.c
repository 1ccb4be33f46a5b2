/* SPDX-License-Identifier: Apache-2.0 */
/* lane.c - which bindings lead over a connection. */
#include "base/panic.h"
#include "reg/table.h"

static uint64_t
hash_of(const struct registrar *r, struct flow_id flow)
{
	struct str part = str_of(&flow.number, sizeof flow.number);

	return map_hash(&r->by_flow, &part, 1);
}

static struct lane *
lane_find(const struct registrar *r, struct flow_id flow)
{
	uint64_t hash = hash_of(r, flow);
	uint32_t cursor, slot;

	for (slot = map_first(&r->by_flow, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&r->by_flow, hash, &cursor)) {
		struct lane *lane = pool_slot(&r->lanes, slot);

		if (flow_same(lane->flow, flow))
			return lane;
	}
	return NULL;
}

/* Ends: the lane, made if need be; NULL when there is no room for another. */
static struct lane *
lane_need(struct registrar *r, struct flow_id flow)
{
	struct lane *lane = lane_find(r, flow);
	struct ref ref;

	if (lane != NULL)
		return lane;
	lane = pool_take(&r->lanes, &ref);
	if (lane == NULL)
		return NULL;
	*lane = (struct lane){ .flow = flow, .alarm = alarm_of(ALARM_REG, ref, LETTER_LANE) };
	map_put(&r->by_flow, hash_of(r, flow), ref.slot);
	return lane;
}

void
lane_release(struct registrar *r, struct ref ref)
{
	struct lane *lane = pool_at(&r->lanes, ref);

	if (lane == NULL || lane->first != 0 || lane->questions > 0)
		return;
	alarm_disarm(r->options.alarms, &lane->alarm);
	map_drop(&r->by_flow, hash_of(r, lane->flow), ref.slot);
	pool_give(&r->lanes, ref);
}

struct flow_id
lane_flow(enum transport transport, struct flow_id flow, struct str path)
{
	return transport == TRANSPORT_UDP || !str_is_empty(path) ? FLOW_NONE : flow;
}

bool
lane_hold(struct registrar *r, struct flow_id flow)
{
	struct lane *lane = flow_is_none(flow) ? NULL : lane_need(r, flow);

	if (lane == NULL)
		return false;
	lane->questions++;
	return true;
}

void
lane_let(struct registrar *r, struct flow_id flow)
{
	struct lane *lane = lane_find(r, flow);

	must(lane != NULL && lane->questions > 0);
	lane->questions--;
	lane_release(r, pool_ref(&r->lanes, lane));
}

bool
registrar_owes(const struct registrar *r, struct flow_id flow)
{
	const struct lane *lane = lane_find(r, flow);

	return lane != NULL && lane->questions > 0;
}

static struct tie *
tie_of(const struct registrar *r, uint32_t binding)
{
	struct address *a = pool_slot(&r->addresses, (binding - 1) / CONTACTS_PER_AOR_MAX);

	must(a != NULL);
	return &a->ties[(binding - 1) % CONTACTS_PER_AOR_MAX];
}

static uint32_t
binding_name(const struct registrar *r, const struct address *a, uint32_t i)
{
	return pool_ref(&r->addresses, a).slot * CONTACTS_PER_AOR_MAX + i + 1;
}

void
lane_tie(struct registrar *r, struct address *a, uint32_t i)
{
	const struct binding *b = &a->set.list[i];
	struct flow_id flow = lane_flow(b->speech.transport, b->flow, b->path);
	struct lane *lane = flow_is_none(flow) ? NULL : lane_need(r, flow);
	uint32_t name = binding_name(r, a, i);

	a->ties[i] = (struct tie){ .lane = REF_NONE };
	if (lane == NULL)
		return;
	a->ties[i].lane = pool_ref(&r->lanes, lane);
	a->ties[i].next = lane->first;
	if (lane->first != 0)
		tie_of(r, lane->first)->before = name;
	lane->first = name;
}

void
lane_untie(struct registrar *r, struct address *a, uint32_t i)
{
	struct tie *tie = &a->ties[i];
	struct lane *lane = pool_at(&r->lanes, tie->lane);

	if (lane == NULL)
		return;
	if (tie->next != 0)
		tie_of(r, tie->next)->before = tie->before;
	if (tie->before != 0)
		tie_of(r, tie->before)->next = tie->next;
	else
		lane->first = tie->next;
	*tie = (struct tie){ .lane = REF_NONE };
}

bool
lane_is_gone(const struct registrar *r, const struct address *a, uint32_t i)
{
	const struct lane *lane = pool_at(&r->lanes, a->ties[i].lane);

	return lane != NULL && lane->is_gone;
}

static struct address *
lane_first(const struct registrar *r, const struct lane *lane)
{
	return pool_slot(&r->addresses, (lane->first - 1) / CONTACTS_PER_AOR_MAX);
}

void
lane_clear(struct registrar *r, struct lane *lane, struct when now, struct out *out)
{
	enum { ADDRESSES_PER_STEP = 2 }; /* a save each */
	struct ref ref = pool_ref(&r->lanes, lane);

	for (int i = 0; i < ADDRESSES_PER_STEP; i++) {
		/* With its last binding the lane goes too. */
		if (pool_at(&r->lanes, ref) == NULL || lane->first == 0)
			return;
		expiry_shed(r, lane_first(r, lane), now, out);
	}
	if (pool_at(&r->lanes, ref) != NULL && lane->first != 0)
		alarm_arm(r->options.alarms, &lane->alarm, now.mono_ms);
}

void
registrar_flow_gone(struct registrar *r, struct flow_id flow, struct when now, struct out *out)
{
	struct lane *lane = lane_find(r, flow);

	if (lane == NULL)
		return;
	lane->is_gone = true;
	lane_clear(r, lane, now, out);
}
