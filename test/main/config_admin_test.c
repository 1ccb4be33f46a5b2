/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"
#include "main/config_memory.h"

#define LISTEN "listen: [ \"sip:127.0.0.1\" ]\n"

static void
where_it_can_be_asked(void **state)
{
	struct said said = kit_read(LISTEN "admin: /run/s\n");

	(void)state;
	assert_true(said.is_good);
	assert_true(str_same(said.config.admin, STR("/run/s")));
	assert_int_equal(said.config.admin.at[said.config.admin.len], 0);
	assert_false(said.config.admin_has_group);
	kit_free(&said);

	said = kit_read(LISTEN "admin: { socket: /run/s, group: root }\n");
	assert_true(said.is_good);
	assert_true(said.config.admin_has_group);
	assert_int_equal(said.config.admin_group, 0);
	kit_free(&said);

	said = kit_read(LISTEN);
	assert_true(said.is_good);
	assert_true(str_is_empty(said.config.admin));
	kit_free(&said);
}

static void
what_is_wrong_with_it(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "admin: \"\"\n", "the path of a socket" },
		{ "admin:\n", "has no value" },
		{ "admin: [ /run/s ]\n", "one value" },
		{ "admin: { group: root }\n", "needs its socket" },
		{ "admin: { socket: /run/s, group: no-such-group }\n", "no such group" },
		{ "admin: { socket: /run/s, grop: root }\n", "did you mean \"group\"" },
		{ "admin: { socket: [], group: root }\n", "one value" },
		{ "admin: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
			"at most 107 octets" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		struct said said;

		snprintf(text, sizeof text, LISTEN "%s", rows[i].text);
		said = kit_read(text);
		if (said.is_good || strstr(said.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, said.text);
		kit_free(&said);
	}
}

/* Who only wants to ask needs to read neither keys nor passwords. */
static void
found_without_the_rest(void **state)
{
	struct config_memory *memory = memory_open();
	struct str socket;
	char *said;
	size_t len;
	FILE *errors = open_memstream(&said, &len);

	(void)state;
	kit_write("a.yaml",
		"listen: nothing good\nadmin: s\ntls: { key: /nowhere }\n"
		"dn: [ { password: \"${file:/nowhere}\" } ]\n",
		0600);
	assert_true(config_find_admin(memory, "a.yaml", errors, &socket));
	assert_true(str_same(socket, STR("s")));
	fflush(errors);
	assert_int_equal(len, 0);
	kit_write("a.yaml", "listen: []\n", 0600);
	assert_false(config_find_admin(memory, "a.yaml", errors, &socket));
	kit_write("a.yaml", "admin: [\n", 0600);
	assert_false(config_find_admin(memory, "a.yaml", errors, &socket));
	assert_false(config_find_admin(memory, "b.yaml", errors, &socket));
	kit_write("a.yaml", "admin: []\n", 0600);
	assert_false(config_find_admin(memory, "a.yaml", errors, &socket));
	fclose(errors);
	assert_non_null(strstr(said, "has no `admin:`"));
	free(said);
	memory_close(memory);
	unlink("a.yaml");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_can_be_asked),
		cmocka_unit_test(what_is_wrong_with_it),
		cmocka_unit_test(found_without_the_rest),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
