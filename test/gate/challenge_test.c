/* SPDX-License-Identifier: Apache-2.0 */
/* A phone that answers the gate's challenges, rightly and in every wrong way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "gate/challenge.h"
#include "gate/digest.h"

#define REALM STR("example.com")
#define PASSWORD STR("correct horse")

/* What the phone sends; an empty part is left out. */
struct phone {
	enum digest algorithm;
	struct str scheme, username, realm, password, uri, target, nonce, nc, cnonce, qop;
	struct str written_algorithm;
	struct str response; /* instead of the right one */
	bool is_upper;       /* the response in upper case */
};

static struct gate *gate;
static struct dice dice;
static void *memory;
static char nonce_text[128];
static struct hashers hashers;

static struct when
at(int64_t mono_ms)
{
	return (struct when){ .mono_ms = mono_ms, .wall_s = 1700000000 };
}

static const struct gate_claim claim = { .username = { "7789", 4 },
	.password = { "correct horse", 13 },
	.realm = { "example.com", 11 } };

/* The nonce of a fresh challenge. */
static struct str
challenge(int64_t mono_ms)
{
	static char text[2048];
	struct buf b = buf_on(text, sizeof text);
	struct str rest;
	struct buf kept = buf_on(nonce_text, sizeof nonce_text);

	gate_write_challenge(gate, &b, REALM, false, at(mono_ms));
	rest = buf_str(&b);
	assert_true(rest.len > 0);
	while (!str_begins(rest, STR("nonce=\"")))
		rest = str_from(rest, 1);
	rest = str_from(rest, 7);
	buf_put(&kept, str_upto(rest, str_find(rest, '"')));
	return buf_str(&kept);
}

static struct phone
phone(struct str nonce)
{
	return (struct phone){ .algorithm = DIGEST_SHA256,
		.scheme = STR("Digest"),
		.username = STR("7789"),
		.realm = REALM,
		.password = PASSWORD,
		.uri = STR("sip:example.com"),
		.target = STR("sip:example.com"),
		.nonce = nonce,
		.nc = STR("00000001"),
		.cnonce = STR("0a4f113b"),
		.qop = STR("auth"),
		.written_algorithm = STR("SHA-256") };
}

static void
put_part(struct buf *b, struct str name, struct str value, bool quoted)
{
	if (value.len == 0)
		return;
	buf_put(b, name);
	if (quoted)
		buf_char(b, '"');
	buf_put(b, value);
	if (quoted)
		buf_char(b, '"');
}

static struct str
response_of(const struct phone *p, char hex[HASH_HEX_MAX])
{
	struct digest_input in = { .algorithm = p->algorithm,
		.username = p->username,
		.realm = p->realm,
		.password = p->password,
		.method = STR("REGISTER"),
		.uri = p->uri,
		.nonce = p->nonce,
		.nc = p->nc,
		.cnonce = p->cnonce,
		.qop = p->qop };
	struct str response = digest_response(&hashers, &in, hex);

	for (size_t i = 0; p->is_upper && i < response.len; i++)
		if (char_is_alpha(hex[i]))
			hex[i] = (char)(hex[i] - 'a' + 'A');
	return p->response.len > 0 ? p->response : response;
}

static void
put_authorization(struct buf *b, const struct phone *p)
{
	char hex[HASH_HEX_MAX];

	buf_put(b, STR("Authorization: "));
	buf_put(b, p->scheme);
	put_part(b, STR(" username="), p->username, true);
	put_part(b, STR(", realm="), p->realm, true);
	put_part(b, STR(", nonce="), p->nonce, true);
	put_part(b, STR(", uri="), p->uri, true);
	put_part(b, STR(", response="), response_of(p, hex), true);
	put_part(b, STR(", algorithm="), p->written_algorithm, false);
	put_part(b, STR(", cnonce="), p->cnonce, true);
	put_part(b, STR(", qop="), p->qop, false);
	put_part(b, STR(", nc="), p->nc, false);
	buf_put(b, STR("\r\n"));
}

