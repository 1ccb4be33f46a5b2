/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept, for how long, and who ends it: rows 81 to 103. */
#include "catalogue/kit.h"

#include "base/map.h"

static const struct stage_dn plain_dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
};
static const struct stage_options plain = { .dns = plain_dns, .dn_count = 1, .calls = 16 };

/* All that is under way ends by itself. */
static void
expect_end(void)
{
	kit_forget();
	stage_pass_ms(&kit, 2 * RING_MS);
	kit_forget();
	stage_pass_ms(&kit, 2 * RING_MS);
	kit_empty();
	assert_int_equal(stage_counts(&kit).calls, 0);
}

/* ---- connections that go ---- */

static void
a_connection_goes_at_any_octet(void **state)
{
	static char text[8192];

	(void)state;
	for (size_t t = 1; t < COUNT_OF(kit_transports); t++) {
		size_t len = 0;

		kit_open(kit_transports[t]);
		for (unsigned i = 0; i < 3; i++) {
			struct str one = kit_invite(i, NULL);

			memcpy(text + len, one.at, one.len);
			len += one.len;
		}
		for (size_t cut = 1; cut <= len; cut += cut % 500 < 8 ? 1 : 5) {
			kit_say(str_of(text, cut));
			kit_anew();
			if (stage_counts(&kit).calls > 4 || kit.flow_count > STAGE_FLOWS_MAX - 8) {
				expect_end();
				kit_close();
				kit_open(kit_transports[t]);
			}
		}
		assert_int_equal(stage_counts(&kit).flows, 1);
		expect_end();
	}
}

static void
many_invites_and_the_connection_goes(void **state)
{
	static char text[16384];

	(void)state;
	for (size_t t = 1; t < COUNT_OF(kit_transports); t++) {
		size_t len = 0;

		kit_open_with(kit_transports[t], &plain);
		for (unsigned i = 0; i < 10; i++) {
			struct str one = kit_invite(i, NULL);

			memcpy(text + len, one.at, one.len);
			len += one.len;
		}
		kit_say(str_of(text, len));
		assert_int_equal(stage_counts(&kit).calls, 10);
		stage_over(&kit, caller.flow);
		assert_int_equal(stage_counts(&kit).flows, 0);
		/* Each callee answers all the same; nobody acknowledges, so each is hung up. */
		for (unsigned i = 0; i < 10; i++) {
			phone_hear(&callee, "INVITE ");
			phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
		}
		for (unsigned i = 0; i < 10; i++)
			phone_hear(&callee, "ACK ");
		stage_pass_ms(&kit, 65 * STAGE_T1_MS);
		for (unsigned i = 0; i < 10; i++)
			assert_true(str_begins(
				stage_take(&kit, TRANSPORT_UDP, &callee.at)->bytes, STR("BYE ")));
		expect_end();
	}
}

static void
a_full_house_shuts_its_door(void **state)
{
	enum { FEW = 8 };
	static const struct stage_options few = { .flows = FEW };
	struct flow_id flows[16];

	(void)state;
	kit_open_with(TRANSPORT_TCP, &few);
	for (unsigned i = 0; i < COUNT_OF(flows); i++) {
		struct addr peer = stage_addr("192.0.2.66", (uint16_t)(2000 + i));

		flows[i] = stage_accept(&kit, i % 2 == 0 ? TRANSPORT_TCP : TRANSPORT_TLS, &peer);
		/* The caller has one of them; two listeners of streams are not in use. */
		assert_true(stage_flow(&kit, flows[i])->is_shut == (i >= FEW - 1 + 2));
	}
	kit_good();
	stage_over(&kit, flows[3]);
	kit_anew();
	kit_good();
	kit_empty();
}

/* ---- answers that are not the first ---- */

