/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "net/sock.h"

enum { REASON_BYTES_MAX = 2048 };

/* A part of a connection's octets that the system would not take at once. */
struct parcel {
	uv_write_t request;
	struct bytes bytes;
};

static bool
carve(struct streams *s, struct arena *arena, const uint8_t key[MAP_KEY_BYTES])
{
	uint32_t cells = s->max + CONNECTIONS_SPARE;
	bool has_pool = pool_open(&s->pool, arena, cells, sizeof(struct conn));

	return map_open(&s->by_flow, arena, cells, key) && has_pool;
}

void
streams_open(struct streams *s, const struct streams_options *options)
{
	struct arena arena = arena_on(NULL, 0);

	*s = (struct streams){ .loop = options->loop,
		.queue = options->queue,
		.tls = options->tls,
		.max = options->max,
		.next_flow = options->first_flow };
	s->waits[WAIT_CONNECT].span_ms = options->connect_ms;
	s->waits[WAIT_SHAKE].span_ms = options->handshake_ms;
	s->waits[WAIT_FIRST].span_ms = FIRST_OCTET_MS;
	s->waits[WAIT_IDLE].span_ms = options->idle_ms;
	s->waits[WAIT_LINGER].span_ms = LINGER_MS;
	(void)carve(s, &arena, options->key);
	s->memory = aligned_alloc(64, (arena.used + 63) & ~(size_t)63);
	s->scratch = malloc(READ_BYTES);
	s->ears = calloc(options->ears + 1, sizeof *s->ears);
	need(s->memory != NULL && s->scratch != NULL && s->ears != NULL, "memory");
	arena = arena_on(s->memory, arena.used);
	must(carve(s, &arena, options->key));
}

void
streams_free(struct streams *s)
{
	must(s->pool.used == 0);
	free(s->memory);
	free(s->scratch);
	free(s->ears);
}

/* ---- finding, waiting ---------------------------------------------------------------------- */

static uint64_t
hash_of(const struct streams *s, struct flow_id flow)
{
	struct str number = str_of(&flow.number, sizeof flow.number);

	return map_hash(&s->by_flow, &number, 1);
}

static struct conn *
find(const struct streams *s, struct flow_id flow)
{
	uint64_t hash = hash_of(s, flow);
	uint32_t cursor;

	for (uint32_t slot = map_first(&s->by_flow, hash, &cursor); slot != MAP_NONE;
		slot = map_next(&s->by_flow, hash, &cursor)) {
		struct conn *conn = pool_slot(&s->pool, slot);

		if (conn != NULL && flow_same(conn->flow, flow))
			return conn;
	}
	return NULL;
}

static void
unwait(struct conn *conn)
{
	struct wait_list *list = &conn->all->waits[conn->wait];

	if (conn->due_at_ms == 0)
		return;
	if (conn->wait_before != NULL)
		conn->wait_before->wait_after = conn->wait_after;
	else
		list->first = conn->wait_after;
	if (conn->wait_after != NULL)
		conn->wait_after->wait_before = conn->wait_before;
	else
		list->last = conn->wait_before;
	conn->wait_before = conn->wait_after = NULL;
	conn->due_at_ms = 0;
}

void
conn_wait(struct conn *conn, enum wait_kind wait)
{
	struct wait_list *list = &conn->all->waits[wait];

	unwait(conn);
	conn->wait = wait;
	conn->due_at_ms = (int64_t)uv_now(conn->all->loop) + list->span_ms;
	conn->wait_before = list->last;
	if (list->last != NULL)
		list->last->wait_after = conn;
	else
		list->first = conn;
	list->last = conn;
}

int64_t
streams_due_at_ms(const struct streams *s)
{
	int64_t due_at_ms = INT64_MAX;

	if (s->held_first != NULL || s->review_left > 0)
		return 0;
	for (int i = 0; i < WAIT_KINDS; i++)
		if (s->waits[i].first != NULL && s->waits[i].first->due_at_ms < due_at_ms)
			due_at_ms = s->waits[i].first->due_at_ms;
	return due_at_ms;
}

