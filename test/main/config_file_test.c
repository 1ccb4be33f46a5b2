/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#include "main/config_file.h"

static struct config_memory *memory;

static int
begin(void **state)
{
	(void)state;
	memory = memory_open();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	memory_close(memory);
	return 0;
}

static void
assert_str(struct str got, const char *wanted)
{
	if (!str_same(got, str_cstr(wanted)))
		fail_msg("\"%.*s\", not \"%s\"", (int)got.len, got.at, wanted);
}

static void
test_whole_files(void **state)
{
	struct str text, why;

	(void)state;
	assert_true(file_read(memory, STR("secret"), 100, &text, &why));
	assert_str(text, "pass word\r\n");
	assert_true(file_read(memory, STR("secret"), 11, &text, &why));
	assert_false(file_read(memory, STR("secret"), 10, &text, &why));
	assert_true(str_holds_alike(why, STR("larger")));
	assert_false(file_read(memory, STR("absent"), 100, &text, &why));
	assert_str(why, "No such file or directory");
	assert_false(file_read(memory, STR("."), 100, &text, &why));
	assert_true(str_holds_alike(why, STR("regular")));
}

/* A pipe without a writer does not hold up the start. */
static void
test_a_pipe(void **state)
{
	struct str text, why;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_false(file_read(memory, STR("pipe"), 100, &text, &why));
	assert_int_equal(unlink("pipe"), 0);
}

static void
test_who_can_read(void **state)
{
	(void)state;
	assert_true(file_is_open_to_all(memory, STR("shown")));
	assert_false(file_is_open_to_all(memory, STR("secret")));
	assert_false(file_is_open_to_all(memory, STR("absent")));
}

static void
test_paths(void **state)
{
	(void)state;
	assert_str(file_beside(memory, STR("/etc/sipward/sipward.yaml"), STR("a.pem")),
		"/etc/sipward/a.pem");
	assert_str(file_beside(memory, STR("/etc/sipward/sipward.yaml"), STR("/a.pem")), "/a.pem");
	assert_str(file_beside(memory, STR("sipward.yaml"), STR("tls/a.pem")), "tls/a.pem");
	assert_str(file_beside(memory, STR("x/sipward.yaml"), STR("../a.pem")), "x/../a.pem");
	assert_int_equal(file_beside(memory, STR("x/y"), STR("a")).at[3], '\0');
}

static void
test_secrets(void **state)
{
	static const struct {
		const char *text, *secret; /* NULL: refused */
		const char *why;
	} all[] = {
		{ "plain", "plain", "" },
		{ "$1{x}", "$1{x}", "" },
		{ "", "", "" },
		{ "${file:secret}", "pass word", "" },
		{ "${env:SIPWARD_TEST_SECRET}", "from the environment", "" },
		{ "${file:two-lines}", "one\ntwo", "" },
		{ "${file:gone}", NULL, "gone: No such file" },
		{ "${file:empty}", NULL, "nothing in empty" },
		{ "${file:}", NULL, "${file:PATH}" },
		{ "${env:}", NULL, "${env:NAME}" },
		{ "${env:SIPWARD_TEST_NOTHING}", NULL, "SIPWARD_TEST_NOTHING" },
		{ "x${env:HOME}", NULL, "whole value" },
		{ "${env:HOME}x", NULL, "whole value" },
		{ "${env:A}${env:B}", NULL, "whole value" },
		{ "${cred:x}", NULL, "${file:PATH}" },
		{ "${", NULL, "whole value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct str secret = STR_NONE, why = STR_NONE;
		bool is_good =
			secret_read(memory, STR("f.yaml"), str_cstr(all[i].text), &secret, &why);

		if (is_good != (all[i].secret != NULL))
			fail_msg("%s: %.*s", all[i].text, (int)why.len, why.at);
		if (is_good)
			assert_str(secret, all[i].secret);
		else
			assert_true(str_holds_alike(why, str_cstr(all[i].why)));
	}
	assert_str(secret_path(memory, STR("/a/f.yaml"), STR("${file:b}")), "/a/b");
	assert_true(str_is_none(secret_path(memory, STR("/a/f.yaml"), STR("${env:b}"))));
	assert_true(str_is_none(secret_path(memory, STR("/a/f.yaml"), STR("b"))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_files, begin, end),
		cmocka_unit_test_setup_teardown(test_a_pipe, begin, end),
		cmocka_unit_test_setup_teardown(test_who_can_read, begin, end),
		cmocka_unit_test_setup_teardown(test_paths, begin, end),
		cmocka_unit_test_setup_teardown(test_secrets, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
