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

/* Puts the value of an Authorization or Proxy-Authorization line. Texts that stood between
 * quotes go back as they came; qop is `auth`, and opaque is left out when it is STR_NONE. Pre:
 * the algorithm is not DIGEST_OTHER. */
void cred_write(struct buf *, const struct cred *);

struct challenge {
	struct str realm, nonce; /* read: as between the quotes; STR_NONE where absent */
	struct str opaque;       /* likewise; we never ask with one */
	enum digest algorithm;   /* DIGEST_MD5 when absent; DIGEST_OTHER: not one that we know */
	bool stale;
	bool has_auth; /* its qop lists `auth` */
};

/* Reads the value of a WWW-Authenticate or Proxy-Authenticate line.
 * Ends: true; false when it is no Digest challenge with a realm and a nonce, or a parameter stands
 * twice. */
bool challenge_parse(struct challenge *, struct str value);

/* Puts the value of a WWW-Authenticate or Proxy-Authenticate line, always with qop="auth". */
void challenge_write(struct buf *, const struct challenge *);

/* Whether QUOTED, as it stands between quotes, is PLAIN once its escapes are undone. */
bool cred_is_text(struct str quoted, struct str plain);

/* The name of the algorithm as it is written. Pre: not DIGEST_OTHER. */
struct str digest_name(enum digest);

#endif
