/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dice.h"
#include "hop/flows.h"

enum { FLOWS = 6, LISTENERS = 7 };

static const uint8_t key[MAP_KEY_BYTES] = { 7 };

static struct world {
	struct flows flows;
	struct listener listeners[LISTENERS];
	struct out out;
	void *memory, *out_memory;
	size_t memory_bytes;
	struct terms terms; /* of the targets */
	uint64_t next;
} w;

static const struct turn turn = { { 1000, 1 }, &w.out, NULL };

static struct addr
addr_of(const char *ip, uint16_t port)
{
	struct addr addr;

	assert_true(addr_parse(&addr, str_cstr(ip)));
	addr.port = port;
	return addr;
}

static void
listen_at(uint32_t i, enum transport transport, const char *ip, uint16_t port, const char *shown)
{
	w.listeners[i] = (struct listener){ transport, addr_of(ip, port),
		shown != NULL ? str_cstr(shown) : STR_NONE,
		{ transport == TRANSPORT_UDP ? i + 1 : 0 } };
}

static int
open_world(void **state)
{
	struct arena arena = arena_on(NULL, 0);

	(void)state;
	memset(&w, 0, sizeof w);
	listen_at(0, TRANSPORT_UDP, "192.0.2.1", 5060, NULL);
	listen_at(1, TRANSPORT_UDP, "10.0.0.1", 5060, NULL);
	listen_at(2, TRANSPORT_UDP, "127.0.0.1", 5060, NULL);
	listen_at(3, TRANSPORT_UDP, "2001:db8::1", 5060, NULL);
	listen_at(4, TRANSPORT_TCP, "10.0.0.1", 5062, "sip.example.com:5070");
	listen_at(5, TRANSPORT_TLS, "0.0.0.0", 5061, NULL);
	listen_at(6, TRANSPORT_TCP, "10.128.0.1", 5062, NULL);
	w.next = 100;
	w.terms = (struct terms){ 0 };
	(void)flows_open(&w.flows, &arena, FLOWS, w.listeners, LISTENERS, key);
	w.memory_bytes = arena.used + 64;
	w.memory = malloc(w.memory_bytes);
	w.out_memory = malloc(OUT_BYTES);
	assert_true(w.memory != NULL && w.out_memory != NULL);
	memset(w.memory, 'A', w.memory_bytes);
	out_init(&w.out, w.out_memory, OUT_BYTES);
	arena = arena_on(w.memory, w.memory_bytes);
	assert_true(flows_open(&w.flows, &arena, FLOWS, w.listeners, LISTENERS, key));
	return 0;
}

