/* SPDX-License-Identifier: Apache-2.0 */
/* Which headers cross. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/headers.h"
#include "support/scene.h"

static void
answer_with(bool is_sips, const char *lines)
{
	scene_alice(is_sips);
	scene_bob(is_sips ? "5000" : "6001");
	phones_ring(&alice, &bob, is_sips ? "5000" : "6001");
	phone_answer(&bob, 200, lines, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
}

/* rows: S20 */
static void
test_what_the_page_shows_crosses_with_the_answer(void **state)
{
	(void)state;
	answer_with(true,
		"User-Agent: Polycom/5\r\nAllow-Events: conference,talk,hold\r\n"
		"Accept-Language: en\r\nUser-to-User: 56a3;encoding=hex\r\n"
		"Server: no\r\nX-Secret: no\r\nSupported: replaces\r\n");
	assert_string_equal(phone_value(&alice, HEADER_USER_AGENT), "Polycom/5");
	assert_string_equal(phone_value(&alice, HEADER_ALLOW_EVENTS), "conference,talk,hold");
	assert_string_equal(phone_value(&alice, HEADER_ACCEPT_LANGUAGE), "en");
	assert_string_equal(phone_value(&alice, HEADER_USER_TO_USER), "56a3;encoding=hex");
	assert_string_equal(phone_value(&alice, HEADER_SUPPORTED), "uui,timer");
	assert_false(phone_heard(&alice, "Server") || phone_heard(&alice, "X-Secret"));
}

static void
test_no_secure_uri_crosses_to_a_plain_leg(void **state)
{
	(void)state;
	answer_with(false,
		"Call-Info: <sips:x@secret.example>;purpose=info\r\n"
		"Alert-Info: <http://bell.example/1>\r\nSubject: x\r\n");
	assert_false(phone_heard(&alice, "Call-Info"));
	assert_true(phone_heard(&alice, "Alert-Info: <http://bell.example/1>"));
	assert_false(phone_heard(&alice, "Subject")); /* it belongs to requests */
}

/* What a device may fetch, on a leg that is sips: another way in, or tls said of it, stays away. */
static void
test_no_plain_uri_crosses_to_a_secure_leg(void **state)
{
	(void)state;
	answer_with(true,
		"Call-Info: <http://a.example/>, <sip:x@plain.example>;purpose=info\r\n"
		"Call-Info: <sips:y@far.example;transport=tcp>;purpose=info\r\n"
		"Call-Info: <sips:z@far.example;%74ransport=%54LS>\r\n"
		"Alert-Info: <sips:far.example;transport=tls>\r\nAlert-Info: <urn:alert:x>, <\r\n"
		"Organization: sip: <sip:a@b>\r\n");
	assert_string_equal(phone_value(&alice, HEADER_CALL_INFO),
		"<sips:y@far.example;transport=tcp>;purpose=info");
	assert_string_equal(phone_value(&alice, HEADER_ALERT_INFO), "<urn:alert:x>, <");
	assert_false(phone_heard(&alice, "plain.example") || phone_heard(&alice, "z@far"));
	assert_string_equal(phone_value(&alice, HEADER_ORGANIZATION), "sip: <sip:a@b>");
}

