/* SPDX-License-Identifier: Apache-2.0 */
/* What is right breaks nothing. */
#include "bed.h"

#include "sim/check.h"

static void
test_answered(void **state)
{
	struct bed b;
	struct check_tally tally;

	(void)state;
	bed_open(&b);
	answered(&b);
	ended(&b);
	over(&b);
	fine(&b);
	check_tally(b.check, &tally);
	assert_int_equal(tally.answered, 1);
	assert_int_equal(tally.dialogs, 1);
	bed_close(&b);
}

static void
test_hung_up_by_callee(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	b_bye_in(&b);
	a_bye_out(&b);
	note(&b, "call UUID7 over: status 200");
	over(&b);
	fine(&b);
	bed_close(&b);
}

static void
test_cancelled(void **state)
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
	pass(&b, 20);
	b_says(&b, "487 Request Terminated");
	b_ack_refusal(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* The 200 crosses the CANCEL: it gets its ACK and its BYE. */
static void
test_cancel_crosses_answer(void **state)
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
	pass(&b, 20);
	b_says(&b, "200 OK");
	b_ack(&b);
	b_bye(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

static void
test_refused(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "486 Busy Here");
	b_ack_refusal(&b);
	a_gets(&b, "486 Busy Here");
	note(&b, "call UUID7 over: status 486");
	pass(&b, 20);
	a_ack_refusal(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* Timers A, G and those of the 2xx, each repeat at its time; a request that came again is answered
 * again. */
static void
test_repeats(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 500);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 1000);
	b_invite(&b);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	pass(&b, 100);
	b_says(&b, "200 OK");
	b_ack(&b);
	a_gets(&b, "200 OK");
	note(&b, "call UUID7 answered: x");
	pass(&b, 500);
	a_gets(&b, "200 OK");
	b_says(&b, "200 OK");
	b_ack(&b);
	pass(&b, 1000);
	a_gets(&b, "200 OK");
	a_ack(&b);
	pass(&b, 60000);
	ended(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

static void
test_changed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "INVITE sip:5000@192.0.2.1:5060", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 INVITE",
		A_CONTACT, "v=0\r\ns=hold\r\n");
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE",
		OUR_CONTACT, "v=0\r\ns=hold\r\n");
	pass(&b, 20);
	in(&b, B, "200 OK", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", B_CONTACT,
		"v=0\r\ns=held\r\n");
	out(&b, B, "ACK sip:bob@192.0.2.50:5070", "b8", "ours-to-b-1;tag-of-b", B_ID, "2 ACK", "",
		"");
	out(&b, A, "200 OK", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 INVITE", OUR_CONTACT,
		"v=0\r\ns=held\r\n");
	pass(&b, 20);
	in(&b, A, "ACK sip:5000@192.0.2.1:5060", "a8", "tag-of-a-1;ours-to-a", A_ID, "2 ACK", "",
		"");
	pass(&b, 60000);
	b_bye_in(&b);
	a_bye_out(&b);
	note(&b, "call UUID7 over: status 200");
	over(&b);
	fine(&b);
	bed_close(&b);
}

