/* SPDX-License-Identifier: Apache-2.0 */
#include "base/panic.h"
#include "directory/options.h"
#include "main/config_file.h"
#include "main/config_parts.h"

enum { OPTIONS_MAX = 64 };

/* Sets an option from TEXT, which is what the value of NODE stands for.
 * Ends: true; false with the fault reported. */
static bool
set(struct reading *r, struct dn *dn, const struct yaml *node, struct str text)
{
	const struct option *option = option_find(node->key);
	struct str why;
	size_t at;

	if (option_set(dn, option, text, &why, &at))
		return true;
	/* A password is not shown, nor where in it the fault is. */
	if (str_same(node->key, STR("password")))
		report_error(r->report, node->span, "password: %.*s", SHOW(why));
	else
		value_refused(r, node, at, why);
	return false;
}

static bool
read_password(struct reading *r, struct dn *dn, const struct yaml *node)
{
	struct str beside = r->report->path, secret, why, path;

	if (!secret_read(r->memory, beside, node->text, &secret, &why)) {
		report_error(r->report, node->span, "password: %.*s", SHOW(why));
		return false;
	}
	path = secret_path(r->memory, beside, node->text);
	if (!str_is_none(path) && file_is_open_to_all(r->memory, path))
		report_warning(r->report, node->span,
			"everybody on this machine can read %.*s; chmod o-r it", SHOW(path));
	return set(r, dn, node, secret);
}

/* The methods as a list: [register, invite]; an empty one is `none`. */
static bool
read_methods(struct reading *r, struct dn *dn, const struct yaml *list)
{
	struct str all = STR("none"), why;
	size_t at;

	for (const struct yaml *item = list->first; item != NULL; item = item->next) {
		struct dn alone = *dn;

		if (!scalar_check(r, item))
			return false;
		if (str_find(item->text, ',') < item->text.len ||
			str_same(item->text, STR("none"))) {
			value_refused(r, item, 0, STR("each item is register or invite"));
			return false;
		}
		if (!set(r, &alone, item, item->text))
			return false;
		all = item == list->first
			? item->text
			: memory_text(r->memory, "%.*s,%.*s", SHOW(all), SHOW(item->text));
	}
	if (option_set(dn, option_find(list->key), all, &why, &at))
		return true;
	report_error(r->report, list->span, "%.*s: each method stands here once", SHOW(list->key));
	return false;
}

/* Reads the value of one option; a missing one is fine.
 * Ends: the value, or NULL if it is missing or was refused. */
static const struct yaml *
read_option(struct reading *r, struct dn *dn, const struct yaml *map, const struct option *option,
	bool has_type)
{
	const struct yaml *node = yaml_get(map, option->name);
	struct dn scratch = *dn, *to = dn;
	struct str why;
	size_t at;
	bool is_good;

	if (node == NULL || node->is_bad || !option->is_carried)
		return NULL;
	/* Without a type that holds, whether it may have this option is not asked. */
	if (!has_type && option->kind != OPTION_TYPE) {
		to = &scratch;
		while (!option_is_for(option, to->type))
			to->type++;
	}
	if (!option_is_for(option, to->type) && option->kind != OPTION_TYPE) {
		option_set(to, option, STR(""), &why, &at);
		report_error(
			r->report, node->key_span, "\"%.*s\": %.*s", SHOW(node->key), SHOW(why));
		return NULL;
	}
	if (option->kind == OPTION_METHODS && node->kind == YAML_LIST)
		is_good = read_methods(r, to, node);
	else if (!scalar_check(r, node))
		is_good = false;
	else if (str_same(option->name, STR("password")))
		is_good = read_password(r, to, node);
	else
		is_good = set(r, to, node, node->text);
	if (is_good && to == &scratch && str_same(option->name, STR("number")))
		dn->number = scratch.number;
	return is_good && to == dn ? node : NULL;
}

