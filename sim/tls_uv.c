/* SPDX-License-Identifier: Apache-2.0 */
/* What src/net's connections call of the system and of libuv, under those names. */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "net/sock.h"
#include "tls_inside.h"

static struct wire *
wire_of_fd(int fd)
{
	must(fd >= FD_FIRST && fd < FD_FIRST + WIRES_MAX);
	return &the_loop->wires[fd - FD_FIRST];
}

static void
bind_wire(uv_tcp_t *tcp, struct wire *wire)
{
	tcp->u.reserved[0] = wire;
	wire->tcp = tcp;
}

/* ---- what src/net calls: sockets ----------------------------------------------------------- */

int __wrap_sock_stream(enum addr_family family);
void __wrap_sock_tune_stream(int fd);
bool __wrap_sock_local(int fd, struct addr *addr);
bool __wrap_sock_peer(int fd, struct addr *addr);

int
__wrap_sock_stream(enum addr_family family)
{
	struct wire *wire = wire_new(the_loop);

	(void)family;
	wire->is_dialled = true;
	return wire_fd(wire);
}

void
__wrap_sock_tune_stream(int fd)
{
	(void)fd;
}

bool
__wrap_sock_local(int fd, struct addr *addr)
{
	*addr = wire_of_fd(fd)->local;
	return true;
}

bool
__wrap_sock_peer(int fd, struct addr *addr)
{
	*addr = wire_of_fd(fd)->peer;
	return true;
}

/* ---- what src/net calls: libuv ------------------------------------------------------------- */

uint64_t
uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return (uint64_t)the_loop->now_ms;
}

const char *
uv_strerror(int error)
{
	return strerror(-error);
}

int
uv_translate_sys_error(int error)
{
	return error > 0 ? -error : error;
}

uv_buf_t
uv_buf_init(char *base, unsigned len)
{
	return (uv_buf_t){ .base = base, .len = len };
}

int
uv_tcp_init(uv_loop_t *loop, uv_tcp_t *tcp)
{
	memset(tcp, 0, sizeof *tcp);
	tcp->loop = loop;
	tcp->type = UV_TCP;
	return 0;
}

int
uv_tcp_open(uv_tcp_t *tcp, uv_os_sock_t fd)
{
	bind_wire(tcp, wire_of_fd(fd));
	return 0;
}

int
uv_fileno(const uv_handle_t *handle, uv_os_fd_t *fd)
{
	*fd = wire_fd(wire_of(handle));
	return 0;
}

int
uv_listen(uv_stream_t *stream, int backlog, uv_connection_cb callback)
{
	(void)backlog;
	wire_of(stream)->on_connection = callback;
	return 0;
}

int
uv_accept(uv_stream_t *server, uv_stream_t *client)
{
	struct loop *loop = wire_of(server)->loop;

	if (loop->waits_count == 0)
		return UV_EAGAIN;
	bind_wire((uv_tcp_t *)client, &loop->wires[loop->waits_in_ear[0]]);
	loop->waits_count--;
	memmove(loop->waits_in_ear, loop->waits_in_ear + 1,
		(size_t)loop->waits_count * sizeof loop->waits_in_ear[0]);
	return 0;
}

int
uv_tcp_connect(uv_connect_t *request, uv_tcp_t *tcp, const struct sockaddr *to, uv_connect_cb cb)
{
	struct wire *wire = wire_of(tcp);

	(void)sock_to_addr(&wire->peer, to);
	request->handle = (uv_stream_t *)tcp;
	wire->connect = request;
	wire->on_connected = cb;
	wire->loop->on_dial(wire, wire->loop->arg);
	return 0;
}

int
uv_read_start(uv_stream_t *stream, uv_alloc_cb on_room, uv_read_cb on_read)
{
	struct wire *wire = wire_of(stream);

	wire->is_reading = true;
	wire->on_room = on_room;
	wire->on_read = on_read;
	return 0;
}

int
uv_read_stop(uv_stream_t *stream)
{
	wire_of(stream)->is_reading = false;
	return 0;
}

size_t
uv_stream_get_write_queue_size(const uv_stream_t *stream)
{
	const struct wire *wire = wire_of(stream);

	return wire != NULL ? wire->posted : 0;
}

int
uv_try_write(uv_stream_t *stream, const uv_buf_t bufs[], unsigned count)
{
	struct wire *wire = wire_of(stream);
	size_t taken;

	must(count == 1 && wire->posted == 0);
	if (wire->is_reset || wire->has_shut)
		return UV_EPIPE;
	taken = wire_accept(wire, str_of(bufs[0].base, bufs[0].len));
	return taken > 0 ? (int)taken : UV_EAGAIN;
}

int
uv_write(uv_write_t *request, uv_stream_t *stream, const uv_buf_t bufs[], unsigned count,
	uv_write_cb on_written)
{
	struct wire *wire = wire_of(stream);
	struct post *post;

	must(count == 1 && !wire->has_shut);
	post = calloc(1, sizeof *post);
	must(post != NULL);
	post->request = request;
	post->on_written = on_written;
	request->handle = stream;
	octets_put(&post->left, str_of(bufs[0].base, bufs[0].len));
	wire->posted += bufs[0].len;
	if (wire->last != NULL)
		wire->last->next = post;
	else
		wire->first = post;
	wire->last = post;
	return 0;
}

int
uv_shutdown(uv_shutdown_t *request, uv_stream_t *stream, uv_shutdown_cb on_shut)
{
	struct wire *wire = wire_of(stream);

	if (wire->is_reset)
		return UV_ENOTCONN;
	request->handle = stream;
	wire->has_shut = true;
	wire->shutdown = request;
	wire->on_shut = on_shut;
	return 0;
}

void
uv_close(uv_handle_t *handle, uv_close_cb on_closed)
{
	struct closing *closing = calloc(1, sizeof *closing);

	must(closing != NULL);
	closing->handle = handle;
	closing->on_closed = on_closed;
	closing->next = the_loop->closing;
	the_loop->closing = closing;
	if (wire_of(handle) == NULL)
		return;
	wire_of(handle)->is_reading = false;
	if (!wire_of(handle)->is_ear)
		the_loop->on_close(wire_of(handle), the_loop->arg);
}
