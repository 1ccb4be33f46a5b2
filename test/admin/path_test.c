/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static void
each_path_is_its_question(void **state)
{
	static const struct {
		struct str text;
		enum ask_what what;
		struct str name;
	} rows[] = {
		{ STR("/v1/status"), ASK_STATUS, STR("") },
		{ STR("/v1/calls"), ASK_CALLS, STR("") },
		{ STR("/v1/calls/0123"), ASK_CALL, STR("0123") },
		{ STR("/v1/registrations"), ASK_REGISTRATIONS, STR("") },
		{ STR("/v1/route"), ASK_ROUTE, STR("") },
		{ STR("/v1/why/0123"), ASK_WHY, STR("0123") },
		{ STR("/v1/crossings"), ASK_PAIRS, STR("") },
		{ STR("/v1/crossings/dns"), ASK_TALLIES, STR("") },
		{ STR("/v1/reload"), ASK_RELOAD, STR("") },
	};
	static const struct str none[] = { STR(""), STR("/"), STR("/v1"), STR("/v1/statu"),
		STR("/v1/status/"), STR("/v1/status/x"), STR("/v1/calls/"), STR("/v1/calls/a/b"),
		STR("/v1/calls//"), STR("/V1/status"), STR("v1/status") };
	struct str name;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct path *path = path_find(rows[i].text, &name);

		assert_non_null(path);
		assert_int_equal(path->what, rows[i].what);
		assert_true(str_same(name, rows[i].name));
		assert_true(str_ends(path->schema, STR("/1")));
		assert_int_equal(path->is_order, rows[i].what == ASK_RELOAD);
	}
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_null(path_find(none[i], &name));
}

static void
words_behind_it(void **state)
{
	char longest[ASK_NAME_BYTES_MAX + 1];
	struct ask ask = { .name = STR("") };
	struct str name;
	const struct path *calls = path_find(STR("/v1/calls"), &name);
	const struct path *status = path_find(STR("/v1/status"), &name);
	const struct path *route = path_find(STR("/v1/route"), &name);

	(void)state;
	memset(longest, '7', sizeof longest);
	assert_null(path_word(calls, &ask, STR("cursor"), STR("4294967295")));
	assert_int_equal(ask.from, UINT32_MAX);
	assert_null(path_word(calls, &ask, STR("number"), str_of(longest, sizeof longest - 1)));
	assert_int_equal(ask.name.len, ASK_NAME_BYTES_MAX);
	assert_non_null(path_word(calls, &ask, STR("number"), str_of(longest, sizeof longest)));
	assert_non_null(path_word(calls, &ask, STR("number"), STR("")));
	assert_non_null(path_word(calls, &ask, STR("cursor"), STR("4294967296")));
	assert_non_null(path_word(calls, &ask, STR("cursor"), STR("")));
	assert_non_null(path_word(calls, &ask, STR("cursor"), STR("-1")));
	assert_non_null(path_word(calls, &ask, STR(""), STR("1")));
	assert_non_null(path_word(calls, &ask, STR("Number"), STR("1")));
	assert_non_null(path_word(status, &ask, STR("cursor"), STR("1")));
	assert_null(path_word(route, &ask, STR("from"), STR("7789")));
	assert_null(path_word(route, &ask, STR("to"), STR("5000")));
	assert_true(str_same(ask.name, STR("7789")) && str_same(ask.other, STR("5000")));
	assert_non_null(path_word(route, &ask, STR("cursor"), STR("1")));
	assert_non_null(path_word(status, &ask, STR("number"), STR("1")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_is_its_question),
		cmocka_unit_test(words_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
