/* SPDX-License-Identifier: Apache-2.0 */
#include "reg/change.h"

#include "base/panic.h"
#include "reg/gruu.h"
#include "reg/outbound.h"
#include "reg/reach.h"
#include "sip/param.h"

/* One judgement under way. */
struct work {
	struct change *change;
	const struct register_request *request;
	const struct change_terms *terms;
	struct arena *scratch;
	struct when now;
	uint32_t old_count; /* how many at the front of the set were there before */
	struct str path;    /* the proxies that it came by */
};

static bool
refuse(struct work *w, unsigned status, struct str reason)
{
	w->change->kind = CHANGE_REFUSE;
	w->change->status = status;
	w->change->reason = reason;
	return false;
}

/* A span of time as peers write it: what is no number counts as an hour (RFC 3261 10.2.1.1). */
static uint32_t
seconds_of(struct str text)
{
	uint64_t seconds;

	if (str_number(text, REGISTER_MAX_S, &seconds))
		return (uint32_t)seconds;
	for (size_t i = 0; i < text.len; i++)
		if (!char_is_digit(text.at[i]))
			return REGISTER_DEFAULT_S;
	return text.len > 0 ? REGISTER_MAX_S : REGISTER_DEFAULT_S;
}

/* Expires of the Contact, before Expires of the message, before the default. */
static uint32_t
expires_of(const struct work *w, const struct nameaddr *contact)
{
	const struct header *header = msg_header(w->request->msg, HEADER_EXPIRES);
	struct str own = nameaddr_param(contact, STR("expires"));

	if (!str_is_none(own))
		return seconds_of(own);
	return header != NULL ? seconds_of(header->value) : REGISTER_DEFAULT_S;
}

/* A writer on what is left of the scratch. It holds a whole head, and what is kept is parts of
 * one. */
static struct buf
scratch_buf(struct work *w)
{
	return arena_buf(w->scratch, w->scratch->size);
}

static struct str
scratch_keep(struct work *w, const struct buf *b)
{
	must(buf_ok(b));
	return arena_wrote(w->scratch, b);
}

/* Reads the Path (RFC 3327 5.3), whose values become those of Route. */
static bool
read_path(struct work *w, bool *all_sips)
{
	struct values paths = msg_values(w->request->msg, HEADER_PATH);
	struct buf b = scratch_buf(w);
	struct str value;
	struct nameaddr path;
	uint32_t count = 0;
	size_t at;

	*all_sips = true;
	while (values_next(&paths, &value)) {
		if (!nameaddr_parse(&path, value, &at) || path.star || ++count > ROUTE_MAX ||
			path.uri.text.len > URI_BYTES_MAX ||
			(path.uri.scheme != URI_SIP && path.uri.scheme != URI_SIPS))
			return refuse(w, 400, STR("Bad Path"));
		if (path.uri.scheme != URI_SIPS)
			*all_sips = false;
		/* Each is one value and in brackets, whatever it came as. */
		buf_put(&b, count > 1 ? STR(", <") : STR("<"));
		buf_put(&b, path.uri.text);
		buf_char(&b, '>');
	}
	w->path = scratch_keep(w, &b);
	return true;
}

/* RFC 5630 5.2: a sips Contact needs all of them, the Request-URI and all Paths to be sips. */
static bool
check_sips(struct work *w, bool path_is_sips)
{
	if (w->request->msg->target.scheme != URI_SIPS)
		return refuse(w, 400, STR("SIPS Contact Needs SIPS Request-URI"));
	if (w->request->transport != TRANSPORT_TLS)
		return refuse(w, 400, STR("SIPS Contact Not Over TLS"));
	if (!path_is_sips)
		return refuse(w, 400, STR("SIPS Contact Needs SIPS Path"));
	return true;
}

/* Whether CONTACT is the address-of-record itself, with whatever parameters, or a GRUU there: a
 * call to it would come back here (RFC 5627 5.1). Headers may lead it elsewhere (RFC 4475
 * 3.1.1.8). */
static bool
is_own_address(const struct work *w, const struct uri *contact)
{
	struct uri aor = w->request->msg->to.uri, bare = *contact;

	aor.params = bare.params = STR("");
	aor.headers = STR("");
	aor.port = 0;
	if (gruu_is(contact))
		aor.user = contact->user;
	return uri_same_binding(&aor, &bare);
}

