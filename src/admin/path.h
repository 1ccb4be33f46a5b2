/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - which question a path stands for, as one table. */
#ifndef ADMIN_PATH_H
#define ADMIN_PATH_H

#include "base/ask.h"

enum { PATH_WORDS = 2 };

struct path {
	struct str text;   /* all of it, or what stands before a name      */
	struct str behind; /* what stands behind the name                  */
	bool has_name;     /* the name goes into ask.name                  */
	bool is_list;      /* takes `cursor`                               */
	bool is_order;     /* POST alone; else it is only looked at        */
	enum ask_what what;
	struct str schema; /* of the answer                                */
	/* Further words behind `?`, for ask.name and ask.other; empty: none. */
	struct str words[PATH_WORDS];
};

/* What TEXT (escapes decoded) stands for, with *NAME what it names, or NULL. */
const struct path *path_find(struct str text, struct str *name);

/* Takes in the word KEY=VALUE behind the `?`.
 * Ends: NULL, or a sentence that says what is wrong with it. */
const char *path_word(const struct path *, struct ask *ask, struct str key, struct str value);

#endif
