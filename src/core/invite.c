/* SPDX-License-Identifier: Apache-2.0 */
/* An INVITE outside dialogs: who calls, may it, whom, and the call is opened. */
#include "core/inside.h"

#include "base/panic.h"
#include "secure/identity.h"
#include "sip/write.h"

/* Whether the body is one that a callee may be expected to take (RFC 3261 8.2.3). */
static bool
is_body_carried(const struct msg *msg)
{
	struct str type = msg_value(msg, HEADER_CONTENT_TYPE);
	struct str encoding = msg_value(msg, HEADER_CONTENT_ENCODING);
	struct str disposition = msg_value(msg, HEADER_CONTENT_DISPOSITION);
	struct str kind;

	if (str_is_empty(msg->body))
		return true;
	if (!str_is_none(disposition) && str_holds_alike(disposition, STR("handling=optional")))
		return true;
	if (!str_is_none(encoding) && !str_alike(encoding, STR("identity")))
		return false;
	kind = str_trim(str_upto(type, str_find(type, ';')));
	return str_alike(kind, STR("application/sdp")) || str_begins_alike(kind, STR("multipart/"));
}

/* Whether each hop that wants to stay on the path can be gone to. */
static bool
are_routes_good(const struct msg *msg)
{
	struct values routes = msg_values(msg, HEADER_RECORD_ROUTE);
	struct nameaddr route;
	struct str value;
	size_t at;

	while (values_next(&routes, &value))
		if (!nameaddr_parse(&route, value, &at) ||
			(route.uri.scheme != URI_SIP && route.uri.scheme != URI_SIPS))
			return false;
	return true;
}

/* What the INVITE itself must fulfil. */
static struct refusal
judge_invite(const struct core *core, const struct arrival *a)
{
	const struct msg *msg = a->msg;
	struct nameaddr contact;
	uint32_t interval_s;

	if (!msg_remote_target(msg, &contact))
		return (struct refusal){ .status = 400, .reason = STR("Bad Contact") };
	if (contact.uri.scheme != URI_SIP && contact.uri.scheme != URI_SIPS)
		return (struct refusal){ .status = 400, .reason = STR("Contact Is No SIP URI") };
	if (!are_routes_good(msg))
		return (struct refusal){ .status = 400,
			.reason = STR("Record-Route Is No SIP URI") };
	if (!route_is_ours(core, &msg->target, a->flow))
		return (struct refusal){ .status = 404, .why = STR("the Request-URI is not ours") };
	if (!is_body_carried(msg))
		return (struct refusal){ .status = 415,
			.lines = STR("Accept: application/sdp, multipart/mixed\r\n"
				     "Accept-Encoding: identity\r\nAccept-Language: en\r\n") };
	if (msg_has_token(msg, HEADER_SUPPORTED, STR("timer")) &&
		msg_seconds(msg, HEADER_SESSION_EXPIRES, &interval_s) && interval_s < MIN_SE_S)
		return (struct refusal){ .status = 422, .lines = STR("Min-SE: 90\r\n") };
	return (struct refusal){ .status = 0 };
}

struct asker {
	enum caller kind;
	struct str number;   /* of the DN or trunk; of a stranger the URI in its From */
	const struct dn *dn; /* NULL: a stranger */
	bool is_proven;
	bool has_digest;    /* that is how */
	struct terms terms; /* of that DN; of a stranger as who we are where it came in */
	bool is_phone;      /* a DN that registers itself */
	bool is_trusted;    /* with P-Asserted-Identity */
	bool is_enrolled;   /* it calls the Contact that we registered there */
	bool emits_tls;     /* likewise   */
};

/* Whether the host in From is one that the peer of the flow was proved to be (RFC 3261
 * 26.3.2.2). */
static bool
is_from_proven(const struct arrival *a)
{
	struct str host = a->msg->from.uri.host;

	switch (a->flow->proof) {
	case PROOF_NAME: return str_alike(flow_name(a->flow), host);
	case PROOF_CLIENT_CERT: return identity_is_listed(flow_name(a->flow), host);
	case PROOF_NONE: break;
	}
	return false;
}

/* What the peer has proved itself with. */
static void
put_shown(struct buf *b, const struct flow *flow)
{
	struct str names = flow_name(flow);

	buf_put(b, flow->proof == PROOF_NONE ? STR(": none was shown") : STR(": it names "));
	if (flow->proof != PROOF_NONE)
		buf_quoted(b, str_is_empty(names) ? STR("nobody") : names, LOG_TEXT_MAX);
}

/* Finds out which trunk calls, if one does.
 * Ends: true; false when it may not call so, and a 403 was sent. */
