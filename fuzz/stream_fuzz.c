/* SPDX-License-Identifier: Apache-2.0 */
/* The same octets on a stream make the core say and do the same, to the octet, however they were
 * split: first as one piece, then in pieces whose sizes the first line says. What is asked of
 * others waits meanwhile, so that nothing but the octets comes in. */
#include "core_inside.h"
#include "fuzz.h"

#include <string.h>

#include "core/inside.h"

enum { TRACE_BYTES = 512 * 1024 };

static char traces[2][TRACE_BYTES];
static bool has_rung; /* an alarm between two pieces */

/* What comes of an event comes at once; but the store says nothing, not even what it has: between
 * two pieces it would be heard, and within one it cannot be. */
static void
feed(const struct event *event)
{
	core_feed(world.core, event, world.now, &world.out);
	carry_all();
	for (unsigned i = 0; i < world.queue_count; i++) {
		struct event e = world.queue[i];

		if (e.kind == EV_BINDINGS || e.kind == EV_SAVED)
			continue;
		core_feed(world.core, &e, world.now, &world.out);
		carry_all();
	}
	world.queue_count = 0;
}

/* The octets stand before the end of a block, so that one more that is read is seen. */
static void
feed_octets(struct flow_id flow, const struct addr *from, struct str octets)
{
	static char block[READ_BYTES];
	const struct event tick = { .kind = EV_TICK };
	struct event e = { .kind = EV_BYTES };
	char *at = block + sizeof block - octets.len;

	memcpy(at, octets.at, octets.len);
	e.u.bytes.flow = flow;
	e.u.bytes.from = *from;
	e.u.bytes.data = str_of(at, octets.len);
	feed(&e);
	while (core_deadline_ms(world.core) <= world.now.mono_ms)
		feed(&tick);
}

static void
tell(struct flow_id flow, const struct addr *from, struct str stream, struct str sizes)
{
	struct str choices = sizes;
	uint64_t rung = world.core->rung;

	has_rung = false;
	while (stream.len > 0) {
		unsigned choice = fuzz_choice(&choices);
		size_t piece = choice % 32 < 24 ? 1 + choice % 32 : (size_t)32 << 2 * (choice % 8);
		struct str part = sizes.len > 0 ? str_upto(stream, piece) : stream;

		has_rung = world.core->rung != rung;
		if (choices.len == 0)
			choices = sizes;
		feed_octets(flow, from, part);
		stream = str_from(stream, part.len);
	}
}

/* All that left, and to whom. */
static struct str
run(struct str stream, struct str sizes, char *trace)
{
	struct buf b = buf_on(trace, TRACE_BYTES);
	struct flow_id flow;

	world_open();
	world_pass_ms(1);
	world.dial = world.store = world.names = WEATHER_WAITS;
	flow = world_flow_of(2);
	/* A device that can foretell what the core will call a secret gives it away itself. */
	world.said[world.said_count++].bytes = stream;
	witness_hears(TRANSPORT_TCP, stream);
	tell(flow, &world.fars[2].at, stream, sizes);
	fuzz_check(world.heard_count <= HEARD_MAX, stream);
	for (unsigned i = 0; i < world.heard_count; i++) {
		buf_number(&b, world.heard[i].flow.number);
		buf_put(&b, world.heard[i].bytes);
	}
	buf_number(&b, world.flow_count);
	buf_number(&b, world.save_count);
	witness_counts(false);
	return buf_str(&b);
}

void
fuzz_one(struct str input)
{
	struct str sizes = fuzz_line(&input), whole, split;

	/* As many answers as are remembered; a ping of four octets has one of two. */
	if (input.len > 40 * 1024 || sizes.len == 0)
		return;
	for (size_t i = 0, lines = 0; i < input.len; i++) {
		lines += input.at[i] == '\n';
		if (lines > HEARD_MAX)
			return;
	}
	whole = run(input, STR(""), traces[0]);
	split = run(input, sizes, traces[1]);
	/* What ends at once, as a transaction on a stream does with its ACK, is gone for the next
	 * piece and there for what else came in the same. */
	fuzz_check(has_rung || str_same(whole, split), input);
}
