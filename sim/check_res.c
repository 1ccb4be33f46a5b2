/* SPDX-License-Identifier: Apache-2.0 */
/* M1 to M7: limits, what is left, how much one event may cause, the log. */
#include "check_inside.h"

enum {
	OUTS_PER_STEP_MAX = 256, /* messages after one event: its own, and alarms due with it */
	NOTE_BYTES_MAX = 4096,
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

void
seen_res_step(struct check *c, const struct check_counts *now)
{
	judge_limit(c, "calls", now->calls, c->o.calls_max);
	judge_limit(c, "transactions", now->transactions, c->o.transactions_max);
	judge_limit(c, "flows", now->flows, c->o.flows_max);
	judge_limit(c, "bindings", now->bindings, c->o.bindings_max);
	if (now->legs > 3 * now->calls + 1) /* two, and one for another callee that answered */
		check_break(
			c, "M1", "%u legs of %u calls", (unsigned)now->legs, (unsigned)now->calls);
	if (c->step.outs > OUTS_PER_STEP_MAX) /* M3, M4: no event costs without end */
		check_break(c, "M4", "%u messages after one event", c->step.outs);
	/* M6: a new directory ends nothing that is under way. */
	if (c->step.is_reload && c->has_counts && c->step.outs == 0 &&
		(now->calls < c->counts.calls || now->legs < c->counts.legs ||
			now->flows < c->counts.flows))
		check_break(c, "M6", "of %u calls, %u legs, %u flows a reload left %u, %u, %u",
			(unsigned)c->counts.calls, (unsigned)c->counts.legs,
			(unsigned)c->counts.flows, (unsigned)now->calls, (unsigned)now->legs,
			(unsigned)now->flows);
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
