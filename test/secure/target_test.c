/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "secure/target.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const enum transport transports[] = { TRANSPORT_NONE, TRANSPORT_UDP, TRANSPORT_TCP,
	TRANSPORT_TLS };
static const enum flow_tie ties[] = { TIE_NONE, TIE_DIALLED, TIE_DIALOG, TIE_REGISTERED };
static const char *const names[] = { "", "a.example", "A.Example", "b.example" };
static const char *const addresses[] = { "", "192.0.2.1", "0.0.0.0", "224.0.0.1", "::1" };

struct row {
	struct demand demand;
	struct candidate way;
};

/* What the promise is, in one expression, told apart from how the code tells it. */
static bool
may_be_chosen(const struct row *r)
{
	const struct candidate *w = &r->way;
	bool is_tls = w->transport == TRANSPORT_TLS;
	bool wants_tls = r->demand.speech.scheme == SCHEME_SIPS ||
		r->demand.speech.transport == TRANSPORT_TLS;
	bool has_place = w->addr.family != ADDR_NONE && w->addr.port != 0 &&
		!addr_is_any(&w->addr) && !addr_is_multicast(&w->addr);

	if (w->transport == TRANSPORT_NONE || !has_place || (wants_tls && !is_tls))
		return false;
	if (w->transport != TRANSPORT_UDP && (w->tie == TIE_NONE) != flow_is_none(w->flow))
		return false;
	if (!is_tls || w->tie == TIE_DIALOG || w->tie == TIE_REGISTERED)
		return true;
	if (r->demand.name.len == 0)
		return false;
	return w->tie == TIE_NONE ||
		(str_alike(r->demand.name, w->flow_name) &&
			r->demand.terms.identity == w->flow_terms.identity);
}

static void
check_row(const struct row *r)
{
	struct target target;
	bool is_chosen = target_choose(&r->demand, &r->way, &target) == TARGET_CHOSEN;

	assert_int_equal(is_chosen, may_be_chosen(r));
	if (!is_chosen)
		return;
	assert_int_equal(target.terms.identity,
		target.transport == TRANSPORT_TLS ? r->demand.terms.identity : 0);
	assert_int_equal(target.transport, r->way.transport);
	assert_true(addr_same(&target.addr, &r->way.addr));
	assert_true(flow_same(target.flow, r->way.flow));
	if (target.transport == TRANSPORT_TLS)
		assert_true(terms_same(&target.terms, &r->demand.terms));
	/* The promise. */
	if (r->demand.speech.scheme == SCHEME_SIPS) {
		assert_int_equal(target.transport, TRANSPORT_TLS);
		if (r->way.tie == TIE_NONE || r->way.tie == TIE_DIALLED)
			assert_true(target_name(&target).len > 0 &&
				str_same(target_name(&target), r->demand.name));
	}
}

/* Every demand against every way: the domain is small enough to be walked whole. */
static unsigned
walk_ways(struct row *r)
{
	unsigned rows = 0;

	for (size_t way = 0; way < COUNT(transports); way++)
		for (size_t tie = 0; tie < COUNT(ties); tie++)
			for (size_t at = 0; at < COUNT(addresses); at++)
				for (unsigned bits = 0; bits < 32; bits++) {
					r->way = (struct candidate){ .transport = transports[way],
						.tie = ties[tie],
						.flow = { bits & 1 },
						.flow_terms.identity = bits >> 4,
						.flow_name = str_cstr(names[bits >> 1 & 3]) };
					(void)addr_parse(&r->way.addr, str_cstr(addresses[at]));
					r->way.addr.port = (bits & 8) != 0 ? 5061 : 0;
					check_row(r);
					rows++;
				}
	return rows;
}

/* rows: R3261-8.1.2-a R5630-4-a */
static void
test_every_demand_and_every_way(void **state)
{
	unsigned rows = 0;
	struct row r;

	(void)state;
	for (int scheme = 0; scheme < 2; scheme++)
		for (size_t spoken = 0; spoken < COUNT(transports); spoken++)
			for (size_t name = 0; name < 2 * COUNT(names); name++) {
				r.demand = (struct demand){ .speech = { scheme ? SCHEME_SIPS
									       : SCHEME_SIP,
								    transports[spoken] },
					.name = str_cstr(names[name / 2]),
					.terms.identity = name % 2 };
				rows += walk_ways(&r);
			}
	assert_int_equal(rows, 2 * 4 * 4 * 2 * 4 * 4 * 5 * 32);
}

static void
test_a_name_that_does_not_fit_is_no_name(void **state)
{
	static char long_name[TARGET_NAME_MAX + 1];
	struct row r = { .demand.speech = { SCHEME_SIPS, TRANSPORT_TLS } };
	struct target target;

	(void)state;
	for (size_t i = 0; i < sizeof long_name; i++)
		long_name[i] = 'a';
	r.way.transport = TRANSPORT_TLS;
	(void)addr_parse(&r.way.addr, STR("192.0.2.1"));
	r.way.addr.port = 5061;
	r.demand.name = str_of(long_name, TARGET_NAME_MAX);
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_CHOSEN);
	assert_int_equal(target_name(&target).len, TARGET_NAME_MAX);
	r.demand.name = str_of(long_name, TARGET_NAME_MAX + 1);
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_NO_NAME);

	/* On the dialog's own flow nothing is left to verify: then it is no name at all. */
	r.way.tie = TIE_DIALOG;
	r.way.flow = (struct flow_id){ 1 };
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_CHOSEN);
	assert_int_equal(target_name(&target).len, 0);
	r.demand.name = STR_NONE;
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_CHOSEN);
	assert_int_equal(target_name(&target).len, 0);
	r.demand.name = STR("a");
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_CHOSEN);
	assert_true(str_same(target_name(&target), STR("a")));
	/* A flow is no name's but its own, however long the names are. */
	r.way.tie = TIE_DIALLED;
	r.demand.name = str_of(long_name, TARGET_NAME_MAX + 1);
	r.way.flow_name = str_of(long_name, TARGET_NAME_MAX);
	assert_int_equal(target_choose(&r.demand, &r.way, &target), TARGET_OTHER_NAME);
}

