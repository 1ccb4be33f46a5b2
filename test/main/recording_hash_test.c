/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "main/recording.h"

static void
the_hash_sees_every_field(void **state)
{
	const struct act acts[] = {
		{ .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V4, { 1 }, 5 }, STR("a") } },
		{ .kind = ACT_SEND, .u.send = { { 2 }, { ADDR_V4, { 1 }, 5 }, STR("a") } },
		{ .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V4, { 2 }, 5 }, STR("a") } },
		{ .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V6, { 1 }, 5 }, STR("a") } },
		{ .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V4, { 1 }, 6 }, STR("a") } },
		{ .kind = ACT_SEND, .u.send = { { 1 }, { ADDR_V4, { 1 }, 5 }, STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"), { 0 },
				STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 2 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"), { 0 },
				STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TCP, { ADDR_V4, { 1 }, 5 }, STR("a"), { 0 },
				STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 3 }, 5 }, STR("a"), { 0 },
				STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("ab"), { 0 },
				STR("") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"), { 0 },
				STR("c") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"),
				{ .identity = 1 }, STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"),
				{ .takes_wildcard = true }, STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"),
				{ .has_pin = true }, STR("b") } },
		{ .kind = ACT_DIAL,
			.u.dial = { { 1 }, TRANSPORT_TLS, { ADDR_V4, { 1 }, 5 }, STR("a"),
				{ .has_pin = true, .pin = { 7 } }, STR("b") } },
		{ .kind = ACT_SHUT, .u.shut = { 1 } },
		{ .kind = ACT_SHUT, .u.shut = { 2 } },
		{ .kind = ACT_RESOLVE, .u.resolve = { { 1, 3 }, NAMES_SRV, STR("a") } },
		{ .kind = ACT_RESOLVE, .u.resolve = { { 2, 3 }, NAMES_SRV, STR("a") } },
		{ .kind = ACT_RESOLVE, .u.resolve = { { 1, 5 }, NAMES_SRV, STR("a") } },
		{ .kind = ACT_RESOLVE, .u.resolve = { { 1, 3 }, NAMES_SRV, STR("b") } },
		{ .kind = ACT_RESOLVE, .u.resolve = { { 1, 3 }, NAMES_NAPTR, STR("a") } },
		{ .kind = ACT_SAVE, .u.save = { { 1, 3 }, STR("a"), 1, STR("s") } },
		{ .kind = ACT_SAVE, .u.save = { { 1, 5 }, STR("a"), 1, STR("s") } },
		{ .kind = ACT_SAVE, .u.save = { { 1, 3 }, STR("b"), 1, STR("s") } },
		{ .kind = ACT_SAVE, .u.save = { { 1, 3 }, STR("a"), 2, STR("s") } },
		{ .kind = ACT_SAVE, .u.save = { { 1, 3 }, STR("a"), 1, STR("t") } },
		{ .kind = ACT_NOTE, .u.note = { NOTE_INFO, STR("a") } },
		{ .kind = ACT_NOTE, .u.note = { NOTE_WARN, STR("a") } },
		{ .kind = ACT_NOTE, .u.note = { NOTE_INFO, STR("b") } },
		{ .kind = ACT_RECORD, .u.record = STR("a") },
		{ .kind = ACT_RECORD, .u.record = STR("b") },
	};
	enum { ACTS = sizeof acts / sizeof *acts };
	uint64_t hashes[ACTS];

	(void)state;
	for (int i = 0; i < ACTS; i++) {
		hashes[i] = recording_hash(RECORDING_HASH, &acts[i], NULL);
		assert_true(hashes[i] == recording_hash(RECORDING_HASH, &acts[i], NULL));
		assert_true(hashes[i] != recording_hash(hashes[i], &acts[i], NULL));
		for (int j = 0; j < i; j++)
			assert_true(hashes[i] != hashes[j]);
	}
}

/* A replay has no password: what it makes of another one counts the same, and nothing else does. */
static void
the_hash_takes_any_proof_of_ours(void **state)
{
	static const char *const texts[] = {
		"REGISTER sip:r SIP/2.0\r\nAuthorization: Digest response=\"0123abcd\", nc=1\r\n\r\n",
		"REGISTER sip:r SIP/2.0\r\nAuthorization: Digest response=\"99887766\", nc=1\r\n\r\n",
		"REGISTER sip:r SIP/2.0\r\nAuthorization: Digest response=\"99887766\", nc=2\r\n\r\n",
		"REGISTER sip:r SIP/2.0\r\nX-uthorization: Digest response=\"99887766\", nc=1\r\n\r\n",
		"REGISTER sip:r SIP/2.0\r\nX-uthorization: Digest response=\"0123abcd\", nc=1\r\n\r\n",
	};
	static const struct mask_key key = { { 1, 2 } };
	uint64_t hashes[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct act act = { .kind = ACT_SEND, .u.send = { .bytes = str_cstr(texts[i]) } };

		hashes[i] = recording_hash(RECORDING_HASH, &act, NULL);
		assert_true(hashes[i] == recording_hash(RECORDING_HASH, &act, &key));
	}
	assert_true(hashes[0] == hashes[1]);
	assert_true(hashes[1] != hashes[2]);
	assert_true(hashes[3] != hashes[4]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_sees_every_field),
		cmocka_unit_test(the_hash_takes_any_proof_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
