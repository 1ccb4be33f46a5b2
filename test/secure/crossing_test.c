/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "secure/crossing.h"

static const struct speech sips = { SCHEME_SIPS, TRANSPORT_TLS };
static const struct speech over_tls = { SCHEME_SIP, TRANSPORT_TLS };
static const struct speech over_tcp = { SCHEME_SIP, TRANSPORT_TCP };
static const struct speech over_udp = { SCHEME_SIP, TRANSPORT_UDP };

static void
test_each_pair_of_schemes(void **state)
{
	(void)state;
	assert_int_equal(crossing_of(SCHEME_SIP, SCHEME_SIP), CROSSING_NONE);
	assert_int_equal(crossing_of(SCHEME_SIPS, SCHEME_SIPS), CROSSING_NONE);
	assert_int_equal(crossing_of(SCHEME_SIPS, SCHEME_SIP), CROSSING_DOWN);
	assert_int_equal(crossing_of(SCHEME_SIP, SCHEME_SIPS), CROSSING_UP);
}

static void
test_each_has_a_sentence_of_its_own(void **state)
{
	(void)state;
	assert_true(str_begins(crossing_text(CROSSING_NONE), STR("both legs")));
	assert_true(str_begins(crossing_text(CROSSING_UP), STR("sip from the caller")));
	assert_true(str_begins(crossing_text(CROSSING_DOWN), STR("sips from the caller")));
}

/* Section X of the requirements, written out a second time: who calls, what is known, and for
 * per-leg, no-downgrade and strict what becomes of the callee's leg. `observe` is per-leg. */
static const struct expected {
	enum crossing_from from;
	enum crossing_known known;
	const char *per_leg, *no_downgrade, *strict;
} section_x[] = {
	{ FROM_SIPS, KNOWN_SIPS, "sips", "sips", "sips" },
	{ FROM_SIPS, KNOWN_BOTH, "sips", "sips", "sips" },
	{ FROM_SIPS, KNOWN_ALWAYS, "sips", "sips", "sips" },
	{ FROM_SIPS, KNOWN_TLS, "sip", "480 380", "480 380" },
	{ FROM_SIPS, KNOWN_PLAIN, "sip", "480 380", "480 380" },
	{ FROM_SIPS, KNOWN_NONE, "480", "480", "480" },
	{ FROM_SIP, KNOWN_SIPS, "sips", "sips", "swapped" },
	{ FROM_SIP, KNOWN_ALWAYS, "sips", "sips", "480 381" },
	{ FROM_SIP, KNOWN_TLS, "sip", "sip", "sip" },
	{ FROM_SIP, KNOWN_PLAIN, "sip", "sip", "sip" },
	{ FROM_SIP, KNOWN_NONE, "480", "480", "480" },
	{ FROM_CLEAR, KNOWN_SIPS, "400", "400", "400" },
	{ FROM_CLEAR, KNOWN_BOTH, "400", "400", "400" },
	{ FROM_CLEAR, KNOWN_ALWAYS, "400", "400", "400" },
	{ FROM_CLEAR, KNOWN_TLS, "400", "400", "400" },
	{ FROM_CLEAR, KNOWN_PLAIN, "400", "400", "400" },
	{ FROM_CLEAR, KNOWN_NONE, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_SIPS, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_BOTH, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_ALWAYS, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_TLS, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_PLAIN, "400", "400", "400" },
	{ FROM_MIXED, KNOWN_NONE, "400", "400", "400" },
};

/* What a row says, in the words of section_x. */
static struct str
said(const struct crossing_row *row)
{
	switch (row->leg) {
	case LEG_B_SIPS: return STR("sips");
	case LEG_B_SIP: return STR("sip");
	case LEG_B_SWAPPED: return STR("swapped");
	case LEG_B_REFUSED: break;
	}
	if (row->status == 400)
		return row->warning == 0 ? STR("400") : STR("?");
	if (row->status != 480)
		return STR("?");
	return row->warning == 380    ? STR("480 380")
		: row->warning == 381 ? STR("480 381")
				      : STR("480");
}

static void
test_every_cell(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof section_x / sizeof section_x[0]; i++) {
		const struct expected *x = &section_x[i];
		const char *const by_mode[CROSSING_MODES] = { x->per_leg, x->per_leg,
			x->no_downgrade, x->strict };

		for (int mode = 0; mode < CROSSING_MODES; mode++) {
			const struct crossing_row *row =
				crossing_row((enum crossing_mode)mode, x->from, x->known);

			assert_true(str_same(said(row), str_cstr(by_mode[mode])));
			assert_true(row->rule.len > 0 && row->why.len > 0);
			assert_int_equal(row->leg == LEG_B_REFUSED, row->status != 0);
			assert_true(row->warning == 0 || row->status == 480);
		}
	}
}

