/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a device, from either side. All that it will do depends on the number of the call. */
#include <stdlib.h>
#include <string.h>

#include "phone_inside.h"

enum {
	RING_LONGEST_MS = 190 * 1000,
	CANCEL_AGAIN_MS = 150,
	REFRESH_MS = 45 * 1000,
	CANCEL_AGAIN_MAX = 60,
	SLOW = 6,
	RACE_MS = 150,
	GIVE_UP_ALL = 99,
};

/* Percent of calls. */
enum {
	CANCEL_RACES = 22,
	CANCEL_EARLY = 4,
	RINGS = 85,
	CHANGES = 40,
	CHANGES_CROSS = 8,
	INFOS = 15,
	QUESTIONS = 6,
	LONG_TALKS = 8,
	LONG_SESSIONS = 50,
	BOTH_LEAVE = 10,
	CHANGE_REFUSED = 8,
	KEEPS_SESSION = 10,
};

/* Of a caller that promises to refresh its session itself (RFC 4028 7.2). */
#define OWN_SESSION "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n"

/* ---- the caller ---- */

static void
write_caller(struct world *w, struct talk *t, uint64_t own)
{
	const struct phone *phone = &w->phones.all[t->who];
	const char *scheme = phone_scheme(phone);

	snprintf(t->tag, sizeof t->tag, "a%08x", ++w->phones.numbers);
	snprintf(t->call_id, sizeof t->call_id, "%016llx%u@%s",
		(unsigned long long)draw(t->draw, DRAW_OTHER, w->phones.numbers), t->call,
		phone->user);
	snprintf(t->uri, sizeof t->uri, "%s:%s@example.com", scheme, phone_dials(own, phone->user));
	snprintf(t->local, sizeof t->local, "<%s:%s@example.com>;tag=%s", scheme, phone->user,
		t->tag);
	snprintf(t->remote, sizeof t->remote, "<%.300s>", t->uri);
}

void
phone_call(struct world *w, uint32_t who, uint32_t call, uint64_t own)
{
	struct talk *t = talk_new(w, who, call);
	uint32_t cancel, timer;

	if (t == NULL)
		return;
	t->is_caller = true;
	t->state = TALK_CALLING;
	t->called_at_ms = w->now.mono_ms;
	talk_draw_manner(w, t);
	write_caller(w, t, own);
	timer = draw_below(t->draw, DRAW_TIMER, 0, 100);
	t->keeps_session = timer < KEEPS_SESSION;
	say_invite(w, t,
		t->keeps_session     ? OWN_SESSION
			: timer < 20 ? "Supported: timer\r\nSession-Expires: 90\r\n"
			: timer < 70 ? "Supported: timer\r\n"
			: draw_below(t->draw, DRAW_EXPIRES, 0, 100) < 5 ? "Expires: 4\r\n"
									: "");
	cancel = draw_below(t->draw, DRAW_CANCEL, 0, 100);
	if (cancel < CANCEL_RACES)
		talk_plan(w, t,
			talk_answer_ms(t) + 2 * w->weather.delay_max_ms +
				draw_span(t->draw, DRAW_CANCEL_MS, 0, -120, 40),
			DUE_CANCEL, 0);
	else if (cancel < CANCEL_RACES + CANCEL_EARLY)
		talk_plan(w, t, draw_span(t->draw, DRAW_CANCEL_MS, 1, 1, 1500), DUE_CANCEL, 0);
	talk_plan(w, t, RING_LONGEST_MS, DUE_GIVE_UP, GIVE_UP_ALL);
	if (talk_misdoes(w, t, MISDEED_EARLY_BYE))
		talk_plan(w, t, 200, DUE_SECOND, 0);
}

