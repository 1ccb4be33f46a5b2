/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/panic.h"
#include "net/sock.h"
#include "net/stream.h"

static int
fd_of(const uv_tcp_t *tcp)
{
	uv_os_fd_t fd = -1;

	(void)uv_fileno((const uv_handle_t *)tcp, &fd);
	return fd;
}

/* Since when it has waited for what CONN is waiting for. */
static int64_t
since_ms(const struct conn *conn)
{
	return conn->due_at_ms - conn->all->waits[conn->wait].span_ms;
}

/* Of those who came and have not shown yet that they speak SIP, who has had the longest to do so:
 * in a handshake, or with nothing to say after it. NULL: there is none. */
static struct conn *
find_dawdler(struct streams *s)
{
	struct conn *shaking = s->waits[WAIT_SHAKE].first, *mute = s->waits[WAIT_FIRST].first;

	while (shaking != NULL && !shaking->is_accepted)
		shaking = shaking->wait_after;
	if (shaking == NULL || mute == NULL)
		return shaking != NULL ? shaking : mute;
	return since_ms(mute) <= since_ms(shaking) ? mute : shaking;
}

bool
conn_has_room(struct streams *s, const struct conn *newcomer)
{
	uint32_t others = s->count - (newcomer != NULL ? 1 : 0);
	struct conn *dawdler = others < s->max ? NULL : find_dawdler(s);

	if (others < s->max)
		return true;
	if (dawdler == NULL || dawdler == newcomer)
		return false;
	stream_end(dawdler,
		dawdler->wait == WAIT_FIRST
			? STR("its place was needed before it said anything")
			: STR("its place was needed before its handshake was over"));
	return true;
}

static void
welcome(struct conn *conn)
{
	int fd = fd_of(&conn->tcp);

	sock_tune_stream(fd);
	if (!sock_local(fd, &conn->local) || !sock_peer(fd, &conn->peer)) {
		stream_end(conn, STR("the peer is gone already"));
		return;
	}
	conn_wait(conn, WAIT_SHAKE);
	conn->state = CONN_SHAKING;
	if (!conn_has_room(conn->all, conn)) {
		stream_end(conn, STR("too many connections"));
		return;
	}
	if (conn->transport == TRANSPORT_TCP)
		conn_opened(conn);
	conn_listen_to(conn);
}

/* Takes one connection that waits in EAR.
 * Ends: false when there is no cell for it: then the ear is stalled. */
static bool
take(struct ear *ear)
{
	struct streams *s = ear->all;
	bool has_cell = s->pool.used < s->max + CONNECTIONS_SPARE / 2;
	struct conn *conn = has_cell ? conn_new(s) : NULL;
	int error;

	ear->is_stalled = conn == NULL;
	if (conn == NULL)
		return false;
	conn->is_accepted = true;
	conn->state = CONN_SHAKING;
	conn->transport = ear->transport;
	conn->listener = ear->listener;
	conn->service = &ear->service;
	error = uv_accept((uv_stream_t *)&ear->tcp, (uv_stream_t *)&conn->tcp);
	if (error < 0)
		stream_end_error(conn, STR("accepting failed: "), error);
	else
		welcome(conn);
	return true;
}

static void
on_connection(uv_stream_t *server, int status)
{
	struct ear *ear = server->data;
	char text[LOG_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);

	if (status == 0) {
		(void)take(ear);
		return;
	}
	/* Out of descriptors, as a rule: the loop has closed who waited, so it does not spin. */
	buf_put(&b, STR("cannot accept on "));
	addr_write_port(&b, &ear->local);
	buf_put(&b, STR(": "));
	buf_put(&b, str_cstr(uv_strerror(status)));
	stream_note(ear->all, NOTE_WARN, buf_str(&b));
}

void
ears_resume(struct streams *s)
{
	for (uint32_t i = 0; i < s->ear_count; i++)
		if (s->ears[i].is_open && s->ears[i].is_stalled && !take(&s->ears[i]))
			return;
}

bool
stream_listen(struct streams *s, enum transport transport, int fd, uint32_t listener,
	const struct service *service, struct buf *why)
{
	struct ear *ear = &s->ears[s->ear_count];
	int error;

	*ear = (struct ear){
		.all = s, .transport = transport, .listener = listener, .service = *service
	};
	ear->service.listener = listener;
	need(uv_tcp_init(s->loop, &ear->tcp) == 0, "handle for a socket");
	ear->tcp.data = ear;
	ear->is_open = true;
	s->ear_count++;
	error = sock_local(fd, &ear->local) ? uv_tcp_open(&ear->tcp, fd) : UV_EINVAL;
	if (error < 0)
		close(fd);
	else
		error = uv_listen((uv_stream_t *)&ear->tcp, SOMAXCONN, on_connection);
	if (error < 0) {
		buf_put(why, STR("cannot listen on "));
		addr_write_port(why, &ear->local);
		buf_put(why, STR(": "));
		buf_put(why, str_cstr(uv_strerror(error)));
	}
	return error == 0;
}
