/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a number leads to, and how the leg to it is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:box@192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:media.example.net;transport=tls" },
	{ .number = "5003", .contact = "192.0.2.53" },
	{ .number = "5004", .contact = "sip:[2001:db8::54]:5064" },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6002", .contact = "sips:fly.example.net;transport=tls" },
	{ .number = "6003", .contact = "sips:192.0.2.63:5071", .tls_name = "secure.example.net" },
	{ .number = "7000", .contact = "*" },
	{ .number = "8000", .contact = "sip:192.0.2.80", .capacity = 1 },
	{ .number = "911", .contact = "sip:192.0.2.50:5070" },
	{ .number = "short", .contact = "sip:192.0.2.91", .type = DN_TRUNK, .prefix = "9" },
	{ .number = "long", .contact = "sip:192.0.2.92", .type = DN_TRUNK, .prefix = "900" },
	{ .number = "second",
		.contact = "sip:192.0.2.93",
		.type = DN_TRUNK,
		.prefix = "900",
		.priority = 2 },
	{ .number = "pbx",
		.contact = "sip:pbx@192.0.2.94",
		.type = DN_SOFTSWITCH,
		.prefix = "81",
		.capacity = 1 },
};
static struct stage_options options = {
	.dns = dns, .dn_count = sizeof dns / sizeof dns[0], .strangers = STRANGERS_ALL
};

static struct stage stage;
static struct phone alice;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	stage_name(&stage, "media.example.net", "192.0.2.52");
	stage_name(&stage, "fly.example.net", "192.0.2.62");
	stage_name(&stage, "fly.example.net", "192.0.2.64");
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
open_ready_stage(void **state)
{
	open_stage(state);
	stage_tick(&stage);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ready_stage, close_stage)

static void
expect_refused_from(struct phone *p, const char *number, const char *start)
{
	phone_invite(p, number, NULL, NULL);
	phone_hear(p, "SIP/2.0 100 ");
	phone_hear(p, start);
	phone_ack_refusal(p);
	expect_quiet(&stage);
}

