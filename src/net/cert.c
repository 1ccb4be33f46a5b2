/* SPDX-License-Identifier: Apache-2.0 */
#include "net/cert.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"
#include "net/bytes.h"
#include "net/crl.h"
#include "secure/identity.h"

static void
put_name(struct buf *b, const X509_NAME *name)
{
	char text[LOG_TEXT_MAX];
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, text, sizeof text);
	BIO_free(bio);
	buf_char(b, '\'');
	buf_quoted(b, str_of(text, len > 0 ? (size_t)len : 0), sizeof text / 2);
	buf_char(b, '\'');
}

void
cert_put_subject(struct buf *b, X509 *cert)
{
	put_name(b, X509_get_subject_name(cert));
}

static void
put_time(struct buf *b, const ASN1_TIME *time)
{
	char text[64];
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 ||
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		buf_put(b, STR("an unreadable date"));
	else
		buf_put(b, str_cstr(text));
}

static void
put_reason(struct buf *b)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	buf_put(b, reason != NULL ? str_cstr(reason) : STR("unknown error"));
}

/* Whether PATH can be read at all, so that the sentence is the system's own. */
static bool
can_read(const char *path, struct str what, struct buf *why)
{
	struct stat st;

	if (access(path, R_OK) == 0 && stat(path, &st) == 0)
		return true;
	buf_put(why, STR("cannot read "));
	buf_put(why, what);
	buf_char(why, ' ');
	buf_put(why, str_cstr(path));
	buf_put(why, STR(": "));
	buf_put(why, str_cstr(strerror(errno)));
	return false;
}

static bool
is_in_time(X509 *leaf, struct str path, struct buf *why)
{
	bool is_early = X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0;
	bool is_late = X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0;

	if (!is_early && !is_late)
		return true;
	buf_put(why, STR("the certificate in "));
	buf_put(why, path);
	buf_put(why, is_late ? STR(" expired on ") : STR(" is not valid before "));
	put_time(why, is_late ? X509_get0_notAfter(leaf) : X509_get0_notBefore(leaf));
	return false;
}

/* Never asks on a terminal for the password of a key. */
static int
no_password(char *at, int size, int is_writing, void *arg)
{
	(void)at;
	(void)size;
	(void)is_writing;
	(void)arg;
	return 0;
}

static bool
load(SSL_CTX *ctx, const char *certificate, const char *key, struct buf *why)
{
	if (!can_read(certificate, STR("certificate"), why) || !can_read(key, STR("key"), why))
		return false;
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
		buf_put(why, str_cstr(certificate));
		buf_put(why, STR(" holds no certificate that can be used: "));
		put_reason(why);
		return false;
	}
	if (!is_in_time(SSL_CTX_get0_certificate(ctx), str_cstr(certificate), why))
		return false;
	ERR_clear_error();
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1) {
		unsigned long error = ERR_peek_last_error();

		if (ERR_GET_LIB(error) == ERR_LIB_X509) {
			buf_put(why, STR("the key "));
			buf_put(why, str_cstr(key));
			buf_put(why, STR(" does not fit the certificate "));
			buf_put(why, str_cstr(certificate));
			return false;
		}
		buf_put(why, str_cstr(key));
		buf_put(why, STR(" holds no private key that can be used: "));
		put_reason(why);
		return false;
	}
	return true;
}

bool
cert_load(SSL_CTX *ctx, struct str certificate, struct str key, struct buf *why)
{
	char *certificate_path = bytes_cstr(certificate);
	char *key_path = bytes_cstr(key);
	bool is_loaded;

	ERR_clear_error();
	is_loaded = load(ctx, certificate_path, key_path, why);
	ERR_clear_error();
	free(certificate_path);
	free(key_path);
	return is_loaded;
}

bool
cert_trust(SSL_CTX *ctx, struct str trust, struct buf *why)
{
	char *path = bytes_cstr(trust);
	struct stat st;
	bool is_loaded;

	ERR_clear_error();
	is_loaded = can_read(path, STR("trust"), why);
	if (is_loaded) {
		bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

		is_loaded = (is_folder ? SSL_CTX_load_verify_dir(ctx, path)
				       : SSL_CTX_load_verify_file(ctx, path)) == 1;
		if (!is_loaded) {
			buf_put(why, trust);
			buf_put(why, STR(" holds no CA certificate in PEM form: "));
			put_reason(why);
		}
	}
	ERR_clear_error();
	free(path);
	return is_loaded;
}

bool
cert_groups(SSL_CTX *ctx, struct str groups, struct buf *why)
{
	char *text = bytes_cstr(groups);
	bool is_good = SSL_CTX_set1_groups_list(ctx, text) == 1;

	if (!is_good) {
		buf_put(why, STR("no list of groups that OpenSSL has: "));
		buf_quoted(why, groups, LOG_TEXT_MAX);
	}
	ERR_clear_error();
	free(text);
	return is_good;
}

