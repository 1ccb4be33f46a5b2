/* SPDX-License-Identifier: Apache-2.0 */
#include "main/renew.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "main/expiry.h"
#include "main/log.h"
#include "main/watch.h"
#include "net/chain.h"
#include "net/sock.h"
#include "support/nets.h"
#include "support/pki.h"

enum { PATH_BYTES = 128 };

static struct pki *pki;
static struct pki_leaf one, two;
static char certificate[PATH_BYTES], key[PATH_BYTES];
static struct config config;

/* A host that serves what lies at the two paths, and a phone that dials it. */
struct bench {
	struct host *host;
	struct renew *renew;
	struct side phone;
	struct addr addr;
	char *log;
	size_t log_size;
	FILE *log_file;
	uint64_t dialled;
};

static void
copy(const char *from, const char *to, size_t max)
{
	char text[8192];
	FILE *file = fopen(from, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, max < sizeof text ? max : sizeof text, file);
	fclose(file);
	file = fopen(to, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	assert_int_equal(chmod(to, 0600), 0);
}

static void
put_in_place(struct pki_leaf leaf)
{
	copy(leaf.certificate.at, certificate, SIZE_MAX);
	copy(leaf.key.at, key, SIZE_MAX);
}

static struct addr
free_addr(void)
{
	struct net_listen listen = loopback(TRANSPORT_TLS);
	char text[256];
	struct buf why = buf_on(text, sizeof text);
	int fd = sock_bind(TRANSPORT_TLS, &listen.addr, &why);

	assert_true(fd >= 0);
	assert_true(sock_local(fd, &listen.addr));
	close(fd);
	return listen.addr;
}

static void
bench_open(struct bench *b)
{
	struct host_options options = { .config = &config };
	const struct net_options phone = { .identities = &(struct identity){ .trust = pki_ca(pki),
						   .certificate = two.certificate,
						   .key = two.key },
		.identity_count = 1 };
	char text[1024];
	struct buf why = buf_on(text, sizeof text);
	int len;

	*b = (struct bench){ .addr = free_addr() };
	put_in_place(one);
	len = snprintf(text, sizeof text,
		"listen:\n  - { uri: \"sips:127.0.0.1:%u\", client-certificate: optional }\n"
		"  - sip:127.0.0.1:%u;transport=udp\n"
		"domain: example.test\n"
		"tls: { certificate: %s, key: %s, trust: %s }\n"
		"dn:\n  - { number: 7789, type: extension, contact: \"*\", password: x }\n",
		b->addr.port, b->addr.port, certificate, key, pki_ca(pki).at);
	assert_true(config_open(
		&config, pki_file(pki, "renew.yaml", str_of(text, (size_t)len)).at, stderr));
	b->log_file = open_memstream(&b->log, &b->log_size);
	options.log = b->log_file;
	b->host = host_open(&options, &why);
	if (b->host == NULL)
		fail_msg("host_open: %.*s", (int)why.used, text);
	b->renew = renew_open(&config, b->host, b->log_file);
	side_open(&b->phone, &phone);
}

static void
bench_close(struct bench *b)
{
	side_close(&b->phone);
	host_close(b->host);
	renew_close(b->renew);
	config_close(&config);
	fclose(b->log_file);
	free(b->log);
}

static unsigned
lines_with(struct bench *b, const char *part)
{
	unsigned count = 0;

	fflush(b->log_file);
	for (const char *at = b->log; (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

/* Dials the host and waits until there is a connection that was verified for NAME. */
static void
dial(struct bench *b, struct str name)
{
	carry_dial(&b->phone, ++b->dialled, TRANSPORT_TLS, b->addr, name);
	for (int i = 0; i < 1000 && heard_count(&b->phone, EV_FLOW_OPEN) < b->dialled; i++) {
		assert_int_equal(heard_count(&b->phone, EV_FLOW_FAILED), 0);
		host_step(b->host, 2);
		sides_turn(&b->phone, NULL, 2);
	}
	assert_int_equal(heard_count(&b->phone, EV_FLOW_OPEN), b->dialled);
}

static void
a_new_certificate_is_for_new_handshakes_and_old_connections_stay(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	dial(&b, STR("one.example"));
	put_in_place(two);
	assert_true(renew_now(b.renew, STR("the test says so")));
	dial(&b, STR("two.example"));
	for (int i = 0; i < 20; i++) {
		host_step(b.host, 2);
		sides_turn(&b.phone, NULL, 2);
	}
	assert_int_equal(heard_count(&b.phone, EV_FLOW_CLOSED), 0);
	assert_int_equal(lines_with(&b, "read again, time 1 (the test says so)"), 1);
	bench_close(&b);
}

static void
a_handshake_under_way_ends_with_what_it_began_with(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	carry_dial(&b.phone, ++b.dialled, TRANSPORT_TLS, b.addr, STR("one.example"));
	for (int i = 0; i < 5; i++) {
		sides_turn(&b.phone, NULL, 2);
		host_step(b.host, 2);
	}
	put_in_place(two);
	assert_true(renew_now(b.renew, STR("SIGHUP")));
	for (int i = 0; i < 100 && heard_count(&b.phone, EV_FLOW_OPEN) == 0; i++) {
		sides_turn(&b.phone, NULL, 2);
		host_step(b.host, 2);
	}
	assert_int_equal(heard_count(&b.phone, EV_FLOW_OPEN), 1);
	bench_close(&b);
}

/* rows: R5922-7.3-b */
static void
what_does_not_fit_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	copy(two.certificate.at, certificate, SIZE_MAX);
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "does not fit the certificate"), 1);
	copy(two.certificate.at, certificate, 300);
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "holds no certificate that can be used"), 1);
	put_in_place(one);
	copy(one.key.at, key, 100);
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "holds no private key"), 1);
	put_in_place(one);
	assert_int_equal(chmod(key, 0640), 0);
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "others than its owner can use this key"), 1);
	unlink(key);
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "cannot read key"), 1);
	put_in_place(pki_issue(pki, "DNS:one.example", -9 * DAY_S, -DAY_S));
	assert_false(renew_now(b.renew, STR("SIGHUP")));
	assert_int_equal(lines_with(&b, "expired on"), 1);
	assert_int_equal(lines_with(&b, "those before stay in use (SIGHUP)"), 6);
	assert_int_equal(lines_with(&b, "read again"), 0);
	dial(&b, STR("one.example"));
	bench_close(&b);
}

