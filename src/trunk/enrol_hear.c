/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a REGISTER of ours. */
#include "gate/answer.h"
#include "sip/write.h"
#include "trunk/inside.h"

/* RFC 5626 4.5: the span is doubled with each failure in a row, and half of it is chance. */
enum { BASE_S = 30, MOST_S = 1800, DOUBLED_MAX = 6 };

/* A registration that held so long was none of the failures in a row (RFC 5626 4.4.1: a flow that
 * lives for two minutes is usable). */
enum { STEADY_MS = 120 * 1000 };

/* Credentials that were refused will not be right the next minute, and accounts are locked for
 * less: as if it had failed so often before. */
enum { HOPELESS_FAILURES = 4 };

/* What is granted for a few seconds only is not refreshed faster than this. */
enum { REFRESH_MIN_MS = 5 * 1000 };

static struct buf
begin_note(const struct enrol *e, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("DN "));
	buf_quoted(&line, enrol_number(e), LOG_TEXT_MAX);
	return line;
}

static void
note_failure(const struct enrol *e, struct str why, int64_t wait_ms, const struct turn *t)
{
	struct buf line = begin_note(e, t);

	buf_put(&line,
		enrol_is_in_force(e, t->now) ? STR(": its registration was not renewed at ")
					     : STR(": not registered at "));
	enrol_write_registrar(&line, e);
	buf_put(&line, STR(": "));
	buf_quoted(&line, why, LOG_TEXT_MAX);
	if (wait_ms == 0) {
		buf_put(&line, STR("; tried again at once"));
	} else {
		buf_put(&line, STR("; tried again in "));
		buf_number(&line, (uint64_t)(wait_ms + 999) / 1000);
		buf_put(&line, STR(" s"));
	}
	note_end(t, NOTE_WARN, &line);
}

/* How long to wait after so many failures in a row. */
static int64_t
span_ms(struct enrols *es, unsigned failures)
{
	uint32_t most_s = (uint32_t)BASE_S << (failures < DOUBLED_MAX ? failures : DOUBLED_MAX);

	if (most_s > MOST_S)
		most_s = MOST_S;
	return (int64_t)most_s * 500 + dice_below(es->dice, most_s * 500 + 1);
}

void
enrol_back_off(
	struct enrols *es, struct enrol *e, struct str why, uint32_t least_s, const struct turn *t)
{
	bool was_in_force = enrol_is_in_force(e, t->now);
	const struct flow *flow = flows_find(es->flows, e->flow);
	bool is_lost = was_in_force && (flow == NULL || flow->is_shut);
	int64_t wait_ms;

	if (was_in_force && t->now.mono_ms - e->since_ms >= STEADY_MS)
		e->failures = 0;
	/* What was lost is asked for at once, unless that came to nothing a moment ago. */
	wait_ms = is_lost && e->failures == 0 ? 0 : span_ms(es, e->failures + !is_lost);
	e->failures++;
	if (wait_ms < (int64_t)least_s * 1000)
		wait_ms = (int64_t)(least_s < MOST_S ? least_s : MOST_S) * 1000;
	if (is_lost)
		e->until_ms = 0;
	note_failure(e, why, wait_ms, t);
	enrol_move(es, e, ENROL_WAITING);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms + wait_ms);
}

/* The next of its addresses, if this one did not answer. */
static bool
try_next_way(struct enrols *es, struct enrol *e, const struct turn *t)
{
	if (e->way_next == 0)
		return false;
	enrol_move(es, e, ENROL_WAITING);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms);
	return true;
}

/* ---- a challenge ---- */

/* Says it again with credentials, over the same way. Ends: false with *WHY a sentence. */
static bool
prove(struct enrols *es, struct enrol *e, const struct news *news, const struct msg *msg,
	const struct turn *t, struct str *why)
{
	struct secret secret = { enrol_text(e, ENROL_TEXT_USERNAME),
		enrol_text(e, ENROL_TEXT_PASSWORD), enrol_text(e, ENROL_TEXT_REALM) };
	struct msg *request = arena_take(t->scratch, sizeof *request, _Alignof(struct msg));
	char *text = arena_take(t->scratch, OURS_BYTES_MAX, 1);
	struct buf proof = buf_on(text, text != NULL ? OURS_BYTES_MAX : 0);
	uint32_t asked_s = e->state == ENROL_LEAVING ? 0 : e->asked_s;
	enum answer_verdict verdict;
	struct fault fault;
	struct way way;

	*why = STR("the connection is gone");
	if (request == NULL || !enrol_way_again(es, e, &way) ||
		!msg_parse(request, txn_request_text(es->txns, news->txn), false, &fault))
		return false;
	verdict =
		answer_write(es->gate, es->dice, msg, request, &secret, news->owner.tries, &proof);
	*why = answer_verdict_text(verdict);
	return verdict == ANSWER_GIVEN &&
		enrol_say(es, e, &way, asked_s, buf_str(&proof), news->owner.tries + 1, t, why);
}

