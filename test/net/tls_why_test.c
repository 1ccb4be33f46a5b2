/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that we do not accept, what is not TLS, and the table with its page. */
#include "net/tls_why.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/cert.h"
#include "net/handshakes.h"
#include "support/tlsbed.h"

#define PAGE "doc/handshakes.md"

enum { DAY_S = 86400, PAGE_BYTES = 64 * 1024 };

/* ---- certificates that we do not accept ----------------------------------------------------- */

static void
refuse(const struct mint *const *chain, const struct mint *const *trust, enum tls_why why,
	const char *fact)
{
	struct tlsbed s;

	tlsbed_dial(
		&s, tlsbed_file(trust), STR("a.example"), mint_context(TLS_server_method(), chain));
	tlsbed_shake(&s);
	tlsbed_expect(&s, why, fact);
}

static void
refuse_leaf(struct mint_wish wish, enum tls_why why, const char *fact)
{
	wish.issuer = tlsbed_root();
	wish.sans = wish.sans != NULL ? wish.sans : "DNS:a.example";
	refuse(LIST(mint(&wish)), LIST(tlsbed_root()), why, fact);
}

/* rows: R5922-7.1-d */
static void
a_leaf_that_is_not_good(void **state)
{
	(void)state;
	refuse_leaf((struct mint_wish){ .from_s = -9 * DAY_S, .until_s = -DAY_S }, WHY_CERT_EXPIRED,
		"'CN=leaf' expired on 2");
	refuse_leaf((struct mint_wish){ .from_s = DAY_S, .until_s = 9 * DAY_S }, WHY_CERT_EARLY,
		"'CN=leaf' is not valid before 2");
	refuse_leaf((struct mint_wish){ .extended = "clientAuth" }, WHY_CERT_USE,
		"'CN=leaf' is made for clientAuth");
	refuse_leaf((struct mint_wish){ .extended = "emailProtection" }, WHY_CERT_USE,
		"made for other uses");
	refuse_leaf((struct mint_wish){ .key = MINT_RSA_1024 }, WHY_CERT_WEAK_KEY,
		"'CN=leaf' has a key of 1024 bits");
	refuse_leaf((struct mint_wish){ .digest = "SHA1" }, WHY_CERT_WEAK_DIGEST, "'CN=leaf'");
	refuse_leaf(
		(struct mint_wish){ .has_bad_signature = true }, WHY_CERT_SIGNATURE, "'CN=leaf'");
	refuse_leaf(
		(struct mint_wish){ .critical_oid = "1.2.3.4.5" }, WHY_CERT_CRITICAL, "'CN=leaf'");
}

static void
a_chain_that_is_not_good(void **state)
{
	const struct mint *stranger = mint_root("stranger CA"), *twin = mint_root("why CA");
	const struct mint *middle = mint_ca("middle", tlsbed_root()),
			  *foreign = mint_ca("far", stranger);
	const struct mint_wish plain = { .sans = "DNS:a.example" };
	struct mint_wish wish = plain;
	const struct mint *leaf, *not_ca;

	(void)state;
	wish.issuer = stranger;
	refuse(LIST(mint(&wish)), LIST(tlsbed_root()), WHY_CERT_ISSUER,
		"'CN=leaf' was issued by 'CN=stranger CA', which is not among the CAs in /tmp/");
	wish.issuer = middle;
	leaf = mint(&wish);
	refuse(LIST(leaf), LIST(tlsbed_root()), WHY_CERT_ISSUER, "was issued by 'CN=middle'");
	wish.issuer = foreign;
	refuse(LIST(mint(&wish), foreign), LIST(tlsbed_root()), WHY_CERT_CA,
		"'CN=far' was issued by 'CN=stranger CA'");
	refuse(LIST(mint(&wish), foreign, stranger), LIST(tlsbed_root()), WHY_CERT_CA,
		"was issued by 'CN=stranger CA'");
	wish.issuer = twin;
	refuse(LIST(mint(&wish)), LIST(tlsbed_root()), WHY_CERT_CA_KEY,
		"but not with the key of the CA of that name");
	wish.has_no_key_id = true;
	refuse(LIST(mint(&wish)), LIST(tlsbed_root()), WHY_CERT_CA_KEY, "'CN=why CA'");
	wish = plain;
	refuse(LIST(mint(&wish)), LIST(tlsbed_root()), WHY_CERT_SELF, "'CN=leaf' is not in /tmp/");
	not_ca = mint(&(struct mint_wish){ .issuer = tlsbed_root(), .subject = "shop" });
	wish.issuer = not_ca;
	refuse(LIST(mint(&wish), not_ca), LIST(tlsbed_root()), WHY_CERT_NOT_CA, "'CN=shop'");
	wish.issuer = mint(&(struct mint_wish){
		.issuer = middle, .subject = "low", .basic = "critical,CA:TRUE", .extended = "" });
	middle = mint(&(struct mint_wish){ .issuer = tlsbed_root(),
		.subject = "middle",
		.renews = middle,
		.basic = "critical,CA:TRUE,pathlen:0",
		.extended = "" });
	refuse(LIST(mint(&wish), wish.issuer, middle), LIST(tlsbed_root()), WHY_CERT_DEPTH, "");
	wish.issuer = mint(&(struct mint_wish){ .issuer = tlsbed_root(),
		.subject = "of b",
		.basic = "critical,CA:TRUE",
		.constraints = "critical,permitted;DNS:b.example",
		.extended = "" });
	refuse(LIST(mint(&wish), wish.issuer), LIST(tlsbed_root()), WHY_CERT_CONSTRAINT,
		"'CN=leaf'");
}

