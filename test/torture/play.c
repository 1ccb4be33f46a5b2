/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"
#include "torture/rewrite.h"

#define SENDER "192.0.2.200"
#define SENDER_6 "2001:db8::200"
#define GOOD "good-one@torture"

enum { SIP_PORT = 5060, PART_BYTES = 128 * 1024 };

static const struct stage_dn open_dns[] = {
	{ .number = "user", .contact = "*" },
	{ .number = "j.user", .contact = "*" },
	{ .number = "watson", .contact = "*" },
	{ .number = "null-%00-null", .contact = "*" },
	{ .number = "joe", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "UserB", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "user;par=u%40example.net", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "5001", .contact = "*" },
};

/* The same, each with a password. */
static const struct stage_dn asking_dns[] = {
	{ .number = "user", .contact = "*", .password = "secret" },
	{ .number = "j.user", .contact = "*", .password = "secret" },
	{ .number = "watson", .contact = "*", .password = "secret" },
	{ .number = "null-%00-null", .contact = "*", .password = "secret" },
	{ .number = "5001", .contact = "*", .password = "secret" },
};

/* Each leads to the callee by another name, so that it is seen as what a number was read. */
static const struct stage_dn spelt_dns[] = {
	{ .number = "sips%3Auser%40example.com", .contact = "sip:spelt@192.0.2.50:5070" },
	{ .number = "us%2565r", .contact = "sip:once@192.0.2.50:5070" },
	{ .number = "user", .contact = "sip:plain@192.0.2.50:5070" },
	{ .number = "5001", .contact = "*" },
};

static const struct server {
	const char *name;
	const struct stage_dn *dns;
	size_t dn_count;
	bool has_phone; /* the callee registers as `user` */
	bool has_net;   /* it serves example.net, too */
} servers[] = {
	{ "open", open_dns, sizeof open_dns / sizeof open_dns[0], true, false },
	{ "asks", asking_dns, sizeof asking_dns / sizeof asking_dns[0], false, false },
	{ "spells", spelt_dns, sizeof spelt_dns / sizeof spelt_dns[0], false, true },
};

static struct stage stage;
static struct phone callee;
static bool is_open;

/* What one run knows. */
struct run {
	const struct play *play;
	struct addr from;
	struct flow_id flow;
	struct str data;
	struct msg request, answer;
	struct str final; /* the last final answer: over UDP it may come again */
	bool has_registered;
	char *text;
};

static struct run run;

static bool
is_stream(const struct play *play)
{
	return play->transport != TRANSPORT_UDP;
}

/* What is to come of it over this transport, and whether it is made sips first. */
static struct str
wanted(const struct play *play, bool *is_sips)
{
	const struct row *row = play->row;
	struct str words = str_cstr(play->transport == TRANSPORT_TLS ? row->tls
			: is_stream(play)                            ? row->stream
								     : row->udp);

	*is_sips = str_begins(words, STR("sips "));
	return *is_sips ? str_from(words, 5) : words;
}

bool
play_is_asked(const struct play *play)
{
	bool is_sips;
	struct str words = wanted(play, &is_sips);

	/* Behind what is not whole everything is a part of it. */
	if (play->manner == MANNER_GLUED && str_same(words, STR("wait")))
		return false;
	return !str_same(words, STR("-"));
}

/* ---- the stage ---- */

static const struct server *
server_of(const struct play *play)
{
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
		if (strcmp(play->row->server, servers[i].name) == 0)
			return &servers[i];
	fail_msg("no such server: %s", play->row->server);
	return NULL;
}

static void
open_stage(const struct play *play)
{
	const struct server *server = server_of(play);
	struct stage_options options = {
		.dns = server->dns, .dn_count = server->dn_count, .ip6 = "2001:db8::10"
	};
	const struct event reload = { .kind = EV_DIRECTORY, .u.directory = &stage.directory };

	stage_open(&stage, &options);
	is_open = true;
	/* One of the messages calls the server by this address, written in another way. */
	stage.directory.domains[1] = STR("2001:db8::c000:201");
	stage.directory.domains[2] = STR("example.net");
	stage.directory.domain_count = server->has_net ? 3 : 2;
	stage_feed(&stage, &reload);
	phone_open(&callee, &stage, "user", "192.0.2.50", 5070, TRANSPORT_UDP, false);
	if (server->has_phone) {
		phone_register(&callee, 600, NULL);
		phone_hear(&callee, "SIP/2.0 200 ");
	}
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	stage_forget_sent(&stage);
}

