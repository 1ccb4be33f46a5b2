/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/check.h"
#include "base/dice.h"

/* rows: R5954-5 */
static void
good_ones_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *bare, *uri;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255", "255.255.255.255" },
		{ "::", "::", "[::]" },
		{ "::1", "::1", "[::1]" },
		{ "1::", "1::", "[1::]" },
		{ "[2001:DB8::10]", "2001:db8::10", "[2001:db8::10]" },
		{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]" },
		{ "2001:0db8:0000:0001:0:0:0:1", "2001:db8:0:1::1", "[2001:db8:0:1::1]" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]" },
		{ "2001:0:0:1:0:0:1:1", "2001::1:0:0:1:1", "[2001::1:0:0:1:1]" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "[1:2:3:4:5:6:7:0]" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]" },
		{ "::FFFF:c000:0201", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221", "[64:ff9b::c000:221]" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", "[1:2:3:4:5:6:102:304]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = { .port = 7 };
		char text[ADDR_TEXT_MAX];
		struct buf b = buf_on(text, sizeof text);

		if (!addr_parse(&addr, str_cstr(rows[i].text)))
			fail_msg("%s", rows[i].text);
		assert_int_equal(addr.port, 0);
		addr_write_bare(&b, &addr);
		check_str(buf_str(&b), rows[i].bare);
		b = buf_on(text, sizeof text);
		addr_write(&b, &addr);
		check_str(buf_str(&b), rows[i].uri);
		addr.port = 5060;
		addr_write_port(&b, &addr);
		assert_true(str_ends(buf_str(&b), STR(":5060")));
	}
}

static void
bad_ones_are_refused(void **state)
{
	static const char *const rows[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4",
		"1..2.3", "256.1.1.1", "444.555.666.777", "01.2.3.4", "1.2.3.04", "0x1.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.4444", "[1.2.3.4]", ":", ":1",
		"1:", "1:2", ":::", "2001:db8:::1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1.2.3",
		"::1.2.3.256", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "[::1", "::1]",
		"[]", "[[::1]]", "fe80::1%eth0", "::1 ", "1:2:3:4:5:6:7:" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;

		if (addr_parse(&addr, str_cstr(rows[i])))
			fail_msg("%s", rows[i]);
	}
}

/* Random addresses with many zero groups survive being written and read. */
static void
written_it_reads_the_same(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 'i', 'p' };
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		struct addr addr = { .family = round % 8 == 0 ? ADDR_V4 : ADDR_V6 }, again;
		char text[ADDR_TEXT_MAX];
		struct buf b = buf_on(text, sizeof text);

		for (int i = 0; i < (addr.family == ADDR_V4 ? 4 : 16); i += 2) {
			if (dice_below(&dice, 2) == 0)
				dice_bytes(&dice, addr.ip + i, 2);
		}
		addr_write(&b, &addr);
		assert_true(addr_parse(&again, buf_str(&b)));
		assert_true(addr_same(&addr, &again));
	}
}

static struct addr
read_addr(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(&addr, str_cstr(text)));
	return addr;
}

static void
the_same(void **state)
{
	struct addr a = read_addr("192.0.2.1"), b = a, mapped = read_addr("::ffff:192.0.2.1");
	struct addr none = { .family = ADDR_NONE };

	(void)state;
	b.port = 1;
	assert_true(addr_same_ip(&a, &b) && !addr_same(&a, &b) && addr_same(&a, &a));
	assert_false(addr_same_ip(&a, &mapped));
	assert_false(addr_same_ip(&none, &none));
	a.ip[9] = 1; /* behind a v4 address nothing counts */
	assert_true(addr_same_ip(&a, &b));
}

static void
kinds(void **state)
{
	static const struct {
		const char *text;
		bool loopback, any, multicast;
	} rows[] = {
		{ "127.0.0.1", true, false, false },
		{ "127.255.0.9", true, false, false },
		{ "::1", true, false, false },
		{ "::ffff:127.0.0.1", true, false, false },
		{ "0.0.0.0", false, true, false },
		{ "::", false, true, false },
		{ "224.0.1.75", false, false, true },
		{ "239.255.255.255", false, false, true },
		{ "240.0.0.1", false, false, false },
		{ "255.255.255.255", false, false, true },
		{ "ff02::1", false, false, true },
		{ "192.0.2.1", false, false, false },
		{ "2001:db8::1", false, false, false },
	};
	struct addr none = { .family = ADDR_NONE };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = read_addr(rows[i].text);

		if (addr_is_loopback(&a) != rows[i].loopback || addr_is_any(&a) != rows[i].any ||
			addr_is_multicast(&a) != rows[i].multicast)
			fail_msg("%s", rows[i].text);
	}
	assert_false(addr_is_loopback(&none) || addr_is_any(&none) || addr_is_multicast(&none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_read_and_written),
		cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(written_it_reads_the_same),
		cmocka_unit_test(the_same),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
