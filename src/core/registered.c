/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to a phone that registered: over the flow that it came by or along its Path, and, for
 * one that keeps several flows (RFC 5626), over each of them in turn. */
#include "core/inside.h"

#include "sip/lex.h"
#include "sip/param.h"

/* Puts URI in SCHEME, without the parameters that say nothing to who is asked: where a URI stands
 * as the Request-URI that is transport (the leg's flow decides it), method, and headers; in a
 * Route only a transport of a sips one, which must not say tls (RFC 5630 5.1.1). */
static bool
write_uri(struct buf *b, const struct uri *uri, enum scheme scheme, bool is_route)
{
	struct str rest = str_of(uri->text.at, uri->text.len - uri->headers.len - uri->params.len);
	bool with_transport = is_route && scheme == SCHEME_SIP;
	struct param param;

	buf_put(b, scheme_name(scheme));
	buf_put(b, str_from(rest, str_find(rest, ':')));
	rest = uri->params;
	while (uri_param_next(&rest, &param) == 1) {
		if (uri_param_is(&param, STR("transport")) ? !with_transport
							   : uri_param_is(&param, STR("method")))
			continue;
		buf_char(b, ';');
		buf_put(b, param.name);
		if (!str_is_none(param.value)) {
			buf_char(b, '=');
			buf_put(b, param.value);
		}
	}
	return buf_ok(b);
}

bool
registered_write_uri(struct buf *b, const struct binding *binding, enum scheme scheme)
{
	struct uri uri;
	size_t at;

	return uri_parse(&uri, binding->contact, &at) && write_uri(b, &uri, scheme, false);
}

/* Puts the Path as Route values in the scheme of the leg (RFC 3327 5.4, RFC 5630 6.3).
 * Ends: true with the URI of the first in FIRST. */
static bool
write_routes(struct buf *b, const struct binding *binding, enum scheme scheme, struct uri *first)
{
	struct str rest = binding->path, value;
	struct nameaddr route;
	bool is_first = true;
	size_t at;

	while (lex_element(&rest, &value)) {
		if (!nameaddr_parse(&route, value, &at) || route.star)
			return false;
		if (is_first)
			*first = route.uri;
		buf_put(b, is_first ? STR("<") : STR(", <"));
		if (!write_uri(b, &route.uri, scheme, true))
			return false;
		buf_char(b, '>');
		is_first = false;
	}
	return buf_ok(b) && !is_first;
}

static struct buf
take(const struct turn *t, size_t size)
{
	char *text = arena_take(t->scratch, size, 1);

	return buf_on(text, text != NULL ? size : 0);
}

static void
put_way(struct leg_plan *plan, const struct way *way)
{
	if (plan->way_count < WAYS_MAX)
		plan->ways[plan->way_count++] = *way;
}

/* A new connection to the first proxy of the Path: to its address, or, when it is a name, to where
 * the registration came from; over TLS it must prove its name either way. */
static void
put_way_to_proxy(struct leg_plan *plan, const struct binding *binding, const struct uri *proxy,
	const struct way *along)
{
	struct way way = *along;

	if (along->transport == TRANSPORT_UDP)
		return; /* the socket leads there */
	way.tie = TIE_NONE;
	way.is_proven = false;
	way.flow = FLOW_NONE;
	way.addr = proxy->ip.family != ADDR_NONE ? proxy->ip : binding->source;
	way.addr.port = proxy->port != 0 ? proxy->port : transport_port(along->transport);
	put_way(plan, &way);
}

/* Puts the ways to one binding; AIM says which aim of the plan they have. */
static bool
put_ways(struct leg_plan *plan, const struct binding *binding, uint32_t aim, struct aim *said,
	const struct turn *t)
{
	struct way way = {
		.transport = binding->speech.transport,
		.addr = binding->source,
		.flow = binding->flow,
		.tie = TIE_REGISTERED,
		.aim = aim,
		.is_flow = binding->reg_id != 0,
		.is_proven = binding->is_proven,
	};
	struct buf uri = take(t, 2 * URI_BYTES_MAX);
	struct buf routes = take(t, str_is_empty(binding->path) ? 1 : 2 * binding->path.len);
	struct uri proxy = { .port = 0 };

	if (!registered_write_uri(&uri, binding, plan->speech.scheme))
		return false;
	said->request_uri = buf_str(&uri);
	said->routes = STR("");
	if (str_is_empty(binding->path)) {
		put_way(plan, &way);
		return true;
	}
	if (!write_routes(&routes, binding, plan->speech.scheme, &proxy))
		return false;
	said->routes = buf_str(&routes);
	put_way(plan, &way);
	put_way_to_proxy(plan, binding, &proxy, &way);
	return true;
}

/* Whether OTHER is one more flow of the phone behind BINDING. */
static bool
is_flow_of(const struct binding *binding, const struct binding *other)
{
	return binding->reg_id != 0 && other->reg_id != 0 && other->reg_id != binding->reg_id &&
		str_alike(binding->instance, other->instance) &&
		binding->speech.scheme == other->speech.scheme;
}

