/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "tls_calls.h"

enum { EXHAUST_MAX = 1000, SEEDS = 6, CALLS = 60 };

struct weather
calm_weather(void)
{
	return (struct weather){ .chunk_max = READ_BYTES,
		.accept_max = 4 * READ_BYTES,
		.cut_in_at = NEVER_CUT,
		.cut_out_at = NEVER_CUT };
}

static void
on_dial(struct sim *s, struct wire *wire)
{
	struct check_world *w = s->hooks.arg;

	wire->weather = w->next.weather;
	far_open(&wire->far, &s->fars, &w->next.far);
	wire->has_far = true;
}

struct wire *
check_client(struct check_world *w, int version, bool has_fragments)
{
	struct far_options o = {
		.version = version, .room_bytes = 17408, .has_fragments = has_fragments
	};
	struct wire *wire = sim_come(w->sim, "192.0.2.77", 40000);

	wire->weather = calm_weather();
	wire->number = "7777";
	far_open(&wire->far, &w->sim->fars, &o);
	wire->has_far = true;
	return wire;
}

struct wire *
check_raw(struct check_world *w, struct str octets)
{
	struct wire *wire = sim_come(w->sim, "192.0.2.78", 40000);

	wire->weather = calm_weather();
	far_open_raw(&wire->far, &w->sim->fars);
	wire->has_far = true;
	far_say(&wire->far, octets);
	return wire;
}

bool
check_ready(struct check_world *w, const struct wire *wire)
{
	sim_settle(w->sim);
	if (!wire->is_used || !wire->is_told)
		sim_break(w->sim, "T10", "a handshake that nothing disturbs is not over");
	return wire->is_used && wire->is_told;
}

void
check_exhaust(struct check_world *w)
{
	sim_settle(w->sim);
	for (int i = 0; i < EXHAUST_MAX && sim_due_ms(w->sim) != INT64_MAX; i++) {
		sim_pass_to(w->sim, sim_due_ms(w->sim));
		sim_settle(w->sim);
	}
}

static const struct check {
	const char *name;
	void (*run)(struct check_world *);
	bool needs_core;
} checks[] = {
	{ "S2: certificates of every kind", check_certificates, false },
	{ "S2: clear text, with every first octet", check_first_octets, true },
	{ "S2: data before the handshake is over", check_early_data, false },
	{ "S2: handshakes cut anywhere", check_cut_handshakes, false },
	{ "T10: data glued to the last flight", check_glued, false },
	{ "T9: a stream of three messages, cut at every octet", check_truncation, true },
	{ "T10: streams in any weather", check_streams, false },
	{ "T10: WANT_READ in a write", check_held_writes, false },
	{ "T10: floods of KeyUpdate", check_key_updates, false },
	{ "T10: renegotiation", check_renegotiation, false },
	{ "T10: a peer that does not read", check_slow_reader, false },
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

static int
tell(int number, const char *name, const char *broken, const char *counted)
{
	bool is_good = broken[0] == '\0';

	printf("%sok %d - %s\n", is_good ? "" : "not ", number, name);
	if (!is_good)
		printf("# %s\n", broken);
	else if (counted[0] != '\0')
		printf("# %s\n", counted);
	return is_good ? 0 : 1;
}

/* Ends: true, or false with BROKEN. */
static bool
run_check(
	const struct check *check, uint64_t seed, struct check_world *w, char *broken, size_t size)
{
	static const struct sim_dn lines[] = {
		{ .number = "7777", .contact = "*", .ip = "192.0.2.77", .port = 5061 }
	};
	struct sim *s = malloc(sizeof *s);

	must(s != NULL);
	w->sim = s;
	w->counted[0] = '\0';
	sim_open(s, seed, lines, 1);
	s->is_deaf = !check->needs_core;
	s->hooks = (struct sim_hooks){ .on_dial = on_dial, .arg = w };
	w->next.weather = calm_weather();
	check->run(w);
	snprintf(broken, size, "%s", s->broken);
	sim_close(s);
	free(s);
	return broken[0] == '\0';
}

static bool
run_calls(uint64_t seed, char *broken, size_t size)
{
	struct calls_result r;

	calls_run(&r, seed, CALLS, false);
	snprintf(broken, size, "%s", r.broken);
	return broken[0] == '\0';
}

static bool
run_twice(uint64_t seed, char *broken, size_t size)
{
	struct calls_result r, again;

	calls_run(&r, seed, CALLS, false);
	calls_run(&again, seed, CALLS, false);
	snprintf(broken, size, "%s", r.broken);
	if (again.hash != r.hash)
		snprintf(broken, size, "same seed %" PRIu64 ": another hash", seed);
	return broken[0] == '\0';
}

int
checks_seeds(uint64_t first, uint64_t last, bool ends_at_first)
{
	struct check_world w = { .with_all = false };
	char broken[SIM_BROKEN_BYTES];
	unsigned count = 0;

	for (uint64_t seed = first; seed <= last; seed++)
		for (int i = 0; i <= CHECKS; i++) {
			if (i < CHECKS ? run_check(&checks[i], seed, &w, broken, sizeof broken)
				       : run_calls(seed, broken, sizeof broken))
				continue;
			printf("broken %s\n", broken);
			count++;
			if (ends_at_first)
				return 1;
		}
	printf("%u broken\n", count);
	return count > 0;
}

int
checks_run(bool with_all)
{
	struct check_world w = { .with_all = with_all };
	char broken[SIM_BROKEN_BYTES], name[64];
	int failed = 0, number = 0;

	printf("1..%d\n", CHECKS + SEEDS + 1);
	for (int i = 0; i < CHECKS; i++) {
		(void)run_check(&checks[i], (uint64_t)i + 1, &w, broken, sizeof broken);
		failed += tell(++number, checks[i].name, broken, w.counted);
	}
	for (int i = 1; i <= SEEDS; i++) {
		snprintf(name, sizeof name, "calls of seed %d", i);
		(void)run_calls((uint64_t)i, broken, sizeof broken);
		failed += tell(++number, name, broken, "");
	}
	(void)run_twice(SEEDS + 1, broken, sizeof broken);
	failed += tell(++number, "the same seed twice has one hash", broken, "");
	return failed > 0;
}
