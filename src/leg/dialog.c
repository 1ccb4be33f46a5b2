/* SPDX-License-Identifier: Apache-2.0 */
#include "leg/dialog.h"

#include <string.h>

#include "secure/contract.h"
#include "sip/lex.h"
#include "sip/param.h"
#include "sip/write.h"

/* The number behind the dash: the age above the slot's 24 bits. */
enum { SLOT_BITS = 24 };

bool
dialog_make_tag(struct legs *ls, struct leg *leg)
{
	char text[TAG_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	dice_guid(ls->dice, &b);
	buf_char(&b, '-');
	buf_number(&b, (uint64_t)leg->ref.age << SLOT_BITS | leg->ref.slot);
	return shelf_put(&leg->shelf, TEXT_LOCAL_TAG, buf_str(&b));
}

struct ref
dialog_tag_ref(struct str tag)
{
	size_t dash = tag.len;
	uint64_t number;

	while (dash > 0 && tag.at[dash - 1] != '-')
		dash--;
	if (dash == 0 ||
		!str_number(str_from(tag, dash), ((uint64_t)1 << (32 + SLOT_BITS)) - 1, &number))
		return REF_NONE;
	return (struct ref){ (uint32_t)(number & ((1u << SLOT_BITS) - 1)),
		(uint32_t)(number >> SLOT_BITS) };
}

/* Puts an end of the dialog as it was first exchanged, with TAG added unless that is empty. */
static bool
put_end(struct leg *leg, enum leg_text place, const struct nameaddr *end, struct str tag)
{
	char text[NAME_ADDR_BYTES_MAX + TAG_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	write_party(&b, end);
	if (!str_is_empty(tag)) {
		buf_put(&b, STR(";tag="));
		buf_put(&b, tag);
	}
	return buf_ok(&b) && shelf_put(&leg->shelf, place, buf_str(&b));
}

/* Collects Record-Route, in the order of the lines or (for a dialog that we made) reversed. */
static bool
put_routes(struct leg *leg, const struct msg *msg, bool is_reversed, const struct turn *t)
{
	char *text = arena_take(t->scratch, ROUTES_BYTES_MAX, 1);
	struct buf b = buf_on(text, text != NULL ? ROUTES_BYTES_MAX : 0);
	struct values values = msg_values(msg, HEADER_RECORD_ROUTE);
	struct str routes[ROUTE_MAX];
	uint32_t count = 0;
	struct nameaddr route;
	struct str value;
	size_t at;

	while (values_next(&values, &value)) {
		/* A strict router's URI stands in the start line: none there of another scheme, to
		 * which nobody can go, nor longer than what is taken there. */
		if (count == ROUTE_MAX || !nameaddr_parse(&route, value, &at) ||
			route.uri.text.len > URI_BYTES_MAX ||
			(route.uri.scheme != URI_SIP && route.uri.scheme != URI_SIPS))
			return false;
		routes[count++] = value;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_put(&b, STR(", "));
		write_piece(&b, routes[is_reversed ? count - 1 - i : i]);
	}
	return buf_ok(&b) && shelf_put(&leg->shelf, TEXT_ROUTES, buf_str(&b));
}

static bool
put_target(struct leg *leg, enum leg_text place, const struct msg *msg)
{
	struct nameaddr contact;

	if (!msg_remote_target(msg, &contact) || contact.uri.text.len > URI_BYTES_MAX ||
		(contact.uri.scheme != URI_SIP && contact.uri.scheme != URI_SIPS))
		return false;
	return shelf_put(&leg->shelf, place, contact.uri.text);
}

bool
dialog_from_invite(struct leg *leg, const struct msg *invite, const struct turn *t)
{
	struct str no_tag = STR("");

	leg->remote_cseq = invite->cseq;
	leg->has_remote_cseq = true;
	return shelf_put(&leg->shelf, TEXT_CALL_ID, invite->call_id) &&
		put_end(leg, TEXT_REMOTE, &invite->from, no_tag) &&
		shelf_put(&leg->shelf, TEXT_REMOTE_TAG,
			str_is_none(invite->from.tag) ? no_tag : invite->from.tag) &&
		put_end(leg, TEXT_LOCAL, &invite->to, leg_text(leg, TEXT_LOCAL_TAG)) &&
		put_routes(leg, invite, false, t) && put_target(leg, TEXT_TARGET, invite);
}

bool
dialog_from_answer(struct leg *leg, const struct msg *answer, const struct turn *t)
{
	struct str no_tag = STR("");
	struct str tag = str_is_none(answer->to.tag) ? no_tag : answer->to.tag;

	/* Without a tag a 1xx makes no dialog; a 2xx does, with the tag of none (RFC 3261
	 * 12.1.2). */
	if (str_is_empty(tag) && answer->status < 200)
		return true;
	if (!str_same(tag, leg_text(leg, TEXT_REMOTE_TAG)))
		leg->has_remote_cseq = false; /* another dialog counts for itself */
	if (!put_end(leg, TEXT_REMOTE, &answer->to, no_tag) ||
		!shelf_put(&leg->shelf, TEXT_REMOTE_TAG, tag) || !put_routes(leg, answer, true, t))
		return false;
	(void)put_target(leg, TEXT_TARGET, answer);
	return true;
}

void
dialog_refresh_target(struct leg *leg, const struct msg *msg)
{
	(void)put_target(leg, TEXT_TARGET, msg);
}

bool
dialog_hold_target(struct leg *leg, const struct msg *invite)
{
	return put_target(leg, TEXT_NEW_TARGET, invite);
}

void
dialog_take_target(struct leg *leg)
{
	char text[URI_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, leg_text(leg, TEXT_NEW_TARGET));
	(void)shelf_put(&leg->shelf, TEXT_NEW_TARGET, STR(""));
	if (!str_is_empty(buf_str(&b)))
		(void)shelf_put(&leg->shelf, TEXT_TARGET, buf_str(&b));
}

bool
dialog_put_contact(
	struct leg *leg, enum scheme scheme, struct str user, struct str host, struct str param)
{
	char text[2 * URI_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	contract_write_contact(&b, scheme, user, host, param);
	return buf_ok(&b) && shelf_put(&leg->shelf, TEXT_CONTACT, buf_str(&b));
}

/* The first value of a list of name-addrs, and what follows it. */
static bool
first_route(struct str routes, struct nameaddr *first, struct str *rest)
{
	struct str value;
	size_t at;

	return !str_is_empty(routes) && lex_element(&routes, &value) &&
		nameaddr_parse(first, value, &at) && !first->star && (*rest = routes, true);
}

bool
dialog_next_hop(const struct leg *leg, struct uri *hop)
{
	struct nameaddr route;
	struct str rest, maddr;
	struct addr ip;
	size_t at;

	if (first_route(leg_text(leg, TEXT_ROUTES), &route, &rest))
		*hop = route.uri;
	else if (!uri_parse(hop, leg_text(leg, TEXT_TARGET), &at))
		return false;
	/* maddr says where it is, the host still who it is (RFC 3261 19.1.1, RFC 5922 4). */
	maddr = uri_param(hop, STR("maddr"));
	if (!str_is_none(maddr) && addr_parse(&ip, maddr))
		hop->ip = ip;
	return true;
}

bool
dialog_is_routed(const struct leg *leg)
{
	struct nameaddr route;
	struct str rest;

	return first_route(leg_text(leg, TEXT_ROUTES), &route, &rest);
}

bool
dialog_is_to_sips(const struct leg *leg, const struct uri *hop)
{
	struct uri target;
	size_t at;

	return hop->scheme == URI_SIPS ||
		(uri_parse(&target, leg_text(leg, TEXT_TARGET), &at) && target.scheme == URI_SIPS);
}

/* The remote target as a Request-URI: without what may not stand there. */
static void
write_target(struct buf *b, struct str target)
{
	struct uri uri;
	struct str rest;
	struct param param;
	size_t at;

	if (!uri_parse(&uri, target, &at) || (uri.scheme != URI_SIP && uri.scheme != URI_SIPS)) {
		buf_put(b, target);
		return;
	}
	buf_put(b, str_of(target.at, target.len - uri.headers.len - uri.params.len));
	rest = uri.params;
	while (uri_param_next(&rest, &param) == 1) {
		/* method= has no place in a Request-URI; transport= on a sips leg says nothing, and
		 * `tls` must not be said (RFC 3261 19.1.1, RFC 5630 5.1.1). */
		if (uri_param_is(&param, STR("method")) ||
			(uri.scheme == URI_SIPS && uri_param_is(&param, STR("transport")) &&
				uri_param_says(&param, STR("tls"))))
			continue;
		buf_char(b, ';');
		buf_put(b, param.name);
		if (!str_is_none(param.value)) {
			buf_char(b, '=');
			buf_put(b, param.value);
		}
	}
}

static void
write_routes(struct buf *b, struct str first, struct str rest, struct str last)
{
	write_begin(b, HEADER_ROUTE);
	if (!str_is_empty(first)) {
		write_piece(b, first);
		if (!str_is_empty(rest))
			buf_put(b, STR(", "));
	}
	write_piece(b, str_trim(rest));
	if (!str_is_empty(last)) {
		if (!str_is_empty(first) || !str_is_empty(rest))
			buf_put(b, STR(", "));
		buf_char(b, '<');
		write_piece(b, last);
		buf_char(b, '>');
	}
	write_end(b);
}

static void
write_start(const struct leg *leg, struct buf *b, struct str method, struct nameaddr *route,
	bool is_strict)
{
	char text[URI_BYTES_MAX + 16];
	struct buf target = buf_on(text, sizeof text);

	write_target(&target, is_strict ? route->uri.text : leg_text(leg, TEXT_TARGET));
	write_request_line(b, method, buf_str(&target));
	if (!buf_ok(&target))
		b->full = true;
}

void
dialog_write_request(const struct legs *ls, const struct leg *leg, struct buf *b, struct str method,
	uint32_t cseq, struct str branch, const struct txn_way *way, enum transport transport)
{
	struct nameaddr route;
	struct str rest = STR("");
	bool has_route = first_route(leg_text(leg, TEXT_ROUTES), &route, &rest);
	bool is_strict = has_route && str_is_none(uri_param(&route.uri, STR("lr")));

	write_start(leg, b, method, &route, is_strict);
	write_header(b, HEADER_FROM, leg_text(leg, TEXT_LOCAL));
	write_header(b, HEADER_TO, leg_text(leg, TEXT_REMOTE));
	write_header(b, HEADER_CALL_ID, leg_text(leg, TEXT_CALL_ID));
	write_begin(b, HEADER_CSEQ);
	buf_number(b, cseq);
	buf_char(b, ' ');
	buf_put(b, method);
	write_end(b);
	flows_write_via(ls->flows, b, transport, &way->addr, way->flow, branch);
	write_number(b, HEADER_MAX_FORWARDS, leg->is_confirmed ? 70 : (uint64_t)leg->max_forwards);
	if (is_strict)
		write_routes(b, STR(""), rest, leg_text(leg, TEXT_TARGET));
	else if (has_route)
		write_routes(b, route.text, rest, STR(""));
}

void
dialog_write_cargo(struct buf *b, const struct cargo *cargo)
{
	static const struct cargo empty;

	if (cargo == NULL)
		cargo = &empty;
	buf_put(b, cargo->headers);
	if (!str_is_empty(cargo->body))
		buf_put(b, cargo->body_headers);
	write_body(b, cargo->body);
}

void
dialog_write_uuid(const struct legs *ls, const struct leg *leg, struct buf *b)
{
	struct str uuid = leg_text(leg, TEXT_UUID);

	if (!str_is_empty(uuid) && !str_is_empty(ls->uuid_header))
		write_named(b, ls->uuid_header, uuid);
}

void
dialog_keep_session(struct leg *leg, const struct cargo *cargo)
{
	if (cargo == NULL || str_is_empty(cargo->body))
		return;
	/* One that is too long is not kept: the session is then refreshed by UPDATE or not at
	 * all. */
	if (cargo->body.len > LEG_SDP_BYTES_MAX ||
		!shelf_put(&leg->shelf, TEXT_SDP_HEADERS, cargo->body_headers) ||
		!shelf_put(&leg->shelf, TEXT_SDP, cargo->body)) {
		(void)shelf_put(&leg->shelf, TEXT_SDP, STR(""));
		(void)shelf_put(&leg->shelf, TEXT_SDP_HEADERS, STR(""));
	}
}

struct cargo
dialog_kept_session(const struct leg *leg)
{
	return (struct cargo){
		.headers = STR(""),
		.body_headers = leg_text(leg, TEXT_SDP_HEADERS),
		.body = leg_text(leg, TEXT_SDP),
	};
}

uint64_t
dialog_session_hash(const struct legs *ls, const struct msg *msg)
{
	return str_is_empty(msg->body) ? 0 : siphash(ls->sdp_key, msg->body) | 1;
}
