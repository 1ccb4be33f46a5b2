/* SPDX-License-Identifier: Apache-2.0 */
/* A phone is fed what a server would say; what it answers is read. */
#include "main/handset_say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/write.h"

#define DOMAIN "demo.example"
#define PASSWORD "secret"

static const uint8_t seed[DICE_SEED_BYTES] = { 1, 2, 3 };
static const struct addr server = { ADDR_V4, { 127, 0, 0, 1 }, 5060 };
static const struct flow_id flow = { 7 };

struct desk {
	struct handset *phone;
	struct out *out;
	char *octets;
	struct tape *tape;
	char *tape_texts;
	struct hashers hashers;
	struct msg *said; /* the last message of the phone */
	char said_text[8192];
	uint32_t heard; /* how many acts of the phone were looked at */
};

static struct desk *
desk_open(enum transport transport)
{
	struct desk *d = calloc(1, sizeof *d);
	struct handset_options options = { .number = STR("7789"),
		.password = STR(PASSWORD),
		.domain = STR(DOMAIN),
		.transport = transport,
		.server = server,
		.flow = flow,
		.local = { ADDR_V4, { 127, 0, 0, 1 }, 5070 },
		.seed = seed };

	assert_non_null(d);
	d->phone = calloc(1, sizeof *d->phone);
	d->out = calloc(1, sizeof *d->out);
	d->octets = malloc(OUT_BYTES);
	d->tape = calloc(1, sizeof *d->tape);
	d->tape_texts = malloc(TAPE_BYTES);
	d->said = calloc(1, sizeof *d->said);
	out_init(d->out, d->octets, OUT_BYTES);
	tape_open(d->tape, d->tape_texts);
	assert_true(hashers_open(&d->hashers));
	options.tape = d->tape;
	options.hashers = &d->hashers;
	handset_open(d->phone, &options);
	return d;
}

static void
desk_close(struct desk *d)
{
	hashers_close(&d->hashers);
	free(d->phone);
	free(d->out);
	free(d->octets);
	free(d->tape);
	free(d->tape_texts);
	free(d->said);
	free(d);
}

/* Takes the next message that the phone wants to be sent. */
static void
next_said(struct desk *d)
{
	struct buf b = buf_on(d->said_text, sizeof d->said_text);
	const struct act *act;
	struct fault fault;

	assert_true(d->heard < d->out->count);
	act = &d->out->acts[d->heard++];
	assert_int_equal(act->kind, ACT_SEND);
	assert_true(flow_same(act->u.send.flow, flow));
	assert_true(addr_same(&act->u.send.to, &server));
	buf_put(&b, act->u.send.bytes);
	assert_true(buf_ok(&b));
	assert_true(msg_parse(d->said, buf_str(&b), true, &fault));
}

static void
nothing_said(struct desk *d)
{
	assert_int_equal(d->heard, d->out->count);
}

static void
hear(struct desk *d, struct str text)
{
	struct event e = { .kind = EV_BYTES };

	e.u.bytes.flow = flow;
	e.u.bytes.from = server;
	e.u.bytes.data = text;
	handset_hear(d->phone, &e, d->out);
}

/* Answers the request in d->said. LINES: more header lines. */
static void
answer(struct desk *d, unsigned status, const char *lines)
{
	char text[8192];
	struct buf b = buf_on(text, sizeof text);

	write_response(&b, d->said, &server, status, reason_phrase(status), STR("theirs"));
	buf_put(&b, str_cstr(lines));
	write_body(&b, STR(""));
	assert_true(buf_ok(&b));
	hear(d, buf_str(&b));
}

#define CHALLENGE                                  \
	"WWW-Authenticate: Digest realm=\"" DOMAIN \
	"\", nonce=\"abc\", algorithm=SHA-256, qop=\"auth\"\r\n"

static struct desk *
registered(enum transport transport)
{
	struct desk *d = desk_open(transport);

	handset_register(d->phone, d->out);
	next_said(d);
	answer(d, 200, "");
	assert_int_equal(d->phone->state, HANDSET_READY);
	return d;
}

