/* SPDX-License-Identifier: Apache-2.0 */
/* Who is believed when it says who calls, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "support/phone.h"

#define PAI "P-Asserted-Identity: "

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "6001", .contact = "sips:192.0.2.61" },
	{ .number = "7789", .contact = "*", .tls_name = "p.example" },
	{ .number = "east",
		.contact = "sip:192.0.2.80:5060",
		.type = DN_TRUNK,
		.prefix = "9",
		.is_trusted = true },
	{ .number = "west", .contact = "sip:192.0.2.90:5060", .type = DN_TRUNK, .prefix = "8" },
	{ .number = "far",
		.contact = "sips:192.0.2.88",
		.type = DN_TRUNK,
		.tls_name = "far.example",
		.is_trusted = true },
};
static const struct stage_options options = { .dns = dns, .dn_count = 6 };

static struct stage stage;
static struct phone bob, east, west;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	device_open(&east, &stage, "49", "192.0.2.80", 5060, TRANSPORT_UDP, false);
	device_open(&west, &stage, "48", "192.0.2.90", 5060, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&bob);
	phone_close(&east);
	phone_close(&west);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* FROM calls NUMBER with LINES, and TO is told PART of who calls; NULL: nothing. TO says SAID of
 * itself (or NULL), and FROM hears HEARD of that. */
static void
call(struct phone *from, const char *lines, struct phone *to, const char *number, const char *part,
	const char *said, const char *heard)
{
	phone_invite(from, number, lines, NULL);
	phone_hear(from, "SIP/2.0 100 ");
	phone_hear(to, "INVITE ");
	assert_int_equal(phone_heard(to, PAI), part != NULL);
	if (part != NULL)
		assert_true(phone_heard(to, part));
	if (said != NULL) {
		phone_answer(to, 180, said, NULL);
		phone_hear(from, "SIP/2.0 180 ");
		assert_int_equal(phone_heard(from, PAI), heard != NULL);
		if (heard != NULL)
			assert_true(phone_heard(from, heard));
	}
	phone_answer(to, 486, PAI "<sip:1@h>\r\n", NULL);
	phone_hear(to, "ACK ");
	phone_hear(from, "SIP/2.0 486 ");
	assert_false(phone_heard(from, PAI));
	phone_ack_refusal(from);
	expect_quiet(&stage);
}

/* rows: R3325-9.1 R3325-K-b */
static void
test_a_trusted_trunk_is_believed(void **state)
{
	(void)state;
	call(&east, PAI "<sip:1@h>\r\n", &bob, "5000", PAI "<sip:1@h>\r\n", NULL, NULL);
	call(&east, PAI "<sips:1:secret@h:5061;x?y=z>;p\r\n", &bob, "5000", PAI "<sip:1@h>\r\n",
		NULL, NULL);
	call(&east, PAI "\"a\" <sip:h>, <sip:2@h>, tel:+1, <tel:+2;x>\r\n", &bob, "5000",
		PAI "\"a\" <sip:h>\r\n" PAI "<tel:+1>\r\n", NULL, NULL);
	call(&east, PAI "<tel:+2;x>\r\n", &bob, "5000", PAI "<tel:+2;x>\r\n", NULL, NULL);
	call(&east, PAI "<sip:1@h>\r\nPrivacy: none\r\n", &bob, "5000", PAI "<sip:1@h>\r\n", NULL,
		NULL);
	call(&east, PAI "\"sips:x\" <sip:1@h>\r\n", &bob, "5000", PAI "<sip:1@h>\r\n", NULL, NULL);
}

/* rows: R3325-9.1 */
static void
test_what_is_none_is_left_out(void **state)
{
	static const char *const bad[] = { "", "*", "<sip:1@h", "<http://h/1>", "<sip:5000@h>",
		"<tel:5000>", "<tel:5000;x>", "<tel:+1;x=sips:1>", "<sip:%35000@h>" };
	char line[2 * ASSERTED_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_true(snprintf(line, sizeof line, PAI "%s\r\n", bad[i]) > 0);
		call(&east, line, &bob, "5000", NULL, NULL, NULL);
	}
	assert_true(snprintf(line, sizeof line, PAI "<sip:%0*d@h>\r\n", ASSERTED_BYTES_MAX - 8, 1) >
		ASSERTED_BYTES_MAX);
	call(&east, line, &bob, "5000", PAI "<sip:00", NULL, NULL);
	assert_true(snprintf(line, sizeof line, PAI "<sip:%0*d@h>\r\n", ASSERTED_BYTES_MAX - 7, 1) >
		ASSERTED_BYTES_MAX);
	call(&east, line, &bob, "5000", NULL, NULL, NULL);
	/* The number of a trunk is nobody's. */
	call(&east, PAI "<sip:west@h>\r\n", &bob, "5000", PAI "<sip:west@h>\r\n", NULL, NULL);
	/* A display name that we do not write. */
	call(&east, PAI "\"a\x01\" <sip:1@h>, <tel:+1>\r\n", &bob, "5000", PAI "<sip:1@h>\r\n",
		NULL, NULL);
}

