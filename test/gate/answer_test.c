/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that challenges us, in every way that may and may not be answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "gate/answer.h"
#include "gate/digest.h"

#define D "WWW-Authenticate: Digest "
#define OURS "realm=\"east.example\", nonce=\"n\", qop=\"auth\""
#define HAS "Authorization: Digest username=\"acme\"\r\n"

static struct gate *gate;
static struct dice dice;
static void *memory;
static struct msg request, response;
static char request_text[2048], response_text[4096], line_text[4096];

static const struct secret secret = {
	.username = { "acme", 4 }, .password = { "s3cret", 6 }, .realm = { "east.example", 12 }
};

static void
parse(struct msg *msg, const char *text)
{
	struct fault fault;

	if (!msg_parse(msg, str_cstr(text), false, &fault))
		fail_msg("fault %d at %u", (int)fault.what, (unsigned)fault.at);
}

/* What comes of CHALLENGES (whole lines) to a request that has LINES already; the line that was
 * written is in *LINE. */
static enum answer_verdict
answer(unsigned status, const char *challenges, const char *lines, unsigned tries,
	const struct secret *with, struct str *line)
{
	struct buf b = buf_on(line_text, sizeof line_text);
	enum answer_verdict verdict;

	(void)snprintf(request_text, sizeof request_text,
		"REGISTER sips:east.example SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
		"From: <sips:a@h>;tag=1\r\nTo: <sips:a@h>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
		"%s\r\n",
		lines);
	(void)snprintf(response_text, sizeof response_text,
		"SIP/2.0 %u No\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
		"From: <sips:a@h>;tag=1\r\nTo: <sips:a@h>;tag=2\r\nCall-ID: 1\r\n"
		"CSeq: 1 REGISTER\r\n%s\r\n",
		status, challenges);
	parse(&request, request_text);
	parse(&response, response_text);
	verdict = answer_write(gate, &dice, &response, &request, with, tries, &b);
	*line = buf_str(&b);
	if (verdict != ANSWER_GIVEN)
		assert_true(str_is_empty(*line));
	return verdict;
}

/* The response in LINE is right. */
static void
check_response(struct str line, enum digest algorithm)
{
	struct hashers hashers;
	struct cred cred;
	struct digest_input in;
	char hex[HASH_HEX_MAX];
	struct str value = line;

	str_cut(&value, ':');
	assert_true(cred_parse(&cred, str_trim(value)));
	in = (struct digest_input){ .algorithm = algorithm,
		.username = secret.username,
		.realm = secret.realm,
		.password = secret.password,
		.method = STR("REGISTER"),
		.uri = STR("sips:east.example"),
		.nonce = STR("n"),
		.nc = STR("00000001"),
		.cnonce = cred.cnonce,
		.qop = STR("auth") };
	assert_int_equal(cred.algorithm, algorithm);
	assert_int_equal(cred.cnonce.len, 32);
	assert_true(str_same(cred.uri, in.uri) && str_same(cred.nc, in.nc));
	assert_true(hashers_open(&hashers));
	assert_true(str_same(cred.response, digest_response(&hashers, &in, hex)));
	hashers_close(&hashers);
}

/* rows: R3261-22-a */
static void
a_challenge_is_answered(void **state)
{
	struct str line, first;
	char kept[sizeof line_text];

	(void)state;
	assert_int_equal(answer(401, D OURS "\r\n", "", 0, &secret, &line), ANSWER_GIVEN);
	assert_true(str_begins(line, STR("Authorization: Digest username=\"acme\", ")));
	assert_true(str_ends(line, STR("\r\n")));
	check_response(line, DIGEST_MD5);
	memcpy(kept, line.at, line.len);
	first = str_of(kept, line.len);
	assert_int_equal(answer(401, D OURS "\r\n", "", 0, &secret, &line), ANSWER_GIVEN);
	assert_false(str_same(first, line)); /* another cnonce */
	assert_int_equal(answer(407, "Proxy-Authenticate: Digest " OURS ", algorithm=SHA-256\r\n",
				 "", 0, &secret, &line),
		ANSWER_GIVEN);
	assert_true(str_begins(line, STR("Proxy-Authorization: Digest ")));
	check_response(line, DIGEST_SHA256);
}

