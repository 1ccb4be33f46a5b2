/* SPDX-License-Identifier: Apache-2.0 */
/* callee.h - a plain phone over UDP that rings and answers at once, without any memory. */
#ifndef BENCH_CALLEE_H
#define BENCH_CALLEE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct callee {
	int fd;
	struct sockaddr_in local;
	uint64_t invites, acks, byes, others; /* that came, repeats too */
};

/* Opens the socket on 127.0.0.1:PORT.
 * Ends: true; false with errno. */
bool callee_open(struct callee *, uint16_t port);
void callee_close(struct callee *);

/* Answers all that waits: 180 and 200 to INVITE, 200 to anything else but ACK. */
void callee_hear(struct callee *);

#endif
