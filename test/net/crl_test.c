/* SPDX-License-Identifier: Apache-2.0 */
#include "net/crl.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "net/cert.h"
#include "support/pki.h"

enum { HOUR_S = 3600 };

static struct pki *pki, *other;

/* What becomes of LEAF with the list CRL: NULL, it is believed; else a part of the sentence. */
static void
judge(struct pki_leaf leaf, struct str crl, const char *part)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	X509 *cert;

	assert_int_equal(
		SSL_CTX_use_certificate_file(ctx, leaf.certificate.at, SSL_FILETYPE_PEM), 1);
	cert = SSL_CTX_get0_certificate(ctx);
	assert_true(cert_trust(ctx, pki_ca(pki), &why));
	assert_true(crl_load(ctx, crl, &why));
	assert_int_equal(X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ctx), cert, NULL), 1);
	assert_int_equal(X509_verify_cert(store) == 1, part == NULL);
	assert_int_equal(crl_explain(&why, store, crl), part != NULL);
	if (part != NULL && !str_holds_alike(buf_str(&why), str_cstr(part)))
		fail_msg("no \"%s\" in: %.*s", part, (int)why.used, text);
	X509_STORE_CTX_free(store);
	SSL_CTX_free(ctx);
}

/* rows: R3261-26.2.2-b */
static void
who_was_revoked_is_refused(void **state)
{
	struct pki_leaf good = pki_leaf(pki, "DNS:a.example"), bad = pki_leaf(pki, "DNS:b.example");
	struct str list = pki_crl(pki, bad.certificate.at, -HOUR_S, HOUR_S);

	(void)state;
	judge(good, list, NULL);
	judge(bad, list, "was revoked by its CA (crl: /tmp/");
	judge(bad, pki_crl(pki, NULL, -HOUR_S, HOUR_S), NULL);
}

/* Without a list that is in time nobody is believed: it might say anything. */
static void
without_a_list_that_holds_nobody_is_believed(void **state)
{
	struct pki_leaf good = pki_leaf(pki, "DNS:a.example");

	(void)state;
	judge(good, pki_crl(pki, NULL, -2 * HOUR_S, -HOUR_S),
		"revocation list of its CA is out of date");
	judge(good, pki_crl(pki, NULL, HOUR_S, 2 * HOUR_S), "is not valid yet");
	judge(good, pki_crl(other, NULL, -HOUR_S, HOUR_S), "there is no revocation list of its CA");
}

static void
other_faults_are_not_of_the_list(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_HAS_EXPIRED);
	assert_false(crl_explain(&why, store, STR("x")));
	assert_false(crl_load(ctx, STR("/nowhere/x.crl"), &why));
	assert_true(str_holds_alike(buf_str(&why), STR("cannot read crl /nowhere/x.crl: No such")));
	why = buf_on(text, sizeof text);
	assert_false(crl_load(ctx, pki_ca(pki), &why));
	assert_true(str_holds_alike(buf_str(&why), STR("holds no revocation list in PEM form")));
	X509_STORE_CTX_free(store);
	SSL_CTX_free(ctx);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("crl test CA");
	other = pki_open("crl other CA");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	pki_close(other);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_revoked_is_refused),
		cmocka_unit_test(without_a_list_that_holds_nobody_is_believed),
		cmocka_unit_test(other_faults_are_not_of_the_list),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
