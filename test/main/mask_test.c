/* SPDX-License-Identifier: Apache-2.0 */
#include "main/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/dice.h"
#include "sip/frame.h"

static const struct mask_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };

enum { TEXT_MAX = 8192 };

/* TEXT as it is kept; each { and } marks where a secret begins and ends, and is taken out. With
 * *SECRETS: what stood between them. */
static struct str
unmarked(const char *text, char *to, bool *secrets)
{
	size_t len = 0;
	bool is_secret = false;

	for (; *text != '\0'; text++) {
		if (*text == '{' || *text == '}') {
			is_secret = *text == '{';
			continue;
		}
		secrets[len] = is_secret;
		to[len++] = *text;
	}
	return str_of(to, len);
}

/* Every octet between braces changes into a hex digit (or is one by chance, so some must have
 * changed), every other stays, whole and in pieces of each size. */
static void
expect_masked(const char *marked, bool is_stream)
{
	static char text[TEXT_MAX], whole[TEXT_MAX], pieces[TEXT_MAX];
	static bool secrets[TEXT_MAX];
	struct str plain = unmarked(marked, text, secrets);
	struct mask mask = { 0 };
	size_t changed = 0, due = 0;

	mask_copy(&mask, &key, is_stream, plain, whole);
	for (size_t i = 0; i < plain.len; i++) {
		due += secrets[i];
		changed += secrets[i] && whole[i] != text[i];
		if (secrets[i] ? char_hex(whole[i]) < 0 : whole[i] != text[i])
			fail_msg(
				"octet %zu of: %s\nbecame: %.*s", i, marked, (int)plain.len, whole);
	}
	assert_true(due == 0 || changed > due / 2);
	for (size_t size = 1; size < 40 && size < plain.len; size++) {
		mask = (struct mask){ 0 };
		for (size_t at = 0; at < plain.len; at += size)
			mask_copy(&mask, &key, is_stream, str_upto(str_from(plain, at), size),
				pieces + at);
		assert_memory_equal(pieces, whole, plain.len);
	}
}

#define HEAD "REGISTER sip:example.com SIP/2.0\r\nCall-ID: 1\r\n"
#define RIGHT "response=\"{0123456789abcdef0123456789abcdef}\""

static void
the_response_of_a_digest_is_masked(void **state)
{
	static const char *const lines[] = {
		"Authorization: Digest username=\"7789\", " RIGHT ", nc=00000001\r\n",
		"AUTHORIZATION:Digest " RIGHT "\r\n",
		"authorization :\tdigest  realm=\"a,b\" , " RIGHT " ,qop=auth\r\n",
		"Proxy-Authorization: Digest nonce=\"1\"," RIGHT "\r\n",
		"Authorization:\r\n Digest realm=\"x\",\r\n\tresponse =\r\n  \"{abc}\"\r\n",
		"Authorization: Digest response={0123456789abcdef},cnonce=\"abc\"\r\n",
		"Authorization: Digest realm=\"a\",auts=\"{secret}\",opaque=\"o\"\r\n",
		"Authentication-Info: rspauth=\"{0123456789abcdef}\", nextnonce=\"1\"\r\n",
		"Authorization: Basic {YWxhZGRpbjpvcGVuc2VzYW1l==}\r\n",
		"Authorization: Bearer\r\n {abc.def} {ghi}\r\n",
		"X-Authorization: Digest response=\"0123\"\r\n",
		"Subject: Authorization: Digest response=\"0123\"\r\n",
	};
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		for (int is_stream = 0; is_stream < 2; is_stream++) {
			snprintf(text, sizeof text, HEAD "%sContent-Length: 0\r\n\r\n", lines[i]);
			expect_masked(text, is_stream);
		}
	}
}

/* What cannot be read is masked to the end of the line, but for quotes and backslashes: they say
 * whether a control octet may stand there. */
