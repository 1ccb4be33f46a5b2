/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/pki.h"
#include "support/tlspair.h"

enum { DAY_S = 86400, PLAIN_MAX = 256 * 1024, LOOP_MAX_S = 5 };

static struct pki *pki, *other_pki;
static const struct service no_service;
static const struct terms no_terms;

static struct tls *
open_many(const struct identity *identities, uint32_t count)
{
	struct tls_options options = { .identities = identities, .identity_count = count };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct tls *tls = tls_open(&options, &why);

	if (tls == NULL)
		fail_msg("tls_open: %.*s", (int)why.used, text);
	return tls;
}

static struct tls *
open_tls(struct identity own)
{
	return open_many(&own, 1);
}

static void
pair_open(struct pair *p, struct pki_leaf leaf, struct str trust, struct str name)
{
	*p = (struct pair){ .step = SIZE_MAX, .a_word = TLS_WAITS, .b_word = TLS_WAITS };
	p->server = open_tls((struct identity){ .certificate = leaf.certificate, .key = leaf.key });
	p->client = open_tls((struct identity){ .trust = trust });
	p->a = tls_end_dial(p->client, name, &no_terms, &p->a_out);
	p->b = tls_end_serve(p->server, &no_service, &p->b_out);
	assert_non_null(p->a);
}

static void
a_handshake_tells_who_is_there(void **state)
{
	struct secured secured;
	struct pair p;

	(void)state;
	pair_open(&p, pki_leaf(pki, "DNS:a.example"), pki_ca(pki), STR("A.example"));
	pair_shake(&p);
	assert_int_equal(p.a_word, TLS_READY);
	assert_int_equal(p.b_word, TLS_READY);
	tls_end_secured(p.a, &secured);
	assert_int_equal(secured.proof, PROOF_NAME);
	assert_true(str_same(secured.version, STR("TLSv1.3")));
	assert_true(str_begins(secured.cipher, STR("TLS_")));
	assert_true(str_same(secured.name, STR("A.example")));
	assert_int_equal(secured.named_by, NAMED_BY_DNS);
	assert_int_equal(secured.fingerprint.len, 32);
	tls_end_secured(p.b, &secured);
	assert_int_equal(secured.proof, PROOF_NONE);
	assert_int_equal(secured.named_by, NAMED_BY_NONE);
	assert_int_equal(secured.fingerprint.len, 0);
	assert_true(str_is_empty(secured.name));
	pair_close(&p);
}

/* cve/91: nobody waits for the octet that is missing, so whoever is slow keeps nobody. */
static void
one_octet_at_a_time_is_as_good(void **state)
{
	struct pair p;

	(void)state;
	alarm(LOOP_MAX_S);
	pair_open(&p, pki_leaf(pki, "IP:127.0.0.2"), pki_ca(pki), STR("127.0.0.2"));
	p.step = 1;
	pair_shake(&p);
	assert_int_equal(p.a_word, TLS_READY);
	assert_int_equal(p.b_word, TLS_READY);
	pair_close(&p);
	alarm(0);
}

/* Dials a server of the test's own, which shows its certificate even when it is out of date. */
static void
refuses(struct pki_leaf leaf, struct str trust, struct str name, const char *part)
{
	struct tls *client = open_tls((struct identity){ .trust = trust });
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 };
	struct tls_end *end = tls_end_dial(client, name, &no_terms, &out);
	enum tls_word word = TLS_WAITS;
	static char at[32768];

	assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, leaf.certificate.at), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, leaf.key.at, SSL_FILETYPE_PEM), 1);
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, from, to);
	SSL_set_accept_state(ssl);
	for (int i = 0; i < 6; i++) {
		int len;

		if (out.used > 0)
			BIO_write(from, out.at, (int)out.used);
		out.used = 0;
		ERR_clear_error();
		if (SSL_do_handshake(ssl) != 1 && word == TLS_BROKEN)
			break;
		len = BIO_read(to, at, sizeof at);
		if (len > 0 && word == TLS_WAITS) {
			tls_end_hear(end, str_of(at, (size_t)len));
			word = tls_end_shake(end);
		}
	}
	assert_int_equal(word, TLS_BROKEN);
	if (!str_holds_alike(tls_end_why(end), str_cstr(part)))
		fail_msg(
			"no \"%s\" in: %.*s", part, (int)tls_end_why(end).len, tls_end_why(end).at);
	/* It heard an alert, not silence. */
	assert_true(ERR_GET_REASON(ERR_peek_last_error()) > SSL_AD_REASON_OFFSET);
	tls_end_close(end);
	bytes_free(&out);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	tls_close(client);
}

