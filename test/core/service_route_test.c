/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone is told of the way of its requests, by listeners and by what its DN allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static struct stage stage;
static struct phone phone;

/* What a phone hears of its way when it registers, or asks. */
static void
expect_told(const char *user, enum transport transport, bool is_sips, const char *lines,
	const char *told)
{
	phone_open(&phone, &stage, user, "192.0.2.70", 40001, transport, is_sips);
	phone_register(&phone, 600, lines);
	phone_hear(&phone, "SIP/2.0 ");
	assert_string_equal(phone_value(&phone, HEADER_SERVICE_ROUTE), told);
	phone_close(&phone);
}

/* A sips phone is told a sip URI only if that leads here in both schemes. */
/* rows: R5630-5.2-f */
static void
test_service_route_leads_here(void **state)
{
	static const struct stage_dn told_dns[] = {
		{ .number = "7000", .contact = "*", .tells_route = true },
		{ .number = "7001", .contact = "*", .tells_route = true, .sips = SIPS_REQUIRED },
	};
	static const struct {
		const char *user, *udp;
		uint16_t tls_port;
		enum transport transport;
		bool is_sips;
		const char *told;
	} all[] = {
		{ "7000", NULL, 0, TRANSPORT_TLS, true, "<sip:192.0.2.1;lr>" },
		{ "7000", NULL, 5071, TRANSPORT_TLS, true, "" },
		{ "7001", NULL, 5071, TRANSPORT_TLS, true, "<sips:192.0.2.1:5071;lr>" },
		{ "7000", NULL, 5071, TRANSPORT_TLS, false,
			"<sip:192.0.2.1:5071;transport=tls;lr>" },
		/* TCP is there though UDP shows another name. */
		{ "7000", "udp.example.com", 0, TRANSPORT_TLS, true, "<sip:192.0.2.1;lr>" },
		{ "7000", "udp.example.com", 0, TRANSPORT_UDP, false, "<sip:udp.example.com;lr>" },
		{ "7000", "udp.example.com:5070", 0, TRANSPORT_UDP, false,
			"<sip:udp.example.com:5070;lr>" },
		{ "7000", "[2001:db8::7]:5060", 0, TRANSPORT_UDP, false, "<sip:[2001:db8::7];lr>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct stage_options told = { .dns = told_dns,
			.dn_count = 2,
			.advertise = all[i].udp,
			.tls_port = all[i].tls_port };

		stage_open(&stage, &told);
		expect_told(all[i].user, all[i].transport, all[i].is_sips, NULL, all[i].told);
		stage_close(&stage);
	}
	/* Who may speak sips alone is told nothing the other way. */
	stage_open(&stage, &(struct stage_options){ .dns = told_dns, .dn_count = 2 });
	expect_told("7001", TRANSPORT_UDP, false, "Contact: *\r\n", "");
	stage_close(&stage);
}

/* Where nothing takes clear SIP, no sip URI leads to us. */
static void
test_service_route_without_clear_listeners(void **state)
{
	static const struct stage_dn told_dns[] = {
		{ .number = "7000", .contact = "*", .tells_route = true },
	};
	struct stage_options told = { .dns = told_dns, .dn_count = 1 };

	(void)state;
	stage_open(&stage, &told);
	stage.listeners[0].advertise = STR("udp.example.com");
	stage.listeners[1].advertise = STR("192.0.2.1:5070");
	expect_told("7000", TRANSPORT_TLS, true, NULL, "");
	stage.listeners[1].transport = TRANSPORT_TLS;
	expect_told("7000", TRANSPORT_TLS, true, NULL, "");
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_service_route_leads_here),
		cmocka_unit_test(test_service_route_without_clear_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
