/* SPDX-License-Identifier: Apache-2.0 */
#include "secure/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define DNS(text)                  \
	{                          \
		SAN_DNS, STR(text) \
	}
#define URI(text)                  \
	{                          \
		SAN_URI, STR(text) \
	}
#define IP(octets)                  \
	{                           \
		SAN_IP, STR(octets) \
	}

enum { SANS_MAX = 3 };

static const struct {
	const char *what;
	struct str wanted;
	struct san sans[SANS_MAX];
	struct str matched; /* none: must not match */
} zoo[] = {
	{ "a name", STR("a.example"), { DNS("a.example") }, STR("a.example") },
	{ "case", STR("A.Example"), { DNS("a.eXample") }, STR("a.eXample") },
	{ "second of two", STR("b.example"), { DNS("a.example"), DNS("b.example") },
		STR("b.example") },
	{ "another name", STR("a.example"), { DNS("b.example") }, STR_NONE },
	{ "no name at all", STR("a.example"), { { 0 } }, STR_NONE },
	{ "suffix", STR("a.example"), { DNS("xa.example") }, STR_NONE },
	{ "prefix", STR("a.example"), { DNS("a.example.net") }, STR_NONE },
	{ "child", STR("x.a.example"), { DNS("a.example") }, STR_NONE },
	{ "wildcard", STR("a.example"), { DNS("*.example") }, STR_NONE },
	{ "wildcard wanted", STR("*.example"), { DNS("*.example") }, STR_NONE },
	{ "trailing dot", STR("a.example"), { DNS("a.example.") }, STR_NONE },
	{ "empty value", STR("a.example"), { DNS("") }, STR_NONE },
	{ "empty wanted", STR(""), { DNS("") }, STR_NONE },
	{ "NUL behind", STR("a.example"), { DNS("a.example\0.evil.example") }, STR_NONE },
	{ "NUL in both", STR("a\0b"), { DNS("a\0b") }, STR_NONE },
	{ "space", STR("a.example"), { DNS(" a.example") }, STR_NONE },
	{ "space in both", STR("a b"), { DNS("a b") }, STR_NONE },
	{ "DEL in both", STR("a\x7f"), { DNS("a\x7f") }, STR_NONE },
	{ "more than ASCII in both", STR("\xc3\xbc.example"), { DNS("\xc3\xbc.example") },
		STR_NONE },
	{ "URI", STR("a.example"), { URI("sip:a.example") }, STR("a.example") },
	{ "URI scheme in capitals", STR("a.example"), { URI("SIP:A.example") }, STR("A.example") },
	{ "URI with a port", STR("a.example"), { URI("sip:a.example:5061") }, STR("a.example") },
	{ "URI with a parameter", STR("a.example"), { URI("sip:a.example;x=y") },
		STR("a.example") },
	{ "URI with headers", STR("a.example"), { URI("sip:a.example?x=y") }, STR("a.example") },
	{ "URI with a user", STR("a.example"), { URI("sip:bob@a.example") }, STR_NONE },
	{ "URI with a user, and DNS", STR("a.example"),
		{ URI("sip:bob@b.example"), DNS("a.example") }, STR("a.example") },
	{ "URI of scheme sips", STR("a.example"), { URI("sips:a.example") }, STR_NONE },
	{ "URI of another scheme", STR("a.example"), { URI("https://a.example") }, STR_NONE },
	{ "URI for another hides DNS", STR("a.example"), { DNS("a.example"), URI("sip:b.example") },
		STR_NONE },
	{ "URI of the web does not hide DNS", STR("a.example"),
		{ DNS("a.example"), URI("https://b.example") }, STR("a.example") },
	{ "second URI", STR("a.example"), { URI("sip:b.example"), URI("sip:a.example") },
		STR("a.example") },
	{ "URI with NUL", STR("a.example"), { URI("sip:a.example\0.evil") }, STR_NONE },
	{ "URI with NUL behind the port", STR("a.example"), { URI("sip:a.example:1\0") },
		STR_NONE },
	{ "empty URI hides DNS", STR("a.example"), { URI("sip:"), DNS("a.example") }, STR_NONE },
	{ "URI wildcard", STR("a.example"), { URI("sip:*.example") }, STR_NONE },
	{ "URI ends where its host does", STR("a.example:5061"), { URI("sip:a.example:5061") },
		STR_NONE },
	{ "URI: the host in brackets is one", STR("[2001"), { URI("sip:[2001:db8::1]:5061") },
		STR_NONE },
	{ "URI: so it is up to its bracket", STR("[x;y]"), { URI("sip:[x;y]:5061;z") },
		STR("[x;y]") },
	{ "URI: a bracket that stays open hides DNS", STR("a.example"),
		{ URI("sip:[a.example"), DNS("a.example") }, STR_NONE },
	{ "URI without a host", STR(":"), { URI("sip::") }, STR_NONE },
	{ "URI: no more than its host", STR("a.exampl"), { URI("sip:a.example") }, STR_NONE },
	{ "second URI, after one with a NUL", STR("a.example"),
		{ URI("sip:a.example;\0"), URI("sip:a.example") }, STR("a.example") },
	{ "second of two IP", STR("192.0.2.1"), { IP("\xc0\x00\x02\x02"), IP("\xc0\x00\x02\x01") },
		STR("192.0.2.1") },
	{ "an IP after a name", STR("192.0.2.1"),
		{ DNS("\xc0\x00\x02\x01"), IP("\xc0\x00\x02\x01") }, STR("192.0.2.1") },
	{ "a name of four octets is no IP", STR("192.0.2.1"), { DNS("\xc0\x00\x02\x01") },
		STR_NONE },
	{ "long IP", STR("192.0.2.1"), { IP("\xc0\x00\x02\x01\0") }, STR_NONE },
	{ "v4 octets are no v6", STR("c000:201::"), { IP("\xc0\x00\x02\x01") }, STR_NONE },
	{ "another IPv6", STR("2001:db8::2"), { IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01") },
		STR_NONE },
	{ "a URI's text in IP", STR("a.example"), { IP("a.example") }, STR_NONE },
	{ "IPv4", STR("192.0.2.1"), { IP("\xc0\x00\x02\x01") }, STR("192.0.2.1") },
	{ "another IPv4", STR("192.0.2.1"), { IP("\xc0\x00\x02\x02") }, STR_NONE },
	{ "IPv4 as text in DNS", STR("192.0.2.1"), { DNS("192.0.2.1") }, STR_NONE },
	{ "IPv4 as a URI's host", STR("192.0.2.1"), { URI("sip:192.0.2.1") }, STR_NONE },
	{ "a name does not match an address", STR("a.example"), { IP("\xc0\x00\x02\x01") },
		STR_NONE },
	{ "short IP", STR("192.0.2.1"), { IP("\xc0\x00\x02") }, STR_NONE },
	{ "IPv6", STR("2001:db8::1"), { IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01") },
		STR("2001:db8::1") },
	{ "IPv6 in brackets", STR("[2001:db8:0::1]"),
		{ IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01") }, STR("[2001:db8:0::1]") },
	{ "mapped is not v4", STR("192.0.2.1"),
		{ IP("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01") }, STR_NONE },
};

/* COUNT alternative names with not an octet behind them: whoever reads on is seen. */
static struct san *
exact(const struct san *sans, uint32_t count)
{
	struct san *copy = malloc(count > 0 ? count * sizeof *copy : 1);

	for (uint32_t i = 0; i < count; i++) {
		char *at = malloc(sans[i].value.len > 0 ? sans[i].value.len : 1);

		memcpy(at, sans[i].value.at, sans[i].value.len);
		copy[i] = (struct san){ sans[i].kind, str_of(at, sans[i].value.len) };
	}
	return copy;
}

/* rows: R5922-7.1-a R5922-7.1-b R5922-7.2-a R5922-7.2-b R5922-N-ip */
static void
zoo_has_the_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(zoo); i++) {
		struct str matched = STR("untouched");
		uint32_t count = 0;
		bool is_match, is_right;
		struct san *sans;

		while (count < SANS_MAX && !str_is_none(zoo[i].sans[count].value))
			count++;
		sans = exact(zoo[i].sans, count);
		is_match = identity_match(sans, count, zoo[i].wanted, &matched);
		is_right = is_match == !str_is_none(zoo[i].matched) &&
			str_same(matched, zoo[i].matched);
		for (uint32_t n = 0; n < count; n++)
			free((char *)(uintptr_t)sans[n].value.at);
		free(sans);
		if (!is_right)
			fail_msg("%s: %s", zoo[i].what, is_match ? "matched" : "did not match");
	}
}

static void
wildcards_where_they_are_taken(void **state)
{
	static const struct {
		struct str wanted;
		struct san sans[SANS_MAX];
		bool is_match;
	} rows[] = {
		{ STR("a.example.com"), { DNS("*.example.com") }, true },
		{ STR("A.Example.com"), { DNS("x.example.com"), DNS("*.eXample.com") }, true },
		{ STR("a.example.com"), { DNS("a.example.com") }, true },
		{ STR("example.com"), { DNS("*.example.com") }, false },
		{ STR("b.a.example.com"), { DNS("*.example.com") }, false },
		{ STR(".example.com"), { DNS("*.example.com") }, false },
		{ STR("a.com"), { DNS("*.com") }, false },
		{ STR("a"), { DNS("*") }, false },
		{ STR("a.example.com"), { DNS("*") }, false },
		{ STR("a.example.com"), { DNS("*.*.com") }, false },
		{ STR("a.example.com"), { DNS("a*.example.com") }, false },
		{ STR("a.example.com"), { DNS("*a.example.com") }, false },
		{ STR("a.example.com"), { DNS("*.example.org") }, false },
		{ STR("a.example.com"), { DNS("*.example.com\0x") }, false },
		{ STR("a.example."), { DNS("*.example.") }, false },
		{ STR("*.example.com"), { DNS("*.example.com") }, false },
		{ STR("a.example.com"), { URI("sip:*.example.com") }, false },
		{ STR("a.example.com"), { URI("sip:b.example.com"), DNS("*.example.com") }, false },
		{ STR("a.example.com"), { URI("sips:b.example.com"), DNS("*.example.com") }, true },
		{ STR("192.0.2.1"), { DNS("*.0.2.1") }, false },
		{ STR("a.example.com"), { IP("\xc0\x00\x02\x01"), DNS("*.example.com") }, true },
		{ STR("a.example.com"), { DNS("*.example.com"), URI("sip:b.example.com") }, false },
		{ STR("a.b.c"), { DNS("*.b.c") }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str matched;
		uint32_t count = 0;
		struct san *sans;
		bool is_match;

		while (count < SANS_MAX && !str_is_none(rows[i].sans[count].value))
			count++;
		sans = exact(rows[i].sans, count);
		is_match = identity_match_wild(sans, count, rows[i].wanted, &matched);
		if (is_match != rows[i].is_match || is_match == str_is_none(matched))
			fail_msg("row %zu: %.*s", i, (int)rows[i].wanted.len, rows[i].wanted.at);
		/* Matched is what the certificate says: the name or what stands for it. */
		if (is_match && !str_alike(matched, rows[i].wanted))
			assert_true(str_begins(matched, STR("*.")));
		for (uint32_t n = 0; n < count; n++)
			free((char *)(uintptr_t)sans[n].value.at);
		free(sans);
	}
}

/* Whether a list can hold WANTED: letters, digits, `-`, `_` and `.`, or an address. */
static bool
is_listable(struct str wanted)
{
	struct addr addr;

	for (size_t i = 0; i < wanted.len; i++)
		if (!char_is_alpha(wanted.at[i]) && !char_is_digit(wanted.at[i]) &&
			str_find(STR("-_."), wanted.at[i]) == 3)
			return addr_parse(&addr, wanted);
	return wanted.len > 0;
}

/* Nobody is listed who would not be matched, and whoever can be listed is. */
static void
a_list_proves_what_a_match_does(void **state)
{
	char at[512];

	(void)state;
	for (size_t i = 0; i < COUNT(zoo); i++) {
		struct buf list = buf_on(at, sizeof at);
		bool is_match = !str_is_none(zoo[i].matched) && is_listable(zoo[i].wanted);
		uint32_t count = 0;
		struct san *sans;

		while (count < SANS_MAX && !str_is_none(zoo[i].sans[count].value))
			count++;
		sans = exact(zoo[i].sans, count);
		buf_put(&list, STR("x"));
		identity_list(&list, sans, count, sizeof at - 1);
		for (uint32_t n = 0; n < count; n++)
			free((char *)(uintptr_t)sans[n].value.at);
		free(sans);
		if (identity_is_listed(str_from(buf_str(&list), 1), zoo[i].wanted) != is_match)
			fail_msg("%s: %.*s", zoo[i].what, (int)list.used, at);
	}
}

/* By which kind of name somebody is known who is known. */
static void
a_name_is_of_a_kind(void **state)
{
	static const struct san uri[] = { DNS("a.example"), URI("sip:a.example"),
		IP("\x7f\0\0\1") };
	static const struct san user[] = { URI("sip:u@a.example"), DNS("a.example") };

	(void)state;
	assert_int_equal(identity_named_by(uri, 3, STR("a.example")), NAMED_BY_URI);
	assert_int_equal(identity_named_by(uri + 1, 2, STR("a.example")), NAMED_BY_URI);
	assert_int_equal(identity_named_by(uri, 3, STR("127.0.0.1")), NAMED_BY_IP);
	assert_int_equal(identity_named_by(uri, 1, STR("a.example")), NAMED_BY_DNS);
	assert_int_equal(identity_named_by(user, 2, STR("a.example")), NAMED_BY_DNS);
}

static void
a_list_has_names_and_addresses(void **state)
{
	static const struct san sans[] = { DNS("a.example"), IP("\xc0\x00\x02\x01"), DNS("b,c"),
		DNS("b_2-x.example"), IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01") };
	static const struct str whole = STR("a.example,192.0.2.1,b_2-x.example,2001:db8::1");
	static const struct san short_ones[] = { DNS("a"), DNS("") };
	char at[128];
	struct buf shorts = buf_on(at, sizeof at);

	(void)state;
	identity_list(&shorts, short_ones, 2, sizeof at);
	assert_true(str_same(buf_str(&shorts), STR("a")));
	for (size_t max = 0; max <= whole.len; max++) {
		struct buf list = buf_on(at, sizeof at);
		struct str got;

		buf_put(&list, STR("x"));
		identity_list(&list, sans, COUNT(sans), max);
		got = str_from(buf_str(&list), 1);
		/* It ends behind a name, never within one. */
		assert_true(got.len <= max && str_begins(whole, got));
		assert_true(got.len == 0 || got.len == whole.len || whole.at[got.len] == ',');
		assert_int_equal(identity_is_listed(got, STR("A.example")), max >= 9);
		assert_int_equal(identity_is_listed(got, STR("[2001:db8:0::1]")), max >= whole.len);
	}
	assert_false(identity_is_listed(whole, STR("")));
	assert_false(identity_is_listed(whole, STR("example")));
	assert_false(identity_is_listed(whole, STR("192.0.2.2")));
	assert_false(identity_is_listed(whole, STR("a.example,192.0.2.1")));
	assert_false(identity_is_listed(STR(""), STR("")));
}

static struct str
written(char *at, size_t size, const struct san *sans, uint32_t count, size_t max)
{
	struct buf b = buf_on(at, size);

	buf_put(&b, STR("it names "));
	identity_write(&b, sans, count, max);
	assert_true(buf_ok(&b));
	return str_from(buf_str(&b), 9);
}

static void
names_are_written_for_the_log(void **state)
{
	static const struct san sans[] = { DNS("a.example"), IP("\xc0\x00\x02\x01"),
		URI("sip:b.example"), DNS("x\0\"y") };
	static const struct san odd[] = { IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
		IP("\xc0\x00\x02"), IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0") };
	char at[256];

	(void)state;
	assert_true(str_same(written(at, sizeof at, sans, COUNT(sans), 200),
		STR("DNS:a.example, IP:192.0.2.1, URI:sip:b.example, DNS:x\\x00\\x22y")));
	assert_true(str_same(written(at, sizeof at, sans, 0, 200), STR("nothing")));
	assert_true(str_same(written(at, sizeof at, sans, 0, 3), STR("not")));
	assert_true(str_same(
		written(at, sizeof at, odd, COUNT(odd), 200), STR("IP:2001:db8::1, IP:?, IP:?")));
}

static void
a_long_list_is_cut_between_names(void **state)
{
	static const struct san sans[] = { DNS("a.example"), DNS("b.example"), DNS("c.example") };
	static const struct san uri = URI("sip:a"), ip = IP("\xc0\x00\x02\x01");
	char at[256];

	(void)state;
	assert_true(
		str_same(written(at, sizeof at, sans, COUNT(sans), 50), STR("DNS:a.example, ...")));
	/* With the room that it might take quoted, and that of `, ...`, it is written. */
	assert_true(str_same(written(at, sizeof at, sans, 1, 6 + 4 * 9 + 5), STR("DNS:a.example")));
	assert_true(str_same(written(at, sizeof at, sans, 1, 6 + 4 * 9 + 4), STR("...")));
	assert_true(str_same(written(at, sizeof at, &uri, 1, 6 + 4 * 5 + 5), STR("URI:sip:a")));
	assert_true(str_same(written(at, sizeof at, &uri, 1, 6 + 4 * 5 + 4), STR("...")));
	assert_true(str_same(
		written(at, sizeof at, &ip, 1, 6 + ADDR_TEXT_MAX + 5), STR("IP:192.0.2.1")));
	assert_true(str_same(written(at, sizeof at, &ip, 1, 6 + ADDR_TEXT_MAX + 4), STR("...")));
	assert_true(str_same(written(at, sizeof at, &ip, 1, 2), STR("..")));
	for (size_t max = 0; max < 200; max++)
		assert_true(written(at, sizeof at, sans, COUNT(sans), max).len <= max);
}

static void
a_name_of_no_kind_proves_nothing(void **state)
{
	static const struct san none = { .kind = (enum san_kind)99, .value = STR("a.example") };
	struct str matched;
	char text[64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	assert_false(identity_match(&none, 1, STR("a.example"), &matched));
	assert_false(identity_match_wild(&none, 1, STR("a.example"), &matched));
	identity_list(&b, &none, 1, sizeof text);
	assert_int_equal(b.used, 0);
	/* It is shown without a kind. */
	assert_true(str_same(written(text, sizeof text, &none, 1, sizeof text), STR("a.example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zoo_has_the_verdicts),
		cmocka_unit_test(wildcards_where_they_are_taken),
		cmocka_unit_test(a_list_proves_what_a_match_does),
		cmocka_unit_test(a_name_is_of_a_kind),
		cmocka_unit_test(a_list_has_names_and_addresses),
		cmocka_unit_test(names_are_written_for_the_log),
		cmocka_unit_test(a_long_list_is_cut_between_names),
		cmocka_unit_test(a_name_of_no_kind_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
