/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h - the name of a way that bytes take, and what is known of its far end.
 *
 * A flow is a datagram socket of ours, a connection that a peer opened or one that we dial. Its
 * number is given out once and never again, so a late event on a flow that is over meets nobody.
 * Numbers of accepted flows are chosen by the shell, those of dialled flows by the core; the top
 * bit keeps the two apart.
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <string.h>

#include "base/addr.h"

struct flow_id {
	uint64_t number; /* 0: none */
};

#define FLOW_NONE ((struct flow_id){ 0 })
#define FLOW_DIALLED ((uint64_t)1 << 63) /* set in the numbers that the core chose */

static inline bool
flow_same(struct flow_id a, struct flow_id b)
{
	return a.number == b.number;
}

static inline bool
flow_is_none(struct flow_id f)
{
	return f.number == 0;
}

enum { FINGERPRINT_BYTES = 32 }; /* SHA-256 of a certificate */

enum transport { TRANSPORT_NONE, TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

/* On what terms we dial over TLS, beside the name that the peer must prove. A connection is used
 * again only where all of them are the same. */
struct terms {
	uint32_t identity;   /* the place of ours that is shown, and whose CAs are believed; */
	uint32_t trust;      /* the first that believes the same: follows from it, by the host */
	bool takes_wildcard; /* `*.example.com` names a host of example.com                 */
	bool has_pin;
	uint8_t pin[FINGERPRINT_BYTES]; /* the one certificate that it may show */
};

static inline bool
terms_same(const struct terms *a, const struct terms *b)
{
	return a->identity == b->identity && a->takes_wildcard == b->takes_wildcard &&
		a->has_pin == b->has_pin &&
		(!a->has_pin || memcmp(a->pin, b->pin, FINGERPRINT_BYTES) == 0);
}

/* How the far end of a TLS flow was checked, before its first octet was handed over. */
enum proof {
	PROOF_NONE,        /* not TLS, or a peer that showed no certificate          */
	PROOF_NAME,        /* we dialled: chain and RFC 5922 name of the server       */
	PROOF_CLIENT_CERT, /* it dialled: chain of its client certificate             */
};

/* Which kind of alternative name of a certificate proved the name (RFC 5922 7.1). */
enum named_by { NAMED_BY_NONE, NAMED_BY_URI, NAMED_BY_DNS, NAMED_BY_IP };

/* What TLS says of a flow; all views live as long as the event that carries it. */
struct secured {
	enum proof proof;
	struct str version; /* `TLSv1.3`                              */
	struct str cipher;  /* `TLS_AES_256_GCM_SHA384`               */
	/* The name that we dialled for and that was verified; of a client certificate all that it
	 * proves, as identity_list() puts it. Empty without proof. */
	struct str name;
	uint32_t trust;         /* as struct terms has it, also without proof */
	struct str fingerprint; /* SHA-256 of the peer's certificate, 32 octets, or empty */
	struct str own;         /* we dialled: what the certificate proves that we showed */
	enum named_by named_by; /* PROOF_NAME, unless by a pin                           */
	uint32_t identity;      /* the place of ours that was shown                      */
};

/* What the shell tells of a listener when the core opens. */
struct listener {
	enum transport transport;
	struct addr local;    /* the address and port it is bound to; never a wildcard for UDP */
	struct str advertise; /* host[:port] to show instead of the address, or empty          */
	struct flow_id flow;  /* for UDP: the socket. FLOW_NONE for streams                    */
};

#endif
