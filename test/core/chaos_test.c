/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that do anything at any time: lose messages, answer at random, hang up, cancel, change,
 * send old messages again with an octet changed, close connections, while the store and the
 * resolver fail now and then. Whatever happens, nothing of a sips leg leaves in clear, nothing
 * malformed leaves at all, and when it is over nothing is left. Each run is one seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dice.h"
#include "sip/msg.h"
#include "support/stage.h"

enum {
	SEEDS = 40,
	STEPS = 600,
	FARS = 8,
	DIALOGS = 32,
	OLD = 32,
	WORD = 400,
	TEXT_BYTES = 16 * 1024,
};

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:media.example.net;transport=tls" },
	{ .number = "6001", .contact = "sips:192.0.2.61" },
	{ .number = "6002", .contact = "sips:fly.example.net", .capacity = 2 },
	{ .number = "7000", .contact = "*" },
	{ .number = "7001", .contact = "*" },
	{ .number = "7789", .contact = "*", .password = "secret", .no_invite = true },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
};

/* A device that opens its connection itself. */
struct far {
	const char *user;
	struct addr at;
	enum transport transport;
	bool is_sips;
	struct flow_id flow;
};

struct dialog {
	struct addr at; /* whose it is */
	enum transport transport;
	struct flow_id flow;
	char call_id[WORD], local[WORD], remote[WORD], target[WORD];
	unsigned cseq, invite_cseq;
};

static struct world {
	struct stage stage;
	struct dice dice;
	struct far fars[FARS];
	struct dialog dialogs[DIALOGS];
	unsigned dialog_count, number;
	struct {
		char text[TEXT_BYTES];
		size_t len;
	} old[OLD];
	unsigned old_count;
	bool is_calm;
	char text[TEXT_BYTES];
} world;

static unsigned
below(unsigned n)
{
	return dice_below(&world.dice, n);
}

/* ---- saying ------------------------------------------------------------------------------- */

static struct flow_id
flow_of(struct far *far)
{
	struct stage_flow *flow = stage_flow(&world.stage, far->flow);

	if (far->transport == TRANSPORT_UDP)
		return stage_socket(&world.stage, &far->at);
	if (flow == NULL || flow->is_gone || flow->is_shut)
		far->flow = stage_accept(&world.stage, far->transport, &far->at);
	return far->flow;
}

/* Octets from AT over FLOW, if that is still there. */
static void
say(struct flow_id id, enum transport transport, const struct addr *at, struct str text)
{
	const struct stage_flow *flow = stage_flow(&world.stage, id);
	unsigned i = world.old_count++ % OLD;

	memcpy(world.old[i].text, text.at, text.len);
	world.old[i].len = text.len;
	if (transport == TRANSPORT_UDP)
		stage_datagram(&world.stage, at, text);
	else if (flow != NULL && flow->is_open && !flow->is_shut)
		stage_bytes(&world.stage, id, text);
}

__attribute__((format(printf, 1, 2))) static struct str
format(const char *pattern, ...)
{
	va_list args;
	int len;

	va_start(args, pattern);
	len = vsnprintf(world.text, sizeof world.text, pattern, args);
	va_end(args);
	assert_true(len > 0 && len < TEXT_BYTES);
	return str_of(world.text, (size_t)len);
}

static const char *
transport_text(enum transport transport)
{
	return transport == TRANSPORT_TLS ? "TLS" : transport == TRANSPORT_TCP ? "TCP" : "UDP";
}

static void
write_host(char host[64], const struct addr *at)
{
	struct buf b = buf_on(host, 63);

	addr_write_port(&b, at);
	host[b.used] = '\0';
}

static const char *
number_to_dial(void)
{
	static const char *const numbers[] = { "5000", "5001", "5002", "6001", "6002", "7000",
		"7001", "7789", "9123", "404" };

	return numbers[below(10)];
}

