/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3263 as a table: what a URI asks DNS, and what comes of the answers. */
#include "hop/locate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* DNS is a text: lines `KIND NAME ...`; `!` for a question that is not answered. */
static const char *zone;

static const char *const kinds[] = { "A", "SRV", "NAPTR" };

static struct locate l;
static char story[2048]; /* the questions, then what was found */
static size_t story_len;

__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	story_len += (size_t)vsnprintf(story + story_len, sizeof story - story_len, format, args);
	va_end(args);
}

/* One record of the zone, its words behind the name. */
static void
add_record(struct event *e, struct str words)
{
	uint32_t i = e->u.names.count++;
	struct dns_record *s = &e->u.names.services[i];
	uint64_t number[3] = { 0, 0, 0 };

	e->u.names.status = NAMES_FOUND;
	if (e->u.names.kind == NAMES_ADDRESSES) {
		assert_true(addr_parse(&e->u.names.addrs[i], words));
		return;
	}
	*s = (struct dns_record){ .flags = STR("s") };
	for (int n = 0; n < (e->u.names.kind == NAMES_SRV ? 3 : 2); n++)
		assert_true(str_number(str_cut(&words, ' '), 65535, &number[n]));
	s->order = (uint16_t)number[0];
	s->weight = (uint16_t)number[1];
	s->port = (uint16_t)number[2];
	if (e->u.names.kind == NAMES_NAPTR) {
		s->what = str_cut(&words, ' ');
		if (str_ends(s->what, STR("/a"))) { /* another flag */
			s->flags = STR("a");
			s->what.len -= 2;
		}
	}
	s->name = str_same(words, STR(".")) ? STR("") : words;
}

static struct event
answer(const struct query *q)
{
	struct event e = { .kind = EV_NAMES };
	struct str rest = str_cstr(zone);

	e.u.names.kind = q->kind;
	e.u.names.status = NAMES_ABSENT;
	e.u.names.ttl_s = 100;
	while (rest.len > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		struct str kind = str_cut(&line, ' ');
		struct str name = str_cut(&line, ' ');

		if (!str_same(kind, str_cstr(kinds[q->kind])) || !str_alike(name, q->name))
			continue;
		if (str_same(line, STR("!"))) {
			e.u.names.status = NAMES_FAILED;
			return e;
		}
		if (e.u.names.count < (q->kind == NAMES_ADDRESSES ? NAMES_MAX : SERVICES_MAX))
			add_record(&e, line);
	}
	return e;
}

static void
find(const struct sought *sought)
{
	static const char *const transports[] = { "?", "udp", "tcp", "tls" };
	struct query q;
	enum locating now = locate_begin(&l, sought, &q);
	int questions = 0;

	story_len = 0;
	story[0] = '\0';
	while (now == LOCATE_ASKS) {
		struct event e = answer(&q);

		assert_true(++questions <= 1 + SERVICES_ASKED_MAX + SERVERS_MAX);
		say("%s %.*s; ", kinds[q.kind], (int)q.name.len, q.name.at);
		now = locate_hear(&l, &e, &q);
	}
	if (now == LOCATE_ABSENT || now == LOCATE_FAILED) {
		say("%s", now == LOCATE_ABSENT ? "absent" : "failed");
		assert_true(locate_why(&l).len > 0);
	}
	for (uint32_t i = 0; i < l.place_count; i++) {
		char text[80];
		struct buf b = buf_on(text, sizeof text);

		addr_write_port(&b, &l.places[i].addr);
		say("%s%s %.*s", i > 0 ? ", " : "", transports[l.places[i].transport], (int)b.used,
			text);
	}
}

/* What a URI of HOST asks for, in this scheme and transport. */
static struct sought
sought_of(enum scheme scheme, enum transport transport, uint16_t port, const char *host)
{
	struct sought sought = { .speech = { scheme, transport },
		.has_transport = transport != TRANSPORT_NONE,
		.host = str_cstr(host),
		.port = port,
		.has_udp = true,
		.has_tcp = true,
		.has_tls = true };

	if (scheme == SCHEME_SIPS)
		sought.speech.transport = TRANSPORT_TLS;
	else if (transport == TRANSPORT_NONE)
		sought.speech.transport = TRANSPORT_UDP;
	(void)addr_parse(&sought.ip, sought.host);
	return sought;
}

