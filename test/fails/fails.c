/* SPDX-License-Identifier: Apache-2.0 */
/* fails [--all] [--seed N] [FUNCTION [K]] - every call of the shell to the outside fails once.
 *
 * Each show is a short complete run of the shell, and counts the calls of each function; then the
 * same run is made again and again in a process of its own, and each time one call of one function
 * fails. The run must not crash, not hang, leave no descriptor open, say what went wrong, and
 * either be good in what comes next or end with a documented exit code.
 *
 * A function is tried in the first show that calls it: at each call if they are few, else at some.
 * In the others, but for the last two, one of its calls is drawn, or none. With --all each call of
 * each show fails. A function that no show calls is a failure: nobody knows what comes of it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dice.h"
#include "outside.h"
#include "show.h"

enum { HANG_S = 150, WORKERS = 6, SAID_BYTES = 256 * 1024, FEW = 8, SOME = 2 };

struct options {
	bool is_all;
	uint64_t seed, k;
	const char *only;
	int worker; /* each has its share of the functions */
	struct dice dice;
};

/* How one run went. */
struct outcome {
	int status; /* of wait */
	bool has_failed;
	unsigned calls[NUMBERS];
};

/* Sanitizers that remember less are faster; what they find stays the same. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=6";
}

static char said[SAID_BYTES];

#define OUTSIDE_MEMORY(name, is_memory) is_memory,
static const bool is_memory[NUMBERS] = { OUTSIDE_FUNCTIONS(OUTSIDE_MEMORY) };

static _Noreturn void
run_inside(
	const struct papers *papers, enum show show, int number, unsigned k, int told, int counted)
{
	struct outcome outcome = { .status = 0 };
	struct run run;
	int code;

	dup2(told, STDERR_FILENO);
	close(told);
	alarm(HANG_S);
	run_open(&run, papers);
	outside_fail(number, k);
	code = show_run(show, &run);
	outcome.has_failed = outside_has_failed();
	for (int i = 0; i < outside_count(); i++)
		outcome.calls[i] = outside_calls(i);
	if (write(counted, &outcome, sizeof outcome) < 0)
		_exit(2);
	close(counted);
	/* Of a run that is at fault already nobody wants to know what leaks. */
	if (code == SHOW_FAULT)
		_exit(code);
	exit(code);
}

/* Runs one show in a child; what it said is in SAID. */
static void
run_child(const struct papers *papers, enum show show, int number, unsigned k,
	struct outcome *outcome)
{
	int told[2], counted[2];
	char rest[4096];
	size_t used = 0;
	ssize_t got;
	pid_t child;

	if (pipe(told) < 0 || pipe(counted) < 0)
		exit(1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(told[0]);
		close(counted[0]);
		run_inside(papers, show, number, k, told[1], counted[1]);
	}
	close(told[1]);
	close(counted[1]);
	while (used < sizeof said - 1 &&
		(got = read(told[0], said + used, sizeof said - 1 - used)) > 0)
		used += (size_t)got;
	while (read(told[0], rest, sizeof rest) > 0)
		continue;
	said[used] = '\0';
	/* One that ended in the middle did so because of the call that failed. */
	if (read(counted[0], outcome, sizeof *outcome) != sizeof *outcome)
		*outcome = (struct outcome){ .has_failed = true };
	close(told[0]);
	close(counted[0]);
	if (child < 0 || waitpid(child, &outcome->status, 0) != child)
		exit(1);
	run_remove(papers, child);
}

/* What is wrong with how it ended, or NULL. */
static const char *
judge(const struct outcome *outcome, int number)
{
	static const char *const lines[] = {
		"sipward: error: ", ": error: ", "sipward: the demo failed: ", "failed: ", "wrong"
	};
	int status = outcome->status;
	bool has_line = false;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		has_line = has_line || strstr(said, lines[i]) != NULL;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "hangs" : "dies of a signal";
	if (strstr(said, "sipward: error: \n") != NULL)
		return "tells that something failed and not what";
	if (!is_memory[number] && strstr(said, "sipward: error: the system gives no ") != NULL)
		return "ends all, and is no memory";
	if (WEXITSTATUS(status) == SHOW_GOOD)
		return NULL;
	if (WEXITSTATUS(status) != SHOW_ENDED)
		return WEXITSTATUS(status) == SHOW_FAULT ? "is at fault"
							 : "ends with a strange code";
	if (!has_line)
		return "ends and does not say why";
	return NULL;
}

static void
show_said(void)
{
	struct str rest = str_cstr(said);

	while (rest.len > 0) {
		struct str line = str_cut(&rest, '\n');

		printf("#   %.*s\n", (int)(line.len > 200 ? 200 : line.len), line.at);
	}
}

/* How a function fared. */
struct tally {
	unsigned runs, hits, bad;
};

/* Lets the K-th of COUNT calls fail. */
static void
try_call(const struct options *o, const struct papers *papers, enum show show, int number,
	unsigned k, unsigned count, struct tally *tally)
{
	struct outcome outcome;
	const char *wrong;

	run_child(papers, show, number, k, &outcome);
	wrong = judge(&outcome, number);
	tally->runs++;
	tally->hits += outcome.has_failed;
	tally->bad += wrong != NULL;
	if (wrong == NULL && o->k == 0)
		return;
	printf("# %s, call %u of %u in %s: %s%s\n", outside_name(number), k, count,
		show_title(show), wrong != NULL ? wrong : "good",
		outcome.has_failed ? "" : " (it was not called so often)");
	show_said();
}

