/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/contract.h"

#include "base/panic.h"
#include "sip/lex.h"
#include "sip/nameaddr.h"
#include "sip/write.h"

/* ---- the table ------------------------------------------------------------------------------- */

#define BIT(value) (1u << (value))
#define SIPS BIT(SCHEME_SIPS)
#define SIP BIT(SCHEME_SIP)
#define BOTH (SIPS | SIP)
#define UDP BIT(TRANSPORT_UDP)
#define TCP BIT(TRANSPORT_TCP)
#define TLS BIT(TRANSPORT_TLS)
#define ANY (UDP | TCP | TLS)

static const struct contract_row rows[] = {
	{ SIDE_MADE, PART_REQUEST_URI, SIPS, TLS, STR("sips:USER@HOST[:PORT]"),
		STR("RFC 5630 5.1.1; RFC 3261 26.2.2"),
		STR("a sips URI stays sips, and transport=tls is not said") },
	{ SIDE_MADE, PART_REQUEST_URI, SIP, ANY, STR("sip:USER@HOST[:PORT]"),
		STR("RFC 3261 16.5; RFC 5630 5.3"),
		STR("the device's own URI, as sip; what it goes over is the way's affair") },
	{ SIDE_MADE, PART_FROM, SIPS, TLS, STR("<sips:CALLER@REALM>;tag=..."),
		STR("our own: From and To are sips toward sips"),
		STR("in the request that makes a sips dialog, From is sips") },
	{ SIDE_MADE, PART_FROM, SIP, ANY, STR("<sip:CALLER@REALM>;tag=..."),
		STR("RFC 3261 8.1.1.3"), STR("no sips URI stands on a sip leg") },
	{ SIDE_MADE, PART_TO, SIPS, TLS, STR("<sips:NUMBER@HOST>"),
		STR("our own: From and To are sips toward sips; RFC 3261 26.4.4"),
		STR("To has the scheme of the Request-URI") },
	{ SIDE_MADE, PART_TO, SIP, ANY, STR("<sip:NUMBER@HOST>"), STR("RFC 3261 8.1.1.2"),
		STR("no sips URI stands on a sip leg") },
	{ SIDE_MADE, PART_CONTACT, SIPS, TLS, STR("<sips:CALLER@US:5061>"),
		STR("RFC 3261 8.1.1.8; RFC 5630 5.1.1.1"),
		STR("sips in the Request-URI asks for sips in Contact, without transport=tls") },
	{ SIDE_MADE, PART_CONTACT, SIP, TLS, STR("<sip:CALLER@US:5061;transport=tls>"),
		STR("RFC 5630 5.1.1.2; our own: sip over TLS says so"),
		STR("sip, though over TLS; nothing else brings its requests back over TLS") },
	{ SIDE_MADE, PART_CONTACT, SIP, TCP, STR("<sip:CALLER@US:5060;transport=tcp>"),
		STR("RFC 5630 5.1.1.2; our own: sip over TCP says so"),
		STR("what the device asks comes back over TCP") },
	{ SIDE_MADE, PART_CONTACT, SIP, UDP, STR("<sip:CALLER@US:5060>"), STR("RFC 5630 5.1.1.2"),
		STR("sip without a transport is UDP") },
	{ SIDE_MADE, PART_VIA, BOTH, TLS, STR("SIP/2.0/TLS US:5061;branch=..."),
		STR("RFC 3261 18.1.1; RFC 5630 3.1.3"),
		STR("TLS over TCP is TLS, whatever the scheme") },
	{ SIDE_MADE, PART_VIA, SIP, TCP, STR("SIP/2.0/TCP US:5060;branch=..."),
		STR("RFC 3261 18.1.1"), STR("what it is sent over") },
	{ SIDE_MADE, PART_VIA, SIP, UDP, STR("SIP/2.0/UDP US:5060;rport;branch=..."),
		STR("RFC 3261 18.1.1; RFC 3581 3"), STR("what it is sent over") },
	{ SIDE_MADE, PART_ROUTE, SIPS, TLS, STR("<sips:PROXY;lr>, or none"),
		STR("outbound-proxy, Service-Route or Path; RFC 5630 5.1.1"),
		STR("before a sips Request-URI each Route is sips, whatever was configured") },
	{ SIDE_MADE, PART_ROUTE, SIP, ANY, STR("<sip:PROXY;lr>, or none"),
		STR("outbound-proxy, Service-Route or Path; RFC 5630 5.1.1"),
		STR("as it was given; one that is sips is reached over TLS, and then Contact is "
		    "sips (RFC 3261 8.1.1.8)") },
	{ SIDE_MADE, PART_TARGET, SIPS, TLS,
		STR("TLS to HOST:5061, or the device's own connection"),
		STR("RFC 3261 26.2.2; RFC 5922 7.3"),
		STR("TLS or nothing; where we dial, chain and name are proven first") },
	{ SIDE_MADE, PART_TARGET, SIP, TLS, STR("TLS to HOST:5061, or the device's own connection"),
		STR("contact: transport=tls, or its registration; RFC 5630 5.3"),
		STR("the device is reached over TLS, so TLS or nothing") },
	{ SIDE_MADE, PART_TARGET, SIP, TCP, STR("TCP to HOST:5060, or the device's own connection"),
		STR("contact: transport=tcp, or its registration"), STR("the device speaks TCP") },
	{ SIDE_MADE, PART_TARGET, SIP, UDP, STR("UDP to HOST:5060"),
		STR("contact: transport=udp or none; RFC 3261 18.1.1"),
		STR("the device speaks UDP; a large request tries TCP first if the contact "
		    "leaves that open") },

	{ SIDE_ANSWERED, PART_REQUEST_URI, BOTH, ANY, STR("as it came"), STR("RFC 5630 5.1.2"),
		STR("the scheme of this leg is the one of this URI, and it is not changed") },
	{ SIDE_ANSWERED, PART_FROM, BOTH, ANY, STR("as it came"), STR("RFC 3261 8.2.6.2"),
		STR("an answer repeats it") },
	{ SIDE_ANSWERED, PART_TO, BOTH, ANY, STR("as it came, with our tag"),
		STR("RFC 3261 8.2.6.2"), STR("an answer repeats it") },
	{ SIDE_ANSWERED, PART_CONTACT, SIPS, TLS, STR("<sips:NUMBER@US:5061[;transport=tcp]>"),
		STR("RFC 3261 12.1.1; RFC 5630 5.1.2"),
		STR("a sips INVITE is answered with a sips Contact, at the port it came to") },
	{ SIDE_ANSWERED, PART_CONTACT, SIP, TLS, STR("<sip:NUMBER@US:5061;transport=tls>"),
		STR("RFC 5630 5.1.1.2; our own: sip over TLS says so"),
		STR("sip, though over TLS; nothing else brings its BYE back over TLS") },
	{ SIDE_ANSWERED, PART_CONTACT, SIP, TCP, STR("<sip:NUMBER@US:5060;transport=tcp>"),
		STR("RFC 5630 5.1.1.2; our own: sip over TCP says so"),
		STR("its BYE comes back over TCP") },
	{ SIDE_ANSWERED, PART_CONTACT, SIP, UDP, STR("<sip:NUMBER@US:5060>"),
		STR("RFC 5630 5.1.1.2"), STR("sip without a transport is UDP") },
	{ SIDE_ANSWERED, PART_VIA, BOTH, ANY, STR("as it came, with received and rport"),
		STR("RFC 3261 18.2.1; RFC 3581 4"), STR("an answer repeats it") },
	{ SIDE_ANSWERED, PART_ROUTE, BOTH, ANY, STR("as it came, and it ends here"),
		STR("RFC 3261 16.4"), STR("it has led to us; the other leg has its own") },
	{ SIDE_ANSWERED, PART_TARGET, BOTH, TLS, STR("the caller's own connection"),
		STR("RFC 3261 18.2.2, 26.2.2"),
		STR("what came over TLS is answered over TLS alone") },
	{ SIDE_ANSWERED, PART_TARGET, SIP, TCP, STR("the caller's own connection"),
		STR("RFC 3261 18.2.2"), STR("the connection that it came by") },
	{ SIDE_ANSWERED, PART_TARGET, SIP, UDP, STR("the address that it came from"),
		STR("RFC 3261 18.2.2; RFC 3581 4"), STR("as its Via says") },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct contract_row *
contract_rows(uint32_t *count)
{
	*count = ROW_COUNT;
	return rows;
}

const struct contract_row *
contract_row(enum contract_side side, enum contract_part part, const struct speech *speech)
{
	uint32_t i = 0;

	while (rows[i].side != side || rows[i].part != part ||
		(rows[i].schemes & BIT(speech->scheme)) == 0 ||
		(rows[i].transports & BIT(speech->transport)) == 0) {
		i++;
		must(i < ROW_COUNT);
	}
	return &rows[i];
}

struct str
contract_part_name(enum contract_part part)
{
	switch (part) {
	case PART_REQUEST_URI: return STR("Request-URI");
	case PART_FROM: return STR("From");
	case PART_TO: return STR("To");
	case PART_CONTACT: return STR("Contact");
	case PART_VIA: return STR("Via");
	case PART_ROUTE: return STR("Route");
	case PART_TARGET:
	case CONTRACT_PARTS: break;
	}
	return STR("target");
}

/* ---- writing the parts ----------------------------------------------------------------------- */

/* `<scheme:user@host;param>` */
static void
write_bracketed(
	struct buf *b, enum scheme scheme, struct str user, struct str host, struct str param)
{
	buf_char(b, '<');
	buf_put(b, scheme_name(scheme));
	buf_char(b, ':');
	if (!str_is_empty(user)) {
		buf_put(b, user);
		buf_char(b, '@');
	}
	buf_put(b, host);
	buf_put(b, param);
	buf_char(b, '>');
}

enum scheme
contract_contact_scheme(enum scheme scheme, struct str routes)
{
	struct nameaddr top;
	struct str value;
	size_t at;

	if (!lex_element(&routes, &value) || !nameaddr_parse(&top, value, &at))
		return scheme;
	return top.uri.scheme == URI_SIPS ? SCHEME_SIPS : scheme;
}

void
contract_write_contact(
	struct buf *b, enum scheme scheme, struct str user, struct str face, struct str param)
{
	write_bracketed(b, scheme, user, face, param);
}

void
contract_write_via(struct buf *b, enum transport transport, struct str face)
{
	buf_put(b, STR("SIP/2.0/"));
	buf_put(b, transport_name(transport));
	buf_char(b, ' ');
	buf_put(b, face);
	if (transport == TRANSPORT_UDP)
		buf_put(b, STR(";rport"));
}

static void
write_from(struct buf *b, const struct contract_terms *terms)
{
	if (!str_is_empty(terms->from_display)) {
		write_piece(b, terms->from_display);
		buf_char(b, ' ');
	}
	write_bracketed(b, terms->speech.scheme, terms->from_user, terms->realm, STR(""));
}

static void
write_own_contact(struct buf *b, const struct contract_terms *terms)
{
	enum scheme scheme = contract_contact_scheme(terms->speech.scheme, terms->routes);

	if (str_is_empty(terms->gruu))
		contract_write_contact(
			b, scheme, terms->contact_user, terms->face, terms->contact_param);
	else
		contract_write_contact(b, scheme, STR(""), terms->gruu, STR(""));
}

static void
write_target(struct buf *b, const struct contract_terms *terms)
{
	buf_put(b, transport_name(terms->speech.transport));
	buf_put(b, STR(" to "));
	addr_write_port(b, &terms->target);
	if (terms->speech.transport != TRANSPORT_TLS)
		return;
	if (str_is_empty(terms->name)) {
		buf_put(b, STR(", its own connection"));
	} else {
		buf_put(b, STR(", proven to be "));
		buf_put(b, terms->name);
	}
}

void
contract_write(struct buf *b, enum contract_part part, const struct contract_terms *terms)
{
	switch (part) {
	case PART_REQUEST_URI: buf_put(b, terms->request_uri); return;
	case PART_FROM: write_from(b, terms); return;
	case PART_TO:
		buf_char(b, '<');
		buf_put(b, terms->to_uri);
		buf_char(b, '>');
		return;
	case PART_CONTACT: write_own_contact(b, terms); return;
	case PART_VIA: contract_write_via(b, terms->speech.transport, terms->face); return;
	case PART_ROUTE:
		buf_put(b, str_is_empty(terms->routes) ? STR("none") : terms->routes);
		return;
	case PART_TARGET: write_target(b, terms); return;
	case CONTRACT_PARTS: return;
	}
}
