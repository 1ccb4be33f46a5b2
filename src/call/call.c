/* SPDX-License-Identifier: Apache-2.0 */
#include "call/call.h"

#include <string.h>

#include "base/panic.h"
#include "call/headers.h"
#include "call/inside.h"

/* A parked call looks for the callee's addresses this often, and so long. */
enum { LOOK_AGAIN_MS = 50, LOOK_MAX_MS = 5000 };

bool
calls_open(struct calls *cs, struct arena *arena, uint32_t max, struct legs *legs,
	struct txns *txns, struct alarms *alarms, struct dice *dice)
{
	bool ok;

	*cs = (struct calls){ .legs = legs, .txns = txns, .alarms = alarms };
	uuids_init(&cs->uuids, dice);
	ok = pasts_open(&cs->pasts, arena, PASTS_MAX, PAST_REFUSALS_MAX);
	return pool_open(&cs->pool, arena, max, sizeof(struct call)) && ok;
}

struct call *
call_at(const struct calls *cs, struct ref ref)
{
	return pool_at(&cs->pool, ref);
}

bool
calls_have_room(const struct calls *cs)
{
	/* Two legs, one for a fork that answers too, and transactions for this one beside what
	 * those that are up may still come to need. */
	return pool_left(&cs->pool) > 0 && pool_left(&cs->legs->pool) >= 3 &&
		txns_left(cs->txns) >= TXNS_PER_CALL + cs->pool.used * TXNS_KEPT_PER_CALL;
}

struct call *
call_open(struct calls *cs, const struct call_request *r, const struct turn *t)
{
	struct ref ref;
	struct call *call = pool_take(&cs->pool, &ref);
	struct leg *leg;
	uint32_t expires_s;

	must(call != NULL);
	*call = (struct call){ .ref = ref, .state = CALL_ASKING, .opened_at_s = t->now.wall_s };
	call->is_dn = r->is_dn;
	call->is_asserted = r->is_asserted;
	call->alarm = alarm_of(ALARM_CALL, ref, 0);
	call->ask_until_ms = t->now.mono_ms + LOOK_MAX_MS;
	uuid_next(&cs->uuids, call->uuid);
	leg = leg_open_answered(cs->legs, r->invite, r->txn, &r->way, r->emits_tls, t);
	if (leg == NULL || !leg_set_call(leg, ref, str_of(call->uuid, UUID_BYTES), r->caller) ||
		!shelf_put(&leg->shelf, TEXT_REQUEST, r->number) ||
		!asserted_keep(cs, call, leg, r)) {
		if (leg != NULL) {
			leg_end(cs->legs, leg, 500, STR(""), STR(""), NULL, t);
			leg_close(cs->legs, leg);
		}
		pool_give(&cs->pool, ref);
		return NULL;
	}
	leg->is_proven = r->is_proven;
	leg->proven_on = leg->flow;
	leg->terms = r->terms;
	leg->is_phone = r->is_phone;
	leg->may_prove = r->home.family != ADDR_NONE;
	leg->home = r->home;
	leg->max_forwards = r->invite->max_forwards < 0 ? 70 : r->invite->max_forwards - 1;
	call->legs[0] = leg->ref;
	cs->total++;
	story_begin(cs, call, r, t);
	if (msg_seconds(r->invite, HEADER_EXPIRES, &expires_s) && expires_s > 0)
		call->expires_at_ms = t->now.mono_ms + (int64_t)expires_s * 1000;
	return call;
}

struct str
call_number(const struct calls *cs, const struct call *call)
{
	const struct leg *leg = leg_at(cs->legs, call->legs[0]);

	return leg != NULL ? leg_text(leg, TEXT_REQUEST) : STR("");
}

bool
call_park(struct calls *cs, struct call *call, const struct msg *invite, const struct turn *t)
{
	struct leg *leg = leg_at(cs->legs, call->legs[0]);

	must(leg != NULL && call->state == CALL_ASKING);
	if (t->now.mono_ms >= call->ask_until_ms ||
		(call->expires_at_ms != 0 && t->now.mono_ms >= call->expires_at_ms))
		return false;
	/* The answered leg has described no session yet, so its shelf holds what waits to cross.
	 * The
	 * scheme of the callee is not known: what may not stand on a sip leg is left out. */
	if (invite != NULL) {
		struct cargo cargo = headers_cross(invite, SCHEME_SIP, t);

		if (!shelf_put(&leg->shelf, TEXT_HEADERS, cargo.headers) ||
			!shelf_put(&leg->shelf, TEXT_SDP_HEADERS, cargo.body_headers) ||
			!shelf_put(&leg->shelf, TEXT_SDP, cargo.body))
			return false;
	}
	alarm_arm(cs->alarms, &call->alarm, t->now.mono_ms + LOOK_AGAIN_MS);
	return true;
}

