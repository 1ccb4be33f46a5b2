/* SPDX-License-Identifier: Apache-2.0 */
/* X1 to X7: each trace has one fault. */
#include "bed.h"

static void
open_refused(struct bed *b)
{
	bed_open(b);
	a_invite(b);
	a_gets(b, "100 Trying");
	b_invite(b);
	pass(b, 20);
	b_says(b, "486 Busy Here");
	b_ack_refusal(b);
	a_gets(b, "486 Busy Here");
	note(b, "call UUID7 over: status 486");
}

static void
test_x1_two_answers(void **state)
{
	struct bed b;

	(void)state;
	open_refused(&b);
	fine(&b);
	a_gets(&b, "603 Decline");
	broken(&b, "X1");
	bed_close(&b);
}

static void
test_x1_repeat_differs(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	pass(&b, 500);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	fine(&b);
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x2", A_ID, "1 OPTIONS", "", "");
	broken(&b, "X1");
	bed_close(&b);
}

static void
test_x1_branch_twice(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "OPTIONS sip:bob@192.0.2.50:5070", "b9", "ours-to-b-1;tag-of-b", B_ID,
		"2 OPTIONS", "", "");
	fine(&b);
	out(&b, B, "OPTIONS sip:bob@192.0.2.50:5070", "b9", "ours-to-b-1;tag-of-b", B_ID,
		"3 OPTIONS", "", "");
	broken(&b, "X1");
	bed_close(&b);
}

static void
test_x2_answer_behind_ack(void **state)
{
	struct bed b;

	(void)state;
	open_refused(&b);
	pass(&b, 100);
	a_ack_refusal(&b);
	pass(&b, 400);
	fine(&b);
	a_gets(&b, "486 Busy Here");
	broken(&b, "X2");
	bed_close(&b);
}

static void
test_x2_2xx_behind_ack(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	fine(&b);
	a_gets(&b, "200 OK");
	broken(&b, "X2");
	bed_close(&b);
}

static void
test_x2_ringing_behind_answer(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	a_gets(&b, "180 Ringing");
	broken(&b, "X2");
	bed_close(&b);
}

static void
test_x3_no_answer(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	pass(&b, 32000);
	fine(&b);
	pass(&b, 4000);
	broken(&b, "X3");
	bed_close(&b);
}

/* Somebody who is held up may answer the later by that. */
static void
test_x3_held_up(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	b.late_ms = 60000;
	pass(&b, 70000);
	fine(&b);
	b.late_ms = 0;
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	pass(&b, 70000);
	fine(&b);
	bed_close(&b);
}

static void
test_x3_invite_rings_for_ever(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 200000);
	fine(&b);
	pass(&b, 100000);
	broken(&b, "X3");
	bed_close(&b);
}

static void
test_x3_malformed_answer(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	out(&b, A, "405 No", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	broken(&b, "X3");
	bed_close(&b);
}

static void
test_x4_ack_answered(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, A, "481 Gone", "a2", "tag-of-a-1;ours-to-a", A_ID, "1 ACK", "", "");
	broken(&b, "X4");
	bed_close(&b);
}

static void
test_x4_cancel_of_answered(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "CANCEL sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 CANCEL", "", "");
	out(&b, A, "200 OK", "a1", "tag-of-a-1;ours-to-a", A_ID, "1 CANCEL", "", "");
	fine(&b);
	b_bye(&b);
	broken(&b, "X4");
	bed_close(&b);
}

static void
test_x5_answer_to_nobody(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_gets(&b, "180 Ringing");
	broken(&b, "X5");
	bed_close(&b);
}

static void
test_x5_ringing_of_nobody(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	in(&b, B, "180 Ringing", "stray", "ours-to-b-1;tag-of-b", B_ID, "1 INVITE", B_CONTACT, "");
	fine(&b);
	a_gets(&b, "180 Ringing");
	broken(&b, "X5");
	bed_close(&b);
}

static void
test_x6_second_call(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 500);
	a_invite(&b);
	fine(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b7", "ours-to-b-2",
		"another-of-b@example.com", "1 INVITE", OUR_CONTACT "Subject: call-7\r\n", SDP);
	broken(&b, "X6");
	bed_close(&b);
}

static void
test_x7_early(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 400);
	b_invite(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_never(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 1900);
	fine(&b);
	pass(&b, 200);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_too_long(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	for (int wait_ms = 500; wait_ms <= 16000; wait_ms *= 2) {
		pass(&b, wait_ms);
		b_invite(&b);
		fine(&b);
	}
	pass(&b, 32000);
	b_invite(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_though_answered(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	b_says(&b, "180 Ringing");
	pass(&b, 500);
	b_invite(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_over_tls(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 500);
	b_invite(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_final_not_repeated(void **state)
{
	struct bed b;

	(void)state;
	open_refused(&b);
	pass(&b, 2100);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x3_400_without_a_tag(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	out(&b, A, "400 Bad Require", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	broken(&b, "X3");
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x1_two_answers),
		cmocka_unit_test(test_x1_repeat_differs),
		cmocka_unit_test(test_x1_branch_twice),
		cmocka_unit_test(test_x2_answer_behind_ack),
		cmocka_unit_test(test_x2_2xx_behind_ack),
		cmocka_unit_test(test_x2_ringing_behind_answer),
		cmocka_unit_test(test_x3_no_answer),
		cmocka_unit_test(test_x3_held_up),
		cmocka_unit_test(test_x3_invite_rings_for_ever),
		cmocka_unit_test(test_x3_malformed_answer),
		cmocka_unit_test(test_x4_ack_answered),
		cmocka_unit_test(test_x4_cancel_of_answered),
		cmocka_unit_test(test_x5_answer_to_nobody),
		cmocka_unit_test(test_x5_ringing_of_nobody),
		cmocka_unit_test(test_x6_second_call),
		cmocka_unit_test(test_x7_early),
		cmocka_unit_test(test_x7_never),
		cmocka_unit_test(test_x7_too_long),
		cmocka_unit_test(test_x7_though_answered),
		cmocka_unit_test(test_x7_over_tls),
		cmocka_unit_test(test_x3_400_without_a_tag),
		cmocka_unit_test(test_x7_final_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
