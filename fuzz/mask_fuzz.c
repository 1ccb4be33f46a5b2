/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of messages: whatever the octets and the pieces they come in, no secret that a slow
 * reader finds is left in it, and the core finds the same messages and reads the same in them.
 *
 * The first octet of the first line: whether it is a stream. Those behind it: how long the pieces
 * are, in turn. */
#include "fuzz.h"
#include "main/mask.h"
#include "sip/cred.h"
#include "sip/frame.h"
#include "sip/sdp.h"
#include "slow_mask.h"

#include <string.h>

enum { INPUT_MAX = 16 * 1024 };

static const struct mask_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
static char masked[INPUT_MAX], pieces[INPUT_MAX], other[INPUT_MAX];
static struct slow_mask slow;

static void
mask_pieces(struct str text, bool is_stream, struct str sizes)
{
	struct mask mask = { 0 };

	for (size_t at = 0, n = 0; at < text.len; n++) {
		size_t size = sizes.len > 0 ? (unsigned char)sizes.at[n % sizes.len] : 1;
		struct str part = str_upto(str_from(text, at), size > 0 ? size : 256);

		mask_copy(&mask, &key, is_stream, part, pieces + at);
		at += part.len;
	}
}

/* What changed is a hex digit now, and no octet that parts are told by; what had to change did,
 * unless it was a hex digit before. */
static void
see_octets(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		bool is_hex = char_hex(masked[i]) >= 0 && !(masked[i] >= 'A' && masked[i] <= 'F');

		if (masked[i] != text.at[i]) {
			fuzz_check(is_hex && c > 0x20, text);
			if (slow.zones[i] == ZONE_HEAD)
				fuzz_check(c < 0x7f && c != '"' && c != '\\', text);
		}
		if (!slow.is_secret[i] || c <= 0x20)
			continue;
		/* Where nobody knows whether this is a head, what stays in one may stay. */
		if (slow.zones[i] == ZONE_BODY || (c < 0x7f && c != '"' && c != '\\'))
			fuzz_check(is_hex, str_from(text, i));
	}
}

static void
same_place(struct str before, struct str after, struct str text)
{
	fuzz_check(before.len == after.len, text);
	if (before.len > 0)
		fuzz_check(before.at - text.at == after.at - masked, text);
}

static void
same_cred(struct str before, struct str after, struct str text)
{
	struct cred a, b;
	bool is_good = cred_parse(&a, before);

	fuzz_check(is_good == cred_parse(&b, after), text);
	if (!is_good)
		return;
	fuzz_check(str_same(a.scheme, b.scheme) && a.algorithm == b.algorithm, text);
	fuzz_check(str_same(a.username, b.username) && str_same(a.realm, b.realm), text);
	fuzz_check(str_same(a.nonce, b.nonce) && str_same(a.uri, b.uri), text);
	fuzz_check(str_same(a.opaque, b.opaque) && str_same(a.cnonce, b.cnonce), text);
	fuzz_check(str_same(a.qop, b.qop) && str_same(a.nc, b.nc), text);
	same_place(a.response, b.response, text);
}

static void
same_headers(const struct msg *before, const struct msg *after, struct str text)
{
	fuzz_check(before->header_count == after->header_count, text);
	for (uint32_t i = 0; i < before->header_count; i++) {
		const struct header *a = &before->headers[i], *b = &after->headers[i];

		fuzz_check(a->id == b->id && str_same(a->name, b->name), text);
		same_place(a->name, b->name, text);
		same_place(a->value, b->value, text);
		if (a->id == HEADER_AUTHORIZATION || a->id == HEADER_PROXY_AUTHORIZATION)
			same_cred(a->value, b->value, text);
		else if (!slow_is_secret_name(a->name))
			fuzz_check(str_same(a->value, b->value), text);
	}
}

/* Whether lines end here that go on there: a line of a session ends at its LF, and one that is
 * masked goes on where the next begins with white space, but not over a lone CR. */
