/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers at their ends, answers that are none, and asserts: rows 39 to 44. */
#include "catalogue/kit.h"

#include <dirent.h>

/* What each header says to each number: 0 stands for a call that is placed. */
static void
numbers_at_their_ends(void **state)
{
	static const char *const numbers[] = { "-1", "0", "2147483647", "2147483648", "4294967295",
		"4294967296", "18446744073709551616", "18446744073709551617" };
	static const struct {
		const char *line;
		unsigned status[8];
	} rows[] = {
		{ "Max-Forwards: %s\r\n", { 400, 483, 0, 0, 0, 400, 400, 400 } },
		{ "Expires: %s\r\n", { 400, 0, 0, 0, 0, 0, 0, 0 } },
		{ "Supported: timer\r\nSession-Expires: %s\r\n", { 400, 422, 0, 0, 0, 0, 0, 0 } },
		{ "Min-SE: %s\r\n", { 400, 0, 0, 0, 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		for (size_t i = 0; i < COUNT_OF(numbers); i++) {
			char lines[256];
			unsigned due = rows[r].status[i];

			kit_open(TRANSPORT_UDP);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(lines, sizeof lines, rows[r].line, numbers[i]);
#pragma GCC diagnostic pop
			phone_say(&caller,
				"INVITE sip:5000@example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-n;"
				"rport\r\nFrom: <sip:a@example.net>;tag=1\r\nTo: <sip:5000@example.com>\r\n"
				"Call-ID: n\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.10>\r\n%s"
				"Content-Length: 0\r\n\r\n",
				caller.host, lines);
			assert_int_equal(kit_status(), due == 0 ? 100 : due);
			if (due != 0)
				continue;
			phone_hear(&callee, "INVITE ");
			assert_false(phone_heard(&callee, "Max-Forwards: 0\r\n"));
			phone_answer(&callee, 486, NULL, NULL);
			phone_hear(&callee, "ACK ");
			kit_empty();
		}
	}
}

static void
numbers_of_a_cseq(void **state)
{
	static const struct {
		const char *number;
		unsigned status;
	} rows[] = { { "-1", 400 }, { "0", 200 }, { "2147483647", 200 }, { "2147483648", 200 },
		{ "4294967295", 200 }, { "4294967296", 400 }, { "4294967297", 400 },
		{ "18446744073709551616", 400 }, { "18446744073709551617", 400 } };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			phone_say(&caller,
				"OPTIONS sip:example.com SIP/2.0\r\n"
				"Via: SIP/2.0/%s %s;branch=z9hG4bK-%zu;rport\r\n"
				"From: <sip:a@example.net>;tag=1\r\nTo: <sip:example.com>\r\nCall-ID: n\r\n"
				"CSeq: %s OPTIONS\r\nContent-Length: 0\r\n\r\n",
				transport_name(caller.transport).at, caller.host, i,
				rows[i].number);
			assert_int_equal(kit_status(), rows[i].status);
		}
		kit_good();
		kit_empty();
	}
}

/* ---- answers ---- */

/* What the callee said last, with its first line in place of that. */
static void
say_instead(const char *line)
{
	char text[4096];
	struct str said = str_cstr(callee.out);

	said = str_from(said, str_find(said, '\n') + 1);
	snprintf(text, sizeof text, "%s\r\n%.*s", line, (int)said.len, said.at);
	phone_raw(&callee, str_cstr(text));
}

static void
a_status_that_is_none_changes_nothing(void **state)
{
	static const char *const lines[] = { "SIP/2.0 099 Low", "SIP/2.0 99 Low",
		"SIP/2.0 700 High", "SIP/2.0 2OO OK", "SIP/2.0 OK", "SIP/2.0  200 OK", "SIP/2.0 20",
		"SIP/2.0 2000 OK", "SIP/2.0 4294967496 OK", "SIP/2.0 -200 OK", "SIP/2.0 200OK",
		"SIP/2.0", "SIP/3.0 200 OK" };

	(void)state;
	kit_open(TRANSPORT_UDP);
	kit_say(kit_invite(1, NULL));
	assert_int_equal(kit_status(), 100);
	phone_hear(&callee, "INVITE ");
	phone_answer(&callee, 180, NULL, NULL);
	assert_int_equal(kit_status(), 180);
	for (unsigned i = 0; i < COUNT_OF(lines); i++) {
		say_instead(lines[i]);
		assert_int_equal(stage_counts(&kit).faults_total, i + 1);
		expect_quiet(&kit);
	}
	phone_answer(&callee, 486, NULL, NULL);
	phone_hear(&callee, "ACK ");
	assert_int_equal(kit_status(), 486);
	kit_good();
	kit_empty();
}

