/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "sip/lex.h"
#include "sip/write.h"
#include "support/legbed.h"

struct bed bed;

static const uint8_t seed[DICE_SEED_BYTES] = { 'b', 'e', 'd' };
static struct msg taken;
static char *taken_text;

struct addr
bed_addr(const char *ip, uint16_t port)
{
	struct addr addr;

	assert_true(addr_parse(&addr, str_cstr(ip)));
	addr.port = port;
	return addr;
}

const char *
bed_cstr(struct str s)
{
	static char text[8][8192];
	static unsigned next;
	char *at = text[next++ % 8];

	assert_true(s.len < sizeof text[0]);
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	at[s.len] = '\0';
	return at;
}

/* ---- open and close ---- */

static bool
carve(struct arena *arena)
{
	static const struct txn_timers timers = { T1_MS, T2_MS, T4_MS };
	uint32_t alarms = BED_TXNS * TXN_ALARMS + BED_LEGS * LEG_ALARMS + 16;
	bool ok;

	ok = alarms_open(&bed.alarms, arena, alarms);
	ok &= flows_open(&bed.flows, arena, BED_FLOWS, bed.listeners, 4, seed);
	ok &= txns_open(&bed.txns, arena, BED_TXNS, &timers, &bed.alarms, &bed.dice);
	ok &= legs_open(&bed.legs, arena, BED_LEGS, &bed.txns, &bed.flows, &bed.alarms, &bed.dice);
	return ok;
}

int
bed_open(void **state)
{
	struct arena arena = arena_on(NULL, 0);

	(void)state;
	memset(&bed, 0, sizeof bed);
	bed.now = (struct when){ BED_START_MS, BED_START_S };
	bed.listeners[0] =
		(struct listener){ TRANSPORT_UDP, bed_addr("192.0.2.1", 5060), STR_NONE, { 1 } };
	bed.listeners[1] = (struct listener){ TRANSPORT_TCP, bed_addr("192.0.2.1", 5060), STR_NONE,
		FLOW_NONE };
	bed.listeners[2] = (struct listener){ TRANSPORT_TLS, bed_addr("192.0.2.1", 5061), STR_NONE,
		FLOW_NONE };
	bed.listeners[3] =
		(struct listener){ TRANSPORT_UDP, bed_addr("2001:db8::1", 5060), STR_NONE, { 2 } };
	bed.next_flow = 100;
	dice_init(&bed.dice, seed);
	(void)carve(&arena);
	bed.memory_bytes = arena.used + 64;
	bed.memory = malloc(bed.memory_bytes);
	bed.out_memory = malloc(OUT_BYTES);
	bed.scratch_memory = malloc(SCRATCH_BYTES);
	assert_true(bed.memory && bed.out_memory && bed.scratch_memory);
	dice_init(&bed.dice, seed);
	arena = arena_on(bed.memory, bed.memory_bytes);
	assert_true(carve(&arena));
	bed.legs.uuid_header = STR("X-Call-UUID");
	bed.legs.realm = STR("example.com");
	out_init(&bed.out, bed.out_memory, OUT_BYTES);
	bed.scratch = arena_on(bed.scratch_memory, SCRATCH_BYTES);
	return 0;
}

int
bed_close(void **state)
{
	(void)state;
	bed_pass_ms(64 * T1_MS + 8000);
	assert_int_equal(bed.legs.pool.used, 0);
	assert_int_equal(txns_count(&bed.txns), 0);
	assert_int_equal(bed.alarms.count, 0);
	for (unsigned i = 0; i < bed.sent_count; i++)
		free(bed.sent[i].text);
	free(taken_text);
	taken_text = NULL;
	free(bed.memory);
	free(bed.out_memory);
	free(bed.scratch_memory);
	return 0;
}

/* ---- what leaves ---- */

