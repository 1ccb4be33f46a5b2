/* SPDX-License-Identifier: Apache-2.0 */
/* tls_loop.h - an event loop without a system: it has the names of libuv, as far as src/net's
 * connections use them, and moves octets between our side and far ends as a seed wants it.
 *
 * A wire is one connection. Our side's octets are taken 0 to n at a time, those of the far end come
 * in pieces of any size, and both may be cut at an octet. Time is what the owner says it is.
 */
#ifndef SIM_TLS_LOOP_H
#define SIM_TLS_LOOP_H

#include <uv.h>

#include "base/addr.h"
#include "base/dice.h"
#include "tls_far.h"
#include "tls_octets.h"

enum { WIRES_MAX = 1024, ASKED_MAX = 256 };

#define NEVER_CUT UINT64_MAX

enum wire_cut { CUT_FIN, CUT_RESET };

/* How kind the network is to one wire. */
struct weather {
	uint32_t chunk_max;  /* octets towards us at a time                      */
	uint32_t accept_max; /* what the system takes of ours at a time; 0 often */
	uint32_t stall_pct;  /* how often a turn moves nothing                   */
	bool is_refused;     /* a dialled one never connects                     */
	uint64_t cut_in_at;  /* after so many octets towards us it ends          */
	uint64_t cut_out_at; /* after so many octets from us it is reset         */
	enum wire_cut cut;   /* how it ends towards us                           */
};

struct post;

struct wire {
	bool is_used;
	bool is_ear;
	bool is_dialled;
	bool is_connected;
	bool is_reading;
	bool is_closed; /* by our side: its handle is no more       */
	bool is_over;   /* nothing more will come to our side       */
	bool is_reset;  /* and nothing that it says will be taken    */
	bool has_hung;  /* the far end closed; told when TO_US is empty */
	bool knows_end; /* the far end has seen that we closed       */
	bool has_shut;  /* our side: FIN behind what is posted       */
	struct loop *loop;
	struct addr local, peer;
	uv_tcp_t *tcp;
	uv_connect_t *connect;
	uv_connect_cb on_connected;
	uv_alloc_cb on_room;
	uv_read_cb on_read;
	uv_shutdown_t *shutdown;
	uv_shutdown_cb on_shut;
	uv_connection_cb on_connection; /* an ear */
	struct post *first, *last;      /* writes that wait */
	size_t posted;
	struct octets to_far, to_us;
	uint64_t in_total, out_total;
	struct weather weather;
	bool has_far;
	struct far far;

	/* The owner's. */
	uint64_t flow;
	bool is_told;              /* the core heard that it is open                 */
	char name[64];             /* dialled: whom the core wants                   */
	struct octets expect_in;   /* said by the far end, not heard by the core yet */
	struct octets expect_out;  /* said by the core, not heard by the far end yet */
	struct octets heard;       /* what the far end heard and did not read yet    */
	const char *number;        /* accepted: the DN of who came                   */
	uint64_t asked[ASKED_MAX]; /* the last Call-IDs of requests from there       */
	unsigned asked_count;
	int owner; /* which phone */
};

struct loop {
	uv_loop_t uv;
	int64_t now_ms;
	struct dice *dice;
	struct wire wires[WIRES_MAX];
	int wires_high; /* behind the last that was ever used */
	struct closing *closing;
	int waits_in_ear[WIRES_MAX]; /* accepted by nobody yet, oldest first */
	int waits_count;
	uint64_t partial_writes, refused_writes;

	/* A wire to this address was dialled: give it a far end, weather and an owner. */
	void (*on_dial)(struct wire *, void *arg);
	void (*on_close)(struct wire *, void *arg); /* our side closes it now */
	void *arg;
};

void loop_open(struct loop *, struct dice *);
void loop_close(struct loop *);

/* A listening socket; ends: its descriptor. */
int loop_ear(struct loop *, const struct addr *local);

/* A far end comes to EAR_FD. After: it waits there until our side accepts it, which it does in the
 * next turn. */
struct wire *loop_come(struct loop *, const struct addr *local, const struct addr *peer);

/* The far end closes: FIN behind what it said, or all is dropped and reset. */
void wire_hang(struct wire *, enum wire_cut);

/* One turn: one wire that has something to do does it. Ends: whether there was one. */
bool loop_turn(struct loop *);

/* Whether all handles of our side are closed. */
bool loop_is_idle(const struct loop *);

/* Forgets a wire that is closed by us and known to be so by its far end. */
void wire_forget(struct wire *);

#endif
