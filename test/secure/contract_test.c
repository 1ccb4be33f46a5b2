/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of a leg, and the page that is made of it and of the table of crossings.
 *
 * doc/secure-legs.md is what write_page() puts; after a change of the tables it is made anew with
 * SECURE_LEGS=write build-asan/test/secure_contract_test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "secure/contract.h"
#include "secure/crossing.h"

static const char page_path[] = "doc/secure-legs.md";

static const struct speech speeches[] = { { SCHEME_SIPS, TRANSPORT_TLS },
	{ SCHEME_SIP, TRANSPORT_TLS }, { SCHEME_SIP, TRANSPORT_TCP },
	{ SCHEME_SIP, TRANSPORT_UDP } };

enum { SPEECHES = sizeof speeches / sizeof speeches[0], PAGE_BYTES = 64 * 1024 };

static void
test_one_row_for_each_part(void **state)
{
	uint32_t count;
	const struct contract_row *rows = contract_rows(&count);

	(void)state;
	for (int side = SIDE_MADE; side <= SIDE_ANSWERED; side++) {
		for (int part = 0; part < CONTRACT_PARTS; part++) {
			for (size_t i = 0; i < SPEECHES; i++) {
				unsigned found = 0;
				const struct contract_row *row =
					contract_row((enum contract_side)side,
						(enum contract_part)part, &speeches[i]);

				for (uint32_t n = 0; n < count; n++)
					found += rows[n].side == (enum contract_side)side &&
						rows[n].part == (enum contract_part)part &&
						(rows[n].schemes & 1u << speeches[i].scheme) != 0 &&
						(rows[n].transports &
							1u << speeches[i].transport) != 0;
				assert_int_equal(found, 1);
				assert_true(row->shape.len > 0 && row->rule.len > 0 &&
					row->why.len > 0);
			}
		}
	}
}

static void
expect(enum contract_part part, const struct contract_terms *terms, const char *wanted)
{
	char text[256];
	struct buf b = buf_on(text, sizeof text);

	contract_write(&b, part, terms);
	assert_true(buf_ok(&b));
	if (!str_same(buf_str(&b), str_cstr(wanted)))
		fail_msg("%.*s, not %s", (int)b.used, text, wanted);
}

static void
test_what_is_written(void **state)
{
	struct contract_terms terms = { .speech = { SCHEME_SIPS, TRANSPORT_TLS },
		.request_uri = STR("sips:6001@192.0.2.61"),
		.to_uri = STR("sips:6001@192.0.2.61"),
		.from_display = STR("\"Amy\""),
		.from_user = STR("1001"),
		.realm = STR("example.com"),
		.contact_user = STR("1001"),
		.contact_param = STR(""),
		.face = STR("192.0.2.1:5061"),
		.routes = STR(""),
		.name = STR("fly.example.com") };

	(void)state;
	assert_true(addr_parse(&terms.target, STR("192.0.2.61")));
	terms.target.port = 5061;
	expect(PART_REQUEST_URI, &terms, "sips:6001@192.0.2.61");
	expect(PART_FROM, &terms, "\"Amy\" <sips:1001@example.com>");
	expect(PART_TO, &terms, "<sips:6001@192.0.2.61>");
	expect(PART_CONTACT, &terms, "<sips:1001@192.0.2.1:5061>");
	expect(PART_VIA, &terms, "SIP/2.0/TLS 192.0.2.1:5061");
	expect(PART_ROUTE, &terms, "none");
	terms.routes = STR("<sips:p.example;lr>");
	expect(PART_ROUTE, &terms, "<sips:p.example;lr>");
	expect(PART_TARGET, &terms, "TLS to 192.0.2.61:5061, proven to be fly.example.com");
	terms.name = STR("");
	expect(PART_TARGET, &terms, "TLS to 192.0.2.61:5061, its own connection");
	terms.routes = STR("");
	terms.speech = (struct speech){ SCHEME_SIP, TRANSPORT_UDP };
	terms.from_display = terms.from_user = terms.contact_user = STR("");
	terms.contact_param = STR(";transport=tcp");
	expect(PART_FROM, &terms, "<sip:example.com>");
	expect(PART_CONTACT, &terms, "<sip:192.0.2.1:5061;transport=tcp>");
	expect(PART_VIA, &terms, "SIP/2.0/UDP 192.0.2.1:5061;rport");
	terms.contact_param = STR("");
	terms.routes = STR("<sips:p.example;lr>, <sip:q.example;lr>");
	expect(PART_CONTACT, &terms, "<sips:192.0.2.1:5061>");
	terms.gruu = STR("acme@192.0.2.50;gr=urn:x");
	expect(PART_CONTACT, &terms, "<sips:acme@192.0.2.50;gr=urn:x>");
	expect(PART_VIA, &terms, "SIP/2.0/UDP 192.0.2.1:5061;rport");
	expect(PART_TARGET, &terms, "UDP to 192.0.2.61:5061");
	expect(CONTRACT_PARTS, &terms, "");
	assert_true(str_same(contract_part_name(PART_REQUEST_URI), STR("Request-URI")));
	assert_true(str_same(contract_part_name(PART_FROM), STR("From")));
	assert_true(str_same(contract_part_name(PART_TO), STR("To")));
	assert_true(str_same(contract_part_name(PART_CONTACT), STR("Contact")));
	assert_true(str_same(contract_part_name(PART_VIA), STR("Via")));
	assert_true(str_same(contract_part_name(PART_ROUTE), STR("Route")));
	assert_true(str_same(contract_part_name(PART_TARGET), STR("target")));
	assert_true(str_same(contract_part_name(CONTRACT_PARTS), STR("target")));
}

