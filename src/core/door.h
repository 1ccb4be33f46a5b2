/* SPDX-License-Identifier: Apache-2.0 */
/* door.h - the one door into the SIP core.
 *
 * The core never asks the system for anything: no sockets, no clock, no files, no random numbers,
 * no allocation after core_open(). It is told what happened and when, and it answers what is to be
 * done. The same seed and the same events give the same answers, to the byte; so the real server,
 * the tests and every other host drive one core.
 */
#ifndef CORE_DOOR_H
#define CORE_DOOR_H

#include "base/ask.h"
#include "base/event.h"
#include "base/json.h"
#include "base/out.h"

struct core;

struct core_options {
	const struct directory *directory; /* stays the host's; EV_DIRECTORY replaces it */
	const struct listener *listeners;  /* stays the host's for the life of the core  */
	uint32_t listener_count;
	uint8_t seed[32];
	int64_t t1_ms, t2_ms, t4_ms; /* 0: the RFC's */
	uint32_t calls_max;          /* 0, here and below: as in limits.h */
	uint32_t requests_max;
	uint32_t flows_max;
	uint32_t addresses_max; /* addresses-of-record with bindings */
	bool writes_records;    /* each call that is over is an ACT_RECORD            */
	bool is_replay; /* of a recording: credentials are judged as core_tell says; never true of a
	                 * core that serves anybody */
};

/* How many octets core_open needs for OPTIONS. Most are never touched. */
size_t core_memory_bytes(const struct core_options *);

/* Opens a core in MEMORY, which stays the caller's and must outlive it, aligned to 64. The host has
 * initialised libcrypto before.
 * Ends: the core, in MEMORY; NULL when SIZE is too small or a digest cannot be had. */
struct core *core_open(const struct core_options *, void *memory, size_t size, struct when now);

/* Lets go of what libcrypto gave. The memory is the caller's again. */
void core_close(struct core *);

/* Tells the core of one event. Pre: out_has_room(OUT). After: OUT has the actions added, to be
 * carried out before the next feed or later, in their order. An event cannot fail. */
void core_feed(struct core *, const struct event *, struct when now, struct out *out);

/* What credentials were judged to be during the last feed: octets that mean nothing outside, in
 * order. A host that records keeps them, so that a replay needs neither passwords nor digests.
 * Ends: a view until the next feed, empty when none were; STR_NONE: more than can be kept. */
struct str core_verdicts(const struct core *);

/* What credentials will be judged to be in the next feed, as core_verdicts said it when that was
 * recorded; the view must live until then. Whatever is not told of is not let in.
 * Pre: the core was opened with is_replay. */
void core_tell(struct core *, struct str verdicts);

/* When to come back with an EV_TICK at the latest; INT64_MAX: nothing waits; a moment that has
 * passed: there is more to do at once. */
int64_t core_deadline_ms(const struct core *);

/* Object accounting. When calls are over and 64*T1 has passed, calls, legs, transactions and timers
 * are zero; timers are those of the three, not what waits for a registration to expire. */
struct counts {
	uint32_t calls, legs, transactions, timers, flows, bindings, asks;
	uint32_t out_of_service; /* DNs that do not answer, as far as they are asked */
	uint32_t enrolled; /* registrations of ours at trunks, in force when the last event came */
	uint64_t calls_total, answered_total, crossings_down_total, crossings_up_total,
		refused_total, faults_total, strays_total, alarms_total;
};

void core_count(const struct core *, struct counts *counts);

/* Answers a question, and changes nothing: puts the members of an object, those of a list being
 * `items`. Pre: TO has room for ASK_PAGE_BYTES. */
struct answer core_ask(const struct core *, const struct ask *, struct when now, struct json *to);

#endif
