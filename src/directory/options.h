/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of a DN, in one table: name, kind, range, default, help, and which types
 * of DN have it. The checker, did-you-mean, the documents and the reader are made from it.
 */
#ifndef DIRECTORY_OPTIONS_H
#define DIRECTORY_OPTIONS_H

#include "directory/directory.h"

enum option_kind {
	OPTION_TEXT,    /* by rules of its own, as `wants` says            */
	OPTION_NUMBER,  /* from min to max                                 */
	OPTION_FLAG,    /* `yes` or `no`, also `true` or `false`            */
	OPTION_CONTACT, /* contact.h                                       */
	OPTION_TYPE,    /* of the DN                                       */
	OPTION_SERVICE, /* of a voip-service                               */
	OPTION_METHODS, /* `register`, `invite`, both with a comma, `none` */
	OPTION_MODE,    /* of crossing.h                                   */
	OPTION_SIPS,    /* of crossing.h                                   */
};

struct option {
	struct str name;
	enum option_kind kind;
	uint32_t min, max;   /* OPTION_NUMBER                                   */
	struct str fallback; /* as it would be written; empty: none             */
	struct str wants;    /* what the value must be: a sentence for a fault  */
	struct str help;     /* one sentence                                    */
	unsigned types;      /* bit 1 << enum dn_type                           */
	bool is_carried; /* false: known, but refused by the checker: it is not carried out yet */
};

/* The table; *COUNT its length. */
const struct option *options_all(uint32_t *count);

/* The option of this name, or NULL. */
const struct option *option_find(struct str name);

/* Whether a DN of this type has the option. */
bool option_is_for(const struct option *, enum dn_type type);

/* The name most like WRONG among COUNT names, for `did you mean`; STR_NONE if none is near (edit
 * distance of at most 2, or 1 for short ones; neighbours that changed places count as one edit). */
struct str option_guess(struct str wrong, const struct str *names, uint32_t count);

/* Makes DN one that has every option's default. */
void dn_init(struct dn *);

/* Sets one option of DN from its text; one that is refused changes nothing. `type` must have been
 * set before the others (`voip-service` makes it a softswitch, the one service there is so far).
 * That a password makes both methods challenged is seen to here, so `password` comes before
 * `authenticate-requests`.
 * After: DN holds views into VALUE.
 * Ends: true; false with *WHY a sentence (a view of static text) and *AT the offset in VALUE. */
bool option_set(struct dn *, const struct option *, struct str value, struct str *why, size_t *at);

#endif
