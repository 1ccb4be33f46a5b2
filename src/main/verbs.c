/* SPDX-License-Identifier: Apache-2.0 */
#include "main/verbs.h"

#include <stdio.h>

#include "base/limits.h"
#include "directory/options.h"
#include "main/demo.h"
#include "main/look.h"
#include "main/serve.h"

/* ---- what may stand behind a verb ------------------------------------------------------------ */

enum flag {
	FLAG_CONFIG,
	FLAG_SOCKET,
	FLAG_JSON,
	FLAG_KEYLOG,
	FLAG_DEBUG,
	FLAG_RECORD,
	FLAG_RECORD_MAX,
	FLAG_FROM,
	FLAG_TO,
	FLAGS,
};

static const struct {
	const char *name, *also; /* another spelling, or NULL */
	const char *value;       /* what stands behind it, or NULL: nothing */
	const char *help;
} flags[FLAGS] = {
	[FLAG_CONFIG] = { "-c", "--config", "FILE", "the configuration" },
	[FLAG_SOCKET] = { "--socket", NULL, "PATH",
		"the admin socket; else that of -c FILE, else /run/sipward/admin.sock" },
	[FLAG_JSON] = { "--json", NULL, NULL, "the answer for a program" },
	[FLAG_KEYLOG] = { "--keylog", NULL, "PATH",
		"write TLS keys to PATH, for a capture; with --insecure-debug only" },
	[FLAG_DEBUG] = { "--insecure-debug", NULL, NULL, "somebody may read the calls" },
	[FLAG_RECORD] = { "--record", NULL, "FILE",
		"write what happens to a new FILE, for a replay" },
	[FLAG_RECORD_MAX] = { "--record-max", NULL, "SIZE",
		"until it is that large; 256M unless said" },
	[FLAG_FROM] = { "--from", NULL, "NUMBER", "who would call" },
	[FLAG_TO] = { "--to", NULL, "NUMBER", "who would be called" },
};

enum { OPERANDS_MAX = 2 };

/* What stood behind the verb. */
struct words {
	const char *flags[FLAGS]; /* its value, or its own name; NULL: it was not there */
	const char *operands[OPERANDS_MAX];
	int count;
};

/* A bit for each flag that a verb takes. */
#define TAKES(flag) (1u << (flag))
#define TAKES_LOOK (TAKES(FLAG_CONFIG) | TAKES(FLAG_SOCKET) | TAKES(FLAG_JSON))

struct verb {
	struct str name;
	int (*run)(const struct words *);
	unsigned takes;
	int operands_min, operands_max;
	const char *shape; /* behind the name, in the help; NULL: not shown there */
	const char *help;
};

static const struct verb *verbs_all(size_t *count);

/* ---- the help -------------------------------------------------------------------------------- */

static void
print_usage(FILE *to)
{
	size_t count;
	const struct verb *verbs = verbs_all(&count);

	fputs("usage: sipward VERB [OPTIONS]\n\n", to);
	for (size_t i = 0; i < count; i++) {
		if (verbs[i].shape == NULL)
			continue;
		fprintf(to, "  %s %-*s %s\n", verbs[i].name.at, 32 - (int)verbs[i].name.len,
			verbs[i].shape, verbs[i].help);
	}
	fputs("\noptions:\n", to);
	for (size_t i = 0; i < FLAGS; i++) {
		int width =
			fprintf(to, "  %s%s%s", flags[i].name, flags[i].value != NULL ? " " : "",
				flags[i].value != NULL ? flags[i].value : "");

		fprintf(to, "%*s %s\n", width < 35 ? 35 - width : 0, "", flags[i].help);
	}
	fputs("\nexit codes: 0 good, 1 failed, 2 usage, 3 not found, 4 no server answers,\n"
	      "5 not permitted, 6 bad configuration or certificate, 7 timed out\n",
		to);
}

static int
bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "sipward: error: %s%s%s\n\n", what, word[0] != '\0' ? ": " : "", word);
	print_usage(stderr);
	return EXIT_USAGE;
}

/* ---- the verbs ------------------------------------------------------------------------------- */

