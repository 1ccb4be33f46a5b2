/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "directory/options.h"

#define PRINT "ab0fab0fab0fab0fab0fab0fab0fab0fAB0Fab0fab0fab0fab0fab0fab0fab0f"

/* Sets option NAME of DN; true or false as option_set says, *AT and *WHY as it left them. */
static bool
set(struct dn *dn, const char *name, const char *value, struct str *why, size_t *at)
{
	const struct option *option = option_find(str_cstr(name));

	assert_non_null(option);
	return option_set(dn, option, str_cstr(value), why, at);
}

static struct dn
dn_of(enum dn_type type)
{
	struct dn dn;

	dn_init(&dn);
	dn.type = type;
	return dn;
}

static void
test_the_table_is_sound(void **state)
{
	uint32_t count;
	const struct option *all = options_all(&count);

	(void)state;
	assert_true(count > 20);
	for (uint32_t i = 0; i < count; i++) {
		assert_ptr_equal(option_find(all[i].name), &all[i]); /* no name twice */
		assert_true(all[i].help.len > 10 && str_ends(all[i].help, STR(".")));
		assert_true(all[i].types != 0);
		assert_true(!all[i].is_carried || all[i].kind == OPTION_CONTACT ||
			all[i].wants.len > 0);
		assert_true(all[i].kind != OPTION_NUMBER || all[i].max > all[i].min);
	}
	assert_null(option_find(STR("colour")));
	assert_null(option_find(STR("Contact")));
}

/* The defaults of the table are what a fresh DN has. */
static void
test_defaults(void **state)
{
	uint32_t count;
	const struct option *all = options_all(&count);

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		struct dn fresh = dn_of(DN_TRUNK), set_so = dn_of(DN_TRUNK);
		struct str why;
		size_t at;

		if ((all[i].kind != OPTION_NUMBER && all[i].kind != OPTION_MODE &&
			    all[i].kind != OPTION_SIPS) ||
			!all[i].is_carried)
			continue;
		assert_true(option_set(&set_so, &all[i], all[i].fallback, &why, &at));
		assert_int_equal(fresh.priority, set_so.priority);
		assert_int_equal(fresh.capacity, set_so.capacity);
		assert_int_equal(fresh.crossing, set_so.crossing);
		assert_int_equal(fresh.sips, set_so.sips);
	}
}

