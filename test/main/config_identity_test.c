/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#define TLS "tls: { certificate: leaf.pem, key: leaf.key, trust: other.pem }\n"
#define TWO                                                               \
	"identities:\n  east: { certificate: leaf.pem, key: leaf.key }\n" \
	"  west: { certificate: soon.pem, key: soon.key, trust: leaf.pem }\n"
#define DN "dn:\n  - { number: a, type: trunk, contact: \"sips:127.0.0.2\""

static void
assert_str(struct str got, const char *wanted)
{
	if (!str_same(got, str_cstr(wanted)))
		fail_msg("%.*s, not %s", (int)got.len, got.at, wanted);
}

static void
test_places(void **state)
{
	struct said said = kit_read(
		"listen:\n  - sips:127.0.0.1\n"
		"  - { uri: \"sips:127.0.0.1:5071\", identity: west }\n"
		"  - { uri: \"sips:127.0.0.1:5081\", identity: [ east, default ] }\n" TLS TWO DN
		", identity: west }\n"
		"  - { number: b, type: trunk, contact: \"sips:127.0.0.3\" }\n");
	const struct config *config = &said.config;

	(void)state;
	if (!said.is_good)
		fail_msg("%s", said.text);
	assert_int_equal(config->identity_count, 3);
	assert_str(config->identities[0].name, "default");
	assert_str(config->identities[1].name, "east");
	assert_str(config->identities[1].certificate, "leaf.pem");
	assert_str(config->identities[1].trust, "other.pem"); /* as the default */
	assert_str(config->identities[2].key, "soon.key");
	assert_str(config->identities[2].trust, "leaf.pem");
	assert_int_equal(config->listens[0].service.identity_count, 0);
	assert_int_equal(config->listens[1].service.identity_count, 1);
	assert_int_equal(config->listens[1].service.identities[0], 2);
	assert_int_equal(config->listens[2].service.identity_count, 2);
	assert_int_equal(config->listens[2].service.identities[0], 1);
	assert_int_equal(config->listens[2].service.identities[1], 0);
	assert_int_equal(config->directory.dns[0].terms.identity, 2);
	assert_int_equal(config->directory.dns[0].terms.trust, 2);
	assert_int_equal(config->directory.dns[1].terms.identity, 0);
	kit_free(&said);
}

/* Without tls: there may be others, and listeners that serve those alone. */
static void
test_without_a_default(void **state)
{
	(void)state;
	kit_refused("listen:\n  - sips:127.0.0.1\n" TWO "dn: []\n",
		"a TLS listener needs a certificate");
	kit_refused("listen:\n  - { uri: \"sips:127.0.0.1\", identity: [ east, default ] }\n" TWO
		    "dn: []\n",
		"a TLS listener needs a certificate");
	kit_refused("listen:\n  - { uri: \"sips:127.0.0.1\", identity: east }\n" TWO DN
		    ", identity: east }\n",
		"who it is cannot be checked");
}

/* The files of each are opened; those that are the default's once. */
static void
test_files_of_each(void **state)
{
	(void)state;
	kit_refused("listen: [ \"sips:127.0.0.1\" ]\n" TLS
		    "identities:\n  e: { certificate: gone.pem, key: leaf.key }\n" DN " }\n",
		"sipward.yaml:4:21: error: ");
	kit_refused("listen: [ \"sips:127.0.0.1\" ]\n" TLS
		    "identities:\n  e: { certificate: leaf.pem, key: other.key }\n" DN " }\n",
		"does not fit");
	kit_refused("listen: [ \"sips:127.0.0.1\" ]\n" TLS
		    "identities:\n  e: { certificate: leaf.pem, key: leaf.key, trust: no.pem }\n" DN
		    " }\n",
		"no.pem: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_without_a_default),
		cmocka_unit_test(test_files_of_each),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
