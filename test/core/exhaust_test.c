/* SPDX-License-Identifier: Apache-2.0 */
/* Each table of the core is driven over its edge through the door, beside a call that was there
 * before. Whoever comes too late is told so, in SIP where there is somebody to tell and with a
 * Retry-After; who was there before loses nothing; when it is over all is given back, and there is
 * room again. What cannot be filled from outside is made to fail in failing_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50" },
	{ .number = "5001", .contact = "sip:192.0.2.51" },
	{ .number = "5002", .contact = "sip:192.0.2.52;transport=tcp" },
	{ .number = "7000", .contact = "*" },
	{ .number = "7001", .contact = "*" },
	{ .number = "7002", .contact = "*" },
};

static struct stage stage;
static struct phone first[2]; /* the call that is there before all */

static void
expect_refused_for_now(struct phone *p)
{
	phone_hear(p, "SIP/2.0 503 ");
	assert_true(phone_heard(p, "Retry-After: "));
}

/* ---- what is filled ------------------------------------------------------------------------ */

/* More calls than there are cells: one is up already, one more goes in. */
static void
fill_calls(void)
{
	static struct phone callers[2], callee;

	device_open(&callee, &stage, "5001", "192.0.2.51", 5060, TRANSPORT_UDP, false);
	for (uint16_t i = 0; i < 2; i++)
		phone_open(&callers[i], &stage, "1002", "192.0.2.11", (uint16_t)(6000 + i),
			TRANSPORT_UDP, false);
	phones_talk(&callers[0], &callee, "5001");
	phone_invite(&callers[1], "5001", NULL, NULL);
	expect_refused_for_now(&callers[1]);
	phone_ack_refusal(&callers[1]);
	assert_int_equal(stage_counts(&stage).calls, 2);
	/* A call that ends makes room at once. */
	phones_part(&callers[0], &callee);
	phones_talk(&callers[1], &callee, "5001");
	phones_part(&callee, &callers[1]);
	phone_close(&callee);
	for (int i = 0; i < 2; i++)
		phone_close(&callers[i]);
}

/* More requests than there are transactions; each stays for 64*T1. */
static void
fill_transactions(void)
{
	static struct phone asker;
	unsigned refused = 0;

	phone_open(&asker, &stage, "1002", "192.0.2.11", 6000, TRANSPORT_UDP, false);
	for (unsigned i = 0; i < 200; i++) {
		phone_ask(&asker, "OPTIONS", "sip:example.com", NULL, NULL);
		phone_hear(&asker, "SIP/2.0 ");
		if (asker.heard.msg.status == 503) {
			assert_true(phone_heard(&asker, "Retry-After: "));
			refused++;
		} else {
			assert_int_equal(refused, 0);
		}
	}
	assert_true(refused > 0 && refused < 200);
	phone_ask(&asker, "REGISTER", "sip:example.com", NULL, NULL);
	expect_refused_for_now(&asker);
	phone_close(&asker);
}

/* More connections than there are cells: those that are too many are shut. */
static void
fill_flows(void)
{
	enum { COUNT = 40 };
	static struct phone callers[2];
	struct flow_id flows[COUNT];
	unsigned shut = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));

		flows[i] = stage_accept(&stage, TRANSPORT_TCP, &peer);
		assert_true(shut == 0 || stage_flow(&stage, flows[i])->is_shut);
		shut += stage_flow(&stage, flows[i])->is_shut;
	}
	assert_int_equal(stage_counts(&stage).flows, COUNT - shut);
	assert_true(shut > 0 && shut < COUNT);
	assert_true(stage_noted(&stage, "no room for one more connection"));
	/* There is none left to dial either: whoever is reached so is not reached. */
	phone_open(&callers[0], &stage, "1002", "192.0.2.11", 6000, TRANSPORT_UDP, false);
	phone_invite(&callers[0], "5002", NULL, NULL);
	phone_hear(&callers[0], "SIP/2.0 100 ");
	phone_hear(&callers[0], "SIP/2.0 480 ");
	phone_ack_refusal(&callers[0]);
	for (unsigned i = 0; i < COUNT; i++)
		if (!stage_flow(&stage, flows[i])->is_gone)
			stage_over(&stage, flows[i]);
	device_open(&callers[1], &stage, "5002", "192.0.2.52", 5060, TRANSPORT_TCP, false);
	phones_talk(&callers[0], &callers[1], "5002");
	phones_part(&callers[0], &callers[1]);
	phone_close(&callers[0]);
	phone_close(&callers[1]);
}

