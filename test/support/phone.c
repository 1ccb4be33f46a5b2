/* SPDX-License-Identifier: Apache-2.0 */
#include "support/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/digest.h"
#include "secure/scheme.h"

static void
open_at(struct phone *p, struct stage *s, const char *user, const char *ip, uint16_t port)
{
	struct buf b;

	memset(p, 0, sizeof *p);
	p->stage = s;
	p->user = user;
	p->at = stage_addr(ip, port);
	b = buf_on(p->host, sizeof p->host - 1);
	addr_write_port(&b, &p->at);
	p->out = malloc(PHONE_TEXT_BYTES);
}

void
device_open(struct phone *p, struct stage *s, const char *user, const char *ip, uint16_t port,
	enum transport transport, bool is_sips)
{
	open_at(p, s, user, ip, port);
	p->transport = transport;
	p->is_sips = is_sips;
	if (transport == TRANSPORT_UDP)
		p->flow = stage_socket(s, &p->at);
}

void
phone_open(struct phone *p, struct stage *s, const char *user, const char *ip, uint16_t port,
	enum transport transport, bool is_sips)
{
	device_open(p, s, user, ip, port, transport, is_sips);
	if (transport != TRANSPORT_UDP)
		p->flow = stage_accept(s, transport, &p->at);
}

void
phone_close(struct phone *p)
{
	free(p->heard.text);
	free(p->invite.text);
	free(p->request.text);
	free(p->out);
}

/* ---- what it says ---- */

void
phone_raw(struct phone *p, struct str octets)
{
	if (p->transport == TRANSPORT_UDP)
		stage_datagram(p->stage, &p->at, octets);
	else
		stage_bytes(p->stage, p->flow, octets);
}

void
phone_say(struct phone *p, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(p->out, PHONE_TEXT_BYTES, format, args);
	va_end(args);
	assert_true(len > 0 && len < PHONE_TEXT_BYTES);
	phone_raw(p, str_of(p->out, (size_t)len));
}

static const char *
scheme_of(const struct phone *p)
{
	return p->is_sips ? "sips" : "sip";
}

static const char *
or_nothing(const char *text)
{
	return text != NULL ? text : "";
}

static const char *
transport_text(const struct phone *p)
{
	return transport_name(p->transport).at;
}

/* The rest of a message, from the lines that only it has. */
static void
say(struct phone *p, const char *head, const char *contact, const char *lines, const char *body)
{
	const char *type = body == NULL || body[0] == '\0' ? ""
		: strstr(or_nothing(lines), "Content-Type") != NULL
		? ""
		: "Content-Type: application/sdp\r\n";

	phone_say(p, "%s%s%s%sContent-Length: %zu\r\n\r\n%s", head, contact, or_nothing(lines),
		type, strlen(or_nothing(body)), or_nothing(body));
}

static void
write_contact(const struct phone *p, char *text, size_t size)
{
	const char *param = p->is_sips || p->transport == TRANSPORT_UDP ? ""
		: p->transport == TRANSPORT_TCP                         ? ";transport=tcp"
									: ";transport=tls";

	snprintf(text, size, "Contact: <%s:%s@%s%s>\r\n", scheme_of(p), p->user, p->host, param);
}

static void
say_request(struct phone *p, const char *method, const char *uri, unsigned cseq, const char *lines,
	const char *body)
{
	char head[6 * PHONE_WORD_BYTES], contact[PHONE_WORD_BYTES] = "";

	snprintf(head, sizeof head,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\nMax-Forwards: 70\r\n"
		"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s",
		method, uri, transport_text(p), p->host, p->branch, p->local, p->remote, p->call_id,
		cseq, method, or_nothing(p->routes));
	if (strcmp(method, "INVITE") == 0 && strstr(or_nothing(lines), "Contact:") == NULL)
		write_contact(p, contact, sizeof contact);
	say(p, head, contact, lines, body);
}

