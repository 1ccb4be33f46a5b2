/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reg/binding.h"

#define LINE                                                        \
	"scheme=sips transport=TLS flow=17 source=192.0.2.7:49152 " \
	"expires=1700003600 q=500 cseq=2 "                          \
	"proven=yes contact=26\"sips:7789@192.0.2.7:5061;x\" "      \
	"params=23\";+sip.instance=\"<a\\\\b>\"\" call-id=6\"a1@\"}b\"\n"

static struct binding
example(void)
{
	struct binding b = { .contact = STR("sips:7789@192.0.2.7:5061;x"),
		.params = STR(";+sip.instance=\"<a\\\\b>\""),
		.speech = { SCHEME_SIPS, TRANSPORT_TLS },
		.flow = { 17 },
		.expires_at_s = 1700003600,
		.q_thousandths = 500,
		.call_id = STR("a1@\"}b"),
		.cseq = 2,
		.is_proven = true };

	b.source = (struct addr){ .family = ADDR_V4, .ip = { 192, 0, 2, 7 }, .port = 49152 };
	return b;
}

static void
assert_same(const struct binding *a, const struct binding *b)
{
	assert_true(str_same(a->contact, b->contact));
	assert_true(str_same(a->params, b->params));
	assert_true(str_same(a->call_id, b->call_id));
	assert_int_equal(a->speech.scheme, b->speech.scheme);
	assert_int_equal(a->speech.transport, b->speech.transport);
	assert_true(flow_same(a->flow, b->flow));
	assert_true(addr_same(&a->source, &b->source));
	assert_int_equal(a->expires_at_s, b->expires_at_s);
	assert_int_equal(a->q_thousandths, b->q_thousandths);
	assert_int_equal(a->cseq, b->cseq);
	assert_int_equal(a->is_proven, b->is_proven);
	assert_true(str_same(a->instance, b->instance));
	assert_int_equal(a->reg_id, b->reg_id);
	assert_true(str_same(a->path, b->path));
}

static void
test_a_set_is_text(void **state)
{
	struct binding_set set = { .count = 1 };
	char text[512];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	set.list[0] = example();
	binding_set_write(&b, &set);
	assert_true(str_same(buf_str(&b), STR(LINE)));
}

static void
test_what_is_written_is_read(void **state)
{
	struct binding_set set = { .count = CONTACTS_PER_AOR_MAX }, got;
	char text[4096];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	for (uint32_t i = 0; i < set.count; i++)
		set.list[i] = example();
	set.list[1].source = (struct addr){ .family = ADDR_V6, .ip = { 0x20, 1 }, .port = 65535 };
	set.list[1].flow.number = UINT64_MAX;
	set.list[2].speech = (struct speech){ SCHEME_SIP, TRANSPORT_UDP };
	set.list[3].params = STR("");
	set.list[4].call_id = STR("with space\"\nand line\"");
	set.list[5].is_proven = false;
	set.list[6].cseq = UINT32_MAX;
	set.list[6].instance = STR("<urn:uuid:1>");
	set.list[6].reg_id = INT32_MAX;
	set.list[7].instance = STR("<urn:\"uuid>");
	set.list[7].path = STR("<sip:p.example.net;lr>, <sip:q.example.net;lr>");
	binding_set_write(&b, &set);
	assert_true(buf_ok(&b));
	assert_true(binding_set_read(&got, buf_str(&b)));
	assert_int_equal(got.count, set.count);
	for (uint32_t i = 0; i < set.count; i++)
		assert_same(&got.list[i], &set.list[i]);
}

static void
test_an_empty_set_is_no_octets(void **state)
{
	struct binding_set set = { .count = 0 };
	char text[8];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	binding_set_write(&b, &set);
	assert_int_equal(b.used, 0);
	set.count = 3;
	assert_true(binding_set_read(&set, STR("")));
	assert_int_equal(set.count, 0);
}

static void
test_every_prefix_is_refused(void **state)
{
	struct str whole = STR(LINE);
	struct binding_set set;

	(void)state;
	for (size_t len = 1; len < whole.len; len++) {
		char *exact = malloc(len);

		memcpy(exact, whole.at, len);
		assert_false(binding_set_read(&set, str_of(exact, len)));
		free(exact);
	}
	assert_true(binding_set_read(&set, whole));
}

