/* SPDX-License-Identifier: Apache-2.0 */
#include "main/host.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "main/client.h"
#include "net/sock.h"
#include "support/nets.h"
#include "support/pki.h"

enum { PATIENCE_MS = 5000 };

static struct pki *pki;
static struct pki_leaf leaf;
static struct config config; /* of the host under test */

/* The host under test, with a phone on a net of its own. */
struct bench {
	struct host *host;
	struct side phone;
	struct addr udp, tls;
	char *log;
	size_t log_size;
	FILE *log_file;
};

static struct addr
free_addr(enum transport transport)
{
	struct net_listen listen = loopback(transport);
	char text[256];
	struct buf why = buf_on(text, sizeof text);
	int fd = sock_bind(transport, &listen.addr, &why);

	assert_true(fd >= 0);
	assert_true(sock_local(fd, &listen.addr));
	close(fd);
	return listen.addr;
}

static void
read_config(const struct addr *udp, const struct addr *tls)
{
	char text[1024];
	int len = snprintf(text, sizeof text,
		"listen:\n"
		"  - sip:127.0.0.1:%u;transport=udp\n"
		"  - sips:127.0.0.1:%u\n"
		"domain: example.test\n"
		"tls: { certificate: %s, key: %s, trust: %s }\n"
		"timers: { t1: 20ms, t2: 100ms, t4: 50ms }\n"
		"admin: admin.sock\n"
		"dn:\n"
		"  - { number: 7789, type: extension, contact: \"*\" }\n",
		udp->port, tls->port, leaf.certificate.at, leaf.key.at, pki_ca(pki).at);

	assert_true(config_open(
		&config, pki_file(pki, "sipward.yaml", str_of(text, (size_t)len)).at, stderr));
}

static void
bench_open(struct bench *b)
{
	struct net_listen listen = loopback(TRANSPORT_UDP);
	const struct net_options phone = { .listens = &listen,
		.listen_count = 1,
		.identities = &(struct identity){ .trust = pki_ca(pki) },
		.identity_count = 1 };
	struct host_options options = { .config = &config };
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	*b = (struct bench){ .udp = free_addr(TRANSPORT_UDP), .tls = free_addr(TRANSPORT_TLS) };
	read_config(&b->udp, &b->tls);
	b->log_file = open_memstream(&b->log, &b->log_size);
	options.log = b->log_file;
	b->host = host_open(&options, &why);
	if (b->host == NULL)
		fail_msg("host_open: %.*s", (int)why.used, text);
	side_open(&b->phone, &phone);
}

static void
bench_close(struct bench *b)
{
	side_close(&b->phone);
	host_close(b->host);
	config_close(&config);
	fclose(b->log_file);
	free(b->log);
}

static void
bench_turn(struct bench *b)
{
	host_step(b->host, 2);
	sides_turn(&b->phone, NULL, 2);
}

/* What the phone heard in all begins an answer like TEXT somewhere. */
static void
await_text(struct bench *b, const char *text)
{
	int64_t until_ms = test_now_ms() + PATIENCE_MS;

	while (!str_holds_alike(str_of(b->phone.bytes, b->phone.bytes_len), str_cstr(text))) {
		if (test_now_ms() > until_ms)
			fail_msg("no %s in: %.*s", text, (int)b->phone.bytes_len, b->phone.bytes);
		bench_turn(b);
	}
}

static struct str
request(char *at, size_t size, const char *method, const char *transport, const char *more)
{
	int len = snprintf(at, size,
		"%s sip:example.test SIP/2.0\r\n"
		"Via: SIP/2.0/%s 127.0.0.1:9;branch=z9hG4bK%s%s;rport\r\n"
		"From: <sip:7789@example.test>;tag=1\r\n"
		"To: <sip:7789@example.test>\r\n"
		"Call-ID: %s-%s\r\n"
		"CSeq: 1 %s\r\n"
		"Max-Forwards: 70\r\n"
		"%s"
		"Content-Length: 0\r\n\r\n",
		method, transport, method, transport, method, transport, method, more);

	return str_of(at, (size_t)len);
}

static struct flow_id
phone_socket(struct bench *b)
{
	uint32_t count;

	return net_listeners(b->phone.net, &count)[0].flow;
}

