/* SPDX-License-Identifier: Apache-2.0 */
#include "main/handset_say.h"

#include <string.h>

#include "base/panic.h"
#include "sip/frame.h"

struct str
handset_why(const struct handset *p)
{
	return str_of(p->why, p->why_len);
}

/* ---- what the script wants ---- */

void
handset_open(struct handset *p, const struct handset_options *options)
{
	memset(p, 0, sizeof *p); /* it is large: no copy of it on the stack */
	p->options = *options;
	p->local = options->local;
	must(options->transport == TRANSPORT_TLS || options->transport == TRANSPORT_UDP);
	dice_init(&p->dice, options->seed);
	p->options.seed = NULL;
	shelf_init(&p->shelf, p->texts, sizeof p->texts);
	p->view = (struct leg_view){ .number = options->number, .transport = options->transport };
}

static void
send_register(struct handset *p, struct out *out)
{
	p->state = HANDSET_REGISTERING;
	handset_begin_dialog(p, p->options.number, STR(""));
	handset_send_request(p, METHOD_REGISTER, STR(""), out);
}

void
handset_register(struct handset *p, struct out *out)
{
	must(p->state == HANDSET_NEW);
	if (!handset_is_secure(p)) {
		send_register(p, out);
		return;
	}
	p->state = HANDSET_DIALLING;
	out_dial(out, p->options.flow, TRANSPORT_TLS, &p->options.server, p->options.domain,
		&(struct terms){ 0 }, p->options.number);
}

void
handset_call(struct handset *p, struct str number, struct out *out)
{
	must(p->state == HANDSET_READY);
	p->state = HANDSET_CALLING;
	handset_begin_dialog(p, number, number);
	p->has_answered_challenge = false;
	handset_send_request(p, METHOD_INVITE, STR(""), out);
}

void
handset_answer(struct handset *p, struct out *out)
{
	struct fault fault;

	must(p->state == HANDSET_RINGS);
	must(msg_parse(&p->msg, handset_text(p, TEXT_INVITE), handset_is_secure(p), &fault));
	p->state = HANDSET_ANSWERED;
	handset_send_answer(p, 200, &p->options.server, out);
}

void
handset_hang_up(struct handset *p, struct out *out)
{
	must(p->state == HANDSET_TALKING);
	p->state = HANDSET_LEAVING;
	handset_send_request(p, METHOD_BYE, STR(""), out);
}

/* ---- answers that come in ---- */

/* Takes over what the 2xx to our INVITE says of the other end. */
static void
enter_call(struct handset *p, struct out *out)
{
	struct nameaddr contact;

	if (!msg_contact(&p->msg, &contact)) {
		handset_break(p, STR("the answer to its INVITE has no Contact"), STR(""));
		return;
	}
	p->state = HANDSET_TALKING;
	handset_keep(p, TEXT_REMOTE, p->msg.to.text);
	handset_keep(p, TEXT_TARGET, contact.uri.text);
	handset_send_ack(p, false, out);
}

static void
hear_success(struct handset *p, struct out *out)
{
	enum method asked = p->asked;

	p->asked = METHOD_OTHER;
	if (p->has_answered_challenge)
		p->view.proved = p->answered_with;
	if (asked == METHOD_INVITE)
		enter_call(p, out);
	else
		p->state = HANDSET_READY;
}

static void
hear_refusal(struct handset *p, struct out *out)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	if (p->asked == METHOD_INVITE) {
		struct str to = handset_text(p, TEXT_REMOTE);
		char before[512];
		struct buf kept = buf_on(before, sizeof before);

		buf_put(&kept, to);
		handset_keep(p, TEXT_REMOTE, p->msg.to.text);
		handset_send_ack(p, true, out);
		handset_keep(p, TEXT_REMOTE, buf_str(&kept));
	}
	if (p->msg.status == 401) {
		handset_answer_challenge(p, out);
		return;
	}
	buf_put(&b, method_name(p->asked));
	buf_put(&b, STR(" was refused: "));
	buf_number(&b, p->msg.status);
	buf_char(&b, ' ');
	handset_break(p, buf_str(&b), p->msg.reason);
}

static void
hear_response(struct handset *p, struct out *out)
{
	const struct msg *m = &p->msg;
	bool is_ours = str_same(m->call_id, handset_text(p, TEXT_CALL_ID)) && m->cseq == p->cseq &&
		m->method == p->asked && str_same(m->via.branch, handset_text(p, TEXT_BRANCH));

	if (is_ours && m->status >= 300)
		hear_refusal(p, out);
	else if (is_ours && m->status >= 200)
		hear_success(p, out);
	else if (is_ours && m->status > 100 && m->method == METHOD_INVITE)
		p->state = HANDSET_HEARS_TONE;
	else if (!is_ours && m->method == METHOD_INVITE && m->status >= 200 && m->status < 300 &&
		p->state == HANDSET_TALKING && str_same(m->call_id, handset_text(p, TEXT_CALL_ID)))
		handset_send_ack(p, false, out); /* our ACK has not arrived */
}

/* ---- requests that come in ---- */

