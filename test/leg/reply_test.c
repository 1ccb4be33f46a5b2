/* SPDX-License-Identifier: Apache-2.0 */
/* Messages inside a dialog, as they stand on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_the_answer_repeats_the_request_and_adds_our_own(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, "User-Agent: Polycom\r\nAllow: INVITE\r\nServer: x\r\n",
		SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_string_equal(phone_value(&alice, HEADER_ALLOW),
		"INVITE, ACK, PRACK, CANCEL, BYE, REFER, INFO, MESSAGE, NOTIFY, OPTIONS");
	assert_string_equal(phone_value(&alice, HEADER_USER_AGENT), "Polycom");
	assert_false(phone_heard(&alice, "Server:"));
	assert_true(phone_heard(&alice, "X-Genesys-CallUUID: "));
	phone_ack(&alice, NULL);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_a_repeated_2xx_gets_the_same_ack(void **state)
{
	(void)state;
	scene_alice(true);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	expect_quiet(&stage);
	phone_ack(&alice, NULL);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_the_answer_repeats_the_request_and_adds_our_own),
		SCENE(test_a_repeated_2xx_gets_the_same_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
