/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct check_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "6001", .contact = "sips:phone.example.net" },
	{ .number = "7000", .contact = "*" },
	{ .number = "7001", .contact = "*", .password = "secret-of-7001" },
	{ .number = "west",
		.contact = "sip:192.0.2.50:5070",
		.is_trunk = true,
		.realm = "west.example" },
};
static const char *const ours[] = { "192.0.2.1:5060", "192.0.2.1:5061" };
static const char *const secrets[] = { "secret-of-7001" };

void
bed_open(struct bed *b)
{
	bed_open_under(b, CHECK_PER_LEG);
}

void
bed_open_under(struct bed *b, enum check_mode crossing)
{
	const struct check_options options = { .dns = dns,
		.crossing = crossing,
		.dn_count = sizeof dns / sizeof dns[0],
		.ours = ours,
		.ours_count = 2,
		.t1_ms = 500,
		.t2_ms = 4000,
		.t4_ms = 5000,
		.ring_max_ms = 180000,
		.session_max_s = 1800,
		.contacts_max = 2,
		.calls_max = 10,
		.transactions_max = 100,
		.flows_max = 10,
		.bindings_max = 10,
		.secrets = secrets,
		.secret_count = 1,
		.proof_user = "acme",
		.proof_secret = "open" };

	*b = (struct bed){ .now_ms = 1000000, .wall_s = 1800000000, .scheme = "sip" };
	b->number = "5000";
	b->to = "y";
	b->hops = "69";
	b->peers[A] = (struct peer){ 1, CHECK_UDP, "192.0.2.9:5060" };
	b->peers[B] = (struct peer){ 1, CHECK_UDP, "192.0.2.50:5070" };
	b->check = check_open(&options);
	check_time(b->check, b->now_ms, b->wall_s, 0);
}

void
bed_close(struct bed *b)
{
	check_close(b->check);
}

void
bed_tls(struct bed *b, bool is_sips)
{
	b->peers[A] = (struct peer){ 3, CHECK_TLS, "192.0.2.9:5060" };
	b->peers[B] = (struct peer){ 4, CHECK_TLS, "192.0.2.50:5070" };
	b->scheme = is_sips ? "sips" : "sip";
	b->number = "6001";
	check_opened(b->check, 3, CHECK_TLS, b->peers[A].at, false, false);
	check_dialled(b->check, 4, CHECK_TLS, b->peers[B].at, "192.0.2.50");
	check_opened(b->check, 4, CHECK_TLS, b->peers[B].at, true, true);
}

static size_t
write(const struct bed *b, char *at, size_t size, bool is_in, int who, const char *start,
	const char *branch, const char *tags, const char *call_id, const char *cseq,
	const char *lines, const char *body)
{
	static const char *const transports[] = { "UDP", "TCP", "TLS" };
	const struct peer *peer = &b->peers[who];
	bool is_response = start[0] >= '0' && start[0] <= '9';
	bool is_theirs = is_in != is_response; /* whose request it is of */
	int from_len = (int)strcspn(tags, ";");
	const char *to = tags[from_len] != '\0' ? tags + from_len + 1 : "";
	const char *tag = to[0] != '\0' ? ";tag=" : "";
	int len = snprintf(at, size,
		"%s%s%s\r\nVia: SIP/2.0/%s %s;branch=%s%s\r\n%sFrom: <%s:x@example.com>;tag=%.*s\r\n"
		"To: <%s:%s@example.com>%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n%s%s"
		"Content-Length: %zu\r\n\r\n%s",
		is_response ? "SIP/2.0 " : "", start, is_response ? "" : " SIP/2.0",
		transports[peer->transport], is_theirs ? peer->at : "192.0.2.1:5060",
		branch[0] == '!' ? "" : "z9hG4bK", branch[0] == '!' ? branch + 1 : branch,
		is_response ? "" : "Max-Forwards: ", b->scheme, from_len, tags, b->scheme, b->to,
		tag, to, call_id, cseq, lines,
		body[0] != '\0' ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);

	assert_true(len > 0 && (size_t)len < size);
	return (size_t)len;
}

