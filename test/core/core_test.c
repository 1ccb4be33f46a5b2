/* SPDX-License-Identifier: Apache-2.0 */
/* Whole calls through the door: each crossing of schemes with each way in which a call can go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:192.0.2.52;transport=tls" },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6002", .contact = "sips:192.0.2.62:5071" },
	{ .number = "7000", .contact = "*" },
};

static const struct stage_options options = { .dns = dns, .dn_count = sizeof dns / sizeof dns[0] };

static struct stage stage;
static struct phone alice, bob;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	memset(&alice, 0, sizeof alice);
	memset(&bob, 0, sizeof bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* Who calls and who is called: the callee by a fixed contact, or by its registration. */
static const struct {
	enum transport transport;
	bool is_sips;
} callers[] = { { TRANSPORT_TLS, true }, { TRANSPORT_UDP, false }, { TRANSPORT_TCP, false },
	{ TRANSPORT_TLS, false } };

static const struct callee {
	const char *number, *ip;
	uint16_t port;
	enum transport transport;
	bool is_sips;
} callees[] = {
	{ "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false },
	{ "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false },
	{ "5002", "192.0.2.52", 5061, TRANSPORT_TLS, false },
	{ "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true },
	{ "6002", "192.0.2.62", 5071, TRANSPORT_TLS, true },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TCP, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TLS, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true },
};

static void
callee_open(struct phone *p, const struct callee *c)
{
	bool is_registered = strcmp(c->number, "7000") == 0;

	if (!is_registered) {
		device_open(p, &stage, c->number, c->ip, c->port, c->transport, c->is_sips);
		return;
	}
	phone_open(p, &stage, c->number, c->ip, c->port, c->transport, c->is_sips);
	phone_register(p, 600, NULL);
	phone_hear(p, "SIP/2.0 200 ");
}

/* Runs PLAY for every caller and callee. */
static void
each_crossing(void (*play)(const char *number))
{
	for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
		for (size_t j = 0; j < sizeof callees / sizeof callees[0]; j++) {
			struct counts counts;

			stage_open(&stage, &options);
			phone_open(&alice, &stage, "1001", "192.0.2.10", 30000,
				callers[i].transport, callers[i].is_sips);
			callee_open(&bob, &callees[j]);
			play(callees[j].number);
			expect_empty(&stage);
			counts = stage_counts(&stage);
			assert_int_equal(counts.calls_total, 1);
			assert_int_equal(counts.crossings_down_total,
				callers[i].is_sips && !callees[j].is_sips);
			assert_int_equal(counts.crossings_up_total,
				!callers[i].is_sips && callees[j].is_sips);
			phone_close(&alice);
			phone_close(&bob);
			stage_close(&stage);
		}
	}
}

/* ---- answered, and who hangs up ---- */

static void
play_answered(const char *number)
{
	phones_talk(&alice, &bob, number);
	phones_part(&alice, &bob);
}

static void
test_answered(void **state)
{
	(void)state;
	each_crossing(play_answered);
}

static void
play_callee_parts(const char *number)
{
	phones_talk(&alice, &bob, number);
	phones_part(&bob, &alice);
}

static void
test_callee_hangs_up(void **state)
{
	(void)state;
	each_crossing(play_callee_parts);
}

/* ---- cancelled, refused ---- */

static void
play_cancelled(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_answer(&bob, 487, NULL, NULL);
	phone_hear(&bob, "ACK ");
}

static void
test_cancelled(void **state)
{
	(void)state;
	each_crossing(play_cancelled);
}

static void
play_refused(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
}

static void
test_refused(void **state)
{
	(void)state;
	each_crossing(play_refused);
}

/* The 200 crosses the CANCEL: the callee is acknowledged and hung up. */
static void
play_crossed_cancel(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_reply(&bob, 200, NULL, NULL); /* to the CANCEL */
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
}

static void
test_cancel_crosses_answer(void **state)
{
	(void)state;
	each_crossing(play_crossed_cancel);
}

/* ---- changes inside ---- */

static void
change(struct phone *from, struct phone *to, const char *direction)
{
	phone_request(from, "INVITE", NULL,
		strcmp(direction, "sendonly") == 0 ? SDP("again", "sendonly")
						   : SDP("again", "sendrecv"));
	phone_hear(to, "INVITE ");
	assert_true(phone_heard(to, direction));
	phone_answer(to, 200, NULL, SDP("changed", "recvonly"));
	phone_hear(to, "ACK ");
	phone_hear(from, "SIP/2.0 200 ");
	assert_true(phone_heard(from, "o=changed"));
	phone_ack(from, NULL);
	expect_quiet(&stage);
}

static void
play_held(const char *number)
{
	phones_talk(&alice, &bob, number);
	change(&alice, &bob, "sendonly");
	change(&alice, &bob, "sendrecv");
	change(&bob, &alice, "sendonly");
	change(&bob, &alice, "sendrecv");
	phones_part(&bob, &alice);
}

static void
test_held_and_resumed(void **state)
{
	(void)state;
	each_crossing(play_held);
}

static void
play_no_offer(const char *number)
{
	phone_invite(&alice, number, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_int_equal(bob.heard.msg.body.len, 0);
	phone_answer(&bob, 200, NULL, SDP("offer", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, "o=offer"));
	expect_quiet(&stage);
	phone_ack(&alice, SDP("answer", "sendrecv"));
	phone_hear(&bob, "ACK ");
	assert_true(phone_heard(&bob, "o=answer"));
	phones_part(&alice, &bob);
}

static void
test_without_offer(void **state)
{
	(void)state;
	each_crossing(play_no_offer);
}

static void
ask(struct phone *from, struct phone *to)
{
	phone_request(from, "INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n");
	phone_hear(to, "INFO ");
	assert_true(phone_heard(to, "Signal=5"));
	phone_reply(to, 200, NULL, NULL);
	phone_hear(from, "SIP/2.0 200 ");
}

static void
play_info(const char *number)
{
	phones_talk(&alice, &bob, number);
	ask(&alice, &bob);
	ask(&bob, &alice);
	phone_request(&bob, "OPTIONS", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phones_part(&alice, &bob);
}

static void
test_info_and_options_inside(void **state)
{
	(void)state;
	each_crossing(play_info);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_callee_hangs_up),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cancel_crosses_answer),
		cmocka_unit_test(test_held_and_resumed),
		cmocka_unit_test(test_without_offer),
		cmocka_unit_test(test_info_and_options_inside),
	};

	(void)open_stage;
	(void)close_stage;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
