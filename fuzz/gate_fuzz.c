/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody gets in with another password, whatever the credentials look like; with the right one
 * and nothing changed, everybody does, and only once for each count. And whatever challenges us is
 * answered for our realm alone, with what a gate lets in; gate_answer.c has that side.
 *
 * The first line: whether the password is the right one, the algorithm, the method, how the uri is
 * told; what gate_answer.c makes of the rest. The second line stands in for the credentials (empty:
 * as they should be); in it `$r` is the response that the password makes, `$n` the nonce, `$u` the
 * uri. The rest are further lines of the head, of the request and of a challenge. */
#include "base/limits.h"
#include "fuzz.h"
#include "gate/challenge.h"
#include "gate/digest.h"
#include "gate_answer.h"
#include "sip/msg.h"

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define KEPT_BEGIN() __lsan_disable()
#define KEPT_END() __lsan_enable()
#else
#define KEPT_BEGIN() ((void)0)
#define KEPT_END() ((void)0)
#endif

#define REALM STR("example.com")
#define RIGHT STR("the right one")
#define WRONG STR("the wrong one")

static struct gate *gate;
static struct hashers hashers;
static struct when now = { .mono_ms = 1000, .wall_s = 1700000000 };

/* Once: what libcrypto gives is known to mapped memory alone. */
static void
open_once(void)
{
	enum { BYTES = 64 << 20 };
	const uint8_t seed[DICE_SEED_BYTES] = { 5 };
	struct arena arena;
	struct dice dice;
	void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	fuzz_check(memory != MAP_FAILED, STR_NONE);
	arena = arena_on(memory, BYTES);
	dice_init(&dice, seed);
	KEPT_BEGIN();
	gate = gate_open(&arena, &dice, false);
	fuzz_check(gate != NULL && hashers_open(&hashers), STR_NONE);
	KEPT_END();
}

/* The nonce of a challenge that is fresh. */
static struct str
new_nonce(void)
{
	static char lines[4096];
	struct buf b = buf_on(lines, sizeof lines);
	struct cred cred;
	struct str text;

	now.mono_ms += 7;
	gate_write_challenge(gate, &b, REALM, false, now);
	text = buf_str(&b);
	(void)str_cut(&text, ':');
	fuzz_check(cred_parse(&cred, str_trim(str_upto(text, str_find(text, '\r')))), buf_str(&b));
	return cred.nonce;
}

static struct digest_input
input_of(struct str *choices, bool is_right, struct str nonce)
{
	static const struct str methods[] = { STR("REGISTER"), STR("INVITE") };
	static const struct str uris[] = { STR("sip:example.com"), STR("sips:7789@example.com") };

	return (struct digest_input){ .password = is_right ? RIGHT : WRONG,
		.algorithm = fuzz_choice(choices) % 2 == 0 ? DIGEST_SHA256 : DIGEST_MD5,
		.method = methods[fuzz_choice(choices) % 2],
		.uri = uris[fuzz_choice(choices) % 2],
		.username = STR("7789"),
		.realm = REALM,
		.nonce = nonce,
		.nc = STR("00000001"),
		.cnonce = STR("c"),
		.qop = STR("auth") };
}

static void
put_credentials(
	struct buf *b, const struct digest_input *in, struct str pattern, struct str response)
{
	for (size_t i = 0; i < pattern.len; i++) {
		char after = i + 1 < pattern.len ? pattern.at[i + 1] : '\0';

		if (pattern.at[i] == '$' && (after == 'r' || after == 'n' || after == 'u')) {
			buf_put(b, after == 'r' ? response : after == 'n' ? in->nonce : in->uri);
			i++;
		} else {
			buf_char(b, pattern.at[i]);
		}
	}
}

static struct str
build(const struct digest_input *in, struct str pattern, struct str more)
{
	static char text[64 * 1024];
	struct buf b = buf_on(text, sizeof text);
	char hex[HASH_HEX_MAX];
	struct str response = digest_response(&hashers, in, hex);

	buf_put(&b, in->method);
	buf_put(&b,
		STR(" sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
		    "From: <sip:7789@example.com>;tag=1\r\nTo: <sip:7789@example.com>\r\n"
		    "Call-ID: a\r\nCSeq: 1 "));
	buf_put(&b, in->method);
	buf_put(&b, STR("\r\nContact: <sip:7789@192.0.2.7>\r\nAuthorization: "));
	put_credentials(&b, in, pattern, response);
	buf_put(&b, STR("\r\n"));
	for (size_t i = 0; i < more.len; i++) {
		if (more.at[i] == '\n')
			buf_char(&b, '\r');
		buf_char(&b, more.at[i]);
	}
	buf_put(&b, STR("\r\nContent-Length: 0\r\n\r\n"));
	return buf_str(&b);
}

void
fuzz_one(struct str input)
{
	static const struct str usual = STR("Digest username=\"7789\", realm=\"example.com\", "
					    "nonce=\"$n\", uri=\"$u\", response=\"$r\", qop=auth, "
					    "nc=00000001, cnonce=\"c\"");
	static const struct str sha = STR(", algorithm=SHA-256");
	static const struct gate_claim claim = { { "7789", 4 }, { "the right one", 13 },
		{ "example.com", 11 } };
	static char pattern_text[512];
	static struct msg msg;
	struct str choices = fuzz_line(&input), pattern = fuzz_line(&input), text;
	bool is_right = fuzz_choice(&choices) % 2 == 1, is_usual = pattern.len == 0;
	struct buf b = buf_on(pattern_text, sizeof pattern_text);
	enum gate_verdict verdict;
	struct digest_input in;
	struct fault fault;

	if (gate == NULL)
		open_once();
	in = input_of(&choices, is_right, new_nonce());
	see_answer(gate, &hashers, choices, input, now);
	if (is_usual) {
		buf_put(&b, usual);
		if (in.algorithm == DIGEST_SHA256)
			buf_put(&b, sha);
		pattern = buf_str(&b);
	}
	text = build(&in, pattern, is_usual ? STR("X: y") : input);
	if (text.len == 0 || !msg_parse(&msg, text, true, &fault))
		return;
	verdict = gate_judge(gate, &msg, &claim, now);
	if (!is_right)
		fuzz_check(verdict == GATE_CHALLENGE, text);
	if (is_right && is_usual)
		fuzz_check(verdict == GATE_IN, text);
	if (verdict == GATE_IN)
		fuzz_check(gate_judge(gate, &msg, &claim, now) == GATE_STALE, text);
}
