/* SPDX-License-Identifier: Apache-2.0 */
/* look_show.h - what a running server answered, for people. */
#ifndef MAIN_LOOK_SHOW_H
#define MAIN_LOOK_SHOW_H

#include <jansson.h>

#include "main/table.h"

/* How a list is shown: its titles, and the cells of one item. */
struct show_list {
	const char *titles[TABLE_COLUMNS_MAX];
	size_t columns;
	void (*put)(struct table *, const json_t *item);
};

extern const struct show_list show_calls, show_registrations;

void show_status(const json_t *answer);
void show_call(const json_t *answer);

/* What `route-test` and `why` say, and the two lists of `show crossings`. */
void show_route(const json_t *route);
void show_why(const json_t *why);
extern const struct show_list show_pairs, show_tallies;

#endif
