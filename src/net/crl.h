/* SPDX-License-Identifier: Apache-2.0 */
/* crl.h - revocation lists: with one, no certificate is believed that its CA does not vouch for
 * today. */
#ifndef NET_CRL_H
#define NET_CRL_H

#include <openssl/ssl.h>

#include "base/buf.h"

/* Reads the lists in the PEM file PATH into CTX: from then on each certificate of a chain must be
 * on no list, and there must be a list of its issuer that is in time (RFC 5280 6.3).
 * Ends: true; false with one sentence in WHY that names the file. */
bool crl_load(SSL_CTX *ctx, struct str path, struct buf *why);

/* One sentence if it was a list, or the want of one, that refused the chain in STORE. PATH is the
 * file with the lists. Ends: true; false when it was something else. */
bool crl_explain(struct buf *why, X509_STORE_CTX *store, struct str path);

#endif
