/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - connections: TCP, and TLS on top of it.
 *
 *   dial ---> DIALLING --connected--> SHAKING --verified--> OPEN --shut--> LEAVING ---> GONE
 *   accept ----------------------------^    `--(plain TCP)---^
 *
 * A connection is in one list of those that wait for the same span of time, so the first of each
 * list is the next that is due. From everywhere a fault leads to GONE through stream_end(), which
 * tells the core what it must know: EV_FLOW_CLOSED if it had heard EV_FLOW_OPEN, EV_FLOW_FAILED if
 * it had dialled in vain, nothing about a peer that never got as far as being a flow.
 *
 * listen.c accepts, dial.c connects, hear.c reads, review.c judges again, stream.c does the rest.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <uv.h>

#include "base/map.h"
#include "base/pool.h"
#include "net/bytes.h"
#include "net/queue.h"
#include "net/tls.h"
#include "net/tls_why.h"

enum conn_state { CONN_DIALLING, CONN_SHAKING, CONN_OPEN, CONN_LEAVING, CONN_GONE };

/* What a connection waits for; each list has one span. */
enum wait_kind { WAIT_CONNECT, WAIT_SHAKE, WAIT_FIRST, WAIT_IDLE, WAIT_LINGER, WAIT_KINDS };

struct conn {
	uv_tcp_t tcp;
	union {
		uv_connect_t connect;
		uv_shutdown_t shutdown;
	} request;
	struct streams *all;
	struct ref ref;
	struct flow_id flow;
	enum conn_state state;
	enum transport transport;
	uint32_t listener;
	bool is_accepted;
	bool is_told;   /* EV_FLOW_OPEN was */
	bool is_dirty;  /* in the list of those to be flushed */
	bool has_shut;  /* our FIN is on its way */
	bool is_held;   /* in the line for handshakes */
	bool has_heard; /* an octet, at least */
	struct addr local, peer;
	struct tls_end *tls;  /* NULL: TCP, or TLS before the peer's first octet */
	struct bytes out;     /* leaves at the next flush; for TLS, ciphered */
	struct bytes waiting; /* in clear: leaves when the flow is open and verified */
	struct bytes held;    /* came, and waits in the line for handshakes */
	char *name;           /* TLS that we dial: whom */
	size_t name_len;
	struct terms terms;            /* likewise: on what terms */
	const struct service *service; /* TLS that we accepted: its listener's */
	enum wait_kind wait;
	int64_t due_at_ms;
	struct conn *wait_before, *wait_after;
	struct conn *dirty_before, *dirty_after;
	struct conn *held_before, *held_after;
};

struct wait_list {
	struct conn *first, *last;
	int64_t span_ms;
};

/* A listening socket. */
struct ear {
	uv_tcp_t tcp;
	struct streams *all;
	enum transport transport;
	uint32_t listener;
	struct service service;
	struct addr local;
	bool is_open;
	bool is_stalled; /* a connection waits in it for a free cell */
};

struct streams {
	uv_loop_t *loop;
	struct queue *queue;
	struct tls *tls;
	void *memory;
	struct pool pool;
	struct map by_flow;
	struct ear *ears;
	uint32_t ear_count;
	uint32_t max;   /* of connections that are not GONE */
	uint32_t count; /* of those */
	uint64_t next_flow;
	struct wait_list waits[WAIT_KINDS];
	struct conn *dirty;
	struct conn *held_first, *held_last;
	uint32_t shakes_left; /* in this turn */
	uint32_t review_slot; /* of the pool: looked at last */
	uint32_t review_left; /* how many slots are to be looked at */
	int64_t review_at_s;  /* by this calendar */
	char *scratch;        /* READ_BYTES for what is not read straight into the inbox */
};

struct streams_options {
	uv_loop_t *loop;
	struct queue *queue;
	struct tls *tls;
	uint32_t max;
	uint32_t ears; /* how many listening sockets there will be */
	int64_t connect_ms, handshake_ms, idle_ms;
	uint64_t first_flow; /* numbers of accepted flows start here */
	uint8_t key[MAP_KEY_BYTES];
};

void streams_open(struct streams *, const struct streams_options *);

/* Closes everything without a word. The loop must run until all handles are closed before
 * streams_free. */
void streams_close(struct streams *);
void streams_free(struct streams *);

/* Takes over FD, a bound and listening socket. Ends: true, or false with a sentence in WHY. */
bool stream_listen(struct streams *, enum transport, int fd, uint32_t listener,
	const struct service *, struct buf *why);

/* Accepts nothing more, and shuts every connection. */
void streams_retire(struct streams *);

void stream_dial(struct streams *, struct flow_id flow, enum transport, const struct addr *to,
	struct str name, const struct terms *);
void stream_send(struct streams *, struct flow_id flow, struct str bytes);
void stream_shut(struct streams *, struct flow_id flow);

/* The chain that the peer of a TLS flow showed, as tls_end_chain has it; 0 for any other flow. */
uint32_t stream_chain(
	const struct streams *, struct flow_id flow, struct link *links, uint32_t max);

/* Starts a turn of the loop: new credit for handshakes, and those in line go first. */
void streams_turn(struct streams *);

/* Has all open connections whose peers showed a certificate judged again, by the certificates in
 * force and the calendar NOW_S (seconds since 1970); who is not believed any more is closed. The
 * turns that follow do it, REVIEWS_PER_TURN each. */
void streams_review(struct streams *, int64_t now_s);
void streams_review_turn(struct streams *);

/* Ends what is overdue. */
void streams_expire(struct streams *);

/* Hands what was put to the system. */
void streams_flush(struct streams *);

/* When streams_expire should be called, on the loop's clock; INT64_MAX: nothing waits. */
int64_t streams_due_at_ms(const struct streams *);

/* ---- between listen.c, dial.c, hear.c and stream.c ---------------------------------------- */

/* A connection of its own, in no list. Ends: NULL when all cells are taken. */
struct conn *conn_new(struct streams *);
void conn_wait(struct conn *, enum wait_kind);
void conn_mark_dirty(struct conn *);

/* How many octets wait for the peer to take them. */
size_t conn_backlog(const struct conn *);

/* Gives it the number FLOW by which the core knows it. */
void conn_enter(struct conn *, struct flow_id flow);

/* The flow is ready: tells the core and sends what waited. */
void conn_opened(struct conn *);

/* Ends it at once. REASON is one sentence for the core if it knows of the flow, else for the log;
 * an empty one keeps a peer that never spoke out of the log. */
void stream_end(struct conn *, struct str reason);

/* Ends it, with a reason made of a few parts. */
void stream_end_error(struct conn *, struct str what, int uv_error);

/* Ends it with a sentence of the table. */
void stream_end_why(struct conn *, enum tls_why, struct str fact);

/* Starts to read. */
void conn_listen_to(struct conn *);

/* Hands over what came on a TLS connection, while there is credit for handshakes. */
void conn_hear_tls(struct conn *, struct str cipher);

/* Whether there may be one connection more, beside NEWCOMER if it counts already: where there are
 * as many as there may be, who came and has not shown yet that it speaks SIP gives way. */
bool conn_has_room(struct streams *, const struct conn *newcomer);

/* Takes CONN out of the line for handshakes, if it is there. */
void conn_unhold(struct conn *);

/* Accepts what waits in a stalled ear. */
void ears_resume(struct streams *);

void stream_note(struct streams *, enum note_level level, struct str text);

#endif
