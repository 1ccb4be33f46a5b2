/* SPDX-License-Identifier: Apache-2.0 */
/* How a request of ours outside of any dialog finds its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trunk/ask.h"
#include "trunk/kit.h"

static struct flows flows;
static struct out out;
static void *memory, *out_memory;
static struct turn turn;
static struct listener listeners[2];

static int
open_flows(void **state)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 1 };
	struct arena arena;

	(void)state;
	memory = aligned_alloc(64, 4 * 1024 * 1024);
	out_memory = malloc(OUT_BYTES);
	arena = arena_on(memory, 4 * 1024 * 1024);
	out_init(&out, out_memory, OUT_BYTES);
	turn = (struct turn){ .now = { 1000, 1700000000 }, .out = &out };
	listeners[0] = (struct listener){
		.transport = TRANSPORT_UDP, .local = stage_addr("192.0.2.1", 5060), .flow = { 1 }
	};
	listeners[1] = (struct listener){ .transport = TRANSPORT_TLS,
		.local = stage_addr("192.0.2.1", 5061) };
	return !flows_open(&flows, &arena, 2, listeners, 2, key);
}

static int
close_flows(void **state)
{
	(void)state;
	free(memory);
	free(out_memory);
	return 0;
}

static bool
choose(enum scheme scheme, enum transport demanded, struct way way, struct target *target,
	struct str *why)
{
	struct asked asked = {
		.speech = { scheme, demanded }, .name = STR("east.example"), .number = STR("east")
	};

	return ask_choose(&flows, &asked, &way, &turn, target, why);
}

static void
a_sips_one_goes_over_tls_or_nowhere(void **state)
{
	struct way udp = { .transport = TRANSPORT_UDP, .addr = stage_addr("192.0.2.50", 5060) };
	struct way tls = { .transport = TRANSPORT_TLS, .addr = stage_addr("192.0.2.50", 5061) };
	struct target target, again;
	struct txn_way way;
	struct str why;

	(void)state;
	assert_false(choose(SCHEME_SIPS, TRANSPORT_TLS, udp, &target, &why));
	assert_true(str_same(why, STR("a sips leg leaves over TLS only")));
	assert_int_equal(out.count, 0);
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	assert_int_equal(out.count, 1);
	assert_true(str_same(out.acts[0].u.dial.name, STR("east.example")));
	assert_true(str_same(out.acts[0].u.dial.about, STR("east")));
	way = ask_way(&target);
	assert_true(way.is_tls && way.is_reliable && flow_same(way.flow, target.flow));
	/* The same connection the next time, and by its number as well. */
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &again, &why));
	assert_true(flow_same(again.flow, target.flow));
	tls.flow = target.flow;
	tls.tie = TIE_DIALLED;
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &again, &why));
	assert_int_equal(out.count, 1);
	flows_drop(&flows, flows_find(&flows, target.flow));
	assert_false(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &again, &why));
	assert_true(str_same(why, STR("the connection is gone")));
}

/* A connection that the registrar opened to us. */
static struct flow *
accept_alias(struct str names, uint32_t identity)
{
	static const uint8_t print[FINGERPRINT_BYTES] = { 1 };
	struct event open = { .kind = EV_FLOW_OPEN };
	struct flow *flow;

	open.u.open.flow = (struct flow_id){ 9 };
	open.u.open.transport = TRANSPORT_TLS;
	open.u.open.listener = 1;
	open.u.open.local = listeners[1].local;
	open.u.open.peer = stage_addr("192.0.2.50", 40000);
	open.u.open.secured = (struct secured){ .proof = PROOF_CLIENT_CERT,
		.name = names,
		.fingerprint = str_of((const char *)print, sizeof print),
		.identity = identity };
	flow = flows_add(&flows, &open);
	flows_alias(&flows, flow, 5061);
	return flow;
}

/* What is said again, with credentials or to leave, goes where it went at first, though the
 * certificate there has more names than the one that is wanted. */
/* rows: R5923-8.2-a R5923-8.2-b */
static void
an_alias_is_gone_by_twice(void **state)
{
	struct way tls = { .transport = TRANSPORT_TLS, .addr = stage_addr("192.0.2.50", 5061) };
	struct flow *flow = accept_alias(STR("west.example,east.example"), 0);
	struct target target;
	struct str why;

	(void)state;
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	assert_true(flow_same(target.flow, flow->id));
	tls.flow = target.flow;
	tls.tie = TIE_DIALLED;
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	assert_true(flow_same(target.flow, flow->id));
	/* No longer than it offers itself. */
	flows_alias(&flows, flow, 0);
	assert_false(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	assert_true(str_same(why, STR("the connection was verified for another name")));
	assert_int_equal(out.count, 0);
}

/* What the peer opened is taken for nobody that its certificate does not name, nor as another of
 * our identities. */
/* rows: R5923-8.2-b R5923-9.3 */
static void
an_alias_is_taken_for_no_other(void **state)
{
	static const struct {
		struct str names;
		uint32_t identity;
	} rows[] = { { STR("west.example"), 0 }, { STR("west.example,east.example"), 1 },
		{ STR("xeast.example,east.example.org"), 0 }, { STR(""), 0 } };
	struct way tls = { .transport = TRANSPORT_TLS,
		.addr = stage_addr("192.0.2.50", 5061),
		.tie = TIE_DIALLED };
	struct target target;
	struct str why;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct flow *flow = accept_alias(rows[i].names, rows[i].identity);

		tls.flow = flow->id;
		assert_false(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
		assert_true(str_same(why, STR("the connection was verified for another name")));
		flows_drop(&flows, flow);
	}
}

static void
a_datagram_goes_by_the_socket(void **state)
{
	struct way udp = { .transport = TRANSPORT_UDP, .addr = stage_addr("192.0.2.50", 5060) };
	struct target target;
	struct txn_way way;
	struct str why;

	(void)state;
	assert_true(choose(SCHEME_SIP, TRANSPORT_UDP, udp, &target, &why));
	way = ask_way(&target);
	assert_false(way.is_tls || way.is_reliable);
	assert_int_equal(way.flow.number, 1);
	udp.addr = stage_addr("2001:db8::50", 5060);
	assert_false(choose(SCHEME_SIP, TRANSPORT_UDP, udp, &target, &why));
	assert_true(str_begins(why, STR("no connection")));
}

/* A connection that was given up and is not closed yet is as good as gone. */
static void
what_is_shut_is_gone(void **state)
{
	struct way tls = { .transport = TRANSPORT_TLS, .addr = stage_addr("192.0.2.50", 5061) };
	struct target target;
	struct str why;

	(void)state;
	assert_true(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	tls.flow = target.flow;
	tls.tie = TIE_DIALLED;
	flows_find(&flows, target.flow)->is_shut = true;
	assert_false(choose(SCHEME_SIPS, TRANSPORT_TLS, tls, &target, &why));
	assert_true(str_same(why, STR("the connection is gone")));
	assert_int_equal(out.count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_sips_one_goes_over_tls_or_nowhere, open_flows, close_flows),
		cmocka_unit_test_setup_teardown(an_alias_is_gone_by_twice, open_flows, close_flows),
		cmocka_unit_test_setup_teardown(
			an_alias_is_taken_for_no_other, open_flows, close_flows),
		cmocka_unit_test_setup_teardown(
			a_datagram_goes_by_the_socket, open_flows, close_flows),
		cmocka_unit_test_setup_teardown(what_is_shut_is_gone, open_flows, close_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
