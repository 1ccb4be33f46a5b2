/* SPDX-License-Identifier: Apache-2.0 */
/* R3, R6, R8 and R9 of calls: who is called where, and who should have been found. */
#include "check_reg.h"

/* Whether it calls this entry; under strict sip may stand in the place of sips. */
static bool
is_used(const struct entry *entry, const struct wire_msg *m)
{
	struct wire_text kept = wire_uri_bare(wire_cstr(entry->uri)), uri = wire_uri_bare(m->uri);

	return wire_same_alike(wire_uri_behind(kept), wire_uri_behind(uri)) &&
		(wire_uri_is_sips(kept) || !wire_uri_is_sips(uri));
}

void
seen_reg_invite_out(struct check *c, struct flow *flow, struct leg *leg, const struct wire_msg *m)
{
	const struct call *call = seen_call_at(c, leg->call);
	const struct check_dn *dn = call != NULL ? seen_reg_dn(c, call->number) : NULL;
	const struct leg *caller = seen_leg_other(c, leg);
	const struct entry *used = NULL;
	bool has_sips = false;
	struct aor *aor;

	if (dn == NULL || !wire_is(wire_cstr(dn->contact), "*") || call->is_vague)
		return;
	aor = seen_reg_aor(c, call->number);
	if (!seen_reg_is_clear(c, aor))
		return;
	for (unsigned i = 0; i < aor->count; i++) {
		const struct entry *entry = &aor->list[i];

		if (is_used(entry, m) && (used == NULL || used->is_gone))
			used = entry;
		has_sips = has_sips ||
			(!entry->is_gone && !entry->is_unsure && entry->is_granted &&
				wire_uri_is_sips(wire_cstr(entry->uri)) &&
				entry->expires_at_s > c->wall_s + SKEW_S &&
				!seen_flow_is_gone(c, entry->flow));
	}
	if (used == NULL)
		check_break(c, "R3", "%s is called at %.*s, which nobody registered", dn->number,
			(int)m->uri.len, m->uri.at);
	else if (used->is_gone && !used->is_unsure)
		check_break(
			c, "R6", "%s is called at %s, which was removed", dn->number, used->uri);
	else if (used->expires_at_s + SKEW_S < c->wall_s)
		check_break(c, "R3", "%s is called at %s, which is over for %lld s", dn->number,
			used->uri, (long long)(c->wall_s - used->expires_at_s));
	else if (used->transport != CHECK_UDP && used->flow != flow->id)
		check_break(c, "R8", "%s is called over another connection than it registered by",
			dn->number);
	else if (caller != NULL && caller->is_sips && has_sips &&
		!wire_uri_is_sips(wire_cstr(used->uri)))
		check_break(c, "R8", "a sips call to %s goes to %s", dn->number, used->uri);
}

/* R9: who is registered is found. */
void
seen_reg_refused(struct check *c, struct leg *leg, unsigned status, unsigned warning)
{
	const struct call *call = seen_call_at(c, leg->call);
	const struct check_dn *dn = call != NULL ? seen_reg_dn(c, call->number) : NULL;
	struct aor *aor;

	if (dn == NULL || !wire_is(wire_cstr(dn->contact), "*") || status != 480 ||
		dn->sips != CHECK_ALLOWED || warning != 0)
		return;
	aor = seen_reg_aor(c, call->number);
	for (unsigned i = 0; i < aor->count && seen_reg_is_clear(c, aor); i++) {
		const struct entry *entry = &aor->list[i];

		if (!entry->is_gone && !entry->is_unsure && entry->is_granted &&
			entry->expires_at_s > c->wall_s + SKEW_S &&
			(entry->transport == CHECK_UDP || !seen_flow_is_gone(c, entry->flow)))
			check_break(c, "R9", "%s is registered at %s and was not found for %s",
				dn->number, entry->uri, leg->call_id);
	}
}

void
seen_reg_over(struct check *c, const struct check_counts *counts)
{
	uint32_t most = 0;

	for (size_t k = 0; k < c->registry->aors.size; k++) {
		const struct aor *aor = c->registry->aors.cells[k].thing;
		bool is_bound = false;

		if (c->registry->aors.cells[k].key == 0)
			continue;
		for (unsigned i = 0; i < aor->count; i++)
			is_bound = is_bound || aor->is_blurred || !aor->list[i].is_gone ||
				aor->list[i].is_unsure;
		most += is_bound;
	}
	if (counts->bindings > most)
		check_break(c, "R9", "%u addresses have bindings, at most %u registered",
			(unsigned)counts->bindings, (unsigned)most);
}
