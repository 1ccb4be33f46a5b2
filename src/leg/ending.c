/* SPDX-License-Identifier: Apache-2.0 */
/* How a leg ends: CANCEL before an answer, BYE behind it, and the peer's own. */
#include "base/panic.h"
#include "leg/inside.h"

void
leg_send_bye(struct legs *ls, struct leg *leg, struct str reason_header, const struct cargo *cargo,
	const struct turn *t)
{
	char text[512];
	struct buf lines = buf_on(text, sizeof text);

	if (leg->state == LEG_GONE || !ref_is_none(leg->bye_out))
		return;
	if (!ref_is_none(leg->invite_in))
		leg_refuse(ls, leg, 487, STR(""), NULL, t);
	if (leg->owes_ack)
		(void)leg_send_ack(ls, leg, NULL, t);
	if (!str_is_empty(reason_header))
		write_header(&lines, HEADER_REASON, reason_header);
	leg->wants_bye = false;
	leg->bye_out = leg_request(ls, leg, METHOD_BYE, false, buf_str(&lines), cargo, t);
	if (ref_is_none(leg->bye_out) && cargo != NULL) /* it may be too much to fit */
		leg->bye_out = leg_request(ls, leg, METHOD_BYE, false, buf_str(&lines), NULL, t);
	for (uint32_t i = 0; i < LEG_ALARMS; i++)
		alarm_disarm(ls->alarms, &leg->alarms[i]);
	/* A BYE that cannot even be sent ends the leg too: there is nobody to tell. */
	leg_move(ls, leg, ref_is_none(leg->bye_out) ? LEG_GONE : LEG_LEAVING);
}

void
leg_send_late_bye(struct legs *ls, struct leg *leg, const struct turn *t)
{
	struct cargo cargo = {
		.headers = leg_text(leg, TEXT_HEADERS), .body_headers = STR(""), .body = STR("")
	};

	leg_send_bye(ls, leg, STR(""), &cargo, t);
}

/* Keeps the lines of a BYE that must wait; its body is not worth it. */
static void
keep_bye(struct leg *leg, struct str reason_header, const struct cargo *cargo, const struct turn *t)
{
	size_t size = HEAD_BYTES_MAX + 512;
	char *text = arena_take(t->scratch, size, 1);
	struct buf b = buf_on(text, text != NULL ? size : 0);

	if (!str_is_empty(reason_header))
		write_header(&b, HEADER_REASON, reason_header);
	if (cargo != NULL)
		buf_put(&b, cargo->headers);
	(void)shelf_put(&leg->shelf, TEXT_HEADERS, buf_str(&b));
}

void
leg_hang_up(struct legs *ls, struct leg *leg, struct str reason_header, const struct cargo *cargo,
	const struct turn *t)
{
	if (ref_is_none(leg->invite_done)) {
		leg_send_bye(ls, leg, reason_header, cargo, t);
		return;
	}
	if (!leg->wants_bye) /* RFC 3261 15: not before the ACK, or its time-out */
		keep_bye(leg, reason_header, cargo, t);
	leg->wants_bye = true;
}

void
leg_end(struct legs *ls, struct leg *leg, unsigned status, struct str reason,
	struct str reason_header, const struct cargo *cargo, const struct turn *t)
{
	switch (leg->state) {
	case LEG_CALLING:
	case LEG_RINGING:
		if (leg->kind == LEG_OF_CALLER) {
			leg_refuse(ls, leg, status, reason, cargo, t);
			return;
		}
		leg->is_cancelled = true;
		txn_cancel(ls->txns, leg->invite_out, reason_header, t->now, t->out);
		alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
		leg_move(ls, leg, LEG_LEAVING);
		return;
	case LEG_ANSWERED:
	case LEG_TALKING: leg_hang_up(ls, leg, reason_header, cargo, t); return;
	case LEG_IDLE:
	case LEG_LEAVING:
	case LEG_GONE: return;
	}
}

struct word
leg_hear_cancel(struct legs *ls, struct leg *leg, const struct msg *cancel, const struct turn *t)
{
	if (ref_is_none(leg->invite_in))
		return leg_nothing();
	/* A re-INVITE may have done its work on the other side: what came of it there decides
	 * (RFC 6141 3.8), and that side is asked to stop. */
	if (leg->state == LEG_CALLING || leg->state == LEG_RINGING) {
		leg->is_cancelled = true;
		leg_refuse(ls, leg, 487, STR(""), NULL, t);
	}
	return leg_say(WORD_CANCEL, 487, STR("cancelled"), cancel);
}

struct word
leg_hear_bye(struct legs *ls, struct leg *leg, const struct msg *msg, struct ref txn,
	const struct turn *t)
{
	struct reply reply = { .txn = txn, .status = 200 };
	bool was_leaving = leg->state == LEG_LEAVING;

	(void)leg_reply(ls, leg, &reply, t);
	txn_disown(ls->txns, txn);
	/* Pending requests of the peer get 487 (RFC 3261 15.1.2); its INVITE of ours that rings is
	 * given up. */
	if (!ref_is_none(leg->invite_in))
		leg_refuse(ls, leg, 487, STR(""), NULL, t);
	if (leg->kind == LEG_OF_CALLEE && !leg->is_confirmed) {
		leg_end(ls, leg, 0, STR(""), STR(""), NULL, t);
		return was_leaving ? leg_nothing()
				   : leg_say(WORD_FAIL, 480, STR("the callee hung up early"), NULL);
	}
	if (leg->owes_ack) /* it would say its 2xx again and again */
		(void)leg_send_ack(ls, leg, NULL, t);
	if (!ref_is_none(leg->invite_done)) {
		txn_acked(ls->txns, leg->invite_done);
		txn_disown(ls->txns, leg->invite_done);
		leg->invite_done = REF_NONE;
	}
	leg_move(ls, leg, LEG_GONE);
	if (was_leaving)
		return leg_say(WORD_OVER, 0, STR(""), NULL);
	return leg_say(WORD_BYE, 0, STR("the peer hung up"), msg);
}

struct word
leg_hear_alarm(struct legs *ls, struct leg *leg, const struct alarm *alarm, const struct turn *t)
{
	switch ((enum leg_alarm)alarm->letter) {
	case LEG_ALARM_RESEND: return answered_resend(ls, leg, t);
	case LEG_ALARM_SESSION: return session_ring(ls, leg, t);
	case LEG_ALARM_WAIT:
		if (!ref_is_none(leg->invite_done))
			return answered_no_ack(ls, leg, t);
		if (leg_cancel_change(ls, leg, t)) /* what comes of that is said then */
			return leg_nothing();
		/* It rang too long (timer C), or never began to. */
		if (leg->kind == LEG_OF_CALLEE && !leg->is_confirmed) {
			bool has_rung = leg->state == LEG_RINGING;

			leg_end(ls, leg, 0, STR(""), STR(""), NULL, t);
			return leg_say(WORD_FAIL, has_rung ? 480 : 408,
				has_rung ? STR("No Answer") : STR("Request Timeout"), NULL);
		}
		return leg_nothing();
	case LEG_ALARMS: must(false);
	}
	return leg_nothing();
}