bool
registered_plan(const struct binding *found, uint32_t count, const struct binding *chosen,
	const struct turn *t, struct leg_plan *plan)
{
	struct aim first;

	if (!put_ways(plan, chosen, 0, &first, t))
		return false;
	plan->instance = chosen->instance;
	plan->request_uri = first.request_uri;
	plan->routes = first.routes;
	for (uint32_t i = 0; i < count; i++)
		if (is_flow_of(chosen, &found[i]) &&
			put_ways(plan, &found[i], plan->other_count + 1,
				&plan->others[plan->other_count], t))
			plan->other_count++;
	return true;
}

/* Whether the device of LEG is the one behind BINDING: the same instance, or, without one, the same
 * Contact. */
static bool
is_device_of(const struct leg *leg, const struct binding *binding)
{
	struct str instance = leg_text(leg, TEXT_INSTANCE);
	struct uri target, contact;
	size_t at;

	if (!str_is_empty(instance))
		return str_alike(instance, binding->instance);
	return uri_parse(&target, leg_text(leg, TEXT_TARGET), &at) &&
		uri_parse(&contact, binding->contact, &at) && uri_same_binding(&target, &contact);
}

static void
show_way(struct core *core, struct leg *leg, const struct turn *t)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	struct str number = leg_text(leg, TEXT_DN);
	const struct dn *dn = directory_find(core->directory, number);
	uint32_t count;

	if (dn == NULL || !dn->contact.is_self)
		return;
	count = registrar_find(core->registrar, number, t->now, found);
	for (uint32_t i = 0; i < count; i++) {
		struct way way = { .transport = found[i].speech.transport,
			.addr = found[i].source,
			.flow = found[i].flow,
			.tie = TIE_REGISTERED,
			.is_proven = found[i].is_proven };

		/* A route of the dialog leads through its proxies, and needs none of this. */
		if (!is_device_of(leg, &found[i]) || !str_is_empty(found[i].path))
			continue;
		leg_show_way(leg, &way);
		return;
	}
}

struct call *
registered_call(struct core *core, struct ref ref, const struct turn *t)
{
	struct call *call = call_at(&core->calls, ref);

	for (unsigned side = 0; call != NULL && side < 2; side++) {
		struct leg *leg = leg_at(&core->legs, call->legs[side]);

		if (leg != NULL && leg_lacks_way(&core->legs, leg))
			show_way(core, leg, t);
	}
	return call;
}

bool
registered_gruu(const struct core *core, const struct uri *target, struct str *number,
	struct str *instance, const struct turn *t)
{
	struct buf room = take(t, GRUU_URN_BYTES_MAX + 2);
	struct gruu gruu;
	const struct dn *dn;

	switch (registrar_gruu(core->registrar, target, t->now, &room, &gruu)) {
	case GRUU_NONE: return true;
	case GRUU_BAD: return false;
	case GRUU_GOOD: break;
	}
	if (!str_is_empty(gruu.aor))
		*number = gruu.aor;
	*instance = gruu.instance;
	dn = directory_find(core->directory, *number);
	return dn != NULL && dn->contact.is_self;
}

uint32_t
registered_pick(struct binding *found, uint32_t count, struct str instance)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (str_is_empty(instance) || str_alike(found[i].instance, instance))
			found[kept++] = found[i];
	return kept;
}

uint32_t
registered_reachable(const struct flows *flows, struct binding *found, uint32_t count)
{
	bool leads[CONTACTS_PER_AOR_MAX];
	uint32_t leading = 0, kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct flow *flow = flows_find(flows, found[i].flow);

		leads[i] = found[i].speech.transport == TRANSPORT_UDP ||
			!str_is_empty(found[i].path) || (flow != NULL && !flow->is_shut);
		leading += leads[i];
	}
	if (leading == 0)
		return count;
	for (uint32_t i = 0; i < count; i++)
		if (leads[i])
			found[kept++] = found[i];
	return kept;
}

/* A connection is found by other means: what is dialled to where one came from meets nobody. */
bool
registered_hop(struct core *core, struct leg *leg, const struct turn *t)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	struct place places[CONTACTS_PER_AOR_MAX];
	struct str number, instance = STR("");
	uint32_t count = 0, place_count = 0;
	struct uri hop;
	size_t at;

	if (!str_is_empty(leg_text(leg, TEXT_ROUTES)) ||
		!uri_parse(&hop, leg_text(leg, TEXT_TARGET), &at) ||
		str_is_none(uri_param(&hop, STR("gr"))) ||
		!directory_is_domain(core->directory, hop.host))
		return false;
	number = route_number(core, &hop, t);
	if (registered_gruu(core, &hop, &number, &instance, t))
		count = registered_pick(
			found, registrar_find(core->registrar, number, t->now, found), instance);
	for (uint32_t i = 0; i < count; i++)
		if (found[i].speech.transport == TRANSPORT_UDP)
			places[place_count++] = (struct place){ .transport = TRANSPORT_UDP,
				.addr = found[i].source };
	leg_found(leg, places, place_count);
	return true;
}

void
registered_know(struct core *core, struct leg *leg, struct str number, const struct turn *t)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	uint32_t count = registrar_find(core->registrar, number, t->now, found);

	for (uint32_t i = 0; i < count; i++) {
		if (!flow_same(found[i].flow, leg->flow) || !str_is_empty(found[i].path) ||
			found[i].speech.transport == TRANSPORT_UDP)
			continue;
		leg_set_instance(leg, found[i].instance);
		return;
	}
}
