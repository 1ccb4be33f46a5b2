/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/nets.h"
#include "support/pki.h"

static struct pki *pki;
static struct pki_leaf leaf;

static void
refuses(const struct net_options *options, const char *part)
{
	char text[1024];
	struct buf why = buf_on(text, sizeof text);

	assert_null(net_open(options, &why));
	if (!str_holds_alike(buf_str(&why), str_cstr(part)))
		fail_msg("no \"%s\" in: %.*s", part, (int)why.used, text);
}

static void
a_start_that_fails_says_why(void **state)
{
	struct net_listen tls = loopback(TRANSPORT_TLS), none = loopback(TRANSPORT_NONE);
	struct pki_leaf other = pki_leaf(pki, "DNS:b.example");
	struct pki_leaf old = pki_issue(pki, "DNS:a.example", -7200, -3600);

	(void)state;
	refuses(&(struct net_options){ .listens = &tls, .listen_count = 1 },
		"a TLS listener needs a certificate");
	refuses(&(struct net_options){ .listens = &none, .listen_count = 1 }, "transport");
	refuses(&(struct net_options){ .identities = &(struct identity){ .certificate = STR(
										 "/nowhere/a.pem"),
					       .key = leaf.key },
			.identity_count = 1 },
		"/nowhere/a.pem");
	refuses(&(struct net_options){ .identities =
					       &(struct identity){ .certificate = leaf.certificate,
						       .key = other.key },
			.identity_count = 1 },
		"does not fit");
	refuses(&(struct net_options){ .identities =
					       &(struct identity){ .certificate = old.certificate,
						       .key = old.key },
			.identity_count = 1 },
		"expired on 2");
	refuses(&(struct net_options){ .identities = &(
					       struct identity){ .trust = STR("/nowhere/ca.pem") },
			.identity_count = 1 },
		"/nowhere/ca.pem");
	refuses(&(struct net_options){ .keylog = STR("/nowhere/keys") },
		"cannot write the key log /nowhere/keys: no such file");
}

static void
an_address_in_use_is_named(void **state)
{
	static const enum transport transports[] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct net_listen listen = loopback(transports[i]);
		struct net_options options = { .listens = &listen,
			.listen_count = 1,
			.identities = &(struct identity){ .certificate = leaf.certificate,
				.key = leaf.key },
			.identity_count = 1 };
		struct side side;
		char wanted[64];
		struct buf b = buf_on(wanted, sizeof wanted - 1);

		side_open(&side, &options);
		listen.addr = side_addr(&side, 0);
		addr_write_port(&b, &listen.addr);
		wanted[b.used] = '\0';
		refuses(&options, wanted);
		refuses(&options, "in use");
		side_close(&side);
	}
}

static void
waiting_ends_in_time(void **state)
{
	struct net_listen listen = loopback(TRANSPORT_TCP);
	const struct net_options options = { .listens = &listen, .listen_count = 1 };
	struct side side;
	int64_t start_ms;

	(void)state;
	side_open(&side, &options);
	start_ms = test_now_ms();
	sides_turn(&side, NULL, 0);
	assert_true(test_now_ms() - start_ms < 500);
	start_ms = test_now_ms();
	sides_turn(&side, NULL, 50);
	assert_true(test_now_ms() - start_ms >= 49);
	assert_true(test_now_ms() - start_ms < 1000);
	/* However short the wait: an alarm that is due before the loop looks must not be lost. */
	start_ms = test_now_ms();
	for (int i = 0; i < 500; i++)
		sides_turn(&side, NULL, 1);
	assert_true(test_now_ms() - start_ms < 20000);
	side_close(&side);
}

static void
a_watched_descriptor_wakes(void **state)
{
	const struct net_options options = { 0 };
	struct side side;
	int64_t start_ms = test_now_ms();
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	side_open(&side, &options);
	assert_true(net_watch_fd(side.net, fds[0]));
	assert_int_equal(write(fds[1], "x", 1), 1);
	sides_turn(&side, NULL, 3000);
	assert_true(test_now_ms() - start_ms < 2000);
	side_close(&side);
	close(fds[0]);
	close(fds[1]);
}

