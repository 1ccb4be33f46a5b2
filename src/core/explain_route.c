/* SPDX-License-Identifier: Apache-2.0 */
/* What a call from one number to another would be, before there is one: every rule that is asked,
 * in its order, and what it says. Nothing is sent, and nothing changes. */
#include "core/explain.h"

enum { TRIED_BYTES = 1024, PREFIXES_SHOWN = 16 };

/* Who would call. */
struct prober {
	const struct dn *dn; /* NULL: a stranger */
	struct str number;
	struct speech speech;
	struct addr source;
	struct flow_id flow;
};

struct trial {
	const struct core *core;
	struct json *j;
	const struct turn *t;
	struct buf room; /* for what one rule says; it lives in the scratch */
	struct buf b;
};

/* Room for BYTES octets of text in the SCRATCH; when that is full, none, and what is written there
 * is shown as too long. */
static struct buf
take_room(struct arena *scratch, size_t bytes)
{
	char *text = arena_take(scratch, bytes, 1);

	return buf_on(text, text != NULL ? bytes : 0);
}

/* ---- one rule -------------------------------------------------------------------------------- */

static struct buf *
tried_begin(struct trial *trial)
{
	trial->b = trial->room;
	return &trial->b;
}

static void
tried_end(struct trial *trial, struct str rule)
{
	json_open(trial->j, '{');
	json_put_text(trial->j, STR("rule"), rule);
	json_put_text(trial->j, STR("result"),
		buf_ok(&trial->b) ? buf_str(&trial->b) : STR("(too long to show)"));
	json_close(trial->j, '}');
}

static void
tried(struct trial *trial, struct str rule, struct str result)
{
	buf_put(tried_begin(trial), result);
	tried_end(trial, rule);
}

static void
put_speech(struct buf *b, const struct speech *speech)
{
	buf_put(b, scheme_name(speech->scheme));
	buf_put(b, STR(" over "));
	buf_put(b, transport_name(speech->transport));
}

static void
put_contact(struct buf *b, const struct contact *contact)
{
	buf_put(b, scheme_name(contact->speech.scheme));
	buf_char(b, ':');
	if (!str_is_empty(contact->number)) {
		buf_put(b, contact->number);
		buf_char(b, '@');
	}
	buf_put(b, contact->host);
	if (contact->port != 0) {
		buf_char(b, ':');
		buf_number(b, contact->port);
	}
}

/* ---- who calls ------------------------------------------------------------------------------- */

/* What the caller would speak: as its contact is configured, or as it registered. */
static struct prober
find_prober(struct trial *trial, struct str number)
{
	const struct core *core = trial->core;
	struct prober prober = { .dn = directory_find(core->directory, number),
		.number = number,
		.speech = { SCHEME_SIP, TRANSPORT_UDP } };
	struct binding found[CONTACTS_PER_AOR_MAX];
	struct buf *b = tried_begin(trial);

	if (prober.dn == NULL) {
		buf_put(b,
			STR("no DN has this number: a stranger, taken to call with sip over UDP"));
	} else if (!prober.dn->contact.is_self) {
		struct contact hop = dn_hop(prober.dn);

		prober.speech = dn_speech(prober.dn);
		prober.source = hop.ip;
		prober.source.port = contact_port(&hop);
		buf_put(b, dn_type_name(prober.dn->type));
		buf_put(b, STR(", by its contact it speaks "));
		put_speech(b, &prober.speech);
	} else if (registrar_find(core->registrar, number, trial->t->now, found) > 0) {
		prober.speech = found[0].speech;
		prober.source = found[0].source;
		prober.flow = found[0].flow;
		buf_put(b, dn_type_name(prober.dn->type));
		buf_put(b, STR(", as it registered it speaks "));
		put_speech(b, &prober.speech);
	} else {
		if (prober.dn->sips == SIPS_REQUIRED)
			prober.speech = (struct speech){ SCHEME_SIPS, TRANSPORT_TLS };
		buf_put(b, dn_type_name(prober.dn->type));
		buf_put(b, STR(", not registered: taken to call with "));
		put_speech(b, &prober.speech);
	}
	tried_end(trial, STR("who calls"));
	return prober;
}

/* ---- who is called --------------------------------------------------------------------------- */

