/* SPDX-License-Identifier: Apache-2.0 */
/* tls_calls.h - whole calls through real TLS: a run is a seed and a number of calls. */
#ifndef SIM_TLS_CALLS_H
#define SIM_TLS_CALLS_H

#include "tls_phone.h"

struct calls_result {
	struct phone_tally phones;
	struct sim_tally sim;
	struct far_wants wants;
	uint64_t partial_writes, refused_writes, hash;
	int64_t span_ms; /* of the simulated time */
	char broken[SIM_BROKEN_BYTES];
};

/* Runs until COUNT calls have been begun, then lets the weather clear and demands that all calls
 * end and that nothing is left in the core. */
void calls_run(struct calls_result *, uint64_t seed, uint64_t count, bool is_verbose);

#endif
