/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver behind the server, and what DNS says: addresses and services, of which some lead to
 * nobody, some into clear text, and all may be slow, missing, changed or not answered. */
#include <string.h>

#include "world.h"

enum { DRAW_NAMES = 0x48, DRAW_NAMES_MS, DRAW_ODD, DRAW_MOOD };

enum { NAMES_TTL_S = 60 };

static const struct {
	const char *name, *ip;
} addresses[] = {
	{ "media.example.net", "192.0.2.52" },
	{ "fly.example.net", "192.0.2.62" },
	{ "trunk.example.net", "192.0.2.81" },
	{ "dead.example.net", "192.0.2.99" },
};

/* The usual records. Each domain has plain services, too, which no sips leg may follow. */
static const struct {
	const char *name;
	enum names_kind kind;
	struct dns_record service;
} services[] = {
	{ "fly.example.net", NAMES_NAPTR,
		{ 10, 1, 0, STR("s"), STR("SIP+D2U"), STR("_sip._udp.fly.example.net") } },
	{ "fly.example.net", NAMES_NAPTR,
		{ 20, 1, 0, STR("s"), STR("SIPS+D2T"), STR("_sips._tcp.fly.example.net") } },
	{ "_sip._udp.fly.example.net", NAMES_SRV,
		{ .order = 1, .port = 5060, .name = STR("fly.example.net") } },
	{ "_sips._tcp.fly.example.net", NAMES_SRV,
		{ .order = 1, .weight = 1, .port = 5061, .name = STR("dead.example.net") } },
	{ "_sips._tcp.fly.example.net", NAMES_SRV,
		{ .order = 1, .weight = 5, .port = 5061, .name = STR("fly.example.net") } },
	{ "media.example.net", NAMES_NAPTR,
		{ 10, 1, 0, STR("s"), STR("SIPS+D2T"), STR("_sips._tcp.media.example.net") } },
	{ "media.example.net", NAMES_NAPTR,
		{ 20, 1, 0, STR("s"), STR("SIP+D2U"), STR("_sip._udp.media.example.net") } },
	{ "_sip._udp.media.example.net", NAMES_SRV,
		{ .order = 1, .port = 5060, .name = STR("media.example.net") } },
	{ "_sips._tcp.media.example.net", NAMES_SRV,
		{ .order = 1, .port = 5061, .name = STR("media.example.net") } },
	{ "trunk.example.net", NAMES_NAPTR,
		{ 10, 1, 0, STR("s"), STR("SIP+D2T"), STR("_sip._tcp.trunk.example.net") } },
	{ "_sips._tcp.trunk.example.net", NAMES_SRV,
		{ .order = 2, .port = 5061, .name = STR("trunk.example.net") } },
	{ "_sips._tcp.trunk.example.net", NAMES_SRV,
		{ .order = 1, .port = 5062, .name = STR("trunk.example.net") } },
};

/* How DNS answers for a service when the weather is bad. */
enum mood { MOOD_NONE, MOOD_DOT, MOOD_PLAIN_ALONE, MOOD_ELSEWHERE, MOODS };

static void
say_address(struct event *e, struct str name)
{
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		if (!str_same(name, str_cstr(addresses[i].name)))
			continue;
		e->u.names.status = NAMES_FOUND;
		e->u.names.addrs[e->u.names.count++] = addr_of(addresses[i].ip, 0);
	}
}

static void
say_services(struct event *e, struct str name)
{
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		if (!str_same(name, str_cstr(services[i].name)) ||
			services[i].kind != e->u.names.kind)
			continue;
		e->u.names.status = NAMES_FOUND;
		e->u.names.services[e->u.names.count++] = services[i].service;
	}
}

static void
say_oddly(struct event *e, struct str name, enum mood mood)
{
	/* Where a plain service is said to be one of sips, and where nothing else is there. */
	bool is_media = str_same(name, STR("media.example.net"));
	struct str target =
		is_media ? STR("_sip._udp.media.example.net") : STR("_sip._udp.fly.example.net");
	struct dns_record plain = { 1, 1, 0, STR("s"), STR("SIP+D2U"), target };
	struct dns_record wrong = { 2, 1, 0, STR("s"), STR("SIPS+D2T"), target };

	if (mood == MOOD_NONE)
		return;
	say_services(e, name);
	if (e->u.names.count == 0)
		return;
	if (mood == MOOD_DOT) {
		e->u.names.count = 1;
		e->u.names.services[0].name = STR("");
	} else if (mood == MOOD_PLAIN_ALONE && e->u.names.kind == NAMES_NAPTR) {
		e->u.names.count = 2;
		e->u.names.services[0] = plain;
		e->u.names.services[1] = wrong;
	} else { /* to somebody else's server, who has another name */
		for (uint32_t i = 0; i < e->u.names.count; i++)
			if (e->u.names.kind == NAMES_SRV)
				e->u.names.services[i].name = STR("trunk.example.net");
	}
}

void
resolver_ask(struct world *w, const struct act *act)
{
	static const char *const kinds[] = { "addresses", "SRV", "NAPTR" };
	struct str name = act->u.resolve.name;
	int64_t ms = 1 + world_below(w, DRAW_NAMES_MS, (uint32_t)w->weather.names_max_ms);
	bool fails = world_chance(w, DRAW_NAMES, w->weather.names_fail_ppm);
	bool is_odd = world_chance(w, DRAW_ODD, w->weather.names_fail_ppm);
	enum mood mood = (enum mood)world_below(w, DRAW_MOOD, MOODS);
	struct item *item = world_later(w, ms, ITEM_CORE, NULL, 0);
	struct event *e = &item->event;

	e->kind = EV_NAMES;
	e->u.names.ask = act->u.resolve.ask;
	e->u.names.kind = act->u.resolve.kind;
	e->u.names.status = fails ? NAMES_FAILED : NAMES_ABSENT;
	e->u.names.ttl_s = NAMES_TTL_S;
	story_say(w, "asks DNS for %s of %.*s", kinds[e->u.names.kind], (int)name.len, name.at);
	if (e->u.names.kind != NAMES_ADDRESSES)
		check_asked(w->check, name.at, name.len);
	w->troubles[TROUBLE_NAMES_SLOW] += ms >= 1000;
	w->troubles[TROUBLE_NAMES_FAILED] += fails;
	if (fails)
		return;
	w->troubles[TROUBLE_NAMES_ODD] += is_odd && e->u.names.kind != NAMES_ADDRESSES;
	if (e->u.names.kind == NAMES_ADDRESSES)
		say_address(e, name);
	else if (is_odd)
		say_oddly(e, name, mood);
	else
		say_services(e, name);
}
