/* SPDX-License-Identifier: Apache-2.0 */
/* Names and what they resolve to, and which trunk an address is. */
#include "core/peers_kit.h"

static void
test_literals_are_known_at_once(void **state)
{
	struct addr a = addr("192.0.2.50"), b = addr("192.0.2.51");

	(void)state;
	assert_true(peer(0)->is_known && peer(0)->count == 1);
	assert_null(peer(1));
	assert_false(peer(2)->is_known);
	assert_true(peers_is_at(&world.peers, &world.dns[0], &a));
	assert_false(peers_is_at(&world.peers, &world.dns[0], &b));
	assert_false(peers_is_at(&world.peers, &world.dns[1], &a));
	/* The first trunk in the directory; an extension is none. */
	assert_ptr_equal(trunk_at("192.0.2.50"), &world.dns[3]);
	assert_null(trunk_at("192.0.2.51"));
}

static void
test_names_are_asked_for(void **state)
{
	struct ref ask = REF_NONE, first;

	(void)state;
	assert_int_equal(world.out.count, 0); /* by and by */
	assert_int_equal(ring_at(1000, &ask), 2);
	assert_true(str_same(world.out.acts[0].u.resolve.name, STR("fly.example.net")));
	assert_true(str_same(world.out.acts[1].u.resolve.name, STR("phone.example.net")));
	first = world.out.acts[0].u.resolve.ask;
	assert_true(answer(first, NAMES_FOUND, 300, "192.0.2.60", "192.0.2.61"));
	assert_int_equal(peer(2)->count, 2);
	assert_ptr_equal(trunk_at("192.0.2.61"), &world.dns[2]);
	assert_true(answer(ask, NAMES_FOUND, 300, "192.0.2.70", NULL));
	assert_null(trunk_at("192.0.2.70"));
	assert_false(answer(first, NAMES_FOUND, 300, "192.0.2.99", NULL)); /* nobody asked again */
	assert_false(answer((struct ref){ 9, 1 }, NAMES_FOUND, 300, "192.0.2.99", NULL));
	assert_null(trunk_at("192.0.2.99"));
	/* Asked again when it grows old. */
	assert_int_equal(ring_at(1000 + 299 * 1000, &ask), 0);
	assert_int_equal(ring_at(1000 + 300 * 1000, &ask), 2);
	assert_int_equal(peer(2)->count, 2); /* and good meanwhile */
}

static void
test_ttl_has_bounds(void **state)
{
	struct ref ask = REF_NONE;

	(void)state;
	ring_at(1000, &ask);
	answer(world.out.acts[0].u.resolve.ask, NAMES_FOUND, 0, "192.0.2.60", NULL);
	answer(ask, NAMES_FOUND, UINT32_MAX, "192.0.2.70", NULL);
	assert_int_equal(ring_at(1000 + 29 * 1000, &ask), 0);
	assert_int_equal(ring_at(1000 + 30 * 1000, &ask), 1);
	assert_int_equal(ring_at(1000 + 599 * 1000, &ask), 0);
	assert_int_equal(ring_at(1000 + 600 * 1000, &ask), 1);
}

/* A resolver that fails takes nothing away; a name that is gone is gone. */
static void
test_failures(void **state)
{
	struct ref ask = REF_NONE, fly;

	(void)state;
	ring_at(1000, &ask);
	fly = world.out.acts[0].u.resolve.ask;
	answer(ask, NAMES_ABSENT, 0, NULL, NULL);
	answer(fly, NAMES_FOUND, 30, "192.0.2.60", NULL);
	assert_true(peer(5)->is_known && peer(5)->count == 0);
	assert_int_equal(world.out.acts[world.out.count - 1].kind, ACT_NOTE);
	assert_int_equal(ring_at(1000 + 5 * 1000, &ask), 1); /* not for ever */
	answer(ask, NAMES_FAILED, 0, NULL, NULL);
	assert_int_equal(ring_at(1000 + 30 * 1000, &ask), 2);
	assert_false(answer(fly, NAMES_ABSENT, 0, NULL, NULL)); /* of the first question */
	fly = asked_for("fly.example.net");
	answer(fly, NAMES_FAILED, 0, NULL, NULL);
	assert_ptr_equal(trunk_at("192.0.2.60"), &world.dns[2]);
	assert_true(ring_at(1000 + 35 * 1000, &ask) > 0);
	answer(asked_for("fly.example.net"), NAMES_ABSENT, 0, NULL, NULL);
	assert_null(trunk_at("192.0.2.60"));
}

