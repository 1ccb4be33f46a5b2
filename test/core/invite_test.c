/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls, and may it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static const struct stage_dn locked_dns[] = {
	{ .number = "1001", .contact = "*", .password = "secret" },
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "east", .contact = "sip:198.51.100.7", .type = DN_TRUNK, .prefix = "9" },
};

static void
lock(enum strangers strangers)
{
	struct stage_options locked = { .dns = locked_dns, .dn_count = 3, .strangers = strangers };

	stage_close(&stage);
	stage_open(&stage, &locked);
}

static void
refused(const char *number, const char *start)
{
	phone_invite(&alice, number, NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, start);
	phone_ack_refusal(&alice);
}

static void
test_a_from_that_names_a_locked_number_is_challenged(void **state)
{
	(void)state;
	const char *line;

	lock(STRANGERS_ALL);
	scene_alice(true);
	scene_bob("5000");
	refused("5000", "SIP/2.0 401 ");
	line = phone_credentials(&alice, "wrong", "INVITE", "sips:5000@example.com");
	phone_invite(&alice, "5000", line, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 401 ");
	phone_ack_refusal(&alice);
	line = phone_credentials(&alice, "secret", "INVITE", alice.uri);
	phone_invite(&alice, "5000", line, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_false(phone_heard(&bob, "Authorization"));
}

static void
test_an_unknown_number_of_ours_is_asked_as_well(void **state)
{
	(void)state;
	lock(STRANGERS_ALL);
	phone_open(&alice, &stage, "4711", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	refused("5000", "SIP/2.0 401 ");
	expect_empty(&stage);
}

static void
test_strangers_none(void **state)
{
	(void)state;
	static const struct stage_dn open_dns[] = { { .number = "5000",
		.contact = "sip:192.0.2.50" } };
	struct stage_options none = { .dns = open_dns, .dn_count = 1, .strangers = STRANGERS_NONE };

	stage_close(&stage);
	stage_open(&stage, &none);
	scene_alice(false);
	refused("5000", "SIP/2.0 403 ");
	expect_empty(&stage);
}

static void
test_x_415_and_v_503(void **state)
{
	(void)state;
	static const struct stage_dn open_dns[] = { { .number = "5000",
		.contact = "sip:192.0.2.50" } };
	struct stage_options few = { .dns = open_dns, .dn_count = 1, .calls = 1 };

	stage_close(&stage);
	stage_open(&stage, &few);
	scene_alice(false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "5000", "Content-Encoding: gzip\r\n", SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 415 ");
	assert_true(phone_heard(&alice, "Accept-Encoding: "));
	phone_ack_refusal(&alice);
	phones_talk(&alice, &bob, "5000");
	expect_quiet(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_a_from_that_names_a_locked_number_is_challenged),
		SCENE(test_an_unknown_number_of_ours_is_asked_as_well),
		SCENE(test_strangers_none),
		SCENE(test_x_415_and_v_503),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