static void
expect_fork_ended(void)
{
	phone_hear(&callee, "ACK ");
	assert_true(phone_heard(&callee, callee.tag));
	phone_hear(&callee, "BYE ");
	assert_true(phone_heard(&callee, callee.tag));
	phone_reply(&callee, 200, NULL, NULL);
}

static void
each_fork_is_a_dialog(void **state)
{
	enum { FORKS = 16, ENDED = 8 };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		char first[32];

		kit_open_with(kit_transports[t], &plain);
		phone_invite(&caller, "5000", NULL, SDP("caller", "sendrecv"));
		phone_hear(&caller, "SIP/2.0 100 ");
		phone_hear(&callee, "INVITE ");
		for (unsigned i = 0; i < FORKS; i++) {
			snprintf(callee.tag, sizeof callee.tag, "fork-%u-end", i);
			phone_answer(&callee, 180, NULL, NULL);
			assert_int_equal(kit_status(), 180);
		}
		snprintf(first, sizeof first, "fork-%u-end", 5U);
		memcpy(callee.tag, first, sizeof first);
		phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
		phone_hear(&callee, "ACK ");
		assert_true(phone_heard(&callee, first));
		phone_hear(&caller, "SIP/2.0 200 ");
		phone_ack(&caller, NULL);
		for (unsigned i = 0; i < FORKS; i++) {
			if (i == 5)
				continue;
			snprintf(callee.tag, sizeof callee.tag, "fork-%u-end", i);
			phone_answer(&callee, 200, NULL, SDP("other", "sendrecv"));
			if (i < ENDED || i == ENDED)
				expect_fork_ended();
		}
		expect_quiet(&kit);
		memcpy(callee.tag, first, sizeof first);
		phone_request(&caller, "BYE", NULL, NULL);
		phone_hear(&caller, "SIP/2.0 200 ");
		phone_hear(&callee, "BYE ");
		assert_true(phone_heard(&callee, first));
		phone_reply(&callee, 200, NULL, NULL);
		expect_end();
	}
}

/* Answers to what was asked long ago, or never. */
static void
answers_that_come_too_late_meet_nobody(void **state)
{
	unsigned answered = 0;

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		kit.store = STORE_MUTE;
		caller.user = "5001";
		phone_register(&caller, 600, NULL);
		assert_int_equal(kit_status(), 0);
		assert_int_equal(stage_counts(&kit).asks, 1);
		for (uint32_t slot = 0; slot < 4; slot++) {
			for (uint32_t age = 0; age < 64; age++) {
				struct event e = { .kind = EV_SAVED };

				if (slot == 0 && age == 1) /* that is the question */
					continue;
				e.u.saved.ask = (struct ref){ slot, age };
				e.u.saved.status = SAVED_FAILED;
				stage_feed(&kit, &e);
				e = (struct event){ .kind = EV_NAMES };
				e.u.names.ask = (struct ref){ slot, age };
				e.u.names.status = NAMES_FOUND;
				e.u.names.addrs[0] = stage_addr("192.0.2.66", 0);
				e.u.names.count = 1;
				stage_feed(&kit, &e);
				answered += kit_status() != 0;
			}
		}
		assert_int_equal(answered, 0);
		assert_int_equal(stage_counts(&kit).asks, 1);
		stage_pass_ms(&kit, STORE_WAIT_MS);
		assert_int_equal(kit_status(), 500);
		kit_good();
		kit_empty();
	}
}

static void
responses_behind_every_timer(void **state)
{
	static const int64_t waits_ms[] = { 0, 1, 499, 501, 4000, 31999, 32001, 33000, 64000, 65000,
		100000, RING_MS - 1, RING_MS + 1, RING_MS + 33000 };
	static const unsigned statuses[] = { 100, 180, 200, 486, 503 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(waits_ms); i++) {
		for (size_t s = 0; s < COUNT_OF(statuses); s++) {
			for (unsigned cancelled = 0; cancelled < 2; cancelled++) {
				kit_open(TRANSPORT_UDP);
				kit_say(kit_invite(1, NULL));
				assert_int_equal(kit_status(), 100);
				phone_hear(&callee, "INVITE ");
				phone_answer(&callee, 180, NULL, NULL);
				if (cancelled)
					kit_say(kit_request(1, "CANCEL", "sip:5000@example.com",
						NULL, NULL, STR("")));
				stage_pass_ms(&kit, waits_ms[i]);
				phone_answer(&callee, statuses[s], NULL,
					statuses[s] == 200 ? SDP("callee", "sendrecv") : NULL);
				phone_answer(&callee, statuses[s], NULL, NULL);
				expect_end();
			}
		}
	}
}

