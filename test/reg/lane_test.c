/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a connection takes the bindings that led over it. */
#include "kit.h"

#define AOR STR("7789")
#define CONTACT "Contact: <sip:7789@192.0.2.7:40000>"
#define OTHER "Contact: <sip:7789@192.0.2.9:40000>"
#define END "\r\n"

static struct binding found[CONTACTS_PER_AOR_MAX];

static void
end_flow(struct world *w, uint64_t flow)
{
	registrar_flow_gone(w->registrar, (struct flow_id){ flow }, w->now, &w->out);
	carry(w);
}

static void
test_a_connection_ends(void **state)
{
	struct world *w = *state;
	struct phone tls = phone_on(TRANSPORT_TLS, 9), udp = phone_on(TRANSPORT_UDP, 1);

	udp.call_id = STR("call-2@phone");
	send_register(w, &tls, STR(CONTACT END));
	send_register(w, &udp, STR(OTHER END));
	end_flow(w, 8);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 2);
	end_flow(w, 9);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 1);
	assert_int_equal(found[0].flow.number, 1);
	assert_int_equal(w->saves, 3);
	assert_int_equal(w->registrar->lanes.used, 0);
	/* A socket never ends, and has no lane. */
	end_flow(w, 1);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 1);
}

static void
test_a_phone_that_moved_is_left_alone(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TCP, 9);

	send_register(w, &p, STR(CONTACT END));
	p.flow.number = 10;
	send_register(w, &p, STR(CONTACT END));
	assert_int_equal(w->registrar->lanes.used, 1);
	end_flow(w, 9);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 1);
	assert_int_equal(found[0].flow.number, 10);
	end_flow(w, 10);
	assert_idle(w);
}

/* Many numbers behind one connection: each step is small, none is found after the first. */
static void
test_a_crowd_on_one_connection(void **state)
{
	enum { CROWD = 40 };
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);
	char aor[16];
	uint32_t saves;

	for (uint32_t i = 0; i < CROWD; i++) {
		struct buf b = buf_on(aor, sizeof aor);

		buf_number(&b, 100 + i);
		p.aor = buf_str(&b);
		assert_int_equal(
			send_register(w, &p, STR(CONTACT ", <sip:two@192.0.2.7>" END)), 200);
	}
	saves = w->saves;
	end_flow(w, 9);
	assert_int_equal(w->saves, saves + 2);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct buf b = buf_on(aor, sizeof aor);

		buf_number(&b, 100 + i);
		assert_int_equal(registrar_find(w->registrar, buf_str(&b), w->now, found), 0);
	}
	assert_true(registrar_count(w->registrar) > 0);
	pass_ms(w, 0);
	assert_int_equal(w->saves, saves + CROWD);
	assert_idle(w);
}

/* Three addresses, of which one step takes two: the last is the first that there ever was. */
static void
test_the_last_of_a_connection_goes_too(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	for (uint32_t i = 0; i < 3; i++) {
		p.aor = str_of(&"abc"[i], 1);
		send_register(w, &p, STR(CONTACT END));
	}
	end_flow(w, 9);
	assert_int_equal(registrar_count(w->registrar), 1);
	pass_ms(w, 0);
	assert_idle(w);
}

/* All the bindings that one address can have lie on one connection. */
static void
test_a_full_address_on_one_connection(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	send_register(w, &p,
		STR("Contact: <sip:1@192.0.2.7>,<sip:2@192.0.2.7>,<sip:3@192.0.2.7>,"
		    "<sip:4@192.0.2.7>,<sip:5@192.0.2.7>,<sip:6@192.0.2.7>,<sip:7@192.0.2.7>,"
		    "<sip:8@192.0.2.7>" END));
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 8);
	p.aor = STR("b");
	send_register(w, &p, STR(CONTACT END));
	/* The newest of the connection goes, then those of the first address. */
	send_register(w, &p, STR(CONTACT ";expires=0" END));
	end_flow(w, 9);
	pass_ms(w, 0);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 0);
	assert_idle(w);
}

