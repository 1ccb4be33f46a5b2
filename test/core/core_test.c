/* SPDX-License-Identifier: Apache-2.0 */
/* The conductor: calls that go wrong, drain, a new directory, memory, and the same again. */
#include "core/kit.h"

static int
open_stage(void **state)
{
	stage_open(&stage, &options);
	*state = &stage;
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	memset(&alice, 0, sizeof alice);
	memset(&bob, 0, sizeof bob);
	stage_close(&stage);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

/* ---- what goes wrong inside a call -------------------------------------------------------- */

static void
open_both(enum transport caller, bool caller_is_sips, const struct callee *callee)
{
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, caller, caller_is_sips);
	callee_open(&bob, callee);
}

static const struct callee *
callee_of(const char *number)
{
	for (size_t i = 0; i < sizeof callees / sizeof callees[0]; i++)
		if (strcmp(callees[i].number, number) == 0)
			return &callees[i];
	fail();
	return NULL;
}

/* RFC 3261 13.3.1.4: the 2xx comes again on every transport; then both sides are hung up. */
static void
test_no_ack(void **state)
{
	unsigned copies = 0;

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5000"));
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	for (int64_t waited_ms = 0; waited_ms < 64 * STAGE_T1_MS - 1; waited_ms += 100) {
		while (stage_take(&stage, TRANSPORT_TLS, &alice.at) != NULL)
			copies++;
		stage_pass_ms(&stage, 100);
	}
	assert_int_equal(copies, 11); /* 0 .5 1.5 3.5 7.5 11.5 .. 31.5 s */
	phone_hear(&alice, "BYE sips:");
	phone_hear(&bob, "BYE sip:");
	phone_reply(&bob, 200, NULL, NULL);
	phone_reply(&alice, 200, NULL, NULL);
	expect_empty(&stage);
}

