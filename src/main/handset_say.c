/* SPDX-License-Identifier: Apache-2.0 */
#include "main/handset_say.h"

#include "sip/write.h"

/* Nobody listens: the discard port, and no media is ever sent. */
static const char session[] = "v=0\r\n"
			      "o=- 1 1 IN IP4 127.0.0.1\r\n"
			      "s=-\r\n"
			      "c=IN IP4 127.0.0.1\r\n"
			      "t=0 0\r\n"
			      "m=audio 9 RTP/AVP 0\r\n";

struct str
handset_text(const struct handset *p, enum handset_text which)
{
	return shelf_get(&p->shelf, which);
}

void
handset_break(struct handset *p, struct str what, struct str detail)
{
	struct buf why = buf_on(p->why, sizeof p->why);

	buf_put(&why, STR("phone "));
	buf_put(&why, p->options.number);
	buf_put(&why, STR(": "));
	buf_put(&why, what);
	buf_quoted(&why, detail, HANDSET_WHY_BYTES / 5);
	p->why_len = buf_str(&why).len;
	p->state = HANDSET_BROKEN;
}

void
handset_keep(struct handset *p, enum handset_text which, struct str text)
{
	if (!shelf_put(&p->shelf, which, text))
		handset_break(p, STR("no room for "), text);
}

bool
handset_is_secure(const struct handset *p)
{
	return p->options.transport == TRANSPORT_TLS;
}

static struct str
scheme_of(const struct handset *p)
{
	return handset_is_secure(p) ? STR("sips:") : STR("sip:");
}

/* ---- what goes out ------------------------------------------------------------------------- */

static void
send_to(struct handset *p, const struct addr *to, struct buf *b, struct out *out)
{
	struct str text;

	if (!buf_ok(b)) {
		handset_break(p, STR("a message does not fit"), STR(""));
		return;
	}
	text = out_wrote(out, b);
	tape_put(p->options.tape, p->options.leg, true, text);
	out_send(out, p->options.flow, to, text);
}

void
handset_keep_random(struct handset *p, enum handset_text which, struct str before)
{
	char text[64];
	uint8_t random[16];
	struct buf b = buf_on(text, sizeof text);

	dice_bytes(&p->dice, random, sizeof random);
	buf_put(&b, before);
	buf_hex(&b, random, sizeof random);
	handset_keep(p, which, buf_str(&b));
}

/* Puts USER (empty: none) in the domain of the server, as an address of this phone's scheme. */
static void
put_address(const struct handset *p, struct buf *b, struct str user)
{
	buf_put(b, scheme_of(p));
	buf_put(b, user);
	if (!str_is_empty(user))
		buf_char(b, '@');
	buf_put(b, p->options.domain);
}

static void
write_contact(const struct handset *p, struct buf *b)
{
	write_begin(b, HEADER_CONTACT);
	buf_char(b, '<');
	buf_put(b, scheme_of(p));
	buf_put(b, p->options.number);
	buf_char(b, '@');
	addr_write_port(b, &p->local);
	buf_put(b, handset_is_secure(p) ? STR(";transport=tcp>") : STR(">"));
	write_end(b);
}

static void
write_session(struct buf *b)
{
	write_header(b, HEADER_CONTENT_TYPE, STR("application/sdp"));
	write_body(b, str_of(session, sizeof session - 1));
}

static void
write_head(const struct handset *p, struct buf *b, enum method method)
{
	write_request_line(b, method_name(method), handset_text(p, TEXT_TARGET));
	write_begin(b, HEADER_VIA);
	buf_put(b, handset_is_secure(p) ? STR("SIP/2.0/TLS ") : STR("SIP/2.0/UDP "));
	addr_write_port(b, &p->local);
	buf_put(b, STR(";rport;branch="));
	write_piece(b, handset_text(p, TEXT_BRANCH));
	write_end(b);
	write_number(b, HEADER_MAX_FORWARDS, MAX_FORWARDS);
	write_header(b, HEADER_FROM, handset_text(p, TEXT_LOCAL));
	write_header(b, HEADER_TO, handset_text(p, TEXT_REMOTE));
	write_header(b, HEADER_CALL_ID, handset_text(p, TEXT_CALL_ID));
	write_begin(b, HEADER_CSEQ);
	buf_number(b, method == METHOD_ACK ? p->invite_cseq : p->cseq);
	buf_char(b, ' ');
	buf_put(b, method_name(method));
	write_end(b);
}