static void
test_glare(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, A, "INVITE sip:5000@192.0.2.1:5060", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 INVITE",
		A_CONTACT, "v=0\r\n");
	out(&b, B, "INVITE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE",
		OUR_CONTACT, "v=0\r\n");
	pass(&b, 5);
	in(&b, B, "INVITE sip:5000@192.0.2.1:5060", "b8", "tag-of-b;ours-to-b-1", B_ID, "1 INVITE",
		B_CONTACT, "v=0\r\n");
	out(&b, B, "491 Request Pending", "b8", "tag-of-b;ours-to-b-1", B_ID, "1 INVITE", "", "");
	in(&b, B, "491 Request Pending", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", "", "");
	out(&b, B, "ACK sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 ACK", "",
		"");
	out(&b, A, "491 Request Pending", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 INVITE", "", "");
	in(&b, B, "ACK sip:5000@192.0.2.1:5060", "b8", "tag-of-b;ours-to-b-1", B_ID, "1 ACK", "",
		"");
	in(&b, A, "ACK sip:5000@192.0.2.1:5060", "a7", "tag-of-a-1;ours-to-a", A_ID, "2 ACK", "",
		"");
	pass(&b, 60000);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "3 BYE", "",
		"");
	out(&b, A, "200 OK", "a3", "tag-of-a-1;ours-to-a", A_ID, "3 BYE", "", "");
	out(&b, B, "BYE sip:bob@192.0.2.50:5070", "b9", "ours-to-b-1;tag-of-b", B_ID, "3 BYE", "",
		"");
	in(&b, B, "200 OK", "b9", "ours-to-b-1;tag-of-b", B_ID, "3 BYE", "", "");
	note(&b, "call UUID7 over: status 200");
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* Two of several callees answer; the second is hung up. */
static void
test_forked(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	in(&b, B, "200 OK", "b1", "ours-to-b-1;tag-of-c", B_ID, "1 INVITE", B_CONTACT, ANSWER);
	out(&b, B, "ACK sip:bob@192.0.2.50:5070", "b6", "ours-to-b-1;tag-of-c", B_ID, "1 ACK", "",
		"");
	out(&b, B, "BYE sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-c", B_ID, "2 BYE", "",
		"");
	in(&b, B, "200 OK", "b7", "ours-to-b-1;tag-of-c", B_ID, "2 BYE", "", "");
	pass(&b, 60000);
	ended(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* The ACK never comes: the 2xx is repeated for 64*T1, then both legs get a BYE. */
static void
test_lost_ack(void **state)
{
	static const int waits[] = { 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000,
		500 };
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "200 OK");
	b_ack(&b);
	a_gets(&b, "200 OK");
	note(&b, "call UUID7 answered: x");
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		pass(&b, waits[i]);
		if (i + 1 < sizeof waits / sizeof waits[0])
			a_gets(&b, "200 OK");
	}
	a_bye_out(&b);
	b_bye(&b);
	note(&b, "call UUID7 over: status 200");
	over(&b);
	fine(&b);
	bed_close(&b);
}

static void
test_sips(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	answered(&b);
	ended(&b);
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* The server dies; what comes for its calls is answered 481. */
static void
test_crash(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	check_crash(b.check);
	step(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "481 Gone", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* What is no SIP, or not whole, is no business of the judge's. */
static void
test_nonsense(void **state)
{
	static const char octets[] = "\r\n\r\nHELLO there\r\n\r\n";
	struct bed b;

	(void)state;
	bed_open(&b);
	check_in(b.check, 1, CHECK_UDP, "192.0.2.9:5060", octets, sizeof octets - 1);
	check_opened(b.check, 9, CHECK_TCP, "192.0.2.9:40000", false, false);
	check_in(b.check, 9, CHECK_TCP, "192.0.2.9:40000", octets, sizeof octets - 1);
	check_closed(b.check, 9);
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* An answer to an INVITE whose connection broke finds nobody: that has failed (17.1.4). */
static void
test_answer_behind_a_broken_connection(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	check_closed(b.check, 4);
	check_dialled(b.check, 5, CHECK_TLS, b.peers[B].at, "192.0.2.50");
	check_opened(b.check, 5, CHECK_TLS, b.peers[B].at, true, true);
	b.peers[B].flow = 5;
	out(&b, B, "INVITE sips:bob@192.0.2.50:5070", "b7", "ours-to-b-1", B_ID, "2 INVITE",
		"Contact: <sips:5000@192.0.2.1:5061>\r\n" UUID, SDP);
	in(&b, B, "491 No", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", "", "");
	out(&b, B, "ACK sips:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 ACK", "",
		"");
	a_gets(&b, "500 Broken");
	a_ack_refusal(&b);
	note(&b, "call UUID7 over: status 500");
	pass(&b, 100);
	b_says(&b, "200 OK");
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* Each time a connection fails that it was sent on, it is led to the next (RFC 3263 5). */
static void
test_answer_led_elsewhere(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	in(&b, A, "OPTIONS sips:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	check_closed(b.check, 3);
	for (uint64_t flow = 6; flow < 8; flow++) {
		pass(&b, 10);
		check_dialled(b.check, flow, CHECK_TLS, b.peers[A].at, "192.0.2.9");
		check_opened(b.check, flow, CHECK_TLS, b.peers[A].at, true, true);
		b.peers[A].flow = flow;
		out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
		check_closed(b.check, flow);
	}
	fine(&b);
	bed_close(&b);
}

/* A Via without a branch names its transaction together with the rest (RFC 3261 17.2.3). */
static void
test_without_branch(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "BYE sip:5000@example.com", "!", "tag-of-a-9", "other-call", "2 BYE", "", "");
	out(&b, A, "481 Gone", "!", "tag-of-a-9;none", "other-call", "2 BYE", "", "");
	answered(&b);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "!", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "200 OK", "!", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	b_bye(&b);
	note(&b, "call UUID7 over: status 200");
	pass(&b, 1000);
	in(&b, A, "BYE sip:5000@192.0.2.1:5060", "a4", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "",
		"");
	out(&b, A, "481 Gone", "a4", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
	over(&b);
	fine(&b);
	bed_close(&b);
}

/* An ACK by another way may have been believed: then what comes under that name is a new call. */
static void
test_name_again_behind_an_ack_from_elsewhere(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	a_gets(&b, "500 Broken");
	note(&b, "call UUID7 over: status 500");
	pass(&b, 200);
	b.peers[A].flow = 7;
	a_ack_refusal(&b);
	pass(&b, 8000);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	b_says(&b, "180 Ringing");
	a_gets(&b, "180 Ringing");
	fine(&b);
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_hung_up_by_callee),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_cancel_crosses_answer),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_glare),
		cmocka_unit_test(test_forked),
		cmocka_unit_test(test_lost_ack),
		cmocka_unit_test(test_sips),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_answer_behind_a_broken_connection),
		cmocka_unit_test(test_answer_led_elsewhere),
		cmocka_unit_test(test_without_branch),
		cmocka_unit_test(test_name_again_behind_an_ack_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
