/* SPDX-License-Identifier: Apache-2.0 */
/* sipward-sim-tls [--calls N [--seed N] [--verbose] | --all]
 *
 * Without --calls: the fixed set of tests, as TAP; --all cuts at every octet where else a part of
 * them is drawn. With --calls: so many calls from one seed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/panic.h"
#include "tls_calls.h"
#include "tls_checks.h"

void
panic_hook(const char *what, const char *file, int line)
{
	printf("BROKEN must: %s does not hold at %s:%d\n", what, file, line);
	abort();
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
run_calls(uint64_t seed, uint64_t count, bool is_verbose)
{
	double start_s = cpu_s();
	struct calls_result r;

	calls_run(&r, seed, count, is_verbose);
	printf("seed %" PRIu64 ": %" PRIu64 " calls (%" PRIu64 " answered, %" PRIu64
	       " cancelled, %" PRIu64 " refused, %" PRIu64 " failed, %" PRIu64 " changed, %" PRIu64
	       " dialogs lost with their connection)\n",
		seed, r.phones.calls, r.phones.answered, r.phones.cancelled, r.phones.refused,
		r.phones.failed, r.phones.changed, r.phones.lost);
	printf("connections: %" PRIu64 " accepted, %" PRIu64 " dialled, %" PRIu64
	       " opened, %" PRIu64 " dials failed; %" PRIu64 " registrations\n",
		r.sim.accepted, r.sim.dialled, r.sim.opened, r.sim.failed, r.phones.registered);
	printf("octets in clear: %" PRIu64 " in, %" PRIu64 " out in %" PRIu64 " messages\n",
		r.sim.octets_in, r.sim.octets_out, r.sim.messages_out);
	printf("writes: %" PRIu64 " taken in part, %" PRIu64 " not at all; ours held back by "
	       "TLS: %" PRIu64 "\n",
		r.partial_writes, r.refused_writes, r.sim.writes_held);
	printf("far ends: WANT_WRITE in read %" PRIu64 ", in write %" PRIu64
	       "; WANT_READ in write %" PRIu64 "\n",
		r.wants.write_in_read, r.wants.write_in_write, r.wants.read_in_write);
	printf("%.1f s simulated, %.1f s of CPU, hash %016" PRIx64 "\n", (double)r.span_ms / 1000,
		cpu_s() - start_s, r.hash);
	if (r.broken[0] != '\0')
		printf("BROKEN %s\n", r.broken);
	return r.broken[0] != '\0';
}

int
main(int argc, char **argv)
{
	uint64_t seed = 1, calls = 0;
	bool is_verbose = false, with_all = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		bool has_value = i + 1 < argc;

		if (strcmp(argv[i], "--verbose") == 0) {
			is_verbose = true;
		} else if (strcmp(argv[i], "--all") == 0) {
			with_all = true;
		} else if (strcmp(argv[i], "--seed") == 0 && has_value &&
			str_number(str_cstr(argv[i + 1]), UINT64_MAX, &seed)) {
			i++;
		} else if (strcmp(argv[i], "--calls") == 0 && has_value &&
			str_number(str_cstr(argv[i + 1]), UINT64_MAX, &calls)) {
			i++;
		} else {
			fprintf(stderr,
				"usage: sipward-sim-tls [--calls N] [--seed N] "
				"[--verbose] [--all]\n");
			return 2;
		}
	}
	return calls > 0 ? run_calls(seed, calls, is_verbose) : checks_run(with_all);
}
