/* SPDX-License-Identifier: Apache-2.0 */
/* INVITEs that we answer: the first one of a caller, and those inside a dialog from either peer.
 *
 *   first: CALLING --1xx--> RINGING --2xx--> ANSWERED --ACK--> TALKING
 *               `-------------`--3xx..6xx, CANCEL--> GONE
 *   later: TALKING, invite_in --2xx--> TALKING, invite_done --ACK--> TALKING
 *
 * The 2xx is repeated at T1, doubling to T2, on every transport, until the ACK or 64*T1
 * (RFC 3261 13.3.1.4). */
#include "leg/inside.h"
#include "leg/ledger.h"

enum { LINES_BYTES = 1024 };

static bool
put_first_contact(
	struct legs *ls, struct leg *leg, const struct msg *invite, const struct txn_way *way)
{
	char text[URI_BYTES_MAX];
	struct buf host = buf_on(text, sizeof text);

	flows_write_face(ls->flows, &host, leg->transport, &way->addr, way->flow);
	return buf_ok(&host) &&
		dialog_put_contact(leg, leg->speech.scheme, invite->target.user, buf_str(&host),
			scheme_echo_param(&leg->speech, invite, leg->emits_tls));
}

/* Whether a caller by datagrams sits behind a NAT: its own Via names another address than its
 * packets have, so its Contact leads nowhere. Or it has none (RFC 2543): its From need not lead
 * there either. */
static bool
is_natted(const struct msg *invite, const struct flow *flow, const struct txn_way *way)
{
	struct addr sent_by;

	return flow->transport == TRANSPORT_UDP && invite->via_count == 1 &&
		msg_header(invite, HEADER_RECORD_ROUTE) == NULL &&
		(msg_header(invite, HEADER_CONTACT) == NULL ||
			(addr_parse(&sent_by, invite->via.host) &&
				!addr_same_ip(&sent_by, &way->addr)));
}

struct leg *
leg_open_answered(struct legs *ls, const struct msg *invite, struct ref txn,
	const struct txn_way *way, bool emits_tls, const struct turn *t)
{
	const struct flow *flow = flows_find(ls->flows, way->flow);
	struct leg *leg = flow != NULL ? leg_take(ls, LEG_OF_CALLER, t) : NULL;

	if (leg == NULL)
		return NULL;
	leg->speech = speech_of_request(invite, flow->transport);
	leg->emits_tls = emits_tls;
	leg->transport = flow->transport;
	leg->flow = flow->id;
	leg->flow_tie = TIE_DIALOG;
	leg->peer = way->addr;
	leg->is_natted = is_natted(invite, flow, way);
	ledger_see(ls, leg, true, t);
	ledger_hear(leg, invite);
	leg->trust = flow->terms.trust;
	if (flow->proof == PROOF_CLIENT_CERT)
		(void)shelf_put(&leg->shelf, TEXT_NAME, flow_name(flow));
	if (!dialog_make_tag(ls, leg) || !dialog_from_invite(leg, invite, t) ||
		!put_first_contact(ls, leg, invite, way) ||
		!leg_keep_echo(ls, leg, txn, invite, way, t)) {
		leg_move(ls, leg, LEG_GONE);
		leg_close(ls, leg);
		return NULL;
	}
	txn_own(ls->txns, txn, (struct txn_owner){ OWNER_LEG, leg->ref, 0 });
	leg->invite_in = txn;
	leg->heard_invite_cseq = invite->cseq;
	leg->invite_had_offer = !str_is_empty(invite->body);
	leg->asked_sdp = dialog_session_hash(ls, invite);
	session_hear(leg, invite);
	leg_move(ls, leg, LEG_CALLING);
	return leg;
}

void
leg_ring(struct legs *ls, struct leg *leg, unsigned status, struct str reason,
	const struct cargo *cargo, const struct turn *t)
{
	char text[LINES_BYTES];
	struct buf lines = buf_on(text, sizeof text);
	struct reply reply = { .txn = leg->invite_in,
		.status = status,
		.reason = reason,
		.with_contact = true,
		.cargo = cargo };

	if (ref_is_none(leg->invite_in))
		return;
	dialog_write_uuid(ls, leg, &lines);
	leg_write_abilities(&lines, STR(""));
	reply.lines = buf_str(&lines);
	dialog_keep_session(leg, cargo);
	(void)leg_reply(ls, leg, &reply, t);
	if (leg->state == LEG_CALLING)
		leg_move(ls, leg, LEG_RINGING);
}

