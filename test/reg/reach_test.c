/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"
#include "reg/reach.h"

static enum reach_verdict
judge(struct str text, struct str source)
{
	struct listener listeners[5] = { { .transport = TRANSPORT_UDP },
		{ .transport = TRANSPORT_TLS }, { .transport = TRANSPORT_TCP },
		{ .transport = TRANSPORT_TCP, .advertise = STR("[2001:db8::]") },
		{ .transport = TRANSPORT_TCP, .advertise = STR("bad.example:port") } };
	struct addr from = address_of(source, 40000);
	struct uri uri;
	size_t at;

	listeners[0].local = address_of(STR("192.0.2.1"), 5060);
	listeners[1].local = address_of(STR("192.0.2.1"), 5061);
	listeners[1].advertise = STR("sip.example.com");
	listeners[2].local = address_of(STR("2001:db8::1"), 6060);
	listeners[2].advertise = STR("[2001:db8::2]:7070");
	assert_true(uri_parse(&uri, text, &at));
	return reach_judge(&uri, &from, listeners, 5);
}

/* rows: R4168-a R7118-9.2 R3261-19.1.1-b */
static void
test_where_a_contact_may_be(void **state)
{
	static const struct {
		struct str uri, source;
		enum reach_verdict verdict;
	} rows[] = {
#define ROW(uri, source, verdict) \
	{ { uri, sizeof uri - 1 }, { source, sizeof source - 1 }, verdict }
		ROW("sip:7789@192.0.2.7", "192.0.2.7", REACH_GOOD),
		ROW("sip:7789@phone.example.net", "192.0.2.7", REACH_GOOD),
		/* Ours: by address, by the port that is meant, by the name that is shown. */
		ROW("sip:7789@192.0.2.1", "192.0.2.7", REACH_OURS),
		ROW("sip:7789@192.0.2.1:5060;transport=tcp", "192.0.2.7", REACH_OURS),
		ROW("sip:7789@192.0.2.1;transport=tls", "192.0.2.7", REACH_OURS),
		ROW("sips:7789@192.0.2.1", "192.0.2.7", REACH_OURS),
		ROW("sips:7789@192.0.2.1:5061", "192.0.2.7", REACH_OURS),
		ROW("sip:7789@192.0.2.1:5062", "192.0.2.7", REACH_GOOD),
		ROW("sips:SIP.Example.com", "192.0.2.7", REACH_OURS),
		ROW("sip:sip.example.com", "192.0.2.7", REACH_GOOD),
		ROW("sip:[2001:db8:0::1]:6060", "192.0.2.7", REACH_OURS),
		ROW("sip:[2001:db8::2]:7070", "192.0.2.7", REACH_OURS),
		ROW("sip:[2001:db8::2]:7071", "192.0.2.7", REACH_GOOD),
		ROW("sip:[2001:db8::9]:7070", "192.0.2.7", REACH_GOOD),
		ROW("sip:[2001:db8::]", "192.0.2.7", REACH_OURS),
		ROW("sip:bad.example", "192.0.2.7", REACH_GOOD),
		ROW("sip:sip.example.com;transport=tcp", "192.0.2.7", REACH_GOOD),
		ROW("sip:sip.example.com;transport=tls", "192.0.2.7", REACH_OURS),
		/* Loopback is for those who are there themselves. */
		ROW("sip:7789@127.0.0.9", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@[::1]", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@[::ffff:127.0.0.1]", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@LocalHost", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@localhost.", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@127.0.0.9", "127.0.0.1", REACH_GOOD),
		ROW("sip:7789@[::1]:5070", "127.0.0.1", REACH_GOOD),
		ROW("sip:7789@localhost", "::1", REACH_GOOD),
		/* Nobody is there. */
		ROW("sip:7789@224.0.0.1", "192.0.2.7", REACH_NOWHERE),
		ROW("sip:7789@224.0.0.1", "127.0.0.1", REACH_NOWHERE),
		ROW("sip:7789@0.0.0.0", "127.0.0.1", REACH_NOWHERE),
		ROW("sip:7789@[ff02::1]", "192.0.2.7", REACH_NOWHERE),
		/* What no leg can be made to. */
		ROW("sips:7789@192.0.2.7;transport=UDP", "192.0.2.7", REACH_SIPS_UDP),
		ROW("sips:7789@192.0.2.7;transport=sctp", "192.0.2.7", REACH_SIPS_BY),
		ROW("sips:7789@192.0.2.7;transport=WS", "192.0.2.7", REACH_SIPS_BY),
		ROW("sips:7789@192.0.2.7;ttl=1", "192.0.2.7", REACH_SIPS_MANY),
		ROW("sips:7789@192.0.2.7;maddr=239.1.1.1", "192.0.2.7", REACH_SIPS_MANY),
		ROW("sips:7789@h;maddr=192.0.2.7", "192.0.2.7", REACH_GOOD),
		ROW("sips:7789@192.0.2.7;transport=tls", "192.0.2.7", REACH_GOOD),
		ROW("sips:7789@192.0.2.7;transport=tcp", "192.0.2.7", REACH_GOOD),
		ROW("tel:7789", "192.0.2.7", REACH_NOT_SIP),
		ROW("mailto:a@b", "192.0.2.7", REACH_NOT_SIP),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(judge(rows[i].uri, rows[i].source), rows[i].verdict);
}

static void
test_a_long_one(void **state)
{
	char text[URI_BYTES_MAX + 64];
	struct buf b = buf_on(text, sizeof text);

	(void)state;
	buf_put(&b, STR("sip:a@192.0.2.7;x="));
	while (b.used < URI_BYTES_MAX)
		buf_char(&b, 'a');
	assert_int_equal(judge(buf_str(&b), STR("192.0.2.7")), REACH_GOOD);
	buf_char(&b, 'a');
	assert_int_equal(judge(buf_str(&b), STR("192.0.2.7")), REACH_LONG);
}

static void
test_q(void **state)
{
	static const struct {
		struct str text;
		int thousandths; /* -1: malformed */
	} rows[] = {
		{ { "", 0 }, 1000 },
		{ { ";q=1", 4 }, 1000 },
		{ { ";q=0", 4 }, 0 },
		{ { ";q=0.5", 6 }, 500 },
		{ { ";q=0.05", 7 }, 50 },
		{ { ";Q=0.123", 8 }, 123 },
		{ { ";q=1.000", 8 }, 1000 },
		{ { ";q=0.", 5 }, 0 },
		{ { ";q=1.001", 8 }, -1 },
		{ { ";q=2", 4 }, -1 },
		{ { ";q=0.1234", 9 }, -1 },
		{ { ";q=0.0001", 9 }, -1 },
		{ { ";q=.5", 5 }, -1 },
		{ { ";q=a", 4 }, -1 },
		{ { ";q=0.5a", 7 }, -1 },
		{ { ";q", 2 }, -1 },
		{ { ";q=-1", 5 }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct nameaddr contact;
		char text[64];
		struct buf b = buf_on(text, sizeof text);
		uint32_t thousandths;
		size_t at;

		buf_put(&b, STR("<sip:a@b>"));
		buf_put(&b, rows[i].text);
		assert_true(nameaddr_parse(&contact, buf_str(&b), &at));
		assert_int_equal(contact_q(&contact, &thousandths), rows[i].thousandths >= 0);
		if (rows[i].thousandths >= 0)
			assert_int_equal(thousandths, rows[i].thousandths);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_a_contact_may_be),
		cmocka_unit_test(test_a_long_one),
		cmocka_unit_test(test_q),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
