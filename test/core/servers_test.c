/* SPDX-License-Identifier: Apache-2.0 */
/* A contact that leaves it to DNS: its servers, in which order, and those that failed. */
#include "core/peers_kit.h"

/* Answers the question for the services of NAME with one record, or with none. */
static bool
answer_service(const char *name, enum names_kind kind, enum names_status status,
	const struct dns_record *record)
{
	struct event e = { .kind = EV_NAMES };

	e.u.names.ask = asked_for(name);
	e.u.names.kind = kind;
	e.u.names.status = status;
	e.u.names.ttl_s = 60;
	for (; record != NULL && record->name.at != NULL && e.u.names.count < 2; record++)
		e.u.names.services[e.u.names.count++] = *record;
	return hear(&e);
}

static bool
is_noted(const char *part)
{
	for (uint32_t i = 0; i < world.out.count; i++)
		if (world.out.acts[i].kind == ACT_NOTE &&
			str_holds_alike(world.out.acts[i].u.note.text, str_cstr(part)))
			return true;
	return false;
}

static const struct dns_record to_tls[] = {
	{ .order = 1, .flags = STR("s"), .what = STR("SIPS+D2T"), .name = STR("_sips._tcp.w") },
	{ 0 }
};
static const struct dns_record two_servers[] = {
	{ .order = 1, .weight = 1, .port = 443, .name = STR("one.w") },
	{ .order = 2, .weight = 1, .port = 444, .name = STR("two.w") },
	{ 0 },
};

/* The directory with the wide trunk alone, which is located. */
static void
locate_wide(int64_t at_ms, const struct dns_record *naptr)
{
	struct ref ask;

	assert_int_equal(ring_at(at_ms, &ask), 1);
	answer_service(
		"wide.example.net", NAMES_NAPTR, naptr != NULL ? NAMES_FOUND : NAMES_ABSENT, naptr);
	if (naptr == NULL) {
		answer_service("_sip._udp.wide.example.net", NAMES_SRV, NAMES_ABSENT, NULL);
		answer_service("_sip._tcp.wide.example.net", NAMES_SRV, NAMES_ABSENT, NULL);
		answer(asked_for("wide.example.net"), NAMES_FOUND, 60, "192.0.2.70", NULL);
		return;
	}
	answer_service("_sips._tcp.w", NAMES_SRV, NAMES_FOUND, two_servers);
	answer(asked_for("one.w"), NAMES_FOUND, 60, "192.0.2.71", "192.0.2.72");
	answer(asked_for("two.w"), NAMES_FOUND, 60, "192.0.2.73", NULL);
}

static struct directory wide;

static void
open_wide(void)
{
	wide = (struct directory){ .dns = &world.dns[DNS - 1], .count = 1 };
	peers_directory(&world.peers, &wide, world.now);
}

static uint32_t
draw(struct place places[PLACES_MAX], uint32_t *wait_s)
{
	static const uint8_t seed[DICE_SEED_BYTES];
	struct dice dice;

	dice_init(&dice, seed);
	return peers_draw(peers_of(&world.peers, &wide.dns[0]), &dice, world.now, places, wait_s);
}

static void
expect_ports(const char *ports, uint32_t wait_s)
{
	struct place places[PLACES_MAX];
	char text[80];
	struct buf b = buf_on(text, sizeof text);
	uint32_t found_wait_s, count = draw(places, &found_wait_s);

	for (uint32_t i = 0; i < count; i++) {
		buf_number(&b, places[i].addr.ip[3]);
		buf_char(&b, ' ');
	}
	if (!str_same(buf_str(&b), str_cstr(ports)))
		fail_msg("%.*s", (int)b.used, text);
	assert_int_equal(found_wait_s, wait_s);
}

static void
test_servers_are_located(void **state)
{
	struct place places[PLACES_MAX];
	uint32_t wait_s;

	(void)state;
	open_wide();
	locate_wide(1000, to_tls);
	assert_int_equal(draw(places, &wait_s), 3);
	assert_int_equal(places[0].transport, TRANSPORT_TLS);
	assert_int_equal(places[0].addr.port, 443);
	assert_int_equal(places[2].addr.port, 444);
	assert_ptr_equal(trunk_at("192.0.2.72"), &wide.dns[0]);
	assert_ptr_equal(trunk_at("192.0.2.73"), &wide.dns[0]);
	/* Of another kind than was asked for: it is no answer. */
	assert_int_equal(ring_at(1000 + 60 * 1000, &(struct ref){ 0 }), 1);
	assert_false(answer(asked_for("wide.example.net"), NAMES_ABSENT, 60, NULL, NULL));
}

