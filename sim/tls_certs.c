/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_certs.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/panic.h"

enum { KEPT_MAX = 256, NAME_BYTES = 64, PATH_BYTES = 96, KEY_BYTES = 32 };

struct kept {
	enum cert_kind kind;
	char name[NAME_BYTES];
	X509 *cert;
};

struct certs {
	EVP_PKEY *ca_key, *other_key, *leaf_key;
	X509 *ca, *other_ca, *middle;
	long serial;
	unsigned kept_count;
	struct kept kept[KEPT_MAX];
	char folder[PATH_BYTES / 2], ca_path[PATH_BYTES], our_path[PATH_BYTES],
		key_path[PATH_BYTES];
};

static EVP_PKEY *
make_key(uint8_t number)
{
	uint8_t octets[KEY_BYTES] = { number, 1, 2, 3 };
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, octets, sizeof octets);

	must(key != NULL);
	return key;
}

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static X509 *
make_cert(struct certs *c, EVP_PKEY *key, const char *name, const char *from, const char *until)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	must(X509_set_version(cert, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++c->serial);
	must(ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), from) == 1);
	must(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), until) == 1);
	must(X509_set_pubkey(cert, key) == 1);
	must(X509_NAME_add_entry_by_txt(
		     subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1);
	return cert;
}

static void
sign(X509 *cert, const X509 *issuer, EVP_PKEY *key)
{
	must(X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1);
	must(X509_sign(cert, key, NULL) > 0);
}

static X509 *
make_ca(struct certs *c, EVP_PKEY *key, const char *name)
{
	X509 *ca = make_cert(c, key, name, "20000101000000Z", "20990101000000Z");

	add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	sign(ca, ca, key);
	return ca;
}

/* ---- leaves -------------------------------------------------------------------------------- */

static void
add_name(GENERAL_NAMES *names, int type, const void *at, size_t len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value =
		type == GEN_IPADD ? (ASN1_STRING *)ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	must(ASN1_STRING_set(value, at, (int)len) == 1);
	GENERAL_NAME_set0_value(name, type, value);
	sk_GENERAL_NAME_push(names, name);
}

static void
add_text(GENERAL_NAMES *names, int type, const char *before, const char *text)
{
	char all[2 * NAME_BYTES];
	int len = snprintf(all, sizeof all, "%s%s", before, text);

	add_name(names, type, all, (size_t)len);
}

static void
add_ip(GENERAL_NAMES *names, const char *ip)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, ip, octets) == 1)
		add_name(names, GEN_IPADD, octets, 4);
	else if (inet_pton(AF_INET6, ip, octets) == 1)
		add_name(names, GEN_IPADD, octets, 16);
}

static void
add_nul(GENERAL_NAMES *names, int type, const char *before, const char *name)
{
	char all[2 * NAME_BYTES];
	int len = snprintf(all, sizeof all, "%s%s%c.evil.example", before, name, '\0');

	add_name(names, type, all, (size_t)len);
}

static void
add_upper(GENERAL_NAMES *names, const char *name)
{
	char all[NAME_BYTES];
	size_t len = 0;

	for (; name[len] != '\0'; len++)
		all[len] =
			(char)(name[len] >= 'a' && name[len] <= 'z' ? name[len] - 32 : name[len]);
	add_name(names, GEN_DNS, all, len);
}

static void
add_names(GENERAL_NAMES *names, enum cert_kind kind, const char *name, const char *ip)
{
	const char *dot = strchr(name, '.');
	const char *rest = dot != NULL ? dot + 1 : name;

	switch (kind) {
	case CERT_URI: add_text(names, GEN_URI, "sip:", name); return;
	case CERT_SECOND:
		add_text(names, GEN_DNS, "first.", name);
		add_text(names, GEN_DNS, "", name);
		return;
	case CERT_UPPER: add_upper(names, name); return;
	case CERT_OTHER: add_text(names, GEN_DNS, "", "somebody.else.example"); return;
	case CERT_PREFIXED: add_text(names, GEN_DNS, "x", name); return;
	case CERT_PARENT: add_text(names, GEN_DNS, "", rest); return;
	case CERT_NUL: add_nul(names, GEN_DNS, "", name); return;
	case CERT_URI_NUL: add_nul(names, GEN_URI, "sip:", name); return;
	case CERT_WILDCARD: add_text(names, GEN_DNS, "*.", rest); return;
	case CERT_IP_ONLY: add_ip(names, ip); return;
	case CERT_URI_USER: add_text(names, GEN_URI, "sip:user@", name); return;
	case CERT_URI_SIPS: add_text(names, GEN_URI, "sips:", name); return;
	case CERT_URI_OTHER:
		add_text(names, GEN_URI, "sip:", "somebody.else.example");
		add_text(names, GEN_DNS, "", name);
		return;
	case CERT_CN_ONLY: return;
	case CERT_DNS:
	case CERT_STRANGE_CA:
	case CERT_SELF_SIGNED:
	case CERT_EXPIRED:
	case CERT_NOT_YET:
	case CERT_CLIENT:
	case CERT_NO_CA:
	case CERT_KINDS: break;
	}
	add_text(names, GEN_DNS, "", name);
	if (strcmp(name, ip) == 0)
		add_ip(names, ip);
}