/* The 2xx went out: what the INVITE asked for holds now, and the ACK is waited for. */
static void
accept(struct legs *ls, struct leg *leg, const struct turn *t)
{
	dialog_take_target(leg);
	if (leg->invite_had_offer)
		leg->heard_sdp = leg->asked_sdp;
	leg->invite_done = leg->invite_in;
	leg->invite_in = REF_NONE;
	leg->is_confirmed = true;
	leg->resend_ms = ls->txns->timers.t1_ms;
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_RESEND], t->now.mono_ms + leg->resend_ms);
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT],
		t->now.mono_ms + 64 * ls->txns->timers.t1_ms);
	if (leg->state == LEG_CALLING || leg->state == LEG_RINGING)
		leg_move(ls, leg, LEG_ANSWERED);
	session_start(ls, leg, t);
}

bool
leg_answer(struct legs *ls, struct leg *leg, struct str reason, const struct cargo *cargo,
	const struct turn *t)
{
	char text[LINES_BYTES];
	struct buf lines = buf_on(text, sizeof text);
	struct reply reply = { .txn = leg->invite_in,
		.status = 200,
		.reason = reason,
		.with_contact = true,
		.cargo = cargo };

	if (ref_is_none(leg->invite_in))
		return false;
	session_agree(leg);
	dialog_keep_session(leg, cargo);
	dialog_write_uuid(ls, leg, &lines);
	session_write(leg, &lines);
	leg_write_abilities(&lines, leg->kind == LEG_OF_CALLER ? STR("uui,timer") : STR("uui"));
	reply.lines = buf_str(&lines);
	if (!leg_reply(ls, leg, &reply, t)) {
		/* Only what is larger than a message may be comes here: nobody must be left
		 * waiting. */
		leg_refuse(ls, leg, 500, STR(""), NULL, t);
		return false;
	}
	accept(ls, leg, t);
	return true;
}

void
leg_refuse(struct legs *ls, struct leg *leg, unsigned status, struct str reason,
	const struct cargo *cargo, const struct turn *t)
{
	struct reply reply = {
		.txn = leg->invite_in, .status = status, .reason = reason, .cargo = cargo
	};

	if (ref_is_none(leg->invite_in))
		return;
	if (!leg_reply(ls, leg, &reply, t)) {
		reply.cargo = NULL;
		(void)leg_reply(ls, leg, &reply, t);
	}
	txn_disown(ls->txns, leg->invite_in);
	leg->invite_in = REF_NONE;
	(void)shelf_put(&leg->shelf, TEXT_NEW_TARGET, STR(""));
	if (leg->state == LEG_CALLING || leg->state == LEG_RINGING)
		leg_move(ls, leg, LEG_GONE);
}

/* The other side takes its time over a re-INVITE (RFC 3261 17.2.1). */
static void
say_trying(struct legs *ls, struct leg *leg, const struct turn *t)
{
	struct reply reply = { .txn = leg->invite_in, .status = 100 };

	if (!ref_is_none(leg->invite_in) && leg->is_confirmed)
		(void)leg_reply(ls, leg, &reply, t);
}

struct word
answered_resend(struct legs *ls, struct leg *leg, const struct turn *t)
{
	int64_t t2_ms = ls->txns->timers.t2_ms;

	if (ref_is_none(leg->invite_done))
		say_trying(ls, leg, t);
	if (ref_is_none(leg->invite_done) || !txn_answer_again(ls->txns, leg->invite_done, t->out))
		return leg_nothing();
	leg->resend_ms = 2 * leg->resend_ms < t2_ms ? 2 * leg->resend_ms : t2_ms;
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_RESEND], t->now.mono_ms + leg->resend_ms);
	return leg_nothing();
}

/* Nobody waits for this ACK any more. */
static void
stop_waiting(struct legs *ls, struct leg *leg)
{
	alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_RESEND]);
	alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
	txn_acked(ls->txns, leg->invite_done);
	txn_disown(ls->txns, leg->invite_done);
	leg->invite_done = REF_NONE;
}

struct word
answered_no_ack(struct legs *ls, struct leg *leg, const struct turn *t)
{
	bool was_ours = leg->wants_bye;

	stop_waiting(ls, leg);
	if (was_ours) {
		leg_send_late_bye(ls, leg, t);
		return leg->state == LEG_GONE ? leg_say(WORD_OVER, 0, STR(""), NULL)
					      : leg_nothing();
	}
	leg_send_bye(ls, leg, STR("SIP;cause=408;text=\"ACK missing\""), NULL, t);
	return leg_say(WORD_BYE, 408, STR("the ACK never came"), NULL);
}

