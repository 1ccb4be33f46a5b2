/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts that are names, and trunks by their address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_a_call_waits_for_the_address_of_its_device(void **state)
{
	(void)state;
	scene_alice(false);
	scene_bob("6009");
	phone_invite(&alice, "6009", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_pass_ms(&stage, 100); /* the name is asked for, and not found */
	phone_hear(&alice, "SIP/2.0 480 ");
	phone_ack_refusal(&alice);
	stage_name(&stage, "desk.example.net", "192.0.2.69");
	stage_pass_ms(&stage, 6000); /* it is asked again */
	phone_invite(&alice, "6009", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE sips:6009@desk.example.net SIP/2.0");
	assert_string_equal(
		stage_flow_to(&stage, TRANSPORT_TLS, &bob.at)->name, "desk.example.net");
}

static void
test_a_trunk_is_known_by_its_address(void **state)
{
	(void)state;
	struct phone trunk;

	memset(&trunk, 0, sizeof trunk);
	phone_open(&trunk, &stage, "15551234", "198.51.100.7", 5060, TRANSPORT_UDP, false);
	scene_bob("5000");
	phone_invite(&trunk, "5000", NULL, SDP("trunk", "sendrecv"));
	phone_hear(&trunk, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 603, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&trunk, "SIP/2.0 603 ");
	phone_ack_refusal(&trunk);
	assert_true(stage_noted(&stage, "caller east"));
	expect_empty(&stage);
	phone_close(&trunk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_a_call_waits_for_the_address_of_its_device),
		SCENE(test_a_trunk_is_known_by_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
