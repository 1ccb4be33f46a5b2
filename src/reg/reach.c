/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/reach.h"

#include "base/limits.h"
#include "secure/scheme.h"

static uint16_t
port_of(const struct uri *uri)
{
	struct str transport = uri_transport(uri);

	if (uri->port != 0)
		return uri->port;
	if (uri->scheme == URI_SIPS ||
		(!str_is_none(transport) && str_alike(transport, STR("tls"))))
		return transport_port(TRANSPORT_TLS);
	return transport_port(TRANSPORT_TCP);
}

/* Whether `host[:port]` as a listener shows itself is the place of URI. */
static bool
is_shown(const struct listener *l, const struct uri *uri)
{
	struct str host = l->advertise, port;
	uint64_t number = transport_port(l->transport);
	size_t colon = host.len;
	struct addr ip;

	while (colon > 0 && host.at[colon - 1] != ':' && host.at[colon - 1] != ']')
		colon--;
	if (colon > 0 && host.at[colon - 1] == ':') {
		port = str_from(host, colon);
		host = str_upto(host, colon - 1);
		if (!str_number(port, UINT16_MAX, &number))
			return false;
	}
	if (number != port_of(uri))
		return false;
	if (uri->ip.family != ADDR_NONE)
		return addr_parse(&ip, host) && addr_same_ip(&ip, &uri->ip);
	return str_alike(host, uri->host);
}

static bool
is_listener(const struct listener *l, const struct uri *uri)
{
	if (uri->ip.family != ADDR_NONE && addr_same_ip(&l->local, &uri->ip) &&
		l->local.port == port_of(uri))
		return true;
	return is_shown(l, uri);
}

static bool
is_nowhere(const struct uri *uri, const struct addr *source)
{
	struct str name = uri->host;

	if (addr_is_loopback(source))
		return addr_is_multicast(&uri->ip) || addr_is_any(&uri->ip);
	if (str_ends(name, STR(".")))
		name.len--;
	return addr_is_loopback(&uri->ip) || addr_is_multicast(&uri->ip) || addr_is_any(&uri->ip) ||
		str_alike(name, STR("localhost"));
}

enum reach_verdict
reach_judge(const struct uri *uri, const struct addr *source, const struct listener *listeners,
	uint32_t listener_count)
{
	struct speech speech;
	struct str transport;

	if (uri->scheme != URI_SIP && uri->scheme != URI_SIPS)
		return REACH_NOT_SIP;
	transport = uri_transport(uri);
	if (uri->scheme == URI_SIPS && !str_is_none(transport) && str_alike(transport, STR("udp")))
		return REACH_SIPS_UDP;
	if (uri->scheme == URI_SIPS && !speech_of_uri(uri, &speech))
		return REACH_SIPS_BY;
	if (uri->scheme == URI_SIPS && uri_is_multicast(uri))
		return REACH_SIPS_MANY;
	if (uri->text.len > URI_BYTES_MAX)
		return REACH_LONG;
	if (is_nowhere(uri, source))
		return REACH_NOWHERE;
	for (uint32_t i = 0; i < listener_count; i++)
		if (is_listener(&listeners[i], uri))
			return REACH_OURS;
	return REACH_GOOD;
}

bool
contact_q(const struct nameaddr *contact, uint32_t *thousandths)
{
	struct str text = nameaddr_param(contact, STR("q"));
	struct str whole, decimals;
	uint64_t unit, parts = 0;

	*thousandths = 1000;
	if (str_is_none(text))
		return true;
	decimals = text;
	whole = str_cut(&decimals, '.');
	if (!str_number(whole, 1, &unit) || decimals.len > 3 ||
		(decimals.len > 0 && !str_number(decimals, 999, &parts)))
		return false;
	for (size_t i = decimals.len; i < 3; i++)
		parts *= 10;
	*thousandths = (uint32_t)(unit * 1000 + parts);
	return *thousandths <= 1000;
}
