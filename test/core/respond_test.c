/* SPDX-License-Identifier: Apache-2.0 */
/* Answers outside dialogs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_rport_and_received_show_the_source(void **state)
{
	(void)state;
	scene_alice(false);
	phone_ask(&alice, "OPTIONS", "sip:192.0.2.1", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, ";rport=30000"));
	assert_true(phone_heard(&alice, ";received=192.0.2.10"));
	assert_true(phone_heard(&alice, ";tag="));
	expect_empty(&stage);
}

static void
test_a_fault_gets_the_same_answer_each_time(void **state)
{
	(void)state;
	char first[2048];
	const struct stage_sent *sent;

	scene_alice(false);
	for (int round = 0; round < 2; round++) {
		phone_say(&alice,
			"OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:30000"
			";branch=z9hG4bKsame;rport\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
			"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: many\r\n\r\n");
		sent = expect_send(&stage, TRANSPORT_UDP, &alice.at, "SIP/2.0 400 ");
		if (round == 0)
			(void)snprintf(
				first, sizeof first, "%.*s", (int)sent->bytes.len, sent->bytes.at);
		else
			assert_true(str_same(sent->bytes, str_cstr(first)));
	}
	expect_empty(&stage);
}

static void
test_each_refusal_leaves_a_line(void **state)
{
	(void)state;
	scene_alice(false);
	stage_forget_notes(&stage);
	phone_invite(&alice, "4711", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	assert_true(stage_noted(&stage, "UDP from 192.0.2.10:30000: refused with 404"));
	assert_int_equal(stage_counts(&stage).refused_total, 1);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_rport_and_received_show_the_source),
		SCENE(test_a_fault_gets_the_same_answer_each_time),
		SCENE(test_each_refusal_leaves_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
