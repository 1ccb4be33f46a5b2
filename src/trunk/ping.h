/* SPDX-License-Identifier: Apache-2.0 */
/* ping.h - which DNs with a fixed contact are alive: `oos-check`, `oos-force`, `recovery-timeout`.
 *
 *   WAITING --oos-check--> ASKED --an answer--> WAITING, in service
 *                           `--oos-force, or it cannot be reached--> WAITING, out of service
 *
 * An OPTIONS goes out each time; whatever it is answered with, but 408 and 503, somebody is there.
 * With several addresses each has oos-force to answer. A DN that is not asked goes out of service
 * by a call that it did not answer, for recovery-timeout.
 */
#ifndef TRUNK_PING_H
#define TRUNK_PING_H

#include "leg/leg.h"

struct ping {
	struct ref ref;
	uint32_t place; /* of the DN in the directory */
	bool is_out;    /* of service */
	struct ref txn; /* the OPTIONS that has no answer yet */
	uint32_t way_next;
	int64_t out_at_ms;
	struct alarm alarm;
	uint32_t number_len;
	char number[DN_NUMBER_BYTES_MAX];
};

struct pings {
	struct pool pool;
	struct ping **by_place; /* for each DN of the directory, or NULL */
	const struct directory *directory;
	struct txns *txns;
	struct flows *flows;
	struct alarms *alarms;
	struct dice *dice;
	uint32_t out_count;
	bool is_draining;
};

/* Carves a table for MAX DNs; an alarm each.
 * Ends: true; false when the arena is too small (or only measures). */
bool pings_open(struct pings *, struct arena *, uint32_t max, struct txns *txns,
	struct flows *flows, struct alarms *alarms, struct dice *dice);

/* A new directory: what is known of a DN that stands in both stays known. */
void pings_directory(struct pings *, const struct directory *, struct when now);

/* An alarm of kind ALARM_PING.
 * Ends: the DN that is to be asked, by ways that the caller finds (ping_ask, or ping_cannot); NULL:
 * what was due was done. */
const struct dn *pings_ring(struct pings *, const struct alarm *, const struct turn *);

/* Sends an OPTIONS to DN by the next of the plan's ways that is allowed. */
void ping_ask(struct pings *, const struct dn *, const struct leg_plan *plan, const struct turn *);

/* Comes back a little later: its addresses are being looked up. */
void ping_wait(struct pings *, const struct dn *, const struct turn *);

/* There is no way to it, for WHY: it is out of service until there is one. */
void ping_cannot(struct pings *, const struct dn *, struct str why, const struct turn *);

/* News of a transaction of OWNER_PING; MSG as for legs. */
void pings_hear(struct pings *, const struct news *, const struct msg *msg, const struct turn *);

/* A call to the DN with this number had no answer, or did not even reach it. */
void pings_call_failed(struct pings *, struct str number, const struct turn *);

/* The operator ends the server: nobody is asked any more. */
void pings_drain(struct pings *);

/* Whether DN is in service, as far as is known. */
bool pings_is_in_service(const struct pings *, const struct dn *);

#endif
