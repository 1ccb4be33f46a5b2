/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a number leads to, and how a leg to it is made. The directory knows the DNs, the registrar
 * where the self-registered ones are; neither knows the other, so their parent asks both. */
#include "core/inside.h"

#include "sip/param.h"
#include "sip/write.h"

/* Whether a listener shows itself as HOST in what it advertises, `host[:port]`. */
static bool
is_shown(const struct listener *listener, const struct uri *uri)
{
	struct str rest = listener->advertise;
	struct addr ip;
	struct str host;

	if (str_is_empty(rest))
		return false;
	host = uri_take_host(&rest, &ip);
	return uri->ip.family == ADDR_NONE ? str_alike(uri->host, host)
					   : addr_same_ip(&uri->ip, &ip);
}

bool
route_is_ours(const struct core *core, const struct uri *uri, const struct flow *flow)
{
	if (uri->scheme == URI_TEL)
		return true;
	if (uri->scheme != URI_SIP && uri->scheme != URI_SIPS)
		return false;
	if (directory_is_domain(core->directory, uri->host))
		return true;
	if (uri->ip.family != ADDR_NONE && addr_same_ip(&uri->ip, &flow->local))
		return true;
	for (uint32_t i = 0; i < core->flows.listener_count; i++) {
		const struct listener *listener = &core->flows.listeners[i];

		if (uri->ip.family != ADDR_NONE && addr_same_ip(&uri->ip, &listener->local))
			return true;
		if (is_shown(listener, uri))
			return true;
	}
	return false;
}

struct str
route_number(const struct core *core, const struct uri *uri, const struct turn *t)
{
	struct str user = uri->scheme == URI_TEL ? uri->host : uri->user;
	char *text = arena_take(t->scratch, URI_BYTES_MAX, 1);
	struct buf b = buf_on(text, text != NULL ? URI_BYTES_MAX : 0);

	(void)core;
	uri_write_canonical_user(&b, user);
	return buf_str(&b);
}

/* Whether NUMBER is digits that some trunk's prefix goes on behind: more are to be dialled. */
static bool
is_incomplete(const struct directory *directory, struct str number)
{
	for (size_t i = 0; i < number.len; i++)
		if (!char_is_digit(number.at[i]))
			return false;
	for (uint32_t i = 0; i < directory->way_count; i++)
		if (str_begins(directory->dns[directory->ways[i]].prefix, number))
			return true;
	return false;
}

/* Whether DN can take a call now; false with *REFUSAL. */
static bool
is_in_service(
	const struct core *core, const struct dn *dn, struct when now, struct refusal *refusal)
{
	const struct enrol *e = dn->registers ? enrols_find(&core->enrols, dn->number) : NULL;

	if (!pings_is_in_service(&core->pings, dn)) {
		*refusal = (struct refusal){ .status = 480,
			.reason = STR("Out Of Service"),
			.why = STR("the DN is out of service") };
		return false;
	}
	if (!dn->registers || (e != NULL && enrol_is_in_force(e, now)))
		return true;
	*refusal = (struct refusal){ .status = 480,
		.reason = STR("Trunk Not Registered"),
		.why = STR("we are not registered at the trunk") };
	return false;
}

/* The trunk for NUMBER: the first that is in service; when none is, the first. */
static const struct dn *
find_trunk(const struct core *core, struct str number)
{
	const struct dn *first = directory_trunk(core->directory, number), *dn;
	struct refusal refusal;

	for (dn = first; dn != NULL; dn = directory_trunk_after(core->directory, number, dn))
		if (is_in_service(core, dn, core->fed_at, &refusal))
			return dn;
	return first;
}

const struct dn *
route_find(const struct core *core, struct str number, struct refusal *refusal)
{
	const struct dn *dn = directory_find(core->directory, number);

	if (dn == NULL && !str_is_empty(number))
		dn = find_trunk(core, number);
	if (dn == NULL)
		*refusal = (struct refusal){
			.status = str_is_empty(number) || is_incomplete(core->directory, number)
				? 484
				: 404,
			.why = STR("no DN has this number and no trunk its prefix"),
		};
	return dn;
}

static void
write_uri(struct buf *b, enum scheme scheme, struct str user, struct str host, uint16_t port)
{
	struct uri_parts parts = {
		.scheme = scheme == SCHEME_SIPS ? URI_SIPS : URI_SIP,
		.user = user,
		.host = host,
		.port = port,
		.params = STR(""),
	};

	uri_write(b, &parts);
}