static void
a_leaf_that_is_not_the_pinned_one(void **state)
{
	(void)state;
	tlsbed_dial_on(&(struct terms){ .has_pin = true, .pin = { 0xab } });
	refuse_leaf((struct mint_wish){ .subject = NULL }, WHY_CERT_PIN, "tls-fingerprint ab00");
	tlsbed_dial_on(NULL);
}

/* Judges LEAF below ROOT as a struct tls with FLAGS and CRL would. */
static void
judge(const struct mint *leaf, X509_CRL *crl, unsigned long flags, enum tls_why why,
	const char *fact)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	enum tls_why found;
	char text[2048], sentence[4096];
	struct buf b = buf_on(text, sizeof text), whole = buf_on(sentence, sizeof sentence);

	X509_STORE_add_cert(store, tlsbed_root()->cert);
	X509_STORE_set_flags(store, flags);
	if (crl != NULL)
		X509_STORE_add_crl(store, crl);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf->cert, NULL), 1);
	assert_int_equal(X509_verify_cert(ctx), 0);
	found = cert_explain(&b, ctx, STR("ca.pem"));
	tls_why_put(&whole, found, buf_str(&b));
	tlsbed_expect_text(why, buf_str(&whole), fact);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_CRL_free(crl);
}

static X509_CRL *
make_crl(const struct mint *issuer, const struct mint *revoked, long until_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = X509_gmtime_adj(NULL, -2L * DAY_S);
	X509_REVOKED *entry = X509_REVOKED_new();

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	X509_CRL_set1_lastUpdate(crl, time);
	X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->cert));
	X509_REVOKED_set_revocationDate(entry, time);
	X509_CRL_add0_revoked(crl, entry);
	X509_gmtime_adj(time, until_s);
	X509_CRL_set1_nextUpdate(crl, time);
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	ASN1_TIME_free(time);
	return crl;
}

static void
a_leaf_that_was_called_back(void **state)
{
	const struct mint *leaf = mint(&(struct mint_wish){ .issuer = tlsbed_root() });
	const struct mint *bare =
		mint(&(struct mint_wish){ .issuer = tlsbed_root(), .has_no_key_id = true });

	(void)state;
	judge(leaf, make_crl(tlsbed_root(), leaf, DAY_S), X509_V_FLAG_CRL_CHECK, WHY_CERT_REVOKED,
		"'CN=leaf'");
	judge(leaf, make_crl(tlsbed_root(), leaf, -DAY_S), X509_V_FLAG_CRL_CHECK, WHY_CERT_OLD_CRL,
		"");
	judge(leaf, NULL, X509_V_FLAG_CRL_CHECK, WHY_CERT_NO_CRL, "");
	judge(bare, NULL, X509_V_FLAG_X509_STRICT, WHY_CERT_OTHER, "'CN=leaf': ");
}

