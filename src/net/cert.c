/* SPDX-License-Identifier: Apache-2.0 */
#include "net/cert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/panic.h"
#include "net/bytes.h"
#include "net/crl.h"
#include "net/pem.h"
#include "secure/identity.h"

void
cert_put_name(struct buf *b, const X509_NAME *name)
{
	char text[LOG_TEXT_MAX / 2];
	BIO *bio = BIO_new(BIO_s_mem());
	size_t from = b->used;
	int len = 0;

	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, text, sizeof text);
	BIO_free(bio);
	buf_char(b, '\'');
	/* One octet may become four. */
	for (int i = 0; i < len && b->used - from + 4 < CERT_NAME_BYTES_MAX; i++)
		buf_quoted(b, str_of(text + i, 1), 1);
	buf_char(b, '\'');
}

void
cert_put_subject(struct buf *b, X509 *cert)
{
	cert_put_name(b, X509_get_subject_name(cert));
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
	/* The first is the nearest to the fault; those behind it say where it was noticed. */
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	buf_put(b, reason != NULL ? str_cstr(reason) : STR("unknown error"));
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
	if (!pem_is_readable(certificate, STR("certificate"), PEM_FILE, why) ||
		!pem_is_readable(key, STR("key"), PEM_FILE, why))
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
	is_loaded = pem_is_readable(path, STR("trust"), PEM_FILE_OR_FOLDER, why);
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

/* Takes NAME, if it can name a server; a view into it. */
static bool
take_san(const GENERAL_NAME *name, struct san *san)
{
	const ASN1_STRING *value;

	if (name->type == GEN_URI) {
		san->kind = SAN_URI;
		value = name->d.uniformResourceIdentifier;
	} else if (name->type == GEN_DNS) {
		san->kind = SAN_DNS;
		value = name->d.dNSName;
	} else if (name->type == GEN_IPADD) {
		san->kind = SAN_IP;
		value = name->d.iPAddress;
	} else {
		return false;
	}
	san->value = str_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	return true;
}

/* All of NAMES (may be NULL) in an array that the caller frees; views into them. The URIs come
 * first: one of them takes the place of the DNS names, wherever it stands (RFC 5922 7.1), and must
 * not be the name for which there is no room. */
static struct san *
make_sans(const GENERAL_NAMES *names, uint32_t *count)
{
	struct san *sans = calloc(SANS_MAX, sizeof *sans);
	int all = names != NULL ? sk_GENERAL_NAME_num(names) : 0;

	need(sans != NULL, "memory for TLS");
	*count = 0;
	for (int i = 0; i < 2 * all && *count < SANS_MAX; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i % all);

		if ((i < all) == (name->type == GEN_URI) && take_san(name, &sans[*count]))
			(*count)++;
	}
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

void
cert_put_names(struct buf *b, X509 *cert, size_t max)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	uint32_t count;
	struct san *sans = make_sans(names, &count);

	identity_write(b, sans, count, max);
	free(sans);
	GENERAL_NAMES_free(names);
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

enum named_by
cert_named_by(X509 *leaf, struct str wanted)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	uint32_t count;
	struct san *sans = make_sans(names, &count);
	enum named_by named_by = identity_named_by(sans, count, wanted);

	free(sans);
	GENERAL_NAMES_free(names);
	return named_by;
}

static bool
has_common_name(X509 *leaf, struct str wanted)
{
	X509_NAME *subject = X509_get_subject_name(leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *value;

	if (at < 0)
		return false;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	return str_alike(
		str_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), wanted);
}

/* The host of a URI behind its scheme, and the user's part before it if there is one. */
static bool
is_uri_of(struct str uri, struct str scheme, struct str wanted, bool *has_user)
{
	struct str rest = str_from(uri, scheme.len);
	size_t at = str_find(rest, '@'), end = 0;

	if (!str_begins_alike(uri, scheme))
		return false;
	*has_user = at < rest.len;
	if (*has_user)
		rest = str_from(rest, at + 1);
	while (end < rest.len && rest.at[end] != ':' && rest.at[end] != ';' && rest.at[end] != '?')
		end++;
	return str_alike(str_upto(rest, end), wanted);
}

/* What one name of the certificate has to say for itself; WHY_NAME_OTHER: nothing. */
static enum tls_why
san_fault(const struct san *san, struct str wanted, bool is_literal)
{
	size_t dot = str_find(wanted, '.');
	bool has_user = false;

	if (san->kind == SAN_IP)
		return WHY_NAME_OTHER;
	if (str_find(san->value, '\0') < san->value.len)
		return WHY_NAME_NUL;
	if (is_literal)
		return WHY_NAME_OTHER;
	if (san->kind == SAN_DNS && str_alike(san->value, wanted))
		return WHY_NAME_URI_FIRST;
	if (san->kind == SAN_DNS && str_begins(san->value, STR("*.")) && dot < wanted.len &&
		str_alike(str_from(san->value, 2), str_from(wanted, dot + 1)))
		return WHY_NAME_WILDCARD;
	if (san->kind == SAN_URI && is_uri_of(san->value, STR("sips:"), wanted, &has_user))
		return WHY_NAME_SIPS_URI;
	if (san->kind == SAN_URI && is_uri_of(san->value, STR("sip:"), wanted, &has_user) &&
		has_user)
		return WHY_NAME_USER_URI;
	return WHY_NAME_OTHER;
}