/* No cell has two rows, and no mode is missing: what the table says is said once. */
static void
test_rows_do_not_overlap(void **state)
{
	uint32_t count;
	const struct crossing_row *rows = crossing_rows(&count);

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = i + 1; j < count; j++)
			if (rows[i].from == rows[j].from && rows[i].known == rows[j].known)
				assert_int_equal(rows[i].modes & rows[j].modes, 0);
}

/* What must hold of an answer for a device with these kinds of contacts that its option allows. */
static void
judge(const struct crossing_ask *ask, const struct crossing_answer *answer, bool has_sips,
	bool has_sip)
{
	const struct crossing_row *row = answer->row;
	const struct speech *known = &ask->known[answer->chosen];

	if (ask->from >= FROM_CLEAR) {
		assert_int_equal(row->status, 400);
		return;
	}
	if (!has_sips && !has_sip) {
		assert_int_equal(row->status, 480);
		assert_int_equal(row->warning, 0);
		assert_int_equal(answer->chosen, ask->count);
		return;
	}
	assert_true(answer->chosen < ask->count);
	assert_true(sips_policy_fits(ask->policy, known->scheme));
	/* Of a device that has sips, a sips caller never gets anything else. */
	if (ask->from == FROM_SIPS && has_sips) {
		assert_int_equal(row->leg, LEG_B_SIPS);
		assert_int_equal(answer->speech.scheme, SCHEME_SIPS);
	}
	/* From no-downgrade on nothing of a sips call goes on as sip. */
	if (ask->from == FROM_SIPS && ask->mode >= MODE_NO_DOWNGRADE && !has_sips)
		assert_int_equal(row->warning, 380);
	/* Strict lets nothing go up either, but a sips Contact keeps its TLS. */
	if (ask->from == FROM_SIP && ask->mode == MODE_STRICT) {
		assert_int_not_equal(row->leg, LEG_B_SIPS);
		if (known->scheme == SCHEME_SIPS && row->leg != LEG_B_REFUSED) {
			assert_int_equal(row->leg, LEG_B_SWAPPED);
			assert_int_equal(answer->speech.transport, TRANSPORT_TLS);
			assert_int_equal(answer->speech.scheme, SCHEME_SIP);
		}
	}
	/* The mild modes refuse nobody who has a contact; a warning is for its scheme alone. */
	if (ask->mode <= MODE_OBSERVE)
		assert_int_not_equal(row->leg, LEG_B_REFUSED);
	if (row->warning != 0)
		assert_int_equal(row->warning, ask->from == FROM_SIPS ? 380 : 381);
	if (row->leg == LEG_B_SIP || row->leg == LEG_B_SIPS) {
		assert_int_equal(answer->speech.scheme, known->scheme);
		assert_int_equal(answer->speech.transport, known->transport);
	}
}

/* Every caller, every device that may have up to three contacts, every option, configured or
 * registered, in every mode: the promises hold. */
static void
test_all_askers_and_devices(void **state)
{
	static const struct speech kinds[] = { { SCHEME_SIPS, TRANSPORT_TLS },
		{ SCHEME_SIP, TRANSPORT_TLS }, { SCHEME_SIP, TRANSPORT_TCP },
		{ SCHEME_SIP, TRANSPORT_UDP } };
	unsigned cases = 0;

	(void)state;
	for (unsigned n = 0; n < 4 * 4 * 2 * 3 * 85; n++) {
		unsigned rest = n, which;
		struct speech known[3];
		struct crossing_ask ask = { .known = known };
		struct crossing_answer answer;
		bool has_sips = false, has_sip = false;

		ask.mode = (enum crossing_mode)(rest % 4), rest /= 4;
		ask.from = (enum crossing_from)(rest % 4), rest /= 4;
		ask.is_fixed = rest % 2, rest /= 2;
		ask.policy = (enum sips_policy)(rest % 3), rest /= 3;
		/* 0: none; 1 to 4: one; 5 to 20: two; 21 to 84: three */
		which = rest % 85;
		ask.count = which == 0 ? 0 : which < 5 ? 1 : which < 21 ? 2 : 3;
		which -= which == 0 ? 0 : which < 5 ? 1 : which < 21 ? 5 : 21;
		for (uint32_t i = 0; i < ask.count; i++, which /= 4) {
			known[i] = kinds[which % 4];
			if (sips_policy_fits(ask.policy, known[i].scheme)) {
				has_sips |= known[i].scheme == SCHEME_SIPS;
				has_sip |= known[i].scheme == SCHEME_SIP;
			}
		}
		answer = crossing_choose(&ask);
		cases++;
		judge(&ask, &answer, has_sips, has_sip);
	}
	assert_int_equal(cases, 8160);
}