/* An answer to a call that is over does not end the one in whose place it was. */
static void
a_late_answer_is_for_nobody_else(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct str late;

		kit_open_with(kit_transports[t], &plain);
		kit_say(kit_invite(1, NULL));
		assert_int_equal(kit_status(), 100);
		phone_hear(&callee, "INVITE ");
		phone_answer(&callee, 486, NULL, NULL);
		late = kit_exact(str_cstr(callee.out));
		phone_hear(&callee, "ACK ");
		assert_int_equal(kit_status(), 486);
		expect_end();
		kit_say(kit_invite(2, NULL));
		assert_int_equal(kit_status(), 100);
		phone_hear(&callee, "INVITE ");
		phone_raw(&callee, late);
		expect_quiet(&kit);
		assert_int_equal(stage_counts(&kit).calls, 1);
		phone_answer(&callee, 486, NULL, NULL);
		phone_hear(&callee, "ACK ");
		assert_int_equal(kit_status(), 486);
		expect_end();
		kit_free(late);
	}
}

/* ---- time ---- */

static void
slow_is_not_silent(void **state)
{
	(void)state;
	for (size_t t = 1; t < COUNT_OF(kit_transports); t++) {
		struct str text;

		kit_open(kit_transports[t]);
		text = kit_request(1, "OPTIONS", "sip:example.com", NULL, NULL, STR(""));
		for (size_t i = 0; i < 10; i++) {
			size_t from = text.len * i / 10, end = text.len * (i + 1) / 10;

			kit_say(str_upto(str_from(text, from), end - from));
			assert_int_equal(kit_status(), i == 9 ? 200 : 0);
			stage_pass_ms(&kit, 100 + 40 * (int64_t)i);
			assert_false(kit_is_shut());
		}
		kit_good();
		kit_empty();
	}
}

/* What a peer can choose does not choose its place in a table: another key, other places. */
static void
places_in_a_table_are_secret(void **state)
{
	static char memory[4096] __attribute__((aligned(64)));
	unsigned same = 0, same_low = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t key[MAP_KEY_BYTES] = { 1 }, other[MAP_KEY_BYTES] = { 2 };
		struct arena arena = arena_on(memory, sizeof memory);
		struct map a, b;
		char text[32];
		struct str part;
		uint64_t here, there;

		snprintf(text, sizeof text, "call-%u@peer", i);
		part = str_cstr(text);
		assert_true(map_open(&a, &arena, 16, key));
		assert_true(map_open(&b, &arena, 16, other));
		here = map_hash(&a, &part, 1);
		there = map_hash(&b, &part, 1);
		same += here == there;
		same_low += (here & 31) == (there & 31);
	}
	assert_int_equal(same, 0);
	assert_true(same_low < 100); /* one in 32, by chance */
}

