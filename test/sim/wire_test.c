/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <stdio.h>
#include <string.h>

#include "sim/wire.h"

static struct wire_msg msg;

static const char invite[] =
	"INVITE sip:bob@b.example;user=phone SIP/2.0\r\n"
	"v: SIP / 2.0 / TCP  192.0.2.9:5070 ;received=1.2.3.4;branch=z9hG4bKabc\r\n"
	"Via: SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKdef, SIP/2.0/TLS x;branch=z9hG4bKghi\r\n"
	"Max-Forwards: 69\r\n"
	"f: \"A, \\\"<;tag=no>\" <sip:a@a.example>;tag=88\r\n"
	"t : sip:bob@b.example ;x=y\r\n"
	"i: 1@x\r\n"
	"CSEQ: 7\r\n INVITE\r\n"
	"m: <sip:a@192.0.2.9;transport=tcp>;q=0.5\r\n"
	"s: call-3\r\n"
	"c: text/plain\r\n"
	"l: 4\r\n"
	"\r\n"
	"body";

static void
read_text(const char *text)
{
	wire_read(&msg, text, strlen(text), true);
}

#define assert_text(text, expected)                                                     \
	do {                                                                            \
		struct wire_text text_ = (text);                                        \
		if (!wire_is(text_, (expected)))                                        \
			fail_msg("%.*s, not %s", (int)text_.len, text_.at, (expected)); \
	} while (0)

static void
test_reads(void **state)
{
	(void)state;
	read_text(invite);
	assert_true(msg.is_readable);
	assert_null(msg.fault);
	assert_true(msg.is_strict && msg.is_request);
	assert_text(msg.method, "INVITE");
	assert_text(msg.uri, "sip:bob@b.example;user=phone");
	assert_int_equal(msg.via_count, 3);
	assert_text(msg.via_transport, "TCP");
	assert_text(msg.sent_by, "192.0.2.9:5070");
	assert_text(msg.branch, "z9hG4bKabc");
	assert_text(msg.from_uri, "sip:a@a.example");
	assert_text(msg.from_tag, "88");
	assert_text(msg.to_uri, "sip:bob@b.example");
	assert_null(msg.to_tag.at);
	assert_text(msg.call_id, "1@x");
	assert_int_equal(msg.cseq, 7);
	assert_text(msg.contact, "sip:a@192.0.2.9;transport=tcp");
	assert_text(wire_value(&msg, WIRE_SUBJECT), "call-3");
	assert_text(msg.body, "body");
}

static void
test_response(void **state)
{
	(void)state;
	read_text("SIP/2.0 200 Fine and good\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
		  "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: c\r\n"
		  "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
	assert_true(msg.is_strict && !msg.is_request);
	assert_int_equal(msg.status, 200);
	assert_text(msg.method, "BYE");
	assert_null(wire_judge(&msg, "UDP"));
}

/* Each is what the first message is, with one thing wrong. */
static void
test_strict(void **state)
{
	static const struct {
		const char *old, *new;
		const char *fault;
	} wrongs[] = {
		{ "l: 4", "l: 5", "bad Content-Length" },
		{ "l: 4", "l: -1", "bad Content-Length" },
		{ "l: 4", "l: 4\r\nl: 4", "a header twice that may stand but once" },
		{ "c: text/plain\r\n", "", "a body without Content-Type" },
		{ "l: 4\r\n", "", "no Content-Length" },
		{ "CSEQ: 7", "CSEQ: 99999999999", "bad CSeq" },
		{ " INVITE\r\nm", " BYE\r\nm", "CSeq names another method" },
		{ "i: 1@x\r\n", "", "bad Call-ID" },
		{ ";tag=88", "", "no From tag" },
		{ "m: <sip:a@192.0.2.9;transport=tcp>;q=0.5\r\n", "", "no Contact" },
		{ "Max-Forwards: 69", "Max-Forwards: 256", "bad Max-Forwards" },
		{ "z9hG4bKabc", "abc", "bad Via" },
		{ "SIP/2.0\r\nv", "SIP/3.0\r\nv", "bad request line" },
		{ "sip:bob@b.example;user", "mailto:bob@b.example;user", "bad Request-URI" },
		{ "call-3", "call\x01-3", "a control octet" },
		{ "s: call-3", "nonsense", "a line without a colon" },
		/* What is not insisted on, for readers differ. */
		{ ";tag=88", ";tag=88;", NULL },
		{ ";x=y", ";x=y;", NULL },
		{ "t : sip:bob@b.example ", "t: $<sip:bob@b.example> ", NULL },
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
		const char *at = strstr(invite, wrongs[i].old);

		assert_non_null(at);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - invite), invite,
			wrongs[i].new, at + strlen(wrongs[i].old));
		read_text(text);
		assert_false(msg.is_strict);
		if (wrongs[i].fault != NULL)
			assert_string_equal(msg.fault, wrongs[i].fault);
		else
			assert_null(msg.fault);
	}
}