/* What either side does while it talks. */
static void
plan_talk(struct world *w, struct talk *t)
{
	bool is_long = draw_below(t->draw, DRAW_TALK_MS, 0, 100) <
		(t->keeps_session ? LONG_SESSIONS : LONG_TALKS);
	int64_t talk_ms = is_long ? draw_span(t->draw, DRAW_TALK_MS, 1, 60000, 200000)
				  : draw_span(t->draw, DRAW_TALK_MS, 2, 100, 20000);
	uint32_t leaves = draw_below(t->draw, DRAW_WHO_LEAVES, 0, 100);
	uint32_t changes = draw_below(t->draw, DRAW_CHANGE, 0, 100);
	int64_t change_ms = draw_span(t->draw, DRAW_CHANGE_MS, 0, 0, talk_ms);

	if (leaves < BOTH_LEAVE || (leaves % 2 == 0) == t->is_caller)
		talk_plan(w, t, talk_ms, DUE_HANG_UP, 0);
	else /* in case that it is forgotten */
		talk_plan(w, t, talk_ms + 240 * 1000, DUE_HANG_UP, 0);
	if (changes < CHANGES_CROSS || (changes < CHANGES && (changes % 2 == 0) == t->is_caller))
		talk_plan(w, t, change_ms, DUE_CHANGE, 0);
	if (talk_percent(t, DRAW_INFO) < INFOS)
		talk_plan(w, t, draw_span(t->draw, DRAW_INFO, 1, 0, talk_ms), DUE_INFO, 0);
	if (talk_percent(t, DRAW_INFO + 100) < QUESTIONS)
		talk_plan(w, t, draw_span(t->draw, DRAW_INFO, 2, 0, talk_ms), DUE_OPTIONS, 0);
	if (talk_misdoes(w, t, MISDEED_BOTH_BYE))
		talk_plan(w, t, talk_ms + 1, DUE_SECOND, 0);
	/* One in three forgets it. */
	if (t->keeps_session && draw_below(t->draw, DRAW_TIMER, 1, 3) != 0)
		talk_plan(w, t, REFRESH_MS, DUE_REFRESH, 0);
}

static void
learn_target(struct talk *t, const struct msg *msg)
{
	struct nameaddr contact;

	if (msg_contact(msg, &contact))
		snprintf(t->target, sizeof t->target, "%.*s", (int)contact.uri.text.len,
			contact.uri.text.at);
}

static void
answered(struct world *w, struct talk *t, const struct msg *msg)
{
	struct str to = msg_value(msg, HEADER_TO);

	snprintf(t->remote, sizeof t->remote, "%.*s", (int)to.len, to.at);
	learn_target(t, msg);
	t->state = TALK_UP;
	w->answered++;
	say_ack(w, t);
	if (t->is_cancelled || w->is_calm)
		say_bye(w, t);
	else
		plan_talk(w, t);
}

static void
refused(struct world *w, struct talk *t, const struct msg *msg)
{
	const struct phone *phone = &w->phones.all[t->who];
	char line[1024];

	say_ack_failure(w, t, msg);
	if ((msg->status == 401 || msg->status == 407) && !t->has_auth && !w->is_calm &&
		credentials_write(phone, msg, "INVITE", t->uri, t->draw, line, sizeof line)) {
		t->has_auth = true;
		say_invite(w, t, line);
		return;
	}
	talk_over(w, t);
}

static void
heard_first_answer(struct world *w, struct talk *t, const struct msg *msg)
{
	talk_still(t, REPEAT_INVITE);
	t->was_rung = true;
	if (msg->status >= 300)
		refused(w, t, msg);
	else if (msg->status >= 200)
		answered(w, t, msg);
}

static void
heard_change_answer(struct world *w, struct talk *t, const struct msg *msg)
{
	talk_still(t, REPEAT_INVITE);
	if (msg->status < 200)
		return;
	t->is_changing = false;
	if (msg->status < 300) {
		learn_target(t, msg);
		w->changes++;
		say_ack(w, t);
		return;
	}
	say_ack_failure(w, t, msg);
	if (msg->status == 491 && !w->is_calm)
		talk_plan(w, t, draw_span(t->draw, DRAW_CHANGE_MS, 1, 10, 4000), DUE_CHANGE, 0);
	else if (msg->status == 481 || msg->status == 408)
		say_bye(w, t);
}

static void
heard_ask_answer(struct world *w, struct talk *t, const struct msg *msg)
{
	if (msg->status < 200 || !str_same(msg->cseq_method_text, str_cstr(t->offered)))
		return;
	talk_still(t, REPEAT_ASK);
	if (msg->method == METHOD_BYE)
		talk_over(w, t);
	else if (msg->status == 481 && msg->method != METHOD_CANCEL && t->state == TALK_UP)
		say_bye(w, t);
}

