/* SPDX-License-Identifier: Apache-2.0 */
/* stage.h - a table of transactions, a clock that only the test moves, and a record of all that was
 * sent and told.
 */
#ifndef TEST_TXN_STAGE_H
#define TEST_TXN_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "txn/txn.h"

enum { STAGE_TXNS = 12, STAGE_LOG = 64, STAGE_TEXT = 4096, START_MS = 1000000 };

struct sent {
	int64_t at_ms; /* since the stage was opened */
	uint64_t flow;
	struct addr to;
	size_t len;
	char text[STAGE_TEXT];
};

struct told {
	int64_t at_ms;
	struct news news;
};

static struct stage {
	struct txns txns;
	struct alarms alarms;
	struct dice dice;
	struct when now;
	struct out out;
	struct sent sent[STAGE_LOG];
	unsigned sent_count;
	struct told told[STAGE_LOG];
	unsigned told_count;
	bool stray;
	_Alignas(64) char memory[STAGE_TXNS * (TXN_TEXT_BYTES + 1024) + 128 * 1024];
	char octets[OUT_BYTES];
} stage;

static const struct txn_way udp = { { 1 }, { ADDR_V4, { 192, 0, 2, 9 }, 5060 }, false, false };
static const struct txn_way tls = { { 2 }, { ADDR_V4, { 192, 0, 2, 9 }, 5061 }, true, true };
static const struct txn_owner leg = { OWNER_LEG, { 3, 1 }, 0 };

static inline int
stage_open(void **state)
{
	const struct txn_timers timers = { T1_MS, T2_MS, T4_MS };
	const uint8_t seed[DICE_SEED_BYTES] = { 42 };
	struct arena arena = arena_on(stage.memory, sizeof stage.memory);

	(void)state;
	dice_init(&stage.dice, seed);
	out_init(&stage.out, stage.octets, sizeof stage.octets);
	stage.now = (struct when){ START_MS, 1 };
	stage.sent_count = stage.told_count = 0;
	assert_true(alarms_open(&stage.alarms, &arena, STAGE_TXNS * TXN_ALARMS));
	assert_true(
		txns_open(&stage.txns, &arena, STAGE_TXNS, &timers, &stage.alarms, &stage.dice));
	return 0;
}

/* Records what is in the out, and spoils it: nobody may count on it afterwards. */
static inline void
carry(void)
{
	for (uint32_t i = 0; i < stage.out.count; i++) {
		const struct act *act = &stage.out.acts[i];
		struct sent *sent = &stage.sent[stage.sent_count++];

		assert_int_equal(act->kind, ACT_SEND);
		assert_true(stage.sent_count < STAGE_LOG && act->u.send.bytes.len < STAGE_TEXT);
		sent->at_ms = stage.now.mono_ms - START_MS;
		sent->flow = act->u.send.flow.number;
		sent->to = act->u.send.to;
		sent->len = act->u.send.bytes.len;
		memcpy(sent->text, act->u.send.bytes.at, sent->len);
		sent->text[sent->len] = '\0';
	}
	out_clear(&stage.out);
}

static inline void
note(struct news news)
{
	carry();
	if (news.kind == NEWS_NONE)
		return;
	assert_true(stage.told_count < STAGE_LOG);
	stage.told[stage.told_count++] = (struct told){ stage.now.mono_ms - START_MS, news };
}

/* Lets time go on until UNTIL_MS after the start, and rings all that is due. */
static inline void
pass_until(int64_t until_ms)
{
	for (;;) {
		int64_t at_ms = alarms_deadline_ms(&stage.alarms);
		struct alarm *alarm;

		if (at_ms > START_MS + until_ms)
			break;
		if (at_ms > stage.now.mono_ms)
			stage.now.mono_ms = at_ms;
		alarm = alarms_due(&stage.alarms, stage.now.mono_ms);
		assert_non_null(alarm);
		assert_int_equal(alarm->kind, ALARM_TXN);
		note(txns_ring(&stage.txns, alarm, stage.now, &stage.out));
	}
	stage.now.mono_ms = START_MS + until_ms;
}

