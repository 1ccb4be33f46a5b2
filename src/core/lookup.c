/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lookup.h"

bool
lookups_open(struct lookups *ls, struct arena *arena, uint32_t max,
	const struct listener *listeners, uint32_t listener_count)
{
	*ls = (struct lookups){ 0 };
	for (uint32_t i = 0; i < listener_count; i++) {
		ls->has_udp |= listeners[i].transport == TRANSPORT_UDP;
		ls->has_tcp |= listeners[i].transport == TRANSPORT_TCP;
		ls->has_tls |= listeners[i].transport == TRANSPORT_TLS;
	}
	return pool_open(&ls->pool, arena, max, sizeof(struct lookup));
}

struct lookup *
lookup_take(struct lookups *ls, enum lookup_for whom, struct ref owner)
{
	struct ref ref;
	struct lookup *lookup = pool_take(&ls->pool, &ref);

	if (lookup == NULL)
		return NULL;
	lookup->ref = ref;
	lookup->whom = whom;
	lookup->owner = owner;
	return lookup;
}

static void
ask(struct lookup *lookup, const struct query *query, const struct turn *t)
{
	lookup->kind = query->kind;
	out_resolve(t->out, lookup->ref, query->kind, out_keep(t->out, query->name));
}

enum locating
lookup_begin(struct lookups *ls, struct lookup *lookup, const struct sought *sought,
	const struct turn *t)
{
	struct sought ours = *sought;
	struct query query;
	enum locating outcome;

	ours.has_udp = ls->has_udp;
	ours.has_tcp = ls->has_tcp;
	ours.has_tls = ls->has_tls;
	outcome = locate_begin(&lookup->locate, &ours, &query);
	if (outcome == LOCATE_ASKS)
		ask(lookup, &query, t);
	return outcome;
}

struct lookup *
lookup_hear(struct lookups *ls, const struct event *e, enum locating *outcome, const struct turn *t)
{
	struct lookup *lookup = pool_at(&ls->pool, e->u.names.ask);
	struct query query;

	if (lookup == NULL || e->u.names.kind != lookup->kind)
		return NULL;
	*outcome = locate_hear(&lookup->locate, e, &query);
	if (*outcome == LOCATE_ASKS)
		ask(lookup, &query, t);
	return lookup;
}

void
lookup_give(struct lookups *ls, struct ref lookup)
{
	if (!ref_is_none(lookup))
		pool_give(&ls->pool, lookup);
}
