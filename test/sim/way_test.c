/* SPDX-License-Identifier: Apache-2.0 */
/* X5, X7 and B2: where answers go, and what is owed to what was asked. Each trace has one fault. */
#include "bed.h"

static void
answer_at(struct bed *b, const char *place)
{
	in(b, A, "OPTIONS sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	b->astray = place;
	out(b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	step(b);
}

static void
test_x5_answer_to_another_port(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answer_at(&b, "192.0.2.9:5061");
	broken(&b, "X5");
	bed_close(&b);
}

static void
test_x5_answer_to_another_host(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answer_at(&b, "192.0.2.50:5060");
	broken(&b, "X5");
	bed_close(&b);
}

static void
test_x5_answer_on_another_connection(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	in(&b, A, "OPTIONS sips:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	b.peers[A].flow = 5;
	check_opened(b.check, 5, CHECK_TLS, b.peers[A].at, false, false);
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	broken(&b, "X5");
	bed_close(&b);
}

/* RFC 3261 18.2.2: it may be led on once the connection is gone. */
static void
test_an_answer_may_be_led_on(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	in(&b, A, "OPTIONS sips:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 OPTIONS", "", "");
	check_closed(b.check, 3);
	b.peers[A].flow = 5;
	check_dialled(b.check, 5, CHECK_TLS, b.peers[A].at, "192.0.2.9");
	check_opened(b.check, 5, CHECK_TLS, b.peers[A].at, true, true);
	out(&b, A, "200 OK", "a1", "tag-of-a-1;x1", A_ID, "1 OPTIONS", "", "");
	fine(&b);
	bed_close(&b);
}

static void
open_refused(struct bed *b)
{
	bed_open(b);
	a_invite(b);
	a_gets(b, "100 Trying");
	b_invite(b);
	pass(b, 20);
	b_says(b, "486 Busy Here");
}

static void
test_x7_refusal_without_ack(void **state)
{
	struct bed b;

	(void)state;
	open_refused(&b);
	step(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_refusal_again_without_ack(void **state)
{
	struct bed b;

	(void)state;
	open_refused(&b);
	b_ack_refusal(&b);
	a_gets(&b, "486 Busy Here");
	note(&b, "call UUID7 over: status 486");
	a_ack_refusal(&b);
	pass(&b, 500);
	b_says(&b, "486 Busy Here");
	b_ack_refusal(&b);
	pass(&b, 25000);
	fine(&b);
	b_says(&b, "486 Busy Here");
	step(&b);
	broken(&b, "X7");
	bed_close(&b);
}

/* Nothing is wrong with an INVITE over a connection that is not said again, but with the wait. */
static void
test_x7_silent_callee(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	bed_tls(&b, true);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	out(&b, B, "INVITE sips:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		"Contact: <sips:alice@192.0.2.1:5061>\r\nSubject: call-7\r\n" UUID, SDP);
	pass(&b, 33000);
	fine(&b);
	pass(&b, 1000);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_x7_transaction_of_nobody(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	ended(&b);
	b.counts.transactions = 1;
	pass(&b, 190000);
	step(&b);
	fine(&b);
	pass(&b, 30000);
	step(&b);
	broken(&b, "X7");
	bed_close(&b);
}

static void
test_b2_no_cancel_once_it_rings(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	a_gets(&b, "100 Trying");
	b_invite(&b);
	pass(&b, 20);
	a_cancels(&b);
	pass(&b, 100);
	b_says(&b, "180 Ringing");
	pass(&b, 1000);
	fine(&b);
	pass(&b, 1000);
	broken(&b, "B2");
	bed_close(&b);
}

static void
test_b2_no_cancel_though_it_rings(void **state)
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
	pass(&b, 100);
	a_cancels(&b);
	pass(&b, 2000);
	broken(&b, "B2");
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x5_answer_to_another_port),
		cmocka_unit_test(test_x5_answer_to_another_host),
		cmocka_unit_test(test_x5_answer_on_another_connection),
		cmocka_unit_test(test_an_answer_may_be_led_on),
		cmocka_unit_test(test_x7_refusal_without_ack),
		cmocka_unit_test(test_x7_refusal_again_without_ack),
		cmocka_unit_test(test_x7_silent_callee),
		cmocka_unit_test(test_x7_transaction_of_nobody),
		cmocka_unit_test(test_b2_no_cancel_once_it_rings),
		cmocka_unit_test(test_b2_no_cancel_though_it_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