static void
await_over(struct bench *b)
{
	int64_t until_ms = test_now_ms() + 2 * PATIENCE_MS;

	while (!host_is_over(b->host) && test_now_ms() < until_ms)
		bench_turn(b);
	assert_true(host_is_over(b->host));
}

static void
a_request_is_answered_over_each_transport(void **state)
{
	struct bench b;
	char text[1024];

	(void)state;
	bench_open(&b);
	carry_send(&b.phone, phone_socket(&b), b.udp,
		request(text, sizeof text, "OPTIONS", "UDP", ""));
	await_text(&b, "Call-ID: OPTIONS-UDP");
	carry_dial(&b.phone, 1, TRANSPORT_TLS, b.tls, STR("127.0.0.1"));
	carry_send(&b.phone, dialled(1), b.tls, request(text, sizeof text, "OPTIONS", "TLS", ""));
	await_text(&b, "Call-ID: OPTIONS-TLS");
	assert_true(
		str_holds_alike(str_of(b.phone.bytes, b.phone.bytes_len), STR("SIP/2.0 200 OK")));
	bench_close(&b);
}

static void
a_binding_comes_back_from_the_store(void **state)
{
	struct counts counts;
	struct bench b;
	char text[1024];

	(void)state;
	bench_open(&b);
	carry_send(&b.phone, phone_socket(&b), b.udp,
		request(text, sizeof text, "REGISTER", "UDP",
			"Contact: <sip:7789@127.0.0.1:9>;expires=600\r\n"));
	await_text(&b, "SIP/2.0 200");
	await_text(&b, "Contact: <sip:7789@127.0.0.1:9>;expires=600");
	host_count(b.host, &counts);
	assert_int_equal(counts.bindings, 1);
	bench_close(&b);
}

static void
draining_ends_with_nothing_left(void **state)
{
	struct counts counts;
	struct bench b;
	char text[1024];
	int64_t start_ms;

	(void)state;
	bench_open(&b);
	carry_dial(&b.phone, 1, TRANSPORT_TLS, b.tls, STR("127.0.0.1"));
	carry_send(&b.phone, dialled(1), b.tls, request(text, sizeof text, "OPTIONS", "TLS", ""));
	await_text(&b, "Call-ID: OPTIONS-TLS");
	assert_false(host_is_over(b.host));
	start_ms = test_now_ms();
	host_drain(b.host);
	await_over(&b);
	assert_true(test_now_ms() - start_ms < 4000);
	host_count(b.host, &counts);
	assert_int_equal(counts.flows, 0);
	assert_int_equal(counts.transactions, 0);
	assert_true(host_is_idle(b.host));
	assert_int_equal(heard_count(&b.phone, EV_FLOW_CLOSED), 1);
	host_log_counters(b.host);
	assert_true(text_has(b.log, "counters calls=0 legs=0 transactions=0 timers=0 flows=0 "));
	bench_close(&b);
}

static void
a_second_order_changes_nothing_and_a_stop_ends_it(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	host_drain(b.host);
	host_drain(b.host);
	assert_false(host_is_over(b.host));
	host_stop(b.host);
	assert_true(host_is_over(b.host));
	bench_close(&b);
}

static void
a_peer_that_fails_its_handshake_is_in_the_log(void **state)
{
	struct bench b;
	int fd;

	(void)state;
	bench_open(&b);
	fd = plain_connect(b.tls);
	assert_int_equal(write(fd, "OPTIONS sip:x SIP/2.0\r\n\r\n", 25), 25);
	for (int i = 0; i < 500 && !text_has(b.log != NULL ? b.log : "", "is not TLS"); i++)
		bench_turn(&b);
	assert_true(text_has(b.log, "info  TLS from 127.0.0.1:"));
	close(fd);
	bench_close(&b);
}

static void
an_address_in_use_is_told(void **state)
{
	struct host_options options = { .config = &config };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_null(host_open(&options, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("cannot listen on 127.0.0.1:")));
	assert_true(str_holds_alike(buf_str(&why), STR("in use")));
	bench_close(&b);
}

/* ---- those who look on ----------------------------------------------------------------------- */

enum { ASKERS = 3, QUESTIONS_EACH = 20 };

static atomic_int askers_left, answers, reloads;

