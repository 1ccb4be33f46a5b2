/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/scheme.h"

struct str
scheme_name(enum scheme scheme)
{
	return scheme == SCHEME_SIPS ? STR("sips") : STR("sip");
}

struct str
transport_name(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_UDP: return STR("UDP");
	case TRANSPORT_TCP: return STR("TCP");
	case TRANSPORT_TLS: return STR("TLS");
	case TRANSPORT_NONE: break;
	}
	return STR("NONE");
}

uint16_t
transport_port(enum transport transport)
{
	return transport == TRANSPORT_TLS ? 5061 : 5060;
}

bool
transport_find(struct str value, enum transport *transport)
{
	static const enum transport all[] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (str_alike(value, transport_name(all[i]))) {
			*transport = all[i];
			return true;
		}
	}
	return false;
}

bool
speech_of_uri(const struct uri *uri, struct speech *speech)
{
	struct str value = uri_transport(uri);
	enum transport transport = TRANSPORT_NONE;

	if (!str_is_none(value) && !transport_find(value, &transport))
		return false;
	switch (uri->scheme) {
	case URI_SIPS:
		if (transport == TRANSPORT_UDP)
			return false;
		*speech = (struct speech){ SCHEME_SIPS, TRANSPORT_TLS };
		return true;
	case URI_SIP:
		if (transport == TRANSPORT_NONE)
			transport = TRANSPORT_UDP;
		*speech = (struct speech){ SCHEME_SIP, transport };
		return true;
	case URI_TEL:
	case URI_OTHER: break;
	}
	return false;
}

/* Whether the first URI of a header is sips, if it can be read. */
static bool
is_first_sips(const struct msg *msg, enum header_id id)
{
	struct values values = msg_values(msg, id);
	struct nameaddr first;
	struct str value;
	size_t at;

	return values_next(&values, &value) && nameaddr_parse(&first, value, &at) && !first.star &&
		first.uri.scheme == URI_SIPS;
}

struct speech
speech_of_request(const struct msg *request, enum transport transport)
{
	bool has_route = msg_header(request, HEADER_RECORD_ROUTE) != NULL;
	enum header_id witness = has_route ? HEADER_RECORD_ROUTE : HEADER_CONTACT;

	if (request->target.scheme == URI_SIPS || is_first_sips(request, witness))
		return (struct speech){ SCHEME_SIPS, transport };
	return (struct speech){ SCHEME_SIP, transport };
}

enum scheme_fault
scheme_check(const struct msg *request, enum transport transport)
{
	struct str spelled = uri_transport(&request->target);
	struct nameaddr contact;

	if (request->target.scheme == URI_SIPS) {
		if (!str_is_none(spelled) && str_alike(spelled, STR("udp")))
			return SCHEME_UDP;
		if (uri_is_multicast(&request->target))
			return SCHEME_MANY;
		if (transport != TRANSPORT_TLS)
			return SCHEME_NOT_TLS;
		if (request->method != METHOD_REGISTER && msg_remote_target(request, &contact) &&
			contact.uri.scheme != URI_SIPS)
			return SCHEME_MIXED;
		return SCHEME_FINE;
	}
	/* A sip request can still make a sips leg (RFC 3261 12.1.1); that one, too, needs TLS. */
	if (request->method == METHOD_INVITE && transport != TRANSPORT_TLS &&
		speech_of_request(request, transport).scheme == SCHEME_SIPS)
		return SCHEME_NOT_TLS;
	return SCHEME_FINE;
}

struct str
scheme_fault_text(enum scheme_fault fault)
{
	switch (fault) {
	case SCHEME_NOT_TLS: return STR("SIPS Request Not Over TLS");
	case SCHEME_UDP: return STR("SIPS With transport=udp");
	case SCHEME_MANY: return STR("SIPS To Many");
	case SCHEME_MIXED: return STR("SIPS Request-URI With SIP Contact");
	case SCHEME_FINE: break;
	}
	return STR("Fine");
}

struct str
scheme_contact_param(const struct speech *speech, bool emits_tls)
{
	if (speech->scheme == SCHEME_SIPS)
		return emits_tls ? STR(";transport=tls") : STR("");
	switch (speech->transport) {
	case TRANSPORT_TLS: return STR(";transport=tls");
	case TRANSPORT_TCP: return STR(";transport=tcp");
	case TRANSPORT_UDP:
	case TRANSPORT_NONE: break;
	}
	return STR("");
}

struct str
scheme_echo_param(const struct speech *speech, const struct msg *request, bool emits_tls)
{
	struct str params = request->target.params;
	struct param param;
	struct str rest = params;

	if (speech->scheme != SCHEME_SIPS || emits_tls)
		return scheme_contact_param(speech, emits_tls);
	while (uri_param_next(&rest, &param) == 1) {
		if (!str_alike(param.name, STR("transport")))
			continue;
		/* What is not ours to offer is not offered, whatever the request said. */
		if (!str_alike(param.value, STR("tcp")))
			break;
		/* From its `;`, which stands before the name, to the end of its value. */
		return str_of(param.name.at - 1,
			(size_t)(param.value.at + param.value.len - param.name.at) + 1);
	}
	return STR("");
}
