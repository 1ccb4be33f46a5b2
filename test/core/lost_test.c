/* SPDX-License-Identifier: Apache-2.0 */
/* Answers whose connection is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/phone.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static struct stage_options options = { .dns = dns, .dn_count = 1 };

static struct stage stage;
static struct phone bob;
static bool fills; /* others take the place of a connection that is gone */

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

static uint32_t identity; /* as which we speak on the connection that goes */

/* An INVITE with this Via. */
static struct str
invite_by(const char *via, bool has_branch)
{
	static char text[1024];
	static unsigned number;
	int len;

	number++;
	len = snprintf(text, sizeof text,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: %s%s%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:1001@example.org>;tag=f\r\n"
		"To: <sip:5000@example.com>\r\nCall-ID: lost%u@phone\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:1001@192.0.2.10:30000>\r\nContent-Length: 0\r\n\r\n",
		via, has_branch ? ";branch=z9hG4bK-" : ";x=", number, number);

	return str_of(text, (size_t)len);
}

/* It comes; its connection goes, and only then it is refused. */
static void
lose_an_answer(enum transport transport, const char *via)
{
	struct addr from = stage_addr("192.0.2.10", 30000), other = stage_addr("192.0.2.66", 1);
	struct flow_id flow = stage_accept(&stage, transport, &from);

	flows_find(&stage.core->flows, flow)->terms.identity = identity;
	stage_bytes(&stage, flow, invite_by(via, true));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	while (fills && stage.shuts == 0) {
		other.port++;
		stage_accept(&stage, TRANSPORT_TCP, &other);
	}
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	stage_forget_notes(&stage);
}

/* A session larger than what is kept of an answer. */
static const char *
large_session(void)
{
	static char text[LOST_BYTES_MAX + 512];
	int len = snprintf(text, sizeof text, "%s", SDP("callee", "sendrecv"));

	while ((size_t)len < LOST_BYTES_MAX)
		len += snprintf(text + len, sizeof text - (size_t)len, "a=x-long:0123456789\r\n");
	return text;
}

