/* SPDX-License-Identifier: Apache-2.0 */
/* What others let a TLS client take from one connection to the next, or begin anew inside one: rows
 * 112 and 116 of test/catalogue/rows.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <cmocka.h>

#include "net/tls.h"
#include "support/pki.h"

#define CVE(row, about, function)                                 \
	{                                                         \
		"cve/" #row " " about, function, NULL, NULL, NULL \
	}

static struct pki *pki;
static const struct service service = { .client = CLIENT_OPTIONAL };

/* A client of the test's own, and our end of its connection. */
struct pair {
	SSL *ssl;
	BIO *to, *from;
	struct tls_end *end;
	struct bytes out;
	enum tls_word word;
};

static struct tls *
open_server(void)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct tls_options options = { .identities =
					       &(struct identity){ .certificate = leaf.certificate,
						       .key = leaf.key,
						       .trust = pki_ca(pki) },
		.identity_count = 1 };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct tls *tls = tls_open(&options, &why);

	assert_non_null(tls);
	return tls;
}

/* What the client has to say goes to us, and our answer back. */
static void
move(struct pair *p)
{
	static char at[65536];
	char plain[256];
	size_t got;
	int len = BIO_read(p->to, at, sizeof at);

	if (len > 0) {
		tls_end_hear(p->end, str_of(at, (size_t)len));
		p->word = p->word == TLS_WAITS ? tls_end_shake(p->end)
					       : tls_end_read(p->end, plain, sizeof plain, &got);
		if (p->word == TLS_WAITS && SSL_is_init_finished(p->ssl))
			p->word = TLS_READY;
	}
	if (p->out.used > 0)
		BIO_write(p->from, p->out.at, (int)p->out.used);
	p->out.used = 0;
}

static void
pair_open(struct pair *p, SSL_CTX *ctx, struct tls *server, SSL_SESSION *session)
{
	*p = (struct pair){ .ssl = SSL_new(ctx), .word = TLS_WAITS };
	p->to = BIO_new(BIO_s_mem());
	p->from = BIO_new(BIO_s_mem());
	p->end = tls_end_serve(server, &service, &p->out);
	SSL_set_bio(p->ssl, p->from, p->to);
	SSL_set_connect_state(p->ssl);
	SSL_set_tlsext_host_name(p->ssl, "a.example");
	if (session != NULL)
		assert_int_equal(SSL_set_session(p->ssl, session), 1);
	for (int i = 0; i < 6 && p->word == TLS_WAITS; i++) {
		ERR_clear_error();
		(void)SSL_do_handshake(p->ssl);
		move(p);
	}
	assert_int_equal(p->word, TLS_READY);
}

static void
pair_close(struct pair *p)
{
	tls_end_close(p->end);
	bytes_free(&p->out);
	SSL_free(p->ssl);
}

/* Whoever may have to show a certificate is asked everything again, in every version, whatever it
 * kept. */
static void
nobody_goes_on_with_a_session(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		struct tls *server = open_server();
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		SSL_SESSION *session;
		struct pair p;
		char octet;

		SSL_CTX_set_min_proto_version(ctx, versions[i]);
		SSL_CTX_set_max_proto_version(ctx, versions[i]);
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
		pair_open(&p, ctx, server, NULL);
		assert_true(tls_end_write(p.end, STR("x")));
		move(&p);
		assert_int_equal(SSL_read(p.ssl, &octet, 1), 1); /* and tickets, if any */
		session = SSL_get1_session(p.ssl);
		assert_non_null(session);
		assert_false(SSL_SESSION_has_ticket(session));
		assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
		(void)SSL_shutdown(p.ssl);
		move(&p);
		tls_end_shut(p.end); /* a session that ends badly is kept by nobody */
		pair_close(&p);
		pair_open(&p, ctx, server, session);
		assert_false(SSL_session_reused(p.ssl));
		pair_close(&p);
		SSL_SESSION_free(session);
		SSL_CTX_free(ctx);
		tls_close(server);
	}
}

/* A client asks for a handshake inside its connection: there is none, and what it says is heard as
 * before, or the connection is over. */
static void
no_handshake_inside_a_connection(void **state)
{
	struct tls *server = open_server();
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct str version;
	struct pair p;
	char octet;

	(void)state;
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION); /* 1.3 knows none */
	pair_open(&p, ctx, server, NULL);
	assert_true(tls_end_write(p.end, STR("x")));
	move(&p);
	assert_int_equal(SSL_read(p.ssl, &octet, 1), 1);
	assert_int_equal(SSL_renegotiate(p.ssl), 1);
	for (int i = 0; i < 6; i++) {
		ERR_clear_error();
		(void)SSL_do_handshake(p.ssl);
		move(&p);
	}
	assert_true(SSL_renegotiate_pending(p.ssl));
	version = str_cstr(SSL_get_version(p.ssl));
	assert_true(str_same(version, STR("TLSv1.2")));
	pair_close(&p);
	SSL_CTX_free(ctx);
	tls_close(server);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("session test CA");
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
		CVE(112, "nobody goes on with a session", nobody_goes_on_with_a_session),
		CVE(116, "no handshake inside a connection", no_handshake_inside_a_connection),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
