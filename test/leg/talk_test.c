/* SPDX-License-Identifier: Apache-2.0 */
/* Requests inside the dialog: carried, answered, or refused as their RFC says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_info_crosses_and_its_answer_comes_back(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phone_request(&alice, "INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n");
	phone_hear(&bob, "INFO ");
	assert_true(phone_heard(&bob, "Signal=5"));
	expect_quiet(&stage);
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_what_is_listed_and_not_carried_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *method, *lines, *answer;
	} rows[] = {
		{ "REFER", "Refer-To: <sips:x@example.com>\r\n", "SIP/2.0 603 " },
		{ "PRACK", "RAck: 1 1 INVITE\r\n", "SIP/2.0 481 " },
		{ "NOTIFY", "Event: talk\r\nSubscription-State: active\r\n", "SIP/2.0 481 " },
		{ "UPDATE", NULL, "SIP/2.0 405 " },
		{ "SUBSCRIBE", "Event: x\r\n", "SIP/2.0 405 " },
		{ "FOO", NULL, "SIP/2.0 501 " },
		{ "OPTIONS", NULL, "SIP/2.0 200 " },
	};

	scene_talk(true, "5000");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		phone_request(&alice, rows[i].method, rows[i].lines, NULL);
		phone_hear(&alice, rows[i].answer);
	}
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_d_cseq_lower_is_500(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	alice.cseq += 1000;
	phone_request(&alice, "OPTIONS", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	alice.cseq -= 500;
	phone_request(&alice, "OPTIONS", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 500 ");
	alice.cseq += 1000;
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_d_408_a_peer_that_does_not_answer_inside_ends_the_call(void **state)
{
	(void)state;
	scene_talk(true, "6001");
	phone_request(&alice, "INFO", "Content-Type: text/plain\r\n", "x");
	phone_hear(&bob, "INFO ");
	phone_reply(&bob, 481, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 481, NULL, NULL);
	phone_hear(&alice, "BYE ");
	phone_hear(&alice, "SIP/2.0 487 "); /* to its INFO */
	phone_reply(&alice, 200, NULL, NULL);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_info_crosses_and_its_answer_comes_back),
		SCENE(test_what_is_listed_and_not_carried_is_refused),
		SCENE(test_d_cseq_lower_is_500),
		SCENE(test_d_408_a_peer_that_does_not_answer_inside_ends_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
