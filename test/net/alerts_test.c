/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that end a handshake themselves, and peers that have nothing in common with us. */
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/handshakes.h"
#include "support/tlsbed.h"

/* ---- ours, that the peer does not accept --------------------------------------------------- */

static int
say_no(X509_STORE_CTX *store, void *error)
{
	X509_STORE_CTX_set_error(store, *(const int *)error);
	return 0;
}

static void
a_phone_that_refuses_us(void **state)
{
	static const struct {
		int error;
		enum tls_why why;
	} cases[] = {
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, WHY_OURS_CA },
		{ X509_V_ERR_HOSTNAME_MISMATCH, WHY_OURS_BAD },
		{ X509_V_ERR_CERT_HAS_EXPIRED, WHY_OURS_EXPIRED },
		{ X509_V_ERR_CERT_REVOKED, WHY_OURS_REVOKED },
		{ X509_V_ERR_INVALID_PURPOSE, WHY_OURS_USE },
		{ X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED, WHY_OURS_UNKNOWN },
		{ X509_V_ERR_APPLICATION_VERIFICATION, WHY_NOTHING_SHARED },
		{ X509_V_ERR_UNSPECIFIED, WHY_FAULT_THERE },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		SSL_CTX *ctx = mint_context(TLS_client_method(), NULL);
		int error = cases[i / 2].error;
		struct tlsbed s;

		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, say_no, &error);
		SSL_CTX_set_max_proto_version(ctx, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
		tlsbed_serve(&s, ctx);
		tlsbed_shake(&s);
		tlsbed_expect(&s, cases[i / 2].why, "");
	}
}

/* A record with a fatal alert, as a peer may send it in clear until keys are there. */
static void
say_alert(struct tlsbed *s, int alert)
{
	char record[] = { 0x15, 3, 3, 0, 2, 2, (char)alert };

	tlsbed_hear(s, str_of(record, sizeof record));
}

static void
a_server_that_refuses_us(void **state)
{
	static const struct {
		int alert;
		enum tls_why why;
		const char *fact;
	} cases[] = {
		{ 48, WHY_CLIENT_CA, "" },
		{ 42, WHY_CLIENT_BAD, "" },
		{ 45, WHY_CLIENT_EXPIRED, "" },
		{ 44, WHY_CLIENT_REVOKED, "" },
		{ 43, WHY_CLIENT_USE, "" },
		{ 46, WHY_CLIENT_UNKNOWN, "" },
		{ 49, WHY_CLIENT_DENIED, "" },
		{ 116, WHY_CLIENT_WANTED, "" },
		{ 40, WHY_NOTHING_SHARED, "" },
		{ 70, WHY_VERSION_REFUSED, "" },
		{ 71, WHY_TOO_WEAK, "" },
		{ 80, WHY_FAULT_THERE, "" },
		{ 112, WHY_SNI, ": a.example; " },
		{ 120, WHY_PROTOCOL_REFUSED, "" },
		{ 50, WHY_BROKEN_THERE, "decode error" },
		{ 51, WHY_BROKEN_THERE, "decrypt error" },
		{ 10, WHY_BROKEN_THERE, "unexpected_message" },
		{ 110, WHY_ALERT, "unsupported extension" },
	};
	struct str trust = tlsbed_file(LIST(tlsbed_root()));

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tlsbed s;

		tlsbed_dial(&s, trust, STR("a.example"), NULL);
		say_alert(&s, cases[i].alert);
		tlsbed_expect(&s, cases[i].why, cases[i].fact);
	}
}

/* A phone that has got our certificate says in clear that it knows us and does not want us. */
static void
a_phone_that_denies_us(void **state)
{
	static char at[65536];
	struct tlsbed s;
	int len;

	(void)state;
	tlsbed_serve(&s, mint_context(TLS_client_method(), NULL));
	(void)SSL_do_handshake(s.ssl);
	len = BIO_read(s.to, at, sizeof at);
	tlsbed_hear(&s, str_of(at, (size_t)len));
	assert_int_equal(s.word, TLS_WAITS);
	say_alert(&s, 49);
	tlsbed_expect(&s, WHY_OURS_DENIED, "");
}

static void
a_server_that_wants_a_certificate(void **state)
{
	const struct mint *leaf =
		mint(&(struct mint_wish){ .issuer = tlsbed_root(), .sans = "DNS:a.example" });
	SSL_CTX *ctx = mint_context(TLS_server_method(), LIST(leaf));
	struct tlsbed s;

	(void)state;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	tlsbed_dial(&s, tlsbed_file(LIST(tlsbed_root())), STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_CLIENT_WANTED, "");
	ctx = mint_context(TLS_server_method(), LIST(leaf));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	tlsbed_dial(&s, tlsbed_file(LIST(tlsbed_root())), STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_NOTHING_SHARED, "");
}

