/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/corpus.h"
#include "sip/msg.h"

#define TOP "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
#define BYE "BYE sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n"
#define INVITE "INVITE sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 INVITE\r\n"

static struct msg m;
static struct fault fault;

static bool
parse(const char *text, bool is_stream)
{
	return msg_parse(&m, str_cstr(text), is_stream, &fault);
}

static void
a_request_is_taken_apart(void **state)
{
	(void)state;
	assert_true(parse(
		"INVITE sips:5001@h:5314;transport=TCP SIP/2.0\r\n"
		"From: \"A\"<sips:5000@g>;tag=74\r\nt: sips:5001@h\r\ni: 75@x\r\nCSeq: 7 INVITE\r\n"
		"Via: SIP/2.0/TLS g:5061;branch=z9hG4bK1, SIP/2.0/UDP f\r\nv: SIP/2.0/TCP e\r\n"
		"Max-Forwards: 69\r\nX-A: 1\r\nContent-Type: text/plain\r\nl: 3\r\n\r\nabc",
		true));
	assert_true(m.is_request);
	assert_int_equal(m.method, METHOD_INVITE);
	check_str(m.method_text, "INVITE");
	check_str(m.target_text, "sips:5001@h:5314;transport=TCP");
	assert_int_equal(m.target.scheme, URI_SIPS);
	assert_int_equal(m.target.port, 5314);
	assert_int_equal(m.via_count, 3);
	check_str(m.via.transport, "TLS");
	check_str(m.via.branch, "z9hG4bK1");
	check_str(m.from.display, "\"A\"");
	check_str(m.from.tag, "74");
	check_str(m.to.tag, NULL);
	check_str(m.to.uri.user, "5001");
	check_str(m.call_id, "75@x");
	assert_int_equal(m.cseq, 7);
	check_str(m.cseq_method_text, "INVITE");
	assert_int_equal(m.max_forwards, 69);
	check_str(m.body, "abc");
	assert_int_equal(m.header_count, 10);
	check_str(m.headers[8].name, "Content-Type");
	assert_int_equal(m.headers[7].id, HEADER_OTHER);
	assert_int_equal(fault.what, FAULT_NONE);
	assert_true(msg_may_answer(&m));
}

static void
a_response_is_taken_apart(void **state)
{
	(void)state;
	assert_true(parse("sip/2.0 180 It rings\tnow\r\n" TOP "Call-ID: c\r\nCSeq: 4294967295 "
			  "INVITE\r\n\r\n",
		false));
	assert_false(m.is_request);
	assert_int_equal(m.status, 180);
	check_str(m.reason, "It rings\tnow");
	assert_int_equal(m.method, METHOD_INVITE);
	assert_int_equal(m.cseq, 4294967295);
	assert_int_equal(m.max_forwards, -1);
	check_str(m.body, "");
	assert_false(msg_may_answer(&m));
}

static void
an_unknown_method_is_kept_by_its_name(void **state)
{
	(void)state;
	assert_true(parse(
		"invite sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 invite\r\n\r\n", false));
	assert_int_equal(m.method, METHOD_OTHER);
	check_str(m.method_text, "invite");
}

static void
the_body_is_as_long_as_it_says(void **state)
{
	static const struct {
		const char *text, *body;
		bool datagram, stream;
	} rows[] = {
		{ BYE "Content-Length: 0\r\n\r\n", "", true, true },
		{ BYE "Content-Length: 0\r\n\r\nBYE x", "", true, true },
		{ BYE "c: text/x\r\nl: 2\r\n\r\nabcd", "ab", true, true },
		{ BYE "c: text/x\r\n\r\nabcd", "abcd", true, false },
		{ BYE "\r\n", "", true, false },
		{ BYE "c: text/x\r\nl: 5\r\n\r\nabcd", NULL, false, false },
		{ BYE "l: 4\r\n\r\nabcd", NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse(rows[i].text, false), rows[i].datagram);
		if (rows[i].datagram)
			check_str(m.body, rows[i].body);
		assert_int_equal(parse(rows[i].text, true), rows[i].stream);
		if (!rows[i].stream && rows[i].datagram)
			assert_int_equal(fault.what, FAULT_LENGTH);
	}
}