static void
test_which_contact(void **state)
{
	const struct speech both[] = { over_udp, sips, over_tls };
	const struct speech turned[] = { sips, over_tcp };
	struct crossing_ask ask = { .from = FROM_SIPS, .known = both, .count = 3 };

	(void)state;
	assert_int_equal(crossing_choose(&ask).chosen, 1);
	assert_int_equal(crossing_choose(&ask).known, KNOWN_BOTH);
	ask.from = FROM_SIP;
	assert_int_equal(crossing_choose(&ask).chosen, 0);
	assert_int_equal(crossing_choose(&ask).known, KNOWN_PLAIN);
	ask.policy = SIPS_REQUIRED;
	assert_int_equal(crossing_choose(&ask).chosen, 1);
	assert_int_equal(crossing_choose(&ask).known, KNOWN_ALWAYS);
	ask.policy = SIPS_REFUSED;
	assert_int_equal(crossing_choose(&ask).chosen, 0);
	ask = (struct crossing_ask){ .from = FROM_SIP, .known = turned, .count = 2 };
	assert_int_equal(crossing_choose(&ask).chosen, 0);
	assert_int_equal(crossing_choose(&ask).known, KNOWN_SIPS);
	ask.policy = SIPS_REFUSED;
	assert_int_equal(crossing_choose(&ask).chosen, 1);
	ask = (struct crossing_ask){
		.from = FROM_SIPS, .known = &sips, .count = 1, .is_fixed = true
	};
	assert_int_equal(crossing_choose(&ask).known, KNOWN_ALWAYS);
	ask.is_fixed = false;
	assert_int_equal(crossing_choose(&ask).known, KNOWN_SIPS);
	ask.known = &over_tls;
	assert_int_equal(crossing_choose(&ask).known, KNOWN_TLS);
}

static void
test_the_callers_own_dn(void **state)
{
	static const struct {
		enum crossing_from from;
		enum caller_says says;
		unsigned mild, strict; /* 1: a line in the log; else its Warning */
	} cases[] = {
		{ FROM_SIPS, SAYS_NOTHING, 0, 0 },
		{ FROM_SIP, SAYS_NOTHING, 0, 0 },
		{ FROM_SIPS, SAYS_SIPS, 0, 0 },
		{ FROM_SIP, SAYS_SIP, 0, 0 },
		{ FROM_SIPS, SAYS_SIP, 1, 380 },
		{ FROM_SIP, SAYS_SIPS, 1, 381 },
		{ FROM_SIPS, SAYS_REFUSED, 380, 380 },
		{ FROM_SIP, SAYS_REFUSED, 0, 0 },
		{ FROM_SIP, SAYS_REQUIRED, 381, 381 },
		{ FROM_SIPS, SAYS_REQUIRED, 0, 0 },
	};
	uint32_t count;

	(void)state;
	assert_non_null(crossing_caller_rows(&count));
	assert_int_equal(count, 6);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int mode = 0; mode < CROSSING_MODES; mode++) {
			unsigned expected = mode == MODE_STRICT ? cases[i].strict : cases[i].mild;
			const struct caller_row *row = crossing_caller_row(
				(enum crossing_mode)mode, cases[i].from, cases[i].says);

			assert_int_equal(row != NULL, expected != 0);
			if (row == NULL)
				continue;
			assert_int_equal(row->status, expected > 1 ? 480 : 0);
			assert_int_equal(row->warning, expected > 1 ? expected : 0);
			assert_true(row->rule.len > 0 && row->why.len > 0);
		}
	}
}

