/* SPDX-License-Identifier: Apache-2.0 */
/* Which redirections are followed, and why others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

#define TO(uri) "Contact: <" uri ">\r\n"
#define MANY_FIVES                                                      \
	"5555555555555555555555555555555555555555555555555555555555555" \
	"5555555555555555555555555555555555555555555555555555555555555"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "5001", .contact = "sip:192.0.2.51:5070;transport=udp" },
	{ .number = "5003", .contact = "sip:desk.example.net:5060;transport=udp" },
	{ .number = "5009",
		.contact = "sip:192.0.2.59:5070;transport=udp",
		.crossing = MODE_STRICT },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6002", .contact = "sips:192.0.2.62;transport=tcp" },
	{ .number = "6003", .contact = "sips:192.0.2.63;transport=tcp", .crossing = MODE_STRICT },
	{ .number = "7000", .contact = "*" },
	{ .number = "1001", .contact = "sip:192.0.2.10:30000" },
	{ .number = "1003", .contact = "sips:192.0.2.13" },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
	{ .number = "full",
		.contact = "sip:192.0.2.81",
		.type = DN_TRUNK,
		.prefix = "8",
		.capacity = 1 },
};

static struct stage stage;
static struct phone caller, callee, next;

static void
open_stage(uint32_t calls)
{
	const struct stage_options options = {
		.dns = dns, .dn_count = sizeof dns / sizeof dns[0], .calls = calls
	};

	stage_open(&stage, &options);
}

static void
close_stage(void)
{
	expect_empty(&stage);
	stage_close(&stage);
}

/* USER at IP calls NUMBER, whose device answers with STATUS and LINES. */
static void
call(const char *user, const char *ip, bool is_sips, const char *number, unsigned status,
	const char *lines)
{
	static const struct {
		const char *number, *ip;
		uint16_t port;
	} places[] = { { "5000", "192.0.2.50", 5070 }, { "6001", "192.0.2.61", 5061 },
		{ "9123", "192.0.2.80", 5060 } };
	size_t i = 0;

	while (strcmp(places[i].number, number) != 0)
		i++;
	phone_open(
		&caller, &stage, user, ip, 30000, is_sips ? TRANSPORT_TLS : TRANSPORT_UDP, is_sips);
	device_open(&callee, &stage, number, places[i].ip, places[i].port,
		number[0] == '6' ? TRANSPORT_TLS : TRANSPORT_UDP, number[0] == '6');
	phone_invite(&caller, number, "Subject: x\r\n", SDP("caller", "sendrecv"));
	phone_hear(&caller, "SIP/2.0 100 ");
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, status, lines, NULL);
	phone_hear(&callee, "ACK ");
}

static void
hang_up(void)
{
	phone_ack_refusal(&caller);
	phone_close(&caller);
	phone_close(&callee);
	close_stage();
}

static void
expect_refused(const char *why)
{
	phone_hear(&caller, "SIP/2.0 480 ");
	assert_false(phone_heard(&caller, "Contact:"));
	if (!stage_noted(&stage, why))
		print_error("no `%s` in\n%.*s", why, (int)stage.notes_len, stage.notes);
	assert_true(stage_noted(&stage, why));
	hang_up();
}

