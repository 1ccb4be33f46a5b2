/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#define LISTEN                                                \
	"listen: [ \"sip:127.0.0.1\", \"sips:127.0.0.1\" ]\n" \
	"tls: { certificate: leaf.pem, key: leaf.key, trust: other.pem }\n"
#define DN(text) LISTEN "dn: [ { " text " } ]\n"
#define STAR(text) DN("number: 5000, type: extension, contact: \"*\", password: x, " text)

static void
test_each_type(void **state)
{
	struct said said = kit_read(LISTEN
		"dn:\n"
		"- { contact: \"*\", password: x, type: extension, number: 1 }\n"
		"- { number: 2, type: acd-position, contact: \"sips:10.8.8.57;transport=tcp\" }\n"
		"- { number: 3, type: trunk, contact: \"sips:fly.example.com;transport=tls\" }\n"
		"- { number: 4, service-type: softswitch, type: voip-service, contact: a.b }\n");
	static const enum dn_type types[] = { DN_EXTENSION, DN_ACD_POSITION, DN_TRUNK,
		DN_SOFTSWITCH };

	(void)state;
	if (!said.is_good || kit_count(said.text, ": warning: ") != 1)
		fail_msg("%s", said.text);
	assert_int_equal(said.config.directory.count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(said.config.directory.dns[i].type, types[i]);
	assert_true(said.config.directory.dns[0].contact.is_self);
	assert_int_equal(said.config.directory.dns[1].contact.speech.scheme, SCHEME_SIPS);
	assert_int_equal(said.config.directory.dns[1].contact.speech.transport, TRANSPORT_TLS);
	assert_int_equal(said.config.directory.dns[3].contact.speech.transport, TRANSPORT_UDP);
	kit_free(&said);
}

static void
test_methods(void **state)
{
	static const struct {
		const char *written;
		bool has_register, has_invite;
	} all[] = { { "", true, true }, { "authenticate-requests: [ register ]", true, false },
		{ "authenticate-requests: [ invite, register ]", true, true },
		{ "authenticate-requests: invite", false, true },
		{ "authenticate-requests: \"register, invite\"", true, true },
		{ "authenticate-requests: []", false, false },
		{ "authenticate-requests: none", false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char text[512];
		struct said said;

		/* The order of the keys says nothing. */
		snprintf(text, sizeof text,
			LISTEN "dn: [ { %s%s password: x, number: 1, type: extension, "
			       "contact: \"*\" } ]\n",
			all[i].written, all[i].written[0] != '\0' ? "," : "");
		said = kit_read(text);
		if (!said.is_good)
			fail_msg("%s: %s", all[i].written, said.text);
		assert_int_equal(
			said.config.directory.dns[0].challenges_register, all[i].has_register);
		assert_int_equal(said.config.directory.dns[0].challenges_invite, all[i].has_invite);
		kit_free(&said);
	}
	kit_refused(STAR("authenticate-requests: [ register, none ]"), "each item");
	kit_refused(STAR("authenticate-requests: [ \"register,invite\" ]"), "each item");
	kit_refused(STAR("authenticate-requests: [ register, register ]"), "once");
	kit_refused(STAR("authenticate-requests: [ subscribe ]"), "not challenged yet");
	kit_refused(STAR("authenticate-requests: { register: yes }"), "one value");
	kit_refused(STAR("authenticate-requests:"), "no value");
}

static void
test_what_is_needed(void **state)
{
	(void)state;
	kit_refused(DN("type: extension, contact: \"*\", password: x"), "needs its number");
	kit_refused(DN("number: 1, contact: \"*\", password: x"), "needs its type");
	kit_refused(DN("number: 1, type: extension, password: x"), "needs its contact");
	kit_refused(DN("number: 1, type: voip-service, contact: 127.0.0.2"), "service-type");
}

/* One fault is one error: what hangs on it is not asked. */
static void
test_one_fault_one_error(void **state)
{
	(void)state;
	kit_refused(DN("number: 1, type: trnk, contact: 127.0.0.2, prefix: 9"), "\"trnk\"");
	kit_refused(DN("number: 1, type: trnk, contact: \"*\", password: x"), "\"trnk\"");
	kit_refused(
		DN("number: 1, type: voip-service, service-type: msml, contact: \"sips:1.2.3.4\""),
		"\"msml\"");
	kit_refused(DN("number: 1, type: extension, contact: \"sips:\""), "host");
	kit_refused(DN("number: [ 1 ], type: extension, contact: \"*\", password: x"), "one value");
	kit_refused(DN("number: 1, type: extension, contact: \"*\", password: \"\""), "password");
	kit_refused(LISTEN "dn: [ 1 ]\n", "a DN is a map");
	kit_refused(LISTEN "dn: 1\n", "dn is a list");
}

static void
test_passwords(void **state)
{
	struct said said;

	(void)state;
	said = kit_read(DN("number: 1, type: extension, contact: \"*\", "
			   "password: \"${env:SIPWARD_TEST_SECRET}\""));
	assert_true(said.is_good && said.len == 0);
	assert_true(str_same(said.config.directory.dns[0].password, STR("from the environment")));
	kit_free(&said);
	kit_taken(DN("number: 1, type: extension, contact: \"*\", password: \"${file:shown}\""), 1,
		"everybody on this machine can read shown");
	/* No error shows one. */
	said = kit_read(DN("number: 1, type: extension, contact: \"*\", password: \"hunter\\t2\""));
	assert_false(said.is_good);
	assert_null(strstr(said.text, "hunter"));
	kit_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_type),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_what_is_needed),
		cmocka_unit_test(test_one_fault_one_error),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