/* Whether the K-th of COUNT calls is one of those that fail, in the first show that calls it. */
static bool
is_drawn(struct options *o, unsigned k, unsigned count)
{
	return o->is_all || count <= FEW || k == 1 || k == count ||
		dice_below(&o->dice, count) < SOME;
}

static bool
try_function(struct options *o, const struct papers *papers, int number,
	const struct outcome counts[SHOWS])
{
	struct tally tally = { 0 };
	unsigned calls = 0;

	for (enum show show = 0; show < SHOWS; show++) {
		unsigned count = counts[show].calls[number];
		uint32_t one = count > 0 ? 1 + dice_below(&o->dice, 2 * count) : 0;

		for (unsigned k = 1; k <= count; k++) {
			bool is_wanted = k == one && show < SHOW_DEMO;

			if (o->k != 0)
				is_wanted = k == o->k;
			else if (calls == 0 || o->is_all)
				is_wanted = is_drawn(o, k, count);
			if (is_wanted)
				try_call(o, papers, show, number, k, count, &tally);
		}
		calls += count;
	}
	if (calls == 0 || (tally.hits == 0 && o->k == 0))
		printf("# no show calls it: nobody knows what comes of its failing\n");
	else if (tally.bad == 0) {
		printf("ok - %s (%u of %u calls failed)\n", outside_name(number), tally.hits,
			calls);
		return true;
	}
	printf("not ok - %s (%u of %u calls failed)\n", outside_name(number), tally.hits, calls);
	return false;
}

/* Runs each show with nothing that fails. Ends: how many were bad. */
static int
count_all(const struct papers *papers, struct outcome counts[SHOWS])
{
	int bad = 0;

	for (enum show show = 0; show < SHOWS; show++) {
		run_child(papers, show, -1, 0, &counts[show]);
		if (WIFEXITED(counts[show].status) && WEXITSTATUS(counts[show].status) == SHOW_GOOD)
			continue;
		printf("not ok %d - %s: good when nothing fails (status %x)\n", ++bad,
			show_title(show), (unsigned)counts[show].status);
		show_said();
	}
	return bad;
}

static int
try_all(struct options *o, const struct papers *papers, const struct outcome counts[SHOWS])
{
	uint8_t seed[DICE_SEED_BYTES] = { (uint8_t)o->seed, (uint8_t)(o->seed >> 8),
		(uint8_t)o->worker };
	int failed = 0;

	dice_init(&o->dice, seed);
	for (int i = 0; i < outside_count(); i++)
		if (o->only != NULL ? strcmp(o->only, outside_name(i)) == 0 && o->worker == 0
				    : i % WORKERS == o->worker)
			failed += !try_function(o, papers, i, counts);
	return failed;
}

static bool
take(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0)
			o->is_all = true;
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			i++, (void)str_number(str_cstr(argv[i]), UINT64_MAX, &o->seed);
		else if (argv[i][0] == '-')
			return false;
		else if (o->only == NULL)
			o->only = argv[i];
		else if (!str_number(str_cstr(argv[i]), UINT32_MAX, &o->k))
			return false;
	}
	return true;
}

/* Most of a run is waiting, so several go on at once, each with its results in a file. */
struct worker {
	pid_t pid;
	FILE *results;
};

static void
start_worker(struct options *o, const struct papers *papers, const struct outcome counts[SHOWS],
	struct worker *worker)
{
	worker->results = tmpfile();
	worker->pid = worker->results != NULL ? fork() : -1;
	if (worker->pid < 0)
		exit(1);
	if (worker->pid == 0) {
		int failed;

		dup2(fileno(worker->results), STDOUT_FILENO);
		failed = try_all(o, papers, counts);
		fflush(stdout);
		_exit(failed != 0);
	}
}

/* Numbers its results. Ends: 1 if something was bad. */
static int
end_worker(struct worker *worker, int *number)
{
	char line[1024];
	int status = 1;

	if (waitpid(worker->pid, &status, 0) != worker->pid)
		status = 1;
	rewind(worker->results);
	while (fgets(line, sizeof line, worker->results) != NULL) {
		struct str text = str_cstr(line);
		size_t verb = str_begins(text, STR("ok - ")) ? 2
			: str_begins(text, STR("not ok - ")) ? 6
							     : 0;

		if (verb > 0)
			printf("%.*s %d%s", (int)verb, line, ++*number, line + verb);
		else
			fputs(line, stdout);
	}
	fclose(worker->results);
	return status != 0;
}

int
main(int argc, char **argv)
{
	struct options o = { .seed = 1 };
	struct papers papers;
	struct worker workers[WORKERS];
	static struct outcome counts[SHOWS];
	int failed = 0, number = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!take(&o, argc, argv)) {
		fprintf(stderr, "usage: fails [--all] [--seed N] [FUNCTION [K]]\n");
		return 2;
	}
	papers_open(&papers);
	failed = number = count_all(&papers, counts);
	fflush(stdout);
	for (o.worker = 0; o.worker < WORKERS && failed == 0; o.worker++)
		start_worker(&o, &papers, counts, &workers[o.worker]);
	for (int i = 0; i < o.worker; i++)
		failed += end_worker(&workers[i], &number);
	printf("1..%d\n", number);
	papers_close(&papers);
	return failed > 0;
}
