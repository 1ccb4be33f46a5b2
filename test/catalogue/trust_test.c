/* SPDX-License-Identifier: Apache-2.0 */
/* What of a message is believed, and what is told: rows 72 to 79. */
#include "catalogue/kit.h"

#include "sip/lex.h"

/* ---- header names ---- */

static void
nothing_stands_between_a_name_and_its_colon(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		unsigned taken = 0;

		kit_open(kit_transports[t]);
		for (unsigned octet = 0; octet < 256; octet++) {
			stage_pass_ms(&kit, 8 * STAGE_T1_MS);
			static const char *const names[] = { "X-Any", "Contact", "Subject" };

			for (unsigned n = 0; n < COUNT_OF(names); n++) {
				char line[64];
				struct str text;
				char *at;
				bool may = octet == ' ' || octet == '\t' || octet == ':' ||
					(octet < 0x80 && lex_is((char)octet, LEX_TOKEN));

				snprintf(line, sizeof line, "%s$: <sip:a@h>\r\n", names[n]);
				text = kit_request(octet * 4 + n, "OPTIONS", "sip:example.com",
					line, NULL, STR(""));
				at = memmem(text.at, text.len, "$:", 2);
				*at = (char)octet;
				kit_anew();
				kit_say(text);
				assert_int_equal(
					kit_status(), may && !(octet == ':' && n == 1) ? 200 : 400);
				taken += may;
			}
		}
		assert_true(taken > 3 * 70);
		kit_good();
		kit_empty();
	}
}

/* What is of one leg alone does not cross, however it is written. */
static void
what_ends_here_ends_here(void **state)
{
	static const char *const lines[] = { "X-Internal: secret-1\r\n",
		"x-internal : secret-1\r\n", "P-Asserted-Identity: <sip:secret-1@example.com>\r\n",
		"Referred-By: <sip:secret-1@h>\r\n", "b: <sip:secret-1@h>\r\n",
		"REFERRED-BY\t:\r\n <sip:secret-1@h>\r\n",
		"Record-Route: <sip:192.0.2.10;lr;secret-1>\r\n",
		"Route: <sip:192.0.2.1;lr;secret-1>\r\n", "Path: <sip:secret-1>\r\n",
		"Authorization: Digest username=\"secret-1\"\r\n",
		"X-Genesys-CallUUID: secret-1\r\n", "Via: SIP/2.0/UDP secret-1\r\n",
		"Reply-To: <sip:secret-1@h>\r\n", "In-Reply-To: secret-1\r\n",
		"Replaces: secret-1;to-tag=a;from-tag=b\r\n", "Server: secret-1\r\n",
		"Date: secret-1\r\n", "Timestamp: secret-1\r\n", "Event: secret-1\r\n" };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (unsigned i = 0; i < COUNT_OF(lines); i++) {
			const struct stage_sent *sent;

			kit_open(kit_transports[t]);
			kit_say(kit_invite(i, lines[i]));
			sent = stage_take(&kit, TRANSPORT_UDP, &callee.at);
			if (sent == NULL)
				fail_msg("no call with %s", lines[i]);
			if (str_holds_alike(sent->bytes, STR("secret-1")))
				fail_msg("it crossed: %s", lines[i]);
			kit_forget();
			stage_pass_ms(&kit, 2 * RING_MS);
			kit_forget();
			kit_empty();
		}
	}
}

/* ---- who is known ---- */

/* The answer to METHOD for USER, with what differs each time masked. */
static struct str
answer_for(const char *method, const char *user, char *text, size_t size)
{
	struct str got;
	size_t len = 0;

	phone_say(&caller,
		"%s sip:%s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-%s-%s;rport\r\n"
		"From: <sip:%s@example.com>;tag=1\r\nTo: <sip:%s@example.com>\r\nCall-ID: k\r\n"
		"CSeq: 1 %s\r\nContact: <sip:x@192.0.2.10>\r\nContent-Length: 0\r\n\r\n",
		method, strcmp(method, "INVITE") == 0 ? "5000@example.com" : "example.com",
		transport_name(caller.transport).at, caller.host, method, user, user, user, method);
	got = kit_next();
	assert_false(str_is_none(got));
	for (size_t i = 0; i < got.len && len < size; i++) {
		char c = got.at[i];

		/* Nonces and tags are hexadecimal: their digits are all made one. */
		text[len++] = char_hex(c) >= 0 ? '0' : c;
	}
	assert_true(str_is_none(kit_next()));
	return str_of(text, len);
}

static void
who_is_not_there_is_told_the_same(void **state)
{
	static const char *const methods[] = { "REGISTER", "INVITE" };
	char known[4096], unknown[4096];

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (size_t m = 0; m < COUNT_OF(methods); m++) {
			struct str a, b;

			kit_open(kit_transports[t]);
			a = answer_for(methods[m], "5002", known, sizeof known);
			b = answer_for(methods[m], "5999", unknown, sizeof unknown);
			assert_true(str_begins(a, STR("SIP/0.0 000 Un")));
			assert_true(str_same(a, b));
			stage_pass_ms(&kit, 5000); /* it is repeated alike, too */
			kit_empty();
		}
	}
}

/* ---- bindings ---- */

