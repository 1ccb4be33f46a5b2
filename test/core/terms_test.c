/* SPDX-License-Identifier: Apache-2.0 */
/* As whom, and on what terms, a device is dialled whose connection is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/phone.h"

enum { BOB, FLY, PHONE }; /* the places of the DNs */

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" },
	{ .number = "6001", .contact = "sips:192.0.2.61" }, { .number = "7000", .contact = "*" } };
static const struct stage_options options = {
	.dns = dns, .dn_count = 3, .strangers = STRANGERS_ALL
};
static const struct terms east = {
	.identity = 2, .trust = 1, .takes_wildcard = true, .has_pin = true, .pin = { 7 }
};

static struct stage stage;
static struct phone alice, bob, phone, edge;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	stage.dns[PHONE].terms = east;
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true);
	device_open(&edge, &stage, "7000", "192.0.2.70", 5061, TRANSPORT_TLS, true);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	phone_close(&phone);
	phone_close(&edge);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* The connection to P is gone; what is said next is said on a new one, which is dialled on
 * TERMS. */
static void
expect_dialled(const struct phone *p, const struct terms *terms)
{
	const struct stage_flow *flow = stage_flow_to(&stage, TRANSPORT_TLS, &p->at);
	const struct flow *known;

	assert_non_null(flow);
	assert_true(flow->is_dialled && flow->is_open);
	known = flows_find(&stage.core->flows, flow->id);
	assert_non_null(known);
	assert_true(terms_same(&known->terms, terms));
	assert_int_equal(known->terms.trust, terms->trust);
}

static void
register_with(const char *lines)
{
	phone_register(&phone, 600, lines);
	phone_hear(&phone, "SIP/2.0 200 ");
}

/* P, that talks with OTHER, loses its connection; then OTHER hangs up. */
static void
part_without(struct phone *p, struct phone *other)
{
	stage_over(&stage, p->flow);
	phone_request(other, "BYE", NULL, NULL);
	phone_hear(other, "SIP/2.0 200 ");
	phone_hear(p, "BYE ");
	phone_reply(p, 200, NULL, NULL);
}

/* rows: R5923-9.3 */
static void
test_a_phone_is_dialled_as_its_dn_says(void **state)
{
	(void)state;
	register_with(NULL);
	phones_talk(&alice, &phone, "7000");
	part_without(&phone, &alice);
	expect_dialled(&phone, &east);
	expect_empty(&stage);
}

static void
test_a_phone_that_called_is_dialled_so_too(void **state)
{
	(void)state;
	register_with(NULL);
	phones_talk(&phone, &bob, "5000");
	part_without(&phone, &bob);
	expect_dialled(&phone, &east);
	expect_empty(&stage);
}

/* What is pinned is the phone's own certificate; of a proxy before it we know none. */
/* rows: R5630-6.3-a */
static void
test_a_proxy_is_not_the_phone(void **state)
{
	static const struct terms plain = { .identity = 2, .trust = 1 };

	(void)state;
	register_with("Contact: <sips:7000@198.51.100.7>\r\n"
		      "Path: <sips:token@192.0.2.70:5061;lr>\r\n"
		      "Via: SIP/2.0/TLS 198.51.100.7;branch=z9hG4bKphone\r\n");
	stage_over(&stage, phone.flow);
	phone_invite(&alice, "7000", NULL, SDP("alice", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&edge, "INVITE ");
	expect_dialled(&edge, &plain);
	phone_answer(&edge, 200, "Record-Route: <sips:192.0.2.70:5061;lr>\r\n",
		SDP("phone", "sendrecv"));
	phone_hear(&edge, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_ack(&alice, NULL);
	/* In the dialog, too. */
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &edge.at)->id);
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&edge, "BYE ");
	expect_dialled(&edge, &plain);
	phone_reply(&edge, 200, NULL, NULL);
	assert_int_equal(stage.dials, 2);
	expect_empty(&stage);
}

/* Who came in where we are somebody else is met as that, and as nobody else. */
/* rows: R5923-9.3 */
static void
test_a_stranger_is_met_as_who_we_were(void **state)
{
	static const struct terms there = { .identity = 3, .trust = 2 };
	struct flow *flow = flows_find(&stage.core->flows, phone.flow);

	(void)state;
	flow->terms = there;
	phone.user = "7111";
	phones_talk(&phone, &bob, "5000");
	part_without(&phone, &bob);
	expect_dialled(&phone, &there);
	expect_empty(&stage);
}

/* A second answer to our INVITE is hung up over the connection that it came by. */
static void
test_a_fork_is_met_on_the_same_terms(void **state)
{
	struct phone fly;

	(void)state;
	stage.dns[FLY].terms = east;
	device_open(&fly, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phones_talk(&alice, &fly, "6001");
	snprintf(fly.tag, sizeof fly.tag, "another");
	phone_answer(&fly, 200, NULL, SDP("other", "sendrecv"));
	phone_hear(&fly, "ACK ");
	phone_hear(&fly, "BYE ");
	phone_reply(&fly, 200, NULL, NULL);
	assert_int_equal(stage.dials, 1);
	expect_dialled(&fly, &east);
	stage_pass_ms(&stage, 1000);
	stage_forget_sent(&stage);
	phone_close(&fly);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_phone_is_dialled_as_its_dn_says),
		TEST(test_a_phone_that_called_is_dialled_so_too),
		TEST(test_a_proxy_is_not_the_phone),
		TEST(test_a_stranger_is_met_as_who_we_were),
		TEST(test_a_fork_is_met_on_the_same_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