/* rows: R3261-8.1.1.8-a */
static void
test_what_our_contact_speaks(void **state)
{
	(void)state;
	assert_int_equal(contract_contact_scheme(SCHEME_SIPS, STR("")), SCHEME_SIPS);
	assert_int_equal(contract_contact_scheme(SCHEME_SIP, STR("")), SCHEME_SIP);
	assert_int_equal(contract_contact_scheme(SCHEME_SIP, STR("<sip:")), SCHEME_SIP);
	assert_int_equal(contract_contact_scheme(SCHEME_SIP, STR("*")), SCHEME_SIP);
	assert_int_equal(contract_contact_scheme(SCHEME_SIPS, STR("<sip:p;lr>")), SCHEME_SIPS);
	assert_int_equal(
		contract_contact_scheme(SCHEME_SIP, STR("<sip:p;lr>, <sips:q;lr>")), SCHEME_SIP);
	assert_int_equal(contract_contact_scheme(SCHEME_SIP, STR("\"P\" <SIPS:q;lr>, <sip:p;lr>")),
		SCHEME_SIPS);
}

/* ---- the page -------------------------------------------------------------------------------- */

static char page[PAGE_BYTES];
static struct buf to;

static void
put(const char *text)
{
	buf_put(&to, str_cstr(text));
}

static void
put_cell(struct str text)
{
	put(" ");
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '|')
			put("\\");
		buf_char(&to, text.at[i]);
	}
	put(" |");
}

static void
put_code_cell(struct str text)
{
	put(" `");
	buf_put(&to, text);
	put("` |");
}

static void
put_outcome(const struct crossing_row *row)
{
	put(" ");
	if (row->leg != LEG_B_REFUSED) {
		buf_put(&to, crossing_leg_text(row->leg));
	} else {
		buf_number(&to, row->status);
		if (row->warning != 0) {
			put(" + ");
			buf_number(&to, row->warning);
		}
	}
	put(" |");
}

static void
put_crossings(void)
{
	static const enum crossing_known knowns[] = { KNOWN_SIPS, KNOWN_BOTH, KNOWN_ALWAYS,
		KNOWN_TLS, KNOWN_PLAIN, KNOWN_NONE };

	put("## What may cross\n\n"
	    "The caller's leg is what its request is; the callee's is what its device can. `observe` lets\n"
	    "through what per-leg does, and says in the log what strict would refuse. Of the key\n"
	    "`crossing:` and the option `crossing` of both DNs the strictest counts.\n\n"
	    "| caller | what is known of the callee | per-leg, observe | no-downgrade | strict | "
	    "fixed by |\n|---|---|---|---|---|---|\n");
	for (int from = FROM_SIPS; from <= FROM_SIP; from++) {
		for (size_t i = 0; i < sizeof knowns / sizeof knowns[0]; i++) {
			const struct crossing_row *row[3];

			if (from == FROM_SIP && knowns[i] == KNOWN_BOTH)
				continue;
			row[0] = crossing_row(MODE_PER_LEG, (enum crossing_from)from, knowns[i]);
			row[1] = crossing_row(
				MODE_NO_DOWNGRADE, (enum crossing_from)from, knowns[i]);
			row[2] = crossing_row(MODE_STRICT, (enum crossing_from)from, knowns[i]);
			put("|");
			put_cell(crossing_from_text((enum crossing_from)from));
			put_cell(crossing_known_text(knowns[i]));
			for (int m = 0; m < 3; m++)
				put_outcome(row[m]);
			put(" ");
			for (int m = 0; m < 3; m++) {
				if (m > 0 && row[m] == row[m - 1])
					continue;
				put(m > 0 ? "; " : "");
				buf_put(&to, row[m]->rule);
			}
			put(" |\n");
		}
	}
	put("| sips in clear | anything | 400 | 400 | 400 | ");
	buf_put(&to, crossing_row(MODE_STRICT, FROM_CLEAR, KNOWN_NONE)->rule);
	put(" |\n| sips with a sip Contact | anything | 400 | 400 | 400 | ");
	buf_put(&to, crossing_row(MODE_STRICT, FROM_MIXED, KNOWN_NONE)->rule);
	put(" |\n\n"
	    "380 and 381 are the codes of a Warning: SIPS Not Allowed, SIPS Required (RFC 5630 9). A sip\n"
	    "caller to a device with Contacts of both kinds reaches the one that comes first. A device\n"
	    "always speaks sips when its contact is configured so, or with `sips: required`; Contacts\n"
	    "that the option `sips` of its DN does not fit are passed over. Nothing is tried again in\n"
	    "another scheme.\n\n");
}