static X509 *
make_leaf(struct certs *c, enum cert_kind kind, const char *name, const char *ip)
{
	const char *from = kind == CERT_NOT_YET ? "20980101000000Z" : "20000101000000Z";
	const char *until = kind == CERT_EXPIRED ? "20010101000000Z" : "20990101000000Z";
	X509 *leaf = make_cert(c, c->leaf_key, name, from, until);
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	add_extension(leaf, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(leaf, NID_ext_key_usage,
		kind == CERT_CLIENT ? "clientAuth" : "serverAuth,clientAuth");
	add_names(names, kind, name, ip);
	if (sk_GENERAL_NAME_num(names) > 0)
		must(X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, 0) == 1);
	GENERAL_NAMES_free(names);
	if (kind == CERT_SELF_SIGNED)
		sign(leaf, leaf, c->leaf_key);
	else if (kind == CERT_STRANGE_CA)
		sign(leaf, c->other_ca, c->other_key);
	else if (kind == CERT_NO_CA)
		sign(leaf, c->middle, c->leaf_key);
	else
		sign(leaf, c->ca, c->ca_key);
	return leaf;
}

/* ---- the public part ----------------------------------------------------------------------- */

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "w");

	must(file != NULL && chmod(path, 0600) == 0);
	return file;
}

static void
write_cert(const char *path, X509 *cert)
{
	FILE *file = open_file(path);

	must(PEM_write_X509(file, cert) == 1);
	fclose(file);
}

struct certs *
certs_open(const char *server_name)
{
	struct certs *c = calloc(1, sizeof *c);
	X509 *ours;
	FILE *file;

	must(c != NULL);
	snprintf(c->folder, sizeof c->folder, "/tmp/sipward-sim-XXXXXX");
	/* Paths stand in lines of the log, and these in the hash of a run: they have no name of
	 * the day in them. */
	must(mkdtemp(c->folder) != NULL && chdir(c->folder) == 0);
	snprintf(c->ca_path, sizeof c->ca_path, "ca.pem");
	snprintf(c->our_path, sizeof c->our_path, "our.pem");
	snprintf(c->key_path, sizeof c->key_path, "our.key");
	c->ca_key = make_key(1);
	c->other_key = make_key(2);
	c->leaf_key = make_key(3);
	c->ca = make_ca(c, c->ca_key, "the CA");
	c->other_ca = make_ca(c, c->other_key, "another CA");
	c->middle = make_leaf(c, CERT_DNS, "middle.example", "");
	ours = make_leaf(c, CERT_DNS, server_name, "");
	write_cert(c->ca_path, c->ca);
	write_cert(c->our_path, ours);
	X509_free(ours);
	file = open_file(c->key_path);
	must(PEM_write_PrivateKey(file, c->leaf_key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	return c;
}

void
certs_close(struct certs *c)
{
	for (unsigned i = 0; i < c->kept_count; i++)
		X509_free(c->kept[i].cert);
	X509_free(c->ca);
	X509_free(c->other_ca);
	X509_free(c->middle);
	EVP_PKEY_free(c->ca_key);
	EVP_PKEY_free(c->other_key);
	EVP_PKEY_free(c->leaf_key);
	unlink(c->ca_path);
	unlink(c->our_path);
	unlink(c->key_path);
	rmdir(c->folder);
	free(c);
}

const char *
certs_ca_path(const struct certs *c)
{
	return c->ca_path;
}

const char *
certs_our_path(const struct certs *c)
{
	return c->our_path;
}

const char *
certs_our_key_path(const struct certs *c)
{
	return c->key_path;
}

void
certs_show(struct certs *c, SSL *ssl, enum cert_kind kind, const char *name, const char *ip)
{
	struct kept *kept = NULL;

	for (unsigned i = 0; i < c->kept_count && kept == NULL; i++)
		if (c->kept[i].kind == kind && strcmp(c->kept[i].name, name) == 0)
			kept = &c->kept[i];
	if (kept == NULL) {
		must(c->kept_count < KEPT_MAX && strlen(name) < NAME_BYTES);
		kept = &c->kept[c->kept_count++];
		kept->kind = kind;
		snprintf(kept->name, sizeof kept->name, "%s", name);
		kept->cert = make_leaf(c, kind, name, ip);
	}
	must(SSL_use_certificate(ssl, kept->cert) == 1);
	must(SSL_use_PrivateKey(ssl, c->leaf_key) == 1);
	if (kind == CERT_NO_CA)
		must(SSL_add1_chain_cert(ssl, c->middle) == 1);
}

void
certs_trust(struct certs *c, SSL_CTX *ctx)
{
	must(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), c->ca) == 1);
}

bool
cert_kind_is_good(enum cert_kind kind, bool is_ip_wanted)
{
	if (is_ip_wanted)
		return kind == CERT_DNS || kind == CERT_IP_ONLY;
	return kind < CERT_GOOD_MAX;
}

const char *
cert_kind_name(enum cert_kind kind)
{
	static const char *const names[CERT_KINDS] = { "dNSName", "URI", "second dNSName",
		"capitals", "somebody else", "x before the name", "parent domain", "strange CA",
		"self-signed", "expired", "not yet", "NUL in dNSName", "NUL in URI", "CN only",
		"wildcard", "address only", "URI with user", "URI of somebody else", "sips URI",
		"for clients only", "issued by a leaf" };

	return names[kind];
}
