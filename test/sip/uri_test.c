/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "sip/check.h"
#include "sip/uri.h"

static struct uri
read_uri(const char *text)
{
	struct uri uri;
	size_t at;

	if (!uri_parse(&uri, str_cstr(text), &at))
		fail_msg("%s: wrong at %zu", text, at);
	return uri;
}

static void
good_ones_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *user, *password, *host, *params, *headers;
		uint16_t port;
		enum uri_scheme scheme;
		enum addr_family family;
	} rows[] = {
		{ "sip:h", "", NULL, "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "SIPS:a@H.example.com.", "a", NULL, "H.example.com.", "", "", 0, URI_SIPS, 0 },
		{ "sip:a:b@192.0.2.1:5070;lr;x=y?p=q&r=", "a", "b", "192.0.2.1", ";lr;x=y",
			"?p=q&r=", 5070, URI_SIP, ADDR_V4 },
		{ "sip:a:@h", "a", "", "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sips:[2001:db8::10]:5061;transport=tcp", "", NULL, "[2001:db8::10]",
			";transport=tcp", "", 5061, URI_SIPS, ADDR_V6 },
		{ "sip:a;b=c@h", "a;b=c", NULL, "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sip:%00%40@h", "%00%40", NULL, "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sip:sips%3Ax@h", "sips%3Ax", NULL, "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sip:+1-2.3(4)@h", "+1-2.3(4)", NULL, "h", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sip:a@x_1-y.0z", "a", NULL, "x_1-y.0z", "", "", 0, URI_SIP, ADDR_NONE },
		{ "sip:a@h:0005060", "a", NULL, "h", "", "", 5060, URI_SIP, ADDR_NONE },
		{ "sip:a@h?x=", "a", NULL, "h", "", "?x=", 0, URI_SIP, ADDR_NONE },
		{ "tel:+1-201;phone-context=x", "", NULL, "+1-201;phone-context=x", "", "", 0,
			URI_TEL, ADDR_NONE },
		{ "urn:service:sos", "", NULL, "service:sos", "", "", 0, URI_OTHER, ADDR_NONE },
		{ "a+b-c.1://h:1/?x;y,z@", "", NULL, "//h:1/?x;y,z@", "", "", 0, URI_OTHER, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri uri = read_uri(rows[i].text);

		check_str(uri.text, rows[i].text);
		assert_int_equal(uri.scheme, rows[i].scheme);
		check_str(uri.host, rows[i].host);
		assert_true(str_same(uri.user, str_cstr(rows[i].user)));
		check_str(uri.password, rows[i].password);
		assert_true(str_same(uri.params, str_cstr(rows[i].params)));
		assert_true(str_same(uri.headers, str_cstr(rows[i].headers)));
		assert_int_equal(uri.port, rows[i].port);
		assert_int_equal(uri.ip.family, rows[i].family);
	}
}

/* rows: R3261-19.1.1-f R5954-4.1 */
static void
bad_ones_are_refused_at_a_known_octet(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "", 0 },
		{ "sip", 3 },
		{ ":x", 0 },
		{ "5ip:x", 0 },
		{ "s p:x", 1 },
		{ "sip:", 4 },
		{ "sip:@example.com", 4 },
		{ "sip:a@", 6 },
		{ "sip:a@h:99999", 8 },
		{ "sip:a@h:0", 8 },
		{ "sip:a@h:", 8 },
		{ "sip:a@h:x", 8 },
		{ "sip:a@h:5060x", 12 },
		{ "sip:a@h:4294967297", 8 },
		{ "sip:a@h:18446744073709551617", 8 },
		{ "sip:a%@h", 5 },
		{ "sip:a%4@h", 5 },
		{ "sip:a%4g@h", 5 },
		{ "sip:a b@h", 5 },
		{ "sip:a:b:c@h", 7 },
		{ "sip:a@b@c", 7 },
		{ "sip:a@h ", 7 },
		{ "sip:a@h>", 7 },
		{ "sip:a@h;", 8 },
		{ "sip:a@h;x=", 10 },
		{ "sip:a@h;x;", 10 },
		{ "sip:a@h;lr;LR", 11 },
		{ "sip:a@h;x=\"y\"", 10 },
		{ "sip:a@h;x?", 10 },
		{ "sip:a@h?x", 9 },
		{ "sip:a@h?x=y&", 12 },
		{ "sip:a@h?x=y;z", 11 },
		{ "sip:a@h?x=%", 10 },
		{ "sip:2001:db8::1", 4 },
		{ "sip:[2001:db8::1", 4 },
		{ "sip:[2001:db8:::1]", 4 },
		{ "sip:[192.0.2.1]", 4 },
		{ "sip:[]", 4 },
		{ "sip:[::1]x", 9 },
		{ "sip:256.1.1.1", 4 },
		{ "sip:1.2.3.4.", 4 },
		{ "sip:1.2.3", 4 },
		{ "sip:a..b", 4 },
		{ "sip:.a", 4 },
		{ "sip:.", 4 },
		{ "sip:-a", 4 },
		{ "sip:a-", 4 },
		{ "sip:a.b-.c", 4 },
		{ "tel:", 4 },
		{ "tel:+1 2", 6 },
		{ "mailto:<a>", 7 },
		{ "mailto:%", 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri uri;
		size_t at = 1000;

		if (uri_parse(&uri, str_cstr(rows[i].text), &at) || at != rows[i].at)
			fail_msg("%s: %zu instead of %zu", rows[i].text, at, rows[i].at);
	}
}

static void
hosts_are_taken_off_the_front(void **state)
{
	static const struct {
		const char *text, *host;
		enum addr_family family;
	} rows[] = {
		{ "h.example.com:5060", "h.example.com", ADDR_NONE },
		{ "192.0.2.1 x", "192.0.2.1", ADDR_V4 },
		{ "[::1];x", "[::1]", ADDR_V6 },
		{ "[::1", "", ADDR_NONE },
		{ "3com.example", "3com.example", ADDR_NONE },
		{ "192.0.2.1.example", "192.0.2.1.example", ADDR_NONE },
		{ "192.0.2.01", "", ADDR_NONE },
		{ "", "", ADDR_NONE },
		{ ";x", "", ADDR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_cstr(rows[i].text);
		struct addr ip;
		struct str host = uri_take_host(&rest, &ip);

		check_str(host, rows[i].host);
		if (host.len > 0)
			assert_int_equal(ip.family, rows[i].family);
		assert_ptr_equal(rest.at, rows[i].text + host.len);
	}
}

static void
parameters_are_found(void **state)
{
	struct uri uri = read_uri("sip:h;Transport=TCP;lr;user=phone");

	(void)state;
	check_str(uri_transport(&uri), "TCP");
	check_str(uri_param(&uri, STR("lr")), "");
	check_str(uri_param(&uri, STR("USER")), "phone");
	check_str(uri_param(&uri, STR("ttl")), NULL);
	uri = read_uri("sip:h");
	check_str(uri_transport(&uri), NULL);
}

static void
many_are_told_from_one(void **state)
{
	static const struct {
		const char *text;
		bool is_multicast;
	} rows[] = {
		{ "sip:h", false },
		{ "sip:h;ttl=1", true },
		{ "sip:h;maddr=192.0.2.1", false },
		{ "sip:h;maddr=h2.example", false },
		{ "sip:192.0.2.1;maddr=239.255.255.1", true },
		{ "sip:h;maddr=[ff02::1]", true },
		{ "sips:a@224.0.1.75", true },
		{ "sips:a@192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri uri = read_uri(rows[i].text);

		assert_int_equal(uri_is_multicast(&uri), rows[i].is_multicast);
	}
}

/* The examples of RFC 3261 19.1.4, and a few of our own. */
/* rows: R3261-19.1.4-b R3261-19.1.4-d R3261-19.1.4-e R5954-4.2 */
static void
equal_ones(void **state)
{
	static const struct {
		const char *a, *b;
	} rows[] = {
		{ "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;security=on" },
		{ "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on" },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
			"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com" },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
			"sip:alice@atlanta.com?priority=urgent&subject=project%20x" },
		{ "sip:a%3b@h", "sip:a%3B@h" },
		{ "sip:a@[2001:db8:0:0::1]", "sip:a@[2001:DB8::1]" },
		{ "SIP:a@h", "sip:a@h" },
		{ "sip:a@h;%78=%79", "sip:a@h;X=y" },
		{ "URN:service:sos", "urn:service:sos" },
		{ "tel:+1", "TEL:+1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri a = read_uri(rows[i].a), b = read_uri(rows[i].b);

		if (!uri_same(&a, &b) || !uri_same(&b, &a) || !uri_same_binding(&a, &b))
			fail_msg("%s is not %s", rows[i].a, rows[i].b);
	}
}

/* rows: R3261-19.1.4-a R3261-19.1.4-b R3261-19.1.4-c R3261-19.1.4-d R3261-19.1.4-f */
static void
different_ones(void **state)
{
	static const struct {
		const char *a, *b;
		bool one_binding;
	} rows[] = {
		{ "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP",
			false },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", true },
		{ "sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com;transport=tcp", true },
		{ "sip:bob@biloxi.com", "sips:bob@biloxi.com", true },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false },
		{ "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off",
			false },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;user=phone", false },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;ttl=1", false },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;maddr=h", false },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;method=INVITE", false },
		{ "sip:a@h;x", "sip:a@h;x=1", false },
		{ "sip:a@h", "sip:a:@h", false },
		{ "sip:a:b@h", "sip:a:c@h", false },
		{ "sip:h", "sip:a@h", false },
		{ "sip:%00@h", "sip:%00%00@h", false },
		{ "sip:a%3Bb@h", "sip:a;b@h", false },
		{ "sip:a%2541@h", "sip:a%41@h", false },
		{ "sip:a@192.0.2.1", "sip:a@[::ffff:192.0.2.1]", false },
		{ "sip:a@h?x=1&y=2", "sip:a@h?x=1", false },
		{ "sip:a@h?x=1", "sip:a@h?x=2", false },
		{ "sip:a@h?x=a", "sip:a@h?x=A", false },
		{ "tel:1x", "sip:1x", false },
		{ "tel:+1", "tel:+2", false },
		{ "urn:a", "name:a", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri a = read_uri(rows[i].a), b = read_uri(rows[i].b);

		if (uri_same(&a, &b) || uri_same(&b, &a))
			fail_msg("%s is %s", rows[i].a, rows[i].b);
		if (uri_same_binding(&a, &b) != rows[i].one_binding)
			fail_msg("%s and %s as bindings", rows[i].a, rows[i].b);
	}
}

