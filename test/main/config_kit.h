/* SPDX-License-Identifier: Apache-2.0 */
/* config_kit.h - a throw-away folder with certificates in it, and configurations read there. */
#ifndef TEST_MAIN_CONFIG_KIT_H
#define TEST_MAIN_CONFIG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "main/config.h"

static inline void
kit_write(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

/* Names of all that the configurations of these tests serve; the certificate `bare` has none. */
static inline void
kit_names(X509 *leaf)
{
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
		"DNS:example.com,DNS:example.org,DNS:sip.example.com,DNS:a.example,IP:127.0.0.1,"
		"IP:127.0.0.2,IP:::1");

	assert_non_null(names);
	assert_int_equal(X509_add_ext(leaf, names, -1), 1);
	X509_EXTENSION_free(names);
}

/* Writes NAME.pem, signed by itself and good between the two times, and NAME.key. */
static inline void
kit_certificate(const char *name, const char *from, const char *to, long days_left)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = X509_new();
	X509_NAME *subject = X509_get_subject_name(leaf);
	char path[64];
	FILE *file;

	X509_set_version(leaf, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(leaf), 1);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(leaf, subject);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notBefore(leaf), from), 1);
	if (days_left > 0)
		X509_gmtime_adj(X509_getm_notAfter(leaf), days_left * 24 * 3600 + 3600);
	else
		assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(leaf), to), 1);
	X509_set_pubkey(leaf, key);
	if (strcmp(name, "bare") != 0)
		kit_names(leaf);
	assert_true(X509_sign(leaf, key, EVP_sha256()) > 0);

	snprintf(path, sizeof path, "%s.pem", name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, leaf), 1);
	fclose(file);
	snprintf(path, sizeof path, "%s.key", name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	X509_free(leaf);
	EVP_PKEY_free(key);
}

/* Makes the folder and goes there. What the snapshots name is in it. */
static inline int
kit_open(void **state)
{
	static char folder[] = "/tmp/sipward-config-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	kit_certificate("leaf", "20200101000000Z", "20991231000000Z", 0);
	kit_certificate("other", "20200101000000Z", "20991231000000Z", 0);
	kit_certificate("bare", "20200101000000Z", "20991231000000Z", 0);
	kit_certificate("old", "20200101000000Z", "20210101000000Z", 0);
	kit_certificate("young", "20980101000000Z", "20991231000000Z", 0);
	kit_certificate("soon", "20200101000000Z", "", 10);
	kit_write("garbage.pem", "nothing here\n", 0644);
	kit_write("secret", "pass word\r\n", 0600);
	kit_write("empty", "\n", 0600);
	kit_write("shown", "seen by all\n", 0644);
	kit_write("two-lines", "one\ntwo\n", 0600);
	assert_int_equal(setenv("SIPWARD_TEST_SECRET", "from the environment", 1), 0);
	assert_int_equal(unsetenv("SIPWARD_TEST_NOTHING"), 0);
	return 0;
}

static inline int
kit_close(void **state)
{
	static const char *const names[] = { "leaf.pem", "leaf.key", "other.pem", "other.key",
		"bare.pem", "bare.key", "old.pem", "old.key", "young.pem", "young.key", "soon.pem",
		"soon.key", "garbage.pem", "secret", "empty", "shown", "two-lines",
		"sipward.yaml" };
	char folder[256];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	assert_non_null(getcwd(folder, sizeof folder));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

/* What config_open() said, and what it read. */
struct said {
	bool is_good;
	struct config config;
	char *text;
	size_t len;
};

static inline struct said
kit_read_file(const char *path)
{
	struct said said = { .is_good = false };
	FILE *errors = open_memstream(&said.text, &said.len);

	assert_non_null(errors);
	said.is_good = config_open(&said.config, path, errors);
	fclose(errors);
	return said;
}

static inline struct said
kit_read(const char *text)
{
	kit_write("sipward.yaml", text, 0644);
	return kit_read_file("sipward.yaml");
}

static inline void
kit_free(struct said *said)
{
	if (said->is_good)
		config_close(&said->config);
	free(said->text);
}

static inline unsigned
kit_count(const char *text, const char *part)
{
	unsigned count = 0;

	for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
		count++;
	return count;
}

/* TEXT is refused with exactly one error, which says PART. */
static inline void
kit_refused(const char *text, const char *part)
{
	struct said said = kit_read(text);

	if (said.is_good || kit_count(said.text, ": error: ") != 1 ||
		strstr(said.text, part) == NULL)
		fail_msg("not refused for \"%s\" alone:\n%s\n%s", part, text, said.text);
	kit_free(&said);
}

/* TEXT is taken, with WARNINGS warnings, the first of which says PART. */
static inline void
kit_taken(const char *text, unsigned warnings, const char *part)
{
	struct said said = kit_read(text);

	if (!said.is_good || kit_count(said.text, ": warning: ") != warnings ||
		strstr(said.text, part) == NULL)
		fail_msg("not taken with %u warnings:\n%s\n%s", warnings, text, said.text);
	kit_free(&said);
}

#endif