static void
who_is_not_whom_we_wanted_is_refused_with_a_sentence(void **state)
{
	struct str ca = pki_ca(pki);
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example,IP:127.0.0.1");

	(void)state;
	refuses(leaf, ca, STR("b.example"),
		"wanted b.example, but the certificate names DNS:a.example, IP:127.0.0.1");
	refuses(leaf, ca, STR("127.0.0.2"), "wanted 127.0.0.2");
	refuses(pki_leaf(pki, "DNS:*.example"), ca, STR("a.example"), "DNS:*.example");
	refuses(pki_leaf(pki, NULL), ca, STR("leaf-1"), "names nothing");
	refuses(leaf, pki_ca(other_pki), STR("a.example"),
		"was issued by 'CN=tls test CA', which is not among the CAs in /tmp/");
	refuses(pki_issue(pki, "DNS:a.example", -2 * DAY_S, -DAY_S), ca, STR("a.example"),
		"expired on 2");
	refuses(pki_issue(pki, "DNS:a.example", DAY_S, 2 * DAY_S), ca, STR("a.example"),
		"is not valid before 2");
}

static void
names_that_no_certificate_holds_are_not_dialled(void **state)
{
	struct tls *tls = open_tls((struct identity){ .trust = pki_ca(pki) });
	static char longer[256];
	struct bytes out = { 0 };

	(void)state;
	memset(longer, 'a', sizeof longer);
	assert_null(tls_end_dial(tls, STR(""), &no_terms, &out));
	assert_null(tls_end_dial(tls, STR("a\0b"), &no_terms, &out));
	assert_null(tls_end_dial(tls, str_of(longer, sizeof longer), &no_terms, &out));
	bytes_free(&out);
	tls_close(tls);
}

/* Whether the ClientHello for NAME has a server name in it. */
static bool
hello_has(struct str name)
{
	struct tls *tls = open_tls((struct identity){ .trust = pki_ca(pki) });
	struct bytes out = { 0 };
	struct tls_end *end = tls_end_dial(tls, name, &no_terms, &out);
	bool has = str_holds_alike(bytes_str(&out), name);

	assert_int_equal(bytes_str(&out).at[0], 0x16);
	tls_end_close(end);
	bytes_free(&out);
	tls_close(tls);
	return has;
}

/* rows: R5922-7.8 */
static void
the_server_name_is_a_name(void **state)
{
	(void)state;
	assert_true(hello_has(STR("a.example")));
	assert_false(hello_has(STR("127.0.0.2")));
	assert_false(hello_has(STR("2001:db8::1")));
	assert_false(hello_has(STR("[2001:db8::1]")));
}

/* Hands all that FROM wrote to TO and reads what comes out; in pieces of STEP. */
static enum tls_word
talk(struct bytes *from, struct tls_end *to, struct bytes *heard, size_t step)
{
	static char at[4096];
	struct bytes taken = bytes_take(from);
	struct str rest = bytes_str(&taken);
	enum tls_word word = TLS_WAITS;
	size_t got;

	while (rest.len > 0 && word == TLS_WAITS) {
		tls_end_hear(to, str_upto(rest, step));
		rest = str_from(rest, step);
		while ((word = tls_end_read(to, at, sizeof at, &got)) == TLS_READY)
			bytes_put(heard, str_of(at, got));
	}
	bytes_free(&taken);
	return word;
}

static void
octets_arrive_whole_whatever_the_pieces(void **state)
{
	static const size_t steps[] = { 1, 5, 1000, 16384, SIZE_MAX };
	static char plain[50000];

	(void)state;
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct bytes heard = { 0 };
		struct pair p;

		pair_open(&p, pki_leaf(pki, "DNS:a.example"), pki_ca(pki), STR("a.example"));
		pair_shake(&p);
		assert_true(tls_end_write(p.a, STR("")));
		assert_true(tls_end_write(p.a, str_of(plain, sizeof plain)));
		assert_true(tls_end_write(p.a, STR("end")));
		assert_int_equal(talk(&p.a_out, p.b, &heard, steps[i]), TLS_WAITS);
		assert_int_equal(heard.used, sizeof plain + 3);
		assert_memory_equal(heard.at, plain, sizeof plain);
		tls_end_shut(p.a);
		assert_int_equal(talk(&p.a_out, p.b, &heard, steps[i]), TLS_OVER);
		bytes_free(&heard);
		pair_close(&p);
	}
}

