/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "directory/directory.h"

static const uint8_t key[MAP_KEY_BYTES] = { 1, 2, 3 };

/* Indexes COUNT DNs in exactly the memory that was measured. */
static void *
index_all(struct directory *directory, struct dn *dns, uint32_t count, uint32_t *twice)
{
	struct arena arena = arena_on(NULL, 0);
	void *memory;

	directory->dns = dns;
	directory->count = count;
	assert_false(directory_index(directory, &arena, key, twice));
	assert_int_equal(*twice, DN_NONE_INDEX);
	memory = malloc(arena.used);
	assert_non_null(memory);
	arena = arena_on(memory, arena.used);
	if (!directory_index(directory, &arena, key, twice))
		assert_int_not_equal(*twice, DN_NONE_INDEX);
	return memory;
}

static struct dn
trunk(const char *name, const char *prefix, uint32_t priority)
{
	return (struct dn){ .number = str_cstr(name),
		.type = DN_TRUNK,
		.prefix = str_cstr(prefix),
		.priority = priority };
}

static void
assert_way(const struct directory *directory, const char *number, const char *name)
{
	const struct dn *dn = directory_trunk(directory, str_cstr(number));

	if (name == NULL) {
		assert_null(dn);
		return;
	}
	assert_non_null(dn);
	if (!str_same(dn->number, str_cstr(name)))
		fail_msg("%s goes to %.*s, not %s", number, (int)dn->number.len, dn->number.at,
			name);
}

static void
test_find_is_exact(void **state)
{
	struct dn dns[] = { { .number = STR("7789") }, { .number = STR("778") },
		{ .number = STR("east"), .type = DN_TRUNK, .prefix = STR("77") } };
	struct directory directory = { .count = 0 };
	uint32_t twice;
	void *memory = index_all(&directory, dns, 3, &twice);

	(void)state;
	assert_int_equal(twice, DN_NONE_INDEX);
	assert_ptr_equal(directory_find(&directory, STR("7789")), &dns[0]);
	assert_ptr_equal(directory_find(&directory, STR("778")), &dns[1]);
	assert_ptr_equal(directory_find(&directory, STR("east")), &dns[2]);
	assert_null(directory_find(&directory, STR("EAST")));
	assert_null(directory_find(&directory, STR("77")));
	assert_null(directory_find(&directory, STR("")));
	assert_int_equal(directory_place(&directory, &dns[2]), 2);
	free(memory);
}

static void
test_two_of_one_number(void **state)
{
	struct dn dns[] = { { .number = STR("1") }, { .number = STR("2") }, { .number = STR("3") },
		{ .number = STR("2") } };
	struct directory directory = { .count = 0 };
	uint32_t twice;

	(void)state;
	free(index_all(&directory, dns, 4, &twice));
	assert_int_equal(twice, 3);
}

static void
test_empty(void **state)
{
	struct directory directory = { .count = 0 };
	uint32_t twice;
	void *memory = index_all(&directory, NULL, 0, &twice);

	(void)state;
	assert_int_equal(twice, DN_NONE_INDEX);
	assert_null(directory_find(&directory, STR("1")));
	assert_null(directory_trunk(&directory, STR("1")));
	free(memory);
}

static void
test_memory_too_small(void **state)
{
	struct dn dns[] = { { .number = STR("1") }, { .number = STR("2") } };
	struct directory directory = { .dns = dns, .count = 2 };
	struct arena arena = arena_on(NULL, 0);
	uint32_t twice;
	char memory[4096];
	size_t needed;

	(void)state;
	assert_false(directory_index(&directory, &arena, key, &twice));
	needed = arena.used;
	assert_true(needed <= sizeof memory);
	for (size_t size = 1; size < needed; size++) {
		arena = arena_on(memory, size);
		assert_false(directory_index(&directory, &arena, key, &twice));
		assert_int_equal(twice, DN_NONE_INDEX);
	}
}

static void
test_the_longest_prefix(void **state)
{
	struct dn dns[] = { trunk("any", "", 0), trunk("nine", "9", 0), trunk("long", "9011", 9),
		trunk("some", "901", 0), { .number = STR("901155"), .prefix = STR("9011555") },
		trunk("plus", "+49", 0),
		{ .number = STR("pbx"), .type = DN_SOFTSWITCH, .prefix = STR("80") } };
	struct directory directory = { .count = 0 };
	uint32_t twice;
	void *memory = index_all(&directory, dns, sizeof dns / sizeof dns[0], &twice);

	(void)state;
	assert_way(&directory, "9", "nine");
	assert_way(&directory, "95", "nine");
	assert_way(&directory, "901", "some");
	assert_way(&directory, "9010", "some");
	assert_way(&directory, "9011", "long");
	/* A prefix of what is no trunk counts for nothing. */
	assert_way(&directory, "90115559", "long");
	assert_way(&directory, "+4930", "plus");
	assert_way(&directory, "+4", NULL);
	assert_way(&directory, "8012", "pbx");
	assert_way(&directory, "8", NULL);
	assert_way(&directory, "1", NULL);
	assert_way(&directory, "", NULL);
	free(memory);
}

