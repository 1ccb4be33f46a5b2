/* SPDX-License-Identifier: Apache-2.0 */
/* A tape written by hand is judged and drawn; one leak at a time is planted. */
#include "main/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECURE, PLAIN };

#define REST(via, tag)                                                                \
	"Via: SIP/2.0/" via " 127.0.0.1:5070;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n" \
	"CSeq: 1 INVITE\r\n" tag "Content-Length: 0\r\n\r\n"

#define SECURE_INVITE                                                                       \
	"INVITE sips:5000@demo.example SIP/2.0\r\nFrom: <sips:7789@demo.example>;tag=a\r\n" \
	"To: <sips:5000@demo.example>\r\nCall-ID: first\r\n"                                \
	"Contact: <sips:7789@127.0.0.1:40112>\r\nUser-Agent: same\r\n" REST("TLS", "")
#define PLAIN_INVITE                                                                          \
	"INVITE sip:5000@127.0.0.1:5070 SIP/2.0\r\nFrom: <sip:7789@demo.example>;tag=c\r\n"   \
	"To: <sip:5000@demo.example>\r\nCall-ID: second\r\nContact: <sip:7789@127.0.0.1>\r\n" \
	"User-Agent: same\r\n" REST("UDP", "X-Genesys-CallUUID: U1\r\n")
#define PLAIN_OK(call_id, lines)                                    \
	"SIP/2.0 200 OK\r\nFrom: <sip:7789@demo.example>;tag=c\r\n" \
	"To: <sip:5000@demo.example>;tag=d\r\nCall-ID: " call_id "\r\n" REST("UDP", lines)

struct easel {
	struct tape tape;
	struct picture picture;
	struct leg_view legs[LEGS_SHOWN];
	char *texts;
	char *drawn;
	size_t drawn_len;
	char why[512];
	struct buf why_buf;
};

static struct easel *
easel_open(void)
{
	struct easel *e = calloc(1, sizeof *e);

	assert_non_null(e);
	e->texts = malloc(TAPE_BYTES);
	tape_open(&e->tape, e->texts);
	e->legs[SECURE] = (struct leg_view){ .number = STR("7789"),
		.transport = TRANSPORT_TLS,
		.proof = PROOF_NAME,
		.version = STR("TLSv1.3"),
		.cipher = STR("TLS_X"),
		.name = STR("demo.example"),
		.proved = DIGEST_SHA256 };
	e->legs[PLAIN] = (struct leg_view){ .number = STR("5000"), .transport = TRANSPORT_UDP };
	tape_put(&e->tape, SECURE, true, STR(SECURE_INVITE));
	e->tape.now_us = 1230;
	tape_put(&e->tape, PLAIN, false, STR(PLAIN_INVITE));
	return e;
}

static void
easel_close(struct easel *e)
{
	free(e->drawn);
	free(e->texts);
	free(e);
}

static bool
judge(struct easel *e)
{
	e->picture.tape = &e->tape;
	e->picture.upto = e->tape.count;
	e->picture.is_call = true;
	e->picture.caller = SECURE;
	e->picture.legs = e->legs;
	e->why_buf = buf_on(e->why, sizeof e->why);
	return picture_judge(&e->picture, &e->why_buf);
}

static void
refused(struct easel *e, const char *why)
{
	assert_false(judge(e));
	if (!str_holds_alike(buf_str(&e->why_buf), str_cstr(why)))
		fail_msg("wanted: %s, got: %.*s", why, (int)buf_str(&e->why_buf).len, e->why);
	easel_close(e);
}

/* Plants one more message, which must be found. */
static void
planted(uint32_t leg, const char *text, const char *why)
{
	struct easel *e = easel_open();

	tape_put(&e->tape, leg, true, str_cstr(text));
	refused(e, why);
}

static void
test_good_tape(void **state)
{
	struct easel *e = easel_open();

	(void)state;
	tape_put(&e->tape, PLAIN, true, STR(PLAIN_OK("second", "Contact: <sip:5000@h>\r\n")));
	assert_true(judge(e));
	easel_close(e);
}