static void
say_invite(struct far *far)
{
	unsigned n = ++world.number;
	struct flow_id flow = flow_of(far);
	const char *scheme = far->is_sips ? "sips" : "sip";
	const char *number = number_to_dial();
	const char *timer = below(4) == 0 ? "Allow: UPDATE\r\nSession-Expires: 90\r\n" : "";
	const char *transport = transport_text(far->transport);
	char host[64], body[64];

	write_host(host, &far->at);
	snprintf(body, sizeof body, "v=0\r\no=%u 1 1 IN IP4 192.0.2.9\r\n", n);
	/* No flipped bit makes the Call-ID of a sip leg that of a sips leg. */
	say(flow, far->transport, &far->at,
		format("INVITE %s:%s@example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKi%u\r\n"
		       "Max-Forwards: 70\r\nFrom: <%s:%s@example.com>;tag=f%u\r\n"
		       "To: <%s:%s@example.com>\r\nCall-ID: chaos-%u-%s-end\r\nCSeq: 1 INVITE\r\n"
		       "Contact: <%s:%s@%s>\r\nSupported: timer\r\n%sContent-Type: application/sdp\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
			scheme, number, transport, host, n, scheme, far->user, n, scheme, number, n,
			scheme, scheme, far->user, host, timer, strlen(body), body));
	if (below(5) == 0) { /* and changes its mind at once */
		say(flow, far->transport, &far->at,
			format("CANCEL %s:%s@example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch="
			       "z9hG4bKi%u\r\nFrom: <%s:%s@example.com>;tag=f%u\r\n"
			       "To: <%s:%s@example.com>\r\nCall-ID: chaos-%u-%s-end\r\n"
			       "CSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n",
				scheme, number, transport, host, n, scheme, far->user, n, scheme,
				number, n, scheme));
	}
}

static void
say_register(struct far *far)
{
	struct flow_id flow = flow_of(far);
	const char *scheme = far->is_sips ? "sips" : "sip";
	unsigned n = ++world.number;
	char host[64];

	write_host(host, &far->at);
	say(flow, far->transport, &far->at,
		format("REGISTER %s:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKr%u\r\n"
		       "From: <%s:%s@example.com>;tag=f%u\r\nTo: <%s:%s@example.com>\r\n"
		       "Call-ID: reg-%s\r\nCSeq: %u REGISTER\r\nContact: <%s:%s@%s>\r\n"
		       "Expires: %u\r\nContent-Length: 0\r\n\r\n",
			scheme, transport_text(far->transport), host, n, scheme, far->user, n,
			scheme, far->user, far->user, n, scheme, far->user, host,
			below(4) == 0 ? 0 : 120));
}

static void
say_inside(struct dialog *d, const char *method, unsigned cseq)
{
	bool is_invite = strcmp(method, "INVITE") == 0;
	bool is_sips = strncmp(d->target, "sips:", 5) == 0;
	char host[64];

	write_host(host, &d->at);
	say(d->flow, d->transport, &d->at,
		format("%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bKd%u\r\nFrom: %s\r\n"
		       "To: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n%s%s%s%sContent-Length: %d\r\n\r\n",
			method, d->target, transport_text(d->transport), host, ++world.number,
			d->local, d->remote, d->call_id, cseq, method,
			is_invite ? "Contact: <" : "",
			is_invite ? (is_sips ? "sips:x@" : "sip:x@") : "", is_invite ? host : "",
			is_invite ? ">\r\n" : "", 0));
}

/* ---- hearing ------------------------------------------------------------------------------ */

static void
copy(char word[WORD], struct str value)
{
	size_t len = value.len < WORD ? value.len : WORD - 1;

	if (len > 0)
		memcpy(word, value.at, len);
	word[len] = '\0';
}

static struct dialog *
learn(const struct stage_sent *sent, const struct msg *msg, struct str local, struct str remote)
{
	struct dialog *d = &world.dialogs[world.dialog_count++ % DIALOGS];
	struct nameaddr contact;

	*d = (struct dialog){ .at = sent->to,
		.transport = sent->transport,
		.flow = sent->flow,
		.cseq = 1,
		.invite_cseq = msg->cseq };
	copy(d->call_id, msg->call_id);
	copy(d->local, local);
	copy(d->remote, remote);
	copy(d->target, msg_contact(msg, &contact) ? contact.uri.text : STR("sip:x"));
	return d;
}

static unsigned
choose_status(const struct msg *msg)
{
	static const unsigned invite[] = { 100, 180, 183, 180, 200, 200, 200, 200, 200, 200, 200,
		302, 404, 407, 481, 486, 491, 500, 503, 603 };
	static const unsigned other[] = { 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200,
		200, 100, 404, 408, 481, 491, 500, 503, 603 };

	if (world.is_calm)
		return msg->method != METHOD_INVITE ? 200 : str_is_none(msg->to.tag) ? 487 : 488;
	return msg->method == METHOD_INVITE ? invite[below(20)] : other[below(20)];
}

