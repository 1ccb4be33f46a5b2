/* SPDX-License-Identifier: Apache-2.0 */
/* Answers outside dialogs: what they repeat, where they go, and the line in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "7789", .contact = "*", .password = "secret", .no_invite = true },
};
static const struct stage_options options = { .dns = dns, .dn_count = 2 };

static struct stage stage;
static struct phone alice;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* rows: R3261-8.2.6-a R3261-18.2.1-a */
static void
test_repeats_what_came(void **state)
{
	(void)state;
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\n"
		    "v: SIP/2.0/UDP 10.1.1.1:5060;rport;branch=z9hG4bK-1;x=y\r\n"
		    "Via: SIP/2.0/TCP p.example.net;branch=z9hG4bK-0, SIP/2.0/TLS q;branch=z9hG4bK-9\r\n"
		    "f: \"A, B\" <sip:1001@example.com;p=1>;tag=f;u=1\r\n"
		    "t: sip:example.com\r\ni: odd%call@1\r\nCSeq: 4294967295 OPTIONS\r\n\r\n"));
	phone_hear(&alice, "SIP/2.0 200 OK\r\n");
	assert_true(phone_heard(&alice,
		"Via: SIP/2.0/UDP 10.1.1.1:5060;rport=30000;branch=z9hG4bK-1;x=y;received=192.0.2.10"));
	assert_true(phone_heard(&alice, "SIP/2.0/TCP p.example.net;branch=z9hG4bK-0"));
	assert_true(phone_heard(&alice, "SIP/2.0/TLS q;branch=z9hG4bK-9"));
	assert_int_equal(alice.heard.msg.via_count, 3);
	assert_string_equal(
		phone_value(&alice, HEADER_FROM), "\"A, B\" <sip:1001@example.com;p=1>;tag=f;u=1");
	assert_string_equal(phone_value(&alice, HEADER_CALL_ID), "odd%call@1");
	assert_string_equal(phone_value(&alice, HEADER_CSEQ), "4294967295 OPTIONS");
	expect_empty(&stage);
}

/* Without rport a datagram's answer goes to the port of the Via, at the address it came from. */
static void
test_goes_where_the_via_says(void **state)
{
	struct addr to = stage_addr("192.0.2.10", 5999);
	struct addr v6 = stage_addr("2001:db8::66", 4444);

	(void)state;
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 10.1.1.1:5999;branch=z9hG4bK-1\r\n"
		    "From: <sip:a@b>;tag=f\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
		    "CSeq: 1 OPTIONS\r\n\r\n"));
	expect_send(&stage, TRANSPORT_UDP, &to, "SIP/2.0 200 ");
	/* The same for one that could not be read. */
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 10.1.1.1:5999;branch=z9hG4bK-2\r\n"
		    "From: <sip:a@b>;tag=f\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
		    "CSeq: x OPTIONS\r\n\r\n"));
	expect_send(&stage, TRANSPORT_UDP, &to, "SIP/2.0 400 ");
	stage_datagram(&stage, &v6,
		STR("OPTIONS sip:[2001:db8::1] SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP [2001:db8::99]:5999;rport;branch=z9hG4bK-3\r\n"
		    "From: <sip:a@b>;tag=f\r\nTo: <sip:b>\r\nCall-ID: v6\r\nCSeq: 1 OPTIONS\r\n\r\n"));
	assert_true(str_holds_alike(expect_send(&stage, TRANSPORT_UDP, &v6, "SIP/2.0 200 ")->bytes,
		STR(";rport=4444;branch=z9hG4bK-3;received=2001:db8::66")));
	expect_empty(&stage);
}

