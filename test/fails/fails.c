/* SPDX-License-Identifier: Apache-2.0 */
/* fails [--all] [--seed N] [FUNCTION [K]] - every call of the shell to the outside fails once.
 *
 * A short complete run counts the calls of each function; then the same run is made again and again
 * in a process of its own, and each time one call of one function fails. The run must not crash,
 * not hang, leave no descriptor open, say what went wrong, and either serve the next calls or end
 * with a documented exit code. Of many calls of one function some are drawn, with --all none is
 * left out. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dice.h"
#include "outside.h"
#include "show.h"

enum { HANG_S = 60, WORKERS = 4, SAID_BYTES = 64 * 1024 };

struct options {
	bool is_all;
	uint64_t seed, k;
	const char *only;
	int worker; /* each has its share of the functions */
};

static char said[SAID_BYTES];

/* Runs one show in a child. Ends: its wait status; what it said is in SAID. */
static int
run_child(const struct throwaway *files, bool is_serve, int number, unsigned k, unsigned *calls)
{
	int told[2], counted[2], status = 0;
	size_t used = 0;
	ssize_t got;
	pid_t child;

	if (pipe(told) < 0 || pipe(counted) < 0)
		exit(1);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		int code;

		dup2(told[1], STDERR_FILENO);
		close(told[0]);
		close(told[1]);
		close(counted[0]);
		alarm(HANG_S);
		outside_fail(number, k);
		code = show_run(files, is_serve);
		for (int i = 0; i < outside_count(); i++) {
			unsigned count = outside_calls(i);

			if (write(counted[1], &count, sizeof count) < 0)
				_exit(2);
		}
		/* Of a run that is at fault already nobody wants to know what leaks. */
		if (code == SHOW_FAULT)
			_exit(code);
		exit(code);
	}
	close(told[1]);
	close(counted[1]);
	while (used < sizeof said - 1 &&
		(got = read(told[0], said + used, sizeof said - 1 - used)) > 0)
		used += (size_t)got;
	said[used] = '\0';
	for (int i = 0; i < outside_count() && calls != NULL; i++)
		if (read(counted[0], &calls[i], sizeof calls[i]) != sizeof calls[i])
			calls[i] = 0;
	close(told[0]);
	close(counted[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(1);
	return status;
}

/* What is wrong with how it ended, or NULL. */
static const char *
judge(int status)
{
	bool has_line =
		strstr(said, "sipward: error: ") != NULL || strstr(said, ": error: ") != NULL;

	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "hangs" : "dies of a signal";
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

/* Lets each of the calls that are drawn fail. Ends: how many runs were bad. */
static int
try_function(const struct options *o, const struct throwaway *files, bool is_serve, int number,
	unsigned count, struct dice *dice, unsigned *runs)
{
	int bad = 0;

	for (unsigned k = 1; k <= count; k++) {
		bool is_drawn = k == 1 || k == count || dice_below(dice, count) < 1;
		const char *wrong;
		int status;

		if (o->k != 0 ? k != o->k : !o->is_all && !is_drawn)
			continue;
		status = run_child(files, is_serve, number, k, NULL);
		wrong = judge(status);
		(*runs)++;
		if (wrong == NULL && o->k == 0)
			continue;
		bad += wrong != NULL;
		printf("# %s, call %u of %u: %s\n", outside_name(number), k, count,
			wrong != NULL ? wrong : "good");
		show_said();
	}
	return bad;
}

static int
try_all(const struct options *o, const struct throwaway *files, bool is_serve)
{
	static const char *const titles[] = { "a run with calls", "serve, from start to end" };
	uint8_t seed[DICE_SEED_BYTES] = { (uint8_t)o->seed, (uint8_t)(o->seed >> 8), is_serve };
	unsigned calls[OUTSIDE_MAX] = { 0 }, runs = 0;
	int failed = 0, status = run_child(files, is_serve, -1, 0, calls);
	struct dice dice;

	dice_init(&dice, seed);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SHOW_GOOD) {
		printf("not ok - %s: good when nothing fails\n", titles[is_serve]);
		show_said();
		return 1;
	}
	for (int i = 0; i < outside_count(); i++) {
		int bad;

		if (i % WORKERS != o->worker || calls[i] == 0 ||
			(o->only != NULL && strcmp(o->only, outside_name(i)) != 0))
			continue;
		runs = 0;
		bad = try_function(o, files, is_serve, i, calls[i], &dice, &runs);
		printf("%sok - %s: %s (%u of %u calls failed once)\n", bad > 0 ? "not " : "",
			titles[is_serve], outside_name(i), runs, calls[i]);
		failed += bad > 0;
	}
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
start_worker(const struct options *o, const struct throwaway *files, struct worker *worker)
{
	worker->results = tmpfile();
	worker->pid = worker->results != NULL ? fork() : -1;
	if (worker->pid < 0)
		exit(1);
	if (worker->pid == 0) {
		int failed;

		dup2(fileno(worker->results), STDOUT_FILENO);
		failed = try_all(o, files, false) + try_all(o, files, true);
		fflush(stdout);
		_exit(failed > 0);
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
	struct throwaway files;
	struct worker workers[WORKERS];
	int failed = 0, number = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!take(&o, argc, argv)) {
		fprintf(stderr, "usage: fails [--all] [--seed N] [FUNCTION [K]]\n");
		return 2;
	}
	if (!show_prepare(&files))
		return 1;
	fflush(stdout);
	for (o.worker = 0; o.worker < WORKERS; o.worker++)
		start_worker(&o, &files, &workers[o.worker]);
	for (int i = 0; i < WORKERS; i++)
		failed += end_worker(&workers[i], &number);
	printf("1..%d\n", number);
	throwaway_close(&files);
	return failed > 0;
}
