/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/cred.h"

static void
credentials_are_taken_apart(void **state)
{
	struct cred c;

	(void)state;
	assert_true(cred_parse(&c,
		STR("digest username=\"a, \\\"b\\\"\",realm=\"\" , NONCE = \"n=,\", "
		    "uri=\"sip:h;x\",\r\n "
		    "response=\"r\", algorithm=sha-256, qop=auth, nc=00000001, cnonce=\"c\", "
		    "opaque=\"o\", unknown=\"1\", more=2")));
	check_str(c.scheme, "digest");
	check_str(c.username, "a, \\\"b\\\"");
	check_str(c.realm, "");
	check_str(c.nonce, "n=,");
	check_str(c.uri, "sip:h;x");
	check_str(c.response, "r");
	check_str(c.qop, "auth");
	check_str(c.nc, "00000001");
	check_str(c.cnonce, "c");
	check_str(c.opaque, "o");
	assert_int_equal(c.algorithm, DIGEST_SHA256);
}

static void
what_is_absent_is_none(void **state)
{
	struct cred c;

	(void)state;
	assert_true(cred_parse(&c, STR("Digest username=x")));
	check_str(c.username, "x");
	check_str(c.realm, NULL);
	check_str(c.opaque, NULL);
	assert_int_equal(c.algorithm, DIGEST_MD5);
	assert_true(cred_parse(&c, STR("Digest algorithm=\"MD5\"")));
	assert_int_equal(c.algorithm, DIGEST_MD5);
	assert_true(cred_parse(&c, STR("Digest algorithm=MD5-sess")));
	assert_int_equal(c.algorithm, DIGEST_OTHER);
	assert_true(cred_parse(&c, STR("NoOneKnowsThisScheme opaque-data=here")));
	check_str(c.scheme, "NoOneKnowsThisScheme");
	check_str(c.username, NULL);
}

static void
what_is_no_list_is_refused(void **state)
{
	static const char *const rows[] = { "", "Digest", "Digest ", "\"Digest\" a=b", "Digest a",
		"Digest a=", "Digest =b", "Digest a=b,", "Digest ,a=b", "Digest a=b,,c=d",
		"Digest username=\"a", "Digest username=\"a\"x", "Digest a=b c",
		"Digest nonce=a, Nonce=b", "Digest algorithm=MD5, algorithm=MD5",
		"Digest realm=\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cred c;

		if (cred_parse(&c, str_cstr(rows[i])))
			fail_msg("%s", rows[i]);
	}
}

static void
a_challenge_is_written(void **state)
{
	static const struct challenge plain = {
		.realm = { "a \"b\" \\", 7 }, .nonce = { "n1", 2 }, .algorithm = DIGEST_MD5
	};
	static const struct challenge stale = {
		.realm = { "r", 1 }, .nonce = { "n2", 2 }, .algorithm = DIGEST_SHA256, .stale = true
	};
	static const struct challenge broken = {
		.realm = { "r\r\nX: y", 7 }, .nonce = { "n", 1 }, .algorithm = DIGEST_MD5
	};
	char text[128];
	struct buf b = buf_on(text, sizeof text);
	size_t need;

	(void)state;
	challenge_write(&b, &plain);
	check_str(buf_str(&b),
		"Digest realm=\"a \\\"b\\\" \\\\\", nonce=\"n1\", algorithm=MD5, "
		"qop=\"auth\"");
	b = buf_on(text, sizeof text);
	challenge_write(&b, &stale);
	check_str(buf_str(&b),
		"Digest realm=\"r\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\", "
		"stale=true");
	need = b.used;
	b = buf_on(text, need);
	challenge_write(&b, &stale);
	assert_true(buf_ok(&b));
	b = buf_on(text, need - 1);
	challenge_write(&b, &stale);
	assert_false(buf_ok(&b));
	b = buf_on(text, sizeof text);
	challenge_write(&b, &broken);
	assert_false(buf_ok(&b));
}

static void
a_challenge_is_taken_apart(void **state)
{
	struct challenge c;

	(void)state;
	assert_true(challenge_parse(&c,
		STR("digest REALM=\"a \\\"b\\\"\", nonce = \"n=,\", opaque=\"\", stale=TRUE,\r\n "
		    "algorithm=sha-256, qop=\"auth-int , Auth\", domain=\"sip:x\", more=2")));
	check_str(c.realm, "a \\\"b\\\"");
	check_str(c.nonce, "n=,");
	check_str(c.opaque, "");
	assert_int_equal(c.algorithm, DIGEST_SHA256);
	assert_true(c.stale && c.has_auth);
	assert_true(challenge_parse(&c, STR("Digest realm=\"\", nonce=\"\", stale=\"false\"")));
	check_str(c.opaque, NULL);
	assert_int_equal(c.algorithm, DIGEST_MD5);
	assert_false(c.stale || c.has_auth);
	assert_true(challenge_parse(&c,
		STR("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth-int\"")));
	assert_int_equal(c.algorithm, DIGEST_OTHER);
	assert_false(c.has_auth);
}

static void
what_is_no_challenge_is_refused(void **state)
{
	static const char *const rows[] = { "", "Digest", "Digest ", "Basic realm=\"r\"",
		"Digest realm=\"r\"", "Digest nonce=\"n\"", "Digest realm=\"r, nonce=\"n\"",
		"Digest realm=\"r\", nonce=\"n\", realm=\"s\"",
		"Digest realm=\"r\", nonce=\"n\", qop=auth, QOP=auth",
		"Digest realm=\"r\", nonce=\"n\",", "Digest realm=\"r\" nonce=\"n\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct challenge c;

		if (challenge_parse(&c, str_cstr(rows[i])))
			fail_msg("%s", rows[i]);
	}
}

static void
credentials_are_written(void **state)
{
	struct cred c = { .username = STR("acme"),
		.realm = STR("a \\\"b\\\""),
		.nonce = STR("n"),
		.uri = STR("sips:h"),
		.response = STR("00ff"),
		.cnonce = STR("c"),
		.opaque = STR_NONE,
		.nc = STR("00000001"),
		.algorithm = DIGEST_SHA256 };
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	cred_write(&b, &c);
	check_str(buf_str(&b),
		"Digest username=\"acme\", realm=\"a \\\"b\\\"\", nonce=\"n\", uri=\"sips:h\", "
		"response=\"00ff\", cnonce=\"c\", algorithm=SHA-256, qop=auth, nc=00000001");
	c.opaque = STR("");
	b = buf_on(text, sizeof text);
	cred_write(&b, &c);
	assert_true(str_holds_alike(buf_str(&b), STR(", opaque=\"\", ")));
	c.opaque = STR("x\r\nVia: y");
	b = buf_on(text, sizeof text);
	cred_write(&b, &c);
	assert_false(buf_ok(&b));
}

static void
escapes_are_undone_to_compare(void **state)
{
	static const struct {
		const char *quoted, *plain;
		bool is_same;
	} all[] = { { "a", "a", true }, { "\\a\\\"", "a\"", true }, { "a\\", "a\\", true },
		{ "", "", true }, { "a", "", false }, { "", "a", false }, { "ab", "a", false },
		{ "A", "a", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(cred_is_text(str_cstr(all[i].quoted), str_cstr(all[i].plain)),
			all[i].is_same);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_taken_apart),
		cmocka_unit_test(what_is_absent_is_none),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(a_challenge_is_written),
		cmocka_unit_test(a_challenge_is_taken_apart),
		cmocka_unit_test(what_is_no_challenge_is_refused),
		cmocka_unit_test(credentials_are_written),
		cmocka_unit_test(escapes_are_undone_to_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
