/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what, and who only says that he is somebody: rows 61 to 71. */
#include "catalogue/kit.h"

#include "gate/digest.h"

#define PASSWORD "secret"

/* The parts of credentials, each as it is written. */
enum part { USER, REALM, NONCE, URI, RESPONSE, ALGORITHM, QOP, NC, CNONCE, PARTS };

struct credentials {
	char parts[PARTS][256];
};

/* What answers the challenge that the caller heard last. */
static struct credentials
answer(const char *method, const char *uri, unsigned nc)
{
	struct credentials c;
	struct hashers hashers;
	struct cred asked;
	char hex[HASH_HEX_MAX], count[16];
	struct digest_input in = { .username = STR("5002"),
		.password = STR(PASSWORD),
		.method = str_cstr(method),
		.uri = str_cstr(uri),
		.cnonce = STR("abc"),
		.qop = STR("auth") };
	struct str response;

	assert_true(cred_parse(&asked, msg_value(&caller.heard.msg, HEADER_WWW_AUTHENTICATE)));
	snprintf(count, sizeof count, "%08x", nc);
	in.algorithm = asked.algorithm;
	in.realm = asked.realm;
	in.nonce = asked.nonce;
	in.nc = str_cstr(count);
	assert_true(hashers_open(&hashers));
	response = digest_response(&hashers, &in, hex);
	snprintf(c.parts[USER], 256, "username=\"5002\"");
	snprintf(c.parts[REALM], 256, "realm=\"%.*s\"", (int)asked.realm.len, asked.realm.at);
	snprintf(c.parts[NONCE], 256, "nonce=\"%.*s\"", (int)asked.nonce.len, asked.nonce.at);
	snprintf(c.parts[URI], 256, "uri=\"%s\"", uri);
	snprintf(c.parts[RESPONSE], 256, "response=\"%.*s\"", (int)response.len, response.at);
	snprintf(c.parts[ALGORITHM], 256, "algorithm=%s", digest_name(asked.algorithm).at);
	snprintf(c.parts[QOP], 256, "qop=auth");
	snprintf(c.parts[NC], 256, "nc=%s", count);
	snprintf(c.parts[CNONCE], 256, "cnonce=\"abc\"");
	hashers_close(&hashers);
	return c;
}

/* The header line of C, with INSTEAD in the place of part WITHOUT. */
static const char *
line_of(const struct credentials *c, int without, const char *instead)
{
	static char line[4096];
	int len = snprintf(line, sizeof line, "Authorization: Digest ");
	bool first = true;

	for (int i = 0; i < PARTS; i++) {
		const char *part = i == without ? instead : c->parts[i];

		if (part[0] == '\0')
			continue;
		len += snprintf(
			line + len, sizeof line - (size_t)len, "%s%s", first ? "" : ", ", part);
		first = false;
	}
	snprintf(line + len, sizeof line - (size_t)len, "\r\n");
	return line;
}

static void
open_asking(enum transport transport)
{
	kit_open(transport);
	caller.user = "5002";
	phone_register(&caller, 600, NULL);
	phone_hear(&caller, "SIP/2.0 401 ");
}

/* REGISTER with LINES. */
static unsigned
register_with(const char *lines)
{
	phone_register(&caller, 600, lines);
	return kit_status();
}

static void
credentials_have_all_their_parts(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct credentials good;

		open_asking(kit_transports[t]);
		good = answer("REGISTER", "sip:example.com", 1);
		for (int i = 0; i < PARTS; i++) {
			char name[64], other[600];
			struct str part = str_cstr(good.parts[i]);

			snprintf(name, sizeof name, "%.*s", (int)str_find(part, '='), part.at);
			assert_int_equal(register_with(line_of(&good, i, "")), 401);
			snprintf(other, sizeof other, "%s=\"\"", name);
			assert_int_equal(register_with(line_of(&good, i, other)), 401);
			snprintf(other, sizeof other, "%s=", name);
			assert_int_equal(register_with(line_of(&good, i, other)), 401);
			snprintf(other, sizeof other, "%s=\"", name);
			assert_int_equal(register_with(line_of(&good, i, other)), 401);
			snprintf(other, sizeof other, "%s, %s", good.parts[i], good.parts[i]);
			assert_int_equal(register_with(line_of(&good, i, other)), 401);
			snprintf(other, sizeof other, "%s=\"x\", %s", name, good.parts[i]);
			assert_int_equal(register_with(line_of(&good, i, other)), 401);
			kit_forget();
		}
		assert_int_equal(stage_counts(&kit).bindings, 0);
		assert_int_equal(register_with(line_of(&good, -1, "")), 200);
		kit_empty();
	}
}

