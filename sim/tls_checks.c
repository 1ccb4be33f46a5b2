/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_checks.h"

#include <stdio.h>

#include "tls_calls.h"

int
checks_run(void)
{
	enum { SEEDS = 4, CALLS = 50 };
	int failed = 0;

	printf("1..%d\n", SEEDS);
	for (int i = 1; i <= SEEDS; i++) {
		struct calls_result r;

		calls_run(&r, (uint64_t)i, CALLS, false);
		printf("%sok %d - calls of seed %d\n", r.broken[0] != '\0' ? "not " : "", i, i);
		if (r.broken[0] != '\0')
			printf("# %s\n", r.broken);
		failed += r.broken[0] != '\0';
	}
	return failed > 0;
}
