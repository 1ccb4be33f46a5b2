/* SPDX-License-Identifier: Apache-2.0 */
/* A call, from its opening to its placing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_c_expires_ends_a_call_that_rings_too_long(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phone_invite(&alice, "5000", "Expires: 5\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 180, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 180 ");
	stage_pass_ms(&stage, 4999);
	expect_quiet(&stage);
	stage_pass_ms(&stage, 1);
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_answer(&bob, 487, NULL, NULL);
	phone_hear(&bob, "ACK ");
	expect_empty(&stage);
}

/* Whom the callee sees when the caller's From is URI. */
static void
expect_from(const char *from, const char *shown)
{
	static unsigned n;

	n++;
	phone_say(&alice,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKt%u;rport\r\n"
		"From: %s;tag=t%u\r\nTo: <sip:5000@example.com>\r\nCall-ID: t%u\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:a@%s>\r\nContent-Length: 0\r\n\r\n",
		alice.host, n, from, n, n, alice.host);
	expect_send(&stage, TRANSPORT_UDP, &alice.at, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_true(bob.heard.msg.from.uri.scheme == URI_SIP);
	assert_true(str_same(bob.heard.msg.from.uri.user, str_cstr(shown)));
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	expect_send(&stage, TRANSPORT_UDP, &alice.at, "SIP/2.0 486 ");
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	stage_forget_sent(&stage);
}

static void
test_who_calls_as_the_callee_sees_it(void **state)
{
	(void)state;
	scene_alice(false);
	scene_bob("5000");
	stage.tap.may_echo_sips = true;
	expect_from("<sip:1001@elsewhere.example>", "1001");
	expect_from("<sips:1002@elsewhere.example>", "1002");
	expect_from("<tel:+1-555.01(2)>", "+1-555.01(2)");
	expect_from("<tel:5550;phone-context=+1>", "5550");
	expect_from("<http://elsewhere.example/1001>", "anonymous");
}

static void
test_l_mf_one_hop_less(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phone_invite(&alice, "5000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_string_equal(phone_value(&bob, HEADER_MAX_FORWARDS), "69");
}

static void
test_a_call_waits_for_a_slow_resolver(void **state)
{
	(void)state;
	stage_name(&stage, "desk.example.net", "192.0.2.69");
	stage.names_wait = true;
	scene_alice(false);
	scene_bob("6009");
	stage_pass_ms(&stage, 6000);
	phone_invite(&alice, "6009", "User-to-User: 01\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_names_come(&stage);
	stage_pass_ms(&stage, 100);
	if (stage.dials == 1) { /* else it was known already that there is none */
		phone_hear(&bob, "INVITE sips:6009@desk.example.net ");
		assert_true(phone_heard(&bob, "User-to-User: 01") && phone_heard(&bob, "o=alice"));
	}
}

static void
test_the_operator_hangs_all_up(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	stage_drain(&stage);
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_invite(&alice, "5000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 503 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_c_expires_ends_a_call_that_rings_too_long),
		SCENE(test_who_calls_as_the_callee_sees_it),
		SCENE(test_l_mf_one_hop_less),
		SCENE(test_a_call_waits_for_a_slow_resolver),
		SCENE(test_the_operator_hangs_all_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
