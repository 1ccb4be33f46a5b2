/* SPDX-License-Identifier: Apache-2.0 */
#include "net/purpose.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "net/cert.h"
#include "support/pki.h"

static struct pki *pki;

/* Whether a certificate with these purposes and this usage is believed as a server's. */
static bool
is_believed(const char *purposes, const char *usage, enum eku eku)
{
	struct pki_leaf leaf = pki_for(pki, "DNS:a.example", purposes, usage);
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	bool is_good;
	X509 *cert;

	assert_int_equal(
		SSL_CTX_use_certificate_file(ctx, leaf.certificate.at, SSL_FILETYPE_PEM), 1);
	cert = SSL_CTX_get0_certificate(ctx);
	assert_true(cert_trust(ctx, pki_ca(pki), &why));
	assert_int_equal(X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ctx), cert, NULL), 1);
	assert_int_equal(X509_STORE_CTX_set_default(store, "ssl_server"), 1);
	purpose_prepare(store, eku);
	is_good = X509_verify_cert(store) == 1;
	if (!is_good)
		assert_int_equal(X509_STORE_CTX_get_error(store), X509_V_ERR_INVALID_PURPOSE);
	else
		is_good = purpose_fits(cert, eku, &why);
	assert_true(is_good == (why.used == 0) || X509_STORE_CTX_get_error(store) != X509_V_OK);
	X509_STORE_CTX_free(store);
	SSL_CTX_free(ctx);
	return is_good;
}

#define SIP_DOMAIN "1.3.6.1.5.5.7.3.20"

/* rows: R5924-5 */
static void
each_purpose_under_each_rule(void **state)
{
	static const struct {
		const char *purposes, *usage;
		bool is_tls, is_any, is_sip;
	} rows[] = {
		{ NULL, NULL, true, true, true },
		{ "serverAuth", NULL, true, true, false },
		{ "serverAuth,clientAuth", NULL, true, true, false },
		{ "clientAuth", NULL, false, true, false },
		{ SIP_DOMAIN, NULL, true, true, true },
		{ "serverAuth," SIP_DOMAIN, NULL, true, true, true },
		{ "anyExtendedKeyUsage", NULL, true, true, true },
		{ "codeSigning", NULL, false, true, false },
		{ "emailProtection", NULL, false, true, false },
		{ "serverAuth", "digitalSignature", true, true, false },
		{ "serverAuth", "keyCertSign", false, false, false },
		{ SIP_DOMAIN, "cRLSign", false, false, false },
		{ SIP_DOMAIN, "digitalSignature", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *p = rows[i].purposes, *u = rows[i].usage;

		if (is_believed(p, u, EKU_TLS) != rows[i].is_tls ||
			is_believed(p, u, EKU_ANY) != rows[i].is_any ||
			is_believed(p, u, EKU_SIP) != rows[i].is_sip)
			fail_msg("row %zu: %s, %s", i, p != NULL ? p : "none",
				u != NULL ? u : "none");
	}
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("purpose test CA");
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
		cmocka_unit_test(each_purpose_under_each_rule),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
