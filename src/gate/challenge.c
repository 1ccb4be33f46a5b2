/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/challenge.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/limits.h"
#include "base/panic.h"
#include "gate/digest.h"
#include "sip/write.h"

/* A nonce, all of it in hex: when it was made, its number, and a MAC over both. */
enum {
	NONCE_PLAIN_BYTES = 8 + 8,
	NONCE_MAC_BYTES = 16,
	NONCE_BYTES = NONCE_PLAIN_BYTES + NONCE_MAC_BYTES,
	NONCE_HEX = 2 * NONCE_BYTES,
	KEY_BYTES = 32,
};

/* A nonce that was used with success. It stands in the place of its number modulo the size of the
 * table, and a later number puts it out: so the oldest falls out first, and a number that is
 * smaller than what stands in its place has fallen out or can no longer be told from one that
 * has. */
struct used {
	uint64_t number; /* 0: none */
	uint32_t count;  /* the highest nc */
};

struct gate {
	struct hashers hashers;
	uint8_t key[KEY_BYTES];
	uint64_t number; /* of the last nonce made */
	struct used *used;
	bool is_told;    /* a replay: verdicts come from `told`, and none is made */
	struct str told; /* those of this event that are left */
	uint32_t judged; /* in this event */
	uint8_t verdicts[GATE_VERDICTS_MAX];
};

/* What the parts of the credentials say, before they become one verdict. */
enum nonce_state { NONCE_FOREIGN, NONCE_OLD, NONCE_SPENT, NONCE_FRESH };

struct gate *
gate_open(struct arena *arena, struct dice *dice, bool is_told)
{
	struct gate *g = arena_take(arena, sizeof *g, _Alignof(struct gate));
	struct used *used = arena_take(arena, NONCES_MAX * sizeof *used, _Alignof(struct used));

	if (g == NULL || used == NULL)
		return NULL;
	*g = (struct gate){ .used = used, .is_told = is_told };
	memset(used, 0, NONCES_MAX * sizeof *used);
	dice_bytes(dice, g->key, sizeof g->key);
	return hashers_open(&g->hashers) ? g : NULL;
}

void
gate_close(struct gate *g)
{
	hashers_close(&g->hashers);
	OPENSSL_cleanse(g->key, sizeof g->key);
}

struct hashers *
gate_hashers(struct gate *g)
{
	return &g->hashers;
}

static void
put_u64(uint8_t at[8], uint64_t number)
{
	for (int i = 7; i >= 0; i--) {
		at[i] = (uint8_t)number;
		number >>= 8;
	}
}

static uint64_t
get_u64(const uint8_t at[8])
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | at[i];
	return number;
}

/* Completes a nonce whose plain part stands there. Ends: false when libcrypto refuses. */
static bool
nonce_seal(struct gate *g, uint8_t nonce[NONCE_BYTES])
{
	uint8_t sum[HASH_BYTES_MAX];

	if (!hash_keyed(&g->hashers, str_of(g->key, sizeof g->key),
		    str_of(nonce, NONCE_PLAIN_BYTES), sum))
		return false;
	memcpy(nonce + NONCE_PLAIN_BYTES, sum, NONCE_MAC_BYTES);
	return true;
}

