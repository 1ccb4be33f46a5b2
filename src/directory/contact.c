/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/contact.h"

#include "base/limits.h"

/* What is left to read, and where the text began. */
struct reader {
	struct str text;
	struct str rest;
	size_t *at;
};

static size_t
offset(const struct reader *r)
{
	return (size_t)(r->rest.at - r->text.at);
}

/* Notes the fault at the octet that is next. */
static enum contact_fault
fail(struct reader *r, enum contact_fault fault)
{
	*r->at = offset(r);
	return fault;
}

static bool
next_is(const struct reader *r, char c)
{
	return r->rest.len > 0 && r->rest.at[0] == c;
}

static struct str
take(struct reader *r, size_t len)
{
	struct str taken = str_upto(r->rest, len);

	r->rest = str_from(r->rest, len);
	return taken;
}

/* How much of S stands before the first of the octets in MARKS. */
static size_t
span_before(struct str s, struct str marks)
{
	size_t len = 0;

	while (len < s.len && str_find(marks, s.at[len]) == marks.len)
		len++;
	return len;
}

/* The scheme in front. A word and a colon may also be a host and its port. */
static enum contact_fault
read_scheme(struct reader *r, enum scheme *scheme)
{
	size_t colon = span_before(r->rest, STR(":;?["));
	struct str word = str_upto(r->rest, colon);
	struct str behind = str_from(r->rest, colon + 1);

	*scheme = SCHEME_SIP;
	if (colon == r->rest.len || r->rest.at[colon] != ':')
		return CONTACT_FINE;
	if (str_alike(word, STR("sips")) || str_alike(word, STR("sip"))) {
		*scheme = str_alike(word, STR("sips")) ? SCHEME_SIPS : SCHEME_SIP;
		take(r, colon + 1);
		return CONTACT_FINE;
	}
	for (size_t i = 0; i < word.len; i++) {
		char c = word.at[i];
		bool may_go_on = char_is_digit(c) || c == '+' || c == '-' || c == '.';

		if (!char_is_alpha(c) && (i == 0 || !may_go_on))
			return CONTACT_FINE;
	}
	/* tel:5000 and http:5000 could be hosts by their letters; nobody means them so. */
	if (word.len > 0 &&
		((behind.len > 0 && !char_is_digit(behind.at[0])) || str_alike(word, STR("tel")) ||
			str_alike(word, STR("http")) || str_alike(word, STR("https"))))
		return fail(r, CONTACT_SCHEME);
	return CONTACT_FINE;
}

/* An octet of the user part of a SIP URI (RFC 3261 25.1), but for `;` and `?`, which no number
 * has and which are more likely a slip. */
static bool
is_number_char(char c)
{
	struct str marks = STR("-_.!~*'()&=+$,/");

	return char_is_alpha(c) || char_is_digit(c) || str_find(marks, c) < marks.len;
}

static enum contact_fault
read_number(struct reader *r, struct contact *contact)
{
	size_t sign = span_before(r->rest, STR("@;?"));
	struct str number = str_upto(r->rest, sign);

	if (sign == r->rest.len || r->rest.at[sign] != '@')
		return CONTACT_FINE;
	if (sign == 0)
		return fail(r, CONTACT_NUMBER);
	if (sign > DN_NUMBER_BYTES_MAX) {
		take(r, DN_NUMBER_BYTES_MAX);
		return fail(r, CONTACT_NUMBER);
	}
	for (size_t i = 0; i < number.len; i++) {
		bool is_escape = number.at[i] == '%' && i + 2 < number.len &&
			char_hex(number.at[i + 1]) >= 0 && char_hex(number.at[i + 2]) >= 0;

		if (is_escape) {
			i += 2;
		} else if (!is_number_char(number.at[i])) {
			take(r, i);
			return fail(r, CONTACT_NUMBER);
		}
	}
	contact->number = take(r, sign);
	take(r, 1);
	return CONTACT_FINE;
}

/* Whether NAME is a host name as RFC 3261 25.1 has it, without a dot at the end; if not, *BAD is
 * the offset where it ceases to be one. */
static bool
is_host_name(struct str name, size_t *bad)
{
	size_t label = 0; /* where the present one begins */

	for (size_t i = 0; i <= name.len; i++) {
		bool is_end = i == name.len || name.at[i] == '.';

		*bad = i;
		if (is_end && (i == label || name.at[i - 1] == '-' || i - label > 63))
			return false;
		if (is_end)
			label = i + 1;
		else if (!char_is_alpha(name.at[i]) && !char_is_digit(name.at[i]) &&
			(name.at[i] != '-' || i == label))
			return false;
	}
	/* The last label begins with a letter, or 444.555.666.777 would be a name. */
	*bad = 0;
	for (size_t i = name.len; i > 0 && name.at[i - 1] != '.'; i--)
		label = i - 1;
	return char_is_alpha(name.at[label]);
}

