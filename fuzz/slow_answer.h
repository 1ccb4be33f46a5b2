/* SPDX-License-Identifier: Apache-2.0 */
/* slow_answer.h - what src/net/answer.c should find in the answer of a DNS server, by a reader that
 * shares nothing with it: all records first, names octet by octet as they go over the wire, and the
 * order made at the end.
 */
#ifndef FUZZ_SLOW_ANSWER_H
#define FUZZ_SLOW_ANSWER_H

#include "base/event.h"

enum { SLOW_RECORDS_MAX = 256 };

struct slow_service {
	unsigned order, weight, port;
	struct str flags, what; /* views into the message */
	size_t name_len;
	char name[256];
};

struct slow_answer {
	size_t count; /* all of them, however many */
	uint32_t ttl_s;
	struct slow_service services[SLOW_RECORDS_MAX];
};

/* Ends: false where answer_read must refuse. */
bool slow_answer_read(struct slow_answer *, struct str message, enum names_kind kind);

#endif
