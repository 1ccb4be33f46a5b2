/* SPDX-License-Identifier: Apache-2.0 */
/* B1, B2, B5, B7, B11 to B13: each trace has one fault, but for those of a challenge, which show
 * what is none, too. */
#include <string.h>

#include "bed.h"

static void
test_b1_left_over(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	b.counts.legs = 1;
	b.counts.calls = 1;
	over(&b);
	broken(&b, "B1");
	bed_close(&b);
}

static void
test_b2_other_leg_goes_on(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	a_bye(&b);
	pass(&b, 32000);
	fine(&b);
	pass(&b, 2000);
	broken(&b, "B2");
	bed_close(&b);
}

static void
test_b2_callee_rings_on(void **state)
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
	pass(&b, 40000);
	broken(&b, "B2");
	bed_close(&b);
}

/* B wants to know who we are. It is asked anew, rings, and its challenge comes once more. */
static void
challenged(struct bed *b)
{
	bed_open(b);
	a_invite(b);
	a_gets(b, "100 Trying");
	b_invite(b);
	pass(b, 20);
	b_says(b, "401 Unauthorized");
	b_ack_refusal(b);
	out(b, B, "INVITE sip:5000@192.0.2.50:5070", "b6", "ours-to-b-1", B_ID, "2 INVITE",
		"Contact: <sip:alice@192.0.2.1:5060>\r\nSubject: call-7\r\n" UUID, SDP);
	pass(b, 20);
	in(b, B, "180 Ringing", "b6", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", B_CONTACT, "");
	a_gets(b, "180 Ringing");
	b_says(b, "401 Unauthorized");
	b_ack_refusal(b);
}

static void
test_b2_challenge_again_is_no_end(void **state)
{
	struct bed b;

	(void)state;
	challenged(&b);
	pass(&b, 3000);
	in(&b, B, "200 OK", "b6", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", B_CONTACT, ANSWER);
	out(&b, B, "ACK sip:bob@192.0.2.50:5070", "b7", "ours-to-b-1;tag-of-b", B_ID, "2 ACK", "",
		"");
	a_gets(&b, "200 OK");
	pass(&b, 30);
	a_ack(&b);
	pass(&b, 60000);
	fine(&b);
	bed_close(&b);
}

/* The time runs from the refusal, not from the challenge. */
static void
test_b2_refused_behind_a_challenge(void **state)
{
	struct bed b;

	(void)state;
	challenged(&b);
	pass(&b, 30000);
	in(&b, B, "486 Busy Here", "b6", "ours-to-b-1;tag-of-b", B_ID, "2 INVITE", "", "");
	out(&b, B, "ACK sip:5000@192.0.2.50:5070", "b6", "ours-to-b-1;tag-of-b", B_ID, "2 ACK", "",
		"");
	pass(&b, 5000);
	fine(&b);
	pass(&b, 27000);
	fine(&b);
	pass(&b, 2000);
	broken(&b, "B2");
	bed_close(&b);
}

static void
test_b5_nobody_answered(void **state)
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
	fine(&b);
	a_gets(&b, "200 OK");
	broken(&b, "B5");
	bed_close(&b);
}

static void
test_b7_call_id_shown(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\nX-From: " A_ID "\r\n", SDP);
	broken(&b, "B7");
	bed_close(&b);
}

static void
test_b7_one_call_id(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", A_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\n", SDP);
	broken(&b, "B7");
	bed_close(&b);
}

static void
test_b7_address_shown(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		"Contact: <sip:a@192.0.2.9:5060>\r\nSubject: call-7\r\n", SDP);
	broken(&b, "B7");
	bed_close(&b);
}

static void
test_b7_malformed(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	out(&b, B, "BYE sip:bob@192.0.2.50:5070", "!nocookie1", "ours-to-b-1;tag-of-b", B_ID,
		"2 BYE", "", "");
	broken(&b, "B7");
	bed_close(&b);
}

static void
test_b11_hops(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	in(&b, A, "INVITE sip:5000@example.com", "a1", "tag-of-a-1", A_ID, "1 INVITE",
		A_CONTACT "Subject: call-7\r\n", SDP);
	b.hops = "70";
	b_invite(&b);
	broken(&b, "B11");
	bed_close(&b);
}