static void
test_ties(void **state)
{
	struct dn dns[] = { trunk("c", "9", 2), trunk("a", "9", 1), trunk("b", "9", 1),
		trunk("d", "8", 0), trunk("e", "8", 0) };
	struct directory directory = { .count = 0 };
	uint32_t twice;
	void *memory = index_all(&directory, dns, 5, &twice);

	(void)state;
	/* The smallest priority; among those the first in the file. */
	assert_way(&directory, "91", "a");
	assert_way(&directory, "81", "d");
	free(memory);
}

/* Who stands in for a trunk: all that the number leads to, each once, in the order of the ways. */
static void
test_the_next_way(void **state)
{
	struct dn dns[] = { trunk("any", "", 0), trunk("nine", "9", 1), trunk("other", "9", 2),
		trunk("long", "901", 0), trunk("eight", "8", 0), { .number = STR("7789") } };
	struct directory directory = { .count = 0 };
	uint32_t twice;
	void *memory = index_all(&directory, dns, sizeof dns / sizeof dns[0], &twice);
	const struct dn *first = directory_trunk(&directory, STR("9015"));

	(void)state;
	assert_ptr_equal(first, &dns[3]);
	assert_ptr_equal(directory_trunk_after(&directory, STR("9015"), NULL), first);
	assert_ptr_equal(directory_trunk_after(&directory, STR("9015"), &dns[3]), &dns[1]);
	assert_ptr_equal(directory_trunk_after(&directory, STR("9015"), &dns[1]), &dns[2]);
	assert_null(directory_trunk_after(&directory, STR("9015"), &dns[2]));
	assert_null(directory_trunk_after(&directory, STR("81"), &dns[4]));
	/* Behind one that is no way there is none. */
	assert_null(directory_trunk_after(&directory, STR("9015"), &dns[5]));
	free(memory);
}

/* Against a walk over all of them. */
static void
test_many(void **state)
{
	enum { MANY = 2000 };
	static struct dn dns[MANY];
	static char names[MANY][8], prefixes[MANY][8];
	struct directory directory = { .count = 0 };
	uint32_t twice, seed = 1;
	void *memory;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		seed = seed * 1103515245 + 12345;
		snprintf(names[i], sizeof names[i], "t%u", i);
		snprintf(prefixes[i], sizeof prefixes[i], "%u", seed >> 16 & 1023);
		dns[i] = trunk(names[i], prefixes[i], seed >> 8 & 3);
	}
	memory = index_all(&directory, dns, MANY, &twice);
	assert_int_equal(twice, DN_NONE_INDEX);
	for (uint32_t n = 0; n < 2000; n++) {
		const struct dn *best = NULL;
		char text[8];
		struct str number = str_of(text, (size_t)snprintf(text, sizeof text, "%u", n));

		for (uint32_t i = 0; i < MANY; i++) {
			if (str_begins(number, dns[i].prefix) &&
				(best == NULL || dns[i].prefix.len > best->prefix.len ||
					(dns[i].prefix.len == best->prefix.len &&
						dns[i].priority < best->priority)))
				best = &dns[i];
		}
		assert_ptr_equal(directory_trunk(&directory, number), best);
		assert_ptr_equal(directory_find(&directory, str_cstr(names[n])), &dns[n]);
	}
	free(memory);
}

static void
test_domains(void **state)
{
	struct directory directory = { .domains = { STR("example.com"), STR("192.0.2.1"),
					       STR("[2001:db8::1]") },
		.domain_count = 3 };
	struct directory nothing = { .count = 0 };

	(void)state;
	assert_true(directory_is_domain(&directory, STR("example.com")));
	assert_true(directory_is_domain(&directory, STR("EXAMPLE.com")));
	assert_true(directory_is_domain(&directory, STR("example.com.")));
	assert_true(directory_is_domain(&directory, STR("192.0.2.1")));
	assert_true(directory_is_domain(&directory, STR("[2001:DB8:0:0::1]")));
	assert_true(directory_is_domain(&directory, STR("2001:db8::1")));
	assert_false(directory_is_domain(&directory, STR("www.example.com")));
	assert_false(directory_is_domain(&directory, STR("192.0.2.2")));
	assert_false(directory_is_domain(&directory, STR("[2001:db8::2]")));
	assert_false(directory_is_domain(&directory, STR("")));
	assert_false(directory_is_domain(&directory, STR(".")));
	assert_true(str_same(directory_realm(&directory), STR("example.com")));
	assert_false(directory_is_domain(&nothing, STR("example.com")));
	assert_true(directory_realm(&nothing).len > 0);
}

