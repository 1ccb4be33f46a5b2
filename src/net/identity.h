/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - what we are over TLS: our identities as configured, and which a listener serves. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include "base/limits.h"
#include "base/str.h"

/* The longest server name that is looked at, or dialled. */
enum { TLS_NAME_BYTES_MAX = 255 };

/* For what a peer's certificate must have been issued, if it says. */
enum eku {
	EKU_TLS, /* for a TLS server or client, whichever it is; or as EKU_SIP */
	EKU_ANY, /* it is not looked at                                        */
	EKU_SIP, /* for SIP domains (RFC 5924 5), or for anything              */
};

/* One of our identities: a certificate that we show as a server and as a client, and the CAs that
 * we believe when the other side shows one. Its place in the list is what the rest of the server
 * knows it by; the first is the default. */
struct identity {
	struct str name;             /* for sentences */
	struct str certificate, key; /* paths; empty: it shows none, and does not serve */
	struct str trust;            /* path; empty: it believes nobody, and does not dial */
	struct str crl;              /* path of revocation lists; empty: none is asked for */
	struct str groups;           /* for key exchange, as OpenSSL lists them; empty: ours */
	bool wants_tls13;            /* 1.2 is too old for it                              */
	enum eku eku;
};

/* Which CAs an identity believes, as the place of the first that believes the same by the same
 * rules: what those vouch for is vouched for wherever they are believed, and nowhere else. */
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
	uint32_t listener; /* which it is of, so that no other takes its sessions on */
};

#endif
