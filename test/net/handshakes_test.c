/* SPDX-License-Identifier: Apache-2.0 */
/* Peers on real sockets that are silent, slow, gone, or that speak something else. */
#include "net/handshakes.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/sock.h"
#include "support/nets.h"
#include "support/pki.h"

enum { DEADLINE_MS = 150 };

static struct pki *pki;
static struct pki_leaf leaf;
static bool is_staged[TLS_WHYS];

static void
open_server(struct side *side, enum transport transport)
{
	struct net_listen listen = loopback(transport);
	const struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities =
			&(struct identity){ .certificate = leaf.certificate, .key = leaf.key },
		.identity_count = 1,
		.handshake_ms = DEADLINE_MS };

	side_open(side, &options);
}

static void
open_client(struct side *side, struct str trust)
{
	const struct net_options options = { .identities = &(struct identity){ .trust = trust },
		.identity_count = 1,
		.connect_ms = DEADLINE_MS,
		.handshake_ms = DEADLINE_MS };

	side_open(side, &options);
}

static int
open_ear(struct addr *addr, int backlog)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_true(sock_local(fd, addr));
	return fd;
}

static void
expect(const char *text, enum tls_why why)
{
	const struct tls_why_row *row = tls_why_row(why);
	struct str all = str_cstr(text);

	if (!str_holds_alike(all, row->says) || !str_holds_alike(all, row->code))
		fail_msg("no %.*s: %s", (int)row->code.len, row->code.at, text);
	is_staged[why] = true;
}

/* ---- we serve ------------------------------------------------------------------------------ */

enum ending { STAYS, LEAVES, RESETS };

/* Closes FD with a RST. */
static void
reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
}

static void
end(int fd, enum ending ending)
{
	switch (ending) {
	case STAYS: return;
	case LEAVES: close(fd); return;
	case RESETS: reset(fd); return;
	}
}

/* A peer says TEXT to our port and does what ENDING says; what the log has of it. */
static void
call_in(enum transport transport, struct str text, enum ending ending, enum tls_why why)
{
	struct side server;
	int fd;

	open_server(&server, transport);
	fd = plain_connect(side_addr(&server, 0));
	if (text.len > 0)
		assert_int_equal(write(fd, text.at, text.len), (ssize_t)text.len);
	sides_turn(&server, NULL, 5);
	sides_turn(&server, NULL, 5);
	end(fd, ending);
	if (transport == TRANSPORT_TLS) {
		for (int i = 0; i < 500 && server.notes == 0; i++)
			sides_turn(&server, NULL, 10);
		assert_true(text_has(server.note, "TLS from 127.0.0.1:"));
		assert_int_equal(server.notes, 1);
		expect(server.note, why);
	} else {
		expect(await(&server, NULL, EV_FLOW_CLOSED, 1)->reason, why);
		assert_int_equal(server.bytes_len, 0);
	}
	assert_int_equal(net_connections(server.net), 0);
	if (ending == STAYS)
		close(fd);
	side_close(&server);
}

static struct str
hello(void)
{
	static char at[2048];
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *to = BIO_new(BIO_s_mem());
	int len;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), to);
	SSL_set_connect_state(ssl);
	(void)SSL_do_handshake(ssl);
	len = BIO_read(to, at, sizeof at);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	assert_true(len > 100);
	return str_of(at, (size_t)len);
}

/* rows: N-robust */
static void
a_phone_that_does_not_speak_tls(void **state)
{
	(void)state;
	call_in(TRANSPORT_TLS, STR("REGISTER sip:a.example SIP/2.0\r\n"), STAYS, WHY_CLEAR_SIP);
	call_in(TRANSPORT_TLS, STR("OPTIONS sips:a.example SIP/2.0\r\n"), STAYS, WHY_CLEAR_SIP);
	call_in(TRANSPORT_TLS, STR("GET / HTTP/1.1\r\n"), STAYS, WHY_CLEAR_HTTP);
	call_in(TRANSPORT_TLS, STR("SSH-2.0-x\r\n"), STAYS, WHY_CLEAR);
	call_in(TRANSPORT_TLS, STR("\x80\x2e\1\3\1"), STAYS, WHY_CLEAR);
}

static void
a_phone_that_speaks_tls_on_the_plain_port(void **state)
{
	(void)state;
	call_in(TRANSPORT_TCP, hello(), STAYS, WHY_TLS_IN_CLEAR);
	call_in(TRANSPORT_TCP, STR("\x16"), STAYS, WHY_TLS_IN_CLEAR);
}

static void
a_phone_that_goes_away(void **state)
{
	struct str all = hello();

	(void)state;
	call_in(TRANSPORT_TLS, str_upto(all, 40), LEAVES, WHY_GONE_HELLO);
	call_in(TRANSPORT_TLS, str_upto(all, 40), RESETS, WHY_GONE_HELLO);
	call_in(TRANSPORT_TLS, all, LEAVES, WHY_GONE_JUDGED);
	call_in(TRANSPORT_TLS, all, RESETS, WHY_GONE_JUDGED);
}

/* rows: N-robust */
static void
a_phone_that_stops(void **state)
{
	struct str all = hello();

	(void)state;
	call_in(TRANSPORT_TLS, STR(""), STAYS, WHY_TIME_MUTE);
	call_in(TRANSPORT_TLS, str_upto(all, 1), STAYS, WHY_TIME_HELLO);
	call_in(TRANSPORT_TLS, str_upto(all, all.len - 1), STAYS, WHY_TIME_HELLO);
	call_in(TRANSPORT_TLS, all, STAYS, WHY_TIME_JUDGED);
}

