/* SPDX-License-Identifier: Apache-2.0 */
#include "calls/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gate/digest.h"

void
draft_put(struct draft *d, struct str name, struct str value)
{
	if (d->count == DRAFT_FIELDS_MAX)
		play_fail("too many header lines");
	d->fields[d->count++] = (struct draft_field){ name, value };
}

void
draft_drop(struct draft *d, struct str name)
{
	unsigned left = 0;

	for (unsigned i = 0; i < d->count; i++)
		if (!str_alike(d->fields[i].name, name))
			d->fields[left++] = d->fields[i];
	d->count = left;
}

void
draft_sdp(struct draft *d, struct side *side, const struct step *step)
{
	struct str way = step_option(step, 2, "sdp");

	if (!step_has(step, 2, "sdp") && str_is_none(way))
		return;
	if (str_is_none(way))
		way = STR("sendrecv");
	d->body = text_say("v=0\r\no=%s 1 %u IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\n"
			   "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=%.*s\r\n",
		side->device->name.at, ++side->sdps, (int)way.len, way.at);
	draft_put(d, STR("Content-Type"), STR("application/sdp"));
}

struct str
draft_octets(const struct step *step)
{
	static char octets[70 * 1024];
	struct buf b = buf_on(octets, sizeof octets);
	bool is_there = false;

	for (unsigned i = 0; i < step->below_count; i++) {
		struct str line = step->below[i].text;

		if (!str_begins(line, STR("|")))
			continue;
		is_there = true;
		line = str_from(line, str_begins(line, STR("| ")) ? 2 : 1);
		if (str_ends(line, STR("\\"))) {
			buf_put(&b, party_fill(str_upto(line, line.len - 1)));
			continue;
		}
		buf_put(&b, party_fill(line));
		buf_put(&b, STR("\r\n"));
	}
	if (!buf_ok(&b))
		play_fail("more octets than a scenario may say at once");
	return is_there ? text_keep(buf_str(&b)) : STR_NONE;
}

/* Whether an earlier line of the step has set this header already. */
static bool
is_set_before(const struct step *step, unsigned line, struct str name)
{
	for (unsigned i = 0; i < line; i++) {
		struct str rest = step->below[i].text;

		if (str_same(str_trim(str_cut(&rest, ':')), name))
			return true;
	}
	return false;
}

void
draft_change(struct draft *d, const struct step *step)
{
	struct str octets = draft_octets(step);

	if (!str_is_none(octets))
		d->body = octets;
	for (unsigned i = 0; i < step->below_count; i++) {
		struct str value = step->below[i].text, name;

		if (str_begins(value, STR("|")))
			continue;
		if (str_begins(value, STR("-"))) {
			draft_drop(d, str_from(value, 1));
			continue;
		}
		if (str_find(value, ':') == value.len)
			play_fail("`%s` is no header line", text_keep(value).at);
		name = str_trim(str_cut(&value, ':'));
		value = party_fill(str_trim(value));
		if (str_same(name, STR("Start"))) {
			d->start = value;
		} else if (str_begins(name, STR("+"))) {
			draft_put(d, str_from(name, 1), value);
		} else {
			if (!is_set_before(step, i, name))
				draft_drop(d, name);
			draft_put(d, name, value);
		}
	}
	for (unsigned i = 0; i < step->below_count; i++)
		if (str_alike(step->below[i].text, STR("-Content-Length")))
			return;
	for (unsigned i = 0; i < d->count; i++)
		if (str_alike(d->fields[i].name, STR("Content-Length")))
			return;
	draft_put(d, STR("Content-Length"), text_say("%zu", d->body.len));
}

struct str
draft_write(const struct draft *d)
{
	static char text[200 * 1024];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, d->start);
	buf_put(&b, STR("\r\n"));
	for (unsigned i = 0; i < d->count; i++) {
		buf_put(&b, d->fields[i].name);
		buf_put(&b, STR(": "));
		buf_put(&b, d->fields[i].value);
		buf_put(&b, STR("\r\n"));
	}
	buf_put(&b, STR("\r\n"));
	buf_put(&b, d->body);
	if (!buf_ok(&b))
		play_fail("a message that is too long even for a scenario");
	return text_keep(buf_str(&b));
}

/* ---- digest ---- */

static struct str
unquote(struct str s)
{
	return s.len >= 2 && s.at[0] == '"' ? str_of(s.at + 1, s.len - 2) : s;
}

struct str
draft_param(struct str value, struct str name)
{
	str_cut(&value, ' ');
	while (value.len > 0) {
		size_t end = 0;
		bool is_quoted = false;
		struct str param, word;

		while (end < value.len && (value.at[end] != ',' || is_quoted))
			is_quoted ^= value.at[end++] == '"';
		param = str_upto(value, end);
		value = str_from(value, end + 1);
		word = str_trim(str_cut(&param, '='));
		if (str_alike(word, name))
			return unquote(str_trim(param));
	}
	return STR_NONE;
}

static struct str
option_or(const struct step *step, const char *name, struct str otherwise)
{
	struct str value = step_option(step, 2, name);

	return str_is_none(value) ? otherwise : value;
}

/* The challenge that was heard last: the first of its lines, or the one with this algorithm. */
static struct str
challenge_of(const struct side *side, struct str algorithm)
{
	struct str challenge = side_last(side, STR("401"), true);
	const char *name = "WWW-Authenticate";

	if (str_is_none(challenge)) {
		challenge = side_last(side, STR("407"), true);
		name = "Proxy-Authenticate";
	}
	for (unsigned n = 1; !str_is_none(challenge); n++) {
		struct str line = text_header(challenge, name, n);

		if (str_is_none(line))
			break;
		if (str_is_none(algorithm) ||
			str_alike(draft_param(line, STR("algorithm")), algorithm))
			return line;
	}
	play_fail("no challenge that could be answered was heard");
}

struct str
draft_credentials(
	const struct side *side, const struct step *step, struct str method, struct str uri)
{
	struct str challenge, algorithm, response;
	struct digest_input input = { .password = step_option(step, 2, "auth"), .method = method };
	struct hashers hashers;
	char hex[HASH_HEX_MAX];

	if (str_is_none(input.password))
		return STR_NONE;
	challenge = challenge_of(side, step_option(step, 2, "algorithm"));
	algorithm = draft_param(challenge, STR("algorithm"));
	if (str_is_none(algorithm))
		algorithm = STR("MD5");
	input.algorithm = str_alike(algorithm, STR("SHA-256")) ? DIGEST_SHA256 : DIGEST_MD5;
	input.username = option_or(step, "user", side->device->user);
	input.realm = draft_param(challenge, STR("realm"));
	input.nonce = draft_param(challenge, STR("nonce"));
	input.uri = option_or(step, "uri", uri);
	input.nc = option_or(step, "nc", STR("00000001"));
	input.cnonce = option_or(step, "cnonce", STR("abcdef"));
	input.qop = STR("auth");
	assert_true(hashers_open(&hashers));
	response = digest_response(&hashers, &input, hex);
	hashers_close(&hashers);
	return text_say("Digest username=\"%.*s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%.*s\", "
			"algorithm=%.*s, qop=auth, nc=%.*s, cnonce=\"%.*s\", response=\"%.*s\"",
		(int)input.username.len, input.username.at, (int)input.realm.len, input.realm.at,
		(int)input.nonce.len, input.nonce.at, (int)input.uri.len, input.uri.at,
		(int)algorithm.len, algorithm.at, (int)input.nc.len, input.nc.at,
		(int)input.cnonce.len, input.cnonce.at, (int)response.len, response.at);
}
