/* SPDX-License-Identifier: Apache-2.0 */
#include "main/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/pki.h"

static struct pki *pki;
static struct pki_leaf leaf;

/* What a trial of the DN with that NUMBER and CONTACT says. */
static void
expect(const char *contact, const char *number, const char *part)
{
	static struct config config;
	char text[1024], *said;
	size_t size;
	FILE *to;
	int len = snprintf(text, sizeof text,
		"listen:\n  - sips:127.0.0.1:5061\n  - sip:127.0.0.1:5060;transport=udp\n"
		"  - sip:127.0.0.1:5060;transport=tcp\n"
		"domain: a.example\n"
		"tls: { certificate: %s, key: %s, trust: %s }\n"
		"dn:\n  - { number: 7789, type: extension, contact: \"%s\" }\n",
		leaf.certificate.at, leaf.key.at, pki_ca(pki).at, contact);

	assert_true(config_open(
		&config, pki_file(pki, "trial.yaml", str_of(text, (size_t)len)).at, stderr));
	to = open_memstream(&said, &size);
	assert_false(trial_run(&config, str_cstr(number), 0, to));
	fclose(to);
	config_close(&config);
	if (strstr(said, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, said);
	free(said);
}

static void
what_cannot_be_tried_says_so(void **state)
{
	(void)state;
	expect("sips:127.0.0.2:1", "1", "there is no such DN");
	expect("*", "7789", "it dials us");
	expect("sip:127.0.0.2:1;transport=tcp", "7789", "not one over TLS");
	expect("sips:127.0.0.2:1", "7789", "[tcp-refused]");
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("trial test CA");
	leaf = pki_leaf(pki, "IP:127.0.0.1");
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
		cmocka_unit_test(what_cannot_be_tried_says_so),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