static void
put_callers(void)
{
	static const char *const says[] = { "nothing", "a sip contact", "a sips contact",
		"`sips: required`", "`sips: refused`" };
	uint32_t count;
	const struct caller_row *rows = crossing_caller_rows(&count);

	put("## Who calls otherwise than its DN says\n\n"
	    "| caller | its DN says | modes | outcome | fixed by |\n|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < count; i++) {
		bool is_first = true;

		put("|");
		put_cell(crossing_from_text(rows[i].from));
		put_cell(str_cstr(says[rows[i].says]));
		put(" ");
		for (int mode = 0; mode < CROSSING_MODES; mode++) {
			if ((rows[i].modes & 1u << mode) == 0)
				continue;
			put(is_first ? "" : ", ");
			buf_put(&to, crossing_mode_name((enum crossing_mode)mode));
			is_first = false;
		}
		put(" | ");
		if (rows[i].status == 0) {
			put("let in, with a line in the log");
		} else {
			buf_number(&to, rows[i].status);
			put(" + ");
			buf_number(&to, rows[i].warning);
		}
		put(" |");
		put_cell(rows[i].rule);
		put("\n");
	}
	put("\n");
}

static void
put_contract(enum contract_side side, const char *title)
{
	put(title);
	put("\n\n| leg | part | what it is | fixed by | why |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < SPEECHES; i++) {
		for (int part = 0; part < CONTRACT_PARTS; part++) {
			const struct contract_row *row =
				contract_row(side, (enum contract_part)part, &speeches[i]);

			put("| ");
			buf_put(&to, scheme_name(speeches[i].scheme));
			put(" over ");
			buf_put(&to, transport_name(speeches[i].transport));
			put(" |");
			put_cell(contract_part_name((enum contract_part)part));
			if (row->shape.at[0] == '<' || str_begins(row->shape, STR("SIP")) ||
				str_begins(row->shape, STR("sip")))
				put_code_cell(row->shape);
			else
				put_cell(row->shape);
			put_cell(row->rule);
			put_cell(row->why);
			put("\n");
		}
	}
	put("\n");
}

static void
write_page(void)
{
	to = buf_on(page, sizeof page);
	put("# What each leg carries\n\n"
	    "Made from the tables that drive the server (`src/secure/crossing.c`, `src/secure/contract.c`) by\n"
	    "`test/secure/contract_test.c`; do not change it by hand. `sipward route-test --from N --to N`\n"
	    "fills it in for two numbers, `sipward why CALL` for a call that was.\n\n");
	put_crossings();
	put_callers();
	put_contract(SIDE_MADE, "## The leg that we make: its INVITE");
	put_contract(SIDE_ANSWERED, "## The leg that we answer: its responses");
	to.used--; /* one line end is enough */
}

static void
test_the_page(void **state)
{
	static char kept[PAGE_BYTES];
	const char *mode = getenv("SECURE_LEGS");
	size_t len;
	FILE *file;

	(void)state;
	write_page();
	assert_true(buf_ok(&to));
	if (mode != NULL && strcmp(mode, "write") == 0) {
		file = fopen(page_path, "w");
		assert_non_null(file);
		assert_int_equal(fwrite(page, 1, to.used, file), to.used);
		assert_int_equal(fclose(file), 0);
	}
	file = fopen(page_path, "r");
	if (file == NULL)
		fail_msg("%s: run this in the folder of the sources", page_path);
	len = fread(kept, 1, sizeof kept, file);
	fclose(file);
	if (len != to.used || memcmp(kept, page, len) != 0)
		fail_msg("%s is not what the tables say; SECURE_LEGS=write makes it anew",
			page_path);
}

static void
test_what_is_no_part_is_not_written(void **state)
{
	const struct contract_terms terms = { .request_uri = STR("sip:5000@192.0.2.50"),
		.to_uri = STR("sip:5000@example.com") };
	enum contract_part none = (enum contract_part)99;
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	contract_write(&b, none, &terms);
	contract_write(&b, CONTRACT_PARTS, &terms);
	assert_int_equal(b.used, 0);
	assert_true(str_same(contract_part_name(none), STR("target")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_row_for_each_part),
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_what_our_contact_speaks),
		cmocka_unit_test(test_the_page),
		cmocka_unit_test(test_what_is_no_part_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
