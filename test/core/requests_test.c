/* SPDX-License-Identifier: Apache-2.0 */
/* What bad input and requests outside dialogs get; nothing else on the server notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "6001", .contact = "sips:192.0.2.61" },
	{ .number = "7000", .contact = "*" },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "900" },
};
static const struct stage_options options = { .dns = dns, .dn_count = 4 };

static struct stage stage;
static struct phone alice, bob;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* ---- malformed, foreign, or not for us */

#define VIA "Via: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bK-m\r\n"
#define FROM "From: <sip:1001@example.com>;tag=f\r\n"
#define TO "To: <sip:5000@example.com>\r\n"
#define CALL "Call-ID: m@phone\r\n"
#define CSEQ(method) "CSeq: 7 " method "\r\n"
#define CONTACT "Contact: <sip:1001@192.0.2.10:30000>\r\n"
#define MOST(method) VIA FROM TO CALL CSEQ(method)
#define INVITE(rest) "INVITE sip:5000@example.com SIP/2.0\r\n" MOST("INVITE") rest "\r\n"
#define OPTIONS(rest) "OPTIONS sip:example.com SIP/2.0\r\n" MOST("OPTIONS") rest "\r\n"

static const struct {
	const char *text, *answer;
	const char *has; /* what else stands in the answer */
} bad[] = {
	/* what cannot be read */
	{ "OPTIONS  sip:example.com SIP/2.0\r\n" MOST("OPTIONS") "\r\n", "400 Bad Start-Line",
		NULL },
	{ "OPTIONS sip:example.com SIP/7.0\r\n" MOST("OPTIONS") "\r\n", "505 Version Not Supported",
		NULL },
	{ "OPTIONS sip:exa mple.com SIP/2.0\r\n" MOST("OPTIONS") "\r\n", "400 Bad ", NULL },
	{ "OPTIONS sip:example.com SIP/2.0\r\n" VIA
	  "From: <sip:1001@example.com;tag=f\r\n" TO CALL CSEQ("OPTIONS") "\r\n",
		"400 Bad From", NULL },
	{ "OPTIONS sip:example.com SIP/2.0\r\n" VIA FROM CALL CSEQ("OPTIONS") "\r\n", "400 Bad To",
		NULL },
	{ "OPTIONS sip:example.com SIP/2.0\r\n" VIA FROM TO CSEQ("OPTIONS") "\r\n",
		"400 Bad Call-ID", NULL },
	{ "OPTIONS sip:example.com SIP/2.0\r\n" VIA FROM TO CALL "CSeq: 4294967296 OPTIONS\r\n\r\n",
		"400 Bad CSeq", NULL },
	{ "OPTIONS sip:example.com SIP/2.0\r\n" VIA FROM TO CALL CSEQ("INVITE") "\r\n",
		"400 Bad CSeq", NULL },
	{ OPTIONS(TO), "400 Repeated Header To", NULL },
	{ OPTIONS(CSEQ("OPTIONS")), "400 Repeated Header CSeq", NULL },
	{ OPTIONS("Max-Forwards: many\r\n"), "400 Bad Max-Forwards", NULL },
	{ OPTIONS("no colon here\r\n"), "400 Bad Header Line", NULL },
	{ OPTIONS("Content-Length: 5\r\n"), "400 Content-Length Beyond Message", NULL },
	{ OPTIONS("Content-Length: x\r\n"), "400 Bad Content-Length", NULL },
	{ OPTIONS("Content-Length: 40000\r\n"), "413 ", NULL },
	{ OPTIONS("Content-Length: 3\r\n") "abc", "400 Missing Content-Type", NULL },
	{ INVITE(CONTACT "Expires: soon\r\n"), "400 Bad Expires", NULL },
	{ INVITE(CONTACT "Session-Expires: x\r\n"), "400 Bad Session-Expires", NULL },
	{ INVITE(CONTACT "Record-Route: <sip:p;lr\r\n"), "400 Bad Record-Route", NULL },
	/* an INVITE that makes no dialog */
	{ INVITE(""), "400 Bad Contact", NULL },
	{ INVITE(CONTACT CONTACT), "400 Bad Contact", NULL },
	{ INVITE("Contact: *\r\n"), "400 Bad Contact", NULL },
	{ INVITE("Contact: <tel:+4930>\r\n"), "400 Contact Is No SIP URI", NULL },
	{ INVITE(CONTACT "Content-Type: text/plain\r\nContent-Length: 1\r\n") "x", "415 ",
		"Accept: application/sdp" },
	{ INVITE(CONTACT "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n"
			 "Content-Length: 1\r\n") "x",
		"415 ", "Accept-Encoding: identity" },
	{ INVITE(CONTACT "Supported: timer\r\nSession-Expires: 89\r\n"), "422 ", "Min-SE: 90\r\n" },
	/* schemes */
	{ "OPTIONS http://example.com/ SIP/2.0\r\n" MOST("OPTIONS") "\r\n", "416 ", NULL },
	{ "OPTIONS tel:+4930 SIP/2.0\r\n" MOST("OPTIONS") "\r\n", "416 ", NULL },
	{ "OPTIONS sips:example.com SIP/2.0\r\n" MOST("OPTIONS") "\r\n",
		"400 SIPS Request Not Over TLS", NULL },
	{ "OPTIONS sips:example.com;transport=udp SIP/2.0\r\n" MOST("OPTIONS") "\r\n",
		"400 SIPS With transport=udp", NULL },
	{ INVITE("Contact: <sips:1001@192.0.2.10>\r\n"), "400 SIPS Request Not Over TLS", NULL },
	{ INVITE(CONTACT "Record-Route: <sips:p.example.net;lr>\r\n"),
		"400 SIPS Request Not Over TLS", NULL },
	/* whom, and what */
	{ "INVITE sip:5999@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "404 ", NULL },
	{ "INVITE sip:5000@example.net SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "404 ", NULL },
	{ "INVITE sip:90@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "484 ", NULL },
	{ "INVITE sip:example.com SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "484 ", NULL },
	{ "INVITE sip:9001@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "403 ", NULL },
	{ "INVITE sip:7000@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT "\r\n", "100 ", "" },
	{ OPTIONS("Require: 100rel, timer, foo\r\n"), "420 ", "Unsupported: 100rel, foo\r\n" },
	{ INVITE(CONTACT "Require: uui\r\nRequire: bar\r\n"), "420 ", "Unsupported: bar\r\n" },
	{ OPTIONS("Require: a b\r\n"), "400 Bad Require", NULL },
	{ OPTIONS("Require: outbound, path\r\n"), "420 ", "Unsupported: outbound, path\r\n" },
	{ "REGISTER sip:example.com SIP/2.0\r\n" MOST(
		  "REGISTER") "Require: path, outbound, x\r\n\r\n",
		"420 ", "Unsupported: x\r\n" },
	{ OPTIONS("Require: , timer,\r\n"), "200 ", NULL },
	{ INVITE(CONTACT "Require: path\r\n"), "420 ", "Unsupported: path\r\n" },
	{ INVITE(CONTACT "Record-Route: <tel:+4930>\r\n"), "400 Record-Route Is No SIP URI", NULL },
	{ INVITE(CONTACT "Content-Type: text/plain\r\nContent-Length: 1\r\n"
			 "Content-Disposition: render;handling=required\r\n") "x",
		"415 ", "Accept: application/sdp" },
	{ "INVITE sip:7000@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT
		"Content-Type: text/plain\r\n"
		"Content-Disposition: render;handling=optional\r\nContent-Length: 1\r\n\r\nx",
		"100 ", "" },
	{ "INVITE sip:7000@example.com SIP/2.0\r\n" MOST("INVITE") CONTACT
		"Content-Type: application/sdp\r\n"
		"Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
		"100 ", "" },
	{ INVITE(CONTACT "Max-Forwards: 0\r\n"), "483 ", NULL },
	{ "FOO sip:example.com SIP/2.0\r\n" MOST("FOO") "\r\n", "501 ", "Allow: INVITE" },
	{ "options sip:example.com SIP/2.0\r\n" MOST("options") "\r\n", "501 ", NULL },
	{ "SUBSCRIBE sip:5000@example.com SIP/2.0\r\n" MOST("SUBSCRIBE") "\r\n", "405 ",
		"Allow: " },
	{ "PUBLISH sip:5000@example.com SIP/2.0\r\n" MOST("PUBLISH") "\r\n", "405 ", "Allow: " },
	{ "MESSAGE sip:5000@example.com SIP/2.0\r\n" MOST("MESSAGE") "\r\n", "405 ", "Allow: " },
	{ "REFER sip:5000@example.com SIP/2.0\r\n" MOST("REFER") "\r\n", "603 ", NULL },
	{ "NOTIFY sip:5000@example.com SIP/2.0\r\n" MOST("NOTIFY") "\r\n", "481 ", NULL },
	{ "PRACK sip:5000@example.com SIP/2.0\r\n" MOST("PRACK") "\r\n", "481 ", NULL },
	{ "UPDATE sip:5000@example.com SIP/2.0\r\n" MOST("UPDATE") "\r\n", "481 ", NULL },
	{ "BYE sip:5000@example.com SIP/2.0\r\n" MOST("BYE") "\r\n", "481 ", NULL },
	{ "INFO sip:5000@example.com SIP/2.0\r\n" MOST("INFO") "\r\n", "481 ", NULL },
	{ "CANCEL sip:5000@example.com SIP/2.0\r\n" MOST("CANCEL") "\r\n", "481 ", NULL },
	{ "INVITE sip:5000@example.com SIP/2.0\r\n" VIA FROM
	  "To: <sip:5000@example.com>;tag=gone\r\n" CALL CSEQ("INVITE") CONTACT "\r\n",
		"481 ", NULL },
	{ "BYE sip:5000@example.com SIP/2.0\r\n" VIA FROM "To: <sip:5000@example.com>;tag="
	  "0123456789ABCDEF-16777216\r\n" CALL CSEQ("BYE") "\r\n",
		"481 ", NULL },
};

/* A good request behind each, so that it shows whether anything was harmed. */
static void
expect_alive(void)
{
	phone_ask(&alice, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
}

static void
expect_answer(const char *answer, const char *has)
{
	char start[128];

	snprintf(start, sizeof start, "SIP/2.0 %s", answer);
	phone_hear(&alice, start);
	if (has != NULL && !phone_heard(&alice, has))
		fail_msg("no `%s` in\n%s", has, alice.heard.text);
}

/* rows: R5630-3.2-a */
static void
test_bad_input(void **state)
{
	(void)state;
	stage.tap.may_echo_sips = true; /* some of these say it themselves */
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		phone_raw(&alice, str_cstr(bad[i].text));
		expect_answer(bad[i].answer, bad[i].has);
		if (strncmp(bad[i].answer, "100", 3) == 0)
			phone_hear(&alice, "SIP/2.0 480 ");
		expect_alive();
		/* The transaction that answered is over, and the same branch serves again. */
		while (stage_take(&stage, TRANSPORT_UDP, &alice.at) != NULL)
			continue;
		stage_pass_ms(&stage, 40 * 1000);
		while (stage_take(&stage, TRANSPORT_UDP, &alice.at) != NULL)
			continue;
	}
	expect_empty(&stage);
}

static void
test_large(void **state)
{
	char *text = malloc(70000);
	char *long_uri = malloc(1200);
	int len;

	(void)state;
	memset(long_uri, 'a', 1199);
	long_uri[1199] = '\0';
	phone_say(
		&alice, "OPTIONS sip:%s@example.com SIP/2.0\r\n" MOST("OPTIONS") "\r\n", long_uri);
	expect_answer("414 ", NULL);
	phone_say(&alice, OPTIONS("Content-Length: 0\r\nX-Long: %s%s%s%s%s%s%s%s%s%s%s%s%s%s\r\n"),
		long_uri, long_uri, long_uri, long_uri, long_uri, long_uri, long_uri, long_uri,
		long_uri, long_uri, long_uri, long_uri, long_uri, long_uri);
	expect_answer("513 ", NULL);
	len = snprintf(text, 70000, "OPTIONS sip:example.com SIP/2.0\r\n" MOST("OPTIONS"));
	for (int i = 0; i <= HEADERS_MAX; i++)
		len += snprintf(text + len, (size_t)(70000 - len), "X-%d: y\r\n", i);
	len += snprintf(text + len, (size_t)(70000 - len), "\r\n");
	phone_raw(&alice, str_of(text, (size_t)len));
	expect_answer("513 ", NULL);
	len = snprintf(text, 70000, OPTIONS("Content-Type: text/plain\r\n"));
	memset(text + len, 'x', BODY_BYTES_MAX + 1);
	phone_raw(&alice, str_of(text, (size_t)len + BODY_BYTES_MAX + 1));
	expect_answer("413 ", NULL);
	expect_alive();
	expect_empty(&stage);
	free(text);
	free(long_uri);
}

/* ---- what gets no answer */

static void
test_no_answer(void **state)
{
	static const char *const silent[] = {
		"",
		"\r\n\r\n",
		"\r\n",
		" ",
		"garbage",
		"ACK sip:5000@example.com SIP/2.0\r\n" VIA FROM "CSeq: x ACK\r\n\r\n",
		"ACK sip:5000@example.com SIP/2.0\r\n" MOST("ACK") "\r\n",
		"ACK sip:5000@example.com SIP/2.0\r\n" VIA FROM
		"To: <sip:5000@example.com>;tag=x-1\r\n" CALL CSEQ("ACK") "\r\n",
		"SIP/2.0 200 OK\r\n" MOST("INVITE") "\r\n",
		"SIP/2.0 99 Low\r\n" MOST("INVITE") "\r\n",
		"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
		"OPTIONS sip:example.com SIP/2.0\r\nVia: nonsense\r\n" FROM TO CALL CSEQ(
			"OPTIONS") "\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		phone_raw(&alice, str_cstr(silent[i]));
		expect_quiet(&stage);
		expect_alive();
	}
	phone_raw(&alice, str_of("\0\0\0\0", 4));
	assert_int_equal(stage_counts(&stage).strays_total, 1);
	/* Octets that keep a NAT open are no faults. */
	assert_int_equal(stage_counts(&stage).faults_total, 5);
	expect_empty(&stage);
}

/* ---- repeats */

static void
test_repeats_and_merged(void **state)
{
	(void)state;
	phone_ask(&alice, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_invite_again(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phones_ring(&alice, &bob, "5000");
	/* The same request by another path: another branch. */
	snprintf(alice.branch, sizeof alice.branch, "z9hG4bK-other");
	phone_say(&alice,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:30000;"
		"branch=z9hG4bK-other\r\nFrom: %s\r\nTo: <sip:5000@example.com>\r\nCall-ID: %s\r\n"
		"CSeq: %u INVITE\r\n" CONTACT "\r\n",
		alice.local, alice.call_id, alice.invite_cseq);
	phone_hear(&alice, "SIP/2.0 482 ");
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	snprintf(alice.branch, sizeof alice.branch, "z9hG4bK-1001-30000-%u", alice.numbers);
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

/* ---- OPTIONS */

static void
expect_options(const char *uri, const char *answer)
{
	phone_ask(&alice, "OPTIONS", uri, NULL, NULL);
	expect_answer(answer, NULL);
}

/* rows: R3261-11-a */
static void
test_options(void **state)
{
	(void)state;
	expect_options("sip:example.com", "200 ");
	assert_true(phone_heard(&alice, "\r\nAllow: INVITE, "));
	assert_true(phone_heard(&alice, "\r\nAccept: application/sdp"));
	assert_true(phone_heard(&alice, "\r\nAccept-Encoding: identity"));
	assert_true(phone_heard(&alice, "\r\nAccept-Language: en"));
	assert_true(phone_heard(&alice, "\r\nSupported: uui,timer"));
	/* To a user: what an INVITE would get. */
	expect_options("sip:5000@example.com", "200 ");
	expect_options("sip:5000@192.0.2.1", "200 ");
	expect_options("sip:5999@example.com", "404 ");
	expect_options("sip:7000@example.com", "480 ");
	expect_options("sip:9@example.com", "484 ");
	expect_options("sip:example.net", "404 ");
	phone_ask(&alice, "OPTIONS", "sip:example.com", NULL, NULL);
	expect_answer("200 ", NULL);
	phone_raw(&alice, str_cstr(OPTIONS("Max-Forwards: 0\r\n"))); /* it ends here anyway */
	expect_answer("200 ", NULL);
	expect_empty(&stage);
}

/* ---- CANCEL, and requests inside a dialog */

static void
test_cancel_is_for_an_invite(void **state)
{
	(void)state;
	phone_ask(&alice, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_cancel(&alice); /* too late, and nothing to cancel: 200 all the same (9.2) */
	phone_hear(&alice, "SIP/2.0 200 ");
	phones_talk(&alice, &bob, "5000");
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_cancel_after_the_answer(void **state)
{
	(void)state;
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_cancel(&alice); /* it crossed the 200 */
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, "INVITE\r\n"));
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, "CANCEL\r\n"));
	phone_ack(&alice, NULL);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* Who asks in the clear hears nothing of a call that is secure, and cannot end it either. */
static void
test_cancel_in_clear_of_a_secure_call(void **state)
{
	struct phone carol;

	(void)state;
	phone_open(&carol, &stage, "1002", "192.0.2.11", 30000, TRANSPORT_TLS, true);
	stage.tap.may_echo_sips = true;
	phones_ring(&carol, &bob, "5000");
	phone_say(&alice,
		"CANCEL sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/TLS %s;branch=%s;rport\r\nFrom: %s\r\n"
		"To: <sips:5000@example.com>\r\nCall-ID: %s\r\nCSeq: %u CANCEL\r\nContent-Length: 0\r\n\r\n",
		carol.host, carol.branch, carol.local, carol.call_id, carol.invite_cseq);
	expect_send(&stage, TRANSPORT_UDP, &alice.at, "SIP/2.0 481 ");
	expect_quiet(&stage);
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&carol, "SIP/2.0 200 ");
	phone_ack(&carol, NULL);
	phones_part(&carol, &bob);
	expect_empty(&stage);
	phone_close(&carol);
}

static void
test_inside_a_dialog(void **state)
{
	static const struct {
		const char *method, *lines, *answer;
	} asked[] = {
		{ "OPTIONS", NULL, "200 " },
		{ "REFER", "Refer-To: <sip:5001@example.com>\r\n", "603 " },
		{ "NOTIFY", "Event: refer\r\n", "481 " },
		{ "PRACK", "RAck: 1 1 INVITE\r\n", "481 " },
		{ "SUBSCRIBE", "Event: presence\r\n", "405 " },
		{ "FOO", NULL, "501 " },
		{ "INFO", "Require: foo\r\n", "420 " },
		{ "INVITE", "Contact: *\r\n", "400 " },
		{ "INFO", "Max-Forwards: 0\r\n", "400 Repeated Header Max-Forwards" },
	};

	(void)state;
	phones_talk(&alice, &bob, "5000");
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		phone_request(&alice, asked[i].method, asked[i].lines, NULL);
		expect_answer(asked[i].answer, NULL);
		if (strcmp(asked[i].method, "INVITE") == 0)
			phone_ack_refusal(&alice);
		expect_quiet(&stage); /* the other side hears nothing of it */
	}
	alice.cseq -= 8; /* RFC 3261 12.2.2 */
	phone_request(&alice, "INFO", NULL, NULL);
	expect_answer("500 ", NULL);
	alice.cseq += 1000;
	phone_request(&alice, "OPTIONS", NULL, NULL);
	expect_answer("200 ", NULL);
	phones_part(&bob, &alice);
	phone_request(&alice, "BYE", NULL, NULL); /* it is over */
	expect_answer("481 ", NULL);
	expect_empty(&stage);
}

/* A secure dialog does not exist for who asks in the clear. */
/* rows: R6141-6 */
static void
test_clear_requests_in_a_secure_dialog(void **state)
{
	struct phone eve;

	(void)state;
	phone_close(&alice);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TLS, true);
	phone_open(&eve, &stage, "1001", "192.0.2.66", 5060, TRANSPORT_UDP, false);
	phones_talk(&alice, &bob, "5000");
	stage.tap.may_echo_sips =
		true; /* the test itself says the Call-ID in clear, and hears it again */
	for (size_t i = 0; i < 3; i++) {
		static const char *const methods[] = { "BYE", "INFO", "ACK" };

		phone_say(&eve,
			"%s sip:5000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:5060;branch="
			"z9hG4bK-e%zu\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %zu %s\r\n\r\n",
			methods[i], i, alice.local, alice.remote, alice.call_id, 50 + i,
			methods[i]);
		if (i < 2)
			expect_send(&stage, TRANSPORT_UDP, &eve.at, "SIP/2.0 481 ");
	}
	expect_quiet(&stage);
	assert_int_equal(stage_counts(&stage).calls, 1);
	phones_part(&alice, &bob);
	expect_empty(&stage);
	phone_close(&eve);
}

/* ---- overload */

static void
test_table_of_transactions_full(void **state)
{
	struct phone carol;
	unsigned answered = 0;

	(void)state;
	phones_talk(&alice, &bob, "5000");
	stage_pass_ms(&stage, 40 * 1000);
	for (unsigned i = 0; i < 400; i++) {
		struct addr from = stage_addr("192.0.2.66", 6000);
		char text[512];
		const struct stage_sent *sent;

		snprintf(text, sizeof text,
			"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:6000;branch="
			"z9hG4bK-f%u\r\nFrom: <sip:e@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: f%u\r\n"
			"CSeq: 1 OPTIONS\r\n\r\n",
			i, i);
		stage_datagram(&stage, &from, str_cstr(text));
		sent = stage_take(&stage, TRANSPORT_UDP, &from);
		assert_non_null(sent);
		if (str_begins(sent->bytes, STR("SIP/2.0 200 ")))
			answered++;
		else
			assert_true(str_begins(sent->bytes, STR("SIP/2.0 503 ")) &&
				str_holds_alike(sent->bytes, STR("Retry-After: 5\r\n")));
	}
	/* All but what the call may still need, and the seven that may come. */
	assert_int_equal(answered, TXNS_PER_CALL + 64 - TXNS_KEPT_PER_CALL);
	phones_part(&alice, &bob);
	phone_open(&carol, &stage, "1002", "192.0.2.11", 30000, TRANSPORT_UDP, false);
	for (unsigned i = 0; i < 3; i++) {
		phones_talk(&carol, &bob, "5000");
		phones_part(&carol, &bob);
	}
	phone_ask(&carol, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&carol, "SIP/2.0 503 ");
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	phone_ask(&carol, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&carol, "SIP/2.0 200 ");
	expect_empty(&stage);
	phone_close(&carol);
}

/* In the middle of the flood the call can be changed and ended. */
static void
test_calls_go_on_in_a_flood(void **state)
{
	struct addr from = stage_addr("192.0.2.66", 6000);
	char text[512];

	(void)state;
	phones_talk(&alice, &bob, "5000");
	stage_pass_ms(&stage, 40 * 1000);
	for (unsigned i = 0; i < 400; i++) {
		snprintf(text, sizeof text,
			"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:6000;branch="
			"z9hG4bK-f%u\r\nFrom: <sip:e@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: f%u\r\n"
			"CSeq: 1 REGISTER\r\n\r\n",
			i, i);
		stage_datagram(&stage, &from, str_cstr(text));
	}
	while (stage_take(&stage, TRANSPORT_UDP, &from) != NULL)
		continue;
	phone_request(&alice, "INFO", NULL, NULL);
	phone_hear(&bob, "INFO ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phones_part(&bob, &alice);
	expect_empty(&stage);
}

/* A BYE that ends nothing is one more request: a peer that says it again and again takes nothing of
 * what the calls keep for their ends, its own or another's. */
static void
test_a_flood_of_byes_that_end_nothing(void **state)
{
	struct phone carol, dave;
	char text[3 * 1024];
	unsigned refused = 0;

	(void)state;
	phones_talk(&alice, &bob, "5000");
	device_open(&carol, &stage, "east", "192.0.2.80", 5060, TRANSPORT_UDP, false);
	phone_open(&dave, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&dave, 3600, NULL);
	phone_hear(&dave, "SIP/2.0 200 ");
	phones_talk(&carol, &dave, "7000");
	stage_pass_ms(&stage, 40 * 1000);
	for (unsigned i = 0; i < 400; i++) {
		const struct stage_sent *sent;

		/* By its number, by what it requires, or by its scheme. */
		snprintf(text, sizeof text,
			"BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.80:5060;branch=z9hG4bK-b%u\r\n"
			"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u BYE\r\n%s\r\n",
			i % 3 == 2 ? "tel:7000" : "sip:7000@192.0.2.1", i, carol.local,
			carol.remote, carol.call_id, i % 3 == 0 ? 1 : 1000 + i,
			i % 3 == 1 ? "Require: x\r\n" : "");
		stage_datagram(&stage, &carol.at, str_cstr(text));
		sent = stage_take(&stage, TRANSPORT_UDP, &carol.at);
		assert_non_null(sent);
		assert_false(str_begins(sent->bytes, STR("SIP/2.0 200 ")));
		refused += str_begins(sent->bytes, STR("SIP/2.0 503 "));
	}
	assert_true(refused > 0);
	phones_part(&bob, &alice);
	phones_part(&carol, &dave);
	phone_close(&carol);
	phone_close(&dave);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_input),
		TEST(test_large),
		TEST(test_no_answer),
		TEST(test_repeats_and_merged),
		TEST(test_options),
		TEST(test_cancel_is_for_an_invite),
		TEST(test_cancel_after_the_answer),
		TEST(test_cancel_in_clear_of_a_secure_call),
		TEST(test_inside_a_dialog),
		TEST(test_clear_requests_in_a_secure_dialog),
		TEST(test_table_of_transactions_full),
		TEST(test_calls_go_on_in_a_flood),
		TEST(test_a_flood_of_byes_that_end_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
