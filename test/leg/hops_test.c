/* SPDX-License-Identifier: Apache-2.0 */
/* The other ways of a leg: names that are looked up, the flow by which a device is registered, and
 * the flows of a phone that has several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static bool
probe(struct leg *leg)
{
	struct cargo cargo = bed_cargo(NULL);
	struct ref txn = leg_ask(&bed.legs, leg, METHOD_INFO, &cargo, bed_turn());

	bed_carry();
	txn_disown(&bed.txns, txn);
	return !ref_is_none(txn);
}

/* A caller that talks, with this Contact. */
static struct leg *
talk(const char *scheme, enum transport transport, const char *contact, struct ua *ua)
{
	*ua = ua_open(scheme, transport, "192.0.2.9", 40000);
	snprintf(ua->contact, sizeof ua->contact, "%s", contact);
	return bed_talk_answered(ua, NULL);
}

static void
check_to(const char *ip, uint16_t port)
{
	struct addr to = bed_addr(ip, port);

	assert_true(addr_same(&bed_last()->to, &to));
}

/* ---- names ---- */

/* What is to be looked up of a Contact, and as what; once. */
static void
a_name_is_sought_as_what_it_must_be(void **state)
{
	static const struct {
		const char *scheme, *contact, *host;
		enum transport transport;
		enum scheme as;
		enum transport by;
		bool has_transport;
		uint16_t port;
	} rows[] = {
		{ "sip", "sip:a@p.example", "p.example", TRANSPORT_UDP, SCHEME_SIP, TRANSPORT_UDP,
			false, 0 },
		{ "sip", "sip:a@p.example:5080;transport=tcp", "p.example", TRANSPORT_UDP,
			SCHEME_SIP, TRANSPORT_TCP, true, 5080 },
		{ "sip", "sip:a@p.example;maddr=q.example", "q.example", TRANSPORT_UDP, SCHEME_SIP,
			TRANSPORT_UDP, false, 0 },
		{ "sip", "sip:a@p.example", "p.example", TRANSPORT_TLS, SCHEME_SIP, TRANSPORT_TLS,
			true, 0 },
		{ "sips", "sips:a@p.example", "p.example", TRANSPORT_TLS, SCHEME_SIPS,
			TRANSPORT_TLS, false, 0 },
		{ "sip", "sip:a@192.0.2.9", NULL, TRANSPORT_UDP, SCHEME_SIP, TRANSPORT_UDP, false,
			0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sought sought = { .port = 1 };
		struct ua ua;
		struct leg *leg = talk(rows[i].scheme, rows[i].transport, rows[i].contact, &ua);

		assert_int_equal(leg_seeks(leg, &sought), rows[i].host != NULL);
		if (rows[i].host != NULL) {
			assert_string_equal(bed_cstr(sought.host), rows[i].host);
			assert_int_equal(sought.speech.scheme, rows[i].as);
			assert_int_equal(sought.speech.transport, rows[i].by);
			assert_int_equal(sought.has_transport, rows[i].has_transport);
			assert_int_equal(sought.port, rows[i].port);
			assert_false(leg_seeks(leg, &sought));
		}
		bed_drop(leg);
	}
}

/* rows: R3261-8.1.2-b */
static void
a_route_before_a_sips_target_is_sought_as_sips(void **state)
{
	struct sought sought;
	struct ua ua;
	struct leg *leg = talk("sip", TRANSPORT_UDP, "sip:a@192.0.2.9", &ua);

	(void)state;
	assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("sips:a@192.0.2.9")));
	assert_true(shelf_put(&leg->shelf, TEXT_ROUTES, STR("<sip:p.example;lr>")));
	assert_true(leg_seeks(leg, &sought));
	assert_int_equal(sought.speech.scheme, SCHEME_SIPS);
	assert_int_equal(sought.speech.transport, TRANSPORT_TLS);
	bed_drop(leg);
}

static void
a_registered_or_unanswered_device_is_not_sought(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct sought sought;
	struct leg *leg;

	(void)state;
	plan.request_uri = STR("sip:5000@p.example");
	leg = bed_make(&plan, SDP_A);
	assert_false(leg_seeks(leg, &sought));
	(void)ua_take(&ua, "INVITE ");
	snprintf(ua.contact, sizeof ua.contact, "sip:b@p.example");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(&ua, "ACK ");
	leg->flow_tie = TIE_REGISTERED;
	assert_false(leg_seeks(leg, &sought));
	leg->flow_tie = TIE_DIALLED;
	leg->state = LEG_GONE;
	assert_false(leg_seeks(leg, &sought));
	leg->state = LEG_TALKING;
	assert_true(leg_seeks(leg, &sought));
	bed_drop(leg);
}

