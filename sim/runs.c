/* SPDX-License-Identifier: Apache-2.0 */
#include "runs.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/panic.h"
#include "replay.h"

/* What the jobs share. Each has its own total; they are added when all is done. */
struct shared {
	_Atomic uint64_t next_seed;
	_Atomic bool is_over;
	struct {
		uint64_t seed; /* under way */
		char panic[300];
		struct runs_total total;
	} jobs[RUNS_JOBS_MAX];
};

static struct shared *shared;
static uint32_t job_now;

_Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	if (shared != NULL)
		snprintf(shared->jobs[job_now].panic, sizeof shared->jobs[0].panic,
			"must hold: %s (%s:%d)", what, file, line);
	else
		fprintf(stderr, "panic: must hold: %s (%s:%d)\n", what, file, line);
	_exit(70);
}

_Noreturn void
need_hook(const char *what)
{
	panic_hook(what, "the system", 0);
}

static void
note_broken(struct runs_total *t, uint64_t seed, const char *id, const char *what, int64_t at_ms)
{
	struct runs_broken *b = &t->broken[t->broken_count];

	if (t->broken_count == RUNS_BROKEN_MAX)
		return;
	t->broken_count++;
	b->seed = seed;
	b->at_ms = at_ms;
	snprintf(b->id, sizeof b->id, "%s", id);
	snprintf(b->what, sizeof b->what, "%s", what);
}

static void
add_run(struct runs_total *t, uint64_t seed, const struct run_result *r)
{
	t->runs++;
	t->calls += r->calls;
	t->answered += r->answered;
	t->cancel_races += r->cancel_races;
	t->changes += r->changes;
	t->events += r->events;
	t->virtual_ms += (uint64_t)r->virtual_ms;
	t->server_answered += r->counts.answered_total;
	t->refused += r->counts.refused_total;
	t->faults += r->counts.faults_total;
	t->strays += r->counts.strays_total;
	t->messages_in += r->tally.messages_in;
	t->messages_out += r->tally.messages_out;
	t->hash += draw_mix(r->hash ^ seed);
	for (int i = 0; i < TROUBLE_KINDS; i++)
		t->weather[i] += r->troubles[i];
	if (r->is_broken)
		note_broken(t, seed, r->broken.id, r->broken.what, r->broken.at_ms);
}

/* What `serve --record` would have written of this run gives the same octets once more. */
static void
replay_one(struct runs_total *t, uint64_t seed, const char *path)
{
	char *said = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&said, &len);
	bool is_same = to != NULL && replay_file(path, false, to);

	if (to != NULL)
		fclose(to);
	if (!is_same)
		note_broken(t, seed, "REPLAY", said != NULL ? said : "no memory", 0);
	free(said);
}

static void
make_one(const struct runs_options *o, struct runs_total *t, uint64_t seed)
{
	struct run_options options = { .seed = seed, .lose_ppm = o->lose_ppm };
	struct run_result r, again;
	char folder[] = "/dev/shm/sipward-sim-XXXXXX", path[sizeof folder + 8];

	if (o->is_recorded) {
		if (mkdtemp(folder) == NULL)
			abort();
		(void)snprintf(path, sizeof path, "%s/run", folder);
		options.record = path;
	}
	world_run(&options, &r);
	add_run(t, seed, &r);
	if (o->is_recorded) {
		replay_one(t, seed, path);
		(void)unlink(path);
		(void)rmdir(folder);
		options.record = NULL;
	}
	if (o->is_twice && !r.is_broken) {
		pairs_into(NULL);
		world_run(&options, &again);
		pairs_into(&t->pairs);
		if (again.hash != r.hash)
			note_broken(t, seed, "SAME", "the same seed gave other octets", 0);
	}
}

static _Noreturn void
job_main(const struct runs_options *o, uint32_t job)
{
	struct runs_total *t = &shared->jobs[job].total;

	job_now = job;
	pairs_into(&t->pairs);
	while (!shared->is_over) {
		uint64_t seed = shared->next_seed++;

		if (seed > o->last)
			break;
		shared->jobs[job].seed = seed;
		make_one(o, t, seed);
		if (t->broken_count > 0 && (o->stops || t->broken_count == RUNS_BROKEN_MAX))
			shared->is_over = true;
	}
	_exit(0);
}

static pid_t
start_job(const struct runs_options *o, uint32_t job)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid == 0)
		job_main(o, job);
	return pid;
}