/* Reads lower-case hex of exactly COUNT octets. */
static bool
unhex(struct str text, uint8_t *octets, size_t count)
{
	if (text.len != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = char_hex(text.at[2 * i]), low = char_hex(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* A nonce in upper case would be the same number, but not what we gave out. */
static bool
is_lower(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != char_lower(text.at[i]))
			return false;
	return true;
}

static enum nonce_state
nonce_judge(struct gate *g, struct str text, uint32_t count, struct when now, uint64_t *number)
{
	uint8_t nonce[NONCE_BYTES] = { 0 }, ours[NONCE_BYTES];
	bool is_hex = unhex(text, nonce, sizeof nonce) && is_lower(text);
	const struct used *used;
	int64_t age_s;

	memcpy(ours, nonce, sizeof ours);
	if (!nonce_seal(g, ours) || CRYPTO_memcmp(ours, nonce, sizeof ours) != 0 || !is_hex)
		return NONCE_FOREIGN;
	age_s = now.mono_ms / 1000 - (int64_t)get_u64(nonce);
	if (age_s < 0 || age_s > NONCE_LIFE_S)
		return NONCE_OLD;
	*number = get_u64(nonce + 8);
	used = &g->used[*number % NONCES_MAX];
	if (used->number > *number || (used->number == *number && used->count >= count))
		return NONCE_SPENT;
	return NONCE_FRESH;
}

static void
nonce_use(struct gate *g, uint64_t number, uint32_t count)
{
	g->used[number % NONCES_MAX] = (struct used){ number, count };
}

/* The first Digest credentials for REALM. */
static bool
find_cred(const struct msg *request, struct str realm, struct cred *cred)
{
	const struct header *line = msg_header(request, HEADER_AUTHORIZATION);

	for (; line != NULL; line = msg_header_next(request, line))
		if (cred_parse(cred, line->value) && str_alike(cred->scheme, STR("Digest")) &&
			!str_is_none(cred->realm) && cred_is_text(cred->realm, realm))
			return true;
	return false;
}

/* Whether all that we asked for is there; old answers without qop could be replayed for ever. */
static bool
is_complete(const struct cred *cred, uint32_t *count)
{
	uint8_t nc[4];

	if (cred->algorithm == DIGEST_OTHER || str_is_none(cred->username) ||
		str_is_none(cred->nonce) || str_is_none(cred->uri) || str_is_none(cred->response) ||
		str_is_none(cred->cnonce) || !str_alike(cred->qop, STR("auth")) ||
		!unhex(cred->nc, nc, sizeof nc))
		return false;
	*count = (uint32_t)nc[0] << 24 | (uint32_t)nc[1] << 16 | (uint32_t)nc[2] << 8 | nc[3];
	return *count > 0;
}

/* Compares the response in a time that tells nothing of where they differ. */
static bool
is_right_response(struct gate *g, const struct msg *request, const struct cred *cred,
	const struct gate_claim *claim)
{
	struct digest_input in = { .algorithm = cred->algorithm,
		.username = cred->username,
		.realm = cred->realm,
		.password = claim->password,
		.method = request->method_text,
		.uri = cred->uri,
		.nonce = cred->nonce,
		.nc = cred->nc,
		.cnonce = cred->cnonce,
		.qop = cred->qop };
	char due_hex[HASH_HEX_MAX], given[HASH_HEX_MAX];
	struct str due = digest_response(&g->hashers, &in, due_hex);

	if (due.len == 0 || due.len != cred->response.len)
		return false;
	for (size_t i = 0; i < due.len; i++)
		given[i] = char_lower(cred->response.at[i]);
	return CRYPTO_memcmp(due.at, given, due.len) == 0;
}

/* Whether the digest's uri is the Request-URI or names its host, or the realm. */
static bool
is_our_uri(const struct msg *request, struct str text, struct str realm)
{
	struct uri uri;
	size_t at;

	if (str_same(text, request->target_text))
		return true;
	return uri_parse(&uri, text, &at) &&
		(str_alike(uri.host, request->target.host) || str_alike(uri.host, realm));
}

static enum gate_verdict
judge(struct gate *g, const struct msg *request, const struct gate_claim *claim, struct when now)
{
	struct cred cred;
	uint32_t count;
	uint64_t number = 0;
	enum nonce_state nonce;
	bool is_right;

	if (!find_cred(request, claim->realm, &cred) || !is_complete(&cred, &count))
		return GATE_CHALLENGE;
	/* All of it is done whatever fails, so that an unknown number takes as long as a known
	 * one. */
	nonce = nonce_judge(g, cred.nonce, count, now, &number);
	is_right = is_right_response(g, request, &cred, claim);
	is_right &= cred_is_text(cred.username, claim->username);
	is_right &= claim->password.len > 0;
	if (!is_right)
		return GATE_CHALLENGE;
	if (nonce != NONCE_FRESH)
		return GATE_STALE;
	if (!is_our_uri(request, cred.uri, claim->realm))
		return GATE_BAD;
	nonce_use(g, number, count);
	return GATE_IN;
}

/* The next of the verdicts that were told; nobody is let in on less. */
static enum gate_verdict
told(struct gate *g)
{
	uint8_t verdict = GATE_CHALLENGE;

	if (g->told.len > 0)
		verdict = (uint8_t)g->told.at[0];
	g->told = str_from(g->told, 1);
	return verdict < GATE_VERDICT_KINDS ? (enum gate_verdict)verdict : GATE_CHALLENGE;
}

enum gate_verdict
gate_judge(
	struct gate *g, const struct msg *request, const struct gate_claim *claim, struct when now)
{
	enum gate_verdict verdict = g->is_told ? told(g) : judge(g, request, claim, now);

	if (g->judged < GATE_VERDICTS_MAX)
		g->verdicts[g->judged] = (uint8_t)verdict;
	g->judged++;
	return verdict;
}

void
gate_begin(struct gate *g)
{
	g->judged = 0;
}

struct str
gate_verdicts(const struct gate *g)
{
	return g->judged <= GATE_VERDICTS_MAX ? str_of(g->verdicts, g->judged) : STR_NONE;
}

void
gate_tell(struct gate *g, struct str verdicts)
{
	must(g->is_told);
	g->told = verdicts;
}

void
gate_write_challenge(struct gate *g, struct buf *b, struct str realm, bool stale, struct when now)
{
	static const enum digest offered[] = { DIGEST_SHA256, DIGEST_MD5 };
	uint8_t nonce[NONCE_BYTES];
	char hex[NONCE_HEX], value[1024];
	struct buf written = buf_on(hex, sizeof hex);
	struct challenge challenge = { .realm = realm, .stale = stale };

	must(now.mono_ms >= 0);
	put_u64(nonce, (uint64_t)(now.mono_ms / 1000));
	put_u64(nonce + 8, ++g->number);
	if (!nonce_seal(g, nonce)) {
		b->full = true;
		return;
	}
	buf_hex(&written, nonce, sizeof nonce);
	challenge.nonce = buf_str(&written);
	for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
		struct buf v = buf_on(value, sizeof value);

		challenge.algorithm = offered[i];
		challenge_write(&v, &challenge);
		if (buf_ok(&v))
			write_header(b, HEADER_WWW_AUTHENTICATE, buf_str(&v));
		else
			b->full = true;
	}
}