/* No leg shows what another one is known by. */
static void
watch_identifiers(const struct msg *m)
{
	for (uint32_t slot = 0; slot < bed.legs.pool.fresh; slot++) {
		const struct leg *leg = pool_slot(&bed.legs.pool, slot);
		static const enum leg_text secret[] = { TEXT_CALL_ID, TEXT_LOCAL_TAG,
			TEXT_REMOTE_TAG };

		if (leg == NULL || str_same(leg_text(leg, TEXT_CALL_ID), m->call_id))
			continue;
		for (size_t i = 0; i < 3; i++)
			if (leg_text(leg, secret[i]).len > 3)
				assert_false(str_holds_alike(m->text, leg_text(leg, secret[i])));
	}
}

static void
watch(const struct act *act)
{
	static struct msg m;
	const struct flow *flow = flows_find(&bed.flows, act->u.send.flow);
	struct fault fault;

	/* A server transaction may still answer on a flow that went away. */
	if (flow == NULL)
		return;
	if (!msg_parse(&m, act->u.send.bytes, true, &fault))
		fail_msg("fault %d at %u in\n%.*s", fault.what, fault.at,
			(int)act->u.send.bytes.len, act->u.send.bytes.at);
	assert_int_equal(m.body.at + m.body.len - m.text.at, act->u.send.bytes.len);
	if (m.is_request && m.method != METHOD_CANCEL && m.method != METHOD_ACK)
		assert_true(str_same(m.via.transport, transport_name(flow->transport)));
	if (flow->transport == TRANSPORT_UDP)
		assert_true(act->u.send.to.family != ADDR_NONE && act->u.send.to.port != 0);
	if (flow->transport != TRANSPORT_TLS && !bed.may_say_sips)
		assert_false(str_holds_alike(m.text, STR("sips:")));
	if (!bed.may_echo)
		watch_identifiers(&m);
	if (bed.on_watch != NULL)
		bed.on_watch(&m);
}

static void
keep(const struct act *act)
{
	struct bed_sent *sent = &bed.sent[bed.sent_count++];

	assert_true(bed.sent_count < BED_SENT_MAX);
	sent->flow = act->u.send.flow;
	sent->to = act->u.send.to;
	sent->at_ms = bed.now.mono_ms - BED_START_MS;
	sent->len = act->u.send.bytes.len;
	sent->text = malloc(sent->len + 1);
	assert_non_null(sent->text);
	memcpy(sent->text, act->u.send.bytes.at, sent->len);
	sent->text[sent->len] = '\0';
}

static void
dial(const struct act *act)
{
	struct str name = act->u.dial.name;

	bed.dials++;
	bed.dialled = act->u.dial.flow;
	bed.dialled_transport = act->u.dial.transport;
	bed.dialled_to = act->u.dial.to;
	assert_true(name.len <= TARGET_NAME_MAX);
	assert_true(act->u.dial.transport != TRANSPORT_TLS || name.len > 0);
	memcpy(bed.dialled_name, bed_cstr(name), name.len + 1);
}

void
bed_carry(void)
{
	unsigned dials = bed.dials;

	assert_true(bed.out.count <= ACTS_PER_STEP_MAX);
	assert_true(bed.out.bytes.used <= OUT_BYTES_PER_STEP_MAX);
	for (uint32_t i = 0; i < bed.out.count; i++) {
		const struct act *act = &bed.out.acts[i];

		switch (act->kind) {
		case ACT_SEND:
			watch(act);
			keep(act);
			break;
		case ACT_DIAL: dial(act); break;
		case ACT_NOTE:
			bed.notes++;
			memcpy(bed.note, act->u.note.text.at, act->u.note.text.len);
			bed.note[act->u.note.text.len] = '\0';
			assert_int_equal(lex_find_control(act->u.note.text), act->u.note.text.len);
			break;
		case ACT_SHUT: bed.shuts++; break;
		case ACT_RESOLVE:
		case ACT_RECORD:
		case ACT_SAVE: fail_msg("not the business of a leg");
		}
	}
	out_clear(&bed.out);
	assert_true(bed.dials <= dials + 1);
	if (bed.dials > dials && bed.dial != BED_WAITS)
		bed_dialled(bed.dialled, bed.dial == BED_OPENS);
}

