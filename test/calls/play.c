/* SPDX-License-Identifier: Apache-2.0 */
/* play.c - plays scenarios: play FILE.call ... or FOLDER ...
 *
 * Prints TAP, one test for each file. Each is played in a process of its own, as a cmocka test, so
 * that one that breaks takes nothing with it. A file in a folder called `wrong` must fail, and say
 * what stands behind its `why`: that is how the language itself is tested.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "calls/world.h"

enum { FILES_MAX = 1000, START_MS = 1000, OUTPUT_MAX = 64 * 1024 };

struct play play;

/* When something was said, how much had been sent by then, and its first line. */
static struct {
	int64_t at_ms;
	unsigned sent_before;
	struct str line;
} said[2000];
static unsigned said_count;

int64_t
play_start_ms(void)
{
	return START_MS;
}

/* ---- the story so far ---- */

static void
print_sent(unsigned i)
{
	const struct stage_sent *sent = &play.stage.sent[i];
	const struct device *d = device_at(sent->transport, &sent->to);
	struct str start = text_start(sent->bytes);

	print_message("%7lld ms  %-8s < %.*s%s\n", (long long)(sent->at_ms - START_MS),
		d != NULL ? d->name.at : "?", (int)start.len, start.at,
		sent->is_taken ? "" : "      (not expected so far)");
}

static void
print_story(void)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < said_count; i++) {
		for (; sent < said[i].sent_before; sent++)
			print_sent(sent);
		print_message("%7lld ms  %.*s\n", (long long)(said[i].at_ms - START_MS),
			(int)said[i].line.len, said[i].line.at);
	}
	for (; sent < play.stage.sent_count; sent++)
		print_sent(sent);
	if (play.stage.notes != NULL)
		print_message("the log:\n%.*s", (int)play.stage.notes_len, play.stage.notes);
}

void
play_fail(const char *format, ...)
{
	static char why[72 * 1024];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	print_message("%s:%u: `%s`: %s\n", play.script.path, play.step->line.number,
		text_keep(play.step->line.text).at, why);
	print_story();
	fail();
	abort(); /* fail() does not come back */
}

/* ---- playing ---- */

static void
tell(const struct step *step)
{
	if (said_count == sizeof said / sizeof said[0])
		play_fail("too much is said");
	said[said_count].at_ms = play.stage.now.mono_ms;
	said[said_count].sent_before = play.stage.sent_count;
	said[said_count++].line = step->line.text;
}

/* `alice.2 copies alice`: the same dialog, which from here on has another local tag. */
static void
copy_side(struct side *side, const struct step *step)
{
	const struct side *other = side_find(step_word(step, 2));
	struct str name = side->name, without_tag;

	if (other == NULL || other->device != side->device || str_is_none(other->local))
		play_fail("`SIDE copies SIDE`, both of one device, in a dialog");
	*side = *other;
	side->name = name;
	side->tag = text_say("t-%s-%u", name.at, ++play.numbers);
	without_tag = str_upto(side->local, text_find(side->local, STR(";tag=")));
	side->local = text_say("%.*s;tag=%s", (int)without_tag.len, without_tag.at, side->tag.at);
}

static void
play_side(struct side *side, const struct step *step)
{
	if (step_is(step, 1, ">")) {
		play.window_from_ms = play.stage.now.mono_ms;
		tell(step);
		party_say(side, step);
	} else if (step_is(step, 1, "<")) {
		party_hear(side, step, false);
	} else if (step_is(step, 1, "lost")) {
		party_hear(side, step, true);
	} else if (step_is(step, 1, "copies")) {
		copy_side(side, step);
	} else if (step_is(step, 1, "deaf")) {
		side->device->is_deaf = true;
	} else if (step_is(step, 1, "hears")) {
		side->device->is_deaf = false;
	} else {
		tell(step);
		if (!world_connection(side, step))
			play_fail("nothing that a side can do");
	}
}

static void
play_step(const struct step *step)
{
	struct side *side;

	play.step = step;
	if (world_time(step) || world_step(step))
		return;
	side = side_find(text_keep(step_word(step, 0)));
	if (side == NULL)
		play_fail("neither a statement nor a device that was declared");
	play_side(side, step);
}

