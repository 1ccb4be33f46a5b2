/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/corpus.h"
#include "sip/write.h"

#define REQUEST                                                                      \
	"INVITE sips:5000@172.21.83.50:5314;transport=TCP SIP/2.0\r\n"               \
	"From: \"7789\"<sips:7789@172.21.83.24>;tag=74cc50\r\n"                      \
	"To: <sips:5000@172.21.83.50:5314>\r\nCall-ID: 75b148\r\nCSeq: 1 INVITE\r\n" \
	"Via: SIP/2.0/TLS 172.21.83.24:5061;branch=z9hG4bK-38\r\n"                   \
	"v: SIP/2.0/UDP a;x=\"\\\x01\" ,\r\n SIP/2.0/UDP b\r\nTimestamp: 5\r\nl: 0\r\n\r\n"

static struct msg m;
static const struct addr source = { .family = ADDR_V4, .ip = { 172, 21, 83, 24 }, .port = 5061 };

static void
start_lines(void **state)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	write_request_line(&b, STR("BYE"), STR("sip:a@h"));
	write_status_line(&b, 200, STR("OK"));
	write_status_line(&b, 404, STR(""));
	check_str(buf_str(&b), "BYE sip:a@h SIP/2.0\r\nSIP/2.0 200 OK\r\nSIP/2.0 404 \r\n");
}

static void
headers(void **state)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	write_header(&b, HEADER_SUBJECT, STR("a\r\n b\tc"));
	write_named(&b, STR("X-Y"), STR(""));
	write_number(&b, HEADER_EXPIRES, 0);
	write_begin(&b, HEADER_CONTACT);
	write_piece(&b, STR("<sip:"));
	write_piece(&b, STR("h>"));
	write_end(&b);
	write_body(&b, STR("\0body\r"));
	check_str(str_upto(buf_str(&b), b.used - 6),
		"Subject: a b\tc\r\nX-Y: \r\nExpires: 0\r\nContact: <sip:h>\r\nContent-Length: "
		"6\r\n\r\n");
	assert_true(str_ends(buf_str(&b), STR("\r\n\r\n\0body\r")));
}

/* Each octet that may not be there, through each writer. */
static void
nothing_gets_out_that_breaks_a_line(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char value[3] = { 'a', (char)c, 'b' };
		struct str bad = str_of(value, 3);
		bool control = (c < 32 && c != '\t') || c == 127;
		char text[128];
		struct buf b;

		b = buf_on(text, sizeof text);
		write_header(&b, HEADER_SUBJECT, bad);
		assert_int_equal(buf_ok(&b), !control);
		b = buf_on(text, sizeof text);
		write_named(&b, STR("X"), bad);
		assert_int_equal(buf_ok(&b), !control);
		b = buf_on(text, sizeof text);
		write_piece(&b, bad);
		assert_int_equal(buf_ok(&b), !control);
		b = buf_on(text, sizeof text);
		write_status_line(&b, 500, bad);
		assert_int_equal(buf_ok(&b), !control);
		b = buf_on(text, sizeof text);
		write_request_line(&b, STR("BYE"), bad);
		assert_int_equal(buf_ok(&b), !control && c != '\t' && c != ' ');
		b = buf_on(text, sizeof text);
		write_request_line(&b, bad, STR("sip:h"));
		if (control || c == ' ' || c == ':')
			assert_false(buf_ok(&b));
		b = buf_on(text, sizeof text);
		write_named(&b, bad, STR("x"));
		if (control || c == ' ' || c == ':')
			assert_false(buf_ok(&b));
		b = buf_on(text, sizeof text);
		value[0] = value[2] = '"';
		write_header(&b, HEADER_SUBJECT, bad);
		assert_int_equal(buf_ok(&b), !control);
	}
}

/* rows: R3261-8.2.6-a */
static void
a_response_echoes_the_request(void **state)
{
	static const char want[] =
		"SIP/2.0 180 Ringing\r\nFrom: \"7789\"<sips:7789@172.21.83.24>;tag=74cc50\r\n"
		"To: <sips:5000@172.21.83.50:5314>;tag=t1\r\nCall-ID: 75b148\r\nCSeq: 1 INVITE\r\n"
		"Via: SIP/2.0/TLS 172.21.83.24:5061;branch=z9hG4bK-38;received=172.21.83.24\r\n"
		"Via: SIP/2.0/UDP a;x=\"\\\x01\"\r\nVia: SIP/2.0/UDP b\r\n";
	struct fault fault;

	(void)state;
	assert_true(msg_parse(&m, STR(REQUEST), true, &fault));
	for (size_t less = 0; less < 2; less++) {
		size_t size = sizeof want - 1 - less;
		char *room = malloc(size);
		struct buf b = buf_on(room, size);

		write_response(&b, &m, &source, 180, STR("Ringing"), STR("t1"));
		assert_int_equal(buf_ok(&b), less == 0);
		if (less == 0)
			check_str(buf_str(&b), want);
		free(room);
	}
}

