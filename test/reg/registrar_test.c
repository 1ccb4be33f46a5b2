/* SPDX-License-Identifier: Apache-2.0 */
/* REGISTER from the request to the answer, with a store that is prompt, stale, failing or mute. */
#include "kit.h"

#include <string.h>

#define AOR STR("7789")
#define CONTACT "Contact: <sip:7789@192.0.2.7:40000>"
#define END "\r\n"

/* What the store then holds. */
#define SET                                                                                        \
	"scheme=sip transport=UDP flow=1 source=192.0.2.7:40000 expires=1700003600 q=1000 cseq=1 " \
	"proven=yes contact=24\"sip:7789@192.0.2.7:40000\" params=0\"\" "                          \
	"call-id=12\"call-1@phone\"\n"

static struct binding found[CONTACTS_PER_AOR_MAX];

static uint32_t
find(struct world *w)
{
	return registrar_find(w->registrar, AOR, w->now, found);
}

static void
test_register_query_and_remove(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_lacks(sent(w), "Contact");
	assert_int_equal(w->saves, 0);
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_int_equal(w->saves, 1);
	assert_int_equal(registrar_count(w->registrar), 1);
	assert_int_equal(registrar_asks(w->registrar), 0);
	assert_int_equal(find(w), 1);
	assert_str(found[0].contact, "sip:7789@192.0.2.7:40000");
	assert_int_equal(found[0].flow.number, 1);
	w->now.wall_s += 100;
	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_has(sent(w), "\r\nContact: <sip:7789@192.0.2.7:40000>;expires=3500\r\n");
	assert_int_equal(w->saves, 1);
	assert_int_equal(send_register(w, &p, STR(CONTACT ";expires=0" END)), 200);
	assert_lacks(sent(w), "Contact");
	assert_int_equal(find(w), 0);
	assert_idle(w);
}

static void
test_nothing_is_in_force_before_the_store_has_it(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = MUTE;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 0);
	assert_int_equal(find(w), 0);
	assert_int_equal(registrar_count(w->registrar), 0);
	assert_int_equal(registrar_asks(w->registrar), 1);
	/* The set first, then the answer. */
	registrar_set(w->registrar, AOR, 1, STR(SET), w->now);
	assert_int_equal(find(w), 1);
	assert_int_equal(w->sends, 0);
	registrar_saved(w->registrar, w->last_ask, SAVED_DONE, w->now, &w->out);
	carry(w);
	assert_int_equal(status_of(sent(w)), 200);
	assert_int_equal(registrar_asks(w->registrar), 0);
	/* An answer that comes twice meets nobody. */
	registrar_saved(w->registrar, w->last_ask, SAVED_DONE, w->now, &w->out);
	carry(w);
	assert_int_equal(w->sends, 1);
}

static void
test_a_store_that_fails(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 500);
	assert_idle(w);
	w->manner = PROMPT;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR("Contact: *" END "Expires: 0" END)), 500);
	assert_int_equal(find(w), 1);
}

static void
test_a_set_that_changed_meanwhile(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = STALE;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 500);
	assert_has(sent(w), "\r\nRetry-After: 1\r\n");
	assert_int_equal(w->notes, 1);
	assert_idle(w);
}

static void
test_a_store_that_does_not_answer(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct ref ask;

	w->manner = MUTE;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 0);
	ask = w->last_ask;
	assert_int_equal(pass_ms(w, STORE_WAIT_MS - 1), 0);
	assert_int_equal(w->sends, 0);
	assert_int_equal(pass_ms(w, 1), 1);
	assert_int_equal(status_of(sent(w)), 500);
	assert_idle(w);
	/* It comes at last: what it holds is the truth, and nobody is answered twice. */
	registrar_saved(w->registrar, ask, SAVED_DONE, w->now, &w->out);
	carry(w);
	assert_int_equal(w->sends, 1);
}

