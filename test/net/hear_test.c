/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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
static int64_t handshake_ms; /* of the server; 0: the default */

static void
open_two(struct side *server, struct side *client, enum transport transport)
{
	struct net_listen listen = loopback(transport);
	const struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities =
			&(struct identity){ .certificate = leaf.certificate, .key = leaf.key },
		.identity_count = 1,
		.handshake_ms = handshake_ms };
	const struct net_options dialler = {
		.identities = &(struct identity){ .trust = pki_ca(pki) }, .identity_count = 1
	};

	side_open(server, &options);
	side_open(client, &dialler);
}

/* rows: N-robust */
static void
first_octets_that_are_not_tls_are_closed_in_silence(void **state)
{
	struct side server, client;
	char octet;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	for (int first = 0; first < 256; first++) {
		char one = (char)first;
		int fd;

		if (first == 0x16)
			continue;
		fd = plain_connect(side_addr(&server, 0));
		assert_int_equal(write(fd, &one, 1), 1);
		sides_turn(&server, NULL, 5);
		for (int i = 0; i < 100 && net_connections(server.net) > 0; i++)
			sides_turn(&server, NULL, 1);
		for (int i = 0; i < 3; i++)
			sides_turn(&server, NULL, 1);
		/* One octet is enough to know, and it gets not one in return. */
		assert_int_equal(recv(fd, &octet, 1, MSG_DONTWAIT), 0);
		close(fd);
	}
	assert_int_equal(server.count, 0);
	assert_int_equal(server.bytes_len, 0);
	assert_true(text_has(server.note, "TLS from 127.0.0.1:"));
	assert_true(text_has(server.note, "is not TLS"));
	side_close(&server);
	side_close(&client);
}

/* rows: N-robust */
static void
half_a_handshake_has_a_deadline(void **state)
{
	struct side server, client;
	int fd;

	(void)state;
	handshake_ms = 150;
	open_two(&server, &client, TRANSPORT_TLS);
	handshake_ms = 0;
	fd = plain_connect(side_addr(&server, 0));
	assert_int_equal(write(fd, "\x16\x03\x01", 3), 3);
	await_note(&server, NULL);
	assert_true(text_has(server.note, "the TLS handshake took too long"));
	assert_int_equal(net_connections(server.net), 0);
	assert_int_equal(server.count, 0);
	close(fd);
	side_close(&server);
	side_close(&client);
}

static void
rubbish_behind_the_first_octet_is_refused(void **state)
{
	struct side server, client;
	int fd;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	fd = plain_connect(side_addr(&server, 0));
	assert_int_equal(write(fd, "\x16 this is not TLS at all", 24), 24);
	await_note(&server, NULL);
	assert_true(text_has(server.note, "failed: "));
	assert_int_equal(server.count, 0);
	close(fd);
	side_close(&server);
	side_close(&client);
}

/* Sends a text of many pieces over a transport and compares what arrives. */
static void
stream_is_whole(enum transport transport)
{
	static char text[3 * 1000 * 1000];
	struct side server, client;
	struct flow_id flow = dialled(1);
	size_t sent = 0;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 31 + i / 1000);
	open_two(&server, &client, transport);
	carry_dial(&client, 1, transport, side_addr(&server, 0), STR("a.example"));
	await(&client, &server, EV_FLOW_OPEN, 1);
	while (sent < sizeof text) {
		size_t piece = sent % 70000 + 1;

		piece = piece < sizeof text - sent ? piece : sizeof text - sent;
		carry_send(&client, flow, (struct addr){ 0 }, str_of(text + sent, piece));
		sent += piece;
		while (server.bytes_len + 300000 < sent)
			sides_turn(&server, &client, 1);
	}
	await_bytes(&server, &client, sizeof text);
	assert_memory_equal(server.bytes, text, sizeof text);
	assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 0);
	side_close(&server);
	side_close(&client);
}

static void
a_stream_is_whole_whatever_the_pieces(void **state)
{
	(void)state;
	stream_is_whole(TRANSPORT_TCP);
	stream_is_whole(TRANSPORT_TLS);
}

