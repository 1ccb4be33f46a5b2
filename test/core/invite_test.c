/* SPDX-License-Identifier: Apache-2.0 */
/* An INVITE outside dialogs: who calls, may it, whom, and is there room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "6001", .contact = "sips:192.0.2.61" },
	{ .number = "7000", .contact = "*" },
	{ .number = "7789", .contact = "*", .password = "secret" },
	{ .number = "7790", .contact = "*", .password = "other", .no_invite = true },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
	{ .number = "west", .contact = "sip:west.example.net", .type = DN_TRUNK, .prefix = "8" },
};
static struct stage_options options = { .dns = dns, .dn_count = 8 };

static struct stage stage;
static struct phone alice, bob, east;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	stage_name(&stage, "west.example.net", "192.0.2.90");
	stage_tick(&stage);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	device_open(&east, &stage, "east", "192.0.2.80", 5060, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	phone_close(&east);
	stage_close(&stage);
	options = (struct stage_options){ .dns = dns, .dn_count = 8 };
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* ---- small stretches ---- */

static void
expect_refusal(struct phone *p, const char *start)
{
	phone_hear(p, start);
	phone_ack_refusal(p);
	expect_quiet(&stage);
}

/* P calls NUMBER and is let in; CALLEE refuses, so that all is over again. */
static void
expect_let_in(struct phone *p, struct phone *callee, const char *number, const char *lines)
{
	phone_invite(p, number, lines, NULL);
	phone_hear(p, "SIP/2.0 100 ");
	phone_hear(callee, "INVITE ");
	phone_answer(callee, 486, NULL, NULL);
	phone_hear(callee, "ACK ");
	phone_hear(p, "SIP/2.0 486 ");
	phone_ack_refusal(p);
	expect_quiet(&stage);
}

static void
expect_refused(struct phone *p, const char *number, const char *lines, const char *start)
{
	phone_invite(p, number, lines, NULL);
	expect_refusal(p, start);
}

/* ---- digest ---- */

static void
test_password(void **state)
{
	char credentials[1024];
	const char *uri = "sip:5000@example.com";

	(void)state;
	alice.user = "7789";
	expect_refused(&alice, "5000", NULL, "SIP/2.0 401 ");
	expect_let_in(&alice, &bob, "5000", phone_credentials(&alice, "secret", "INVITE", uri));
	assert_true(strstr(bob.invite.text, "Authorization") == NULL);
	expect_refused(&alice, "5000", NULL, "SIP/2.0 401 ");
	expect_refused(
		&alice, "5000", phone_credentials(&alice, "wrong", "INVITE", uri), "SIP/2.0 401 ");
	assert_false(phone_heard(&alice, "stale"));
	/* A count that was used is used up; the password is right, so the nonce is called stale. */
	snprintf(credentials, sizeof credentials, "%s",
		phone_credentials(&alice, "secret", "INVITE", uri));
	expect_let_in(&alice, &bob, "5000", credentials);
	expect_refused(&alice, "5000", credentials, "SIP/2.0 401 ");
	assert_true(phone_heard(&alice, "stale=true"));
	/* So is one that has grown old. */
	snprintf(credentials, sizeof credentials, "%s",
		phone_credentials(&alice, "secret", "INVITE", uri));
	stage_pass_ms(&stage, 1000 * (NONCE_LIFE_S + 1));
	expect_refused(&alice, "5000", credentials, "SIP/2.0 401 ");
	assert_true(phone_heard(&alice, "stale=true"));
	expect_refused(&alice, "5000",
		phone_credentials(&alice, "secret", "INVITE", "sip:5000@example.net"),
		"SIP/2.0 400 Bad Digest URI");
	expect_empty(&stage);
}

