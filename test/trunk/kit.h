/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h - a trunk that wants to know where we are, and its registrar on the stage: the room is
 * tested through the door, as its peers see it. Include it behind cmocka.h. */
#ifndef TRUNK_KIT_H
#define TRUNK_KIT_H

#include <stdio.h>
#include <string.h>

#include "support/phone.h"

static struct stage stage;
static struct phone reg;

/* A stage with one trunk `east`, as ITS says but for what is always the same; nobody has taken its
 * first REGISTER yet. */
static struct stage_dn east;
static struct stage_options kit_options = { .dns = &east, .dn_count = 1 };

static inline void
kit_open(const char *contact, const char *ip, uint16_t port, enum transport transport, bool is_sips)
{
	east = (struct stage_dn){ .number = "east",
		.contact = contact,
		.type = DN_TRUNK,
		.prefix = "9",
		.username = "acme",
		.password = "s3cret",
		.realm = "east.example",
		.registers = true };
	stage_open(&stage, &kit_options);
	device_open(&reg, &stage, "acme", ip, port, transport, is_sips);
	stage_tick(&stage);
}

static inline void
kit_open_udp(void)
{
	kit_open("sip:192.0.2.50:5070;transport=udp", "192.0.2.50", 5070, TRANSPORT_UDP, false);
}

static inline void
kit_open_sips(void)
{
	kit_open("sips:192.0.2.50", "192.0.2.50", 5061, TRANSPORT_TLS, true);
}

static inline void
kit_close(void)
{
	phone_close(&reg);
	stage_close(&stage);
}

/* The next REGISTER, which must have all of PARTS, up to a NULL. */
static inline const struct msg *
kit_hear(const char *const *parts)
{
	const struct msg *msg = phone_hear(&reg, "REGISTER ");

	for (; parts != NULL && *parts != NULL; parts++)
		if (!phone_heard(&reg, *parts))
			fail_msg("it lacks `%s`:\n%.*s", *parts, (int)msg->text.len, msg->text.at);
	return msg;
}

#define HEAR(...) kit_hear((const char *const[]){ __VA_ARGS__, NULL })

#define OURS_UDP "<sip:acme@192.0.2.1:5060>"
#define OURS_SIPS "<sips:acme@192.0.2.1:5061>"
#define GRANT(contact, seconds) "Contact: " contact ";expires=" #seconds "\r\n"

/* The answer to the request that was heard last, with LINES, whole header lines or NULL. */
static inline void
kit_reply(unsigned status, const char *lines)
{
	static char text[16 * 1024];
	const struct msg *m = &reg.heard.msg;

	(void)snprintf(text, sizeof text,
		"SIP/2.0 %u Said\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s;tag=r\r\nCall-ID: %.*s\r\n"
		"CSeq: %u %.*s\r\n%sContent-Length: 0\r\n\r\n",
		status, (int)msg_value(m, HEADER_VIA).len, msg_value(m, HEADER_VIA).at,
		(int)m->from.text.len, m->from.text.at, (int)m->to.text.len, m->to.text.at,
		(int)m->call_id.len, m->call_id.at, (unsigned)m->cseq, (int)m->method_text.len,
		m->method_text.at, lines != NULL ? lines : "");
	phone_raw(&reg, str_cstr(text));
}

/* It is heard and granted for SECONDS. */
static inline void
kit_grant(const char *contact, unsigned seconds)
{
	char lines[256];

	(void)snprintf(lines, sizeof lines, "Contact: %s;expires=%u\r\n", contact, seconds);
	(void)phone_hear(&reg, "REGISTER ");
	kit_reply(200, lines);
	assert_int_equal(stage_counts(&stage).enrolled, 1);
}

/* Nothing is said for FROM_MS; then it is, before UPTO_MS are over. */
static inline void
kit_wait(int64_t from_ms, int64_t upto_ms)
{
	struct addr at = reg.at;
	int64_t since_ms = stage.now.mono_ms;

	stage_pass_ms(&stage, from_ms);
	expect_quiet(&stage);
	while (core_deadline_ms(stage.core) <= since_ms + upto_ms) {
		stage_pass_ms(&stage, core_deadline_ms(stage.core) - stage.now.mono_ms);
		for (unsigned i = stage.first_untaken; i < stage.sent_count; i++)
			if (!stage.sent[i].is_taken && addr_same(&stage.sent[i].to, &at))
				return;
	}
	fail_msg("nothing was said");
}

#endif
