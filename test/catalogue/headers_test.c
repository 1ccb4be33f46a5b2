/* SPDX-License-Identifier: Apache-2.0 */
/* Start lines and header fields, as they are read: rows 19 to 32. */
#include "catalogue/kit.h"

/* A run of COUNT letters that ends with LAST; a view that lives until the next call but three. */
static const char *
letters(size_t count, char last)
{
	static char texts[4][20000];
	static unsigned turn;
	char *text = texts[turn++ % 4];

	assert_true(count < sizeof texts[0]);
	memset(text, 'a', count);
	if (count > 0)
		text[count - 1] = last;
	text[count] = '\0';
	return text;
}

static void
say(const char *method, const char *via, const char *tag, const char *call_id, unsigned cseq)
{
	phone_say(&caller,
		"%s sip:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s%s\r\nFrom: <sip:a@example.net>;tag=%s\r\n"
		"To: <sip:example.com>\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n",
		method, transport_name(caller.transport).at, caller.host, via, tag, call_id, cseq,
		method);
}

/* The next answer, which must repeat PART. */
static void
expect_echo(unsigned status, const char *part)
{
	struct str bytes = kit_next();
	char start[16];

	snprintf(start, sizeof start, "SIP/2.0 %u ", status);
	if (!str_begins(bytes, str_cstr(start)))
		fail_msg("instead of %s%s:\n%.*s", start, part, (int)bytes.len, bytes.at);
	assert_non_null(memmem(bytes.at, bytes.len, part, strlen(part)));
}

/* Two requests whose tokens differ in their last octet alone are two, and each is repeated
 * whole. */
static void
tokens_of_any_length_are_kept_whole(void **state)
{
	static const size_t counts[] = { 1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 500 };
	unsigned cseq = 10;
	char via[600];

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t i = 0; i < COUNT_OF(counts); i++) {
			for (char last = 'b'; last <= 'c'; last++) {
				const char *token = letters(counts[i], last);

				snprintf(via, sizeof via, ";branch=z9hG4bK%s;rport", token);
				say("OPTIONS", via, "t", "same", ++cseq);
				expect_echo(200, via);
				say(token, ";branch=z9hG4bKm;rport", "t", token, 1);
				expect_echo(501, token);
				/* RFC 2543: no branch. */
				say("OPTIONS", ";rport", token, "same", 1);
				expect_echo(200, token);
				say("OPTIONS", ";rport", "t", token, 1);
				expect_echo(200, token);
				kit_forget();
			}
		}
		say("OPTIONS", ";branch=z9hG4bK0;rport", "", "x", 1);
		assert_int_equal(kit_status(), 400);
		say("OPTIONS", ";branch=z9hG4bK1;rport", "t", "", 1);
		assert_int_equal(kit_status(), 400);
		kit_good();
		kit_empty();
	}
}

/* A call whose From, To and Contact are as long as COUNT octets each.
 * Returns the first status, or what came behind a 100 at once. */
static unsigned
call_with(size_t from, size_t to, size_t call_id, size_t contact)
{
	static unsigned number;
	char head[64];
	unsigned status, refused;
	static struct msg msg;
	struct fault fault;
	struct str answer;

	kit_open(TRANSPORT_TCP);
	snprintf(head, sizeof head, "%u", number++);
	phone_say(&caller,
		"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-l%s\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:f@a>;tag=1;x=%s\r\nTo: <sip:5000@example.com>;x=%s\r\n"
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:%s@h>\r\nContent-Length: 0\r\n\r\n",
		head, letters(from - 18, 'f'), letters(to - 25, 't'), letters(call_id, 'i'),
		letters(contact - 6, 'c'));
	status = kit_status();
	if (status != 100)
		return status;
	refused = kit_status();
	if (refused != 0)
		return refused;
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 200, NULL, SDP("callee", "sendrecv"));
	answer = kit_next();
	assert_true(str_begins(answer, STR("SIP/2.0 200 ")));
	assert_true(msg_parse(&msg, answer, true, &fault));
	/* What it was told comes back: the caller hangs up. */
	phone_say(&caller,
		"BYE sip:5000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK-b%s\r\n"
		"From: <sip:f@a>;tag=1\r\nTo: %.*s\r\nCall-ID: %.*s\r\nCSeq: 2 BYE\r\n"
		"Content-Length: 0\r\n\r\n",
		head, (int)msg.to.text.len, msg.to.text.at, (int)msg.call_id.len, msg.call_id.at);
	assert_int_equal(kit_status(), 200);
	return status;
}

