/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of legbed.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sip/write.h"
#include "support/legbed.h"

enum { TEXT_BYTES = 96 * 1024 };

static char out[TEXT_BYTES];

/* What of the message taken last an answer needs. */
static char asked[TEXT_BYTES];
static size_t asked_len;

__attribute__((format(printf, 2, 3))) static void
put(char *at, const char *format, ...)
{
	char text[BED_WORD_BYTES];
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	assert_true(len >= 0 && len < BED_WORD_BYTES);
	memcpy(at, text, (size_t)len + 1);
}

struct ua
ua_wait(const char *scheme, enum transport transport, const char *ip, uint16_t port)
{
	struct ua ua = { .scheme = scheme, .transport = transport, .at = bed_addr(ip, port) };

	ua.id = ++bed.uas;
	snprintf(ua.host, sizeof ua.host, "%s:%u", ip, port);
	put(ua.contact, "%s:phone@%s%s", scheme, ua.host,
		transport == TRANSPORT_TCP                                  ? ";transport=tcp"
			: transport == TRANSPORT_TLS && strlen(scheme) == 3 ? ";transport=tls"
									    : "");
	if (transport == TRANSPORT_UDP)
		ua.flow = bed_socket();
	return ua;
}

struct ua
ua_open(const char *scheme, enum transport transport, const char *ip, uint16_t port)
{
	struct ua ua = ua_wait(scheme, transport, ip, port);

	if (transport != TRANSPORT_UDP)
		ua.flow = bed_accept(transport, ip, port);
	return ua;
}

static void
say(struct ua *ua, const char *method, const char *branch, unsigned cseq, const char *lines,
	const char *body)
{
	bool has_contact = strcmp(method, "ACK") != 0 && strcmp(method, "CANCEL") != 0 &&
		strcmp(method, "BYE") != 0;
	int len = snprintf(out, sizeof out,
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s;branch=%s\r\n"
		"From: %s\r\n"
		"To: %s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %u %s\r\n"
		"Max-Forwards: 60\r\n"
		"%s%s%s%s%s"
		"Content-Length: %zu\r\n\r\n%s",
		method, ua->target, bed_cstr(transport_name(ua->transport)), ua->host, branch,
		ua->local, ua->remote, ua->call_id, cseq, method, has_contact ? "Contact: <" : "",
		has_contact ? ua->contact : "", has_contact ? ">\r\n" : "",
		lines != NULL ? lines : "", body != NULL ? "Content-Type: application/sdp\r\n" : "",
		body != NULL ? strlen(body) : 0, body != NULL ? body : "");

	assert_true(len > 0 && len < TEXT_BYTES);
	bed_hear(ua->flow, &ua->at, out, (size_t)len);
}

static const char *
new_branch(struct ua *ua)
{
	static char branch[64];

	snprintf(branch, sizeof branch, "z9hG4bK-%u-%u", ua->id, ++bed.branches);
	return branch;
}

void
ua_invite(struct ua *ua, const char *number, const char *lines, const char *body)
{
	if (ua->call_id[0] == '\0') {
		put(ua->call_id, "from-%u-%u@phone", ua->id, ua->numbers);
		put(ua->local, "\"Al\" <%s:7789@192.0.2.1>;tag=tag-%u-%u", ua->scheme, ua->id,
			ua->numbers);
		put(ua->remote, "<%s:%s@192.0.2.1>", ua->scheme, number);
		put(ua->target, "%s:%s@192.0.2.1", ua->scheme, number);
		ua->cseq = 9;
	}
	put(ua->branch, "%s", new_branch(ua));
	ua->invite_cseq = ++ua->cseq;
	say(ua, "INVITE", ua->branch, ua->cseq, lines, body);
}

void
ua_request(struct ua *ua, const char *method, const char *lines, const char *body)
{
	if (strcmp(method, "INVITE") == 0) {
		ua_invite(ua, NULL, lines, body);
		return;
	}
	ua->cseq++;
	say(ua, method, new_branch(ua), ua->cseq, lines, body);
}

void
ua_ack(struct ua *ua, const char *body)
{
	say(ua, "ACK", new_branch(ua), ua->invite_cseq, NULL, body);
}

void
ua_cancel(struct ua *ua)
{
	say(ua, "CANCEL", ua->branch, ua->invite_cseq, NULL, NULL);
}

/* An INVITE that made the dialog: both ends are known but for our tag. */
static void
take_invite(struct ua *ua, const struct msg *m)
{
	put(ua->call_id, "%s", bed_cstr(m->call_id));
	put(ua->remote, "%s", bed_cstr(m->from.text));
	put(ua->local, "%s;tag=tag-%u-%u", bed_cstr(m->to.text), ua->id, ++ua->numbers);
	ua->cseq = 100;
}

