/* SPDX-License-Identifier: Apache-2.0 */
/* The same octets on a stream make the core say and do the same, to the octet, however they were
 * split: first as one piece, then in pieces whose sizes the first line says. What is asked of
 * others waits meanwhile, so that nothing but the octets comes in. */
#include "core_world.h"
#include "fuzz.h"

#include <string.h>

enum { TRACE_BYTES = 512 * 1024 };

static char traces[2][TRACE_BYTES];

static void
tell(struct flow_id flow, const struct addr *from, struct str stream, struct str sizes)
{
	struct str choices = sizes;

	while (stream.len > 0) {
		unsigned choice = fuzz_choice(&choices);
		size_t piece = choice % 32 < 24 ? 1 + choice % 32 : (size_t)32 << 2 * (choice % 8);
		struct str part = sizes.len > 0 ? str_upto(stream, piece) : stream;

		if (choices.len == 0)
			choices = sizes;
		world_octets(flow, from, part);
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
	fuzz_check(str_same(whole, split), input);
}
