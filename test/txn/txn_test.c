/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

/* ---- requests ---- */

static void
t_match_branch_sent_by_and_method(void **state)
{
	static const char *const same[] = {
		VIA_1,
		"SIP/2.0/UDP 192.0.2.9:5060;branch=Z9HG4BK-ONE",
		"SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK-one",
	};
	static const char *const other[] = {
		"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-two",
		"SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK-one",
		"SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-one",
		"SIP/2.0/UDP 192.0.2.8:5060;branch=z9hG4bK-one",
	};
	struct ref ref = serve("OPTIONS", &udp);

	(void)state;
	for (unsigned i = 0; i < sizeof same / sizeof same[0]; i++)
		assert_int_equal(hear("OPTIONS", same[i]), HEARD_REPEAT);
	for (unsigned i = 0; i < sizeof other / sizeof other[0]; i++)
		assert_int_equal(hear_by("OPTIONS", other[i], 9, "", &udp), HEARD_NEW);
	assert_int_equal(hear("INFO", VIA_1), HEARD_NEW);
	assert_int_equal(hear("CANCEL", VIA_1), HEARD_NEW);
	assert_int_equal(hear("ACK", VIA_1), HEARD_ACK_UP);
	answer(ref, 200);
}

static void
t_match_sent_by_is_a_name_of_any_case(void **state)
{
	struct ref ref = serve_by("BYE", "SIP/2.0/UDP Host.Example;branch=z9hG4bKx", 1, "t", &udp);

	(void)state;
	assert_int_equal(hear("BYE", "SIP/2.0/UDP hOST.eXAMPLE;branch=z9hG4bKx"), HEARD_REPEAT);
	answer(ref, 200);
}

static void
t_match_same_branch_of_two_is_two_transactions(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-one";
	struct ref one = serve("INVITE", &udp);
	struct ref two = serve_by("INVITE", via, 2, "", &udp);

	(void)state;
	assert_false(ref_same(one, two));
	answer(one, 180);
	answer(two, 183);
	hear("INVITE", via);
	assert_text(stage.sent[2].text, "183");
	hear("INVITE", VIA_1);
	assert_text(stage.sent[3].text, "180");
	answer(one, 486);
	answer(two, 486);
	assert_int_equal(hear_by("ACK", via, 2, "x", &udp), HEARD_ACK);
	pass_until(501);
	assert_int_equal(stage.sent_count, 7); /* only ONE is still sent again */
}

