/* SPDX-License-Identifier: Apache-2.0 */
/* What the two DNs of a call and the mode for everybody make of it, as its peers see it. */
#include "core/kit.h"

static const enum crossing_mode modes[] = { MODE_PER_LEG, MODE_OBSERVE, MODE_NO_DOWNGRADE,
	MODE_STRICT };

/* Whether a sips call from one registered phone to another, plain one is placed. */
static bool
is_placed(enum crossing_mode all, enum crossing_mode caller, enum crossing_mode callee)
{
	const struct stage_dn two[] = { { .number = "1001", .contact = "*", .crossing = caller },
		{ .number = "7000", .contact = "*", .crossing = callee } };
	struct stage_options o = { .dns = two, .dn_count = 2, .crossing = all };
	bool is_refused;

	stage_open(&stage, &o);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TLS, true);
	phone_open(&bob, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_register(&bob, 600, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	is_refused = stage_noted(&stage, "refused with 480");
	if (is_refused) {
		phone_hear(&alice, "SIP/2.0 480 ");
		assert_true(
			phone_heard(&alice, "Warning: 380 example.com \"SIPS Not Allowed\"\r\n"));
	} else {
		phone_hear(&bob, "INVITE ");
		phone_answer(&bob, 486, NULL, NULL);
		phone_hear(&bob, "ACK ");
		phone_hear(&alice, "SIP/2.0 486 ");
	}
	phone_ack_refusal(&alice);
	/* observe, and only observe, says what strict would do */
	assert_int_equal(stage_noted(&stage, "observe: strict would refuse"),
		!is_refused &&
			(all == MODE_OBSERVE || caller == MODE_OBSERVE || callee == MODE_OBSERVE));
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
	return !is_refused;
}

static void
test_the_strictest_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++)
			for (size_t k = 0; k < 4; k++)
				assert_int_equal(is_placed(modes[i], modes[j], modes[k]),
					i < 2 && j < 2 && k < 2);
}

/* ---- what the caller's own DN says ---- */

static const struct stage_dn own[] = {
	{ .number = "1001", .contact = "sip:192.0.2.10", .sips = SIPS_REQUIRED },
	{ .number = "1002", .contact = "sips:192.0.2.11" },
	{ .number = "7000", .contact = "sip:192.0.2.70" },
	{ .number = "8000", .contact = "sips:192.0.2.80" },
	{ .number = "1003", .contact = "sip:192.0.2.13", .sips = SIPS_REFUSED },
};

static void
open_own(enum crossing_mode mode)
{
	struct stage_options o = { .dns = own, .dn_count = 5, .crossing = mode };

	stage_open(&stage, &o);
}

