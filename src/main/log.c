/* SPDX-License-Identifier: Apache-2.0 */
#include "main/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/panic.h"

static const char *
level_name(enum note_level level)
{
	switch (level) {
	case NOTE_INFO:
		return "info";
	case NOTE_WARN:
		return "warning";
	case NOTE_ERROR:
		break;
	}
	return "error";
}

void
log_line(enum note_level level, struct str text)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	if (strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		stamp[0] = '\0';
	flockfile(stderr);
	fprintf(stderr, "%s.%03ldZ %s ", stamp, now.tv_nsec / 1000000, level_name(level));
	for (size_t i = 0; i < text.len; i++)
		putc_unlocked((unsigned char)text.at[i] < 0x20 ? '?' : text.at[i], stderr);
	putc_unlocked('\n', stderr);
	funlockfile(stderr);
}

void
log_counters(const struct counts *c)
{
	fprintf(stderr,
	    "counters calls=%u legs=%u transactions=%u timers=%u flows=%u bindings=%u asks=%u "
	    "calls_total=%llu answered_total=%llu crossings_down_total=%llu "
	    "crossings_up_total=%llu refused_total=%llu faults_total=%llu strays_total=%llu\n",
	    c->calls, c->legs, c->transactions, c->timers, c->flows, c->bindings, c->asks,
	    (unsigned long long)c->calls_total, (unsigned long long)c->answered_total,
	    (unsigned long long)c->crossings_down_total, (unsigned long long)c->crossings_up_total,
	    (unsigned long long)c->refused_total, (unsigned long long)c->faults_total,
	    (unsigned long long)c->strays_total);
}

/* An invariant of our own is broken: say which, and end where a core dump shows it. */
_Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	fprintf(stderr, "sipward: broken invariant: %s (%s:%d)\n", what, file, line);
	abort();
}
