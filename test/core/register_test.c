/* SPDX-License-Identifier: Apache-2.0 */
/* REGISTER through the door: over every transport, challenged or not, and what the store does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn open_dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "7000", .contact = "*" },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
};
static const struct stage_dn secret_dns[] = {
	{ .number = "7789", .contact = "*", .password = "secret" },
	{ .number = "7790", .contact = "*", .password = "other" },
	{ .number = "7000", .contact = "*" },
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
};
static const struct stage_options opened = { .dns = open_dns, .dn_count = 3, .addresses = 4 };
static const struct stage_options secret = { .dns = secret_dns, .dn_count = 4 };

static struct stage stage;
static struct phone phone, bob;

static int
open_on(void **state, const struct stage_options *options)
{
	stage_open(&stage, options);
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
open_stage(void **state)
{
	return open_on(state, &opened);
}

static int
open_secret_stage(void **state)
{
	return open_on(state, &secret);
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&phone);
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
#define SECRET_TEST(name) cmocka_unit_test_setup_teardown(name, open_secret_stage, close_stage)

static void
use_phone(const char *user, uint16_t port, enum transport transport, bool is_sips)
{
	phone_close(&phone);
	phone_open(&phone, &stage, user, "192.0.2.70", port, transport, is_sips);
}

static void
expect_register(unsigned expires_s, const char *lines, const char *start)
{
	phone_register(&phone, expires_s, lines);
	phone_hear(&phone, start);
	expect_quiet(&stage);
}

/* ---- the ways in ---- */

