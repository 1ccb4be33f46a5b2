/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

static void
t_a_invite_resends_doubling(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	pass_until(60000);
	SENT_AT(0, "INVITE sip:bob@192.0.2.9 ", 0, 500, 1500, 3500, 7500, 15500, 31500);
	assert_int_equal(stage.sent[3].flow, 1);
	assert_true(addr_same(&stage.sent[3].to, &udp.addr));
	assert_told(0, NEWS_TIMEOUT, 32000, a.ref);
}

static void
t_a_nothing_again_on_a_reliable_way(void **state)
{
	ask("INVITE", &tls);
	(void)state;
	pass_until(60000);
	SENT_AT(0, "INVITE ", 0);
}

static void
t_a_any_1xx_stops_it(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	pass_until(600);
	assert_int_equal(respond(&a, 100).kind, NEWS_PROVISIONAL);
	pass_until(170000);
	SENT_AT(0, "INVITE ", 0, 500);
	assert_int_equal(respond(&a, 187).kind, NEWS_PROVISIONAL);
	assert_int_equal(respond(&a, 486).kind, NEWS_FINAL);
	assert_int_equal(stage.told_count, 3);
}

static void
t_b_no_answer_is_told_once_on_any_way(void **state)
{
	const struct txn_way *const ways[] = { &udp, &tls };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t from_ms = stage.now.mono_ms - START_MS;
		struct asked a = ask("INVITE", ways[i]);

		pass_until(from_ms + 31999);
		assert_int_equal(stage.told_count, i);
		pass_until(from_ms + 100000);
		assert_int_equal(stage.told_count, i + 1);
		assert_told(i, NEWS_TIMEOUT, from_ms + 32000, a.ref);
		assert_int_equal(stage.told[i].news.method, METHOD_INVITE);
		assert_int_equal(stage.told[i].news.owner.kind, OWNER_LEG);
		assert_true(ref_same(stage.told[i].news.owner.ref, leg.ref));
		assert_int_equal(txns_count(&stage.txns), 0);
	}
}

