/* SPDX-License-Identifier: Apache-2.0 */
/* mint.h - certificates of any kind, good and bad, made in memory while a test runs. */
#ifndef SUPPORT_MINT_H
#define SUPPORT_MINT_H

#include <openssl/ssl.h>

#include "base/str.h"

enum { MINT_RAWS_MAX = 4 };

enum mint_key {
	MINT_P256, /* the default */
	MINT_ED25519,
	MINT_P384,
	MINT_P192,
	MINT_RSA_1024,
	MINT_RSA_2048,
};

/* A certificate, its key, and who issued it. */
struct mint {
	X509 *cert;
	EVP_PKEY *key;
	const struct mint *issuer; /* NULL: itself */
};

/* One alternative name as it stands, octet for octet: GEN_DNS, GEN_URI, GEN_EMAIL, GEN_IPADD. */
struct mint_raw {
	int kind;
	struct str value;
};

/* All zero: a leaf for serverAuth and clientAuth without names, good for an hour, P-256, SHA-256.
 * Texts of extensions are as OpenSSL writes them; "" leaves the extension out. */
struct mint_wish {
	const char *subject;       /* the common name; NULL: `leaf`       */
	const struct mint *issuer; /* NULL: itself                         */
	const struct mint *renews; /* the key is that of this one          */
	const char *sans;          /* NULL: none                           */
	struct mint_raw raws[MINT_RAWS_MAX];
	const char *basic;        /* basicConstraints; NULL: CA:FALSE     */
	const char *key_usage;    /* NULL: none                           */
	const char *extended;     /* NULL: serverAuth,clientAuth          */
	const char *constraints;  /* nameConstraints; NULL: none          */
	const char *critical_oid; /* an unknown critical extension        */
	long from_s, until_s;     /* from now; both 0: an hour each way    */
	enum mint_key key;
	const char *digest; /* NULL: SHA256; Ed25519 has its own     */
	int version;        /* 0: 3                                  */
	bool has_bad_signature;
	bool has_no_key_id; /* neither of the two key identifiers    */
};

/* Makes one; it lives until mint_forget(). Failing ends the test. */
const struct mint *mint(const struct mint_wish *);

/* A root with that name. */
const struct mint *mint_root(const char *name);

/* A CA that ISSUER issued. */
const struct mint *mint_ca(const char *name, const struct mint *issuer);

/* CERTS, a list that ends with NULL, in PEM; the caller frees it. */
char *mint_pem(const struct mint *const *certs);

/* A context of OpenSSL's own as lax as it can be, that shows CERTS, a list that ends with NULL (or
 * is NULL): the first with its key. The caller frees it. */
SSL_CTX *mint_context(const SSL_METHOD *, const struct mint *const *certs);

/* Frees all that was made. */
void mint_forget(void);

#endif
