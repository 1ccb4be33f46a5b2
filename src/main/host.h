/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - the real host of the core: the loop between the network, the store, the clock and it. */
#ifndef MAIN_HOST_H
#define MAIN_HOST_H

#include <stdio.h>

#include "core/door.h"
#include "main/asks.h"
#include "main/config.h"

struct host;
struct recorder; /* main/record.h */

struct host_options {
	const struct config *config; /* stays the caller's and lives as long as the host */
	struct str keylog;           /* path, or empty */
	FILE *log;                   /* where lines go; NULL: nowhere */
	uint32_t calls_max;          /* 0: as in limits.h */
	struct recorder *recorder;   /* NULL: none; stays the caller's */
};

/* Opens the listeners, the store and the core.
 * Ends: the host, ready to serve; NULL with one sentence in WHY. */
struct host *host_open(const struct host_options *, struct buf *why);

/* Ends all at once: connections are cut, calls forgotten. For a gentle end see host_drain. */
void host_close(struct host *);

/* One turn: waits for something to happen, at most WAIT_MS (0: only looks; negative: as long as
 * nothing is due), and sees to all of it. */
void host_step(struct host *, int64_t wait_ms);

/* Begins to end: no new calls, those that there are get their BYE, then all connections are shut.
 * host_step goes on with it until host_is_over. Once more changes nothing. */
void host_drain(struct host *);

/* Is over at once, without waiting for anybody. */
void host_stop(struct host *);
bool host_is_over(const struct host *);

/* No call, leg or transaction is left. */
bool host_is_idle(const struct host *);

/* The listeners that are open. */
const struct listener *host_listeners(const struct host *, uint32_t *count);

/* How many connections there may be: net_connections_max of its net. */
uint32_t host_connections_max(const struct host *);

/* Wakes host_step when FD is readable. Ends: false when it cannot be watched. */
bool host_watch_fd(struct host *, int fd);

/* From now on what is ordered over the admin socket goes there; before, an order finds nobody. */
void host_take_orders(struct host *, struct orders);

/* Certificates: net_renew, net_review and net_chain of its net. */
bool host_renew(struct host *, struct buf *why);
void host_review(struct host *, int64_t now_s);
uint32_t host_chain(const struct host *, uint32_t place, struct link *links, uint32_t max);

void host_count(const struct host *, struct counts *counts);

/* Puts the line with the counters into the log. */
void host_log_counters(const struct host *);

#endif