bool
cert_check(const struct identity *identity, struct buf *why)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	bool is_good = ctx != NULL;

	if (!is_good)
		buf_put(why, STR("OpenSSL gives no context"));
	if (is_good && !str_is_empty(identity->certificate))
		is_good = cert_load(ctx, identity->certificate, identity->key, why);
	if (is_good && !str_is_empty(identity->trust))
		is_good = cert_trust(ctx, identity->trust, why);
	if (is_good && !str_is_empty(identity->crl))
		is_good = crl_load(ctx, identity->crl, why);
	if (is_good && !str_is_empty(identity->groups))
		is_good = cert_groups(ctx, identity->groups, why);
	SSL_CTX_free(ctx);
	return is_good;
}

/* Takes what can name a server out of NAMES; views into it. */
static uint32_t
take_sans(const GENERAL_NAMES *names, struct san *sans, uint32_t max)
{
	uint32_t count = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && count < max; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *value = NULL;

		if (name->type == GEN_URI) {
			sans[count].kind = SAN_URI;
			value = name->d.uniformResourceIdentifier;
		} else if (name->type == GEN_DNS) {
			sans[count].kind = SAN_DNS;
			value = name->d.dNSName;
		} else if (name->type == GEN_IPADD) {
			sans[count].kind = SAN_IP;
			value = name->d.iPAddress;
		}
		if (value != NULL)
			sans[count++].value = str_of(
				ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	}
	return count;
}

/* All of NAMES (may be NULL) in an array that the caller frees; views into them. */
static struct san *
make_sans(const GENERAL_NAMES *names, uint32_t *count)
{
	struct san *sans = calloc(SANS_MAX, sizeof *sans);

	need(sans != NULL, "memory for TLS");
	*count = names != NULL ? take_sans(names, sans, SANS_MAX) : 0;
	return sans;
}

bool
cert_is_named(const GENERAL_NAMES *names, struct str wanted)
{
	uint32_t count;
	struct san *sans = make_sans(names, &count);
	struct str matched;
	bool is_match = identity_match(sans, count, wanted, &matched);

	free(sans);
	return is_match;
}

bool
cert_names(X509 *leaf, struct str wanted, bool takes_wildcard, struct buf *why)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	uint32_t count;
	struct san *sans = make_sans(names, &count);
	struct str matched;
	bool is_match = takes_wildcard ? identity_match_wild(sans, count, wanted, &matched)
				       : identity_match(sans, count, wanted, &matched);

	if (!is_match) {
		buf_put(why, STR("wanted "));
		buf_quoted(why, wanted, LOG_TEXT_MAX);
		buf_put(why, STR(", but the certificate names "));
		identity_write(why, sans, count, LOG_TEXT_MAX);
	}
	free(sans);
	GENERAL_NAMES_free(names);
	return is_match;
}

bool
cert_is_wanted(X509 *leaf, struct str wanted, const struct terms *terms, struct buf *why)
{
	uint8_t print[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!terms->has_pin)
		return cert_names(leaf, wanted, terms->takes_wildcard, why);
	if (X509_digest(leaf, EVP_sha256(), print, &len) == 1 && len == FINGERPRINT_BYTES &&
		memcmp(print, terms->pin, FINGERPRINT_BYTES) == 0)
		return true;
	buf_put(why, STR("wanted the certificate with the tls-fingerprint "));
	buf_hex(why, terms->pin, FINGERPRINT_BYTES);
	buf_put(why, STR(", but "));
	buf_hex(why, print, len);
	buf_put(why, STR(" was shown"));
	return false;
}

void
cert_list(X509 *leaf, struct buf *b)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	uint32_t count;
	struct san *sans = make_sans(names, &count);

	identity_list(b, sans, count, CERT_NAMES_BYTES_MAX);
	free(sans);
	GENERAL_NAMES_free(names);
}

static void
put_issuer(struct buf *why, X509 *cert, struct str trust)
{
	buf_put(why, STR("the certificate "));
	put_name(why, X509_get_subject_name(cert));
	buf_put(why, STR(" was issued by "));
	put_name(why, X509_get_issuer_name(cert));
	buf_put(why, STR(", which is not among the CAs in "));
	buf_put(why, trust);
}

void
cert_explain(struct buf *why, X509_STORE_CTX *store, struct str trust)
{
	int error = X509_STORE_CTX_get_error(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (cert == NULL)
		cert = X509_STORE_CTX_get0_cert(store);
	if (cert == NULL) {
		buf_put(why, STR("the peer showed no certificate"));
		return;
	}
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: put_issuer(why, cert, trust); return;
	default: break;
	}
	buf_put(why, STR("the certificate "));
	put_name(why, X509_get_subject_name(cert));
	if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
		buf_put(why, STR(" expired on "));
		put_time(why, X509_get0_notAfter(cert));
	} else if (error == X509_V_ERR_CERT_NOT_YET_VALID) {
		buf_put(why, STR(" is not valid before "));
		put_time(why, X509_get0_notBefore(cert));
	} else if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
		buf_put(why, STR(" is signed by itself and not in "));
		buf_put(why, trust);
	} else {
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(X509_verify_cert_error_string(error)));
	}
}
