/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX = 2, MEMORY = 64 * 1024 };

static const struct listener listeners[] = { { .transport = TRANSPORT_TCP } };

static struct {
	void *memory, *out_memory;
	struct lookups lookups;
	struct out out;
	struct turn turn;
} world;

static int
open_lookups(void **state)
{
	struct arena arena, measure = arena_on(NULL, 0);

	(void)state;
	world.memory = aligned_alloc(64, MEMORY);
	world.out_memory = malloc(OUT_BYTES);
	arena = arena_on(world.memory, MEMORY);
	out_init(&world.out, world.out_memory, OUT_BYTES);
	world.turn = (struct turn){ { 1000, 1700000000 }, &world.out, NULL };
	assert_false(lookups_open(&world.lookups, &measure, MAX, listeners, 1));
	assert_true(lookups_open(&world.lookups, &arena, MAX, listeners, 1));
	return 0;
}

static int
close_lookups(void **state)
{
	(void)state;
	free(world.memory);
	free(world.out_memory);
	return 0;
}

static struct event
absent(struct ref ask, enum names_kind kind)
{
	struct event e = { .kind = EV_NAMES };

	e.u.names.ask = ask;
	e.u.names.kind = kind;
	e.u.names.status = NAMES_ABSENT;
	return e;
}

static void
questions_go_out_one_by_one(void **state)
{
	const struct sought sought = { .speech = { SCHEME_SIP, TRANSPORT_UDP },
		.host = STR("a.example") };
	struct lookup *lookup = lookup_take(&world.lookups, LOOKUP_FOR_LEG, (struct ref){ 7, 9 });
	static const struct {
		enum names_kind kind;
		struct str name;
	} asked[] = { { NAMES_NAPTR, STR("a.example") }, { NAMES_SRV, STR("_sip._tcp.a.example") },
		{ NAMES_ADDRESSES, STR("a.example") } };
	enum locating outcome;

	(void)state;
	assert_int_equal(lookup_begin(&world.lookups, lookup, &sought, &world.turn), LOCATE_ASKS);
	for (uint32_t i = 0; i < 3; i++) {
		const struct act *act = &world.out.acts[i];
		struct event e = absent(act->u.resolve.ask, asked[i].kind);
		struct event other = absent(act->u.resolve.ask, NAMES_SRV + (i == 1));

		/* No UDP: there is no listener of it. */
		assert_int_equal(world.out.count, i + 1);
		assert_int_equal(act->kind, ACT_RESOLVE);
		assert_int_equal(act->u.resolve.kind, asked[i].kind);
		assert_true(str_same(act->u.resolve.name, asked[i].name));
		if (i != 0 && other.u.names.kind != asked[i].kind)
			assert_null(lookup_hear(&world.lookups, &other, &outcome, &world.turn));
		assert_ptr_equal(lookup_hear(&world.lookups, &e, &outcome, &world.turn), lookup);
		assert_int_equal(outcome, i < 2 ? LOCATE_ASKS : LOCATE_ABSENT);
	}
	assert_int_equal(lookup->whom, LOOKUP_FOR_LEG);
	assert_true(ref_same(lookup->owner, (struct ref){ 7, 9 }));
}

static void
late_answers_meet_nobody(void **state)
{
	const struct sought sought = {
		.speech = { SCHEME_SIP, TRANSPORT_TCP }, .host = STR("a.example"), .port = 5060
	};
	struct lookup *first = lookup_take(&world.lookups, LOOKUP_FOR_PEER, REF_NONE);
	struct lookup *second = lookup_take(&world.lookups, LOOKUP_FOR_PEER, REF_NONE);
	struct event e = absent(first->ref, NAMES_ADDRESSES);
	enum locating outcome;

	(void)state;
	assert_null(lookup_take(&world.lookups, LOOKUP_FOR_PEER, REF_NONE));
	assert_int_equal(lookup_begin(&world.lookups, first, &sought, &world.turn), LOCATE_ASKS);
	lookup_give(&world.lookups, first->ref);
	lookup_give(&world.lookups, REF_NONE);
	assert_null(lookup_hear(&world.lookups, &e, &outcome, &world.turn));
	assert_non_null(second);
	assert_non_null(lookup_take(&world.lookups, LOOKUP_FOR_PEER, REF_NONE));
}

static void
an_address_needs_no_question(void **state)
{
	struct sought sought = { .speech = { SCHEME_SIPS, TRANSPORT_TLS },
		.host = STR("192.0.2.1") };
	struct lookup *lookup = lookup_take(&world.lookups, LOOKUP_FOR_PEER, REF_NONE);

	(void)state;
	assert_true(addr_parse(&sought.ip, sought.host));
	assert_int_equal(lookup_begin(&world.lookups, lookup, &sought, &world.turn), LOCATE_FOUND);
	assert_int_equal(world.out.count, 0);
	assert_int_equal(lookup->locate.places[0].addr.port, 5061);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_lookups, close_lookups)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(questions_go_out_one_by_one),
		TEST(late_answers_meet_nobody),
		TEST(an_address_needs_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
