/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are taken for the other way too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/stage.h"

static const struct stage_dn dns[] = { { .number = "5000", .contact = "sip:192.0.2.50" } };
static struct stage_options options = { .dns = dns, .dn_count = 1 };
static struct stage stage;

static int
open_stage(void **state)
{
	(void)state;
	stage_open(&stage, &options);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* What we show to whom, where we dial: which connection is offered for requests to us. */
static void
test_what_is_offered(void **state)
{
	static const struct {
		const char *own;
		enum proof proof;
		bool is_known, has_listener, is_offered;
	} rows[] = {
		{ "EXAMPLE.com", PROOF_NAME, true, true, true },
		{ "sip.example.net,example.com", PROOF_NAME, true, true, true },
		{ "", PROOF_NAME, true, true, false },
		{ "a.example.com,example.org", PROOF_NAME, true, true, false },
		{ "example.com", PROOF_NONE, true, true, false },
		{ "example.com", PROOF_NAME, false, true, false },
		{ "example.com", PROOF_NAME, true, false, false },
	};
	struct core *core = stage.core;
	uint32_t listeners = core->flows.listener_count;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct event open = { .kind = EV_FLOW_OPEN };
		struct target target = { .transport = TRANSPORT_TLS,
			.addr = stage_addr("192.0.2.99", (uint16_t)(6000 + i)) };
		struct turn turn = { .now = stage.now, .out = &stage.out };
		struct flow *flow;
		char octets[256];
		struct buf line = buf_on(octets, sizeof octets);

		assert_true(flows_reach(&core->flows, &target, STR("a test"), &turn));
		out_clear(&stage.out);
		flow = flows_find(&core->flows, target.flow);
		flow->proof = rows[i].proof;
		open.u.open.flow = rows[i].is_known ? target.flow : FLOW_NONE;
		open.u.open.secured.own = str_cstr(rows[i].own);
		/* The TLS listener is the third of the stage. */
		core->flows.listener_count = rows[i].has_listener ? listeners : 2;
		alias_offer(core, &open);
		core->flows.listener_count = listeners;
		assert_int_equal(flow->offers_alias, rows[i].is_offered);
		flows_write_via(&core->flows, &line, TRANSPORT_TLS, &target.addr, target.flow,
			STR("z9hG4bK-x"));
		assert_int_equal(str_holds_alike(buf_str(&line), STR(";branch=z9hG4bK-x;alias")),
			rows[i].is_offered);
		flows_drop(&core->flows, flow);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_offered, open_stage, close_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