static void
test_answer_repeats(void **state)
{
	(void)state;
	open_both(TRANSPORT_UDP, false, callee_of("5000"));
	phones_talk(&alice, &bob, "5000");
	for (int i = 0; i < 3; i++) {
		phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv")); /* our ACK was lost */
		phone_hear(&bob, "ACK ");
		expect_quiet(&stage);
	}
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* A second 2xx of another fork gets its ACK and its BYE. */
static void
test_fork_answers_too(void **state)
{
	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("6001"));
	phones_talk(&alice, &bob, "6001");
	snprintf(bob.tag, sizeof bob.tag, "another");
	phone_answer(&bob, 200, NULL, SDP("fork", "sendrecv"));
	phone_hear(&bob, "ACK ");
	assert_true(phone_heard(&bob, "tag=another"));
	phone_hear(&bob, "BYE ");
	assert_true(phone_heard(&bob, "tag=another"));
	phone_reply(&bob, 200, NULL, NULL);
	expect_quiet(&stage);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

/* Both hang up at once. */
static void
test_byes_cross(void **state)
{
	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5001"));
	phones_talk(&alice, &bob, "5001");
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_request(&bob, "BYE", NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_hear(&bob, "SIP/2.0 200 ");
	phone_reply(&bob, 481, NULL, NULL);
	expect_empty(&stage);
}

/* A sips leg whose connection is gone is dialled anew, with a name, and never told in clear. */
/* rows: R5922-N-reconnect R3261-8.1.2-a */
static void
test_connection_lost_in_a_call(void **state)
{
	struct addr listening;

	(void)state;
	open_both(TRANSPORT_UDP, false, callee_of("6001"));
	phones_talk(&alice, &bob, "6001");
	stage_over(&stage, bob.flow);
	expect_quiet(&stage);
	listening = bob.at;
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	expect_send(&stage, TRANSPORT_TLS, &listening, "BYE sips:");
	assert_int_equal(stage.dials, 2);
	assert_string_equal(stage_flow_to(&stage, TRANSPORT_TLS, &listening)->name, "192.0.2.61");
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	expect_empty(&stage);
}

/* A peer that says in its 200 that it is now to be found in clear is not believed. */
/* rows: R3261-12.2.1.1-c */
static void
test_contact_in_clear(void **state)
{
	struct addr there = stage_addr("192.0.2.66", 5060);

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("6001"));
	phone_invite(&alice, "6001", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	phone_answer(&bob, 200, "Record-Route: <sip:192.0.2.66;transport=udp;lr>\r\n",
		SDP("callee", "sendrecv"));
	assert_null(stage_take(&stage, TRANSPORT_UDP, &there));
	while (stage_take(&stage, TRANSPORT_TLS, &alice.at) != NULL)
		continue;
	while (stage_take(&stage, TRANSPORT_TLS, &bob.at) != NULL)
		continue;
	for (int i = 0; i < 20; i++) {
		stage_pass_ms(&stage, 10 * 1000);
		while (stage_take(&stage, TRANSPORT_TLS, &alice.at) != NULL)
			continue;
		while (stage_take(&stage, TRANSPORT_TLS, &bob.at) != NULL)
			continue;
	}
	assert_null(stage_take(&stage, TRANSPORT_UDP, &there));
}

/* ---- drain -------------------------------------------------------------------------------- */

static void
test_drain(void **state)
{
	struct phone late, waiting;

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5000"));
	phones_talk(&alice, &bob, "5000");
	phone_open(&late, &stage, "1002", "192.0.2.11", 30000, TRANSPORT_UDP, false);
	device_open(&waiting, &stage, "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false);
	phones_ring(&late, &waiting, "5001");
	stage_drain(&stage);
	/* What is up is hung up, what rings is refused and cancelled. */
	phone_hear(&alice, "BYE ");
	phone_reply(&alice, 200, NULL, NULL);
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&late, "SIP/2.0 503 ");
	phone_ack_refusal(&late);
	phone_hear(&waiting, "CANCEL ");
	phone_reply(&waiting, 200, NULL, NULL);
	phone_answer(&waiting, 487, NULL, NULL);
	phone_hear(&waiting, "ACK ");
	/* Nothing new. */
	phone_invite(&late, "5000", NULL, NULL);
	phone_hear(&late, "SIP/2.0 503 ");
	assert_true(phone_heard(&late, "Retry-After: "));
	phone_ack_refusal(&late);
	phone_ask(&late, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&late, "SIP/2.0 503 ");
	assert_true(core_deadline_ms(stage.core) > stage.now.mono_ms);
	expect_empty(&stage);
	phone_close(&late);
	phone_close(&waiting);
}

/* More calls than one turn has room for are hung up over several. */
static void
test_drain_of_many(void **state)
{
	enum { CALLS = 120 };
	static struct phone a[CALLS], b[CALLS];
	const struct stage_options wide = {
		.dns = dns, .dn_count = options.dn_count, .calls = CALLS
	};

	(void)state;
	stage_close(&stage);
	stage_open(&stage, &wide);
	for (unsigned i = 0; i < CALLS; i++) {
		phone_open(&a[i], &stage, "1001", "192.0.2.10", (uint16_t)(30000 + i),
			TRANSPORT_UDP, false);
		device_open(&b[i], &stage, "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false);
		phones_talk(&a[i], &b[i], "5000");
	}
	stage.ticks = 0;
	stage_drain(&stage);
	assert_true(stage.ticks > 1);
	for (unsigned i = 0; i < CALLS; i++) {
		phone_hear(&a[i], "BYE ");
		phone_reply(&a[i], 200, NULL, NULL);
		phone_hear(&b[i], "BYE ");
		phone_reply(&b[i], 200, NULL, NULL);
	}
	expect_empty(&stage);
	for (unsigned i = 0; i < CALLS; i++) {
		phone_close(&a[i]);
		phone_close(&b[i]);
	}
}

/* ---- a new directory ---------------------------------------------------------------------- */

static void
test_reload_drops_nothing(void **state)
{
	static const struct stage_dn fewer[] = { { .number = "1", .contact = "sip:192.0.2.99" } };
	const struct stage_options other = { .dns = fewer, .dn_count = 1 };

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5000"));
	phones_talk(&alice, &bob, "5000");
	stage_reload(&stage, &other);
	change(&alice, &bob, "sendonly");
	phones_part(&bob, &alice);
	phone_invite(&alice, "5000", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	expect_empty(&stage);
}

/* ---- the same again ----------------------------------------------------------------------- */

static uint64_t
play_for_hash(uint8_t seed)
{
	struct stage_options seeded = options;
	uint64_t hash;

	seeded.seed = seed;
	stage_open(&stage, &seeded);
	open_both(TRANSPORT_TLS, true, &callees[8]);
	play_held("7000");
	play_cancelled("7000");
	play_info("7000");
	expect_empty(&stage);
	hash = stage.hash;
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
	return hash;
}

static void
test_same_seed_same_octets(void **state)
{
	(void)state;
	assert_true(play_for_hash(1) == play_for_hash(1));
	assert_true(play_for_hash(2) == play_for_hash(2));
	assert_true(play_for_hash(1) != play_for_hash(2));
}

/* ---- memory and accounting ---------------------------------------------------------------- */

static void
test_too_little_memory(void **state)
{
	struct core_options small = { .directory = &stage.directory,
		.listeners = stage.listeners,
		.listener_count = 4,
		.calls_max = 1,
		.requests_max = 1,
		.flows_max = 1,
		.addresses_max = 1 };
	size_t needs = core_memory_bytes(&small);
	size_t used = needs > 4096 ? needs - 4096 : 0;

	(void)state;
	assert_true(stage.memory_bytes > needs);
	core_close(stage.core);
	assert_null(core_open(&small, stage.memory, used, stage.now));
	assert_null(core_open(&small, stage.memory, 1000, stage.now));
	assert_null(core_open(&small, stage.memory, 0, stage.now));
	stage_wipe(&stage);
	stage.core = core_open(&small, stage.memory, needs, stage.now);
	assert_non_null(stage.core);
}

static void
test_counts(void **state)
{
	struct counts counts;

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5001"));
	phones_talk(&alice, &bob, "5001");
	counts = stage_counts(&stage);
	assert_int_equal(counts.calls, 1);
	assert_int_equal(counts.legs, 2);
	assert_int_equal(counts.flows, 2);
	assert_int_equal(counts.answered_total, 1);
	assert_true(counts.transactions > 0 && counts.timers > 0);
	phones_part(&alice, &bob);
	expect_empty(&stage);
	assert_int_equal(stage_counts(&stage).flows, 2);
	assert_true(stage_noted(&stage, "crossing: "));
}

/* A machine that slept has much that is due: between some of it and the rest the host may read. */
static void
test_alarms_in_portions(void **state)
{
	enum { COUNT = 100 }; /* more than there is room for, which has an alarm each */
	struct addr from = stage_addr("192.0.2.66", 6000);
	uint64_t was;
	char text[512];

	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5000"));
	phones_talk(&alice, &bob, "5000");
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text,
			"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:6000;branch="
			"z9hG4bK-f%u\r\nFrom: <sip:e@x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: f%u\r\n"
			"CSeq: 1 OPTIONS\r\n\r\n",
			i, i);
		stage_datagram(&stage, &from, str_cstr(text));
	}
	stage_forget_sent(&stage);
	stage.now.mono_ms += 40 * 1000;
	was = stage_counts(&stage).alarms_total;
	stage.is_lazy = true;
	stage_tick(&stage);
	assert_int_equal(stage_counts(&stage).alarms_total - was, ALARMS_PER_EVENT_MAX);
	assert_true(core_deadline_ms(stage.core) <= stage.now.mono_ms);
	stage_tick(&stage);
	assert_true(stage_counts(&stage).alarms_total - was > ALARMS_PER_EVENT_MAX);
	assert_true(core_deadline_ms(stage.core) > stage.now.mono_ms);
	stage.is_lazy = false;
	stage_forget_sent(&stage);
}

/* A thousand calls leave nothing behind. */
static void
test_many_calls(void **state)
{
	(void)state;
	open_both(TRANSPORT_TLS, true, callee_of("5000"));
	for (int i = 0; i < 300; i++) {
		phones_talk(&alice, &bob, "5000");
		phones_part(i % 2 == 0 ? &alice : &bob, i % 2 == 0 ? &bob : &alice);
		stage_pass_ms(&stage, 10 * 1000);
	}
	assert_int_equal(stage_counts(&stage).answered_total, 300);
	expect_empty(&stage);
}

/* What is not said is as usual: then it takes more, and is as good. */
static void
test_options_left_out(void **state)
{
	const struct core_options usual = { .directory = &stage.directory,
		.listeners = stage.listeners,
		.listener_count = 2,
		.t2_ms = 4000,
		.t4_ms = 5000 };
	size_t needs = core_memory_bytes(&usual);

	(void)state;
	assert_true(needs > stage.memory_bytes);
	core_close(stage.core);
	assert_null(core_open(&usual, stage.memory, stage.memory_bytes, stage.now));
	stage_wipe(&stage);
}

/* Where nothing listens for TLS, sips is no scheme of ours (RFC 3261 8.2.2.1). */
static void
test_no_tls_no_sips(void **state)
{
	const struct core_options clear = { .directory = &stage.directory,
		.listeners = stage.listeners,
		.listener_count = 2,
		.t1_ms = STAGE_T1_MS,
		.t2_ms = 4000,
		.t4_ms = 5000,
		.calls_max = 1,
		.requests_max = 8,
		.flows_max = 1,
		.addresses_max = 1,
		.is_replay = true };
	struct str none;

	(void)state;
	core_close(stage.core);
	stage_wipe(&stage);
	stage.core = core_open(&clear, stage.memory, stage.memory_bytes, stage.now);
	assert_non_null(stage.core);
	core_tell(stage.core, STR(""));
	stage.tap.may_echo_sips = true;
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	phone_ask(&alice, "OPTIONS", "sips:example.com", NULL, NULL);
	expect_send(&stage, TRANSPORT_UDP, &alice.at, "SIP/2.0 416 ");
	phone_ask(&alice, "OPTIONS", "sip:example.com", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	none = core_verdicts(stage.core);
	assert_int_equal(none.len, 0);
	expect_empty(&stage);
}

/* ---- connections -------------------------------------------------------------------------- */

/* Who showed a certificate and says `alias` is called over its own connection; nobody else is. */
static void
test_alias(void **state)
{
	static const struct {
		const char *certificate, *number, *ip, *via;
		unsigned dials;
	} rows[] = {
		{ "192.0.2.62", "6002", "192.0.2.62", "192.0.2.62:5071;alias", 0 },
		{ "192.0.2.61", "6001", "192.0.2.61", "192.0.2.61;alias", 0 },
		{ "192.0.2.61", "6001", "192.0.2.61", "192.0.2.61", 1 },
		{ NULL, "6001", "192.0.2.61", "192.0.2.61;alias", 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (i > 0) {
			assert_int_equal(close_stage(state), 0);
			assert_int_equal(open_stage(state), 0);
		}
		stage.certificate = rows[i].certificate;
		phone_open(&bob, &stage, "6001", rows[i].ip, 41000, TRANSPORT_TLS, true);
		phone_say(&bob,
			"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TLS %s;branch=z9hG4bK-a\r\n"
			"From: <sip:a@example.net>;tag=1\r\nTo: <sip:example.com>\r\nCall-ID: a\r\n"
			"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			rows[i].via);
		phone_hear(&bob, "SIP/2.0 200 ");
		stage.certificate = NULL;
		phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TLS, true);
		phone_invite(&alice, rows[i].number, NULL, SDP("caller", "sendrecv"));
		phone_hear(&alice, "SIP/2.0 100 ");
		assert_int_equal(stage.dials, rows[i].dials);
		if (rows[i].dials == 0)
			phone_hear(&bob, "INVITE ");
		stage_forget_sent(&stage);
	}
}

/* Who answers the OPTIONS is in service, whatever the answer says of it. */
static void
test_a_ping_is_answered(void **state)
{
	static const struct stage_dn own[] = {
		{ .number = "5000",
			.contact = "sip:192.0.2.50:5070",
			.oos_check_s = 10,
			.oos_force_s = 2 },
	};
	const struct stage_options pinged = { .dns = own, .dn_count = 1 };

	(void)state;
	stage_close(&stage);
	stage_open(&stage, &pinged);
	callee_open(&bob, callee_of("5000"));
	stage_tick(&stage);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned s = 0; s < 20 && stage.sent_count == 0; s++)
			stage_pass_ms(&stage, 1000);
		phone_hear(&bob, "OPTIONS sip:192.0.2.50");
		snprintf(bob.tag, sizeof bob.tag, "p%u", i);
		phone_reply(&bob, i == 1 ? 404 : 200, NULL, NULL);
		stage_forget_sent(&stage);
		assert_int_equal(stage_counts(&stage).faults_total, 0);
		assert_int_equal(stage_counts(&stage).out_of_service, 0);
	}
	assert_false(stage_noted(&stage, "is out of service"));
	stage_forget_sent(&stage);
}

/* What is asked of our sips Contact has its scheme, where crossings are strict. */
static void
test_sip_in_a_strict_sips_dialog(void **state)
{
	struct stage_options strict = options;

	(void)state;
	strict.crossing = MODE_STRICT;
	stage_close(&stage);
	stage_open(&stage, &strict);
	open_both(TRANSPORT_TLS, true, callee_of("6001"));
	phones_talk(&alice, &bob, "6001");
	phone_request(&alice, "INFO", NULL, NULL);
	phone_hear(&bob, "INFO ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	for (unsigned i = 0; i < 2; i++) {
		const char *method = i == 0 ? "INFO" : "BYE";

		phone_say(&alice,
			"%s sip:6001@192.0.2.1:5061 SIP/2.0\r\nVia: SIP/2.0/TLS %s;branch=z9hG4bK-s%u\r\n"
			"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
			method, alice.host, i, alice.local, alice.remote, alice.call_id,
			++alice.cseq, method);
		phone_hear(&alice, "SIP/2.0 400 SIPS Dialog With SIP Request-URI");
		expect_quiet(&stage);
	}
	assert_int_equal(stage_counts(&stage).calls, 1);
	phones_part(&alice, &bob);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_seed_same_octets),
		TEST(test_no_ack),
		TEST(test_answer_repeats),
		TEST(test_fork_answers_too),
		TEST(test_byes_cross),
		TEST(test_connection_lost_in_a_call),
		TEST(test_contact_in_clear),
		TEST(test_drain),
		TEST(test_drain_of_many),
		TEST(test_reload_drops_nothing),
		TEST(test_too_little_memory),
		TEST(test_options_left_out),
		TEST(test_no_tls_no_sips),
		TEST(test_alias),
		TEST(test_a_ping_is_answered),
		TEST(test_sip_in_a_strict_sips_dialog),
		TEST(test_counts),
		TEST(test_alarms_in_portions),
		TEST(test_many_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
