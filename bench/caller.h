/* SPDX-License-Identifier: Apache-2.0 */
/* caller.h - many sips calls over one TLS connection, each from INVITE to BYE. */
#ifndef BENCH_CALLER_H
#define BENCH_CALLER_H

#include <stdbool.h>
#include <stdint.h>

struct caller;

struct caller_options {
	uint16_t port;   /* of the server, on 127.0.0.1 */
	int64_t hold_ns; /* from the ACK to the BYE     */
	uint32_t calls_max;
};

struct caller_totals {
	uint32_t started;
	uint32_t answered; /* 200 to INVITE                    */
	uint32_t ended;    /* 200 to BYE                       */
	uint32_t refused;  /* another final answer to either   */
	uint32_t repeats;  /* answers that came once too often */
};

/* Connects and shakes hands; the server's certificate is not looked at.
 * Ends: the caller; NULL with a line on stderr. */
struct caller *caller_open(const struct caller_options *);
void caller_close(struct caller *);
int caller_fd(const struct caller *);

/* Sends one INVITE. Pre: fewer than calls_max were sent.
 * Ends: false when the connection is over, with a line on stderr; so in all below. */
bool caller_call(struct caller *);

/* Reads what came: each 200 gets its ACK. */
bool caller_hear(struct caller *);

/* Sends each BYE that is due. */
bool caller_hang_up(struct caller *, int64_t now_ns);

/* When the next BYE is due; INT64_MAX: none waits. */
int64_t caller_due_ns(const struct caller *);

/* Calls that have neither ended nor been refused. */
uint32_t caller_open_calls(const struct caller *);

/* What happened to the calls from number FIRST on. */
struct caller_totals caller_total(const struct caller *, uint32_t first);
uint32_t caller_count(const struct caller *);

/* How long PERCENT of the answered calls from number FIRST on waited for their 200, at most. */
int64_t caller_percentile_ns(const struct caller *, uint32_t first, uint32_t percent);

#endif