static bool
check_contact(struct work *w, const struct nameaddr *contact)
{
	uint32_t thousandths;

	if (is_own_address(w, &contact->uri))
		return refuse(w, 403, STR("Contact Is Its Own Address"));
	switch (reach_judge(&contact->uri, &w->request->source, w->terms->listeners,
		w->terms->listener_count)) {
	case REACH_SIPS_UDP: return refuse(w, 400, STR("SIPS Contact With transport=udp"));
	case REACH_SIPS_BY: return refuse(w, 400, STR("SIPS Contact Over Unknown Transport"));
	case REACH_SIPS_MANY: return refuse(w, 400, STR("SIPS Contact To Many"));
	case REACH_NOT_SIP: return refuse(w, 403, STR("Contact Is No SIP URI"));
	case REACH_LONG: return refuse(w, 403, STR("Contact Too Long"));
	case REACH_OURS: return refuse(w, 403, STR("Contact Is This Server"));
	case REACH_NOWHERE: return refuse(w, 403, STR("Contact Is Not Reachable From Here"));
	case REACH_GOOD: break;
	}
	if (!contact_q(contact, &thousandths))
		return refuse(w, 400, STR("Bad Contact"));
	return true;
}

/* A Contact that msg_parse() has let through: it can be read, and a `*` stands alone. */
static void
read_contact(struct nameaddr *contact, struct str value)
{
	size_t at;
	bool is_read = nameaddr_parse(contact, value, &at);

	must(is_read);
}

/* Whether the flow that it came by is to be one of a phone's (RFC 5626 6). */
static bool
check_outbound(struct work *w, uint32_t coming)
{
	switch (outbound_judge(w->request, coming)) {
	case OUTBOUND_LACKS: return refuse(w, 439, STR("First Hop Lacks Outbound Support"));
	case OUTBOUND_MANY: return refuse(w, 400, STR("Contacts With reg-id Come Alone"));
	case OUTBOUND_BAD_ID: return refuse(w, 400, STR("Bad reg-id"));
	case OUTBOUND_USED: w->change->is_outbound = true; break;
	case OUTBOUND_NOT: break;
	}
	return true;
}

/* Looks at all Contacts before any is carried out.
 * Ends: true with *COUNT, and *STAR if one of them is `*`; false when one is refused. */
static bool
check_contacts(struct work *w, uint32_t *count, bool *star)
{
	struct values values = msg_values(w->request->msg, HEADER_CONTACT);
	struct str value;
	struct nameaddr contact;
	uint32_t sips = 0, coming = 0;
	bool path_is_sips;

	*count = 0;
	*star = false;
	while (values_next(&values, &value)) {
		read_contact(&contact, value);
		*count += 1;
		coming += !contact.star && expires_of(w, &contact) > 0;
		if (contact.star)
			*star = true;
		else if (contact.uri.scheme == URI_SIPS)
			sips++;
	}
	if (*star)
		return true;
	if (sips > 0 && sips < *count)
		return refuse(w, 400, STR("SIPS And Other Contacts Together"));
	if (!read_path(w, &path_is_sips) || (sips > 0 && !check_sips(w, path_is_sips)) ||
		!check_outbound(w, coming))
		return false;
	values = msg_values(w->request->msg, HEADER_CONTACT);
	while (values_next(&values, &value)) {
		read_contact(&contact, value);
		if (!check_contact(w, &contact))
			return false;
	}
	return true;
}

/* Whether REQUEST may change a binding: within one Call-ID only a later CSeq does. */
static bool
is_in_order(const struct work *w, const struct binding *binding)
{
	return !str_same(binding->call_id, w->request->msg->call_id) ||
		w->request->msg->cseq > binding->cseq;
}

/* Takes the binding of CONTACT out of the set, if it is there.
 * Ends: true; false when the request is out of order. */
static bool
take_out(struct work *w, const struct nameaddr *contact)
{
	struct binding_key key = outbound_key(contact, w->change->is_outbound);
	struct binding_set *set = &w->change->set;
	uint32_t i = 0;

	while (i < set->count && !outbound_is_same(&set->list[i], &key))
		i++;
	if (i == set->count)
		return true;
	if (i < w->old_count) {
		if (!is_in_order(w, &set->list[i]))
			return refuse(w, 500, STR("CSeq Out Of Order"));
		w->old_count--;
	}
	for (set->count--; i < set->count; i++)
		set->list[i] = set->list[i + 1];
	w->change->kind = CHANGE_SAVE;
	return true;
}

/* The header parameters of CONTACT that are to be shown again, on one line; its GRUUs are ours to
 * say. */
