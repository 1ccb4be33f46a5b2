/* SPDX-License-Identifier: Apache-2.0 */
#include "hop/locate.h"

#include <string.h>

#include "base/panic.h"

static uint32_t
keep(char *at, size_t size, struct str s)
{
	if (s.len > size)
		return 0;
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	return (uint32_t)s.len;
}

static struct str
host_of(const struct locate *l)
{
	return str_of(l->host, l->host_len);
}

/* ---- services ------------------------------------------------------------------------------ */

/* The service of a transport, as RFC 3263 4.1 writes it in front of the domain. */
static struct str
service_prefix(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_TLS: return STR("_sips._tcp.");
	case TRANSPORT_TCP: return STR("_sip._tcp.");
	case TRANSPORT_UDP:
	case TRANSPORT_NONE: break;
	}
	return STR("_sip._udp.");
}

static void
add_service(struct locate *l, enum transport transport, struct str prefix, struct str domain)
{
	char text[LOCATE_NAME_MAX];
	struct buf b = buf_on(text, sizeof text);
	uint32_t i = l->service_count;

	if (i == SERVICES_ASKED_MAX)
		return;
	buf_put(&b, prefix);
	buf_put(&b, domain);
	if (!buf_ok(&b))
		return;
	l->services[i].transport = transport;
	l->services[i].len = keep(l->services[i].name, LOCATE_NAME_MAX, buf_str(&b));
	l->service_count++;
}

/* Without NAPTR: those that we speak. The transport that a URI has without any comes first. */
static void
guess_services(struct locate *l)
{
	bool is_sips = l->speech.scheme == SCHEME_SIPS;

	if (is_sips)
		add_service(l, TRANSPORT_TLS, service_prefix(TRANSPORT_TLS), host_of(l));
	if (!is_sips && l->has_udp)
		add_service(l, TRANSPORT_UDP, service_prefix(TRANSPORT_UDP), host_of(l));
	if (!is_sips && l->has_tcp)
		add_service(l, TRANSPORT_TCP, service_prefix(TRANSPORT_TCP), host_of(l));
}

static uint16_t
port_or_default(const struct locate *l, enum transport transport)
{
	return l->port != 0 ? l->port : transport_port(transport);
}

/* The host itself, without SRV. */
static void
add_host(struct locate *l, enum transport transport)
{
	uint32_t i = l->server_count++;

	l->servers[i].transport = transport;
	l->servers[i].port = port_or_default(l, transport);
	l->servers[i].weight = 0;
	l->servers[i].rank = 0;
	l->servers[i].len = keep(l->servers[i].name, HOST_BYTES_MAX, host_of(l));
}

/* Which transport a record of NAPTR leads to; TRANSPORT_NONE: to none that we may or can take. */
static enum transport
naptr_transport(const struct locate *l, const struct dns_record *s)
{
	bool is_sips = l->speech.scheme == SCHEME_SIPS;

	if (!str_alike(s->flags, STR("s")) || str_is_empty(s->name))
		return TRANSPORT_NONE;
	/* One that leads TLS to a plain service is wrong, and that is not asked for. */
	if (str_alike(s->what, STR("SIPS+D2T")))
		return (is_sips || l->has_tls) && !str_begins_alike(s->name, STR("_sip."))
			? TRANSPORT_TLS
			: TRANSPORT_NONE;
	if (is_sips)
		return TRANSPORT_NONE;
	if (str_alike(s->what, STR("SIP+D2T")) && l->has_tcp)
		return TRANSPORT_TCP;
	if (str_alike(s->what, STR("SIP+D2U")) && l->has_udp)
		return TRANSPORT_UDP;
	return TRANSPORT_NONE;
}

static bool
goes_before(const struct dns_record *a, const struct dns_record *b)
{
	return a->order != b->order ? a->order < b->order : a->weight < b->weight;
}