static struct buf
take_uri(const struct turn *t)
{
	char *text = arena_take(t->scratch, 2 * URI_BYTES_MAX, 1);

	return buf_on(text, text != NULL ? 2 * URI_BYTES_MAX : 0);
}

/* There is no URI to call: the scratch is full, or it grew too long. */
static enum route_verdict
refuse_uri(struct route *route)
{
	route->refusal = (struct refusal){ .status = 500, .why = STR("its URI does not fit") };
	return ROUTE_REFUSED;
}

/* Asks the table which of the contacts it is, and what the leg speaks.
 * Ends: true; false with the refusal. */
static bool
may_cross(const struct core *core, const struct route_ask *ask, const struct speech *known,
	uint32_t count, struct route *route, const struct turn *t)
{
	struct crossing_ask crossing = { .mode = route->mode,
		.from = ask->scheme == SCHEME_SIPS ? FROM_SIPS : FROM_SIP,
		.policy = ask->dn->sips,
		.is_fixed = !ask->dn->contact.is_self,
		.known = known,
		.count = count };
	const struct crossing_row *row;

	route->crossing = crossing_choose(&crossing);
	crossing.mode = MODE_STRICT;
	route->strict = crossing_choose(&crossing).row;
	row = route->crossing.row;
	route->plan.speech = route->crossing.speech;
	route->plan.is_strict = route->mode == MODE_STRICT;
	route->plan.unreachable_warning = row->leg == LEG_B_SWAPPED ? 381 : 0;
	if (row->leg != LEG_B_REFUSED)
		return true;
	route->refusal = crossings_refusal(core, row->status, row->warning, row->why, t);
	return false;
}

static enum route_verdict
plan_registered(const struct core *core, const struct route_ask *ask, const struct turn *t,
	struct route *route)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	struct speech known[CONTACTS_PER_AOR_MAX];
	uint32_t count = registered_pick(found,
		registrar_find(core->registrar, ask->dn->number, t->now, found), ask->instance);
	struct leg_plan *plan = &route->plan;
	const struct binding *binding;
	struct buf to = take_uri(t);

	count = registered_reachable(&core->flows, found, count);
	for (uint32_t i = 0; i < count; i++)
		known[i] = found[i].speech;
	if (!may_cross(core, ask, known, count, route, t))
		return ROUTE_REFUSED;
	binding = &found[route->crossing.chosen];
	write_uri(&to, plan->speech.scheme, ask->dn->number, directory_realm(core->directory), 0);
	plan->to_uri = buf_str(&to);
	plan->is_proven = binding->is_proven;
	plan->terms = ask->dn->terms;
	plan->is_phone = true;
	if (!buf_ok(&to) || !registered_plan(found, count, binding, t, plan))
		return refuse_uri(route);
	return ROUTE_PLAN;
}

/* Each server of the DN has said 503 and when to come back (RFC 3261 21.5.4). */
static enum route_verdict
refuse_resting(struct refusal *refusal, uint32_t wait_s, const struct turn *t)
{
	char *text = arena_take(t->scratch, URI_BYTES_MAX, 1);
	struct buf lines = buf_on(text, text != NULL ? URI_BYTES_MAX : 0);

	write_number(&lines, HEADER_RETRY_AFTER, wait_s);
	*refusal = (struct refusal){ .status = 480,
		.lines = buf_ok(&lines) ? buf_str(&lines) : STR(""),
		.why = STR("each server of the DN has asked to be let alone (Retry-After)") };
	return ROUTE_REFUSED;
}

/* By which ways a fixed contact is reached. Pre: what the leg speaks is known. */
static enum route_verdict
reach(const struct core *core, const struct route_ask *ask, const struct turn *t,
	struct route *route)
{
	const struct dn *dn = ask->dn;
	const struct peer *peer = peers_of(&core->peers, dn);
	const struct contact *contact = &dn->contact;
	struct str user = str_is_empty(contact->number) ? ask->number : contact->number;
	struct leg_plan *plan = &route->plan;
	struct place places[PLACES_MAX];
	struct buf uri = take_uri(t);
	uint32_t count, wait_s;