static enum contact_fault
read_host(struct reader *r, struct contact *contact)
{
	struct str all = str_upto(r->rest, span_before(r->rest, STR(";?")));
	size_t len, bad = 0;

	if (next_is(r, '[')) {
		len = str_find(all, ']') + 1;
		if (len > all.len || !addr_parse(&contact->ip, str_upto(all, len)))
			return fail(r, CONTACT_HOST);
		contact->host = take(r, len);
		return len == all.len || all.at[len] == ':' ? CONTACT_FINE : fail(r, CONTACT_HOST);
	}
	len = str_find(all, ':');
	/* Two colons: IPv6 without its brackets. */
	if (len < all.len && str_find(str_from(all, len + 1), ':') < all.len - len - 1)
		return fail(r, CONTACT_HOST);
	all = str_upto(all, len);
	if (!addr_parse(&contact->ip, all)) {
		contact->ip = (struct addr){ .family = ADDR_NONE };
		if (all.len > HOST_BYTES_MAX)
			return fail(r, CONTACT_HOST);
		if (!is_host_name(all, &bad)) {
			take(r, bad);
			return fail(r, CONTACT_HOST);
		}
	}
	contact->host = take(r, len);
	return CONTACT_FINE;
}

static enum contact_fault
read_port(struct reader *r, struct contact *contact)
{
	uint64_t port;
	size_t len;

	if (!next_is(r, ':'))
		return CONTACT_FINE;
	take(r, 1);
	len = span_before(r->rest, STR(";?"));
	if (!str_number(str_upto(r->rest, len), UINT16_MAX, &port) || port == 0)
		return fail(r, CONTACT_PORT);
	contact->port = (uint16_t)port;
	take(r, len);
	return CONTACT_FINE;
}

/* One `;name=value`, the `;` already taken. */
static enum contact_fault
read_param(struct reader *r, struct speech *speech, bool *seen)
{
	struct str param = str_upto(r->rest, span_before(r->rest, STR(";?")));
	struct str value = param, name = str_cut(&value, '=');
	enum transport transport;

	if (!str_alike(name, STR("transport")))
		return fail(r, CONTACT_PARAM);
	if (*seen)
		return fail(r, CONTACT_TWICE);
	*seen = true;
	if (name.len == param.len)
		return fail(r, CONTACT_TRANSPORT);
	take(r, name.len + 1);
	if (!transport_find(value, &transport))
		return fail(r, CONTACT_TRANSPORT);
	if (speech->scheme == SCHEME_SIPS && transport == TRANSPORT_UDP)
		return fail(r, CONTACT_SIPS_UDP);
	if (speech->scheme == SCHEME_SIP)
		speech->transport = transport;
	take(r, value.len);
	return CONTACT_FINE;
}

static enum contact_fault
read_params(struct reader *r, struct contact *contact)
{
	enum contact_fault fault = CONTACT_FINE;

	while (fault == CONTACT_FINE && next_is(r, ';')) {
		take(r, 1);
		fault = read_param(r, &contact->speech, &contact->has_transport);
	}
	/* What is left can only begin with a `?`. */
	if (fault == CONTACT_FINE && r->rest.len > 0)
		return fail(r, CONTACT_PARAM);
	return fault;
}

enum contact_fault
contact_parse(struct contact *contact, struct str text, size_t *at)
{
	struct reader r = { .text = text, .rest = text, .at = at };
	enum contact_fault fault;

	*contact = (struct contact){ .number = str_upto(text, 0) };
	*at = 0;
	if (str_same(text, STR("*"))) {
		contact->is_self = true;
		return CONTACT_FINE;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f) {
			take(&r, i);
			return fail(&r, CONTACT_SPACE);
		}
	}
	if ((fault = read_scheme(&r, &contact->speech.scheme)) != CONTACT_FINE)
		return fault;
	contact->speech.transport =
		contact->speech.scheme == SCHEME_SIPS ? TRANSPORT_TLS : TRANSPORT_UDP;
	if ((fault = read_number(&r, contact)) != CONTACT_FINE)
		return fault;
	if ((fault = read_host(&r, contact)) != CONTACT_FINE)
		return fault;
	if ((fault = read_port(&r, contact)) != CONTACT_FINE)
		return fault;
	return read_params(&r, contact);
}

struct str
contact_fault_text(enum contact_fault fault)
{
	switch (fault) {
	case CONTACT_SCHEME: return STR("the scheme is neither sip nor sips");
	case CONTACT_SIPS_UDP:
		return STR(
			"sips cannot use transport=udp: sips is always TLS, which needs a stream "
			"(RFC 5630); drop the parameter, or write sip: for a leg without security");
	case CONTACT_TRANSPORT: return STR("the transport is one of udp, tcp and tls");
	case CONTACT_TWICE: return STR("the transport stands here twice");
	case CONTACT_PARAM: return STR("nothing but ;transport= may follow the host and port");
	case CONTACT_HOST:
		return STR(
			"here belongs a host: a name, an IPv4 address, or an IPv6 address in [ ]");
	case CONTACT_PORT: return STR("a port is a number from 1 to 65535");
	case CONTACT_NUMBER:
		return STR(
			"the number before the @ is empty, too long or holds what no number holds");
	case CONTACT_SPACE: return STR("no space, control or non-ASCII character may stand here");
	case CONTACT_FINE: break;
	}
	return STR("fine");
}

uint16_t
contact_port(const struct contact *contact)
{
	return contact->port != 0 ? contact->port : transport_port(contact->speech.transport);
}
