/* SPDX-License-Identifier: Apache-2.0 */
/* The table of those at which we register: the directory, the clock, connections, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trunk/kit.h"

static void
it_is_asked_for_in_time(void **state)
{
	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 600);
	for (int i = 0; i < 5; i++) {
		kit_wait(299 * 1000, 451 * 1000);
		HEAR("Expires: 3600\r\n", "CSeq: ");
		kit_reply(200, GRANT(OURS_SIPS, 600));
	}
	assert_int_equal(stage.dials, 1);
	assert_int_equal(stage_counts(&stage).enrolled, 1);
	kit_close();
}

/* A few seconds are not refreshed faster than they can be answered. */
static void
a_short_grant_makes_no_storm(void **state)
{
	(void)state;
	kit_open_udp();
	kit_grant(OURS_UDP, 1);
	stage_pass_ms(&stage, 2000);
	stage_tick(&stage);
	assert_int_equal(stage_counts(&stage).enrolled, 0);
	kit_wait(2900, 3100);
	kit_grant(OURS_UDP, 4000000000u);
	kit_wait(1000000000LL, 2000000001000LL);
	kit_close();
}

static void
an_equal_directory_changes_nothing(void **state)
{
	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 600);
	east.prefix = "8"; /* which the registrar does not care for */
	stage_reload(&stage, &kit_options);
	stage_pass_ms(&stage, 1000);
	expect_quiet(&stage);
	assert_int_equal(stage_counts(&stage).enrolled, 1);
	kit_close();
}

/* What the registrar knows us by has changed: the old one is taken back, the new one asked for. */
static void
a_changed_trunk_is_asked_for_anew(void **state)
{
	struct stage_dn was;

	(void)state;
	for (int i = 0; i < 6; i++) {
		kit_open_udp();
		kit_grant(OURS_UDP, 600);
		was = east;
		switch (i) {
		case 0: east.username = "bcme"; break;
		case 1: east.password = "other"; break;
		case 2: east.realm = "west.example"; break;
		case 3: east.register_expires_s = 600; break;
		case 4: east.contact = "sip:192.0.2.50:5070;transport=tcp"; break;
		case 5: east.registers = false; break;
		}
		stage_reload(&stage, &kit_options);
		HEAR("Expires: 0\r\n", "acme");
		kit_reply(200, NULL);
		assert_int_equal(stage_counts(&stage).enrolled, 0);
		stage_pass_ms(&stage, 100);
		east = was;
		if (i < 4)
			HEAR("CSeq: 1 REGISTER\r\n", i == 0 ? "bcme" : "acme");
		if (i == 4)
			assert_non_null(stage_take(&stage, TRANSPORT_TCP, &reg.at));
		expect_quiet(&stage);
		stage_pass_ms(&stage, 40 * 1000);
		stage_forget_sent(&stage);
		kit_close();
	}
}

/* It is taken back as soon as its answer is there. */
static void
one_under_way_is_waited_for(void **state)
{
	(void)state;
	kit_open_udp();
	HEAR("Expires: 3600\r\n");
	stage_drain(&stage);
	expect_quiet(&stage);
	kit_reply(200, GRANT(OURS_UDP, 600));
	HEAR("Expires: 0\r\n", "CSeq: 2 REGISTER\r\n");
	kit_reply(401, "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n");
	expect_empty(&stage);
	assert_int_equal(stage_counts(&stage).enrolled, 0);
	kit_close();

	kit_open_udp();
	HEAR("Expires: 3600\r\n");
	stage_drain(&stage);
	kit_reply(403, NULL);
	expect_empty(&stage);
	assert_int_equal(core_deadline_ms(stage.core), INT64_MAX);
	kit_close();

	/* And nothing is begun once the end has begun. */
	kit_open_udp();
	kit_grant(OURS_UDP, 600);
	stage_drain(&stage);
	HEAR("Expires: 0\r\n");
	stage_reload(&stage, &kit_options);
	kit_reply(200, NULL);
	expect_empty(&stage);
	kit_close();
}

