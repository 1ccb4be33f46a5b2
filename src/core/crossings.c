/* SPDX-License-Identifier: Apache-2.0 */
/* What the schemes of a call have to do with its two DNs: the mode in force, what the caller's own
 * DN says, what strict asks of the INVITE itself, and the count of it all. What may cross is
 * decided by secure/crossing alone. */
#include "core/inside.h"

enum caller_says
crossings_says(const struct dn *dn)
{
	if (dn == NULL)
		return SAYS_NOTHING;
	if (dn->sips != SIPS_ALLOWED)
		return dn->sips == SIPS_REQUIRED ? SAYS_REQUIRED : SAYS_REFUSED;
	if (dn->contact.is_self)
		return SAYS_NOTHING;
	return dn->contact.speech.scheme == SCHEME_SIPS ? SAYS_SIPS : SAYS_SIP;
}

enum crossing_mode
crossings_mode(const struct core *core, const struct dn *caller, const struct dn *callee)
{
	enum crossing_mode mode = crossing_stricter(core->directory->crossing, callee->crossing);

	return caller != NULL ? crossing_stricter(mode, caller->crossing) : mode;
}

const struct caller_row *
crossings_caller(enum crossing_mode mode, enum scheme scheme, const struct dn *caller)
{
	return crossing_caller_row(
		mode, scheme == SCHEME_SIPS ? FROM_SIPS : FROM_SIP, crossings_says(caller));
}

struct verdict
crossings_verdict(const struct core *core, const struct route_ask *ask)
{
	return (struct verdict){ .is_set = true,
		.mode = crossings_mode(core, ask->caller, ask->dn),
		.from = ask->scheme == SCHEME_SIPS ? FROM_SIPS : FROM_SIP,
		.says = crossings_says(ask->caller) };
}

struct refusal
crossings_refusal(const struct core *core, unsigned status, unsigned warning, struct str why,
	const struct turn *t)
{
	struct buf line = buf_on(arena_take(t->scratch, HEAD_BYTES_MAX, 1), HEAD_BYTES_MAX);
	struct refusal refusal = { .status = status, .why = why, .lines = STR("") };

	if (line.at == NULL)
		return refusal;
	crossing_write_warning(&line, warning, directory_realm(core->directory));
	refusal.lines = buf_str(&line);
	return refusal;
}

/* Whether every hop behind the first was over TLS, as the Via lines say. */
static bool
is_all_tls(const struct msg *msg)
{
	struct values values = msg_values(msg, HEADER_VIA);
	struct str value;

	while (values_next(&values, &value)) {
		struct str rest = value, version = str_cut(&rest, '/');
		struct str number = str_cut(&rest, '/'), transport;

		(void)version;
		(void)number;
		rest = str_trim(rest);
		transport = str_cut(&rest, ' ');
		if (!str_begins_alike(transport, STR("TLS")) && !str_alike(transport, STR("WSS")))
			return false;
	}
	return true;
}

/* What strict tells of a sips INVITE (RFC 5630 3.2). */
static void
note_clear_hops(const struct arrival *a, const struct turn *t)
{
	struct buf line;

	if (is_all_tls(a->msg))
		return;
	line = note_begin(t);
	buf_put(&line, STR("a sips INVITE from "));
	addr_write_port(&line, &a->source);
	buf_put(&line, STR(" has passed a hop in clear, as its Via says: "));
	buf_quoted(&line, a->msg->target_text, LOG_TEXT_MAX);
	note_end(t, NOTE_WARN, &line);
}

struct refusal
crossings_would(const struct core *core, const struct msg *msg, enum scheme scheme,
	const struct dn *caller, const struct dn *callee, const struct turn *t)
{
	enum crossing_mode mode = crossings_mode(core, caller, callee);
	const struct caller_row *row = crossings_caller(mode, scheme, caller);

	if (row != NULL && row->status != 0)
		return crossings_refusal(core, row->status, row->warning, row->why, t);
	/* RFC 3261 26.4.4 */
	if (mode == MODE_STRICT && scheme == SCHEME_SIPS && msg->to.uri.scheme == URI_SIP)
		return (struct refusal){ .status = 400,
			.reason = STR("SIPS Request-URI With SIP To") };
	return (struct refusal){ .status = 0 };
}

