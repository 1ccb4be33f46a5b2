/* SPDX-License-Identifier: Apache-2.0 */
/* The whole core: what happens, when and in which order is what the input says, line by line (see
 * core_world.h). At each moment the witness looks at what leaves; then the weather clears, devices
 * answer what they are asked, and nothing may be left of anything. */
#include "core_world.h"
#include "fuzz.h"
#include "sip/lex.h"

enum {
	STEPS_MAX = 32,
	PASS_MAX_MS = 8000 * 1000,
	CALM_TURNS_MAX = 2000,
	CALM_MS = 400 * 1000, /* and no call lives longer once all is well */
};

static unsigned
take_number(struct str *line, unsigned usual)
{
	uint64_t number = usual;
	struct str digits;

	while (line->len > 0 && line->at[0] == ' ')
		*line = str_from(*line, 1);
	digits = str_upto(*line, lex_digits(*line));
	*line = str_from(*line, digits.len);
	return str_number(digits, UINT32_MAX, &number) ? (unsigned)number : usual;
}

static unsigned
status_of(unsigned status)
{
	return status < 100 || status > 699 ? 200 : status;
}

static struct flow_seen *
flow_ago(unsigned ago, bool is_waiting)
{
	for (unsigned i = world.flow_count; i > 0; i--) {
		struct flow_seen *flow = &world.flows[i - 1];

		if (!flow->is_gone && flow->is_open != is_waiting && ago-- == 0)
			return flow;
	}
	return NULL;
}

static void
order_drain(void)
{
	struct event e = { .kind = EV_ORDER };

	e.u.order = ORDER_DRAIN;
	world_feed(&e);
}

static void
change_flow(const struct numbers *a, bool is_waiting)
{
	struct flow_seen *flow = flow_ago(a->n[0], is_waiting);

	if (flow == NULL)
		return;
	if (is_waiting && a->n[1] % 2 == 1)
		world_open_flow(flow);
	else
		world_end_flow(flow);
}

static void
answer_ago(const struct numbers *a, struct str changes)
{
	struct heard *h = heard_ago(a->n[0], true);

	if (h != NULL)
		say_answer(h, status_of(a->n[1]), changes);
}

static void
ack_ago(const struct numbers *a, struct str changes)
{
	const struct heard *h = heard_ago(a->n[0], false);

	if (h != NULL)
		say_ack(h, changes);
}

static void
happen(char what, const struct numbers *a, struct str changes)
{
	switch (what) {
	case 'I': say_invite(a, changes); break;
	case 'R': say_register(a, changes); break;
	case 'O': say_other(a, changes); break;
	case 'A': answer_ago(a, changes); break;
	case 'U': ack_ago(a, changes); break;
	case 'B': say_inside(a, changes); break;
	case 'C': say_cancel(a, changes); break;
	case 'Z': say_again(a); break;
	case 'W': say_raw(a, changes); break;
	case 'F': change_flow(a, false); break;
	case 'D': change_flow(a, true); break;
	case 'N': world_answer_name(a->n[0], (enum names_status)(a->n[1] % 3), a->n[2]); break;
	case 'S': world_answer_save(a->n[0], (enum saved_status)(a->n[1] % 3)); break;
	case 'E': world_tell_set(a->n[0], a->n[1]); break;
	case 'P': world.piece = a->n[0] % 512; break;
	case 'T': world_pass_ms(a->n[0] % PASS_MAX_MS); break;
	case 'G': order_drain(); break;
	case 'L': world_reload(a->n[0]); break;
	case 'Q': ask_core(a, changes); break;
	case 'H':
		world.shown = a->n[0];
		world.own = a->n[1];
		world.identity = a->n[2];
		break;
	case 'M':
		world.dial = (enum weather)(a->n[0] % 3);
		world.store = (enum weather)(a->n[1] % 4);
		world.names = (enum weather)(a->n[2] % 4);
		break;
	default: break;
	}
}

static void
step(struct str line)
{
	char what = line.len > 0 ? line.at[0] : '\0';
	struct str rest = str_from(line, 1);
	struct numbers numbers = { .n = { 0 } };

	/* Behind the number of a W stands what is said, whatever it begins with. */
	for (int i = 0; i < (what == 'W' ? 1 : 3); i++)
		numbers.n[i] = take_number(&rest, i == 1 && what == 'Z' ? FARS : 0);
	(void)str_cut(&rest, what == 'W' ? ' ' : '|');
	happen(what, &numbers, rest);
	witness_counts(false);
}

/* ---- the end ---- */

static void
clear_weather(void)
{
	struct flow_seen *flow;

	world.dial = world.store = world.names = WEATHER_GOOD;
	world.piece = 0;
	world.is_calm = true;
	while ((flow = flow_ago(0, true)) != NULL)
		world_open_flow(flow);
	while (world.asked_count > 0)
		world_answer_name(0, NAMES_FOUND, 0);
	while (world.saving_count > 0)
		world_answer_save(0, SAVED_DONE);
}

/* Devices that mean well answer what was asked and acknowledge what they got.
 * Ends: whether there was anything. */
static bool
answer_all(void)
{
	bool was_any = false;

	for (unsigned i = 0; i < HEARD_MAX && i < world.heard_count; i++) {
		struct heard *h = &world.heard[i];

		if (h->is_answered || h->method == METHOD_ACK)
			continue;
		if (h->is_request) {
			was_any = true;
			say_answer(h, h->method != METHOD_INVITE ? 200 : 487, STR(""));
		} else if (h->method == METHOD_INVITE && h->status >= 200) {
			was_any = true;
			h->is_answered = true;
			say_ack(h, STR(""));
		}
	}
	return was_any;
}

static bool
is_empty(void)
{
	struct counts c;

	core_count(world.core, &c);
	return c.calls + c.legs + c.transactions + c.timers + c.asks == 0;
}

static void
calm_down(void)
{
	int64_t until_ms = world.now.mono_ms + CALM_MS;
	struct flow_seen *flow;

	clear_weather();
	order_drain();
	for (int turns = 0; turns < CALM_TURNS_MAX; turns++) {
		int64_t at_ms;

		if (answer_all())
			continue;
		at_ms = core_deadline_ms(world.core);
		if (is_empty() || at_ms > until_ms)
			break;
		world_pass_ms(at_ms > world.now.mono_ms ? at_ms - world.now.mono_ms : 0);
	}
	while ((flow = flow_ago(0, false)) != NULL)
		world_end_flow(flow);
	world_pass_ms((int64_t)(REGISTER_MAX_S + 1) * 1000);
	witness_counts(true);
}

void
fuzz_one(struct str input)
{
	world_open();
	for (int steps = 0; input.len > 0 && steps < STEPS_MAX; steps++)
		step(str_cut(&input, '\n'));
	calm_down();
}
