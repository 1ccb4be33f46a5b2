/* SPDX-License-Identifier: Apache-2.0 */
/* Messages inside a dialog, put together and sent: replies out of a kept echo, requests, the
 * ACK. */
#include "leg/inside.h"

struct word
leg_nothing(void)
{
	return (struct word){ .word = WORD_NOTHING };
}

struct word
leg_say(enum leg_word word, unsigned status, struct str reason, const struct msg *msg)
{
	return (struct word){ .word = word, .status = status, .reason = reason, .msg = msg };
}

/* What is listed here is carried, or refused as its RFC says; the reference's tokens in its
 * order. */
void
leg_write_abilities(struct buf *b, struct str supported)
{
	write_header(b, HEADER_ALLOW,
		STR("INVITE, ACK, PRACK, CANCEL, BYE, REFER, INFO, MESSAGE, NOTIFY, OPTIONS"));
	if (!str_is_empty(supported))
		write_header(b, HEADER_SUPPORTED, supported);
}

bool
leg_keep_echo(struct legs *ls, const struct leg *leg, struct ref txn, const struct msg *request,
	const struct txn_way *way, const struct turn *t)
{
	size_t size = HEAD_BYTES_MAX + OURS_BYTES_MAX;
	char *text = arena_take(t->scratch, size, 1);
	struct buf b = buf_on(text, text != NULL ? size : 0);
	struct str echo;

	write_response(&b, request, &way->addr, 200, STR("OK"), leg_text(leg, TEXT_LOCAL_TAG));
	if (!buf_ok(&b))
		return false;
	echo = buf_str(&b);
	txn_keep_echo(ls->txns, txn, str_from(echo, str_find(echo, '\n') + 1));
	return true;
}

bool
leg_reply(struct legs *ls, struct leg *leg, const struct reply *r, const struct turn *t)
{
	struct buf b = out_buf(t->out, WRITE_BYTES_MAX);
	struct str reason = str_is_empty(r->reason) ? reason_phrase(r->status) : r->reason;

	write_status_line(&b, r->status, reason);
	buf_put(&b, txn_echo(ls->txns, r->txn));
	/* What makes the dialog shows the route that it will take (RFC 3261 12.1.1). */
	if (r->with_contact && !leg->is_confirmed && leg_text(leg, TEXT_ROUTES).len > 0)
		write_header(&b, HEADER_RECORD_ROUTE, leg_text(leg, TEXT_ROUTES));
	if (r->with_contact)
		write_header(&b, HEADER_CONTACT, leg_text(leg, TEXT_CONTACT));
	buf_put(&b, r->lines);
	dialog_write_cargo(&b, r->cargo);
	if (!buf_ok(&b))
		return false;
	return txn_answer(ls->txns, r->txn, r->status, out_wrote(t->out, &b), t->now, t->out);
}

/* Our Contact in a request of a dialog: sips where the request is one of sips, though the dialog is
 * not (RFC 3261 8.1.1.8). */
static void
write_contact(
	const struct legs *ls, const struct leg *leg, const struct txn_way *way, struct buf *b)
{
	struct nameaddr own;
	struct uri hop;
	size_t at;

	if (leg->speech.scheme == SCHEME_SIPS || !dialog_next_hop(leg, &hop) ||
		!dialog_is_to_sips(leg, &hop) ||
		!nameaddr_parse(&own, leg_text(leg, TEXT_CONTACT), &at)) {
		write_header(b, HEADER_CONTACT, leg_text(leg, TEXT_CONTACT));
		return;
	}
	write_begin(b, HEADER_CONTACT);
	buf_put(b, STR("<sips:"));
	if (!str_is_empty(own.uri.user)) {
		buf_put(b, own.uri.user);
		buf_char(b, '@');
	}
	flows_write_face(ls->flows, b, leg->transport, &way->addr, way->flow);
	buf_char(b, '>');
	write_end(b);
}

struct ref
leg_request(struct legs *ls, struct leg *leg, enum method method, bool with_contact,
	struct str lines, const struct cargo *cargo, const struct turn *t)
{
	struct txn_owner owner = { OWNER_LEG, leg->ref, 0 };
	struct str branch, why;
	struct txn_way way;
	struct ref txn;
	struct buf b;

	if (!way_inside(ls, leg, t, &way, &why))
		return REF_NONE;
	txn = txn_reserve(ls->txns, owner, &branch);
	if (ref_is_none(txn))
		return REF_NONE;
	b = out_buf(t->out, WRITE_BYTES_MAX);
	dialog_write_request(ls, leg, &b, method_name(method), leg->local_cseq + 1, branch, &way,
		leg->transport);
	if (with_contact)
		write_contact(ls, leg, &way, &b);
	buf_put(&b, lines);
	dialog_write_uuid(ls, leg, &b);
	dialog_write_cargo(&b, cargo);
	if (!buf_ok(&b)) {
		txn_drop(ls->txns, txn);
		return REF_NONE;
	}
	leg->local_cseq++;
	txn_send(ls->txns, txn, method, out_wrote(t->out, &b), &way, t->now, t->out);
	if (method == METHOD_INVITE)
		(void)shelf_put(&leg->shelf, TEXT_PROOF, STR(""));
	return txn;
}

/* Sends the ACK of our INVITE with CSEQ, and keeps it for repeats of the 2xx. */
static bool
send_ack(struct legs *ls, struct leg *leg, uint32_t cseq, const struct cargo *cargo,
	const struct turn *t)
{
	char text[BRANCH_BYTES + 32];
	struct buf branch = buf_on(text, sizeof text);
	struct txn_way way;
	struct str why, ack;
	struct buf b;

	(void)shelf_put(&leg->shelf, TEXT_ACK, STR(""));
	if (!way_inside(ls, leg, t, &way, &why))
		return false;
	txns_write_branch(ls->txns, &branch);
	b = out_buf(t->out, WRITE_BYTES_MAX);
	dialog_write_request(ls, leg, &b, STR("ACK"), cseq, buf_str(&branch), &way, leg->transport);
	if (cseq == leg->invite_cseq)
		buf_put(&b, leg_text(leg, TEXT_PROOF)); /* RFC 3261 22.1 */
	dialog_write_uuid(ls, leg, &b);
	dialog_write_cargo(&b, cargo);
	if (!buf_ok(&b))
		return false;
	ack = out_wrote(t->out, &b);
	(void)shelf_put(&leg->shelf, TEXT_ACK, ack);
	leg->ack_cseq = cseq;
	leg->ack_transport = leg->transport;
	leg->ack_is_bare = cargo == NULL || str_is_empty(cargo->body);
	out_send(t->out, way.flow, &way.addr, ack);
	return true;
}

bool
leg_send_ack(struct legs *ls, struct leg *leg, const struct cargo *cargo, const struct turn *t)
{
	leg->owes_ack = false;
	return send_ack(ls, leg, leg->invite_cseq, cargo, t);
}

void
leg_send_ack_again(struct legs *ls, struct leg *leg, const struct turn *t)
{
	struct str ack = leg_text(leg, TEXT_ACK);
	struct txn_way way;
	struct str why;

	if (ack.len == 0 || !way_inside(ls, leg, t, &way, &why))
		return;
	if (leg->transport == leg->ack_transport)
		out_send(t->out, way.flow, &way.addr, out_keep(t->out, ack));
	else if (leg->ack_is_bare) /* over another transport by now its Via would be a lie */
		(void)send_ack(ls, leg, leg->ack_cseq, NULL, t);
}