static void
credentials_that_cannot_be_read_are_none(void **state)
{
	static const char *const odd[] = { "", "Digest", "Digest ", "Digest ,",
		"Digest =", "Digest x", "Digest x=", "Digest x=\"", "Digest \"x\"=y", "Basic x",
		"Basic NTAwMjpzZWNyZXQ=", "Bearer x", ",", "\"", "\x80" };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct credentials good;
		char many[16000], line[600];
		size_t len = 0;

		open_asking(kit_transports[t]);
		good = answer("REGISTER", "sip:example.com", 1);
		for (size_t i = 0; i < COUNT_OF(odd); i++) {
			snprintf(line, sizeof line, "Authorization: %s\r\n", odd[i]);
			assert_int_equal(register_with(line), 401);
			snprintf(line, sizeof line, "%s, x", good.parts[CNONCE]);
			assert_int_equal(register_with(line_of(&good, CNONCE, line)), 401);
			kit_forget();
		}
		for (unsigned i = 0; i < 100; i++)
			len += (size_t)snprintf(many + len, sizeof many - len,
				"Authorization: %s\r\n", odd[i % COUNT_OF(odd)]);
		kit_forget();
		phone_say(&caller,
			"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-m;rport\r\n"
			"From: <sip:5002@example.com>;tag=1\r\nTo: <sip:5002@example.com>\r\nCall-ID: m\r\n"
			"CSeq: 1 REGISTER\r\nContact: <sip:5002@192.0.2.10>\r\n%s%sContent-Length: 0\r\n\r\n",
			transport_name(caller.transport).at, caller.host, many,
			line_of(&good, -1, ""));
		assert_int_equal(kit_status(), 200);
		kit_empty();
	}
}

/* ---- challenges to us, and credentials that are not for us ---- */

static const char *const challenge_lines =
	"WWW-Authenticate: Digest realm=\"elsewhere\", nonce=\"n\"\r\n"
	"Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n\", stale=true\r\n";

static void
credentials_go_no_further(void **state)
{
	static const struct stage_dn dns[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	};
	static const struct stage_options nobody_asked = { .dns = dns, .dn_count = 1 };
	static const unsigned statuses[] = { 401, 407 };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t i = 0; i < COUNT_OF(statuses); i++) {
			unsigned status;

			kit_open_with(kit_transports[t], &nobody_asked);
			kit_say(kit_invite(1,
				"Authorization: Digest username=\"a\", response=\"b\"\r\n"
				"Proxy-Authorization: Digest username=\"a\", response=\"b\"\r\n"));
			assert_int_equal(kit_status(), 100);
			phone_hear(&callee, "INVITE ");
			assert_false(phone_heard(&callee, "uthorization"));
			phone_answer(&callee, statuses[i], challenge_lines, NULL);
			phone_hear(&callee, "ACK ");
			status = kit_status();
			assert_true(status >= 400 && status != 401 && status != 407);
			assert_false(kit_sent("elsewhere"));
			assert_false(kit_sent("Authenticate"));
			kit_empty();
			/* In a call that is up: a re-INVITE and a BYE that are challenged. */
			kit_open_with(kit_transports[t], &nobody_asked);
			phones_talk(&caller, &callee, "5000");
			phone_request(&caller, "INVITE",
				"Authorization: Digest username=\"a\", response=\"b\"\r\n",
				SDP("again", "sendonly"));
			phone_hear(&callee, "INVITE ");
			assert_false(phone_heard(&callee, "uthorization"));
			phone_answer(&callee, statuses[i], challenge_lines, NULL);
			phone_hear(&callee, "ACK ");
			status = kit_status();
			assert_true(status >= 400 && status != 401 && status != 407);
			phone_ack_refusal(&caller);
			phone_request(&caller, "BYE", NULL, NULL);
			phone_hear(&caller, "SIP/2.0 200 ");
			phone_hear(&callee, "BYE ");
			phone_reply(&callee, statuses[i], challenge_lines, NULL);
			expect_quiet(&kit);
			assert_false(kit_sent("elsewhere"));
			kit_empty();
		}
	}
}