const struct turn *
bed_turn(void)
{
	static struct turn turn;

	memset(bed.scratch.at, 'Y', bed.scratch.used);
	arena_clear(&bed.scratch);
	turn = (struct turn){ bed.now, &bed.out, &bed.scratch };
	return &turn;
}

const struct msg *
bed_take(const char *start)
{
	const struct bed_sent *sent = &bed.sent[bed.taken];
	struct fault fault;

	if (bed.taken == bed.sent_count)
		fail_msg("nothing was sent, not %s", start);
	if (strncmp(sent->text, start, strlen(start)) != 0)
		fail_msg("not %s but\n%s", start, sent->text);
	bed.taken++;
	free(taken_text);
	taken_text = malloc(sent->len);
	assert_non_null(taken_text);
	memcpy(taken_text, sent->text, sent->len);
	assert_true(msg_parse(&taken, str_of(taken_text, sent->len), true, &fault));
	return &taken;
}

const struct bed_sent *
bed_last(void)
{
	assert_true(bed.taken > 0);
	return &bed.sent[bed.taken - 1];
}

void
bed_quiet(void)
{
	if (bed.taken < bed.sent_count)
		fail_msg("was sent, too:\n%s", bed.sent[bed.taken].text);
}

void
bed_skip(void)
{
	bed.taken = bed.sent_count;
}

const char *
bed_value(const struct msg *m, enum header_id id)
{
	struct str value = msg_value(m, id);

	return bed_cstr(str_is_none(value) ? STR("") : value);
}

bool
bed_holds(const struct msg *m, const char *part)
{
	return str_holds_alike(m->text, str_cstr(part));
}

/* ---- what is said ---- */

static void
note_word(struct leg *leg, const struct word *w)
{
	struct bed_word *kept;

	if (bed.on_word != NULL) {
		bed.on_word(leg, w);
		return;
	}
	if (w->word == WORD_NOTHING)
		return;
	assert_true(bed.word_count < BED_WORDS_MAX);
	kept = &bed.words[bed.word_count++];
	*kept = (struct bed_word){ .word = w->word,
		.status = w->status,
		.leg = leg->ref,
		.txn = w->txn,
		.method = w->method };
	snprintf(kept->reason, sizeof kept->reason, "%s", bed_cstr(w->reason));
}

const struct bed_word *
bed_say(enum leg_word word)
{
	if (bed.words_taken == bed.word_count)
		fail_msg("nothing was said");
	assert_int_equal(bed.words[bed.words_taken].word, word);
	return &bed.words[bed.words_taken++];
}

void
bed_mute(void)
{
	assert_int_equal(bed.words_taken, bed.word_count);
}

/* ---- what happens ---- */

struct flow_id
bed_socket(void)
{
	return (struct flow_id){ 1 };
}

struct flow_id
bed_accept(enum transport transport, const char *ip, uint16_t port)
{
	struct event event = { .kind = EV_FLOW_OPEN };

	event.u.open.flow = (struct flow_id){ bed.next_flow++ };
	event.u.open.transport = transport;
	event.u.open.listener = transport == TRANSPORT_TLS ? 2 : 1;
	event.u.open.local = bed.listeners[event.u.open.listener].local;
	event.u.open.peer = bed_addr(ip, port);
	event.u.open.secured.version = STR("TLSv1.3");
	event.u.open.secured.cipher = STR("TLS_AES_256_GCM_SHA384");
	assert_non_null(flows_add(&bed.flows, &event));
	return event.u.open.flow;
}

void
bed_over(struct flow_id id)
{
	struct flow *flow = flows_find(&bed.flows, id);

	assert_non_null(flow);
	flows_drop(&bed.flows, flow);
	txns_flow_gone(&bed.txns, id, bed.now);
}

