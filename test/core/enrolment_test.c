/* SPDX-License-Identifier: Apache-2.0 */
/* Where the trunks are at which we register, and whose call comes to the Contact that they know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "east",
		.contact = "sip:east.example;transport=udp",
		.type = DN_TRUNK,
		.username = "acme",
		.registers = true },
	{ .number = "west",
		.contact = "sip:192.0.2.51;transport=udp",
		.type = DN_TRUNK,
		.username = "acme",
		.registers = true },
	{ .number = "5000", .contact = "sip:192.0.2.60" },
};
static struct stage_options options = { .dns = dns, .dn_count = 3, .strangers = STRANGERS_ALL };

static struct stage stage;
static struct phone east, west, phone, mallory;

static void
open_stage(const char *east_ip)
{
	stage_open(&stage, &options);
	if (east_ip != NULL)
		stage_name(&stage, "east.example", east_ip);
	device_open(&east, &stage, "east", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	device_open(&west, &stage, "west", "192.0.2.51", 5060, TRANSPORT_UDP, false);
	device_open(&phone, &stage, "5000", "192.0.2.60", 5060, TRANSPORT_UDP, false);
	device_open(&mallory, &stage, "m", "192.0.2.66", 5060, TRANSPORT_UDP, false);
	stage_tick(&stage);
}

static void
close_stage(void)
{
	phone_close(&east);
	phone_close(&west);
	phone_close(&phone);
	phone_close(&mallory);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* P calls the number TO with the Request-URI sip:acme at us. */
static void
call(struct phone *p, const char *method, const char *to)
{
	static unsigned number;

	number++;
	phone_say(p,
		"%s sip:acme@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKc%u\r\n"
		"From: <sip:x@example.net>;tag=%u\r\nTo: <sip:%s@example.net>\r\nCall-ID: %u\r\n"
		"CSeq: 1 %s\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
		method, p->host, number, number, to, number, method, p->host);
}

static void
its_name_is_waited_for(void **state)
{
	(void)state;
	open_stage("192.0.2.50");
	stage_pass_ms(&stage, 300);
	(void)phone_hear(&west, "REGISTER sip:192.0.2.51 ");
	(void)phone_hear(&east, "REGISTER sip:east.example ");
	assert_false(stage_noted(&stage, "not registered"));
	close_stage();
}

static void
a_name_without_an_address_is_tried_again(void **state)
{
	(void)state;
	open_stage(NULL);
	stage_pass_ms(&stage, 300);
	assert_true(stage_noted(&stage,
		"DN east: not registered at sip:east.example: the name in the DN's contact has no "
		"address; tried again in "));
	stage_name(&stage, "east.example", "192.0.2.50");
	stage_pass_ms(&stage, 61 * 1000);
	(void)phone_hear(&east, "REGISTER sip:east.example ");
	close_stage();
}

/* Both know us as acme: whose call it is follows from where it comes from. */
static void
a_call_is_of_the_trunk_it_comes_from(void **state)
{
	(void)state;
	open_stage("192.0.2.50");
	stage_pass_ms(&stage, 300);
	stage_forget_sent(&stage);
	call(&west, "INVITE", "5000");
	(void)phone_hear(&west, "SIP/2.0 100");
	(void)phone_hear(&phone, "INVITE sip:5000@192.0.2.60");
	phone_answer(&phone, 486, NULL, NULL);
	(void)phone_hear(&phone, "ACK ");
	assert_true(stage_noted(&stage, "caller west ["));
	stage_forget_notes(&stage);
	call(&east, "INVITE", "5000");
	(void)phone_hear(&phone, "INVITE sip:5000@192.0.2.60");
	phone_answer(&phone, 486, NULL, NULL);
	assert_true(stage_noted(&stage, "caller east ["));
	close_stage();
}

static void
our_contact_is_nobody_elses(void **state)
{
	(void)state;
	open_stage("192.0.2.50");
	stage_pass_ms(&stage, 300);
	stage_forget_sent(&stage);
	call(&mallory, "INVITE", "5000");
	(void)phone_hear(&mallory, "SIP/2.0 404");
	call(&mallory, "OPTIONS", "acme");
	(void)phone_hear(&mallory, "SIP/2.0 404");
	call(&west, "OPTIONS", "acme");
	(void)phone_hear(&west, "SIP/2.0 200");
	close_stage();
}