static int
close_world(void **state)
{
	(void)state;
	free(w.memory);
	free(w.out_memory);
	return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

static struct event
opening(struct flow_id id, enum transport transport, const char *peer, uint32_t listener)
{
	struct event event = { .kind = EV_FLOW_OPEN };

	event.u.open.flow = id;
	event.u.open.transport = transport;
	event.u.open.listener = listener;
	event.u.open.local = addr_of("10.0.0.1", 5061);
	event.u.open.peer = addr_of(peer, 40000);
	return event;
}

static struct flow *
accepted(enum transport transport)
{
	struct event event = opening((struct flow_id){ w.next++ }, transport, "192.0.2.77",
		transport == TRANSPORT_TLS ? 5 : 4);

	return flows_add(&w.flows, &event);
}

/* A target as secure/ makes it. */
static struct target
target_to(enum transport transport, const char *ip, uint16_t port, const char *name)
{
	struct demand demand = {
		.speech = { SCHEME_SIP, transport }, .name = str_cstr(name), .terms = w.terms
	};
	struct candidate way = { .transport = transport, .addr = addr_of(ip, port) };
	struct target target;

	assert_int_equal(target_choose(&demand, &way, &target), TARGET_CHOSEN);
	return target;
}

static struct flow_id
reach(enum transport transport, const char *ip, uint16_t port, const char *name)
{
	struct target target = target_to(transport, ip, port, name);

	return flows_reach(&w.flows, &target, STR("5000"), &turn) ? target.flow : FLOW_NONE;
}

static void
sockets_are_there_from_the_start(void **state)
{
	const struct flow *flow = flows_find(&w.flows, (struct flow_id){ 1 });

	(void)state;
	assert_non_null(flow);
	assert_int_equal(flow->transport, TRANSPORT_UDP);
	assert_true(flow->is_open && addr_same(&flow->local, &w.listeners[0].local));
	assert_int_equal(flows_count(&w.flows), 0);
	assert_null(flows_find(&w.flows, (struct flow_id){ 5 }));
	assert_null(flows_find(&w.flows, FLOW_NONE));
	assert_true(flow_same(reach(TRANSPORT_UDP, "10.0.0.9", 5060, ""), w.listeners[1].flow));
	assert_int_equal(w.out.count, 0);
}

/* rows: R5923-8.2-a */
static void
an_accepted_flow_is_known_while_it_lives(void **state)
{
	static const char print[FINGERPRINT_BYTES] = "fingerprint of thirty-two octets";
	struct event event = opening((struct flow_id){ 9 }, TRANSPORT_TLS, "192.0.2.8", 5);
	struct flow *flow;

	(void)state;
	event.u.open.secured = (struct secured){ PROOF_CLIENT_CERT, STR("TLSv1.3"),
		STR("a cipher whose name is longer than all that is kept of such a name here"),
		STR("phone.example.com"), 3, str_of(print, sizeof print), STR(""), NAMED_BY_NONE,
		2 };
	flow = flows_add(&w.flows, &event);
	assert_non_null(flow);
	assert_ptr_equal(flows_find(&w.flows, (struct flow_id){ 9 }), flow);
	assert_int_equal(flow->proof, PROOF_CLIENT_CERT);
	assert_int_equal(flow->terms.trust, 3);
	assert_true(str_same(flow_name(flow), STR("phone.example.com")));
	assert_int_equal(flow->cipher_len, FLOW_CIPHER_MAX);
	assert_true(flow->has_fingerprint && flow->is_open);
	assert_int_equal(flows_count(&w.flows), 1);
	/* The peer's own connection is no way to its address for anybody else. */
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &event.u.open.peer,
		STR("phone.example.com"), &(struct terms){ 0 }));
	assert_null(flows_was(&w.flows, (struct flow_id){ 9 }));
	assert_null(flows_was(&w.flows, (struct flow_id){ 0x4141414141414141 }));
	flows_drop(&w.flows, flow);
	assert_null(flows_find(&w.flows, (struct flow_id){ 9 }));
	assert_int_equal(flows_count(&w.flows), 0);
	/* Over what it led, and as whom we spoke there, is known for a while. */
	assert_int_equal(flows_was(&w.flows, (struct flow_id){ 9 })->transport, TRANSPORT_TLS);
	assert_int_equal(flows_was(&w.flows, (struct flow_id){ 9 })->terms.identity, 2);
	assert_null(flows_was(&w.flows, (struct flow_id){ 9 + FLOWS_GONE_MAX }));
	assert_null(flows_was(&w.flows, FLOW_NONE));
}