void
play_clean(void)
{
	if (!is_open)
		return;
	phone_close(&callee);
	stage_close(&stage);
	free(run.text);
	run.text = NULL;
	is_open = false;
}

/* ---- what is sent ---- */

static void
open_flow(void)
{
	if (is_stream(run.play)) {
		run.from.port++;
		run.flow = stage_accept(&stage, run.play->transport, &run.from);
	}
}

static void
send(struct str data)
{
	bool by_octets = run.play->manner == MANNER_OCTETS;

	if (!is_stream(run.play)) {
		stage_datagram(&stage, &run.from, data);
		return;
	}
	for (size_t at = 0, step = by_octets ? 1 : data.len; at < data.len; at += step) {
		if (stage_flow(&stage, run.flow)->is_shut)
			return; /* the shell reads no more of it */
		stage_bytes(&stage, run.flow, str_of(data.at + at, step));
	}
}

static struct str
write_good(char *text, size_t size)
{
	char host[64];
	struct buf b = buf_on(host, sizeof host - 1);
	int len;

	addr_write_port(&b, &run.from);
	len = snprintf(text, size,
		"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/%s %.*s;branch=z9hG4bK-good;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:tester@example.net>;tag=good\r\nTo: <sip:example.com>\r\n"
		"Call-ID: " GOOD "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		transport_name(run.play->transport).at, (int)b.used, host);
	assert_true(len > 0 && (size_t)len < size);
	return str_of(text, (size_t)len);
}

/* ---- what comes back ---- */

static bool
holds(struct str text, struct str part)
{
	return part.len == 0 || memmem(text.at, text.len, part.at, part.len) != NULL;
}

/* The next message to the sender that nobody has looked at: the answer to the good request, or
 * another. */
static struct stage_sent *
next_sent(bool of_good)
{
	for (unsigned i = stage.first_untaken; i < stage.sent_count; i++) {
		struct stage_sent *sent = &stage.sent[i];

		if (!sent->is_taken && addr_same_ip(&sent->to, &run.from) &&
			holds(sent->bytes, STR("\r\nCall-ID: " GOOD "\r\n")) == of_good)
			return sent;
	}
	return NULL;
}

static void
judge_port(const struct stage_sent *sent)
{
	uint64_t port = SIP_PORT;

	assert_int_equal(sent->transport, run.play->transport);
	if (is_stream(run.play)) {
		assert_true(flow_same(sent->flow, run.flow));
		return;
	}
	if (run.play->row->port[0] != '\0')
		assert_true(str_number(str_cstr(run.play->row->port), UINT16_MAX, &port));
	assert_int_equal(sent->to.port, port);
}

/* Folds and runs of white space count as one space, and none around marks. */
static bool
same_value(struct str a, struct str b)
{
	for (;;) {
		while (a.len > 0 && strchr(" \t\r\n", a.at[0]) != NULL && a.at[0] != '\0')
			a = str_from(a, 1);
		while (b.len > 0 && strchr(" \t\r\n", b.at[0]) != NULL && b.at[0] != '\0')
			b = str_from(b, 1);
		if (a.len == 0 || b.len == 0)
			return a.len == b.len;
		if (a.at[0] != b.at[0])
			return false;
		a = str_from(a, 1);
		b = str_from(b, 1);
	}
}

/* What a response repeats of its request stands there as it came (RFC 3261 8.2.6.2). */
static void
judge_echo(struct str bytes)
{
	static const enum header_id same[] = { HEADER_FROM, HEADER_CALL_ID, HEADER_CSEQ };
	struct values asked = msg_values(&run.request, HEADER_VIA);
	struct values told;
	struct str a, b;
	struct fault fault;

	(void)msg_parse(&run.answer, bytes, true, &fault);
	if (run.answer.is_request || run.request.via_count == 0)
		fail_msg("no answer, or to nothing");
	if (!str_same(msg_value(&run.answer, HEADER_CALL_ID),
		    msg_value(&run.request, HEADER_CALL_ID)))
		return; /* it is of the second message in the same octets */
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (!same_value(msg_value(&run.answer, same[i]), msg_value(&run.request, same[i])))
			fail_msg("%s is not as it came", header_name(same[i]).at);
	assert_int_equal(run.answer.via_count, run.request.via_count);
	told = msg_values(&run.answer, HEADER_VIA);
	for (bool first = true; values_next(&asked, &a); first = false) {
		assert_true(values_next(&told, &b));
		if (!first && !same_value(a, b))
			fail_msg("Via `%.*s` became `%.*s`", (int)a.len, a.at, (int)b.len, b.at);
	}
	if (!str_same(run.answer.via.branch, run.request.via.branch))
		fail_msg("the branch is not as it came");
}

/* The next of this status: the answers to two requests come in any order. */
static struct stage_sent *
next_status(struct str status)
{
	for (unsigned i = stage.first_untaken; i < stage.sent_count; i++) {
		struct stage_sent *sent = &stage.sent[i];

		if (!sent->is_taken && addr_same_ip(&sent->to, &run.from) &&
			str_begins(sent->bytes, STR("SIP/2.0 ")) &&
			str_begins(str_from(sent->bytes, 8), status) &&
			!holds(sent->bytes, STR("\r\nCall-ID: " GOOD "\r\n")))
			return sent;
	}
	return NULL;
}

static void
expect_status(struct str word)
{
	struct stage_sent *sent = next_status(word);
	char start[32];

	snprintf(start, sizeof start, "SIP/2.0 %.*s ", (int)word.len, word.at);
	if (sent == NULL)
		sent = next_sent(false);
	if (sent == NULL)
		fail_msg("nothing instead of %.*s; the log:\n%.*s", (int)word.len, word.at,
			(int)stage.notes_len, stage.notes);
	if (!str_begins(sent->bytes, str_cstr(start)))
		fail_msg("instead of %.*s:\n%.*s", (int)word.len, word.at, (int)sent->bytes.len,
			sent->bytes.at);
	sent->is_taken = true;
	judge_port(sent);
	judge_echo(sent->bytes);
	if (word.at[0] != '1')
		run.final = sent->bytes;
	run.has_registered |= str_same(word, STR("200")) && run.answer.method == METHOD_REGISTER;
}

static void
expect_pong(void)
{
	struct stage_sent *sent = next_sent(false);

	if (sent == NULL || !str_same(sent->bytes, STR("\r\n")))
		fail_msg("no answer to the ping");
	sent->is_taken = true;
}

static void
expect_call(void)
{
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 486, NULL, NULL);
	phone_hear(&callee, "ACK ");
}

