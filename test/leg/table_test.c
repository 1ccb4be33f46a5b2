/* SPDX-License-Identifier: Apache-2.0 */
/* Which dialog a request is inside of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static void
test_d_481_when_any_part_of_the_dialog_differs(void **state)
{
	(void)state;
	char kept[PHONE_WORD_BYTES];

	scene_talk(true, "5000");
	(void)snprintf(kept, sizeof kept, "%s", alice.call_id);
	(void)snprintf(alice.call_id, sizeof alice.call_id, "another");
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 481 ");
	(void)snprintf(alice.call_id, sizeof alice.call_id, "%s", kept);

	(void)snprintf(kept, sizeof kept, "%s", alice.remote);
	alice.remote[strlen(alice.remote) - 1] ^= 1; /* the slot, or a digit of the GUID */
	phone_request(&alice, "BYE", NULL, NULL);
	phone_hear(&alice, "SIP/2.0 481 ");
	(void)snprintf(alice.remote, sizeof alice.remote, "%s", kept);

	phones_part(&alice, &bob);
	phone_request(&alice, "BYE", NULL, NULL); /* it is over */
	phone_hear(&alice, "SIP/2.0 481 ");
	expect_empty(&stage);
}

static void
test_an_ack_for_nothing_is_dropped(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	phones_part(&alice, &bob);
	phone_ack(&alice, NULL);
	expect_quiet(&stage);
	expect_empty(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_d_481_when_any_part_of_the_dialog_differs),
		SCENE(test_an_ack_for_nothing_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
