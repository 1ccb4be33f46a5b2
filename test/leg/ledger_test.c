/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg is secured, for people and for programs. */
#include "leg/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static const char *
security(const struct leg *leg)
{
	static char text[1024];
	struct buf b = buf_on(text, sizeof text - 1);

	leg_write_security(&bed.legs, leg, &b);
	assert_true(buf_ok(&b));
	text[b.used] = '\0';
	return text;
}

/* What a client certificate said, as the shell tells it. */
static void
show_certificate(struct flow_id id)
{
	struct flow *flow = flows_find(&bed.flows, id);

	flow->proof = PROOF_CLIENT_CERT;
	flow->name_len = 5;
	memcpy(flow->name, "phone", 5);
	flow->has_fingerprint = true;
	memset(flow->fingerprint, 0xab, sizeof flow->fingerprint);
}

static void
how_each_leg_is_secured(void **state)
{
	struct ua plain = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct ua certified = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40001);
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_answered(&plain, NULL);

	(void)state;
	assert_string_equal(security(leg), "sip/UDP");
	bed_drop(leg);
	leg = bed_talk_answered(&tls, NULL);
	assert_string_equal(
		security(leg), "sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 unauthenticated");
	leg->is_proven = true;
	leg->proven_on = leg->flow;
	assert_true(leg_set_call(leg, REF_NONE, STR(""),
		STR("77\x01"
		    "89")));
	assert_string_equal(
		security(leg), "sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 verified=digest:77\\x0189");
	bed_drop(leg);
	show_certificate(certified.flow);
	leg = bed_talk_answered(&certified, NULL);
	assert_string_equal(security(leg),
		"sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 client=phone sha256="
		"abababababababababababababababababababababababababababababababab");
	bed_drop(leg);
	leg = bed_talk_made(&trunk);
	assert_string_equal(security(leg),
		"sip/TLS TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 verified=phone.example.com");
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* The connection is gone; what it was is still known. */
static void
it_outlives_the_connection(void **state)
{
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct leg *leg;

	(void)state;
	show_certificate(tls.flow);
	leg = bed_talk_answered(&tls, NULL);
	bed_over(tls.flow);
	assert_null(flows_find(&bed.flows, tls.flow));
	assert_string_equal(security(leg),
		"sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 client=phone sha256="
		"abababababababababababababababababababababababababababababababab");
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* The members that a program gets. */
static const char *
members(const struct leg *leg)
{
	static char text[16 * 1024];
	struct buf b = buf_on(text, sizeof text - 1);
	struct json j = json_on(&b);

	ledger_write(&bed.legs, leg, &j);
	assert_true(buf_ok(&b));
	text[b.used] = '\0';
	return text;
}

static bool
has(const struct leg *leg, const char *part)
{
	return strstr(members(leg), part) != NULL;
}

static void
the_same_for_programs(void **state)
{
	struct ua plain = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct ua certified = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40001);
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_answered(&plain, NULL);

	(void)state;
	assert_true(has(leg,
		"\"scheme\":\"sip\",\"transport\":\"UDP\","
		"\"local\":\"192.0.2.1:5060\",\"remote\":\"192.0.2.9:40000\",\"verified_by\":"
		"\"none\",\"flow_changes\":0,"));
	bed_drop(leg);
	leg = bed_talk_answered(&tls, NULL);
	assert_true(has(leg, "\"scheme\":\"sips\",\"transport\":\"TLS\","));
	assert_true(has(leg,
		"\"verified_by\":\"none\",\"tls_version\":\"TLSv1.3\","
		"\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"flow_changes\":0,"));
	leg->is_proven = true;
	leg->proven_on = leg->flow;
	assert_true(has(leg, "\"verified_by\":\"digest\""));
	assert_false(has(leg, "verified_name"));
	bed_drop(leg);
	show_certificate(certified.flow);
	leg = bed_talk_answered(&certified, NULL);
	assert_true(has(leg, "\"verified_by\":\"client-certificate\""));
	assert_true(has(leg,
		"\"verified_name\":\"phone\",\"cert_sha256\":\""
		"abababababababababababababababababababababababababababababababab\""));
	bed_drop(leg);
	leg = bed_talk_made(&trunk);
	assert_true(has(leg, "\"verified_by\":\"name\",\"tls_version\":\"TLSv1.2\""));
	assert_true(has(leg, "\"local\":\"192.0.2.1:44444\""));
	assert_true(has(leg, "\"verified_name\":\"phone.example.com\",\"flow_changes"));
	for (int kind = NAMED_BY_URI; kind <= NAMED_BY_IP; kind++) {
		static const char *const words[] = { "", "uri", "dns", "ip" };
		char part[64];

		leg->ledger.named_by = (enum named_by)kind;
		snprintf(
			part, sizeof part, "phone.example.com\",\"name_kind\":\"%s\"", words[kind]);
		assert_true(has(leg, part));
	}
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* What a device says of itself is kept as it came last, cut; silence changes nothing. */
static void
what_a_device_calls_itself(void **state)
{
	static const struct {
		const char *line, *shown; /* NULL: nothing */
	} rows[] = {
		{ "", NULL },
		{ "User-Agent: Desk/1.2 \"x\"\r\n", "\"user_agent\":\"Desk/1.2 \\\"x\\\"\"" },
		{ "", "\"user_agent\":\"Desk/1.2" },
		{ "Server: Gate 7\r\n", "\"user_agent\":\"Gate 7\"" },
		{ "Server: Gate 7\r\nUser-Agent: Both\r\n", "\"user_agent\":\"Both\"" },
		{ "User-Agent: 0123456789012345678901234567890123456789012345678901234567890123x\r\n",
			"\"user_agent\":"
			"\"0123456789012345678901234567890123456789012345678901234567890123\"" },
	};
	struct ua plain = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&plain, NULL);
	static struct msg msg;
	struct fault fault;
	char text[1024];

	(void)state;
	leg->ledger.agent_len = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int len = snprintf(text, sizeof text,
			"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\n"
			"From: <sip:a@b.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\n"
			"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n%sContent-Length: 0\r\n\r\n",
			rows[i].line);

		assert_true(msg_parse(&msg, str_of(text, (size_t)len), false, &fault));
		ledger_hear(leg, &msg);
		if (rows[i].shown == NULL)
			assert_false(has(leg, "user_agent"));
		else
			assert_true(has(leg, rows[i].shown));
	}
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* Known by the one certificate that it may show; whose name was not asked for. */
static void
a_pinned_certificate(void **state)
{
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = bed_plan(&trunk);
	struct leg *leg;

	(void)state;
	plan.terms.has_pin = true;
	bed.dial = BED_OPENS;
	leg = bed_make(&plan, NULL);
	assert_non_null(leg);
	assert_true(has(leg, "\"verified_by\":\"pin\",\"tls_version\""));
	assert_false(has(leg, "verified_name"));
	assert_non_null(strstr(security(leg), "ECDHE-ECDSA-AES128-GCM-SHA256 pinned"));
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* What is being dialled has proved nothing yet, whatever name is wanted. */
static void
nothing_is_said_before_it_is_open(void **state)
{
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg_plan plan = bed_plan(&trunk);
	struct leg *leg;

	(void)state;
	bed.dial = BED_WAITS;
	leg = bed_make(&plan, NULL);
	assert_non_null(leg);
	assert_true(has(leg, "\"verified_by\":\"none\",\"flow_changes\":0,"));
	assert_false(has(leg, "phone.example.com\",\"cert"));
	bed_dialled(bed.dialled, false);
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* A callee by the next address; then its connection goes and we dial; each is counted. */
static void
changes_of_flow(void **state)
{
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct ua again;
	struct leg *leg = bed_talk_answered(&tls, NULL);

	(void)state;
	assert_true(has(leg, "\"flow_changes\":0,"));
	for (unsigned i = 1; i <= FLOW_CHANGES_KEPT + 2; i++) {
		char count[64];

		bed_over(tls.flow);
		again = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", (uint16_t)(40000 + i));
		tls.flow = again.flow;
		tls.at = again.at;
		ua_request(&tls, "OPTIONS", NULL, NULL);
		bed_skip();
		snprintf(count, sizeof count, "\"flow_changes\":%u,", i);
		assert_true(has(leg, count));
		snprintf(count, sizeof count, "\"transport\":\"TLS\",\"remote\":\"192.0.2.9:%u\"}]",
			40000 + i);
		assert_true(has(leg, count));
	}
	assert_true(has(leg, "\"cause\":\"peer-came\""));
	/* The oldest are forgotten. */
	assert_false(has(leg, "192.0.2.9:40002\"}"));
	assert_true(has(leg, "192.0.2.9:40003\"}"));
	assert_non_null(strstr(security(leg),
		" flow changes 6, last: the connection was gone and the device came by another"));
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* Nobody was challenged on the connection by which it came back; where it registered anew it was
 * by digest, or not. */
/* rows: R5922-8.1 */
static void
a_digest_is_of_its_connection(void **state)
{
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000), again;
	struct way spare = { .transport = TRANSPORT_TLS, .tie = TIE_REGISTERED };
	struct cargo cargo = bed_cargo(NULL);
	struct leg *leg = bed_talk_answered(&tls, NULL);

	(void)state;
	leg->is_proven = true;
	leg->proven_on = leg->flow;
	assert_true(leg_set_call(leg, REF_NONE, STR(""), STR("7789")));
	bed_over(tls.flow);
	/* Of what is gone it is still told how it was. */
	assert_true(has(leg, "\"verified_by\":\"digest\","));
	again = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40001);
	tls.flow = again.flow;
	tls.at = again.at;
	ua_request(&tls, "OPTIONS", NULL, NULL);
	bed_skip();
	assert_true(has(leg, "\"verified_by\":\"digest-earlier\","));
	assert_non_null(strstr(
		security(leg), " verified=digest:7789 on an earlier connection flow changes 1,"));
	for (unsigned i = 0; i < 2; i++) {
		struct ref txn;

		bed_over(leg->flow);
		spare.flow = bed_accept(TRANSPORT_TLS, "192.0.2.9", (uint16_t)(40002 + i));
		spare.is_proven = i == 0;
		leg_show_way(leg, &spare);
		txn = leg_ask(&bed.legs, leg, METHOD_INFO, &cargo, bed_turn());
		bed_carry();
		txn_disown(&bed.txns, txn);
		assert_true(flow_same(leg->flow, spare.flow));
		assert_true(has(leg,
			i == 0 ? "\"verified_by\":\"digest\","
			       : "\"verified_by\":\"digest-earlier\","));
		bed_skip();
	}
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

/* The registration that a call to a phone takes was by digest, or not. */
static void
a_registration_proves_its_connection(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct ua ua = ua_open("sips", TRANSPORT_TLS, "192.0.2.8", 50000);
		struct leg_plan plan = bed_plan(&ua);
		struct leg *leg;

		plan.is_proven = i > 0;
		plan.ways[0].tie = TIE_REGISTERED;
		plan.ways[0].flow = ua.flow;
		plan.ways[0].is_proven = i > 1;
		leg = bed_make(&plan, SDP_A);
		assert_true(has(leg,
			i == 0           ? "\"verified_by\":\"none\","
				: i == 1 ? "\"verified_by\":\"digest-earlier\","
					 : "\"verified_by\":\"digest\","));
		bed_drop(leg);
		bed_over(ua.flow);
		bed_pass_ms(70000);
		bed_skip();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(how_each_leg_is_secured),
		BEDDED(it_outlives_the_connection),
		BEDDED(the_same_for_programs),
		BEDDED(what_a_device_calls_itself),
		BEDDED(nothing_is_said_before_it_is_open),
		BEDDED(changes_of_flow),
		BEDDED(a_digest_is_of_its_connection),
		BEDDED(a_registration_proves_its_connection),
		BEDDED(a_pinned_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