static bool
find_trunk(
	struct core *core, const struct arrival *a, const struct dn **trunk, const struct turn *t)
{
	struct refusal refusal = { .status = 403, .reason = STR("Certificate Of Another") };
	char *text = arena_take(t->scratch, NOTE_BYTES_MAX, 1);
	struct buf why = buf_on(text, text != NULL ? NOTE_BYTES_MAX : 0);
	enum peer_verdict verdict = peers_trunk_of(&core->peers, a->flow, &a->source, trunk);

	if (verdict == PEER_NO_TRUNK ||
		(verdict == PEER_TRUNK && (!(*trunk)->checks_from || is_from_proven(a))))
		return true;
	if (verdict == PEER_TRUNK)
		refusal.reason = STR("From Domain Not In Certificate");
	buf_put(&why,
		verdict == PEER_TRUNK ? STR("no certificate for the From of a call of trunk ")
				      : STR("not the client certificate of trunk "));
	buf_quoted(&why, (*trunk)->number, LOG_TEXT_MAX);
	put_shown(&why, a->flow);
	refusal.why = buf_str(&why);
	refuse(core, a, &refusal, t);
	/* Whoever it is has come to where somebody else is: nothing that it says there counts. */
	if (verdict == PEER_DISAGREES)
		stream_give_up(core, a->flow, STR("its certificate is that of another trunk"), t);
	return false;
}

/* How the caller's device is spoken to, by the options of its DN. */
static void
use_caller(struct asker *asker, const struct dn *dn)
{
	asker->terms = dn->terms;
	asker->is_phone = dn->contact.is_self;
	asker->emits_tls = dn->emits_tls;
}

/* Whether what TRUNK asserts of identities is believed (RFC 3325 5): where its contact is TLS, only
 * over TLS that proves who it is, though its address may let it call. */
static bool
is_trusted(const struct dn *trunk, const struct flow *flow)
{
	return trunk->is_trusted &&
		(trunk->contact.speech.transport != TRANSPORT_TLS || peers_proves(trunk, flow));
}

/* Whether the request came as DN's own do: on the flow that it registered over, or from its
 * address. */
static bool
is_where(
	const struct core *core, const struct dn *dn, const struct arrival *a, const struct turn *t)
{
	return registrar_is_on_flow(core->registrar, dn->number, a->flow->id, &a->source, t->now) ||
		peers_is_at(&core->peers, dn, &a->source);
}

const struct dn *
invite_caller(const struct core *core, const struct arrival *a, const struct turn *t)
{
	const struct dn *dn, *trunk;

	if (peers_trunk_of(&core->peers, a->flow, &a->source, &trunk) == PEER_TRUNK)
		return trunk;
	dn = directory_find(core->directory, route_number(core, &a->msg->from.uri, t));
	if (dn == NULL || dn_is_trunk(dn))
		return NULL;
	return dn->challenges_invite || peers_proves(dn, a->flow) || is_where(core, dn, a, t)
		? dn
		: NULL;
}

/* Finds out who calls. Ends: true; false when a challenge or refusal was sent. */
static bool
find_asker(struct core *core, const struct arrival *a, struct asker *asker, const struct turn *t)
{
	const struct directory *directory = core->directory;
	const struct dn *trunk, *called;
	struct str number = route_number(core, &a->msg->from.uri, t);
	const struct dn *dn = directory_find(directory, number);
	struct source source = { .is_trunk = false };
	enum gate_verdict verdict = GATE_CHALLENGE;

	if (!find_trunk(core, a, &trunk, t))
		return false;
	called = enrolment_called(core, a, route_number(core, &a->msg->target, t));
	asker->is_enrolled = called != NULL;
	if (called != NULL)
		trunk = called;
	source.is_trunk = trunk != NULL;
	if (dn != NULL && !dn_is_trunk(dn)) {
		source.names_dn = true;
		source.dn_has_password = dn->challenges_invite;
		source.on_dn_flow = is_where(core, dn, a, t);
		source.is_proven = peers_proves(dn, a->flow);
	} else if (trunk == NULL && directory_is_domain(directory, a->msg->from.uri.host)) {
		/* An unknown number in our own domain is asked like a known one. */
		source.names_dn = source.dn_has_password = core->challenges_invite;
	}
	if (source.dn_has_password && !source.is_trunk && !source.is_proven) {
		struct gate_claim claim = { .username = number,
			.realm = directory_realm(directory),
			.password = dn != NULL ? dn->password : STR("") };

		verdict = gate_judge(core->gate, a->msg, &claim, t->now);
		source.is_proven = verdict == GATE_IN;
	}
	if (source_judge(&source, &asker->kind) == SOURCE_CHALLENGE) {
		struct refusal bad = { .status = 400, .reason = STR("Bad Digest URI") };

		if (verdict == GATE_BAD)
			refuse(core, a, &bad, t);
		else
			challenge(core, a, verdict == GATE_STALE, t);
		return false;
	}
	asker->is_proven = source.is_proven;
	asker->has_digest = verdict == GATE_IN;
	asker->is_trusted = trunk != NULL && is_trusted(trunk, a->flow);
	if (trunk != NULL || (asker->kind == CALLER_DN && dn != NULL))
		use_caller(asker, trunk != NULL ? trunk : dn);
	else
		asker->terms = a->flow->terms;
	/* A stranger does not become a DN, nor fill its capacity, by naming it in From. */
	asker->number = str_upto(a->msg->from.uri.text, LOG_TEXT_MAX);
	if (trunk != NULL)
		asker->dn = trunk;
	else if (asker->kind == CALLER_DN)
		asker->dn = dn;
	if (asker->dn != NULL)
		asker->number = asker->dn->number;
	return true;
}