static void
test_servers_that_failed_rest(void **state)
{
	struct addr first, second, third;

	(void)state;
	open_wide();
	locate_wide(1000, to_tls);
	first = peers_of(&world.peers, &wide.dns[0])->places[0].addr;
	second = peers_of(&world.peers, &wide.dns[0])->places[1].addr;
	third = peers_of(&world.peers, &wide.dns[0])->places[2].addr;
	expect_ports("71 72 73 ", 0);
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TCP, &first, 0, world.now);
	expect_ports("71 72 73 ", 0); /* nobody there speaks TCP */
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TLS, &first, 0, world.now);
	expect_ports("72 73 71 ", 0);
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TLS, &second, 20, world.now);
	expect_ports("73 71 ", 20);
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TLS, &first, 10, world.now);
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TLS, &third, 99999, world.now);
	expect_ports("", 10);
	world.now.mono_ms += 9 * 1000;
	expect_ports("", 1);
	world.now.mono_ms += 1000;
	expect_ports("71 ", 10);
	world.now.mono_ms += 110 * 1000 - 1;
	expect_ports("71 72 ", 1);
	world.now.mono_ms += 1;
	expect_ports("71 72 73 ", 0);
}

/* What is remembered of a server stays with it when it is located again. */
static void
test_a_rest_outlives_a_lookup(void **state)
{
	struct addr first;

	(void)state;
	open_wide();
	locate_wide(1000, to_tls);
	first = peers_of(&world.peers, &wide.dns[0])->places[0].addr;
	peers_rest(&world.peers, &wide.dns[0], TRANSPORT_TLS, &first, 100, world.now);
	locate_wide(1000 + 60 * 1000, to_tls);
	expect_ports("72 73 ", 40);
}

/* rows: R3263-7-a */
static void
test_sips_that_vanishes_is_told(void **state)
{
	(void)state;
	open_wide();
	locate_wide(1000, NULL);
	assert_false(is_noted("SIPS"));
	locate_wide(1000 + 60 * 1000, to_tls);
	assert_false(is_noted("SIPS"));
	assert_int_equal(ring_at(1000 + 120 * 1000, &(struct ref){ 0 }), 1);
	answer_service("wide.example.net", NAMES_NAPTR, NAMES_FAILED, NULL);
	assert_false(is_noted("SIPS")); /* DNS did not say */
	assert_ptr_equal(trunk_at("192.0.2.73"), &wide.dns[0]);
	locate_wide(1000 + 125 * 1000, NULL);
	assert_true(is_noted("wide.example.net published SIPS services"));
	locate_wide(1000 + 185 * 1000, NULL);
	assert_false(is_noted("SIPS")); /* once */
}

/* A part of the servers is not taken for all of them. */
static void
test_a_part_takes_nothing_away(void **state)
{
	(void)state;
	open_wide();
	locate_wide(1000, to_tls);
	assert_int_equal(ring_at(1000 + 60 * 1000, &(struct ref){ 0 }), 1);
	answer_service("wide.example.net", NAMES_NAPTR, NAMES_FOUND, to_tls);
	answer_service("_sips._tcp.w", NAMES_SRV, NAMES_FOUND, two_servers);
	answer(asked_for("one.w"), NAMES_FAILED, 60, NULL, NULL);
	answer(asked_for("two.w"), NAMES_FOUND, 60, "192.0.2.74", NULL);
	expect_ports("71 72 73 ", 0);
	assert_int_equal(ring_at(1000 + 65 * 1000, &(struct ref){ 0 }), 1);
}

static void
test_why_nobody_is_there_is_told(void **state)
{
	static const struct dns_record dot[] = { { .name = STR("") }, { 0 } };

	(void)state;
	open_wide();
	assert_int_equal(ring_at(1000, &(struct ref){ 0 }), 1);
	answer_service("wide.example.net", NAMES_NAPTR, NAMES_ABSENT, NULL);
	answer_service("_sip._udp.wide.example.net", NAMES_SRV, NAMES_FOUND, dot);
	answer_service("_sip._tcp.wide.example.net", NAMES_SRV, NAMES_FOUND, dot);
	assert_true(is_noted("DN wide has no address: wide.example.net: its SRV record is a dot"));
	expect_ports("", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_servers_are_located),
		TEST(test_servers_that_failed_rest),
		TEST(test_a_rest_outlives_a_lookup),
		TEST(test_sips_that_vanishes_is_told),
		TEST(test_a_part_takes_nothing_away),
		TEST(test_why_nobody_is_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
