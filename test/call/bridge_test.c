/* SPDX-License-Identifier: Apache-2.0 */
/* What one leg says goes to the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_n_183_and_180_in_their_order(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phone_invite(&alice, "5000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 183, NULL, SDP("early", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 183 ");
	assert_true(phone_heard(&alice, "o=early"));
	phone_answer(&bob, 180, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 180 ");
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_g_b2b_both_sides_change_at_once(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "sendonly"));
	phone_request(&bob, "INVITE", NULL, SDP("bob", "sendonly"));
	phone_hear(&bob, "INVITE ");
	phone_hear(&bob, "SIP/2.0 491 ");
}

static void
test_g_fail_a_refused_change_leaves_the_call(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "sendonly"));
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 488, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 488 ");
	phone_ack_refusal(&alice);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* A change is taken back before it was answered (RFC 3261 9): the caller of it hears 487, and the
 * other side a CANCEL. */
static void
test_a_change_is_taken_back(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "sendonly"));
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 180, NULL, NULL);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&bob, "CANCEL ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_answer(&bob, 487, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_too_many_questions_at_once_are_500(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	for (int i = 0; i < 4; i++) {
		phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "x");
		phone_hear(&bob, "INFO ");
	}
	phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "x");
	phone_hear(&alice, "SIP/2.0 500 ");
	assert_true(phone_heard(&alice, "Retry-After: "));
	expect_quiet(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_n_183_and_180_in_their_order),
		SCENE(test_g_b2b_both_sides_change_at_once),
		SCENE(test_g_fail_a_refused_change_leaves_the_call),
		SCENE(test_a_change_is_taken_back),
		SCENE(test_too_many_questions_at_once_are_500),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