static void
a_changed_octet_breaks_the_connection(void **state)
{
	struct bytes heard = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, pki_leaf(pki, "DNS:a.example"), pki_ca(pki), STR("a.example"));
	pair_shake(&p);
	assert_true(tls_end_write(p.a, STR("INVITE")));
	p.a_out.at[p.a_out.used - 3] ^= 1;
	assert_int_equal(talk(&p.a_out, p.b, &heard, SIZE_MAX), TLS_BROKEN);
	assert_int_equal(heard.used, 0);
	assert_false(tls_end_write(p.b, STR("x")));
	bytes_free(&heard);
	pair_close(&p);
}

/* A client of the test's own, with what CTX allows. */
static enum tls_word
serve_client(SSL_CTX *ctx, struct tls *server, char *why, size_t why_size)
{
	SSL *ssl = SSL_new(ctx);
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 };
	struct tls_end *end = tls_end_serve(server, &no_service, &out);
	enum tls_word word = TLS_WAITS;
	static char at[32768];

	SSL_set_bio(ssl, from, to);
	SSL_set_connect_state(ssl);
	for (int i = 0; i < 6 && word == TLS_WAITS; i++) {
		int len;

		(void)SSL_do_handshake(ssl);
		len = BIO_read(to, at, sizeof at);
		if (len > 0) {
			tls_end_hear(end, str_of(at, (size_t)len));
			word = tls_end_shake(end);
		}
		if (out.used > 0)
			BIO_write(from, out.at, (int)out.used);
		out.used = 0;
	}
	snprintf(why, why_size, "%.*s", (int)tls_end_why(end).len, tls_end_why(end).at);
	tls_end_close(end);
	bytes_free(&out);
	SSL_free(ssl);
	return word;
}

/* rows: R8996 R3261-26.2.1-a */
static void
old_versions_and_weak_ciphers_are_refused(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct tls *server =
		open_tls((struct identity){ .certificate = leaf.certificate, .key = leaf.key });
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	static const unsigned char h2[] = "\2h2", sip[] = "\2h2\5sip/2";
	char why[512];

	(void)state;
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_READY);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-SHA"), 1);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_BROKEN);
	assert_non_null(strstr(why, "no cipher"));
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL"), 1);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_BROKEN);
	assert_non_null(strstr(why, "no TLS version from 1.2"));
	SSL_CTX_free(ctx);

	ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_alpn_protos(ctx, sip, sizeof sip - 1);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_READY);
	SSL_CTX_set_alpn_protos(ctx, h2, sizeof h2 - 1);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_BROKEN);
	SSL_CTX_free(ctx);
	tls_close(server);
}

static void
endless_key_updates_end(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct tls *server =
		open_tls((struct identity){ .certificate = leaf.certificate, .key = leaf.key });
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 }, heard = { 0 };
	struct tls_end *end = tls_end_serve(server, &no_service, &out);
	enum tls_word word = TLS_WAITS;
	unsigned updates = 0;
	static char at[8192];

	(void)state;
	SSL_set_bio(ssl, from, to);
	SSL_set_connect_state(ssl);
	while (word == TLS_WAITS) {
		(void)SSL_do_handshake(ssl);
		tls_end_hear(end, str_of(at, (size_t)BIO_read(to, at, sizeof at)));
		word = tls_end_shake(end);
		BIO_write(from, out.at, (int)out.used);
		out.used = 0;
	}
	for (word = TLS_WAITS; word == TLS_WAITS && updates < 1000; updates++) {
		struct bytes cipher = { 0 };

		assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(ssl), 1);
		bytes_put(&cipher, str_of(at, (size_t)BIO_read(to, at, sizeof at)));
		word = talk(&cipher, end, &heard, SIZE_MAX);
	}
	assert_int_equal(word, TLS_BROKEN);
	assert_int_equal(updates, KEY_UPDATES_MAX + 1);
	assert_true(str_holds_alike(tls_end_why(end), STR("keys")));
	tls_end_close(end);
	bytes_free(&out);
	bytes_free(&heard);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	tls_close(server);
}

/* A ticket longer than a record of 512 octets. */
static int
fill_ticket(SSL *ssl, void *arg)
{
	static const char filling[900];

	(void)arg;
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), filling, sizeof filling);
}