/* A number, perhaps with K, M, G or T behind it. */
static bool
read_size(struct str text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	uint64_t unit = 1;

	for (size_t i = 0; i < sizeof units - 1 && text.len > 0; i++)
		if (text.at[text.len - 1] == units[i])
			unit = (uint64_t)1 << (10 * (i + 1));
	if (unit > 1)
		text.len--;
	if (!str_number(text, RECORDING_BYTES_TOP / unit, bytes))
		return false;
	*bytes *= unit;
	return *bytes >= RECORDING_BYTES_MIN;
}

static int
serve_verb(const struct words *words)
{
	const char *record_max = words->flags[FLAG_RECORD_MAX];
	struct serve_options options = { .config_path = words->flags[FLAG_CONFIG],
		.keylog = words->flags[FLAG_KEYLOG],
		.record = words->flags[FLAG_RECORD],
		.record_max_bytes = RECORDING_BYTES_MAX };

	if (options.config_path == NULL)
		return bad_usage("serve needs -c FILE", "");
	if (options.keylog != NULL && words->flags[FLAG_DEBUG] == NULL)
		return bad_usage(
			"--keylog lets others read all calls; with --insecure-debug only", "");
	if (record_max != NULL && options.record == NULL)
		return bad_usage("--record-max is for --record", "");
	if (record_max != NULL && !read_size(str_cstr(record_max), &options.record_max_bytes))
		return bad_usage(
			"--record-max is a number of octets from 64K to 1T, as 64K, 20M, 1G",
			record_max);
	return serve(&options);
}

static int
check_verb(const struct words *words)
{
	if (words->flags[FLAG_CONFIG] == NULL)
		return bad_usage("check needs -c FILE", "");
	return check(words->flags[FLAG_CONFIG]);
}

static int
cert_verb(const struct words *words)
{
	struct str what = str_cstr(words->operands[0]);

	if (words->flags[FLAG_CONFIG] == NULL)
		return bad_usage("cert needs -c FILE", "");
	if (str_same(what, STR("check")) && words->count == 1)
		return cert_check_verb(words->flags[FLAG_CONFIG]);
	if (str_same(what, STR("test")) && words->count == 2)
		return cert_test_verb(words->flags[FLAG_CONFIG], words->operands[1]);
	return bad_usage("it is `cert check` or `cert test DN`", "");
}

static int
demo_verb(const struct words *words)
{
	(void)words;
	return demo();
}

static struct look_options
look_options_of(const struct words *words)
{
	return (struct look_options){ .socket = words->flags[FLAG_SOCKET],
		.config_path = words->flags[FLAG_CONFIG],
		.is_json = words->flags[FLAG_JSON] != NULL };
}

static int
status_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	return look_status(&options);
}

static int
show_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	return look_list(&options, words->operands[0], words->operands[1]);
}

static int
call_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	return look_call(&options, words->operands[0]);
}

static int
why_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	return look_why(&options, words->operands[0]);
}

static int
route_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	if (words->flags[FLAG_FROM] == NULL || words->flags[FLAG_TO] == NULL)
		return bad_usage("route-test needs --from NUMBER and --to NUMBER", "");
	return look_route(&options, words->flags[FLAG_FROM], words->flags[FLAG_TO]);
}

static int
reload_verb(const struct words *words)
{
	const struct look_options options = look_options_of(words);

	return look_reload(&options);
}

static int
version_verb(const struct words *words)
{
	(void)words;
	puts("sipward " SIPWARD_VERSION);
	return EXIT_FINE;
}

static int
help_verb(const struct words *words)
{
	(void)words;
	print_usage(stdout);
	return EXIT_FINE;
}

