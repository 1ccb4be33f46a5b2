/* SPDX-License-Identifier: Apache-2.0 */
/* scheme.h - what a leg speaks.
 *
 * The scheme belongs to the leg: it comes from the DN for a leg that we make, from the request for
 * a leg that we answer, is fixed when the leg is made, and is never derived from a socket.
 */
#ifndef SECURE_SCHEME_H
#define SECURE_SCHEME_H

#include "base/flow.h"
#include "sip/msg.h"
#include "sip/param.h"

enum scheme { SCHEME_SIP, SCHEME_SIPS };

/* What one leg speaks. SCHEME_SIPS always goes with TRANSPORT_TLS. */
struct speech {
	enum scheme scheme;
	enum transport transport;
};

/* `sip` or `sips`; `UDP`, `TCP` or `TLS` as a Via shows it (RFC 3261 18.1.1, RFC 5630 3.1.3). */
struct str scheme_name(enum scheme);
struct str transport_name(enum transport);

/* 5061 for TLS, else 5060 (RFC 3261 19.1.2). */
uint16_t transport_port(enum transport);

/* Which transport the value of a `transport` parameter names, ASCII case ignored.
 * Ends: true with *TRANSPORT; false for one that we do not have (sctp, ws, ...). */
bool transport_find(struct str value, enum transport *transport);

/* What a URI asks of a leg made to it: sips is TLS whatever the parameter says (RFC 5630 3.1.4,
 * RFC 3261 26.2.2), sip is what its parameter says, UDP without one.
 * Ends: true; false when no leg can be made so (sips over udp, a transport that we do not have, a
 * scheme that is neither). */
bool speech_of_uri(const struct uri *, struct speech *speech);

/* What the leg that answers REQUEST speaks when that came over TRANSPORT: sips if the Request-URI
 * is
 * sips, or the top Record-Route is, or there is none and the Contact is (RFC 3261 12.1.1). */
struct speech speech_of_request(const struct msg *request, enum transport transport);

/* Why a request's schemes cannot stand together. */
enum scheme_fault {
	SCHEME_FINE,
	SCHEME_NOT_TLS, /* sips that did not arrive over TLS                  */
	SCHEME_UDP,     /* sips with transport=udp                            */
	SCHEME_MIXED,   /* sips Request-URI, Contact that is not sips         */
	SCHEME_MANY,    /* sips to many: ttl, or a multicast maddr             */
};

/* Judges the schemes of a request that came over TRANSPORT (RFC 5630 5.1.2, 5.3; design: 400). */
enum scheme_fault scheme_check(const struct msg *request, enum transport transport);

/* One sentence for the reason phrase of the 400. */
struct str scheme_fault_text(enum scheme_fault);

/* The transport parameter, with its `;`, that our Contact carries on a leg in a request we make:
 * none on a sips leg (RFC 5630 5.1.1.1 forbids `tls`, and tcp says nothing) unless the DN wants to
 * see it (EMITS_TLS: `emit-transport-tls`), `;transport=tls` or
 * `;transport=tcp` on a sip leg over those, since nothing else brings the peer back that way. */
struct str scheme_contact_param(const struct speech *, bool emits_tls);

/* The same for our Contact in a response: on a sips leg the spelling of the request's Request-URI
 * is echoed, unless it says tls, or EMITS_TLS; on a sip leg as scheme_contact_param. The view may
 * be into REQUEST. */
struct str scheme_echo_param(const struct speech *, const struct msg *request, bool emits_tls);

#endif
