/* SPDX-License-Identifier: Apache-2.0 */
/* look_show.h - what a running server answered, for people. */
#ifndef MAIN_LOOK_SHOW_H
#define MAIN_LOOK_SHOW_H

#include <jansson.h>

#include "main/table.h"

/* What stands in OBJECT beside KEY: a text, `-` when there is none; a number, 0 when there is none
 * or it is below 0. The text lives as long as the object. */
struct str answer_text(const json_t *object, const char *key);
uint64_t answer_number(const json_t *object, const char *key);

/* Puts such a text into the next cell. */
void answer_put(struct table *, const json_t *object, const char *key);

/* Prints BEFORE as it stands, then TEXT with no octet in it that could spoil a terminal. */
void answer_print(const char *before, struct str text);

/* One sentence on what is crossed in a call. It speaks of schemes alone: a leg that is sip may well
 * go over TLS, which stands with the leg. */
const char *answer_crossing(const json_t *call);

/* How a list is shown: its titles, and the cells of one item. */
struct show_list {
	const char *titles[TABLE_COLUMNS_MAX];
	size_t columns;
	void (*put)(struct table *, const json_t *item);
};

extern const struct show_list show_calls, show_registrations;

void show_status(const json_t *answer);
void show_call(const json_t *answer);
void show_reload(const json_t *answer);

/* What `route-test` and `why` say, and the two lists of `show crossings`. */
void show_route(const json_t *route);
void show_why(const json_t *why);
extern const struct show_list show_pairs, show_tallies;

#endif
