/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/answer.h"

#include "gate/digest.h"
#include "sip/lex.h"
#include "sip/write.h"

enum { CNONCE_BYTES = 16, VALUE_BYTES = 2048 };

static bool
is_better(const struct challenge *a, const struct challenge *b)
{
	return a->algorithm == DIGEST_SHA256 && b->algorithm != DIGEST_SHA256;
}

/* The challenge to be answered: of the secret's realm, the best that we know. */
static enum answer_verdict
choose(const struct msg *response, const struct secret *secret, struct challenge *chosen)
{
	const struct header *line = msg_header(response,
		response->status == 407 ? HEADER_PROXY_AUTHENTICATE : HEADER_WWW_AUTHENTICATE);
	enum answer_verdict verdict = ANSWER_FOREIGN;
	struct challenge c;

	*chosen = (struct challenge){ .algorithm = DIGEST_OTHER };
	for (; line != NULL; line = msg_header_next(response, line)) {
		if (!challenge_parse(&c, line->value) || !cred_is_text(c.realm, secret->realm))
			continue;
		if (verdict == ANSWER_FOREIGN)
			verdict = ANSWER_UNKNOWN;
		if (c.algorithm == DIGEST_OTHER || !c.has_auth)
			continue;
		if (verdict != ANSWER_GIVEN || is_better(&c, chosen))
			*chosen = c;
		verdict = ANSWER_GIVEN;
	}
	return verdict;
}

static enum answer_verdict
write(struct gate *g, struct dice *dice, const struct challenge *c, const struct msg *request,
	const struct secret *secret, enum header_id id, struct buf *lines)
{
	uint8_t fresh[CNONCE_BYTES];
	char cnonce[2 * CNONCE_BYTES], hex[HASH_HEX_MAX], text[VALUE_BYTES];
	struct buf b = buf_on(cnonce, sizeof cnonce), nonce = buf_on(text, sizeof text), value;
	struct digest_input in = { .algorithm = c->algorithm,
		.username = secret->username,
		.realm = c->realm,
		.password = secret->password,
		.method = request->method_text,
		.uri = request->target_text,
		.nc = STR("00000001"),
		.qop = STR("auth") };
	struct cred cred = { .username = in.username,
		.realm = c->realm,
		.uri = in.uri,
		.opaque = c->opaque,
		.nc = in.nc,
		.algorithm = c->algorithm };

	/* What is summed is what will be said: each fold is a space there. */
	lex_write_value(&nonce, c->nonce, false);
	if (!buf_ok(&nonce))
		return ANSWER_FAILED;
	in.nonce = cred.nonce = buf_str(&nonce);
	dice_bytes(dice, fresh, sizeof fresh);
	buf_hex(&b, fresh, sizeof fresh);
	in.cnonce = cred.cnonce = buf_str(&b);
	cred.response = digest_response(gate_hashers(g), &in, hex);
	if (str_is_empty(cred.response))
		return ANSWER_FAILED;
	value = buf_on(text + nonce.used, sizeof text - nonce.used);
	cred_write(&value, &cred);
	if (!buf_ok(&value))
		return ANSWER_FAILED;
	write_header(lines, id, buf_str(&value));
	return buf_ok(lines) ? ANSWER_GIVEN : ANSWER_FAILED;
}

enum answer_verdict
answer_write(struct gate *g, struct dice *dice, const struct msg *response,
	const struct msg *request, const struct secret *secret, unsigned tries, struct buf *lines)
{
	bool is_proxy = response->status == 407;
	enum header_id id = is_proxy ? HEADER_PROXY_AUTHORIZATION : HEADER_AUTHORIZATION;
	enum header_id other = is_proxy ? HEADER_AUTHORIZATION : HEADER_PROXY_AUTHORIZATION;
	struct challenge chosen;
	enum answer_verdict verdict;

	if (g == NULL || str_is_empty(secret->password))
		return ANSWER_NONE;
	verdict = choose(response, secret, &chosen);
	if (verdict != ANSWER_GIVEN)
		return verdict;
	if (tries >= ANSWERS_MAX || (msg_header(request, id) != NULL && !chosen.stale))
		return ANSWER_WRONG;
	if (msg_header(request, other) != NULL)
		write_copy(lines, request, other);
	return write(g, dice, &chosen, request, secret, id, lines);
}

struct str
answer_verdict_text(enum answer_verdict verdict)
{
	switch (verdict) {
	case ANSWER_GIVEN: return STR("answered");
	case ANSWER_NONE: return STR("it asks for credentials, and none were configured for it");
	case ANSWER_FOREIGN: return STR("it asks for credentials of another realm than its own");
	case ANSWER_UNKNOWN:
		return STR("its challenge has no algorithm that is known here, or no qop=auth");
	case ANSWER_WRONG: return STR("it refused the credentials");
	case ANSWER_FAILED: break;
	}
	return STR("its challenge could not be answered");
}
