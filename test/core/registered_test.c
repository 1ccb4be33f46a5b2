/* SPDX-License-Identifier: Apache-2.0 */
/* From bindings to ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/phone.h"

static char scratch_octets[SCRATCH_BYTES];
static struct arena scratch;
static const struct turn turn = { .scratch = &scratch };
static struct leg_plan plan;

static struct binding
binding_of(const char *contact, uint64_t flow, enum scheme scheme, enum transport transport)
{
	return (struct binding){ .contact = str_of(contact, strlen(contact)),
		.speech = { scheme, transport },
		.flow = { flow },
		.source = { .family = ADDR_V4, .ip = { 192, 0, 2, 70 }, .port = 40000 },
		.path = STR(""),
		.instance = STR("") };
}

static struct binding
flow_of(uint32_t reg_id, const char *instance)
{
	struct binding b =
		binding_of("sips:a@192.0.2.70", 100 + reg_id, SCHEME_SIPS, TRANSPORT_TLS);

	b.reg_id = reg_id;
	b.instance = str_of(instance, strlen(instance));
	return b;
}

static bool
make(const struct binding *found, uint32_t count, uint32_t chosen)
{
	scratch = arena_on(scratch_octets, sizeof scratch_octets);
	plan = (struct leg_plan){ .speech = found[chosen].speech };
	return registered_plan(found, count, &found[chosen], &turn, &plan);
}

static void
assert_str(struct str s, const char *text)
{
	char octets[512];

	assert_true(s.len < sizeof octets);
	memcpy(octets, s.at, s.len);
	octets[s.len] = '\0';
	assert_string_equal(octets, text);
}

static void
test_a_uri_in_each_scheme(void **state)
{
	static const struct {
		const char *contact;
		enum scheme scheme;
		const char *text;
	} rows[] = {
		{ "sip:a@h", SCHEME_SIP, "sip:a@h" },
		{ "sips:a@h:5061;x=1", SCHEME_SIP, "sip:a@h:5061;x=1" },
		{ "sip:h;transport=tcp;ob", SCHEME_SIPS, "sips:h;ob" },
		{ "SIPS:a:b@h;method=INVITE;Transport=TLS?x=y", SCHEME_SIPS, "sips:a:b@h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct binding b = binding_of(rows[i].contact, 1, SCHEME_SIP, TRANSPORT_UDP);
		char text[128];
		struct buf uri = buf_on(text, sizeof text);

		assert_true(registered_write_uri(&uri, &b, rows[i].scheme));
		assert_str(buf_str(&uri), rows[i].text);
		uri = buf_on(text, 3);
		assert_false(registered_write_uri(&uri, &b, rows[i].scheme));
		b.contact = STR("");
		assert_false(registered_write_uri(&uri, &b, rows[i].scheme));
	}
}

static void
test_a_plain_binding_has_one_way(void **state)
{
	struct binding found[2] = { binding_of("sip:a@192.0.2.70", 7, SCHEME_SIP, TRANSPORT_UDP),
		binding_of("sip:a@192.0.2.71", 8, SCHEME_SIP, TRANSPORT_TCP) };

	(void)state;
	assert_true(make(found, 2, 0));
	assert_int_equal(plan.way_count, 1);
	assert_int_equal(plan.other_count, 0);
	assert_int_equal(plan.ways[0].tie, TIE_REGISTERED);
	assert_int_equal(plan.ways[0].flow.number, 7);
	assert_false(plan.ways[0].is_flow);
	assert_str(plan.request_uri, "sip:a@192.0.2.70");
	assert_str(plan.routes, "");
	found[0].contact = STR("nowhere");
	assert_false(make(found, 2, 0));
}

static void
test_the_flows_of_one_instance(void **state)
{
	struct binding found[] = { flow_of(1, "<urn:a>"), flow_of(2, "<urn:b>"),
		flow_of(3, "<urn:A>"), flow_of(1, "<urn:a>"), flow_of(0, "<urn:a>"),
		flow_of(4, "<urn:a>"), flow_of(5, "<urn:a>") };

	(void)state;
	found[5].speech.scheme = SCHEME_SIP;
	found[6].contact = STR("nowhere");
	assert_true(make(found, 7, 0));
	assert_int_equal(plan.way_count, 2);
	assert_int_equal(plan.other_count, 1);
	assert_true(plan.ways[0].is_flow && plan.ways[1].is_flow);
	assert_int_equal(plan.ways[0].aim, 0);
	assert_int_equal(plan.ways[1].aim, 1);
	assert_int_equal(plan.ways[1].flow.number, 103);
	assert_str(plan.others[0].request_uri, "sips:a@192.0.2.70");
	/* A binding of the same instance that is no flow stands alone. */
	assert_true(make(found, 7, 4));
	assert_int_equal(plan.way_count, 1);
}

