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

static void
recorded(const char *part)
{
	if (strstr(stage.record, part) == NULL)
		fail_msg("no %s in the record", part);
}

/* All that the ledgers say, and who ended it. */
static void
test_the_record_of_a_call(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	stage_pass_ms(&stage, 7000);
	phones_part(&bob, &alice);
	assert_int_equal(stage.records, 1);
	recorded("{\"schema\":\"cdr/1\",\"call\":\"");
	recorded("\"to\":\"5000\"");
	recorded("\"sip_code\":200,\"crossing\":\"down\"");
	recorded("{\"side\":\"caller\",");
	recorded("\"tls_version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\"");
	recorded("{\"side\":\"callee\",\"dn\":\"5000\",\"scheme\":\"sip\",");
	recorded("\"end_side\":\"callee\",\"reason\":\"");
	expect_empty(&stage);
	assert_int_equal(stage.records, 1);
}

static void
test_who_ended_it(void **state)
{
	(void)state;
	scene_talk(false, "5000");
	phones_part(&alice, &bob);
	recorded("\"end_side\":\"caller\"");
	expect_empty(&stage);
}

static void
test_it_never_began(void **state)
{
	(void)state;
	scene_alice(true);
	stage.dial = DIAL_FAILS;
	phone_invite(&alice, "6001", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 500 ");
	phone_ack_refusal(&alice);
	recorded("\"ring\":null,\"answer\":null,\"sip_code\":500,");
	recorded("\"end_side\":\"callee\",\"reason\":\"");
	expect_empty(&stage);
}

static void
test_the_server_ended_it(void **state)
{
	(void)state;
	scene_talk(false, "5000");
	stage_drain(&stage);
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, 40000);
	recorded("\"end_side\":\"server\",\"reason\":\"hung up by the operator\"}");
	stage_forget_sent(&stage);
}

/* The connection of the caller is gone; the record knows it all the same. */
static void
test_the_ledger_outlives_the_connection(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	stage.dial = DIAL_FAILS;
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &alice.at)->id);
	stage_forget_notes(&stage);
	phone_request(&bob, "BYE", NULL, NULL);
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, 40000);
	stage_forget_sent(&stage);
	recorded("\"end_side\":\"callee\"");
	recorded("\"tls_version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\"");
	assert_true(stage_noted(&stage, "[sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_a_line_when_it_is_answered_and_one_when_it_is_over),
		SCENE(test_a_call_that_failed_says_why),
		SCENE(test_the_record_of_a_call),
		SCENE(test_who_ended_it),
		SCENE(test_it_never_began),
		SCENE(test_the_server_ended_it),
		SCENE(test_the_ledger_outlives_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
