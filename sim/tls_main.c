/* SPDX-License-Identifier: Apache-2.0 */
/* sipward-sim-tls [--all | --calls N [--seed N] [--verbose] | --seeds A[-B] [--stop]]
 *
 * Without an option: the fixed set of tests, as TAP; --all cuts at every octet where else a part of
 * them is drawn. With --calls: so many calls from one seed. With --seeds: the set from each of
 * these seeds, and a line `broken ROW seed N` for what does not hold; --stop: until the first. */
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
	if (sim_broken[0] != '\0')
		printf("broken %s\n", sim_broken);
	printf("panic: %s does not hold at %s:%d\n", what, file, line);
	abort();
}

void
need_hook(const char *what)
{
	panic_hook(what, "the system", 0);
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
		printf("broken %s\n", r.broken);
	return r.broken[0] != '\0';
}

struct options {
	uint64_t seed, calls, first, last;
	bool is_verbose, with_all, ends_at_first;
};

static bool
take_seeds(struct options *o, struct str text)
{
	struct str first = str_cut(&text, '-');

	if (!str_number(first, UINT64_MAX, &o->first))
		return false;
	o->last = o->first;
	return text.len == 0 || str_number(text, UINT64_MAX, &o->last);
}

/* Ends: how many words were taken; 0: it is no option. */
static int
take(struct options *o, const char *word, const char *value)
{
	if (strcmp(word, "--verbose") == 0)
		o->is_verbose = true;
	else if (strcmp(word, "--all") == 0)
		o->with_all = true;
	else if (strcmp(word, "--stop") == 0)
		o->ends_at_first = true;
	else if (value == NULL)
		return 0;
	else if (strcmp(word, "--seed") == 0)
		return str_number(str_cstr(value), UINT64_MAX, &o->seed) ? 2 : 0;
	else if (strcmp(word, "--calls") == 0)
		return str_number(str_cstr(value), UINT64_MAX, &o->calls) ? 2 : 0;
	else if (strcmp(word, "--seeds") == 0)
		return take_seeds(o, str_cstr(value)) ? 2 : 0;
	else
		return 0;
	return 1;
}

int
main(int argc, char **argv)
{
	struct options o = { .seed = 1 };
	int taken;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i += taken) {
		taken = take(&o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (taken == 0) {
			fprintf(stderr,
				"usage: sipward-sim-tls [--all | --calls N [--seed N] "
				"[--verbose] | --seeds A[-B] [--stop]]\n");
			return 2;
		}
	}
	if (o.last > 0)
		return checks_seeds(o.first, o.last, o.ends_at_first);
	return o.calls > 0 ? run_calls(o.seed, o.calls, o.is_verbose) : checks_run(o.with_all);
}
