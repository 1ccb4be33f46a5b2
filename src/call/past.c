/* SPDX-License-Identifier: Apache-2.0 */
#include "call/past.h"

#include <string.h>

bool
pasts_open(struct pasts *ps, struct arena *arena, uint32_t calls, uint32_t refusals)
{
	*ps = (struct pasts){ .calls_max = calls, .refusals_max = refusals };
	ps->calls = arena_take(arena, calls * sizeof(struct past), _Alignof(struct past));
	ps->refusals = arena_take(arena, refusals * sizeof(struct past), _Alignof(struct past));
	return ps->calls != NULL && ps->refusals != NULL;
}

uint64_t
past_begin(struct pasts *ps, bool is_call, const char uuid[UUID_BYTES], int64_t now_s)
{
	uint64_t serial = is_call ? ++ps->calls_total : ++ps->refusals_total;
	struct past *past = is_call ? &ps->calls[serial % ps->calls_max]
				    : &ps->refusals[serial % ps->refusals_max];

	past->serial = serial;
	past->opened_at_s = now_s;
	past->answered_at_s = past->over_at_s = 0;
	past->status = 0;
	past->verdict = (struct verdict){ .is_set = false };
	past->legs[0] = past->legs[1] = (struct past_leg){ .is_there = false };
	memcpy(past->uuid, uuid, UUID_BYTES);
	shelf_init(&past->shelf, past->text, sizeof past->text);
	return serial;
}

struct past *
past_at(const struct pasts *ps, uint64_t serial)
{
	struct past *past = &ps->calls[serial % ps->calls_max];

	return serial != 0 && serial <= ps->calls_total && past->serial == serial ? past : NULL;
}

void
past_put(struct past *past, enum past_text place, struct str text)
{
	(void)shelf_put(&past->shelf, place, str_upto(text, PAST_ONE_TEXT_MAX));
}

struct str
past_text(const struct past *past, enum past_text place)
{
	return shelf_get(&past->shelf, place);
}

static bool
is_named(const struct past *past, struct str name)
{
	struct str uuid = str_of(past->uuid, UUID_BYTES);

	return str_begins(uuid, name) || str_ends(uuid, name);
}

/* Looks at the entries of one RING that were begun, the last first. */
static void
find_in(const struct past *ring, uint32_t max, uint64_t total, struct str name,
	const struct past **found, uint32_t *count)
{
	for (uint64_t serial = total; serial != 0 && total - serial < max; serial--) {
		const struct past *past = &ring[serial % max];

		if (!is_named(past, name))
			continue;
		*found = past;
		++*count;
	}
}

const struct past *
past_find(const struct pasts *ps, struct str name, uint32_t *count)
{
	const struct past *found = NULL;

	*count = 0;
	if (str_is_empty(name))
		return NULL;
	find_in(ps->calls, ps->calls_max, ps->calls_total, name, &found, count);
	find_in(ps->refusals, ps->refusals_max, ps->refusals_total, name, &found, count);
	return *count == 1 ? found : NULL;
}
