/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the responses to REGISTER: at once, or ready made until the store has answered. */
#ifndef REG_ANSWER_H
#define REG_ANSWER_H

#include "reg/table.h"

struct answer {
	unsigned status;
	struct str reason;
	uint32_t min_expires_s, retry_after_s; /* 0: not shown */
	bool is_outbound;                      /* a 200 says that the flow is one of a phone's */
};

/* Answers REQUEST at once. SET is what a 200 shows, and not looked at otherwise. */
void answer_now(struct registrar *, const struct register_request *, const struct answer *,
	const struct binding_set *set, struct when now, struct out *out);

/* Writes what of REQUEST the answers will need into the question: the lines that each begins with,
 * and those that only a 200 has. */
void answer_prepare(
	struct registrar *, const struct register_request *, bool is_outbound, struct question *);

/* Answers the request that waits for the question, if one does. A 200 shows what is in force: the
 * host has told of the change before it says that it is saved. */
void answer_later(struct registrar *, const struct question *, const struct answer *,
	struct when now, struct out *out);

#endif