/* Sends a REGISTER with the credentials of COUNT phones. */
static enum gate_verdict
send_all(const struct phone *phones, size_t count, const struct gate_claim *due, int64_t mono_ms)
{
	static struct msg msg;
	static char text[8192];
	struct buf b = buf_on(text, sizeof text);
	struct fault fault;

	buf_put(&b, STR("REGISTER "));
	buf_put(&b, count > 0 ? phones[0].target : STR("sip:example.com"));
	buf_put(&b,
		STR(" SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"
		    "From: <sip:7789@example.com>;tag=1\r\nTo: <sip:7789@example.com>\r\n"
		    "Call-ID: a\r\nCSeq: 1 REGISTER\r\n"));
	for (size_t i = 0; i < count; i++)
		put_authorization(&b, &phones[i]);
	buf_put(&b, STR("Content-Length: 0\r\n\r\n"));
	assert_true(buf_ok(&b));
	assert_true(msg_parse(&msg, buf_str(&b), false, &fault));
	return gate_judge(gate, &msg, due, at(mono_ms));
}

static enum gate_verdict
send_one(const struct phone *p, int64_t mono_ms)
{
	return send_all(p, 1, &claim, mono_ms);
}

static void
test_a_challenge_offers_sha256_then_md5(void **state)
{
	static char text[2048];
	struct buf b = buf_on(text, sizeof text);
	struct str all, first, second, value;
	struct cred cred;

	(void)state;
	gate_write_challenge(gate, &b, REALM, true, at(0));
	all = buf_str(&b);
	first = str_cut(&all, '\n');
	second = str_cut(&all, '\n');
	assert_int_equal(all.len, 0);
	assert_true(str_begins(first, STR("WWW-Authenticate: Digest ")));
	assert_true(str_begins(second, STR("WWW-Authenticate: Digest ")));
	value = str_trim(str_from(first, 18));
	assert_true(cred_parse(&cred, value));
	assert_int_equal(cred.algorithm, DIGEST_SHA256);
	assert_true(str_same(cred.realm, REALM));
	assert_int_equal(cred.nonce.len, 64);
	value = str_trim(str_from(second, 18));
	assert_true(str_holds_alike(value, cred.nonce));
	assert_true(cred_parse(&cred, value));
	assert_int_equal(cred.algorithm, DIGEST_MD5);
	assert_true(str_holds_alike(first, STR("stale=true")));
	assert_true(str_holds_alike(first, STR("qop=\"auth\"")));
}

static void
test_the_right_answer_comes_in(void **state)
{
	struct phone p = phone(challenge(5000));

	(void)state;
	assert_int_equal(send_one(&p, 5000), GATE_IN);
	p = phone(challenge(5000));
	p.algorithm = DIGEST_MD5;
	p.written_algorithm = STR("MD5");
	assert_int_equal(send_one(&p, 5000), GATE_IN);
	/* MD5 is what no algorithm means, and hex may be of either case. */
	p = phone(challenge(5000));
	p.algorithm = DIGEST_MD5;
	p.written_algorithm = STR("");
	p.is_upper = true;
	assert_int_equal(send_one(&p, 5000), GATE_IN);
}

static void
test_nothing_and_foreign_things_are_challenged(void **state)
{
	struct phone p;

	(void)state;
	assert_int_equal(send_all(NULL, 0, &claim, 0), GATE_CHALLENGE);
	p = phone(challenge(0));
	p.realm = STR("elsewhere.example");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(challenge(0));
	p.scheme = STR("Basic");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(challenge(0));
	p.written_algorithm = STR("SHA-512-256");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(challenge(0));
	p.written_algorithm = STR("SHA-256-sess");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
}

