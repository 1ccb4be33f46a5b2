/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/str.h"
#include "main/demo.h"
#include "main/serve.h"

/* What stood behind the verb. */
struct words {
	const char *config;
	const char *keylog;
	bool is_debug;
};

static const char usage[] =
	"usage: sipward VERB [OPTIONS]\n"
	"\n"
	"  serve -c FILE   serve what FILE configures, until SIGTERM\n"
	"                  --keylog PATH --insecure-debug   write TLS keys to PATH, for a capture\n"
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

static int
serve_verb(const struct words *words)
{
	if (words->config == NULL)
		return bad_usage("serve needs -c FILE", "");
	if (words->keylog != NULL && !words->is_debug)
		return bad_usage(
			"--keylog lets others read all calls; with --insecure-debug only", "");
	return serve(words->config, words->keylog);
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
	bool has_keylog;
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
		else if (verbs[verb].has_keylog && has_more && str_same(word, STR("--keylog")))
			words.keylog = values[++i];
		else if (verbs[verb].has_keylog && str_same(word, STR("--insecure-debug")))
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
