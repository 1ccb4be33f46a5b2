/* SPDX-License-Identifier: Apache-2.0 */
#include "main/record.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/map.h"
#include "base/panic.h"
#include "main/recording.h"

/* An answer and the end always fit behind an event. */
enum { TAIL_BYTES = 2 * 1024 };

/* The mask of one stream, which goes on over the pieces that it comes in. */
struct lane {
	struct flow_id flow;
	struct mask mask;
};

struct recorder {
	int fd;
	const char *path;
	uint64_t max_bytes;
	uint64_t written; /* to the file and to the buffer */
	char *memory;     /* of the buffer */
	struct buf buffer;
	bool is_begun, is_on;
	bool is_told;       /* that it stopped */
	const char *reason; /* why it stopped */
	int error;          /* the same, of the system; or 0 */

	uint64_t hash;
	uint32_t first_act; /* of the event that is being handled */
	struct mask_key key;
	char *masked; /* room for the octets of one event */
	struct pool lanes;
	struct map by_flow;
	void *lane_memory;
};

static struct recorder *only; /* for recorder_rescue */

/* ---- the file ------------------------------------------------------------------------------ */

static void
stop(struct recorder *r, const char *reason, int error)
{
	r->is_on = false;
	r->reason = reason;
	r->error = error;
}

static void
write_out(struct recorder *r)
{
	size_t done = 0;

	while (done < r->buffer.used) {
		ssize_t count = write(r->fd, r->memory + done, r->buffer.used - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			stop(r, "its file cannot be written", count < 0 ? errno : ENOSPC);
			break;
		}
		done += (size_t)count;
	}
	r->buffer.used = 0;
}

/* Makes room for BYTES in the buffer, which grows for a large directory only. */
static bool
make_room(struct recorder *r, size_t bytes)
{
	if (bytes > r->buffer.size - r->buffer.used)
		write_out(r);
	if (bytes > r->buffer.size) {
		r->memory = realloc(r->memory, bytes);
		need(r->memory != NULL, "memory");
		r->buffer = buf_on(r->memory, bytes);
	}
	return r->reason == NULL;
}

static void
put(struct recorder *r, const struct record *record)
{
	size_t before;

	if (!make_room(r, recording_room(record)))
		return;
	before = r->buffer.used;
	recording_put(&r->buffer, record);
	r->written += r->buffer.used - before;
}

static void
end(struct recorder *r, enum recording_end why, const char *reason)
{
	const struct record record = { .kind = RECORD_END, .end = why };

	put(r, &record);
	if (r->is_on)
		stop(r, reason, 0);
}

/* Puts a record if it and what always follows it fit into the file. */
static bool
put_if_it_fits(struct recorder *r, const struct record *record)
{
	if (r->written + recording_room(record) + TAIL_BYTES > r->max_bytes) {
		end(r, END_FULL, "the file has reached its size");
		return false;
	}
	put(r, record);
	return r->is_on;
}

/* ---- opening, closing ------------------------------------------------------------------------ */

static void
open_lanes(struct recorder *r)
{
	uint8_t key[MAP_KEY_BYTES];
	struct arena arena = arena_on(NULL, 0);

	need(getrandom(key, sizeof key, 0) == (ssize_t)sizeof key, "random numbers");
	for (int pass = 0; pass < 2; pass++) {
		bool is_open = pool_open(&r->lanes, &arena, FLOWS_MAX, sizeof(struct lane));

		is_open = map_open(&r->by_flow, &arena, FLOWS_MAX, key) && is_open;
		if (pass == 1) {
			must(is_open);
			return;
		}
		r->lane_memory = aligned_alloc(64, (arena.used + 127) & ~(size_t)63);
		need(r->lane_memory != NULL, "memory");
		arena = arena_on(r->lane_memory, (arena.used + 127) & ~(size_t)63);
	}
}

struct recorder *
recorder_open(const char *path, uint64_t max_bytes, struct buf *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct recorder *r;

	if (fd < 0) {
		bool is_there = errno == EEXIST;

		buf_put(why, str_cstr(path));
		buf_put(why,
			is_there ? STR(" is there already; a recording makes a new file")
				 : STR(" cannot be made: "));
		if (!is_there)
			buf_put(why, str_cstr(strerror(errno)));
		return NULL;
	}
	r = calloc(1, sizeof *r);
	need(r != NULL, "memory");
	*r = (struct recorder){ .fd = fd,
		.path = path,
		.max_bytes = max_bytes,
		.hash = RECORDING_HASH,
		.memory = malloc(RECORDING_BUFFER_BYTES),
		.masked = malloc(INBOX_BYTES) };
	need(r->memory != NULL && r->masked != NULL, "memory");
	need(getrandom(&r->key, sizeof r->key, 0) == (ssize_t)sizeof r->key, "random numbers");
	r->buffer = buf_on(r->memory, RECORDING_BUFFER_BYTES);
	open_lanes(r);
	only = r;
	return r;
}

