/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "base/str.h"
#include "main/exit.h"

static const char usage[] =
	"usage: sipward-replay FILE [--verbose]\n"
	"\n"
	"  replays what `sipward serve --record FILE` wrote, and compares\n"
	"  --verbose   tell every event and what the core made of it\n"
	"\n"
	"exit codes: 0 the same, 1 not the same or cut off or unreadable, 2 usage\n";

int
main(int argc, char **argv)
{
	const char *path = NULL;
	bool is_verbose = false;

	for (int i = 1; i < argc; i++) {
		struct str word = str_cstr(argv[i]);

		if (str_same(word, STR("--help"))) {
			fputs(usage, stdout);
			return EXIT_FINE;
		}
		if (str_same(word, STR("--verbose"))) {
			is_verbose = true;
		} else if (path == NULL && !str_begins(word, STR("-"))) {
			path = argv[i];
		} else {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (path == NULL) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return replay_file(path, is_verbose, stdout) ? EXIT_FINE : EXIT_FAILED;
}