/* rows: R5923-8.2-a R5923-8.2-b R5923-8.2-c */
static void
an_alias_is_for_whom_its_certificate_names(void **state)
{
	uint8_t print[FINGERPRINT_BYTES] = { 1 };
	struct event event = opening((struct flow_id){ 9 }, TRANSPORT_TLS, "192.0.2.8", 5);
	struct addr at = addr_of("192.0.2.8", 5099), other = addr_of("192.0.2.8", 5061);
	struct terms terms = { 0 }, foreign = { .identity = 1 },
		     pinned = { .has_pin = true, .pin = { 1 } },
		     another = { .has_pin = true, .pin = { 2 } };
	struct str name = STR("b.example");
	struct flow *flow;

	(void)state;
	event.u.open.secured = (struct secured){ .proof = PROOF_NONE };
	flow = flows_add(&w.flows, &event);
	flows_alias(&w.flows, flow, 5099);
	assert_int_equal(flow->alias, 0);
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &terms));
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, STR(""), &terms));
	flows_drop(&w.flows, flow);

	event.u.open.flow.number = 10;
	event.u.open.secured = (struct secured){ .proof = PROOF_CLIENT_CERT,
		.name = STR("a.example,b.example"),
		.fingerprint = str_of(print, sizeof print) };
	flow = flows_add(&w.flows, &event);
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &terms));
	flows_alias(&w.flows, flow, 5099);
	flows_alias(&w.flows, flow, 5099);
	assert_ptr_equal(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &terms), flow);
	assert_ptr_equal(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &pinned), flow);
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &another));
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &foreign));
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, STR("c.example"), &terms));
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &other, name, &terms));
	assert_null(flows_towards(&w.flows, TRANSPORT_TCP, &at, name, &terms));
	/* One port at a time. */
	flows_alias(&w.flows, flow, 5061);
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &at, name, &terms));
	assert_ptr_equal(flows_towards(&w.flows, TRANSPORT_TLS, &other, name, &terms), flow);
	flow->is_shut = true;
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &other, name, &terms));
	flows_drop(&w.flows, flow);
	assert_null(flows_towards(&w.flows, TRANSPORT_TLS, &other, name, &terms));
}

/* What is said again over an alias is judged as when it was chosen. */
/* rows: R5923-8.2-b */
static void
an_alias_shows_whom_it_was_taken_for(void **state)
{
	struct event event = opening((struct flow_id){ 9 }, TRANSPORT_TLS, "192.0.2.8", 5);
	struct demand east = { .name = STR("b.example") }, other = { .name = STR("c.example") };
	struct candidate way;
	struct flow *flow;

	(void)state;
	event.u.open.secured = (struct secured){
		.proof = PROOF_CLIENT_CERT, .name = STR("a.example,b.example"), .trust = 1
	};
	flow = flows_add(&w.flows, &event);
	for (uint32_t trust = 0; trust < 2; trust++) {
		flows_alias(&w.flows, flow, trust == 0 ? 0 : 5099);
		for (east.terms.trust = 0; east.terms.trust < 2; east.terms.trust++) {
			bool is_good = trust == 1 && east.terms.trust == 1;

			flow_show(flow, &east, &way);
			assert_int_equal(str_same(way.flow_name, east.name), is_good);
			assert_int_equal(way.flow_terms.trust, 1);
		}
		flow_show(flow, &other, &way);
		assert_true(str_same(way.flow_name, STR("a.example,b.example")));
	}
	flows_drop(&w.flows, flow);
}

/* An identity without CAs of its own believes those of the default: what was accepted as it is its
 * way, and nobody else's. One with CAs of its own believes no others. */
/* rows: R5923-8.2-b R5923-9.3 */
static void
an_alias_is_of_the_identity_that_was_shown(void **state)
{
	enum { OURS, EAST, WEST }; /* west has CAs of its own */
	static const struct terms terms[] = { { .identity = OURS, .trust = OURS },
		{ .identity = EAST, .trust = OURS }, { .identity = WEST, .trust = WEST } };
	struct event event = opening((struct flow_id){ 9 }, TRANSPORT_TLS, "192.0.2.8", 5);
	struct addr at = addr_of("192.0.2.8", 5099);
	uint8_t print[FINGERPRINT_BYTES] = { 1 };

	(void)state;
	for (uint32_t shown = OURS; shown <= WEST; shown++) {
		struct flow *flow;

		event.u.open.secured = (struct secured){ .proof = PROOF_CLIENT_CERT,
			.name = STR("b.example"),
			.fingerprint = str_of(print, sizeof print),
			.identity = shown,
			.trust = terms[shown].trust };
		flow = flows_add(&w.flows, &event);
		flows_alias(&w.flows, flow, 5099);
		for (uint32_t as = OURS; as <= WEST; as++)
			assert_ptr_equal(flows_towards(&w.flows, TRANSPORT_TLS, &at,
						 STR("b.example"), &terms[as]),
				as == shown ? flow : NULL);
		/* By whom it was vouched for counts too. */
		flow->terms.trust = 3;
		assert_null(flows_towards(
			&w.flows, TRANSPORT_TLS, &at, STR("b.example"), &terms[shown]));
		flows_drop(&w.flows, flow);
	}
}

