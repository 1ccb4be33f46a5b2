/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a REGISTER of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trunk/kit.h"

/* The 200s that do, and do not, say that we are registered, and for how long. */
static void
only_our_contact_counts(void **state)
{
	static const struct {
		const char *lines;
		unsigned seconds; /* 0: it is none */
	} all[] = {
		{ "Contact: <sip:acme@192.0.2.1:5060>;expires=100\r\n", 100 },
		{ "Contact: <sip:acme@192.0.2.1:5060>\r\nExpires: 200\r\n", 200 },
		{ "Contact: <sip:acme@192.0.2.1:5060>\r\n", 3600 },
		{ "Contact: <sip:acme@192.0.2.1:5060>;expires=100\r\nExpires: 200\r\n", 100 },
		{ "Contact: <sip:acme@192.0.2.1:5060>;expires=soon\r\nExpires: 200\r\n", 200 },
		{ "m: \"A\" <sip:b@192.0.2.9>;expires=9, <sip:acme@192.0.2.1:5060>;q=1;expires=100\r\n",
			100 },
		{ "Contact: <sip:acme@192.0.2.1:5060;transport=udp>;expires=100\r\n", 100 },
		{ "Contact: <sip:acme@192.0.2.1:5060>;expires=0\r\n", 0 },
		{ "Contact: <sip:acme@192.0.2.1:5060>;expires=99999999999\r\n", 3600 },
		{ "Contact: <sip:acme@192.0.2.1>;expires=100\r\n", 0 },
		{ "Contact: <sip:other@192.0.2.1:5060>;expires=100\r\n", 0 },
		{ "Contact: *\r\n", 0 },
		{ "Contact: <sip:\r\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char says[64];

		kit_open_udp();
		HEAR("REGISTER");
		kit_reply(200, all[i].lines);
		(void)snprintf(says, sizeof says, "over UDP for %u s", all[i].seconds);
		if ((stage_counts(&stage).enrolled == 1) != (all[i].seconds > 0))
			fail_msg("row %zu", i);
		assert_true(stage_noted(&stage, all[i].seconds > 0 ? says : "does not list"));
		stage_pass_ms(&stage, (int64_t)all[i].seconds * 1000 / 2 - 1);
		if (all[i].seconds > 0)
			expect_quiet(&stage);
		kit_close();
	}
}

/* Each refusal is tried again, none at once, and what looks hopeless not for minutes. */
static void
a_refusal_is_tried_again_later(void **state)
{
	static const struct {
		unsigned status;
		const char *lines;
		int64_t from_s, upto_s;
	} all[] = {
		{ 500, NULL, 30, 60 },
		{ 503, "Retry-After: 120\r\n", 120, 120 },
		{ 503, "Retry-After: 4000000\r\n", 1800, 1800 },
		{ 486, "Retry-After: 1\r\n", 30, 60 },
		{ 302, "Contact: <sip:192.0.2.66>\r\n", 30, 60 },
		{ 423, NULL, 30, 60 },
		{ 423, "Min-Expires: 3600\r\n", 30, 60 },
		{ 423, "Min-Expires: 86401\r\n", 30, 60 },
		{ 403, NULL, 480, 960 },
		{ 404, NULL, 480, 960 },
		{ 401, NULL, 480, 960 },
		{ 407, "Proxy-Authenticate: Basic realm=\"east.example\"\r\n", 480, 960 },
		{ 600, NULL, 30, 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		kit_open_udp();
		HEAR("REGISTER");
		kit_reply(all[i].status, all[i].lines);
		kit_wait(all[i].from_s * 1000 - 1, all[i].upto_s * 1000 + 1);
		HEAR("CSeq: 2 REGISTER", "Expires: 3600");
		kit_close();
	}
}

static void
each_failure_in_a_row_waits_longer(void **state)
{
	int64_t most_s = 60;

	(void)state;
	kit_open_udp();
	for (int i = 0; i < 8; i++) {
		HEAR("REGISTER");
		kit_reply(500, NULL);
		kit_wait(most_s * 500 - 1, most_s * 1000 + 1);
		most_s = most_s * 2 > 1800 ? 1800 : most_s * 2;
	}
	kit_close();
}

static void
a_longer_interval_is_asked_for_at_once(void **state)
{
	(void)state;
	kit_open_udp();
	HEAR("Expires: 3600\r\n");
	kit_reply(423, "Min-Expires: 7200\r\n");
	HEAR("Expires: 7200\r\n");
	kit_reply(200, GRANT(OURS_UDP, 7200));
	kit_wait(3600 * 1000 - 1, 5400 * 1000 + 1);
	HEAR("Expires: 7200\r\n");
	kit_close();
}

/* A proxy before the registrar and the registrar itself may both ask; then it is enough. */
static void
two_kinds_of_credentials(void **state)
{
	(void)state;
	kit_open_udp();
	HEAR("REGISTER");
	kit_reply(407,
		"Proxy-Authenticate: Digest realm=\"east.example\", nonce=\"p\", qop=\"auth\"\r\n");
	HEAR("\r\nProxy-Authorization: Digest username=\"acme\"", "nonce=\"p\"");
	kit_reply(401,
		"WWW-Authenticate: Digest realm=\"east.example\", nonce=\"w\", qop=\"auth\"\r\n");
	HEAR("\r\nProxy-Authorization: Digest username=\"acme\"", "nonce=\"p\"",
		"\r\nAuthorization: Digest username=\"acme\"", "nonce=\"w\"", "CSeq: 3 REGISTER");
	kit_reply(407,
		"Proxy-Authenticate: Digest realm=\"east.example\", nonce=\"q\", qop=\"auth\", "
		"stale=true\r\n");
	expect_quiet(&stage);
	assert_true(stage_noted(&stage, "it refused the credentials; tried again"));
	kit_close();
}

/* Its next address is tried at once, and its last is not the end. */
static void
the_next_address_is_tried(void **state)
{
	struct addr first, second;

	(void)state;
	stage_open(&stage, &(struct stage_options){ .dn_count = 0 });
	stage_close(&stage);
	east = (struct stage_dn){ .number = "east",
		.contact = "sip:east.example:5070;transport=udp",
		.type = DN_TRUNK,
		.registers = true };
	stage_open(&stage, &kit_options);
	stage_name(&stage, "east.example", "192.0.2.50");
	stage_name(&stage, "east.example", "192.0.2.51");
	first = stage_addr("192.0.2.50", 5070);
	second = stage_addr("192.0.2.51", 5070);
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	(void)expect_send(&stage, TRANSPORT_UDP, &first, "REGISTER ");
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	while (stage_take(&stage, TRANSPORT_UDP, &first) != NULL)
		continue;
	(void)expect_send(&stage, TRANSPORT_UDP, &second, "REGISTER ");
	assert_false(stage_noted(&stage, "tried again"));
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	assert_true(stage_noted(&stage, "it does not answer; tried again in"));
	stage_forget_sent(&stage);
	stage_close(&stage);
}

static void
a_service_route_that_cannot_be_used_is_left_out(void **state)
{
	static const struct {
		const char *lines;
		bool is_used;
	} all[] = {
		{ "Service-Route: <sip:p.example;lr>\r\n", true },
		{ "Service-Route: <sip:p.example;lr>;x=1, \"P\" <sips:q.example:5071;lr>\r\n",
			true },
		{ "Service-Route: <sip:p.example>\r\n", false },
		{ "Service-Route: <tel:123;lr>\r\n", false },
		{ "Service-Route: *\r\n", false },
		{ "Service-Route: <sip:p.example;lr>, <sip:\r\n", false },
		{ "Service-Route: <sip:p.example>, <sip:q.example;lr>\r\n", false },
	};
	static char lines[3 * SERVICE_ROUTE_BYTES_MAX], user[1016];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		kit_open_udp();
		HEAR("REGISTER");
		(void)snprintf(lines, sizeof lines, "%s%s", GRANT(OURS_UDP, 600), all[i].lines);
		kit_reply(200, lines);
		assert_int_equal(stage_counts(&stage).enrolled, 1);
		assert_int_equal(
			!stage_noted(&stage, "Service-Route of its registrar cannot be used"),
			all[i].is_used);
		kit_close();
	}
	memset(user, 'u', 1015);
	kit_open_udp();
	HEAR("REGISTER");
	(void)snprintf(lines, sizeof lines,
		"%sService-Route: <sip:%s@h;lr>, <sip:%s@h;lr>, <sip:h;lr>\r\n",
		GRANT(OURS_UDP, 600), user, user);
	kit_reply(200, lines);
	assert_true(stage_noted(&stage, "Service-Route of its registrar cannot be used"));
	kit_close();
}

/* rows: R5627-L */
static void
a_gruu_that_cannot_be_used_is_left_out(void **state)
{
	static const struct {
		const char *gruu;
		bool is_used;
	} all[] = {
		{ "sip:acme@a.example;gr=urn:a:1", true },
		{ "sips:acme@a.example;gr=urn:a:1", true },
		{ "sip:acme@a.example;gr=urn:a:1;transport=tls", false },
		{ "sip:acme@a.example;gr=urn:a:1?x=1", false }, { "sip:acme@a.example;gr", false },
		{ "sip:acme@a.example", false }, { "tel:123;gr=urn:a:1", false }, { "acme", false },
		{ NULL, true }, /* none was given, which is no fault */
	};
	char lines[2 * ENROL_GRUU_BYTES_MAX], user[ENROL_GRUU_BYTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= sizeof all / sizeof all[0]; i++) {
		bool is_long = i == sizeof all / sizeof all[0];

		memset(user, 'u', ENROL_GRUU_BYTES_MAX);
		user[ENROL_GRUU_BYTES_MAX] = '\0';
		east = (struct stage_dn){ .number = "east",
			.contact = "sip:192.0.2.50:5070;transport=udp",
			.type = DN_TRUNK,
			.username = "acme",
			.registers = true,
			.wants_gruu = true };
		stage_open(&stage, &kit_options);
		device_open(&reg, &stage, "acme", "192.0.2.50", 5070, TRANSPORT_UDP, false);
		stage_tick(&stage);
		HEAR("REGISTER", "Supported: gruu\r\n", "+sip.instance=\"<urn:uuid:");
		(void)snprintf(lines, sizeof lines, "Contact: %s;expires=600;pub-gruu=\"%s%s\"\r\n",
			OURS_UDP, is_long ? "sip:a@h;gr=" : all[i].gruu, is_long ? user : "");
		if (is_long || all[i].gruu != NULL)
			kit_reply(200, lines);
		else
			kit_reply(200, GRANT(OURS_UDP, 600));
		assert_int_equal(stage_counts(&stage).enrolled, 1);
		assert_int_equal(!stage_noted(&stage, "GRUU of its registrar cannot be used"),
			!is_long && all[i].is_used);
		kit_close();
	}
}

/* 503 is of one address: the next is asked at once. */
static void
an_address_that_is_too_busy_is_not_the_last(void **state)
{
	struct addr second = stage_addr("192.0.2.51", 5070);

	(void)state;
	east = (struct stage_dn){ .number = "east",
		.contact = "sip:east.example:5070;transport=udp",
		.type = DN_TRUNK,
		.registers = true };
	stage_open(&stage, &kit_options);
	stage_name(&stage, "east.example", "192.0.2.50");
	stage_name(&stage, "east.example", "192.0.2.51");
	device_open(&reg, &stage, "east", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	HEAR("REGISTER");
	kit_reply(503, "Retry-After: 120\r\n");
	(void)expect_send(&stage, TRANSPORT_UDP, &second, "REGISTER ");
	assert_false(stage_noted(&stage, "tried again"));
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	assert_true(stage_noted(&stage, "it does not answer; tried again in"));
	stage_forget_sent(&stage);
	kit_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_our_contact_counts),
		cmocka_unit_test(a_refusal_is_tried_again_later),
		cmocka_unit_test(each_failure_in_a_row_waits_longer),
		cmocka_unit_test(a_longer_interval_is_asked_for_at_once),
		cmocka_unit_test(two_kinds_of_credentials),
		cmocka_unit_test(the_next_address_is_tried),
		cmocka_unit_test(a_service_route_that_cannot_be_used_is_left_out),
		cmocka_unit_test(a_gruu_that_cannot_be_used_is_left_out),
		cmocka_unit_test(an_address_that_is_too_busy_is_not_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