/* Credentials without a name, a realm or a nonce, and what can be read as none, are no answer. */
static void
test_parts_that_are_missing(void **state)
{
	struct phone p = phone(challenge(0));
	struct str nonce = p.nonce;

	(void)state;
	p.scheme = STR("Digest x=1");
	p.username = STR("");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(nonce);
	p.scheme = STR("Digest =");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(nonce);
	p.realm = STR("");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(STR(""));
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(nonce); /* what is more than needed does no harm */
	p.scheme = STR("Digest x=1,");
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_a_wrong_password_is_challenged(void **state)
{
	struct phone p = phone(challenge(0));

	(void)state;
	p.password = STR("correct horsf");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	/* Neither an old nonce nor a foreign one makes it stale. */
	assert_int_equal(send_one(&p, (NONCE_LIFE_S + 1) * 1000), GATE_CHALLENGE);
	p.nonce = STR("00");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	/* The nonce is not used up by that. */
	p = phone(challenge(0));
	p.response = STR("00");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p.response = STR("");
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_one_bit_of_the_response_matters(void **state)
{
	struct phone p = phone(challenge(0));
	char hex[HASH_HEX_MAX];
	struct str right = response_of(&p, hex);

	(void)state;
	for (size_t i = 0; i < right.len; i++) {
		hex[i] ^= 1;
		p.response = right;
		assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
		hex[i] ^= 1;
	}
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_without_qop_or_count_it_is_no_answer(void **state)
{
	static const struct str bad_counts[] = { { "1", 1 }, { "0000001", 7 }, { "000000001", 9 },
		{ "0000000g", 8 }, { "00000000", 8 } };
	struct phone p = phone(challenge(0));

	(void)state;
	p.qop = STR("");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p.qop = STR("auth-int");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(p.nonce);
	p.cnonce = STR("");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p = phone(p.nonce);
	p.uri = STR("");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	for (size_t i = 0; i < sizeof bad_counts / sizeof bad_counts[0]; i++) {
		p = phone(p.nonce);
		p.nc = bad_counts[i];
		assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	}
	p.nc = STR("0000000A");
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_the_user_must_be_the_one_that_is_due(void **state)
{
	struct gate_claim other = { .username = STR("5000"), .password = PASSWORD, .realm = REALM };
	struct phone p = phone(challenge(0));

	(void)state;
	assert_int_equal(send_all(&p, 1, &other, 0), GATE_CHALLENGE);
	p.username = STR("778");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	p.username = STR("77890");
	assert_int_equal(send_one(&p, 0), GATE_CHALLENGE);
	/* An escape in a quoted string is the octet itself. */
	p.username = STR("77\\89");
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_an_unknown_number_never_comes_in(void **state)
{
	struct gate_claim unknown = {
		.username = STR("7789"), .password = STR(""), .realm = REALM
	};
	struct phone p = phone(challenge(0));

	(void)state;
	p.password = STR("");
	assert_int_equal(send_all(&p, 1, &unknown, 0), GATE_CHALLENGE);
}

static void
test_a_count_is_good_once_and_grows(void **state)
{
	struct phone p = phone(challenge(0));

	(void)state;
	assert_int_equal(send_one(&p, 0), GATE_IN);
	assert_int_equal(send_one(&p, 0), GATE_STALE);
	p.nc = STR("00000002");
	assert_int_equal(send_one(&p, 0), GATE_IN);
	p.nc = STR("00000010");
	assert_int_equal(send_one(&p, 0), GATE_IN);
	p.nc = STR("0000000f");
	assert_int_equal(send_one(&p, 0), GATE_STALE);
	p.nc = STR("ffffffff");
	assert_int_equal(send_one(&p, 0), GATE_IN);
	assert_int_equal(send_one(&p, 0), GATE_STALE);
}

static void
test_a_nonce_grows_old(void **state)
{
	struct phone p = phone(challenge(10000));

	(void)state;
	assert_int_equal(send_one(&p, 10000 + NONCE_LIFE_S * 1000), GATE_IN);
	p.nc = STR("00000002");
	assert_int_equal(send_one(&p, 11000 + NONCE_LIFE_S * 1000), GATE_STALE);
	/* One from the future was never made by this run. */
	p = phone(challenge(10000));
	assert_int_equal(send_one(&p, 8000), GATE_STALE);
}

static void
test_a_nonce_that_is_not_ours_is_stale(void **state)
{
	struct str good = challenge(0);
	struct phone p = phone(good);

	(void)state;
	for (size_t i = 0; i < good.len; i++) {
		nonce_text[i] ^= 1;
		assert_int_equal(send_one(&p, 0), GATE_STALE);
		nonce_text[i] ^= 1;
	}
	p.nonce = STR("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v");
	assert_int_equal(send_one(&p, 0), GATE_STALE);
	p = phone(good);
	assert_int_equal(send_one(&p, 0), GATE_IN);
}

static void
test_a_nonce_in_upper_case_is_not_ours(void **state)
{
	struct str good = challenge(0);
	struct phone p = phone(good);

	(void)state;
	for (size_t i = 0; i < good.len; i++)
		if (char_is_alpha(nonce_text[i]))
			nonce_text[i] = (char)(nonce_text[i] - 'a' + 'A');
	assert_int_equal(send_one(&p, 0), GATE_STALE);
}

static void
test_the_oldest_used_nonce_falls_out(void **state)
{
	char first[128];
	struct buf b = buf_on(first, sizeof first);
	struct phone p;

	(void)state;
	buf_put(&b, challenge(0));
	p = phone(buf_str(&b));
	assert_int_equal(send_one(&p, 0), GATE_IN);
	/* A flood of challenges costs nothing... */
	for (uint32_t i = 1; i < NONCES_MAX; i++)
		challenge(0);
	p.nc = STR("00000002");
	assert_int_equal(send_one(&p, 0), GATE_IN);
	/* ... but a success may take the place of one that is as many behind. */
	p = phone(challenge(0));
	assert_int_equal(send_one(&p, 0), GATE_IN);
	p = phone(buf_str(&b));
	p.nc = STR("00000003");
	assert_int_equal(send_one(&p, 0), GATE_STALE);
}

static void
test_the_uri_must_be_ours(void **state)
{
	static const struct {
		struct str target, uri;
		enum gate_verdict verdict;
	} rows[] = {
		{ STR("sip:192.0.2.1:5060"), STR("sip:192.0.2.1:5060"), GATE_IN },
		{ STR("sip:192.0.2.1:5060"), STR("sip:192.0.2.1"), GATE_IN },
		{ STR("sip:192.0.2.1:5060"), STR("sip:EXAMPLE.com"), GATE_IN },
		{ STR("sips:example.com"), STR("sip:5000@example.COM;x"), GATE_IN },
		{ STR("sip:example.com"), STR("sip:elsewhere.example"), GATE_BAD },
		{ STR("sip:example.com"), STR("example.com"), GATE_BAD },
		{ STR("sip:example.com"), STR("/index.html"), GATE_BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct phone p = phone(challenge(0));

		p.target = rows[i].target;
		p.uri = rows[i].uri;
		assert_int_equal(send_one(&p, 0), rows[i].verdict);
	}
}

static void
test_the_first_line_of_the_realm_counts(void **state)
{
	struct phone p[3] = { phone(challenge(0)) };

	(void)state;
	p[1] = p[2] = p[0];
	p[0].realm = STR("elsewhere.example");
	assert_int_equal(send_all(p, 2, &claim, 0), GATE_IN);
	p[1].password = STR("wrong");
	p[2].nc = STR("00000002");
	assert_int_equal(send_all(p, 3, &claim, 0), GATE_CHALLENGE);
}

static void
test_a_measure_is_enough_and_less_is_not(void **state)
{
	struct arena measure = arena_on(NULL, 0), small;
	struct gate *other;
	void *at_all;

	(void)state;
	assert_null(gate_open(&measure, &dice, false));
	at_all = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	small = arena_on(at_all, measure.used - 1);
	assert_null(gate_open(&small, &dice, false));
	small = arena_on(at_all, measure.used);
	other = gate_open(&small, &dice, false);
	assert_non_null(other);
	gate_close(other);
	free(at_all);
}

static void
test_what_was_judged_is_kept_for_one_event(void **state)
{
	const uint8_t due[] = { GATE_IN, GATE_STALE, GATE_CHALLENGE };
	struct phone p = phone(challenge(0));
	struct phone wrong = p;

	(void)state;
	assert_int_equal(gate_verdicts(gate).len, 0);
	assert_int_equal(send_one(&p, 0), GATE_IN);
	assert_int_equal(send_one(&p, 0), GATE_STALE);
	wrong.password = STR("wrong");
	assert_int_equal(send_one(&wrong, 0), GATE_CHALLENGE);
	assert_true(str_same(gate_verdicts(gate), str_of(due, sizeof due)));
	gate_begin(gate);
	assert_false(str_is_none(gate_verdicts(gate)));
	assert_int_equal(gate_verdicts(gate).len, 0);
	for (unsigned i = 0; i < GATE_VERDICTS_MAX; i++)
		(void)send_one(&wrong, 0);
	assert_int_equal(gate_verdicts(gate).len, GATE_VERDICTS_MAX);
	(void)send_one(&wrong, 0);
	assert_true(str_is_none(gate_verdicts(gate)));
}

/* A replay looks at no password; it lets nobody in but whom it was told to. */
static void
test_a_gate_that_is_told_judges_nothing(void **state)
{
	const uint8_t verdicts[] = { GATE_IN, GATE_BAD, GATE_VERDICT_KINDS };
	struct phone right = phone(challenge(0)), none = right;
	struct arena measure = arena_on(NULL, 0), arena;
	void *at_all;

	(void)state;
	gate_open(&measure, &dice, true);
	at_all = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	arena = arena_on(at_all, measure.used);
	gate_close(gate);
	gate = gate_open(&arena, &dice, true);
	assert_non_null(gate);
	none.password = STR("none");
	gate_tell(gate, str_of(verdicts, sizeof verdicts));
	assert_int_equal(send_one(&none, 0), GATE_IN);
	assert_int_equal(send_one(&none, 0), GATE_BAD);
	assert_int_equal(send_one(&right, 0), GATE_CHALLENGE);
	assert_int_equal(send_one(&right, 0), GATE_CHALLENGE);
	gate_close(gate);
	free(at_all);
	arena = arena_on(memory, measure.used);
	gate = gate_open(&arena, &dice, false);
}

static int
open_gate(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 7 };
	struct arena measure = arena_on(NULL, 0), arena;

	(void)state;
	dice_init(&dice, seed);
	gate_open(&measure, &dice, false);
	memory = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	arena = arena_on(memory, measure.used);
	gate = gate_open(&arena, &dice, false);
	return gate != NULL && hashers_open(&hashers) ? 0 : 1;
}

static int
close_gate(void **state)
{
	(void)state;
	gate_close(gate);
	hashers_close(&hashers);
	free(memory);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_gate, close_gate)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_challenge_offers_sha256_then_md5),
		TEST(test_the_right_answer_comes_in),
		TEST(test_nothing_and_foreign_things_are_challenged),
		TEST(test_parts_that_are_missing),
		TEST(test_a_wrong_password_is_challenged),
		TEST(test_one_bit_of_the_response_matters),
		TEST(test_without_qop_or_count_it_is_no_answer),
		TEST(test_the_user_must_be_the_one_that_is_due),
		TEST(test_an_unknown_number_never_comes_in),
		TEST(test_a_count_is_good_once_and_grows),
		TEST(test_a_nonce_grows_old),
		TEST(test_a_nonce_that_is_not_ours_is_stale),
		TEST(test_a_nonce_in_upper_case_is_not_ours),
		TEST(test_the_oldest_used_nonce_falls_out),
		TEST(test_the_uri_must_be_ours),
		TEST(test_the_first_line_of_the_realm_counts),
		TEST(test_a_measure_is_enough_and_less_is_not),
		TEST(test_what_was_judged_is_kept_for_one_event),
		TEST(test_a_gate_that_is_told_judges_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
