/* SPDX-License-Identifier: Apache-2.0 */
/* Bindings whose time is over leave memory and store, whatever the store does. */
#include "kit.h"

#define AOR STR("7789")
#define END "\r\n"

static struct binding found[CONTACTS_PER_AOR_MAX];

static uint32_t
find(struct world *w)
{
	return registrar_find(w->registrar, AOR, w->now, found);
}

static void
test_a_binding_expires(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	assert_int_equal(pass_ms(w, 59999), 0);
	assert_int_equal(find(w), 1);
	assert_int_equal(w->saves, 1);
	assert_int_equal(pass_ms(w, 1), 1);
	assert_int_equal(find(w), 0);
	assert_int_equal(w->saves, 2);
	assert_int_equal(kept_of(w, AOR)->len, 0);
	assert_idle(w);
	assert_int_equal(pass_ms(w, 3600 * 1000), 0);
}

static void
test_the_others_stay(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p,
		STR("Contact: <sip:a@192.0.2.7>;expires=60, <sip:b@192.0.2.7>;expires=90, "
		    "<sip:c@192.0.2.7>;expires=90" END));
	assert_int_equal(pass_ms(w, 60000), 1);
	assert_int_equal(find(w), 2);
	assert_str(found[0].contact, "sip:c@192.0.2.7");
	assert_int_equal(registrar_count(w->registrar), 1);
	assert_true(str_begins(str_of(kept_of(w, AOR)->set, 10), STR("scheme=sip")));
	/* Both of the same moment go in one step. */
	assert_int_equal(pass_ms(w, 30000), 1);
	assert_idle(w);
}

static void
test_the_first_to_go_may_stand_anywhere(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p,
		STR("Contact: <sip:a@192.0.2.7>;expires=90, <sip:b@192.0.2.7>;expires=60, "
		    "<sip:c@192.0.2.7>;expires=75" END));
	assert_int_equal(pass_ms(w, 60000), 1);
	assert_int_equal(find(w), 2);
	assert_int_equal(pass_ms(w, 15000), 1);
	assert_int_equal(find(w), 1);
	assert_str(found[0].contact, "sip:a@192.0.2.7");
	assert_int_equal(pass_ms(w, 15000), 1);
	assert_idle(w);
}

/* While the store is told again, what expires does not wait for that. */
static void
test_the_next_expires_while_the_store_is_behind(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p,
		STR("Contact: <sip:a@192.0.2.7>;expires=60, <sip:b@192.0.2.7>;expires=70" END));
	w->manner = FAILING;
	pass_ms(w, 60000);
	assert_int_equal(w->saves, 2);
	pass_ms(w, 10000);
	assert_int_equal(w->saves, 3);
	w->manner = PROMPT;
	pass_ms(w, STORE_AGAIN_MS);
	assert_idle(w);
}

/* Sends COUNT REGISTERs that the store leaves without an answer. */
static void
flood(struct world *w, uint32_t count)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	p.aor = STR("1");
	w->manner = MUTE;
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 0);
}

static void
test_one_that_expires_when_no_question_is_left(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	pass_ms(w, 59000);
	flood(w, ASKS_MAX);
	w->saves = 0;
	pass_ms(w, 1000);
	assert_int_equal(w->saves, 0);
	assert_int_equal(find(w), 0);
	/* It is tried again when there are some. */
	pass_ms(w, STORE_WAIT_MS);
	assert_int_equal(registrar_asks(w->registrar), 0);
	w->manner = PROMPT;
	pass_ms(w, STORE_AGAIN_MS);
	assert_int_equal(w->saves, 1);
	assert_idle(w);
}

static void
test_the_last_question_serves(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	pass_ms(w, 59000);
	flood(w, ASKS_MAX - 1);
	w->saves = 0;
	pass_ms(w, 1000);
	assert_int_equal(w->saves, 1);
	w->manner = PROMPT;
	pass_ms(w, STORE_WAIT_MS + STORE_AGAIN_MS);
	assert_idle(w);
}

static void
test_a_refresh_puts_it_off(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	pass_ms(w, 30000);
	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	assert_int_equal(pass_ms(w, 59000), 0);
	assert_int_equal(find(w), 1);
	assert_int_equal(pass_ms(w, 1000), 1);
	assert_idle(w);
}

static void
test_an_expired_one_is_not_listed_even_before_its_alarm(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	/* The calendar jumped. */
	w->now.wall_s += 60;
	assert_int_equal(find(w), 0);
	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_lacks(sent(w), "Contact");
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:b@192.0.2.7>" END)), 200);
	assert_lacks(sent(w), "sip:a@");
	assert_int_equal(find(w), 1);
}

