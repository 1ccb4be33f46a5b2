/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/uri.h"

#include <string.h>

#include "base/limits.h"
#include "sip/lex.h"
#include "sip/param.h"

/* Whether S, letters, digits, dots, dashes and underscores, is made of labels as a host name is.
 * *NUMERIC tells whether the last label is all digits. */
static bool
is_host_name(struct str s, bool *numeric)
{
	size_t start = 0;
	bool digits = true;

	*numeric = false;
	if (s.len > 1 && s.at[s.len - 1] == '.')
		s.len--;
	for (size_t at = 0; at <= s.len; at++) {
		if (at < s.len && s.at[at] != '.') {
			digits = digits && s.at[at] >= '0' && s.at[at] <= '9';
			continue;
		}
		if (at == start || s.at[start] == '-' || s.at[at - 1] == '-')
			return false;
		*numeric = digits;
		digits = true;
		start = at + 1;
	}
	return true;
}

struct str
uri_take_host(struct str *rest, struct addr *ip)
{
	struct str host;
	bool numeric;

	*ip = (struct addr){ .family = ADDR_NONE };
	if (rest->len > 0 && rest->at[0] == '[') {
		host = str_upto(*rest, str_find(*rest, ']') + 1);
		if (!addr_parse(ip, host))
			return str_of(rest->at, 0);
	} else {
		host = str_of(rest->at, lex_span(*rest, LEX_HOST));
		numeric = host.len > 0 && char_is_digit(host.at[host.len - 1]);
		if (!(numeric && addr_parse(ip, host)) &&
			(!is_host_name(host, &numeric) || numeric))
			return str_of(rest->at, 0);
	}
	lex_drop(rest, host.len);
	return host;
}

static bool
is_scheme_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '+' || c == '-' || c == '.';
}

/* Takes the scheme and its colon off the front of *REST. */
static bool
take_scheme(struct str *rest, enum uri_scheme *scheme)
{
	size_t len = 0;

	if (rest->len > 4 && str_alike(str_of(rest->at, 3), STR("sip"))) {
		bool is_secure = char_lower(rest->at[3]) == 's';

		if (rest->at[3 + is_secure] == ':') {
			*scheme = is_secure ? URI_SIPS : URI_SIP;
			lex_drop(rest, 4 + is_secure);
			return true;
		}
	}
	*scheme = str_begins_alike(*rest, STR("tel:")) ? URI_TEL : URI_OTHER;
	if (rest->len > 0 && char_is_alpha(rest->at[0]))
		while (len < rest->len && is_scheme_char(rest->at[len]))
			len++;
	lex_drop(rest, len);
	if (len == 0 || rest->len == 0 || rest->at[0] != ':')
		return false;
	lex_drop(rest, 1);
	return true;
}

static bool
take_userinfo(struct uri *uri, struct str *rest)
{
	const char *sign = memchr(rest->at, '@', rest->len);
	struct str info;
	size_t len;

	if (sign == NULL)
		return true;
	info = str_of(rest->at, (size_t)(sign - rest->at));
	len = lex_span_escaped(info, LEX_USER);
	uri->user = str_upto(info, len);
	lex_drop(rest, len);
	if (len == 0)
		return false;
	if (len < info.len && info.at[len] == ':') {
		lex_drop(rest, 1);
		info = str_from(info, len + 1);
		len = lex_span_escaped(info, LEX_PASSWORD);
		uri->password = str_of(rest->at, len);
		lex_drop(rest, len);
	}
	if (rest->at[0] != '@')
		return false;
	lex_drop(rest, 1);
	return true;
}

static bool
take_port(struct uri *uri, struct str *rest)
{
	size_t len = lex_digits(*rest);
	uint64_t number;

	if (!str_number(str_upto(*rest, len), UINT16_MAX, &number) || number == 0)
		return false;
	uri->port = (uint16_t)number;
	lex_drop(rest, len);
	return true;
}

static bool
take_params(struct uri *uri, struct str *rest)
{
	struct param_watch watch = { .all = *rest };
	struct param param;

	uri->params = str_of(rest->at, 0);
	while (rest->len > 0 && rest->at[0] == ';') {
		if (uri_param_next(rest, &param) < 0)
			return false;
		if (!uri_param_is_new(&watch, &param)) {
			lex_back(rest, param.name.at);
			return false;
		}
		uri->params.len = (size_t)(rest->at - uri->params.at);
	}
	return true;
}

/* Takes the next `?name=value` or `&name=value` off the front of *REST. */
static bool
take_header(struct str *rest, struct param *header)
{
	size_t len;

	lex_drop(rest, 1);
	len = lex_span_escaped(*rest, LEX_HEADER);
	header->name = str_of(rest->at, len);
	lex_drop(rest, len);
	if (len == 0 || rest->len == 0 || rest->at[0] != '=')
		return false;
	lex_drop(rest, 1);
	len = lex_span_escaped(*rest, LEX_HEADER);
	header->value = str_of(rest->at, len);
	lex_drop(rest, len);
	return rest->len == 0 || rest->at[0] == '&';
}

static bool
take_headers(struct uri *uri, struct str *rest)
{
	struct param header;
	unsigned count = 0;

	uri->headers = *rest;
	if (rest->len > 0 && rest->at[0] != '?')
		return false;
	while (rest->len > 0)
		if (!take_header(rest, &header) || ++count > PARAMS_MAX)
			return false;
	return true;
}

static bool
parse_sip(struct uri *uri, struct str *rest)
{
	if (!take_userinfo(uri, rest))
		return false;
	uri->host = uri_take_host(rest, &uri->ip);
	if (uri->host.len == 0)
		return false;
	if (rest->len > 0 && rest->at[0] == ':') {
		lex_drop(rest, 1);
		if (!take_port(uri, rest))
			return false;
	}
	return take_params(uri, rest) && take_headers(uri, rest);
}

