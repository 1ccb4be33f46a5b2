/* SPDX-License-Identifier: Apache-2.0 */
/* pki.h - a throw-away certificate authority in a folder of its own (P-256). */
#ifndef SUPPORT_PKI_H
#define SUPPORT_PKI_H

#include "base/str.h"

struct pki;

/* Makes a CA called NAME; its certificate is the file pki_ca. Failing ends the test. */
struct pki *pki_open(const char *name);

/* Removes the folder with all that is in it. */
void pki_close(struct pki *);

struct pki_leaf {
	struct str certificate; /* path of the chain */
	struct str key;         /* path               */
};

/* Makes a certificate for the alternative NAMES (as OpenSSL writes them:
 * `DNS:a.example,IP:127.0.0.1,URI:sip:a.example`; NULL: none) that is good from FROM_S to UNTIL_S,
 * in seconds from now. The paths live as long as the PKI. */
struct pki_leaf pki_issue(struct pki *, const char *names, long from_s, long until_s);

/* The same, good now. */
struct pki_leaf pki_leaf(struct pki *, const char *names);

/* The same, with an extended key usage (NULL: none) and a key usage (NULL: none). */
struct pki_leaf pki_for(struct pki *, const char *names, const char *purposes, const char *usage);

/* The path of a revocation list with what was REVOKED (a path of pki_leaf, or NULL: nothing). */
struct str pki_crl(struct pki *, const char *revoked, long from_s, long until_s);

/* The path of the CA's certificate. */
struct str pki_ca(const struct pki *);

/* The path of a file of that NAME with TEXT in the folder. */
struct str pki_file(struct pki *, const char *name, struct str text);

#endif
