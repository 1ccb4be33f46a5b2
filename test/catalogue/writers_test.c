/* SPDX-License-Identifier: Apache-2.0 */
/* What is written, and what of it was a peer's: rows 24 to 29, 38 and 74. */
#include "catalogue/kit.h"

#include <dirent.h>

#include "sip/header.h"
#include "sip/write.h"

/* ---- writers in places of every size ---- */

enum writer { WRITE_URI, WRITE_RESPONSE, WRITE_HEADERS, WRITE_REQUEST, WRITERS };

static struct msg asked;

static void
write_all_headers(struct buf *b)
{
	for (enum header_id id = 1; id < HEADER_IDS; id++) {
		write_header(b, id, STR("value"));
		write_copy(b, &asked, id);
	}
	write_named(b, STR("X-Name"), STR("a\r\n b"));
	write_number(b, HEADER_EXPIRES, UINT64_MAX);
}

static void
write_one(struct buf *b, enum writer writer)
{
	struct uri_parts parts = { .scheme = URI_SIPS,
		.user = STR("user"),
		.host = STR("[2001:db8::1]"),
		.port = 65535,
		.params = STR(";lr") };
	struct addr from = stage_addr("2001:db8::1", 65535);

	switch (writer) {
	case WRITE_URI: uri_write(b, &parts); break;
	case WRITE_RESPONSE:
		write_response(b, &asked, &from, 699, STR("Reason"), STR("tag"));
		write_body(b, STR("body"));
		break;
	case WRITE_HEADERS: write_all_headers(b); break;
	case WRITE_REQUEST:
		write_request_line(b, STR("OPTIONS"), STR("sip:a@b"));
		buf_quoted(b, STR("\"\\\x80"), 3);
		buf_hex(b, "ab", 2);
		uri_write_canonical_user(b, STR("%41%00%3b"));
		break;
	case WRITERS: break;
	}
}

/* Into a piece of the heap of just SIZE octets. Ends: how much was written, if it fitted. */
static bool
fits(enum writer writer, size_t size, size_t *used)
{
	struct str place = kit_exact(str_of("", 0));
	char *at;
	struct buf b;

	kit_free(place);
	at = malloc(size > 0 ? size : 1);
	assert_non_null(at);
	b = buf_on(at, size);
	write_one(&b, writer);
	*used = buf_str(&b).len;
	free(at);
	return buf_ok(&b);
}

static void
read_asked(void)
{
	static char kept[2048];
	struct fault fault;
	struct str text;

	kit_open(TRANSPORT_UDP);
	text = kit_request(1, "OPTIONS", "sip:example.com",
		"Via: SIP/2.0/TCP h;x=\"y\"\r\nSubject: a\r\n b\r\nSupported: c,d\r\n", NULL,
		STR(""));
	memcpy(kept, text.at, text.len);
	assert_true(msg_parse(&asked, str_of(kept, text.len), false, &fault));
	kit_close();
}

/* In every place that is too small it fails. Ends: how long it is. */
static size_t
judge_writer(enum writer writer)
{
	size_t used = 0, whole, size;

	read_asked();
	assert_true(fits(writer, 16 * 1024, &whole));
	for (size = 0; size < whole; size++)
		assert_false(fits(writer, size, &used));
	assert_true(fits(writer, whole, &used));
	assert_int_equal(used, whole);
	return whole;
}

static void
writers_end_where_their_place_ends(void **state)
{
	(void)state;
	judge_writer(WRITE_URI);
	judge_writer(WRITE_REQUEST);
}

static void
lines_end_where_their_place_ends(void **state)
{
	(void)state;
	judge_writer(WRITE_HEADERS);
	judge_writer(WRITE_RESPONSE);
}

static void
a_failure_is_no_length(void **state)
{
	(void)state;
	for (enum writer writer = 0; writer < WRITERS; writer++) {
		size_t whole = judge_writer(writer), used = 1;

		for (size_t size = 0; size < whole; size++) {
			(void)fits(writer, size, &used);
			assert_int_equal(used, 0);
		}
	}
}

/* What is written of a peer's text is never longer than it says that it may be. */
static void
what_grows_was_counted(void **state)
{
	char text[URI_BYTES_MAX], out[4 * URI_BYTES_MAX];
	struct buf b;

	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		static const char hex[] = "0123456789abcdef";

		for (size_t i = 0; i + 3 <= sizeof text; i += 3) {
			text[i] = '%';
			text[i + 1] = hex[octet >> 4];
			text[i + 2] = hex[octet & 15];
		}
		b = buf_on(out, sizeof text);
		uri_write_canonical_user(&b, str_of(text, sizeof text - 1));
		assert_true(buf_ok(&b));
		memset(text, (int)octet, sizeof text);
		b = buf_on(out, sizeof out);
		buf_quoted(&b, str_of(text, sizeof text), sizeof text);
		assert_true(buf_ok(&b));
	}
	/* And a line of the log comes, whatever stands in it. */
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		char uri[URI_BYTES_MAX + 1];

		kit_open(kit_transports[t]);
		memset(uri, '\'', sizeof uri - 1);
		memcpy(uri, "sip:", 4);
		memcpy(uri + sizeof uri - 13, "@example.org", 13);
		phone_say(&caller,
			"OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-l;rport\r\n"
			"From: <%s>;tag=1\r\nTo: <%s>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
			"Require: x\r\nContent-Length: 0\r\n\r\n",
			uri, transport_name(caller.transport).at, caller.host, uri, uri);
		assert_int_equal(kit_status(), 420);
		assert_true(stage_noted(&kit, "refused with 420"));
		kit_empty();
	}
}

