/* SPDX-License-Identifier: Apache-2.0 */
/* What those who look on are shown of a core, and that looking changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static char page[ASK_PAGE_BYTES + 1];
static struct answer answer;

/* The members of the answer. */
static const char *
ask(enum ask_what what, const char *name, uint32_t from)
{
	struct ask question = {
		.what = what, .name = str_cstr(name), .other = STR(""), .from = from
	};
	struct buf b = buf_on(page, sizeof page - 1);
	struct json j = json_on(&b);

	answer = core_ask(stage.core, &question, stage.now, &j);
	assert_true(buf_ok(&b));
	page[b.used] = '\0';
	return page;
}

static unsigned
count(const char *text, const char *part)
{
	unsigned found = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		found++;
	return found;
}

static void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no %s in %s", part, text);
}

static void
nothing_is_there_yet(void **state)
{
	(void)state;
	assert_string_equal(ask(ASK_CALLS, "", 0), "\"items\":[]");
	assert_int_equal(answer.told, TOLD_ALL);
	assert_string_equal(ask(ASK_REGISTRATIONS, "", 0), "\"items\":[]");
	assert_int_equal(answer.told, TOLD_ALL);
	has(ask(ASK_STATUS, "", 0),
		"\"calls\":{\"now\":0,\"secure\":0,\"crossing\":0,\"plain\":0,");
	has(page, "\"draining\":false");
	assert_int_equal(answer.told, TOLD_ALL);
	assert_string_equal(ask(ASK_CALL, "x", 0), "");
	assert_int_equal(answer.told, TOLD_NONE);
	/* A cursor of another day. */
	assert_string_equal(ask(ASK_CALLS, "", UINT32_MAX), "\"items\":[]");
	assert_int_equal(answer.told, TOLD_ALL);
	assert_string_equal(ask(ASK_REGISTRATIONS, "", 12345), "\"items\":[]");
}

static void
a_call_with_both_its_legs(void **state)
{
	char id[33];
	uint64_t hash;

	(void)state;
	scene_talk(true, "5000");
	hash = stage.hash;
	has(ask(ASK_CALLS, "", 0), "\"items\":[{\"call\":\"");
	memcpy(id, strstr(page, "\"call\":\"") + 8, 32);
	id[32] = '\0';
	has(page, "\"state\":\"up\"");
	has(page, "\"to\":\"5000\"");
	has(page, "\"sip_code\":200,\"crossing\":\"down\",\"legs\":[{\"side\":\"caller\",");
	has(page, "\"scheme\":\"sips\",\"transport\":\"TLS\",");
	has(page, "{\"side\":\"callee\",\"dn\":\"5000\",\"scheme\":\"sip\",\"transport\":\"UDP\",");
	has(page, "\"answer\":\"2");

	has(ask(ASK_CALL, id, 0), "\"state\":\"up\"");
	assert_int_equal(answer.told, TOLD_ALL);
	id[31]++;
	assert_string_equal(ask(ASK_CALL, id, 0), "");
	assert_int_equal(answer.told, TOLD_NONE);

	assert_int_equal(count(ask(ASK_CALLS, "5000", 0), "\"state\""), 1);
	assert_int_equal(count(ask(ASK_CALLS, "500", 0), "\"state\""), 0);
	assert_int_equal(count(ask(ASK_CALLS, "5001", 0), "\"state\""), 0);
	has(ask(ASK_STATUS, "", 0),
		"\"calls\":{\"now\":1,\"secure\":0,\"crossing\":1,\"plain\":0,");

	/* Nobody has noticed. */
	assert_int_equal(stage.out.count, 0);
	assert_int_equal(stage.out.bytes.used, 0);
	assert_true(stage.hash == hash);
	phones_part(&alice, &bob);
	assert_string_equal(ask(ASK_CALLS, "", 0), "\"items\":[]");
}