static void
tried_prefixes(struct trial *trial, struct str number)
{
	const struct directory *directory = trial->core->directory;

	for (uint32_t i = 0; i < directory->way_count; i++) {
		const struct dn *dn = &directory->dns[directory->ways[i]];
		bool fits = str_begins(number, dn->prefix);
		struct buf *b = tried_begin(trial);

		if (i == PREFIXES_SHOWN && !fits) {
			buf_number(b, directory->way_count - i);
			buf_put(b, STR(" more prefixes, not shown"));
			tried_end(trial, STR("prefix"));
		}
		if (i >= PREFIXES_SHOWN && !fits)
			continue;
		b = tried_begin(trial);
		buf_put(b, dn->prefix);
		buf_put(b, STR(" of "));
		buf_put(b, dn->number);
		buf_put(b, fits ? STR(": fits") : STR(": does not fit"));
		tried_end(trial, STR("prefix"));
		if (fits)
			return;
	}
}

static const struct dn *
find_callee(struct trial *trial, struct str number, struct refusal *refusal)
{
	const struct dn *dn = directory_find(trial->core->directory, number);
	struct buf *b = tried_begin(trial);

	if (dn == NULL) {
		buf_put(b, STR("no DN has it"));
	} else {
		buf_put(b, STR("it is "));
		buf_put(b, dn_type_name(dn->type));
		buf_char(b, ' ');
		buf_put(b, dn->number);
	}
	tried_end(trial, STR("number"));
	if (dn == NULL)
		tried_prefixes(trial, number);
	return route_find(trial->core, number, refusal);
}

static bool
may_call(struct trial *trial, const struct prober *prober, const struct dn *callee)
{
	enum strangers strangers = trial->core->directory->strangers;
	bool may = prober->dn != NULL ||
		source_may_call(CALLER_STRANGER, dn_is_trunk(callee), (unsigned)strangers);

	if (prober->dn == NULL)
		tried(trial, STR("strangers"),
			may ? STR("a stranger may call there")
			    : STR("a stranger may not call there: 403"));
	return may;
}

/* ---- where its device is --------------------------------------------------------------------- */

static void
tried_bindings(struct trial *trial, const struct dn *dn)
{
	struct binding found[CONTACTS_PER_AOR_MAX];
	uint32_t count = registrar_find(trial->core->registrar, dn->number, trial->t->now, found);

	if (count == 0)
		tried(trial, STR("registration"), STR("none is in force"));
	for (uint32_t i = 0; i < count; i++) {
		struct buf *b = tried_begin(trial);

		buf_put(b, str_upto(found[i].contact, LOG_TEXT_MAX));
		buf_put(b, STR(": "));
		put_speech(b, &found[i].speech);
		buf_put(b, STR(", from "));
		addr_write_port(b, &found[i].source);
		if (!sips_policy_fits(dn->sips, found[i].speech.scheme)) {
			buf_put(b, STR("; passed over, sips: "));
			buf_put(b, sips_policy_name(dn->sips));
		}
		tried_end(trial, STR("registration"));
	}
}

static void
tried_device(struct trial *trial, const struct dn *dn)
{
	const struct peer *peer = peers_of(&trial->core->peers, dn);
	struct buf *b;

	if (dn->contact.is_self) {
		tried_bindings(trial, dn);
		return;
	}
	b = tried_begin(trial);
	put_contact(b, &dn->contact);
	buf_put(b, STR(": "));
	put_speech(b, &dn->contact.speech);
	tried_end(trial, STR("contact"));
	if (dn->has_proxy) {
		dn_write_proxy(tried_begin(trial), dn, dn->contact.speech.scheme);
		tried_end(trial, STR("outbound proxy"));
	}
	b = tried_begin(trial);
	if (peer == NULL || !peer->is_known)
		buf_put(b, STR("its name is being looked up"));
	else if (peer->count == 0)
		buf_put(b, STR("its name has no address"));
	for (uint32_t i = 0; peer != NULL && peer->is_known && i < peer->count; i++) {
		buf_put(b, i > 0 ? STR(", ") : STR(""));
		addr_write(b, &peer->places[i].addr);
	}
	tried_end(trial, STR("address"));
}

/* ---- what may cross -------------------------------------------------------------------------- */

