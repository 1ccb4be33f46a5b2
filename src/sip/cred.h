/* SPDX-License-Identifier: Apache-2.0 */
/* cred.h - Digest credentials and challenges as they stand in headers (RFC 7616, RFC 8760). */
#ifndef SIP_CRED_H
#define SIP_CRED_H

#include "base/buf.h"

enum digest { DIGEST_OTHER, DIGEST_MD5, DIGEST_SHA256 };

struct cred {
	struct str scheme;                                                         /* `Digest` */
	struct str username, realm, nonce, uri, response, opaque, cnonce, qop, nc; /* unquoted;
	                                                       STR_NONE where absent */
	enum digest algorithm; /* DIGEST_MD5 when absent */
};

/* Reads the value of an Authorization or Proxy-Authorization line.
 * Ends: true; false when it is no list of parameters, one stands twice, or the scheme is missing.
 * A scheme other than Digest reads as true with nothing else set. */
bool cred_parse(struct cred *, struct str value);

struct challenge {
	struct str realm, nonce;
	enum digest algorithm;
	bool stale;
};

/* Puts the value of a WWW-Authenticate or Proxy-Authenticate line, always with qop="auth". */
void challenge_write(struct buf *, const struct challenge *);

/* The name of the algorithm as it is written. Pre: not DIGEST_OTHER. */
struct str digest_name(enum digest);

#endif