static void
expect_nothing(void)
{
	struct stage_sent *sent = next_sent(false);

	if (sent != NULL)
		fail_msg("too much:\n%.*s", (int)sent->bytes.len, sent->bytes.at);
}

static void
expect_shut(bool is_shut)
{
	if (is_stream(run.play) && stage_flow(&stage, run.flow)->is_shut != is_shut)
		fail_msg("%s", is_shut ? "the stream is still open" : "the stream was closed");
}

static void
expect_wait(void)
{
	assert_true(is_stream(run.play));
	expect_nothing();
	expect_shut(false);
	stage_pass_ms(&stage, STREAM_WAIT_MS);
	expect_nothing();
}

/* Goes through the words. Ends: whether the stream is closed behind them. */
static bool
expect_words(struct str words)
{
	bool is_shut = false;
	struct str word;

	while (set_word(&words, &word)) {
		assert_false(is_shut);
		if (char_is_digit(word.at[0]))
			expect_status(word);
		else if (str_same(word, STR("call")))
			expect_call();
		else if (str_same(word, STR("pong")))
			expect_pong();
		else if (str_same(word, STR("drop")))
			expect_nothing();
		else if (str_same(word, STR("wait")))
			expect_wait();
		else if (!str_same(word, STR("shut")))
			fail_msg("no such word: %.*s", (int)word.len, word.at);
		is_shut = str_same(word, STR("wait")) || str_same(word, STR("shut"));
	}
	expect_nothing();
	expect_shut(is_shut);
	return is_shut;
}

static void
expect_good(void)
{
	struct stage_sent *sent = next_sent(true);

	if (sent == NULL || !str_begins(sent->bytes, STR("SIP/2.0 200 ")))
		fail_msg("the good request behind it got %s",
			sent == NULL ? "no answer" : "another answer than 200");
	sent->is_taken = true;
}