/* Asks how the leg is made, counts what its schemes had to do with it, and notes for who asks why
 * what was known of the device. */
static enum route_verdict
plan_and_count(struct core *core, const struct route_ask *ask, const struct turn *t,
	struct route *route, struct refusal *refusal, struct verdict *told)
{
	enum route_verdict verdict = route_plan(core, ask, t, route);

	if (verdict == ROUTE_REFUSED)
		*refusal = route->refusal;
	if (verdict != ROUTE_WAIT)
		crossings_count(core, ask, route, t);
	told->is_known = route->crossing.row != NULL;
	told->known = route->crossing.known;
	return verdict;
}

static void
place(struct core *core, const struct arrival *a, struct call *call, const struct route_ask *ask,
	const struct turn *t)
{
	struct refusal refusal = crossings_judge(core, a, ask->scheme, ask->caller, ask->dn, t);
	struct verdict told = crossings_verdict(core, ask);
	enum route_verdict verdict = ROUTE_REFUSED;
	struct route route;

	if (refusal.status == 0)
		verdict = plan_and_count(core, ask, t, &route, &refusal, &told);
	call_tell_verdict(&core->calls, call, &told, ask->dn->number);
	if (verdict == ROUTE_PLAN) {
		call_place(&core->calls, call, &route.plan, a->msg, t);
		return;
	}
	if (verdict == ROUTE_WAIT) {
		if (call_park(&core->calls, call, a->msg, t))
			return;
		refusal = (struct refusal){ .status = 480,
			.why = STR("the addresses of the DN's contact did not come in time") };
	}
	refusal.call = str_of(call->uuid, UUID_BYTES);
	note_refusal(core, a, &refusal, t);
	call_refuse(&core->calls, call, refusal.status,
		str_is_empty(refusal.reason) ? STR("") : refusal.reason, refusal.lines, t);
}

/* What the schemes of an INVITE had to do with its refusal before anybody was looked for. */
static struct verdict
early_verdict(const struct core *core, const struct arrival *a)
{
	enum scheme_fault fault = scheme_check(a->msg, a->flow->transport);
	struct verdict verdict = { .is_set = fault == SCHEME_NOT_TLS || fault == SCHEME_MIXED,
		.mode = core->directory->crossing,
		.from = fault == SCHEME_MIXED ? FROM_MIXED : FROM_CLEAR };

	return verdict;
}

void
invite_refuse(struct core *core, struct arrival *a, struct str caller, struct refusal *refusal,
	const struct turn *t)
{
	struct call_request request = { .invite = a->msg,
		.way = a->way,
		.caller = str_is_empty(caller) ? a->msg->from.uri.text : caller,
		.number = route_number(core, &a->msg->target, t) };
	struct verdict verdict = early_verdict(core, a);
	struct str why = !str_is_empty(refusal->why) ? refusal->why
		: !str_is_empty(refusal->reason)     ? refusal->reason
						     : reason_phrase(refusal->status);
	char uuid[UUID_BYTES];

	calls_keep_refusal(&core->calls, &request, a->flow->transport, refusal->status, why,
		&verdict, uuid, t);
	refusal->call = str_of(uuid, UUID_BYTES);
	refuse(core, a, refusal, t);
}

