/* SPDX-License-Identifier: Apache-2.0 */
/* Requests inside the dialog: changes of the session, INFO and MESSAGE, and what is refused. */
#include "leg/inside.h"

enum { LINES_BYTES = 1024 };

bool
leg_set_call(struct leg *leg, struct ref call, struct str uuid, struct str dn)
{
	leg->call = call;
	return shelf_put(&leg->shelf, TEXT_UUID, uuid) && shelf_put(&leg->shelf, TEXT_DN, dn);
}

bool
leg_may_change(const struct leg *leg)
{
	return leg->state == LEG_TALKING && ref_is_none(leg->invite_in) &&
		ref_is_none(leg->invite_out) && ref_is_none(leg->invite_done) &&
		ref_is_none(leg->session.refresh) && !leg->owes_ack && !leg->wants_bye;
}

bool
leg_change(struct legs *ls, struct leg *leg, const struct cargo *cargo, const struct turn *t)
{
	char text[LINES_BYTES];
	struct buf lines = buf_on(text, sizeof text);

	session_write(leg, &lines);
	leg_write_abilities(&lines, leg->kind == LEG_OF_CALLER ? STR("uui,timer") : STR("uui"));
	leg->invite_out = leg_request(ls, leg, METHOD_INVITE, true, buf_str(&lines), cargo, t);
	if (ref_is_none(leg->invite_out))
		return false;
	leg->invite_cseq = leg->local_cseq;
	leg->invite_had_offer = !str_is_empty(cargo->body);
	/* It may be told to wait for ever by 1xx: not longer than a first INVITE rings. */
	alarm_arm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT], t->now.mono_ms + RING_MS);
	return true;
}

bool
leg_cancel_change(struct legs *ls, struct leg *leg, const struct turn *t)
{
	if (leg->state != LEG_TALKING || ref_is_none(leg->invite_out))
		return false;
	txn_cancel(ls->txns, leg->invite_out, STR(""), t->now, t->out);
	return true;
}

/* What we had offered is in force now: kept out of the request that offered it. */
static void
keep_offered(struct legs *ls, struct leg *leg, struct str request, const struct turn *t)
{
	struct msg *msg = arena_take(t->scratch, sizeof *msg, _Alignof(struct msg));
	struct fault fault;
	struct str type;
	char text[LINES_BYTES];
	struct buf b = buf_on(text, sizeof text);

	(void)ls;
	if (msg == NULL || !msg_parse(msg, request, false, &fault) || str_is_empty(msg->body))
		return;
	type = msg_value(msg, HEADER_CONTENT_TYPE);
	write_header(&b, HEADER_CONTENT_TYPE, type);
	if (msg_header(msg, HEADER_CONTENT_DISPOSITION) != NULL)
		write_copy(&b, msg, HEADER_CONTENT_DISPOSITION);
	if (buf_ok(&b)) {
		struct cargo cargo = {
			.headers = STR(""), .body_headers = buf_str(&b), .body = msg->body
		};

		dialog_keep_session(leg, &cargo);
	}
}

static struct word
change_done(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct turn *t)
{
	dialog_refresh_target(leg, msg);
	leg->heard_sdp = dialog_session_hash(ls, msg);
	keep_offered(ls, leg, txn_request_text(ls->txns, news->txn), t);
	if (leg->invite_had_offer)
		(void)leg_send_ack(ls, leg, NULL, t);
	else
		leg->owes_ack = true;
	session_answered(ls, leg, msg, t);
	return leg_say(WORD_CHANGED, msg->status, msg->reason, msg);
}

struct word
change_hear_news(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct turn *t)
{
	if (news->kind == NEWS_PROVISIONAL)
		return leg_nothing();
	leg->invite_out = REF_NONE;
	alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
	if (leg->state != LEG_TALKING) { /* we are hanging up, and nobody waits for this any more */
		if (news->kind == NEWS_FINAL && msg->status < 300)
			(void)leg_send_ack(ls, leg, NULL, t);
		return leg_nothing();
	}
	if (news->kind == NEWS_FINAL && msg->status < 300)
		return change_done(ls, leg, news, msg, t);
	/* These say that the dialog is dead (RFC 3261 12.2.1.2, RFC 5057 5.1). */
	if (news->kind != NEWS_FINAL || msg->status == 408 || msg->status == 481) {
		leg_hang_up(ls, leg, STR("SIP;cause=408;text=\"re-INVITE failed\""), NULL, t);
		return leg_say(WORD_BYE, 408, STR("the peer did not answer a re-INVITE"), NULL);
	}
	return leg_say(WORD_REFUSED, msg->status, msg->reason, msg);
}