/* rows: R5922-7.3-b */
static void
a_leaf_of_another_name(void **state)
{
	static const struct {
		struct str wanted;
		struct mint_wish wish;
		enum tls_why why;
	} cases[] = {
		{ STR("b.example"), { .sans = "DNS:a.example,IP:127.0.0.1" }, WHY_NAME_OTHER },
		{ STR("b.example"), { .sans = "URI:sip:a.example" }, WHY_NAME_OTHER },
		{ STR("b.example"), { .sans = NULL }, WHY_NAME_NONE },
		{ STR("b.example"), { .sans = "email:a@b.example" }, WHY_NAME_NONE },
		{ STR("b.example"), { .subject = "B.example" }, WHY_NAME_COMMON },
		{ STR("b.example"), { .subject = "b.example", .sans = "DNS:a.example" },
			WHY_NAME_COMMON },
		{ STR("b.example"), { .sans = "DNS:*.example" }, WHY_NAME_WILDCARD },
		{ STR("b.c.example"), { .sans = "DNS:*.example" }, WHY_NAME_OTHER },
		{ STR("127.0.0.2"), { .sans = "DNS:a.example" }, WHY_NAME_ADDRESS },
		{ STR("127.0.0.2"), { .sans = "DNS:127.0.0.2" }, WHY_NAME_ADDRESS },
		{ STR("a.example"), { .sans = "URI:sips:a.example:5061" }, WHY_NAME_SIPS_URI },
		{ STR("a.example"), { .sans = "URI:sip:bob@a.example;x=1" }, WHY_NAME_USER_URI },
		{ STR("a.example"), { .sans = "URI:sip:b.example,DNS:A.example" },
			WHY_NAME_URI_FIRST },
		{ STR("a.example"), { .raws = { { GEN_DNS, STR("a.example\0.evil.example") } } },
			WHY_NAME_NUL },
		{ STR("b.example"), { .raws = { { GEN_URI, STR("sip:a\0") } } }, WHY_NAME_NUL },
	};
	char fact[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mint_wish wish = cases[i].wish;
		struct tlsbed s;

		wish.issuer = tlsbed_root();
		snprintf(fact, sizeof fact, "wanted %.*s, but the certificate names ",
			(int)cases[i].wanted.len, cases[i].wanted.at);
		tlsbed_dial(&s, tlsbed_file(LIST(tlsbed_root())), cases[i].wanted,
			mint_context(TLS_server_method(), LIST(mint(&wish))));
		tlsbed_shake(&s);
		tlsbed_expect(&s, cases[i].why, fact);
	}
}

/* ---- damaged, and not TLS at all ------------------------------------------------------------ */

static SSL_CTX *
server(void)
{
	return mint_context(TLS_server_method(),
		LIST(mint(
			&(struct mint_wish){ .issuer = tlsbed_root(), .sans = "DNS:a.example" })));
}

static void
octets_that_were_changed_on_their_way(void **state)
{
	struct tlsbed s;

	(void)state;
	tlsbed_dial(&s, tlsbed_file(LIST(tlsbed_root())), STR("a.example"), server());
	s.flip = 300;
	tlsbed_shake(&s);
	tlsbed_expect(&s, WHY_BROKEN, "");
	/* A ClientHello that offers no null compression: no sane peer, and no row of its own. */
	tlsbed_serve(&s, mint_context(TLS_client_method(), NULL));
	tlsbed_hear(&s,
		str_of("\x16\3\1\0\x2d\1\0\0\x29\3\3"
		       "0123456789abcdef0123456789abcdef"
		       "\0\0\2\xc0\x2b\1\1",
			50));
	tlsbed_expect(&s, WHY_TLS, "compression");
}

static void
answers_in_clear(void **state)
{
	static const struct {
		struct str text;
		enum tls_why why;
	} cases[] = {
		{ STR("SIP/2.0 400 Bad Request\r\n"), WHY_ANSWER_SIP },
		{ STR("OPTIONS sip:a@b SIP/2.0\r\n"), WHY_ANSWER_SIP },
		{ STR("HTTP/1.1 400 Bad Request\r\n"), WHY_ANSWER_HTTP },
		{ STR("SSH-2.0-OpenSSH_9.2p1\r\n"), WHY_ANSWER },
		{ STR("220 mail.example ESMTP\r\n"), WHY_ANSWER },
	};
	struct str trust = tlsbed_file(LIST(tlsbed_root()));

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tlsbed s;

		tlsbed_dial(&s, trust, STR("a.example"), NULL);
		tlsbed_hear(&s, cases[i].text);
		tlsbed_expect(&s, cases[i].why, "");
	}
}

/* ---- the table itself ------------------------------------------------------------------------ */

