/* SPDX-License-Identifier: Apache-2.0 */
#include "phone.h"

#include <stdlib.h>
#include <string.h>

#include "phone_inside.h"

enum { FORGET_MS = 40 * 1000, LIFE_OF_REPEATS_MS = 64 * T1_MS, CALM_SPREAD_MS = 3000 };

struct model {
	const char *user, *ip, *name, *password;
	uint16_t port;
	enum transport transport;
	bool is_sips;
	enum phone_kind kind;
};

static const struct model models[PHONES] = {
	{ "5000", "192.0.2.50", NULL, NULL, 5070, TRANSPORT_UDP, false, PHONE_FIXED },
	{ "5001", "192.0.2.51", NULL, NULL, 5060, TRANSPORT_TCP, false, PHONE_FIXED },
	{ "5002", "192.0.2.52", "media.example.net", NULL, 5061, TRANSPORT_TLS, false,
		PHONE_FIXED },
	{ "6001", "192.0.2.61", NULL, NULL, 5061, TRANSPORT_TLS, true, PHONE_FIXED },
	{ "6002", "192.0.2.62", "fly.example.net", NULL, 5061, TRANSPORT_TLS, true, PHONE_FIXED },
	{ "7000", "192.0.2.70", NULL, NULL, 5061, TRANSPORT_TLS, true, PHONE_REGISTERS },
	{ "7001", "192.0.2.71", NULL, NULL, 5060, TRANSPORT_UDP, false, PHONE_REGISTERS },
	{ "7002", "192.0.2.72", NULL, NULL, 5060, TRANSPORT_TCP, false, PHONE_REGISTERS },
	{ "7789", "192.0.2.73", NULL, "correct horse", 5060, TRANSPORT_UDP, false,
		PHONE_REGISTERS },
	{ "7790", "192.0.2.74", NULL, "battery staple", 5061, TRANSPORT_TLS, true,
		PHONE_REGISTERS },
	{ "east", "192.0.2.80", NULL, NULL, 5060, TRANSPORT_UDP, false, PHONE_TRUNK },
	{ "west", "192.0.2.81", "trunk.example.net", NULL, 5061, TRANSPORT_TLS, true, PHONE_TRUNK },
	{ "1001", "192.0.2.10", NULL, NULL, 5061, TRANSPORT_TLS, true, PHONE_STRANGER },
	{ "1002", "192.0.2.11", NULL, NULL, 5060, TRANSPORT_UDP, false, PHONE_STRANGER },
	{ "1003", "192.0.2.12", NULL, NULL, 5061, TRANSPORT_TLS, false, PHONE_STRANGER },
};

void
phones_open(struct world *w)
{
	for (uint32_t i = 0; i < PHONES; i++)
		w->phones.all[i] = (struct phone){ .user = models[i].user,
			.name = models[i].name,
			.at = addr_of(models[i].ip, models[i].port),
			.transport = models[i].transport,
			.is_sips = models[i].is_sips,
			.kind = models[i].kind,
			.password = models[i].password };
}

static void
empty_talk(struct talk *t)
{
	for (int i = 0; i < REPEATS; i++) {
		free(t->repeats[i].text);
		t->repeats[i].text = NULL;
	}
	free(t->invite);
	free(t->ack);
	t->invite = t->ack = NULL;
}

void
phones_close(struct world *w)
{
	for (uint32_t i = 0; i < TALKS_MAX; i++)
		empty_talk(&w->phones.talks[i]);
	for (uint32_t i = 0; i < PHONES; i++)
		for (int n = 0; n < SAID_MAX; n++)
			free(w->phones.all[i].said[n].text);
}

uint32_t
phone_at(const struct world *w, const struct addr *at, enum transport transport)
{
	for (uint32_t i = 0; i < PHONES; i++)
		if (w->phones.all[i].transport == transport && addr_same(&w->phones.all[i].at, at))
			return i;
	return PHONES;
}

const char *
phone_dials(uint64_t own, const char *self)
{
	static const char *const numbers[] = { "5000", "5001", "5002", "6001", "6002", "7000",
		"7001", "7002", "7789", "7790", "9123", "8456", "5000", "6001", "5001", "6002",
		"404" };

	uint32_t count = sizeof numbers / sizeof numbers[0];
	uint32_t which = draw_below(own, DRAW_NUMBER, 0, count);

	/* Neither by its own number nor by the prefix of its trunk. */
	if (strcmp(numbers[which], self) == 0 || (numbers[which][0] == '9' && self[0] == 'e') ||
		(numbers[which][0] == '8' && self[0] == 'w'))
		which = (which + 1) % count;
	return numbers[which];
}

