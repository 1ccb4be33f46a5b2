/* SPDX-License-Identifier: Apache-2.0 */
/* What each value alone does not show: whether all of them can work together. */
#include "base/panic.h"
#include "main/config_parts.h"

/* What listens, for the questions below. */
static bool
has_listener(const struct reading *r, enum transport transport, enum addr_family family)
{
	for (uint32_t i = 0; i < r->config->listen_count; i++) {
		const struct net_listen *listen = &r->config->listens[i];

		if (listen->transport == transport &&
			(family == ADDR_NONE || listen->addr.family == family))
			return true;
	}
	return false;
}

/* Whether bytes for A and B arrive at one socket. */
static bool
is_same_socket(enum transport a, enum transport b)
{
	return (a == TRANSPORT_UDP) == (b == TRANSPORT_UDP);
}

static void
check_listens(struct reading *r)
{
	const struct config *config = r->config;

	for (uint32_t i = 0; i < config->listen_count; i++) {
		const struct net_listen *a = &config->listens[i];

		for (uint32_t j = 0; j < i; j++) {
			const struct net_listen *b = &config->listens[j];
			bool is_one = addr_same_ip(&a->addr, &b->addr) || addr_is_any(&a->addr) ||
				addr_is_any(&b->addr);

			if (!is_one || a->addr.port != b->addr.port ||
				a->addr.family != b->addr.family ||
				!is_same_socket(a->transport, b->transport))
				continue;
			report_error(r->report, r->listens[i]->span,
				"this listener and the one on line %u want the same port",
				report_line(r->report, r->listens[j]->span.from));
			break;
		}
	}
}

/* A certificate needs its key. */
static void
check_identities(struct reading *r)
{
	for (uint32_t i = 0; i < r->config->identity_count; i++) {
		const struct identity_nodes *nodes = &r->identities[i];
		struct str name = i == 0 ? STR("tls") : r->config->identities[i].name;

		if (nodes->map != NULL && (nodes->certificate == NULL) != (nodes->key == NULL))
			report_error(r->report, nodes->map->span,
				"a certificate and its key come together: %.*s %s", SHOW(name),
				nodes->key == NULL ? "needs its key" : "needs its certificate");
		else if (i > 0 && nodes->certificate == NULL && nodes->map->kind == YAML_MAP)
			report_error(r->report, nodes->map->span,
				"an identity is a certificate: %.*s needs certificate: and key:",
				SHOW(name));
	}
}

/* A listener for TLS needs a certificate. */
static void
check_default_identity(struct reading *r)
{
	const struct config *config = r->config;
	const struct identity_nodes *nodes = &r->identities[0];

	if (nodes->certificate != NULL || nodes->key != NULL ||
		(nodes->map != NULL && nodes->map->kind != YAML_MAP))
		return;
	for (uint32_t i = 0; i < config->listen_count; i++) {
		const struct service *service = &config->listens[i].service;
		bool has_default = service->identity_count == 0;

		for (uint32_t j = 0; j < service->identity_count; j++)
			has_default |= service->identities[j] == 0;
		if (config->listens[i].transport != TRANSPORT_TLS || !has_default)
			continue;
		report_error(r->report, r->listens[i]->span,
			"a TLS listener needs a certificate; add tls: with certificate: and key:");
		return;
	}
}

/* Who asks for a certificate must know whom to believe. */
static void
check_services(struct reading *r)
{
	for (uint32_t i = 0; i < r->config->listen_count; i++) {
		const struct service *service = &r->config->listens[i].service;
		bool has_trust = service->identity_count > 0 || r->identities[0].trust != NULL;

		for (uint32_t j = 0; j < service->identity_count; j++)
			has_trust &= r->identities[service->identities[j]].trust != NULL;
		if (service->client != CLIENT_NONE && !has_trust)
			report_error(r->report, r->listens[i]->span,
				"client-certificate needs trust: FILE in tls: or the identity, the "
				"CAs to believe");
	}
}