static void
texts_at_their_limits_fit(void **state)
{
	static const int around[] = { -1, 0, 1 };
	enum { FEW = 100 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(around); i++) {
		unsigned due = around[i] > 0 ? 400 : 100;
		size_t name = NAME_ADDR_BYTES_MAX + (size_t)around[i];
		size_t call_id = CALL_ID_BYTES_MAX + (size_t)around[i];
		size_t uri = URI_BYTES_MAX + (size_t)around[i];

		assert_int_equal(call_with(name, FEW, FEW, FEW), due);
		/* To gets our tag, and comes back with it. */
		assert_int_equal(call_with(FEW, name - TAG_ROOM_BYTES, FEW, FEW), due);
		assert_int_equal(call_with(FEW, FEW, call_id, FEW), due);
		assert_int_equal(call_with(FEW, FEW, FEW, uri), around[i] > 0 ? 513 : 100);
	}
	assert_int_equal(call_with(NAME_ADDR_BYTES_MAX, NAME_ADDR_BYTES_MAX - TAG_ROOM_BYTES,
				 CALL_ID_BYTES_MAX, URI_BYTES_MAX),
		100);
}

static void
what_stands_once_stands_once(void **state)
{
	static const char *const again[] = { "From: <sip:1001@example.net>;tag=k%u\r\n",
		"f: <sip:other@example.net>;tag=z\r\n", "To: <sip:5000@example.com>\r\n",
		"t: <sip:other@example.com>\r\n", "Call-ID: k%u@kit\r\n", "i: other\r\n",
		"CSeq: 1 OPTIONS\r\n", "CSeq: 2 OPTIONS\r\n", "Max-Forwards: 70\r\n",
		"Max-Forwards: 1\r\n", "Content-Length: 0\r\n", "l: 4\r\n" };
	char line[128];

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (unsigned i = 0; i < COUNT_OF(again); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(line, sizeof line, again[i], i);
#pragma GCC diagnostic pop
			kit_say(kit_request(i, "OPTIONS", "sip:example.com", line, NULL, STR("")));
			assert_int_equal(kit_status(), 400);
			kit_good();
		}
		kit_empty();
	}
}

static void
a_parameter_stands_once(void **state)
{
	static const struct {
		const char *via, *from, *to, *contact, *route;
	} twice[] = {
		{ ";branch=z9hG4bK-a;branch=z9hG4bK-b", "", "", "", "" },
		{ ";branch=z9hG4bK-c;x=1;X=2", "", "", "", "" },
		{ ";branch=z9hG4bK-d", ";tag=b", "", "", "" },
		{ ";branch=z9hG4bK-e", ";TAG=a", "", "", "" },
		{ ";branch=z9hG4bK-f", "", ";x;x", "", "" },
		{ ";branch=z9hG4bK-g", "", "", ";q=1;q=0", "" },
		{ ";branch=z9hG4bK-h", "", "", "", ";x=1;y;x=1" },
	};

	(void)state;
	kit_open(TRANSPORT_UDP);
	for (size_t i = 0; i < COUNT_OF(twice); i++) {
		unsigned status;

		phone_say(&caller,
			"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;rport%s\r\n"
			"From: <sip:a@example.net>;tag=a%s\r\nTo: <sip:5000@example.com>%s\r\n"
			"Call-ID: x%zu\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.10>%s\r\n"
			"Route: <sip:192.0.2.1;lr>%s\r\nContent-Length: 0\r\n\r\n",
			twice[i].via, twice[i].from, twice[i].to, i, twice[i].contact,
			twice[i].route);
		status = kit_status();
		assert_int_equal(status, i < 2 ? 0 : 400);
	}
	assert_int_equal(stage_counts(&kit).calls, 0);
	kit_good();
	kit_empty();
}

