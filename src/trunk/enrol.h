/* SPDX-License-Identifier: Apache-2.0 */
/* enrol.h - REGISTER that we send: at the trunks that want to know where we are (RFC 3261 10.2,
 * RFC 5626 4.5, RFC 3608).
 *
 *   WAITING --alarm--> ASKING --401, 407--> CHALLENGED --2xx--> ENROLLED --alarm--> ASKING ...
 *      ^                  `-----refused, no answer----'  |          |
 *      `--------------------------------------------------         |
 *      `-----------------------the connection is gone--------------'
 *   any --drain, or not in the directory any more--> LEAVING --answer or none--> (forgotten)
 *
 * What was granted stays in force while it is asked for anew, until its time is over or its
 * connection is gone. Each trunk has one alarm, and at most one REGISTER under way.
 *
 * Files: enrol.c (the table and its clock), enrol_say.c (what is sent), enrol_hear.c (what comes of
 * it), inside.h (what those share).
 */
#ifndef TRUNK_ENROL_H
#define TRUNK_ENROL_H

#include "base/shelf.h"
#include "leg/leg.h"

#define ENROL_STATES(X) X(WAITING) X(ASKING) X(CHALLENGED) X(ENROLLED) X(LEAVING)

enum enrol_state {
#define X(name) ENROL_##name,
	ENROL_STATES(X)
#undef X
};

struct enrol {
	struct ref ref;
	enum enrol_state state;
	struct speech speech;
	struct terms terms;  /* on which it is dialled */
	bool emits_tls;      /* `emit-transport-tls` */
	bool wants_gruu;     /* `gruu` */
	struct contact hop;  /* to which it goes; its texts are not read */
	uint16_t port;       /* of the contact; 0: none written */
	uint32_t wanted_s;   /* as the DN has it */
	uint32_t asked_s;    /* as the registrar wants it at least */
	bool is_leaving;     /* it is asked to forget us as soon as it can be */
	uint32_t cseq;       /* of the last REGISTER */
	struct ref txn;      /* the one under way */
	struct flow_id flow; /* over which it went */
	enum transport transport;
	struct addr peer;  /* to where */
	uint32_t way_next; /* of the ways that this try has not tried */
	unsigned failures; /* in a row */
	int64_t until_ms;  /* until when it is in force; 0: it is not */
	int64_t since_ms;  /* and since when */
	struct alarm alarm;
	struct shelf shelf;
	char text[ENROL_TEXT_BYTES];
};

struct enrols {
	struct pool pool;
	struct txns *txns;
	struct flows *flows;
	struct alarms *alarms;
	struct dice *dice;
	struct gate *gate;
	bool is_draining;
};

/* Carves a table for MAX trunks that register; two alarms for each (an old one may still be
 * leaving). GATE is set by the caller before the first event. Ends: true; false when the arena
 * is too small (or only measures). */
bool enrols_open(struct enrols *, struct arena *, uint32_t max, struct txns *txns,
	struct flows *flows, struct alarms *alarms, struct dice *dice);

/* A new directory: what stands in it as before goes on as before; what is new is asked for by
 * and by; what is gone or has changed is taken back. */
void enrols_directory(struct enrols *, const struct directory *, struct when now);

/* An alarm of kind ALARM_ENROL.
 * Ends: the one that wants to REGISTER and must be told by which ways, with enrol_ask,
 * enrol_wait or enrol_fail; NULL: what was due was done. */
struct enrol *enrols_ring(struct enrols *, const struct alarm *, const struct turn *);

/* Sends its REGISTER by the first of the plan's ways that is allowed. Only ways and their count are
 * read of PLAN. */
void enrol_ask(struct enrols *, struct enrol *, const struct leg_plan *plan, const struct turn *);

/* Comes back a little later: the addresses are being looked up. */
void enrol_wait(struct enrols *, struct enrol *, const struct turn *);

/* There is no way to it; WHY is a sentence. It is tried again, later each time (RFC 5626 4.5). */
void enrol_fail(struct enrols *, struct enrol *, struct str why, const struct turn *);

/* News of a transaction of OWNER_ENROL; MSG as for legs. */
void enrols_hear(struct enrols *, const struct news *, const struct msg *msg, const struct turn *);

/* A connection is gone: what was registered over it is registered again at once; if that has just
 * happened before, not quite so soon. */
void enrols_flow_gone(struct enrols *, struct flow_id flow, const struct turn *);

/* The operator ends the server: every registration is taken back. */
void enrols_drain(struct enrols *, struct when now);

/* The one of the DN with this number, or NULL: it does not register. */
const struct enrol *enrols_find(const struct enrols *, struct str number);

/* The one whose registered Contact has NUMBER as its user, and that a request which came over FLOW
 * may be for: it registered over that very connection. NULL: none; the next behind AFTER if that is
 * not NULL. */
const struct enrol *enrols_called(
	const struct enrols *, struct str number, const struct enrol *after);

/* Whether the registration is in force. */
bool enrol_is_in_force(const struct enrol *, struct when now);

struct str enrol_number(const struct enrol *);

/* The Service-Route that the registrar wants before our requests (RFC 3608), as header values, sips
 * where the trunk speaks sips (RFC 5630 5.1.1); empty: none. */
struct str enrol_routes(const struct enrol *);

/* The public GRUU that the registrar gave us (RFC 5627), behind its scheme, which is that of who
 * uses it (RFC 5630 5.1.1.4); empty: none. */
struct str enrol_gruu(const struct enrol *);

/* How many are in force. */
uint32_t enrols_count(const struct enrols *, struct when now);

#endif