static void
test_the_end_comes_before_the_answer(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	w->manner = MUTE;
	send_register(w, &p, STR(CONTACT END));
	end_flow(w, 9);
	assert_int_equal(w->registrar->lanes.used, 1);
	w->manner = PROMPT;
	assert_int_equal(keep(w, AOR, 0,
				 STR("scheme=sip transport=TLS flow=9 source=192.0.2.7:1 "
				     "expires=1700003600 q=1000 cseq=1 proven=no contact=15"
				     "\"sip:a@192.0.2.7\" params=0\"\" call-id=1\"x\"\n")),
		SAVED_DONE);
	registrar_saved(w->registrar, w->last_ask, SAVED_DONE, w->now, &w->out);
	carry(w);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 0);
	pass_ms(w, 0);
	assert_idle(w);
	assert_int_equal(kept_of(w, AOR)->len, 0);
}

/* Its stream may not be ended before, whatever stands behind the REGISTER. */
static void
test_an_answer_is_owed_until_the_store_has_spoken(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	assert_false(registrar_owes(w->registrar, p.flow));
	send_register(w, &p, STR(CONTACT END));
	assert_false(registrar_owes(w->registrar, p.flow));
	w->manner = MUTE;
	send_register(w, &p, STR(CONTACT END));
	assert_true(registrar_owes(w->registrar, p.flow));
	assert_false(registrar_owes(w->registrar, (struct flow_id){ 8 }));
	registrar_saved(w->registrar, w->last_ask, SAVED_FAILED, w->now, &w->out);
	carry(w);
	assert_int_equal(w->registrar->lanes.used, 1);
	assert_false(registrar_owes(w->registrar, p.flow));
}

static void
test_a_set_told_anew_does_not_bring_a_dead_one_back(void **state)
{
	static char set[SET_BYTES_MAX];
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);
	struct buf b = buf_on(set, sizeof set);
	struct kept *k;

	send_register(w, &p, STR(CONTACT END));
	k = kept_of(w, AOR);
	buf_put(&b, str_of(k->set, k->len));
	/* The lane must be gone but not cleared: it has more bindings than one step takes. */
	p.aor = STR("1");
	send_register(w, &p, STR(CONTACT END));
	p.aor = STR("2");
	send_register(w, &p, STR(CONTACT END));
	registrar_flow_gone(w->registrar, (struct flow_id){ 9 }, w->now, &w->out);
	registrar_set(w->registrar, AOR, k->version + 1, buf_str(&b), w->now);
	k->version++;
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 0);
	carry(w);
	pass_ms(w, 0);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 0);
	assert_idle(w);
}

static void
test_without_room_for_a_lane_a_binding_just_expires(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 100);

	/* One address can lie on as many connections as it has bindings. */
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		char text[64];
		struct buf b = buf_on(text, sizeof text);

		p.aor = str_of(&"abcdefgh"[i / 8], 1);
		p.flow.number = 100 + i;
		buf_put(&b, STR("Contact: <sip:"));
		buf_number(&b, i);
		buf_put(&b, STR("@192.0.2.7>" END));
		assert_int_equal(send_register(w, &p, buf_str(&b)), 200);
	}
	assert_int_equal(pool_left(&w->registrar->lanes), 0);
	p.aor = AOR;
	p.flow.number = 99;
	assert_int_equal(send_register(w, &p, STR(CONTACT ";expires=60" END)), 200);
	end_flow(w, 99);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 1);
	pass_ms(w, 60000);
	assert_int_equal(registrar_find(w->registrar, AOR, w->now, found), 0);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		end_flow(w, 100 + i);
	pass_ms(w, 0);
	assert_idle(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_connection_ends),
		TEST(test_a_phone_that_moved_is_left_alone),
		TEST(test_a_crowd_on_one_connection),
		TEST(test_the_last_of_a_connection_goes_too),
		TEST(test_a_full_address_on_one_connection),
		TEST(test_the_end_comes_before_the_answer),
		TEST(test_an_answer_is_owed_until_the_store_has_spoken),
		TEST(test_a_set_told_anew_does_not_bring_a_dead_one_back),
		TEST(test_without_room_for_a_lane_a_binding_just_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
