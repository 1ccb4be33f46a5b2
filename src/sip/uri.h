/* SPDX-License-Identifier: Apache-2.0 */
/* uri.h - SIP and SIPS URIs (RFC 3261 19.1, RFC 5954), and just enough of others. */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/addr.h"

enum uri_scheme { URI_OTHER, URI_SIP, URI_SIPS, URI_TEL };

struct uri {
	enum uri_scheme scheme;
	struct str text;     /* all of it                                                    */
	struct str user;     /* escapes left in; empty if there is none                        */
	struct str password; /* behind the colon of the userinfo; STR_NONE if there is none    */
	struct str host;   /* a name, an IPv4 address or a bracketed IPv6 reference; for URI_TEL and
	                      * URI_OTHER: all behind the colon */
	struct addr ip;    /* the host as an address, family ADDR_NONE if it is a name       */
	uint16_t port;     /* 0: not written                                                 */
	struct str params; /* with the leading `;`, or empty                                 */
	struct str headers; /* with the leading `?`, or empty                                 */
};

/* Reads all of TEXT as a URI. A sip or sips URI is checked whole (escapes, one of each parameter
 * name, no more than PARAMS_MAX of them, a user where there is an `@`, port 1 to 65535); another
 * scheme only for its shape.
 * After: *URI holds views into TEXT.
 * Ends: true; false with *AT the offset of the first octet that is wrong. */
bool uri_parse(struct uri *uri, struct str text, size_t *at);

/* Takes a host off the front of *REST: a name, an IPv4 address or a bracketed IPv6 reference. A
 * name
 * whose last label is all digits is taken for an address and must be one; `_` may stand in a name.
 * Ends: the host, with *IP set (family ADDR_NONE for a name); an empty view, and *REST untouched,
 * when
 * there is none. */
struct str uri_take_host(struct str *rest, struct addr *ip);

/* The value of one parameter; STR_NONE if it is not there, empty if it has no value. */
struct str uri_param(const struct uri *, struct str name);

/* The transport parameter: TRANSPORT text as written, e.g. `TCP`; STR_NONE if absent. */
struct str uri_transport(const struct uri *);

/* Whether URI asks for multicast: by its address, its maddr, or a ttl (RFC 3261 19.1.1). */
bool uri_is_multicast(const struct uri *);

/* Whether A and B are the same by RFC 3261 19.1.4, escapes decoded once, IP literals by value. */
bool uri_same(const struct uri *a, const struct uri *b);

/* As uri_same, but the scheme and the transport parameter are ignored: how a registrar tells two
 * bindings apart (RFC 5630 5.1.1.1, and the transport is TLS in any case). */
bool uri_same_binding(const struct uri *a, const struct uri *b);

/* Puts TEXT with %HH of unreserved characters decoded, once: the canonical user of an
 * address-of-record (RFC 3261 10.3). */
void uri_write_canonical_user(struct buf *, struct str user);

/* What a URI is to be made of; any part may be empty. */
struct uri_parts {
	enum uri_scheme scheme; /* URI_SIP or URI_SIPS */
	struct str user;        /* escapes already in  */
	struct str host;        /* brackets already in for IPv6 */
	uint16_t port;          /* 0: none */
	struct str params;      /* with the leading `;`, or empty */
};

void uri_write(struct buf *, const struct uri_parts *);

#endif
