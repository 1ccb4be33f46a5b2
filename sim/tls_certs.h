/* SPDX-License-Identifier: Apache-2.0 */
/* tls_certs.h - the certificates of the TLS simulator: one CA that our side trusts, and leaves of
 * every kind, right and wrong. All keys are Ed25519 and made from fixed octets, so a signature has
 * one length and a certificate is the same in each run. */
#ifndef SIM_TLS_CERTS_H
#define SIM_TLS_CERTS_H

#include <openssl/ssl.h>
#include <stdbool.h>

enum cert_kind {
	CERT_DNS,                   /* dNSName of the wanted name                            */
	CERT_URI,                   /* URI sip:NAME                                          */
	CERT_SECOND,                /* another dNSName first                                 */
	CERT_UPPER,                 /* dNSName in capitals                                   */
	CERT_GOOD_MAX,              /* --- those above are right for a name                  */
	CERT_OTHER = CERT_GOOD_MAX, /* dNSName of somebody else                  */
	CERT_PREFIXED,              /* x + NAME                                  */
	CERT_PARENT,                /* NAME without its first label              */
	CERT_STRANGE_CA,            /* right name, a CA that nobody trusts       */
	CERT_SELF_SIGNED,
	CERT_EXPIRED,
	CERT_NOT_YET,
	CERT_NUL,       /* NAME NUL .evil.example as dNSName                      */
	CERT_URI_NUL,   /* the same as URI                                        */
	CERT_CN_ONLY,   /* no alternative name                                    */
	CERT_WILDCARD,  /* *.rest of NAME                                         */
	CERT_IP_ONLY,   /* the address that was dialled, but a name was wanted    */
	CERT_URI_USER,  /* sip:user@NAME                                          */
	CERT_URI_OTHER, /* URI of somebody else, and dNSName of NAME (RFC 5922 7.1) */
	CERT_URI_SIPS,  /* sips:NAME is not the scheme of an identity (RFC 5922 7.1) */
	CERT_CLIENT,    /* extended key usage: for clients only                   */
	CERT_NO_CA,     /* issued by a leaf                                       */
	CERT_KINDS,
};

struct certs;

/* Makes the CAs, and our own certificate for SERVER_NAME, as files in a folder of its own. */
struct certs *certs_open(const char *server_name);
void certs_close(struct certs *);

const char *certs_ca_path(const struct certs *);
const char *certs_our_path(const struct certs *);
const char *certs_our_key_path(const struct certs *);

/* Makes SSL show a leaf of that kind for NAME (a host name, or the literal IP where an address is
 * wanted). */
void certs_show(struct certs *, SSL *ssl, enum cert_kind, const char *name, const char *ip);

/* What far clients trust. */
void certs_trust(struct certs *, SSL_CTX *ctx);

/* Whether our side may go on with a peer that shows this kind. */
bool cert_kind_is_good(enum cert_kind, bool is_ip_wanted);
const char *cert_kind_name(enum cert_kind);

#endif