static void
t_b_request_can_be_read_when_the_end_is_told(void **state)
{
	struct asked a = ask("INVITE", &tls);
	struct alarm *alarm;

	(void)state;
	stage.now.mono_ms += 32000;
	alarm = alarms_due(&stage.alarms, stage.now.mono_ms);
	note(txns_ring(&stage.txns, alarm, stage.now, &stage.out));
	assert_told(0, NEWS_TIMEOUT, 32000, a.ref);
	assert_true(str_begins(txn_request_text(&stage.txns, a.ref), STR("INVITE ")));
	respond(&a, 200); /* too late */
	assert_int_equal(stage.told_count, 1);
	pass_until(32000);
	assert_true(str_is_empty(txn_request_text(&stage.txns, a.ref)));
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
t_d_every_refusal_gets_its_ack(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	assert_int_equal(respond(&a, 486).kind, NEWS_FINAL);
	pass_until(500);
	assert_int_equal(respond(&a, 486).kind, NEWS_NONE);
	pass_until(1500);
	assert_int_equal(respond(&a, 486).kind, NEWS_NONE);
	assert_false(stage.stray);
	SENT_AT(1, "ACK sip:bob@192.0.2.9 SIP/2.0\r\n", 0, 500, 1500);
	assert_int_equal(stage.told_count, 1);
	pass_until(31999);
	assert_int_equal(txns_count(&stage.txns), 1);
	pass_until(32000);
	assert_int_equal(txns_count(&stage.txns), 0);
	respond(&a, 486);
	assert_true(stage.stray);
	assert_int_equal(stage.sent_count, 4);
}

static void
t_d_no_time_at_all_on_a_reliable_way(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	pass_until(100);
	assert_int_equal(respond(&a, 603).kind, NEWS_FINAL);
	SENT_AT(1, "ACK ", 100);
	assert_int_equal(stage.sent[1].flow, 2);
	assert_true(str_begins(txn_request_text(&stage.txns, a.ref), STR("INVITE ")));
	pass_until(100);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
t_d_late_responses_of_another_kind_are_absorbed(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	respond(&a, 404);
	assert_int_equal(respond(&a, 180).kind, NEWS_NONE);
	assert_int_equal(respond(&a, 200).kind, NEWS_NONE);
	txn_cancel(&stage.txns, a.ref, STR_NONE, stage.now, &stage.out);
	carry();
	assert_int_equal(stage.sent_count, 2);
}

/* rows: R3261-12.2-d */
static void
ack_of_a_refusal_is_made_of_the_invite(void **state)
{
	struct asked a = ask_with("INVITE", &udp,
		"Route: <sip:p1;lr>, <sip:p2;lr>\r\nRoute: <sip:p3;lr>\r\nRequire: x\r\n");
	char via[200];
	char expected[1000];

	(void)state;
	respond_with(&a, "INVITE", 407, "other-tag", "Proxy-Authenticate: Digest realm=\"r\"\r\n");
	assert_int_equal(stage.sent_count, 2);
	snprintf(via, sizeof via, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n", a.branch);
	snprintf(expected, sizeof expected,
		"ACK sip:bob@192.0.2.9 SIP/2.0\r\n"
		"%s"
		"Max-Forwards: 70\r\n"
		"Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
		"Route: <sip:p3;lr>\r\n"
		"From: \"A\" <sip:alice@192.0.2.1>;tag=from-1\r\n"
		"To: <sip:bob@192.0.2.9>;tag=other-tag\r\n"
		"Call-ID: call-1\r\n"
		"CSeq: 7 ACK\r\n"
		"Content-Length: 0\r\n\r\n",
		via);
	assert_string_equal(stage.sent[1].text, expected);
}

/* What we do not send is left out of its To; the ACK leaves all the same. */
static void
ack_of_a_refusal_whose_to_cannot_be_repeated(void **state)
{
	static const struct {
		const char *to, *acked;
	} rows[] = {
		{ "\"\x01\" <sip:bob@192.0.2.9>;tag=t-1;x=y", "<sip:bob@192.0.2.9>;tag=t-1" },
		{ "\"\x01\" <sip:bob@192.0.2.9>", "<sip:bob@192.0.2.9>" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct asked a = ask("INVITE", &udp);
		char expected[100];
		struct heard h;

		heard_open(&h,
			"SIP/2.0 486 Busy Here\r\n"
			"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
			"From: \"A\" <sip:alice@192.0.2.1>;tag=from-1\r\n"
			"To: %s\r\n"
			"Call-ID: call-1\r\n"
			"CSeq: 7 INVITE\r\n"
			"Content-Length: 0\r\n\r\n",
			a.branch, rows[i].to);
		note(txns_hear_response(&stage.txns, &h.msg, stage.now, &stage.out, &stage.stray));
		heard_close(&h);
		SENT_AT(2 * i + 1, "ACK ", 0);
		snprintf(expected, sizeof expected, "\r\nTo: %s\r\n", rows[i].acked);
		assert_text(stage.sent[2 * i + 1].text, expected);
	}
}

static void
t_m_further_2xx_go_up(void **state)
{
	const struct txn_way *const ways[] = { &udp, &tls };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t from_ms = stage.now.mono_ms - START_MS;
		struct asked a = ask("INVITE", ways[i]);

		assert_int_equal(respond(&a, 200).kind, NEWS_FINAL);
		assert_int_equal(respond(&a, 200).kind, NEWS_AGAIN);
		pass_until(from_ms + 31999);
		assert_int_equal(respond_with(&a, "INVITE", 200, "fork", "").kind, NEWS_FORK);
		assert_int_equal(respond(&a, 180).kind, NEWS_NONE);
		assert_int_equal(respond(&a, 500).kind, NEWS_NONE);
		pass_until(from_ms + 32000);
		assert_int_equal(txns_count(&stage.txns), 0);
		assert_int_equal(respond(&a, 200).kind, NEWS_NONE);
		assert_true(stage.stray);
		assert_int_equal(stage.sent_count, i + 1); /* the ACKs are not ours */
	}
}

static void
cancel(const struct asked *a, struct str reason)
{
	txn_cancel(&stage.txns, a->ref, reason, stage.now, &stage.out);
	carry();
}

static void
c_hold_cancel_leaves_after_the_first_1xx(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	pass_until(100);
	cancel(&a, STR("SIP;cause=200"));
	cancel(&a, STR("SIP;cause=487"));
	pass_until(2000);
	SENT_AT(0, "INVITE ", 0);
	assert_int_equal(respond(&a, 100).kind, NEWS_PROVISIONAL);
	SENT_AT(1, "CANCEL sip:bob@192.0.2.9 SIP/2.0\r\n", 2000);
	assert_text(stage.sent[1].text, "\r\nReason: SIP;cause=200\r\n");
	respond(&a, 180);
	assert_int_equal(stage.sent_count, 2);
	assert_int_equal(respond_with(&a, "CANCEL", 200, "t", "").owner.kind, OWNER_NONE);
	assert_int_equal(respond(&a, 487).kind, NEWS_FINAL);
	SENT_AT(2, "ACK ", 2000);
	pass_until(2000);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
c_never_without_any_response(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	cancel(&a, STR_NONE);
	txn_disown(&stage.txns, a.ref);
	pass_until(60000);
	SENT_AT(0, "INVITE ", 0);
	assert_int_equal(stage.told_count, 1);
	assert_told(0, NEWS_TIMEOUT, 32000, a.ref);
	assert_int_equal(stage.told[0].news.owner.kind, OWNER_NONE);
}

/* rows: R3261-9.1-a */
static void
cancel_is_made_of_the_invite(void **state)
{
	struct asked a = ask_with("INVITE", &udp, "Route: <sip:p1;lr>, <sip:p2;lr>\r\n");
	char expected[1000];

	(void)state;
	respond(&a, 180);
	cancel(&a, STR("Q.850;cause=16"));
	snprintf(expected, sizeof expected,
		"CANCEL sip:bob@192.0.2.9 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
		"Max-Forwards: 70\r\n"
		"Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
		"From: \"A\" <sip:alice@192.0.2.1>;tag=from-1\r\n"
		"To: <sip:bob@192.0.2.9>\r\n"
		"Call-ID: call-1\r\n"
		"CSeq: 7 CANCEL\r\n"
		"Reason: Q.850;cause=16\r\n"
		"Content-Length: 0\r\n\r\n",
		a.branch);
	SENT_AT(1, "CANCEL ", 0);
	assert_string_equal(stage.sent[1].text, expected);
	assert_int_equal(stage.sent[1].flow, 1);
	pass_until(600); /* it has its own timer E */
	SENT_AT(1, "CANCEL ", 0, 500);
	respond_with(&a, "CANCEL", 200, "t", "");
	assert_false(stage.stray);
	pass_until(3000);
	assert_int_equal(stage.sent_count, 3);
	respond(&a, 487);
}

static void
c_cancel_outlives_its_invite(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	respond(&a, 180);
	cancel(&a, STR_NONE);
	respond(&a, 487);
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 1);
	assert_false(ref_is_none(ask("BYE", &tls).ref)); /* in the cell of the INVITE */
	respond_with(&a, "CANCEL", 200, "t", "");
	assert_false(stage.stray);
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 1);
}

static void
c_cross_2xx_goes_up_although_cancelled(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	respond(&a, 180);
	cancel(&a, STR_NONE);
	assert_int_equal(respond(&a, 200).kind, NEWS_FINAL);
	assert_int_equal(respond_with(&a, "CANCEL", 200, "t", "").kind, NEWS_FINAL);
	assert_int_equal(stage.told[stage.told_count - 1].news.method, METHOD_CANCEL);
	pass_until(40000);
	assert_int_equal(stage.told_count, 3); /* and no timeout */
}

static void
c_64t1_no_final_response_after_the_cancel(void **state)
{
	struct asked a = ask("INVITE", &tls);

	(void)state;
	respond(&a, 180);
	pass_until(50000);
	cancel(&a, STR_NONE);
	pass_until(51000);
	respond_with(&a, "CANCEL", 200, "t", "");
	cancel(&a, STR_NONE); /* neither sent again nor waited for anew */
	pass_until(100000);
	assert_int_equal(stage.sent_count, 2);
	assert_int_equal(stage.told_count, 3);
	assert_told(2, NEWS_TIMEOUT, 82000, a.ref);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
c_never_after_a_final_response(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	respond(&a, 200);
	cancel(&a, STR_NONE);
	assert_int_equal(stage.sent_count, 1);
}

static void
c_cancel_leaves_though_the_table_is_full(void **state)
{
	struct asked a = ask("INVITE", &tls);
	struct ref held[STAGE_TXNS];
	struct str branch;
	unsigned count = 0;

	(void)state;
	while (!ref_is_none(held[count] = txn_reserve(&stage.txns, leg, &branch)))
		count++;
	assert_int_equal(count, STAGE_TXNS - 1);
	respond(&a, 180);
	cancel(&a, STR_NONE);
	SENT_AT(1, "CANCEL ", 0);
	for (unsigned i = 0; i < count; i++)
		txn_drop(&stage.txns, held[i]);
	respond_with(&a, "CANCEL", 200, "t", "");
	assert_true(stage.stray);
	assert_int_equal(respond(&a, 487).kind, NEWS_FINAL);
}

static void
flow_gone_is_told_in_each_waiting_state(void **state)
{
	struct asked calling = ask("INVITE", &tls);
	struct asked proceeding = ask("INVITE", &tls);
	struct asked accepted = ask("INVITE", &tls);

	(void)state;
	respond(&proceeding, 180);
	respond(&accepted, 200);
	pass_until(1000);
	txns_flow_gone(&stage.txns, tls.flow, stage.now);
	cancel(&proceeding, STR_NONE); /* there is no way for it any more */
	cancel(&calling, STR_NONE);
	assert_int_equal(stage.sent_count, 3);
	assert_int_equal(stage.told_count, 2);
	assert_int_equal(respond(&calling, 180).kind, NEWS_PROVISIONAL);
	assert_int_equal(stage.sent_count, 3);
	pass_until(1000);
	assert_int_equal(stage.told_count, 5);
	assert_int_equal(stage.told[3].news.kind, NEWS_UNREACHABLE);
	assert_int_equal(stage.told[4].news.kind, NEWS_UNREACHABLE);
	assert_int_equal(txns_count(&stage.txns), 1);
	pass_until(100000);
	assert_int_equal(stage.told_count, 5);
}

static void
disowned_invite_does_not_ring_for_ever(void **state)
{
	struct asked ringing = ask("INVITE", &tls);
	struct asked silent = ask("INVITE", &tls);

	(void)state;
	respond(&ringing, 180);
	txn_disown(&stage.txns, ringing.ref);
	txn_disown(&stage.txns, silent.ref);
	pass_until(20000);
	assert_int_equal(respond(&silent, 180).owner.kind, OWNER_NONE);
	pass_until(32000);
	assert_int_equal(txns_count(&stage.txns), 1);
	pass_until(52000);
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
disowned_invite_still_acks_a_refusal(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	txn_disown(&stage.txns, a.ref);
	assert_int_equal(respond(&a, 480).owner.kind, OWNER_NONE);
	SENT_AT(1, "ACK ", 0);
}

static void
t_unk_unknown_classes_are_their_x00(void **state)
{
	const struct {
		unsigned status;
		enum news_kind kind;
		unsigned sent;
	} rows[] = {
		{ 199, NEWS_PROVISIONAL, 0 },
		{ 299, NEWS_FINAL, 0 },
		{ 399, NEWS_FINAL, 1 },
		{ 499, NEWS_FINAL, 1 },
		{ 599, NEWS_FINAL, 1 },
		{ 699, NEWS_FINAL, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct asked a = ask("INVITE", &tls);
		unsigned sent = stage.sent_count;

		assert_int_equal(respond(&a, rows[i].status).kind, rows[i].kind);
		assert_int_equal(stage.sent_count, sent + rows[i].sent);
		txn_disown(&stage.txns, a.ref);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(t_a_invite_resends_doubling),
		STAGED(t_a_nothing_again_on_a_reliable_way),
		STAGED(t_a_any_1xx_stops_it),
		STAGED(t_b_no_answer_is_told_once_on_any_way),
		STAGED(t_b_request_can_be_read_when_the_end_is_told),
		STAGED(t_d_every_refusal_gets_its_ack),
		STAGED(t_d_no_time_at_all_on_a_reliable_way),
		STAGED(t_d_late_responses_of_another_kind_are_absorbed),
		STAGED(ack_of_a_refusal_is_made_of_the_invite),
		STAGED(ack_of_a_refusal_whose_to_cannot_be_repeated),
		STAGED(t_m_further_2xx_go_up),
		STAGED(c_hold_cancel_leaves_after_the_first_1xx),
		STAGED(c_never_without_any_response),
		STAGED(cancel_is_made_of_the_invite),
		STAGED(c_cancel_outlives_its_invite),
		STAGED(c_cross_2xx_goes_up_although_cancelled),
		STAGED(c_64t1_no_final_response_after_the_cancel),
		STAGED(c_never_after_a_final_response),
		STAGED(c_cancel_leaves_though_the_table_is_full),
		STAGED(flow_gone_is_told_in_each_waiting_state),
		STAGED(disowned_invite_does_not_ring_for_ever),
		STAGED(disowned_invite_still_acks_a_refusal),
		STAGED(t_unk_unknown_classes_are_their_x00),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
