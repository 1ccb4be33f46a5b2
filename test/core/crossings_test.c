/* SPDX-License-Identifier: Apache-2.0 */
/* What the two DNs of a call and the mode for everybody make of it, as its peers see it. */
#include "core/kit.h"

static const enum crossing_mode modes[] = { MODE_PER_LEG, MODE_OBSERVE, MODE_NO_DOWNGRADE,
	MODE_STRICT };

/* Whether a sips call from one registered phone to another, plain one is placed. */
static bool
is_placed(enum crossing_mode all, enum crossing_mode caller, enum crossing_mode callee)
{
	const struct stage_dn two[] = { { .number = "1001", .contact = "*", .crossing = caller },
		{ .number = "7000", .contact = "*", .crossing = callee } };
	struct stage_options o = { .dns = two, .dn_count = 2, .crossing = all };
	bool is_refused;

	stage_open(&stage, &o);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_TLS, true);
	phone_open(&bob, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_register(&bob, 600, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phone_invite(&alice, "7000", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 100 ");
	is_refused = stage_noted(&stage, "refused with 480");
	if (is_refused) {
		phone_hear(&alice, "SIP/2.0 480 ");
		assert_true(
			phone_heard(&alice, "Warning: 380 example.com \"SIPS Not Allowed\"\r\n"));
	} else {
		phone_hear(&bob, "INVITE ");
		phone_answer(&bob, 486, NULL, NULL);
		phone_hear(&bob, "ACK ");
		phone_hear(&alice, "SIP/2.0 486 ");
	}
	phone_ack_refusal(&alice);
	/* observe, and only observe, says what strict would do */
	assert_int_equal(stage_noted(&stage, "observe: strict would refuse"),
		!is_refused &&
			(all == MODE_OBSERVE || caller == MODE_OBSERVE || callee == MODE_OBSERVE));
	phone_close(&alice);
	phone_close(&bob);
	stage_close(&stage);
	return !is_refused;
}

static void
test_the_strictest_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++)
			for (size_t k = 0; k < 4; k++)
				assert_int_equal(is_placed(modes[i], modes[j], modes[k]),
					i < 2 && j < 2 && k < 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_strictest_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
