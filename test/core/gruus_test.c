/* SPDX-License-Identifier: Apache-2.0 */
/* A GRUU, from where it was registered to the one phone that it leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

#define UUID "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define OTHER "urn:uuid:11111111-7dec-11d0-a765-00a0c91e6bf6"
#define PUBLIC "sip:7000@example.com;gr=" UUID

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "7000", .contact = "*" },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
};
static const struct stage_options options = { .dns = dns, .dn_count = 3 };

static struct stage stage;
static struct phone amy, bob, ann, ben;
static char temporary[PHONE_WORD_BYTES];

/* What stands in quotes behind PARAM in what P heard last. */
static void
keep_quoted(const struct phone *p, const char *param, char *kept)
{
	const char *at = strstr(p->heard.text, param);
	size_t len;

	assert_non_null(at);
	at += strlen(param);
	len = strcspn(at, "\"");
	assert_true(len < PHONE_WORD_BYTES);
	memcpy(kept, at, len);
	kept[len] = '\0';
}

/* Ann's phone is the first of 7000, Ben's the later one: a call to the number is his. */
static int
open_stage(void **state)
{
	static const char lines[] = "Supported: gruu\r\nContact: <sip:7000@192.0.2.70:40000>;"
				    "+sip.instance=\"<" UUID ">\"\r\n";

	stage_open(&stage, &options);
	phone_open(&amy, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phone_open(&ann, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_open(&ben, &stage, "7000", "192.0.2.71", 40001, TRANSPORT_UDP, false);
	phone_register(&ann, 600, lines);
	phone_hear(&ann, "SIP/2.0 200 ");
	assert_true(phone_heard(&ann, ";pub-gruu=\"" PUBLIC "\""));
	keep_quoted(&ann, ";temp-gruu=\"", temporary);
	phone_register(&ben, 600, NULL);
	phone_hear(&ben, "SIP/2.0 200 ");
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&amy);
	phone_close(&bob);
	phone_close(&ann);
	phone_close(&ben);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

static void
expect_only(struct phone *p)
{
	phone_hear(p, "INVITE sip:7000@192.0.2.7");
	phone_answer(p, 486, NULL, NULL);
	phone_hear(p, "ACK ");
	phone_hear(&amy, "SIP/2.0 486 ");
	phone_ack_refusal(&amy);
	expect_quiet(&stage);
}

static void
amy_calls(const char *uri)
{
	phone_ask(&amy, "INVITE", uri, NULL, SDP("amy", "sendrecv"));
	phone_hear(&amy, "SIP/2.0 100 ");
}

/* rows: R5630-5.2.1-a */
static void
test_that_phone_alone(void **state)
{
	(void)state;
	amy_calls("sip:7000@example.com");
	expect_only(&ben);
	amy_calls(PUBLIC);
	expect_only(&ann);
	amy_calls(temporary);
	expect_only(&ann);
	phone_ask(&amy, "OPTIONS", temporary, NULL, NULL);
	phone_hear(&amy, "SIP/2.0 200 ");
	expect_empty(&stage);
}

static void
test_nobody_behind_it(void **state)
{
	static const char *const none[] = { "sip:7000@example.com;gr=a",
		"sip:tgruu.0123456789@example.com;gr", "sip:5000@example.com;gr=" UUID,
		"sip:9123@example.com;gr=" UUID, "sip:7009@example.com;gr=" UUID };

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		phone_ask(&amy, "INVITE", none[i], NULL, SDP("amy", "sendrecv"));
		phone_hear(&amy, "SIP/2.0 404 ");
		phone_ack_refusal(&amy);
		phone_ask(&amy, "OPTIONS", none[i], NULL, NULL);
		phone_hear(&amy, "SIP/2.0 404 ");
	}
	/* An instance that is not there now. */
	amy_calls("sip:7000@example.com;gr=" OTHER);
	phone_hear(&amy, "SIP/2.0 480 ");
	phone_ack_refusal(&amy);
	/* A temporary one goes with its binding. */
	phone_register(&ann, 0, NULL);
	phone_hear(&ann, "SIP/2.0 200 ");
	phone_ask(&amy, "INVITE", temporary, NULL, SDP("amy", "sendrecv"));
	phone_hear(&amy, "SIP/2.0 404 ");
	phone_ack_refusal(&amy);
	expect_quiet(&stage);
	expect_empty(&stage);
}

/* rows: R5630-5.2.1-a */
static void
test_redirected_to_it(void **state)
{
	char lines[2 * PHONE_WORD_BYTES];

	(void)state;
	snprintf(lines, sizeof lines, "Contact: <sip:7000@example.com;gr=a>;q=0.9, <%s>;q=0.5\r\n",
		temporary);
	amy_calls("sip:5000@example.com");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 302, lines, NULL);
	phone_hear(&bob, "ACK ");
	expect_only(&ann);
	/* And to nobody's. */
	amy_calls("sip:5000@example.com");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 302, "Contact: <sip:7000@example.com;gr=a>\r\n", NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&amy, "SIP/2.0 480 ");
	assert_true(stage_noted(&stage, "no phone has this GRUU"));
	phone_ack_refusal(&amy);
	expect_empty(&stage);
}

/* CALLER calls Bob with CONTACT in its dialog, and he hangs up: that goes to CALLER. */
static void
hung_up_at(struct phone *caller, const char *contact)
{
	char line[2 * PHONE_WORD_BYTES];

	snprintf(line, sizeof line, "Contact: <%s>\r\n", contact);
	phone_invite(caller, "5000", line, SDP("caller", "sendrecv"));
	phone_hear(caller, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(caller, "SIP/2.0 200 ");
	phone_ack(caller, NULL);
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	snprintf(line, sizeof line, "BYE %s SIP/2.0", contact);
	phone_hear(caller, line);
	phone_reply(caller, 200, NULL, NULL);
	assert_int_equal(stage.resolves, 0);
	expect_empty(&stage);
}

/* rows: R5630-5.2.1-a */
static void
test_a_caller_behind_it(void **state)
{
	(void)state;
	hung_up_at(&ann, temporary);
	hung_up_at(&ann, PUBLIC);
	/* It says where it registered, not where it called from. */
	ann.user = "1002";
	hung_up_at(&ann, PUBLIC);
	/* What is only like one leads where it says. */
	hung_up_at(&ben, "sip:7000@192.0.2.71:40001;gr=a");
	/* What leads to nobody is where the call came from. */
	hung_up_at(&ben, "sip:7000@example.com;gr=a");
	hung_up_at(&ben, "sip:7009@example.com;gr=" UUID);
	hung_up_at(&ben, "sip:7000@example.com;gr=" OTHER);
}

/* A device on a connection is hung up there, and not dialled. */
static void
test_a_caller_on_a_connection(void **state)
{
	static const char lines[] =
		"Require: outbound, path, gruu\r\nSupported: gruu\r\nContact: "
		"<sips:7000@192.0.2.72:40000>;+sip.instance=\"<" OTHER ">\"\r\n";
	struct phone sue;

	(void)state;
	phone_open(&sue, &stage, "7000", "192.0.2.72", 40002, TRANSPORT_TLS, true);
	phone_register(&sue, 600, lines);
	phone_hear(&sue, "SIP/2.0 200 ");
	hung_up_at(&sue, "sips:7000@example.com;gr=" OTHER);
	assert_int_equal(stage.dials, 0);
	phone_close(&sue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_that_phone_alone),
		TEST(test_nobody_behind_it),
		TEST(test_redirected_to_it),
		TEST(test_a_caller_behind_it),
		TEST(test_a_caller_on_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