static void
t_match_rfc_2543_without_the_cookie(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.9;branch=1";
	struct ref ref = serve_by("INVITE", via, 1, "", &udp);

	(void)state;
	assert_int_equal(hear("INVITE", via), HEARD_REPEAT);
	assert_int_equal(hear_by("INVITE", via, 2, "", &udp), HEARD_NEW);
	assert_int_equal(hear_by("INVITE", via, 1, "tag", &udp), HEARD_NEW);
	assert_int_equal(hear("INVITE", "SIP/2.0/UDP 192.0.2.9"), HEARD_MERGED);
	assert_int_equal(hear("INVITE", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1"), HEARD_MERGED);
	answer(ref, 486);
	assert_int_equal(hear_by("ACK", via, 2, "our-tag", &udp), HEARD_ACK_UP);
	assert_int_equal(hear_by("ACK", via, 1, "our-tag", &udp), HEARD_ACK);
}

static void
t_merge_other_path_is_merged_while_it_is_answered(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.77;branch=z9hG4bK-by-another-proxy";
	struct ref ref = serve("INVITE", &udp);

	(void)state;
	assert_int_equal(hear("INVITE", via), HEARD_MERGED);
	assert_int_equal(hear("CANCEL", via), HEARD_NEW);
	assert_int_equal(hear("OPTIONS", via), HEARD_NEW);
	assert_int_equal(hear_by("INVITE", via, 1, "a-to-tag", &udp), HEARD_NEW);
	assert_int_equal(hear_by("INVITE", via, 2, "", &udp), HEARD_NEW);
	answer(ref, 180);
	assert_int_equal(hear("INVITE", via), HEARD_MERGED);
	answer(ref, 200);
	assert_int_equal(hear("INVITE", via), HEARD_MERGED);
	pass_until(32000);
	assert_int_equal(hear("INVITE", via), HEARD_NEW);
}

static void
t_merge_the_482_is_a_transaction_of_its_own(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.77;branch=z9hG4bK-by-another-proxy";
	struct ref first = serve("INVITE", &udp);
	struct ref second;

	(void)state;
	assert_int_equal(hear("INVITE", via), HEARD_MERGED);
	second = serve_by("INVITE", via, 1, "", &udp);
	answer(second, 482);
	assert_int_equal(hear("INVITE", via), HEARD_REPEAT);
	assert_int_equal(hear("ACK", via), HEARD_ACK);
	assert_int_equal(
		hear("INVITE", "SIP/2.0/UDP 192.0.2.78;branch=z9hG4bK-third"), HEARD_MERGED);
	answer(first, 200);
}

static void
t_merge_after_a_refusal_it_is_a_new_try(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-hunted";
	struct ref invite = serve("INVITE", &udp);
	struct ref options = serve_by("OPTIONS", VIA_1, 3, "", &udp);

	(void)state;
	answer(invite, 503);
	answer(options, 401);
	assert_int_equal(hear("INVITE", via), HEARD_NEW);
	assert_int_equal(hear_by("OPTIONS", via, 3, "", &udp), HEARD_NEW);
}

static void
a_repeat_by_another_flow_moves_the_way(void **state)
{
	struct txn_way tcp = { { 5 }, udp.addr, true, false };
	struct txn_way other = { { 6 }, { ADDR_V4, { 192, 0, 2, 50 }, 40000 }, false, false };
	struct ref ref = serve("OPTIONS", &udp);

	(void)state;
	hear_by("OPTIONS", VIA_1, 1, "", &tcp);
	answer(ref, 200);
	assert_int_equal(stage.sent[0].flow, 5);
	/* On a stream J is zero: what comes again in the same breath is new. */
	assert_int_equal(hear_by("OPTIONS", VIA_1, 1, "", &tcp), HEARD_NEW);

	ref = serve("OPTIONS", &udp);
	answer(ref, 200);
	stage.sent_count = 1;
	hear_by("OPTIONS", VIA_1, 1, "", &other);
	assert_int_equal(stage.sent[1].flow, 6);
	assert_int_equal(stage.sent[1].to.ip[3], 50);
	assert_int_equal(
		stage.sent[1].to.port, 5060); /* the sent-by port: no rport was asked for */
	hear_by("OPTIONS", VIA_1 ";rport", 1, "", &udp);
	other.flow.number = 7;
	hear_by("OPTIONS", VIA_1 ";rport", 1, "", &other);
	assert_int_equal(stage.sent[3].flow, 7);
	assert_int_equal(stage.sent[3].to.port, 40000);
}

static void
a_way_never_moves_away_from_tls(void **state)
{
	struct txn_way tcp = { { 5 }, tls.addr, true, false };
	struct txn_way other = { { 6 }, tls.addr, true, true };
	struct ref ref = serve("INVITE", &tls);

	(void)state;
	answer(ref, 180);
	assert_int_equal(hear_by("INVITE", VIA_1, 1, "", &udp), HEARD_REPEAT);
	assert_int_equal(hear_by("INVITE", VIA_1, 1, "", &tcp), HEARD_REPEAT);
	answer(ref, 183);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(stage.sent[i].flow, 2);
	assert_int_equal(hear_by("INVITE", VIA_1, 1, "", &other), HEARD_REPEAT);
	assert_int_equal(stage.sent[4].flow, 6);
	answer(ref, 200);
}

static bool
find_cancelled(const char *via, unsigned cseq, const char *to_tag, struct ref *ref, bool *is_final)
{
	struct txn_owner owner = { OWNER_NONE, REF_NONE, 0 };
	struct heard h;
	bool is_found;

	request_open(&h, "CANCEL", via, cseq, to_tag);
	is_found = txns_find_cancelled(&stage.txns, &h.msg, ref, &owner, is_final);
	heard_close(&h);
	assert_int_equal(owner.kind, is_found ? OWNER_LEG : OWNER_NONE);
	return is_found;
}

static void
c_481_branch_and_sent_by_decide(void **state)
{
	struct ref invite = serve("INVITE", &udp);
	struct ref cancel = serve("CANCEL", &udp);
	struct ref ref;
	bool is_final = true;

	(void)state;
	assert_true(find_cancelled(VIA_1, 1, "", &ref, &is_final));
	assert_true(ref_same(ref, invite));
	assert_false(is_final);
	assert_true(find_cancelled(VIA_1, 9, "altered", &ref, &is_final));
	assert_false(find_cancelled(
		"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-x", 1, "", &ref, &is_final));
	assert_false(
		find_cancelled("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-one", 1, "", &ref, &is_final));
	assert_true(answer(cancel, 200));
	assert_true(answer(invite, 487));
}

static void
c_late_cancel_after_the_final_answer(void **state)
{
	struct ref accepted = serve("INVITE", &udp);
	struct ref refused = serve_by("INVITE", "SIP/2.0/UDP a;branch=z9hG4bKr", 2, "", &udp);
	struct ref ref;
	bool is_final = false;

	(void)state;
	answer(accepted, 200);
	answer(refused, 486);
	assert_true(find_cancelled(VIA_1, 1, "", &ref, &is_final));
	assert_true(is_final && ref_same(ref, accepted));
	is_final = false;
	assert_true(find_cancelled("SIP/2.0/UDP a;branch=z9hG4bKr", 2, "", &ref, &is_final));
	assert_true(is_final && ref_same(ref, refused));
}

static void
c_nit_cancel_of_another_method_has_no_effect(void **state)
{
	struct ref info = serve("INFO", &udp);
	struct ref cancel = serve("CANCEL", &udp);
	struct ref ref;
	bool is_final = false;

	(void)state;
	assert_true(find_cancelled(VIA_1, 1, "", &ref, &is_final));
	assert_true(is_final && ref_same(ref, info));
	answer(cancel, 200);
	assert_true(answer(info, 200));
	pass_until(32000);
	assert_false(find_cancelled(VIA_1, 1, "", &ref, &is_final));
}

static void
c_481_a_cancel_alone_means_nothing(void **state)
{
	struct ref cancel = serve("CANCEL", &udp);
	struct ref ref;
	bool is_final;

	(void)state;
	assert_false(find_cancelled(VIA_1, 1, "", &ref, &is_final));
	answer(cancel, 481);
	assert_int_equal(hear("CANCEL", VIA_1), HEARD_REPEAT);
	assert_int_equal(stage.sent_count, 2);
}

static void
c_rfc_2543_cancel_finds_its_invite(void **state)
{
	static const char via[] = "SIP/2.0/UDP 192.0.2.9";
	struct ref invite = serve_by("INVITE", via, 4, "", &udp);
	struct ref ref;
	bool is_final;

	(void)state;
	assert_true(find_cancelled(via, 4, "", &ref, &is_final));
	assert_true(ref_same(ref, invite));
	assert_false(find_cancelled(via, 5, "", &ref, &is_final));
	answer(invite, 487);
}

/* ---- responses ---- */

static void
t_stray_unmatched_responses_are_dropped(void **state)
{
	static const char *const branches[] = {
		"z9hG4bK-1",
		"1",
		"z9hG4bK00000000-0000-4000-8000-000000000000-0",
		"z9hG4bK00000000-0000-4000-8000-000000000000-1099511627776",
		"z9hG4bK00000000-0000-4000-8000-000000000000-18446744073709551616",
		"z9hG4bKABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP-0",
	};
	struct asked real = ask("INVITE", &udp);

	(void)state;
	for (unsigned i = 0; i < sizeof branches / sizeof branches[0]; i++) {
		struct asked a = { .method = "INVITE", .transport = "UDP" };

		snprintf(a.branch, sizeof a.branch, "%s", branches[i]);
		stage.stray = false;
		assert_int_equal(respond(&a, 200).kind, NEWS_NONE);
		assert_true(stage.stray);
		stage.stray = false;
		assert_int_equal(respond_with(&a, "CANCEL", 200, "t", "").kind, NEWS_NONE);
		assert_true(stage.stray);
	}
	stage.stray = false;
	respond_with(&real, "BYE", 200, "t", "");
	assert_true(stage.stray);
	stage.stray = false;
	respond_with(&real, "CANCEL", 200, "t", "");
	assert_true(stage.stray);
	assert_int_equal(stage.sent_count, 1);
	assert_int_equal(stage.told_count, 0);
	assert_int_equal(respond(&real, 200).kind, NEWS_FINAL);
	assert_false(stage.stray);
}

static void
t_match_branch_of_a_response_in_any_case(void **state)
{
	struct asked a = ask("INVITE", &udp);

	(void)state;
	for (size_t i = 0; a.branch[i] != '\0'; i++)
		a.branch[i] = char_lower(a.branch[i]);
	assert_int_equal(respond(&a, 180).kind, NEWS_PROVISIONAL);
	txn_cancel(&stage.txns, a.ref, STR_NONE, stage.now, &stage.out);
	carry();
	assert_int_equal(respond_with(&a, "CANCEL", 200, "t", "").kind, NEWS_FINAL);
	respond(&a, 487);
}

static void
t_2via_more_than_one_via_is_dropped(void **state)
{
	struct asked a = ask("INVITE", &udp);
	struct heard h;

	(void)state;
	respond_with(&a, "INVITE", 200, "t", "Via: SIP/2.0/UDP evil;branch=z9hG4bKe\r\n");
	assert_true(stage.stray);
	heard_open(&h,
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=%s, SIP/2.0/UDP below;branch=z9hG4bKb\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
		"Call-ID: call-1\r\nCSeq: 7 INVITE\r\n\r\n",
		a.branch);
	stage.stray = false;
	note(txns_hear_response(&stage.txns, &h.msg, stage.now, &stage.out, &stage.stray));
	heard_close(&h);
	assert_true(stage.stray);
	assert_int_equal(stage.told_count, 0);
	pass_until(600);
	SENT_AT(0, "INVITE ", 0, 500);
}

/* rows: R3261-18.1.2-a */
static void
t_stray_a_via_that_is_not_ours(void **state)
{
	static const char *const vias[] = {
		"SIP/2.0/UDP 192.0.2.2:5060",
		"SIP/2.0/UDP 192.0.2.1:5061",
		"SIP/2.0/UDP 192.0.2.1",
		"SIP/2.0/TCP 192.0.2.1:5060",
	};
	struct asked a = ask("BYE", &udp);

	(void)state;
	for (unsigned i = 0; i < sizeof vias / sizeof vias[0]; i++) {
		struct heard h;

		heard_open(&h,
			"SIP/2.0 200 OK\r\nVia: %s;branch=%s\r\n"
			"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
			"Call-ID: call-1\r\nCSeq: 7 BYE\r\n\r\n",
			vias[i], a.branch);
		stage.stray = false;
		note(txns_hear_response(&stage.txns, &h.msg, stage.now, &stage.out, &stage.stray));
		heard_close(&h);
		assert_true(stage.stray);
	}
	assert_int_equal(stage.told_count, 0);
}

static void
what_left_over_tls_is_not_answered_in_the_clear(void **state)
{
	const struct txn_way tcp = { { 5 }, tls.addr, true, false };
	const struct txn_way other_tls = { { 6 }, tls.addr, true, true };
	struct asked a = ask("BYE", &tls);
	struct asked clear = ask("BYE", &udp);
	struct heard h;

	(void)state;
	heard_open(&h,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
		"Call-ID: call-1\r\nCSeq: 7 BYE\r\n\r\n",
		clear.branch);
	assert_true(txns_may_come_by(&stage.txns, &h.msg, &udp));
	assert_false(txns_may_come_by(&stage.txns, &h.msg, &tcp));
	heard_close(&h);
	respond(&clear, 200);
	heard_open(&h,
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 192.0.2.1:5060;branch=%s\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
		"Call-ID: call-1\r\nCSeq: 7 BYE\r\n\r\n",
		a.branch);
	assert_true(txns_may_come_by(&stage.txns, &h.msg, &tls));
	assert_true(txns_may_come_by(&stage.txns, &h.msg, &other_tls));
	assert_false(txns_may_come_by(&stage.txns, &h.msg, &tcp));
	assert_false(txns_may_come_by(&stage.txns, &h.msg, &udp));
	respond(&a, 200);
	pass_until(0);                                            /* a K of zero */
	assert_true(txns_may_come_by(&stage.txns, &h.msg, &udp)); /* it is stray anyway */
	heard_close(&h);
}

/* ---- the table ---- */

static void
full_table_gives_no_transaction(void **state)
{
	struct ref refs[STAGE_TXNS];
	struct str branch;

	(void)state;
	for (unsigned i = 0; i < STAGE_TXNS; i++) {
		refs[i] = txn_reserve(&stage.txns, leg, &branch);
		assert_false(ref_is_none(refs[i]));
	}
	assert_int_equal(txns_left(&stage.txns), 0);
	assert_true(ref_is_none(txn_reserve(&stage.txns, leg, &branch)));
	assert_true(ref_is_none(serve("INVITE", &udp)));
	txn_drop(&stage.txns, refs[0]);
	txn_drop(&stage.txns, refs[0]); /* once is enough */
	assert_int_equal(txns_left(&stage.txns), 1);
	for (unsigned i = 1; i < STAGE_TXNS; i++)
		txn_disown(&stage.txns, refs[i]); /* never sent: gone at once */
	assert_int_equal(txns_count(&stage.txns), 0);
}

static void
branches_are_made_as_they_should_be(void **state)
{
	char text[BRANCH_BYTES];
	struct buf b = buf_on(text, sizeof text);
	struct str one = STR_NONE, two = STR_NONE;
	struct ref first = txn_reserve(&stage.txns, leg, &one);
	struct ref second = txn_reserve(&stage.txns, leg, &two);

	(void)state;
	assert_true(str_begins(one, STR("z9hG4bK")) && str_begins(two, STR("z9hG4bK")));
	assert_int_equal(one.at[7 + 36], '-');
	assert_false(str_same(str_upto(one, 43), str_upto(two, 43)));
	txns_write_branch(&stage.txns, &b);
	assert_true(buf_ok(&b));
	assert_true(str_begins(buf_str(&b), STR("z9hG4bK")));
	assert_int_equal(buf_str(&b).at[43], '-');
	txn_drop(&stage.txns, first);
	txn_drop(&stage.txns, second);
}

static void
refs_of_what_is_over_meet_nobody(void **state)
{
	struct asked a = ask("BYE", &tls);
	struct ref served = serve("BYE", &tls);

	(void)state;
	respond(&a, 200);
	answer(served, 200);
	pass_until(0);
	assert_int_equal(txns_count(&stage.txns), 0);
	txn_cancel(&stage.txns, a.ref, STR_NONE, stage.now, &stage.out);
	txn_disown(&stage.txns, a.ref);
	txn_disown(&stage.txns, served);
	txn_drop(&stage.txns, a.ref);
	assert_false(answer(served, 200));
	assert_true(str_is_empty(txn_request_text(&stage.txns, a.ref)));
	assert_true(str_is_empty(txn_request_text(&stage.txns, REF_NONE)));
}

static void
request_text_is_that_of_a_client_transaction(void **state)
{
	struct asked a = ask("INFO", &udp);
	struct ref served = serve("INFO", &udp);
	struct str branch;
	struct ref reserved = txn_reserve(&stage.txns, leg, &branch);

	(void)state;
	answer(served, 200);
	assert_true(str_same(txn_request_text(&stage.txns, a.ref), str_cstr(stage.sent[0].text)));
	assert_true(str_is_empty(txn_request_text(&stage.txns, served)));
	assert_true(str_is_empty(txn_request_text(&stage.txns, reserved)));
	txn_drop(&stage.txns, reserved);
}

static void
timers_follow_t1(void **state)
{
	struct asked a;

	(void)state;
	stage.txns.timers = (struct txn_timers){ 20, 160, 200 };
	a = ask("BYE", &udp);
	pass_until(2000);
	assert_int_equal(stage.sent[1].at_ms, 20);
	assert_int_equal(stage.sent[2].at_ms, 60);
	assert_told(0, NEWS_TIMEOUT, 1280, a.ref);
}

static void
messages_of_the_largest_size_are_kept(void **state)
{
	static char text[WRITE_BYTES_MAX];
	struct ref ref = serve("OPTIONS", &udp);
	struct heard h;

	(void)state;
	memset(text, 'x', sizeof text);
	assert_true(txn_answer(&stage.txns, ref, 200,
		out_keep(&stage.out, str_of(text, sizeof text)), stage.now, &stage.out));
	out_clear(&stage.out);
	request_open(&h, "OPTIONS", VIA_1, 1, "");
	assert_int_equal(
		txns_hear_request(&stage.txns, &h.msg, &udp, stage.now, &stage.out), HEARD_REPEAT);
	heard_close(&h);
	assert_int_equal(stage.out.count, 1);
	assert_int_equal(stage.out.acts[0].u.send.bytes.len, sizeof text);
	assert_memory_equal(stage.out.acts[0].u.send.bytes.at, text, sizeof text);
	out_clear(&stage.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(t_match_branch_sent_by_and_method),
		STAGED(t_match_sent_by_is_a_name_of_any_case),
		STAGED(t_match_same_branch_of_two_is_two_transactions),
		STAGED(t_match_rfc_2543_without_the_cookie),
		STAGED(t_merge_other_path_is_merged_while_it_is_answered),
		STAGED(t_merge_the_482_is_a_transaction_of_its_own),
		STAGED(t_merge_after_a_refusal_it_is_a_new_try),
		STAGED(a_repeat_by_another_flow_moves_the_way),
		STAGED(a_way_never_moves_away_from_tls),
		STAGED(c_481_branch_and_sent_by_decide),
		STAGED(c_late_cancel_after_the_final_answer),
		STAGED(c_nit_cancel_of_another_method_has_no_effect),
		STAGED(c_481_a_cancel_alone_means_nothing),
		STAGED(c_rfc_2543_cancel_finds_its_invite),
		STAGED(t_stray_unmatched_responses_are_dropped),
		STAGED(t_match_branch_of_a_response_in_any_case),
		STAGED(t_2via_more_than_one_via_is_dropped),
		STAGED(t_stray_a_via_that_is_not_ours),
		STAGED(what_left_over_tls_is_not_answered_in_the_clear),
		STAGED(full_table_gives_no_transaction),
		STAGED(branches_are_made_as_they_should_be),
		STAGED(refs_of_what_is_over_meet_nobody),
		STAGED(request_text_is_that_of_a_client_transaction),
		STAGED(timers_follow_t1),
		STAGED(messages_of_the_largest_size_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
