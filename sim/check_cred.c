/* SPDX-License-Identifier: Apache-2.0 */
/* Digest access authentication, computed anew: what was let in must have been right. */
#include "check_inside.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

enum { HEX_BYTES = 2 * EVP_MAX_MD_SIZE + 1, LINE_BYTES = 4096 };

static void
digest(const char *algorithm, const char *text, char hex[HEX_BYTES])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	size_t len = 0;

	hex[0] = '\0';
	if (EVP_Q_digest(NULL, algorithm, NULL, text, strlen(text), raw, &len) != 1)
		return;
	for (size_t i = 0; i < len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", raw[i]);
}

/* A parameter of `Digest a="x", b=y`, without its quotes. */
static struct wire_text
param(struct wire_text value, const char *name)
{
	struct wire_text rest = { value.at + 7, value.len - 7 }, one;

	while (wire_list_next(&rest, &one)) {
		const char *is = one.len > 0 ? memchr(one.at, '=', one.len) : NULL;
		struct wire_text key, text;

		if (is == NULL)
			continue;
		key = wire_trim((struct wire_text){ one.at, (size_t)(is - one.at) });
		text = wire_trim((struct wire_text){ is + 1, one.len - (size_t)(is - one.at) - 1 });
		if (!wire_alike(key, name))
			continue;
		if (text.len >= 2 && text.at[0] == '"')
			text = (struct wire_text){ text.at + 1, text.len - 2 };
		return text;
	}
	return (struct wire_text){ "", 0 };
}

#define TEXT(t) (int)(t).len, (t).at

static bool
is_good(const struct wire_msg *m, struct wire_text value, const char *username,
	const char *password)
{
	struct wire_text user = param(value, "username"), realm = param(value, "realm");
	struct wire_text nonce = param(value, "nonce"), uri = param(value, "uri");
	struct wire_text qop = param(value, "qop"), nc = param(value, "nc");
	struct wire_text cnonce = param(value, "cnonce"), kind = param(value, "algorithm");
	const char *algorithm = wire_alike(kind, "SHA-256") ? "SHA256" : "MD5";
	char line[LINE_BYTES], first[HEX_BYTES], second[HEX_BYTES], all[HEX_BYTES];

	if (value.len > LINE_BYTES / 2 || !wire_is(user, username))
		return false;
	(void)snprintf(line, sizeof line, "%s:%.*s:%s", username, TEXT(realm), password);
	digest(algorithm, line, first);
	(void)snprintf(line, sizeof line, "%.*s:%.*s", TEXT(m->method), TEXT(uri));
	digest(algorithm, line, second);
	if (qop.len > 0)
		(void)snprintf(line, sizeof line, "%s:%.*s:%.*s:%.*s:%.*s:%s", first, TEXT(nonce),
			TEXT(nc), TEXT(cnonce), TEXT(qop), second);
	else
		(void)snprintf(line, sizeof line, "%s:%.*s:%s", first, TEXT(nonce), second);
	digest(algorithm, line, all);
	return all[0] != '\0' && wire_alike(param(value, "response"), all);
}

bool
seen_cred_is_good(const struct wire_msg *m, const char *username, const char *password)
{
	for (size_t i = 0; i < m->header_count; i++)
		if (m->headers[i].id == WIRE_AUTHORIZATION &&
			wire_begins_alike(m->headers[i].value, "Digest ") &&
			is_good(m, m->headers[i].value, username, password))
			return true;
	return false;
}

bool
seen_cred_is_proof(
	const struct wire_msg *m, const char *realm, const char *username, const char *password)
{
	for (size_t i = 0; i < m->header_count; i++) {
		struct wire_text value = m->headers[i].value;

		if (m->headers[i].id != WIRE_AUTHORIZATION &&
			m->headers[i].id != WIRE_PROXY_AUTHORIZATION)
			continue;
		if (!wire_begins_alike(value, "Digest ") || !wire_is(param(value, "realm"), realm))
			return false;
		/* An ACK repeats those of its INVITE (RFC 3261 22.1). */
		if (!wire_is(m->method, "ACK") && !is_good(m, value, username, password))
			return false;
	}
	return true;
}