static struct str
line_of(const struct msg *msg, enum header_id id)
{
	return msg_value(msg, id);
}

static void
answer(const struct stage_sent *sent, const struct msg *msg)
{
	unsigned status = choose_status(msg);
	struct str to = line_of(msg, HEADER_TO), from = line_of(msg, HEADER_FROM);
	struct str via = line_of(msg, HEADER_VIA);
	bool is_new = str_is_none(msg->to.tag) && status > 100;
	bool has_body = msg->method == METHOD_INVITE && status > 180 && status < 300;
	char host[64], local[2 * WORD];

	write_host(host, &sent->to);
	snprintf(local, sizeof local, "%.*s%s", (int)(to.len < WORD ? to.len : WORD), to.at,
		is_new ? ";tag=c" : "");
	if (msg->method == METHOD_INVITE && str_is_none(msg->to.tag) && status == 200)
		learn(sent, msg, str_cstr(local), from);
	say(sent->flow, sent->transport, &sent->to,
		format("SIP/2.0 %u X\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %s\r\nCall-ID: %.*s\r\n"
		       "CSeq: %u %.*s\r\nContact: <%s:d@%s>\r\n%sContent-Length: %d\r\n\r\n%s",
			status, (int)via.len, via.at, (int)from.len, from.at, local,
			(int)msg->call_id.len, msg->call_id.at, msg->cseq,
			(int)msg->method_text.len, msg->method_text.at,
			msg->target.scheme == URI_SIPS ? "sips" : "sip", host,
			has_body ? "Content-Type: application/sdp\r\n" : "", has_body ? 5 : 0,
			has_body ? "v=0\r\n" : ""));
}

static struct msg heard;

static void
hear_one(const struct stage_sent *sent)
{
	struct fault fault;

	if (!world.is_calm && below(8) == 0)
		return; /* lost */
	if (!msg_parse(&heard, sent->bytes, true, &fault))
		return;
	if (heard.is_request) {
		if (heard.method != METHOD_ACK)
			answer(sent, &heard);
		return;
	}
	if (heard.method == METHOD_INVITE && heard.status >= 200 && heard.status < 300) {
		struct dialog *d = learn(
			sent, &heard, line_of(&heard, HEADER_FROM), line_of(&heard, HEADER_TO));

		say_inside(d, "ACK", d->invite_cseq);
	}
}

static void
hear_all(void)
{
	struct stage *s = &world.stage;

	for (unsigned i = s->first_untaken; i < s->sent_count; i++) {
		struct stage_sent sent = s->sent[i];

		if (sent.is_taken)
			continue;
		s->sent[i].is_taken = true;
		hear_one(&sent);
	}
	stage_forget_sent(s);
}

/* ---- doing -------------------------------------------------------------------------------- */

static void
say_old(void)
{
	unsigned i = below(OLD);
	struct far *far = &world.fars[below(FARS)];
	struct flow_id flow;
	size_t at;

	if (world.old[i].len == 0)
		return;
	flow = flow_of(far);
	memcpy(world.text, world.old[i].text, world.old[i].len);
	at = below((unsigned)world.old[i].len);
	if (below(2) == 0)
		world.text[at] = (char)(world.text[at] ^ (1 << below(7)));
	say(flow, far->transport, &far->at, str_of(world.text, world.old[i].len));
}

static void
act_inside(void)
{
	static const char *const methods[] = { "BYE", "INVITE", "INFO", "OPTIONS", "ACK", "BYE" };
	struct dialog *d = &world.dialogs[below(DIALOGS)];

	if (d->call_id[0] == '\0')
		return;
	d->cseq += 1 + below(3);
	say_inside(d, methods[below(6)], d->cseq);
}

static void
close_a_flow(void)
{
	struct stage *s = &world.stage;
	struct stage_flow *flow;

	if (s->flow_count == 0)
		return;
	flow = &s->flows[below(s->flow_count)];
	if (!flow->is_gone && !flow->is_shut)
		stage_over(s, flow->id);
}