static void
test_which_type_has_what(void **state)
{
	static const struct {
		const char *name, *value;
		bool has[4]; /* extension, acd-position, trunk, softswitch */
	} all[] = {
		{ "contact", "sips:h", { true, true, true, true } },
		{ "contact", "*", { true, true, false, false } },
		{ "password", "x", { true, true, true, true } },
		{ "username", "x", { false, false, true, true } },
		{ "realm", "x", { false, false, true, true } },
		{ "authenticate-requests", "none", { true, true, false, false } },
		{ "crossing", "observe", { true, true, true, true } },
		{ "sips", "refused", { true, true, true, true } },
		{ "prefix", "9", { false, false, true, true } },
		{ "priority", "1", { false, false, true, true } },
		{ "capacity", "1", { false, false, true, true } },
		{ "tls-name", "a.example", { true, true, true, true } },
		{ "register", "yes", { false, false, true, true } },
		{ "service-route", "yes", { true, true, false, false } },
		{ "gruu", "yes", { false, false, true, true } },
		{ "outbound-proxy", "sips:p.example", { false, false, true, true } },
		{ "service-type", "softswitch", { false, false, false, true } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		for (int type = DN_EXTENSION; type <= DN_SOFTSWITCH; type++) {
			struct dn dn = dn_of((enum dn_type)type);
			struct str why;
			size_t at;

			if (set(&dn, all[i].name, all[i].value, &why, &at) != all[i].has[type])
				fail_msg("%s for type %d", all[i].name, type);
			if (!all[i].has[type])
				assert_true(why.len > 20);
		}
	}
}

static void
test_crossing_and_sips(void **state)
{
	static const char *const modes[] = { "per-leg", "observe", "no-downgrade", "strict" };
	static const char *const policies[] = { "allowed", "required", "refused" };
	struct dn dn = dn_of(DN_EXTENSION);
	struct str why;
	size_t at;

	(void)state;
	for (int i = 0; i < CROSSING_MODES; i++) {
		assert_true(set(&dn, "crossing", modes[i], &why, &at));
		assert_int_equal(dn.crossing, i);
	}
	for (int i = 0; i < SIPS_POLICIES; i++) {
		assert_true(set(&dn, "sips", policies[i], &why, &at));
		assert_int_equal(dn.sips, i);
	}
}

static void
test_not_carried_out(void **state)
{
	static const char *const names[] = { "contact-backup", "replace-prefix", "refer-enabled",
		"sip-trying-timeout", "no-response-dn" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct dn dn = dn_of(DN_TRUNK);
		struct str why;
		size_t at;

		assert_false(set(&dn, names[i], "1", &why, &at));
		assert_true(str_holds_alike(why, STR("not carried out yet")));
	}
}

static const struct {
	const char *name, *value;
	enum dn_type type;
	size_t at;
} bad[] = {
	{ "crossing", "Strict", DN_EXTENSION, 0 },
	{ "sips", "yes", DN_TRUNK, 0 },
	{ "number", "", DN_EXTENSION, 0 },
	{ "number", "50 00", DN_EXTENSION, 2 },
	{ "number", "50@00", DN_EXTENSION, 2 },
	{ "number", "50\n", DN_EXTENSION, 2 },
	{ "number", "5#", DN_EXTENSION, 1 },
	{ "number", "a%41", DN_EXTENSION, 1 },
	{ "type", "", DN_EXTENSION, 0 },
	{ "type", "Extension", DN_EXTENSION, 0 },
	{ "type", "softswitch", DN_EXTENSION, 0 },
	{ "type", "routing-point", DN_EXTENSION, 0 },
	{ "service-type", "msml", DN_SOFTSWITCH, 0 },
	{ "service-type", "", DN_SOFTSWITCH, 0 },
	{ "contact", "sips:h;transport=udp", DN_EXTENSION, 17 },
	{ "contact", "sip:h:0", DN_EXTENSION, 6 },
	{ "contact", "", DN_EXTENSION, 0 },
	{ "password", "", DN_EXTENSION, 0 },
	{ "password", "a\nb", DN_EXTENSION, 1 },
	{ "password", "a\x7f", DN_EXTENSION, 1 },
	{ "username", "", DN_TRUNK, 0 },
	{ "username", "a\"b\\c", DN_TRUNK, 1 },
	{ "username", "ab\\c\"", DN_TRUNK, 2 },
	{ "realm", "a\nb", DN_SOFTSWITCH, 1 },
	{ "prefix", "", DN_TRUNK, 0 },
	{ "prefix", "9a", DN_TRUNK, 1 },
	{ "prefix", "9 ", DN_TRUNK, 1 },
	{ "priority", "", DN_TRUNK, 0 },
	{ "priority", "-1", DN_TRUNK, 0 },
	{ "priority", "65536", DN_TRUNK, 0 },
	{ "priority", "1.5", DN_TRUNK, 0 },
	{ "capacity", "many", DN_TRUNK, 0 },
	{ "capacity", "1000001", DN_TRUNK, 0 },
	{ "tls-name", "", DN_TRUNK, 0 },
	{ "tls-name", "a.example:5061", DN_TRUNK, 9 },
	{ "tls-name", "sips:a.example", DN_TRUNK, 0 },
	{ "tls-name", "*.example", DN_TRUNK, 0 },
	{ "tls-name", "*", DN_TRUNK, 0 },
	{ "tls-name", "a b", DN_TRUNK, 1 },
	{ "tls-fingerprint", "", DN_TRUNK, 0 },
	{ "tls-fingerprint", "0011", DN_TRUNK, 4 },
	{ "tls-fingerprint", "0x11", DN_TRUNK, 0 },
	{ "tls-fingerprint", "x0", DN_TRUNK, 0 },
	{ "tls-fingerprint", "00-1", DN_TRUNK, 2 },
	{ "tls-fingerprint", "00:11", DN_TRUNK, 5 },
	{ "tls-fingerprint", "00:1", DN_TRUNK, 3 },
	{ "tls-fingerprint", "00:11:22 33", DN_TRUNK, 9 },
	{ "tls-fingerprint", PRINT "0", DN_TRUNK, 64 },
	{ "tls-wildcard", "true", DN_TRUNK, 0 },
	{ "emit-transport-tls", "tls", DN_TRUNK, 0 },
	{ "from-domain", "all", DN_TRUNK, 0 },
	{ "register-expires", "59", DN_TRUNK, 0 },
	{ "identity", "", DN_TRUNK, 0 },
	{ "identity", "a b", DN_TRUNK, 1 },
	{ "authenticate-requests", "", DN_EXTENSION, 0 },
	{ "authenticate-requests", "register,", DN_EXTENSION, 9 },
	{ "authenticate-requests", "register,,invite", DN_EXTENSION, 9 },
	{ "authenticate-requests", "register, bye", DN_EXTENSION, 10 },
	{ "authenticate-requests", "register, publish", DN_EXTENSION, 10 },
	{ "authenticate-requests", "subscribe", DN_EXTENSION, 0 },
	{ "authenticate-requests", "invite, message", DN_EXTENSION, 8 },
	{ "authenticate-requests", "invite, invite", DN_EXTENSION, 8 },
	{ "authenticate-requests", "register, register", DN_EXTENSION, 10 },
	{ "authenticate-requests", "none, invite", DN_EXTENSION, 0 },
	{ "authenticate-requests", "REGISTER", DN_EXTENSION, 0 },
};

static void
test_refused_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct dn dn = dn_of(bad[i].type);
		struct str why = STR_NONE;
		size_t at = 99;

		if (set(&dn, bad[i].name, bad[i].value, &why, &at) || at != bad[i].at)
			fail_msg("%s: `%s`: offset %zu, not %zu", bad[i].name, bad[i].value, at,
				bad[i].at);
		assert_true(why.len > 10);
	}
}

