/* SPDX-License-Identifier: Apache-2.0 */
/* How messages are put together, and that nothing of a peer's breaks out of its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dice.h"
#include "leg/inside.h"
#include "sip/lex.h"
#include "support/legbed.h"

static void
an_answer_repeats_what_was_asked(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	const struct msg *m;

	(void)state;
	snprintf(ua.host, sizeof ua.host, "a.example:5071;rport");
	ua_request(
		&ua, "OPTIONS", "Via: SIP/2.0/UDP far.example;branch=z9hG4bKx;x=\"a,b\"\r\n", NULL);
	m = ua_take(&ua, "SIP/2.0 200 OK\r\n");
	assert_string_equal(bed_cstr(m->from.text), ua.local);
	assert_string_equal(bed_cstr(m->to.text), ua.remote);
	assert_string_equal(bed_cstr(m->call_id), ua.call_id);
	assert_int_equal(m->cseq, ua.cseq);
	assert_int_equal(m->via_count, 2);
	assert_true(bed_holds(m, ";rport=40000"));
	assert_true(bed_holds(m, ";received=192.0.2.9"));
	assert_true(bed_holds(m, "SIP/2.0/UDP far.example;branch=z9hG4bKx;x=\"a,b\"\r\n"));
	bed_drop(leg);
}

static void
a_phrase_is_ours_or_the_peers(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct reply reply = { .status = 200 };

	(void)state;
	ua_request(&ua, "INFO", NULL, NULL);
	reply.txn = bed_say(WORD_ASK)->txn;
	reply.reason = STR("ends here\r\nEvil: yes");
	assert_false(leg_reply(&bed.legs, leg, &reply, bed_turn()));
	bed_carry();
	bed_quiet();
	reply.reason = STR("f\xc3\xbcnf");
	assert_true(leg_reply(&bed.legs, leg, &reply, bed_turn()));
	bed_carry();
	(void)bed_take("SIP/2.0 200 f\xc3\xbcnf\r\n");
	txn_disown(&bed.txns, reply.txn);
	bed_drop(leg);
}

static void
without_a_transaction_there_is_no_answer(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct reply reply = { .status = 200, .txn = REF_NONE };

	(void)state;
	assert_false(leg_reply(&bed.legs, leg, &reply, bed_turn()));
	bed_carry();
	bed_quiet();
	bed_drop(leg);
}

static void
a_full_table_of_transactions_sends_nothing(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	struct ref txns[BED_TXNS];
	struct str branch;
	uint32_t count = 0;

	(void)state;
	while (txns_left(&bed.txns) > 0)
		txns[count++] = txn_reserve(
			&bed.txns, (struct txn_owner){ OWNER_NONE, REF_NONE, 0 }, &branch);
	assert_true(ref_is_none(
		leg_request(&bed.legs, leg, METHOD_INFO, false, STR(""), NULL, bed_turn())));
	bed_carry();
	bed_quiet();
	assert_int_equal(leg->local_cseq, 0);
	bed_end(leg); /* and a BYE that cannot be sent ends the leg all the same */
	assert_int_equal(leg->state, LEG_GONE);
	for (uint32_t i = 0; i < count; i++)
		txn_drop(&bed.txns, txns[i]);
	leg_close(&bed.legs, leg);
}

/* Sees that no octet leaves when the out has no room for it, and nothing is written beyond. */
static void
there_may_be_no_room_to_write(void **state)
{
	struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
	struct leg *leg = bed_talk_answered(&ua, NULL);
	size_t whole = bed.out.bytes.size;
	char *room;

	(void)state;
	for (size_t size = 0; size < 700; size += 7) {
		struct ref txn;

		room = malloc(size + 1);
		assert_non_null(room);
		bed.out.bytes = arena_on(room, size);
		txn = leg_request(&bed.legs, leg, METHOD_OPTIONS, true, STR(""), NULL, bed_turn());
		assert_int_equal(bed.out.count, !ref_is_none(txn));
		if (!ref_is_none(txn))
			assert_true(bed.out.acts[0].u.send.bytes.len <= size);
		txn_disown(&bed.txns, txn);
		out_clear(&bed.out);
		free(room);
		if (!ref_is_none(txn))
			break;
	}
	assert_int_equal(leg->local_cseq, 1);
	bed.out.bytes = arena_on(bed.out_memory, whole);
	bed_drop(leg);
}

/* ---- nothing breaks out ---- */

static const char *const pieces[] = { "a", "\\\"", "\"", "\r\n ", "\r\n\t", "\t", " ", "\\\r",
	"\x01", "\x7f", "\\\x02", "%0d%0a", "<", ">", ";", "=", ",", ":", "@", "sip:", "Evil: 1",
	"\xc3\xbc", "\\\\", "'" };

