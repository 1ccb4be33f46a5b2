/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h - a caller, callees of every kind, and the ways in which a call between them can go. */
#ifndef TEST_CORE_KIT_H
#define TEST_CORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/phone.h"

static const struct stage_dn dns[] = {
	{ .number = "5000", .contact = "sip:192.0.2.50:5070" },
	{ .number = "5001", .contact = "sip:192.0.2.51;transport=tcp" },
	{ .number = "5002", .contact = "sip:192.0.2.52;transport=tls" },
	{ .number = "6001", .contact = "sips:192.0.2.61;transport=tcp" },
	{ .number = "6002", .contact = "sips:192.0.2.62:5071" },
	{ .number = "7000", .contact = "*" },
};

static const struct stage_options options = { .dns = dns, .dn_count = sizeof dns / sizeof dns[0] };

static struct stage stage;
static struct phone alice, bob;

/* The callee by a fixed contact, or by its registration. */
static const struct callee {
	const char *number, *ip;
	uint16_t port;
	enum transport transport;
	bool is_sips;
} callees[] = {
	{ "5000", "192.0.2.50", 5070, TRANSPORT_UDP, false },
	{ "5001", "192.0.2.51", 5060, TRANSPORT_TCP, false },
	{ "5002", "192.0.2.52", 5061, TRANSPORT_TLS, false },
	{ "6001", "192.0.2.61", 5061, TRANSPORT_TLS, true },
	{ "6002", "192.0.2.62", 5071, TRANSPORT_TLS, true },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_UDP, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TCP, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TLS, false },
	{ "7000", "192.0.2.70", 40000, TRANSPORT_TLS, true },
};

static inline void
callee_open(struct phone *p, const struct callee *c)
{
	bool is_registered = strcmp(c->number, "7000") == 0;

	if (!is_registered) {
		device_open(p, &stage, c->number, c->ip, c->port, c->transport, c->is_sips);
		return;
	}
	phone_open(p, &stage, c->number, c->ip, c->port, c->transport, c->is_sips);
	phone_register(p, 600, NULL);
	phone_hear(p, "SIP/2.0 200 ");
}

static inline void
play_answered(const char *number)
{
	phones_talk(&alice, &bob, number);
	phones_part(&alice, &bob);
}

static inline void
play_callee_parts(const char *number)
{
	phones_talk(&alice, &bob, number);
	phones_part(&bob, &alice);
}

static inline void
play_cancelled(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_reply(&bob, 200, NULL, NULL);
	phone_answer(&bob, 487, NULL, NULL);
	phone_hear(&bob, "ACK ");
}

static inline void
play_refused(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_answer(&bob, 486, NULL, NULL);
	phone_hear(&bob, "ACK ");
	phone_hear(&alice, "SIP/2.0 486 ");
	phone_ack_refusal(&alice);
}

/* The 200 crosses the CANCEL: the callee is acknowledged and hung up. */
static inline void
play_crossed_cancel(const char *number)
{
	phones_ring(&alice, &bob, number);
	phone_cancel(&alice);
	phone_hear(&alice, "SIP/2.0 200 ");
	phone_hear(&alice, "SIP/2.0 487 ");
	phone_ack_refusal(&alice);
	phone_hear(&bob, "CANCEL ");
	phone_answer(&bob, 200, NULL, SDP("callee", "sendrecv"));
	phone_hear(&bob, "ACK ");
	phone_reply(&bob, 200, NULL, NULL); /* to the CANCEL */
	phone_hear(&bob, "BYE ");
	phone_reply(&bob, 200, NULL, NULL);
}

static inline void
change(struct phone *from, struct phone *to, const char *direction)
{
	phone_request(from, "INVITE", NULL,
		strcmp(direction, "sendonly") == 0 ? SDP("again", "sendonly")
						   : SDP("again", "sendrecv"));
	phone_hear(to, "INVITE ");
	assert_true(phone_heard(to, direction));
	phone_answer(to, 200, NULL, SDP("changed", "recvonly"));
	phone_hear(to, "ACK ");
	phone_hear(from, "SIP/2.0 200 ");
	assert_true(phone_heard(from, "o=changed"));
	phone_ack(from, NULL);
	expect_quiet(&stage);
}

static inline void
play_held(const char *number)
{
	phones_talk(&alice, &bob, number);
	change(&alice, &bob, "sendonly");
	change(&alice, &bob, "sendrecv");
	change(&bob, &alice, "sendonly");
	change(&bob, &alice, "sendrecv");
	phones_part(&bob, &alice);
}

static inline void
play_no_offer(const char *number)
{
	phone_invite(&alice, number, NULL, NULL);
	phone_hear(&alice, "SIP/2.0 100 ");
	phone_hear(&bob, "INVITE ");
	assert_int_equal(bob.heard.msg.body.len, 0);
	phone_answer(&bob, 200, NULL, SDP("offer", "sendrecv"));
	phone_hear(&alice, "SIP/2.0 200 ");
	assert_true(phone_heard(&alice, "o=offer"));
	expect_quiet(&stage);
	phone_ack(&alice, SDP("answer", "sendrecv"));
	phone_hear(&bob, "ACK ");
	assert_true(phone_heard(&bob, "o=answer"));
	phones_part(&alice, &bob);
}

static inline void
ask(struct phone *from, struct phone *to)
{
	phone_request(from, "INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n");
	phone_hear(to, "INFO ");
	assert_true(phone_heard(to, "Signal=5"));
	phone_reply(to, 200, NULL, NULL);
	phone_hear(from, "SIP/2.0 200 ");
}

static inline void
play_info(const char *number)
{
	phones_talk(&alice, &bob, number);
	ask(&alice, &bob);
	ask(&bob, &alice);
	phone_request(&bob, "OPTIONS", NULL, NULL);
	phone_hear(&bob, "SIP/2.0 200 ");
	phones_part(&alice, &bob);
}

#endif
