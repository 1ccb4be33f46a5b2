/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"

static void
none_is_empty_but_empty_is_not_none(void **state)
{
	(void)state;
	assert_true(str_is_none(STR_NONE) && str_is_empty(STR_NONE));
	assert_true(!str_is_none(STR("")) && str_is_empty(STR("")));
	assert_true(str_same(STR_NONE, STR("")));
	assert_int_equal(STR("a\0b").len, 3);
	assert_int_equal(str_cstr("abc").len, 3);
}

static void
the_same_and_alike(void **state)
{
	(void)state;
	assert_true(str_same(STR("ab"), STR("ab")));
	assert_false(str_same(STR("ab"), STR("aB")));
	assert_false(str_same(STR("ab"), STR("abc")));
	assert_true(str_same(STR("a\0b"), STR("a\0b")));
	assert_false(str_same(STR("a\0b"), STR("a\0c")));
	assert_true(str_alike(STR("aB-9"), STR("Ab-9")));
	assert_false(str_alike(STR("a"), STR("ab")));
	assert_false(str_alike(STR("@"), STR("`"))); /* they differ by the bit that letters do */
	assert_false(str_alike(STR("\xc4"), STR("\xe4")));
}

static void
begins_ends_holds(void **state)
{
	(void)state;
	assert_true(str_begins(STR("abc"), STR("ab")) && str_begins(STR("abc"), STR("")));
	assert_false(str_begins(STR("ab"), STR("abc")) || str_begins(STR("Abc"), STR("a")));
	assert_true(str_begins_alike(STR("Abc"), STR("aB")));
	assert_true(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("bc"), STR("abc")));
	assert_true(str_holds_alike(STR("xxABc"), STR("abC")));
	assert_true(str_holds_alike(STR(""), STR("")) && str_holds_alike(STR_NONE, STR("")));
	assert_false(str_holds_alike(STR("ab"), STR("abc")));
	assert_false(str_holds_alike(STR("aab"), STR("ac")));
}

static void
parts(void **state)
{
	struct str rest = STR("a,b,,c");

	(void)state;
	assert_int_equal(str_find(STR("abc"), 'c'), 2);
	assert_int_equal(str_find(STR("abc"), 'x'), 3);
	assert_int_equal(str_find(STR_NONE, 'x'), 0);
	check_str(str_from(STR("abc"), 1), "bc");
	check_str(str_from(STR("abc"), 9), "");
	assert_true(str_is_none(str_from(STR_NONE, 1)));
	check_str(str_upto(STR("abc"), 2), "ab");
	check_str(str_upto(STR("abc"), 9), "abc");
	check_str(str_cut(&rest, ','), "a");
	check_str(str_cut(&rest, ','), "b");
	check_str(str_cut(&rest, ','), "");
	check_str(rest, "c");
	check_str(str_cut(&rest, ','), "c");
	assert_true(str_is_empty(rest));
	check_str(str_cut(&rest, ','), "");
	check_str(str_trim(STR(" \t\r\na b\n ")), "a b");
	check_str(str_trim(STR(" \t ")), "");
	assert_int_equal(str_trim(STR("\0 ")).len, 1);
}

static void
numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, number;
		bool good;
	} rows[] = {
		{ "0", 0, 0, true },
		{ "7", 6, 0, false },
		{ "007", 7, 7, true },
		{ "65535", 65535, 65535, true },
		{ "65536", 65535, 0, false },
		{ "4294967295", UINT32_MAX, UINT32_MAX, true },
		{ "4294967296", UINT32_MAX, 0, false },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, 0, false },
		{ "18446744073709551620", UINT64_MAX, 0, false },
		{ "99999999999999999999", UINT64_MAX, 0, false },
		{ "", 9, 0, false },
		{ "+1", 9, 0, false },
		{ "-1", 9, 0, false },
		{ " 1", 9, 0, false },
		{ "1 ", 9, 0, false },
		{ "0x1", 9, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t number = 0;
		bool good = str_number(str_cstr(rows[i].text), rows[i].max, &number);

		if (good != rows[i].good || number != rows[i].number)
			fail_msg("%s", rows[i].text);
	}
}

static void
characters(void **state)
{
	unsigned digits = 0, letters = 0, spaces = 0, changed = 0, hex = 0;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		digits += char_is_digit((char)c);
		letters += char_is_alpha((char)c);
		spaces += char_is_space((char)c);
		changed += char_lower((char)c) != (char)c;
		hex += char_hex((char)c) >= 0;
	}
	assert_int_equal(digits, 10);
	assert_int_equal(letters, 52);
	assert_int_equal(spaces, 2);
	assert_int_equal(changed, 26);
	assert_int_equal(hex, 22);
	assert_true(char_hex('9') == 9 && char_hex('a') == 10 && char_hex('F') == 15);
	assert_true(char_lower('Z') == 'z' && char_lower('[') == '[');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_empty_but_empty_is_not_none),
		cmocka_unit_test(the_same_and_alike),
		cmocka_unit_test(begins_ends_holds),
		cmocka_unit_test(parts),
		cmocka_unit_test(numbers),
		cmocka_unit_test(characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
