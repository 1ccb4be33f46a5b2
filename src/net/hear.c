/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/panic.h"
#include "net/stream.h"

enum { TLS_ALERT = 0x15, TLS_HANDSHAKE = 0x16 }; /* first octets of TLS (RFC 8446 5.1) */

/* TCP is read straight into the inbox; TLS needs room there for what comes out of it. */
static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *conn = handle->data;
	struct streams *s = conn->all;
	char *inbox = queue_room(s->queue, READ_BYTES + RECORD_BYTES_MAX);

	(void)suggested;
	if (conn->state == CONN_LEAVING)
		*buf = uv_buf_init(s->scratch, READ_BYTES);
	else if (inbox == NULL)
		*buf = uv_buf_init(NULL, 0);
	else if (conn->transport == TRANSPORT_TCP)
		*buf = uv_buf_init(inbox, READ_BYTES);
	else
		*buf = uv_buf_init(s->scratch, READ_BYTES);
}

static void
on_end(struct conn *conn, int error)
{
	bool is_leaving = conn->state == CONN_LEAVING;
	bool is_cut = conn->transport == TRANSPORT_TLS && conn->is_told;

	if (is_leaving)
		stream_end(conn, STR("shut by us"));
	else if (conn->state == CONN_SHAKING && conn->tls == NULL)
		stream_end(conn, STR("")); /* somebody who only looked whether we are here */
	else if (conn->state == CONN_SHAKING)
		stream_end(conn,
			tls_end_lost(conn->tls, TLS_CLOSED,
				error == UV_EOF ? STR("") : str_cstr(uv_strerror(error))));
	else if (error == UV_EOF && is_cut)
		stream_end(conn, STR("the peer closed the connection without ending TLS first"));
	else if (error == UV_EOF)
		stream_end(conn, STR("the peer closed the connection"));
	else
		stream_end_error(conn, STR("the connection broke: "), error);
}

/* Whether what came in clear begins as TLS does: a handshake or an alert. No SIP does so. */
static bool
is_tls(struct str first)
{
	uint8_t type = (uint8_t)first.at[0];

	return (type == TLS_HANDSHAKE || type == TLS_ALERT) && (first.len == 1 || first.at[1] == 3);
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;

	if (count == 0 || count == UV_ENOBUFS || conn->state == CONN_GONE)
		return; /* nothing, or no room: the loop comes back */
	if (count < 0) {
		on_end(conn, (int)count);
		return;
	}
	if (conn->state == CONN_LEAVING)
		return;
	if (conn->transport == TRANSPORT_TLS) {
		conn_hear_tls(conn, str_of(buf->base, (size_t)count));
		return;
	}
	if (!conn->has_heard && is_tls(str_of(buf->base, (size_t)count))) {
		stream_end_why(
			conn, conn->is_accepted ? WHY_TLS_IN_CLEAR : WHY_ANSWER_TLS, STR(""));
		return;
	}
	conn->has_heard = true;
	queue_put_bytes(conn->all->queue, conn->flow, &conn->peer, (size_t)count);
	conn_wait(conn, WAIT_IDLE);
}

void
conn_listen_to(struct conn *conn)
{
	int error;

	if (conn->state == CONN_GONE)
		return;
	error = uv_read_start((uv_stream_t *)&conn->tcp, on_room, on_read);
	if (error < 0)
		stream_end_error(conn, STR("cannot read: "), error);
}

/* ---- TLS ----------------------------------------------------------------------------------- */

static void
hold(struct conn *conn, struct str cipher)
{
	struct streams *s = conn->all;

	(void)uv_read_stop((uv_stream_t *)&conn->tcp);
	bytes_put(&conn->held, cipher);
	conn->is_held = true;
	conn->held_after = NULL;
	conn->held_before = s->held_last;
	if (s->held_last != NULL)
		s->held_last->held_after = conn;
	else
		s->held_first = conn;
	s->held_last = conn;
}