/* rows: L-3xx R3261-8.1.3.4-b X-result-3xx-told X-result-3xx-never */
static void
test_what_is_not_followed(void **state)
{
	static const struct {
		const char *lines, *why;
		unsigned status;
		bool is_sips;
	} rows[] = {
		{ "", "redirects with 302: not followed: it names no Contact", 302, false },
		{ "Contact: <sip:5001@example.com\r\n", "it names no Contact", 302, false },
		{ "Contact: <sip:5001@example.com>;q=2\r\n", "it names no Contact", 302, false },
		{ "Contact: *\r\n", "its scheme is not that of the leg", 302, false },
		{ TO("sips:5001@example.com"), "its scheme is not that of the leg", 302, false },
		{ TO("sip:6002@example.com"), "its scheme is not that of the leg", 302, true },
		{ TO("tel:5001"), "its scheme is not that of the leg", 302, false },
		{ TO("sip:5001@example.org"), "it does not lead to us", 302, false },
		{ TO("sip:example.com"), "there is no such number", 302, false },
		{ TO("sip:" MANY_FIVES "@example.com"), "there is no such number", 302, false },
		{ TO("sip:5000@example.com"), "this number was tried", 302, false },
		{ TO("sip:5%300%30@192.0.2.1"), "this number was tried", 302, false },
		{ TO("sip:5002@example.com"), "no DN has this number", 302, false },
		{ TO("sip:9123@example.com"), "it leads to a trunk, and no DN of ours calls", 302,
			false },
		{ TO("sip:5003@example.com"), "where it is must be looked up", 302, false },
		{ TO("sip:7000@example.com"), "the DN is not registered", 302, false },
		{ TO("sips:5001@example.com"), "the leg was sips and would be sip", 302, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		open_stage(0);
		stage.names_wait = true;
		call("1", "192.0.2.9", rows[i].is_sips, rows[i].is_sips ? "6001" : "5000",
			rows[i].status, rows[i].lines);
		expect_refused(rows[i].why);
	}
}

/* rows: L-3xx */
static void
test_who_may_lead_where(void **state)
{
	(void)state;
	/* A far end leads nobody anywhere. */
	open_stage(0);
	call("1001", "192.0.2.10", false, "9123", 302, TO("sip:5001@example.com"));
	expect_refused("no device of ours says so");
	/* What a DN may not dial it is not led to. */
	open_stage(0);
	call("1003", "192.0.2.13", false, "5000", 302, TO("sip:5009@example.com"));
	expect_refused("not followed: it calls with sip, and its contact is");
	/* Where all is taken. */
	open_stage(1);
	call("1", "192.0.2.9", false, "5000", 302, TO("sip:5001@example.com"));
	expect_refused("there is no room for one more leg");
	/* These say something else. */
	open_stage(0);
	call("1", "192.0.2.9", false, "5000", 305, TO("sip:5001@example.com"));
	phone_hear(&caller, "SIP/2.0 480 ");
	assert_false(stage_noted(&stage, "redirects"));
	hang_up();
}

static void
expect_followed(const char *number, const char *ip, uint16_t port, bool is_sips)
{
	device_open(
		&next, &stage, number, ip, port, is_sips ? TRANSPORT_TLS : TRANSPORT_UDP, is_sips);
	phone_hear(&next, "INVITE ");
	assert_true(phone_heard(&next, "Subject: x\r\n") && phone_heard(&next, "o=caller"));
	phone_answer(&next, 486, NULL, NULL);
	phone_hear(&next, "ACK ");
	phone_hear(&caller, "SIP/2.0 486 ");
	phone_close(&next);
	hang_up();
}

/* rows: L-3xx */
static void
test_what_is_followed(void **state)
{
	(void)state;
	open_stage(0);
	call("1", "192.0.2.9", false, "5000", 300,
		"Contact: <sip:9@example.com>;q=0.5, <sip:5001@example.com>;q=0.4, "
		"<sip:5002@example.com>;q=0.6\r\n");
	expect_followed("5001", "192.0.2.51", 5070, false);
	open_stage(0);
	call("1", "192.0.2.9", true, "6001", 301, TO("sips:6002@example.com?Route=%3Csip:e%3E"));
	expect_followed("6002", "192.0.2.62", 5061, true);
	/* A caller unlike its contact, where that is only told. */
	open_stage(0);
	call("1003", "192.0.2.13", false, "5000", 302, TO("sip:5001@example.com"));
	expect_followed("5001", "192.0.2.51", 5070, false);
	/* From sip up to sips. */
	open_stage(0);
	call("1", "192.0.2.9", true, "5000", 302, TO("sip:6002@192.0.2.1"));
	expect_followed("6002", "192.0.2.62", 5061, true);
	open_stage(0);
	call("1001", "192.0.2.10", false, "5000", 302, TO("sip:9123@example.com"));
	expect_followed("9123", "192.0.2.80", 5060, false);
}

/* The device of NUMBER hears the call and redirects it to URI. */
static void
lead_on(const char *number, const char *ip, uint16_t port, const char *lines)
{
	device_open(&next, &stage, number, ip, port, TRANSPORT_UDP, false);
	phone_hear(&next, "INVITE ");
	phone_answer(&next, 302, lines, NULL);
	phone_hear(&next, "ACK ");
	phone_close(&next);
}

/* rows: L-3xx */
static void
test_so_often_and_no_more(void **state)
{
	(void)state;
	open_stage(0);
	call("1", "192.0.2.9", false, "5000", 302, TO("sip:5001@example.com"));
	lead_on("5001", "192.0.2.51", 5070, TO("sip:5009@example.com"));
	lead_on("5009", "192.0.2.59", 5070, TO("sip:5001@example.com") TO("sip:1001@example.com"));
	lead_on("1001", "192.0.2.10", 30000, TO("sip:6001@example.com"));
	expect_refused("not followed: the call was redirected too often");
}

/* rows: L-3xx */
static void
test_not_behind_a_session(void **state)
{
	(void)state;
	open_stage(0);
	phone_open(&caller, &stage, "1", "192.0.2.9", 30000, TRANSPORT_UDP, false);
	device_open(&callee, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phone_invite(&caller, "5000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&caller, "SIP/2.0 100 ");
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 183, NULL, SDP("callee", "sendrecv"));
	phone_hear(&caller, "SIP/2.0 183 ");
	phone_answer(&callee, 302, TO("sip:5001@example.com"), NULL);
	phone_hear(&callee, "ACK ");
	expect_refused("not followed: the caller has heard of a session");
}

/* rows: L-3xx */
static void
test_to_a_dn_that_is_strict(void **state)
{
	(void)state;
	open_stage(0);
	call("1", "192.0.2.9", true, "6001", 302, TO("sips:6003@example.com"));
	expect_followed("6003", "192.0.2.63", 5061, true);
	/* To says sip beside a sips Request-URI. */
	open_stage(0);
	phone_open(&caller, &stage, "1", "192.0.2.9", 30000, TRANSPORT_TLS, true);
	device_open(&callee, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phone_say(&caller,
		"INVITE sips:6001@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TLS 192.0.2.9:30000;branch=z9hG4bKto\r\nMax-Forwards: 70\r\n"
		"From: <sips:1@example.org>;tag=a\r\nTo: <sip:6001@example.com>\r\n"
		"Call-ID: to-sip\r\nCSeq: 1 INVITE\r\nContact: <sips:1@192.0.2.9:30000>\r\n"
		"Content-Length: 0\r\n\r\n");
	phone_hear(&caller, "SIP/2.0 100 ");
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 302, TO("sips:6003@example.com"), NULL);
	phone_hear(&callee, "ACK ");
	expect_refused("not followed: under strict the To of a sips INVITE is sips");
}

/* Contacts beyond those that are looked at. */
static void
test_only_so_many_are_looked_at(void **state)
{
	(void)state;
	open_stage(0);
	call("1", "192.0.2.9", false, "5000", 302,
		TO("sip:a@h") TO("sip:a@h") TO("sip:a@h") TO("sip:a@h") TO("sip:a@h") TO("sip:a@h")
			TO("sip:a@h") TO("sip:a@h") TO("sip:5001@example.com"));
	expect_refused("to sip:a@h: not followed: it does not lead to us");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_followed),
		cmocka_unit_test(test_who_may_lead_where),
		cmocka_unit_test(test_what_is_followed),
		cmocka_unit_test(test_so_often_and_no_more),
		cmocka_unit_test(test_not_behind_a_session),
		cmocka_unit_test(test_to_a_dn_that_is_strict),
		cmocka_unit_test(test_only_so_many_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
