/* SPDX-License-Identifier: Apache-2.0 */
/* peers_kit.h - DNs with fixed contacts, and a resolver that says what a test wants. */
#ifndef TEST_CORE_PEERS_KIT_H
#define TEST_CORE_PEERS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/peers.h"

enum { MAX = 16, MEMORY = 2 * 1024 * 1024 };

static const struct {
	const char *number, *contact;
	enum dn_type type;
} lines[] = {
	{ "5000", "sip:192.0.2.50:5070", DN_EXTENSION },
	{ "7000", "*", DN_EXTENSION },
	{ "east", "sips:fly.example.net:5061", DN_TRUNK },
	{ "west", "sip:192.0.2.50", DN_SOFTSWITCH },
	{ "also", "sip:192.0.2.50", DN_TRUNK },
	{ "5001", "sip:phone.example.net:5060", DN_EXTENSION },
	{ "wide", "sip:wide.example.net", DN_TRUNK },
};

enum { DNS = sizeof lines / sizeof lines[0], USUAL = DNS - 1 /* without the last */ };

static const struct listener listeners[] = {
	{ .transport = TRANSPORT_UDP },
	{ .transport = TRANSPORT_TCP },
	{ .transport = TRANSPORT_TLS },
};

static struct {
	void *memory, *out_memory;
	struct alarms alarms;
	struct lookups lookups;
	struct peers peers;
	struct out out;
	struct when now;
	struct turn turn;
	struct dn dns[DNS];
	struct directory directory;
} world;

static inline struct addr
addr(const char *ip)
{
	struct addr a;

	assert_true(addr_parse(&a, str_cstr(ip)));
	return a;
}

static inline int
open_peers(void **state)
{
	struct arena arena;
	size_t at;

	memset(&world, 0, sizeof world);
	*state = &world;
	world.memory = aligned_alloc(64, MEMORY);
	world.out_memory = malloc(OUT_BYTES);
	arena = arena_on(world.memory, MEMORY);
	out_init(&world.out, world.out_memory, OUT_BYTES);
	world.now = (struct when){ 1000, 1700000000 };
	world.turn = (struct turn){ world.now, &world.out, NULL };
	for (unsigned i = 0; i < DNS; i++) {
		world.dns[i].number = str_cstr(lines[i].number);
		world.dns[i].type = lines[i].type;
		assert_int_equal(
			contact_parse(&world.dns[i].contact, str_cstr(lines[i].contact), &at),
			CONTACT_FINE);
	}
	world.directory = (struct directory){ .dns = world.dns, .count = DNS };
	assert_true(alarms_open(&world.alarms, &arena, MAX));
	assert_true(lookups_open(&world.lookups, &arena, MAX, listeners, 3));
	assert_true(peers_open(&world.peers, &arena, MAX, &world.alarms, &world.lookups));
	world.directory.count = USUAL;
	peers_directory(&world.peers, &world.directory, world.now);
	return 0;
}

static inline int
close_peers(void **state)
{
	(void)state;
	free(world.memory);
	free(world.out_memory);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_peers, close_peers)

/* Rings all that is due and returns how many questions were put; *ASK is the last one. */
static inline unsigned
ring_at(int64_t at_ms, struct ref *ask)
{
	const struct alarm *alarm;
	unsigned count = 0;

	world.now.mono_ms = at_ms;
	world.turn.now = world.now;
	out_clear(&world.out);
	while ((alarm = alarms_due(&world.alarms, at_ms)) != NULL)
		peers_ring(&world.peers, alarm, &world.turn);
	for (uint32_t i = 0; i < world.out.count; i++) {
		if (world.out.acts[i].kind != ACT_RESOLVE)
			continue;
		*ask = world.out.acts[i].u.resolve.ask;
		count++;
	}
	return count;
}

/* As the core does it. Ends: whether somebody had asked. */
static inline bool
hear(const struct event *e)
{
	enum locating outcome = LOCATE_ASKS;
	struct lookup *lookup = lookup_hear(&world.lookups, e, &outcome, &world.turn);

	if (lookup != NULL && outcome != LOCATE_ASKS)
		peers_located(&world.peers, lookup, outcome, &world.turn);
	return lookup != NULL;
}

static inline bool
answer(struct ref ask, enum names_status status, uint32_t ttl_s, const char *ip, const char *ip2)
{
	struct event e = { .kind = EV_NAMES };

	e.u.names.ask = ask;
	e.u.names.status = status;
	e.u.names.ttl_s = ttl_s;
	if (ip != NULL)
		e.u.names.addrs[e.u.names.count++] = addr(ip);
	if (ip2 != NULL)
		e.u.names.addrs[e.u.names.count++] = addr(ip2);
	return hear(&e);
}

/* The question for NAME among the actions since the last ring; REF_NONE: none. */
static inline struct ref
asked_for(const char *name)
{
	for (uint32_t i = world.out.count; i-- > 0;)
		if (world.out.acts[i].kind == ACT_RESOLVE &&
			str_same(world.out.acts[i].u.resolve.name, str_cstr(name)))
			return world.out.acts[i].u.resolve.ask;
	fail_msg("%s was not asked for", name);
	return REF_NONE;
}

static inline const struct peer *
peer(unsigned place)
{
	return peers_of(&world.peers, &world.dns[place]);
}

static inline const struct dn *
trunk_at(const char *ip)
{
	const struct flow flow = { .proof = PROOF_NONE };
	struct addr a = addr(ip);
	const struct dn *trunk;

	a.port = 12345;
	return peers_trunk_of(&world.peers, &flow, &a, &trunk) == PEER_TRUNK ? trunk : NULL;
}

#endif
