/* SPDX-License-Identifier: Apache-2.0 */
/* What those who look on are shown. A list is walked by slots, a bounded number at a time. */
#include "core/explain.h"

static bool
is_named(const struct ask *ask, struct str name)
{
	return str_is_empty(ask->name) || str_same(ask->name, name);
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Whether the slot is the next one's: a page ends when it may be full, or looked at enough. */
bool
page_ends(const struct ask *ask, uint32_t slot, const struct json *j)
{
	return slot - ask->from >= ASK_SLOTS_MAX || j->to->size - j->to->used < ASK_ITEM_BYTES_MAX;
}

struct answer
page_end(uint32_t slot, uint32_t slots, struct json *j)
{
	json_close(j, ']');
	return (struct answer){ .told = slot < slots ? TOLD_MORE : TOLD_ALL, .next = slot };
}

void
page_begin(struct json *j)
{
	json_key(j, STR("items"));
	json_open(j, '[');
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Whether it is a call of the number that is asked for: a DN of its, or what was dialled. */
static bool
is_call_of(const struct core *core, const struct call *call, const struct ask *ask)
{
	for (int side = 0; side < 2; side++) {
		const struct leg *leg = leg_at(&core->legs, call->legs[side]);

		if (leg != NULL && is_named(ask, leg_text(leg, TEXT_DN)))
			return true;
	}
	return is_named(ask, call_number(&core->calls, call));
}

static struct answer
show_calls(const struct core *core, const struct ask *ask, struct json *j)
{
	uint32_t slot, slots = core->calls.pool.fresh;

	page_begin(j);
	for (slot = ask->from; slot < slots && !page_ends(ask, slot, j); slot++) {
		const struct call *call = pool_slot(&core->calls.pool, slot);

		if (call == NULL || !is_call_of(core, call, ask))
			continue;
		json_open(j, '{');
		call_write(&core->calls, call, j);
		json_close(j, '}');
	}
	return page_end(slot, slots, j);
}

/* Looks at every call; what is looked at of one is small. */
static struct answer
show_call(const struct core *core, const struct ask *ask, struct json *j)
{
	for (uint32_t slot = 0; slot < core->calls.pool.fresh; slot++) {
		const struct call *call = pool_slot(&core->calls.pool, slot);

		if (call == NULL || !str_same(str_of(call->uuid, UUID_BYTES), ask->name))
			continue;
		call_write(&core->calls, call, j);
		return (struct answer){ .told = TOLD_ALL };
	}
	return (struct answer){ .told = TOLD_NONE };
}

/* ---- registrations --------------------------------------------------------------------------- */

static void
put_binding(struct json *j, struct str aor, const struct binding *b)
{
	char text[ADDR_TEXT_MAX];
	struct buf source = buf_on(text, sizeof text);

	addr_write_port(&source, &b->source);
	json_open(j, '{');
	json_put_text(j, STR("number"), aor);
	json_put_text(j, STR("contact"), str_upto(b->contact, URI_BYTES_MAX));
	json_put_text(j, STR("scheme"), scheme_name(b->speech.scheme));
	json_put_text(j, STR("transport"), transport_name(b->speech.transport));
	json_put_text(j, STR("source"), buf_str(&source));
	json_put_text(j, STR("verified_by"), b->is_proven ? STR("digest") : STR("none"));
	json_put_moment(j, STR("expires"), b->expires_at_s);
	json_close(j, '}');
}

static struct answer
show_registrations(const struct core *core, const struct ask *ask, struct when now, struct json *j)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	uint32_t slot, slots = registrar_slots(core->registrar);

	page_begin(j);
	for (slot = ask->from; slot < slots && !page_ends(ask, slot, j); slot++) {
		struct str aor = registrar_aor(core->registrar, slot);
		uint32_t count = 0;

		if (!str_is_none(aor) && is_named(ask, aor))
			count = registrar_find(core->registrar, aor, now, found);
		for (uint32_t i = 0; i < count; i++)
			put_binding(j, aor, &found[i]);
	}
	return page_end(slot, slots, j);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The calls that there are, by what their legs speak. */
static void
put_calls(const struct core *core, struct json *j)
{
	uint64_t secure = 0, plain = 0, crossing = 0;

	for (uint32_t slot = 0; slot < core->calls.pool.fresh; slot++) {
		const struct call *call = pool_slot(&core->calls.pool, slot);
		const struct leg *leg = call != NULL ? leg_at(&core->legs, call->legs[0]) : NULL;

		if (leg == NULL)
			continue;
		crossing += call->crossing != CROSSING_NONE;
		secure += call->crossing == CROSSING_NONE && leg->speech.scheme == SCHEME_SIPS;
		plain += call->crossing == CROSSING_NONE && leg->speech.scheme == SCHEME_SIP;
	}
	json_put_number(j, STR("secure"), secure);
	json_put_number(j, STR("crossing"), crossing);
	json_put_number(j, STR("plain"), plain);
}

static struct answer
show_status(const struct core *core, struct json *j)
{
	struct counts c;

	core_count(core, &c);
	json_put_flag(j, STR("draining"), core->is_draining);
	json_put_number(j, STR("dns"), core->directory->count);
	json_key(j, STR("calls"));
	json_open(j, '{');
	json_put_number(j, STR("now"), c.calls);
	put_calls(core, j);
	json_put_number(j, STR("total"), c.calls_total);
	json_put_number(j, STR("answered_total"), c.answered_total);
	json_put_number(j, STR("crossings_down_total"), c.crossings_down_total);
	json_put_number(j, STR("crossings_up_total"), c.crossings_up_total);
	json_close(j, '}');
	json_put_number(j, STR("legs"), c.legs);
	json_put_number(j, STR("transactions"), c.transactions);
	json_put_number(j, STR("flows"), c.flows);
	json_put_number(j, STR("registrations"), c.bindings);
	json_put_number(j, STR("refused_total"), c.refused_total);
	json_put_number(j, STR("faults_total"), c.faults_total);
	json_put_number(j, STR("strays_total"), c.strays_total);
	return (struct answer){ .told = TOLD_ALL };
}

struct answer
core_ask(const struct core *core, const struct ask *ask, struct when now, struct json *j)
{
	switch (ask->what) {
	case ASK_STATUS: return show_status(core, j);
	case ASK_CALLS: return show_calls(core, ask, j);
	case ASK_CALL: return show_call(core, ask, j);
	case ASK_REGISTRATIONS: return show_registrations(core, ask, now, j);
	case ASK_WHY: return explain_why(core, ask, j);
	case ASK_ROUTE: return explain_route(core, ask, now, j);
	case ASK_PAIRS: return explain_pairs(core, ask, j);
	case ASK_TALLIES: return explain_tallies(core, ask, j);
	case ASK_RELOAD:
	case ASK_REFUSED:
	case ASK_KINDS: break;
	}
	return (struct answer){ .told = TOLD_NONE };
}

void
core_count(const struct core *core, struct counts *counts)
{
	*counts = (struct counts){
		.calls = core->calls.pool.used,
		.legs = core->legs.pool.used,
		.transactions = txns_count(&core->txns),
		.timers = core->alarms.by_kind[ALARM_TXN] + core->alarms.by_kind[ALARM_LEG] +
			core->alarms.by_kind[ALARM_CALL],
		.flows = flows_count(&core->flows),
		.bindings = registrar_count(core->registrar),
		.asks = registrar_asks(core->registrar),
		.out_of_service = core->pings.out_count,
		.enrolled = enrols_count(&core->enrols, core->fed_at),
		.calls_total = core->calls.total,
		.answered_total = core->calls.answered,
		.crossings_down_total = core->calls.crossings_down,
		.crossings_up_total = core->calls.crossings_up,
		.refused_total = core->refused,
		.faults_total = core->faults,
		.strays_total = core->strays,
		.alarms_total = core->rung,
	};
}
