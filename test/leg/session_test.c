/* SPDX-License-Identifier: Apache-2.0 */
/* The session timer of a leg that we answer (RFC 4028). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
talk_with_timer(const char *lines)
{
	scene_alice(true);
	scene_bob("5000");
	phone_invite(&alice, "5000", lines, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_false(phone_heard(&bob, "Session-Expires"));
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
}

static void
test_s_half_refresh_by_update_where_it_is_allowed(void **state)
{
	(void)state;
	talk_with_timer("Supported: timer\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
			"Session-Expires: 1800\r\nMin-SE: 90\r\n");
	assert_string_equal(phone_value(&alice, HEADER_SESSION_EXPIRES), "1800;refresher=uas");
	assert_false(phone_heard(&alice, "Require"));
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, 899 * 1000);
	expect_quiet(&stage);
	stage_pass_ms(&stage, 1000);
	phone_hear(&alice, "UPDATE ");
	assert_string_equal(phone_value(&alice, HEADER_SESSION_EXPIRES), "1800;refresher=uac");
	assert_false(phone_heard(&alice, "v=0"));
	phone_reply(&alice, 200, "Session-Expires: 1800;refresher=uac\r\n", NULL);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_s_half_else_by_a_reinvite_with_the_same_session(void **state)
{
	(void)state;
	talk_with_timer("Supported: timer\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n"
			"Session-Expires: 1800\r\n");
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, 900 * 1000);
	phone_hear(&alice, "INVITE ");
	assert_true(phone_heard(&alice, SDP("bob", "sendrecv")));
	phone_answer(
		&alice, 200, "Session-Expires: 1800;refresher=uac\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "ACK ");
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_s_fail_ends_both_legs(void **state)
{
	(void)state;
	talk_with_timer("Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 200\r\n");
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, 100 * 1000);
	phone_hear(&alice, "UPDATE ");
	phone_reply(&alice, 481, NULL, NULL);
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 481, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_s_bye_when_the_peer_does_not_refresh(void **state)
{
	(void)state;
	talk_with_timer("Supported: timer\r\nSession-Expires: 300;refresher=uac\r\n");
	assert_string_equal(phone_value(&alice, HEADER_SESSION_EXPIRES), "300;refresher=uac");
	assert_true(phone_heard(&alice, "Require: timer"));
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, (300 - 32) * 1000 - 1);
	expect_quiet(&stage);
	stage_pass_ms(&stage, 1);
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_s_422_below_the_least(void **state)
{
	(void)state;
	scene_alice(true);
	phone_invite(&alice, "5000", "Supported: timer\r\nSession-Expires: 60\r\n",
		SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 422 ");
	assert_string_equal(phone_value(&alice, HEADER_MIN_SE), "90");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_without_support_there_is_no_timer(void **state)
{
	(void)state;
	talk_with_timer("Session-Expires: 60\r\n");
	assert_false(phone_heard(&alice, "Session-Expires"));
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, 3600 * 1000);
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_s_half_refresh_by_update_where_it_is_allowed),
		SCENE(test_s_half_else_by_a_reinvite_with_the_same_session),
		SCENE(test_s_fail_ends_both_legs),
		SCENE(test_s_bye_when_the_peer_does_not_refresh),
		SCENE(test_s_422_below_the_least),
		SCENE(test_without_support_there_is_no_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