static void
tried_crossing(struct trial *trial, const struct prober *prober, const struct dn *callee,
	const struct verdict *v)
{
	struct buf *b = tried_begin(trial);
	const struct caller_row *own;

	buf_put(b, STR("for everybody "));
	buf_put(b, crossing_mode_name(trial->core->directory->crossing));
	if (prober->dn != NULL) {
		buf_put(b, STR(", the caller's "));
		buf_put(b, crossing_mode_name(prober->dn->crossing));
	}
	buf_put(b, STR(", the callee's "));
	buf_put(b, crossing_mode_name(callee->crossing));
	buf_put(b, STR(": in force is "));
	buf_put(b, crossing_mode_name(v->mode));
	tried_end(trial, STR("crossing"));
	own = crossing_caller_row(v->mode, v->from, v->says);
	tried(trial, STR("the caller's own DN"),
		own == NULL ? STR("says nothing against it") : own->why);
	if (!v->is_known)
		return;
	b = tried_begin(trial);
	buf_put(b, crossing_from_text(v->from));
	buf_put(b, STR(" to "));
	buf_put(b, crossing_known_text(v->known));
	buf_put(b, STR(": "));
	buf_put(b, crossing_row(v->mode, v->from, v->known)->why);
	tried_end(trial, STR("the table of crossings"));
}

static void
tried_capacity(struct trial *trial, const struct dn *dn)
{
	struct buf *b = tried_begin(trial);

	if (dn->capacity == 0)
		return;
	buf_number(b, calls_of_dn(&trial->core->calls, dn->number));
	buf_put(b, STR(" of "));
	buf_number(b, dn->capacity);
	buf_put(b, STR(" calls"));
	tried_end(trial, STR("capacity"));
}

/* ---- the legs -------------------------------------------------------------------------------- */

enum { VALUE_BYTES = 2 * URI_BYTES_MAX };

/* Writes each part and shows it. */
static void
put_leg(struct trial *trial, struct explained *leg, const struct contract_terms *terms)
{
	for (int part = 0; part < CONTRACT_PARTS; part++) {
		struct buf value = take_room(trial->t->scratch, VALUE_BYTES);

		contract_write(&value, (enum contract_part)part, terms);
		leg->values[part] = buf_ok(&value) ? buf_str(&value) : STR("(too long to show)");
	}
	explain_leg(trial->j, leg);
}

static struct str
face_of(const struct trial *trial, enum transport transport, const struct addr *peer,
	struct flow_id flow)
{
	struct buf face = take_room(trial->t->scratch, VALUE_BYTES);

	flows_write_face(&trial->core->flows, &face, transport, peer, flow);
	return buf_ok(&face) ? buf_str(&face) : STR("");
}

/* A URI of ours as the caller would dial it. */
static struct str
dialled_uri(const struct trial *trial, enum scheme scheme, struct str user)
{
	struct buf uri = take_room(trial->t->scratch, VALUE_BYTES);

	buf_put(&uri, scheme_name(scheme));
	buf_char(&uri, ':');
	buf_put(&uri, user);
	buf_char(&uri, '@');
	buf_put(&uri, directory_realm(trial->core->directory));
	return buf_ok(&uri) ? buf_str(&uri) : STR("");
}

static void
put_caller(struct trial *trial, const struct prober *prober, struct str number)
{
	struct explained leg = { .side = SIDE_ANSWERED,
		.speech = prober->speech,
		.transport = prober->speech.transport,
		.dn = prober->number };
	struct contract_terms terms = { .speech = prober->speech,
		.from_display = STR(""),
		.from_user = prober->number,
		.realm = directory_realm(trial->core->directory),
		.contact_user = number,
		.contact_param = scheme_contact_param(
			&prober->speech, prober->dn != NULL && prober->dn->emits_tls),
		.name = STR(""),
		.target = prober->source };

	terms.request_uri = terms.to_uri = dialled_uri(trial, prober->speech.scheme, number);
	terms.face = face_of(trial, prober->speech.transport, &prober->source, prober->flow);
	put_leg(trial, &leg, &terms);
}

