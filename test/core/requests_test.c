/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: judged first, and refused as the RFCs say; a good one is answered after each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
ask(const char *start, const char *lines)
{
	static unsigned number;

	number++;
	phone_say(&alice,
		"%s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:30000;branch=z9hG4bKr%u;rport\r\n"
		"From: <sip:1001@h>;tag=%u\r\nTo: <sip:192.0.2.1>\r\nCall-ID: r%u\r\nCSeq: 1 %.*s\r\n"
		"%sContent-Length: 0\r\n\r\n",
		start, number, number, number, (int)(strchr(start, ' ') - start), start, lines);
}

static void
test_each_fault_gets_its_status(void **state)
{
	(void)state;
	static const struct {
		const char *start, *lines, *answer;
	} rows[] = {
		{ "OPTIONS sip:192.0.2.1", "Max-Forwards: x\r\n", "SIP/2.0 400 Bad Max-Forwards" },
		{ "OPTIONS sip:@h", "", "SIP/2.0 400 Bad Request-URI" },
		{ "INVITE sip:5000@192.0.2.1", "Max-Forwards: 0\r\nContact: <sip:a@h>\r\n",
			"SIP/2.0 483 " },
		{ "INVITE sip:5000@192.0.2.1", "", "SIP/2.0 400 Bad Contact" },
		{ "INVITE sip:nobody@192.0.2.1", "Contact: <sip:a@h>\r\n", "SIP/2.0 404 " },
		{ "INVITE sip:192.0.2.1", "Contact: <sip:a@h>\r\n", "SIP/2.0 484 " },
		{ "INVITE sip:8@192.0.2.1", "Contact: <sip:a@h>\r\n", "SIP/2.0 484 " },
		{ "INVITE tel:5000", "Contact: <sip:a@h>\r\n", "SIP/2.0 416 " },
		{ "OPTIONS http:x", "", "SIP/2.0 416 " },
		{ "OPTIONS sip:192.0.2.1", "Require: timer, foo, bar\r\n", "SIP/2.0 420 " },
		{ "OPTIONS sip:192.0.2.1", "To: <sip:192.0.2.1>\r\n",
			"SIP/2.0 400 Repeated Header To" },
		{ "BYE sip:192.0.2.1", "", "SIP/2.0 481 " },
		{ "NOTIFY sip:192.0.2.1", "Event: x\r\n", "SIP/2.0 481 " },
		{ "REFER sip:192.0.2.1", "Refer-To: <sip:x@h>\r\n", "SIP/2.0 603 " },
		{ "PUBLISH sip:192.0.2.1", "", "SIP/2.0 405 " },
		{ "FOO sip:192.0.2.1", "", "SIP/2.0 501 " },
		{ "invite sip:192.0.2.1", "", "SIP/2.0 501 " },
	};

	scene_alice(false);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ask(rows[i].start, rows[i].lines);
		phone_hear(&alice, rows[i].answer);
		ask("OPTIONS sip:192.0.2.1", "Max-Forwards: 70\r\n");
		phone_hear(&alice, "SIP/2.0 200 ");
		assert_true(phone_heard(&alice, "Accept-Encoding: identity"));
	}
	stage_pass_ms(&stage, 40000);
}

static void
test_x_420_names_only_what_is_unknown(void **state)
{
	(void)state;
	scene_alice(false);
	ask("OPTIONS sip:192.0.2.1", "Require: timer, foo\r\nRequire: 100rel\r\n");
	phone_hear(&alice, "SIP/2.0 420 ");
	assert_string_equal(phone_value(&alice, HEADER_UNSUPPORTED), "foo, 100rel");
}

static void
test_c_481_a_cancel_for_nothing(void **state)
{
	(void)state;
	scene_alice(false);
	ask("CANCEL sip:5000@192.0.2.1", "Max-Forwards: 70\r\n");
	phone_hear(&alice, "SIP/2.0 481 ");
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_each_fault_gets_its_status),
		SCENE(test_x_420_names_only_what_is_unknown),
		SCENE(test_c_481_a_cancel_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
