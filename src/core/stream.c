/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: what has come in is cut into messages; what is not whole yet is kept, for a while. */
#include "core/inside.h"

#include <string.h>

#include "base/panic.h"
#include "sip/frame.h"

/* Octets that wait: half a message, and whole ones while there is no room for what they ask. */
struct half {
	uint32_t len;
	int64_t since_ms; /* when its first message began to wait */
	char octets[HALF_BYTES];
};

bool
halves_open(struct core *core, struct arena *arena)
{
	return pool_open(&core->halves, arena, PENDING_MAX, sizeof(struct half));
}

/* Nothing waits any more. */
static void
drop_half(struct core *core, struct flow *flow)
{
	alarm_disarm(&core->alarms, &flow->alarm);
	if (!ref_is_none(flow->half))
		pool_give(&core->halves, flow->half);
	flow->half = REF_NONE;
}

void
stream_drop(struct core *core, struct flow *flow)
{
	drop_half(core, flow);
	alarm_disarm(&core->alarms, &flow->silence);
}

void
stream_give_up(struct core *core, struct flow *flow, struct str why, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, transport_name(flow->transport));
	buf_put(&line, STR(" with "));
	addr_write_port(&line, &flow->peer);
	buf_put(&line, STR(" is shut: "));
	buf_put(&line, why);
	note_end(t, NOTE_WARN, &line);
	stream_drop(core, flow);
	flow->is_shut = true;
	flow->is_deaf = false;
	out_shut(t->out, flow->id);
}

static const struct str cannot_be_told = STR("its messages cannot be told apart any more");

/* The stream can no longer be followed: an answer to what can be read of it, and the end, which
 * waits for the answer to a REGISTER before it that the store has not kept yet. */
static void
hear_fault(struct core *core, struct flow *flow, const struct frame *frame, const struct turn *t)
{
	struct fault fault = { .what = FAULT_NONE };
	struct arrival a = { .msg = core->msg, .flow = flow, .source = flow->peer };

	core->faults++;
	note_fault(core, flow, &flow->peer, frame->fault, 0, t);
	a.way = (struct txn_way){ .flow = flow->id, .addr = flow->peer };
	if (!str_is_empty(frame->message)) {
		(void)msg_parse(core->msg, frame->message, false, &fault);
		fault.what = frame->fault;
		if (msg_may_answer(core->msg))
			respond_fault(core, &a, &fault, t);
	}
	if (!registrar_owes(core->registrar, flow->id)) {
		stream_give_up(core, flow, cannot_be_told, t);
		return;
	}
	stream_drop(core, flow);
	flow->is_deaf = true;
}

void
stream_end_deaf(struct core *core, uint32_t first, const struct turn *t)
{
	for (uint32_t i = first, end = t->out->count; i < end; i++) {
		const struct act *act = &t->out->acts[i];
		struct flow *flow =
			act->kind == ACT_SEND ? flows_find(&core->flows, act->u.send.flow) : NULL;

		if (flow != NULL && flow->is_deaf && !registrar_owes(core->registrar, flow->id))
			stream_give_up(core, flow, cannot_be_told, t);
	}
}

/* Handles whole messages at the front of DATA while there is room.
 * Ends: how many octets are done with; the flow may be shut. */
static size_t
hear_whole(struct core *core, struct flow *flow, struct str data, const struct turn *t)
{
	size_t done = 0;

	while (out_has_room(t->out)) {
		struct frame frame = frame_next(str_from(data, done), &flow->crlfs);

		done += frame.skip;
		switch (frame.kind) {
		case FRAME_MORE: return done;
		case FRAME_PING: out_send(t->out, flow->id, &flow->peer, STR("\r\n")); continue;
		case FRAME_FAULT: hear_fault(core, flow, &frame, t); return data.len;
		case FRAME_MESSAGE:
			done += frame.message.len;
			core_hear(core, flow, &flow->peer, frame.message, t);
			arena_clear(t->scratch);
			if (flow->is_shut) /* nothing is kept any more */
				return data.len;
			continue;
		}
	}
	return done;
}

