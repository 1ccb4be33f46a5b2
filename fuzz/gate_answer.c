/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_answer.h"

#include <stdlib.h>

#include "fuzz.h"
#include "gate/answer.h"

#define PASSWORD STR("a secret that we were given")

/* One answer that is to be written, again and again. */
struct asked {
	struct gate *gate;
	struct dice dice; /* before it is thrown */
	const struct msg *response, *request;
	struct secret secret;
	unsigned tries;
	enum answer_verdict verdict; /* of the last time */
};

static char challenged[64 * 1024], said[4096], answered[64 * 1024];

static void
put_answer(struct buf *b, const void *what)
{
	struct asked *asked = (struct asked *)(uintptr_t)what;
	struct dice dice = asked->dice;

	asked->verdict = answer_write(asked->gate, &dice, asked->response, asked->request,
		&asked->secret, asked->tries, b);
}

static void
put_head(struct buf *b)
{
	buf_put(b,
		STR("Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:7789@example.com>;tag=1\r\n"
		    "To: <sip:a@example.com>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n"));
}

/* The request that was challenged; or, with LINES, the one that is said instead. */
static struct str
say(struct str lines, unsigned has)
{
	struct buf b = buf_on(said, sizeof said);

	buf_put(&b, STR("INVITE sip:a@example.com SIP/2.0\r\n"));
	put_head(&b);
	if (has % 2 == 1)
		buf_put(&b, STR("Authorization: Digest realm=\"old\"\r\n"));
	if (has / 2 % 2 == 1)
		buf_put(&b, STR("Proxy-Authorization: Digest realm=\"old\",\r\n nonce=\"b\"\r\n"));
	buf_put(&b, lines);
	buf_put(&b, STR("Content-Length: 0\r\n\r\n"));
	return buf_str(&b);
}

/* WRITTEN: the challenge of a gate of realm example.com, as a 401 has it. */
static struct str
challenge(struct str lines, bool is_proxy, struct str written)
{
	struct buf b = buf_on(challenged, sizeof challenged);

	buf_put(&b, is_proxy ? STR("SIP/2.0 407 No\r\n") : STR("SIP/2.0 401 No\r\n"));
	put_head(&b);
	while (lines.len > 0) {
		struct str line = str_cut(&lines, '\n');

		if (!str_same(line, STR("$g"))) {
			buf_put(&b, line);
			buf_put(&b, STR("\r\n"));
			continue;
		}
		for (struct str rest = written; rest.len > 0;) {
			struct str value = str_cut(&rest, '\n');

			buf_put(&b,
				is_proxy ? STR("Proxy-Authenticate:") : STR("WWW-Authenticate:"));
			buf_put(&b, str_from(value, str_find(value, ':') + 1));
			buf_char(&b, '\n');
		}
	}
	buf_put(&b, STR("Content-Length: 0\r\n\r\n"));
	return buf_str(&b);
}

/* Whether TEXT, as it stands between quotes, is the realm. */
static bool
is_realm(struct str text, struct str realm)
{
	static char plain[64 * 1024];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		i += text.at[i] == '\\' && i + 1 < text.len;
		plain[len++] = text.at[i];
	}
	return str_same(str_of(plain, len), realm);
}

/* The credentials LINE of ASKED, with the sum that a peer makes of them. */
static void
see_cred(struct hashers *h, const struct asked *asked, const struct msg *again, enum header_id id)
{
	const struct header *line = msg_header(again, id);
	struct digest_input in = { .password = PASSWORD, .method = STR("INVITE") };
	char hex[HASH_HEX_MAX];
	struct cred c;

	fuzz_check(line != NULL && msg_header_next(again, line) == NULL, again->text);
	fuzz_check(cred_parse(&c, line->value) && c.algorithm != DIGEST_OTHER, line->value);
	fuzz_check(is_realm(c.realm, asked->secret.realm), line->value);
	fuzz_check(str_same(c.username, asked->secret.username), line->value);
	fuzz_check(str_same(c.uri, STR("sip:a@example.com")), line->value);
	fuzz_check(str_same(c.nc, STR("00000001")) && str_same(c.qop, STR("auth")), line->value);
	fuzz_check(c.cnonce.len >= 16 && c.nonce.at != NULL, line->value);
	in.algorithm = c.algorithm;
	in.username = c.username;
	in.realm = c.realm;
	in.uri = c.uri;
	in.nonce = c.nonce;
	in.nc = c.nc;
	in.cnonce = c.cnonce;
	in.qop = c.qop;
	fuzz_check(str_same(c.response, digest_response(h, &in, hex)), line->value);
}

