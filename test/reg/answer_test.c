/* SPDX-License-Identifier: Apache-2.0 */
/* The responses as they go out. */
#include "kit.h"

#include <string.h>

#include "reg/answer.h"

#define CONTACT "Contact: <sip:7789@192.0.2.7:40000>"
#define END "\r\n"

static void
test_a_200_from_head_to_tail(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct str text, tag;

	assert_int_equal(send_register(w, &p,
				 STR("Contact: <sip:7789@192.0.2.7:40000;ob>"
				     ";+sip.instance=\"<urn:a>\";q=0.05;expires=600" END)),
		200);
	text = sent(w);
	assert_has(text, "SIP/2.0 200 OK\r\nFrom: <sip:7789@example.com>;tag=f1\r\n");
	assert_has(text, "Via: SIP/2.0/UDP 192.0.2.7:40000;");
	assert_has(text, ";rport=40000");
	assert_has(text, ";received=192.0.2.7");
	assert_has(text, "\r\nCall-ID: call-1@phone\r\n");
	assert_has(text, "\r\nCSeq: 1 REGISTER\r\n");
	assert_has(text,
		"\r\nContact: <sip:7789@192.0.2.7:40000;ob>;+sip.instance=\"<urn:a>\";q=0.050"
		";expires=600\r\n");
	assert_has(text, "\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n");
	assert_true(str_ends(text, STR("Content-Length: 0\r\n\r\n")));
	tag = text;
	while (!str_begins(tag, STR("To: <sip:7789@example.com>;tag=")))
		tag = str_from(tag, 1);
	assert_int_equal(str_find(str_from(tag, 31), '\r'), 24);
}

/* The To tag of the response that was sent last. */
static void
copy_tag(const struct world *w, char tag[24])
{
	struct str text = sent(w);

	while (!str_begins(text, STR("@example.com>;tag=")) || str_find(text, '\r') != 18 + 24)
		text = str_from(text, 1);
	memcpy(tag, text.at + 18, 24);
}

static void
test_q_and_tags(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	char tag[24], other[24];

	assert_int_equal(send_register(w, &p,
				 STR("Contact: <sip:a@192.0.2.7>;q=0.123,<sip:b@192.0.2.7>;q=1,"
				     "<sip:c@192.0.2.7>;q=0.987,<sip:d@192.0.2.7>;q=0.5" END)),
		200);
	assert_has(sent(w), "Contact: <sip:d@192.0.2.7>;q=0.500;expires=3600\r\n");
	assert_has(sent(w), "Contact: <sip:a@192.0.2.7>;q=0.123;expires=3600\r\n");
	assert_has(sent(w), "Contact: <sip:b@192.0.2.7>;expires=3600\r\n");
	assert_has(sent(w), "Contact: <sip:c@192.0.2.7>;q=0.987;expires=3600\r\n");
	copy_tag(w, tag);
	assert_int_equal(send_register(w, &p, STR("")), 200);
	copy_tag(w, other);
	assert_memory_not_equal(tag, other, sizeof tag);
}

static void
test_a_later_answer_has_the_same_front(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 500);
	assert_int_equal(w->notes, 1);
	assert_has(sent(w),
		"SIP/2.0 500 Bindings Not Saved\r\nFrom: <sip:7789@example.com>;tag=f1\r\n");
	assert_has(sent(w), "\r\nCall-ID: call-1@phone\r\n");
	assert_has(sent(w), "\r\nRetry-After: 10\r\n");
	assert_lacks(sent(w), "Contact:");
	assert_lacks(sent(w), "Date:");
	assert_true(str_ends(sent(w), STR("Content-Length: 0\r\n\r\n")));
}

static void
test_what_a_refusal_shows(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(send_register(w, &p, STR(CONTACT ";expires=10" END)), 423);
	assert_has(sent(w), "\r\nMin-Expires: 60\r\n");
	assert_lacks(sent(w), "Retry-After");
	assert_int_equal(send_register(w, &p, STR("Contact: <sip:a@127.0.0.1>" END)), 403);
	assert_lacks(sent(w), "Min-Expires");
	assert_true(str_ends(sent(w), STR("Content-Length: 0\r\n\r\n")));
}

