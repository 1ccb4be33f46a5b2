/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/dice.h"

static const uint8_t zero_seed[DICE_SEED_BYTES];

/* RFC 8439 A.1, vectors 1 and 2: key and nonce of zeros, blocks 0 and 1. */
static void
the_stream_is_chacha20(void **state)
{
	static const char want[] =
		"76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
		"da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
		"9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
		"29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f";
	struct dice dice;
	uint8_t octets[128];
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	dice_init(&dice, zero_seed);
	dice_bytes(&dice, octets, sizeof octets);
	buf_hex(&b, octets, sizeof octets);
	check_str(buf_str(&b), want);
}

/* Vector 3: the last octet of the key is 1, and block 1. */
static void
the_seed_is_its_key(void **state)
{
	static const char want[] =
		"3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
		"8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0";
	uint8_t seed[DICE_SEED_BYTES] = { [31] = 1 };
	struct dice dice;
	uint8_t octets[64];
	char text[128];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	dice_init(&dice, seed);
	dice_bytes(&dice, octets, sizeof octets);
	dice_bytes(&dice, octets, sizeof octets);
	buf_hex(&b, octets, sizeof octets);
	check_str(buf_str(&b), want);
}

static void
pieces_make_the_same_stream(void **state)
{
	struct dice whole, pieces;
	uint8_t a[300], b[300];
	size_t at = 0;

	(void)state;
	dice_init(&whole, zero_seed);
	dice_init(&pieces, zero_seed);
	dice_bytes(&whole, a, sizeof a);
	for (size_t step = 1; at < sizeof b; step += 3) {
		size_t take = step < sizeof b - at ? step : sizeof b - at;

		dice_bytes(&pieces, b + at, take);
		at += take;
	}
	assert_memory_equal(a, b, sizeof a);
	dice_init(&pieces, zero_seed);
	assert_true(dice_u64(&pieces) == 0x76b8e0ada0f13d90);
}

static void
numbers_stay_below_and_reach_all(void **state)
{
	struct dice dice;
	unsigned seen[6] = { 0 };

	(void)state;
	dice_init(&dice, zero_seed);
	for (unsigned i = 0; i < 6000; i++) {
		uint32_t n = dice_below(&dice, 6);

		assert_in_range(n, 0, 5);
		seen[n]++;
	}
	for (unsigned i = 0; i < 6; i++)
		assert_in_range(seen[i], 800, 1200);
	assert_int_equal(dice_below(&dice, 1), 0);
}

static void
a_guid_has_its_shape(void **state)
{
	static const char shape[] = "XXXXXXXX-XXXX-4XXX-YXXX-XXXXXXXXXXXX";
	struct dice dice;
	char text[36], last[36] = { 0 };

	(void)state;
	dice_init(&dice, zero_seed);
	for (unsigned round = 0; round < 100; round++) {
		struct buf b = buf_on(text, sizeof text);

		dice_guid(&dice, &b);
		assert_true(buf_ok(&b));
		assert_int_equal(b.used, 36);
		for (size_t i = 0; i < 36; i++) {
			const char *may = shape[i] == 'X' ? "0123456789ABCDEF"
				: shape[i] == 'Y'         ? "89AB"
				: shape[i] == '4'         ? "4"
							  : "-";

			assert_non_null(strchr(may, text[i]));
		}
		assert_memory_not_equal(text, last, sizeof last);
		memcpy(last, text, sizeof last);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stream_is_chacha20),
		cmocka_unit_test(the_seed_is_its_key),
		cmocka_unit_test(pieces_make_the_same_stream),
		cmocka_unit_test(numbers_stay_below_and_reach_all),
		cmocka_unit_test(a_guid_has_its_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