	if (peer == NULL || (peer->is_known && peer->count == 0)) {
		route->refusal = (struct refusal){ .status = 480,
			.why = STR("the name in the DN's contact has no address") };
		return ROUTE_REFUSED;
	}
	if (!peer->is_known)
		return ROUTE_WAIT;
	count = peers_draw(peer, ask->dice, t->now, places, &wait_s);
	if (count == 0)
		return refuse_resting(&route->refusal, wait_s, t);
	write_uri(&uri, plan->speech.scheme, user, contact->host, contact->port);
	if (!buf_ok(&uri))
		return refuse_uri(route);
	if (dn->has_proxy) {
		struct buf proxy = take_uri(t);

		dn_write_proxy(&proxy, dn, plan->speech.scheme);
		plan->routes = buf_str(&proxy);
	}
	plan->may_use_tcp = !dn_hop(dn).has_transport;
	plan->may_prove = dn_is_trunk(dn);
	plan->request_uri = buf_str(&uri);
	plan->to_uri = plan->request_uri;
	plan->name = dn_tls_name(dn);
	plan->terms = dn->terms;
	for (uint32_t i = 0; i < count && i < WAYS_MAX; i++)
		plan->ways[plan->way_count++] =
			(struct way){ .transport = places[i].transport, .addr = places[i].addr };
	return ROUTE_PLAN;
}

/* Puts the Service-Route of the registrar behind the outbound proxy, if there is one. */
static void
add_routes(const struct enrol *e, struct leg_plan *plan, const struct turn *t)
{
	size_t size = plan->routes.len + enrol_routes(e).len + 2;
	char *text = arena_take(t->scratch, size, 1);
	struct buf b = buf_on(text, text != NULL ? size : 0);

	buf_put(&b, plan->routes);
	if (!str_is_empty(plan->routes) && !str_is_empty(enrol_routes(e)))
		buf_put(&b, STR(", "));
	buf_put(&b, enrol_routes(e));
	plan->routes = buf_str(&b);
}

/* The connection over which we are registered there goes before any other, and what the
 * registrar wants before our requests goes with them. */
static void
plan_enrolled(
	const struct core *core, const struct enrol *e, struct leg_plan *plan, const struct turn *t)
{
	const struct flow *flow = flows_find(&core->flows, e->flow);
	uint32_t kept = plan->way_count < WAYS_MAX ? plan->way_count : WAYS_MAX - 1;

	add_routes(e, plan, t);
	plan->contact = enrol_gruu(e);
	if (flow == NULL || flow->is_shut || flow->transport == TRANSPORT_UDP)
		return;
	for (uint32_t i = kept; i > 0; i--)
		plan->ways[i] = plan->ways[i - 1];
	plan->ways[0] = (struct way){
		.transport = e->transport, .addr = e->peer, .flow = e->flow, .tie = TIE_DIALLED
	};
	plan->way_count = kept + 1;
}

enum route_verdict
route_reach(struct core *core, const struct dn *dn, const struct turn *t, struct route *route)
{
	struct route_ask ask = { .dn = dn, .number = STR(""), .dice = &core->dice };

	*route = (struct route){ .plan = { .dn = dn->number, .speech = dn_speech(dn) } };
	return reach(core, &ask, t, route);
}

static enum route_verdict
plan_fixed(const struct core *core, const struct route_ask *ask, const struct turn *t,
	struct route *route)
{
	const struct enrol *e = enrols_find(&core->enrols, ask->dn->number);
	struct speech known = dn_speech(ask->dn);
	enum route_verdict verdict;

	if (!may_cross(core, ask, &known, 1, route, t))
		return ROUTE_REFUSED;
	verdict = reach(core, ask, t, route);
	if (verdict == ROUTE_PLAN && e != NULL)
		plan_enrolled(core, e, &route->plan, t);
	return verdict;
}

enum route_verdict
route_plan(const struct core *core, const struct route_ask *ask, const struct turn *t,
	struct route *route)
{
	const struct dn *dn = ask->dn;
	enum route_verdict verdict;

	*route = (struct route){ .mode = crossings_mode(core, ask->caller, dn) };
	route->plan.dn = dn->number;
	route->plan.emits_tls = dn->emits_tls;
	route->plan.is_trusted = dn->is_trusted;
	if (!is_in_service(core, dn, t->now, &route->refusal))
		return ROUTE_REFUSED;
	verdict = dn->contact.is_self ? plan_registered(core, ask, t, route)
				      : plan_fixed(core, ask, t, route);
	if (verdict == ROUTE_REFUSED || dn->capacity == 0 ||
		calls_of_dn(&core->calls, dn->number) < dn->capacity)
		return verdict;
	route->refusal = (struct refusal){ .status = 480,
		.reason = STR("At Capacity"),
		.why = STR("the DN has as many calls as its capacity allows") };
	return ROUTE_REFUSED;
}
