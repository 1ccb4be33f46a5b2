/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that no transaction has heard yet: inside a dialog they go to its leg; outside, each
 * method is judged first and acted on second. */
#include "core/inside.h"

#include "sip/lex.h"
#include "sip/write.h"

#define ALLOW_OUTSIDE \
	STR("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, REFER, NOTIFY, PRACK\r\n")

/* The extensions that we carry; anything else required is 420 (RFC 3261 8.2.2.3). */
static bool
is_carried(enum method method, struct str token)
{
	if (method == METHOD_REGISTER &&
		(str_alike(token, STR("path")) || str_alike(token, STR("outbound")) ||
			str_alike(token, STR("gruu"))))
		return true;
	return str_alike(token, STR("timer")) || str_alike(token, STR("uui"));
}

static struct refusal
judge_require(const struct msg *msg, const struct turn *t)
{
	struct values values = msg_values(msg, HEADER_REQUIRE);
	char *text = arena_take(t->scratch, HEAD_BYTES_MAX, 1);
	struct buf lines = buf_on(text, text != NULL ? HEAD_BYTES_MAX : 0);
	struct str token;
	bool is_first = true;

	while (values_next(&values, &token)) {
		if (str_is_empty(token) || is_carried(msg->method, token))
			continue;
		/* What is no option could not be named in the answer either. */
		if (!lex_is_token(token))
			return (struct refusal){ .status = 400, .reason = STR("Bad Require") };
		buf_put(&lines, is_first ? STR("Unsupported: ") : STR(", "));
		write_piece(&lines, token);
		is_first = false;
	}
	if (is_first)
		return (struct refusal){ .status = 0 };
	buf_put(&lines, STR("\r\n"));
	if (!buf_ok(&lines))
		return (struct refusal){ .status = 500 };
	return (struct refusal){ .status = 420, .lines = buf_str(&lines) };
}

/* Whether sips is a scheme of ours at all: where nothing listens for TLS it is not (RFC 3261
 * 8.2.2.1). */
static bool
is_sips_known(const struct core *core)
{
	for (uint32_t i = 0; i < core->flows.listener_count; i++)
		if (core->flows.listeners[i].transport == TRANSPORT_TLS)
			return true;
	return false;
}

/* What every request but ACK and CANCEL must fulfil, inside a dialog and outside. */
static struct refusal
judge_any(const struct core *core, const struct arrival *a, const struct turn *t)
{
	const struct msg *msg = a->msg;
	enum scheme_fault fault;

	if (msg->method == METHOD_OTHER)
		return (struct refusal){ .status = 501, .lines = ALLOW_OUTSIDE };
	if (msg->target.scheme != URI_SIP && msg->target.scheme != URI_SIPS)
		return (struct refusal){ .status = 416 };
	if (msg->target.scheme == URI_SIPS && !is_sips_known(core))
		return (struct refusal){ .status = 416 };
	fault = scheme_check(msg, a->flow->transport);
	if (fault != SCHEME_FINE)
		return (struct refusal){ .status = 400, .reason = scheme_fault_text(fault) };
	if (msg->max_forwards == 0 && msg->method != METHOD_OPTIONS)
		return (struct refusal){ .status = 483 };
	return judge_require(msg, t);
}

/* Whose request it is, where room is short: of no call, of a call, or the one that ends it. */
enum standing { OF_NO_CALL, OF_A_CALL, OF_ITS_END };

/* Whether there is room for MSG. Inside a call each call keeps what its end takes. What is of no
 * call leaves free what the calls that are up may need, and what begins none leaves room for all
 * that may still come, however many they are. An INVITE that can become no call takes nothing. */
static bool
has_room(const struct core *core, const struct msg *msg, enum standing standing)
{
	uint32_t calls = core->calls.pool.used, left = txns_left(&core->txns);

	if (standing != OF_NO_CALL)
		return standing == OF_ITS_END || left > calls * TXNS_PER_BYE + 1;
	return msg->method == METHOD_INVITE
		? calls_have_room(&core->calls)
		: left > calls * TXNS_KEPT_PER_CALL + pool_left(&core->calls.pool) * TXNS_PER_CALL;
}

