/* SPDX-License-Identifier: Apache-2.0 */
/* Records that cost work and say nothing, made by a client of the test's own from the keys of an
 * open connection: OpenSSL sends none of these. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls.h"
#include "support/pki.h"

enum { SECRET_BYTES = 32, KEY_BYTES = 16, IV_BYTES = 12, TAG_BYTES = 16, HEAD_BYTES = 5 };

/* What OpenSSL lets pass in a row: 32 empty records, 5 warnings. */
enum { EMPTY_MAX = 33, WARNINGS_MAX = 6, TRIES = 1000 };

static struct pki *pki;
static const struct service no_service;
static uint8_t secret[SECRET_BYTES];

struct peer {
	struct tls *server;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to, *from;
	struct tls_end *end;
	struct bytes out;
	uint8_t key[KEY_BYTES], iv[IV_BYTES];
	uint64_t sent;
};

static void
on_secret(const SSL *ssl, const char *line)
{
	static const char wanted[] = "CLIENT_TRAFFIC_SECRET_0 ";
	size_t len;

	(void)ssl;
	if (strncmp(line, wanted, sizeof wanted - 1) != 0)
		return;
	assert_int_equal(
		OPENSSL_hexstr2buf_ex(secret, sizeof secret, &len, strrchr(line, ' ') + 1, '\0'),
		1);
	assert_int_equal(len, sizeof secret);
}

/* HKDF-Expand-Label(secret, LABEL, "") of RFC 8446 7.1. */
static void
expand(const char *label, uint8_t *at, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	char digest[] = "SHA256", prefix[] = "tls13 ", text[8];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, sizeof secret),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, text, strlen(label)),
		OSSL_PARAM_construct_end(),
	};

	snprintf(text, sizeof text, "%s", label);
	assert_int_equal(EVP_KDF_derive(ctx, at, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
peer_open(struct peer *p)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct identity identity = { .certificate = leaf.certificate, .key = leaf.key };
	struct tls_options options = { .identities = &identity, .identity_count = 1 };
	enum tls_word word = TLS_WAITS;
	static char at[16384];
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	*p = (struct peer){ .server = tls_open(&options, &why),
		.ctx = SSL_CTX_new(TLS_client_method()) };
	assert_non_null(p->server);
	SSL_CTX_set_keylog_callback(p->ctx, on_secret);
	assert_int_equal(SSL_CTX_set_min_proto_version(p->ctx, TLS1_3_VERSION), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(p->ctx, "TLS_AES_128_GCM_SHA256"), 1);
	p->ssl = SSL_new(p->ctx);
	p->to = BIO_new(BIO_s_mem());
	p->from = BIO_new(BIO_s_mem());
	SSL_set_bio(p->ssl, p->from, p->to);
	SSL_set_connect_state(p->ssl);
	p->end = tls_end_serve(p->server, &no_service, &p->out);
	while (word == TLS_WAITS) {
		(void)SSL_do_handshake(p->ssl);
		tls_end_hear(p->end, str_of(at, (size_t)BIO_read(p->to, at, sizeof at)));
		word = tls_end_shake(p->end);
		BIO_write(p->from, p->out.at, (int)p->out.used);
		p->out.used = 0;
	}
	assert_int_equal(word, TLS_READY);
	expand("key", p->key, sizeof p->key);
	expand("iv", p->iv, sizeof p->iv);
}

static void
peer_close(struct peer *p)
{
	tls_end_close(p->end);
	bytes_free(&p->out);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	tls_close(p->server);
}

/* Says INNER, which ends with its type, as one record (RFC 8446 5.2), and what becomes of it. */
static enum tls_word
say(struct peer *p, struct str inner, size_t *got)
{
	uint8_t record[128] = { 0x17, 3, 3, 0, (uint8_t)(inner.len + TAG_BYTES) };
	uint8_t nonce[IV_BYTES], *body = record + HEAD_BYTES;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	char plain[64];
	int len;

	memcpy(nonce, p->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[IV_BYTES - 1 - i] ^= (uint8_t)(p->sent >> (8 * i));
	p->sent++;
	assert_int_equal(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, p->key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(cipher, NULL, &len, record, HEAD_BYTES), 1);
	assert_int_equal(
		EVP_EncryptUpdate(cipher, body, &len, (const uint8_t *)inner.at, (int)inner.len),
		1);
	assert_int_equal(EVP_EncryptFinal_ex(cipher, body + inner.len, &len), 1);
	assert_int_equal(
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + inner.len), 1);
	EVP_CIPHER_CTX_free(cipher);
	tls_end_hear(p->end, str_of(record, HEAD_BYTES + inner.len + TAG_BYTES));
	return tls_end_read(p->end, plain, sizeof plain, got);
}

/* Says INNER until it is cut off, at most TRIES times. Ends: how often. */
static unsigned
flood(struct peer *p, struct str inner)
{
	size_t got;

	for (unsigned i = 1; i <= TRIES; i++)
		if (say(p, inner, &got) == TLS_BROKEN)
			return i;
	return TRIES + 1;
}

/* The test's own records are what the peer of an open connection may say. */
static void
an_honest_record_is_read(void **state)
{
	struct peer p;
	size_t got;

	(void)state;
	peer_open(&p);
	assert_int_equal(say(&p, STR("REGISTER\x17"), &got), TLS_READY);
	assert_int_equal(got, 8);
	assert_int_equal(say(&p, STR("\x17"), &got), TLS_WAITS);
	assert_int_equal(say(&p, STR("x\x17"), &got), TLS_READY);
	assert_int_equal(got, 1);
	peer_close(&p);
}

/* T8b */
static void
endless_empty_records_end(void **state)
{
	struct peer p;

	(void)state;
	peer_open(&p);
	assert_in_range(flood(&p, STR("\x17")), 2, EMPTY_MAX);
	assert_true(str_holds_alike(tls_end_why(p.end), STR("[tls-")));
	peer_close(&p);
}

/* T8b */
static void
endless_warnings_end(void **state)
{
	static const char user_canceled[] = { 1, 90, 0x15 };
	struct peer p;

	(void)state;
	peer_open(&p);
	assert_in_range(flood(&p, str_of(user_canceled, sizeof user_canceled)), 1, WARNINGS_MAX);
	assert_true(str_holds_alike(tls_end_why(p.end), STR("[tls-")));
	peer_close(&p);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("flood test CA");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_record_is_read),
		cmocka_unit_test(endless_empty_records_end),
		cmocka_unit_test(endless_warnings_end),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