/* A repeat without a transaction gets the same answer, to the octet. */
static void
test_same_question_same_tag(void **state)
{
	static const char broken[] = "OPTIONS sip:example.com SIP/2.0\r\n"
				     "Via: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bK-1\r\n"
				     "From: <sip:a@b>;tag=f\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
				     "CSeq: 1 OPTIONS\r\nMax-Forwards: none\r\n\r\n";
	char first[1024];

	(void)state;
	phone_raw(&alice, str_cstr(broken));
	phone_hear(&alice, "SIP/2.0 400 Bad Max-Forwards\r\n");
	snprintf(first, sizeof first, "%s", alice.heard.text);
	stage_pass_ms(&stage, 50 * 1000);
	phone_raw(&alice, str_cstr(broken));
	phone_hear(&alice, "SIP/2.0 400 ");
	assert_string_equal(first, alice.heard.text);
	/* A To that has a tag keeps it. */
	phone_raw(&alice,
		STR("BYE sip:example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bK-7\r\n"
		    "From: <sip:a@b>;tag=f\r\nTo: <sip:b>;tag=mine\r\nCall-ID: y\r\n"
		    "CSeq: 1 BYE\r\n\r\n"));
	phone_hear(&alice, "SIP/2.0 481 ");
	assert_string_equal(phone_value(&alice, HEADER_TO), "<sip:b>;tag=mine");
	expect_empty(&stage);
}

static void
test_trying(void **state)
{
	struct phone bob;

	(void)state;
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phone_invite(&alice, "5000", "Timestamp: 54.5\r\n", NULL);
	phone_hear(&alice, "SIP/2.0 100 Trying\r\n");
	assert_true(phone_heard(&alice, "Timestamp: 54.5\r\n"));
	assert_true(str_is_none(alice.heard.msg.to.tag));
	phone_hear(&bob, "INVITE ");
	assert_false(phone_heard(&bob, "Timestamp"));
	phone_answer(&bob, 404, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
	phone_close(&bob);
}

/* The 3xx to 6xx of an INVITE comes again until its ACK, with one tag. */
static void
test_refusal_of_invite_repeats(void **state)
{
	char first[1024];

	(void)state;
	phone_invite(&alice, "5999", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 404 ");
	snprintf(first, sizeof first, "%s", alice.heard.text);
	stage_pass_ms(&stage, STAGE_T1_MS);
	phone_hear(&alice, "SIP/2.0 404 ");
	assert_string_equal(first, alice.heard.text);
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_challenge(void **state)
{
	struct values values;
	const struct header *line;
	struct str value;

	(void)state;
	alice.user = "7789";
	phone_register(&alice, 60, NULL);
	phone_hear(&alice, "SIP/2.0 401 Unauthorized\r\n");
	line = msg_header(&alice.heard.msg, HEADER_WWW_AUTHENTICATE);
	assert_true(str_holds_alike(line->value, STR("algorithm=SHA-256")));
	assert_true(str_holds_alike(line->value, STR("realm=\"example.com\"")));
	line = msg_header_next(&alice.heard.msg, line);
	assert_true(line != NULL && str_holds_alike(line->value, STR("algorithm=MD5")));
	assert_false(phone_heard(&alice, "stale"));
	assert_false(phone_heard(&alice, "Basic"));
	values = msg_values(&alice.heard.msg, HEADER_CONTACT);
	assert_false(values_next(&values, &value));
	expect_empty(&stage);
}

static void
test_the_log_says_who_and_why(void **state)
{
	(void)state;
	phone_invite(&alice, "5999", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	assert_true(stage_noted(&stage,
		"UDP from 192.0.2.10:30000: refused with 404: no DN has this number and no trunk its "
		"prefix: INVITE sip:5999@example.com from sip:1001@example.com"));
	assert_int_equal(stage_counts(&stage).refused_total, 1);
	/* What a peer writes cannot make a line of its own. */
	stage_forget_notes(&stage);
	phone_raw(&alice,
		STR("INVITE sip:59%0d%0a99@example.com SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bK-1\r\n"
		    "From: \"\\\\\" <sip:a@b>;tag=f\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
		    "CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.10:30000>\r\n\r\n"));
	while (stage_take(&stage, TRANSPORT_UDP, &alice.at) != NULL)
		continue;
	phone_raw(&alice,
		STR("OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP "
		    "192.0.2.10:30000;branch=z9hG4bK-1\r\nFrom: <\r\n\r\n"));
	phone_hear(&alice, "SIP/2.0 400 ");
	assert_true(
		stage_noted(&stage, "UDP from 192.0.2.10:30000: malformed: Bad From at octet "));
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	while (stage_take(&stage, TRANSPORT_UDP, &alice.at) != NULL)
		continue;
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_repeats_what_came),
		TEST(test_goes_where_the_via_says),
		TEST(test_same_question_same_tag),
		TEST(test_trying),
		TEST(test_refusal_of_invite_repeats),
		TEST(test_challenge),
		TEST(test_the_log_says_who_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
