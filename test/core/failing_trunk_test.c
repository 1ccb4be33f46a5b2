/* SPDX-License-Identifier: Apache-2.0 */
/* What a trunk takes runs out once, at each place where it is asked for: while it comes into the
 * directory, registers, is refreshed and asked whether it is there, and while it is taken out
 * again.
 *
 * Whatever fails: nothing malformed leaves, a call that goes on notices nothing, the trunk is
 * registered and in service by and by, and nothing is left of it once it is out of the directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/failing_kit.h"
#include "support/phone.h"

enum { TRIES_MAX = 400, PATIENCE_MS = 2000 * 1000, STEP_MS = 5000 };

#define EAST                                                                                     \
	.number = "east", .type = DN_TRUNK, .prefix = "9", .username = "a cme", .password = "p", \
	.realm = "east.example"

static const struct scene {
	const char *what;
	struct stage_dn trunk;
	bool challenges, closes; /* the connection in the middle */
} scenes[] = {
	{ .what = "registers",
		.trunk = { EAST, .contact = "sip:192.0.2.60:5070;transport=udp", .registers = true,
			.register_expires_s = 60 } },
	{ .what = "registers with a proof, by a proxy",
		.trunk = { EAST, .contact = "sip:east.example", .proxy = "sip:192.0.2.60:5071",
			.registers = true, .register_expires_s = 60, .wants_gruu = true },
		.challenges = true },
	{ .what = "registers over TLS",
		.trunk = { EAST, .contact = "sips:192.0.2.60", .registers = true,
			.register_expires_s = 60, .wants_gruu = true },
		.challenges = true,
		.closes = true },
	{ .what = "is asked whether it is there",
		.trunk = { EAST, .contact = "sip:192.0.2.60", .oos_check_s = 20,
			.oos_force_s = 5 } },
	{ .what = "is asked by its name, over TLS",
		.trunk = { EAST, .contact = "sips:east.example", .oos_check_s = 20,
			.oos_force_s = 5 },
		.closes = true },
};

static const struct scene *scene;
static struct stage_dn dns[2] = { { .number = "5001", .contact = "sip:192.0.2.51" } };
static struct stage_options options = { .dns = dns };
static struct msg heard;
static unsigned asked;

/* ---- the trunk ---- */

static void
answer(const struct stage_sent *sent)
{
	static char text[8192];
	struct str via = msg_value(&heard, HEADER_VIA), contact = msg_value(&heard, HEADER_CONTACT);
	bool is_register = heard.method == METHOD_REGISTER;
	bool is_refused = is_register && scene->challenges &&
		str_is_none(msg_value(&heard, HEADER_AUTHORIZATION));
	char lines[2048] = "";
	int len;

	asked++;
	if (is_refused)
		snprintf(lines, sizeof lines,
			"WWW-Authenticate: Digest realm=\"east.example\",nonce=\"n\",qop=\"auth\"\r\n");
	else if (is_register && str_same(msg_value(&heard, HEADER_EXPIRES), STR("60")))
		snprintf(lines, sizeof lines,
			"Contact: %.*s;expires=60;pub-gruu=\"sip:x@east.example;gr=1\"\r\n"
			"Service-Route: <sip:192.0.2.60;lr>\r\n",
			(int)contact.len, contact.at);
	len = snprintf(text, sizeof text,
		"SIP/2.0 %u Said\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s;tag=t\r\nCall-ID: %.*s\r\n"
		"CSeq: %u %.*s\r\n%sContent-Length: 0\r\n\r\n",
		is_refused ? 401U : 200U, (int)via.len, via.at, (int)heard.from.text.len,
		heard.from.text.at, (int)heard.to.text.len, heard.to.text.at,
		(int)heard.call_id.len, heard.call_id.at, (unsigned)heard.cseq,
		(int)heard.method_text.len, heard.method_text.at, lines);
	assert_true(len > 0 && (size_t)len < sizeof text);
	if (sent->transport == TRANSPORT_UDP)
		stage_datagram(&stage, &sent->to, str_of(text, (size_t)len));
	else if (stage_flow(&stage, sent->flow)->is_open)
		stage_bytes(&stage, sent->flow, str_of(text, (size_t)len));
}

