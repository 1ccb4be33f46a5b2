/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/registrar.h"

#include "base/panic.h"
#include "base/turn.h"
#include "reg/answer.h"
#include "reg/change.h"
#include "reg/table.h"

static const struct answer answer_ok = { .status = 200, .reason = { "OK", 2 } };

uint32_t
registrar_alarms(uint32_t addresses_max)
{
	return addresses_max     /* the next expiry of each */
		+ ASKS_MAX       /* each question */
		+ addresses_max; /* each lane that is being cleared */
}

struct registrar *
registrar_open(struct arena *arena, const struct registrar_options *options, struct dice *dice)
{
	uint32_t max = options->addresses_max;
	uint8_t by_aor[MAP_KEY_BYTES] = { 0 }, by_flow[MAP_KEY_BYTES] = { 0 };
	struct registrar *r = arena_take(arena, sizeof *r, _Alignof(struct registrar));
	struct registrar measured;
	struct registrar *at = r != NULL ? r : &measured;
	bool good = r != NULL;
	void *scratch;

	*at = (struct registrar){ .options = *options, .dice = dice };
	if (good) {
		dice_bytes(dice, by_aor, sizeof by_aor);
		dice_bytes(dice, by_flow, sizeof by_flow);
		dice_bytes(dice, at->gruu_key, sizeof at->gruu_key);
	}
	/* All of them, whatever failed before, so that an arena that only measures counts them. */
	good &= pool_open(&at->addresses, arena, max, sizeof(struct address));
	good &= pool_open(&at->questions, arena, ASKS_MAX, sizeof(struct question));
	good &= pool_open(&at->lanes, arena, max, sizeof(struct lane));
	good &= map_open(&at->by_aor, arena, max, by_aor);
	good &= map_open(&at->by_flow, arena, max, by_flow);
	scratch = arena_take(arena, REGISTER_TEXT_BYTES, 1);
	at->scratch = arena_scratch_on(scratch, REGISTER_TEXT_BYTES);
	return good && scratch != NULL ? r : NULL;
}

/* Answers with a refusal, and says in the log who was refused what. */
static void
refuse_with(struct registrar *r, const struct register_request *request,
	const struct answer *answer, struct when now, struct out *out)
{
	struct turn turn = { now, out, NULL };
	struct buf line = note_begin(&turn);

	buf_put(&line, STR("register "));
	buf_quoted(&line, request->aor, LOG_TEXT_MAX);
	buf_put(&line, STR(" from "));
	addr_write_port(&line, &request->source);
	buf_put(&line, STR(": refused with "));
	buf_number(&line, answer->status);
	buf_put(&line, STR(": "));
	buf_put(&line, answer->reason);
	note_end(&turn, NOTE_INFO, &line);
	answer_now(r, request, answer, NULL, now, out);
}

static void
refuse(struct registrar *r, const struct register_request *request, unsigned status,
	struct str reason, uint32_t retry_after_s, struct when now, struct out *out)
{
	struct answer answer = {
		.status = status, .reason = reason, .retry_after_s = retry_after_s
	};

	refuse_with(r, request, &answer, now, out);
}

static void
note_lowered(const struct register_request *request, struct when now, struct out *out)
{
	struct turn turn = { now, out, NULL };
	struct buf line = note_begin(&turn);

	buf_put(&line, STR("register "));
	buf_quoted(&line, request->aor, LOG_TEXT_MAX);
	buf_put(&line, STR(" from "));
	addr_write_port(&line, &request->source);
	buf_put(&line, STR(": a sips REGISTER with a sip Contact makes a sip binding"));
	note_end(&turn, NOTE_WARN, &line);
}

/* Asks the store for what CHANGE wants. A is NULL for an address that has no binding yet. */
static void
save(struct registrar *r, struct address *a, const struct register_request *request,
	const struct change *change, struct when now, struct out *out)
{
	struct buf b = out_buf(out, SET_BYTES_MAX);
	struct str path = msg_value(request->msg, HEADER_PATH);
	struct flow_id flow = lane_flow(request->transport, request->flow, path);
	struct question *q;

	binding_set_write(&b, &change->set);
	if (!buf_ok(&b) || request->aor.len > AOR_BYTES_MAX) {
		refuse(r, request, 403, STR("Contacts Too Long"), 0, now, out);
		return;
	}
	if (pool_left(&r->questions) > 0 && a == NULL)
		a = address_take(r, request->aor);
	if (pool_left(&r->questions) == 0 || a == NULL) {
		refuse(r, request, 503, STR("Service Unavailable"), STORE_BUSY_S, now, out);
		return;
	}
	q = question_ask(r, a, request->txn, out_wrote(out, &b), now, out);
	if (lane_hold(r, flow))
		q->flow = flow;
	answer_prepare(r, request, change->is_outbound, q);
	if (change->is_lowered)
		note_lowered(request, now, out);
}

void
registrar_hear(struct registrar *r, const struct register_request *request, struct when now,
	struct out *out)
{
	struct address *a = address_find(r, request->aor);
	struct binding_set in_force = { .count = 0 };
	struct change_terms terms = { .in_force = &in_force,
		.listeners = r->options.listeners,
		.listener_count = r->options.listener_count };
	struct answer answer;
	struct change change;

