/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the cells of the table, their alarms, and who is found where. */
#include "txn/txn.h"

#include <string.h>

#include "base/panic.h"
#include "txn/txn_state.h"

bool
txns_open(struct txns *txns, struct arena *arena, uint32_t max, const struct txn_timers *timers,
	struct alarms *alarms, struct dice *dice)
{
	uint8_t keys[3][MAP_KEY_BYTES] = { 0 };
	bool fits;

	if (!arena_is_measuring(arena))
		dice_bytes(dice, keys, sizeof keys);
	*txns = (struct txns){ .alarms = alarms, .dice = dice, .timers = *timers };
	fits = pool_open(&txns->pool, arena, max, sizeof(struct txn));
	fits = map_open(&txns->servers, arena, max, keys[0]) && fits;
	fits = map_open(&txns->merged, arena, max, keys[1]) && fits;
	fits = map_open(&txns->flows, arena, max, keys[2]) && fits;
	txns->again = arena_take(arena, sizeof *txns->again, _Alignof(struct msg));
	txns->fold = arena_take(arena, HEAD_BYTES_MAX, 1);
	return fits && txns->again != NULL && txns->fold != NULL;
}

uint32_t
txns_count(const struct txns *txns)
{
	return txns->pool.used;
}

uint32_t
txns_left(const struct txns *txns)
{
	return pool_left(&txns->pool);
}

/* ---- what the machines need ---- */

static void
arm(struct txns *txns, struct txn *t, struct alarm *alarm, unsigned letter, int64_t span_ms)
{
	alarm->letter = letter;
	alarm_arm(txns->alarms, alarm, t->heard_at_ms + span_ms);
}

void
txn_arm_resend(struct txns *txns, struct txn *t, unsigned letter, int64_t span_ms)
{
	arm(txns, t, &t->resend, letter, span_ms);
}

void
txn_arm_end(struct txns *txns, struct txn *t, unsigned letter, int64_t span_ms)
{
	arm(txns, t, &t->end, letter, span_ms);
}

void
txn_disarm_but(struct txns *txns, struct txn *t, unsigned letters)
{
	if ((letters & 1U << t->resend.letter) == 0)
		alarm_disarm(txns->alarms, &t->resend);
	if ((letters & 1U << t->end.letter) == 0)
		alarm_disarm(txns->alarms, &t->end);
}

void
txn_keep(struct txn *t, struct str message)
{
	char *at = t->text + t->name_bytes + t->echo.len;

	must(message.len <= WRITE_BYTES_MAX);
	memcpy(at, message.at, message.len);
	t->message = str_of(at, message.len);
}

void
txn_resend(const struct txn *t, struct out *out)
{
	if (!str_is_empty(t->message))
		out_send(out, t->way.flow, &t->way.addr, out_keep(out, t->message));
}

/* ---- cells ---- */

struct txn *
txn_at(const struct txns *txns, struct ref ref)
{
	return pool_at(&txns->pool, ref);
}

struct txn *
txn_in(const struct txns *txns, uint32_t slot)
{
	return pool_slot(&txns->pool, slot);
}

/* The text is left as it is: it is large, and nobody reads what was not written. */
struct txn *
txn_take(struct txns *txns, struct txn_owner owner)
{
	struct ref ref;
	struct txn *t = pool_take(&txns->pool, &ref);

	if (t == NULL)
		return NULL;
	memset(t, 0, offsetof(struct txn, text));
	t->ref = ref;
	t->kind = TXN_RESERVED;
	t->owner = owner;
	t->resend = alarm_of(ALARM_TXN, ref, 0);
	t->end = alarm_of(ALARM_TXN, ref, 0);
	return t;
}

void
txn_put_in_servers(struct txns *txns, struct txn *t, uint64_t hash)
{
	map_put(&txns->servers, hash, t->ref.slot);
	t->servers_hash = hash;
	t->is_in_servers = true;
}

void
txn_unmerge(struct txns *txns, struct txn *t)
{
	if (t->is_in_merged)
		map_drop(&txns->merged, t->merged_hash, t->ref.slot);
	t->is_in_merged = false;
}

/* ---- flows ---- */

/* One socket may carry all transactions there are, so the map knows the first one of each flow, and
 * the others hang on that: joining and leaving take the same time however many there are. */

static uint64_t
flow_hash(const struct txns *txns, struct flow_id flow)
{
	const struct str part = str_of(&flow.number, sizeof flow.number);

	return map_hash(&txns->flows, &part, 1);
}

static struct txn *
flow_first(const struct txns *txns, struct flow_id flow, uint64_t hash)
{
	uint32_t cursor;
	uint32_t slot = map_first(&txns->flows, hash, &cursor);

	while (slot != MAP_NONE) {
		struct txn *t = txn_in(txns, slot);

		if (flow_same(t->way.flow, flow))
			return t;
		slot = map_next(&txns->flows, hash, &cursor);
	}
	return NULL;
}

void
txn_join_flow(struct txns *txns, struct txn *t)
{
	uint64_t hash = flow_hash(txns, t->way.flow);
	struct txn *first = flow_first(txns, t->way.flow, hash);

	t->is_on_flow = true;
	t->flow_next = t->flow_prev = TXN_NO_SLOT;
	if (first == NULL) {
		map_put(&txns->flows, hash, t->ref.slot);
		return;
	}
	t->flow_prev = first->ref.slot;
	t->flow_next = first->flow_next;
	if (first->flow_next != TXN_NO_SLOT)
		txn_in(txns, first->flow_next)->flow_prev = t->ref.slot;
	first->flow_next = t->ref.slot;
}

void
txn_leave_flow(struct txns *txns, struct txn *t)
{
	uint64_t hash = flow_hash(txns, t->way.flow);

	if (!t->is_on_flow)
		return;
	t->is_on_flow = false;
	if (t->flow_next != TXN_NO_SLOT)
		txn_in(txns, t->flow_next)->flow_prev = t->flow_prev;
	if (t->flow_prev != TXN_NO_SLOT) {
		txn_in(txns, t->flow_prev)->flow_next = t->flow_next;
		return;
	}
	map_drop(&txns->flows, hash, t->ref.slot);
	if (t->flow_next != TXN_NO_SLOT)
		map_put(&txns->flows, hash, t->flow_next);
}

void
txns_flow_gone(struct txns *txns, struct flow_id flow, struct when now)
{
	struct txn *t = flow_first(txns, flow, flow_hash(txns, flow));

	while (t != NULL) {
		if (t->kind == TXN_ICT)
			ict_cut(txns, t, now);
		else
			nict_cut(txns, t, now);
		t = t->flow_next == TXN_NO_SLOT ? NULL : txn_in(txns, t->flow_next);
	}
}

void
txn_give(struct txns *txns, struct txn *t)
{
	alarm_disarm(txns->alarms, &t->resend);
	alarm_disarm(txns->alarms, &t->end);
	if (t->is_in_servers)
		map_drop(&txns->servers, t->servers_hash, t->ref.slot);
	txn_unmerge(txns, t);
	txn_leave_flow(txns, t);
	pool_give(&txns->pool, t->ref);
}