static void
test_answer_that_never_comes(void **state)
{
	struct ref ask = REF_NONE;

	(void)state;
	assert_int_equal(ring_at(1000, &ask), 2);
	assert_int_equal(ring_at(1000 + 599 * 1000, &ask), 0);
	assert_int_equal(ring_at(1000 + 600 * 1000, &ask), 2);
	assert_true(answer(ask, NAMES_FOUND, 30, "192.0.2.70", NULL));
}

static void
test_another_directory(void **state)
{
	struct directory other = { .dns = &world.dns[3], .count = 1 };
	struct ref ask = REF_NONE;

	(void)state;
	ring_at(1000, &ask);
	peers_directory(&world.peers, &other, world.now);
	assert_false(answer(ask, NAMES_FOUND, 30, "192.0.2.70", NULL));
	assert_int_equal(world.peers.pool.used, 1);
	assert_int_equal(world.alarms.count, 0);
	assert_ptr_equal(trunk_at("192.0.2.50"), &world.dns[3]);
	for (int i = 0; i < 100; i++) {
		peers_directory(&world.peers, &world.directory, world.now);
		assert_int_equal(world.peers.pool.used, 5);
		assert_int_equal(world.alarms.count, 2);
	}
}

static struct flow
shown(const char *names, uint32_t trust, uint8_t print)
{
	struct flow flow = { .proof = PROOF_CLIENT_CERT,
		.terms = { .trust = trust },
		.has_fingerprint = true,
		.fingerprint = { print } };

	flow.name_len = (uint32_t)strlen(names);
	memcpy(flow.name, names, flow.name_len);
	return flow;
}

static enum peer_verdict
verdict_on(const struct flow *flow, const char *ip, int place)
{
	const struct dn *trunk = NULL;
	struct addr a = addr(ip);
	enum peer_verdict verdict = peers_trunk_of(&world.peers, flow, &a, &trunk);

	assert_ptr_equal(trunk, place < 0 ? NULL : &world.dns[place]);
	return verdict;
}

/* rows: R5922-7.4-a */
static void
test_a_certificate_is_of_a_trunk(void **state)
{
	enum { EAST = 2, WEST, ALSO };
	struct flow east = shown("x.example,fly.example.net", 0, 1), none = shown("", 0, 1);
	struct flow west = shown("192.0.2.50", 0, 1), other = shown("fly.example.net", 1, 1);
	struct flow phone = shown("phone.example.net", 0, 1);

	(void)state;
	/* By its name, wherever it comes from. */
	assert_int_equal(verdict_on(&east, "192.0.2.99", EAST), PEER_TRUNK);
	/* The address alone is another trunk's, or the certificate is nobody's. */
	assert_int_equal(verdict_on(&east, "192.0.2.50", WEST), PEER_DISAGREES);
	assert_int_equal(verdict_on(&none, "192.0.2.50", WEST), PEER_DISAGREES);
	assert_int_equal(verdict_on(&none, "192.0.2.99", -1), PEER_NO_TRUNK);
	/* Names of a DN that is no trunk make none. */
	assert_int_equal(verdict_on(&phone, "192.0.2.99", -1), PEER_NO_TRUNK);
	/* The same name from CAs that it is not believed by. */
	assert_int_equal(verdict_on(&other, "192.0.2.99", -1), PEER_NO_TRUNK);
	world.dns[EAST].terms.trust = 1;
	assert_int_equal(verdict_on(&other, "192.0.2.99", EAST), PEER_TRUNK);
	assert_int_equal(verdict_on(&east, "192.0.2.99", -1), PEER_NO_TRUNK);
	world.dns[EAST].terms.trust = 0;
	/* Of two whose certificate it may be, the first. */
	assert_int_equal(verdict_on(&west, "192.0.2.50", WEST), PEER_TRUNK);
	world.dns[ALSO].tls_name = STR("fly.example.net");
	assert_int_equal(verdict_on(&east, "192.0.2.50", ALSO), PEER_TRUNK);
	assert_int_equal(verdict_on(&east, "192.0.2.99", EAST), PEER_TRUNK);
	/* A pin is this certificate and no other, whatever that names. */
	world.dns[EAST].terms = (struct terms){ .has_pin = true, .pin = { 1 } };
	assert_int_equal(verdict_on(&none, "192.0.2.99", EAST), PEER_TRUNK);
	world.dns[EAST].terms.pin[31] = 1;
	assert_int_equal(verdict_on(&none, "192.0.2.99", -1), PEER_NO_TRUNK);
	none.has_fingerprint = false;
	assert_int_equal(verdict_on(&none, "192.0.2.99", -1), PEER_NO_TRUNK);
	/* A phone that registers has a name of its own, or none at all. */
	assert_false(peers_proves(&world.dns[1], &phone));
	world.dns[1].tls_name = STR("phone.example.net");
	assert_true(peers_proves(&world.dns[1], &phone));
}