static void
test_leaks_are_found(void **state)
{
	(void)state;
	planted(PLAIN, PLAIN_OK("second", "Contact: <sips:5000@h>\r\n"), "holds sips:");
	planted(PLAIN, PLAIN_OK("second", "X-Note: SIPS:x\r\n"), "phone 5000 sent SIP/2.0 200");
	planted(PLAIN, PLAIN_OK("first", ""), "Call-ID of the other leg");
	planted(SECURE, PLAIN_OK("first", ""), "another scheme");
	planted(PLAIN, SECURE_INVITE, "holds sips:");
	planted(SECURE, "what?\r\n\r\n", "cannot be read");
}

static void
test_wrong_via_is_found(void **state)
{
	struct easel *e = easel_open();

	(void)state;
	tape_put(&e->tape, PLAIN, true,
		STR("SIP/2.0 200 OK\r\nFrom: <sip:a@b>;tag=c\r\nTo: <sip:d@e>;tag=f\r\n"
		    "Call-ID: second\r\n" REST("TLS", "")));
	refused(e, "another transport in its Via");
}

static void
test_unchecked_peer_is_found(void **state)
{
	struct easel *e = easel_open();

	(void)state;
	e->legs[SECURE].proof = PROOF_NONE;
	refused(e, "unchecked peer");
}

static void
test_missing_leg_is_found(void **state)
{
	struct easel *e = easel_open();

	(void)state;
	e->tape.count = 1;
	refused(e, "never seen");
}

static void
test_full_tape_is_found(void **state)
{
	struct easel *e = easel_open();

	(void)state;
	for (int i = 0; i < TAPE_MAX; i++)
		tape_put(&e->tape, PLAIN, true, STR("x"));
	assert_int_equal(e->tape.count, TAPE_MAX);
	refused(e, "more was sent");
}

static void
drawn_has(struct easel *e, const char *text)
{
	if (strstr(e->drawn, text) == NULL)
		fail_msg("wanted: %s\nin\n%s", text, e->drawn);
}

static void
test_drawing(void **state)
{
	struct easel *e = easel_open();
	FILE *to = open_memstream(&e->drawn, &e->drawn_len);

	(void)state;
	assert_non_null(to);
	assert_true(judge(e));
	picture_ladder(&e->picture, to);
	picture_headers(&e->picture, to);
	picture_security(&e->picture, to);
	assert_int_equal(fclose(to), 0);
	drawn_has(e, "     0.00  |-- INVITE sips:5000@demo.example ---->|   ");
	drawn_has(e, "     1.23  |                                      |-- INVITE sip:5000@127");
	drawn_has(e, "  From: <sips:7789@demo.example>;tag=a         | From: <sip:7789@demo");
	drawn_has(e, "  User-Agent: same                             = User-Agent: same\n");
	drawn_has(e, "                                               | X-Genesys-CallUUID: U1\n");
	drawn_has(e, "  scheme                        sips                          sip\n");
	drawn_has(e, "  transport                     TLS                           UDP\n");
	drawn_has(e, "  TLS version                   TLSv1.3                       none\n");
	drawn_has(e, "  verified name of sipward      demo.example                  none\n");
	drawn_has(e, "password (SHA-256 digest) nothing\n");
	easel_close(e);
}

/* The arrow points from who sent to who heard, whichever side called. */
static void
test_arrows(void **state)
{
	struct easel *e = easel_open();
	FILE *to = open_memstream(&e->drawn, &e->drawn_len);

	(void)state;
	tape_put(&e->tape, PLAIN, true, STR(PLAIN_OK("second", "")));
	assert_true(judge(e));
	picture_ladder(&e->picture, to);
	e->picture.caller = PLAIN;
	picture_ladder(&e->picture, to);
	assert_int_equal(fclose(to), 0);
	drawn_has(e, "  |                                      |<- 200 OK (INVITE) ----");
	drawn_has(e, "  |-- 200 OK (INVITE) ------------------>|   ");
	drawn_has(
		e, "  |                                      |<- INVITE sips:5000@demo.example --");
	easel_close(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_tape),
		cmocka_unit_test(test_leaks_are_found),
		cmocka_unit_test(test_wrong_via_is_found),
		cmocka_unit_test(test_unchecked_peer_is_found),
		cmocka_unit_test(test_missing_leg_is_found),
		cmocka_unit_test(test_full_tape_is_found),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_arrows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