/* ---- we dial ------------------------------------------------------------------------------- */

/* We dial ADDR; what the core is told. */
static void
call_out(struct side *client, enum transport transport, struct addr addr, struct str name,
	enum tls_why why)
{
	struct heard *heard;

	carry_dial(client, 1, transport, addr, name);
	heard = await(client, NULL, EV_FLOW_FAILED, 1);
	expect(heard->reason, why);
	assert_int_equal(client->count, 1);
	side_close(client);
}

static void
a_server_that_cannot_be_reached(void **state)
{
	struct side client;
	struct addr addr, nowhere;
	int fd = open_ear(&addr, 0), one;

	(void)state;
	close(fd);
	open_client(&client, pki_ca(pki));
	call_out(&client, TRANSPORT_TLS, addr, STR("a.example"), WHY_TCP_REFUSED);
	open_client(&client, pki_ca(pki));
	call_out(&client, TRANSPORT_TCP, addr, STR(""), WHY_TCP_REFUSED);
	/* No TCP goes to a broadcast address. */
	assert_true(addr_parse(&nowhere, STR("127.255.255.255")));
	nowhere.port = 5061;
	open_client(&client, pki_ca(pki));
	call_out(&client, TRANSPORT_TLS, nowhere, STR("a.example"), WHY_TCP_ROUTE);
	fd = open_ear(&addr, 0);
	one = plain_connect(addr);
	open_client(&client, pki_ca(pki));
	call_out(&client, TRANSPORT_TLS, addr, STR("a.example"), WHY_TCP_TIME);
	close(one);
	close(fd);
	open_client(&client, STR(""));
	call_out(&client, TRANSPORT_TLS, addr, STR("a.example"), WHY_NO_TRUST);
	open_client(&client, pki_ca(pki));
	fd = open_ear(&addr, 5);
	call_out(&client, TRANSPORT_TLS, addr, STR(""), WHY_NO_NAME);
	close(fd);
}

/* A server that takes our connection, says TEXT and does what ENDING says. */
static void
call_to(enum transport transport, struct str text, enum ending ending, enum tls_why why)
{
	struct side client;
	struct addr addr;
	int ear = open_ear(&addr, 5), fd;
	char at[2048];

	open_client(&client, pki_ca(pki));
	carry_dial(&client, 1, transport, addr, STR("a.example"));
	fd = accept(ear, NULL, NULL);
	if (transport == TRANSPORT_TCP)
		await(&client, NULL, EV_FLOW_OPEN, 1);
	else
		sides_turn(&client, NULL, 20);
	if (text.len > 0)
		assert_int_equal(write(fd, text.at, text.len), (ssize_t)text.len);
	if (ending == LEAVES)
		(void)recv(fd, at, sizeof at, MSG_DONTWAIT);
	end(fd, ending);
	expect(await(&client, NULL, transport == TRANSPORT_TCP ? EV_FLOW_CLOSED : EV_FLOW_FAILED, 1)
			->reason,
		why);
	assert_int_equal(client.bytes_len, 0);
	if (ending == STAYS)
		close(fd);
	close(ear);
	side_close(&client);
}

/* The beginning of a ServerHello. */
#define HALF STR("\x16\3\3\0\x7a\2\0\0\x76\3\3")

static void
a_server_that_goes_away(void **state)
{
	(void)state;
	call_to(TRANSPORT_TLS, STR(""), LEAVES, WHY_GONE_DIALLED);
	call_to(TRANSPORT_TLS, STR(""), RESETS, WHY_GONE_DIALLED);
	call_to(TRANSPORT_TLS, HALF, LEAVES, WHY_GONE_MIDWAY);
}

static void
a_server_that_stops(void **state)
{
	(void)state;
	call_to(TRANSPORT_TLS, STR(""), STAYS, WHY_TIME_DIALLED);
	call_to(TRANSPORT_TLS, HALF, STAYS, WHY_TIME_MIDWAY);
}

static void
a_server_that_speaks_tls_where_we_dialled_plain(void **state)
{
	(void)state;
	call_to(TRANSPORT_TCP, STR("\x15\3\1\0\2\2\x46"), STAYS, WHY_ANSWER_TLS);
}

static void
all_of_the_list_were_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ON_SOCKETS; i++)
		if (!is_staged[on_sockets[i]])
			fail_msg("nobody stages %s", tls_why_row(on_sockets[i])->code.at);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("handshakes test CA");
	leaf = pki_leaf(pki, "DNS:a.example,IP:127.0.0.1");
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
		cmocka_unit_test(a_phone_that_does_not_speak_tls),
		cmocka_unit_test(a_phone_that_speaks_tls_on_the_plain_port),
		cmocka_unit_test(a_phone_that_goes_away),
		cmocka_unit_test(a_phone_that_stops),
		cmocka_unit_test(a_server_that_cannot_be_reached),
		cmocka_unit_test(a_server_that_goes_away),
		cmocka_unit_test(a_server_that_stops),
		cmocka_unit_test(a_server_that_speaks_tls_where_we_dialled_plain),
		cmocka_unit_test(all_of_the_list_were_seen),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
