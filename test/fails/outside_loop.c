/* SPDX-License-Identifier: Apache-2.0 */
#include <ares.h>
#include <jansson.h>
#include <libfyaml.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stddef.h>
#include <uv.h>

#include "outside.h"

/* ---- the loop ------------------------------------------------------------------------------- */

OUTSIDE(int, uv_loop_init, (uv_loop_t * l), (l), UV_EMFILE, 0)
OUTSIDE(int, uv_timer_init, (uv_loop_t * l, uv_timer_t *t), (l, t), UV_EINVAL, 0)
OUTSIDE(int, uv_timer_start, (uv_timer_t * t, uv_timer_cb c, uint64_t a, uint64_t b), (t, c, a, b),
	UV_EINVAL, 0)
OUTSIDE(int, uv_tcp_init, (uv_loop_t * l, uv_tcp_t *t), (l, t), UV_EINVAL, 0)
OUTSIDE(int, uv_tcp_open, (uv_tcp_t * t, uv_os_sock_t fd), (t, fd), UV_EEXIST, 0)
OUTSIDE(int, uv_tcp_connect,
	(uv_connect_t * r, uv_tcp_t *t, const struct sockaddr *a, uv_connect_cb c), (r, t, a, c),
	UV_ENETUNREACH, 0)
OUTSIDE(int, uv_listen, (uv_stream_t * s, int n, uv_connection_cb c), (s, n, c), UV_EADDRINUSE, 0)
/* A real failure takes the connection out of the line, too. */
OUTSIDE(int, uv_accept, (uv_stream_t * s, uv_stream_t *c), (s, c),
	((void)__real_uv_accept(s, c), UV_EMFILE), 0)
OUTSIDE(int, uv_fileno, (const uv_handle_t *h, uv_os_fd_t *fd), (h, fd), UV_EBADF, 0)
OUTSIDE(int, uv_read_start, (uv_stream_t * s, uv_alloc_cb a, uv_read_cb r), (s, a, r), UV_ENOTCONN,
	0)
OUTSIDE(int, uv_write,
	(uv_write_t * r, uv_stream_t *s, const uv_buf_t *b, unsigned n, uv_write_cb c),
	(r, s, b, n, c), UV_EPIPE, 0)
OUTSIDE(int, uv_shutdown, (uv_shutdown_t * r, uv_stream_t *s, uv_shutdown_cb c), (r, s, c),
	UV_ENOTCONN, 0)
OUTSIDE(int, uv_udp_init, (uv_loop_t * l, uv_udp_t *u), (l, u), UV_EINVAL, 0)
OUTSIDE(int, uv_udp_open, (uv_udp_t * u, uv_os_sock_t fd), (u, fd), UV_EINVAL, 0)
OUTSIDE(int, uv_udp_recv_start, (uv_udp_t * u, uv_alloc_cb a, uv_udp_recv_cb r), (u, a, r),
	UV_EALREADY, 0)
OUTSIDE(int, uv_poll_init, (uv_loop_t * l, uv_poll_t *p, int fd), (l, p, fd), UV_EEXIST, 0)
OUTSIDE(int, uv_poll_init_socket, (uv_loop_t * l, uv_poll_t *p, uv_os_sock_t fd), (l, p, fd),
	UV_EEXIST, 0)
OUTSIDE(int, uv_poll_start, (uv_poll_t * p, int e, uv_poll_cb c), (p, e, c), UV_EBADF, 0)

int __real_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count);
int __wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count);

/* Now and then the system takes nothing at once, so that what is left goes the slow way. */
int
__wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *bufs, unsigned count)
{
	static unsigned turn;

	if (outside_fails(NUMBER_uv_try_write, 0))
		return UV_EPIPE;
	if (outside_is_armed() && ++turn % 3 == 0)
		return UV_EAGAIN;
	return __real_uv_try_write(stream, bufs, count);
}

/* ---- DNS ------------------------------------------------------------------------------------ */

OUTSIDE(int, ares_library_init, (int f), (f), ARES_ENOTINITIALIZED, 0)
OUTSIDE(int, ares_init_options, (ares_channel * c, struct ares_options *o, int m), (c, o, m),
	ARES_ENOMEM, 0)