/* Who is unknown is asked like who is known, as long as the number would be ours. */
static void
test_unknown_numbers_are_asked_too(void **state)
{
	struct phone stranger;

	(void)state;
	expect_refused(&alice, "5000", NULL, "SIP/2.0 401 "); /* 1001@example.com */
	expect_refused(&alice, "5000",
		phone_credentials(&alice, "", "INVITE", "sip:5000@example.com"), "SIP/2.0 401 ");
	phone_open(&stranger, &stage, "x", "192.0.2.11", 30000, TRANSPORT_UDP, false);
	phone_say(&stranger,
		"INVITE sip:5000@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.11:30000;branch=z9hG4bK-s\r\nFrom: <sip:1001@example.net>;"
		"tag=s\r\nTo: <sip:5000@example.com>\r\nCall-ID: s\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:x@192.0.2.11:30000>\r\n\r\n");
	phone_hear(&stranger, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 603, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&stranger, "SIP/2.0 603 ");
	while (stage_pass_ms(&stage, 1000), stage_take(&stage, TRANSPORT_UDP, &stranger.at) != NULL)
		continue;
	phone_close(&stranger);
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	while (stage_take(&stage, TRANSPORT_UDP, &stranger.at) != NULL)
		continue;
	expect_empty(&stage);
}

/* `authenticate-requests` without invite: the flow of its registration makes it the DN. */
static void
test_not_challenged_for_invite(void **state)
{
	(void)state;
	alice.user = "7790";
	expect_let_in(&alice, &bob, "5000", NULL);
	expect_refused(&alice, "9123", NULL, "SIP/2.0 403 ");
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 401 ");
	phone_register(
		&alice, 600, phone_credentials(&alice, "other", "REGISTER", "sip:example.com"));
	phone_hear(&alice, "SIP/2.0 200 ");
	expect_let_in(&alice, &east, "9123", NULL);
	expect_empty(&stage);
}

/* ---- trunks, DNs, strangers ---- */

/* From proves nothing, but a trunk speaks for whom it names. */
static void
test_trunk_by_its_address(void **state)
{
	struct phone west;

	(void)state;
	east.user = "7789"; /* a DN with a password, as the trunk sends it */
	expect_let_in(&east, &bob, "5000", NULL);
	east.at.port = 40000; /* the port does not count */
	east.user = "1001";
	expect_let_in(&east, &bob, "5000", NULL);
	phone_open(&west, &stage, "1001", "192.0.2.90", 5060, TRANSPORT_UDP, false);
	expect_let_in(&west, &bob, "5000", NULL); /* found by its name */
	east.at.port = 5060;
	expect_let_in(&west, &east, "9123", NULL); /* and on by another trunk */
	assert_true(strstr(east.invite.text, "INVITE sip:9123@192.0.2.80 SIP/2.0\r\n") != NULL);
	phone_close(&west);
	expect_empty(&stage);
}

static void
test_dn_by_its_address(void **state)
{
	(void)state;
	expect_let_in(&bob, &east, "9123", NULL);
	alice.user = "5000"; /* the same name from elsewhere */
	expect_refused(&alice, "9123", NULL, "SIP/2.0 403 ");
	expect_empty(&stage);
}

static void
test_dn_by_its_registration(void **state)
{
	struct phone other;

	(void)state;
	phone_close(&alice);
	phone_open(&alice, &stage, "7000", "192.0.2.10", 30000, TRANSPORT_TLS, true);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	expect_let_in(&alice, &east, "9123", NULL);
	phone_open(&other, &stage, "7000", "192.0.2.10", 30001, TRANSPORT_TLS, true);
	expect_refused(&other, "9123", NULL, "SIP/2.0 403 ");
	expect_let_in(&other, &bob, "5000", NULL); /* as the stranger that it is */
	phone_close(&other);
	expect_empty(&stage);
}