void
handset_send_request(struct handset *p, enum method method, struct str credentials, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);

	p->asked = method;
	p->cseq++;
	handset_keep_random(p, TEXT_BRANCH, STR("z9hG4bK"));
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

void
handset_send_ack(struct handset *p, bool is_refused, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);

	if (!is_refused)
		handset_keep_random(p, TEXT_BRANCH, STR("z9hG4bK"));
	write_head(p, &b, METHOD_ACK);
	write_body(&b, STR(""));
	send_to(p, &p->options.server, &b, out);
}

void
handset_send_answer(struct handset *p, unsigned status, const struct addr *from, struct out *out)
{
	struct buf b = out_buf(out, WRITE_BYTES_MAX);
	struct addr to = via_answer_to(&p->msg.via, from);
	bool has_session = p->msg.method == METHOD_INVITE && status == 200;

	write_response(&b, &p->msg, from, status, reason_phrase(status), handset_text(p, TEXT_TAG));
	if (p->msg.method == METHOD_INVITE && status < 300)
		write_contact(p, &b);
	write_header(&b, HEADER_USER_AGENT, STR("sipward-demo-phone"));
	if (has_session)
		write_session(&b);
	else
		write_body(&b, STR(""));
	send_to(p, &to, &b, out);
}

void
handset_begin_dialog(struct handset *p, struct str user, struct str target)
{
	char text[512];
	struct buf b = buf_on(text, sizeof text);

	handset_keep_random(p, TEXT_CALL_ID, STR(""));
	handset_keep_random(p, TEXT_TAG, STR(""));
	buf_char(&b, '<');
	put_address(p, &b, p->options.number);
	buf_put(&b, STR(">;tag="));
	buf_put(&b, handset_text(p, TEXT_TAG));
	handset_keep(p, TEXT_LOCAL, buf_str(&b));
	b = buf_on(text, sizeof text);
	buf_char(&b, '<');
	put_address(p, &b, user);
	buf_char(&b, '>');
	handset_keep(p, TEXT_REMOTE, buf_str(&b));
	b = buf_on(text, sizeof text);
	put_address(p, &b, target);
	handset_keep(p, TEXT_TARGET, buf_str(&b));
}

/* The first challenge of a kind that we can answer. */
static bool
find_challenge(const struct msg *m, struct cred *challenge)
{
	for (const struct header *h = msg_header(m, HEADER_WWW_AUTHENTICATE); h != NULL;
		h = msg_header_next(m, h))
		if (cred_parse(challenge, h->value) && challenge->algorithm != DIGEST_OTHER &&
			str_alike(challenge->scheme, STR("Digest")) &&
			!str_is_empty(challenge->nonce))
			return true;
	return false;
}

void
handset_answer_challenge(struct handset *p, struct out *out)
{
	char text[2048], random[2 * 8], hex[HASH_HEX_MAX];
	struct buf b = buf_on(text, sizeof text), cnonce = buf_on(random, sizeof random);
	struct digest_input input = { .username = p->options.number,
		.password = p->options.password,
		.method = method_name(p->asked),
		.uri = handset_text(p, TEXT_TARGET),
		.nc = STR("00000001"),
		.qop = STR("auth") };
	uint64_t number = dice_u64(&p->dice);
	struct cred challenge;

	if (p->has_answered_challenge || !find_challenge(&p->msg, &challenge)) {
		handset_break(p, STR("the password was not accepted"), STR(""));
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
	handset_send_request(p, p->asked, buf_str(&b), out);
}