static struct str
overdue_text(enum wait_kind wait)
{
	switch (wait) {
	case WAIT_FIRST: return STR("the peer connected and said nothing");
	case WAIT_IDLE: return STR("the connection was idle for too long");
	case WAIT_LINGER: return STR("shut by us");
	case WAIT_CONNECT:
	case WAIT_SHAKE:
	case WAIT_KINDS: break;
	}
	return STR("overdue");
}

static void
end_overdue(struct conn *conn)
{
	if (conn->wait == WAIT_CONNECT)
		stream_end_why(conn, WHY_TCP_TIME, STR(""));
	else if (conn->wait == WAIT_SHAKE && conn->tls != NULL)
		stream_end(conn, tls_end_lost(conn->tls, TLS_LATE, STR("")));
	else if (conn->wait == WAIT_SHAKE)
		stream_end_why(conn, WHY_TIME_MUTE, STR(""));
	else
		stream_end(conn, overdue_text(conn->wait));
}

void
streams_expire(struct streams *s)
{
	int64_t now_ms = (int64_t)uv_now(s->loop);

	for (int i = 0; i < WAIT_KINDS; i++)
		while (s->waits[i].first != NULL && s->waits[i].first->due_at_ms <= now_ms)
			end_overdue(s->waits[i].first);
}

/* ---- from birth to death ------------------------------------------------------------------- */

struct conn *
conn_new(struct streams *s)
{
	struct ref ref;
	struct conn *conn = pool_take(&s->pool, &ref);

	if (conn == NULL)
		return NULL;
	*conn = (struct conn){ .all = s, .ref = ref, .flow = FLOW_NONE };
	need(uv_tcp_init(s->loop, &conn->tcp) == 0, "handle for a socket");
	conn->tcp.data = conn;
	s->count++;
	return conn;
}

void
conn_enter(struct conn *conn, struct flow_id flow)
{
	struct streams *s = conn->all;

	must(find(s, flow) == NULL);
	conn->flow = flow;
	map_put(&s->by_flow, hash_of(s, flow), conn->ref.slot);
}

void
conn_opened(struct conn *conn)
{
	struct event event = { .kind = EV_FLOW_OPEN };
	struct bytes waiting = bytes_take(&conn->waiting);
	struct streams *s = conn->all;

	conn->state = CONN_OPEN;
	conn->is_told = true;
	if (conn->is_accepted) {
		conn_enter(conn, (struct flow_id){ s->next_flow++ });
		conn_wait(conn, WAIT_FIRST);
	} else {
		conn_wait(conn, WAIT_IDLE);
	}
	event.u.open.flow = conn->flow;
	event.u.open.transport = conn->transport;
	event.u.open.local = conn->local;
	event.u.open.peer = conn->peer;
	event.u.open.listener = conn->listener;
	if (conn->tls != NULL)
		tls_end_secured(conn->tls, &event.u.open.secured);
	queue_put(s->queue, &event);
	stream_send(s, conn->flow, bytes_str(&waiting));
	bytes_free(&waiting);
}

static void
on_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;
	struct streams *s = conn->all;

	tls_end_close(conn->tls);
	bytes_free(&conn->out);
	bytes_free(&conn->waiting);
	bytes_free(&conn->held);
	free(conn->name);
	pool_give(&s->pool, conn->ref);
	ears_resume(s);
}

