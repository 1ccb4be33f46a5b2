/* SPDX-License-Identifier: Apache-2.0 */
#include "main/phone.h"

#include <string.h>

#include "base/panic.h"
#include "sip/frame.h"
#include "sip/write.h"

/* What stands on the shelf: of the registration, then of the call. */
enum text {
	TEXT_CALL_ID,
	TEXT_TAG,     /* ours */
	TEXT_LOCAL,   /* our From, or the To that we answer with: always with our tag      */
	TEXT_REMOTE,  /* the other party; with its tag once there is one                   */
	TEXT_TARGET,  /* where the next request goes                                       */
	TEXT_BRANCH,  /* of the request that is out                                        */
	TEXT_INVITE,  /* the INVITE that rings, to be answered                             */
};

/* Nobody listens: the discard port, and no media is ever sent. */
static const char session[] = "v=0\r\n"
			      "o=- 1 1 IN IP4 127.0.0.1\r\n"
			      "s=-\r\n"
			      "c=IN IP4 127.0.0.1\r\n"
			      "t=0 0\r\n"
			      "m=audio 9 RTP/AVP 0\r\n";

static struct str
text_of(const struct phone *p, enum text which)
{
	return shelf_get(&p->shelf, which);
}

static void
broken(struct phone *p, struct str what, struct str detail)
{
	struct buf why = buf_on(p->why, sizeof p->why);

	buf_put(&why, STR("phone "));
	buf_put(&why, p->options.number);
	buf_put(&why, STR(": "));
	buf_put(&why, what);
	buf_quoted(&why, detail, PHONE_WHY_BYTES / 8);
	p->why_len = buf_str(&why).len;
	p->state = PHONE_BROKEN;
}

static void
keep(struct phone *p, enum text which, struct str text)
{
	if (!shelf_put(&p->shelf, which, text))
		broken(p, STR("no room for "), text);
}

static bool
is_secure(const struct phone *p)
{
	return p->options.transport == TRANSPORT_TLS;
}

static struct str
scheme_of(const struct phone *p)
{
	return is_secure(p) ? STR("sips:") : STR("sip:");
}

struct str
phone_why(const struct phone *p)
{
	return str_of(p->why, p->why_len);
}

/* ---- what goes out ------------------------------------------------------------------------- */

static void
send_to(struct phone *p, const struct addr *to, struct buf *b, struct out *out)
{
	struct str text;

	if (!buf_ok(b)) {
		broken(p, STR("a message does not fit"), STR(""));
		return;
	}
	text = out_wrote(out, b);
	tape_put(p->options.tape, p->options.leg, true, text);
	out_send(out, p->options.flow, to, text);
}

/* A random token of 16 octets in hex, behind BEFORE. */
static void
keep_random(struct phone *p, enum text which, struct str before)
{
	char text[64];
	uint8_t random[16];
	struct buf b = buf_on(text, sizeof text);

	dice_bytes(&p->dice, random, sizeof random);
	buf_put(&b, before);
	buf_hex(&b, random, sizeof random);
	keep(p, which, buf_str(&b));
}

/* Puts USER (empty: none) in the domain of the server, as an address of this phone's scheme. */
static void
put_address(const struct phone *p, struct buf *b, struct str user)
{
	buf_put(b, scheme_of(p));
	buf_put(b, user);
	if (!str_is_empty(user))
		buf_char(b, '@');
	buf_put(b, p->options.domain);
}

static void
write_contact(const struct phone *p, struct buf *b)
{
	write_begin(b, HEADER_CONTACT);
	buf_char(b, '<');
	buf_put(b, scheme_of(p));
	buf_put(b, p->options.number);
	buf_char(b, '@');
	addr_write_port(b, &p->local);
	buf_put(b, is_secure(p) ? STR(";transport=tcp>") : STR(";transport=udp>"));
	write_end(b);
}

static void
write_session(struct buf *b)
{
	write_header(b, HEADER_CONTENT_TYPE, STR("application/sdp"));
	write_body(b, str_of(session, sizeof session - 1));
}

