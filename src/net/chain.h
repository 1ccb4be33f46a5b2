/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - what there is to say of a chain of certificates: for `cert check`, `cert test` and the
 * warnings that one of them ends soon.
 */
#ifndef NET_CHAIN_H
#define NET_CHAIN_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/limits.h"

/* One certificate; all text is quoted, what is too long is cut. */
struct link {
	char subject[LOG_TEXT_MAX], issuer[LOG_TEXT_MAX];
	char names[LOG_TEXT_MAX]; /* alternative ones, `DNS:a.example, IP:192.0.2.1` or `nothing` */
	char key[32];             /* `EC 256 bits` */
	int64_t from_s, until_s;  /* Unix time; 0: not readable */
	bool serves, dials; /* it may be used for TLS by a server, a client (RFC 5280 4.2.1.12) */
	bool is_ca;
	bool is_issued_by_next; /* by name and signature; the last one: by itself */
};

/* Takes LEAF and those of OTHERS (may be NULL, may begin with LEAF again) in their order.
 * Ends: how many LINKS are filled, at most MAX. */
uint32_t chain_take(struct link *links, uint32_t max, X509 *leaf, STACK_OF(X509) * others);

/* Takes the chain that CTX shows. */
uint32_t chain_of(struct link *links, uint32_t max, const SSL_CTX *ctx);

/* Reads the certificates in the PEM file at PATH, the first being the leaf.
 * Ends: how many, 0 with one sentence in WHY. */
uint32_t chain_read(struct link *links, uint32_t max, struct str path, struct buf *why);

/* The first of the links that ends; COUNT is not 0. */
const struct link *chain_first_to_end(const struct link *links, uint32_t count);

/* Puts a date as `2026-12-31 23:59:59 UTC`. */
void chain_put_date(struct buf *, int64_t at_s);

#endif