static void
change_weather(void)
{
	bool is_bad = below(3) == 0;

	world.stage.dial = is_bad && below(2) == 0 ? DIAL_FAILS : DIAL_OPENS;
	world.stage.store = is_bad ? (enum stage_store)below(4) : STORE_PROMPT;
	world.stage.names_fail = is_bad && below(2) == 0;
}

static void
step(void)
{
	struct far *far = &world.fars[below(FARS)];

	switch (below(12)) {
	case 0:
	case 1: say_invite(far); break;
	case 2: say_register(far); break;
	case 3:
	case 4:
	case 5: act_inside(); break;
	case 6: say_old(); break;
	case 7: close_a_flow(); break;
	case 8: change_weather(); break;
	case 9: stage_pass_ms(&world.stage, below(20) == 0 ? 400000 : below(20000)); break;
	default: stage_pass_ms(&world.stage, below(300)); break;
	}
	hear_all();
}

/* ---- a run -------------------------------------------------------------------------------- */

static void
put_fars(void)
{
	static const struct {
		const char *user, *ip;
		uint16_t port;
		enum transport transport;
		bool is_sips;
	} all[FARS] = {
		{ "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true },
		{ "7001", "192.0.2.71", 40000, TRANSPORT_UDP, false },
		{ "7789", "192.0.2.72", 40000, TRANSPORT_TCP, false },
		{ "1001", "192.0.2.10", 30000, TRANSPORT_TLS, true },
		{ "1002", "192.0.2.11", 30000, TRANSPORT_UDP, false },
		{ "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false },
		{ "1003", "192.0.2.12", 30000, TRANSPORT_TLS, false },
		{ "east", "192.0.2.80", 5060, TRANSPORT_UDP, false },
	};

	for (int i = 0; i < FARS; i++)
		world.fars[i] = (struct far){ all[i].user, stage_addr(all[i].ip, all[i].port),
			all[i].transport, all[i].is_sips, FLOW_NONE };
}

static void
open_world(uint8_t seed)
{
	static const uint8_t zero[DICE_SEED_BYTES];
	uint8_t raw[DICE_SEED_BYTES];
	const struct stage_options options = { .dns = dns,
		.dn_count = sizeof dns / sizeof dns[0],
		.calls = 6,
		.requests = 40,
		.flows = 12,
		.seed = seed };

	memcpy(raw, zero, sizeof raw);
	raw[0] = seed;
	dice_init(&world.dice, raw);
	world.dialog_count = world.old_count = world.number = 0;
	memset(world.dialogs, 0, sizeof world.dialogs);
	memset(world.old, 0, sizeof world.old);
	world.is_calm = false;
	stage_open(&world.stage, &options);
	world.stage.tap.may_echo_sips = true; /* old messages come by any way */
	stage_name(&world.stage, "media.example.net", "192.0.2.52");
	stage_name(&world.stage, "fly.example.net", "192.0.2.62");
	put_fars();
}

/* The weather clears: all that is still up is hung up, and every question is answered. */
static uint64_t
calm_down(void)
{
	struct counts counts;

	world.is_calm = true;
	world.stage.dial = DIAL_OPENS;
	world.stage.store = STORE_PROMPT;
	world.stage.names_fail = false;
	stage_drain(&world.stage);
	for (int i = 0; i < 400; i++) {
		hear_all();
		stage_pass_ms(&world.stage, 1000);
	}
	counts = stage_counts(&world.stage);
	assert_int_equal(counts.calls, 0);
	assert_int_equal(counts.legs, 0);
	assert_int_equal(counts.transactions, 0);
	assert_int_equal(counts.timers, 0);
	assert_int_equal(counts.asks, 0);
	assert_true(counts.calls_total > 10);
	return world.stage.hash;
}

static uint64_t
run(uint8_t seed)
{
	uint64_t hash;

	open_world(seed);
	for (int i = 0; i < STEPS; i++)
		step();
	hash = calm_down();
	stage_close(&world.stage);
	return hash;
}

static void
test_chaos(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		print_message("seed %u\n", seed);
		(void)run((uint8_t)seed);
	}
}

static void
test_same_chaos_again(void **state)
{
	(void)state;
	assert_true(run(7) == run(7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chaos),
		cmocka_unit_test(test_same_chaos_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
