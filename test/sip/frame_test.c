/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include <cmocka.h>

#include "base/dice.h"
#include "sip/corpus.h"
#include "sip/frame.h"

#define MESSAGE(length) \
	"INVITE sip:5001@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nContent-Length: " length "\r\n\r\n"

/* What a framer made of a stream, in a text that can be compared: M<octets>, P for a ping,
 * F<fault>. */
struct tape {
	struct buf out;
	char room[64 * 1024];
};

static void
tape_clear(struct tape *t)
{
	t->out = buf_on(t->room, sizeof t->room);
}

static void
tape_put(struct tape *t, char kind, struct str text)
{
	buf_char(&t->out, kind);
	buf_number(&t->out, text.len);
	buf_char(&t->out, ':');
	buf_put(&t->out, text);
	assert_true(buf_ok(&t->out));
}

/* ---- a stream as its owner would run it ---- */

struct stream {
	char held[128 * 1024];
	size_t used;
	unsigned crlfs;
	bool over;
	struct tape tape;
};

static void
stream_clear(struct stream *s)
{
	s->used = 0;
	s->crlfs = 0;
	s->over = false;
	tape_clear(&s->tape);
}

static void
stream_feed(struct stream *s, struct str piece)
{
	assert_true(piece.len <= sizeof s->held - s->used);
	if (piece.len > 0)
		memcpy(s->held + s->used, piece.at, piece.len);
	s->used += piece.len;
	while (!s->over) {
		struct frame f = frame_next(str_of(s->held, s->used), &s->crlfs);
		size_t done = f.skip + (f.kind == FRAME_MESSAGE ? f.message.len : 0);

		assert_true(done <= s->used);
		if (f.kind == FRAME_MESSAGE)
			tape_put(&s->tape, 'M', f.message);
		if (f.kind == FRAME_PING)
			tape_put(&s->tape, 'P', STR(""));
		if (f.kind == FRAME_FAULT) {
			tape_put(&s->tape, 'F', str_cstr(corpus_verdict(f.fault)));
			tape_put(&s->tape, 'H', f.message);
			s->over = true;
		}
		memmove(s->held, s->held + done, s->used - done);
		s->used -= done;
		if (f.kind == FRAME_MORE)
			break;
	}
}

/* ---- a slow framer, octet by octet, to compare with ---- */

struct slow {
	char text[128 * 1024];
	size_t used;
	size_t head; /* 0: not yet whole */
	size_t body;
	unsigned crlfs;
	bool over;
	struct tape tape;
};

static void
slow_fault(struct slow *s, enum sip_fault fault)
{
	tape_put(&s->tape, 'F', str_cstr(corpus_verdict(fault)));
	tape_put(&s->tape, 'H', str_of(s->text, s->used));
	s->over = true;
}

/* Whether the line that begins at AT is a Content-Length, and how long its name is. */
static size_t
slow_name(const struct slow *s, size_t at)
{
	static const char *const names[] = { "content-length", "l" };

	for (unsigned i = 0; i < 2; i++) {
		size_t len = strlen(names[i]);

		if (strncasecmp(s->text + at, names[i], len) == 0 &&
			strchr(" \t:\r", s->text[at + len]) != NULL)
			return len;
	}
	return 0;
}

static enum sip_fault
slow_length(struct slow *s)
{
	unsigned found = 0;

	s->body = 0;
	for (size_t at = 0; at + 4 < s->head; at++) {
		size_t name;

		if (at < 2 || s->text[at - 1] != '\n' || s->text[at - 2] != '\r')
			continue;
		name = slow_name(s, at);
		if (name == 0)
			continue;
		at += name + strspn(s->text + at + name, " \t");
		if (s->text[at] != ':' || ++found > 1)
			return FAULT_LENGTH;
		at++;
		at += strspn(s->text + at, " \t\r\n");
		if (strchr("0123456789", s->text[at]) == NULL)
			return FAULT_LENGTH;
		for (; s->text[at] >= '0' && s->text[at] <= '9'; at++)
			if (s->body <= BODY_BYTES_MAX)
				s->body = s->body * 10 + (size_t)(s->text[at] - '0');
		while (s->text[at] == ' ' || s->text[at] == '\t' ||
			(s->text[at] == '\r' && strchr(" \t", s->text[at + 2]) != NULL))
			at += s->text[at] == '\r' ? 3 : 1;
		if (s->text[at] != '\r')
			return FAULT_LENGTH;
	}
	if (found == 0)
		return FAULT_LENGTH;
	return s->body > BODY_BYTES_MAX ? FAULT_BODY_LARGE : FAULT_NONE;
}

