/* SPDX-License-Identifier: Apache-2.0 */
/* tls_checks.h - the fixed set of the TLS simulator, as TAP. */
#ifndef SIM_TLS_CHECKS_H
#define SIM_TLS_CHECKS_H

#include "tls_sim.h"

/* Runs all; WITH_ALL: each byte is cut at, where else a part of them is drawn. Ends: the exit
 * code. */
int checks_run(bool with_all);

/* Runs all of it from each of these seeds, and says what broke as `broken ROW seed N`. Ends: the
 * exit code. */
int checks_seeds(uint64_t first, uint64_t last, bool ends_at_first);

/* ---- between the files of the checks ---- */

/* What the next far end that is dialled is, and its weather. */
struct check_next {
	struct far_options far;
	struct weather weather;
};

struct check_world {
	struct sim *sim;
	bool with_all;
	struct check_next next;
	char counted[200]; /* shown behind the name of the test */
};

struct weather calm_weather(void);

/* A client comes that speaks TLS, or not. */
struct wire *check_client(struct check_world *, int version, bool has_fragments);
struct wire *check_raw(struct check_world *, struct str octets);

/* Settles. Ends: whether the handshake is over, as it must be where nothing disturbs it. */
bool check_ready(struct check_world *, const struct wire *);

/* Lets all that moves move, then what is due come due, until nothing is. */
void check_exhaust(struct check_world *);

/* S2 and S3: who is talked to, and when. */
void check_certificates(struct check_world *);
void check_first_octets(struct check_world *);
void check_early_data(struct check_world *);
void check_cut_handshakes(struct check_world *);
void check_glued(struct check_world *);

/* T9 and T10: what comes of a stream. */
void check_truncation(struct check_world *);
void check_streams(struct check_world *);
void check_held_writes(struct check_world *);
void check_key_updates(struct check_world *);
void check_renegotiation(struct check_world *);
void check_slow_reader(struct check_world *);

#endif
