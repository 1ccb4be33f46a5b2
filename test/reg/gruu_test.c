/* SPDX-License-Identifier: Apache-2.0 */
/* GRUUs as they are shown, and where they lead. */
#include "kit.h"

#include <string.h>

#include "reg/gruu.h"

#define URN "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define CONTACT "Contact: <sip:7789@192.0.2.7:40000>;+sip.instance=\"<" URN ">\"\r\n"
#define GRUU "Supported: gruu\r\n"

/* The value of the parameter NAME in the answer that was sent last, without its quotes, in TEXT. */
static struct str
shown(const struct world *w, const char *name, char text[512])
{
	struct str rest = sent(w);
	size_t len;

	while (rest.len > 0 && !str_begins(rest, str_cstr(name)))
		rest = str_from(rest, 1);
	rest = str_from(rest, strlen(name) + 2);
	len = str_find(rest, '"');
	assert_true(len < 512);
	memcpy(text, rest.at, len);
	return str_of(text, len);
}

static enum gruu_verdict
find(const struct world *w, struct str text, struct gruu *found)
{
	static char room[GRUU_URN_BYTES_MAX + 2];
	struct buf b = buf_on(room, sizeof room);
	struct uri uri;
	size_t at;

	assert_true(uri_parse(&uri, text, &at));
	return registrar_gruu(w->registrar, &uri, w->now, &b, found);
}

static void
test_shown_only_to_who_asks(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char text[512];

	assert_int_equal(send_register(w, &p, STR(CONTACT)), 200);
	assert_true(!str_holds_alike(sent(w), STR("gruu")));
	assert_int_equal(send_register(w, &p, STR(GRUU CONTACT)), 200);
	assert_true(str_holds_alike(sent(w), STR("Supported: path, outbound, gruu\r\n")));
	assert_true(str_same(shown(w, "pub-gruu", text), STR("sip:7789@example.com;gr=" URN)));
	assert_true(str_begins(shown(w, "temp-gruu", text), STR("sip:tgruu.")));
	assert_true(str_ends(shown(w, "temp-gruu", text), STR("@example.com;gr")));
	/* A refusal shows none. */
	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(GRUU CONTACT)), 500);
	assert_true(!str_holds_alike(sent(w), STR("gruu")));
}

/* Each is another, and each is good until the Call-ID changes. */
static void
test_temporary_ones(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char first[512], second[512], bent[512];
	struct str one, two;
	struct gruu found;

	assert_int_equal(send_register(w, &p, STR(GRUU CONTACT)), 200);
	one = shown(w, "temp-gruu", first);
	assert_int_equal(send_register(w, &p, STR(GRUU)), 200);
	two = shown(w, "temp-gruu", second);
	assert_false(str_same(one, two));
	assert_int_equal(find(w, one, &found), GRUU_GOOD);
	assert_int_equal(find(w, two, &found), GRUU_GOOD);
	assert_true(str_same(found.aor, STR("7789")));
	assert_true(str_same(found.instance, STR("<" URN ">")));
	/* Each digit counts. */
	for (size_t i = 10; i < 50; i++) {
		memcpy(bent, first, one.len);
		bent[i] = bent[i] == '0' ? '1' : '0';
		assert_int_equal(find(w, str_of(bent, one.len), &found), GRUU_BAD);
		bent[i] = 'g';
		assert_int_equal(find(w, str_of(bent, one.len), &found), GRUU_BAD);
	}
	p.call_id = STR("call-2@phone");
	assert_int_equal(send_register(w, &p, STR(CONTACT)), 200);
	assert_int_equal(find(w, one, &found), GRUU_BAD);
	assert_int_equal(send_register(w, &p, STR(GRUU)), 200);
	one = shown(w, "temp-gruu", first);
	assert_int_equal(find(w, one, &found), GRUU_GOOD);
	/* It goes with the binding, whoever has its slot then. */
	assert_int_equal(send_register(w, &p, STR("Expires: 0\r\n" CONTACT)), 200);
	assert_int_equal(find(w, one, &found), GRUU_BAD);
	p.aor = STR("7790");
	assert_int_equal(send_register(w, &p, STR(CONTACT)), 200);
	assert_int_equal(find(w, one, &found), GRUU_BAD);
	/* And with the time of it. */
	assert_int_equal(send_register(w, &p, STR(GRUU)), 200);
	one = shown(w, "temp-gruu", first);
	assert_int_equal(find(w, one, &found), GRUU_GOOD);
	w->now.wall_s += REGISTER_DEFAULT_S;
	assert_int_equal(find(w, one, &found), GRUU_BAD);
}

/* Who collects them cannot tell which are of one phone (RFC 5627 3.2): no part is the same. */
static void
test_temporary_ones_have_nothing_in_common(void **state)
{
	enum { CHANCE_AT = 10, SLOT_AT = CHANCE_AT + 16, MAC_AT = SLOT_AT + 8, END_AT = 50 };
	static const size_t parts[] = { CHANCE_AT, SLOT_AT, MAC_AT, END_AT };
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char first[512], second[512];

	assert_int_equal(send_register(w, &p, STR(GRUU CONTACT)), 200);
	assert_true(str_begins(shown(w, "temp-gruu", first), STR("sip:tgruu.")));
	assert_int_equal(send_register(w, &p, STR(GRUU)), 200);
	assert_int_equal(shown(w, "temp-gruu", second).at[END_AT], '@');
	for (size_t i = 0; i + 1 < sizeof parts / sizeof parts[0]; i++)
		assert_memory_not_equal(
			first + parts[i], second + parts[i], parts[i + 1] - parts[i]);
}

