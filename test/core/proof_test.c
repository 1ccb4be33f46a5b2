/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls over a connection whose client certificate proves who it is (T14, T15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "7789", .contact = "*", .password = "secret", .tls_name = "phone.example.com" },
	{ .number = "east",
		.contact = "sips:192.0.2.80",
		.type = DN_TRUNK,
		.tls_name = "e.example" },
	{ .number = "west",
		.contact = "sips:192.0.2.90",
		.type = DN_TRUNK,
		.tls_name = "w.example",
		.checks_from = true },
};
static const struct stage_options options = {
	.dns = dns, .dn_count = 4, .strangers = STRANGERS_NONE
};

static struct stage stage;
static struct phone bob;

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* USER calls 5000 from IP over TLS, with what its certificate proves (NULL: it has none). START
 * begins what it hears; NULL: it is let in. */
static void
call(const char *user, const char *ip, const char *certificate, const char *start)
{
	static uint16_t port = 30000;
	struct phone p;

	stage.certificate = certificate;
	phone_open(&p, &stage, user, ip, ++port, TRANSPORT_TLS, true);
	phone_invite(&p, "5000", NULL, NULL);
	if (start == NULL) {
		phone_hear(&p, "SIP/2.0 100 ");
		phone_hear(&bob, "INVITE ");
		phone_answer(&bob, 486, NULL, NULL);
		phone_hear(&bob, "ACK ");
		start = "SIP/2.0 486 ";
	}
	phone_hear(&p, start);
	phone_ack_refusal(&p);
	expect_quiet(&stage);
	phone_close(&p);
}

/* rows: R5922-7.4-a */
static void
test_a_trunk_by_its_certificate(void **state)
{
	(void)state;
	call("x", "192.0.2.10", "a.example,e.example", NULL);
	assert_true(stage_noted(&stage,
		"caller east [sips/TLS TLSv1.3 TLS_AES_256_GCM_SHA384 "
		"client=a.example,e.example"));
	call("x", "192.0.2.80", "E.example", NULL);
	/* By its address alone as ever, where no certificate says otherwise. */
	call("x", "192.0.2.80", NULL, NULL);
	assert_true(stage_noted(&stage, "unauthenticated"));
	call("x", "192.0.2.10", "f.example", "SIP/2.0 401 ");
	call("x", "192.0.2.80", "f.example", "SIP/2.0 403 Certificate Of Another\r\n");
	assert_true(stage_noted(&stage,
		"refused with 403: not the client certificate of trunk east: it names f.example"));
	assert_true(stage_noted(&stage, "is shut: its certificate is that of another trunk"));
	assert_int_equal(stage.shuts, 1);
	call("x", "192.0.2.90", "e.example", "SIP/2.0 403 Certificate Of Another\r\n");
	assert_true(stage_noted(&stage, "of trunk west: it names e.example"));
	expect_empty(&stage);
}

/* rows: R3261-26.3.2.2 */
static void
test_from_within_what_the_certificate_names(void **state)
{
	(void)state;
	/* Phones say example.com in From. */
	call("x", "192.0.2.10", "w.example,Example.com", NULL);
	call("x", "192.0.2.10", "w.example", "SIP/2.0 403 From Domain Not In Certificate\r\n");
	assert_true(stage_noted(&stage,
		"no certificate for the From of a call of trunk west: it "
		"names w.example"));
	call("x", "192.0.2.90", NULL, "SIP/2.0 403 From Domain Not In Certificate\r\n");
	assert_true(stage_noted(
		&stage, "no certificate for the From of a call of trunk west: none was shown"));
	/* East may say what it likes. */
	call("x", "192.0.2.10", "e.example", NULL);
	expect_empty(&stage);
}

/* rows: R5922-8.1 */
static void
test_a_phone_by_its_certificate(void **state)
{
	struct phone p;

	(void)state;
	call("7789", "192.0.2.10", "phone.example.com", NULL);
	assert_true(stage_noted(&stage, "caller 7789 [sips/TLS"));
	call("7789", "192.0.2.10", "other.example.com", "SIP/2.0 401 ");
	call("7789", "192.0.2.10", NULL, "SIP/2.0 401 ");
	stage.certificate = "phone.example.com";
	phone_open(&p, &stage, "7789", "192.0.2.11", 30000, TRANSPORT_TLS, true);
	phone_register(&p, 600, NULL);
	phone_hear(&p, "SIP/2.0 200 ");
	phone_close(&p);
	stage.certificate = "other.example.com";
	phone_open(&p, &stage, "7789", "192.0.2.12", 30000, TRANSPORT_TLS, true);
	phone_register(&p, 600, NULL);
	phone_hear(&p, "SIP/2.0 401 ");
	phone_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_trunk_by_its_certificate),
		TEST(test_from_within_what_the_certificate_names),
		TEST(test_a_phone_by_its_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
