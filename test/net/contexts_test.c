/* SPDX-License-Identifier: Apache-2.0 */
#include "net/contexts.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls.h"
#include "support/pki.h"

enum { A, B, C, IDENTITIES };

static struct pki *pki;
static struct identity identities[IDENTITIES];

static struct contexts *
open_set(const struct identity *of, uint32_t count)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct contexts *set = contexts_open(of, count, &why);

	if (set == NULL)
		fail_msg("contexts_open: %.*s", (int)why.used, text);
	return set;
}

static void
a_name_chooses_among_those_of_the_listener(void **state)
{
	struct contexts *set = open_set(identities, IDENTITIES);
	const struct service all = { .identities = { B, A, C }, .identity_count = IDENTITIES },
			     two = { .identities = { C, A }, .identity_count = 2 }, none = { 0 };

	(void)state;
	assert_int_equal(contexts_choose(set, &all, STR("a.example")), A);
	assert_int_equal(contexts_choose(set, &all, STR("B.Example")), B);
	assert_int_equal(contexts_choose(set, &all, STR("c.example")), C);
	/* Another name, or none: the first. */
	assert_int_equal(contexts_choose(set, &all, STR("d.example")), B);
	assert_int_equal(contexts_choose(set, &all, STR("x.a.example")), B);
	assert_int_equal(contexts_choose(set, &all, STR("")), B);
	/* What the listener does not serve it does not show, whoever asks. */
	assert_int_equal(contexts_choose(set, &two, STR("b.example")), C);
	assert_int_equal(contexts_choose(set, &none, STR("b.example")), 0);
	contexts_drop(set);
	contexts_drop(NULL);
}

static void
a_set_is_whole_or_not_at_all(void **state)
{
	struct identity broken[] = { identities[A], identities[B] };
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	broken[1].key = identities[A].key;
	assert_null(contexts_open(broken, 2, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("does not fit the certificate")));
	broken[1].key = identities[B].key;
	broken[1].trust = STR("/nowhere/ca.pem");
	why = buf_on(text, sizeof text);
	assert_null(contexts_open(broken, 2, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("/nowhere/ca.pem")));
}

/* ---- with a client or a server of the test's own ------------------------------------------- */

struct other {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to, *from;
	struct tls_end *end;
	struct bytes out;
	enum tls_word word;
};

static void
other_open(struct other *o, const SSL_METHOD *method)
{
	*o = (struct other){ .ctx = SSL_CTX_new(method), .word = TLS_WAITS };
	o->ssl = SSL_new(o->ctx);
	o->to = BIO_new(BIO_s_mem());
	o->from = BIO_new(BIO_s_mem());
	SSL_set_bio(o->ssl, o->from, o->to);
}

static void
shake(struct other *o)
{
	static char at[32768];

	for (int i = 0; i < 6; i++) {
		int len;

		ERR_clear_error();
		(void)SSL_do_handshake(o->ssl);
		len = BIO_read(o->to, at, sizeof at);
		if (len > 0 && o->word == TLS_WAITS) {
			tls_end_hear(o->end, str_of(at, (size_t)len));
			o->word = tls_end_shake(o->end);
		}
		if (o->out.used > 0)
			BIO_write(o->from, o->out.at, (int)o->out.used);
		o->out.used = 0;
	}
}

static void
other_close(struct other *o)
{
	tls_end_close(o->end);
	bytes_free(&o->out);
	SSL_free(o->ssl);
	SSL_CTX_free(o->ctx);
}

/* Whether what the other side was shown is the certificate in this file. */
static bool
was_shown(const struct other *o, struct str path)
{
	BIO *bio = BIO_new_file(path.at, "r");
	X509 *wanted = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *shown = SSL_get0_peer_certificate(o->ssl);
	bool is_it = shown != NULL && X509_cmp(shown, wanted) == 0;

	X509_free(wanted);
	BIO_free(bio);
	return is_it;
}

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

/* A client that asks for NAME. */
static void
ask_for(struct tls *tls, const struct service *service, const char *name, int version,
	struct str shown)
{
	struct other o;

	other_open(&o, TLS_client_method());
	SSL_set_max_proto_version(o.ssl, version);
	if (name != NULL)
		assert_int_equal(SSL_set_tlsext_host_name(o.ssl, name), 1);
	SSL_set_connect_state(o.ssl);
	o.end = tls_end_serve(tls, service, &o.out);
	shake(&o);
	assert_int_equal(o.word, TLS_READY);
	assert_true(was_shown(&o, shown));
	other_close(&o);
}

static void
a_client_is_shown_what_it_asks_for(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	const struct service service = { .identities = { B, A }, .identity_count = 2 };
	struct tls *tls = open_tls();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ask_for(tls, &service, NULL, versions[i], identities[B].certificate);
		ask_for(tls, &service, "a.example", versions[i], identities[A].certificate);
		ask_for(tls, &service, "b.example", versions[i], identities[B].certificate);
		ask_for(tls, &service, "c.example", versions[i], identities[B].certificate);
		ask_for(tls, &(struct service){ 0 }, "b.example", versions[i],
			identities[A].certificate);
	}
	tls_close(tls);
}

