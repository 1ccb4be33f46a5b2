/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#define UDP "listen: [ \"sip:127.0.0.1\" ]\n"
#define TLS "listen: [ \"sips:127.0.0.1\" ]\n"
#define BOTH "listen: [ \"sips:127.0.0.1\", \"sip:127.0.0.1\" ]\n"
#define MUTUAL "listen: [ { uri: \"sips:127.0.0.1\", client-certificate: optional } ]\n"
#define OURS "tls: { certificate: leaf.pem, key: leaf.key }\n"
#define CHECKED "tls: { certificate: leaf.pem, key: leaf.key, trust: other.pem }\n"
#define EXT(contact) "dn: [ { number: 5000, type: extension, contact: \"" contact "\" } ]\n"
#define STAR "dn: [ { number: 5000, type: extension, contact: \"*\", password: x } ]\n"

static void
test_tls_needs_its_files(void **state)
{
	(void)state;
	kit_refused(TLS STAR, "needs a certificate");
	kit_refused("listen: [ \"sip:127.0.0.1;transport=tls\" ]\n" STAR, "needs a certificate");
	kit_refused(TLS "tls: { trust: other.pem }\n" STAR, "needs a certificate");
	kit_refused(TLS "tls: { certificate: leaf.pem }\n" STAR, "needs its key");
	kit_refused(UDP "tls: { key: leaf.key }\n" STAR, "needs its certificate");
	kit_taken(TLS OURS STAR, 0, "");
	/* Two such listeners are one fault. */
	kit_refused(
		"listen: [ \"sips:127.0.0.1\", \"sips:127.0.0.2\" ]\n" STAR, "needs a certificate");
}

static void
test_what_we_dial_is_checked(void **state)
{
	(void)state;
	kit_refused(TLS OURS EXT("sips:127.0.0.2"), "trust");
	kit_refused(TLS OURS EXT("sip:127.0.0.2;transport=tls"), "trust");
	kit_refused(TLS OURS "dn: [ { number: e, type: trunk, contact: \"sips:a.example\" } ]\n",
		"trust");
	kit_taken(TLS CHECKED EXT("sips:127.0.0.2"), 1, "unauthenticated over TLS");
	kit_taken(TLS CHECKED EXT("sip:a.example;transport=tls"), 1, "unauthenticated over TLS");
}

/* Who calls us over TLS can be told from others by its password or by its certificate. */
static void
test_who_calls_over_tls(void **state)
{
	(void)state;
	kit_taken(MUTUAL CHECKED EXT("sips:127.0.0.2"), 0, "");
	kit_taken(TLS CHECKED
		"dn: [ { number: 5000, type: extension, contact: \"sips:127.0.0.2\", password: x "
		"} ]\n",
		0, "");
	/* The listener's CAs are not those of the trunk. */
	kit_taken(MUTUAL CHECKED
		"identities: { e: { certificate: leaf.pem, key: leaf.key, trust: leaf.pem } }\n"
		"dn: [ { number: e, type: trunk, contact: \"sips:a.example\", identity: e } ]\n",
		1, "unauthenticated over TLS");
	kit_taken(TLS CHECKED "dn:\n"
			      "  - { number: 1, type: trunk, contact: \"sips:a.example\" }\n"
			      "  - { number: 2, type: trunk, contact: \"sips:a.example\" }\n"
			      "  - { number: 3, type: trunk, contact: \"sips:a.example\" }\n"
			      "  - { number: 4, type: trunk, contact: \"sips:a.example\" }\n"
			      "  - { number: 5, type: trunk, contact: \"sips:a.example\" }\n"
			      "  - { number: 6, type: trunk, contact: \"sips:a.example\" }\n",
		1, ": 1, 2, 3, 4, 5, ...\n");
}

static void
test_a_device_must_find_us(void **state)
{
	(void)state;
	kit_refused(UDP "tls: { trust: other.pem }\n" EXT("sips:127.0.0.2"), "TLS listener");
	kit_refused(TLS CHECKED EXT("127.0.0.2"), "no listener for UDP over IPv4");
	kit_refused(TLS CHECKED EXT("a.example"), "no listener for UDP can");
	kit_refused(UDP EXT("[::2]"), "no listener for UDP over IPv6");
	kit_taken(UDP EXT("a.example"), 0, "");
	kit_taken(UDP EXT("sip:127.0.0.2;transport=tcp"), 1, "no TCP listener");
	kit_taken("listen: [ \"sip:[::1]\", \"sip:[::1];transport=tcp\" ]\n" EXT(
			  "sip:127.0.0.2;transport=tcp"),
		0, "");
	/* With a listener that was refused it is not asked. */
	kit_refused("listen: [ \"sip:nohost.example\" ]\n" EXT("127.0.0.2"), "IP address");
}

