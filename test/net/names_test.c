/* SPDX-License-Identifier: Apache-2.0 */
#include "net/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/nets.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_NAPTR = 35 };

/* What the test's own server knows: records of a name in one family. */
static const struct record {
	const char *name;
	int type;
	int code; /* the response code; with 0 and no address: no data; -N: 0, cut by N octets */
	uint32_t ttl_s;
	const char *addrs[10];
} records[] = {
	{ "both.example", TYPE_A, 0, 300, { "192.0.2.1", "192.0.2.2" } },
	{ "both.example", TYPE_AAAA, 0, 20, { "2001:db8::1" } },
	{ "four.example", TYPE_A, 0, 77, { "192.0.2.4" } },
	{ "four.example", TYPE_AAAA, 0, 0, { NULL } },
	{ "half.example", TYPE_A, 0, 77, { "192.0.2.5" } },
	{ "half.example", TYPE_AAAA, 2, 0, { NULL } },
	{ "six.example", TYPE_A, 0, 0, { NULL } },
	{ "six.example", TYPE_AAAA, 0, 5, { "2001:db8::6" } },
	{ "none.example", TYPE_A, 3, 0, { NULL } },
	{ "none.example", TYPE_AAAA, 3, 0, { NULL } },
	{ "sick.example", TYPE_A, 2, 0, { NULL } },
	{ "sick.example", TYPE_AAAA, 2, 0, { NULL } },
	{ "cut.example", TYPE_A, -2, 300, { "192.0.2.7" } },
	{ "cut.example", TYPE_AAAA, 0, 0, { NULL } },
	{ "many.example", TYPE_A, 0, 9,
		{ "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6",
			"192.0.2.7", "192.0.2.8", "192.0.2.9" } },
	{ "many.example", TYPE_AAAA, 0, 9, { "2001:db8::6" } },
};

/* What somebody would like to have answered instead of the first of them. */
static const struct record forged = { "four.example", TYPE_A, 0, 7777, { "192.0.2.66" } };

static int server;
static char resolver[32];
static unsigned questions;
static uint16_t ids[64]; /* of the questions so far */

/* A socket of somebody else, who sees each question and answers first; -1: nobody does. */
static int forger = -1;

/* Raw data of services: what answer_test.c goes through, here once from end to end. */
static const struct {
	const char *name;
	int type, code;
	const char *data;
	size_t len;
} services[] = {
	{ "_sips._tcp.a.example", TYPE_SRV, 0, "\0\x0a\0\x01\x13\xc5\3one\1a\7example", 20 },
	{ "a.example", TYPE_NAPTR, 0, "\0\x0a\0\x02\1s\x08SIPS+D2T\0\5_sips\4_tcp\1a\7example",
		37 },
	{ "_sips._tcp.none.example", TYPE_SRV, 3, NULL, 0 },
	{ "_sips._tcp.sick.example", TYPE_SRV, 2, NULL, 0 },
	{ "_sips._tcp.bad.example", TYPE_SRV, 0, "\0\x0a\0\x01\x13\xc5\x3fone", 10 },
};

static void
put_u16(unsigned char **at, unsigned value)
{
	*(*at)++ = (unsigned char)(value >> 8);
	*(*at)++ = (unsigned char)value;
}

static size_t
make_answer(unsigned char *message, size_t len, const struct record *record)
{
	unsigned char *at = message + len;
	unsigned count = 0;

	for (; count < 10 && record->addrs[count] != NULL; count++) {
		bool is_v4 = record->type == TYPE_A;

		put_u16(&at, 0xc00c);
		put_u16(&at, (unsigned)record->type);
		put_u16(&at, 1);
		put_u16(&at, record->ttl_s >> 16);
		put_u16(&at, record->ttl_s & 0xffff);
		put_u16(&at, is_v4 ? 4 : 16);
		assert_int_equal(
			inet_pton(is_v4 ? AF_INET : AF_INET6, record->addrs[count], at), 1);
		at += is_v4 ? 4 : 16;
	}
	message[2] |= 0x80;
	message[3] = (unsigned char)(0x80 | (record->code > 0 ? record->code : 0));
	message[6] = 0;
	message[7] = (unsigned char)count;
	memset(message + 8, 0, 4);
	return (size_t)(at - message) - (record->code < 0 ? (size_t)-record->code : 0);
}

