/* SPDX-License-Identifier: Apache-2.0 */
/* REGISTER, and the way back to who registered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
register_and_be_called(enum transport transport, bool is_sips)
{
	scene_alice(false);
	phone_open(&bob, &stage, "7000", "192.0.2.70", 40000, transport, is_sips);
	phone_register(&bob, 600, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 1);
	phones_talk(&alice, &bob, "7000");
	phones_part(&bob, &alice);
	assert_int_equal(stage.dials, 0);
}

static void
test_s12_over_udp(void **state)
{
	(void)state;
	register_and_be_called(TRANSPORT_UDP, false);
}

static void
test_s12_over_tcp(void **state)
{
	(void)state;
	register_and_be_called(TRANSPORT_TCP, false);
}

static void
test_s12_over_tls(void **state)
{
	(void)state;
	register_and_be_called(TRANSPORT_TLS, true);
}

static void
test_a_closed_connection_takes_its_binding(void **state)
{
	(void)state;
	register_and_be_called(TRANSPORT_TLS, true);
	stage_over(&stage, bob.flow);
	phone_invite(&alice, "7000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 ");
	phone_ack_refusal(&alice);
	assert_int_equal(stage.dials, 0);
	expect_empty(&stage);
}

static void
test_an_unknown_number_is_404_and_a_fixed_one_403(void **state)
{
	(void)state;
	phone_open(&bob, &stage, "4711", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&bob, 600, NULL);
	phone_hear(&bob, "SIP/2.0 404 ");
	phone_close(&bob);
	phone_open(&bob, &stage, "5000", "192.0.2.71", 40000, TRANSPORT_UDP, false);
	phone_register(&bob, 600, NULL);
	phone_hear(&bob, "SIP/2.0 403 ");
	expect_empty(&stage);
}

static void
test_r5630_sips_contact_in_a_plain_register_is_400(void **state)
{
	(void)state;
	phone_open(&bob, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	stage.tap.may_echo_sips = true;
	phone_register(&bob, 600, "Contact: <sips:7000@192.0.2.70:40000>\r\n");
	phone_hear(&bob, "SIP/2.0 400 ");
	assert_int_equal(stage_counts(&stage).bindings, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_s12_over_udp),
		SCENE(test_s12_over_tcp),
		SCENE(test_s12_over_tls),
		SCENE(test_a_closed_connection_takes_its_binding),
		SCENE(test_an_unknown_number_is_404_and_a_fixed_one_403),
		SCENE(test_r5630_sips_contact_in_a_plain_register_is_400),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