/* rows: R5626-4.3-a R5923-8.2-c R3261-18.1.1-d */
static void
a_connection_is_dialled_once_for_each_far_end(void **state)
{
	struct flow_id tls = reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");

	(void)state;
	assert_true((tls.number & FLOW_DIALLED) != 0);
	assert_int_equal(w.out.count, 1);
	assert_int_equal(w.out.acts[0].kind, ACT_DIAL);
	assert_int_equal(w.out.acts[0].u.dial.transport, TRANSPORT_TLS);
	assert_true(flow_same(w.out.acts[0].u.dial.flow, tls));
	assert_true(str_same(w.out.acts[0].u.dial.name, STR("a.example")));
	assert_true(str_same(w.out.acts[0].u.dial.about, STR("5000")));
	assert_int_equal(w.out.acts[0].u.dial.to.port, 5061);
	/* The same far end, even while it is not there yet. */
	assert_true(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "A.Example"), tls));
	assert_int_equal(w.out.count, 1);
	/* Another name, port, address or transport is another far end. */
	assert_false(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "b.example"), tls));
	assert_false(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5062, "a.example"), tls));
	assert_false(flow_same(reach(TRANSPORT_TLS, "192.0.2.10", 5061, "a.example"), tls));
	assert_false(flow_same(reach(TRANSPORT_TCP, "192.0.2.9", 5061, "a.example"), tls));
	assert_int_equal(w.out.count, 5);
	/* A name means nothing without TLS. */
	(void)reach(TRANSPORT_TCP, "192.0.2.9", 5061, "b.example");
	assert_int_equal(w.out.count, 5);
	assert_int_equal(flows_count(&w.flows), 5);
}

