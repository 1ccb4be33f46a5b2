/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down of a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_a_line_when_it_is_answered_and_one_when_it_is_over(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	stage_forget_notes(&stage);
	phones_talk(&alice, &bob, "5000");
	assert_true(
		stage_noted(&stage, "answered: caller sips:1001@example.com [sips/TLS TLSv1.3"));
	assert_true(stage_noted(&stage, "unauthenticated] callee 5000 [sip/UDP]"));
	assert_true(stage_noted(
		&stage, "crossing: sips from the caller to this server, then sip to the callee"));
	stage_pass_ms(&stage, 7000);
	phones_part(&alice, &bob);
	assert_true(stage_noted(&stage, "over: status 200, talked 7 s"));
	expect_empty(&stage);
}

static void
test_a_call_that_failed_says_why(void **state)
{
	(void)state;
	scene_alice(true);
	stage.dial = DIAL_FAILS;
	phone_invite(&alice, "6001", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 500 ");
	phone_ack_refusal(&alice);
	assert_true(stage_noted(&stage, "over: status 500"));
	assert_true(stage_noted(&stage, "the device cannot be reached"));
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_a_line_when_it_is_answered_and_one_when_it_is_over),
		SCENE(test_a_call_that_failed_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