/* ---- responses to whatever came ---- */

static unsigned
count_lines(struct str text, const char *name)
{
	unsigned count = 0;
	char *line = memmem(text.at, text.len, name, strlen(name));

	while (line != NULL) {
		size_t at = (size_t)(line - text.at) + strlen(name);

		count++;
		line = memmem(text.at + at, text.len - at, name, strlen(name));
	}
	return count;
}

/* The response has what the request had, once, and is whole. */
static void
judge_response(const struct msg *request, struct str text)
{
	static const struct {
		const char *name;
		enum header_id id;
	} lines[] = { { "\r\nFrom: ", HEADER_FROM }, { "\r\nTo: ", HEADER_TO },
		{ "\r\nCall-ID: ", HEADER_CALL_ID }, { "\r\nCSeq: ", HEADER_CSEQ } };

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_int_equal(
			count_lines(text, lines[i].name), msg_header(request, lines[i].id) != NULL);
	assert_int_equal(count_lines(text, "\r\nVia: "), request->via_count);
	assert_int_equal(count_lines(text, "\r\n\r\n"), 1);
	assert_true(str_ends(text, STR("Content-Length: 0\r\n\r\n")));
	for (size_t i = 0; i < text.len; i++)
		assert_true(text.at[i] != '\n' || (i > 0 && text.at[i - 1] == '\r'));
}

static void
respond_to(struct str text)
{
	static const unsigned statuses[] = { 400, 404, 413, 420, 481, 503, 699 };
	static char room[WRITE_BYTES_MAX + 64 * 1024];
	static struct msg msg;
	struct addr from = stage_addr("192.0.2.10", 5060);
	struct fault fault;

	(void)msg_parse(&msg, text, false, &fault);
	if (!msg_may_answer(&msg))
		return;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		struct buf b = buf_on(room, sizeof room);

		write_response(&b, &msg, &from, statuses[i], STR("Reason"), STR("tag"));
		write_body(&b, STR(""));
		assert_true(buf_ok(&b));
		judge_response(&msg, buf_str(&b));
	}
}

