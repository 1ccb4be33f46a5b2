/* SPDX-License-Identifier: Apache-2.0 */
#include "base/panic.h"

/* The weak default says nothing, since the core has no way to speak; the real host has its own. */
__attribute__((weak)) _Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	(void)what;
	(void)file;
	(void)line;
	__builtin_trap();
}

__attribute__((weak)) _Noreturn void
need_hook(const char *what)
{
	(void)what;
	__builtin_trap();
}
