/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the tests of this folder compare; included behind cmocka.h. */
#ifndef TEST_SIP_CHECK_H
#define TEST_SIP_CHECK_H

#include <string.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Fails unless GOT is the text WANT; a WANT of NULL stands for STR_NONE. */
static inline void
check_str_at(struct str got, const char *want, const char *file, int line)
{
	if (want == NULL) {
		if (!str_is_none(got))
			print_error("%s:%d: '%.*s' instead of none\n", file, line, (int)got.len,
				got.at);
	} else if (str_is_none(got) || !str_same(got, str_cstr(want))) {
		print_error(
			"%s:%d: '%.*s' instead of '%s'\n", file, line, (int)got.len, got.at, want);
	} else {
		return;
	}
	if (want != NULL || !str_is_none(got))
		_fail(file, line);
}

#define check_str(got, want) check_str_at(got, want, __FILE__, __LINE__)

/* A view that none may be told apart from. */
#define check_empty(got) assert_int_equal((got).len, 0)

#endif
