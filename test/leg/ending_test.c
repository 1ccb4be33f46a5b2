/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_d_bye1_the_callee_hangs_up_before_the_ack(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	expect_quiet(&stage); /* RFC 3261 15: no BYE to the caller before its ACK */
	phone_ack(&alice, NULL);
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_d_bye2_ends_a_pending_change_with_487(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INVITE", NULL, SDP("alice", "sendonly"));
	phone_hear(&bob, "INVITE ");
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
}

static void
test_b_both_hang_up_at_once(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&bob, "BYE ");
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	expect_quiet(&stage);
}

static void
test_c_cross_the_answer_crosses_the_cancel(void **state)
{
	(void)state;
	scene_alice(false);
	scene_bob("6001");
	phones_ring(&alice, &bob, "6001");
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_a_reason_crosses_with_the_bye(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "BYE", "Reason: Q.850;cause=16\r\n", NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&bob, "BYE ");
	assert_string_equal(phone_value(&bob, HEADER_REASON), "Q.850;cause=16");
	phone_reply(&bob, 200, NULL, NULL);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_d_bye1_the_callee_hangs_up_before_the_ack),
		SCENE(test_d_bye2_ends_a_pending_change_with_487),
		SCENE(test_b_both_hang_up_at_once),
		SCENE(test_c_cross_the_answer_crosses_the_cancel),
		SCENE(test_a_reason_crosses_with_the_bye),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