static void
write_head(const struct phone *p, struct buf *b, enum method method)
{
	write_request_line(b, method_name(method), text_of(p, TEXT_TARGET));
	write_begin(b, HEADER_VIA);
	buf_put(b, is_secure(p) ? STR("SIP/2.0/TLS ") : STR("SIP/2.0/UDP "));
	addr_write_port(b, &p->local);
	buf_put(b, STR(";rport;branch="));
	write_piece(b, text_of(p, TEXT_BRANCH));
	write_end(b);
	write_number(b, HEADER_MAX_FORWARDS, MAX_FORWARDS);
	write_header(b, HEADER_FROM, text_of(p, TEXT_LOCAL));
	write_header(b, HEADER_TO, text_of(p, TEXT_REMOTE));
	write_header(b, HEADER_CALL_ID, text_of(p, TEXT_CALL_ID));
	write_begin(b, HEADER_CSEQ);
	buf_number(b, method == METHOD_ACK ? p->invite_cseq : p->cseq);
	buf_char(b, ' ');
	buf_put(b, method_name(method));
	write_end(b);
}

/* Sends a request of its own transaction. CREDENTIALS: the value of a header, or empty. */
static void
send_request(struct phone *p, enum method method, struct str credentials, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);

	p->asked = method;
	p->cseq++;
	keep_random(p, TEXT_BRANCH, STR("z9hG4bK"));
	write_head(p, &b, method);
	if (method == METHOD_REGISTER || method == METHOD_INVITE)
		write_contact(p, &b);
	if (method == METHOD_REGISTER)
		write_number(&b, HEADER_EXPIRES, REGISTER_DEFAULT_S);
	if (!str_is_empty(credentials))
		write_header(&b, HEADER_AUTHORIZATION, credentials);
	write_header(&b, HEADER_USER_AGENT, STR("sipward-demo-phone"));
	if (method == METHOD_INVITE) {
		p->invite_cseq = p->cseq;
		write_header(&b, HEADER_ALLOW, STR("INVITE, ACK, BYE, OPTIONS"));
		write_session(&b);
	} else {
		write_body(&b, STR(""));
	}
	send_to(p, &p->options.server, &b, out);
}

/* The ACK of a 2xx is of its own; that of a refusal belongs to the INVITE and has its branch. */
static void
send_ack(struct phone *p, bool is_refused, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);

	if (!is_refused)
		keep_random(p, TEXT_BRANCH, STR("z9hG4bK"));
	write_head(p, &b, METHOD_ACK);
	write_body(&b, STR(""));
	send_to(p, &p->options.server, &b, out);
}

/* Answers the request in p->msg. */
static void
send_answer(struct phone *p, unsigned status, const struct addr *from, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);
	struct addr to = via_answer_to(&p->msg.via, from);
	bool has_session = p->msg.method == METHOD_INVITE && status == 200;

	write_response(&b, &p->msg, from, status, reason_phrase(status), text_of(p, TEXT_TAG));
	if (p->msg.method == METHOD_INVITE && status < 300)
		write_contact(p, &b);
	write_header(&b, HEADER_USER_AGENT, STR("sipward-demo-phone"));
	if (has_session)
		write_session(&b);
	else
		write_body(&b, STR(""));
	send_to(p, &to, &b, out);
}

/* ---- what the script wants --------------------------------------------------------------------- */

void
phone_open(struct phone *p, const struct phone_options *options)
{
	*p = (struct phone){ .options = *options, .local = options->local };
	must(options->transport == TRANSPORT_TLS || options->transport == TRANSPORT_UDP);
	dice_init(&p->dice, options->seed);
	p->options.seed = NULL;
	shelf_init(&p->shelf, p->texts, sizeof p->texts);
	p->view = (struct leg_view){ .number = options->number, .transport = options->transport };
}