/* ---- what was read is there ---- */

static bool
is_within(struct str part, struct str whole)
{
	return !str_is_none(part) && part.at >= whole.at &&
		part.at + part.len <= whole.at + whole.len;
}

static void
expect_all_there(const struct msg *msg, struct str text)
{
	assert_true(msg->via_count > 0);
	assert_true(is_within(msg->via.text, text) && msg->via.host.len > 0);
	assert_true(is_within(msg->via.transport, text) && msg->via.transport.len > 0);
	assert_true(is_within(msg->from.text, text) && msg->from.uri.text.len > 0);
	assert_true(is_within(msg->to.text, text) && msg->to.uri.text.len > 0);
	assert_true(is_within(msg->call_id, text) && msg->call_id.len > 0);
	assert_true(is_within(msg->method_text, text) && msg->method_text.len > 0);
	assert_true(is_within(msg->cseq_method_text, text));
	assert_true(!msg->is_request || is_within(msg->target_text, text));
	assert_true(msg->is_request || (msg->status >= 100 && msg->status <= 699));
	assert_true(msg->body.len == 0 || is_within(msg->body, text));
}

/* Every octet of a good message is left out, doubled, and exchanged for others. */
static void
what_was_read_is_there(void **state)
{
	static const char odd[] = "\0\t\r\n \"%,;:<>=@[\\]?*0aZ\x80\xff";
	static struct msg msg;
	struct str good;
	unsigned read = 0;

	(void)state;
	kit_open(TRANSPORT_UDP);
	good = kit_request(
		1, "OPTIONS", "sip:a@example.com:5060;x=y", "Subject: a \"b\"\r\n", NULL, STR(""));
	for (size_t at = 0; at < good.len; at++) {
		for (size_t i = 0; i < sizeof odd + 1; i++) {
			struct str text = kit_exact(good);
			char *octets = (char *)(uintptr_t)text.at;
			struct fault fault;

			if (i < sizeof odd - 1) {
				octets[at] = odd[i];
			} else {
				memmove(octets + at, octets + at + 1, good.len - at - 1);
				text.len--;
			}
			if (msg_parse(&msg, text, false, &fault)) {
				expect_all_there(&msg, text);
				read++;
			}
			kit_free(text);
		}
	}
	assert_true(read > 1000);
	for (unsigned i = 0; i < 6; i++) {
		static const char *const must[] = {
			"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "OPTIONS "
		};
		struct str text = kit_exact(good);
		char *line = memmem(text.at, text.len, must[i], strlen(must[i]));

		*line = 'Y';
		kit_say(text);
		assert_int_equal(kit_status(), i == 0 ? 0 : 400);
		kit_free(text);
	}
	kit_empty();
}

/* ---- names and counts ---- */

static void
names_of_any_length_are_names(void **state)
{
	char line[20000];

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t len = 1; len < HEAD_BYTES_MAX - 400; len += len < 300 ? 1 : 3001) {
			snprintf(line, sizeof line, "%s: v\r\n", letters(len, 'z'));
			kit_say(kit_request(
				(unsigned)len, "OPTIONS", "sip:example.com", line, NULL, STR("")));
			assert_int_equal(kit_status(), 200);
			kit_forget();
			stage_pass_ms(&kit, 64 * STAGE_T1_MS);
		}
		snprintf(line, sizeof line, "%s: v\r\n", letters(HEAD_BYTES_MAX, 'z'));
		kit_say(kit_request(9, "OPTIONS", "sip:example.com", line, NULL, STR("")));
		assert_int_equal(kit_status(), 513);
		kit_good();
		kit_empty();
	}
}

