/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whose connection is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static struct stage_options options = { .dns = dns, .dn_count = 1 };

static struct stage stage;
static struct phone bob;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* An INVITE with this Via; its connection goes, and only then it is refused. */
static void
lose_an_answer(enum transport transport, const char *via)
{
	struct addr from = stage_addr("192.0.2.10", 30000);
	struct flow_id flow = stage_accept(&stage, transport, &from);
	char text[1024];
	int len = snprintf(text, sizeof text,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: %s;branch=z9hG4bK-1\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:1001@example.org>;tag=f\r\n"
		"To: <sip:5000@example.com>\r\nCall-ID: lost@phone\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:1001@192.0.2.10:30000>\r\nContent-Length: 0\r\n\r\n",
		via);

	stage_bytes(&stage, flow, str_of(text, (size_t)len));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	stage_forget_notes(&stage);
}

/* rows: F-resp */
static void
test_each_way(void **state)
{
	static const struct {
		enum transport transport;
		const char *via;
		enum transport dialled; /* NONE: nothing may be */
		uint16_t port;
		const char *name;
	} rows[] = {
		{ TRANSPORT_TCP, "SIP/2.0/TCP 192.0.2.10:30000", TRANSPORT_TCP, 30000, "" },
		{ TRANSPORT_TCP, "SIP/2.0/TCP phone.example", TRANSPORT_TCP, 5060, "" },
		{ TRANSPORT_TLS, "SIP/2.0/TLS phone.example", TRANSPORT_TLS, 5061,
			"phone.example" },
		{ TRANSPORT_TLS, "SIP/2.0/tls 192.0.2.99:5099", TRANSPORT_TLS, 5099, "192.0.2.99" },
		/* A datagram was never its way, and these are none of ours. */
		{ TRANSPORT_TCP, "SIP/2.0/UDP 192.0.2.10:30000", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TLS, "SIP/2.0/TCP phone.example", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TCP, "SIP/2.0/TLS phone.example", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TLS, "SIP/2.0/SCTP phone.example", TRANSPORT_NONE, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct addr to = stage_addr("192.0.2.10", rows[i].port);
		const struct stage_flow *flow;

		lose_an_answer(rows[i].transport, rows[i].via);
		assert_int_equal(stage.dials, rows[i].dialled != TRANSPORT_NONE);
		if (rows[i].dialled != TRANSPORT_NONE) {
			(void)expect_send(&stage, rows[i].dialled, &to, "SIP/2.0 486 ");
			flow = stage_flow_to(&stage, rows[i].dialled, &to);
			if (rows[i].dialled == TRANSPORT_TLS)
				assert_string_equal(flow->name, rows[i].name);
		}
		stage_forget_sent(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_each_way) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