static void
write_remote(struct phone *p, const char *uri)
{
	int len = snprintf(p->remote, sizeof p->remote, "<%s>", uri);

	assert_true(len > 0 && len < (int)sizeof p->remote);
}

static void
new_branch(struct phone *p)
{
	snprintf(
		p->branch, sizeof p->branch, "z9hG4bK-%s-%u-%u", p->user, p->at.port, ++p->numbers);
}

static void
new_dialog(struct phone *p, const char *uri)
{
	p->is_called = false;
	p->cseq = 0;
	snprintf(p->tag, sizeof p->tag, "t%s-%u", p->user, ++p->numbers);
	snprintf(p->call_id, sizeof p->call_id, "call-%s-%u-%u@phone", p->user, p->at.port,
		++p->numbers);
	snprintf(p->local, sizeof p->local, "\"Phone %s\" <%s:%s@example.com>;tag=%s", p->user,
		scheme_of(p), p->user, p->tag);
	write_remote(p, uri);
	snprintf(p->target, sizeof p->target, "%s", uri);
	snprintf(p->uri, sizeof p->uri, "%s", uri);
}

void
phone_invite(struct phone *p, const char *number, const char *lines, const char *body)
{
	char uri[PHONE_WORD_BYTES];

	snprintf(uri, sizeof uri, "%s:%s@example.com", scheme_of(p), number);
	new_dialog(p, uri);
	new_branch(p);
	p->invite_cseq = ++p->cseq;
	say_request(p, "INVITE", p->uri, p->cseq, lines, body);
}

void
phone_invite_again(struct phone *p)
{
	/* What phone_say() wrote last is still there only right behind it; so it is for a test. */
	phone_raw(p, str_cstr(p->out));
}

void
phone_request(struct phone *p, const char *method, const char *lines, const char *body)
{
	new_branch(p);
	p->cseq++;
	if (strcmp(method, "INVITE") == 0)
		p->invite_cseq = p->cseq;
	say_request(p, method, p->target, p->cseq, lines, body);
}

void
phone_ack(struct phone *p, const char *body)
{
	new_branch(p);
	say_request(p, "ACK", p->target, p->invite_cseq, NULL, body);
}

void
phone_ack_refusal(struct phone *p)
{
	say_request(p, "ACK", p->uri, p->invite_cseq, NULL, NULL);
}

void
phone_cancel(struct phone *p)
{
	char remote[PHONE_WORD_BYTES];

	/* To as the INVITE had it: without the tag that came with a 1xx. */
	memcpy(remote, p->remote, sizeof remote);
	write_remote(p, p->uri);
	say_request(p, "CANCEL", p->uri, p->invite_cseq, NULL, NULL);
	memcpy(p->remote, remote, sizeof remote);
}

void
phone_ask(struct phone *p, const char *method, const char *uri, const char *lines, const char *body)
{
	new_dialog(p, uri);
	new_branch(p);
	p->invite_cseq = ++p->cseq;
	say_request(p, method, uri, p->cseq, lines, body);
}

void
phone_register(struct phone *p, unsigned expires_s, const char *lines)
{
	char own[2 * PHONE_WORD_BYTES], contact[PHONE_WORD_BYTES], uri[PHONE_WORD_BYTES];

	write_contact(p, contact, sizeof contact);
	snprintf(own, sizeof own, "%s%sExpires: %u\r\n",
		strstr(or_nothing(lines), "Contact:") != NULL ? "" : contact, or_nothing(lines),
		expires_s);
	snprintf(uri, sizeof uri, "%s:example.com", scheme_of(p));
	if (p->call_id[0] == '\0' || strstr(p->call_id, "reg") == NULL) {
		new_dialog(p, uri);
		snprintf(p->call_id, sizeof p->call_id, "reg-%s-%u", p->user, p->at.port);
		snprintf(p->remote, sizeof p->remote, "<%s:%s@example.com>", scheme_of(p), p->user);
	}
	p->cseq = ++p->numbers; /* higher each time, whatever was between */
	new_branch(p);
	say_request(p, "REGISTER", uri, p->cseq, own, NULL);
}

