/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whose connection is gone, to who had shown a certificate on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/phone.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static const struct stage_options options = { .dns = dns, .dn_count = 1 };

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

static const struct addr *
at(const char *ip, uint16_t port)
{
	static struct addr addr;

	addr = stage_addr(ip, port);
	return &addr;
}

/* An INVITE with this Via comes over TLS; its connection goes, and only then it is refused. */
static void
lose_an_answer(const char *via)
{
	struct phone ann;

	phone_open(&ann, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TLS, false);
	phone_say(&ann,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: %s;branch=z9hG4bK-%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:1001@example.org>;tag=f\r\n"
		"To: <sip:5000@example.com>\r\nCall-ID: lost%u@phone\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:1001@192.0.2.10:30000>\r\nContent-Length: 0\r\n\r\n",
		via, stage.dials, stage.dials);
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, ann.flow);
	stage_forget_notes(&stage);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_close(&ann);
}

/* Who had shown a certificate is met as one that it named, and nobody else is in its stead. */
/* rows: R3261-18.2.2-b */
static void
test_to_whom_the_certificate_named(void **state)
{
	static const struct {
		const char *certificate, *via, *name; /* NULL: not sent */
		uint16_t port;
	} rows[] = {
		{ "a.example,c.example,192.0.2.11", "SIP/2.0/TLS C.example", "C.example", 5061 },
		{ "a.example,192.0.2.11", "SIP/2.0/TLS 192.0.2.11:5099", "192.0.2.11", 5099 },
		{ "a.example,192.0.2.11", "SIP/2.0/TLS 192.0.2.12:5099", "a.example", 5099 },
		{ "a.example,192.0.2.11", "SIP/2.0/TLS b.example:5099", NULL, 0 },
		{ "a.example", "SIP/2.0/TLS sub.a.example", NULL, 0 },
		{ "", "SIP/2.0/TLS b.example:5099", "b.example", 5099 }, /* it names nobody */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct addr *to = at("192.0.2.10", rows[i].port);

		stage.certificate = rows[i].certificate;
		lose_an_answer(rows[i].via);
		assert_int_equal(stage.dials, rows[i].name != NULL);
		if (rows[i].name != NULL) {
			(void)expect_send(&stage, TRANSPORT_TLS, to, "SIP/2.0 486 ");
			assert_string_equal(
				stage_flow_to(&stage, TRANSPORT_TLS, to)->name, rows[i].name);
		}
		stage_forget_sent(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
	/* One after the other: the servers are those of the Via. */
	stage.certificate = "a.example";
	stage.dial = DIAL_WAITS;
	lose_an_answer("SIP/2.0/TLS 192.0.2.12:5099");
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099), "SIP/2.0 486 ");
	stage_dialled(
		&stage, stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099))->id, false);
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.12", 5099), "SIP/2.0 486 ");
	assert_string_equal(
		stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.12", 5099))->name, "a.example");
}

/* A name longer than one in DNS is not kept; whose it was is told in the log. */
static void
test_a_certificate_of_another(void **state)
{
	static char names[HOST_BYTES_MAX + 2];

	(void)state;
	stage.certificate = "a.example,192.0.2.11";
	stage.dial = DIAL_WAITS;
	lose_an_answer("SIP/2.0/TLS b.example");
	assert_true(stage_noted(&stage,
		"an answer is not sent to b.example of its Via: its connection is gone, "
		"and the certificate there names a.example,192.0.2.11"));
	stage_forget_sent(&stage);
	memset(names, 'a', HOST_BYTES_MAX + 1);
	stage.certificate = names;
	lose_an_answer("SIP/2.0/TLS 192.0.2.12:5099");
	assert_int_equal(stage.dials, 1);
	assert_int_equal(stage.core->lost.used, 0);
	stage_forget_sent(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_to_whom_the_certificate_named),
		TEST(test_a_certificate_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
