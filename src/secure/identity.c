/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/identity.h"

#include <string.h>

/* What no name holds: a NUL cuts what others see, a star is a wildcard (RFC 5922 7.2: none), and
 * what is not ASCII is no IA5String (RFC 5280 7.2). */
static bool
is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((uint8_t)name.at[i] <= ' ' || (uint8_t)name.at[i] >= 0x7f || name.at[i] == '*')
			return false;
	return !str_is_empty(name);
}

/* Whether VALUE is a SIP domain identity (RFC 5922 7.1): scheme `sip`, no user part. *HOST is its
 * host without port, parameters and headers. */
static bool
uri_is_domain(struct str value, struct str *host)
{
	struct str rest;
	size_t end = 0;

	if (!str_begins_alike(value, STR("sip:")))
		return false;
	rest = str_from(value, 4);
	if (str_find(rest, '@') < rest.len)
		return false;
	if (str_begins(rest, STR("[")))
		end = str_find(rest, ']');
	while (end < rest.len && rest.at[end] != ':' && rest.at[end] != ';' && rest.at[end] != '?')
		end++;
	*host = str_upto(rest, end);
	return true;
}

static bool
match_name(const struct san *sans, uint32_t count, struct str wanted, struct str *matched)
{
	bool has_domain = false;
	struct str host;

	for (uint32_t i = 0; i < count; i++) {
		if (sans[i].kind != SAN_URI || !uri_is_domain(sans[i].value, &host))
			continue;
		has_domain = true;
		/* The whole value is looked at: what stands behind the host may hide a NUL, too. */
		if (str_find(sans[i].value, '\0') == sans[i].value.len && is_plain_name(host) &&
			str_alike(host, wanted)) {
			*matched = host;
			return true;
		}
	}
	for (uint32_t i = 0; i < count && !has_domain; i++) {
		if (sans[i].kind == SAN_DNS && is_plain_name(sans[i].value) &&
			str_alike(sans[i].value, wanted)) {
			*matched = sans[i].value;
			return true;
		}
	}
	return false;
}

enum named_by
identity_named_by(const struct san *sans, uint32_t count, struct str wanted)
{
	struct addr addr;
	struct str host;

	if (addr_parse(&addr, wanted))
		return NAMED_BY_IP;
	for (uint32_t i = 0; i < count; i++)
		if (sans[i].kind == SAN_URI && uri_is_domain(sans[i].value, &host))
			return NAMED_BY_URI;
	return NAMED_BY_DNS;
}

static bool
match_ip(const struct san *sans, uint32_t count, const struct addr *wanted)
{
	size_t bytes = wanted->family == ADDR_V6 ? 16 : 4;

	for (uint32_t i = 0; i < count; i++)
		if (sans[i].kind == SAN_IP && sans[i].value.len == bytes &&
			memcmp(sans[i].value.at, wanted->ip, bytes) == 0)
			return true;
	return false;
}

bool
identity_match(const struct san *sans, uint32_t count, struct str wanted, struct str *matched)
{
	struct addr addr;

	*matched = STR_NONE;
	if (addr_parse(&addr, wanted)) {
		if (!match_ip(sans, count, &addr))
			return false;
		*matched = wanted;
		return true;
	}
	return is_plain_name(wanted) && match_name(sans, count, wanted, matched);
}

static bool
is_wild_match(struct str name, struct str wanted)
{
	struct str rest = str_from(wanted, str_find(wanted, '.'));

	return str_begins(name, STR("*.")) && is_plain_name(str_from(name, 2)) &&
		rest.len < wanted.len && str_find(str_from(rest, 1), '.') + 2 < rest.len &&
		str_alike(str_from(name, 1), rest);
}

bool
identity_match_wild(const struct san *sans, uint32_t count, struct str wanted, struct str *matched)
{
	struct addr addr;
	struct str host;

	if (identity_match(sans, count, wanted, matched))
		return true;
	if (!is_plain_name(wanted) || addr_parse(&addr, wanted))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (sans[i].kind == SAN_URI && uri_is_domain(sans[i].value, &host))
			return false;
	for (uint32_t i = 0; i < count; i++) {
		if (sans[i].kind == SAN_DNS && is_wild_match(sans[i].value, wanted)) {
			*matched = sans[i].value;
			return true;
		}
	}
	return false;
}

