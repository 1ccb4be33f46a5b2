/* SPDX-License-Identifier: Apache-2.0 */
/* Where the messages of a leg may go. Every way is put before secure/target, which alone makes a
 * target; what it refuses is not taken, whatever a Contact, a Route or a live socket says. */
#include "leg/inside.h"

#include <string.h>

#include "leg/ledger.h"
#include "secure/identity.h"

static struct txn_way
way_of(const struct target *target)
{
	return (struct txn_way){
		.flow = target->flow,
		.addr = target->addr,
		.is_reliable = target->transport != TRANSPORT_UDP,
		.is_tls = target->transport == TRANSPORT_TLS,
	};
}

/* Puts one candidate before the choice, and dials if that is what it takes. */
static bool
try_way(struct legs *ls, struct leg *leg, const struct demand *demand,
	const struct candidate *candidate, const struct turn *t, struct txn_way *way,
	struct str *why)
{
	struct target target;
	enum target_verdict verdict = target_choose(demand, candidate, &target);

	if (verdict != TARGET_CHOSEN) {
		*why = target_verdict_text(verdict);
		return false;
	}
	if (!flows_reach(ls->flows, &target, leg_text(leg, TEXT_DN), t)) {
		*why = STR("no connection: the table of flows is full or no listener fits");
		return false;
	}
	leg->flow = target.flow;
	leg->transport = target.transport;
	leg->flow_tie = candidate->tie == TIE_NONE ? TIE_DIALLED : candidate->tie;
	leg->peer = target.addr;
	ledger_see(ls, leg, false, t);
	*way = way_of(&target);
	return true;
}

/* Who must be behind a TLS connection to HOP. A leg that we answer was not made to anybody: whom
 * its Contact or Route names must prove it; an address there proves little, so its peer must be
 * whom the certificate named that the dialog began with (RFC 5922 4). */
static struct str
name_of(const struct leg *leg, const struct uri *hop)
{
	struct str name = leg_text(leg, TEXT_NAME);
	struct addr ip;

	if (leg->kind == LEG_OF_CALLEE && !str_is_empty(name))
		return name;
	if (str_is_empty(name) || !addr_parse(&ip, hop->host) ||
		identity_is_listed(name, hop->host))
		return hop->host;
	return str_cut(&name, ',');
}

/* On what terms the next hop is dialled. A proxy before a phone is not the phone: we are to it who
 * we are to the phone, but what is known of the phone's own certificate says nothing of it. */
static struct terms
terms_of(const struct leg *leg)
{
	if (!leg->is_phone || !dialog_is_routed(leg))
		return leg->terms;
	return (struct terms){ .identity = leg->terms.identity, .trust = leg->terms.trust };
}

/* What the leg demands of the way to HOP: its own scheme, or more if the next hop asks for TLS, or
 * the target behind it is sips. */
static struct demand
demand_of(const struct leg *leg, const struct uri *hop)
{
	struct demand demand = {
		.speech = leg->speech, .name = name_of(leg, hop), .terms = terms_of(leg)
	};
	struct speech asked;

	if (dialog_is_to_sips(leg, hop))
		demand.speech = (struct speech){ SCHEME_SIPS, TRANSPORT_TLS };
	else if (leg->speech.scheme == SCHEME_SIP && speech_of_uri(hop, &asked) &&
		asked.transport == TRANSPORT_TLS)
		demand.speech.transport = TRANSPORT_TLS;
	return demand;
}

/* The dialog's live flow, as a candidate. */
static bool
live_candidate(const struct legs *ls, const struct leg *leg, const struct uri *hop,
	const struct demand *demand, struct candidate *candidate)
{
	const struct flow *flow = flows_find(ls->flows, leg->flow);
	struct speech asked;

	if (flow == NULL || flow->is_shut)
		return false;
	*candidate = (struct candidate){
		.transport = flow->transport,
		.addr = flow->peer,
		.flow = flow->id,
		.tie = leg->flow_tie,
	};
	flow_show(flow, demand, candidate);
	if (flow->transport != TRANSPORT_UDP)
		return true;
	/* A socket leads anywhere: to the address that the next hop names, or, for a phone that
	 * registered or a name that is not looked up, to where its last message came from. */
	candidate->addr = leg->peer;
	if (leg->flow_tie == TIE_REGISTERED || leg->is_natted)
		return true;
	if (hop->ip.family == ADDR_NONE)
		return leg->hop_count == 0;
	/* Nor is it taken against the peer's word, or for the other family of addresses. */
	if (hop->ip.family != flow->local.family ||
		(speech_of_uri(hop, &asked) && asked.transport != TRANSPORT_UDP))
		return false;
	candidate->addr = hop->ip;
	candidate->addr.port = hop->port != 0 ? hop->port : transport_port(TRANSPORT_UDP);
	return true;
}