static void
the_best_of_ours_is_answered(void **state)
{
	struct str line;

	(void)state;
	assert_int_equal(answer(401,
				 D "realm=\"west.example\", nonce=\"w\", qop=\"auth\", "
				   "algorithm=SHA-256\r\n" D OURS ", algorithm=MD5\r\n" D OURS
				   ", algorithm=SHA-256\r\n" D OURS ", algorithm=SHA-512-256\r\n",
				 "", 0, &secret, &line),
		ANSWER_GIVEN);
	check_response(line, DIGEST_SHA256);
	assert_int_equal(
		answer(401,
			D "realm=\"east.example\", nonce=\"n\", qop=\"auth\", opaque=\"1\"\r\n" D
			  "realm=\"east.example\", nonce=\"n\", qop=\"auth\", opaque=\"2\"\r\n",
			"", 0, &secret, &line),
		ANSWER_GIVEN);
	assert_true(str_holds_alike(line, STR("opaque=\"1\"")));
	/* Of two that are as good the first. */
	assert_int_equal(answer(401,
				 D OURS ", algorithm=SHA-256, opaque=\"1\"\r\n" D OURS
					", algorithm=SHA-256, opaque=\"2\"\r\n",
				 "", 0, &secret, &line),
		ANSWER_GIVEN);
	assert_true(str_holds_alike(line, STR("opaque=\"1\"")));
}

/* On one line a fold is a space (RFC 3261 7.3.1), and so it is in what is summed. */
static void
a_fold_in_a_nonce_is_a_space(void **state)
{
	struct hashers hashers;
	struct cred cred;
	char hex[HASH_HEX_MAX];
	struct str line, value;

	(void)state;
	assert_int_equal(
		answer(401, D "realm=\"east.example\", nonce=\"a\r\n  b\", qop=\"auth\"\r\n", "", 0,
			&secret, &line),
		ANSWER_GIVEN);
	value = line;
	str_cut(&value, ':');
	assert_true(cred_parse(&cred, str_trim(value)));
	assert_true(str_same(cred.nonce, STR("a b")));
	assert_true(hashers_open(&hashers));
	assert_true(str_same(cred.response,
		digest_response(&hashers,
			&(struct digest_input){ .algorithm = cred.algorithm,
				.username = secret.username,
				.realm = secret.realm,
				.password = secret.password,
				.method = STR("REGISTER"),
				.uri = STR("sips:east.example"),
				.nonce = STR("a b"),
				.nc = STR("00000001"),
				.cnonce = cred.cnonce,
				.qop = STR("auth") },
			hex)));
	hashers_close(&hashers);
}

/* rows: A-8760c */
static void
what_is_not_answered(void **state)
{
	static const struct {
		const char *challenges, *lines;
		unsigned tries;
		enum answer_verdict verdict;
	} all[] = {
		{ "", "", 0, ANSWER_FOREIGN },
		{ D "realm=\"east.exampl\", nonce=\"n\", qop=\"auth\"\r\n", "", 0, ANSWER_FOREIGN },
		{ D "realm=\"East.example\", nonce=\"n\", qop=\"auth\"\r\n", "", 0,
			ANSWER_FOREIGN },
		{ D "realm=\"east.example.mallory\", nonce=\"n\", qop=\"auth\"\r\n", "", 0,
			ANSWER_FOREIGN },
		{ "WWW-Authenticate: Basic realm=\"east.example\"\r\n", "", 0, ANSWER_FOREIGN },
		{ "Proxy-Authenticate: Digest " OURS "\r\n", "", 0, ANSWER_FOREIGN },
		{ D "realm=\"east.example\", nonce=\"n\"\r\n", "", 0, ANSWER_UNKNOWN },
		{ D "realm=\"east.example\", nonce=\"n\", qop=\"auth-int\"\r\n", "", 0,
			ANSWER_UNKNOWN },
		{ D OURS ", algorithm=MD5-sess\r\n", "", 0, ANSWER_UNKNOWN },
		{ D OURS "\r\n", HAS, 1, ANSWER_WRONG },
		{ D OURS ", stale=true\r\n", HAS, 1, ANSWER_GIVEN },
		{ D OURS ", stale=false\r\n", HAS, 1, ANSWER_WRONG },
		{ D OURS ", stale=true\r\n", HAS, 2, ANSWER_WRONG },
		{ D OURS "\r\n", "Proxy-" HAS, 1, ANSWER_GIVEN },
		{ D OURS "\r\n", "Proxy-" HAS, 2, ANSWER_WRONG },
	};
	struct secret none = secret;
	struct str line;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		enum answer_verdict verdict =
			answer(401, all[i].challenges, all[i].lines, all[i].tries, &secret, &line);

		if (verdict != all[i].verdict)
			fail_msg("row %zu: %.*s", i, (int)answer_verdict_text(verdict).len,
				answer_verdict_text(verdict).at);
		assert_true(answer_verdict_text(verdict).len > 5);
	}
	none.password = STR("");
	assert_int_equal(answer(401, D OURS "\r\n", "", 0, &none, &line), ANSWER_NONE);
}

