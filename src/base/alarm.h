/* SPDX-License-Identifier: Apache-2.0 */
/* alarm.h - all that waits, and one deadline.
 *
 * An alarm lives inside its owner and is never allocated. The heap holds those that are armed; the
 * host only asks when to come back. Two alarms of the same moment ring in the order in which they
 * were armed. The kind says which folder the owner belongs to, so that the parent knows whom to
 * call; what it means is the owner's own affair.
 */
#ifndef BASE_ALARM_H
#define BASE_ALARM_H

#include "base/pool.h"

enum alarm_kind {
	ALARM_TXN,
	ALARM_LEG,
	ALARM_CALL,
	ALARM_REG,
	ALARM_FLOW,
	ALARM_HOP,
	ALARM_ENROL,
	ALARM_PING,
	ALARM_KINDS
};

struct alarm {
	int64_t at_ms;  /* when it rings; absolute, on the clock that never goes back */
	uint64_t order; /* of arming: breaks ties                                      */
	uint32_t place; /* in the heap, + 1; 0: not armed                              */
	enum alarm_kind kind;
	uint32_t letter; /* which of its owner's timers */
	struct ref owner;
};

struct alarms {
	struct alarm **heap;
	uint32_t count;
	uint32_t max;
	uint64_t order;
	uint32_t by_kind[ALARM_KINDS]; /* how many are armed of each kind */
};

/* Carves a heap for at most MAX armed alarms.
 * Ends: true; false when the arena is too small (or only measures). */
bool alarms_open(struct alarms *, struct arena *, uint32_t max);

/* An alarm that is not armed, of OWNER. */
struct alarm alarm_of(enum alarm_kind kind, struct ref owner, uint32_t letter);

/* Arms (or re-arms) ALARM for AT_MS. Pre: room in the heap, which its opener sized for all owners.
 * After: ALARM must not move, and must be disarmed before its memory is given back. */
void alarm_arm(struct alarms *, struct alarm *alarm, int64_t at_ms);

/* Makes sure that ALARM does not ring. Fine on one that is not armed. */
void alarm_disarm(struct alarms *, struct alarm *alarm);

bool alarm_is_armed(const struct alarm *);

/* Takes the earliest alarm that is due at NOW_MS off the heap.
 * Ends: the alarm, no longer armed, or NULL when none is due. */
struct alarm *alarms_due(struct alarms *, int64_t now_ms);

/* The moment of the earliest alarm; INT64_MAX when nothing waits. */
int64_t alarms_deadline_ms(const struct alarms *);

#endif