/* The places that a name has are gone through in turn; of too many the first ones count. */
static void
what_a_name_led_to_is_where_it_goes(void **state)
{
	struct place places[HOPS_MAX + 1] = { { .transport = TRANSPORT_TCP } };
	struct sought sought;
	struct ua ua;
	struct leg *leg = talk("sip", TRANSPORT_UDP, "sip:a@p.example", &ua);

	(void)state;
	assert_true(leg_seeks(leg, &sought));
	places[0].addr = bed_addr("0.0.0.0", 5060); /* nobody is there */
	for (uint32_t i = 1; i <= HOPS_MAX; i++)
		places[i] = (struct place){ TRANSPORT_TCP, .addr = bed_addr("192.0.2.60", 5070) };
	leg_found(leg, places, HOPS_MAX + 1);
	assert_int_equal(leg->hop_count, HOPS_MAX);
	assert_true(probe(leg));
	(void)bed_take("INFO sip:a@p.example ");
	check_to("192.0.2.60", 5070);
	assert_int_equal(bed.dialled_transport, TRANSPORT_TCP);
	bed_drop(leg);
}

/* Behind an address that a Contact names is whom the certificate named; a host of that list is
 * itself. */
/* rows: R5922-N-reconnect */
static void
a_caller_is_dialled_by_the_name_it_began_with(void **state)
{
	static const struct {
		const char *contact, *name;
	} rows[] = {
		{ "sips:a@192.0.2.200", "one.example" },
		{ "sips:a@two.example", "two.example" },
		{ "sips:a@three.example", "three.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua;
		struct leg *leg = talk("sips", TRANSPORT_TLS, rows[i].contact, &ua);

		assert_true(shelf_put(&leg->shelf, TEXT_NAME, STR("one.example,two.example")));
		bed_over(ua.flow);
		assert_true(probe(leg));
		(void)bed_take("INFO ");
		assert_int_equal(bed.dialled_transport, TRANSPORT_TLS);
		assert_string_equal(bed.dialled_name, rows[i].name);
		bed_drop(leg);
		bed_over(bed.dialled);
	}
}

static void
a_target_that_cannot_be_read_leads_nowhere(void **state)
{
	struct txn_way way;
	struct ua ua;
	struct leg *leg = talk("sip", TRANSPORT_UDP, "sip:a@192.0.2.9", &ua);
	struct sought sought;
	struct str why;

	(void)state;
	assert_true(shelf_put(&leg->shelf, TEXT_TARGET, STR("no uri")));
	assert_false(way_inside(&bed.legs, leg, bed_turn(), &way, &why));
	assert_true(str_same(why, STR("the peer's Contact cannot be read")));
	assert_false(leg_seeks(leg, &sought));
	bed_drop(leg);
}

/* ---- the flow of the registration ---- */

static void
a_phone_that_came_back_is_met_where_it_registered(void **state)
{
	struct ua ua;
	struct leg *leg = talk("sips", TRANSPORT_TLS, "sips:a@192.0.2.9", &ua);
	struct way spare = { .transport = TRANSPORT_TLS, .tie = TIE_REGISTERED };

	(void)state;
	spare.flow = bed_accept(TRANSPORT_TLS, "192.0.2.9", 40001);
	assert_false(leg_lacks_way(&bed.legs, leg));
	bed_over(ua.flow);
	assert_true(leg_lacks_way(&bed.legs, leg));
	leg_show_way(leg, &spare);
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	assert_true(flow_same(bed_last()->flow, spare.flow));
	assert_int_equal(bed.dials, 0);
	assert_int_equal(leg->flow_tie, TIE_REGISTERED);
	bed_drop(leg);
}

/* Its connection is gone, and the peer comes by another: the dialog is its own where it proves the
 * name again, and else we dial, and it must. */
/* rows: R5922-N-reconnect */
static void
who_proved_a_name_proves_it_again(void **state)
{
	static const struct {
		enum proof proof;
		const char *name;
		uint32_t trust;
		uint8_t pin, shown; /* 0: none */
		bool moves;
	} rows[] = {
		{ PROOF_NONE, "", 0, 0, 0, false },
		{ PROOF_CLIENT_CERT, "other.example.com", 0, 0, 0, false },
		{ PROOF_CLIENT_CERT, "phone.example.com", 1, 0, 0, false },
		{ PROOF_CLIENT_CERT, "a.example.com,phone.example.com", 0, 0, 0, true },
		{ PROOF_CLIENT_CERT, "phone.example.com", 0, 7, 0, false },
		{ PROOF_CLIENT_CERT, "phone.example.com", 0, 7, 8, false },
		{ PROOF_CLIENT_CERT, "phone.example.com", 0, 7, 7, true },
		{ PROOF_NAME, "phone.example.com", 0, 0, 0, true },
		{ PROOF_NAME, "other.example.com", 0, 0, 0, false },
		{ PROOF_NAME, "phone.example.com", 0, 7, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
		struct leg *leg = bed_talk_made(&ua);
		struct flow *came;

		bed_over(ua.flow);
		ua.flow = bed_accept(TRANSPORT_TLS, "192.0.2.66", 50000);
		came = flows_find(&bed.flows, ua.flow);
		came->proof = rows[i].proof;
		came->terms.trust = rows[i].trust;
		came->name_len = (uint32_t)strlen(rows[i].name);
		memcpy(came->name, rows[i].name, came->name_len);
		leg->terms.has_pin = rows[i].pin != 0;
		leg->terms.pin[0] = rows[i].pin;
		came->has_fingerprint = rows[i].shown != 0;
		came->fingerprint[0] = rows[i].shown;
		ua_request(&ua, "OPTIONS", NULL, NULL);
		(void)bed_take("SIP/2.0 200 "); /* where it asked */
		assert_true(flow_same(bed_last()->flow, ua.flow));
		bed.dials = 0;
		assert_true(probe(leg));
		(void)bed_take("INFO ");
		assert_int_equal(flow_same(bed_last()->flow, ua.flow), rows[i].moves);
		assert_int_equal(bed.dials, rows[i].moves ? 0 : 1);
		assert_true(rows[i].moves || strcmp(bed.dialled_name, "phone.example.com") == 0);
		bed_drop(leg);
		bed_over(ua.flow);
		if (!rows[i].moves)
			bed_over(bed.dialled);
		bed_pass_ms(70000);
		bed_skip();
	}
}

/* Believed are the CAs that stand for those of the identity that the leg was dialled as. */
/* rows: R5922-N-reconnect */
static void
a_peer_comes_back_by_the_cas_of_its_identity(void **state)
{
	static const struct {
		struct terms terms; /* of the leg */
		uint32_t trust;     /* of the connection that the peer comes by */
		bool moves;
	} rows[] = {
		{ { .identity = 1, .trust = 0 }, 0, true }, /* has no CAs of its own */
		{ { .identity = 1, .trust = 0 }, 1, false },
		{ { .identity = 2, .trust = 2 }, 2, true },
		{ { .identity = 2, .trust = 2 }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
		struct leg_plan plan = bed_plan(&ua);
		struct leg *leg;
		struct flow *came;

		plan.terms = rows[i].terms;
		leg = bed_make(&plan, SDP_A);
		(void)ua_take(&ua, "INVITE ");
		ua_answer_invite(&ua, 200, NULL, SDP_B);
		(void)bed_say(WORD_ANSWER);
		leg_ack(&bed.legs, leg, NULL, bed_turn());
		bed_carry();
		(void)ua_take(&ua, "ACK ");
		bed_over(ua.flow);
		ua.flow = bed_accept(TRANSPORT_TLS, "192.0.2.66", 50000);
		came = flows_find(&bed.flows, ua.flow);
		came->proof = PROOF_CLIENT_CERT;
		came->terms.trust = rows[i].trust;
		came->name_len = (uint32_t)strlen("phone.example.com");
		memcpy(came->name, "phone.example.com", came->name_len);
		ua_request(&ua, "OPTIONS", NULL, NULL);
		(void)bed_take("SIP/2.0 200 ");
		assert_int_equal(flow_same(leg->flow, ua.flow), rows[i].moves);
		bed_drop(leg);
		bed_over(ua.flow);
		bed_pass_ms(70000);
		bed_skip();
	}
}

/* A leg to the phone that registered over the flow of UA, and rings there. */
static struct leg *
ring_where_registered(struct ua *ua)
{
	struct leg_plan plan = bed_plan(ua);
	struct leg *leg;

	plan.ways[0].tie = TIE_REGISTERED;
	plan.ways[0].flow = ua->flow;
	leg = bed_make(&plan, SDP_A);
	(void)ua_take(ua, "INVITE ");
	ua_answer_invite(ua, 180, NULL, NULL);
	(void)bed_say(WORD_RING);
	return leg;
}

/* The flow that its INVITE went by is over. */
static void
lose_flow(struct flow_id flow)
{
	bed_over(flow);
	bed_pass_ms(0);
	assert_int_equal(bed_say(WORD_FAIL)->status, 503);
}

/* It rang, its connection went, and it registered anew: there the CANCEL goes. */
static void
a_cancel_follows_the_phone_to_its_new_flow(void **state)
{
	struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.8", 50000);
	struct way spare = { .transport = TRANSPORT_TLS, .tie = TIE_REGISTERED };

	(void)state;
	for (unsigned i = 0; i < 2; i++) { /* the first time it did not come back */
		struct leg *leg = ring_where_registered(&ua);

		if (i == 1) {
			spare.flow = bed_accept(TRANSPORT_TLS, "192.0.2.8", 50001);
			leg_show_way(leg, &spare);
		}
		lose_flow(ua.flow);
		if (i == 1) {
			(void)bed_take("CANCEL ");
			assert_true(flow_same(bed_last()->flow, spare.flow));
		}
		bed_quiet();
		assert_int_equal(bed.dials, 0);
		assert_int_equal(leg->state, LEG_GONE);
		leg_close(&bed.legs, leg);
		ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.8", 50000);
	}
}

/* A CANCEL has the Via of its INVITE: it does not follow to a flow of another transport. */
/* rows: R3261-9.1-a */
static void
a_cancel_stays_with_the_transport_of_its_invite(void **state)
{
	static const enum transport to[] = { TRANSPORT_UDP, TRANSPORT_TLS };

	(void)state;
	for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
		struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.8", 50000);
		struct ua other = ua_open("sip", to[i], "192.0.2.8", 50001);
		struct way spare = { .transport = to[i],
			.addr = bed_addr("192.0.2.8", 50001),
			.flow = other.flow,
			.tie = TIE_REGISTERED };
		struct leg *leg = ring_where_registered(&ua);

		leg_show_way(leg, &spare);
		lose_flow(ua.flow);
		bed_quiet();
		assert_int_equal(bed.dials, 0);
		leg_close(&bed.legs, leg);
	}
}

static void
a_dead_connection_is_no_way_again(void **state)
{
	struct ua ua = ua_wait("sips", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_made(&ua);
	struct txn_way way;
	struct str why;

	(void)state;
	assert_true(way_again(&bed.legs, leg, bed_turn(), &way, &why));
	assert_true(flow_same(way.flow, ua.flow));
	bed_over(ua.flow);
	assert_false(way_again(&bed.legs, leg, bed_turn(), &way, &why));
	assert_true(str_same(why, STR("the connection is gone")));
	bed_drop(leg);
}

/* The 2xx comes again where the ACK's Via would be a lie: a new one is written; one that held an
 * answer is not. */
static void
an_ack_over_another_transport_is_written_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct ua ua = ua_wait("sip", TRANSPORT_TCP, "192.0.2.8", 5060);
		struct leg_plan plan = bed_plan(&ua);
		struct leg *leg = bed_make(&plan, i == 0 ? SDP_A : NULL);
		struct cargo cargo = bed_cargo(SDP_A);

		(void)ua_take(&ua, "INVITE ");
		ua_answer_invite(&ua, 200, NULL, SDP_B);
		(void)bed_say(WORD_ANSWER);
		leg_ack(&bed.legs, leg, &cargo, bed_turn());
		bed_carry();
		assert_true(bed_holds(ua_take(&ua, "ACK "), "Via: SIP/2.0/TCP "));
		bed_over(ua.flow);
		assert_true(shelf_put(
			&leg->shelf, TEXT_TARGET, STR("sip:b@192.0.2.8:5060;transport=udp")));
		leg_send_ack_again(&bed.legs, leg, bed_turn());
		bed_carry();
		if (i == 0)
			assert_true(bed_holds(bed_take("ACK "), "Via: SIP/2.0/UDP "));
		bed_quiet();
		bed_drop(leg);
	}
}

/* A datagram by another socket of ours says where the peer is, not by which socket we speak. */
static void
a_datagram_by_another_socket_moves_no_socket(void **state)
{
	struct flow_id other = { 2 }; /* the v6 one */
	struct ua ua;
	struct leg *leg = talk("sip", TRANSPORT_UDP, "sip:a@192.0.2.9:40000", &ua);
	struct flow_id own = leg->flow;

	(void)state;
	ua.flow = other;
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	assert_true(flow_same(leg->flow, own));
	assert_false(flow_same(own, other));
	assert_true(probe(leg));
	(void)bed_take("INFO ");
	assert_true(flow_same(bed_last()->flow, own));
	/* Nor does our socket reach an address of the other family. */
	ua.at = bed_addr("2001:db8::9", 40000);
	ua_request(&ua, "OPTIONS", NULL, NULL);
	(void)bed_take("SIP/2.0 200 ");
	assert_true(flow_same(leg->flow, own));
	assert_int_equal(leg->peer.family, ADDR_V4);
	bed_drop(leg);
}

/* ---- several flows ---- */

/* 430 and 408 lead to the next flow, with the URI and the Path of that one, past what else leads to
 * the one that is lost; anything else is the phone's own word. */
/* rows: R5626-7-c */
static void
a_lost_flow_leads_to_the_next_and_its_path(void **state)
{
	static const unsigned lost[] = { 430, 408 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
		struct leg_plan plan = bed_plan(&ua);
		const struct msg *m;
		struct leg *leg;

		plan.others[0] =
			(struct aim){ STR("sip:5000@192.0.2.70:5070"), STR("<sip:192.0.2.71;lr>") };
		plan.other_count = 1;
		plan.ways[0].is_flow = true;
		plan.ways[1] = plan.ways[0];
		plan.ways[2] = plan.ways[0];
		plan.ways[2].addr = bed_addr("192.0.2.71", 5060);
		plan.ways[2].aim = 1;
		plan.way_count = 3;
		leg = bed_make(&plan, SDP_A);
		m = ua_take(&ua, "INVITE sip:5000@192.0.2.8:5060 ");
		assert_null(msg_header(m, HEADER_ROUTE));
		ua_answer_invite(&ua, lost[i], NULL, NULL);
		(void)bed_take("ACK ");
		(void)bed_say(WORD_NEXT);
		m = ua_take(&ua, "INVITE sip:5000@192.0.2.70:5070 ");
		assert_string_equal(bed_value(m, HEADER_ROUTE), "<sip:192.0.2.71;lr>");
		check_to("192.0.2.71", 5060);
		ua_answer_invite(&ua, 503, NULL, NULL);
		(void)bed_take("ACK ");
		assert_int_equal(bed_say(WORD_FAIL)->status, 503);
		assert_int_equal(leg->state, LEG_GONE);
		leg_close(&bed.legs, leg);
	}
}

/* A way whose aim was not kept is none. */
static void
an_aim_that_nobody_named_is_no_way(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg_plan plan = bed_plan(&ua);
	struct leg *leg;

	(void)state;
	plan.ways[1] = plan.ways[0];
	plan.ways[1].aim = 2;
	plan.way_count = 2;
	leg = bed_make(&plan, SDP_A);
	(void)ua_take(&ua, "INVITE ");
	ua_answer_invite(&ua, 503, NULL, NULL);
	(void)bed_take("ACK ");
	assert_int_equal(bed_say(WORD_FAIL)->status, 503);
	bed_quiet();
	assert_int_equal(leg->state, LEG_GONE);
	leg_close(&bed.legs, leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(a_name_is_sought_as_what_it_must_be),
		BEDDED(a_route_before_a_sips_target_is_sought_as_sips),
		BEDDED(a_registered_or_unanswered_device_is_not_sought),
		BEDDED(what_a_name_led_to_is_where_it_goes),
		BEDDED(a_caller_is_dialled_by_the_name_it_began_with),
		BEDDED(a_target_that_cannot_be_read_leads_nowhere),
		BEDDED(a_phone_that_came_back_is_met_where_it_registered),
		BEDDED(who_proved_a_name_proves_it_again),
		BEDDED(a_peer_comes_back_by_the_cas_of_its_identity),
		BEDDED(a_cancel_follows_the_phone_to_its_new_flow),
		BEDDED(a_cancel_stays_with_the_transport_of_its_invite),
		BEDDED(a_dead_connection_is_no_way_again),
		BEDDED(an_ack_over_another_transport_is_written_anew),
		BEDDED(a_datagram_by_another_socket_moves_no_socket),
		BEDDED(a_lost_flow_leads_to_the_next_and_its_path),
		BEDDED(an_aim_that_nobody_named_is_no_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
