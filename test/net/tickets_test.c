/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are gone on with, and those that must not be (T5, T6, T7). */
#include "net/tickets.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/contexts.h"
#include "net/tls.h"
#include "support/pki.h"

enum { A, B, IDENTITIES };

static struct pki *pki;
static struct identity identities[IDENTITIES];
static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static struct tls *
open_tls(void)
{
	struct tls_options options = { .identities = identities, .identity_count = IDENTITIES };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct tls *tls = tls_open(&options, &why);

	assert_non_null(tls);
	return tls;
}

/* Somebody who comes to a listener and asks for a name; *SESSION is what he goes on with if he can,
 * and then what he got. Ends: whether he went on with it. */
static bool
come(struct tls *tls, const struct service *service, const char *name, int version,
	SSL_SESSION **session)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 };
	struct tls_end *end = tls_end_serve(tls, service, &out);
	enum tls_word word = TLS_WAITS;
	static char at[32768];
	bool is_reused;
	SSL *ssl;

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	ssl = SSL_new(ctx);
	SSL_set_max_proto_version(ssl, version);
	SSL_set_bio(ssl, from, to);
	SSL_set_connect_state(ssl);
	assert_int_equal(SSL_set_tlsext_host_name(ssl, name), 1);
	if (*session != NULL)
		assert_int_equal(SSL_set_session(ssl, *session), 1);
	for (int i = 0; i < 6; i++) {
		int len;

		ERR_clear_error();
		(void)SSL_do_handshake(ssl);
		len = BIO_read(to, at, sizeof at);
		if (len > 0 && word == TLS_WAITS) {
			tls_end_hear(end, str_of(at, (size_t)len));
			word = tls_end_shake(end);
		}
		if (out.used > 0)
			BIO_write(from, out.at, (int)out.used);
		out.used = 0;
	}
	assert_int_equal(word, TLS_READY);
	(void)SSL_read(ssl, at, sizeof at); /* tickets */
	is_reused = SSL_session_reused(ssl);
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(ssl);
	/* T7: nothing may be said before the handshake is over. */
	assert_int_equal(SSL_SESSION_get_max_early_data(*session), 0);
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	tls_end_close(end);
	bytes_free(&out);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return is_reused;
}

/* Every pair of a first visit and a second one: only the same is gone on with. */
static void
a_session_goes_on_where_it_was_made_alone(void **state)
{
	static const struct {
		struct service service;
		const char *name;
	} visits[] = {
		{ { .identities = { A, B }, .identity_count = 2, .listener = 1 }, "a.example" },
		{ { .identities = { A, B }, .identity_count = 2, .listener = 1 }, "b.example" },
		{ { .identities = { A, B }, .identity_count = 2, .listener = 1 }, "c.example" },
		{ { .identities = { A, B }, .identity_count = 2, .listener = 2 }, "a.example" },
		{ { .identities = { B }, .identity_count = 1, .listener = 1 }, "a.example" },
		{ { .identities = { A },
			  .identity_count = 1,
			  .listener = 3,
			  .client = CLIENT_OPTIONAL },
			"a.example" },
	};
	enum { VISITS = sizeof visits / sizeof *visits };
	struct tls *tls = open_tls();

	(void)state;
	for (unsigned v = 0; v < 2; v++)
		for (unsigned first = 0; first < VISITS; first++)
			for (unsigned second = 0; second < VISITS; second++) {
				bool is_asked = visits[first].service.client != CLIENT_NONE;
				SSL_SESSION *session = NULL;
				bool goes_on;

				assert_false(come(tls, &visits[first].service, visits[first].name,
					versions[v], &session));
				assert_int_equal(SSL_SESSION_has_ticket(session), !is_asked);
				goes_on = come(tls, &visits[second].service, visits[second].name,
					versions[v], &session);
				assert_int_equal(goes_on, first == second && !is_asked);
				SSL_SESSION_free(session);
			}
	tls_close(tls);
}

static void
a_ticket_grows_old(void **state)
{
	const struct service service = { .identities = { A }, .identity_count = 1 };
	struct tls *tls = open_tls();
	SSL_SESSION *session = NULL, *old;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		(void)come(tls, &service, "a.example", versions[v], &session);
		old = SSL_SESSION_dup(session);
		assert_true(come(tls, &service, "a.example", versions[v], &session));
		tls_turn(tls, (v * 9 + 1) * (int64_t)TICKET_KEY_MS);
		assert_true(come(tls, &service, "a.example", versions[v], &session));
		SSL_SESSION_free(session);
		session = old;
		tls_turn(tls, (v * 9 + 2) * (int64_t)TICKET_KEY_MS);
		assert_false(come(tls, &service, "a.example", versions[v], &session));
		/* A long sleep forgets both. */
		tls_turn(tls, (v * 9 + 9) * (int64_t)TICKET_KEY_MS);
		assert_false(come(tls, &service, "a.example", versions[v], &session));
		SSL_SESSION_free(session);
		session = NULL;
	}
	tls_close(tls);
}

/* Another process, or other files and rules: the ticket is worth nothing, the connection is
 * fine. */
