/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/panic.h"
#include "directory/options.h"
#include "main/config_file.h"
#include "main/config_parts.h"
#include "main/config_value.h"
#include "sip/header.h"
#include "sip/lex.h"

enum { DOMAINS_READ_MAX = 32 };

/* ---- keys and words -------------------------------------------------------------------------- */

enum { GUESSES_MAX = 64, KEYS_MAX = 256 };

static void
key_unknown(struct reading *r, const struct yaml *node, const struct key *keys, uint32_t count)
{
	struct str names[GUESSES_MAX];
	struct str guess;

	must(count <= GUESSES_MAX);
	for (uint32_t i = 0; i < count; i++)
		names[i] = keys[i].name;
	guess = option_guess(node->key, names, count);
	if (str_is_none(guess))
		report_error(r->report, node->key_span, "unknown key \"%.*s\"", SHOW(node->key));
	else
		report_error(r->report, node->key_span,
			"unknown key \"%.*s\"; did you mean \"%.*s\"?", SHOW(node->key),
			SHOW(guess));
}

static void
key_check(struct reading *r, const struct yaml *map, const struct yaml *node,
	const struct key *keys, uint32_t count)
{
	const struct yaml *first = yaml_get(map, node->key);
	uint32_t i = 0;

	while (i < count && !str_same(keys[i].name, node->key))
		i++;
	if (first != node)
		report_error(r->report, node->key_span,
			"\"%.*s\" stands here twice; the first is on line %u", SHOW(node->key),
			report_line(r->report, first->key_span.from));
	else if (i == count)
		key_unknown(r, node, keys, count);
	else if (!keys[i].is_carried)
		report_error(r->report, node->key_span,
			"\"%.*s\" is known, but not carried out yet; take it out", SHOW(node->key));
}

bool
keys_check(struct reading *r, const struct yaml *map, const char *what, const struct key *keys,
	uint32_t count)
{
	if (map->is_bad)
		return false;
	if (map->kind != YAML_MAP || map->count > KEYS_MAX) {
		report_error(r->report, map->span,
			map->kind == YAML_MAP
				? "%s has too many keys"
				: "%s is a map: lines of `key: value`, or { key: value }",
			what);
		return false;
	}
	for (const struct yaml *node = map->first; node != NULL; node = node->next)
		key_check(r, map, node, keys, count);
	return true;
}

bool
scalar_check(struct reading *r, const struct yaml *node)
{
	if (node == NULL || node->is_bad)
		return false;
	if (node->kind != YAML_SCALAR) {
		report_error(r->report, node->span, "%.*s is one value, no list and no map",
			SHOW(node->key));
		return false;
	}
	if (str_is_none(node->text)) {
		report_error(r->report, node->span, "%.*s has no value", SHOW(node->key));
		return false;
	}
	return true;
}

void
value_refused(struct reading *r, const struct yaml *node, size_t at, struct str why)
{
	report_error_at(r->report, node->span, yaml_at(r->report, node, at), "%.*s \"%.*s\": %.*s",
		SHOW(node->key), SHOW(node->text), SHOW(why));
}

/* What a word may be: `one of a, b and c`. */
static struct str
words_text(struct reading *r, const struct str *words, uint32_t count)
{
	struct str text = memory_text(r->memory, "it is %.*s", SHOW(words[0]));

	for (uint32_t i = 1; i < count; i++)
		text = memory_text(r->memory, "%.*s%s%.*s", SHOW(text),
			i + 1 < count ? ", " : " or ", SHOW(words[i]));
	return text;
}

uint32_t
word_read(struct reading *r, const struct yaml *node, const struct str *words, uint32_t carried,
	uint32_t count)
{
	struct str guess;

	if (!scalar_check(r, node))
		return count;
	for (uint32_t i = 0; i < count; i++) {
		if (!str_same(node->text, words[i]))
			continue;
		if (i < carried)
			return i;
		value_refused(r, node, 0, STR("this is known, but not carried out yet"));
		return count;
	}
	guess = option_guess(node->text, words, count);
	value_refused(r, node, 0,
		str_is_none(guess) ? words_text(r, words, carried)
				   : memory_text(r->memory, "did you mean \"%.*s\"?", SHOW(guess)));
	return count;
}

/* ---- listeners ------------------------------------------------------------------------------- */

static bool
read_listen_uri(struct reading *r, const struct yaml *node, struct net_listen *listen)
{
	struct str why;
	size_t at;

	if (!scalar_check(r, node))
		return false;
	if (value_listen(node->text, listen, &why, &at))
		return true;
	value_refused(r, node, at, why);
	return false;
}

static bool
read_advertise(struct reading *r, const struct yaml *node, struct net_listen *listen)
{
	struct endpoint endpoint;
	struct str why;
	size_t at;

	if (node == NULL)
		return true;
	if (!scalar_check(r, node))
		return false;
	if (value_endpoint(node->text, &endpoint, &why, &at)) {
		listen->advertise = node->text;
		return true;
	}
	value_refused(r, node, at, why);
	return false;
}