bool
recorder_begin(
	struct recorder *r, const struct core_options *options, struct when now, struct buf *why)
{
	const struct record record = { .kind = RECORD_OPEN,
		.version = STR(SIPWARD_VERSION),
		.now = now,
		.options = *options };

	r->is_on = true;
	if (make_room(r, recording_room(&record)))
		buf_put(&r->buffer, STR(RECORDING_MAGIC));
	r->written = r->buffer.used;
	if (put_if_it_fits(r, &record)) {
		r->is_begun = true;
		return true;
	}
	buf_put(why, STR("the configuration alone is larger than the recording may be"));
	return false;
}

void
recorder_close(struct recorder *r)
{
	if (r->is_on)
		end(r, END_SERVER, "the server ended");
	write_out(r);
	(void)close(r->fd);
	if (!r->is_begun)
		(void)unlink(r->path);
	only = NULL;
	OPENSSL_cleanse(&r->key, sizeof r->key);
	free(r->memory);
	free(r->masked);
	free(r->lane_memory);
	free(r);
}

void
recorder_rescue(void)
{
	if (only != NULL)
		write_out(only);
}

bool
recorder_flush(struct recorder *r, struct buf *why)
{
	write_out(r);
	if (r->reason == NULL || r->is_told)
		return true;
	r->is_told = true;
	buf_put(why, STR("the recording stops: "));
	buf_put(why, str_cstr(r->reason));
	if (r->error != 0) {
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(strerror(r->error)));
	}
	return false;
}

/* ---- what happens ---------------------------------------------------------------------------- */

static uint64_t
flow_hash(const struct recorder *r, struct flow_id flow)
{
	struct str part = str_of(&flow.number, sizeof flow.number);

	return map_hash(&r->by_flow, &part, 1);
}

/* The lane of a stream; NULL: a datagram socket. */
static struct lane *
lane_find(const struct recorder *r, struct flow_id flow)
{
	uint64_t hash = flow_hash(r, flow);
	uint32_t cursor;

	for (uint32_t slot = map_first(&r->by_flow, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&r->by_flow, hash, &cursor)) {
		struct lane *lane = pool_slot(&r->lanes, slot);

		if (flow_same(lane->flow, flow))
			return lane;
	}
	return NULL;
}

/* Ends: false when no more streams can be followed. */
static bool
lane_open(struct recorder *r, struct flow_id flow)
{
	struct ref ref;
	struct lane *lane = lane_find(r, flow);

	if (lane != NULL)
		return true;
	lane = pool_take(&r->lanes, &ref);
	if (lane == NULL)
		return false;
	*lane = (struct lane){ .flow = flow };
	map_put(&r->by_flow, flow_hash(r, flow), ref.slot);
	return true;
}

static void
lane_close(struct recorder *r, struct flow_id flow)
{
	struct lane *lane = lane_find(r, flow);
	struct ref ref;

	if (lane == NULL)
		return;
	ref = pool_ref(&r->lanes, lane);
	map_drop(&r->by_flow, flow_hash(r, flow), ref.slot);
	pool_give(&r->lanes, ref);
}

/* The octets of an event with their secrets masked. */
static struct str
mask_octets(struct recorder *r, struct flow_id flow, struct str data)
{
	struct lane *lane = lane_find(r, flow);
	struct mask datagram = { 0 };

	must(data.len <= INBOX_BYTES);
	mask_copy(lane != NULL ? &lane->mask : &datagram, &r->key, lane != NULL, data, r->masked);
	return str_of(r->masked, data.len);
}

void
recorder_event(
	struct recorder *r, const struct event *event, struct when now, const struct out *out)
{
	struct record record = { .kind = RECORD_EVENT,
		.now = now,
		.is_fresh = out->count == 0 && out->bytes.used == 0,
		.event = *event };

	if (!r->is_on)
		return;
	r->first_act = out->count;
	switch (event->kind) {
	case EV_BYTES:
		record.event.u.bytes.data =
			mask_octets(r, event->u.bytes.flow, event->u.bytes.data);
		break;
	case EV_FLOW_OPEN:
		if (!lane_open(r, event->u.open.flow)) {
			end(r, END_FLOWS, "there are more connections than it can follow");
			return;
		}
		break;
	case EV_FLOW_CLOSED:
	case EV_FLOW_FAILED: lane_close(r, event->u.closed.flow); break;
	case EV_TICK:
	case EV_NAMES:
	case EV_BINDINGS:
	case EV_SAVED:
	case EV_ORDER:
	case EV_DIRECTORY: break;
	}
	(void)put_if_it_fits(r, &record);
}

void
recorder_answer(struct recorder *r, const struct core *core, const struct out *out)
{
	struct record record = { .kind = RECORD_ANSWER, .verdicts = core_verdicts(core) };

	if (!r->is_on)
		return;
	record.act_count = out->count - r->first_act;
	for (uint32_t i = r->first_act; i < out->count; i++)
		r->hash = recording_hash(r->hash, &out->acts[i], &r->key);
	record.hash = r->hash;
	if (str_is_none(record.verdicts))
		end(r, END_VERDICTS, "one event had more credentials than it can keep");
	else
		put(r, &record);
}
