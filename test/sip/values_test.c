/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/msg.h"

#define TOP                                                                                      \
	"BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n" \
	"To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n"

static struct msg m;

static void
parse(const char *headers)
{
	static char text[2048];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	buf_put(&b, STR(TOP));
	buf_put(&b, str_cstr(headers));
	buf_put(&b, STR("\r\n"));
	if (!msg_parse(&m, buf_str(&b), false, &fault))
		fail_msg("%s: fault %d at %u", headers, fault.what, fault.at);
}

static void
lines_of_one_header_are_chained(void **state)
{
	const struct header *line;

	(void)state;
	parse("Y: 0\r\nRoute: <sip:p1>\r\nY: 1\r\nroute:\t<sip:p2>, <sip:p3> \r\n"
	      "Route: <sip:p4>\r\n");
	line = msg_header(&m, HEADER_ROUTE);
	check_str(line->value, "<sip:p1>");
	line = msg_header_next(&m, line);
	check_str(line->value, "<sip:p2>, <sip:p3>");
	check_str(line->name, "route");
	line = msg_header_next(&m, line);
	check_str(line->value, "<sip:p4>");
	assert_null(msg_header_next(&m, line));
	assert_null(msg_header(&m, HEADER_CONTACT));
	check_str(msg_value(&m, HEADER_CONTACT), NULL);
	check_str(msg_value(&m, HEADER_ROUTE), "<sip:p1>");
}

static void
values_are_walked_over_lines_and_commas(void **state)
{
	static const char *const want[] = { "a", "b;x=\"1,2\"", "c", "d" };
	struct values v;
	struct str value;
	size_t i = 0;

	(void)state;
	parse("Accept: a , b;x=\"1,2\",,\r\nAccept:\r\nAccept: ,\r\nAccept: c\r\n , d\r\n");
	v = msg_values(&m, HEADER_ACCEPT);
	while (values_next(&v, &value)) {
		assert_true(i < COUNT(want));
		check_str(value, want[i]);
		i++;
	}
	assert_int_equal(i, COUNT(want));
	assert_false(values_next(&v, &value));
	v = msg_values(&m, HEADER_ALLOW);
	assert_false(values_next(&v, &value));
}

static void
a_token_is_looked_for(void **state)
{
	(void)state;
	parse("Supported: timer, 100REL\r\nk: replaces,\r\n");
	assert_true(msg_has_token(&m, HEADER_SUPPORTED, STR("Timer")));
	assert_true(msg_has_token(&m, HEADER_SUPPORTED, STR("100rel")));
	assert_true(msg_has_token(&m, HEADER_SUPPORTED, STR("replaces")));
	assert_false(msg_has_token(&m, HEADER_SUPPORTED, STR("time")));
	assert_false(msg_has_token(&m, HEADER_SUPPORTED, STR("")));
	assert_false(msg_has_token(&m, HEADER_REQUIRE, STR("timer")));
}

