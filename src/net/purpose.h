/* SPDX-License-Identifier: Apache-2.0 */
/* purpose.h - for what a peer's certificate was issued: its key usage and extended key usage. */
#ifndef NET_PURPOSE_H
#define NET_PURPOSE_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "net/identity.h"

/* Before the chain of STORE is verified: takes OpenSSL's own check of the purpose away where EKU
 * allows more than that knows. */
void purpose_prepare(X509_STORE_CTX *store, enum eku);

/* Whether LEAF was issued for what EKU asks for; the rest OpenSSL has checked.
 * Ends: true; false with one sentence in WHY. */
bool purpose_fits(X509 *leaf, enum eku, struct buf *why);

#endif
