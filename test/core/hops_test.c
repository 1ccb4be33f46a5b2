/* SPDX-License-Identifier: Apache-2.0 */
/* The next hop of a dialog that is a name: when it is looked for, and what comes of it. */
#include "core/kit.h"

static int
open_stage(void **state)
{
	(void)state;
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	/* What bob's Contact says. */
	snprintf(bob.host, sizeof bob.host, "%s", "desk.example.net:5090");
	stage_name(&stage, "desk.example.net", "192.0.2.51");
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

/* The device from here on is where its name leads to. */
static void
bob_is_at(const char *ip, uint16_t port)
{
	bob.at = stage_addr(ip, port);
}

static void
test_a_name_is_looked_for_once(void **state)
{
	(void)state;
	phones_talk(&alice, &bob, "5000");
	assert_int_equal(stage.resolves, 1);
	assert_true(stage_asked(&stage, "ADDRESSES desk.example.net"));
	bob_is_at("192.0.2.51", 5090);
	for (int i = 0; i < 3; i++) {
		phone_request(&alice, "INFO", NULL, NULL);
		phone_hear(&bob, "INFO sip:5000@desk.example.net:5090 ");
		phone_reply(&bob, 200, NULL, NULL);
		phone_hear(&alice, "SIP/2.0 200 ");
	}
	assert_int_equal(stage.resolves, 1);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

static void
test_until_it_is_found_the_source_counts(void **state)
{
	(void)state;
	stage.names_wait = true;
	phones_talk(&alice, &bob, "5000");
	phone_request(&alice, "INFO", NULL, NULL);
	phone_hear(&bob, "INFO ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	stage.names_wait = false;
	stage_names_come(&stage);
	bob_is_at("192.0.2.51", 5090);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* What DNS says of a call that is over meets nobody, and its place is free again. */
static void
test_a_call_that_is_over(void **state)
{
	(void)state;
	stage.names_wait = true;
	for (int i = 0; i < 3; i++) {
		phones_talk(&alice, &bob, "5000");
		phones_part(&alice, &bob);
		stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	}
	assert_int_equal(stage.resolves, 3);
	stage_names_come(&stage);
	expect_empty(&stage);
}

static void
test_nothing_found_changes_nothing(void **state)
{
	(void)state;
	stage_no_name(&stage, "desk.example.net");
	phones_talk(&alice, &bob, "5000");
	assert_int_equal(stage.resolves, 1);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* A phone that registered is where its registration came from. */
static void
test_who_registered_is_not_looked_for(void **state)
{
	struct phone phone;

	(void)state;
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&phone, 600, NULL);
	phone_hear(&phone, "SIP/2.0 200 ");
	snprintf(phone.host, sizeof phone.host, "%s", "desk.example.net:5090");
	phones_talk(&alice, &phone, "7000");
	assert_int_equal(stage.resolves, 0);
	phones_part(&alice, &phone);
	phone_close(&phone);
	expect_empty(&stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* A maddr that is an address is no name. */
static void
test_an_address_is_not_asked_for(void **state)
{
	(void)state;
	snprintf(bob.host, sizeof bob.host, "%s", "desk.example.net:5090;maddr=192.0.2.51");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	bob_is_at("192.0.2.51", 5090);
	phone_hear(&bob, "ACK sip:5000@desk.example.net:5090;maddr=192.0.2.51 ");
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_ack(&alice, NULL);
	assert_int_equal(stage.resolves, 0);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* The device that kept its instance is found by its new connection. */
static void
test_who_registered_comes_back(void **state)
{
	static const char contact[] = "Contact: <sip:7000@192.0.2.70:40000;transport=tls>;"
				      "+sip.instance=\"<urn:uuid:7>\"\r\n";
	struct phone phone, again;

	(void)state;
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, false);
	phone_register(&phone, 600, contact);
	phone_hear(&phone, "SIP/2.0 200 ");
	phones_talk(&alice, &phone, "7000");
	stage_over(&stage, phone.flow);
	phone_open(&again, &stage, "7000", "192.0.2.70", 40001, TRANSPORT_TLS, false);
	phone_register(&again, 600, contact);
	phone_hear(&again, "SIP/2.0 200 ");
	phone.at = again.at;
	phone.flow = again.flow;
	phone_request(&alice, "INFO", NULL, NULL);
	phone_hear(&phone, "INFO ");
	phone_close(&phone);
	phone_close(&again);
	stage_forget_sent(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_name_is_looked_for_once),
		TEST(test_until_it_is_found_the_source_counts),
		TEST(test_a_call_that_is_over),
		TEST(test_nothing_found_changes_nothing),
		TEST(test_who_registered_is_not_looked_for),
		TEST(test_an_address_is_not_asked_for),
		TEST(test_who_registered_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