/* Max-Forwards is 70 where it comes in, 69 where it leaves. */
static size_t
compose(struct bed *b, char *at, size_t size, bool is_in, int who, const char *start,
	const char *branch, const char *tags, const char *call_id, const char *cseq,
	const char *lines, const char *body)
{
	char text[8192];
	const char *mark = "Max-Forwards: ", *found;
	size_t len = write(
		b, text, sizeof text, is_in, who, start, branch, tags, call_id, cseq, lines, body);
	size_t front;

	text[len] = '\0';
	found = strstr(text, mark);
	if (found == NULL) {
		memcpy(at, text, len + 1);
		return len;
	}
	front = (size_t)(found - text) + strlen(mark);
	(void)snprintf(
		at, size, "%.*s%s\r\n%s", (int)front, text, is_in ? "70" : b->hops, text + front);
	return strlen(at);
}

void
in(struct bed *b, int who, const char *start, const char *branch, const char *tags,
	const char *call_id, const char *cseq, const char *lines, const char *body)
{
	const struct peer *p = &b->peers[who];
	char text[8192];
	size_t len = compose(
		b, text, sizeof text, true, who, start, branch, tags, call_id, cseq, lines, body);

	check_in(b->check, p->flow, p->transport, p->at, text, len);
}

void
out(struct bed *b, int who, const char *start, const char *branch, const char *tags,
	const char *call_id, const char *cseq, const char *lines, const char *body)
{
	const struct peer *p = &b->peers[who];
	char text[8192];
	size_t len = compose(
		b, text, sizeof text, false, who, start, branch, tags, call_id, cseq, lines, body);

	check_out(b->check, p->flow, p->transport, b->astray != NULL ? b->astray : p->at, text, len,
		false);
}

void
step(struct bed *b)
{
	check_step(b->check, &b->counts);
}

void
pass(struct bed *b, int64_t span_ms)
{
	step(b);
	b->now_ms += span_ms;
	b->wall_s += span_ms / 1000;
	check_time(b->check, b->now_ms, b->wall_s, b->late_ms);
}

void
note(struct bed *b, const char *line)
{
	check_note(b->check, line, strlen(line));
}

void
over(struct bed *b)
{
	pass(b, 2 * 3600 * 1000);
	check_over(b->check, &b->counts);
}

void
fine(struct bed *b)
{
	const struct broken *broken = check_broken(b->check);

	if (broken != NULL)
		fail_msg("%s: %s", broken->id, broken->what);
}

void
broken(struct bed *b, const char *id)
{
	const struct broken *broken = check_broken(b->check);

	if (broken == NULL)
		fail_msg("%s did not break", id);
	else if (strcmp(broken->id, id) != 0)
		fail_msg("%s, not %s: %s", broken->id, id, broken->what);
}

/* ---- pieces of a call ---- */

static const char *
uri(const struct bed *b, const char *method, const char *user_host)
{
	static char text[256];

	(void)snprintf(text, sizeof text, "%s %s:%s", method, b->scheme, user_host);
	return text;
}

static const char *
lines(const struct bed *b, const char *contact, const char *more)
{
	static char text[512];

	(void)snprintf(text, sizeof text, "Contact: <%s:%s>\r\n%s", b->scheme, contact, more);
	return text;
}

void
a_invite(struct bed *b)
{
	char to[64];

	(void)snprintf(to, sizeof to, "%s@example.com", b->number);
	in(b, A, uri(b, "INVITE", to), "a1", "tag-of-a-1", A_ID, "1 INVITE",
		lines(b, "alice@192.0.2.9:5060", "Subject: call-7\r\n"), SDP);
}

void
a_gets(struct bed *b, const char *status)
{
	const char *more = lines(b, "5000@192.0.2.1:5060", UUID);

	out(b, A, status, "a1",
		status[0] == '1' && status[1] == '0' ? "tag-of-a-1" : "tag-of-a-1;ours-to-a", A_ID,
		"1 INVITE", status[0] > '2' ? "" : more, status[0] == '2' ? ANSWER : "");
}

void
a_ack(struct bed *b)
{
	in(b, A, uri(b, "ACK", "5000@192.0.2.1:5060"), "a2", "tag-of-a-1;ours-to-a", A_ID, "1 ACK",
		"", "");
}