void
runs_add(struct runs_total *sum, const struct runs_total *t)
{
	uint64_t *at = &sum->pairs.seen[0][0][0][0];
	const uint64_t *from = &t->pairs.seen[0][0][0][0];

	sum->runs += t->runs;
	sum->calls += t->calls;
	sum->answered += t->answered;
	sum->cancel_races += t->cancel_races;
	sum->changes += t->changes;
	sum->events += t->events;
	sum->virtual_ms += t->virtual_ms;
	sum->server_answered += t->server_answered;
	sum->refused += t->refused;
	sum->faults += t->faults;
	sum->strays += t->strays;
	sum->messages_in += t->messages_in;
	sum->messages_out += t->messages_out;
	sum->hash += t->hash;
	for (int i = 0; i < TROUBLE_KINDS; i++)
		sum->weather[i] += t->weather[i];
	for (uint32_t i = 0; i < t->broken_count; i++)
		note_broken(sum, t->broken[i].seed, t->broken[i].id, t->broken[i].what,
			t->broken[i].at_ms);
	for (size_t i = 0; i < sizeof sum->pairs.seen / sizeof *at; i++)
		at[i] += from[i];
}

/* Waits for all jobs; one that died is noted, and another goes on behind its seed. */
static void
mind_jobs(const struct runs_options *o, pid_t pids[RUNS_JOBS_MAX])
{
	uint32_t running = o->jobs;

	while (running > 0) {
		int status;
		pid_t pid = wait(&status);

		for (uint32_t job = 0; job < o->jobs; job++) {
			if (pids[job] != pid)
				continue;
			running--;
			if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
				continue;
			if (WIFSIGNALED(status))
				snprintf(shared->jobs[job].panic, sizeof shared->jobs[0].panic,
					"the server died of signal %d", WTERMSIG(status));
			note_broken(&shared->jobs[job].total, shared->jobs[job].seed, "PANIC",
				shared->jobs[job].panic, 0);
			if (o->stops || shared->jobs[job].total.broken_count == RUNS_BROKEN_MAX) {
				shared->is_over = true;
				continue;
			}
			pids[job] = start_job(o, job);
			running++;
		}
	}
}

struct runs_total *
runs_make(const struct runs_options *options)
{
	struct runs_total *sum = calloc(1, sizeof *sum);
	struct runs_options o = *options;
	pid_t pids[RUNS_JOBS_MAX];

	if (o.jobs == 0 || o.jobs > RUNS_JOBS_MAX)
		o.jobs = 1;
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sum == NULL || shared == MAP_FAILED)
		abort();
	shared->next_seed = o.first;
	fflush(stdout);
	for (uint32_t job = 0; job < o.jobs; job++)
		pids[job] = start_job(&o, job);
	mind_jobs(&o, pids);
	for (uint32_t job = 0; job < o.jobs; job++)
		runs_add(sum, &shared->jobs[job].total);
	munmap(shared, sizeof *shared);
	shared = NULL;
	return sum;
}

const char *
runs_missed(const struct runs_total *t)
{
	for (int i = 0; i < TROUBLE_KINDS; i++)
		if (t->weather[i] == 0)
			return trouble_text((enum trouble)i);
	return NULL;
}

static void
print_weather(const struct runs_total *t, FILE *to)
{
	fprintf(to, "the weather that came:");
	for (int i = 0; i < TROUBLE_KINDS; i++)
		fprintf(to, "%s %" PRIu64 " %s", i == 0 ? "" : ",", t->weather[i],
			trouble_text((enum trouble)i));
	fprintf(to, "\n");
}

static double
percent_of(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

void
runs_print(const struct runs_total *t, FILE *to)
{
	fprintf(to,
		"%" PRIu64 " runs, %" PRIu64
		" calls: %.1f %% answered, %.1f %% races of CANCEL and "
		"answer, %.1f re-INVITEs for 100 calls\n",
		t->runs, t->calls, percent_of(t->answered, t->calls),
		percent_of(t->cancel_races, t->calls), percent_of(t->changes, t->calls));
	fprintf(to,
		"%" PRIu64 " events, %" PRIu64 " messages in, %" PRIu64 " out, %" PRIu64
		" refusals, %" PRIu64 " faults, %" PRIu64 " strays, %.0f days of virtual time\n",
		t->events, t->messages_in, t->messages_out, t->refused, t->faults, t->strays,
		(double)t->virtual_ms / 86400e3);
	print_weather(t, to);
	fprintf(to, "hash of all output %016" PRIx64 "\n", t->hash);
	for (uint32_t i = 0; i < t->broken_count; i++)
		fprintf(to, "broken %s seed %" PRIu64 " at %.3f s: %s\n", t->broken[i].id,
			t->broken[i].seed, (double)t->broken[i].at_ms / 1000, t->broken[i].what);
	if (t->broken_count == 0 && t->calls > 0)
		fprintf(to,
			"no invariant broke: with 95 %% confidence fewer than %.1e of the calls of "
			"this mix break one\n",
			3.0 / (double)t->calls);
}
