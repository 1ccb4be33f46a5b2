/* SPDX-License-Identifier: Apache-2.0 */
/* Which DNs are alive: what counts as an answer, and what comes of none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trunk/kit.h"

static void
open_pinged(const char *contact, uint32_t check_s, uint32_t force_s)
{
	east = (struct stage_dn){ .number = "east",
		.contact = contact,
		.type = DN_TRUNK,
		.prefix = "9",
		.oos_check_s = check_s,
		.oos_force_s = force_s };
	stage_open(&stage, &kit_options);
	stage_name(&stage, "east.example", "192.0.2.50");
	stage_name(&stage, "east.example", "192.0.2.51");
	device_open(&reg, &stage, "east", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	stage_tick(&stage);
}

static bool
is_out(void)
{
	stage_tick(&stage);
	return stage_counts(&stage).out_of_service == 1;
}

static void
hear_options(void)
{
	(void)phone_hear(&reg, "OPTIONS sip:");
}

/* Whoever answers at all is there, but for those who answer for somebody who is not. */
static void
any_answer_but_two_will_do(void **state)
{
	static const struct {
		unsigned status;
		bool is_out;
	} all[] = { { 200, false }, { 404, false }, { 405, false }, { 401, false }, { 483, false },
		{ 500, false }, { 600, false }, { 302, false }, { 408, true }, { 503, true } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		open_pinged("sip:192.0.2.50", 10, 5);
		stage_pass_ms(&stage, 100);
		hear_options();
		kit_reply(100, NULL);
		assert_false(is_out());
		kit_reply(all[i].status, NULL);
		assert_int_equal(is_out(), all[i].is_out);
		/* And it is asked again in time, whatever it said. */
		stage_pass_ms(&stage, 9900);
		expect_quiet(&stage);
		stage_pass_ms(&stage, 200);
		hear_options();
		kit_reply(200, NULL);
		assert_false(is_out());
		kit_close();
	}
}

static void
silence_is_given_so_long(void **state)
{
	(void)state;
	open_pinged("sip:192.0.2.50", 60, 5);
	stage_pass_ms(&stage, 20 + 4900);
	assert_false(is_out());
	stage_pass_ms(&stage, 200);
	assert_true(is_out());
	assert_true(stage_noted(&stage, "DN east is out of service: it does not answer OPTIONS"));
	/* Late is better than never. */
	hear_options();
	kit_reply(200, NULL);
	assert_false(is_out());
	assert_true(stage_noted(&stage, "DN east is in service again, after 0 s"));
	stage_forget_sent(&stage);
	kit_close();

	/* Without oos-force it is as long as the transaction waits. */
	open_pinged("sip:192.0.2.50", 300, 0);
	stage_pass_ms(&stage, 64 * STAGE_T1_MS - 100);
	assert_false(is_out());
	stage_pass_ms(&stage, 200);
	assert_true(is_out());
	stage_forget_sent(&stage);
	kit_close();
}

/* Each of its addresses has its time, and one that answers is enough. */
static void
the_next_address_is_asked(void **state)
{
	struct addr second = stage_addr("192.0.2.51", 5060);

	(void)state;
	open_pinged("sip:east.example", 60, 5);
	stage_pass_ms(&stage, 300); /* its name is waited for */
	hear_options();
	assert_false(is_out());
	stage_pass_ms(&stage, 5000);
	assert_false(is_out());
	while (stage_take(&stage, TRANSPORT_UDP, &reg.at) != NULL)
		continue;
	(void)expect_send(&stage, TRANSPORT_UDP, &second, "OPTIONS ");
	stage_pass_ms(&stage, 5000);
	assert_true(is_out());
	stage_forget_sent(&stage);
	kit_close();
}

static void
what_is_not_there_any_more_is_not_asked(void **state)
{
	(void)state;
	open_pinged("sip:192.0.2.50", 10, 5);
	stage_pass_ms(&stage, 6000);
	assert_true(is_out());
	/* A directory with the same DN knows it as it was. */
	east.prefix = "8";
	stage_reload(&stage, &kit_options);
	assert_true(is_out());
	east.oos_check_s = 0;
	stage_reload(&stage, &kit_options);
	assert_false(is_out());
	stage_pass_ms(&stage, 40 * 1000);
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, 600 * 1000);
	expect_empty(&stage);
	kit_close();

	open_pinged("sip:192.0.2.50", 10, 5);
	stage_pass_ms(&stage, 100);
	hear_options();
	stage_drain(&stage);
	stage_pass_ms(&stage, 40 * 1000);
	stage_forget_sent(&stage);
	assert_int_equal(core_deadline_ms(stage.core), INT64_MAX);
	kit_close();
}

/* A connection that cannot be had is noticed at once. */
static void
an_unreachable_one_is_out_at_once(void **state)
{
	(void)state;
	east = (struct stage_dn){ .number = "east",
		.contact = "sips:192.0.2.50",
		.type = DN_TRUNK,
		.oos_check_s = 10,
		.oos_force_s = 30 };
	stage_open(&stage, &kit_options);
	stage.dial = DIAL_FAILS;
	device_open(&reg, &stage, "east", "192.0.2.50", 5061, TRANSPORT_TLS, true);
	stage_pass_ms(&stage, 100);
	assert_true(is_out());
	assert_true(stage_noted(&stage, "DN east is out of service: it cannot be reached"));
	stage.dial = DIAL_OPENS;
	stage_forget_sent(&stage);
	stage_pass_ms(&stage, 10 * 1000);
	(void)phone_hear(&reg, "OPTIONS sips:192.0.2.50 ");
	kit_reply(200, NULL);
	assert_false(is_out());
	kit_close();
}

