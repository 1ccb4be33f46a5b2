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
	static const struct challenge plain = { { "a \"b\" \\", 7 }, { "n1", 2 }, DIGEST_MD5,
		false };
	static const struct challenge stale = { { "r", 1 }, { "n2", 2 }, DIGEST_SHA256, true };
	static const struct challenge broken = { { "r\r\nX: y", 7 }, { "n", 1 }, DIGEST_MD5,
		false };
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_taken_apart),
		cmocka_unit_test(what_is_absent_is_none),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(a_challenge_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