	arena_clear(&r->scratch);
	if (a != NULL)
		address_in_force(r, a, now, &in_force);
	change_judge(&change, request, &terms, &r->scratch, now);
	switch (change.kind) {
	case CHANGE_NONE:
		answer = answer_ok;
		answer.is_outbound = change.is_outbound;
		answer_now(r, request, &answer, &change.set, now, out);
		break;
	case CHANGE_REFUSE:
		answer = (struct answer){ .status = change.status,
			.reason = change.reason,
			.min_expires_s = change.min_expires_s };
		refuse_with(r, request, &answer, now, out);
		break;
	case CHANGE_SAVE: save(r, a, request, &change, now, out); break;
	}
}

void
registrar_set(
	struct registrar *r, struct str aor, uint64_t version, struct str set, struct when now)
{
	struct address *a = address_find(r, aor);

	must(version > 0);
	if (a == NULL) {
		if (set.len == 0 || aor.len > AOR_BYTES_MAX)
			return;
		a = address_take(r, aor);
		if (a == NULL)
			return;
	}
	if (a->version != 0 && version <= a->version)
		return;
	/* A set that cannot be read is as none, but its version stands: the next save replaces
	 * it. */
	address_put(r, a, set);
	a->version = set.len > 0 ? version : 0;
	a->is_behind = false;
	expiry_arm(r, a, now);
	address_release(r, a);
}

/* What Q wanted to be saved was not: WHY is a sentence. */
static void
note_unsaved(const struct registrar *r, const struct question *q, struct str why, struct when now,
	struct out *out)
{
	const struct address *a = pool_at(&r->addresses, q->address);
	struct turn turn = { now, out, NULL };
	struct buf line = note_begin(&turn);

	buf_put(&line, STR("register "));
	buf_quoted(&line, address_aor(a), LOG_TEXT_MAX);
	buf_put(&line, STR(": "));
	buf_put(&line, why);
	note_end(&turn, NOTE_WARN, &line);
}

struct flow_id
registrar_saved(struct registrar *r, struct ref ask, enum saved_status status, struct when now,
	struct out *out)
{
	struct question *q = pool_at(&r->questions, ask);
	struct answer answer = answer_ok;
	struct flow_id watch = FLOW_NONE;

	if (q == NULL)
		return FLOW_NONE;
	switch (status) {
	case SAVED_DONE: watch = q->watch; break;
	case SAVED_STALE:
		answer = (struct answer){ .status = 500,
			.reason = STR("Bindings Changed Meanwhile"),
			.retry_after_s = 1 };
		if (!ref_is_none(q->txn))
			note_unsaved(r, q,
				STR("the bindings changed while they were being saved; to be sent "
				    "again"),
				now, out);
		break;
	case SAVED_FAILED: /* RFC 3261 10.3 (7) */
		answer = (struct answer){ .status = 500,
			.reason = STR("Bindings Not Saved"),
			.retry_after_s = STORE_BUSY_S };
		note_unsaved(r, q, STR("the store has failed to save the bindings"), now, out);
		break;
	}
	answer_later(r, q, &answer, now, out);
	question_close(r, q);
	return watch;
}

void
registrar_ring(struct registrar *r, const struct alarm *alarm, struct when now, struct out *out)
{
	static const struct answer late = { .status = 500,
		.reason = { "Store Does Not Answer", 21 } };
	struct question *q;
	struct address *a;
	struct lane *lane;

	switch ((enum reg_letter)alarm->letter) {
	case LETTER_EXPIRY:
		a = pool_at(&r->addresses, alarm->owner);
		must(a != NULL);
		expiry_shed(r, a, now, out);
		break;
	case LETTER_QUESTION:
		q = pool_at(&r->questions, alarm->owner);
		must(q != NULL);
		note_unsaved(r, q, STR("the store does not answer"), now, out);
		answer_later(r, q, &late, now, out);
		question_close(r, q);
		break;
	case LETTER_LANE:
		lane = pool_at(&r->lanes, alarm->owner);
		must(lane != NULL);
		lane_clear(r, lane, now, out);
		break;
	}
}

uint32_t
registrar_find(const struct registrar *r, struct str aor, struct when now,
	struct binding found[CONTACTS_PER_AOR_MAX])
{
	const struct address *a = address_find(r, aor);
	struct binding_set set;
	uint32_t count = 0;

	if (a == NULL)
		return 0;
	address_in_force(r, a, now, &set);
	/* From the latest to the first; an equal q goes behind those that are there. */
	for (uint32_t i = set.count; i > 0; i--) {
		uint32_t at = count++;

		for (; at > 0 && found[at - 1].q_thousandths < set.list[i - 1].q_thousandths; at--)
			found[at] = found[at - 1];
		found[at] = set.list[i - 1];
	}
	return count;
}

bool
registrar_is_on_flow(const struct registrar *r, struct str aor, struct flow_id flow,
	const struct addr *source, struct when now)
{
	const struct address *a = address_find(r, aor);

	for (uint32_t i = 0; a != NULL && i < a->set.count; i++) {
		const struct binding *b = &a->set.list[i];

		/* Over a proxy's connection others come too. */
		if (flow_same(b->flow, flow) && address_reaches(r, a, i, now) &&
			str_is_empty(b->path) &&
			(b->speech.transport != TRANSPORT_UDP || addr_same(&b->source, source)))
			return true;
	}
	return false;
}

uint32_t
registrar_slots(const struct registrar *r)
{
	return r->addresses.fresh;
}

struct str
registrar_aor(const struct registrar *r, uint32_t slot)
{
	const struct address *a = pool_slot(&r->addresses, slot);

	return a != NULL ? address_aor(a) : STR_NONE;
}

uint32_t
registrar_count(const struct registrar *r)
{
	return r->bound;
}

uint32_t
registrar_asks(const struct registrar *r)
{
	return r->questions.used;
}
