/* SPDX-License-Identifier: Apache-2.0 */
/* A trunk that challenges us, in each state of a leg. What it gets at all stands in
 * gate/answer_test.c and in the scenarios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

#define ASKS "WWW-Authenticate: Digest realm=\"east.example\", nonce=\"n\", qop=\"auth\"\r\n"
#define PROVES "\r\nAuthorization: Digest username=\"acme\", realm=\"east.example\""

static struct stage_dn dns[] = { { .number = "east",
					 .contact = "sip:192.0.2.50",
					 .type = DN_TRUNK,
					 .prefix = "9",
					 .username = "acme",
					 .password = "s3cret",
					 .realm = "east.example" },
	{ .number = "1001", .contact = "sip:192.0.2.10:30000" } };
static struct stage_options options = { .dns = dns, .dn_count = 2, .strangers = STRANGERS_ALL };

static struct stage stage;
static struct phone alice, east;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	stage_tick(&stage);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&east, &stage, "east", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

/* The trunk over TLS, where it proves its name. */
static int
open_tls_stage(void **state)
{
	dns[0].contact = "sips:east.example";
	stage_open(&stage, &options);
	stage_name(&stage, "east.example", "192.0.2.50");
	stage_tick(&stage);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&east, &stage, "east", "192.0.2.50", 5061, TRANSPORT_TLS, true);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&east);
	stage_close(&stage);
	dns[0].password = "s3cret";
	dns[0].contact = "sip:192.0.2.50";
	return 0;
}

static void
ask(void)
{
	phone_invite(&alice, "95000", NULL, SDP("alice", "sendrecv"));
	(void)phone_hear(&alice, "SIP/2.0 100");
	(void)phone_hear(&east, "INVITE ");
	assert_false(phone_heard(&east, "Authorization"));
}

static void
talk(void)
{
	ask();
	phone_answer(&east, 200, NULL, SDP("east", "sendrecv"));
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&alice, "SIP/2.0 200");
	phone_ack(&alice, NULL);
}

/* Who hung up meanwhile is not called a second time. */
static void
a_cancelled_call_proves_nothing(void **state)
{
	(void)state;
	ask();
	phone_answer(&east, 100, NULL, NULL);
	phone_cancel(&alice);
	(void)phone_hear(&alice, "SIP/2.0 200");
	(void)phone_hear(&alice, "SIP/2.0 487");
	phone_ack_refusal(&alice);
	(void)phone_hear(&east, "CANCEL ");
	phone_reply(&east, 200, NULL, NULL);
	phone_answer(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "ACK ");
	expect_empty(&stage);
}

/* The wait for the answer of the second is that of the second. */
static void
the_time_of_the_first_is_over(void **state)
{
	(void)state;
	ask();
	phone_answer(&east, 100, NULL, NULL);
	stage_pass_ms(&stage, 20 * 1000);
	phone_answer(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&east, "INVITE ");
	assert_true(phone_heard(&east, PROVES));
	phone_answer(&east, 100, NULL, NULL);
	stage_pass_ms(&stage, 20 * 1000);
	expect_quiet(&stage);
	phone_answer(&east, 486, NULL, NULL);
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&alice, "SIP/2.0 486");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

/* The password of a reload is the one that counts, and none is none. */
static void
the_directory_in_force_says_what_proves_us(void **state)
{
	(void)state;
	ask();
	dns[0].password = NULL;
	stage_reload(&stage, &options);
	phone_answer(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&alice, "SIP/2.0 403");
	assert_true(stage_noted(&stage, "none were configured for it"));
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
a_message_is_followed_across(void **state)
{
	(void)state;
	talk();
	phone_request(&alice, "MESSAGE", "Content-Type: text/plain\r\n", "hello");
	(void)phone_hear(&east, "MESSAGE ");
	phone_reply(&east, 407,
		"Proxy-Authenticate: Digest realm=\"east.example\", nonce=\"n\", qop=\"auth\"\r\n",
		NULL);
	(void)phone_hear(&east, "MESSAGE ");
	assert_true(phone_heard(&east, "\r\nProxy-Authorization: Digest username=\"acme\""));
	assert_true(phone_heard(&east, "\r\n\r\nhello"));
	phone_reply(&east, 202, NULL, NULL);
	(void)phone_hear(&alice, "SIP/2.0 202");
	phones_part(&alice, &east);
	expect_empty(&stage);
}

/* While we hang up only the BYE is said again. */
static void
what_crosses_a_bye_is_not_said_again(void **state)
{
	(void)state;
	talk();
	phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "1");
	(void)phone_hear(&east, "INFO ");
	phone_request(&alice, "BYE", NULL, NULL);
	(void)phone_hear(&alice, "SIP/2.0 200");
	(void)phone_hear(&east, "BYE ");
	phone_reply(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "BYE ");
	assert_true(phone_heard(&east, PROVES));
	phone_reply(&east, 401, ASKS, NULL); /* and that once */
	stage_pass_ms(&stage, 33 * 1000);
	stage_forget_sent(&stage);
	expect_empty(&stage);
}

