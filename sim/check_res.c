/* SPDX-License-Identifier: Apache-2.0 */
/* M1 to M7: limits, what is left, how much one event may cause, the log. */
#include "check_inside.h"

enum {
	OUTS_PER_STEP_MAX = 256, /* messages after one event: its own, and alarms due with it */
	NOTE_BYTES_MAX = 4096,
	ALARMS_PER_STEP_MAX = 64,
	ALARMS_AT_ONCE_MAX = 6400, /* at one moment: no table has more */
	BUSY_PERCENT = 50,         /* INVITEs that were refused at once hold the rest for a while */
	COST_MAX = 8,              /* octets that one octet may cause */
};

/* M7: one line, which its reader can take apart again. */
void
seen_res_note(struct check *c, struct wire_text line)
{
	if (line.len == 0 || line.len > NOTE_BYTES_MAX)
		check_break(c, "M7", "a line of %zu octets in the log", line.len);
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.at[i] < 0x20 || line.at[i] == 0x7f) {
			check_break(c, "M7", "the octet %#x in a line of the log",
				(unsigned)(unsigned char)line.at[i]);
			return;
		}
}

static void
judge_limit(struct check *c, const char *what, uint32_t count, uint32_t max)
{
	if (max != 0 && count > max)
		check_break(c, "M1", "%u %s, of at most %u", (unsigned)count, what, (unsigned)max);
}

/* M3: what one message asks for is in proportion to it, and to what may have been kept for either
 * leg. Where the host comes late, other things are done beside. */
static void
judge_cost(struct check *c)
{
	if (c->step.in_bytes == 0 || c->late_ms > 0 || c->step.is_crash)
		return;
	if (c->step.out_bytes > COST_MAX * c->step.in_bytes + 2 * c->longest_in)
		check_break(c, "M3", "%zu octets leave because of %zu that came", c->step.out_bytes,
			c->step.in_bytes);
}

/* M4: no event takes long, and none asks for the next one without end. */
static void
judge_turn(struct check *c, const struct check_counts *now)
{
	uint64_t was = c->has_counts ? c->counts.alarms : 0;

	if (c->step.outs > OUTS_PER_STEP_MAX)
		check_break(c, "M4", "%u messages after one event", c->step.outs);
	if (now->alarms - was > ALARMS_PER_STEP_MAX)
		check_break(c, "M4", "%llu alarms in one event",
			(unsigned long long)(now->alarms - was));
	if (c->now_ms != c->alarms_ms)
		c->alarms_now = 0;
	c->alarms_ms = c->now_ms;
	c->alarms_now += now->alarms - was;
	if (c->alarms_now > ALARMS_AT_ONCE_MAX)
		check_break(c, "M4", "alarms ring without end");
}

/* M5: a call is turned away for want of room only when there are many. In the quiet each is refused
 * at once, and it is what they leave behind that fills the tables. */
void
seen_res_refused(struct check *c, const struct leg *leg, unsigned status)
{
	if (status != 503 || c->is_calm || c->is_draining || !c->has_counts || c->o.calls_max == 0)
		return;
	if (c->counts.calls * 100 < c->o.calls_max * BUSY_PERCENT)
		check_break(c, "M5", "503 to %s, and there are %u calls of %u", leg->call_id,
			(unsigned)c->counts.calls, (unsigned)c->o.calls_max);
}

/* M6: a new directory ends nothing that is under way, and asks nobody for anything. */
static void
judge_reload(struct check *c, const struct check_counts *now)
{
	const struct check_counts *was = &c->counts;

	if (!c->step.is_reload || !c->has_counts || c->late_ms > 0)
		return;
	if (c->step.outs > 0)
		check_break(c, "M6", "%u messages because of a reload", c->step.outs);
	if (now->calls < was->calls || now->legs < was->legs || now->flows < was->flows ||
		now->bindings < was->bindings)
		check_break(c, "M6",
			"of %u calls, %u legs, %u flows, %u addresses a reload left %u, %u, %u, %u",
			(unsigned)was->calls, (unsigned)was->legs, (unsigned)was->flows,
			(unsigned)was->bindings, (unsigned)now->calls, (unsigned)now->legs,
			(unsigned)now->flows, (unsigned)now->bindings);
}

void
seen_res_step(struct check *c, const struct check_counts *now)
{
	judge_limit(c, "calls", now->calls, c->o.calls_max);
	judge_limit(c, "transactions", now->transactions, c->o.transactions_max);
	judge_limit(c, "flows", now->flows, c->o.flows_max);
	judge_limit(c, "bindings", now->bindings, c->o.bindings_max);
	if (now->legs > 2 * now->calls) /* what another callee needs is gone with the event */
		check_break(
			c, "M1", "%u legs of %u calls", (unsigned)now->legs, (unsigned)now->calls);
	judge_turn(c, now);
	judge_cost(c);
	judge_reload(c, now);
}

void
seen_res_over(struct check *c, const struct check_counts *counts)
{
	uint32_t open = (uint32_t)c->o.ours_count;

	for (size_t i = 0; i < c->flows.size; i++) {
		const struct flow *flow = c->flows.cells[i].thing;

		open += c->flows.cells[i].key != 0 && flow->transport != CHECK_UDP &&
			!flow->is_closed;
	}
	if (counts->asks > 0)
		check_break(c, "M2", "%u questions wait for nobody", (unsigned)counts->asks);
	if (counts->flows > open)
		check_break(c, "M2", "%u flows are counted, %u are open", (unsigned)counts->flows,
			(unsigned)open);
}