/* By way of the outbound proxy. */
static void
the_proxy_is_asked(void **state)
{
	const struct msg *msg;

	(void)state;
	east = (struct stage_dn){ .number = "east",
		.contact = "sip:192.0.2.90",
		.proxy = "sip:192.0.2.50:5070",
		.type = DN_TRUNK,
		.oos_check_s = 10 };
	stage_open(&stage, &kit_options);
	device_open(&reg, &stage, "east", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	stage_tick(&stage);
	stage_pass_ms(&stage, 100);
	msg = phone_hear(&reg, "OPTIONS sip:192.0.2.90 ");
	assert_true(str_same(msg_value(msg, HEADER_ROUTE), STR("<sip:192.0.2.50:5070;lr>")));
	kit_reply(200, NULL);
	assert_false(is_out());
	kit_close();
}

/* The trunk is spared for recovery-timeout once nobody there hears a call; OPTIONS_S: it is asked,
 * too. */
static void
open_spared(struct phone *alice, uint32_t options_s)
{
	kit_options.strangers = STRANGERS_ALL;
	east = (struct stage_dn){ .number = "east",
		.contact = "sip:192.0.2.50",
		.type = DN_TRUNK,
		.prefix = "9",
		.oos_check_s = options_s,
		.recovery_timeout_s = 60 };
	stage_open(&stage, &kit_options);
	device_open(&reg, &stage, "east", "192.0.2.50", 5060, TRANSPORT_UDP, false);
	phone_open(alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	stage_tick(&stage);
}

static void
close_spared(struct phone *alice)
{
	stage_pass_ms(&stage, 65 * STAGE_T1_MS);
	stage_forget_sent(&stage);
	phone_close(alice);
	kit_close();
	kit_options.strangers = STRANGERS_DN_ONLY;
}

/* Alice calls the trunk, where nobody hears it. */
static void
call_nobody(struct phone *alice)
{
	phone_invite(alice, "9123", NULL, SDP("a", "sendrecv"));
	stage_pass_ms(&stage, 65 * STAGE_T1_MS);
	stage_forget_sent(&stage);
}

static void
a_call_that_is_not_heard_puts_it_out(void **state)
{
	struct phone alice;

	(void)state;
	open_spared(&alice, 0);
	stage_pass_ms(&stage, 300 * 1000);
	expect_quiet(&stage); /* it is not asked */
	call_nobody(&alice);
	assert_true(is_out());
	assert_true(stage_noted(
		&stage, "DN east is out of service: a call to it had no answer at all"));
	phone_invite(&alice, "9123", NULL, SDP("a", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 Out Of Service");
	phone_ack(&alice, NULL);
	expect_quiet(&stage);
	stage_pass_ms(&stage, 60 * 1000);
	assert_false(is_out());
	assert_true(stage_noted(&stage, "DN east is in service again, after 60 s"));
	/* The next call tells, and nobody waits any more when all ends. */
	call_nobody(&alice);
	assert_true(is_out());
	stage_drain(&stage);
	stage_pass_ms(&stage, 40 * 1000);
	stage_forget_sent(&stage);
	assert_int_equal(core_deadline_ms(stage.core), INT64_MAX);
	close_spared(&alice);
}

static void
who_is_asked_comes_back_by_an_answer(void **state)
{
	struct phone alice;

	(void)state;
	open_spared(&alice, 300);
	stage_pass_ms(&stage, 100);
	hear_options();
	kit_reply(200, NULL);
	call_nobody(&alice);
	assert_true(is_out());
	/* Longer than recovery-timeout, which is for those who are not asked. */
	stage_pass_ms(&stage, 200 * 1000);
	assert_true(is_out());
	stage_pass_ms(&stage, 68 * 1000);
	hear_options();
	kit_reply(200, NULL);
	assert_false(is_out());
	close_spared(&alice);
}

/* One is not in the directory any more, another is new when the end has begun. */
static void
the_end_finds_one_that_is_gone_already(void **state)
{
	struct stage_dn two[2];
	struct stage_options options = { .dns = two, .dn_count = 2 };

	(void)state;
	open_pinged("sip:192.0.2.50", 10, 5);
	two[0] = two[1] = east;
	two[1].number = "west";
	two[1].prefix = "8";
	stage_reload(&stage, &options);
	stage_pass_ms(&stage, 100);
	hear_options();
	kit_reply(200, NULL);
	hear_options();
	two[0] = two[1];
	options.dn_count = 1; /* of west alone */
	stage_reload(&stage, &options);
	stage_drain(&stage);
	two[1].number = "north";
	options.dn_count = 2;
	stage_reload(&stage, &options);
	stage_pass_ms(&stage, 40 * 1000);
	stage_forget_sent(&stage);
	assert_int_equal(core_deadline_ms(stage.core), INT64_MAX);
	expect_empty(&stage);
	kit_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proxy_is_asked),
		cmocka_unit_test(any_answer_but_two_will_do),
		cmocka_unit_test(silence_is_given_so_long),
		cmocka_unit_test(the_next_address_is_asked),
		cmocka_unit_test(what_is_not_there_any_more_is_not_asked),
		cmocka_unit_test(an_unreachable_one_is_out_at_once),
		cmocka_unit_test(a_call_that_is_not_heard_puts_it_out),
		cmocka_unit_test(who_is_asked_comes_back_by_an_answer),
		cmocka_unit_test(the_end_finds_one_that_is_gone_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