/* With our tag it would be too long for the requests that have it. */
static void
a_to_leaves_room_for_our_tag(void **state)
{
	static char text[2 * NAME_ADDR_BYTES_MAX];
	const size_t most = NAME_ADDR_BYTES_MAX - TAG_ROOM_BYTES;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b,
			STR("BYE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
			    "From: <sip:x@y>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\nTo: "));
		buf_put(&b, STR("<sip:x@y>;a="));
		for (size_t i = 12; i < most + more; i++)
			buf_char(&b, 'a');
		buf_put(&b, STR("\r\n\r\n"));
		assert_int_equal(msg_parse(&m, buf_str(&b), false, &fault), more == 0);
		if (more > 0)
			assert_int_equal(fault.what, FAULT_TO);
	}
}

/* The offset that goes into the log is that of the octet at the bar. */
static void
a_fault_tells_where(void **state)
{
	static const struct {
		const char *text; /* with a bar before the octet */
		enum sip_fault what;
	} rows[] = {
		{ "BYE sip:|@x SIP/2.0\r\n", FAULT_REQUEST_URI },
		{ "|", FAULT_START_LINE },
		{ "BYE | SIP/2.0\r\n", FAULT_START_LINE },
		{ BYE "|: x\r\n\r\n", FAULT_HEADER_LINE },
		{ BYE "Subject |x\r\n\r\n", FAULT_HEADER_LINE },
		{ BYE "Subject: a|\nb\r\n\r\n", FAULT_HEADER_LINE },
		{ BYE "Subject: a|\x01\r\n\r\n", FAULT_HEADER_LINE },
		{ BYE "Subject: \"a\\|\r\n b\"\r\n\r\n", FAULT_HEADER_LINE },
		{ BYE "|f: <sip:x@y>\r\n\r\n", FAULT_HEADER_TWICE },
		{ BYE "Max-Forwards: |-1\r\n\r\n", FAULT_MAX_FORWARDS },
		{ BYE "Contact: <sip:a@h>, <sip:h:|0>\r\n\r\n", FAULT_CONTACT },
		{ INVITE "Min-SE: 90|x\r\n\r\n", FAULT_MIN_SE },
		{ INVITE "Session-Expires: 90;|;\r\n\r\n", FAULT_SESSION_EXPIRES },
		{ BYE "l: |+1\r\n\r\n", FAULT_LENGTH },
		{ BYE "\r\n|body", FAULT_CONTENT_TYPE },
		{ BYE "|", FAULT_HEADER_LINE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct str row = str_cstr(rows[i].text);
		size_t bar = str_find(row, '|');
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, str_upto(row, bar));
		buf_put(&b, str_from(row, bar + 1));
		assert_false(msg_parse(&m, buf_str(&b), false, &fault));
		if (fault.what != rows[i].what || fault.at != bar)
			fail_msg("row %zu: %s at %u, not %zu", i, corpus_verdict(fault.what),
				fault.at, bar);
	}
	assert_false(parse(BYE "f: <sip:x@y>\r\n\r\n", false));
	assert_int_equal(fault.id, HEADER_FROM);
}

