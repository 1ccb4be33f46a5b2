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
	for (uint64_t i = 1; i <= 2; i++) {
		carry_dial(&client, i, TRANSPORT_TCP, side_addr(&server, 1), STR(""));
		carry_send(&client, dialled(i), (struct addr){ 0 }, STR("REGISTER"));
	}
	await_bytes(&server, &client, 2 * 8);
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

/* Over TLS and over TCP: it is open, and nothing was said on it. */
static void
who_says_nothing_gives_way(void **state)
{
	static const enum transport transports[] = { TRANSPORT_TLS, TRANSPORT_TCP };
	struct side server, client;
	struct heard *end;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_listener(&server, transports[i], (struct net_options){ .connections_max = 2 });
		open_dialler(&client);
		carry_dial(&client, 1, transports[i], side_addr(&server, 1), STR("a.example"));
		await(&server, &client, EV_FLOW_OPEN, 1);
		carry_send(&client, dialled(1), (struct addr){ 0 }, STR("REGISTER"));
		await_bytes(&server, &client, 8);
		carry_dial(&client, 2, transports[i], side_addr(&server, 1), STR("a.example"));
		await(&server, &client, EV_FLOW_OPEN, 2);
		carry_dial(&client, 3, transports[i], side_addr(&server, 1), STR("a.example"));
		await(&server, &client, EV_FLOW_OPEN, 3);
		end = await(&server, &client, EV_FLOW_CLOSED, 1);
		assert_string_equal(end->reason, "its place was needed before it said anything");
		end = await(&client, &server, EV_FLOW_CLOSED, 1);
		assert_true(flow_same(end->event.u.closed.flow, dialled(2)));
		assert_int_equal(net_connections(server.net), 2);
		side_close(&server);
		side_close(&client);
	}
}

/* Who has waited longest, whatever for. */
static void
the_oldest_gives_way_first(void **state)
{
	struct side server, client;
	struct heard *end;
	char octet;
	int slow;

	(void)state;
	open_listener(&server, TRANSPORT_TLS, (struct net_options){ .connections_max = 2 });
	open_dialler(&client);
	slow = plain_connect(side_addr(&server, 1));
	pass_ms(&server, &client, 20);
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 1), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 1);
	carry_dial(&client, 2, TRANSPORT_TLS, side_addr(&server, 1), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 2);
	assert_int_equal(recv(slow, &octet, 1, MSG_DONTWAIT), 0);
	assert_int_equal(heard_count(&server, EV_FLOW_CLOSED), 0);
	close(slow);
	slow = plain_connect(side_addr(&server, 1)); /* and now the first that is open */
	end = await(&client, &server, EV_FLOW_CLOSED, 1);
	assert_true(flow_same(end->event.u.closed.flow, dialled(1)));
	close(slow);
	side_close(&server);
	side_close(&client);
}

static void
whom_we_dial_has_the_place_of_who_dawdles(void **state)
{
	enum { CROWD = 200 };
	struct side server, far;
	int slow[CROWD];

	(void)state;
	open_listener(&far, TRANSPORT_TCP, (struct net_options){ 0 });
	open_listener(&server, TRANSPORT_TLS, (struct net_options){ .connections_max = 4 });
	for (int i = 0; i < CROWD; i++)
		slow[i] = plain_connect(side_addr(&server, 1));
	sides_turn(&server, NULL, 5); /* more than there are cells for still wait */
	for (uint64_t i = 1; i <= 4; i++)
		carry_dial(&server, i, TRANSPORT_TCP, side_addr(&far, 1), STR(""));
	await(&server, &far, EV_FLOW_OPEN, 4);
	assert_int_equal(heard_count(&server, EV_FLOW_FAILED), 0);
	/* Those are known: nobody has to go for one more. */
	carry_dial(&server, 5, TRANSPORT_TCP, side_addr(&far, 1), STR(""));
	assert_string_equal(
		await(&server, &far, EV_FLOW_FAILED, 1)->reason, "too many connections");
	for (int i = 0; i < CROWD; i++)
		close(slow[i]);
	side_close(&server);
	side_close(&far);
}

static void
connections_leave_descriptors_for_all_else(void **state)
{
	const struct {
		rlim_t descriptors;
		uint32_t asked, most;
	} rows[] = {
		{ 1024, 0, 1024 - 2 - CONNECTIONS_SPARE - DESCRIPTORS_KEPT },
		{ 1024, 3, 3 },
		{ 100, 0, 50 },
		{ 100, 60, 50 },
	};
	struct rlimit before, few;
	struct side server;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		few = (struct rlimit){ rows[i].descriptors, before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		open_listener(&server, TRANSPORT_TCP,
			(struct net_options){ .connections_max = rows[i].asked });
		assert_int_equal(net_connections_max(server.net), rows[i].most);
		side_close(&server);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
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
	for (int i = 0; i < CROWD; i++) {
		fds[i] = plain_connect(side_addr(&server, 1));
		if (i < 2)
			assert_int_equal(write(fds[i], "REGISTER", 8), 8);
		if (i == 1)
			await_bytes(&server, NULL, 2 * 8);
	}
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
		cmocka_unit_test(who_says_nothing_gives_way),
		cmocka_unit_test(the_oldest_gives_way_first),
		cmocka_unit_test(whom_we_dial_has_the_place_of_who_dawdles),
		cmocka_unit_test(connections_leave_descriptors_for_all_else),
		cmocka_unit_test(a_crowd_beyond_the_most_and_its_spare_is_served_and_closed),
		cmocka_unit_test(without_descriptors_it_does_not_spin),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
