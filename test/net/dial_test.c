/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/sock.h"
#include "support/nets.h"
#include "support/pki.h"

static struct pki *pki, *other_pki;
static struct pki_leaf leaf;
static int64_t deadline_ms; /* of the client; 0: the defaults */

static void
open_server(struct side *side, enum transport transport)
{
	struct net_listen listen = loopback(transport);
	const struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities =
			&(struct identity){ .certificate = leaf.certificate, .key = leaf.key },
		.identity_count = 1 };

	side_open(side, &options);
}

static void
open_client(struct side *side, struct str trust)
{
	const struct net_options options = { .identities = &(struct identity){ .trust = trust },
		.identity_count = 1,
		.connect_ms = deadline_ms,
		.handshake_ms = deadline_ms };

	side_open(side, &options);
}

/* A listening socket that nobody accepts from. */
static int
deaf_listener(struct addr *addr, int backlog)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_true(sock_local(fd, addr));
	return fd;
}

static const char *
failure(struct side *client, struct side *server)
{
	struct heard *heard = await(client, server, EV_FLOW_FAILED, 1);

	assert_true(flow_same(heard->event.u.closed.flow, dialled(1)));
	pass_ms(client, server, 20);
	assert_int_equal(client->count, 1); /* once, and nothing else */
	return heard->reason;
}

static void
a_verified_peer_is_told_with_its_proof(void **state)
{
	struct side server, client;
	struct heard *here;

	(void)state;
	open_server(&server, TRANSPORT_TLS);
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("127.0.0.1"));
	here = await(&client, &server, EV_FLOW_OPEN, 1);
	assert_int_equal(here->event.u.open.secured.proof, PROOF_NAME);
	assert_string_equal(here->version, "TLSv1.3");
	assert_string_equal(here->name, "127.0.0.1");
	assert_int_equal(here->fingerprint_len, 32);
	assert_true(here->cipher[0] != '\0');
	side_close(&server);
	side_close(&client);
}

static void
what_was_sent_early_leaves_after_the_verification(void **state)
{
	struct side server, client;
	struct addr none = { 0 };

	(void)state;
	open_server(&server, TRANSPORT_TLS);
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	carry_send(&client, dialled(1), none, STR("INVITE "));
	sides_turn(&client, NULL, 5);
	carry_send(&client, dialled(1), none, STR("CANCEL "));
	await(&client, &server, EV_FLOW_OPEN, 1);
	carry_send(&client, dialled(1), none, STR("BYE"));
	await_bytes(&server, &client, 17);
	assert_memory_equal(server.bytes, "INVITE CANCEL BYE", 17);
	side_close(&server);
	side_close(&client);
}

/* rows: R5922-7.3-b */
static void
the_wrong_peer_gets_not_one_octet(void **state)
{
	static const struct {
		struct str name;
		bool is_other_ca;
		const char *why;
	} cases[] = {
		{ STR("b.example"), false,
			"wanted b.example, but the certificate names "
			"DNS:a.example, IP:127.0.0.1" },
		{ STR("127.0.0.2"), false, "wanted 127.0.0.2, but" },
		{ STR("a.example"), true, "which is not among the CAs in /tmp/" },
		{ STR(""), false, "no certificate can hold the name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct side server, client;
		const char *why;

		open_server(&server, TRANSPORT_TLS);
		open_client(&client, pki_ca(cases[i].is_other_ca ? other_pki : pki));
		carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), cases[i].name);
		carry_send(&client, dialled(1), (struct addr){ 0 }, STR("INVITE"));
		why = failure(&client, &server);
		if (!text_has(why, cases[i].why))
			fail_msg("%s", why);
		assert_int_equal(server.bytes_len, 0);
		assert_int_equal(server.count, 0);
		carry_send(&client, dialled(1), (struct addr){ 0 }, STR("late"));
		assert_int_equal(net_connections(client.net), 0);
		side_close(&server);
		side_close(&client);
	}
}

static void
a_refused_connection_is_told(void **state)
{
	struct side client;
	struct addr addr;

	(void)state;
	close(deaf_listener(&addr, 1));
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TCP, addr, STR(""));
	assert_true(text_has(failure(&client, NULL), "connection refused; look whether"));
	side_close(&client);
}

static void
a_connection_that_is_not_answered_has_a_deadline(void **state)
{
	struct side client;
	struct addr addr;
	int fd = deaf_listener(&addr, 0), one = plain_connect(addr);

	(void)state;
	deadline_ms = 150;
	open_client(&client, pki_ca(pki));
	deadline_ms = 0;
	carry_dial(&client, 1, TRANSPORT_TCP, addr, STR(""));
	assert_true(text_has(failure(&client, NULL), "no answer to the connection attempt"));
	close(one);
	close(fd);
	side_close(&client);
}

