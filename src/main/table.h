/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - lines of columns for people, aligned; and peers' text as a terminal may show it. */
#ifndef MAIN_TABLE_H
#define MAIN_TABLE_H

#include <stdio.h>

#include "base/str.h"

enum { TABLE_COLUMNS_MAX = 12 };

struct table;

/* A table with one line: TITLES, COUNT of them. Out of memory ends the process. */
struct table *table_open(const char *const *titles, size_t count);
void table_close(struct table *);

/* Puts the next cell, line by line. */
void table_put(struct table *, struct str cell);

/* Writes all lines. Pre: the last one is whole. */
void table_print(const struct table *, FILE *to);

/* Writes TEXT, UTF-8, with `?` for each control character: a peer's text must not drive the
 * terminal. Ends: how many places it takes there, one for each character. */
size_t table_print_text(struct str text, FILE *to);

#endif
