/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/limits.h"
#include "base/panic.h"

static void
make_key(struct ticket_key *key)
{
	key->is_there = true;
	need(RAND_bytes(key->name, sizeof key->name) == 1 &&
			RAND_bytes(key->cipher, sizeof key->cipher) == 1 &&
			RAND_bytes(key->mac, sizeof key->mac) == 1,
		"random numbers");
}

void
tickets_open(struct tickets *t, int64_t now_ms)
{
	*t = (struct tickets){ .next_at_ms = now_ms + TICKET_KEY_MS };
	make_key(&t->now);
}

void
tickets_turn(struct tickets *t, int64_t now_ms)
{
	bool is_late = now_ms >= t->next_at_ms + TICKET_KEY_MS;

	if (now_ms < t->next_at_ms)
		return;
	/* After a long sleep the key so far is too old even for reading. */
	OPENSSL_cleanse(&t->before, sizeof t->before);
	if (!is_late)
		t->before = t->now;
	make_key(&t->now);
	t->next_at_ms = now_ms + TICKET_KEY_MS;
}

static bool
is_named(const struct ticket_key *key, const uint8_t *name)
{
	return key->is_there && CRYPTO_memcmp(key->name, name, TICKET_NAME_BYTES) == 0;
}

static bool
set_mac(EVP_MAC_CTX *mac, struct ticket_key *key)
{
	char digest[] = "sha256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

int
tickets_use(struct tickets *t, uint8_t name[TICKET_NAME_BYTES], uint8_t *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, bool is_new)
{
	struct ticket_key *key = &t->now;

	if (is_new) {
		memcpy(name, key->name, TICKET_NAME_BYTES);
		return RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
				EVP_EncryptInit_ex(
					cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) == 1 &&
				set_mac(mac, key)
			? 1
			: -1;
	}
	if (is_named(&t->before, name))
		key = &t->before;
	else if (!is_named(&t->now, name))
		return 0;
	if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) != 1 ||
		!set_mac(mac, key))
		return -1;
	return key == &t->now ? 1 : 2;
}

void
tickets_close(struct tickets *t)
{
	OPENSSL_cleanse(t, sizeof *t);
}