static void
slow_between(struct slow *s, char c)
{
	bool odd = (s->crlfs & 1) != 0;

	if (odd ? c == '\n' : c == '\r') {
		if (++s->crlfs == 4) {
			tape_put(&s->tape, 'P', STR(""));
			s->crlfs = 0;
		}
		return;
	}
	if (odd || c == 0 || !(isalnum((uint8_t)c) || strchr("-.!%*_+`'~", c) != NULL)) {
		slow_fault(s, FAULT_START_LINE);
		return;
	}
	s->crlfs = 0;
	s->text[s->used++] = c;
}

static void
slow_octet(struct slow *s, char c)
{
	if (s->over)
		return;
	if (s->used == 0) {
		slow_between(s, c);
		return;
	}
	s->text[s->used++] = c;
	s->text[s->used] = 0;
	if (s->head == 0) {
		bool whole = s->used >= 4 && memcmp(s->text + s->used - 4, "\r\n\r\n", 4) == 0;
		enum sip_fault fault = FAULT_NONE;

		if (whole) {
			s->head = s->used;
			fault = slow_length(s);
		} else if (s->used == HEAD_BYTES_MAX) {
			fault = FAULT_HEAD_LARGE;
		}
		if (fault != FAULT_NONE) {
			slow_fault(s, fault);
			return;
		}
	}
	if (s->head > 0 && s->used == s->head + s->body) {
		tape_put(&s->tape, 'M', str_of(s->text, s->used));
		s->used = s->head = 0;
	}
}

static struct stream stream, unsplit;
static struct slow slow;

static struct str
run_slow(struct str data)
{
	slow.used = slow.head = 0;
	slow.crlfs = 0;
	slow.over = false;
	tape_clear(&slow.tape);
	for (size_t i = 0; i < data.len; i++)
		slow_octet(&slow, data.at[i]);
	return buf_str(&slow.tape.out);
}

static struct str
run_unsplit(struct str data)
{
	stream_clear(&unsplit);
	stream_feed(&unsplit, data);
	return buf_str(&unsplit.tape.out);
}

static void
assert_tape(struct str tape, struct str want)
{
	if (!str_same(tape, want))
		fail_msg("got\n%.*s\nwanted\n%.*s", (int)tape.len, tape.at, (int)want.len, want.at);
}

/* ---- one call at a time ---- */

static void
assert_frame(struct str data, enum frame_kind kind, enum sip_fault fault)
{
	struct str copy = corpus_exact(data);
	unsigned crlfs = 0;
	struct frame f = frame_next(copy, &crlfs);

	if (f.kind != kind || f.fault != fault)
		fail_msg("kind %d, %s: %.*s", f.kind, corpus_verdict(f.fault), (int)data.len,
			data.at);
	corpus_free(copy);
}

/* rows: R3261-18.3-a */
static void
a_length_is_one_checked_number(void **state)
{
	static const struct {
		const char *length;
		enum frame_kind kind;
		enum sip_fault fault;
	} rows[] = {
		{ "0", FRAME_MESSAGE, FAULT_NONE },
		{ "000", FRAME_MESSAGE, FAULT_NONE },
		{ "1", FRAME_MORE, FAULT_NONE },
		{ "\t \r\n 0 \r\n\t", FRAME_MESSAGE, FAULT_NONE },
		{ "32768", FRAME_MORE, FAULT_NONE },
		{ "32769", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "2147483647", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "2147483648", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "4294967296", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "4294967301", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "18446744073709551616", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "18446744073709551621", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "1000000000000000000000000000000000000000", FRAME_FAULT, FAULT_BODY_LARGE },
		{ "-1", FRAME_FAULT, FAULT_LENGTH },
		{ "+5", FRAME_FAULT, FAULT_LENGTH },
		{ "0x5", FRAME_FAULT, FAULT_LENGTH },
		{ "5 5", FRAME_FAULT, FAULT_LENGTH },
		{ "5,5", FRAME_FAULT, FAULT_LENGTH },
		{ "5;x", FRAME_FAULT, FAULT_LENGTH },
		{ "", FRAME_FAULT, FAULT_LENGTH },
		{ "five", FRAME_FAULT, FAULT_LENGTH },
		{ "0\r\nl: 0", FRAME_FAULT, FAULT_LENGTH },
		{ "0\r\nCONTENT-LENGTH : 1", FRAME_FAULT, FAULT_LENGTH },
		{ "0\r\nContent-Length 1", FRAME_FAULT, FAULT_LENGTH },
		{ "0\r\nContent-Lengthy: 7", FRAME_MESSAGE, FAULT_NONE },
		{ "0\r\nX: y\r\n Content-Length: 7", FRAME_MESSAGE, FAULT_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256];
		struct buf b = buf_on(text, sizeof text);

		buf_put(&b, STR("BYE sip:h SIP/2.0\r\nContent-Length: "));
		buf_put(&b, str_cstr(rows[i].length));
		buf_put(&b, STR("\r\n\r\n"));
		assert_frame(buf_str(&b), rows[i].kind, rows[i].fault);
		assert_tape(run_unsplit(buf_str(&b)), run_slow(buf_str(&b)));
	}
	assert_frame(STR("BYE sip:h SIP/2.0\r\nVia: x\r\n\r\n"), FRAME_FAULT, FAULT_LENGTH);
	assert_frame(STR("BYE sip:h SIP/2.0\r\n\r\n"), FRAME_FAULT, FAULT_LENGTH);
	assert_frame(
		STR("BYE sip:h SIP/2.0\r\nContent-Length 10\r\n\r\n"), FRAME_FAULT, FAULT_LENGTH);
}