static struct str
keep_params(struct work *w, const struct nameaddr *contact)
{
	struct buf b = scratch_buf(w);
	struct str rest = contact->params;
	struct param param;

	while (param_next(&rest, &param) > 0) {
		if (str_alike(param.name, STR("expires")) || str_alike(param.name, STR("q")) ||
			str_alike(param.name, STR("pub-gruu")) ||
			str_alike(param.name, STR("temp-gruu")))
			continue;
		buf_char(&b, ';');
		buf_put(&b, param.name);
		if (!str_is_none(param.value))
			buf_char(&b, '=');
		/* A quoted value may be folded. */
		for (size_t i = 0; i < param.value.len; i++) {
			char c = param.value.at[i];

			buf_char(&b, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
		}
	}
	return scratch_keep(w, &b);
}

static bool
put_in(struct work *w, const struct nameaddr *contact, uint32_t expires_s)
{
	const struct register_request *request = w->request;
	struct binding_key key = outbound_key(contact, w->change->is_outbound);
	struct binding_set *set = &w->change->set;
	struct binding *binding;

	if (!take_out(w, contact))
		return false;
	if (set->count == CONTACTS_PER_AOR_MAX)
		return refuse(w, 403, STR("Too Many Contacts"));
	binding = &set->list[set->count];
	*binding = (struct binding){ .contact = contact->uri.text,
		.speech = { SCHEME_SIP, request->transport },
		.flow = request->flow,
		.source = request->source,
		.expires_at_s = w->now.wall_s + expires_s,
		.call_id = request->msg->call_id,
		.cseq = request->msg->cseq,
		.is_proven = request->is_proven,
		.instance = key.instance,
		.reg_id = key.reg_id,
		.path = w->path };
	if (contact->uri.scheme == URI_SIPS)
		binding->speech.scheme = SCHEME_SIPS;
	else if (request->msg->target.scheme == URI_SIPS)
		w->change->is_lowered = true;
	contact_q(contact, &binding->q_thousandths);
	binding->params = keep_params(w, contact);
	set->count++;
	w->change->kind = CHANGE_SAVE;
	return true;
}

/* Carries out the Contacts that are to go, or those that are to come. */
static bool
change_contacts(struct work *w, bool go)
{
	struct values values = msg_values(w->request->msg, HEADER_CONTACT);
	struct nameaddr contact;
	struct str value;

	while (values_next(&values, &value)) {
		uint32_t expires_s;

		read_contact(&contact, value);
		expires_s = expires_of(w, &contact);
		if ((expires_s == 0) != go)
			continue;
		if (go && !take_out(w, &contact))
			return false;
		if (go)
			continue;
		if (expires_s < REGISTER_MIN_S) {
			w->change->min_expires_s = REGISTER_MIN_S;
			return refuse(w, 423, STR("Interval Too Brief"));
		}
		if (!put_in(w, &contact, expires_s))
			return false;
	}
	return true;
}

static void
change_star(struct work *w)
{
	struct binding_set *set = &w->change->set;
	struct str expires = msg_value(w->request->msg, HEADER_EXPIRES);
	uint64_t seconds;

	if (!str_number(expires, UINT32_MAX, &seconds) || seconds != 0) {
		refuse(w, 400, STR("Contact * Needs Expires 0"));
		return;
	}
	for (uint32_t i = 0; i < set->count; i++) {
		if (!is_in_order(w, &set->list[i])) {
			refuse(w, 500, STR("CSeq Out Of Order"));
			return;
		}
	}
	if (set->count > 0)
		w->change->kind = CHANGE_SAVE;
	set->count = 0;
}

void
change_judge(struct change *change, const struct register_request *request,
	const struct change_terms *terms, struct arena *scratch, struct when now)
{
	struct work w = { .change = change,
		.request = request,
		.terms = terms,
		.scratch = scratch,
		.now = now,
		.old_count = terms->in_force->count };
	uint32_t count;
	bool star;

	*change = (struct change){ .kind = CHANGE_NONE, .set = *terms->in_force };
	if (!request->is_self_dn) {
		refuse(&w, 403, STR("Number Has A Fixed Contact"));
		return;
	}
	if (!check_contacts(&w, &count, &star) || count == 0)
		return;
	if (star) {
		change_star(&w);
		return;
	}
	/* First those that go, so that a full set can take another in their place. */
	if (change_contacts(&w, true))
		change_contacts(&w, false);
}
