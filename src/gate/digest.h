/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - the sums of Digest authentication (RFC 7616 3.4, RFC 8760 2): MD5 and SHA-256.
 *
 * The digests are fetched from libcrypto once, and each has one context for all its sums. libcrypto
 * 3.0 takes some hundred octets anew each time a context starts and gives back those of the time
 * before; no other memory is asked for, and when that is refused the sum fails.
 */
#ifndef GATE_DIGEST_H
#define GATE_DIGEST_H

#include "sip/cred.h"

struct evp_md_st;
struct evp_md_ctx_st;

struct hasher {
	struct evp_md_st *md;
	struct evp_md_ctx_st *context;
};

struct hashers {
	struct hasher md5, sha256;
};

enum { HASH_BYTES_MAX = 32, HASH_HEX_MAX = 2 * HASH_BYTES_MAX };

/* Fetches both digests. Ends: true; false when libcrypto refuses, and nothing is held. */
bool hashers_open(struct hashers *);
void hashers_close(struct hashers *);

/* The hash of COUNT parts, one behind the other, into SUM. Pre: not DIGEST_OTHER.
 * Ends: its size in octets; 0 when libcrypto refuses. */
size_t hash_parts(struct hashers *, enum digest, const struct str *parts, size_t count,
	uint8_t sum[HASH_BYTES_MAX]);

/* HMAC-SHA-256 (RFC 2104) of DATA under KEY, which is of at most 64 octets.
 * Ends: false when libcrypto refuses. */
bool hash_keyed(struct hashers *, struct str key, struct str data, uint8_t sum[HASH_BYTES_MAX]);

/* All that goes into a response with qop=auth. */
struct digest_input {
	enum digest algorithm;
	struct str username, realm; /* as between the quotes */
	struct str password;
	struct str method, uri;
	struct str nonce, nc, cnonce, qop;
};

/* The response, in lower-case hex, into HEX. Pre: the algorithm is not DIGEST_OTHER.
 * Ends: a view of HEX; empty when libcrypto refuses. */
struct str digest_response(struct hashers *, const struct digest_input *, char hex[HASH_HEX_MAX]);

#endif
