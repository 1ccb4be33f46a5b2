/* SPDX-License-Identifier: Apache-2.0 */
/* What libcrypto and the memory of the host deny: each call is denied once. A digest that cannot be
 * made lets nobody in, and a core that does not get all that it needs does not open. The linker
 * puts the functions below before the real ones (--wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include <openssl/evp.h>
#include <cmocka.h>

#include "support/phone.h"

enum { TRIES_MAX = 400 };

enum denial { DENY_MEMORY, DENY_DIGEST };

static enum denial denial;
static unsigned countdown; /* the denial comes when it reaches 0; 0: none is planned */

static bool
is_denied(enum denial asked)
{
	return asked == denial && countdown > 0 && --countdown == 0;
}

void *__real_arena_take(struct arena *, size_t, size_t);
void *__wrap_arena_take(struct arena *, size_t, size_t);
EVP_MD *__real_EVP_MD_fetch(OSSL_LIB_CTX *, const char *, const char *);
EVP_MD *__wrap_EVP_MD_fetch(OSSL_LIB_CTX *, const char *, const char *);
EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
int __real_EVP_DigestInit_ex2(EVP_MD_CTX *, const EVP_MD *, const OSSL_PARAM *);
int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX *, const EVP_MD *, const OSSL_PARAM *);
int __real_EVP_DigestUpdate(EVP_MD_CTX *, const void *, size_t);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *, const void *, size_t);
int __real_EVP_DigestFinal_ex(EVP_MD_CTX *, unsigned char *, unsigned *);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *, unsigned char *, unsigned *);

void *
__wrap_arena_take(struct arena *arena, size_t bytes, size_t align)
{
	return is_denied(DENY_MEMORY) ? NULL : __real_arena_take(arena, bytes, align);
}

EVP_MD *
__wrap_EVP_MD_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties)
{
	return is_denied(DENY_DIGEST) ? NULL : __real_EVP_MD_fetch(library, name, properties);
}

EVP_MD_CTX *
__wrap_EVP_MD_CTX_new(void)
{
	return is_denied(DENY_DIGEST) ? NULL : __real_EVP_MD_CTX_new();
}

int
__wrap_EVP_DigestInit_ex2(EVP_MD_CTX *context, const EVP_MD *md, const OSSL_PARAM *params)
{
	return is_denied(DENY_DIGEST) ? 0 : __real_EVP_DigestInit_ex2(context, md, params);
}

int
__wrap_EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t len)
{
	return is_denied(DENY_DIGEST) ? 0 : __real_EVP_DigestUpdate(context, data, len);
}

int
__wrap_EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *sum, unsigned *len)
{
	return is_denied(DENY_DIGEST) ? 0 : __real_EVP_DigestFinal_ex(context, sum, len);
}

/* ---- digests ------------------------------------------------------------------------------ */

static struct stage stage;
static struct phone phone;

/* What comes, if anything: its status; 0 for nothing. */
static unsigned
hear_any(void)
{
	for (unsigned i = stage.first_untaken; i < stage.sent_count; i++)
		if (!stage.sent[i].is_taken)
			return phone_hear(&phone, "SIP/2.0 ")->status;
	return 0;
}

/* A REGISTER, and again with what the challenge asks for. */
static unsigned
register_with(const char *password)
{
	char lines[1024];
	unsigned left, status;

	phone_register(&phone, 600, NULL);
	status = hear_any();
	if (status != 401)
		return status;
	/* The phone, too, makes digests. */
	left = countdown;
	countdown = 0;
	snprintf(lines, sizeof lines, "Contact: <sip:7789@192.0.2.77:5060>\r\n%s",
		phone_credentials(&phone, password, "REGISTER", "sip:example.com"));
	countdown = left;
	phone_register(&phone, 600, lines);
	return hear_any();
}

static void
test_a_digest_that_cannot_be_made(void **state)
{
	static const struct stage_dn dns[] = {
		{ .number = "7789", .contact = "*", .password = "secret" }
	};
	struct stage_options options = { .dns = dns, .dn_count = 1 };
	bool was_denied = true;
	unsigned tries = 0;

	(void)state;
	denial = DENY_DIGEST;
	stage_open(&stage, &options);
	phone_open(&phone, &stage, "7789", "192.0.2.77", 5060, TRANSPORT_UDP, false);
	while (was_denied) {
		assert_true(++tries < TRIES_MAX);
		countdown = tries;
		assert_int_not_equal(register_with("wrong"), 200);
		was_denied = countdown == 0;
		assert_int_equal(stage_counts(&stage).bindings, tries > 1);
		countdown = tries;
		(void)register_with("secret");
		was_denied = was_denied || countdown == 0;
		/* The next goes as it should. */
		countdown = 0;
		assert_int_equal(register_with("wrong"), 401);
		assert_int_equal(register_with("secret"), 200);
		stage_pass_ms(&stage, 40000);
	}
	assert_true(tries > 20);
	phone_close(&phone);
	stage_close(&stage);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* A core that does not get what it asks for does not open, and holds nothing. */
static unsigned
check_open(enum denial what)
{
	static const struct directory nobody = { .count = 0 };
	const struct core_options options = { .directory = &nobody,
		.calls_max = 2,
		.requests_max = 2,
		.flows_max = 2,
		.addresses_max = 2 };
	struct stage place = { .memory_bytes = core_memory_bytes(&options) };
	bool was_denied = true;
	unsigned tries = 0;

	denial = what;
	place.memory = mmap(NULL, place.memory_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(place.memory != MAP_FAILED);
	while (was_denied) {
		struct core *core;

		countdown = ++tries;
		core = core_open(&options, place.memory, place.memory_bytes, (struct when){ 1, 1 });
		was_denied = countdown == 0;
		countdown = 0;
		assert_int_equal(core == NULL, was_denied);
		if (core != NULL)
			core_close(core);
		stage_wipe(&place);
	}
	munmap(place.memory, place.memory_bytes);
	return tries;
}

static void
test_a_core_that_cannot_open(void **state)
{
	(void)state;
	assert_true(check_open(DENY_MEMORY) > 20);
	assert_true(check_open(DENY_DIGEST) > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_digest_that_cannot_be_made),
		cmocka_unit_test(test_a_core_that_cannot_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