/* rows: F-resp */
static void
test_each_way(void **state)
{
	static const struct {
		enum transport transport;
		const char *via;
		enum transport dialled; /* NONE: nothing may be */
		uint16_t port;
		const char *name;
	} rows[] = {
		{ TRANSPORT_TCP, "SIP/2.0/TCP 192.0.2.10:30000", TRANSPORT_TCP, 30000, "" },
		{ TRANSPORT_TCP, "SIP/2.0/TCP phone.example", TRANSPORT_TCP, 5060, "" },
		{ TRANSPORT_TLS, "SIP/2.0/TLS phone.example", TRANSPORT_TLS, 5061,
			"phone.example" },
		{ TRANSPORT_TLS, "SIP/2.0/tls 192.0.2.99:5099", TRANSPORT_TLS, 5099, "192.0.2.99" },
		/* A datagram was never its way, and these are none of ours. */
		{ TRANSPORT_TCP, "SIP/2.0/UDP 192.0.2.10:30000", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TLS, "SIP/2.0/TCP phone.example", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TCP, "SIP/2.0/TLS phone.example", TRANSPORT_NONE, 0, "" },
		{ TRANSPORT_TLS, "SIP/2.0/SCTP phone.example", TRANSPORT_NONE, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct addr to = stage_addr("192.0.2.10", rows[i].port);
		const struct stage_flow *flow;

		lose_an_answer(rows[i].transport, rows[i].via);
		assert_int_equal(stage.dials, rows[i].dialled != TRANSPORT_NONE);
		if (rows[i].dialled != TRANSPORT_NONE) {
			(void)expect_send(&stage, rows[i].dialled, &to, "SIP/2.0 486 ");
			flow = stage_flow_to(&stage, rows[i].dialled, &to);
			if (rows[i].dialled == TRANSPORT_TLS)
				assert_string_equal(flow->name, rows[i].name);
		}
		stage_forget_sent(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
}

/* No connection is free any more: the answer is gone, and nothing else happens. */
static void
test_no_room_for_its_connection(void **state)
{
	(void)state;
	fills = true;
	lose_an_answer(TRANSPORT_TCP, "SIP/2.0/TCP 192.0.2.10:30000");
	fills = false;
	assert_true(stage.shuts > 0);
	assert_int_equal(stage.dials, 0);
	stage_forget_sent(&stage);
}

/* An act list that is full, one without octets for a name, and what is no message. */
static void
test_no_room_for_its_dial(void **state)
{
	static const char answer[] =
		"SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/TCP 192.0.2.10:30000;branch=z9hG4bK-1\r\n"
		"From: <sip:1001@example.org>;tag=f\r\nTo: <sip:5000@example.com>;tag=t\r\n"
		"Call-ID: lost@phone\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
	static const struct {
		const char *bytes;
		uint32_t count;
		bool is_full, is_dialled;
	} rows[] = { { answer, ACTS_MAX, false, false }, { answer, 1, true, false },
		{ "SIP/2.0 486 ", 1, false, false }, { "SIP/2.0 100 Trying", 1, false, false },
		{ "ACK ", 1, false, false }, { answer, 1, false, true } };
	static char scratch_octets[SCRATCH_BYTES];
	static struct out out;
	struct addr from = stage_addr("192.0.2.10", 30000);
	struct flow_id flow = stage_accept(&stage, TRANSPORT_TCP, &from);
	void *octets = malloc(OUT_BYTES);

	(void)state;
	stage_over(&stage, flow);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena scratch = arena_on(scratch_octets, sizeof scratch_octets);
		struct turn turn = { { 5000, 1700000000 }, &out, &scratch };

		memset(&out, 0, sizeof out);
		out_init(&out, octets, OUT_BYTES);
		out.acts[0].kind = ACT_SEND;
		out.acts[0].u.send.flow = flow;
		out.acts[0].u.send.to = from;
		out.acts[0].u.send.bytes = str_cstr(rows[i].bytes);
		for (uint32_t j = 1; j < rows[i].count; j++)
			out.acts[j].kind = ACT_NOTE;
		out.count = rows[i].count;
		if (rows[i].is_full)
			out.bytes.used = out.bytes.size;
		lost_lead(stage.core, 0, &turn);
		assert_int_equal(out.acts[0].kind, rows[i].is_dialled ? ACT_DIAL : ACT_SEND);
		if (!rows[i].is_dialled) {
			assert_int_equal(out.count, rows[i].count);
			assert_true(flow_same(out.acts[0].u.send.flow, flow));
		}
	}
	free(octets);
}

/* ---- where its request came from does not take it (RFC 3263 5) ---- */

static const struct addr *
at(const char *ip, uint16_t port)
{
	static struct addr addr;

	addr = stage_addr(ip, port);
	return &addr;
}

/* Loses the answer to VIA over TLS, and the connection to where its request came from fails. */
static struct flow_id
lose_it_twice(const char *via, uint16_t port)
{
	struct stage_flow *flow;

	stage.dial = DIAL_WAITS;
	lose_an_answer(TRANSPORT_TLS, via);
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.10", port), "SIP/2.0 486 ");
	flow = stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.10", port));
	stage_dialled(&stage, flow->id, false);
	return flow->id;
}

static uint32_t
kept(void)
{
	return stage.core->lost.used;
}

/* rows: R3263-5-a */
static void
test_as_who_we_were_and_to_whom_the_via_names(void **state)
{
	struct stage_flow *flow;

	(void)state;
	identity = 3;
	stage_name(&stage, "phone.example", "192.0.2.20");
	lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
	identity = 0;
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099), "SIP/2.0 486 ");
	flow = stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099));
	assert_string_equal(flow->name, "phone.example");
	assert_int_equal(flows_find(&stage.core->flows, flow->id)->terms.identity, 3);
	assert_int_equal(kept(), 1);
	stage_dialled(&stage, flow->id, true);
	assert_int_equal(kept(), 0);
	expect_quiet(&stage);
}

