/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a stream: whole messages only, each once, and every octet in its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "tls_checks.h"
#include "tls_text.h"

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* ---- T9: three messages in seven records ---- */

enum { MESSAGES = 3, RECORDS = 7, STREAM_BYTES = 4096 };

static unsigned answers[MESSAGES], others;

static void
on_said(struct sim *s, struct wire *wire, struct str text)
{
	struct str call_id = text_header(text, "Call-ID");

	(void)s;
	(void)wire;
	if (!text_is_request(text) && call_id.len == 1 && call_id.at[0] >= '0' &&
		call_id.at[0] < '0' + MESSAGES && text_status(text) == 200)
		answers[call_id.at[0] - '0']++;
	else
		others++;
}

static size_t
write_messages(char *at, size_t ends[MESSAGES])
{
	size_t len = 0;

	for (int i = 0; i < MESSAGES; i++) {
		len += (size_t)snprintf(at + len, STREAM_BYTES - len,
			"OPTIONS sips:example.com SIP/2.0\r\n"
			"Via: SIP/2.0/TLS 192.0.2.77;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"
			"From: <sips:a@example.com>;tag=%d\r\nTo: <sips:example.com>\r\n"
			"Call-ID: %d\r\nCSeq: 1 OPTIONS\r\n"
			"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody",
			i, i, i);
		ends[i] = len;
	}
	return len;
}

struct stream {
	size_t ends[MESSAGES];       /* of the messages, in clear     */
	size_t plain_ends[RECORDS];  /* of the records, in clear      */
	size_t cipher_ends[RECORDS]; /* of the records, as they leave */
	size_t len;
};

/* A client that has shaken hands, and its stream on the way to us as records. */
static struct wire *
send_stream(struct check_world *w, int version, struct stream *stream)
{
	char text[STREAM_BYTES], cipher[2 * STREAM_BYTES];
	struct wire *wire = check_client(w, version, false);
	size_t len = write_messages(text, stream->ends), from = 0;

	if (!check_ready(w, wire))
		return NULL;
	for (int i = 0; i < MESSAGES; i++)
		wire->asked[i] = text_hash(str_of(&"012"[i], 1));
	stream->len = 0;
	for (int i = 0; i < RECORDS; i++) {
		/* Inside a body, behind a message, at its end, inside a head, an octet too few. */
		const size_t uptos[RECORDS] = { stream->ends[0] - 2, stream->ends[0] + 50,
			stream->ends[1] - 60, stream->ends[1], stream->ends[1] + 10,
			stream->ends[2] - 1, len };
		size_t upto = uptos[i], count;
		struct str piece = str_of(text + from, upto - from);

		octets_put(&wire->expect_in, piece);
		far_say(&wire->far, piece);
		far_turn(&wire->far);
		count = far_take(&wire->far, cipher, sizeof cipher);
		octets_put(&wire->to_us, str_of(cipher, count));
		stream->len += count;
		stream->plain_ends[i] = upto;
		stream->cipher_ends[i] = stream->len;
		from = upto;
	}
	return wire;
}

static unsigned
whole_messages(const struct stream *stream, size_t cipher_len)
{
	size_t plain = 0;
	unsigned count = 0;

	for (int i = 0; i < RECORDS; i++)
		if (stream->cipher_ends[i] <= cipher_len)
			plain = stream->plain_ends[i];
	while (count < MESSAGES && stream->ends[count] <= plain)
		count++;
	return count;
}

static size_t
cut_stream(struct check_world *w, int version, size_t at, enum wire_cut cut)
{
	struct stream stream;
	struct wire *wire = send_stream(w, version, &stream);
	unsigned whole;

	if (wire == NULL)
		return 0;
	whole = whole_messages(&stream, at);
	memset(answers, 0, sizeof answers);
	others = 0;
	wire->weather.cut_in_at = wire->in_total + at;
	wire->weather.cut = cut;
	wire->weather.chunk_max = 1 + dice_below(&w->sim->dice, at % 3 == 0 ? 2000 : 100);
	sim_settle(w->sim);
	for (unsigned i = 0; i < MESSAGES; i++)
		if (answers[i] != (i < whole ? 1 : 0))
			sim_break(w->sim, "T9",
				"cut at octet %zu of %zu: message %u was answered "
				"%u times, %u messages were whole",
				at, stream.len, i, answers[i], whole);
	if (others > 0)
		sim_break(w->sim, "T9", "cut at octet %zu: something else was said", at);
	return stream.len;
}

