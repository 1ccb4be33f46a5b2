/* SPDX-License-Identifier: Apache-2.0 */
#include "trunk/ask.h"

bool
ask_choose(struct flows *flows, const struct asked *asked, const struct way *way,
	const struct turn *t, struct target *target, struct str *why)
{
	struct demand demand = {
		.speech = asked->speech, .name = asked->name, .terms = asked->terms
	};
	const struct flow *flow = flows_find(flows, way->flow);
	struct candidate candidate = {
		.transport = way->transport, .addr = way->addr, .flow = way->flow, .tie = way->tie
	};
	enum target_verdict verdict;

	*why = STR("the connection is gone");
	if (way->tie != TIE_NONE && (flow == NULL || flow->is_shut))
		return false;
	if (flow != NULL)
		flow_show(flow, &demand, &candidate);
	verdict = target_choose(&demand, &candidate, target);
	*why = target_verdict_text(verdict);
	if (verdict != TARGET_CHOSEN)
		return false;
	*why = STR("no connection: the table of flows is full or no listener fits");
	return flows_reach(flows, target, asked->number, t);
}

struct txn_way
ask_way(const struct target *target)
{
	return (struct txn_way){ .flow = target->flow,
		.addr = target->addr,
		.is_reliable = target->transport != TRANSPORT_UDP,
		.is_tls = target->transport == TRANSPORT_TLS };
}
