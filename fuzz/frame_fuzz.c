/* SPDX-License-Identifier: Apache-2.0 */
/* The framer cuts a stream as the slow one does, whole and in pieces whose sizes the first line of
 * the input says, and hands over nothing that it has not got. */
#include "fuzz.h"
#include "sip/frame.h"
#include "slow_frame.h"

#include <stdlib.h>
#include <string.h>

static struct slow_piece expected[SLOW_PIECES_MAX];

struct reading {
	struct str stream;
	unsigned crlfs, count, expected_count;
	size_t done;
	bool is_over;
};

static void
see(struct reading *r, enum slow_kind kind, size_t at, size_t len)
{
	const struct slow_piece *piece = &expected[r->count];

	fuzz_check(r->count < r->expected_count, r->stream);
	fuzz_check(piece->kind == kind, r->stream);
	if (kind == SLOW_MESSAGE)
		fuzz_check(piece->at == at && piece->len == len, r->stream);
	r->count++;
}

/* Octets up to UPTO have arrived: a copy of just those that are not used up. */
static void
hear(struct reading *r, size_t upto)
{
	size_t len = upto - r->done, skipped = 0;
	char *exact = malloc(len > 0 ? len : 1);

	memcpy(exact, r->stream.at + r->done, len);
	while (!r->is_over) {
		struct str rest = str_of(exact + skipped, len - skipped);
		struct frame frame = frame_next(rest, &r->crlfs);

		fuzz_check(frame.skip <= rest.len, r->stream);
		fuzz_within(frame.message, rest);
		skipped += frame.skip;
		if (frame.kind == FRAME_MORE)
			break;
		if (frame.kind == FRAME_MESSAGE) {
			fuzz_check(frame.message.at == exact + skipped, r->stream);
			see(r, SLOW_MESSAGE, r->done + skipped, frame.message.len);
			skipped += frame.message.len;
		} else if (frame.kind == FRAME_PING) {
			see(r, SLOW_PING, 0, 0);
		} else {
			fuzz_check(frame.fault != FAULT_NONE, r->stream);
			see(r, SLOW_FAULT, 0, 0);
			r->is_over = true;
		}
	}
	r->done += skipped;
	free(exact);
}

static size_t
piece_of(unsigned choice)
{
	return choice % 32 < 24 ? 1 + choice % 32 : (size_t)32 << 2 * (choice % 8);
}

void
fuzz_one(struct str input)
{
	struct str sizes = fuzz_line(&input), choices = sizes;
	struct reading whole = { .stream = input }, split = { .stream = input };
	size_t upto = 0;

	whole.expected_count = split.expected_count = slow_frame(input.at, input.len, expected);
	if (whole.expected_count == SLOW_PIECES_MAX)
		return;
	hear(&whole, input.len);
	fuzz_check(whole.count == whole.expected_count, input);
	for (unsigned turns = 0; upto < input.len && turns < 512; turns++) {
		size_t piece = piece_of(fuzz_choice(&choices));

		if (choices.len == 0)
			choices = sizes;
		upto = piece < input.len - upto && turns < 511 ? upto + piece : input.len;
		hear(&split, upto);
	}
	fuzz_check(split.count == split.expected_count, input);
}
