/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a number leads to, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
called_as(const char *number, const char *device, const char *start)
{
	scene_alice(false);
	scene_bob(device);
	phone_invite(&alice, number, NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, start);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_an_exact_number(void **state)
{
	(void)state;
	called_as("5000", "5000", "INVITE sip:5000@192.0.2.50:5070 SIP/2.0");
}

static void
test_a_secure_contact_without_its_transport(void **state)
{
	(void)state;
	called_as("6001", "6001", "INVITE sips:6001@192.0.2.61 SIP/2.0");
}

static void
test_a_stranger_does_not_reach_a_trunk(void **state)
{
	(void)state;
	scene_alice(false);
	phone_invite(&alice, "95551234", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 403 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

static void
test_an_unregistered_number_is_480_without_a_warning(void **state)
{
	(void)state;
	scene_alice(true);
	phone_invite(&alice, "7000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 ");
	assert_false(phone_heard(&alice, "Warning"));
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_an_exact_number),
		SCENE(test_a_secure_contact_without_its_transport),
		SCENE(test_a_stranger_does_not_reach_a_trunk),
		SCENE(test_an_unregistered_number_is_480_without_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
