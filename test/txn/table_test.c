/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/stage.h"

static void
measuring_tells_what_carving_takes(void **state)
{
	const struct txn_timers timers = { T1_MS, T2_MS, T4_MS };
	static _Alignas(64) char memory[sizeof stage.memory];
	struct arena measure = arena_on(NULL, 0);
	struct arena arena;
	struct txns txns;

	(void)state;
	assert_false(txns_open(&txns, &measure, 4, &timers, &stage.alarms, &stage.dice));
	assert_true(measure.used > 4 * TXN_TEXT_BYTES && measure.used < sizeof memory);
	arena = arena_on(memory, measure.used);
	assert_true(txns_open(&txns, &arena, 4, &timers, &stage.alarms, &stage.dice));
	assert_int_equal(arena.used, measure.used);
	arena = arena_on(memory, measure.used - 1);
	assert_false(txns_open(&txns, &arena, 4, &timers, &stage.alarms, &stage.dice));
}

static void
flow_gone_meets_those_of_the_flow_only(void **state)
{
	struct txn_way ways[3] = { tls, tls, tls };
	struct asked asked[9];
	bool is_told[3] = { false };

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		ways[i % 3].flow.number = 10 + i % 3;
		asked[i] = ask("BYE", &ways[i % 3]);
	}
	assert_int_equal(stage.txns.flows.count, 3);
	txns_flow_gone(&stage.txns, ways[1].flow, stage.now);
	txns_flow_gone(&stage.txns, (struct flow_id){ 99 }, stage.now);
	assert_int_equal(stage.told_count, 0); /* not before the alarm */
	pass_until(0);
	assert_int_equal(stage.told_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(stage.told[i].news.kind, NEWS_UNREACHABLE);
		for (unsigned k = 1; k < 9; k += 3)
			if (ref_same(stage.told[i].news.txn, asked[k].ref))
				is_told[k / 3] = true;
	}
	assert_true(is_told[0] && is_told[1] && is_told[2]);
	assert_int_equal(txns_count(&stage.txns), 6);
	assert_int_equal(stage.txns.flows.count, 2);
}

/* The first of a flow, the last and one in between leave, in every order; those that stay must be
 * found. */
static void
flow_is_left_in_any_order(void **state)
{
	static const unsigned orders[6][3] = {
		{ 0, 1, 2 },
		{ 0, 2, 1 },
		{ 1, 0, 2 },
		{ 1, 2, 0 },
		{ 2, 0, 1 },
		{ 2, 1, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned leave = 0; leave <= 3; leave++) {
			struct asked asked[3];

			stage.told_count = stage.sent_count = 0;
			for (unsigned k = 0; k < 3; k++)
				asked[k] = ask("BYE", &tls);
			for (unsigned k = 0; k < leave; k++)
				respond(&asked[orders[i][k]], 200);
			pass_until(0);
			assert_int_equal(txns_count(&stage.txns), 3 - leave);
			txns_flow_gone(&stage.txns, tls.flow, stage.now);
			pass_until(0);
			assert_int_equal(stage.told_count, 3);
			for (unsigned k = leave; k < 3; k++)
				assert_int_equal(stage.told[k].news.kind, NEWS_UNREACHABLE);
			assert_int_equal(txns_count(&stage.txns), 0);
			assert_int_equal(stage.txns.flows.count, 0);
		}
	}
}

static void
cells_are_used_again_and_told_apart(void **state)
{
	struct asked old = ask("BYE", &tls);
	struct asked fresh;

	(void)state;
	respond(&old, 200);
	pass_until(0);
	fresh = ask("BYE", &tls);
	assert_int_equal(fresh.ref.slot, old.ref.slot);
	assert_false(ref_same(fresh.ref, old.ref));
	respond(&old, 200);
	assert_true(stage.stray);
	assert_int_equal(respond(&fresh, 200).kind, NEWS_FINAL);
}

/* ---- whatever happens, in whatever order ---- */

enum { LIVES = 400, STEPS = 150 };

static struct life {
	struct asked asked[STEPS];
	unsigned ends[STEPS]; /* how often its end was told */
	unsigned count;
	struct ref served[STEPS];
	unsigned finals[STEPS]; /* how many final answers were taken */
	unsigned served_count;
} life;

static void
settle_told(void)
{
	for (unsigned i = 0; i < stage.told_count; i++) {
		enum news_kind kind = stage.told[i].news.kind;

		if (kind == NEWS_PROVISIONAL || kind == NEWS_AGAIN || kind == NEWS_FORK ||
			kind == NEWS_NO_ACK)
			continue;
		for (unsigned k = 0; k < life.count; k++)
			if (ref_same(stage.told[i].news.txn, life.asked[k].ref))
				assert_int_equal(++life.ends[k], 1);
	}
	stage.told_count = stage.sent_count = 0;
}

static void
step_client(uint32_t act)
{
	static const char *const methods[] = { "INVITE", "BYE", "INFO" };
	static const unsigned statuses[] = { 100, 180, 200, 200, 486, 487, 603 };
	const struct asked *a;

	if (act < 3 && txns_left(&stage.txns) > 0) {
		life.asked[life.count++] = ask(methods[dice_below(&stage.dice, 3)],
			dice_below(&stage.dice, 2) ? &udp : &tls);
		return;
	}
	if (life.count == 0)
		return;
	a = &life.asked[life.count - 1 - dice_below(&stage.dice, life.count < 8 ? life.count : 8)];
	if (act == 3)
		txn_cancel(&stage.txns, a->ref, STR("SIP;cause=487"), stage.now, &stage.out);
	else if (act == 4)
		txn_disown(&stage.txns, a->ref);
	else if (act == 5)
		respond_with(a, "CANCEL", 200, "t", "");
	else
		respond(a, statuses[dice_below(&stage.dice, 7)]);
	carry();
}