void
phone_heard_answer(struct world *w, struct talk *t, const struct msg *msg)
{
	if (t->call == 0) { /* REGISTER, OPTIONS */
		bool is_last =
			msg->method != METHOD_REGISTER || msg->cseq == w->phones.all[t->who].cseq;

		if (msg->status >= 200 && is_last)
			talk_over(w, t);
		return;
	}
	if (msg->method != METHOD_INVITE) {
		heard_ask_answer(w, t, msg);
		return;
	}
	if (msg->cseq != t->invite_cseq || str_begins(msg->via.branch, STR(OTHER_COOKIE)))
		return;
	if (t->state == TALK_CALLING)
		heard_first_answer(w, t, msg);
	else if (t->is_changing)
		heard_change_answer(w, t, msg);
	else if (msg->status >= 200 && msg->status < 300 && t->ack != NULL &&
		!talk_misdoes(w, t, MISDEED_NO_ACK))
		say_text(w, t->who, talk_flow(w, t), t->ack, t->ack_len);
	else if (msg->status >= 300)
		say_ack_failure(w, t, msg);
}

/* ---- the callee ---- */

static void
keep_invite(struct talk *t, const struct msg *msg)
{
	free(t->invite);
	t->invite = malloc(msg->text.len);
	if (t->invite == NULL)
		abort();
	memcpy(t->invite, msg->text.at, msg->text.len);
	t->invite_len = msg->text.len;
	t->heard_cseq = msg->cseq;
	learn_target(t, msg);
}

/* The number that stands in `Subject: call-N`; 0: none. */
static uint32_t
call_number(const struct msg *msg)
{
	struct str subject = msg_value(msg, HEADER_SUBJECT);
	uint64_t number;

	if (!str_begins(subject, STR("call-")) ||
		!str_number(str_from(subject, 5), UINT32_MAX, &number))
		return 0;
	return (uint32_t)number;
}

void
phone_heard_invite(struct world *w, uint32_t who, struct flow_id flow, const struct msg *msg)
{
	struct str from = msg_value(msg, HEADER_FROM), to = msg_value(msg, HEADER_TO);
	struct talk *t = talk_new(w, who, call_number(msg));
	int64_t slow = 1;

	if (t == NULL)
		return;
	t->state = TALK_CALLED;
	t->is_proven = has_credentials(msg);
	t->flow = flow;
	if (t->call == 0)
		t->call = UINT32_MAX; /* of nobody's plan, but a call */
	talk_draw_manner(w, t);
	snprintf(t->tag, sizeof t->tag, "b%08x", ++w->phones.numbers);
	snprintf(t->call_id, sizeof t->call_id, "%.*s", (int)msg->call_id.len, msg->call_id.at);
	snprintf(t->local, sizeof t->local, "%.*s;tag=%s", (int)to.len, to.at, t->tag);
	snprintf(t->remote, sizeof t->remote, "%.*s", (int)from.len, from.at);
	keep_invite(t, msg);
	if (w->is_calm) {
		say_answer(w, t, 486);
		talk_over(w, t);
		return;
	}
	talk_plan(w, t, RING_LONGEST_MS, DUE_GIVE_UP, GIVE_UP_ALL);
	if (t->manner == MANNER_SILENT)
		return;
	if (t->manner == MANNER_SLOW)
		slow = SLOW;
	if (talk_percent(t, DRAW_RING) < RINGS)
		talk_plan(w, t, slow * draw_span(t->draw, DRAW_RING_MS, 0, 1, 400), DUE_RING, 0);
	talk_plan(w, t, slow * talk_answer_ms(t), DUE_ANSWER, 0);
	if (talk_misdoes(w, t, MISDEED_EARLY_BYE))
		talk_plan(w, t, 200, DUE_SECOND, 0);
}

