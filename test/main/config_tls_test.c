/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_kit.h"

#define REST                               \
	"listen: [ \"sips:127.0.0.1\" ]\n" \
	"dn: [ { number: 5000, type: extension, contact: \"*\", password: x } ]\n"
#define PHONE "dn: [ { number: 5000, type: extension, contact: \"*\", password: x } ]\n"
#define RULES(more) "tls: { certificate: leaf.pem, key: leaf.key, " more " }\n" REST
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
	static const mode_t bad[] = { 0644, 0640, 0660, 0601, 0604, 0620, 0777, 0610, 0602, 0440 };
	static const mode_t good[] = { 0600, 0400, 0700 };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(chmod("leaf.key", bad[i]), 0);
		kit_refused(FILES("leaf.pem", "leaf.key"),
			"sipward.yaml:3:8: error: others than its owner can use this key");
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(chmod("leaf.key", good[i]), 0);
		kit_taken(FILES("leaf.pem", "leaf.key"), 0, "");
	}
	assert_int_equal(chmod("leaf.key", 0600), 0);
}

/* A link leads to what is judged; what is no file is not opened: a pipe would hold us up. */
static void
test_a_key_that_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(symlink("leaf.key", "link.key"), 0);
	kit_taken(FILES("leaf.pem", "link.key"), 0, "");
	assert_int_equal(chmod("leaf.key", 0644), 0);
	kit_refused(FILES("leaf.pem", "link.key"), "others than its owner can use this key");
	assert_int_equal(chmod("leaf.key", 0600), 0);
	assert_int_equal(unlink("link.key"), 0);
	assert_int_equal(mkfifo("link.key", 0600), 0);
	kit_refused(FILES("leaf.pem", "link.key"),
		"sipward.yaml:3:8: error: cannot read key link.key: it is no regular file");
	kit_refused(FILES("link.key", "leaf.key"),
		"error: cannot read certificate link.key: it is no regular file");
	kit_refused(RULES("trust: link.key"), "it is neither a regular file nor a folder");
	kit_refused(RULES("trust: other.pem, crl: link.key"),
		"cannot read crl link.key: it is no regular file");
	assert_int_equal(unlink("link.key"), 0);
	assert_int_equal(mkdir("link.key", 0700), 0);
	kit_refused(FILES("leaf.pem", "link.key"), "it is no regular file");
	assert_int_equal(rmdir("link.key"), 0);
}

static void
test_a_key_of_somebody_else(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown("leaf.key", 12345, (gid_t)-1), 0);
	kit_refused(FILES("leaf.pem", "leaf.key"), "this key belongs to user 12345");
	assert_int_equal(chown("leaf.key", 0, (gid_t)-1), 0);
}

/* rows: R5922-6 */
static void
test_names_that_are_served(void **state)
{
	(void)state;
	kit_taken(FILES("bare.pem", "bare.key"), 1,
		"sipward.yaml:4:12: warning: the certificate that is shown here does not name "
		"127.0.0.1: who checks it will not connect (RFC 5922 6)\n");
	kit_taken("domain: [ example.com, else.example, more.example ]\n" FILES(
			  "leaf.pem", "leaf.key"),
		1, "does not name else.example, more.example:");
	/* What is shown instead of an address counts; of a wildcard there is nothing to say. */
	kit_taken("listen: [ { uri: \"sips:0.0.0.0\", advertise: \"b.example:5061\" } ]\n"
		  "tls: { certificate: leaf.pem, key: leaf.key }\n" PHONE,
		1, "does not name b.example:");
	kit_taken("domain: example.com\nlisten: [ \"sips:0.0.0.0\" ]\n"
		  "tls: { certificate: leaf.pem, key: leaf.key }\n" PHONE,
		0, "");
	/* Without TLS nobody sees a certificate, and another identity has domains of its own. */
	kit_taken(
		"listen: [ \"sip:127.0.0.1\" ]\ntls: { certificate: bare.pem, key: bare.key }\n" PHONE,
		0, "");
	kit_taken("domain: else.example\n"
		  "listen: [ { uri: \"sips:127.0.0.1\", identity: e } ]\n"
		  "identities: { e: { certificate: leaf.pem, key: leaf.key } }\n" PHONE,
		0, "");
}

static void
test_rules(void **state)
{
	(void)state;
	kit_taken(RULES("min-version: 1.3, groups: \"P-256:X25519\", eku: sip"), 0, "");
	kit_refused(RULES("min-version: 1.1"), "did you mean \"1.2\"?");
	kit_refused(RULES("eku: server"), "it is tls, any or sip");
	kit_refused(RULES("groups: P-999"), "no list of groups that OpenSSL has: P-999");
	kit_refused(RULES("trust: other.pem, crl: gone.pem"), "cannot read crl gone.pem");
	kit_refused(RULES("trust: other.pem, crl: garbage.pem"), "no revocation list");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_which_file),
		cmocka_unit_test(test_its_time),
		cmocka_unit_test(test_names_that_are_served),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_all_in_one_pass),
		cmocka_unit_test(test_a_key_for_everybody),
		cmocka_unit_test(test_a_key_that_is_no_file),
		cmocka_unit_test(test_a_key_of_somebody_else),
	};

	return cmocka_run_group_tests(tests, kit_open, kit_close);
}