/* Handshake messages that come after the handshake may be cut into several records (RFC 8446 5.1).
 * Between two of them OpenSSL writes nothing; what the core says then is kept, in its order. */
static void
a_write_between_the_pieces_of_a_ticket_is_kept(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct tls *client = open_tls((struct identity){ .trust = pki_ca(pki) });
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
	struct bytes out = { 0 };
	struct tls_end *end = tls_end_dial(client, STR("a.example"), &no_terms, &out);
	char at[16384], plain[64];
	enum tls_word word = TLS_WAITS;
	size_t got, sent, sum = 0, record;
	SSL *ssl;
	int len;

	(void)state;
	assert_int_equal(SSL_CTX_use_certificate_chain_file(ctx, leaf.certificate.at), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, leaf.key.at, SSL_FILETYPE_PEM), 1);
	SSL_CTX_set_session_ticket_cb(ctx, fill_ticket, NULL, NULL);
	SSL_CTX_set_max_send_fragment(ctx, 512);
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, from, to);
	SSL_set_accept_state(ssl);
	while (word == TLS_WAITS) {
		BIO_write(from, out.at, (int)out.used);
		out.used = 0;
		(void)SSL_do_handshake(ssl);
		tls_end_hear(end, str_of(at, (size_t)BIO_read(to, at, sizeof at)));
		word = tls_end_shake(end);
	}
	assert_int_equal(word, TLS_READY);
	BIO_write(from, out.at, (int)out.used);
	out.used = 0;
	assert_int_equal(SSL_do_handshake(ssl), 1);
	len = BIO_read(to, at, sizeof at);
	record = 5 + (size_t)((uint8_t)at[3] << 8 | (uint8_t)at[4]);
	assert_true(len > (int)record);

	tls_end_hear(end, str_of(at, record));
	assert_int_equal(tls_end_read(end, plain, sizeof plain, &got), TLS_WAITS);
	assert_true(tls_end_write(end, STR("one ")));
	assert_true(tls_end_write(end, STR("two")));
	assert_int_equal(tls_end_held(end), 7);
	assert_int_equal(out.used, 0);
	tls_end_hear(end, str_of(at + record, (size_t)len - record));
	assert_int_equal(tls_end_read(end, plain, sizeof plain, &got), TLS_WAITS);
	assert_int_equal(tls_end_held(end), 0);
	BIO_write(from, out.at, (int)out.used);
	for (; sum < 7; sum += sent)
		assert_int_equal(SSL_read_ex(ssl, plain + sum, sizeof plain - sum, &sent), 1);
	assert_memory_equal(plain, "one two", 7);
	tls_end_close(end);
	bytes_free(&out);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	tls_close(client);
}

static void
keys_are_logged_when_asked_for(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct str path = pki_file(pki, "keys.log", STR("# mine\n"));
	struct identity own = { .certificate = leaf.certificate, .key = leaf.key };
	struct tls_options options = { .identities = &own, .identity_count = 1, .keylog = path };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char line[512], why[512];
	struct buf b = buf_on(why, sizeof why);
	struct tls *server = tls_open(&options, &b);
	FILE *file;

	(void)state;
	assert_non_null(server);
	assert_int_equal(serve_client(ctx, server, why, sizeof why), TLS_READY);
	file = fopen(path.at, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	assert_string_equal(line, "# mine\n");
	assert_non_null(fgets(line, sizeof line, file));
	assert_non_null(strstr(line, "TRAFFIC_SECRET"));
	fclose(file);
	SSL_CTX_free(ctx);
	tls_close(server);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("tls test CA");
	other_pki = pki_open("other CA");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	pki_close(other_pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_tells_who_is_there),
		cmocka_unit_test(one_octet_at_a_time_is_as_good),
		cmocka_unit_test(who_is_not_whom_we_wanted_is_refused_with_a_sentence),
		cmocka_unit_test(names_that_no_certificate_holds_are_not_dialled),
		cmocka_unit_test(the_server_name_is_a_name),
		cmocka_unit_test(octets_arrive_whole_whatever_the_pieces),
		cmocka_unit_test(a_changed_octet_breaks_the_connection),
		cmocka_unit_test(old_versions_and_weak_ciphers_are_refused),
		cmocka_unit_test(endless_key_updates_end),
		cmocka_unit_test(a_write_between_the_pieces_of_a_ticket_is_kept),
		cmocka_unit_test(keys_are_logged_when_asked_for),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
