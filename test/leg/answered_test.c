/* SPDX-License-Identifier: Apache-2.0 */
/* INVITEs that we answer: repeats of the 2xx, and changes from the peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_t_2xx_is_repeated_over_tls_until_the_ack(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	for (int64_t wait_ms = 500; wait_ms <= 4000; wait_ms *= 2) {
		stage_pass_ms(&stage, wait_ms - 1);
		expect_quiet(&stage);
		stage_pass_ms(&stage, 1);
		phone_hear(&alice, "SIP/2.0 200 ");
	}
	phone_ack(&alice, NULL);
	stage_pass_ms(&stage, 8000);
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_without_an_ack_both_legs_get_bye(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	for (int copies = 0; copies < 11; copies++) { /* 0, .5, 1.5, 3.5, 7.5, 11.5 ... 31.5 s */
		phone_hear(&alice, "SIP/2.0 200 ");
		if (copies < 10)
			stage_pass_ms(&stage, copies < 3 ? 500 << copies : 4000);
	}
	stage_pass_ms(&stage, 600);
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_g_500_for_a_second_change_and_g_491_for_a_crossed_one(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "sendonly"));
	phone_hear(&bob, "INVITE ");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "inactive"));
	phone_hear(&alice, "SIP/2.0 500 ");
	assert_true(phone_heard(&alice, "Retry-After: "));
	phone_request(&bob, "INVITE", NULL, SDP("bob", "sendonly"));
	phone_hear(&bob, "SIP/2.0 491 ");
}

static void
test_the_same_session_again_is_answered_here(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phone_invite(&alice, "5000", "Supported: timer\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_ack(&alice, NULL);
	phone_request(&alice, "INVITE", "Supported: timer\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, "o=bob"));
	phone_ack(&alice, NULL);
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_t_2xx_is_repeated_over_tls_until_the_ack),
		SCENE(test_without_an_ack_both_legs_get_bye),
		SCENE(test_g_500_for_a_second_change_and_g_491_for_a_crossed_one),
		SCENE(test_the_same_session_again_is_answered_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