static void
test_values_arrive(void **state)
{
	struct dn dn = dn_of(DN_EXTENSION);
	struct str why;
	size_t at;

	(void)state;
	assert_true(set(&dn, "tls-fingerprint", PRINT, &why, &at));
	assert_true(dn.terms.has_pin);
	for (unsigned i = 0; i < FINGERPRINT_BYTES; i++)
		assert_int_equal(dn.terms.pin[i], i % 2 == 0 ? 0xab : 0x0f);
	dn.terms = (struct terms){ 0 };
	assert_true(set(&dn, "tls-fingerprint",
		"01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:"
		"11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F:20",
		&why, &at));
	for (unsigned i = 0; i < FINGERPRINT_BYTES; i++)
		assert_int_equal(dn.terms.pin[i], i + 1);
	assert_true(set(&dn, "emit-transport-tls", "yes", &why, &at) && dn.emits_tls);
	assert_true(set(&dn, "emit-transport-tls", "no", &why, &at) && !dn.emits_tls);
	assert_true(set(&dn, "tls-wildcard", "yes", &why, &at) && dn.terms.takes_wildcard);
	assert_true(set(&dn, "tls-wildcard", "no", &why, &at) && !dn.terms.takes_wildcard);
	assert_true(set(&dn, "identity", "tenant_1.east-2", &why, &at));
	assert_true(str_same(dn.identity, STR("tenant_1.east-2")));
	assert_true(set(&dn, "type", "voip-service", &why, &at));
	assert_int_equal(dn.type, DN_SOFTSWITCH);
	assert_true(set(&dn, "number", "+49-30.x_(1)*", &why, &at));
	assert_true(str_same(dn.number, STR("+49-30.x_(1)*")));
	assert_true(set(&dn, "contact", "sips:pbx@10.0.0.9", &why, &at));
	assert_int_equal(dn.contact.speech.scheme, SCHEME_SIPS);
	assert_true(str_same(dn.contact.number, STR("pbx")));
	assert_true(set(&dn, "prefix", "+49#*", &why, &at));
	assert_true(str_same(dn.prefix, STR("+49#*")));
	assert_true(set(&dn, "priority", "7", &why, &at));
	assert_true(set(&dn, "capacity", "120", &why, &at));
	assert_int_equal(dn.priority, 7);
	assert_int_equal(dn.capacity, 120);
	assert_true(set(&dn, "tls-name", "pbx.example", &why, &at));
	assert_true(str_same(dn.tls_name, STR("pbx.example")));
	assert_true(set(&dn, "tls-name", "192.0.2.1", &why, &at));
	assert_true(set(&dn, "tls-name", "[2001:db8::1]", &why, &at));
	assert_true(set(&dn, "type", "acd-position", &why, &at));
	assert_int_equal(dn.type, DN_ACD_POSITION);
	assert_true(set(&dn, "type", "trunk", &why, &at));
	assert_int_equal(dn.type, DN_TRUNK);
	assert_true(set(&dn, "type", "extension", &why, &at));
	assert_int_equal(dn.type, DN_EXTENSION);
}