static bool
has_odd_ends(struct str body)
{
	for (size_t i = 0; i < body.len; i++) {
		char next = i + 1 < body.len ? body.at[i + 1] : '\n';

		if (body.at[i] == '\r' ? next != '\n' : body.at[i] == '\n' && char_is_space(next))
			return true;
	}
	return false;
}

static void
same_message(struct str text, struct str before, struct str after, bool is_stream)
{
	static struct msg a, b;
	struct fault fault, too;
	struct sdp sdp, again;
	bool is_session;

	fuzz_check(
		msg_parse(&a, before, is_stream, &fault) == msg_parse(&b, after, is_stream, &too),
		before);
	fuzz_check(fault.what == too.what && fault.at == too.at && fault.id == too.id, before);
	fuzz_check(a.is_request == b.is_request && a.method == b.method, before);
	fuzz_check(msg_may_answer(&a) == msg_may_answer(&b), before);
	fuzz_check(a.status == b.status && a.cseq == b.cseq, before);
	fuzz_check(a.via_count == b.via_count && a.max_forwards == b.max_forwards, before);
	if (fault.what == FAULT_NONE) {
		fuzz_check(str_same(a.method_text, b.method_text), before);
		fuzz_check(str_same(a.target_text, b.target_text), before);
		fuzz_check(str_same(a.reason, b.reason), before);
	}
	same_place(a.body, b.body, text);
	same_headers(&a, &b, text);
	if (fault.what != FAULT_NONE || has_odd_ends(a.body))
		return;
	fuzz_check((is_session = sdp_read(&sdp, a.body)) == sdp_read(&again, b.body), before);
	if (!is_session)
		return;
	fuzz_check(sdp.media_count == again.media_count, before);
	fuzz_check(sdp.direction == again.direction, before);
	fuzz_check(str_same(sdp.session_id, again.session_id), before);
	fuzz_check(str_same(sdp.version, again.version), before);
}

/* The same messages in both, and the same in each of them. */
static void
same_stream(struct str text)
{
	unsigned crlfs = 0, crlfs_too = 0;
	size_t at = 0;

	while (at < text.len) {
		struct frame f = frame_next(str_from(text, at), &crlfs);
		struct frame g = frame_next(str_of(masked + at, text.len - at), &crlfs_too);

		fuzz_check(f.kind == g.kind && f.skip == g.skip && f.fault == g.fault, text);
		fuzz_check(crlfs == crlfs_too, text);
		same_place(f.message, g.message, text);
		at += f.skip;
		if (f.message.len > 0 && !slow.is_cut[at])
			same_message(text, f.message, g.message, true);
		if (f.kind != FRAME_MESSAGE && f.kind != FRAME_PING)
			return;
		at += f.message.len;
	}
}

static void
see(struct str text, bool is_stream, struct str sizes)
{
	struct mask mask = { 0 };

	mask_copy(&mask, &key, is_stream, text, masked);
	mask_pieces(text, is_stream, sizes);
	fuzz_check(text.len == 0 || memcmp(masked, pieces, text.len) == 0, text);
	slow_mask(&slow, text, is_stream);
	see_octets(text);
	if (is_stream)
		same_stream(text);
	else
		same_message(text, text, str_of(masked, text.len), false);
}

void
fuzz_one(struct str input)
{
	struct str sizes = fuzz_line(&input);
	bool is_stream = fuzz_choice(&sizes) % 2 == 1;

	if (input.len > INPUT_MAX)
		return;
	see(input, is_stream, sizes);
	/* Once more with other letters in the secrets: a hex digit may have stayed what it was. */
	for (size_t i = 0; i < input.len; i++) {
		int digit = slow.is_secret[i] ? char_hex(input.at[i]) : -1;

		other[i] = digit < 0 ? input.at[i] : (char)('g' + digit);
	}
	see(str_of(other, input.len), is_stream, sizes);
}
