/* SPDX-License-Identifier: Apache-2.0 */
/* gate_answer.h - a challenge that comes to us, and the credentials that answer it. */
#ifndef FUZZ_GATE_ANSWER_H
#define FUZZ_GATE_ANSWER_H

#include "gate/challenge.h"
#include "gate/digest.h"

/* Has a 401 or 407 with LINES (LF ends each) in its head answered; `$g` in the place of a line is
 * what GATE writes as its challenge. CHOICES: whether it is a 407; how often the request was said;
 * which credentials it had; the realm that the secret is of; whether there is a secret. */
void see_answer(struct gate *, struct hashers *, struct str choices, struct str lines, struct when);

#endif