void
bed_dialled(struct flow_id id, bool opens)
{
	struct event event = { .kind = EV_FLOW_OPEN };

	if (!opens) {
		bed_over(id);
		return;
	}
	event.u.open.flow = id;
	event.u.open.transport = bed.dialled_transport;
	event.u.open.listener = NO_LISTENER;
	event.u.open.local = bed_addr("192.0.2.1", 44444);
	event.u.open.peer = bed.dialled_to;
	if (bed.dialled_transport == TRANSPORT_TLS) {
		event.u.open.secured.proof = PROOF_NAME;
		event.u.open.secured.name = str_cstr(bed.dialled_name);
		event.u.open.secured.version = STR("TLSv1.2");
		event.u.open.secured.cipher = STR("ECDHE-ECDSA-AES128-GCM-SHA256");
	}
	assert_non_null(flows_add(&bed.flows, &event));
}

static void
carry_news(const struct news *news, const struct msg *m, const struct txn_way *way)
{
	struct leg *leg = news->owner.kind == OWNER_LEG ? leg_at(&bed.legs, news->owner.ref) : NULL;
	struct word word;

	if (news->kind == NEWS_NONE)
		return;
	if (leg == NULL) {
		legs_hear_orphan(&bed.legs, news, m, bed_turn());
		return;
	}
	word = leg_hear_news(&bed.legs, leg, news, m, way, bed_turn());
	note_word(leg, &word);
}

/* Answers what no leg has to do with, or what the conductor answers for it. */
static void
answer_plainly(struct ref txn, const struct msg *m, const struct addr *from, unsigned status,
	struct str tag)
{
	struct buf b = out_buf(&bed.out, WRITE_BYTES_MAX);

	write_response(&b, m, from, status, reason_phrase(status), tag);
	write_body(&b, STR(""));
	(void)txn_answer(&bed.txns, txn, status, out_wrote(&bed.out, &b), bed.now, &bed.out);
	if (status >= 200)
		txn_disown(&bed.txns, txn);
}

static void
hear_cancel(const struct msg *m, const struct txn_way *way)
{
	struct txn_owner owner = { OWNER_NONE, REF_NONE, 0 };
	struct ref invite, txn;
	bool is_final = false;
	bool found = txns_find_cancelled(&bed.txns, m, &invite, &owner, &is_final);
	struct leg *leg = found && owner.kind == OWNER_LEG ? leg_at(&bed.legs, owner.ref) : NULL;
	struct word word;

	txn = txn_serve(&bed.txns, m, way, (struct txn_owner){ OWNER_NONE, REF_NONE, 0 }, bed.now);
	answer_plainly(txn, m, &way->addr, found ? 200 : 481,
		leg != NULL ? leg_text(leg, TEXT_LOCAL_TAG) : STR("plain-0"));
	if (leg == NULL || is_final)
		return;
	word = leg_hear_cancel(&bed.legs, leg, m, bed_turn());
	note_word(leg, &word);
}

static void
hear_first_invite(const struct msg *m, const struct txn_way *way)
{
	struct ref txn = txn_serve(
		&bed.txns, m, way, (struct txn_owner){ OWNER_NONE, REF_NONE, 0 }, bed.now);
	struct leg *leg;

	assert_false(ref_is_none(txn));
	answer_plainly(txn, m, &way->addr, 100, STR(""));
	bed.opened_txn = txn;
	bed.opened = REF_NONE;
	if (bed.on_invite != NULL) {
		bed.opened = bed.on_invite(m, txn, way);
	} else {
		leg = leg_open_answered(&bed.legs, m, txn, way, false, bed_turn());
		if (leg != NULL)
			bed.opened = leg->ref;
	}
	if (ref_is_none(bed.opened))
		answer_plainly(txn, m, &way->addr, 513, STR("plain-0"));
}

static void
hear_request(const struct msg *m, const struct txn_way *way)
{
	enum txn_heard heard = txns_hear_request(&bed.txns, m, way, bed.now, &bed.out);
	struct leg *leg = legs_find(&bed.legs, m);
	struct ref txn = REF_NONE;
	struct word word;

	if (heard != HEARD_NEW && heard != HEARD_ACK_UP)
		return;
	if (m->method == METHOD_CANCEL) {
		hear_cancel(m, way);
		return;
	}
	if (leg == NULL && m->method == METHOD_INVITE && str_is_none(m->to.tag)) {
		hear_first_invite(m, way);
		return;
	}
	if (m->method != METHOD_ACK)
		txn = txn_serve(
			&bed.txns, m, way, (struct txn_owner){ OWNER_NONE, REF_NONE, 0 }, bed.now);
	if (leg != NULL) {
		word = leg_hear_request(&bed.legs, leg, m, txn, way, bed_turn());
		note_word(leg, &word);
	} else if (m->method != METHOD_ACK) {
		answer_plainly(txn, m, &way->addr, 481, STR("plain-0"));
	}
}

