/* SPDX-License-Identifier: Apache-2.0 */
#include "leg/inside.h"

#include <string.h>

#include "base/panic.h"

bool
legs_open(struct legs *ls, struct arena *arena, uint32_t max, struct txns *txns,
	struct flows *flows, struct alarms *alarms, struct dice *dice)
{
	*ls = (struct legs){ .txns = txns, .flows = flows, .alarms = alarms, .dice = dice };
	ls->sdp_key[0] = dice_u64(dice);
	ls->sdp_key[1] = dice_u64(dice);
	return pool_open(&ls->pool, arena, max, sizeof(struct leg));
}

struct leg *
leg_at(const struct legs *ls, struct ref ref)
{
	return pool_at(&ls->pool, ref);
}

struct str
leg_text(const struct leg *leg, enum leg_text place)
{
	return shelf_get(&leg->shelf, place);
}

struct str
leg_state_name(enum leg_state state)
{
	static const struct str names[] = {
#define X(name) STR(#name),
		LEG_STATES(X)
#undef X
	};

	return names[state];
}

struct leg *
leg_take(struct legs *ls, enum leg_kind kind, const struct turn *t)
{
	struct ref ref;
	struct leg *leg = pool_take(&ls->pool, &ref);

	if (leg == NULL)
		return NULL;
	/* The text is left as it is: it is large, and nobody reads what was not written. */
	memset(leg, 0, offsetof(struct leg, text));
	leg->ref = ref;
	leg->kind = kind;
	leg->since_ms = t->now.mono_ms;
	leg->max_forwards = 70;
	for (uint32_t i = 0; i < LEG_ALARMS; i++)
		leg->alarms[i] = alarm_of(ALARM_LEG, ref, i);
	shelf_init(&leg->shelf, leg->text, sizeof leg->text);
	return leg;
}

void
leg_move(struct legs *ls, struct leg *leg, enum leg_state state)
{
	leg->state = state;
	if (state == LEG_GONE)
		for (uint32_t i = 0; i < LEG_ALARMS; i++)
			alarm_disarm(ls->alarms, &leg->alarms[i]);
}

void
leg_close(struct legs *ls, struct leg *leg)
{
	struct ref txns[] = { leg->invite_in, leg->invite_done, leg->invite_out, leg->bye_out,
		leg->session.refresh };

	must(leg->state == LEG_GONE);
	for (uint32_t i = 0; i < LEG_ALARMS; i++)
		must(!alarm_is_armed(&leg->alarms[i]));
	for (size_t i = 0; i < sizeof txns / sizeof txns[0]; i++)
		if (!ref_is_none(txns[i]))
			txn_disown(ls->txns, txns[i]);
	pool_give(&ls->pool, leg->ref);
}

struct leg *
legs_find(const struct legs *ls, const struct msg *request)
{
	struct str tag = request->to.tag;
	struct leg *leg;

	if (str_is_none(tag))
		return NULL;
	leg = leg_at(ls, dialog_tag_ref(tag));
	if (leg == NULL || leg->state == LEG_GONE ||
		!str_same(tag, leg_text(leg, TEXT_LOCAL_TAG)) ||
		!str_same(request->call_id, leg_text(leg, TEXT_CALL_ID)))
		return NULL;
	/* Before the callee's tag is known, only its first response can bring it. */
	if (!str_same(str_is_none(request->from.tag) ? STR("") : request->from.tag,
		    leg_text(leg, TEXT_REMOTE_TAG)))
		return NULL;
	return leg;
}