static void
test_listeners_that_clash(void **state)
{
	(void)state;
#define TWO(a, b) "listen: [ \"" a "\", \"" b "\" ]\n" OURS STAR
	kit_refused(TWO("sip:127.0.0.1", "sip:127.0.0.1:5060"), "the same port");
	kit_refused(TWO("sip:0.0.0.0", "sip:127.0.0.1"), "the same port");
	kit_refused(TWO("sip:127.0.0.1", "sip:0.0.0.0"), "the same port");
	kit_refused(TWO("sip:127.0.0.1:5061;transport=tcp", "sips:127.0.0.1"), "the same port");
	kit_taken(TWO("sip:127.0.0.1", "sip:127.0.0.1;transport=tcp"), 0, "");
	kit_taken(TWO("sip:127.0.0.1", "sip:127.0.0.2"), 0, "");
	kit_taken(TWO("sip:127.0.0.1", "sip:127.0.0.1:5062"), 0, "");
	kit_taken(TWO("sip:0.0.0.0", "sip:[::]") "domain: example.com\n", 0, "");
	kit_refused(TWO("sip:0.0.0.0", "sip:[::]"), "name no host");
}

static void
test_contacts_that_lead_nowhere(void **state)
{
	(void)state;
	kit_refused(UDP EXT("127.0.0.1"), "our own");
	kit_refused(UDP EXT("sip:7@127.0.0.1:5060"), "our own");
	kit_refused("listen: [ \"sip:0.0.0.0\" ]\n" EXT("127.0.0.9"), "our own");
	kit_refused(BOTH CHECKED EXT("sips:127.0.0.1"), "our own");
	kit_taken(UDP EXT("127.0.0.1:5070"), 0, "");
	kit_taken(BOTH CHECKED EXT("127.0.0.1:5061"), 0, "");
	kit_refused(UDP EXT("0.0.0.0:9"), "no device");
	kit_refused(UDP EXT("239.1.1.1"), "no device");
}

static void
test_tls_name(void **state)
{
#define NAMED(contact)                                                           \
	"dn: [ { number: 1, type: extension, password: x, tls-name: a.example, " \
	"contact: \"" contact "\" } ]\n"
	(void)state;
	kit_taken(BOTH CHECKED NAMED("sips:127.0.0.2"), 0, "");
	kit_taken(BOTH CHECKED NAMED("sip:127.0.0.2;transport=tls"), 0, "");
	kit_refused(BOTH CHECKED NAMED("127.0.0.2"), "does not speak TLS");
	kit_refused(BOTH CHECKED NAMED("*"), "not dialled");
}

static void
test_who_is_not_authenticated(void **state)
{
	(void)state;
	kit_taken(BOTH CHECKED EXT("*"), 1, "5000 has no password: ");
	kit_taken(UDP EXT("*"), 0, "");
	kit_refused(UDP "dn: [ { number: 1, type: extension, contact: \"*\", "
			"authenticate-requests: invite } ]\n",
		"needs a password");
	kit_taken(UDP "dn: [ { number: 1, type: extension, contact: \"*\", "
		      "authenticate-requests: none } ]\n",
		0, "");
}

static void
test_one_number_one_dn(void **state)
{
	(void)state;
#define NUMBERS(a, b)                                                     \
	UDP "dn:\n- { number: " a ", type: extension, contact: \"*\" }\n" \
	    "- { number: " b ", type: trunk, contact: 192.0.2.1 }\n"
	kit_refused(NUMBERS("5000", "\"5000\""),
		"sipward.yaml:4:14: error: two DNs have the number "
		"5000; the first is on line 3");
	kit_taken(NUMBERS("5000", "05000"), 0, "");
	kit_taken(NUMBERS("east", "East"), 0, "");
}