/* Whether the octets kept hold more to do at once: there was no room, rather than too little. */
static bool
has_backlog(const struct turn *t)
{
	return !out_has_room(t->out);
}

static void
arm(struct core *core, struct flow *flow, struct half *half, bool has_moved, const struct turn *t)
{
	if (has_moved)
		half->since_ms = t->now.mono_ms;
	alarm_arm(&core->alarms, &flow->alarm,
		has_backlog(t) ? t->now.mono_ms : half->since_ms + STREAM_WAIT_MS);
}

/* Keeps REST, which is not (or not yet) handled. Of a stream that was shut there is none. */
static void
keep(struct core *core, struct flow *flow, struct str rest, const struct turn *t)
{
	struct ref ref;
	struct half *half;

	if (str_is_empty(rest))
		return;
	half = pool_take(&core->halves, &ref);
	if (half == NULL || rest.len > HALF_BYTES) {
		if (half != NULL)
			pool_give(&core->halves, ref);
		stream_give_up(
			core, flow, STR("no room for one more message that is not whole"), t);
		return;
	}
	half->len = (uint32_t)rest.len;
	memcpy(half->octets, rest.at, rest.len);
	flow->half = ref;
	arm(core, flow, half, true, t);
}

/* Goes on with the octets kept. */
static void
hear_kept(struct core *core, struct flow *flow, const struct turn *t)
{
	struct half *half = pool_at(&core->halves, flow->half);
	size_t done = hear_whole(core, flow, str_of(half->octets, half->len), t);

	if (flow->is_shut || flow->is_deaf)
		return; /* nothing is kept any more */
	if (done == half->len) {
		drop_half(core, flow);
		return;
	}
	memmove(half->octets, half->octets + done, half->len - done);
	half->len -= (uint32_t)done;
	arm(core, flow, half, done > 0, t);
}

void
stream_hear(struct core *core, struct flow *flow, struct str data, const struct turn *t)
{
	struct half *half = pool_at(&core->halves, flow->half);

	if (half == NULL) {
		size_t done = hear_whole(core, flow, data, t);

		keep(core, flow, str_from(data, done), t);
		return;
	}
	if (data.len > HALF_BYTES - half->len) {
		stream_give_up(core, flow, STR("it sends faster than it can be answered"), t);
		return;
	}
	memcpy(half->octets + half->len, data.at, data.len);
	half->len += (uint32_t)data.len;
	hear_kept(core, flow, t);
}

enum { SILENCE_MS = (FLOW_TIMER_S + FLOW_GRACE_S) * 1000 };

void
stream_watch(struct core *core, struct flow *flow, const struct turn *t)
{
	if (!flow->is_shut)
		alarm_arm(&core->alarms, &flow->silence, t->now.mono_ms + SILENCE_MS);
}

/* Octets do not move the alarm, they are too many: it looks when the last ones came. */
static void
ring_silence(struct core *core, struct flow *flow, const struct turn *t)
{
	if (t->now.mono_ms >= flow->heard_at_ms + SILENCE_MS)
		stream_give_up(
			core, flow, STR("its phone was to keep it alive and was not heard"), t);
	else
		alarm_arm(&core->alarms, &flow->silence, flow->heard_at_ms + SILENCE_MS);
}

static void
ring_half(struct core *core, struct flow *flow, const struct turn *t)
{
	const struct half *half = pool_at(&core->halves, flow->half);

	must(half != NULL); /* the alarm goes with it */
	if (t->now.mono_ms >= half->since_ms + STREAM_WAIT_MS) {
		stream_give_up(core, flow, STR("half a message waited too long for the rest"), t);
		return;
	}
	hear_kept(core, flow, t);
}

void
stream_ring(struct core *core, struct flow *flow, const struct alarm *alarm, const struct turn *t)
{
	switch ((enum flow_letter)alarm->letter) {
	case LETTER_HALF: ring_half(core, flow, t); return;
	case LETTER_SILENCE: ring_silence(core, flow, t); return;
	}
}
