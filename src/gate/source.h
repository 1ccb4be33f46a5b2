/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - what a caller may do, as one table.
 *
 * From proves nothing: a caller is a trunk by its client certificate or the address it comes from,
 * a DN by its certificate, its digest or the flow it registered on, or a stranger.
 */
#ifndef GATE_SOURCE_H
#define GATE_SOURCE_H

#include "base/str.h"

enum caller { CALLER_TRUNK, CALLER_DN, CALLER_STRANGER };

/* What the parent found out about a call that comes in. */
struct source {
	bool is_trunk;        /* its address or certificate is a trunk's or softswitch's    */
	bool names_dn;        /* the From names a DN of ours                                */
	bool dn_has_password; /* ... which is challenged for INVITE                         */
	bool is_proven;       /* its digest was right for this request, or its certificate  */
	bool on_dn_flow;      /* ... it came on the flow or from the address of that DN     */
};

enum source_verdict {
	SOURCE_IN,        /* *CALLER says as whom                                 */
	SOURCE_CHALLENGE, /* 401: it claims to be a DN with a password            */
};

enum source_verdict source_judge(const struct source *, enum caller *caller);

/* Whether CALLER may reach a DN of ours (TO_TRUNK false) or go out by a trunk, under
 * `strangers: dn-only` (0), `none` (1) or `all` (2). */
bool source_may_call(enum caller, bool to_trunk, unsigned strangers);

#endif