static bool
read_listen(struct reading *r, const struct yaml *node, struct net_listen *listen,
	const struct yaml **uri)
{
	static const struct key keys[] = { { STR("uri"), true }, { STR("advertise"), true },
		{ STR("identity"), true }, { STR("client-certificate"), true } };

	*uri = node;
	if (node->kind != YAML_MAP)
		return read_listen_uri(r, node, listen);
	if (!keys_check(r, node, "a listener", keys, 4))
		return false;
	*uri = yaml_get(node, STR("uri"));
	if (*uri == NULL) {
		report_error(r->report, node->span, "a listener needs its uri");
		return false;
	}
	return read_listen_uri(r, *uri, listen) &&
		read_advertise(r, yaml_get(node, STR("advertise")), listen) &&
		service_read(r, yaml_get(node, STR("identity")),
			yaml_get(node, STR("client-certificate")), listen);
}

static void
read_listens(struct reading *r, const struct yaml *list)
{
	struct config *config = r->config;

	if (list == NULL || list->is_bad) {
		r->has_bad_listens = true;
		if (list == NULL)
			report_error(r->report, r->root->span,
				"no listeners; add listen: [ \"sip:0.0.0.0:5060\" ]");
		return;
	}
	if (list->kind != YAML_LIST || list->count == 0 || list->count > LISTENS_MAX) {
		r->has_bad_listens = true;
		report_error(r->report, list->span, "listen is a list of 1 to %d listeners",
			LISTENS_MAX);
		return;
	}
	for (const struct yaml *node = list->first; node != NULL; node = node->next) {
		uint32_t i = config->listen_count;

		if (read_listen(r, node, &config->listens[i], &r->listens[i]))
			config->listen_count++;
		else
			r->has_bad_listens = true;
	}
}

/* ---- the other keys -------------------------------------------------------------------------- */

static void
add_domain(struct directory *directory, struct str host)
{
	if (directory->domain_count < DOMAINS_MAX && !directory_is_domain(directory, host))
		directory->domains[directory->domain_count++] = host;
}

static void
read_domain(struct reading *r, const struct yaml *node)
{
	struct endpoint endpoint;
	struct str why;
	size_t at;

	if (node == NULL || node->is_bad)
		return;
	if (node->kind == YAML_LIST && node->count > DOMAINS_READ_MAX) {
		report_error(r->report, node->span, "domain is a list of at most %d hosts",
			DOMAINS_READ_MAX);
		return;
	}
	if (node->kind == YAML_LIST) {
		for (const struct yaml *item = node->first; item != NULL; item = item->next) {
			if (item->kind == YAML_SCALAR)
				read_domain(r, item);
			else
				scalar_check(r, item);
		}
		return;
	}
	if (!scalar_check(r, node))
		return;
	if (!value_endpoint(node->text, &endpoint, &why, &at))
		value_refused(r, node, at, why);
	else if (endpoint.port != 0)
		value_refused(r, node, endpoint.host.len, STR("a domain has no port"));
	else if (directory_is_domain(&r->config->directory, endpoint.host))
		value_refused(r, node, 0, STR("this domain stands here twice"));
	else
		add_domain(&r->config->directory, endpoint.host);
}

static void
read_timers(struct reading *r, const struct yaml *map)
{
	static const struct key keys[] = { { STR("t1"), true }, { STR("t2"), true },
		{ STR("t4"), true } };
	int64_t *const values[] = { &r->config->t1_ms, &r->config->t2_ms, &r->config->t4_ms };

	if (map == NULL || !keys_check(r, map, "timers", keys, 3))
		return;
	r->timers = map;
	for (uint32_t i = 0; i < 3; i++) {
		const struct yaml *node = yaml_get(map, keys[i].name);
		struct str why;

		if (node != NULL && scalar_check(r, node) &&
			!value_time(node->text, values[i], &why))
			value_refused(r, node, 0, why);
	}
}

static void
read_uuid_header(struct reading *r, const struct yaml *node)
{
	r->config->directory.uuid_header = STR("X-Genesys-CallUUID");
	if (node == NULL || !scalar_check(r, node))
		return;
	if (!lex_is_token(node->text) || node->text.len > HEADER_NAME_BYTES_MAX)
		value_refused(r, node, 0,
			STR("a header's name has letters, digits and - . ! % * _ + ` ' ~"));
	else if (header_find(node->text) != HEADER_OTHER)
		value_refused(r, node, 0, STR("this header has a meaning of its own in SIP"));
	else
		r->config->directory.uuid_header = node->text;
}

static void
read_resolver(struct reading *r, const struct yaml *node)
{
	struct endpoint endpoint;
	struct str why;
	size_t at = 0;

	if (node == NULL || !scalar_check(r, node))
		return;
	if (!value_endpoint(node->text, &endpoint, &why, &at))
		value_refused(r, node, at, why);
	else if (endpoint.ip.family == ADDR_NONE)
		value_refused(r, node, 0, STR("the resolver is named by its IP address"));
	else
		r->config->resolver = memory_text(r->memory, "%.*s:%u", SHOW(endpoint.host),
			endpoint.port != 0 ? endpoint.port : 53u);
}