/* New identifiers for a dialog that we begin: from ourselves to USER. */
static void
begin_dialog(struct phone *p, struct str user)
{
	char text[512];
	struct buf b = buf_on(text, sizeof text);

	keep_random(p, TEXT_CALL_ID, STR(""));
	keep_random(p, TEXT_TAG, STR(""));
	buf_char(&b, '<');
	put_address(p, &b, p->options.number);
	buf_put(&b, STR(">;tag="));
	buf_put(&b, text_of(p, TEXT_TAG));
	keep(p, TEXT_LOCAL, buf_str(&b));
	b = buf_on(text, sizeof text);
	buf_char(&b, '<');
	put_address(p, &b, user);
	buf_char(&b, '>');
	keep(p, TEXT_REMOTE, buf_str(&b));
}

static void
keep_target(struct phone *p, struct str user)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	put_address(p, &b, user);
	keep(p, TEXT_TARGET, buf_str(&b));
}

static void
send_register(struct phone *p, struct out *out)
{
	begin_dialog(p, p->options.number);
	keep_target(p, STR(""));
	p->state = PHONE_REGISTERING;
	send_request(p, METHOD_REGISTER, STR(""), out);
}

void
phone_register(struct phone *p, struct out *out)
{
	must(p->state == PHONE_NEW);
	if (!is_secure(p)) {
		send_register(p, out);
		return;
	}
	p->state = PHONE_DIALLING;
	out_dial(out, p->options.flow, TRANSPORT_TLS, &p->options.server, p->options.domain,
		p->options.number);
}

void
phone_call(struct phone *p, struct str number, struct out *out)
{
	must(p->state == PHONE_READY);
	begin_dialog(p, number);
	keep_target(p, number);
	p->state = PHONE_CALLING;
	p->has_answered_challenge = false;
	send_request(p, METHOD_INVITE, STR(""), out);
}

void
phone_answer(struct phone *p, struct out *out)
{
	struct fault fault;

	must(p->state == PHONE_RINGS);
	must(msg_parse(&p->msg, text_of(p, TEXT_INVITE), is_secure(p), &fault));
	p->state = PHONE_ANSWERED;
	send_answer(p, 200, &p->options.server, out);
}

void
phone_hang_up(struct phone *p, struct out *out)
{
	must(p->state == PHONE_TALKING);
	p->state = PHONE_LEAVING;
	send_request(p, METHOD_BYE, STR(""), out);
}

/* ---- answers that come in ------------------------------------------------------------------------ */

/* The first challenge of a kind that we can answer. */
static bool
find_challenge(const struct msg *m, struct cred *challenge)
{
	for (const struct header *h = msg_header(m, HEADER_WWW_AUTHENTICATE); h != NULL;
		h = msg_header_next(m, h))
		if (cred_parse(challenge, h->value) && challenge->algorithm != DIGEST_OTHER &&
			str_alike(challenge->scheme, STR("Digest")) && !str_is_empty(challenge->nonce))
			return true;
	return false;
}

static void
answer_challenge(struct phone *p, struct out *out)
{
	char text[2048], random[2 * 8], hex[HASH_HEX_MAX];
	struct buf b = buf_on(text, sizeof text), cnonce = buf_on(random, sizeof random);
	struct digest_input input = { .username = p->options.number,
		.password = p->options.password,
		.method = method_name(p->asked),
		.uri = text_of(p, TEXT_TARGET),
		.nc = STR("00000001"),
		.qop = STR("auth") };
	uint64_t number = dice_u64(&p->dice);
	struct cred challenge;

	if (p->has_answered_challenge || !find_challenge(&p->msg, &challenge)) {
		broken(p, STR("the password was not accepted"), STR(""));
		return;
	}
	buf_hex(&cnonce, &number, sizeof number);
	input.cnonce = buf_str(&cnonce);
	input.algorithm = challenge.algorithm;
	input.realm = challenge.realm;
	input.nonce = challenge.nonce;
	buf_put(&b, STR("Digest username=\""));
	buf_put(&b, input.username);
	buf_put(&b, STR("\", realm=\""));
	buf_put(&b, input.realm);
	buf_put(&b, STR("\", nonce=\""));
	buf_put(&b, input.nonce);
	buf_put(&b, STR("\", uri=\""));
	buf_put(&b, input.uri);
	buf_put(&b, STR("\", response=\""));
	buf_put(&b, digest_response(p->options.hashers, &input, hex));
	buf_put(&b, STR("\", algorithm="));
	buf_put(&b, digest_name(input.algorithm));
	buf_put(&b, STR(", cnonce=\""));
	buf_put(&b, input.cnonce);
	buf_put(&b, STR("\", qop=auth, nc=00000001"));
	p->has_answered_challenge = true;
	p->answered_with = challenge.algorithm;
	send_request(p, p->asked, buf_str(&b), out);
}

