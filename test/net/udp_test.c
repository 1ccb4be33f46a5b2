/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/sock.h"
#include "support/nets.h"

static const struct net_listen *
one_listener(void)
{
	static struct net_listen listen;

	listen = loopback(TRANSPORT_UDP);
	return &listen;
}

static void
open_two(struct side *a, struct side *b)
{
	const struct net_options options = { .listens = one_listener(), .listen_count = 1 };

	side_open(a, &options);
	side_open(b, &options);
}

static struct flow_id
flow_of(const struct side *side)
{
	uint32_t count;

	return net_listeners(side->net, &count)[0].flow;
}

static void
a_datagram_arrives_with_its_source(void **state)
{
	struct side a, b;
	struct addr a_addr;

	(void)state;
	open_two(&a, &b);
	a_addr = side_addr(&a, 0);
	assert_int_not_equal(a_addr.port, 0);
	carry_send(&a, flow_of(&a), side_addr(&b, 0), STR("OPTIONS"));
	await_bytes(&b, &a, 7);
	assert_memory_equal(b.bytes, "OPTIONS", 7);
	assert_true(addr_same(&b.bytes_from, &a_addr));
	assert_true(flow_same(b.bytes_flow, flow_of(&b)));
	carry_send(&b, b.bytes_flow, b.bytes_from, STR("200"));
	await_bytes(&a, &b, 3);
	side_close(&a);
	side_close(&b);
}

static void
a_batch_keeps_its_order_and_its_borders(void **state)
{
	struct act act = { .kind = ACT_SEND };
	char text[300][8];
	struct side a, b;

	(void)state;
	open_two(&a, &b);
	act.u.send.flow = flow_of(&a);
	act.u.send.to = side_addr(&b, 0);
	for (unsigned i = 0; i < 300; i++) {
		struct buf line = buf_on(text[i], sizeof text[i]);

		buf_number(&line, 1000 + i);
		act.u.send.bytes = buf_str(&line);
		assert_true(net_carry(a.net, &act));
	}
	net_flush(a.net);
	await_bytes(&b, &a, 1200);
	assert_int_equal(b.pieces, 300);
	for (unsigned i = 0; i < 300; i++)
		assert_memory_equal(b.bytes + 4 * i, text[i], 4);
	side_close(&a);
	side_close(&b);
}

static void
what_cannot_be_sent_harms_nothing_else(void **state)
{
	static char large[66000];
	struct side a, b;
	struct addr v6, to;

	(void)state;
	open_two(&a, &b);
	to = side_addr(&b, 0);
	assert_true(addr_parse(&v6, STR("::1")));
	v6.port = 5060;
	carry_send(&a, flow_of(&a), v6, STR("family"));
	carry_send(&a, flow_of(&a), to, str_of(large, sizeof large));
	carry_send(&a, flow_of(&a), (struct addr){ 0 }, STR("nowhere"));
	carry_send(&a, (struct flow_id){ 99 }, to, STR("late"));
	carry_send(&a, flow_of(&a), to, STR("good"));
	await_bytes(&b, &a, 4);
	assert_memory_equal(b.bytes, "good", 4);
	side_close(&a);
	side_close(&b);
}

static void
the_largest_datagram_arrives_whole(void **state)
{
	static char large[65507];
	struct side a, b;

	(void)state;
	memset(large, 'x', sizeof large);
	large[sizeof large - 1] = 'z';
	open_two(&a, &b);
	carry_send(&a, flow_of(&a), side_addr(&b, 0), str_of(large, sizeof large));
	await_bytes(&b, &a, sizeof large);
	assert_int_equal(b.pieces, 1);
	assert_memory_equal(b.bytes, large, sizeof large);
	side_close(&a);
	side_close(&b);
}

static void
an_empty_datagram_is_no_event(void **state)
{
	struct side a, b;

	(void)state;
	open_two(&a, &b);
	carry_send(&a, flow_of(&a), side_addr(&b, 0), STR(""));
	carry_send(&a, flow_of(&a), side_addr(&b, 0), STR("x"));
	await_bytes(&b, &a, 1);
	assert_int_equal(b.pieces, 1);
	side_close(&a);
	side_close(&b);
}

static void
a_wildcard_has_a_socket_for_each_address(void **state)
{
	struct net_listen listen = { .transport = TRANSPORT_UDP, .advertise = STR("me.example") };
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	struct addr here[64];
	const struct listener *listeners;
	struct side side;
	uint32_t count;

	(void)state;
	assert_true(addr_parse(&listen.addr, STR("0.0.0.0")));
	side_open(&side, &options);
	listeners = net_listeners(side.net, &count);
	assert_int_equal(count, sock_addresses(ADDR_V4, here, 64));
	for (uint32_t i = 0; i < count; i++) {
		assert_false(addr_is_any(&listeners[i].local));
		assert_false(flow_is_none(listeners[i].flow));
		assert_true(str_same(listeners[i].advertise, STR("me.example")));
		for (uint32_t k = 0; k < i; k++)
			assert_false(flow_same(listeners[i].flow, listeners[k].flow));
	}
	side_close(&side);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_arrives_with_its_source),
		cmocka_unit_test(a_batch_keeps_its_order_and_its_borders),
		cmocka_unit_test(what_cannot_be_sent_harms_nothing_else),
		cmocka_unit_test(the_largest_datagram_arrives_whole),
		cmocka_unit_test(an_empty_datagram_is_no_event),
		cmocka_unit_test(a_wildcard_has_a_socket_for_each_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