static void
each_kind_of_call_is_counted(void **state)
{
	static const struct {
		bool is_sips;
		const char *number, *counted;
	} rows[] = {
		{ true, "6001", "\"secure\":1,\"crossing\":0,\"plain\":0" },
		{ false, "6001", "\"secure\":0,\"crossing\":1,\"plain\":0" },
		{ false, "5000", "\"secure\":0,\"crossing\":0,\"plain\":1" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		scene_talk(rows[i].is_sips, rows[i].number);
		has(ask(ASK_STATUS, "", 0), rows[i].counted);
		phones_part(&alice, &bob);
		assert_int_equal(scene_close(state), 0);
		assert_int_equal(scene_open(state), 0);
	}
}

static void
bindings_of_a_number(void **state)
{
	(void)state;
	phone_open(&alice, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	has(ask(ASK_REGISTRATIONS, "", 0), "\"items\":[{\"number\":\"7000\",\"contact\":\"sips:");
	has(page,
		"\"scheme\":\"sips\",\"transport\":\"TLS\",\"source\":\"192.0.2.70:40000\","
		"\"verified_by\":\"none\",\"expires\":\"");
	assert_int_equal(answer.told, TOLD_ALL);
	assert_int_equal(count(ask(ASK_REGISTRATIONS, "7000", 0), "number"), 1);
	assert_int_equal(count(ask(ASK_REGISTRATIONS, "700", 0), "number"), 0);
	has(ask(ASK_STATUS, "", 0), "\"registrations\":1");
	stage_pass_ms(&stage, 601 * 1000);
	assert_string_equal(ask(ASK_REGISTRATIONS, "", 0), "\"items\":[]");
}

/* Page by page, each thing once; and a page is no longer than it may be. */
static void
a_list_in_pages(void **state)
{
	static const struct stage_dn dns[] = {
		{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	};
	const struct stage_options options = {
		.dns = dns, .dn_count = 1, .calls = 1500, .requests = 4000
	};
	unsigned calls = 0, pages = 0;
	uint32_t from = 0;

	(void)state;
	stage_close(&stage);
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000, TRANSPORT_UDP, false);
	for (unsigned i = 0; i < 1300; i++) {
		phone_invite(&alice, "5000", NULL, NULL);
		stage_forget_sent(&stage);
	}
	do {
		const char *text = ask(ASK_CALLS, "", from);

		calls += count(text, "\"state\"");
		pages++;
		assert_true(answer.told == TOLD_ALL || answer.next > from);
		assert_true(answer.next - from <= ASK_SLOTS_MAX);
		from = answer.next;
	} while (answer.told == TOLD_MORE);
	assert_int_equal(calls, stage_counts(&stage).calls);
	assert_true(calls > 1000);
	assert_true(pages > 5);
	/* Nobody is looked for among more slots than one question may look at. */
	assert_string_equal(ask(ASK_CALLS, "nobody", 0), "\"items\":[]");
	assert_int_equal(answer.told, TOLD_MORE);
	assert_int_equal(answer.next, ASK_SLOTS_MAX);
}

/* The slot of a call that is over shows nothing, and no question is answered that there is not. */
static void
what_is_over_or_unknown(void **state)
{
	char id[33];

	(void)state;
	scene_talk(false, "5000");
	memcpy(id, strstr(ask(ASK_CALLS, "", 0), "\"call\":\"") + 8, 32);
	id[32] = '\0';
	phones_part(&alice, &bob);
	stage_pass_ms(&stage, 64 * STAGE_T1_MS);
	assert_string_equal(ask(ASK_CALL, id, 0), "");
	assert_int_equal(answer.told, TOLD_NONE);
	has(ask(ASK_STATUS, "", 0),
		"\"calls\":{\"now\":0,\"secure\":0,\"crossing\":0,\"plain\":0,\"total\":1,");
	assert_string_equal(ask(ASK_KINDS, "", 0), "");
	assert_int_equal(answer.told, TOLD_NONE);
}

/* Where no registration may fit, the next page begins with it. */
static void
a_page_without_room(void **state)
{
	struct ask question = { .what = ASK_REGISTRATIONS, .name = STR(""), .other = STR("") };
	struct buf b = buf_on(page, ASK_ITEM_BYTES_MAX / 2);
	struct json j = json_on(&b);

	(void)state;
	phone_open(&alice, &stage, "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
	answer = core_ask(stage.core, &question, stage.now, &j);
	assert_true(str_same(buf_str(&b), STR("\"items\":[]")));
	assert_int_equal(answer.told, TOLD_MORE);
	assert_int_equal(answer.next, 0);
}

static void
a_binding_by_digest(void **state)
{
	static const struct stage_dn dns[] = {
		{ .number = "7789", .contact = "*", .password = "secret" },
	};
	const struct stage_options options = { .dns = dns, .dn_count = 1 };

	(void)state;
	stage_close(&stage);
	stage_open(&stage, &options);
	phone_open(&alice, &stage, "7789", "192.0.2.70", 40000, TRANSPORT_UDP, false);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 401 ");
	phone_register(
		&alice, 600, phone_credentials(&alice, "secret", "REGISTER", "sip:example.com"));
	phone_hear(&alice, "SIP/2.0 200 ");
	has(ask(ASK_REGISTRATIONS, "7789", 0), "\"verified_by\":\"digest\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(nothing_is_there_yet),
		SCENE(a_call_with_both_its_legs),
		SCENE(each_kind_of_call_is_counted),
		SCENE(bindings_of_a_number),
		SCENE(what_is_over_or_unknown),
		SCENE(a_page_without_room),
		SCENE(a_binding_by_digest),
		SCENE(a_list_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