/* What must be there. */
static void
check_needs(struct reading *r, const struct yaml *map, const struct dn *dn, bool has_type)
{
	bool is_service = has_type && dn->type == DN_SOFTSWITCH;

	if (yaml_get(map, STR("number")) == NULL)
		report_error(r->report, map->span, "a DN needs its number");
	if (yaml_get(map, STR("type")) == NULL)
		report_error(r->report, map->span,
			"a DN needs its type: extension, acd-position, trunk or voip-service");
	if (is_service && yaml_get(map, STR("service-type")) == NULL)
		report_error(
			r->report, map->span, "a voip-service needs its service-type: softswitch");
	if (yaml_get(map, STR("contact")) == NULL)
		report_error(r->report, map->span,
			"a DN needs its contact: the address of the device%s",
			has_type && !dn_is_trunk(dn) ? ", or \"*\" if it registers" : "");
}

/* The table of options as keys; the checker of each value knows best what is not carried out. */
static uint32_t
option_keys(struct key *keys)
{
	uint32_t count;
	const struct option *options = options_all(&count);

	must(count <= OPTIONS_MAX);
	for (uint32_t i = 0; i < count; i++)
		keys[i] = (struct key){ options[i].name, options[i].is_carried };
	return count;
}

/* The options that say something only beside others. */
static void
note_beside(struct dn_nodes *nodes, struct str name, const struct yaml *node)
{
	const struct {
		struct str name;
		const struct yaml **place;
	} places[] = {
		{ STR("register-expires"), &nodes->register_expires },
		{ STR("oos-force"), &nodes->oos_force },
		{ STR("service-route"), &nodes->service_route },
		{ STR("gruu"), &nodes->gruu },
		{ STR("outbound-proxy"), &nodes->proxy },
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (str_same(name, places[i].name))
			*places[i].place = node;
}

static bool
dn_read(struct reading *r, const struct yaml *map, struct dn *dn, struct dn_nodes *nodes)
{
	struct key keys[OPTIONS_MAX];
	uint32_t count = option_keys(keys);
	const struct option *options = options_all(&count);
	bool has_type;

	dn_init(dn);
	*nodes = (struct dn_nodes){ .map = map };
	if (!keys_check(r, map, "a DN", keys, count))
		return false;
	has_type = read_option(r, dn, map, option_find(STR("type")), false) != NULL;
	/* In the order of the table, where the password comes before what goes with it. */
	for (uint32_t i = 0; i < count; i++) {
		const struct yaml *node;

		if (options[i].kind == OPTION_TYPE)
			continue;
		node = read_option(r, dn, map, &options[i], has_type);
		if (str_same(options[i].name, STR("number")))
			nodes->number = node;
		else if (str_same(options[i].name, STR("contact")))
			nodes->contact = node;
		else if (str_same(options[i].name, STR("tls-name")))
			nodes->tls_name = node;
		else if (str_same(options[i].name, STR("tls-fingerprint")))
			nodes->pin = node;
		else if (str_same(options[i].name, STR("tls-wildcard")))
			nodes->wildcard = node;
		else if (str_same(options[i].name, STR("identity")))
			nodes->identity = node;
		else if (options[i].kind == OPTION_METHODS)
			nodes->methods = node;
		else if (options[i].kind == OPTION_SIPS)
			nodes->sips = node;
		else if (node != NULL &&
			(str_same(options[i].name, STR("username")) ||
				str_same(options[i].name, STR("realm"))))
			nodes->proof = node;
		else
			note_beside(nodes, options[i].name, node);
	}
	nodes->has_password = yaml_get(map, STR("password")) != NULL;
	if (dn->number.len > 0)
		nodes->number = yaml_get(map, STR("number"));
	check_needs(r, map, dn, has_type);
	return true;
}

void
dns_read(struct reading *r, const struct yaml *list)
{
	struct directory *directory = &r->config->directory;

	if (list == NULL || list->is_bad)
		return;
	if (list->kind != YAML_LIST || list->count > DNS_MAX) {
		report_error(r->report, list->span, "dn is a list of at most %d DNs", DNS_MAX);
		return;
	}
	directory->dns = memory_take(r->memory, (list->count + 1) * sizeof(struct dn));
	r->dns = memory_take(r->memory, (list->count + 1) * sizeof(struct dn_nodes));
	for (const struct yaml *map = list->first; map != NULL; map = map->next) {
		uint32_t i = directory->count;

		if (dn_read(r, map, &directory->dns[i], &r->dns[i]))
			directory->count++;
	}
}