/* ---- talks ---- */

struct talk *
talk_new(struct world *w, uint32_t who, uint32_t call)
{
	for (uint32_t i = 0; i < TALKS_MAX; i++) {
		struct talk *t = &w->phones.talks[i];
		uint32_t age = t->age + 1;

		if (t->state != TALK_NONE)
			continue;
		empty_talk(t);
		memset(t, 0, sizeof *t);
		t->age = age;
		t->who = who;
		t->call = call;
		t->draw = draw(w->options.seed, 0xca11, call);
		return t;
	}
	return NULL;
}

struct talk *
talk_at(struct world *w, const struct item *item)
{
	struct talk *t = &w->phones.talks[item->talk];

	return t->age == item->age && t->state != TALK_NONE ? t : NULL;
}

void
talk_plan(struct world *w, struct talk *t, int64_t in_ms, enum due due, uint32_t how)
{
	struct item *item = world_later(w, in_ms, ITEM_DUE, NULL, 0);

	item->who = t->who;
	item->talk = (uint32_t)(t - w->phones.talks);
	item->age = t->age;
	item->what = due;
	item->how = how;
}

void
talk_over(struct world *w, struct talk *t)
{
	if (t->state == TALK_OVER)
		return;
	t->state = TALK_OVER;
	talk_still(t, REPEAT_INVITE);
	talk_still(t, REPEAT_ASK);
	talk_plan(w, t, FORGET_MS, DUE_FORGET, 0);
}

void
talk_repeat(struct world *w, struct talk *t, enum repeat_of of, const char *text, size_t len,
	int64_t most_ms)
{
	struct repeat *r = &t->repeats[of];
	uint32_t turn = r->turn + 1;

	free(r->text);
	*r = (struct repeat){ .text = malloc(len + 1),
		.len = len,
		.gap_ms = T1_MS,
		.most_ms = most_ms,
		.until_ms = w->now.mono_ms + LIFE_OF_REPEATS_MS,
		.turn = turn };
	if (r->text == NULL)
		abort();
	memcpy(r->text, text, len);
	r->text[len] = '\0';
	talk_plan(w, t, r->gap_ms, DUE_REPEAT, (uint32_t)of << 24 | (turn & 0xffffff));
}

void
talk_still(struct talk *t, enum repeat_of of)
{
	t->repeats[of].turn++;
}

static void
repeat_due(struct world *w, struct talk *t, uint32_t how)
{
	enum repeat_of of = how >> 24;
	struct repeat *r = &t->repeats[of];
	const struct phone *phone = &w->phones.all[t->who];
	bool is_2xx = of == REPEAT_FINAL && strncmp(r->text, "SIP/2.0 2", 9) == 0;

	if ((r->turn & 0xffffff) != (how & 0xffffff))
		return;
	if (w->now.mono_ms >= r->until_ms) {
		r->turn++;
		phone_call_due(w, t, DUE_GIVE_UP, of);
		return;
	}
	/* Only a 2xx is repeated over streams (RFC 3261 13.3.1.4). */
	if (phone->transport == TRANSPORT_UDP || is_2xx)
		say_text(w, t->who, talk_flow(w, t), r->text, r->len);
	r->gap_ms = 2 * r->gap_ms < r->most_ms ? 2 * r->gap_ms : r->most_ms;
	talk_plan(w, t, r->gap_ms, DUE_REPEAT, how);
}

/* ---- flows ---- */

static bool
is_alive(struct world *w, struct flow_id id)
{
	const struct wire *wire = id.number > WORLD_LISTENERS ? wire_find(w, id) : NULL;

	return wire != NULL && !wire->is_cut && !wire->is_gone && !wire->is_shut;
}

static struct flow_id
own_flow(struct world *w, uint32_t who)
{
	struct phone *phone = &w->phones.all[who];

	if (phone->transport == TRANSPORT_UDP)
		return w->listeners[0].flow;
	if (!is_alive(w, phone->flow))
		phone->flow = wire_connect(w, who, phone->transport);
	return phone->flow;
}