/* rows: R5923-9.3 */
static void
a_connection_is_of_one_identity(void **state)
{
	static const struct terms others[] = { { .identity = 1 }, { .takes_wildcard = true },
		{ .has_pin = true }, { .has_pin = true, .pin = { 1 } },
		{ .has_pin = true, .pin = { 2 } } };
	struct flow_id own = reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");
	uint32_t count = sizeof others / sizeof *others;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		const struct act *act = &w.out.acts[i + 1];

		w.terms = others[i];
		(void)reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");
		assert_int_equal(w.out.count, i + 2);
		assert_int_equal(act->kind, ACT_DIAL);
		assert_true(terms_same(&act->u.dial.terms, &others[i]));
		/* Each is found again on its own terms. */
		assert_true(flow_same(
			reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example"), act->u.dial.flow));
	}
	assert_int_equal(w.out.count, count + 1);
	w.terms = (struct terms){ 0 };
	assert_true(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example"), own));
	/* Nothing is shown over TCP, so there they mean nothing. */
	(void)reach(TRANSPORT_TCP, "192.0.2.9", 5061, "a.example");
	w.terms = others[0];
	(void)reach(TRANSPORT_TCP, "192.0.2.9", 5061, "a.example");
	assert_int_equal(w.out.count, count + 2);
}

static void
a_dialled_flow_stays_what_it_was_dialled_to(void **state)
{
	struct flow_id id = reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");
	struct event event = opening(id, TRANSPORT_TLS, "192.0.2.55", NO_LISTENER);
	struct flow *flow;

	(void)state;
	event.u.open.secured.proof = PROOF_NAME;
	event.u.open.secured.name = STR("z.example");
	flow = flows_add(&w.flows, &event);
	assert_non_null(flow);
	assert_true(flow->is_open);
	assert_true(str_same(flow_name(flow), STR("a.example")));
	assert_true(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example"), id));
	flows_drop(&w.flows, flow);
	assert_false(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example"), id));
	/* One that is given up does not come back. */
	assert_null(flows_add(&w.flows, &event));
}

static void
one_that_proved_nothing_is_not_used(void **state)
{
	struct flow_id id = reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");
	struct event event = opening(id, TRANSPORT_TLS, "192.0.2.9", NO_LISTENER);

	(void)state;
	assert_non_null(flows_add(&w.flows, &event));
	assert_false(flow_same(reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example"), id));
	assert_int_equal(flow_name(flows_find(&w.flows, id)).len, 0);
}

static void
one_that_is_shut_is_not_used(void **state)
{
	struct flow_id id = reach(TRANSPORT_TCP, "192.0.2.9", 5060, "");

	(void)state;
	flows_find(&w.flows, id)->is_shut = true;
	assert_false(flow_same(reach(TRANSPORT_TCP, "192.0.2.9", 5060, ""), id));
	assert_int_equal(w.out.count, 2);
}

static void
a_full_table_says_so(void **state)
{
	/* Listeners for streams need no cell of their own. */
	unsigned room = FLOWS + LISTENERS - 4;

	(void)state;
	for (unsigned i = 0; i < room; i++)
		assert_false(
			flow_is_none(reach(TRANSPORT_TCP, "192.0.2.9", (uint16_t)(5000 + i), "")));
	assert_true(flow_is_none(reach(TRANSPORT_TCP, "192.0.2.9", 4999, "")));
	assert_int_equal(w.out.count, room);
	assert_null(accepted(TRANSPORT_TCP));
	for (unsigned i = 0; i < room; i++) {
		struct addr peer = addr_of("192.0.2.9", (uint16_t)(5000 + i));

		flows_drop(&w.flows,
			flows_towards(
				&w.flows, TRANSPORT_TCP, &peer, STR(""), &(struct terms){ 0 }));
	}
	assert_int_equal(flows_count(&w.flows), 0);
	assert_non_null(accepted(TRANSPORT_TCP));
}

static void
no_socket_no_way(void **state)
{
	struct arena arena;
	struct target target = target_to(TRANSPORT_UDP, "192.0.2.9", 5060, "");
	struct target v6 = target_to(TRANSPORT_UDP, "2001:db8::9", 5060, "");

	(void)state;
	assert_true(flows_reach(&w.flows, &v6, STR(""), &turn));
	assert_true(flow_same(v6.flow, w.listeners[3].flow));
	arena = arena_on(w.memory, w.memory_bytes);
	assert_true(flows_open(&w.flows, &arena, FLOWS, w.listeners + 3, 4, key));
	assert_false(flows_reach(&w.flows, &target, STR(""), &turn));
}

/* ---- faces ---- */

static void
the_face_is_the_nearest(void **state)
{
	static const struct {
		enum transport transport;
		const char *peer;
		int listener;
	} rows[] = {
		{ TRANSPORT_UDP, "192.0.2.200", 0 },
		{ TRANSPORT_UDP, "10.9.9.9", 1 },
		{ TRANSPORT_UDP, "127.0.0.5", 2 },
		{ TRANSPORT_UDP, "126.0.0.1", 1 }, /* never loopback for the world outside */
		{ TRANSPORT_UDP, "2001:db8::77", 3 },
		{ TRANSPORT_TCP, "10.200.0.1", 6 },
		{ TRANSPORT_TCP, "10.1.0.1", 4 },
		{ TRANSPORT_TLS, "192.0.2.9", 5 },
		{ TRANSPORT_TLS, "2001:db8::77", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct addr peer = addr_of(rows[i].peer, 1);
		const struct listener *face = flows_face(&w.flows, rows[i].transport, &peer);

		if (rows[i].listener < 0)
			assert_null(face);
		else
			assert_ptr_equal(face, &w.listeners[rows[i].listener]);
	}
}

static void
check_face(enum transport transport, const char *peer_ip, struct flow_id id, const char *shown)
{
	struct addr peer = addr_of(peer_ip, 5060);
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	flows_write_face(&w.flows, &b, transport, &peer, id);
	assert_true(str_same(buf_str(&b), str_cstr(shown)));
}

static void
what_peers_see_of_us(void **state)
{
	struct flow_id dialled;
	struct event event;

	(void)state;
	check_face(TRANSPORT_UDP, "192.0.2.9", FLOW_NONE, "192.0.2.1:5060");
	check_face(TRANSPORT_UDP, "2001:db8::9", FLOW_NONE, "[2001:db8::1]:5060");
	check_face(TRANSPORT_TCP, "10.0.0.9", FLOW_NONE, "sip.example.com:5070");
	/* A listener on a wildcard has a port only: the address is that of the nearest socket
	 * ... */
	check_face(TRANSPORT_TLS, "192.0.2.9", FLOW_NONE, "192.0.2.1:5061");
	check_face(TRANSPORT_TLS, "10.0.0.9", FLOW_NONE, "10.0.0.1:5061");
	/* ... or of the connection. */
	check_face(TRANSPORT_TLS, "192.0.2.77", accepted(TRANSPORT_TLS)->id, "10.0.0.1:5061");
	dialled = reach(TRANSPORT_TLS, "192.0.2.9", 5061, "a.example");
	check_face(TRANSPORT_TLS, "192.0.2.9", dialled, "192.0.2.1:5061");
	event = opening(dialled, TRANSPORT_TLS, "192.0.2.9", NO_LISTENER);
	event.u.open.local = addr_of("10.0.0.1", 55555);
	assert_non_null(flows_add(&w.flows, &event));
	check_face(TRANSPORT_TLS, "192.0.2.9", dialled, "10.0.0.1:5061");
	/* A connection by a listener that shows a name shows that. */
	check_face(
		TRANSPORT_TCP, "192.0.2.77", accepted(TRANSPORT_TCP)->id, "sip.example.com:5070");
	/* Without any listener of the transport and family another one stands in. */
	check_face(TRANSPORT_TLS, "2001:db8::9", FLOW_NONE, "[2001:db8::1]:5060");
}

/* ---- many ---- */

/* Flows come and go in any order; the table agrees with a plain list. */
static void
it_agrees_with_a_list(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 'h' };
	struct flow_id live[FLOWS + LISTENERS];
	uint16_t ports[FLOWS + LISTENERS];
	unsigned count = 0;
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		uint16_t port = (uint16_t)(1 + dice_below(&dice, 12));
		unsigned pick = dice_below(&dice, 3);

		out_clear(&w.out);
		if (pick == 0 && count > 0) {
			unsigned i = dice_below(&dice, count);

			flows_drop(&w.flows, flows_find(&w.flows, live[i]));
			live[i] = live[--count];
			ports[i] = ports[count];
		} else if (pick == 1) {
			struct flow *flow = accepted(TRANSPORT_TCP);

			assert_int_equal(flow != NULL, count < FLOWS + LISTENERS - 4);
			if (flow != NULL) {
				ports[count] = 0;
				live[count++] = flow->id;
			}
		} else {
			struct flow_id id = reach(TRANSPORT_TCP, "192.0.2.9", port, "");
			unsigned i = 0;

			while (i < count && ports[i] != port)
				i++;
			assert_int_equal(w.out.count, i == count && !flow_is_none(id));
			if (i < count)
				assert_true(flow_same(id, live[i]));
			else
				assert_int_equal(flow_is_none(id), count == FLOWS + LISTENERS - 4);
			if (i == count && !flow_is_none(id)) {
				ports[count] = port;
				live[count++] = id;
			}
		}
		assert_int_equal(flows_count(&w.flows), count);
		for (unsigned i = 0; i < count; i++)
			assert_non_null(flows_find(&w.flows, live[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sockets_are_there_from_the_start),
		TEST(an_accepted_flow_is_known_while_it_lives),
		TEST(an_alias_is_for_whom_its_certificate_names),
		TEST(an_alias_shows_whom_it_was_taken_for),
		TEST(an_alias_is_of_the_identity_that_was_shown),
		TEST(a_connection_is_dialled_once_for_each_far_end),
		TEST(a_connection_is_of_one_identity),
		TEST(a_dialled_flow_stays_what_it_was_dialled_to),
		TEST(one_that_proved_nothing_is_not_used),
		TEST(one_that_is_shut_is_not_used),
		TEST(a_full_table_says_so),
		TEST(no_socket_no_way),
		TEST(the_face_is_the_nearest),
		TEST(what_peers_see_of_us),
		TEST(it_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