/* Everything must go by itself. */
static inline int
stage_close(void **state)
{
	(void)state;
	pass_until(stage.now.mono_ms - START_MS + 70000);
	assert_int_equal(txns_count(&stage.txns), 0);
	assert_int_equal(txns_left(&stage.txns), STAGE_TXNS);
	assert_int_equal(stage.alarms.count, 0);
	assert_int_equal(stage.txns.servers.count, 0);
	assert_int_equal(stage.txns.merged.count, 0);
	assert_int_equal(stage.txns.flows.count, 0);
	return 0;
}

/* A message that lives exactly as long as it is heard. */
struct heard {
	char *octets;
	struct msg msg;
};

__attribute__((format(printf, 2, 3))) static inline void
heard_open(struct heard *h, const char *format, ...)
{
	char text[STAGE_TEXT];
	struct fault fault;
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(text, sizeof text, format, list);
	va_end(list);
	assert_true(len > 0 && len < (int)sizeof text);
	h->octets = malloc((size_t)len);
	assert_non_null(h->octets);
	memcpy(h->octets, text, (size_t)len);
	if (!msg_parse(&h->msg, str_of(h->octets, (size_t)len), false, &fault)) {
		free(h->octets);
		fail_msg("fault %d at %u in\n%s", fault.what, fault.at, text);
	}
}

static inline void
heard_close(struct heard *h)
{
	memset(h->octets, 'Y', h->msg.text.len);
	free(h->octets);
}

/* ---- asking ---- */

struct asked {
	struct ref ref;
	const char *method;
	const char *transport;
	char branch[BRANCH_BYTES + 1];
};

static inline struct asked
ask_with(const char *method, const struct txn_way *way, const char *headers)
{
	struct asked a = { .method = method, .transport = way->is_tls ? "TLS" : "UDP" };
	struct str branch = STR_NONE;
	char text[STAGE_TEXT];
	int len;

	a.ref = txn_reserve(&stage.txns, leg, &branch);
	assert_false(ref_is_none(a.ref));
	memcpy(a.branch, branch.at, branch.len);
	len = snprintf(text, sizeof text,
		"%s sip:bob@192.0.2.9 SIP/2.0\r\n"
		"Via: SIP/2.0/%s 192.0.2.1:5060;branch=%s\r\n"
		"%s"
		"Max-Forwards: 69\r\n"
		"From: \"A\" <sip:alice@192.0.2.1>;tag=from-1\r\n"
		"To: <sip:bob@192.0.2.9>\r\n"
		"Call-ID: call-1\r\n"
		"CSeq: 7 %s\r\n"
		"Contact: <sip:alice@192.0.2.1>\r\n"
		"Content-Length: 0\r\n\r\n",
		method, a.transport, a.branch, headers, method);
	assert_true(len > 0 && len < (int)sizeof text);
	txn_send(&stage.txns, a.ref, method_find(str_cstr(method)),
		out_keep(&stage.out, str_of(text, (size_t)len)), way, stage.now, &stage.out);
	carry();
	return a;
}

static inline struct asked
ask(const char *method, const struct txn_way *way)
{
	return ask_with(method, way, "");
}

/* Gives a response to METHOD with the branch of A, with more headers above the Via. */
static inline struct news
respond_with(const struct asked *a, const char *method, unsigned status, const char *tag,
	const char *headers)
{
	struct heard h;
	struct news news;

	heard_open(&h,
		"SIP/2.0 %u Whatever\r\n"
		"%s"
		"Via: SIP/2.0/%s 192.0.2.1:5060;branch=%s;received=192.0.2.1\r\n"
		"From: \"A\" <sip:alice@192.0.2.1>;tag=from-1\r\n"
		"To: <sip:bob@192.0.2.9>;tag=%s\r\n"
		"Call-ID: call-1\r\n"
		"CSeq: 7 %s\r\n"
		"Content-Length: 0\r\n\r\n",
		status, headers, a->transport, a->branch, tag, method);
	news = txns_hear_response(&stage.txns, &h.msg, stage.now, &stage.out, &stage.stray);
	heard_close(&h);
	note(news);
	return news;
}

