/* SPDX-License-Identifier: Apache-2.0 */
/* What the trunks at which we register and the rest of the core have for each other: the
 * addresses that their names lead to, and whose call it is that comes to the Contact that we
 * registered. */
#include "core/inside.h"

void
enrolment_ring(struct core *core, const struct alarm *alarm, const struct turn *t)
{
	struct enrol *e = enrols_ring(&core->enrols, alarm, t);
	const struct dn *dn = NULL;
	struct route route;

	if (e == NULL)
		return;
	dn = directory_find(core->directory, enrol_number(e));
	if (dn == NULL) {
		enrol_fail(&core->enrols, e, STR("the DN is gone"), t);
		return;
	}
	switch (route_reach(core, dn, t, &route)) {
	case ROUTE_PLAN: enrol_ask(&core->enrols, e, &route.plan, t); return;
	case ROUTE_WAIT: enrol_wait(&core->enrols, e, t); return;
	case ROUTE_REFUSED: enrol_fail(&core->enrols, e, route.refusal.why, t); return;
	}
}

void
enrolment_ping(struct core *core, const struct alarm *alarm, const struct turn *t)
{
	const struct dn *dn = pings_ring(&core->pings, alarm, t);
	struct route route;

	if (dn == NULL)
		return;
	switch (route_reach(core, dn, t, &route)) {
	case ROUTE_PLAN: ping_ask(&core->pings, dn, &route.plan, t); return;
	case ROUTE_WAIT: ping_wait(&core->pings, dn, t); return;
	case ROUTE_REFUSED: ping_cannot(&core->pings, dn, route.refusal.why, t); return;
	}
}

/* Whether the request comes from DN: over the connection by which we registered there, or as a call
 * of that trunk would come. What is checked by certificate is not found by its address alone. */
static bool
comes_from(const struct core *core, const struct arrival *a, const struct dn *dn,
	const struct enrol *e, const struct dn *trunk)
{
	/* A socket is everybody's; a connection of ours leads to the registrar alone. */
	if (a->flow->transport != TRANSPORT_UDP && flow_same(e->flow, a->flow->id))
		return true;
	return dn == trunk ||
		(trunk != NULL && dn_speech(dn).transport != TRANSPORT_TLS &&
			peers_is_at(&core->peers, dn, &a->source));
}

const struct dn *
enrolment_called(const struct core *core, const struct arrival *a, struct str number)
{
	const struct dn *trunk = NULL;
	const struct enrol *e = NULL;

	if (peers_trunk_of(&core->peers, a->flow, &a->source, &trunk) != PEER_TRUNK)
		trunk = NULL;
	while ((e = enrols_called(&core->enrols, number, e)) != NULL) {
		const struct dn *dn = directory_find(core->directory, enrol_number(e));

		if (dn != NULL && dn->registers && comes_from(core, a, dn, e, trunk))
			return dn;
	}
	return NULL;
}
