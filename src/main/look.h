/* SPDX-License-Identifier: Apache-2.0 */
/* look.h - the verbs that ask a running server, or order it something. Each returns a code of
 * exit.h. */
#ifndef MAIN_LOOK_H
#define MAIN_LOOK_H

#include <stdbool.h>

struct look_options {
	const char *socket;      /* NULL: as in the configuration, or the usual one */
	const char *config_path; /* NULL: none */
	bool is_json;
};

/* What is going on, in a few lines. */
int look_status(const struct look_options *);

/* A list: NOUN is `calls`, `registrations` or `crossings`; NUMBER: only those of it, or NULL. */
int look_list(const struct look_options *, const char *noun, const char *number);

/* One call and how each of its legs is secured. */
int look_call(const struct look_options *, const char *id);

/* Why a call was as it was; ID: its identifier, or how that begins or ends. */
int look_why(const struct look_options *, const char *id);

/* What a call from one number to another would be. */
int look_route(const struct look_options *, const char *from, const char *to);

/* Has the server read its certificates again, and says which files were new. */
int look_reload(const struct look_options *);

/* The nouns of look_list, for the usage: `calls|registrations|crossings`. */
const char *look_nouns(void);

#endif
