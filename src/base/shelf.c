/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shelf.h"

#include <string.h>

#include "base/panic.h"

void
shelf_init(struct shelf *s, void *at, size_t size)
{
	must(size <= UINT32_MAX);
	*s = (struct shelf){ .at = at, .size = (uint32_t)size };
}

static uint32_t
start_of(const struct shelf *s, unsigned place)
{
	return place == 0 ? 0 : s->ends[place - 1];
}

bool
shelf_put(struct shelf *s, unsigned place, struct str text)
{
	uint32_t used = s->ends[SHELF_PLACES - 1];
	uint32_t start, end, len;

	must(place < SHELF_PLACES);
	must(text.len == 0 || text.at >= s->at + s->size || text.at + text.len <= s->at);
	start = start_of(s, place);
	end = s->ends[place];
	if (text.len > s->size - (used - (end - start)))
		return false;
	len = (uint32_t)text.len;
	if (used > end)
		memmove(s->at + start + len, s->at + end, used - end);
	if (len > 0)
		memcpy(s->at + start, text.at, len);
	for (unsigned i = place; i < SHELF_PLACES; i++)
		s->ends[i] = s->ends[i] - end + start + len;
	return true;
}

struct str
shelf_get(const struct shelf *s, unsigned place)
{
	must(place < SHELF_PLACES);
	return str_of(s->at + start_of(s, place), s->ends[place] - start_of(s, place));
}
