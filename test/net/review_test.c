/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that stand while lists and calendars change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "support/nets.h"
#include "support/pki.h"

enum {
	MINUTE_S = 60,
	HOUR_S = 3600,
	DAY_S = 86400,
	YEAR_S = 365 * DAY_S,
	PEERS = 2 * REVIEWS_PER_TURN + 5
};

static struct pki *pki;
static struct pki_leaf kept, bad;
static struct str list, own_list;
static struct identity server_identity, client_identities[3];
static struct side server, client;

/* The two identities of the client that show a certificate, and one that shows none. */
enum { KEPT, BAD, NOBODY };

static void
put(struct str from, struct str to)
{
	char text[8192];
	FILE *file = fopen(from.at, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof text, file);
	fclose(file);
	file = fopen(to.at, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void
sides_open(void)
{
	struct net_listen listen = loopback(TRANSPORT_TLS);
	struct net_options options = { .listens = &listen,
		.listen_count = 1,
		.identities = &server_identity,
		.identity_count = 1 };

	put(pki_crl(pki, NULL, -HOUR_S, 90 * DAY_S), list);
	put(pki_crl(pki, NULL, -HOUR_S, 90 * DAY_S), own_list);
	listen.service.client = CLIENT_OPTIONAL;
	side_open(&server, &options);
	options = (struct net_options){ .identities = client_identities, .identity_count = 3 };
	side_open(&client, &options);
}

static void
sides_close(void)
{
	side_close(&client);
	side_close(&server);
}

static void
dial_as(uint64_t number, uint32_t identity)
{
	struct act act = { .kind = ACT_DIAL };

	act.u.dial.flow = dialled(number);
	act.u.dial.transport = TRANSPORT_TLS;
	act.u.dial.to = side_addr(&server, 0);
	act.u.dial.name = STR("127.0.0.1");
	act.u.dial.terms.identity = identity;
	assert_true(net_carry(client.net, &act));
	net_flush(client.net);
}

/* Opens a connection that both sides know. */
static void
open_as(uint64_t number, uint32_t identity)
{
	unsigned before = heard_count(&server, EV_FLOW_OPEN);

	dial_as(number, identity);
	(void)await(&client, &server, EV_FLOW_OPEN, heard_count(&client, EV_FLOW_OPEN) + 1);
	(void)await(&server, &client, EV_FLOW_OPEN, before + 1);
}

static void
renew(struct side *side)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	assert_true(net_renew(side->net, &why));
}

static int64_t
today_s(void)
{
	return (int64_t)time(NULL);
}

static void
who_is_put_on_a_list_is_cut_and_nobody_else(void **state)
{
	struct heard *closed;

	(void)state;
	sides_open();
	open_as(1, KEPT);
	open_as(2, BAD);
	open_as(3, NOBODY);
	put(pki_crl(pki, bad.certificate.at, -HOUR_S, DAY_S), list);
	renew(&server);
	net_review(server.net, today_s());
	closed = await(&server, &client, EV_FLOW_CLOSED, 1);
	assert_true(text_has(closed->reason, "cut by us: the peer's certificate was revoked"));
	assert_true(text_has(closed->reason, "the certificate 'CN=leaf"));
	assert_true(text_has(closed->reason, "[cert-revoked]"));
	closed = await(&client, &server, EV_FLOW_CLOSED, 1);
	assert_true(flow_same(closed->event.u.closed.flow, dialled(2)));
	assert_string_equal(closed->reason, "the peer closed the connection");
	pass_ms(&server, &client, 20);
	assert_int_equal(heard_count(&server, EV_FLOW_CLOSED), 1);
	assert_int_equal(net_connections(server.net), 2);
	/* It does not come back; the other may. */
	dial_as(4, BAD);
	await_note(&server, &client);
	assert_true(text_has(server.note, "[cert-revoked]"));
	open_as(5, KEPT);
	sides_close();
}

static void
a_server_that_we_dialled_is_cut_likewise(void **state)
{
	struct heard *closed;

	(void)state;
	sides_open();
	open_as(1, KEPT);
	open_as(2, BAD);
	put(pki_crl(pki, server_identity.certificate.at, -HOUR_S, DAY_S), own_list);
	net_review(client.net, today_s());
	pass_ms(&server, &client, 20);
	assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 0); /* it was not read yet */
	renew(&client);
	net_review(client.net, today_s());
	closed = await(&client, &server, EV_FLOW_CLOSED, 1);
	assert_true(flow_same(closed->event.u.closed.flow, dialled(1)));
	assert_true(text_has(closed->reason, "[cert-revoked]"));
	pass_ms(&server, &client, 20);
	/* The identity that has no list asks for none. */
	assert_int_equal(heard_count(&client, EV_FLOW_CLOSED), 1);
	sides_close();
}