static void
many_handshakes_at_once_take_turns_and_all_succeed(void **state)
{
	enum { CROWD = 60 };
	struct side server, client;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	for (uint64_t i = 1; i <= CROWD; i++) {
		carry_dial(&client, i, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
		carry_send(&client, dialled(i), (struct addr){ 0 }, STR("REGISTER"));
	}
	for (int i = 0; i < 10; i++)
		sides_turn(&client, NULL, 1); /* all ClientHellos lie there at once */
	sides_turn(&server, NULL, 5);
	sides_turn(&server, NULL, 5);
	await(&server, &client, EV_FLOW_OPEN, CROWD);
	await(&client, &server, EV_FLOW_OPEN, CROWD);
	await_bytes(&server, &client, 8 * CROWD);
	side_close(&server);
	side_close(&client);
}

/* Two turns see all of them out; with a handshake for each it would take four. */
static void
who_left_the_line_for_handshakes_costs_nothing(void **state)
{
	enum { CROWD = 4 * HANDSHAKES_PER_TURN };
	struct side server, client;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	for (uint64_t i = 1; i <= CROWD; i++)
		carry_dial(&client, i, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	for (int i = 0; i < 10; i++)
		sides_turn(&client, NULL, 1); /* all ClientHellos lie there at once */
	sides_turn(&server, NULL, 5);
	for (uint64_t i = 1; i <= CROWD; i++)
		carry_shut(&client, dialled(i));
	sides_turn(&client, NULL, 1);
	sides_turn(&server, NULL, 5);
	sides_turn(&server, NULL, 5);
	assert_int_equal(net_connections(server.net), 0);
	assert_int_equal(heard_count(&server, EV_FLOW_OPEN), 0);
	carry_dial(&client, CROWD + 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 1);
	side_close(&server);
	side_close(&client);
}

static void
a_connection_that_ends_is_told_once(void **state)
{
	struct side server, client;
	struct heard *end;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 1);
	await(&client, &server, EV_FLOW_OPEN, 1);
	carry_shut(&client, dialled(1));
	end = await(&server, &client, EV_FLOW_CLOSED, 1);
	assert_string_equal(end->reason, "the peer closed the connection");
	assert_true(flow_same(end->event.u.closed.flow, server.heard[0].event.u.open.flow));
	await(&client, &server, EV_FLOW_CLOSED, 1);
	pass_ms(&server, &client, 20);
	assert_int_equal(heard_count(&server, EV_FLOW_CLOSED), 1);
	assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 1);
	side_close(&server);
	side_close(&client);
}

static void
a_cut_is_not_an_end(void **state)
{
	struct side server, client;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	await(&server, &client, EV_FLOW_OPEN, 1);
	await(&client, &server, EV_FLOW_OPEN, 1);
	side_close(&client); /* no close_notify */
	assert_true(text_has(
		await(&server, NULL, EV_FLOW_CLOSED, 1)->reason, "without ending TLS first"));
	side_close(&server);
}

static void
a_core_that_does_not_take_events_slows_its_peers(void **state)
{
	static char piece[50000];
	struct side server, client;
	size_t sent = 0;

	(void)state;
	memset(piece, 'x', sizeof piece);
	open_two(&server, &client, TRANSPORT_TLS);
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	await(&client, &server, EV_FLOW_OPEN, 1);
	server.is_deaf = true;
	/* More than the inbox holds; the rest lies in the system's buffers and in the client. */
	while (sent < 2 * (size_t)INBOX_BYTES) {
		carry_send(&client, dialled(1), (struct addr){ 0 }, str_of(piece, sizeof piece));
		sent += sizeof piece;
		sides_turn(&client, &server, 1);
	}
	for (int i = 0; i < 20; i++)
		sides_turn(&client, &server, 1);
	server.is_deaf = false;
	await_bytes(&server, &client, sent);
	assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 0);
	side_close(&server);
	side_close(&client);
}

/* ---- a client whose octets the test cuts as it likes ---- */

struct cutter {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *to, *from;
	int fd;
};

static void
cutter_open(struct cutter *c, struct side *server, int version)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(c->ctx, version);
	c->ssl = SSL_new(c->ctx);
	c->to = BIO_new(BIO_s_mem());
	c->from = BIO_new(BIO_s_mem());
	SSL_set_bio(c->ssl, c->from, c->to);
	SSL_set_connect_state(c->ssl);
	c->fd = plain_connect(side_addr(server, 0));
}

static void
cutter_close(struct cutter *c)
{
	close(c->fd);
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
}

