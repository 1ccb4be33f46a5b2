/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "base/panic.h"
#include "base/poison.h"

struct arena
arena_on(void *at, size_t size)
{
	return (struct arena){ .at = at, .size = size };
}

struct arena
arena_scratch_on(void *at, size_t size)
{
	if (at != NULL)
		UNPOISON(at, size);
	return arena_on(at, size);
}

bool
arena_is_measuring(const struct arena *a)
{
	return a->at == NULL;
}

void *
arena_take(struct arena *a, size_t bytes, size_t align)
{
	size_t start = (a->used + align - 1) & ~(align - 1);

	if (arena_is_measuring(a)) {
		a->used = start + bytes;
		return NULL;
	}
	if (start > a->size || bytes > a->size - start)
		return NULL;
	a->used = start + bytes;
	if (start < a->poisoned)
		UNPOISON(a->at + start, bytes);
	return a->at + start;
}

struct str
arena_copy(struct arena *a, struct str s)
{
	char *copy;

	if (str_is_none(s))
		return STR_NONE;
	copy = arena_take(a, s.len, 1);
	if (copy == NULL)
		return STR_NONE;
	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	return str_of(copy, s.len);
}

struct buf
arena_buf(struct arena *a, size_t max)
{
	size_t left = a->size - a->used;

	max = max < left ? max : left;
	if (a->used < a->poisoned)
		UNPOISON(a->at + a->used, max);
	return buf_on(a->at + a->used, max);
}

struct str
arena_wrote(struct arena *a, const struct buf *b)
{
	struct str written = buf_str(b);

	must(written.at == a->at + a->used);
	a->used += written.len;
	return written;
}

void
arena_clear(struct arena *a)
{
	POISON(a->at, a->used);
	if (a->poisoned < a->used)
		a->poisoned = a->used;
	a->used = 0;
}
