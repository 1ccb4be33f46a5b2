/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "main/config_value.h"

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* 0: refused */
	} all[] = { { "500ms", 500 }, { "2s", 2000 }, { "1ms", 1 }, { "60s", 60000 },
		{ "60000ms", 60000 }, { "0060s", 60000 }, { "500", 0 }, { "0ms", 0 }, { "0s", 0 },
		{ "", 0 }, { "ms", 0 }, { "61s", 0 }, { "60001ms", 0 }, { "-1s", 0 }, { "1.5s", 0 },
		{ "5 ms", 0 }, { "5MS", 0 }, { "5m", 0 }, { "5sec", 0 },
		{ "99999999999999999999s", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		int64_t ms = 0;
		struct str why = STR_NONE;
		bool is_good = value_time(str_cstr(all[i].text), &ms, &why);

		if (is_good != (all[i].ms != 0) || (is_good && ms != all[i].ms))
			fail_msg("%s: %lld", all[i].text, (long long)ms);
		assert_true(is_good || why.len > 10);
	}
}

static void
test_endpoints(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		size_t at; /* host is NULL: of the fault */
	} all[] = { { "a.example", "a.example", 0, 0 }, { "a.example:5060", "a.example", 5060, 0 },
		{ "127.0.0.1:53", "127.0.0.1", 53, 0 }, { "[::1]:53", "[::1]", 53, 0 },
		{ "[::1]", "[::1]", 0, 0 }, { "", NULL, 0, 0 }, { "*", NULL, 0, 0 },
		{ "sip:a.example", NULL, 0, 0 }, { "7@a.example", NULL, 0, 0 },
		{ "a.example;transport=tcp", NULL, 0, 9 }, { "a.example:0", NULL, 0, 10 },
		{ "::1", NULL, 0, 0 }, { "a b", NULL, 0, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct endpoint endpoint;
		struct str why = STR_NONE;
		size_t at = 0;
		bool is_good = value_endpoint(str_cstr(all[i].text), &endpoint, &why, &at);

		if (is_good != (all[i].host != NULL) || (!is_good && at != all[i].at))
			fail_msg("%s: %d at %zu", all[i].text, is_good, at);
		if (!is_good) {
			assert_true(why.len > 10);
			continue;
		}
		assert_true(str_same(endpoint.host, str_cstr(all[i].host)));
		assert_int_equal(endpoint.port, all[i].port);
		assert_int_equal(endpoint.ip.family != ADDR_NONE, all[i].text[0] != 'a');
	}
}

static void
test_listeners(void **state)
{
	static const struct {
		const char *text;
		enum transport transport; /* TRANSPORT_NONE: refused */
		uint16_t port;
		size_t at;
	} all[] = {
		{ "sips:0.0.0.0:5061", TRANSPORT_TLS, 5061, 0 },
		{ "sips:0.0.0.0", TRANSPORT_TLS, 5061, 0 },
		{ "SIPS:127.0.0.1:5099;transport=TCP", TRANSPORT_TLS, 5099, 0 },
		{ "sips:[::];transport=tls", TRANSPORT_TLS, 5061, 0 },
		{ "sip:0.0.0.0", TRANSPORT_UDP, 5060, 0 },
		{ "sip:[::1]:5062;transport=udp", TRANSPORT_UDP, 5062, 0 },
		{ "sip:127.0.0.1;transport=tcp", TRANSPORT_TCP, 5060, 0 },
		{ "sip:127.0.0.1;transport=tls", TRANSPORT_TLS, 5061, 0 },
		{ "sips:127.0.0.1;transport=udp", TRANSPORT_NONE, 0, 25 },
		{ "127.0.0.1:5060", TRANSPORT_NONE, 0, 0 },
		{ "*", TRANSPORT_NONE, 0, 0 },
		{ "", TRANSPORT_NONE, 0, 0 },
		{ "sip:host.example", TRANSPORT_NONE, 0, 4 },
		{ "sips:5000@127.0.0.1", TRANSPORT_NONE, 0, 5 },
		{ "sip:239.1.1.1", TRANSPORT_NONE, 0, 4 },
		{ "sip:127.0.0.1:0", TRANSPORT_NONE, 0, 14 },
		{ "sip:127.0.0.1;lr", TRANSPORT_NONE, 0, 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct net_listen listen;
		struct str why = STR_NONE;
		size_t at = 0;
		bool is_good = value_listen(str_cstr(all[i].text), &listen, &why, &at);

		if (is_good != (all[i].transport != TRANSPORT_NONE) ||
			(!is_good && at != all[i].at))
			fail_msg("%s: %d at %zu", all[i].text, is_good, at);
		if (!is_good) {
			assert_true(why.len > 10);
			continue;
		}
		assert_int_equal(listen.transport, all[i].transport);
		assert_int_equal(listen.addr.port, all[i].port);
		assert_true(listen.addr.family != ADDR_NONE);
		assert_int_equal(listen.advertise.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
