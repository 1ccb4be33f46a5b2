/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - the questions that ask why. Of this folder only. */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include "core/inside.h"
#include "secure/contract.h"

/* A leg, made or only thought of, with the value of each part. */
struct explained {
	enum contract_side side;
	struct speech speech;
	enum transport transport;
	struct str dn;
	struct str values[CONTRACT_PARTS];
};

/* Puts `modes`: what each crossing mode makes of such a call, and which is in force. */
void explain_modes(struct json *, const struct verdict *);

/* Puts one leg: each part with its value, the rule that fixed it, and why. */
void explain_leg(struct json *, const struct explained *);

/* `why`: the call that was named by its identifier, its beginning or its end. */
struct answer explain_why(const struct core *, const struct ask *, struct json *);

/* `route-test`: from ask.name to ask.other. */
struct answer explain_route(
	const struct core *, const struct ask *, struct when now, struct json *);

/* Pages of `show crossings`: the pairs of DNs, and each DN. */
struct answer explain_pairs(const struct core *, const struct ask *, struct json *);
struct answer explain_tallies(const struct core *, const struct ask *, struct json *);

/* ---- view.c: pages of a list ---- */

void page_begin(struct json *);
bool page_ends(const struct ask *, uint32_t slot, const struct json *);
struct answer page_end(uint32_t slot, uint32_t slots, struct json *);

#endif