/* Whether some listener asks for certificates that DN is believed by. */
static bool
is_asked(const struct reading *r, const struct dn *dn)
{
	const struct config *config = r->config;

	for (uint32_t i = 0; i < config->listen_count; i++) {
		const struct service *service = &config->listens[i].service;

		if (service->client == CLIENT_NONE)
			continue;
		if (service->identity_count == 0 && dn->terms.trust == 0)
			return true;
		for (uint32_t j = 0; j < service->identity_count; j++)
			if (identity_trust(config->identities, service->identities[j]) ==
				dn->terms.trust)
				return true;
	}
	return false;
}

/* Whether a contact leads back to one of our own listeners. */
static bool
is_ours(const struct reading *r, const struct contact *contact)
{
	for (uint32_t i = 0; i < r->config->listen_count; i++) {
		const struct net_listen *listen = &r->config->listens[i];
		bool is_here = addr_same_ip(&listen->addr, &contact->ip) ||
			(addr_is_any(&listen->addr) && addr_is_loopback(&contact->ip) &&
				listen->addr.family == contact->ip.family);

		if (is_here && listen->addr.port == contact_port(contact) &&
			is_same_socket(listen->transport, contact->speech.transport))
			return true;
	}
	return false;
}

/* A device that we call over TLS: we check it, and it must find us. */
static void
check_tls_contact(struct reading *r, const struct dn *dn, struct span span)
{
	if (r->identities[dn->terms.identity].trust == NULL)
		report_error(r->report, span,
			"who it is cannot be checked: tls: needs trust: FILE, the CAs to believe "
			"(all public ones: /etc/ssl/certs/ca-certificates.crt)");
	if (!r->has_bad_listens && !has_listener(r, TRANSPORT_TLS, ADDR_NONE))
		report_error(r->report, span,
			"this device speaks TLS, so it needs a TLS listener to answer to; add "
			"listen: sips:ADDRESS:5061");
}

/* Options about the certificate of a device that shows us none. */
static void
refuse_tls_options(struct reading *r, const struct dn_nodes *nodes, const char *why)
{
	const struct yaml *all[] = { nodes->tls_name, nodes->pin, nodes->wildcard,
		nodes->identity };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i] != NULL)
			report_error(r->report, all[i]->span, "%.*s says nothing here: %s",
				SHOW(all[i]->key), why);
}

/* A contact with an address. */
static void
check_fixed(struct reading *r, const struct dn *dn, const struct dn_nodes *nodes)
{
	struct contact hop = dn_hop(dn);
	const struct contact *contact = &hop;
	enum transport transport = hop.speech.transport;
	struct span span = (nodes->proxy != NULL ? nodes->proxy : nodes->contact)->span;

	if (dn->has_proxy && transport == TRANSPORT_TLS && dn->proxy.has_transport &&
		dn->proxy.speech.transport == TRANSPORT_UDP)
		report_error(r->report, span,
			"its contact speaks TLS, and so does what leads there: drop transport=udp");
	if (addr_is_any(&contact->ip) || addr_is_multicast(&contact->ip))
		report_error(r->report, span, "no device has this address");
	else if (contact->ip.family != ADDR_NONE && is_ours(r, contact))
		report_error(r->report, span, "this is one of our own listeners");
	else if (transport == TRANSPORT_TLS)
		check_tls_contact(r, dn, span);
	else if (r->has_bad_listens)
		return;
	else if (transport == TRANSPORT_UDP && !has_listener(r, transport, contact->ip.family))
		report_error(r->report, span,
			"this device speaks UDP, and no listener for UDP%s can reach it",
			contact->ip.family == ADDR_V6           ? " over IPv6"
				: contact->ip.family == ADDR_V4 ? " over IPv4"
								: "");
	else if (transport == TRANSPORT_TCP && !has_listener(r, transport, ADDR_NONE))
		report_warning(r->report, span,
			"this device speaks TCP, and no TCP listener takes its own requests");
	if (transport != TRANSPORT_TLS)
		refuse_tls_options(r, nodes, "the contact does not speak TLS");
}

