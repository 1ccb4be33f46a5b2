/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: those in config/good are taken, those in config/bad are refused, with exactly the
 * text beside them or, without one, in silence. CONFIG_SNAPSHOTS=write in the environment writes
 * the texts anew. */
#include "main/config_kit.h"

#include <dirent.h>
#include <errno.h>

static char source[256]; /* where the project is */

static char *
read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(text);
	if (file != NULL) {
		assert_true(fread(text, 1, 65535, file) < 65535);
		fclose(file);
	}
	return text;
}

/* Compares what was said with the snapshot PATH. */
static void
compare(const char *path, const struct said *said, const char *name)
{
	const char *mode = getenv("CONFIG_SNAPSHOTS");
	char *wanted;

	if (mode != NULL && strcmp(mode, "write") == 0 && said->len > 0)
		kit_write(path, said->text, 0644);
	wanted = read_whole(path);
	if (strcmp(wanted, said->text) != 0)
		fail_msg("%s: expected\n%s\nbut got\n%s", name, wanted, said->text);
	free(wanted);
}

/* Reads each file of a folder; gives how many there were. */
static unsigned
each_file(const char *folder, bool is_good)
{
	char path[1024];
	DIR *names;
	unsigned count = 0;

	snprintf(path, sizeof path, "%s/test/main/config/%s", source, folder);
	names = opendir(path);
	assert_non_null(names);
	for (struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
		char *dot = strrchr(entry->d_name, '.');
		struct said said;
		char *text;

		if (dot == NULL || strcmp(dot, ".yaml") != 0)
			continue;
		snprintf(path, sizeof path, "%s/test/main/config/%s/%s", source, folder,
			entry->d_name);
		text = read_whole(path);
		said = kit_read(text);
		free(text);
		if (said.is_good != is_good)
			fail_msg("%s: %s\n%s", path, is_good ? "refused" : "taken", said.text);
		snprintf(strrchr(path, '.'), 5, ".txt");
		compare(path, &said, entry->d_name);
		kit_free(&said);
		count++;
	}
	closedir(names);
	return count;
}

static void
test_good_files(void **state)
{
	(void)state;
	assert_true(each_file("good", true) >= 3);
}

static void
test_bad_files(void **state)
{
	(void)state;
	assert_true(each_file("bad", false) >= 40);
}

#define TLS "tls: { certificate: leaf.pem, key: leaf.key, trust: other.pem }\n"

static void
assert_str(struct str got, const char *wanted)
{
	if (!str_same(got, str_cstr(wanted)))
		fail_msg("%.*s, not %s", (int)got.len, got.at, wanted);
}

static void
test_all_values_arrive(void **state)
{
	struct said said = kit_read(
		"listen:\n"
		"  - sips:127.0.0.1\n"
		"  - { uri: \"sip:0.0.0.0:5070\", advertise: \"sip.example.com:5080\" }\n"
		"  - \"sip:[::1];transport=tcp\"\n"
		"  - sip:127.0.0.1:5063;transport=tls\n"
		"domain: [example.com, example.org]\n" TLS "crossing: per-leg\nstrangers: none\n"
		"timers: { t1: 20ms, t2: 2s, t4: 5s }\n"
		"call-uuid-header: X-UUID\nresolver: 127.0.0.1:5353\n"
		"dn:\n"
		"  - { number: 5000, type: extension, contact: \"*\",\n"
		"      password: \"${file:secret}\" }\n"
		"  - { number: east, type: trunk, contact: \"sips:fly.example.com\", prefix: 9,\n"
		"      priority: 1, capacity: 120, tls-name: other.example }\n");
	const struct config *config = &said.config;
	const struct directory *directory = &config->directory;

	(void)state;
	/* The one warning is of a trunk that nobody can tell from others when it calls. */
	if (!said.is_good || strstr(said.text, "unauthenticated over TLS") == NULL)
		fail_msg("%s", said.text);
	assert_int_equal(config->listen_count, 4);
	assert_int_equal(config->listens[0].transport, TRANSPORT_TLS);
	assert_int_equal(config->listens[0].addr.port, 5061);
	assert_true(addr_is_loopback(&config->listens[0].addr));
	assert_int_equal(config->listens[1].transport, TRANSPORT_UDP);
	assert_int_equal(config->listens[1].addr.port, 5070);
	assert_true(addr_is_any(&config->listens[1].addr));
	assert_str(config->listens[1].advertise, "sip.example.com:5080");
	assert_int_equal(config->listens[2].transport, TRANSPORT_TCP);
	assert_int_equal(config->listens[2].addr.port, 5060);
	assert_int_equal(config->listens[2].addr.family, ADDR_V6);
	assert_int_equal(config->listens[3].transport, TRANSPORT_TLS);
	assert_int_equal(config->listens[3].addr.port, 5063);
	assert_str(config->identities[0].certificate, "leaf.pem");
	assert_str(config->identities[0].key, "leaf.key");
	assert_str(config->identities[0].trust, "other.pem");
	assert_str(config->resolver, "127.0.0.1:5353");
	assert_int_equal(config->t1_ms, 20);
	assert_int_equal(config->t2_ms, 2000);
	assert_int_equal(config->t4_ms, 5000);
	assert_int_equal(directory->strangers, STRANGERS_NONE);
	assert_str(directory->uuid_header, "X-UUID");
	/* Domains: as configured, then the listeners' hosts, no wildcard, none twice. */
	assert_int_equal(directory->domain_count, 5);
	assert_str(directory->domains[0], "example.com");
	assert_str(directory->domains[1], "example.org");
	assert_str(directory->domains[2], "127.0.0.1");
	assert_str(directory->domains[3], "sip.example.com");
	assert_str(directory->domains[4], "[::1]");
	/* The directory is ready for use. */
	assert_non_null(directory_find(directory, STR("5000")));
	assert_str(directory_find(directory, STR("5000"))->password, "pass word");
	assert_non_null(directory_trunk(directory, STR("95")));
	assert_str(directory_trunk(directory, STR("95"))->number, "east");
	assert_int_equal(directory_trunk(directory, STR("95"))->capacity, 120);
	assert_str(directory_trunk(directory, STR("95"))->tls_name, "other.example");
	assert_null(directory_find(directory, STR("95")));
	kit_free(&said);
}

