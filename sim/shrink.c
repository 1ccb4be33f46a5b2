/* SPDX-License-Identifier: Apache-2.0 */
#include "shrink.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct verdict {
	bool is_broken;
	char id[8];
};

/* In a process of its own: the run may end in a panic, which is a verdict too. */
static struct verdict
try_run(const struct run_options *o)
{
	struct verdict *told =
		mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct verdict verdict = { false, "" };
	int status = 0;
	pid_t pid;

	if (told == MAP_FAILED)
		return verdict;
	*told = (struct verdict){ true, "PANIC" };
	pid = fork();
	if (pid == 0) {
		struct run_result r;

		(void)!freopen("/dev/null", "w", stderr);
		world_run(o, &r);
		told->is_broken = r.is_broken;
		snprintf(told->id, sizeof told->id, "%s", r.is_broken ? r.broken.id : "");
		_exit(0);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	verdict = *told;
	munmap(told, sizeof *told);
	return verdict;
}

static bool
still_fails(const struct run_options *o, const char *id)
{
	struct verdict v = try_run(o);

	return v.is_broken && strcmp(v.id, id) == 0;
}

static uint32_t
count_left(const uint8_t *skip, uint32_t count)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < count; i++)
		left += skip[i] == 0;
	return left;
}

/* Leaves out pieces of SIZE happenings, one after the other, where that changes nothing. */
static void
cut_pieces(
	const struct run_options *o, uint8_t *skip, uint32_t count, uint32_t size, const char *id)
{
	uint8_t before[PLAN_MAX];

	for (uint32_t from = 0; from < count; from += size) {
		uint32_t upto = from + size < count ? from + size : count;

		memcpy(before, skip, sizeof before);
		memset(skip + from, 1, upto - from);
		if (memcmp(before, skip, sizeof before) != 0 && !still_fails(o, id))
			memcpy(skip, before, sizeof before);
	}
}

uint32_t
shrink_run(struct run_options *o, uint8_t *skip, FILE *to)
{
	struct verdict first;
	struct weather weather;
	struct plan plan;
	uint32_t left;

	memset(skip, 0, PLAN_MAX);
	o->skip = skip;
	first = try_run(o);
	if (!first.is_broken)
		return 0;
	weather_draw(&weather, o->seed, o->lose_ppm, 0);
	plan_draw(&plan, o->seed, &weather);
	for (enum weather_kind kind = 0; kind < WEATHERS; kind++) {
		o->weather_off |= 1u << kind;
		if (!still_fails(o, first.id))
			o->weather_off &= ~(1u << kind);
	}
	do {
		left = count_left(skip, plan.count);
		for (uint32_t size = plan.count / 2; size > 0; size /= 2)
			cut_pieces(o, skip, plan.count, size, first.id);
	} while (count_left(skip, plan.count) < left);
	left = count_left(skip, plan.count);
	fprintf(to, "%s breaks with %u of %u happenings:", first.id, left, plan.count);
	for (uint32_t i = 0; i < plan.count; i++)
		if (skip[i] == 0)
			fprintf(to, " %u:%s", i, happening_name(plan.all[i].kind));
	fprintf(to, "\nweather left:");
	for (enum weather_kind kind = 0; kind < WEATHERS; kind++)
		if ((o->weather_off >> kind & 1) == 0)
			fprintf(to, " %s", weather_kind_name(kind));
	fprintf(to, "\n");
	return left;
}
