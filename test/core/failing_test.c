/* SPDX-License-Identifier: Apache-2.0 */
/* What can run out runs out once, at each place where it is asked for: a cell of a pool, a place on
 * a leg's shelf, the scratch of an event, room to write in (failing_kit.h). What trunks take is in
 * failing_trunk_test.c.
 *
 * Whatever fails: nothing malformed leaves, no call is lost that was there before, no far end is
 * left in a dialog that we have forgotten, all is given back, and the next call goes well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/failing_kit.h"
#include "support/phone.h"

enum { WORD = 300, TEXT_BYTES = 8192, FARS_MAX = 16, TRIES_MAX = 400 };

/* ---- two devices that take what comes ------------------------------------------------------ */

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51" },
	{ .number = "5002", .contact = "sips:192.0.2.52" },
	{ .number = "5003", .contact = "sip:late.example.net" },
	{ .number = "7000", .contact = "*" },
	{ .number = "7789", .contact = "*", .password = "secret", .no_invite = true },
};

/* One end of the one call there is. */
struct end {
	struct addr at;
	enum transport transport;
	struct flow_id flow;
	char call_id[WORD], local[WORD], remote[WORD], target[WORD], uri[WORD];
	unsigned cseq, invite_cseq;
	bool is_up, is_over, wants_out;
};

static struct end caller, callee, device;
static unsigned number, last_status, answer_with;
static char text[TEXT_BYTES];
static struct msg heard;

static void
copy(char word[WORD], struct str value)
{
	assert_true(value.len < WORD);
	if (value.len > 0)
		memcpy(word, value.at, value.len);
	word[value.len] = '\0';
}

__attribute__((format(printf, 2, 3))) static void
say(const struct end *end, const char *format, ...)
{
	const struct stage_flow *flow = stage_flow(&stage, end->flow);
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	assert_true(len > 0 && len < TEXT_BYTES);
	if (end->transport == TRANSPORT_UDP)
		stage_datagram(&stage, &end->at, str_of(text, (size_t)len));
	else if (flow != NULL && flow->is_open && !flow->is_shut)
		stage_bytes(&stage, end->flow, str_of(text, (size_t)len));
}

#define BODY "v=0\r\no=x 1 1 IN IP4 192.0.2.9\r\ns=-\r\nm=audio 4000 RTP/AVP 0\r\n"

static const char *
transport_text(const struct end *end)
{
	return end->transport == TRANSPORT_TLS ? "TLS" : "UDP";
}

static const char *
contact_line(const struct end *end)
{
	static char line[WORD];
	struct buf b = buf_on(line, sizeof line - 1);

	buf_put(&b,
		end->transport == TRANSPORT_TLS ? STR("Contact: <sips:d@")
						: STR("Contact: <sip:d@"));
	addr_write_port(&b, &end->at);
	buf_put(&b, STR(">\r\n"));
	line[b.used] = '\0';
	return line;
}

static void
say_inside(struct end *end, const char *method, unsigned cseq, bool has_body)
{
	bool is_invite = strcmp(method, "INVITE") == 0;

	say(end,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/%s h;rport;branch=z9hG4bKi%u\r\nFrom: %s\r\nTo: %s\r\n"
		"Call-ID: %s\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n%s%sContent-Length: %zu\r\n\r\n%s",
		method, end->target, transport_text(end), ++number, end->local, end->remote,
		end->call_id, cseq, method, is_invite ? contact_line(end) : "",
		has_body ? "Content-Type: application/sdp\r\n" : "", has_body ? strlen(BODY) : 0,
		has_body ? BODY : "");
}