/* rows: R3325-9.1 */
static void
test_nobody_else_is_believed(void **state)
{
	struct phone p;

	(void)state;
	call(&west, PAI "<sip:1@h>\r\n", &bob, "5000", NULL, PAI "<sip:5000@h>\r\n", NULL);
	phone_open(&p, &stage, "x", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	call(&p, PAI "<sip:1@h>\r\n", &bob, "5000", NULL, PAI "<sip:5000@h>\r\n", NULL);
	phone_close(&p);
	/* One whose contact is TLS is not believed by its address alone. */
	phone_open(&p, &stage, "x", "192.0.2.88", 30000, TRANSPORT_UDP, false);
	call(&p, PAI "<sip:1@h>\r\n", &bob, "5000", NULL, NULL, NULL);
	phone_close(&p);
	stage.certificate = "far.example";
	phone_open(&p, &stage, "x", "192.0.2.10", 30001, TRANSPORT_TLS, true);
	call(&p, PAI "<sip:1@h>\r\n", &bob, "5000", PAI "<sip:1@h>\r\n", NULL, NULL);
	phone_close(&p);
	expect_empty(&stage);
}

/* rows: R3325-9.1 */
static void
test_who_is_told_what_is_private(void **state)
{
	const char *said = PAI "<sip:1@h>\r\nPrivacy: header;id\r\n";

	(void)state;
	call(&east, said, &bob, "5000", NULL, NULL, NULL);
	call(&east, said, &west, "8123", NULL, NULL, NULL);
	call(&west, said, &east, "9123", NULL, said, NULL);
	call(&east, said, &east, "9123", PAI "<sip:1@h>\r\n", said, PAI "<sip:1@h>\r\n");
	call(&west, "", &east, "9123", NULL, PAI "<sip:1@h>\r\n", PAI "<sip:1@h>\r\n");
}

/* rows: R3325-9.1 */
static void
test_a_trusted_trunk_is_told_which_dn_calls(void **state)
{
	struct phone p;

	(void)state;
	stage.certificate = "p.example";
	phone_open(&p, &stage, "7789", "192.0.2.10", 30001, TRANSPORT_TLS, true);
	call(&p, PAI "<sips:1@h>\r\nPrivacy: id\r\n", &east, "9123",
		PAI "<sip:7789@example.com>\r\n", NULL, NULL);
	call(&p, PAI "<sips:1@h>\r\n", &west, "8123", NULL, NULL, NULL);
	phone_close(&p);
	/* Who has proven nothing is named by nobody. */
	phone_open(&p, &stage, "5000", "192.0.2.50", 5071, TRANSPORT_UDP, false);
	call(&p, "", &east, "9123", NULL, NULL, NULL);
	phone_close(&p);
	expect_empty(&stage);
}

/* Whom a redirection leads to is told once, and in its own scheme. */
static void
test_a_redirection_asserts_anew(void **state)
{
	struct phone next;

	(void)state;
	phone_invite(&east, "5000", PAI "<sip:1@h>, <tel:+1>\r\n", NULL);
	phone_hear(&east, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 302, "Contact: <sip:6001@example.com>\r\n", NULL);
	phone_hear(&bob, "ACK ");
	device_open(&next, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phone_hear(&next, "INVITE ");
	assert_true(phone_heard(&next, PAI "<sips:1@h>\r\n" PAI "<tel:+1>\r\n"));
	assert_false(phone_heard(&next, PAI "<sip:"));
	phone_answer(&next, 486, NULL, NULL);
	phone_hear(&next, "ACK ");
	phone_hear(&east, "SIP/2.0 486 ");
	phone_ack_refusal(&east);
	phone_close(&next);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_trusted_trunk_is_believed),
		TEST(test_what_is_none_is_left_out),
		TEST(test_nobody_else_is_believed),
		TEST(test_who_is_told_what_is_private),
		TEST(test_a_trusted_trunk_is_told_which_dn_calls),
		TEST(test_a_redirection_asserts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