void
bed_hear(struct flow_id id, const struct addr *from, const char *text, size_t len)
{
	const struct flow *flow = flows_find(&bed.flows, id);
	struct msg *m = malloc(sizeof *m);
	char *octets = malloc(len);
	struct txn_way way = { .flow = id, .addr = *from };
	struct fault fault;
	bool stray = false;

	assert_true(flow != NULL && m != NULL && octets != NULL);
	memcpy(octets, text, len);
	if (!msg_parse(m, str_of(octets, len), flow->transport != TRANSPORT_UDP, &fault))
		fail_msg("fault %d at %u in\n%.*s", fault.what, fault.at, (int)len, text);
	way.is_reliable = flow->transport != TRANSPORT_UDP;
	way.is_tls = flow->transport == TRANSPORT_TLS;
	if (!m->is_request) {
		struct news news = { .kind = NEWS_NONE };

		if (txns_may_come_by(&bed.txns, m, &way))
			news = txns_hear_response(&bed.txns, m, bed.now, &bed.out, &stray);
		bed.strays += stray;
		carry_news(&news, m, &way);
	} else {
		if (!way.is_reliable)
			way.addr = via_answer_to(&m->via, from);
		hear_request(m, &way);
	}
	memset(octets, 'X', len);
	memset(m, 'X', sizeof *m);
	free(octets);
	free(m);
	bed_carry();
}

static void
ring(const struct alarm *alarm)
{
	struct news news;
	struct leg *leg;
	struct word word;

	switch (alarm->kind) {
	case ALARM_TXN:
		news = txns_ring(&bed.txns, alarm, bed.now, &bed.out);
		carry_news(&news, NULL, NULL);
		break;
	case ALARM_LEG:
		leg = leg_at(&bed.legs, alarm->owner);
		assert_non_null(leg);
		word = leg_hear_alarm(&bed.legs, leg, alarm, bed_turn());
		note_word(leg, &word);
		break;
	default: assert_non_null(bed.on_alarm); bed.on_alarm(alarm);
	}
	bed_carry();
}

void
bed_pass_ms(int64_t span_ms)
{
	int64_t until_ms = bed.now.mono_ms + span_ms;
	struct alarm *alarm;

	while (alarms_deadline_ms(&bed.alarms) <= until_ms) {
		if (alarms_deadline_ms(&bed.alarms) > bed.now.mono_ms)
			bed.now.mono_ms = alarms_deadline_ms(&bed.alarms);
		bed.now.wall_s = BED_START_S + (bed.now.mono_ms - BED_START_MS) / 1000;
		alarm = alarms_due(&bed.alarms, bed.now.mono_ms);
		assert_non_null(alarm);
		ring(alarm);
	}
	bed.now.mono_ms = until_ms;
	bed.now.wall_s = BED_START_S + (until_ms - BED_START_MS) / 1000;
}

/* ---- legs ---- */

struct leg *
bed_leg(void)
{
	struct leg *leg = leg_at(&bed.legs, bed.opened);

	assert_non_null(leg);
	return leg;
}

void
bed_end(struct leg *leg)
{
	leg_end(&bed.legs, leg, 480, STR(""), STR(""), NULL, bed_turn());
	bed_carry();
}

void
bed_drop(struct leg *leg)
{
	leg_move(&bed.legs, leg, LEG_GONE);
	leg_close(&bed.legs, leg);
}

struct cargo
bed_cargo(const char *body)
{
	return (struct cargo){ .headers = STR("User-Agent: Other\r\n"),
		.body_headers = STR("Content-Type: application/sdp\r\n"),
		.body = body != NULL ? str_cstr(body) : STR("") };
}
