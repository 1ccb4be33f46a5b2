/* SPDX-License-Identifier: Apache-2.0 */
/* Where the messages of a leg go, and where they never go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

/* Sends one INFO on the leg. Ends: whether it left. */
static bool
probe(struct leg *leg)
{
	struct cargo cargo = bed_cargo(NULL);
	struct ref txn = leg_ask(&bed.legs, leg, METHOD_INFO, &cargo, bed_turn());

	bed_carry();
	txn_disown(&bed.txns, txn);
	return !ref_is_none(txn);
}

static void
check_to(const char *ip, uint16_t port)
{
	struct addr to = bed_addr(ip, port);

	assert_true(addr_same(&bed_last()->to, &to));
}

/* A caller over datagrams with this Contact; where does a request to it go? */
static void
datagrams_go_where_the_contact_says(void **state)
{
	static const struct {
		const char *contact, *ip;
		uint16_t port;
	} rows[] = {
		{ "sip:a@192.0.2.9:5070", "192.0.2.9", 5070 },
		{ "sip:a@192.0.2.200", "192.0.2.200", 5060 },
		{ "sip:a@192.0.2.200:5080;transport=udp", "192.0.2.200", 5080 },
		{ "sip:a@phone.example:5080", "192.0.2.9", 40000 }, /* not looked up */
		{ "sip:a@[2001:db8::9]:5080", "2001:db8::9", 5080 },
		{ "sip:a@phone.example:5080;maddr=192.0.2.33", "192.0.2.33", 5080 },
		{ "sip:a@192.0.2.200;maddr=192.0.2.33", "192.0.2.33", 5060 },
		{ "sip:a@192.0.2.200;maddr=other.example", "192.0.2.200", 5060 }, /* nor that */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
		struct leg *leg;

		snprintf(ua.contact, sizeof ua.contact, "%s", rows[i].contact);
		leg = bed_talk_answered(&ua, NULL);
		assert_true(probe(leg));
		(void)bed_take("INFO ");
		check_to(rows[i].ip, rows[i].port);
		assert_int_equal(bed_last()->flow.number, rows[i].ip[0] == '2' ? 2 : 1);
		bed_drop(leg);
		bed_pass_ms(70000);
		bed_skip();
	}
}

static void
the_first_route_goes_before_the_contact(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, "Record-Route: <sip:192.0.2.99:5099;lr>\r\n");

	(void)state;
	assert_true(probe(leg));
	(void)bed_take("INFO sip:phone@192.0.2.9:40000 ");
	check_to("192.0.2.99", 5099);
	bed_drop(leg);
}

static void
behind_a_nat_the_source_counts(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "203.0.113.5", 61000);
	struct leg *leg;

	(void)state;
	snprintf(ua.host, sizeof ua.host, "10.1.1.1:5060;rport");
	snprintf(ua.contact, sizeof ua.contact, "sip:a@10.1.1.1:5060");
	leg = bed_talk_answered(&ua, NULL);
	assert_true(probe(leg));
	(void)bed_take("INFO sip:a@10.1.1.1:5060 ");
	check_to("203.0.113.5", 61000);
	bed_drop(leg);
	/* With a proxy in between its Record-Route counts. */
	ua = ua_open("sip", TRANSPORT_UDP, "203.0.113.6", 61000);
	snprintf(ua.host, sizeof ua.host, "10.1.1.1:5060;rport");
	leg = bed_talk_answered(&ua, "Record-Route: <sip:203.0.113.7;lr>\r\n");
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	check_to("203.0.113.7", 5060);
	bed_drop(leg);
}

static void
the_contact_may_ask_for_a_stream(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	snprintf(ua.contact, sizeof ua.contact, "sip:a@192.0.2.9:5090;transport=tcp");
	leg = bed_talk_answered(&ua, NULL);
	assert_true(probe(leg));
	assert_int_equal(bed.dials, 1);
	assert_int_equal(bed.dialled_transport, TRANSPORT_TCP);
	assert_int_equal(bed.dialled_to.port, 5090);
	assert_true(bed_holds(bed_take("INFO "), "Via: SIP/2.0/TCP 192.0.2.1:5060;branch="));
	/* And stays on it. */
	assert_true(probe(leg));
	assert_int_equal(bed.dials, 1);
	bed_drop(leg);
}

