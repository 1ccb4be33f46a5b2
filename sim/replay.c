/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/panic.h"
#include "main/recording.h"
#include "replay_story.h"

/* How one step ended. */
enum step { STEP_ON, STEP_OVER, STEP_WRONG };

struct replay {
	const char *path;
	FILE *to;
	bool is_verbose;
	struct recording recording;
	struct core *core;
	void *memory, *out_memory;
	size_t memory_bytes;
	struct out out;
	uint64_t hash, events, acts;
	struct when start, now;
};

/* ---- the file ------------------------------------------------------------------------------ */

/* Reads all of PATH. Ends: what malloc gave, with *LEN; NULL with errno. */
static char *
load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	size_t size = 1 << 16, used = 0;
	char *octets = malloc(size);

	if (file == NULL || octets == NULL) {
		free(octets);
		if (file != NULL)
			fclose(file);
		return NULL;
	}
	while (!feof(file) && !ferror(file)) {
		used += fread(octets + used, 1, size - used, file);
		if (used == size) {
			size *= 2;
			octets = realloc(octets, size);
			must(octets != NULL);
		}
	}
	if (ferror(file)) {
		free(octets);
		octets = NULL;
	}
	fclose(file);
	*len = used;
	return octets;
}

static enum step
wrong(const struct replay *r, const char *what)
{
	fprintf(r->to, "%s: event %" PRIu64 ", octet %zu: %s\n", r->path, r->events,
		r->recording.at, what);
	return STEP_WRONG;
}

/* ---- a core -------------------------------------------------------------------------------- */

static void *
map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool
begin(struct replay *r, const struct record *opening)
{
	const struct core_options *o = &opening->options;

	r->start = r->now = opening->now;
	r->hash = RECORDING_HASH;
	r->memory_bytes = core_memory_bytes(o);
	r->memory = map(r->memory_bytes);
	r->out_memory = map(OUT_BYTES);
	if (r->memory == NULL || r->out_memory == NULL) {
		(void)wrong(r, "no memory for a core of this size");
		return false;
	}
	out_init(&r->out, r->out_memory, OUT_BYTES);
	r->core = core_open(o, r->memory, r->memory_bytes, opening->now);
	if (r->core == NULL) {
		(void)wrong(r, "the core does not open");
		return false;
	}
	if (!str_same(opening->version, STR(SIPWARD_VERSION)))
		fprintf(r->to, "%s: recorded by sipward %.*s, replayed by " SIPWARD_VERSION "\n",
			r->path, (int)opening->version.len, opening->version.at);
	return true;
}

static void
tell(const struct replay *r, const struct record *event, uint32_t first)
{
	int64_t at_ms = event->now.mono_ms - r->start.mono_ms;

	fprintf(r->to, "%" PRIu64 " at %" PRId64 ".%03d s\n", r->events, at_ms / 1000,
		(int)(at_ms % 1000));
	story_event(r->to, &event->event);
	for (uint32_t i = first; i < r->out.count; i++)
		story_act(r->to, &r->out.acts[i]);
}

/* Feeds one event. ANSWER: what came of it when it was recorded; NULL: that is not known. */
static enum step
feed(struct replay *r, const struct record *event, const struct record *answer)
{
	uint32_t first;

	r->events++;
	r->now = event->now;
	if (event->is_fresh)
		out_clear(&r->out);
	first = r->out.count;
	if (!out_has_room(&r->out))
		return wrong(r, "the server would have carried out its actions before this");
	core_tell(r->core, answer != NULL ? answer->verdicts : STR(""));
	core_feed(r->core, &event->event, event->now, &r->out);
	for (uint32_t i = first; i < r->out.count; i++)
		r->hash = recording_hash(r->hash, &r->out.acts[i], NULL);
	r->acts += r->out.count - first;
	if (r->is_verbose)
		tell(r, event, first);
	if (answer == NULL)
		return STEP_ON;
	if (r->hash == answer->hash && r->out.count - first == answer->act_count &&
		str_same(core_verdicts(r->core), answer->verdicts))
		return STEP_ON;
	if (!r->is_verbose)
		tell(r, event, first);
	fprintf(r->to,
		"recorded: %u actions, %zu verdicts, hash %016" PRIx64
		"; replayed: %u actions, %zu verdicts, hash %016" PRIx64 "\n",
		answer->act_count, answer->verdicts.len, answer->hash, r->out.count - first,
		core_verdicts(r->core).len, r->hash);
	return wrong(r, "the replay differs here from what was recorded");
}

