/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a broken invariant: the target has found something. Targets of src/main have the
 * hook of src/main/log.c instead. */
#include "base/panic.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	fprintf(stderr, "fuzz: invariant broken: %s (%s:%d)\n", what, file, line);
	abort();
}