/* What we would say to a phone that shows none, where one is demanded. */
static void
a_phone_without_a_certificate(void **state)
{
	SSL_CTX *server = mint_context(
		TLS_server_method(), LIST(mint(&(struct mint_wish){ .issuer = tlsbed_root() })));
	SSL_CTX *client = mint_context(TLS_client_method(), NULL);
	SSL *a = SSL_new(client), *b = SSL_new(server);
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
	char text[1024];
	struct buf whole = buf_on(text, sizeof text);

	(void)state;
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(a, down, up);
	SSL_set_bio(b, up, down);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	SSL_set_verify(b, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	for (int i = 0; i < 4; i++) {
		(void)SSL_do_handshake(a);
		ERR_clear_error();
		(void)SSL_do_handshake(b);
		if (ERR_peek_last_error() != 0)
			break;
	}
	tls_why_put(&whole, tls_why_of_error(ERR_peek_last_error(), TLS_SERVED), STR(""));
	tlsbed_expect_text(WHY_CERT_NONE, buf_str(&whole), "");
	SSL_free(a);
	SSL_free(b);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}

/* ---- nothing in common ---------------------------------------------------------------------- */

static int
refuse_sni(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)arg;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* rows: R8996 */
static void
a_phone_with_nothing_in_common(void **state)
{
	static const unsigned char h2[] = "\2h2";
	SSL_CTX *ctx = mint_context(TLS_client_method(), NULL);
	struct tlsbed s;

	(void)state;
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	tlsbed_serve(&s, ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_VERSION_OFFERED, "");
	ctx = mint_context(TLS_client_method(), NULL);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-SHA");
	tlsbed_serve(&s, ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_CIPHER, "");
	ctx = mint_context(TLS_client_method(), NULL);
	SSL_CTX_set1_groups_list(ctx, "P-521");
	tlsbed_serve(&s, ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_GROUP, "");
	ctx = mint_context(TLS_client_method(), NULL);
	SSL_CTX_set1_sigalgs_list(ctx, "RSA-PSS+SHA256");
	tlsbed_serve(&s, ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_SIGNATURE, "");
	ctx = mint_context(TLS_client_method(), NULL);
	SSL_CTX_set_alpn_protos(ctx, h2, sizeof h2 - 1);
	tlsbed_serve(&s, ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_PROTOCOL, "");
}

static SSL_CTX *
server(void)
{
	return mint_context(TLS_server_method(),
		LIST(mint(
			&(struct mint_wish){ .issuer = tlsbed_root(), .sans = "DNS:a.example" })));
}

/* A ServerHello of TLS 1.0, whatever was offered. */
static const char old_hello[] = "\x16\3\1\0\x2a\2\0\0\x26\3\1"
				"0123456789abcdef0123456789abcdef"
				"\0\xc0\x09\0";

static void
a_server_with_nothing_in_common(void **state)
{
	struct str trust = tlsbed_file(LIST(tlsbed_root()));
	SSL_CTX *ctx = server();
	struct tlsbed s;

	(void)state;
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	tlsbed_dial(&s, trust, STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_VERSION_REFUSED, "");
	tlsbed_dial(&s, trust, STR("a.example"), NULL);
	tlsbed_hear(&s, str_of(old_hello, sizeof old_hello - 1));
	tlsbed_expect(&s, WHY_VERSION_ANSWERED, "");
	ctx = server();
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-SHA");
	tlsbed_dial(&s, trust, STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_NOTHING_SHARED, "");
	ctx = server();
	SSL_CTX_set1_groups_list(ctx, "P-521");
	tlsbed_dial(&s, trust, STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_NOTHING_SHARED, "");
	ctx = server();
	SSL_CTX_set_tlsext_servername_callback(ctx, refuse_sni);
	tlsbed_dial(&s, trust, STR("a.example"), ctx);
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_SNI, ": a.example; ");
}

static void
all_of_the_list_were_seen(void **state)
{
	(void)state;
	tlsbed_expect_all(by_alerts, BY_ALERTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_that_refuses_us),
		cmocka_unit_test(a_server_that_refuses_us),
		cmocka_unit_test(a_phone_that_denies_us),
		cmocka_unit_test(a_server_that_wants_a_certificate),
		cmocka_unit_test(a_phone_without_a_certificate),
		cmocka_unit_test(a_phone_with_nothing_in_common),
		cmocka_unit_test(a_server_with_nothing_in_common),
		cmocka_unit_test(all_of_the_list_were_seen),
	};

	return cmocka_run_group_tests(tests, tlsbed_open, tlsbed_close);
}
