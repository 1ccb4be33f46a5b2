/* SPDX-License-Identifier: Apache-2.0 */
/* R1 to R9: each trace has one fault. */
#include "bed.h"

static void
test_right(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	fine(&b);
	bed_close(&b);
}

static void
test_r1_lost_by_a_crash(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	check_crash(b.check);
	step(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER", "", "");
	broken(&b, "R1");
	bed_close(&b);
}

static void
test_r1_never_saved(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	broken(&b, "R1");
	bed_close(&b);
}

static void
test_r2_not_confirmed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 2, "7000", "set", 3);
	check_saved(b.check, 2, false);
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	broken(&b, "R2");
	bed_close(&b);
}

static void
test_r2_without_retry_after(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 2, "7000", "set", 3);
	check_saved(b.check, 2, false);
	out(&b, A, "503 No", "r2", "tag-r;x", "reg-1", "2 REGISTER", "", "");
	broken(&b, "R2");
	bed_close(&b);
}

static void
test_r3_not_listed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER", "", "");
	broken(&b, "R3");
	bed_close(&b);
}

static void
test_r3_listed_too_long(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=900\r\n", "");
	broken(&b, "R3");
	bed_close(&b);
}

static void
test_r3_nobody_registered(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:evil@192.0.2.9:5060>;expires=6\r\n", "");
	broken(&b, "R3");
	bed_close(&b);
}

static void
test_r3_called_when_over(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	b.to = "y";
	pass(&b, 610000);
	b.number = "7000";
	a_invite(&b);
	out(&b, B, "INVITE sip:7000@192.0.2.9:5060", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\n", SDP);
	broken(&b, "R3");
	bed_close(&b);
}

static void
test_r4_order(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 0\r\n", "");
	check_save(b.check, 2, "7000", "", 0);
	check_saved(b.check, 2, true);
	broken(&b, "R4");
	bed_close(&b);
}

static void
test_r4_star(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER",
		"Contact: *\r\nExpires: 60\r\n", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER", "", "");
	broken(&b, "R4");
	bed_close(&b);
}

static void
test_r5_too_many(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:1@h>;expires=1, <sip:2@h>;expires=1, <sip:3@h>;expires=1\r\n", "");
	broken(&b, "R5");
	bed_close(&b);
}

static void
test_r6_taken_back_and_listed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=0\r\n", "");
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	broken(&b, "R6");
	bed_close(&b);
}

static void
test_r6_comes_back(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r3", "tag-r", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=0\r\n", "");
	check_save(b.check, 2, "7000", "", 0);
	check_saved(b.check, 2, true);
	out(&b, A, "200 OK", "r3", "tag-r;x", "reg-1", "2 REGISTER", "", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER", "", "");
	out(&b, A, "200 OK", "r2", "tag-r;x", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	broken(&b, "R6");
	bed_close(&b);
}

static void
test_r7_no_credentials(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7001";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7001@192.0.2.9:5060>\r\n", "");
	fine(&b);
	check_save(b.check, 1, "7001", "set", 3);
	broken(&b, "R7");
	bed_close(&b);
}

static void
test_r8_other_connection(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	check_opened(b.check, 8, CHECK_TCP, "192.0.2.9:40000", false, false);
	check_opened(b.check, 9, CHECK_TCP, "192.0.2.9:40001", false, false);
	b.peers[A] = (struct peer){ 8, CHECK_TCP, "192.0.2.9:40000" };
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	b.to = "y";
	b.number = "7000";
	a_invite(&b);
	b.peers[B] = (struct peer){ 9, CHECK_TCP, "192.0.2.9:40001" };
	out(&b, B, "INVITE sip:7000@192.0.2.9:5060", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\n", SDP);
	broken(&b, "R8");
	bed_close(&b);
}

static void
test_r9_not_found(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	b.to = "y";
	b.number = "7000";
	a_invite(&b);
	a_gets(&b, "480 Temporarily Unavailable");
	broken(&b, "R9");
	bed_close(&b);
}

static void
test_x6_two_changes(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 1, "7000", "set", 3);
	check_saved(b.check, 1, true);
	out(&b, A, "200 OK", "r1", "tag-r;x", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>;expires=600\r\n", "");
	step(&b);
	fine(&b);
	in(&b, A, "REGISTER sip:example.com", "r2", "tag-r", "reg-1", "2 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	check_save(b.check, 2, "7000", "set", 3);
	check_save(b.check, 3, "7000", "set", 3);
	broken(&b, "X6");
	bed_close(&b);
}

/* A name that comes again over another connection binds to that one, whose end is unsure. */
static void
test_name_again_by_another_connection(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.to = "7000";
	in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
		"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
	out(&b, A, "500 Store Does Not Answer", "r1", "tag-r;x", "reg-1", "1 REGISTER", "", "");
	pass(&b, 40000);
	check_opened(b.check, 9, CHECK_TCP, "192.0.2.9:40000", false, false);
	b.peers[A] = (struct peer){ 9, CHECK_TCP, "192.0.2.9:5060" };
	for (unsigned n = 1; n <= 2; n++) {
		in(&b, A, "REGISTER sip:example.com", "r1", "tag-r", "reg-1", "1 REGISTER",
			"Contact: <sip:7000@192.0.2.9:5060>\r\nExpires: 600\r\n", "");
		check_save(b.check, n, "7000", "set", 3);
		check_saved(b.check, n, true);
		out(&b, A, "500 Store Does Not Answer", "r1", "tag-r;y", "reg-1", "1 REGISTER", "",
			"");
		check_closed(b.check, 9); /* and its bindings are gone */
		pass(&b, 1000);
		check_crash(b.check);
		step(&b);
		check_opened(b.check, 10, CHECK_TCP, "192.0.2.9:40001", false, false);
		b.peers[A].flow = 10;
	}
	fine(&b);
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_r1_lost_by_a_crash),
		cmocka_unit_test(test_r1_never_saved),
		cmocka_unit_test(test_r2_not_confirmed),
		cmocka_unit_test(test_r2_without_retry_after),
		cmocka_unit_test(test_r3_not_listed),
		cmocka_unit_test(test_r3_listed_too_long),
		cmocka_unit_test(test_r3_nobody_registered),
		cmocka_unit_test(test_r3_called_when_over),
		cmocka_unit_test(test_r4_order),
		cmocka_unit_test(test_r4_star),
		cmocka_unit_test(test_r5_too_many),
		cmocka_unit_test(test_r6_taken_back_and_listed),
		cmocka_unit_test(test_r6_comes_back),
		cmocka_unit_test(test_r7_no_credentials),
		cmocka_unit_test(test_r8_other_connection),
		cmocka_unit_test(test_r9_not_found),
		cmocka_unit_test(test_x6_two_changes),
		cmocka_unit_test(test_name_again_by_another_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
