/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg is secured, for people and for programs. */
#include "leg/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void
how_each_leg_is_secured(void **state)
{
	struct ua plain = ua_open("sip", TRANSPORT_UDP, "192.0.2.9", 40000);
	struct ua tls = ua_open("sips", TRANSPORT_TLS, "192.0.2.9", 40000);
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_answered(&plain, NULL);
	struct flow *flow;

	(void)state;
	assert_string_equal(security(leg), "sip/UDP");
	bed_drop(leg);
	leg = bed_talk_answered(&tls, NULL);
	assert_string_equal(
		security(leg), "sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 unauthenticated");
	leg->is_proven = true;
	assert_true(leg_set_call(leg, REF_NONE, STR(""),
		STR("77\x01"
		    "89")));
	assert_string_equal(
		security(leg), "sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 verified=digest:77\\x0189");
	flow = flows_find(&bed.flows, tls.flow);
	flow->proof = PROOF_CLIENT_CERT;
	flow->name_len = 5;
	memcpy(flow->name, "phone", 5);
	flow->has_fingerprint = true;
	memset(flow->fingerprint, 0xab, sizeof flow->fingerprint);
	assert_string_equal(security(leg),
		"sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 client=phone sha256="
		"abababababababababababababababababababababababababababababababab");
	bed_over(tls.flow);
	assert_string_equal(security(leg), "sips/TLS");
	bed_drop(leg);
	leg = bed_talk_made(&trunk);
	assert_string_equal(security(leg),
		"sip/TLS TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 verified=phone.example.com");
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
	struct ua trunk = ua_wait("sip", TRANSPORT_TLS, "192.0.2.8", 5061);
	struct leg *leg = bed_talk_answered(&plain, NULL);
	struct flow *flow;

	(void)state;
	assert_true(has(leg,
		"\"scheme\":\"sip\",\"transport\":\"UDP\","
		"\"remote\":\"192.0.2.9:40000\",\"verified_by\":\"none\","
		"\"call_id\":"));
	bed_drop(leg);
	leg = bed_talk_answered(&tls, NULL);
	assert_true(has(leg, "\"scheme\":\"sips\",\"transport\":\"TLS\","));
	assert_true(has(leg,
		"\"verified_by\":\"none\",\"tls_version\":\"TLSv1.3\","
		"\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"call_id\":"));
	leg->is_proven = true;
	assert_true(has(leg, "\"verified_by\":\"digest\""));
	assert_false(has(leg, "verified_name"));
	flow = flows_find(&bed.flows, tls.flow);
	flow->proof = PROOF_CLIENT_CERT;
	flow->name_len = 5;
	memcpy(flow->name, "phone", 5);
	flow->has_fingerprint = true;
	memset(flow->fingerprint, 0xab, sizeof flow->fingerprint);
	assert_true(has(leg, "\"verified_by\":\"client-certificate\""));
	assert_true(has(leg,
		"\"verified_name\":\"phone\",\"cert_sha256\":\""
		"abababababababababababababababababababababababababababababababab\""));
	bed_drop(leg);
	leg = bed_talk_made(&trunk);
	assert_true(has(leg, "\"verified_by\":\"name\",\"tls_version\":\"TLSv1.2\""));
	assert_true(has(leg, "\"verified_name\":\"phone.example.com\""));
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
	assert_true(has(leg, "\"verified_by\":\"none\",\"call_id\""));
	assert_false(has(leg, "phone.example.com\",\"cert"));
	bed_dialled(bed.dialled, false);
	bed_drop(leg);
	bed_pass_ms(70000);
	bed_skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(how_each_leg_is_secured),
		BEDDED(the_same_for_programs),
		BEDDED(nothing_is_said_before_it_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