static void
broken_credentials_are_masked_whole(void **state)
{
	(void)state;
	expect_masked(HEAD "Authorization: Digest response:\"{0123}\"{,} {uri=x}\r\nTo: x\r\n\r\n",
		false);
	expect_masked(HEAD "Authorization: Digest uri=sip:{x,} {response=}\"{0}\"\r\nTo: x\r\n\r\n",
		false);
	expect_masked(
		HEAD "Authorization: Digest response=\"{abc}\r\n {def,}\r\nTo: x\r\n\r\n", false);
	expect_masked(HEAD "Authorization: Digest realm=/{a,response=0}\r\n\r\n", false);
	expect_masked(HEAD "Authorization: Digest={a} {response=0}\r\n\r\n", false);
	expect_masked(HEAD "Authorization: \"{Digest}\" {response=0}\r\n\r\n", false);
	expect_masked(
		HEAD "Authorization: Basic {a=}\"{b}\x01\\\"\x02{c}\"\r\nTo: x\r\n\r\n", false);
	expect_masked(
		HEAD "Authorization: Digest nc=1, response {0123abcd}\r\nTo: x\r\n\r\n", false);
}

/* What holds secrets and goes on over a lone CR or LF is nothing that can be read; and a secret may
 * begin behind one that nothing was before. */
static void
lone_ends_of_lines_lay_nothing_bare(void **state)
{
	static const char *const texts[] = {
		"REGISTER sip:x SIP/2.0\nAuthorization: Digest response=\"{0123}\"\n",
		"REGISTER sip:x SIP/2.0\rAuthorization: Digest response=\"{0123}\"\nTo: x\r\n",
		HEAD "Subject: x\nAuthorization: Digest response=\"{0123}\"\r\nTo: x\r\n",
		HEAD "Subject: x\rAuthorization: Digest response=\"{0123}\"\r\nTo: x\r\n",
		HEAD "Authorization: Digest nc=1,\n{response=}\"{0123}\"\r\nTo: x\r\n",
		HEAD "Authorization: Digest nc=1,\r{response=}\"{0123}\"\r\n\t{a}\r\nTo: x\r\n",
		HEAD "Authorization: Digest realm=\"a\n{Authorization:} {Digest} {response=0}\r\n",
		HEAD "a=crypto:1 F\n{Authorization:} {Digest} {response=}\"{0123}\"\r\nTo: x\r\n",
		HEAD "a=crypto:1 F\r{Authorization:} {Digest} {response=}\"{0123}\"\r\nTo: x\r\n",
		HEAD "a=crypto:1 F inline:{abc}|2^20\n{a=ice-pwd:secret}\r\nTo: x\r\n",
		HEAD "a=key-mgmt:mikey\n{a=ice-pwd:secret}\r\nTo: x\r\n",
		HEAD "l: 0\nk=clear:{secret}\r\nTo: x\r\n",
		HEAD "l: 0\r\n k=clear:secret\r\nTo: x\r\n",
		HEAD "l: 99\r\n\n\r\nAuthorization: Digest nc=1,\n{response=}\"{0123}\"\r\n",
		HEAD "l: 99\r\n\r\r\nAuthorization: Digest nc=1,\n{response=}\"{0123}\"\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int is_stream = 0; is_stream < 2; is_stream++)
			expect_masked(texts[i], is_stream);
}

#define SDP_HEAD "INVITE sip:1@example.com SIP/2.0\r\nContent-Type: application/sdp\r\n"

static void
keys_in_a_session_are_masked(void **state)
{
	(void)state;
	expect_masked(SDP_HEAD
		"\r\nv=0\r\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{c2VjcmV0L2tleQ==}|2^20|1:32\r\n"
		"a=crypto:2 F8 inline:{abc};inline:{def}|2^20 FEC_KEY=inline:{ghi} UNENC\n"
		"a=key-mgmt:mikey {AQAFgM0X}\r\n"
		"a=ice-ufrag:8hhY\r\na=ice-pwd:{asd88fgpdd777uzjYhagZg}\r\n"
		"k=clear:{pass} {word\x80}\nk=prompt\r\n"
		"a=rtpmap:8 PCMA/8000\r\n",
		false);
}

/* A piece of SIP in a body, as a NOTIFY brings it. */
static void
credentials_in_a_body_are_masked(void **state)
{
	(void)state;
	for (int is_stream = 0; is_stream < 2; is_stream++)
		expect_masked("NOTIFY sip:1@example.com SIP/2.0\r\nContent-Length: 76\r\n\r\n"
			      "REGISTER sip:x SIP/2.0\r\nAuthorization: Digest nc=1,\r\n "
			      "response={0123}\r\nTo: x\r\n"
			      "OPTIONS sip:1@example.com SIP/2.0\r\nl: 0\r\n\r\n",
			is_stream);
}

static void
messages_of_a_stream_are_told_apart(void **state)
{
	(void)state;
	/* The next message begins where the body ends, though no line ended there. */
	expect_masked(SDP_HEAD "Content-Length: 28\r\n\r\n"
			       "v=0\r\na=crypto:1 F inline:{abc}"
			       "INVITE sip:2@example.com SIP/2.0\r\nl: 4\r\n\r\nv=0\r"
			       "\r\n\r\n" HEAD "Authorization: Digest " RIGHT "\r\nl: 0\r\n\r\n"
			       "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n" HEAD "\r\n",
		true);
}

/* A body of six octets, and then a head, in which credentials go on over a lone LF. What else looks
 * like a length is none: it stands behind a lone CR or LF, in a fold, or there is a space in its
 * name. */
static void
a_length_is_what_the_core_takes_for_one(void **state)
{
	static const char *const lines[] = { "l: 6\r\nX: y\nl: 60", "l: 6\r\nX: y\rl: 60",
		"l: 6\r\nContent- Length: 60", "l: 6\r\nX: y\r\n l: 60", "l:\n6\r", "l:\r\n 6 ",
		"Content-Length \t: 006\r\n\n" };
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		snprintf(text, sizeof text,
			HEAD "%s\r\n\r\nNOTIFY" HEAD
			     "Authorization: Digest nc=1,\n{response=}\"{0123}\"\r\n\r\n",
			lines[i]);
		expect_masked(text, true);
	}
}

