/* SPDX-License-Identifier: Apache-2.0 */
#include "slow_mask.h"

#include <string.h>

#include "base/limits.h"
#include "slow_frame.h"

struct look {
	struct slow_mask *to;
	struct str text;
	bool is_first[SLOW_MASK_MAX];                         /* on the first line of a message */
	size_t body_of[SLOW_MASK_MAX], end_of[SLOW_MASK_MAX]; /* ZONE_BODY: where it begins, ends */
};

static struct look look;

static bool
is_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool
is_one_of(struct str word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_alike(word, str_cstr(*words)))
			return true;
	return false;
}

static bool
has_fold(struct str text, size_t at)
{
	return at + 2 < text.len && text.at[at] == '\r' && text.at[at + 1] == '\n' &&
		slow_is_blank(text.at[at + 2]);
}

static const char *const credentials[] = { "authorization", "proxy-authorization", NULL };
static const char *const proofs[] = { "authentication-info", "proxy-authentication-info", NULL };
static const char *const keys[] = { "a=crypto", "a=key-mgmt", "a=ice-pwd", NULL };

bool
slow_is_secret_name(struct str name)
{
	return is_one_of(name, credentials) || is_one_of(name, proofs) || is_one_of(name, keys) ||
		(name.len <= 32 && str_begins_alike(name, STR("k=")));
}

/* ---- what is secret in the value [AT, END) --------------------------------------------------- */

static void
put_secret(size_t at, size_t end)
{
	for (; at < end; at++)
		look.to->is_secret[at] = true;
}

/* What cannot be read stands at AT: the octet that no token has says so, and may stay. */
static void
put_broken(size_t at, size_t end)
{
	put_secret(at < end && !slow_is_token(look.text.at[at]) ? at + 1 : at, end);
}

static size_t
skip_space(size_t at, size_t end)
{
	while (at < end && (slow_is_blank(look.text.at[at]) || has_fold(look.text, at)))
		at += slow_is_blank(look.text.at[at]) ? 1 : 3;
	return at;
}

static size_t
skip_token(size_t at, size_t end)
{
	while (at < end && slow_is_token(look.text.at[at]))
		at++;
	return at;
}

/* Behind the opening quote at AT, all but the backslashes of escapes. Ends: behind the closing
 * quote, or END. */
static size_t
put_quoted(size_t at, size_t end, bool is_secret)
{
	for (at++; at < end && look.text.at[at] != '"'; at++) {
		if (look.text.at[at] == '\\' && at + 1 < end && !is_end(look.text.at[at + 1]))
			at++;
		look.to->is_secret[at] = is_secret && look.text.at[at] != '\\';
	}
	return at < end ? at + 1 : end;
}

/* `name=value, name="value"`: all values are secret but those of the names that are known to prove
 * nothing; and the rest, where it is nothing like that. */
static void
put_params(size_t at, size_t end)
{
	static const char *const plain[] = { "username", "realm", "nonce", "uri", "algorithm",
		"cnonce", "opaque", "qop", "nc", "nextnonce", "userhash", NULL };

	while ((at = skip_space(at, end)) < end) {
		size_t name = at, value;
		bool is_plain;

		at = skip_token(name, end);
		is_plain = is_one_of(str_of(look.text.at + name, at - name), plain);
		at = skip_space(at, end);
		if (at < end && look.text.at[at] == '=') {
			value = at = skip_space(at + 1, end);
			if (at < end && look.text.at[at] == '"')
				at = put_quoted(at, end, !is_plain);
			else
				at = skip_token(at, end);
			if (!is_plain && at > value && look.text.at[value] != '"')
				put_secret(value, at);
			at = skip_space(at, end);
		}
		if (at < end && look.text.at[at] != ',') {
			put_broken(at, end);
			return;
		}
		at++;
	}
}

static void
put_credentials(size_t at, size_t end)
{
	size_t scheme = skip_space(at, end);

	at = skip_token(scheme, end);
	if (at == scheme || skip_space(at, end) == at)
		put_broken(at, end);
	else if (str_alike(str_of(look.text.at + scheme, at - scheme), STR("digest")))
		put_params(at, end);
	else
		put_secret(at, end);
}

/* Each `inline:` up to a bar, a semicolon or a space (RFC 4568 9.2). */
static void
put_crypto(size_t at, size_t end)
{
	while (at < end) {
		if (!str_begins_alike(str_of(look.text.at + at, end - at), STR("inline:"))) {
			at++;
			continue;
		}
		for (at += 7; at < end && memchr("|; \t\r\n", look.text.at[at], 6) == NULL; at++)
			look.to->is_secret[at] = true;
	}
}

static void
put_value(struct str name, size_t at, size_t end)
{
	if (is_one_of(name, credentials)) {
		put_credentials(at, end);
	} else if (is_one_of(name, proofs)) {
		put_params(at, end);
	} else if (str_alike(name, STR("a=crypto"))) {
		put_crypto(at, end);
	} else if (str_alike(name, STR("a=key-mgmt"))) {
		at = skip_space(at, end);
		while (at < end && !slow_is_blank(look.text.at[at]) && !is_end(look.text.at[at]))
			at++;
		put_secret(at, end);
	} else {
		put_secret(at, end);
	}
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* How many octets from AT on are the front of a message that is known by its first word; *IS_WHOLE:
 * all that it takes. */
static size_t
known_front(size_t at, bool *is_whole)
{
	static const char *const fronts[] = { "SIP/2.0 ", "INVITE ", "ACK ", "BYE ", "CANCEL ",
		"OPTIONS ", "REGISTER ", "INFO ", "MESSAGE ", "PRACK ", "UPDATE ", "REFER ",
		"NOTIFY ", "SUBSCRIBE ", "PUBLISH " };
	size_t most = 0;

	*is_whole = false;
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
		size_t len = 0;

		while (fronts[i][len] != '\0' && at + len < look.text.len &&
			look.text.at[at + len] == fronts[i][len])
			len++;
		*is_whole |= fronts[i][len] == '\0';
		most = len > most ? len : most;
	}
	return most;
}