/* What crosses with the INVITE: from the message itself, or what was parked on the caller's leg. */
static struct cargo
cargo_of(struct leg *caller, const struct msg *invite, enum scheme to, const struct turn *t)
{
	struct cargo cargo;

	if (invite != NULL)
		return headers_cross(invite, to, t);
	cargo = (struct cargo){
		.headers = arena_copy(t->scratch, leg_text(caller, TEXT_HEADERS)),
		.body_headers = arena_copy(t->scratch, leg_text(caller, TEXT_SDP_HEADERS)),
		.body = arena_copy(t->scratch, leg_text(caller, TEXT_SDP)),
	};
	/* Without its Content-Type it is no body. */
	if (str_is_empty(cargo.body_headers))
		cargo.body = STR("");
	(void)shelf_put(&caller->shelf, TEXT_HEADERS, STR(""));
	(void)shelf_put(&caller->shelf, TEXT_SDP_HEADERS, STR(""));
	(void)shelf_put(&caller->shelf, TEXT_SDP, STR(""));
	return cargo;
}

/* Who calls, as the callee's leg may show it. The views are of the caller's leg. */
static void
plan_from(struct leg_plan *plan, const struct leg *caller)
{
	struct nameaddr from;
	struct str number;
	size_t at;

	plan->from_user = STR("anonymous");
	if (!nameaddr_parse(&from, leg_text(caller, TEXT_REMOTE), &at))
		return;
	plan->from_display = headers_display(&from, plan->speech.scheme);
	if (from.uri.scheme == URI_SIP || from.uri.scheme == URI_SIPS)
		plan->from_user = from.uri.user;
	if (from.uri.scheme != URI_TEL)
		return;
	number = str_upto(from.uri.host, str_find(from.uri.host, ';'));
	for (at = 0; at < number.len; at++)
		if (!char_is_digit(number.at[at]) && str_find(STR("+-.()"), number.at[at]) == 5)
			return;
	if (number.len > 0)
		plan->from_user = number;
}

static void
refuse(struct calls *cs, struct call *call, unsigned status, struct str reason, struct str lines,
	struct str why, const struct turn *t)
{
	struct leg *caller = leg_at(cs->legs, call->legs[0]);
	struct cargo cargo = { .headers = lines, .body_headers = STR(""), .body = STR("") };

	call->status = status;
	call->state = CALL_ENDING;
	if (caller != NULL)
		leg_end(cs->legs, caller, status, reason, STR(""), &cargo, t);
	call_note_ender(call, ENDED_BY_US, why);
	call_sweep(cs, call, why, t);
}

void
call_place(struct calls *cs, struct call *call, struct leg_plan *plan, const struct msg *invite,
	const struct turn *t)
{
	struct leg *caller = leg_at(cs->legs, call->legs[0]);
	struct leg *callee;
	struct cargo cargo;
	struct str why;
	enum crossing crossing;

	must(caller != NULL && call->state == CALL_ASKING);
	call->unreachable_warning = plan->unreachable_warning;
	caller->is_strict = plan->is_strict;
	cargo = cargo_of(caller, invite, plan->speech.scheme, t);
	asserted_place(cs, call, plan, &cargo, t);
	plan_from(plan, caller);
	plan->uuid = str_of(call->uuid, UUID_BYTES);
	plan->max_forwards = caller->max_forwards;
	callee = leg_open_made(cs->legs, plan, &cargo, t, &why);
	if (callee == NULL) {
		refuse(cs, call, 480, STR(""), call_unreachable(cs, call, t), why, t);
		return;
	}
	alarm_disarm(cs->alarms, &call->alarm);
	if (call->expires_at_ms != 0)
		alarm_arm(cs->alarms, &call->alarm, call->expires_at_ms);
	callee->call = call->ref;
	call->legs[1] = callee->ref;
	story_callee(cs, call, callee);
	call->state = CALL_HUNTING;
	/* One that was redirected is counted again if it crosses otherwise now. */
	crossing = crossing_of(caller->speech.scheme, callee->speech.scheme);
	if (call->redirects == 0 || crossing != call->crossing) {
		cs->crossings_down += crossing == CROSSING_DOWN;
		cs->crossings_up += crossing == CROSSING_UP;
	}
	call->crossing = crossing;
}

void
call_refuse(struct calls *cs, struct call *call, unsigned status, struct str reason,
	struct str lines, const struct turn *t)
{
	refuse(cs, call, status, reason, lines, reason, t);
}

struct str
call_may_redirect(const struct calls *cs, const struct call *call)
{
	const struct leg *caller = leg_at(cs->legs, call->legs[0]);

	if (call->state != CALL_HUNTING || caller == NULL || ref_is_none(caller->invite_in))
		return STR("the call is over");
	/* The answer that it has is the answer to its offer (RFC 3261 13.2.1). */
	if (!str_is_empty(leg_text(caller, TEXT_SDP)))
		return STR("the caller has heard of a session");
	if (call->redirects >= REDIRECTS_MAX)
		return STR("the call was redirected too often");
	return calls_have_room(cs) ? STR("") : STR("there is no room for one more leg");
}