static struct str
read_file(const char *name)
{
	static char octets[256 * 1024];
	char path[512];
	FILE *file;
	size_t len;

	snprintf(path, sizeof path, "test/torture/messages/%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(octets, 1, sizeof octets, file);
	fclose(file);
	return kit_exact(str_of(octets, len));
}

static void
any_request_can_be_answered(void **state)
{
	DIR *folder = opendir("test/torture/messages");
	const struct dirent *entry;
	unsigned files = 0;

	(void)state;
	assert_non_null(folder);
	for (; (entry = readdir(folder)) != NULL; files++) {
		struct str text;

		if (entry->d_name[0] == '.')
			continue;
		text = read_file(entry->d_name);
		respond_to(text);
		/* And what is left of it without its second half. */
		respond_to(str_upto(text, text.len / 2));
		kit_free(text);
	}
	assert_true(files > 60);
	closedir(folder);
}

/* ---- a Contact becomes a Request-URI ---- */

static void
a_contact_is_taken_apart_and_put_together(void **state)
{
	static const struct {
		const char *contact, *uri;
	} rows[] = {
		{ "sip:5001@192.0.2.50", "sip:5001@192.0.2.50" },
		{ "sip:192.0.2.50:5070", "sip:192.0.2.50:5070" },
		{ "sip:a%40b;c@192.0.2.50:5070;x=y;z", "sip:a%40b;c@192.0.2.50:5070;x=y;z" },
		{ "sip:a@192.0.2.50;transport=udp", "sip:a@192.0.2.50" },
		{ "sip:a@192.0.2.50;method=BYE;x", "sip:a@192.0.2.50;x" },
		{ "sip:a@192.0.2.50?Route=%3Csip:192.0.2.66%3E", "sip:a@192.0.2.50" },
		{ "sip:a@192.0.2.50;x=1?Route=%3Csip:192.0.2.66%3E&y=", "sip:a@192.0.2.50;x=1" },
		{ "sip:a:pw@[2001:db8::50]:5070;ob;gr=urn:x",
			"sip:a:pw@[2001:db8::50]:5070;ob;gr=urn:x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char contact[256], start[256];

		kit_open(TRANSPORT_UDP);
		callee.user = "5001";
		callee.at.port = 5071;
		snprintf(contact, sizeof contact, "Contact: <%s>\r\n", rows[i].contact);
		phone_register(&callee, 600, contact);
		phone_hear(&callee, "SIP/2.0 200 ");
		kit_say(kit_request(1, "INVITE", "sip:5001@example.com",
			"Contact: <sip:1001@192.0.2.10>\r\n", NULL, STR("")));
		assert_int_equal(kit_status(), 100);
		snprintf(start, sizeof start, "INVITE %s SIP/2.0\r\n", rows[i].uri);
		phone_hear(&callee, start);
		assert_false(phone_heard(&callee, "192.0.2.66"));
		phone_answer(&callee, 486, NULL, NULL);
		phone_hear(&callee, "ACK ");
		kit_empty();
	}
}

/* ---- nothing of a peer's breaks a line ---- */

/* Everything that leaves is looked at by the witness on the stage: no control octet, no line that
 * is none. Here is what would make one. */
static void
nothing_breaks_a_line(void **state)
{
	static const struct {
		const char *lines, *uri;
		size_t len;
	} rows[] = {
		{ "Subject: a%0d%0aX-Evil: 1\r\n", "sip:5000@example.com", 0 },
		{ "Subject: a\r\n\tX-Evil: 1\r\n", "sip:5000@example.com", 0 },
		{ "User-Agent: a\r\n X-Evil: 1\r\n", "sip:5000@example.com", 0 },
		{ "Reason: SIP;text=\"a\\\x01\"\r\n", "sip:5000@example.com", 0 },
		{ "Organization: \"a\x01\x02\"\r\n", "sip:5000@example.com", 0 },
		{ "Call-Info: <sip:a%0d%0aX-Evil:1@h>\r\n", "sip:5000@example.com", 0 },
		{ "Content-Disposition: \"\x1b[2J\"\r\n", "sip:5000@example.com", 0 },
		{ "Content-Language: \"a\\\x7f\"\r\n", "sip:5000@example.com", 0 },
		{ "", "sip:5000%0d%0aX-Evil:1@example.com", 0 },
		{ "", "sip:5000@example.com;x=%0d%0aX-Evil:1", 0 },
	};

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			char lines[1024];

			kit_open(kit_transports[t]);
			snprintf(lines, sizeof lines,
				"Contact: <sip:1001@192.0.2.10>\r\nContent-Type: application/sdp\r\n%s",
				rows[i].lines);
			kit_say(kit_request((unsigned)i, "INVITE", rows[i].uri, lines, NULL,
				str_cstr(SDP("caller", "sendrecv"))));
			while (stage_take(&kit, TRANSPORT_UDP, &callee.at) != NULL)
				continue;
			assert_false(kit_sent("\nX-Evil"));
			stage_pass_ms(&kit, 2 * RING_MS);
			kit_forget();
			stage_pass_ms(&kit, 2 * RING_MS);
			kit_empty();
		}
	}
}

/* The phrase and the headers of an answer, and of a REGISTER what its 200 lists. */
static void
nothing_of_an_answer_breaks_a_line(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		kit_say(kit_invite(1, NULL));
		phone_hear(&callee, "INVITE ");
		phone_answer(&callee, 486,
			"Error-Info: \"\x01\x02\"\r\nRetry-After: 5 (\"\x07\")\r\n"
			"Warning: 399 h \"a\\\x1b\"\r\nOrganization: a\r\n X-Evil: 1\r\n",
			NULL);
		phone_hear(&callee, "ACK ");
		assert_int_equal(kit_status(), 100);
		assert_int_equal(kit_status(), 486);
		caller.user = "5001";
		phone_register(&caller, 600,
			"Contact: <sip:5001@192.0.2.10>;a=\"\x01\x02\";b=\"c\r\n X-Evil: 1\"\r\n");
		phone_hear(&caller, "SIP/2.0 200 ");
		assert_true(phone_heard(&caller, ";b=\"c"));
		kit_say(kit_request(3, "OPTIONS", "sip:example.com", "Require: \"\x01\x02\", x\r\n",
			NULL, STR("")));
		assert_false(kit_sent("\nX-Evil"));
		kit_good();
		kit_empty();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(24, "a Contact is taken apart and put together",
			a_contact_is_taken_apart_and_put_together),
		CVE(25, "writers end where their place ends", writers_end_where_their_place_ends),
		CVE(26, "lines end where their place ends", lines_end_where_their_place_ends),
		CVE(27, "a failure is no length", a_failure_is_no_length),
		CVE(29, "what grows was counted", what_grows_was_counted),
		CVE(38, "any request can be answered", any_request_can_be_answered),
		CVE(74, "nothing breaks a line", nothing_breaks_a_line),
		CVE(74, "nothing of an answer breaks a line", nothing_of_an_answer_breaks_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