/* A length that was wrong lays nothing bare, and changes no message that is known by its front. A ^
 * marks where the body ends by its Content-Length, and is taken out. */
static void
a_secret_that_a_length_cuts_stays_masked(void **state)
{
	static const char *const bodies[] = {
		"a=crypto:1 F inline:{abcd}^{+efg/hij} {INVITE} {sip:}\r\nx: y\r\n",
		"a=crypto:1 F inline:{abcd}^/{+ef}\r\nx: y\r\n",
		"a=crypto:1 F inline:^INVIT{xyz}\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}^A\r{XYZ}\r\nx: y\r\n",
		"a=crypto:1 F inl^{ine:abcd}\r\nx: y\r\n",
		"a=cry^pto:1 F inline:{abcd}\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}^INVITE sip:1 SIP/2.0\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}^SIP/2.0 200 OK\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}^\r\nFOO sip:1 SIP/2.0\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}\r\n^FOO sip:1 SIP/2.0\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}\r\n^ {xyz}\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}\r^\n {xyz}\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}\r^FOO sip:1 SIP/2.0\r\nx: y\r\n",
		"a=crypto:1 F inline:{xyz}^INVITE\r\n {sip:1}\r\nx: y\r\n",
		"x^a=crypto: FOO sip:1 SIP/2.0\r\nx: y\r\n",
		"authorization^ :FOO sip:1 SIP/2.0\r\nx: y\r\n",
	};
	char text[TEXT_MAX], body[256];

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		size_t cut = strcspn(bodies[i], "^"), braces = 0;

		for (size_t at = 0; at < cut; at++)
			braces += bodies[i][at] == '{' || bodies[i][at] == '}';
		snprintf(body, sizeof body, "%.*s%s", (int)cut, bodies[i], bodies[i] + cut + 1);
		snprintf(text, sizeof text, SDP_HEAD "l: %zu\r\n\r\n%s", cut - braces, body);
		expect_masked(text, true);
	}
}