void
a_ack_refusal(struct bed *b)
{
	in(b, A, uri(b, "ACK", "5000@example.com"), "a1", "tag-of-a-1;ours-to-a", A_ID, "1 ACK", "",
		"");
}

void
a_cancels(struct bed *b)
{
	in(b, A, uri(b, "CANCEL", "5000@example.com"), "a1", "tag-of-a-1", A_ID, "1 CANCEL", "",
		"");
	out(b, A, "200 OK", "a1", "tag-of-a-1;ours-to-a", A_ID, "1 CANCEL", "", "");
	a_gets(b, "487 Request Terminated");
	note(b, "call UUID7 over: status 487");
	a_ack_refusal(b);
}

void
b_invite(struct bed *b)
{
	out(b, B, uri(b, "INVITE", "5000@192.0.2.50:5070"), "b1", "ours-to-b-1", B_ID, "1 INVITE",
		lines(b, "alice@192.0.2.1:5060", "Subject: call-7\r\n" UUID), SDP);
}

void
b_says(struct bed *b, const char *status)
{
	in(b, B, status, "b1",
		status[0] == '1' && status[1] == '0' ? "ours-to-b-1" : "ours-to-b-1;tag-of-b", B_ID,
		"1 INVITE", lines(b, "bob@192.0.2.50:5070", ""), status[0] == '2' ? ANSWER : "");
}

void
b_ack(struct bed *b)
{
	out(b, B, uri(b, "ACK", "bob@192.0.2.50:5070"), "b2", "ours-to-b-1;tag-of-b", B_ID, "1 ACK",
		"", "");
}

void
b_ack_refusal(struct bed *b)
{
	out(b, B, uri(b, "ACK", "5000@192.0.2.50:5070"), "b1", "ours-to-b-1;tag-of-b", B_ID,
		"1 ACK", "", "");
}

void
b_cancel(struct bed *b)
{
	out(b, B, uri(b, "CANCEL", "5000@192.0.2.50:5070"), "b1", "ours-to-b-1", B_ID, "1 CANCEL",
		"", "");
	in(b, B, "200 OK", "b1", "ours-to-b-1;tag-of-b", B_ID, "1 CANCEL", "", "");
}

void
a_bye(struct bed *b)
{
	in(b, A, uri(b, "BYE", "5000@192.0.2.1:5060"), "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE",
		"", "");
	out(b, A, "200 OK", "a3", "tag-of-a-1;ours-to-a", A_ID, "2 BYE", "", "");
}

void
b_bye(struct bed *b)
{
	out(b, B, uri(b, "BYE", "bob@192.0.2.50:5070"), "b3", "ours-to-b-1;tag-of-b", B_ID, "2 BYE",
		"", "");
	in(b, B, "200 OK", "b3", "ours-to-b-1;tag-of-b", B_ID, "2 BYE", "", "");
}

void
a_bye_out(struct bed *b)
{
	out(b, A, uri(b, "BYE", "alice@192.0.2.9:5060"), "b4", "ours-to-a;tag-of-a-1", A_ID,
		"1 BYE", "", "");
	in(b, A, "200 OK", "b4", "ours-to-a;tag-of-a-1", A_ID, "1 BYE", "", "");
}

void
b_bye_in(struct bed *b)
{
	in(b, B, uri(b, "BYE", "alice@192.0.2.1:5060"), "b5", "tag-of-b;ours-to-b-1", B_ID, "1 BYE",
		"", "");
	out(b, B, "200 OK", "b5", "tag-of-b;ours-to-b-1", B_ID, "1 BYE", "", "");
}

void
answered(struct bed *b)
{
	a_invite(b);
	a_gets(b, "100 Trying");
	b_invite(b);
	pass(b, 20);
	b_says(b, "180 Ringing");
	a_gets(b, "180 Ringing");
	pass(b, 3000);
	b_says(b, "200 OK");
	b_ack(b);
	a_gets(b, "200 OK");
	note(b, "call UUID7 answered: caller \"x\" callee \"y\"");
	pass(b, 30);
	a_ack(b);
	pass(b, 5000);
}

void
ended(struct bed *b)
{
	a_bye(b);
	b_bye(b);
	note(b, "call UUID7 over: status 200, talked 5 s");
	step(b);
}