/* A connection that is gone cannot tell it: time sees to that. */
static void
nothing_is_taken_back_over_what_is_gone(void **state)
{
	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 600);
	stage.dial = DIAL_FAILS;
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id);
	assert_true(stage_noted(&stage, "the connection is gone; tried again at once"));
	assert_int_equal(stage_counts(&stage).enrolled, 0);
	stage_drain(&stage);
	stage_forget_sent(&stage);
	expect_empty(&stage);
	kit_close();
}

/* One that comes and goes is not asked for each time at once (RFC 5626 4.5). */
static void
what_is_lost_again_and_again_waits_longer(void **state)
{
	int64_t most_ms = 60 * 1000;

	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 3600);
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id);
	for (int i = 0; i < 9; i++) {
		kit_grant(OURS_SIPS, 3600);
		stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id);
		assert_int_equal(stage_counts(&stage).enrolled, 0);
		kit_wait(most_ms / 2 - 1, most_ms + 1);
		most_ms = most_ms * 2 > 1800 * 1000 ? 1800 * 1000 : most_ms * 2;
	}
	/* One that held is forgiven. */
	kit_grant(OURS_SIPS, 3600);
	stage_pass_ms(&stage, 121 * 1000);
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id);
	HEAR("REGISTER");
	kit_close();
}

/* Many begin one after the other. */
static void
many_do_not_begin_at_once(void **state)
{
	static struct stage_dn many[12];
	static char numbers[12][8];
	struct stage_options options = { .dns = many, .dn_count = 12 };
	unsigned at_first;

	(void)state;
	for (int i = 0; i < 12; i++) {
		(void)snprintf(numbers[i], sizeof numbers[i], "t%d", i);
		many[i] = (struct stage_dn){ .number = numbers[i],
			.contact = "sip:192.0.2.50:5070;transport=udp",
			.type = DN_TRUNK,
			.registers = true };
	}
	stage_open(&stage, &options);
	stage_tick(&stage);
	at_first = stage.sent_count;
	assert_int_equal(at_first, 1);
	stage_pass_ms(&stage, 400);
	assert_true(stage.sent_count >= 12);
	stage_drain(&stage);
	stage_pass_ms(&stage, 40 * 1000);
	stage_forget_sent(&stage);
	expect_empty(&stage);
	stage_close(&stage);
}

/* Whatever leads to the registrar, or says what we are to it, is asked about anew once changed. */
static void
each_option_of_its_way_counts(void **state)
{
	static const char sips[] = "sips:192.0.2.50", tls[] = "sip:192.0.2.50:5061;transport=tls";
	static const struct {
		const char *was, *becomes, *proxy;
		bool wants_gruu, emits_tls, takes_wildcard;
	} rows[] = {
		{ .was = sips, .becomes = "sips:192.0.2.50:5062" },
		{ .was = sips, .becomes = "sip:192.0.2.50;transport=tls" },
		{ .was = tls, .becomes = "sip:192.0.2.50:5061;transport=tcp" },
		{ .was = sips, .becomes = sips, .wants_gruu = true },
		{ .was = tls, .becomes = tls, .emits_tls = true },
		{ .was = sips, .becomes = sips, .takes_wildcard = true },
		{ .was = sips, .becomes = sips, .proxy = "sips:192.0.2.51" },
		{ .was = sips, .becomes = sips, .proxy = "sips:192.0.2.50:5062" },
		{ .was = tls, .becomes = tls, .proxy = "sips:192.0.2.50:5061" },
	};
	const struct event directory = { .kind = EV_DIRECTORY, .u.directory = &stage.directory };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		kit_open(rows[i].was, "192.0.2.50", 5061, TRANSPORT_TLS, rows[i].was == sips);
		kit_grant(
			rows[i].was == sips ? OURS_SIPS : "<sip:acme@192.0.2.1:5061;transport=tls>",
			600);
		east.contact = rows[i].becomes;
		east.proxy = rows[i].proxy;
		east.wants_gruu = rows[i].wants_gruu;
		stage_reload(&stage, &kit_options);
		stage.dns[0].emits_tls = rows[i].emits_tls;
		stage.dns[0].terms.takes_wildcard = rows[i].takes_wildcard;
		stage_feed(&stage, &directory);
		HEAR("Expires: 0\r\n");
		kit_reply(200, NULL);
		assert_int_equal(stage_counts(&stage).enrolled, 0);
		stage_pass_ms(&stage, 40 * 1000);
		stage_forget_sent(&stage);
		kit_close();
	}
}