/* A server of this VERSION that asks whoever dials it for a certificate, or does not: that gets to
 * know whom it has proved there. */
static void
dial_to(struct tls *tls, uint32_t place, int version, int mode, struct str shown, struct str own)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:peer.example");
	struct terms terms = { .identity = place };
	struct secured secured;
	struct other o;

	other_open(&o, TLS_server_method());
	SSL_set_max_proto_version(o.ssl, version);
	assert_int_equal(SSL_use_certificate_chain_file(o.ssl, leaf.certificate.at), 1);
	assert_int_equal(SSL_use_PrivateKey_file(o.ssl, leaf.key.at, SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_load_verify_file(o.ctx, pki_ca(pki).at), 1);
	SSL_set_verify(o.ssl, mode, NULL);
	SSL_set_accept_state(o.ssl);
	o.end = tls_end_dial(tls, STR("peer.example"), &terms, &o.out);
	BIO_write(o.from, o.out.at, (int)o.out.used);
	o.out.used = 0;
	shake(&o);
	assert_int_equal(o.word, TLS_READY);
	if (!str_is_empty(shown))
		assert_true(was_shown(&o, shown));
	tls_end_secured(o.end, &secured);
	assert_true(str_same(secured.own, own));
	other_close(&o);
}

static void
dial_as(struct tls *tls, uint32_t place, struct str shown)
{
	enum { DEMANDED = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };
	struct str own = tls_contexts(tls)->all[place].own;

	assert_false(str_is_empty(own));
	dial_to(tls, place, TLS1_3_VERSION, DEMANDED, shown, own);
	dial_to(tls, place, TLS1_2_VERSION, DEMANDED, shown, own);
}

/* rows: R5923-8.1-a */
static void
what_was_not_shown_has_proved_nothing(void **state)
{
	const struct identity bare = { .name = STR("bare"), .trust = pki_ca(pki) };
	char why[256];
	struct buf b = buf_on(why, sizeof why);
	struct tls *tls = open_tls();
	struct tls *nobody =
		tls_open(&(struct tls_options){ .identities = &bare, .identity_count = 1 }, &b);

	(void)state;
	assert_non_null(nobody);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		dial_to(tls, A, version, SSL_VERIFY_NONE, STR(""), STR(""));
		dial_to(nobody, 0, version, SSL_VERIFY_PEER, STR(""), STR(""));
	}
	tls_close(tls);
	tls_close(nobody);
}

static void
a_server_that_asks_is_shown_the_identity_of_the_terms(void **state)
{
	struct tls *tls = open_tls();

	(void)state;
	for (uint32_t i = 0; i < IDENTITIES; i++)
		dial_as(tls, i, identities[i].certificate);
	assert_false(tls_may_dial(tls, IDENTITIES));
	assert_false(tls_may_serve(tls, IDENTITIES));
	tls_close(tls);
}

/* A client that shows LEAF (or none) to a listener that asks as CLIENT says.
 * Ends: whether it was let in, with *SECURED of that; otherwise WHY holds PART. */
static bool
show(struct tls *tls, enum client_certificate client, const struct pki_leaf *leaf, int version,
	const char *part, struct secured *secured)
{
	const struct service service = {
		.identities = { B }, .identity_count = 1, .client = client
	};
	static char names[CERT_NAMES_BYTES_MAX];
	struct other o;
	bool is_in;

	other_open(&o, TLS_client_method());
	SSL_set_max_proto_version(o.ssl, version);
	if (leaf != NULL) {
		assert_int_equal(SSL_use_certificate_chain_file(o.ssl, leaf->certificate.at), 1);
		assert_int_equal(SSL_use_PrivateKey_file(o.ssl, leaf->key.at, SSL_FILETYPE_PEM), 1);
	}
	SSL_set_connect_state(o.ssl);
	o.end = tls_end_serve(tls, &service, &o.out);
	shake(&o);
	is_in = o.word == TLS_READY;
	if (is_in) {
		tls_end_secured(o.end, secured);
		if (secured->name.len > 0)
			memcpy(names, secured->name.at, secured->name.len);
		secured->name = str_of(names, secured->name.len);
	} else if (!str_holds_alike(tls_end_why(o.end), str_cstr(part))) {
		fail_msg("no \"%s\" in: %.*s", part, (int)tls_end_why(o.end).len,
			tls_end_why(o.end).at);
	}
	other_close(&o);
	return is_in;
}