static void
put_callee(struct trial *trial, const struct prober *prober, const struct dn *callee,
	const struct leg_plan *plan)
{
	const struct way *way = &plan->ways[0];
	struct explained leg = { .side = SIDE_MADE,
		.speech = plan->speech,
		.transport = way->transport,
		.dn = callee->number };
	struct contract_terms terms = { .speech = { plan->speech.scheme, way->transport },
		.request_uri = plan->request_uri,
		.to_uri = plan->to_uri,
		.from_display = STR(""),
		.from_user = prober->number,
		.realm = directory_realm(trial->core->directory),
		.contact_user = prober->number,
		.gruu = plan->contact,
		.name = plan->name,
		.target = way->addr,
		.routes = plan->routes };
	struct speech shown = { contract_contact_scheme(plan->speech.scheme, plan->routes),
		way->transport };

	terms.contact_param = scheme_contact_param(&shown, plan->emits_tls);
	terms.face = face_of(trial, way->transport, &way->addr, way->flow);
	put_leg(trial, &leg, &terms);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void
put_refused(struct json *j, unsigned status, unsigned warning, struct str why)
{
	json_put_text(j, STR("outcome"), STR("refused"));
	json_put_number(j, STR("status"), status);
	if (warning != 0)
		json_put_number(j, STR("warning"), warning);
	json_put_text(j, STR("why"), why);
}

/* What comes of it, in one word and one sentence. */
static void
put_end(struct json *j, enum route_verdict routed, const struct route *route,
	const struct verdict *v)
{
	const struct caller_row *own = crossing_caller_row(v->mode, v->from, v->says);
	const struct crossing_row *row = route->crossing.row;

	if (own != NULL && own->status != 0) {
		put_refused(j, own->status, own->warning, own->why);
		return;
	}
	switch (routed) {
	case ROUTE_PLAN:
		json_put_text(j, STR("outcome"), STR("placed"));
		json_put_text(j, STR("why"), row->why);
		return;
	case ROUTE_WAIT:
		json_put_text(j, STR("outcome"), STR("waits"));
		json_put_text(j, STR("why"), STR("its contact's name is being looked up"));
		return;
	case ROUTE_REFUSED: break;
	}
	put_refused(j, route->refusal.status,
		row != NULL && row->leg == LEG_B_REFUSED ? row->warning : 0, route->refusal.why);
}

static void
explain_call(struct trial *trial, const struct prober *prober, const struct dn *callee,
	struct str number)
{
	struct route_ask ask = { .dn = callee,
		.number = number,
		.caller = prober->dn,
		.scheme = prober->speech.scheme };
	struct verdict v = crossings_verdict(trial->core, &ask);
	struct dice dice = trial->core->dice; /* what is drawn here is drawn for nobody */
	struct route route;
	enum route_verdict routed;

	ask.dice = &dice;
	routed = route_plan(trial->core, &ask, trial->t, &route);
	v.is_known = route.crossing.row != NULL;
	v.known = route.crossing.known;
	tried_device(trial, callee);
	tried_crossing(trial, prober, callee, &v);
	tried_capacity(trial, callee);
	json_close(trial->j, ']');
	put_end(trial->j, routed, &route, &v);
	json_put_text(trial->j, STR("mode"), crossing_mode_name(v.mode));
	explain_modes(trial->j, &v);
	json_key(trial->j, STR("legs"));
	json_open(trial->j, '[');
	put_caller(trial, prober, number);
	if (routed == ROUTE_PLAN)
		put_callee(trial, prober, callee, &route.plan);
	json_close(trial->j, ']');
}

struct answer
explain_route(const struct core *core, const struct ask *ask, struct when now, struct json *j)
{
	struct arena scratch = core->scratch; /* between two events nobody uses it */
	struct turn turn = { .now = now, .scratch = &scratch };
	struct trial trial = {
		.core = core, .j = j, .t = &turn, .room = take_room(&scratch, TRIED_BYTES)
	};
	struct refusal refusal = { .status = 0 };
	struct prober prober;
	const struct dn *callee;

	json_put_text(j, STR("from"), ask->name);
	json_put_text(j, STR("to"), ask->other);
	json_key(j, STR("tried"));
	json_open(j, '[');
	prober = find_prober(&trial, ask->name);
	callee = find_callee(&trial, ask->other, &refusal);
	if (callee != NULL && !may_call(&trial, &prober, callee)) {
		refusal = (struct refusal){ .status = 403,
			.why = STR("a stranger may not call there (strangers)") };
		callee = NULL;
	}
	if (callee != NULL) {
		explain_call(&trial, &prober, callee, ask->other);
	} else {
		json_close(j, ']');
		put_refused(j, refusal.status, 0, refusal.why);
		json_key(j, STR("modes"));
		json_open(j, '[');
		json_close(j, ']');
		json_key(j, STR("legs"));
		json_open(j, '[');
		json_close(j, ']');
	}
	return (struct answer){ .told = TOLD_ALL };
}
