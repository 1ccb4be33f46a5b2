/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h - certificates: reading ours, judging a peer's, and one plain sentence when it fails. */
#ifndef NET_CERT_H
#define NET_CERT_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/flow.h"
#include "net/identity.h"
#include "net/tls_why.h"

/* What a fact about a certificate takes at most. */
enum { FACT_BYTES = 1024, CERT_NAME_BYTES_MAX = LOG_TEXT_MAX - 1 };

/* Reads a chain and its key (PEM files) into CTX and checks that they fit and are in time.
 * Ends: true; false with one sentence in WHY that names the file. */
bool cert_load(SSL_CTX *ctx, struct str certificate, struct str key, struct buf *why);

/* Reads the CAs that CTX trusts from a PEM file or a folder of hashed ones.
 * Ends: true; false with one sentence in WHY that names the file. */
bool cert_trust(SSL_CTX *ctx, struct str trust, struct buf *why);

/* Sets the groups for key exchange of CTX. Ends: true; false with one sentence in WHY. */
bool cert_groups(SSL_CTX *ctx, struct str groups, struct buf *why);

/* The same checks of an identity without a server: for `check`. Empty paths are left out. */
bool cert_check(const struct identity *, struct buf *why);

/* Puts a name as it is written in a sentence: `'CN=pbx'`, at most CERT_NAME_BYTES_MAX octets. */
void cert_put_name(struct buf *, const X509_NAME *name);

/* Puts the alternative names of CERT, at most MAX octets. */
void cert_put_names(struct buf *, X509 *cert, size_t max);

/* Whether LEAF names WANTED, by identity_match() (or identity_match_wild()) on its alternative
 * names.
 * Ends: true; false with one sentence in WHY: which name was wanted and which were there. */
bool cert_names(X509 *leaf, struct str wanted, bool takes_wildcard, struct buf *why);

/* Whether LEAF is whom we dialled on these TERMS: the one certificate that is pinned, whatever it
 * names, else one that names WANTED. Ends: true; false with one sentence in WHY. */
bool cert_is_wanted(X509 *leaf, struct str wanted, const struct terms *, struct buf *why);

/* Puts the subject of a certificate, in quotes: for sentences only. */
void cert_put_subject(struct buf *, X509 *);

/* Puts whom LEAF proves, by identity_list() on its alternative names. */
void cert_list(X509 *leaf, struct buf *);

/* Which kind of its names says that LEAF is WANTED, which it is. */
enum named_by cert_named_by(X509 *leaf, struct str wanted);

/* Whether alternative names (NULL: there are none) name WANTED. */
bool cert_is_named(const GENERAL_NAMES *names, struct str wanted);

/* What is wrong with the names of LEAF. Pre: cert_names() said no. */
enum tls_why cert_name_fault(X509 *leaf, struct str wanted);

/* Why the chain in STORE was not accepted, with FACT: which certificate, which CA, which date.
 * TRUST is the path of the file with the CAs. */
enum tls_why cert_explain(struct buf *fact, X509_STORE_CTX *store, struct str trust);

#endif