/* What was written goes into the next request, which is good, and has its credentials. */
static void
see_given(struct hashers *h, const struct asked *asked, struct str lines, struct when now)
{
	bool is_proxy = asked->response->status == 407;
	enum header_id id = is_proxy ? HEADER_PROXY_AUTHORIZATION : HEADER_AUTHORIZATION;
	enum header_id other = is_proxy ? HEADER_AUTHORIZATION : HEADER_PROXY_AUTHORIZATION;
	struct gate_claim claim = { asked->secret.username, PASSWORD, asked->secret.realm };
	const struct header *kept = msg_header(asked->request, other);
	static struct msg again;
	struct fault fault;
	struct cred c;

	fuzz_check(asked->tries < ANSWERS_MAX, lines);
	fuzz_check(msg_parse(&again, say(lines, 0), true, &fault), lines);
	fuzz_check((msg_header(&again, other) != NULL) == (kept != NULL), lines);
	fuzz_check(again.header_count == 7u + (kept != NULL), lines);
	see_cred(h, asked, &again, id);
	if (is_proxy || !cred_parse(&c, msg_value(&again, id)))
		return;
	/* A gate lets it in if the nonce is its own, and knows the password from another. */
	fuzz_check(gate_judge(asked->gate, &again, &claim, now) != GATE_CHALLENGE, lines);
	claim.password = STR("another");
	fuzz_check(gate_judge(asked->gate, &again, &claim, now) == GATE_CHALLENGE, lines);
}

void
see_answer(
	struct gate *gate, struct hashers *h, struct str choices, struct str lines, struct when now)
{
	static const struct str realms[] = { STR("example.com"), STR("a\"\\b"), STR("") };
	static const uint8_t seed[DICE_SEED_BYTES] = { 7 };
	static struct msg response, request;
	bool is_proxy = fuzz_choice(&choices) % 2 == 1;
	struct asked asked = { .gate = gate, .response = &response, .request = &request };
	struct buf written = buf_on(answered, sizeof answered), b;
	static char request_text[sizeof said];
	struct fault fault;
	struct str text;

	asked.tries = fuzz_choice(&choices) % 4;
	text = say(STR(""), fuzz_choice(&choices));
	asked.secret = (struct secret){ .username = STR("7789"),
		.realm = realms[fuzz_choice(&choices) % 3],
		.password = fuzz_choice(&choices) % 2 == 1 ? STR("") : PASSWORD };
	for (size_t i = 0; i < text.len; i++)
		request_text[i] = text.at[i];
	fuzz_check(msg_parse(&request, str_of(request_text, text.len), true, &fault), text);
	gate_write_challenge(gate, &written, STR("example.com"), false, now);
	text = challenge(lines, is_proxy, buf_str(&written));
	if (text.len == 0 || !msg_parse(&response, text, true, &fault))
		return;
	dice_init(&asked.dice, seed);
	b = buf_on(answered, sizeof answered);
	put_answer(&b, &asked);
	if (str_is_empty(asked.secret.password))
		fuzz_check(asked.verdict == ANSWER_NONE, text);
	fuzz_check(b.used == 0 || asked.verdict == ANSWER_GIVEN || asked.verdict == ANSWER_FAILED,
		text);
	if (asked.verdict != ANSWER_GIVEN) {
		fuzz_check(answer_verdict_text(asked.verdict).len > 0, text);
		return;
	}
	fuzz_check(buf_ok(&b), text);
	fuzz_sizes(buf_str(&b), put_answer, &asked);
	see_given(h, &asked, buf_str(&b), now);
}
