/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a device. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "phone_inside.h"

enum { TEXT_BYTES = 40 * 1024, LONG_BYTES = 6000, HOSTS = 8 };

static char text[TEXT_BYTES];
static size_t used;

__attribute__((format(printf, 1, 2))) static void
put(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text + used, sizeof text - used, format, args);
	va_end(args);
	if (len < 0 || used + (size_t)len >= sizeof text)
		abort();
	used += (size_t)len;
}

const char *
phone_host(const struct phone *phone)
{
	static char hosts[HOSTS][ADDR_TEXT_MAX + 8];
	static unsigned next;
	char *host = hosts[next++ % HOSTS];
	struct buf b = buf_on(host, sizeof hosts[0] - 1);

	addr_write_port(&b, &phone->at);
	host[b.used] = '\0';
	return host;
}

const char *
phone_scheme(const struct phone *phone)
{
	return phone->is_sips ? "sips" : "sip";
}

const char *
transport_token(enum transport transport)
{
	return transport == TRANSPORT_TLS ? "TLS" : transport == TRANSPORT_TCP ? "TCP" : "UDP";
}

size_t
say_session(char *at, size_t room, uint32_t call, uint32_t version, bool is_held)
{
	int len = snprintf(at, room,
		"v=0\r\no=- %u %u IN IP4 192.0.2.9\r\ns=call-%u\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 0\r\na=%s\r\n",
		call, version, call, is_held ? "sendonly" : "sendrecv");

	return len > 0 ? (size_t)len : 0;
}

void
say_text(struct world *w, uint32_t who, struct flow_id flow, const char *at, size_t len)
{
	struct phone *phone = &w->phones.all[who];
	uint32_t place = phone->said_count++ % SAID_MAX;

	free(phone->said[place].text);
	phone->said[place].text = malloc(len);
	if (phone->said[place].text == NULL)
		abort();
	memcpy(phone->said[place].text, at, len);
	phone->said[place].len = len;
	wire_say(w, who, flow, at, len);
}

static bool
misdoes(const struct world *w, const struct talk *t, enum misdeed misdeed)
{
	return !w->is_calm && t->manner == MANNER_WRONG && t->misdeed == misdeed;
}

/* ---- pieces of messages ---- */

static void
put_contact(struct world *w, const struct talk *t)
{
	const struct phone *phone = &w->phones.all[t->who];
	struct phone moved = *phone;

	if (misdoes(w, t, MISDEED_MOVES))
		moved.at.port = (uint16_t)(6000 + used % 10);
	put("Contact: <%s:%s@%s%s>\r\n", phone_scheme(phone), phone->user, phone_host(&moved),
		phone->transport == TRANSPORT_TCP                              ? ";transport=tcp"
			: phone->transport == TRANSPORT_TLS && !phone->is_sips ? ";transport=tls"
									       : "");
}

static void
put_long(struct world *w, const struct talk *t)
{
	if (!misdoes(w, t, MISDEED_LONG))
		return;
	put("User-Agent: ");
	for (int i = 0; i < LONG_BYTES; i++)
		text[used++] = (char)('a' + i % 26);
	put("\r\n");
}

static void
put_body(struct talk *t, bool has_session)
{
	char session[512];
	size_t len = 0;

	if (has_session) {
		t->versions++;
		len = say_session(
			session, sizeof session, t->call, t->versions, t->versions % 2 == 0);
	}

	if (len > 0)
		put("Content-Type: application/sdp\r\n");
	put("Content-Length: %zu\r\n\r\n%.*s", len, (int)len, session);
}

/* The start of a request inside or at the beginning of a dialog. */
static void
put_head(struct world *w, struct talk *t, const char *method, const char *branch, uint32_t cseq,
	const char *remote)
{
	const struct phone *phone = &w->phones.all[t->who];

	used = 0;
	put("%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=%s\r\nMax-Forwards: 70\r\n", method,
		t->target[0] != '\0' ? t->target : t->uri, transport_token(phone->transport),
		phone_host(phone), branch);
	if (t->routes[0] != '\0')
		put("Route: %s\r\n", t->routes);
	put("From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", t->local, remote, t->call_id,
		cseq, method);
}