static void
test_an_outbound_proxy(void **state)
{
	struct dn dn = dn_of(DN_TRUNK);
	struct str why;
	size_t at;

	(void)state;
	assert_true(set(&dn, "outbound-proxy", "sip:p.example:5070;transport=tcp", &why, &at));
	assert_true(dn.has_proxy && dn.proxy.port == 5070);
	assert_false(set(&dn, "outbound-proxy", "*", &why, &at));
	assert_true(str_begins(why, STR("a proxy is a host")));
	assert_false(set(&dn, "outbound-proxy", "sip:5@p.example", &why, &at));
	assert_true(str_begins(why, STR("a proxy is a host")));
	assert_false(set(&dn, "outbound-proxy", "sips:p;transport=udp", &why, &at));
	assert_int_equal(at, 17);
	assert_true(str_same(contact_fault_text(CONTACT_SIPS_UDP), why));
}

static void
test_flags_and_words(void **state)
{
	struct dn dn = dn_of(DN_TRUNK);
	struct str why;
	size_t at;

	(void)state;
	assert_false(dn.registers || dn.checks_from || dn.is_trusted);
	assert_true(set(&dn, "register", "yes", &why, &at) && dn.registers);
	assert_false(dn.tells_route);
	dn.type = DN_EXTENSION;
	assert_true(set(&dn, "service-route", "yes", &why, &at) && dn.tells_route);
	assert_true(set(&dn, "service-route", "no", &why, &at) && !dn.tells_route);
	dn.type = DN_TRUNK;
	assert_true(set(&dn, "register", "no", &why, &at) && !dn.registers);
	assert_true(set(&dn, "register", "true", &why, &at) && dn.registers);
	assert_true(set(&dn, "register", "false", &why, &at) && !dn.registers);
	assert_false(set(&dn, "register", "Yes", &why, &at));
	assert_true(str_same(why, STR("yes or no")));
	assert_false(set(&dn, "register", "", &why, &at));
	assert_true(set(&dn, "from-domain", "certificate", &why, &at) && dn.checks_from);
	assert_true(set(&dn, "from-domain", "any", &why, &at) && !dn.checks_from);
	assert_true(set(&dn, "asserted-identity", "trusted", &why, &at) && dn.is_trusted);
	assert_true(set(&dn, "asserted-identity", "removed", &why, &at) && !dn.is_trusted);
	assert_false(set(&dn, "asserted-identity", "yes", &why, &at));
	assert_true(set(&dn, "register-expires", "60", &why, &at));
	assert_int_equal(dn.register_expires_s, 60);
	assert_true(set(&dn, "oos-check", "300", &why, &at) && dn.oos_check_s == 300);
	assert_false(set(&dn, "oos-check", "301", &why, &at));
	assert_true(set(&dn, "oos-force", "30", &why, &at) && dn.oos_force_s == 30);
	assert_false(set(&dn, "oos-force", "31", &why, &at));
	assert_true(set(&dn, "recovery-timeout", "3600", &why, &at));
	assert_int_equal(dn.recovery_timeout_s, 3600);
	assert_false(set(&dn, "recovery-timeout", "3601", &why, &at));
}

