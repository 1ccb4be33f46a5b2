/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - where one message ends and the next begins on a stream (RFC 3261 18.3, RFC 5626 4.4.1).
 *
 * A pure function of what has arrived so far; whoever owns the stream keeps what is left.
 */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "sip/msg.h"

enum frame_kind {
	FRAME_MORE, /* nothing whole yet: keep all from `skip` on and come back with more         */
	/* `message` is whole; go on behind skip + message.len */
	FRAME_MESSAGE,
	FRAME_PING, /* a double CRLF stood between messages: answer with a single one (RFC 5626)  */
	FRAME_FAULT, /* the stream can no longer be followed: answer `message` (its headers, as far
	                * as they go) with `fault` if an answer can be made, then close */
};

struct frame {
	enum frame_kind kind;
	size_t skip;        /* octets at the front that are done with: CRLFs, or a ping */
	struct str message; /* FRAME_MESSAGE: the octets. FRAME_FAULT: the head, if it was whole */
	enum sip_fault fault;
};

/* Looks at DATA, all that has come in and was not yet used up.
 *
 * The same octets give the same messages however they were split. A head beyond HEAD_BYTES_MAX, a
 * body beyond BODY_BYTES_MAX, a Content-Length that is missing, doubled, negative, not a number or
 * beyond the limit is a fault; nothing is ever allocated or waited for on its word. Lone CRLFs
 * between messages are skipped; *CRLFS counts CR and LF octets seen in a row across calls, so that
 * a ping split over two reads is one. */
struct frame frame_next(struct str data, unsigned *crlfs);

#endif