/* ---- a 200 ---- */

/* For how long our Contact is registered, which is *CONTACT then; 0: it is not in the list. */
static uint32_t
granted_s(const struct enrol *e, const struct msg *msg, struct nameaddr *contact)
{
	struct values values = msg_values(msg, HEADER_CONTACT);
	struct uri ours;
	struct str value, expires;
	uint64_t seconds;
	uint32_t usual_s = e->asked_s;
	size_t at;

	if (!uri_parse(&ours, enrol_text(e, ENROL_TEXT_CONTACT), &at))
		return 0;
	(void)msg_seconds(msg, HEADER_EXPIRES, &usual_s);
	while (values_next(&values, &value)) {
		if (!nameaddr_parse(contact, value, &at) || contact->star ||
			!uri_same_binding(&contact->uri, &ours))
			continue;
		expires = nameaddr_param(contact, STR("expires"));
		if (str_is_none(expires))
			return usual_s;
		return str_number(expires, UINT32_MAX, &seconds) ? (uint32_t)seconds : usual_s;
	}
	return 0;
}

/* Puts one value of Service-Route as it is sent: sips where we speak sips (RFC 5630 5.1.1).
 * Ends: false when it is none, or that of a strict router (RFC 3608 5). */
static bool
write_route(struct buf *b, const struct enrol *e, struct str value)
{
	struct nameaddr route;
	size_t at;

	if (!nameaddr_parse(&route, value, &at) || route.star ||
		(route.uri.scheme != URI_SIP && route.uri.scheme != URI_SIPS) ||
		str_is_none(uri_param(&route.uri, STR("lr"))))
		return false;
	if (b->used > 0)
		buf_put(b, STR(", "));
	buf_char(b, '<');
	if (route.uri.scheme == URI_SIP && e->speech.scheme == SCHEME_SIPS) {
		buf_put(b, STR("sips"));
		write_piece(b, str_from(route.uri.text, STR("sip").len));
	} else {
		write_piece(b, route.uri.text);
	}
	buf_char(b, '>');
	if (!str_is_empty(route.params))
		write_piece(b, route.params);
	return true;
}

static void
take_routes(struct enrol *e, const struct msg *msg, const struct turn *t)
{
	struct values values = msg_values(msg, HEADER_SERVICE_ROUTE);
	char text[SERVICE_ROUTE_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text), line;
	struct str value;
	bool is_good = true;

	while (values_next(&values, &value))
		is_good = is_good && write_route(&b, e, value);
	if (is_good && buf_ok(&b) && shelf_put(&e->shelf, ENROL_TEXT_ROUTES, buf_str(&b)))
		return;
	(void)shelf_put(&e->shelf, ENROL_TEXT_ROUTES, STR(""));
	line = begin_note(e, t);
	buf_put(&line, STR(": the Service-Route of its registrar cannot be used"));
	note_end(t, NOTE_WARN, &line);
}

/* Keeps the public GRUU of our Contact, whatever its scheme: it is used in the one of the request
 * (RFC 5630 5.1.1.4). None with a transport, which a sips Contact must not say. */
static void
take_gruu(struct enrol *e, const struct nameaddr *contact, const struct turn *t)
{
	struct str text = nameaddr_param(contact, STR("pub-gruu"));
	struct uri uri;
	struct buf line;
	size_t at;

	(void)shelf_put(&e->shelf, ENROL_TEXT_GRUU, STR(""));
	if (!e->wants_gruu || str_is_none(text))
		return;
	if (uri_parse(&uri, text, &at) && (uri.scheme == URI_SIP || uri.scheme == URI_SIPS) &&
		str_is_empty(uri.headers) && !str_is_empty(uri_param(&uri, STR("gr"))) &&
		str_is_none(uri_transport(&uri)) && text.len <= ENROL_GRUU_BYTES_MAX &&
		shelf_put(&e->shelf, ENROL_TEXT_GRUU, str_from(text, str_find(text, ':') + 1)))
		return;
	line = begin_note(e, t);
	buf_put(&line, STR(": the GRUU of its registrar cannot be used"));
	note_end(t, NOTE_WARN, &line);
}