/* The leg goes by WAY now. */
static void
take_proof(struct leg *leg, const struct way *way)
{
	if (!way->is_proven)
		return;
	leg->is_proven = true;
	leg->proven_on = leg->flow;
}

bool
leg_lacks_way(const struct legs *ls, const struct leg *leg)
{
	const struct flow *flow = flows_find(ls->flows, leg->flow);

	return flow == NULL || flow->is_shut;
}

void
leg_show_way(struct leg *leg, const struct way *way)
{
	leg->spare = *way;
}

void
leg_set_instance(struct leg *leg, struct str instance)
{
	(void)shelf_put(&leg->shelf, TEXT_INSTANCE, instance);
}

/* The flow by which the device is registered, as a candidate. */
static bool
spare_candidate(const struct legs *ls, const struct leg *leg, struct candidate *candidate)
{
	const struct flow *flow = flows_find(ls->flows, leg->spare.flow);

	if (flow == NULL || flow->is_shut)
		return false;
	*candidate = (struct candidate){
		.transport = flow->transport,
		.addr = flow->transport == TRANSPORT_UDP ? leg->spare.addr : flow->peer,
		.flow = flow->id,
		.tie = TIE_REGISTERED,
	};
	return true;
}

bool
leg_seeks(struct leg *leg, struct sought *sought)
{
	struct speech asked;
	struct str parts[2];
	struct str maddr;
	struct uri hop;
	uint64_t hash;

	/* Until the callee has answered, its target is where the INVITE went. */
	if (leg->kind == LEG_OF_CALLEE && !leg->is_confirmed)
		return false;
	if (leg->state == LEG_GONE || leg->flow_tie == TIE_REGISTERED || leg->is_natted ||
		!dialog_next_hop(leg, &hop) || hop.ip.family != ADDR_NONE ||
		!speech_of_uri(&hop, &asked))
		return false;
	maddr = uri_param(&hop, STR("maddr"));
	*sought = (struct sought){ .speech = asked,
		.has_transport = !str_is_none(uri_transport(&hop)),
		.host = str_is_none(maddr) ? hop.host : maddr,
		.port = hop.port };
	/* Held to TLS by what stands behind the hop, or by how the dialog began. */
	if (dialog_is_to_sips(leg, &hop))
		sought->speech = (struct speech){ SCHEME_SIPS, TRANSPORT_TLS };
	else if (leg->speech.transport == TRANSPORT_TLS) {
		sought->speech.transport = TRANSPORT_TLS;
		sought->has_transport = true;
	}
	parts[0] = hop.text;
	parts[1] = str_of(&sought->speech.scheme, sizeof sought->speech.scheme);
	hash = siphash((const uint64_t[2]){ parts[1].len, sought->speech.scheme }, parts[0]) | 1;
	if (hash == leg->sought_hop)
		return false;
	leg->sought_hop = hash;
	leg->hop_count = 0;
	return true;
}

void
leg_found(struct leg *leg, const struct place *places, uint32_t count)
{
	leg->hop_count = count < HOPS_MAX ? count : HOPS_MAX;
	for (uint32_t i = 0; i < leg->hop_count; i++)
		leg->hops[i] = places[i];
}

bool
way_inside(struct legs *ls, struct leg *leg, const struct turn *t, struct txn_way *way,
	struct str *why)
{
	struct candidate candidate;
	struct demand demand;
	struct uri hop;
	struct speech asked;

