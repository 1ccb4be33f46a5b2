/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - the statements that are about the server and what is around it: its directory, its
 * store, the names, connections, time, the log and the counters. */
#ifndef CALLS_WORLD_H
#define CALLS_WORLD_H

#include "calls/party.h"

/* Opens the stage with the settings so far, if that has not been done. */
void world_open(void);
void world_close(void);

/* Carries out a statement. Ends: true; false when it is none of these. */
bool world_step(const struct step *);

/* What a connection of a device does: `SIDE connects`, `closes`, `opens`, `fails`, `shut`,
 * `dialled`. Ends: false when the step says none of that. */
bool world_connection(struct side *, const struct step *);

/* `500ms`, `+2s` or `+2100ms..4000ms`: lets time pass. Ends: false when the word is no time. */
bool world_time(const struct step *);

/* Nothing waits that nobody has expected. */
void world_quiet(void);

/* `end [COUNTER NUMBER ...]`: all timers run out, and nothing is left. */
void world_end(const struct step *);

#endif
