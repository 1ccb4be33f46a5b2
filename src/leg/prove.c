/* SPDX-License-Identifier: Apache-2.0 */
/* What challenges us: a trunk with which we share a secret. The request is said once more, as it
 * was, with credentials. They go to where the trunk is and to nobody else. */
#include "leg/inside.h"

#include "gate/answer.h"

static void
note(const struct leg *leg, const struct msg *msg, struct str why, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("DN "));
	buf_quoted(&line, leg_text(leg, TEXT_DN), LOG_TEXT_MAX);
	buf_put(&line, STR(": "));
	buf_number(&line, msg->status);
	buf_put(&line, STR(" to our "));
	buf_quoted(&line, msg->cseq_method_text, 32);
	buf_put(&line, STR(": "));
	buf_put(&line, why);
	note_end(t, NOTE_WARN, &line);
}

/* Whether the leg is in a state in which the request that ended may be said again. */
static bool
may_say(const struct leg *leg, struct ref txn)
{
	if (ref_same(txn, leg->bye_out))
		return true;
	if (leg->state == LEG_LEAVING || leg->state == LEG_GONE || leg->is_cancelled ||
		leg->wants_bye)
		return false;
	return leg->is_confirmed || leg->state == LEG_CALLING;
}

/* Whether WAY leads to where the trunk is: its own address, or a connection that we dialled and
 * that proved its name. */
static bool
is_home(const struct leg *leg, const struct txn_way *way)
{
	if (way->is_tls && leg->flow_tie == TIE_DIALLED && !str_is_empty(leg_text(leg, TEXT_NAME)))
		return true;
	return addr_same_ip(&way->addr, &leg->home);
}

/* Puts REQUEST as it was but for its Via, its CSeq and its credentials, which are PROOF. */
static void
write_again(struct legs *ls, const struct leg *leg, struct buf *b, const struct msg *request,
	struct str branch, const struct txn_way *way, struct str proof)
{
	write_request_line(b, request->method_text, request->target_text);
	for (uint32_t i = 0; i < request->header_count; i++) {
		const struct header *line = &request->headers[i];

		switch (line->id) {
		case HEADER_VIA:
			flows_write_via(
				ls->flows, b, leg->transport, &way->addr, way->flow, branch);
			break;
		case HEADER_CSEQ:
			write_begin(b, HEADER_CSEQ);
			buf_number(b, leg->local_cseq + 1);
			buf_char(b, ' ');
			buf_put(b, request->method_text);
			write_end(b);
			buf_put(b, proof);
			break;
		case HEADER_AUTHORIZATION:
		case HEADER_PROXY_AUTHORIZATION:
		case HEADER_CONTENT_LENGTH: break;
		default: write_named(b, line->name, line->value);
		}
	}
	write_body(b, request->body);
}

/* Sends it. Ends: the transaction, or REF_NONE. */
static struct ref
send_again(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *request,
	struct str proof, const struct turn *t, struct str *why)
{
	struct txn_owner owner = { OWNER_LEG, leg->ref, news->owner.tries + 1 };
	struct txn_way way;
	struct str branch;
	struct ref txn;
	struct buf b;

	if (leg->is_confirmed ? !way_inside(ls, leg, t, &way, why)
			      : !way_again(ls, leg, t, &way, why))
		return REF_NONE;
	*why = STR("what answers it is not where the DN is, so it gets no credentials");
	if (!is_home(leg, &way))
		return REF_NONE;
	*why = STR("there is no room to say it again");
	txn = txn_reserve(ls->txns, owner, &branch);
	if (ref_is_none(txn))
		return REF_NONE;
	b = out_buf(t->out, WRITE_BYTES_MAX);
	write_again(ls, leg, &b, request, branch, &way, proof);
	if (!buf_ok(&b) ||
		(request->method == METHOD_INVITE && !shelf_put(&leg->shelf, TEXT_PROOF, proof))) {
		txn_drop(ls->txns, txn);
		return REF_NONE;
	}
	leg->local_cseq++;
	txn_send(ls->txns, txn, request->method, out_wrote(t->out, &b), &way, t->now, t->out);
	return txn;
}

/* The request goes on in another transaction: whoever waits for it waits for that. */
static struct word
follow(struct legs *ls, struct leg *leg, const struct news *news, struct ref txn)
{
	struct word word = leg_nothing();

	if (news->method == METHOD_INVITE)
		leg->invite_cseq = leg->local_cseq;
	if (ref_same(news->txn, leg->session.refresh)) {
		leg->session.refresh = txn;
	} else if (ref_same(news->txn, leg->bye_out)) {
		leg->bye_out = txn;
	} else if (ref_same(news->txn, leg->invite_out)) {
		leg->invite_out = txn;
		leg->was_heard = leg->is_confirmed;
		if (!leg->is_confirmed)
			alarm_disarm(ls->alarms, &leg->alarms[LEG_ALARM_WAIT]);
	} else {
		word = leg_say(WORD_ANEW, 0, STR(""), NULL);
		word.txn = news->txn;
		word.next = txn;
	}
	return word;
}

/* The trunk that the leg leads to, as it stands in the directory now; NULL: none that we share a
 * secret with. */
static const struct dn *
dn_of(const struct legs *ls, const struct leg *leg)
{
	const struct dn *dn = NULL;

	if (leg->may_prove && ls->gate != NULL)
		dn = directory_find(ls->directory, leg_text(leg, TEXT_DN));
	return dn != NULL && dn_is_trunk(dn) ? dn : NULL;
}

/* The request that was challenged, taken apart; NULL when the scratch is full. */
static struct msg *
take_request(const struct legs *ls, struct ref txn, const struct turn *t)
{
	struct msg *request = arena_take(t->scratch, sizeof *request, _Alignof(struct msg));
	struct fault fault;

	if (request == NULL || !msg_parse(request, txn_request_text(ls->txns, txn), false, &fault))
		return NULL;
	return request;
}

static struct buf
take_proof(const struct turn *t)
{
	char *text = arena_take(t->scratch, OURS_BYTES_MAX, 1);

	return buf_on(text, text != NULL ? OURS_BYTES_MAX : 0);
}

bool
leg_prove(struct legs *ls, struct leg *leg, const struct news *news, const struct msg *msg,
	const struct turn *t, struct word *word)
{
	const struct dn *dn = dn_of(ls, leg);
	struct str why = STR("there is no room to say it again");
	enum answer_verdict verdict;
	struct secret secret;
	struct msg *request;
	struct buf proof;
	struct ref txn;

	if ((msg->status != 401 && msg->status != 407) || dn == NULL || !may_say(leg, news->txn))
		return false;
	request = take_request(ls, news->txn, t);
	proof = take_proof(t);
	if (request == NULL)
		return false;
	secret = dn_secret(dn);
	verdict =
		answer_write(ls->gate, ls->dice, msg, request, &secret, news->owner.tries, &proof);
	if (verdict != ANSWER_GIVEN) {
		note(leg, msg, answer_verdict_text(verdict), t);
		return false;
	}
	txn = send_again(ls, leg, news, request, buf_str(&proof), t, &why);
	if (ref_is_none(txn)) {
		note(leg, msg, why, t);
		return false;
	}
	*word = follow(ls, leg, news, txn);
	return true;
}