struct ref
leg_ask(struct legs *ls, struct leg *leg, enum method method, const struct cargo *cargo,
	const struct turn *t)
{
	if (!leg->is_confirmed || leg->state == LEG_LEAVING || leg->state == LEG_GONE)
		return REF_NONE;
	return leg_request(ls, leg, method, false, STR(""), cargo, t);
}

void
leg_asked(struct legs *ls, struct leg *leg, struct ref txn, unsigned status, struct str reason,
	const struct cargo *cargo, const struct turn *t)
{
	struct reply reply = { .txn = txn, .status = status, .reason = reason, .cargo = cargo };

	if (!leg_reply(ls, leg, &reply, t)) { /* it may be too much to fit */
		reply.cargo = NULL;
		(void)leg_reply(ls, leg, &reply, t);
	}
	txn_disown(ls->txns, txn);
}

/* What each method inside a dialog gets at once: 0 is carried. */
static unsigned
own_answer(enum method method)
{
	switch (method) {
	case METHOD_INFO:
	case METHOD_MESSAGE: return 0;
	case METHOD_OPTIONS: return 200;
	case METHOD_REFER: /* RFC 3515 2.4.2: declined */ return 603;
	case METHOD_PRACK: /* RFC 3262 3: matches no reliable response */
	case METHOD_NOTIFY: /* RFC 6665 4.1.3: matches no subscription */ return 481;
	case METHOD_INVITE:
	case METHOD_ACK:
	case METHOD_BYE:
	case METHOD_CANCEL:
	case METHOD_REGISTER:
	case METHOD_UPDATE:
	case METHOD_SUBSCRIBE:
	case METHOD_PUBLISH: return 405;
	case METHOD_OTHER:
	case METHODS: break;
	}
	return 501;
}

static struct word
hear_other(struct legs *ls, struct leg *leg, const struct msg *msg, struct ref txn,
	const struct turn *t)
{
	char text[LINES_BYTES];
	struct buf lines = buf_on(text, sizeof text);
	struct reply reply = { .txn = txn, .status = own_answer(msg->method) };

	if (reply.status == 0) {
		struct word word = leg_say(WORD_ASK, 0, STR(""), msg);

		word.txn = txn;
		word.method = msg->method;
		return word;
	}
	if (reply.status == 200) {
		leg_write_abilities(&lines, STR("uui,timer"));
		write_header(&lines, HEADER_ACCEPT, STR("application/sdp"));
		write_header(&lines, HEADER_ACCEPT_ENCODING, STR("identity"));
		write_header(&lines, HEADER_ACCEPT_LANGUAGE, STR("en"));
	} else if (reply.status == 405 || reply.status == 501) {
		leg_write_abilities(&lines, STR(""));
	}
	reply.lines = buf_str(&lines);
	(void)leg_reply(ls, leg, &reply, t);
	txn_disown(ls->txns, txn);
	return leg_nothing();
}

/* Whether the message came by a way that this leg listens to: what began over TLS goes on over
 * TLS (RFC 6141 6). */
static bool
may_come_by(const struct leg *leg, const struct txn_way *way)
{
	return way->is_tls || leg->speech.transport != TRANSPORT_TLS;
}

/* What is wrong with any request inside the dialog; status 0: nothing. */
static struct reply
judge(const struct leg *leg, const struct msg *msg, const struct txn_way *way)
{
	if (!may_come_by(leg, way))
		return (struct reply){ .status = 400, .reason = STR("Dialog Not Over TLS") };
	/* RFC 3261 12.2.2: lower is 500; the same number in another transaction is no better. */
	if (leg->has_remote_cseq && msg->cseq <= leg->remote_cseq)
		return (struct reply){ .status = 500, .reason = STR("CSeq Out Of Order") };
	if (leg->state == LEG_LEAVING && msg->method != METHOD_BYE)
		return (struct reply){ .status = 481 };
	return (struct reply){ .status = 0 };
}

