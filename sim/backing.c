/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the server: its directory and the store that must survive it. Both may be
 * slow, wrong or silent. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum {
	DRAW_STORE = 0x40,
	DRAW_STALE,
	DRAW_MUTE,
	DRAW_STORE_MS,
	DRAW_CROSSING = 0x48,
	DRAW_MODE,
	DRAW_SIPS,
	DRAW_ENROLLED,
	DRAW_OUTBOUND,
	DRAW_PROOF,
};

enum {
	DIRECTORY_BYTES = 64 * 1024,
	DNS_COUNT = WORLD_DNS,
	ENROLLED_OF = 4, /* in one run of so many the trunks want to know where we are */
	ENROL_S = 600,
	OUTBOUND_OF = 4,
	PROOF_OF = 4,
};

/* What proves us to either trunk, in runs in which they ask for it. */
#define PROOF_USER "acme"
#define PROOF_SECRET "open sesame"

/* Two directories: the second is what an operator made of the first. */
static const struct check_dn written[2][DNS_COUNT] = {
	{
		{ "5000", "sip:192.0.2.50:5070", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "5001", "sip:192.0.2.51;transport=tcp", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL },
		{ "5002", "sip:media.example.net;transport=tls", NULL, false, CHECK_PER_LEG,
			CHECK_ALLOWED, NULL },
		{ "6001", "sips:192.0.2.61", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "6002", "sips:fly.example.net", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7000", "*", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7001", "*", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7002", "*", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7789", "*", "correct horse", false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7790", "*", "battery staple", false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "east", "sip:192.0.2.80", NULL, true, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "west", "sips:trunk.example.net;transport=tls", NULL, true, CHECK_PER_LEG,
			CHECK_ALLOWED, NULL },
	},
	{
		{ "5000", "sip:192.0.2.50:5070;transport=udp", NULL, false, CHECK_PER_LEG,
			CHECK_ALLOWED, NULL },
		{ "5003", "sip:192.0.2.51;transport=tcp", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL },
		{ "5002", "sip:media.example.net", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL }, /* to TLS by NAPTR */
		{ "6001", "sips:192.0.2.61", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "6002", "sips:fly.example.net:5061", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL },
		{ "7000", "*", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7001", "*", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7002", "sip:192.0.2.72;transport=tcp", NULL, false, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL },
		{ "7789", "*", "correct horse", false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "7790", "*", "battery staple", false, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "east", "sip:192.0.2.80", NULL, true, CHECK_PER_LEG, CHECK_ALLOWED, NULL },
		{ "west", "sips:trunk.example.net", NULL, true, CHECK_PER_LEG, CHECK_ALLOWED,
			NULL },
	},
};

struct addr
addr_of(const char *ip, uint16_t port)
{
	struct addr addr;

	if (!addr_parse(&addr, str_cstr(ip)))
		abort();
	addr.port = port;
	return addr;
}

/* ---- the directory ---- */

const char *
backing_realm(const struct world *w, const char *user)
{
	if (!w->has_proof)
		return NULL;
	return strcmp(user, "east") == 0    ? "east.example"
		: strcmp(user, "west") == 0 ? "west.example"
					    : NULL;
}

static void
put_dn(struct dn *dn, const struct check_dn *line, bool registers)
{
	struct str password = line->password != NULL ? str_cstr(line->password) : STR("");
	bool is_east = strcmp(line->number, "east") == 0, is_proof = line->realm != NULL;
	size_t at;

	*dn = (struct dn){
		.number = str_cstr(line->number),
		.type = line->is_trunk ? DN_TRUNK : DN_EXTENSION,
		.password = is_proof ? STR(PROOF_SECRET) : password,
		.username = is_proof ? STR(PROOF_USER) : STR(""),
		.realm = is_proof ? str_cstr(line->realm) : STR(""),
		.challenges_register = password.len > 0,
		.challenges_invite = password.len > 0,
		.tls_name = STR(""),
		.prefix = !line->is_trunk ? STR("")
			: is_east         ? STR("9")
					  : STR("8"),
		.capacity = strcmp(line->number, "6002") == 0 ? 6 : 0,
		.crossing = (enum crossing_mode)line->crossing,
		.sips = (enum sips_policy)line->sips,
		.registers = registers && line->is_trunk,
		.register_expires_s = ENROL_S,
	};
	if (contact_parse(&dn->contact, str_cstr(line->contact), &at) != CONTACT_FINE)
		abort();
}

/* What may cross in this run: half of the runs are per-leg, as the server is by default; in others
 * one mode is in force for all, or each DN has its own. The same in both directories, so that a
 * reload while a call waits changes nothing of it. */
