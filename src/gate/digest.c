/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/panic.h"

static void
hasher_close(struct hasher *h)
{
	EVP_MD_CTX_free(h->context);
	EVP_MD_free(h->md);
	*h = (struct hasher){ .md = NULL };
}

static bool
hasher_open(struct hasher *h, const char *name)
{
	h->md = EVP_MD_fetch(NULL, name, NULL);
	h->context = EVP_MD_CTX_new();
	if (h->md != NULL && h->context != NULL && EVP_DigestInit_ex2(h->context, h->md, NULL) == 1)
		return true;
	hasher_close(h);
	return false;
}

bool
hashers_open(struct hashers *h)
{
	*h = (struct hashers){ .md5.md = NULL };
	if (hasher_open(&h->md5, "MD5") && hasher_open(&h->sha256, "SHA256"))
		return true;
	hashers_close(h);
	return false;
}

void
hashers_close(struct hashers *h)
{
	hasher_close(&h->md5);
	hasher_close(&h->sha256);
}

static struct hasher *
hasher_of(struct hashers *h, enum digest algorithm)
{
	must(algorithm != DIGEST_OTHER);
	return algorithm == DIGEST_MD5 ? &h->md5 : &h->sha256;
}

size_t
hash_parts(struct hashers *all, enum digest algorithm, const struct str *parts, size_t count,
	uint8_t sum[HASH_BYTES_MAX])
{
	struct hasher *h = hasher_of(all, algorithm);
	unsigned size = 0;
	bool good = EVP_DigestInit_ex2(h->context, NULL, NULL) == 1;

	for (size_t i = 0; i < count && good; i++)
		good = parts[i].len == 0 ||
			EVP_DigestUpdate(h->context, parts[i].at, parts[i].len) == 1;
	return good && EVP_DigestFinal_ex(h->context, sum, &size) == 1 ? size : 0;
}

bool
hash_keyed(struct hashers *h, struct str key, struct str data, uint8_t sum[HASH_BYTES_MAX])
{
	enum { BLOCK = 64 };
	uint8_t inner[BLOCK], outer[BLOCK];
	struct str parts[2] = { { (const char *)inner, BLOCK }, data };
	bool good;

	must(key.len > 0 && key.len <= BLOCK);
	memset(inner, 0x36, sizeof inner);
	memset(outer, 0x5c, sizeof outer);
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= (uint8_t)key.at[i];
		outer[i] ^= (uint8_t)key.at[i];
	}
	good = hash_parts(h, DIGEST_SHA256, parts, 2, sum) == HASH_BYTES_MAX;
	if (good) {
		parts[0] = str_of(outer, sizeof outer);
		parts[1] = str_of(sum, HASH_BYTES_MAX);
		good = hash_parts(h, DIGEST_SHA256, parts, 2, sum) == HASH_BYTES_MAX;
	}
	OPENSSL_cleanse(inner, sizeof inner);
	OPENSSL_cleanse(outer, sizeof outer);
	return good;
}

/* The hash of COUNT parts with colons between, in hex into HEX. */
static struct str
hash_hex(struct hashers *h, enum digest algorithm, const struct str *parts, size_t count,
	char hex[HASH_HEX_MAX])
{
	enum { PARTS_MAX = 6 };
	struct str with_colons[2 * PARTS_MAX];
	uint8_t sum[HASH_BYTES_MAX];
	struct buf b = buf_on(hex, HASH_HEX_MAX);

	must(count > 0 && count <= PARTS_MAX);
	for (size_t i = 0; i < count; i++) {
		with_colons[2 * i] = parts[i];
		with_colons[2 * i + 1] = STR(":");
	}
	buf_hex(&b, sum, hash_parts(h, algorithm, with_colons, 2 * count - 1, sum));
	return buf_str(&b);
}

struct str
digest_response(struct hashers *h, const struct digest_input *in, char hex[HASH_HEX_MAX])
{
	char hex1[HASH_HEX_MAX], hex2[HASH_HEX_MAX];
	struct str who[] = { in->username, in->realm, in->password };
	struct str what[] = { in->method, in->uri };
	struct str ha1 = hash_hex(h, in->algorithm, who, 3, hex1);
	struct str ha2 = hash_hex(h, in->algorithm, what, 2, hex2);
	struct str all[] = { ha1, in->nonce, in->nc, in->cnonce, in->qop, ha2 };
	struct str response = hash_hex(h, in->algorithm, all, 6, hex);

	OPENSSL_cleanse(hex1, sizeof hex1);
	return ha1.len > 0 && ha2.len > 0 ? response : str_of(hex, 0);
}