/* Takes over what the 2xx to our INVITE says of the other end. */
static void
enter_call(struct phone *p, struct out *out)
{
	struct nameaddr contact;

	if (!msg_contact(&p->msg, &contact)) {
		broken(p, STR("the answer to its INVITE has no Contact"), STR(""));
		return;
	}
	keep(p, TEXT_REMOTE, p->msg.to.text);
	keep(p, TEXT_TARGET, contact.uri.text);
	p->state = PHONE_TALKING;
	send_ack(p, false, out);
}

static void
hear_success(struct phone *p, struct out *out)
{
	enum method asked = p->asked;

	p->asked = METHOD_OTHER;
	if (p->has_answered_challenge)
		p->view.proved = p->answered_with;
	if (asked == METHOD_INVITE)
		enter_call(p, out);
	else
		p->state = PHONE_READY;
}

static void
hear_refusal(struct phone *p, struct out *out)
{
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	if (p->asked == METHOD_INVITE) {
		struct str to = text_of(p, TEXT_REMOTE);
		char before[512];
		struct buf kept = buf_on(before, sizeof before);

		buf_put(&kept, to);
		keep(p, TEXT_REMOTE, p->msg.to.text);
		send_ack(p, true, out);
		keep(p, TEXT_REMOTE, buf_str(&kept));
	}
	if (p->msg.status == 401) {
		answer_challenge(p, out);
		return;
	}
	buf_put(&b, method_name(p->asked));
	buf_put(&b, STR(" was refused: "));
	buf_number(&b, p->msg.status);
	buf_char(&b, ' ');
	broken(p, buf_str(&b), p->msg.reason);
}

static void
hear_response(struct phone *p, struct out *out)
{
	const struct msg *m = &p->msg;
	bool is_ours = str_same(m->call_id, text_of(p, TEXT_CALL_ID)) && m->cseq == p->cseq &&
		       m->method == p->asked && str_same(m->via.branch, text_of(p, TEXT_BRANCH));

	if (is_ours && m->status >= 300)
		hear_refusal(p, out);
	else if (is_ours && m->status >= 200)
		hear_success(p, out);
	else if (is_ours && m->status > 100 && m->method == METHOD_INVITE)
		p->state = PHONE_HEARS_TONE;
	else if (!is_ours && m->method == METHOD_INVITE && m->status >= 200 && m->status < 300 &&
		p->state == PHONE_TALKING && str_same(m->call_id, text_of(p, TEXT_CALL_ID)))
		send_ack(p, false, out); /* our ACK has not arrived */
}

/* ---- requests that come in --------------------------------------------------------------------------- */