static void
a_user_is_made_canonical(void **state)
{
	static const struct {
		const char *user, *canonical;
	} rows[] = {
		{ "alex", "alex" },
		{ "%61l%65x", "alex" },
		{ "a%3bb%20%00%fc", "a%3Bb%20%00%FC" },
		{ "a%2541", "a%2541" },
		{ "a;b&c", "a;b&c" },
		{ "%2d%5F%2E%21%7E%2A%27%28%29", "-_.!~*'()" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];
		struct buf b = buf_on(text, sizeof text);

		uri_write_canonical_user(&b, str_cstr(rows[i].user));
		check_str(buf_str(&b), rows[i].canonical);
	}
}

/* Parse, print each part, parse: the same; and in memory of just the size, one less, and none. */
static void
printed_it_is_the_same(void **state)
{
	static const char *const rows[] = { "sip:h", "sips:a@h:5061;transport=tcp",
		"sip:a%40b@[2001:db8::1]:1;lr;x=%41", "sip:192.0.2.1;maddr=[::1]" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct uri uri = read_uri(rows[i]);
		struct uri_parts parts = { uri.scheme, uri.user, uri.host, uri.port, uri.params };

		for (size_t less = 0; less < 2; less++) {
			size_t size = uri.text.len - less;
			char *room = malloc(size);
			struct buf b = buf_on(room, size);

			uri_write(&b, &parts);
			assert_true(buf_ok(&b) == (less == 0));
			if (less == 0)
				check_str(buf_str(&b), rows[i]);
			free(room);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(bad_ones_are_refused_at_a_known_octet),
		cmocka_unit_test(hosts_are_taken_off_the_front),
		cmocka_unit_test(parameters_are_found),
		cmocka_unit_test(many_are_told_from_one),
		cmocka_unit_test(equal_ones),
		cmocka_unit_test(different_ones),
		cmocka_unit_test(a_user_is_made_canonical),
		cmocka_unit_test(printed_it_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
