/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and the pieces that they are made of: rows 33 to 44. */
#include "catalogue/kit.h"

#include "sip/lex.h"
#include "sip/param.h"

static bool
is_within(struct str part, struct str whole)
{
	return !str_is_none(part) && part.at >= whole.at &&
		part.at + part.len <= whole.at + whole.len;
}

/* ---- addresses ---- */

static void
brackets_are_where_they_must_be(void **state)
{
	static const struct {
		const char *lines;
		unsigned status;
	} rows[] = {
		{ "Contact: sip:a@192.0.2.10\r\n", 100 },
		{ "Contact: sip:a@192.0.2.10;x=y\r\n", 100 },
		{ "Contact: <sip:a@192.0.2.10>\r\n", 100 },
		{ "Contact: A B <sip:a@192.0.2.10>\r\n", 100 },
		{ "Contact: A sip:a@192.0.2.10\r\n", 400 },
		{ "Contact: sip:a@192.0.2.10>\r\n", 400 },
		{ "Contact: <sip:a@192.0.2.10\r\n", 400 },
		{ "Contact: <<sip:a@192.0.2.10>>\r\n", 400 },
		{ "Contact: sip:a@192.0.2.10?x=y\r\n", 400 },
		{ "Contact: \"A\" sip:a@192.0.2.10\r\n", 400 },
		{ "Contact: \r\n", 400 },
		{ "Contact: <>\r\n", 400 },
		{ "Contact: <sip:a@192.0.2.10>\r\nRoute: sip:192.0.2.1;lr\r\n", 400 },
		{ "Contact: <sip:a@192.0.2.10>\r\nRoute: *\r\n", 400 },
		{ "Contact: <sip:a@192.0.2.10>\r\nRecord-Route: sip:192.0.2.1;lr\r\n", 400 },
		{ "Contact: <sip:a@192.0.2.10>\r\nRecord-Route: A sip:192.0.2.1>;lr\r\n", 400 },
	};

	(void)state;
	for (size_t t = 0; t < COUNT_OF(kit_transports); t++) {
		for (unsigned i = 0; i < COUNT_OF(rows); i++) {
			kit_open(kit_transports[t]);
			kit_say(kit_request(
				i, "INVITE", "sip:5000@example.com", rows[i].lines, NULL, STR("")));
			assert_int_equal(kit_status(), rows[i].status);
			if (rows[i].status == 100) {
				phone_hear(&callee, "INVITE ");
				phone_answer(&callee, 486, NULL, NULL);
				phone_hear(&callee, "ACK ");
				assert_int_equal(kit_status(), 486);
			}
			kit_good();
			kit_empty();
		}
	}
}

static void
odd_addresses_are_survived(void **state)
{
	static const char odd[] = "\0\t\r\n \"%,;:<>=@[\\]?*\x80";
	static const char *const names[] = { "From: ", "To: ", "Contact: " };

	(void)state;
	for (size_t n = 0; n < COUNT_OF(names); n++) {
		kit_open(TRANSPORT_UDP);
		for (unsigned at = 0; at < 44; at++) {
			for (unsigned i = 0; i < sizeof odd - 1; i++) {
				struct str text = kit_invite(at * 32 + i, NULL);
				char *line = memmem(text.at, text.len, names[n], strlen(names[n]));

				line[strlen(names[n]) + at] = odd[i];
				kit_say(text);
				while (stage_take(&kit, TRANSPORT_UDP, &callee.at) != NULL)
					continue;
				while (!str_is_none(kit_next()))
					continue;
			}
			kit_good();
			kit_forget();
			stage_pass_ms(&kit, 65 * STAGE_T1_MS);
			kit_forget();
		}
		stage_pass_ms(&kit, 2 * RING_MS);
		kit_empty();
	}
}

/* ---- pieces of text, each in a piece of the heap of just its size ---- */

static void
quotes_of_any_kind_end(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "\"", false },
		{ "\"\"", false },
		{ "\"\\", false },
		{ "\"\\\"", false },
		{ "\"a", false },
		{ "\"a\"", false },
		{ "\"\\\"\"", false },
		{ "\"\"<sip:a@b>", true },
		{ "\"\\\"\" <sip:a@b>", true },
		{ "\"a <sip:a@b>", false },
		{ "<sip:a@b>;x=\"", false },
		{ "<sip:a@b>;x=\"\\", false },
		{ "<sip:a@b>;x=\"\"", true },
		{ "<sip:a@b>;x=\"\\\"\"", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str text = kit_exact(str_cstr(rows[i].text));
		struct str rest = text;
		struct nameaddr n;
		size_t at;

		assert_true(nameaddr_parse(&n, text, &at) == rows[i].good);
		rest = lex_quoted(&rest);
		assert_true(str_is_none(rest) || is_within(rest, text));
		kit_free(text);
	}
}

static void
an_escape_at_the_end_is_half_a_one(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "sip:%", false },
		{ "sip:%4", false },
		{ "sip:%41", false },
		{ "sip:%41@h", true },
		{ "sip:a@h;%", false },
		{ "sip:a@h;x=%4", false },
		{ "sip:a@h;x=%41", true },
		{ "sip:a@h?x=%", false },
		{ "sip:a@h?x=%4", false },
		{ "sip:a@h?%41=%41", true },
		{ "sip:a:%@h", false },
		{ "tel:%", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str text = kit_exact(str_cstr(rows[i].text));
		struct uri uri;
		size_t at;

		assert_true(uri_parse(&uri, text, &at) == rows[i].good);
		kit_free(text);
	}
}

/* Whatever is read of it, it is cut off behind every octet. */
static void
a_list_of_parameters_ends_where_it_ends(void **state)
{
	static const char *const texts[] = {
		"SIP/2.0/UDP h:5060;branch=z9hG4bK;x=\"a\\\"b\" ; y = z ;received=2001:db8::1;rport",
		"\"A\" <sip:a@h;p=q;r?s=t&u=v>;tag=a;x=\"a\\\"b\" ; y = z;flag",
		"sip:a:b@[2001:db8::1]:5060;p=q;r=%41?s=t&u=%41",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		for (size_t len = 0; len <= strlen(texts[i]); len++) {
			struct str text = kit_exact(str_of(texts[i], len));
			struct str rest = text;
			struct param param;
			struct nameaddr n;
			struct uri uri;
			struct via via;
			size_t at;

			(void)via_parse(&via, text, &at);
			(void)nameaddr_parse(&n, text, &at);
			(void)uri_parse(&uri, text, &at);
			for (size_t from = 0; from < len; from++) {
				rest = str_from(text, from);
				while (param_next(&rest, &param) > 0)
					assert_true(is_within(param.name, text));
				rest = str_from(text, from);
				while (uri_param_next(&rest, &param) > 0)
					assert_true(is_within(param.name, text));
			}
			kit_free(text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CVE(33, "brackets are where they must be", brackets_are_where_they_must_be),
		CVE(34, "odd addresses are survived", odd_addresses_are_survived),
		CVE(35, "quotes of any kind end", quotes_of_any_kind_end),
		CVE(36, "an escape at the end is half a one", an_escape_at_the_end_is_half_a_one),
		CVE(37, "a list of parameters ends where it ends",
			a_list_of_parameters_ends_where_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
