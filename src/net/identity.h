/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - what we are over TLS: our identities as configured, and which a listener serves. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include "base/limits.h"
#include "base/str.h"

/* One of our identities: a certificate that we show as a server and as a client, and the CAs that
 * we believe when the other side shows one. Its place in the list is what the rest of the server
 * knows it by; the first is the default. */
struct identity {
	struct str name;             /* for sentences */
	struct str certificate, key; /* paths; empty: it shows none, and does not serve */
	struct str trust;            /* path; empty: it believes nobody, and does not dial */
};

/* Which CAs an identity believes, as the place of the first that believes the same: what those
 * vouch for is vouched for wherever they are believed, and nowhere else. */
uint32_t identity_trust(const struct identity *, uint32_t place);

enum client_certificate {
	CLIENT_NONE,     /* none is asked for                         */
	CLIENT_OPTIONAL, /* one that is shown must be good            */
	CLIENT_REQUIRED, /* without one there is no handshake         */
};

/* What a listener serves. */
struct service {
	/* The places of its identities: the first, unless the server name that the peer asks for is
	 * in the certificate of another. None at all is the default alone. */
	uint32_t identities[IDENTITIES_MAX];
	uint32_t identity_count;
	enum client_certificate client;
};

#endif
