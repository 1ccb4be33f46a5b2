/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "main/config_memory.h"

static void
test_pieces_are_apart(void **state)
{
	struct config_memory *memory = memory_open();
	unsigned char *pieces[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		pieces[i] = memory_take(memory, i * 13);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		for (size_t j = 0; j < i * 13; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)i, i * 13);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i * 13; j++)
			assert_int_equal(pieces[i][j], i);
	}
	memory_close(memory);
}

static void
test_larger_than_a_block(void **state)
{
	struct config_memory *memory = memory_open();
	char *small = memory_take(memory, 16);
	char *large = memory_take(memory, 1 << 20);
	char *after = memory_take(memory, 16);

	(void)state;
	memset(large, 1, 1 << 20);
	memset(small, 2, 16);
	memset(after, 3, 16);
	assert_int_equal(large[0], 1);
	assert_int_equal(large[(1 << 20) - 1], 1);
	memory_close(memory);
	memory_close(NULL);
}

static void
test_texts(void **state)
{
	struct config_memory *memory = memory_open();
	struct str text = memory_text(memory, "%s-%d", "abc", 42);
	struct str copy = memory_copy(memory, str_of("a\0b", 3));

	(void)state;
	assert_string_equal(text.at, "abc-42");
	assert_int_equal(text.len, 6);
	assert_memory_equal(copy.at, "a\0b\0", 4);
	assert_int_equal(copy.len, 3);
	assert_int_equal(memory_copy(memory, STR_NONE).len, 0);
	memory_close(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_apart),
		cmocka_unit_test(test_larger_than_a_block),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
