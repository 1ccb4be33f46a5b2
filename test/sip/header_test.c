/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/check.h"
#include "sip/header.h"

/* The name in capitals, in small letters and as it is. */
static void
each_name_is_found_in_any_case(void **state)
{
	(void)state;
	for (unsigned id = 1; id < HEADER_IDS; id++) {
		struct str name = header_name((enum header_id)id);
		char other[32];

		assert_true(name.len < sizeof other);
		assert_int_equal(header_find(name), id);
		for (size_t i = 0; i < name.len; i++)
			other[i] = char_lower(name.at[i]);
		assert_int_equal(header_find(str_of(other, name.len)), id);
		for (size_t i = 0; i < name.len; i++)
			if (char_is_alpha(name.at[i]))
				other[i] = (char)(name.at[i] & ~0x20);
		assert_int_equal(header_find(str_of(other, name.len)), id);
	}
}

/* One octet more, less, or another one. */
static void
what_is_nearly_a_name_is_none(void **state)
{
	(void)state;
	for (unsigned id = 1; id < HEADER_IDS; id++) {
		struct str name = header_name((enum header_id)id);
		char other[32] = { 0 };

		memcpy(other, name.at, name.len);
		assert_int_equal(header_find(str_of(other, name.len + 1)), HEADER_OTHER);
		other[name.len] = 's';
		assert_int_equal(header_find(str_of(other, name.len + 1)), HEADER_OTHER);
		if (name.len > 2)
			assert_int_equal(header_find(str_upto(name, name.len - 1)), HEADER_OTHER);
		for (size_t i = 0; i < name.len; i++) {
			char was = other[i];

			other[i] = '_';
			assert_int_equal(header_find(str_of(other, name.len)), HEADER_OTHER);
			other[i] = (char)(was ^ 0x80);
			assert_int_equal(header_find(str_of(other, name.len)), HEADER_OTHER);
			other[i] = was;
		}
	}
	assert_int_equal(header_find(STR("")), HEADER_OTHER);
	assert_int_equal(header_find(STR_NONE), HEADER_OTHER);
	assert_int_equal(header_find(STR("X-A-Header-With-A-Name-Longer-Than-All")), HEADER_OTHER);
}

static void
compact_forms(void **state)
{
	static const struct {
		char letter;
		enum header_id id;
	} rows[] = {
		{ 'i', HEADER_CALL_ID },
		{ 'm', HEADER_CONTACT },
		{ 'e', HEADER_CONTENT_ENCODING },
		{ 'l', HEADER_CONTENT_LENGTH },
		{ 'c', HEADER_CONTENT_TYPE },
		{ 'f', HEADER_FROM },
		{ 's', HEADER_SUBJECT },
		{ 'k', HEADER_SUPPORTED },
		{ 't', HEADER_TO },
		{ 'v', HEADER_VIA },
		{ 'o', HEADER_EVENT },
		{ 'u', HEADER_ALLOW_EVENTS },
		{ 'r', HEADER_REFER_TO },
		{ 'b', HEADER_REFERRED_BY },
		{ 'x', HEADER_SESSION_EXPIRES },
	};
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char capital = (char)(rows[i].letter & ~0x20);

		assert_int_equal(header_find(str_of(&rows[i].letter, 1)), rows[i].id);
		assert_int_equal(header_find(str_of(&capital, 1)), rows[i].id);
	}
	for (unsigned c = 0; c < 256; c++) {
		char octet = (char)c;

		found += header_find(str_of(&octet, 1)) != HEADER_OTHER;
	}
	assert_int_equal(found, 2 * COUNT(rows));
}

static void
shapes(void **state)
{
	(void)state;
	assert_int_equal(header_shape(HEADER_OTHER), SHAPE_MANY);
	assert_int_equal(header_shape(HEADER_VIA), SHAPE_LIST);
	assert_int_equal(header_shape(HEADER_FROM), SHAPE_ONE);
	assert_int_equal(header_shape(HEADER_AUTHORIZATION), SHAPE_MANY);
}

static void
methods_mind_their_case(void **state)
{
	(void)state;
	for (unsigned m = 1; m < METHODS; m++)
		assert_int_equal(method_find(method_name((enum method)m)), m);
	assert_int_equal(method_find(STR("invite")), METHOD_OTHER);
	assert_int_equal(method_find(STR("INVIT")), METHOD_OTHER);
	assert_int_equal(method_find(STR("INVITES")), METHOD_OTHER);
	assert_int_equal(method_find(STR("")), METHOD_OTHER);
	assert_int_equal(method_find(STR("INFO")), METHOD_INFO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_is_found_in_any_case),
		cmocka_unit_test(what_is_nearly_a_name_is_none),
		cmocka_unit_test(compact_forms),
		cmocka_unit_test(shapes),
		cmocka_unit_test(methods_mind_their_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