OUTSIDE(int, ares_set_servers_ports_csv, (ares_channel c, const char *a), (c, a), ARES_ENOMEM, 0)
OUTSIDE(int, ares_gethostbyname_file,
	(ares_channel c, const char *name, int family, struct hostent **host),
	(c, name, family, host), ARES_EFILE, 0)
OUTSIDE(int, ares_parse_a_reply,
	(const unsigned char *a, int n, struct hostent **h, struct ares_addrttl *t, int *count),
	(a, n, h, t, count), ARES_EBADRESP, 0)
OUTSIDE(int, ares_parse_aaaa_reply,
	(const unsigned char *a, int n, struct hostent **h, struct ares_addr6ttl *t, int *count),
	(a, n, h, t, count), ARES_EBADRESP, 0)

void __real_ares_query(
	ares_channel channel, const char *name, int class, int type, ares_callback done, void *arg);
void __wrap_ares_query(
	ares_channel channel, const char *name, int class, int type, ares_callback done, void *arg);

void
__wrap_ares_query(
	ares_channel channel, const char *name, int class, int type, ares_callback done, void *arg)
{
	if (outside_fails(NUMBER_ares_query, 0))
		done(arg, ARES_ENOMEM, 0, NULL, 0);
	else
		__real_ares_query(channel, name, class, type, done, arg);
}

/* ---- HTTP ----------------------------------------------------------------------------------- */

struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback,
	void *, MHD_AccessHandlerCallback, void *, ...);

struct MHD_Daemon *
__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback may,
	void *may_closure, MHD_AccessHandlerCallback on, void *on_closure, ...)
{
	struct MHD_Daemon *daemon;
	va_list options;

	if (outside_fails(NUMBER_MHD_start_daemon, 0))
		return NULL;
	va_start(options, on_closure);
	daemon = MHD_start_daemon_va(flags, port, may, may_closure, on, on_closure, options);
	va_end(options);
	return daemon;
}

const union MHD_ConnectionInfo *__real_MHD_get_connection_info(
	struct MHD_Connection *, enum MHD_ConnectionInfoType, ...);
const union MHD_ConnectionInfo *__wrap_MHD_get_connection_info(
	struct MHD_Connection *, enum MHD_ConnectionInfoType, ...);

const union MHD_ConnectionInfo *
__wrap_MHD_get_connection_info(
	struct MHD_Connection *connection, enum MHD_ConnectionInfoType type, ...)
{
	return outside_fails(NUMBER_MHD_get_connection_info, 0)
		? NULL
		: __real_MHD_get_connection_info(connection, type);
}

OUTSIDE(struct MHD_Response *, MHD_create_response_from_buffer,
	(size_t n, void *at, enum MHD_ResponseMemoryMode m), (n, at, m), NULL, 0)
OUTSIDE(enum MHD_Result, MHD_add_response_header,
	(struct MHD_Response * r, const char *a, const char *b), (r, a, b), MHD_NO, 0)
OUTSIDE(enum MHD_Result, MHD_queue_response,
	(struct MHD_Connection * c, unsigned status, struct MHD_Response *r), (c, status, r),
	MHD_NO, 0)
OUTSIDE(int, MHD_get_connection_values_n,
	(struct MHD_Connection * c, enum MHD_ValueKind k, MHD_KeyValueIteratorN i, void *closure),
	(c, k, i, closure), -1, 0)

/* ---- YAML and JSON -------------------------------------------------------------------------- */

OUTSIDE(struct fy_parser *, fy_parser_create, (const struct fy_parse_cfg *c), (c), NULL, 0)
OUTSIDE(struct fy_diag *, fy_diag_create, (const struct fy_diag_cfg *c), (c), NULL, 0)
OUTSIDE(int, fy_parser_set_string, (struct fy_parser * p, const char *at, size_t n), (p, at, n), -1,
	0)
OUTSIDE(struct fy_event *, fy_parser_parse, (struct fy_parser * p), (p), NULL, 0)
OUTSIDE(const char *, fy_token_get_text, (struct fy_token * t, size_t *n), (t, n), NULL, 0)
OUTSIDE(json_t *, json_loadb, (const char *at, size_t n, size_t f, json_error_t *e), (at, n, f, e),
	NULL, 0)
OUTSIDE(int, json_dumpf, (const json_t *j, FILE *to, size_t f), (j, to, f), -1, 0)