static void
note_enrolled(const struct enrol *e, uint32_t seconds, const struct turn *t)
{
	struct buf line = begin_note(e, t);

	buf_put(&line, STR(": registered as "));
	enrol_write_aor(&line, e);
	buf_put(&line, STR(" over "));
	buf_put(&line, transport_name(e->transport));
	buf_put(&line, STR(" for "));
	buf_number(&line, seconds);
	buf_put(&line, STR(" s"));
	note_end(t, NOTE_INFO, &line);
}

static void
take_granted(struct enrols *es, struct enrol *e, const struct msg *msg, const struct turn *t)
{
	struct nameaddr contact;
	uint32_t seconds = granted_s(e, msg, &contact);
	int64_t span = (int64_t)seconds * 1000, wait_ms;

	if (seconds == 0) {
		e->until_ms = 0;
		enrol_back_off(es, e, STR("its 200 does not list our Contact"), 0, t);
		return;
	}
	take_routes(e, msg, t);
	take_gruu(e, &contact, t);
	if (!enrol_is_in_force(e, t->now)) {
		e->since_ms = t->now.mono_ms;
		note_enrolled(e, seconds, t);
	}
	e->until_ms = t->now.mono_ms + span;
	e->way_next = 0;
	/* Between half of the time and three quarters of it: there is time for another try. */
	wait_ms = span / 2 + dice_below(es->dice, seconds < 4000000 ? seconds * 250 + 1 : 1);
	if (wait_ms < REFRESH_MIN_MS)
		wait_ms = REFRESH_MIN_MS;
	enrol_move(es, e, ENROL_ENROLLED);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms + wait_ms);
}

/* ---- a refusal ---- */

/* 423: it wants to be asked for longer, which is done at once, once. Ends: false if it has no
 * say. */
static bool
take_interval(struct enrols *es, struct enrol *e, const struct msg *msg, const struct turn *t)
{
	uint32_t least_s;

	if (msg->status != 423 || !msg_seconds(msg, HEADER_MIN_EXPIRES, &least_s) ||
		least_s <= e->asked_s || least_s > ENROL_EXPIRES_MAX_S)
		return false;
	e->asked_s = least_s;
	e->way_next = 0;
	enrol_move(es, e, ENROL_WAITING);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms);
	return true;
}

static void
take_refusal(struct enrols *es, struct enrol *e, const struct msg *msg, struct str why,
	const struct turn *t)
{
	char text[LOG_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);
	uint32_t later_s = 0;

	if (take_interval(es, e, msg, t) || (msg->status == 503 && try_next_way(es, e, t)))
		return;
	if (msg->status == 401 || msg->status == 403 || msg->status == 404 || msg->status == 407)
		e->failures = e->failures < HOPELESS_FAILURES ? HOPELESS_FAILURES : e->failures;
	(void)msg_seconds(msg, HEADER_RETRY_AFTER, &later_s);
	buf_number(&b, msg->status);
	buf_char(&b, ' ');
	buf_put(&b, str_upto(msg->reason, LOG_TEXT_MAX / 2));
	if (!str_is_empty(why)) {
		buf_put(&b, STR(": "));
		buf_put(&b, why);
	}
	e->way_next = 0;
	enrol_back_off(es, e, buf_str(&b), later_s, t);
}

static void
take_silence(struct enrols *es, struct enrol *e, const struct news *news, const struct turn *t)
{
	if (!try_next_way(es, e, t))
		enrol_back_off(es, e,
			news->kind == NEWS_TIMEOUT ? STR("it does not answer")
						   : STR("it cannot be reached"),
			0, t);
}

void
enrols_hear(struct enrols *es, const struct news *news, const struct msg *msg, const struct turn *t)
{
	struct enrol *e = pool_at(&es->pool, news->owner.ref);
	struct str why = STR("");

	if (e == NULL || !ref_same(e->txn, news->txn) || news->kind == NEWS_PROVISIONAL)
		return;
	e->txn = REF_NONE;
	if (news->kind == NEWS_FINAL && (msg->status == 401 || msg->status == 407) &&
		prove(es, e, news, msg, t, &why)) {
		if (e->state != ENROL_LEAVING)
			enrol_move(es, e, ENROL_CHALLENGED);
		return;
	}
	if (e->state == ENROL_LEAVING) {
		enrol_forget(es, e);
		return;
	}
	if (news->kind != NEWS_FINAL)
		take_silence(es, e, news, t);
	else if (msg->status < 300)
		take_granted(es, e, msg, t);
	else
		take_refusal(es, e, msg, why, t);
	if (!e->is_leaving)
		return;
	/* It was to be taken back while it was being asked for. */
	if (!enrol_is_in_force(e, t->now)) {
		enrol_forget(es, e);
		return;
	}
	enrol_move(es, e, ENROL_LEAVING);
	alarm_arm(es->alarms, &e->alarm, t->now.mono_ms);
}