static enum locate_state
hear_naptr(struct locate *l, const struct event *e)
{
	const struct dns_record *best[SERVICES_MAX];
	uint32_t count = 0;

	if (e->u.names.status == NAMES_FAILED && l->speech.scheme == SCHEME_SIP) {
		/* It may have said that this domain wants TLS: nothing weaker is tried. */
		l->is_failed = true;
		return LOCATE_AT_END;
	}
	for (uint32_t i = 0; i < e->u.names.count && e->u.names.status == NAMES_FOUND; i++) {
		const struct dns_record *s = &e->u.names.services[i];
		uint32_t at;

		l->has_sips |= str_alike(s->what, STR("SIPS+D2T"));
		if (naptr_transport(l, s) == TRANSPORT_NONE)
			continue;
		for (at = count++; at > 0 && goes_before(s, best[at - 1]); at--)
			best[at] = best[at - 1];
		best[at] = s;
	}
	for (uint32_t i = 0; i < count; i++) {
		enum transport transport = naptr_transport(l, best[i]);

		/* Behind TLS nothing weaker: a handshake that fails is no reason for clear text. */
		if (l->service_count > 0 && l->services[0].transport == TRANSPORT_TLS &&
			transport != TRANSPORT_TLS)
			continue;
		add_service(l, transport, STR(""), best[i]->name);
	}
	if (l->service_count == 0)
		guess_services(l);
	if (l->service_count > 0)
		return LOCATE_AT_SRV;
	add_host(l, l->speech.transport);
	return LOCATE_AT_ADDRESSES;
}

/* ---- servers ------------------------------------------------------------------------------- */

static void
hear_srv_record(struct locate *l, const struct dns_record *s)
{
	uint32_t rank = l->service_at << 16 | s->order;
	uint32_t at = l->server_count;

	if (str_is_empty(s->name)) {
		l->is_denied = true;
		return;
	}
	if (s->name.len > HOST_BYTES_MAX || s->port == 0)
		return;
	if (at == SERVERS_MAX && l->servers[--at].rank <= rank)
		return;
	if (at == l->server_count)
		l->server_count++;
	for (; at > 0 && l->servers[at - 1].rank > rank; at--)
		l->servers[at] = l->servers[at - 1];
	l->servers[at].transport = l->services[l->service_at].transport;
	l->servers[at].port = s->port;
	l->servers[at].weight = s->weight;
	l->servers[at].rank = rank;
	l->servers[at].len = keep(l->servers[at].name, HOST_BYTES_MAX, s->name);
}

static enum locate_state
hear_srv(struct locate *l, const struct event *e)
{
	enum transport first = l->services[0].transport;

	if (e->u.names.status == NAMES_FAILED)
		l->is_failed = true;
	for (uint32_t i = 0; i < e->u.names.count && e->u.names.status == NAMES_FOUND; i++) {
		l->has_sips |= l->services[l->service_at].transport == TRANSPORT_TLS;
		hear_srv_record(l, &e->u.names.services[i]);
	}
	if (++l->service_at < l->service_count)
		return LOCATE_AT_SRV;
	if (l->server_count > 0)
		return LOCATE_AT_ADDRESSES;
	/* A domain that says that nobody is there, or may have said where, is not guessed at. */
	if (l->is_denied || l->is_failed)
		return LOCATE_AT_END;
	add_host(l, first);
	return LOCATE_AT_ADDRESSES;
}

/* ---- places -------------------------------------------------------------------------------- */

static enum locate_state
hear_addresses(struct locate *l, const struct event *e)
{
	uint32_t at = l->server_at++;

	if (e->u.names.status == NAMES_FAILED)
		l->is_failed = true;
	for (uint32_t i = 0; i < e->u.names.count && e->u.names.status == NAMES_FOUND; i++) {
		struct place *place;

		if (l->place_count == PLACES_MAX)
			return LOCATE_AT_END;
		place = &l->places[l->place_count++];
		*place = (struct place){ .transport = l->servers[at].transport,
			.addr = e->u.names.addrs[i],
			.rank = l->servers[at].rank,
			.weight = l->servers[at].weight,
			.server = (uint16_t)at };
		place->addr.port = l->servers[at].port;
	}
	return l->server_at < l->server_count ? LOCATE_AT_ADDRESSES : LOCATE_AT_END;
}

/* ---- one after the other ------------------------------------------------------------------- */

/* The one place where the state changes: what is to be asked there, or how it ends. */
static enum locating
move(struct locate *l, enum locate_state state, struct query *query)
{
	l->state = state;
	switch (state) {
	case LOCATE_AT_NAPTR:
		*query = (struct query){ NAMES_NAPTR, host_of(l) };
		return LOCATE_ASKS;
	case LOCATE_AT_SRV:
		*query = (struct query){ NAMES_SRV,
			str_of(l->services[l->service_at].name, l->services[l->service_at].len) };
		return LOCATE_ASKS;
	case LOCATE_AT_ADDRESSES:
		*query = (struct query){ NAMES_ADDRESSES,
			str_of(l->servers[l->server_at].name, l->servers[l->server_at].len) };
		return LOCATE_ASKS;
	case LOCATE_AT_END: break;
	}
	if (l->is_failed) /* what is missing is asked for soon */
		l->ttl_s = 0;
	if (l->place_count > 0)
		return LOCATE_FOUND;
	return l->is_failed ? LOCATE_FAILED : LOCATE_ABSENT;
}