/* What it says of sips, beside what its contact says. */
static void
check_sips(struct reading *r, const struct dn *dn, const struct dn_nodes *nodes)
{
	if (nodes->sips == NULL || nodes->contact == NULL || dn->sips == SIPS_ALLOWED)
		return;
	if (!dn->contact.is_self && !sips_policy_fits(dn->sips, dn->contact.speech.scheme))
		report_error(r->report, nodes->sips->span, "its contact is %s",
			dn->sips == SIPS_REQUIRED ? "not sips, and so no call could reach it"
						  : "sips, and so no call could reach it");
	else if (dn->sips == SIPS_REQUIRED && !r->has_bad_listens &&
		!has_listener(r, TRANSPORT_TLS, ADDR_NONE))
		report_error(r->report, nodes->sips->span,
			"sips needs a TLS listener; add listen: sips:ADDRESS:5061");
}

static void
check_dn(struct reading *r, const struct dn *dn, const struct dn_nodes *nodes)
{
	bool is_self = nodes->contact != NULL && dn->contact.is_self;

	if (nodes->contact != NULL && !is_self)
		check_fixed(r, dn, nodes);
	if (is_self && !is_asked(r, dn))
		refuse_tls_options(r, nodes,
			"a device that registers is not dialled, and no TLS listener asks for its "
			"certificate");
	if (is_self && !nodes->has_password &&
		!((nodes->tls_name != NULL || nodes->pin != NULL) && is_asked(r, dn)) &&
		has_listener(r, TRANSPORT_TLS, ADDR_NONE))
		report_warning(r->report, nodes->contact->span,
			"%.*s has no password: who registers so is unauthenticated, over TLS too",
			SHOW(dn->number));
	check_sips(r, dn, nodes);
	if (dn->is_trusted && nodes->contact != NULL &&
		dn->contact.speech.transport != TRANSPORT_TLS)
		report_warning(r->report, nodes->contact->span,
			"asserted-identity: trusted, and it does not speak TLS: whoever can forge "
			"its address is believed, too");
	if (nodes->proof != NULL && !nodes->has_password)
		report_error(r->report, nodes->proof->span,
			"%.*s says nothing here: without a password nothing is proved",
			SHOW(nodes->proof->key));
	if (nodes->register_expires != NULL && !dn->registers)
		report_error(r->report, nodes->register_expires->span,
			"register-expires says nothing here without register: yes");
	if (nodes->service_route != NULL && nodes->contact != NULL && !is_self)
		report_error(r->report, nodes->service_route->span,
			"service-route says nothing here: only who registers is told one");
	if (nodes->gruu != NULL && !dn->registers)
		report_error(r->report, nodes->gruu->span,
			"gruu says nothing here without register: yes");
	if (nodes->oos_force != NULL && dn->oos_check_s == 0)
		report_error(r->report, nodes->oos_force->span,
			"oos-force says nothing here without oos-check");
	if (is_self && (dn->oos_check_s > 0 || dn->recovery_timeout_s > 0))
		report_error(r->report, nodes->contact->span,
			"a device that registers is not asked whether it is alive: it says so "
			"itself");
	if (nodes->methods != NULL && !nodes->has_password &&
		(dn->challenges_register || dn->challenges_invite))
		report_error(r->report, nodes->methods->span,
			"authenticate-requests needs a password to challenge with");
}

/* Whether calls of DN over TLS can be told from anybody's: by digest, or by its certificate. A
 * device that registers without a password has a warning of its own. */
static bool
is_unauthenticated(const struct reading *r, const struct dn *dn, const struct dn_nodes *nodes)
{
	return nodes->contact != NULL && !dn->contact.is_self && !dn->challenges_invite &&
		dn_speech(dn).transport == TRANSPORT_TLS && !is_asked(r, dn);
}