static void
test_a_full_table_of_questions(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = MUTE;
	for (uint32_t i = 0; i < ASKS_MAX; i++)
		assert_int_equal(send_register(w, &p, STR(CONTACT END)), 0);
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 503);
	assert_has(sent(w), "\r\nRetry-After: 10\r\n");
	assert_int_equal(registrar_asks(w->registrar), ASKS_MAX);
	/* A query needs none. */
	assert_int_equal(send_register(w, &p, STR("")), 200);
}

/* Sends COUNT REGISTERs of one address that the store leaves without an answer. */
static void
flood(struct world *w, uint32_t count)
{
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = MUTE;
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 0);
}

/* Who finds no question left has left nothing behind. */
static void
test_a_new_address_and_no_question(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	flood(w, ASKS_MAX - 1);
	p.aor = STR("2");
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 0);
	assert_int_equal(w->registrar->addresses.used, 2);
	p.aor = STR("3");
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 503);
	assert_has(sent(w), "\r\nRetry-After: 10\r\n");
	assert_int_equal(w->registrar->addresses.used, 2);
	pass_ms(w, STORE_WAIT_MS);
	assert_idle(w);
}

static void
test_the_longest_address(void **state)
{
	static char aor[AOR_BYTES_MAX + 1];
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	memset(aor, 'a', sizeof aor);
	w->manner = MUTE;
	p.aor = str_of(aor, AOR_BYTES_MAX);
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 0);
	p.aor = str_of(aor, AOR_BYTES_MAX + 1);
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>" END)), 403);
	assert_lacks(sent(w), "Retry-After");
	pass_ms(w, STORE_WAIT_MS);
	assert_idle(w);
}

/* What one REGISTER keeps for itself is gone with the next. */
static void
test_many_with_long_parameters(void **state)
{
	static char lines[1024];
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct buf b = buf_on(lines, sizeof lines);

	buf_put(&b, STR("Contact: <sip:a@192.0.2.7>;x="));
	while (b.used < 900)
		buf_char(&b, 'x');
	buf_put(&b, STR(END));
	for (size_t sum = 0; sum < 2 * HEAD_BYTES_MAX; sum += b.used)
		assert_int_equal(send_register(w, &p, buf_str(&b)), 200);
}

static void
test_a_full_table_of_addresses(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char aor[16];

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		struct buf b = buf_on(aor, sizeof aor);

		buf_number(&b, i);
		p.aor = buf_str(&b);
		assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	}
	p.aor = AOR;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 503);
	assert_int_equal(registrar_count(w->registrar), ADDRESSES);
	assert_int_equal(registrar_asks(w->registrar), 0);
	p.aor = STR("5");
	p.call_id = STR("another");
	assert_int_equal(send_register(w, &p, STR("Contact: *" END "Expires: 0" END)), 200);
	w->kept_count = 0;
	p.aor = AOR;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
}

static void
test_two_at_once_and_one_has_to_come_again(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1), q = p;
	struct ref first, second;

	q.call_id = STR("call-2@phone");
	w->manner = MUTE;
	send_register(w, &p, STR(CONTACT END));
	first = w->last_ask;
	send_register(w, &q, STR("Contact: <sip:other@192.0.2.9>" END));
	second = w->last_ask;
	assert_int_equal(registrar_asks(w->registrar), 2);
	registrar_set(w->registrar, AOR, 1, STR(SET), w->now);
	registrar_saved(w->registrar, first, SAVED_DONE, w->now, &w->out);
	carry(w);
	assert_int_equal(status_of(sent(w)), 200);
	assert_has(sent(w), "\r\nCall-ID: call-1@phone\r\n");
	registrar_saved(w->registrar, second, SAVED_STALE, w->now, &w->out);
	carry(w);
	assert_int_equal(status_of(sent(w)), 500);
	assert_has(sent(w), "\r\nCall-ID: call-2@phone\r\n");
	assert_int_equal(find(w), 1);
	assert_int_equal(registrar_asks(w->registrar), 0);
}

