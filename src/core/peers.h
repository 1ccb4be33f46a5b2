/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - where the DNs with a fixed contact are, or the outbound proxies before them.
 *
 * A DN whose contact is a name is located (RFC 3263) when the directory comes in and again when the
 * answers grow old, so that a call that comes in finds its trunk by address at once, and a call
 * that goes out finds its servers waiting. A server that failed is remembered for a while.
 */
#ifndef CORE_PEERS_H
#define CORE_PEERS_H

#include "base/alarm.h"
#include "core/lookup.h"
#include "directory/directory.h"
#include "hop/flows.h"

/* A server that failed a call: others are tried before it, or none is if it asked for that. */
struct rest {
	int64_t until_ms;
	bool is_asked; /* 503 with Retry-After: it is let alone */
};

struct peer {
	bool is_known; /* there was an answer (it may be that nobody is there) */
	bool had_sips; /* the domain has published services of sips             */
	uint32_t count;
	struct place places[PLACES_MAX];
	struct rest rests[PLACES_MAX];
	struct ref ref;
	struct ref lookup;  /* that is under way, or REF_NONE */
	struct alarm alarm; /* kind ALARM_HOP: locate it again */
};

struct peers {
	struct pool pool;
	struct peer **by_place; /* for each DN of the directory, or NULL */
	uint32_t *trunks;       /* places of the trunks, as they stand in the directory */
	uint32_t trunk_count;
	uint32_t places; /* how many DNs a directory may have */
	const struct directory *directory;
	struct alarms *alarms;
	struct lookups *lookups;
};

/* Carves a table for directories of up to DNS_MAX DNs, MAX of which have a fixed contact; one alarm
 * for each of these. */
bool peers_open(struct peers *, struct arena *, uint32_t max, struct alarms *alarms,
	struct lookups *lookups);

/* A new directory: forgets all, knows the literal addresses at once, asks for the names by and by
 * (by alarms, so that one event stays small). Contacts beyond MAX stay unknown. */
void peers_directory(struct peers *, const struct directory *, struct when now);

/* Rings an alarm of kind ALARM_HOP: begins to locate a peer. */
void peers_ring(struct peers *, const struct alarm *, const struct turn *);

/* A lookup of ours has come to OUTCOME, which is not LOCATE_ASKS; it is given back. */
void peers_located(
	struct peers *, const struct lookup *, enum locating outcome, const struct turn *);

/* What is known of DN's contact; NULL for a self-registered one. */
const struct peer *peers_of(const struct peers *, const struct dn *);

/* The servers of PEER in the order in which a call shall try them: drawn by rank and weight, those
 * that failed of late behind all others, those that asked to be let alone not at all.
 * Ends: how many there are; 0 with *WAIT_S over 0: all have asked to be let alone, so long. */
uint32_t peers_draw(const struct peer *, struct dice *, struct when now,
	struct place places[PLACES_MAX], uint32_t *wait_s);

/* A call of DN found the server at ADDR over TRANSPORT dead, silent, not the one that it should be,
 * or was told 503, with RETRY_AFTER_S (0: it did not say). */
void peers_rest(struct peers *, const struct dn *, enum transport, const struct addr *,
	uint32_t retry_after_s, struct when now);

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
