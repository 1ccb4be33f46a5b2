/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alarm.h"

#include "base/panic.h"

bool
alarms_open(struct alarms *a, struct arena *arena, uint32_t max)
{
	*a = (struct alarms){ .max = max };
	a->heap = arena_take(arena, max * sizeof *a->heap, _Alignof(struct alarm *));
	return a->heap != NULL;
}

struct alarm
alarm_of(enum alarm_kind kind, struct ref owner, uint32_t letter)
{
	return (struct alarm){ .kind = kind, .owner = owner, .letter = letter };
}

static bool
is_earlier(const struct alarm *a, const struct alarm *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void
set_place(struct alarms *a, uint32_t at, struct alarm *alarm)
{
	a->heap[at] = alarm;
	alarm->place = at + 1;
}

static void
sift_up(struct alarms *a, uint32_t at)
{
	struct alarm *alarm = a->heap[at];

	while (at > 0 && is_earlier(alarm, a->heap[(at - 1) / 2])) {
		set_place(a, at, a->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	set_place(a, at, alarm);
}

static void
sift_down(struct alarms *a, uint32_t at)
{
	struct alarm *alarm = a->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= a->count)
			break;
		if (child + 1 < a->count && is_earlier(a->heap[child + 1], a->heap[child]))
			child++;
		if (!is_earlier(a->heap[child], alarm))
			break;
		set_place(a, at, a->heap[child]);
		at = child;
	}
	set_place(a, at, alarm);
}

void
alarm_arm(struct alarms *a, struct alarm *alarm, int64_t at_ms)
{
	alarm_disarm(a, alarm);
	must(a->count < a->max);
	alarm->at_ms = at_ms;
	alarm->order = a->order++;
	a->by_kind[alarm->kind]++;
	set_place(a, a->count++, alarm);
	sift_up(a, alarm->place - 1);
}

void
alarm_disarm(struct alarms *a, struct alarm *alarm)
{
	uint32_t at;
	struct alarm *last;

	if (alarm->place == 0)
		return;
	at = alarm->place - 1;
	must(at < a->count && a->heap[at] == alarm);
	alarm->place = 0;
	a->by_kind[alarm->kind]--;
	last = a->heap[--a->count];
	if (last == alarm)
		return;
	set_place(a, at, last);
	sift_up(a, at);
	sift_down(a, last->place - 1);
}

bool
alarm_is_armed(const struct alarm *alarm)
{
	return alarm->place != 0;
}

struct alarm *
alarms_due(struct alarms *a, int64_t now_ms)
{
	struct alarm *first;

	if (a->count == 0 || a->heap[0]->at_ms > now_ms)
		return NULL;
	first = a->heap[0];
	alarm_disarm(a, first);
	return first;
}

int64_t
alarms_deadline_ms(const struct alarms *a)
{
	return a->count > 0 ? a->heap[0]->at_ms : INT64_MAX;
}