static inline struct news
respond(const struct asked *a, unsigned status)
{
	return respond_with(a, a->method, status, "to-1", "");
}

/* ---- answering ---- */

/* A request as text, into HEARD. TO_TAG may be empty. */
static inline void
request_open(
	struct heard *h, const char *method, const char *via, unsigned cseq, const char *to_tag)
{
	heard_open(h,
		"%s sip:us@192.0.2.1 SIP/2.0\r\n"
		"Via: %s\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:bob@192.0.2.9>;tag=bob-1\r\n"
		"To: <sip:us@192.0.2.1>%s%s\r\n"
		"Call-ID: call-2\r\n"
		"CSeq: %u %s\r\n"
		"Contact: <sip:bob@192.0.2.9>\r\n"
		"Content-Length: 0\r\n\r\n",
		method, via, *to_tag ? ";tag=" : "", to_tag, cseq, method);
}

#define VIA_1 "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-one"

static inline enum txn_heard
hear_by(const char *method, const char *via, unsigned cseq, const char *to_tag,
	const struct txn_way *way)
{
	struct heard h;
	enum txn_heard heard;

	request_open(&h, method, via, cseq, to_tag);
	heard = txns_hear_request(&stage.txns, &h.msg, way, stage.now, &stage.out);
	heard_close(&h);
	carry();
	return heard;
}

static inline enum txn_heard
hear(const char *method, const char *via)
{
	return hear_by(method, via, 1, "", &udp);
}

static inline struct ref
serve_by(const char *method, const char *via, unsigned cseq, const char *to_tag,
	const struct txn_way *way)
{
	struct heard h;
	struct ref ref;

	request_open(&h, method, via, cseq, to_tag);
	ref = txn_serve(&stage.txns, &h.msg, way, leg, stage.now);
	heard_close(&h);
	return ref;
}

static inline struct ref
serve(const char *method, const struct txn_way *way)
{
	return serve_by(method, VIA_1, 1, "", way);
}

static inline bool
answer(struct ref ref, unsigned status)
{
	char text[64];
	int len = snprintf(text, sizeof text, "SIP/2.0 %u Ours\r\n\r\n", status);
	bool is_done = txn_answer(&stage.txns, ref, status,
		out_keep(&stage.out, str_of(text, (size_t)len)), stage.now, &stage.out);

	carry();
	return is_done;
}

/* ---- what came of it ---- */

#define assert_text(text, part) assert_non_null(strstr(text, part))
#define assert_no_text(text, part) assert_null(strstr(text, part))

/* All that was sent from number FIRST on began with START and left at these moments. */
static inline void
assert_sent_at(unsigned first, const char *start, const int64_t *at_ms, unsigned count)
{
	assert_int_equal(stage.sent_count, first + count);
	for (unsigned i = 0; i < count; i++) {
		assert_memory_equal(stage.sent[first + i].text, start, strlen(start));
		assert_int_equal(stage.sent[first + i].at_ms, at_ms[i]);
		assert_string_equal(stage.sent[first + i].text, stage.sent[first].text);
	}
}

#define SENT_AT(first, start, ...)                                     \
	assert_sent_at(first, start, (const int64_t[]){ __VA_ARGS__ }, \
		sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

static inline void
assert_told(unsigned place, enum news_kind kind, int64_t at_ms, struct ref ref)
{
	assert_true(place < stage.told_count);
	assert_int_equal(stage.told[place].news.kind, kind);
	assert_int_equal(stage.told[place].at_ms, at_ms);
	assert_true(ref_same(stage.told[place].news.txn, ref));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

#endif