static void
play_file(void **state)
{
	const struct script *script = &play.script;

	script_read(&play.script, *state);
	for (unsigned i = 0; i + 1 < script->step_count; i++)
		play_step(&script->steps[i]);
	play.step = &script->steps[script->step_count - 1];
	if (!step_is(play.step, 0, "end"))
		play_fail("the last statement must be `end`");
	world_end(play.step);
}

static int
close_all(void **state)
{
	(void)state;
	world_close();
	return 0;
}

/* What the process of one scenario does; its exit code is the number of failed tests. */
static int
play_alone(const char *path)
{
	const struct CMUnitTest test = { .name = path,
		.test_func = play_file,
		.teardown_func = close_all,
		.initial_state = (void *)(uintptr_t)path };

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return _cmocka_run_group_tests("scenario", &test, 1, NULL, NULL);
}

/* ---- one test each ---- */

static int
play_in_child(const char *path, char *output)
{
	size_t used = 0;
	ssize_t got;
	int ends[2], status = 0;
	pid_t child;

	fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		if (play_alone(path) == 0)
			exit(0); /* and what is still held is a leak */
		fflush(stdout);
		_exit(1);
	}
	close(ends[1]);
	while ((got = read(ends[0], output + used, OUTPUT_MAX - 1 - used)) > 0)
		used += (size_t)got;
	output[used] = '\0';
	close(ends[0]); /* one that says still more dies of it, which is a failure */
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a scenario that must fail says it fails of: the line `why ...`. */
static const char *
read_why(const char *path)
{
	static char line[512];
	FILE *file = fopen(path, "r");
	bool is_found = false;

	while (file != NULL && !is_found && fgets(line, sizeof line, file) != NULL)
		is_found = strncmp(line, "why ", 4) == 0;
	if (file != NULL)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return is_found ? line + 3 + strspn(line + 3, " ") : NULL;
}

static void
print_behind_marks(char *output)
{
	for (char *line = output; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		printf("# %.*s\n", (int)len, line);
		line += len + (line[len] != '\0');
	}
}

/* The file's name without its folder and its `.call`. */
static int
name_len(const char *name)
{
	size_t len = strlen(name), end = strlen(".call");

	return (int)(len > end && strcmp(name + len - end, ".call") == 0 ? len - end : len);
}

static bool
test_file(const char *path, unsigned number)
{
	static char output[OUTPUT_MAX];
	const char *name = strrchr(path, '/');
	bool is_wrong = strstr(path, "/wrong/") != NULL, good;
	int code = play_in_child(path, output);
	const char *why = is_wrong ? read_why(path) : NULL;

	if (is_wrong)
		good = code == 1 && why != NULL && strstr(output, why) != NULL;
	else
		good = code == 0;
	name = name != NULL ? name + 1 : path;
	printf("%s %u - %s%.*s\n", good ? "ok" : "not ok", number, is_wrong ? "wrong: " : "",
		name_len(name), name);
	if (!good && is_wrong)
		printf("# it should have failed with `%s`\n", why != NULL ? why : "why ...");
	if (!good)
		print_behind_marks(output);
	return good;
}

/* ---- which files ---- */

static char *files[FILES_MAX];
static unsigned file_count;

static void
add_file(const char *folder, const char *name)
{
	if (file_count == FILES_MAX ||
		asprintf(&files[file_count], "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name) <
			0)
		exit(2);
	file_count++;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned before = file_count;

	if (dir == NULL) {
		add_file("", folder);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 5 && strcmp(entry->d_name + len - 5, ".call") == 0)
			add_file(folder, entry->d_name);
	}
	closedir(dir);
	qsort(files + before, file_count - before, sizeof files[0], compare);
}

int
main(int argc, char **argv)
{
	bool good = true;

	for (int i = 1; i < argc; i++)
		add_folder(argv[i]);
	printf("1..%u\n", file_count);
	for (unsigned i = 0; i < file_count; i++) {
		if (!test_file(files[i], i + 1))
			good = false;
		free(files[i]);
	}
	return good && file_count > 0 ? 0 : 1;
}