/* rows: R5630-6.3-a */
static void
test_a_path_becomes_routes(void **state)
{
	struct binding b = binding_of("sips:a@198.51.100.7", 9, SCHEME_SIPS, TRANSPORT_TLS);

	(void)state;
	b.path = STR("<sips:t@192.0.2.99:5071;transport=tls;lr;ob>, <sips:edge.example.net;lr>");
	assert_true(make(&b, 1, 0));
	assert_str(plan.routes, "<sips:t@192.0.2.99:5071;lr;ob>, <sips:edge.example.net;lr>");
	assert_int_equal(plan.way_count, 2);
	assert_int_equal(plan.ways[0].tie, TIE_REGISTERED);
	assert_int_equal(plan.ways[1].tie, TIE_NONE);
	assert_true(flow_is_none(plan.ways[1].flow));
	assert_int_equal(plan.ways[1].addr.ip[3], 99);
	assert_int_equal(plan.ways[1].addr.port, 5071);
	b.path =
		STR("<sips:t@192.0.2.99:5071;t%72ansport=%74ls;lr;ob>, <sips:edge.example.net;lr>");
	assert_true(make(&b, 1, 0));
	assert_str(plan.routes, "<sips:t@192.0.2.99:5071;lr;ob>, <sips:edge.example.net;lr>");
	b.path = STR("<sips:t@192.0.2.99:5071;transport=tls;lr;ob>, <sips:edge.example.net;lr>");
	/* For a sip leg they are sip. */
	plan = (struct leg_plan){ .speech = { SCHEME_SIP, TRANSPORT_TLS } };
	assert_true(registered_plan(&b, 1, &b, &turn, &plan));
	assert_str(plan.routes,
		"<sip:t@192.0.2.99:5071;transport=tls;lr;ob>, <sip:edge.example.net;lr>");
	assert_str(plan.request_uri, "sip:a@198.51.100.7");
	/* A name is where the registration came from, at its own port. */
	b.path = STR("<sips:edge.example.net;lr>");
	assert_true(make(&b, 1, 0));
	assert_int_equal(plan.ways[1].addr.ip[3], 70);
	assert_int_equal(plan.ways[1].addr.port, 5061);
	/* A socket leads to the proxy already. */
	b.speech = (struct speech){ SCHEME_SIP, TRANSPORT_UDP };
	assert_true(make(&b, 1, 0));
	assert_int_equal(plan.way_count, 1);
	b.path = STR("<sip:a>, *");
	assert_false(make(&b, 1, 0));
	b.path = STR("<sip:a");
	assert_false(make(&b, 1, 0));
}

static void
test_no_more_ways_than_a_leg_has(void **state)
{
	struct binding found[CONTACTS_PER_AOR_MAX];

	(void)state;
	for (uint32_t i = 0; i < CONTACTS_PER_AOR_MAX; i++) {
		found[i] = flow_of(i + 1, "<urn:a>");
		found[i].path = STR("<sips:192.0.2.99;lr>");
	}
	assert_true(make(found, CONTACTS_PER_AOR_MAX, 0));
	assert_int_equal(plan.way_count, WAYS_MAX);
	/* Nor more than fits. */
	scratch = arena_on(scratch_octets, 3);
	assert_false(registered_plan(found, 1, &found[0], &turn, &plan));
}

/* A Path without an element, and one whose Routes have no room. */
static void
test_no_routes(void **state)
{
	struct binding b = binding_of("sips:a@198.51.100.7", 9, SCHEME_SIPS, TRANSPORT_TLS);

	(void)state;
	b.path = STR(" ");
	assert_false(make(&b, 1, 0));
	b.path = STR("<sips:192.0.2.99;lr>");
	assert_true(make(&b, 1, 0));
	scratch = arena_on(scratch_octets, 2 * URI_BYTES_MAX + b.path.len);
	plan = (struct leg_plan){ .speech = b.speech };
	assert_false(registered_plan(&b, 1, &b, &turn, &plan));
	assert_int_equal(plan.way_count, 0);
}

/* What a connection led to before the server began anew, or before it was closed, is nowhere. */
static void
test_connections_that_are_gone(void **state)
{
	const struct stage_dn dns[] = { { .number = "7000", .contact = "*" } };
	const struct stage_options options = { .dns = dns, .dn_count = 1 };
	struct binding live = { .speech = { SCHEME_SIPS, TRANSPORT_TLS }, .path = STR("") };
	struct binding gone = live, clear = live, behind = live, found[3];
	const struct flows *flows;
	struct stage stage;
	struct phone phone;

	(void)state;
	stage_open(&stage, &options);
	flows = &stage.core->flows;
	phone_open(&phone, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true);
	live.flow = phone.flow;
	gone.flow = (struct flow_id){ phone.flow.number + 1000 };
	clear.flow = behind.flow = gone.flow;
	clear.speech = (struct speech){ SCHEME_SIP, TRANSPORT_UDP };
	behind.path = STR("<sips:proxy.example.com;lr>");
	memcpy(found, (struct binding[]){ gone, live }, 2 * sizeof live);
	assert_int_equal(registered_reachable(flows, found, 2), 1);
	assert_true(flow_same(found[0].flow, live.flow));
	memcpy(found, (struct binding[]){ clear, gone, behind }, 3 * sizeof live);
	assert_int_equal(registered_reachable(flows, found, 3), 2);
	assert_int_equal(found[0].speech.transport, TRANSPORT_UDP);
	assert_false(str_is_empty(found[1].path));
	memcpy(found, (struct binding[]){ gone, gone }, 2 * sizeof live);
	assert_int_equal(registered_reachable(flows, found, 2), 2);
	stage_over(&stage, phone.flow);
	memcpy(found, (struct binding[]){ live, clear }, 2 * sizeof live);
	assert_int_equal(registered_reachable(flows, found, 2), 1);
	assert_int_equal(found[0].speech.transport, TRANSPORT_UDP);
	phone_close(&phone);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_uri_in_each_scheme),
		cmocka_unit_test(test_a_plain_binding_has_one_way),
		cmocka_unit_test(test_the_flows_of_one_instance),
		cmocka_unit_test(test_a_path_becomes_routes),
		cmocka_unit_test(test_no_more_ways_than_a_leg_has),
		cmocka_unit_test(test_no_routes),
		cmocka_unit_test(test_connections_that_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