static void
what_is_no_sip_is_not_waited_for(void **state)
{
	(void)state;
	assert_frame(STR(""), FRAME_MORE, FAULT_NONE);
	assert_frame(STR("I"), FRAME_MORE, FAULT_NONE);
	assert_frame(STR("\x16\x03\x01"), FRAME_FAULT, FAULT_START_LINE); /* a ClientHello */
	assert_frame(STR(" INVITE"), FRAME_FAULT, FAULT_START_LINE);
	assert_frame(STR("\n"), FRAME_FAULT, FAULT_START_LINE);
	assert_frame(STR("\r\r"), FRAME_FAULT, FAULT_START_LINE);
	assert_frame(STR("\r\nINV"), FRAME_MORE, FAULT_NONE);
	assert_frame(STR("\rINV"), FRAME_FAULT, FAULT_START_LINE);
}

/* A head that ends just within the limit, one octet later, and never. */
static void
a_head_is_limited(void **state)
{
	static char text[HEAD_BYTES_MAX + 64];
	static const char start[] = "BYE sip:h SIP/2.0\r\nl: 0\r\nX: ";

	(void)state;
	for (size_t size = HEAD_BYTES_MAX - 1; size <= HEAD_BYTES_MAX + 1; size++) {
		memset(text, 'x', sizeof text);
		memcpy(text, start, sizeof start - 1);
		assert_frame(str_of(text, size), size < HEAD_BYTES_MAX ? FRAME_MORE : FRAME_FAULT,
			size < HEAD_BYTES_MAX ? FAULT_NONE : FAULT_HEAD_LARGE);
		memcpy(text + size - 4, "\r\n\r\n", 4);
		assert_frame(str_of(text, size),
			size <= HEAD_BYTES_MAX ? FRAME_MESSAGE : FRAME_FAULT,
			size <= HEAD_BYTES_MAX ? FAULT_NONE : FAULT_HEAD_LARGE);
		assert_tape(run_unsplit(str_of(text, size)), run_slow(str_of(text, size)));
	}
}

static void
a_fault_gives_the_head_to_answer(void **state)
{
	struct str text = STR("BYE sip:h SIP/2.0\r\nl: 5x\r\n\r\nbody");
	unsigned crlfs = 0;
	struct frame f = frame_next(text, &crlfs);

	(void)state;
	assert_int_equal(f.kind, FRAME_FAULT);
	assert_int_equal(f.message.len, text.len - 4);
	f = frame_next(STR("BYE sip:h SIP/2.0\r\nl: 5x"), &crlfs);
	assert_int_equal(f.kind, FRAME_MORE);
}

/* ---- splits ---- */

static const struct str pipelined = {
	"\r\n\r\n" MESSAGE("5") "a\r\n\r\n" MESSAGE("0") "\r\n" MESSAGE(
		"2") "\r\n\r\n\r\n\r\n\r\n"
		     "ACK sip:h SIP/2.0\r\nl\t:\r\n 3\r\n\r\nINV" MESSAGE("0") "\r\n\r\n" MESSAGE(
			     "1"),
	0
};

static struct str
pipeline(void)
{
	return str_cstr(pipelined.at);
}

static void
unsplit_it_is_what_it_looks_like(void **state)
{
	unsigned messages = 0, pings = 0;
	struct str tape = run_unsplit(pipeline());

	(void)state;
	while (tape.len > 0) {
		char kind = tape.at[0];
		struct str number;
		uint64_t len;

		tape = str_from(tape, 1);
		number = str_cut(&tape, ':');
		assert_true(str_number(number, 1000, &len));
		tape = str_from(tape, len);
		messages += kind == 'M';
		pings += kind == 'P';
		assert_true(kind != 'F');
	}
	assert_int_equal(messages, 5);
	assert_int_equal(pings, 4);
	assert_tape(run_unsplit(pipeline()), run_slow(pipeline()));
}

