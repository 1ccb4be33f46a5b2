/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers: what the RFCs print, and one REGISTER worked out with Python's hashlib. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <cmocka.h>

#include "gate/digest.h"

#define assert_str(got, literal) assert_true(str_same(got, STR(literal)))

static struct hashers hashers;
static unsigned long allocations, held;

static void *
count_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	held++;
	return malloc(size);
}

static void *
count_realloc(void *at, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	held += at == NULL;
	return realloc(at, size);
}

static void
count_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	held -= at != NULL;
	free(at);
}

/* RFC 7616 3.9.1. */
static struct digest_input
mufasa(enum digest algorithm)
{
	return (struct digest_input){ .algorithm = algorithm,
		.username = STR("Mufasa"),
		.realm = STR("http-auth@example.org"),
		.password = STR("Circle of Life"),
		.method = STR("GET"),
		.uri = STR("/dir/index.html"),
		.nonce = STR("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
		.nc = STR("00000001"),
		.cnonce = STR("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
		.qop = STR("auth") };
}

static void
test_rfc_7616(void **state)
{
	struct digest_input md5 = mufasa(DIGEST_MD5), sha256 = mufasa(DIGEST_SHA256);
	char hex[HASH_HEX_MAX];

	(void)state;
	assert_str(digest_response(&hashers, &md5, hex), "8ca523f5e9506fed4657c9700eebdbec");
	assert_str(digest_response(&hashers, &sha256, hex),
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	sha256.password = STR("Circle of life");
	assert_false(str_same(digest_response(&hashers, &sha256, hex),
		STR("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")));
}

/* RFC 2617 3.5, which RFC 3261 22 is built on. */
static void
test_rfc_2617(void **state)
{
	struct digest_input in = mufasa(DIGEST_MD5);
	char hex[HASH_HEX_MAX];

	(void)state;
	in.realm = STR("testrealm@host.com");
	in.password = STR("Circle Of Life");
	in.nonce = STR("dcd98b7102dd2f0e8b11d0f600bfb0c093");
	in.cnonce = STR("0a4f113b");
	assert_str(digest_response(&hashers, &in, hex), "6629fae49393a05397450978507c4ef1");
}

static void
test_a_register(void **state)
{
	struct digest_input in = { .algorithm = DIGEST_MD5,
		.username = STR("7789"),
		.realm = STR("example.com"),
		.password = STR("correct horse"),
		.method = STR("REGISTER"),
		.uri = STR("sip:example.com"),
		.nonce = STR("00000000000000010000000000000001aa"),
		.nc = STR("0000000a"),
		.cnonce = STR("c"),
		.qop = STR("auth") };
	char hex[HASH_HEX_MAX];

	(void)state;
	assert_str(digest_response(&hashers, &in, hex), "f0b157a044de9ff9dba41728d62cbf4b");
	in.algorithm = DIGEST_SHA256;
	assert_str(digest_response(&hashers, &in, hex),
		"5237e130f1e1823fb1e6b5c28d33779f3f8d1a57523fda870eb59e759565519d");
}

static void
test_hmac_of_rfc_4231(void **state)
{
	uint8_t sum[HASH_BYTES_MAX];
	char hex[HASH_HEX_MAX];
	struct buf b = buf_on(hex, sizeof hex);

	(void)state;
	assert_true(hash_keyed(&hashers, STR("Jefe"), STR("what do ya want for nothing?"), sum));
	buf_hex(&b, sum, sizeof sum);
	assert_str(buf_str(&b), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void
test_sums_hold_no_memory(void **state)
{
	enum { ROUNDS = 100, SUMS_PER_ROUND = 3 + 3 + 2 };
	struct digest_input md5 = mufasa(DIGEST_MD5), sha256 = mufasa(DIGEST_SHA256);
	uint8_t sum[HASH_BYTES_MAX];
	char hex[HASH_HEX_MAX];
	unsigned long allocations_before = allocations, held_before = held;

	(void)state;
	assert_true(held_before > 0);
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(digest_response(&hashers, &md5, hex).len > 0);
		assert_true(digest_response(&hashers, &sha256, hex).len > 0);
		assert_true(hash_keyed(&hashers, STR("key"), STR("data"), sum));
	}
	assert_int_equal(held, held_before);
	assert_true(allocations - allocations_before <= ROUNDS * SUMS_PER_ROUND);
}

static int
open_hashers(void **state)
{
	(void)state;
	return hashers_open(&hashers) ? 0 : 1;
}

static int
close_hashers(void **state)
{
	(void)state;
	hashers_close(&hashers);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_7616),
		cmocka_unit_test(test_rfc_2617),
		cmocka_unit_test(test_a_register),
		cmocka_unit_test(test_hmac_of_rfc_4231),
		cmocka_unit_test(test_sums_hold_no_memory),
	};

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, open_hashers, close_hashers);
}