/* A DN whose contact is this very server: each time round takes one of Max-Forwards. */
static void
a_loop_comes_to_its_end(void **state)
{
	static const struct stage_dn dns[] = {
		{ .number = "5000", .contact = "sip:192.0.2.1:5060;transport=udp" },
	};
	static const struct stage_options loop = {
		.dns = dns, .dn_count = 1, .calls = 200, .strangers = STRANGERS_ALL
	};
	struct addr us = stage_addr("192.0.2.1", 5060);
	unsigned invites = 0, status = 0;
	const struct stage_sent *sent;

	(void)state;
	kit_open_with(TRANSPORT_TCP, &loop);
	kit_say(kit_invite(1, NULL));
	assert_int_equal(kit_status(), 100);
	for (unsigned turns = 0; turns < 5000; turns++) {
		struct str copy;

		sent = stage_take(&kit, TRANSPORT_UDP, &us);
		if (sent == NULL)
			break;
		invites += str_begins(sent->bytes, STR("INVITE "));
		copy = kit_exact(sent->bytes);
		stage_datagram(&kit, &us, copy);
		kit_free(copy);
	}
	assert_true(invites > 0 && invites <= 70);
	status = kit_status();
	assert_true(status >= 400);
	expect_end();
}

/* ---- calls that end ---- */

static void
ring(void)
{
	phone_invite(&caller, "5000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&caller, "SIP/2.0 100 ");
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 180, NULL, NULL);
	phone_hear(&caller, "SIP/2.0 180 ");
}

static void
both_sides_are_hung_up(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open_with(kit_transports[t], &plain);
		phones_talk(&caller, &callee, "5000");
		phones_part(&caller, &callee);
		phones_talk(&caller, &callee, "5000");
		phones_part(&callee, &caller);
		expect_end();
		/* The 200 crosses the CANCEL. */
		kit_open_with(kit_transports[t], &plain);
		ring();
		phone_cancel(&caller);
		phone_hear(&caller, "SIP/2.0 200 ");
		phone_hear(&caller, "SIP/2.0 487 ");
		phone_ack_refusal(&caller);
		phone_hear(&callee, "CANCEL ");
		phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
		phone_hear(&callee, "ACK ");
		phone_reply(&callee, 200, NULL, NULL);
		phone_hear(&callee, "BYE ");
		phone_reply(&callee, 200, NULL, NULL);
		expect_end();
		/* The callee hangs up before the caller has acknowledged. */
		kit_open_with(kit_transports[t], &plain);
		ring();
		phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
		phone_hear(&callee, "ACK ");
		phone_hear(&caller, "SIP/2.0 200 ");
		phone_request(&callee, "BYE", NULL, NULL);
		phone_hear(&callee, "SIP/2.0 200 ");
		expect_quiet(&kit);
		phone_ack(&caller, NULL);
		phone_hear(&caller, "BYE ");
		phone_reply(&caller, 200, NULL, NULL);
		expect_end();
		/* And the caller never does. */
		kit_open_with(kit_transports[t], &plain);
		ring();
		phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
		phone_hear(&callee, "ACK ");
		kit_forget();
		stage_pass_ms(&kit, 65 * STAGE_T1_MS);
		phone_hear(&callee, "BYE ");
		assert_true(kit_sent("\nCSeq: 1 BYE\r\n"));
		phone_reply(&callee, 200, NULL, NULL);
		expect_end();
	}
}

static void
a_bye_always_gets_its_200(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open_with(kit_transports[t], &plain);
		phones_talk(&caller, &callee, "5000");
		phone_request(&caller, "BYE", NULL, NULL);
		phone_hear(&caller, "SIP/2.0 200 ");
		phone_hear(&callee, "BYE ");
		phone_request(&callee, "BYE", NULL, NULL); /* it crosses ours */
		phone_hear(&callee, "SIP/2.0 200 ");
		phone_reply(&callee, 200, NULL, NULL);
		expect_end();
	}
}

static void
every_leg_has_a_deadline(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (unsigned said = 0; said < 4; said++) {
			kit_open(kit_transports[t]);
			kit_say(kit_invite(1, NULL));
			assert_int_equal(kit_status(), 100);
			phone_hear(&callee, "INVITE ");
			if (said > 0)
				phone_answer(&callee,
					said == 1           ? 100
						: said == 2 ? 183
							    : 199,
					NULL, NULL);
			if (said > 1)
				assert_true(kit_status() > 100);
			kit_forget();
			stage_pass_ms(&kit, RING_MS + 1000);
			assert_true(kit_sent("SIP/2.0 4"));
			expect_end();
		}
	}
}