struct word
answered_hear_ack(struct legs *ls, struct leg *leg, const struct msg *ack, const struct turn *t)
{
	if (ref_is_none(leg->invite_done) || ack->cseq != leg->heard_invite_cseq)
		return leg_nothing();
	stop_waiting(ls, leg);
	if (!leg->invite_had_offer)
		leg->heard_sdp = dialog_session_hash(ls, ack);
	if (leg->state == LEG_ANSWERED)
		leg_move(ls, leg, LEG_TALKING);
	if (leg->wants_bye) {
		leg_send_late_bye(ls, leg, t);
		return leg->state == LEG_GONE ? leg_say(WORD_OVER, 0, STR(""), NULL)
					      : leg_nothing();
	}
	return leg_say(WORD_ACK, 0, STR(""), ack);
}

static struct word
refuse_now(struct legs *ls, struct leg *leg, struct ref txn, unsigned status, struct str reason,
	struct str lines, const struct turn *t)
{
	struct reply reply = { .txn = txn, .status = status, .reason = reason, .lines = lines };

	(void)leg_reply(ls, leg, &reply, t);
	txn_disown(ls->txns, txn);
	return leg_nothing();
}

/* A re-INVITE with the session that is in force already: the device refreshes its timer. */
static bool
is_refresh(const struct legs *ls, const struct leg *leg, const struct msg *invite)
{
	return leg->heard_sdp != 0 && dialog_session_hash(ls, invite) == leg->heard_sdp &&
		!str_is_empty(leg_text(leg, TEXT_SDP));
}

/* The fault of a re-INVITE, or 0 (RFC 3261 14.2, RFC 5630 5.1.2). */
static unsigned
judge_change(struct legs *ls, const struct leg *leg, const struct msg *invite,
	const struct txn_way *way, struct str *reason, struct buf *lines)
{
	struct nameaddr contact;
	uint32_t interval_s;

	*reason = STR("");
	if (!ref_is_none(leg->invite_in)) {
		write_number(lines, HEADER_RETRY_AFTER, dice_below(ls->dice, 11));
		return 500;
	}
	if (!ref_is_none(leg->invite_out) || !ref_is_none(leg->invite_done) || leg->owes_ack ||
		(!ref_is_none(leg->session.refresh) && leg->session.refresh_is_invite))
		return 491;
	if (!msg_remote_target(invite, &contact)) {
		*reason = STR("Bad Contact");
		return 400;
	}
	if (leg->speech.scheme == SCHEME_SIPS && (!way->is_tls || contact.uri.scheme != URI_SIPS)) {
		*reason = !way->is_tls ? STR("SIPS Dialog Not Over TLS")
				       : STR("SIPS Dialog With SIP Contact");
		return 400;
	}
	if (leg->kind == LEG_OF_CALLER && msg_has_token(invite, HEADER_SUPPORTED, STR("timer")) &&
		msg_seconds(invite, HEADER_SESSION_EXPIRES, &interval_s) && interval_s < MIN_SE_S) {
		write_number(lines, HEADER_MIN_SE, MIN_SE_S); /* RFC 4028 9 */
		return 422;
	}
	return 0;
}

struct word
answered_hear_invite(struct legs *ls, struct leg *leg, const struct msg *invite, struct ref txn,
	const struct txn_way *way, const struct turn *t)
{
	char text[LINES_BYTES];
	struct buf lines = buf_on(text, sizeof text);
	struct str reason;
	unsigned status = judge_change(ls, leg, invite, way, &reason, &lines);

	if (status == 0 && !dialog_hold_target(leg, invite)) {
		status = 400;
		reason = STR("Bad Contact");
	}
	if (status != 0)
		return refuse_now(ls, leg, txn, status, reason, buf_str(&lines), t);
	txn_own(ls->txns, txn, (struct txn_owner){ OWNER_LEG, leg->ref, 0 });
	leg->invite_in = txn;
	leg->heard_invite_cseq = invite->cseq;
	leg->invite_had_offer = !str_is_empty(invite->body);
	leg->asked_sdp = dialog_session_hash(ls, invite);
	session_hear(leg, invite);
	if (is_refresh(ls, leg, invite)) {
		struct cargo kept = dialog_kept_session(leg);
		struct str headers = arena_copy(t->scratch, kept.body_headers);
		struct str body = arena_copy(t->scratch, kept.body);

		if (str_is_none(headers) || str_is_none(body)) {
			leg_refuse(ls, leg, 500, STR(""), NULL, t);
			return leg_nothing();
		}
		kept = (struct cargo){ .headers = STR(""), .body_headers = headers, .body = body };
		(void)leg_answer(ls, leg, STR(""), &kept, t);
		return leg_nothing();
	}
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_RESEND], t->now.mono_ms + TRYING_LATE_MS);
	return leg_say(WORD_CHANGE, 0, STR(""), invite);
}