static void
test_nobody_takes_it(void **state)
{
	static const struct {
		const char *via, *why;
		uint16_t port;
		bool fails;
	} rows[] = {
		{ "SIP/2.0/TLS nobody.example", "it was not found", 5061, false },
		{ "SIP/2.0/TLS mute.example:5071", "a question for it was not answered", 5071,
			true },
		/* It is where the request came from, which was tried. */
		{ "SIP/2.0/TLS 192.0.2.10:5071", "no server takes it", 5071, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		stage.names_fail = rows[i].fails;
		lose_it_twice(rows[i].via, rows[i].port);
		assert_true(stage_noted(&stage, "an answer finds no way to 192.0.2.10:"));
		assert_true(stage_noted(&stage, rows[i].why));
		assert_int_equal(stage.dials, 1);
		assert_int_equal(kept(), 0);
		expect_quiet(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
}

/* Each server fails in turn; and for who waits no longer the rest is left alone. */
static void
test_one_after_the_other_for_a_while(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		stage_name(&stage, "phone.example", "192.0.2.20");
		stage_name(&stage, "phone.example", "192.0.2.21");
		lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
		(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099), "SIP/2.0 486 ");
		if (i == 1)
			stage_pass_ms(&stage, LOST_WAIT_MS);
		stage_dialled(&stage,
			stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099))->id, false);
		if (i == 0) {
			(void)expect_send(
				&stage, TRANSPORT_TLS, at("192.0.2.21", 5099), "SIP/2.0 486 ");
			stage_dialled(&stage,
				stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.21", 5099))->id,
				false);
		}
		assert_true(stage_noted(&stage, "no server takes it"));
		assert_int_equal(kept(), 0);
		expect_quiet(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
}

/* What is answered while DNS is asked waits for it, and it alone. */
static void
test_an_answer_while_dns_is_asked(void **state)
{
	struct addr from = stage_addr("192.0.2.10", 30000);
	struct flow_id flow = stage_accept(&stage, TRANSPORT_TLS, &from);

	(void)state;
	stage_name(&stage, "phone.example", "192.0.2.20");
	stage.names_wait = true;
	stage.dial = DIAL_WAITS;
	stage_bytes(&stage, flow, invite_by("SIP/2.0/TLS phone.example:5099", true));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	phone_answer(&bob, 180, NULL, NULL);
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099), "SIP/2.0 180 ");
	stage_dialled(
		&stage, stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099))->id, false);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	stage_forget_sent(&stage);
	assert_int_equal(kept(), 1);
	stage_names_come(&stage);
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099), "SIP/2.0 486 ");
	assert_int_equal(kept(), 1);
	expect_quiet(&stage);
}

/* A connection that stands already is used; over TCP nothing of a later answer is known. */
static void
test_a_server_that_is_known(void **state)
{
	struct flow_id first;

	(void)state;
	stage_name(&stage, "phone.example", "192.0.2.20");
	lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099), "SIP/2.0 486 ");
	first = stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099))->id;
	stage_dialled(&stage, first, true);
	lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
	assert_true(flow_same(
		expect_send(&stage, TRANSPORT_TLS, at("192.0.2.20", 5099), "SIP/2.0 486 ")->flow,
		first));
	assert_int_equal(kept(), 0);
	stage_forget_sent(&stage);
}

/* What has no branch is not taken for another, and what is large is not kept. */
static void
test_what_is_not_kept(void **state)
{
	struct addr from = stage_addr("192.0.2.10", 30000);
	struct flow_id flow = stage_accept(&stage, TRANSPORT_TLS, &from);

	(void)state;
	stage.dial = DIAL_WAITS;
	stage_bytes(&stage, flow, invite_by("SIP/2.0/TLS phone.example:5099", false));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	phone_answer(&bob, 180, NULL, NULL);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	assert_int_equal(kept(), 2);
	assert_int_equal(stage.dials, 1);
	stage_forget_sent(&stage);
	/* An answer with a session beyond what is kept. */
	flow = stage_accept(&stage, TRANSPORT_TLS, &from);
	stage_bytes(&stage, flow, invite_by("SIP/2.0/TLS phone.example:5098", true));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	phone_answer(&bob, 200, NULL, large_session());
	assert_int_equal(kept(), 2);
	assert_int_equal(stage.dials, 2);
	stage_forget_sent(&stage);
}

