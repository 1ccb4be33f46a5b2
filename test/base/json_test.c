/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/json.h"

static void
commas_come_by_themselves(void **state)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);
	struct json j = json_on(&b);

	(void)state;
	json_open(&j, '{');
	json_put_text(&j, STR("a"), STR("x"));
	json_put_number(&j, STR("b"), UINT64_MAX);
	json_key(&j, STR("c"));
	json_open(&j, '[');
	json_number(&j, 1);
	json_open(&j, '{');
	json_close(&j, '}');
	json_open(&j, '[');
	json_close(&j, ']');
	json_nothing(&j);
	json_close(&j, ']');
	json_put_flag(&j, STR("d"), true);
	json_put_flag(&j, STR("e"), false);
	json_put_moment(&j, STR("f"), 951782400);
	json_put_moment(&j, STR("g"), 0);
	json_put_moment(&j, STR("h"), INT64_MAX);
	json_close(&j, '}');
	check_str(buf_str(&b),
		"{\"a\":\"x\",\"b\":18446744073709551615,\"c\":[1,{},[],null],\"d\":true,"
		"\"e\":false,\"f\":\"2000-02-29T00:00:00Z\",\"g\":null,\"h\":null}");
}

static void
a_text_may_hold_anything(void **state)
{
	/* Each row by itself: what is put, and what it becomes. */
	static const struct {
		struct str put;
		const char *becomes;
	} rows[] = {
		{ STR(""), "\"\"" },
		{ STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"" },
		{ STR("\0\n\x1f\x7f"), "\"\\u0000\\u000a\\u001f\\u007f\"" },
		{ STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
			"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ STR("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"),
			"\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"" },
		/* no first octet; one too few; too long for what it says; a surrogate; beyond */
		{ STR("\x80!"), "\"\\ufffd!\"" },
		{ STR("\xc3"), "\"\\ufffd\"" },
		{ STR("\xc3!"), "\"\\ufffd!\"" },
		{ STR("\xe2\x82"), "\"\\ufffd\\ufffd\"" },
		{ STR("\xe2\x82!"), "\"\\ufffd\\ufffd!\"" },
		{ STR("\xc0\xaf"), "\"\\ufffd\\ufffd\"" },
		{ STR("\xe0\x80\xaf"), "\"\\ufffd\\ufffd\\ufffd\"" },
		{ STR("\xf0\x80\x80\xaf"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ STR("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"" },
		{ STR("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ STR("\xf5\xff\xfe"), "\"\\ufffd\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[64];
		struct buf b = buf_on(text, sizeof text);
		struct json j = json_on(&b);

		json_text(&j, rows[i].put);
		check_str(buf_str(&b), rows[i].becomes);
	}
}

static void
what_does_not_fit_is_known(void **state)
{
	char text[8];
	struct buf b = buf_on(text, sizeof text);
	struct json j = json_on(&b);

	(void)state;
	json_text(&j, STR("123456"));
	assert_true(buf_ok(&b));
	json_text(&j, STR(""));
	assert_false(buf_ok(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_come_by_themselves),
		cmocka_unit_test(a_text_may_hold_anything),
		cmocka_unit_test(what_does_not_fit_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
