/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - the scenarios' own reader of messages. It shares nothing with src/sip: two readers that
 * agree are worth more than one.
 *
 * A selector names a part of a message: `Call-ID`, `Via;branch` (a parameter), `Contact[2]` (the
 * second line of that name), `Start`, `Body` or `Octets`.
 */
#ifndef CALLS_TEXT_H
#define CALLS_TEXT_H

#include "base/buf.h"

/* A copy of S that lives as long as the program, with a NUL behind it. */
struct str text_keep(struct str s);

/* The same, put together as printf does. */
struct str text_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct str text_start(struct str message); /* the first line, without its CRLF */
struct str text_body(struct str message);

/* The value of the Nth (from 1) header line of this NAME; STR_NONE: there is no such line. */
struct str text_header(struct str message, const char *name, unsigned n);
unsigned text_header_count(struct str message, struct str name);

/* The value of a parameter behind a header's first value; STR_NONE: not there. A flag is empty. */
struct str text_param(struct str value, struct str name);

/* What is between `<` and `>`, or the value up to its parameters. */
struct str text_uri(struct str value);

/* What SELECTOR names in MESSAGE, or STR_NONE. */
struct str text_select(struct str message, struct str selector);

/* The status of a response, or 0; the method of a request or of a response's CSeq. */
unsigned text_status(struct str message);
struct str text_method(struct str message);
uint64_t text_cseq(struct str message);

/* Whether TEXT is PATTERN, in which `...` stands for anything. */
bool text_fits(struct str text, struct str pattern);

/* Where PART first stands in S, or s.len. */
size_t text_find(struct str s, struct str part);

#endif
