/* SPDX-License-Identifier: Apache-2.0 */
#include "main/certs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/pki.h"

static struct pki *pki;
static char *shown;

/* What is shown for a server at 127.0.0.1 with that certificate; how much of it is wrong. */
static uint32_t
show(struct pki_leaf leaf, const char *listen, int64_t ahead_s)
{
	static struct config config;
	char text[1024];
	size_t size;
	uint32_t faults;
	FILE *to;
	int len = snprintf(text, sizeof text,
		"listen:\n  - %s\n  - sip:127.0.0.1:5060;transport=udp\n"
		"domain: a.example\n"
		"tls: { certificate: %s, key: %s }\n"
		"dn:\n  - { number: 7789, type: extension, contact: \"*\", password: x }\n",
		listen, leaf.certificate.at, leaf.key.at);

	free(shown);
	assert_true(config_open(
		&config, pki_file(pki, "certs.yaml", str_of(text, (size_t)len)).at, stderr));
	to = open_memstream(&shown, &size);
	faults = certs_show(&config, (int64_t)time(NULL) + ahead_s, to);
	fclose(to);
	config_close(&config);
	return faults;
}

static void
expect(const char *part)
{
	if (strstr(shown, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, shown);
}

/* rows: R5922-6 */
static void
each_name_that_phones_dial_must_be_in_it(void **state)
{
	struct pki_leaf all = pki_issue(
		pki, "DNS:a.example,IP:127.0.0.1,DNS:sip.a.example", -60, 90L * 86400 + 60);
	struct pki_leaf few = pki_issue(pki, "DNS:b.example", -60, 90L * 86400 + 60);

	(void)state;
	assert_int_equal(show(all, "sips:127.0.0.1:5061", 0), 0);
	expect("names   DNS:a.example, IP:127.0.0.1, DNS:sip.a.example");
	expect("90 days left");
	expect("as server and as client");
	assert_int_equal(show(all, "{ uri: \"sips:0.0.0.0:5061\" }", 0), 0);
	assert_int_equal(
		show(all, "{ uri: \"sips:0.0.0.0:5061\", advertise: \"sip.a.example:5061\" }", 0),
		0);
	assert_int_equal(
		show(all, "{ uri: \"sips:0.0.0.0:5061\", advertise: \"pbx.a.example\" }", 0), 1);
	expect("names its advertised name pbx.a.example");
	assert_int_equal(show(few, "sips:127.0.0.1:5061", 0), 2);
	expect("names its address 127.0.0.1");
	expect("names its domain a.example");
}

static void
an_end_that_is_near_is_wrong(void **state)
{
	struct pki_leaf leaf = pki_issue(pki, "DNS:a.example,IP:127.0.0.1", -60, 90L * 86400 + 60);

	(void)state;
	assert_int_equal(show(leaf, "sips:127.0.0.1:5061", 61L * 86400), 1);
	expect("ends within 30 days");
	assert_int_equal(show(leaf, "sips:127.0.0.1:5061", 91L * 86400), 1);
	expect("expired");
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("certs test CA");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	free(shown);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_that_phones_dial_must_be_in_it),
		cmocka_unit_test(an_end_that_is_near_is_wrong),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