void
check_truncation(struct check_world *w)
{
	size_t len = 1;
	unsigned count = 0;

	w->sim->hooks.on_said = on_said;
	for (int v = 0; v < 2; v++)
		for (size_t at = 0; at < len; at++, count++)
			len = cut_stream(w, versions[v], at, at % 2 == 0 ? CUT_FIN : CUT_RESET);
	snprintf(w->counted, sizeof w->counted, "%u streams were cut", count);
}

/* ---- T10 ---- */

static void
draw_text(struct check_world *w, char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (char)('a' + dice_below(&w->sim->dice, 26));
}

static struct weather
draw_weather(struct check_world *w)
{
	static const uint32_t sizes[] = { 65536, 4096, 600, 60, 5 };
	struct dice *dice = &w->sim->dice;
	struct weather weather = calm_weather();

	weather.chunk_max = sizes[dice_below(dice, 5)];
	weather.accept_max = sizes[dice_below(dice, 5)];
	weather.stall_pct = dice_below(dice, 2) * 30;
	return weather;
}

static struct wire *
open_any(struct check_world *w, int number)
{
	static const size_t rooms[] = { 17408, 4096, 512, 64 };
	struct wire *wire;

	w->next.weather = draw_weather(w);
	w->next.far = (struct far_options){ .is_server = true,
		.version = versions[number % 2],
		.room_bytes = rooms[dice_below(&w->sim->dice, 4)],
		.kind = CERT_DNS,
		.ip = "192.0.2.50",
		.has_fragments = dice_below(&w->sim->dice, 2) == 0 };
	if (number / 2 % 2 == 0)
		return sim_dial(w->sim, "h1.phones.example", "192.0.2.50");
	wire = check_client(w, versions[number % 2], w->next.far.has_fragments);
	wire->weather = w->next.weather;
	return wire;
}

static void
all_arrived(struct check_world *w, const struct wire *wire)
{
	if (!wire->is_used || wire->is_closed)
		sim_break(w->sim, "T10", "a connection ended in the middle");
	else if (octets_str(&wire->expect_in).len > 0 || octets_str(&wire->expect_out).len > 0)
		sim_break(w->sim, "T10", "%zu octets towards us and %zu from us never came",
			octets_str(&wire->expect_in).len, octets_str(&wire->expect_out).len);
}

/* Both sides say much at once, with new keys now and then. */
void
check_streams(struct check_world *w)
{
	enum { WIRES = 16, ROUNDS = 100, TEXT_BYTES = 3000 };
	struct sim *s = w->sim;
	char text[TEXT_BYTES];

	for (int i = 0; i < WIRES; i++) {
		struct wire *wire = open_any(w, i);

		for (int round = 0; round < ROUNDS && s->broken[0] == '\0'; round++) {
			size_t len = 1 + dice_below(&s->dice, TEXT_BYTES - 1);

			draw_text(w, text, len);
			if (dice_below(&s->dice, 2) == 0)
				sim_say(s, wire, str_of(text, len));
			else if (wire->is_told || wire->is_dialled)
				sim_send(s, wire, str_of(text, len));
			if (dice_below(&s->dice, 20) == 0)
				far_update_keys(&wire->far);
			for (uint32_t n = dice_below(&s->dice, 6); n > 0; n--)
				(void)sim_turn(s);
			/* Nobody may fall behind so far that it is shut for that. */
			if (octets_str(&wire->expect_out).len > 100000)
				sim_settle(s);
		}
		sim_settle(s);
		all_arrived(w, wire);
		wire->far.wants_end = true;
		sim_settle(s);
		if (s->streams.count != 0)
			sim_break(s, "T10", "a connection that was ended is still there");
	}
	if (s->loop.partial_writes == 0 || s->loop.refused_writes == 0 ||
		s->fars.wants.write_in_read == 0 || s->fars.wants.write_in_write == 0)
		sim_break(s, "T10", "the weather was too kind to show anything");
	snprintf(w->counted, sizeof w->counted,
		"%llu octets, %llu writes taken in part, %llu refused, WANT_WRITE in %llu reads",
		(unsigned long long)(s->tally.octets_in + s->tally.octets_out),
		(unsigned long long)s->loop.partial_writes,
		(unsigned long long)s->loop.refused_writes,
		(unsigned long long)s->fars.wants.write_in_read);
}