static void
test_register_with_digest(void **state)
{
	struct desk *d = desk_open(TRANSPORT_UDP);
	char hex[HASH_HEX_MAX];
	struct digest_input input = { .algorithm = DIGEST_SHA256,
		.username = STR("7789"),
		.realm = STR(DOMAIN),
		.password = STR(PASSWORD),
		.method = STR("REGISTER"),
		.uri = STR("sip:" DOMAIN),
		.nonce = STR("abc"),
		.nc = STR("00000001"),
		.qop = STR("auth") };
	struct cred cred;
	uint32_t cseq;

	(void)state;
	handset_register(d->phone, d->out);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_REGISTER);
	assert_true(str_same(d->said->target_text, STR("sip:" DOMAIN)));
	assert_true(str_is_none(msg_value(d->said, HEADER_AUTHORIZATION)));
	assert_true(str_same(msg_value(d->said, HEADER_CONTACT), STR("<sip:7789@127.0.0.1:5070>")));
	cseq = d->said->cseq;
	answer(d, 401, CHALLENGE);
	next_said(d);
	assert_int_equal(d->said->cseq, cseq + 1);
	assert_true(cred_parse(&cred, msg_value(d->said, HEADER_AUTHORIZATION)));
	input.cnonce = cred.cnonce;
	assert_true(cred.cnonce.len > 0);
	assert_true(str_same(cred.response, digest_response(&d->hashers, &input, hex)));
	assert_int_equal(d->phone->view.proved, DIGEST_OTHER);
	answer(d, 200, "");
	assert_int_equal(d->phone->state, HANDSET_READY);
	assert_int_equal(d->phone->view.proved, DIGEST_SHA256);
	nothing_said(d);
	desk_close(d);
}

static void
test_refused_password_ends_it(void **state)
{
	struct desk *d = desk_open(TRANSPORT_UDP);

	(void)state;
	handset_register(d->phone, d->out);
	next_said(d);
	answer(d, 401, CHALLENGE);
	next_said(d);
	answer(d, 401, CHALLENGE);
	nothing_said(d);
	assert_int_equal(d->phone->state, HANDSET_BROKEN);
	assert_true(str_holds_alike(handset_why(d->phone), STR("password was not accepted")));
	assert_false(str_holds_alike(handset_why(d->phone), STR(PASSWORD)));
	desk_close(d);
}

static void
test_refusal_is_told(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	handset_call(d->phone, STR("5000"), d->out);
	next_said(d);
	answer(d, 480, "");
	next_said(d);
	assert_int_equal(d->said->method, METHOD_ACK);
	assert_int_equal(d->phone->state, HANDSET_BROKEN);
	assert_true(str_holds_alike(handset_why(d->phone), STR("INVITE was refused: 480")));
	desk_close(d);
}

static void
test_call(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	handset_call(d->phone, STR("5000"), d->out);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_INVITE);
	assert_true(str_same(d->said->target_text, STR("sip:5000@" DOMAIN)));
	assert_true(d->said->body.len > 0);
	answer(d, 100, "");
	assert_int_equal(d->phone->state, HANDSET_CALLING);
	answer(d, 180, "");
	assert_int_equal(d->phone->state, HANDSET_HEARS_TONE);
	answer(d, 200, "Contact: <sip:5000@127.0.0.1:5060>\r\n");
	assert_int_equal(d->phone->state, HANDSET_TALKING);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_ACK);
	assert_true(str_same(d->said->target_text, STR("sip:5000@127.0.0.1:5060")));
	assert_true(str_same(d->said->to.tag, STR("theirs")));
	handset_hang_up(d->phone, d->out);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_BYE);
	assert_int_equal(d->phone->state, HANDSET_LEAVING);
	answer(d, 200, "");
	assert_int_equal(d->phone->state, HANDSET_READY);
	nothing_said(d);
	desk_close(d);
}

/* The ACK of a challenge belongs to the INVITE that was challenged (RFC 3261 17.1.1.3); the INVITE
 * that follows is new, and still outside any dialog. */
static void
test_challenged_call(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);
	char branch[128];
	struct buf b = buf_on(branch, sizeof branch);
	uint32_t cseq;

	(void)state;
	handset_call(d->phone, STR("5000"), d->out);
	next_said(d);
	buf_put(&b, d->said->via.branch);
	cseq = d->said->cseq;
	answer(d, 401, CHALLENGE);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_ACK);
	assert_int_equal(d->said->cseq, cseq);
	assert_true(str_same(d->said->via.branch, buf_str(&b)));
	assert_true(str_same(d->said->to.tag, STR("theirs")));
	next_said(d);
	assert_int_equal(d->said->method, METHOD_INVITE);
	assert_int_equal(d->said->cseq, cseq + 1);
	assert_false(str_same(d->said->via.branch, buf_str(&b)));
	assert_true(str_is_none(d->said->to.tag));
	assert_false(str_is_none(msg_value(d->said, HEADER_AUTHORIZATION)));
	desk_close(d);
}