#define SIP SCHEME_SIP
#define SIPS SCHEME_SIPS

static const char *const full = "NAPTR d 10 10 SIP+D2U _sip._udp.d\n"
				"NAPTR d 20 10 SIP+D2T _sip._tcp.d\n"
				"NAPTR d 50 10 SIPS+D2T _sips._tcp.d\n"
				"NAPTR d 5 10 SIPS+D2S _sips._sctp.d\n"
				"SRV _sip._udp.d 1 1 5060 u.d\n"
				"SRV _sip._tcp.d 1 1 5065 t.d\n"
				"SRV _sips._tcp.d 1 1 443 s.d\n"
				"A u.d 192.0.2.1\n"
				"A t.d 192.0.2.2\n"
				"A s.d 192.0.2.3\n"
				"A s.d 2001:db8::3\n"
				"A d 192.0.2.9\n";

static const struct {
	enum scheme scheme;
	enum transport transport; /* written; NONE: not */
	uint16_t port;
	const char *host, *zone, *story;
} cases[] = {
	{ SIPS, TRANSPORT_NONE, 0, "d", NULL,
		"NAPTR d; SRV _sips._tcp.d; A s.d; tls 192.0.2.3:443, tls [2001:db8::3]:443" },
	{ SIP, TRANSPORT_NONE, 0, "d", NULL,
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; SRV _sips._tcp.d; A u.d; A t.d; A s.d; "
		"udp 192.0.2.1:5060, tcp 192.0.2.2:5065, tls 192.0.2.3:443, tls [2001:db8::3]:443" },
	{ SIPS, TRANSPORT_TCP, 0, "d", NULL,
		"SRV _sips._tcp.d; A s.d; tls 192.0.2.3:443, tls [2001:db8::3]:443" },
	{ SIPS, TRANSPORT_TLS, 0, "d", NULL,
		"SRV _sips._tcp.d; A s.d; tls 192.0.2.3:443, tls [2001:db8::3]:443" },
	{ SIP, TRANSPORT_UDP, 0, "d", NULL, "SRV _sip._udp.d; A u.d; udp 192.0.2.1:5060" },
	{ SIP, TRANSPORT_TCP, 0, "d", NULL, "SRV _sip._tcp.d; A t.d; tcp 192.0.2.2:5065" },
	{ SIP, TRANSPORT_TLS, 0, "d", NULL,
		"SRV _sips._tcp.d; A s.d; tls 192.0.2.3:443, tls [2001:db8::3]:443" },
	{ SIPS, TRANSPORT_NONE, 5061, "d", NULL, "A d; tls 192.0.2.9:5061" },
	{ SIPS, TRANSPORT_TCP, 7, "d", NULL, "A d; tls 192.0.2.9:7" },
	{ SIP, TRANSPORT_NONE, 5060, "d", NULL, "A d; udp 192.0.2.9:5060" },
	{ SIP, TRANSPORT_TCP, 7, "d", NULL, "A d; tcp 192.0.2.9:7" },
	{ SIPS, TRANSPORT_NONE, 0, "192.0.2.8", NULL, "tls 192.0.2.8:5061" },
	{ SIPS, TRANSPORT_NONE, 9, "[2001:db8::8]", NULL, "tls [2001:db8::8]:9" },
	{ SIP, TRANSPORT_NONE, 0, "192.0.2.8", NULL, "udp 192.0.2.8:5060" },
	{ SIP, TRANSPORT_TLS, 0, "192.0.2.8", NULL, "tls 192.0.2.8:5061" },
	/* NAPTR without SIPS. */
	{ SIPS, TRANSPORT_NONE, 0, "d",
		"NAPTR d 1 1 SIP+D2U _sip._udp.d\nSRV _sip._udp.d 1 1 1 u.d\nA d 192.0.2.9\n",
		"NAPTR d; SRV _sips._tcp.d; A d; tls 192.0.2.9:5061" },
	/* Neither NAPTR nor SRV. */
	{ SIPS, TRANSPORT_NONE, 0, "d", "A d 192.0.2.9\n",
		"NAPTR d; SRV _sips._tcp.d; A d; tls 192.0.2.9:5061" },
	{ SIP, TRANSPORT_NONE, 0, "d", "A d 192.0.2.9\n",
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; A d; udp 192.0.2.9:5060" },
	{ SIP, TRANSPORT_TCP, 0, "d", "A d 192.0.2.9\n",
		"SRV _sip._tcp.d; A d; tcp 192.0.2.9:5060" },
	{ SIP, TRANSPORT_TLS, 0, "d", "A d 192.0.2.9\n",
		"SRV _sips._tcp.d; A d; tls 192.0.2.9:5061" },
	/* TLS is best; nothing weaker behind it. */
	{ SIP, TRANSPORT_NONE, 0, "d",
		"NAPTR d 1 1 SIPS+D2T _sips._tcp.x\nNAPTR d 2 1 SIP+D2U _sip._udp.x\n"
		"SRV _sips._tcp.x 1 1 5061 x\nSRV _sip._udp.x 1 1 5060 x\nA x 192.0.2.1\n",
		"NAPTR d; SRV _sips._tcp.x; A x; tls 192.0.2.1:5061" },
	{ SIP, TRANSPORT_NONE, 0, "d", "NAPTR d 1 1 SIPS+D2T _sips._tcp.x\nA d 192.0.2.9\n",
		"NAPTR d; SRV _sips._tcp.x; A d; tls 192.0.2.9:5061" },
	/* Order before preference; the case of a service does not count. */
	{ SIP, TRANSPORT_NONE, 0, "d",
		"NAPTR d 2 1 SIP+D2U u\nNAPTR d 1 9 sip+d2t t9\nNAPTR d 1 2 SIP+D2T t2\n"
		"SRV u 1 1 1 x\nSRV t9 1 1 2 x\nSRV t2 1 1 3 x\nA x 192.0.2.1\n",
		"NAPTR d; SRV t2; SRV t9; SRV u; A x; A x; A x; "
		"tcp 192.0.2.1:3, tcp 192.0.2.1:2, udp 192.0.2.1:1" },
	/* NAPTR that is wrong: another flag, TLS into a plain service. */
	{ SIPS, TRANSPORT_NONE, 0, "d",
		"NAPTR d 1 1 SIPS+D2T/a x\nNAPTR d 1 1 SIPS+D2T _sip._tcp.d\nA d 192.0.2.9\n",
		"NAPTR d; SRV _sips._tcp.d; A d; tls 192.0.2.9:5061" },
	{ SIPS, TRANSPORT_NONE, 0, "d", "SRV _sips._tcp.d 0 0 0 .\nA d 192.0.2.9\n",
		"NAPTR d; SRV _sips._tcp.d; absent" },
	{ SIP, TRANSPORT_NONE, 0, "d",
		"SRV _sip._udp.d 0 0 0 .\nSRV _sip._tcp.d 1 1 5060 t\nA t 192.0.2.1\n",
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; A t; tcp 192.0.2.1:5060" },
	{ SIP, TRANSPORT_UDP, 0, "d", "SRV _sip._udp.d 0 0 0 .\nA d 192.0.2.9\n",
		"SRV _sip._udp.d; absent" },
	/* Records that lead nowhere are none. */
	{ SIP, TRANSPORT_NONE, 0, "d", "NAPTR d 1 1 SIPS+D2T .\nA d 192.0.2.9\n",
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; A d; udp 192.0.2.9:5060" },
	{ SIPS, TRANSPORT_TLS, 0, "d", "SRV _sips._tcp.d 1 1 0 x\nA x 192.0.2.1\nA d 192.0.2.9\n",
		"SRV _sips._tcp.d; A d; tls 192.0.2.9:5061" },
	/* Servers by priority, and those without an address are passed over. */
	{ SIPS, TRANSPORT_TLS, 0, "d",
		"SRV _sips._tcp.d 9 1 5061 z\nSRV _sips._tcp.d 2 1 5061 y\nSRV _sips._tcp.d 1 1 5061 x\n"
		"A x 192.0.2.1\nA z 192.0.2.3\n",
		"SRV _sips._tcp.d; A x; A y; A z; tls 192.0.2.1:5061, tls 192.0.2.3:5061" },
	{ SIPS, TRANSPORT_TLS, 0, "d", "SRV _sips._tcp.d 9 1 5061 z\nA d 192.0.2.9\n",
		"SRV _sips._tcp.d; A z; absent" },
	/* Questions that are not answered. */
	{ SIP, TRANSPORT_NONE, 0, "d", "NAPTR d !\nA d 192.0.2.9\n", "NAPTR d; failed" },
	{ SIPS, TRANSPORT_NONE, 0, "d", "NAPTR d !\nSRV _sips._tcp.d 1 1 5061 x\nA x 192.0.2.1\n",
		"NAPTR d; SRV _sips._tcp.d; A x; tls 192.0.2.1:5061" },
	{ SIPS, TRANSPORT_TLS, 0, "d", "SRV _sips._tcp.d !\nA d 192.0.2.9\n",
		"SRV _sips._tcp.d; failed" },
	{ SIP, TRANSPORT_NONE, 0, "d",
		"SRV _sip._udp.d !\nSRV _sip._tcp.d 1 1 5060 x\nA x 192.0.2.1\n",
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; A x; tcp 192.0.2.1:5060" },
	{ SIP, TRANSPORT_NONE, 1, "d", "A d !\n", "A d; failed" },
	{ SIP, TRANSPORT_NONE, 1, "d", "", "A d; absent" },
	{ SIP, TRANSPORT_NONE, 0, "d", "",
		"NAPTR d; SRV _sip._udp.d; SRV _sip._tcp.d; A d; absent" },
};

/* rows: R3263-4.1-a R4168-6 R3263-4.2-d R3263-4.2-b R3263-4.2-a R3263-4.1-b R3263-4.1-c
 * R3263-4.2-c R3263-o-srvdot */
static void
each_uri_asks_and_finds_as_rfc_3263_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sought sought = sought_of(
			cases[i].scheme, cases[i].transport, cases[i].port, cases[i].host);

		zone = cases[i].zone != NULL ? cases[i].zone : full;
		find(&sought);
		if (strcmp(story, cases[i].story) != 0)
			fail_msg("case %zu:\n%s\nis not\n%s", i, story, cases[i].story);
	}
}

/* Whatever DNS says, a sips URI leads to TLS alone and asks for no plain service. */
static void
sips_never_leaves_tls(void **state)
{
	static const enum transport written[] = { TRANSPORT_NONE, TRANSPORT_TCP, TRANSPORT_TLS };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t t = 0; t < 3; t++) {
			struct sought sought = sought_of(SIPS, written[t], 0, "d");

			zone = cases[i].zone != NULL ? cases[i].zone : full;
			sought.has_tls = false; /* what we listen on is no matter */
			find(&sought);
			assert_null(strstr(story, "_sip._"));
			for (uint32_t p = 0; p < l.place_count; p++)
				assert_int_equal(l.places[p].transport, TRANSPORT_TLS);
		}
	}
}

