/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - what must survive: the port that every store keeps.
 *
 * A store holds, for each address-of-record, one set of bindings (octets that only reg/ reads) and
 * its version. The one way to change a set is compare-and-set on the version, so a store may be
 * slow, remote or shared. It is asked with store_ask() and answers in its own time: the host takes
 * answers with store_next() and feeds them to the core, first EV_BINDINGS for what changed, then
 * EV_SAVED for who asked. Nothing is called back.
 *
 * Files: store.c (which kind it is), null.c, memory.c, line.c (answers that wait to be taken).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "core/door.h"

struct store;

enum store_news_kind {
	STORE_BINDINGS, /* this address has this set now          */
	STORE_SAVED,    /* the answer to one store_ask            */
};

struct store_news {
	enum store_news_kind kind;
	struct ref ask;           /* STORE_SAVED */
	enum saved_status status; /* STORE_SAVED */
	struct str aor, set;      /* STORE_BINDINGS; views until the store is called again */
	uint64_t version;
};

/* The null store: the template of the port. It confirms every save, whatever its version, and keeps
 * nothing. Ends: the store, or NULL without memory. */
struct store *store_null_open(void);

/* The memory store: keeps all until the process ends. MAX_ADDRESSES bounds it; beyond it a save of
 * a new address is SAVED_FAILED. Ends: the store, or NULL without memory. */
struct store *store_memory_open(uint32_t max_addresses);

/* Ends a store of any kind. News that nobody took is lost. */
void store_close(struct store *);

/* Asks to set AOR's set if its version is still VERSION (0: the address must be new). An empty SET
 * forgets the address. Copies what it needs. Versions are above 0, grow with each change of an
 * address and never come again, not even when it was forgotten meanwhile.
 * Ends: one answer through store_next, exactly once: SAVED_DONE; SAVED_STALE, the version is
 * another; SAVED_FAILED, it could not be kept, and nothing has changed. */
void store_ask(struct store *, struct ref ask, struct str aor, uint64_t version, struct str set);

/* Takes the next piece of news. A save that is done gives STORE_BINDINGS (with an empty set when
 * the
 * address was forgotten) and then STORE_SAVED.
 * Ends: true with *NEWS; false when there is none now. */
bool store_next(struct store *, struct store_news *news);

/* Puts news of every address it holds in line, for a core that has just opened. */
void store_replay(struct store *);

/* A descriptor that becomes readable when store_next has something, or -1 for a store that always
 * answers at once. */
int store_fd(const struct store *);

#endif
