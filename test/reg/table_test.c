/* SPDX-License-Identifier: Apache-2.0 */
/* The table under a long random life, against a plain list. */
#include "kit.h"

enum { NUMBERS = 12, FLOWS = 5 };

static struct str
name_of(uint32_t number)
{
	return str_of(&"0123456789ab"[number], 1);
}

static void
do_something(struct world *w, struct dice *dice, struct phone *phones)
{
	uint32_t number = dice_below(dice, NUMBERS);
	uint32_t flow = dice_below(dice, FLOWS);
	struct phone *p = &phones[number];
	char text[128];
	struct buf b = buf_on(text, sizeof text);

	w->manner = (enum manner)(dice_below(dice, 8) == 0 ? 1 + dice_below(dice, 3) : PROMPT);
	p->aor = name_of(number);
	p->transport = flow == 0 ? TRANSPORT_UDP : TRANSPORT_TLS;
	p->flow.number = flow == 0 ? 1 : 10 + flow;
	switch (dice_below(dice, 6)) {
	case 0:
		registrar_flow_gone(w->registrar, (struct flow_id){ 10 + flow }, w->now, &w->out);
		carry(w);
		break;
	case 1: pass_ms(w, dice_below(dice, 40000)); break;
	case 2: send_register(w, p, STR("Contact: *\r\nExpires: 0\r\n")); break;
	default:
		buf_put(&b, STR("Contact: <sip:"));
		buf_number(&b, dice_below(dice, 10));
		buf_put(&b, STR("@192.0.2.7>;expires="));
		buf_number(&b, dice_below(dice, 3) == 0 ? 0 : 60 + dice_below(dice, 200));
		buf_put(&b, STR("\r\n"));
		send_register(w, p, buf_str(&b));
		break;
	}
}

/* What must hold after each step. */
static void
check(struct world *w)
{
	const struct registrar *r = w->registrar;
	uint32_t bound = 0, ties = 0, tied = 0;

	for (uint32_t slot = 0; slot < r->addresses.fresh; slot++) {
		const struct address *a = pool_slot(&r->addresses, slot);

		if (a == NULL)
			continue;
		bound += a->set.count > 0;
		assert_true(a->version != 0 || a->questions > 0);
		assert_true(a->set.count == 0 || alarm_is_armed(&a->expiry));
		for (uint32_t i = 0; i < a->set.count; i++)
			ties += !ref_is_none(a->ties[i].lane);
	}
	assert_int_equal(bound, registrar_count(r));
	for (uint32_t slot = 0; slot < r->lanes.fresh; slot++) {
		const struct lane *lane = pool_slot(&r->lanes, slot);
		uint32_t before = 0;

		if (lane == NULL)
			continue;
		for (uint32_t at = lane->first; at != 0;) {
			const struct address *a =
				pool_slot(&r->addresses, (at - 1) / CONTACTS_PER_AOR_MAX);
			const struct tie *tie = &a->ties[(at - 1) % CONTACTS_PER_AOR_MAX];

			assert_int_equal(tie->before, before);
			assert_ptr_equal(pool_at(&r->lanes, tie->lane), lane);
			before = at;
			at = tie->next;
			tied++;
		}
	}
	assert_int_equal(ties, tied);
	assert_int_equal(r->by_aor.count, r->addresses.used);
	assert_int_equal(r->by_flow.count, r->lanes.used);
}

static void
test_a_long_life(void **state)
{
	struct world *w = *state;
	struct phone phones[NUMBERS];

	for (uint32_t seed = 1; seed <= 5; seed++) {
		uint8_t octets[DICE_SEED_BYTES] = { (uint8_t)seed };
		struct dice dice;

		dice_init(&dice, octets);
		for (uint32_t i = 0; i < NUMBERS; i++)
			phones[i] = phone_on(TRANSPORT_UDP, 1);
		for (int step = 0; step < 600; step++) {
			do_something(w, &dice, phones);
			check(w);
		}
		/* In the end the store works again, and all runs out. */
		w->manner = PROMPT;
		pass_ms(w, 600 * 1000);
		assert_idle(w);
		for (uint32_t i = 0; i < w->kept_count; i++)
			assert_int_equal(w->kept[i].len, 0);
		for (uint32_t i = 0; i < NUMBERS; i++)
			phones[i].cseq += 1000;
	}
}

static void
test_an_address_is_found_by_all_of_its_name(void **state)
{
	struct world *w = *state;
	struct registrar *r = w->registrar;
	struct address *a = address_take(r, STR("7789"));

	assert_ptr_equal(address_find(r, STR("7789")), a);
	assert_null(address_find(r, STR("778")));
	assert_null(address_find(r, STR("77890")));
	assert_null(address_find(r, STR("")));
	address_release(r, a);
	assert_null(address_find(r, STR("7789")));
	assert_idle(w);
}

static void
test_a_set_that_is_too_large_is_none(void **state)
{
	static char large[SET_BYTES_MAX + 1];
	struct world *w = *state;
	struct address *a = address_take(w->registrar, STR("7789"));

	assert_false(address_put(w->registrar, a, str_of(large, sizeof large)));
	assert_int_equal(a->set.count, 0);
	assert_true(address_put(w->registrar, a, STR("")));
	address_release(w->registrar, a);
	assert_idle(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_long_life),
		TEST(test_an_address_is_found_by_all_of_its_name),
		TEST(test_a_set_that_is_too_large_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
