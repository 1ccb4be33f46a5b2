/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call was as it was, and who could be made strict. */
#include "core/explain.h"
#include "core/explain_kit.h"

static void
test_why_knows_what_was(void **state)
{
	char id[40];

	(void)state;
	open_stage(MODE_STRICT, false);
	phone_invite(&alice, "6001", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 ");
	phone_ack_refusal(&alice);
	assert_true(stage_noted(&stage, "the device always speaks sips"));
	snprintf(id, sizeof id, "%.32s", text_behind(stage.notes, ": call "));
	question(ASK_WHY, id, "");
	assert_int_equal(answer.told, TOLD_ALL);
	has("\"state\":\"refused\",\"from\":\"1001\",\"to\":\"6001\",\"dn\":\"6001\"");
	has("\"sip_code\":480");
	has("{\"mode\":\"strict\",\"in_force\":true,\"outcome\":\"refused\",\"status\":480,\"warning\":381,"
	    "\"rule\":\"RFC 5630 5.1.2\"");
	has("{\"mode\":\"per-leg\",\"in_force\":false,\"outcome\":\"sips over TLS\"");
	/* its end is enough, its beginning is everybody's */
	question(ASK_WHY, id + 26, "");
	assert_int_equal(answer.told, TOLD_ALL);
	phone_invite(&alice, "4711", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	id[26] = '\0';
	question(ASK_WHY, id, "");
	assert_int_equal(answer.told, TOLD_NONE);
	question(ASK_WHY, "", "");
	assert_int_equal(answer.told, TOLD_NONE);
	close_stage();
}

/* sips in clear is refused before anybody was looked for, and that is told too. */
static void
test_why_of_sips_in_clear(void **state)
{
	char id[40];

	(void)state;
	open_stage(MODE_PER_LEG, false);
	stage.tap.may_echo_sips = true;
	phone_ask(&alice, "INVITE", "sips:6001@example.com",
		"Contact: <sips:1001@192.0.2.10:30000>\r\n", "");
	stage_forget_sent(&stage); /* a 400 that repeats the sips of its To */
	snprintf(id, sizeof id, "%.32s", text_behind(stage.notes, ": call "));
	question(ASK_WHY, id, "");
	has("\"caller_speaks\":\"sips in clear\"");
	has("{\"mode\":\"per-leg\",\"in_force\":true,\"outcome\":\"refused\",\"status\":400,"
	    "\"rule\":\"RFC 3261 26.2.2\"");
	has("\"legs\":[]");
	close_stage();
}

static void
test_who_could_be_strict(void **state)
{
	(void)state;
	open_stage(MODE_OBSERVE, true);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	question(ASK_PAIRS, "", "");
	assert_string_equal(page, "\"items\":[]");
	phones_talk(&alice, &bob, "5000");
	phones_part(&alice, &bob);
	assert_true(stage_noted(&stage, "observe: strict would refuse the call from 1001 to 5000"));
	phone_close(&bob);
	device_open(&bob, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phones_talk(&alice, &bob, "6001");
	phones_part(&alice, &bob);
	phone_close(&bob);
	question(ASK_PAIRS, "", "");
	has("{\"from\":\"1001\",\"to\":\"5000\",\"calls\":1,\"down\":1,\"up\":0,\"refused\":0,"
	    "\"strict_would_refuse\":1,");
	has("{\"from\":\"1001\",\"to\":\"6001\",\"calls\":1,\"down\":0,\"up\":0,\"refused\":0,"
	    "\"strict_would_refuse\":0,");
	question(ASK_PAIRS, "5000", "");
	assert_null(strstr(page, "6001"));
	question(ASK_TALLIES, "", "");
	has("{\"number\":\"6001\",\"crossing\":\"observe\",\"calls\":1,\"refused\":0,\"strict_would_refuse\":0,"
	    "\"could_be_strict\":\"yes\"");
	has("{\"number\":\"5000\",\"crossing\":\"observe\",\"calls\":1,\"refused\":0,\"strict_would_refuse\":1,"
	    "\"could_be_strict\":\"no\"");
	question(ASK_TALLIES, "1001", "");
	has("\"could_be_strict\":\"no\"");
	assert_null(strstr(page, "5000"));
	close_stage();
}

/* A device that answers sips with a sip Contact: strict would not have lived with it. */
static void
test_a_fallback_counts(void **state)
{
	(void)state;
	open_stage(MODE_OBSERVE, true);
	device_open(&bob, &stage, "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true);
	phone_invite(&alice, "6001", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	bob.is_sips = false; /* what it says from here on names sip */
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(stage_noted(&stage, "the device answered sips with a sip Contact"));
	question(ASK_TALLIES, "6001", "");
	has("\"strict_would_refuse\":1,\"could_be_strict\":\"no\"");
	stage_forget_sent(&stage);
	phone_close(&bob);
	close_stage();
}

/* The call that the log told of last, as it is asked for. */
static const char *
last_call(void)
{
	static char id[40];

	snprintf(id, sizeof id, "%.32s", text_behind(stage.notes, "call "));
	return id;
}

/* A call that was: which way it crossed, and how it was known who was called. */
static void
test_why_of_each_callee(void **state)
{
	static const struct {
		const char *number, *crossing, *to;
	} calls[] = {
		{ "6001", "\"crossing\":\"up\"",
			"TLS to 192.0.2.61:5061, proven to be 192.0.2.61\"" },
		{ "5000", "\"crossing\":\"none\"", "UDP to 192.0.2.50:5070\"" },
		{ "7000", "\"crossing\":\"none\"", "UDP to 192.0.2.70:40000, as it registered\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		open_stage(MODE_PER_LEG, false);
		for (size_t j = 0; j < sizeof callees / sizeof callees[0]; j++)
			if (strcmp(callees[j].number, calls[i].number) == 0) {
				callee_open(&bob, &callees[j]);
				break;
			}
		stage_forget_notes(&stage);
		phones_talk(&alice, &bob, calls[i].number);
		question(ASK_WHY, last_call(), "");
		has("\"state\":\"going on\"");
		has(calls[i].crossing);
		has(calls[i].to);
		phones_part(&alice, &bob);
		question(ASK_WHY, last_call(), "");
		has("\"state\":\"over\"");
		phone_close(&bob);
		close_stage();
	}
}

/* What its own DN has against the caller holds in each mode, whoever is called. */
static void
test_why_of_the_callers_own_dn(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "1001", .contact = "sip:192.0.2.10", .sips = SIPS_REQUIRED },
		{ .number = "5000", .contact = "sip:192.0.2.50:5070", .crossing = MODE_STRICT },
	};
	struct stage_options o = { .dns = own, .dn_count = 2 };

	(void)state;
	stage_open(&stage, &o);
	device_open(&alice, &stage, "1001", "192.0.2.10", 5060, TRANSPORT_UDP, false);
	phone_invite(&alice, "5000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&alice, "SIP/2.0 480 ");
	phone_ack_refusal(&alice);
	question(ASK_WHY, last_call(), "");
	has("\"state\":\"refused\",\"from\":\"1001\",\"to\":\"5000\"");
	has("{\"mode\":\"per-leg\",\"in_force\":false,\"outcome\":\"refused\",\"status\":480,\"warning\":381,"
	    "\"rule\":\"sips: required\"");
	has("{\"mode\":\"strict\",\"in_force\":true,\"outcome\":\"refused\",\"status\":480,\"warning\":381,"
	    "\"rule\":\"sips: required\"");
	question(ASK_PAIRS, "", "");
	has("{\"from\":\"1001\",\"to\":\"5000\",\"calls\":0,\"down\":0,\"up\":0,\"refused\":1,");
	question(ASK_TALLIES, "5000", "");
	has("\"could_be_strict\":\"is strict\"");
	question(ASK_TALLIES, "1001", "");
	has("\"calls\":0,\"refused\":1,\"strict_would_refuse\":0,\"could_be_strict\":\"unknown\"");
	close_stage();
}

/* What each mode makes of a verdict, as far as it came. */
static void
test_modes_of_a_verdict(void **state)
{
	static const struct {
		struct verdict v;
		const char *part;
	} cases[] = {
		{ { .is_set = true, .from = FROM_MIXED },
			"{\"mode\":\"strict\",\"in_force\":false,\"outcome\":\"refused\",\"status\":400,"
			"\"rule\":\"RFC 5630 5.1.2\"" },
		{ { .is_set = false, .from = FROM_MIXED }, "\"modes\":[]" },
		{ { .is_set = true, .from = FROM_SIP }, "\"modes\":[]" },
		{ { .is_set = true, .from = FROM_SIP, .says = SAYS_SIPS },
			"\"modes\":[{\"mode\":\"strict\",\"in_force\":false,\"outcome\":\"refused\","
			"\"status\":480,\"warning\":381," },
		{ { .is_set = true,
			  .from = FROM_SIP,
			  .says = SAYS_SIPS,
			  .is_known = true,
			  .known = KNOWN_PLAIN },
			"\"modes\":[{\"mode\":\"per-leg\",\"in_force\":true,\"outcome\":\"sip\","
			"\"rule\":\"RFC 3261 16.5\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = buf_on(page, sizeof page - 1);
		struct json j = json_on(&b);

		explain_modes(&j, &cases[i].v);
		assert_true(buf_ok(&b));
		page[b.used] = '\0';
		has(cases[i].part);
	}
}

/* Who registered over TLS did not have to prove a name. */
static void
test_why_of_a_callee_over_tls(void **state)
{
	(void)state;
	open_stage(MODE_PER_LEG, true);
	callee_open(&bob, &callees[8]);
	stage_forget_notes(&stage);
	phones_talk(&alice, &bob, "7000");
	question(ASK_WHY, last_call(), "");
	has("TLS to 192.0.2.70:40000, as it registered\"");
	phones_part(&alice, &bob);
	phone_close(&bob);
	close_stage();
}

/* A page that has no room for one more tells where to go on; who is in no directory any more has
 * no mode; and when some were not counted, nobody is safe. */
static void
test_pages_of_crossings(void **state)
{
	static const enum ask_what lists[] = { ASK_PAIRS, ASK_TALLIES };
	static const struct stage_dn later[] = { { .number = "1001", .contact = "*" } };
	struct stage_options o = { .dns = later, .dn_count = 1 };

	(void)state;
	open_stage(MODE_PER_LEG, false);
	device_open(&bob, &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	phones_talk(&alice, &bob, "5000");
	phones_part(&alice, &bob);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct ask asked = { .what = lists[i], .name = STR(""), .other = STR("") };
		char text[64];
		struct buf b = buf_on(text, sizeof text);
		struct json j = json_on(&b);

		answer = core_ask(stage.core, &asked, stage.now, &j);
		assert_int_equal(answer.told, TOLD_MORE);
		assert_int_equal(answer.next, 0);
		assert_true(str_same(buf_str(&b), STR("\"items\":[]")));
	}
	question(ASK_PAIRS, "1001", "");
	has("{\"from\":\"1001\",\"to\":\"5000\",\"calls\":1,");
	question(ASK_TALLIES, "5000", "");
	has("\"crossing\":\"per-leg\",\"calls\":1,");
	has("\"could_be_strict\":\"yes\"");
	stage.core->pairs.others.strict = 1;
	question(ASK_TALLIES, "5000", "");
	has("\"could_be_strict\":\"unknown\"");
	stage.core->pairs.others.strict = 0;
	stage_reload(&stage, &o);
	question(ASK_TALLIES, "5000", "");
	has("{\"number\":\"5000\",\"crossing\":\"\",\"calls\":1,");
	has("\"could_be_strict\":\"yes\"");
	phone_close(&bob);
	close_stage();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_why_knows_what_was),
		cmocka_unit_test(test_why_of_sips_in_clear),
		cmocka_unit_test(test_who_could_be_strict),
		cmocka_unit_test(test_a_fallback_counts),
		cmocka_unit_test(test_why_of_each_callee),
		cmocka_unit_test(test_why_of_the_callers_own_dn),
		cmocka_unit_test(test_modes_of_a_verdict),
		cmocka_unit_test(test_why_of_a_callee_over_tls),
		cmocka_unit_test(test_pages_of_crossings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
