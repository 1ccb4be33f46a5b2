/* SPDX-License-Identifier: Apache-2.0 */
/* core_inside.h - what core_host.c (the core is opened and fed) and core_carry.c (what it asks for
 * is carried out) have together. */
#ifndef FUZZ_CORE_INSIDE_H
#define FUZZ_CORE_INSIDE_H

#include "core_world.h"
#include "directory/directory.h"

/* The listeners of the core, and the addresses of every name. */
extern struct listener world_listeners[5];
extern struct addr world_resolved[2];

/* Carries out all that the core asked for since. Events that come of it go into the queue. */
void carry_all(void);

/* A flow that was never there before; NULL when there is no room to remember it. */
struct flow_seen *add_flow(struct flow_id, enum transport, const struct addr *peer);

/* Each puts an event into the queue. */
struct event *later(enum event_kind);
void later_open(struct flow_seen *);
void later_over(struct flow_seen *);
void tell_set(struct str aor, struct str set, uint64_t version);

struct event names_event(struct ref ask, enum names_kind, enum names_status, unsigned which);

/* ---- core_memory.c: what the core's octets are before each input ---- */

/* BYTES of zeros, whole pages; never given back. Ends the process when there are none. */
void *memory_take(size_t bytes);

/* What stands there now is what memory_restore() puts back, whatever was written since. It looks at
 * nobody's poison and leaves it. That it did so is checked: of the first HEAD_BYTES for each input,
 * of all pages for every 256th. */
void memory_keep(size_t head_bytes);
void memory_restore(void);

/* ---- core_places.c: the directories ---- */

extern struct directory world_directories[DIRECTORIES];

void world_put_directories(void);

#endif
