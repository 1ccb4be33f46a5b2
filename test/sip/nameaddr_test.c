/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/nameaddr.h"

static void
good_ones_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *display, *uri, *params, *tag;
	} rows[] = {
		{ "\"Bob\" <sips:bob@h;x>;tag=1", "\"Bob\"", "sips:bob@h;x", ";tag=1", "1" },
		{ "sips:bob@h;tag=1", "", "sips:bob@h", ";tag=1", "1" },
		{ "sips:5000@host", "", "sips:5000@host", "", NULL },
		{ "<sip:h>", "", "sip:h", "", NULL },
		{ "Bob<sip:h>", "Bob", "sip:h", "", NULL },
		{ "Bob B. Smith  <sip:h>", "Bob B. Smith", "sip:h", "", NULL },
		{ "Bob\r\n Smith\r\n\t<sip:h>", "Bob\r\n Smith", "sip:h", "", NULL },
		{ "J\xc3\xbcrgen <sip:h>", "J\xc3\xbcrgen", "sip:h", "", NULL },
		{ "\"\"<sip:h>", "\"\"", "sip:h", "", NULL },
		{ "\"a, <sip:x> \\\" b\"<sip:h>", "\"a, <sip:x> \\\" b\"", "sip:h", "", NULL },
		{ "<sip:a@h?x=y>", "", "sip:a@h?x=y", "", NULL },
		{ "<sip:a,b;c@h>;d", "", "sip:a,b;c@h", ";d", NULL },
		{ " <sip:h> \r\n ; tag\r\n =  x ", "", "sip:h", "; tag\r\n =  x", "x" },
		{ "sip:h ; TAG = y", "", "sip:h", "; TAG = y", "y" },
		{ "<tel:+1;isub=2>;tag=z", "", "tel:+1;isub=2", ";tag=z", "z" },
		{ "isbn:2983792873", "", "isbn:2983792873", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nameaddr n;
		size_t at = 0;

		if (!nameaddr_parse(&n, str_cstr(rows[i].text), &at))
			fail_msg("%s: wrong at %zu", rows[i].text, at);
		assert_true(str_same(n.display, str_cstr(rows[i].display)));
		check_str(n.uri.text, rows[i].uri);
		assert_true(str_same(n.params, str_cstr(rows[i].params)));
		check_str(n.tag, rows[i].tag);
		assert_false(n.star);
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
		{ "   ", 0 },
		{ "\"", 0 },
		{ "\"Bob <sip:h>", 0 },
		{ "\"Bob\\\" <sip:h>", 0 },
		{ "\"Bob\"", 5 },
		{ "\"Bob\" sip:h", 6 },
		{ "\"a\" \"b\" <sip:h>", 4 },
		{ "Bob", 3 },
		{ "Smith, Bob <sip:h>", 5 },
		{ "Bob (work) <sip:h>", 3 },
		{ "<sip:h", 0 },
		{ "<>", 1 },
		{ "< sip:h>", 1 },
		{ "<sip:h >", 6 },
		{ "<sip:\r\n h>", 5 },
		{ "<<sip:h>>", 1 },
		{ "<sip:h> x", 8 },
		{ "<sip:h>>", 7 },
		{ "<sip:h>;", 8 },
		{ "<sip:h>;;x", 8 },
		{ "<sip:h>;tag", 8 },
		{ "<sip:h>;tag=", 12 },
		{ "<sip:h>;tag=\"x\"", 8 },
		{ "<sip:h>;tag=1;x;Tag=1", 16 },
		{ "<sip:h>;x=1;X=2", 12 },
		{ "<sip:h>,", 7 },
		{ "sip:a,b@h", 5 },
		{ "sip:a@h?x=y", 7 },
		{ "sip:a@h,", 7 },
		{ "sip:a;b@h", 7 },
		{ "sip:a@h x", 8 },
		{ "**", 0 },
		{ "*;x", 0 },
		{ "  <sip:@h>", 7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nameaddr n;
		size_t at = 1000;

		if (nameaddr_parse(&n, str_cstr(rows[i].text), &at) || at != rows[i].at)
			fail_msg("%s: %zu instead of %zu", rows[i].text, at, rows[i].at);
	}
}

static void
a_star_is_alone(void **state)
{
	struct nameaddr n;
	size_t at;

	(void)state;
	assert_true(nameaddr_parse(&n, STR(" * "), &at));
	assert_true(n.star);
	check_empty(n.uri.text);
	assert_true(nameaddr_parse(&n, STR("* <sip:h>"), &at)); /* a display name that is a token */
	assert_false(n.star);
}

static void
parameters_come_without_their_quotes(void **state)
{
	struct nameaddr n;
	size_t at;

	(void)state;
	assert_true(nameaddr_parse(&n, STR("<sip:h;q=1>;Q=0.5;+sip.instance=\"<urn:x>\";ob"), &at));
	check_str(nameaddr_param(&n, STR("q")), "0.5");
	check_str(nameaddr_param(&n, STR("+SIP.instance")), "<urn:x>");
	check_str(nameaddr_param(&n, STR("ob")), "");
	check_str(nameaddr_param(&n, STR("expires")), NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(bad_ones_are_refused_at_a_known_octet),
		cmocka_unit_test(a_star_is_alone),
		cmocka_unit_test(parameters_come_without_their_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
