/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/via.h"

static struct via
read_via(const char *text)
{
	struct via v;
	size_t at;

	if (!via_parse(&v, str_cstr(text), &at))
		fail_msg("%s: wrong at %zu", text, at);
	return v;
}

static void
good_ones_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *transport, *host, *branch, *received;
		uint16_t port, rport;
		bool has_rport;
	} rows[] = {
		{ "SIP/2.0/UDP h", "UDP", "h", NULL, NULL, 0, 0, false },
		{ "SIP/2.0/TLS 172.21.83.24:5061;branch=z9hG4bK-38", "TLS", "172.21.83.24",
			"z9hG4bK-38", NULL, 5061, 0, false },
		{ "SIP / 2.0\r\n / TCP   h : 1 ; branch = x ; RPORT", "TCP", "h", "x", NULL, 1, 0,
			true },
		{ "sip/2.0/udp [2001:db8::9:1]:6050;received=2001:db8::9:255;rport=5;branch=b",
			"udp", "[2001:db8::9:1]", "b", "2001:db8::9:255", 6050, 5, true },
		{ "SIP/7.0/X h;received=[::1];ttl=16;maddr=224.0.1.75;x=\"a;branch=b\"", "X", "h",
			NULL, "[::1]", 0, 0, false },
		{ "SIP/2.0/UDP a_b.c.;branch=z9hG4bK-.!%66*_+`'~", "UDP", "a_b.c.",
			"z9hG4bK-.!%66*_+`'~", NULL, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct via v = read_via(rows[i].text);

		check_str(v.text, rows[i].text);
		check_str(v.transport, rows[i].transport);
		check_str(v.host, rows[i].host);
		check_str(v.branch, rows[i].branch);
		check_str(v.received, rows[i].received);
		assert_int_equal(v.port, rows[i].port);
		assert_int_equal(v.rport, rows[i].rport);
		assert_int_equal(v.has_rport, rows[i].has_rport);
	}
}

static void
bad_ones_are_refused_at_a_known_octet(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "", 0 },
		{ "SIP", 3 },
		{ "SIP/2.0", 7 },
		{ "SIP/2.0/", 8 },
		{ "SIP/2.0/UDP", 11 },
		{ "SIP/2.0/UDP ", 11 }, /* trimmed */
		{ "SIP/2.0/UDP[::1]", 11 },
		{ "SIP/2.0 UDP h", 8 },
		{ "SIP/2.0/UDP ::1", 12 },
		{ "SIP/2.0/UDP h:", 14 },
		{ "SIP/2.0/UDP h:0", 14 },
		{ "SIP/2.0/UDP h:65536", 14 },
		{ "SIP/2.0/UDP h:18446744073709551617", 14 },
		{ "SIP/2.0/UDP h x", 14 },
		{ "SIP/2.0/UDP h;", 14 },
		{ "SIP/2.0/UDP h;;", 14 },
		{ "SIP/2.0/UDP h;branch", 14 },
		{ "SIP/2.0/UDP h;branch=", 21 },
		{ "SIP/2.0/UDP h;branch=a@b", 14 },
		{ "SIP/2.0/UDP h;branch=\"x\"", 14 },
		{ "SIP/2.0/UDP h;branch=x;a;BRANCH=y", 25 },
		{ "SIP/2.0/UDP h;received", 14 },
		{ "SIP/2.0/UDP h;rport=x", 14 },
		{ "SIP/2.0/UDP h;rport=70000", 14 },
		{ "SIP/2.0/UDP h;rport;rport", 20 },
		{ "SIP/2.0/UDP h,", 13 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct via v;
		size_t at = 1000;

		if (via_parse(&v, str_cstr(rows[i].text), &at) || at != rows[i].at)
			fail_msg("%s: %zu instead of %zu", rows[i].text, at, rows[i].at);
	}
}