static void
what_we_do_not_speak_is_not_asked_for(void **state)
{
	struct sought sought = sought_of(SIP, TRANSPORT_NONE, 0, "d");

	(void)state;
	zone = full;
	sought.has_tls = sought.has_udp = false;
	find(&sought);
	assert_string_equal(story, "NAPTR d; SRV _sip._tcp.d; A t.d; tcp 192.0.2.2:5065");
	zone = "A d 192.0.2.9";
	find(&sought);
	assert_string_equal(story, "NAPTR d; SRV _sip._tcp.d; A d; tcp 192.0.2.9:5060");
	sought.has_tcp = false;
	find(&sought);
	assert_string_equal(story, "NAPTR d; A d; udp 192.0.2.9:5060");
	zone = full;
	sought.has_udp = true;
	find(&sought);
	assert_string_equal(story, "NAPTR d; SRV _sip._udp.d; A u.d; udp 192.0.2.1:5060");
	sought.host = STR("");
	find(&sought);
	assert_string_equal(story, "absent");
}

static void
what_is_found_has_bounds(void **state)
{
	static char large[64 * 1024];
	struct sought sought = sought_of(SIPS, TRANSPORT_NONE, 0, "d");
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 9; i++)
		len += (size_t)snprintf(large + len, sizeof large - len,
			"NAPTR d 1 %d SIPS+D2T _sips._tcp.s%d\n", i, i);
	for (int i = 0; i < 9; i++)
		for (int j = 0; j < 16; j++)
			len += (size_t)snprintf(large + len, sizeof large - len,
				"SRV _sips._tcp.s%d %d 1 5061 h%d\nA h%d 192.0.2.%d\nA h%d 192.0.2.%d\n"
				"A h%d 192.0.2.9\n",
				i, 16 - j, j, j, j + 1, j, j + 101, j);
	zone = large;
	find(&sought);
	assert_int_equal(l.service_count, SERVICES_ASKED_MAX);
	assert_int_equal(l.server_count, SERVERS_MAX);
	assert_int_equal(l.place_count, PLACES_MAX);
	/* Those of the first rank. */
	assert_string_equal(strstr(story, "A h15; "), strstr(story, "A h"));
}

