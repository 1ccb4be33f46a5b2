/* SPDX-License-Identifier: Apache-2.0 */
/* flows.h - the flows that are alive, and which of them leads where.
 *
 * The table knows every datagram socket and every connection: who opened it, from where to where,
 * what TLS said of it. It gives the way to a target that secure/target chose, and dials when there
 * is none yet.
 */
#ifndef HOP_FLOWS_H
#define HOP_FLOWS_H

#include "base/alarm.h"
#include "base/map.h"
#include "base/turn.h"
#include "secure/target.h"

enum { FLOW_VERSION_MAX = 16, FLOW_CIPHER_MAX = 48 };

struct flow {
	struct flow_id id;
	struct ref ref;
	enum transport transport;
	struct addr local, peer; /* peer: none for a datagram socket */
	uint32_t
		/* by which it was accepted, or whose socket it is; NO_LISTENER: dialled */
		listener;
	bool is_open; /* false: dialled, and not there yet */
	enum proof proof;
	struct terms terms; /* on which it was dialled; accepted: as whom, and whose CAs count */
	bool offers_alias;  /* dialled: requests may come back by it (RFC 5923 8.1)      */
	uint16_t alias;     /* accepted: the port at which it stands for a dialled one; 0: none */
	bool has_fingerprint;
	enum named_by named_by; /* PROOF_NAME */
	uint8_t fingerprint[FINGERPRINT_BYTES];
	uint32_t name_len, version_len, cipher_len;
	/* The name verified, or wanted while it is being dialled; the list of a client
	 * certificate. */
	char name[CERT_NAMES_BYTES_MAX];
	char version[FLOW_VERSION_MAX];
	char cipher[FLOW_CIPHER_MAX];

	/* Of the stream's reader (core/stream.c). */
	struct ref half;      /* octets of a message that is not whole yet */
	unsigned crlfs;       /* CR and LF seen in a row                  */
	bool is_shut;         /* we asked for its end: read no more       */
	bool is_deaf;         /* likewise, once the store has answered    */
	struct alarm alarm;   /* half a message waits                     */
	struct alarm silence; /* armed while its silence would be its end */
	int64_t heard_at_ms;  /* the last octets                          */
};

/* Which alarm of a flow rang: the letter. */
enum flow_letter { LETTER_HALF, LETTER_SILENCE };

#define NO_LISTENER UINT32_MAX

/* A connection that is gone, as long as its place is not taken by a later one. */
struct flow_gone {
	enum transport transport;
	struct terms terms;  /* as those of struct flow                       */
	struct flow_id next; /* where its answers go since; FLOW_NONE: unknown */
	uint32_t names_len;  /* what its client certificate named; 0: there was none */
	char names[CERT_NAMES_BYTES_MAX];
};

struct flows {
	struct pool pool;
	/* Those that are gone, by the number, modulo FLOWS_GONE_MAX. What is known of each was
	 * never written where there is no id. */
	struct flow_id *gone_ids;
	struct flow_gone *gone;
	struct map by_number;
	struct map by_peer; /* those dialled, and aliases, by transport and address */
	const struct listener *listeners;
	uint32_t listener_count;
	uint64_t next_number;
};

/* Carves a table for MAX flows and puts the datagram sockets of LISTENERS in.
 * Ends: true; false when the arena is too small (or only measures). */
bool flows_open(struct flows *, struct arena *, uint32_t max, const struct listener *listeners,
	uint32_t listener_count, const uint8_t key[MAP_KEY_BYTES]);

/* Puts a flow that has opened into the table; one that we dialled is there already and becomes
 * open.
 * Ends: the flow, or NULL when the table is full, or when it was given up meanwhile. */
struct flow *flows_add(struct flows *, const struct event *opened);

/* The flow of this number, or NULL once it is gone. */
struct flow *flows_find(const struct flows *, struct flow_id);

/* The peer that opened FLOW takes requests on it for its own PORT too (RFC 5923 8.2): from now on
 * flows_towards() finds it for that port at its address, for whom its certificate names. Nothing is
 * done for a flow whose peer has not proved itself, or that we dialled. */
void flows_alias(struct flows *, struct flow *, uint16_t port);

/* What is known of a flow that is no more; NULL when that is forgotten. The view lives until
 * flows_drop(). */
struct flow_gone *flows_was(const struct flows *, struct flow_id);

/* Takes a flow out. */
void flows_drop(struct flows *, struct flow *);

/* A live or opening connection of ours to exactly this transport, address and (for TLS) verified
 * name, dialled on the same terms; for UDP the socket from which the peer is reached. NULL: one
 * must be dialled. RFC 5923 9.3: what was opened as one identity of ours is never another's. */
struct flow *flows_towards(const struct flows *, enum transport, const struct addr *peer,
	struct str name, const struct terms *);

/* The way to TARGET: its flow, or a connection that is dialled now and given its number.
 * Ends: true with target->flow set; false when the table is full. */
bool flows_reach(struct flows *, struct target *target, struct str about, const struct turn *);

/* The listener whose address our Via and Contact show to PEER over TRANSPORT: the one of that
 * transport whose address has most leading bits in common with the peer's; NULL: none of it. */
const struct listener *flows_face(const struct flows *, enum transport, const struct addr *peer);

/* Puts host and port of a listener as peers shall see them: `advertise` (with its own port or
 * none), else the address and port. */
void listener_write(struct buf *, const struct listener *);

/* Puts the host and port of ours that PEER shall see in Via and Contact: what the flow ID was
 * accepted by, else flows_face(). A stream listener on a wildcard has no address of its own: then
 * its port goes with the address of the flow, or of the socket that is nearest to PEER. Without a
 * listener of this transport the peer can only come back on the connection, and another is
 * shown. */
void flows_write_face(const struct flows *, struct buf *, enum transport, const struct addr *peer,
	struct flow_id id);

/* Puts the Via line of a request with BRANCH that goes to PEER over the flow ID; with `alias` where
 * requests may come back by it. */
void flows_write_via(const struct flows *, struct buf *, enum transport, const struct addr *peer,
	struct flow_id id, struct str branch);

struct str flow_name(const struct flow *);

/* Puts into WAY, which leads over FLOW, whom FLOW was verified for and on what terms. One that its
 * peer opened and may be used as an alias (RFC 5923) was verified for each name of its certificate:
 * it shows the one that DEMAND wants, if it is among them and all else is as DEMAND wants it. */
void flow_show(const struct flow *, const struct demand *, struct candidate *way);

/* Datagram sockets do not count. */
uint32_t flows_count(const struct flows *);

#endif