static void
the_cookie(void **state)
{
	struct via v = read_via("SIP/2.0/UDP h;branch=z9hG4bK1");

	(void)state;
	assert_true(via_has_cookie(&v));
	v = read_via("SIP/2.0/UDP h;branch=Z9HG4BKx");
	assert_true(via_has_cookie(&v));
	v = read_via("SIP/2.0/UDP h;branch=z9hG4bK");
	assert_false(via_has_cookie(&v));
	v = read_via("SIP/2.0/UDP h;branch=390skdjuw");
	assert_false(via_has_cookie(&v));
	v = read_via("SIP/2.0/UDP h");
	assert_false(via_has_cookie(&v));
}

static const struct addr source = { .family = ADDR_V4, .ip = { 192, 0, 2, 9 }, .port = 40000 };
static const struct addr source_6 = {
	.family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .port = 41000
};

/* rows: R3261-18.2.1-a */
static void
an_answer_shows_where_the_request_came_from(void **state)
{
	static const struct {
		const char *text, *answered;
		bool v6, always;
	} rows[] = {
		{ "SIP/2.0/UDP 192.0.2.9;branch=x", "SIP/2.0/UDP 192.0.2.9;branch=x", false,
			false },
		{ "SIP/2.0/UDP 192.0.2.9;branch=x",
			"SIP/2.0/UDP 192.0.2.9;branch=x;received=192.0.2.9", false, true },
		{ "SIP/2.0/UDP h", "SIP/2.0/UDP h;received=192.0.2.9", false, false },
		{ "SIP/2.0/UDP 192.0.2.9:5;rport;branch=x",
			"SIP/2.0/UDP 192.0.2.9:5;rport=40000;branch=x;received=192.0.2.9", false,
			false },
		{ "SIP/2.0/UDP h;rport=7", "SIP/2.0/UDP h;rport=7;received=192.0.2.9", false,
			false },
		{ "SIP/2.0/UDP h;received=10.0.0.1;Received-x=1",
			"SIP/2.0/UDP h;Received-x=1;received=192.0.2.9", false, false },
		{ "SIP / 2.0\r\n /UDP  h : 5 ; a = \"b\r\n c\" ; d",
			"SIP / 2.0 /UDP  h : 5;a=\"b c\";d;received=192.0.2.9", false, false },
		{ "SIP/2.0/UDP [2001:DB8:0::1]", "SIP/2.0/UDP [2001:DB8:0::1]", true, false },
		{ "SIP/2.0/UDP h;rport", "SIP/2.0/UDP h;rport=41000;received=2001:db8::1", true,
			false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct via v = read_via(rows[i].text);
		const struct addr *from = rows[i].v6 ? &source_6 : &source;
		size_t want = strlen(rows[i].answered);

		for (size_t less = 0; less < 2; less++) {
			char *room = malloc(want - less);
			struct buf b = buf_on(room, want - less);

			via_write_answered(&b, &v, from, rows[i].always);
			assert_true(buf_ok(&b) == (less == 0));
			if (less == 0)
				check_str(buf_str(&b), rows[i].answered);
			free(room);
		}
	}
}

static void
an_answer_goes_to(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
	} rows[] = {
		{ "SIP/2.0/UDP h", 5060 },
		{ "SIP/2.0/UDP h:5070", 5070 },
		{ "SIP/2.0/UDP h:5070;rport", 40000 },
		{ "SIP/2.0/UDP h:5070;rport=9", 5070 },
		{ "SIP/2.0/UDP h;received=1.2.3.4;maddr=5.6.7.8", 5060 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct via v = read_via(rows[i].text);
		struct addr to = via_answer_to(&v, &source);

		assert_true(addr_same_ip(&to, &source));
		assert_int_equal(to.port, rows[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(bad_ones_are_refused_at_a_known_octet),
		cmocka_unit_test(the_cookie),
		cmocka_unit_test(an_answer_shows_where_the_request_came_from),
		cmocka_unit_test(an_answer_goes_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
