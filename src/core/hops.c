/* SPDX-License-Identifier: Apache-2.0 */
/* What a leg says goes to its call, and what it tells of servers stays here: which of them failed a
 * call, and where the next hop of a dialog is whose Contact or Route is a name. That is located
 * while the dialog stands, so that what is due on it later finds its way at once. */
#include "base/panic.h"
#include "core/inside.h"

void
hop_seek(struct core *core, struct leg *leg, const struct turn *t)
{
	struct sought sought;
	struct lookup *lookup;
	enum locating outcome;

	/* Half of the table is left to the DNs. */
	if (leg == NULL || pool_left(&core->lookups.pool) <= LOOKUPS_MAX / 2 ||
		!leg_seeks(leg, &sought) || registered_hop(core, leg, t))
		return;
	lookup_give(&core->lookups, leg->lookup);
	leg->lookup = REF_NONE;
	lookup = lookup_take(&core->lookups, LOOKUP_FOR_LEG, leg->ref);
	must(lookup != NULL);
	outcome = lookup_begin(&core->lookups, lookup, &sought, t);
	if (outcome == LOCATE_ASKS)
		leg->lookup = lookup->ref;
	else
		lookup_give(&core->lookups, lookup->ref);
}

static void
leg_located(struct core *core, const struct lookup *lookup)
{
	struct leg *leg = leg_at(&core->legs, lookup->owner);

	/* A call may be over before DNS has answered, or its hop another one. */
	if (leg != NULL && ref_same(leg->lookup, lookup->ref)) {
		leg->lookup = REF_NONE;
		leg_found(leg, lookup->locate.places, lookup->locate.place_count);
	}
	lookup_give(&core->lookups, lookup->ref);
}

void
names_hear(struct core *core, const struct event *event, const struct turn *t)
{
	enum locating outcome = LOCATE_ASKS;
	struct lookup *lookup = lookup_hear(&core->lookups, event, &outcome, t);

	if (lookup == NULL || outcome == LOCATE_ASKS)
		return;
	switch (lookup->whom) {
	case LOOKUP_FOR_PEER: peers_located(&core->peers, lookup, outcome, t); return;
	case LOOKUP_FOR_LEG: leg_located(core, lookup); return;
	case LOOKUP_FOR_LOST: lost_located(core, lookup, outcome, t); return;
	}
}

void
word_carry(struct core *core, struct leg *leg, const struct word *word, const struct turn *t)
{
	struct call *call = call_at(&core->calls, leg->call);
	struct ref ref = leg->ref;
	const struct dn *dn = word->failed != NULL
		? directory_find(core->directory, leg_text(leg, TEXT_DN))
		: NULL;

	if (dn != NULL)
		peers_rest(&core->peers, dn, word->failed->transport, &word->failed->addr,
			word->retry_after_s, t->now);
	if (call != NULL && !redirect_follow(core, call, leg, word, t))
		call_hear(&core->calls, call, leg, word, t);
	hop_seek(core, leg_at(&core->legs, ref), t);
}
