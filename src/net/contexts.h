/* SPDX-License-Identifier: Apache-2.0 */
/* contexts.h - an immutable set of TLS contexts, one for each of our identities.
 *
 * A set is made whole from the files, or not at all, and nothing in it changes afterwards. It is
 * counted: whoever holds it keeps it alive, so a reload puts another set in its place, and a
 * connection goes on with the one that it began with.
 */
#ifndef NET_CONTEXTS_H
#define NET_CONTEXTS_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/identity.h"

/* The context of one identity. */
struct context {
	SSL_CTX *ssl;
	struct str name, trust, crl; /* copies, for sentences */
	struct str groups;           /* likewise */
	int version_min;
	enum eku eku;
	bool may_serve;          /* it has a certificate    */
	bool may_dial;           /* it has CAs to believe   */
	uint32_t place;          /* of the identity         */
	uint32_t place_of_trust; /* as identity_trust() says */
	uint8_t fingerprint[32]; /* of its own certificate */
	GENERAL_NAMES *names;    /* of its own certificate, or NULL */
	struct str own;          /* whom that proves, as identity_list() puts it */
};

struct contexts {
	uint32_t holders;
	uint32_t count;
	struct context *all; /* by the place of the identity */
};

/* Makes a set from the files of COUNT identities; the options stay the caller's. It
 * asks nothing of a net, so it can be made aside while another set is in use.
 * Ends: the set, held once; NULL with one sentence in WHY that names the file. */
struct contexts *contexts_open(const struct identity *, uint32_t count, struct buf *why);

struct contexts *contexts_hold(struct contexts *);

/* Gives up one hold; the last one frees the set. NULL is fine. */
void contexts_drop(struct contexts *);

/* What a session is made for: the listener, the name that was asked for, the identity with its
 * certificate, the rules. Where any of it is other, no session goes on.
 * Ends: false without memory. */
enum { CONTEXT_DIGEST_BYTES = 32 };
bool context_digest(const struct context *, const struct service *, struct str name,
	uint8_t digest[CONTEXT_DIGEST_BYTES]);

/* The context at PLACE. */
const struct context *contexts_at(const struct contexts *, uint32_t place);

/* The server name that a ClientHello asks for (RFC 6066 3), or empty. */
struct str contexts_wanted(SSL *);

/* Which identity a service shows to a peer that asks for NAME (empty: for none): the first whose
 * certificate names it, else the first. Only those of the service are looked at. */
uint32_t contexts_choose(const struct contexts *, const struct service *, struct str name);

#endif