enum locating
locate_begin(struct locate *l, const struct sought *sought, struct query *query)
{
	enum transport transport = sought->speech.transport;

	l->speech = sought->speech;
	l->port = sought->port;
	l->has_udp = sought->has_udp;
	l->has_tcp = sought->has_tcp;
	l->has_tls = sought->has_tls;
	l->has_sips = l->is_denied = l->is_failed = false;
	l->ttl_s = UINT32_MAX;
	l->service_count = l->service_at = 0;
	l->server_count = l->server_at = 0;
	l->place_count = 0;
	l->host_len = keep(l->host, HOST_BYTES_MAX, sought->host);
	if (sought->ip.family != ADDR_NONE) {
		l->places[l->place_count++] =
			(struct place){ .transport = transport, .addr = sought->ip };
		l->places[0].addr.port = port_or_default(l, transport);
		return move(l, LOCATE_AT_END, query);
	}
	if (l->host_len == 0)
		return move(l, LOCATE_AT_END, query);
	if (l->port != 0) { /* RFC 3263 4.2 */
		add_host(l, transport);
		return move(l, LOCATE_AT_ADDRESSES, query);
	}
	if (!sought->has_transport)
		return move(l, LOCATE_AT_NAPTR, query);
	add_service(l, transport, service_prefix(transport), host_of(l));
	return move(l, LOCATE_AT_SRV, query);
}

enum locating
locate_hear(struct locate *l, const struct event *e, struct query *query)
{
	enum locate_state next = LOCATE_AT_END;

	if (e->u.names.ttl_s < l->ttl_s)
		l->ttl_s = e->u.names.ttl_s;
	switch (l->state) {
	case LOCATE_AT_NAPTR: next = hear_naptr(l, e); break;
	case LOCATE_AT_SRV: next = hear_srv(l, e); break;
	case LOCATE_AT_ADDRESSES: next = hear_addresses(l, e); break;
	case LOCATE_AT_END: break;
	}
	return move(l, next, query);
}

struct str
locate_why(const struct locate *l)
{
	if (l->is_failed && l->service_count == 0 && l->server_count == 0)
		return STR("the question for its NAPTR records was not answered");
	if (l->is_failed)
		return STR("a question for it was not answered");
	if (l->is_denied)
		return STR("its SRV record is a dot: nobody is there (RFC 2782)");
	return STR("it was not found");
}

/* ---- the order of trying ------------------------------------------------------------------- */

/* The number of places of the server at AT. */
static uint32_t
span_of(const struct place *places, uint32_t count, uint32_t at)
{
	uint32_t end = at;

	while (end < count && places[end].rank == places[at].rank &&
		places[end].server == places[at].server)
		end++;
	return end - at;
}

/* Moves the LEN places at FROM in front of those from TO on. */
static void
bring_forward(struct place *places, uint32_t to, uint32_t from, uint32_t len)
{
	struct place moved[PLACES_MAX];

	memcpy(moved, places + from, len * sizeof *places);
	memmove(places + to + len, places + to, (from - to) * sizeof *places);
	memcpy(places + to, moved, len * sizeof *places);
}

/* Draws one server out of those between AT and END, all of one rank (RFC 2782, "Usage rules"):
 * those of weight 0 stand first; then the first whose running sum reaches the number drawn. */
static uint32_t
draw(const struct place *places, uint32_t at, uint32_t end, struct dice *dice)
{
	uint32_t sum = 0, mark, running = 0;

	for (uint32_t i = at; i < end; i += span_of(places, end, i))
		sum += places[i].weight;
	mark = dice_below(dice, sum + 1);
	for (uint32_t i = at; mark == 0 && i < end; i += span_of(places, end, i))
		if (places[i].weight == 0)
			return i;
	for (uint32_t i = at; i < end; i += span_of(places, end, i)) {
		running += places[i].weight;
		if (places[i].weight > 0 && running >= mark)
			return i;
	}
	return at;
}

void
places_draw(struct place *places, uint32_t count, struct dice *dice)
{
	uint32_t at = 0, end;

	must(count <= PLACES_MAX);
	while (at < count) {
		for (end = at; end < count && places[end].rank == places[at].rank; end++)
			continue;
		while (at < end && span_of(places, end, at) < end - at) {
			uint32_t from = draw(places, at, end, dice);
			uint32_t len = span_of(places, end, from);

			bring_forward(places, at, from, len);
			at += len;
		}
		at = end;
	}
}