static unsigned
bind(const char *call_id, unsigned cseq, unsigned from, unsigned count)
{
	char contacts[4096];
	size_t len = 0;

	contacts[0] = '\0';
	for (unsigned i = from; i < from + count; i++)
		len += (size_t)snprintf(contacts + len, sizeof contacts - len,
			"Contact: <sip:5001@192.0.2.10:%u>\r\n", 7000 + i);
	phone_say(&caller,
		"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-%s-%u;rport\r\n"
		"From: <sip:5001@example.com>;tag=1\r\nTo: <sip:5001@example.com>\r\nCall-ID: %s\r\n"
		"CSeq: %u REGISTER\r\n%sContent-Length: 0\r\n\r\n",
		transport_name(caller.transport).at, caller.host, call_id, cseq, call_id, cseq,
		contacts);
	return kit_status();
}

static void
contacts_are_counted_however_they_come(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		assert_int_equal(bind("a", 1, 0, CONTACTS_PER_AOR_MAX + 1), 403);
		assert_int_equal(bind("a", 2, 0, 3), 200);
		assert_int_equal(bind("b", 1, 3, CONTACTS_PER_AOR_MAX - 2), 403);
		assert_int_equal(bind("b", 2, 3, CONTACTS_PER_AOR_MAX - 3), 200);
		assert_int_equal(bind("c", 1, 90, 1), 403);
		assert_int_equal(bind("d", 1, 0, CONTACTS_PER_AOR_MAX), 200); /* the same ones */
		assert_int_equal(bind("e", 1, 1, CONTACTS_PER_AOR_MAX), 403);
		kit_good();
		kit_empty();
	}
}

static void
contacts_of_others_are_refused(void **state)
{
	static const struct {
		const char *contact;
		unsigned status;
	} rows[] = { { "<sip:5001@192.0.2.1>", 403 },
		{ "<sip:x@192.0.2.1:5060;transport=tcp>", 403 }, { "<sips:x@192.0.2.1>", 400 },
		{ "<sip:x@192.0.2.1:5061;transport=tls>", 403 }, { "<sip:x@[2001:db8::1]>", 403 },
		{ "<sip:x@[2001:DB8:0::1]:5060>", 403 }, { "<sip:5001@127.0.0.1>", 403 },
		{ "<sip:5001@127.255.1.1:9>", 403 }, { "<sip:5001@[::1]>", 403 },
		{ "<sip:5001@localhost>", 403 }, { "<sip:5001@LocalHost.>", 403 },
		{ "<sip:5001@0.0.0.0>", 403 }, { "<sip:5001@224.0.1.75>", 403 },
		{ "<sip:5001@example.com>", 403 }, { "<tel:5001>", 403 },
		{ "<sips:5001@192.0.2.10>", 400 }, { "*", 400 } };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		kit_open(kit_transports[t]);
		kit.tap.may_echo_sips = true;
		caller.user = "5001";
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			char line[128];
			unsigned status;

			snprintf(line, sizeof line, "Contact: %s\r\n", rows[i].contact);
			phone_register(&caller, 600, line);
			status = kit_status();
			if (status != rows[i].status)
				fail_msg("%u to %s", status, rows[i].contact);
		}
		assert_int_equal(stage_counts(&kit).bindings, 0);
		kit_good();
		kit_empty();
	}
}

/* ---- the log ---- */

/* Every line begins with where it really came from; the stage itself looks for control octets. */
static void
nobody_writes_the_log_but_us(void **state)
{
	static const char *const froms[] = { "\"192.0.2.66: refused\\\n\" <sip:a@example.net>",
		"\"a\\\r\n UDP from 192.0.2.66:5060: refused\" <sip:a@example.net>",
		"\"\\\x1b[2J\\\x07\" <sip:192.0.2.66:5060@example.net>",
		"<sip:%0aUDP@example.net>" };

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		struct str log, line;
		unsigned lines = 0;

		kit_open(kit_transports[t]);
		stage_forget_notes(&kit);
		for (unsigned i = 0; i < COUNT_OF(froms); i++)
			phone_say(&caller,
				"INVITE sip:5999@example.com SIP/2.0\r\n"
				"Via: SIP/2.0/%s %s;branch=z9hG4bK-%u;rport\r\n"
				"From: %s;tag=1\r\nTo: <sip:5999@example.com>\r\nCall-ID: %u\r\n"
				"CSeq: 1 INVITE\r\n"
				"Contact: <sip:x@192.0.2.10>\r\nContent-Length: 0\r\n\r\n",
				transport_name(caller.transport).at, caller.host, i, froms[i], i);
		log = str_of(kit.notes, kit.notes_len);
		while (log.len > 0) {
			char start[128];

			line = str_cut(&log, '\n');
			snprintf(start, sizeof start,
				"%s from %s: ", transport_name(caller.transport).at, caller.host);
			assert_true(str_begins(line, str_cstr(start)));
			lines++;
		}
		assert_int_equal(lines, COUNT_OF(froms));
		kit_empty();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(72, "nothing stands between a name and its colon",
			nothing_stands_between_a_name_and_its_colon),
		CVE(73, "what ends here ends here", what_ends_here_ends_here),
		CVE(76, "who is not there is told the same", who_is_not_there_is_told_the_same),
		CVE(77, "contacts are counted however they come",
			contacts_are_counted_however_they_come),
		CVE(78, "contacts of others are refused", contacts_of_others_are_refused),
		CVE(79, "nobody writes the log but us", nobody_writes_the_log_but_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
