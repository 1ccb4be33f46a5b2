/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "secure/scheme.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char text[4096];
static struct msg msg;

/* Ends: whether it is a good request. */
static bool
read_request(const char *method, const char *uri, const char *contact, const char *more)
{
	struct fault fault;
	int len = snprintf(text, sizeof text,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK1\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: c\r\n"
		"CSeq: 1 %s\r\n%s%s%s%sContent-Length: 0\r\n\r\n",
		method, uri, method, contact != NULL ? "Contact: " : "",
		contact != NULL ? contact : "", contact != NULL ? "\r\n" : "", more);

	assert_true(len > 0 && (size_t)len < sizeof text);
	return msg_parse(&msg, str_of(text, (size_t)len), false, &fault);
}

static const struct msg *
request(const char *method, const char *uri, const char *contact, const char *more)
{
	assert_true(read_request(method, uri, contact, more));
	return &msg;
}

/* rows: R3261-19.1.1-a R3261-26.2.2-a R5630-3.1.4-a */
static void
test_what_a_uri_asks_of_a_leg(void **state)
{
	static const struct {
		const char *uri;
		bool may;
		struct speech speech;
	} rows[] = {
		{ "sip:a@h", true, { SCHEME_SIP, TRANSPORT_UDP } },
		{ "sip:a@h;transport=udp", true, { SCHEME_SIP, TRANSPORT_UDP } },
		{ "sip:a@h;transport=TCP", true, { SCHEME_SIP, TRANSPORT_TCP } },
		{ "sip:a@h;transport=tls", true, { SCHEME_SIP, TRANSPORT_TLS } },
		{ "sips:a@h", true, { SCHEME_SIPS, TRANSPORT_TLS } },
		{ "sips:a@h;transport=tcp", true, { SCHEME_SIPS, TRANSPORT_TLS } },
		{ "SIPS:a@h;Transport=TCP", true, { SCHEME_SIPS, TRANSPORT_TLS } },
		{ "sips:a@h;transport=tls", true, { SCHEME_SIPS, TRANSPORT_TLS } },
		{ "sips:a@h;transport=udp", false, { SCHEME_SIP, TRANSPORT_NONE } },
		{ "sips:a@h;transport=sctp", false, { SCHEME_SIP, TRANSPORT_NONE } },
		{ "sip:a@h;transport=ws", false, { SCHEME_SIP, TRANSPORT_NONE } },
		{ "tel:+15551234", false, { SCHEME_SIP, TRANSPORT_NONE } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct speech speech = { SCHEME_SIP, TRANSPORT_NONE };
		struct uri uri;
		size_t at;

		assert_true(uri_parse(&uri, str_cstr(rows[i].uri), &at));
		assert_int_equal(speech_of_uri(&uri, &speech), rows[i].may);
		if (rows[i].may) {
			assert_int_equal(speech.scheme, rows[i].speech.scheme);
			assert_int_equal(speech.transport, rows[i].speech.transport);
		}
	}
}

/* RFC 3261 12.1.1: the Request-URI, or the top Record-Route, or without one the Contact. */
/* rows: R3261-12.1.1-a R3261-12.1.1-b R3261-12.1.1-c R3261-12.1.1-d R4475-esc01 */
static void
test_what_the_leg_that_answers_speaks(void **state)
{
	static const struct {
		const char *uri, *contact, *more;
		enum scheme scheme;
	} rows[] = {
		{ "sips:b@h", "<sips:a@h>", "", SCHEME_SIPS },
		{ "sip:b@h", "<sip:a@h>", "", SCHEME_SIP },
		{ "sip:b@h", "<sips:a@h>", "", SCHEME_SIPS },
		{ "sip:b@h", "<sips:a@h>", "Record-Route: <sip:p;lr>\r\n", SCHEME_SIP },
		{ "sip:b@h", "<sip:a@h>", "Record-Route: <sips:p;lr>\r\n", SCHEME_SIPS },
		{ "sip:b@h", "<sip:a@h>", "Record-Route: <sip:p;lr>, <sips:q;lr>\r\n", SCHEME_SIP },
		{ "sip:sips%3Ab@h", "<sip:a@h>", "", SCHEME_SIP },
		{ "sips:b@h", NULL, "", SCHEME_SIPS },
		{ "sip:b@h", NULL, "", SCHEME_SIP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct msg *m = request("INVITE", rows[i].uri, rows[i].contact, rows[i].more);

		assert_int_equal(speech_of_request(m, TRANSPORT_TLS).scheme, rows[i].scheme);
		assert_int_equal(speech_of_request(m, TRANSPORT_TLS).transport, TRANSPORT_TLS);
	}

	/* What cannot be read is no witness, and then the Contact is none either. */
	assert_false(read_request("INVITE", "sip:b@h", "<sips:a@h>", "Record-Route: <sips:p\r\n"));
	assert_int_equal(speech_of_request(&msg, TRANSPORT_TLS).scheme, SCHEME_SIP);
	assert_false(
		read_request("INVITE", "sip:b@h", "<sips:a@h>", "Record-Route: <sips:p>;=x\r\n"));
	assert_int_equal(speech_of_request(&msg, TRANSPORT_TLS).scheme, SCHEME_SIP);
	assert_false(read_request("INVITE", "sip:b@h", "<sips:a@h>", "Record-Route: *\r\n"));
	assert_int_equal(speech_of_request(&msg, TRANSPORT_TLS).scheme, SCHEME_SIP);
}

/* rows: R5630-3.2-a R5630-5.1.2-d R3261-19.1.1-b */
static void
test_schemes_that_cannot_stand_together(void **state)
{
	static const struct {
		const char *method, *uri, *contact;
		enum transport transport;
		enum scheme_fault fault;
	} rows[] = {
		{ "INVITE", "sips:b@h", "<sips:a@h>", TRANSPORT_TLS, SCHEME_FINE },
		{ "INVITE", "sips:b@h;transport=tcp", "<sips:a@h>", TRANSPORT_TLS, SCHEME_FINE },
		{ "INVITE", "sips:b@h;transport=udp", "<sips:a@h>", TRANSPORT_TLS, SCHEME_UDP },
		{ "INVITE", "sips:b@h", "<sips:a@h>", TRANSPORT_TCP, SCHEME_NOT_TLS },
		{ "INVITE", "sips:b@h", "<sips:a@h>", TRANSPORT_UDP, SCHEME_NOT_TLS },
		{ "OPTIONS", "sips:b@h", NULL, TRANSPORT_UDP, SCHEME_NOT_TLS },
		{ "INVITE", "sips:b@h", "<sip:a@h>", TRANSPORT_TLS, SCHEME_MIXED },
		{ "INVITE", "sips:b@h;maddr=239.1.1.1", "<sips:a@h>", TRANSPORT_TLS, SCHEME_MANY },
		{ "OPTIONS", "sips:h;ttl=16", NULL, TRANSPORT_TLS, SCHEME_MANY },
		{ "INVITE", "sips:b@h;maddr=192.0.2.1", "<sips:a@h>", TRANSPORT_TLS, SCHEME_FINE },
		{ "REGISTER", "sips:h", "<sip:a@h>", TRANSPORT_TLS, SCHEME_FINE },
		{ "INVITE", "sip:b@h", "<sips:a@h>", TRANSPORT_UDP, SCHEME_NOT_TLS },
		{ "INVITE", "sip:b@h", "<sip:a@h>", TRANSPORT_UDP, SCHEME_FINE },
		{ "INVITE", "sip:b@h", "<sip:a@h>", TRANSPORT_TLS, SCHEME_FINE },
		{ "INVITE", "sip:b@h", "<sips:a@h>", TRANSPORT_TLS, SCHEME_FINE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct msg *m = request(rows[i].method, rows[i].uri, rows[i].contact, "");

		assert_int_equal(scheme_check(m, rows[i].transport), rows[i].fault);
	}
	assert_true(str_same(scheme_fault_text(SCHEME_FINE), STR("Fine")));
	assert_true(str_same(scheme_fault_text(SCHEME_NOT_TLS), STR("SIPS Request Not Over TLS")));
	assert_true(str_same(scheme_fault_text(SCHEME_MANY), STR("SIPS To Many")));
	assert_true(str_same(scheme_fault_text(SCHEME_UDP), STR("SIPS With transport=udp")));
	assert_true(str_same(
		scheme_fault_text(SCHEME_MIXED), STR("SIPS Request-URI With SIP Contact")));
}

/* rows: R5630-3.1.4-b */
static void
test_the_parameter_of_our_contact(void **state)
{
	static const struct {
		struct speech speech;
		const char *uri, *made, *echoed;
	} rows[] = {
		{ { SCHEME_SIPS, TRANSPORT_TLS }, "sips:b@h", "", "" },
		{ { SCHEME_SIPS, TRANSPORT_TLS }, "sips:b@h;transport=TCP", "", ";transport=TCP" },
		{ { SCHEME_SIPS, TRANSPORT_TLS }, "sips:b@h;x=1;transport=tcp;y", "",
			";transport=tcp" },
		{ { SCHEME_SIPS, TRANSPORT_TLS }, "sips:b@h;transport=tls", "", "" },
		{ { SCHEME_SIPS, TRANSPORT_TLS }, "sips:b@h;transport=TLS", "", "" },
		{ { SCHEME_SIP, TRANSPORT_TLS }, "sip:b@h", ";transport=tls", ";transport=tls" },
		{ { SCHEME_SIP, TRANSPORT_TCP }, "sip:b@h", ";transport=tcp", ";transport=tcp" },
		{ { SCHEME_SIP, TRANSPORT_UDP }, "sip:b@h;transport=udp", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct msg *m = request("INVITE", rows[i].uri, "<sips:a@h>", "");

		assert_true(str_same(
			scheme_contact_param(&rows[i].speech, false), str_cstr(rows[i].made)));
		assert_true(str_same(
			scheme_echo_param(&rows[i].speech, m, false), str_cstr(rows[i].echoed)));
		/* A device that wants to see it gets it on a sips leg, too. */
		if (rows[i].speech.scheme == SCHEME_SIPS) {
			assert_true(str_same(scheme_contact_param(&rows[i].speech, true),
				STR(";transport=tls")));
			assert_true(str_same(scheme_echo_param(&rows[i].speech, m, true),
				STR(";transport=tls")));
		} else {
			assert_true(str_same(scheme_echo_param(&rows[i].speech, m, true),
				str_cstr(rows[i].made)));
		}
	}
}

static void
test_names_and_ports(void **state)
{
	enum transport transport;

	(void)state;
	assert_true(str_same(scheme_name(SCHEME_SIPS), STR("sips")));
	assert_true(str_same(scheme_name(SCHEME_SIP), STR("sip")));
	assert_true(str_same(transport_name(TRANSPORT_TLS), STR("TLS")));
	assert_true(str_same(transport_name(TRANSPORT_TCP), STR("TCP")));
	assert_true(str_same(transport_name(TRANSPORT_UDP), STR("UDP")));
	assert_true(str_same(transport_name(TRANSPORT_NONE), STR("NONE")));
	assert_int_equal(transport_port(TRANSPORT_TLS), 5061);
	assert_int_equal(transport_port(TRANSPORT_UDP), 5060);
	assert_true(transport_find(STR("Tls"), &transport) && transport == TRANSPORT_TLS);
	assert_false(transport_find(STR("sctp"), &transport));
	assert_false(transport_find(STR(""), &transport));
}

static void
test_what_is_none_of_them_is_not_spoken(void **state)
{
	const struct uri uri = { .scheme = (enum uri_scheme)99 };
	struct speech speech = { SCHEME_SIP, (enum transport)99 };

	(void)state;
	assert_false(speech_of_uri(&uri, &speech));
	assert_true(str_is_empty(scheme_contact_param(&speech, true)));
	assert_true(str_same(transport_name(speech.transport), STR("NONE")));
	assert_true(str_same(scheme_fault_text((enum scheme_fault)99), STR("Fine")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_uri_asks_of_a_leg),
		cmocka_unit_test(test_what_the_leg_that_answers_speaks),
		cmocka_unit_test(test_schemes_that_cannot_stand_together),
		cmocka_unit_test(test_the_parameter_of_our_contact),
		cmocka_unit_test(test_names_and_ports),
		cmocka_unit_test(test_what_is_none_of_them_is_not_spoken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