/* An answer to nothing that was asked moves nothing. */
static void
test_stray_answer(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	handset_call(d->phone, STR("5000"), d->out);
	next_said(d);
	hear(d,
		STR("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKother\r\n"
		    "From: <sip:7789@" DOMAIN ">;tag=a\r\nTo: <sip:5000@" DOMAIN ">;tag=b\r\n"
		    "Call-ID: other\r\nCSeq: 1 INVITE\r\nContact: <sip:x@127.0.0.1>\r\n"
		    "Content-Length: 0\r\n\r\n"));
	assert_int_equal(d->phone->state, HANDSET_CALLING);
	nothing_said(d);
	desk_close(d);
}

#define INSIDE(method, number)                                                        \
	method " sip:7789@127.0.0.1:5070 SIP/2.0\r\n"                                 \
	       "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK" method "\r\n"         \
	       "From: <sip:5000@" DOMAIN ">;tag=far\r\nTo: <sip:7789@" DOMAIN ">\r\n" \
	       "Call-ID: call\r\nCSeq: " number " " method "\r\nMax-Forwards: 70\r\n" \
	       "Contact: <sip:5000@127.0.0.1:5060>\r\nContent-Length: 0\r\n\r\n"

static void
said_status(struct desk *d, unsigned status)
{
	next_said(d);
	assert_false(d->said->is_request);
	assert_int_equal(d->said->status, status);
}

static void
test_called(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	hear(d, STR(INSIDE("INVITE", "1")));
	said_status(d, 180);
	assert_int_equal(d->phone->state, HANDSET_RINGS);
	hear(d, STR(INSIDE("INVITE", "1")));
	said_status(d, 180);
	handset_answer(d->phone, d->out);
	said_status(d, 200);
	assert_true(d->said->body.len > 0);
	assert_true(str_same(msg_value(d->said, HEADER_CONTACT), STR("<sip:7789@127.0.0.1:5070>")));
	hear(d, STR(INSIDE("INVITE", "1")));
	said_status(d, 200);
	assert_int_equal(d->phone->state, HANDSET_ANSWERED);
	hear(d, STR(INSIDE("ACK", "1")));
	assert_int_equal(d->phone->state, HANDSET_TALKING);
	nothing_said(d);
	hear(d, STR(INSIDE("BYE", "2")));
	said_status(d, 200);
	assert_int_equal(d->phone->state, HANDSET_READY);
	desk_close(d);
}

static void
test_called_hangs_up(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	hear(d, STR(INSIDE("INVITE", "1")));
	said_status(d, 180);
	handset_answer(d->phone, d->out);
	said_status(d, 200);
	hear(d, STR(INSIDE("ACK", "1")));
	handset_hang_up(d->phone, d->out);
	next_said(d);
	assert_int_equal(d->said->method, METHOD_BYE);
	assert_true(str_same(d->said->target_text, STR("sip:5000@127.0.0.1:5060")));
	assert_true(str_same(d->said->to.tag, STR("far")));
	assert_true(d->said->from.tag.len > 0);
	assert_true(str_same(d->said->call_id, STR("call")));
	desk_close(d);
}

static void
test_others_are_refused(void **state)
{
	struct desk *d = registered(TRANSPORT_UDP);

	(void)state;
	hear(d, STR(INSIDE("BYE", "2")));
	said_status(d, 481);
	hear(d, STR(INSIDE("INFO", "3")));
	said_status(d, 501);
	hear(d, STR("nonsense\r\n\r\n"));
	assert_int_equal(d->phone->state, HANDSET_BROKEN);
	desk_close(d);
}

static struct event
opened(enum proof proof)
{
	struct event e = { .kind = EV_FLOW_OPEN };

	e.u.open.flow = flow;
	e.u.open.transport = TRANSPORT_TLS;
	e.u.open.local = (struct addr){ ADDR_V4, { 127, 0, 0, 1 }, 40112 };
	e.u.open.secured.proof = proof;
	e.u.open.secured.version = STR("TLSv1.3");
	e.u.open.secured.name = STR(DOMAIN);
	return e;
}