/* What an order of uid 7 comes to. */
static bool
order(struct bench *b, const char **said)
{
	static char text[4096];
	struct buf to = buf_on(text, sizeof text - 1);
	struct json j = json_on(&to);
	struct orders orders = renew_orders(b->renew);
	bool is_good = orders.reload(orders.taker, 7, &j);

	text[to.used] = '\0';
	*said = text;
	return is_good;
}

static void
an_order_says_what_is_new(void **state)
{
	const char *said;
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_true(order(&b, &said));
	assert_non_null(strstr(said,
		"\"times\":1,\"files\":[{\"identity\":\"default\","
		"\"holds\":\"certificate\""));
	assert_non_null(strstr(said, "\"is_new\":false,\"until\":\"20"));
	assert_null(strstr(said, "\"is_new\":true"));
	assert_null(strstr(said, "\"holds\":\"crl\""));
	put_in_place(two);
	assert_true(order(&b, &said));
	assert_non_null(strstr(said, "own.pem\",\"is_new\":true"));
	assert_non_null(strstr(said, "own.key\",\"is_new\":true"));
	assert_non_null(strstr(said, "\"holds\":\"trust\""));
	assert_non_null(strstr(said, "\"is_new\":false"));
	dial(&b, STR("two.example"));
	assert_true(order(&b, &said));
	assert_null(strstr(said, "\"is_new\":true"));
	assert_int_equal(lines_with(&b, "read again, time 3 (by command of uid 7)"), 1);
	bench_close(&b);
}

static void
an_order_that_changes_nothing_says_why(void **state)
{
	const char *said;
	struct bench b;

	(void)state;
	bench_open(&b);
	copy(two.certificate.at, certificate, SIZE_MAX);
	assert_false(order(&b, &said));
	assert_non_null(strstr(said, "\"detail\":\""));
	assert_non_null(strstr(said, "does not fit the certificate"));
	assert_int_equal(lines_with(&b, "those before stay in use (by command of uid 7)"), 1);
	dial(&b, STR("one.example"));
	/* It is new still when it is good. */
	copy(two.key.at, key, SIZE_MAX);
	assert_true(order(&b, &said));
	assert_non_null(strstr(said, "own.pem\",\"is_new\":true"));
	bench_close(&b);
}

static void
orders_refused_do_not_fill_the_log(void **state)
{
	struct orders orders;
	struct bench b;

	(void)state;
	bench_open(&b);
	orders = renew_orders(b.renew);
	for (int i = 0; i < 1000; i++)
		orders.refused(orders.taker, 65534);
	assert_in_range(lines_with(&b, "refused, by uid 65534: root and who runs"), 1, 20);
	usleep((ORDER_REFUSED_GAP_MS + 100) * 1000);
	orders.refused(orders.taker, 65534);
	assert_in_range(lines_with(&b, "since the last such line"), 1, 20);
	bench_close(&b);
}

