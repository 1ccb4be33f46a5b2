/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stddef.h>

#include "outside.h"

/* OpenSSL tells in a queue of its own what went wrong. */
static int
ssl_fails(int result)
{
	ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
	return result;
}

/* ---- what all connections need -------------------------------------------------------------- */

OUTSIDE(BIO_METHOD *, BIO_meth_new, (int t, const char *n), (t, n), NULL, 0)
OUTSIDE(int, BIO_get_new_index, (void), (), -1, 0)
OUTSIDE(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL, 0)
OUTSIDE(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *m), (m), NULL, 0)
OUTSIDE(int, SSL_CTX_set_cipher_list, (SSL_CTX * c, const char *l), (c, l), 0, 0)
OUTSIDE(SSL *, SSL_new, (SSL_CTX * c), (c), NULL, 0)
OUTSIDE(int, RAND_bytes, (unsigned char *at, int n), (at, n), 0, 0)

/* ---- files ---------------------------------------------------------------------------------- */

OUTSIDE(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX * c, const char *p), (c, p), 0, 0)
OUTSIDE(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX * c, const char *p, int t), (c, p, t), 0, 0)
OUTSIDE(int, SSL_CTX_check_private_key, (const SSL_CTX *c), (c), 0, 0)
OUTSIDE(int, SSL_CTX_load_verify_file, (SSL_CTX * c, const char *p), (c, p), 0, 0)
OUTSIDE(int, SSL_CTX_load_verify_dir, (SSL_CTX * c, const char *p), (c, p), 0, 0)
OUTSIDE(int, X509_load_crl_file, (X509_LOOKUP * l, const char *p, int t), (l, p, t), 0, 0)
OUTSIDE(BIO *, BIO_new_file, (const char *a, const char *b), (a, b), NULL, ENOENT)
OUTSIDE(int, BIO_read, (BIO * b, void *at, int n), (b, at, n), -1, 0)
OUTSIDE(X509 *, PEM_read_bio_X509, (BIO * b, X509 **x, pem_password_cb *p, void *u), (b, x, p, u),
	NULL, 0)
OUTSIDE(int, PEM_write_X509, (FILE * f, const X509 *x), (f, x), 0, ENOSPC)
OUTSIDE(int, PEM_write_PrivateKey,
	(FILE * f, const EVP_PKEY *k, const EVP_CIPHER *e, const unsigned char *at, int n,
		pem_password_cb *p, void *u),
	(f, k, e, at, n, p, u), 0, ENOSPC)

/* ---- settings ------------------------------------------------------------------------------- */

OUTSIDE(long, SSL_CTX_ctrl, (SSL_CTX * c, int n, long v, void *at), (c, n, v, at), 0, 0)
OUTSIDE(long, SSL_ctrl, (SSL * s, int n, long v, void *at), (s, n, v, at), 0, 0)
OUTSIDE(int, SSL_CTX_set_num_tickets, (SSL_CTX * c, size_t n), (c, n), 0, 0)
OUTSIDE(int, SSL_set_num_tickets, (SSL * s, size_t n), (s, n), 0, 0)
OUTSIDE(int, SSL_CTX_set_max_early_data, (SSL_CTX * c, uint32_t n), (c, n), 0, 0)
OUTSIDE(int, SSL_set_session_id_context, (SSL * s, const unsigned char *at, unsigned n), (s, at, n),
	0, 0)
OUTSIDE(SSL_CTX *, SSL_set_SSL_CTX, (SSL * s, SSL_CTX *c), (s, c), NULL, 0)
OUTSIDE(int, SSL_set_ex_data, (SSL * s, int n, void *at), (s, n, at), 0, 0)

/* ---- a connection --------------------------------------------------------------------------- */

OUTSIDE(int, SSL_do_handshake, (SSL * s), (s), ssl_fails(-1), EIO)
OUTSIDE(int, SSL_read_ex, (SSL * s, void *at, size_t n, size_t *g), (s, at, n, g), ssl_fails(0),
	EIO)
OUTSIDE(int, SSL_write_ex, (SSL * s, const void *at, size_t n, size_t *g), (s, at, n, g),
	ssl_fails(0), EIO)
OUTSIDE(int, SSL_shutdown, (SSL * s), (s), -1, 0)
OUTSIDE(X509 *, SSL_get0_peer_certificate, (const SSL *s), (s), NULL, 0)
OUTSIDE(STACK_OF(X509) *, SSL_get_peer_cert_chain, (const SSL *s), (s), NULL, 0)

/* ---- certificates: judging ------------------------------------------------------------------ */

OUTSIDE(int, X509_digest, (const X509 *x, const EVP_MD *m, unsigned char *at, unsigned *n),
	(x, m, at, n), 0, 0)
OUTSIDE(int, X509_verify_cert, (X509_STORE_CTX * c), (c), 0, 0)
OUTSIDE(int, X509_verify, (X509 * x, EVP_PKEY *k), (x, k), -1, 0)
OUTSIDE(void *, X509_get_ext_d2i, (const X509 *x, int n, int *c, int *i), (x, n, c, i), NULL, 0)
OUTSIDE(X509_LOOKUP *, X509_STORE_add_lookup, (X509_STORE * s, X509_LOOKUP_METHOD *m), (s, m), NULL,
	0)
OUTSIDE(X509_STORE_CTX *, X509_STORE_CTX_new, (void), (), NULL, 0)
OUTSIDE(int, X509_STORE_CTX_init,
	(X509_STORE_CTX * c, X509_STORE *s, X509 *x, STACK_OF(X509) * chain), (c, s, x, chain), 0,
	0)