/* Two trunks at one address are told apart by nothing; another one at an address of its own is. */
static void
our_contact_is_of_whom_it_is_at(void **state)
{
	struct stage_dn two[3] = { dns[1], { .number = "north", .type = DN_TRUNK }, dns[2] };
	struct stage_options o = { .dns = two, .dn_count = 3, .strangers = STRANGERS_ALL };

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool is_there = i < 2;

		two[i % 2] = dns[1];
		two[1 - i % 2] = (struct stage_dn){ .number = "north",
			.contact = is_there ? "sip:192.0.2.51" : "sip:192.0.2.50",
			.type = DN_TRUNK };
		stage_open(&stage, &o);
		device_open(&west, &stage, "west", "192.0.2.51", 5060, TRANSPORT_UDP, false);
		device_open(&east, &stage, "north", "192.0.2.50", 5060, TRANSPORT_UDP, false);
		stage_tick(&stage);
		stage_pass_ms(&stage, 300);
		stage_forget_sent(&stage);
		call(&west, "OPTIONS", "acme");
		(void)phone_hear(&west, "SIP/2.0 200");
		call(&east, "OPTIONS", "acme");
		(void)phone_hear(&east, "SIP/2.0 404");
		phone_close(&west);
		phone_close(&east);
		stage_forget_sent(&stage);
		stage_close(&stage);
	}
}

/* A trunk that does not know where we are is not called; nor is it known what it would be
 * called. */
static void
no_call_goes_where_we_are_not_registered(void **state)
{
	(void)state;
	open_stage("192.0.2.50");
	stage_pass_ms(&stage, 300);
	stage_forget_sent(&stage);
	phone_ask(
		&mallory, "INVITE", "sip:west@192.0.2.1", "Contact: <sip:m@192.0.2.66>\r\n", NULL);
	(void)phone_hear(&mallory, "SIP/2.0 100");
	(void)phone_hear(&mallory, "SIP/2.0 480 Trunk Not Registered");
	expect_quiet(&stage);
	close_stage();
}

/* The trunk P takes the REGISTER that it has heard last; PARAMS go behind our Contact. */
static void
take_registration(struct phone *p, const char *params, const char *lines)
{
	static const enum header_id copied[] = { HEADER_VIA, HEADER_FROM, HEADER_CALL_ID,
		HEADER_CSEQ, HEADER_TO, HEADER_CONTACT };
	char values[6][256];

	for (size_t i = 0; i < 6; i++)
		snprintf(values[i], sizeof values[i], "%s", phone_value(p, copied[i]));
	phone_say(p,
		"SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
		"To: %s;tag=r\r\nContact: %s%s\r\nExpires: 3600\r\n%sContent-Length: 0\r\n\r\n",
		values[0], values[1], values[2], values[3], values[4], values[5], params, lines);
}

/* Over the connection by which we registered a call comes and goes, and the Service-Route with
 * it; the trunk is nobody else's for that. */