static void
hear_all(void)
{
	for (unsigned i = stage.first_untaken; i < stage.sent_count; i++) {
		const struct stage_sent sent = stage.sent[i];
		struct fault fault;

		if (sent.is_taken)
			continue;
		stage.sent[i].is_taken = true;
		assert_true(msg_parse(&heard, sent.bytes, true, &fault));
		assert_true(heard.is_request && heard.method != METHOD_INVITE);
		answer(&sent);
	}
	stage_forget_sent(&stage);
}

static void
pass(int64_t span_ms)
{
	for (int64_t at_ms = 0; at_ms < span_ms; at_ms += STEP_MS) {
		hear_all();
		stage_pass_ms(&stage, span_ms < STEP_MS ? span_ms : STEP_MS);
		hear_all();
	}
}

/* ---- what happens ---- */

static void
put(bool is_there)
{
	options.dn_count = is_there ? 2 : 1;
	stage_reload(&stage, &options);
	hear_all();
}

static void
close_connection(void)
{
	for (unsigned i = stage.flow_count; i-- > 0;)
		if (stage.flows[i].is_dialled && stage.flows[i].is_open &&
			!stage.flows[i].is_gone) {
			stage_over(&stage, stage.flows[i].id);
			return;
		}
}

static void
come(void)
{
	put(true);
	pass(200);
	pass(60 * 1000);
	if (scene->closes)
		close_connection();
	pass(60 * 1000);
}

static void
leave(void)
{
	put(false);
	pass(200);
}

static bool
is_well(void)
{
	struct counts counts = stage_counts(&stage);

	return asked > 0 && counts.out_of_service == 0 && counts.enrolled == scene->trunk.registers;
}

/* It is asked for once more, since it may be that there was no cell for it at all. */
static void
recover(unsigned try)
{
	asked = 0;
	put(true);
	for (int64_t at_ms = 0; at_ms < PATIENCE_MS && !is_well(); at_ms += STEP_MS)
		pass(STEP_MS);
	if (!is_well())
		fail_msg("%s, %u: it is not there again; the log:\n%.*s", scene->what, try,
			(int)stage.notes_len, stage.notes);
}

static void
check_nothing_is_left(unsigned try)
{
	struct counts counts;

	pass(200 * 1000);
	counts = stage_counts(&stage);
	if (counts.calls + counts.legs + counts.transactions + counts.timers + counts.asks +
			counts.enrolled + counts.out_of_service >
		0)
		fail_msg("%s, %u: %u transactions, %u timers, %u registrations left", scene->what,
			try, counts.transactions, counts.timers, counts.enrolled);
}

/* Ends: whether something ran out in WHAT. */
static bool
fails_within(void (*what)(void), unsigned try)
{
	bool has_failed;

	countdown = try;
	what();
	has_failed = countdown == 0;
	countdown = 0;
	return has_failed;
}

static void
check_scene(const struct scene *wanted)
{
	static struct phone caller, callee;
	unsigned try = 0;
	bool has_failed = true;

	scene = wanted;
	dns[1] = scene->trunk;
	options.dn_count = 1;
	stage_open(&stage, &options);
	stage_name(&stage, "east.example", "192.0.2.60");
	device_open(&callee, &stage, "5001", "192.0.2.51", 5060, TRANSPORT_UDP, false);
	while (has_failed) {
		assert_true(try++ < TRIES_MAX);
		phone_open(&caller, &stage, "1001", "192.0.2.10", 5060, TRANSPORT_UDP, false);
		phones_talk(&caller, &callee, "5001");
		has_failed = fails_within(come, try);
		recover(try);
		has_failed = fails_within(leave, try) || has_failed;
		put(false); /* of the others, too, some may have had no cell */
		/* The call that was there before has noticed nothing. */
		phone_request(&caller, "INFO", NULL, NULL);
		phone_hear(&callee, "INFO ");
		phone_reply(&callee, 200, NULL, NULL);
		phone_hear(&caller, "SIP/2.0 200 ");
		phones_part(&callee, &caller);
		check_nothing_is_left(try);
		stage_forget_notes(&stage);
		phone_close(&caller);
	}
	/* Something ran out: only whoever registers keeps texts. */
	assert_true(try > 1 || (failure == FAIL_SHELF && !scene->trunk.registers));
	phone_close(&callee);
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