static void
a_dial_that_fails(void **state)
{
	(void)state;
	assert_int_equal(tls_why_of_dial(-ECONNREFUSED), WHY_TCP_REFUSED);
	assert_int_equal(tls_why_of_dial(-EHOSTUNREACH), WHY_TCP_ROUTE);
	assert_int_equal(tls_why_of_dial(-ENETUNREACH), WHY_TCP_ROUTE);
	assert_int_equal(tls_why_of_dial(-ETIMEDOUT), WHY_TCP_TIME);
	assert_int_equal(tls_why_of_dial(-EACCES), WHY_TCP);
	tlsbed_mark(WHY_TCP);
}

static void
every_row_is_whole_and_was_staged(void **state)
{
	tlsbed_mark(WHY_KEY_UPDATES); /* tls_test.c */
	for (size_t i = 0; i < ON_SOCKETS; i++)
		tlsbed_mark(on_sockets[i]);
	for (size_t i = 0; i < BY_ALERTS; i++)
		tlsbed_mark(by_alerts[i]);
	(void)state;
	for (int i = 0; i < TLS_WHYS; i++) {
		const struct tls_why_row *row = tls_why_row((enum tls_why)i);

		assert_true(row->code.len > 0 && row->code.len < 32);
		assert_true(row->says.len > 10 && row->cure.len > 10);
		assert_true(row->says.len + row->cure.len < 400);
		if (!tlsbed_has_staged((enum tls_why)i))
			fail_msg("nobody stages %s", row->code.at);
		for (int j = 0; j < i; j++)
			assert_false(str_same(row->code, tls_why_row((enum tls_why)j)->code));
	}
}

static const char page_head[] =
	"# Handshakes that fail\n"
	"\n"
	"When a connection does not come about, the log says so in one line: which side dialled (`TLS "
	"from` or `TLS to`), whom,\nwhat happened, the fact of this very case, what to do next, and a "
	"code that stays the same in every release:\n"
	"\n"
	"    TLS to 192.0.2.9:5061 failed: the peer's certificate is out of date: 'CN=pbx' expired on "
	"2026-01-31 12:00:00 UTC; renew it on the peer; ... [cert-expired]\n"
	"\n"
	"These are all of them. The page is made from `src/net/tls_why.c` by `net_tls_why_test "
	"--write`.\n"
	"\n"
	"| code | what happened | what to do |\n"
	"|---|---|---|\n";

static void
put_page(struct buf *b)
{
	buf_put(b, str_cstr(page_head));
	for (int i = 0; i < TLS_WHYS; i++) {
		const struct tls_why_row *row = tls_why_row((enum tls_why)i);

		buf_put(b, STR("| `"));
		buf_put(b, row->code);
		buf_put(b, STR("` | "));
		buf_put(b, row->says);
		buf_put(b, STR(" | "));
		buf_put(b, row->cure);
		buf_put(b, STR(" |\n"));
	}
}

static void
the_page_says_the_same(void **state)
{
	static char is[PAGE_BYTES], should[PAGE_BYTES];
	struct buf b = buf_on(should, sizeof should);
	FILE *file = fopen(PAGE, "r");

	(void)state;
	put_page(&b);
	assert_true(buf_ok(&b));
	assert_non_null(file);
	if (fread(is, 1, sizeof is, file) != b.used || memcmp(is, should, b.used) != 0)
		fail_msg("%s is stale: net_tls_why_test --write", PAGE);
	fclose(file);
}

static int
write_page(void)
{
	static char text[PAGE_BYTES];
	struct buf b = buf_on(text, sizeof text);
	FILE *file = fopen(PAGE, "w");

	put_page(&b);
	return file == NULL || fwrite(text, 1, b.used, file) != b.used || fclose(file) != 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_that_is_not_good),
		cmocka_unit_test(a_chain_that_is_not_good),
		cmocka_unit_test(a_leaf_that_is_not_the_pinned_one),
		cmocka_unit_test(a_leaf_that_was_called_back),
		cmocka_unit_test(a_leaf_of_another_name),
		cmocka_unit_test(octets_that_were_changed_on_their_way),
		cmocka_unit_test(answers_in_clear),
		cmocka_unit_test(a_dial_that_fails),
		cmocka_unit_test(every_row_is_whole_and_was_staged),
		cmocka_unit_test(the_page_says_the_same),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_page();
	return cmocka_run_group_tests(tests, tlsbed_open, tlsbed_close);
}
