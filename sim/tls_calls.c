/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

enum { REGISTERING = 8, HOSTS = 4, BUSY_MAX = 24, CALM_MAX_MS = 3 * 3600 * 1000 };

/* Phones that register; hosts with a name of their own; two names at one address, which must not
 * share a connection; and one that is dialled by its address. */
static uint32_t
make_lines(struct sim_dn *lines)
{
	uint32_t count = 0;

	for (int i = 0; i < REGISTERING; i++, count++) {
		struct sim_dn *dn = &lines[count];

		snprintf(dn->number, sizeof dn->number, "70%02d", i);
		snprintf(dn->contact, sizeof dn->contact, "*");
		snprintf(dn->ip, sizeof dn->ip, "192.0.2.%d", 10 + i);
		dn->port = 5061;
	}
	for (int i = 0; i < HOSTS + 2; i++, count++) {
		struct sim_dn *dn = &lines[count];

		snprintf(dn->number, sizeof dn->number, "71%02d", i);
		snprintf(dn->host, sizeof dn->host, "h%d.phones.example", i);
		snprintf(dn->contact, sizeof dn->contact, "sips:%s", dn->host);
		snprintf(dn->ip, sizeof dn->ip, "192.0.2.%d", i < HOSTS ? 50 + i : 60);
		dn->port = 5061;
	}
	snprintf(lines[count].number, sizeof lines[count].number, "7200");
	snprintf(lines[count].host, sizeof lines[count].host, "192.0.2.70");
	snprintf(lines[count].ip, sizeof lines[count].ip, "192.0.2.70");
	snprintf(lines[count].contact, sizeof lines[count].contact, "sips:192.0.2.70:5071");
	lines[count++].port = 5071;
	return count;
}

static int64_t
due_of(const struct sim *s, const struct phones *phones)
{
	int64_t sim_ms = sim_due_ms(s), phones_ms = phones_due_ms(phones);

	return sim_ms < phones_ms ? sim_ms : phones_ms;
}

/* One step: something moves, or time passes. Ends: false when nothing is to be waited for. */
static bool
step(struct sim *s, struct phones *phones)
{
	int64_t due_ms;

	if (sim_turn(s)) {
		if (dice_below(&s->dice, 8) == 0)
			sim_pass_to(s, s->now.mono_ms + 1);
		return true;
	}
	if (phones_act(phones))
		return true;
	due_ms = due_of(s, phones);
	if (due_ms == INT64_MAX)
		return false;
	sim_pass_to(s, due_ms > s->now.mono_ms ? due_ms : s->now.mono_ms + 1);
	return true;
}

static bool
is_empty(const struct sim *s)
{
	struct counts c;

	core_count(s->core, &c);
	return c.calls == 0 && c.legs == 0 && c.transactions == 0 && c.timers == 0;
}

/* The weather clears: no new calls and no new faults, and then everything must come to its end. */
static void
calm_down(struct sim *s, struct phones *phones)
{
	int64_t until_ms = s->now.mono_ms + CALM_MAX_MS;
	struct counts c;

	phones->is_calm = true;
	for (int i = 0; i < s->loop.wires_high; i++) {
		struct weather *w = &s->loop.wires[i].weather;

		w->cut_in_at = w->cut_out_at = NEVER_CUT;
		w->stall_pct = 0;
	}
	while (s->broken[0] == '\0' && s->now.mono_ms < until_ms &&
		(phones_busy(phones) > 0 || !is_empty(s)))
		if (!step(s, phones))
			break;
	core_count(s->core, &c);
	if (s->broken[0] == '\0' && !is_empty(s))
		sim_break(s, "live", "%u calls, %u legs, %u transactions are left", c.calls, c.legs,
			c.transactions);
	if (s->broken[0] == '\0' && phones_busy(phones) > 0)
		sim_break(s, "live", "%u dialogs of phones are left", phones_busy(phones));
}

void
calls_run(struct calls_result *r, uint64_t seed, uint64_t count, bool is_verbose)
{
	struct sim *s = malloc(sizeof *s);
	struct phones *phones = malloc(sizeof *phones);
	struct sim_dn lines[SIM_DNS_MAX] = { 0 };

	must(s != NULL && phones != NULL);
	memset(r, 0, sizeof *r);
	sim_open(s, seed, lines, make_lines(lines));
	s->is_verbose = is_verbose;
	phones_open(phones, s);
	while (s->broken[0] == '\0' && phones->tally.calls < count) {
		if (phones_busy(phones) < BUSY_MAX && dice_below(&s->dice, 4) == 0)
			(void)phones_call(phones);
		must(step(s, phones));
	}
	calm_down(s, phones);
	r->phones = phones->tally;
	r->sim = s->tally;
	r->wants = s->fars.wants;
	r->partial_writes = s->loop.partial_writes;
	r->refused_writes = s->loop.refused_writes;
	r->hash = s->hash;
	r->span_ms = s->now.mono_ms;
	memcpy(r->broken, s->broken, sizeof r->broken);
	sim_close(s);
	free(phones);
	free(s);
}
