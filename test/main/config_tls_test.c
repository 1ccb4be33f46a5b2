/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#define REST                               \
	"listen: [ \"sips:127.0.0.1\" ]\n" \
	"dn: [ { number: 5000, type: extension, contact: \"*\", password: x } ]\n"
#define FILES(certificate, key) "tls:\n  certificate: " certificate "\n  key: " key "\n" REST
#define TRUST(trust) "tls: { certificate: leaf.pem, key: leaf.key, trust: " trust " }\n" REST

static void
test_good_files(void **state)
{
	(void)state;
	kit_taken(FILES("leaf.pem", "leaf.key"), 0, "");
	kit_taken(TRUST("other.pem"), 0, "");
}

/* The error stands at the file that is at fault. */
static void
test_which_file(void **state)
{
	(void)state;
	kit_refused(FILES("gone.pem", "leaf.key"), "sipward.yaml:2:16: error: ");
	kit_refused(FILES("gone.pem", "leaf.key"), "gone.pem: No such file or directory");
	kit_refused(FILES("leaf.pem", "gone.key"), "sipward.yaml:3:8: error: ");
	kit_refused(FILES("leaf.pem", "gone.key"), "gone.key: No such file or directory");
	kit_refused(FILES("garbage.pem", "leaf.key"), "sipward.yaml:2:16: error: ");
	kit_refused(FILES("leaf.pem", "garbage.pem"), "sipward.yaml:3:8: error: ");
	kit_refused(FILES("leaf.pem", "other.key"), "sipward.yaml:3:8: error: ");
	kit_refused(FILES("leaf.pem", "other.key"), "does not fit");
	kit_refused(TRUST("gone.pem"), "gone.pem: No such file or directory");
	kit_refused(TRUST("garbage.pem"), "garbage.pem");
	kit_refused(TRUST("leaf.key"), "leaf.key");
}

static void
test_its_time(void **state)
{
	(void)state;
	kit_refused(FILES("old.pem", "old.key"), "expired");
	kit_refused(FILES("young.pem", "young.key"), "not valid before 2098-01-01");
	kit_taken(FILES("soon.pem", "soon.key"), 1,
		"sipward.yaml:2:16: warning: this certificate expires in 10 days");
}

/* Faults of two files are two errors, beside any other. */
static void
test_all_in_one_pass(void **state)
{
	struct said said =
		kit_read("tls: { certificate: gone.pem, key: leaf.key, trust: lost.pem }\n"
			 "strangers: some\n" REST);

	(void)state;
	assert_false(said.is_good);
	assert_int_equal(kit_count(said.text, ": error: "), 3);
	assert_non_null(strstr(said.text, "gone.pem: "));
	assert_non_null(strstr(said.text, "lost.pem: "));
	assert_non_null(strstr(said.text, "\"some\""));
	kit_free(&said);
}

static void
test_a_key_for_everybody(void **state)
{
	(void)state;
	assert_int_equal(chmod("leaf.key", 0644), 0);
	kit_taken(FILES("leaf.pem", "leaf.key"), 1,
		"sipward.yaml:3:8: warning: everybody on this machine can read this key");
	assert_int_equal(chmod("leaf.key", 0600), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_which_file),
		cmocka_unit_test(test_its_time),
		cmocka_unit_test(test_all_in_one_pass),
		cmocka_unit_test(test_a_key_for_everybody),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