static void
calls_take_the_connection_of_the_registration(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "east",
			.contact = "sip:192.0.2.50;transport=tcp",
			.type = DN_TRUNK,
			.username = "acme",
			.registers = true },
		{ .number = "5000", .contact = "sip:192.0.2.60" },
	};
	struct stage_options o = { .dns = own, .dn_count = 2, .strangers = STRANGERS_ALL };
	unsigned dials;

	(void)state;
	stage_open(&stage, &o);
	device_open(&east, &stage, "east", "192.0.2.50", 5060, TRANSPORT_TCP, false);
	device_open(&phone, &stage, "5000", "192.0.2.60", 5060, TRANSPORT_UDP, false);
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	(void)phone_hear(&east, "REGISTER sip:192.0.2.50");
	take_registration(&east, "", "Service-Route: <sip:edge.example;lr>\r\n");
	assert_true(stage_noted(&stage, "DN east: registered"));
	dials = stage.dials;
	phone_ask(
		&phone, "INVITE", "sip:east@192.0.2.1", "Contact: <sip:5000@192.0.2.60>\r\n", NULL);
	(void)phone_hear(&phone, "SIP/2.0 100");
	(void)phone_hear(&east, "INVITE sip:");
	assert_true(phone_heard(&east, "Route: <sip:edge.example;lr>\r\n"));
	assert_int_equal(stage.dials, dials);
	stage_forget_notes(&stage);
	phone_say(&east,
		"INVITE sip:acme@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKback\r\n"
		"From: <sip:x@example.net>;tag=9\r\nTo: <sip:5000@example.net>\r\n"
		"Call-ID: back\r\nCSeq: 1 INVITE\r\nContact: <sip:x@%s;transport=tcp>\r\n"
		"Content-Length: 0\r\n\r\n",
		east.host, east.host);
	(void)phone_hear(&east, "SIP/2.0 100");
	(void)phone_hear(&phone, "INVITE sip:5000@192.0.2.60");
	phone_answer(&phone, 486, NULL, NULL);
	(void)phone_hear(&phone, "ACK ");
	assert_true(stage_noted(&stage, "caller east ["));
	/* Another connection of the trunk is as good. */
	stage_forget_notes(&stage);
	phone_open(&west, &stage, "x", "192.0.2.50", 40000, TRANSPORT_TCP, false);
	phone_say(&west,
		"INVITE sip:acme@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKmore\r\n"
		"From: <sip:x@example.net>;tag=8\r\nTo: <sip:5000@example.net>\r\n"
		"Call-ID: more\r\nCSeq: 1 INVITE\r\nContact: <sip:x@%s;transport=tcp>\r\n"
		"Content-Length: 0\r\n\r\n",
		west.host, west.host);
	(void)phone_hear(&west, "SIP/2.0 100");
	(void)phone_hear(&phone, "INVITE sip:5000@192.0.2.60");
	phone_answer(&phone, 486, NULL, NULL);
	(void)phone_hear(&phone, "ACK ");
	assert_true(stage_noted(&stage, "caller east ["));
	phone_close(&west);
	phone_close(&east);
	phone_close(&phone);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* Who does not answer OPTIONS, or has no address, is out of service: nobody is called there. */
static void
who_is_pinged_goes_out_of_service(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000",
			.contact = "sip:192.0.2.60;transport=udp",
			.oos_check_s = 10,
			.oos_force_s = 2 },
	};
	struct stage_options o = { .dns = own, .dn_count = 1, .strangers = STRANGERS_ALL };

	(void)state;
	stage_open(&stage, &o);
	device_open(&phone, &stage, "5000", "192.0.2.60", 5060, TRANSPORT_UDP, false);
	device_open(&mallory, &stage, "m", "192.0.2.66", 5060, TRANSPORT_UDP, false);
	stage_tick(&stage);
	stage_pass_ms(&stage, 1000);
	(void)phone_hear(&phone, "OPTIONS sip:192.0.2.60");
	stage_pass_ms(&stage, 30 * 1000);
	assert_true(stage_noted(&stage, "DN 5000 is out of service: it does not answer OPTIONS"));
	stage_forget_sent(&stage);
	phone_ask(
		&mallory, "INVITE", "sip:5000@192.0.2.1", "Contact: <sip:m@192.0.2.66>\r\n", NULL);
	(void)phone_hear(&mallory, "SIP/2.0 100");
	(void)phone_hear(&mallory, "SIP/2.0 480 Out Of Service");
	assert_true(stage_noted(&stage, "DN is out of service"));
	phone_close(&phone);
	phone_close(&mallory);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

static void
a_ping_without_an_address_fails(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5001",
			.contact = "sip:east.example;transport=udp",
			.oos_check_s = 10,
			.oos_force_s = 2 },
	};
	struct stage_options o = { .dns = own, .dn_count = 1 };

	(void)state;
	stage_open(&stage, &o);
	stage_tick(&stage);
	stage_pass_ms(&stage, 30 * 1000);
	assert_true(stage_noted(
		&stage, "DN 5001 is out of service: the name in the DN's contact has no address"));
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* Over UDP no connection is preferred, and the Service-Route goes along all the same. */
static void
a_registration_by_datagram(void **state)
{
	(void)state;
	open_stage("192.0.2.50");
	stage_pass_ms(&stage, 300);
	(void)phone_hear(&west, "REGISTER sip:192.0.2.51");
	take_registration(&west, "", "Service-Route: <sip:edge.example;lr>\r\n");
	assert_true(stage_noted(&stage, "DN west: registered"));
	phone_ask(
		&mallory, "INVITE", "sip:west@192.0.2.1", "Contact: <sip:m@192.0.2.66>\r\n", NULL);
	(void)phone_hear(&mallory, "SIP/2.0 100");
	(void)phone_hear(&west, "INVITE sip:");
	assert_true(phone_heard(&west, "Route: <sip:edge.example;lr>\r\n"));
	close_stage();
}