/* Over each transport it is registered, and called over the same way. */
/* rows: R5626-7-a S12 */
static void
test_every_transport(void **state)
{
	static const struct {
		enum transport transport;
		bool is_sips;
		const char *shown;
	} ways[] = {
		{ TRANSPORT_UDP, false, "<sip:7000@192.0.2.70:40000>;expires=600" },
		{ TRANSPORT_TCP, false, "<sip:7000@192.0.2.70:40001;transport=tcp>;expires=600" },
		{ TRANSPORT_TLS, false, "<sip:7000@192.0.2.70:40002;transport=tls>;expires=600" },
		{ TRANSPORT_TLS, true, "<sips:7000@192.0.2.70:40003>;expires=600" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		use_phone("7000", (uint16_t)(40000 + i), ways[i].transport, ways[i].is_sips);
		expect_register(600, NULL, "SIP/2.0 200 ");
		assert_non_null(strstr(phone_value(&phone, HEADER_CONTACT), ways[i].shown));
		assert_true(phone_heard(&phone, "\r\nDate: "));
		assert_int_equal(stage_counts(&stage).bindings, 1);
		phones_talk(&bob, &phone, "7000");
		phones_part(&phone, &bob);
		expect_register(0, NULL, "SIP/2.0 200 ");
		assert_string_equal(phone_value(&phone, HEADER_CONTACT), "");
		assert_int_equal(stage_counts(&stage).bindings, 0);
	}
	expect_empty(&stage);
}

static void
test_query_and_star(void **state)
{
	(void)state;
	expect_register(600, NULL, "SIP/2.0 200 ");
	expect_register(600,
		"Contact: <sip:a@192.0.2.70>;q=0.1\r\nContact: <sip:b@192.0.2.70>;q=0.9;expires=90\r\n",
		"SIP/2.0 200 ");
	/* One without a Contact changes nothing. */
	phone_say(&phone,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-q\r\n"
		"From: <sip:7000@example.com>;tag=q\r\nTo: <sip:7000@example.com>\r\n"
		"Call-ID: query\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_true(phone_heard(&phone, "<sip:7000@192.0.2.70:40000>;"));
	assert_true(phone_heard(&phone, "<sip:a@192.0.2.70>;"));
	assert_true(phone_heard(&phone, "<sip:b@192.0.2.70>;"));
	expect_register(60, "Contact: *\r\n", "SIP/2.0 400 ");
	expect_register(0, "Contact: *\r\n", "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	expect_empty(&stage);
}

/* ---- whose ---- */

/* rows: R3261-10.3-c R3261-10.3-e R3261-10.3-f */
static void
test_addresses(void **state)
{
	(void)state;
	phone.user = "7999";
	expect_register(600, NULL, "SIP/2.0 404 ");
	phone.user = "east"; /* a trunk does not register */
	phone.call_id[0] = '\0';
	expect_register(600, NULL, "SIP/2.0 404 ");
	phone.user = "5000"; /* its contact is fixed */
	phone.call_id[0] = '\0';
	expect_register(600, NULL, "SIP/2.0 403 ");
	assert_true(stage_noted(&stage,
		"register 5000 from 192.0.2.70:40000: refused with 403: Number Has A Fixed Contact"));
	phone.user = "7000";
	phone.call_id[0] = '\0';
	expect_register(10, NULL, "SIP/2.0 423 ");
	assert_true(phone_heard(&phone, "Min-Expires: 60\r\n"));
	phone_say(&phone,
		"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-1\r\n"
		"From: <sip:7000@example.com>;tag=q\r\nTo: <sip:7000@example.com>\r\n"
		"Call-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 404 ");
	phone_say(&phone,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-2\r\n"
		"From: <sip:7000@example.com>;tag=q\r\nTo: <sip:7000@example.net>\r\n"
		"Call-ID: 2\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 404 ");
	phone_say(&phone,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-3\r\n"
		"From: <sip:7000@example.com>;tag=q\r\nTo: <tel:7000>\r\n"
		"Call-ID: 3\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 400 To Is No SIP URI");
	/* Escapes and the case of the host make no other address; the scheme neither. */
	phone_say(&phone,
		"REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-4\r\n"
		"From: <sip:x@y>;tag=q\r\nTo: <sip:%%370%%300@EXAMPLE.com;user=phone>\r\n"
		"Contact: <sip:7000@192.0.2.70:40000>\r\nCall-ID: 4\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 200 ");
	expect_register(0, NULL, "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	expect_empty(&stage);
}

/* rows: R5630-5.2-d R5630-5.2-e R5630-5.1.1.1-d */
static void
test_schemes(void **state)
{
	(void)state;
	stage.tap.may_echo_sips = true;
	expect_register(600, "Contact: <sips:7000@192.0.2.70>\r\n", "SIP/2.0 400 ");
	use_phone("7000", 40001, TRANSPORT_TCP, true);
	expect_register(600, NULL, "SIP/2.0 400 SIPS Request Not Over TLS");
	use_phone("7000", 40002, TRANSPORT_TLS, true);
	expect_register(
		600, "Contact: <sips:a@192.0.2.70>, <sip:b@192.0.2.70>\r\n", "SIP/2.0 400 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	/* The later form of one Contact takes the place of the earlier. */
	expect_register(600, "Contact: <sip:7000@192.0.2.70:40002>\r\n", "SIP/2.0 200 ");
	expect_register(
		600, "Contact: <sips:7000@192.0.2.70:40002;transport=tcp>\r\n", "SIP/2.0 200 ");
	assert_string_equal(phone_value(&phone, HEADER_CONTACT),
		"<sips:7000@192.0.2.70:40002;transport=tcp>;expires=600");
	stage.tap.may_echo_sips = false;
	expect_empty(&stage);
}

/* ---- passwords ---- */

static void
test_password(void **state)
{
	(void)state;
	use_phone("7789", 40000, TRANSPORT_UDP, false);
	expect_register(600, NULL, "SIP/2.0 401 ");
	expect_register(600, phone_credentials(&phone, "wrong", "REGISTER", "sip:example.com"),
		"SIP/2.0 401 ");
	expect_register(600, phone_credentials(&phone, "secret", "REGISTER", "sip:example.com"),
		"SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 1);
	expect_register(0, NULL, "SIP/2.0 401 "); /* nobody else takes it away */
	assert_int_equal(stage_counts(&stage).bindings, 1);
	expect_register(600, NULL, "SIP/2.0 401 ");
	expect_register(600, phone_credentials(&phone, "secret", "REGISTER", "sip:example.net"),
		"SIP/2.0 400 Bad Digest URI");
	assert_false(stage_noted(&stage, "secret"));
	expect_empty(&stage);
}

/* Known and unknown look alike. */
static void
test_unknown_is_asked_too(void **state)
{
	char first[2048];

	(void)state;
	use_phone("7789", 40000, TRANSPORT_UDP, false);
	expect_register(600, NULL, "SIP/2.0 401 ");
	snprintf(first, sizeof first, "%.60s", strstr(phone.heard.text, "WWW-Authenticate"));
	use_phone("9999", 40001, TRANSPORT_UDP, false);
	expect_register(600, NULL, "SIP/2.0 401 ");
	assert_memory_equal(first, strstr(phone.heard.text, "WWW-Authenticate"), 40);
	expect_register(
		600, phone_credentials(&phone, "", "REGISTER", "sip:example.com"), "SIP/2.0 401 ");
	use_phone("7000", 40002, TRANSPORT_UDP, false); /* a DN without a password */
	expect_register(600, NULL, "SIP/2.0 200 ");
	expect_empty(&stage);
}

/* rows: R3261-10.3-d */
static void
test_right_password_of_somebody_else(void **state)
{
	char credentials[1024];

	(void)state;
	use_phone("7790", 40000, TRANSPORT_UDP, false);
	expect_register(600, NULL, "SIP/2.0 401 ");
	snprintf(credentials, sizeof credentials, "%s",
		phone_credentials(&phone, "other", "REGISTER", "sip:example.com"));
	phone.user = "7789";
	phone.call_id[0] = '\0';
	expect_register(600, credentials, "SIP/2.0 403 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	expect_empty(&stage);
}

/* Credentials of nobody, of a DN without a password and of a trunk prove nobody: asked again. */
static void
test_credentials_that_prove_nobody(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "7789", .contact = "*", .password = "secret" },
		{ .number = "7000", .contact = "*" },
		{ .number = "east",
			.contact = "sip:192.0.2.80",
			.type = DN_TRUNK,
			.password = "other" },
	};
	static const char *const names[] = { "9999", "7000", "east" };
	struct stage_options o = { .dns = own, .dn_count = 3 };
	char credentials[1024];

	(void)state;
	stage_open(&stage, &o);
	phone_open(&phone, &stage, "7789", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		expect_register(600, NULL, "SIP/2.0 401 ");
		phone.user = names[i];
		snprintf(credentials, sizeof credentials, "%s",
			phone_credentials(&phone, "other", "REGISTER", "sip:example.com"));
		phone.user = "7789";
		expect_register(600, credentials, "SIP/2.0 401 ");
	}
	expect_register(600, "Authorization: Basic x\r\n", "SIP/2.0 401 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	assert_false(stage_noted(&stage, "right credentials of another DN"));
	phone_close(&phone);
	stage_close(&stage);
}

/* ---- the store ---- */

static void
test_store_that_fails(void **state)
{
	(void)state;
	stage.store = STORE_FAILS;
	expect_register(600, NULL, "SIP/2.0 500 ");
	assert_true(phone_heard(&phone, "Retry-After: "));
	stage.store = STORE_STALE;
	expect_register(600, NULL, "SIP/2.0 500 ");
	stage.store = STORE_MUTE;
	phone_register(&phone, 600, NULL);
	expect_quiet(&stage);
	assert_int_equal(stage_counts(&stage).asks, 1);
	stage_pass_ms(&stage, STORE_WAIT_MS);
	phone_hear(&phone, "SIP/2.0 500 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
	stage.store = STORE_PROMPT;
	expect_register(600, NULL, "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 1);
	expect_empty(&stage);
}

/* A repeat while the store thinks is absorbed, and answered once. */
static void
test_repeat(void **state)
{
	(void)state;
	phone_register(&phone, 600, NULL);
	phone_hear(&phone, "SIP/2.0 200 ");
	phone_invite_again(&phone);
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_int_equal(stage.saves, 1);
	expect_empty(&stage);
}

/* ---- the end of a binding ---- */

static void
expect_not_registered(void)
{
	phone_invite(&bob, "7000", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 100 ");
	phone_hear(&bob, "SIP/2.0 480 ");
	phone_ack_refusal(&bob);
	expect_quiet(&stage);
}

static void
test_expiry(void **state)
{
	(void)state;
	expect_register(60, NULL, "SIP/2.0 200 ");
	stage_pass_ms(&stage, 59 * 1000);
	phones_talk(&bob, &phone, "7000");
	phones_part(&bob, &phone);
	stage_pass_ms(&stage, 2 * 1000);
	expect_not_registered();
	assert_true(stage_noted(&stage, "the DN is not registered"));
	assert_int_equal(stage_counts(&stage).bindings, 0);
	expect_empty(&stage);
}

/* rows: R5626-7-b */
static void
test_connection_that_goes(void **state)
{
	(void)state;
	use_phone("7000", 40000, TRANSPORT_TLS, true);
	expect_register(600, NULL, "SIP/2.0 200 ");
	stage_over(&stage, phone.flow);
	expect_not_registered();
	assert_int_equal(stage_counts(&stage).bindings, 0);
	assert_int_equal(stage.dials, 0); /* a phone behind a NAT is not dialled */
	expect_empty(&stage);
}

static void
test_no_room_for_one_more_address(void **state)
{
	(void)state;
	expect_register(600, NULL, "SIP/2.0 200 ");
	/* As many Contacts as one address may have, and one more. */
	expect_register(600,
		"Contact: <sip:a@192.0.2.70>, <sip:b@192.0.2.70>, <sip:c@192.0.2.70>, "
		"<sip:d@192.0.2.70>, <sip:e@192.0.2.70>, <sip:f@192.0.2.70>, <sip:g@192.0.2.70>\r\n",
		"SIP/2.0 200 ");
	expect_register(600, "Contact: <sip:h@192.0.2.70>\r\n", "SIP/2.0 403 ");
	expect_register(600, NULL, "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 1);
	expect_empty(&stage);
}

/* ---- the option sips of the DN ---- */

static const struct stage_dn policy_dns[] = {
	{ .number = "7001", .contact = "*", .sips = SIPS_REQUIRED },
	{ .number = "7002", .contact = "*", .sips = SIPS_REFUSED },
};
static const struct stage_options policies = { .dns = policy_dns, .dn_count = 2 };

/* A Contact of the wrong scheme is not bound, and may be taken back all the same. */
static void
a_dn_says_which_scheme(void **state)
{
	struct phone sips;

	(void)state;
	stage_open(&stage, &policies);
	phone_open(&phone, &stage, "7001", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_open(&sips, &stage, "7002", "192.0.2.72", 40000, TRANSPORT_TLS, true);
	phone_register(&phone, 600, NULL);
	phone_hear(&phone, "SIP/2.0 403 ");
	assert_true(phone_heard(&phone, "Warning: 381 example.com \"SIPS Required\"\r\n"));
	assert_true(stage_noted(&stage, "its DN says that it always speaks sips"));
	phone_register(&sips, 600, NULL);
	phone_hear(&sips, "SIP/2.0 403 ");
	assert_true(phone_heard(&sips, "Warning: 380 example.com \"SIPS Not Allowed\"\r\n"));
	assert_true(stage_noted(&stage, "its DN says that it never speaks sips"));
	phone_register(&phone, 0, NULL);
	phone_hear(&phone, "SIP/2.0 200 ");
	phone_register(&phone, 0, "Contact: <sip:7001@192.0.2.70:40000>;expires=0\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	phone_register(&phone, 0, "Contact: *\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	phone_close(&phone);
	phone_close(&sips);
	stage_close(&stage);
}

/* A phone that registered by outbound keeps its connection alive, or loses it. */
static void
test_outbound_is_watched(void **state)
{
	static const char lines[] = "Supported: path, outbound\r\nRequire: path, outbound\r\n"
				    "Contact: <sip:7000@192.0.2.70:40001;transport=tcp>;reg-id=1;"
				    "+sip.instance=\"<urn:uuid:1>\"\r\n";

	(void)state;
	use_phone("7000", 40001, TRANSPORT_TCP, false);
	expect_register(600, lines, "SIP/2.0 200 ");
	assert_true(phone_heard(&phone, "Flow-Timer: "));
	stage_pass_ms(&stage, FLOW_TIMER_S * 1000);
	phone_raw(&phone, STR("\r\n\r\n"));
	phone_hear_ping(&phone);
	stage_pass_ms(&stage, FLOW_TIMER_S * 1000);
	assert_int_equal(stage.shuts, 0);
	stage_pass_ms(&stage, FLOW_GRACE_S * 1000);
	assert_int_equal(stage.shuts, 1);
	assert_true(stage_noted(&stage, "was to keep it alive and was not heard"));
	assert_int_equal(stage_counts(&stage).flows, 0);
}

/* Credentials that name nobody prove nothing: it is asked for better ones. */
static void
test_credentials_of_nobody(void **state)
{
	static const char *const lines[] = {
		"Authorization: Basic Nzc4OTpzZWNyZXQ=\r\n",
		"Authorization: Digest realm=\"example.com\"\r\n",
		"Authorization: nonsense\r\n",
		"Authorization: Digest username=\"4711\", realm=\"example.com\"\r\n",
	};

	(void)state;
	use_phone("7789", 40000, TRANSPORT_UDP, false);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		expect_register(600, lines[i], "SIP/2.0 401 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
}

/* A REGISTER is of no dialog, whatever tag its To has. */
static void
test_a_to_tag(void **state)
{
	(void)state;
	phone_say(&phone,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK-q\r\n"
		"From: <sip:7000@example.com>;tag=q\r\nTo: <sip:7000@example.com>;tag=old\r\n"
		"Call-ID: query\r\nCSeq: 1 REGISTER\r\n\r\n",
		phone.host);
	phone_hear(&phone, "SIP/2.0 200 ");
	expect_quiet(&stage);
}

/* A Contact that does not say how long is bound as well, so that its scheme counts. */
static void
test_scheme_without_expires(void **state)
{
	static const struct stage_dn sips[] = {
		{ .number = "7000", .contact = "*", .sips = SIPS_REQUIRED },
		{ .number = "7001", .contact = "*", .sips = SIPS_REFUSED },
	};
	static const struct stage_options policed = { .dns = sips, .dn_count = 2 };
	static const struct {
		const char *number, *contact, *answer;
	} rows[] = {
		{ "7000", "<sip:a@192.0.2.70>", "SIP/2.0 403 " },
		{ "7000", "<sip:a@192.0.2.70>;expires=60", "SIP/2.0 403 " },
		{ "7000", "<sip:a@192.0.2.70>;expires=0", "SIP/2.0 200 " },
		{ "7001", "<sip:a@192.0.2.70>", "SIP/2.0 200 " },
	};

	(void)state;
	stage_close(&stage);
	stage_open(&stage, &policed);
	use_phone("7000", 40000, TRANSPORT_UDP, false);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		phone_say(&phone,
			"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-x%u\r\n"
			"From: <sip:%s@example.com>;tag=q\r\nTo: <sip:%s@example.com>\r\n"
			"Call-ID: x%u\r\nCSeq: 1 REGISTER\r\nContact: %s\r\n\r\n",
			phone.host, i, rows[i].number, rows[i].number, i, rows[i].contact);
		phone_hear(&phone, rows[i].answer);
		expect_quiet(&stage);
	}
	assert_int_equal(stage_counts(&stage).bindings, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_transport),
		TEST(test_query_and_star),
		TEST(test_outbound_is_watched),
		SECRET_TEST(test_credentials_of_nobody),
		TEST(test_a_to_tag),
		TEST(test_scheme_without_expires),
		TEST(test_addresses),
		TEST(test_schemes),
		SECRET_TEST(test_password),
		SECRET_TEST(test_unknown_is_asked_too),
		SECRET_TEST(test_right_password_of_somebody_else),
		TEST(test_store_that_fails),
		TEST(test_repeat),
		TEST(test_expiry),
		TEST(test_connection_that_goes),
		TEST(test_no_room_for_one_more_address),
		cmocka_unit_test(test_credentials_that_prove_nobody),
		cmocka_unit_test(a_dn_says_which_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
