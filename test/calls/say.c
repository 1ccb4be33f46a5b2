/* SPDX-License-Identifier: Apache-2.0 */
/* What a side says: `SIDE > METHOD ...`, `SIDE > STATUS ...`, `SIDE > raw`, `SIDE > ping`. */
#include <stdio.h>
#include <string.h>

#include "calls/draft.h"

static const char *
scheme_of(const struct side *side)
{
	return side->device->is_sips ? "sips" : "sip";
}

static struct str
contact_of(const struct side *side)
{
	const struct device *d = side->device;
	const char *param = d->is_sips || d->transport == TRANSPORT_UDP ? ""
		: d->transport == TRANSPORT_TCP                         ? ";transport=tcp"
									: ";transport=tls";

	return text_say("<%s:%s@%s%s>", scheme_of(side), d->user.at, d->host.at, param);
}

static struct str
new_via(const struct side *side)
{
	static const char *const names[] = { "", "UDP", "TCP", "TLS" };

	return text_say("SIP/2.0/%s %s;branch=z9hG4bK-%s-%u;rport", names[side->device->transport],
		side->device->host.at, side->name.at, ++play.numbers);
}

/* ---- requests ---- */

struct request {
	struct str method, uri, via, from, to, call_id;
	unsigned cseq;
};

static void
new_dialog(struct side *side, struct str uri)
{
	const char *user = side->device->user.at;

	side->tag = text_say("t-%s-%u", side->name.at, ++play.numbers);
	side->call_id = text_say("call-%s-%u", side->name.at, ++play.numbers);
	side->local = text_say("\"%s\" <%s:%s@example.com>;tag=%s", side->device->name.at,
		scheme_of(side), user, side->tag.at);
	side->remote = text_say("<%s>", uri.at);
	side->target = uri;
	side->cseq = 0;
	side->heard_cseq = 0;
}

/* The URI or number behind the method, if there is one: then the request is outside any dialog. */
static struct str
uri_behind(const struct side *side, const struct step *step)
{
	struct str word = step_word(step, 3);

	if (word.len == 0 || str_find(word, '=') < word.len || str_same(word, STR("sdp")) ||
		str_same(word, STR("again")))
		return STR_NONE;
	if (str_find(word, ':') < word.len)
		return text_keep(word);
	return text_say("%s:%.*s@example.com", scheme_of(side), (int)word.len, word.at);
}

static void
draft_request(struct draft *d, const struct side *side, const struct request *r)
{
	static const struct str with_contact[] = { STR("INVITE"), STR("UPDATE"), STR("SUBSCRIBE"),
		STR("REFER"), STR("NOTIFY"), STR("REGISTER") };

	d->start = text_say("%s %s SIP/2.0", r->method.at, r->uri.at);
	draft_put(d, STR("Via"), r->via);
	draft_put(d, STR("Max-Forwards"), STR("70"));
	draft_put(d, STR("From"), r->from);
	draft_put(d, STR("To"), r->to);
	draft_put(d, STR("Call-ID"), r->call_id);
	draft_put(d, STR("CSeq"), text_say("%u %s", r->cseq, r->method.at));
	for (size_t i = 0; i < sizeof with_contact / sizeof with_contact[0]; i++)
		if (str_same(r->method, with_contact[i]))
			draft_put(d, STR("Contact"), contact_of(side));
}

/* The ACK of what ended our INVITE, or its CANCEL: what they repeat of it. */
static void
request_of_invite(struct side *side, struct request *r, bool is_ack)
{
	struct str invite = side->invite_said, last = side->invite_last, uri;
	bool is_new = is_ack && text_status(last) / 100 == 2;

	if (str_is_none(invite) || (is_ack && str_is_none(last)))
		play_fail("%s has no INVITE for that", side->name.at);
	uri = text_start(invite);
	str_cut(&uri, ' ');
	r->uri = is_new ? side->target : text_keep(str_cut(&uri, ' '));
	r->via = is_new ? new_via(side) : text_header(invite, "Via", 1);
	r->from = text_header(invite, "From", 1);
	r->to = text_header(is_ack ? last : invite, "To", 1);
	r->call_id = text_header(invite, "Call-ID", 1);
	r->cseq = (unsigned)text_cseq(invite);
}

static void
request_of_register(struct side *side, struct request *r)
{
	const char *user = side->device->user.at;

	if (str_is_none(side->register_call_id)) {
		side->register_call_id = text_say("register-%s", side->name.at);
		side->register_tag = text_say("r-%s-%u", side->name.at, ++play.numbers);
	}
	r->uri = text_say("%s:example.com", scheme_of(side));
	r->via = new_via(side);
	r->to = text_say("<%s:%s@example.com>", scheme_of(side), user);
	r->from = text_say("%s;tag=%s", r->to.at, side->register_tag.at);
	r->call_id = side->register_call_id;
	r->cseq = ++side->registers;
}

static struct request
make_request(struct side *side, const struct step *step)
{
	struct request r = { .method = text_keep(step_word(step, 2)) };
	struct str uri = uri_behind(side, step);

	if (str_same(r.method, STR("REGISTER"))) {
		request_of_register(side, &r);
		return r;
	}
	if (str_is_none(uri) &&
		(str_same(r.method, STR("ACK")) || str_same(r.method, STR("CANCEL")))) {
		request_of_invite(side, &r, str_same(r.method, STR("ACK")));
		return r;
	}
	/* With credentials the same request is said again: the dialog that is to be stays. */
	if (!str_is_none(uri) && str_is_none(step_option(step, 3, "auth")))
		new_dialog(side, uri);
	if (str_is_none(side->call_id))
		play_fail("%s is in no dialog: whom does this go to?", side->name.at);
	r.uri = str_is_none(uri) ? side->target : uri;
	r.via = new_via(side);
	r.from = side->local;
	r.to = str_is_none(uri) ? side->remote : text_say("<%s>", uri.at);
	r.call_id = side->call_id;
	r.cseq = ++side->cseq;
	return r;
}