/* More addresses with bindings than there are cells. */
static void
fill_addresses(void)
{
	static const char *const users[] = { "7000", "7001", "7002" };
	static struct phone phones[3];

	for (uint16_t i = 0; i < 3; i++) {
		phone_open(&phones[i], &stage, users[i], "192.0.2.70", (uint16_t)(6000 + i),
			TRANSPORT_UDP, false);
		phone_register(&phones[i], 600, NULL);
		if (i < 2)
			phone_hear(&phones[i], "SIP/2.0 200 ");
		else
			expect_refused_for_now(&phones[i]);
	}
	/* Those that are in can be renewed, and one that goes leaves room. */
	phone_register(&phones[0], 600, NULL);
	phone_hear(&phones[0], "SIP/2.0 200 ");
	phone_register(&phones[1], 0, NULL);
	phone_hear(&phones[1], "SIP/2.0 200 ");
	phone_register(&phones[2], 600, NULL);
	phone_hear(&phones[2], "SIP/2.0 200 ");
	assert_int_equal(stage_counts(&stage).bindings, 2);
	for (int i = 0; i < 3; i++) {
		phone_register(&phones[i], 0, NULL);
		phone_hear(&phones[i], "SIP/2.0 200 ");
		phone_close(&phones[i]);
	}
}

/* More questions to a store that is silent than there are cells. */
static void
fill_asks(void)
{
	static struct phone p;

	phone_open(&p, &stage, "7000", "192.0.2.70", 6000, TRANSPORT_UDP, false);
	stage.store = STORE_MUTE;
	for (unsigned i = 0; i < ASKS_MAX; i++)
		phone_register(&p, 600, NULL);
	assert_int_equal(stage_counts(&stage).asks, ASKS_MAX);
	expect_quiet(&stage);
	phone_register(&p, 600, NULL);
	expect_refused_for_now(&p);
	/* Each gets its answer once the store was waited for. */
	stage_pass_ms(&stage, STORE_WAIT_MS);
	for (unsigned i = 0; i < ASKS_MAX; i++)
		phone_hear(&p, "SIP/2.0 500 ");
	assert_int_equal(stage_counts(&stage).asks, 0);
	stage_forget_sent(&stage);
	stage.store = STORE_PROMPT;
	phone_register(&p, 600, NULL);
	phone_hear(&p, "SIP/2.0 200 ");
	phone_register(&p, 0, NULL);
	phone_hear(&p, "SIP/2.0 200 ");
	phone_close(&p);
}

/* More streams with half a message than there are cells: the newest is shut. */
static void
fill_halves(void)
{
	static struct flow_id flows[PENDING_MAX + 1];
	struct addr last = stage_addr("192.0.2.66", 1000);

	for (unsigned i = 0; i <= PENDING_MAX; i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(1000 + i));

		flows[i] = stage_accept(&stage, TRANSPORT_TCP, &peer);
		stage_bytes(&stage, flows[i], STR("OPTIONS sip:example.com SIP/2.0\r\nVia: SIP"));
		assert_int_equal(stage_flow(&stage, flows[i])->is_shut, i == PENDING_MAX);
	}
	assert_true(stage_noted(&stage, "no room for one more message that is not whole"));
	/* The others go on, and one that is whole leaves room. */
	stage_bytes(&stage, flows[0],
		STR("/2.0/TCP h;branch=z9hG4bKh\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:h>\r\n"
		    "Call-ID: h\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\nOPT"));
	expect_send(&stage, TRANSPORT_TCP, &last, "SIP/2.0 200 ");
	for (unsigned i = 0; i < PENDING_MAX; i++)
		stage_over(&stage, flows[i]);
}