static void
who_always_challenges_is_asked_once(void **state)
{
	unsigned invites = 0;

	(void)state;
	kit_open(TRANSPORT_UDP);
	kit_say(kit_invite(1, NULL));
	assert_int_equal(kit_status(), 100);
	for (unsigned i = 0; i < 10 && stage_counts(&kit).legs > 1; i++) {
		phone_hear(&callee, "INVITE ");
		invites++;
		phone_answer(&callee, 401, challenge_lines, NULL);
		phone_hear(&callee, "ACK ");
	}
	assert_int_equal(invites, 1);
	kit_empty();
}

/* ---- replays ---- */

static unsigned
invite_with(const char *uri, const char *lines)
{
	unsigned status;

	phone_ask(&caller, "INVITE", uri, lines, NULL);
	status = kit_status();
	if (status != 100)
		return status;
	while (stage_take(&kit, TRANSPORT_UDP, &callee.at) != NULL)
		continue;
	return status;
}

static void
credentials_are_for_one_request(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct credentials c;

		/* Those of a REGISTER do not make a call, nor the other way round. */
		open_asking(kit_transports[t]);
		c = answer("REGISTER", "sip:example.com", 1);
		assert_int_equal(invite_with("sip:5000@example.com", line_of(&c, -1, "")), 401);
		c = answer("INVITE", "sip:5000@example.com", 1);
		assert_int_equal(register_with(line_of(&c, -1, "")), 401);
		/* Nor those of another Request-URI. */
		c = answer("INVITE", "sip:5000@elsewhere.example", 1);
		assert_int_equal(invite_with("sip:5000@example.com", line_of(&c, -1, "")), 400);
		c = answer("INVITE", "sip:5000@example.com", 1);
		assert_int_equal(invite_with("sip:5000@example.com", line_of(&c, -1, "")), 100);
		kit_forget();
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_forget();
		kit_empty();
	}
}

static void
a_nonce_is_ours_and_counts_up(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct credentials c, again;
		char other[256];
		struct str nonce;

		open_asking(kit_transports[t]);
		c = answer("REGISTER", "sip:example.com", 5);
		/* One digit of it is another: the response is right for it all the same. */
		nonce = msg_value(&caller.heard.msg, HEADER_WWW_AUTHENTICATE);
		for (size_t i = 0; i + 8 < nonce.len; i++) {
			char *digit = (char *)(uintptr_t)(nonce.at + i);

			if (!str_begins(str_from(nonce, i), STR("nonce=\"")))
				continue;
			digit[7 + 20] = digit[7 + 20] == '0' ? '1' : '0';
			again = answer("REGISTER", "sip:example.com", 5);
			assert_int_equal(register_with(line_of(&again, -1, "")), 401);
			digit[7 + 20] = c.parts[NONCE][7 + 20];
		}
		snprintf(other, sizeof other, "nonce=\"0123\"");
		assert_int_equal(register_with(line_of(&c, NONCE, other)), 401);
		assert_int_equal(register_with(line_of(&c, -1, "")), 200);
		assert_int_equal(register_with(line_of(&c, -1, "")), 401);
		again = answer("REGISTER", "sip:example.com", 4);
		assert_int_equal(register_with(line_of(&again, -1, "")), 401);
		again = answer("REGISTER", "sip:example.com", 6);
		assert_int_equal(register_with(line_of(&again, -1, "")), 200);
		stage_pass_ms(&kit, (NONCE_LIFE_S + 2) * 1000);
		kit_forget();
		again = answer("REGISTER", "sip:example.com", 7);
		assert_int_equal(register_with(line_of(&again, -1, "")), 401);
		kit_empty();
	}
}

/* ---- methods ---- */