static void
a_handshake_has_a_deadline(void **state)
{
	struct side client;
	struct addr addr;
	int fd = deaf_listener(&addr, 5);

	(void)state;
	deadline_ms = 150;
	open_client(&client, pki_ca(pki));
	deadline_ms = 0;
	carry_dial(&client, 1, TRANSPORT_TLS, addr, STR("a.example"));
	assert_true(text_has(failure(&client, NULL), "the TLS handshake took too long"));
	close(fd);
	side_close(&client);
}

static void
who_does_not_speak_tls_is_found_out(void **state)
{
	struct side client;
	struct addr addr;
	int fd = deaf_listener(&addr, 5), peer;
	char hello[6];

	(void)state;
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TLS, addr, STR("a.example"));
	carry_send(&client, dialled(1), (struct addr){ 0 }, STR("INVITE"));
	peer = accept(fd, NULL, NULL);
	pass_ms(&client, NULL, 20);
	assert_int_equal(read(peer, hello, sizeof hello), sizeof hello);
	assert_int_equal(hello[0], 0x16);
	assert_int_equal(hello[5], 1); /* ClientHello */
	assert_int_equal(write(peer, "SIP/2.0 400 Bad\r\n", 17), 17);
	assert_true(text_has(failure(&client, NULL), "not one for TLS"));
	close(peer);
	close(fd);
	side_close(&client);
}

static void
what_waits_for_a_connection_is_bounded(void **state)
{
	static char large[DIAL_QUEUE_BYTES_MAX / 2 + 1];
	struct side client;
	struct addr addr;
	int fd = deaf_listener(&addr, 5);

	(void)state;
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TLS, addr, STR("a.example"));
	carry_send(&client, dialled(1), addr, str_of(large, sizeof large));
	assert_int_equal(net_connections(client.net), 1);
	carry_send(&client, dialled(1), addr, str_of(large, sizeof large));
	assert_true(text_has(failure(&client, NULL), "too much waits"));
	close(fd);
	side_close(&client);
}

static void
a_dial_that_cannot_begin_is_answered(void **state)
{
	struct addr addr, nowhere = { 0 };
	struct side client;
	int fd = deaf_listener(&addr, 5);

	(void)state;
	open_client(&client, STR(""));
	carry_dial(&client, 1, TRANSPORT_TLS, addr, STR("a.example"));
	carry_dial(&client, 2, TRANSPORT_UDP, addr, STR(""));
	carry_dial(&client, 3, TRANSPORT_TCP, nowhere, STR(""));
	assert_true(text_has(await(&client, NULL, EV_FLOW_FAILED, 1)->reason, "without CAs"));
	assert_true(text_has(await(&client, NULL, EV_FLOW_FAILED, 2)->reason, "only TCP and TLS"));
	assert_true(text_has(await(&client, NULL, EV_FLOW_FAILED, 3)->reason, "no address"));
	close(fd);
	side_close(&client);
}

static void
a_dial_can_be_given_up(void **state)
{
	struct side client;
	struct addr addr;
	int fd = deaf_listener(&addr, 5);

	(void)state;
	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, TRANSPORT_TLS, addr, STR("a.example"));
	carry_shut(&client, dialled(1));
	assert_true(text_has(failure(&client, NULL), "given up by us"));
	close(fd);
	side_close(&client);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("dial test CA");
	other_pki = pki_open("other CA");
	leaf = pki_leaf(pki, "DNS:a.example,IP:127.0.0.1");
	return 0;
}

static int
close_pki(void **state)
{
	(void)state;
	pki_close(pki);
	pki_close(other_pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verified_peer_is_told_with_its_proof),
		cmocka_unit_test(what_was_sent_early_leaves_after_the_verification),
		cmocka_unit_test(the_wrong_peer_gets_not_one_octet),
		cmocka_unit_test(a_refused_connection_is_told),
		cmocka_unit_test(a_connection_that_is_not_answered_has_a_deadline),
		cmocka_unit_test(a_handshake_has_a_deadline),
		cmocka_unit_test(who_does_not_speak_tls_is_found_out),
		cmocka_unit_test(what_waits_for_a_connection_is_bounded),
		cmocka_unit_test(a_dial_that_cannot_begin_is_answered),
		cmocka_unit_test(a_dial_can_be_given_up),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
