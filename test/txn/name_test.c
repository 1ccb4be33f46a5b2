/* SPDX-License-Identifier: Apache-2.0 */
#include "txn/name.h"

#include "txn/stage.h"

static char fold[HEAD_BYTES_MAX];

static struct txn_name
name_with(const char *branch)
{
	return (struct txn_name){
		.branch = branch == NULL ? STR_NONE : str_cstr(branch),
		.host = STR("h"),
		.port = 5060,
		.method = STR("INVITE"),
		.call_id = STR("c"),
		.from_tag = STR("f"),
		.cseq = 1,
		.target = STR("sip:x"),
		.via = STR("SIP/2.0/UDP h"),
	};
}

static uint64_t
hash(const struct txn_name *name)
{
	return txn_name_hash(&stage.txns.servers, name, fold);
}

static void
names_alike_have_one_hash(void **state)
{
	struct txn_name a = name_with("z9hG4bKabc"), b = name_with("Z9HG4BKABC");

	(void)state;
	b.host = STR("H");
	b.method = STR("BYE"); /* looked at by whoever asks */
	b.call_id = STR("other");
	assert_true(txn_name_matches(&a, &b));
	assert_true(hash(&a) == hash(&b));
}

static void
cookie_and_no_cookie_never_match(void **state)
{
	struct txn_name a = name_with("z9hG4bKabc"), b = name_with(NULL);

	(void)state;
	assert_false(txn_name_matches(&a, &b));
	assert_false(txn_name_matches(&b, &a));
	assert_true(txn_name_matches(&b, &b));
	assert_true(hash(&a) != hash(&b));
}

static void
old_rules_look_at_every_field(void **state)
{
	struct txn_name ours = name_with(NULL);
	struct txn_name theirs[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		theirs[i] = name_with(NULL);
	theirs[0].target = STR("sip:X");
	theirs[1].via = STR("SIP/2.0/UDP h;branch=1");
	theirs[2].call_id = STR("C");
	theirs[3].from_tag = STR_NONE;
	theirs[4].cseq = 2;
	for (unsigned i = 0; i < 5; i++) {
		assert_false(txn_name_matches(&ours, &theirs[i]));
		assert_true(hash(&ours) != hash(&theirs[i]));
	}
	theirs[5].to_tag = STR("t");
	assert_false(txn_name_matches(&ours, &theirs[5]));
	theirs[5].has_any_to_tag = true;
	assert_true(txn_name_matches(&ours, &theirs[5]));
	assert_true(hash(&ours) == hash(&theirs[5]));
}

static void
merged_are_same_call_from_and_cseq(void **state)
{
	struct txn_name a = name_with("z9hG4bK1");
	struct txn_name other[5];

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		other[i] = name_with("z9hG4bK2");
	assert_true(txn_name_is_merged(&a, &other[0]));
	assert_true(txn_name_merge_hash(&stage.txns.merged, &a) ==
		txn_name_merge_hash(&stage.txns.merged, &other[0]));
	other[1].call_id = STR("C");
	other[2].from_tag = STR("F");
	other[3].cseq = 2;
	other[4].method = STR("OPTIONS");
	for (unsigned i = 1; i < 5; i++)
		assert_false(txn_name_is_merged(&a, &other[i]));
}

static void
name_of_a_request_is_what_it_says(void **state)
{
	struct heard h;
	struct txn_name name;

	(void)state;
	request_open(&h, "ACK", VIA_1, 5, "tt");
	name = txn_name_of(&h.msg);
	assert_true(str_same(name.branch, STR("z9hG4bK-one")));
	assert_true(str_same(name.host, STR("192.0.2.9")));
	assert_int_equal(name.port, 5060);
	assert_true(str_same(name.method, STR("INVITE")));
	assert_true(str_same(name.call_id, STR("call-2")));
	assert_true(str_same(name.from_tag, STR("bob-1")));
	assert_true(str_same(name.to_tag, STR("tt")));
	assert_int_equal(name.cseq, 5);
	assert_true(name.has_any_to_tag);
	heard_close(&h);
}

static void
kept_name_outlives_the_request(void **state)
{
	char text[200];
	struct buf b = buf_on(text, sizeof text);
	struct buf small = buf_on(text, 5);
	struct heard h;
	struct txn_name name, again, no_room;

	(void)state;
	request_open(&h, "INVITE", "SIP/2.0/UDP old.example", 5, "tt");
	name = again = no_room = txn_name_of(&h.msg);
	assert_false(txn_name_keep(&no_room, &small));
	assert_true(txn_name_keep(&name, &b));
	assert_true(txn_name_matches(&name, &again));
	heard_close(&h);
	assert_true(str_same(name.via, STR("SIP/2.0/UDP old.example")));
	assert_true(str_same(name.target, STR("sip:us@192.0.2.1")));
	assert_true(str_same(name.to_tag, STR("tt")));
	assert_true(str_is_none(name.branch));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(names_alike_have_one_hash),
		STAGED(cookie_and_no_cookie_never_match),
		STAGED(old_rules_look_at_every_field),
		STAGED(merged_are_same_call_from_and_cseq),
		STAGED(name_of_a_request_is_what_it_says),
		STAGED(kept_name_outlives_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