static void
the_calendar_ends_what_it_would_not_let_in(void **state)
{
	(void)state;
	sides_open();
	open_as(1, KEPT);
	open_as(2, NOBODY);
	/* Forth and back within what the certificates hold: nothing. */
	net_review(server.net, today_s() + 20 * MINUTE_S);
	net_review(client.net, today_s() - HOUR_S / 2);
	pass_ms(&server, &client, 20);
	net_review(server.net, today_s() - HOUR_S / 2);
	pass_ms(&server, &client, 20);
	assert_int_equal(heard_count(&server, EV_FLOW_CLOSED), 0);
	/* Its end; and ten years on. */
	net_review(server.net, today_s() + 31 * MINUTE_S);
	assert_true(text_has(await(&server, &client, EV_FLOW_CLOSED, 1)->reason, "expired on"));
	(void)await(&client, &server, EV_FLOW_CLOSED, 1);
	net_review(server.net, today_s() + 10LL * YEAR_S);
	pass_ms(&server, &client, 20);
	assert_int_equal(net_connections(server.net), 1);
	net_review(client.net, today_s() + 10LL * YEAR_S);
	assert_true(text_has(
		await(&client, &server, EV_FLOW_CLOSED, 2)->reason, "cut by us: the peer's"));
	/* Ten years back it is not valid yet. */
	open_as(3, KEPT);
	open_as(4, NOBODY);
	net_review(server.net, today_s() - 10LL * YEAR_S);
	assert_true(
		text_has(await(&server, &client, EV_FLOW_CLOSED, 3)->reason, "is not valid yet"));
	net_review(client.net, today_s() - 10LL * YEAR_S);
	assert_true(text_has(
		await(&client, &server, EV_FLOW_CLOSED, 4)->reason, "[cert-not-yet-valid]"));
	sides_close();
}

static void
a_turn_judges_a_few_and_the_turns_all(void **state)
{
	(void)state;
	sides_open();
	for (uint64_t i = 1; i <= PEERS; i++)
		open_as(i, KEPT);
	net_review(server.net, today_s() + 31 * MINUTE_S);
	net_wait(server.net, 60 * 1000);
	assert_int_equal(net_connections(server.net), PEERS - REVIEWS_PER_TURN);
	/* One that begins before the other has ended goes on where that is, and it ends. */
	net_review(server.net, today_s() + 31 * MINUTE_S);
	for (int i = 0; i < 3; i++)
		net_wait(server.net, 60 * 1000);
	assert_int_equal(net_connections(server.net), 0);
	net_review(server.net, today_s());
	pass_ms(&server, &client, 20);
	assert_int_equal(heard_count(&server, EV_FLOW_CLOSED), PEERS);
	sides_close();
}

static int
open_pki(void **state)
{
	struct pki_leaf own;

	(void)state;
	pki = pki_open("review test CA");
	own = pki_leaf(pki, "IP:127.0.0.1");
	kept = pki_issue(pki, "DNS:kept.example", -HOUR_S, 30 * MINUTE_S);
	bad = pki_issue(pki, "DNS:bad.example", -HOUR_S, 30 * MINUTE_S);
	list = pki_file(pki, "list.pem", STR(""));
	own_list = pki_file(pki, "own-list.pem", STR(""));
	server_identity = (struct identity){
		.certificate = own.certificate, .key = own.key, .trust = pki_ca(pki), .crl = list
	};
	client_identities[KEPT] = (struct identity){ .certificate = kept.certificate,
		.key = kept.key,
		.trust = pki_ca(pki),
		.crl = own_list };
	client_identities[BAD] = (struct identity){
		.certificate = bad.certificate, .key = bad.key, .trust = pki_ca(pki)
	};
	client_identities[NOBODY] = (struct identity){ .trust = pki_ca(pki) };
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
		cmocka_unit_test(who_is_put_on_a_list_is_cut_and_nobody_else),
		cmocka_unit_test(a_server_that_we_dialled_is_cut_likewise),
		cmocka_unit_test(the_calendar_ends_what_it_would_not_let_in),
		cmocka_unit_test(a_turn_judges_a_few_and_the_turns_all),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
