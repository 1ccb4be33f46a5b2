/* SPDX-License-Identifier: Apache-2.0 */
#include "main/log.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"
#include "main/exit.h"
#include "main/record.h"

enum { LINE_BYTES = NOTE_BYTES_MAX + 64 };

/* The real host's: says what was broken, and leaves a core dump to look at. */
_Noreturn void
panic_hook(const char *what, const char *file, int line)
{
	fprintf(stderr, "sipward: invariant broken: %s (%s:%d)\n", what, file, line);
	recorder_rescue();
	abort();
}

_Noreturn void
need_hook(const char *what)
{
	fprintf(stderr, "sipward: error: the system gives no %s\n", what);
	recorder_rescue();
	_exit(EXIT_FAILED);
}

static struct str
level_name(enum note_level level)
{
	switch (level) {
	case NOTE_INFO: return STR("info  ");
	case NOTE_WARN: return STR("warn  ");
	case NOTE_ERROR: return STR("error ");
	}
	return STR("");
}

static void
put_moment(struct buf *b, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char text[40];
	struct tm tm;
	int len;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	len = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall_ms % 1000));
	if (len > 0 && (size_t)len < sizeof text)
		buf_put(b, str_of(text, (size_t)len));
}

void
log_line(FILE *to, int64_t wall_ms, enum note_level level, struct str text)
{
	char line[LINE_BYTES];
	struct buf b = buf_on(line, sizeof line);

	if (to == NULL)
		return;
	put_moment(&b, wall_ms);
	buf_put(&b, level_name(level));
	text = str_upto(text, NOTE_BYTES_MAX);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		buf_char(&b, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	buf_char(&b, '\n');
	/* One call for one line, so that lines of several processes do not mix. */
	(void)fwrite(b.at, 1, b.used, to);
	(void)fflush(to);
}

static void
put_count(struct buf *b, struct str name, uint64_t number)
{
	buf_char(b, ' ');
	buf_put(b, name);
	buf_char(b, '=');
	buf_number(b, number);
}

void
log_counters(FILE *to, int64_t wall_ms, const struct counts *c)
{
	char line[NOTE_BYTES_MAX];
	struct buf b = buf_on(line, sizeof line);

	buf_put(&b, STR("counters"));
	put_count(&b, STR("calls"), c->calls);
	put_count(&b, STR("legs"), c->legs);
	put_count(&b, STR("transactions"), c->transactions);
	put_count(&b, STR("timers"), c->timers);
	put_count(&b, STR("flows"), c->flows);
	put_count(&b, STR("bindings"), c->bindings);
	put_count(&b, STR("asks"), c->asks);
	put_count(&b, STR("enrolled"), c->enrolled);
	put_count(&b, STR("out_of_service"), c->out_of_service);
	put_count(&b, STR("calls_total"), c->calls_total);
	put_count(&b, STR("answered_total"), c->answered_total);
	put_count(&b, STR("crossings_down_total"), c->crossings_down_total);
	put_count(&b, STR("crossings_up_total"), c->crossings_up_total);
	put_count(&b, STR("refused_total"), c->refused_total);
	put_count(&b, STR("faults_total"), c->faults_total);
	put_count(&b, STR("strays_total"), c->strays_total);
	log_line(to, wall_ms, NOTE_INFO, buf_str(&b));
}

int64_t
log_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
