/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/nets.h"
#include "support/pki.h"

static struct pki *pki;
static struct pki_leaf leaf;
static const struct addr nowhere;

static void
open_two(struct side *server, struct side *client, enum transport transport, int64_t idle_ms)
{
	struct net_listen listen = loopback(transport);
	const struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities =
			&(struct identity){ .certificate = leaf.certificate, .key = leaf.key },
		.identity_count = 1 };
	const struct net_options dialler = { .identities =
						     &(struct identity){ .trust = pki_ca(pki) },
		.identity_count = 1,
		.idle_ms = idle_ms };

	side_open(server, &options);
	side_open(client, &dialler);
	carry_dial(client, 1, transport, side_addr(server, 0), STR("a.example"));
	await(client, server, EV_FLOW_OPEN, 1);
	await(server, client, EV_FLOW_OPEN, 1);
}

static void
close_two(struct side *server, struct side *client)
{
	side_close(server);
	side_close(client);
}

static void
shut_lets_everything_leave_first(void **state)
{
	static char large[400000];

	(void)state;
	memset(large, 'x', sizeof large);
	for (int i = 0; i < 2; i++) {
		struct side server, client;

		open_two(&server, &client, i == 0 ? TRANSPORT_TCP : TRANSPORT_TLS, 0);
		carry_send(&client, dialled(1), nowhere, str_of(large, sizeof large));
		carry_send(&client, dialled(1), nowhere, STR("end"));
		carry_shut(&client, dialled(1));
		carry_send(&client, dialled(1), nowhere, STR("late"));
		await(&server, &client, EV_FLOW_CLOSED, 1);
		assert_int_equal(server.bytes_len, sizeof large + 3);
		assert_memory_equal(server.bytes + sizeof large, "end", 3);
		assert_string_equal(await(&server, &client, EV_FLOW_CLOSED, 1)->reason,
			"the peer closed the connection");
		assert_string_equal(
			await(&client, &server, EV_FLOW_CLOSED, 1)->reason, "shut by us");
		pass_ms(&client, &server, 10);
		assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 1);
		assert_int_equal(net_connections(client.net), 0);
		close_two(&server, &client);
	}
}

static void
what_comes_after_a_shut_is_not_heard(void **state)
{
	struct side server, client;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS, 0);
	carry_send(&server, server.heard[0].event.u.open.flow, nowhere, STR("too late"));
	carry_shut(&client, dialled(1));
	await(&client, &server, EV_FLOW_CLOSED, 1);
	assert_int_equal(client.bytes_len, 0);
	close_two(&server, &client);
}

static void
a_peer_that_does_not_end_is_ended(void **state)
{
	struct net_listen listen = loopback(TRANSPORT_TCP);
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	struct side server;
	int fd;

	(void)state;
	side_open(&server, &options);
	fd = plain_connect(side_addr(&server, 0));
	carry_shut(&server, await(&server, NULL, EV_FLOW_OPEN, 1)->event.u.open.flow);
	await(&server, NULL, EV_FLOW_CLOSED, 1); /* within LINGER_MS, though fd stays open */
	close(fd);
	side_close(&server);
}

static void
a_peer_that_does_not_read_is_closed(void **state)
{
	static char piece[60000];
	struct net_listen listen = loopback(TRANSPORT_TCP);
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	struct side server;
	struct heard *end;
	struct flow_id flow;
	unsigned pieces = 0;
	int fd;

	(void)state;
	side_open(&server, &options);
	fd = plain_connect(side_addr(&server, 0));
	flow = await(&server, NULL, EV_FLOW_OPEN, 1)->event.u.open.flow;
	while (net_connections(server.net) > 0 && pieces++ < 1000)
		carry_send(&server, flow, nowhere, str_of(piece, sizeof piece));
	assert_true(pieces < 1000);
	end = await(&server, NULL, EV_FLOW_CLOSED, 1);
	assert_string_equal(end->reason, "the peer does not read what we send");
	close(fd);
	side_close(&server);
}

static void
idle_connections_end(void **state)
{
	struct side server, client;
	int64_t start_ms, span_ms;

	(void)state;
	open_two(&server, &client, TRANSPORT_TCP, 600);
	start_ms = test_now_ms();
	pass_ms(&client, &server, 300);
	carry_send(&client, dialled(1), nowhere, STR("x")); /* counts as life */
	assert_string_equal(await(&client, &server, EV_FLOW_CLOSED, 1)->reason,
		"the connection was idle for too long");
	span_ms = test_now_ms() - start_ms;
	assert_true(span_ms >= 850 && span_ms < 4000);
	close_two(&server, &client);
}

static void
late_sends_meet_nobody(void **state)
{
	struct side server, client;
	struct flow_id flow;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS, 0);
	flow = server.heard[0].event.u.open.flow;
	carry_shut(&client, dialled(1));
	await(&server, &client, EV_FLOW_CLOSED, 1);
	await(&client, &server, EV_FLOW_CLOSED, 1);
	carry_send(&server, flow, nowhere, STR("late"));
	carry_shut(&server, flow);
	carry_send(&client, dialled(1), nowhere, STR("late"));
	carry_send(&client, dialled(77), nowhere, STR("unknown"));
	carry_send(&client, FLOW_NONE, nowhere, STR("none"));
	pass_ms(&server, &client, 20);
	assert_int_equal(server.count, 2);
	assert_int_equal(client.count, 2);
	close_two(&server, &client);
}

static void
a_reset_is_told(void **state)
{
	struct net_listen listen = loopback(TRANSPORT_TCP);
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	struct linger now = { 1, 0 };
	struct side server;
	int fd;

	(void)state;
	side_open(&server, &options);
	fd = plain_connect(side_addr(&server, 0));
	await(&server, NULL, EV_FLOW_OPEN, 1);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
	assert_true(text_has(
		await(&server, NULL, EV_FLOW_CLOSED, 1)->reason, "connection reset by peer"));
	side_close(&server);
}

static void
many_come_and_go(void **state)
{
	struct side server, client;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS, 0);
	for (uint64_t i = 2; i < 200; i++) {
		client.count = server.count = 0;
		carry_dial(&client, i, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
		carry_send(&client, dialled(i), nowhere, STR("x"));
		if (i % 3 == 0)
			sides_turn(&client, &server, 1);
		if (i % 2 == 0)
			await(&client, &server, EV_FLOW_OPEN, 1);
		carry_shut(&client, dialled(i));
	}
	client.count = server.count = 0;
	for (int i = 0; i < 1000 && net_connections(server.net) > 1; i++)
		sides_turn(&client, &server, 1);
	assert_int_equal(net_connections(server.net), 1);
	close_two(&server, &client);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("stream test CA");
	leaf = pki_leaf(pki, "DNS:a.example");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shut_lets_everything_leave_first),
		cmocka_unit_test(what_comes_after_a_shut_is_not_heard),
		cmocka_unit_test(a_peer_that_does_not_end_is_ended),
		cmocka_unit_test(a_peer_that_does_not_read_is_closed),
		cmocka_unit_test(idle_connections_end),
		cmocka_unit_test(late_sends_meet_nobody),
		cmocka_unit_test(a_reset_is_told),
		cmocka_unit_test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
