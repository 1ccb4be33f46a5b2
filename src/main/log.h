/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one line for each event, on stderr. */
#ifndef MAIN_LOG_H
#define MAIN_LOG_H

#include "core/door.h"

/* Writes one line: the time (UTC), the level, the text. Octets below 0x20 in TEXT become `?`, so
 * that one call is one line. */
void log_line(enum note_level level, struct str text);

/* The line `counters calls=0 legs=0 ...` with what COUNTS says. */
void log_counters(const struct counts *);

#endif
