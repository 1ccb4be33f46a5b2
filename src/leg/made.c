/* SPDX-License-Identifier: Apache-2.0 */
/* The first INVITE of a leg that we make.
 *
 *   CALLING --1xx--> RINGING --2xx, ACK--> TALKING        (2xx with the offer: ANSWERED first)
 *      |  `--its way failed--> CALLING on the next way
 *      `-------------`--3xx..6xx, no way left--> GONE
 *   LEAVING (cancelled) --2xx--> ACK, BYE;  --487--> GONE */
#include "leg/inside.h"
#include "leg/ledger.h"
#include "secure/contract.h"

static bool
put_ends(struct legs *ls, struct leg *leg, const struct leg_plan *plan)
{
	char text[NAME_ADDR_BYTES_MAX + TAG_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct contract_terms terms = { .speech = plan->speech,
		.to_uri = plan->to_uri,
		.from_display = plan->from_display,
		.from_user = plan->from_user,
		.realm = ls->realm };
	bool ok;

	contract_write(&b, PART_FROM, &terms);
	buf_put(&b, STR(";tag="));
	buf_put(&b, leg_text(leg, TEXT_LOCAL_TAG));
	ok = buf_ok(&b) && shelf_put(&leg->shelf, TEXT_LOCAL, buf_str(&b));

	b = buf_on(text, sizeof text);
	contract_write(&b, PART_TO, &terms);
	return ok && buf_ok(&b) && shelf_put(&leg->shelf, TEXT_REMOTE, buf_str(&b));
}

static bool
put_call_id(struct legs *ls, struct leg *leg)
{
	char text[CALL_ID_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	dice_guid(ls->dice, &b);
	buf_char(&b, '-');
	buf_number(&b, leg->ref.slot + 1);
	buf_char(&b, '@');
	buf_put(&b, ls->realm);
	return buf_ok(&b) && shelf_put(&leg->shelf, TEXT_CALL_ID, buf_str(&b));
}

/* Our GRUU is our Contact wherever we call from. */
static bool
put_gruu(struct leg *leg, const struct leg_plan *plan)
{
	leg->has_gruu = !str_is_empty(plan->contact);
	return !leg->has_gruu ||
		dialog_put_contact(leg, contract_contact_scheme(leg->speech.scheme, plan->routes),
			STR(""), plan->contact, STR(""));
}

/* Our Contact names the caller's number at the address that the callee shall see. */
static bool
put_contact(struct legs *ls, struct leg *leg, struct str user, const struct txn_way *way)
{
	char text[URI_BYTES_MAX];
	struct buf host = buf_on(text, sizeof text);
	struct speech spoken = { contract_contact_scheme(
					 leg->speech.scheme, leg_text(leg, TEXT_ROUTES)),
		leg->transport };

	if (leg->has_gruu)
		return true;
	flows_write_face(ls->flows, &host, leg->transport, &way->addr, way->flow);
	return buf_ok(&host) &&
		dialog_put_contact(leg, spoken.scheme, user, buf_str(&host),
			scheme_contact_param(&spoken, leg->emits_tls));
}

/* Sends the INVITE by the next way that is allowed. */
static bool
send_invite(
	struct legs *ls, struct leg *leg, struct str user, const struct turn *t, struct str *why)
{
	struct txn_owner owner = { OWNER_LEG, leg->ref, 0 };
	struct cargo cargo;
	struct txn_way way;
	struct str branch;
	struct ref txn;
	struct buf b;

	if (!way_first(ls, leg, t, &way, why))
		return false;
	leg->home = way.addr;
	*why = STR("the INVITE does not fit");
	if (!put_contact(ls, leg, user, &way))
		return false;
	txn = txn_reserve(ls->txns, owner, &branch);
	if (ref_is_none(txn)) {
		*why = STR("the table of transactions is full");
		return false;
	}
	cargo = dialog_kept_session(leg);
	cargo.headers = leg_text(leg, TEXT_HEADERS);
	b = out_buf(t->out, WRITE_BYTES_MAX);
	dialog_write_request(
		ls, leg, &b, STR("INVITE"), leg->local_cseq + 1, branch, &way, leg->transport);
	write_header(&b, HEADER_CONTACT, leg_text(leg, TEXT_CONTACT));
	dialog_write_uuid(ls, leg, &b);
	leg_write_abilities(&b, STR("uui"));
	dialog_write_cargo(&b, &cargo);
	if (!buf_ok(&b)) {
		txn_drop(ls->txns, txn);
		return false;
	}
	leg->invite_cseq = ++leg->local_cseq;
	leg->invite_out = txn;
	leg->was_heard = false;
	alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
	txn_send(ls->txns, txn, METHOD_INVITE, out_wrote(t->out, &b), &way, t->now, t->out);
	leg_move(ls, leg, LEG_CALLING);
	return true;
}

/* The user part of our own From, for the Contact. */
static struct str
own_user(const struct leg *leg)
{
	struct nameaddr own;
	size_t at;

	return nameaddr_parse(&own, leg_text(leg, TEXT_LOCAL), &at) ? own.uri.user : STR("");
}

/* own_user is a view of the shelf that put_contact writes to. */
static bool
send_again(struct legs *ls, struct leg *leg, const struct turn *t, struct str *why)
{
	struct str user = arena_copy(t->scratch, own_user(leg));

	return send_invite(ls, leg, user, t, why);
}

/* Whether the INVITE will be too large for a datagram (RFC 3261 18.1.1): what crosses, and about
 * what we add around it. */
static bool
is_large(const struct leg_plan *plan, const struct cargo *cargo)
{
	enum { AROUND_BYTES = 600 };

	return cargo->headers.len + cargo->body_headers.len + cargo->body.len +
		2 * plan->request_uri.len + plan->from_display.len + AROUND_BYTES >
		UDP_REQUEST_BYTES_MAX;
}

/* A large INVITE tries TCP before each datagram way, if the contact leaves that open. */
static void
put_ways(struct leg *leg, const struct leg_plan *plan, const struct cargo *cargo)
{
	bool with_tcp = plan->may_use_tcp && is_large(plan, cargo);

	for (uint32_t i = 0; i < plan->way_count && leg->way_count < WAYS_MAX; i++) {
		struct way way = plan->ways[i];

		if (with_tcp && way.transport == TRANSPORT_UDP && leg->way_count + 1 < WAYS_MAX) {
			way.transport = TRANSPORT_TCP;
			leg->ways[leg->way_count++] = way;
			way.transport = TRANSPORT_UDP;
		}
		leg->ways[leg->way_count++] = way;
	}
}

struct leg *
leg_open_made(struct legs *ls, const struct leg_plan *plan, const struct cargo *cargo,
	const struct turn *t, struct str *why)
{
	struct leg *leg = leg_take(ls, LEG_OF_CALLEE, t);
	bool ok;

	*why = STR("the table of legs is full");
	if (leg == NULL)
		return NULL;
	leg->speech = plan->speech;
	leg->transport = plan->speech.transport;
	leg->is_proven = plan->is_proven;
	leg->is_trusted = plan->is_trusted;
	leg->terms = plan->terms;
	leg->trust = plan->terms.trust;
	leg->is_phone = plan->is_phone;
	leg->is_strict = plan->is_strict;
	leg->may_prove = plan->may_prove;
	leg->emits_tls = plan->emits_tls;
	leg->max_forwards = plan->max_forwards;
	put_ways(leg, plan, cargo);
	leg->invite_had_offer = !str_is_empty(cargo->body);
	*why = STR("the texts of the leg do not fit");
	ok = dialog_make_tag(ls, leg) && put_call_id(ls, leg) && put_ends(ls, leg, plan) &&
		shelf_put(&leg->shelf, TEXT_TARGET, plan->request_uri) &&
		shelf_put(&leg->shelf, TEXT_ROUTES, plan->routes) &&
		shelf_put(&leg->shelf, TEXT_NAME, plan->name) &&
		shelf_put(&leg->shelf, TEXT_DN, plan->dn) &&
		shelf_put(&leg->shelf, TEXT_UUID, plan->uuid) &&
		shelf_put(&leg->shelf, TEXT_HEADERS, cargo->headers) && put_gruu(leg, plan);
	leg_set_instance(leg, plan->instance);
	way_keep_aims(leg, plan, t);
	dialog_keep_session(leg, cargo);
	ok = ok && leg_text(leg, TEXT_SDP).len == cargo->body.len;
	if (!ok || !send_invite(ls, leg, plan->from_user, t, why)) {
		leg_move(ls, leg, LEG_GONE);
		leg_close(ls, leg);
		return NULL;
	}
	return leg;
}

static struct word
hear_ringing(struct legs *ls, struct leg *leg, const struct msg *msg, const struct turn *t)
{
	struct alarm *wait = &leg->alarms[LEG_ALARM_WAIT];
	bool is_first = !leg->was_heard;

	leg->was_heard = true;
	if (leg->is_cancelled)
		return leg_nothing();
	/* Timer B waits for any answer; from here on it is ours (RFC 3261 16.6 (11): timer C). */
	if (msg->status == 100) {
		if (is_first)
			alarm_arm(ls->alarms, wait, t->now.mono_ms + TRYING_MS);
		return leg_nothing();
	}
	alarm_arm(ls->alarms, wait, t->now.mono_ms + RING_MS);
	(void)dialog_from_answer(leg, msg, t);
	if (leg->state == LEG_CALLING)
		leg_move(ls, leg, LEG_RINGING);
	return leg_say(WORD_RING, msg->status, msg->reason, msg);
}

/* A 2xx that we cannot live with: take it and hang up (RFC 3261 15). */
static void
hang_up(struct legs *ls, struct leg *leg, const struct turn *t)
{
	(void)leg_send_ack(ls, leg, NULL, t);
	leg_send_bye(ls, leg, STR(""), NULL, t);
}

/* Whether the target that a 2xx gave is sips (RFC 3261 12.1.1, for who answers). */
static bool
is_answer_sips(const struct leg *leg)
{
	struct uri target;
	size_t at;

	return uri_parse(&target, leg_text(leg, TEXT_TARGET), &at) && target.scheme == URI_SIPS;
}

static void
note_fallback(const struct leg *leg, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("call "));
	buf_put(&line, leg_text(leg, TEXT_UUID));
	buf_put(&line, STR(": DN "));
	buf_quoted(&line, leg_text(leg, TEXT_DN), LOG_TEXT_MAX);
	buf_put(&line, STR(" answers sips with a sip Contact; under strict it is hung up"));
	note_end(t, NOTE_WARN, &line);
}

static struct word
hear_answer(struct legs *ls, struct leg *leg, const struct msg *msg, const struct turn *t)
{
	bool fits = dialog_from_answer(leg, msg, t);

	alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
	leg->is_confirmed = true;
	/* Led to TLS by DNS: what began over TLS goes on over TLS. */
	if (leg->transport == TRANSPORT_TLS)
		leg->speech.transport = TRANSPORT_TLS;
	leg->heard_sdp = dialog_session_hash(ls, msg);
	(void)shelf_put(&leg->shelf, TEXT_HEADERS, STR(""));
	(void)shelf_put(&leg->shelf, TEXT_AIMS, STR(""));
	if (leg->is_cancelled) { /* it crossed our CANCEL */
		hang_up(ls, leg, t);
		return leg->state == LEG_GONE ? leg_say(WORD_OVER, 0, STR(""), NULL)
					      : leg_nothing();
	}
	leg->is_fallback = leg->speech.scheme == SCHEME_SIPS && !is_answer_sips(leg);
	if (leg->is_strict && leg->is_fallback) {
		note_fallback(leg, t);
		leg_move(ls, leg, LEG_TALKING);
		hang_up(ls, leg, t);
		return leg_say(WORD_FAIL, 480, STR("SIPS Dialog With SIP Contact"), NULL);
	}
	leg->owes_ack = !leg->invite_had_offer;
	leg_move(ls, leg, leg->owes_ack ? LEG_ANSWERED : LEG_TALKING);
	if (!fits || (!leg->owes_ack && !leg_send_ack(ls, leg, NULL, t))) {
		hang_up(ls, leg, t);
		return leg_say(WORD_FAIL, 500, STR("the answer cannot be followed"), NULL);
	}
	return leg_say(WORD_ANSWER, msg->status, msg->reason, msg);
}

/* The INVITE came to nothing with STATUS: by the next way, if this one did not lead anywhere. */
static struct word
hear_failure(struct legs *ls, struct leg *leg, unsigned status, struct str reason,
	const struct msg *msg, bool may_retry, const struct turn *t)
{
	struct word word = leg_say(WORD_FAIL, status, reason, msg);
	struct str why;

	if (leg->is_cancelled) {
		leg_move(ls, leg, LEG_GONE);
		return leg_say(WORD_OVER, 0, STR(""), NULL);
	}
	if (may_retry && leg->ways[leg->way_next - 1].tie == TIE_NONE)
		word.failed = &leg->ways[leg->way_next - 1];
	if (msg != NULL)
		(void)msg_seconds(msg, HEADER_RETRY_AFTER, &word.retry_after_s);
	/* Once it rang somewhere, no other way is tried (RFC 3263 4.3). */
	if (may_retry && leg->state == LEG_CALLING && send_again(ls, leg, t, &why)) {
		word.word = WORD_NEXT;
		word.msg = NULL;
		return word;
	}
	leg_move(ls, leg, LEG_GONE);
	return word;
}

/* Whether a final answer of this STATUS leads to the next way: 503 to the next address of a server
 * (RFC 3263 4.3); of a phone with several flows 430, or 408, to another of them, and anything else
 * is its word (RFC 5626 7). */
static bool
may_go_on(struct leg *leg, unsigned status)
{
	if (!leg->ways[leg->way_next - 1].is_flow)
		return status == 503;
	leg->is_aim_lost = status == 430 || status == 408;
	return leg->is_aim_lost;
}

/* The device was reached and its connection is gone: it must not ring for ever, so it gets a CANCEL
 * by another (RFC 5923 8.1). */
static void
cancel_anew(struct legs *ls, struct leg *leg, const struct turn *t)
{
	struct txn_way way;

	if (leg->was_heard && !leg->is_cancelled && way_anew(ls, leg, t, &way))
		txn_cancel_by(ls->txns, leg->invite_out, &way, STR(""), t->now, t->out);
}

struct word
made_hear_news(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct txn_way *way, const struct turn *t)
{
	switch (news->kind) {
	case NEWS_PROVISIONAL:
		way_heard(ls, leg, way, t);
		ledger_hear(leg, msg);
		return hear_ringing(ls, leg, msg, t);
	case NEWS_FINAL:
		leg->invite_out = REF_NONE;
		if (msg->status < 300) {
			way_heard(ls, leg, way, t);
			ledger_hear(leg, msg);
			return hear_answer(ls, leg, msg, t);
		}
		return hear_failure(
			ls, leg, msg->status, msg->reason, msg, may_go_on(leg, msg->status), t);
	case NEWS_TIMEOUT:
		leg->invite_out = REF_NONE;
		return hear_failure(ls, leg, 408, STR("the device did not answer"), NULL, true, t);
	case NEWS_UNREACHABLE:
		cancel_anew(ls, leg, t);
		leg->invite_out = REF_NONE;
		return hear_failure(ls, leg, 503, STR("the device cannot be reached"), NULL,
			!leg->was_heard, t);
	case NEWS_AGAIN:
	case NEWS_FORK:
	case NEWS_NO_ACK:
	case NEWS_NONE: break;
	}
	return leg_nothing();
}

void
leg_ack(struct legs *ls, struct leg *leg, const struct cargo *cargo, const struct turn *t)
{
	if (!leg->owes_ack)
		return;
	dialog_keep_session(leg, cargo);
	(void)leg_send_ack(ls, leg, cargo, t);
	if (leg->state == LEG_ANSWERED)
		leg_move(ls, leg, LEG_TALKING);
}