const char *
phone_credentials(struct phone *p, const char *password, const char *method, const char *uri)
{
	static char line[2 * PHONE_WORD_BYTES];
	struct cred challenge;
	struct hashers hashers;
	char hex[HASH_HEX_MAX];
	struct str response;
	struct digest_input input = { .username = str_cstr(p->user),
		.password = str_cstr(password),
		.method = str_cstr(method),
		.uri = str_cstr(uri),
		.nc = STR("00000001"),
		.cnonce = STR("abcdef"),
		.qop = STR("auth") };

	/* A challenge reads like credentials. */
	assert_true(cred_parse(&challenge, msg_value(&p->heard.msg, HEADER_WWW_AUTHENTICATE)));
	assert_true(hashers_open(&hashers));
	input.algorithm = challenge.algorithm;
	input.realm = challenge.realm;
	input.nonce = challenge.nonce;
	response = digest_response(&hashers, &input, hex);
	snprintf(line, sizeof line,
		"Authorization: Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", "
		"uri=\"%s\", algorithm=%.*s, qop=auth, nc=00000001, "
		"cnonce=\"abcdef\", response=\"%.*s\"\r\n",
		p->user, (int)input.realm.len, input.realm.at, (int)input.nonce.len, input.nonce.at,
		uri, (int)digest_name(input.algorithm).len, digest_name(input.algorithm).at,
		(int)response.len, response.at);
	hashers_close(&hashers);
	return line;
}

static void
respond_to(struct phone *p, const struct msg *request, unsigned status, const char *lines,
	const char *body)
{
	char head[16 * PHONE_WORD_BYTES], contact[PHONE_WORD_BYTES] = "";
	struct buf b = buf_on(head, sizeof head - 1);
	const struct header *line;
	bool is_invite = request->method == METHOD_INVITE;

	memset(head, 0, sizeof head);
	buf_put(&b, STR("SIP/2.0 "));
	buf_number(&b, status);
	buf_put(&b, STR(" Said By A Phone\r\n"));
	for (uint32_t i = 0; i < request->header_count; i++) {
		line = &request->headers[i];
		if (line->id != HEADER_VIA && line->id != HEADER_FROM && line->id != HEADER_TO &&
			line->id != HEADER_CALL_ID && line->id != HEADER_CSEQ)
			continue;
		buf_put(&b, line->name);
		buf_put(&b, STR(": "));
		buf_put(&b, line->value);
		if (line->id == HEADER_TO && str_is_none(request->to.tag) && status > 100) {
			buf_put(&b, STR(";tag="));
			buf_put(&b, str_cstr(p->tag));
		}
		buf_put(&b, STR("\r\n"));
	}
	assert_true(buf_ok(&b));
	if (is_invite && status > 100 && status < 300)
		write_contact(p, contact, sizeof contact);
	say(p, head, contact, lines, body);
}

void
phone_answer(struct phone *p, unsigned status, const char *lines, const char *body)
{
	respond_to(p, &p->invite.msg, status, lines, body);
}

void
phone_reply(struct phone *p, unsigned status, const char *lines, const char *body)
{
	respond_to(p, &p->request.msg, status, lines, body);
}

/* ---- what it hears ---- */

static void
keep(struct heard_msg *h, struct str bytes)
{
	struct fault fault;

	free(h->text);
	h->text = malloc(bytes.len + 1);
	memcpy(h->text, bytes.at, bytes.len);
	h->text[bytes.len] = '\0';
	/* A refusal repeats what the test itself had broken. */
	if (!msg_parse(&h->msg, str_of(h->text, bytes.len), true, &fault) &&
		!str_begins(bytes, STR("SIP/2.0 4")) && !str_begins(bytes, STR("SIP/2.0 5")))
		fail_msg("heard what cannot be read: %s", h->text);
}

static void
copy(char word[PHONE_WORD_BYTES], struct str value)
{
	assert_true(value.len < PHONE_WORD_BYTES);
	if (value.len > 0)
		memcpy(word, value.at, value.len);
	word[value.len] = '\0';
}