static size_t
make_service(unsigned char *message, size_t len, size_t i)
{
	unsigned char *at = message + len;

	if (services[i].data != NULL) {
		put_u16(&at, 0xc00c);
		put_u16(&at, (unsigned)services[i].type);
		put_u16(&at, 1);
		put_u16(&at, 0);
		put_u16(&at, 55);
		put_u16(&at, (unsigned)services[i].len + 1);
		memcpy(at, services[i].data, services[i].len);
		at += services[i].len;
		*at++ = 0;
	}
	message[2] |= 0x80;
	message[3] = (unsigned char)(0x80 | services[i].code);
	message[6] = 0;
	message[7] = services[i].data != NULL;
	memset(message + 8, 0, 4);
	return (size_t)(at - message);
}

/* Answers a question before the server does: from another place, with another number, to another
 * question. END: of the question in MESSAGE. */
static void
forge(const unsigned char *message, size_t end, const struct sockaddr_in *to)
{
	unsigned char copy[1024];
	size_t len;

	memcpy(copy, message, end);
	len = make_answer(copy, end, &forged);
	sendto(forger, copy, len, 0, (const struct sockaddr *)to, sizeof *to);
	copy[1] ^= 1;
	sendto(server, copy, len, 0, (const struct sockaddr *)to, sizeof *to);
	copy[1] ^= 1;
	copy[13] ^= 3; /* the first letter of the name */
	sendto(server, copy, len, 0, (const struct sockaddr *)to, sizeof *to);
	copy[13] ^= 3;
	copy[end - 3] ^= 1; /* its type */
	sendto(server, copy, len, 0, (const struct sockaddr *)to, sizeof *to);
}

/* Answers the questions that have come; those that are not in the table, never. */
static void
serve(void)
{
	unsigned char message[1024];
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	ssize_t len;

	while ((len = recvfrom(server, message, 512, MSG_DONTWAIT, (struct sockaddr *)&from,
			&from_len)) > 12) {
		char name[256];
		size_t at = 12, used = 0;
		int type;

		ids[questions++ % (sizeof ids / sizeof *ids)] =
			(uint16_t)(message[0] << 8 | message[1]);
		while (message[at] != 0) {
			if (used > 0)
				name[used++] = '.';
			memcpy(name + used, message + at + 1, message[at]);
			used += message[at];
			at += 1u + message[at];
		}
		name[used] = '\0';
		type = message[at + 1] << 8 | message[at + 2];
		if (forger >= 0)
			forge(message, at + 5, &from);
		for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
			if (strcmp(records[i].name, name) != 0 || records[i].type != type)
				continue;
			len = (ssize_t)make_answer(message, at + 5, &records[i]);
			sendto(server, message, (size_t)len, 0, (struct sockaddr *)&from, from_len);
		}
		for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
			if (strcmp(services[i].name, name) != 0 || services[i].type != type)
				continue;
			len = (ssize_t)make_service(message, at + 5, i);
			sendto(server, message, (size_t)len, 0, (struct sockaddr *)&from, from_len);
		}
	}
}

static void
ask_for(struct side *side, enum names_kind kind, struct str name, uint32_t slot)
{
	struct act act = { .kind = ACT_RESOLVE };

	act.u.resolve.kind = kind;
	act.u.resolve.ask = (struct ref){ slot, 1 };
	act.u.resolve.name = name;
	assert_true(net_carry(side->net, &act));
}

static void
ask(struct side *side, struct str name, uint32_t slot)
{
	ask_for(side, NAMES_ADDRESSES, name, slot);
}

static const struct event *
answer_of(struct side *side, uint32_t slot)
{
	int64_t until_ms = test_now_ms() + 5000;

	while (test_now_ms() < until_ms) {
		for (unsigned i = 0; i < side->count; i++)
			if (side->heard[i].event.kind == EV_NAMES &&
				side->heard[i].event.u.names.ask.slot == slot)
				return &side->heard[i].event;
		serve();
		sides_turn(side, NULL, 2);
	}
	fail_msg("no answer");
	return NULL;
}

