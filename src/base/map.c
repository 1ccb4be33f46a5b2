/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <string.h>

#include "base/panic.h"

struct map_cell {
	uint64_t hash;
	uint32_t value;
	uint32_t taken; /* 0 or 1 */
};

struct sip_state {
	uint64_t v0, v1, v2, v3;
	uint8_t tail[8];
	size_t len;
};

static uint64_t
turn(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v1 = turn(s->v1, 13) ^ s->v0;
	s->v0 = turn(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = turn(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = turn(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = turn(s->v1, 17) ^ s->v2;
	s->v2 = turn(s->v2, 32);
}

static uint64_t
word_of(const uint8_t at[8])
{
	uint64_t word = 0;

	for (int i = 7; i >= 0; i--)
		word = word << 8 | at[i];
	return word;
}

static void
sip_word(struct sip_state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

static struct sip_state
sip_begin(const uint64_t key[2])
{
	return (struct sip_state){
		.v0 = key[0] ^ 0x736f6d6570736575,
		.v1 = key[1] ^ 0x646f72616e646f6d,
		.v2 = key[0] ^ 0x6c7967656e657261,
		.v3 = key[1] ^ 0x7465646279746573,
	};
}

static void
sip_add(struct sip_state *s, struct str data)
{
	const uint8_t *from = (const uint8_t *)data.at;
	size_t left = data.len;

	while (left > 0) {
		size_t have = s->len % 8;
		size_t step = 8 - have < left ? 8 - have : left;

		memcpy(s->tail + have, from, step);
		s->len += step;
		from += step;
		left -= step;
		if (s->len % 8 == 0)
			sip_word(s, word_of(s->tail));
	}
}

static uint64_t
sip_end(struct sip_state *s)
{
	size_t have = s->len % 8;

	memset(s->tail + have, 0, 8 - have);
	sip_word(s, word_of(s->tail) | (uint64_t)(s->len & 0xff) << 56);
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t
siphash(const uint64_t key[2], struct str data)
{
	struct sip_state s = sip_begin(key);

	sip_add(&s, data);
	return sip_end(&s);
}

uint64_t
map_hash(const struct map *m, const struct str *parts, size_t count)
{
	struct sip_state s = sip_begin(m->key);

	for (size_t i = 0; i < count; i++) {
		uint32_t len = (uint32_t)parts[i].len;

		sip_add(&s, str_of(&len, sizeof len));
		sip_add(&s, parts[i]);
	}
	return sip_end(&s);
}

bool
map_open(struct map *m, struct arena *arena, uint32_t max, const uint8_t key[MAP_KEY_BYTES])
{
	uint32_t size = 16;

	/* At most half full, so that a probe is short. */
	while (size < 2 * max)
		size *= 2;
	*m = (struct map){ .mask = size - 1 };
	m->key[0] = word_of(key);
	m->key[1] = word_of(key + 8);
	m->cells = arena_take(arena, size * sizeof *m->cells, 64);
	if (m->cells == NULL)
		return false;
	memset(m->cells, 0, size * sizeof *m->cells);
	return true;
}

void
map_put(struct map *m, uint64_t hash, uint32_t value)
{
	uint32_t at = (uint32_t)hash & m->mask;

	must(value != MAP_NONE && m->count <= m->mask / 2);
	while (m->cells[at].taken)
		at = (at + 1) & m->mask;
	m->cells[at] = (struct map_cell){ hash, value, 1 };
	m->count++;
}

static uint32_t
probe(const struct map *m, uint64_t hash, uint32_t at, uint32_t *cursor)
{
	while (m->cells[at].taken) {
		if (m->cells[at].hash == hash) {
			*cursor = at;
			return m->cells[at].value;
		}
		at = (at + 1) & m->mask;
	}
	return MAP_NONE;
}

uint32_t
map_first(const struct map *m, uint64_t hash, uint32_t *cursor)
{
	return probe(m, hash, (uint32_t)hash & m->mask, cursor);
}

uint32_t
map_next(const struct map *m, uint64_t hash, uint32_t *cursor)
{
	return probe(m, hash, (*cursor + 1) & m->mask, cursor);
}

/* Moves later entries of the run back into the hole, so that no probe stops too early. */
static void
close_hole(struct map *m, uint32_t hole)
{
	uint32_t at = hole;

	for (;;) {
		uint32_t home;

		at = (at + 1) & m->mask;
		if (!m->cells[at].taken)
			break;
		home = (uint32_t)m->cells[at].hash & m->mask;
		if (((at - home) & m->mask) >= ((at - hole) & m->mask)) {
			m->cells[hole] = m->cells[at];
			hole = at;
		}
	}
	m->cells[hole].taken = 0;
}

void
map_drop(struct map *m, uint64_t hash, uint32_t value)
{
	uint32_t cursor = 0;
	uint32_t found = map_first(m, hash, &cursor);

	while (found != MAP_NONE && found != value)
		found = map_next(m, hash, &cursor);
	must(found == value);
	close_hole(m, cursor);
	m->count--;
}