static void
test_b12_two_ends(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	ended(&b);
	fine(&b);
	note(&b, "call UUID7 over: status 200, again");
	broken(&b, "B12");
	bed_close(&b);
}

static void
test_b12_no_end(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	a_bye(&b);
	b_bye(&b);
	over(&b);
	broken(&b, "B12");
	bed_close(&b);
}

#define RECORD(start, answer, code, end)                                                       \
	"{\"call\":\"UUID7\",\"start\":\"" start "\",\"answer\":" answer ",\"sip_code\":" code \
	",\"end\":\"" end "\"}"

static void
record(struct bed *b, const char *json)
{
	check_record(b->check, json, strlen(json));
}

static void
test_b12_one_record(void **state)
{
	const char *json = RECORD(
		"2026-01-01T00:00:00Z", "\"2026-01-01T00:00:03Z\"", "200", "2026-01-01T00:00:08Z");
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	ended(&b);
	record(&b, json);
	fine(&b);
	record(&b, json);
	broken(&b, "B12");
	bed_close(&b);
}

static void
test_b12_wrong_records(void **state)
{
	static const char *const wrong[] = {
		RECORD("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:03Z\"", "480",
			"2026-01-01T00:00:08Z"),
		RECORD("2026-01-01T00:00:00Z", "null", "200", "2026-01-01T00:00:08Z"),
		RECORD("2026-01-01T00:00:09Z", "\"2026-01-01T00:00:09Z\"", "200",
			"2026-01-01T00:00:08Z"),
		RECORD("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:09Z\"", "200",
			"2026-01-01T00:00:08Z"),
		RECORD("", "\"2026-01-01T00:00:09Z\"", "200", "2026-01-01T00:00:08Z"),
	};
	struct bed b;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		bed_open(&b);
		answered(&b);
		ended(&b);
		record(&b, wrong[i]);
		broken(&b, "B12");
		bed_close(&b);
	}
}

/* It comes with the line that the call is over, not before. */
static void
test_b12_record_before_the_end(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	record(&b,
		RECORD("2026-01-01T00:00:00Z", "\"2026-01-01T00:00:03Z\"", "200",
			"2026-01-01T00:00:08Z"));
	broken(&b, "B12");
	bed_close(&b);
}

static void
test_b12_wrong_status(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	answered(&b);
	a_bye(&b);
	b_bye(&b);
	note(&b, "call UUID7 over: status 486");
	broken(&b, "B12");
	bed_close(&b);
}

static void
test_b13_other_body(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\n", ANSWER);
	broken(&b, "B13");
	bed_close(&b);
}

static void
test_b13_body_lost(void **state)
{
	struct bed b;

	(void)state;
	bed_open(&b);
	a_invite(&b);
	out(&b, B, "INVITE sip:5000@192.0.2.50:5070", "b1", "ours-to-b-1", B_ID, "1 INVITE",
		OUR_CONTACT "Subject: call-7\r\n", "");
	broken(&b, "B13");
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_b1_left_over),
		cmocka_unit_test(test_b2_other_leg_goes_on),
		cmocka_unit_test(test_b2_callee_rings_on),
		cmocka_unit_test(test_b2_challenge_again_is_no_end),
		cmocka_unit_test(test_b2_refused_behind_a_challenge),
		cmocka_unit_test(test_b5_nobody_answered),
		cmocka_unit_test(test_b7_call_id_shown),
		cmocka_unit_test(test_b7_one_call_id),
		cmocka_unit_test(test_b7_address_shown),
		cmocka_unit_test(test_b7_malformed),
		cmocka_unit_test(test_b11_hops),
		cmocka_unit_test(test_b12_two_ends),
		cmocka_unit_test(test_b12_no_end),
		cmocka_unit_test(test_b12_wrong_status),
		cmocka_unit_test(test_b12_one_record),
		cmocka_unit_test(test_b12_wrong_records),
		cmocka_unit_test(test_b12_record_before_the_end),
		cmocka_unit_test(test_b13_other_body),
		cmocka_unit_test(test_b13_body_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