/* ---- what else must hold ---- */

static void
judge_texts(const char *texts)
{
	struct str rest = str_cstr(texts);

	while (rest.len > 0) {
		const char *end = memmem(rest.at, rest.len, " && ", 4);
		struct str part = str_upto(rest, end != NULL ? (size_t)(end - rest.at) : rest.len);
		bool found = false;

		rest = str_from(rest, part.len + 4);
		for (unsigned i = 0; i < stage.sent_count; i++)
			found |= holds(stage.sent[i].bytes, str_from(part, 1));
		if (found != (part.at[0] == '+'))
			fail_msg("`%.*s` is %s what was sent", (int)part.len - 1, part.at + 1,
				found ? "in" : "not in");
	}
}

/* Asks for the bindings: they are what the 200 said (RFC 3261 10.3). */
static void
judge_bindings(void)
{
	bool is_sips = run.request.target.scheme == URI_SIPS;
	struct str to = run.request.to.uri.text;
	char *text = run.text + 2 * PART_BYTES;
	int len;

	stage_forget_sent(&stage);
	len = snprintf(text, PART_BYTES,
		"REGISTER %s:example.com SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.200;branch=z9hG4bK-ask;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:tester@example.net>;tag=ask\r\nTo: <%.*s>\r\n"
		"Call-ID: ask@torture\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n",
		is_sips ? "sips" : "sip", transport_name(run.play->transport).at, (int)to.len,
		to.at);
	send(str_of(text, (size_t)len));
	if (next_sent(false) == NULL || !str_begins(next_sent(false)->bytes, STR("SIP/2.0 200 ")))
		fail_msg("a question for the bindings got %s",
			next_sent(false) != NULL ? next_sent(false)->bytes.at : "no answer");
	judge_texts(run.play->row->texts);
	next_sent(false)->is_taken = true;
}

/* Nobody acknowledges a refused INVITE here, so over UDP its answer comes again, to the octet. */
static void
take_repeats(void)
{
	struct stage_sent *sent;

	stage_pass_ms(&stage, 65 * STAGE_T1_MS);
	while ((sent = next_sent(false)) != NULL) {
		assert_false(is_stream(run.play));
		if (!str_same(sent->bytes, run.final))
			fail_msg("no repeat:\n%.*s", (int)sent->bytes.len, sent->bytes.at);
		judge_port(sent);
		sent->is_taken = true;
	}
}

static void
play_begin(struct play *play, bool is_sips)
{
	struct fault fault;

	memset(&run, 0, sizeof run);
	open_stage(play);
	run.play = play;
	run.text = malloc(3 * PART_BYTES);
	run.data = play->row->data;
	if (is_sips)
		run.data = rewrite_sips(run.text, PART_BYTES, run.data);
	(void)msg_parse(&run.request, run.data, false, &fault);
	run.from = stage_addr(SENDER, SIP_PORT);
	if (run.request.via.host.len > 0 && run.request.via.host.at[0] == '[')
		run.from = stage_addr(SENDER_6, SIP_PORT);
	stage.tap.may_echo_sips = play->transport != TRANSPORT_TLS;
	open_flow();
}

void
play_run(void **state)
{
	struct play *play = *state;
	char *good = NULL;
	bool is_sips, is_shut;
	struct str words = wanted(play, &is_sips);

	play_begin(play, is_sips);
	good = run.text + PART_BYTES;
	if (play->manner == MANNER_GLUED) {
		size_t len = run.data.len;

		if (!is_sips)
			memcpy(run.text, run.data.at, len);
		send(str_of(run.text, len + write_good(run.text + len, PART_BYTES - len).len));
	} else {
		send(run.data);
	}
	is_shut = expect_words(words);
	/* What stands behind a fault of framing is not looked at any more. */
	if (is_shut && next_sent(true) != NULL)
		fail_msg("what stood behind it was answered");
	if (is_shut)
		open_flow();
	if (is_shut || play->manner != MANNER_GLUED)
		send(write_good(good, PART_BYTES));
	expect_good();
	judge_texts(play->row->texts);
	if (run.has_registered)
		judge_bindings();
	take_repeats();
	expect_empty(&stage);
}
