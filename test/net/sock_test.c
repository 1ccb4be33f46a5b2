/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct addr
addr_of(struct str text, uint16_t port)
{
	struct addr addr;

	assert_true(addr_parse(&addr, text));
	addr.port = port;
	return addr;
}

static void
addresses_cross_and_come_back(void **state)
{
	const struct addr addrs[] = { addr_of(STR("192.0.2.1"), 5061),
		addr_of(STR("2001:db8::9"), 1), addr_of(STR("0.0.0.0"), 65535) };
	struct sockaddr_storage sa;
	struct addr back;

	(void)state;
	for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
		assert_true(sock_from_addr(&sa, &addrs[i]) > 0);
		assert_true(sock_to_addr(&back, (struct sockaddr *)&sa));
		assert_true(addr_same(&back, &addrs[i]));
	}
	memset(&sa, 0, sizeof sa);
	sa.ss_family = AF_UNIX;
	assert_false(sock_to_addr(&back, (struct sockaddr *)&sa));
}

static void
an_address_in_use_is_named(void **state)
{
	static const enum transport transports[] = { TRANSPORT_UDP, TRANSPORT_TCP };
	struct addr addr = addr_of(STR("127.0.0.1"), 0), local;
	char text[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf why = buf_on(text, sizeof text);
		char wanted[64];
		struct buf b = buf_on(wanted, sizeof wanted);
		int fd = sock_bind(transports[i], &addr, &why);

		assert_true(fd >= 0);
		assert_true(sock_local(fd, &local));
		assert_int_not_equal(local.port, 0);
		assert_int_equal(sock_bind(transports[i], &local, &why), -1);
		addr_write_port(&b, &local);
		assert_true(str_holds_alike(buf_str(&why), buf_str(&b)));
		assert_true(str_holds_alike(buf_str(&why), STR("in use")));
		close(fd);
	}
}

static void
an_address_of_another_machine_cannot_be_bound(void **state)
{
	struct addr addr = addr_of(STR("192.0.2.77"), 5060);
	char text[256];
	struct buf why = buf_on(text, sizeof text);

	(void)state;
	assert_int_equal(sock_bind(TRANSPORT_UDP, &addr, &why), -1);
	assert_true(str_holds_alike(buf_str(&why), STR("192.0.2.77:5060 (UDP)")));
}

static void
this_machine_has_its_loopback(void **state)
{
	struct addr addrs[64], loop = addr_of(STR("127.0.0.1"), 0);
	uint32_t count = sock_addresses(ADDR_V4, addrs, 64);
	bool is_there = false;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(addrs[i].family, ADDR_V4);
		is_there = is_there || addr_same(&addrs[i], &loop);
	}
	assert_true(is_there);
	assert_int_equal(sock_addresses(ADDR_V4, addrs, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_cross_and_come_back),
		cmocka_unit_test(an_address_in_use_is_named),
		cmocka_unit_test(an_address_of_another_machine_cannot_be_bound),
		cmocka_unit_test(this_machine_has_its_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
