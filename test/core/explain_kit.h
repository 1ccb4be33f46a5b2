/* SPDX-License-Identifier: Apache-2.0 */
/* explain_kit.h - DNs of every kind, a caller who is registered, and questions to the core. */
#ifndef TEST_CORE_EXPLAIN_KIT_H
#define TEST_CORE_EXPLAIN_KIT_H

#include "core/kit.h"

static const struct stage_dn all[] = {
	{ .number = "1001", .contact = "*" },
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:192.0.2.52;transport=tls" },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6002", .contact = "sips:192.0.2.62:5071" },
	{ .number = "7000", .contact = "*" },
	{ .number = "east", .contact = "sip:192.0.2.80", .type = DN_TRUNK, .prefix = "9" },
	{ .number = "west",
		.contact = "sips:trunk.example.net",
		.type = DN_TRUNK,
		.prefix = "98",
		.capacity = 2 },
};

static char page[ASK_PAGE_BYTES + 1];
static struct answer answer;

static inline const char *
question(enum ask_what what, const char *name, const char *other)
{
	struct ask asked = { .what = what, .name = str_cstr(name), .other = str_cstr(other) };
	struct buf b = buf_on(page, sizeof page - 1);
	struct json j = json_on(&b);
	uint64_t hash = stage.hash;

	answer = core_ask(stage.core, &asked, stage.now, &j);
	assert_true(buf_ok(&b));
	assert_true(stage.hash == hash);
	page[b.used] = '\0';
	return page;
}

static inline void
has(const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("no %s in %s", part, page);
}

/* The text behind PART, up to its quote; escapes are taken back. */
static inline const char *
text_behind(const char *from, const char *part)
{
	static char text[1024];
	size_t n = 0;
	const char *at = from != NULL ? strstr(from, part) : NULL;

	if (at == NULL)
		fail_msg("no %s in %s", part, page);
	for (at += strlen(part); *at != '"' && n + 1 < sizeof text; at++) {
		at += *at == '\\';
		text[n++] = *at;
	}
	text[n] = '\0';
	return text;
}

static inline void
open_stage(enum crossing_mode mode, bool is_sips)
{
	struct stage_options o = {
		.dns = all, .dn_count = sizeof all / sizeof all[0], .crossing = mode
	};

	stage_open(&stage, &o);
	stage_name(&stage, "trunk.example.net", "192.0.2.81");
	phone_open(&alice, &stage, "1001", "192.0.2.10", 30000,
		is_sips ? TRANSPORT_TLS : TRANSPORT_UDP, is_sips);
	phone_register(&alice, 600, NULL);
	phone_hear(&alice, "SIP/2.0 200 ");
}

static inline void
close_stage(void)
{
	phone_close(&alice);
	stage_close(&stage);
}

#endif