/* Who only asks is shown one that leads to its own address, wherever that lies in the table. */
static void
test_a_query_shows_them_too(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct gruu found;
	char text[512];

	assert_int_equal(send_register(w, &p, STR(CONTACT)), 200);
	p.aor = STR("7790");
	assert_int_equal(send_register(w, &p, STR(CONTACT)), 200);
	assert_int_equal(send_register(w, &p, STR(GRUU)), 200);
	assert_int_equal(find(w, shown(w, "temp-gruu", text), &found), GRUU_GOOD);
	assert_true(str_same(found.aor, STR("7790")));
}

/* A public one says itself whose it is, in any spelling, whether anybody is registered or not. */
static void
test_a_public_one_names_its_instance(void **state)
{
	struct world *w = *state;
	struct gruu found = { STR("x"), STR("x") };

	assert_int_equal(find(w, STR("sip:7789@example.com"), &found), GRUU_NONE);
	assert_int_equal(find(w, STR("sip:7789@example.com;gr=7789"), &found), GRUU_BAD);
	assert_true(str_same(found.instance, STR("x")));
	assert_int_equal(find(w, STR("sip:7789@example.com;gr=urn:%61:1"), &found), GRUU_GOOD);
	assert_true(str_is_empty(found.aor));
	assert_true(str_same(found.instance, STR("<urn:a:1>")));
}

/* Of several phones each has its own. */
static void
test_each_instance_its_own(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char text[512];
	struct gruu found;

	assert_int_equal(send_register(w, &p,
				 STR(GRUU "Contact: <sip:a@192.0.2.7>;+sip.instance=\"<urn:a:1>\","
					  "<sip:b@192.0.2.7>;+sip.instance=\"<urn:b:2>\"\r\n")),
		200);
	assert_true(str_holds_alike(sent(w), STR("gr=urn:a:1")));
	assert_true(str_holds_alike(sent(w), STR("gr=urn:b:2")));
	assert_int_equal(find(w, shown(w, "temp-gruu", text), &found), GRUU_GOOD);
	assert_true(str_same(found.instance, STR("<urn:a:1>")));
}

/* Contacts that get none. */
static void
test_no_urn_no_gruu(void **state)
{
	static char long_urn[GRUU_URN_BYTES_MAX + 64];
	static const char *const params[] = { "", ";+sip.instance=\"f81d4fae\"",
		";+sip.instance=\"<f81d4fae>\"", ";+sip.instance=\"<urn:a:1\"",
		";+sip.instance=\"<urn:a:%41>\"", ";+sip.instance=\"<urn:a:1?>\"", ";+sip.instance",
		";+sip.instance=\"<urn: a>\"", long_urn };
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char text[1024];
	struct buf b;

	b = buf_on(long_urn, sizeof long_urn - 1);
	buf_put(&b, STR(";+sip.instance=\"<urn:a:"));
	for (size_t i = 0; i < GRUU_URN_BYTES_MAX; i++)
		buf_char(&b, '1');
	buf_put(&b, STR(">\""));
	assert_true(buf_ok(&b));
	for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
		b = buf_on(text, sizeof text);
		buf_put(&b, STR(GRUU "Contact: <sip:7789@192.0.2.7:40000>"));
		buf_put(&b, str_cstr(params[i]));
		buf_put(&b, STR("\r\n"));
		assert_int_equal(send_register(w, &p, buf_str(&b)), 200);
		assert_false(str_holds_alike(sent(w), STR("-gruu=")));
	}
}

static void
test_what_is_none(void **state)
{
	static const struct {
		const char *uri;
		enum gruu_verdict verdict;
	} all[] = {
		{ "sip:7789@example.com", GRUU_NONE },
		{ "sips:7789@example.com;gr=" URN, GRUU_GOOD },
		{ "sip:7789@example.com;GR=URN:UUID:1;x", GRUU_GOOD },
		{ "sip:7789@example.com;gr=urn:a%3a1", GRUU_BAD },
		{ "sip:7789@example.com;gr=urn%2da", GRUU_BAD },
		{ "sip:7789@example.com;gr=ur%6e:a", GRUU_GOOD },
		{ "sip:7789@example.com;gr=abc", GRUU_BAD },
		{ "sip:7789@example.com;gr", GRUU_BAD },
		{ "sip:tgruu.@example.com;gr", GRUU_BAD },
		{ "sip:tgruu.00112233445566778899aabbccddeeff00112233@example.com;gr", GRUU_BAD },
		{ "sip:xgruu.00112233445566778899aabbccddeeff00112233@example.com;gr", GRUU_BAD },
	};
	struct world *w = *state;
	char text[512];
	struct buf b = buf_on(text, sizeof text);
	struct gruu found;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (find(w, str_cstr(all[i].uri), &found) != all[i].verdict)
			fail_msg("%s", all[i].uri);
	buf_put(&b, STR("sip:7789@example.com;gr=urn:a:"));
	for (size_t i = 0; i < GRUU_URN_BYTES_MAX; i++)
		buf_char(&b, '1');
	assert_int_equal(find(w, buf_str(&b), &found), GRUU_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shown_only_to_who_asks),
		TEST(test_temporary_ones),
		TEST(test_temporary_ones_have_nothing_in_common),
		TEST(test_a_query_shows_them_too),
		TEST(test_a_public_one_names_its_instance),
		TEST(test_each_instance_its_own),
		TEST(test_no_urn_no_gruu),
		TEST(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