static void
expect(struct side *side, struct str name, enum names_status status, const char *addrs,
	uint32_t ttl_s)
{
	static uint32_t slot = 100;
	const struct event *event;
	char text[512];
	struct buf b = buf_on(text, sizeof text);

	ask(side, name, ++slot);
	event = answer_of(side, slot);
	assert_int_equal(event->u.names.status, status);
	for (uint32_t i = 0; i < event->u.names.count; i++) {
		if (i > 0)
			buf_char(&b, ' ');
		addr_write_bare(&b, &event->u.names.addrs[i]);
		assert_int_equal(event->u.names.addrs[i].port, 0);
	}
	if (!str_same(buf_str(&b), str_cstr(addrs)))
		fail_msg("%.*s: %.*s", (int)name.len, name.at, (int)b.used, text);
	if (status == NAMES_FOUND)
		assert_int_equal(event->u.names.ttl_s, ttl_s);
}

static void
open_side(struct side *side)
{
	const struct net_options options = { .resolver = str_cstr(resolver) };

	side_open(side, &options);
}

static void
both_families_make_one_answer(void **state)
{
	struct side side;

	(void)state;
	open_side(&side);
	expect(&side, STR("both.example"), NAMES_FOUND, "192.0.2.1 192.0.2.2 2001:db8::1", 20);
	expect(&side, STR("four.example"), NAMES_FOUND, "192.0.2.4", 77);
	expect(&side, STR("six.example"), NAMES_FOUND, "2001:db8::6", 5);
	expect(&side, STR("half.example"), NAMES_FOUND, "192.0.2.5", 77);
	expect(&side, STR("many.example"), NAMES_FOUND,
		"192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 2001:db8::6",
		9);
	expect(&side, STR("none.example"), NAMES_ABSENT, "", 0);
	expect(&side, STR("sick.example"), NAMES_FAILED, "", 0);
	/* What cannot be read says nothing of what there is. */
	expect(&side, STR("cut.example"), NAMES_FAILED, "", 0);
	assert_int_equal(side.count, 8);
	side_close(&side);
}

static const struct event *
ask_service(struct side *side, enum names_kind kind, struct str name)
{
	static uint32_t slot = 1000;
	const struct event *e;

	ask_for(side, kind, name, ++slot);
	e = answer_of(side, slot);
	assert_int_equal(e->u.names.kind, kind);
	return e;
}

static void
services_come_with_their_ttl(void **state)
{
	const struct event *e;
	struct side side;
	unsigned before;

	(void)state;
	open_side(&side);
	e = ask_service(&side, NAMES_SRV, STR("_sips._tcp.a.example"));
	assert_int_equal(e->u.names.status, NAMES_FOUND);
	assert_int_equal(e->u.names.count, 1);
	assert_int_equal(e->u.names.ttl_s, 55);
	assert_int_equal(e->u.names.services[0].port, 5061);
	assert_true(str_same(e->u.names.services[0].name, STR("one.a.example")));
	e = ask_service(&side, NAMES_NAPTR, STR("a.example"));
	assert_int_equal(e->u.names.status, NAMES_FOUND);
	assert_true(str_same(e->u.names.services[0].what, STR("SIPS+D2T")));
	assert_true(str_same(e->u.names.services[0].name, STR("_sips._tcp.a.example")));
	e = ask_service(&side, NAMES_SRV, STR("_sips._tcp.none.example"));
	assert_int_equal(e->u.names.status, NAMES_ABSENT);
	e = ask_service(&side, NAMES_SRV, STR("_sips._tcp.sick.example"));
	assert_int_equal(e->u.names.status, NAMES_FAILED);
	e = ask_service(&side, NAMES_SRV, STR("_sips._tcp.bad.example"));
	assert_int_equal(e->u.names.status, NAMES_FAILED);
	before = questions;
	e = ask_service(&side, NAMES_SRV, STR("_sips._tcp.localhost"));
	assert_int_equal(e->u.names.status, NAMES_ABSENT);
	e = ask_service(&side, NAMES_NAPTR, STR("192.0.2.1"));
	assert_int_equal(e->u.names.status, NAMES_ABSENT);
	assert_int_equal(questions, before);
	side_close(&side);
}

static void
some_names_need_no_question(void **state)
{
	static char longer[300];
	struct side side;
	unsigned before = questions;

	(void)state;
	memset(longer, 'a', sizeof longer);
	open_side(&side);
	expect(&side, STR("192.0.2.9"), NAMES_FOUND, "192.0.2.9", 60);
	expect(&side, STR("[2001:db8::9]"), NAMES_FOUND, "2001:db8::9", 60);
	expect(&side, STR(""), NAMES_ABSENT, "", 0);
	expect(&side, STR("both.example\0.evil"), NAMES_ABSENT, "", 0);
	expect(&side, str_of(longer, sizeof longer), NAMES_ABSENT, "", 0);
	ask(&side, STR("localhost"), 1);
	assert_int_equal(answer_of(&side, 1)->u.names.status, NAMES_FOUND);
	assert_true(addr_is_loopback(&answer_of(&side, 1)->u.names.addrs[0]));
	assert_int_equal(questions, before);
	side_close(&side);
}

