/* SPDX-License-Identifier: Apache-2.0 */
/* nets.h - two nets of one process that talk over loopback, and what each has heard. */
#ifndef SUPPORT_NETS_H
#define SUPPORT_NETS_H

#include "net/net.h"

enum { HEARD_MAX = 128, HEARD_BYTES = 4 * 1024 * 1024 };

/* One event with copies of its strings. */
struct heard {
	struct event event;
	char reason[1536];
	char version[32], cipher[64], name[256]; /* of a service: what it is, and its name */
	size_t fingerprint_len;
};

struct side {
	struct net *net;
	struct heard heard[HEARD_MAX]; /* all but EV_BYTES */
	unsigned count;
	char *bytes; /* all octets, in their order */
	size_t bytes_len;
	struct flow_id bytes_flow; /* of the last ones */
	struct addr bytes_from;
	unsigned pieces; /* how many EV_BYTES */
	char note[1536]; /* the last line for the log */
	unsigned notes;
	bool is_deaf; /* takes no events: its queue fills */
};

/* Opens a side with OPTIONS; failing ends the test. */
void side_open(struct side *, const struct net_options *);
void side_close(struct side *);

/* One listener of TRANSPORT on 127.0.0.1, any port. */
struct net_listen loopback(enum transport);

/* Where listener INDEX of the side is bound. */
struct addr side_addr(const struct side *, uint32_t index);

/* Turns both nets (B may be NULL) for at most WAIT_MS. */
void sides_turn(struct side *a, struct side *b, int64_t wait_ms);

/* Turns both until A has heard an event of KIND (the COUNT-th), or fails after 5 s. */
struct heard *await(struct side *a, struct side *b, enum event_kind kind, unsigned count);

/* Turns both until A has heard LEN octets. */
void await_bytes(struct side *a, struct side *b, size_t len);

/* Turns both for SPAN_MS, whatever happens. */
void pass_ms(struct side *a, struct side *b, int64_t span_ms);

/* Turns both until A has put a line in the log. */
void await_note(struct side *a, struct side *b);

/* How many events of KIND a side has heard. */
unsigned heard_count(const struct side *, enum event_kind kind);

/* Carries one action and flushes. */
void carry_dial(struct side *, uint64_t number, enum transport, struct addr to, struct str name);
void carry_send(struct side *, struct flow_id flow, struct addr to, struct str bytes);
void carry_shut(struct side *, struct flow_id flow);

/* The flow that the core would know as dialled number NUMBER. */
struct flow_id dialled(uint64_t number);

/* A plain socket of the test itself, connected to ADDR over TCP. */
int plain_connect(struct addr addr);

bool text_has(const char *text, const char *part);

int64_t test_now_ms(void);

#endif