/* A server's ticket in pieces, and something said between any two octets of it. */
void
check_held_writes(struct check_world *w)
{
	struct sim *s = w->sim;
	size_t pieces = 400;

	for (size_t at = 1; at < pieces && s->broken[0] == '\0'; at += 2) {
		struct wire *wire;

		w->next.weather = calm_weather();
		w->next.far = (struct far_options){ .is_server = true,
			.version = TLS1_3_VERSION,
			.room_bytes = 17408,
			.kind = CERT_DNS,
			.ip = "192.0.2.50",
			.has_fragments = true };
		wire = sim_dial(s, "h1.phones.example", "192.0.2.50");
		while (!wire->is_told && sim_turn(s))
			continue;
		wire->weather.chunk_max = 13;
		for (size_t n = 0; n < at; n++)
			(void)sim_turn(s);
		sim_send(s, wire, STR("said in between, "));
		sim_send(s, wire, STR("and once more"));
		sim_settle(s);
		all_arrived(w, wire);
		wire_hang(wire, CUT_FIN);
		sim_settle(s);
	}
	if (s->tally.writes_held == 0)
		sim_break(s, "T10", "no write met WANT_READ");
	snprintf(w->counted, sizeof w->counted, "%llu writes met WANT_READ",
		(unsigned long long)s->tally.writes_held);
}

/* New keys without end: alone, which is refused; with data between them but never reading what we
 * answer, which must not grow without bound. */
void
check_key_updates(struct check_world *w)
{
	enum { FLOOD = 100000 };
	struct sim *s = w->sim;
	struct wire *wire = check_client(w, TLS1_3_VERSION, false);
	int i;

	if (!check_ready(w, wire))
		return;
	for (i = 0; i < FLOOD && s->streams.count > 0; i++) {
		far_update_keys(&wire->far);
		sim_settle(s);
	}
	if (i != KEY_UPDATES_MAX + 1)
		sim_break(s, "T10", "%d KeyUpdates in a row were taken", i);
	wire = check_client(w, TLS1_3_VERSION, false);
	if (!check_ready(w, wire))
		return;
	wire->weather.accept_max = 0;
	for (i = 0; i < FLOOD && s->streams.count > 0; i++) {
		far_update_keys(&wire->far);
		sim_say(s, wire, STR("x"));
		for (int n = 0; n < 3; n++)
			(void)sim_turn(s);
		if (wire->is_used && wire->posted > 2 * BACKLOG_BYTES_MAX)
			break;
	}
	if (s->streams.count > 0)
		sim_break(s, "T10", "a peer that reads nothing has %zu octets of answers waiting",
			wire->posted);
	snprintf(w->counted, sizeof w->counted, "the flood ended after %d", i);
}

void
check_renegotiation(struct check_world *w)
{
	struct sim *s = w->sim;

	for (int i = 0; i < 8; i++) {
		struct wire *wire = check_client(w, TLS1_2_VERSION, false);
		uint64_t opened = s->tally.opened;

		wire->weather.chunk_max = i % 2 == 0 ? READ_BYTES : 7;
		if (!check_ready(w, wire))
			return;
		far_renegotiate(&wire->far);
		far_turn(&wire->far);
		sim_settle(s);
		/* Nobody shakes hands twice; a client that insists leaves. */
		if (s->tally.opened != opened + 1)
			sim_break(s, "S2", "a second handshake opened a second flow");
		if (wire->is_used)
			wire_hang(wire, CUT_FIN);
		sim_settle(s);
		if (s->streams.count != 0)
			sim_break(s, "T10", "a connection is still there");
	}
}

void
check_slow_reader(struct check_world *w)
{
	struct sim *s = w->sim;
	char text[2000];

	memset(text, 'x', sizeof text);
	for (int i = 0; i < 4; i++) {
		struct wire *wire = check_client(w, versions[i % 2], false);
		size_t most = 0;

		if (!check_ready(w, wire))
			return;
		wire->weather.accept_max = i < 2 ? 0 : 50;
		for (int n = 0; n < 2000 && s->streams.count > 0; n++) {
			sim_send(s, wire, str_of(text, sizeof text));
			(void)sim_turn(s);
			most = wire->is_used && wire->posted > most ? wire->posted : most;
		}
		if (s->streams.count > 0 || most > BACKLOG_BYTES_MAX + sizeof text)
			sim_break(
				s, "T10", "a peer that does not read has %zu octets waiting", most);
		wire_hang(wire, CUT_RESET);
		sim_settle(s);
	}
}
