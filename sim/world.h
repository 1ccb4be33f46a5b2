/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - one simulated run: the second host of the core.
 *
 * The world holds the clock, the wires, the store and the resolver, as the real host does, but all
 * of it is drawn from a seed. Devices (phone.h) hang on the wires, a plan (plan.h) says what
 * happens when, and a judge (check.h) sees every octet. The same seed gives the same run, to the
 * byte.
 *
 * Files: world.c (the clock, the core, a run), wires.c (datagrams and streams), backing.c (store,
 * directory), resolver.c, plan.c, phone*.c, story.c (the ladder).
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdio.h>

#include "check.h"
#include "core/door.h"
#include "directory/directory.h"
#include "main/record.h"
#include "phone.h"
#include "plan.h"
#include "queue.h"
#include "weather.h"

enum {
	WORLD_FLOWS_MAX = 4096,
	WORLD_KEPT_MAX = 32,
	WORLD_LISTENERS = 3,
	WORLD_CALLS_MAX = 40, /* the tables of the core are small, so that they run full */
	WORLD_REQUESTS_MAX = 400,
	WORLD_FLOWS_OF_CORE = 64,
	WORLD_ADDRESSES_MAX = 12,
	WORLD_DNS = 12,
};

struct wire {
	struct flow_id id;
	enum transport transport;
	uint32_t who;     /* the phone at the far end */
	struct addr peer; /* its address */
	bool is_dialled, is_open, is_gone, is_shut;
	bool is_cut;                 /* the far end is dead; the core will hear of it */
	int64_t in_at_ms, out_at_ms; /* when the last octets that are under way arrive */
	uint64_t in_count, out_count;
	char name[256];
};

struct kept {
	char aor[64];
	char *set;
	size_t len;
	uint64_t version;
	int64_t told_at_ms; /* changes of one address are told in their order */
};

struct run_options {
	uint64_t seed;
	uint32_t lose_ppm;    /* UINT32_MAX: drawn */
	uint32_t weather_off; /* kinds of weather that are left out */
	const uint8_t *skip;  /* happenings that are left out, one octet each; NULL: none */
	bool is_raw;          /* the story shows messages whole */
	FILE *story;          /* the ladder goes here; NULL: nowhere */
	const char *record;   /* the file of a recording of its first server; NULL: none */
};

struct run_result {
	bool is_broken;
	struct broken broken;
	uint64_t hash, events, hash_count;
	uint64_t calls, answered, cancel_races, changes;
	int64_t virtual_ms;
	uint64_t troubles[TROUBLE_KINDS];
	struct check_tally tally;
	struct counts counts;
};

struct world {
	struct run_options options;
	struct weather weather;
	bool is_calm;
	struct when now;
	int64_t wall_shift_s, late_ms;
	uint64_t hash, events, draws, packets;

	struct core *core;
	struct recorder *recorder; /* of that server, until it dies; or NULL */
	void *memory, *out_memory;
	size_t memory_bytes;
	struct out out;
	uint32_t life; /* grows each time the server dies */
	struct listener listeners[WORLD_LISTENERS];
	struct directory directories[2];
	struct dn *dns[2];
	struct check_dn lines[2][WORLD_DNS]; /* what these were made of */
	enum check_mode crossing;            /* of every call */
	bool has_enrolled;                   /* the trunks of this run want to know where we are */
	bool has_proof;    /* its trunks challenge, and we have what proves us to them */
	bool has_outbound; /* its devices that register over connections use outbound (RFC 5626) */
	void *directory_memory[2];
	unsigned directory_now;
	int64_t tick_at_ms, tick_for_ms; /* when the host comes with the deadline it is for */

	struct queue queue;
	struct wire *wires;
	uint32_t wire_count, next_flow;
	struct kept kept[WORLD_KEPT_MAX];
	uint32_t kept_count;

	struct plan plan;
	struct phones phones;
	struct check *check;
	uint64_t answered, cancel_races, changes;
	uint64_t troubles[TROUBLE_KINDS]; /* that came */
	int64_t datagram_at_ms;           /* when the last that was sent arrives */
};

/* Makes a whole run, from the first event to the last. */
void world_run(const struct run_options *, struct run_result *);

/* ---- for the files of the world and its devices ---- */

/* Puts something for later; what is due already comes in its turn. */
struct item *world_later(
	struct world *, int64_t in_ms, enum item_kind kind, const char *bytes, size_t len);

/* A draw for WHAT that differs each time it is asked. */
bool world_chance(struct world *, uint64_t what, uint32_t ppm);
uint32_t world_below(struct world *, uint64_t what, uint32_t bound);

/* The core is told of one event now, and what it asks for is carried out. */
void world_feed(struct world *, const struct event *);

/* The server is there (again), with what the store has. */
void world_start_core(struct world *);
void world_crash(struct world *);

/* ---- backing.c: of trunk USER, in runs that have it ---- */

const char *backing_realm(const struct world *, const char *user); /* NULL: none */

/* ---- wires.c ---- */

struct wire *wire_find(struct world *, struct flow_id);

/* A phone opens a connection to the server. Ends: its number, or FLOW_NONE: no more of them. */
struct flow_id wire_connect(struct world *, uint32_t who, enum transport);

/* A phone sends one message: on FLOW, or as a datagram. */
void wire_say(struct world *, uint32_t who, struct flow_id flow, const char *at, size_t len);

/* The server sends octets. */
void wire_carry(struct world *, const struct act *);
void wire_dial(struct world *, const struct act *);
void wire_shut(struct world *, struct flow_id);

/* A stream dies, at both ends. */
void wire_cut(struct world *, struct wire *, const char *why);

/* The items of the wires come due. */
void wire_bytes_due(struct world *, struct item *);
void wire_open_due(struct world *, const struct item *);
void wire_end_due(struct world *, const struct item *);

/* ---- backing.c ---- */

void backing_open(struct world *);
void backing_close(struct world *);
void backing_save(struct world *, const struct act *);
void backing_reload(struct world *, unsigned which);
void backing_restore(struct world *); /* tells a new core what is kept */

/* ---- resolver.c ---- */

void resolver_ask(struct world *, const struct act *);

/* ---- story.c ---- */

void story_message(struct world *, bool is_in, struct flow_id flow, enum transport,
	const struct addr *peer, const char *at, size_t len);
void story_say(struct world *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text for the judge, good until the eighth call after it. */
const char *addr_text(const struct addr *);
struct addr addr_of(const char *ip, uint16_t port);

#endif