/* rows: R5922-7.4-a */
static void
a_client_is_who_its_certificate_says(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	enum { DAY_S = 86400 };
	struct pki *others = pki_open("contexts test CA");
	struct pki_leaf good =
		pki_leaf(pki, "DNS:x.example,URI:sip:p.example,URI:sip:q.example,IP:192.0.2.1");
	struct pki_leaf bare = pki_leaf(pki, NULL), twin = pki_leaf(others, "DNS:x.example");
	struct pki_leaf old = pki_issue(pki, "DNS:x.example", -2 * DAY_S, -DAY_S);
	struct tls *tls = open_tls();
	struct secured s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int v = versions[i];

		assert_true(show(tls, CLIENT_REQUIRED, &good, v, "", &s));
		assert_int_equal(s.proof, PROOF_CLIENT_CERT);
		assert_true(str_same(s.name, STR("p.example,q.example,192.0.2.1")));
		assert_int_equal(s.fingerprint.len, FINGERPRINT_BYTES);
		assert_int_equal(s.trust, 0); /* all believe the same CA */
		assert_int_equal(s.identity, B);
		assert_true(show(tls, CLIENT_OPTIONAL, &bare, v, "", &s));
		assert_int_equal(s.proof, PROOF_CLIENT_CERT);
		assert_true(str_is_empty(s.name));
		assert_true(show(tls, CLIENT_OPTIONAL, NULL, v, "", &s));
		assert_int_equal(s.proof, PROOF_NONE);
		assert_true(show(tls, CLIENT_NONE, &good, v, "", &s));
		assert_int_equal(s.proof, PROOF_NONE);
		assert_true(str_is_empty(s.name) && str_is_empty(s.fingerprint));
		assert_false(show(tls, CLIENT_REQUIRED, NULL, v, "showed no certificate", &s));
		assert_false(show(tls, CLIENT_OPTIONAL, &twin, v, "another key signed it", &s));
		assert_false(show(tls, CLIENT_OPTIONAL, &old, v, "expired on", &s));
	}
	tls_close(tls);
	pki_close(others);
}

static void
a_new_set_is_for_new_handshakes(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");
	struct identity renewed[IDENTITIES] = { identities[A], identities[B], identities[C] };
	struct tls *tls = open_tls();
	const struct service service = { .identities = { A }, .identity_count = 1 };
	struct contexts *fewer = open_set(identities, 1);
	struct other old;
	size_t got;
	char at[16];

	(void)state;
	other_open(&old, TLS_client_method());
	SSL_set_connect_state(old.ssl);
	old.end = tls_end_serve(tls, &service, &old.out);
	renewed[A].certificate = leaf.certificate;
	renewed[A].key = leaf.key;
	assert_true(tls_use(tls, open_set(renewed, IDENTITIES)));
	assert_false(tls_use(tls, fewer));
	contexts_drop(fewer);
	ask_for(tls, &service, NULL, TLS1_3_VERSION, leaf.certificate);
	dial_as(tls, A, leaf.certificate);
	/* What began before goes on as it began, and talks. */
	shake(&old);
	assert_int_equal(old.word, TLS_READY);
	assert_true(was_shown(&old, identities[A].certificate));
	assert_true(tls_end_write(old.end, STR("hello")));
	BIO_write(old.from, old.out.at, (int)old.out.used);
	old.out.used = 0;
	assert_int_equal(SSL_read_ex(old.ssl, at, sizeof at, &got), 1);
	assert_int_equal(got, 5);
	other_close(&old);
	tls_close(tls);
}

static int
open_pki(void **state)
{
	static const char *const names[] = { "DNS:a.example", "URI:sip:b.example,DNS:x.example",
		"DNS:c.example" };

	(void)state;
	pki = pki_open("contexts test CA");
	for (uint32_t i = 0; i < IDENTITIES; i++) {
		struct pki_leaf leaf = pki_leaf(pki, names[i]);

		identities[i] = (struct identity){ .name = STR("one"),
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

/* A server that keeps what it might go on with keeps more with each handshake. */
static void
no_session_stays_with_us(void **state)
{
	struct contexts *set = open_set(identities, IDENTITIES);
	SSL_CTX *ours = set->all[A].ssl, *client = SSL_CTX_new(TLS_client_method());

	(void)state;
	SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
	for (int i = 0; i < 3; i++) {
		SSL *far = SSL_new(client), *near = SSL_new(ours);
		BIO *to, *from;

		assert_int_equal(BIO_new_bio_pair(&to, 0, &from, 0), 1);
		SSL_set_bio(far, to, to);
		SSL_set_bio(near, from, from);
		SSL_set_connect_state(far);
		SSL_set_accept_state(near);
		for (int turn = 0; turn < 6; turn++) {
			(void)SSL_do_handshake(far);
			(void)SSL_do_handshake(near);
		}
		assert_true(SSL_is_init_finished(near));
		/* Or it would be a bad end, after which nothing is kept anyhow. */
		SSL_set_shutdown(near, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		SSL_free(far);
		SSL_free(near);
	}
	assert_int_equal(SSL_CTX_sess_number(ours), 0);
	SSL_CTX_free(client);
	contexts_drop(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_chooses_among_those_of_the_listener),
		cmocka_unit_test(no_session_stays_with_us),
		cmocka_unit_test(a_set_is_whole_or_not_at_all),
		cmocka_unit_test(a_client_is_shown_what_it_asks_for),
		cmocka_unit_test(a_server_that_asks_is_shown_the_identity_of_the_terms),
		cmocka_unit_test(what_was_not_shown_has_proved_nothing),
		cmocka_unit_test(a_client_is_who_its_certificate_says),
		cmocka_unit_test(a_new_set_is_for_new_handshakes),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