void
invite_hear(struct core *core, struct arrival *a, const struct turn *t)
{
	struct refusal trying = { .status = 100 };
	struct refusal refusal = judge_invite(core, a);
	struct asker asker = { .number = STR("") };
	struct call_request request;
	struct route_ask ask;
	struct str number, instance = STR("");
	const struct dn *dn = NULL;
	struct call *call;
	struct ref caller;

	if (refusal.status == 0 && !find_asker(core, a, &asker, t))
		return;
	number = route_number(core, asker.is_enrolled ? &a->msg->to.uri : &a->msg->target, t);
	if (refusal.status == 0 && !asker.is_enrolled &&
		!registered_gruu(core, &a->msg->target, &number, &instance, t))
		refusal = (struct refusal){ .status = 404, .why = STR("no phone has this GRUU") };
	if (refusal.status == 0)
		dn = route_find(core, number, &refusal);
	if (dn != NULL &&
		!source_may_call(asker.kind, dn_is_trunk(dn), (unsigned)core->directory->strangers))
		refusal = (struct refusal){ .status = 403,
			.why = STR("a stranger may not call there (strangers)") };
	if (refusal.status == 0 && !calls_have_room(&core->calls))
		refusal = (struct refusal){ .status = 503,
			.lines = STR("Retry-After: 5\r\n"),
			.why = STR("there is no room for one more call") };
	if (refusal.status != 0) {
		invite_refuse(core, a, asker.number, &refusal, t);
		return;
	}
	respond(core, a, &trying, t);
	request = (struct call_request){ .invite = a->msg,
		.txn = a->txn,
		.way = a->way,
		.caller = asker.number,
		.is_dn = asker.dn != NULL,
		.is_proven = asker.has_digest,
		.is_trusted = asker.is_trusted,
		.is_asserted = asker.is_proven && asker.kind == CALLER_DN,
		.terms = asker.terms,
		.is_phone = asker.is_phone,
		.emits_tls = asker.emits_tls,
		.number = number };
	if (asker.kind == CALLER_TRUNK)
		request.home = a->source;
	call = call_open(&core->calls, &request, t);
	if (call == NULL) {
		refusal = (struct refusal){ .status = 513, .why = STR("its headers do not fit") };
		invite_refuse(core, a, asker.number, &refusal, t);
		return;
	}
	if (asker.kind == CALLER_DN)
		registered_know(core, leg_at(&core->legs, call->legs[0]), asker.number, t);
	ask = (struct route_ask){ .dn = dn,
		.number = number,
		.caller = asker.dn,
		.scheme = leg_at(&core->legs, call->legs[0])->speech.scheme,
		.instance = instance,
		.has_sip_to = a->msg->to.uri.scheme == URI_SIP,
		.dice = &core->dice };
	caller = call->legs[0];
	place(core, a, call, &ask, t);
	hop_seek(core, leg_at(&core->legs, caller), t);
}

/* The line in the log for a call that is refused long after its INVITE. */
static void
note_late(struct core *core, const struct leg *caller, struct str number, const struct refusal *r,
	const struct turn *t)
{
	struct buf line = note_begin(t);

	core->refused++;
	buf_put(&line, transport_name(caller->transport));
	buf_put(&line, STR(" from "));
	addr_write_port(&line, &caller->peer);
	buf_put(&line, STR(": refused with "));
	buf_number(&line, r->status);
	buf_put(&line, STR(": "));
	buf_put(&line, str_is_empty(r->why) ? r->reason : r->why);
	buf_put(&line, STR(": call "));
	buf_put(&line, r->call);
	buf_put(&line, STR(" to "));
	buf_quoted(&line, number, LOG_TEXT_MAX);
	note_end(t, NOTE_INFO, &line);
}

void
invite_again(struct core *core, struct call *call, const struct turn *t)
{
	const struct leg *caller = leg_at(&core->legs, call->legs[0]);
	struct refusal refusal = { .status = 480, .reason = STR("Address Not Found") };
	struct str number = arena_copy(t->scratch, call_number(&core->calls, call));
	struct route_ask ask = {
		.dn = route_find(core, number, &refusal), .number = number, .dice = &core->dice
	};
	enum route_verdict verdict = ROUTE_REFUSED;
	struct verdict told;
	struct route route;

	must(caller != NULL);
	ask.scheme = caller->speech.scheme;
	if (call->is_dn)
		ask.caller = directory_find(core->directory, leg_text(caller, TEXT_DN));
	if (ask.dn != NULL) {
		told = crossings_verdict(core, &ask);
		verdict = plan_and_count(core, &ask, t, &route, &refusal, &told);
		call_tell_verdict(&core->calls, call, &told, ask.dn->number);
	}
	if (verdict == ROUTE_PLAN) {
		call_place(&core->calls, call, &route.plan, NULL, t);
		return;
	}
	if (verdict == ROUTE_WAIT && call_park(&core->calls, call, NULL, t))
		return;
	refusal.call = str_of(call->uuid, UUID_BYTES);
	note_late(core, caller, number, &refusal, t);
	call_refuse(&core->calls, call, refusal.status, refusal.reason, refusal.lines, t);
}
