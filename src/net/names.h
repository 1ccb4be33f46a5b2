/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - host names to addresses, the hosts file first, then A and AAAA through c-ares; and the
 * SRV and NAPTR records of services. */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <uv.h>

#include "net/queue.h"

struct names;

/* RESOLVER is host:port of the one server to ask, the host an IP literal; empty: the system's.
 * Ends: the names, or NULL with one sentence in WHY. */
struct names *names_open(
	uv_loop_t *loop, struct queue *queue, struct str resolver, struct buf *why);

/* Forgets all questions. The loop must run before names_free. */
void names_close(struct names *);
void names_free(struct names *);

/* Asks what NAME has of KIND. Answered once by EV_NAMES with ASK: the addresses of both families
 * merged, IPv4 first; services by their order. A name of the hosts file has no services. */
void names_ask(struct names *, struct ref ask, enum names_kind, struct str name);

/* Lets questions that got no answer go on to the next try.
 * Ends: in how many ms to come back at the latest; -1: nothing waits. */
int64_t names_turn(struct names *);

#endif
