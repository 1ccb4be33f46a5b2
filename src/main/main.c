/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of verbs. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "main/config.h"
#include "main/exit.h"
#include "main/serve.h"

static int verb_serve(int argc, char **argv);
static int verb_check(int argc, char **argv);
static int verb_version(int argc, char **argv);
static int verb_help(int argc, char **argv);

static const struct {
	const char *name;
	const char *usage;
	const char *help;
	int (*run)(int argc, char **argv); /* the words behind the verb */
} verbs[] = {
	{ "serve", "-c FILE [--keylog FILE --insecure-debug]", "serve calls until SIGTERM", verb_serve },
	{ "check", "-c FILE", "find all that is wrong with a configuration", verb_check },
	{ "version", "", "print the version", verb_version },
	{ "help", "", "print this", verb_help },
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void
print_usage(FILE *to)
{
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  sipward %s %s\n      %s\n", verbs[i].name, verbs[i].usage, verbs[i].help);
}

static int
usage(const char *what, const char *word)
{
	fprintf(stderr, "sipward: %s%s\n", what, word);
	print_usage(stderr);
	return EXIT_USAGE;
}

static int
verb_serve(int argc, char **argv)
{
	struct serve_options options = { .config = NULL };
	bool is_debug = false;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			options.config = argv[++i];
		else if (strcmp(argv[i], "--keylog") == 0 && i + 1 < argc)
			options.keylog = argv[++i];
		else if (strcmp(argv[i], "--insecure-debug") == 0)
			is_debug = true;
		else
			return usage("serve does not know ", argv[i]);
	}
	if (options.config == NULL)
		return usage("serve needs a configuration: ", "-c FILE");
	if (options.keylog != NULL && !is_debug)
		return usage("--keylog gives all calls away; it goes with ", "--insecure-debug only");
	return serve(&options);
}

static int
verb_check(int argc, char **argv)
{
	struct config config;

	if (argc != 2 || strcmp(argv[0], "-c") != 0)
		return usage("check needs a configuration: ", "-c FILE");
	if (!config_open(&config, argv[1], stderr))
		return EXIT_CONFIG;
	printf("%s: ok\n", argv[1]);
	config_close(&config);
	return EXIT_FINE;
}

static int
verb_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("sipward %s\n", SIPWARD_VERSION);
	return EXIT_FINE;
}

static int
verb_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_usage(stdout);
	return EXIT_FINE;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return usage("which verb?", "");
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 2, argv + 2);
	return usage("there is no verb ", argv[1]);
}
