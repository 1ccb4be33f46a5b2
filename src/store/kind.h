/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h - what a store of any kind begins with, and what each kind must have.
 *
 * A new kind adds a line here and an arm to each switch of store.c, which the compiler asks for.
 */
#ifndef STORE_KIND_H
#define STORE_KIND_H

#include "store/line.h"
#include "store/store.h"

enum store_kind { STORE_NULL, STORE_MEMORY };

struct store {
	enum store_kind kind;
	struct line line; /* news that nobody has taken yet */
};

void store_null_ask(
	struct store *, struct ref ask, struct str aor, uint64_t version, struct str set);
void store_null_close(struct store *);

void store_memory_ask(
	struct store *, struct ref ask, struct str aor, uint64_t version, struct str set);
bool store_memory_next(
	struct store *, struct store_news *news); /* what a replay has still to tell */
void store_memory_replay(struct store *);
void store_memory_close(struct store *);

#endif