/* A server of a name that no host can have is passed over. */
static void
a_name_that_is_too_long_is_passed_over(void **state)
{
	static char name[HOST_BYTES_MAX + 2], text[HOST_BYTES_MAX + 200];
	struct sought sought = sought_of(SIPS, TRANSPORT_TLS, 0, "d");

	(void)state;
	memset(name, 'x', HOST_BYTES_MAX + 1);
	(void)snprintf(text, sizeof text,
		"SRV _sips._tcp.d 1 1 5061 %s\nSRV _sips._tcp.d 2 1 5061 y\nA y 192.0.2.2\n", name);
	zone = text;
	find(&sought);
	assert_string_equal(story, "SRV _sips._tcp.d; A y; tls 192.0.2.2:5061");
}

/* What stands in an answer that says that there is nothing is not taken. */
static void
records_of_no_answer_do_not_count(void **state)
{
	static const enum names_kind asked[] = { NAMES_NAPTR, NAMES_SRV, NAMES_ADDRESSES };
	struct sought sought = sought_of(SIPS, TRANSPORT_NONE, 0, "d");
	struct query q;
	enum locating now;

	(void)state;
	zone = full;
	now = locate_begin(&l, &sought, &q);
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct event e;

		assert_int_equal(now, LOCATE_ASKS);
		assert_int_equal(q.kind, asked[i]);
		e = answer(&q);
		assert_true(e.u.names.count > 0);
		e.u.names.status = NAMES_ABSENT;
		now = locate_hear(&l, &e, &q);
	}
	assert_int_equal(now, LOCATE_ABSENT);
	assert_int_equal(l.place_count, 0);
	assert_false(l.has_sips);
}

