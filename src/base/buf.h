/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - the bounded writer.
 *
 * A struct buf fills a piece of memory that somebody else owns. Overflow is sticky: once something
 * did not fit, nothing more is written and buf_ok() is false for good, so a writer may put a whole
 * message and ask once at the end. A buf that overflowed holds no usable text.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *at;
	size_t size;
	size_t used;
	bool full; /* something did not fit */
};

/* A writer on SIZE octets at AT. */
struct buf buf_on(void *at, size_t size);

/* Each puts its argument at the end, or marks the buf as full and puts nothing. */
void buf_put(struct buf *, struct str);
void buf_char(struct buf *, char);
void buf_number(struct buf *, uint64_t);
void buf_hex(struct buf *, const void *octets, size_t count); /* lower case */

/* Puts a peer's text so that it cannot break a line or a quoted string: every octet below 0x20,
 * 0x7f and above, `"` and `\` is written as \xHH, and at most MAX octets of TEXT are taken. */
void buf_quoted(struct buf *, struct str text, size_t max);

/* What was written so far; empty when the buf is full. The view lives as long as the memory. */
struct str buf_str(const struct buf *);
bool buf_ok(const struct buf *);

#endif