/* A call to NUMBER gives an INVITE that begins with LINE at DEVICE, who refuses. */
static void
expect_invite(const char *number, struct phone *device, const char *line)
{
	phone_invite(&alice, number, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(device, line);
	phone_answer(device, 486, NULL, NULL);
	phone_hear(device, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	expect_quiet(&stage);
}

/* ---- fixed contacts ---- */

/* rows: R3261-19.1.1-c */
static void
test_forms_of_contact(void **state)
{
	static const struct {
		const char *number, *ip;
		uint16_t port;
		enum transport transport;
		bool is_sips;
		const char *line, *name;
	} forms[] = {
		{ "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false,
			"INVITE sip:5000@192.0.2.50:5070 SIP/2.0\r\n", "" },
		{ "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false,
			"INVITE sip:box@192.0.2.51 SIP/2.0\r\n", "" },
		{ "5002", "192.0.2.52", 5061, TRANSPORT_TLS, false,
			"INVITE sip:5002@media.example.net SIP/2.0\r\n", "media.example.net" },
		{ "5003", "192.0.2.53", 5060, TRANSPORT_UDP, false,
			"INVITE sip:5003@192.0.2.53 SIP/2.0\r\n", "" },
		{ "5004", "2001:db8::54", 5064, TRANSPORT_UDP, false,
			"INVITE sip:5004@[2001:db8::54]:5064 SIP/2.0\r\n", "" },
		{ "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true,
			"INVITE sips:6001@192.0.2.61 SIP/2.0\r\n", "192.0.2.61" },
		{ "6002", "192.0.2.62", 5061, TRANSPORT_TLS, true,
			"INVITE sips:6002@fly.example.net SIP/2.0\r\n", "fly.example.net" },
		{ "6003", "192.0.2.63", 5071, TRANSPORT_TLS, true,
			"INVITE sips:6003@192.0.2.63:5071 SIP/2.0\r\n", "secure.example.net" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct phone device;
		const struct stage_flow *flow;

		device_open(&device, &stage, forms[i].number, forms[i].ip, forms[i].port,
			forms[i].transport, forms[i].is_sips);
		expect_invite(forms[i].number, &device, forms[i].line);
		flow = stage_flow_to(&stage, forms[i].transport, &device.at);
		assert_string_equal(flow != NULL ? flow->name : "", forms[i].name);
		/* The connection is there already. */
		expect_invite(forms[i].number, &device, forms[i].line);
		phone_close(&device);
	}
	assert_int_equal(stage.dials, 5);
	expect_empty(&stage);
}

/* sip over TLS: our Contact brings the peer's BYE back over TLS. */
/* rows: R3261-8.1.1.8-a R5630-5.1.1.2-a */
static void
test_our_contact(void **state)
{
	struct phone tls, tcp, sips;

	(void)state;
	device_open(&tls, &stage, "5002", "192.0.2.52", 5061, TRANSPORT_TLS, false);
	device_open(&tcp, &stage, "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false);
	device_open(&sips, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	expect_invite("5002", &tls, "INVITE ");
	assert_non_null(strstr(
		tls.invite.text, "\r\nContact: <sip:1001@192.0.2.1:5061;transport=tls>\r\n"));
	expect_invite("5001", &tcp, "INVITE ");
	assert_non_null(strstr(
		tcp.invite.text, "\r\nContact: <sip:1001@192.0.2.1:5060;transport=tcp>\r\n"));
	expect_invite("6001", &sips, "INVITE ");
	assert_non_null(strstr(sips.invite.text, "\r\nContact: <sips:1001@192.0.2.1:5061>\r\n"));
	assert_non_null(strstr(sips.invite.text, "\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;"));
	phone_close(&tls);
	phone_close(&tcp);
	phone_close(&sips);
	expect_empty(&stage);
}

/* ---- trunks ---- */

static void
test_longest_prefix(void **state)
{
	struct phone shorter, longer, pbx, exact;

	(void)state;
	device_open(&shorter, &stage, "short", "192.0.2.91", 5060, TRANSPORT_UDP, false);
	device_open(&longer, &stage, "long", "192.0.2.92", 5060, TRANSPORT_UDP, false);
	device_open(&pbx, &stage, "pbx", "192.0.2.94", 5060, TRANSPORT_UDP, false);
	device_open(&exact, &stage, "911", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	expect_invite("90123", &shorter, "INVITE sip:90123@192.0.2.91 SIP/2.0\r\n");
	expect_invite("900123", &longer, "INVITE sip:900123@192.0.2.92 SIP/2.0\r\n");
	expect_invite("8155", &pbx, "INVITE sip:pbx@192.0.2.94 SIP/2.0\r\n");
	expect_invite("911", &exact, "INVITE "); /* a DN comes first */
	expect_invite("9110", &shorter, "INVITE ");
	phone_invite(&alice, "8", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 484 ");
	phone_ack_refusal(&alice);
	phone_invite(&alice, "x9", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	phone_close(&shorter);
	phone_close(&longer);
	phone_close(&pbx);
	phone_close(&exact);
	expect_empty(&stage);
}

/* What a number may hold beyond digits is written as it came, and makes no other URI. */
static void
test_odd_numbers(void **state)
{
	struct phone trunk;

	(void)state;
	device_open(&trunk, &stage, "short", "192.0.2.91", 5060, TRANSPORT_UDP, false);
	expect_invite("9%40evil.example.net%3Bx", &trunk,
		"INVITE sip:9%40evil.example.net%3Bx@192.0.2.91 SIP/2.0\r\n");
	expect_invite(
		"9;phone-context=a", &trunk, "INVITE sip:9;phone-context=a@192.0.2.91 SIP/2.0\r\n");
	expect_invite("%39%31%32", &trunk, "INVITE sip:912@192.0.2.91 SIP/2.0\r\n");
	phone_close(&trunk);
	expect_empty(&stage);
}

static void
test_capacity(void **state)
{
	struct phone busy, other, exact;

	(void)state;
	device_open(&busy, &stage, "8000", "192.0.2.80", 5060, TRANSPORT_UDP, false);
	device_open(&exact, &stage, "911", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phone_open(&other, &stage, "8000", "192.0.2.11", 30000, TRANSPORT_UDP, false);
	/* One that only says that it is 8000 takes nothing of its capacity. */
	phones_talk(&other, &exact, "911");
	phones_talk(&alice, &busy, "8000");
	phones_part(&other, &exact);
	expect_refused_from(&other, "8000", "SIP/2.0 480 At Capacity");
	assert_true(stage_noted(&stage, "as many calls as its capacity allows"));
	phones_part(&alice, &busy);
	phones_talk(&other, &busy, "8000");
	phones_part(&busy, &other);
	phone_close(&busy);
	phone_close(&other);
	phone_close(&exact);
	expect_empty(&stage);
}

/* ---- registered ---- */

/* rows: SEED-REG R5626-7-a */
static void
test_registered(void **state)
{
	struct phone phone;

	(void)state;
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true);
	phone_register(&phone, 600, "Contact: <sips:inner@10.9.8.7:5061;transport=tcp;line=3>\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	/* On its own connection, without the transport; To says whom we called. */
	expect_invite("7000", &phone, "INVITE sips:inner@10.9.8.7:5061;line=3 SIP/2.0\r\n");
	assert_non_null(strstr(phone.invite.text, "\r\nTo: <sips:7000@example.com>\r\n"));
	assert_int_equal(stage.dials, 0);
	phone_close(&phone);
	expect_empty(&stage);
}

/* Behind a NAT the Contact is no address; the datagram goes where the REGISTER came from. */
static void
test_registered_behind_nat(void **state)
{
	struct phone phone;

	(void)state;
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&phone, 600, "Contact: <sip:inner@10.9.8.7:5060>\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	expect_invite("7000", &phone, "INVITE sip:inner@10.9.8.7:5060 SIP/2.0\r\n");
	phone_close(&phone);
	expect_empty(&stage);
}

/* RFC 5630 6.2: a sips caller reaches the sips binding, whichever came first. */
/* rows: R5630-REG-lookup X-sips-both-perleg */
static void
test_two_bindings(void **state)
{
	struct phone secure, clear, caller;

	(void)state;
	phone_open(&secure, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true);
	phone_register(&secure, 600, NULL);
	phone_hear(&secure, "SIP/2.0 200 ");
	phone_open(&clear, &stage, "7000", "192.0.2.71", 40001, TRANSPORT_UDP, false);
	stage.tap.may_echo_sips = true; /* its 200 lists all bindings (RFC 3261 10.3) */
	phone_register(&clear, 600, NULL);
	expect_send(&stage, TRANSPORT_UDP, &clear.at, "SIP/2.0 200 ");
	stage.tap.may_echo_sips = false;
	phone_open(&caller, &stage, "1003", "192.0.2.13", 30000, TRANSPORT_TLS, true);
	phone_invite(&caller, "7000", NULL, NULL);
	phone_hear(&caller, "SIP/2.0 100 ");
	phone_hear(&secure, "INVITE ");
	phone_answer(&secure, 486, NULL, NULL);
	phone_hear(&secure, "ACK ");
	phone_hear(&caller, "SIP/2.0 486 ");
	phone_ack_refusal(&caller);
	phone_close(&secure);
	phone_close(&clear);
	phone_close(&caller);
}

/* ---- addresses that are not known yet ---- */

static int
open_slow_stage(void **state)
{
	open_stage(state);
	stage.names_wait = true;
	stage_tick(&stage);
	return 0;
}

#define SLOW_TEST(name) cmocka_unit_test_setup_teardown(name, open_slow_stage, close_stage)

static void
test_waits_for_names(void **state)
{
	struct phone fly;

	(void)state;
	assert_int_equal(stage.resolves, 2);
	device_open(&fly, &stage, "6002", "192.0.2.62", 5061, TRANSPORT_TLS, true);
	phone_invite(&alice, "6002", "User-to-User: 1234\r\n", SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_pass_ms(&stage, 2000);
	expect_quiet(&stage);
	stage_names_come(&stage);
	stage_pass_ms(&stage, 100);
	phone_hear(&fly, "INVITE sips:6002@fly.example.net ");
	assert_true(phone_heard(&fly, "User-to-User: 1234\r\n"));
	assert_true(phone_heard(&fly, "o=caller"));
	phone_answer(&fly, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&fly, "ACK ");
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_ack(&alice, NULL);
	phones_part(&fly, &alice);
	phone_close(&fly);
	expect_empty(&stage);
}

static void
test_names_never_come(void **state)
{
	(void)state;
	phone_invite(&alice, "6002", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_pass_ms(&stage, 5100);
	phone_hear(&alice, "SIP/2.0 480 ");
	phone_ack_refusal(&alice);
	assert_true(stage_noted(&stage, "refused with 480"));
	expect_empty(&stage);
}

static void
test_cancelled_while_waiting(void **state)
{
	(void)state;
	phone_invite(&alice, "6002", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_pass_ms(&stage, 500);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	stage_names_come(&stage);
	expect_empty(&stage);
}

static void
test_reloaded_while_waiting(void **state)
{
	(void)state;
	phone_invite(&alice, "6002", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	options.dn_count = 5; /* 6002 is no more */
	stage_reload(&stage, &options);
	options.dn_count = sizeof dns / sizeof dns[0];
	stage_pass_ms(&stage, 100);
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	stage_names_come(&stage); /* answers to questions of the old one */
	expect_empty(&stage);
}

static void
test_name_that_is_not_there(void **state)
{
	(void)state;
	stage.name_count = 0;
	stage.names_wait = false;
	stage.waiting_count = 0;
	stage_reload(&stage, &options);
	expect_refused_from(&alice, "6002", "SIP/2.0 480 ");
	assert_true(stage_noted(&stage, "the contact of DN 6002 has no address"));
	expect_empty(&stage);
}

/* The first address cannot be reached, the second can. */
/* rows: R3261-8.1.3.1-a R3263-4.3-a */
static void
test_next_address(void **state)
{
	struct phone second;

	(void)state;
	stage.names_wait = false;
	stage_names_come(&stage);
	stage.dial = DIAL_WAITS;
	device_open(&second, &stage, "6002", "192.0.2.64", 5061, TRANSPORT_TLS, true);
	phone_invite(&alice, "6002", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	assert_int_equal(stage.dials, 1);
	expect_send(&stage, TRANSPORT_TLS, &(struct addr){ ADDR_V4, { 192, 0, 2, 62 }, 5061 },
		"INVITE ");
	stage.dial = DIAL_OPENS;
	stage_dialled(&stage, stage.flows[stage.flow_count - 1].id, false);
	phone_hear(&second, "INVITE sips:6002@fly.example.net ");
	phone_answer(&second, 486, NULL, NULL);
	phone_hear(&second, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	phone_close(&second);
	expect_empty(&stage);
}

/* ---- ours ---- */

static void
test_what_is_ours(void **state)
{
	static const struct {
		const char *host;
		bool is_ours;
	} hosts[] = { { "example.com", true }, { "EXAMPLE.COM.", true }, { "192.0.2.1", true },
		{ "192.0.2.1:7777", true }, { "[2001:db8:0::1]", true },
		{ "edge.example.org", true }, { "example.net", false }, { "192.0.2.2", false },
		{ "[2001:db8::2]", false }, { "sub.example.com", false }, { "edge", false } };
	char uri[128];

	(void)state;
	close_stage(state);
	options.advertise = "edge.example.org:5099";
	open_ready_stage(state);
	options.advertise = NULL;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		snprintf(uri, sizeof uri, "sip:%s", hosts[i].host);
		phone_ask(&alice, "OPTIONS", uri, NULL, NULL);
		phone_hear(&alice, hosts[i].is_ours ? "SIP/2.0 200 " : "SIP/2.0 404 ");
	}
	expect_empty(&stage);
	close_stage(state);
	options.advertise = "[2001:db8::99]:5099";
	open_ready_stage(state);
	options.advertise = NULL;
	phone_ask(&alice, "OPTIONS", "sip:[2001:db8::99]", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
}

/* The only server has said when to come back: until then nobody is sent there, and the caller hears
 * how long that is. */
static void
test_a_server_that_rests(void **state)
{
	struct phone trunk;

	(void)state;
	device_open(&trunk, &stage, "911", "192.0.2.91", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "95", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&trunk, "INVITE ");
	phone_answer(&trunk, 503, "Retry-After: 20\r\n", NULL);
	phone_hear(&trunk, "ACK ");
	phone_hear(&alice, "SIP/2.0 500 ");
	phone_ack_refusal(&alice);
	phone_invite(&alice, "95", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 ");
	assert_true(phone_heard(&alice, "Retry-After: 20\r\n"));
	assert_true(stage_noted(&stage, "each server of the DN has asked to be let alone"));
	phone_ack_refusal(&alice);
	expect_quiet(&stage);
	stage_pass_ms(&stage, 20001);
	phone_invite(&alice, "95", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&trunk, "INVITE ");
	phone_answer(&trunk, 486, NULL, NULL);
	phone_hear(&trunk, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	phone_close(&trunk);
}

/* Without scratch there is no URI, and no Retry-After either. */
static void
test_reach(void **state)
{
	static const struct {
		const char *number;
		bool rests;
		size_t scratch;
		enum route_verdict verdict;
		unsigned status;
	} rows[] = { { "5000", false, SCRATCH_BYTES, ROUTE_PLAN, 0 },
		{ "5000", false, 0, ROUTE_REFUSED, 500 },
		{ "7000", false, SCRATCH_BYTES, ROUTE_REFUSED, 480 },
		{ "5000", true, SCRATCH_BYTES, ROUTE_REFUSED, 480 },
		{ "5000", true, 0, ROUTE_REFUSED, 480 } };
	static char octets[SCRATCH_BYTES];
	const struct addr at = stage_addr("192.0.2.50", 5070);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct dn *dn =
			directory_find(stage.core->directory, str_cstr(rows[i].number));
		struct arena scratch = arena_on(octets, rows[i].scratch);
		struct turn turn = { { 5000, 1700000000 }, &stage.out, &scratch };
		struct route route;

		if (rows[i].rests)
			peers_rest(&stage.core->peers, dn, TRANSPORT_UDP, &at, 20, turn.now);
		assert_int_equal(route_reach(stage.core, dn, &turn, &route), rows[i].verdict);
		assert_int_equal(route.refusal.status, rows[i].status);
		assert_int_equal(
			!str_is_empty(route.refusal.lines), rows[i].rests && rows[i].scratch > 0);
	}
}

/* A DN that calls is still that DN when the name has come. */
static void
test_dn_waits_for_names(void **state)
{
	struct phone fly, dn;

	(void)state;
	device_open(&fly, &stage, "6002", "192.0.2.62", 5061, TRANSPORT_TLS, true);
	phone_open(&dn, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phone_invite(&dn, "6002", NULL, NULL);
	phone_hear(&dn, "SIP/2.0 100 ");
	stage_names_come(&stage);
	stage_pass_ms(&stage, 100);
	phone_hear(&fly, "INVITE sips:6002@fly.example.net ");
	phone_answer(&fly, 486, NULL, NULL);
	phone_hear(&fly, "ACK ");
	phone_hear(&dn, "SIP/2.0 486 ");
	phone_ack_refusal(&dn);
	phone_close(&fly);
	phone_close(&dn);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forms_of_contact),
		TEST(test_our_contact),
		TEST(test_longest_prefix),
		TEST(test_odd_numbers),
		TEST(test_capacity),
		TEST(test_registered),
		TEST(test_registered_behind_nat),
		TEST(test_two_bindings),
		SLOW_TEST(test_waits_for_names),
		SLOW_TEST(test_names_never_come),
		SLOW_TEST(test_cancelled_while_waiting),
		SLOW_TEST(test_reloaded_while_waiting),
		SLOW_TEST(test_name_that_is_not_there),
		SLOW_TEST(test_next_address),
		TEST(test_what_is_ours),
		TEST(test_a_server_that_rests),
		TEST(test_reach),
		SLOW_TEST(test_dn_waits_for_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