static void
the_least_ttl_counts(void **state)
{
	struct sought sought = sought_of(SIPS, TRANSPORT_TLS, 0, "d");
	struct query q;
	struct event e;

	(void)state;
	zone = full;
	assert_int_equal(locate_begin(&l, &sought, &q), LOCATE_ASKS);
	e = answer(&q);
	e.u.names.ttl_s = 7;
	assert_int_equal(locate_hear(&l, &e, &q), LOCATE_ASKS);
	e = answer(&q);
	assert_int_equal(locate_hear(&l, &e, &q), LOCATE_FOUND);
	assert_int_equal(l.ttl_s, 7);
	assert_true(l.has_sips);
	zone = "SRV _sips._tcp.d 1 1 1 x\nSRV _sips._tcp.d 2 1 1 y\nA x !\nA y 192.0.2.1\n";
	find(&sought);
	assert_int_equal(l.ttl_s, 0); /* the other one is asked for soon */
}

/* A domain as long as no name may be is asked for no service, and leads nowhere. */
static void
a_name_too_long_to_ask_for(void **state)
{
	char host[LOCATE_NAME_MAX - 2];
	struct sought sought = sought_of(SIPS, TRANSPORT_TLS, 0, "d");

	(void)state;
	memset(host, 'd', sizeof host);
	sought.host = str_of(host, sizeof host);
	zone = "";
	find(&sought);
	assert_null(strstr(story, "SRV "));
	assert_int_equal(l.place_count, 0);
}

