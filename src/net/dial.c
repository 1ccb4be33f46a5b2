/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "base/panic.h"
#include "net/sock.h"
#include "net/stream.h"

static void
start_tls(struct conn *conn)
{
	struct str name = str_of(conn->name, conn->name_len);

	conn->state = CONN_SHAKING;
	conn->tls = tls_end_dial(conn->all->tls, name, &conn->terms, &conn->out);
	if (conn->tls == NULL) {
		stream_end_why(conn, WHY_NO_NAME, STR(""));
		return;
	}
	conn_wait(conn, WAIT_SHAKE);
	conn_mark_dirty(conn);
}

static void
end_unconnected(struct conn *conn, int error)
{
	stream_end_why(conn, tls_why_of_dial(error), str_cstr(uv_strerror(error)));
}

static void
on_connected(uv_connect_t *request, int status)
{
	struct conn *conn = request->handle->data;
	uv_os_fd_t fd = -1;

	if (conn->state != CONN_DIALLING)
		return;
	if (status < 0) {
		end_unconnected(conn, status);
		return;
	}
	(void)uv_fileno((uv_handle_t *)&conn->tcp, &fd);
	(void)sock_local(fd, &conn->local);
	if (conn->transport == TRANSPORT_TLS)
		start_tls(conn);
	else
		conn_opened(conn);
	conn_listen_to(conn);
}

static void
connect_to(struct conn *conn)
{
	struct sockaddr_storage sa;
	int fd = sock_stream(conn->peer.family);
	int error;

	if (fd < 0) {
		end_unconnected(conn, uv_translate_sys_error(errno));
		return;
	}
	sock_tune_stream(fd);
	error = uv_tcp_open(&conn->tcp, fd);
	if (error < 0) {
		close(fd);
		end_unconnected(conn, error);
		return;
	}
	(void)sock_from_addr(&sa, &conn->peer);
	error = uv_tcp_connect(
		&conn->request.connect, &conn->tcp, (struct sockaddr *)&sa, on_connected);
	if (error < 0)
		end_unconnected(conn, error);
}

/* A dial that cannot even begin still gets its answer. */
static void
refuse(struct streams *s, struct flow_id flow, struct str reason)
{
	struct event event = { .kind = EV_FLOW_FAILED };

	event.u.closed.flow = flow;
	event.u.closed.reason = reason;
	queue_put(s->queue, &event);
}

static void
refuse_why(struct streams *s, struct flow_id flow, enum tls_why why)
{
	char text[512];
	struct buf b = buf_on(text, sizeof text);

	tls_why_put(&b, why, STR(""));
	refuse(s, flow, buf_str(&b));
}

void
stream_dial(struct streams *s, struct flow_id flow, enum transport transport, const struct addr *to,
	struct str name, const struct terms *terms)
{
	struct conn *conn;

	must((flow.number & FLOW_DIALLED) != 0);
	if (transport != TRANSPORT_TCP && transport != TRANSPORT_TLS) {
		refuse(s, flow, STR("only TCP and TLS can be dialled"));
		return;
	}
	if (to->family == ADDR_NONE || to->port == 0) {
		refuse(s, flow, STR("there is no address to dial"));
		return;
	}
	if (transport == TRANSPORT_TLS && !tls_may_dial(s->tls, terms->identity)) {
		refuse_why(s, flow, WHY_NO_TRUST);
		return;
	}
	conn = conn_has_room(s, NULL) ? conn_new(s) : NULL;
	if (conn == NULL) {
		refuse(s, flow, STR("too many connections"));
		return;
	}
	conn->state = CONN_DIALLING;
	conn->transport = transport;
	conn->peer = *to;
	conn->name = bytes_cstr(name);
	conn->name_len = name.len;
	conn->terms = *terms;
	conn_enter(conn, flow);
	conn_wait(conn, WAIT_CONNECT);
	connect_to(conn);
}