/* Rings; the connection goes, the ringing is led elsewhere. Ends: by which connection. */
static struct flow_id
ring_elsewhere(enum transport transport, const char *via, uint16_t port)
{
	struct addr from = stage_addr("192.0.2.10", 30000);
	struct flow_id flow = stage_accept(&stage, transport, &from);

	stage_bytes(&stage, flow, invite_by(via, true));
	phone_hear(&bob, "INVITE ");
	stage_forget_sent(&stage);
	stage_over(&stage, flow);
	phone_answer(&bob, 180, NULL, NULL);
	return expect_send(&stage, transport, at("192.0.2.10", port), "SIP/2.0 180 ")->flow;
}

/* Where an earlier answer was heard the next one goes, while that is whom the Via names. */
static void
test_where_the_next_answer_goes(void **state)
{
	static const struct {
		enum transport transport;
		const char *via;
		uint16_t port;
		bool is_shut, is_other, is_same;
	} rows[] = {
		{ TRANSPORT_TLS, "SIP/2.0/TLS phone.example:5099", 5099, false, false, true },
		{ TRANSPORT_TLS, "SIP/2.0/TLS phone.example:5099", 5099, true, false, false },
		{ TRANSPORT_TLS, "SIP/2.0/TLS phone.example:5099", 5099, false, true, false },
		{ TRANSPORT_TCP, "SIP/2.0/TCP phone.example:5099", 5099, false, false, true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct flow_id first = ring_elsewhere(rows[i].transport, rows[i].via, rows[i].port);
		struct flow *flow = flows_find(&stage.core->flows, first);

		flow->is_shut = rows[i].is_shut;
		if (rows[i].is_other)
			flow->name[0] = 'x';
		phone_answer(&bob, 486, NULL, NULL);
		phone_hear(&bob, "ACK ");
		assert_int_equal(flow_same(expect_send(&stage, rows[i].transport,
						   at("192.0.2.10", rows[i].port), "SIP/2.0 486 ")
						   ->flow,
					 first),
			rows[i].is_same);
		stage_forget_sent(&stage);
		(void)close_stage(state);
		assert_int_equal(open_stage(state), 0);
	}
}

/* An answer that is too large to be kept goes behind a small one that waits; a host that is no name
 * of DNS is tried once. */
static void
test_once_and_no_more(void **state)
{
	char via[320];

	(void)state;
	stage.dial = DIAL_WAITS;
	(void)ring_elsewhere(TRANSPORT_TLS, "SIP/2.0/TLS phone.example:5099", 5099);
	phone_answer(&bob, 200, NULL, large_session());
	(void)expect_send(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099), "SIP/2.0 200 ");
	assert_int_equal(kept(), 1);
	assert_int_equal(stage.dials, 1);
	stage_forget_sent(&stage);
	(void)close_stage(state);
	assert_int_equal(open_stage(state), 0);
	stage.dial = DIAL_WAITS;
	snprintf(via, sizeof via, "SIP/2.0/TLS %0*d.example", HOST_BYTES_MAX - 7, 0);
	lose_an_answer(TRANSPORT_TLS, via);
	assert_int_equal(stage.dials, 1);
	assert_int_equal(kept(), 0);
	stage_forget_sent(&stage);
}