static void
test_judge(void **state)
{
	(void)state;
	read_text(invite);
	assert_string_equal(wire_judge(&msg, "TCP"), "a request that has not one Via");
	read_text("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
		  "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n"
		  "CSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(wire_judge(&msg, "UDP"), "a response without a To tag");
	read_text("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
		  "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n"
		  "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\nx");
	assert_string_equal(wire_judge(&msg, "UDP"), "Content-Length is not that of the body");
	read_text("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\n"
		  "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n"
		  "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
	assert_null(wire_judge(&msg, "UDP"));
	assert_non_null(wire_judge(&msg, "TLS"));
}

static void
test_frames(void **state)
{
	char two[4096];
	size_t skip, len;

	(void)state;
	(void)snprintf(two, sizeof two, "\r\n\r\n%s%s", invite, invite);
	for (size_t n = 0; n < strlen(invite) + 4; n++)
		assert_int_equal(wire_next(two, n, &skip, &len), WIRE_MORE);
	assert_int_equal(wire_next(two, strlen(two), &skip, &len), WIRE_MESSAGE);
	assert_int_equal(skip, 4);
	assert_int_equal(len, strlen(invite));
	assert_int_equal(wire_next("\x01", 1, &skip, &len), WIRE_NONSENSE);
	assert_int_equal(wire_next("A b\r\nX: y\r\n\r\n", 13, &skip, &len), WIRE_NONSENSE);
}

static void
test_uris(void **state)
{
	struct wire_text uri = wire_cstr("sips:a;b=c@[2001:db8::1]:5061;lr?x=y");

	(void)state;
	assert_true(wire_uri_is_sips(uri));
	assert_text(wire_uri_user(uri), "a;b=c");
	assert_text(wire_uri_host(uri), "2001:db8::1");
	assert_text(wire_uri_host_port(uri), "[2001:db8::1]:5061");
	assert_text(wire_uri_bare(uri), "sips:a;b=c@[2001:db8::1]:5061");
	assert_text(wire_uri_host(wire_cstr("sip:h.example:5070")), "h.example");
	assert_text(wire_uri_of(wire_cstr("\"<x>\" <sip:a@b;c>;d=e")), "sip:a@b;c");
	assert_text(wire_param(wire_cstr("<sip:a@b;tag=1>; Tag = 2"), "tag"), "2");
}

/* Who cannot read a To cannot say it again with a tag. */
static void
test_a_to_that_has_no_tag(void **state)
{
	static const struct {
		const char *to;
		bool is_bare;
	} rows[] = { { "<sip:8456@example.com>", true }, { "<sip:8%346@example.com>", true },
		{ "<sip:84%6@example.com>", false }, { "<sip:8456@example.com>;tag=1", false },
		{ "<sip:846%4@example.com>", false }, { "<sip:8456@example.com;x=%2>", false } };
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire_msg m;
		int len = snprintf(text, sizeof text,
			"SIP/2.0 400 Bad To\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
			"From: <sip:a@h>;tag=1\r\nTo: %s\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
			"Content-Length: 0\r\n\r\n",
			rows[i].to);

		wire_read(&m, text, (size_t)len, false);
		assert_true(m.is_to_bare == rows[i].is_bare);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_a_to_that_has_no_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
