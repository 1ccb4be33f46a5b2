/* SPDX-License-Identifier: Apache-2.0 */
#include "net/cert.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/pki.h"

enum { DAY_S = 86400 };

static struct pki *pki;

static bool
check(struct str certificate, struct str key, struct str trust, const char *part)
{
	char text[1024];
	struct buf why = buf_on(text, sizeof text);
	bool is_good = cert_check(
		&(struct identity){ .certificate = certificate, .key = key, .trust = trust }, &why);

	assert_true(buf_ok(&why));
	if (part != NULL && !str_holds_alike(buf_str(&why), str_cstr(part)))
		fail_msg("no \"%s\" in: %.*s", part, (int)why.used, text);
	return is_good;
}

static void
a_good_pair_is_fine(void **state)
{
	struct pki_leaf leaf = pki_leaf(pki, "DNS:a.example");

	(void)state;
	assert_true(check(leaf.certificate, leaf.key, pki_ca(pki), NULL));
	assert_true(check(STR(""), STR(""), pki_ca(pki), NULL));
	assert_true(check(leaf.certificate, leaf.key, STR(""), NULL));
}

static void
each_fault_names_its_file(void **state)
{
	struct pki_leaf a = pki_leaf(pki, "DNS:a.example");
	struct pki_leaf b = pki_leaf(pki, "DNS:b.example");
	struct pki_leaf old = pki_issue(pki, "DNS:a.example", -9 * DAY_S, -DAY_S);
	struct pki_leaf early = pki_issue(pki, "DNS:a.example", DAY_S, 9 * DAY_S);
	struct str rubbish = pki_file(pki, "rubbish.pem", STR("not a certificate\n"));

	(void)state;
	assert_false(check(STR("/nowhere/x.pem"), a.key, STR(""),
		"cannot read certificate /nowhere/x.pem: no such file"));
	assert_false(check(a.certificate, STR("/nowhere/x.key"), STR(""),
		"cannot read key /nowhere/x.key: no such file"));
	assert_false(check(a.certificate, b.key, STR(""), "does not fit the certificate"));
	assert_false(check(old.certificate, old.key, STR(""), "expired on 2"));
	assert_false(check(early.certificate, early.key, STR(""), "is not valid before 2"));
	assert_false(check(rubbish, a.key, STR(""), "holds no certificate"));
	assert_false(check(a.certificate, rubbish, STR(""), "holds no private key"));
	assert_false(check(STR(""), STR(""), rubbish, "holds no CA certificate"));
	assert_false(check(STR(""), STR(""), STR("/nowhere/ca"), "cannot read trust /nowhere/ca"));
}

static X509 *
read_cert(struct str path)
{
	FILE *file = fopen(path.at, "r");
	X509 *cert;

	assert_non_null(file);
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	assert_non_null(cert);
	fclose(file);
	return cert;
}

static void
names_are_taken_from_the_certificate(void **state)
{
	static const struct {
		const char *names;
		struct str wanted;
		const char *why; /* NULL: matches */
		enum named_by named_by;
	} cases[] = {
		{ "DNS:a.example,DNS:b.example", STR("B.example"), NULL, NAMED_BY_DNS },
		{ "IP:127.0.0.2", STR("127.0.0.2"), NULL, NAMED_BY_IP },
		{ "IP:2001:db8::1", STR("[2001:db8::1]"), NULL, NAMED_BY_IP },
		{ "URI:sip:a.example", STR("a.example"), NULL, NAMED_BY_URI },
		{ "DNS:a.example,IP:127.0.0.1", STR("c.example"),
			"wanted c.example, but the certificate names DNS:a.example, IP:127.0.0.1",
			NAMED_BY_NONE },
		{ "email:a@a.example", STR("a.example"), "the certificate names nothing",
			NAMED_BY_NONE },
		{ NULL, STR("a.example"), "the certificate names nothing", NAMED_BY_NONE },
		{ "DNS:*.example", STR("a.example"), "the certificate names DNS:*.example",
			NAMED_BY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		X509 *cert = read_cert(pki_leaf(pki, cases[i].names).certificate);
		char text[1024];
		struct buf why = buf_on(text, sizeof text);

		assert_int_equal(
			cert_names(cert, cases[i].wanted, false, &why), cases[i].why == NULL);
		if (cases[i].why != NULL)
			assert_true(str_holds_alike(buf_str(&why), str_cstr(cases[i].why)));
		else
			assert_int_equal(cert_named_by(cert, cases[i].wanted), cases[i].named_by);
		X509_free(cert);
	}
}

static void
a_pin_is_one_certificate_whatever_it_names(void **state)
{
	X509 *pinned = read_cert(pki_leaf(pki, "DNS:else.example").certificate);
	X509 *other = read_cert(pki_leaf(pki, "DNS:a.example").certificate);
	struct terms terms = { .has_pin = true }, loose = { .takes_wildcard = true };
	X509 *star = read_cert(pki_leaf(pki, "DNS:*.a.example").certificate);
	char text[1024];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(X509_digest(pinned, EVP_sha256(), terms.pin, NULL), 1);
	assert_true(cert_is_wanted(pinned, STR("a.example"), &terms, &why));
	assert_false(cert_is_wanted(other, STR("a.example"), &terms, &why));
	assert_true(str_begins(buf_str(&why), STR("wanted the certificate with the tls-fingerp")));
	terms.has_pin = false;
	assert_true(cert_is_wanted(other, STR("a.example"), &terms, &why));
	assert_false(cert_is_wanted(star, STR("x.a.example"), &terms, &why));
	assert_true(cert_is_wanted(star, STR("x.a.example"), &loose, &why));
	X509_free(pinned);
	X509_free(other);
	X509_free(star);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("cert test CA");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	return 0;
}

/* Each octet may have to be quoted: the sentence keeps its end. */
static void
a_name_is_no_longer_than_it_may_be(void **state)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char quotes[64], letters[64];
	char text[CERT_NAME_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	memset(quotes, '"', sizeof quotes);
	memset(letters, 'a', sizeof letters);
	assert_int_equal(X509_NAME_add_entry_by_NID(
				 name, NID_commonName, MBSTRING_ASC, quotes, sizeof quotes, -1, 0),
		1);
	cert_put_name(&b, name);
	assert_true(buf_ok(&b));
	assert_true(str_begins(buf_str(&b), STR("'CN=\\x5c\\x22\\x5c")));
	assert_true(str_ends(buf_str(&b), STR("'")));
	X509_NAME_free(name);
	name = X509_NAME_new();
	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, letters,
				 sizeof letters, -1, 0),
		1);
	b = buf_on(text, sizeof text);
	cert_put_name(&b, name);
	assert_int_equal(b.used, sizeof letters + 5);
	X509_NAME_free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_pair_is_fine),
		cmocka_unit_test(each_fault_names_its_file),
		cmocka_unit_test(names_are_taken_from_the_certificate),
		cmocka_unit_test(a_pin_is_one_certificate_whatever_it_names),
		cmocka_unit_test(a_name_is_no_longer_than_it_may_be),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