/* The refresh of the session goes on under its second name, and what it was for is done. */
static void
a_refresh_is_said_again(void **state)
{
	(void)state;
	phone_invite(&east, "1001", "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n",
		SDP("east", "sendrecv"));
	(void)phone_hear(&east, "SIP/2.0 100");
	(void)phone_hear(&alice, "INVITE ");
	phone_answer(&alice, 200, NULL, SDP("alice", "sendrecv"));
	(void)phone_hear(&alice, "ACK ");
	(void)phone_hear(&east, "SIP/2.0 200");
	phone_ack(&east, NULL);
	stage_pass_ms(&stage, 45 * 1000);
	(void)phone_hear(&east, "INVITE ");
	phone_answer(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&east, "INVITE ");
	assert_true(phone_heard(&east, PROVES));
	assert_true(phone_heard(&east, "\r\nSession-Expires: 90;refresher=uac\r\n"));
	phone_answer(&east, 200, "Require: timer\r\nSession-Expires: 90;refresher=uac\r\n",
		SDP("east", "sendrecv"));
	(void)phone_hear(&east, "ACK ");
	stage_pass_ms(&stage, 44 * 1000); /* half a session after the second of them */
	expect_quiet(&stage);
	stage_pass_ms(&stage, 1000);
	(void)phone_hear(&east, "INVITE ");
	phone_answer(&east, 200, NULL, SDP("east", "sendrecv"));
	(void)phone_hear(&east, "ACK ");
	phones_part(&east, &alice);
	expect_empty(&stage);
}

/* Whoever the trunk sent us on to learns nothing of its password. */
static void
another_address_gets_no_credentials(void **state)
{
	(void)state;
	ask();
	snprintf(east.host, sizeof east.host, "192.0.2.77:5060");
	phone_answer(&east, 200, NULL, SDP("east", "sendrecv"));
	east.at.ip[3] = 77;
	(void)phone_hear(&east, "ACK ");
	(void)phone_hear(&alice, "SIP/2.0 200");
	phone_ack(&alice, NULL);
	phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "1");
	(void)phone_hear(&east, "INFO ");
	phone_reply(&east, 401, ASKS, NULL);
	assert_true(stage_noted(&stage, "is not where the DN is, so it gets no credentials"));
	(void)phone_hear(&alice, "SIP/2.0 ");
	assert_true(alice.heard.msg.status >= 400);
	expect_quiet(&stage);
	phones_part(&alice, &east);
	expect_empty(&stage);
}

/* A connection that we dialled and that proved its name leads home, whatever the address. */
static void
a_name_that_was_proved_gets_them(void **state)
{
	(void)state;
	talk();
	phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "1");
	(void)phone_hear(&east, "INFO ");
	phone_reply(&east, 401, ASKS, NULL);
	(void)phone_hear(&east, "INFO ");
	assert_true(phone_heard(&east, PROVES));
	phone_reply(&east, 200, NULL, NULL);
	(void)phone_hear(&alice, "SIP/2.0 200");
	assert_int_equal(stage.dials, 1);
	phones_part(&alice, &east);
	expect_empty(&stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cancelled_call_proves_nothing),
		TEST(the_time_of_the_first_is_over),
		TEST(the_directory_in_force_says_what_proves_us),
		TEST(a_message_is_followed_across),
		TEST(what_crosses_a_bye_is_not_said_again),
		TEST(a_refresh_is_said_again),
		TEST(another_address_gets_no_credentials),
		cmocka_unit_test_setup_teardown(
			a_name_that_was_proved_gets_them, open_tls_stage, close_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
