/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - what the core is told: half of the vocabulary of the door (the other is out.h).
 *
 * Views in an event live until core_feed() returns; the core copies what it keeps.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/flow.h"
#include "base/pool.h"

struct directory; /* directory/directory.h */

/* Two clocks, named, never confused. */
struct when {
	int64_t mono_ms; /* for waiting; never goes back        */
	int64_t wall_s;  /* for Date, expiry in the store, logs */
};

enum event_kind {
	EV_TICK,        /* nothing new; look at the alarms                          */
	EV_BYTES,       /* bytes: a datagram, or a piece of a stream of any size    */
	EV_FLOW_OPEN,   /* open: accepted, or a dialled one is ready and verified   */
	EV_FLOW_CLOSED, /* closed: it was open and is no more                       */
	EV_FLOW_FAILED, /* closed: a dialled flow never opened; nothing was sent    */
	EV_NAMES,       /* names: the answer to ACT_RESOLVE                         */
	EV_BINDINGS,    /* bindings: the store holds this set for an address now; those of one
	                 * address come in the order in which the store took them           */
	EV_SAVED,       /* saved: the answer to ACT_SAVE                            */
	EV_ORDER,       /* order: the operator wants something                      */
	EV_DIRECTORY,   /* directory: a new one; the old one may go when this event is done */
};

enum order { ORDER_DRAIN };

/* What DNS is asked for. */
enum names_kind { NAMES_ADDRESSES, NAMES_SRV, NAMES_NAPTR };

/* More addresses of one name, or records of one service, are left alone. */
enum { NAMES_MAX = 8, SERVICES_MAX = 16 };

enum names_status { NAMES_FOUND, NAMES_ABSENT, NAMES_FAILED };

/* One record of SRV (RFC 2782) or NAPTR (RFC 3403). */
struct dns_record {
	uint16_t order;   /* SRV: priority; NAPTR: order           */
	uint16_t weight;  /* SRV: weight; NAPTR: preference         */
	uint16_t port;    /* SRV                                    */
	struct str flags; /* NAPTR: `s`                             */
	struct str what;  /* NAPTR: `SIPS+D2T`                      */
	struct str name;  /* target or replacement; empty: the root */
};

enum saved_status { SAVED_DONE, SAVED_STALE, SAVED_FAILED };

struct event {
	enum event_kind kind;
	union {
		struct {
			struct flow_id flow;
			struct addr from; /* where a datagram came from; the peer of a stream */
			struct str data;
		} bytes;
		struct {
			struct flow_id flow;
			enum transport transport;
			struct addr local, peer;
			uint32_t listener; /* index into the listeners, for an accepted flow */
			struct secured secured;
		} open;
		struct {
			struct flow_id flow;
			struct str reason; /* one sentence for the log */
		} closed;
		struct {
			struct ref ask; /* as in the ACT_RESOLVE */
			enum names_kind kind;
			enum names_status status;
			uint32_t count; /* of what was asked for; 0 unless it was found */
			uint32_t ttl_s; /* of an absence, too */
			union {
				struct addr addrs[NAMES_MAX]; /* no port */
				struct dns_record services[SERVICES_MAX];
			};
		} names;
		struct {
			struct str aor;
			uint64_t version; /* of the set; grows with each change */
			struct str set;   /* as reg/ wrote it; empty: no binding */
		} bindings;
		struct {
			struct ref ask; /* as in the ACT_SAVE */
			enum saved_status status;
		} saved;
		enum order order;
		const struct directory *directory;
	} u;
};

#endif