static void
a_file_that_changes_is_enough(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	renew_turn(b.renew, 1000, 0);
	assert_int_equal(lines_with(&b, "a file has changed"), 0);
	put_in_place(two);
	renew_turn(b.renew, 2000, 0);
	assert_int_equal(renew_wait_ms(b.renew, 2000), WATCH_QUIET_MS);
	renew_turn(b.renew, 2000 + WATCH_QUIET_MS, 0);
	assert_int_equal(lines_with(&b, "read again, time 1 (a file has changed)"), 1);
	dial(&b, STR("two.example"));
	bench_close(&b);
}

static void
what_ends_soon_is_told_four_times(void **state)
{
	int64_t end_s;
	static struct link links[2];
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_int_equal(host_chain(b.host, 0, links, 2), 1);
	end_s = links[0].until_s;
	for (int64_t hour = 40 * 24; hour >= -24; hour--)
		renew_turn(b.renew, (40 * 24 - hour) * 3600 * 1000, end_s - hour * 3600);
	assert_int_equal(lines_with(&b, "expires in 30 days"), 1);
	assert_int_equal(lines_with(&b, "expires in 14 days"), 1);
	assert_int_equal(lines_with(&b, "expires in 7 days"), 1);
	assert_int_equal(lines_with(&b, "expires in 1 days"), 1);
	assert_int_equal(lines_with(&b, "expires in"), 4);
	assert_true(lines_with(&b, "expired on") >= 1);
	bench_close(&b);
}

/* Turns both until the phone has heard COUNT connections end, or for a moment. */
static unsigned
ended(struct bench *b, unsigned count)
{
	for (int i = 0; i < 100 && heard_count(&b->phone, EV_FLOW_CLOSED) < count; i++) {
		host_step(b->host, 2);
		sides_turn(&b->phone, NULL, 2);
	}
	return heard_count(&b->phone, EV_FLOW_CLOSED);
}

/* T4a, T4b: the hour, a jump of the calendar and a new set have peers judged again. */
static void
a_calendar_that_jumps_is_looked_at_at_once(void **state)
{
	static const int64_t hour_s = 3600, year_s = 365 * 24 * 3600;
	int64_t now_s = log_now_ms() / 1000;
	struct bench b;

	(void)state;
	bench_open(&b);
	dial(&b, STR("one.example"));
	renew_turn(b.renew, 1000, now_s);
	assert_int_equal(renew_wait_ms(b.renew, 1000), CALENDAR_LOOK_MS);
	/* What keeps clocks right is no jump. */
	renew_turn(b.renew, 2000, now_s + CALENDAR_JUMP_S);
	assert_int_equal(renew_wait_ms(b.renew, 2000), CALENDAR_LOOK_MS - 1000);
	assert_int_equal(ended(&b, 1), 0);
	/* Back within what it holds, and forth by years. */
	renew_turn(b.renew, 3000, now_s - hour_s / 2);
	assert_int_equal(renew_wait_ms(b.renew, 3000), CALENDAR_LOOK_MS);
	assert_int_equal(ended(&b, 1), 0);
	renew_turn(b.renew, 4000, now_s + 10 * year_s);
	assert_int_equal(ended(&b, 1), 1);
	assert_int_equal(lines_with(&b, "cut by us: the peer's certificate is out of date"), 1);
	/* Without a jump the hour sees it. */
	dial(&b, STR("one.example"));
	renew_turn(b.renew, 5000, now_s);
	assert_int_equal(ended(&b, 2), 1);
	renew_turn(b.renew, 5000 + CALENDAR_LOOK_MS - 1, now_s + hour_s - 1);
	assert_int_equal(ended(&b, 2), 1);
	renew_turn(b.renew, 5000 + CALENDAR_LOOK_MS, now_s + hour_s + 30);
	assert_int_equal(ended(&b, 2), 2);
	bench_close(&b);
}

static int
open_pki(void **state)
{
	(void)state;
	pki = pki_open("renew test CA");
	one = pki_leaf(pki, "DNS:one.example,IP:127.0.0.1");
	two = pki_leaf(pki, "DNS:two.example,IP:127.0.0.1");
	snprintf(certificate, sizeof certificate, "%s", pki_file(pki, "own.pem", STR("")).at);
	snprintf(key, sizeof key, "%s", pki_file(pki, "own.key", STR("")).at);
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
		cmocka_unit_test(a_new_certificate_is_for_new_handshakes_and_old_connections_stay),
		cmocka_unit_test(a_handshake_under_way_ends_with_what_it_began_with),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(an_order_says_what_is_new),
		cmocka_unit_test(an_order_that_changes_nothing_says_why),
		cmocka_unit_test(orders_refused_do_not_fill_the_log),
		cmocka_unit_test(a_file_that_changes_is_enough),
		cmocka_unit_test(what_ends_soon_is_told_four_times),
		cmocka_unit_test(a_calendar_that_jumps_is_looked_at_at_once),
	};

	return cmocka_run_group_tests(tests, open_pki, close_pki);
}