static void
say_outside(const struct end *end, const char *method, const char *dialled, const char *lines,
	bool has_body)
{
	if (strcmp(method, "CANCEL") != 0)
		number++;
	snprintf(caller.uri, sizeof caller.uri, "sip:%s@example.com", dialled);
	say(end,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKo%u\r\n"
		"From: <sip:7000@example.com>;tag=f%u\r\nTo: <sip:%s@example.com>\r\n"
		"Call-ID: out-%u-end\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
		method, caller.uri, number, number, dialled, number,
		strcmp(method, "REGISTER") == 0 ? number : 1, method,
		strcmp(method, "CANCEL") != 0 ? contact_line(end) : "", lines,
		has_body ? "Content-Type: application/sdp\r\n" : "", has_body ? strlen(BODY) : 0,
		has_body ? BODY : "");
}

/* An answer of the callee, or of either end inside the dialog. */
static void
reply(struct end *end, unsigned status)
{
	struct str via = msg_value(&heard, HEADER_VIA), from = msg_value(&heard, HEADER_FROM);
	struct str to = msg_value(&heard, HEADER_TO);
	bool is_invite = heard.method == METHOD_INVITE;
	bool has_body = is_invite && status == 200;

	say(end,
		"SIP/2.0 %u X\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s\r\nCall-ID: %.*s\r\n"
		"CSeq: %u %.*s\r\n%s%sContent-Length: %zu\r\n\r\n%s",
		status, (int)via.len, via.at, (int)from.len, from.at, (int)to.len, to.at,
		str_is_none(heard.to.tag) ? ";tag=callee" : "", (int)heard.call_id.len,
		heard.call_id.at, heard.cseq, (int)heard.method_text.len, heard.method_text.at,
		status == 302       ? "Contact: <sip:5001@example.com>\r\n"
			: is_invite ? contact_line(end)
				    : "",
		has_body ? "Content-Type: application/sdp\r\n" : "", has_body ? strlen(BODY) : 0,
		has_body ? BODY : "");
}

/* The callee is invited. */
static void
hear_first_invite(const struct stage_sent *sent)
{
	struct nameaddr contact;
	struct buf b = buf_on(callee.local, WORD - 1);

	callee = (struct end){ .at = sent->to, .transport = sent->transport, .flow = sent->flow };
	copy(callee.call_id, heard.call_id);
	copy(callee.remote, msg_value(&heard, HEADER_FROM));
	buf_put(&b, msg_value(&heard, HEADER_TO));
	buf_put(&b, STR(";tag=callee"));
	callee.local[b.used] = '\0';
	assert_true(msg_contact(&heard, &contact));
	copy(callee.target, contact.uri.text);
	reply(&callee, 180);
	callee.is_up = answer_with == 200;
	callee.is_over = answer_with > 299;
	if (answer_with != 0)
		reply(&callee, answer_with);
}

static void
hear_request(struct end *end, const struct stage_sent *sent)
{
	bool is_invite = heard.method == METHOD_INVITE;

	if (heard.method == METHOD_ACK)
		return;
	if (is_invite && str_is_none(heard.to.tag)) {
		bool is_again = !str_is_empty(str_cstr(callee.call_id)) &&
			str_same(heard.call_id, str_cstr(callee.call_id));

		if (!is_again)
			hear_first_invite(sent);
		else if (answer_with != 0)
			reply(&callee, answer_with);
		return;
	}
	end->is_over = end->is_over || heard.method == METHOD_BYE;
	reply(end, 200);
	if (heard.method != METHOD_CANCEL || callee.is_up || callee.is_over)
		return;
	/* The INVITE that was cancelled ends, too. */
	callee.is_over = true;
	say(&callee,
		"SIP/2.0 487 X\r\nVia: %.*s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
		"CSeq: %u INVITE\r\nContent-Length: 0\r\n\r\n",
		(int)msg_value(&heard, HEADER_VIA).len, msg_value(&heard, HEADER_VIA).at,
		callee.remote, callee.local, callee.call_id, heard.cseq);
}