static void
draw_crossings(struct world *w)
{
	uint32_t kind = draw_below(w->options.seed, DRAW_CROSSING, 0, 8);

	w->crossing = kind >= 4 && kind < 7 ? (enum check_mode)(kind - 3) : CHECK_PER_LEG;
	memcpy(w->lines, written, sizeof written);
	for (int i = 0; i < 2 * DNS_COUNT && kind == 7; i++) {
		struct check_dn *line = &w->lines[i / DNS_COUNT][i % DNS_COUNT];
		uint64_t which =
			(unsigned char)line->number[0] * 256U + (unsigned char)line->number[3];
		uint32_t sips = draw_below(w->options.seed, DRAW_SIPS, which, 6);
		bool is_sips = strncmp(line->contact, "sips:", 5) == 0;

		line->crossing = (enum check_mode)draw_below(w->options.seed, DRAW_MODE, which, 4);
		/* A fixed contact and the option must agree. */
		if (sips == CHECK_REQUIRED && is_sips)
			line->sips = CHECK_REQUIRED;
		if (sips == CHECK_REFUSED && !is_sips && line->contact[0] != '*')
			line->sips = CHECK_REFUSED;
	}
}

static void
put_directory(struct world *w, unsigned which)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 7 };
	struct directory *d = &w->directories[which];
	struct arena arena;
	uint32_t twice;

	w->dns[which] = calloc(DNS_COUNT, sizeof *w->dns[which]);
	w->directory_memory[which] = malloc(DIRECTORY_BYTES);
	if (w->dns[which] == NULL || w->directory_memory[which] == NULL)
		abort();
	for (int i = 0; i < DNS_COUNT; i++)
		put_dn(&w->dns[which][i], &w->lines[which][i], w->has_enrolled);
	*d = (struct directory){
		.dns = w->dns[which],
		.count = DNS_COUNT,
		.domains = { STR("example.com") },
		.domain_count = 1,
		.strangers = STRANGERS_ALL,
		.crossing = (enum crossing_mode)w->crossing,
		.uuid_header = STR("X-Genesys-CallUUID"),
	};
	arena = arena_on(w->directory_memory[which], DIRECTORY_BYTES);
	if (!directory_index(d, &arena, key, &twice))
		abort();
}

static void
open_judge(struct world *w)
{
	static const char *const ours[] = { "192.0.2.1:5060", "192.0.2.1:5061" };
	static const char *const secrets[] = { "correct horse", "battery staple", PROOF_SECRET };
	const struct check_options options = {
		.dns = w->lines[0],
		.dn_count = DNS_COUNT,
		.crossing = w->crossing,
		.ours = ours,
		.ours_count = 2,
		.t1_ms = T1_MS,
		.t2_ms = T2_MS,
		.t4_ms = T4_MS,
		.ring_max_ms = RING_MS,
		.has_records = true,
		.session_max_s = SESSION_EXPIRES_S,
		.contacts_max = CONTACTS_PER_AOR_MAX,
		.calls_max = WORLD_CALLS_MAX,
		.transactions_max = WORLD_CALLS_MAX * TXNS_PER_CALL + WORLD_REQUESTS_MAX,
		.flows_max = WORLD_FLOWS_OF_CORE + WORLD_LISTENERS,
		.bindings_max = WORLD_ADDRESSES_MAX * CONTACTS_PER_AOR_MAX,
		.secrets = secrets,
		.secret_count = 3,
		.proof_user = PROOF_USER,
		.proof_secret = PROOF_SECRET,
	};

	w->check = check_open(&options);
	if (w->check == NULL)
		abort();
}

void
backing_open(struct world *w)
{
	draw_crossings(w);
	w->has_enrolled = draw_below(w->options.seed, DRAW_ENROLLED, 0, ENROLLED_OF) == 0;
	w->has_proof = draw_below(w->options.seed, DRAW_PROOF, 0, PROOF_OF) == 0;
	for (int i = 0; i < 2 * DNS_COUNT; i++) {
		struct check_dn *line = &w->lines[i / DNS_COUNT][i % DNS_COUNT];

		line->realm = backing_realm(w, line->number);
	}
	w->has_outbound = draw_below(w->options.seed, DRAW_OUTBOUND, 0, OUTBOUND_OF) == 0;
	put_directory(w, 0);
	put_directory(w, 1);
	open_judge(w);
}

void
backing_close(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		free(w->dns[i]);
		free(w->directory_memory[i]);
	}
	for (uint32_t i = 0; i < w->kept_count; i++)
		free(w->kept[i].set);
}

