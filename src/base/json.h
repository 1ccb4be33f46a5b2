/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - writes JSON (RFC 8259) into a buf, comma by comma.
 *
 * The one who writes opens and closes what belongs together and puts a key before each value of an
 * object; commas come by themselves. Like the buf it is done with once something did not fit.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

struct json {
	struct buf *to;
	bool wants_comma; /* a value stands before: the next needs a comma */
};

/* A writer at the end of BUF. */
struct json json_on(struct buf *);

/* Puts `{` or `[`, and what ends it. */
void json_open(struct json *, char bracket);
void json_close(struct json *, char bracket);

/* Puts the name of the next value. KEY is a word of ours. */
void json_key(struct json *, struct str key);

/* Each puts a value. A text may hold any octets: what is no UTF-8 becomes U+FFFD. */
void json_text(struct json *, struct str text);
void json_number(struct json *, uint64_t number);
void json_flag(struct json *, bool flag);
void json_nothing(struct json *); /* null; its own name is the C library's for JSON */
void json_moment(struct json *, int64_t wall_s); /* as RFC 3339 has it; 0 and what is
                                                  * in no calendar: null */

/* Each puts a key and its value. */
void json_put_text(struct json *, struct str key, struct str text);
void json_put_number(struct json *, struct str key, uint64_t number);
void json_put_flag(struct json *, struct str key, bool flag);
void json_put_moment(struct json *, struct str key, int64_t wall_s);

#endif
