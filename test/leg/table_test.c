/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leg/inside.h"
#include "support/legbed.h"

static void
a_table_has_so_many_legs(void **state)
{
	struct leg *legs[BED_LEGS];

	(void)state;
	for (unsigned i = 0; i < BED_LEGS; i++) {
		legs[i] = leg_take(&bed.legs, LEG_OF_CALLEE, bed_turn());
		assert_non_null(legs[i]);
		assert_ptr_equal(leg_at(&bed.legs, legs[i]->ref), legs[i]);
	}
	assert_null(leg_take(&bed.legs, LEG_OF_CALLEE, bed_turn()));
	for (unsigned i = 0; i < BED_LEGS; i++)
		bed_drop(legs[i]);
	assert_null(leg_at(&bed.legs, REF_NONE));
}

/* A cell is taken as it was left: nothing of the leg before may show. */
static void
a_fresh_leg_is_blank(void **state)
{
	struct leg *leg = leg_take(&bed.legs, LEG_OF_CALLER, bed_turn());
	struct ref ref = leg->ref;

	(void)state;
	memset((char *)leg + sizeof leg->ref, 0x5a, sizeof *leg - sizeof leg->ref);
	pool_give(&bed.legs.pool, ref);
	leg = leg_take(&bed.legs, LEG_OF_CALLEE, bed_turn());
	assert_int_equal(leg->ref.slot, ref.slot);
	assert_int_equal(leg->state, LEG_IDLE);
	assert_int_equal(leg->kind, LEG_OF_CALLEE);
	assert_false(leg->is_confirmed || leg->is_cancelled || leg->wants_bye || leg->owes_ack);
	assert_true(ref_is_none(leg->invite_in) && ref_is_none(leg->session.refresh));
	for (unsigned place = 0; place < SHELF_PLACES; place++)
		assert_int_equal(leg_text(leg, place).len, 0);
	for (unsigned i = 0; i < LEG_ALARMS; i++)
		assert_false(alarm_is_armed(&leg->alarms[i]));
	assert_null(leg_at(&bed.legs, ref));
	bed_drop(leg);
}

/* A call costs the memory that its strings take: a leg that is taken leaves its text untouched. */
static void
a_leg_touches_little(void **state)
{
	struct leg *leg = leg_take(&bed.legs, LEG_OF_CALLEE, bed_turn());

	(void)state;
	memset(leg->text, 0x5a, sizeof leg->text);
	bed_drop(leg);
	leg = leg_take(&bed.legs, LEG_OF_CALLEE, bed_turn());
	for (size_t i = 0; i < sizeof leg->text; i++)
		assert_int_equal(leg->text[i], 0x5a);
	bed_drop(leg);
}

static void
it_says_when_the_memory_is_too_small(void **state)
{
	char small[1024];
	struct arena arena = arena_on(small, sizeof small);
	struct legs legs;

	(void)state;
	assert_false(legs_open(&legs, &arena, 4, &bed.txns, &bed.flows, &bed.alarms, &bed.dice));
}

static void
each_state_has_a_name(void **state)
{
	(void)state;
	assert_true(str_same(leg_state_name(LEG_IDLE), STR("IDLE")));
	assert_true(str_same(leg_state_name(LEG_GONE), STR("GONE")));
}

static void
a_leg_knows_its_call(void **state)
{
	static char big[LEG_TEXT_BYTES];
	struct leg *leg = leg_take(&bed.legs, LEG_OF_CALLER, bed_turn());
	struct ref call = { 3, 5 };

	(void)state;
	assert_true(leg_set_call(leg, call, STR("uuid"), STR("7789")));
	assert_true(ref_same(leg->call, call));
	assert_true(str_same(leg_text(leg, TEXT_UUID), STR("uuid")));
	assert_true(str_same(leg_text(leg, TEXT_DN), STR("7789")));
	assert_false(leg_set_call(leg, call, str_of(big, sizeof big), STR("7789")));
	bed_drop(leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(a_table_has_so_many_legs),
		BEDDED(a_fresh_leg_is_blank),
		BEDDED(a_leg_touches_little),
		BEDDED(it_says_when_the_memory_is_too_small),
		BEDDED(each_state_has_a_name),
		BEDDED(a_leg_knows_its_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