/* Puts random pieces where a peer may put what it likes. */
static void
scribble(struct dice *dice, char *at, size_t size, const char *before, const char *after)
{
	size_t len = (size_t)snprintf(at, size, "%s", before);

	for (unsigned i = dice_below(dice, 3); i > 0; i--)
		len += (size_t)snprintf(at + len, size - len, "%s",
			pieces[dice_below(dice, sizeof pieces / sizeof pieces[0])]);
	snprintf(at + len, size - len, "%s", after);
}

static bool
is_readable(const struct ua *ua, const char *lines)
{
	static struct msg m;
	static char text[8192];
	struct fault fault;
	int len = snprintf(text, sizeof text,
		"INVITE sip:5000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\n"
		"From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <%s>\r\n%s"
		"Content-Length: 0\r\n\r\n",
		ua->local, ua->remote, ua->call_id, ua->contact, lines);

	return msg_parse(&m, str_of(text, (size_t)len), true, &fault);
}

/* No line but those that we write; what an answer echoes may hold the peer's own odd octets in its
 * quoted strings, a request may not. */
static void
check_lines(const struct msg *m)
{
	size_t at;

	for (uint32_t i = 0; i < m->header_count; i++) {
		struct str value = m->headers[i].value;

		assert_int_not_equal(m->headers[i].id, HEADER_OTHER);
		assert_int_equal(str_find(value, '\r'), value.len);
		assert_true(lex_is_value(value, !m->is_request, &at));
	}
}

static void
nothing_of_a_peer_makes_a_line(void **state)
{
	static const uint8_t seed[DICE_SEED_BYTES] = { 'r' };
	struct dice dice;
	unsigned heard = 0;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 3000; round++) {
		struct ua ua = ua_open("sip", TRANSPORT_TCP, "192.0.2.9", 40000);
		char route[512], lines[1024];
		struct cargo cargo = bed_cargo(SDP_B);
		struct leg *leg;

		snprintf(ua.call_id, sizeof ua.call_id, "r%u@phone", round);
		scribble(&dice, ua.local, sizeof ua.local, "\"", "\" <sip:a@h>;tag=mine");
		scribble(&dice, ua.remote, sizeof ua.remote, "", " <sip:5000@192.0.2.1>");
		scribble(&dice, ua.contact, sizeof ua.contact, "sip:a", "@192.0.2.9");
		scribble(&dice, route, sizeof route, "<sip:192.0.2.9;lr;x=y", ">");
		snprintf(lines, sizeof lines, "Record-Route: %s\r\n", route);
		snprintf(ua.target, sizeof ua.target, "sip:5000@192.0.2.1");
		if (is_readable(&ua, lines)) {
			ua_invite(&ua, NULL, lines, SDP_A);
			(void)ua_take(&ua, "SIP/2.0 100 ");
			if (!ref_is_none(bed.opened)) {
				heard++;
				leg = bed_leg();
				if (leg_answer(&bed.legs, leg, STR(""), &cargo, bed_turn())) {
					bed_carry();
					(void)bed_take("SIP/2.0 200 ");
					ua_request(&ua, "BYE", NULL, NULL);
				}
				bed_carry();
				bed_end(leg);
				while (bed.taken < bed.sent_count)
					check_lines(bed_take(""));
				bed_drop(leg);
			}
		}
		bed_over(ua.flow);
		bed_pass_ms(70000);
		while (bed.sent_count > 0)
			free(bed.sent[--bed.sent_count].text);
		bed.taken = bed.word_count = bed.words_taken = 0;
	}
	assert_true(heard > 100);
}

/* RFC 3261 13.2.2.4: each 2xx, also when the next INVITE is out already. */
static void
an_ack_is_said_again_while_a_change_waits(void **state)
{
	struct ua ua = ua_wait("sip", TRANSPORT_UDP, "192.0.2.8", 5060);
	struct leg *leg = bed_talk_made(&ua);
	struct cargo cargo = bed_cargo(SDP_A2);

	(void)state;
	assert_true(leg_change(&bed.legs, leg, &cargo, bed_turn()));
	bed_carry();
	(void)bed_take("INVITE ");
	ua_answer_invite(&ua, 200, NULL, SDP_B);
	assert_int_equal(ua_take(&ua, "ACK ")->cseq, 1);
	bed_quiet();
	bed_drop(leg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BEDDED(an_answer_repeats_what_was_asked),
		BEDDED(a_phrase_is_ours_or_the_peers),
		BEDDED(an_ack_is_said_again_while_a_change_waits),
		BEDDED(without_a_transaction_there_is_no_answer),
		BEDDED(a_full_table_of_transactions_sends_nothing),
		BEDDED(there_may_be_no_room_to_write),
		BEDDED(nothing_of_a_peer_makes_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
