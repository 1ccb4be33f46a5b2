/* SPDX-License-Identifier: Apache-2.0 */
/* What a REGISTER of ours looks like, and where it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trunk/kit.h"

/* rows: R5630-5.1.1.1-h R5630-5.1.1.1-i */
static void
each_trunk_is_spoken_to_as_its_contact_says(void **state)
{
	static const struct {
		const char *contact, *ip;
		uint16_t port;
		enum transport transport;
		bool is_sips;
		const char *parts[5];
	} all[] = {
		{ "sip:192.0.2.50;transport=udp", "192.0.2.50", 5060, TRANSPORT_UDP, false,
			{ "REGISTER sip:192.0.2.50 SIP/2.0\r\n",
				"\r\nFrom: <sip:acme@192.0.2.50>;tag=",
				"\r\nTo: <sip:acme@192.0.2.50>\r\n",
				"\r\nContact: <sip:acme@192.0.2.1:5060>\r\n",
				"\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK" } },
		{ "sip:192.0.2.50:5070;transport=tcp", "192.0.2.50", 5070, TRANSPORT_TCP, false,
			{ "REGISTER sip:192.0.2.50:5070 SIP/2.0\r\n",
				"\r\nTo: <sip:acme@192.0.2.50>\r\n",
				"\r\nContact: <sip:acme@192.0.2.1:5060;transport=tcp>\r\n",
				"\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK",
				"\r\nMax-Forwards: 70\r\n" } },
		{ "sip:192.0.2.50;transport=tls", "192.0.2.50", 5061, TRANSPORT_TLS, false,
			{ "REGISTER sip:192.0.2.50 SIP/2.0\r\n",
				"\r\nFrom: <sip:acme@192.0.2.50>;tag=",
				"\r\nContact: <sip:acme@192.0.2.1:5061;transport=tls>\r\n",
				"\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK",
				"\r\nContent-Length: 0\r\n\r\n" } },
		{ "sips:pbx@192.0.2.50:5071;transport=tcp", "192.0.2.50", 5071, TRANSPORT_TLS, true,
			{ "REGISTER sips:192.0.2.50:5071 SIP/2.0\r\n",
				"\r\nFrom: <sips:acme@192.0.2.50>;tag=",
				"\r\nTo: <sips:acme@192.0.2.50>\r\n",
				"\r\nContact: <sips:acme@192.0.2.1:5061>\r\n",
				"\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK" } },
		{ "sip:[2001:db8::50];transport=udp", "2001:db8::50", 5060, TRANSPORT_UDP, false,
			{ "REGISTER sip:[2001:db8::50] SIP/2.0\r\n",
				"\r\nFrom: <sip:acme@[2001:db8::50]>;tag=",
				"\r\nTo: <sip:acme@[2001:db8::50]>\r\n",
				"\r\nContact: <sip:acme@[2001:db8::1]:5060>\r\n",
				"\r\nCSeq: 1 REGISTER\r\n" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		kit_open(all[i].contact, all[i].ip, all[i].port, all[i].transport, all[i].is_sips);
		HEAR(all[i].parts[0], all[i].parts[1], all[i].parts[2], all[i].parts[3],
			all[i].parts[4], "\r\nExpires: 3600\r\n", "\r\nCall-ID: ");
		assert_null(strstr(stage.sent[0].bytes.at, "Route"));
		assert_int_equal(reg.heard.msg.header_count, 9);
		kit_close();
	}
}

/* Any username is a user part, and is what proves us as it stands. */
static void
a_username_may_hold_anything(void **state)
{
	(void)state;
	kit_open_udp();
	HEAR("<sip:acme@192.0.2.50>");
	east.username = "a b@c:d%;\xc3\xa4";
	stage_reload(&stage, &kit_options);
	kit_reply(403, NULL);
	stage_pass_ms(&stage, 100);
	HEAR("<sip:a%20b%40c%3ad%25;%c3%a4@192.0.2.50>",
		"<sip:a%20b%40c%3ad%25;%c3%a4@192.0.2.1:5060>");
	kit_reply(401,
		"WWW-Authenticate: Digest realm=\"east.example\", nonce=\"n\", qop=\"auth\"\r\n");
	HEAR("Authorization: Digest username=\"a b@c:d%;\xc3\xa4\", ");
	kit_close();
}

/* Without a username it is the number of the DN, and without a realm the contact's host. */
static void
what_is_not_said_has_its_default(void **state)
{
	(void)state;
	kit_open_udp();
	HEAR("REGISTER");
	east.username = east.realm = NULL;
	stage_reload(&stage, &kit_options);
	kit_reply(403, NULL);
	stage_pass_ms(&stage, 100);
	HEAR("<sip:east@192.0.2.50>");
	kit_reply(401,
		"WWW-Authenticate: Digest realm=\"192.0.2.50\", nonce=\"n\", qop=\"auth\"\r\n");
	HEAR("Authorization: Digest username=\"east\", realm=\"192.0.2.50\"");
	kit_close();
}

/* A sips trunk whose connection fails gets its REGISTER nowhere else. */
static void
what_cannot_be_verified_is_told_nothing(void **state)
{
	(void)state;
	east = (struct stage_dn){
		.number = "east", .contact = "sips:192.0.2.50", .type = DN_TRUNK, .registers = true
	};
	stage_open(&stage, &kit_options);
	stage.dial = DIAL_FAILS;
	stage_tick(&stage);
	stage_pass_ms(&stage, 3600 * 1000);
	assert_true(stage.dials > 3);
	for (unsigned i = 0; i < stage.sent_count; i++)
		assert_int_equal(stage.sent[i].transport, TRANSPORT_TLS);
	assert_true(stage_noted(&stage, "not registered at sips:192.0.2.50: it cannot be reached"));
	assert_int_equal(stage_counts(&stage).enrolled, 0);
	stage_forget_sent(&stage);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trunk_is_spoken_to_as_its_contact_says),
		cmocka_unit_test(a_username_may_hold_anything),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(what_cannot_be_verified_is_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
