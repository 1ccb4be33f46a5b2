/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - a store that keeps everything until the process ends. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/panic.h"
#include "base/pool.h"
#include "store/kind.h"

struct kept {
	uint64_t version;
	size_t aor_len, set_len;
	char *octets; /* of the address, then of the set */
};

struct memory {
	struct store store; /* first: a struct store is one of these */
	struct pool pool;
	struct map map;
	uint64_t version;   /* of the last change of any address: a version never comes again */
	uint32_t replay_at; /* the slot that a replay tells next */
	void *region;
};

static struct memory *
memory_of(struct store *s)
{
	must(s->kind == STORE_MEMORY);
	return (struct memory *)s;
}

static bool
carve(struct memory *m, struct arena *arena, uint32_t max)
{
	/* The addresses passed the core's gate and its keyed map; here a fixed key will do. */
	static const uint8_t key[MAP_KEY_BYTES] = { 0x51, 0x9a, 0xee, 0x02 };
	bool good = pool_open(&m->pool, arena, max, sizeof(struct kept));

	return map_open(&m->map, arena, max, key) && good;
}

struct store *
store_memory_open(uint32_t max_addresses)
{
	struct arena measure = arena_on(NULL, 0), arena;
	struct memory *m = malloc(sizeof *m);

	if (m == NULL)
		return NULL;
	*m = (struct memory){ .store.kind = STORE_MEMORY, .replay_at = UINT32_MAX };
	carve(m, &measure, max_addresses);
	m->region = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	arena = arena_on(m->region, measure.used);
	if (m->region == NULL || !carve(m, &arena, max_addresses)) {
		free(m->region);
		free(m);
		return NULL;
	}
	return &m->store;
}

static struct str
aor_of(const struct kept *k)
{
	return str_of(k->octets, k->aor_len);
}

static struct kept *
find(const struct memory *m, uint64_t hash, struct str aor)
{
	uint32_t cursor, slot;

	for (slot = map_first(&m->map, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&m->map, hash, &cursor)) {
		struct kept *k = pool_slot(&m->pool, slot);

		if (str_same(aor_of(k), aor))
			return k;
	}
	return NULL;
}

static void
forget(struct memory *m, uint64_t hash, struct kept *k)
{
	struct ref ref = pool_ref(&m->pool, k);

	map_drop(&m->map, hash, ref.slot);
	free(k->octets);
	pool_give(&m->pool, ref);
}

/* Keeps SET for AOR; K is what was kept of it, or NULL. Ends: false when there is no room. */
static bool
keep(struct memory *m, uint64_t hash, struct kept *k, struct str aor, struct str set)
{
	char *octets = malloc(aor.len + set.len);
	struct ref ref;

	if (octets == NULL)
		return false;
	if (k != NULL) {
		free(k->octets);
	} else {
		k = pool_take(&m->pool, &ref);
		if (k == NULL) {
			free(octets);
			return false;
		}
		map_put(&m->map, hash, ref.slot);
	}
	memcpy(octets, aor.at, aor.len);
	memcpy(octets + aor.len, set.at, set.len);
	*k = (struct kept){ m->version + 1, aor.len, set.len, octets };
	return true;
}

void
store_memory_ask(struct store *s, struct ref ask, struct str aor, uint64_t version, struct str set)
{
	struct memory *m = memory_of(s);
	uint64_t hash = map_hash(&m->map, &aor, 1);
	struct kept *k = find(m, hash, aor);
	enum saved_status status = SAVED_DONE;

	if (version != (k != NULL ? k->version : 0))
		status = SAVED_STALE;
	else if (set.len > 0)
		status = keep(m, hash, k, aor, set) ? SAVED_DONE : SAVED_FAILED;
	else if (k != NULL)
		forget(m, hash, k);
	if (status == SAVED_DONE)
		m->version++;
	line_put(&s->line, ask, status, aor, m->version, set);
}

void
store_memory_replay(struct store *s)
{
	memory_of(s)->replay_at = 0;
}

bool
store_memory_next(struct store *s, struct store_news *news)
{
	struct memory *m = memory_of(s);

	while (m->replay_at < m->pool.fresh) {
		const struct kept *k = pool_slot(&m->pool, m->replay_at++);

		if (k == NULL)
			continue;
		*news = (struct store_news){ .kind = STORE_BINDINGS,
			.aor = aor_of(k),
			.set = str_of(k->octets + k->aor_len, k->set_len),
			.version = k->version };
		return true;
	}
	return false;
}

void
store_memory_close(struct store *s)
{
	struct memory *m = memory_of(s);

	for (uint32_t slot = 0; slot < m->pool.fresh; slot++) {
		struct kept *k = pool_slot(&m->pool, slot);

		if (k != NULL)
			free(k->octets);
	}
	free(m->region);
	free(m);
}