static void
test_a_calendar_that_went_back(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	w->now.wall_s -= 100;
	assert_int_equal(pass_ms(w, 60000), 1);
	/* Not over yet by the calendar: the alarm is put off, nothing is saved. */
	assert_int_equal(find(w), 1);
	assert_int_equal(w->saves, 1);
	assert_int_equal(pass_ms(w, 100000), 1);
	assert_idle(w);
}

static void
test_a_store_that_fails_is_told_again(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	w->manner = FAILING;
	pass_ms(w, 60000);
	assert_int_equal(w->saves, 2);
	assert_int_equal(find(w), 0);
	assert_int_equal(registrar_count(w->registrar), 0);
	pass_ms(w, STORE_AGAIN_MS);
	assert_int_equal(w->saves, 3);
	w->manner = PROMPT;
	pass_ms(w, STORE_AGAIN_MS);
	assert_int_equal(w->saves, 4);
	assert_idle(w);
	assert_int_equal(kept_of(w, AOR)->len, 0);
}

static void
test_a_store_that_is_mute_is_told_again(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	uint32_t sends;

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	sends = w->sends;
	w->manner = MUTE;
	pass_ms(w, 60000 + STORE_WAIT_MS);
	assert_int_equal(registrar_asks(w->registrar), 0);
	assert_int_equal(w->sends, sends);
	w->manner = PROMPT;
	pass_ms(w, STORE_AGAIN_MS);
	assert_idle(w);
}

static void
test_a_register_while_the_store_is_behind(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	w->manner = FAILING;
	pass_ms(w, 60000);
	w->manner = PROMPT;
	/* It is judged by what is in force, and saved over what the store still has. */
	assert_int_equal(
		send_register(w, &p, STR("Contact: <sip:b@192.0.2.7>;expires=600" END)), 200);
	assert_int_equal(find(w), 1);
	assert_str(found[0].contact, "sip:b@192.0.2.7");
	w->saves = 0;
	pass_ms(w, 2 * STORE_AGAIN_MS);
	assert_int_equal(w->saves, 0);
}

static void
test_one_that_expires_while_another_question_waits(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;expires=60" END));
	pass_ms(w, 58000);
	w->manner = MUTE;
	w->saves = 0;
	send_register(w, &p, STR("Contact: <sip:b@192.0.2.7>;expires=600" END));
	pass_ms(w, 3000);
	/* No second question about the same version. */
	assert_int_equal(w->saves, 1);
	assert_int_equal(find(w), 0);
	/* The set that was wanted comes in force, still with the one that is over: that is shed. */
	w->manner = PROMPT;
	registrar_set(w->registrar, AOR, 2,
		STR("scheme=sip transport=UDP flow=1 source=192.0.2.7:1 expires=1700000060 q=1000 "
		    "cseq=1 proven=no contact=15\"sip:a@192.0.2.7\" params=0\"\" call-id=1\"x\"\n"
		    "scheme=sip transport=UDP flow=1 source=192.0.2.7:1 expires=1700000658 q=1000 "
		    "cseq=1 proven=no contact=15\"sip:b@192.0.2.7\" params=0\"\" call-id=1\"x\"\n"),
		w->now);
	registrar_saved(w->registrar, w->last_ask, SAVED_DONE, w->now, &w->out);
	carry(w);
	kept_of(w, AOR)->version = 2;
	assert_int_equal(pass_ms(w, 0), 1);
	assert_int_equal(w->saves, 2);
	assert_int_equal(find(w), 1);
	assert_int_equal(pass_ms(w, 597000 + 1000), 1);
	assert_idle(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_binding_expires),
		TEST(test_the_others_stay),
		TEST(test_the_first_to_go_may_stand_anywhere),
		TEST(test_the_next_expires_while_the_store_is_behind),
		TEST(test_one_that_expires_when_no_question_is_left),
		TEST(test_the_last_question_serves),
		TEST(test_a_refresh_puts_it_off),
		TEST(test_an_expired_one_is_not_listed_even_before_its_alarm),
		TEST(test_a_calendar_that_went_back),
		TEST(test_a_store_that_fails_is_told_again),
		TEST(test_a_store_that_is_mute_is_told_again),
		TEST(test_a_register_while_the_store_is_behind),
		TEST(test_one_that_expires_while_another_question_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
