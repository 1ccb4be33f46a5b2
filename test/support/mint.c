/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mint.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MINTS_MAX = 512 };

static struct mint *made[MINTS_MAX];
static unsigned made_count;

static EVP_PKEY *
make_key(enum mint_key kind)
{
	switch (kind) {
	case MINT_P256: return EVP_EC_gen("P-256");
	case MINT_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case MINT_P384: return EVP_EC_gen("P-384");
	case MINT_P192: return EVP_EC_gen("P-192");
	case MINT_RSA_1024: return EVP_RSA_gen(1024);
	case MINT_RSA_2048: return EVP_RSA_gen(2048);
	}
	return NULL;
}

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	if (value == NULL || value[0] == '\0')
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (extension == NULL)
		fail_msg("OpenSSL makes no extension of %s", value);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void
add_raws(X509 *cert, const struct mint_raw *raws)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (int i = 0; i < MINT_RAWS_MAX && raws[i].kind != 0; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_STRING *value = ASN1_STRING_type_new(
			raws[i].kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

		assert_int_equal(
			ASN1_STRING_set(value, raws[i].value.at, (int)raws[i].value.len), 1);
		GENERAL_NAME_set0_value(name, raws[i].kind, value);
		sk_GENERAL_NAME_push(names, name);
	}
	if (sk_GENERAL_NAME_num(names) > 0)
		assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

static void
add_unknown(X509 *cert, const char *oid)
{
	ASN1_OBJECT *object = oid != NULL ? OBJ_txt2obj(oid, 1) : NULL;
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	if (object != NULL) {
		ASN1_OCTET_STRING_set(value, (const unsigned char *)"\5", 2);
		extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
		assert_int_equal(X509_add_ext(cert, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(value);
}

static void
name_and_date(X509 *cert, const struct mint_wish *wish)
{
	bool is_dated = wish->from_s != 0 || wish->until_s != 0;
	const char *subject = wish->subject != NULL ? wish->subject : "leaf";
	X509_NAME *name = X509_get_subject_name(cert);

	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)made_count + 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), is_dated ? wish->from_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), is_dated ? wish->until_s : 3600);
	if (subject[0] != '\0')
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					 (const unsigned char *)subject, -1, -1, 0),
			1);
	X509_set_issuer_name(
		cert, wish->issuer != NULL ? X509_get_subject_name(wish->issuer->cert) : name);
}

static void
sign(const struct mint *m, const struct mint_wish *wish)
{
	EVP_PKEY *key = wish->issuer != NULL ? wish->issuer->key : m->key;
	bool has_own_digest = EVP_PKEY_get_id(key) == EVP_PKEY_ED25519;
	const EVP_MD *digest = EVP_get_digestbyname(wish->digest != NULL ? wish->digest : "SHA256");
	const ASN1_BIT_STRING *signature;

	assert_true(X509_sign(m->cert, key, has_own_digest ? NULL : digest) > 0);
	if (!wish->has_bad_signature)
		return;
	X509_get0_signature(&signature, NULL, m->cert);
	signature->data[signature->length - 1] ^= 1;
}

const struct mint *
mint(const struct mint_wish *wish)
{
	struct mint *m = calloc(1, sizeof *m);
	X509 *issuer;
	bool has_key_id = !wish->has_no_key_id && wish->issuer != NULL &&
		X509_get0_subject_key_id(wish->issuer->cert) != NULL;

	assert_non_null(m);
	assert_true(made_count < MINTS_MAX);
	m->issuer = wish->issuer;
	m->key = wish->renews != NULL ? wish->renews->key : make_key(wish->key);
	assert_non_null(m->key);
	if (wish->renews != NULL)
		EVP_PKEY_up_ref(m->key);
	m->cert = X509_new();
	issuer = wish->issuer != NULL ? wish->issuer->cert : m->cert;
	X509_set_version(m->cert, wish->version == 0 ? X509_VERSION_3 : wish->version - 1);
	name_and_date(m->cert, wish);
	X509_set_pubkey(m->cert, m->key);
	if (wish->version == 0 || wish->version == 3) {
		extend(m->cert, issuer, NID_basic_constraints,
			wish->basic != NULL ? wish->basic : "critical,CA:FALSE");
		extend(m->cert, issuer, NID_key_usage, wish->key_usage);
		extend(m->cert, issuer, NID_ext_key_usage,
			wish->extended != NULL ? wish->extended : "serverAuth,clientAuth");
		extend(m->cert, issuer, NID_name_constraints, wish->constraints);
		extend(m->cert, issuer, NID_subject_alt_name, wish->sans);
		extend(m->cert, issuer, NID_subject_key_identifier,
			wish->has_no_key_id ? NULL : "hash");
		extend(m->cert, issuer, NID_authority_key_identifier, has_key_id ? "keyid" : NULL);
		add_raws(m->cert, wish->raws);
		add_unknown(m->cert, wish->critical_oid);
	}
	sign(m, wish);
	made[made_count++] = m;
	return m;
}

const struct mint *
mint_ca(const char *name, const struct mint *issuer)
{
	return mint(&(struct mint_wish){ .subject = name,
		.issuer = issuer,
		.basic = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign",
		.extended = "" });
}

const struct mint *
mint_root(const char *name)
{
	return mint_ca(name, NULL);
}

char *
mint_pem(const struct mint *const *certs)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at, *text;
	long len;

	for (; certs != NULL && *certs != NULL; certs++)
		assert_int_equal(PEM_write_bio_X509(bio, (*certs)->cert), 1);
	len = BIO_get_mem_data(bio, &at);
	text = calloc(1, (size_t)len + 1);
	assert_non_null(text);
	if (len > 0)
		memcpy(text, at, (size_t)len);
	BIO_free(bio);
	return text;
}

SSL_CTX *
mint_context(const SSL_METHOD *method, const struct mint *const *certs)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	if (certs == NULL)
		return ctx;
	assert_int_equal(SSL_CTX_use_certificate(ctx, certs[0]->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, certs[0]->key), 1);
	for (certs++; *certs != NULL; certs++)
		assert_int_equal(SSL_CTX_add1_chain_cert(ctx, (*certs)->cert), 1);
	return ctx;
}

void
mint_forget(void)
{
	for (unsigned i = 0; i < made_count; i++) {
		X509_free(made[i]->cert);
		EVP_PKEY_free(made[i]->key);
		free(made[i]);
	}
	made_count = 0;
}