bool
uri_parse(struct uri *uri, struct str text, size_t *at)
{
	struct str rest = text;
	bool good;

	*uri = (struct uri){ .text = text };
	good = take_scheme(&rest, &uri->scheme);
	if (good && (uri->scheme == URI_SIP || uri->scheme == URI_SIPS)) {
		good = parse_sip(uri, &rest);
	} else if (good) {
		uri->host = rest;
		lex_drop(&rest, lex_span_escaped(rest, LEX_ANY_URI));
		good = uri->host.len > 0 && rest.len == 0;
	}
	if (!good)
		*at = (size_t)(rest.at - text.at);
	return good;
}

struct str
uri_param(const struct uri *uri, struct str name)
{
	struct param param;

	if (!uri_param_find(uri->params, name, &param))
		return STR_NONE;
	return str_is_none(param.value) ? STR("") : param.value;
}

struct str
uri_transport(const struct uri *uri)
{
	return uri_param(uri, STR("transport"));
}

bool
uri_is_multicast(const struct uri *uri)
{
	struct str maddr = uri_param(uri, STR("maddr"));
	struct addr ip;

	return !str_is_none(uri_param(uri, STR("ttl"))) || addr_is_multicast(&uri->ip) ||
		(!str_is_none(maddr) && addr_parse(&ip, maddr) && addr_is_multicast(&ip));
}

/* The parameters of which RFC 3261 19.1.4 says that they are never ignored. */
static bool
must_be_in_both(struct str name)
{
	return str_alike(name, STR("user")) || str_alike(name, STR("ttl")) ||
		str_alike(name, STR("method")) || str_alike(name, STR("maddr")) ||
		str_alike(name, STR("transport"));
}

/* Whether what stands in A does not contradict B. */
static bool
params_agree(struct str a, struct str b, bool mind_transport)
{
	struct param mine, other;

	while (uri_param_next(&a, &mine) > 0) {
		struct str rest = b;
		bool found = false;

		if (!mind_transport && str_alike(mine.name, STR("transport")))
			continue;
		while (!found && uri_param_next(&rest, &other) > 0)
			found = lex_same_decoded(mine.name, other.name, true);
		if (!found && must_be_in_both(mine.name))
			return false;
		if (found &&
			(str_is_none(mine.value) != str_is_none(other.value) ||
				!lex_same_decoded(mine.value, other.value, true)))
			return false;
	}
	return true;
}

/* Whether each header of A stands in B. */
static bool
headers_within(struct str a, struct str b)
{
	struct param mine, other;

	while (a.len > 0 && take_header(&a, &mine)) {
		struct str rest = b;
		bool found = false;

		while (!found && rest.len > 0 && take_header(&rest, &other))
			found = lex_same_decoded(mine.name, other.name, true) &&
				lex_same_decoded(mine.value, other.value, false);
		if (!found)
			return false;
	}
	return true;
}

static bool
same_place(const struct uri *a, const struct uri *b, bool mind_transport)
{
	if (str_is_none(a->password) != str_is_none(b->password) ||
		!lex_same_decoded(a->user, b->user, false) ||
		!lex_same_decoded(a->password, b->password, false) || a->port != b->port)
		return false;
	if (a->ip.family == ADDR_NONE ? b->ip.family != ADDR_NONE || !str_alike(a->host, b->host)
				      : !addr_same_ip(&a->ip, &b->ip))
		return false;
	return params_agree(a->params, b->params, mind_transport) &&
		params_agree(b->params, a->params, mind_transport) &&
		headers_within(a->headers, b->headers) && headers_within(b->headers, a->headers);
}

static bool
is_sip(const struct uri *uri)
{
	return uri->scheme == URI_SIP || uri->scheme == URI_SIPS;
}

/* Two URIs of schemes whose rules we do not know: the scheme's name may differ in case. */
static bool
same_other(const struct uri *a, const struct uri *b)
{
	return a->scheme == b->scheme && str_same(a->host, b->host) &&
		str_alike(str_upto(a->text, a->text.len - a->host.len),
			str_upto(b->text, b->text.len - b->host.len));
}

bool
uri_same(const struct uri *a, const struct uri *b)
{
	if (!is_sip(a) || !is_sip(b))
		return same_other(a, b);
	return a->scheme == b->scheme && same_place(a, b, true);
}

bool
uri_same_binding(const struct uri *a, const struct uri *b)
{
	if (!is_sip(a) || !is_sip(b))
		return same_other(a, b);
	return same_place(a, b, false);
}

void
uri_write_canonical_user(struct buf *b, struct str user)
{
	static const char hex[] = "0123456789ABCDEF";

	while (user.len > 0) {
		bool escaped = user.at[0] == '%';
		unsigned octet = lex_decoded(&user, false) & 0xff;

		if (escaped && !lex_is((char)octet, LEX_UNRESERVED)) {
			buf_char(b, '%');
			buf_char(b, hex[octet >> 4]);
			buf_char(b, hex[octet & 15]);
		} else {
			buf_char(b, (char)octet);
		}
	}
}

void
uri_write(struct buf *b, const struct uri_parts *parts)
{
	buf_put(b, parts->scheme == URI_SIPS ? STR("sips:") : STR("sip:"));
	if (parts->user.len > 0) {
		buf_put(b, parts->user);
		buf_char(b, '@');
	}
	buf_put(b, parts->host);
	if (parts->port > 0) {
		buf_char(b, ':');
		buf_number(b, parts->port);
	}
	buf_put(b, parts->params);
}