/* Who has no gate has nothing to answer with. */
static void
without_a_gate_there_is_no_answer(void **state)
{
	char text[512];
	struct buf b = buf_on(text, sizeof text);
	struct str line;

	(void)state;
	assert_int_equal(answer(401, D OURS "\r\n", "", 0, &secret, &line), ANSWER_GIVEN);
	assert_int_equal(
		answer_write(NULL, &dice, &response, &request, &secret, 0, &b), ANSWER_NONE);
	assert_int_equal(b.used, 0);
}

/* A challenge of any length leaves no half of a line. */
static void
what_does_not_fit_fails(void **state)
{
	static char challenge[3000], nonce[2200];
	struct str line;

	(void)state;
	memset(nonce, 'n', sizeof nonce - 1);
	/* One that has no room at all, and one that has none behind it. */
	for (size_t len = sizeof nonce - 1; len > 1000; len -= 1000) {
		(void)snprintf(challenge, sizeof challenge,
			D "realm=\"east.example\", nonce=\"%.*s\", qop=auth\r\n", (int)len, nonce);
		assert_int_equal(answer(401, challenge, "", 0, &secret, &line), ANSWER_FAILED);
	}
	assert_int_equal(answer(401, D OURS "\r\n", "", 0, &secret, &line), ANSWER_GIVEN);
	for (size_t size = 0; size < line.len; size += 7) {
		char small[512];
		struct buf b = buf_on(small, size);

		assert_int_equal(answer_write(gate, &dice, &response, &request, &secret, 0, &b),
			ANSWER_FAILED);
		assert_false(buf_ok(&b));
	}
	assert_true(str_same(
		answer_verdict_text(ANSWER_FAILED), STR("its challenge could not be answered")));
}

static int
open_gate(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 7 };
	struct arena measure = arena_on(NULL, 0), arena;

	(void)state;
	dice_init(&dice, seed);
	(void)gate_open(&measure, &dice, false);
	memory = aligned_alloc(64, (measure.used + 127) / 64 * 64);
	arena = arena_on(memory, (measure.used + 127) / 64 * 64);
	gate = gate_open(&arena, &dice, false);
	return gate == NULL;
}

static int
close_gate(void **state)
{
	(void)state;
	gate_close(gate);
	free(memory);
	return 0;
}

/* A realm that does not fit leaves no half of a challenge. */
static void
test_a_challenge_that_does_not_fit(void **state)
{
	static char realm[1100], text[4096];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	memset(realm, 'r', sizeof realm);
	gate_write_challenge(gate, &b, str_of(realm, sizeof realm), false,
		(struct when){ .wall_s = 1700000000 });
	assert_false(buf_ok(&b));
	assert_int_equal(b.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_answered),
		cmocka_unit_test(the_best_of_ours_is_answered),
		cmocka_unit_test(a_fold_in_a_nonce_is_a_space),
		cmocka_unit_test(what_is_not_answered),
		cmocka_unit_test(without_a_gate_there_is_no_answer),
		cmocka_unit_test(what_does_not_fit_fails),
		cmocka_unit_test(test_a_challenge_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, open_gate, close_gate);
}