static void
hear_invite(struct phone *p, const struct addr *from, struct out *out)
{
	const struct msg *m = &p->msg;
	char text[NAME_ADDR_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct nameaddr contact;

	if (m->cseq == p->invite_cseq && str_same(m->call_id, text_of(p, TEXT_CALL_ID))) {
		send_answer(p, p->state == PHONE_RINGS ? 180 : 200, from, out); /* the same again */
		return;
	}
	if (p->state != PHONE_READY || !msg_contact(m, &contact)) {
		send_answer(p, p->state == PHONE_READY ? 400 : 486, from, out);
		return;
	}
	keep_random(p, TEXT_TAG, STR(""));
	buf_put(&b, m->to.text);
	buf_put(&b, STR(";tag="));
	buf_put(&b, text_of(p, TEXT_TAG));
	keep(p, TEXT_LOCAL, buf_str(&b));
	keep(p, TEXT_REMOTE, m->from.text);
	keep(p, TEXT_CALL_ID, m->call_id);
	keep(p, TEXT_TARGET, contact.uri.text);
	keep(p, TEXT_INVITE, m->text);
	p->invite_cseq = m->cseq;
	p->asked = METHOD_OTHER;
	if (p->state == PHONE_BROKEN)
		return;
	p->state = PHONE_RINGS;
	send_answer(p, 180, from, out);
}

static void
hear_request(struct phone *p, const struct addr *from, struct out *out)
{
	const struct msg *m = &p->msg;
	bool is_of_call = str_same(m->call_id, text_of(p, TEXT_CALL_ID));

	switch (m->method) {
	case METHOD_INVITE: hear_invite(p, from, out); return;
	case METHOD_ACK:
		if (is_of_call && p->state == PHONE_ANSWERED)
			p->state = PHONE_TALKING;
		return;
	case METHOD_BYE:
		send_answer(p, is_of_call ? 200 : 481, from, out);
		if (is_of_call && p->state == PHONE_TALKING)
			p->state = PHONE_READY;
		return;
	case METHOD_OPTIONS: send_answer(p, 200, from, out); return;
	default: send_answer(p, 501, from, out); return;
	}
}

/* ---- events ---------------------------------------------------------------------------------------------- */

static void
hear_message(struct phone *p, struct str text, const struct addr *from, struct out *out)
{
	struct fault fault;

	tape_put(p->options.tape, p->options.leg, false, text);
	if (!msg_parse(&p->msg, text, is_secure(p), &fault))
		broken(p, STR("was sent what it cannot read: "), fault_reason(fault.what));
	else if (p->msg.is_request)
		hear_request(p, from, out);
	else
		hear_response(p, out);
}

static void
hear_stream(struct phone *p, struct str data, const struct addr *from, struct out *out)
{
	size_t used = 0;

	if (data.len > sizeof p->bytes - p->half) {
		broken(p, STR("was sent a message that is too long"), STR(""));
		return;
	}
	if (data.len > 0)
		memcpy(p->bytes + p->half, data.at, data.len);
	p->half += data.len;
	while (used < p->half && p->state != PHONE_BROKEN) {
		struct frame f =
			frame_next(str_of(p->bytes + used, p->half - used), &p->crlfs);

		used += f.skip;
		if (f.kind == FRAME_MORE)
			break;
		if (f.kind == FRAME_FAULT)
			broken(p, STR("cannot follow its connection: "), fault_reason(f.fault));
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
hear_open(struct phone *p, const struct event *e, struct out *out)
{
	const struct secured *secured = &e->u.open.secured;

	p->local = e->u.open.local;
	p->view.transport = e->u.open.transport;
	p->view.proof = secured->proof;
	p->view.version = copy(p->version, sizeof p->version, secured->version);
	p->view.cipher = copy(p->cipher, sizeof p->cipher, secured->cipher);
	p->view.name = copy(p->name, sizeof p->name, secured->name);
	if (secured->proof != PROOF_NAME)
		broken(p, STR("its connection was opened without proof of the server"), STR(""));
	else
		send_register(p, out);
}

void
phone_hear(struct phone *p, const struct event *e, struct out *out)
{
	if (p->state == PHONE_BROKEN)
		return;
	switch (e->kind) {
	case EV_FLOW_OPEN:
		if (flow_same(e->u.open.flow, p->options.flow) && p->state == PHONE_DIALLING)
			hear_open(p, e, out);
		return;
	case EV_FLOW_FAILED:
	case EV_FLOW_CLOSED:
		if (flow_same(e->u.closed.flow, p->options.flow))
			broken(p, STR("its connection is gone: "), e->u.closed.reason);
		return;
	case EV_BYTES:
		if (!flow_same(e->u.bytes.flow, p->options.flow))
			return;
		if (is_secure(p))
			hear_stream(p, e->u.bytes.data, &e->u.bytes.from, out);
		else
			hear_message(p, e->u.bytes.data, &e->u.bytes.from, out);
		return;
	default: return;
	}
}