static void
a_ticket_is_of_one_process_and_its_rules(void **state)
{
	const struct service service = { .identities = { A }, .identity_count = 1 };
	struct identity stricter[IDENTITIES] = { identities[A], identities[B] };
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct tls *tls = open_tls(), *other = open_tls();
	SSL_SESSION *session = NULL;
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	(void)come(tls, &service, "a.example", TLS1_3_VERSION, &session);
	assert_false(come(other, &service, "a.example", TLS1_3_VERSION, &session));
	assert_true(come(other, &service, "a.example", TLS1_3_VERSION, &session));
	stricter[A].wants_tls13 = true;
	assert_true(tls_use(other, contexts_open(stricter, IDENTITIES, &why)));
	assert_false(come(other, &service, "a.example", TLS1_3_VERSION, &session));
	stricter[A].certificate = leaf.certificate;
	stricter[A].key = leaf.key;
	assert_true(tls_use(other, contexts_open(stricter, IDENTITIES, &why)));
	assert_false(come(other, &service, "a.example", TLS1_3_VERSION, &session));
	assert_true(come(other, &service, "a.example", TLS1_3_VERSION, &session));
	SSL_SESSION_free(session);
	tls_close(tls);
	tls_close(other);
}

/* T6e: whoever makes a ticket with a key of zeros, or without a key, is not believed. */
static void
a_key_of_zeros_reads_nothing(void **state)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
	uint8_t name[TICKET_NAME_BYTES] = { 0 }, made[TICKET_NAME_BYTES], iv[16] = { 0 };
	static const uint8_t zeros[TICKET_KEY_BYTES];
	struct tickets t;

	(void)state;
	tickets_open(&t, 0);
	assert_int_equal(tickets_use(&t, name, iv, cipher, mac, false), 0);
	assert_int_equal(tickets_use(&t, made, iv, cipher, mac, true), 1);
	assert_memory_not_equal(t.now.cipher, zeros, TICKET_KEY_BYTES);
	assert_memory_not_equal(t.now.mac, zeros, TICKET_KEY_BYTES);
	assert_memory_not_equal(iv, zeros, sizeof iv);
	assert_int_equal(tickets_use(&t, made, iv, cipher, mac, false), 1);
	tickets_turn(&t, TICKET_KEY_MS - 1);
	assert_int_equal(tickets_use(&t, made, iv, cipher, mac, false), 1);
	tickets_turn(&t, TICKET_KEY_MS);
	assert_int_equal(tickets_use(&t, made, iv, cipher, mac, false), 2);
	assert_int_equal(tickets_use(&t, name, iv, cipher, mac, false), 0);
	tickets_close(&t);
	assert_memory_equal(t.now.cipher, zeros, TICKET_KEY_BYTES);
	EVP_CIPHER_CTX_free(cipher);
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(hmac);
}

static int
open_pki(void **state)
{
	static const char *const names[] = { "DNS:a.example", "DNS:b.example" };

	(void)state;
	pki = pki_open("tickets test CA");
	for (uint32_t i = 0; i < IDENTITIES; i++) {
		struct pki_leaf leaf = pki_leaf(pki, names[i]);

		identities[i] = (struct identity){ .name = str_cstr(names[i]),
			.certificate = leaf.certificate,
			.key = leaf.key,
			.trust = pki_ca(pki) };
	}
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	return 0;
}

/* T7: octets that came before the handshake was over are thrown away, whoever sends them. */
static void
early_data_is_not_read(void **state)
{
	static const struct service service = { .identities = { A }, .identity_count = 1 };
	static char at[32768];
	struct tls *tls = open_tls();
	SSL_SESSION *session = NULL;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 };
	enum tls_word word = TLS_WAITS;
	struct tls_end *end;
	size_t written, got;
	SSL *ssl;

	(void)state;
	(void)come(tls, &service, "a.example", TLS1_3_VERSION, &session);
	/* The ticket says none; this client does not care. */
	assert_int_equal(SSL_SESSION_set_max_early_data(session, 1024), 1);
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, from, to);
	SSL_set_connect_state(ssl);
	assert_int_equal(SSL_set_tlsext_host_name(ssl, "a.example"), 1);
	assert_int_equal(SSL_set_session(ssl, session), 1);
	assert_int_equal(SSL_write_early_data(ssl, "REGISTER ", 9, &written), 1);
	end = tls_end_serve(tls, &service, &out);
	for (int i = 0; i < 6; i++) {
		int len = BIO_read(to, at, sizeof at);

		if (len > 0) {
			tls_end_hear(end, str_of(at, (size_t)len));
			word = word == TLS_WAITS ? tls_end_shake(end) : word;
		}
		if (out.used > 0)
			BIO_write(from, out.at, (int)out.used);
		out.used = 0;
		ERR_clear_error();
		(void)SSL_do_handshake(ssl);
	}
	assert_int_equal(word, TLS_READY);
	assert_int_equal(SSL_get_early_data_status(ssl), SSL_EARLY_DATA_REJECTED);
	assert_int_equal(tls_end_read(end, at, sizeof at, &got), TLS_WAITS);
	assert_int_equal(got, 0);
	SSL_SESSION_free(session);
	tls_end_close(end);
	bytes_free(&out);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	tls_close(tls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_goes_on_where_it_was_made_alone),
		cmocka_unit_test(a_ticket_grows_old),
		cmocka_unit_test(a_ticket_is_of_one_process_and_its_rules),
		cmocka_unit_test(a_key_of_zeros_reads_nothing),
		cmocka_unit_test(early_data_is_not_read),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
