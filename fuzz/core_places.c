/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of the world. */
#include "core_inside.h"
#include "directory/options.h"
#include "fuzz.h"

enum { DIRECTORIES_OF_LINES = 4, DIRECTORY_BYTES = 16 * 1024 };

struct directory world_directories[DIRECTORIES];
static struct dn dns[DIRECTORIES][DNS];
static char indexes[DIRECTORIES][DIRECTORY_BYTES];

struct line {
	struct str number, contact;
	enum dn_type type;
	struct str password, prefix;
	bool no_invite;
	uint32_t capacity;
};

/* They differ in who is there, what they speak and who may call. In the last one we register at
 * the trunks and ask whether they are alive. */
static const struct line lines[DIRECTORIES_OF_LINES][DNS] = {
	{ { STR("5000"), STR("sip:192.0.2.50:5070"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("5001"), STR("sip:192.0.2.51;transport=tcp"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("5002"), STR("sip:media.example.net;transport=tls"), 0, { 0 }, { 0 }, false,
			0 },
		{ STR("6001"), STR("sips:192.0.2.61"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("6002"), STR("sips:fly.example.net"), 0, { 0 }, { 0 }, false, 1 },
		{ STR("7000"), STR("*"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("7001"), STR("*"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("7789"), STR("*"), 0, STR("Zq81!kept"), { 0 }, false, 0 },
		{ STR("east"), STR("sip:192.0.2.80"), DN_TRUNK, { 0 }, STR("9"), false, 0 } },
	{ { STR("5000"), STR("sips:192.0.2.50"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("5001"), STR("sip:192.0.2.51"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("7000"), STR("sip:192.0.2.70"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("7001"), STR("*"), 0, STR("Zq81!kept"), { 0 }, false, 0 },
		{ STR("7789"), STR("*"), 0, STR("Zq81!kept"), { 0 }, true, 0 },
		{ STR("east"), STR("sips:fly.example.net"), DN_SOFTSWITCH, { 0 }, STR(""), false,
			2 } },
	{ { STR("7000"), STR("*"), 0, { 0 }, { 0 }, false, 0 } },
	{ { STR("east"), STR("sip:192.0.2.80;transport=tcp"), DN_TRUNK, STR("Zq81!kept"), STR("9"),
		  false, 0 },
		{ STR("west"), STR("sips:fly.example.net"), DN_SOFTSWITCH, STR("Zq81!kept"),
			STR("4"), false, 0 },
		{ STR("7000"), STR("*"), 0, { 0 }, { 0 }, false, 0 },
		{ STR("7001"), STR("sip:192.0.2.71:40000"), 0, { 0 }, { 0 }, false, 0 } },
};
static const uint32_t line_counts[DIRECTORIES_OF_LINES] = { 9, 6, 1, 4 };
enum { DIRECTORY_REGISTERS = DIRECTORIES_OF_LINES - 1, REGISTER_S = 1800, ALIVE_S = 900 };

/* Those that have what options there are besides: each DN is its number and its options as they
 * would be written, `type` first. */
#define PIN "07070707070707070707070707070707"
static const struct rich {
	enum strangers strangers;
	enum crossing_mode crossing;
	struct str dns[DNS];
} riches[DIRECTORIES - DIRECTORIES_OF_LINES] = {
	{ STRANGERS_ALL, MODE_OBSERVE,
		{
			STR("5000 contact=sip:192.0.2.50:5070 sips=refused"),
			STR("5001 type=acd-position contact=sip:192.0.2.51;transport=tcp "
			    "crossing=no-downgrade"),
			STR("5002 contact=sips:media.example.net emit-transport-tls=yes "
			    "crossing=strict recovery-timeout=60"),
			STR("5003 contact=sip:mail.example.net oos-check=60"),
			STR("6001 contact=sips:192.0.2.61 sips=required tls-wildcard=yes"),
			STR("7000 contact=* service-route=yes emit-transport-tls=yes"),
			STR("7001 contact=* sips=refused service-route=yes"),
			STR("7789 type=acd-position contact=* password=Zq81!kept sips=required "
			    "service-route=yes"),
			STR("east type=trunk contact=sip:192.0.2.80 prefix=9 "
			    "asserted-identity=trusted"),
			STR("west type=trunk contact=sips:fly.example.net prefix=9 priority=1 "
			    "from-domain=certificate asserted-identity=trusted capacity=1"),
		} },
	{ STRANGERS_NONE, MODE_PER_LEG,
		{
			STR("5000 contact=sip:192.0.2.50:5070;transport=tls "
			    "tls-name=fly.example.net crossing=observe"),
			STR("5001 contact=sips:192.0.2.51 password=Zq81!kept tls-fingerprint=" PIN
					PIN),
			STR("6001 contact=sip:x@192.0.2.61:5062;transport=tcp crossing=strict "
			    "oos-check=300 oos-force=0"),
			STR("7000 contact=* sips=required service-route=yes "
			    "crossing=no-downgrade"),
			STR("7001 contact=* crossing=strict"),
			STR("7789 contact=* password=Zq81!kept authenticate-requests=register "
			    "service-route=yes"),
			STR("east type=trunk contact=sip:192.0.2.80 prefix=9 register=yes "
			    "outbound-proxy=sip:192.0.2.80:5070;transport=udp password=Zq81!kept "
			    "username=9900 realm=far register-expires=600"),
			STR("west type=trunk contact=sip:fly.example.net;transport=tls prefix=42 "
			    "outbound-proxy=sips:edge.example.net:5071 register=yes gruu=yes "
			    "password=Zq81!kept asserted-identity=trusted"),
			STR("north type=voip-service contact=sips:n@192.0.2.10 prefix=9 "
			    "priority=5 identity=other asserted-identity=trusted crossing=strict "
			    "emit-transport-tls=yes"),
			STR("south type=trunk contact=sip:192.0.2.80 prefix=97 register=yes "
			    "register-expires=900"),
			STR("north2 type=trunk contact=sips:192.0.2.10 prefix=96 identity=other "
			    "outbound-proxy=sip:192.0.2.10 oos-check=120"),
		} },
};

static void
put_lines(struct directory *d, unsigned which)
{
	size_t at;

	d->count = line_counts[which];
	d->strangers = (enum strangers)(which % 3);
	d->crossing = which % 3 == 0 ? MODE_PER_LEG : (enum crossing_mode)(which + 1);
	for (uint32_t i = 0; i < d->count; i++) {
		const struct line *line = &lines[which][i];
		bool is_told = which == DIRECTORY_REGISTERS && line->prefix.len > 0;

		d->dns[i] = (struct dn){ .number = line->number,
			.type = line->type,
			.password = line->password,
			.challenges_register = line->password.len > 0,
			.challenges_invite = line->password.len > 0 && !line->no_invite,
			.prefix = line->prefix,
			.capacity = line->capacity,
			.registers = is_told,
			.register_expires_s = is_told ? REGISTER_S : 0,
			.wants_gruu = is_told,
			.oos_check_s = is_told ? ALIVE_S : 0 };
		fuzz_check(contact_parse(&d->dns[i].contact, line->contact, &at) == CONTACT_FINE,
			line->contact);
	}
}

/* Reads `NAME=VALUE NAME=VALUE`. */
static void
put_options(struct dn *dn, struct str text)
{
	dn_init(dn);
	dn->number = str_cut(&text, ' ');
	while (text.len > 0) {
		struct str value = str_cut(&text, ' '), name = str_cut(&value, '='), why;
		const struct option *option = option_find(name);
		size_t at;

		fuzz_check(option != NULL && option_set(dn, option, value, &why, &at), name);
	}
	dn->terms.identity = dn->terms.trust = dn->identity.len > 0;
}

static void
put_rich(struct directory *d, const struct rich *rich)
{
	d->strangers = rich->strangers;
	d->crossing = rich->crossing;
	while (d->count < DNS && rich->dns[d->count].len > 0) {
		put_options(&d->dns[d->count], rich->dns[d->count]);
		d->count++;
	}
}

void
world_put_directories(void)
{
	static const uint8_t key[MAP_KEY_BYTES] = { 7 };

	for (unsigned i = 0; i < DIRECTORIES; i++) {
		struct directory *d = &world_directories[i];
		struct arena arena = arena_on(indexes[i], DIRECTORY_BYTES);
		uint32_t twice;

		*d = (struct directory){ .dns = dns[i],
			.domains = { STR("example.com") },
			.domain_count = 1,
			.uuid_header = STR("X-Genesys-CallUUID") };
		if (i < DIRECTORIES_OF_LINES)
			put_lines(d, i);
		else
			put_rich(d, &riches[i - DIRECTORIES_OF_LINES]);
		fuzz_check(directory_index(d, &arena, key, &twice), STR_NONE);
	}
}
