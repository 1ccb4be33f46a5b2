/* SPDX-License-Identifier: Apache-2.0 */
/* runs.h - many runs, each a seed, on several processors; and what they add up to. */
#ifndef SIM_RUNS_H
#define SIM_RUNS_H

#include "pairs.h"
#include "world.h"

enum { RUNS_JOBS_MAX = 16, RUNS_BROKEN_MAX = 64 };

struct runs_options {
	uint64_t first, last; /* seeds */
	uint32_t lose_ppm;    /* UINT32_MAX: drawn by each seed */
	uint32_t jobs;
	bool is_twice;    /* each seed again, which must give the same octets */
	bool is_recorded; /* each is recorded, and what was recorded must replay */
	bool stops;       /* at the first that breaks */
};

struct runs_broken {
	uint64_t seed;
	char id[8];
	char what[400];
	int64_t at_ms;
};

struct runs_total {
	uint64_t runs, calls, answered, cancel_races, changes, events, virtual_ms;
	uint64_t server_answered, refused, faults, strays;
	uint64_t messages_in, messages_out;
	uint64_t hash; /* of all runs, whatever their order */
	uint64_t weather[TROUBLE_KINDS];
	uint32_t broken_count;
	struct runs_broken broken[RUNS_BROKEN_MAX];
	struct pairs pairs;
};

/* Makes them all. A run in which the server itself stops (a panic, a signal) is a broken one too:
 * `PANIC`. After: the caller frees the total. */
struct runs_total *runs_make(const struct runs_options *);

/* Adds what T has to SUM. */
void runs_add(struct runs_total *sum, const struct runs_total *t);

/* The first kind of weather that never came, or NULL. */
const char *runs_missed(const struct runs_total *);

/* Prints calls, shares, events, the bound that the runs support, and what broke. */
void runs_print(const struct runs_total *, FILE *);

#endif