const struct msg *
ua_take(struct ua *ua, const char *start)
{
	const struct msg *m = bed_take(start);
	struct nameaddr contact;

	asked_len = m->text.len;
	assert_true(asked_len < sizeof asked);
	memcpy(asked, m->text.at, asked_len);
	if (ua->transport != TRANSPORT_UDP && flow_is_none(ua->flow))
		ua->flow = bed_last()->flow;
	if (m->is_request && m->method == METHOD_INVITE) {
		if (str_is_none(m->to.tag))
			take_invite(ua, m);
		assert_true(asked_len < sizeof ua->invite);
		memcpy(ua->invite, asked, asked_len);
		ua->invite[asked_len] = '\0';
	}
	if (!m->is_request && !str_is_none(m->to.tag) && m->method == METHOD_INVITE)
		put(ua->remote, "%s", bed_cstr(m->to.text));
	if (msg_contact(m, &contact))
		put(ua->target, "%s", bed_cstr(contact.uri.text));
	return m;
}

static void
answer(struct ua *ua, struct str request, unsigned status, const char *lines, const char *body)
{
	static struct msg m;
	struct buf b = buf_on(out, sizeof out);
	struct str tag = str_cstr(ua->local);
	struct fault fault;

	assert_true(msg_parse(&m, request, true, &fault));
	while (str_find(tag, '=') < tag.len)
		str_cut(&tag, '=');
	write_response(&b, &m, &ua->at, status, reason_phrase(status), tag);
	if (m.method == METHOD_INVITE && status > 100 && status < 300) {
		buf_put(&b, STR("Contact: <"));
		buf_put(&b, str_cstr(ua->contact));
		buf_put(&b, STR(">\r\n"));
	}
	buf_put(&b, str_cstr(lines != NULL ? lines : ""));
	if (body != NULL)
		buf_put(&b, STR("Content-Type: application/sdp\r\n"));
	write_body(&b, str_cstr(body != NULL ? body : ""));
	assert_true(buf_ok(&b));
	bed_hear(ua->flow, &ua->at, out, b.used);
}

void
ua_answer(struct ua *ua, unsigned status, const char *lines, const char *body)
{
	answer(ua, str_of(asked, asked_len), status, lines, body);
}

void
ua_answer_invite(struct ua *ua, unsigned status, const char *lines, const char *body)
{
	answer(ua, str_cstr(ua->invite), status, lines, body);
}

/* ---- legs that talk ---- */

struct leg_plan
bed_plan(const struct ua *ua)
{
	static char uri[BED_WORD_BYTES];
	bool is_sips = strlen(ua->scheme) == 4;
	struct leg_plan plan = {
		.speech = { is_sips ? SCHEME_SIPS : SCHEME_SIP, ua->transport },
		.from_display = STR("\"Al\""),
		.from_user = STR("7789"),
		.name = STR("phone.example.com"),
		.dn = STR("5000"),
		.uuid = STR("0123456789"),
		.ways = { { .transport = ua->transport, .addr = ua->at } },
		.way_count = 1,
		.max_forwards = 59,
	};

	put(uri, "%s:5000@%s", ua->scheme, ua->host);
	plan.request_uri = plan.to_uri = str_cstr(uri);
	return plan;
}

struct leg *
bed_make(const struct leg_plan *plan, const char *body)
{
	struct cargo cargo = bed_cargo(body);
	struct str why = STR("");
	struct leg *leg = leg_open_made(&bed.legs, plan, &cargo, bed_turn(), &why);

	bed_carry();
	return leg;
}

struct leg *
bed_talk_answered(struct ua *ua, const char *invite_lines)
{
	struct cargo cargo = bed_cargo(SDP_B);
	struct leg *leg;

	ua_invite(ua, "5000", invite_lines, SDP_A);
	(void)ua_take(ua, "SIP/2.0 100 ");
	leg = bed_leg();
	assert_true(leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn()));
	bed_carry();
	(void)ua_take(ua, "SIP/2.0 200 ");
	ua_ack(ua, NULL);
	(void)bed_say(WORD_ACK);
	assert_int_equal(leg->state, LEG_TALKING);
	return leg;
}

struct leg *
bed_talk_made(struct ua *ua)
{
	struct leg_plan plan = bed_plan(ua);
	struct leg *leg = bed_make(&plan, SDP_A);

	assert_non_null(leg);
	(void)ua_take(ua, "INVITE ");
	ua_answer(ua, 200, NULL, SDP_B);
	(void)bed_say(WORD_ANSWER);
	(void)ua_take(ua, "ACK ");
	assert_int_equal(leg->state, LEG_TALKING);
	return leg;
}
