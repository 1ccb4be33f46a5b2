/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a call, asked for through the door. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/inside.h"
#include "support/scene.h"

static char page[ASK_PAGE_BYTES + 1];

/* Asks why of the call whose identifier stands behind MARK in the log. */
static void
why(const char *mark)
{
	struct ask asked = { .what = ASK_WHY, .other = STR("") };
	struct buf b = buf_on(page, sizeof page - 1);
	struct json j = json_on(&b);
	const char *at = strstr(stage.notes, mark);

	assert_non_null(at);
	asked.name = str_of(at + strlen(mark), 32);
	assert_int_equal(core_ask(stage.core, &asked, stage.now, &j).told, TOLD_ALL);
	page[b.used] = '\0';
}

static void
has(const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("no %s in %.700s", part, page);
}

static void
a_call_from_its_beginning_to_its_end(void **state)
{
	(void)state;
	scene_talk(true, "5000");
	why("call ");
	has("\"state\":\"going on\"");
	has("\"answer\":null,\"end\":null");
	has("{\"part\":\"Request-URI\",\"value\":\"sips:5000@example.com\"");
	has("{\"part\":\"Request-URI\",\"value\":\"sip:5000@192.0.2.50:5070\"");
	phones_part(&alice, &bob);
	why("call ");
	has("\"state\":\"over\"");
	has("\"sip_code\":200");
	has("\"crossing\":\"down\"");
	assert_null(strstr(page, "\"end\":null"));
}

static void
the_second_way_is_the_one_that_is_told(void **state)
{
	(void)state;
	stage_name(&stage, "sec.example.net", "192.0.2.68");
	scene_alice(false);
	scene_bob("5000");
	phones_ring(&alice, &bob, "5000");
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
	why("call ");
	has("\"state\":\"not answered\"");
	has("\"sip_code\":486");
	has("\"value\":\"UDP to 192.0.2.50:5070\"");
}

/* Many newer calls have taken its place: it ends as all do, and has no story. */
static void
a_call_that_is_older_than_what_is_kept(void **state)
{
	static const char uuid[UUID_BYTES] = "00000000000000000000000000000000";
	struct ask asked = { .what = ASK_WHY, .other = STR("") };
	struct buf b = buf_on(page, sizeof page - 1);
	struct json j = json_on(&b);

	(void)state;
	scene_talk(true, "5000");
	asked.name = str_of(strstr(stage.notes, "call ") + strlen("call "), 32);
	for (unsigned i = 0; i < PASTS_MAX; i++)
		(void)past_begin(&stage.core->calls.pasts, true, uuid, 1);
	phones_part(&alice, &bob);
	assert_int_equal(core_ask(stage.core, &asked, stage.now, &j).told, TOLD_NONE);
}

static void
what_was_refused_before_it_was_a_call(void **state)
{
	(void)state;
	scene_alice(true);
	phone_invite(&alice, "4711", NULL, SDP("caller", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 404 ");
	phone_ack_refusal(&alice);
	why(": call ");
	has("\"state\":\"refused\"");
	has("\"to\":\"4711\"");
	has("\"sip_code\":404,\"why\":\"no DN has this number and no trunk its prefix\"");
	has("\"modes\":[]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_call_from_its_beginning_to_its_end),
		SCENE(the_second_way_is_the_one_that_is_told),
		SCENE(a_call_that_is_older_than_what_is_kept),
		SCENE(what_was_refused_before_it_was_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
