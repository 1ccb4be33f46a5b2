/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down of a call: a line when it is answered, a line when it is over, and what is
 * shown to those who look on. */
#include <string.h>

#include "call/inside.h"

static void
put_leg(const struct calls *cs, const struct leg *leg, struct str side, struct buf *b)
{
	buf_put(b, side);
	buf_quoted(b, leg_text(leg, TEXT_DN), LOG_TEXT_MAX);
	buf_put(b, STR(" ["));
	leg_write_security(cs->legs, leg, b);
	buf_char(b, ']');
}

void
call_note_answer(const struct calls *cs, const struct call *call, const struct leg *caller,
	const struct leg *callee, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("call "));
	buf_put(&line, str_of(call->uuid, UUID_BYTES));
	buf_put(&line, STR(" answered:"));
	put_leg(cs, caller, STR(" caller "), &line);
	put_leg(cs, callee, STR(" callee "), &line);
	if (call->crossing != CROSSING_NONE) {
		buf_put(&line, STR(" crossing: "));
		buf_put(&line, crossing_text(call->crossing));
	}
	note_end(t, NOTE_INFO, &line);
}

static void
note_end_of_call(
	const struct calls *cs, const struct call *call, struct str why, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("call "));
	buf_put(&line, str_of(call->uuid, UUID_BYTES));
	buf_put(&line, STR(" over: status "));
	buf_number(&line, call->status);
	if (call->answered_at_s != 0 && t->now.wall_s >= call->answered_at_s) {
		buf_put(&line, STR(", talked "));
		buf_number(&line, (uint64_t)(t->now.wall_s - call->answered_at_s));
		buf_put(&line, STR(" s"));
	}
	for (int side = 0; side < 2; side++) {
		const struct leg *leg = leg_at(cs->legs, call->legs[side]);

		if (leg != NULL)
			put_leg(cs, leg, side == 0 ? STR(", caller ") : STR(", callee "), &line);
	}
	if (!str_is_empty(why)) {
		buf_put(&line, STR(", "));
		buf_quoted(&line, why, LOG_TEXT_MAX);
	}
	note_end(t, NOTE_INFO, &line);
}

static struct str
state_name(enum call_state state)
{
	static const struct str names[] = {
#define X(name, text) STR(text),
		CALL_STATES(X)
#undef X
	};

	return names[state];
}

static struct str
crossing_word(enum crossing crossing)
{
	switch (crossing) {
	case CROSSING_NONE: return STR("none");
	case CROSSING_DOWN: return STR("down");
	case CROSSING_UP: break;
	}
	return STR("up");
}

void
call_write(const struct calls *cs, const struct call *call, struct json *j)
{
	const struct leg *caller = leg_at(cs->legs, call->legs[0]);
	struct str from = caller != NULL ? leg_text(caller, TEXT_DN) : STR("");

	json_put_text(j, STR("call"), str_of(call->uuid, UUID_BYTES));
	json_put_text(j, STR("state"), state_name(call->state));
	json_put_text(j, STR("from"), str_upto(from, LOG_TEXT_MAX));
	json_put_text(j, STR("to"), str_upto(call_number(cs, call), LOG_TEXT_MAX));
	json_put_moment(j, STR("start"), call->opened_at_s);
	json_put_moment(j, STR("ring"), call->ringing_at_s);
	json_put_moment(j, STR("answer"), call->answered_at_s);
	json_put_number(j, STR("sip_code"), call->status);
	json_put_text(j, STR("crossing"), crossing_word(call->crossing));
	json_key(j, STR("legs"));
	json_open(j, '[');
	for (int side = 0; side < 2; side++) {
		const struct leg *leg = leg_at(cs->legs, call->legs[side]);

		if (leg == NULL)
			continue;
		json_open(j, '{');
		json_put_text(j, STR("side"), side == 0 ? STR("caller") : STR("callee"));
		ledger_write(cs->legs, leg, j);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void
call_note_ender(struct call *call, enum call_ender ender, struct str why)
{
	if (call->ender != ENDED_NOT_YET)
		return;
	call->ender = ender;
	why = str_upto(why, WHY_BYTES_MAX);
	call->why_len = (uint32_t)why.len;
	if (why.len > 0)
		memcpy(call->why, why.at, why.len);
}

static struct str
ender_word(enum call_ender ender)
{
	switch (ender) {
	case ENDED_NOT_YET: break;
	case ENDED_BY_CALLER: return STR("caller");
	case ENDED_BY_CALLEE: return STR("callee");
	case ENDED_BY_US: return STR("server");
	}
	return STR("");
}

/* One JSON object for each call, with all that the ledgers of its legs say. */
static void
record_call(const struct calls *cs, const struct call *call, const struct turn *t)
{
	struct buf b = out_buf(t->out, CALL_RECORD_BYTES_MAX);
	struct json j = json_on(&b);

	if (!cs->writes_records)
		return;
	json_open(&j, '{');
	json_put_text(&j, STR("schema"), STR("cdr/1"));
	call_write(cs, call, &j);
	json_put_moment(&j, STR("end"), t->now.wall_s);
	json_put_text(&j, STR("end_side"), ender_word(call->ender));
	json_put_text(&j, STR("reason"), str_of(call->why, call->why_len));
	json_close(&j, '}');
	if (buf_ok(&b)) /* the log has its line, whatever room there is */
		out_record(t->out, out_wrote(t->out, &b));
}

void
call_sweep(struct calls *cs, struct call *call, struct str why, const struct turn *t)
{
	struct ref ref = call->ref;

	if (call->state == CALL_ENDING) {
		alarm_disarm(cs->alarms, &call->alarm);
		call_drop_relays(cs, call, t);
	}
	for (int side = 0; side < 2; side++) {
		const struct leg *leg = leg_at(cs->legs, call->legs[side]);

		if (leg != NULL && leg->state != LEG_GONE)
			return;
	}
	note_end_of_call(cs, call, why, t);
	record_call(cs, call, t);
	story_end(cs, call, why, t);
	for (int side = 0; side < 2; side++) {
		struct leg *leg = leg_at(cs->legs, call->legs[side]);

		if (leg != NULL)
			leg_close(cs->legs, leg);
	}
	alarm_disarm(cs->alarms, &call->alarm);
	pool_give(&cs->pool, ref);
}