/* It dials first, asks for the proof of a name, and says nothing but sips. */
static void
test_secure(void **state)
{
	struct desk *d = desk_open(TRANSPORT_TLS);
	struct event e = opened(PROOF_NAME);

	(void)state;
	handset_register(d->phone, d->out);
	assert_int_equal(d->out->count, 1);
	assert_int_equal(d->out->acts[0].kind, ACT_DIAL);
	assert_int_equal(d->out->acts[0].u.dial.transport, TRANSPORT_TLS);
	assert_true(str_same(d->out->acts[0].u.dial.name, STR(DOMAIN)));
	d->heard++;
	handset_hear(d->phone, &e, d->out);
	next_said(d);
	assert_int_equal(d->said->target.scheme, URI_SIPS);
	assert_true(str_same(d->said->via.transport, STR("TLS")));
	assert_true(str_same(msg_value(d->said, HEADER_CONTACT),
		STR("<sips:7789@127.0.0.1:40112;transport=tcp>")));
	assert_false(str_holds_alike(d->said->text, STR("sip:")));
	assert_true(str_same(d->phone->view.version, STR("TLSv1.3")));
	assert_true(str_same(d->phone->view.name, STR(DOMAIN)));
	desk_close(d);
}

static void
test_unproven_server_hears_nothing(void **state)
{
	struct desk *d = desk_open(TRANSPORT_TLS);
	struct event e = opened(PROOF_NONE);

	(void)state;
	handset_register(d->phone, d->out);
	handset_hear(d->phone, &e, d->out);
	assert_int_equal(d->out->count, 1); /* the dial */
	assert_int_equal(d->phone->state, HANDSET_BROKEN);
	desk_close(d);
}

/* Two answers in one piece, and one answer octet by octet. */
static void
test_stream_of_any_split(void **state)
{
	struct desk *d = desk_open(TRANSPORT_TLS);
	struct event e = opened(PROOF_NAME);
	char text[2048];
	struct buf b = buf_on(text, sizeof text);
	struct str rest;

	(void)state;
	handset_register(d->phone, d->out);
	d->heard++;
	handset_hear(d->phone, &e, d->out);
	next_said(d);
	write_response(&b, d->said, &server, 401, STR("Unauthorized"), STR("theirs"));
	buf_put(&b, STR(CHALLENGE));
	write_body(&b, STR(""));
	rest = buf_str(&b);
	for (size_t i = 0; i < rest.len; i++)
		hear(d, str_of(rest.at + i, 1));
	next_said(d);
	b = buf_on(text, sizeof text);
	write_response(&b, d->said, &server, 100, STR("Trying"), STR(""));
	write_body(&b, STR(""));
	write_response(&b, d->said, &server, 200, STR("OK"), STR("theirs"));
	write_body(&b, STR(""));
	hear(d, buf_str(&b));
	assert_int_equal(d->phone->state, HANDSET_READY);
	assert_int_equal(d->tape->count, 5);
	desk_close(d);
}

static void
test_lost_connection(void **state)
{
	struct desk *d = desk_open(TRANSPORT_TLS);
	struct event e = { .kind = EV_FLOW_FAILED };

	(void)state;
	handset_register(d->phone, d->out);
	e.u.closed.flow = flow;
	e.u.closed.reason = STR("the certificate names somebody else");
	handset_hear(d->phone, &e, d->out);
	assert_int_equal(d->phone->state, HANDSET_BROKEN);
	assert_true(str_holds_alike(handset_why(d->phone), STR("names somebody else")));
	desk_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register_with_digest),
		cmocka_unit_test(test_refused_password_ends_it),
		cmocka_unit_test(test_refusal_is_told),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_challenged_call),
		cmocka_unit_test(test_stray_answer),
		cmocka_unit_test(test_called),
		cmocka_unit_test(test_called_hangs_up),
		cmocka_unit_test(test_others_are_refused),
		cmocka_unit_test(test_secure),
		cmocka_unit_test(test_unproven_server_hears_nothing),
		cmocka_unit_test(test_stream_of_any_split),
		cmocka_unit_test(test_lost_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