/* Who is pinged is waited for while DNS has not answered, and asked then. */
static void
a_ping_waits_for_its_name(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5001",
			.contact = "sip:east.example;transport=udp",
			.oos_check_s = 10,
			.oos_force_s = 2 },
	};
	struct stage_options o = { .dns = own, .dn_count = 1 };

	(void)state;
	stage_open(&stage, &o);
	stage_name(&stage, "east.example", "192.0.2.50");
	device_open(&east, &stage, "5001", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	stage.names_wait = true;
	stage_tick(&stage);
	stage_pass_ms(&stage, 15 * 1000);
	expect_quiet(&stage);
	assert_false(stage_noted(&stage, "out of service"));
	stage.names_wait = false;
	stage_names_come(&stage);
	stage_pass_ms(&stage, 11 * 1000);
	(void)phone_hear(&east, "OPTIONS sip:east.example");
	phone_close(&east);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

/* A trunk whose registrar gave us a GRUU is called with that as our Contact, in the scheme of the
 * leg; its Service-Route comes behind the outbound proxy. */
static void
our_gruu_is_our_contact(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "east",
			.contact = "sip:192.0.2.50;transport=udp",
			.type = DN_TRUNK,
			.username = "acme",
			.registers = true,
			.wants_gruu = true,
			.proxy = "sip:192.0.2.51:5070" },
		{ .number = "5000", .contact = "sip:192.0.2.60" },
	};
	struct stage_options o = { .dns = own, .dn_count = 2, .strangers = STRANGERS_ALL };
	const struct ask asked = { .what = ASK_ROUTE, .name = STR("5000"), .other = STR("east") };
	static char page[ASK_PAGE_BYTES + 1];
	struct buf b = buf_on(page, sizeof page - 1);
	struct json j = json_on(&b);

	(void)state;
	stage_open(&stage, &o);
	device_open(&east, &stage, "east", "192.0.2.51", 5070, TRANSPORT_UDP, false);
	device_open(&phone, &stage, "5000", "192.0.2.60", 5060, TRANSPORT_UDP, false);
	stage_tick(&stage);
	stage_pass_ms(&stage, 300);
	(void)phone_hear(&east, "REGISTER sip:192.0.2.50");
	assert_true(phone_heard(&east, "Supported: gruu\r\n"));
	take_registration(&east, ";pub-gruu=\"sips:acme@192.0.2.50;gr=urn:x\"",
		"Service-Route: <sip:edge.example;lr>\r\n");
	phone_ask(
		&phone, "INVITE", "sip:east@192.0.2.1", "Contact: <sip:5000@192.0.2.60>\r\n", NULL);
	(void)phone_hear(&phone, "SIP/2.0 100");
	(void)phone_hear(&east, "INVITE sip:");
	assert_string_equal(phone_value(&east, HEADER_CONTACT), "<sip:acme@192.0.2.50;gr=urn:x>");
	assert_true(phone_heard(&east, "192.0.2.51:5070") &&
		phone_heard(&east, "<sip:edge.example;lr>"));
	/* And what would be sent is what is shown. */
	(void)core_ask(stage.core, &asked, stage.now, &j);
	page[b.used] = '\0';
	assert_non_null(strstr(page, "\"<sip:acme@192.0.2.50;gr=urn:x>\""));
	assert_non_null(strstr(page, "\"SIP/2.0/UDP 192.0.2.1:5060;rport\""));
	assert_null(strstr(page, "SIP/2.0/UDP acme@"));
	phone_close(&east);
	phone_close(&phone);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_name_is_waited_for),
		cmocka_unit_test(a_name_without_an_address_is_tried_again),
		cmocka_unit_test(a_call_is_of_the_trunk_it_comes_from),
		cmocka_unit_test(our_contact_is_nobody_elses),
		cmocka_unit_test(our_contact_is_of_whom_it_is_at),
		cmocka_unit_test(no_call_goes_where_we_are_not_registered),
		cmocka_unit_test(calls_take_the_connection_of_the_registration),
		cmocka_unit_test(who_is_pinged_goes_out_of_service),
		cmocka_unit_test(a_ping_without_an_address_fails),
		cmocka_unit_test(a_registration_by_datagram),
		cmocka_unit_test(a_ping_waits_for_its_name),
		cmocka_unit_test(our_gruu_is_our_contact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