static void
many_questions_at_once_each_get_theirs(void **state)
{
	struct side side;

	(void)state;
	open_side(&side);
	for (uint32_t i = 1; i <= 40; i++)
		ask(&side, i % 2 ? STR("four.example") : STR("six.example"), i);
	for (uint32_t i = 1; i <= 40; i++)
		assert_int_equal(
			answer_of(&side, i)->u.names.addrs[0].family, i % 2 ? ADDR_V4 : ADDR_V6);
	assert_int_equal(side.count, 40);
	side_close(&side);
}

/* cve/97: whoever does not see the question cannot answer it, and who does must sit where the
 * resolver sits. */
static void
answers_of_somebody_else_are_none(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	unsigned in_a_row = 0;
	struct side side;

	(void)state;
	open_side(&side);
	for (unsigned i = 0; i < 2; i++) {
		/* Another port of the same address, then another address. */
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
		forger = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(bind(forger, (struct sockaddr *)&in, sizeof in), 0);
		expect(&side, STR("four.example"), NAMES_FOUND, "192.0.2.4", 77);
		expect(&side, STR("six.example"), NAMES_FOUND, "2001:db8::6", 5);
		assert_int_equal(ask_service(&side, NAMES_SRV, STR("_sips._tcp.a.example"))
					 ->u.names.services[0]
					 .port,
			5061);
		close(forger);
		forger = -1;
	}
	questions = 0;
	for (uint32_t i = 1; i <= 20; i++)
		ask(&side, STR("four.example"), i);
	for (uint32_t i = 1; i <= 20; i++)
		(void)answer_of(&side, i);
	assert_int_equal(questions, 40);
	for (unsigned i = 1; i < questions; i++)
		in_a_row += (uint16_t)(ids[i] - ids[i - 1]) < 16;
	assert_true(in_a_row < 4);
	side_close(&side);
}

static void
a_question_that_is_not_answered_is_asked_again(void **state)
{
	struct side side;
	unsigned before = questions;
	int64_t until_ms = test_now_ms() + 5000;

	(void)state;
	open_side(&side);
	ask(&side, STR("silent.example"), 1);
	while (questions < before + 4 && test_now_ms() < until_ms) {
		serve();
		sides_turn(&side, NULL, -1); /* its own clock must wake it */
	}
	assert_int_equal(questions, before + 4); /* A and AAAA, twice */
	assert_int_equal(side.count, 0);
	side_close(&side); /* with questions under way */
}

static void
a_resolver_that_is_none_is_refused(void **state)
{
	static const struct str bad[] = { STR("dns.example:53"), STR("127.0.0.1:0"),
		STR("127.0.0.1:66000"), STR(":53"), STR("127.0.0.1:"), STR("127.0.0.1 53") };
	static const struct str good[] = { STR("127.0.0.1"), STR("127.0.0.1:5353"), STR("::1"),
		STR("[::1]:53") };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct net_options options = { .resolver = bad[i] };
		struct buf why = buf_on(text, sizeof text);

		assert_null(net_open(&options, &why));
		assert_true(str_holds_alike(buf_str(&why), STR("resolver")));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const struct net_options options = { .resolver = good[i] };
		struct buf why = buf_on(text, sizeof text);
		struct net *net = net_open(&options, &why);

		assert_non_null(net);
		net_close(net);
	}
}

static int
open_server(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof in;

	(void)state;
	server = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
	snprintf(resolver, sizeof resolver, "127.0.0.1:%u", ntohs(in.sin_port));
	return 0;
}

static int
close_server(void **state)
{
	(void)state;
	return close(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_make_one_answer),
		cmocka_unit_test(services_come_with_their_ttl),
		cmocka_unit_test(some_names_need_no_question),
		cmocka_unit_test(many_questions_at_once_each_get_theirs),
		cmocka_unit_test(answers_of_somebody_else_are_none),
		cmocka_unit_test(a_question_that_is_not_answered_is_asked_again),
		cmocka_unit_test(a_resolver_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, open_server, close_server);
}