/* ---- bindings and restarts ---- */

static void
tell_bindings(uint64_t version, struct str set)
{
	struct event e = { .kind = EV_BINDINGS };

	e.u.bindings.aor = STR("5001");
	e.u.bindings.version = version;
	e.u.bindings.set = set;
	stage_feed(&kit, &e);
}

static unsigned
call_5001(unsigned number)
{
	kit_say(kit_request(number, "INVITE", "sip:5001@example.com",
		"Contact: <sip:1001@192.0.2.10>\r\n", NULL, STR("")));
	assert_int_equal(kit_status(), 100);
	return kit_status();
}

static void
bindings_neither_go_nor_come_again(void **state)
{
	struct phone phone;
	uint64_t version;
	struct str set;

	(void)state;
	kit_open(TRANSPORT_TCP);
	phone_open(&phone, &kit, "5001", "192.0.2.51", 5071, TRANSPORT_UDP, false);
	phone_register(&phone, 600, NULL);
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_int_equal(kit.kept_count, 1);
	version = kit.kept[0].version;
	set = kit_exact(str_of(kit.kept[0].set, kit.kept[0].set_len));
	assert_int_equal(call_5001(1), 0);
	phone_hear(&phone, "INVITE ");
	phone_answer(&phone, 486, NULL, NULL);
	phone_hear(&phone, "ACK ");
	assert_int_equal(kit_status(), 486);
	/* The one goes and another comes; then the store tells late what was before. */
	phone_register(&phone, 600,
		"Contact: <sip:5001@192.0.2.51:5071>;expires=0\r\nContact: <sip:new@192.0.2.51:5071>\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	tell_bindings(version, set);
	assert_int_equal(call_5001(2), 0);
	phone_hear(&phone, "INVITE sip:new@192.0.2.51:5071 ");
	phone_answer(&phone, 486, NULL, NULL);
	phone_hear(&phone, "ACK ");
	assert_int_equal(kit_status(), 486);
	phone_register(&phone, 0, "Contact: *\r\n");
	phone_hear(&phone, "SIP/2.0 200 ");
	assert_int_equal(call_5001(3), 480);
	expect_end();
	phone_close(&phone);
	/* Another life: what was kept is in force before anybody registers again. */
	kit_open(TRANSPORT_TCP);
	assert_int_equal(call_5001(1), 480);
	tell_bindings(version, set);
	assert_int_equal(call_5001(2), 0);
	assert_true(kit_sent("INVITE sip:5001@192.0.2.51:5071 "));
	expect_end();
	kit_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(81, "a connection goes at any octet", a_connection_goes_at_any_octet),
		CVE(82, "many INVITEs and the connection goes",
			many_invites_and_the_connection_goes),
		CVE(84, "each fork is a dialog", each_fork_is_a_dialog),
		CVE(85, "answers that come too late meet nobody",
			answers_that_come_too_late_meet_nobody),
		CVE(86, "responses behind every timer", responses_behind_every_timer),
		CVE(86, "a late answer is for nobody else", a_late_answer_is_for_nobody_else),
		CVE(89, "a full house shuts its door", a_full_house_shuts_its_door),
		CVE(92, "slow is not silent", slow_is_not_silent),
		CVE(95, "places in a table are secret", places_in_a_table_are_secret),
		CVE(96, "a loop comes to its end", a_loop_comes_to_its_end),
		CVE(99, "both sides are hung up", both_sides_are_hung_up),
		CVE(100, "a BYE always gets its 200", a_bye_always_gets_its_200),
		CVE(101, "every leg has a deadline", every_leg_has_a_deadline),
		CVE(103, "bindings neither go nor come again", bindings_neither_go_nor_come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
