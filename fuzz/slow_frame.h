/* SPDX-License-Identifier: Apache-2.0 */
/* slow_frame.h - where messages end on a stream, told again from RFC 3261 7.5 and 18.3 and RFC 5626
 * 4.4.1 alone, an octet at a time, without haste and without a line of src/sip/frame.c. */
#ifndef FUZZ_SLOW_FRAME_H
#define FUZZ_SLOW_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum slow_kind { SLOW_MESSAGE = 'm', SLOW_PING = 'p', SLOW_FAULT = 'f' };

struct slow_piece {
	enum slow_kind kind;
	size_t at, len; /* of a message */
};

enum { SLOW_PIECES_MAX = 4096 };

/* Cuts the LEN octets AT, up to the first fault. Ends: how many pieces there are. */
unsigned slow_frame(const char *at, size_t len, struct slow_piece pieces[SLOW_PIECES_MAX]);

/* What a name is made of (RFC 3261 25.1), and what may stand behind it. */
bool slow_is_token(char c);
bool slow_is_blank(char c);

#endif
