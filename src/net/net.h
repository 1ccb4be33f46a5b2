/* SPDX-License-Identifier: Apache-2.0 */
/* net.h - the shell's side towards the network: sockets, TLS and names, behind one header.
 *
 * libuv is not seen outside. The host waits with net_wait(), takes what happened with net_next() as
 * events for the core, and hands back actions with net_carry(); what was carried leaves with
 * net_flush(), in batches. Nothing is called back.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "core/door.h"
#include "net/identity.h"

struct link;
struct net;

/* One listener as configured, before it is bound. */
struct net_listen {
	enum transport transport;
	struct addr addr; /* may be a wildcard; UDP then gets one socket for each local address */
	struct str advertise;
	struct service service; /* TLS */
};

struct net_options {
	const struct net_listen *listens;
	uint32_t listen_count;
	const struct identity *identities;         /* ours over TLS; the first is the default */
	uint32_t identity_count;                   /* 0: no TLS */
	struct str keylog;                         /* path; empty: none */
	struct str resolver;                       /* host:port; empty: the system's */
	uint32_t connections_max;                  /* 0: as in limits.h, or fewer descriptors */
	int64_t handshake_ms, connect_ms, idle_ms; /* 0: as in limits.h */
};

/* Opens all listeners. The strings of the options stay the caller's and live as long as the net.
 * From here on SIGPIPE is ignored.
 * Ends: the net; NULL with one clear sentence in WHY: which file, which address. */
struct net *net_open(const struct net_options *, struct buf *why);
void net_close(struct net *);

/* The listeners that are open, for core_options: wildcard UDP listeners already spread out.
 * A stream listener on a wildcard keeps the wildcard; EV_FLOW_OPEN tells the real local address. */
const struct listener *net_listeners(const struct net *, uint32_t *count);

/* Waits for something to happen, at most WAIT_MS (0: only looks; negative: for ever). */
void net_wait(struct net *, int64_t wait_ms);

/* Takes the next event. Views in it live until the next call.
 * Ends: true with *EVENT; false when there is none. */
bool net_next(struct net *, struct event *event);

/* Takes the next line for the log: what happened to peers that never became a flow. The view lives
 * until the next call of net_wait or net_carry.
 * Ends: true with *LEVEL and *TEXT; false when there is none. */
bool net_note(struct net *, enum note_level *level, struct str *text);

/* Carries out ACT_SEND, ACT_DIAL, ACT_SHUT, ACT_RESOLVE; others are not its business (false).
 * The octets of an ACT_SEND must live until net_flush. A flow that is over is ignored. Each
 * ACT_DIAL is answered by one EV_FLOW_OPEN or EV_FLOW_FAILED, each EV_FLOW_OPEN by one
 * EV_FLOW_CLOSED in the end, each ACT_RESOLVE by one EV_NAMES. */
bool net_carry(struct net *, const struct act *);

/* Reads the files of all identities again and puts what they hold in force, whole or not at all:
 * for handshakes that begin from now on. Their paths and places are those of net_open.
 * Ends: true; false with one sentence in WHY that names the file, and nothing has changed. */
bool net_renew(struct net *, struct buf *why);

/* Has each peer that showed a certificate, and whose connection stands, judged again, by what is in
 * force and by the calendar NOW_S (seconds since 1970): over the turns that follow, a few in each.
 * Who would not be let in any more is closed (EV_FLOW_CLOSED) with a sentence of tls_why.h. */
void net_review(struct net *, int64_t now_s);

/* The chain that the identity at PLACE shows, and that the peer of FLOW showed, for people
 * (chain.h). Ends: how many LINKS are filled; 0: none. */
uint32_t net_chain(const struct net *, uint32_t place, struct link *links, uint32_t max);
uint32_t net_peer_chain(const struct net *, struct flow_id flow, struct link *links, uint32_t max);

/* Lets go what was carried. */
void net_flush(struct net *);

/* Accepts no more connections and shuts those that there are: each says EV_FLOW_CLOSED when what
 * was sent on it has left. Datagrams go on. */
void net_retire(struct net *);

/* How many connections there are, in whatever state. */
uint32_t net_connections(const struct net *);

/* How many there may be: fewer than CONNECTIONS_MAX where the system gives few descriptors. */
uint32_t net_connections_max(const struct net *);

/* Signals and other descriptors that wake net_wait. */
bool net_watch_fd(struct net *, int fd);

#endif