static void *
ask_on(void *closure)
{
	static const struct str targets[] = { STR("/v1/status"), STR("/v1/calls"),
		STR("/v1/registrations"), STR("/v1/registrations?number=7789") };
	struct reply *reply = malloc(sizeof *reply);
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)closure;
	for (int i = 0; reply != NULL && i < QUESTIONS_EACH; i++) {
		if (client_get(config.admin.at, targets[i % 4], reply, &why) == EXIT_FINE &&
			reply->status == 200)
			atomic_fetch_add(&answers, 1);
		if (i % 4 == 0 &&
			client_post(config.admin.at, STR("/v1/reload"), reply, &why) == EXIT_FINE &&
			reply->status == 200)
			atomic_fetch_add(&reloads, 1);
	}
	free(reply);
	atomic_fetch_sub(&askers_left, 1);
	return NULL;
}

static bool
take_reload(void *taker, uint32_t uid, struct json *to)
{
	char text[512];
	struct buf why = buf_on(text, sizeof text);

	json_put_number(to, STR("uid"), uid);
	return host_renew(taker, &why);
}

/* Meanwhile the server serves. Under ThreadSanitizer, too. */
static void
many_ask_while_it_serves(void **state)
{
	pthread_t threads[ASKERS];
	struct bench b;
	char text[1024];

	(void)state;
	bench_open(&b);
	atomic_store(&askers_left, ASKERS);
	atomic_store(&answers, 0);
	atomic_store(&reloads, 0);
	host_take_orders(b.host, (struct orders){ .taker = b.host, .reload = take_reload });
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_on, NULL), 0);
	carry_send(&b.phone, phone_socket(&b), b.udp,
		request(text, sizeof text, "REGISTER", "UDP",
			"Contact: <sip:7789@127.0.0.1:9>;expires=600\r\n"));
	while (atomic_load(&askers_left) > 0)
		bench_turn(&b);
	await_text(&b, "SIP/2.0 200");
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&answers), ASKERS * QUESTIONS_EACH);
	assert_int_equal(atomic_load(&reloads), ASKERS * QUESTIONS_EACH / 4);
	bench_close(&b);
}

static atomic_int status;

static void *
order_once(void *closure)
{
	struct reply *reply = malloc(sizeof *reply);
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)closure;
	if (reply != NULL &&
		client_post(config.admin.at, STR("/v1/reload"), reply, &why) == EXIT_FINE)
		atomic_store(&status, (int)reply->status);
	free(reply);
	atomic_fetch_sub(&askers_left, 1);
	return NULL;
}

static void
an_order_that_nobody_takes_finds_nobody(void **state)
{
	pthread_t thread;
	struct bench b;

	(void)state;
	bench_open(&b);
	atomic_store(&askers_left, 1);
	atomic_store(&status, 0);
	assert_int_equal(pthread_create(&thread, NULL, order_once, NULL), 0);
	while (atomic_load(&askers_left) > 0)
		bench_turn(&b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&status), 404);
	bench_close(&b);
}

static void
an_admin_socket_that_cannot_be_is_told(void **state)
{
	struct host_options options = { .config = &config };
	char text[512];
	struct buf why = buf_on(text, sizeof text);
	struct bench b;
	struct str socket;

	(void)state;
	bench_open(&b);
	socket = config.admin;
	for (uint32_t i = 0; i < config.listen_count; i++)
		config.listens[i].addr.port = 0;
	assert_null(host_open(&options, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("another server listens there")));
	config.admin = STR("/nowhere/s");
	why = buf_on(text, sizeof text);
	assert_null(host_open(&options, &why));
	assert_true(str_holds_alike(buf_str(&why), STR("/nowhere/s")));
	config.admin = socket;
	bench_close(&b);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("host test CA");
	leaf = pki_leaf(pki, "IP:127.0.0.1");
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
		cmocka_unit_test(a_request_is_answered_over_each_transport),
		cmocka_unit_test(a_binding_comes_back_from_the_store),
		cmocka_unit_test(draining_ends_with_nothing_left),
		cmocka_unit_test(a_second_order_changes_nothing_and_a_stop_ends_it),
		cmocka_unit_test(a_peer_that_fails_its_handshake_is_in_the_log),
		cmocka_unit_test(an_address_in_use_is_told),
		cmocka_unit_test(many_ask_while_it_serves),
		cmocka_unit_test(an_order_that_nobody_takes_finds_nobody),
		cmocka_unit_test(an_admin_socket_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