static void
seconds(void **state)
{
	static const struct {
		const char *line;
		bool good;
		uint32_t seconds;
	} rows[] = {
		{ "Expires: 0", true, 0 },
		{ "Expires: 003600", true, 3600 },
		{ "Expires: 2147483647", true, 2147483647 },
		{ "Expires: 2147483648", true, 2147483647 },
		{ "Expires: 4294967296", true, 2147483647 },
		{ "Expires: 99999999999999999999999999", true, 2147483647 },
		{ "Expires: -1", false, 0 },
		{ "Expires:", false, 0 },
		{ "Expires: 1x", false, 0 },
		{ "Expires: 1 2", false, 0 },
		{ "Expires: Mon, 1 Jan 2001", false, 0 },
		{ "Min-SE: 90", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[128];
		struct buf b = buf_on(text, sizeof text - 1);
		uint32_t got = 0;

		buf_put(&b, str_cstr(rows[i].line));
		buf_put(&b, STR("\r\n"));
		text[b.used] = 0;
		parse(text);
		if (msg_seconds(&m, HEADER_EXPIRES, &got) != rows[i].good || got != rows[i].seconds)
			fail_msg("%s: %u", rows[i].line, got);
	}
}

static void
the_session_timer(void **state)
{
	static const struct {
		const char *lines, *refresher;
		uint32_t seconds;
	} rows[] = {
		{ "Session-Expires: 1800;refresher=uas\r\n", "uas", 1800 },
		{ "x: 90 ; a=b; Refresher = UAC\r\n", "uac", 90 },
		{ "x: 90\r\n", NULL, 90 },
		{ "x: 90;refresher=both\r\n", NULL, 90 },
		{ "x: 90;refresher\r\n", NULL, 90 },
	};
	uint32_t got = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		parse(rows[i].lines);
		assert_true(msg_seconds(&m, HEADER_SESSION_EXPIRES, &got));
		assert_int_equal(got, rows[i].seconds);
		check_str(msg_refresher(&m), rows[i].refresher);
	}
	parse("");
	check_str(msg_refresher(&m), NULL);
	assert_false(msg_seconds(&m, HEADER_SESSION_EXPIRES, &got));
}

static void
the_only_contact(void **state)
{
	struct nameaddr n;

	(void)state;
	parse("Contact: \"A\" <sip:a@h;x>;q=1\r\n");
	assert_true(msg_contact(&m, &n));
	check_str(n.uri.text, "sip:a@h;x");
	parse("Contact: <sip:a@h>, <sip:b@h>\r\n");
	assert_false(msg_contact(&m, &n));
	parse("Contact: <sip:a@h>\r\nm: <sip:b@h>\r\n");
	assert_false(msg_contact(&m, &n));
	parse("");
	assert_false(msg_contact(&m, &n));
}

/* START with LINES is a message of one caller; WANTED: where requests go to him, NULL: nowhere. */
static void
leads_to(const char *start, const char *branch, const char *lines, const char *wanted)
{
	static char text[2048];
	struct buf b = buf_on(text, sizeof text);
	struct nameaddr n;
	struct fault fault;

	buf_put(&b, str_cstr(start));
	buf_put(&b, STR("\r\nVia: SIP/2.0/UDP h"));
	buf_put(&b, str_cstr(branch));
	buf_put(&b,
		STR("\r\nFrom: <sip:f@h>\r\nTo: <sip:t@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"));
	buf_put(&b, str_cstr(lines));
	buf_put(&b, STR("\r\n"));
	if (!msg_parse(&m, buf_str(&b), false, &fault))
		fail_msg("%s: fault %d at %u", lines, fault.what, fault.at);
	assert_int_equal(msg_remote_target(&m, &n), wanted != NULL);
	if (wanted != NULL)
		check_str(n.uri.text, wanted);
}

static void
where_requests_go_to(void **state)
{
	static const char invite[] = "INVITE sip:t@h SIP/2.0",
			  two[] = "Contact: <sip:a@h>, <sip:b@h>\r\n";

	(void)state;
	leads_to(invite, ";branch=z9hG4bK1", "Contact: <sip:a@h>\r\n", "sip:a@h");
	leads_to(invite, "", "Contact: <sip:a@h>\r\n", "sip:a@h");
	leads_to(invite, ";branch=z9hG4bK1", "", NULL);
	leads_to(invite, "", "", "sip:f@h");
	leads_to(invite, ";branch=1", "", "sip:f@h");
	leads_to(invite, "", two, NULL);
	leads_to("SIP/2.0 200 OK", "", "Contact: <sip:a@h>\r\n", "sip:a@h");
	leads_to("SIP/2.0 200 OK", "", "", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_one_header_are_chained),
		cmocka_unit_test(values_are_walked_over_lines_and_commas),
		cmocka_unit_test(a_token_is_looked_for),
		cmocka_unit_test(seconds),
		cmocka_unit_test(the_session_timer),
		cmocka_unit_test(the_only_contact),
		cmocka_unit_test(where_requests_go_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
