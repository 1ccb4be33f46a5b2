/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/lex.h"

static void
classes_are_those_of_the_rfc(void **state)
{
	static const struct {
		unsigned class;
		const char *marks; /* besides letters and digits */
	} rows[] = {
		{ LEX_TOKEN, "-.!%*_+`'~" },
		{ LEX_WORD, "-.!%*_+`'~()<>:\\\"/[]?{}" },
		{ LEX_USER, "-_.!~*'()&=+$,;?/" },
		{ LEX_PASSWORD, "-_.!~*'()&=+$," },
		{ LEX_PARAM, "-_.!~*'()[]/:&+$" },
		{ LEX_HEADER, "-_.!~*'()[]/?:+$" },
		{ LEX_UNRESERVED, "-_.!~*'()" },
		{ LEX_HOST, "-._" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (unsigned c = 0; c < 256; c++) {
			bool want = char_is_digit((char)c) || char_is_alpha((char)c) ||
				(c != 0 && strchr(rows[i].marks, (int)c) != NULL);

			if (lex_is((char)c, rows[i].class) != want)
				fail_msg("class %u, octet %u", rows[i].class, c);
		}
	}
	assert_true(lex_is_token_char('~') && !lex_is_token_char(' '));
	assert_true(
		lex_is_token(STR("a.b")) && !lex_is_token(STR("")) && !lex_is_token(STR("a b")));
}

static void
spans(void **state)
{
	(void)state;
	assert_int_equal(lex_span(STR("abc;d"), LEX_TOKEN), 3);
	assert_int_equal(lex_span(STR_NONE, LEX_TOKEN), 0);
	assert_int_equal(lex_span_escaped(STR("a%41b"), LEX_USER), 5);
	assert_int_equal(lex_span_escaped(STR("a%4"), LEX_USER), 1);
	assert_int_equal(lex_span_escaped(STR("a%"), LEX_USER), 1);
	assert_int_equal(lex_span_escaped(STR("a%4g"), LEX_USER), 1);
	assert_int_equal(lex_span_escaped(STR("%00@"), LEX_USER), 3);
	assert_int_equal(lex_digits(STR("0123x")), 4);
	assert_int_equal(lex_digits(STR_NONE), 0);
}

static void
white_space_is_skipped_with_whole_folds_only(void **state)
{
	static const struct {
		const char *text, *rest;
	} rows[] = {
		{ "x", "x" },
		{ " \t x", "x" },
		{ "\r\n x", "x" },
		{ " \r\n\t\r\n  x", "x" },
		{ "\r\nx", "\r\nx" },
		{ " \r\n", "\r\n" },
		{ "\r", "\r" },
		{ "\n x", "\n x" },
		{ "", "" },
		{ "\x01", "\x01" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_cstr(rows[i].text);

		lex_skip_lws(&rest);
		check_str(rest, rows[i].rest);
	}
}

static void
a_token_is_taken(void **state)
{
	struct str rest = STR("INVITE sip"), none = STR_NONE;

	(void)state;
	check_str(lex_token(&rest), "INVITE");
	check_str(rest, " sip");
	check_str(lex_token(&rest), "");
	check_str(rest, " sip");
	check_empty(lex_token(&none));
}

static void
quoted_strings(void **state)
{
	static const struct {
		const char *text, *inside, *rest;
	} rows[] = {
		{ "\"\"", "", "" },
		{ "\"a\"b", "a", "b" },
		{ "\"a\\\"b\"c", "a\\\"b", "c" },
		{ "\"\\\\\" ", "\\\\", " " },
		{ "\"", NULL, "\"" },
		{ "\"\\", NULL, "\"\\" },
		{ "\"\\\"", NULL, "\"\\\"" },
		{ "\"a\\\rb\"", NULL, "\"a\\\rb\"" },
		{ "a\"\"", NULL, "a\"\"" },
		{ "", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_cstr(rows[i].text);

		check_str(lex_quoted(&rest), rows[i].inside);
		check_str(rest, rows[i].rest);
	}
}

static void
elements_of_a_list(void **state)
{
	static const struct {
		const char *list;
		const char *elements; /* with a bar behind each */
	} rows[] = {
		{ "a", "a|" },
		{ "", "|" },
		{ "a,b", "a|b|" },
		{ " a\t, \r\n b ", "a|b|" },
		{ ",", "||" },
		{ "a,,b,", "a||b||" },
		{ "\"a,b\",c", "\"a,b\"|c|" },
		{ "\"a\\\",b\" <x>,c", "\"a\\\",b\" <x>|c|" },
		{ "<a,b;c>;d=\"e,f\",g", "<a,b;c>;d=\"e,f\"|g|" },
		{ "\"a,b", "\"a,b|" },
		{ "<a,b", "<a,b|" },
		{ "a\\,b", "a\\|b|" },
	};
	struct str none = STR_NONE, element;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_cstr(rows[i].list);
		char text[64];
		struct buf b = buf_on(text, sizeof text);

		while (lex_element(&rest, &element)) {
			buf_put(&b, element);
			buf_char(&b, '|');
		}
		check_str(buf_str(&b), rows[i].elements);
	}
	assert_false(lex_element(&none, &element));
}

/* A control octet at each place of texts of each length, and its neighbours that are none. */
static void
a_control_octet_is_found_wherever_it_stands(void **state)
{
	static const unsigned char controls[] = { 0, 1, 9, 10, 13, 27, 31, 127 };
	static const char others[] = " !~\x80\xff\xa0\x9f\x60\x40";
	char text[80];

	(void)state;
	for (size_t len = 0; len < sizeof text; len++) {
		for (size_t i = 0; i < len; i++)
			text[i] = others[(i + len) % (sizeof others - 1)];
		assert_int_equal(lex_find_control(str_of(text, len)), len);
		for (size_t at = 0; at < len; at++) {
			char was = text[at];

			text[at] = (char)controls[(at + len) % sizeof controls];
			assert_int_equal(lex_find_control(str_of(text, len)), at);
			text[at] = was;
		}
	}
	for (unsigned c = 0; c < 256; c++) {
		memset(text, (int)c, sizeof text);
		assert_int_equal(lex_find_control(str_of(text, 40)), c < 32 || c == 127 ? 0 : 40);
	}
}

static void
a_line_ends_where_no_fold_follows(void **state)
{
	struct str text = STR("ab\r\n c\r\nd\r\r\n\te\n\r\n");

	(void)state;
	assert_int_equal(lex_line_end(text, 0), 6);
	assert_int_equal(lex_line_end(text, 8), 15);
	assert_int_equal(lex_line_end(STR("a"), 0), 1);
	assert_int_equal(lex_line_end(STR("a\r"), 0), 2);
	assert_int_equal(lex_line_end(STR("a\r\n "), 0), 4);
	assert_int_equal(lex_line_end(STR_NONE, 0), 0);
}

static void
what_may_stand_in_a_value(void **state)
{
	static const struct {
		struct str value;
		const char *line; /* as it is written; NULL: not at all */
		bool strict;      /* also without QUOTED_TOO */
		size_t at;        /* where the first octet is that strictly may not be there */
	} rows[] = {
		{ { "", 0 }, "", true, 0 },
		{ { "plain text", 10 }, "plain text", true, 0 },
		{ { "a\tb", 3 }, "a\tb", true, 0 },
		{ { "a\r\n b", 5 }, "a b", true, 0 },
		{ { "a \t\r\n\t\r\n  b\r\n c", 15 }, "a b c", true, 0 },
		{ { "\xc3\xbc", 2 }, "\xc3\xbc", true, 0 },
		{ { "a\nb", 3 }, NULL, false, 1 },
		{ { "a\rb", 3 }, NULL, false, 1 },
		{ { "a\r\nb", 4 }, NULL, false, 1 },
		{ { "ab\r\n", 4 }, NULL, false, 2 },
		{ { "a\x01", 2 }, NULL, false, 1 },
		{ { "a\x7f", 2 }, NULL, false, 1 },
		{ { "\"\x01\"", 3 }, "\"\x01\"", false, 1 },
		{ { "\"\\\x01\\\"\x02\"", 7 }, "\"\\\x01\\\"\x02\"", false, 2 },
		{ { "\"a\"\x01\"b\"", 7 }, NULL, false, 3 },
		{ { "\"a\x01", 3 }, NULL, false, 2 },
		{ { "\"a\n\"", 4 }, NULL, false, 2 },
		{ { "\"a\\\r\n b\"", 8 }, NULL, false, 3 },
		{ { "\"a\" \"\\\r\n \"\x01\"", 12 }, NULL, false, 6 },
		{ { "\"a\"\\\r\n b", 8 }, "\"a\"\\ b", true, 0 },
		{ { "a\\\r\n b", 6 }, "a\\ b", true, 0 },
		{ { "\"a\r\n b\"", 7 }, "\"a b\"", true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];
		struct buf b = buf_on(text, sizeof text);
		size_t at = 0;
		bool good = lex_is_value(rows[i].value, true, &at);

		if (good != (rows[i].line != NULL))
			print_error("row %zu\n", i);
		assert_true(good == (rows[i].line != NULL));
		lex_write_value(&b, rows[i].value, true);
		assert_true(buf_ok(&b) == good);
		if (good)
			check_str(buf_str(&b), rows[i].line);
		at = 0;
		assert_true(lex_is_value(rows[i].value, false, &at) == rows[i].strict);
		assert_int_equal(at, rows[i].at);
		b = buf_on(text, sizeof text);
		lex_write_value(&b, rows[i].value, false);
		assert_true(buf_ok(&b) == rows[i].strict);
	}
}

/* What is no escape is what it is; that of a reserved octet is another octet (RFC 3261 19.1.4). */
static void
octets_are_decoded_one_by_one(void **state)
{
	static const struct {
		struct str text;
		unsigned octet;
		size_t left;
		bool folds;
	} rows[] = {
		{ { "a%41", 4 }, 'a', 3, false },
		{ { "%41b", 4 }, 'A', 1, false },
		{ { "%41b", 4 }, 'a', 1, true },
		{ { "%4", 2 }, '%', 1, false },
		{ { "%", 1 }, '%', 0, true },
		{ { "%G1", 3 }, '%', 2, false },
		{ { "%1G", 3 }, '%', 2, false },
		{ { "%3b", 3 }, ';' + 256, 0, true },
		{ { "%ff", 3 }, 0xff, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str rest = rows[i].text;

		assert_int_equal(lex_decoded(&rest, rows[i].folds), rows[i].octet);
		assert_int_equal(rest.len, rows[i].left);
	}
	assert_true(lex_same_decoded(STR("a%62C"), STR("%61bc"), true));
	assert_false(lex_same_decoded(STR("a%62C"), STR("abc"), false));
	assert_false(lex_same_decoded(STR("ab"), STR("abc"), true));
	assert_false(lex_same_decoded(STR("%3b"), STR(";"), true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_decoded_one_by_one),
		cmocka_unit_test(classes_are_those_of_the_rfc),
		cmocka_unit_test(spans),
		cmocka_unit_test(white_space_is_skipped_with_whole_folds_only),
		cmocka_unit_test(a_token_is_taken),
		cmocka_unit_test(quoted_strings),
		cmocka_unit_test(elements_of_a_list),
		cmocka_unit_test(a_control_octet_is_found_wherever_it_stands),
		cmocka_unit_test(a_line_ends_where_no_fold_follows),
		cmocka_unit_test(what_may_stand_in_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