static void
test_the_order_of_what_is_found(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	send_register(w, &p, STR("Contact: <sip:a@192.0.2.7>;q=0.5, <sip:b@192.0.2.7>" END));
	send_register(w, &p, STR("Contact: <sip:c@192.0.2.7>;q=0.5, <sip:d@192.0.2.7>" END));
	send_register(w, &p, STR("Contact: <sip:e@192.0.2.7>;q=0" END));
	assert_int_equal(find(w), 5);
	assert_str(found[0].contact, "sip:d@192.0.2.7");
	assert_str(found[1].contact, "sip:b@192.0.2.7");
	assert_str(found[2].contact, "sip:c@192.0.2.7");
	assert_str(found[3].contact, "sip:a@192.0.2.7");
	assert_str(found[4].contact, "sip:e@192.0.2.7");
	/* A refresh makes it the latest. */
	send_register(w, &p, STR("Contact: <sip:b@192.0.2.7>" END));
	assert_int_equal(find(w), 5);
	assert_str(found[0].contact, "sip:b@192.0.2.7");
}

static void
test_who_is_on_a_flow(void **state)
{
	struct world *w = *state;
	struct phone udp = phone_on(TRANSPORT_UDP, 1), tls = phone_on(TRANSPORT_TLS, 9);
	struct addr other = address_of(STR("192.0.2.7"), 40001);

	tls.call_id = STR("call-2@phone");
	send_register(w, &udp, STR(CONTACT END));
	assert_true(registrar_is_on_flow(w->registrar, AOR, udp.flow, &udp.source, w->now));
	assert_false(registrar_is_on_flow(w->registrar, AOR, udp.flow, &other, w->now));
	assert_false(registrar_is_on_flow(w->registrar, AOR, tls.flow, &udp.source, w->now));
	assert_false(registrar_is_on_flow(w->registrar, STR("1"), udp.flow, &udp.source, w->now));
	send_register(w, &tls, STR("Contact: <sip:other@192.0.2.7>" END));
	assert_true(registrar_is_on_flow(w->registrar, AOR, tls.flow, &other, w->now));
	w->now.wall_s += REGISTER_DEFAULT_S;
	assert_false(registrar_is_on_flow(w->registrar, AOR, tls.flow, &other, w->now));
}

static void
test_the_note_of_a_sip_contact_in_a_sips_register(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	p.target = STR("sips:example.com");
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_int_equal(w->notes, 1);
	assert_str(str_of(w->note, w->note_len),
		"register 7789 from 192.0.2.7:40000: a sips REGISTER with a sip Contact makes a "
		"sip binding");
	assert_int_equal(w->note_level, NOTE_WARN);
	assert_int_equal(find(w), 1);
	assert_int_equal(found[0].speech.scheme, SCHEME_SIP);
	assert_int_equal(
		send_register(w, &p, STR("Contact: <sips:7789@192.0.2.7:40000>" END)), 200);
	assert_int_equal(w->notes, 1);
	assert_int_equal(find(w), 1);
	assert_int_equal(found[0].speech.scheme, SCHEME_SIPS);
}

static void
test_the_note_of_a_refusal(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@127.0.0.1>" END)), 403);
	assert_int_equal(w->notes, 1);
	assert_str(str_of(w->note, w->note_len),
		"register 7789 from 192.0.2.7:40000: refused with 403: "
		"Contact Is Not Reachable From Here");
	assert_int_equal(w->note_level, NOTE_INFO);
}

static void
test_what_others_did_to_the_store(void **state)
{
	struct world *w = *state;
	struct str one =
		STR("scheme=sip transport=UDP flow=1 source=192.0.2.7:1 expires=1700003600 "
		    "q=1000 cseq=1 proven=no contact=5\"sip:a\" params=0\"\" call-id=1\"x\"\n");

	registrar_set(w->registrar, AOR, 5, one, w->now);
	assert_int_equal(find(w), 1);
	/* Older news is no news, and what cannot be read is no binding. */
	registrar_set(w->registrar, AOR, 4, STR(""), w->now);
	registrar_set(w->registrar, AOR, 5, STR(""), w->now);
	assert_int_equal(find(w), 1);
	registrar_set(w->registrar, AOR, 6, STR("rubbish"), w->now);
	assert_int_equal(find(w), 0);
	assert_int_equal(registrar_count(w->registrar), 0);
	registrar_set(w->registrar, AOR, 7, one, w->now);
	assert_int_equal(find(w), 1);
	registrar_set(w->registrar, AOR, 8, STR(""), w->now);
	assert_idle(w);
	registrar_set(w->registrar, AOR, 9, STR(""), w->now);
	assert_idle(w);
}

