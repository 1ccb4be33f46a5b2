/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "base/str.h"
#include "main/demo.h"
#include "main/serve.h"

/* What stood behind the verb. */
struct words {
	const char *config;
	const char *keylog;
	bool is_debug;
	const char *record;
	const char *record_max;
};

static const char usage[] =
	"usage: sipward VERB [OPTIONS]\n"
	"\n"
	"  serve -c FILE   serve what FILE configures, until SIGTERM\n"
	"                  --keylog PATH --insecure-debug   write TLS keys to PATH, for a capture\n"
	"                  --record FILE   write what happens to a new FILE, for a replay\n"
	"                  --record-max SIZE   until it is that large; 256M unless said\n"
	"  check -c FILE   say what is wrong with FILE\n"
	"  demo            let two phones call each other on loopback, and show it\n"
	"  version         say which version this is\n"
	"  help            say this\n"
	"\n"
	"exit codes: 0 good, 1 failed, 2 usage, 6 bad configuration or certificate\n";

static int
bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "sipward: error: %s%s%s\n\n%s", what, word[0] != '\0' ? ": " : "", word,
		usage);
	return EXIT_USAGE;
}

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
	struct serve_options options = { .config_path = words->config,
		.keylog = words->keylog,
		.record = words->record,
		.record_max_bytes = RECORDING_BYTES_MAX };

	if (words->config == NULL)
		return bad_usage("serve needs -c FILE", "");
	if (words->keylog != NULL && !words->is_debug)
		return bad_usage(
			"--keylog lets others read all calls; with --insecure-debug only", "");
	if (words->record_max != NULL && words->record == NULL)
		return bad_usage("--record-max is for --record", "");
	if (words->record_max != NULL &&
		!read_size(str_cstr(words->record_max), &options.record_max_bytes))
		return bad_usage(
			"--record-max is a number of octets from 64K to 1T, as 64K, 20M, 1G",
			words->record_max);
	return serve(&options);
}

static int
check_verb(const struct words *words)
{
	if (words->config == NULL)
		return bad_usage("check needs -c FILE", "");
	return check(words->config);
}

static int
demo_verb(const struct words *words)
{
	(void)words;
	return demo();
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
	fputs(usage, stdout);
	return EXIT_FINE;
}

static const struct {
	struct str name;
	int (*run)(const struct words *);
	bool has_config;
	bool is_server;
} verbs[] = {
	{ STR("serve"), serve_verb, true, true },
	{ STR("check"), check_verb, true, false },
	{ STR("demo"), demo_verb, false, false },
	{ STR("version"), version_verb, false, false },
	{ STR("--version"), version_verb, false, false },
	{ STR("help"), help_verb, false, false },
	{ STR("--help"), help_verb, false, false },
	{ STR("-h"), help_verb, false, false },
};

static int
run_verb(size_t verb, int count, char **values)
{
	struct words words = { 0 };

	for (int i = 0; i < count; i++) {
		struct str word = str_cstr(values[i]);
		bool has_more = i + 1 < count;

		if (verbs[verb].has_config && has_more &&
			(str_same(word, STR("-c")) || str_same(word, STR("--config"))))
			words.config = values[++i];
		else if (verbs[verb].is_server && has_more && str_same(word, STR("--keylog")))
			words.keylog = values[++i];
		else if (verbs[verb].is_server && has_more && str_same(word, STR("--record")))
			words.record = values[++i];
		else if (verbs[verb].is_server && has_more && str_same(word, STR("--record-max")))
			words.record_max = values[++i];
		else if (verbs[verb].is_server && str_same(word, STR("--insecure-debug")))
			words.is_debug = true;
		else
			return bad_usage("this does not belong here", values[i]);
	}
	return verbs[verb].run(&words);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return bad_usage("a verb is missing", "");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (str_same(verbs[i].name, str_cstr(argv[1])))
			return run_verb(i, argc - 2, argv + 2);
	return bad_usage("there is no such verb", argv[1]);
}
