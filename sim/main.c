/* SPDX-License-Identifier: Apache-2.0 */
/* sipward-sim - runs of the whole server in bad weather, each from a seed. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "runs.h"
#include "shrink.h"

enum { TAP_PIECES = 10 };

static const char usage[] =
	"usage: sipward-sim [--seeds FIRST-LAST | --calls N | --seed N | --replay FILE] [options]\n"
	"  --seeds A-B   runs with these seeds, 100 calls each\n"
	"  --calls N     as many runs as make N calls, from seed 1 (or --first)\n"
	"  --seed N      one run\n"
	"  --replay FILE what `sipward serve --record FILE` wrote, once more; it must be the same\n"
	"  --first N     where --calls begins\n"
	"  --loss PERMILLE  datagrams lost; else each seed draws its own\n"
	"  --jobs N      processes at once\n"
	"  --stop        end at the first broken invariant\n"
	"  --twice       each seed twice: the same octets must come out\n"
	"  --recorded    each seed is recorded, and its recording must replay\n"
	"  --pairs       print what two legs were seen to say in which states\n"
	"  --verbose     one run: tell its story as a ladder\n"
	"  --raw         and show its messages whole\n"
	"  --record FILE one run: record its first server as `sipward serve --record FILE` does\n"
	"  --shrink      one run that breaks: cut it down, then tell its story\n"
	"  --tap         as a test\n";

struct arguments {
	struct runs_options runs;
	uint64_t calls, seed, first;
	const char *replay, *record;
	bool has_seed, is_verbose, shrinks, has_pairs, is_tap, is_raw;
};

static uint64_t
number(const char *text)
{
	uint64_t value;

	if (!str_number(str_cstr(text), UINT64_MAX, &value)) {
		fprintf(stderr, "sipward-sim: not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static void
read_seeds(struct runs_options *o, char *text)
{
	char *dash = strchr(text, '-');

	if (dash != NULL)
		*dash = '\0';
	o->first = number(text);
	o->last = dash != NULL ? number(dash + 1) : o->first;
}

static void
read_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = { { "seeds", 1, NULL, 's' },
		{ "calls", 1, NULL, 'c' }, { "seed", 1, NULL, 'n' }, { "first", 1, NULL, 'f' },
		{ "loss", 1, NULL, 'l' }, { "jobs", 1, NULL, 'j' }, { "stop", 0, NULL, 'x' },
		{ "twice", 0, NULL, 't' }, { "pairs", 0, NULL, 'p' }, { "verbose", 0, NULL, 'v' },
		{ "shrink", 0, NULL, 'k' }, { "tap", 0, NULL, 'T' }, { "raw", 0, NULL, 'R' },
		{ "replay", 1, NULL, 'r' }, { "record", 1, NULL, 'w' },
		{ "recorded", 0, NULL, 'W' }, { "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's': read_seeds(&a->runs, optarg); break;
		case 'c': a->calls = number(optarg); break;
		case 'n':
			a->seed = number(optarg);
			a->has_seed = true;
			break;
		case 'f': a->first = number(optarg); break;
		case 'l': a->runs.lose_ppm = (uint32_t)number(optarg) * 1000; break;
		case 'j': a->runs.jobs = (uint32_t)number(optarg); break;
		case 'x': a->runs.stops = true; break;
		case 't': a->runs.is_twice = true; break;
		case 'p': a->has_pairs = true; break;
		case 'v': a->is_verbose = true; break;
		case 'k': a->shrinks = true; break;
		case 'r': a->replay = optarg; break;
		case 'w': a->record = optarg; break;
		case 'W': a->runs.is_recorded = true; break;
		case 'T': a->is_tap = true; break;
		case 'R': a->is_verbose = a->is_raw = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: fputs(usage, stderr); exit(2);
		}
	}
}

/* One run, with its story. */
static int
tell_one(const struct arguments *a)
{
	static uint8_t skip[PLAN_MAX];
	struct run_options o = { .seed = a->seed, .lose_ppm = a->runs.lose_ppm };
	struct run_result r;

	printf("seed %" PRIu64 "\n", a->seed);
	if (a->shrinks && shrink_run(&o, skip, stdout) == 0) {
		printf("nothing breaks\n");
		return 0;
	}
	if (a->is_verbose || a->shrinks)
		o.story = stdout;
	o.is_raw = a->is_raw;
	o.record = a->record;
	setvbuf(stdout, NULL, _IOLBF, 0);
	world_run(&o, &r);
	printf("%" PRIu64 " events, hash %016" PRIx64 "\n", r.events, r.hash);
	if (r.is_broken)
		printf("broken %s seed %" PRIu64 " at %.3f s: %s\n", r.broken.id, a->seed,
			(double)r.broken.at_ms / 1000, r.broken.what);
	return r.is_broken;
}

/* The seeds in some pieces, each a test. */
static int
make_tap(struct runs_options *all)
{
	uint64_t count = all->last - all->first + 1;
	struct runs_total *sum = calloc(1, sizeof *sum);
	const char *missed;
	int broken = 0;

	if (sum == NULL)
		abort();
	printf("1..%d\n", TAP_PIECES + 1);
	for (uint64_t i = 0; i < TAP_PIECES; i++) {
		struct runs_options o = *all;
		struct runs_total *t;

		o.first = all->first + i * count / TAP_PIECES;
		o.last = all->first + (i + 1) * count / TAP_PIECES - 1;
		t = runs_make(&o);
		broken += t->broken_count > 0;
		printf("%s %d - seeds %" PRIu64 " to %" PRIu64 "\n",
			t->broken_count > 0 ? "not ok" : "ok", (int)i + 1, o.first, o.last);
		for (uint32_t n = 0; n < t->broken_count; n++)
			printf("# broken %s seed %" PRIu64 ": %s\n", t->broken[n].id,
				t->broken[n].seed, t->broken[n].what);
		fflush(stdout);
		runs_add(sum, t);
		free(t);
	}
	missed = runs_missed(sum);
	printf("%s %d - each kind of weather came\n", missed != NULL ? "not ok" : "ok",
		TAP_PIECES + 1);
	if (missed != NULL)
		printf("# none of: %s\n", missed);
	free(sum);
	return broken > 0 || missed != NULL;
}

int
main(int argc, char **argv)
{
	struct arguments a = {
		.runs = { .first = 1, .last = 10, .lose_ppm = UINT32_MAX, .jobs = 1 }, .first = 1
	};
	struct runs_total *t;
	int broken;

	read_arguments(&a, argc, argv);
	if (a.replay != NULL)
		return !replay_file(a.replay, a.is_verbose, stdout);
	if (a.has_seed)
		return tell_one(&a);
	if (a.calls > 0) {
		a.runs.first = a.first;
		a.runs.last = a.first + (a.calls + PLAN_CALLS - 1) / PLAN_CALLS - 1;
	}
	if (a.is_tap)
		return make_tap(&a.runs);
	printf("seeds %" PRIu64 " to %" PRIu64 "\n", a.runs.first, a.runs.last);
	t = runs_make(&a.runs);
	if (a.has_pairs)
		pairs_print(&t->pairs, stdout);
	runs_print(t, stdout);
	broken = t->broken_count > 0;
	free(t);
	return broken;
}