/* rows: R3261-12.2.1.1-b */
static void
a_sips_contact_is_never_reached_in_the_clear(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	leg = bed_talk_answered(&ua, NULL);
	assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("sips:a@phone.example")));
	assert_true(probe(leg));
	assert_int_equal(bed.dialled_transport, TRANSPORT_TLS);
	assert_string_equal(bed.dialled_name, "phone.example");
	assert_int_equal(bed.dialled_to.port, 5061);
	(void)bed_take("INFO sips:a@phone.example ");
	bed_drop(leg);
}

/* A target that became sips is reached over TLS, by whatever Route; and our Contact is sips too. */
/* rows: R3261-8.1.2-b R3261-12.2.1.1-b R3261-8.1.1.8-a */
static void
a_sips_target_makes_the_way_to_a_sip_route_tls(void **state)
{
	static const struct {
		const char *route, *name, *ip;
		uint16_t port;
	} rows[] = {
		{ "<sip:192.0.2.99;lr>", "192.0.2.99", "192.0.2.99", 5061 },
		{ "<sip:192.0.2.99:5099;transport=udp;lr>", "192.0.2.99", "192.0.2.99", 5099 },
		{ "<sip:p.example;lr;transport=tcp>", "p.example", "192.0.2.9", 5061 },
		{ "<sip:192.0.2.99;lr>, <sips:192.0.2.98;lr>", "192.0.2.99", "192.0.2.99", 5061 },
	};
	struct cargo cargo = bed_cargo(SDP_B2);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);
		struct addr to = bed_addr(rows[i].ip, rows[i].port);
		const struct msg *m;

		assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("sips:a@phone.example")));
		assert_true(shelf_put(&leg->shelf, TEXT_ROUTES, str_cstr(rows[i].route)));
		assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
		bed_carry();
		m = bed_take("INVITE sips:a@phone.example SIP/2.0\r\n");
		assert_string_equal(bed_value(m, HEADER_CONTACT), "<sips:5000@192.0.2.1:5061>");
		assert_int_equal(bed.dialled_transport, TRANSPORT_TLS);
		assert_string_equal(bed.dialled_name, rows[i].name);
		assert_true(addr_same(&bed.dialled_to, &to));
		bed_drop(leg);
		bed_over(bed.dialled);
		bed_pass_ms(70000);
		bed_skip();
	}
}

/* ---- streams ---- */