static void
test_what_we_dialled_is_whom_we_dialled(void **state)
{
	struct flow flow = shown("fly.example.net", 0, 1);

	(void)state;
	flow.proof = PROOF_NAME;
	assert_true(peers_proves(&world.dns[2], &flow));
	/* A trunk at the same address is still known by that. */
	assert_int_equal(verdict_on(&flow, "192.0.2.50", 2), PEER_TRUNK);
	flow.terms.identity = 1;
	assert_false(peers_proves(&world.dns[2], &flow));
	assert_int_equal(verdict_on(&flow, "192.0.2.50", 3), PEER_TRUNK);
}

/* What does not fit stays unknown, and harms nobody. */
static void
test_too_many(void **state)
{
	static struct dn many[2 * MAX];
	struct directory other = { .dns = many, .count = 2 * MAX };
	struct addr a = addr("192.0.2.50");

	(void)state;
	for (unsigned i = 0; i < 2 * MAX; i++)
		many[i] = world.dns[i < MAX ? 1 : 4];
	peers_directory(&world.peers, &other, world.now);
	assert_int_equal(world.peers.pool.used, MAX); /* self-registered ones need none */
	many[0] = world.dns[4];
	peers_directory(&world.peers, &other, world.now);
	assert_int_equal(world.peers.pool.used, MAX);
	assert_true(peers_is_at(&world.peers, &many[0], &a));
	assert_false(peers_is_at(&world.peers, &many[2 * MAX - 1], &a));
	assert_null(peers_of(&world.peers, &many[2 * MAX - 1]));
}

/* Of a directory that is larger than the table, what stands beyond is nowhere. */
static void
test_beyond_the_table(void **state)
{
	struct addr a = addr("192.0.2.50");

	(void)state;
	world.peers.places = 2;
	peers_directory(&world.peers, &world.directory, world.now);
	assert_int_equal(world.peers.pool.used, 1);
	assert_int_equal(world.peers.trunk_count, 0);
	assert_non_null(peer(0));
	for (unsigned place = 1; place < USUAL; place++) {
		assert_null(peer(place));
		assert_false(peers_is_at(&world.peers, &world.dns[place], &a));
		peers_rest(&world.peers, &world.dns[place], TRANSPORT_UDP, &a, 20, world.now);
	}
	assert_int_equal(peer(0)->rests[0].until_ms, 0);
}

static void
test_rings_without_a_question(void **state)
{
	struct alarm gone = alarm_of(ALARM_HOP, REF_NONE, 0);

	(void)state;
	peers_ring(&world.peers, &gone, &world.turn);
	assert_int_equal(world.out.count, 0);
	/* A literal address needs no answer. */
	peers_ring(&world.peers, &peer(0)->alarm, &world.turn);
	assert_int_equal(world.out.count, 0);
	assert_true(peer(0)->is_known && peer(0)->count == 1);
	assert_int_equal(peer(0)->places[0].addr.port, 5070);
	assert_true(ref_same(peer(0)->lookup, REF_NONE));
}

/* Who has to wait for each server waits for the one that is there first. */
static void
test_the_shortest_rest(void **state)
{
	static const int64_t rests[][2] = { { 20000, 10000 }, { 9001, 20000 }, { 10000, 10000 } };
	static const uint8_t seed[DICE_SEED_BYTES] = { 1 };
	struct place places[PLACES_MAX];
	struct dice dice;
	uint32_t wait_s;

	(void)state;
	dice_init(&dice, seed);
	for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
		struct peer p = { .is_known = true, .count = 2 };

		for (uint32_t j = 0; j < 2; j++) {
			p.places[j] = (struct place){ .transport = TRANSPORT_UDP,
				.addr = addr(j == 0 ? "192.0.2.50" : "192.0.2.51"),
				.rank = j,
				.server = (uint16_t)j };
			p.rests[j] = (struct rest){ world.now.mono_ms + rests[i][j], true };
		}
		assert_int_equal(peers_draw(&p, &dice, world.now, places, &wait_s), 0);
		assert_int_equal(wait_s, 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_literals_are_known_at_once),
		TEST(test_names_are_asked_for),
		TEST(test_ttl_has_bounds),
		TEST(test_failures),
		TEST(test_answer_that_never_comes),
		TEST(test_another_directory),
		TEST(test_a_certificate_is_of_a_trunk),
		TEST(test_what_we_dialled_is_whom_we_dialled),
		TEST(test_too_many),
		TEST(test_beyond_the_table),
		TEST(test_rings_without_a_question),
		TEST(test_the_shortest_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
