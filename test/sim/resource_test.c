/* SPDX-License-Identifier: Apache-2.0 */
/* M1 to M4, M6 and M7: each trace has one fault. */
#include "bed.h"

static void
test_m1_calls(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.calls = 11;
	step(&b);
	broken(&b, "M1");
	bed_close(&b);
}

static void
test_m1_legs(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.calls = 1;
	b.counts.legs = 3;
	step(&b);
	broken(&b, "M1");
	bed_close(&b);
}

static void
test_m2_questions(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.asks = 1;
	over(&b);
	broken(&b, "M2");
	bed_close(&b);
}

static void
test_m2_flows(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.flows = 3;
	over(&b);
	broken(&b, "M2");
	bed_close(&b);
}

/* What is small must not cause what is large, unless that was kept before. */
static void
test_m3_out_of_proportion(void **state)
{
	static const char octets[8192];
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	step(&b);
	fine(&b);
	check_out(b.check, 1, CHECK_UDP, "192.0.2.9:5060", octets, sizeof octets, false);
	step(&b); /* nobody asked, so it is not judged by that */
	fine(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a2", "tag-of-a-1", A_ID, "2 OPTIONS", "", "");
	check_out(b.check, 1, CHECK_UDP, "192.0.2.9:5060", octets, sizeof octets, false);
	step(&b);
	broken(&b, "M3");
	bed_close(&b);
}

static void
test_m4_storm(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	for (int i = 0; i < 300; i++)
		check_out(b.check, 1, CHECK_UDP, "192.0.2.9:5060", "\r\n", 2, false);
	fine(&b);
	step(&b);
	broken(&b, "M4");
	bed_close(&b);
}

static void
test_m4_alarms(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.alarms = 64;
	step(&b);
	fine(&b);
	b.counts.alarms += 65;
	step(&b);
	broken(&b, "M4");
	bed_close(&b);
}

static void
test_m4_no_end(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	for (int i = 0; i < 100; i++) {
		b.counts.alarms += 64;
		step(&b);
		pass(&b, 1);
	}
	fine(&b);
	for (int i = 0; i < 101; i++) {
		b.counts.alarms += 64;
		step(&b);
	}
	broken(&b, "M4");
	bed_close(&b);
}

/* With two calls of ten there is room. */
static void
test_m5_turned_away(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.calls = 2;
	b.counts.legs = 4;
	step(&b);
	a_invite(&b);
	a_gets(&b, "503 Service Unavailable");
	broken(&b, "M5");
	bed_close(&b);
}

static void
test_m5_full(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.calls = 9;
	step(&b);
	a_invite(&b);
	a_gets(&b, "503 Service Unavailable");
	note(&b, "refused");
	step(&b);
	b.counts.calls = 0;
	step(&b);
	check_drain(b.check);
	fine(&b);
	bed_close(&b);
}

static void
test_m6_reload(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.calls = 2;
	b.counts.legs = 4;
	step(&b);
	check_reload(b.check, NULL, 0);
	b.counts.calls = 1;
	b.counts.legs = 2;
	step(&b);
	broken(&b, "M6");
	bed_close(&b);
}

static void
test_m6_reload_forgets(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.bindings = 2;
	step(&b);
	check_reload(b.check, NULL, 0);
	b.counts.bindings = 1;
	step(&b);
	broken(&b, "M6");
	bed_close(&b);
}

static void
test_m6_reload_speaks(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	step(&b);
	check_reload(b.check, NULL, 0);
	check_out(b.check, 1, CHECK_UDP, "192.0.2.9:5060", "\r\n", 2, false);
	step(&b);
	broken(&b, "M6");
	bed_close(&b);
}

static void
test_m7_two_lines(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	note(&b, "one\ntwo");
	broken(&b, "M7");
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_m1_calls),
		cmocka_unit_test(test_m1_legs),
		cmocka_unit_test(test_m2_questions),
		cmocka_unit_test(test_m2_flows),
		cmocka_unit_test(test_m3_out_of_proportion),
		cmocka_unit_test(test_m4_storm),
		cmocka_unit_test(test_m4_alarms),
		cmocka_unit_test(test_m4_no_end),
		cmocka_unit_test(test_m5_turned_away),
		cmocka_unit_test(test_m5_full),
		cmocka_unit_test(test_m6_reload),
		cmocka_unit_test(test_m6_reload_forgets),
		cmocka_unit_test(test_m6_reload_speaks),
		cmocka_unit_test(test_m7_two_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