struct refusal
crossings_judge(struct core *core, const struct arrival *a, enum scheme scheme,
	const struct dn *caller, const struct dn *callee, const struct turn *t)
{
	enum crossing_mode mode = crossings_mode(core, caller, callee);
	const struct caller_row *row = crossings_caller(mode, scheme, caller);
	struct refusal refusal = crossings_would(core, a->msg, scheme, caller, callee, t);
	struct pair_call call = { .is_refused = true };
	struct buf line;

	if (row != NULL && row->status != 0) {
		pairs_count(&core->pairs, caller->number, callee->number, &call, t->now.wall_s);
	} else if (row != NULL) {
		line = note_begin(t);
		buf_put(&line, STR("DN "));
		buf_quoted(&line, caller->number, LOG_TEXT_MAX);
		buf_put(&line, STR(" is let in under "));
		buf_put(&line, crossing_mode_name(mode));
		buf_put(&line, STR(", though "));
		buf_put(&line, row->why);
		note_end(t, NOTE_WARN, &line);
	}
	if (refusal.status == 0 && mode == MODE_STRICT && scheme == SCHEME_SIPS)
		note_clear_hops(a, t);
	return refusal;
}

/* What strict would refuse the call with; status 0: with nothing. */
struct objection {
	unsigned status, warning;
	struct str why;
};

static struct objection
objection_of(const struct route_ask *ask, const struct route *route)
{
	const struct caller_row *own = crossings_caller(MODE_STRICT, ask->scheme, ask->caller);
	const struct crossing_row *row = route->strict;

	if (own != NULL) /* strict lets none of them in */
		return (struct objection){ own->status, own->warning, own->why };
	if (ask->scheme == SCHEME_SIPS && ask->has_sip_to)
		return (struct objection){ 400, 0, STR("its To is sip beside a sips Request-URI") };
	if (row->leg == LEG_B_REFUSED)
		return (struct objection){ row->status, row->warning, row->why };
	return (struct objection){ .status = 0 };
}

/* The line that `observe` is for. */
static void
note_strict(struct str caller, struct str callee, const struct objection *o, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("observe: strict would refuse the call from "));
	buf_quoted(&line, str_is_empty(caller) ? STR("a stranger") : caller, LOG_TEXT_MAX);
	buf_put(&line, STR(" to "));
	buf_quoted(&line, callee, LOG_TEXT_MAX);
	buf_put(&line, STR(" with "));
	buf_number(&line, o->status);
	if (o->warning != 0) {
		buf_put(&line, STR(" and Warning "));
		buf_number(&line, o->warning);
	}
	buf_put(&line, STR(": "));
	buf_put(&line, o->why);
	note_end(t, NOTE_INFO, &line);
}

void
crossings_count(struct core *core, const struct route_ask *ask, const struct route *route,
	const struct turn *t)
{
	const struct crossing_row *row = route->crossing.row;
	struct str caller = ask->caller != NULL ? ask->caller->number : STR("");
	struct pair_call call = { .is_refused = false };
	struct objection objection;
	enum crossing crossing;

	if (row == NULL || route->crossing.known == KNOWN_NONE)
		return;
	crossing = crossing_of(ask->scheme, route->crossing.speech.scheme);
	objection = objection_of(ask, route);
	call.is_refused = row->leg == LEG_B_REFUSED;
	call.goes_down = !call.is_refused && crossing == CROSSING_DOWN;
	call.goes_up = !call.is_refused && crossing == CROSSING_UP;
	call.strict_would = !call.is_refused && objection.status != 0;
	pairs_count(&core->pairs, caller, ask->dn->number, &call, t->now.wall_s);
	if (call.strict_would && route->mode == MODE_OBSERVE)
		note_strict(caller, ask->dn->number, &objection, t);
}

void
crossings_fallback(struct core *core, const struct leg *leg, const struct turn *t)
{
	const struct call *call = call_at(&core->calls, leg->call);
	const struct leg *caller = call != NULL ? leg_at(&core->legs, call->legs[0]) : NULL;
	struct str number = caller != NULL && call->is_dn ? leg_text(caller, TEXT_DN) : STR("");
	const struct objection objection = { 480, 0,
		STR("the device answered sips with a sip Contact") };
	const struct dn *from = directory_find(core->directory, number);
	const struct dn *to = directory_find(core->directory, leg_text(leg, TEXT_DN));

	pairs_object(&core->pairs, number, leg_text(leg, TEXT_DN));
	if (to != NULL && crossings_mode(core, from, to) == MODE_OBSERVE)
		note_strict(number, to->number, &objection, t);
}