static void
hear_response(struct end *end)
{
	struct nameaddr contact;
	bool is_first = !caller.is_up && end == &caller;

	if (heard.status < 200)
		return;
	last_status = heard.status;
	if (heard.method != METHOD_INVITE)
		return;
	if (heard.status < 300 && is_first) {
		copy(caller.call_id, heard.call_id);
		copy(caller.local, msg_value(&heard, HEADER_FROM));
		copy(caller.remote, msg_value(&heard, HEADER_TO));
		assert_true(msg_contact(&heard, &contact));
		copy(caller.target, contact.uri.text);
		caller.is_up = true;
		caller.cseq = 1;
	}
	if (heard.status < 300) {
		say_inside(end, "ACK", heard.cseq, false);
	} else { /* in its transaction, which has the branch of the INVITE */
		struct str via = msg_value(&heard, HEADER_VIA);
		struct str to = msg_value(&heard, HEADER_TO), from = msg_value(&heard, HEADER_FROM);

		say(end,
			"ACK %s SIP/2.0\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s\r\nCall-ID: %.*s\r\n"
			"CSeq: %u ACK\r\nContent-Length: 0\r\n\r\n",
			end == &caller && !caller.is_up ? caller.uri : end->target, (int)via.len,
			via.at, (int)from.len, from.at, (int)to.len, to.at, (int)heard.call_id.len,
			heard.call_id.at, heard.cseq);
	}
}

static void
hear_all(void)
{
	for (unsigned i = stage.first_untaken; i < stage.sent_count; i++) {
		const struct stage_sent sent = stage.sent[i];
		struct end *end = addr_same(&sent.to, &caller.at) ? &caller : &callee;
		struct fault fault;

		if (sent.is_taken)
			continue;
		stage.sent[i].is_taken = true;
		assert_true(msg_parse(&heard, sent.bytes, true, &fault));
		if (heard.is_request)
			hear_request(end, &sent);
		else
			hear_response(end);
	}
	stage_forget_sent(&stage);
}

/* ---- what happens in a call ---------------------------------------------------------------- */

static void
ask_inside(struct end *end, const char *method, bool has_body)
{
	if (!end->is_up || end->is_over)
		return;
	last_status = 0;
	say_inside(end, method, ++end->cseq, has_body);
	hear_all();
	/* Who gets no answer to a BYE, or is to come again, says it again. */
	if (strcmp(method, "BYE") != 0)
		return;
	end->wants_out = true;
	end->is_over = last_status == 200 || last_status == 481;
}

/* Small letters are the caller's doing, capitals the callee's. */
static void
step(char what, const char *dialled)
{
	struct end *end = what >= 'a' ? &caller : &callee;

	switch (what) {
	case 'i': say_outside(&caller, "INVITE", dialled, "", true); break;
	case 't':
		say_outside(&caller, "INVITE", dialled,
			"Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n", true);
		break;
	case 'n': say_outside(&caller, "INVITE", dialled, "", false); break;
	case 'c': say_outside(&caller, "CANCEL", dialled, "", false); break;
	case 'o': say_outside(&caller, "OPTIONS", dialled, "Require: far\r\n", false); break;
	case 'q': say_outside(&caller, "OPTIONS", dialled, "", false); break;
	case 'r': say_outside(&device, "REGISTER", "7000", "Expires: 60\r\n", false); break;
	case 'h':
	case 'H': ask_inside(end, "INVITE", true); break;
	case 'l':
	case 'L': ask_inside(end, "INVITE", false); break;
	case 'f':
	case 'F': ask_inside(end, "INFO", true); break;
	case 'b':
	case 'B': ask_inside(end, "BYE", false); break;
	case 'd': stage_names_come(&stage); break;
	case '.': stage_pass_ms(&stage, 100); break;
	case '-': stage_pass_ms(&stage, 50000); break;
	default: fail_msg("no such step: %c", what);
	}
	for (unsigned turns = 0; turns < 8; turns++)
		hear_all();
}