	if (!dialog_next_hop(leg, &hop)) {
		*why = STR("the peer's Contact cannot be read");
		return false;
	}
	demand = demand_of(leg, &hop);
	if (live_candidate(ls, leg, &hop, &demand, &candidate) &&
		try_way(ls, leg, &demand, &candidate, t, way, why))
		return true;
	if (spare_candidate(ls, leg, &candidate) &&
		try_way(ls, leg, &demand, &candidate, t, way, why)) {
		take_proof(leg, &leg->spare);
		return true;
	}
	for (uint32_t i = 0; i < leg->hop_count && hop.ip.family == ADDR_NONE; i++) {
		candidate = (struct candidate){ .transport = leg->hops[i].transport,
			.addr = leg->hops[i].addr };
		if (try_way(ls, leg, &demand, &candidate, t, way, why))
			return true;
	}
	if (demand.speech.transport != TRANSPORT_TLS && speech_of_uri(&hop, &asked))
		demand.speech.transport = asked.transport;
	candidate = (struct candidate){
		.transport = demand.speech.transport,
		.addr = hop.ip.family != ADDR_NONE ? hop.ip : leg->peer,
	};
	candidate.addr.port = hop.port != 0 ? hop.port : transport_port(candidate.transport);
	return try_way(ls, leg, &demand, &candidate, t, way, why);
}

void
way_keep_aims(struct leg *leg, const struct leg_plan *plan, const struct turn *t)
{
	char *text = arena_take(t->scratch, AIMS_BYTES_MAX, 1);
	struct buf b = buf_on(text, text != NULL ? AIMS_BYTES_MAX : 0);

	for (uint32_t i = 0; i < plan->other_count; i++) {
		buf_put(&b, plan->others[i].request_uri);
		buf_char(&b, '\n');
		buf_put(&b, plan->others[i].routes);
		buf_char(&b, '\n');
	}
	if (plan->other_count > 0)
		(void)shelf_put(&leg->shelf, TEXT_AIMS, buf_str(&b));
}

/* Whether the leg goes to AIM now: its URI and its routes stand where those of the last one did. */
static bool
take_aim(struct leg *leg, uint32_t aim, const struct turn *t)
{
	struct str uri = STR(""), routes = STR(""), rest;

	if (aim == leg->aim)
		return true;
	rest = arena_copy(t->scratch, leg_text(leg, TEXT_AIMS));
	for (uint32_t i = 0; i < aim; i++) {
		uri = str_cut(&rest, '\n');
		routes = str_cut(&rest, '\n');
	}
	if (str_is_empty(uri) || !shelf_put(&leg->shelf, TEXT_TARGET, uri) ||
		!shelf_put(&leg->shelf, TEXT_ROUTES, routes))
		return false;
	leg->aim = aim;
	leg->is_aim_lost = false;
	return true;
}

/* What the leg demands of the first way: of proxies whose names came with a registration the first
 * must prove its own. */
static struct demand
demand_of_first(const struct leg *leg)
{
	struct uri hop;

	if (str_is_empty(leg_text(leg, TEXT_ROUTES)) || !dialog_next_hop(leg, &hop))
		return (struct demand){
			.speech = leg->speech, .name = leg_text(leg, TEXT_NAME), .terms = leg->terms
		};
	return demand_of(leg, &hop);
}

bool
way_first(struct legs *ls, struct leg *leg, const struct turn *t, struct txn_way *way,
	struct str *why)
{
	struct demand demand;

	*why = STR("the device has no address");
	while (leg->way_next < leg->way_count) {
		const struct way *next = &leg->ways[leg->way_next++];
		const struct flow *flow = flows_find(ls->flows, next->flow);
		struct candidate candidate = {
			.transport = next->transport,
			.addr = next->addr,
			.flow = next->flow,
			.tie = next->tie,
		};

		if (next->tie != TIE_NONE && (flow == NULL || flow->is_shut)) {
			*why = STR("the connection that the device registered over is gone");
			continue;
		}
		if ((leg->is_aim_lost && next->aim == leg->aim) || !take_aim(leg, next->aim, t))
			continue;
		demand = demand_of_first(leg);
		if (flow != NULL)
			flow_show(flow, &demand, &candidate);
		if (try_way(ls, leg, &demand, &candidate, t, way, why)) {
			take_proof(leg, next);
			return true;
		}
	}
	return false;
}