static void
split_at(struct str data, size_t a, size_t b)
{
	stream_clear(&stream);
	stream_feed(&stream, str_upto(data, a));
	stream_feed(&stream, str_from(str_upto(data, b), a));
	stream_feed(&stream, str_from(data, b));
}

static void
any_pair_of_splits_gives_the_same(void **state)
{
	struct str data = pipeline(), want = run_unsplit(data);

	(void)state;
	for (size_t a = 0; a <= data.len; a++)
		for (size_t b = a; b <= data.len; b++) {
			split_at(data, a, b);
			assert_tape(buf_str(&stream.tape.out), want);
		}
}

static void
octet_by_octet_gives_the_same(void **state)
{
	struct str data = pipeline();

	(void)state;
	stream_clear(&stream);
	for (size_t i = 0; i < data.len; i++)
		stream_feed(&stream, str_of(data.at + i, 1));
	assert_tape(buf_str(&stream.tape.out), run_unsplit(data));
}

/* Streams put together from pieces that mean something, split anywhere, from a fixed seed. */
static void
any_stream_is_framed_as_the_slow_one_does(void **state)
{
	static const char *const pieces[] = {
		MESSAGE("0"),
		MESSAGE("0"),
		MESSAGE("7"),
		MESSAGE("12"),
		MESSAGE("-1"),
		"\r\n",
		"\r\n",
		"\r\n\r\n",
		"\r",
		"\n",
		"INVITE",
		"INVITE x\r\nl: 3\r\n\r\n",
		"abc\r\n\r\n",
		" ",
		"ACK x y\r\nl: 1\r\nl: 1\r\n\r\n",
		"ACK x\r\n\r\n",
		"ACK\r\n l: 4\r\nl: 0\r\n\r\n",
		"ACK\r\r\nl:2\r\n\r\n",
		"xyz\nl: 4\r\nL : 0\r\nl\r\n\r\n",
	};
	static const uint8_t seed[DICE_SEED_BYTES] = { 'f', 'r', 'a', 'm', 'e' };
	static char text[4096];
	unsigned faults = 0;
	struct dice dice;

	(void)state;
	dice_init(&dice, seed);
	for (unsigned round = 0; round < 20000; round++) {
		struct buf b = buf_on(text, sizeof text);
		struct str data;

		for (unsigned i = dice_below(&dice, 12); i < 12; i++)
			buf_put(&b, str_cstr(pieces[dice_below(&dice, 19)]));
		data = buf_str(&b);
		stream_clear(&stream);
		for (size_t at = 0; at < data.len;) {
			size_t step = 1 + dice_below(&dice, 40);

			stream_feed(&stream, str_upto(str_from(data, at), step));
			at += step;
		}
		faults += stream.over;
		assert_tape(buf_str(&stream.tape.out), run_unsplit(data));
		assert_tape(buf_str(&stream.tape.out), run_slow(data));
	}
	assert_true(faults > 1000 && faults < 19000);
}

/* The messages that are good on a datagram are framed whole if they tell their length. */
static void
the_corpus_is_framed_whole(void **state)
{
	static struct corpus corpus;
	unsigned whole = 0;

	(void)state;
	assert_true(corpus_open(&corpus, "test/sip/corpus"));
	for (unsigned i = 0; i < corpus.count; i++) {
		const struct corpus_entry *e = &corpus.entries[i];
		unsigned crlfs = 0;
		struct frame f = frame_next(e->data, &crlfs);

		if (strcmp(e->verdict, "ok") != 0 || f.kind != FRAME_MESSAGE)
			continue;
		whole++;
		if (strcmp(e->file, "ok-more-behind.sip") != 0)
			assert_int_equal(f.skip + f.message.len, e->data.len);
	}
	assert_true(whole >= 60);
	corpus_close(&corpus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_is_one_checked_number),
		cmocka_unit_test(what_is_no_sip_is_not_waited_for),
		cmocka_unit_test(a_head_is_limited),
		cmocka_unit_test(a_fault_gives_the_head_to_answer),
		cmocka_unit_test(unsplit_it_is_what_it_looks_like),
		cmocka_unit_test(any_pair_of_splits_gives_the_same),
		cmocka_unit_test(octet_by_octet_gives_the_same),
		cmocka_unit_test(any_stream_is_framed_as_the_slow_one_does),
		cmocka_unit_test(the_corpus_is_framed_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