/* What a method that is not challenged yet is told, and one that is none. */
static void
test_methods_of_later(void **state)
{
	static const char *const later[] = { "publish", "subscribe", "message" };
	struct dn dn = dn_of(DN_EXTENSION);
	struct str why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		assert_false(set(&dn, "authenticate-requests", later[i], &why, &at));
		assert_true(str_begins(why, STR("not challenged yet")));
	}
	assert_false(set(&dn, "authenticate-requests", "bye", &why, &at));
	assert_false(str_holds_alike(why, STR("not challenged yet")));
}

static void
test_methods(void **state)
{
	static const struct {
		const char *text;
		bool has_register, has_invite;
	} all[] = { { "register", true, false }, { "invite", false, true },
		{ "register,invite", true, true }, { " invite , register ", true, true },
		{ "none", false, false } };
	struct dn dn = dn_of(DN_EXTENSION);
	struct str why;
	size_t at;

	(void)state;
	assert_false(dn.challenges_register || dn.challenges_invite);
	assert_true(set(&dn, "password", "secret", &why, &at));
	assert_true(dn.challenges_register && dn.challenges_invite);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		assert_true(set(&dn, "authenticate-requests", all[i].text, &why, &at));
		assert_int_equal(dn.challenges_register, all[i].has_register);
		assert_int_equal(dn.challenges_invite, all[i].has_invite);
	}
}

static void
test_lengths(void **state)
{
	static char text[256];
	struct dn dn = dn_of(DN_EXTENSION);
	struct str why;
	size_t at;

	(void)state;
	memset(text, '7', sizeof text);
	assert_true(option_set(
		&dn, option_find(STR("number")), str_of(text, DN_NUMBER_BYTES_MAX), &why, &at));
	assert_false(option_set(
		&dn, option_find(STR("number")), str_of(text, DN_NUMBER_BYTES_MAX + 1), &why, &at));
	assert_int_equal(at, DN_NUMBER_BYTES_MAX);
	assert_true(option_set(
		&dn, option_find(STR("password")), str_of(text, PASSWORD_BYTES_MAX), &why, &at));
	assert_false(option_set(&dn, option_find(STR("password")),
		str_of(text, PASSWORD_BYTES_MAX + 1), &why, &at));
}

static void
test_guess(void **state)
{
	static const struct str names[] = { STR("password"), STR("contact"), STR("prefix"),
		STR("priority"), STR("type"), STR("t1"), STR("t2"), STR("t4") };
	static const struct {
		const char *wrong, *right;
	} all[] = { { "pasword", "password" }, { "passwrod", "password" }, { "Contact", "contact" },
		{ "kontakt", "contact" }, { "prefxi", "prefix" }, { "tpye", "type" },
		{ "typ", "type" }, { "typo", "type" }, { "t3", "t1" }, { "t", "t1" },
		{ "contatc", "contact" }, { "kontakte", NULL }, { "tip", NULL }, { "", NULL },
		{ "x", NULL }, { "colour", NULL } };
	static char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct str guess =
			option_guess(str_cstr(all[i].wrong), names, sizeof names / sizeof names[0]);

		if (all[i].right == NULL && !str_is_none(guess))
			fail_msg("%s is not %.*s", all[i].wrong, (int)guess.len, guess.at);
		if (all[i].right != NULL && !str_same(guess, str_cstr(all[i].right)))
			fail_msg("%s is not %s", all[i].wrong, all[i].right);
	}
	memset(text, 'a', sizeof text);
	for (size_t len = 0; len <= sizeof text; len += 7)
		assert_true(str_is_none(option_guess(str_of(text, len), names, 8)));
}

/* A name that is none, is too long or would be written anew as a whole is never the guess. */
static void
test_names_that_are_no_guess(void **state)
{
	static char text[4096];
	struct str names[] = { STR(""), str_of(text, sizeof text), STR("q"), STR("qa") };

	(void)state;
	memset(text, 'x', sizeof text);
	assert_true(str_is_none(option_guess(STR("x"), names, 3)));
	assert_true(str_same(option_guess(STR("xa"), names, 4), STR("qa")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_sound),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_which_type_has_what),
		cmocka_unit_test(test_crossing_and_sips),
		cmocka_unit_test(test_not_carried_out),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_values_arrive),
		cmocka_unit_test(test_flags_and_words),
		cmocka_unit_test(test_an_outbound_proxy),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_methods_of_later),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_names_that_are_no_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
