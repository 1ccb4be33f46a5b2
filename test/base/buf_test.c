/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"

static void
what_is_put_stands_there(void **state)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	buf_put(&b, STR("ab"));
	buf_put(&b, STR_NONE);
	buf_char(&b, '-');
	buf_number(&b, 0);
	buf_char(&b, '-');
	buf_number(&b, UINT64_MAX);
	buf_char(&b, '-');
	buf_hex(&b, "\x00\x9f\xff", 3);
	check_str(buf_str(&b), "ab-0-18446744073709551615-009fff");
	assert_true(buf_ok(&b));
}

static void
just_enough_is_enough(void **state)
{
	(void)state;
	for (size_t size = 0; size < 8; size++) {
		char *room = malloc(size + 1);
		struct buf b = buf_on(room, size);

		buf_put(&b, STR("abc"));
		buf_number(&b, 12);
		buf_char(&b, 'x');
		assert_int_equal(buf_ok(&b), size >= 6);
		check_str(buf_str(&b), size >= 6 ? "abc12x" : "");
		free(room);
	}
}

static void
overflow_is_for_good(void **state)
{
	char text[4];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	buf_put(&b, STR("abcde"));
	assert_false(buf_ok(&b));
	buf_char(&b, 'x');
	assert_false(buf_ok(&b));
	assert_int_equal(b.used, 0);
	assert_true(str_is_empty(buf_str(&b)));
	b = buf_on(NULL, 0);
	buf_put(&b, STR(""));
	assert_true(buf_ok(&b));
	buf_char(&b, 'x');
	assert_false(buf_ok(&b));
}

static void
a_peers_text_breaks_no_line(void **state)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	buf_quoted(&b, STR("a\"b\\c\r\n\0\x7f\xc3 ~"), 100);
	check_str(buf_str(&b), "a\\x22b\\x5cc\\x0d\\x0a\\x00\\x7f\\xc3 ~");
	b = buf_on(text, sizeof text);
	buf_quoted(&b, STR("abcdef"), 3);
	check_str(buf_str(&b), "abc");
	for (unsigned c = 0; c < 256; c++) {
		char octet = (char)c;

		b = buf_on(text, sizeof text);
		buf_quoted(&b, str_of(&octet, 1), 1);
		for (size_t i = 0; i < b.used; i++)
			assert_in_range(text[i], 0x20, 0x7e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_stands_there),
		cmocka_unit_test(just_enough_is_enough),
		cmocka_unit_test(overflow_is_for_good),
		cmocka_unit_test(a_peers_text_breaks_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