static void
a_tag_is_added_once_and_a_100_has_a_timestamp(void **state)
{
	char text[1024];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	(void)state;
	assert_true(msg_parse(&m, STR(REQUEST), true, &fault));
	write_response(&b, &m, &source, 100, STR("Trying"), STR(""));
	assert_true(str_holds_alike(buf_str(&b), STR("\r\nTo: <sips:5000@172.21.83.50:5314>\r\n")));
	assert_true(str_ends(buf_str(&b), STR("\r\nTimestamp: 5\r\n")));
	b = buf_on(text, sizeof text);
	assert_true(msg_parse(&m,
		STR("BYE sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <sip:a@h>\r\nt: <sip:b@h>\r\n"
		    "i: 1\r\nCSeq: 1 BYE\r\nTimestamp: \"\x01\"\r\n\r\n"),
		false, &fault));
	write_response(&b, &m, &source, 100, STR("Trying"), STR(""));
	assert_true(buf_ok(&b)); /* left out: it is none */
	assert_false(str_holds_alike(buf_str(&b), STR("Timestamp")));
	b = buf_on(text, sizeof text);
	assert_true(msg_parse(&m, STR(REQUEST), true, &fault));
	write_response(&b, &m, &source, 100, STR("Trying"), STR(""));
	assert_true(msg_parse(&m, buf_str(&b), false, &fault) == false); /* no empty line yet */
	assert_true(msg_parse(&m,
		STR("BYE sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <sip:a@h>\r\nt: <sip:b@h> ; Tag = "
		    "x\r\ni: 1\r\nCSeq: 1 BYE\r\n\r\n"),
		false, &fault));
	b = buf_on(text, sizeof text);
	write_response(&b, &m, &source, 200, STR("OK"), STR("t1"));
	assert_true(str_holds_alike(buf_str(&b), STR("To: <sip:b@h> ; Tag = x\r\n")));
	b = buf_on(text, sizeof text);
	write_response(&b, &m, &source, 200, STR("OK"), STR("t\r\n1"));
	assert_true(buf_ok(&b)); /* not used, so no harm */
}

/* One that cannot be taken apart goes back as it came, without a tag. */
static void
a_broken_party_is_echoed(void **state)
{
	char text[1024];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	(void)state;
	assert_false(msg_parse(&m,
		STR("BYE sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: a, b <sip:a@h>\r\n"
		    "t: \"B\r\n  <sip:b@h>"
		    "\r\ni: 1\r\nCSeq: x\r\n\r\n"),
		false, &fault));
	assert_true(msg_may_answer(&m));
	write_response(&b, &m, &source, 400, STR("Bad From"), STR("t1"));
	assert_true(str_holds_alike(buf_str(&b),
		STR("\r\nFrom: a, b <sip:a@h>\r\nTo: \"B <sip:b@h>\r\n"
		    "Call-ID: 1\r\nCSeq: x\r\nVia")));
}

static void
lines_are_copied_in_order(void **state)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	(void)state;
	assert_true(msg_parse(&m,
		STR("BYE sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: \"\x01\" <sip:a@h>\r\n"
		    "t: sip:b@h\r\ni: 1\r\nCSeq: 1 BYE\r\nUser-to-User: 1,2\r\nx: 90\r\n"
		    "user-TO-user: 3\r\n 4\r\n\r\n"),
		false, &fault));
	write_copy(&b, &m, HEADER_USER_TO_USER);
	write_copy(&b, &m, HEADER_SUPPORTED);
	check_str(buf_str(&b), "User-to-User: 1,2\r\nUser-to-User: 3 4\r\n");
	write_copy(&b, &m, HEADER_FROM); /* only a response may echo this */
	assert_false(buf_ok(&b));
}

/* With what may not be sent, or in too little room, the URI and the tag are left. */
static void
a_party_goes_without_its_display_name(void **state)
{
	static const struct {
		const char *text;
		size_t room;
		const char *due; /* NULL: not even that */
	} rows[] = {
		{ "\"B\" <sip:b@h>;tag=t;x=y", 64, "\"B\" <sip:b@h>;tag=t;x=y" },
		{ "\"\x01\" <sip:b@h>;tag=t;x=y", 64, "<sip:b@h>;tag=t" },
		{ "\"\x01\" <sip:b@h>", 64, "<sip:b@h>" },
		{ "\"B\" <sip:b@h>;tag=t;x=y", 16, "<sip:b@h>;tag=t" },
		{ "\"B\" <sip:b@h>;tag=t;x=y", 10, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[64];
		struct buf b = buf_on(text, rows[i].room);
		struct nameaddr party;
		size_t at;

		assert_true(nameaddr_parse(&party, str_cstr(rows[i].text), &at));
		write_party(&b, &party);
		assert_int_equal(buf_ok(&b), rows[i].due != NULL);
		if (rows[i].due != NULL)
			check_str(buf_str(&b), rows[i].due);
	}
}

static void
phrases(void **state)
{
	unsigned known = 0;

	(void)state;
	check_str(reason_phrase(200), "OK");
	check_str(reason_phrase(481), "Call/Transaction Does Not Exist");
	check_str(reason_phrase(299), "Unknown");
	for (unsigned status = 100; status < 700; status++)
		known += !str_same(reason_phrase(status), STR("Unknown"));
	assert_true(known > 60);
	for (unsigned what = 1; what <= FAULT_CONTENT_TYPE; what++)
		assert_true(reason_phrase(fault_status((enum sip_fault)what)).len > 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_lines),
		cmocka_unit_test(headers),
		cmocka_unit_test(nothing_gets_out_that_breaks_a_line),
		cmocka_unit_test(a_response_echoes_the_request),
		cmocka_unit_test(a_tag_is_added_once_and_a_100_has_a_timestamp),
		cmocka_unit_test(a_broken_party_is_echoed),
		cmocka_unit_test(lines_are_copied_in_order),
		cmocka_unit_test(a_party_goes_without_its_display_name),
		cmocka_unit_test(phrases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
