/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/nets.h"
#include "support/pki.h"

static struct pki *pki;
static struct pki_leaf leaf;

static void
open_listener(struct side *side, enum transport transport, struct net_options options)
{
	struct net_listen listens[] = { loopback(TRANSPORT_UDP), loopback(transport) };

	options.listens = listens;
	options.listen_count = 2;
	options.identities = &(struct identity){ .certificate = leaf.certificate, .key = leaf.key };
	options.identity_count = 1;
	side_open(side, &options);
}

static void
open_dialler(struct side *side)
{
	const struct net_options options = {
		.identities = &(struct identity){ .trust = pki_ca(pki) }, .identity_count = 1
	};

	side_open(side, &options);
}

static void
both_ends_know_each_other(void **state)
{
	struct side server, client;
	const struct event *there, *here;
	struct addr local;
	struct addr bound;

	(void)state;
	open_listener(&server, TRANSPORT_TCP, (struct net_options){ 0 });
	open_dialler(&client);
	bound = side_addr(&server, 1);
	carry_dial(&client, 1, TRANSPORT_TCP, bound, STR(""));
	here = &await(&client, &server, EV_FLOW_OPEN, 1)->event;
	there = &await(&server, &client, EV_FLOW_OPEN, 1)->event;
	assert_int_equal(there->u.open.listener, 1);
	assert_int_equal(there->u.open.transport, TRANSPORT_TCP);
	assert_int_equal(there->u.open.secured.proof, PROOF_NONE);
	assert_int_equal(there->u.open.flow.number & FLOW_DIALLED, 0);
	local = there->u.open.local;
	assert_true(addr_same(&local, &bound));
	local = here->u.open.local;
	assert_true(addr_same(&there->u.open.peer, &local));
	assert_true(flow_same(here->u.open.flow, dialled(1)));
	assert_true(addr_same(&here->u.open.peer, &bound));
	side_close(&server);
	side_close(&client);
}

static void
a_tls_flow_opens_when_its_handshake_is_over(void **state)
{
	struct side server, client;
	struct heard *there;
	int fd;

	(void)state;
	open_listener(&server, TRANSPORT_TLS, (struct net_options){ 0 });
	open_dialler(&client);
	fd = plain_connect(side_addr(&server, 1));
	pass_ms(&server, &client, 30);
	assert_int_equal(server.count, 0); /* nothing yet of one that only connected */
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 1), STR("a.example"));
	there = await(&server, &client, EV_FLOW_OPEN, 1);
	assert_string_equal(there->version, "TLSv1.3");
	assert_int_equal(there->event.u.open.transport, TRANSPORT_TLS);
	assert_int_equal(there->event.u.open.secured.proof, PROOF_NONE);
	close(fd);
	pass_ms(&server, &client, 30);
	assert_int_equal(server.count, 1);
	assert_int_equal(server.notes, 0);
	side_close(&server);
	side_close(&client);
}

static void
beyond_the_most_a_newcomer_is_closed(void **state)
{
	struct side server, client;

	(void)state;
	open_listener(&server, TRANSPORT_TCP, (struct net_options){ .connections_max = 2 });
	open_dialler(&client);
	for (uint64_t i = 1; i <= 2; i++)
		carry_dial(&client, i, TRANSPORT_TCP, side_addr(&server, 1), STR(""));
	await(&server, &client, EV_FLOW_OPEN, 2);
	carry_dial(&client, 3, TRANSPORT_TCP, side_addr(&server, 1), STR(""));
	await_note(&server, &client);
	assert_true(text_has(server.note, "too many connections"));
	await(&client, &server, EV_FLOW_CLOSED, 1);
	assert_int_equal(heard_count(&server, EV_FLOW_OPEN), 2);
	assert_int_equal(net_connections(server.net), 2);
	/* And when one leaves there is room again. */
	carry_shut(&client, dialled(1));
	await(&server, &client, EV_FLOW_CLOSED, 1);
	pass_ms(&server, &client, 10);
	carry_dial(&client, 4, TRANSPORT_TCP, side_addr(&server, 1), STR(""));
	await(&server, &client, EV_FLOW_OPEN, 3);
	side_close(&server);
	side_close(&client);
}

/* rows: N-robust */
static void
who_dawdles_in_a_handshake_gives_way(void **state)
{
	struct side server, client;
	int slow[3];

	(void)state;
	open_listener(&server, TRANSPORT_TLS, (struct net_options){ .connections_max = 3 });
	open_dialler(&client);
	for (int i = 0; i < 3; i++)
		slow[i] = plain_connect(side_addr(&server, 1));
	pass_ms(&server, &client, 20);
	assert_int_equal(net_connections(server.net), 3);
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 1), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 1);
	await(&client, &server, EV_FLOW_OPEN, 1);
	for (int i = 0; i < 3; i++)
		close(slow[i]);
	side_close(&server);
	side_close(&client);
}

static void
a_crowd_beyond_the_most_and_its_spare_is_served_and_closed(void **state)
{
	enum { CROWD = 200 };
	struct side server;
	int fds[CROWD];
	char octet;

	(void)state;
	open_listener(&server, TRANSPORT_TCP, (struct net_options){ .connections_max = 2 });
	for (int i = 0; i < CROWD; i++)
		fds[i] = plain_connect(side_addr(&server, 1));
	pass_ms(&server, NULL, 100);
	assert_int_equal(heard_count(&server, EV_FLOW_OPEN), 2);
	assert_int_equal(net_connections(server.net), 2);
	for (int i = 2; i < CROWD; i++)
		assert_true(read(fds[i], &octet, 1) <= 0);
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	side_close(&server);
}

static void
without_descriptors_it_does_not_spin(void **state)
{
	struct rlimit before, few;
	struct side server;
	unsigned turns = 0;
	int fds[3], most;
	int64_t until_ms;
	char octet;

	(void)state;
	open_listener(&server, TRANSPORT_TCP, (struct net_options){ 0 });
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 3; i++)
		fds[i] = plain_connect(side_addr(&server, 1));
	most = fds[2] + 1;
	few = (struct rlimit){ (rlim_t)most, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	until_ms = test_now_ms() + 100;
	while (test_now_ms() < until_ms) {
		sides_turn(&server, NULL, 20);
		turns++;
	}
	assert_true(turns < 50);
	assert_int_equal(server.count, 0);
	assert_int_equal(recv(fds[0], &octet, 1, MSG_DONTWAIT), 0); /* closed, not left to wait */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	/* It goes on as soon as there are some again. */
	fds[0] = plain_connect(side_addr(&server, 1));
	await(&server, NULL, EV_FLOW_OPEN, 1);
	close(fds[0]);
	side_close(&server);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("listen test CA");
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
		cmocka_unit_test(both_ends_know_each_other),
		cmocka_unit_test(a_tls_flow_opens_when_its_handshake_is_over),
		cmocka_unit_test(beyond_the_most_a_newcomer_is_closed),
		cmocka_unit_test(who_dawdles_in_a_handshake_gives_way),
		cmocka_unit_test(a_crowd_beyond_the_most_and_its_spare_is_served_and_closed),
		cmocka_unit_test(without_descriptors_it_does_not_spin),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