static void
test_names(void **state)
{
	enum crossing_mode mode;
	enum sips_policy policy;

	(void)state;
	for (int i = 0; i < CROSSING_MODES; i++) {
		assert_true(crossing_mode_find(crossing_mode_name((enum crossing_mode)i), &mode));
		assert_int_equal(mode, i);
	}
	for (int i = 0; i < SIPS_POLICIES; i++) {
		assert_true(sips_policy_find(sips_policy_name((enum sips_policy)i), &policy));
		assert_int_equal(policy, i);
	}
	assert_false(crossing_mode_find(STR("Strict"), &mode));
	assert_false(sips_policy_find(STR(""), &policy));
	assert_int_equal(crossing_stricter(MODE_STRICT, MODE_OBSERVE), MODE_STRICT);
	assert_int_equal(crossing_stricter(MODE_PER_LEG, MODE_NO_DOWNGRADE), MODE_NO_DOWNGRADE);
	assert_true(sips_policy_fits(SIPS_ALLOWED, SCHEME_SIP));
	assert_true(sips_policy_fits(SIPS_REQUIRED, SCHEME_SIPS));
	assert_false(sips_policy_fits(SIPS_REQUIRED, SCHEME_SIP));
	assert_true(sips_policy_fits(SIPS_REFUSED, SCHEME_SIP));
	assert_false(sips_policy_fits(SIPS_REFUSED, SCHEME_SIPS));
	assert_true(str_same(crossing_from_text(FROM_SIPS), STR("sips over TLS")));
	assert_true(str_same(crossing_from_text(FROM_SIP), STR("sip")));
	assert_true(str_same(crossing_from_text(FROM_CLEAR), STR("sips in clear")));
	assert_true(str_same(crossing_from_text(FROM_MIXED), STR("sips with a sip Contact")));
	assert_true(str_same(crossing_known_text(KNOWN_ANY), STR("anything")));
	assert_true(str_same(crossing_known_text(KNOWN_SIPS), STR("a sips Contact")));
	assert_true(str_same(crossing_known_text(KNOWN_BOTH), STR("Contacts of both kinds")));
	assert_true(str_same(crossing_known_text(KNOWN_ALWAYS), STR("always sips")));
	assert_true(str_same(crossing_known_text(KNOWN_TLS), STR("a sip Contact over TLS")));
	assert_true(
		str_same(crossing_known_text(KNOWN_PLAIN), STR("a sip Contact over UDP or TCP")));
	assert_true(str_same(crossing_known_text(KNOWN_NONE), STR("no Contact")));
	assert_true(str_same(crossing_leg_text(LEG_B_SIPS), STR("sips over TLS")));
	assert_true(str_same(crossing_leg_text(LEG_B_SIP), STR("sip")));
	assert_true(str_same(crossing_leg_text(LEG_B_SWAPPED), STR("sip over TLS")));
	assert_true(str_same(crossing_leg_text(LEG_B_REFUSED), STR("refused")));
}

/* rows: R3261-20.43-a */
static void
test_the_warning(void **state)
{
	char text[128];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	crossing_write_warning(&b, 0, STR("example.com"));
	assert_int_equal(b.used, 0);
	crossing_write_warning(&b, 380, STR("example.com"));
	assert_true(
		str_same(buf_str(&b), STR("Warning: 380 example.com \"SIPS Not Allowed\"\r\n")));
	b = buf_on(text, sizeof text);
	crossing_write_warning(&b, 381, STR("[2001:db8::1]"));
	assert_true(str_same(buf_str(&b), STR("Warning: 381 [2001:db8::1] \"SIPS Required\"\r\n")));
}

/* A value that no enum has is shown as the last of its kind. */
static void
test_what_is_none_of_them_has_a_name_too(void **state)
{
	(void)state;
	assert_true(str_same(crossing_text((enum crossing)99), crossing_text(CROSSING_UP)));
	assert_true(str_same(
		crossing_from_text((enum crossing_from)99), crossing_from_text(FROM_MIXED)));
	assert_true(str_same(
		crossing_known_text((enum crossing_known)99), crossing_known_text(KNOWN_NONE)));
	assert_true(str_same(
		crossing_leg_text((enum crossing_leg)99), crossing_leg_text(LEG_B_REFUSED)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_pair_of_schemes),
		cmocka_unit_test(test_each_has_a_sentence_of_its_own),
		cmocka_unit_test(test_every_cell),
		cmocka_unit_test(test_rows_do_not_overlap),
		cmocka_unit_test(test_all_askers_and_devices),
		cmocka_unit_test(test_which_contact),
		cmocka_unit_test(test_the_callers_own_dn),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_warning),
		cmocka_unit_test(test_what_is_none_of_them_has_a_name_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