/* Outside of dialogs nothing but INVITE, OPTIONS and REGISTER does anything, whoever says it. */
static void
every_method_has_its_gate(void **state)
{
	static const struct {
		const char *method;
		unsigned status;
	} rows[] = { { "ACK", 0 }, { "BYE", 481 }, { "CANCEL", 481 }, { "INFO", 481 },
		{ "INVITE", 401 }, { "MESSAGE", 405 }, { "NOTIFY", 481 }, { "OPTIONS", 200 },
		{ "PRACK", 481 }, { "PUBLISH", 405 }, { "REFER", 603 }, { "REGISTER", 401 },
		{ "SUBSCRIBE", 405 }, { "UPDATE", 481 }, { "FOO", 501 }, { "invite", 501 },
		{ "api", 501 } };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (unsigned i = 0; i < COUNT_OF(rows); i++) {
			phone_say(&caller,
				"%s sip:5000@example.com SIP/2.0\r\n"
				"Via: SIP/2.0/%s %s;branch=z9hG4bK-%u;rport\r\n"
				"From: <sip:5002@example.com>;tag=1\r\nTo: <sip:5002@example.com>\r\n"
				"Call-ID: %u\r\n"
				"CSeq: 1 %s\r\nContact: <sip:5002@192.0.2.10>\r\nContent-Length: 0\r\n\r\n",
				rows[i].method, transport_name(caller.transport).at, caller.host, i,
				i, rows[i].method);
			assert_int_equal(kit_status(), rows[i].status);
			assert_null(stage_take(&kit, TRANSPORT_UDP, &callee.at));
		}
		assert_int_equal(stage_counts(&kit).calls, 0);
		assert_int_equal(stage_counts(&kit).bindings, 0);
		kit_good();
		kit_empty();
	}
}

/* ---- trunks ---- */

static const struct stage_dn trunk_dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "east", .contact = "sip:192.0.2.90", .type = DN_TRUNK, .prefix = "9" },
	{ .number = "west", .contact = "sip:west.example.net", .type = DN_TRUNK, .prefix = "8" },
};

static const struct stage_options trunk_options = {
	.dns = trunk_dns, .dn_count = COUNT_OF(trunk_dns), .strangers = STRANGERS_NONE
};

static unsigned
call_from(const char *ip, const char *from)
{
	struct addr at = stage_addr(ip, 5060);
	const struct stage_sent *sent;
	char text[1024];
	static unsigned number;
	uint64_t status = 0;

	snprintf(text, sizeof text,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-t%u;rport\r\n"
		"From: <%s>;tag=1\r\nTo: <sip:5000@example.com>\r\nCall-ID: t%u\r\nCSeq: 1 INVITE\r\n"
		"Contact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
		ip, number, from, number, ip);
	number++;
	stage_datagram(&kit, &at, str_cstr(text));
	sent = stage_take(&kit, TRANSPORT_UDP, &at);
	assert_non_null(sent);
	assert_true(str_number(str_upto(str_from(sent->bytes, 8), 3), 699, &status));
	return (unsigned)status;
}

static void
a_trunk_is_where_it_is(void **state)
{
	static const char *const names[] = { "sip:east@example.com", "sip:east@192.0.2.90",
		"sip:5000@example.com", "sip:192.0.2.90", "sip:west@example.com",
		"sip:x@west.example.net" };

	(void)state;
	kit_open_with(TRANSPORT_UDP, &trunk_options);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(call_from("192.0.2.66", names[i]), 403);
	assert_int_equal(call_from("192.0.2.90", "sip:anybody@example.net"), 100);
	kit_forget();
	stage_pass_ms(&kit, 2 * RING_MS);
	kit_forget();
	kit_empty();
}

/* A trunk whose name has no address (yet, or any more) is nobody, not everybody. */
static void
no_address_is_not_any_address(void **state)
{
	(void)state;
	kit_open_with(TRANSPORT_UDP, &trunk_options);
	stage_tick(&kit);
	assert_true(kit.resolves > 0);
	assert_int_equal(call_from("192.0.2.66", "sip:x@west.example.net"), 403);
	kit.names_wait = true;
	assert_int_equal(call_from("192.0.2.67", "sip:x@west.example.net"), 403);
	kit_empty();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(61, "credentials have all their parts", credentials_have_all_their_parts),
		CVE(62, "credentials that cannot be read are none",
			credentials_that_cannot_be_read_are_none),
		CVE(63, "credentials go no further", credentials_go_no_further),
		CVE(64, "who always challenges is asked once", who_always_challenges_is_asked_once),
		CVE(65, "credentials are for one request", credentials_are_for_one_request),
		CVE(66, "a nonce is ours and counts up", a_nonce_is_ours_and_counts_up),
		CVE(67, "every method has its gate", every_method_has_its_gate),
		CVE(69, "a trunk is where it is", a_trunk_is_where_it_is),
		CVE(71, "no address is not any address", no_address_is_not_any_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