static void
test_the_rest(void **state)
{
	(void)state;
	kit_taken(UDP, 1, "nobody can be called");
	kit_taken(UDP "dn: []\n", 1, "nobody can be called");
	kit_refused(UDP "timers: { t1: 5s }\n" STAR, "longer than t2");
	kit_refused(UDP "timers: { t2: 100ms }\n" STAR, "longer than t2");
	kit_taken(UDP "timers: { t1: 5s, t2: 5s }\n" STAR, 0, "");
}

static void
test_what_proves_us(void **state)
{
#define TRUNK(more) UDP "dn: [ { number: e, type: trunk, contact: 192.0.2.9, " more " } ]\n"
	(void)state;
	kit_taken(TRUNK("password: x"), 0, "");
	kit_taken(TRUNK("username: a, realm: b, password: x"), 0, "");
	kit_refused(TRUNK("username: a"), "username says nothing here");
	kit_refused(TRUNK("realm: b"), "realm says nothing here");
	kit_taken(TRUNK("register: yes"), 0, "");
	kit_taken(TRUNK("register: true, register-expires: 600, password: x"), 0, "");
	kit_refused(TRUNK("register: no, register-expires: 600"), "nothing here without register");
	kit_refused(TRUNK("register: maybe"), "yes or no");
	kit_refused(TRUNK("register: yes, register-expires: 59"), "from 60 to 86400");
	kit_taken(TRUNK("oos-check: 10, oos-force: 5"), 0, "");
	kit_taken(TRUNK("recovery-timeout: 60"), 0, "");
	kit_refused(TRUNK("oos-force: 5"), "nothing here without oos-check");
	kit_refused(TRUNK("oos-check: 301"), "from 0 to 300");
	kit_refused(UDP "dn: [ { number: 1, type: extension, contact: \"*\", oos-check: 9 } ]\n",
		"it says so itself");
	kit_taken(UDP
		"dn: [ { number: 1, type: extension, contact: \"*\", service-route: yes } ]\n",
		0, "");
	kit_refused(UDP "dn: [ { number: 1, type: extension, contact: 192.0.2.9, service-route: no "
			"} ]\n",
		"only who registers is told");
	kit_taken(TRUNK("register: yes, gruu: yes"), 0, "");
	kit_refused(TRUNK("gruu: no"), "nothing here without register");
	kit_refused(TRUNK("service-route: yes"), "only an extension or an acd-position");
	kit_refused(TRUNK("authenticate-requests: invite, password: x"), "known by their address");
}

static void
test_outbound_proxies(void **state)
{
#define BY(contact, proxy)                                                                   \
	"dn: [ { number: e, type: trunk, contact: \"" contact "\", outbound-proxy: \"" proxy \
	"\" } ]\n"
	(void)state;
	kit_taken(UDP BY("192.0.2.9", "192.0.2.8"), 0, "");
	kit_taken(BOTH CHECKED BY("sips:a.example", "sip:192.0.2.8"), 1, "unauthenticated");
	kit_taken(BOTH CHECKED BY("sip:a.example", "sips:p.example"), 1, "unauthenticated");
	kit_taken(BOTH CHECKED BY("sips:a.example", "sip:p.example;transport=tcp"), 1,
		"unauthenticated");
	kit_refused(BOTH CHECKED BY("sips:a.example", "sip:p.example;transport=udp"),
		"drop transport=udp");
	kit_refused(BOTH CHECKED BY("sip:a.example;transport=tls", "sip:p.example;transport=udp"),
		"drop transport=udp");
	kit_refused(BOTH OURS BY("sip:a.example", "sips:p.example"), "cannot be checked");
	kit_refused(UDP BY("192.0.2.9", "127.0.0.1"), "our own");
	kit_refused(UDP BY("192.0.2.9", "*"), "a proxy is a host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_needs_its_files),
		cmocka_unit_test(test_what_we_dial_is_checked),
		cmocka_unit_test(test_who_calls_over_tls),
		cmocka_unit_test(test_a_device_must_find_us),
		cmocka_unit_test(test_listeners_that_clash),
		cmocka_unit_test(test_contacts_that_lead_nowhere),
		cmocka_unit_test(test_tls_name),
		cmocka_unit_test(test_who_is_not_authenticated),
		cmocka_unit_test(test_what_proves_us),
		cmocka_unit_test(test_outbound_proxies),
		cmocka_unit_test(test_one_number_one_dn),
		cmocka_unit_test(test_the_rest),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
