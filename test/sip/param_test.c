/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "sip/check.h"
#include "sip/param.h"

/* Writes what a walk finds: name=value[quoted]| and, at the end, what is left and how it ended. */
static struct str
walk(struct buf *b, struct str rest, bool of_uri)
{
	struct param p;
	int got;

	while ((got = of_uri ? uri_param_next(&rest, &p) : param_next(&rest, &p)) > 0) {
		buf_put(b, p.name);
		if (!str_is_none(p.value)) {
			buf_char(b, '=');
			buf_put(b, p.value);
		}
		if (!str_is_none(p.quoted)) {
			buf_char(b, '[');
			buf_put(b, p.quoted);
			buf_char(b, ']');
		}
		buf_char(b, '|');
	}
	if (got < 0)
		buf_put(b, STR("!"));
	buf_put(b, rest);
	return buf_str(b);
}

static void
parameters_of_a_header(void **state)
{
	static const struct {
		const char *list, *found;
	} rows[] = {
		{ "", "" },
		{ ";a", "a|" },
		{ ";a=b;c", "a=b|c|" },
		{ " ; a = b ; c\r\n = d", "a=b|c=d|" },
		{ ";a=\"x;y=\\\"z\"", "a=\"x;y=\\\"z\"[x;y=\\\"z]|" },
		{ ";a=\"\"", "a=\"\"[]|" },
		{ ";a=[2001:db8::1];b=2001:db8::1", "a=[2001:db8::1]|b=2001:db8::1|" },
		{ ";q=0.", "q=0.|" },
		{ ";q=", "!" },
		{ ";q= ", "!" },
		{ ";q=;x", "!;x" },
		{ ";", "!" },
		{ ";;a", "!;a" },
		{ ";a b", "a|!b" },
		{ ";a=b c", "a=b|!c" },
		{ ";a=\"b", "!\"b" },
		{ ";a=\"", "!\"" },
		{ ";=b", "!=b" },
		{ "a", "!a" },
		{ ";a=b,c", "a=b|!,c" },
		{ ";a=\"b\"c", "a=\"b\"[b]|!c" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[128];
		struct buf b = buf_on(text, sizeof text);

		check_str(walk(&b, str_cstr(rows[i].list), false), rows[i].found);
	}
}

static void
parameters_of_a_uri(void **state)
{
	static const struct {
		const char *list, *found;
	} rows[] = {
		{ "", "" },
		{ ";a", "a|" },
		{ ";a=b;%63=%64", "a=b|%63=%64|" },
		{ ";a=[::1]/:&+$", "a=[::1]/:&+$|" },
		{ ";a= b", "! b" },
		{ ";a ;b", "a|! ;b" },
		{ ";a=", "!" },
		{ ";a=\"b\"", "!\"b\"" },
		{ ";a=%4", "!%4" },
		{ ";;", "!;" },
		{ ";a?b", "a|!?b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[128];
		struct buf b = buf_on(text, sizeof text);

		check_str(walk(&b, str_cstr(rows[i].list), true), rows[i].found);
	}
}

static void
one_is_found_by_name(void **state)
{
	struct param p;

	(void)state;
	assert_true(param_find(STR(";tag=1;TAG=2;x"), STR("Tag"), &p));
	check_str(p.value, "1");
	assert_true(param_find(STR(";a=\";x=1\";x"), STR("x"), &p));
	check_str(p.value, NULL);
	assert_false(param_find(STR(";a"), STR("b"), &p));
	assert_false(param_find(STR_NONE, STR("b"), &p));
	assert_true(uri_param_find(STR(";Transport=TCP"), STR("transport"), &p));
	check_str(p.value, "TCP");
	assert_false(uri_param_find(STR(";transports=TCP"), STR("transport"), &p));
}

static bool
all_are_new(struct str list, bool of_uri)
{
	struct param_watch w = { .all = list };
	struct param p;

	while ((of_uri ? uri_param_next(&list, &p) : param_next(&list, &p)) > 0)
		if (!(of_uri ? uri_param_is_new(&w, &p) : param_is_new(&w, &p)))
			return false;
	return true;
}

static void
no_name_may_stand_twice(void **state)
{
	(void)state;
	assert_true(all_are_new(STR(";a;b;c;ab;ba;abc;cba;lr;rl"), true));
	assert_false(all_are_new(STR(";a;b;A"), true));
	assert_false(all_are_new(STR(";abc=1;x=\";\" ; ABC = 2"), false));
	assert_true(all_are_new(STR(";x=\";abc\";abc"), false));
	/* Names that look alike to the watch: the same length, first and last octet. */
	assert_true(all_are_new(STR(";a1z;a2z;a3z"), true));
	assert_false(all_are_new(STR(";a1z;a2z;a1z"), true));
	assert_false(all_are_new(STR(" ; a1z ; a2z\r\n ; a1z"), false));
}

static void
an_escaped_name_is_the_name(void **state)
{
	struct param p;

	(void)state;
	assert_true(uri_param_find(STR(";x;%74Ransport=tcp"), STR("transport"), &p));
	check_str(p.value, "tcp");
	assert_false(uri_param_find(STR(";x;%75ransport=tcp"), STR("transport"), &p));
	assert_false(all_are_new(STR(";ttl=-;tt%4C"), true));
	assert_false(all_are_new(STR(";tt%4c;x;TTL=1"), true));
	assert_false(all_are_new(STR(";%74tl;t%54l"), true));
	assert_true(all_are_new(STR(";%74tl;ttk;tt"), true));
	assert_true(all_are_new(STR(";a%3b;a%3a"), true));
	assert_true(uri_param_find(STR(";%74ransport"), STR("transport"), &p));
	assert_true(uri_param_is(&p, STR("Transport")) && !uri_param_is(&p, STR("transpor")));
	assert_false(uri_param_says(&p, STR("")) || uri_param_says(&p, STR("tls")));
	assert_true(uri_param_find(STR(";x;transport=%54L%73"), STR("transport"), &p));
	assert_true(uri_param_says(&p, STR("tls")) && !uri_param_says(&p, STR("tl")));
	/* No escape is decoded in a header's parameter, whose names are tokens. */
	assert_true(all_are_new(STR(";tt%4c;ttl"), false));
}

static void
there_may_not_be_too_many(void **state)
{
	char text[8 * (PARAMS_MAX + 1)];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	for (unsigned i = 0; i < PARAMS_MAX; i++) {
		buf_put(&b, STR(";p"));
		buf_number(&b, i);
	}
	assert_true(all_are_new(buf_str(&b), true));
	assert_true(all_are_new(buf_str(&b), false));
	buf_put(&b, STR(";x"));
	assert_false(all_are_new(buf_str(&b), true));
	assert_false(all_are_new(buf_str(&b), false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_of_a_header),
		cmocka_unit_test(parameters_of_a_uri),
		cmocka_unit_test(one_is_found_by_name),
		cmocka_unit_test(no_name_may_stand_twice),
		cmocka_unit_test(an_escaped_name_is_the_name),
		cmocka_unit_test(there_may_not_be_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