void
conn_unhold(struct conn *conn)
{
	struct streams *s = conn->all;

	if (!conn->is_held)
		return;
	if (conn->held_before != NULL)
		conn->held_before->held_after = conn->held_after;
	else
		s->held_first = conn->held_after;
	if (conn->held_after != NULL)
		conn->held_after->held_before = conn->held_before;
	else
		s->held_last = conn->held_before;
	conn->is_held = false;
}

/* Everything that TLS has for the core goes into the inbox as one piece.
 * Pre: room for the largest read, and for a record that was not whole before it. */
static void
read_all(struct conn *conn)
{
	struct streams *s = conn->all;
	size_t room = READ_BYTES + RECORD_BYTES_MAX, total = 0, got;
	char *inbox = queue_room(s->queue, room);
	enum tls_word word;

	must(inbox != NULL);
	do {
		word = tls_end_read(conn->tls, inbox + total, room - total, &got);
		total += got;
	} while (word == TLS_READY && total < room);
	must(word != TLS_READY);
	if (total > 0) {
		queue_put_bytes(s->queue, conn->flow, &conn->peer, total);
		conn_wait(conn, WAIT_IDLE);
	}
	if (word == TLS_OVER)
		stream_end(conn, STR("the peer closed the connection"));
	else if (word == TLS_BROKEN)
		stream_end(conn, tls_end_why(conn->tls));
	else if (conn_backlog(conn) > BACKLOG_BYTES_MAX)
		stream_end(conn, STR("the peer does not read what TLS answers"));
	else if (conn->out.used > 0)
		conn_mark_dirty(conn); /* an answer of TLS itself */
}

void
conn_hear_tls(struct conn *conn, struct str cipher)
{
	struct streams *s = conn->all;

	if (conn->state == CONN_SHAKING) {
		enum tls_word word;

		if (conn->tls == NULL && (uint8_t)cipher.at[0] != TLS_HANDSHAKE) {
			stream_end_why(conn, tls_why_of_clear(cipher, TLS_SERVED), STR(""));
			return;
		}
		if (s->shakes_left == 0) {
			hold(conn, cipher);
			return;
		}
		s->shakes_left--;
		if (conn->tls == NULL)
			conn->tls = tls_end_serve(s->tls, conn->service, &conn->out);
		tls_end_hear(conn->tls, cipher);
		word = tls_end_shake(conn->tls);
		conn_mark_dirty(conn);
		if (word == TLS_READY) {
			conn_opened(conn);
		} else {
			if (word == TLS_BROKEN)
				stream_end(conn, tls_end_why(conn->tls));
			return;
		}
	} else {
		tls_end_hear(conn->tls, cipher);
	}
	if (conn->state == CONN_OPEN)
		read_all(conn);
}

/* Whether who waits with its first words has gone meanwhile: a flood does not stay for the answer,
 * and the work for it would be that of somebody else. Later words may say why. */
static bool
has_left(const struct conn *conn)
{
	uv_os_fd_t fd = -1;
	ssize_t count;
	char octet;

	if (conn->tls != NULL)
		return false;
	(void)uv_fileno((const uv_handle_t *)&conn->tcp, &fd);
	count = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
	return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

void
streams_turn(struct streams *s)
{
	uint32_t looks_left = HELD_LOOKS_PER_TURN;

	s->shakes_left = HANDSHAKES_PER_TURN;
	while (s->held_first != NULL && s->shakes_left > 0 && looks_left-- > 0 &&
		queue_room(s->queue, READ_BYTES + RECORD_BYTES_MAX) != NULL) {
		struct conn *conn = s->held_first;
		struct bytes held;

		if (has_left(conn)) {
			stream_end(conn, STR("the peer left before its handshake had its turn"));
			continue;
		}
		held = bytes_take(&conn->held);
		conn_unhold(conn);
		conn_hear_tls(conn, bytes_str(&held));
		bytes_free(&held);
		if (conn->state == CONN_SHAKING || conn->state == CONN_OPEN)
			conn_listen_to(conn);
	}
}