static void
step_server(uint32_t act)
{
	static const unsigned statuses[] = { 100, 180, 200, 404, 503 };
	unsigned which = life.served_count, status = statuses[dice_below(&stage.dice, 5)];
	const char *method;
	char via[100];

	if (act >= 2 && life.served_count > 0)
		which = dice_below(&stage.dice, life.served_count);
	method = which % 2 == 0 ? "INVITE" : "INFO";
	snprintf(via, sizeof via, "SIP/2.0/UDP h;branch=z9hG4bK%u", which);
	if (which == life.served_count) {
		life.finals[which] = 0;
		life.served[life.served_count++] = serve_by(method, via, which + 1, "", &udp);
	} else if (act < 4) {
		if (answer(life.served[which], status) && status >= 200)
			assert_int_equal(++life.finals[which], 1);
	} else if (act == 4) {
		txn_disown(&stage.txns, life.served[which]);
	} else if (act == 5) {
		hear_by("ACK", via, which + 1, "t", &udp);
	} else {
		hear_by(method, via, which + 1, "", dice_below(&stage.dice, 3) ? &udp : &tls);
	}
}

static void
x3_everything_ends_once_whatever_happens(void **state)
{
	(void)state;
	for (unsigned n = 0; n < LIVES; n++) {
		life.count = life.served_count = 0;
		memset(life.ends, 0, sizeof life.ends);
		for (unsigned i = 0; i < STEPS; i++) {
			uint32_t act = dice_below(&stage.dice, 8);
			int64_t now_ms = stage.now.mono_ms - START_MS;

			switch (dice_below(&stage.dice, 8)) {
			case 0: pass_until(now_ms + dice_below(&stage.dice, 2000)); break;
			case 1:
			case 2:
			case 3: step_server(act); break;
			default: step_client(act); break;
			}
			if (dice_below(&stage.dice, 40) == 0)
				txns_flow_gone(
					&stage.txns, act < 4 ? udp.flow : tls.flow, stage.now);
			settle_told();
		}
		for (unsigned i = 0; i < life.count; i++)
			txn_disown(&stage.txns, life.asked[i].ref);
		for (unsigned i = 0; i < life.served_count; i++)
			txn_disown(&stage.txns, life.served[i]);
		for (unsigned i = 0; i < 70; i++) {
			pass_until(stage.now.mono_ms - START_MS + 1000);
			settle_told();
		}
		for (unsigned i = 0; i < life.count; i++)
			assert_int_equal(life.ends[i], 1);
		stage_close(state);
	}
}

/* Only what is asked has a way; a CANCEL by another way is for an INVITE that had its 1xx. */
static void
a_way_is_that_of_a_client_transaction(void **state)
{
	struct asked a = ask("INFO", &udp);
	struct ref served = serve("INFO", &udp);
	struct txn_way way = tls;

	(void)state;
	assert_false(txn_way(&stage.txns, served, &way));
	assert_false(txn_way(&stage.txns, REF_NONE, &way));
	assert_true(way.is_tls);
	assert_true(txn_way(&stage.txns, a.ref, &way));
	assert_true(addr_same(&way.addr, &udp.addr) && !way.is_tls);
	answer(served, 200);
	stage.sent_count = 0;
	txn_cancel_by(&stage.txns, REF_NONE, &tls, STR(""), stage.now, &stage.out);
	txn_cancel_by(&stage.txns, a.ref, &tls, STR(""), stage.now, &stage.out);
	carry();
	assert_int_equal(stage.sent_count, 0);
	txn_drop(&stage.txns, a.ref); /* what is on its way is not taken back */
	assert_true(txn_way(&stage.txns, a.ref, &way) && !way.is_tls);
}

/* What is meant for an INVITE, or comes too late, meets no other. */
static void
what_is_not_theirs_does_nothing(void **state)
{
	struct asked a = ask("INVITE", &udp);
	struct ref served = serve("OPTIONS", &udp);
	struct alarm late = { .owner = { 3, 999 } };

	(void)state;
	assert_false(txn_answer_again(&stage.txns, served, &stage.out));
	assert_false(txn_answer_again(&stage.txns, REF_NONE, &stage.out));
	txn_cancel_by(&stage.txns, a.ref, &tls, STR(""), stage.now, &stage.out); /* no need yet */
	assert_int_equal(txns_ring(&stage.txns, &late, stage.now, &stage.out).kind, NEWS_NONE);
	assert_int_equal(stage.out.count, 0);
	answer(served, 200);
	assert_int_equal(respond(&a, 486).kind, NEWS_FINAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(measuring_tells_what_carving_takes),
		STAGED(flow_gone_meets_those_of_the_flow_only),
		STAGED(flow_is_left_in_any_order),
		STAGED(cells_are_used_again_and_told_apart),
		STAGED(x3_everything_ends_once_whatever_happens),
		STAGED(a_way_is_that_of_a_client_transaction),
		STAGED(what_is_not_theirs_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
