/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
they_grow_and_keep_their_order(void **state)
{
	struct bytes bytes = { 0 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		char octet = (char)i;

		bytes_put(&bytes, str_of(&octet, 1));
	}
	assert_int_equal(bytes.used, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(bytes_str(&bytes).at[i], (char)i);
	bytes_free(&bytes);
	assert_int_equal(bytes.used, 0);
	assert_null(bytes.at);
}

static void
a_large_piece_fits_at_once(void **state)
{
	static char large[300000];
	struct bytes bytes = { 0 };

	(void)state;
	memset(large, 'x', sizeof large);
	bytes_put(&bytes, STR("a"));
	bytes_put(&bytes, str_of(large, sizeof large));
	bytes_put(&bytes, STR_NONE);
	bytes_put(&bytes, STR("z"));
	assert_int_equal(bytes.used, sizeof large + 2);
	assert_int_equal(bytes_str(&bytes).at[sizeof large + 1], 'z');
	bytes_free(&bytes);
}

static void
what_was_taken_is_gone(void **state)
{
	struct bytes bytes = { 0 }, taken;

	(void)state;
	bytes_put(&bytes, STR("hello"));
	taken = bytes_take(&bytes);
	assert_int_equal(bytes.used, 0);
	assert_true(str_same(bytes_str(&taken), STR("hello")));
	bytes_put(&bytes, STR("x"));
	assert_true(str_same(bytes_str(&taken), STR("hello")));
	bytes_free(&taken);
	bytes_free(&bytes);
}

static void
a_cstr_ends(void **state)
{
	char *text = bytes_cstr(str_upto(STR("abcdef"), 3));
	char *empty = bytes_cstr(STR_NONE);

	(void)state;
	assert_string_equal(text, "abc");
	assert_string_equal(empty, "");
	free(text);
	free(empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_grow_and_keep_their_order),
		cmocka_unit_test(a_large_piece_fits_at_once),
		cmocka_unit_test(what_was_taken_is_gone),
		cmocka_unit_test(a_cstr_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