/* rows: R3261-10.2-a */
static void
test_path_is_echoed_and_record_route_is_not(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(
		send_register(w, &p,
			STR("Record-Route: <sip:192.0.2.9;lr>" END "Path: <sip:192.0.2.9;lr>;x" END
			    "Path: <sip:192.0.2.10;lr>" END CONTACT END)),
		200);
	assert_lacks(sent(w), "Record-Route");
	assert_has(sent(w), "\r\nPath: <sip:192.0.2.9;lr>;x\r\nPath: <sip:192.0.2.10;lr>\r\n");
	assert_lacks(sent(w), "Require");
	assert_lacks(sent(w), "Flow-Timer");
	/* Nor is it in a refusal. */
	w->manner = FAILING;
	assert_int_equal(
		send_register(w, &p, STR("Path: <sip:192.0.2.9;lr>" END CONTACT END)), 500);
	assert_lacks(sent(w), "Path");
	assert_lacks(sent(w), "Supported");
}

static void
test_outbound_is_required_of_who_asked_for_it(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TCP, 9);

	assert_int_equal(send_register(w, &p,
				 STR("Supported: path, outbound" END CONTACT
				     ";+sip.instance=\"<urn:a>\";reg-id=1" END)),
		200);
	assert_has(sent(w),
		"\r\nSupported: path, outbound\r\nRequire: outbound\r\nFlow-Timer: 120\r\n");
	assert_has(sent(w), ";+sip.instance=\"<urn:a>\";reg-id=1;expires=3600\r\n");
	/* Over a proxy it is for that to say how often. */
	assert_int_equal(send_register(w, &p,
				 STR("Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKx" END
				     "Path: <sip:192.0.2.9;lr;ob>" END
				     "Supported: path, outbound" END CONTACT
				     ";+sip.instance=\"<urn:a>\";reg-id=2" END)),
		200);
	assert_has(sent(w), "\r\nRequire: outbound\r\nPath: ");
	assert_int_equal(count_of(sent(w), STR("\r\nContact: ")), 2);
}

/* RFC 3608 6.3: whenever its bindings are shown to a phone, so is its way out; to nobody else. */
static void
test_the_service_route_of_a_phone(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_lacks(sent(w), "Service-Route");
	p.service_route = STR("<sip:out.example.com;lr>");
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_has(sent(w), "\r\nService-Route: <sip:out.example.com;lr>\r\n");
	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_has(sent(w), "\r\nService-Route: <sip:out.example.com;lr>\r\n");
	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 500);
	assert_lacks(sent(w), "Service-Route");
}

/* Who only asks is told what we can do as well. */
static void
test_a_query_says_what_there_is(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	assert_int_equal(send_register(w, &p, STR("Path: <sip:192.0.2.9;lr>" END)), 200);
	assert_has(sent(w), "\r\nSupported: path, outbound\r\n");
	assert_has(sent(w), "\r\nPath: <sip:192.0.2.9;lr>\r\n");
	assert_lacks(sent(w), "Require");
}

/* Only who was told how often it is to be heard is listened for. */
static void
test_whose_silence_is_the_end(void **state)
{
#define FLOW "Supported: path, outbound" END CONTACT ";+sip.instance=\"<urn:a>\";reg-id=1" END
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TCP, 9);

	assert_int_equal(send_register(w, &p, STR(CONTACT END)), 200);
	assert_true(flow_is_none(w->watch));
	assert_int_equal(send_register(w, &p,
				 STR("Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKx" END
				     "Path: <sip:192.0.2.9;lr;ob>" END FLOW)),
		200);
	assert_true(flow_is_none(w->watch));
	assert_int_equal(send_register(w, &p, STR(FLOW)), 200);
	assert_int_equal(w->watch.number, 9);
	/* Nor is a socket listened for, though a Path says that somebody keeps the flow. */
	p.transport = TRANSPORT_UDP;
	assert_int_equal(send_register(w, &p, STR("Path: <sip:192.0.2.9;lr;ob>" END FLOW)), 200);
	assert_has(sent(w), "\r\nRequire: outbound\r\nPath: ");
	assert_true(flow_is_none(w->watch));
	p.transport = TRANSPORT_TCP;
	/* A flow that was not saved is none. */
	w->manner = FAILING;
	assert_int_equal(send_register(w, &p, STR(FLOW)), 500);
	assert_true(flow_is_none(w->watch));
#undef FLOW
}

/* In its last second a binding has one second, and after it none. */
static void
test_what_is_left(void **state)
{
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct binding_set set = { .count = 1 };
	struct answer answer = { .status = 200, .reason = STR("OK") };
	struct register_request request;
	static struct msg msg;

	send_register(w, &p, STR(CONTACT ";expires=60" END));
	w->now.wall_s += 59;
	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_has(sent(w), "\r\nContact: <sip:7789@192.0.2.7:40000>;expires=1\r\n");
	set.list[0] = (struct binding){ .contact = STR("sip:a@192.0.2.7"),
		.expires_at_s = w->now.wall_s - 1,
		.q_thousandths = 1000 };
	request = serve_register(w, &p, STR(""), &msg);
	answer_now(w->registrar, &request, &answer, &set, w->now, &w->out);
	carry(w);
	assert_has(sent(w), "\r\nContact: <sip:a@192.0.2.7>;expires=0\r\n");
}