/* Whom the core has heard of is told; what only we have seen is a line in the log. */
static void
tell_end(struct conn *conn, struct str reason)
{
	struct streams *s = conn->all;
	struct event event = { .kind = conn->is_told ? EV_FLOW_CLOSED : EV_FLOW_FAILED };
	char text[REASON_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	if (!conn->is_told && conn->is_accepted && str_is_empty(reason))
		return;
	if (conn->is_told || !conn->is_accepted) {
		event.u.closed.flow = conn->flow;
		event.u.closed.reason = reason;
		queue_put(s->queue, &event);
		return;
	}
	buf_put(&b, sock_transport_name(conn->transport));
	buf_put(&b, STR(" from "));
	addr_write_port(&b, &conn->peer);
	buf_put(&b, STR(" failed: "));
	buf_put(&b, reason);
	stream_note(s, NOTE_INFO, buf_str(&b));
}

static void
unmark_dirty(struct conn *conn)
{
	if (!conn->is_dirty)
		return;
	if (conn->dirty_before != NULL)
		conn->dirty_before->dirty_after = conn->dirty_after;
	else
		conn->all->dirty = conn->dirty_after;
	if (conn->dirty_after != NULL)
		conn->dirty_after->dirty_before = conn->dirty_before;
	conn->dirty_before = conn->dirty_after = NULL;
	conn->is_dirty = false;
}

static void
drop(struct conn *conn)
{
	struct streams *s = conn->all;

	unwait(conn);
	unmark_dirty(conn);
	conn_unhold(conn);
	if (!flow_is_none(conn->flow))
		map_drop(&s->by_flow, hash_of(s, conn->flow), conn->ref.slot);
	conn->state = CONN_GONE;
	s->count--;
	uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void
stream_end(struct conn *conn, struct str reason)
{
	if (conn->state == CONN_GONE)
		return;
	tell_end(conn, reason);
	/* The last word of TLS (an alert) is worth one try. */
	if (conn->tls != NULL && conn->out.used > 0 && conn->state != CONN_DIALLING &&
		uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) == 0) {
		uv_buf_t last = uv_buf_init(conn->out.at, (unsigned)conn->out.used);

		(void)uv_try_write((uv_stream_t *)&conn->tcp, &last, 1);
	}
	drop(conn);
}

void
stream_end_error(struct conn *conn, struct str what, int uv_error)
{
	char text[LOG_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);

	buf_put(&b, what);
	buf_put(&b, str_cstr(uv_strerror(uv_error)));
	stream_end(conn, buf_str(&b));
}

void
stream_end_why(struct conn *conn, enum tls_why why, struct str fact)
{
	char text[REASON_BYTES_MAX];
	struct buf b = buf_on(text, sizeof text);

	tls_why_put(&b, why, fact);
	stream_end(conn, buf_str(&b));
}

void
stream_note(struct streams *s, enum note_level level, struct str text)
{
	queue_note(s->queue, level, text, (int64_t)uv_now(s->loop));
}

void
streams_close(struct streams *s)
{
	for (uint32_t i = 0; i < s->ear_count; i++)
		if (s->ears[i].is_open)
			uv_close((uv_handle_t *)&s->ears[i].tcp, NULL);
	s->ear_count = 0;
	for (uint32_t slot = 0; slot < s->pool.count; slot++) {
		struct conn *conn = pool_slot(&s->pool, slot);

		if (conn != NULL && conn->state != CONN_GONE)
			drop(conn);
	}
}

void
streams_retire(struct streams *s)
{
	for (uint32_t i = 0; i < s->ear_count; i++) {
		if (s->ears[i].is_open)
			uv_close((uv_handle_t *)&s->ears[i].tcp, NULL);
		s->ears[i].is_open = s->ears[i].is_stalled = false;
	}
	for (uint32_t slot = 0; slot < s->pool.count; slot++) {
		struct conn *conn = pool_slot(&s->pool, slot);

		if (conn == NULL || conn->state == CONN_GONE)
			continue;
		if (flow_is_none(conn->flow))
			drop(conn);
		else
			stream_shut(s, conn->flow);
	}
}

/* ---- sending ------------------------------------------------------------------------------- */

void
conn_mark_dirty(struct conn *conn)
{
	if (conn->is_dirty || conn->state == CONN_GONE)
		return;
	conn->is_dirty = true;
	conn->dirty_after = conn->all->dirty;
	if (conn->dirty_after != NULL)
		conn->dirty_after->dirty_before = conn;
	conn->all->dirty = conn;
}

size_t
conn_backlog(const struct conn *conn)
{
	size_t held = conn->tls != NULL ? tls_end_held(conn->tls) : 0;

	return uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp) + conn->out.used +
		held;
}

static void
send_open(struct conn *conn, struct str bytes)
{
	if (conn_backlog(conn) + bytes.len > BACKLOG_BYTES_MAX) {
		stream_end(conn, STR("the peer does not read what we send"));
		return;
	}
	if (conn->tls == NULL) {
		bytes_put(&conn->out, bytes);
	} else if (!tls_end_write(conn->tls, bytes)) {
		stream_end(conn, tls_end_why(conn->tls));
		return;
	}
	conn_mark_dirty(conn);
	if (conn->wait == WAIT_IDLE)
		conn_wait(conn, WAIT_IDLE);
}

