/* SPDX-License-Identifier: Apache-2.0 */
#include "outside.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "gate/digest.h"

static bool is_armed; /* the first thread */
static pthread_t first;
static atomic_bool has_failed;
static int failing = -1;
static unsigned failing_k;
static atomic_uint calls[NUMBERS];

#define OUTSIDE_NAME(name, is_memory) #name,
static const char *const names[NUMBERS] = { OUTSIDE_FUNCTIONS(OUTSIDE_NAME) };

bool
outside_is_armed(void)
{
	return first != 0 && (is_armed || !pthread_equal(first, pthread_self()));
}

bool
outside_fails(enum outside_number number, int error)
{
	if (!outside_is_armed())
		return false;
	if (atomic_fetch_add(&calls[number], 1) + 1 != failing_k || (int)number != failing)
		return false;
	atomic_store(&has_failed, true);
	errno = error;
	return true;
}

/* ---- what the core hashes ------------------------------------------------------------------- */

/* It calls libcrypto as the shell does, but is no part of it, and its own tests see to that. */
#define OF_THE_CORE(result, name, takes, hands) \
	result __real_##name takes;             \
	result __wrap_##name takes;             \
	result __wrap_##name takes              \
	{                                       \
		bool was_armed = is_armed;      \
		result got;                     \
                                                \
		is_armed = false;               \
		got = __real_##name hands;      \
		is_armed = was_armed;           \
		return got;                     \
	}

OF_THE_CORE(size_t, hash_parts,
	(struct hashers * h, enum digest a, const struct str *parts, size_t n,
		uint8_t sum[HASH_BYTES_MAX]),
	(h, a, parts, n, sum))
OF_THE_CORE(bool, hash_keyed,
	(struct hashers * h, struct str key, struct str data, uint8_t sum[HASH_BYTES_MAX]),
	(h, key, data, sum))
OF_THE_CORE(struct str, digest_response,
	(struct hashers * h, const struct digest_input *in, char hex[HASH_HEX_MAX]), (h, in, hex))

/* ---- counting ------------------------------------------------------------------------------- */

void
outside_arm(void)
{
	is_armed = true;
}

void
outside_disarm(void)
{
	is_armed = false;
}

void
outside_fail(int number, unsigned k)
{
	first = pthread_self();
	failing = number;
	failing_k = k;
	atomic_store(&has_failed, false);
	for (int i = 0; i < NUMBERS; i++)
		atomic_store(&calls[i], 0);
}

bool
outside_has_failed(void)
{
	return atomic_load(&has_failed);
}

int
outside_count(void)
{
	return NUMBERS;
}

const char *
outside_name(int number)
{
	return names[number];
}

unsigned
outside_calls(int number)
{
	return atomic_load(&calls[number]);
}