/* ---- the recording ------------------------------------------------------------------------- */

static enum step
ended(const struct replay *r, enum recording_end end)
{
	static const char *const words[] = {
		[END_SERVER] = "to the end of the server",
		[END_FULL] = "until the recording had reached its size",
		[END_VERDICTS] = "until an event with too many credentials",
		[END_FLOWS] = "until there were too many connections",
	};
	int64_t span_ms = r->now.mono_ms - r->start.mono_ms;

	fprintf(r->to,
		"%s: the same: %" PRIu64 " events, %" PRIu64 " actions, %" PRId64
		".%03d s, hash %016" PRIx64 ", %s\n",
		r->path, r->events, r->acts, span_ms / 1000, (int)(span_ms % 1000), r->hash,
		words[end]);
	return STEP_OVER;
}

/* What cannot be read. */
static enum step
broken(const struct replay *r, enum recording_found found)
{
	if (found == RECORDING_CUT)
		return wrong(r, "the same so far, but the recording is cut off here");
	return wrong(r, "this is no record, or stands in a wrong place");
}

/* One event with what came of it, or the end. */
static enum step
step(struct replay *r)
{
	struct record record, answer;
	enum recording_found found = recording_next(&r->recording, &record);
	enum step how;

	if (found != RECORDING_MORE)
		return broken(r, found);
	if (record.kind == RECORD_END)
		return recording_next(&r->recording, &answer) == RECORDING_OVER
			? ended(r, record.end)
			: wrong(r, "more stands behind the end");
	found = recording_next(&r->recording, &answer);
	if (found == RECORDING_MORE && answer.kind == RECORD_ANSWER)
		return feed(r, &record, &answer);
	/* The server did not come back from this event, or recorded no more of it. */
	how = feed(r, &record, NULL);
	if (how != STEP_ON)
		return how;
	return found == RECORDING_MORE ? ended(r, answer.end) : broken(r, found);
}

static bool
replay(struct replay *r, struct str file)
{
	char text[256];
	struct buf why = buf_on(text, sizeof text - 1);
	enum step how = STEP_WRONG;
	struct record opening;
	enum recording_found found;

	if (!recording_open(&r->recording, file, &why)) {
		fprintf(r->to, "%s: %.*s\n", r->path, (int)why.used, text);
		return false;
	}
	found = recording_next(&r->recording, &opening);
	if (found != RECORDING_MORE)
		(void)broken(r, found);
	else if (begin(r, &opening))
		while ((how = step(r)) == STEP_ON)
			continue;
	if (r->core != NULL)
		core_close(r->core);
	if (r->memory != NULL)
		(void)munmap(r->memory, r->memory_bytes);
	if (r->out_memory != NULL)
		(void)munmap(r->out_memory, OUT_BYTES);
	recording_close(&r->recording);
	return how == STEP_OVER;
}

bool
replay_file(const char *path, bool is_verbose, FILE *to)
{
	static struct replay r;
	size_t len = 0;
	char *octets = load(path, &len);
	bool is_same;

	if (octets == NULL) {
		fprintf(to, "%s: %s\n", path, strerror(errno));
		return false;
	}
	r = (struct replay){ .path = path, .to = to, .is_verbose = is_verbose };
	is_same = replay(&r, str_of(octets, len));
	free(octets);
	return is_same;
}
