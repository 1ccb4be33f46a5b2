/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a certificate names, told again from RFC 5922 7.1 and 7.2. The first line is whom we wanted;
 * each other is one name: `u`, `d` or `i`, and its octets. */
#include "fuzz.h"
#include "secure/identity.h"
#include "slow_domain.h"

#include <string.h>

enum { SANS = 32 };

static struct san sans[SANS];
static uint32_t count;

static bool
is_one_text(struct str text)
{
	return text.len > 0 && memchr(text.at, '\0', text.len) == NULL;
}

/* Nothing may be accepted that the RFC does not accept. */
static void
see_accepted(struct str wanted, struct str matched, struct str input)
{
	bool has_uri = false, is_named = false;
	struct addr addr;

	for (uint32_t i = 0; i < count; i++)
		has_uri |= sans[i].kind == SAN_URI && domain_of(sans[i].value).len > 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct san *san = &sans[i];

		if (addr_parse(&addr, wanted)) {
			is_named |= san->kind == SAN_IP &&
				str_same(san->value,
					str_of(addr.ip, addr.family == ADDR_V6 ? 16 : 4));
			continue;
		}
		if (!is_one_text(san->value) || san->kind == SAN_IP)
			continue;
		if (san->kind == SAN_URI)
			is_named |= str_alike(domain_of(san->value), wanted);
		else
			is_named |= !has_uri && str_alike(san->value, wanted);
	}
	fuzz_check(is_named, input);
	fuzz_check(matched.len > 0, input);
	fuzz_check(str_find(wanted, '*') == wanted.len && wanted.len > 0, input);
}

/* The first label may be a star, if two stand behind it and no URI names a domain. */
static void
see_wild(struct str wanted, struct str input)
{
	struct str rest = str_from(wanted, str_find(wanted, '.')), matched, exact;
	bool is_exact = identity_match(sans, count, wanted, &exact);
	struct addr addr;

	if (!identity_match_wild(sans, count, wanted, &matched)) {
		fuzz_check(!is_exact && str_is_none(matched), input);
		return;
	}
	if (is_exact) {
		enum named_by by = identity_named_by(sans, count, wanted);

		fuzz_check(str_same(matched, exact), input);
		fuzz_check((by == NAMED_BY_IP) == addr_parse(&addr, wanted), input);
		return;
	}
	fuzz_check(!addr_parse(&addr, wanted) && rest.len > 0, input);
	fuzz_check(str_begins(matched, STR("*.")) && is_one_text(matched), input);
	fuzz_check(str_alike(str_from(matched, 1), rest), input);
	fuzz_check(memchr(rest.at + 1, '.', rest.len - 1) != NULL, input);
	for (uint32_t i = 0; i < count; i++)
		fuzz_check(sans[i].kind != SAN_URI || domain_of(sans[i].value).len == 0, input);
}

static bool
is_listable(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!char_is_alpha(name.at[i]) && !char_is_digit(name.at[i]) &&
			memchr("-_.", name.at[i], 3) == NULL)
			return false;
	return name.len > 0;
}

/* What is listed is what would be taken, and all of it where there is room. */
static void
see_list(struct str wanted, size_t max, struct str input)
{
	static char listed[64 * 1024];
	struct buf b = buf_on(listed, sizeof listed);
	struct str rest, name, matched;
	struct addr addr;

	identity_list(&b, sans, count, max);
	fuzz_check(buf_ok(&b) && b.used <= max, input);
	for (rest = buf_str(&b); rest.len > 0;) {
		name = str_cut(&rest, ',');
		fuzz_check(identity_match(sans, count, name, &matched), input);
		fuzz_check(identity_is_listed(buf_str(&b), name), input);
	}
	if (!identity_match(sans, count, wanted, &matched))
		fuzz_check(!identity_is_listed(buf_str(&b), wanted), input);
	else if (max == sizeof listed && (addr_parse(&addr, wanted) || is_listable(wanted)))
		fuzz_check(identity_is_listed(buf_str(&b), wanted), input);
}

/* Only hosts are ever wanted: the configuration sees to that. */
static bool
is_host(struct str wanted)
{
	struct addr ip;

	return uri_take_host(&wanted, &ip).len > 0 && wanted.len == 0;
}

static void
put(struct buf *b, const void *what)
{
	identity_write(b, sans, count, *(const size_t *)what);
}

static void
write_them(struct str input, size_t max)
{
	static char written[64 * 1024];
	struct buf b = buf_on(written, sizeof written);

	put(&b, &max);
	fuzz_check(buf_ok(&b) && buf_str(&b).len <= max, input);
	for (size_t i = 0; i < buf_str(&b).len; i++)
		fuzz_check(written[i] >= 0x20 && written[i] < 0x7f, input);
	fuzz_sizes(buf_str(&b), put, &max);
}

void
fuzz_one(struct str input)
{
	struct str rest = input, wanted = fuzz_line(&rest), matched;

	if (input.len > 4096)
		return;
	for (count = 0; rest.len > 0 && count < SANS; count++) {
		struct str line = fuzz_line(&rest);
		char kind = (char)fuzz_choice(&line);

		sans[count] = (struct san){ .kind = kind == 'u' ? SAN_URI
				: kind == 'd'                   ? SAN_DNS
								: SAN_IP,
			.value = line };
	}
	if (!identity_match(sans, count, wanted, &matched))
		fuzz_check(str_is_none(matched), input);
	else if (is_host(wanted))
		see_accepted(wanted, matched, input);
	see_wild(wanted, input);
	for (size_t max = 0; max < 512; max = max * 2 + 1) {
		write_them(input, max);
		see_list(wanted, max, input);
	}
	see_list(wanted, 64 * 1024, input);
}
