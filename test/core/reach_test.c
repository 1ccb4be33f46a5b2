/* SPDX-License-Identifier: Apache-2.0 */
/* Which URIs are ours, and how many ways lead to who is not here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/stage.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static struct stage_options options = { .dns = dns, .dn_count = 1 };
static struct stage stage;

static int
open_stage(void **state)
{
	(void)state;
	stage_open(&stage, &options);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void
test_schemes_of_ours(void **state)
{
	static const struct {
		const char *uri;
		bool is_ours;
	} rows[] = { { "tel:+12345", true }, { "mailto:5000@example.com", false },
		{ "urn:service:sos", false }, { "sip:5000@example.com", true },
		{ "sips:5000@example.com", true }, { "sip:5000@example.net", false } };
	static const struct flow flow = { .transport = TRANSPORT_UDP };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uri uri;
		size_t at;

		assert_true(uri_parse(&uri, str_cstr(rows[i].uri), &at));
		assert_int_equal(route_is_ours(stage.core, &uri, &flow), rows[i].is_ours);
	}
}

/* More servers than a leg has ways. */
static void
test_more_servers_than_ways(void **state)
{
	const struct dn *dn = directory_find(stage.core->directory, STR("5000"));
	struct peer *peer = stage.core->peers.by_place[directory_place(stage.core->directory, dn)];
	static char octets[SCRATCH_BYTES];
	struct arena scratch = arena_on(octets, sizeof octets);
	struct turn turn = { { 5000, 1700000000 }, &stage.out, &scratch };
	struct route route;

	(void)state;
	for (peer->count = 1; peer->count < PLACES_MAX; peer->count++)
		peer->places[peer->count] = peer->places[0];
	assert_int_equal(route_reach(stage.core, dn, &turn, &route), ROUTE_PLAN);
	assert_int_equal(route.plan.way_count, WAYS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_schemes_of_ours, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(
			test_more_servers_than_ways, open_stage, close_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
