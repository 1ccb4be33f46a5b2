/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to our INVITE that nobody waits for: another callee's, or one that comes when the call is
 * over (RFC 3261 13.2.2.4). What their dialog needs is in the INVITE, which its transaction keeps
 * as long as they may come (RFC 6026 7.2, timer M). */
#include "leg/inside.h"

/* The way that the INVITE took, as what it is to the new leg. */
static void
take_way(struct legs *ls, struct leg *fork, const struct leg *leg, const struct txn_way *way)
{
	const struct flow *flow = flows_find(ls->flows, way->flow);

	fork->transport = way->is_tls ? TRANSPORT_TLS
		: way->is_reliable    ? TRANSPORT_TCP
				      : TRANSPORT_UDP;
	fork->flow = way->flow;
	fork->peer = way->addr;
	/* What was not dialled, the device had opened and registered over. */
	fork->flow_tie =
		flow == NULL || flow->listener == NO_LISTENER || flow->transport == TRANSPORT_UDP
		? TIE_DIALLED
		: TIE_REGISTERED;
	if (leg != NULL) {
		fork->flow_tie = leg->flow_tie;
		fork->terms = leg->terms;
		fork->is_phone = leg->is_phone;
		(void)shelf_put(&fork->shelf, TEXT_NAME, leg_text(leg, TEXT_NAME));
		(void)shelf_put(&fork->shelf, TEXT_DN, leg_text(leg, TEXT_DN));
	} else if (flow != NULL) {
		fork->terms = flow->terms;
		(void)shelf_put(&fork->shelf, TEXT_NAME, flow_name(flow));
	}
}

/* The dialog of ANSWER, in a leg of its own: ACK, BYE if nobody has said that yet, and gone. LEG:
 * whose INVITE it was, or NULL. */
static void
refuse(struct legs *ls, const struct leg *leg, const struct news *news, const struct msg *answer,
	const struct turn *t)
{
	struct msg *invite = arena_take(t->scratch, sizeof *invite, _Alignof(struct msg));
	struct leg *fork = invite != NULL ? leg_take(ls, LEG_OF_CALLEE, t) : NULL;
	struct nameaddr own;
	struct txn_way way;
	struct fault fault;

	if (fork == NULL)
		return;
	/* We wrote it ourselves: a fault can only be in what crossed with it. */
	if (txn_way(ls->txns, news->txn, &way) &&
		(msg_parse(invite, txn_request_text(ls->txns, news->txn), false, &fault) ||
			msg_may_answer(invite)) &&
		msg_contact(invite, &own)) {
		take_way(ls, fork, leg, &way);
		fork->speech.scheme = own.uri.scheme == URI_SIPS ? SCHEME_SIPS : SCHEME_SIP;
		fork->speech.transport = fork->transport;
		fork->local_cseq = fork->invite_cseq = invite->cseq;
		fork->is_confirmed = true;
		if (shelf_put(&fork->shelf, TEXT_CALL_ID, invite->call_id) &&
			shelf_put(&fork->shelf, TEXT_LOCAL, invite->from.text) &&
			shelf_put(&fork->shelf, TEXT_TARGET, invite->target_text) &&
			dialog_from_answer(fork, answer, t)) {
			(void)leg_send_ack(ls, fork, NULL, t);
			/* A dialog whose leg is gone had its BYE; its re-INVITE has no other. */
			if (news->kind != NEWS_AGAIN &&
				(leg != NULL || str_is_none(invite->to.tag)))
				leg_send_bye(ls, fork, STR(""), NULL, t);
		}
	}
	leg_move(ls, fork, LEG_GONE);
	leg_close(ls, fork);
}

void
leg_refuse_fork(struct legs *ls, const struct leg *leg, const struct news *news,
	const struct msg *answer, const struct turn *t)
{
	refuse(ls, leg, news, answer, t);
}

void
legs_hear_orphan(
	struct legs *ls, const struct news *news, const struct msg *answer, const struct turn *t)
{
	if (news->method == METHOD_INVITE && answer != NULL && answer->status >= 200 &&
		answer->status < 300)
		refuse(ls, NULL, news, answer, t);
}