static void
what_is_broken_elsewhere_can_be_answered(void **state)
{
	static const struct {
		const char *text;
		bool may;
	} rows[] = {
		{ BYE "Max-Forwards: x\r\n\r\n", true },
		{ BYE, true },
		{ "BYE  sip:b@h  SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", true },
		{ "BYE sip:b@h SIP/3.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", true },
		{ "BYE sip:b@h SIP/2.0\r\n" TOP "Call-ID: @\r\nCSeq: x\r\n\r\n", true },
		{ "BYE sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq:\r\n\r\n", true },
		{ "BYE sip:b@h SIP/2.0\r\n" TOP "CSeq: 1 BYE\r\n\r\n", true },
		{ "BYE sip:b@h SIP/2.0\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n", false },
		{ "BYE sip:b@h SIP/2.0\r\nVia: x\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n",
			false },
		{ "BYE sip:b@h SIP/2.0\r\n" TOP
		  "Call-ID: c\r\nCSeq: 1 BYE\r\nVia: <\">, \x01 \"\r\n\r\n",
			false },
		{ "ACK sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", false },
		{ "SIP/2.0 99 x\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", false },
		{ " BYE sip:b@h SIP/2.0\r\n" TOP "Call-ID: c\r\nCSeq: 1 BYE\r\n\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(parse(rows[i].text, false));
		if (msg_may_answer(&m) != rows[i].may)
			fail_msg("row %zu", i);
	}
}

/* Limits just met and just passed. */
static void
limits(void **state)
{
	static char text[2 * MESSAGE_BYTES_MAX];
	struct buf b;

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		b = buf_on(text, sizeof text);
		buf_put(&b, STR(BYE));
		for (unsigned i = 5; i < HEADERS_MAX + more; i++)
			buf_put(&b, STR("X-:\r\n"));
		buf_put(&b, STR("\r\n"));
		assert_int_equal(msg_parse(&m, buf_str(&b), false, &fault), more == 0);
		assert_int_equal(fault.what, more == 0 ? FAULT_NONE : FAULT_TOO_MANY);
		assert_true(msg_may_answer(&m));

		b = buf_on(text, sizeof text);
		buf_put(&b, STR(BYE "X-Y: "));
		while (b.used < HEAD_BYTES_MAX - 4 + more)
			buf_char(&b, 'z');
		buf_put(&b, STR("\r\n\r\n"));
		assert_int_equal(msg_parse(&m, buf_str(&b), false, &fault), more == 0);
		assert_int_equal(fault.what, more == 0 ? FAULT_NONE : FAULT_HEAD_LARGE);
		assert_true(msg_may_answer(&m));

		b = buf_on(text, sizeof text);
		buf_put(&b, STR(BYE "c: x/y\r\n\r\n"));
		for (unsigned i = 0; i < BODY_BYTES_MAX + more; i++)
			buf_char(&b, 'z');
		assert_int_equal(msg_parse(&m, buf_str(&b), false, &fault), more == 0);
		assert_int_equal(fault.what, more == 0 ? FAULT_NONE : FAULT_BODY_LARGE);
	}
}

/* Thousands of lines, values and parameters are read in no more time than their octets take. */
static void
a_large_datagram_is_no_burden(void **state)
{
	static const char *const pieces[] = { "Via: x\r\n", ",,,,", ";a", "\r\n ", "\"", "<",
		"a=\"b\"," };
	static char text[65536];

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		for (unsigned round = 0; round < 200; round++) {
			struct buf b = buf_on(text, sizeof text);

			buf_put(&b, STR("BYE sip:b@h SIP/2.0\r\nContact: <sip:a@h>"));
			while (buf_ok(&b))
				buf_put(&b, str_cstr(pieces[i]));
			assert_false(msg_parse(&m, str_of(text, b.used), false, &fault));
		}
	}
}

static void
faults_have_a_status_and_a_phrase(void **state)
{
	(void)state;
	for (unsigned what = 1; what <= FAULT_CONTENT_TYPE; what++) {
		assert_in_range(fault_status((enum sip_fault)what), 400, 599);
		assert_true(fault_reason((enum sip_fault)what).len > 3);
	}
	assert_int_equal(fault_status(FAULT_VERSION), 505);
	assert_int_equal(fault_status(FAULT_URI_LONG), 414);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_taken_apart),
		cmocka_unit_test(a_response_is_taken_apart),
		cmocka_unit_test(an_unknown_method_is_kept_by_its_name),
		cmocka_unit_test(the_body_is_as_long_as_it_says),
		cmocka_unit_test(a_to_leaves_room_for_our_tag),
		cmocka_unit_test(a_fault_tells_where),
		cmocka_unit_test(what_is_broken_elsewhere_can_be_answered),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_large_datagram_is_no_burden),
		cmocka_unit_test(faults_have_a_status_and_a_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