bool
leg_may_take(const struct leg *leg, const struct msg *msg, const struct txn_way *way)
{
	return judge(leg, msg, way).status == 0;
}

struct word
leg_hear_request(struct legs *ls, struct leg *leg, const struct msg *msg, struct ref txn,
	const struct txn_way *way, const struct turn *t)
{
	struct reply refusal;

	if (msg->method == METHOD_ACK) {
		if (!may_come_by(leg, way))
			return leg_nothing();
		way_heard(ls, leg, way, t);
		return answered_hear_ack(ls, leg, msg, t);
	}
	if (!leg_keep_echo(ls, leg, txn, msg, way, t)) {
		txn_disown(ls->txns, txn);
		return leg_nothing();
	}
	refusal = judge(leg, msg, way);
	if (refusal.status != 0) {
		refusal.txn = txn;
		(void)leg_reply(ls, leg, &refusal, t);
		txn_disown(ls->txns, txn);
		return leg_nothing();
	}
	leg->remote_cseq = msg->cseq;
	leg->has_remote_cseq = true;
	way_heard(ls, leg, way, t);
	if (msg->method == METHOD_INVITE)
		return answered_hear_invite(ls, leg, msg, txn, way, t);
	if (msg->method == METHOD_BYE)
		return leg_hear_bye(ls, leg, msg, txn, t);
	return hear_other(ls, leg, msg, txn, t);
}

/* The final answer to our INFO or MESSAGE. */
static struct word
hear_asked(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct turn *t)
{
	struct word word;

	if (news->kind == NEWS_PROVISIONAL || leg->state == LEG_LEAVING || leg->state == LEG_GONE ||
		leg->wants_bye)
		return leg_nothing();
	/* RFC 5057: 481 ends the usage; a time-out says the same. A 408 must not be passed on to a
	 * request that is not an INVITE (RFC 4320 4.2). */
	if (news->kind != NEWS_FINAL || msg->status == 408 || msg->status == 481) {
		leg_hang_up(ls, leg, STR("SIP;cause=408;text=\"request failed\""), NULL, t);
		return leg_say(
			WORD_BYE, 408, STR("the peer did not answer inside the dialog"), NULL);
	}
	word = leg_say(WORD_ASKED, msg->status, msg->reason, msg);
	word.txn = news->txn;
	return word;
}

struct word
leg_hear_news(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct txn_way *way, const struct turn *t)
{
	struct word word;

	if (news->kind == NEWS_NONE || news->kind == NEWS_NO_ACK)
		return leg_nothing();
	if (news->kind == NEWS_AGAIN || news->kind == NEWS_FORK) {
		if (!str_same(msg->to.tag, leg_text(leg, TEXT_REMOTE_TAG)))
			leg_refuse_fork(ls, leg, news, msg, t);
		else if (msg->cseq == leg->ack_cseq)
			leg_send_ack_again(ls, leg, t);
		return leg_nothing();
	}
	if (news->kind == NEWS_FINAL && leg_prove(ls, leg, news, msg, t, &word))
		return word;
	if (ref_same(news->txn, leg->session.refresh))
		return session_refreshed(ls, leg, news, msg, t);
	if (ref_same(news->txn, leg->bye_out)) {
		if (news->kind == NEWS_PROVISIONAL)
			return leg_nothing();
		leg->bye_out = REF_NONE;
		leg_move(ls, leg, LEG_GONE);
		return leg_say(WORD_OVER, 0, STR(""), NULL);
	}
	if (ref_same(news->txn, leg->invite_out))
		return leg->is_confirmed ? change_hear_news(ls, leg, news, msg, t)
					 : made_hear_news(ls, leg, news, msg, way, t);
	return hear_asked(ls, leg, news, msg, t);
}
