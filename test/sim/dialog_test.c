/* SPDX-License-Identifier: Apache-2.0 */
/* B3, B4, B6 to B10, B14: each trace has one fault. */
#include "bed.h"

static void
test_b3_no_ack(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 1000);
	b_says(&b, "200 OK");
	a_gets(&b, "200 OK");
	a_ack(&b);
	pass(&b, 32000);
	fine(&b);
	pass(&b, 2000);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_two_acks(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	fine(&b);
	b_ack(&b);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_repeat_without_ack(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	b_says(&b, "200 OK");
	fine(&b);
	step(&b);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_two_byes(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	b_bye(&b);
	fine(&b);
	out(&b, B, "BYE sip:bob@192.0.2.50:5070", "b9", "ours-to-b-1;tag-of-b", B_ID, "3 BYE", "",
		"");
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_bye_behind_bye(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	b_bye_in(&b);
	fine(&b);
	b_bye(&b);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_bye_before_ack(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 1000);
	b_says(&b, "200 OK");
	b_ack(&b);
	a_gets(&b, "200 OK");
	pass(&b, 100);
	a_bye_out(&b);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_never_ended(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	over(&b);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b3_ack_missing_and_no_bye(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 1000);
	b_says(&b, "200 OK");
	b_ack(&b);
	a_gets(&b, "200 OK");
	for (int i = 0, wait_ms = 500; i < 10; i++, wait_ms = wait_ms < 4000 ? 2 * wait_ms : 4000) {
		pass(&b, wait_ms);
		if (i < 9)
			a_gets(&b, "200 OK");
	}
	fine(&b);
	pass(&b, 3000);
	broken(&b, "B3");
	bed_close(&b);
}

static void
test_b4_fork_without_bye(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, B, "200 OK", "b1", "ours-to-b-1;tag-of-c", B_ID, "1 INVITE", B_CONTACT, ANSWER);
	out(&b, B, "ACK sip:bob@192.0.2.50:5070", "b6", "ours-to-b-1;tag-of-c", B_ID, "1 ACK", "",
		"");
	fine(&b);
	pass(&b, 40000);
	broken(&b, "B4");
	bed_close(&b);
}

static void
test_b4_answer_behind_cancel(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 1000);
	a_cancels(&b);
	b_cancel(&b);
	b_says(&b, "200 OK");
	b_ack(&b);
	fine(&b);
	pass(&b, 40000);
	broken(&b, "B4");
	bed_close(&b);
}

static void
test_b6_cancel_too_early(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	fine(&b);
	b_cancel(&b);
	broken(&b, "B6");
	bed_close(&b);
}

static void
test_b6_cancel_too_late(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	b_cancel(&b);
	broken(&b, "B6");
	bed_close(&b);
}

static void
test_b6_invite_behind_cancel(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	a_cancels(&b);
	fine(&b);
	b_invite(&b);
	broken(&b, "B6");
	bed_close(&b);
}

static void
test_b7_cseq(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "INFO sip:bob@192.0.2.50:5070", "b9", "ours-to-b-1;tag-of-b", B_ID, "1 INFO", "",
		"");
	broken(&b, "B7");
	bed_close(&b);
}

static void
test_b8_two_out(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE",
		OUR_CONTACT, SDP);
	fine(&b);
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b8", "ours-to-b-1;tag-of-b", B_ID, "3 INVITE",
		OUR_CONTACT, SDP);
	broken(&b, "B8");
	bed_close(&b);
}

static void
test_b8_glare_accepted(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE",
		OUR_CONTACT, SDP);
	in(&b, B, "INVITE sip:5000@192.0.2.1:5060", "b8", "tag-of-b;ours-to-b-1", B_ID, "1 INVITE",
		B_CONTACT, "");
	fine(&b);
	out(&b, B, "200 OK", "b8", "tag-of-b;ours-to-b-1", B_ID, "1 INVITE", OUR_CONTACT, "");
	broken(&b, "B8");
	bed_close(&b);
}

static void
test_b9_not_refreshed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "UPDATE sip:5000@192.0.2.1:5060", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 UPDATE",
		A_CONTACT, "");
	out(&b, A, "200 OK", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 UPDATE",
		"Session-Expires: 90;refresher=uac\r\n", "");
	pass(&b, 120000);
	fine(&b);
	pass(&b, 10000);
	broken(&b, "B9");
	bed_close(&b);
}

static void
test_b9_too_long(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	b_says(&b, "200 OK");
	fine(&b);
	out(&b, A, "200 OK", "a1", "tag-of-a-1;ours-to-a", A_ID, "1 INVITE",
		OUR_CONTACT "Session-Expires: 7200;refresher=uas\r\n", ANSWER);
	broken(&b, "B9");
	bed_close(&b);
}

static void
test_b10_bye_unknown(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	fine(&b);
	out(&b, A, "481 Gone", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	broken(&b, "B10");
	bed_close(&b);
}

/* Whoever knows its names may lead a dialog over datagrams to a connection of his own. */
static void
test_b10_a_dialog_that_was_led_away(void **state)
{
	struct peer own;
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	own = b.peers[A];
	b.peers[A] = (struct peer){ 9, CHECK_TLS, "192.0.2.66:30000" };
	check_opened(b.check, 9, CHECK_TLS, "192.0.2.66:30000", false, false);
	in(&b, A, "ACK sip:5000@192.0.2.1:5060", "a9", "tag-of-a-1;ours-to-a", A_ID, "1 ACK", "",
		"");
	b.peers[A] = own;
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "481 Gone", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	fine(&b);
	bed_close(&b);
}

static void
test_m5_bye_refused(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "503 Busy", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	broken(&b, "M5");
	bed_close(&b);
}

static void
test_b14_half_a_call(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	check_crash(b.check);
	step(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	fine(&b);
	out(&b, A, "200 OK", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	broken(&b, "B14");
	bed_close(&b);
}

static void
test_b14_call_that_never_was(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	check_crash(b.check);
	step(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "404 Not Found", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	broken(&b, "B14");
	bed_close(&b);
}

static void
test_b14_bye_from_beyond(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	check_crash(b.check);
	step(&b);
	b_bye(&b);
	broken(&b, "B14");
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_b3_no_ack),
		cmocka_unit_test(test_b3_two_acks),
		cmocka_unit_test(test_b3_repeat_without_ack),
		cmocka_unit_test(test_b3_two_byes),
		cmocka_unit_test(test_b3_bye_behind_bye),
		cmocka_unit_test(test_b3_bye_before_ack),
		cmocka_unit_test(test_b3_never_ended),
		cmocka_unit_test(test_b3_ack_missing_and_no_bye),
		cmocka_unit_test(test_b4_fork_without_bye),
		cmocka_unit_test(test_b4_answer_behind_cancel),
		cmocka_unit_test(test_b6_cancel_too_early),
		cmocka_unit_test(test_b6_cancel_too_late),
		cmocka_unit_test(test_b6_invite_behind_cancel),
		cmocka_unit_test(test_b7_cseq),
		cmocka_unit_test(test_b8_two_out),
		cmocka_unit_test(test_b8_glare_accepted),
		cmocka_unit_test(test_b9_not_refreshed),
		cmocka_unit_test(test_b9_too_long),
		cmocka_unit_test(test_b10_bye_unknown),
		cmocka_unit_test(test_b10_a_dialog_that_was_led_away),
		cmocka_unit_test(test_m5_bye_refused),
		cmocka_unit_test(test_b14_half_a_call),
		cmocka_unit_test(test_b14_call_that_never_was),
		cmocka_unit_test(test_b14_bye_from_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
