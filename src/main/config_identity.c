/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are over TLS: `tls`, `identities`, and the names by which listeners and DNs choose. */
#include "directory/options.h"
#include "main/config_file.h"
#include "main/config_parts.h"

static const struct str default_name = { "default", 7 };

struct str
path_read(struct reading *r, const struct yaml *node)
{
	if (node == NULL || !scalar_check(r, node))
		return STR_NONE;
	if (node->text.len == 0) {
		value_refused(r, node, 0, STR("this is the path of a file"));
		return STR_NONE;
	}
	return file_beside(r->memory, r->report->path, node->text);
}

static void
read_min_version(struct reading *r, const struct yaml *node, struct identity *identity)
{
	static const struct str words[] = { STR("1.2"), STR("1.3") };
	uint32_t word = node != NULL ? word_read(r, node, words, 2, 2) : 2;

	if (word < 2)
		identity->wants_tls13 = word == 1;
}

static void
read_eku(struct reading *r, const struct yaml *node, struct identity *identity)
{
	static const struct str words[] = { STR("tls"), STR("any"), STR("sip") };
	static const enum eku values[] = { EKU_TLS, EKU_ANY, EKU_SIP };
	uint32_t word = node != NULL ? word_read(r, node, words, 3, 3) : 3;

	if (word < 3)
		identity->eku = values[word];
}

/* Reads one into the next place. What it does not say the default says, but for a certificate; and
 * lists of revocation go with their CAs. */
static void
read_identity(struct reading *r, const struct yaml *map, const char *what, struct str name)
{
	static const struct key keys[] = { { STR("certificate"), true }, { STR("key"), true },
		{ STR("trust"), true }, { STR("crl"), true }, { STR("min-version"), true },
		{ STR("groups"), true }, { STR("eku"), true } };
	const struct identity first = r->config->identities[0];
	struct identity *identity = &r->config->identities[r->config->identity_count];
	struct identity_nodes *nodes = &r->identities[r->config->identity_count];

	*identity = first;
	identity->name = name;
	identity->certificate = identity->key = STR_NONE;
	*nodes = (struct identity_nodes){
		.map = map, .trust = r->identities[0].trust, .crl = r->identities[0].crl
	};
	r->config->identity_count++;
	if (map == NULL || !keys_check(r, map, what, keys, sizeof keys / sizeof keys[0]))
		return;
	nodes->certificate = yaml_get(map, STR("certificate"));
	nodes->key = yaml_get(map, STR("key"));
	identity->certificate = path_read(r, nodes->certificate);
	identity->key = path_read(r, nodes->key);
	if (yaml_get(map, STR("trust")) != NULL) {
		nodes->trust = yaml_get(map, STR("trust"));
		nodes->crl = NULL;
		identity->trust = path_read(r, nodes->trust);
		identity->crl = STR_NONE;
	}
	if (yaml_get(map, STR("crl")) != NULL) {
		nodes->crl = yaml_get(map, STR("crl"));
		identity->crl = path_read(r, nodes->crl);
	}
	nodes->groups = yaml_get(map, STR("groups"));
	if (nodes->groups != NULL && scalar_check(r, nodes->groups))
		identity->groups = nodes->groups->text;
	read_min_version(r, yaml_get(map, STR("min-version")), identity);
	read_eku(r, yaml_get(map, STR("eku")), identity);
}

static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!char_is_alpha(name.at[i]) && !char_is_digit(name.at[i]) &&
			str_find(STR("-_."), name.at[i]) == 3)
			return false;
	return name.len > 0 && name.len <= IDENTITY_NAME_BYTES_MAX;
}