static void
test_types(void **state)
{
	static const struct {
		enum dn_type type;
		const char *name;
		bool is_trunk;
	} all[] = { { DN_EXTENSION, "extension", false },
		{ DN_ACD_POSITION, "acd-position", false }, { DN_TRUNK, "trunk", true },
		{ DN_SOFTSWITCH, "softswitch", true } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct dn dn = { .type = all[i].type };

		assert_true(str_same(dn_type_name(all[i].type), str_cstr(all[i].name)));
		assert_int_equal(dn_is_trunk(&dn), all[i].is_trunk);
	}
}

/* What we prove to a trunk; a phone's password proves the phone to us, and is told to nobody. */
static void
test_secrets(void **state)
{
	struct dn dn = { .number = STR("east"),
		.type = DN_TRUNK,
		.contact = { .host = STR("gw.example") },
		.password = STR("s3cret") };
	struct secret secret = dn_secret(&dn);

	(void)state;
	assert_true(str_same(secret.username, STR("east")));
	assert_true(str_same(secret.password, STR("s3cret")));
	assert_true(str_same(secret.realm, STR("gw.example")));
	dn.username = STR("acme");
	dn.realm = STR("east.example");
	secret = dn_secret(&dn);
	assert_true(str_same(secret.username, STR("acme")));
	assert_true(str_same(secret.realm, STR("east.example")));
	dn.type = DN_EXTENSION;
	secret = dn_secret(&dn);
	assert_true(str_is_empty(secret.password) && str_is_empty(secret.username));
	dn.type = DN_SOFTSWITCH;
	assert_true(str_same(dn_secret(&dn).password, STR("s3cret")));
	dn.password = STR("");
	assert_true(str_is_empty(dn_secret(&dn).username));
}

static void
expect_hop(const char *contact, const char *proxy, struct speech hop, struct speech leg,
	const char *route)
{
	struct dn dn = { .type = DN_TRUNK, .has_proxy = proxy != NULL };
	char text[128];
	struct buf b = buf_on(text, sizeof text);
	struct contact is;
	size_t at;

	assert_int_equal(contact_parse(&dn.contact, str_cstr(contact), &at), CONTACT_FINE);
	if (proxy != NULL)
		assert_int_equal(contact_parse(&dn.proxy, str_cstr(proxy), &at), CONTACT_FINE);
	is = dn_hop(&dn);
	assert_int_equal(is.speech.scheme, hop.scheme);
	assert_int_equal(is.speech.transport, hop.transport);
	assert_int_equal(dn_speech(&dn).scheme, leg.scheme);
	assert_int_equal(dn_speech(&dn).transport, leg.transport);
	assert_true(str_same(dn_tls_name(&dn), is.host));
	if (proxy == NULL)
		return;
	dn_write_proxy(&b, &dn, leg.scheme);
	assert_true(str_same(buf_str(&b), str_cstr(route)));
}

/* rows: R3261-16.6-6 R5630-5.1.1-d */
static void
test_an_outbound_proxy(void **state)
{
	static const struct speech sips = { SCHEME_SIPS, TRANSPORT_TLS };
	static const struct speech tls = { SCHEME_SIP, TRANSPORT_TLS };
	static const struct speech tcp = { SCHEME_SIP, TRANSPORT_TCP };
	static const struct speech udp = { SCHEME_SIP, TRANSPORT_UDP };

	(void)state;
	expect_hop("sips:a", NULL, sips, sips, NULL);
	expect_hop("a", NULL, udp, udp, NULL);
	expect_hop("sips:a", "sips:p", sips, sips, "<sips:p;lr>");
	expect_hop("sips:a", "sip:p:5070;transport=tcp", sips, sips, "<sips:p:5070;lr>");
	expect_hop("sip:a", "sips:p:5071", sips, tls, "<sips:p:5071;lr>");
	expect_hop("sip:a", "p", udp, udp, "<sip:p;lr>");
	expect_hop("sip:a;transport=tls", "p", tls, tls, "<sip:p;lr>");
	expect_hop("sip:a;transport=tls", "sips:p", sips, tls, "<sips:p;lr>");
	expect_hop("sip:a", "sip:[2001:db8::1];transport=tcp", tcp, tcp,
		"<sip:[2001:db8::1];transport=tcp;lr>");
	expect_hop(
		"sip:a;transport=tcp", "sip:p;transport=tls", tls, tls, "<sip:p;transport=tls;lr>");
	assert_true(dn_hop(&(struct dn){ .contact = { .speech = tls }, .has_proxy = true })
			    .has_transport);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_is_exact),
		cmocka_unit_test(test_two_of_one_number),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_memory_too_small),
		cmocka_unit_test(test_the_longest_prefix),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_the_next_way),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_an_outbound_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