static void
take_target(struct phone *p, const struct msg *msg)
{
	struct nameaddr contact;

	if (msg_contact(msg, &contact))
		copy(p->target, contact.uri.text);
}

/* A request of the core: what it says of the dialog. */
static void
hear_request(struct phone *p, const struct msg *msg, struct str bytes)
{
	if (msg->method != METHOD_INVITE) {
		if (msg->method != METHOD_ACK)
			keep(&p->request, bytes);
		return;
	}
	keep(&p->invite, bytes);
	take_target(p, msg);
	if (!str_is_none(msg->to.tag))
		return;
	p->is_called = true;
	p->cseq = 100;
	snprintf(p->tag, sizeof p->tag, "t%s-%u", p->user, ++p->numbers);
	copy(p->call_id, msg->call_id);
	copy(p->remote, msg->from.text);
	snprintf(p->local, sizeof p->local, "%.*s;tag=%s", (int)msg->to.text.len, msg->to.text.at,
		p->tag);
}

static void
hear_response(struct phone *p, const struct msg *msg)
{
	if (msg->method != METHOD_INVITE || msg->status == 100 || p->is_called)
		return;
	if (!str_is_none(msg->to.tag))
		copy(p->remote, msg->to.text);
	if (msg->status < 300)
		take_target(p, msg);
}

const struct msg *
phone_hear(struct phone *p, const char *start)
{
	const struct stage_sent *sent = expect_send(p->stage, p->transport, &p->at, start);
	const struct msg *msg = &p->heard.msg;

	keep(&p->heard, sent->bytes);
	if (p->transport != TRANSPORT_UDP)
		p->flow = sent->flow;
	if (p->is_sips && msg->is_request) {
		assert_int_equal(msg->target.scheme, URI_SIPS);
		assert_int_equal(sent->transport, TRANSPORT_TLS);
	}
	if (!p->is_sips && str_holds_alike(sent->bytes, STR("sips:")))
		fail_msg("sips on a sip leg:\n%s", p->heard.text);
	if (msg->is_request)
		hear_request(p, msg, sent->bytes);
	else
		hear_response(p, msg);
	return msg;
}

void
phone_hear_ping(struct phone *p)
{
	const struct stage_sent *sent = expect_send(p->stage, p->transport, &p->at, "\r\n");

	assert_int_equal(sent->bytes.len, 2);
}

const char *
phone_value(struct phone *p, enum header_id id)
{
	static char value[PHONE_LIST_BYTES];
	struct str text = msg_value(&p->heard.msg, id);

	assert_true(text.len < sizeof value);
	if (text.len > 0)
		memcpy(value, text.at, text.len);
	value[text.len] = '\0';
	return value;
}

bool
phone_heard(const struct phone *p, const char *part)
{
	return strstr(p->heard.text, part) != NULL;
}

/* ---- whole stretches ---- */

void
phones_ring(struct phone *a, struct phone *b, const char *number)
{
	phone_invite(a, number, NULL, SDP("caller", "sendrecv"));
	phone_hear(a, "SIP/2.0 100 ");
	phone_hear(b, "INVITE ");
	phone_answer(b, 180, NULL, NULL);
	phone_hear(a, "SIP/2.0 180 ");
}

void
phones_talk(struct phone *a, struct phone *b, const char *number)
{
	phones_ring(a, b, number);
	phone_answer(b, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(b, "ACK ");
	phone_hear(a, "SIP/2.0 200 ");
	assert_true(phone_heard(a, "o=callee"));
	phone_ack(a, NULL);
	expect_quiet(a->stage);
}

void
phones_part(struct phone *a, struct phone *b)
{
	phone_request(a, "BYE", NULL, NULL);
	phone_hear(a, "SIP/2.0 200 ");
	phone_hear(b, "BYE ");
	phone_reply(b, 200, NULL, NULL);
	expect_quiet(a->stage);
}