bool
call_has_tried(const struct calls *cs, const struct call *call, struct str number)
{
	const struct leg *caller = leg_at(cs->legs, call->legs[0]);
	const struct leg *callee = leg_at(cs->legs, call->legs[1]);
	struct str rest = leg_text(caller, TEXT_TRIED);

	while (!str_is_empty(rest))
		if (str_same(str_cut(&rest, '\n'), number))
			return true;
	return str_same(number, call_number(cs, call)) ||
		str_same(number, leg_text(callee, TEXT_DN));
}

/* Puts what crossed with the INVITE from the leg of the callee back to the caller's, as if the call
 * had waited. What was asserted is said anew to whom it goes to. */
static bool
take_back(struct leg *caller, const struct leg *callee, struct str number)
{
	char text[REDIRECTS_MAX * (REDIRECT_NUMBER_BYTES_MAX + 1)];
	struct buf tried = buf_on(text, sizeof text);

	buf_put(&tried, leg_text(caller, TEXT_TRIED));
	buf_put(&tried, number);
	buf_char(&tried, '\n');
	return buf_ok(&tried) && shelf_put(&caller->shelf, TEXT_TRIED, buf_str(&tried)) &&
		shelf_put(&caller->shelf, TEXT_HEADERS,
			asserted_strip(leg_text(callee, TEXT_HEADERS))) &&
		shelf_put(&caller->shelf, TEXT_SDP_HEADERS, leg_text(callee, TEXT_SDP_HEADERS)) &&
		shelf_put(&caller->shelf, TEXT_SDP, leg_text(callee, TEXT_SDP));
}

void
call_redirect(struct calls *cs, struct call *call, struct leg_plan *plan, struct str number,
	const struct turn *t)
{
	struct leg *caller = leg_at(cs->legs, call->legs[0]);
	struct leg *callee = leg_at(cs->legs, call->legs[1]);
	bool fits;

	must(caller != NULL && callee != NULL && call->state == CALL_HUNTING);
	fits = take_back(caller, callee, number);
	leg_close(cs->legs, callee);
	call->legs[1] = REF_NONE;
	call->redirects++;
	call->state = CALL_ASKING;
	if (fits)
		call_place(cs, call, plan, NULL, t);
	else
		refuse(cs, call, 500, STR(""), STR(""), STR("what crosses does not fit"), t);
}

static void
hang_up(struct calls *cs, struct call *call, unsigned status, struct str reason_header,
	struct str why, const struct turn *t)
{
	if (call->answered_at_s == 0)
		call->status = status;
	call->state = CALL_ENDING;
	for (int side = 0; side < 2; side++) {
		struct leg *leg = leg_at(cs->legs, call->legs[side]);

		if (leg != NULL)
			leg_end(cs->legs, leg, status, STR(""),
				leg->is_confirmed ? reason_header : STR(""), NULL, t);
	}
	call_note_ender(call, ENDED_BY_US, why);
	call_sweep(cs, call, why, t);
}

void
call_hang_up(struct calls *cs, struct call *call, const struct turn *t)
{
	hang_up(cs, call, 503, STR("SIP;cause=503;text=\"server is shutting down\""),
		STR("hung up by the operator"), t);
}

bool
call_ring(struct calls *cs, struct call *call, const struct turn *t)
{
	if (call->state == CALL_ASKING)
		return true;
	if (call->state == CALL_UP)
		hang_up(cs, call, 408, STR("SIP;cause=408;text=\"longest duration of a call\""),
			STR("the call was up for as long as any may be"), t);
	/* The caller's Expires is over (RFC 3261 13.3.1). */
	if (call->state == CALL_HUNTING) {
		struct leg *caller = leg_at(cs->legs, call->legs[0]);
		struct leg *callee = leg_at(cs->legs, call->legs[1]);

		call->state = CALL_ENDING;
		call->status = 487;
		if (caller != NULL)
			leg_end(cs->legs, caller, 487, STR(""), STR(""), NULL, t);
		if (callee != NULL)
			leg_end(cs->legs, callee, 487, STR(""), STR(""), NULL, t);
		call_note_ender(call, ENDED_BY_CALLER, STR("the INVITE expired"));
		call_sweep(cs, call, STR("the INVITE expired"), t);
	}
	return false;
}

uint32_t
calls_of_dn(const struct calls *cs, struct str dn)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < cs->pool.fresh; slot++) {
		const struct call *call = pool_slot(&cs->pool, slot);

		for (int side = 0; call != NULL && side < 2; side++) {
			const struct leg *leg = leg_at(cs->legs, call->legs[side]);

			if (leg != NULL && str_same(leg_text(leg, TEXT_DN), dn))
				count++;
		}
	}
	return count;
}