/* The log says whose bindings the store did not take, and why. */
static void
test_the_notes_of_what_was_not_saved(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 500);
	assert_str(str_of(w->note, w->note_len),
		"register 7789: the store has failed to save the bindings");
	assert_int_equal(w->note_level, NOTE_WARN);
	w->manner = MUTE;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 0);
	pass_ms(w, STORE_WAIT_MS);
	assert_str(str_of(w->note, w->note_len), "register 7789: the store does not answer");
	assert_int_equal(w->note_level, NOTE_WARN);
	assert_int_equal(w->notes, 2);
}

/* What is refused changes nothing, in memory or store. */
static void
test_what_is_refused_is_not_saved(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(
		send_register(w, &p, STR(CONTACT ", <sip:b@192.0.2.7>;expires=1" END)), 423);
	assert_int_equal(w->saves, 0);
	assert_int_equal(w->sends, 1);
	assert_idle(w);
}

/* What goes by outbound is answered by it, though there is nothing to change. */
static void
test_a_flow_that_was_none_goes(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TCP, 9);

	assert_int_equal(send_register(w, &p,
				 STR("Supported: path, outbound" END CONTACT
				     ";+sip.instance=\"<urn:a>\";reg-id=1;expires=0" END)),
		200);
	assert_int_equal(w->saves, 0);
	assert_has(sent(w), "\r\nRequire: outbound\r\n");
}

/* The store is believed about the longest name, and not about a longer one. */
static void
test_the_longest_address_of_the_store(void **state)
{
	static char aor[AOR_BYTES_MAX + 1];
	struct world *w = *state;
	struct str longest = str_of(aor, AOR_BYTES_MAX);

	memset(aor, 'a', sizeof aor);
	registrar_set(w->registrar, str_of(aor, AOR_BYTES_MAX + 1), 1, STR(SET), w->now);
	assert_idle(w);
	registrar_set(w->registrar, longest, 1, STR(SET), w->now);
	assert_int_equal(registrar_find(w->registrar, longest, w->now, found), 1);
	/* The same version again is no news. */
	registrar_set(w->registrar, longest, 1, STR(""), w->now);
	assert_int_equal(registrar_find(w->registrar, longest, w->now, found), 1);
	registrar_set(w->registrar, longest, 2, STR(""), w->now);
	assert_idle(w);
}

/* However little of it there is: the next REGISTER is saved over what cannot be read. */
static void
test_an_octet_that_is_no_set(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct kept *k = kept_of(w, AOR);

	k->version = 3;
	k->len = 1;
	registrar_set(w->registrar, AOR, 3, STR("x"), w->now);
	assert_int_equal(registrar_count(w->registrar), 0);
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_int_equal(k->version, 4);
	assert_int_equal(find(w), 1);
}

static void
test_nobody_of_many_is_on_another_flow(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TLS, 9);

	assert_int_equal(
		send_register(w, &p,
			STR("Contact: <sip:1@192.0.2.7>,<sip:2@192.0.2.7>,<sip:3@192.0.2.7>,"
			    "<sip:4@192.0.2.7>,<sip:5@192.0.2.7>,<sip:6@192.0.2.7>,"
			    "<sip:7@192.0.2.7>,<sip:8@192.0.2.7>" END)),
		200);
	assert_int_equal(find(w), CONTACTS_PER_AOR_MAX);
	assert_true(registrar_is_on_flow(w->registrar, AOR, p.flow, &p.source, w->now));
	p.flow.number = 10;
	assert_false(registrar_is_on_flow(w->registrar, AOR, p.flow, &p.source, w->now));
}

