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

static int
run_check(int number, const struct check *check, bool with_all)
{
	static const struct sim_dn lines[] = {
		{ .number = "7777", .contact = "*", .ip = "192.0.2.77", .port = 5061 }
	};
	struct sim *s = malloc(sizeof *s);
	struct check_world w = { .sim = s, .with_all = with_all };
	int failed;

	must(s != NULL);
	sim_open(s, (uint64_t)number, lines, 1);
	s->is_deaf = !check->needs_core;
	s->hooks = (struct sim_hooks){ .on_dial = on_dial, .arg = &w };
	w.next.weather = calm_weather();
	check->run(&w);
	failed = tell(number, check->name, s->broken, w.counted);
	sim_close(s);
	free(s);
	return failed;
}

static int
run_calls(int number, uint64_t seed)
{
	struct calls_result r, again;
	char name[64];

	snprintf(name, sizeof name, "calls of seed %" PRIu64, seed);
	calls_run(&r, seed, CALLS, false);
	if (seed == 1 && r.broken[0] == '\0') {
		calls_run(&again, seed, CALLS, false);
		if (again.hash != r.hash)
			snprintf(r.broken, sizeof r.broken, "the same seed again had another hash");
	}
	return tell(number, name, r.broken, "");
}

int
checks_run(bool with_all)
{
	int failed = 0;

	printf("1..%d\n", CHECKS + SEEDS);
	for (int i = 0; i < CHECKS; i++)
		failed += run_check(i + 1, &checks[i], with_all);
	for (int i = 0; i < SEEDS; i++)
		failed += run_calls(CHECKS + i + 1, (uint64_t)i + 1);
	return failed > 0;
}