void
stream_send(struct streams *s, struct flow_id flow, struct str bytes)
{
	struct conn *conn = find(s, flow);

	if (conn == NULL || bytes.len == 0)
		return;
	switch (conn->state) {
	case CONN_DIALLING:
	case CONN_SHAKING:
		if (conn->waiting.used + bytes.len > DIAL_QUEUE_BYTES_MAX)
			stream_end(conn, STR("too much waits for the connection"));
		else
			bytes_put(&conn->waiting, bytes);
		return;
	case CONN_OPEN: send_open(conn, bytes); return;
	case CONN_LEAVING:
	case CONN_GONE: return;
	}
}

uint32_t
stream_chain(const struct streams *s, struct flow_id flow, struct link *links, uint32_t max)
{
	const struct conn *conn = find(s, flow);

	return conn != NULL && conn->tls != NULL ? tls_end_chain(conn->tls, links, max) : 0;
}

void
stream_shut(struct streams *s, struct flow_id flow)
{
	struct conn *conn = find(s, flow);

	if (conn == NULL)
		return;
	switch (conn->state) {
	case CONN_DIALLING:
	case CONN_SHAKING: stream_end(conn, STR("given up by us")); return;
	case CONN_OPEN:
		if (conn->tls != NULL)
			tls_end_shut(conn->tls);
		conn->state = CONN_LEAVING;
		conn_wait(conn, WAIT_LINGER);
		conn_mark_dirty(conn);
		return;
	case CONN_LEAVING:
	case CONN_GONE: return;
	}
}

static void
on_written(uv_write_t *request, int status)
{
	struct parcel *parcel = request->data;
	struct conn *conn = request->handle->data;

	bytes_free(&parcel->bytes);
	free(parcel);
	if (status < 0 && status != UV_ECANCELED)
		stream_end_error(conn, STR("sending failed: "), status);
}

/* What the system does not take now it takes later, from a parcel of its own. */
static int
post(struct conn *conn, size_t from)
{
	struct parcel *parcel = calloc(1, sizeof *parcel);
	uv_buf_t rest;
	int error;

	need(parcel != NULL, "memory");
	parcel->bytes = bytes_take(&conn->out);
	parcel->request.data = parcel;
	rest = uv_buf_init(parcel->bytes.at + from, (unsigned)(parcel->bytes.used - from));
	error = uv_write(&parcel->request, (uv_stream_t *)&conn->tcp, &rest, 1, on_written);
	if (error < 0) {
		bytes_free(&parcel->bytes);
		free(parcel);
	}
	return error;
}

static void
on_shut(uv_shutdown_t *request, int status)
{
	struct conn *conn = request->handle->data;

	/* Our side is closed; what is left is the peer's FIN, or the end of its patience. */
	if (status < 0)
		stream_end(conn, STR("shut by us"));
}

static void
flush(struct conn *conn)
{
	uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
	size_t from = 0;
	int error = 0;

	if (conn->out.used > 0) {
		if (uv_stream_get_write_queue_size(stream) == 0) {
			uv_buf_t all = uv_buf_init(conn->out.at, (unsigned)conn->out.used);

			error = uv_try_write(stream, &all, 1);
			from = error > 0 ? (size_t)error : 0;
			error = error == UV_EAGAIN || error > 0 ? 0 : error;
		}
		if (error == 0 && from < conn->out.used)
			error = post(conn, from);
		bytes_free(&conn->out);
	}
	if (error < 0) {
		stream_end_error(conn, STR("sending failed: "), error);
	} else if (conn->state == CONN_LEAVING && !conn->has_shut) {
		conn->has_shut = true;
		if (uv_shutdown(&conn->request.shutdown, stream, on_shut) < 0)
			stream_end(conn, STR("shut by us"));
	}
}

void
streams_flush(struct streams *s)
{
	while (s->dirty != NULL) {
		struct conn *conn = s->dirty;

		unmark_dirty(conn);
		flush(conn);
	}
}
