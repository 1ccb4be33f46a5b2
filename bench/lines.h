/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h - as much of a message as the phones of a benchmark must see, and the clock.
 *
 * They trust what they read: the server under test is no enemy, and what they spend is not
 * measured.
 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include "base/buf.h"

enum { LINE_ROUTES_MAX = 8, MESSAGE_MAX = 4096 };

/* The lines of a head that are of use; STR_NONE where there is none. Values, without the name. */
struct lines {
	struct str start;
	struct str from, to, call_id, contact;
	struct str cseq; /* `1 INVITE` */
	struct str vias[LINE_ROUTES_MAX];
	struct str record_routes[LINE_ROUTES_MAX];
	uint32_t via_count, record_route_count;
	size_t head_bytes; /* with the empty line */
	size_t body_bytes; /* as Content-Length says */
};

/* Takes apart the head of the message that begins at DATA.
 * Ends: true with *LINES; false when the empty line has not come yet. */
bool lines_read(struct lines *, struct str data);

/* The URI between the brackets of a Contact, or all of it. */
struct str lines_uri(struct str contact);

/* Puts `NAME: VALUE` and the line's end. */
void lines_put(struct buf *, struct str name, struct str value);

/* Puts Content-Length, the empty line and BODY, with its type if there is one. */
void lines_put_body(struct buf *, struct str body);

/* What both phones offer and answer: 300 octets. */
struct str lines_session(void);

/* CLOCK_MONOTONIC. */
int64_t now_ns(void);

#endif
