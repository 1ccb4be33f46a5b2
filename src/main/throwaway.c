/* SPDX-License-Identifier: Apache-2.0 */
#include "main/throwaway.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEFORE_S = -3600, UNTIL_S = 90 * 24 * 3600, SERIAL_BITS = 64, NAMES_BYTES = 320 };

static bool
fail(struct buf *why, const char *what, const char *path)
{
	buf_put(why, str_cstr(what));
	buf_put(why, str_cstr(path));
	if (errno != 0) {
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(strerror(errno)));
	}
	return false;
}

/* ---- certificates -------------------------------------------------------------------------- */

static bool
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	bool is_added;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	is_added = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool
set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool is_set = number != NULL &&
		BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;

	BN_free(number);
	return is_set;
}

/* A certificate for KEY called NAME, signed by nobody yet. ISSUER: NULL for its own. */
static X509 *
new_certificate(EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert != NULL ? X509_get_subject_name(cert) : NULL;

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
		X509_gmtime_adj(X509_getm_notBefore(cert), BEFORE_S) != NULL &&
		X509_gmtime_adj(X509_getm_notAfter(cert), UNTIL_S) != NULL &&
		X509_set_pubkey(cert, key) == 1 &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			(const unsigned char *)name, -1, -1, 0) == 1 &&
		X509_set_issuer_name(cert, X509_get_subject_name(issuer != NULL ? issuer : cert)) ==
			1)
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *
make_authority(EVP_PKEY *key)
{
	X509 *ca = new_certificate(key, "sipward demo CA", NULL);

	if (ca != NULL && add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE") &&
		add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
		X509_sign(ca, key, EVP_sha256()) > 0)
		return ca;
	X509_free(ca);
	return NULL;
}

static X509 *
make_leaf(EVP_PKEY *key, const char *names, X509 *ca, EVP_PKEY *ca_key)
{
	X509 *leaf = new_certificate(key, "sipward demo", ca);

	if (leaf != NULL && add_extension(leaf, ca, NID_basic_constraints, "critical,CA:FALSE") &&
		add_extension(leaf, ca, NID_key_usage, "critical,digitalSignature") &&
		add_extension(leaf, ca, NID_ext_key_usage, "serverAuth,clientAuth") &&
		add_extension(leaf, ca, NID_authority_key_identifier, "keyid") &&
		add_extension(leaf, ca, NID_subject_alt_name, names) &&
		X509_sign(leaf, ca_key, EVP_sha256()) > 0)
		return leaf;
	X509_free(leaf);
	return NULL;
}

/* ---- files --------------------------------------------------------------------------------- */

/* Writes CERT, or KEY, to the file at PATH; of the two that which is not NULL. */
static bool
write_pem(const char *path, X509 *cert, EVP_PKEY *key, struct buf *why)
{
	FILE *file = fopen(path, "we");
	bool is_written;

	if (file == NULL)
		return fail(why, "cannot write ", path);
	/* A key that others can read is refused. */
	if (fchmod(fileno(file), 0600) != 0) {
		fclose(file);
		return fail(why, "cannot guard ", path);
	}
	if (cert != NULL)
		is_written = PEM_write_X509(file, cert) == 1;
	else
		is_written = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (fclose(file) != 0 || !is_written)
		return fail(why, "cannot write ", path);
	return true;
}

static bool
make_certificates(struct throwaway *t, const char *names, struct buf *why)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = ca_key != NULL ? make_authority(ca_key) : NULL;
	X509 *leaf = ca != NULL && key != NULL ? make_leaf(key, names, ca, ca_key) : NULL;
	bool is_made = false;

	errno = 0;
	if (leaf == NULL)
		(void)fail(why, "OpenSSL cannot make a certificate for ", names);
	else
		is_made = write_pem(t->ca, ca, NULL, why) &&
			write_pem(t->certificate, leaf, NULL, why) &&
			write_pem(t->key, NULL, key, why);
	X509_free(leaf);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return is_made;
}

static bool
name_file(const struct throwaway *t, char path[THROWAWAY_PATH_BYTES], const char *name)
{
	int len = snprintf(path, THROWAWAY_PATH_BYTES, "%s/%s", t->folder, name);

	return len > 0 && len < THROWAWAY_PATH_BYTES;
}

static bool
make_folder(struct throwaway *t, struct buf *why)
{
	const char *parent = secure_getenv("TMPDIR");
	int len;

	if (parent == NULL || parent[0] == '\0')
		parent = "/tmp";
	*t = (struct throwaway){ .folder = "" };
	len = snprintf(t->folder, sizeof t->folder, "%s/sipward-demo-XXXXXX", parent);
	errno = len < 0 || (size_t)len >= sizeof t->folder - 32 ? ENAMETOOLONG : 0;
	if (errno != 0 || mkdtemp(t->folder) == NULL) {
		t->folder[0] = '\0';
		return fail(why, "cannot make a folder in ", parent);
	}
	return name_file(t, t->ca, "ca.pem") && name_file(t, t->certificate, "certificate.pem") &&
		name_file(t, t->key, "key.pem") && name_file(t, t->config, "sipward.yaml");
}

bool
throwaway_open(struct throwaway *t, struct str name, struct buf *why)
{
	mode_t before = umask(077);
	char names[NAMES_BYTES];
	struct buf b = buf_on(names, sizeof names);
	bool is_open;

	buf_put(&b, STR("DNS:"));
	buf_put(&b, name);
	buf_put(&b, STR(",IP:127.0.0.1"));
	buf_char(&b, '\0');
	is_open = buf_ok(&b) && make_folder(t, why) && make_certificates(t, names, why);
	if (!is_open)
		throwaway_close(t);
	(void)umask(before);
	return is_open;
}

bool
throwaway_configure(struct throwaway *t, struct str text, struct buf *why)
{
	mode_t before = umask(077);
	FILE *file = fopen(t->config, "we");
	bool is_written = false;

	(void)umask(before);
	if (file != NULL) {
		is_written = fwrite(text.at, 1, text.len, file) == text.len;
		is_written = fclose(file) == 0 && is_written;
	}
	return is_written || fail(why, "cannot write ", t->config);
}

void
throwaway_close(struct throwaway *t)
{
	if (t->folder[0] == '\0')
		return;
	(void)unlink(t->ca);
	(void)unlink(t->certificate);
	(void)unlink(t->key);
	(void)unlink(t->config);
	(void)rmdir(t->folder);
	t->folder[0] = '\0';
}