/* What is as it was behind the end CUT of a body that ends in the middle of a secret. */
static void
take_front(size_t cut, size_t end)
{
	bool is_whole;
	size_t len = known_front(cut, &is_whole);

	len += cut + len < look.text.len && !slow_is_token(look.text.at[cut + len]);
	for (size_t at = cut; at < end && (is_whole || at < cut + len); at++)
		look.to->is_secret[at] = false;
}

/* Where nobody knows what is a body, one may end anywhere. */
static void
take_fronts(size_t at, size_t end)
{
	for (; at < end; at++)
		if (look.to->zones[at] == ZONE_UNKNOWN)
			take_front(at, end);
}

static bool
begins_line(size_t at)
{
	char c = look.text.at[at];

	return (at == 0 || is_end(look.text.at[at - 1])) && !slow_is_blank(c) && !is_end(c);
}

static void
see_line(size_t start)
{
	struct str text = look.text;
	bool is_head = look.to->zones[start] == ZONE_HEAD && !look.is_first[start];
	size_t at = start, end, value;
	struct str name;

	while (at < text.len && text.at[at] != ':' && !slow_is_blank(text.at[at]) &&
		!is_end(text.at[at]))
		at++;
	name = str_of(text.at + start, at - start);
	while (is_head && at < text.len && slow_is_blank(text.at[at]))
		at++;
	if (at >= text.len || text.at[at] != ':' || !slow_is_secret_name(name))
		return;
	value = at + 1;
	for (end = value; end < text.len && !(is_end(text.at[end]) && !has_fold(text, end)); end++)
		end += has_fold(text, end) ? 2 : 0;
	put_value(name, value, end);
	if (look.to->zones[start] == ZONE_BODY && look.end_of[start] < end)
		take_front(look.end_of[start] > value ? look.end_of[start] : value, end);
	/* In a head only a CRLF ends a line, and with a CR or LF in it it cannot be read. */
	for (at = end; is_head && at < text.len && look.to->zones[at] == ZONE_HEAD; at++) {
		if (text.at[at] == '\r' && at + 1 < text.len && text.at[at + 1] == '\n' &&
			!has_fold(text, at))
			break;
		look.to->is_secret[at] = true;
	}
	take_fronts(value, end);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* The head of the message at AT: up to its empty line, or all. */
static size_t
put_head(size_t at)
{
	struct str text = look.text;
	size_t end = at;
	bool is_first = true;

	while (end < text.len &&
		!(end >= at + 4 && memcmp(text.at + end - 4, "\r\n\r\n", 4) == 0)) {
		look.is_first[end] = is_first;
		is_first &= text.at[end] != '\n';
		look.to->zones[end++] = ZONE_HEAD;
	}
	return end;
}

static void
put_body(size_t at, size_t end)
{
	for (size_t i = at; i < end; i++) {
		look.to->zones[i] = ZONE_BODY;
		look.body_of[i] = at;
		look.end_of[i] = end;
	}
}

/* Whether the octet AT of a body is on a line with secrets. White space is no part of a name. */
static bool
is_on_secret_line(size_t at)
{
	struct str text = look.text;
	char name[40];
	size_t start = at, len = 0;

	if (is_end(text.at[at]))
		return false;
	while (start > look.body_of[at] &&
		!(is_end(text.at[start - 1]) && !slow_is_blank(text.at[start]) &&
			!(text.at[start - 1] == '\r' && text.at[start] == '\n')))
		start--;
	for (; start <= at && len <= 32; start++) {
		if (text.at[start] == ':')
			return slow_is_secret_name(str_of(name, len));
		if (!slow_is_blank(text.at[start]) && !is_end(text.at[start]))
			name[len++] = text.at[start];
	}
	return false;
}

static void
put_stream(void)
{
	static struct slow_piece found[SLOW_PIECES_MAX];
	unsigned count = slow_frame(look.text.at, look.text.len, found);
	size_t done = 0;
	bool is_whole;

	for (unsigned i = 0; i < count && found[i].kind != SLOW_FAULT; i++) {
		size_t head, end = found[i].at + found[i].len;

		if (found[i].kind == SLOW_PING) {
			done = found[i].at + 1;
			continue;
		}
		head = put_head(found[i].at);
		put_body(head, end);
		done = end;
		look.to->is_cut[end] = end > head && end < look.text.len &&
			is_on_secret_line(end - 1) && (known_front(end, &is_whole), !is_whole);
	}
	while (done < look.text.len && is_end(look.text.at[done]))
		done++;
	if (done < look.text.len && slow_is_token(look.text.at[done]))
		put_head(done);
}

void
slow_mask(struct slow_mask *to, struct str text, bool is_stream)
{
	size_t at = 0;

	memset(&look, 0, sizeof look);
	memset(to, 0, sizeof *to);
	look.to = to;
	look.text = text;
	if (is_stream) {
		put_stream();
	} else {
		while (str_begins(str_from(text, at), STR("\r\n")))
			at += 2;
		put_body(put_head(at), text.len);
	}
	for (at = 0; at < text.len; at++)
		if (begins_line(at))
			see_line(at);
}
