/* SPDX-License-Identifier: Apache-2.0 */
/* A Via value, and how a response shows it to whom it came from; where the response goes is said
 * again here, from RFC 3581 section 4. */
#include "fuzz.h"
#include "sip/via.h"

#include <string.h>

static char written[64 * 1024];

struct answered {
	struct via via;
	struct addr from;
	bool always;
};

static void
put(struct buf *b, const void *what)
{
	const struct answered *a = what;

	via_write_answered(b, &a->via, &a->from, a->always);
}

static void
answer(const struct answered *a, struct str text)
{
	struct buf b = buf_on(written, sizeof written);
	bool asks = a->via.has_rport && a->via.rport == 0;
	struct addr received, to = via_answer_to(&a->via, &a->from);
	struct via again;
	size_t at;

	put(&b, a);
	if (!buf_ok(&b))
		return; /* a control octet that a header may not have */
	fuzz_sizes(buf_str(&b), put, a);
	fuzz_check(via_parse(&again, buf_str(&b), &at), buf_str(&b));
	fuzz_check(str_same(again.branch, a->via.branch), text);
	fuzz_check(str_same(again.host, a->via.host) && again.port == a->via.port, text);
	fuzz_check(again.has_rport == a->via.has_rport, text);
	/* A peer that fills it itself hears what it said. */
	if (a->via.has_rport)
		fuzz_check(again.rport == (a->via.rport != 0 ? a->via.rport : a->from.port), text);
	if (a->always || asks) {
		fuzz_check(!str_is_none(again.received), text);
		fuzz_check(addr_parse(&received, again.received), text);
		fuzz_check(addr_same_ip(&received, &a->from), text);
	}
	fuzz_check(addr_same_ip(&to, &a->from) && to.port != 0, text);
	if (asks)
		fuzz_check(to.port == a->from.port, text);
	else
		fuzz_check(to.port == (a->via.port != 0 ? a->via.port : 5060), text);
}

void
fuzz_one(struct str input)
{
	static const struct addr sources[] = {
		{ .family = ADDR_V4, .ip = { 192, 0, 2, 7 }, .port = 49152 },
		{ .family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .port = 1 },
	};
	struct answered a = { .always = false };
	size_t at = input.len + 1;

	if (input.len > 16384)
		return;
	if (!via_parse(&a.via, input, &at)) {
		fuzz_check(at <= input.len, input);
		return;
	}
	fuzz_within(a.via.text, input);
	fuzz_within(a.via.transport, input);
	fuzz_within(a.via.host, input);
	fuzz_within(a.via.params, input);
	fuzz_within(a.via.branch, input);
	fuzz_within(a.via.received, input);
	fuzz_check(a.via.host.len > 0 && a.via.transport.len > 0, input);
	if (via_has_cookie(&a.via))
		fuzz_check(a.via.branch.len > 7, input);
	for (unsigned i = 0; i < 4; i++) {
		a.from = sources[i % 2];
		a.always = i / 2 == 1;
		answer(&a, input);
	}
}
