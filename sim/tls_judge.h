/* SPDX-License-Identifier: Apache-2.0 */
/* tls_judge.h - S2, S3 and T10, looked at whenever something is heard or said (tls_sim.h). */
#ifndef SIM_TLS_JUDGE_H
#define SIM_TLS_JUDGE_H

#include "tls_sim.h"

/* Before the core is told. */
void judge_event(struct sim *, const struct event *);

/* Before the core's octets are sent. A request is for the DN that this connection belongs to; a
 * response goes where its request came from. */
void judge_said(struct sim *, const struct wire *, struct str text);

/* Takes what the far end heard in clear since it was looked at last. */
void judge_far(struct sim *, struct wire *);

/* Lets a far end hang up that has nothing more to say. */
void judge_end(struct sim *, struct wire *);

#endif
