/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/directory.h"

#include <stdalign.h>

#include "base/panic.h"

/* Whether A is to be asked before B, which stands behind it in the directory or is it. */
static bool
goes_first(const struct dn *a, const struct dn *b)
{
	if (a->prefix.len != b->prefix.len)
		return a->prefix.len > b->prefix.len;
	return a->priority < b->priority;
}

/* Puts DN into its place among the ways; equals keep their order. */
static void
add_way(struct directory *directory, uint32_t place)
{
	uint32_t at = directory->way_count++;

	while (at > 0 &&
		goes_first(&directory->dns[place], &directory->dns[directory->ways[at - 1]])) {
		directory->ways[at] = directory->ways[at - 1];
		at--;
	}
	directory->ways[at] = place;
}

bool
directory_index(struct directory *directory, struct arena *arena, const uint8_t key[MAP_KEY_BYTES],
	uint32_t *twice)
{
	uint32_t max = directory->count > 0 ? directory->count : 1;
	bool is_open = map_open(&directory->by_number, arena, max, key);

	*twice = DN_NONE_INDEX;
	directory->way_count = 0;
	directory->ways = arena_take(arena, max * sizeof(uint32_t), alignof(uint32_t));
	if (!is_open || directory->ways == NULL)
		return false;
	for (uint32_t i = 0; i < directory->count; i++) {
		const struct dn *dn = &directory->dns[i];

		if (directory_find(directory, dn->number) != NULL) {
			*twice = i;
			return false;
		}
		map_put(&directory->by_number, map_hash(&directory->by_number, &dn->number, 1), i);
		if (dn_is_trunk(dn) && dn->prefix.len > 0)
			add_way(directory, i);
	}
	return true;
}

const struct dn *
directory_find(const struct directory *directory, struct str number)
{
	const struct map *map = &directory->by_number;
	uint64_t hash = map_hash(map, &number, 1);
	uint32_t cursor;

	for (uint32_t i = map_first(map, hash, &cursor); i != MAP_NONE;
		i = map_next(map, hash, &cursor)) {
		if (str_same(directory->dns[i].number, number))
			return &directory->dns[i];
	}
	return NULL;
}

const struct dn *
directory_trunk_after(const struct directory *directory, struct str number, const struct dn *after)
{
	bool is_behind = after == NULL;

	for (uint32_t i = 0; i < directory->way_count; i++) {
		const struct dn *dn = &directory->dns[directory->ways[i]];

		if (is_behind && str_begins(number, dn->prefix))
			return dn;
		is_behind = is_behind || dn == after;
	}
	return NULL;
}

const struct dn *
directory_trunk(const struct directory *directory, struct str number)
{
	return directory_trunk_after(directory, number, NULL);
}

bool
directory_is_domain(const struct directory *directory, struct str host)
{
	struct addr ip, ours;
	bool is_ip = addr_parse(&ip, host);

	if (host.len > 1 && host.at[host.len - 1] == '.')
		host.len--;
	for (uint32_t i = 0; i < directory->domain_count; i++) {
		struct str domain = directory->domains[i];

		if (str_alike(domain, host))
			return true;
		if (is_ip && addr_parse(&ours, domain) && addr_same_ip(&ours, &ip))
			return true;
	}
	return false;
}

struct str
directory_realm(const struct directory *directory)
{
	return directory->domain_count > 0 ? directory->domains[0] : STR("sipward");
}

uint32_t
directory_place(const struct directory *directory, const struct dn *dn)
{
	must(dn >= directory->dns && dn < directory->dns + directory->count);
	return (uint32_t)(dn - directory->dns);
}

bool
dn_is_trunk(const struct dn *dn)
{
	return dn->type == DN_TRUNK || dn->type == DN_SOFTSWITCH;
}

struct secret
dn_secret(const struct dn *dn)
{
	struct secret none = { .password = STR("") };
	struct secret secret = {
		.username = str_is_empty(dn->username) ? dn->number : dn->username,
		.password = dn->password,
		.realm = str_is_empty(dn->realm) ? dn->contact.host : dn->realm,
	};

	return dn_is_trunk(dn) && !str_is_empty(dn->password) ? secret : none;
}

struct contact
dn_hop(const struct dn *dn)
{
	struct contact hop = dn->has_proxy ? dn->proxy : dn->contact;

	if (dn->contact.speech.scheme == SCHEME_SIPS) {
		hop.speech = dn->contact.speech;
	} else if (dn->contact.speech.transport == TRANSPORT_TLS &&
		hop.speech.transport != TRANSPORT_TLS) {
		hop.speech.transport = TRANSPORT_TLS;
		hop.has_transport = true;
	}
	return hop;
}

struct speech
dn_speech(const struct dn *dn)
{
	return (struct speech){ dn->contact.speech.scheme, dn_hop(dn).speech.transport };
}

void
dn_write_proxy(struct buf *b, const struct dn *dn, enum scheme scheme)
{
	const struct contact *proxy = &dn->proxy;
	bool is_sips = scheme == SCHEME_SIPS || proxy->speech.scheme == SCHEME_SIPS;

	buf_put(b, is_sips ? STR("<sips:") : STR("<sip:"));
	buf_put(b, proxy->host);
	if (proxy->port != 0) {
		buf_char(b, ':');
		buf_number(b, proxy->port);
	}
	if (!is_sips && proxy->has_transport)
		buf_put(b, scheme_contact_param(&proxy->speech, false));
	buf_put(b, STR(";lr>"));
}

struct str
dn_tls_name(const struct dn *dn)
{
	if (!str_is_empty(dn->tls_name))
		return dn->tls_name;
	return dn->contact.is_self ? STR("") : dn_hop(dn).host;
}

struct str
dn_type_name(enum dn_type type)
{
	switch (type) {
	case DN_EXTENSION: return STR("extension");
	case DN_ACD_POSITION: return STR("acd-position");
	case DN_TRUNK: return STR("trunk");
	case DN_SOFTSWITCH: break;
	}
	return STR("softswitch");
}