static void
what_is_not_its_business_is_left(void **state)
{
	const struct net_options options = { 0 };
	const struct act note = { .kind = ACT_NOTE }, save = { .kind = ACT_SAVE };
	struct side side;

	(void)state;
	side_open(&side, &options);
	assert_false(net_carry(side.net, &note));
	assert_false(net_carry(side.net, &save));
	side_close(&side);
}

static void
retiring_ends_all_connections_and_takes_no_more(void **state)
{
	struct net_listen listens[] = { loopback(TRANSPORT_TLS), loopback(TRANSPORT_UDP) };
	const struct net_options options = { .listens = listens,
		.listen_count = 2,
		.identities =
			&(struct identity){ .certificate = leaf.certificate, .key = leaf.key },
		.identity_count = 1 };
	const struct net_options dialler = {
		.identities = &(struct identity){ .trust = pki_ca(pki) }, .identity_count = 1
	};
	struct side server, client;
	int fd;

	(void)state;
	side_open(&server, &options);
	side_open(&client, &dialler);
	for (uint64_t i = 1; i <= 3; i++)
		carry_dial(&client, i, TRANSPORT_TLS, side_addr(&server, 0), STR("a.example"));
	fd = plain_connect(side_addr(&server, 0));
	await(&client, &server, EV_FLOW_OPEN, 3);
	await(&server, &client, EV_FLOW_OPEN, 3);
	carry_send(&server, server.heard[0].event.u.open.flow, (struct addr){ 0 }, STR("goodbye"));
	net_retire(server.net);
	await(&client, &server, EV_FLOW_CLOSED, 3);
	await(&server, &client, EV_FLOW_CLOSED, 3);
	assert_int_equal(client.bytes_len, 7);
	assert_int_equal(net_connections(server.net), 0);
	carry_dial(&client, 4, TRANSPORT_TCP, side_addr(&server, 0), STR(""));
	assert_true(text_has(await(&client, &server, EV_FLOW_FAILED, 1)->reason, "refused"));
	close(fd);
	side_close(&server);
	side_close(&client);
}

static void
closing_in_the_middle_of_everything_leaves_nothing(void **state)
{
	struct net_listen listens[] = { loopback(TRANSPORT_TLS), loopback(TRANSPORT_TCP) };
	const struct net_options options = { .listens = listens,
		.listen_count = 2,
		.identities = &(struct identity){ .certificate = leaf.certificate,
			.key = leaf.key,
			.trust = pki_ca(pki) },
		.identity_count = 1,
		.resolver = STR("127.0.0.1:9") };

	(void)state;
	for (int turns = 0; turns < 8; turns++) {
		struct act act = { .kind = ACT_RESOLVE };
		static char large[300000];
		struct side server, client;

		side_open(&server, &options);
		side_open(&client, &options);
		act.u.resolve.name = STR("a.example");
		assert_true(net_carry(client.net, &act));
		for (uint64_t i = 1; i <= 4; i++) {
			carry_dial(&client, i, i % 2 ? TRANSPORT_TLS : TRANSPORT_TCP,
				side_addr(&server, i % 2 ? 0 : 1), STR("a.example"));
			carry_send(&client, dialled(i), (struct addr){ 0 },
				str_of(large, i == 1 ? 200000 : 10000));
		}
		for (int i = 0; i < turns; i++)
			sides_turn(&client, &server, 1);
		side_close(&client);
		if (turns % 2 == 0)
			sides_turn(&server, NULL, 1);
		side_close(&server);
	}
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("net test CA");
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
		cmocka_unit_test(a_start_that_fails_says_why),
		cmocka_unit_test(an_address_in_use_is_named),
		cmocka_unit_test(waiting_ends_in_time),
		cmocka_unit_test(a_watched_descriptor_wakes),
		cmocka_unit_test(what_is_not_its_business_is_left),
		cmocka_unit_test(retiring_ends_all_connections_and_takes_no_more),
		cmocka_unit_test(closing_in_the_middle_of_everything_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