/* Whether NAME can stand in a list, where a comma ends it, and is none that reads as an address. */
static bool
is_listable(struct str name)
{
	struct addr addr;

	for (size_t i = 0; i < name.len; i++)
		if (!char_is_alpha(name.at[i]) && !char_is_digit(name.at[i]) &&
			str_find(STR("-_."), name.at[i]) == 3)
			return false;
	return name.len > 0 && !addr_parse(&addr, name);
}

/* The domain that one value proves, or none. */
static struct str
domain_of(const struct san *san, bool has_uri)
{
	struct str host;

	switch (san->kind) {
	case SAN_URI:
		if (uri_is_domain(san->value, &host) &&
			str_find(san->value, '\0') == san->value.len)
			return host;
		break;
	case SAN_DNS: return has_uri ? STR("") : san->value;
	case SAN_IP: break;
	}
	return STR("");
}

/* Puts one more name. Ends: true; false when it does not fit. */
static bool
list_one(struct buf *b, size_t start, struct str name, size_t max)
{
	size_t comma = b->used > start ? 1 : 0;

	if (b->used - start + comma + name.len > max)
		return false;
	if (comma > 0)
		buf_char(b, ',');
	buf_put(b, name);
	return true;
}

void
identity_list(struct buf *b, const struct san *sans, uint32_t count, size_t max)
{
	char text[ADDR_TEXT_MAX];
	size_t start = b->used;
	bool has_uri = false, fits = true;
	struct str host;

	for (uint32_t i = 0; i < count; i++)
		has_uri |= sans[i].kind == SAN_URI && uri_is_domain(sans[i].value, &host);
	for (uint32_t i = 0; i < count && fits; i++) {
		struct str name = domain_of(&sans[i], has_uri), ip = sans[i].value;

		if (sans[i].kind == SAN_IP && (ip.len == 4 || ip.len == 16)) {
			struct addr addr = { .family = ip.len == 4 ? ADDR_V4 : ADDR_V6 };
			struct buf shown = buf_on(text, sizeof text);

			memcpy(addr.ip, ip.at, ip.len);
			addr_write_bare(&shown, &addr);
			fits = list_one(b, start, buf_str(&shown), max);
		} else if (is_listable(name)) {
			fits = list_one(b, start, name, max);
		}
	}
}

bool
identity_is_listed(struct str list, struct str wanted)
{
	struct addr addr, other;
	bool is_ip = addr_parse(&addr, wanted);

	while (!str_is_empty(list)) {
		struct str name = str_cut(&list, ',');

		if (is_ip ? addr_parse(&other, name) && addr_same_ip(&addr, &other)
			  : str_alike(name, wanted))
			return true;
	}
	return false;
}

static void
write_ip(struct buf *b, struct str octets)
{
	struct addr addr = { .family = octets.len == 4 ? ADDR_V4 : ADDR_V6 };

	buf_put(b, STR("IP:"));
	if (octets.len == 4 || octets.len == 16) {
		memcpy(addr.ip, octets.at, octets.len);
		addr_write_bare(b, &addr);
	} else {
		buf_put(b, STR("?"));
	}
}

/* What one value takes at most: quoting makes four octets of one. */
static size_t
san_room(const struct san *san)
{
	return 6 + (san->kind == SAN_IP ? ADDR_TEXT_MAX : 4 * san->value.len);
}

void
identity_write(struct buf *b, const struct san *sans, uint32_t count, size_t max)
{
	size_t start = b->used;
	bool is_first = true;

	if (count == 0) {
		buf_put(b, str_upto(STR("nothing"), max));
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		/* A value that might not fit ends the list, so that none is cut into another
		 * name. */
		if (b->used - start + san_room(&sans[i]) + 5 > max) {
			buf_put(b, is_first ? str_upto(STR("..."), max) : STR(", ..."));
			return;
		}
		if (!is_first)
			buf_put(b, STR(", "));
		is_first = false;
		switch (sans[i].kind) {
		case SAN_IP: write_ip(b, sans[i].value); continue;
		case SAN_URI: buf_put(b, STR("URI:")); break;
		case SAN_DNS: buf_put(b, STR("DNS:")); break;
		}
		buf_quoted(b, sans[i].value, sans[i].value.len);
	}
}
