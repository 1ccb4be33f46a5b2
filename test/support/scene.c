/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070;transport=udp" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:192.0.2.52;transport=tls" },
	{ .number = "5003", .contact = "sip:192.0.2.53" },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6009", .contact = "sips:desk.example.net" },
	{ .number = "7000", .contact = "*" },
	{ .number = "east",
		.contact = "sip:198.51.100.7;transport=udp",
		.type = DN_TRUNK,
		.prefix = "9" },
	{ .number = "pbx",
		.contact = "sip:192.0.2.50:5070;transport=udp",
		.type = DN_SOFTSWITCH,
		.prefix = "88",
		.capacity = 1 },
};

static const struct stage_options options = { .dns = dns, .dn_count = sizeof dns / sizeof dns[0] };

struct stage stage;
struct phone alice, bob;

int
scene_open(void **state)
{
	stage_open(&stage, &options);
	*state = &stage;
	return 0;
}

int
scene_close(void **state)
{
	(void)state;
	phone_close(&alice);
	phone_close(&bob);
	memset(&alice, 0, sizeof alice);
	memset(&bob, 0, sizeof bob);
	stage_close(&stage);
	return 0;
}

void
scene_alice(bool is_sips)
{
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000,
		is_sips ? TRANSPORT_TLS : TRANSPORT_UDP, is_sips);
}

void
scene_bob(const char *number)
{
	static const struct {
		const char *number, *ip;
		uint16_t port;
		enum transport transport;
		bool is_sips;
	} places[] = {
		{ "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false },
		{ "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false },
		{ "5002", "192.0.2.52", 5061, TRANSPORT_TLS, false },
		{ "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true },
		{ "6009", "192.0.2.69", 5061, TRANSPORT_TLS, true },
		{ "east", "198.51.100.7", 5060, TRANSPORT_UDP, false },
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strcmp(places[i].number, number) == 0)
			device_open(&bob, &stage, number, places[i].ip, places[i].port,
				places[i].transport, places[i].is_sips);
}

void
scene_talk(bool is_sips, const char *number)
{
	scene_alice(is_sips);
	scene_bob(number);
	phones_talk(&alice, &bob, number);
}
