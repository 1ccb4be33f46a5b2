/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - the real host of the core: it feeds what happens and carries out what is answered.
 *
 * One thread, one loop. A host can stand alone (serve) or be stepped beside other things (demo).
 */
#ifndef MAIN_HOST_H
#define MAIN_HOST_H

#include "main/config.h"

struct host;

struct host_options {
	const struct config *config; /* outlives the host */
	struct str keylog;           /* path for TLS keys, or empty */
	int watch_fd;                /* wakes host_step when it is readable; -1: none */
};

/* Opens all listeners and the core. WHY gets one clear sentence when that fails.
 * Ends: the host, ready to serve, or NULL. */
struct host *host_open(const struct host_options *, struct buf *why);
void host_close(struct host *);

/* Waits for something to happen, at most WAIT_MS (negative: until something does), and handles all
 * that did. */
void host_step(struct host *, int64_t wait_ms);

/* New work is refused from now on, and every call is hung up. */
void host_drain(struct host *);

/* Whether no call and no leg is left. */
bool host_is_idle(const struct host *);

void host_count(const struct host *, struct counts *);

#endif