static void
read_named(struct reading *r, const struct yaml *map)
{
	if (map->kind != YAML_MAP || map->count >= IDENTITIES_MAX) {
		report_error(r->report, map->span,
			"identities is a map of at most %d names, each with its certificate and "
			"key",
			IDENTITIES_MAX - 1);
		return;
	}
	for (const struct yaml *node = map->first; node != NULL; node = node->next) {
		const struct yaml *first = yaml_get(map, node->key);

		if (first != node)
			report_error(r->report, node->key_span,
				"\"%.*s\" stands here twice; the first is on line %u",
				SHOW(node->key), report_line(r->report, first->key_span.from));
		else if (str_same(node->key, default_name))
			report_error(r->report, node->key_span,
				"the default identity is what tls: says; give this one another "
				"name");
		else if (!is_name(node->key))
			report_error(r->report, node->key_span,
				"an identity's name has 1 to %d letters, digits and marks of - _ .",
				IDENTITY_NAME_BYTES_MAX);
		else
			read_identity(r, node, "an identity", node->key);
	}
}

void
identities_read(struct reading *r, const struct yaml *tls, const struct yaml *named)
{
	read_identity(r, tls, "tls", default_name);
	if (named != NULL && !named->is_bad)
		read_named(r, named);
}

/* Which identity NODE names. Ends: its place, or IDENTITIES_MAX with the fault reported. */
static uint32_t
find(struct reading *r, const struct yaml *node)
{
	struct str names[IDENTITIES_MAX], guess;
	uint32_t count = r->config->identity_count;

	if (!scalar_check(r, node))
		return IDENTITIES_MAX;
	for (uint32_t i = 0; i < count; i++) {
		names[i] = r->config->identities[i].name;
		if (str_same(names[i], node->text))
			return i;
	}
	guess = option_guess(node->text, names, count);
	value_refused(r, node, 0,
		str_is_none(guess) ? STR("there is no identity of this name")
				   : memory_text(r->memory, "did you mean \"%.*s\"?", SHOW(guess)));
	return IDENTITIES_MAX;
}

static bool
add_to_service(struct reading *r, const struct yaml *node, struct service *service)
{
	uint32_t place = find(r, node);

	if (place == IDENTITIES_MAX)
		return false;
	for (uint32_t i = 0; i < service->identity_count; i++) {
		if (service->identities[i] != place)
			continue;
		value_refused(r, node, 0, STR("this identity stands here twice"));
		return false;
	}
	service->identities[service->identity_count++] = place;
	return true;
}

static bool
read_client(struct reading *r, const struct yaml *node, struct service *service)
{
	static const struct str words[] = { STR("none"), STR("optional"), STR("required") };
	static const enum client_certificate values[] = { CLIENT_NONE, CLIENT_OPTIONAL,
		CLIENT_REQUIRED };
	uint32_t word = word_read(r, node, words, 3, 3);

	if (word < 3)
		service->client = values[word];
	return word < 3;
}

bool
service_read(struct reading *r, const struct yaml *identity, const struct yaml *client,
	struct net_listen *listen)
{
	const struct yaml *any = identity != NULL ? identity : client;
	bool is_good = true;

	if (any != NULL && listen->transport != TRANSPORT_TLS) {
		report_error(r->report, any->key_span,
			"%.*s says nothing here: this listener does not speak TLS", SHOW(any->key));
		return false;
	}
	if (client != NULL)
		is_good = read_client(r, client, &listen->service);
	if (identity == NULL)
		return is_good;
	if (identity->kind != YAML_LIST)
		return add_to_service(r, identity, &listen->service) && is_good;
	if (identity->count == 0 || identity->count > IDENTITIES_MAX) {
		report_error(r->report, identity->span,
			"identity is a name, or a list of names: the first is shown unless the "
			"peer asks for another by its server name");
		return false;
	}
	for (const struct yaml *item = identity->first; item != NULL; item = item->next)
		is_good = add_to_service(r, item, &listen->service) && is_good;
	return is_good;
}

void
identities_resolve(struct reading *r)
{
	struct directory *directory = &r->config->directory;

	for (uint32_t i = 0; i < directory->count; i++) {
		uint32_t place = 0;

		if (r->dns[i].identity != NULL)
			place = find(r, r->dns[i].identity);
		if (place == IDENTITIES_MAX)
			continue;
		directory->dns[i].terms.identity = place;
		directory->dns[i].terms.trust = identity_trust(r->config->identities, place);
	}
}