/* Gives the request a transaction.
 * Ends: true; false when there is none left, and 503 was answered. */
static bool
serve(struct core *core, struct arrival *a, enum standing standing, const struct turn *t)
{
	struct txn_owner nobody = { .kind = OWNER_NONE };
	struct refusal full = { .status = 503,
		.lines = STR("Retry-After: 5\r\n"),
		.why = a->msg->method == METHOD_INVITE && standing == OF_NO_CALL
			? STR("there is no room for one more call")
			: STR("the table of transactions is full") };

	if (has_room(core, a->msg, standing)) {
		a->txn = txn_serve(&core->txns, a->msg, &a->way, nobody, t->now);
		if (!ref_is_none(a->txn))
			return true;
	}
	refuse(core, a, &full, t);
	return false;
}

/* Whether LEG is none of the asker's business: a secure dialog does not exist for who asks in the
 * clear, so that not even an answer of it can leave there. */
static bool
is_hidden(const struct leg *leg, const struct arrival *a)
{
	return leg != NULL && leg->speech.scheme == SCHEME_SIPS && !a->way.is_tls;
}

static void
cancel_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	struct refusal answer = { .status = 200 };
	struct txn_owner owner = { .kind = OWNER_NONE };
	struct leg *leg = NULL;
	struct call *call;
	struct word word;
	struct ref invite;
	bool is_final = false;
	bool found = txns_find_cancelled(&core->txns, a->msg, &invite, &owner, &is_final);

	if (found && owner.kind == OWNER_LEG)
		leg = leg_at(&core->legs, owner.ref);
	if (is_hidden(leg, a)) {
		leg = NULL;
		found = false;
	}
	if (!serve(core, a, leg != NULL ? OF_ITS_END : OF_NO_CALL, t))
		return;
	if (!found)
		answer = (struct refusal){ .status = 481 };
	if (leg != NULL) /* its To tag is that of the 487 (RFC 3261 9.2) */
		a->tag = leg_text(leg, TEXT_LOCAL_TAG);
	respond(core, a, &answer, t);
	if (leg == NULL || answer.status != 200 || is_final)
		return;
	call = registered_call(core, leg->call, t);
	word = leg_hear_cancel(&core->legs, leg, a->msg, t);
	if (call != NULL)
		call_hear(&core->calls, call, leg, &word, t);
}

static void
inside_hear(struct core *core, struct arrival *a, struct leg *leg, const struct turn *t)
{
	struct word word;

	if (a->msg->method != METHOD_ACK) {
		struct refusal refusal = judge_any(core, a, t);
		bool is_end;

		/* What is asked of our sips Contact has its scheme (RFC 3261 12.2.2). */
		if (refusal.status == 0 && leg->is_strict && leg->speech.scheme == SCHEME_SIPS &&
			a->msg->target.scheme != URI_SIPS)
			refusal = (struct refusal){ .status = 400,
				.reason = STR("SIPS Dialog With SIP Request-URI") };
		/* Of BYEs that end nothing there may be any number: each is one more request. */
		is_end = a->msg->method == METHOD_BYE && refusal.status == 0 &&
			leg_may_take(leg, a->msg, &a->way);
		if (!serve(core, a, is_end ? OF_ITS_END : OF_A_CALL, t))
			return;
		if (refusal.status != 0) {
			refuse(core, a, &refusal, t);
			return;
		}
	}
	(void)registered_call(core, leg->call, t);
	word = leg_hear_request(&core->legs, leg, a->msg, a->txn, &a->way, t);
	word_carry(core, leg, &word, t);
}