static void
new_branch(struct world *w, char branch[48])
{
	snprintf(branch, 48, OWN_COOKIE "%08x", ++w->phones.numbers);
}

static void
send(struct world *w, struct talk *t)
{
	say_text(w, t->who, talk_flow(w, t), text, used);
}

/* ---- requests ---- */

void
say_invite(struct world *w, struct talk *t, const char *lines)
{
	bool has_offer = t->state == TALK_UP || draw_below(t->draw, DRAW_OFFER, 0, 100) >= 10;

	new_branch(w, t->branch);
	t->invite_cseq = ++t->cseq;
	put_head(w, t, "INVITE", t->branch, t->cseq, t->remote);
	put_contact(w, t);
	put_long(w, t);
	put("Subject: call-%u\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n%s",
		t->call, lines);
	put_body(t, has_offer);
	send(w, t);
	talk_repeat(w, t, REPEAT_INVITE, text, used, INT64_MAX);
	if (misdoes(w, t, MISDEED_TWO_WAYS)) { /* a proxy on the way has two to us */
		memcpy(strstr(text, OWN_COOKIE), OTHER_COOKIE, sizeof OTHER_COOKIE - 1);
		send(w, t);
	}
}

void
say_ask(struct world *w, struct talk *t, const char *method, const char *lines)
{
	const char *remote = t->remote;
	char wrong[WORD_MAX + 8];
	bool is_old = misdoes(w, t, MISDEED_OLD_CSEQ) && t->cseq > 1;

	if (strcmp(method, "BYE") == 0 && misdoes(w, t, MISDEED_WRONG_TAG)) {
		snprintf(wrong, sizeof wrong, "%s-not", t->remote);
		remote = wrong;
	}
	new_branch(w, t->ask_branch);
	t->cseq += is_old ? 0 : 1;
	snprintf(t->offered, sizeof t->offered, "%s", method);
	put_head(w, t, method, t->ask_branch, is_old ? t->cseq - 1 : t->cseq, remote);
	put_long(w, t);
	put("%s", lines);
	put_body(t, false);
	send(w, t);
	talk_repeat(w, t, REPEAT_ASK, text, used, T2_MS);
}

void
say_bye(struct world *w, struct talk *t)
{
	t->state = TALK_LEAVING;
	talk_still(t, REPEAT_INVITE);
	say_ask(w, t, "BYE", "");
}

void
say_ack(struct world *w, struct talk *t)
{
	char branch[48];
	bool has_answer =
		draw_below(t->draw, DRAW_OFFER, 0, 100) < 10 && t->is_caller && t->invite_cseq == 1;

	new_branch(w, branch);
	put_head(w, t, "ACK", branch, t->invite_cseq, t->remote);
	put_body(t, has_answer);
	free(t->ack);
	t->ack = malloc(used);
	if (t->ack == NULL)
		abort();
	memcpy(t->ack, text, used);
	t->ack_len = used;
	if (misdoes(w, t, MISDEED_NO_ACK))
		return;
	send(w, t);
	for (int i = 0; i < 2 && misdoes(w, t, MISDEED_MANY_ACKS); i++)
		say_text(w, t->who, talk_flow(w, t), t->ack, t->ack_len);
}

void
say_ack_failure(struct world *w, struct talk *t, const struct msg *msg)
{
	struct str to = msg_value(msg, HEADER_TO);
	char remote[WORD_MAX];

	snprintf(remote, sizeof remote, "%.*s", (int)to.len, to.at);
	put_head(w, t, "ACK", t->branch, msg->cseq, remote);
	put_body(t, false);
	if (!misdoes(w, t, MISDEED_NO_ACK))
		send(w, t);
}

void
say_cancel(struct world *w, struct talk *t)
{
	char remote[WORD_MAX];
	char *tag;

	snprintf(remote, sizeof remote, "%s", t->remote);
	tag = strstr(remote, ";tag=");
	if (tag != NULL && t->invite_cseq == 1)
		*tag = '\0';
	snprintf(t->offered, sizeof t->offered, "CANCEL");
	put_head(w, t, "CANCEL", t->branch, t->invite_cseq, remote);
	put_body(t, false);
	send(w, t);
	talk_repeat(w, t, REPEAT_ASK, text, used, T2_MS);
}