void
backing_reload(struct world *w, unsigned which)
{
	struct event e = { .kind = EV_DIRECTORY };

	story_say(w, "directory %u is in force", which);
	w->troubles[TROUBLE_RELOAD]++;
	w->directory_now = which;
	e.u.directory = &w->directories[which];
	check_reload(w->check, w->lines[which], DNS_COUNT);
	world_feed(w, &e);
}

/* ---- the store ---- */

static struct kept *
kept_of(struct world *w, struct str aor)
{
	for (uint32_t i = 0; i < w->kept_count; i++)
		if (str_same(str_cstr(w->kept[i].aor), aor))
			return &w->kept[i];
	if (w->kept_count == WORLD_KEPT_MAX || aor.len >= sizeof w->kept[0].aor)
		abort();
	memcpy(w->kept[w->kept_count].aor, aor.at, aor.len);
	return &w->kept[w->kept_count++];
}

static void
tell_bindings(struct world *w, struct kept *kept, int64_t in_ms)
{
	struct item *item;

	if (w->now.mono_ms + in_ms < kept->told_at_ms)
		in_ms = kept->told_at_ms - w->now.mono_ms;
	kept->told_at_ms = w->now.mono_ms + in_ms;
	item = world_later(w, in_ms, ITEM_CORE, kept->set, kept->len);

	item->event.kind = EV_BINDINGS;
	item->event.u.bindings.aor = str_cstr(kept->aor);
	item->event.u.bindings.version = kept->version;
	item->event.u.bindings.set = str_of(item->bytes, item->len);
}

static uint64_t
ask_number(struct ref ask)
{
	return (uint64_t)ask.age << 32 | ask.slot;
}

/* What is saved is told behind the change itself. */
static void
tell_saved(struct world *w, const struct kept *kept, struct ref ask, enum saved_status status,
	int64_t in_ms)
{
	struct item *item;

	if (status == SAVED_DONE && w->now.mono_ms + in_ms < kept->told_at_ms)
		in_ms = kept->told_at_ms - w->now.mono_ms;
	item = world_later(w, in_ms, ITEM_CORE, NULL, 0);

	item->event.kind = EV_SAVED;
	item->event.u.saved.ask = ask;
	item->event.u.saved.status = status;
}

void
backing_save(struct world *w, const struct act *act)
{
	struct str set = act->u.save.set;
	struct ref ask = act->u.save.ask;
	struct kept *kept = kept_of(w, act->u.save.aor);
	int64_t ms = 1 + world_below(w, DRAW_STORE_MS, (uint32_t)w->weather.store_max_ms);
	bool is_mute = world_chance(w, DRAW_MUTE, w->weather.store_mute_ppm);
	bool is_stale = world_chance(w, DRAW_STALE, w->weather.store_stale_ppm) ||
		act->u.save.version != (kept->len > 0 ? kept->version : 0);

	check_save(w->check, ask_number(ask), kept->aor, set.at, set.len);
	story_say(w, "saves %s: %zu octets over version %llu", kept->aor, set.len,
		(unsigned long long)act->u.save.version);
	w->troubles[TROUBLE_STORE_SLOW] += ms >= 1000;
	if (world_chance(w, DRAW_STORE, w->weather.store_fail_ppm)) {
		w->troubles[TROUBLE_STORE_FAILED]++;
		check_saved(w->check, ask_number(ask), false);
		tell_saved(w, kept, ask, SAVED_FAILED, ms);
		return;
	}
	if (is_stale) {
		w->troubles[TROUBLE_STORE_STALE]++;
		check_saved(w->check, ask_number(ask), false);
		if (kept->version > 0)
			tell_bindings(w, kept, ms);
		tell_saved(w, kept, ask, SAVED_STALE, ms);
		return;
	}
	free(kept->set);
	kept->set = malloc(set.len > 0 ? set.len : 1);
	if (kept->set == NULL)
		abort();
	memcpy(kept->set, set.at, set.len);
	kept->len = set.len;
	kept->version++;
	check_saved(w->check, ask_number(ask), true);
	if (is_mute) { /* it is done, and nobody says so for long */
		w->troubles[TROUBLE_STORE_MUTE]++;
		ms += 20000;
	}
	tell_bindings(w, kept, ms);
	tell_saved(w, kept, ask, SAVED_DONE, ms);
}

void
backing_restore(struct world *w)
{
	for (uint32_t i = 0; i < w->kept_count; i++) {
		struct event e = { .kind = EV_BINDINGS };

		if (w->kept[i].len == 0)
			continue;
		e.u.bindings.aor = str_cstr(w->kept[i].aor);
		e.u.bindings.version = w->kept[i].version;
		e.u.bindings.set = str_of(w->kept[i].set, w->kept[i].len);
		world_feed(w, &e);
	}
}