struct flow_id
talk_flow(struct world *w, struct talk *t)
{
	const struct phone *phone = &w->phones.all[t->who];

	if (phone->transport != TRANSPORT_UDP && is_alive(w, t->flow))
		return t->flow;
	t->flow = own_flow(w, t->who);
	return t->flow;
}

void
phone_lost(struct world *w, uint32_t who, struct flow_id flow)
{
	struct phone *phone = &w->phones.all[who];

	if (flow_same(phone->flow, flow))
		phone->flow = FLOW_NONE;
}

/* ---- what comes due, and what comes in ---- */

void
phone_due(struct world *w, const struct item *item)
{
	struct talk *t = talk_at(w, item);

	if (t == NULL)
		return;
	switch ((enum due)item->what) {
	case DUE_REPEAT: repeat_due(w, t, item->how); return;
	case DUE_FORGET:
		t->state = TALK_NONE;
		empty_talk(t);
		return;
	default: phone_call_due(w, t, (enum due)item->what, item->how); return;
	}
}

static bool
is_of(const struct talk *t, uint32_t who, struct str call_id, struct str tag)
{
	return t->state != TALK_NONE && t->who == who && str_same(call_id, str_cstr(t->call_id)) &&
		(str_is_none(tag) || str_same(tag, str_cstr(t->tag)));
}

static struct talk *
talk_of(struct world *w, uint32_t who, struct str call_id, struct str tag)
{
	for (uint32_t i = 0; i < TALKS_MAX; i++)
		if (is_of(&w->phones.talks[i], who, call_id, tag))
			return &w->phones.talks[i];
	return NULL;
}

bool
has_credentials(const struct msg *msg)
{
	return msg_header(msg, HEADER_AUTHORIZATION) != NULL ||
		msg_header(msg, HEADER_PROXY_AUTHORIZATION) != NULL;
}

static void
hear_request(struct world *w, uint32_t who, struct flow_id flow, const struct msg *msg)
{
	bool is_first = msg->method == METHOD_INVITE && str_is_none(msg->to.tag);
	struct talk *t = talk_of(w, who, msg->call_id, is_first ? STR_NONE : msg->to.tag);

	/* What was challenged comes again with an answer, and is as if it were the first. */
	if (is_first && t != NULL && t->state == TALK_OVER && has_credentials(msg)) {
		empty_talk(t);
		t->state = TALK_NONE;
		t = NULL;
	}
	if (msg->method == METHOD_CANCEL && t == NULL)
		t = talk_of(w, who, msg->call_id, STR_NONE);
	if (t != NULL) {
		if (w->phones.all[who].transport != TRANSPORT_UDP)
			t->flow = flow;
		phone_heard_inside(w, t, msg);
	} else if (is_first) {
		phone_heard_invite(w, who, flow, msg);
	} else if (msg->method == METHOD_OPTIONS && str_is_none(msg->to.tag)) {
		say_reply(w, who, flow, msg, 200, "o", "");
	} else if (msg->method == METHOD_REGISTER && str_is_none(msg->to.tag)) {
		phone_heard_register(w, who, flow, msg);
	} else if (msg->method != METHOD_ACK) {
		say_reply(w, who, flow, msg, 481, "n", "");
	}
}

void
phone_hear(struct world *w, uint32_t who, struct flow_id flow, const char *at, size_t len)
{
	static struct msg msg;
	struct fault fault;
	struct talk *t;

	if (len <= 4 || !msg_parse(&msg, str_of(at, len), true, &fault))
		return;
	if (msg.is_request) {
		hear_request(w, who, flow, &msg);
		return;
	}
	t = talk_of(w, who, msg.call_id, msg.from.tag);
	if (t == NULL)
		return;
	if (msg.method == METHOD_REGISTER)
		register_heard(w, who, &msg);
	phone_heard_answer(w, t, &msg);
}

void
phones_calm(struct world *w)
{
	for (uint32_t i = 0; i < TALKS_MAX; i++) {
		struct talk *t = &w->phones.talks[i];

		if (t->state != TALK_NONE && t->state != TALK_OVER)
			talk_plan(w, t, draw_span(t->draw, DRAW_OTHER, 7, 0, CALM_SPREAD_MS),
				DUE_HANG_UP, 0);
	}
}