/* ---- responses ---- */

static const char *
phrase_of(unsigned status)
{
	return status < 200 ? "Going On" : status < 300 ? "OK" : status < 400 ? "Elsewhere" : "No";
}

static void
put_lines(const struct msg *msg, enum header_id id, const char *name)
{
	for (const struct header *line = msg_header(msg, id); line != NULL;
		line = msg_header_next(msg, line))
		put("%s: %.*s\r\n", name, (int)line->value.len, line->value.at);
}

static void
put_answer_head(const struct msg *msg, unsigned status, const char *tag, const char *method)
{
	struct str to = msg_value(msg, HEADER_TO);

	used = 0;
	put("SIP/2.0 %u %s\r\n", status, phrase_of(status));
	put_lines(msg, HEADER_VIA, "Via");
	put_lines(msg, HEADER_FROM, "From");
	put("To: %.*s", (int)to.len, to.at);
	if (str_is_none(msg->to.tag) && status > 100 && tag[0] != '\0')
		put(";tag=%s", tag);
	put("\r\nCall-ID: %.*s\r\nCSeq: %u %s\r\n", (int)msg->call_id.len, msg->call_id.at,
		msg->cseq, method);
}

void
say_reply(struct world *w, uint32_t who, struct flow_id flow, const struct msg *request,
	unsigned status, const char *tag, const char *lines)
{
	char method[32];

	snprintf(method, sizeof method, "%.*s", (int)request->method_text.len,
		request->method_text.at);
	put_answer_head(request, status, tag, method);
	put("%sContent-Length: 0\r\n\r\n", lines);
	say_text(w, who, flow, text, used);
}

static void
put_extras(struct world *w, struct talk *t, const struct msg *invite, unsigned status)
{
	const char *realm = backing_realm(w, w->phones.all[t->who].user);
	/* One in four is asked for what is somebody else's. */
	bool is_ours = realm != NULL && !misdoes(w, t, MISDEED_CHALLENGES) &&
		draw_below(t->draw, DRAW_PROOF, 1, 4) != 0;
	uint32_t expires_s;

	if (misdoes(w, t, MISDEED_TWO_VIAS))
		put("Via: SIP/2.0/UDP 192.0.2.250:5060;branch=z9hG4bKtoomany\r\n");
	if (status < 400 && !(misdoes(w, t, MISDEED_NO_CONTACT) && status >= 200))
		put_contact(w, t);
	if (status == 302 && misdoes(w, t, MISDEED_REDIRECTS))
		put("Contact: <sip:%s@192.0.2.11>\r\n", w->phones.all[t->who].user);
	if (status == 401 || status == 407)
		put("%s-Authenticate: Digest realm=\"%s\", nonce=\"%u\", algorithm=%s, "
		    "qop=\"auth\"\r\n",
			status == 401 ? "WWW" : "Proxy", is_ours ? realm : "elsewhere", t->call,
			t->call % 3 == 0 ? "MD5" : "SHA-256");
	put_long(w, t);
	if (status >= 200 && status < 300 &&
		msg_seconds(invite, HEADER_SESSION_EXPIRES, &expires_s) &&
		msg_has_token(invite, HEADER_SUPPORTED, STR("timer")))
		put("Session-Expires: %u;refresher=uac\r\nRequire: timer\r\n", expires_s);
}

void
say_answer(struct world *w, struct talk *t, unsigned status)
{
	static struct msg invite;
	struct fault fault;
	const char *tag = misdoes(w, t, MISDEED_NO_TAG) ? "" : t->tag;
	char other[64];

	if (t->invite == NULL ||
		!msg_parse(&invite, str_of(t->invite, t->invite_len), true, &fault))
		return;
	if (t->is_forked && misdoes(w, t, MISDEED_FORK)) {
		snprintf(other, sizeof other, "%sx", t->tag);
		tag = other;
	}
	put_answer_head(
		&invite, status, tag, misdoes(w, t, MISDEED_WRONG_METHOD) ? "OPTIONS" : "INVITE");
	put_extras(w, t, &invite, status);
	put_body(t, status >= 200 && status < 300);
	send(w, t);
	if (status >= 200)
		talk_repeat(w, t, REPEAT_FINAL, text, used, T2_MS);
}