/* What the scenario has changed in a request is what the dialog has from here on. */
static void
take_over(struct side *side, struct str octets)
{
	struct str to_tag = text_param(text_header(octets, "To", 1), STR("tag"));

	if (text_cseq(octets) > side->cseq)
		side->cseq = (unsigned)text_cseq(octets);
	if (str_is_none(to_tag)) {
		side->call_id = text_header(octets, "Call-ID", 1);
		side->local = text_header(octets, "From", 1);
	}
}

static void
said_request(struct side *side, struct str method, struct str octets)
{
	side_keep(side, method, octets, false);
	if (!str_same(method, STR("ACK")))
		side->said = octets;
	if (!str_same(method, STR("ACK")) && !str_same(method, STR("CANCEL")) &&
		!str_same(method, STR("REGISTER")))
		take_over(side, octets);
	if (str_same(method, STR("INVITE"))) {
		side->invite_said = octets;
		side->invite_last = STR_NONE;
	}
}

static void
say_request(struct side *side, const struct step *step)
{
	static struct draft d;
	struct request r = make_request(side, step);
	struct str expires = step_option(step, 3, "expires"), credentials, octets;
	bool is_register = str_same(r.method, STR("REGISTER"));

	d = (struct draft){ .count = 0 };
	draft_request(&d, side, &r);
	if (!str_is_none(expires) || is_register)
		draft_put(&d, STR("Expires"),
			str_is_none(expires) ? STR("3600") : text_keep(expires));
	credentials = draft_credentials(side, step, r.method, r.uri);
	if (!str_is_none(credentials))
		draft_put(&d, STR("Authorization"), credentials);
	draft_sdp(&d, side, step);
	draft_change(&d, step);
	octets = draft_write(&d);
	said_request(side, r.method, octets);
	party_send(side, step, octets);
}

/* ---- responses ---- */

/* The last request that was heard, or the last of the METHOD behind `to=`. */
static struct str
request_to_answer(const struct side *side, const struct step *step)
{
	struct str method = step_option(step, 3, "to");
	struct str request = str_is_none(method) ? side->heard : side_last(side, method, true);

	if (str_is_none(request))
		play_fail("%s has heard nothing to answer", side->name.at);
	return request;
}

static struct str
reason_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} known[] = { { 100, "Trying" }, { 180, "Ringing" }, { 183, "Session Progress" },
		{ 200, "OK" }, { 404, "Not Found" }, { 408, "Request Timeout" },
		{ 480, "Temporarily Unavailable" }, { 486, "Busy Here" },
		{ 487, "Request Terminated" }, { 503, "Service Unavailable" }, { 603, "Decline" } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].status == status)
			return str_cstr(known[i].reason);
	return STR("As The Scenario Says");
}

static void
draft_response(struct draft *d, struct side *side, struct str request, unsigned status)
{
	struct str to = text_header(request, "To", 1), method = text_method(request);

	d->start = text_say("SIP/2.0 %u %s", status, reason_of(status).at);
	for (unsigned n = 1; n <= text_header_count(request, STR("Via")); n++)
		draft_put(d, STR("Via"), text_header(request, "Via", n));
	draft_put(d, STR("From"), text_header(request, "From", 1));
	if (str_is_none(text_param(to, STR("tag"))) && status > 100) {
		if (str_is_none(side->tag))
			side->tag = text_say("t-%s-%u", side->name.at, ++play.numbers);
		to = text_say("%.*s;tag=%s", (int)to.len, to.at, side->tag.at);
	}
	draft_put(d, STR("To"), to);
	draft_put(d, STR("Call-ID"), text_header(request, "Call-ID", 1));
	draft_put(d, STR("CSeq"), text_header(request, "CSeq", 1));
	if (status > 100 && status < 300 &&
		(str_same(method, STR("INVITE")) || str_same(method, STR("UPDATE"))))
		draft_put(d, STR("Contact"), contact_of(side));
}

static void
say_response(struct side *side, const struct step *step, unsigned status)
{
	static struct draft d;
	struct str octets;

	d = (struct draft){ .count = 0 };
	draft_response(&d, side, request_to_answer(side, step), status);
	draft_sdp(&d, side, step);
	draft_change(&d, step);
	octets = draft_write(&d);
	side_keep(side, step_word(step, 2), octets, false);
	party_send(side, step, octets);
}

/* ---- all of it ---- */

static void
say_octets(struct side *side, const struct step *step)
{
	struct str octets = draft_octets(step);

	if (str_is_none(octets))
		play_fail("`raw` needs lines that begin with |");
	side_keep(side, STR("raw"), octets, false);
	/* What reads like a request can be answered like one. */
	if (text_status(octets) == 0)
		said_request(side, text_method(octets), octets);
	party_send(side, step, octets);
}

void
party_say(struct side *side, const struct step *step)
{
	struct str what = step_word(step, 2), last;
	uint64_t status = 0;

	if (what.len == 0) {
		play_fail("%s says what?", side->name.at);
	} else if (step_has(step, 3, "again")) {
		last = side_last(side, what, false);
		if (str_is_none(last))
			play_fail("%s has not said that before", side->name.at);
		party_send(side, step, last);
	} else if (step_is(step, 2, "raw")) {
		say_octets(side, step);
	} else if (step_is(step, 2, "ping")) {
		party_send(side, step, STR("\r\n\r\n"));
	} else if (what.len == 3 && str_number(what, 699, &status) && status >= 100) {
		say_response(side, step, (unsigned)status);
	} else {
		say_request(side, step);
	}
}