static void
hear_invite(struct handset *p, const struct addr *from, struct out *out)
{
	const struct msg *m = &p->msg;
	char text[NAME_ADDR_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct nameaddr contact;

	if (m->cseq == p->invite_cseq && str_same(m->call_id, handset_text(p, TEXT_CALL_ID))) {
		handset_send_answer(
			p, p->state == HANDSET_RINGS ? 180 : 200, from, out); /* the same again */
		return;
	}
	if (p->state != HANDSET_READY || !msg_contact(m, &contact)) {
		handset_send_answer(p, p->state == HANDSET_READY ? 400 : 486, from, out);
		return;
	}
	p->state = HANDSET_RINGS;
	handset_keep_random(p, TEXT_TAG, STR(""));
	buf_put(&b, m->to.text);
	buf_put(&b, STR(";tag="));
	buf_put(&b, handset_text(p, TEXT_TAG));
	handset_keep(p, TEXT_LOCAL, buf_str(&b));
	handset_keep(p, TEXT_REMOTE, m->from.text);
	handset_keep(p, TEXT_CALL_ID, m->call_id);
	handset_keep(p, TEXT_TARGET, contact.uri.text);
	handset_keep(p, TEXT_INVITE, m->text);
	p->invite_cseq = m->cseq;
	p->asked = METHOD_OTHER;
	handset_send_answer(p, 180, from, out);
}

static void
hear_request(struct handset *p, const struct addr *from, struct out *out)
{
	const struct msg *m = &p->msg;
	bool is_of_call = str_same(m->call_id, handset_text(p, TEXT_CALL_ID));

	switch (m->method) {
	case METHOD_INVITE: hear_invite(p, from, out); return;
	case METHOD_ACK:
		if (is_of_call && p->state == HANDSET_ANSWERED)
			p->state = HANDSET_TALKING;
		return;
	case METHOD_BYE:
		handset_send_answer(p, is_of_call ? 200 : 481, from, out);
		if (is_of_call && p->state == HANDSET_TALKING)
			p->state = HANDSET_READY;
		return;
	case METHOD_OPTIONS: handset_send_answer(p, 200, from, out); return;
	default: handset_send_answer(p, 501, from, out); return;
	}
}

/* ---- events ---- */

static void
hear_message(struct handset *p, struct str text, const struct addr *from, struct out *out)
{
	struct fault fault;

	tape_put(p->options.tape, p->options.leg, false, text);
	if (!msg_parse(&p->msg, text, handset_is_secure(p), &fault))
		handset_break(p, STR("was sent what it cannot read: "), fault_reason(fault.what));
	else if (p->msg.is_request)
		hear_request(p, from, out);
	else
		hear_response(p, out);
}

static void
hear_stream(struct handset *p, struct str data, const struct addr *from, struct out *out)
{
	size_t used = 0;

	if (data.len > sizeof p->bytes - p->half) {
		handset_break(p, STR("was sent a message that is too long"), STR(""));
		return;
	}
	if (data.len > 0)
		memcpy(p->bytes + p->half, data.at, data.len);
	p->half += data.len;
	while (used < p->half && p->state != HANDSET_BROKEN) {
		struct frame f = frame_next(str_of(p->bytes + used, p->half - used), &p->crlfs);

		used += f.skip;
		if (f.kind == FRAME_MORE)
			break;
		if (f.kind == FRAME_FAULT)
			handset_break(
				p, STR("cannot follow its connection: "), fault_reason(f.fault));
		if (f.kind != FRAME_MESSAGE)
			continue;
		used += f.message.len;
		hear_message(p, f.message, from, out);
	}
	memmove(p->bytes, p->bytes + used, p->half - used);
	p->half -= used;
}

/* A copy of TEXT, as much as there is room for. */
static struct str
copy(char *at, size_t size, struct str text)
{
	struct buf b = buf_on(at, size);

	buf_put(&b, str_upto(text, size));
	return buf_str(&b);
}

static void
hear_open(struct handset *p, const struct event *e, struct out *out)
{
	const struct secured *secured = &e->u.open.secured;

	p->local = e->u.open.local;
	p->view.transport = e->u.open.transport;
	p->view.proof = secured->proof;
	p->view.version = copy(p->version, sizeof p->version, secured->version);
	p->view.cipher = copy(p->cipher, sizeof p->cipher, secured->cipher);
	p->view.name = copy(p->name, sizeof p->name, secured->name);
	if (secured->proof != PROOF_NAME)
		handset_break(
			p, STR("its connection was opened without proof of the server"), STR(""));
	else
		send_register(p, out);
}

void
handset_hear(struct handset *p, const struct event *e, struct out *out)
{
	if (p->state == HANDSET_BROKEN)
		return;
	switch (e->kind) {
	case EV_FLOW_OPEN:
		if (flow_same(e->u.open.flow, p->options.flow) && p->state == HANDSET_DIALLING)
			hear_open(p, e, out);
		return;
	case EV_FLOW_FAILED:
	case EV_FLOW_CLOSED:
		if (flow_same(e->u.closed.flow, p->options.flow))
			handset_break(p, STR("its connection is gone: "), e->u.closed.reason);
		return;
	case EV_BYTES:
		if (!flow_same(e->u.bytes.flow, p->options.flow))
			return;
		if (handset_is_secure(p))
			hear_stream(p, e->u.bytes.data, &e->u.bytes.from, out);
		else
			hear_message(p, e->u.bytes.data, &e->u.bytes.from, out);
		return;
	default: return;
	}
}