static void
test_defaults(void **state)
{
	struct said said = kit_read("listen: [ \"sip:127.0.0.1\" ]\n"
				    "dn: [ { number: 1, type: extension, contact: \"*\" } ]\n");
	const struct config *config = &said.config;

	(void)state;
	assert_true(said.is_good);
	assert_int_equal(config->listens[0].transport, TRANSPORT_UDP);
	assert_int_equal(config->listens[0].addr.port, 5060);
	assert_int_equal(config->t1_ms, 0);
	assert_int_equal(config->directory.strangers, STRANGERS_DN_ONLY);
	assert_str(config->directory.uuid_header, "X-Genesys-CallUUID");
	assert_true(str_is_empty(config->identities[0].certificate));
	assert_true(str_is_empty(config->resolver));
	assert_str(directory_realm(&config->directory), "127.0.0.1");
	kit_free(&said);
	/* Without a port the resolver is asked at 53. */
	said = kit_read("listen: [ \"sip:127.0.0.1\" ]\nresolver: \"[::1]\"\n");
	assert_true(said.is_good);
	assert_str(said.config.resolver, "[::1]:53");
	kit_free(&said);
}

/* Paths are seen from the folder of the configuration, wherever the server was started. */
static void
test_paths_are_beside_the_file(void **state)
{
	char folder[256], path[300], wanted[300];
	struct said said;

	(void)state;
	kit_write("sipward.yaml",
		"listen: [ \"sips:127.0.0.1\" ]\n" TLS
		"dn: [ { number: 1, type: extension, contact: \"*\",\n"
		"  password: \"${file:secret}\" } ]\n",
		0644);
	assert_non_null(getcwd(folder, sizeof folder));
	snprintf(path, sizeof path, "%s/sipward.yaml", folder);
	snprintf(wanted, sizeof wanted, "%s/leaf.pem", folder);
	assert_int_equal(chdir("/"), 0);
	said = kit_read_file(path);
	assert_int_equal(chdir(folder), 0);
	if (!said.is_good)
		fail_msg("%s", said.text);
	assert_str(said.config.identities[0].certificate, wanted);
	assert_str(said.config.directory.dns[0].password, "pass word");
	kit_free(&said);
}

static void
test_files_that_cannot_be_read(void **state)
{
	struct said said = kit_read_file("absent.yaml");

	(void)state;
	assert_false(said.is_good);
	assert_string_equal(said.text,
		"absent.yaml: error: cannot read the configuration: No such "
		"file or directory\n");
	assert_null(said.config.memory);
	kit_free(&said);
	said = kit_read_file(".");
	assert_false(said.is_good);
	assert_int_equal(kit_count(said.text, "error: "), 1);
	kit_free(&said);
}

/* Sixty faults: fifty are shown, the rest is counted. */
static void
test_many_faults(void **state)
{
	char text[8192];
	int len = snprintf(text, sizeof text, "listen: [ \"sip:127.0.0.1\" ]\ndn:\n");
	struct said said;

	(void)state;
	for (int i = 0; i < 60; i++)
		len += snprintf(text + len, sizeof text - (size_t)len,
			"  - { number: %d, type: extension, contact: \"tel:1\" }\n", i);
	said = kit_read(text);
	assert_false(said.is_good);
	assert_int_equal(kit_count(said.text, "sipward.yaml:"), 51);
	assert_non_null(strstr(said.text, "sipward.yaml: error: and 10 more errors\n"));
	kit_free(&said);
}

/* Fifty thousand DNs are read in one go. */
static void
test_many_dns(void **state)
{
	enum { MANY = 50000, LINE = 80 };
	char *text = malloc(MANY * LINE + 100);
	size_t len;
	struct said said;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, 100, "listen: [ \"sip:127.0.0.1\" ]\ndn:\n");
	for (int i = 0; i < MANY; i++)
		len += (size_t)snprintf(text + len, LINE,
			"  - { number: %d, type: extension, contact: \"*\" }\n", i);
	said = kit_read(text);
	assert_true(said.is_good);
	assert_int_equal(said.config.directory.count, MANY);
	assert_non_null(directory_find(&said.config.directory, STR("49999")));
	kit_free(&said);
	free(text);
}

static int
open_here(void **state)
{
	assert_non_null(getcwd(source, sizeof source));
	return kit_open(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_all_values_arrive),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_paths_are_beside_the_file),
		cmocka_unit_test(test_files_that_cannot_be_read),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_many_dns),
	};

	return cmocka_run_group_tests(tests, open_here, kit_close);
}
