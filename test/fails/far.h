/* SPDX-License-Identifier: Apache-2.0 */
/* far.h - whom the server knows beside its phones: two trunks, a DNS server, somebody who asks. */
#ifndef FAILS_FAR_H
#define FAILS_FAR_H

#include "net/net.h"
#include "papers.h"

enum { FAR_TCP, FAR_TLS, FAR_TRUNKS };

enum { FAR_FLOWS_MAX = 16, FAR_HALF_BYTES = 8192, FAR_ANSWER_BYTES = 4096 };

struct far_flow {
	struct flow_id flow;
	int trunk;
	size_t half; /* octets of a request that is not whole */
	char bytes[FAR_HALF_BYTES];
};

struct far {
	struct net *net; /* the trunks listen here */
	struct addr trunks[FAR_TRUNKS];
	struct far_flow flows[FAR_FLOWS_MAX];
	bool has_registered[FAR_TRUNKS];
	int dns;
	struct addr dns_addr;
	struct addr name_addr; /* of every name */
	int asker;             /* -1: nobody asks */
	bool has_asked, was_told;
	char answer[FAR_ANSWER_BYTES];
	size_t answer_len;
};

/* Ends: false with a line on stderr. */
bool far_open(struct far *, const struct run *);
void far_close(struct far *);

/* Sees to what has come, and waits for nothing. */
void far_turn(struct far *);

/* Asks the server how it is, at its admin socket; far_turn goes on with it. After: has_asked once
 * there is an answer or none comes any more, was_told if it was a good one. */
void far_ask(struct far *, const char *socket_path);

#endif