static const struct scene {
	const char *what, *dialled, *steps;
	unsigned answer; /* of the callee; 0: it rings */
	unsigned status; /* of the last final answer when nothing fails */
} scenes[] = {
	{ "answered", "5000", "i.fF.b.", 200, 200 },
	{ "changed", "5000", "i.h.H.l.L.B.", 200, 200 },
	{ "offered late", "5000", "n.b.", 200, 200 },
	{ "cancelled", "5000", "i.c.", 0, 487 },
	{ "refused", "5000", "i.", 486, 486 },
	{ "redirected", "5000", "i.", 302, 480 },
	{ "over TLS", "5002", "i.hF.b.", 200, 200 },
	{ "a name that is found late", "5003", "i..d..b.", 200, 200 },
	{ "refreshed", "5000", "t.-.b.", 200, 200 },
	{ "to a phone that registers", "7000", "r.i.F.b.", 200, 200 },
	{ "nobody", "404", "i.", 200, 404 },
	{ "asked outside", "5000", "o.", 200, 420 },
	{ "asked outside, well", "5000", "q.", 200, 200 },
};

static void
play(const struct scene *scene)
{
	caller = (struct end){ .at = stage_addr("192.0.2.30", 5060), .transport = TRANSPORT_UDP };
	callee = (struct end){ .is_up = false };
	device = (struct end){ .at = stage_addr("192.0.2.70", 5060), .transport = TRANSPORT_UDP };
	last_status = 0;
	answer_with = scene->answer;
	for (const char *at = scene->steps; *at != '\0'; at++)
		step(*at, scene->dialled);
}

/* Everybody hangs up who still can; then nothing must be left. */
static void
calm_down(const struct scene *scene, unsigned try)
{
	struct counts counts;

	for (unsigned turns = 0; turns < 2; turns++) {
		ask_inside(&caller, "BYE", false);
		if (callee.wants_out)
			ask_inside(&callee, "BYE", false);
		for (unsigned i = 0; i < 8; i++)
			hear_all();
		stage_pass_ms(&stage, 200000);
		hear_all();
	}
	if (callee.is_up && !callee.is_over)
		fail_msg("%s, %u: the callee was left in its dialog", scene->what, try);
	stage_pass_ms(&stage, 200000);
	counts = stage_counts(&stage);
	if (counts.calls + counts.legs + counts.transactions + counts.timers + counts.asks > 0)
		fail_msg("%s, %u: %u calls, %u legs, %u transactions, %u timers left", scene->what,
			try, counts.calls, counts.legs, counts.transactions, counts.timers);
}

static void
check_scene(const struct scene *scene)
{
	static struct phone before[2];
	struct stage_options options = { .dns = dns, .dn_count = sizeof dns / sizeof dns[0] };
	unsigned try = 0;
	bool has_failed = true;

	stage_open(&stage, &options);
	stage_name(&stage, "late.example.net", "192.0.2.53");
	stage.names_wait = strcmp(scene->dialled, "5003") == 0;
	device_open(&before[1], &stage, "5001", "192.0.2.51", 5060, TRANSPORT_UDP, false);
	while (has_failed) {
		assert_true(try++ < TRIES_MAX);
		phone_open(&before[0], &stage, "1001", "192.0.2.10", 5060, TRANSPORT_UDP, false);
		phones_talk(&before[0], &before[1], "5001");
		countdown = try;
		play(scene);
		has_failed = countdown == 0;
		countdown = 0;
		/* The call that was there before has noticed nothing. */
		phone_request(&before[0], "INFO", NULL, NULL);
		phone_hear(&before[1], "INFO ");
		phone_reply(&before[1], 200, NULL, NULL);
		phone_hear(&before[0], "SIP/2.0 200 ");
		phones_part(&before[1], &before[0]);
		calm_down(scene, try);
		/* And the next goes well. */
		play(scene);
		if (last_status != scene->status)
			fail_msg("%s, after %u: %u", scene->what, try, last_status);
		calm_down(scene, try);
		phone_close(&before[0]);
	}
	phone_close(&before[1]);
	stage_close(&stage);
	stage.core = NULL;
}

static void
check_scenes(enum failure what)
{
	failure = what;
	for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
		check_scene(&scenes[i]);
}