/* COUNT lines, each as LINE with its number. */
static const char *
lines(const char *line, unsigned count)
{
	static char text[32 * 1024];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u>\r\n", line, i);
	assert_true(len < sizeof text - 1);
	return text;
}

static void
lists_of_any_length_are_counted(void **state)
{
	static const struct {
		const char *line;
		unsigned most;
	} lists[] = {
		{ "Accept: a/b;x=<", 240 },
		{ "Allow: <", 240 },
		{ "Supported: <", 240 },
		{ "Record-Route: <sip:r;lr;n=", ROUTE_MAX },
		{ "Route: <sip:192.0.2.1;lr;n=", ROUTE_MAX },
		{ "History-Info: <sip:h;n=", 240 },
		{ "Warning: 399 a \"<", 240 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const unsigned counts[] = { 0, 1, lists[i].most - 1, lists[i].most,
			lists[i].most + 1, 245, 300 };

		kit_open(TRANSPORT_TCP);
		for (unsigned c = 0; c < COUNT_OF(counts); c++) {
			unsigned due = counts[c] <= lists[i].most ? 200
				: counts[c] == 300                ? 513
				: lists[i].most == ROUTE_MAX      ? 400
								  : 200;

			kit_say(kit_request(c, "OPTIONS", "sip:example.com",
				lines(lists[i].line, counts[c]), NULL, STR("")));
			assert_int_equal(kit_status(), due);
		}
		kit_good();
		kit_empty();
	}
}

/* The same of an answer to us: one with too many routes is no answer. */
static void
lists_in_answers_are_counted(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		kit_open(TRANSPORT_UDP);
		kit_say(kit_invite(1, NULL));
		assert_int_equal(kit_status(), 100);
		phone_hear(&callee, "INVITE ");
		phone_answer(&callee, 180, lines("Record-Route: <sip:r;lr;n=", 200), NULL);
		assert_int_equal(stage_counts(&kit).faults_total, 1);
		assert_int_equal(kit_status(), 0);
		phone_answer(&callee, 200,
			lines("Record-Route: <sip:192.0.2.50:5070;lr;n=", ROUTE_MAX + more),
			SDP("callee", "sendrecv"));
		assert_int_equal(stage_counts(&kit).faults_total, 1 + more);
		assert_int_equal(kit_status(), more > 0 ? 0 : 200);
		if (more == 0)
			phone_hear(&callee, "ACK ");
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_forget();
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_empty();
	}
}

static void
a_request_uri_has_a_longest(void **state)
{
	char uri[20000];

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (unsigned len = 17; len<16000; len += len> 1100 ? 2999 : len > 1000 ? 1 : 97) {
			unsigned due = len > URI_BYTES_MAX ? 414 : 404;

			snprintf(uri, sizeof uri, "sip:%s@example.com", letters(len - 16, 'n'));
			assert_int_equal(strlen(uri), len);
			kit_say(kit_request(len, "OPTIONS", uri, NULL, NULL, STR("")));
			assert_int_equal(kit_status(), len > 15000 ? 414 : due);
		}
		kit_good();
		kit_empty();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(19, "tokens of any length are kept whole", tokens_of_any_length_are_kept_whole),
		CVE(20, "texts at their limits fit", texts_at_their_limits_fit),
		CVE(21, "what stands once stands once", what_stands_once_stands_once),
		CVE(22, "a parameter stands once", a_parameter_stands_once),
		CVE(23, "what was read is there", what_was_read_is_there),
		CVE(28, "names of any length are names", names_of_any_length_are_names),
		CVE(30, "lists of any length are counted", lists_of_any_length_are_counted),
		CVE(31, "lists in answers are counted", lists_in_answers_are_counted),
		CVE(32, "a Request-URI has a longest", a_request_uri_has_a_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