/* Hears what is there and goes on. Ends: whether the handshake is over for the client. */
static bool
cutter_hear(struct cutter *c, struct side *server)
{
	static char at[32768];
	ssize_t len;

	for (int i = 0; i < 3; i++)
		sides_turn(server, NULL, 1);
	while ((len = recv(c->fd, at, sizeof at, MSG_DONTWAIT)) > 0)
		BIO_write(c->from, at, (int)len);
	ERR_clear_error();
	return SSL_do_handshake(c->ssl) == 1;
}

/* Sends at most MAX octets of what the client has to say. Ends: how many that were. */
static size_t
cutter_say(struct cutter *c, size_t max)
{
	static char at[32768];
	int len = BIO_read(c->to, at, max < sizeof at ? (int)max : (int)sizeof at);

	if (len > 0)
		assert_int_equal(write(c->fd, at, (size_t)len), len);
	return len > 0 ? (size_t)len : 0;
}

/* cve/90: a client that leaves at each octet of its side of a handshake, one after the other. */
static void
handshakes_that_are_cut_anywhere_leave_nothing(void **state)
{
	struct side server, client;
	struct cutter c;
	bool is_over;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	for (size_t cut = 0, said = cut; said == cut; cut++) {
		cutter_open(&c, &server, cut % 2 ? TLS1_2_VERSION : TLS1_3_VERSION);
		is_over = cutter_hear(&c, &server);
		for (said = 0; said < cut && !is_over; is_over = cutter_hear(&c, &server))
			said += cutter_say(&c, cut - said);
		said += cutter_say(&c, cut - said);
		cutter_close(&c);
		for (int i = 0; i < 100 && net_connections(server.net) > 0; i++)
			sides_turn(&server, NULL, 1);
		assert_int_equal(net_connections(server.net), 0);
		server.count = 0;
	}
	carry_dial(&client, 1, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	await(&client, &server, EV_FLOW_OPEN, 1);
	side_close(&server);
	side_close(&client);
}

/* cve/93: the first octets of SIP come with the last ones of the handshake, in one piece or two. */
static void
what_is_glued_to_a_handshake_is_heard(void **state)
{
	static const char ping[] = "OPTIONS sip:a.example SIP/2.0\r\n";
	struct side server, client;
	struct cutter c;
	bool is_whole = false;

	(void)state;
	open_two(&server, &client, TRANSPORT_TLS);
	for (size_t cut = 1; !is_whole; cut++) {
		cutter_open(&c, &server, TLS1_3_VERSION);
		(void)SSL_do_handshake(c.ssl);
		(void)cutter_say(&c, SIZE_MAX);
		while (!cutter_hear(&c, &server))
			continue;
		/* Its Finished has not left yet. */
		assert_int_equal(SSL_write(c.ssl, ping, sizeof ping - 1), sizeof ping - 1);
		is_whole = cutter_say(&c, cut) < cut;
		sides_turn(&server, NULL, 1);
		(void)cutter_say(&c, SIZE_MAX);
		await_bytes(&server, NULL, sizeof ping - 1);
		assert_memory_equal(server.bytes, ping, sizeof ping - 1);
		assert_int_equal(server.bytes_len, sizeof ping - 1);
		assert_int_equal(heard_count(&server, EV_FLOW_OPEN), 1);
		cutter_close(&c);
		await(&server, NULL, EV_FLOW_CLOSED, 1);
		server.count = 0;
		server.bytes_len = 0;
	}
	side_close(&server);
	side_close(&client);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("hear test CA");
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
		cmocka_unit_test(first_octets_that_are_not_tls_are_closed_in_silence),
		cmocka_unit_test(half_a_handshake_has_a_deadline),
		cmocka_unit_test(rubbish_behind_the_first_octet_is_refused),
		cmocka_unit_test(a_stream_is_whole_whatever_the_pieces),
		cmocka_unit_test(many_handshakes_at_once_take_turns_and_all_succeed),
		cmocka_unit_test(who_left_the_line_for_handshakes_costs_nothing),
		cmocka_unit_test(a_connection_that_ends_is_told_once),
		cmocka_unit_test(a_cut_is_not_an_end),
		cmocka_unit_test(a_core_that_does_not_take_events_slows_its_peers),
		cmocka_unit_test(handshakes_that_are_cut_anywhere_leave_nothing),
		cmocka_unit_test(what_is_glued_to_a_handshake_is_heard),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