static void
test_a_target_gets_its_flow_after_the_dial(void **state)
{
	struct target target = { .transport = TRANSPORT_TLS };

	(void)state;
	target_set_flow(&target, (struct flow_id){ 7 });
	assert_true(flow_same(target.flow, (struct flow_id){ 7 }));
}

/* What becomes of a sip leg without a flow of its own that is to go to this place. */
static enum target_verdict
refuse_place(enum transport transport, uint16_t port, struct flow_id flow)
{
	struct demand demand = { .speech = { SCHEME_SIP, TRANSPORT_UDP } };
	struct candidate way = { .transport = transport, .flow = flow };
	struct target target;

	(void)addr_parse(&way.addr, STR("192.0.2.1"));
	way.addr.port = port;
	return target_choose(&demand, &way, &target);
}

static void
test_each_refusal_says_why(void **state)
{
	static const struct {
		enum scheme scheme;
		enum transport spoken, way;
		enum flow_tie tie;
		const char *name, *flow_name;
		enum target_verdict verdict;
	} rows[] = {
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_UDP, TIE_DIALOG, "a", "", TARGET_NOT_TLS },
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_TCP, TIE_NONE, "a", "", TARGET_NOT_TLS },
		{ SCHEME_SIP, TRANSPORT_TLS, TRANSPORT_TCP, TIE_NONE, "a", "",
			TARGET_OTHER_TRANSPORT },
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_TLS, TIE_NONE, "", "", TARGET_NO_NAME },
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_TLS, TIE_DIALLED, "a", "b",
			TARGET_OTHER_NAME },
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_TLS, TIE_DIALLED, "a", "A", TARGET_CHOSEN },
		{ SCHEME_SIPS, TRANSPORT_TLS, TRANSPORT_TLS, TIE_DIALLED, "other", "other",
			TARGET_OTHER_TERMS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct demand demand = { .speech = { rows[i].scheme, rows[i].spoken },
			.name = str_cstr(rows[i].name) };
		struct candidate way = { .transport = rows[i].way,
			.tie = rows[i].tie,
			.flow = { rows[i].tie != TIE_NONE },
			.flow_terms.identity = rows[i].verdict == TARGET_OTHER_TERMS,
			.flow_name = str_cstr(rows[i].flow_name) };
		struct target target;

		(void)addr_parse(&way.addr, STR("192.0.2.1"));
		way.addr.port = 5060;
		assert_int_equal(target_choose(&demand, &way, &target), rows[i].verdict);
	}
	assert_int_equal(refuse_place(TRANSPORT_TCP, 0, FLOW_NONE), TARGET_UNREACHABLE);
	assert_int_equal(refuse_place(TRANSPORT_NONE, 5060, FLOW_NONE), TARGET_UNREACHABLE);
	/* A flow that is to be dialled is none yet. */
	assert_int_equal(
		refuse_place(TRANSPORT_TCP, 5060, (struct flow_id){ 1 }), TARGET_UNREACHABLE);
	assert_true(str_same(target_verdict_text(TARGET_CHOSEN), STR("chosen")));
	assert_true(str_begins(target_verdict_text(TARGET_NOT_TLS), STR("a sips leg")));
	assert_true(str_begins(target_verdict_text(TARGET_NO_NAME), STR("there is no name")));
	assert_true(
		str_begins(target_verdict_text(TARGET_OTHER_NAME), STR("the connection was v")));
	assert_true(
		str_begins(target_verdict_text(TARGET_OTHER_TERMS), STR("the connection was m")));
	assert_true(str_begins(target_verdict_text(TARGET_UNREACHABLE), STR("there is no addr")));
	assert_true(str_begins(target_verdict_text(TARGET_OTHER_TRANSPORT), STR("this device")));
}

static void
test_a_tie_of_no_kind_proves_nothing(void **state)
{
	struct demand demand = { .speech = { SCHEME_SIPS, TRANSPORT_TLS }, .name = STR("a") };
	struct candidate way = { .transport = TRANSPORT_TLS,
		.tie = (enum flow_tie)99,
		.flow = { 1 },
		.flow_name = STR("a") };
	struct target target;

	(void)state;
	(void)addr_parse(&way.addr, STR("192.0.2.1"));
	way.addr.port = 5061;
	assert_int_equal(target_choose(&demand, &way, &target), TARGET_OTHER_NAME);
	assert_true(str_begins(target_verdict_text((enum target_verdict)99), STR("this device")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_demand_and_every_way),
		cmocka_unit_test(test_a_name_that_does_not_fit_is_no_name),
		cmocka_unit_test(test_a_target_gets_its_flow_after_the_dial),
		cmocka_unit_test(test_each_refusal_says_why),
		cmocka_unit_test(test_a_tie_of_no_kind_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