/* More requests that wait for the other side's answer than one call keeps. */
static void
fill_relays(void)
{
	enum { RELAYED = 4 };

	for (unsigned i = 0; i < RELAYED; i++) {
		phone_request(&first[0], "INFO", NULL, NULL);
		phone_hear(&first[1], "INFO ");
	}
	expect_quiet(&stage);
	phone_request(&first[0], "INFO", NULL, NULL);
	phone_hear(&first[0], "SIP/2.0 500 ");
	assert_true(phone_heard(&first[0], "Retry-After: "));
	phone_reply(&first[1], 200, NULL, NULL); /* to the last of the four */
	phone_hear(&first[0], "SIP/2.0 200 ");
	phone_request(&first[0], "INFO", NULL, NULL);
	phone_hear(&first[1], "INFO ");
	phone_reply(&first[1], 200, NULL, NULL);
	phone_hear(&first[0], "SIP/2.0 200 ");
	/* The others are asked again, and answered now. */
	stage_pass_ms(&stage, STAGE_T1_MS);
	for (unsigned i = 1; i < RELAYED; i++) {
		phone_hear(&first[1], "INFO ");
		phone_reply(&first[1], 200, NULL, NULL);
		phone_hear(&first[0], "SIP/2.0 200 ");
	}
}

/* A leg's shelf: more of a route set than fits. */
static void
fill_shelf(void)
{
	static struct phone p;
	char *lines = calloc(1, 12 * 1024);

	for (unsigned i = 0; i < 12; i++)
		snprintf(lines + strlen(lines), 1000,
			"Record-Route: <sip:192.0.2.66;lr;x=%0800u>\r\n", i);
	phone_open(&p, &stage, "1002", "192.0.2.11", 6000, TRANSPORT_UDP, false);
	phone_invite(&p, "5001", lines, NULL);
	phone_hear(&p, "SIP/2.0 100 ");
	phone_hear(&p, "SIP/2.0 513 ");
	phone_ack_refusal(&p);
	assert_true(stage_noted(&stage, "its headers do not fit"));
	phone_close(&p);
	free(lines);
}

/* ---- the table ----------------------------------------------------------------------------- */

static const struct row {
	void (*fill)(void);
	struct stage_options options;
} rows[] = {
	{ fill_calls, { .calls = 2 } },
	{ fill_transactions, { .calls = 2, .requests = 16 } },
	{ fill_flows, { .flows = 30 } },
	{ fill_addresses, { .addresses = 2 } },
	{ fill_asks, { .calls = 2, .requests = ASKS_MAX + 16, .addresses = 2 } },
	{ fill_halves, { .flows = PENDING_MAX + 8 } },
	{ fill_relays, { .calls = 2 } },
	{ fill_shelf, { .calls = 2 } },
};

static void
test_each_table_is_filled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct stage_options options = rows[i].options;

		options.dns = dns;
		options.dn_count = sizeof dns / sizeof dns[0];
		stage_open(&stage, &options);
		phone_open(&first[0], &stage, "1001", "192.0.2.10", 6000, TRANSPORT_UDP, false);
		device_open(&first[1], &stage, "5000", "192.0.2.50", 5060, TRANSPORT_UDP, false);
		phones_talk(&first[0], &first[1], "5000");
		rows[i].fill();
		expect_quiet(&stage);
		/* It was there before, and so it is now. */
		phone_request(&first[1], "INFO", NULL, NULL);
		phone_hear(&first[0], "INFO ");
		phone_reply(&first[0], 200, NULL, NULL);
		phone_hear(&first[1], "SIP/2.0 200 ");
		phones_part(&first[0], &first[1]);
		expect_empty(&stage);
		assert_int_equal(stage_counts(&stage).bindings, 0);
		phone_close(&first[0]);
		phone_close(&first[1]);
		stage_close(&stage);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_table_is_filled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
