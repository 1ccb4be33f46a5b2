/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - whether the other side is believed: in its handshake, and again while its connection
 * stands, by the same rules. */
#ifndef NET_JUDGE_H
#define NET_JUDGE_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/flow.h"

struct context;

/* By whose rules somebody is judged, and who it must be. */
struct judge {
	const struct context *context; /* of the identity that it came to, or that dialled it */
	const struct terms *terms;     /* we dialled: on these; NULL: it dialled us */
	struct str name;               /* we dialled: whom */
};

/* The calendar of the system. */
enum { JUDGE_TODAY = -1 };

/* Judges the chain that is to be verified in STORE: its dates, its issuers, its revocation, what it
 * was issued for, and whom it names if we dialled (RFC 5280 6, RFC 5922 7).
 * Ends: true; false with a sentence of tls_why.h in WHY, and an error in STORE. */
bool judge_chain(const struct judge *, X509_STORE_CTX *store, struct buf *why);

/* The same of the chain that the peer showed in the handshake of SSL, which is over. NOW_S is the
 * calendar, in seconds since 1970, or JUDGE_TODAY. SSL stays as it is.
 * Ends: as judge_chain; true of a peer that showed none. */
bool judge_again(const struct judge *, const SSL *ssl, int64_t now_s, struct buf *why);

#endif