enum tls_why
cert_name_fault(X509 *leaf, struct str wanted)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	uint32_t count;
	struct san *sans = make_sans(names, &count);
	struct addr addr;
	enum tls_why why = WHY_NAME_OTHER;
	bool is_literal = addr_parse(&addr, wanted);

	for (uint32_t i = 0; i < count && why == WHY_NAME_OTHER; i++)
		why = san_fault(&sans[i], wanted, is_literal);
	if (why == WHY_NAME_OTHER && has_common_name(leaf, wanted))
		why = WHY_NAME_COMMON;
	else if (why == WHY_NAME_OTHER && count == 0)
		why = WHY_NAME_NONE;
	else if (why == WHY_NAME_OTHER && is_literal)
		why = WHY_NAME_ADDRESS;
	free(sans);
	GENERAL_NAMES_free(names);
	return why;
}

/* ---- why a chain was not accepted ---------------------------------------------------------- */

/* Whether a CA called as the issuer of CERT is trusted: then it is not the same one. */
static bool
knows_name_of_issuer(X509_STORE_CTX *store, X509 *cert)
{
	STACK_OF(X509) *found = X509_STORE_CTX_get1_certs(store, X509_get_issuer_name(cert));
	bool is_known = found != NULL && sk_X509_num(found) > 0;

	sk_X509_pop_free(found, X509_free);
	return is_known;
}

static void
put_issuer(struct buf *fact, X509 *cert, struct str trust, bool is_known)
{
	buf_put(fact, STR(" was issued by "));
	cert_put_name(fact, X509_get_issuer_name(cert));
	buf_put(fact,
		is_known ? STR(", but not with the key of the CA of that name in ")
			 : STR(", which is not among the CAs in "));
	buf_put(fact, trust);
}

/* What the certificate says it is made for. */
static void
put_use(struct buf *fact, X509 *cert)
{
	uint32_t use = X509_get_extended_key_usage(cert);

	if (use == UINT32_MAX)
		return;
	buf_put(fact, STR(" is made for"));
	if ((use & XKU_SSL_SERVER) != 0)
		buf_put(fact, STR(" serverAuth"));
	if ((use & XKU_SSL_CLIENT) != 0)
		buf_put(fact, STR(" clientAuth"));
	if ((use & ~(uint32_t)(XKU_SSL_SERVER | XKU_SSL_CLIENT)) != 0 || use == 0)
		buf_put(fact, STR(" other uses"));
}

static void
put_fact(struct buf *fact, X509 *cert, enum tls_why why, int error, struct str trust)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	cert_put_name(fact, X509_get_subject_name(cert));
	switch (why) {
	case WHY_CERT_EXPIRED:
		buf_put(fact, STR(" expired on "));
		put_time(fact, X509_get0_notAfter(cert));
		return;
	case WHY_CERT_EARLY:
		buf_put(fact, STR(" is not valid before "));
		put_time(fact, X509_get0_notBefore(cert));
		return;
	case WHY_CERT_ISSUER:
	case WHY_CERT_CA: put_issuer(fact, cert, trust, false); return;
	case WHY_CERT_CA_KEY: put_issuer(fact, cert, trust, true); return;
	case WHY_CERT_SELF:
		buf_put(fact, STR(" is not in "));
		buf_put(fact, trust);
		return;
	case WHY_CERT_USE: put_use(fact, cert); return;
	case WHY_CERT_WEAK_KEY:
		buf_put(fact, STR(" has a key of "));
		buf_number(fact, key != NULL ? (uint64_t)EVP_PKEY_get_bits(key) : 0);
		buf_put(fact, STR(" bits"));
		return;
	case WHY_CERT_OTHER:
		buf_put(fact, STR(": "));
		buf_put(fact, str_cstr(X509_verify_cert_error_string(error)));
		return;
	default: return;
	}
}

enum tls_why
cert_explain(struct buf *fact, X509_STORE_CTX *store, struct str trust)
{
	int error = X509_STORE_CTX_get_error(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	enum tls_why why = tls_why_of_chain(error);

	if (cert == NULL)
		cert = X509_STORE_CTX_get0_cert(store);
	if (cert == NULL)
		return WHY_CERT_NONE;
	if (why == WHY_CERT_ISSUER && X509_STORE_CTX_get_error_depth(store) > 0)
		why = WHY_CERT_CA;
	/* Without an identifier of the key a CA is found by its name, and its signature fails. */
	if ((why == WHY_CERT_ISSUER || why == WHY_CERT_CA ||
		    (why == WHY_CERT_SIGNATURE && X509_get0_authority_key_id(cert) == NULL)) &&
		error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN && knows_name_of_issuer(store, cert))
		why = WHY_CERT_CA_KEY;
	put_fact(fact, cert, why, error, trust);
	return why;
}
