/* SPDX-License-Identifier: Apache-2.0 */
/* Redirections (RFC 3261 8.1.3.4). What a device answers with is a wish: of a Contact only the
 * number counts, and that is looked up as if the caller had dialled it. So no device leads a call
 * to where its caller could not go, nobody pays for the wish of a far end, and where there was a
 * sips leg there is a sips leg. Whatever is not so is not followed, and the caller hears 480. */
#include "core/inside.h"

#include "reg/reach.h"

/* Contacts of a 3xx, the highest q first. */
struct contacts {
	struct nameaddr list[REDIRECT_CONTACTS_MAX];
	uint32_t q[REDIRECT_CONTACTS_MAX];
	uint32_t count;
};

/* A number that a Contact leads to. */
struct following {
	struct route_ask ask;
	struct route route;
};

static void
list_contacts(struct contacts *c, const struct msg *msg)
{
	struct values values = msg_values(msg, HEADER_CONTACT);
	struct nameaddr contact;
	struct str value;
	uint32_t q, at;
	size_t fault;

	c->count = 0;
	while (c->count < REDIRECT_CONTACTS_MAX && values_next(&values, &value)) {
		if (!nameaddr_parse(&contact, value, &fault) || !contact_q(&contact, &q))
			continue;
		for (at = c->count++; at > 0 && c->q[at - 1] < q; at--) {
			c->list[at] = c->list[at - 1];
			c->q[at] = c->q[at - 1];
		}
		c->list[at] = contact;
		c->q[at] = q;
	}
}

/* Whether who calls is a device of ours, which may call out by a trunk. */
static bool
is_device(const struct dn *dn)
{
	return dn != NULL && !dn_is_trunk(dn);
}

/* Finds out whom URI leads to. Ends: empty; else why it is not followed. */
static struct str
find_next(const struct core *core, const struct call *call, const struct leg *from,
	const struct uri *uri, struct route_ask *ask, const struct turn *t)
{
	const struct flow *flow = flows_find(&core->flows, from->flow);
	struct refusal refusal;

	if (uri->scheme != (from->speech.scheme == SCHEME_SIPS ? URI_SIPS : URI_SIP))
		return STR("its scheme is not that of the leg");
	if (flow == NULL || !route_is_ours(core, uri, flow))
		return STR("it does not lead to us");
	ask->number = route_number(core, uri, t);
	ask->instance = STR("");
	if (!registered_gruu(core, uri, &ask->number, &ask->instance, t))
		return STR("no phone has this GRUU");
	if (str_is_empty(ask->number) || ask->number.len > REDIRECT_NUMBER_BYTES_MAX)
		return STR("there is no such number");
	if (call_has_tried(&core->calls, call, ask->number))
		return STR("this number was tried");
	ask->dn = route_find(core, ask->number, &refusal);
	if (ask->dn == NULL)
		return refusal.why;
	/* Somebody pays for what goes out by a trunk: not for calls that came from outside. */
	if (dn_is_trunk(ask->dn) && !is_device(ask->caller))
		return STR("it leads to a trunk, and no DN of ours calls");
	return STR("");
}

/* Whether the INVITE of CALLER has a To of sip beside its sips. */
static bool
has_sip_to(const struct leg *caller)
{
	struct nameaddr to;
	size_t at;

	return nameaddr_parse(&to, leg_text(caller, TEXT_LOCAL), &at) && to.uri.scheme == URI_SIP;
}

/* Asks how the leg to it is made. Ends: empty; else why it is not. */
static struct str
plan_next(
	const struct core *core, const struct leg *from, struct following *f, const struct turn *t)
{
	enum crossing_mode mode = crossings_mode(core, f->ask.caller, f->ask.dn);
	const struct caller_row *row = crossings_caller(mode, f->ask.scheme, f->ask.caller);

	if (row != NULL && row->status != 0)
		return row->why;
	if (mode == MODE_STRICT && f->ask.scheme == SCHEME_SIPS && f->ask.has_sip_to)
		return STR("under strict the To of a sips INVITE is sips");
	switch (route_plan(core, &f->ask, t, &f->route)) {
	case ROUTE_WAIT: return STR("where it is must be looked up");
	case ROUTE_REFUSED:
		return str_is_empty(f->route.refusal.why) ? f->route.refusal.reason
							  : f->route.refusal.why;
	case ROUTE_PLAN: break;
	}
	if (from->speech.scheme == SCHEME_SIPS && f->route.plan.speech.scheme != SCHEME_SIPS)
		return STR("the leg was sips and would be sip");
	return STR("");
}

static void
note(const struct call *call, const struct leg *from, const struct word *word,
	const struct nameaddr *contact, struct str why, const struct turn *t)
{
	struct buf line = note_begin(t);

	buf_put(&line, STR("call "));
	buf_put(&line, str_of(call->uuid, UUID_BYTES));
	buf_put(&line, STR(": DN "));
	buf_quoted(&line, leg_text(from, TEXT_DN), LOG_TEXT_MAX);
	buf_put(&line, STR(" redirects with "));
	buf_number(&line, word->status);
	if (contact != NULL) {
		buf_put(&line, STR(" to "));
		buf_quoted(&line, contact->uri.text, LOG_TEXT_MAX);
	}
	buf_put(&line, str_is_empty(why) ? STR(": followed") : STR(": not followed: "));
	buf_put(&line, why);
	note_end(t, NOTE_INFO, &line);
}

static void
go_on(struct core *core, struct call *call, struct following *f, const struct turn *t)
{
	struct verdict told = crossings_verdict(core, &f->ask);

	told.is_known = true;
	told.known = f->route.crossing.known;
	crossings_count(core, &f->ask, &f->route, t);
	call_tell_verdict(&core->calls, call, &told, f->ask.dn->number);
	call_redirect(&core->calls, call, &f->route.plan, f->ask.number, t);
}

/* Whether any Contact of a redirection by the callee is looked at. */
static struct str
may_follow(const struct core *core, const struct call *call, const struct leg *from)
{
	if (!is_device(directory_find(core->directory, leg_text(from, TEXT_DN))))
		return STR("no device of ours says so");
	return call_may_redirect(&core->calls, call);
}

bool
redirect_follow(struct core *core, struct call *call, const struct leg *from,
	const struct word *word, const struct turn *t)
{
	const struct leg *caller = leg_at(&core->legs, call->legs[0]);
	const struct nameaddr *first = NULL;
	struct following f = { .ask = { .dice = &core->dice } };
	struct contacts contacts;
	struct str why, first_why;

	if (word->word != WORD_FAIL || word->msg == NULL || word->status < 300 ||
		word->status > 302)
		return false;
	first_why = may_follow(core, call, from);
	list_contacts(&contacts, word->msg);
	if (str_is_empty(first_why)) {
		f.ask.scheme = caller->speech.scheme;
		f.ask.has_sip_to = has_sip_to(caller);
		if (call->is_dn)
			f.ask.caller = directory_find(core->directory, leg_text(caller, TEXT_DN));
		first_why = STR("it names no Contact");
	} else {
		contacts.count = 0;
	}
	for (uint32_t i = 0; i < contacts.count; i++) {
		why = find_next(core, call, from, &contacts.list[i].uri, &f.ask, t);
		if (str_is_empty(why))
			why = plan_next(core, from, &f, t);
		if (str_is_empty(why)) {
			note(call, from, word, &contacts.list[i], why, t);
			go_on(core, call, &f, t);
			return true;
		}
		if (first == NULL) {
			first = &contacts.list[i];
			first_why = why;
		}
	}
	note(call, from, word, first, first_why, t);
	return false;
}