/* No place in the table, none among the questions to DNS, none among the actions. */
static void
test_tables_that_are_full(void **state)
{
	struct ref refs[LOOKUPS_MAX], ref;
	struct stage_flow *flow;

	(void)state;
	while (pool_take(&stage.core->lost, &ref) != NULL)
		continue;
	lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
	assert_int_equal(stage.resolves, 0);
	expect_quiet(&stage);
	(void)close_stage(state);
	assert_int_equal(open_stage(state), 0);
	for (uint32_t i = 0; i < LOOKUPS_MAX * 3 / 4; i++)
		refs[i] = lookup_take(&stage.core->lookups, LOOKUP_FOR_LEG, REF_NONE)->ref;
	lose_it_twice("SIP/2.0/TLS phone.example:5099", 5099);
	assert_true(stage_noted(&stage, "too many names are being looked up"));
	assert_int_equal(kept(), 0);
	for (uint32_t i = 0; i < LOOKUPS_MAX * 3 / 4; i++)
		lookup_give(&stage.core->lookups, refs[i]);
	(void)close_stage(state);
	assert_int_equal(open_stage(state), 0);
	stage.dial = DIAL_WAITS;
	lose_an_answer(TRANSPORT_TLS, "SIP/2.0/TLS phone.example:5099");
	stage_forget_sent(&stage);
	flow = stage_flow_to(&stage, TRANSPORT_TLS, at("192.0.2.10", 5099));
	stage.out.count = ACTS_MAX;
	lost_failed(stage.core, flow->id, &(struct turn){ .now = stage.now, .out = &stage.out });
	stage.out.count = 0;
	assert_int_equal(kept(), 0);
	expect_quiet(&stage);
}

/* Nobody proves a name that is longer than any. */
static void
test_no_name_to_prove(void **state)
{
	char via[320];

	(void)state;
	snprintf(via, sizeof via, "SIP/2.0/TLS %0*d.example", TARGET_NAME_MAX, 0);
	lose_an_answer(TRANSPORT_TLS, via);
	assert_int_equal(stage.dials, 0);
	stage_forget_sent(&stage);
}

/* A reason of octets that a line cannot hold is told as far as it fits. */
static void
test_a_strange_reason(void **state)
{
	char reason[NOTE_BYTES_MAX];
	struct event over = { .kind = EV_FLOW_CLOSED };
	struct phone alice;

	(void)state;
	memset(reason, 1, sizeof reason);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TCP, false);
	over.u.closed.flow = alice.flow;
	over.u.closed.reason = str_of(reason, sizeof reason);
	stage_feed(&stage, &over);
	assert_true(stage_noted(&stage, "TCP with 192.0.2.10:30000 is over: \\x01\\x01"));
	assert_int_equal(stage_counts(&stage).flows, 0);
	/* What is gone cannot go again, nor say anything. */
	stage_forget_notes(&stage);
	stage_feed(&stage, &over);
	assert_false(stage_noted(&stage, "is over"));
	over = (struct event){ .kind = EV_BYTES };
	over.u.bytes.flow = alice.flow;
	over.u.bytes.data = STR("\r\n\r\n");
	stage_feed(&stage, &over);
	phone_close(&alice);
	expect_empty(&stage);
}

/* A connection that opens though nobody dialled it is shut. */
static void
test_nobody_dialled(void **state)
{
	struct event open = { .kind = EV_FLOW_OPEN };

	(void)state;
	open.u.open.flow.number = FLOW_DIALLED | 77;
	open.u.open.transport = TRANSPORT_TCP;
	open.u.open.peer = stage_addr("192.0.2.99", 5060);
	core_feed(stage.core, &open, stage.now, &stage.out);
	assert_int_equal(stage.out.count, 2);
	assert_int_equal(stage.out.acts[0].kind, ACT_NOTE);
	assert_true(str_begins(stage.out.acts[0].u.note.text,
		STR("nobody waits for the connection to 192.0.2.99:5060")));
	assert_int_equal(stage.out.acts[1].kind, ACT_SHUT);
	assert_int_equal(stage_counts(&stage).flows, 0);
	out_clear(&stage.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_way),
		TEST(test_no_room_for_its_connection),
		TEST(test_no_room_for_its_dial),
		TEST(test_as_who_we_were_and_to_whom_the_via_names),
		TEST(test_nobody_takes_it),
		TEST(test_one_after_the_other_for_a_while),
		TEST(test_an_answer_while_dns_is_asked),
		TEST(test_a_server_that_is_known),
		TEST(test_what_is_not_kept),
		TEST(test_where_the_next_answer_goes),
		TEST(test_once_and_no_more),
		TEST(test_tables_that_are_full),
		TEST(test_no_name_to_prove),
		TEST(test_a_strange_reason),
		TEST(test_nobody_dialled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
