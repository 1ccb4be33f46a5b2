/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - host names and what they resolve to, for the DNs with a fixed contact.
 *
 * A DN whose contact is a name is looked up when the directory comes in and again when the answer
 * grows old, so that a call that comes in finds its trunk by address at once, and a call that goes
 * out finds the addresses waiting.
 */
#ifndef CORE_PEERS_H
#define CORE_PEERS_H

#include "base/alarm.h"
#include "base/turn.h"
#include "directory/directory.h"
#include "hop/flows.h"

enum { PEER_ADDRS_MAX = NAMES_MAX };

struct peer {
	bool is_asked; /* a question is under way                    */
	bool is_known; /* there was an answer (it may be empty)       */
	uint32_t count;
	struct addr addrs[PEER_ADDRS_MAX]; /* no port */
	struct ref ref;
	struct alarm alarm; /* kind ALARM_HOP: ask again */
};

struct peers {
	struct pool pool;
	struct peer **by_place; /* for each DN of the directory, or NULL */
	uint32_t *trunks;       /* places of the trunks, as they stand in the directory */
	uint32_t trunk_count;
	uint32_t places; /* how many DNs a directory may have */
	const struct directory *directory;
	struct alarms *alarms;
};

/* Carves a table for directories of up to DNS_MAX DNs, MAX of which have a fixed contact; one alarm
 * for each of these. */
bool peers_open(struct peers *, struct arena *, uint32_t max, struct alarms *alarms);

/* A new directory: forgets all, knows the literal addresses at once, asks for the names by and by
 * (by alarms, so that one event stays small). Contacts beyond MAX stay unknown. */
void peers_directory(struct peers *, const struct directory *, struct when now);

/* Rings an alarm of kind ALARM_HOP: asks for a name. */
void peers_ring(struct peers *, const struct alarm *, const struct turn *);

/* The answer to a question. Ends: true if it was a question of ours. */
bool peers_hear(struct peers *, const struct event *names, const struct turn *);

/* What is known of DN's contact; NULL for a self-registered one. */
const struct peer *peers_of(const struct peers *, const struct dn *);

enum peer_verdict {
	PEER_NO_TRUNK,  /* it is none                                             */
	PEER_TRUNK,     /* *TRUNK is it                                            */
	PEER_DISAGREES, /* its client certificate is not that of *TRUNK, whose address it has */
};

/* Which trunk is behind FLOW, from SOURCE: by what TLS has proved of it, else by its address. Among
 * those that its certificate names the one at the address goes first. */
enum peer_verdict peers_trunk_of(const struct peers *, const struct flow *flow,
	const struct addr *source, const struct dn **trunk);

/* Whether TLS has proved that behind FLOW is DN: we dialled it so; or its client certificate is the
 * one that is pinned, or names DN, and comes from CAs that DN is believed by (RFC 5922 7.4). */
bool peers_proves(const struct dn *, const struct flow *);

/* Whether DN's fixed contact has this address. */
bool peers_is_at(const struct peers *, const struct dn *, const struct addr *source);

#endif
