/* SPDX-License-Identifier: Apache-2.0 */
/* script.h - a scenario as it is written: statements at the left margin, and under each the
 * indented lines that belong to it. doc/scenarios.md has the grammar. */
#ifndef CALLS_SCRIPT_H
#define CALLS_SCRIPT_H

#include "base/str.h"

enum { SCRIPT_STEPS_MAX = 600, SCRIPT_LINES_MAX = 3000, STEP_WORDS_MAX = 24 };

struct script_line {
	struct str text; /* without what is around it */
	unsigned number;
};

struct step {
	struct script_line line;
	struct str words[STEP_WORDS_MAX];
	unsigned word_count;
	const struct script_line *below; /* the indented lines */
	unsigned below_count;
};

struct script {
	const char *path;
	struct step steps[SCRIPT_STEPS_MAX];
	unsigned step_count;
	struct script_line lines[SCRIPT_LINES_MAX];
	unsigned line_count;
};

/* Reads the file; what cannot be read ends the test. */
void script_read(struct script *, const char *path);

/* Word N of a step, or an empty one. */
struct str step_word(const struct step *, unsigned n);
bool step_is(const struct step *, unsigned n, const char *word);

/* All of the step behind its first N words. */
struct str step_rest(const struct step *, unsigned n);

/* The value of a word `NAME=value` behind word FROM, or STR_NONE; whether the word stands there. */
struct str step_option(const struct step *, unsigned from, const char *name);
bool step_has(const struct step *, unsigned from, const char *word);

#endif