static void
test_strangers(void **state)
{
	static const struct {
		enum strangers strangers;
		bool reaches_dn, reaches_trunk;
	} rules[] = { { STRANGERS_DN_ONLY, true, false }, { STRANGERS_NONE, false, false },
		{ STRANGERS_ALL, true, true } };

	(void)state;
	alice.user = "7790"; /* without its flow, and not challenged */
	for (size_t i = 0; i < 3; i++) {
		options.strangers = rules[i].strangers;
		stage_reload(&stage, &options);
		if (rules[i].reaches_dn)
			expect_let_in(&alice, &bob, "5000", NULL);
		else
			expect_refused(&alice, "5000", NULL, "SIP/2.0 403 ");
		if (rules[i].reaches_trunk)
			expect_let_in(&alice, &east, "9123", NULL);
		else
			expect_refused(&alice, "9123", NULL, "SIP/2.0 403 ");
	}
	expect_empty(&stage);
}

/* ---- what crosses ---- */

static void
test_what_the_callee_sees(void **state)
{
	const char *text;

	(void)state;
	alice.user = "7790";
	phone_invite(&alice, "5000",
		"User-to-User: 56a390;encoding=hex\r\nUser-Agent: Phone/1\r\nX-Foo: ;;,\r\n"
		"Route: <sip:192.0.2.1;lr>\r\nP-Asserted-Identity: <sip:x@y>\r\n",
		SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE sip:5000@192.0.2.50:5070 SIP/2.0\r\n");
	text = bob.invite.text;
	assert_non_null(strstr(text, "Max-Forwards: 69\r\n"));
	assert_non_null(strstr(text, "User-to-User: 56a390;encoding=hex\r\n"));
	assert_non_null(strstr(text, "X-Genesys-CallUUID: "));
	assert_non_null(strstr(text, "From: \"Phone 7790\" <sip:7790@example.com>;tag="));
	assert_null(strstr(text, "X-Foo"));
	assert_null(strstr(text, "Route:"));
	assert_null(strstr(text, alice.call_id));
	assert_null(strstr(text, "tag=t7790"));
	assert_null(strstr(text, "192.0.2.10"));
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

/* ---- overload ---- */

static void
test_no_room_for_one_more_call(void **state)
{
	struct phone a[3], b[3];

	(void)state;
	close_stage(state);
	options.calls = 2;
	open_stage(state);
	for (size_t i = 0; i < 3; i++) {
		phone_open(&a[i], &stage, "7790", "192.0.2.11", (uint16_t)(30000 + i),
			TRANSPORT_UDP, false);
		device_open(&b[i], &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
		b[i].numbers = 100 * (unsigned)i; /* no branch of one is that of another */
		if (i < 2)
			phones_talk(&a[i], &b[i], "5000");
	}
	expect_refused(&a[2], "5000", NULL, "SIP/2.0 503 ");
	assert_true(phone_heard(&a[2], "Retry-After: 5\r\n"));
	/* Those that are up go on, and one that ends makes room. */
	phones_part(&a[0], &b[0]);
	phones_talk(&a[2], &b[2], "5000");
	phones_part(&b[1], &a[1]);
	phones_part(&b[2], &a[2]);
	expect_empty(&stage);
	for (size_t i = 0; i < 3; i++) {
		phone_close(&a[i]);
		phone_close(&b[i]);
	}
}

static void
test_no_room_for_one_more_connection(void **state)
{
	struct addr peer = stage_addr("192.0.2.66", 1);

	(void)state;
	alice.user = "7790";
	while (stage.shuts == 0) {
		peer.port++;
		stage_accept(&stage, TRANSPORT_TCP, &peer);
	}
	assert_in_range(peer.port, 33, 40);
	/* Neither in nor out. */
	assert_true(stage_noted(&stage, "no room for one more connection"));
	phone_invite(&alice, "5001", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	expect_refusal(&alice, "SIP/2.0 480 ");
	assert_int_equal(stage.dials, 0);
	expect_let_in(&alice, &bob, "5000", NULL); /* datagrams need none */
	expect_empty(&stage);
}

/* ---- connections that fail ---- */

static void
test_connection_fails(void **state)
{
	(void)state;
	alice.user = "7790";
	stage.dial = DIAL_FAILS;
	phone_invite(&alice, "6001", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	expect_refusal(&alice, "SIP/2.0 500 ");
	assert_int_equal(stage.dials, 1); /* and nothing in clear instead */
	assert_true(stage_noted(&stage, "failed: the test wants it so"));
	expect_empty(&stage);
}

static void
test_cancelled_while_dialling(void **state)
{
	const struct stage_flow *flow;
	struct phone sips;

	(void)state;
	alice.user = "7790";
	stage.dial = DIAL_WAITS;
	device_open(&sips, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phone_invite(&alice, "6001", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&sips, "INVITE "); /* it waits with the connection; no CANCEL before a 1xx */
	flow = stage_flow_to(&stage, TRANSPORT_TLS, &sips.at);
	stage_dialled(&stage, flow->id, true);
	phone_answer(&sips, 180, NULL, NULL);
	phone_hear(&sips, "CANCEL ");
	phone_reply(&sips, 200, NULL, NULL);
	phone_answer(&sips, 487, NULL, NULL);
	phone_hear(&sips, "ACK ");
	expect_empty(&stage);
	phone_close(&sips);
}

static void
test_connection_dies_while_ringing(void **state)
{
	struct phone tcp;

	(void)state;
	alice.user = "7790";
	device_open(&tcp, &stage, "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false);
	phones_ring(&alice, &tcp, "5001");
	stage_over(&stage, tcp.flow);
	phone_hear(&tcp, "CANCEL "); /* it would go on ringing */
	expect_refusal(&alice, "SIP/2.0 500 ");
	expect_empty(&stage);
	phone_close(&tcp);
}

/* Nobody answers: timer B, then the caller hears it. */
static void
test_silence(void **state)
{
	unsigned copies = 0;

	(void)state;
	alice.user = "7790";
	phone_invite(&alice, "5000", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	while (stage_take(&stage, TRANSPORT_UDP, &bob.at) != NULL)
		copies++;
	assert_int_equal(copies, 7);
	expect_refusal(&alice, "SIP/2.0 408 ");
	expect_empty(&stage);
}

/* What a body is decides whether it is carried. */
static void
test_kinds_of_body(void **state)
{
	static const struct {
		const char *lines, *start;
	} rows[] = { { "Content-Type: text/plain", "SIP/2.0 415 " },
		{ "Content-Type: multi", "SIP/2.0 415 " },
		{ "Content-Type: application/sdp\r\nContent-Encoding: gzip", "SIP/2.0 415 " },
		{ "Content-Type: Multipart/mixed;boundary=b", "SIP/2.0 100 " },
		{ "Content-Type: text/plain\r\nContent-Disposition: x;handling=optional",
			"SIP/2.0 100 " } };

	(void)state;
	alice.user = "7790";
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		phone_say(&alice,
			"INVITE sip:5000@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bK-body%u\r\n"
			"From: <sip:7790@example.com>;tag=%u\r\nTo: <sip:5000@example.com>\r\n"
			"Call-ID: body%u\r\nCSeq: 1 INVITE\r\nContact: <sip:x@192.0.2.10:30000>\r\n"
			"%s\r\nContent-Length: 12\r\n\r\n--b\r\n\r\n--b--",
			i, i, i, rows[i].lines);
		phone_hear(&alice, rows[i].start);
		stage_forget_sent(&stage);
	}
}

/* A sips Request-URI with a Contact that is none is refused before anybody is looked for. */
static void
test_mixed_schemes(void **state)
{
	struct phone tls;

	(void)state;
	phone_open(&tls, &stage, "7790", "192.0.2.11", 30001, TRANSPORT_TLS, true);
	phone_ask(&tls, "INVITE", "sips:5000@example.com",
		"Contact: <sip:7790@192.0.2.11:30001>\r\n", NULL);
	phone_hear(&tls, "SIP/2.0 400 SIPS Request-URI With SIP Contact");
	assert_null(stage_take(&stage, TRANSPORT_UDP, &bob.at));
	phone_close(&tls);
	stage_forget_sent(&stage);
}

/* Over the connection that we dialled the trunk is who we dialled, and nobody else. */
static void
test_from_over_our_own_connection(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
		{ .number = "far",
			.contact = "sips:192.0.2.88",
			.type = DN_TRUNK,
			.prefix = "7",
			.tls_name = "far.example",
			.checks_from = true },
	};
	static const struct {
		const char *host, *start;
	} rows[] = { { "other.example", "SIP/2.0 403 " }, { "FAR.example", "SIP/2.0 100 " } };
	struct phone far;

	(void)state;
	close_stage(state);
	options = (struct stage_options){ .dns = own, .dn_count = 2, .strangers = STRANGERS_ALL };
	open_stage(state);
	device_open(&far, &stage, "far", "192.0.2.88", 5061, TRANSPORT_TLS, true);
	expect_let_in(&alice, &far, "7123", NULL);
	for (unsigned i = 0; i < 2; i++) {
		phone_say(&far,
			"INVITE sips:5000@example.com SIP/2.0\r\n"
			"Via: SIP/2.0/TLS 192.0.2.88:5061;branch=z9hG4bK-far%u\r\n"
			"From: <sips:x@%s>;tag=%u\r\nTo: <sips:5000@example.com>\r\n"
			"Call-ID: far%u\r\nCSeq: 1 INVITE\r\nContact: <sips:x@192.0.2.88:5061>\r\n"
			"Record-Route: <sips:192.0.2.88;lr>\r\nContent-Length: 0\r\n\r\n",
			i, rows[i].host, i, i);
		phone_hear(&far, rows[i].start);
		stage_forget_sent(&stage);
	}
	phone_close(&far);
}

/* One by RFC 2543 needs none: what the callee begins goes to where it came from, whatever the name
 * in its From leads to. */
static void
test_who_has_no_contact(void **state)
{
	static const char lines[] =
		"%s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:30000\r\n"
		"From: <sip:1001@caller.example>\r\n"
		"To: <sip:5000@example.com>%s\r\nCall-ID: old@192.0.2.10\r\nCSeq: 1 %s\r\n\r\n";
	char text[1024], tag[64];

	(void)state;
	stage_name(&stage, "caller.example", "192.0.2.99");
	(void)snprintf(text, sizeof text, lines, "INVITE sip:5000@example.com", "", "INVITE");
	phone_raw(&alice, str_cstr(text));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 200, NULL, SDP("bob", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 200 ");
	(void)snprintf(tag, sizeof tag, ";tag=%.*s", (int)alice.heard.msg.to.tag.len,
		alice.heard.msg.to.tag.at);
	(void)snprintf(text, sizeof text, lines, "ACK sip:5000@192.0.2.1", tag, "ACK");
	phone_raw(&alice, str_cstr(text));
	phone_hear(&bob, "ACK ");
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phone_hear(&alice, "BYE sip:1001@caller.example ");
	memcpy(alice.tag, "old", sizeof "old");
	phone_reply(&alice, 200, NULL, NULL);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_password),
		TEST(test_unknown_numbers_are_asked_too),
		TEST(test_not_challenged_for_invite),
		TEST(test_trunk_by_its_address),
		TEST(test_dn_by_its_address),
		TEST(test_dn_by_its_registration),
		TEST(test_strangers),
		TEST(test_what_the_callee_sees),
		TEST(test_no_room_for_one_more_call),
		TEST(test_no_room_for_one_more_connection),
		TEST(test_connection_fails),
		TEST(test_cancelled_while_dialling),
		TEST(test_connection_dies_while_ringing),
		TEST(test_silence),
		TEST(test_kinds_of_body),
		TEST(test_mixed_schemes),
		TEST(test_from_over_our_own_connection),
		TEST(test_who_has_no_contact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