static void
answer_call(struct world *w, struct talk *t)
{
	unsigned status = talk_final_status(w, t);

	say_answer(w, t, status);
	if (talk_misdoes(w, t, MISDEED_TWO_FINALS) || talk_misdoes(w, t, MISDEED_LATE_FINAL))
		talk_plan(w, t, 30, DUE_SECOND, 0);
	if (talk_misdoes(w, t, MISDEED_FORK)) /* at once, or when the call may be over */
		talk_plan(w, t,
			draw_span(t->draw, DRAW_SECOND_MS, 0, 0, 1) == 0
				? 30
				: draw_span(t->draw, DRAW_SECOND_MS, 1, 30, 25000),
			DUE_SECOND, 0);
	if (status >= 300) {
		talk_over(w, t);
		return;
	}
	t->state = TALK_WAITING;
	plan_talk(w, t);
}

static void
heard_invite_again(struct world *w, struct talk *t, const struct msg *msg)
{
	const struct repeat *final = &t->repeats[REPEAT_FINAL];
	uint32_t fate = talk_percent(t, DRAW_REFUSE_CHANGE);
	bool is_again = msg->cseq == t->heard_cseq;

	if (is_again) {
		if (final->text != NULL && t->state != TALK_CALLED)
			say_text(w, t->who, talk_flow(w, t), final->text, final->len);
		return;
	}
	if (t->state == TALK_OVER || t->state == TALK_LEAVING) {
		say_reply(w, t->who, talk_flow(w, t), msg, 481, "", "");
	} else if (t->is_changing || t->state == TALK_CALLING || t->state == TALK_CALLED) {
		say_reply(w, t->who, talk_flow(w, t), msg, 491, "", "");
	} else {
		keep_invite(t, msg);
		say_answer(w, t,
			fate < CHANGE_REFUSED / 2 && !w->is_calm       ? 488
				: fate < CHANGE_REFUSED && !w->is_calm ? 491
								       : 200);
	}
}

static void
heard_cancel(struct world *w, struct talk *t, const struct msg *msg)
{
	say_reply(w, t->who, talk_flow(w, t), msg, 200, t->tag, "");
	if (t->state != TALK_CALLED)
		return;
	if (talk_misdoes(w, t, MISDEED_LATE_200)) {
		say_answer(w, t, 200);
		t->state = TALK_WAITING;
		plan_talk(w, t);
		return;
	}
	say_answer(w, t, 487);
	talk_over(w, t);
}

static void
heard_bye(struct world *w, struct talk *t, const struct msg *msg)
{
	if (talk_misdoes(w, t, MISDEED_NO_BYE_ANSWER))
		return;
	say_reply(w, t->who, talk_flow(w, t), msg,
		talk_misdoes(w, t, MISDEED_BYE_REFUSED)        ? 500
			: talk_misdoes(w, t, MISDEED_BYE_GONE) ? 481
							       : 200,
		"", "");
	talk_still(t, REPEAT_FINAL);
	talk_over(w, t);
}

static void
heard_ask(struct world *w, struct talk *t, const struct msg *msg)
{
	const struct phone *phone = &w->phones.all[t->who];
	char lines[512] = "";
	uint32_t expires_s;

	if (msg->method == METHOD_UPDATE && msg_seconds(msg, HEADER_SESSION_EXPIRES, &expires_s))
		snprintf(lines, sizeof lines,
			"Contact: <%s:%s@%s>\r\nSession-Expires: %u;refresher=uac\r\n"
			"Require: timer\r\n",
			phone_scheme(phone), phone->user, phone_host(phone), expires_s);
	say_reply(w, t->who, talk_flow(w, t), msg, t->state == TALK_OVER ? 481 : 200, "", lines);
}

void
phone_heard_inside(struct world *w, struct talk *t, const struct msg *msg)
{
	switch (msg->method) {
	case METHOD_INVITE: heard_invite_again(w, t, msg); return;
	case METHOD_ACK:
		talk_still(t, REPEAT_FINAL);
		if (t->state == TALK_WAITING)
			t->state = TALK_UP;
		return;
	case METHOD_CANCEL: heard_cancel(w, t, msg); return;
	case METHOD_BYE: heard_bye(w, t, msg); return;
	default: heard_ask(w, t, msg); return;
	}
}

/* ---- what was planned ---- */

