/* SPDX-License-Identifier: Apache-2.0 */
/* deny.h - one call of the system or of a library is refused. The linker puts the functions that
 * DENY makes before the real ones (--wrap). Before it is included DENIED_ERRNO says what errno is
 * then. */
#ifndef TEST_SUPPORT_DENY_H
#define TEST_SUPPORT_DENY_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static _Atomic(const char *) denied; /* the function that is refused next; NULL: none */

static inline bool
is_denied(const char *name)
{
	const char *which = denied;

	if (which == NULL || strcmp(which, name) != 0)
		return false;
	denied = NULL;
	errno = DENIED_ERRNO;
	return true;
}

#define DENY(result, name, takes, hands, failed)                          \
	result __real_##name takes;                                       \
	result __wrap_##name takes;                                       \
	result __wrap_##name takes                                        \
	{                                                                 \
		return is_denied(#name) ? (failed) : __real_##name hands; \
	}

#endif