/* One second is a span that is said. */
static void
test_the_shortest_spans(void **state)
{
	static struct msg msg;
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct answer answer = {
		.status = 423, .reason = STR("Short"), .min_expires_s = 1, .retry_after_s = 1
	};
	struct register_request request = serve_register(w, &p, STR(CONTACT END), &msg);

	answer_now(w->registrar, &request, &answer, NULL, w->now, &w->out);
	carry(w);
	assert_has(sent(w), "\r\nMin-Expires: 1\r\n");
	assert_has(sent(w), "\r\nRetry-After: 1\r\n");
}

/* What cannot be written is not sent by halves: the log says so, and the transaction goes. */
static void
test_what_cannot_be_written(void **state)
{
	static char route[WRITE_BYTES_MAX];
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);

	memset(route, 'r', sizeof route);
	p.service_route = str_of(route, sizeof route);
	assert_int_equal(send_register(w, &p, STR("")), 0);
	assert_int_equal(w->notes, 1);
	assert_int_equal(w->note_level, NOTE_ERROR);
	assert_has(str_of(w->note, w->note_len), "a REGISTER cannot be answered");
	assert_int_equal(txns_count(&w->txns), 1);
	pass_ms(w, 64 * 500 + 5000);
	assert_int_equal(txns_count(&w->txns), 0);
	assert_int_equal(w->sends, 0);
}

/* Nor is an answer whose front there was no room to keep. */
static void
test_a_front_that_was_not_kept(void **state)
{
	static struct msg msg;
	static struct question q;
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_UDP, 1);
	struct answer answer = { .status = 500, .reason = STR("Bindings Not Saved") };

	q = (struct question){ .txn = serve_register(w, &p, STR(CONTACT END), &msg).txn };
	answer_later(w->registrar, &q, &answer, w->now, &w->out);
	carry(w);
	assert_int_equal(w->sends, 0);
	assert_has(str_of(w->note, w->note_len), "a REGISTER cannot be answered");
}

/* The largest message that the parser lets through is answered whole. */
static void
test_the_largest_register(void **state)
{
	static char lines[HEAD_BYTES_MAX];
	struct world *w = *state;
	struct phone p = phone_on(TRANSPORT_TCP, 9);
	struct buf b = buf_on(lines, sizeof lines);

	/* As many contacts as may be, each as large as fits into the set. */
	for (uint32_t i = 0; i < CONTACTS_PER_AOR_MAX; i++) {
		size_t upto;

		buf_put(&b, STR("Contact: <sip:"));
		buf_number(&b, i);
		buf_put(&b, STR("@192.0.2.7;x="));
		for (upto = b.used + 900; b.used < upto;)
			buf_char(&b, 'x');
		buf_put(&b, STR(">;y=\""));
		for (upto = b.used + 860; b.used < upto;)
			buf_char(&b, 'y');
		buf_put(&b, STR("\"" END));
	}
	assert_int_equal(send_register(w, &p, buf_str(&b)), 200);
	assert_int_equal(count_of(sent(w), STR("\r\nContact: ")), CONTACTS_PER_AOR_MAX);
	assert_true(str_ends(sent(w), STR("Content-Length: 0\r\n\r\n")));
	/* A longer Call-ID in each, and the set would be too large: nothing has changed. */
	p.call_id = STR("0123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(send_register(w, &p, buf_str(&b)), 403);
	assert_int_equal(send_register(w, &p, STR("")), 200);
	assert_int_equal(count_of(sent(w), STR("\r\nContact: ")), CONTACTS_PER_AOR_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_200_from_head_to_tail),
		TEST(test_q_and_tags),
		TEST(test_a_later_answer_has_the_same_front),
		TEST(test_what_a_refusal_shows),
		TEST(test_path_is_echoed_and_record_route_is_not),
		TEST(test_outbound_is_required_of_who_asked_for_it),
		TEST(test_the_service_route_of_a_phone),
		TEST(test_a_query_says_what_there_is),
		TEST(test_whose_silence_is_the_end),
		TEST(test_what_is_left),
		TEST(test_the_shortest_spans),
		TEST(test_what_cannot_be_written),
		TEST(test_a_front_that_was_not_kept),
		TEST(test_the_largest_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