static void
what_was_equal_stays_equal(void **state)
{
	char one[TEXT_MAX], two[TEXT_MAX], other[TEXT_MAX];
	static const struct mask_key second = { { 1, 2 } };
	struct str sdp = STR("\r\n\r\na=crypto:1 F inline:c2VjcmV0a2V5\r\n");
	struct str changed = STR("\r\n\r\na=crypto:1 F inline:c2VjcmV0a2V4\r\n");
	struct mask mask = { .is_body = true };

	(void)state;
	mask_copy(&mask, &key, false, sdp, one);
	mask = (struct mask){ .is_body = true };
	mask_copy(&mask, &key, false, sdp, two);
	assert_memory_equal(one, two, sdp.len);
	mask = (struct mask){ .is_body = true };
	mask_copy(&mask, &key, false, changed, other);
	assert_memory_not_equal(one, other, sdp.len);
	mask = (struct mask){ .is_body = true };
	mask_copy(&mask, &second, false, sdp, other);
	assert_memory_not_equal(one, other, sdp.len);
}

/* Pieces of SIP in any order, and octets out of place: the core reads the same out of what was
 * masked, message by message. */
static void
what_is_masked_reads_the_same(void **state)
{
	static const char *const parts[] = { HEAD, SDP_HEAD, "Authorization: Digest ", "Basic ",
		"response=\"0123456789abcdef\"", "username=\"7789\"", ", ", "\r\n", "\r\n\r\n", " ",
		"\n", "\"", "\\", "<", "Content-Length: 12\r\n", "l: 40\r\n", "v=0\r\n",
		"a=crypto:1 F inline:abcdefgh|2^20\r\n", "k=clear:abc\r\n", "=", "\r", "\x80" };
	static char text[TEXT_MAX], masked[TEXT_MAX];
	static const uint8_t seed[DICE_SEED_BYTES] = { 3 };
	static struct msg before, after;
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (int round = 0; round < 4000; round++) {
		struct buf b = buf_on(text, sizeof text);
		bool is_stream = round & 1;
		struct mask mask = { 0 };
		unsigned crlfs = 0, crlfs_too = 0;
		size_t at = 0;

		for (uint32_t i = 2 + dice_below(&dice, 24); i > 0; i--)
			buf_put(&b,
				str_cstr(parts[dice_below(&dice, sizeof parts / sizeof *parts)]));
		mask_copy(&mask, &key, is_stream, buf_str(&b), masked);
		while (at < b.used) {
			struct frame f = frame_next(str_of(text + at, b.used - at), &crlfs);
			struct frame g = frame_next(str_of(masked + at, b.used - at), &crlfs_too);
			struct fault fault = { .what = FAULT_NONE }, too = fault;

			assert_int_equal(f.kind, g.kind);
			assert_int_equal(f.skip, g.skip);
			assert_int_equal(f.message.len, g.message.len);
			if (f.kind != FRAME_MESSAGE && f.kind != FRAME_PING)
				break;
			(void)msg_parse(&before, f.message, is_stream, &fault);
			(void)msg_parse(&after, g.message, is_stream, &too);
			assert_int_equal(fault.what, too.what);
			assert_int_equal(fault.at, too.at);
			assert_int_equal(before.body.len, after.body.len);
			at += f.skip + f.message.len;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_response_of_a_digest_is_masked),
		cmocka_unit_test(broken_credentials_are_masked_whole),
		cmocka_unit_test(lone_ends_of_lines_lay_nothing_bare),
		cmocka_unit_test(keys_in_a_session_are_masked),
		cmocka_unit_test(credentials_in_a_body_are_masked),
		cmocka_unit_test(messages_of_a_stream_are_told_apart),
		cmocka_unit_test(a_length_is_what_the_core_takes_for_one),
		cmocka_unit_test(a_secret_that_a_length_cuts_stays_masked),
		cmocka_unit_test(what_was_equal_stays_equal),
		cmocka_unit_test(what_is_masked_reads_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
