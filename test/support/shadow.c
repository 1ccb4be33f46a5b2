/* SPDX-License-Identifier: Apache-2.0 */
#include "support/shadow.h"

#include <stdint.h>
#include <sys/mman.h>

#include "base/poison.h"

#if defined(__SANITIZE_ADDRESS__)

enum { PAGE_BYTES = 4096 };

void
shadow_clear(void *at, size_t bytes)
{
	const uintptr_t begin = (uintptr_t)at, end = begin + bytes, page = PAGE_BYTES;
	size_t scale, offset;
	uintptr_t first, last;

	/* The pages of the shadow that stand for this memory alone. */
	__asan_get_shadow_mapping(&scale, &offset);
	first = ((begin >> scale) + offset + page - 1) / page * page;
	last = ((end >> scale) + offset) / page * page;
	if (first >= last || madvise((void *)first, last - first, MADV_DONTNEED) != 0) {
		UNPOISON(at, bytes);
		return;
	}
	UNPOISON(at, ((first - offset) << scale) - begin);
	UNPOISON((void *)((last - offset) << scale), end - ((last - offset) << scale));
}

#else

void
shadow_clear(void *at, size_t bytes)
{
	UNPOISON(at, bytes);
}

#endif
