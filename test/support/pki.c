/* SPDX-License-Identifier: Apache-2.0 */
#include "support/pki.h"

#include <dirent.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES = 128, PATHS_MAX = 512 };

struct pki {
	char folder[PATH_BYTES];
	char *paths[PATHS_MAX];
	unsigned path_count;
	unsigned serial;
	EVP_PKEY *key;
	X509 *ca;
	struct str ca_path;
};

static char *
path_of(struct pki *pki, const char *name, const char *suffix)
{
	char *path = malloc(PATH_BYTES);

	assert_non_null(path);
	assert_true(pki->path_count < PATHS_MAX);
	pki->paths[pki->path_count++] = path;
	assert_true(snprintf(path, PATH_BYTES, "%s/%s%s", pki->folder, name, suffix) < PATH_BYTES);
	return path;
}

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	return file;
}

static void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *
make_cert(struct pki *pki, EVP_PKEY *key, const char *name, long from_s, long until_s)
{
	X509 *cert = X509_new();
	X509_NAME *subject;

	assert_non_null(cert);
	subject = X509_get_subject_name(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)++pki->serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), until_s);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(pki->ca != NULL ? pki->ca : cert));
	return cert;
}

struct pki *
pki_open(const char *name)
{
	struct pki *pki = calloc(1, sizeof *pki);
	FILE *file;
	char *path;

	assert_non_null(pki);
	assert_true(snprintf(pki->folder, sizeof pki->folder, "/tmp/sipward-pki-XXXXXX") > 0);
	assert_non_null(mkdtemp(pki->folder));
	pki->key = EVP_EC_gen("P-256");
	assert_non_null(pki->key);
	pki->ca = make_cert(pki, pki->key, name, -3600, 3600);
	add_extension(pki->ca, pki->ca, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(pki->ca, pki->ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	assert_true(X509_sign(pki->ca, pki->key, EVP_sha256()) > 0);
	path = path_of(pki, "ca", ".pem");
	file = open_file(path);
	assert_int_equal(PEM_write_X509(file, pki->ca), 1);
	fclose(file);
	pki->ca_path = str_cstr(path);
	return pki;
}

void
pki_close(struct pki *pki)
{
	for (unsigned i = 0; i < pki->path_count; i++) {
		unlink(pki->paths[i]);
		free(pki->paths[i]);
	}
	rmdir(pki->folder);
	X509_free(pki->ca);
	EVP_PKEY_free(pki->key);
	free(pki);
}

static struct pki_leaf
issue(struct pki *pki, const char *names, const char *purposes, const char *usage, long from_s,
	long until_s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char name[32], *cert_path, *key_path;
	X509 *cert;
	FILE *file;

	assert_non_null(key);
	snprintf(name, sizeof name, "leaf-%u", pki->serial);
	cert = make_cert(pki, key, name, from_s, until_s);
	add_extension(cert, pki->ca, NID_basic_constraints, "critical,CA:FALSE");
	if (purposes != NULL)
		add_extension(cert, pki->ca, NID_ext_key_usage, purposes);
	if (usage != NULL)
		add_extension(cert, pki->ca, NID_key_usage, usage);
	if (names != NULL)
		add_extension(cert, pki->ca, NID_subject_alt_name, names);
	assert_true(X509_sign(cert, pki->key, EVP_sha256()) > 0);
	cert_path = path_of(pki, name, ".pem");
	file = open_file(cert_path);
	assert_int_equal(PEM_write_X509(file, cert), 1);
	fclose(file);
	key_path = path_of(pki, name, ".key");
	file = open_file(key_path);
	assert_int_equal(chmod(key_path, 0600), 0);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
	return (struct pki_leaf){ str_cstr(cert_path), str_cstr(key_path) };
}

struct pki_leaf
pki_issue(struct pki *pki, const char *names, long from_s, long until_s)
{
	return issue(pki, names, "serverAuth,clientAuth", NULL, from_s, until_s);
}

struct pki_leaf
pki_for(struct pki *pki, const char *names, const char *purposes, const char *usage)
{
	return issue(pki, names, purposes, usage, -3600, 3600);
}

static void
put_revoked(X509_CRL *crl, const char *path)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	FILE *file = fopen(path, "r");
	X509 *cert = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

	assert_true(revoked != NULL && cert != NULL);
	fclose(file);
	X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(cert));
	X509_REVOKED_set_revocationDate(revoked, X509_getm_notBefore(cert));
	assert_int_equal(X509_CRL_add0_revoked(crl, revoked), 1);
	X509_free(cert);
}

struct str
pki_crl(struct pki *pki, const char *revoked, long from_s, long until_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = X509_gmtime_adj(NULL, from_s);
	char name[32], *path;
	FILE *file;

	assert_true(crl != NULL && time != NULL);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(pki->ca));
	X509_CRL_set1_lastUpdate(crl, time);
	X509_gmtime_adj(time, until_s);
	X509_CRL_set1_nextUpdate(crl, time);
	if (revoked != NULL)
		put_revoked(crl, revoked);
	assert_true(X509_CRL_sign(crl, pki->key, EVP_sha256()) > 0);
	snprintf(name, sizeof name, "list-%u", ++pki->serial);
	path = path_of(pki, name, ".crl");
	file = open_file(path);
	assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
	fclose(file);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
	return str_cstr(path);
}

struct pki_leaf
pki_leaf(struct pki *pki, const char *names)
{
	return pki_issue(pki, names, -3600, 3600);
}

struct str
pki_ca(const struct pki *pki)
{
	return pki->ca_path;
}

struct str
pki_file(struct pki *pki, const char *name, struct str text)
{
	char *path = path_of(pki, name, "");
	FILE *file = open_file(path);

	assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
	fclose(file);
	return str_cstr(path);
}
