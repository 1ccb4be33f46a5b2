/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - how a request of ours outside of any dialog finds its way. Of this folder only. */
#ifndef TRUNK_ASK_H
#define TRUNK_ASK_H

#include "leg/leg.h"

/* Who is asked. */
struct asked {
	struct speech speech;
	struct str name;    /* whom a TLS peer must prove to be, */
	struct terms terms; /* and on what terms it is dialled   */
	struct str number;  /* of the DN, for the log */
};

/* Puts WAY before secure/target, and dials if that is what it takes.
 * Ends: true with *TARGET, whose flow is set; false with *WHY a sentence. */
bool ask_choose(struct flows *, const struct asked *, const struct way *, const struct turn *,
	struct target *target, struct str *why);

/* TARGET as a transaction wants it. */
struct txn_way ask_way(const struct target *);

#endif