/* Whether a CANCEL that leaves now and the callee's answer meet: within a few message delays. */
static bool
is_race(const struct world *w, const struct talk *t)
{
	int64_t early_ms = t->called_at_ms + talk_answer_ms(t) - w->now.mono_ms;
	int64_t near_ms = RACE_MS + 2 * w->weather.delay_max_ms;

	return early_ms < near_ms && early_ms > -2 * near_ms;
}

static void
cancel(struct world *w, struct talk *t, uint32_t tries)
{
	if (t->state != TALK_CALLING || t->is_cancelled)
		return;
	if (!t->was_rung) { /* not before there was some answer (RFC 3261 9.1) */
		if (tries < CANCEL_AGAIN_MAX)
			talk_plan(w, t, CANCEL_AGAIN_MS, DUE_CANCEL, tries + 1);
		return;
	}
	t->is_cancelled = true;
	w->cancel_races += is_race(w, t);
	say_cancel(w, t);
}

static void
hang_up(struct world *w, struct talk *t)
{
	switch (t->state) {
	case TALK_CALLING: cancel(w, t, 0); return;
	case TALK_CALLED:
		say_answer(w, t, 486);
		talk_over(w, t);
		return;
	case TALK_UP: say_bye(w, t); return;
	case TALK_WAITING: talk_plan(w, t, T1_MS, DUE_HANG_UP, 0); return;
	default: return;
	}
}

/* The second message of a wrong device. */
static void
misdo(struct world *w, struct talk *t)
{
	if (talk_misdoes(w, t, MISDEED_FORK)) {
		t->is_forked = true;
		say_answer(w, t, 200);
		t->is_forked = false;
	} else if (talk_misdoes(w, t, MISDEED_TWO_FINALS)) {
		say_answer(w, t, 200);
	} else if (talk_misdoes(w, t, MISDEED_LATE_FINAL)) {
		say_answer(w, t, 486);
	} else if (talk_misdoes(w, t, MISDEED_EARLY_BYE) || talk_misdoes(w, t, MISDEED_BOTH_BYE)) {
		say_ask(w, t, "BYE", "");
	}
}

static void
give_up(struct world *w, struct talk *t, uint32_t how)
{
	if (how == GIVE_UP_ALL) {
		if (t->state == TALK_CALLING && !t->is_cancelled && t->was_rung)
			cancel(w, t, 0);
		else if (t->state == TALK_CALLING || t->state == TALK_CALLED)
			talk_over(w, t);
		return;
	}
	if (how == REPEAT_FINAL) {
		if (t->state == TALK_WAITING)
			say_bye(w, t);
		return;
	}
	if (how == REPEAT_INVITE && t->is_changing) {
		t->is_changing = false;
		say_bye(w, t);
		return;
	}
	if (how == REPEAT_INVITE || t->state != TALK_UP)
		talk_over(w, t);
}

static void
change(struct world *w, struct talk *t)
{
	if (t->state != TALK_UP || t->is_changing)
		return;
	t->is_changing = true;
	say_invite(w, t, t->keeps_session ? OWN_SESSION : "");
}

void
phone_call_due(struct world *w, struct talk *t, enum due due, uint32_t how)
{
	switch (due) {
	case DUE_RING:
	case DUE_RING_AGAIN:
		if (t->state != TALK_CALLED)
			return;
		say_answer(w, t, 180);
		if (talk_misdoes(w, t, MISDEED_MANY_RINGS))
			talk_plan(w, t, 200, DUE_RING_AGAIN, 0);
		return;
	case DUE_ANSWER:
		if (t->state == TALK_CALLED)
			answer_call(w, t);
		return;
	case DUE_CANCEL: cancel(w, t, how); return;
	case DUE_HANG_UP: hang_up(w, t); return;
	case DUE_REFRESH:
		talk_plan(w, t, REFRESH_MS, DUE_REFRESH, 0);
		change(w, t);
		return;
	case DUE_CHANGE: change(w, t); return;
	case DUE_INFO:
	case DUE_OPTIONS:
		if (t->state == TALK_UP)
			say_ask(w, t, due == DUE_INFO ? "INFO" : "OPTIONS", "");
		return;
	case DUE_SECOND: misdo(w, t); return;
	case DUE_GIVE_UP: give_up(w, t, how); return;
	case DUE_REPEAT:
	case DUE_FORGET: return;
	}
}