static void
close_own(void)
{
	phone_close(&alice);
	phone_close(&bob);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

static void
refused_with(const char *warning)
{
	phone_hear(&alice, "SIP/2.0 480 ");
	assert_true(phone_heard(&alice, warning));
	phone_ack_refusal(&alice);
	expect_quiet(&stage);
}

static void
test_a_caller_that_must_speak_sips(void **state)
{
	(void)state;
	open_own(MODE_PER_LEG);
	device_open(&alice, &stage, "1001", "192.0.2.10", 5060, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "7000", "192.0.2.70", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	refused_with("Warning: 381 example.com \"SIPS Required\"\r\n");
	close_own();
}

static void
test_a_caller_that_never_speaks_sips(void **state)
{
	(void)state;
	open_own(MODE_PER_LEG);
	phone_open(&alice, &stage, "1003", "192.0.2.13", 5060, TRANSPORT_TLS, true);
	device_open(&bob, &stage, "7000", "192.0.2.70", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	refused_with("Warning: 380 example.com \"SIPS Not Allowed\"\r\n");
	close_own();
}

/* Under observe the log says what strict would do, of a caller that no DN is, too. */
static void
test_a_stranger_is_observed(void **state)
{
	struct stage_options o = {
		.dns = own, .dn_count = 5, .crossing = MODE_OBSERVE, .strangers = STRANGERS_ALL
	};

	(void)state;
	stage_open(&stage, &o);
	phone_open(&alice, &stage, "x", "192.0.2.99", 30000, TRANSPORT_TLS, true);
	device_open(&bob, &stage, "7000", "192.0.2.70", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_true(stage_noted(
		&stage, "observe: strict would refuse the call from a stranger to 7000 with 480"));
	close_own();
}

/* Its contact is configured as sips, and it calls with sip: a line in the log, or under strict a
 * refusal. */
static void
test_a_caller_unlike_its_contact(void **state)
{
	(void)state;
	open_own(MODE_PER_LEG);
	device_open(&alice, &stage, "1002", "192.0.2.11", 5060, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "7000", "192.0.2.70", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_true(stage_noted(&stage,
		"DN 1002 is let in under per-leg, though it calls with sip, and its contact is "
		"configured as sips"));
	close_own();
	open_own(MODE_STRICT);
	device_open(&alice, &stage, "1002", "192.0.2.11", 5060, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "7000", "192.0.2.70", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	refused_with("Warning: 381 example.com \"SIPS Required\"\r\n");
	close_own();
}

/* What strict asks of a sips INVITE itself: its To is sips, too; that it passed a hop in clear is
 * told. */
static void
test_strict_looks_at_the_invite(void **state)
{
	static const char invite[] =
		"INVITE sips:8000@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TLS 192.0.2.99:30000;branch=z9hG4bK%u\r\n"
		"%sFrom: <sips:x@example.net>;tag=1\r\nTo: <%s:8000@example.com>\r\n"
		"Call-ID: strict-%u\r\nCSeq: 1 INVITE\r\nContact: <sips:x@192.0.2.99:30000>\r\n"
		"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
	struct stage_options o = {
		.dns = own, .dn_count = 4, .crossing = MODE_STRICT, .strangers = STRANGERS_ALL
	};

	(void)state;
	stage_open(&stage, &o);
	phone_open(&alice, &stage, "x", "192.0.2.99", 30000, TRANSPORT_TLS, true);
	device_open(&bob, &stage, "8000", "192.0.2.80", 5061, TRANSPORT_TLS, true);
	phone_say(&alice, invite, 1, "", "sips", 1);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE sips:8000@192.0.2.80");
	phone_say(&alice, invite, 4, "Via: SIP/2.0/wss p.example;branch=z9hG4bKw\r\n", "sips", 4);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE sips:8000@192.0.2.80");
	assert_false(stage_noted(&stage, "has passed a hop in clear"));
	phone_say(&alice, invite, 2, "Via: SIP/2.0/UDP p.example;branch=z9hG4bKp\r\n", "sips", 2);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE sips:8000@192.0.2.80");
	assert_true(stage_noted(&stage,
		"a sips INVITE from 192.0.2.99:30000 has passed a hop in clear, as its Via says"));
	stage.tap.may_echo_sips = true;
	phone_say(&alice, invite, 3, "", "sip", 3);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 400 SIPS Request-URI With SIP To\r\n");
	expect_quiet(&stage);
	close_own();
}

/* ---- OPTIONS ---- */

static const struct stage_dn whose[] = {
	{ .number = "1001", .contact = "sip:192.0.2.10", .sips = SIPS_REQUIRED },
	{ .number = "1002", .contact = "*", .sips = SIPS_REQUIRED, .password = "secret" },
	{ .number = "1003", .contact = "*", .sips = SIPS_REQUIRED },
	{ .number = "east",
		.contact = "sip:192.0.2.80",
		.type = DN_TRUNK,
		.prefix = "9",
		.sips = SIPS_REQUIRED },
	{ .number = "7000", .contact = "sip:192.0.2.70" },
};

/* Whether OPTIONS in clear is taken as of the DN that its From names, which must speak sips. */
static bool
is_taken_as(const char *user, const char *ip)
{
	struct stage_options o = { .dns = whose, .dn_count = 5, .strangers = STRANGERS_ALL };
	bool is_refused;

	stage_open(&stage, &o);
	phone_open(&alice, &stage, user, ip, 5060, TRANSPORT_UDP, false);
	phone_ask(&alice, "OPTIONS", "sip:7000@example.com", NULL, NULL);
	is_refused = phone_hear(&alice, "SIP/2.0 ")->status == 480;
	assert_int_equal(
		phone_heard(&alice, "Warning: 381 example.com \"SIPS Required\"\r\n"), is_refused);
	phone_close(&alice);
	stage_close(&stage);
	return is_refused;
}

/* RFC 3261 11.2: it gets what an INVITE would; but it is not challenged, so who would be is
 * believed. */
static void
test_options_of_whom(void **state)
{
	(void)state;
	assert_true(is_taken_as("1001", "192.0.2.10"));
	assert_false(is_taken_as("1001", "192.0.2.99"));
	assert_true(is_taken_as("1002", "192.0.2.99"));
	assert_false(is_taken_as("1003", "192.0.2.99"));
	assert_true(is_taken_as("east", "192.0.2.80"));
	assert_true(is_taken_as("behind", "192.0.2.80"));
	assert_false(is_taken_as("east", "192.0.2.99"));
	assert_false(is_taken_as("nobody", "192.0.2.99"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_strictest_counts),
		cmocka_unit_test(test_a_caller_that_must_speak_sips),
		cmocka_unit_test(test_a_caller_that_never_speaks_sips),
		cmocka_unit_test(test_a_stranger_is_observed),
		cmocka_unit_test(test_a_caller_unlike_its_contact),
		cmocka_unit_test(test_strict_looks_at_the_invite),
		cmocka_unit_test(test_options_of_whom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
