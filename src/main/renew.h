/* SPDX-License-Identifier: Apache-2.0 */
/* renew.h - certificates of a running server: a signal, a changed file or an order of the admin
 * socket puts a new set in force, whole or not at all, and what ends soon is told in time. */
#ifndef MAIN_RENEW_H
#define MAIN_RENEW_H

#include <stdio.h>

#include "main/config.h"
#include "main/host.h"

struct renew;

/* CONFIG and HOST live as long as it. Ends: it; that files are not watched is a line in LOG. */
struct renew *renew_open(const struct config *, struct host *, FILE *log);
void renew_close(struct renew *);

/* Reads all files again. CAUSE says why, for the line in the log.
 * After: the next handshake begins with what they hold; those under way and all connections go on
 * with what they have, but the next renew_turn has their peers judged again by it. If one of them
 * is not good, nothing has changed.
 * Ends: whether all are good. */
bool renew_now(struct renew *, struct str cause);

/* Takes the orders of the admin socket, as long as it lives. */
struct orders renew_orders(struct renew *);

/* Sees to files that have changed, and to certificates that end: ours are told of, and who showed
 * us one has its connection cut. NOW_MS is the clock, NOW_S the calendar, which may jump. */
void renew_turn(struct renew *, int64_t now_ms, int64_t now_s);

/* How long host_step may wait; negative: for ever. */
int64_t renew_wait_ms(const struct renew *, int64_t now_ms);

#endif
