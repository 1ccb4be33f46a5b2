/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pairs.h"

#include <string.h>

bool
pairs_open(struct pairs *ps, struct arena *arena, uint32_t max, const uint8_t key[MAP_KEY_BYTES])
{
	bool ok = map_open(&ps->by_names, arena, max, key);

	ps->others = (struct pair){ .calls = 0 };
	ok = map_open(&ps->by_number, arena, max, key) && ok;
	ok = pool_open(&ps->tallies, arena, max, sizeof(struct tally)) && ok;
	return pool_open(&ps->pool, arena, max, sizeof(struct pair)) && ok;
}

struct str
pair_caller(const struct pair *pair)
{
	return str_of(pair->names, pair->caller_len);
}

struct str
pair_callee(const struct pair *pair)
{
	return str_of(pair->names + pair->caller_len, pair->callee_len);
}

static uint64_t
hash_of(const struct pairs *ps, struct str caller, struct str callee)
{
	const struct str names[] = { caller, callee };

	return map_hash(&ps->by_names, names, 2);
}

static struct pair *
find(const struct pairs *ps, struct str caller, struct str callee)
{
	uint64_t hash = hash_of(ps, caller, callee);
	uint32_t cursor, slot;

	for (slot = map_first(&ps->by_names, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&ps->by_names, hash, &cursor)) {
		struct pair *pair = pool_slot(&ps->pool, slot);

		if (str_same(pair_caller(pair), caller) && str_same(pair_callee(pair), callee))
			return pair;
	}
	return NULL;
}

const struct pair *
pairs_find(const struct pairs *ps, struct str caller, struct str callee)
{
	return find(ps, caller, callee);
}

/* The pair, made if need be; the one of all others when there is no room for it. */
static struct pair *
need(struct pairs *ps, struct str caller, struct str callee)
{
	struct pair *pair = find(ps, caller, callee);
	struct ref ref;

	if (pair != NULL)
		return pair;
	if (caller.len + callee.len > sizeof pair->names)
		return &ps->others;
	pair = pool_take(&ps->pool, &ref);
	if (pair == NULL)
		return &ps->others;
	*pair = (struct pair){ .caller_len = (uint32_t)caller.len,
		.callee_len = (uint32_t)callee.len };
	if (caller.len > 0)
		memcpy(pair->names, caller.at, caller.len);
	if (callee.len > 0)
		memcpy(pair->names + caller.len, callee.at, callee.len);
	map_put(&ps->by_names, hash_of(ps, caller, callee), ref.slot);
	return pair;
}

/* ---- one DN ---------------------------------------------------------------------------------- */

struct str
tally_number(const struct tally *tally)
{
	return str_of(tally->number, tally->number_len);
}

/* The tally of NUMBER, made if need be; NULL for a stranger, or when there is no room: then pairs
 * find none either, since a DN is in one pair at least. */
static struct tally *
tally_need(struct pairs *ps, struct str number)
{
	uint64_t hash = map_hash(&ps->by_number, &number, 1);
	uint32_t cursor, slot;
	struct tally *tally;
	struct ref ref;

	if (str_is_empty(number) || number.len > sizeof tally->number)
		return NULL;
	for (slot = map_first(&ps->by_number, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&ps->by_number, hash, &cursor)) {
		tally = pool_slot(&ps->tallies, slot);
		if (str_same(tally_number(tally), number))
			return tally;
	}
	tally = pool_take(&ps->tallies, &ref);
	if (tally == NULL)
		return NULL;
	*tally = (struct tally){ .number_len = (uint32_t)number.len };
	memcpy(tally->number, number.at, number.len);
	map_put(&ps->by_number, hash, ref.slot);
	return tally;
}

static void
tally_count(struct tally *tally, const struct pair_call *call, int64_t now_s)
{
	if (tally == NULL)
		return;
	tally->calls += !call->is_refused;
	tally->refused += call->is_refused;
	tally->strict += call->strict_would;
	tally->last_at_s = now_s;
}

/* ---- counting -------------------------------------------------------------------------------- */

void
pairs_object(struct pairs *ps, struct str caller, struct str callee)
{
	struct tally *one = tally_need(ps, caller), *other = tally_need(ps, callee);

	need(ps, caller, callee)->strict++;
	if (one != NULL)
		one->strict++;
	if (other != NULL && other != one)
		other->strict++;
}

void
pairs_count(struct pairs *ps, struct str caller, struct str callee, const struct pair_call *call,
	int64_t now_s)
{
	struct pair *pair = need(ps, caller, callee);
	struct tally *one = tally_need(ps, caller), *other = tally_need(ps, callee);

	tally_count(one, call, now_s);
	if (other != one)
		tally_count(other, call, now_s);
	pair->calls += !call->is_refused;
	pair->refused += call->is_refused;
	pair->strict += call->strict_would;
	pair->down += call->goes_down;
	pair->up += call->goes_up;
	pair->last_at_s = now_s;
}