/* A set of another hand; whatever is read must be a set that can be written again. */
static void
test_every_changed_octet_is_harmless(void **state)
{
	struct str whole = STR(LINE);
	struct binding_set set;
	char text[512], again[1024];

	(void)state;
	for (size_t i = 0; i < whole.len; i++) {
		for (unsigned c = 0; c < 256; c += 5) {
			struct buf b = buf_on(again, sizeof again);

			memcpy(text, whole.at, whole.len);
			text[i] = (char)c;
			if (!binding_set_read(&set, str_of(text, whole.len)))
				continue;
			assert_int_equal(set.count, 1);
			binding_set_write(&b, &set);
			assert_true(buf_ok(&b));
		}
	}
}

static void
test_what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *instead, *of;
	} changes[] = {
		{ "sipx", "sips" },
		{ "scheme=sips transport=TCP", "scheme=sips transport=TLS" },
		{ "transport=DTLS", "transport=TLS" },
		{ "scheme=sip transport=DTLS", "scheme=sips transport=TLS" },
		{ "q=1001", "q=500" },
		{ "cseq=4294967296", "cseq=2" },
		{ "expires=253402300800", "expires=1700003600" },
		{ "source=192.0.2.7", "source=192.0.2.7:49152" },
		{ "source=192.0.2:1", "source=192.0.2.7:49152" },
		{ "source=192.0.2.7:65536", "source=192.0.2.7:49152" },
		{ "proven=maybe", "proven=yes" },
		{ "contact=99", "contact=26" },
		{ "contact=", "contact=26" },
		{ "contact=x\"", "contact=26\"sips:7789@192.0.2.7:5061;x\"" },
	};
	struct str whole = STR(LINE);
	struct binding_set set;

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct str of = str_cstr(changes[i].of);
		char text[512];
		struct buf b = buf_on(text, sizeof text);
		size_t at = 0;

		while (!str_begins(str_from(whole, at), of))
			at++;
		buf_put(&b, str_upto(whole, at));
		buf_put(&b, str_cstr(changes[i].instead));
		buf_put(&b, str_from(whole, at + of.len));
		assert_true(buf_ok(&b));
		assert_false(binding_set_read(&set, buf_str(&b)));
	}
}

/* A reg-id is a number, and one of an instance. */
static void
test_a_flow_is_one_of_an_instance(void **state)
{
	static const struct {
		const char *end;
		bool is_read;
	} ends[] = {
		{ " instance=3\"<a>\" reg-id=1\"7\"\n", true },
		{ " reg-id=1\"7\"\n", false },
		{ " instance=0\"\" reg-id=1\"7\"\n", false },
		{ " instance=3\"<a>\" reg-id=1\"x\"\n", false },
		{ " instance=3\"<a>\" reg-id=10\"2147483648\"\n", false },
	};
	struct binding_set set;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		char text[512];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, str_upto(STR(LINE), STR(LINE).len - 1));
		buf_put(&b, str_cstr(ends[i].end));
		assert_true(buf_ok(&b));
		if (binding_set_read(&set, buf_str(&b)) != ends[i].is_read)
			fail_msg("%s", ends[i].end);
		if (ends[i].is_read)
			assert_int_equal(set.list[0].reg_id, 7);
	}
}

static void
test_too_many_are_refused(void **state)
{
	char text[4096];
	struct buf b = buf_on(text, sizeof text);
	struct binding_set set;

	(void)state;
	for (int i = 0; i < CONTACTS_PER_AOR_MAX; i++)
		buf_put(&b, STR(LINE));
	assert_true(binding_set_read(&set, buf_str(&b)));
	buf_put(&b, STR(LINE));
	assert_false(binding_set_read(&set, buf_str(&b)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_set_is_text),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_an_empty_set_is_no_octets),
		cmocka_unit_test(test_every_prefix_is_refused),
		cmocka_unit_test(test_every_changed_octet_is_harmless),
		cmocka_unit_test(test_what_cannot_be_is_refused),
		cmocka_unit_test(test_a_flow_is_one_of_an_instance),
		cmocka_unit_test(test_too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
