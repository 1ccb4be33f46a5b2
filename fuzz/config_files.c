/* SPDX-License-Identifier: Apache-2.0 */
#include "config_files.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { DAY_S = 24 * 3600, PEM_BYTES = 2048, LARGE_BYTES = 5000 };

static void
put_file(enum config_file number, mode_t mode, struct str octets)
{
	int file = memfd_create("beside", 0);

	fuzz_check(file >= 0 && dup2(file, (int)number) == (int)number, STR_NONE);
	close(file);
	fuzz_check(write((int)number, octets.at, octets.len) == (ssize_t)octets.len, STR_NONE);
	fuzz_check(fchmod((int)number, mode) == 0, STR_NONE);
}

/* What was written to BIO, which is given back. */
static void
put_pem(enum config_file number, mode_t mode, BIO *bio)
{
	char text[PEM_BYTES];
	int len = BIO_read(bio, text, sizeof text);

	fuzz_check(len > 0 && len < PEM_BYTES, STR_NONE);
	put_file(number, mode, str_of(text, (size_t)len));
	BIO_free(bio);
}

static void
put_key(enum config_file number, mode_t mode, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	fuzz_check(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, STR_NONE);
	put_pem(number, mode, bio);
}

static void
put_certificate(enum config_file number, EVP_PKEY *key, long from_s, long until_s)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	BIO *bio = BIO_new(BIO_s_mem());
	X509_EXTENSION *names = X509V3_EXT_conf_nid(
		NULL, NULL, NID_subject_alt_name, "DNS:a.example,IP:127.0.0.1,URI:sip:b.example");

	X509_set_version(cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), until_s);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)"a.example", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	fuzz_check(names != NULL && X509_add_ext(cert, names, -1) == 1, STR_NONE);
	fuzz_check(X509_sign(cert, key, EVP_sha256()) > 0, STR_NONE);
	fuzz_check(PEM_write_bio_X509(bio, cert) == 1, STR_NONE);
	put_pem(number, 0644, bio);
	X509_EXTENSION_free(names);
	X509_free(cert);
}

static void
put_crl(enum config_file number, EVP_PKEY *key)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *name = X509_NAME_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)"a.example", -1, -1, 0);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, name);
	X509_CRL_set1_lastUpdate(crl, now);
	fuzz_check(X509_CRL_sign(crl, key, EVP_sha256()) > 0, STR_NONE);
	fuzz_check(PEM_write_bio_X509_CRL(bio, crl) == 1, STR_NONE);
	put_pem(number, 0644, bio);
	ASN1_TIME_free(now);
	X509_NAME_free(name);
	X509_CRL_free(crl);
}

void
config_files_open(void)
{
	static const char large[LARGE_BYTES];
	static bool is_open;
	EVP_PKEY *key, *other;

	if (is_open)
		return;
	is_open = true;
	key = EVP_EC_gen("P-256");
	other = EVP_EC_gen("P-256");
	fuzz_check(key != NULL && other != NULL, STR_NONE);
	put_certificate(FILE_CERTIFICATE, key, -DAY_S, 100 * DAY_S);
	put_key(FILE_KEY, 0600, key);
	put_key(FILE_OTHER_KEY, 0600, other);
	put_crl(FILE_CRL, key);
	put_certificate(FILE_SOON, key, -DAY_S, 3 * DAY_S);
	put_certificate(FILE_EXPIRED, key, -2 * DAY_S, -DAY_S);
	put_certificate(FILE_EARLY, key, DAY_S, 2 * DAY_S);
	put_file(FILE_SECRET, 0600, STR("Zq81!kept\r\n"));
	put_file(FILE_EMPTY, 0644, STR("\n"));
	put_file(FILE_LARGE, 0644, str_of(large, sizeof large));
	put_key(FILE_OPEN_KEY, 0644, key);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