bool
way_anew(struct legs *ls, const struct leg *leg, const struct turn *t, struct txn_way *way)
{
	struct demand demand = demand_of_first(leg);
	struct candidate candidate = { .transport = leg->transport, .addr = leg->peer };
	struct target target;
	/* Over another transport the Via, which is that of the INVITE, would be a lie. */
	bool is_found = spare_candidate(ls, leg, &candidate) &&
		candidate.transport == leg->transport &&
		target_choose(&demand, &candidate, &target) == TARGET_CHOSEN;

	if (!is_found && leg->flow_tie != TIE_DIALLED)
		return false; /* whoever connected to us is not waiting at that port */
	if (!is_found) {
		candidate = (struct candidate){ .transport = leg->transport, .addr = leg->peer };
		is_found = target_choose(&demand, &candidate, &target) == TARGET_CHOSEN;
	}
	if (!is_found || !flows_reach(ls->flows, &target, leg_text(leg, TEXT_DN), t))
		return false;
	*way = way_of(&target);
	return true;
}

bool
way_again(struct legs *ls, struct leg *leg, const struct turn *t, struct txn_way *way,
	struct str *why)
{
	struct demand demand = demand_of_first(leg);
	const struct flow *flow = flows_find(ls->flows, leg->flow);
	struct candidate candidate = { .transport = leg->transport,
		.addr = leg->peer,
		.flow = leg->flow,
		.tie = leg->flow_tie };

	*why = STR("the connection is gone");
	if (flow == NULL || flow->is_shut)
		return false;
	flow_show(flow, &demand, &candidate);
	return try_way(ls, leg, &demand, &candidate, t, way, why);
}

/* Whether FLOW leads to whom the dialog over TLS began with, if that has proved a name: then what
 * was opened since must prove the same, or a new one is dialled that must. */
static bool
is_same_peer(const struct leg *leg, const struct flow *flow)
{
	struct str names = leg_text(leg, TEXT_NAME);
	struct terms terms = terms_of(leg);

	if (leg->speech.transport != TRANSPORT_TLS || str_is_empty(names))
		return true;
	if (flow->proof == PROOF_NAME)
		return terms_same(&terms, &flow->terms) &&
			identity_is_listed(names, flow_name(flow));
	if (flow->proof != PROOF_CLIENT_CERT || flow->terms.trust != leg->trust)
		return false;
	if (terms.has_pin &&
		(!flow->has_fingerprint ||
			memcmp(flow->fingerprint, terms.pin, FINGERPRINT_BYTES) != 0))
		return false;
	while (!str_is_empty(names))
		if (identity_is_listed(flow_name(flow), str_cut(&names, ',')))
			return true;
	return false;
}

/* The dialog moves to the flow that its peer came by, if it may. */
static void
move_to(struct legs *ls, struct leg *leg, const struct txn_way *way)
{
	const struct flow *flow = flows_find(ls->flows, way->flow);
	const struct flow *old = flows_find(ls->flows, leg->flow);

	if (flow == NULL || flow == old) {
		if (flow != NULL && flow->transport == TRANSPORT_UDP)
			leg->peer = way->addr;
		return;
	}
	/* A sips leg is not moved off TLS by what comes in elsewhere, nor any leg off its own
	 * TLS. */
	if (flow->transport != TRANSPORT_TLS && leg->transport == TRANSPORT_TLS)
		return;
	/* The old flow stays while it lives: a stranger's connection does not take a dialog
	 * over. */
	if (old != NULL && !old->is_shut && leg->transport != TRANSPORT_UDP)
		return;
	if (!is_same_peer(leg, flow))
		return;
	/* A socket stays, and leads to no address of the other family. */
	if (old != NULL && old->transport == TRANSPORT_UDP && flow->transport == TRANSPORT_UDP &&
		way->addr.family != old->local.family)
		return;
	leg->peer = flow->transport == TRANSPORT_UDP ? way->addr : flow->peer;
	if (flow->transport == TRANSPORT_UDP && old != NULL)
		return;
	leg->flow = flow->id;
	leg->flow_tie = TIE_DIALOG;
	leg->transport = flow->transport;
}

void
way_heard(struct legs *ls, struct leg *leg, const struct txn_way *way, const struct turn *t)
{
	move_to(ls, leg, way);
	ledger_see(ls, leg, true, t);
}
