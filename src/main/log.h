/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - the log: one line for each note. */
#ifndef MAIN_LOG_H
#define MAIN_LOG_H

#include <stdio.h>

#include "core/door.h"

/* Writes one line: moment, level, text. An octet that could break the line becomes `?`.
 * Pre: TO is open; NULL: nothing is written. */
void log_line(FILE *to, int64_t wall_ms, enum note_level level, struct str text);

/* Writes the line with all counters. */
void log_counters(FILE *to, int64_t wall_ms, const struct counts *counts);

/* The wall clock in ms. */
int64_t log_now_ms(void);

#endif
