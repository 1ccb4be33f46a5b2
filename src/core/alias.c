/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are taken for the other way too (RFC 5923), once both ends have proved who they
 * are: one that a peer opened leads to its own port, and one that we opened to ours. */
#include "core/inside.h"
#include "secure/identity.h"

/* A peer that showed a certificate offers its connection for requests to itself (RFC 5923 8.2). Who
 * showed none offers nothing, and nobody is refused for it. */
void
alias_hear(struct core *core, struct flow *flow)
{
	const struct via *via = &core->msg->via;
	struct param param;

	if (flow->proof == PROOF_CLIENT_CERT && param_find(via->params, STR("alias"), &param))
		flows_alias(&core->flows, flow,
			via->port != 0 ? via->port : transport_port(TRANSPORT_TLS));
}

/* Whether one of the names of OWN is ours. */
static bool
is_ours(const struct core *core, struct str own)
{
	for (uint32_t i = 0; i < core->directory->domain_count; i++)
		if (identity_is_listed(own, core->directory->domains[i]))
			return true;
	return false;
}

void
alias_offer(struct core *core, const struct event *opened)
{
	const struct secured *secured = &opened->u.open.secured;
	struct flow *flow = flows_find(&core->flows, opened->u.open.flow);

	/* The port that our Via names must be one where TLS is spoken. */
	if (flow != NULL && flow->proof == PROOF_NAME && is_ours(core, secured->own) &&
		flows_face(&core->flows, TRANSPORT_TLS, &flow->peer) != NULL)
		flow->offers_alias = true;
}
