/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the tests of this folder compare; included behind cmocka.h. */
#ifndef TEST_BASE_CHECK_H
#define TEST_BASE_CHECK_H

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Fails unless GOT is the text WANT. */
static inline void
check_str_at(struct str got, const char *want, const char *file, int line)
{
	if (str_same(got, str_cstr(want)))
		return;
	print_error("%s:%d: '%.*s' instead of '%s'\n", file, line, (int)got.len, got.at, want);
	_fail(file, line);
}

#define check_str(got, want) check_str_at(got, want, __FILE__, __LINE__)

#endif
