/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what is to be done: actions as data, carried out after the core has returned.
 *
 * The list and the arena for its octets are bounded. Every handler runs only when out_has_room()
 * says that there is room for the worst that one step can ask for, so a put cannot fail; what is
 * left to do waits for the next feed.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include "base/arena.h"
#include "base/event.h"
#include "base/limits.h"

enum act_kind { ACT_SEND, ACT_DIAL, ACT_SHUT, ACT_RESOLVE, ACT_SAVE, ACT_NOTE, ACT_RECORD };

enum note_level { NOTE_INFO, NOTE_WARN, NOTE_ERROR };

struct act {
	enum act_kind kind;
	union {
		struct {
			struct flow_id flow;
			struct addr to; /* for a datagram; a stream has but one far end */
			struct str bytes;
		} send;
		struct {
			struct flow_id flow; /* the number that it will have */
			enum transport transport;
			struct addr to;
			/* TLS: the name to verify, and for SNI; an IP literal means an
			 * iPAddress SAN. */
			struct str name;
			struct terms terms; /* TLS */
			struct str about;   /* for the log: the DN */
		} dial;
		struct flow_id shut; /* after what was sent on it has left */
		struct {
			struct ref ask;
			enum names_kind kind;
			struct str name; /* answered by EV_NAMES */
		} resolve;
		struct {
			struct ref ask;
			struct str aor;
			uint64_t version; /* save only if the set still has this version */
			struct str set;   /* empty: forget the address */
		} save;
		struct {
			enum note_level level;
			struct str text; /* one line, no octet below 0x20 */
		} note;
		struct str record; /* of a call that is over: a JSON object, without a line end */
	} u;
};

struct out {
	struct act acts[ACTS_MAX];
	uint32_t count;
	struct arena bytes;
};

/* An empty list whose octets live in the SIZE octets at AT (OUT_BYTES at least). */
void out_init(struct out *, void *at, size_t size);

/* Whether the worst case of one more step fits. */
bool out_has_room(const struct out *);

/* Forgets everything; views into it are gone. */
void out_clear(struct out *);

/* A writer for up to MAX octets that will be sent or noted; out_wrote() keeps what was written. */
struct buf out_buf(struct out *, size_t max);
struct str out_wrote(struct out *, const struct buf *);

/* Each puts one action. Octets must live in the out (out_wrote) or be copied by out_keep first. */
struct str out_keep(struct out *, struct str s);
void out_send(struct out *, struct flow_id flow, const struct addr *to, struct str bytes);
void out_dial(struct out *, struct flow_id flow, enum transport, const struct addr *to,
	struct str name, const struct terms *, struct str about);
void out_shut(struct out *, struct flow_id flow);
void out_resolve(struct out *, struct ref ask, enum names_kind, struct str name);
void out_save(struct out *, struct ref ask, struct str aor, uint64_t version, struct str set);
void out_note(struct out *, enum note_level level, struct str text);
void out_record(struct out *, struct str record);

#endif
