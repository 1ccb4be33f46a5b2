/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - the judgement of a REGISTER: from the set in force to the set that is wanted.
 *
 * A pure function. All or nothing: the first thing that is wrong refuses the whole request.
 */
#ifndef REG_CHANGE_H
#define REG_CHANGE_H

#include "reg/registrar.h"

enum change_kind {
	CHANGE_NONE,   /* a query, or nothing to remove: 200 with the set in force */
	CHANGE_SAVE,   /* `set` is wanted                                          */
	CHANGE_REFUSE, /* with `status` and `reason`                               */
};

struct change {
	enum change_kind kind;
	unsigned status;
	struct str reason;
	uint32_t min_expires_s; /* of a 423, else 0 */
	bool is_outbound; /* RFC 5626 is used: what came over this flow is a flow of a phone */
	bool is_lowered;  /* a sips REGISTER made a sip binding: worth a line in the log */
	struct binding_set set; /* what is in force then, the latest registered last */
};

/* What a REGISTER is judged against. */
struct change_terms {
	const struct binding_set *in_force; /* neither expired nor on a flow that is gone */
	const struct listener *listeners;
	uint32_t listener_count;
};

/* Judges REQUEST (RFC 3261 10.3 steps 6 and 7, RFC 5630 5.2, RFC 5626 6).
 * After: the views of change->set lead into the set in force, the request and SCRATCH. */
void change_judge(struct change *, const struct register_request *request,
	const struct change_terms *, struct arena *scratch, struct when now);

#endif