/* A walk over the slots meets each address once. */
static void
test_a_walk(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	unsigned met = 0;

	assert_int_equal(registrar_slots(w->registrar), 0);
	send_register(w, &p, STR(CONTACT END));
	p.aor = STR("7790");
	send_register(w, &p, STR(CONTACT END));
	p.aor = STR("7791");
	send_register(w, &p, STR(CONTACT END));
	p.aor = STR("7790");
	send_register(w, &p, STR(CONTACT ";expires=0" END));
	for (uint32_t slot = 0; slot < registrar_slots(w->registrar); slot++) {
		struct str aor = registrar_aor(w->registrar, slot);

		met += str_same(aor, AOR) ? 1 : str_same(aor, STR("7791")) ? 10 : 0;
		assert_false(str_same(aor, STR("7790")));
	}
	assert_int_equal(met, 11);
}

/* What a run hashes and signs with is its own: nobody learns it from another one. */
static void
test_the_keys_of_a_run(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 4 };
	struct world *w = *state;
	struct registrar_options options = {
		.addresses_max = 4, .alarms = &w->alarms, .txns = &w->txns
	};
	struct arena arena = arena_on(NULL, 0);
	struct registrar *other;
	struct dice dice;
	void *memory;

	registrar_open(&arena, &options, &w->dice);
	memory = aligned_alloc(64, (arena.used + 63) & ~(size_t)63);
	arena = arena_on(memory, arena.used);
	dice_init(&dice, seed);
	other = registrar_open(&arena, &options, &dice);
	assert_int_not_equal(
		map_hash(&w->registrar->by_aor, &AOR, 1), map_hash(&other->by_aor, &AOR, 1));
	assert_int_not_equal(
		map_hash(&w->registrar->by_flow, &AOR, 1), map_hash(&other->by_flow, &AOR, 1));
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(w->registrar->gruu_key[i], other->gruu_key[i]);
	free(memory);
}

/* Each address, each lane and each question may have one armed. */
static void
test_how_many_alarms(void **state)
{
	(void)state;
	assert_true(registrar_alarms(ADDRESSES) >= 2 * ADDRESSES + ASKS_MAX);
}

static void
test_a_measure_is_enough_and_less_is_not(void **state)
{
	struct world *w = *state;
	struct registrar_options options = {
		.addresses_max = 4, .alarms = &w->alarms, .txns = &w->txns
	};
	struct arena measure = arena_on(NULL, 0), arena;
	void *memory;

	assert_null(registrar_open(&measure, &options, &w->dice));
	memory = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	arena = arena_on(memory, measure.used - 1);
	assert_null(registrar_open(&arena, &options, &w->dice));
	free(memory);
	memory = aligned_alloc(64, (measure.used + 63) & ~(size_t)63);
	arena = arena_on(memory, measure.used);
	assert_non_null(registrar_open(&arena, &options, &w->dice));
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_register_query_and_remove),
		TEST(test_nothing_is_in_force_before_the_store_has_it),
		TEST(test_a_store_that_fails),
		TEST(test_a_set_that_changed_meanwhile),
		TEST(test_a_store_that_does_not_answer),
		TEST(test_a_full_table_of_questions),
		TEST(test_a_new_address_and_no_question),
		TEST(test_the_longest_address),
		TEST(test_many_with_long_parameters),
		TEST(test_a_full_table_of_addresses),
		TEST(test_two_at_once_and_one_has_to_come_again),
		TEST(test_the_order_of_what_is_found),
		TEST(test_who_is_on_a_flow),
		TEST(test_the_note_of_a_sip_contact_in_a_sips_register),
		TEST(test_the_note_of_a_refusal),
		TEST(test_what_others_did_to_the_store),
		TEST(test_the_notes_of_what_was_not_saved),
		TEST(test_what_is_refused_is_not_saved),
		TEST(test_a_flow_that_was_none_goes),
		TEST(test_the_longest_address_of_the_store),
		TEST(test_an_octet_that_is_no_set),
		TEST(test_nobody_of_many_is_on_another_flow),
		TEST(test_a_walk),
		TEST(test_the_keys_of_a_run),
		TEST(test_how_many_alarms),
		TEST(test_a_measure_is_enough_and_less_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
