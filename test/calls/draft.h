/* SPDX-License-Identifier: Apache-2.0 */
/* draft.h - a message that a side is about to say: its usual header lines, and then what the
 * scenario changes in them. */
#ifndef CALLS_DRAFT_H
#define CALLS_DRAFT_H

#include "calls/party.h"

enum { DRAFT_FIELDS_MAX = 400 };

struct draft_field {
	struct str name, value;
};

struct draft {
	struct str start;
	struct draft_field fields[DRAFT_FIELDS_MAX];
	unsigned count;
	struct str body;
};

/* Puts one more header line at the end; takes all of this NAME away. */
void draft_put(struct draft *, struct str name, struct str value);
void draft_drop(struct draft *, struct str name);

/* A session of this side: `sdp` or `sdp=sendonly` among the words of the step, if any. */
void draft_sdp(struct draft *, struct side *, const struct step *);

/* What the indented lines of the step change. */
void draft_change(struct draft *, const struct step *);

/* The whole message, with Content-Length unless the step has seen to that. */
struct str draft_write(const struct draft *);

/* The lines of a step that begin with `|`, each with its CRLF; STR_NONE: there are none. */
struct str draft_octets(const struct step *);

/* A parameter of a challenge or of credentials, without its quotes; STR_NONE: not there. */
struct str draft_param(struct str value, struct str name);

/* The Authorization for the last challenge that SIDE heard, as `auth=PASSWORD` among the words of
 * the step wants it; STR_NONE: nothing of that. */
struct str draft_credentials(
	const struct side *, const struct step *, struct str method, struct str uri);

#endif