static void
options_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	struct str number = route_number(core, &a->msg->target, t);
	struct refusal answer = { .status = 200 };
	struct route_ask ask = { .instance = STR(""), .dice = &core->dice };
	struct route route;

	if (!route_is_ours(core, &a->msg->target, a->flow) ||
		!registered_gruu(core, &a->msg->target, &number, &ask.instance, t))
		answer.status = 404;
	else if (!str_is_empty(number) && enrolment_called(core, a, number) == NULL) {
		/* What an INVITE would get (RFC 3261 11.2). */
		ask.number = number;
		ask.dn = route_find(core, number, &answer);
		ask.scheme = speech_of_request(a->msg, a->flow->transport).scheme;
		ask.caller = invite_caller(core, a, t);
		if (ask.dn != NULL)
			answer = crossings_would(core, a->msg, ask.scheme, ask.caller, ask.dn, t);
		if (ask.dn != NULL && answer.status == 0)
			answer = route_plan(core, &ask, t, &route) == ROUTE_REFUSED
				? route.refusal
				: (struct refusal){ .status = 200 };
	}
	if (answer.status == 200)
		answer.lines = STR("Allow: INVITE, ACK, PRACK, CANCEL, BYE, REFER, INFO, MESSAGE, "
				   "NOTIFY, OPTIONS\r\n"
				   "Accept: application/sdp\r\nAccept-Encoding: identity\r\n"
				   "Accept-Language: en\r\nSupported: uui,timer\r\n");
	respond(core, a, &answer, t);
}

/* Outside dialogs these are refused as their RFCs say. */
static struct refusal
outside_refusal(enum method method)
{
	switch (method) {
	case METHOD_REFER: /* RFC 3515 2.4.2 */ return (struct refusal){ .status = 603 };
	case METHOD_BYE:
	case METHOD_INFO:
	case METHOD_UPDATE:
	case METHOD_PRACK:
	case METHOD_NOTIFY: return (struct refusal){ .status = 481 };
	case METHOD_MESSAGE:
	case METHOD_SUBSCRIBE:
	case METHOD_PUBLISH:
	case METHOD_INVITE:
	case METHOD_ACK:
	case METHOD_CANCEL:
	case METHOD_OPTIONS:
	case METHOD_REGISTER:
	case METHOD_OTHER:
	case METHODS: break;
	}
	return (struct refusal){ .status = 405, .lines = ALLOW_OUTSIDE };
}

static void
outside_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	struct refusal refusal = judge_any(core, a, t);

	if (!serve(core, a, OF_NO_CALL, t))
		return;
	/* A To tag without its dialog: whatever it was is over (RFC 3261 12.2.2). */
	if (refusal.status == 0 && !str_is_none(a->msg->to.tag) &&
		a->msg->method != METHOD_REGISTER)
		refusal = (struct refusal){ .status = 481 };
	if (refusal.status == 0 && core->is_draining)
		refusal = (struct refusal){ .status = 503,
			.lines = STR("Retry-After: 30\r\n"),
			.why = STR("the server is shutting down") };
	if (refusal.status == 0) {
		switch (a->msg->method) {
		case METHOD_INVITE: invite_hear(core, a, t); return;
		case METHOD_REGISTER: register_hear(core, a, t); return;
		case METHOD_OPTIONS: options_hear(core, a, t); return;
		default: refusal = outside_refusal(a->msg->method);
		}
	}
	if (a->msg->method == METHOD_INVITE)
		invite_refuse(core, a, STR(""), &refusal, t);
	else
		refuse(core, a, &refusal, t);
}

void
request_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	struct refusal merged = { .status = 482 };
	struct leg *leg;

	switch (txns_hear_request(&core->txns, a->msg, &a->way, t->now, t->out)) {
	case HEARD_REPEAT:
	case HEARD_ACK: return;
	case HEARD_MERGED: refuse(core, a, &merged, t); return;
	case HEARD_NEW:
	case HEARD_ACK_UP: break;
	}
	if (a->msg->method == METHOD_CANCEL) {
		cancel_hear(core, a, t);
		return;
	}
	leg = legs_find(&core->legs, a->msg);
	if (leg != NULL && !is_hidden(leg, a))
		inside_hear(core, a, leg, t);
	else if (a->msg->method != METHOD_ACK)
		outside_hear(core, a, t);
}
