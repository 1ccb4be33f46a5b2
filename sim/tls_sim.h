/* SPDX-License-Identifier: Apache-2.0 */
/* tls_sim.h - a host of the core whose TLS is real: src/net's connections and src/net/tls on our
 * side, plain OpenSSL on the far side, and between them a loop that knows no system (tls_loop.h).
 *
 * The seed decides everything, OpenSSL's random numbers included; certificates are Ed25519, so that
 * nothing has a length of its own choice. The hash of a run is taken over what the core asked for
 * and what came out in clear at both ends, not over ciphers.
 *
 * What is checked all the time, whatever the test or the weather:
 *   S2   no octet reaches the core before its flow is open, no flow opens before its handshake is
 *        over and the name that was wanted is right, and no octet reaches a far end that is wrong
 *   S3   what is sent on a verified connection is for the DN whose contact wants that very name
 *   T10  what comes out in clear is what was put in, in its order, nothing lost in the middle or
 *        doubled, in both directions
 */
#ifndef SIM_TLS_SIM_H
#define SIM_TLS_SIM_H

#include "core/door.h"
#include "directory/directory.h"
#include "net/stream.h"
#include "store/store.h"
#include "tls_loop.h"

enum { SIM_DNS_MAX = 32, NAMES_WAIT_MAX = 64, SIM_BROKEN_BYTES = 600 };

/* One device number. */
struct sim_dn {
	char number[16];
	char contact[96]; /* as in a configuration */
	char host[64];    /* that its certificate must name; empty: it registers */
	char ip[48];      /* of the host */
	uint16_t port;
};

struct sim;

/* What a test makes of what happens. */
struct sim_hooks {
	void (*on_dial)(struct sim *, struct wire *);                  /* give it a far end       */
	void (*on_heard)(struct sim *, struct wire *);                 /* its far end has heard   */
	void (*on_ended)(struct sim *, struct wire *);                 /* it is over at both ends */
	void (*on_said)(struct sim *, struct wire *, struct str text); /* the core says */
	void *arg;
};

struct sim_tally {
	uint64_t opened, accepted, dialled, failed, events, messages_out, octets_out, octets_in;
	uint64_t writes_held; /* our SSL_write said WANT_READ, and the octets were kept */
};

struct sim {
	uint64_t seed;
	struct dice dice, tls_dice; /* the weather, and what OpenSSL draws */
	struct when now;
	struct certs *certs;
	struct fars fars;
	struct loop loop;
	struct queue queue;
	struct tls *tls;
	struct streams streams;
	struct core *core;
	void *memory, *out_memory, *directory_memory;
	size_t memory_bytes;
	struct out out;
	struct directory directory;
	struct dn dns[SIM_DNS_MAX];
	struct sim_dn lines[SIM_DNS_MAX];
	uint32_t dn_count;
	struct listener listeners[2];
	struct store *store;
	struct event names[NAMES_WAIT_MAX]; /* answers of DNS */
	unsigned name_count;
	struct str dialled_name; /* of the dial that is being carried out */
	uint64_t dialled_flow, dials;
	struct sim_hooks hooks;
	struct sim_tally tally;
	uint64_t hash;
	bool is_verbose;
	bool is_deaf; /* the core is not told of anything: only connections are looked at */
	char broken[SIM_BROKEN_BYTES]; /* the first check that did not hold, or empty */
};

/* Opens a server at 192.0.2.1 with these DNs. One at a time. */
void sim_open(struct sim *, uint64_t seed, const struct sim_dn *lines, uint32_t count);

/* Closes all connections; every cell and handle must come back. */
void sim_close(struct sim *);

/* A far client comes over TLS from PEER. */
struct wire *sim_come(struct sim *, const char *ip, uint16_t port);

/* Our side dials NAME at this address, without the core: for a deaf one. */
struct wire *sim_dial(struct sim *, const char *name, const char *ip);

/* Our side says this, without the core. */
void sim_send(struct sim *, struct wire *, struct str plain);

/* Its far end says this. */
void sim_say(struct sim *, struct wire *, struct str plain);

/* One turn. Ends: whether anything moved; if not, time may pass. */
bool sim_turn(struct sim *);

/* Turns until nothing moves at this moment. */
void sim_settle(struct sim *);

/* The next moment at which something is due, or INT64_MAX. */
int64_t sim_due_ms(const struct sim *);
void sim_pass_to(struct sim *, int64_t mono_ms);

/* A check that did not hold: ID, and a sentence. The first is kept, and told even if the process
 * then ends. */
void sim_break(struct sim *, const char *id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, for a panic that must still tell it. */
extern char sim_broken[SIM_BROKEN_BYTES];

/* The DN of that number, or NULL. */
const struct sim_dn *sim_dn(const struct sim *, struct str number);

/* The wire of this flow, or NULL. */
struct wire *sim_wire(struct sim *, uint64_t flow);

struct addr sim_addr(const char *ip, uint16_t port);
void sim_hash(struct sim *, struct str);

#endif