static const struct verb verbs[] = {
	{ STR("serve"), serve_verb,
		TAKES(FLAG_CONFIG) | TAKES(FLAG_KEYLOG) | TAKES(FLAG_DEBUG) | TAKES(FLAG_RECORD) |
			TAKES(FLAG_RECORD_MAX),
		0, 0, "-c FILE", "serve what FILE configures, until SIGTERM" },
	{ STR("check"), check_verb, TAKES(FLAG_CONFIG), 0, 0, "-c FILE",
		"say what is wrong with FILE" },
	{ STR("cert"), cert_verb, TAKES(FLAG_CONFIG), 1, 2, "check|test [DN] -c FILE",
		"judge our certificates; try a handshake with DN" },
	{ STR("status"), status_verb, TAKES_LOOK, 0, 0, "", "how a running server is doing" },
	{ STR("show"), show_verb, TAKES_LOOK, 1, 2, "calls|registrations|crossings [NUMBER]",
		"what there is, or what there is of NUMBER" },
	{ STR("call"), call_verb, TAKES_LOOK, 1, 1, "ID",
		"one call, and how each of its legs is secured" },
	{ STR("why"), why_verb, TAKES_LOOK, 1, 1, "ID",
		"why each leg of a call was what it was, and how it ended" },
	{ STR("route-test"), route_verb, TAKES_LOOK | TAKES(FLAG_FROM) | TAKES(FLAG_TO), 0, 0,
		"--from NUMBER --to NUMBER", "what a call would be: every rule, and each leg" },
	{ STR("reload"), reload_verb, TAKES_LOOK, 0, 0, "",
		"have a running server read its certificates again" },
	{ STR("demo"), demo_verb, 0, 0, 0, "",
		"let two phones call each other on loopback, and show it" },
	{ STR("version"), version_verb, 0, 0, 0, "", "say which version this is" },
	{ STR("--version"), version_verb, 0, 0, 0, NULL, NULL },
	{ STR("help"), help_verb, 0, 0, 0, "", "say this" },
	{ STR("--help"), help_verb, 0, 0, 0, NULL, NULL },
	{ STR("-h"), help_verb, 0, 0, 0, NULL, NULL },
};

static const struct verb *
verbs_all(size_t *count)
{
	*count = sizeof verbs / sizeof verbs[0];
	return verbs;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The flag that WORD is, of those that VERB takes; FLAGS: none. */
static unsigned
flag_find(const struct verb *verb, struct str word)
{
	unsigned flag = 0;

	while (flag < FLAGS &&
		!((verb->takes & TAKES(flag)) != 0 &&
			(str_same(word, str_cstr(flags[flag].name)) ||
				(flags[flag].also != NULL &&
					str_same(word, str_cstr(flags[flag].also))))))
		flag++;
	return flag;
}

/* What is printed is what was asked for: where that got lost, nothing is good. */
static int
finish(int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	fputs("sipward: error: what was to be printed could not be written\n", stderr);
	return code == EXIT_FINE ? EXIT_FAILED : code;
}

static int
run_verb(const struct verb *verb, int count, char **values)
{
	struct words words = { .count = 0 };

	for (int i = 0; i < count; i++) {
		unsigned flag = flag_find(verb, str_cstr(values[i]));

		if (flag == FLAGS) {
			if (values[i][0] == '-' || words.count == verb->operands_max)
				return bad_usage("this does not belong here", values[i]);
			words.operands[words.count++] = values[i];
		} else if (flags[flag].value == NULL) {
			words.flags[flag] = values[i];
		} else if (i + 1 < count) {
			words.flags[flag] = values[++i];
		} else {
			return bad_usage("something is missing behind this", values[i]);
		}
	}
	if (words.count < verb->operands_min)
		return bad_usage("something is missing behind the verb", verb->shape);
	return finish(verb->run(&words));
}

static int
no_such_verb(const char *word)
{
	struct str names[sizeof verbs / sizeof verbs[0]], guess;

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		names[i] = verbs[i].name;
	guess = option_guess(str_cstr(word), names, sizeof names / sizeof names[0]);
	if (!str_is_none(guess))
		fprintf(stderr, "did you mean \"%.*s\"? ", (int)guess.len, guess.at);
	return bad_usage("there is no such verb", word);
}

int
verbs_run(int count, char **words)
{
	if (count < 2)
		return bad_usage("a verb is missing", "");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (str_same(verbs[i].name, str_cstr(words[1])))
			return run_verb(&verbs[i], count - 2, words + 2);
	return no_such_verb(words[1]);
}