OUTSIDE(STACK_OF(X509) *, X509_STORE_CTX_get1_certs, (X509_STORE_CTX * c, const X509_NAME *n),
	(c, n), NULL, 0)
OUTSIDE(int, X509_STORE_CTX_set_default, (X509_STORE_CTX * c, const char *n), (c, n), 0, 0)
OUTSIDE(int, X509_VERIFY_PARAM_set1, (X509_VERIFY_PARAM * to, const X509_VERIFY_PARAM *from),
	(to, from), 0, 0)
OUTSIDE(int, X509_VERIFY_PARAM_set_purpose, (X509_VERIFY_PARAM * p, int n), (p, n), 0, 0)
OUTSIDE(int, X509_cmp_current_time, (const ASN1_TIME *t), (t), 0, 0)
OUTSIDE(EVP_PKEY *, X509_get0_pubkey, (const X509 *x), (x), NULL, 0)
OUTSIDE(int, X509_NAME_print_ex, (BIO * b, const X509_NAME *n, int i, unsigned long f),
	(b, n, i, f), -1, 0)
OUTSIDE(int, OBJ_obj2txt, (char *at, int n, const ASN1_OBJECT *o, int f), (at, n, o, f), -1, 0)
OUTSIDE(int, ASN1_TIME_diff, (int *d, int *s, const ASN1_TIME *a, const ASN1_TIME *b), (d, s, a, b),
	0, 0)
OUTSIDE(ASN1_TIME *, ASN1_TIME_set, (ASN1_TIME * t, time_t at), (t, at), NULL, 0)
OUTSIDE(int, ASN1_TIME_to_tm, (const ASN1_TIME *t, struct tm *tm), (t, tm), 0, 0)
OUTSIDE(OPENSSL_STACK *, OPENSSL_sk_new_null, (void), (), NULL, 0)
OUTSIDE(int, OPENSSL_sk_push, (OPENSSL_STACK * s, const void *at), (s, at), 0, 0)

/* ---- certificates: making ------------------------------------------------------------------- */

OUTSIDE(X509 *, X509_new, (void), (), NULL, 0)
OUTSIDE(int, X509_set_version, (X509 * x, long v), (x, v), 0, 0)
OUTSIDE(int, X509_set_pubkey, (X509 * x, EVP_PKEY *k), (x, k), 0, 0)
OUTSIDE(int, X509_set_issuer_name, (X509 * x, const X509_NAME *n), (x, n), 0, 0)
OUTSIDE(int, X509_sign, (X509 * x, EVP_PKEY *k, const EVP_MD *m), (x, k, m), 0, 0)
OUTSIDE(ASN1_TIME *, X509_gmtime_adj, (ASN1_TIME * t, long s), (t, s), NULL, 0)
OUTSIDE(int, X509_add_ext, (X509 * x, const X509_EXTENSION *e, int at), (x, e, at), 0, 0)
OUTSIDE(int, X509_NAME_add_entry_by_txt,
	(X509_NAME * n, const char *field, int type, const unsigned char *at, int len, int place,
		int set),
	(n, field, type, at, len, place, set), 0, 0)
OUTSIDE(X509_EXTENSION *, X509V3_EXT_conf_nid,
	(LHASH_OF(CONF_VALUE) * c, X509V3_CTX *ctx, int n, const char *value), (c, ctx, n, value),
	NULL, 0)
OUTSIDE(BIGNUM *, BN_new, (void), (), NULL, 0)
OUTSIDE(int, BN_rand, (BIGNUM * n, int bits, int top, int bottom), (n, bits, top, bottom), 0, 0)
OUTSIDE(ASN1_INTEGER *, BN_to_ASN1_INTEGER, (const BIGNUM *n, ASN1_INTEGER *i), (n, i), NULL, 0)

EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *, const char *, const char *, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *, const char *, const char *, ...);

/* Of an elliptic curve, whose name stands behind the type. */
EVP_PKEY *
__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *library, const char *properties, const char *type, ...)
{
	const char *curve;
	va_list values;

	va_start(values, type);
	curve = va_arg(values, const char *);
	va_end(values);
	return outside_fails(NUMBER_EVP_PKEY_Q_keygen, 0)
		? NULL
		: __real_EVP_PKEY_Q_keygen(library, properties, type, curve);
}

/* ---- digests and ciphers -------------------------------------------------------------------- */

OUTSIDE(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL, 0)
OUTSIDE(int, EVP_DigestInit_ex, (EVP_MD_CTX * c, const EVP_MD *m, ENGINE *e), (c, m, e), 0, 0)
OUTSIDE(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *at, size_t n), (c, at, n), 0, 0)
OUTSIDE(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *at, unsigned *n), (c, at, n), 0, 0)
OUTSIDE(int, EVP_EncryptInit_ex,
	(EVP_CIPHER_CTX * c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *k,
		const unsigned char *iv),
	(c, t, e, k, iv), 0, 0)
OUTSIDE(int, EVP_DecryptInit_ex,
	(EVP_CIPHER_CTX * c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *k,
		const unsigned char *iv),
	(c, t, e, k, iv), 0, 0)
OUTSIDE(int, EVP_MAC_CTX_set_params, (EVP_MAC_CTX * c, const OSSL_PARAM all[]), (c, all), 0, 0)
OUTSIDE(int, CRYPTO_secure_malloc_init, (size_t n, size_t cell), (n, cell), 0, 0)