/* One warning for all of them: they are many as a rule. */
static void
warn_of_strangers(struct reading *r)
{
	enum { SHOWN_MAX = 5 };
	const struct directory *directory = &r->config->directory;
	const struct dn_nodes *first = NULL;
	struct str names = STR("");
	uint32_t count = 0;

	for (uint32_t i = 0; i < directory->count; i++) {
		const struct dn *dn = &directory->dns[i];

		if (!is_unauthenticated(r, dn, &r->dns[i]))
			continue;
		if (count == 0)
			first = &r->dns[i];
		if (count < SHOWN_MAX)
			names = memory_text(r->memory, "%.*s%s%.*s", SHOW(names),
				count > 0 ? ", " : "", SHOW(dn->number));
		count++;
	}
	if (count > 0 && !r->has_bad_listens)
		report_warning(r->report, first->contact->span,
			"unauthenticated over TLS when they call, with neither a password nor a "
			"listener that asks for their certificate (client-certificate): %.*s%s",
			SHOW(names), count > SHOWN_MAX ? ", ..." : "");
}

/* Two DNs of one number. */
static void
check_numbers(struct reading *r)
{
	const struct directory *directory = &r->config->directory;
	static const uint8_t key[MAP_KEY_BYTES] = { 0 }; /* the file is the operator's own */
	struct arena arena = arena_on(NULL, 0);
	struct map map;

	if (directory->count == 0)
		return;
	map_open(&map, &arena, directory->count, key);
	arena = arena_on(memory_take(r->memory, arena.used), arena.used);
	must(map_open(&map, &arena, directory->count, key));
	for (uint32_t i = 0; i < directory->count; i++) {
		struct str number = directory->dns[i].number;
		uint64_t hash = map_hash(&map, &number, 1);
		uint32_t cursor, j = map_first(&map, hash, &cursor);

		if (number.len == 0)
			continue;
		while (j != MAP_NONE && !str_same(directory->dns[j].number, number))
			j = map_next(&map, hash, &cursor);
		if (j == MAP_NONE)
			map_put(&map, hash, i);
		else
			report_error(r->report, r->dns[i].number->span,
				"two DNs have the number %.*s; the first is on line %u",
				SHOW(number), report_line(r->report, r->dns[j].number->span.from));
	}
}

static void
check_timers(struct reading *r)
{
	int64_t t1_ms = r->config->t1_ms != 0 ? r->config->t1_ms : T1_MS;
	int64_t t2_ms = r->config->t2_ms != 0 ? r->config->t2_ms : T2_MS;

	if (r->timers != NULL && t1_ms > t2_ms)
		report_error(r->report, r->timers->span,
			"t1 (%lldms) is longer than t2 (%lldms), to which it is doubled",
			(long long)t1_ms, (long long)t2_ms);
}

void
sense_check(struct reading *r)
{
	const struct directory *directory = &r->config->directory;
	uint32_t ways = 0, enrols = 0, pings = 0;

	check_listens(r);
	check_identities(r);
	check_default_identity(r);
	check_services(r);
	check_timers(r);
	check_numbers(r);
	warn_of_strangers(r);
	for (uint32_t i = 0; i < directory->count; i++) {
		check_dn(r, &directory->dns[i], &r->dns[i]);
		ways += directory->dns[i].prefix.len > 0;
		enrols += directory->dns[i].registers;
		pings += directory->dns[i].oos_check_s > 0 ||
			directory->dns[i].recovery_timeout_s > 0;
	}
	if (pings > PINGS_MAX)
		report_error(r->report, r->root->span,
			"%u DNs have oos-check or recovery-timeout; %d may", pings, PINGS_MAX);
	if (enrols > ENROLS_MAX)
		report_error(r->report, r->root->span,
			"we are to register at %u DNs; %d may want it", enrols, ENROLS_MAX);
	if (ways > TRUNKS_MAX)
		report_error(
			r->report, r->root->span, "%u DNs have a prefix; %d may", ways, TRUNKS_MAX);
	if (yaml_get(r->root, STR("dn")) == NULL || yaml_get(r->root, STR("dn"))->count == 0)
		report_warning(r->report, r->root->span, "there is no dn, so nobody can be called");
}