/* rows: R3261-20.43-a X-result-380-told */
static void
test_a_warning_about_the_other_scheme_stays(void **state)
{
	(void)state;
	scene_alice(false);
	scene_bob("6001");
	phones_ring(&alice, &bob, "6001");
	phone_answer(&bob, 480, "Warning: 380 b \"sips no\"\r\nWarning: 399 b \"busy\"\r\n", NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 480 ");
	assert_true(phone_heard(&alice, "399 sipward \"busy\"") && !phone_heard(&alice, "380 "));
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_a_warning_about_plain_sip_stays_on_its_side(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 480,
		"Warning: 381 b \"sip no\"\r\nWarning: 399 b \"\"\r\nWarning: 39 b \"x\"\r\n"
		"Warning: 399-b \"y\"\r\nWarning: 399 b\r\nWarning: 399 b z\r\nWarning: 3990 b \"w\"\r\n",
		NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 480 ");
	assert_true(phone_heard(&alice, "399 sipward \"\""));
	assert_false(phone_heard(&alice, "381 ") || phone_heard(&alice, " b"));
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

/* What the CANCEL of the caller says of its reason, if anything. */
static void
expect_reason(const char *lines, const char *told)
{
	phones_ring(&alice, &bob, "5000");
	phone_say(&alice,
		"CANCEL %s SIP/2.0\r\nVia: SIP/2.0/TLS %s;branch=%s;rport\r\nFrom: %s\r\nTo: %s\r\n"
		"Call-ID: %s\r\nCSeq: %u CANCEL\r\n%sContent-Length: 0\r\n\r\n",
		alice.uri, alice.host, alice.branch, alice.local, "<sips:5000@example.com>",
		alice.call_id, alice.invite_cseq, lines);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	if (told != NULL)
		assert_string_equal(phone_value(&bob, HEADER_REASON), told);
	else
		assert_false(phone_heard(&bob, "Reason:"));
	phone_reply(&bob, 200, NULL, NULL);
	phone_answer(&bob, 487, NULL, NULL);
	phone_hear(&bob, "ACK ");
	expect_empty(&stage);
}

static void
test_a_reason_crosses_with_the_cancel(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	expect_reason("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n",
		"SIP;cause=200;text=\"Call completed elsewhere\"");
	expect_reason("Reason: SIP;text=\"ask sips:5001\"\r\n", NULL);
	expect_reason("Reason: SIP;text=\"a\x01\"\r\n", NULL);
}

/* rows: R5630-3.2-c */
static void
test_entries_of_history_cross_as_they_came(void **state)
{
	(void)state;
	answer_with(false,
		"History-Info: <sip:1@h;x>;index=1,<sips:2@h>;index=1.1\r\n"
		"History-Info: <sip:3@h?Privacy=history>;index=1.2,\"a, b\" <sip:4@h>;index=1.3\r\n"
		"Privacy: user;critical\r\n");
	assert_true(phone_heard(&alice, "History-Info: <sip:1@h;x>;index=1\r\n"));
	assert_true(phone_heard(&alice, "History-Info: \"a, b\" <sip:4@h>;index=1.3\r\n"));
	assert_false(phone_heard(&alice, "2@h") || phone_heard(&alice, "3@h"));
}

/* What bob says of his session with LINES, and what alice hears of it; NULL: nothing. */
static void
expect_lines(const char *lines, const char *part)
{
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 486, lines, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	if (part != NULL)
		assert_true(phone_heard(&alice, part));
	else
		assert_false(
			phone_heard(&alice, "History-Info:") || phone_heard(&alice, "Session-ID:"));
	phone_ack_refusal(&alice);
}

static void
test_history_that_is_private_stays(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	expect_lines("History-Info: <sip:1@h>;index=1\r\nPrivacy: id, none\r\n",
		"History-Info: <sip:1@h>;index=1\r\n");
	expect_lines("History-Info: <sip:1@h>;index=1\r\nPrivacy: history\r\n", NULL);
	expect_lines("History-Info: <sip:1@h>;index=1\r\nPrivacy: id ; Header\r\n", NULL);
	expect_lines("History-Info: <sip:1@h>;index=1\r\nPrivacy: id, session\r\n", NULL);
}

#define LOCAL "47755a9de7794ba387653f2099600ef2"
#define REMOTE "AB30317f1a784dc48ff824d0d3715d86"

/* rows: N-sid */
static void
test_a_session_id_crosses_or_is_none(void **state)
{
	static const char *const bad[] = { "", "0" LOCAL, LOCAL ";remote=0", LOCAL ";remote",
		LOCAL ";a b", "g7755a9de7794ba387653f2099600ef2", LOCAL "\r\nSession-ID: " LOCAL };
	char line[256];

	(void)state;
	scene_alice(true);
	scene_bob("5000");
	expect_lines("Session-ID: " LOCAL "\r\n", "Session-ID: " LOCAL "\r\n");
	expect_lines("session-id: " LOCAL " ;x; Remote = " REMOTE "\r\n",
		"Session-ID: " LOCAL " ;x; Remote = " REMOTE "\r\n");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_true(snprintf(line, sizeof line, "Session-ID: %s\r\n", bad[i]) < 256);
		expect_lines(line, NULL);
	}
}

static void
test_a_display_name_that_says_sips_stays(void **state)
{
	(void)state;
	struct nameaddr from;
	size_t at;

	assert_true(nameaddr_parse(&from, STR("\"call sips:me\" <sip:a@h>"), &at));
	assert_int_equal(headers_display(&from, SCHEME_SIP).len, 0);
	assert_int_equal(headers_display(&from, SCHEME_SIPS).len, 14);
	assert_true(nameaddr_parse(&from, STR("\"a\x01\" <sip:a@h>"), &at));
	assert_int_equal(headers_display(&from, SCHEME_SIPS).len, 0);
	assert_true(nameaddr_parse(&from, STR("\"a\x7f\" <sip:a@h>"), &at));
	assert_int_equal(headers_display(&from, SCHEME_SIPS).len, 0);
}

/* Where the callee did not say what it takes, or in a line that may not cross, it is SDP. */
static void
test_a_415_says_what_is_taken(void **state)
{
	static const struct {
		const char *lines, *accept;
		bool has_encoding;
	} rows[] = {
		{ NULL, "application/sdp", false },
		{ "Accept: text/plain\r\nAccept-Encoding: gzip\r\n", "text/plain", true },
		{ "Accept: a/b;c=\"sips:d\"\r\nAccept-Encoding: gzip\r\n", "application/sdp",
			true },
		{ "Accept: a/b;c=\"sips:d\"\r\nAccept: text/plain\r\n", "text/plain", false },
	};

	(void)state;
	scene_alice(false);
	scene_bob("6001");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		phones_ring(&alice, &bob, "6001");
		phone_answer(&bob, 415, rows[i].lines, NULL);
		phone_hear(&bob, "ACK ");
		phone_hear(&alice, "SIP/2.0 415 ");
		assert_string_equal(phone_value(&alice, HEADER_ACCEPT), rows[i].accept);
		assert_int_equal(
			phone_heard(&alice, "Accept-Encoding: gzip\r\n"), rows[i].has_encoding);
		phone_ack_refusal(&alice);
	}
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_what_the_page_shows_crosses_with_the_answer),
		SCENE(test_no_secure_uri_crosses_to_a_plain_leg),
		SCENE(test_no_plain_uri_crosses_to_a_secure_leg),
		SCENE(test_a_warning_about_the_other_scheme_stays),
		SCENE(test_a_warning_about_plain_sip_stays_on_its_side),
		SCENE(test_a_reason_crosses_with_the_cancel),
		SCENE(test_entries_of_history_cross_as_they_came),
		SCENE(test_history_that_is_private_stays),
		SCENE(test_a_session_id_crosses_or_is_none),
		SCENE(test_a_display_name_that_says_sips_stays),
		SCENE(test_a_415_says_what_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
