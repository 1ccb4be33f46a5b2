/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/source.h"

enum source_verdict
source_judge(const struct source *s, enum caller *caller)
{
	*caller = CALLER_STRANGER;
	if (s->is_trunk) {
		*caller = CALLER_TRUNK;
		return SOURCE_IN;
	}
	if (!s->names_dn)
		return SOURCE_IN;
	/* A flow proves nothing where a password is due: who is behind it may have changed. */
	if (s->dn_has_password && !s->is_proven)
		return SOURCE_CHALLENGE;
	if (s->is_proven || s->on_dn_flow)
		*caller = CALLER_DN;
	return SOURCE_IN;
}

bool
source_may_call(enum caller caller, bool to_trunk, unsigned strangers)
{
	enum { DN_ONLY, NONE, ALL };

	if (caller != CALLER_STRANGER)
		return true;
	return strangers == ALL || (strangers == DN_ONLY && !to_trunk);
}
