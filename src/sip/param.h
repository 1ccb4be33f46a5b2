/* SPDX-License-Identifier: Apache-2.0 */
/* param.h - `;name=value` lists, in URIs and behind headers. */
#ifndef SIP_PARAM_H
#define SIP_PARAM_H

#include "sip/lex.h"

struct param {
	struct str name;
	struct str value;  /* STR_NONE: a flag without `=`; quotes included where quoted */
	struct str quoted; /* the text between the quotes, else STR_NONE */
};

/* Takes the next parameter of a HEADER (LWS around `;` and `=` allowed, quoted values and IPv6
 * references allowed) off the front of *REST, which begins with `;` or is empty.
 * Ends: 1 and *PARAM set; 0 at the end; -1 when what is there is no parameter, and *REST begins
 * with the octet that is wrong. */
int param_next(struct str *rest, struct param *param);

/* Finds a parameter by name (ASCII case ignored) in a list that param_next can walk.
 * Ends: true with *PARAM, false when it is not there. */
bool param_find(struct str params, struct str name, struct param *param);

/* The same for parameters of a URI (no LWS, no quotes); names are compared with their escapes
 * decoded (RFC 3261 19.1.4). */
int uri_param_next(struct str *rest, struct param *param);
bool uri_param_find(struct str params, struct str name, struct param *param);

/* Whether PARAM of a URI has this NAME, or this value, once escapes are decoded; ASCII case is
 * ignored. A flag has no value. */
static inline bool
uri_param_is(const struct param *param, struct str name)
{
	return lex_same_decoded(param->name, name, true);
}

static inline bool
uri_param_says(const struct param *param, struct str value)
{
	return !str_is_none(param->value) && lex_same_decoded(param->value, value, true);
}

/* Watches that no name stands twice in the list ALL while it is walked, and that it is no longer
 * than PARAMS_MAX. */
struct param_watch {
	struct str all;
	uint64_t seen; /* a bit for each kind of name that was seen */
	uint32_t count;
};

/* Whether PARAM, the next one of a list that param_next walks, is not there before. */
bool param_is_new(struct param_watch *, const struct param *param);

/* The same for parameters of a URI. */
bool uri_param_is_new(struct param_watch *, const struct param *param);

#endif
