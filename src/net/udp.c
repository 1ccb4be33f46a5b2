/* SPDX-License-Identifier: Apache-2.0 */
#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/panic.h"
#include "net/sock.h"

void
udp_open(struct udp *u, uv_loop_t *loop, struct queue *queue, uint32_t max)
{
	*u = (struct udp){ .loop = loop, .queue = queue, .max = max };
	u->sockets = calloc(max + 1, sizeof *u->sockets);
	need(u->sockets != NULL, "memory");
}

void
udp_close(struct udp *u)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (u->sockets[i].is_open)
			uv_close((uv_handle_t *)&u->sockets[i].handle, NULL);
	u->count = 0;
	u->batch_count = 0;
}

void
udp_free(struct udp *u)
{
	free(u->sockets);
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct udp_socket *socket = handle->data;
	char *inbox = queue_room(socket->all->queue, READ_BYTES);

	(void)suggested;
	*buf = uv_buf_init(inbox, inbox != NULL ? READ_BYTES : 0);
}

static void
on_datagram(uv_udp_t *handle, ssize_t count, const uv_buf_t *buf, const struct sockaddr *sa,
	unsigned flags)
{
	struct udp_socket *socket = handle->data;
	struct addr from;

	(void)buf;
	/* Errors here are answers of the network to what we sent; the transaction will notice. */
	if (count <= 0 || sa == NULL || (flags & UV_UDP_PARTIAL) != 0 || !sock_to_addr(&from, sa))
		return;
	queue_put_bytes(socket->all->queue, socket->flow, &from, (size_t)count);
}

bool
udp_listen(struct udp *u, int fd, struct flow_id flow, struct buf *why)
{
	struct udp_socket *socket = &u->sockets[u->count];
	int error;

	must(u->count < u->max);
	*socket = (struct udp_socket){ .all = u, .fd = fd, .flow = flow };
	need(uv_udp_init(u->loop, &socket->handle) == 0, "handle for a socket");
	socket->handle.data = socket;
	socket->is_open = true;
	u->count++;
	error = uv_udp_open(&socket->handle, fd);
	if (error < 0)
		close(fd);
	else
		error = uv_udp_recv_start(&socket->handle, on_room, on_datagram);
	if (error < 0) {
		buf_put(why, STR("cannot receive datagrams: "));
		buf_put(why, str_cstr(uv_strerror(error)));
	}
	return error == 0;
}

static struct udp_socket *
find(struct udp *u, struct flow_id flow)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (flow_same(u->sockets[i].flow, flow))
			return &u->sockets[i];
	return NULL;
}

void
udp_send(struct udp *u, struct flow_id flow, const struct addr *to, struct str bytes)
{
	struct udp_socket *socket = find(u, flow);
	struct mmsghdr *one;

	if (socket == NULL || to->family == ADDR_NONE || to->port == 0)
		return;
	if (socket != u->batch_socket || u->batch_count == UDP_BATCH_MAX)
		udp_flush(u);
	u->batch_socket = socket;
	u->parts[u->batch_count].iov_base = (void *)(uintptr_t)bytes.at;
	u->parts[u->batch_count].iov_len = bytes.len;
	one = &u->batch[u->batch_count];
	*one = (struct mmsghdr){ .msg_len = 0 };
	one->msg_hdr.msg_name = &u->to[u->batch_count];
	one->msg_hdr.msg_namelen = sock_from_addr(&u->to[u->batch_count], to);
	one->msg_hdr.msg_iov = &u->parts[u->batch_count];
	one->msg_hdr.msg_iovlen = 1;
	u->batch_count++;
}

static void
note_lost(struct udp *u, uint32_t place, int error)
{
	char text[LOG_TEXT_MAX];
	struct buf b = buf_on(text, sizeof text);
	struct addr to;

	u->lost++;
	buf_put(&b, STR("cannot send a datagram to "));
	if (sock_to_addr(&to, (const struct sockaddr *)&u->to[place]))
		addr_write_port(&b, &to);
	buf_put(&b, STR(": "));
	buf_put(&b, str_cstr(strerror(error)));
	queue_note(u->queue, NOTE_WARN, buf_str(&b), (int64_t)uv_now(u->loop));
}

void
udp_flush(struct udp *u)
{
	uint32_t done = 0;

	while (done < u->batch_count) {
		int sent = sendmmsg(
			u->batch_socket->fd, u->batch + done, u->batch_count - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (uint32_t)sent;
		} else if (errno != EINTR) {
			/* The first of the rest cannot leave: a full buffer, no route, too long.
			 * SIP repeats what matters, so it is lost here as it might be anywhere. */
			note_lost(u, done, errno);
			done++;
		}
	}
	u->batch_count = 0;
}