/* rows: F-order */
static void
servers_of_one_rank_are_drawn_by_weight(void **state)
{
	static const struct place all[] = {
		{ .addr = { .port = 1 }, .rank = 1, .weight = 60, .server = 0 },
		{ .addr = { .port = 2 }, .rank = 1, .weight = 60, .server = 0 },
		{ .addr = { .port = 3 }, .rank = 1, .weight = 30, .server = 1 },
		{ .addr = { .port = 4 }, .rank = 1, .weight = 10, .server = 2 },
		{ .addr = { .port = 5 }, .rank = 1, .weight = 0, .server = 3 },
		{ .addr = { .port = 6 }, .rank = 2, .weight = 9999, .server = 4 },
	};
	enum { ALL = sizeof all / sizeof all[0], ROUNDS = 20000 };
	static const uint8_t seed[DICE_SEED_BYTES] = { 1 };
	unsigned first[ALL + 1] = { 0 };
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (int round = 0; round < ROUNDS; round++) {
		struct place drawn[ALL];
		unsigned seen = 0;

		memcpy(drawn, all, sizeof all);
		places_draw(drawn, ALL, &dice);
		first[drawn[0].addr.port]++;
		for (int i = 0; i < ALL; i++) {
			seen |= 1u << drawn[i].addr.port;
			if (drawn[i].addr.port == 1)
				assert_int_equal(drawn[i + 1].addr.port, 2);
		}
		assert_int_equal(seen, 0x7e);
		assert_int_equal(drawn[ALL - 1].addr.port, 6);
	}
	assert_in_range(first[1], ROUNDS * 57 / 100, ROUNDS * 62 / 100);
	assert_in_range(first[3], ROUNDS * 28 / 100, ROUNDS * 32 / 100);
	assert_in_range(first[4], ROUNDS * 8 / 100, ROUNDS * 12 / 100);
	assert_in_range(first[5], 1, ROUNDS * 3 / 100);
	assert_int_equal(first[2] + first[6], 0);
}

/* Where there is nothing to choose the dice lie still. */
static void
one_server_needs_no_dice(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 1 };
	struct place one[] = {
		{ .addr = { .port = 1 }, .rank = 1, .weight = 5, .server = 0 },
		{ .addr = { .port = 2 }, .rank = 1, .weight = 5, .server = 0 },
		{ .addr = { .port = 3 }, .rank = 2, .weight = 5, .server = 1 },
	};
	struct dice dice, other;

	(void)state;
	dice_init(&dice, seed);
	dice_init(&other, seed);
	places_draw(one, 3, &dice);
	places_draw(one, 0, &dice);
	assert_true(dice_u64(&dice) == dice_u64(&other));
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(one[i].addr.port, i + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_uri_asks_and_finds_as_rfc_3263_says),
		cmocka_unit_test(sips_never_leaves_tls),
		cmocka_unit_test(what_we_do_not_speak_is_not_asked_for),
		cmocka_unit_test(what_is_found_has_bounds),
		cmocka_unit_test(a_name_that_is_too_long_is_passed_over),
		cmocka_unit_test(records_of_no_answer_do_not_count),
		cmocka_unit_test(the_least_ttl_counts),
		cmocka_unit_test(a_name_too_long_to_ask_for),
		cmocka_unit_test(servers_of_one_rank_are_drawn_by_weight),
		cmocka_unit_test(one_server_needs_no_dice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
