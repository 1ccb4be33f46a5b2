/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/dice.h"
#include "base/map.h"

enum { ENTRIES = 100, LOOP_MAX_S = 5 };

static const uint8_t map_key[MAP_KEY_BYTES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15 };
static _Alignas(64) char room[16384];
static struct map map;

static int
open_map(void **state)
{
	struct arena a = arena_on(room, sizeof room);

	(void)state;
	return map_open(&map, &a, ENTRIES, map_key) ? 0 : -1;
}

/* The answers that its authors published for the key 00 01 .. 0f and the texts 00 01 02 ... */
static void
siphash_gives_the_known_answers(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{ 0, 0x726fdb47dd0e0e31 },
		{ 1, 0x74f839c593dc67fd },
		{ 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 },
		{ 15, 0xa129ca6149be45e5 },
		{ 63, 0x958a324ceb064572 },
	};
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)i;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(siphash(key, str_of(text, rows[i].len)) == rows[i].hash);
}

static uint64_t
hash_of(const char *a, const char *b)
{
	struct str parts[] = { str_cstr(a), str_cstr(b) };

	return map_hash(&map, parts, 2);
}

static void
parts_are_told_apart(void **state)
{
	struct str one = STR("abc");
	struct map other;
	static const uint8_t other_key[MAP_KEY_BYTES] = { 1 };
	static _Alignas(64) char other_room[16384];
	struct arena a = arena_on(other_room, sizeof other_room);
	uint64_t hash = map_hash(&map, &one, 1);

	(void)state;
	assert_true(hash_of("ab", "c") == hash_of("ab", "c"));
	assert_true(hash_of("ab", "c") != hash_of("a", "bc"));
	assert_true(hash_of("abc", "") != hash_of("", "abc"));
	assert_true(hash_of("abc", "") != hash);
	assert_true(map_open(&other, &a, ENTRIES, other_key));
	assert_true(map_hash(&other, &one, 1) != hash);
}

static void
values_of_one_hash_are_all_found(void **state)
{
	uint32_t cursor, found = 0;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		map_put(&map, 77, i);
	map_put(&map, 77 + map.mask + 1, 9); /* the same cell, another hash */
	for (uint32_t v = map_first(&map, 77, &cursor); v != MAP_NONE;
		v = map_next(&map, 77, &cursor))
		found |= 1u << v;
	assert_int_equal(found, 31);
	map_drop(&map, 77, 2);
	found = 0;
	for (uint32_t v = map_first(&map, 77, &cursor); v != MAP_NONE;
		v = map_next(&map, 77, &cursor))
		found |= 1u << v;
	assert_int_equal(found, 27);
	assert_int_equal(map_first(&map, 77 + map.mask + 1, &cursor), 9);
	assert_int_equal(map_first(&map, 78, &cursor), MAP_NONE);
}

static bool
holds(uint64_t hash, uint32_t value)
{
	uint32_t cursor;

	for (uint32_t v = map_first(&map, hash, &cursor); v != MAP_NONE;
		v = map_next(&map, hash, &cursor))
		if (v == value)
			return true;
	return false;
}

/* Puts and drops at random, hashes crowded into a few cells, beside a plain list. */
static void
it_agrees_with_a_plain_list(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 'm', 'a', 'p' };
	uint64_t hashes[ENTRIES];
	bool there[ENTRIES] = { false };
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t value = dice_below(&dice, ENTRIES);

		if (there[value]) {
			map_drop(&map, hashes[value], value);
		} else {
			hashes[value] = dice_below(&dice, 40) * 7 + (dice_below(&dice, 2) << 20);
			map_put(&map, hashes[value], value);
		}
		there[value] = !there[value];
		for (uint32_t v = value % 7; v < ENTRIES; v += 7)
			if (there[v] != (there[v] && holds(hashes[v], v)))
				fail_msg("round %u: %u is lost", round, v);
		if (!there[value])
			assert_false(holds(hashes[value], value));
	}
}

static void
it_holds_as_many_as_it_promised(void **state)
{
	uint32_t cursor;

	(void)state;
	for (uint32_t i = 0; i < ENTRIES; i++)
		map_put(&map, (uint64_t)i << 40, i); /* all want the same cell */
	for (uint32_t i = 0; i < ENTRIES; i++)
		assert_int_equal(map_first(&map, (uint64_t)i << 40, &cursor), i);
}

/* cve/94: as full as it may be, whatever the number of its entries, it is looked through to an end
 * for what is not there. */
static void
what_is_not_there_is_not_looked_for_without_end(void **state)
{
	uint32_t cursor;

	(void)state;
	alarm(LOOP_MAX_S);
	for (uint32_t max = 1; max <= 2 * ENTRIES; max++) {
		struct arena a = arena_on(room, sizeof room);

		assert_true(map_open(&map, &a, max, map_key));
		for (uint32_t i = 0; i < max; i++)
			map_put(&map, i, i);
		for (uint32_t i = 0; i < 3 * ENTRIES; i++) {
			assert_int_equal(
				map_first(&map, (uint64_t)(i + 1) << 40 | i, &cursor), MAP_NONE);
			if (i < max)
				assert_int_equal(map_first(&map, i, &cursor), i);
			if (i < max)
				assert_int_equal(map_next(&map, i, &cursor), MAP_NONE);
		}
	}
	alarm(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(siphash_gives_the_known_answers, open_map),
		cmocka_unit_test_setup(parts_are_told_apart, open_map),
		cmocka_unit_test_setup(values_of_one_hash_are_all_found, open_map),
		cmocka_unit_test_setup(it_agrees_with_a_plain_list, open_map),
		cmocka_unit_test_setup(it_holds_as_many_as_it_promised, open_map),
		cmocka_unit_test(what_is_not_there_is_not_looked_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