/* One that was taken out of the directory is being taken back, and another is gone. */
static void
the_end_waits_for_one_that_is_leaving(void **state)
{
	struct stage_dn two[2];
	struct stage_options options = { .dns = two, .dn_count = 2 };

	(void)state;
	kit_open_udp();
	kit_grant(OURS_UDP, 600);
	two[0] = two[1] = east;
	two[1].number = "west";
	two[1].prefix = "8";
	stage_reload(&stage, &options);
	stage_pass_ms(&stage, 100);
	HEAR("CSeq: 1 REGISTER\r\n");
	kit_reply(200, GRANT(OURS_UDP, 600));
	assert_int_equal(stage_counts(&stage).enrolled, 2);
	two[0] = two[1];
	options.dn_count = 1; /* of west alone */
	stage_reload(&stage, &options);
	HEAR("Expires: 0\r\n", "CSeq: 2 REGISTER\r\n");
	kit_reply(200, NULL);
	options.dn_count = 0;
	stage_reload(&stage, &options);
	HEAR("Expires: 0\r\n", "CSeq: 2 REGISTER\r\n");
	stage_drain(&stage);
	expect_quiet(&stage); /* once is enough */
	kit_reply(200, NULL);
	expect_empty(&stage);
	assert_int_equal(core_deadline_ms(stage.core), INT64_MAX);
	kit_close();
}

/* It is asked for by its transaction's end, not by that of the connection as well. */
static void
a_connection_that_goes_while_it_is_asked(void **state)
{
	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 600);
	kit_wait(299 * 1000, 451 * 1000);
	HEAR("CSeq: 2 REGISTER\r\n");
	stage_over(&stage, stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id);
	assert_int_equal(stage_counts(&stage).enrolled, 0);
	HEAR("CSeq: 3 REGISTER\r\n");
	expect_quiet(&stage);
	assert_int_equal(stage.dials, 2);
	kit_reply(200, GRANT(OURS_SIPS, 600));
	assert_int_equal(stage_counts(&stage).enrolled, 1);
	kit_close();
}

/* The registrar sends what cannot be read, and its connection is shut before it is closed: what was
 * registered over it is lost when that is noticed, and not asked for over it again. */
static void
a_connection_that_was_given_up_is_lost(void **state)
{
	struct event octets = { .kind = EV_BYTES }, tick = { .kind = EV_TICK };
	int64_t until_ms;

	(void)state;
	kit_open_sips();
	kit_grant(OURS_SIPS, 600);
	octets.u.bytes.flow = stage_flow_to(&stage, TRANSPORT_TLS, &reg.at)->id;
	octets.u.bytes.data = STR("\x16\x03\x01");
	core_feed(stage.core, &octets, stage.now, &stage.out);
	assert_int_equal(stage.out.acts[stage.out.count - 1].kind, ACT_SHUT);
	out_clear(&stage.out);
	until_ms = core_deadline_ms(stage.core);
	assert_true(until_ms > stage.now.mono_ms + 299 * 1000);
	stage.now.mono_ms = until_ms;
	core_feed(stage.core, &tick, stage.now, &stage.out);
	/* A new connection is dialled for it. */
	assert_true(stage.out.count > 0);
	assert_int_equal(stage.out.acts[0].kind, ACT_DIAL);
	out_clear(&stage.out);
	stage_forget_sent(&stage);
	kit_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_asked_for_in_time),
		cmocka_unit_test(a_short_grant_makes_no_storm),
		cmocka_unit_test(an_equal_directory_changes_nothing),
		cmocka_unit_test(a_changed_trunk_is_asked_for_anew),
		cmocka_unit_test(one_under_way_is_waited_for),
		cmocka_unit_test(nothing_is_taken_back_over_what_is_gone),
		cmocka_unit_test(what_is_lost_again_and_again_waits_longer),
		cmocka_unit_test(many_do_not_begin_at_once),
		cmocka_unit_test(each_option_of_its_way_counts),
		cmocka_unit_test(the_end_waits_for_one_that_is_leaving),
		cmocka_unit_test(a_connection_that_goes_while_it_is_asked),
		cmocka_unit_test(a_connection_that_was_given_up_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