static void
read_words(struct reading *r)
{
	static const struct str strangers[] = { STR("dn-only"), STR("none"), STR("all") };
	static const enum strangers values[] = { STRANGERS_DN_ONLY, STRANGERS_NONE, STRANGERS_ALL };
	const struct yaml *node = yaml_get(r->root, STR("crossing"));
	struct str crossings[CROSSING_MODES];
	uint32_t word;

	for (uint32_t i = 0; i < CROSSING_MODES; i++)
		crossings[i] = crossing_mode_name((enum crossing_mode)i);
	if (node != NULL) {
		word = word_read(r, node, crossings, CROSSING_MODES, CROSSING_MODES);
		if (word < CROSSING_MODES)
			r->config->directory.crossing = (enum crossing_mode)word;
	}
	node = yaml_get(r->root, STR("strangers"));
	if (node == NULL)
		return;
	word = word_read(r, node, strangers, 3, 3);
	if (word < 3)
		r->config->directory.strangers = values[word];
}

static void
read_root(struct reading *r)
{
	static const struct key keys[] = { { STR("listen"), true }, { STR("domain"), true },
		{ STR("tls"), true }, { STR("crossing"), true }, { STR("strangers"), true },
		{ STR("timers"), true }, { STR("call-uuid-header"), true },
		{ STR("resolver"), true }, { STR("dn"), true }, { STR("store"), false },
		{ STR("admin"), true }, { STR("records"), true }, { STR("identities"), true },
		{ STR("identity"), false }, { STR("include"), false } };

	if (!keys_check(r, r->root, "a configuration", keys, sizeof keys / sizeof keys[0]))
		return;
	identities_read(r, yaml_get(r->root, STR("tls")), yaml_get(r->root, STR("identities")));
	read_listens(r, yaml_get(r->root, STR("listen")));
	read_domain(r, yaml_get(r->root, STR("domain")));
	read_words(r);
	read_timers(r, yaml_get(r->root, STR("timers")));
	read_uuid_header(r, yaml_get(r->root, STR("call-uuid-header")));
	read_resolver(r, yaml_get(r->root, STR("resolver")));
	admin_read(r, yaml_get(r->root, STR("admin")));
	r->config->records = path_read(r, yaml_get(r->root, STR("records")));
	dns_read(r, yaml_get(r->root, STR("dn")));
	identities_resolve(r);
	sense_check(r);
	tls_check(r, time(NULL));
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The hosts of the listeners are ours too, behind the domains that were configured. */
static void
add_listeners_domains(struct reading *r)
{
	struct config *config = r->config;

	for (uint32_t i = 0; i < config->listen_count; i++) {
		const struct net_listen *listen = &config->listens[i];
		struct endpoint endpoint;
		struct str why;
		size_t at;
		struct buf host = buf_on(memory_take(r->memory, ADDR_TEXT_MAX), ADDR_TEXT_MAX);

		if (listen->advertise.len > 0 &&
			value_endpoint(listen->advertise, &endpoint, &why, &at))
			add_domain(&config->directory, endpoint.host);
		addr_write(&host, &listen->addr);
		if (!addr_is_any(&listen->addr))
			add_domain(&config->directory, buf_str(&host));
	}
	/* Nothing would name us: no address-of-record, no realm, no host in our From. */
	if (config->directory.domain_count == 0)
		report_error(r->report, yaml_get(r->root, STR("listen"))->span,
			"listeners on every address name no host: add domain: example.com, or "
			"advertise: to a listener");
}

static void
index_directory(struct reading *r)
{
	struct directory *directory = &r->config->directory;
	struct arena arena = arena_on(NULL, 0);
	uint8_t key[MAP_KEY_BYTES];
	uint32_t twice;

	need(getrandom(key, sizeof key, 0) == (ssize_t)sizeof key, "random numbers");
	directory_index(directory, &arena, key, &twice);
	arena = arena_on(memory_take(r->memory, arena.used), arena.used);
	/* Two of one number were refused before. */
	must(directory_index(directory, &arena, key, &twice));
}

bool
config_open(struct config *config, const char *path, FILE *errors)
{
	struct config_memory *memory = memory_open();
	struct report *report = memory_take(memory, sizeof *report);
	struct reading r = { .config = config, .memory = memory, .report = report };
	struct str text = STR(""), why;

	*config = (struct config){ .memory = memory };
	if (!file_read(memory, str_cstr(path), CONFIG_BYTES_MAX, &text, &why)) {
		fprintf(errors, "%s: error: cannot read the configuration: %.*s\n", path,
			SHOW(why));
		config_close(config);
		return false;
	}
	report_init(report, memory, memory_copy(memory, str_cstr(path)), text);
	r.root = yaml_read(memory, report);
	if (r.root != NULL)
		read_root(&r);
	if (report->errors == 0)
		add_listeners_domains(&r);
	if (report->errors == 0)
		index_directory(&r);
	report_print(report, errors);
	if (report->errors == 0)
		return true;
	config_close(config);
	return false;
}

void
config_close(struct config *config)
{
	memory_close(config->memory);
	*config = (struct config){ .memory = NULL };
}