/* It is not followed, whatever it says, and the caller is told nothing of it. */
static void
a_redirection_leads_nowhere(void **state)
{
	static const char *const contacts[] = { "", "Contact: \r\n", "Contact: *\r\n",
		"Contact: <sip:x@192.0.2.66>\r\n", "Contact: <sip:x@192.0.2.66\r\n",
		"Contact: <sips:x@192.0.2.66>\r\n", "Contact: <tel:1>, <mailto:a@b>\r\n",
		"Contact: sip:%\r\n", "Contact: <sip:5000@192.0.2.1>\r\n",
		"Contact: <sip:a>, <sip:b>, <sip:c>;q=x\r\n" };
	static const unsigned statuses[] = { 300, 301, 302, 305, 380, 399 };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t i = 0; i < COUNT_OF(contacts) * COUNT_OF(statuses); i++) {
			kit_open(kit_transports[t]);
			kit.tap.may_echo_sips = true;
			kit_say(kit_invite(1, NULL));
			assert_int_equal(kit_status(), 100);
			phone_hear(&callee, "INVITE ");
			phone_answer(&callee, statuses[i % COUNT_OF(statuses)],
				contacts[i / COUNT_OF(statuses)], NULL);
			phone_hear(&callee, "ACK ");
			assert_int_equal(kit_status(), 480);
			assert_false(kit_sent("192.0.2.66"));
			assert_int_equal(kit.dials, 0);
			assert_int_equal(kit.resolves, 0);
			kit_empty();
		}
	}
}

/* ---- asserts ---- */

static void
say_file(const char *name)
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
	kit_say(str_of(octets, len));
}

/* Whatever a peer says, it is no reason to stop: all odd messages in one life of the server. */
static void
nothing_that_is_said_stops_us(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		DIR *folder = opendir("test/torture/messages");
		const struct dirent *entry;

		assert_non_null(folder);
		kit_open(kit_transports[t]);
		kit.tap.may_echo_sips = true;
		while ((entry = readdir(folder)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			say_file(entry->d_name);
			kit_anew();
			if (entry->d_name[0] == 's')
				stage_pass_ms(&kit, 1000);
		}
		closedir(folder);
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_forget();
		kit_good();
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_forget();
		kit_empty();
	}
}

/* ---- q ---- */

static void
a_preference_has_three_digits(void **state)
{
	static const struct {
		const char *q;
		unsigned status;
	} rows[] = { { "0", 200 }, { "1", 200 }, { "0.", 200 }, { "1.", 200 }, { "0.5", 200 },
		{ "0.999", 200 }, { "1.000", 200 }, { "", 400 }, { ".", 400 }, { ".5", 400 },
		{ "1.001", 400 }, { "1.0000", 400 }, { "0.0000", 400 },
		{ "0.5000000000000000000", 400 }, { "2", 400 }, { "-0.5", 400 }, { "0,5", 400 },
		{ "0.5.5", 400 }, { "x", 400 }, { "18446744073709551617", 400 },
		{ "0.18446744073709551617", 400 } };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			char line[128];

			kit_open(kit_transports[t]);
			caller.user = "5001";
			snprintf(line, sizeof line, "Contact: <sip:5001@192.0.2.10:5070>;q=%s\r\n",
				rows[i].q);
			phone_register(&caller, 600, line);
			assert_int_equal(kit_status(), rows[i].status);
			kit_good();
			kit_empty();
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(39, "numbers at their ends", numbers_at_their_ends),
		CVE(39, "numbers of a CSeq", numbers_of_a_cseq),
		CVE(40, "a status that is none changes nothing",
			a_status_that_is_none_changes_nothing),
		CVE(41, "a redirection leads nowhere", a_redirection_leads_nowhere),
		CVE(43, "nothing that is said stops us", nothing_that_is_said_stops_us),
		CVE(44, "a preference has three digits", a_preference_has_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