/* rows: M-inflight */
static void
a_live_connection_is_used_whatever_the_contact_says(void **state)
{
	static const struct {
		const char *scheme, *contact;
		enum transport transport;
	} rows[] = {
		{ "sip", "sip:a@192.0.2.200:5070", TRANSPORT_TCP },
		{ "sip", "sip:a@192.0.2.200;transport=udp", TRANSPORT_TCP },
		{ "sip", "sip:a@phone.example;transport=tls", TRANSPORT_TLS },
		{ "sips", "sips:a@phone.example", TRANSPORT_TLS },
		{ "sips", "sip:a@192.0.2.9;transport=udp", TRANSPORT_TLS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open(rows[i].scheme, rows[i].transport, "192.0.2.9", 40000);
		struct leg *leg;

		snprintf(ua.contact, sizeof ua.contact, "%s", rows[i].contact);
		leg = bed_talk_answered(&ua, NULL);
		assert_true(probe(leg));
		(void)bed_take("INFO ");
		assert_true(flow_same(bed_last()->flow, ua.flow));
		assert_int_equal(bed.dials, 0);
		bed_drop(leg);
		bed_over(ua.flow);
	}
}

static void
a_dead_connection_is_replaced_in_kind(void **state)
{
	static const struct {
		const char *scheme, *contact;
		enum transport transport, next;
		const char *name;
		uint16_t port;
	} rows[] = {
		{ "sip", "sip:a@192.0.2.200:5070;transport=tcp", TRANSPORT_TCP, TRANSPORT_TCP, "",
			5070 },
		{ "sip", "sip:a@192.0.2.200", TRANSPORT_TLS, TRANSPORT_TLS, "192.0.2.200", 5061 },
		{ "sip", "sip:a@192.0.2.200;transport=tls", TRANSPORT_TCP, TRANSPORT_TLS,
			"192.0.2.200", 5061 },
		{ "sips", "sips:a@192.0.2.200:5062", TRANSPORT_TLS, TRANSPORT_TLS, "192.0.2.200",
			5062 },
		{ "sips", "sips:a@p.example;transport=tcp", TRANSPORT_TLS, TRANSPORT_TLS,
			"p.example", 5061 },
		{ "sips", "sips:a@p.example;maddr=192.0.2.33", TRANSPORT_TLS, TRANSPORT_TLS,
			"p.example", 5061 },
		{ "sips", "sip:a@192.0.2.200;transport=udp", TRANSPORT_TLS, TRANSPORT_TLS,
			"192.0.2.200", 5061 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_open(rows[i].scheme, rows[i].transport, "192.0.2.9", 40000);
		struct leg *leg;

		bed.dials = 0;
		snprintf(ua.contact, sizeof ua.contact, "%s", rows[i].contact);
		leg = bed_talk_answered(&ua, NULL);
		bed_over(ua.flow);
		assert_true(probe(leg));
		(void)bed_take("INFO ");
		assert_int_equal(bed.dials, 1);
		assert_int_equal(bed.dialled_transport, rows[i].next);
		assert_int_equal(bed.dialled_to.port, rows[i].port);
		if (rows[i].next == TRANSPORT_TLS)
			assert_string_equal(bed.dialled_name, rows[i].name);
		assert_true(flow_same(bed_last()->flow, bed.dialled));
		bed_drop(leg);
		bed_over(bed.dialled);
	}
}

/* rows: R5922-N-reconnect */
static void
a_made_leg_wants_the_name_it_was_made_with(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_made(&ua);

	(void)state;
	assert_string_equal(bed.dialled_name, "phone.example.com");
	bed_over(ua.flow);
	snprintf(bed.dialled_name, sizeof bed.dialled_name, "-");
	assert_true(probe(leg));
	assert_string_equal(bed.dialled_name, "phone.example.com");
	bed_drop(leg);
}

static void
where_nobody_is_nothing_is_sent(void **state)
{
	static const char *const contacts[] = { "sip:a@0.0.0.0", "sip:a@224.0.0.1:5060",
		"sip:a@239.1.1.1;transport=udp", "sip:a@[::]" };

	(void)state;
	for (size_t i = 0; i < sizeof contacts / sizeof contacts[0]; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
		struct leg *leg;

		snprintf(ua.contact, sizeof ua.contact, "%s", contacts[i]);
		leg = bed_talk_answered(&ua, NULL);
		assert_false(probe(leg));
		bed_quiet();
		/* And a leg whose BYE cannot leave is gone, not stuck. */
		bed_end(leg);
		assert_int_equal(leg->state, LEG_GONE);
		leg_close(&bed.legs, leg);
		bed_pass_ms(70000);
		bed_skip();
	}
}

/* ---- the promise ---- */

/* Whatever a peer puts into Contact and Route, whatever dies: a leg that began over TLS sends over
 * TLS, and what it dials has a name to verify. */
/* rows: R3261-8.1.2-a R3261-12.2.1.1-c */
static void
tls_legs_stay_on_tls(void **state)
{
	static const char *const uris[] = { "sip:a@192.0.2.200", "sips:a@192.0.2.200",
		"sip:a@192.0.2.200:5060;transport=udp", "sip:a@192.0.2.200;transport=tcp",
		"sips:a@h.example;transport=tcp", "sip:a@h.example;transport=tls",
		"sip:a@[2001:db8::7]", "sips:a@0.0.0.0", "sip:a@224.0.0.1", "tel:+1555",
		"http://192.0.2.200/", "sip:a@h.example",
		"sips:a@192.0.2.200;maddr=192.0.2.201;lr" };
	enum { URIS = sizeof uris / sizeof uris[0] };

	(void)state;
	for (unsigned i = 0; i < 4 * URIS * (URIS + 1); i++) {
		const char *target = uris[i % URIS];
		const char *route =
			i / URIS % (URIS + 1) < URIS ? uris[i / URIS % (URIS + 1)] : NULL;
		bool is_sips = (i / (URIS * (URIS + 1)) & 1) != 0;
		bool dies = (i / (URIS * (URIS + 1)) & 2) != 0;
		struct ua ua = ua_open(is_sips ? "sips" : "sip", TRANSPORT_TLS, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);
		char text[128];
		unsigned from;

		bed.dials = 0;
		snprintf(text, sizeof text, "<%s>", route != NULL ? route : "");
		assert_true(shelf_put(&leg->shelf, TEXT_TARGET, str_cstr(target)));
		assert_true(shelf_put(
			&leg->shelf, TEXT_ROUTES, route != NULL ? str_cstr(text) : STR("")));
		if (dies)
			bed_over(ua.flow);
		bed_skip();
		from = bed.sent_count;
		(void)probe(leg);
		bed_end(leg);
		for (unsigned s = from; s < bed.sent_count; s++) {
			const struct flow *flow = flows_find(&bed.flows, bed.sent[s].flow);

			assert_int_equal(flow->transport, TRANSPORT_TLS);
			assert_true(dies ? flow_same(flow->id, bed.dialled)
					 : flow_same(flow->id, ua.flow));
		}
		assert_true(dies || bed.dials == 0);
		if (bed.dials > 0)
			assert_true(bed.dialled_transport == TRANSPORT_TLS &&
				bed.dialled_name[0] != '\0');
		bed_drop(leg);
		if (!dies)
			bed_over(ua.flow);
		if (bed.dials > 0)
			bed_over(bed.dialled);
		bed_pass_ms(70000);
		while (bed.sent_count > 0)
			free(bed.sent[--bed.sent_count].text);
		bed.taken = 0;
		bed.word_count = bed.words_taken = 0;
	}
}

/* ---- what is heard ---- */

/* rows: R3261-18.2.2-a */
static void
a_strange_connection_takes_no_dialog_over(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct flow_id own = ua.flow;

	(void)state;
	ua.flow = bed_accept(TRANSPORT_TLS, "192.0.2.66", 50000);
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 "); /* it knows the dialog, so it is answered where it asked */
	assert_true(flow_same(bed_last()->flow, ua.flow));
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	assert_true(flow_same(bed_last()->flow, own));
	/* Once the old one is gone the device may come back by another. */
	bed_over(own);
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	assert_int_equal(bed.dials, 0);
	bed_drop(leg);
}

/* What began over TLS is not spoken to in the clear: 400, and nothing has changed (RFC 6141 6). */
/* rows: R6141-6 */
static void
a_tls_dialog_hears_nothing_in_the_clear(void **state)
{
	static const char *const methods[] = { "BYE", "INFO", "INVITE", "OPTIONS" };
	static const char *const schemes[] = { "sip", "sips" };

	(void)state;
	bed.may_say_sips = true; /* the answer repeats what came in the clear */
	for (size_t i = 0; i < 2; i++) {
		struct ua ua = ua_open(schemes[i], TRANSPORT_TLS, "192.0.2.9", 40000);
		struct leg *leg = bed_talk_answered(&ua, NULL);
		struct ua clear = ua;

		clear.transport = i == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
		clear.flow = i == 0 ? bed_socket() : bed_accept(TRANSPORT_TCP, "192.0.2.9", 40001);
		for (size_t m = 0; m < 4; m++) {
			ua_request(&clear, methods[m], NULL, NULL);
			(void)bed_take("SIP/2.0 400 ");
			assert_true(flow_same(bed_last()->flow, clear.flow));
			assert_int_equal(leg->state, LEG_TALKING);
			if (strcmp(methods[m], "INVITE") == 0)
				ua_ack(&clear, NULL);
		}
		bed_mute();
		assert_int_equal(leg->remote_cseq, ua.invite_cseq);
		assert_true(flow_same(leg->flow, ua.flow));
		bed_drop(leg);
	}
}

static void
an_ack_in_the_clear_is_not_heard(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct cargo cargo = bed_cargo(SDP_B);
	struct ua clear;
	struct leg *leg;

	(void)state;
	ua_invite(&ua, "5000", NULL, SDP_A);
	leg = bed_leg();
	assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(&ua, "SIP/2.0 100 ");
	(void)ua_take(&ua, "SIP/2.0 200 ");
	clear = ua;
	clear.transport = TRANSPORT_UDP;
	clear.flow = bed_socket();
	ua_ack(&clear, NULL);
	assert_int_equal(leg->state, LEG_ANSWERED);
	bed_mute();
	ua_ack(&ua, NULL);
	assert_int_equal(leg->state, LEG_TALKING);
	bed_drop(leg);
}

static void
a_datagram_moves_where_the_next_goes(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	snprintf(ua.contact, sizeof ua.contact, "sip:a@phone.example");
	leg = bed_talk_answered(&ua, NULL);
	ua.at = bed_addr("192.0.2.9", 40404); /* its NAT gave it another port */
	snprintf(ua.host, sizeof ua.host, "192.0.2.9;rport");
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	check_to("192.0.2.9", 40404);
	bed_drop(leg);
}

/* ---- the first INVITE ---- */

/* rows: R5626-7-b */
static void
a_registration_that_lost_its_flow_is_no_way(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.8", 50000);
	struct leg_plan plan = bed_plan(&ua);
	struct cargo cargo = bed_cargo(SDP_A);
	struct leg *leg;
	struct str why;

	(void)state;
	plan.name = STR("");
	plan.ways[0].tie = TIE_REGISTERED;
	plan.ways[0].flow = ua.flow;
	leg = bed_make(&plan, SDP_A);
	assert_non_null(leg);
	(void)bed_take("INVITE sips:5000@192.0.2.8:50000 ");
	assert_true(flow_same(bed_last()->flow, ua.flow));
	assert_int_equal(bed.dials, 0);
	bed_drop(leg);
	bed_over(ua.flow);
	leg = leg_open_made(&bed.legs, &plan, &cargo, bed_turn(), &why);
	bed_carry();
	assert_null(leg);
	assert_true(str_same(why, STR("the connection that the device registered over is gone")));
	bed_quiet();
	assert_int_equal(bed.dials, 0);
}

/* rows: R3261-8.1.2-a R5630-5.1.1-a */
static void
a_sips_leg_has_no_way_but_tls(void **state)
{
	static const enum transport clear[] = { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_NONE };
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct cargo cargo = bed_cargo(SDP_A);
	struct str why;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct leg_plan plan = bed_plan(&ua);

		plan.ways[0].transport = clear[i];
		assert_null(leg_open_made(&bed.legs, &plan, &cargo, bed_turn(), &why));
		bed_carry();
		assert_true(str_same(why, STR("a sips leg leaves over TLS only")));
	}
	for (size_t i = 0; i < 2; i++) { /* TLS, but nobody to be; or held to TLS by the contact */
		struct leg_plan plan = bed_plan(&ua);

		if (i == 0)
			plan.name = STR("");
		else
			plan.speech.scheme = SCHEME_SIP;
		plan.ways[0].transport = i == 0 ? TRANSPORT_TLS : TRANSPORT_TCP;
		assert_null(leg_open_made(&bed.legs, &plan, &cargo, bed_turn(), &why));
		bed_carry();
	}
	bed_quiet();
	assert_int_equal(bed.dials, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(datagrams_go_where_the_contact_says),
		BEDDED(the_first_route_goes_before_the_contact),
		BEDDED(behind_a_nat_the_source_counts),
		BEDDED(the_contact_may_ask_for_a_stream),
		BEDDED(a_sips_contact_is_never_reached_in_the_clear),
		BEDDED(a_sips_target_makes_the_way_to_a_sip_route_tls),
		BEDDED(a_live_connection_is_used_whatever_the_contact_says),
		BEDDED(a_dead_connection_is_replaced_in_kind),
		BEDDED(a_made_leg_wants_the_name_it_was_made_with),
		BEDDED(where_nobody_is_nothing_is_sent),
		BEDDED(tls_legs_stay_on_tls),
		BEDDED(a_strange_connection_takes_no_dialog_over),
		BEDDED(a_tls_dialog_hears_nothing_in_the_clear),
		BEDDED(an_ack_in_the_clear_is_not_heard),
		BEDDED(a_datagram_moves_where_the_next_goes),
		BEDDED(a_registration_that_lost_its_flow_is_no_way),
		BEDDED(a_sips_leg_has_no_way_but_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
