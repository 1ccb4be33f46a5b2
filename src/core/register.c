/* SPDX-License-Identifier: Apache-2.0 */
/* A REGISTER: whose address-of-record, is it let in, and the registrar does the rest. */
#include "core/inside.h"

/* Whether the credentials are right for another DN than the one that is to be registered. */
static bool
is_somebody_else(struct core *core, const struct msg *msg, struct str number, const struct turn *t)
{
	const struct header *line = msg_header(msg, HEADER_AUTHORIZATION);
	struct gate_claim claim = { .realm = directory_realm(core->directory) };
	const struct dn *dn;
	struct cred cred;

	if (line == NULL || !cred_parse(&cred, line->value) || str_is_none(cred.username) ||
		str_same(cred.username, number))
		return false;
	dn = directory_find(core->directory, cred.username);
	/* The password of a trunk proves us to it, and nobody to us. */
	if (dn == NULL || dn_is_trunk(dn) || str_is_empty(dn->password))
		return false;
	claim.username = dn->number;
	claim.password = dn->password;
	return gate_judge(core->gate, msg, &claim, t->now) == GATE_IN;
}

/* Ends: true when the REGISTER is let in; otherwise it was answered. */
static bool
let_in(struct core *core, const struct arrival *a, const struct dn *dn, struct str number,
	bool *is_proven, const struct turn *t)
{
	struct gate_claim claim = { .username = number,
		.realm = directory_realm(core->directory),
		.password = dn != NULL ? dn->password : STR("") };
	struct refusal refusal = { .status = 404, .why = STR("no DN has this number") };
	bool is_due = dn != NULL ? dn->challenges_register : core->challenges_register;

	*is_proven = dn != NULL && peers_proves(dn, a->flow);
	if (!is_due || *is_proven) {
		if (dn == NULL)
			refuse(core, a, &refusal, t);
		return dn != NULL;
	}
	switch (gate_judge(core->gate, a->msg, &claim, t->now)) {
	case GATE_IN: *is_proven = true; return true;
	case GATE_STALE: challenge(core, a, true, t); return false;
	case GATE_BAD:
		refusal = (struct refusal){ .status = 400, .reason = STR("Bad Digest URI") };
		refuse(core, a, &refusal, t);
		return false;
	case GATE_CHALLENGE: break;
	}
	if (is_somebody_else(core, a->msg, number, t)) {
		refusal = (struct refusal){ .status = 403,
			.why = STR("right credentials of another DN") };
		refuse(core, a, &refusal, t);
		return false;
	}
	challenge(core, a, false, t);
	return false;
}

/* Whether a Contact is to be bound whose scheme the DN's option `sips` does not allow. To take one
 * back is always allowed: the option may have come later. */
static bool
is_of_other_scheme(const struct msg *msg, const struct dn *dn)
{
	struct values values = msg_values(msg, HEADER_CONTACT);
	struct nameaddr contact;
	struct str value, expires;
	size_t at;

	while (dn->sips != SIPS_ALLOWED && values_next(&values, &value)) {
		if (!nameaddr_parse(&contact, value, &at) || contact.star)
			continue;
		expires = nameaddr_param(&contact, STR("expires"));
		if (str_is_none(expires))
			expires = msg_value(msg, HEADER_EXPIRES);
		if (!str_is_none(expires) && str_same(str_trim(expires), STR("0")))
			continue;
		if (!sips_policy_fits(
			    dn->sips, contact.uri.scheme == URI_SIPS ? SCHEME_SIPS : SCHEME_SIP))
			return true;
	}
	return false;
}

void
register_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	const struct uri *to = &a->msg->to.uri;
	struct str number = route_number(core, to, t);
	const struct dn *dn = directory_find(core->directory, number);
	struct refusal refusal = { .status = 0 };
	struct register_request request;
	bool is_proven;

	if (to->scheme != URI_SIP && to->scheme != URI_SIPS)
		refusal = (struct refusal){ .status = 400, .reason = STR("To Is No SIP URI") };
	else if (!route_is_ours(core, &a->msg->target, a->flow) ||
		!route_is_ours(core, to, a->flow))
		refusal = (struct refusal){ .status = 404, .why = STR("not a domain of ours") };
	if (refusal.status != 0) {
		refuse(core, a, &refusal, t);
		return;
	}
	if (dn != NULL && dn_is_trunk(dn))
		dn = NULL;
	if (!let_in(core, a, dn, number, &is_proven, t))
		return;
	if (is_of_other_scheme(a->msg, dn)) {
		bool must_be = dn->sips == SIPS_REQUIRED;

		refusal = crossings_refusal(core, 403, must_be ? 381 : 380,
			must_be ? STR("its DN says that it always speaks sips (sips: required)")
				: STR("its DN says that it never speaks sips (sips: refused)"),
			t);
		refuse(core, a, &refusal, t);
		return;
	}
	request = (struct register_request){
		.msg = a->msg,
		.txn = a->txn,
		.aor = dn->number,
		.is_self_dn = dn->contact.is_self,
		.is_proven = is_proven,
		.flow = a->flow->id,
		.transport = a->flow->transport,
		.source = a->source,
		.service_route = service_route_write(core, a, dn, t),
	};
	registrar_hear(core->registrar, &request, t->now, t->out);
}
